"""Migration operations that keep a table's past. Frozen once released: new behaviour is a `_v2`."""

import json
from pathlib import Path

from django.db.migrations.operations import RunSQL

SQL = Path(__file__).parent / "sql"


def keep_history_v1(table: str) -> RunSQL:
    """Keep what was: the twin `<table>_was`, its triggers and policy, and the view `rewound.<table>`.

    The table is a `Labelled`, `Versioned` model's, has the key `id` and is under `protect_v1` already.
    """
    return RunSQL(f"select history_keep_v1('{table}')", f"select history_forget_v1('{table}')")


def stamp_by_policy_v1(table: str) -> RunSQL:
    """For a table that is filled in bulk: a policy refuses forged stamps row by row, in place of a trigger afterwards.

    The trigger needs a copy of every row that a statement inserts. The table is under `keep_history_v1` already.
    """
    return RunSQL(_filled("stamps_by_policy_v1.sql", table), _filled("unstamps_by_policy_v1.sql", table))


def pause_history_v1(table: str) -> RunSQL:
    """Before an operation that changes or removes a column: take away the view and the trigger that use the column."""
    return RunSQL(f"select history_pause_v1('{table}')", f"select history_refresh_v1('{table}', '{{}}')")


def refresh_history_v1(table: str, *, renamed: dict[str, str] | None = None) -> RunSQL:
    """After a table's columns changed, in the same migration: the twin, the triggers and the view follow.

    Args:
        table: A table under `keep_history_v1`.
        renamed: Old column name to new, for columns that only changed their name.
    """
    back = {new: old for old, new in (renamed or {}).items()}
    return RunSQL(
        f"select history_refresh_v1('{table}', '{json.dumps(renamed or {})}')",
        f"select history_refresh_v1('{table}', '{json.dumps(back)}')",
    )


def _filled(name: str, table: str) -> str:
    return (SQL / name).read_text().replace("{table}", f'public."{table}"')
