"""Reading what came: a workbook, a CSV file, or a zip of CSV files. Rows come as they are asked for."""

import codecs
import csv
import io
import re
import warnings
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import IO, Any, Final

from defusedxml import ElementTree
from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException

from fourfold.exchange import rules
from fourfold.exchange.files.escapes import LONG_MARK, from_xml, restored
from fourfold.exchange.rules import Column, Kind, Layout, Raw, Sheet, Unreadable

ROW: Final = re.compile(rb'<(?:\w+:)?row\b[^>]*\bhidden="(?:1|true)"[^>]*>')
ROW_NUMBER: Final = re.compile(rb'\br="(\d+)"')
MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z]+)(\d+):[A-Z]+(\d+)"')
OLD_KIND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
RELATIONS: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ElementTree.ParseError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    NotImplementedError,
)
"""What opening a workbook raises where the workbook is at fault."""
LAST_LINE: Final = 1_048_576
CHUNK: Final = 1 << 20
HEAD_LINES: Final = 5
LONGEST_FIELD: Final = 100 * 1024 * 1024


type Rows = Iterator[tuple[int, Sequence[Raw]]]


@dataclass(frozen=True)
class Tab:
    """One sheet of a workbook or one CSV file. `rows` takes how many columns are wanted and gives numbered rows."""

    name: str
    rows: "Callable[[int], Rows]"
    hidden: frozenset[int] = frozenset()
    has_merged: bool = False


@dataclass(frozen=True)
class Book:
    """What came: its sheets, and what a person should know of how it was read."""

    tabs: tuple[Tab, ...]
    from_1904: bool = False
    notes: tuple[str, ...] = ()


@contextmanager
def opened(path: Path, *, name: str) -> Iterator[Book]:
    """The book of a file, while the block lasts. Nothing is read whole: rows come as they are asked for.

    Raises:
        RuleBroken: EX1 to EX8, EX12, EX13, saying what the file is and what to do.
    """
    if path.stat().st_size == 0:
        raise rules.broken("EX1")
    if path.stat().st_size > rules.MOST_BYTES:
        raise rules.broken("EX2", most=rules.size_in_words(rules.MOST_BYTES))
    with path.open("rb") as stream:
        first = stream.read(8)
    lower = name.lower()
    if first.startswith(OLD_KIND) or lower.endswith((".xls", ".xlt")):
        raise rules.broken("EX4")
    if lower.endswith((".xlsm", ".xltm", ".xlsb", ".xlam")):
        raise rules.broken("EX5")
    if first.startswith(b"PK"):
        with _archive(path) as archive:
            members = {member.filename for member in archive.infolist()}
            if "xl/workbook.xml" in members:
                with _workbook(path, archive) as book:
                    yield book
            elif any(member.lower().endswith(".csv") for member in members):
                yield _csv_files(archive)
            else:
                raise rules.broken("EX3")
    elif first.startswith((b"%PDF", b"{", b"<", b"\x89PNG", b"\xff\xd8\xff")) or (
        b"\x00" in first and not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    ):
        raise rules.broken("EX3")
    else:
        yield _csv_book({Path(name).stem: lambda: path.open("rb")})


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (*DAMAGED, OSError) as fault:
        raise rules.broken("EX6") from fault
    with archive:
        members = archive.infolist()
        unpacked, packed = sum(m.file_size for m in members), path.stat().st_size
        shared = sum(m.file_size for m in members if m.filename.endswith("sharedStrings.xml"))
        grows = unpacked > 10 * 1024**2 and unpacked > packed * rules.MOST_EXPANSION
        if unpacked > rules.MOST_BYTES_UNPACKED or shared > rules.MOST_BYTES_SHARED_TEXT or grows:
            words = {"packed": rules.size_in_words(packed), "unpacked": rules.size_in_words(unpacked)}
            raise rules.broken("EX7", **words)
        if any(m.flag_bits & 1 for m in members):
            raise rules.broken("EX4")
        if any(m.filename.lower().endswith("vbaproject.bin") or "/macrosheets/" in m.filename for m in members):
            raise rules.broken("EX5")
        yield archive


@contextmanager
def _faults_are_the_files() -> Iterator[None]:
    try:
        yield
    except DAMAGED as fault:
        raise rules.broken("EX6") from fault


