"""What a measure is, how its filter reads, how a figure is compared with a published one. Pure Python.

Numbered sentences: FG for figures, RG for counts of other regions, AR for readers of the API.
"""

import csv
import io
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from fourfold.platform.errors import RuleBroken

MANAGE = "reference.manage"
WRITES = "record.write"
REGION_READ = "region.read"
FEWEST_SHOWN = 5
LONGEST_LIFE_DAYS = 90
REGION_COLUMNS = ("region", "threats", "extracted_on", "source")
FIRST_YEAR = 2000


class Op(StrEnum):
    """How a condition holds a field against its values."""

    IS = "is"
    IS_NOT = "is_not"
    LACKS = "lacks"
    FROM = "from"
    AFTER = "after"
    BEFORE = "before"
    BY = "by"
    IN = "in"


class Of(StrEnum):
    """What the rows of an extract are."""

    THREAT = "threat"
    DISRUPTION = "disruption"
    PLAN = "plan"


class Unit(StrEnum):
    """What a figure counts."""

    THREATS = "threats"
    DISRUPTIONS = "disruptions"
    PLANS = "plans"
    PER_CENT = "per cent"
    DAYS = "days"
    PER_1000 = "for each 1,000 people"
    OF_100 = "out of 100"


class Compare(StrEnum):
    """How our figure is held against the published one."""

    EQUALS = "equals"
    ROUNDS_TO = "rounds_to"
    HIGHEST_FORCE = "highest_force"
    LOWEST_FORCE = "lowest_force"
    HIGHEST_REGION = "highest_region"


@dataclass(frozen=True)
class Condition:
    """One line of a filter. `reading` names the reading that it belongs to; empty for every reading."""

    field: str
    op: Op
    values: tuple[str, ...]
    reading: str = ""


@dataclass(frozen=True)
class Extract:
    """A saved filter: which rows, by which conditions, from which source, since when.

    Args:
        readings: Ways to read the source where its words and its filter differ, the default first.
        period: The date that a period of one's choice limits; empty where the filter has dates of its own.
    """

    code: str
    name: str
    of: Of
    conditions: tuple[Condition, ...]
    source: str
    mark: str
    effective_from: date
    readings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    period: str = ""

    @property
    def default_reading(self) -> str:
        return next(iter(self.readings), "")

    def under(self, reading: str) -> tuple[Condition, ...]:
        """The conditions of one reading."""
        wanted = reading or self.default_reading
        return tuple(c for c in self.conditions if c.reading in {"", wanted})


@dataclass(frozen=True)
class Measure:
    """A figure with a name: from which extract, narrowed how, and what is done with the rows.

    Args:
        only: Further conditions on the rows.
        share: The part that is shown as per cent of the rows; empty for every other shape.
        median: The number of days whose median is shown; empty for every other shape.
        mean: The number whose average is shown; empty for every other shape.
        per_population: The count is divided by the thousands of people who live there.
    """

    code: str
    name: str
    question: str
    unit: Unit
    extract: Extract
    source: str
    mark: str
    effective_from: date
    only: tuple[Condition, ...] = ()
    share: tuple[Condition, ...] = ()
    median: str = ""
    mean: str = ""
    per_population: bool = False

    @property
    def has_period(self) -> bool:
        return bool(self.extract.period)


@dataclass(frozen=True)
class Period:
    """From `first` to before `after`."""

    first: date
    after: date

    @property
    def last(self) -> date:
        return self.after - timedelta(days=1)


@dataclass(frozen=True)
class Value:
    """A figure: the number, the rows it stands on, and for a share the rows that it is a share of.

    `number` is None where there is nothing to divide by. `hidden` says that it is too small to be shown to the reader.
    """

    number: Decimal | int | None
    rows: int
    of: int | None = None
    hidden: bool = False


@dataclass(frozen=True)
class RegionCount:
    """What another region has, as someone published or sent it."""

    region: str
    threats: int
    extracted_on: date
    source: str


def conditions_of(given: Sequence[Mapping[str, Any]], *, where: str) -> tuple[Condition, ...]:
    """The conditions that a region's file writes down.

    Raises:
        RuleBroken: FG1, naming the place and what is not understood.
    """
    found: list[Condition] = []
    for each in given:
        said = dict(each)
        name, reading = str(said.pop("field", "")), str(said.pop("reading", ""))
        if not name or not said:
            raise RuleBroken("FG1", f"{where}: a condition needs a field and what it must be.")
        for key, value in said.items():
            if key not in set(Op):
                raise RuleBroken("FG1", f"{where}: “{key}” is not a way to compare. Use {', '.join(Op)}.")
            values = tuple(str(v) for v in (value if isinstance(value, list) else [value]))
            found.append(Condition(name, Op(key), values, reading))
    return tuple(found)


