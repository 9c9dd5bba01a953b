"""The list pattern: filters with counts, chips, sortable columns, pages of 25, a past date, and the same as a file.

A room says what its list is in a `ListSpec`, and its view is one line: `return show_list(request, queryset, SPEC)`.
The number of queries does not depend on the data: one for the page's rows, and one that counts the rows and the choices
of every filter on a plain field in one pass. Filters with a condition of their own are counted by a query each.
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import batched
from math import ceil
from typing import IO, Any, Final, Literal, cast

from django.db.models import Count, F, Field, ForeignKey, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import reason_of
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.ui import exports
from fourfold.platform.ui.components import Action, Alert, Cell, Empty, Link, Value
from fourfold.platform.ui.fields import read_date
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.pages import Foot, Page
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import Labelled

PAGE_SIZE: Final = 25
EXPORT_CHUNK: Final = 1_000
LONGEST_TEXT: Final = 200
CHOICES_SHOWN: Final = 6
LABELS_APART: Final = 200
MOST_CELLS: Final = 100_000_000
"""Combinations of choices that are counted in one pass; a filter that would make more has a pass of its own. Choices
hang together: of four million that the list of disruptions allows, a region's 3,429 rows have 331."""
FILTERS_OPEN: Final = 4
REWIND: Final = "as_recorded_on"
FIRST_DAY: Final = date(2000, 1, 1)
"""Long before anything was recorded here. Rules count months and years back from the day that is asked for."""
RESERVED: Final = frozenset({"sort", "page", "export", REWIND})

Choices = Iterable[tuple[str, str]] | Callable[[], Iterable[tuple[str, str]]]


@dataclass(frozen=True)
class Column:
    """One column. `sort` names the ORM paths it orders by, ascending; empty for a column that does not sort."""

    key: str
    heading: str
    sort: tuple[str, ...] = ()
    numeric: bool = False


@dataclass(frozen=True)
class Exported:
    """One column of the file, where the file differs from the page."""

    heading: str
    value: Callable[[Any], Value]


@dataclass(frozen=True)
class ChoiceFilter:
    """Tick one or more of a few values; each says how many rows it would leave.

    Args:
        field: ORM path that holds the value. Or give `where`.
        choices: Values with their labels, or a function that gives them; None takes the values found in the rows.
        where: The condition for one value, where a field does not hold it.
        many_rows: The path leads to several rows of another table, so a match must not repeat a row.
        found_only: Show only choices that have rows, or are ticked: for many known values of which few occur.
    """

    key: str
    heading: str
    field: str = ""
    choices: Choices | None = None
    where: Callable[[str], Q] | None = None
    many_rows: bool = False
    found_only: bool = False

    def pairs(self) -> list[tuple[str, str]]:
        given = self.choices() if callable(self.choices) else self.choices or ()
        return [(str(value), str(label)) for value, label in given]

    def condition(self, values: Sequence[str]) -> Q:
        if self.where is None:
            return Q(**{f"{self.field}__in": values})
        asked = Q()
        for value in values:
            asked |= self.where(value)
        return asked


@dataclass(frozen=True)
class TextFilter:
    """Words to look for in some columns, or by `where`."""

    key: str
    heading: str
    fields: tuple[str, ...] = ()
    where: Callable[[str], Q] | None = None
    hint: str = ""
    many_rows: bool = False

    def condition(self, text: str) -> Q:
        if self.where is not None:
            return self.where(text)
        asked = Q()
        for path in self.fields:
            asked |= Q(**{f"{path}__icontains": text})
        return asked


@dataclass(frozen=True)
class DateFilter:
    """A first and a last day, both included. `field` holds a date, or with `moments` a date and time (London days)."""

    key: str
    heading: str
    field: str
    moments: bool = False
    many_rows: bool = False

    def condition(self, first: date | None, last: date | None) -> Q:
        asked = Q()
        if first:
            asked &= Q(**{f"{self.field}__gte": _midnight(first) if self.moments else first})
        if last and last < date.max:
            after = last + timedelta(days=1)
            asked &= Q(**{f"{self.field}__lt": _midnight(after) if self.moments else after})
        return asked


Filter = ChoiceFilter | TextFilter | DateFilter


