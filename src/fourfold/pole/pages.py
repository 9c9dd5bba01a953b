"""The pages of people, vehicles, phones, places and events: sentences and tables made of what a reader may see."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from fourfold.platform.ui import components as ui
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.pages import Foot, Link, Page
from fourfold.pole import rules, selectors
from fourfold.pole.models import EventRecord, LocationRecord, ObjectRecord, PersonRecord, SourceRecord
from fourfold.pole.selectors import Edge, Joined, Panel, PersonFile

TIMELINE_SHOWN = 8
COLUMNS_SHOWN = 8
"""Columns of the side-by-side table; further groups of records are listed below it."""
PICTURE = Link("Picture", "/picture/")
NOT_SHOWN_WORDS = ("ethnic",)
"""Parts of the names of delivered fields that are kept for monitoring disparity and shown to nobody who works a case."""
PART_TITLES = {
    "overview": "Overview",
    "records": "Records",
    "why": "Why together",
    "events": "Events",
    "links": "Links",
}


def when(record: EventRecord) -> str:
    """When it happened, no finer than the source says."""
    if record.time_precision == "minute" and record.happened_at is not None:
        return shown_moment(record.happened_at)
    if record.happened_on is None:
        return "Date not recorded"
    if record.time_precision == "month":
        return f"{record.happened_on:%B %Y}"
    return shown_date(record.happened_on)


def lineage(record: SourceRecord) -> str:
    return f"{record.source_file}, line {record.source_line}, batch {record.batch_id}"


def _born(line: selectors.PersonLine) -> str:
    if line.born is None:
        return "Not recorded"
    age = f" (age {line.age})" if line.age is not None else ""
    return f"{shown_date(line.born)}{age}{', disputed' if line.birth_disputed else ''}"


def born_words(record: PersonRecord) -> str:
    """A record's date of birth with how far it can be trusted."""
    if record.birth_on is None:
        return {"invalid": "Delivered, but not a date", "partial": "Only in part"}.get(record.birth_quality, "")
    doubt = {"default": " (1 January may stand for not known)", "partial": " (in part)"}.get(record.birth_quality, "")
    return shown_date(record.birth_on) + doubt


def _seen_by(records: Iterable[SourceRecord]) -> str:
    """Who may see what is on the page: one phrase for each label, the widest first."""
    phrases = Counter(str(record.label) for record in records)
    if len(phrases) == 1:
        return next(iter(phrases))
    return "; ".join(f"{plural(n, 'record', 'records')} {phrase}" for phrase, n in phrases.most_common())


def _changed(records: Iterable[SourceRecord]) -> str:
    latest = max((record.recorded_from for record in records), default=None)
    return f"Last changed {shown_moment(latest)}" if latest else ""


def _foot(records: Sequence[SourceRecord], links: tuple[Link, ...]) -> Foot:
    return Foot(changed=_changed(records), seen_by=_seen_by(records), links=links)


@dataclass(frozen=True, kw_only=True)
class RewindForm:
    """The control that asks for the same page as recorded on another date."""

    on: date | None
    kept: tuple[tuple[str, str], ...] = ()


# One person


@dataclass(frozen=True, kw_only=True)
class PersonPage(Page):
    """One person, one part at a time. Which tables are filled depends on the part."""

    identity: ui.IdentityBar
    tabs: tuple[ui.Tab, ...]
    rewind: RewindForm
    part: str
    facts: tuple[ui.Fact, ...] = ()
    tables: tuple[ui.Table, ...] = ()
    moments: tuple[ui.Moment, ...] = ()
    more_moments: Link | None = None
    matches: tuple["Match", ...] = ()
    lead: str = ""
    beyond: tuple["Match", ...] = ()
    filters: "TimelineFilter | None" = None
    empty: ui.Empty | None = None


@dataclass(frozen=True)
class Match:
    """Why two records are together, or may be: the records, the words, the weights."""

    heading: str
    records: tuple[Link, Link]
    sentence: str
    for_it: tuple[str, ...]
    against_it: tuple[str, ...]
    waterfall: ui.Waterfall


@dataclass(frozen=True)
class KindChoice:
    value: str
    label: str
    count: int
    on: bool


@dataclass(frozen=True)
class TimelineFilter:
    """What of a person's events to show."""

    kinds: tuple[KindChoice, ...]
    first: date | None
    last: date | None
    shown: int
    total: int
    clear: str
    problem: str = ""