def extract_of(
    code: str, name: str, detail: Mapping[str, Any], *, source: str, mark: str, effective_from: date
) -> Extract:
    """The extract that a term of kind `extract` says. Raises `RuleBroken` FG1."""
    where = f"extracts.yaml, {code}"
    if detail.get("of") not in set(Of):
        raise RuleBroken("FG1", f"{where}: say what its rows are of: {' or '.join(Of)}.")
    return Extract(
        code=code,
        name=name,
        of=Of(detail["of"]),
        conditions=conditions_of(detail.get("conditions", ()), where=where),
        source=source,
        mark=mark,
        effective_from=effective_from,
        readings={str(each["code"]): str(each["words"]) for each in detail.get("readings", ())},
        notes=tuple(detail.get("notes", ())),
        period=str(detail.get("period", "")),
    )


def measure_of(
    code: str,
    name: str,
    detail: Mapping[str, Any],
    extracts: Mapping[str, Extract],
    *,
    source: str,
    mark: str,
    effective_from: date,
) -> Measure:
    """The measure that a term of kind `measure` says. Raises `RuleBroken` FG1."""
    where = f"measures.yaml, {code}"
    extract = extracts.get(str(detail.get("extract", "")))
    if extract is None:
        raise RuleBroken("FG1", f"{where}: there is no extract called {detail.get('extract') or 'nothing'}.")
    if detail.get("unit") not in set(Unit):
        raise RuleBroken("FG1", f"{where}: say its unit: {', '.join(Unit)}.")
    return Measure(
        code=code,
        name=name,
        question=str(detail.get("question", name)),
        unit=Unit(detail["unit"]),
        extract=extract,
        source=source,
        mark=mark,
        effective_from=effective_from,
        only=conditions_of(detail.get("only", ()), where=where),
        share=conditions_of(detail.get("share", ()), where=where),
        median=str(detail.get("median", "")),
        mean=str(detail.get("mean", "")),
        per_population=detail.get("per") == "population",
    )


def whole(number: Decimal | int) -> int:
    """The nearest whole number, halves away from zero, as the report rounds its percentages."""
    return int(Decimal(number).quantize(Decimal(1), ROUND_HALF_UP))


def share(part: int, of: int) -> Decimal | None:
    """Per cent, exact to ten places; None of nothing."""
    return (Decimal(100) * part / of).quantize(Decimal("1e-10")) if of else None


