"""The picture as it leaves in a file: what some nodes are and what joins them, each value with the rows that say it.

Reads like every page: a record that the reader may not see is not there. What may leave is asked of each record.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from fourfold.formats.entities import Bond, Row, Sort, Thing, Value
from fourfold.formats.entities import Tie as Joins
from fourfold.pole import rules, selectors, steps
from fourfold.pole.models import EventRecord, Link, LocationRecord, ObjectRecord, PersonRecord, SourceRecord
from fourfold.pole.selectors import Record
from fourfold.pole.steps import Node, Tie

SORTS = {
    "PERSON": Sort.PERSON,
    "VEHICLE": Sort.VEHICLE,
    "PHONE": Sort.PHONE,
    "LOCATION": Sort.PLACE,
    "EVENT": Sort.EVENT,
    "ORGANISATION": Sort.ORGANISATION,
}
BONDS = {"ASSOCIATE": Joins.ASSOCIATE, "RELATIVE": Joins.RELATIVE}
YEAR_ONLY = frozenset({"default", "partial"})
"""Qualities of a date of birth of which only the year can be trusted."""

Leaves = Callable[[SourceRecord], bool]


@dataclass(frozen=True)
class Taken:
    """What leaves of some nodes, and how many records stay behind because they may not leave."""

    things: tuple[Thing, ...]
    bonds: tuple[Bond, ...]
    rows: tuple[Row, ...]
    kept_back: int


def take(nodes: Collection[Node], ties: Iterable[Tie], *, leaves: Leaves, today: date) -> Taken:
    """Everything that visible records say of some nodes and of the links between them.

    Nine queries at most, however many the nodes.

    Args:
        nodes: People, objects, places and events.
        ties: Links whose both ends are among the nodes.
        leaves: Whether a record may be in the file. A node of which no record may is not in it, nor what joins it.
        today: For whom a child is one.
    """
    by_node: dict[Node, list[Record]] = defaultdict(list)
    kept_back = 0
    for node, record in _records(nodes):
        if leaves(record):
            by_node[node].append(record)
        else:
            kept_back += 1
    places = {record.pk: node for node, found in by_node.items() for record in found if node.kind == "LOCATION"}
    things = {node: _thing(node, found, places, today) for node, found in sorted(by_node.items())}
    rows = {key_of(record): row_of(record) for found in by_node.values() for record in found}
    bonds = []
    numbers: dict[Node, list[Value]] = defaultdict(list)
    kept = {tie.link_id: tie for tie in ties if tie.left in things and tie.right in things}
    for link in Link.objects.select_related("owner", *LABEL).filter(pk__in=kept).order_by("pk"):
        if not leaves(link):
            kept_back += 1
            continue
        tie = kept[link.pk]
        rows[key_of(link)] = row_of(link)
        bonds.append(_bond(tie, link))
        if tie.left.is_person and tie.right.kind == Sort.PHONE:
            numbers[tie.left].append(Value("phone", things[tie.right].title, (key_of(link),)))
    made = tuple(
        Thing(thing.key, thing.sort, thing.title, (*thing.values, *numbers[node]), thing.rows, thing.tags)
        for node, thing in things.items()
    )
    return Taken(made, tuple(bonds), tuple(rows.values()), kept_back)


LABEL = ("label__owner", "label__compartment", "label__agreement")


def _records(nodes: Collection[Node]) -> Iterator[tuple[Node, Record]]:
    """Every visible record of some nodes with all that was delivered, in the order in which they came."""
    at: dict[str, dict[int, Node]] = defaultdict(dict)
    for (kind, pk), node in steps.records_of_nodes(nodes).items():
        at[kind][pk] = node
    models: dict[str, type[PersonRecord] | type[ObjectRecord] | type[LocationRecord] | type[EventRecord]] = {
        rules.Kind.PERSON: PersonRecord,
        rules.Kind.OBJECT: ObjectRecord,
        rules.Kind.LOCATION: LocationRecord,
        rules.Kind.EVENT: EventRecord,
    }
    for kind, model in models.items():
        if found := at[kind]:
            of_event = ("location",) if model is EventRecord else ()
            records = model._default_manager.select_related("owner", *LABEL, *of_event).filter(pk__in=found)
            for record in records.order_by("pk"):
                yield found[record.pk], record


def key_of(record: SourceRecord) -> str:
    """What a row is called in every file: records are never numbered again."""
    return f"{record._meta.model_name}:{record.pk}"


def node_key(node: Node) -> str:
    return node.code


def row_of(record: SourceRecord) -> Row:
    """Where a record came from, in full."""
    handling = rules.HANDLING_WORDS.get(record.handling, record.handling)
    return Row(
        key=key_of(record),
        owner=record.owner.name,
        system=record.source,
        number=record.source_key,
        recorded_at=record.recorded_from,
        file=record.source_file,
        line=record.source_line,
        batch=record.batch_id,
        digest=sha256(record.raw.encode()).hexdigest(),
        conditions=". ".join(filter(None, (str(record.label), handling))),
        handling=record.handling,
    )


def _thing(node: Node, records: list[Record], places: Mapping[int, Node], today: date) -> Thing:
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in records:
        for name, text in _values(record, places):
            if text:
                said[name, text].append(key_of(record))
    tags: tuple[str, ...] = ()
    title = selectors.described(records[0])[2]
    people = [record for record in records if isinstance(record, PersonRecord)]
    if people:
        line = selectors.person_line(people, today=today)
        title, tags = line.name, (line.reference, *filter(None, (line.under_18,)))
    return Thing(
        key=node_key(node),
        sort=SORTS.get(node.kind, Sort.OBJECT),
        title=title,
        values=tuple(Value(name, text, tuple(rows)) for (name, text), rows in said.items()),
        rows=tuple(key_of(record) for record in records),
        tags=tags,
    )


def _values(record: Record, places: Mapping[int, Node]) -> Iterator[tuple[str, str]]:
    match record:
        case PersonRecord():
            yield from _person(record)
        case ObjectRecord(kind="ORGANISATION"):
            yield "name", record.value_raw or record.value
            yield "number", str(record.detail.get("company_number") or "")
        case ObjectRecord():
            number = "plate" if record.kind == "VEHICLE" else "number"
            yield number, selectors.object_title(record)
            yield "kind", rules.OBJECT_KINDS.get(record.kind, record.kind.capitalize())
            for name in ("make", "model", "colour"):
                yield name, getattr(record, name)
        case LocationRecord():
            yield "address", selectors.place_title(record)
            yield "street", record.address_line
            yield "postcode", record.postcode
            yield "name", record.name
            if record.latitude is not None and record.longitude is not None:
                yield "latitude", str(record.latitude)
                yield "longitude", str(record.longitude)
        case EventRecord():
            yield from _event(record, places)


def _person(record: PersonRecord) -> Iterator[tuple[str, str]]:
    """Ethnicity is kept to monitor disparity and leaves in no file."""
    yield "name", record.full_name
    for alias in record.aliases:
        yield "alias", " ".join(filter(None, (alias.get("forenames"), alias.get("surname"))))
    if record.birth_on is not None:
        day = record.birth_on
        yield "born", f"{day.year:04d}" if record.birth_quality in YEAR_ONLY else day.isoformat()
    yield "sex", record.sex if record.sex in {"M", "F"} else ""
    for name in ("pnc_id", "cro", "nino"):
        yield name, getattr(record, name)
    yield "address", ", ".join(filter(None, (record.address_line, record.postcode)))


def _event(record: EventRecord, places: Mapping[int, Node]) -> Iterator[tuple[str, str]]:
    """What it was and when. Its free text stays: it names people who are not asked for."""
    yield "kind", rules.EVENT_KINDS.get(record.kind, record.kind)
    yield "category", record.category_name or record.title
    yield "reference", record.reference
    yield "status", record.status_name
    if record.happened_on is not None:
        day = record.happened_on.isoformat()
        yield "happened", day[:7] if record.time_precision == "month" else day
    if record.location_id in places and record.location is not None:
        yield "place", selectors.place_title(record.location)


def _bond(tie: Tie, link: Link) -> Bond:
    assertion = "Assessment" if link.assertion == "assessment" else "Fact"
    graded = f", graded {link.grade} ({rules.grade_words(link.grade)})" if link.grade else ""
    both_people = tie.left.is_person and tie.right.is_person
    return Bond(
        key=key_of(link),
        tie=BONDS.get(link.type, Joins.OTHER) if both_people else Joins.OTHER,
        left=node_key(tie.left),
        right=node_key(tie.right),
        words=rules.LINK_TYPES.get(link.type, link.type),
        known=f"{assertion}{graded}",
        rows=(key_of(link),),
        from_on=link.from_on,
        to_on=link.to_on,
    )
