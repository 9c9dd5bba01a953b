"""The pages of events, vehicles and phones, and places, and a line of the list of events."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from fourfold.platform.ui import components as ui
from fourfold.platform.ui.jinja import plural
from fourfold.platform.ui.pages import Link, Page
from fourfold.pole import rules, selectors
from fourfold.pole.models import EventRecord, LocationRecord, ObjectRecord, PersonRecord
from fourfold.pole.pages import words
from fourfold.pole.selectors import Joined, Panel, Reason, Reasons

REASONS_SHOWN = 50


@dataclass(frozen=True)
class Judged:
    """What people said of a thing's records, and what this reader may do about it."""

    actions: tuple[ui.Action, ...] = ()
    tables: tuple[ui.Table, ...] = ()
    may_judge: bool = False


# Events, vehicles and phones, places


@dataclass(frozen=True, kw_only=True)
class ThingPage(Page):
    """An event, a vehicle or phone, or a place: what is known, who and what is linked, where it came from."""

    identity: ui.IdentityBar
    facts: tuple[ui.Fact, ...]
    text: str
    tables: tuple[ui.Table, ...]
    moments: tuple[ui.Moment, ...]
    delivered: tuple[ui.Fact, ...] = ()
    kept_back: str = ""
    rewind: words.RewindForm


def event_page(
    event: EventRecord,
    links: Sequence[Joined],
    *,
    panels: tuple[Panel, ...],
    today: date,
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
) -> ThingPage:
    title = selectors.event_title(event)
    facts = [
        ui.Fact("When", words.when(event)),
        ui.Fact("Until", event.happened_to) if event.happened_to else None,
        ui.Fact("Where", selectors.place_title(event.location), selectors.address_of(event.location))
        if event.location
        else ui.Fact("Where", None),
        ui.Fact(
            "Offence or type",
            event.category_name or event.category or None,
            hint=event.category if event.category_name else "",
        ),
        ui.Fact("Status", event.status_name or event.status or None),
        ui.Fact("Grade", f"{event.source_grade}: {rules.grade_words(event.source_grade)}")
        if event.source_grade
        else None,
        ui.Fact("Handling", rules.HANDLING_WORDS.get(event.handling, event.handling)) if event.handling else None,
        ui.Fact("Where it came from", words.lineage(event)),
    ]
    delivered, kept_back = words.delivered_facts(event)
    return ThingPage(
        title=title,
        crumbs=(words.PICTURE,),
        identity=ui.IdentityBar(
            name=title,
            reference=event.reference,
            facts=(ui.Fact("When", words.when(event)), ui.Fact("Force", event.owner.name)),
            tags=(ui.Tag(words.kind_words(event), "blue"),),
        ),
        facts=tuple(fact for fact in facts if fact is not None),
        text=event.summary,
        tables=(
            *_people_by_role(links, today),
            *(words.panel_table(p) for p in panels),
            *words.tables_of_things(links)[:2],
        ),
        moments=(),
        delivered=delivered,
        kept_back=kept_back,
        rewind=words.RewindForm(on=recorded_on),
        foot=words.foot_of([event], foot_links),
        alerts=alerts,
    )


def _people_by_role(links: Iterable[Joined], today: date) -> tuple[ui.Table, ...]:
    """Victims and missing people in a table of their own, before everyone else."""
    to_protect: list[tuple[ui.Cell, ...]] = []
    others: list[tuple[ui.Cell, ...]] = []
    for joined in sorted(links, key=lambda j: (j.link.type, j.link.pk)):
        if not isinstance(joined.other, PersonRecord):
            continue
        line = selectors.person_line([joined.other], today=today)
        row = (
            ui.Cell(
                line.name,
                line.url,
                hint=line.reference,
                tag=ui.Tag(line.under_18, "yellow") if line.under_18 else None,
            ),
            ui.Cell(rules.LINK_TYPES.get(joined.link.type, joined.link.type)),
            ui.Cell(words.birth_words(line)),
            ui.Cell(words.assertion(joined.link.assertion, joined.link.grade)),
        )
        (to_protect if joined.link.type in rules.PROTECTED_ROLES or line.may_be_a_child else others).append(row)
    heads = (ui.Head("Person"), ui.Head("Role"), ui.Head("Born"), ui.Head("Fact or assessment"))
    tables = []
    if to_protect:
        tables.append(ui.Table("People to protect", heads, tuple(to_protect)))
    tables.append(ui.Table("People involved", heads, tuple(others), empty="Nobody else is recorded in this event."))
    return tuple(tables)


