"""CSV to text Parquet, with the exact line of every row and every bad row kept.

The file is cut into blocks of whole lines. Counting quotation marks by line finds the few lines that do not stand on
their own (values with line breaks, quotes left open); the rest of a block is split by Arrow outside Python. A quote
left open therefore spoils its own line only, not the rest of the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fourfold.pipeline.delivery import Caps, Layout, Refused
from fourfold.pipeline.landing.set_aside import SetAside, readable

BLOCKS_AHEAD = 4
RECORD_LINES = 2_000
GROUP_ROWS = 50_000
"""Rows of a part of the Parquet file: parts are read at the same time."""
_BLANK = (b"", b"\r")
_BOMS = ((b"\xef\xbb\xbf", "UTF-8"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_ENCODING_WORDS = {"utf-8": "UTF-8", "windows-1252": "Windows-1252", "latin-1": "Latin-1 (ISO 8859-1)"}
_SEPARATOR_WORDS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_C1_CONTROLS = bytes(range(0x80, 0xA0))
LINE, ROW = "source_line", "source_row"

csv.field_size_limit(2**31 - 1)


@dataclass
class _Block:
    """Whole lines of the file; `first_line` counts from 1. `joined`: number of lines of each record that takes several,
    by its first; `left_out`: lines that are blank or set aside. Both count within the block."""

    lines: list[bytes]
    first_line: int
    first_row: int
    joined: dict[int, int] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)

    def records(self) -> Iterator[tuple[int, int]]:
        """Start and number of lines of every record, good or bad; blank lines are none."""
        at = 0
        while at < len(self.lines):
            taken = self.joined.get(at, 1)
            if self.lines[at] not in _BLANK:
                yield at, taken
            at += taken

    def row_count(self) -> int:
        return sum(1 for _ in self.records()) if self.joined or self.left_out else len(self.lines)


class CsvFile:
    """One delivered CSV file on its way to Parquet."""

    def __init__(self, path: Path, name: str, layout: Layout, caps: Caps, aside: SetAside) -> None:
        self.path, self.name, self.layout, self.caps, self.aside = path, name, layout, caps, aside
        self.header: list[str] = []
        self.rows = 0
        self.unknown: tuple[str, ...] = ()
        self._delimiter = layout.delimiter.encode()
        self._mid_quote = re.compile(rb'[^%b\n"]"[^"%b\r\n]' % (re.escape(self._delimiter), re.escape(self._delimiter)))

    def land(self, target: Path) -> None:
        """Write the good rows to `target`; refuse the whole file if it is not what the layout says."""
        with self.path.open("rb") as stream:
            start = check_head(stream.read(4096), self.name, self.layout.encoding)
            stream.seek(start)
            first = self._read_header(stream)
            schema = pa.schema([(LINE, pa.int64()), (ROW, pa.int64()), *((c, pa.string()) for c in self.header)])
            with (
                pq.ParquetWriter(target, schema, compression="lz4", write_statistics=False) as writer,
                ThreadPoolExecutor(2) as pool,
            ):
                ahead: deque[Future[tuple[pa.Table, list[tuple[int, str, int]]]]] = deque()
                for block in self._blocks(stream, first):
                    ahead.append(pool.submit(self._split, block))
                    if len(ahead) > BLOCKS_AHEAD:
                        self._write(writer, ahead.popleft().result())
                while ahead:
                    self._write(writer, ahead.popleft().result())

    def _write(self, writer: pq.ParquetWriter, done: tuple[pa.Table, list[tuple[int, str, int]]]) -> None:
        table, wrong = done
        self.rows += table.num_rows
        writer.write_table(table, row_group_size=GROUP_ROWS)
        expected = len(self.header)
        for line, text, found in wrong:
            rule = "Q-ROW-01" if found < expected else "Q-ROW-02"
            self.aside.line(rule, self.name, line, text, found=found, expected=expected)

    def _read_header(self, stream: io.BufferedReader) -> int:
        """Read and check the header. Returns the line the data start on."""
        most = self.caps.line_bytes
        raw, lines = stream.readline(most), 1
        while raw.count(b'"') % 2 and len(raw) < most and (more := stream.readline(most)):
            raw, lines = raw + more, lines + 1
        try:
            text = raw.decode(self.layout.encoding)
        except UnicodeDecodeError as wrong:
            expected = _ENCODING_WORDS[self.layout.encoding]
            raise Refused("Q-FILE-04", name=self.name, found="another encoding", expected=expected) from wrong
        self.header = [name.strip() for name in next(csv.reader([text], delimiter=self.layout.delimiter), [])]
        if len(self.header) < 2 and len(self.layout.columns) > 1:
            for other, words in _SEPARATOR_WORDS.items():
                if other != self.layout.delimiter and other in text:
                    expected = _SEPARATOR_WORDS[self.layout.delimiter]
                    raise Refused("Q-FILE-05", name=self.name, found=words, expected=expected)
        for column in self.header:
            if self.header.count(column) > 1:
                raise Refused("Q-FILE-06", name=self.name, column=column)
        for column in self.layout.columns:
            if column not in self.header:
                raise Refused("Q-FILE-07", name=self.name, column=column)
        self.unknown = tuple(column for column in self.header if column not in self.layout.fields)
        return lines + 1

    def _blocks(self, stream: io.BufferedReader, first_line: int) -> Iterator[_Block]:
        """Blocks of whole records. A record that may go on in the next block waits for it."""
        line, row, rest = first_line, 1, b""
        while True:
            chunk = stream.read(self.caps.block_bytes)
            data = rest + chunk
            if not data:
                return
            if chunk:
                cut = data.rfind(b"\n") + 1
                if cut == 0 and len(data) <= self.caps.line_bytes:
                    rest = data
                    continue
                data, rest = (data[:cut], data[cut:]) if cut else (data, b"")
                if not cut:
                    data += self._rest_of_line(stream)
            else:
                rest = b""
            lines = data.split(b"\n")
            if not lines[-1]:
                lines.pop()
            block = _Block(lines, line, row)
            waiting = self._look_at(block, data, last=not chunk)
            if waiting is not None:
                rest = b"\n".join([*block.lines[waiting:], rest])
                del block.lines[waiting:]
            yield block
            line += len(block.lines)
            row += block.row_count()

    def _rest_of_line(self, stream: io.BufferedReader) -> bytes:
        """The end of a line beyond every limit is passed over; the delivered file still holds it."""
        while (more := stream.readline(self.caps.block_bytes)) and not more.endswith(b"\n"):
            pass
        return b"\n"

    def _look_at(self, block: _Block, data: bytes, *, last: bool) -> int | None:
        """Mark the lines Arrow must not see. Returns the line from which to wait for more of the file, if any."""
        limit = self.caps.field_characters
        lines = block.lines
        odd = [n for n, line in enumerate(lines) if line.count(b'"') & 1]
        if max(map(len, lines), default=0) > limit or min(map(len, lines), default=2) < 2:
            odd += [n for n, line in enumerate(lines) if len(line) > limit or len(line) < 2]
        unreadable = self._unreadable(block, data)
        doubtful = {*odd, *unreadable, *self._mid_quoted(block, data), *self._mid_returns(block, data)}
        reach = 0  # lines before this belong to a record already judged
        for at in sorted(doubtful):
            if at >= reach:
                if self._judge(block, at, unreadable, last=last):
                    return at
                reach = at + block.joined.get(at, 1)
        return None

    def _judge(self, block: _Block, at: int, unreadable: set[int], *, last: bool) -> bool:
        """Decide about one doubtful line. True when the record may go on beyond the block."""
        line, number = block.lines[at].removesuffix(b"\r"), block.first_line + at
        encoding = self.layout.encoding
        if not line:
            block.left_out.add(at)
            return False
        taken: int | None = 1
        if line.count(b'"') & 1:
            taken, fields = self._lines_of_record(block, at)
            if taken is None and not last and len(block.lines) - at < RECORD_LINES:
                return True
        else:
            fields = self._fields(block.lines[at])
        taken = taken or 0
        if any(n in unreadable for n in range(at, at + max(taken, 1))):
            code = "Q-ROW-05" if b"\x00" in line else "Q-ROW-03"
            text = readable(line, encoding)
            self.aside.line(code, self.name, number, text, encoding=_ENCODING_WORDS[encoding])
            block.left_out.add(at)
            return False
        if fields is None:
            code = "Q-ROW-11" if b"\r" in line and not line.count(b'"') & 1 else "Q-ROW-06"
            self.aside.line(code, self.name, number, readable(line, encoding))
            block.left_out.add(at)
            return False
        for column, value in zip(self.header, fields, strict=False):
            if len(value) > self.caps.field_characters:
                named = dict(zip(self.header, fields, strict=False))
                most = self.caps.field_characters
                self.aside.field("Q-ROW-04", self.name, number, column, named, most=most)
                block.left_out.update(range(at, at + taken))
                block.joined[at] = taken
                return False
        if taken > 1:
            block.joined[at] = taken
        return False

    def _lines_of_record(self, block: _Block, at: int) -> tuple[int | None, list[str] | None]:
        """Lines a record with an open quote takes, and its fields.

        0 and no fields if closing the quote gives no whole row, None and no fields if nothing closes it.
        """
        for end in range(at + 1, len(block.lines)):
            if block.lines[end].count(b'"') & 1:
                fields = self._fields(b"\n".join(block.lines[at : end + 1]))
                if fields is not None and len(fields) == len(self.header):
                    return end - at + 1, fields
                return 0, None
        return None, None

    def _fields(self, record: bytes) -> list[str] | None:
        """The record's fields by the strict reading, or None when quotes are wrong."""
        text = record.decode(self.layout.encoding, "replace").removesuffix("\r")
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=self.layout.delimiter, strict=True))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None

    def _has_mid_quotes(self, data: bytes) -> bool:
        """Whether some quotation mark stands neither at the start nor at the end of a value (or is doubled)."""
        if b'"' not in data:
            return False
        sep = self._delimiter
        at_edges = data.count(sep + b'"') + data.count(b'"' + sep) + data.count(b'\n"') + data.startswith(b'"')
        at_edges += data.count(b'"\n') + data.count(b'"\r\n') + data.endswith((b'"', b'"\r'))
        return at_edges != data.count(b'"')

    def _mid_quoted(self, block: _Block, data: bytes) -> set[int]:
        if not self._has_mid_quotes(data):
            return set()
        return {n for n, line in enumerate(block.lines) if b'"' in line and self._mid_quote.search(line.rstrip(b"\r"))}

    @staticmethod
    def _mid_returns(block: _Block, data: bytes) -> set[int]:
        """Lines with a carriage return that does not end them."""
        if data.count(b"\r") == data.count(b"\r\n"):
            return set()
        return {n for n, line in enumerate(block.lines) if b"\r" in line.removesuffix(b"\r")}

    def _unreadable(self, block: _Block, data: bytes) -> set[int]:
        """Lines with NUL or bytes that are no text in the layout's encoding."""
        found = {n for n, line in enumerate(block.lines) if b"\x00" in line} if b"\x00" in data else set()
        if not data.isascii() and not self._decodes(data):
            found |= {n for n, line in enumerate(block.lines) if not line.isascii() and not self._decodes(line)}
        return found

    def _decodes(self, data: bytes) -> bool:
        if self.layout.encoding == "latin-1":
            return len(data.translate(None, _C1_CONTROLS)) == len(data)
        try:
            data.decode(self.layout.encoding)
        except UnicodeDecodeError:
            return False
        return True

    def _split(self, block: _Block) -> tuple[pa.Table, list[tuple[int, str, int]]]:
        """Fields of the block's good lines, with line and row numbers. Runs beside the reading of the next block."""
        lines, starts, rows = block.lines, None, None
        if block.left_out or block.joined:
            lines, starts, rows = self._kept(block)
        data = b"\n".join(lines) + b"\n" if lines else b""
        if not data.isascii() and self.layout.encoding != "utf-8":
            data = data.decode(self.layout.encoding).encode()
        wrong: list[tuple[int, str, int]] = []

        def set_aside(row: pa_csv.InvalidRow) -> str:
            wrong.append((row.number - 1, row.text, row.actual_columns))
            return "skip"

        table = self._parse(data, several_lines=bool(block.joined), on_wrong=set_aside)
        total = table.num_rows + len(wrong)
        if starts is None or rows is None:
            starts = list(range(block.first_line, block.first_line + len(block.lines)))
            rows = list(range(block.first_row, block.first_row + len(block.lines)))
        if len(starts) != total:
            raise AssertionError(f"{self.name}: {total} rows were split from {len(starts)} records")
        if wrong:
            out = {at for at, _, _ in wrong}
            kept = [n for n in range(total) if n not in out]
            line_numbers, row_numbers = [starts[n] for n in kept], [rows[n] for n in kept]
        else:
            line_numbers, row_numbers = starts, rows
        table = table.add_column(0, ROW, pa.array(row_numbers, pa.int64()))
        table = table.add_column(0, LINE, pa.array(line_numbers, pa.int64()))
        return table, [(starts[at], text, found) for at, text, found in wrong]

    def _kept(self, block: _Block) -> tuple[list[bytes], list[int], list[int]]:
        """The lines that stay, and line and row number of each record among them."""
        lines: list[bytes] = []
        starts: list[int] = []
        rows: list[int] = []
        for row, (at, taken) in enumerate(block.records(), block.first_row):
            if at not in block.left_out:
                lines.extend(block.lines[at : at + taken])
                starts.append(block.first_line + at)
                rows.append(row)
        return lines, starts, rows

    def _parse(self, data: bytes, *, several_lines: bool, on_wrong: object) -> pa.Table:
        if not data:
            return pa.table({name: pa.array([], pa.string()) for name in self.header})
        return pa_csv.read_csv(
            pa.py_buffer(data),
            read_options=pa_csv.ReadOptions(column_names=self.header, use_threads=False, block_size=len(data) + 1),
            parse_options=pa_csv.ParseOptions(
                delimiter=self.layout.delimiter, newlines_in_values=several_lines, invalid_row_handler=on_wrong
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in self.header}, strings_can_be_null=False, check_utf8=False
            ),
        )


def check_head(head: bytes, name: str, encoding: str) -> int:
    """Refuse what is plainly not the agreed text. Returns where the text starts, past a byte order mark."""
    expected = _ENCODING_WORDS[encoding]
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Refused("Q-FILE-02", name=name)
    start = 0
    for mark, words in _BOMS:
        if head.startswith(mark):
            if words != expected:
                raise Refused("Q-FILE-04", name=name, found=words, expected=expected)
            start = len(mark)
    first = head.split(b"\n", 1)[0]
    if first.count(b"\x00") > len(first) // 4:
        raise Refused("Q-FILE-04", name=name, found="UTF-16 or as a program file", expected=expected)
    if re.match(rb"\s*(?:<!doctype html|<html|<head|<body)", head[start:], re.IGNORECASE):
        raise Refused("Q-FILE-03", name=name)
    return start