@dataclass(frozen=True, kw_only=True)
class ListSpec:
    """What a list is.

    Args:
        name: File name of the export, and what the ledger calls it.
        row: Turns one object into one `Cell` a column; makes no query.
        prepare: Turns one page of objects into what `row` is given, for look-ups made once a page.
        order: Key of the column that orders the list first, "-" before it for descending. Ties go by primary key.
        exported: The file's columns, where they differ from the page's.
    """

    name: str
    title: str
    noun: tuple[str, str]
    columns: tuple[Column, ...]
    row: Callable[[Any], tuple[Cell, ...]]
    order: str
    empty: Empty
    prepare: Callable[[Sequence[Any]], Sequence[Any]] | None = None
    filters: tuple[Filter, ...] = ()
    exported: tuple[Exported, ...] = ()
    page_size: int = PAGE_SIZE
    rewinds: bool = True
    exports: bool = True

    def __post_init__(self) -> None:
        keys = [f.key for f in self.filters]
        if len(set(keys)) < len(keys) or RESERVED & set(keys):
            raise ValueError(f"The filters of {self.name} need keys of their own, not {sorted(RESERVED)}")
        if not any(column.sort and column.key == self.order.removeprefix("-") for column in self.columns):
            raise ValueError(f"{self.name} is ordered by {self.order}, which is not a column that sorts")


@dataclass(frozen=True)
class Problem:
    """A value in the address that cannot be used: what is wrong, and the input it belongs to."""

    field_id: str
    sentence: str


@dataclass(frozen=True)
class Rewind:
    """The past date a page is asked for: None is now.

    Build the page inside `with rewind.applied():`, and put `rewind.alerts` among the page's alerts.
    """

    on: date | None = None
    typed: str = ""
    problem: str = ""
    back: str = ""

    @property
    def moment(self) -> datetime | None:
        """The last instant of that day in London."""
        return clock.close_of(self.on) if self.on else None

    def applied(self) -> AbstractContextManager[object]:
        return as_recorded_on(self.moment) if self.moment else nullcontext()

    @property
    def banner(self) -> str:
        return f"You are looking at what was recorded by the end of {shown_date(self.on)}." if self.on else ""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        if self.problem:
            return (Alert("error", self.problem),)
        if self.on:
            return (Alert("information", self.banner, link=Link("Go back to now", self.back)),)
        return ()


@dataclass(frozen=True)
class ChoiceShown:
    value: str
    label: str
    count: int
    on: bool
    field_id: str


