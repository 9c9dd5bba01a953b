"""What a person holds, and how much of a table that is."""

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from time import monotonic

from django.db import connection

from fourfold.platform.people.models import User, UserKind
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.rules import Audience, Label, Reader, may_read, may_write

NARROW_SHARE = 0.02
SPREAD_KEPT_S = 60.0
SHORT_LIST = 50
READERS = """
select u.id, o.id, o.kind, o.region, u.ceiling, u.kind, u.is_active, held.roles,
       array(select jsonb_array_elements_text(t.detail -> 'capabilities') from reference_referenceterm t
              where t.kind = 'role' and t.code = any(held.roles)
                and t.effective_from <= %(today)s and (t.effective_to is null or t.effective_to > %(today)s)),
       array(select m.compartment_id from visibility_compartmentmember m
              where m.user_id = u.id
                and m.held_from <= %(today)s and (m.held_to is null or m.held_to > %(today)s)),
       array(select a.id from visibility_agreement a join visibility_agreement_parties p on p.agreement_id = a.id
              where p.organisation_id = o.id
                and a.starts_on <= %(today)s and (a.ends_on is null or a.ends_on > %(today)s))
  from people_user u
  join people_organisation o on o.id = u.organisation_id
 cross join lateral (select array(select distinct r.role from people_roleheld r
                                   where r.user_id = u.id and r.held_from <= %(today)s
                                     and (r.held_to is null or r.held_to > %(today)s)) as roles) held
 where u.id = any(%(users)s)
"""


LABELS = """
select l.id, l.owner_id, o.region, l.audience, l.marking, l.compartment_id, l.agreement_id,
       coalesce(array_agg(n.organisation_id) filter (where n.id is not null), '{}')
  from visibility_accesslabel l
  join people_organisation o on o.id = l.owner_id
  left join visibility_accesslabel_named n on n.accesslabel_id = l.id
 group by l.id, o.region
"""


@dataclass(frozen=True)
class Holdings:
    """The labels someone may read and write, and whose part of the ledger they may read."""

    reads: frozenset[int]
    writes: frozenset[int]
    organisation: int | None
    ledger: str = "own"
    roles: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset()

    @cached_property
    def reads_text(self) -> str:
        return ",".join(map(str, sorted(self.reads)))

    @cached_property
    def writes_text(self) -> str:
        return ",".join(map(str, sorted(self.writes)))

    def settings(self) -> dict[str, str]:
        """What PostgreSQL is told."""
        return {
            "reads": self.reads_text,
            "writes": self.writes_text,
            "organisation": str(self.organisation or ""),
            "ledger": self.ledger,
        }


NOTHING_HELD = Holdings(frozenset(), frozenset(), None)


@dataclass(frozen=True)
class Spread:
    """How a table's rows spread over labels, as the planner believes."""

    shares: dict[int, float]
    share_of_others: float

    def covered_by(self, labels: frozenset[int]) -> float:
        """The share of the rows, 0 to 1, that the labels cover."""
        return min(1.0, sum(self.shares.get(label, self.share_of_others) for label in labels))


_spreads: dict[str, tuple[float, Spread | None]] = {}


def holdings_of(user: User, *, today: date, stamp: str) -> Holdings:
    """What the user may read and write today, worked out over every label; `stamp` is the database's."""
    reader, roles = reader_of(user, today=today)
    reads, writes = set(), set()
    for pk, label in labels(stamp):
        if may_read(reader, label):
            reads.add(pk)
        if may_write(reader, label):
            writes.add(pk)
    ledger = "region" if reader.is_service or "audit.region" in reader.capabilities else "own"
    if ledger == "own" and "audit.read" in reader.capabilities:
        ledger = "organisation"
    return Holdings(frozenset(reads), frozenset(writes), reader.organisation, ledger, roles, reader.capabilities)


def reader_of(user: User, *, today: date) -> tuple[Reader, tuple[str, ...]]:
    """What the rules need to know of a user, read afresh, and the codes of the roles held today."""
    return readers_of([user.pk], today=today)[user.pk]


