"""Splink's door to the engine that a database is on."""

from __future__ import annotations

from typing import Any

import duckdb
from splink.backends.duckdb import DuckDBAPI

from fourfold.pipeline.engines.database import Database
from fourfold.pipeline.engines.spark import SparkDatabase


def splink_on(database: Database) -> Any:
    """What Splink's linker is given to register its tables with."""
    if isinstance(database, SparkDatabase):
        return database.splink()
    if isinstance(database, duckdb.DuckDBPyConnection):
        return DuckDBAPI(connection=database)
    raise TypeError(f"Splink has no door to {type(database).__name__}")
