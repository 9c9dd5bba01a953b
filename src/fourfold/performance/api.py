"""Figures for programs: the registry, a figure as recorded on a date, its rows, what changed, the inspection's table.

Read only. A signed-in person reads with their session; a program with a bearer token, which has its owner's rights.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router
from ninja.security import APIKeyCookie, HttpBearer

from fourfold.intake.rules import token_hash
from fourfold.performance import comparing, inspection, lists, pages, rules, selectors, subjects
from fourfold.performance.rules import Measure, Value
from fourfold.performance.schemas import (
    BodyCode,
    BodyFigureOut,
    Day,
    DifferenceOut,
    FigureOut,
    InspectionLineOut,
    Limit,
    MeasureCode,
    MeasureOut,
    Offset,
    PeriodFrom,
    PeriodTo,
    Reading,
    ReadingOut,
    RecordedOn,
    RowChangeOut,
    RowOut,
    RowsOut,
    StepOut,
)
from fourfold.performance.selectors import Asked, Bodies
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.people.services import service_user
from fourfold.platform.ui.jinja import shown
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.middleware import answering
from fourfold.threats import rules as threat_rules


class SessionReader(APIKeyCookie):
    """Somebody who is signed in: the middleware has opened their scope already."""

    param_name = settings.SESSION_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        user = request.user
        return user if key and isinstance(user, User) and scope.current() is not None else None


class TokenReader(HttpBearer):
    """A program, by a token that somebody made for it. Answers the token's owner."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        if scope.current() is not None or not token:
            return None
        with scope.acting_as(service_user("figures")):
            return selectors.reader_of_token(token_hash(token), today=clock.today())


router = Router(auth=[SessionReader(), TokenReader()], tags=["Figures"])


@router.get("/measures", response=list[MeasureOut], operation_id="list_measures", summary="The registry of measures")
def list_measures(request: HttpRequest) -> list[MeasureOut]:
    """Every measure with its definition."""
    with _reading(request):
        return [_measure_out(of) for of in selectors.measures().values()]


@router.get(
    "/measures/{code}", response=FigureOut, operation_id="read_figure", summary="A figure as recorded on a date"
)
def read_figure(
    request: HttpRequest,
    code: MeasureCode,
    as_recorded_on: RecordedOn = None,
    reading: Reading = "",
    period_from: PeriodFrom = None,
    period_to: PeriodTo = None,
) -> FigureOut:
    """The measure of every body and of the region, worked out from the rows that the reader may see."""
    with _reading(request) as reader:
        of = selectors.measure(code)
        known = selectors.bodies()
        asked = _asked(of, as_recorded_on, reading, (period_from, period_to))
        figures = pages.shown_to(reader, selectors.figures_of(of, asked, bodies_known=known))
        period = asked.when(of).period
        _note(reader, of, asked, rows=len(figures))
        return FigureOut(
            measure=_measure_out(of, asked.reading),
            reading=asked.reading or of.extract.default_reading,
            as_recorded_on=asked.on,
            period_from=period.first if period else None,
            period_to=period.last if period else None,
            read_by=reader.name,
            figures=[_body_figure(body, figures, known) for body in figures],
        )


