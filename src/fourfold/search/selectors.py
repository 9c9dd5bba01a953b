"""Finding: one text over all that the picture and the rooms have, under the reader's labels.

What row-level security keeps from indexes is found by pole's candidate function; everything else is equality or a
range, which the indexes serve under the policy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Q, QuerySet, TextField, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import RowNumber
from django.urls import reverse

from fourfold.assessments import selectors as assessments
from fourfold.disruptions import selectors as disruptions
from fourfold.formats import devices, names
from fourfold.formats import phone as phone_format
from fourfold.platform.people.models import User
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.visibility.scope import narrowed
from fourfold.pole import rules as pole_rules
from fourfold.pole import selectors as pole
from fourfold.pole.selectors import finding
from fourfold.search.models import SavedFinding, SavedSearch
from fourfold.search.rules import LEGAL_FORMS, Query, Span, swapped
from fourfold.search.wording import Met, Nearness, met, name_words, with_forms
from fourfold.threats import selectors as threats

if TYPE_CHECKING:
    from fourfold.pole.models import LocationRecord, ObjectRecord, PersonRecord

MOST = 200
"""Records of one kind that one search weighs. Past it the answer says so and asks for more to go on."""
OTHERS_OF_ONE = 100
"""Records of one thing, beside those that were found, that are counted with it."""
LIKE_ENOUGH = 0.45
SHORTEST_LOOSE = 2
"""Of more words of an organisation's name than these, one may be another."""


