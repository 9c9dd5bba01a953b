"""The page of one person, a part at a time, and of one of its source records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from django.urls import reverse

from fourfold.platform.ui import components as ui
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.pages import Link, Page
from fourfold.pole import rules, selectors
from fourfold.pole.models import EventRecord, PersonRecord, SourceRecord
from fourfold.pole.pages import words
from fourfold.pole.rules.identity import pair_of
from fourfold.pole.selectors import Edge, Joined, Panel, PersonFile

PART_TITLES = {
    "overview": "Overview",
    "records": "Records",
    "why": "Why together",
    "events": "Events",
    "links": "Links",
}
COLUMNS_SHOWN = 5
MATCHES_DRAWN = 8
MATCHES_LISTED = 25
"""Columns of the side-by-side table; further groups of records are listed below it."""


REMARKABLE = 1.0
"""Weight from which how common a value is gets a remark."""

# One person


@dataclass(frozen=True, kw_only=True)
class PersonPage(Page):
    """One person, one part at a time. Which tables are filled depends on the part."""

    identity: ui.IdentityBar
    tabs: tuple[ui.Tab, ...]
    rewind: words.RewindForm
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
    judge: Link | None = None


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
class Judged:
    """What people said of a person, and what this reader may do about who it is."""

    actions: tuple[ui.Action, ...] = ()
    parted: frozenset[tuple[int, int]] = frozenset()
    """Pairs that somebody said are two people."""
    tables: tuple[ui.Table, ...] = ()
    may_judge: bool = False


@dataclass(frozen=True)
class Asked:
    """What a reader asks of a person's page."""

    part: str = "overview"
    kinds: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    problem: str = ""


def person_page(
    file: PersonFile,
    asked: Asked,
    *,
    panels: tuple[Panel, ...],
    today: date,
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
    judged: Judged,
) -> PersonPage:
    """One part of a person's page, from what the reader may see."""
    line = selectors.person_line(file.records, today=today)
    roles = words.roles_of(file.links)
    address = reverse("pole:person", args=[line.reference])
    rewound = f"&as_recorded_on={recorded_on.isoformat()}" if recorded_on else ""
    counts = {
        "records": len(file.records),
        "events": len(roles),
        "links": len(file.links) - sum(isinstance(j.other, EventRecord) for j in file.links),
    }
    tabs = tuple(
        ui.Tab(title, f"{address}?part={part}{rewound}", part == asked.part, counts.get(part))
        for part, title in PART_TITLES.items()
    )
    made = PersonPage(
        title=line.name,
        crumbs=(words.PICTURE,),
        identity=replace(_identity(line, file.records), actions=judged.actions),
        tabs=tabs,
        part=asked.part,
        rewind=words.RewindForm(on=recorded_on, kept=(("part", asked.part),)),
        foot=words.foot_of(file.records, foot_links),
        alerts=(*alerts, *_protection(line, roles)),
    )
    match asked.part:
        case "records":
            return replace(
                made, tables=(_side_by_side(file.records), _record_table(file.records)), lead=_records_lead(line)
            )
        case "why":
            return _why_part(made, file, line, judged)
        case "events":
            return _events_part(made, roles, asked, f"{address}?part=events{rewound}")
        case "links":
            return _links_part(made, file)
        case _:
            shown = _overview(made, file, roles, panels, f"{address}?part=events{rewound}")
            return replace(shown, beyond=_beyond(file, judged))


def _identity(line: selectors.PersonLine, records: Sequence[PersonRecord]) -> ui.IdentityBar:
    tags = [ui.Tag(line.under_18, "yellow")] if line.under_18 else []
    facts = [
        ui.Fact("Born", words.birth_words(line)),
        ui.Fact("Sex", words.agreed(rules.SEXES.get(r.sex, r.sex) for r in records if r.sex != "U")),
    ]
    if line.other_names:
        facts.append(ui.Fact("Also", ", ".join(line.other_names[:6])))
    facts.append(
        ui.Fact("Known to", f"{plural(line.records, 'record', 'records')} from {words.forces_words(line.forces)}")
    )
    return ui.IdentityBar(name=line.name, reference=line.reference, facts=tuple(facts), tags=tuple(tags))


def _protection(line: selectors.PersonLine, roles: Sequence[words.Role]) -> tuple[ui.Alert, ...]:
    """Victims first: what should be known of this person before anything they are suspected of."""
    said = []
    if line.is_surely_a_child:
        said.append(f"This person is a child, aged {line.age}.")
    elif line.may_be_a_child:
        said.append("By some records this person is under 18. Treat them as a child until that is settled.")
    kinds = Counter(code for role in roles for code in role.types if code in rules.PROTECTED_ROLES)
    if kinds:
        held = " and ".join(
            f"as a {rules.LINK_TYPES[code].lower()} in {plural(n, 'event', 'events')}"
            for code, n in sorted(kinds.items())
        )
        said.append(f"This person is recorded {held}. Consider what they need to be kept safe.")
    return (ui.Alert("warning", " ".join(said), heading="Protect first"),) if said else ()