@router.get(
    "/measures/{code}/rows", response=RowsOut, operation_id="list_rows", summary="The rows that a figure counts"
)
def list_rows(
    request: HttpRequest,
    code: MeasureCode,
    body: BodyCode = "",
    as_recorded_on: RecordedOn = None,
    reading: Reading = "",
    period_from: PeriodFrom = None,
    period_to: PeriodTo = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> RowsOut:
    """For a share, the rows that are the part."""
    with _reading(request) as reader:
        of = selectors.measure(code)
        known = selectors.bodies()
        _check_body(body, known)
        asked = replace(_asked(of, as_recorded_on, reading, (period_from, period_to)), body=body)
        spec = lists.spec(of, asked, known)
        with asked.applied():
            found = selectors.rows_of(of, asked, bodies_known=known).order_by("pk")
            total = found.count()
            objects = list(found[offset : offset + limit])
            lines = list(zip(objects, spec.prepare(objects) if spec.prepare else objects, strict=True))
            items = [_row_out(of, row, spec.row(line), spec.columns) for row, line in lines]
        _note(reader, of, asked, rows=len(items))
        return RowsOut(total=total, offset=offset, next_offset=_following(offset, len(items), total), items=items)


@router.get(
    "/measures/{code}/changes",
    response=DifferenceOut,
    operation_id="read_changes",
    summary="What came, went and changed between two dates, and why",
)
def read_changes(
    request: HttpRequest,
    code: MeasureCode,
    earlier: Day,
    later: Day,
    body: BodyCode = "",
    reading: Reading = "",
    offset: Offset = 0,
    limit: Limit = 100,
) -> DifferenceOut:
    """Between the ends of two days. Each row says field by field what changed, who changed it, when and why."""
    with _reading(request) as reader:
        of = selectors.measure(code)
        known = selectors.bodies()
        _check_body(body, known)
        today = clock.today()
        rules.check_moments(earlier, later, today=today)
        period = rules.year_to(later) if of.has_period else None
        asked = replace(_asked(of, None, reading, (None, None)), body=body, period=period)
        then, now = replace(asked, on=earlier), replace(asked, on=later)
        found = comparing.compare(of, earlier=then, later=now, now=clock.now(), known=known)
        shown_rows = found.all[offset : offset + limit]
        _note(reader, of, now, rows=len(shown_rows), earlier=earlier)
        numbers = [pages.shown_to(reader, {body: each})[body] for each in (found.then, found.now)]
        return DifferenceOut(
            measure=of.code,
            body=body,
            earlier=earlier,
            later=later,
            then=_number(numbers[0]),
            now=_number(numbers[1]),
            came=len(found.came),
            went=len(found.went),
            changed=len(found.changed),
            next_offset=_following(offset, len(shown_rows), len(found.all)),
            items=[_change_out(row) for row in shown_rows],
        )


@router.get(
    "/inspection-2023",
    response=list[InspectionLineOut],
    operation_id="read_inspection",
    summary="The inspection's table beside ours",
)
def read_inspection(request: HttpRequest, as_recorded_on: RecordedOn = None) -> list[InspectionLineOut]:
    """Each line as recorded on its own published date of extraction, or all on the date given."""
    with _reading(request) as reader:
        today = clock.today()
        _check_recorded_on(as_recorded_on, today)
        found = inspection.lines(today=today, on=as_recorded_on, shown=partial(pages.shown_to, reader))
        audit.note(
            audit.Operation.EXPORT,
            object_type="performance inspection-2023",
            format="api",
            as_recorded_on=as_recorded_on,
        )
        return [_line_out(line) for line in found]


@contextmanager
def _reading(request: HttpRequest) -> Iterator[User]:
    """The scope of the reader: the session's, or one for the token's owner. Raises `NotThere` without the right."""
    reader: User = getattr(request, "auth")  # noqa: B009  ninja puts it there
    with nullcontext() if scope.current() is not None else answering(request, reader):
        if not may(reader, threat_rules.READ):
            raise NotThere
        yield reader


def _asked(of: Measure, on: date | None, reading: str, period: tuple[date | None, date | None]) -> Asked:
    """Raises `RuleBroken` FG2, FG3 or FG7."""
    today = clock.today()
    _check_recorded_on(on, today)
    if reading and reading not in of.extract.readings:
        raise RuleBroken("FG7", f"{of.code} has no reading called {reading}", "reading")
    first, last = period
    if (first is None) != (last is None):
        raise RuleBroken("FG2", "Give both ends of the period, or neither", "period_from")
    over = rules.check_period(first, last) if first and last else None
    return Asked(today, on, reading, over)


def _check_recorded_on(on: date | None, today: date) -> None:
    if on and on > today:
        raise RuleBroken("FG3", "The date must be today or earlier", "as_recorded_on")


def _check_body(body: str, known: Bodies) -> None:
    if body:
        known.by_code(body)


def _note(reader: User, of: Measure, asked: Asked, *, rows: int, **details: Any) -> None:
    """Whatever leaves by this door is an export."""
    audit.note(
        audit.Operation.EXPORT,
        object_type=f"performance {of.code.lower()}"[:80],
        format="api",
        rows=rows,
        body=asked.body,
        as_recorded_on=asked.on,
        reader=reader.name,
        **details,
    )


def _measure_out(of: Measure, reading: str = "") -> MeasureOut:
    return MeasureOut(
        code=of.code,
        name=of.name,
        question=of.question,
        unit=of.unit.value,
        extract=of.extract.code,
        filter=list(selectors.filter_in_words(of, reading=reading)),
        readings=[ReadingOut(code=code, words=words) for code, words in of.extract.readings.items()],
        takes_period=of.has_period,
        source=of.source,
        mark=of.mark,
        effective_from=of.effective_from,
    )


def _body_figure(body: str, figures: Any, known: Bodies) -> BodyFigureOut:
    value = figures[body]
    return BodyFigureOut(
        body=body,
        name=known.name(body),
        number=_number(value),
        rows=value.rows,
        of=value.of,
        hidden=value.hidden,
    )


def _number(value: Value) -> float | None:
    return None if value.number is None else float(value.number)


def _row_out(of: Measure, row: Any, cells: Any, columns: Any) -> RowOut:
    facts = {column.key: shown(cell.value) for column, cell in zip(columns, cells, strict=True)}
    return RowOut(reference=row.reference, address=subjects.subject(of.extract.of).address(row), facts=facts)


def _change_out(row: comparing.RowChange) -> RowChangeOut:
    return RowChangeOut(
        kind=row.kind.value,
        reference=row.reference,
        name=row.name,
        address=row.href,
        steps=[
            StepOut(field=s.field, before=s.before, after=s.after, at=s.at, by=s.by, reason=s.reason) for s in row.steps
        ],
    )


def _line_out(line: inspection.Line) -> InspectionLineOut:
    return InspectionLineOut(
        code=line.code,
        body=line.asked.body,
        name=line.name,
        says=pages.says_in_words(line),
        ours=pages.number_in_words(line.of, line.ours),
        number=_number(line.ours),
        rows=line.ours.rows,
        of=line.ours.of,
        other_reading=pages.literal_in_words(line),
        agrees=line.said.agrees,
        why=line.said.why,
        as_recorded_on=line.asked.day,
        measure=line.of.code,
        filter=list(selectors.filter_in_words(line.of)),
        source=line.source,
    )


def _following(offset: int, shown_rows: int, total: int) -> int | None:
    following = offset + shown_rows
    return following if shown_rows and following < total else None
