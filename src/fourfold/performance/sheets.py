"""Figures as tables to be taken away: the same numbers as on the page, with their definition beside them."""

from collections.abc import Mapping, Sequence

from fourfold.performance import comparing, inspection, pages, rules, selectors
from fourfold.performance.dashboards import DashboardPage
from fourfold.performance.printing import Facts, Sheet, facts_of
from fourfold.performance.rules import Measure, Value
from fourfold.performance.selectors import REGION, Asked, Bodies
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Value as Printed
from fourfold.platform.ui.jinja import shown_date

INSPECTION_HEADS = (
    "Row",
    "Body",
    "Figure",
    "The report says",
    "Ours",
    "Rows",
    "Of",
    "Other reading",
    "Agrees",
    "As recorded on",
    "Measure",
    "Filter",
)


def definition(of: Measure, asked: Asked, known: Bodies) -> Facts:
    """What the measure is, for which body, over which rows, as recorded when."""
    facts = [
        (fact.label, f"{fact.value} ({fact.hint})" if fact.hint else str(fact.value))
        for fact in pages.definition_facts(of, asked)
    ]
    words = "; ".join(selectors.filter_in_words(of, reading=asked.reading))
    return (("Measure", f"{of.code}: {of.question}"), ("Body", known.name(asked.body)), ("Filter", words), *facts)


def measure_sheet(of: Measure, asked: Asked, figures: Mapping[str, Value], known: Bodies, *, reader: User) -> Sheet:
    """The measure of every body."""
    rows = [
        (known.name(code), _number(of, figures[code]), figures[code].rows, figures[code].of)
        for code in (*(body.code for body in known.all), REGION)
    ]
    return Sheet(
        of.code.lower(),
        of.name,
        facts_of(definition(of, asked, known), taken_by=reader.name, taken_on=asked.today),
        ("Body", of.name, "Rows", "Of"),
        tuple(rows),
    )


def dashboard_sheet(page: DashboardPage, asked: Asked, *, reader: User) -> Sheet:
    """Every number of a dashboard, a line each: where it stands on the page, what it is of, and the number."""
    rows: list[tuple[str, str, str, str, Printed]] = []
    for section in page.sections:
        rows += [(section.heading, each.label, "", each.hint, each.number) for each in section.figures]
        for table in (*(chart.table for chart in section.charts), *section.tables):
            heads = [head.text for head in table.heads]
            rows += [
                (section.heading, table.caption, str(row[0].value), head, cell.value)
                for row in table.rows
                for head, cell in zip(heads[1:], row[1:], strict=True)
            ]
    over = (("Period", f"{page.asking.first} to {page.asking.last}"),) if page.asking.has_period else ()
    facts = (("Body", page.caption), *over, ("As recorded on", pages.recorded_on_in_words(asked)))
    return Sheet(
        page.title.lower().replace(":", ""),
        page.title,
        facts_of(facts, taken_by=reader.name, taken_on=asked.today),
        ("Part", "What", "Of", "Which", "Number"),
        tuple(rows),
        widths=(1.6, 2, 1.6, 1.6, 0.8),
    )


def inspection_sheet(lines: Sequence[inspection.Line], *, asked: Asked, reader: User) -> Sheet:
    """The inspection's table."""
    rows = []
    for line in lines:
        literal = pages.literal_in_words(line)
        rows.append(
            (
                line.code,
                line.body_name,
                line.name,
                pages.says_in_words(line),
                pages.number_in_words(line.of, line.ours),
                line.ours.rows,
                line.ours.of,
                literal,
                pages.said_tag(line.said).text + (f": {line.said.why}" if line.said.why else ""),
                line.asked.day,
                line.of.code,
                "; ".join(selectors.filter_in_words(line.of)),
            )
        )
    on = f"the end of {shown_date(asked.on)}" if asked.on else "each line's own date of extraction"
    source = lines[0].source if lines else ""
    return Sheet(
        "inspection-2023",
        "The inspection's figures beside ours",
        facts_of((("Source", source), ("As recorded on", on)), taken_by=reader.name, taken_on=asked.today),
        INSPECTION_HEADS,
        tuple(rows),
        widths=(0.7, 1.6, 1.8, 1.3, 0.8, 0.8, 0.7, 1.3, 1.4, 1.2, 2.1, 3.6),
    )


def changes_sheet(found: comparing.Difference, known: Bodies, *, reader: User) -> Sheet:
    """Every step of every row that came, went or changed."""
    rows = [
        (
            row.kind.value.lower(),
            row.reference,
            row.name,
            step.field or "The record",
            step.before,
            step.after,
            step.at,
            step.by,
            step.reason,
        )
        for row in found.all
        for step in row.steps
    ]
    between = f"the end of {shown_date(found.earlier.on)}, and the end of {shown_date(found.later.day)}"
    words = "; ".join(selectors.filter_in_words(found.of, reading=found.later.reading, part=False))
    facts = (
        ("Measure", f"{found.of.code}: {found.of.name}"),
        ("Body", known.name(found.later.body)),
        ("Filter", words),
        ("Source", found.of.extract.source),
        ("As recorded on", between),
        ("In short", pages.difference_in_words(found)),
    )
    return Sheet(
        f"changes-{found.of.code.lower()}",
        f"What changed: {found.of.name}",
        facts_of(facts, taken_by=reader.name, taken_on=found.later.today),
        ("What", "Reference", "Name", "Field", "From", "To", "When", "By", "Reason given"),
        tuple(rows),
        widths=(0.7, 1, 2, 1, 1, 2.4, 1.3, 1.6, 2),
    )


def _number(of: Measure, value: Value) -> float | int | str:
    """As a number, so that a spreadsheet can go on with it; a share as the whole per cent that is published."""
    if value.number is None:
        return pages.number_in_words(of, value)
    if of.unit is rules.Unit.PER_CENT:
        return rules.whole(value.number)
    return value.number if isinstance(value.number, int) else float(value.number)
