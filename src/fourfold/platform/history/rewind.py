"""Looking back: every query as recorded then, what changed between two moments, and all versions of one record."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, models
from psycopg.pq import TransactionStatus

from fourfold.platform.errors import RuleBroken
from fourfold.platform.history.models import Versioned
from fourfold.platform.visibility import scope

STAMPS = frozenset({"recorded_from", "recorded_by", "recorded_in"})
NOT_A_TABLE = "55000"  # object_not_in_prerequisite_state: the view of what was takes no writes
LOOK_BACK = "select set_config('search_path', %s, true), set_config('fourfold.as_recorded_on', %s, true)"
BEGIN_LOOKING = (
    "with before as materialized "
    "(select current_setting('search_path'), current_setting('fourfold.as_recorded_on', true)) "
    "select before.*, set_config('search_path', %s, true), set_config('fourfold.as_recorded_on', %s, true) from before"
)


@dataclass(frozen=True)
class Change:
    """What happened to one row between two moments."""

    pk: int
    fields: tuple[str, ...]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    changed_at: datetime
    changed_by: int | None
    request: str | None


@dataclass(frozen=True)
class Changes:
    """Rows that came, rows that went, and rows that are different."""

    came: tuple[Change, ...]
    went: tuple[Change, ...]
    changed: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.came) + len(self.went) + len(self.changed)


@dataclass(frozen=True)
class Version:
    """A row as it was from one moment to before another; `recorded_to` is None for how it is now."""

    fields: dict[str, Any]
    recorded_from: datetime
    recorded_by: int | None
    recorded_in: str | None
    recorded_to: datetime | None
    ended_by: int | None
    ended_in: str | None


@contextmanager
def as_recorded_on(moment: datetime) -> Iterator[None]:
    """Inside the block every query reads governed tables as they were recorded at the moment.

    What the reader may see is decided by the labels that rows have now. Tables that keep no history (terms, people,
    the ledger) are read as they are. Read results inside the block: querysets are lazy.

    Args:
        moment: An aware datetime; for a day, `clock.close_of(day)`.

    Raises:
        RuntimeError: outside a scope.
        RuleBroken: H1, when something in the block tries to change a governed row.
    """
    if scope.current() is None:
        raise RuntimeError("as_recorded_on needs a scope: open one with acting_as first")
    if moment.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    with connection.cursor() as cursor:
        cursor.execute(BEGIN_LOOKING, ["rewound, public", moment.isoformat()])
        before: tuple[str, str | None] = cursor.fetchone()[:2]
    # A view has no primary key, so PostgreSQL cannot group by the key alone as Django does for tables.
    grouped_by_key = connection.features.allows_group_by_selected_pks
    connection.features.allows_group_by_selected_pks = False
    try:
        with connection.execute_wrapper(_refuse_writes):
            yield
    finally:
        connection.features.allows_group_by_selected_pks = grouped_by_key
        if connection.connection.info.transaction_status == TransactionStatus.INTRANS:
            with connection.cursor() as cursor:
                cursor.execute(LOOK_BACK, [before[0], before[1] or ""])


def diff[M: Versioned](rows: type[M] | models.QuerySet[M], earlier: datetime, later: datetime) -> Changes:
    """What came, went and changed between two moments, with the fields that differ and who changed them.

    Args:
        rows: A governed model, or a queryset of one: then a row comes or goes as it starts or stops to match.
        earlier: An aware moment.
        later: An aware moment, not before `earlier`.

    Raises:
        ValueError: `later` is before `earlier`.
    """
    if later < earlier:
        raise ValueError("the later moment is before the earlier one")
    if isinstance(rows, models.QuerySet):
        asked: models.QuerySet[M] = rows.order_by()
        model = rows.model
    else:
        model = rows
        asked = model._base_manager.filter(pk__in=_touched(model, earlier, later))
    columns = [field.attname for field in model._meta.concrete_fields]
    with as_recorded_on(earlier):
        then = {row["id"]: row for row in asked.values(*columns)}
    with as_recorded_on(later):
        now = {row["id"]: row for row in asked.values(*columns)}
    came = tuple(_change(pk, None, now[pk]) for pk in sorted(now.keys() - then.keys()))
    both = (_change(pk, then[pk], now[pk]) for pk in sorted(now.keys() & then.keys()) if then[pk] != now[pk])
    return Changes(came, _went(model, then, now, later), tuple(change for change in both if change.fields))


def versions_of(subject: Versioned) -> tuple[Version, ...]:
    """Every version of one row, newest first. The first is how it is now, unless the row has ended."""
    meta = type(subject)._meta
    columns = ", ".join(f'"{f.column}"' for f in meta.concrete_fields)
    query = (
        f'select {columns}, null::timestamptz, null::bigint, null::text from public."{meta.db_table}" where id = %s '
        f'union all select {columns}, recorded_to, ended_by, ended_in from public."{meta.db_table}_was" where id = %s '
        "order by recorded_from desc"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [subject.pk, subject.pk])
        rows = cursor.fetchall()
    return tuple(_version(meta.concrete_fields, row) for row in rows)


def versions_between(
    model: type[Versioned], pks: Sequence[int], earlier: datetime, later: datetime, *, columns: Sequence[str]
) -> dict[int, tuple[Version, ...]]:
    """Of many rows at once, oldest first: the version that stood at `earlier`, if any, and those until `later`.

    Args:
        columns: Names of the fields that are wanted, as stored, such as `owner_id`.
    """
    named = {f.attname: f for f in model._meta.concrete_fields}
    wanted = [named[name] for name in dict.fromkeys(("id", *columns, "recorded_from", "recorded_by", "recorded_in"))]
    listed = ", ".join(f'"{f.column}"' for f in wanted)
    table = model._meta.db_table
    query = (
        f'select {listed}, null::timestamptz, null::bigint, null::text from public."{table}" '
        "where id = any(%(pks)s) and recorded_from <= %(later)s "
        f'union all select {listed}, recorded_to, ended_by, ended_in from public."{table}_was" '
        "where id = any(%(pks)s) and recorded_from <= %(later)s and recorded_to > %(earlier)s "
        "order by id, recorded_from"
    )
    found: dict[int, list[Version]] = {}
    with connection.cursor() as cursor:
        cursor.execute(query, {"pks": list(pks), "earlier": earlier, "later": later})
        for row in cursor.fetchall():
            version = _version(wanted, row)
            found.setdefault(version.fields["id"], []).append(version)
    return {pk: tuple(versions) for pk, versions in found.items()}


def _refuse_writes(
    execute: Callable[..., Any],
    sql: str,
    params: Any,
    many: bool,
    context: dict[str, Any],
) -> Any:
    try:
        return execute(sql, params, many, context)
    except DatabaseError as refused:
        if getattr(refused.__cause__, "sqlstate", None) == NOT_A_TABLE:
            raise RuleBroken(
                "H1", "You are looking at the past, which cannot be changed. Go back to today."
            ) from refused
        raise


def _touched(model: type[Versioned], earlier: datetime, later: datetime) -> list[int]:
    """Keys of the rows that may differ between the two moments."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'select id from public."{table}" where recorded_from > %(earlier)s and recorded_from <= %(later)s '
            f'union select id from public."{table}_was" where recorded_to > %(earlier)s and recorded_from <= %(later)s',
            {"earlier": earlier, "later": later},
        )
        return [row[0] for row in cursor.fetchall()]


