"""Pairs of records of vehicles, phones, addresses and organisations that wait for somebody to say what they are.

As with people: worked out over records that the reader may see, so that counts count nothing else. Of two things one
pair waits, the one for which most speaks; where anybody said that two are different, nobody is asked again.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count

from fourfold.platform.people.models import User
from fourfold.pole import rules
from fourfold.pole.selectors import identity
from fourfold.pole.selectors.identity import COUNTED, WEIGHED, Waiting
from fourfold.pole.selectors.judged_things import END_KINDS, LOCATION, OBJECT, every

ADDRESS = "ADDRESS"
_TABLE = {OBJECT: "pole_objectrecord", LOCATION: "pole_locationrecord"}
_WAITING = """
with said as materialized (
  select distinct least(a.thing_id, b.thing_id) as one, greatest(a.thing_id, b.thing_id) as other
  from pole_thingjudgement j join {table} a on a.id = j.left_id join {table} b on b.id = j.right_id
  where j.end_kind = %(end_kind)s and (j.verdict in ('SAME', 'DIFFERENT') or j.verdict = 'UNSURE' and j.by_id = %(by)s)
    and not exists (select from pole_thingjudgement w where w.withdraws_id = j.id)
), waiting as (
  select distinct on (one, other) t.left_id, t.right_id, t.weight, p.one, p.other
  from pole_thingtie t join {table} a on a.id = t.left_id join {table} b on b.id = t.right_id
  join visibility_accesslabel la on la.id = a.label_id join visibility_accesslabel lb on lb.id = b.label_id
  cross join lateral (select least(a.thing_id, b.thing_id) as one, greatest(a.thing_id, b.thing_id) as other) p
  where not ((la.audience = 'OWN' or la.compartment_id is not null)
      and (lb.audience = 'OWN' or lb.compartment_id is not null) and la.id <> lb.id)
    and t.end_kind = %(end_kind)s and t.state = 'CURRENT' and t.weight is not null and a.thing_id <> b.thing_id
    and %(kind)s in ('', t.kind)
    and (%(force)s = ''
      or (select o.id from people_organisation o where o.code = %(force)s) in (a.owner_id, b.owner_id))
    and not exists (select from said s where s.one = p.one and s.other = p.other)
  order by one, other, t.weight desc, t.id
)
"""


@dataclass(frozen=True)
class ThingWaiting(Waiting):
    """Two records of things that wait for somebody, and what it is worth that they are looked at."""

    end_kind: str


def waiting(*, reader: User, kind: str = "", force: str = "") -> list[ThingWaiting]:
    """Pairs that wait for this reader, what a decision on them is worth most first. Seven queries at most.

    Args:
        reader: Who asks; two things of which they were unsure themselves wait for somebody else.
        kind: Only pairs of this kind.
        force: Only pairs with a record of this organisation.
    """
    found: list[ThingWaiting] = []
    for end_kind in _end_kinds(kind):
        rows = _rows(
            "select left_id, right_id, weight, one, other from waiting order by weight desc, left_id, right_id",
            WEIGHED,
            **_asked(end_kind, reader, kind, force),
        )
        things = {number for *_, one, other in rows for number in (one, other)}
        records = dict(
            every(end_kind).filter(thing_id__in=things).order_by().values_list("thing_id").annotate(Count("pk"))
        )
        members = threats_of(end_kind, things)
        found += [
            ThingWaiting(
                left,
                right,
                weight,
                records.get(one, 0) + records.get(other, 0),
                members.get(one, 0) + members.get(other, 0),
                end_kind,
            )
            for left, right, weight, one, other in rows
        ]
    return sorted(found, key=lambda each: (-each.worth, each.end_kind, each.left_id, each.right_id))


def waiting_count(*, reader: User, kind: str = "", force: str = "") -> int:
    """How many pairs wait for this reader, counted to `COUNTED`. A query for each table."""
    counted = 0
    for end_kind in _end_kinds(kind):
        counted += len(_rows("select 1 from waiting", COUNTED, **_asked(end_kind, reader, kind, force)))
    return min(counted, COUNTED)


def _end_kinds(kind: str) -> tuple[str, ...]:
    if not kind:
        return END_KINDS
    return (LOCATION,) if kind == ADDRESS else (OBJECT,)


def _asked(end_kind: str, reader: User, kind: str, force: str) -> dict[str, str | int]:
    return {"end_kind": end_kind, "by": reader.pk, "kind": kind, "force": force}


def _rows(query: str, most: int, **asked: str | int) -> list[tuple[int, int, float, int, int]]:
    statement = _WAITING.format(table=_TABLE[str(asked["end_kind"])])
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} {query} limit %(most)s", {**asked, "most": most})
        rows: list[tuple[int, int, float, int, int]] = cursor.fetchall()
    return rows


def threats_of(end_kind: str, things: Collection[int]) -> dict[int, int]:
    """How many roles in open threats the people have who are linked with each thing. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select distinct r.thing_id, l.left_id from {_TABLE[end_kind]} r "
            "join pole_link l on l.right_id = r.id and l.right_kind = %s and l.left_kind = %s "
            "where r.thing_id = any(%s)",
            [end_kind, rules.Kind.PERSON.value, sorted(things)],
        )
        users = cursor.fetchall()
    members = identity.threats_of({record for _, record in users})
    found: dict[int, int] = {}
    for thing, record in users:
        found[thing] = found.get(thing, 0) + members.get(record, 0)
    return found