def object_page(
    records: Sequence[ObjectRecord],
    links: Sequence[Joined],
    *,
    reasons: Reasons,
    panels: tuple[Panel, ...],
    today: date,
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
    judged: Judged,
) -> ThingPage:
    one = records[0]
    noun = rules.OBJECT_KINDS.get(one.kind, one.kind)
    described = words.agreed(" ".join(filter(None, (r.colour, r.make, r.model))) for r in records)
    facts = [ui.Fact("Make, model and colour", described)] if one.kind == "VEHICLE" else []
    if one.kind != "ORGANISATION":
        form = "In a known form" if one.valid else "Not in a known form: kept as delivered"
        facts.append(ui.Fact("Form", form))
    facts += [
        ui.Fact("As delivered", ", ".join(sorted({r.value_raw for r in records if r.value_raw})) or None),
        ui.Fact("Known to", ", ".join(sorted({r.owner.name for r in records}))),
    ]
    facts += [
        ui.Fact(name, said)
        for key, name in rules.DETAIL_WORDS.items()
        if (said := words.agreed(_details(records, key))) != words.agreed(())
    ]
    title = selectors.object_title(one)
    return ThingPage(
        title=title,
        crumbs=(words.PICTURE,),
        identity=ui.IdentityBar(
            name=title,
            reference=one.thing.reference if one.thing else "",
            facts=(ui.Fact("Known to", plural(len(records), "record", "records")),),
            tags=(ui.Tag(noun, "blue"),),
            actions=judged.actions,
        ),
        facts=tuple(facts),
        text="",
        tables=(*_holders(links, today), *(words.panel_table(p) for p in panels), *_records(records, reasons, judged)),
        moments=words.moments_of(words.roles_of(links)[: words.TIMELINE_SHOWN]),
        rewind=words.RewindForm(on=recorded_on),
        foot=words.foot_of(records, foot_links),
        alerts=alerts,
    )


def _details(records: Iterable[ObjectRecord], key: str) -> Iterable[str]:
    for record in records:
        said = record.detail.get(key)
        yield from (str(each) for each in (said if isinstance(said, list) else [said]) if each)


def place_page(
    records: Sequence[LocationRecord],
    events: Sequence[EventRecord],
    links: Sequence[Joined],
    *,
    reasons: Reasons,
    today: date,
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
    judged: Judged,
) -> ThingPage:
    one = records[0]
    title = selectors.place_title(one)
    where = (
        f"{one.latitude:.5f}, {one.longitude:.5f}" if one.latitude is not None and one.longitude is not None else None
    )
    here = {event.pk: event for event in events}
    here |= {j.other.pk: j.other for j in links if isinstance(j.other, EventRecord)}
    ordered = sorted(here.values(), key=lambda e: (e.happened_on or date.min, e.pk), reverse=True)
    return ThingPage(
        title=title,
        crumbs=(words.PICTURE,),
        identity=ui.IdentityBar(
            name=title,
            reference=one.thing.reference if one.thing else "",
            facts=(ui.Fact("Known to", plural(len(records), "record", "records")),),
            tags=(ui.Tag("Place", "blue"),),
            actions=judged.actions,
        ),
        facts=(
            ui.Fact("Postcode", one.postcode or None),
            ui.Fact("District", one.district or None),
            ui.Fact("Latitude and longitude", where),
            ui.Fact("How exact", PRECISION_WORDS.get(one.precision, one.precision)),
        ),
        text="",
        tables=(*_holders(links, today), _event_table(ordered), *_records(records, reasons, judged)),
        moments=(),
        rewind=words.RewindForm(on=recorded_on),
        foot=words.foot_of(records, foot_links),
        alerts=alerts,
    )


PRECISION_WORDS = {
    "premise": "The premises",
    "street": "The street, not the premises",
    "postcode": "The middle of the postcode",
    "district": "The district",
    "none": "Not known",
}


def _event_table(events: Sequence[EventRecord]) -> ui.Table:
    shown_events = events[:100]
    caption = "Events here" if len(events) <= 100 else "Events here: the latest 100"
    return ui.Table(
        caption,
        (ui.Head("Event"), ui.Head("Kind"), ui.Head("When"), ui.Head("Force")),
        tuple(
            (
                ui.Cell(selectors.event_title(e), selectors.address_of(e), hint=e.reference),
                ui.Cell(words.kind_words(e)),
                ui.Cell(words.when(e)),
                ui.Cell(e.owner.name),
            )
            for e in shown_events
        ),
        empty="No event is recorded here.",
    )