@dataclass(frozen=True)
class Hit:
    """One thing found: what it is, why it was found, where it is."""

    title: str
    href: str
    why: str
    detail: str
    flag: str = ""
    key: str = ""
    """What makes it the same thing in another search; empty for what a saved search does not watch."""
    size: int = 1
    """Records behind it that fitted."""


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
    places = _place_records(query)
    groups = (
        _people(query, today, _joined_to(places) if query.address and places else {}),
        _objects(query, "VEHICLE", query.plates, "vehicle", "vehicles"),
        _objects(query, "PHONE", (query.phone,) if query.phone else (), "phone", "phones"),
        _organisations(query),
        _places(query, places),
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


def _people(query: Query, today: date, at: Mapping[int, str]) -> Group:
    """People by what was typed, and those whom a record joins to a place that was.

    Args:
        at: The place to which a record of a person is joined, by record.
    """
    found = list(_person_records(query)[: MOST + 1]) if query.asks_for_people else []
    linked = pole.person_records().filter(pk__in=at).order_by("pk")[:MOST] if at else ()
    scored = [_scored(record, query) for record in found[:MOST]]
    scored += [_Scored(record, 3.0, (f"a record joins them to {at[record.pk]}",)) for record in linked]
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
        return _named(held, query) if query.wanted else held.order_by("pk")
    if query.wanted:
        span = query.born_within
        return _heard(
            records.filter(pk__in=_candidates(query, span.first, span.last) if span else _candidates(query)), query
        )
    if query.born_within:
        return narrowed(records.filter(_within(query.born_within))).order_by("birth_on", "pk")
    return records.none()


def _candidates(query: Query, *born: date) -> RawSQL:
    """Ids of records with words near those that were typed: from a function that may use the indexes of words."""
    first, last = born or (None, None)
    values = [with_forms(query.wanted), MOST + 1, first, last]
    return RawSQL("select pole_find_people(%s, %s, %s::date, %s::date)", values)


def _named(held: QuerySet[PersonRecord], query: Query) -> QuerySet[PersonRecord]:
    """Those of a day or a postcode whose name is like the one that was typed, in any of the ways to be like it."""
    near = Q()
    for day in _days(query.born) if query.born else ():
        near |= Q(pk__in=_candidates(query, day, day))
    if not query.born:
        near |= Q(pk__in=_candidates(query))
    if query.name:
        alike = pole.likest(held, query.name, at_least=LIKE_ENOUGH).values("pk")
        near |= Q(pk__in=alike)
    return _heard(held.filter(near), query)


def _heard(records: QuerySet[PersonRecord], query: Query) -> QuerySet[PersonRecord]:
    """The records, each with the pairs of a typed word and one of its own that sound alike (`alike`)."""
    return records.annotate(
        alike=RawSQL(
            "array(select typed || ' ' || own from unnest(%s::text[]) typed, "
            "unnest(string_to_array(replace(names_key, ' | ', ' '), ' ')) own "
            "where pole_sounds(typed) && pole_sounds(own))",
            [[word for word in query.wanted if word.isalpha()]],
            output_field=ArrayField(TextField()),
        )
    ).order_by("pk")


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


def _within(span: Span) -> Q:
    return Q(birth_on__gte=span.first, birth_on__lte=span.last)


Finding = tuple[float, str]
"""How much a thing found counts, and the words for it."""


def _scored(record: PersonRecord, query: Query) -> _Scored:
    found = [
        *_by_number(record, query),
        *_by_words(record, query),
        *_by_birth(record, query),
        *_by_place(record, query),
    ]
    return _Scored(record, sum(score for score, _ in found), tuple(words for _, words in found if words))


def _by_number(record: PersonRecord, query: Query) -> Iterable[Finding]:
    if query.person_id is not None:
        yield 10.0, "its reference"
    for number in NUMBERS:
        value = getattr(query, number.asked)
        if value and value == getattr(record, number.field):
            yield 10.0, number.words


def _by_birth(record: PersonRecord, query: Query) -> Iterable[Finding]:
    if record.birth_on is None:
        return
    if query.born == record.birth_on:
        yield 4.0, "born the same day" if query.wanted else f"born on {shown_date(query.born)}"
    elif query.born and record.birth_on == swapped(query.born):
        yield 2.0, "day and month of birth the other way round"
    if query.born_within and query.born_within.holds(record.birth_on):
        yield 1.0, query.born_within.words


def _by_place(record: PersonRecord, query: Query) -> Iterable[Finding]:
    if query.postcode and record.postcode == query.postcode:
        yield 3.0, f"lives in {query.postcode}"
    elif query.district and record.postcode.split(" ")[0] == query.district:
        yield 1.0, f"lives in {query.district}"


def _by_words(record: PersonRecord, query: Query) -> Iterable[Finding]:
    """Each typed word by the nearest word of the name, or of the address where that is nearer."""
    words = [word for word in query.wanted if word != query.district]
    if not words:
        return
    own, *aliases = [name.split() for name in record.names_key.split(" | ")]
    in_name = [word for name in (own, *aliases) for word in name]
    in_address = _address_words(record.address_line)
    alike: dict[str, set[str]] = defaultdict(set)
    for pair in getattr(record, "alike", ()):
        typed, _, word = pair.partition(" ")
        alike[typed].add(word)
    named: list[Met] = []
    placed: list[Met] = []
    missed: list[str] = []
    for typed in words:
        name = met(typed, in_name, alike=alike[typed])
        place = met(typed, () if name.closeness and not query.address else in_address)
        if max(name.closeness, place.closeness) == 0:
            missed.append(typed)
        elif place.closeness > name.closeness or (query.address and place.closeness == name.closeness):
            placed.append(place)
        else:
            named.append(name)
    if named:
        is_whole = len(named) == len(own) and all(each.how is Nearness.SAME for each in named)
        closeness = sum(each.closeness for each in named)
        yield closeness * 2 + is_whole * 2, _name_words([each.typed for each in named], named, own, aliases)
    if placed:
        yield sum(each.closeness for each in placed) * 1.5, _place_words(record, placed)
    if missed:
        yield -1.0 * len(missed), "but nothing like " + " or ".join(f"“{word.title()}”" for word in missed)


def _name_words(typed: list[str], found: Sequence[Met], own: list[str], aliases: Sequence[list[str]]) -> str:
    if all(each.how is Nearness.SAME for each in found):
        if typed == own:
            return "same name"
        if set(typed) == set(own):
            return "same name in another order"
        if set(typed) <= set(own):
            return "part of the name"
    for alias in aliases:
        if all(each.word in alias for each in found) and not all(each.word in own for each in found):
            words = name_words(found)
            return f"also known as {' '.join(alias).title()}" + (f", {words}" if words else "")
    return name_words(found) or "part of the name"


def _address_words(address: str) -> dict[str, str]:
    """Words of an address in capitals, with how they are written there."""
    words = "".join("" if c in "'’." else c if c.isalnum() else " " for c in address).split()
    return {word.upper(): word for word in words}


def _place_words(record: PersonRecord, found: Sequence[Met]) -> str:
    shown = _address_words(record.address_line)
    if len(found) == 1 and found[0].word.isalpha():
        return shown[found[0].word]
    spelt = "" if all(each.how in {Nearness.SAME, Nearness.SHORT_FORM} for each in found) else ", spelt nearly like it"
    return f"lives at {record.address_line}{spelt}"


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
        key=str(line.person_id),
        size=len({each.record.pk for each in scored}),
    )