@contextmanager
def _workbook(path: Path, archive: zipfile.ZipFile) -> Iterator[Book]:
    with path.open("rb") as stream:  # a stream, because openpyxl judges a path by its ending and ours is a hash
        with _faults_are_the_files(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # what openpyxl leaves aside is none of a line's facts
            book = load_workbook(stream, read_only=True, data_only=False, keep_links=False)
            places = _places(archive)
            long = _long_texts(book)
            tabs = tuple(_tab(sheet, archive, places.get(sheet.title, ""), long) for sheet in book.worksheets)
        try:
            yield Book(tabs, from_1904=book.epoch == CALENDAR_MAC_1904)
        finally:
            book.close()


def _places(archive: zipfile.ZipFile) -> dict[str, str]:
    """Where in the archive each sheet stands."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {str(each.get("Id")): str(each.get("Target")) for each in relations}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheets = (each for each in book.iter() if each.tag.endswith("}sheet"))
    found = {str(each.get("name")): targets.get(str(each.get(RELATIONS)), "") for each in sheets}
    return {name: place.lstrip("/") if place.startswith("/") else f"xl/{place}" for name, place in found.items()}


@dataclass
class _Seen:
    """What the reader of cells does not say of a sheet: hidden rows, and cells merged over several rows."""

    hidden: set[int] = field(default_factory=set)
    merged: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))


def _seen(archive: zipfile.ZipFile, place: str) -> _Seen:
    seen = _Seen()
    if place not in archive.namelist():
        return seen
    with archive.open(place) as stream:
        rest = b""
        while chunk := stream.read(CHUNK):
            text = rest + chunk
            cut = text.rfind(b">") + 1
            part, rest = text[:cut], text[cut:][-CHUNK:]
            for row in ROW.finditer(part):
                number = ROW_NUMBER.search(row[0])
                if number:
                    seen.hidden.add(int(number[1]))
            for column, first, last in MERGED.findall(part):
                if int(last) > int(first):
                    seen.merged[int(first)].append((column_index_from_string(column.decode()) - 1, int(last)))
    return seen


def _tab(sheet: Any, archive: zipfile.ZipFile, place: str, long: Mapping[str, str]) -> Tab:
    seen = _seen(archive, place)
    sheet.reset_dimensions()

    def rows(width: int) -> Rows:
        with _faults_are_the_files():
            over: dict[int, tuple[int, Raw]] = {}
            for number, cells in enumerate(sheet.iter_rows(max_col=width), start=1):
                if number > LAST_LINE:
                    raise rules.broken("EX8", most=f"{rules.MOST_LINES:,}")
                values = [_value(cell, long) for cell in cells]
                for column, (last, value) in over.items():
                    if number <= last and column < width:
                        values += [None] * (column + 1 - len(values))
                        values[column] = value
                for column, last in seen.merged.get(number, ()) if seen.merged else ():
                    if column < len(values):
                        over[column] = (last, values[column])
                yield number, values

    return Tab(sheet.title, rows, frozenset(seen.hidden), bool(seen.merged))


def _value(cell: Any, long: Mapping[str, str]) -> Raw:
    value = cell.value
    match value:
        case None:
            return None
        case str() if cell.data_type == "s":
            text = from_xml(value)
            return long[text] if LONG_MARK.match(text) and text in long else restored(text)
        case timedelta():
            return str(value)
        case int() | float() | bool() | date() | time():
            return value
        case _ if cell.data_type == "e":
            return Unreadable("EX28", str(value))
        case _:
            return Unreadable("EX27", str(getattr(value, "text", value)))


def _long_texts(book: Any) -> dict[str, str]:
    """Texts that were too long for a cell, by the mark that stands in the cell."""
    if rules.LONG_SHEET not in book.sheetnames:
        return {}
    parts: dict[str, list[str]] = defaultdict(list)
    for cells in book[rules.LONG_SHEET].iter_rows(min_row=2, max_col=2):
        if len(cells) == 2 and isinstance(cells[0].value, str) and isinstance(cells[1].value, str):
            parts[cells[0].value].append(from_xml(cells[1].value).removeprefix("|"))
    return {mark: "".join(found) for mark, found in parts.items()}


def _csv_files(archive: zipfile.ZipFile) -> Book:
    members = [m for m in archive.infolist() if m.filename.lower().endswith(".csv") and "__MACOSX" not in m.filename]
    openers = {Path(m.filename).stem: (lambda m=m: archive.open(m)) for m in members}
    return _csv_book(openers)


def _csv_book(openers: Mapping[str, Callable[[], IO[bytes]]]) -> Book:
    tabs, notes = [], []
    for name, opener in openers.items():
        encoding = _encoding(opener)
        if encoding == "cp1252":
            notes.append(
                f"{name} was not saved as UTF-8, so it was read as Windows text. Check letters such as ŵ, ŷ and é."
            )
        tabs.append(Tab(name, _csv_rows(opener, encoding)))
    return Book(tuple(tabs), notes=tuple(notes))


def _encoding(opener: Callable[[], IO[bytes]]) -> str:
    """How a CSV file's text is encoded: by its mark, else UTF-8 where it is that, else what Windows writes."""
    with opener() as stream:
        first = stream.read(CHUNK)
        if first.startswith(codecs.BOM_UTF8):
            tried = ["utf-8-sig"]
        elif first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            tried = ["utf-16"]
        else:
            tried = ["utf-8", "cp1252"]
    for encoding in tried:
        with opener() as stream:
            decoder = codecs.getincrementaldecoder(encoding)()
            try:
                while chunk := stream.read(CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return encoding
    raise rules.broken("EX12")


def _csv_rows(opener: Callable[[], IO[bytes]], encoding: str) -> "Callable[[int], Rows]":
    def rows(width: int) -> Rows:
        csv.field_size_limit(LONGEST_FIELD)
        with opener() as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
            first = [text.readline() for _ in range(HEAD_LINES)]
        with opener() as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
            reader = csv.reader(text, delimiter=_delimiter(first), strict=True)
            number = 0
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as fault:
                    raise rules.broken("EX13", line=f"{reader.line_num:,}") from fault
                number += 1
                yield number, [restored(cell) if cell else None for cell in cells[:width]]

    return rows


def _delimiter(first: Sequence[str]) -> str:
    """Comma, semicolon or tab: whichever parts one of the first lines into most cells."""
    return max(",;\t", key=lambda sign: max(map(len, csv.reader(first, delimiter=sign)), default=0))


@dataclass(frozen=True)
class Found:
    """A sheet of the layout, found in a file: where its headings stand, and its lines."""

    sheet: Sheet
    tab: Tab
    columns: Mapping[int, Column]
    begins: int
    extra: tuple[str, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(c.heading for c in self.columns.values())

    def lines(self, *, most: int = rules.MOST_LINES) -> Iterator[tuple[int, Mapping[str, Raw]]]:
        """Lines that hold something, each by its number in the file, as cells by heading.

        Raises:
            RuleBroken: EX8 there are more than `most`.
        """
        count = 0
        for number, cells in self.tab.rows(max(self.columns) + 1):
            if number <= self.begins or not any(_holds(cell) for cell in cells):
                continue
            count += 1
            if count > most:
                raise rules.broken("EX8", most=f"{most:,}")
            yield (
                number,
                {c.heading: cells[at] if at < len(cells) else None for at, c in self.columns.items()},
            )


def _holds(cell: Raw) -> bool:
    return cell is not None and not (isinstance(cell, str) and not cell.strip())


def sheets_in(book: Book, layout: Layout) -> tuple[Found, ...]:
    """The layout's sheets that the file holds, in the layout's order of import.

    A sheet is known by its name, or else by its headings; columns may stand in any order, and others beside them.

    Raises:
        RuleBroken: EX9 where none is found, EX10 a column is missing, EX11 a heading stands twice.
    """
    found = []
    for sheet in sorted(layout.sheets, key=lambda s: list(Kind).index(s.kind)):
        best: tuple[tuple[bool, int], Tab, int, Sequence[Raw]] | None = None
        for tab in book.tabs:
            if tab.name in rules.OWN_SHEETS:
                continue
            at, cells, known = _heading_row(tab, sheet)
            is_named = rules.normal(tab.name) == rules.normal(sheet.name)
            others = max((rules.recognised(other, cells) for other in layout.sheets if other is not sheet), default=0)
            is_whole = known > 0 and not rules.missing_headings(sheet, [str(c) for c in cells]) and known >= others
            named_otherwise = (
                any(rules.normal(tab.name) == rules.normal(s.name) for s in layout.sheets) and not is_named
            )
            fits = (is_named and known > 0) or (is_whole and not named_otherwise)
            if fits and (best is None or (is_named, known) > best[0]):
                best = ((is_named, known), tab, at, cells)
        if best is not None:
            found.append(_found(sheet, *best[1:]))
    if not found:
        raise rules.broken("EX9", layout=layout.name)
    return tuple(found)


def _heading_row(tab: Tab, sheet: Sheet) -> tuple[int, Sequence[Raw], int]:
    """The row among the first that holds most headings of the sheet."""
    best: tuple[int, Sequence[Raw], int] = (1, (), 0)
    for number, cells in tab.rows(rules.MOST_COLUMNS):
        if number > rules.HEADINGS_WITHIN:
            break
        known = rules.recognised(sheet, cells)
        if known > best[2]:
            best = (number, cells, known)
    return best


def _found(sheet: Sheet, tab: Tab, at: int, cells: Sequence[Raw]) -> Found:
    by_heading = {rules.normal(c.heading): c for c in sheet.columns}
    columns: dict[int, Column] = {}
    extra = []
    for place, cell in enumerate(cells):
        text = "" if cell is None else str(cell)
        column = by_heading.get(rules.normal(text))
        if column is None:
            extra += [text] if text.strip() else []
        elif column in columns.values():
            raise rules.broken("EX11", sheet=tab.name, heading=column.heading)
        else:
            columns[place] = column
    missing = rules.missing_headings(sheet, [c.heading for c in columns.values()])
    if missing:
        raise rules.broken("EX10", sheet=tab.name, headings=", ".join(missing))
    return Found(sheet, tab, columns, at, tuple(extra))
