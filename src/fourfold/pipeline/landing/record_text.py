"""Records that are not flat (JSON Lines, GeoJSON, XML) to Parquet with one JSON text for each record.

The text is `body`; what is inside is taken apart in SQL by the layout's shape. Parsing is streamed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError, tostring

import pyarrow as pa
import pyarrow.parquet as pq
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from fourfold.pipeline.delivery import Caps, Layout, Refused
from fourfold.pipeline.landing.csv_text import LINE, ROW, check_head
from fourfold.pipeline.landing.set_aside import SetAside, readable

BODY = "body"
SCHEMA = pa.schema([(LINE, pa.int64()), (ROW, pa.int64()), (BODY, pa.string())])
GROUP_ROWS = 20_000
READ_BYTES = 1 << 20
_REPLACEMENT = "\ufffd"
# Control characters XML 1.0 does not allow, and the half of a UTF-16 pair.
_NOT_XML = {n: _REPLACEMENT for n in range(0x20) if n not in {0x9, 0xA, 0xD}}
_COMPACT = (",", ":")


class _Writer:
    """Records of one layout, written in groups."""

    def __init__(self, target: Path) -> None:
        self._writer = pq.ParquetWriter(target, SCHEMA, compression="lz4", write_statistics=False)
        self._waiting: tuple[list[int], list[int], list[str]] = ([], [], [])
        self.rows = 0

    def add(self, line: int, row: int, body: str) -> None:
        for values, value in zip(self._waiting, (line, row, body), strict=True):
            values.append(value)  # type: ignore[attr-defined]
        self.rows += 1
        if len(self._waiting[0]) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        arrays = [pa.array(values, field.type) for values, field in zip(self._waiting, SCHEMA, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))
        self._waiting = ([], [], [])

    def close(self) -> None:
        if self._waiting[0]:
            self._flush()
        self._writer.close()


@dataclass(frozen=True)
class _Record:
    """One record as it is read; `element` is there until the next one is read."""

    table: str
    line: int
    row: int
    fields: dict[str, Any]
    element: Element | None = None

    def delivered(self, body: str) -> str:
        """Its text in the file's own format; `body` where that is JSON."""
        return body if self.element is None else tostring(self.element, "unicode")


class RecordFile:
    """One delivered file of records on its way to Parquet; several layouts when an XML file holds several kinds."""

    def __init__(self, path: Path, name: str, layouts: tuple[Layout, ...], caps: Caps, aside: SetAside) -> None:
        self.path, self.name, self.layouts, self.caps, self.aside = path, name, layouts, caps, aside
        self.rows: dict[str, int] = {}
        self.unknown: tuple[str, ...] = ()
        self._unknown_count: Counter[str] = Counter()
        self._unknown_rows: list[tuple[_Record, str, str, str]] = []

    def land(self, targets: Mapping[str, Path]) -> None:
        """Write the good records of each layout to its target."""
        with self.path.open("rb") as stream:
            head = stream.read(4096)
        no_rows = not head and self.layouts[0].format == "jsonl"  # no header: no rows is no bytes
        start = 0 if no_rows else check_head(head, self.name, "utf-8")
        writers = {table: _Writer(target) for table, target in targets.items()}
        try:
            for record in self._records(start):
                self._take(writers[record.table], record)
            self._settle_unknown(writers)
        finally:
            for writer in writers.values():
                writer.close()
        self.rows = {table: writer.rows for table, writer in writers.items()}

    def _records(self, start: int) -> Iterator[_Record]:
        form = self.layouts[0].format
        if form == "xml":
            return XmlRecords(self.path, self.name, self.layouts, self.caps).records()
        if form == "geojson":
            return self._features(start)
        return self._json_lines(start)

    def _take(self, writer: _Writer, record: _Record) -> None:
        body = _compact(record.fields)
        wrong = self._wrong_text(record, body)
        if wrong is not None:
            rule, values = wrong
            self.aside.line(rule, self.name, record.line, record.delivered(body), **values)
            return
        layout = next(item for item in self.layouts if item.table == record.table)
        unknown = [field for field in record.fields if field not in layout.shape]
        if unknown and layout.format != "geojson":
            self._unknown_count.update(f"{record.table}.{field}" for field in unknown)
            self._unknown_rows.append((record, unknown[0], body, record.delivered(body)))
            return
        writer.add(record.line, record.row, body)

    def _wrong_text(self, record: _Record, body: str) -> tuple[str, dict[str, object]] | None:
        """The rule some text of the record breaks, and what its sentence names."""
        form, most = self.layouts[0].format, self.caps.field_characters
        if not body.isascii():
            try:
                body.encode()
            except UnicodeEncodeError:
                return "Q-ROW-09", {}
            if form == "xml" and _REPLACEMENT in body:
                return "Q-ROW-03", {"encoding": "UTF-8"}
        if "\\u0000" in body and "\x00" in "".join(_texts(record.fields)):
            return "Q-ROW-05", {}
        if len(body) > most and form != "geojson" and any(len(text) > most for text in _texts(record.fields)):
            return "Q-ROW-04", {"most": most}
        return None

    def _settle_unknown(self, writers: Mapping[str, _Writer]) -> None:
        """A field most records have was added by the source; a field few have is a fault of those records."""
        total = {table: writer.rows for table, writer in writers.items()}
        for record, *_ in self._unknown_rows:
            total[record.table] += 1
        agreed_late = {name for name, count in self._unknown_count.items() if 2 * count > total[name.split(".")[0]]}
        self.unknown = tuple(sorted(name.split(".", 1)[1] for name in agreed_late))
        for record, column, body, delivered in self._unknown_rows:
            if f"{record.table}.{column}" in agreed_late:
                writers[record.table].add(record.line, record.row, body)
            else:
                self.aside.line("Q-ROW-10", self.name, record.line, delivered, column=column)

    def _json_lines(self, start: int) -> Iterator[_Record]:
        table, row = self.layouts[0].table, 0
        with self.path.open("rb") as stream:
            stream.seek(start)
            for number, line in enumerate(_lines(stream, self.caps.line_bytes), 1):
                if not line.strip():
                    continue
                row += 1
                fields = self._json_object(line, number)
                if fields is not None:
                    yield _Record(table, number, row, fields)

    def _json_object(self, line: bytes, number: int) -> dict[str, Any] | None:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            self.aside.line("Q-ROW-03", self.name, number, readable(line, "utf-8"), encoding="UTF-8")
            return None
        if "\x00" in text:
            self.aside.line("Q-ROW-05", self.name, number, text)
            return None
        if text.count("[") + text.count("{") > self.caps.nesting and json_depth(text) > self.caps.nesting:
            self.aside.line("Q-ROW-08", self.name, number, text[:READ_BYTES], most=self.caps.nesting)
            return None
        try:
            record = json.loads(text, parse_constant=_no_constant)
        except ValueError as wrong:
            self.aside.line("Q-ROW-07", self.name, number, text, why=str(wrong))
            return None
        if not isinstance(record, dict):
            self.aside.line("Q-ROW-07", self.name, number, text, why="it holds one value and no named fields")
            return None
        return record

    def _features(self, start: int) -> Iterator[_Record]:
        raw = self.path.read_bytes()[start:]
        try:
            text = raw.decode("utf-8")
            if json_depth(text) > self.caps.nesting:
                raise Refused("Q-FILE-10", name=self.name, most=self.caps.nesting)
            whole = json.loads(text, parse_constant=_no_constant)
        except ValueError as wrong:
            raise Refused("Q-FILE-08", name=self.name, why=str(wrong)) from wrong
        features = whole.get("features") if isinstance(whole, dict) else None
        if not isinstance(features, list):
            raise Refused("Q-FILE-08", name=self.name, why="it is not a GeoJSON collection of features")
        for number, feature in enumerate(features, 1):
            if isinstance(feature, dict):
                yield _Record(self.layouts[0].table, number, number, feature)
            else:
                self.aside.line("Q-ROW-07", self.name, number, _compact(feature), why="it is not a feature")


