"""Lists as files. A cell that a spreadsheet would run as a formula is written as text, with an apostrophe before it."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Final, Literal, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from fourfold.platform.clock import LONDON
from fourfold.platform.ui.components import Value

Format = Literal["csv", "xlsx"]
FORMATS: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ROWS_IN_A_WORKBOOK: Final = 1_048_575
TEXT_IN_A_CELL: Final = 32_767

# What a spreadsheet takes for the start of a formula, plain and full width, also after blanks: OWASP, "CSV Injection".
FORMULA: Final = re.compile(r"^[\s\u0000-\u001f\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]")


@dataclass(frozen=True)
class About:
    """What a file says of itself, so that it can be traced back: printed on the workbook's second sheet."""

    title: str
    facts: tuple[tuple[str, str], ...]


def neutral(value: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it as a formula."""
    return f"'{value}" if FORMULA.match(value) else value


def write_csv(out: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    """UTF-8 with a byte order mark, as spreadsheets expect; dates as YYYY-MM-DD, moments with London's offset."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([neutral(head) for head in heads])
    written = 0
    for row in rows:
        writer.writerow([_for_csv(value) for value in row])
        written += 1
    text.flush()
    text.detach()
    return written


def write_xlsx(out: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[Value]], about: About) -> int:
    """One sheet of rows and one saying what they are. Text is always typed as text."""
    book = Workbook(write_only=True)
    sheet = cast("WriteOnlyWorksheet", book.create_sheet("Rows"))
    sheet.freeze_panes = "A2"
    sheet.append([_text(sheet, head, bold=True) for head in heads])
    written = 0
    for row in rows:
        sheet.append([_for_xlsx(sheet, value) for value in row])
        written += 1
    notes = cast("WriteOnlyWorksheet", book.create_sheet("About this file"))
    notes.append([_text(notes, about.title, bold=True)])
    for label, value in about.facts:
        notes.append([_text(notes, label), _text(notes, value)])
    book.save(out)
    return written


def _for_csv(value: Value) -> str | int | float:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(LONDON).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case int() | float():
            return value
        case _:
            return neutral(str(value))


def _for_xlsx(sheet: WriteOnlyWorksheet, value: Value) -> object:
    match value:
        case datetime():
            return value.astimezone(LONDON).replace(tzinfo=None, microsecond=0)
        case None | date() | int() | float():
            return value
        case _:
            return _text(sheet, value)


def _text(sheet: WriteOnlyWorksheet, value: str, *, bold: bool = False) -> SheetCell:
    clean = ILLEGAL_CHARACTERS_RE.sub("", neutral(value))[:TEXT_IN_A_CELL]
    cell = WriteOnlyCell(sheet, value=clean)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
