"""The small line of a measure over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fourfold.plans.models import Aim
from fourfold.plans.pages.words import amount
from fourfold.platform.ui.jinja import shown_date


@dataclass(frozen=True)
class Spark:
    """The small line of a measure: points in a drawing of 120 by 32, where the target stands, and the same in words."""

    points: str
    last_x: float
    last_y: float
    target_y: float | None
    words: str


def spark(aim: Aim, readings: Sequence[tuple[date, Decimal]]) -> Spark | None:
    """The measure over time, from the baseline on the day the plan began."""
    first = [(aim.plan.begun_on, aim.baseline)] if aim.baseline is not None else []
    return line_of([*first, *readings], target=aim.target)


def line_of(
    points: Sequence[tuple[date, Decimal]], *, target: Decimal | None = None, also: tuple[Decimal, ...] = ()
) -> Spark | None:
    """A small line through some days; nothing to draw with fewer than two. `also` are values that it has room for."""
    if len(points) < 2:
        return None
    values = [*(value for _, value in points), *([] if target is None else [target]), *also]
    low, high = min(values), max(values)
    first, last = points[0][0], max(day for day, _ in points)
    days, span = max(1, (last - first).days), float(high - low) or 1.0

    def y(value: Decimal) -> float:
        return round(28 - 24 * float(value - low) / span, 1)

    places = [(round(3 + 112 * max(0, (day - first).days) / days, 1), y(value)) for day, value in points]
    return Spark(
        points=" ".join(f"{x},{at}" for x, at in places),
        last_x=places[-1][0],
        last_y=places[-1][1],
        target_y=None if target is None else y(target),
        words="Readings: " + ", ".join(f"{amount(value)} on {shown_date(day)}" for day, value in points) + ".",
    )
