"""Writing a workbook or CSV files of a layout, line by line."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import IO, Any, Final, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from fourfold.exchange import rules
from fourfold.exchange.files.escapes import LongTexts, neutral, to_xml
from fourfold.exchange.rules import Column, Kind, Layout, Shape, Sheet, Values, Words, Written

LAST_LINE: Final = 1_048_576
FIRST_EXCEL_DAY: Final = date(1900, 3, 1)
MOST_FIGURES: Final = 10**15
HEAD: Final = {
    "font": Font(bold=True),
    "fill": PatternFill("solid", fgColor="E8E8E8"),
    "alignment": Alignment(wrap_text=True),
}


@dataclass(frozen=True)
class About:
    """What a written file says of itself."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    open_threats: tuple[tuple[str, str], ...] = ()


def write_workbook(
    out: IO[bytes], rows: Mapping[Kind, Iterable[Values]], *, layout: Layout, words: Words, about: About
) -> dict[Kind, int]:
    """A workbook of the layout: its sheets, what the columns mean, the allowed values. Returns lines by sheet."""
    book = Workbook(write_only=True)
    lists = _Lists(layout, words, about)
    long = LongTexts()
    written = {}
    for sheet in layout.sheets:
        if sheet.kind in rows:
            made = cast("Any", book.create_sheet(sheet.name))
            _prepare(made, sheet, layout=layout, lists=lists)
            line = _Line(made, sheet, layout=layout, words=words, long=long)
            written[sheet.kind] = _append_all(made, map(line.filled, rows[sheet.kind]))
    if about.open_threats:
        _write_plain(book, rules.OPEN_SHEET, ("URN", "Name"), about.open_threats, widths=(16, 60))
    heads, explained = _columns_explained(layout, rows)
    _write_plain(book, rules.COLUMNS_SHEET, heads, explained, widths=(16, 30, 24, 30, 70, 40))
    lists.write(book)
    if long:
        _write_plain(book, rules.LONG_SHEET, ("Mark", "Text"), long.parts(), widths=(24, 100), ready=True)
    _write_plain(book, rules.ABOUT_SHEET, (about.title, ""), about.facts, widths=(24, 80))
    book.save(out)
    return written


def _prepare(made: Any, sheet: Sheet, *, layout: Layout, lists: "_Lists") -> None:
    """Widths, formats, checks and headings. A column of text is one, so that no spreadsheet takes its zeros away."""
    made.freeze_panes = "A2"
    for at, column in enumerate(sheet.columns, start=1):
        letter, is_date = get_column_letter(at), column.field.shape is Shape.DATE
        made.column_dimensions[letter].width = 14 if is_date else max(12, min(40, len(column.heading) + 6))
        if column.field.shape not in {Shape.WHOLE, Shape.DECIMAL}:
            made.column_dimensions[letter].number_format = _date_format(layout) if is_date else "@"
        source = lists.place(sheet, column)
        if source:
            check = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
            check.error, check.errorTitle = "Choose one of the allowed values", column.heading[:32]
            check.add(f"{letter}2:{letter}{LAST_LINE}")
            made.data_validations.append(check)
    made.append([_cell(made, to_xml(neutral(c.heading)), head=True) for c in sheet.columns])


def _date_format(layout: Layout) -> str:
    """The layout's form of a date as a spreadsheet says it."""
    return re.sub(r"%([dmY])", lambda found: {"d": "dd", "m": "mm", "Y": "yyyy"}[found[1]], layout.dates[0])


def _append_all(made: Any, lines: Iterable[list[Cell | None]]) -> int:
    count = 0
    for line in lines:
        made.append(line)
        count += 1
    return count


class _Line:
    """The cells of a line. A row is written at once, so one cell a column serves all of them."""

    def __init__(self, made: Any, sheet: Sheet, *, layout: Layout, words: Words, long: LongTexts) -> None:
        self._columns = tuple((column, WriteOnlyCell(made)) for column in sheet.columns)
        self._layout, self._words, self._long = layout, words, long
        for column, cell in self._columns:
            if column.field.shape is Shape.DATE:
                cell.number_format = _date_format(layout)

    def filled(self, values: Values) -> list[Cell | None]:
        return [
            self._fill(cell, rules.write(column, values.get(column.field.name), layout=self._layout, words=self._words))
            for column, cell in self._columns
        ]

    def _fill(self, cell: Cell, written: Written) -> Cell | None:
        """What a spreadsheet would show otherwise than it is (old days, many figures) is written as text."""
        match written:
            case None:
                return None
            case str():
                text = self._long.fitted(written)
            case Decimal() if Decimal(repr(float(written))) != written:
                text = format(written, "f")
            case date() if written < FIRST_EXCEL_DAY:
                text = rules.as_text(written, layout=self._layout)
            case int() if abs(written) >= MOST_FIGURES:
                text = str(written)
            case _:
                cell.value = float(written) if isinstance(written, Decimal) else written
                return cell
        cell.value = text
        cell.data_type = "s"
        return cell


