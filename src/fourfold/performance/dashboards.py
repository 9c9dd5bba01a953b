"""Dashboards of a force or of the region: what is owned, how far it is assessed and planned, what was done.

One grouped query for each table of rows, whatever the number of boxes on the page. Bodies stand in the order of their
names: the words are of how things go, not of who is best.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from fourfold.disruptions import selectors as disruptions
from fourfold.performance import charts, pages, rules, selectors, subjects
from fourfold.performance.charts import Chart
from fourfold.performance.pages import PerformancePage
from fourfold.performance.rules import Measure, Tally, Unit, Value
from fourfold.performance.selectors import Asked, Bodies
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.reference import selectors as reference
from fourfold.platform.ui.components import Alert, Cell, Figure, Head, Link, Table
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.ui.lists import Rewind
from fourfold.pole import selectors as pole
from fourfold.pole.rules import EVENT_KINDS
from fourfold.threats import rules as threat_rules

PS = ("PURSUE", "PREVENT", "PROTECT", "PREPARE")
P_NAMES = {p: subjects.sentence_case(p) for p in PS}
ROLE_NAMES = {"LEAD": "Lead", "SUPPORT": "Support"}
THREAT_CODES = ("OPEN_THREATS", "NOT_MODERATED", "NO_LEAD_OFFICER", "NO_PLAN", "PLAN_OVERDUE")
LEAD_CODES = ("LEAD_DISRUPTIONS", "LEAD_PURSUE_SHARE", "LATE_SHARE", "RECORD_LAG", "PER_1000")
PLAN_CODES = ("PLANS", "PLAN_QUALITY", "PLANS_OVERDUE_SHARE")
READS_PEOPLE = "person.read"
RECORDS = "disruption.record"


@dataclass(frozen=True)
class Section:
    """One part of a dashboard."""

    heading: str
    lead: str = ""
    figures: tuple[Figure, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Option:
    """One body that the page can be of."""

    code: str
    name: str
    on: bool


@dataclass(frozen=True)
class Asking:
    """The question at the top: which body, as recorded when, over which period."""

    options: tuple[Option, ...]
    recorded_on: str
    has_period: bool = False
    first: str = ""
    last: str = ""


@dataclass(frozen=True, kw_only=True)
class DashboardPage(PerformancePage):
    lead: str
    asking: Asking
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Told:
    """What every dashboard is told by its view."""

    asked: Asked
    known: Bodies
    rewind: Rewind
    reader: User
    alerts: tuple[Alert, ...] = ()

    @property
    def suppresses(self) -> bool:
        return pages.suppresses(self.reader)


def _page(
    told: Told, title: str, current: str, *, lead: str, sections: Iterable[Section], period: bool = False
) -> DashboardPage:
    asked = told.asked
    over = asked.period or rules.year_to(asked.day)
    options = (("", "The region"), *((body.code, body.name) for body in told.known.all))
    return DashboardPage(
        title=title,
        caption=told.known.name(asked.body),
        crumbs=pages.crumbs()[:1],
        alerts=told.alerts,
        foot=pages.foot(told.reader),
        tabs=pages.tabs(current, told.rewind),
        rewind=told.rewind,
        lead=lead,
        asking=Asking(
            tuple(Option(code, name, code == asked.body) for code, name in options),
            told.rewind.typed,
            period,
            shown_date(over.first),
            shown_date(over.last),
        ),
        sections=tuple(sections),
    )


# ---- threats --------------------------------------------------------------------------------------------------------


def threats_page(told: Told) -> DashboardPage:
    """What is on the master list: by kind, tier, age and owner, and what is missing about it."""
    asked, known = told.asked, told.known
    measures = selectors.measures()
    counted, backlog = measures["THREATS"], measures["OPEN_THREATS"]
    with asked.applied():
        cube = selectors.counts_by(
            backlog,
            asked,
            "threat_type",
            "tier",
            "owner_id",
            expressions={"age": selectors.ages(asked)},
            known=known,
        )
    shown = _Shown(told, backlog)
    types = {code.value: names[1] for code, names in threat_rules.TYPE_NAMES.items()}
    ages = {code: name for code, name, *_ in subjects.AGES}
    drawn = [
        shown.single("By kind", "type", _totals(cube, 0), types),
        shown.single("By tier", "tier", _totals(cube, 1), reference.names("tier")),
        shown.single("By age since nomination", "age", _totals(cube, 3), ages),
    ]
    if not asked.body:
        owners = _pairs(cube, 2, 0, {body.pk: (body.code, body.short_name) for body in known.all})
        drawn.append(shown.parts("By owner and kind", "body", owners, key="type", names=types))
    figures = {counted.code: _figures(told, counted)} | _together(told, [measures[code] for code in THREAT_CODES])
    shown_first = ("OPEN_THREATS", "THREATS", *THREAT_CODES[1:])
    return _page(
        told,
        "Performance: threats",
        "performance:threats",
        lead="What is on the master list, how far it is scored and planned, and what is missing.",
        sections=(
            Section(
                "Where the list stands",
                figures=tuple(_figure(told, measures[code], figures[code]) for code in shown_first),
                links=_further(told, counted),
            ),
            Section("What is open", "Every open threat on the master list, scored or not.", charts=tuple(drawn)),
        ),
    )


# ---- disruptions ----------------------------------------------------------------------------------------------------


def disruptions_page(told: Told) -> DashboardPage:
    """What was done in a period: by P, category, lead and support; how late it was recorded; what may be missing."""
    asked, known = told.asked, told.known
    measures = selectors.measures()
    every, lead = measures["ALL_DISRUPTIONS"], measures["LEAD_DISRUPTIONS"]
    with asked.applied():
        cube = selectors.counts_by(
            every,
            asked,
            "lead_agency_id",
            "role",
            "category",
            "primary_p",
            expressions={"month": subjects.month_of("record_date"), "leads": selectors.belongs_to(lead, asked)},
            known=known,
        )
    figures = _together(told, [measures[code] for code in LEAD_CODES])
    sections = (
        Section(
            "In short",
            figures=tuple(_figure(told, measures[code], figures[code]) for code in LEAD_CODES),
            links=_further(told, lead),
        ),
        _by_p(told, lead, cube),
        _by_category(told, every, cube),
        *(() if asked.body else (_by_body(told, measures, figures, cube),)),
        _unrecorded(told),
    )
    over = asked.when(lead).period or rules.year_to(asked.day)
    return _page(
        told,
        "Performance: disruptions",
        "performance:disruptions",
        lead=f"Record dates from {shown_date(over.first)} to {shown_date(over.last)}.",
        sections=sections,
        period=True,
    )


ByMeasure = Mapping[str, Mapping[str, Value]]
Cube = list[tuple[tuple[Any, ...], int]]


def _leads(cube: Cube) -> Cube:
    """The rows that are in the extract of lead disruptions that reduced a threat: the last key says so."""
    return [(keys, rows) for keys, rows in cube if keys[-1]]


def _by_p(told: Told, lead: Measure, cube: Cube) -> Section:
    shown = _Shown(told, lead)
    rows = _leads(cube)
    over = told.asked.when(lead).period or rules.year_to(told.asked.day)
    monthly = _pairs(rows, 4, 3, {month: (month.isoformat(), f"{month:%b %Y}") for month in months_of(over)})
    return Section(
        "By P",
        "A high share of Pursue is read as too little recording of the other three.",
        charts=(
            shown.single("Lead disruptions by P", "p", _totals(rows, 3), P_NAMES),
            shown.parts("Lead disruptions by month and P", "month", monthly, key="p", names=P_NAMES, over_time=True),
        ),
    )


def _by_category(told: Told, every: Measure, cube: Cube) -> Section:
    categories = reference.names("disruption_category")
    pairs = _pairs(cube, 2, 1, {code: (code, name) for code, name in categories.items()})
    drawn = _Shown(told, every).parts("By category and role", "category", pairs, key="role", names=ROLE_NAMES)
    return Section(
        "By category, lead and support",
        "Every disruption recorded in the period, those that had no effect or made things worse among them.",
        charts=(drawn,),
    )


def _by_body(told: Told, measures: Mapping[str, Measure], figures: ByMeasure, cube: Cube) -> Section:
    """Each body's own row, and for each thousand people, in the order of names."""
    known = told.known
    bodies = {body.pk: (body.code, body.short_name) for body in known.all}
    pairs = _pairs(_leads(cube), 0, 3, bodies)
    shown = _Shown(told, measures["LEAD_DISRUPTIONS"])
    drawn = shown.parts("Lead disruptions by body and P", "body", pairs, key="p", names=P_NAMES)
    shapes = [measures[code] for code in ("PER_1000", "RECORD_LAG", "LATE_SHARE")]
    rows = tuple(
        (
            Cell(body.short_name),
            *(pages.value_cell(of, figures[of.code][body.code], replace(told.asked, body=body.code)) for of in shapes),
        )
        for body in known.all
    )
    heads = (Head("Body"), *(Head(of.name, numeric=True) for of in shapes))
    return Section("By body", charts=(drawn,), tables=(Table("Rate and lateness", heads, rows),))


