"""Figures and the rows behind them. No user argument: the database has already hidden what the reader may not see."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from fourfold.performance import rules, subjects
from fourfold.performance.models import ApiReader, RegionCount
from fourfold.performance.rules import Extract, Measure, Period
from fourfold.performance.rules import Value as Figure
from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.people.models import Organisation, OrganisationKind, User
from fourfold.platform.reference import selectors as reference
from fourfold.platform.reference.keeping import kept

REGION = ""


@dataclass(frozen=True)
class Asked:
    """How a figure is asked for.

    Args:
        today: The day it is asked on.
        on: The day it is read as recorded on; None is now.
        reading: Which reading of the source, where the source has more than one; empty for the default.
        period: For measures that take one; the year to the day where none is given.
        body: Code of the organisation it is for; empty for the region.
    """

    today: date
    on: date | None = None
    reading: str = ""
    period: Period | None = None
    body: str = REGION

    @property
    def day(self) -> date:
        return self.on or self.today

    @property
    def moment(self) -> datetime | None:
        return clock.close_of(self.on) if self.on else None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside the block every query reads what was recorded on the day asked for."""
        if self.moment is None:
            yield
        else:
            with as_recorded_on(self.moment):
                yield

    def when(self, measure: Measure) -> subjects.When:
        period = (self.period or rules.year_to(self.day)) if measure.has_period else None
        return subjects.When(self.day, period, self.moment)


@dataclass(frozen=True)
class Bodies:
    """The organisations whose figures these are, forces first."""

    all: tuple[Organisation, ...]

    @property
    def keys(self) -> tuple[int, ...]:
        return tuple(body.pk for body in self.all)

    @property
    def forces(self) -> tuple[Organisation, ...]:
        return tuple(body for body in self.all if body.kind == OrganisationKind.FORCE)

    def by_code(self, code: str) -> Organisation:
        """Raises `NotThere` where no force of the region and no unit of it has the code."""
        found = next((body for body in self.all if body.code == code), None)
        if found is None:
            raise NotThere
        return found

    def name(self, code: str) -> str:
        return self.by_code(code).name if code else "The region"


def bodies() -> Bodies:
    return Bodies(subjects.bodies())


def extracts() -> Mapping[str, Extract]:
    """Every saved filter in force, by code."""
    return _extracts(clock.today())


@kept
def _extracts(day: date) -> Mapping[str, Extract]:
    return {
        term.code: rules.extract_of(
            term.code, term.name, term.detail, source=term.source, mark=term.mark, effective_from=term.effective_from
        )
        for term in reference.terms("extract", on=day)
    }


def measures() -> Mapping[str, Measure]:
    """The registry, in the region's order."""
    return _measures(clock.today())


@kept
def _measures(day: date) -> Mapping[str, Measure]:
    known = _extracts(day)
    return {
        term.code: rules.measure_of(
            term.code,
            term.name,
            term.detail,
            known,
            source=term.source,
            mark=term.mark,
            effective_from=term.effective_from,
        )
        for term in reference.terms("measure", on=day)
    }


def measure(code: str) -> Measure:
    """Raises `NotThere` where the registry has none of that code."""
    found = measures().get(code)
    if found is None:
        raise NotThere
    return found


def filter_in_words(of: Measure, *, reading: str = "", part: bool = True) -> tuple[str, ...]:
    """The filter of a measure, one sentence a condition."""
    asked = (*of.extract.under(reading), *of.only, *(of.share if part else ()))
    return subjects.words_of(asked, of.extract.of)


def rows_of(of: Measure, asked: Asked, *, part: bool = True, bodies_known: Bodies | None = None) -> QuerySet[Any]:
    """The rows that a figure counts; read them inside `asked.applied()`.

    Args:
        part: For a share: only the rows that are the part; else those it is a part of.
    """
    known = bodies_known or bodies()
    found = _rows(of, asked, known)
    if part and of.share:
        found = found.filter(subjects.subject(of.extract.of).condition(of.share, asked.when(of)))
    if asked.body:
        found = found.filter(**{subjects.subject(of.extract.of).body: known.by_code(asked.body).pk})
    return found


def figures_of(of: Measure, asked: Asked, *, bodies_known: Bodies | None = None) -> dict[str, Figure]:
    """The figure of every body by its code, and of the region under the empty code. One query."""
    return figures_together((of,), asked, bodies_known=bodies_known)[of.code]


def figures_together(
    measures_asked: Sequence[Measure], asked: Asked, *, bodies_known: Bodies | None = None
) -> dict[str, dict[str, Figure]]:
    """Figures of measures of one extract, by measure and body: one query, which reads the rows once for all of them.

    Rows are grouped by their body and by what each measure asks of a row, so that a few hundred groups come back.
    """
    known = bodies_known or bodies()
    first = measures_asked[0]
    if any(each.extract != first.extract for each in measures_asked):
        raise ValueError("figures are read together from one extract")
    subject = subjects.subject(first.extract.of)
    asks = list(dict.fromkeys(conditions for of in measures_asked for conditions in (of.only, of.share) if conditions))
    flags = {
        f"flag_{number}": Case(When(subject.condition(conditions, asked.when(first)), then=True), default=False)
        for number, conditions in enumerate(asks)
    }
    days = {"days": subjects.record_lag()} if any(of.median for of in measures_asked) else {}
    paths = {of.mean: subject.fields[of.mean].path for of in measures_asked if of.mean}
    sums = {f"sum_of_{name}": Sum(path) for name, path in paths.items()}
    with asked.applied():
        found = _rows(first, asked, known, only=False).order_by().annotate(**flags, **days)
        grouped = found.values_list(subject.body, *flags, *days).annotate(rows=Count("*"), **sums)
        groups = [_group(row, asks, bool(days), tuple(paths)) for row in grouped]
    people = populations() if any(of.per_population for of in measures_asked) else {}
    return {of.code: _by_body(of, groups, known, people) for of in measures_asked}


