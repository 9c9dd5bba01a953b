"""Finding: one text over people, vehicles, phones, places, events and threats, all under the reader's labels.

What row-level security keeps from indexes is found by pole's candidate function; everything else is equality or a range,
which the indexes serve under the policy.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.urls import reverse

from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.visibility.scope import narrowed
from fourfold.pole import rules as pole_rules
from fourfold.pole import selectors as pole
from fourfold.pole.models import EventRecord, LocationRecord, ObjectRecord, PersonRecord
from fourfold.search.rules import Query, swapped
from fourfold.threats import selectors as threats

MOST = 300
"""Records of one kind that one search weighs. Past it the answer says so and asks for more to go on."""
LIKE_ENOUGH = 0.45
NAMED_ALIKE = 0.999


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
    if query.person_id is not None:
        return PersonRecord.objects.filter(person_id=query.person_id).order_by("pk")
    exact = Q(pk__in=[])
    if query.pnc:
        exact |= Q(pnc_id=query.pnc)
    if query.cro:
        exact |= Q(cro=query.cro)
    if query.nino:
        exact |= Q(nino=query.nino)
    if query.pnc or query.cro or query.nino:
        return PersonRecord.objects.filter(exact).order_by("pk")
    if query.born or query.postcode:
        at = Q()
        if query.born:
            days = [query.born, *filter(None, (swapped(query.born),))]
            at &= Q(birth_on__in=days)
        if query.postcode and not query.born:
            at &= Q(postcode=query.postcode)
        found = PersonRecord.objects.filter(at)
        if query.name:
            return (
                pole.with_likeness(found, query.name)
                .filter(Q(likeness__gte=LIKE_ENOUGH) | Q(sounds=True))
                .order_by("-likeness", "pk")
            )
        return found.order_by("pk")
    if query.name:
        found = pole.named_like(query.name, at_most=MOST + 1)
        return found.filter(_year_of(query.born_in)) if query.born_in else found
    if query.born_in:
        return narrowed(PersonRecord.objects.filter(_year_of(query.born_in))).order_by("birth_on", "pk")
    return PersonRecord.objects.none()


def _year_of(year: int) -> Q:
    return Q(birth_on__gte=date(year, 1, 1), birth_on__lte=date(year, 12, 31))


def _scored(record: PersonRecord, query: Query) -> _Scored:
    score, why = 0.0, []
    for asked, has, words in (
        (query.pnc, record.pnc_id, "same PNC ID"),
        (query.cro, record.cro, "same CRO number"),
        (query.nino, record.nino, "same National Insurance number"),
    ):
        if asked and asked == has:
            score, why = score + 10, [*why, words]
    if query.person_id is not None:
        score, why = score + 10, [*why, "its reference"]
    if query.name:
        likeness = getattr(record, "likeness", 0.0) or 0.0
        score += likeness * 4
        why.append(_name_words(record, query.name, likeness))
    if query.born and record.birth_on == query.born:
        score, why = score + 4, [*why, f"born on {shown_date(query.born)}" if not query.name else "born the same day"]
    elif query.born and record.birth_on == swapped(query.born):
        score, why = score + 2, [*why, "day and month of birth the other way round"]
    if query.born_in and record.birth_on and record.birth_on.year == query.born_in:
        score, why = score + 1, [*why, f"born in {query.born_in}"]
    if query.postcode and record.postcode == query.postcode:
        score, why = score + 3, [*why, f"lives in {query.postcode}"]
    elif query.district and record.postcode.split(" ")[0] == query.district:
        score, why = score + 1, [*why, f"lives in {query.district}"]
    town = _town(record, query)
    if town:
        score, why = score + 1, [*why, town]
    return _Scored(record, score, tuple(filter(None, why)))


def _name_words(record: PersonRecord, name: str, likeness: float) -> str:
    if name == record.name_key:
        return "same name"
    if name in record.names_key.split(" | "):
        return "uses this name"
    if likeness >= NAMED_ALIKE:
        return "this name is part of theirs"
    if getattr(record, "sounds", False):
        return "name sounds like"
    return "name spelt nearly like"


def _town(record: PersonRecord, query: Query) -> str:
    """A word typed beside the name that is not of the name but of the address."""
    in_name = set(record.names_key.split())
    words = {word for word in query.name.split() if word not in in_name and len(word) > SHORT_WORD}
    address = {word.strip(",."): word.strip(",.") for word in record.address_line.split()}
    return next((shown for shown in address.values() if shown.upper() in words), "")


SHORT_WORD = 2


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
        flag="May be under 18" if line.may_be_a_child else "",
    )


# Things, places, events, threats


def _objects(query: Query, kind: str, values: Sequence[str], one: str, many: str) -> Group:
    if not values:
        return Group(one, one, many, (), 0)
    wanted = Q(value__in=values)
    if kind == "VEHICLE":
        first = values[0]
        wanted |= Q(value__gte=first, value__lt=f"{first}\x7f")
    records = list(
        ObjectRecord.objects.filter(wanted, kind=kind)
        .select_related("owner")
        .defer("raw")
        .order_by("value", "pk")[: MOST + 1]
    )
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
    found = LocationRecord.objects.filter(place_key__gte=key, place_key__lt=f"{key}\x7f").exclude(place_key="")
    records = list(found.select_related("owner").defer("raw").order_by("place_key", "pk")[: MOST + 1])
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
    found = EventRecord.objects.filter(pole.events_called(query.reference)).select_related("owner").defer("raw")
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


def _owners(records: Iterable[LocationRecord]) -> str:
    return ", ".join(sorted({record.owner.name for record in records}))