@dataclass(frozen=True)
class Asked:
    """What a reader asks of a person's page."""

    part: str = "overview"
    kinds: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    problem: str = ""


@dataclass(frozen=True)
class Role:
    """One event with every role that the person has in it."""

    event: EventRecord
    types: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", ".join(rules.LINK_TYPES.get(code, code) for code in self.types)

    @property
    def protects(self) -> bool:
        return bool(rules.PROTECTED_ROLES & set(self.types))


def roles_of(links: Iterable[Joined]) -> tuple[Role, ...]:
    """The person's events, newest first, each once, with every role in it."""
    found: dict[int, tuple[EventRecord, dict[str, None]]] = {}
    for joined in links:
        if isinstance(joined.other, EventRecord):
            _, types = found.setdefault(joined.other.pk, (joined.other, {}))
            types[joined.link.type] = None
    roles = [Role(event, tuple(sorted(types, key=_protected_first))) for event, types in found.values()]
    return tuple(sorted(roles, key=lambda role: (role.event.happened_on or date.min, role.event.pk), reverse=True))


def _protected_first(code: str) -> tuple[bool, str]:
    return code not in rules.PROTECTED_ROLES, code


def person_page(
    file: PersonFile,
    asked: Asked,
    *,
    panels: tuple[Panel, ...],
    today: date,
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
) -> PersonPage:
    """One part of a person's page, from what the reader may see."""
    line = selectors.person_line(file.records, today=today)
    roles = roles_of(file.links)
    address = reverse("pole:person", args=[line.reference])
    rewound = f"&as_recorded_on={recorded_on.isoformat()}" if recorded_on else ""
    counts = {
        "records": len(file.records),
        "why": len(file.within),
        "events": len(roles),
        "links": len(file.links) - sum(isinstance(j.other, EventRecord) for j in file.links),
    }
    tabs = tuple(
        ui.Tab(title, f"{address}?part={part}{rewound}", part == asked.part, counts.get(part))
        for part, title in PART_TITLES.items()
    )
    made = PersonPage(
        title=line.name,
        crumbs=(PICTURE,),
        identity=_identity(line, file.records),
        tabs=tabs,
        part=asked.part,
        rewind=RewindForm(on=recorded_on, kept=(("part", asked.part),)),
        foot=_foot(file.records, foot_links),
        alerts=(*alerts, *_protection(line, roles)),
    )
    match asked.part:
        case "records":
            return _with(
                made, tables=(_side_by_side(file.records), _record_table(file.records)), lead=_records_lead(line)
            )
        case "why":
            return _why_part(made, file, line)
        case "events":
            return _events_part(made, roles, asked, f"{address}?part=events{rewound}")
        case "links":
            return _links_part(made, file)
        case _:
            return _overview(made, file, roles, panels, f"{address}?part=events{rewound}")


def _with(page: PersonPage, **changes: object) -> PersonPage:
    values = {name: getattr(page, name) for name in page.__dataclass_fields__}
    return PersonPage(**{**values, **changes})


def _identity(line: selectors.PersonLine, records: Sequence[PersonRecord]) -> ui.IdentityBar:
    tags = [ui.Tag("May be under 18", "yellow")] if line.may_be_a_child else []
    facts = [
        ui.Fact("Born", _born(line)),
        ui.Fact("Sex", _agreed(rules.SEXES.get(r.sex, r.sex) for r in records if r.sex != "U")),
    ]
    if line.other_names:
        facts.append(ui.Fact("Also", ", ".join(line.other_names[:6])))
    facts.append(ui.Fact("Known to", f"{plural(line.records, 'record', 'records')} from {_forces(line.forces)}"))
    return ui.IdentityBar(name=line.name, reference=line.reference, facts=tuple(facts), tags=tuple(tags))


def _forces(forces: Sequence[str]) -> str:
    return forces[0] if len(forces) == 1 else plural(len(forces), "force", "forces")


def _agreed(values: Iterable[str]) -> str:
    said = Counter(value for value in values if value)
    if not said:
        return "Not known"
    return " or ".join(value for value, _ in said.most_common())


