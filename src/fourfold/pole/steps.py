"""Walking the picture a link at a time: what stands at the other end, put together as one person, thing or place.

Every statement reads through the policy and looks back when the reader does: a link, or a record at its end, that the
reader may not see is not there, and changes nothing of what is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q

from fourfold.pole import rules, selectors
from fourfold.pole.models import EventRecord, LocationRecord, ObjectRecord, PersonRecord

NUMBERED, ALONE = "@", "#"
"""How the key of a thing begins that has a number, or that nothing joins with another record."""
RecordKey = tuple[str, int]
"""Kind and id of one source record."""


@dataclass(frozen=True, order=True)
class Node:
    """One person, vehicle, phone, place or event as a reader sees it: what several records of it have in common."""

    kind: str
    key: str

    @property
    def code(self) -> str:
        """In a drawing and an address, such as `PERSON:12`."""
        return f"{self.kind}:{self.key}"

    @property
    def is_person(self) -> bool:
        return self.kind == rules.Kind.PERSON

    @property
    def person_id(self) -> int:
        return int(self.key)


def person_node(person_id: int) -> Node:
    return Node(rules.Kind.PERSON, str(person_id))


@dataclass(frozen=True)
class Tie:
    """One link of one source between two nodes, with what it rests on."""

    link_id: int
    left: Node
    right: Node
    type: str
    from_on: date | None
    to_on: date | None
    assertion: str
    grade: str
    source: str
    owner_id: int
    label_id: int
    left_record: RecordKey
    right_record: RecordKey

    def other(self, node: Node) -> Node:
        return self.right if node == self.left else self.left


@dataclass(frozen=True)
class Taken:
    """What one step from some nodes found. `hubs` have more links than are followed: none of theirs are in `ties`."""

    ties: tuple[Tie, ...]
    hubs: frozenset[Node]


_COLUMNS = (
    "l.id, l.left_kind, l.left_id, l.right_kind, l.right_id, l.type, l.from_on, l.to_on, l.assertion, l.grade,"
    " l.source, l.owner_id, l.label_id"
)
_STEP = f"""
select x.kind, x.id, l.* from unnest(%(kinds)s::text[], %(ids)s::bigint[], %(most)s::int[]) as x(kind, id, most)
cross join lateral (
  select {_COLUMNS} from pole_link l where l.left_id = x.id and l.left_kind = x.kind limit x.most
) l
union all
select x.kind, x.id, l.* from unnest(%(kinds)s::text[], %(ids)s::bigint[], %(most)s::int[]) as x(kind, id, most)
cross join lateral (
  select {_COLUMNS} from pole_link l where l.right_id = x.id and l.right_kind = x.kind limit x.most
) l
"""
_BETWEEN = f"""
with own as materialized (
  select * from unnest(%(kinds)s::text[], %(ids)s::bigint[], %(most)s::int[]) as o(kind, id, most)
)
select {_COLUMNS} from own x
cross join lateral (
  select l.* from pole_link l where l.left_id = x.id and l.left_kind = x.kind limit x.most
) l
where (l.right_kind, l.right_id) in (select kind, id from own)
union
select {_COLUMNS} from own x
cross join lateral (
  select l.* from pole_link l where l.right_id = x.id and l.right_kind = x.kind limit x.most
) l
where (l.left_kind, l.left_id) in (select kind, id from own)
"""

_Row = tuple[int, str, int, str, int, str, date | None, date | None, str, str, str, int, int]


def records_of_nodes(nodes: Iterable[Node]) -> Mapping[RecordKey, Node]:
    """The visible records of some nodes. Three queries at most, however many the nodes."""
    by_kind: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        by_kind[node.kind].append(node)
    found: dict[RecordKey, Node] = {}
    people = [node.person_id for node in by_kind[rules.Kind.PERSON]]
    if people:
        for pk, person_id in PersonRecord.objects.filter(person_id__in=people).values_list("pk", "person_id"):
            found[rules.Kind.PERSON.value, pk] = person_node(person_id)
    found |= _objects(by_kind)
    found |= _places(by_kind[rules.Kind.LOCATION])
    for node in by_kind[rules.Kind.EVENT]:
        found[rules.Kind.EVENT.value, int(node.key)] = node
    return found


def _objects(by_kind: Mapping[str, list[Node]]) -> dict[RecordKey, Node]:
    wanted = {node for kind in rules.OBJECT_KINDS for node in by_kind.get(kind, ())}
    found: dict[RecordKey, Node] = {
        (rules.Kind.OBJECT.value, int(node.key[1:])): node for node in wanted if node.key.startswith(ALONE)
    }
    numbers, values = _numbers_and_values(wanted)
    if numbers or values:
        rows = ObjectRecord.objects.filter(
            Q(thing_id__in=numbers) | Q(value__in=values, valid=True, thing_id=None)
        ).values_list("pk", "kind", "value", "valid", "thing_id")
        for pk, kind, value, valid, thing_id in rows:
            if (node := _node_of(pk, kind, value if valid else "", thing_id)) in wanted:
                found[rules.Kind.OBJECT.value, pk] = node
    return found


def _places(nodes: Iterable[Node]) -> dict[RecordKey, Node]:
    wanted = set(nodes)
    found: dict[RecordKey, Node] = {
        (rules.Kind.LOCATION.value, int(node.key[1:])): node for node in wanted if node.key.startswith(ALONE)
    }
    numbers, keys = _numbers_and_values(wanted)
    if numbers or keys:
        rows = LocationRecord.objects.filter(
            Q(thing_id__in=numbers) | Q(place_key__in=keys, thing_id=None) & ~Q(place_key="")
        ).values_list("pk", "place_key", "thing_id")
        for pk, key, thing_id in rows:
            found[rules.Kind.LOCATION.value, pk] = _node_of(pk, rules.Kind.LOCATION, key, thing_id)
    return found


def _numbers_and_values(nodes: Iterable[Node]) -> tuple[list[int], list[str]]:
    """Of things that several records may have: their numbers, and values where records have none yet."""
    keys = [node.key for node in nodes if not node.key.startswith(ALONE)]
    return [int(key[1:]) for key in keys if key.startswith(NUMBERED)], [k for k in keys if not k.startswith(NUMBERED)]


def _node_of(pk: int, kind: str, value: str, thing_id: int | None) -> Node:
    """By the number that the rules for things gave it, so that one plate on two cars is two; else by its value."""
    if thing_id is not None:
        return Node(kind, f"{NUMBERED}{thing_id}")
    return Node(kind, value or f"{ALONE}{pk}")


def nodes_of_records(records: Iterable[RecordKey]) -> Mapping[RecordKey, Node]:
    """What some records are of. Records that the reader may not see are left out. Four queries at most."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for kind, pk in records:
        by_kind[kind].add(pk)
    found: dict[RecordKey, Node] = {}
    if ids := by_kind[rules.Kind.PERSON]:
        for pk, person_id in PersonRecord.objects.filter(pk__in=ids).values_list("pk", "person_id"):
            found[rules.Kind.PERSON.value, pk] = person_node(person_id)
    if ids := by_kind[rules.Kind.OBJECT]:
        rows = ObjectRecord.objects.filter(pk__in=ids).values_list("pk", "kind", "value", "valid", "thing_id")
        for pk, kind, value, valid, thing_id in rows:
            found[rules.Kind.OBJECT.value, pk] = _node_of(pk, kind, value if valid else "", thing_id)
    if ids := by_kind[rules.Kind.LOCATION]:
        for pk, key, thing_id in LocationRecord.objects.filter(pk__in=ids).values_list("pk", "place_key", "thing_id"):
            found[rules.Kind.LOCATION.value, pk] = _node_of(pk, rules.Kind.LOCATION, key, thing_id)
    if ids := by_kind[rules.Kind.EVENT]:
        for pk in EventRecord.objects.filter(pk__in=ids).values_list("pk", flat=True):
            found[rules.Kind.EVENT.value, pk] = Node(rules.Kind.EVENT, str(pk))
    return found


