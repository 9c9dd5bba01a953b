"""The pages of exchange, built whole before they are drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten

from django.forms import BoundField
from django.urls import reverse

from fourfold.exchange import rules
from fourfold.exchange.forms import ChooseForm, LineShown, MendForm
from fourfold.exchange.models import Import, ImportLine
from fourfold.exchange.rules import Fate, Kind, Layout, State
from fourfold.exchange.selectors import Difference
from fourfold.platform.people.models import Organisation
from fourfold.platform.ui.components import Action, Alert, Cell, Colour, Empty, Fact, Head, Link, Table, Tag
from fourfold.platform.ui.jinja import plural, shown_moment
from fourfold.platform.ui.pages import Foot, Page

STATE_COLOURS: Mapping[str, Colour] = {
    State.RECEIVED: "grey",
    State.CHECKED: "yellow",
    State.IMPORTED: "green",
    State.DROPPED: "grey",
    State.REFUSED: "red",
}
SHOWN_OF_A_VALUE = 120
FATES: Sequence[Fate] = (Fate.NEW, Fate.SAME, Fate.DIFFERS, Fate.CHANGED, Fate.REFUSED)
OWN_ONLY = "You alone see this report, because it quotes your file. What was imported is seen as every record is."
SEND_AGAIN = "It was left out. Mend it in the file and bring the file again."
PASSED_AGAIN = " A disruption that was passed or moderated has to be again once it is changed."
EXPLAINED = (
    "Threats, assessments and disruptions go out to a workbook and come back from one. A line of a file meets the same "
    "rules as the screens, nothing is half imported, and no record here is changed without being asked."
)


def crumbs(of: Import | None = None) -> tuple[Link, ...]:
    found = (Link("My work", reverse("home:work")), Link("Exchange", reverse("exchange:start")))
    return found if of is None else (*found, Link(of.name, address(of)))


def address(of: Import, part: str = "report") -> str:
    return reverse(f"exchange:{part}", args=[of.pk])


def default_alert(layouts: Sequence[Layout]) -> tuple[Alert, ...]:
    """A person is told that the layout is ours, because the national one is not public."""
    if not any(each.is_our_default for each in layouts):
        return ()
    text = (
        "The layout is a default, not the national layout, which is not public. Your region can load another one "
        "without changing code."
    )
    return (Alert("information", text),)


@dataclass(frozen=True, kw_only=True)
class StartPage(Page):
    lead: str
    actions: tuple[Action, ...]
    layouts: Table
    imports: Table
    empty: Empty


def start_page(layouts: Sequence[Layout], imports: Iterable[Import]) -> StartPage:
    return StartPage(
        title="Exchange with the national system",
        crumbs=crumbs()[:1],
        alerts=default_alert(layouts),
        lead=EXPLAINED,
        actions=(
            Action("Bring a file", reverse("exchange:bring"), kind="primary"),
            Action("Take a file", reverse("exchange:take")),
            Action("Get a sheet to fill in", reverse("exchange:template")),
        ),
        layouts=Table(
            "Layouts",
            (Head("Layout"), Head("Version"), Head("Where it comes from"), Head("Sheets")),
            tuple(
                (
                    Cell(each.name, hint=each.code),
                    Cell(each.version),
                    Cell(rules.standing_of(each).capitalize(), hint=each.source),
                    Cell(", ".join(f"{s.name} ({plural(len(s.columns), 'column', 'columns')})" for s in each.sheets)),
                )
                for each in layouts
            ),
        ),
        imports=Table(
            "Files that you brought",
            (
                Head("File"),
                Head("Brought"),
                Head("State"),
                Head("Added or changed", numeric=True),
                Head("Refused", numeric=True),
            ),
            tuple(
                (
                    Cell(each.name, href=address(each)),
                    Cell(shown_moment(each.received_at)),
                    Cell("", tag=state_tag(each)),
                    Cell(total(each, Fate.NEW, Fate.CHANGED), numeric=True),
                    Cell(total(each, Fate.REFUSED), numeric=True),
                )
                for each in imports
            ),
            empty="",
        ),
        empty=Empty(
            "No files yet",
            "Files that you bring will be here, each with its report line by line. Begin with an empty sheet, or take "
            "a file first and change it.",
        ),
        foot=Foot(seen_by="Those who exchange with the national system. A report is seen by its importer alone."),
    )


def state_tag(of: Import) -> Tag:
    return Tag(rules.STATE_NAMES[State(of.state)], STATE_COLOURS[of.state])


def total(of: Import, *fates: Fate) -> int:
    return sum(int(counted.get(fate.value, 0)) for counted in of.counts.values() for fate in fates)


@dataclass(frozen=True, kw_only=True)
class ReportPage(Page):
    state: Tag
    refusal: str
    lead: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    counts: Table
    actions: tuple[Action, ...]
    lines: Table
    more: tuple[Link, ...]
    has_lines: bool


def report_page(
    of: Import, lines: Sequence[ImportLine], *, earlier: Import | None, total_lines: int, number: int, last: int
) -> ReportPage:
    return ReportPage(
        title=of.name,
        caption="Import",
        crumbs=crumbs(),
        alerts=_alerts(of, earlier),
        state=state_tag(of),
        refusal=of.sentence,
        lead=_lead(of),
        facts=(
            Fact("Brought", f"{shown_moment(of.received_at)}, {of.imported_by.name}"),
            Fact("Layout", f"{of.layout}, version {of.layout_version}"),
            Fact("Kept as", of.sha256, hint=f"{rules.size_in_words(of.size)}; the file is kept as it came"),
            *((Fact("Decided", shown_moment(of.decided_at)),) if of.decided_at else ()),
        ),
        notes=tuple(of.notes),
        counts=counts_table(of),
        actions=_actions(of),
        lines=_lines_table(lines, is_open=of.state == State.CHECKED),
        more=_more(of, number, last),
        has_lines=bool(total_lines),
        foot=Foot(seen_by=OWN_ONLY),
    )


def _alerts(of: Import, earlier: Import | None) -> tuple[Alert, ...]:
    if earlier is None:
        return ()
    text = (
        f"You imported this very file on {shown_moment(earlier.decided_at)}. Lines with a URN are compared with what "
        "is here; lines without one are refused, because they would be there twice."
    )
    return (Alert("warning", text, link=Link("See that import", address(earlier))),)


def _lead(of: Import) -> str:
    new, changed = total(of, Fate.NEW), total(of, Fate.CHANGED)
    refused, differ = total(of, Fate.REFUSED), total(of, Fate.DIFFERS)
    if of.state == State.IMPORTED:
        left = f" {plural(refused, 'line was', 'lines were')} left out." if refused else ""
        return f"{plural(new, 'record was', 'records were')} added and {plural(changed, 'was', 'were')} changed.{left}"
    if of.state == State.DROPPED:
        return "Nothing of this file was imported."
    if of.state != State.CHECKED:
        return ""
    said = []
    if new:
        said.append(f"{plural(new, 'line', 'lines')} would add a record")
    if changed:
        said.append(f"{plural(changed, 'line', 'lines')} would change a record as you chose")
    if refused:
        said.append(f"{plural(refused, 'line is', 'lines are')} refused")
    if differ:
        said.append(f"{plural(differ, 'line differs', 'lines differ')} from what is here and would change nothing")
    return f"{', '.join(said) or 'Every line says what is here already'}. Nothing has been imported yet."


def _actions(of: Import) -> tuple[Action, ...]:
    if of.state != State.CHECKED:
        return ()
    found = []
    if total(of, Fate.NEW, Fate.CHANGED):
        found.append(Action("Import", address(of, "confirm"), kind="primary"))
    if refused := total(of, Fate.REFUSED):
        found.append(Action(f"Mend {plural(refused, 'refused line', 'refused lines')}", address(of, "mend")))
    if differ := total(of, Fate.DIFFERS):
        found.append(Action(f"Decide about {plural(differ, 'difference', 'differences')}", address(of, "choose")))
    elif changed := total(of, Fate.CHANGED):
        found.append(Action(f"Choose again about {plural(changed, 'line', 'lines')}", address(of, "choose")))
    found.append(Action("Check again", address(of, "check"), post=True))
    found.append(Action("Do not import", address(of, "drop"), post=True, kind="link"))
    return tuple(found)


def counts_table(of: Import) -> Table:
    heads = (Head("Sheet"), *(Head(rules.FATE_NAMES[fate], numeric=True) for fate in FATES))
    return Table(
        "What becomes of the lines",
        heads,
        tuple(
            (
                Cell(rules.KIND_NAMES[Kind(kind)][1].capitalize()),
                *(Cell(int(counted.get(fate.value, 0)), numeric=True) for fate in FATES),
            )
            for kind, counted in of.counts.items()
        ),
        empty="No line was read.",
    )


def _lines_table(lines: Sequence[ImportLine], *, is_open: bool) -> Table:
    return Table(
        "Lines to look at",
        (Head("Line"), Head("Column"), Head("Value"), Head("Why"), Head("What to do")),
        tuple(row for line in lines for row in _rows_of(line, is_open=is_open)),
        empty="No line is refused or differs.",
    )


def _rows_of(line: ImportLine, *, is_open: bool) -> Iterable[tuple[Cell, ...]]:
    place = Cell(f"{line.sheet}, line {line.line}", hint=rules.FATE_NAMES[Fate(line.fate)])
    if line.fate == Fate.REFUSED:
        for fault in line.faults:
            yield (
                place,
                Cell(fault["heading"] or "The whole line"),
                Cell(fault["value"] or "Empty" if fault["heading"] else "See the file"),
                Cell(fault["sentence"], hint=fault["code"]),
                Cell(fault["to_do"] if is_open else SEND_AGAIN),
            )
    else:
        headings = ", ".join(line.unlike)
        says = (
            "It says what the file says."
            if line.fate == Fate.CHANGED
            else "It stays as it is, unless you choose the file."
        )
        sent = "; ".join(shorten(line.cells.get(each) or "Empty", SHOWN_OF_A_VALUE) for each in line.unlike)
        yield (
            place,
            Cell(headings or "None"),
            Cell(sent or "None"),
            Cell(f"{line.record} {'says' if is_open else 'said'} otherwise here."),
            Cell(says),
        )


def _more(of: Import, number: int, last: int) -> tuple[Link, ...]:
    found = []
    if number > 1:
        found.append(Link("Earlier lines", f"{address(of)}?page={number - 1}"))
    if number < last:
        found.append(Link("Later lines", f"{address(of)}?page={number + 1}"))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class MendPage(Page):
    lead: str
    form: MendForm
    lines: tuple[LineShown, ...]
    left: str
    back: Link


def mend_page(of: Import, form: MendForm, *, left: int) -> MendPage:
    return MendPage(
        title="Mend refused lines",
        caption=of.name,
        crumbs=crumbs(of),
        form=form,
        lead="Correct the cells, then have the file checked again. The file itself stays as it came.",
        lines=tuple(form.shown()),
        left=f"{plural(left, 'more line', 'more lines')} after these." if left else "",
        back=Link("Back to the report", address(of)),
        has_errors=bool(form.errors),
        foot=Foot(seen_by=OWN_ONLY),
    )


@dataclass(frozen=True)
class ChoiceLine:
    """One line that differs: both sides, and the choice."""

    heading: str
    table: Table
    field: BoundField


@dataclass(frozen=True, kw_only=True)
class ChoosePage(Page):
    lead: str
    form: ChooseForm
    lines: tuple[ChoiceLine, ...]
    left: str
    back: Link


def choose_page(
    of: Import, form: ChooseForm, differences: Mapping[int, tuple[Difference, ...]], *, left: int
) -> ChoosePage:
    return ChoosePage(
        title="Decide about differences",
        caption=of.name,
        crumbs=crumbs(of),
        form=form,
        lead="These records are here already and say something else. They stay so, unless you choose the file."
        + (PASSED_AGAIN if any(line.kind == Kind.DISRUPTIONS for line in form.lines.values()) else ""),
        lines=tuple(
            ChoiceLine(
                f"{line.sheet}, line {line.line}: {line.record}",
                Table(
                    f"Where line {line.line} and {line.record} differ",
                    (Head("Column"), Head("Here"), Head("In the file")),
                    tuple(
                        (Cell(each.heading), Cell(each.here or "Empty"), Cell(each.file or "Empty"))
                        for each in differences.get(line.pk, ())
                    ),
                    caption_hidden=True,
                ),
                form[name],
            )
            for name, line in form.lines.items()
        ),
        left=f"{plural(left, 'more line', 'more lines')} after these." if left else "",
        back=Link("Back to the report", address(of)),
        has_errors=bool(form.errors),
        foot=Foot(seen_by=OWN_ONLY),
    )


@dataclass(frozen=True, kw_only=True)
class TemplatePage(Page):
    lead: str
    links: tuple[Link, ...]
    steps: tuple[str, ...]


def template_page(organisation: Organisation, layouts: Sequence[Layout]) -> TemplatePage:
    links = [
        Link(
            f"{name}{f' ({each.name})' if len(layouts) > 1 else ''}",
            f"{reverse('exchange:template_file', args=[what])}?layout={each.code}",
        )
        for each in layouts
        for what, name in (
            ("disruptions", "A sheet for disruptions"),
            ("threats", "A sheet for threats"),
            ("all", "A workbook for threats, assessments and disruptions"),
        )
    ]
    return TemplatePage(
        title="Get a sheet to fill in",
        crumbs=crumbs(),
        alerts=default_alert(layouts),
        lead="For a force that keys a spreadsheet instead of many screens. The same rules hold for both.",
        links=tuple(links),
        steps=(
            f"Download the sheet. It has the open threats of {organisation.name} and all allowed values.",
            "Fill in one record a line. Leave the URN empty for a record that has none yet.",
            "Bring the file. You get a report line by line before anything is imported.",
            "Mend refused lines on the page or in the file, then import everything or only the good lines.",
        ),
        foot=Foot(seen_by="The file names threats: it is marked OFFICIAL-SENSITIVE, and the ledger notes who took it."),
    )
