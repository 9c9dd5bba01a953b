"""The DuckDB that a process keeps for small deliveries: starting one and making the macros takes longer than they do.

What a run makes is temporary and belongs to its own cursor, so nothing of one delivery is there for the next. The
database never writes to disk: a delivery that may have to is given one of its own.
"""

from __future__ import annotations

import atexit
import os
from threading import Lock

import duckdb

from fourfold.pipeline.canonical import macros

MEMORY_MB = 500
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": f"{MEMORY_MB}MB",
    "threads": 1,
    "async_threads": 0,
    "temp_directory": "",
    "disabled_optimizers": "projection_pullup",  # of few rows it saves nothing, and it copies every expression
    "enable_external_file_cache": False,  # of a file that was read, nothing stays behind
}


class _Kept:
    """The database of this process, opened when it is first asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._of_a_parent: list[duckdb.DuckDBPyConnection | None] = []

    def cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None:
                database = duckdb.connect(config=_SETTINGS)
                macros.install_kept(database)
                self._database = database
            return self._database.cursor()

    def leave_to_the_parent(self) -> None:
        """A process that was forked opens its own, and does not close the other."""
        self._of_a_parent.append(self._database)
        self._lock, self._database = Lock(), None

    def close(self) -> None:
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None


_kept = _Kept()
os.register_at_fork(after_in_child=_kept.leave_to_the_parent)
atexit.register(_kept.close)


def give_up() -> None:
    """Open another for the next delivery: after a fault of its own, DuckDB may answer nobody any more."""
    _kept.close()


def cursor() -> duckdb.DuckDBPyConnection:
    """A connection with every macro but those that `macros.install_for` makes. To be closed."""
    return _kept.cursor()
