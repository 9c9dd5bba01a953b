"""Lists as files. A cell that a spreadsheet would run as a formula is written as text, with an apostrophe before it."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import SEEK_END
from itertools import chain, islice
from typing import IO, Any, Final, Literal, cast

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from fourfold.platform.clock import LONDON
from fourfold.platform.ui.components import Value

Format = Literal["csv", "xlsx"]
FORMATS: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ROWS_IN_A_WORKBOOK: Final = 20_000
"""More would keep the reader waiting for a minute. The CSV file of any list opens in the same spreadsheets."""
SENT_WHOLE: Final = 16 * 1024 * 1024
CHUNK: Final = 256 * 1024
ROWS_AT_ONCE: Final = 5_000
"""A CSV file of more rows is sent as the database gives them: nobody waits for the last of them to see the first."""
PIECE: Final = 64 * 1024
"""Characters of a CSV file that are sent together."""
NARROWEST: Final = 10
WIDEST: Final = 50
LOOKED_AT: Final = 100
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


def csv_pieces(heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, as spreadsheets expect; dates as YYYY-MM-DD, moments with London's offset.

    A piece at a time: no more of the rows is drawn or kept than the next piece needs.
    """
    text = io.StringIO(newline="")
    text.write(codecs.BOM_UTF8.decode())
    writer = csv.writer(text)
    writer.writerow([neutral(head) for head in heads])
    for row in rows:
        writer.writerow([_for_csv(value) for value in row])
        if text.tell() >= PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def csv_line(said: str) -> bytes:
    """A line of one cell, after an empty one."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[], [neutral(said)]])
    return text.getvalue().encode()


def write_csv(out: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    """The whole of it to a file. Answers how many rows it has."""
    written = 0

    def counted() -> Iterator[Sequence[Value]]:
        nonlocal written
        for row in rows:
            written += 1
            yield row

    for piece in csv_pieces(heads, counted()):
        out.write(piece)
    return written


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


def attached(out: IO[bytes], *, name: str, kind: str) -> HttpResponseBase:
    """The file as an answer, which closes it.

    A file of usual size is handed to the server whole: a reader on a slow line then keeps neither a thread nor a
    connection of the database while it arrives. It costs its size in memory; a larger one goes from the disk in
    chunks and keeps both until it has arrived.
    """
    if out.seek(0, SEEK_END) <= SENT_WHOLE:
        out.seek(0)
        with out:
            answer = HttpResponse(out.read(), content_type=kind)
        answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        return answer
    out.seek(0)
    large = FileResponse(out, as_attachment=True, filename=name, content_type=kind)
    large.block_size = CHUNK
    return large


def streamed(pieces: Iterator[bytes], *, name: str, kind: str) -> HttpResponseBase:
    """The pieces as an answer, each drawn when the one before has been sent."""
    answer = StreamingHttpResponse(pieces, content_type=kind)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer


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
