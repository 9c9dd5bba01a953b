"""For published data whose identifiers repeat: every row is kept, the second of a kind as `~2`. Goes with Q-KEY-03."""

from __future__ import annotations


def times_given(column: str) -> str:
    """SQL: how many rows have the identifier of this row."""
    return f"count(*) OVER (PARTITION BY {column})"


def numbered(column: str) -> str:
    """SQL: the identifier, and from the second row that has it on, its number in the order delivered."""
    turn = f"row_number() OVER (PARTITION BY {column} ORDER BY source_file, source_line)"
    return f"{column} || CASE WHEN {turn} > 1 THEN '~' || {turn} ELSE '' END"
