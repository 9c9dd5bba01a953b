"""Reading the picture. No reader is named here: the database has already hidden what the reader may not see.

A person, a plate, a place is put together when it is read, from the records that are visible then. What has no
visible record does not exist.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db import connection
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse

from fourfold.formats import names
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation
from fourfold.platform.ui.components import Cell
from fourfold.pole import rules
from fourfold.pole.models import (
    EventRecord,
    Link,
    LocationRecord,
    MatchEdge,
    ObjectRecord,
    Person,
    PersonRecord,
    ThingTie,
)

Record = PersonRecord | ObjectRecord | LocationRecord | EventRecord
CANDIDATES = 200
"""Records that a search by name weighs at most."""


# What others may add to a page of ours


@dataclass(frozen=True)
class Seen:
    """What a page is about, as this reader sees it."""

    subject: str
    person_id: int | None
    record_ids: tuple[int, ...]
    today: date
    as_recorded_on: datetime | None = None


@dataclass(frozen=True)
class Panel:
    """A table that another room adds to a page about a person, an event or an object."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str


PanelMaker = Callable[[Seen], Panel | None]
_panels: dict[str, PanelMaker] = {}


def register_panel(name: str, make: PanelMaker) -> None:
    """Have `make` add a table to the pages of people, events and objects. Called once, when its room is ready."""
    _panels[name] = make


def panels_for(seen: Seen) -> tuple[Panel, ...]:
    made = (make(seen) for make in _panels.values())
    return tuple(panel for panel in made if panel is not None)


# People


@dataclass(frozen=True)
class PersonLine:
    """One person in a line of a list, as the visible records tell."""

    person_id: int
    reference: str
    name: str
    other_names: tuple[str, ...]
    born: date | None
    birth_disputed: bool
    age: int | None
    may_be_a_child: bool
    is_surely_a_child: bool
    records: int
    forces: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def url(self) -> str:
        return reverse("pole:person", args=[self.reference])

    @property
    def under_18(self) -> str:
        """What to say of a person who is or may be a child; empty for others."""
        return rules.under_18_words(surely=self.is_surely_a_child) if self.may_be_a_child else ""


@dataclass(frozen=True)
class RecordLine:
    """One source record in a line, for choosing between the records of one person."""

    record_id: int
    person_id: int
    source: str
    key: str
    owner: str
    name: str
    born: date | None

    @property
    def url(self) -> str:
        return reverse("pole:person_record", args=[self.record_id])


def person_line(records: Sequence[PersonRecord], *, today: date) -> PersonLine:
    """What some records, all of one person, say together."""
    first = records[0]
    spelt = names_of(records)
    births = rules.Births(tuple((r.birth_on, r.birth_quality) for r in records if r.birth_on is not None))
    return PersonLine(
        person_id=first.person_id,
        reference=rules.reference_of(first.person_id),
        name=spelt[0],
        other_names=spelt[1:],
        born=births.agreed(),
        birth_disputed=births.disputed(),
        age=births.age(today),
        may_be_a_child=births.may_be_a_child(today),
        is_surely_a_child=births.is_surely_a_child(today),
        records=len(records),
        forces=tuple(sorted({r.owner.name for r in records})),
        places=tuple(sorted({district for r in records if (district := r.postcode.split(" ")[0])})),
    )


def names_of(records: Iterable[PersonRecord]) -> tuple[str, ...]:
    """Every name used, the commonest first, each spelt once: mixed case before capitals."""
    used: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for record in records:
        said = [record.full_name]
        said += [" ".join(filter(None, (a.get("forenames"), a.get("surname")))) for a in record.aliases]
        for place, name in enumerate(said):
            key = names.key(name)
            if not key:
                continue
            used[key] += 1 if place else 3
            if key not in spelt or spelt[key].isupper():
                spelt[key] = name
    if not used:
        return ("Name not recorded",)
    return tuple(spelt[key] for key, _ in sorted(used.items(), key=lambda one: (-one[1], one[0])))


def people_lines(person_ids: Iterable[int], *, today: date) -> dict[int, PersonLine]:
    """A line for each person that has a visible record. One query."""
    by_person: dict[int, list[PersonRecord]] = defaultdict(list)
    for record in _line_records().filter(person_id__in=set(person_ids)):
        by_person[record.person_id].append(record)
    return {person_id: person_line(records, today=today) for person_id, records in by_person.items()}