def _unrecorded(told: Told) -> Section:
    """What is already in the picture and may be a disruption that nobody recorded. As it stands now, not as it was."""
    asked, known = told.asked, told.known
    leads = disruptions.leads().filter(state="OPEN").order_by()
    over = asked.period or rules.year_to(asked.day)
    happened = pole.events().filter(happened_on__gte=over.first, happened_on__lt=over.after).order_by()
    if asked.body:
        body = known.by_code(asked.body).pk
        leads, happened = leads.filter(threat__owner_id=body), happened.filter(owner_id=body)
    by_p = dict(leads.values_list("primary_p").annotate(rows=Count("pk")))
    by_kind = dict(happened.values_list("kind").annotate(rows=Count("pk")))
    proposed = _shown_to(told, [Tally(p, name, by_p.get(p, 0)) for p, name in P_NAMES.items()])
    events = _shown_to(told, [Tally(k, name, by_kind[k]) for k, name in EVENT_KINDS.items() if by_kind.get(k)])
    return Section(
        "Known activity that may not be recorded",
        "What the finder proposes now, beside what the picture holds of the same period. A person accepts or declines "
        "each proposal.",
        tables=(
            Table(
                "Proposals that wait for a decision",
                (Head("P"), Head("Proposals", numeric=True)),
                tuple((Cell(t.name), _tally_cell(t, _leads_address(told, t.key))) for t in proposed),
            ),
            Table(
                "Events on the picture in the period",
                (Head("Kind"), Head("Events", numeric=True)),
                tuple((Cell(t.name), _tally_cell(t, _events_address(told, t.key, over))) for t in events),
                empty="The picture holds no event of the period that you may see.",
            ),
        ),
    )


