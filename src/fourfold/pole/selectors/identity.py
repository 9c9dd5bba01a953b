"""Reading what was said of identity: what stands, what waits for somebody, what joins what.

Everything here is worked out over records that the reader may see: a judgement is shown only where both of its records
are, and counts count nothing else.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation, RoleHeld, User, UserKind
from fourfold.platform.reference import selectors as reference
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel
from fourfold.pole import rules, selectors
from fourfold.pole.models import (
    DeconflictionAnswer,
    IdentityEvent,
    Judgement,
    MatchEdge,
    PersonRecord,
    ThingJudgement,
)
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors import Edge

WEIGHED = 400
"""Pairs of which the worth is worked out: the likeliest of those that wait."""
COUNTED = 1_000
"""Pairs that wait are counted to here."""
NOTICED = 2_000
"""Matches of restricted records that are looked at, the strongest."""
CONTACT = "deconfliction.contact"


def label_ranks() -> dict[int, int]:
    """How narrow each label is."""
    rows = AccessLabel.objects.values_list("pk", "audience", "marking", "compartment_id")
    return {pk: identity.label_rank(audience, marking, room) for pk, audience, marking, room in rows}


def restricted_labels() -> frozenset[int]:
    return frozenset(pk for pk, rank in label_ranks().items() if rank >= identity.RESTRICTED_RANK)


def readable_labels() -> frozenset[int]:
    acting = scope.current()
    return acting.reads if acting else frozenset()


def owners_of(people: Collection[int]) -> list[str]:
    """Codes of those who own visible records of some people."""
    owners = Organisation.objects.filter(pk__in=PersonRecord.objects.filter(person_id__in=people).values("owner_id"))
    return sorted(owners.values_list("code", flat=True))


# What was said


@dataclass(frozen=True)
class Said:
    """One judgement, and whose."""

    pk: int
    left_id: int
    right_id: int
    verdict: Verdict
    by: str
    by_id: int
    organisation: str
    given_at: datetime
    why: str
    act: UUID

    @property
    def pair(self) -> tuple[int, int]:
        return self.left_id, self.right_id

    @property
    def on(self) -> date:
        return clock.day_of(self.given_at)


def judgements() -> QuerySet[Judgement]:
    """Every judgement on two records that the reader may see, as it was said, with whose it is."""
    seen = Judgement.objects.filter(left__person__isnull=False, right__person__isnull=False)
    return seen.select_related("by", "organisation").order_by("pk")


def standing(record_ids: Iterable[int]) -> tuple[Said, ...]:
    """What stands on pairs with one of these records: of each pair what was said last and not withdrawn. One query."""
    ids = set(record_ids)
    said = judgements().filter(Q(left__in=ids) | Q(right__in=ids), withdrawal=None).exclude(verdict=Verdict.WITHDRAWN)
    latest = {(each.left_id, each.right_id): said_from(each) for each in said}
    return tuple(latest.values())


def standing_on(left: int, right: int) -> Said | None:
    pair = identity.pair_of(left, right)
    return next((each for each in standing(pair) if each.pair == pair), None)


def said_from(row: Judgement | ThingJudgement) -> Said:
    """A judgement with whose it is, which the query has brought along."""
    return Said(
        pk=row.pk,
        left_id=row.left_id,
        right_id=row.right_id,
        verdict=Verdict(row.verdict),
        by=row.by.name,
        by_id=row.by_id,
        organisation=row.organisation.short_name or row.organisation.name,
        given_at=row.given_at,
        why=row.why,
        act=row.act,
    )


def judgement(pk: int) -> Judgement:
    found = judgements().filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def said_of(pk: int) -> Said:
    return said_from(judgement(pk))


def everything_said(record_ids: Iterable[int]) -> tuple[tuple[Said, bool], ...]:
    """All that was said of these records, newest first, and whether it was taken back. Withdrawals are among it."""
    ids = set(record_ids)
    found = judgements().filter(Q(left__in=ids) | Q(right__in=ids))
    taken_back = set(found.exclude(withdraws=None).values_list("withdraws_id", flat=True))
    return tuple((said_from(each), each.pk in taken_back) for each in found.order_by("-pk"))


def records_in(said: Iterable[tuple[Said, bool]]) -> dict[int, PersonRecord]:
    """The records that judgements are about."""
    wanted = {pk for each, _ in said for pk in each.pair}
    return {record.pk: record for record in selectors.person_records().filter(pk__in=wanted)}


def in_act(act: UUID) -> tuple[Said, ...]:
    """What was said in one step and still stands, as far as the reader may see."""
    found = judgements().filter(act=act, withdrawal=None).exclude(verdict=Verdict.WITHDRAWN)
    return tuple(said_from(each) for each in found)


def withdrawn_from(user: User, *, since: datetime) -> QuerySet[Judgement]:
    """What others took back of what this person said."""
    taken_back = judgements().filter(withdraws__by=user, given_at__gt=since)
    return taken_back.exclude(by=user).order_by("-pk")


def standing_between(people: Collection[int], verdict: Verdict) -> tuple[Said, ...]:
    """What stands with one verdict among the records of some people."""
    records = PersonRecord.objects.filter(person_id__in=people).values_list("pk", flat=True)
    ids = frozenset(records)
    return tuple(
        each for each in standing(ids) if each.verdict is verdict and each.left_id in ids and each.right_id in ids
    )


def decided() -> QuerySet[Judgement]:
    """What stands as SAME or DIFFERENT. Of one pair no more than one does."""
    return Judgement.objects.filter(verdict__in=[v.value for v in identity.DECIDED], withdrawal=None)


def decided_keys() -> list[tuple[str, str, str, str, str]]:
    """What stands as SAME or DIFFERENT, by the keys of the sources: what a run of the resolution is told."""
    rows = decided().order_by("left__source", "left__source_key", "right__source", "right__source_key")
    return list(rows.values_list("left__source", "left__source_key", "right__source", "right__source_key", "verdict"))


def called(record: PersonRecord) -> str:
    """A record in a sentence: its name, whose it is, and its own number."""
    owner = record.owner.short_name or record.owner.name
    return f"{record.full_name or 'Name not recorded'} ({owner}, {record.source} {record.source_key})"


def said_words(said: Said) -> str:
    """Who said what of which records, in a sentence without its end."""
    records = {each.pk: each for each in selectors.person_records().filter(pk__in=said.pair)}
    left, right = (called(records[pk]) for pk in said.pair)
    verdict = identity.VERDICT_WORDS[said.verdict]
    return f"{said.by} of {said.organisation} said on {said.on:%-d %B %Y} that {left} and {right} {verdict}"


# Two records


def pair(left: int, right: int) -> tuple[PersonRecord, PersonRecord]:
    """Both records of a pair. Raises `NotThere` where one of them is not there for this reader."""
    found = {
        each.pk: each
        for each in selectors.person_records().filter(pk__in=(left, right)).select_related("label", "owner")
    }
    if left == right or len(found) != 2:
        raise NotThere
    return found[left], found[right]


def edge_between(left: PersonRecord, right: PersonRecord) -> Edge | None:
    """The match of a pair as it stands now."""
    low, high = identity.pair_of(left.pk, right.pk)
    found = MatchEdge.objects.filter(left=low, right=high, state=rules.EdgeState.CURRENT).first()
    if found is None:
        return None
    return Edge(left, right, found.match_weight, found.probability, found.band, tuple(found.waterfall))


def evidence_among(record_ids: Collection[int]) -> dict[tuple[int, int], dict[str, Any]]:
    """The weights of every match between some records, as a judgement keeps them."""
    rows = MatchEdge.objects.filter(left__in=record_ids, right__in=record_ids, state=rules.EdgeState.CURRENT)
    return {
        (each.left_id, each.right_id): {
            "match_weight": each.match_weight,
            "probability": each.probability,
            "band": each.band,
            "run": each.run,
            "waterfall": each.waterfall,
        }
        for each in rows
    }


# What other rooms know of records

Stakes = Callable[[Collection[int]], Mapping[int, int]]
_stakes: dict[str, Stakes] = {}


def register_stakes(name: str, count: Stakes) -> None:
    """Have `count` say how many threats, visible and open, each of some records stands in. Called once by its room."""
    _stakes[name] = count


def threats_of(record_ids: Collection[int]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for count in _stakes.values():
        for record, number in count(record_ids).items():
            found[record] += number
    return dict(found)


@dataclass(frozen=True)
class MadeOn:
    """Something that a person said of a record, which may belong to another record after a taking apart."""

    key: int
    record_id: int
    title: str
    href: str
    made_at: datetime
    label_id: int
    may_move: bool


@dataclass(frozen=True)
class Keeper:
    """How a room tells what it keeps on records, and moves one of it to another record.

    Attributes:
        found: What stands on some records now.
        move: Moves one to another record: the actor, its key, the record's number, why.
    """

    found: Callable[[User, Collection[int]], Sequence[MadeOn]]
    move: Callable[[User, int, int, str], None]


_keepers: dict[str, Keeper] = {}


def register_keeper(name: str, keeper: Keeper) -> None:
    """Let people be asked, after a taking apart, where what this room keeps belongs. Called once by the room."""
    _keepers[name] = keeper


def keepers() -> Mapping[str, Keeper]:
    return _keepers


# What waits


@dataclass(frozen=True)
class Waiting:
    """A pair that waits for somebody, and what it is worth."""

    left_id: int
    right_id: int
    weight: float
    records: int
    members: int

    @property
    def worth(self) -> float:
        return identity.worth(weight=self.weight, records=self.records, members=self.members)


def waiting(*, reader: User, force: str = "") -> list[Waiting]:
    """Pairs that wait for this reader, what a decision on them is worth most first. Five queries.

    Args:
        reader: Who asks; a pair on which they were unsure themselves waits for somebody else.
        force: Only pairs with a record of this organisation.
    """
    by_machine = _open_edges(reader, force).order_by("-match_weight", "pk")
    rows = [
        (each[0], each[1], each[2], each[3], each[4])
        for each in by_machine.values_list(
            "left_id", "right_id", "match_weight", "left__person_id", "right__person_id"
        )[:WEIGHED]
    ]
    have = {(left, right) for left, right, *_ in rows}
    rows += [row for row in _proposed_by_people(reader, force) if (row[0], row[1]) not in have]
    people = {person for *_, one, other in rows for person in (one, other)}
    records = selectors.records_of(people)
    members = threats_of([pk for ids in records.values() for pk in ids])
    found = [
        Waiting(
            left,
            right,
            weight,
            len(records.get(one, ())) + len(records.get(other, ())),
            sum(members.get(pk, 0) for person in (one, other) for pk in records.get(person, ())),
        )
        for left, right, weight, one, other in rows
    ]
    return sorted(found, key=lambda each: (-each.worth, each.left_id, each.right_id))


def waiting_count(*, reader: User, force: str = "") -> int:
    """How many pairs wait for this reader, counted to `COUNTED`. Two queries, three where people proposed any."""
    edges = _open_edges(reader, force)
    counted = edges.order_by().values("pk")[:COUNTED].count()
    by_people = _proposed_by_people(reader, force)
    if by_people:
        of_them = edges.filter(left_id__in={left for left, *_ in by_people})
        scored = set(of_them.values_list("left_id", "right_id"))
        by_people = [row for row in by_people if (row[0], row[1]) not in scored]
    return min(counted + len(by_people), COUNTED)


def _of_pair(**said: object) -> QuerySet[Judgement]:
    """What stands on the pair of the query around it."""
    return Judgement.objects.filter(left=OuterRef("left_id"), right=OuterRef("right_id"), withdrawal=None, **said)


def _is_restricted(side: str) -> Q:
    return Q(**{f"{side}__label__audience": "OWN"}) | Q(**{f"{side}__label__compartment__isnull": False})


def _two_people(of_force: str) -> Q:
    """Pairs of two people's records that somebody could say are one."""
    wanted = ~Q(left__person_id=F("right__person_id"))
    wanted &= ~(_is_restricted("left") & _is_restricted("right") & ~Q(left__label=F("right__label")))
    if of_force:
        wanted &= Q(left__owner__code=of_force) | Q(right__owner__code=of_force)
    return wanted


