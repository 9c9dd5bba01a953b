"""The inspection's table: what the report published, and beside it what this service works out from its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from fourfold.performance import rules, selectors
from fourfold.performance.rules import Compare, Measure, Said, Value
from fourfold.performance.selectors import REGION, Asked, Bodies
from fourfold.platform.reference import selectors as reference

KIND = "inspection_2023"


@dataclass(frozen=True)
class Line:
    """One published figure beside ours.

    Args:
        asked: How ours was asked for: the body, and the date its rows are read as recorded on.
        ours: Under the default reading of the source.
        others: The same of every body, by code.
        literal: Under the other reading, where it gives another figure.
        said: Whether ours is as the report says.
    """

    code: str
    name: str
    of: Measure
    compare: Compare
    says: int | None
    extracted_on: date
    quoted: str
    source: str
    asked: Asked
    body_name: str
    ours: Value
    others: Mapping[str, Value]
    literal: Value | None
    said: Said


Shown = Callable[[Mapping[str, Value]], Mapping[str, Value]]


def lines(*, today: date, on: date | None = None, shown: Shown | None = None) -> tuple[Line, ...]:
    """Every line of the table, each at its own published date of extraction, or all at `on`.

    Args:
        shown: What the reader is shown of the figures of every body, where that is not all.
    """
    return _Table(today, on, shown or dict).lines()


class _Table:
    """Works each figure out once, however many lines show it."""

    def __init__(self, today: date, on: date | None, shown: Shown) -> None:
        self.today, self.on, self.shown = today, on, shown
        self.measures = selectors.measures()
        self.bodies: Bodies = selectors.bodies()
        self.known: dict[tuple[str, date, str], Mapping[str, Value]] = {}

    def lines(self) -> tuple[Line, ...]:
        return tuple(self._line(term.code, term.name, term.detail, term.source) for term in reference.terms(KIND))

    def _line(self, code: str, name: str, detail: Mapping[str, Any], source: str) -> Line:
        of = self.measures[detail["measure"]]
        how = Compare(detail["compare"])
        extracted_on = date.fromisoformat(detail["extracted_on"])
        asked = Asked(self.today, on=self.on or extracted_on, body=detail.get("body", REGION))
        found = self._figures(of, asked)
        ours = found[asked.body]
        return Line(
            code=code,
            name=name,
            of=of,
            compare=how,
            says=detail.get("says"),
            extracted_on=extracted_on,
            quoted=detail["words"],
            source=source,
            asked=asked,
            body_name=self.bodies.name(asked.body),
            ours=ours,
            others=found,
            literal=self._other_reading(of, asked, ours),
            said=self._said(how, ours, detail.get("says"), asked, found),
        )

    def _said(self, how: Compare, ours: Value, says: int | None, asked: Asked, found: Mapping[str, Value]) -> Said:
        if how is Compare.HIGHEST_REGION:
            counts = [
                rules.RegionCount(each.region, each.threats, each.extracted_on, each.source)
                for each in selectors.region_counts(on=asked.day)
            ]
            return rules.compared_with_regions(ours.rows, counts)
        forces = {body.code: found[body.code] for body in self.bodies.forces if body.code != asked.body}
        return rules.compared(how, ours=ours, says=says, others=forces)

    def _other_reading(self, of: Measure, asked: Asked, ours: Value) -> Value | None:
        """The first other reading of the source that gives something else."""
        for reading in list(of.extract.readings)[1:]:
            theirs = self._figures(of, replace(asked, reading=reading))[asked.body]
            if theirs != ours:
                return theirs
        return None

    def _figures(self, of: Measure, asked: Asked) -> Mapping[str, Value]:
        key = (of.code, asked.day, asked.reading)
        if key not in self.known:
            self.known[key] = self.shown(selectors.figures_of(of, asked, bodies_known=self.bodies))
        return self.known[key]