# Things, places, events, threats


def _objects(query: Query, kind: str, values: Sequence[str], one: str, many: str) -> Group:
    """Vehicles or phones: by a value, by its beginning, or by the part of it that is known."""
    pattern = query.plate_pattern if kind == "VEHICLE" else f"%{query.phone_ending}" if query.phone_ending else ""
    if not values and not pattern:
        return Group(many, one, many, (), 0)
    wanted = Q(value__in=values)
    if pattern:
        found = RawSQL("select pole_find_objects(%s, %s, %s)", [kind, pattern, MOST + 1])
        wanted |= Q(pk__in=found)
    beginning = (
        values[0] if kind == "VEHICLE" and values else phone_format.clean(query.text) if query.phone_ending else ""
    )
    if beginning:
        wanted |= Q(value__gte=beginning, value__lt=f"{beginning}\x7f")
    records = list(pole.object_records().filter(wanted, kind=kind).order_by("value", "pk")[: MOST + 1])
    same: dict[str, list[ObjectRecord]] = defaultdict(list)
    for record in records[:MOST]:
        same[_thing_of(record, _value_of(record))].append(record)
    for record in _others(pole.object_records(), records[:MOST]):
        same[_thing_of(record, _value_of(record))].append(record)
    hits = tuple(_object_hit(group, query, beginning or next(iter(values), "")) for group in same.values())
    return Group(many, one, many, hits, len(hits), is_cut=len(records) > MOST)


def _thing_of(record: ObjectRecord | LocationRecord, value: str) -> str:
    """What a record is of; where things were not grouped yet, its value."""
    return f"@{record.thing_id}" if record.thing_id is not None else value or f"#{record.pk}"


def _key_of(record: ObjectRecord | LocationRecord, value: str) -> str:
    """What a saved search remembers: the thing; where things were not grouped yet its value, and nothing without."""
    return f"@{record.thing_id}" if record.thing_id is not None else value


def _value_of(record: ObjectRecord) -> str:
    return record.value if record.valid else ""


def _others[R: (ObjectRecord, LocationRecord)](every: QuerySet[R], found: Sequence[R]) -> QuerySet[R]:
    """The other visible records of the things that some records are of, however they spell them. One query.

    Of each thing so many at most: one with a thousand records takes nothing from another.
    """
    things = {record.thing_id for record in found if record.thing_id is not None}
    others = every.filter(thing__in=things).exclude(pk__in=[record.pk for record in found])
    place = Window(RowNumber(), partition_by=[F("thing_id")], order_by=[F("pk").asc()])
    return others.annotate(place=place).filter(place__lte=OTHERS_OF_ONE).order_by("pk")


def _object_hit(records: Sequence[ObjectRecord], query: Query, asked: str) -> Hit:
    first = records[0]
    noun = "plate" if first.kind == "VEHICLE" else "number"
    if first.value == asked:
        why = f"Same {noun}"
    elif query.plate_pattern:
        why = f"Plate fits {query.text.upper()}"
    elif query.phone_ending and first.value.endswith(query.phone_ending):
        why = f"Number ends in {query.phone_ending}"
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
        key=_key_of(first, _value_of(first)),
        size=len(records),
    )


