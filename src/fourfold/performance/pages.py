"""The pages of figures, built whole before they are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from fourfold.performance import comparing, inspection, rules, selectors
from fourfold.performance.rules import Compare, Extract, Measure, Unit, Value
from fourfold.performance.selectors import REGION, Asked, Bodies
from fourfold.platform.people.models import OrganisationKind, User
from fourfold.platform.people.rules import may
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui.components import Action, Alert, Cell, Fact, Figure, Head, Link, Tab, Table, Tag
from fourfold.platform.ui.jinja import plural, shown_date, shown_moment
from fourfold.platform.ui.lists import REWIND, Rewind
from fourfold.platform.ui.pages import Foot, Page

MARKS = {
    "S": "Stated in the source",
    "V": "Checked against the publisher",
    "K": f"From general knowledge, not checked: {DEFAULT_NOTE}",
    "D": DEFAULT_NOTE.capitalize(),
}
SEEN_BY = (
    "Every figure is worked out from the rows that you may see. Somebody who may see more or less gets other figures."
)
PARTNERS = frozenset({OrganisationKind.PARTNER.value, OrganisationKind.AGENCY.value})
FEWER = f"Fewer than {rules.FEWEST_SHOWN}, or one that would tell of it"
CHANGES_SHOWN = 200
TABS = (
    ("Threats", "performance:threats"),
    ("Disruptions", "performance:disruptions"),
    ("Plans", "performance:plans"),
    ("Plan on a page", "performance:quadrants"),
    ("Measures", "performance:measures"),
    ("Inspection 2023", "performance:inspection"),
)
FILES = (("csv", "Download as CSV"), ("xlsx", "Download as a workbook (XLSX)"), ("pdf", "Download as PDF"))


@dataclass(frozen=True, kw_only=True)
class PerformancePage(Page):
    """What every page of this room shows."""

    tabs: tuple[Tab, ...]
    rewind: Rewind
    kept: tuple[tuple[str, str], ...] = ()
    files: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Registered:
    """One measure in the registry."""

    name: str
    href: str
    question: str
    unit: str
    extract: str
    mark: str


@dataclass(frozen=True, kw_only=True)
class RegistryPage(PerformancePage):
    lead: str
    measures: tuple[Registered, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class MeasurePage(PerformancePage):
    figure: Figure
    lead: str
    readings: tuple[Figure, ...]
    filter: tuple[str, ...]
    notes: tuple[str, ...]
    facts: tuple[Fact, ...]
    by_body: Table
    trend: Link
    compare: "CompareForm"


@dataclass(frozen=True)
class CompareForm:
    """Asks for two dates."""

    action: str
    earlier: str
    later: str
    kept: tuple[tuple[str, str], ...]
    problem: str = ""


@dataclass(frozen=True)
class ChangeShown:
    """One row that came, went or changed."""

    name: str
    reference: str
    href: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class ChangesShown:
    """Rows of one sort of change; `more` says how many are not shown."""

    heading: str
    rows: tuple[ChangeShown, ...]
    more: str


@dataclass(frozen=True, kw_only=True)
class ChangesPage(PerformancePage):
    lead: str
    figures: tuple[Figure, ...]
    sorts: tuple[ChangesShown, ...]
    compare: CompareForm


@dataclass(frozen=True)
class InspectionShown:
    """One line of the report's table beside ours."""

    code: str
    body: str
    name: str
    quoted: str
    says: str
    ours: Cell
    literal: str
    said: Tag
    why: str
    on: date
    measure: Link
    filter: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class InspectionPage(PerformancePage):
    lead: str
    source: str
    lines: tuple[InspectionShown, ...]
    regions: Link
    summary: str


@dataclass(frozen=True, kw_only=True)
class RegionsPage(PerformancePage):
    lead: str
    table: Table
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class ReadersPage(PerformancePage):
    lead: str
    token: str
    tokens: "tuple[TokenShown, ...]"
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class TokenShown:
    """One token of the reader's, without the token itself."""

    name: str
    made: str
    expires: str
    withdraw: Action


def crumbs(*further: Link) -> tuple[Link, ...]:
    return (Link("My work", reverse("home:work")), Link("Performance", reverse("performance:threats")), *further)


