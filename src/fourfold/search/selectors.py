"""Finding: one text over people, vehicles, phones, places, events, threats and disruptions, under the reader's labels.

What row-level security keeps from indexes is found by pole's candidate function; everything else is equality or a
range, which the indexes serve under the policy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.urls import reverse

from fourfold.assessments import selectors as assessments
from fourfold.disruptions import selectors as disruptions
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.visibility.scope import narrowed
from fourfold.pole import rules as pole_rules
from fourfold.pole import selectors as pole
from fourfold.search.rules import Query, swapped
from fourfold.threats import selectors as threats

if TYPE_CHECKING:
    from fourfold.pole.models import LocationRecord, ObjectRecord, PersonRecord

MOST = 300
"""Records of one kind that one search weighs. Past it the answer says so and asks for more to go on."""
LIKE_ENOUGH = 0.45
NAMED_ALIKE = 0.999
SHORT_WORD = 2


@dataclass(frozen=True)
class Hit:
    """One thing found: what it is, why it was found, where it is."""

    title: str
    href: str
    why: str
    detail: str
    flag: str = ""


@dataclass(frozen=True)
class Group:
    """All found of one kind, the best first."""

    key: str
    one: str
    many: str
    hits: tuple[Hit, ...]
    total: int
    is_cut: bool = False
    """There was more than a search weighs."""

    @property
    def words(self) -> str:
        return plural(self.total, self.one, self.many) + (" or more" if self.is_cut else "")


def find(query: Query, *, today: date) -> tuple[Group, ...]:
    """Every group that has something, in the order of the page. The number of queries does not depend on the hits."""
    groups = (
        _people(query, today),
        _objects(query, "VEHICLE", query.plates, "vehicle", "vehicles"),
        _objects(query, "PHONE", (query.phone,) if query.phone else (), "phone", "phones"),
        _places(query),
        _events(query),
        _threats(query),
        _assessments(query),
        _disruptions(query),
    )
    return tuple(group for group in groups if group.hits)


# People


@dataclass(frozen=True)
class _Scored:
    record: PersonRecord
    score: float
    why: tuple[str, ...]


def _people(query: Query, today: date) -> Group:
    found = list(_person_records(query)[: MOST + 1]) if query.asks_for_people else []
    scored = [_scored(record, query) for record in found[:MOST]]
    best: dict[int, list[_Scored]] = defaultdict(list)
    for each in scored:
        if each.why:
            best[each.record.person_id].append(each)
    lines = pole.people_lines(best, today=today)
    ranked = sorted(best.items(), key=lambda one: (-max(s.score for s in one[1]), one[0]))
    hits = tuple(_person_hit(lines[person_id], records) for person_id, records in ranked if person_id in lines)
    return Group("people", "person", "people", hits, len(hits), is_cut=len(found) > MOST)


def _person_records(query: Query) -> QuerySet[PersonRecord]:
    """Records that could be meant. The sharpest thing that was typed leads; the rest ranks."""
    records = pole.person_records()
    if query.person_id is not None:
        return records.filter(person_id=query.person_id).order_by("pk")
    if numbered := _numbered(query):
        return records.filter(numbered).order_by("pk")
    if query.born or query.postcode:
        held = records.filter(birth_on__in=_days(query.born)) if query.born else records.filter(postcode=query.postcode)
        return pole.likest(held, query.name, at_least=LIKE_ENOUGH) if query.name else held.order_by("pk")
    if query.name:
        named = pole.named_like(query.name, at_most=MOST + 1)
        return named.filter(_year_of(query.born_in)) if query.born_in else named
    if query.born_in:
        return narrowed(records.filter(_year_of(query.born_in))).order_by("birth_on", "pk")
    return records.none()


def _numbered(query: Query) -> Q:
    """A condition on each number of a person that was typed; empty where there is none."""
    asked = Q()
    for number in NUMBERS:
        if value := getattr(query, number.asked):
            asked |= Q(**{number.field: value})
    return asked


@dataclass(frozen=True)
class _Number:
    """A number that a person is known by."""

    asked: str
    field: str
    words: str


NUMBERS = (
    _Number("pnc", "pnc_id", "same PNC ID"),
    _Number("cro", "cro", "same CRO number"),
    _Number("nino", "nino", "same National Insurance number"),
)


def _days(born: date) -> tuple[date, ...]:
    """The day typed and, where it is another day, the same with day and month the other way round."""
    return tuple(filter(None, (born, swapped(born))))


def _year_of(year: int) -> Q:
    return Q(birth_on__gte=date(year, 1, 1), birth_on__lte=date(year, 12, 31))


Finding = tuple[float, str]
"""How much a thing found counts, and the words for it."""


def _scored(record: PersonRecord, query: Query) -> _Scored:
    found = [*_by_number(record, query), *_by_name(record, query), *_by_birth(record, query), *_by_place(record, query)]
    return _Scored(record, sum(score for score, _ in found), tuple(words for _, words in found if words))


def _by_number(record: PersonRecord, query: Query) -> Iterable[Finding]:
    if query.person_id is not None:
        yield 10.0, "its reference"
    for number in NUMBERS:
        value = getattr(query, number.asked)
        if value and value == getattr(record, number.field):
            yield 10.0, number.words


def _by_name(record: PersonRecord, query: Query) -> Iterable[Finding]:
    if not query.name:
        return
    likeness = float(getattr(record, "likeness", 0.0))
    yield likeness * 4 + float(getattr(record, "whole", 0.0)), _name_words(record, query.name, likeness)


def _by_birth(record: PersonRecord, query: Query) -> Iterable[Finding]:
    if record.birth_on is None:
        return
    if query.born == record.birth_on:
        yield 4.0, "born the same day" if query.name else f"born on {shown_date(query.born)}"
    elif query.born and record.birth_on == swapped(query.born):
        yield 2.0, "day and month of birth the other way round"
    if query.born_in == record.birth_on.year:
        yield 1.0, f"born in {query.born_in}"


def _by_place(record: PersonRecord, query: Query) -> Iterable[Finding]:
    if query.postcode and record.postcode == query.postcode:
        yield 3.0, f"lives in {query.postcode}"
    elif query.district and record.postcode.split(" ")[0] == query.district:
        yield 1.0, f"lives in {query.district}"
    if town := _town(record, query):
        yield 1.0, town


def _name_words(record: PersonRecord, name: str, likeness: float) -> str:
    own, *aliases = record.names_key.split(" | ")
    words = set(name.split())
    if name == own:
        return "same name"
    if words <= set(own.split()):
        return "part of the name"
    for alias in aliases:
        if words <= set(alias.split()):
            return f"also known as {alias.title()}"
    if getattr(record, "sounds", False):
        return "name sounds like"
    return "name spelt nearly like" if likeness < NAMED_ALIKE else "part of the name is like it"


def _town(record: PersonRecord, query: Query) -> str:
    """A word typed beside the name that is not of the name but of the address."""
    in_name = set(record.names_key.split())
    words = {word for word in query.name.split() if word not in in_name and len(word) > SHORT_WORD}
    address = {word.strip(",."): word.strip(",.") for word in record.address_line.split()}
    return next((shown for shown in address.values() if shown.upper() in words), "")


def _person_hit(line: pole.PersonLine, scored: Sequence[_Scored]) -> Hit:
    why = max(scored, key=lambda each: (each.score, -each.record.pk)).why
    sentence = ", ".join(why)
    born = f"born {shown_date(line.born)}" if line.born else "date of birth not recorded"
    age = f", age {line.age}" if line.age is not None else ""
    records = f"{plural(line.records, 'record', 'records')} from {', '.join(line.forces)}"
    return Hit(
        title=f"{line.name} ({line.reference})",
        href=line.url,
        why=sentence[:1].upper() + sentence[1:],
        detail=f"{born[:1].upper()}{born[1:]}{age}. {records}."
        + (f" {', '.join(line.places)}." if line.places else ""),
        flag=line.under_18,
    )


# Things, places, events, threats


def _objects(query: Query, kind: str, values: Sequence[str], one: str, many: str) -> Group:
    if not values:
        return Group(one, one, many, (), 0)
    wanted = Q(value__in=values)
    if kind == "VEHICLE":
        first = values[0]
        wanted |= Q(value__gte=first, value__lt=f"{first}\x7f")
    records = list(pole.object_records().filter(wanted, kind=kind).order_by("value", "pk")[: MOST + 1])
    same: dict[str, list[ObjectRecord]] = defaultdict(list)
    for record in records[:MOST]:
        same[record.value if record.valid else f"{record.value} #{record.pk}"].append(record)
    hits = tuple(_object_hit(group, values[0]) for group in same.values())
    return Group(many, one, many, hits, len(hits), is_cut=len(records) > MOST)


def _object_hit(records: Sequence[ObjectRecord], asked: str) -> Hit:
    first = records[0]
    noun = "plate" if first.kind == "VEHICLE" else "number"
    if first.value == asked:
        why = f"Same {noun}"
    elif first.value.startswith(asked):
        why = f"{noun.capitalize()} begins with {asked}"
    else:
        why = f"{noun.capitalize()} reads like {asked}"
    described = next((words for r in records if (words := " ".join(filter(None, (r.colour, r.make, r.model))))), "")
    owners = ", ".join(sorted({record.owner.name for record in records}))
    return Hit(
        title=pole.object_title(first),
        href=reverse("pole:object", args=[first.pk]),
        why=why,
        detail=". ".join(filter(None, (described, f"{plural(len(records), 'record', 'records')} from {owners}"))) + ".",
    )


def _places(query: Query) -> Group:
    if not query.postcode:
        return Group("places", "place", "places", (), 0)
    key = query.postcode.replace(" ", "") + "|"
    found = pole.location_records().filter(place_key__gte=key, place_key__lt=f"{key}\x7f").exclude(place_key="")
    records = list(found.order_by("place_key", "pk")[: MOST + 1])
    same: dict[str, list[LocationRecord]] = defaultdict(list)
    for record in records[:MOST]:
        same[record.place_key].append(record)
    hits = tuple(
        Hit(
            title=pole.place_title(group[0]),
            href=reverse("pole:place", args=[group[0].pk]),
            why="Same postcode",
            detail=f"{plural(len(group), 'record', 'records')} from {_owners(group)}.",
        )
        for group in same.values()
    )
    return Group("places", "place", "places", hits, len(hits), is_cut=len(records) > MOST)


def _events(query: Query) -> Group:
    if not query.reference:
        return Group("events", "event", "events", (), 0)
    found = pole.events().filter(pole.events_called(query.reference))
    records = list(found.order_by("reference_key", "pk")[: MOST + 1])
    hits = tuple(
        Hit(
            title=pole.event_title(record),
            href=reverse("pole:event", args=[record.pk]),
            why="Same reference" if record.reference_key == query.reference else f"Reference begins with {query.text}",
            detail=", ".join(
                filter(
                    None,
                    (
                        pole_rules.EVENT_KINDS.get(record.kind, record.kind),
                        record.reference,
                        shown_date(record.happened_on) if record.happened_on else "",
                        record.owner.name,
                    ),
                )
            ),
        )
        for record in records[:MOST]
    )
    return Group("events", "event", "events", hits, len(hits), is_cut=len(records) > MOST)


def _threats(query: Query) -> Group:
    total, found = threats.threats_matching(query.text, limit=MOST)
    hits = tuple(
        Hit(f"{hit.reference} {hit.name}", hit.url, hit.why[:1].upper() + hit.why[1:], hit.detail) for hit in found
    )
    return Group("threats", "threat", "threats", hits, total, is_cut=total > len(hits))


def _assessments(query: Query) -> Group:
    found = assessments.assessments_called(query.text)
    hits = tuple(Hit(hit.name, hit.url, "reference", hit.detail) for hit in found)
    return Group("assessments", "assessment", "assessments", hits, len(hits))


def _disruptions(query: Query) -> Group:
    total, found = disruptions.disruptions_matching(query.text, limit=MOST)
    hits = tuple(Hit(hit.name, hit.url, hit.why, hit.detail) for hit in found)
    return Group("disruptions", "disruption", "disruptions", hits, total, is_cut=total > len(hits))


def _owners(records: Iterable[LocationRecord]) -> str:
    return ", ".join(sorted({record.owner.name for record in records}))