def _organisations(query: Query) -> Group:
    """Organisations by company number, or by a name they have or trade under, misspelt or in part."""
    if not query.organisation and not query.company:
        return Group("organisations", "organisation", "organisations", (), 0)
    values = [with_forms(query.organisation.split()), query.company, MOST + 1]
    found = RawSQL("select pole_find_organisations(%s, %s, %s)", values)
    records = list(pole.object_records().filter(pk__in=found, kind="ORGANISATION").order_by("pk")[: MOST + 1])
    same: dict[str, list[ObjectRecord]] = defaultdict(list)
    for record in records[:MOST]:
        same[_thing_of(record, "")].append(record)
    fitted = {thing: len(group) for thing, group in same.items()}
    for record in _others(pole.object_records(), records[:MOST]):
        same[_thing_of(record, "")].append(record)
    ranked = (_organisation_hit(query, group, fitted[thing]) for thing, group in same.items())
    hits = tuple(hit for score, hit in sorted(ranked, key=lambda one: (-one[0], one[1].title)) if score > 0)
    return Group("organisations", "organisation", "organisations", hits, len(hits), is_cut=len(records) > MOST)


def _organisation_hit(query: Query, records: Sequence[ObjectRecord], fitted: int) -> tuple[float, Hit]:
    """The organisation, by the record of it that fits best. `fitted`: the first so many were found by themselves."""
    score, why, _ = max(
        ((*_organisation_why(query, record), -place) for place, record in enumerate(records[:fitted])),
        key=lambda one: (one[0], one[2]),
    )
    first = records[0]
    details = [pole.organisation_of(record) for record in records]
    company = next((each.company for each in details if each.company), "")
    where = next((each.where for each in details if each.where), "")
    hit = Hit(
        title=pole.object_title(first),
        href=reverse("pole:object", args=[first.pk]),
        why=why,
        detail=". ".join(
            filter(
                None,
                (
                    f"Company number {company}" if company else "",
                    where,
                    f"{plural(len(records), 'record', 'records')} from {_owners(records)}",
                ),
            )
        )
        + ".",
        key=_key_of(first, ""),
        size=len(records),
    )
    return score, hit


def _organisation_why(query: Query, record: ObjectRecord) -> tuple[float, str]:
    """How well one record fits, and in what; nothing where too few words do."""
    said = pole.organisation_of(record)
    if query.company and devices.company_number(said.company) == query.company:
        return 10.0, "Same company number"
    typed = query.organisation.split()
    if not typed:
        return 0.0, ""
    best = (0.0, "")
    for name, is_own in ((said.name, True), *((each, False) for each in said.trades_as)):
        words = [word for word in _name_words_of(name) if word not in LEGAL_FORMS]
        found = [met(word, words) for word in typed]
        closeness = sum(each.closeness for each in found) / len(typed)
        why = _organisation_words(typed, words, found)
        at = (query.postcode and query.postcode == said.postcode) or query.district == said.postcode.split(" ")[0] != ""
        score = closeness + (0.5 if sorted(typed) == sorted(words) else 0.0) + (0.25 if at else 0.0)
        if why and score > best[0]:
            best = score, why if is_own else f"Trades as {name}" + ("" if why == "Same name" else f": {why.lower()}")
    return best


def _organisation_words(typed: Sequence[str], words: Sequence[str], found: Sequence[Met]) -> str:
    """How the words of a name were found; empty where more than one of them was not."""
    missed = [each.typed for each in found if each.how is Nearness.NOTHING]
    if len(missed) > (len(typed) > SHORTEST_LOOSE):
        return ""
    if missed:
        return f"Name nearly the same, but nothing like “{missed[0].title()}”"
    if any(each.how is not Nearness.SAME for each in found):
        ways = name_words(found)
        return f"{ways[:1].upper()}{ways[1:]}{' it' if ways.endswith('like') else ''}"
    if sorted(typed) == sorted(words):
        return "Same name"
    return "Part of the name"