def tabs(current: str, rewind: Rewind | None = None) -> tuple[Tab, ...]:
    """The parts of the room, each at the same past date."""
    at = f"?{REWIND}={rewind.on}" if rewind and rewind.on else ""
    return tuple(Tab(text, reverse(name) + at, current=name == current) for text, name in TABS)


def foot(reader: User) -> Foot:
    return Foot(seen_by=f"{SEEN_BY} You are {reader.name}, {reader.organisation.name}.")


def address(name: str, of: Measure | None = None, query: Mapping[str, object] | None = None) -> str:
    path = reverse(f"performance:{name}", args=[of.code] if of else None)
    given = {key: str(value) for key, value in (query or {}).items() if value not in {None, ""}}
    return f"{path}?{urlencode(given)}" if given else path


def plan_address(reference: str, asked: Asked) -> str:
    """The plan of a threat, at the same past date."""
    at = f"?{REWIND}={asked.on}" if asked.on else ""
    return reverse("plans:threat", kwargs={"reference": reference}) + at


def asked_as_query(of: Measure, asked: Asked) -> dict[str, object]:
    """How a figure was asked for, as its address says it."""
    period = asked.when(of).period
    return {
        "body": asked.body,
        REWIND: asked.on,
        "reading": asked.reading,
        "from": period.first if period else "",
        "to": period.last if period else "",
    }


def rows_address(of: Measure, asked: Asked, filters: Mapping[str, object] | None = None, *, whole: bool = False) -> str:
    """Where the rows of a figure are; for a share the part, or with `whole` all that it is a share of."""
    return address("rows", of, asked_as_query(of, asked) | ({"all": "1"} if whole else {}) | dict(filters or {}))


def number_in_words(of: Measure, value: Value) -> str:
    """A figure as people read it: `1,024`, `62%`, `12 days`, `0.35`."""
    if value.hidden:
        return FEWER
    if value.number is None:
        return "Cannot be worked out"
    match of.unit:
        case Unit.PER_CENT:
            return f"{rules.whole(value.number)}%"
        case Unit.DAYS:
            return f"{_short(Decimal(value.number))} days"
        case Unit.PER_1000 | Unit.OF_100:
            return _short(Decimal(value.number))
        case _:
            return f"{value.number:,}"


def hint_of(of: Measure, value: Value) -> str:
    """What stands behind a figure that is not a plain count."""
    if value.hidden:
        return ""
    if of.share:
        return f"{value.rows:,} of {value.of:,}" if value.of else "There is nothing that it could be a share of"
    if of.per_population:
        return f"{value.rows:,} for {value.of:,} people" if value.of else "No population is recorded for it"
    if of.mean and value.rows:
        return f"over {plural(value.rows, 'plan', 'plans')}"
    if of.median and value.rows:
        return f"half of {plural(value.rows, 'row', 'rows')}"
    return ""


def figure(of: Measure, value: Value, asked: Asked, *, label: str = "") -> Figure:
    """The number that opens its rows."""
    href = "" if value.hidden else rows_address(of, asked)
    return Figure(number_in_words(of, value), label or of.name, href=href, hint=hint_of(of, value))


def value_cell(of: Measure, value: Value, asked: Asked) -> Cell:
    """The number that opens its rows, in a table."""
    href = "" if value.hidden else rows_address(of, asked)
    return Cell(number_in_words(of, value), href=href, numeric=True)


def shown_to(reader: User, figures: Mapping[str, Value]) -> Mapping[str, Value]:
    """The figures as the reader sees them: partners see none that stands on fewer than five rows."""
    return rules.hide_small(figures) if suppresses(reader) else figures


def suppresses(reader: User) -> bool:
    """Partners see no count below five, from which somebody could be told."""
    return reader.organisation.kind in PARTNERS and not may(reader, rules.REGION_READ)


def _short(number: Decimal) -> str:
    """Two places, or four where it is less than one in a hundred."""
    return f"{number:.{4 if abs(number) < Decimal('0.01') else 2}f}".rstrip("0").rstrip(".")