def step_from(records: Mapping[RecordKey, Node], *, follow: Mapping[str, int]) -> Taken:
    """The links of some nodes, and what stands at their other ends. Five queries at most, however many the nodes.

    Args:
        records: Where to start: every visible record of some nodes, as `records_of_nodes` gives them.
        follow: By kind of node, how many links it may have and still be followed: a place or a phone with more joins
            people who have nothing to do with each other.
    """
    if not records:
        return Taken((), frozenset())
    rows: dict[int, _Row] = {}
    touching: dict[Node, set[int]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_STEP, _asked(records, follow))
        for kind, record_id, *row in cursor.fetchall():
            touching[records[kind, record_id]].add(row[0])
            rows[row[0]] = tuple(row)
    hubs = frozenset(node for node, links in touching.items() if len(links) > follow[_sort_of(node.kind)])
    wanted = {link for node, links in touching.items() if node not in hubs for link in links}
    return Taken(_ties([row for link, row in rows.items() if link in wanted], records), hubs)


def ties_between(nodes: Collection[Node], *, follow: Mapping[str, int]) -> tuple[Tie, ...]:
    """The links that both start and end at some nodes. Four queries at most, however many the nodes.

    Of a node with more links than are followed not all may be found from it; each is then found from its other end.
    Links between two such nodes may be found in part.
    """
    records = records_of_nodes(nodes)
    if not records:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(_BETWEEN, _asked(records, follow))
        return _ties(cursor.fetchall(), records)


