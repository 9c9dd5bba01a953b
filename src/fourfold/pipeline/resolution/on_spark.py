"""Gathers the records, blocks and scores them on Spark, and leaves the tables in DuckDB, where clusters are made.

The same statements and the same Splink settings as on DuckDB: `records`, `blocking` and `scoring` are called here as
`running` calls them. Clusters stay outside Spark, where connected components did not finish. What comes back is the
records, and of the pairs those above the review threshold: the executors leave the others out. Where groups are asked
about weak pairs too, those stay in the files that the executors wrote, and DuckDB looks them up there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from fourfold.pipeline.engines.spark import SparkDatabase
from fourfold.pipeline.resolution import blocking, records, scoring
from fourfold.pipeline.resolution.model import Model
from fourfold.pipeline.resolution.scoring import Scored
from fourfold.pipeline.resolution.settings import Settings

RECORDS = ("record", "merged", "tombstone", "presence", "set_aside")


def gather_records(
    connection: duckdb.DuckDBPyConnection,
    spark: SparkDatabase,
    person_parquets: Mapping[str, Sequence[Path]],
    settings: Settings,
) -> tuple[blocking.BlockReport, ...]:
    """Make `record` and what goes with it, and the pairs to compare. The pairs stay on Spark."""
    records.load_records(spark, person_parquets)
    blocking.make_keys(spark, settings)
    blocks = tuple(blocking.set_aside_common_keys(spark, settings))
    blocking.make_pairs(spark)
    _carry(connection, spark, RECORDS)
    return blocks


def gather_lines(
    connection: duckdb.DuckDBPyConnection, spark: SparkDatabase, settings: Settings, *, across: bool
) -> tuple[blocking.BlockReport, ...]:
    """Take the lines of a spreadsheet from DuckDB, which has read it, and find the pairs to compare."""
    lines = spark.workplace / "lines.parquet"
    connection.execute("copy (from record) to $place (format parquet)", {"place": str(lines)})
    spark.execute(f"create or replace table record as select * from read_parquet('{lines}')")
    blocking.make_keys(spark, settings)
    blocks = tuple(blocking.set_aside_common_keys(spark, settings))
    blocking.make_pairs(spark, across=across)
    return blocks


def score(connection: duckdb.DuckDBPyConnection, spark: SparkDatabase, settings: Settings, model: Model) -> Scored:
    """Make `edge`, and the scored pairs that the clustering asks."""
    scored = scoring.score(spark, settings, model)
    _carry(connection, spark, ("edge", "counted"))
    if settings.groups:
        files = ", ".join("'" + place.replace("'", "''") + "'" for place in spark.files_of(scoring.SCORED))
        connection.execute(f"create or replace view {scoring.SCORED} as from read_parquet([{files}])")
    return scored


def _carry(connection: duckdb.DuckDBPyConnection, spark: SparkDatabase, tables: Sequence[str]) -> None:
    for table in tables:
        connection.execute(f"create or replace table {table} as select * from read_parquet(?)", [spark.files_of(table)])