# ---- plans ----------------------------------------------------------------------------------------------------------


def plans_page(told: Told) -> DashboardPage:
    """How good plans are: their score now and over the last year, the rules they fail, reviews that are overdue."""
    asked, known = told.asked, told.known
    measures = selectors.measures()
    of = measures["PLANS"]
    with asked.applied():
        scored = selectors.rows_of(of, asked, bodies_known=known).order_by().values_list("score", "failed")
        rows = [(score, tuple(failed)) for score, failed in scored]
    shown = _Shown(told, of)
    bands = {code: name for code, name, *_ in subjects.SCORES}
    by_band = {code: sum(low <= score <= high for score, _ in rows) for code, _, low, high in subjects.SCORES}
    rules_of = {term.code: term.name for term in reference.terms("plan_rule", on=asked.day)}
    failing = {code: sum(code in failed for _, failed in rows) for code in rules_of}
    failing = {code: n for code, n in failing.items() if n}
    figures = _together(told, [measures[code] for code in PLAN_CODES])
    figures |= {"NO_PLAN": _figures(told, measures["NO_PLAN"])}
    return _page(
        told,
        "Performance: plans",
        "performance:plans",
        lead="The score of a plan is the share of the plan rules that it passes. It says how a plan is written, not "
        "what it achieves.",
        sections=(
            Section(
                "In short",
                figures=tuple(_figure(told, measures[code], figures[code]) for code in (*PLAN_CODES, "NO_PLAN")),
                links=_further(told, measures["PLAN_QUALITY"]),
            ),
            Section("Scores", charts=(shown.single("Plans by score", "score", by_band, bands),)),
            Section(
                "What plans fail most",
                charts=(shown.single("Plans that fail each rule", "fails", failing, rules_of),) if failing else (),
                lead="" if failing else "No plan fails a rule.",
            ),
        ),
    )


