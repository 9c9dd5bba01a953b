"""What arrives from a source system, and what landing makes of it: the words landing and canonical share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from fourfold.pipeline.catalogue import CATALOGUE

FileFormat = Literal["csv", "jsonl", "xml", "geojson", "parquet", "rows"]
Shape = Mapping[str, Any]
RowReader = Callable[[Path], Iterable[tuple[int, dict[str, str]]]]

LANDED_JSON = "landed.json"


class Refused(Exception):
    """A delivery that cannot be taken at all. `code` is in the catalogue, `sentence` is for the officer."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.sentence = CATALOGUE[code].format(**values)
        super().__init__(f"{code}: {self.sentence}")


@dataclass(frozen=True)
class Layout:
    """How one kind of row is delivered: the file it stands in and what its fields are called.

    csv: `columns` must all be in the header, `optional` may be. parquet: the same, by column name.
    jsonl, geojson, xml: `shape` gives the fields as JSON structure, e.g. {"id": "", "phones": [{"number": ""}]}:
    "" is text, a mapping is an object, a list of one item is a list. xml: `record` is the path of the element below
    the root; attributes and child elements are fields by their names, text beside attributes is the field "text".
    rows: `reader` yields (line, {column: text}) for formats of its own.
    """

    table: str
    file: str
    format: FileFormat = "csv"
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    shape: Shape = field(default_factory=lambda: MappingProxyType({}))
    record: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    required: bool = True
    reader: RowReader | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.shape) if self.shape else (*self.columns, *self.optional)


@dataclass(frozen=True)
class Caps:
    """Limits of one delivery. Units: bytes, characters for a field, levels for nesting."""

    delivery_bytes: int = 20_000_000_000
    file_bytes: int = 10_000_000_000
    files: int = 200
    field_characters: int = 32_767
    line_bytes: int = 4_000_000
    nesting: int = 64
    zip_ratio: int = 200
    block_bytes: int = 8_000_000
    memory_mb: int = 1_000


@dataclass(frozen=True)
class Finding:
    """Something about a whole file a person should know though it was taken."""

    code: str
    file: str
    sentence: str


@dataclass(frozen=True)
class LandedTable:
    """One layout's rows as text Parquet, in the folder `text` of the landing."""

    table: str
    file: str
    parquet: str
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class LandedFile:
    """One delivered file. `rows` counts the good rows, `bad_rows` those in quarantine."""

    name: str
    bytes: int
    sha256: str
    rows: int
    bad_rows: int
    tables: tuple[LandedTable, ...]


@dataclass(frozen=True)
class Landed:
    """A delivery kept as it came, hashed, and turned into text. Everything is below `folder`."""

    folder: Path
    family: str
    sha256: str
    manifest: Mapping[str, Any]
    files: tuple[LandedFile, ...]
    findings: tuple[Finding, ...]

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine.parquet"

    def parquet(self, table: LandedTable) -> Path:
        return self.folder / "text" / table.parquet

    def delivered(self, name: str) -> Path:
        """The file as it was delivered, byte for byte."""
        return self.folder / "files" / name

    @classmethod
    def open(cls, folder: Path) -> Landed:
        """The landing another process left in `folder`."""
        told = json.loads((folder / LANDED_JSON).read_text("utf-8"))
        files = tuple(
            LandedFile(
                **{
                    **item,
                    "tables": tuple(LandedTable(**{**t, "columns": tuple(t["columns"])}) for t in item["tables"]),
                }
            )
            for item in told["files"]
        )
        return cls(
            folder=folder,
            family=told["family"],
            sha256=told["sha256"],
            manifest=told["manifest"],
            files=files,
            findings=tuple(Finding(**item) for item in told["findings"]),
        )

    def as_json(self) -> str:
        told = {
            "family": self.family,
            "sha256": self.sha256,
            "manifest": dict(self.manifest),
            "files": [asdict(item) for item in self.files],
            "findings": [asdict(item) for item in self.findings],
        }
        return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
