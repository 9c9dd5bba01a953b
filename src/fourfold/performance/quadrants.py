"""Plan on a page: the four Ps as quadrants, of a unit or of a theme: the aims, how far they are, what moved them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from fourfold.performance import pages, rules, selectors
from fourfold.performance.dashboards import P_NAMES, Told
from fourfold.performance.pages import PerformancePage
from fourfold.performance.rules import Measure
from fourfold.performance.selectors import Asked
from fourfold.plans import rules as plan_rules
from fourfold.plans import selectors as plans
from fourfold.platform.reference import selectors as reference
from fourfold.platform.ui.components import Figure, Link
from fourfold.platform.ui.jinja import plural, shown_date, shown_number
from fourfold.threats import selectors as threats

TILES = 12
MOVERS = 3
ACTIONS = 12


@dataclass(frozen=True)
class Tile:
    """One aim of one plan: how far its measure is from its target, and what moved it."""

    text: str
    href: str
    threat: str
    measure: str
    progress: int | None
    by: str
    movers: tuple[Link, ...]
    unmoved: str


@dataclass(frozen=True)
class ActionShown:
    text: str
    href: str
    due: str
    is_overdue: bool


@dataclass(frozen=True)
class Quadrant:
    """One of the four Ps: its aims, its open actions, what was recorded in the year."""

    p: str
    name: str
    tiles: tuple[Tile, ...]
    more: str
    actions_words: str
    actions: tuple[ActionShown, ...]
    disruptions: Figure
    empty: str


@dataclass(frozen=True)
class Choice:
    code: str
    name: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class QuadrantsPage(PerformancePage):
    lead: str
    units: tuple[Choice, ...]
    themes: tuple[Choice, ...]
    recorded_on: str
    quadrants: tuple[Quadrant, ...]


def quadrants_page(told: Told, *, theme: str) -> QuadrantsPage:
    """The four quadrants of one unit or of the region, and of one theme or of all."""
    asked, known = told.asked, told.known
    themes = reference.names("theme")
    theme = theme if theme in themes else ""
    with asked.applied():
        actions = tuple(_actions(told, theme).order_by("due_on", "pk"))
        served = _aims_by_p(actions)
        lines = {line.pk: line for line in plans.aims({pk for pks in served.values() for pk in pks})}
        of_threat = plans.threats_of_aims(lines)
        named = _threats_of(of_threat.values())
        moved = plans.movers_of(lines)
        lead = selectors.measures()["LEAD_DISRUPTIONS"]
        counts = _disruptions_by_p(told, lead)
    units = (("", "The region"), *((body.code, body.name) for body in known.all))
    made = tuple(
        _quadrant(
            told,
            p,
            tiles=tuple(
                _tile(lines[pk], named.get(of_threat.get(pk, 0)), moved.get(pk, ()), asked)
                for pk in served[p]
                if pk in lines
            ),
            actions=[each for each in actions if each.p == p],
            disruptions=_p_figure(told, lead, p, counts.get(p, 0)),
        )
        for p in P_NAMES
    )
    return QuadrantsPage(
        title="Plan on a page",
        caption=" · ".join(filter(None, (known.name(asked.body), themes.get(theme, "")))),
        crumbs=pages.crumbs()[:1],
        alerts=told.alerts,
        foot=pages.foot(told.reader),
        tabs=pages.tabs("performance:quadrants", told.rewind),
        rewind=told.rewind,
        lead="The aims of every plan in force under the P of the actions that serve them, the nearest date first.",
        units=tuple(Choice(code, name, code == asked.body) for code, name in units),
        themes=(Choice("", "Every theme", not theme), *(Choice(c, n, c == theme) for c, n in themes.items())),
        recorded_on=told.rewind.typed,
        quadrants=made,
    )


def _actions(told: Told, theme: str) -> QuerySet[Any]:
    """Every action of a plan in force of an open threat, of the unit and the theme."""
    found = plans.actions().filter(plan__state="ADOPTED", plan__threat__closed_on=None)
    if told.asked.body:
        found = found.filter(plan__threat__owner=told.known.by_code(told.asked.body))
    if theme:
        within = [code for code in reference.names("theme") if code == theme or code.startswith(f"{theme}.")]
        found = found.filter(Q(plan__threat__themes__overlap=within))
    return found


def _aims_by_p(actions: Iterable[Any]) -> dict[str, list[int]]:
    """Keys of the aims that actions of each P serve, in the order of the actions."""
    found: dict[str, dict[int, None]] = defaultdict(dict)
    for action in actions:
        if action.aim_id is not None:
            found[action.p][action.aim_id] = None
    return {p: list(found[p]) for p in P_NAMES}


def _threats_of(ids: Iterable[int]) -> Mapping[int, Any]:
    return threats.threats().in_bulk(set(ids))


def _disruptions_by_p(told: Told, lead: Measure) -> dict[str, int]:
    counted = selectors.counts_by(lead, told.asked, "primary_p", known=told.known)
    return {keys[0]: rows for keys, rows in counted}


def _p_figure(told: Told, lead: Measure, p: str, rows: int) -> Figure:
    label = "lead disruptions in the year"
    if told.suppresses and 0 < rows < rules.FEWEST_SHOWN:
        return Figure(pages.FEWER, label)
    return Figure(rows, label, href=pages.rows_address(lead, told.asked, {"p": p}))


def _quadrant(told: Told, p: str, *, tiles: Sequence[Tile], actions: Sequence[Any], disruptions: Figure) -> Quadrant:
    still_open = [each for each in actions if each.status in plan_rules.OPEN_STATUSES]
    overdue = [each for each in still_open if each.due_on and each.due_on < told.asked.day]
    more = f"{len(tiles) - TILES} more aims: choose a unit or a theme to see them." if len(tiles) > TILES else ""
    return Quadrant(
        p=p.lower(),
        name=P_NAMES[p],
        tiles=tuple(tiles[:TILES]),
        more=more,
        actions_words=f"{plural(len(still_open), 'action', 'actions')} open, {len(overdue)} overdue, "
        f"{sum(each.status == 'DONE' for each in actions)} done",
        actions=tuple(_action(each, told.asked) for each in still_open[:ACTIONS]),
        disruptions=disruptions,
        empty=f"No plan has an aim that {P_NAMES[p]} actions serve.",
    )


def _action(action: Any, asked: Asked) -> ActionShown:
    return ActionShown(
        action.title,
        pages.plan_address(action.plan.threat.reference, asked),
        f"due {shown_date(action.due_on)}" if action.due_on else "no date",
        is_overdue=bool(action.due_on and action.due_on < asked.day),
    )


def _tile(line: plans.AimLine, threat: Any, moved: Sequence[plans.Moved], asked: Asked) -> Tile:
    movers = tuple(Link(f"{each.text}, {shown_date(each.on)}", each.href) for each in moved[:MOVERS])
    return Tile(
        text=line.text,
        href=pages.plan_address(threat.reference, asked) if threat else "",
        threat=f"{threat.reference} {threat.name}" if threat else "",
        measure=_measure_in_words(line),
        progress=_progress(line.baseline, line.latest, line.target),
        by=f"by {shown_date(line.target_on)}" if line.target_on else "",
        movers=movers,
        unmoved="" if movers else "Nothing recorded has moved it yet.",
    )


def _measure_in_words(line: plans.AimLine) -> str:
    """The measure as it began, is and should be."""
    if line.target is None:
        return "No measure with a target yet"
    unit = f" {line.unit}" if line.unit else ""
    now = "not read yet" if line.latest is None else f"now {_number(line.latest)}"
    return f"{line.measure}: from {_number(line.baseline)}, {now}, to {_number(line.target)}{unit}"


def _number(value: Decimal | None) -> str:
    return "not recorded" if value is None else shown_number(float(value) if value % 1 else int(value))


def _progress(baseline: Decimal | None, latest: Decimal | None, target: Decimal | None) -> int | None:
    """How much of the way from the start to the target is gone, 0 to 100; None where it cannot be told."""
    if baseline is None or latest is None or target is None or baseline == target:
        return None
    gone = 100 * (latest - baseline) / (target - baseline)
    return max(0, min(100, rules.whole(gone)))