# ---- one measure over time ------------------------------------------------------------------------------------------


MONTHS = 12


def trend_page(told: Told, of: Measure) -> DashboardPage:
    """One measure at the end of each of the last twelve months, as recorded then."""
    ends = month_ends(told.asked.day)
    values = []
    for end in ends:
        asked = replace(told.asked, on=end)
        values.append((asked, _figures(told, of, asked)[asked.body]))
    rows = tuple((Cell(shown_date(asked.on)), pages.value_cell(of, value, asked)) for asked, value in values)
    table = Table(of.name, (Head("At the end of"), Head(of.name, numeric=True)), rows, caption_hidden=True)
    points = [
        (f"{asked.day:%b %Y}", of.name, float(value.number)) for asked, value in values if value.number is not None
    ]
    whole = of.unit in {Unit.THREATS, Unit.DISRUPTIONS, Unit.PLANS}
    drawn = charts.lines(of.name, points, table, of=of.unit.capitalize(), series=(of.name,), whole=whole)
    return _page(
        told,
        f"{of.name} over time",
        "performance:measures",
        lead="As recorded at the end of each month. What was recorded later does not change a point.",
        sections=(Section("The last twelve months", of.question, charts=(drawn,)),),
    )


def month_ends(day: date) -> tuple[date, ...]:
    """The last days of the twelve months before a day, the oldest first, and the day itself."""
    found = [day]
    first = day.replace(day=1)
    for _ in range(MONTHS):
        if first == date.min:
            break
        last = date.fromordinal(first.toordinal() - 1)
        found.append(last)
        first = last.replace(day=1)
    return tuple(reversed(found))


# ---- the parts of a dashboard ---------------------------------------------------------------------------------------


Pair = tuple[str, str, str, int]


def _totals(cube: Cube, at: int) -> dict[str, int]:
    """Rows by the value at one place of the key."""
    found: dict[str, int] = defaultdict(int)
    for keys, rows in cube:
        found[str(keys[at])] += rows
    return dict(found)


def _pairs(cube: Cube, row: int, part: int, names: Mapping[Any, tuple[str, str]]) -> list[Pair]:
    """Rows by two values of the key: code and name of the first, code of the second. Every one of `names`, in order."""
    found: dict[tuple[Any, Any], int] = defaultdict(int)
    for keys, rows in cube:
        found[keys[row], keys[part]] += rows
    order = {key: at for at, key in enumerate(names)}
    return [
        (*names[key], str(other), rows)
        for (key, other), rows in sorted(
            found.items(), key=lambda each: (order.get(each[0][0], len(order)), str(each[0][1]))
        )
        if key in names
    ]


@dataclass(frozen=True)
class _Shown:
    """Draws counts of a measure's rows: as a chart, and as a table in which each number opens its rows."""

    told: Told
    of: Measure

    def single(self, title: str, key: str, totals: Mapping[str, int], names: Mapping[str, str]) -> Chart:
        """One bar a value, in the order of its names."""
        tallies = _shown_to(self.told, [Tally(code, name, totals.get(code, 0)) for code, name in names.items()])
        tallies = tuple(t for t in tallies if t.rows or len(names) <= len(P_NAMES))
        rows = tuple((Cell(t.name), _tally_cell(t, self._address({key: t.key}))) for t in tallies)
        heads = (Head(title), Head(self.of.unit.capitalize(), numeric=True))
        drawn = [(t.name, float(t.rows)) for t in tallies if not t.hidden]
        return charts.bars(title, drawn, Table(title, heads, rows, caption_hidden=True), of=self.of.unit.capitalize())

    def parts(
        self,
        title: str,
        row_key: str,
        pairs: Sequence[Pair],
        *,
        key: str,
        names: Mapping[str, str],
        over_time: bool = False,
    ) -> Chart:
        """A row for each first value, a column for each second, and what they come to."""
        counted: dict[tuple[str, str], dict[str, int]] = {}
        for code, name, part, rows in pairs:
            counted.setdefault((code, name), {})[part] = rows
        table: list[tuple[Cell, ...]] = []
        drawn: list[tuple[str, str, float]] = []
        for (code, name), by_part in counted.items():
            filters = _months(code) if over_time else {row_key: code}
            tallies = _shown_to(self.told, [Tally(p, label, by_part.get(p, 0)) for p, label in names.items()])
            cells = [_tally_cell(t, self._address({**filters, key: t.key})) for t in tallies]
            hidden = any(t.hidden for t in tallies)
            total = Tally("", "", sum(by_part.values()), hidden=hidden)
            table.append((Cell(name), *cells, _tally_cell(total, self._address(filters))))
            drawn += [(name, t.name, float(t.rows)) for t in tallies if not t.hidden]
        heads = (Head(""), *(Head(label, numeric=True) for label in names.values()), Head("All", numeric=True))
        heads = (Head("Month" if over_time else self.row_head(row_key)), *heads[1:])
        made = Table(title, heads, tuple(table), caption_hidden=True)
        draw = charts.lines if over_time else charts.stacked
        return draw(title, drawn, made, of=self.of.unit.capitalize(), series=tuple(names.values()))

    def row_head(self, key: str) -> str:
        return {"body": "Body", "category": "Category"}.get(key, key.capitalize())

    def _address(self, filters: Mapping[str, str]) -> str:
        return pages.rows_address(self.of, self.told.asked, filters)


