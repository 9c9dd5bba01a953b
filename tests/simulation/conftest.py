"""A small world, simulated once for all these tests: 1,500 people, a full delivery and two of changes."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from fourfold.simulation.run import Simulated, simulate

PEOPLE, SEED = 1500, 7


@dataclass(frozen=True)
class World:
    folder: Path
    written: Simulated

    def truth(self, table: str) -> str:
        return f"read_parquet('{self.folder}/truth/{table}.parquet')"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the truth tables, named in braces."""
        names = ("people", "records", "events", "groups", "members", "defects")
        return duckdb.execute(query.format(**{name: self.truth(name) for name in names})).fetchall()

    def delivery(self, source: str, turn: int = 0) -> Path:
        return sorted((self.folder / "extracts" / source).iterdir())[turn]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    written = simulate(PEOPLE, SEED, folder, until=date(2026, 10, 31), deliveries=3, every=timedelta(days=120))
    return World(folder, written)
