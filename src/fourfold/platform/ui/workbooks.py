"""Lists as workbooks. A cell that a spreadsheet would run as a formula is text, with an apostrophe before it.

Apart from `exports`, because the library behind it takes long to load and few processes write a workbook.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import IO, Any, Final, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from fourfold.platform.clock import LONDON
from fourfold.platform.ui.components import Value
from fourfold.platform.ui.exports import TEXT_IN_A_CELL, About, neutral

NARROWEST: Final = 10
WIDEST: Final = 50
LOOKED_AT: Final = 100


def write_xlsx(out: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[Value]], about: About) -> int:
    """One sheet of rows and one saying what they are. Text is always typed as text."""
    book = Workbook(write_only=True)
    sheet = cast("WriteOnlyWorksheet", book.create_sheet("Rows"))
    sheet.freeze_panes = "A2"
    left = iter(rows)
    first = list(islice(left, LOOKED_AT))
    _widen(sheet, *(_width(head, [row[column] for row in first]) for column, head in enumerate(heads)))
    sheet.append([_text(sheet, head, bold=True) for head in heads])
    written = 0
    for row in chain(first, left):
        sheet.append([_for_xlsx(sheet, value) for value in row])
        written += 1
    notes = cast("WriteOnlyWorksheet", book.create_sheet("About this file"))
    _widen(notes, WIDEST // 2, WIDEST * 2)
    notes.append([_text(notes, about.title, bold=True)])
    for label, value in about.facts:
        notes.append([_text(notes, label), _text(notes, value)])
    book.save(out)
    return written


def _for_xlsx(sheet: WriteOnlyWorksheet, value: Value) -> object:
    match value:
        case datetime():
            return value.astimezone(LONDON).replace(tzinfo=None, microsecond=0)
        case None | date() | int() | float():
            return value
        case _ if value.startswith(("=", "#")):
            return _text(sheet, value)
        case _:
            return _clean(value)


def _text(sheet: WriteOnlyWorksheet, value: str, *, bold: bool = False) -> SheetCell:
    cell = WriteOnlyCell(sheet, value=_clean(value))
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _clean(value: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("", neutral(value))[:TEXT_IN_A_CELL]


def _width(head: str, values: Sequence[Value]) -> int:
    """In characters: as much as the head and the first values need, within reason."""
    longest = max((len(str(each)) for each in values if each is not None), default=0)
    return min(max(longest, len(head), NARROWEST), WIDEST) + 2


def _widen(sheet: Any, *widths: int) -> None:
    """Columns can be widened only before the first row. The library's types do not know that they can be."""
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