def _cell(made: Any, text: str, *, head: bool = False) -> Cell:
    cell = WriteOnlyCell(made, value=text)
    cell.data_type = "s"
    if head:
        for name, style in HEAD.items():
            setattr(cell, name, style)
    return cell


def _write_plain(
    book: Workbook,
    name: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    widths: Sequence[int],
    ready: bool = False,
) -> None:
    """A sheet for people to read. `ready`: its texts are escaped already."""
    made = cast("Any", book.create_sheet(name))
    made.freeze_panes = "A2"
    for at, width in enumerate(widths, start=1):
        made.column_dimensions[get_column_letter(at)].width = width
    made.append([_cell(made, to_xml(neutral(head)), head=True) if head else None for head in heads])
    for row in rows:
        made.append([_cell(made, text if ready else to_xml(neutral(text))) if text else None for text in row])


SHAPE_NAMES: Final[Mapping[Shape, str]] = {
    Shape.TEXT: "Text",
    Shape.TEXTS: "Texts, parted by {separator}",
    Shape.CODE: "One of the allowed values",
    Shape.CODES: "Allowed values, parted by {separator}",
    Shape.DATE: "Date",
    Shape.MOMENT: "Date and time",
    Shape.WHOLE: "Whole number",
    Shape.DECIMAL: "Number",
    Shape.YES_NO: "{yes} or {no}",
    Shape.PAIRS: "Names and values, parted by {separator}",
}


def _columns_explained(layout: Layout, rows: Mapping[Kind, object]) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
    heads = ("Sheet", "Column", "Must be filled", "What stands in it", "What it means", "Example")
    said = {"separator": layout.separator, "yes": layout.yes, "no": layout.no}
    explained = [
        (
            sheet.name,
            column.heading,
            "For the reader: not read back" if column.field.for_the_reader else "Yes" if column.required else "No",
            SHAPE_NAMES[column.field.shape].format(**said),
            column.help,
            column.example,
        )
        for sheet in layout.sheets
        if sheet.kind in rows
        for column in sheet.columns
    ]
    return heads, explained


class _Lists:
    """The sheet of allowed values, and where on it each column's list stands."""

    def __init__(self, layout: Layout, words: Words, about: About) -> None:
        self._columns: dict[tuple[str, ...], tuple[int, str]] = {}
        self._layout, self._words, self._about = layout, words, about
        for sheet in layout.sheets:
            for column in sheet.columns:
                self._note(sheet, column)

    def _note(self, sheet: Sheet, column: Column) -> None:
        values = self._values(column)
        if values and values not in self._columns:
            self._columns[values] = (len(self._columns) + 1, f"{sheet.name}: {column.heading}")

    def _values(self, column: Column) -> tuple[str, ...]:
        if column.field.shape is Shape.YES_NO:
            return (self._layout.yes, self._layout.no)
        if column.field.shape in {Shape.CODE, Shape.CODES}:
            return tuple(rules.words_of(column, self._words).values())
        return ()

    def place(self, sheet: Sheet, column: Column) -> str:
        """The list a cell of this column is chosen from, as a spreadsheet names it; empty for none."""
        if column.field.name == "threat" and sheet.kind is not Kind.THREATS and self._about.open_threats:
            return f"'{rules.OPEN_SHEET}'!$A$2:$A${len(self._about.open_threats) + 1}"
        values = self._values(column)
        if not values or column.field.shape is Shape.CODES:
            return ""
        letter = get_column_letter(self._columns[values][0])
        return f"'{rules.VALUES_SHEET}'!${letter}$2:${letter}${len(values) + 1}"

    def write(self, book: Workbook) -> None:
        lists = [list(values) for values in self._columns]
        longest = max(map(len, lists), default=0)
        rows = ([each[at] if at < len(each) else "" for each in lists] for at in range(longest))
        heads = [heading for _, heading in self._columns.values()]
        _write_plain(book, rules.VALUES_SHEET, heads, rows, widths=[30] * len(heads))


def write_csv(out: IO[bytes], sheet: Sheet, rows: Iterable[Values], *, layout: Layout, words: Words) -> int:
    """One sheet as a CSV file: UTF-8 with its mark, as spreadsheets expect. Returns lines."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([neutral(c.heading) for c in sheet.columns])
    count = 0
    for values in rows:
        written = (rules.write(c, values.get(c.field.name), layout=layout, words=words) for c in sheet.columns)
        writer.writerow([neutral(rules.as_text(each, layout=layout)) for each in written])
        count += 1
    text.flush()
    text.detach()
    return count


def write_zip(
    out: IO[bytes], rows: Mapping[Kind, Iterable[Values]], *, layout: Layout, words: Words
) -> dict[Kind, int]:
    """A zip of one CSV file a sheet. Returns lines by sheet."""
    written = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for sheet in layout.sheets:
            if sheet.kind in rows:
                with archive.open(f"{sheet.name}.csv", "w", force_zip64=True) as member:
                    written[sheet.kind] = write_csv(member, sheet, rows[sheet.kind], layout=layout, words=words)
    return written