def _protection(line: selectors.PersonLine, roles: Sequence[Role]) -> tuple[ui.Alert, ...]:
    """Victims first: what should be known of this person before anything they are suspected of."""
    said = []
    if line.may_be_a_child:
        age = f" The records agree on an age of {line.age}." if line.age is not None else ""
        said.append(f"This person may be under 18.{age} Treat them as a child until that is settled.")
    protected = [role for role in roles if role.protects]
    if protected:
        kinds = Counter(t for role in protected for t in role.types if t in rules.PROTECTED_ROLES)
        words = " and ".join(
            f"as a {rules.LINK_TYPES[code].lower()} in {plural(n, 'event', 'events')}"
            for code, n in sorted(kinds.items())
        )
        said.append(f"This person is recorded {words}. Consider what they need to be kept safe.")
    return (ui.Alert("warning", " ".join(said), heading="Protect first"),) if said else ()


def _overview(
    page: PersonPage, file: PersonFile, roles: Sequence[Role], panels: tuple[Panel, ...], events_address: str
) -> PersonPage:
    tables = [_panel_table(panel) for panel in panels]
    tables += _tables_of_things(file.links)
    protected = [role for role in roles if role.protects]
    if protected:
        tables.insert(
            0,
            ui.Table(
                "Recorded as a victim or missing",
                (ui.Head("Event"), ui.Head("Role"), ui.Head("When"), ui.Head("Force")),
                tuple(
                    (
                        ui.Cell(selectors.event_title(r.event), selectors.address_of(r.event), hint=r.event.reference),
                        ui.Cell(r.words),
                        ui.Cell(when(r.event)),
                        ui.Cell(r.event.owner.name),
                    )
                    for r in protected[:TIMELINE_SHOWN]
                ),
            ),
        )
    more = None
    if len(roles) > TIMELINE_SHOWN:
        more = Link(f"All {plural(len(roles), 'event', 'events')}", events_address)
    return _with(
        page,
        facts=_facts(file.records),
        tables=tuple(tables),
        moments=_moments(roles[:TIMELINE_SHOWN]),
        more_moments=more,
        beyond=tuple(_match(edge, "May be the same person") for edge in file.beyond),
    )


def _panel_table(panel: Panel) -> ui.Table:
    return ui.Table(panel.title, tuple(ui.Head(text) for text in panel.head), panel.rows, empty=panel.empty)


FACT_LABELS = (
    ("Date of birth", born_words),
    ("PNC ID", lambda r: r.pnc_id),
    ("CRO number", lambda r: r.cro),
    ("National Insurance number", lambda r: r.nino),
    ("Address", lambda r: ", ".join(filter(None, (r.address_line, r.postcode)))),
)


def _facts(records: Sequence[PersonRecord]) -> tuple[ui.Fact, ...]:
    """Each value that any record gives, with who says so and where it was read."""
    facts = []
    for label, read in FACT_LABELS:
        by_value: dict[str, list[PersonRecord]] = defaultdict(list)
        for record in records:
            if value := read(record):
                by_value[value].append(record)
        if not by_value:
            facts.append(ui.Fact(label, None))
        for number, (value, said_by) in enumerate(sorted(by_value.items(), key=lambda one: -len(one[1]))):
            facts.append(ui.Fact(label if number == 0 else f"{label}, also", value, hint=_said_by(said_by)))
    return tuple(facts)


def _said_by(records: Sequence[PersonRecord]) -> str:
    first = records[0]
    forces = ", ".join(sorted({record.owner.name for record in records}))
    further = f", and {plural(len(records) - 1, 'record', 'records')} more" if len(records) > 1 else ""
    return f"{forces}: {lineage(first)}{further}"


def _moments(roles: Iterable[Role]) -> tuple[ui.Moment, ...]:
    return tuple(
        ui.Moment(
            title=selectors.event_title(role.event),
            at=role.event.happened_on or role.event.recorded_from,
            text=" · ".join(filter(None, (_kind_words(role.event), role.event.reference, role.event.owner.name))),
            href=selectors.address_of(role.event),
            tag=ui.Tag(role.words, "purple" if role.protects else "grey"),
        )
        for role in roles
    )


def _kind_words(event: EventRecord) -> str:
    return rules.EVENT_KINDS.get(event.kind, event.kind)


# Side by side