@dataclass(frozen=True)
class _Group:
    """Rows of one body that are alike in what is asked of them."""

    body: int
    meets: frozenset[tuple[rules.Condition, ...]]
    days: int
    rows: int
    sums: Mapping[str, int]


def _group(row: Sequence[Any], asks: Sequence[Any], with_days: bool, summed: Sequence[str]) -> _Group:
    flags, rest = row[1 : 1 + len(asks)], row[1 + len(asks) :]
    days, counted = (rest[0], rest[1:]) if with_days else (0, rest)
    meets = frozenset(conditions for conditions, holds in zip(asks, flags, strict=True) if holds)
    sums = {name: total or 0 for name, total in zip(summed, counted[1:], strict=True)}
    return _Group(row[0], meets, days, counted[0], sums)


def _by_body(of: Measure, groups: Sequence[_Group], known: Bodies, people: Mapping[str, int]) -> dict[str, Figure]:
    counted = [group for group in groups if not of.only or of.only in group.meets]
    theirs: dict[int, list[_Group]] = defaultdict(list)
    for group in counted:
        theirs[group.body].append(group)
    made = {body.code: _figure(of, theirs[body.pk], people.get(body.code, 0)) for body in known.all}
    return made | {REGION: _figure(of, counted, sum(people.values()))}


def _figure(of: Measure, groups: Sequence[_Group], people: int) -> Figure:
    rows = sum(group.rows for group in groups)
    if of.share:
        part = sum(group.rows for group in groups if of.share in group.meets)
        return Figure(rules.share(part, rows), part, rows)
    if of.per_population:
        return Figure(rules.per_1000(rows, people), rows, people or None)
    if of.median:
        by_days: dict[int, int] = defaultdict(int)
        for group in groups:
            by_days[group.days] += group.rows
        return Figure(rules.median_of(by_days), rows)
    if of.mean:
        return Figure(rules.mean(sum(group.sums[of.mean] for group in groups), rows), rows)
    return Figure(rows, rows)


def figure_of(of: Measure, asked: Asked) -> Figure:
    return figures_of(of, asked)[asked.body]


def counts_by(
    of: Measure, asked: Asked, *fields: str, expressions: Mapping[str, Any] | None = None, known: Bodies
) -> list[tuple[tuple[Any, ...], int]]:
    """How many rows have each combination of values. One query, inside `asked.applied()`."""
    given = expressions or {}
    found = rows_of(of, asked, bodies_known=known).order_by()
    if given:
        found = found.annotate(**given)
    counted = found.values_list(*fields, *given).annotate(rows=Count("*"))
    return [(row[:-1], row[-1]) for row in counted]


def belongs_to(of: Measure, asked: Asked) -> Case:
    """Whether a row is in the extract of a measure, as an expression."""
    subject = subjects.subject(of.extract.of)
    return Case(
        When(subject.condition(of.extract.under(asked.reading), asked.when(of)), then=True),
        default=False,
    )


def populations() -> dict[str, int]:
    """People who live in each force's area."""
    return {term.code: int(term.detail["people"]) for term in reference.terms("population")}


def region_counts(*, on: date | None = None) -> tuple[RegionCount, ...]:
    """What other regions have, those of one day where it is given; newest first."""
    found = RegionCount.objects.all()
    if on:
        found = found.filter(extracted_on=on)
    return tuple(found.order_by("-extracted_on", "region"))


def readers_of(owner: User) -> tuple[ApiReader, ...]:
    """Tokens that somebody made and has not withdrawn."""
    return tuple(ApiReader.objects.filter(owner=owner, withdrawn_at=None).order_by("expires_on", "pk"))


def reader_of_token(token_hash: str, *, today: date, for_files: bool = False) -> User | None:
    """Whose token it is: None for one that is not known, withdrawn or out of date, or not made for what is asked."""
    found = ApiReader.objects.filter(token_hash=token_hash, withdrawn_at=None, expires_on__gte=today)
    if for_files:
        found = found.filter(takes_files=True)
    reader = found.select_related("owner__organisation").first()
    return reader.owner if reader is not None and reader.owner.is_active else None


def ages(asked: Asked) -> Case:
    """The age band of a threat on the day, as an expression."""
    when = subjects.When(asked.day)
    cases = [When(subjects.age_condition(rules.Op.IS, code, when), then=Value(code)) for code, *_ in subjects.AGES]
    return Case(*cases, default=Value(""))


def _rows(of: Measure, asked: Asked, known: Bodies, *, only: bool = True) -> QuerySet[Any]:
    subject = subjects.subject(of.extract.of)
    conditions = (*of.extract.under(asked.reading), *(of.only if only else ()))
    of_the_region = Q(**{f"{subject.body}__in": known.keys})
    return subject.rows().filter(of_the_region, subject.condition(conditions, asked.when(of)))