def _asked(records: Mapping[RecordKey, Node], follow: Mapping[str, int]) -> dict[str, Any]:
    """Some records as a statement takes them, each with how many links of it are read: one more than are followed."""
    kinds, ids = zip(*records, strict=True)
    most = [follow[_sort_of(node.kind)] + 1 for node in records.values()]
    return {"kinds": list(kinds), "ids": list(ids), "most": most}


def ties_called(link_ids: Iterable[int]) -> tuple[Tie, ...]:
    """Some links by their keys, those of them that are still there. Five queries at most."""
    with connection.cursor() as cursor:
        cursor.execute(f"select {_COLUMNS} from pole_link l where l.id = any(%s)", [sorted(set(link_ids))])
        return _ties(cursor.fetchall(), {})


def _sort_of(kind: str) -> str:
    """Which limit a node has: vehicles and phones are objects."""
    return rules.Kind.OBJECT if kind in rules.OBJECT_KINDS else kind


def _ties(rows: Iterable[_Row], known: Mapping[RecordKey, Node]) -> tuple[Tie, ...]:
    rows = list(rows)
    ends = {end for row in rows for end in ((row[1], row[2]), (row[3], row[4]))}
    at = {**nodes_of_records(ends - known.keys()), **known}
    found = []
    for row in sorted(rows):
        left, right = (row[1], row[2]), (row[3], row[4])
        if left in at and right in at and at[left] != at[right]:
            found.append(
                Tie(
                    link_id=row[0],
                    left=at[left],
                    right=at[right],
                    type=row[5],
                    from_on=row[6],
                    to_on=row[7],
                    assertion=row[8],
                    grade=row[9],
                    source=row[10],
                    owner_id=row[11],
                    label_id=row[12],
                    left_record=left,
                    right_record=right,
                )
            )
    return tuple(found)


# What nodes are called


@dataclass(frozen=True)
class Called:
    """A node in words: what it is, what it is called, where its page is, the day it happened."""

    noun: str
    title: str
    url: str
    happened_on: date | None = None
    detail: str = ""


def called(ties: Iterable[Tie], *, also: Iterable[Node] = (), today: date) -> Mapping[Node, Called]:
    """Every node of some links in words. Five queries at most."""
    at: dict[Node, RecordKey] = {}
    people = {node.person_id for node in also if node.is_person}
    for tie in ties:
        for node, record in ((tie.left, tie.left_record), (tie.right, tie.right_record)):
            at.setdefault(node, record)
            if node.is_person:
                people.add(node.person_id)
    found: dict[Node, Called] = {}
    for person_id, line in selectors.people_lines(people, today=today).items():
        found[person_node(person_id)] = Called("person", line.name, line.url, detail=line.reference)
    by_kind: dict[str, dict[int, Node]] = defaultdict(dict)
    for node, (kind, pk) in at.items():
        if not node.is_person:
            by_kind[kind][pk] = node
    for kind, nodes in by_kind.items():
        for one in _records(kind, nodes):
            _, noun, title, day = selectors.described(one)
            found[nodes[one.pk]] = Called(noun, title, selectors.address_of(one), day)
    return found


def _records(kind: str, ids: Iterable[int]) -> Iterable[ObjectRecord | LocationRecord | EventRecord]:
    match rules.Kind(kind):
        case rules.Kind.OBJECT:
            return selectors.object_records().filter(pk__in=ids)
        case rules.Kind.LOCATION:
            return selectors.location_records().filter(pk__in=ids)
        case _:
            return selectors.events().filter(pk__in=ids)


def days_of_events(nodes: Iterable[Node]) -> Mapping[Node, date | None]:
    """When some events happened. One query, none where there is no event."""
    ids = {int(node.key): node for node in nodes if node.kind == rules.Kind.EVENT}
    if not ids:
        return {}
    rows = EventRecord.objects.filter(pk__in=ids).values_list("pk", "happened_on")
    return {ids[pk]: day for pk, day in rows}