COMPARED = (
    ("Name", lambda r: r.full_name),
    (
        "Also known as",
        lambda r: ", ".join(sorted(" ".join(filter(None, (a.get("forenames"), a.get("surname")))) for a in r.aliases)),
    ),
    ("Date of birth", born_words),
    ("Sex", lambda r: rules.SEXES.get(r.sex, r.sex)),
    ("PNC ID", lambda r: r.pnc_id),
    ("CRO number", lambda r: r.cro),
    ("National Insurance number", lambda r: r.nino),
    ("Address", lambda r: r.address_line),
    ("Postcode", lambda r: r.postcode),
)


@dataclass(frozen=True)
class _Column:
    """Records of one owner that say the same, as one column."""

    owner: str
    records: tuple[PersonRecord, ...]
    values: tuple[str, ...]


def _columns(records: Sequence[PersonRecord]) -> tuple[_Column, ...]:
    groups: dict[tuple[str, tuple[str, ...]], list[PersonRecord]] = defaultdict(list)
    for record in records:
        groups[record.owner.name, tuple(read(record) for _, read in COMPARED)].append(record)
    return tuple(_Column(owner, tuple(rs), values) for (owner, values), rs in groups.items())


def _side_by_side(records: Sequence[PersonRecord]) -> ui.Table:
    columns = _columns(records)
    shown_columns = columns[:COLUMNS_SHOWN]
    heads = [ui.Head("Fact")]
    for number, column in enumerate(shown_columns, start=1):
        several = f", {plural(len(column.records), 'record', 'records')}" if len(column.records) > 1 else ""
        heads.append(ui.Head(f"{number}. {column.owner}{several}"))
    rows = []
    for place, (label, _) in enumerate(COMPARED):
        said = [column.values[place] for column in columns]
        differs = len({value.casefold() for value in said if value}) > 1
        first = ui.Cell(label, tag=ui.Tag("Differs", "orange") if differs else None)
        rows.append((first, *(ui.Cell(column.values[place]) for column in shown_columns)))
    caption = "Side by side"
    if len(columns) > COLUMNS_SHOWN:
        caption += f": the first {COLUMNS_SHOWN} of {len(columns)} that differ"
    return ui.Table(caption, tuple(heads), tuple(rows))


def _records_lead(line: selectors.PersonLine) -> str:
    return (
        f"{plural(line.records, 'record', 'records')} from {_forces(line.forces)}. "
        "Records are kept as each force delivered them; nothing here overwrites them."
    )


def _record_table(records: Sequence[PersonRecord]) -> ui.Table:
    return ui.Table(
        "Where each record came from",
        (
            ui.Head("Record"),
            ui.Head("Force"),
            ui.Head("Name as recorded"),
            ui.Head("File, line and batch"),
            ui.Head("Recorded here"),
        ),
        tuple(
            (
                ui.Cell(
                    f"{r.source} {r.source_key}",
                    reverse("pole:person_record", args=[r.pk]),
                    tag=ui.Tag("Closed by its source", "yellow") if r.closed_at else None,
                ),
                ui.Cell(r.owner.name),
                ui.Cell(r.full_name),
                ui.Cell(lineage(r)),
                ui.Cell(r.recorded_from),
            )
            for r in records
        ),
    )


# Why together