def registry_page(
    measures: Mapping[str, Measure], *, reader: User, rewind: Rewind, links: tuple[Link, ...]
) -> RegistryPage:
    at: dict[str, object] = {REWIND: rewind.on}
    return RegistryPage(
        title="Measures",
        crumbs=crumbs(),
        alerts=rewind.alerts,
        foot=foot(reader),
        tabs=tabs("performance:measures", rewind),
        rewind=rewind,
        lead="Each figure of this service by name: the question it answers, the rows it is taken from, where its "
        "definition comes from.",
        measures=tuple(
            Registered(
                each.name, address("measure", each, at), each.question, each.unit, each.extract.code, MARKS[each.mark]
            )
            for each in measures.values()
        ),
        links=links,
    )


def measure_page(
    of: Measure,
    asked: Asked,
    figures: Mapping[str, Mapping[str, Value]],
    known: Bodies,
    *,
    reader: User,
    rewind: Rewind,
) -> MeasurePage:
    """One measure: its number, its definition, the number of every body, and the way to compare two dates.

    Args:
        figures: By reading of the source, then by body.
    """
    default = figures[asked.reading or of.extract.default_reading]
    readings = tuple(
        _reading_shown(of, name, words, figures[name][asked.body], asked) for name, words in of.extract.readings.items()
    )
    query = asked_as_query(of, asked)
    return MeasurePage(
        title=of.name,
        caption=known.name(asked.body),
        crumbs=crumbs(Link("Measures", reverse("performance:measures"))),
        alerts=rewind.alerts,
        foot=foot(reader),
        tabs=tabs("performance:measures", rewind),
        rewind=rewind,
        kept=tuple((key, str(value)) for key, value in query.items() if value and key != REWIND),
        files=tuple(Link(text, address("measure", of, query | {"export": kind})) for kind, text in FILES),
        figure=figure(of, default[asked.body], asked),
        lead=of.question,
        readings=readings,
        filter=selectors.filter_in_words(of, reading=asked.reading),
        notes=of.extract.notes,
        facts=definition_facts(of, asked),
        by_body=by_body_table(of, asked, default, known),
        trend=Link("How it was at the end of each of the last twelve months", address("trend", of, query)),
        compare=compare_form(of, asked),
    )


def _reading_shown(of: Measure, name: str, words: str, value: Value, asked: Asked) -> Figure:
    """One reading of the source with what it gives."""
    shown = figure(of, value, _reading(asked, of, name), label=name.capitalize())
    used = ". This one is used" if name == of.extract.default_reading else ""
    return replace(shown, hint=". ".join(filter(None, (shown.hint, f"{words}{used}"))))


def _reading(asked: Asked, of: Measure, reading: str) -> Asked:
    chosen = "" if reading == of.extract.default_reading else reading
    return Asked(asked.today, asked.on, chosen, asked.period, asked.body)


def definition_facts(of: Measure, asked: Asked) -> tuple[Fact, ...]:
    """Where a definition comes from and at which date its rows are read."""
    period = asked.when(of).period
    facts = [
        Fact("Unit", of.unit),
        Fact("Extract", f"{of.extract.code}: {of.extract.name}", hint=_version(of.extract)),
        Fact("Source", of.extract.source, hint=MARKS[of.extract.mark]),
        Fact("As recorded on", recorded_on_in_words(asked)),
    ]
    if of.source != of.extract.source:
        facts.insert(3, Fact("Source of the measure", of.source, hint=MARKS[of.mark]))
    if period:
        facts.append(Fact("Period", f"{shown_date(period.first)} to {shown_date(period.last)}"))
    return tuple(facts)


def _version(extract: Extract) -> str:
    return f"Definition in force since {shown_date(extract.effective_from)}"


def recorded_on_in_words(asked: Asked) -> str:
    return f"the end of {shown_date(asked.on)}" if asked.on else "now"


def by_body_table(of: Measure, asked: Asked, figures: Mapping[str, Value], known: Bodies) -> Table:
    """Every body in the order of names, never of figures: this is no league table."""
    rows = []
    for code, name in (*((body.code, body.name) for body in known.all), (REGION, "The region")):
        theirs = Asked(asked.today, asked.on, asked.reading, asked.period, code)
        value = figures[code]
        cells = [
            Cell(name, href=address("measure", of, asked_as_query(of, theirs))),
            value_cell(of, value, theirs),
        ]
        if value.hidden:
            cells += [Cell("", numeric=True)] * (2 * bool(of.share or of.per_population))
        elif of.share:
            cells.append(Cell(value.rows, href=rows_address(of, theirs), numeric=True))
            cells.append(Cell(value.of or 0, href=rows_address(of, theirs, whole=True), numeric=True))
        elif of.per_population:
            cells.append(Cell(value.rows, href=rows_address(of, theirs), numeric=True))
            cells.append(Cell(value.of, numeric=True))
        rows.append(tuple(cells))
    heads = [Head("Body"), Head(of.name, numeric=True)]
    if of.share:
        heads += [Head("Part", numeric=True), Head("Whole", numeric=True)]
    elif of.per_population:
        heads += [Head("Disruptions", numeric=True), Head("People", numeric=True)]
    return Table("By body", tuple(heads), tuple(rows))