def _months(first: str) -> dict[str, str]:
    """The filter of a month by its first day."""
    start = date.fromisoformat(first)
    after = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return {"recorded_from": first, "recorded_to": date.fromordinal(after.toordinal() - 1).isoformat()}


def months_of(over: rules.Period) -> tuple[date, ...]:
    """The first day of every month that a period touches."""
    found = [over.first.replace(day=1)]
    while (following := date(found[-1].year + found[-1].month // 12, found[-1].month % 12 + 1, 1)) < over.after:
        found.append(following)
    return tuple(found)


def _shown_to(told: Told, tallies: Sequence[Tally]) -> tuple[Tally, ...]:
    return rules.suppressed(tallies) if told.suppresses else tuple(tallies)


def _tally_cell(tally: Tally, href: str) -> Cell:
    """A number that opens its rows, or for a partner the words that it is small."""
    return Cell(pages.FEWER, numeric=True) if tally.hidden else Cell(tally.rows, href=href, numeric=True)


def _figures(told: Told, of: Measure, asked: Asked | None = None) -> Mapping[str, Value]:
    found = selectors.figures_of(of, asked or told.asked, bodies_known=told.known)
    return pages.shown_to(told.reader, found)


def _together(told: Told, of: Sequence[Measure]) -> dict[str, Mapping[str, Value]]:
    """Figures of measures of one extract, as the reader sees them."""
    found = selectors.figures_together(of, told.asked, bodies_known=told.known)
    return {code: pages.shown_to(told.reader, figures) for code, figures in found.items()}


def _figure(told: Told, of: Measure, figures: Mapping[str, Value]) -> Figure:
    """The number of the body in question, which opens its rows."""
    return pages.figure(of, figures[told.asked.body], told.asked)


def _further(told: Told, of: Measure) -> tuple[Link, ...]:
    query = pages.asked_as_query(of, told.asked)
    return (
        Link(
            f"{of.name}: definition, every body, and what changed between two dates",
            pages.address("measure", of, query),
        ),
        Link(f"{of.name}: how it was at the end of each month", pages.address("trend", of, query)),
    )


def _leads_address(told: Told, p: str) -> str:
    """The list of proposals, for those who record disruptions."""
    if not may(told.reader, RECORDS):
        return ""
    return f"{reverse('disruptions:missing')}?{urlencode({'state': 'OPEN', 'p': p} | _of_body(told))}"


def _events_address(told: Told, kind: str, over: rules.Period) -> str:
    """The list of events, for those who read people."""
    if not may(told.reader, READS_PEOPLE):
        return ""
    query = {"kind": kind, "when_from": over.first, "when_to": over.last}
    return f"{reverse('pole:events')}?{urlencode(query | _of_body(told))}"


def _of_body(told: Told) -> dict[str, str]:
    return {"force": told.asked.body} if told.asked.body else {}
