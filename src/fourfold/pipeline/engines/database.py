"""What a step of the pipeline asks of the place where it runs: an SQL statement, and its rows.

DuckDB's own connection is one such place, `spark.SparkDatabase` another.
"""

from __future__ import annotations

from typing import Any, Protocol


class Answer(Protocol):
    """What a statement gave."""

    def fetchall(self) -> list[Any]: ...


class Database(Protocol):
    """Statements in DuckDB's dialect, with `?` or `$name` for values."""

    def execute(self, query: Any, parameters: Any = None) -> Answer: ...

    def table(self, table_name: str) -> Any:
        """A table as the engine's own relation, for Splink."""

    def sql(self, query: Any) -> Any:
        """A query as the engine's own relation, for Splink."""