def _settled(reader: User) -> Q:
    """Pairs on which something stands that settles them for this reader, or whose people somebody said are two."""
    decided_on = _of_pair(verdict__in=[v.value for v in identity.DECIDED])
    unsure = _of_pair(verdict=Verdict.UNSURE, by=reader)
    parted = Judgement.objects.filter(verdict=Verdict.DIFFERENT, withdrawal=None)
    one_way = parted.filter(left__person_id=OuterRef("left__person_id"), right__person_id=OuterRef("right__person_id"))
    other_way = parted.filter(
        left__person_id=OuterRef("right__person_id"), right__person_id=OuterRef("left__person_id")
    )
    return Q(Exists(decided_on)) | Q(Exists(unsure)) | Q(Exists(one_way)) | Q(Exists(other_way))


def _open_edges(reader: User, force: str) -> QuerySet[MatchEdge]:
    open_now = MatchEdge.objects.filter(state="CURRENT", band__in=[band.value for band in rules.WAITING])
    return open_now.filter(_two_people(force)).exclude(_settled(reader))


def _proposed_by_people(reader: User, force: str) -> list[tuple[int, int, float, int, int]]:
    """What people proposed; a pair that no machine has weighed counts as one at the threshold's odds of even."""
    said = Judgement.objects.filter(verdict=Verdict.PROPOSED, withdrawal=None)
    found = said.filter(_two_people(force)).exclude(_settled(reader)).order_by("pk")
    rows = list(found.values_list("left_id", "right_id", "left__person_id", "right__person_id", "evidence"))
    weights = {tuple(pair): float(evidence.get("match_weight", 0.0)) for *pair, evidence in rows}
    return [(left, right, weights[left, right, one, other], one, other) for left, right, one, other in weights]