def _name_words_of(name: str) -> list[str]:
    """Words of an organisation's name in capitals."""
    plain = "".join("" if c in "'’." else c if c.isalnum() else " " for c in name)
    return [
        word.upper() if any(c.isdigit() for c in word) else names.key(word) or word.upper() for word in plain.split()
    ]


def _places(query: Query, records: Sequence[LocationRecord]) -> Group:
    same: dict[str, list[LocationRecord]] = defaultdict(list)
    for record in records[:MOST]:
        same[_thing_of(record, record.place_key)].append(record)
    for record in _others(pole.location_records(), records[:MOST]):
        same[_thing_of(record, record.place_key)].append(record)
    ranked = sorted((_place_hit(query, group) for group in same.values()), key=lambda one: -one[0])
    hits = tuple(hit for _, hit in ranked)
    return Group("places", "place", "places", hits, len(hits), is_cut=len(records) > MOST)


def _place_hit(query: Query, records: Sequence[LocationRecord]) -> tuple[float, Hit]:
    first = records[0]
    words = [word for word in query.wanted if word != query.district] if query.address else []
    found = [met(word, _address_words(first.address_line)) for word in words]
    ways = {each.how for each in found}
    why = ["Same postcode"] if query.postcode and first.postcode == query.postcode else []
    if found and ways <= {Nearness.SAME, Nearness.SHORT_FORM}:
        why.append("same address" if why else "Same address")
    elif found and Nearness.NOTHING not in ways:
        why.append("address spelt nearly like it" if why else "Address spelt nearly like it")
    if query.district and not query.postcode:
        why.append(f"in {query.district}")
    hit = Hit(
        title=pole.place_title(first),
        href=reverse("pole:place", args=[first.pk]),
        why=", ".join(why),
        detail=f"{plural(len(records), 'record', 'records')} from {_owners(records)}.",
        key=_key_of(first, first.place_key),
        size=len(records),
    )
    return sum(each.closeness for each in found), hit


def _place_records(query: Query) -> list[LocationRecord]:
    """Places of a postcode, or with the words of an address."""
    places = pole.location_records()
    if query.postcode:
        key = query.postcode.replace(" ", "") + "|"
        found = places.filter(place_key__gte=key, place_key__lt=f"{key}\x7f").exclude(place_key="")
    elif query.address:
        wanted = with_forms(query.wanted)
        found = places.filter(pk__in=RawSQL("select pole_find_places(%s, %s)", [wanted, MOST + 1]))
    else:
        return []
    return list(found.order_by("place_key", "pk")[: MOST + 1])


def _joined_to(records: Sequence[LocationRecord]) -> dict[int, str]:
    """Records of people that a visible link joins to these places, each with the first of them."""
    titles = {record.pk: pole.place_title(record) for record in records[:MOST]}
    found = finding.people_at(titles, at_most=MOST)
    return {person: titles[place] for person, place in found.items()}