def _change(pk: int, before: dict[str, Any] | None, after: dict[str, Any]) -> Change:
    fields = () if before is None else tuple(k for k in after if k not in STAMPS and after[k] != before[k])
    return Change(
        pk,
        fields,
        _facts(before),
        _facts(after),
        after["recorded_from"],
        after["recorded_by"],
        after["recorded_in"],
    )


def _went(
    model: type[Versioned], then: dict[int, dict[str, Any]], now: dict[int, dict[str, Any]], later: datetime
) -> tuple[Change, ...]:
    """Rows that were there and are not: ended, or changed so that they match no more. Says who ended the version."""
    gone = sorted(then.keys() - now.keys())
    if not gone:
        return ()
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'select distinct on (id) id, recorded_to, ended_by, ended_in from public."{table}_was" '
            "where id = any(%s) and recorded_to <= %s order by id, recorded_to desc",
            [gone, later],
        )
        ends = {row[0]: row[1:] for row in cursor.fetchall()}
    return tuple(Change(pk, (), _facts(then[pk]), None, *ends.get(pk, (later, None, None))) for pk in gone)


def _facts(row: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if row is None else {k: v for k, v in row.items() if k not in STAMPS}


def _version(fields: Any, row: tuple[Any, ...]) -> Version:
    values = dict(zip((f.attname for f in fields), row, strict=False))
    stamps = {name: values.pop(name) for name in ("recorded_from", "recorded_by", "recorded_in")}
    recorded_to, ended_by, ended_in = row[-3:]
    return Version(values, **stamps, recorded_to=recorded_to, ended_by=ended_by, ended_in=ended_in)