def json_depth(text: str) -> int:
    """How deep objects and lists are nested, not counting brackets inside texts."""
    deepest = depth = 0
    inside = escaped = False
    for letter in text:
        if inside:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                inside = False
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=_COMPACT)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _lines(stream: IO[bytes], most: int) -> Iterator[bytes]:
    """Lines without their ends; of a line beyond the limit only the start, which is then no JSON."""
    while line := stream.readline(most):
        whole = line
        while not line.endswith(b"\n") and (line := stream.readline(most)):
            pass
        yield whole.rstrip(b"\r\n")


class _CleanText:
    """A reader of UTF-8 in which whatever XML cannot hold is replaced, so that one bad byte spoils one record."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._rest = stream, b""

    def read(self, size: int = READ_BYTES) -> bytes:
        data = self._rest + self._stream.read(max(size, READ_BYTES))
        self._rest = b""
        if not data:
            return b""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as wrong:
            if wrong.reason == "unexpected end of data" and len(data) - wrong.start < 4 and wrong.start:
                data, self._rest = data[: wrong.start], data[wrong.start :]
            text = data.decode("utf-8", "replace")
        return text.translate(_NOT_XML).encode("utf-8")


class XmlRecords:
    """The record elements of an XML file, in order. The ordinal counts all record elements of the file from 1."""

    def __init__(self, path: Path, name: str, layouts: tuple[Layout, ...], caps: Caps) -> None:
        self._path, self._name, self._caps = path, name, caps
        self._by_path = {tuple(layout.record.split("/")): layout for layout in layouts}

    def records(self) -> Iterator[_Record]:
        trail: list[str] = []
        parents: list[Element] = []
        ordinal = 0
        with self._path.open("rb") as stream:
            try:
                for moment, element in iterparse(_CleanText(stream), events=("start", "end"), forbid_dtd=True):
                    if moment == "start":
                        trail.append(_local(element.tag))
                        parents.append(element)
                        if len(trail) > self._caps.nesting:
                            raise Refused("Q-FILE-10", name=self._name, most=self._caps.nesting)
                        continue
                    layout = self._by_path.get(tuple(trail[1:]))
                    if layout is not None:
                        ordinal += 1
                        fields = element_as_record(element, layout.shape)
                        element.tail = None
                        yield _Record(layout.table, ordinal, ordinal, fields, element)
                        parents[-2].clear()
                    trail.pop()
                    parents.pop()
            except DefusedXmlException as wrong:
                raise Refused("Q-FILE-09", name=self._name) from wrong
            except ParseError as wrong:
                raise Refused("Q-FILE-08", name=self._name, why=str(wrong)) from wrong


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def element_as_record(element: Element, shape: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes and child elements by name. The shape says which are lists and which have fields of their own."""
    record: dict[str, Any] = dict(element.attrib)
    text = (element.text or "").strip()
    if text or "text" in shape:
        record["text"] = text
    for child in element:
        name = _local(child.tag)
        inner = shape.get(name, "")
        is_list = isinstance(inner, (list, tuple))
        below = inner[0] if is_list else inner
        value: Any = child.text or ""
        if isinstance(below, Mapping) or len(child) or child.attrib:
            value = element_as_record(child, below if isinstance(below, Mapping) else {})
        if is_list or (name in record and name not in element.attrib):
            earlier = record.get(name, [])
            record[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            record[name] = value
    return record