# What happened


@dataclass(frozen=True)
class Moving:
    """Records came from one number to another, on a day, because of a delivery or of what somebody said.

    Attributes:
        records: How many of them the reader sees.
        said: What somebody said, where that was why.
    """

    on: date
    was: int
    into: int
    records: int
    said: IdentityEvent | None = None


_MOVED = """
with ids as (
  select id from pole_personrecord where person_id = %(person)s
  union select w.id from pole_personrecord_was w join pole_personrecord r on r.id = w.id where w.person_id = %(person)s
), versions as (
  select id, recorded_from, person_id from pole_personrecord_was where id in (select id from ids)
  union all select id, recorded_from, person_id from pole_personrecord where id in (select id from ids)
), steps as (
  select id, recorded_from, person_id, lag(person_id) over (partition by id order by recorded_from) as was from versions
)
select id, recorded_from, was, person_id from steps
where was <> person_id and %(person)s in (was, person_id)
  and recorded_from <= coalesce(nullif(current_setting('fourfold.as_recorded_on', true), '')::timestamptz, 'infinity')
order by recorded_from desc, id
"""


def movings_of(person_id: int) -> tuple[Moving, ...]:
    """When records came to this number or left it, newest first. Two queries.

    Read from what visible records were: a number that only hidden records moved to or from is in none of it.
    """
    said: dict[tuple[date, int, int], list[IdentityEvent]] = defaultdict(list)
    events = IdentityEvent.objects.filter(Q(was=person_id) | Q(into=person_id)).select_related("by", "organisation")
    for event in events.order_by("-pk"):
        said[clock.day_of(event.happened_at), event.was_id, event.into_id].append(event)
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, {"person": person_id})
        rows = cursor.fetchall()
    moved: dict[tuple[date, int, int], set[int]] = defaultdict(set)
    for record, at, was, into in rows:
        moved[clock.day_of(at), was, into].add(record)
    return tuple(
        Moving(*key, len(moved[key]) if key in moved else 0, why)
        for key in sorted({*said, *moved}, reverse=True)
        for why in tuple(said.get(key, ())) or (None,)
    )


