"""Rows that cannot be split into fields: kept with the whole line as delivered, and the rule they break."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fourfold.pipeline.catalogue import CATALOGUE

SCHEMA = pa.schema(
    [
        ("rule_code", pa.string()),
        ("source_file", pa.string()),
        ("source_line", pa.int64()),
        ("column_name", pa.string()),
        ("value", pa.string()),
        ("sentence", pa.string()),
        ("row_json", pa.string()),
    ]
)
SHOWN_CHARACTERS = 200
KEPT_BYTES = 4_000_000


def readable(line: bytes, encoding: str) -> str:
    """The line as text; bytes that are no text in the encoding are shown as \\x and two digits."""
    if encoding == "latin-1":
        return "".join(f"\\x{b:02x}" if 0x80 <= b <= 0x9F else chr(b) for b in line[:KEPT_BYTES])
    return line[:KEPT_BYTES].decode(encoding, "backslashreplace")


class SetAside:
    """Collects the bad rows of one delivery and writes them as Parquet, in order of file and line."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, int, str | None, str, str, str]] = []

    def line(self, rule: str, file: str, line: int, text: str, **values: object) -> None:
        """A line that could not be split."""
        whole = json.dumps({"": _storable(text)}, ensure_ascii=False)
        self._add((rule, file, line), None, text, whole, values)

    def field(self, rule: str, file: str, line: int, column: str, fields: dict[str, str], **values: object) -> None:
        """A line that was split and has one field that cannot be taken."""
        whole = json.dumps({name: _storable(text) for name, text in fields.items()}, ensure_ascii=False)
        self._add((rule, file, line), column, fields[column], whole, values)

    def _add(
        self, place: tuple[str, str, int], column: str | None, text: str, whole: str, values: dict[str, object]
    ) -> None:
        rule, file, line = place
        sentence = CATALOGUE[rule].format(**values)
        self._rows.append((rule, file, line, column, _storable(text[:SHOWN_CHARACTERS]), sentence, whole))

    def count(self, file: str) -> int:
        return len({row[2] for row in self._rows if row[1] == file})

    def write(self, path: Path) -> None:
        rows = sorted(self._rows, key=lambda row: (row[1], row[2], row[0]))
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
        arrays = [pa.array(list(values), type=field.type) for values, field in zip(columns, SCHEMA, strict=True)]
        pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), path)


def _storable(text: str) -> str:
    """Text a database can hold: NUL shown as \\x00, half surrogates as their number."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")
