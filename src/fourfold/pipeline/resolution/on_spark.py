"""Gathers the records, blocks and scores them on Spark, and leaves the tables in DuckDB, where clusters are made.

The same statements and the same Splink settings as on DuckDB: `records`, `blocking` and `scoring` are called here as
`running` calls them. Clusters stay outside Spark, where connected components did not finish. What comes back is the
records and every scored pair, for groups are asked about weak pairs too; DuckDB reads them from disk.
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


def score(connection: duckdb.DuckDBPyConnection, spark: SparkDatabase, settings: Settings, model: Model) -> Scored:
    """Make `edge`, and the scored pairs that the clustering asks."""
    scored = scoring.score(spark, settings, model)
    _carry(connection, spark, ("edge", *((scoring.SCORED,) if settings.groups else ()), "counted"))
    return scored


def _carry(connection: duckdb.DuckDBPyConnection, spark: SparkDatabase, tables: Sequence[str]) -> None:
    for table in tables:
        connection.execute(f"create or replace table {table} as select * from read_parquet(?)", [spark.files_of(table)])