def people_of_records(record_ids: Iterable[int], *, today: date) -> dict[int, PersonLine]:
    """The person of each visible record, by record. Two queries."""
    wanted = dict(PersonRecord.objects.filter(pk__in=set(record_ids)).values_list("pk", "person_id"))
    lines = people_lines(wanted.values(), today=today)
    return {record_id: lines[person_id] for record_id, person_id in wanted.items() if person_id in lines}


def records_of(person_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Visible record ids of each person. One query."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = PersonRecord.objects.filter(person_id__in=set(person_ids)).order_by("pk").values_list("person_id", "pk")
    for person_id, record_id in rows:
        found[person_id].append(record_id)
    return {person_id: tuple(ids) for person_id, ids in found.items()}


def record_ids(*, source: str, keys: Iterable[str]) -> dict[str, int]:
    """Source keys to record ids, visible ones only. One query."""
    return dict(PersonRecord.objects.filter(source=source, source_key__in=set(keys)).values_list("source_key", "pk"))


def record_lines(person_id: int) -> tuple[RecordLine, ...]:
    """The records of one person, to choose from."""
    records = _line_records().filter(person_id=person_id).order_by("source", "source_key")
    return tuple(
        RecordLine(r.pk, r.person_id, r.source, r.source_key, r.owner.name, r.full_name, r.birth_on) for r in records
    )


def _line_records() -> QuerySet[PersonRecord]:
    return person_records().order_by("pk")


def person_records() -> QuerySet[PersonRecord]:
    """Source records of people, without their fields as delivered."""
    return PersonRecord.objects.select_related("owner").defer("raw")


def object_records() -> QuerySet[ObjectRecord]:
    return ObjectRecord.objects.select_related("owner").defer("raw")


def location_records() -> QuerySet[LocationRecord]:
    return LocationRecord.objects.select_related("owner").defer("raw")


def people_matching(text: str, *, today: date, limit: int = 25) -> list[PersonLine]:
    """People by name (a little misspelt), P-number or PNC ID, best first."""
    person_id = rules.person_id_of(text)
    if person_id is not None and text.strip().upper().startswith("P"):
        return list(people_lines([person_id], today=today).values())
    ids = list(dict.fromkeys(named_like(text).values_list("person_id", flat=True)))[:limit]
    if not ids:
        ids = list(
            PersonRecord.objects.filter(pnc_id=text.strip().upper())
            .exclude(pnc_id="")
            .values_list("person_id", flat=True)
        )[:limit]
    lines = people_lines(ids, today=today)
    return [lines[found] for found in dict.fromkeys(ids) if found in lines]


def named_like(text: str, *, at_most: int = CANDIDATES) -> QuerySet[PersonRecord]:
    """Records whose name or alias is like `text` in spelling or in sound, most alike first.

    The candidates come from a function that may use the indexes that row-level security keeps from ordinary queries.
    It returns ids of visible records only, and the query around it is under the policy again.
    """
    key = names.key(text)
    if not key:
        return PersonRecord.objects.none()
    candidates = RawSQL("select pole_find_people(%s, %s)", [key, at_most])
    return likest(PersonRecord.objects.filter(pk__in=candidates), key)


def likest(records: QuerySet[PersonRecord], key: str, *, at_least: float = 0.0) -> QuerySet[PersonRecord]:
    """The records whose names are like `key`, most alike first.

    Each says how like its names are (`likeness` and, for the whole name, `whole`, 0 to 1) and whether they sound alike
    (`sounds`). Those that sound alike are kept however they are spelt.
    """
    words = key.split(" ")
    sound_of = "dmetaphone(%s) || ' ' || dmetaphone(%s)"
    measured = records.annotate(
        likeness=TrigramWordSimilarity(key, "names_key"),
        whole=TrigramSimilarity("name_key", key),
        sounds=RawSQL(  # noqa: S611  all are bound
            f"name_sound in ({sound_of}, {sound_of})",
            [words[-1], words[0], words[0], words[-1]],
            output_field=BooleanField(),
        ),
    )
    return measured.filter(Q(likeness__gte=at_least) | Q(sounds=True)).order_by("-likeness", "-whole", "pk")


def heard_of_since(day: date, *, person: str) -> Exists:
    """Whether something happened on that day or later with a person, as far as visible records say.

    Args:
        day: The first day that counts.
        person: The column with the person's key in the query around it.
    """
    happened = EventRecord.objects.filter(pk=OuterRef("right_id"), happened_on__gte=day)
    about = Link.objects.filter(
        Exists(happened), left_kind=rules.Kind.PERSON, left_id=OuterRef("pk"), right_kind=rules.Kind.EVENT
    )
    return Exists(PersonRecord.objects.filter(Exists(about), person_id=OuterRef(person)))


def came_up_since(moment: str, *, person: str) -> Exists:
    """Whether a record of something that happened with a person came onto the picture after a moment.

    Args:
        moment: The column with the moment in the query around it.
        person: The column with the person's key there.
    """
    came = Link.objects.filter(
        left_kind=rules.Kind.PERSON,
        left_id=OuterRef("pk"),
        right_kind=rules.Kind.EVENT,
        recorded_from__gt=OuterRef(OuterRef(moment)),
    )
    return Exists(PersonRecord.objects.filter(Exists(came), person_id=OuterRef(person)))


def people_with_object(kind: str, value: str) -> QuerySet[PersonRecord, int]:
    """Keys of the people whom a visible record joins to a vehicle or phone of that plate or number."""
    objects = ObjectRecord.objects.filter(kind=kind, value=value).values("pk")
    links = Link.objects.filter(left_kind=rules.Kind.PERSON, right_kind=rules.Kind.OBJECT, right_id__in=objects)
    return PersonRecord.objects.filter(pk__in=links.values("left_id")).values_list("person_id", flat=True)


def people_at_postcode(postcode: str) -> QuerySet[PersonRecord, int]:
    """Keys of the people whose record has that postcode, or who live at a place that has it."""
    key = postcode.replace(" ", "") + "|"
    places = LocationRecord.objects.filter(place_key__gte=key, place_key__lt=f"{key}\x7f").exclude(place_key="")
    links = Link.objects.filter(
        left_kind=rules.Kind.PERSON, right_kind=rules.Kind.LOCATION, right_id__in=places.values("pk")
    )
    said = Q(postcode=postcode) & ~Q(postcode="")
    return PersonRecord.objects.filter(said | Q(pk__in=links.values("left_id"))).values_list("person_id", flat=True)


# Links and what stands at their other end


@dataclass(frozen=True)
class Joined:
    """A link as seen from one side: the record it starts from and the visible record it leads to."""

    link: Link
    from_id: int
    other_kind: str
    other: Record


def links_from(kind: str, ids: Sequence[int]) -> tuple[Joined, ...]:
    """Links of some records of one kind to visible records. Five queries at most, however many the links."""
    links = list(
        Link.objects.filter(Q(left_kind=kind, left_id__in=ids) | Q(right_kind=kind, right_id__in=ids))
        .select_related("owner")
        .defer("raw")
        .order_by("pk")
    )
    own = frozenset(ids)
    sides = []
    for link in links:
        if link.left_kind == kind and link.left_id in own:
            sides.append((link, link.left_id, link.right_kind, link.right_id))
        if link.right_kind == kind and link.right_id in own:
            sides.append((link, link.right_id, link.left_kind, link.left_id))
    wanted: dict[str, set[int]] = defaultdict(set)
    for _, _, other_kind, other_id in sides:
        wanted[other_kind].add(other_id)
    found = {other_kind: _visible(other_kind, other_ids) for other_kind, other_ids in wanted.items()}
    return tuple(
        Joined(link, from_id, other_kind, other)
        for link, from_id, other_kind, other_id in sides
        if (other := found[other_kind].get(other_id)) is not None
    )


def _visible(kind: str, ids: Iterable[int]) -> Mapping[int, Record]:
    match rules.Kind(kind):
        case rules.Kind.PERSON:
            return {record.pk: record for record in person_records().filter(pk__in=ids)}
        case rules.Kind.OBJECT:
            return {record.pk: record for record in object_records().filter(pk__in=ids)}
        case rules.Kind.LOCATION:
            return {record.pk: record for record in location_records().filter(pk__in=ids)}
        case rules.Kind.EVENT:
            return {
                record.pk: record
                for record in EventRecord.objects.select_related("owner").defer("raw").filter(pk__in=ids)
            }


@dataclass(frozen=True)
class PartIn:
    """One record's part in one event, with the labels that both stand under."""

    record_id: int
    type: str
    link_label: int
    event: EventRecord
    has_vehicle: bool


def parts_in_events(record_ids: Iterable[int], *, types: Iterable[str], since: date) -> tuple[PartIn, ...]:
    """What people had a part in since a day, in one of some roles. Three queries, however many the records.

    Of an event only what it was, when, how it ended and whose it is is read.
    """
    ids = list(set(record_ids))
    links = Link.objects.filter(left_kind=rules.Kind.PERSON, left_id__in=ids, right_kind=rules.Kind.EVENT)
    said = links.filter(type__in=list(types)).order_by("pk")
    joined = list(said.values_list("left_id", "right_id", "type", "label_id"))
    found = EventRecord.objects.filter(pk__in={event_id for _, event_id, _, _ in joined}, happened_on__gte=since)
    events = {
        event.pk: event
        for event in found.only(
            "kind", "reference", "title", "category_name", "status_name", "happened_on", "happened_to", "label_id"
        )
    }
    driven = Link.objects.filter(
        left_kind=rules.Kind.EVENT, left_id__in=list(events), right_kind=rules.Kind.OBJECT, type="INVOLVES"
    )
    vehicles = ObjectRecord.objects.filter(kind="VEHICLE", pk__in=driven.values("right_id"))
    with_vehicle = set(driven.filter(right_id__in=vehicles.values("pk")).values_list("left_id", flat=True))
    return tuple(
        PartIn(record_id, type_, label_id, events[event_id], event_id in with_vehicle)
        for record_id, event_id, type_, label_id in joined
        if event_id in events
    )


@dataclass(frozen=True)
class NewLink:
    """Something that came onto the picture about a person since a moment."""

    record_id: int
    kind: str
    noun: str
    title: str
    happened_on: date | None
    recorded_from: datetime
    url: str


def new_links_since(record_ids: Iterable[int], moment: datetime) -> list[NewLink]:
    """Links recorded after `moment`, newest first, one for each thing they lead to. Five queries at most."""
    ids = list(set(record_ids))
    fresh = (
        Link.objects.filter(recorded_from__gt=moment)
        .filter(Q(left_kind=rules.Kind.PERSON, left_id__in=ids) | Q(right_kind=rules.Kind.PERSON, right_id__in=ids))
        .order_by("-recorded_from", "-pk")
    )
    own = frozenset(ids)
    sides: list[tuple[Link, int, str, int]] = []
    for link in fresh:
        if link.left_kind == rules.Kind.PERSON and link.left_id in own:
            sides.append((link, link.left_id, link.right_kind, link.right_id))
        else:
            sides.append((link, link.right_id, link.left_kind, link.left_id))
    wanted: dict[str, set[int]] = defaultdict(set)
    for _, _, kind, other_id in sides:
        wanted[kind].add(other_id)
    found = {kind: _visible(kind, other_ids) for kind, other_ids in wanted.items()}
    new: dict[tuple[str, int], NewLink] = {}
    for link, record_id, kind, other_id in sides:
        other = found[kind].get(other_id)
        if other is None or (kind, other_id) in new:
            continue
        code, noun, title, day = described(other)
        new[kind, other_id] = NewLink(record_id, code, noun, title, day, link.recorded_from, address_of(other))
    return list(new.values())


def described(record: Record) -> tuple[str, str, str, date | None]:
    """A record's kind, the noun for it, how it is titled, and the day it happened."""
    match record:
        case PersonRecord():
            return "PERSON", "person", record.full_name or "Name not recorded", None
        case ObjectRecord():
            noun = rules.OBJECT_KINDS.get(record.kind, record.kind).lower()
            return record.kind, noun, object_title(record), None
        case LocationRecord():
            return "LOCATION", "place", place_title(record), None
        case EventRecord():
            noun = rules.EVENT_KINDS.get(record.kind, record.kind).lower()
            return record.kind, noun, event_title(record), record.happened_on


def address_of(record: Record) -> str:
    match record:
        case PersonRecord():
            return reverse("pole:person", args=[rules.reference_of(record.person_id)])
        case ObjectRecord():
            return reverse("pole:object", args=[record.pk])
        case LocationRecord():
            return reverse("pole:place", args=[record.pk])
        case EventRecord():
            return reverse("pole:event", args=[record.pk])


def object_title(record: ObjectRecord) -> str:
    """A plate or number as it was read; an organisation's name as it was written."""
    said = (record.value_raw, record.value) if record.kind == "ORGANISATION" else (record.value, record.value_raw)
    return said[0] or said[1] or "Not recorded"


@dataclass(frozen=True)
class OrganisationSaid:
    """What one record says of an organisation."""

    name: str
    trades_as: tuple[str, ...]
    company: str
    where: str
    postcode: str


def organisation_of(record: ObjectRecord) -> OrganisationSaid:
    detail = record.detail
    street, postcode = (str(detail.get(key) or "") for key in ("address_line", "postcode"))
    return OrganisationSaid(
        name=object_title(record),
        trades_as=tuple(str(name) for name in detail.get("trading_names") or () if name),
        company=str(detail.get("company_number") or ""),
        where=", ".join(filter(None, (street, postcode))),
        postcode=postcode,
    )


def place_title(record: LocationRecord) -> str:
    said = [record.name] if record.name and record.name != record.address_line else []
    said += [part for part in (record.address_line, record.postcode) if part]
    return ", ".join(said) or record.district or "Place not recorded"


def event_title(record: EventRecord) -> str:
    kind = rules.EVENT_KINDS.get(record.kind, record.kind)
    named = next((said for said in (record.title, record.category_name) if said and said != kind), "")
    return named or (f"{kind}, code {record.category}" if record.category else kind)


# One person


@dataclass(frozen=True)
class Edge:
    """A match between two visible records."""

    left: PersonRecord
    right: PersonRecord
    match_weight: float
    probability: float
    band: str
    waterfall: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class PersonFile:
    """All that a reader may see of one person."""

    person_id: int
    records: tuple[PersonRecord, ...]
    within: tuple[Edge, ...]
    """Matches between two of the records: why they are together."""
    beyond: tuple[Edge, ...]
    """Matches with records of other people that a person has yet to judge."""
    links: tuple[Joined, ...]

    @property
    def record_ids(self) -> tuple[int, ...]:
        return tuple(record.pk for record in self.records)


def person_file(person_id: int) -> PersonFile:
    """Raises `NotThere` for a person with no visible record. Nine queries at most, however many the links."""
    records = tuple(
        PersonRecord.objects.filter(person_id=person_id)
        .select_related("owner", "label__compartment", "label__owner", "label__agreement")
        .order_by("owner__name", "source", "source_key")
    )
    if not records:
        raise NotThere
    ids = [record.pk for record in records]
    within, beyond = _edges_of(records)
    return PersonFile(person_id, records, within, beyond, links_from(rules.Kind.PERSON, ids))


def _edges_of(records: Sequence[PersonRecord]) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
    own = {record.pk: record for record in records}
    edges = list(
        MatchEdge.objects.filter(Q(left_id__in=own) | Q(right_id__in=own), state=rules.EdgeState.CURRENT).order_by(
            "-match_weight", "pk"
        )
    )
    others = {pk for edge in edges for pk in (edge.left_id, edge.right_id) if pk not in own}
    known = dict(own)
    for record in PersonRecord.objects.filter(pk__in=others).select_related("owner").defer("raw"):
        known[record.pk] = record
    within, beyond = [], []
    for edge in edges:
        if edge.left_id not in known or edge.right_id not in known:
            continue
        seen = Edge(
            known[edge.left_id],
            known[edge.right_id],
            edge.match_weight,
            edge.probability,
            edge.band,
            tuple(edge.waterfall),
        )
        if edge.left_id in own and edge.right_id in own:
            within.append(seen)
        else:
            beyond.append(seen)
    return tuple(within), tuple(beyond)


def person_now(person_id: int) -> int | None:
    """Where the visible records that were once this person's are now; None where no visible record ever was.

    Read from what visible records were, so that a number which only hidden records ever had leads nowhere.
    """
    if PersonRecord.objects.filter(person_id=person_id).exists():
        return person_id
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.person_id from pole_personrecord_was w join pole_personrecord r on r.id = w.id "
            "where w.person_id = %s group by r.person_id order by count(*) desc, r.person_id limit 1",
            [person_id],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None


def person_record(record_id: int) -> PersonRecord:
    try:
        return PersonRecord.objects.select_related(
            "owner", "label__compartment", "label__owner", "label__agreement", "merged_into"
        ).get(pk=record_id)
    except PersonRecord.DoesNotExist:
        raise NotThere from None


# Events, objects, places


def events() -> QuerySet[EventRecord]:
    """The list of what happened, newest first."""
    return EventRecord.objects.select_related("owner", "location").defer("raw", "summary", "location__raw")


def events_called(text: str) -> Q:
    """Events whose reference begins with `text`, however it is spaced: a range, which the index serves."""
    key = "".join(c for c in text.upper() if c.isascii() and c.isalnum())
    if not key:
        return Q(pk__in=[])
    return Q(reference_key__gte=key, reference_key__lt=key[:-1] + chr(ord(key[-1]) + 1)) & ~Q(reference_key="")


def owner_choices() -> list[tuple[str, str]]:
    """Forces and regional units, by name."""
    police = Organisation.objects.filter(kind__in=["FORCE", "ROCU"]).exclude(region="")
    return list(police.order_by("name").values_list("code", "name"))


def events_at(place_ids: Iterable[int], *, limit: int = 101) -> tuple[EventRecord, ...]:
    """The latest visible events at some places, one more than a page shows."""
    found = EventRecord.objects.filter(location_id__in=place_ids).select_related("owner").defer("raw")
    return tuple(found.order_by("-happened_on", "-pk")[:limit])


def event(event_id: int) -> EventRecord:
    try:
        return EventRecord.objects.select_related(
            "owner", "label__compartment", "label__owner", "label__agreement", "location"
        ).get(pk=event_id)
    except EventRecord.DoesNotExist:
        raise NotThere from None


@dataclass(frozen=True)
class Reason:
    """What a rule says of two visible records of things."""

    left: ObjectRecord | LocationRecord
    right: ObjectRecord | LocationRecord
    verdict: str
    words: str


@dataclass(frozen=True)
class Reasons:
    """Why records are of one thing, and which records of other things are near: a lead, or kept apart for a reason."""

    within: tuple[Reason, ...]
    maybe: tuple[Reason, ...]
    apart: tuple[Reason, ...]


def same_objects(object_id: int) -> tuple[ObjectRecord, ...]:
    """Every visible record of the vehicle, phone or organisation that one record is of, that record first.

    Before things were grouped, and for a day before that, the records of an equal value.
    """
    try:
        one = ObjectRecord.objects.select_related(
            "owner", "label__compartment", "label__owner", "label__agreement", "thing"
        ).get(pk=object_id)
    except ObjectRecord.DoesNotExist:
        raise NotThere from None
    if one.thing_id is not None:
        same = Q(thing=one.thing_id)
    elif one.valid and one.value:
        same = Q(kind=one.kind, value=one.value, valid=True)
    else:
        return (one,)
    rest = object_records().filter(same).exclude(pk=one.pk)
    return (one, *rest.order_by("owner__name", "source", "source_key"))


def same_places(place_id: int) -> tuple[LocationRecord, ...]:
    """Every visible record of the place that one record is of, that record first.

    Before things were grouped, and for a day before that, the records of an equal address.
    """
    try:
        one = LocationRecord.objects.select_related(
            "owner", "label__compartment", "label__owner", "label__agreement", "thing"
        ).get(pk=place_id)
    except LocationRecord.DoesNotExist:
        raise NotThere from None
    if one.thing_id is not None:
        same = Q(thing=one.thing_id)
    elif one.place_key:
        same = Q(place_key=one.place_key)
    else:
        return (one,)
    rest = location_records().filter(same).exclude(pk=one.pk)
    return (one, *rest.order_by("owner__name", "source", "source_key"))


def reasons_of(records: Sequence[ObjectRecord] | Sequence[LocationRecord]) -> Reasons:
    """What the rules say of some records of one thing. Two queries at most."""
    kind = rules.Kind.OBJECT if isinstance(records[0], ObjectRecord) else rules.Kind.LOCATION
    known: dict[int, ObjectRecord | LocationRecord] = {record.pk: record for record in records}
    own = frozenset(known)
    ties = list(
        ThingTie.objects.filter(
            Q(left_id__in=own) | Q(right_id__in=own), end_kind=kind, state=rules.EdgeState.CURRENT
        ).order_by("left_id", "right_id")
    )
    others = {pk for tie in ties for pk in (tie.left_id, tie.right_id)} - own
    if others:
        rest = object_records() if kind == rules.Kind.OBJECT else location_records()
        known |= {record.pk: record for record in rest.filter(pk__in=others)}
    found: dict[str, list[Reason]] = defaultdict(list)
    for tie in ties:
        if tie.left_id not in known or tie.right_id not in known:
            continue
        is_one = tie.left_id in own and tie.right_id in own
        if is_one == (tie.verdict == rules.TieVerdict.JOIN):
            mine, other = (tie.left_id, tie.right_id) if tie.left_id in own else (tie.right_id, tie.left_id)
            found[tie.verdict].append(Reason(known[mine], known[other], tie.verdict, tie.words))
    return Reasons(
        tuple(found[rules.TieVerdict.JOIN]), tuple(found[rules.TieVerdict.MAYBE]), tuple(found[rules.TieVerdict.APART])
    )


def person_exists(person_id: int) -> Person:
    """The number itself, for the ledger. Asked only after a visible record was found."""
    return Person.objects.get(pk=person_id)