def compare_form(of: Measure, asked: Asked, *, earlier: str = "", later: str = "", problem: str = "") -> CompareForm:
    query = asked_as_query(of, asked)
    kept = tuple((key, str(query[key])) for key in ("body", "reading") if query[key])
    return CompareForm(reverse("performance:changes", args=[of.code]), earlier, later, kept, problem)


def changes_page(
    found: comparing.Difference | None,
    of: Measure,
    asked: Asked,
    known: Bodies,
    *,
    form: CompareForm,
    reader: User,
) -> ChangesPage:
    """What came, went and changed between two dates; before two dates are chosen, the question for them."""
    problem = (Alert("error", form.problem),) if form.problem else ()
    return ChangesPage(
        title=f"What changed: {of.name}",
        caption=known.name(asked.body),
        crumbs=crumbs(
            Link("Measures", reverse("performance:measures")),
            Link(of.name, address("measure", of, {"body": asked.body})),
        ),
        alerts=problem,
        has_errors=bool(problem),
        foot=foot(reader),
        tabs=tabs("performance:measures"),
        rewind=Rewind(),
        files=_difference_files(found) if found else (),
        lead=difference_in_words(found) if found else "Choose two dates to see which rows came, went or changed.",
        figures=_difference_figures(found) if found else (),
        sorts=_sorts(found) if found else (),
        compare=form,
    )


def difference_in_words(found: comparing.Difference) -> str:
    then, now = number_in_words(found.of, found.then), number_in_words(found.of, found.now)
    return (
        f"{then} as recorded on {shown_date(found.earlier.on)}, {now} as recorded on {shown_date(found.later.day)}: "
        f"{plural(len(found.came), 'row', 'rows')} came, {len(found.went):,} went and {len(found.changed):,} changed."
    )


def _difference_figures(found: comparing.Difference) -> tuple[Figure, ...]:
    return (
        figure(found.of, found.then, found.earlier, label=f"As recorded on {shown_date(found.earlier.on)}"),
        figure(found.of, found.now, found.later, label=f"As recorded on {shown_date(found.later.day)}"),
        Figure(len(found.came), "Came", href="#came"),
        Figure(len(found.went), "Went", href="#went"),
        Figure(len(found.changed), "Changed and are counted at both", href="#changed"),
    )


def _difference_files(found: comparing.Difference) -> tuple[Link, ...]:
    query: dict[str, object] = {
        "from": found.earlier.on,
        "to": found.later.day,
        "body": found.earlier.body,
        "reading": found.earlier.reading,
    }
    return tuple(Link(text, address("changes", found.of, query | {"export": kind})) for kind, text in FILES)


def _sorts(found: comparing.Difference) -> tuple[ChangesShown, ...]:
    parts = (("Came", found.came), ("Went", found.went), ("Changed", found.changed))
    return tuple(
        ChangesShown(
            heading,
            tuple(
                ChangeShown(row.name, row.reference, row.href, tuple(step_in_words(s) for s in row.steps))
                for row in rows[:CHANGES_SHOWN]
            ),
            f"{len(rows) - CHANGES_SHOWN:,} more are in the file." if len(rows) > CHANGES_SHOWN else "",
        )
        for heading, rows in parts
    )


def step_in_words(step: "comparing.Step") -> str:
    why = f" Reason given: {step.reason}" if step.reason else ""
    return f"{step.words}. {shown_moment(step.at)}, {step.by}.{why}"