def median_of(counted: Mapping[int, int]) -> Decimal | None:
    """The median of values that each occur so many times; the middle of the two where their number is even."""
    total = sum(counted.values())
    if not total:
        return None
    wanted = ((total - 1) // 2, total // 2)
    found: list[int] = []
    passed = 0
    for value in sorted(counted):
        passed += counted[value]
        found += [value] * sum(at < passed for at in wanted[len(found) :])
        if len(found) == len(wanted):
            break
    return Decimal(found[0] + found[1]) / 2


def mean(total: int, rows: int) -> Decimal | None:
    return (Decimal(total) / rows).quantize(Decimal("0.1"), ROUND_HALF_UP) if rows else None


def per_1000(rows: int, people: int) -> Decimal | None:
    return (Decimal(1000) * rows / people).quantize(Decimal("0.0001")) if people else None


def year_to(day: date) -> Period:
    """The twelve months that end with a day."""
    after = day + timedelta(days=1)
    year = max(after.year - 1, date.min.year)
    is_leap_day = (after.month, after.day) == (2, 29)
    return Period(date(year, after.month, 28 if is_leap_day else after.day), after)


def check_period(first: date, last: date) -> Period:
    """Raises `RuleBroken` FG2 for a period that ends before it begins or begins before records do."""
    if first > last:
        raise RuleBroken("FG2", "The first day of the period must not be after its last", "from")
    if first.year < FIRST_YEAR or last.year > date.max.year - 1:
        raise RuleBroken("FG2", f"The period must begin in {FIRST_YEAR} or later", "from")
    return Period(first, last + timedelta(days=1))


def check_moments(earlier: date, later: date, *, today: date) -> None:
    """Raises `RuleBroken` FG3 where two dates cannot be compared."""
    if later > today:
        raise RuleBroken("FG3", "The later date must be today or earlier", "to")
    if earlier >= later:
        raise RuleBroken("FG3", "The earlier date must be before the later date", "from")
    if earlier.year < FIRST_YEAR:
        raise RuleBroken("FG3", f"The earlier date must be in {FIRST_YEAR} or later", "from")


@dataclass(frozen=True)
class Said:
    """Whether our figure is as the report says: None where that cannot be told, with why."""

    agrees: bool | None
    why: str = ""


def compared(how: Compare, *, ours: Value, says: int | None, others: Mapping[str, Value]) -> Said:
    """Hold our figure against the report's.

    Args:
        others: The same figure of every body that it is to be the highest or lowest of, itself left out.
    """
    if ours.hidden:
        return Said(None, "The figure is too small to be shown to you")
    if ours.number is None:
        return Said(None, "There is nothing to work the share out from")
    if how in {Compare.EQUALS, Compare.ROUNDS_TO}:
        return Said((whole(ours.number) if how is Compare.ROUNDS_TO else ours.number) == says)
    known = {body: value.number for body, value in others.items() if value.number is not None}
    if not known:
        return Said(None, "There is no other body to compare with")
    if how is Compare.HIGHEST_FORCE:
        return Said(all(ours.number > n for n in known.values()))
    return Said(all(ours.number < n for n in known.values()))


def compared_with_regions(ours: int, others: Sequence[RegionCount]) -> Said:
    """Whether we have the most threats, more than twice as many as any other region."""
    if not others:
        return Said(None, "Counts of other regions have not been imported yet")
    most = max(others, key=lambda each: each.threats)
    said = f"The next is {most.region} with {most.threats:,}"
    return Said(ours > 2 * most.threats, f"{said}; {len(others)} other regions were imported")


def read_regions(text: str, *, today: date) -> tuple[RegionCount, ...]:
    """The counts of other regions in a CSV file with the columns region, threats, extracted_on, source.

    Raises:
        RuleBroken: RG1 for other columns; RG2 naming the line that cannot be used; RG3 for a region twice on a date.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if tuple(name.strip().lower() for name in reader.fieldnames or ()) != REGION_COLUMNS:
        raise RuleBroken("RG1", f"The first line must be {','.join(REGION_COLUMNS)}", "file")
    reader.fieldnames = list(REGION_COLUMNS)
    found = tuple(_region_line(row, reader.line_num, today) for row in reader)
    if not found:
        raise RuleBroken("RG1", "The file has no line under its headings", "file")
    seen: set[tuple[str, date]] = set()
    for each in found:
        if (each.region.casefold(), each.extracted_on) in seen:
            raise RuleBroken("RG3", f"{each.region} is there twice for {each.extracted_on}", "file")
        seen.add((each.region.casefold(), each.extracted_on))
    return found


def _region_line(row: Mapping[str | None, Any], line: int, today: date) -> RegionCount:
    said = {str(key): str(value or "").strip() for key, value in row.items() if key is not None}
    if None in row or not said["region"] or not said["source"]:
        raise RuleBroken("RG2", f"Line {line} needs a region, a number, a date and a source, and nothing more", "file")
    if not said["threats"].isascii() or not said["threats"].isdecimal() or len(said["threats"]) > 6:
        raise RuleBroken("RG2", f"Line {line}: “{said['threats'][:20]}” is not a whole number of threats", "file")
    try:
        extracted_on = date.fromisoformat(said["extracted_on"])
    except ValueError:
        raise RuleBroken("RG2", f"Line {line}: write the date as YYYY-MM-DD", "file") from None
    if extracted_on > today:
        raise RuleBroken("RG2", f"Line {line}: the date must be today or earlier", "file")
    return RegionCount(said["region"][:80], int(said["threats"]), extracted_on, said["source"][:400])


@dataclass(frozen=True)
class Tally:
    """How many rows have one value of a field."""

    key: str
    name: str
    rows: int
    hidden: bool = False


def suppressed(tallies: Iterable[Tally]) -> tuple[Tally, ...]:
    """Counts below five are not shown, and not the next smallest either where one alone could be worked out."""
    found = list(tallies)
    small = {at for at, each in enumerate(found) if 0 < each.rows < FEWEST_SHOWN}
    if len(small) == 1:
        rest = [at for at, each in enumerate(found) if at not in small and each.rows]
        if rest:
            small.add(min(rest, key=lambda at: found[at].rows))
    return tuple(replace(each, hidden=at in small) for at, each in enumerate(found))


HIDDEN = Value(None, 0, None, hidden=True)


def hide_small(figures: Mapping[str, Value]) -> dict[str, Value]:
    """Figures that stand on fewer than five rows are hidden, and one more where a single one could be worked out."""
    small = {body for body, value in figures.items() if 0 < value.rows < FEWEST_SHOWN}
    if len(small) == 1:
        rest = [body for body, value in figures.items() if body and body not in small and value.rows]
        small |= {min(rest, key=lambda body: figures[body].rows)} if rest else set()
    return {body: HIDDEN if body in small else value for body, value in figures.items()}


def new_token() -> str:
    """A bearer token for a reader: 256 random bits, after letters by which a leaked one can be found."""
    return "ffr_" + secrets.token_urlsafe(32)


def check_reader(*, name: str, expires_on: date, today: date) -> None:
    """Raises `RuleBroken` AR1 or AR2 for a token without a name, or one that lasts too long."""
    if not name.strip():
        raise RuleBroken("AR1", "Say what the token is for", "name")
    if not today < expires_on <= today + timedelta(days=LONGEST_LIFE_DAYS):
        raise RuleBroken(
            "AR2", f"The last day must be after today and at most {LONGEST_LIFE_DAYS} days from now", "expires_on"
        )