def event_of_act(act: UUID) -> IdentityEvent | None:
    return IdentityEvent.objects.filter(act=act).order_by("pk").first()


def numbers_over_time(record_ids: Collection[int]) -> dict[int, list[tuple[datetime, datetime | None, int]]]:
    """From when to when each record had which person's number."""
    found: dict[int, list[tuple[datetime, datetime | None, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, recorded_from, recorded_to, person_id from pole_personrecord_was where id = any(%(ids)s) "
            "union all select id, recorded_from, null, person_id from pole_personrecord where id = any(%(ids)s) "
            "order by 1, 2",
            {"ids": list(record_ids)},
        )
        for record, since, until, person in cursor.fetchall():
            found[record].append((since, until, person))
    return found


def judging_forces() -> list[tuple[str, str]]:
    """Forces and regional units to choose from, by code."""
    police = Organisation.objects.filter(kind__in=["FORCE", "ROCU"]).exclude(region="")
    return list(police.order_by("name").values_list("code", "name"))


# Deconfliction: a restricted record that matches somebody else's


@dataclass(frozen=True)
class Notice:
    """A restricted record of the reader's own organisation that matches records of another."""

    restricted: PersonRecord
    organisation: Organisation
    matches: tuple[Edge, ...]
    """The strongest first; `left` is the restricted record."""
    answers: tuple[DeconflictionAnswer, ...]
    """What was done, the latest first."""


def notices(reader: User) -> tuple[Notice, ...]:
    """Matches of restricted records for those who answer for them: the owner's people who may judge identity.

    Nobody else is told: the other organisation's people do not see the restricted record, its match, or this.
    """
    if not identity.may_judge(reader):
        return ()
    ours = AccessLabel.objects.filter(pk__in=restricted_labels() & readable_labels(), owner=reader.organisation_id)
    labels = frozenset(ours.values_list("pk", flat=True))
    edges = (
        MatchEdge.objects.filter(label__in=labels, state=rules.EdgeState.CURRENT)
        .exclude(left__owner=F("right__owner"))
        .exclude(left__label=F("right__label"))
        .select_related("left__owner", "right__owner")
        .defer("left__raw", "right__raw")
        .order_by("-match_weight", "pk")[:NOTICED]
    )
    matches: dict[tuple[int, int], list[Edge]] = defaultdict(list)
    for each in edges:
        restricted, other = (each.left, each.right) if each.left.label_id == each.label_id else (each.right, each.left)
        if restricted.label_id not in labels:
            continue
        seen = Edge(restricted, other, each.match_weight, each.probability, each.band, tuple(each.waterfall))
        matches[restricted.pk, other.owner_id].append(seen)
    answered: dict[tuple[int, int], list[DeconflictionAnswer]] = defaultdict(list)
    given = DeconflictionAnswer.objects.filter(
        record__in={record for record, _ in matches}, record__person__isnull=False
    )
    for answer in given.select_related("by").order_by("-pk"):
        answered[answer.record_id, answer.organisation_id].append(answer)
    return tuple(
        Notice(found[0].left, found[0].right.owner, tuple(found), tuple(answered[key]))
        for key, found in matches.items()
    )


def notice(reader: User, record: int, organisation: str) -> Notice:
    """One notice. Raises `NotThere` where there is none for this reader."""
    for each in notices(reader):
        if each.restricted.pk == record and each.organisation.code == organisation:
            return each
    raise NotThere


def contact_points(organisation: Organisation, *, today: date) -> tuple[User, ...]:
    """Whom to ask at an organisation: those whose role is to be asked, by name."""
    roles = reference.terms("role", on=today)
    asked = [term.code for term in roles if CONTACT in term.detail.get("capabilities", ())]
    held = RoleHeld.objects.filter(Q(held_to=None) | Q(held_to__gt=today), held_from__lte=today, role__in=asked)
    found = User.objects.filter(
        organisation=organisation, is_active=True, kind=UserKind.PERSON, pk__in=held.values("user_id")
    )
    return tuple(found.order_by("name", "pk"))