def _holders(links: Iterable[Joined], today: date) -> tuple[ui.Table, ...]:
    """People linked with a thing or a place, each once for each way of being linked."""
    same: dict[tuple[int, str], list[Joined]] = defaultdict(list)
    for joined in links:
        if isinstance(joined.other, PersonRecord):
            same[joined.other.person_id, joined.link.type].append(joined)
    rows = []
    for (_, kind), group in same.items():
        line = selectors.person_line([j.other for j in group if isinstance(j.other, PersonRecord)], today=today)
        latest = max(group, key=lambda j: (j.link.to_on or j.link.from_on or date.min, j.link.pk)).link
        rows.append(
            (
                ui.Cell(
                    line.name,
                    line.url,
                    hint=line.reference,
                    tag=ui.Tag(line.under_18, "yellow") if line.under_18 else None,
                ),
                ui.Cell(rules.LINK_TYPES.get(kind, kind)),
                ui.Cell(words.birth_words(line)),
                ui.Cell(words.period(latest.from_on, latest.to_on)),
                ui.Cell(", ".join(sorted({j.link.owner.name for j in group}))),
            )
        )
    heads = (ui.Head("Person"), ui.Head("How"), ui.Head("Born"), ui.Head("Latest"), ui.Head("Who says so"))
    return (ui.Table("People", heads, tuple(rows), empty="No person is linked."),)


def _records(
    records: Sequence[ObjectRecord] | Sequence[LocationRecord], reasons: Reasons, judged: Judged
) -> tuple[ui.Table, ...]:
    """Every record and where it came from, why they are together, what people said, and which others are near."""
    tables = [_origins(records)]
    if len(records) > 1:
        tables.append(_why_together(reasons))
    tables += judged.tables
    if reasons.apart:
        tables.append(_near("Kept apart", "Why it is another", reasons.apart, may_judge=judged.may_judge))
    if reasons.maybe:
        tables.append(_near("May be the same", "Why it may be", reasons.maybe, may_judge=judged.may_judge))
    return tuple(tables)


def _origins(records: Sequence[ObjectRecord] | Sequence[LocationRecord]) -> ui.Table:
    return ui.Table(
        "Records",
        (ui.Head("Record"), ui.Head("Force"), ui.Head("As delivered"), ui.Head("File, line and batch")),
        tuple(
            (ui.Cell(_record_name(r)), ui.Cell(r.owner.name), ui.Cell(_said(r)), ui.Cell(words.lineage(r)))
            for r in records
        ),
    )


def _why_together(reasons: Reasons) -> ui.Table:
    heads = (ui.Head("Record"), ui.Head("And"), ui.Head("Why they are together"))
    rows = tuple(
        (
            ui.Cell(_record_name(r.left), hint=_said(r.left)),
            ui.Cell(_record_name(r.right), hint=_said(r.right)),
            ui.Cell(r.words),
        )
        for r in reasons.within[:REASONS_SHOWN]
    )
    caption = "Why these records are together"
    if len(reasons.within) > REASONS_SHOWN:
        caption += f": the first {REASONS_SHOWN} of {len(reasons.within):,} reasons"
    return ui.Table(caption, heads, rows, empty="No reason is recorded between the records shown here.")


def _near(caption: str, why: str, found: Iterable[Reason], *, may_judge: bool) -> ui.Table:
    """Records of other things, each once, with the reason; who may judge compares the two."""
    others = {reason.right.pk: reason for reason in found}
    heads = (ui.Head("Record"), ui.Head("Force"), ui.Head(why), *((ui.Head("Compare"),) if may_judge else ()))
    return ui.Table(
        caption,
        heads,
        tuple(
            (
                ui.Cell(_said(r.right), selectors.address_of(r.right), hint=_record_name(r.right)),
                ui.Cell(r.right.owner.name),
                ui.Cell(r.words),
                *((_compare(r),) if may_judge else ()),
            )
            for r in others.values()
        ),
    )


def _compare(reason: Reason) -> ui.Cell:
    name = "place" if isinstance(reason.left, LocationRecord) else "object"
    address = reverse(f"pole:{name}_pair", args=[reason.left.pk, reason.right.pk])
    return ui.Cell(f"With {_record_name(reason.left)}", address)


def _record_name(record: ObjectRecord | LocationRecord) -> str:
    return f"{record.source} {record.source_key}"


def _said(record: ObjectRecord | LocationRecord) -> str:
    """What a record says of a thing, in a line."""
    if isinstance(record, LocationRecord):
        return selectors.place_title(record)
    described = " ".join(filter(None, (record.colour, record.make, record.model)))
    return ", ".join(filter(None, (record.value_raw or record.value, described)))


# The list of events


def event_row(event: EventRecord) -> tuple[ui.Cell, ...]:
    place = selectors.place_title(event.location) if event.location else None
    return (
        ui.Cell(selectors.event_title(event), selectors.address_of(event), hint=event.reference),
        ui.Cell(words.kind_words(event)),
        ui.Cell(event.happened_on, hint=words.time_of_day(event)),
        ui.Cell(place, selectors.address_of(event.location) if event.location else ""),
        ui.Cell(event.owner.name),
        ui.Cell(event.status_name or event.status or None),
    )