def _overview(
    page: PersonPage, file: PersonFile, roles: Sequence[words.Role], panels: tuple[Panel, ...], events_address: str
) -> PersonPage:
    tables = [words.panel_table(panel) for panel in panels]
    tables += words.tables_of_things(file.links)
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
                        ui.Cell(words.when(r.event)),
                        ui.Cell(r.event.owner.name),
                    )
                    for r in protected[: words.TIMELINE_SHOWN]
                ),
            ),
        )
    more = None
    if len(roles) > words.TIMELINE_SHOWN:
        more = Link(f"All {plural(len(roles), 'event', 'events')}", events_address)
    return replace(
        page,
        facts=_facts(file.records),
        tables=tuple(tables),
        moments=words.moments_of(roles[: words.TIMELINE_SHOWN]),
        more_moments=more,
    )


def _beyond(file: PersonFile, judged: Judged) -> tuple[Match, ...]:
    """Matches with other people that nobody has said are wrong."""
    return tuple(
        match_of(edge, of_two_people=True, judge=judged.may_judge)
        for edge in file.beyond
        if pair_of(edge.left.pk, edge.right.pk) not in judged.parted
    )


FACT_LABELS = (
    ("Date of birth", words.born_words),
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
    return f"{forces}: {words.lineage(first)}{further}"


# Side by side


COMPARED = (
    ("Name", lambda r: r.full_name),
    (
        "Also known as",
        lambda r: ", ".join(sorted(" ".join(filter(None, (a.get("forenames"), a.get("surname")))) for a in r.aliases)),
    ),
    ("Date of birth", words.born_words),
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
        groups[record.owner.name, tuple(read(record).casefold() for _, read in COMPARED)].append(record)
    columns = [
        _Column(owner, tuple(same), tuple(read(same[0]) for _, read in COMPARED)) for (owner, _), same in groups.items()
    ]
    return tuple(sorted(columns, key=lambda column: -len(column.records)))


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
        if not any(said):
            continue
        differs = len({value.casefold() for value in said if value}) > 1
        first = ui.Cell(label, tag=ui.Tag("Differs", "orange") if differs else None)
        rows.append((first, *(ui.Cell(column.values[place]) for column in shown_columns)))
    caption = "Side by side"
    if len(columns) > COLUMNS_SHOWN:
        caption += f": the {COLUMNS_SHOWN} commonest of {len(columns)} that differ"
    return ui.Table(caption, tuple(heads), tuple(rows))


def _records_lead(line: selectors.PersonLine) -> str:
    return (
        f"{plural(line.records, 'record', 'records')} from {words.forces_words(line.forces)}. "
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
                ui.Cell(words.lineage(r)),
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


def _why_part(page: PersonPage, file: PersonFile, line: selectors.PersonLine, judged: Judged) -> PersonPage:
    if len(file.records) == 1:
        alone = ui.Empty(
            "One record", f"{line.name} is one record. When another is matched with it, what was compared will be here."
        )
        return replace(page, empty=alone, tables=judged.tables)
    joins = strongest_joins(file.within)
    lead = (
        f"{plural(len(file.records), 'record is', 'records are')} held together by "
        f"{plural(len(joins), 'match', 'matches')}, "
        "the strongest first. A match is a lead, worked out by weighing what agrees and what does not: it is not proof."
    )
    drawn = joins[:MATCHES_DRAWN]
    rest = [edge for edge in file.within if edge not in drawn]
    tables: tuple[ui.Table, ...] = ()
    if rest:
        tables = (
            ui.Table(
                _further_caption(len(rest)),
                (ui.Head("One record"), ui.Head("The other"), ui.Head("Why"), ui.Head("Weight", numeric=True)),
                tuple(
                    (
                        ui.Cell(record_words(e.left), reverse("pole:person_record", args=[e.left.pk])),
                        ui.Cell(record_words(e.right), reverse("pole:person_record", args=[e.right.pk])),
                        ui.Cell("; ".join(rules.reasons(e.waterfall)[0])),
                        ui.Cell(ui.signed(e.match_weight), numeric=True),
                    )
                    for e in rest[:MATCHES_LISTED]
                ),
            ),
        )
    matches = tuple(match_of(edge, judge=judged.may_judge) for edge in drawn)
    return replace(page, lead=lead, matches=matches, tables=(*tables, *judged.tables))


def _further_caption(matches: int) -> str:
    if matches > MATCHES_LISTED:
        return f"Further matches between these records: the strongest {MATCHES_LISTED} of {matches}"
    return "Further matches between these records"


def record_words(record: PersonRecord) -> str:
    return f"{record.full_name or 'Name not recorded'}, {record.owner.name}"


def match_of(edge: Edge, *, of_two_people: bool = False, judge: bool = False) -> Match:
    """A match in words and weights. Between two people each side leads to its person, else to its record."""
    for_it, against_it = rules.reasons(edge.waterfall)
    left, right = (
        Link(record_words(record), _side_address(record, of_two_people=of_two_people))
        for record in (edge.left, edge.right)
    )
    return Match(
        heading="May be the same person" if of_two_people else f"{left.text} and {right.text}",
        records=(left, right),
        sentence=verdict_of(edge),
        for_it=for_it,
        against_it=against_it,
        waterfall=waterfall_of(edge),
        judge=Link("Look at the two side by side", reverse("pole:pair", args=[edge.left.pk, edge.right.pk]))
        if judge
        else None,
    )


def waterfall_of(edge: Edge) -> ui.Waterfall:
    """A match as a start, what each comparison adds or takes, and the sum."""
    compared = [step for step in edge.waterfall if step.get("comparison") != "prior"]
    prior = sum(rules.step_weight(step) for step in edge.waterfall if step.get("comparison") == "prior")
    steps = tuple(
        ui.Step(
            rules.comparison_title(str(step.get("comparison", ""))),
            rules.match_words(str(step.get("comparison", "")), str(step.get("level") or "")),
            rules.step_weight(step),
            note=_rarity(float(step.get("tf_weight") or 0)),
        )
        for step in compared
    )
    return ui.Waterfall(steps=steps, prior=prior, total=edge.match_weight, probability=edge.probability)


def _side_address(record: PersonRecord, *, of_two_people: bool) -> str:
    return selectors.address_of(record) if of_two_people else reverse("pole:person_record", args=[record.pk])


def verdict_of(edge: Edge) -> str:
    if edge.band == rules.Band.TOMBSTONE:
        return "Their own source made one record of the two."
    chance = rules.percentage_words(edge.probability)
    return f"On what was compared, the chance that the two are one person is {chance}."


def _rarity(tf_weight: float) -> str:
    if abs(tf_weight) < REMARKABLE:
        return ""
    return "A rare value, so it counts for more" if tf_weight > 0 else "A common value, so it counts for less"


# Events and links of one person


def _events_part(page: PersonPage, roles: Sequence[words.Role], asked: Asked, clear: str) -> PersonPage:
    if not roles:
        nothing = ui.Empty(
            "No events",
            "Crimes, stops, custody records, reports and missing episodes will be here when a force delivers one that "
            "names this person.",
        )
        return replace(page, empty=nothing)
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
    return replace(
        page,
        moments=words.moments_of(chosen),
        filters=TimelineFilter(kinds, asked.first, asked.last, len(chosen), len(roles), clear, asked.problem),
        rewind=words.RewindForm(on=page.rewind.on, kept=kept),
    )


def _links_part(page: PersonPage, file: PersonFile) -> PersonPage:
    things = [joined for joined in file.links if not isinstance(joined.other, EventRecord)]
    if not things:
        nothing = ui.Empty(
            "No links", "Vehicles, phones, addresses and people that a force links with this person will be here."
        )
        return replace(page, empty=nothing)
    return replace(page, tables=(_link_table(things),))


def _link_table(links: Iterable[Joined]) -> ui.Table:
    rows = []
    for joined in sorted(links, key=lambda j: (j.other_kind, -(j.link.from_on or date.min).toordinal(), j.link.pk)):
        _, noun, title, _ = selectors.described(joined.other)
        rows.append(
            (
                ui.Cell(title, selectors.address_of(joined.other)),
                ui.Cell(noun.capitalize()),
                ui.Cell(rules.LINK_TYPES.get(joined.link.type, joined.link.type)),
                ui.Cell(words.period(joined.link.from_on, joined.link.to_on)),
                ui.Cell(words.assertion(joined.link.assertion, joined.link.grade)),
                ui.Cell(joined.link.owner.name, hint=words.lineage(joined.link)),
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
    rewind: words.RewindForm


def record_page(
    record: PersonRecord,
    *,
    versions: Sequence["VersionLine"],
    recorded_on: date | None,
    alerts: tuple[ui.Alert, ...],
    foot_links: tuple[Link, ...],
) -> RecordPage:
    person = rules.reference_of(record.person_id)
    facts, kept_back = words.delivered_facts(record)
    read = tuple(ui.Fact(label, value(record)) for label, value in COMPARED)
    closed: tuple[ui.Alert, ...] = ()
    if record.closed_at:
        into = " as a repeat of another record" if record.merged_into else ""
        closed = (
            ui.Alert("information", f"Its own source closed this record on {shown_date(record.closed_at)}{into}."),
        )
    return RecordPage(
        title=record.full_name or "Name not recorded",
        caption=f"Source record of {record.owner.name}",
        crumbs=(words.PICTURE, Link(person, reverse("pole:person", args=[person]))),
        lead="What the source delivered, and how it was read. It is never changed here.",
        read=read,
        origin=_origin(record),
        delivered=facts,
        kept_back=kept_back,
        versions=version_table(versions),
        rewind=words.RewindForm(on=recorded_on),
        foot=words.foot_of([record], foot_links),
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
        ui.Fact("Hash of the row", sha256(record.raw.encode()).hexdigest()),
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
