"""Parquet, and formats with a reader of their own, to text Parquet."""

from __future__ import annotations

from itertools import batched
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from fourfold.pipeline.delivery import Layout, Refused
from fourfold.pipeline.landing.csv_text import LINE, ROW

GROUP_ROWS = 50_000


def land_parquet(path: Path, name: str, layout: Layout, target: Path, memory_mb: int) -> int:
    """Every column as text; the line is the ordinal of the row."""
    try:
        found = pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError) as wrong:
        raise Refused("Q-FILE-08", name=name, why="it is not a Parquet file or it is cut short") from wrong
    for column in layout.columns:
        if column not in found:
            raise Refused("Q-FILE-07", name=name, column=column)
    columns = ", ".join(f'CAST("{column}" AS VARCHAR) AS "{column}"' for column in layout.fields if column in found)
    with duckdb.connect() as db:
        db.execute(f"SET memory_limit = '{memory_mb}MB'")
        db.execute(
            f"COPY (SELECT file_row_number + 1 AS {LINE}, file_row_number + 1 AS {ROW}, {columns} "
            f"FROM read_parquet($source, file_row_number = true)) TO '{_quoted(target)}' "
            "(FORMAT parquet, COMPRESSION lz4)",
            {"source": str(path)},
        )
    return int(pq.read_metadata(target).num_rows)


def land_rows(path: Path, name: str, layout: Layout, target: Path) -> int:
    """Rows as the layout's own reader yields them."""
    if layout.reader is None:
        raise AssertionError(f"the layout of {name} has no reader")
    schema = pa.schema([(LINE, pa.int64()), (ROW, pa.int64()), *((column, pa.string()) for column in layout.fields)])
    row = 0
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for group in batched(layout.reader(path), GROUP_ROWS):
            arrays = [
                pa.array([line for line, _ in group], pa.int64()),
                pa.array(range(row + 1, row + 1 + len(group)), pa.int64()),
                *(pa.array([fields.get(column) for _, fields in group], pa.string()) for column in layout.fields),
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            row += len(group)
    return row


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
