"""SQL that reads several times of a row at once.

A macro is written out wherever it stands, and the one that reads a time is long: planning it four times over takes a
small delivery longer than its rows do. Here it stands once, over a list of what the row says.
"""

from __future__ import annotations

from collections.abc import Mapping

_READ = "times_read"


def read_times(macro: str, said: Mapping[str, str]) -> str:
    """Column of the inner select. `said`: name of each time, and SQL of the text that says it."""
    return f"list_transform([{', '.join(said.values())}], lambda said: {macro}(said)) AS {_READ}"


def each_time(said: Mapping[str, str]) -> str:
    """Columns of the select around it: everything else that it gives, and each time by its name."""
    return ", ".join([f"* EXCLUDE ({_READ})", *(f"{_READ}[{n}] AS {name}" for n, name in enumerate(said, 1))])
