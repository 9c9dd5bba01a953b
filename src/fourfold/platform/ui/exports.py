"""Lists as files. A cell that a spreadsheet would run as a formula is written as text, with an apostrophe before it."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import SEEK_END
from typing import IO, Final, Literal

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

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