@dataclass(frozen=True)
class FilterShown:
    """One filter as the panel shows it. `shape` says which other fields are in use; `folded` opens by a press."""

    key: str
    heading: str
    shape: Literal["choices", "text", "dates"]
    field_id: str
    hint: str = ""
    choices: tuple[ChoiceShown, ...] = ()
    more: tuple[ChoiceShown, ...] = ()
    typed: str = ""
    typed_to: str = ""
    errors: tuple[str, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Chip:
    heading: str
    text: str
    href: str


@dataclass(frozen=True)
class HeadShown:
    text: str
    href: str = ""
    sorted: Literal["", "ascending", "descending"] = ""
    numeric: bool = False


@dataclass(frozen=True)
class PageLink:
    number: int
    href: str
    current: bool = False
    gap: bool = False


@dataclass(frozen=True, kw_only=True)
class ListPage(Page):
    """A list as its template shows it."""

    lead: str
    actions: tuple[Action, ...]
    heads: tuple[HeadShown, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    total_words: str
    range_words: str
    filters: tuple[FilterShown, ...]
    chips: tuple[Chip, ...]
    clear: str
    problems: tuple[Problem, ...]
    rewinds: bool
    rewind: Rewind
    kept: tuple[tuple[str, str], ...]
    pages: tuple[PageLink, ...]
    previous: str
    following: str
    exports: tuple[Link, ...]
    empty: Empty


class _Asked:
    """What the address asks of a list: read once, wrong values set aside with a sentence."""

    def __init__(self, query: QueryDict, spec: ListSpec, *, today: date) -> None:
        self.query = query
        self.spec = spec
        self.problems: list[Problem] = []
        self.conditions: dict[str, Q] = {}
        self.ticked: dict[str, tuple[str, ...]] = {}
        self.pairs: dict[str, list[tuple[str, str]]] = {}
        self.unfiltered: dict[str, dict[str, int]] = {}
        self.rewind = _rewind_of(query, today=today) if spec.rewinds else Rewind()
        if self.rewind.problem:
            self.problems.append(Problem(REWIND, self.rewind.problem))
        self.column, self.descending = self._sort()

    def read_filters(self, queryset: QuerySet[Any]) -> None:
        """Needs the database, for choices that come from it: call inside the rewind."""
        for asked in self.spec.filters:
            match asked:
                case ChoiceFilter():
                    self._read_choices(asked, queryset)
                case TextFilter():
                    self._read_text(asked)
                case DateFilter():
                    self._read_dates(asked)

    def address(self, **changes: str | Sequence[str] | None) -> str:
        """This address with some values changed; None takes one away. Any change goes back to the first page."""
        query = self.query.copy()
        query.pop("page", None)
        query.pop("export", None)
        for key, value in changes.items():
            query.pop(key, None)
            if value is None:
                continue
            query.setlist(key, [value] if isinstance(value, str) else list(value))
        return f"?{query.urlencode()}"

    def narrowed(self, queryset: QuerySet[Any], *, but: Collection[str] = ()) -> QuerySet[Any]:
        found = queryset
        for asked in self.spec.filters:
            if asked.key in but or asked.key not in self.conditions:
                continue
            condition = self.conditions[asked.key]
            if asked.many_rows:
                condition = Q(pk__in=queryset.model._default_manager.filter(condition).values("pk"))
            found = found.filter(condition)
        return found

    def ordered(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        order: list[OrderBy] = [
            F(path).desc(nulls_last=True) if self.descending else F(path).asc(nulls_last=True)
            for path in self.column.sort
        ]
        return queryset.order_by(*order, "pk")

    def words(self) -> str:
        """The filters that are on, as one line of text."""
        return "; ".join(f"{chip.heading}: {chip.text}" for chip in self.chips()) or "none"

    def chips(self) -> tuple[Chip, ...]:
        made: list[Chip] = []
        for asked in self.spec.filters:
            match asked:
                case ChoiceFilter():
                    labels = dict(self.pairs[asked.key])
                    on = self.ticked.get(asked.key, ())
                    made += [
                        Chip(asked.heading, labels[value], self.address(**{asked.key: [v for v in on if v != value]}))
                        for value in on
                    ]
                case TextFilter() if asked.key in self.conditions:
                    made.append(Chip(asked.heading, f"“{self._typed(asked.key)}”", self.address(**{asked.key: None})))
                case DateFilter() if asked.key in self.conditions:
                    for end, word in (("from", "from"), ("to", "up to")):
                        key = f"{asked.key}_{end}"
                        day = read_date(self._typed(key))
                        if day:
                            made.append(Chip(asked.heading, f"{word} {shown_date(day)}", self.address(**{key: None})))
                case _:
                    pass
        return tuple(made)

    def _typed(self, key: str) -> str:
        return self.query.get(key, "").replace("\x00", "").strip()

    def _sort(self) -> tuple[Column, bool]:
        columns = {column.key: column for column in self.spec.columns if column.sort}
        typed = self._typed("sort") or self.spec.order
        key = typed.removeprefix("-")
        if key not in columns:
            self.problems.append(Problem("list", "The list cannot be sorted that way, so it is in its usual order."))
            typed = self.spec.order
            key = typed.removeprefix("-")
        return columns[key], typed.startswith("-")

    def _read_choices(self, asked: ChoiceFilter, queryset: QuerySet[Any]) -> None:
        pairs = asked.pairs()
        typed = [value.replace("\x00", "") for value in self.query.getlist(asked.key) if value]
        if asked.choices is None:
            self.unfiltered[asked.key] = _grouped(queryset, asked)
            pairs = [(value, value) for value in sorted(self.unfiltered[asked.key])]
        self.pairs[asked.key] = pairs
        known = {value for value, _ in pairs}
        on = tuple(dict.fromkeys(value for value in typed if value in known))
        if len(on) < len(set(typed)):
            sentence = f"“{asked.heading}” has no such choice, so it is left out."
            self.problems.append(Problem(f"filter-{asked.key}", sentence))
        self.ticked[asked.key] = on
        if on:
            self.conditions[asked.key] = asked.condition(on)

    def _read_text(self, asked: TextFilter) -> None:
        typed = self._typed(asked.key)
        if len(typed) > LONGEST_TEXT:
            sentence = f"“{asked.heading}” must be {LONGEST_TEXT} characters or fewer"
            self.problems.append(Problem(f"filter-{asked.key}", sentence))
        elif typed:
            self.conditions[asked.key] = asked.condition(typed)

    def _read_dates(self, asked: DateFilter) -> None:
        days: dict[str, date | None] = {}
        for end in ("from", "to"):
            key = f"{asked.key}_{end}"
            typed = self._typed(key)
            days[end] = read_date(typed)
            if typed and not days[end]:
                sentence = f"“{asked.heading}”, {end}: enter a real date, like 27/3/2023"
                self.problems.append(Problem(f"filter-{key}", sentence))
        first, last = days["from"], days["to"]
        if first and last and first > last:
            sentence = f"“{asked.heading}”: the first day must not be after the last"
            self.problems.append(Problem(f"filter-{asked.key}_from", sentence))
        elif first or last:
            self.conditions[asked.key] = asked.condition(first, last)


class _Tally:
    """How many rows have each combination of choices, counted in one pass over the rows of all other filters.

    What a filter's choices would leave, and the number of rows in all, are sums over it: exact, and never from two
    moments. It takes the filters on a plain field whose choices are known beforehand.
    """

    def __init__(self, asked: _Asked, queryset: QuerySet[Any]) -> None:
        self.asked = asked
        taken: list[ChoiceFilter] = []
        cells = 1
        for each in asked.spec.filters if _is_plain(queryset) else ():
            if not isinstance(each, ChoiceFilter) or each.where or each.choices is None or each.many_rows:
                continue
            more = cells * (len(asked.pairs[each.key]) + 1)
            if more <= MOST_CELLS:
                taken.append(each)
                cells = more
        self.keys = tuple(each.key for each in taken)
        self.cells: dict[tuple[str, ...], int] = {}
        if taken:
            self._count(asked.narrowed(queryset, but=self.keys), taken)

    @property
    def total(self) -> int | None:
        """Rows under all filters; None where nothing was counted."""
        return sum(rows for _, rows in self._under(but="")) if self.keys else None

    def counts(self, key: str) -> dict[str, int]:
        """Rows of each choice of one filter under all the others; rows without a value belong to no choice."""
        place = self.keys.index(key)
        found: dict[str, int] = {}
        for values, rows in self._under(but=key):
            if values[place]:
                found[values[place]] = found.get(values[place], 0) + rows
        return found

    def _under(self, *, but: str) -> Iterator[tuple[tuple[str, ...], int]]:
        """The combinations that the ticked choices of every filter but one leave."""
        wanted = [
            (place, frozenset(self.asked.ticked[key]))
            for place, key in enumerate(self.keys)
            if key != but and self.asked.ticked[key]
        ]
        for values, rows in self.cells.items():
            if all(values[place] in ticked for place, ticked in wanted):
                yield values, rows

    def _count(self, rows: QuerySet[Any], taken: Sequence[ChoiceFilter]) -> None:
        columns = [_Counted.of(rows.model, each.field) for each in taken]
        if _comes_by_label(rows.model):
            columns.append(_Counted("label_id"))
        found = list(rows.order_by().values_list(*(column.path for column in columns)).annotate(rows=Count("*")))
        named = [column.names({row[place] for row in found}) for place, column in enumerate(columns)]
        for *values, count in found:
            cell = tuple(names[value] for value, names in zip(values, named, strict=True))
            self.cells[cell] = self.cells.get(cell, 0) + int(count)


@dataclass(frozen=True)
class _Counted:
    """What rows are grouped by for a filter: its field, or for a unique column of another table the key to it.

    Grouping by the key needs no other table for each row: the few names are looked up afterwards.
    """

    path: str
    column: "Field[Any, Any] | None" = None

    @classmethod
    def of(cls, model: type[Model], path: str) -> "_Counted":
        near, _, far = path.partition("__")
        key = next((f for f in model._meta.concrete_fields if f.name == near), None)
        if far and isinstance(key, ForeignKey) and not key.null and key.target_field.primary_key:
            column = next((f for f in key.related_model._meta.concrete_fields if f.name == far and f.unique), None)
            if column is not None:
                return cls(key.attname, column)
        return cls(path)

    def names(self, values: Iterable[object]) -> dict[object, str]:
        """The choice that each value is; the empty text where it is none."""
        if self.column is None:
            return {value: "" if value is None else str(value) for value in values}
        wanted = set(values)
        there = self.column.model._default_manager.filter(pk__in=wanted).values_list("pk", self.column.name)
        return dict.fromkeys(wanted, "") | {pk: str(name) for pk, name in there}


def _comes_by_label(model: type[Model]) -> bool:
    """Whether to count each label by itself: from an index of label and choices rows then come in groups already."""
    acting = scope.current()
    return issubclass(model, Labelled) and acting is not None and len(acting.reads) <= LABELS_APART


def _is_plain(queryset: QuerySet[Any]) -> bool:
    """Whether rows can be grouped without counting one twice."""
    query = queryset.query
    grouped = any(annotation.contains_aggregate for annotation in query.annotations.values())
    return not (query.distinct or query.combinator or query.is_sliced or query.group_by or grouped)


def recorded_on(request: HttpRequest) -> Rewind:
    """The past date that the address of a record's page asks for."""
    return _rewind_of(request.GET, today=clock.today())


def show_list(
    request: HttpRequest,
    queryset: QuerySet[Any],
    spec: ListSpec,
    *,
    title: str = "",
    caption: str = "",
    crumbs: tuple[Link, ...] = (),
    actions: tuple[Action, ...] = (),
    alerts: tuple[Alert, ...] = (),
    foot: Foot | None = None,
    lead: str = "",
    template: str = "ui/list.html",
) -> HttpResponseBase:
    """Answer a request for a list: the page, or the file when the address asks for one."""
    wanted = request.GET.get("export", "")
    if spec.exports and wanted in exports.FORMATS:
        return export_list(request, queryset, spec, wanted=wanted, title=title)
    page = build_list(
        request,
        queryset,
        spec,
        title=title,
        caption=caption,
        crumbs=crumbs,
        actions=actions,
        alerts=alerts,
        foot=foot,
        lead=lead,
    )
    return render(request, template, {"page": page})


def build_list(
    request: HttpRequest,
    queryset: QuerySet[Any],
    spec: ListSpec,
    *,
    title: str = "",
    caption: str = "",
    crumbs: tuple[Link, ...] = (),
    actions: tuple[Action, ...] = (),
    alerts: tuple[Alert, ...] = (),
    foot: Foot | None = None,
    lead: str = "",
) -> ListPage:
    """The page object of a list, whole: nothing in it queries later."""
    asked = _Asked(request.GET, spec, today=clock.today())
    with asked.rewind.applied():
        asked.read_filters(queryset)
        found = asked.narrowed(queryset)
        tally = _Tally(asked, queryset)
        total = found.count() if tally.total is None else tally.total
        last = max(1, ceil(total / spec.page_size))
        number = min(_whole(request.GET.get("page", "")), last)
        start = (number - 1) * spec.page_size
        objects = list(asked.ordered(found)[start : start + spec.page_size]) if total else []
        rows = tuple(tuple(_rewound(cell, asked.rewind) for cell in row) for row in _rows(objects, spec))
        alike = _counted_alike(asked, found)
        filters = tuple(_filter_shown(each, asked, queryset, tally, alike) for each in spec.filters)
    chips = asked.chips()
    kept_names = [name for name in ("sort",) if request.GET.get(name)]
    return ListPage(
        title=title or spec.title,
        caption=caption,
        crumbs=crumbs,
        alerts=(*alerts, *(asked.rewind.alerts if not asked.rewind.problem else ())),
        foot=foot,
        has_errors=bool(asked.problems),
        lead=lead,
        actions=actions,
        heads=tuple(_head(column, asked) for column in spec.columns),
        rows=rows,
        total=total,
        total_words=plural(total, *spec.noun),
        range_words=f"{start + 1:,} to {start + len(rows):,} of {plural(total, *spec.noun)}" if last > 1 else "",
        filters=_folded(filters, asked.conditions),
        chips=chips,
        clear=_cleared(asked),
        problems=tuple(asked.problems),
        rewinds=spec.rewinds,
        rewind=asked.rewind,
        kept=tuple((name, request.GET[name]) for name in kept_names),
        pages=_page_links(number, last, asked) if last > 1 else (),
        previous=asked.address(page=str(number - 1)) if number > 1 else "",
        following=asked.address(page=str(number + 1)) if number < last else "",
        exports=_export_links(asked) if spec.exports and total else (),
        empty=_empty(asked, spec, filtered=bool(chips)),
    )


def export_list(
    request: HttpRequest, queryset: QuerySet[Any], spec: ListSpec, *, wanted: exports.Format, title: str = ""
) -> HttpResponseBase:
    """The list as a file: same filters, same past date, all rows. The ledger notes who took what, and why.

    A long CSV file is sent row by row. The ledger has that before the first row leaves, and how many left after the
    last.
    """
    asked = _Asked(request.GET, spec, today=clock.today())
    heads = [e.heading for e in spec.exported] or [column.heading for column in spec.columns]
    day = (asked.rewind.on or clock.today()).isoformat()
    name = f"OFFICIAL-SENSITIVE {spec.name} {day}.{wanted}"
    kind = exports.FORMATS[wanted]
    with asked.rewind.applied():
        asked.read_filters(queryset)
        found = asked.ordered(asked.narrowed(queryset))
        total = found.count()
        note = partial(
            audit.note,
            audit.Operation.EXPORT,
            object_type=spec.name,
            reason=reason_of(request),
            format=wanted,
            filters=asked.words(),
            as_recorded_on=asked.rewind.on.isoformat() if asked.rewind.on else "now",
        )
        if wanted == "csv" and total > exports.ROWS_AT_ONCE:
            note(rows=total, sent="begun")
            pieces = _row_by_row(found, spec, heads, asked.rewind, note, expected=total)
            return exports.streamed(pieces, name=name, kind=kind)
        if wanted == "xlsx" and total > exports.ROWS_IN_A_WORKBOOK:
            most = f"{exports.ROWS_IN_A_WORKBOOK:,}"
            sentence = (
                f"A workbook of a list holds {most} rows and this one has {total:,}. Filter it, or take the CSV file."
            )
            page = replace(build_list(request, queryset, spec, title=title), alerts=(Alert("error", sentence),))
            return HttpResponse(render(request, "ui/list.html", {"page": page}).content, status=422)
        out = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024))  # noqa: SIM115  the answer closes it
        values = _values(found, spec)
        if wanted == "csv":
            written = exports.write_csv(out, heads, values)
        else:
            from fourfold.platform.ui import workbooks  # noqa: PLC0415  slow to load, and few processes write one

            written = workbooks.write_xlsx(out, heads, values, _about(request, asked, title or spec.title))
    note(rows=written)
    return exports.attached(out, name=name, kind=kind)


def _row_by_row(
    found: QuerySet[Any],
    spec: ListSpec,
    heads: Sequence[str],
    rewind: Rewind,
    note: Callable[..., None],
    *,
    expected: int,
) -> Iterator[bytes]:
    """A CSV file as the database's cursor gives its rows, in the scope that the answer opens again.

    The ledger then has how many were sent: all of them, or those until whoever asked went away. A fault on the way
    leaves the entry that it was begun, and no other; the server ends the answer as if it were whole, so the file's
    last line says that it is not.
    """
    sent = 0

    def counted() -> Iterator[Sequence[Value]]:
        nonlocal sent
        for row in _values(found, spec):
            sent += 1
            yield row

    try:
        with rewind.applied():
            yield from exports.csv_pieces(heads, counted())
    except GeneratorExit:
        note(rows=sent, sent="broken off")
        raise
    except Exception:
        yield exports.csv_line(f"This file is not whole: it broke off. The list has {expected:,} rows; take it again.")
        raise
    note(rows=sent, sent="whole")


def _values(found: QuerySet[Any], spec: ListSpec) -> Iterator[Sequence[Value]]:
    for chunk in batched(found.iterator(chunk_size=EXPORT_CHUNK), EXPORT_CHUNK):
        if spec.exported:
            ready = spec.prepare(chunk) if spec.prepare else chunk
            yield from ([column.value(each) for column in spec.exported] for each in ready)
        else:
            yield from ([_plain(cell) for cell in cells] for cells in _rows(chunk, spec))


def _plain(cell: Cell) -> Value:
    return cell.tag.text if cell.value in {None, ""} and cell.tag else cell.value


def _rows(objects: Sequence[Any], spec: ListSpec) -> Iterator[tuple[Cell, ...]]:
    for each in spec.prepare(objects) if spec.prepare else objects:
        cells = spec.row(each)
        if len(cells) != len(spec.columns):
            raise ValueError(f"A row of {spec.name} has {len(cells)} cells for {len(spec.columns)} columns")
        yield tuple(
            replace(cell, numeric=True) if column.numeric and not cell.numeric else cell
            for cell, column in zip(cells, spec.columns, strict=True)
        )


def _rewound(cell: Cell, rewind: Rewind) -> Cell:
    """A cell of a list as recorded on a day opens its record as recorded on that day."""
    if not cell.href or not rewind.on:
        return cell
    return replace(cell, href=f"{cell.href}{'&' if '?' in cell.href else '?'}{REWIND}={rewind.on}")


def _filter_shown(
    each: Filter, asked: _Asked, queryset: QuerySet[Any], tally: _Tally, alike: Mapping[str, Mapping[str, int]]
) -> FilterShown:
    field_id = f"filter-{each.key}"
    errors = tuple(p.sentence for p in asked.problems if p.field_id in {field_id, f"{field_id}_from", f"{field_id}_to"})
    match each:
        case ChoiceFilter():
            shown = _choices_shown(each, asked, queryset, tally, alike)
            first, more = _first_choices(shown)
            return FilterShown(each.key, each.heading, "choices", field_id, choices=first, more=more, errors=errors)
        case TextFilter():
            typed = asked.query.get(each.key, "")
            return FilterShown(each.key, each.heading, "text", field_id, hint=each.hint, typed=typed, errors=errors)
        case DateFilter():
            return FilterShown(
                each.key,
                each.heading,
                "dates",
                field_id,
                typed=asked.query.get(f"{each.key}_from", ""),
                typed_to=asked.query.get(f"{each.key}_to", ""),
                errors=errors,
            )


def _first_choices(shown: list[ChoiceShown]) -> tuple[tuple[ChoiceShown, ...], tuple[ChoiceShown, ...]]:
    """Those shown at once, and the rest: ticked ones come first, then those with rows; each part keeps the order."""
    ranked = sorted(shown, key=lambda choice: (not choice.on, choice.count == 0))
    most = max(CHOICES_SHOWN, sum(choice.on for choice in shown))
    at_once = {choice.value for choice in (ranked[:most] if len(shown) > CHOICES_SHOWN + 1 else shown)}
    return (
        tuple(choice for choice in shown if choice.value in at_once),
        tuple(choice for choice in shown if choice.value not in at_once),
    )


def _folded(shown: tuple[FilterShown, ...], on: Collection[str]) -> tuple[FilterShown, ...]:
    """The filters past the first few fold into a line each, unless they are on or have something wrong."""
    return tuple(
        replace(each, folded=True)
        if at >= FILTERS_OPEN and each.shape != "text" and each.key not in on and not each.errors
        else each
        for at, each in enumerate(shown)
    )


def _counted_alike(asked: _Asked, found: QuerySet[Any]) -> dict[str, dict[str, int]]:
    """Rows of each choice of the filters that are not on and whose choices are conditions.

    What all of these count is the rows of the list, so one query does for them.
    """
    wanted = [
        (each.key, value, Count("pk", filter=each.where(value)))
        for each in asked.spec.filters
        if isinstance(each, ChoiceFilter) and each.where and not each.many_rows and each.key not in asked.conditions
        for value, _ in asked.pairs[each.key]
    ]
    counts: dict[str, dict[str, int]] = {}
    if wanted:
        got = found.order_by().aggregate(**{f"n{number}": counted for number, (_, _, counted) in enumerate(wanted)})
        for number, (key, value, _) in enumerate(wanted):
            counts.setdefault(key, {})[value] = int(got[f"n{number}"])
    return counts


def _choices_shown(
    each: ChoiceFilter,
    asked: _Asked,
    queryset: QuerySet[Any],
    tally: _Tally,
    alike: Mapping[str, Mapping[str, int]],
) -> list[ChoiceShown]:
    """Each choice with the rows it has under all the other filters: at most one query, however many choices."""
    counts: Mapping[str, int]
    pairs = asked.pairs[each.key]
    others = asked.narrowed(queryset, but={each.key}).order_by()
    if each.key in tally.keys:
        counts = tally.counts(each.key)
    elif each.key in alike:
        counts = alike[each.key]
    elif each.key in asked.unfiltered and not asked.conditions.keys() - {each.key}:
        counts = asked.unfiltered[each.key]
    elif each.where is None:
        counts = _grouped(others, each)
    elif pairs:
        asked_for = {
            f"n{number}": Count("pk", filter=each.where(value), distinct=each.many_rows)
            for number, (value, _) in enumerate(pairs)
        }
        got = others.aggregate(**asked_for)
        counts = {value: int(got[f"n{number}"]) for number, (value, _) in enumerate(pairs)}
    else:
        counts = {}
    on = asked.ticked.get(each.key, ())
    return [
        ChoiceShown(
            value, label, counts.get(value, 0), value in on, f"filter-{each.key}" + (f"-{number}" if number else "")
        )
        for number, (value, label) in enumerate(pairs)
        if not each.found_only or counts.get(value) or value in on
    ]


def _grouped(queryset: QuerySet[Any], each: ChoiceFilter) -> dict[str, int]:
    """Rows by value of the filter's field; rows without a value belong to no choice."""
    # Counting rows, not keys, lets an index that has the column answer alone.
    counted = Count("pk", distinct=True) if each.many_rows else Count("*")
    grouped = queryset.order_by().values_list(each.field).annotate(rows=counted)
    return {str(value): int(rows) for value, rows in grouped if value not in {None, ""}}


def _head(column: Column, asked: _Asked) -> HeadShown:
    if not column.sort:
        return HeadShown(column.heading, numeric=column.numeric)
    is_sorted = column.key == asked.column.key
    direction: Literal["", "ascending", "descending"] = ""
    if is_sorted:
        direction = "descending" if asked.descending else "ascending"
    turned = f"-{column.key}" if is_sorted and not asked.descending else column.key
    return HeadShown(column.heading, asked.address(sort=turned), direction, column.numeric)


def _page_links(number: int, last: int, asked: _Asked) -> tuple[PageLink, ...]:
    """The first, the last and those about this one, with gaps between."""
    near = sorted({n for n in (1, last, number - 1, number, number + 1) if 1 <= n <= last})
    links: list[PageLink] = []
    for at in near:
        if links and at > links[-1].number + 1:
            links.append(PageLink(at - 1, "", gap=True))
        links.append(PageLink(at, asked.address(page=str(at)), current=at == number))
    return tuple(links)


def _export_links(asked: _Asked) -> tuple[Link, ...]:
    return (
        Link("Download as CSV", asked.address(export="csv")),
        Link("Download as a workbook (XLSX)", asked.address(export="xlsx")),
    )


def _cleared(asked: _Asked) -> str:
    """The address without filters; order and past date stay."""
    query = QueryDict(mutable=True)
    for key in ("sort", REWIND):
        if key in asked.query:
            query[key] = asked.query.get(key, "")
    return f"?{query.urlencode()}"


def _empty(asked: _Asked, spec: ListSpec, *, filtered: bool) -> Empty:
    if filtered:
        text = f"No {spec.noun[0]} matches all of these filters. Take one away, or start again."
        return Empty("Nothing matches", text, Link("Clear the filters", _cleared(asked)))
    if asked.rewind.on:
        text = f"No {spec.noun[0]} had been recorded by the end of {shown_date(asked.rewind.on)}."
        return Empty("Nothing recorded by then", text, Link("Go back to now", asked.rewind.back))
    return spec.empty


def _about(request: HttpRequest, asked: _Asked, title: str) -> exports.About:
    moment = asked.rewind.on
    return exports.About(
        title,
        (
            ("Marking", "OFFICIAL-SENSITIVE"),
            ("Taken on", shown_date(clock.today())),
            ("Taken by", str(getattr(request.user, "name", ""))),
            ("As recorded on", f"the end of {shown_date(moment)}" if moment else "the moment it was taken"),
            ("Filters", asked.words()),
            ("Order", f"{asked.column.heading}, {'descending' if asked.descending else 'ascending'}"),
        ),
    )


def _rewind_of(query: QueryDict, *, today: date) -> Rewind:
    typed = query.get(REWIND, "").strip()
    without = query.copy()
    for key in (REWIND, "page", "export"):
        without.pop(key, None)
    back = f"?{without.urlencode()}"
    if not typed:
        return Rewind(back=back)
    day = read_date(typed)
    if day is None:
        return Rewind(typed=typed, problem="As recorded on: enter a real date, like 27/3/2023", back=back)
    if day > today:
        return Rewind(typed=typed, problem="As recorded on: the date must be today or earlier", back=back)
    if day < FIRST_DAY:
        problem = f"As recorded on: nothing is recorded before {FIRST_DAY.year}, give a later date"
        return Rewind(typed=typed, problem=problem, back=back)
    if day == today:
        return Rewind(back=back)
    return Rewind(on=day, typed=f"{day.day}/{day.month}/{day.year}", back=back)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.LONDON)


def _whole(typed: str) -> int:
    return max(1, int(typed)) if typed.isdecimal() and len(typed) < 10 else 1
