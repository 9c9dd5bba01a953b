"""The parts of a page, as data; the macros of the same names in `templates/ui/components` draw them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, Self

Value = str | int | float | date | datetime | None
Colour = Literal["grey", "green", "teal", "blue", "purple", "magenta", "red", "orange", "yellow"]
AlertKind = Literal["information", "success", "warning", "error"]
ActionKind = Literal["primary", "secondary", "warning", "link"]


@dataclass(frozen=True)
class Link:
    text: str
    href: str


@dataclass(frozen=True)
class Tag:
    """A word on a coloured ground. The word carries the meaning; the colour only helps."""

    text: str
    colour: Colour = "grey"


@dataclass(frozen=True)
class Fact:
    label: str
    value: Value
    href: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a table. An export writes `value`."""

    value: Value
    href: str = ""
    tag: Tag | None = None
    hint: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Action:
    """Something to do: a link, or with `post` a form of one button that carries `fields`."""

    text: str
    href: str = ""
    post: bool = False
    kind: ActionKind = "secondary"
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class IdentityBar:
    """Who or what this record is. It holds the page's h1, so `name` is the page's title."""

    name: str
    reference: str = ""
    facts: tuple[Fact, ...] = ()
    tags: tuple[Tag, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Tab:
    """One part of a record. Tabs are links, so each part has an address."""

    text: str
    href: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Moment:
    """One thing that happened, on a timeline; newest first is the caller's order."""

    title: str
    at: date | datetime
    text: str = ""
    by: str = ""
    href: str = ""
    tag: Tag | None = None


@dataclass(frozen=True)
class Alert:
    kind: AlertKind
    text: str
    heading: str = ""
    link: Link | None = None


@dataclass(frozen=True)
class Ticket:
    heading: str
    text: str = ""
    facts: tuple[Fact, ...] = ()
    link: Link | None = None
    colour: Literal["grey", "blue", "red", "yellow", "green", "purple", "orange"] = "blue"


@dataclass(frozen=True)
class Card:
    heading: str
    facts: tuple[Fact, ...] = ()
    href: str = ""
    tags: tuple[Tag, ...] = ()
    text: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Figure:
    """A number that opens: `href` leads to the rows it counts."""

    number: Value
    label: str
    href: str = ""
    hint: str = ""

    @classmethod
    def of(cls, count: int, one: str, many: str, href: str = "", hint: str = "") -> Self:
        """A count of things, in the words for one or for many."""
        return cls(count, one if count == 1 else many, href, hint)


@dataclass(frozen=True)
class Empty:
    """What will be here, and the one thing to do first."""

    heading: str
    text: str
    action: Link | None = None


@dataclass(frozen=True)
class Head:
    text: str
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    caption: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption_hidden: bool = False
    empty: str = "There are no rows."


@dataclass(frozen=True)
class Step:
    """One comparison's weight, in bits: log2 of how much likelier this agreement is for one person than for two."""

    comparison: str
    level: str
    weight: float
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar as drawn. Lengths are in the drawing's own units."""

    label: str
    words: str
    x: float
    y: float
    width: float
    text_x: float
    text_y: float
    anchor: Literal["start", "end"]
    kind: Literal["for", "against", "total"]


@dataclass(frozen=True)
class Weight:
    """One row of the waterfall's table."""

    comparison: str
    level: str
    signed: str
    note: str = ""


WIDTH: Final = 640.0
LABELS: Final = 210.0
ROOM_FOR_NUMBERS: Final = 56.0
ROW: Final = 34.0
BAR: Final = 22.0


def signed(weight: float) -> str:
    """A weight with its sign: "+7.1", "−2.0" with the true minus."""
    rounded = round(weight, 1)
    return f"+{rounded}" if rounded > 0 else f"{rounded}".replace("-", "\u2212")


def per_cent(probability: float) -> str:
    """A probability in per cent, never rounded up to certainty or down to none."""
    shown = 100 * probability
    return "more than 99.9%" if shown > 99.9 else "less than 0.1%" if shown < 0.1 else f"{shown:.1f}%"


@dataclass(frozen=True)
class Waterfall:
    """Why two records are held to be one: a start, what each comparison adds or takes, and the sum.

    Args:
        steps: In the order they are added.
        prior: The start, in bits: how likely two records are one before looking at them.
        total: The sum, in bits.
        probability: The sum as a probability, 0 to 1.
    """

    steps: tuple[Step, ...]
    prior: float
    total: float
    probability: float

    @property
    def width(self) -> int:
        return int(WIDTH)

    @property
    def height(self) -> int:
        return int(ROW * (len(self.steps) + 2))

    @property
    def zero_x(self) -> float:
        return round(self._x(0.0), 1)

    @property
    def words(self) -> str:
        return f"In all {signed(self.total)}: a probability of {per_cent(self.probability)} that these are one."

    @property
    def table(self) -> tuple[Weight, ...]:
        """What the bars show, for those who read the table."""
        first = Weight("Before looking", "Any two records", signed(self.prior))
        last = Weight("In all", f"Probability {per_cent(self.probability)}", signed(self.total))
        return (first, *(Weight(s.comparison, s.level, signed(s.weight), s.note) for s in self.steps), last)

    @property
    def bars(self) -> tuple[Bar, ...]:
        drawn = [self._bar(0, "Before looking", 0.0, self.prior)]
        at = self.prior
        for number, step in enumerate(self.steps, start=1):
            drawn.append(self._bar(number, step.comparison, at, at + step.weight))
            at += step.weight
        drawn.append(self._bar(len(self.steps) + 1, "In all", 0.0, self.total, total=True))
        return tuple(drawn)

    def _span(self) -> tuple[float, float]:
        reached = [0.0, self.prior, self.total]
        at = self.prior
        for step in self.steps:
            at += step.weight
            reached.append(at)
        low, high = min(reached), max(reached)
        return low, high if high > low else low + 1.0

    def _x(self, weight: float) -> float:
        low, high = self._span()
        room = WIDTH - LABELS - 2 * ROOM_FOR_NUMBERS
        return LABELS + ROOM_FOR_NUMBERS + room * (weight - low) / (high - low)

    def _bar(self, number: int, label: str, start: float, end: float, *, total: bool = False) -> Bar:
        left, right = sorted((self._x(start), self._x(end)))
        rises = end >= start
        return Bar(
            label=label,
            words=signed(end - start),
            x=round(left, 1),
            y=round(ROW * number + (ROW - BAR) / 2, 1),
            width=round(max(right - left, 1.0), 1),
            text_x=round(right + 6 if rises else left - 6, 1),
            text_y=round(ROW * number + ROW / 2 + 5, 1),
            anchor="start" if rises else "end",
            kind="total" if total else "for" if rises else "against",
        )