def strongest_joins(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The fewest matches that hold the records together: the strongest that joins what is not yet joined."""
    group: dict[int, int] = {}

    def root(record: int) -> int:
        while group.setdefault(record, record) != record:
            record = group[record]
        return record

    kept = []
    for edge in sorted(edges, key=lambda e: (-e.match_weight, e.left.pk, e.right.pk)):
        left, right = root(edge.left.pk), root(edge.right.pk)
        if left != right:
            group[left] = right
            kept.append(edge)
    return tuple(kept)


def _why_part(page: PersonPage, file: PersonFile, line: selectors.PersonLine) -> PersonPage:
    if len(file.records) == 1:
        alone = ui.Empty(
            "One record", f"{line.name} is one record. When another is matched with it, what was compared will be here."
        )
        return _with(page, empty=alone)
    joins = strongest_joins(file.within)
    lead = (
        f"{plural(len(file.records), 'record is', 'records are')} held together by {plural(len(joins), 'match', 'matches')}, "
        "the strongest first. A match is a lead, worked out by weighing what agrees and what does not: it is not proof."
    )
    rest = [edge for edge in file.within if edge not in joins]
    tables = ()
    if rest:
        tables = (
            ui.Table(
                "Further matches between these records",
                (ui.Head("One record"), ui.Head("The other"), ui.Head("Why"), ui.Head("Weight", numeric=True)),
                tuple(
                    (
                        ui.Cell(_record_words(e.left), reverse("pole:person_record", args=[e.left.pk])),
                        ui.Cell(_record_words(e.right), reverse("pole:person_record", args=[e.right.pk])),
                        ui.Cell(
                            "; ".join(
                                words for side, words in rules.reasons(list(map(dict, e.waterfall))) if side == "for"
                            )
                        ),
                        ui.Cell(ui.signed(e.match_weight), numeric=True),
                    )
                    for e in rest
                ),
            ),
        )
    return _with(page, lead=lead, matches=tuple(_match(edge, "") for edge in joins), tables=tables)


def _record_words(record: PersonRecord) -> str:
    return f"{record.full_name or 'Name not recorded'}, {record.owner.name}"


def _match(edge: Edge, heading: str) -> Match:
    steps = [dict(step) for step in edge.waterfall]
    prior = sum(float(s.get("weight") or 0) for s in steps if s.get("comparison") == "prior")
    shown_steps = tuple(
        ui.Step(
            rules.comparison_title(str(s.get("comparison", ""))),
            str(s.get("level") or "Compared"),
            float(s.get("weight") or 0) + float(s.get("tf_weight") or 0),
            note=_rarity(float(s.get("tf_weight") or 0)),
        )
        for s in steps
        if s.get("comparison") != "prior"
    )
    said = rules.reasons(steps)
    told = edge.band == rules.Band.TOMBSTONE
    return Match(
        heading=heading or f"{_record_words(edge.left)} and {_record_words(edge.right)}",
        records=(
            Link(
                _record_words(edge.left),
                selectors.address_of(edge.left) if heading else reverse("pole:person_record", args=[edge.left.pk]),
            ),
            Link(
                _record_words(edge.right),
                selectors.address_of(edge.right) if heading else reverse("pole:person_record", args=[edge.right.pk]),
            ),
        ),
        sentence=(
            "Their own source made one record of the two."
            if told
            else f"On what was compared, the chance that the two are one person is {rules.percentage_words(edge.probability)}."
        ),
        for_it=tuple(words for side, words in said if side == "for"),
        against_it=tuple(words for side, words in said if side == "against"),
        waterfall=ui.Waterfall(steps=shown_steps, prior=prior, total=edge.match_weight, probability=edge.probability),
    )


def _rarity(tf_weight: float) -> str:
    if abs(tf_weight) < 0.05:
        return ""
    return "A rare value, so it counts for more" if tf_weight > 0 else "A common value, so it counts for less"


# Events and links of one person


def _events_part(page: PersonPage, roles: Sequence[Role], asked: Asked, clear: str) -> PersonPage:
    if not roles:
        nothing = ui.Empty(
            "No events",
            "Crimes, stops, custody records, reports and missing episodes will be here when a force delivers one that names this person.",
        )
        return _with(page, empty=nothing)
    within = [
        role
        for role in roles
        if (asked.first is None or (role.event.happened_on or date.min) >= asked.first)
        and (asked.last is None or (role.event.happened_on or date.max) <= asked.last)
    ]
    counts = Counter(role.event.kind for role in within)
    chosen = [role for role in within if not asked.kinds or role.event.kind in asked.kinds]
    kinds = tuple(
        KindChoice(code, rules.EVENT_KINDS.get(code, code), counts.get(code, 0), code in asked.kinds)
        for code in sorted({role.event.kind for role in roles}, key=list(rules.EVENT_KINDS).index)
    )
    kept = (("part", "events"), *(("kind", kind) for kind in asked.kinds))
    return _with(
        page,
        moments=_moments(chosen),
        filters=TimelineFilter(kinds, asked.first, asked.last, len(chosen), len(roles), clear, asked.problem),
        rewind=RewindForm(on=page.rewind.on, kept=kept),
    )


def _links_part(page: PersonPage, file: PersonFile) -> PersonPage:
    things = [joined for joined in file.links if not isinstance(joined.other, EventRecord)]
    if not things:
        nothing = ui.Empty(
            "No links", "Vehicles, phones, addresses and people that a force links with this person will be here."
        )
        return _with(page, empty=nothing)
    return _with(page, tables=(_link_table(things),))


def _link_table(links: Iterable[Joined]) -> ui.Table:
    rows = []
    for joined in sorted(links, key=lambda j: (j.other_kind, -(j.link.from_on or date.min).toordinal(), j.link.pk)):
        _, noun, title, _ = selectors.described(joined.other)
        rows.append(
            (
                ui.Cell(title, selectors.address_of(joined.other)),
                ui.Cell(noun.capitalize()),
                ui.Cell(rules.LINK_TYPES.get(joined.link.type, joined.link.type)),
                ui.Cell(_period(joined.link.from_on, joined.link.to_on)),
                ui.Cell(_assertion(joined.link.assertion, joined.link.grade)),
                ui.Cell(joined.link.owner.name, hint=lineage(joined.link)),
            )
        )
    return ui.Table(
        "Links",
        (
            ui.Head("With"),
            ui.Head("What"),
            ui.Head("How"),
            ui.Head("When"),
            ui.Head("Fact or assessment"),
            ui.Head("Who says so"),
        ),
        tuple(rows),
        caption_hidden=True,
    )


def _assertion(assertion: str, grade: str) -> str:
    said = "Assessment" if assertion == "assessment" else "Fact"
    return f"{said}, graded {grade}" if grade else said


def _period(from_on: date | None, to_on: date | None) -> str:
    if from_on and to_on:
        return f"{shown_date(from_on)} to {shown_date(to_on)}"
    if from_on:
        return f"From {shown_date(from_on)}"
    return f"Until {shown_date(to_on)}" if to_on else "Dates not recorded"


def _tables_of_things(links: Iterable[Joined]) -> list[ui.Table]:
    """Vehicles and phones, places, people: each thing once, however many records link it."""
    tables = []
    for kind, caption, empty in (
        (rules.Kind.OBJECT, "Vehicles and phones", "No vehicle or phone is linked."),
        (rules.Kind.LOCATION, "Places", "No place is linked."),
        (rules.Kind.PERSON, "People", "No person is linked."),
    ):
        rows: dict[tuple[str, str], list[Joined]] = defaultdict(list)
        for joined in links:
            if joined.other_kind == kind:
                rows[_sameness(joined), joined.link.type].append(joined)
        tables.append(
            ui.Table(
                caption,
                (ui.Head("What"), ui.Head("How"), ui.Head("Latest"), ui.Head("Who says so")),
                tuple(_thing_row(same) for same in rows.values()),
                empty=empty,
            )
        )
    return tables


def _sameness(joined: Joined) -> str:
    match joined.other:
        case PersonRecord() as person:
            return str(person.person_id)
        case ObjectRecord() as thing:
            return f"{thing.kind} {thing.value}" if thing.valid and thing.value else f"#{thing.pk}"
        case LocationRecord() as place:
            return place.place_key or f"#{place.pk}"
        case event:
            return f"#{event.pk}"


def _thing_row(same: Sequence[Joined]) -> tuple[ui.Cell, ...]:
    latest = max(same, key=lambda j: (j.link.to_on or j.link.from_on or date.min, j.link.pk))
    _, noun, title, _ = selectors.described(latest.other)
    detail = ""
    if isinstance(latest.other, ObjectRecord):
        thing = latest.other
        detail = " ".join(filter(None, (thing.colour, thing.make, thing.model))) or noun.capitalize()
    if isinstance(latest.other, PersonRecord):
        detail = f"{rules.reference_of(latest.other.person_id)}, born {shown_date(latest.other.birth_on).lower() if latest.other.birth_on is None else shown_date(latest.other.birth_on)}"
    return (
        ui.Cell(title, selectors.address_of(latest.other), hint=detail),
        ui.Cell(rules.LINK_TYPES.get(latest.link.type, latest.link.type)),
        ui.Cell(_period(latest.link.from_on, latest.link.to_on)),
        ui.Cell(", ".join(sorted({joined.link.owner.name for joined in same}))),
    )


# One source record


@dataclass(frozen=True, kw_only=True)
class RecordPage(Page):
    """One source record, as delivered and as read."""

    lead: str
    read: tuple[ui.Fact, ...]
    origin: tuple[ui.Fact, ...]
    delivered: tuple[ui.Fact, ...]
    kept_back: str
    versions: ui.Table
    rewind: RewindForm


def delivered_facts(record: SourceRecord) -> tuple[tuple[ui.Fact, ...], str]:
    """The fields as they were delivered, and a sentence where some are kept back."""
    raw = record.raw if isinstance(record.raw, dict) else {"": record.raw}
    shown_fields = {name: v for name, v in raw.items() if not any(word in name.lower() for word in NOT_SHOWN_WORDS)}
    facts = tuple(ui.Fact(name or "Row", _plain(value)) for name, value in shown_fields.items())
    if len(shown_fields) == len(raw):
        return facts, ""
    return facts, "Ethnicity was delivered. It is kept to monitor disparity and is not shown on records."


def _plain(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, (dict, list)):
        return _listed(value)
    return str(value)


def _listed(value: object) -> str:
    match value:
        case dict():
            return "; ".join(
                f"{name}: {_listed(part)}" for name, part in value.items() if part not in (None, "", [], {})
            )
        case list():
            return " / ".join(_listed(part) for part in value)
        case _:
            return str(value)


def record_page(
    record: PersonRecord,
    *,
    versions: Sequence["VersionLine"],
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
) -> RecordPage:
    person = rules.reference_of(record.person_id)
    facts, kept_back = delivered_facts(record)
    read = tuple(ui.Fact(label, value(record)) for label, value in COMPARED)
    closed = ()
    if record.closed_at:
        into = " as a repeat of another record" if record.merged_into_id else ""
        closed = (
            ui.Alert("information", f"Its own source closed this record on {shown_date(record.closed_at)}{into}."),
        )
    return RecordPage(
        title=record.full_name or "Name not recorded",
        caption=f"Source record of {record.owner.name}",
        crumbs=(PICTURE, Link(person, reverse("pole:person", args=[person]))),
        lead="What the source delivered, and how it was read. It is never changed here.",
        read=read,
        origin=_origin(record),
        delivered=facts,
        kept_back=kept_back,
        versions=version_table(versions),
        rewind=RewindForm(on=recorded_on),
        foot=_foot([record], foot_links),
        alerts=(*alerts, *closed),
    )


def _origin(record: SourceRecord) -> tuple[ui.Fact, ...]:
    return (
        ui.Fact("Source", record.source),
        ui.Fact("Its own number", record.source_key),
        ui.Fact("Force", record.owner.name),
        ui.Fact("File", record.source_file),
        ui.Fact("Line", record.source_line),
        ui.Fact("Batch", record.batch_id),
        ui.Fact("Made there", record.source_created_at),
        ui.Fact("Changed there", record.source_updated_at),
        ui.Fact("Handling", rules.HANDLING_WORDS.get(record.handling, record.handling or None)),
        ui.Fact("Hash of the row", record.row_hash),
    )


@dataclass(frozen=True)
class VersionLine:
    """One version of a record: from when, made in which batch, what it said."""

    recorded_from: datetime
    recorded_to: datetime | None
    words: str


def version_table(versions: Sequence[VersionLine]) -> ui.Table:
    return ui.Table(
        "Versions",
        (ui.Head("Recorded from"), ui.Head("Until"), ui.Head("What it said")),
        tuple((ui.Cell(v.recorded_from), ui.Cell(v.recorded_to or "Now"), ui.Cell(v.words)) for v in versions),
        empty="There is one version.",
    )


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
    rewind: RewindForm


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
        ui.Fact("When", when(event)),
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
        ui.Fact("Where it came from", lineage(event)),
    ]
    delivered, kept_back = delivered_facts(event)
    return ThingPage(
        title=title,
        crumbs=(PICTURE,),
        identity=ui.IdentityBar(
            name=title,
            reference=event.reference,
            facts=(ui.Fact("When", when(event)), ui.Fact("Force", event.owner.name)),
            tags=(ui.Tag(_kind_words(event), "blue"),),
        ),
        facts=tuple(fact for fact in facts if fact is not None),
        text=event.summary,
        tables=(*_people_by_role(links, today), *(_panel_table(p) for p in panels), *_tables_of_things(links)[:2]),
        moments=(),
        delivered=delivered,
        kept_back=kept_back,
        rewind=RewindForm(on=recorded_on),
        foot=_foot([event], foot_links),
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
                tag=ui.Tag("May be under 18", "yellow") if line.may_be_a_child else None,
            ),
            ui.Cell(rules.LINK_TYPES.get(joined.link.type, joined.link.type)),
            ui.Cell(_born(line)),
            ui.Cell(_assertion(joined.link.assertion, joined.link.grade)),
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
    panels: tuple[Panel, ...],
    today: date,
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
) -> ThingPage:
    one = records[0]
    noun = rules.OBJECT_KINDS.get(one.kind, one.kind)
    described = _agreed(" ".join(filter(None, (r.colour, r.make, r.model))) for r in records)
    facts = [ui.Fact("Make, model and colour", described)] if one.kind == "VEHICLE" else []
    facts += [
        ui.Fact("As delivered", ", ".join(sorted({r.value_raw for r in records if r.value_raw})) or None),
        ui.Fact(
            "Form",
            "In a known form" if one.valid else "Not in a known form: kept as delivered and not joined with others",
        ),
        ui.Fact("Known to", ", ".join(sorted({r.owner.name for r in records}))),
    ]
    title = selectors.object_title(one)
    return ThingPage(
        title=title,
        crumbs=(PICTURE,),
        identity=ui.IdentityBar(
            name=title,
            facts=(ui.Fact("Known to", plural(len(records), "record", "records")),),
            tags=(ui.Tag(noun, "blue"),),
        ),
        facts=tuple(facts),
        text="",
        tables=(*_holders(links, today), *(_panel_table(p) for p in panels), _origins(records)),
        moments=_moments(roles_of(links)[:TIMELINE_SHOWN]),
        rewind=RewindForm(on=recorded_on),
        foot=_foot(records, foot_links),
        alerts=alerts,
    )


def place_page(
    records: Sequence[LocationRecord],
    events: Sequence[EventRecord],
    links: Sequence[Joined],
    *,
    today: date,
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
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
        crumbs=(PICTURE,),
        identity=ui.IdentityBar(
            name=title,
            facts=(ui.Fact("Known to", plural(len(records), "record", "records")),),
            tags=(ui.Tag("Place", "blue"),),
        ),
        facts=(
            ui.Fact("Postcode", one.postcode or None),
            ui.Fact("District", one.district or None),
            ui.Fact("Latitude and longitude", where),
            ui.Fact("How exact", PRECISION_WORDS.get(one.precision, one.precision)),
        ),
        text="",
        tables=(*_holders(links, today), _event_table(ordered), _origins(records)),
        moments=(),
        rewind=RewindForm(on=recorded_on),
        foot=_foot(records, foot_links),
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
                ui.Cell(_kind_words(e)),
                ui.Cell(when(e)),
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
                    tag=ui.Tag("May be under 18", "yellow") if line.may_be_a_child else None,
                ),
                ui.Cell(rules.LINK_TYPES.get(kind, kind)),
                ui.Cell(_born(line)),
                ui.Cell(_period(latest.from_on, latest.to_on)),
                ui.Cell(", ".join(sorted({j.link.owner.name for j in group}))),
            )
        )
    heads = (ui.Head("Person"), ui.Head("How"), ui.Head("Born"), ui.Head("Latest"), ui.Head("Who says so"))
    return (ui.Table("People", heads, tuple(rows), empty="No person is linked."),)


def _origins(records: Sequence[ObjectRecord] | Sequence[LocationRecord]) -> ui.Table:
    return ui.Table(
        "Where it came from",
        (ui.Head("Record"), ui.Head("Force"), ui.Head("As delivered"), ui.Head("File, line and batch")),
        tuple(
            (
                ui.Cell(f"{r.source} {r.source_key}"),
                ui.Cell(r.owner.name),
                ui.Cell(r.value_raw if isinstance(r, ObjectRecord) else selectors.place_title(r)),
                ui.Cell(lineage(r)),
            )
            for r in records
        ),
    )


# The list of events


def event_row(event: EventRecord) -> tuple[ui.Cell, ...]:
    place = selectors.place_title(event.location) if event.location else None
    return (
        ui.Cell(selectors.event_title(event), selectors.address_of(event), hint=event.reference),
        ui.Cell(_kind_words(event)),
        ui.Cell(event.happened_on, hint=when(event) if event.time_precision == "minute" else ""),
        ui.Cell(place, selectors.address_of(event.location) if event.location else ""),
        ui.Cell(event.owner.name),
        ui.Cell(event.status_name or event.status or None),
    )
