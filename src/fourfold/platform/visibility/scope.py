"""The one door to governed rows: inside `acting_as` PostgreSQL knows who asks; outside it there are no rows.

`acting_as` is one transaction and one round trip. What a person holds is worked out once and kept until the database's
stamp says that a label, a role, a membership, an agreement or a user has changed.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import Any
from uuid import uuid4

from django.db import connection, models, transaction
from psycopg.pq import TransactionStatus

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.reference import keeping
from fourfold.platform.visibility import selectors
from fourfold.platform.visibility.selectors import Holdings

KEPT_HOLDINGS = 2_000
NAMES = ("reads", "writes", "actor", "organisation", "ledger", "request", "simulated_now")
ENTER = f"select {', '.join(f"set_config('fourfold.{name}', %s, true)" for name in NAMES)}, visibility_stamp()"


@dataclass(frozen=True)
class Acting:
    """Who acts, in which request, what they may read and write, and the database's stamp when they began."""

    user: User
    request_id: str
    holdings: Holdings
    session: str = ""
    address: str = ""
    stamp: str = ""

    @property
    def reads(self) -> frozenset[int]:
        return self.holdings.reads

    @property
    def writes(self) -> frozenset[int]:
        return self.holdings.writes


_acting: ContextVar[Acting | None] = ContextVar("acting", default=None)
_kept: OrderedDict[int, tuple[str, date, Holdings]] = OrderedDict()
_keeping = Lock()


def current() -> Acting | None:
    """Who acts now, or None outside every scope."""
    return _acting.get()


@contextmanager
def acting_as(user: User, *, request_id: str | None = None, session: str = "", address: str = "") -> Iterator[Acting]:
    """Act as a user: one durable transaction in which PostgreSQL shows and takes what the user may see and write.

    Args:
        user: Who acts.
        request_id: What the history and the ledger call this; made up where none is given.
        session: Hash of the session, for the ledger.
        address: Where the request came from, for the ledger.

    Raises:
        RuntimeError: there is a scope or a transaction already; scopes do not nest.
    """
    if _acting.get() is not None:
        raise RuntimeError("acting_as does not nest: finish the first scope before opening another")
    today = clock.today()
    with transaction.atomic(durable=True):
        acting = _enter(user, today, request_id or uuid4().hex, session, address)
        _acting.set(acting)
        keeping.stamp.set(acting.stamp)
        try:
            yield acting
        finally:
            _acting.set(None)
            keeping.stamp.set("")
    if connection.in_atomic_block and not connection.needs_rollback:
        _set(dict.fromkeys(NAMES, ""))


def extend(label: int, *, writes: bool) -> None:
    """Let the current scope use a label that was made in it.

    Raises:
        RuntimeError: there is no scope.
    """
    acting = _acting.get()
    if acting is None:
        raise RuntimeError("there is no scope to extend")
    held = acting.holdings
    held = replace(held, reads=held.reads | {label}, writes=held.writes | {label} if writes else held.writes)
    _acting.set(replace(acting, holdings=held))
    _tell(held)


@contextmanager
def lent(*labels: int, unread: bool = False) -> Iterator[None]:
    """Let the current scope also write rows of these labels inside the block.

    For somebody who answers what an owner has put to them, such as a hand-over: the owner's asking is the permission,
    and the service that lends has checked it. What the scope reads stays as it was.

    Args:
        unread: Also lend labels that the scope does not read, to be read and written inside the block: for what
            follows a record to its new owner, who could not read it before. The service that lends takes care that
            nothing else of these labels is looked at.

    Raises:
        RuntimeError: there is no scope.
    """
    before = _acting.get()
    if before is None:
        raise RuntimeError("there is no scope to lend to")
    wanted = frozenset(labels) if unread else frozenset(labels) & before.reads
    if wanted - before.writes:
        held = replace(before.holdings, reads=before.reads | wanted, writes=before.writes | wanted)
        _acting.set(replace(before, holdings=held))
        _tell(held)
    try:
        yield
    finally:
        now = _acting.get()
        if now is not None:
            held = replace(
                now.holdings,
                reads=now.reads - (wanted - before.reads),
                writes=now.writes - (frozenset(labels) - before.writes),
            )
            _acting.set(replace(now, holdings=held))
            # A transaction that failed gives its settings back itself when it is rolled back.
            if connection.connection.info.transaction_status == TransactionStatus.INTRANS:
                _tell(held)


def _tell(held: Holdings) -> None:
    """Tell PostgreSQL what the current scope now reads and writes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('fourfold.reads', %s, true), set_config('fourfold.writes', %s, true)",
            [held.reads_text, held.writes_text],
        )


def narrowed[M: models.Model](queryset: models.QuerySet[M]) -> models.QuerySet[M]:
    """The same rows, with the labels held spelt out where they cover little of the table.

    Redundant to the policy, so never a matter of safety: it tells the planner, which cannot know that the policy keeps
    almost nothing, to start from the labels instead of walking a long index.
    """
    acting = _acting.get()
    if acting is None:
        return queryset
    table: str = queryset.model._meta.db_table
    if selectors.is_narrow(acting.reads, table):
        return queryset.filter(label_id__in=sorted(acting.reads))
    return queryset


def _enter(user: User, today: date, request_id: str, session: str, address: str) -> Acting:
    kept = _kept.get(user.pk)
    moment = clock.told_moment()
    since = today if moment is None else selectors.unchanged_since(today)
    holdings = kept[2] if kept and kept[1] == since else selectors.NOTHING_HELD
    settings = {"actor": str(user.pk), "request": request_id, "simulated_now": moment.isoformat() if moment else ""}
    stamp = _set(settings | holdings.settings())
    if moment is not None:
        since = selectors.unchanged_since(today, stamp=stamp)
    if kept is None or kept[:2] != (stamp, since):
        holdings = selectors.holdings_of(user, today=today, stamp=stamp)
        _set(settings | holdings.settings())
        _keep(user.pk, (stamp, since, holdings))
    user.holds(holdings.roles, holdings.capabilities)
    return Acting(user, request_id, holdings, session, address, stamp)


def _keep(user_id: int, held: tuple[str, date, Holdings]) -> None:
    """Keep one user's holdings and forget the oldest; threads of one server do this at the same time."""
    with _keeping:
        _kept[user_id] = held
        _kept.move_to_end(user_id)
        while len(_kept) > KEPT_HOLDINGS:
            _kept.popitem(last=False)


def _set(settings: dict[str, str]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(ENTER, [settings[name] for name in NAMES])
        row: tuple[Any, ...] = cursor.fetchone()
    return str(row[-1])