def _events(query: Query) -> Group:
    if not query.reference:
        return Group("events", "event", "events", (), 0)
    found = pole.events().filter(pole.events_called(query.reference))
    records = list(found.order_by("reference_key", "pk")[: MOST + 1])
    hits = tuple(
        Hit(
            title=pole.event_title(record),
            key=str(record.pk),
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
        Hit(f"{hit.reference} {hit.name}", hit.url, hit.why[:1].upper() + hit.why[1:], hit.detail, key=hit.reference)
        for hit in found
    )
    return Group("threats", "threat", "threats", hits, total, is_cut=total > len(hits))


def _assessments(query: Query) -> Group:
    found = assessments.assessments_called(query.text)
    hits = tuple(Hit(hit.name, hit.url, "reference", hit.detail) for hit in found)
    return Group("assessments", "assessment", "assessments", hits, len(hits))


def _disruptions(query: Query) -> Group:
    total, found = disruptions.disruptions_matching(query.text, limit=MOST)
    hits = tuple(Hit(hit.name, hit.url, hit.why, hit.detail, key=hit.reference) for hit in found)
    return Group("disruptions", "disruption", "disruptions", hits, total, is_cut=total > len(hits))


def _owners(records: Iterable[LocationRecord | ObjectRecord]) -> str:
    return ", ".join(sorted({record.owner.name for record in records}))


# Saved searches


@dataclass(frozen=True)
class NewsOf:
    """A saved search and how many things it has that its owner has not looked at and may still see."""

    saved: SavedSearch
    new: int


def saved_searches(owner: User) -> QuerySet[SavedSearch]:
    """What somebody keeps, the newest first. Nobody sees another's, whatever the label lets them read."""
    return SavedSearch.objects.filter(owner=owner, stopped_at=None).order_by("-saved_at", "-pk")


def watched(*, today: date) -> tuple[tuple[int, User], ...]:
    """Saved searches that still run, with their owners; for the service, which then acts as each of them."""
    running = SavedSearch.objects.filter(stopped_at=None, ends_on__gte=today, owner__is_active=True)
    return tuple((saved.pk, saved.owner) for saved in running.select_related("owner").order_by("pk"))


def is_watched(hit: Hit, group: Group) -> bool:
    return bool(hit.key) and group.key in WATCHED


def unseen(saved: SavedSearch) -> QuerySet[SavedFinding]:
    return saved.findings.filter(is_there=True, found_at__gt=saved.looked_at)


def news_of(owner: User) -> tuple[NewsOf, ...]:
    """Each saved search of somebody with what is new. Things that they may not see any more are not counted."""
    kept = tuple(saved_searches(owner))
    new: dict[int, list[SavedFinding]] = defaultdict(list)
    found = SavedFinding.objects.filter(search__in=kept, is_there=True, found_at__gt=F("search__looked_at"))
    for each in found.order_by("pk"):
        new[each.search_id].append(each)
    there = {
        kind: watch({each.key for of_one in new.values() for each in of_one if each.kind == kind})
        for kind, watch in WATCHED.items()
    }
    return tuple(NewsOf(saved, sum(each.key in there[each.kind] for each in new[saved.pk])) for saved in kept)


def _people_there(keys: Collection[str]) -> Collection[str]:
    return {str(pk) for pk in pole.person_records().filter(person_id__in=keys).values_list("person_id", flat=True)}


def _objects_there(keys: Collection[str]) -> Collection[str]:
    values = pole.object_records().filter(value__in=keys).values_list("value", flat=True)
    return {*values, *_things_there(pole.object_records(), keys)}


def _places_there(keys: Collection[str]) -> Collection[str]:
    values = pole.location_records().filter(place_key__in=keys).values_list("place_key", flat=True)
    return {*values, *_things_there(pole.location_records(), keys)}


def _things_there[R: (ObjectRecord, LocationRecord)](every: QuerySet[R], keys: Collection[str]) -> set[str]:
    things = [int(key[1:]) for key in keys if key.startswith("@")]
    return {f"@{thing}" for thing in every.filter(thing__in=things).values_list("thing_id", flat=True)}


def _events_there(keys: Collection[str]) -> Collection[str]:
    return {str(pk) for pk in pole.events().filter(pk__in=keys).values_list("pk", flat=True)}


def _threats_there(keys: Collection[str]) -> Collection[str]:
    return set(threats.threats().filter(reference__in=keys).values_list("reference", flat=True))


def _disruptions_there(keys: Collection[str]) -> Collection[str]:
    return set(disruptions.disruptions().filter(reference__in=keys).values_list("reference", flat=True))


WATCHED: Mapping[str, Callable[[Collection[str]], Collection[str]]] = {
    "people": _people_there,
    "vehicles": _objects_there,
    "phones": _objects_there,
    "organisations": _objects_there,
    "places": _places_there,
    "events": _events_there,
    "threats": _threats_there,
    "disruptions": _disruptions_there,
}
"""What a saved search tells of, and which of some keys the reader may see."""