def says_in_words(line: inspection.Line) -> str:
    """The report's figure."""
    match line.compare:
        case Compare.EQUALS:
            return f"{line.says:,}"
        case Compare.ROUNDS_TO:
            return f"{line.says}%"
        case Compare.HIGHEST_FORCE:
            return "Highest of the forces"
        case Compare.LOWEST_FORCE:
            return "Fewest of the forces"
        case Compare.HIGHEST_REGION:
            return "Highest, more than double any other"


def said_tag(said: rules.Said) -> Tag:
    if said.agrees is None:
        return Tag("Cannot be told", "yellow")
    return Tag("Agrees", "green") if said.agrees else Tag("Differs", "red")


def inspection_page(lines: Sequence[inspection.Line], *, reader: User, rewind: Rewind) -> InspectionPage:
    query: dict[str, object] = {REWIND: rewind.on}
    agree = sum(line.said.agrees is True for line in lines)
    shown = tuple(_inspection_line(line) for line in lines)
    lead = (
        f"Every line as recorded on {shown_date(rewind.on)}."
        if rewind.on
        else "Each line as recorded on the date that its own figure was taken from the national system."
    )
    return InspectionPage(
        title="The inspection's figures beside ours",
        crumbs=crumbs(),
        alerts=rewind.alerts,
        foot=foot(reader),
        tabs=tabs("performance:inspection", rewind),
        rewind=rewind,
        files=tuple(Link(text, address("inspection", None, query | {"export": kind})) for kind, text in FILES),
        lead=lead,
        source=lines[0].source if lines else "",
        lines=shown,
        regions=Link("Counts of other regions", reverse("performance:regions")),
        summary=f"{agree} of {plural(len(lines), 'line agrees', 'lines agree')} with the report.",
    )


def _inspection_line(line: inspection.Line) -> InspectionShown:
    return InspectionShown(
        code=line.code,
        body=line.body_name,
        name=line.name,
        quoted=line.quoted,
        says=says_in_words(line),
        ours=replace(value_cell(line.of, line.ours, line.asked), hint=hint_of(line.of, line.ours), numeric=False),
        literal=literal_in_words(line),
        said=said_tag(line.said),
        why=line.said.why,
        on=line.asked.day,
        measure=Link(line.of.name, address("measure", line.of, asked_as_query(line.of, line.asked))),
        filter=selectors.filter_in_words(line.of),
    )


def literal_in_words(line: inspection.Line) -> str:
    """What the other reading gives, where it gives something else."""
    if line.literal is None:
        return ""
    hint = hint_of(line.of, line.literal)
    return f"{number_in_words(line.of, line.literal)}{f', {hint}' if hint else ''} as the filter is printed"


def regions_page(counts: Sequence[Any], *, reader: User, actions: tuple[Action, ...]) -> RegionsPage:
    return RegionsPage(
        title="Counts of other regions",
        crumbs=crumbs(Link("Inspection 2023", reverse("performance:inspection"))),
        foot=foot(reader),
        tabs=tabs("performance:inspection"),
        rewind=Rewind(),
        lead="How many threats other regions had, as someone published or sent it. They are needed for the report’s "
        "sentence that this region had the most.",
        table=Table(
            "Counts by region",
            (Head("Region"), Head("Threats", numeric=True), Head("Taken on"), Head("Source")),
            tuple((Cell(c.region), Cell(c.threats), Cell(c.extracted_on), Cell(c.source)) for c in counts),
            caption_hidden=True,
            empty="No counts of other regions have been imported yet.",
        ),
        actions=actions,
    )


def readers_page(tokens: Sequence[Any], *, token: str, reader: User, actions: tuple[Action, ...]) -> ReadersPage:
    return ReadersPage(
        title="Tokens for programs",
        crumbs=crumbs(Link("Measures", reverse("performance:measures"))),
        foot=foot(reader),
        tabs=tabs("performance:measures"),
        rewind=Rewind(),
        lead="A program that sends your token reads figures as you do: the same rows, the same numbers, nothing else. "
        "A token made for it also takes people and threats as files, and says why each time.",
        token=token,
        tokens=tuple(
            TokenShown(
                f"{each.name} (takes files too)" if each.takes_files else each.name,
                shown_moment(each.made_at),
                shown_date(each.expires_on),
                Action("Withdraw", reverse("performance:withdraw_reader", args=[each.pk]), post=True),
            )
            for each in tokens
        ),
        actions=actions,
    )