def readers_of(users: Collection[int], *, today: date) -> dict[int, tuple[Reader, tuple[str, ...]]]:
    """The same of many users by their keys. One query, however many they are."""
    with connection.cursor() as cursor:
        cursor.execute(READERS, {"users": list(users), "today": today})
        rows = cursor.fetchall()
    found = {}
    for pk, organisation, kind, region, ceiling, user_kind, active, roles, *held in rows:
        capabilities, compartments, agreements = map(frozenset, held)
        reader = Reader(
            organisation=organisation,
            kind=kind,
            region=region,
            ceiling=ceiling,
            capabilities=capabilities,
            compartments=compartments,
            agreements=agreements,
            has_role=bool(roles),
            is_service=user_kind != UserKind.PERSON,
            is_active=active,
        )
        found[pk] = reader, tuple(sorted(roles))
    return found


def who_read(label: AccessLabel, users: Collection[int], *, today: date) -> frozenset[int]:
    """Which of these users, by key, may read what is under a label today."""
    seen = Label(
        label.owner_id,
        label.owner.region,
        Audience(label.audience),
        label.marking,
        label.compartment_id,
        label.agreement_id,
        frozenset(label.named.values_list("pk", flat=True)),
    )
    return frozenset(pk for pk, (reader, _) in readers_of(users, today=today).items() if may_read(reader, seen))


_labels: dict[str, tuple[tuple[int, Label], ...]] = {}


def labels(stamp: str) -> tuple[tuple[int, Label], ...]:
    """Every label as the rules see it, with its key; read again where the database's stamp is another than before."""
    known = _labels.get(stamp)
    if known is None:
        known = _read_labels()
        _labels.clear()
        _labels[stamp] = known
    return known


def _read_labels() -> tuple[tuple[int, Label], ...]:
    with connection.cursor() as cursor:
        cursor.execute(LABELS)
        rows = cursor.fetchall()
    return tuple(
        (pk, Label(owner, region, Audience(audience), marking, compartment, agreement, frozenset(named)))
        for pk, owner, region, audience, marking, compartment, agreement, named in rows
    )


_turns: dict[str, tuple[date, ...]] = {}
TURNS = (
    "select held_from, held_to from people_roleheld union select held_from, held_to from visibility_compartmentmember "
    "union select starts_on, ends_on from visibility_agreement "
    "union select effective_from, effective_to from reference_referenceterm where kind = 'role'"
)


def unchanged_since(today: date, *, stamp: str = "") -> date:
    """The last day, up to today, on which something that somebody holds began or ended by its date.

    For those who go from day to day, as the demonstration's builder does: what is held on one is held on the other.
    The days are read again where the database's stamp is another than before; without one, those known are used.
    """
    if stamp and stamp not in _turns:
        with connection.cursor() as cursor:
            cursor.execute(TURNS)
            days = {day for row in cursor.fetchall() for day in row if day is not None}
        _turns.clear()
        _turns[stamp] = tuple(sorted(days))
    known = next(iter(_turns.values()), ())
    place = bisect_right(known, today)
    return known[place - 1] if place else date.min


def is_narrow(held: frozenset[int], table: str) -> bool:
    """Whether the labels cover so little of the table that a query does better to start from them."""
    spread = _spread_of(table)
    if spread is None:
        return len(held) <= SHORT_LIST
    return spread.covered_by(held) < NARROW_SHARE


def _spread_of(table: str) -> Spread | None:
    kept = _spreads.get(table)
    if kept and monotonic() - kept[0] < SPREAD_KEPT_S:
        return kept[1]
    with connection.cursor() as cursor:
        cursor.execute("select * from visibility_spread(%s::regclass)", [f'public."{table}"'])
        row = cursor.fetchone()
    spread = _spread_from(row) if row else None
    _spreads[table] = (monotonic(), spread)
    return spread


def _spread_from(row: tuple[float, float, list[int] | None, list[float] | None]) -> Spread:
    _, distinct, common, frequencies = row
    shares = dict(zip(common or (), frequencies or (), strict=True))
    others = max(1.0, distinct - len(shares))
    return Spread(shares, max(0.0, 1.0 - sum(shares.values())) / others)


def forget_spreads() -> None:
    """Ask the planner's statistics again. After a load that changed how a table's rows spread."""
    _spreads.clear()
