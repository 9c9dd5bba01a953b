"""The truth behind the extracts, written apart: who each record is, who is in which group, where each defect stands."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

TABLES = {
    "people": pa.schema(
        [
            ("true_person", pa.int64()),
            ("forename", pa.string()),
            ("middle", pa.string()),
            ("surname", pa.string()),
            ("birth_surname", pa.string()),
            ("sex", pa.string()),
            ("birth_on", pa.date32()),
            ("origin", pa.string()),
            ("force", pa.string()),
            ("household", pa.int64()),
            ("pnc_id", pa.string()),
            ("cro", pa.string()),
            ("nino", pa.string()),
            ("phones", pa.list_(pa.string())),
            ("plates", pa.list_(pa.string())),
            ("homes", pa.int32()),
        ]
    ),
    "records": pa.schema([("source", pa.string()), ("record_key", pa.string()), ("true_person", pa.int64())]),
    "events": pa.schema(
        [
            ("source", pa.string()),
            ("record_key", pa.string()),
            ("kind", pa.string()),
            ("true_event", pa.int64()),
            ("true_group", pa.int64()),
        ]
    ),
    "groups": pa.schema(
        [
            ("true_group", pa.int64()),
            ("name", pa.string()),
            ("force", pa.string()),
            ("elsewhere", pa.string()),
            ("themes", pa.list_(pa.string())),
            ("line", pa.string()),
            ("plate", pa.string()),
            ("started", pa.timestamp("s", "UTC")),
            ("ended", pa.timestamp("s", "UTC")),
        ]
    ),
    "members": pa.schema(
        [
            ("true_group", pa.int64()),
            ("true_person", pa.int64()),
            ("role", pa.string()),
            ("since", pa.timestamp("s", "UTC")),
            ("until", pa.timestamp("s", "UTC")),
        ]
    ),
    "defects": pa.schema(
        [
            ("source", pa.string()),
            ("delivered_on", pa.date32()),
            ("file", pa.string()),
            ("line", pa.int64()),
            ("code", pa.string()),
            ("record_key", pa.string()),
        ]
    ),
}
GROUP_ROWS = 50_000


class Truth:
    """Writes the truth tables a row group at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.writers = {name: pq.ParquetWriter(folder / f"{name}.parquet", schema) for name, schema in TABLES.items()}
        self.waiting: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
        self.counts = dict.fromkeys(TABLES, 0)

    def add(self, table: str, *row: Any) -> None:
        """Add one row, its values in the order of the table's columns."""
        self.waiting[table].append(row)

    def flush(self, least: int = GROUP_ROWS) -> None:
        """Write the tables in which at least so many rows wait."""
        for name, rows in self.waiting.items():
            if rows and len(rows) >= least:
                schema = TABLES[name]
                columns = [
                    pa.array(column, type=kind.type)
                    for column, kind in zip(zip(*rows, strict=True), schema, strict=True)
                ]
                self.writers[name].write_table(pa.Table.from_arrays(columns, schema=schema))
                self.counts[name] += len(rows)
                self.waiting[name] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.flush(1)
        for writer in self.writers.values():
            writer.close()
