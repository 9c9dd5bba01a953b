"""Writing the ledger, sealing it, and finding out whether it was changed."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import batched, chain
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from fourfold.platform.audit.models import Block, Check, Entry, Operation
from fourfold.platform.visibility import scope

__all__ = ["Operation", "Reason", "Verdict", "check", "note", "note_all", "seal", "verify"]

GENESIS = "0" * 64
LAST_XID = 2**63 - 1
SEALED_COLUMNS = (
    *("id", "at", "xid", "cluster", "actor_id", "organisation_id", "role", "session", "address", "operation"),
    *("object_type", "object_id", "reason_code", "reason_text", "operation_reference", "details", "request"),
)
WRITTEN_COLUMNS = SEALED_COLUMNS[4:]
ONE_ENTRY = f"({', '.join(['%s'] * len(WRITTEN_COLUMNS))})"
WRITE = f"insert into audit_entry ({', '.join(WRITTEN_COLUMNS)}) values "
AT_ONCE = 500
BLOCK_COLUMNS = ("number", "cluster", "from_xid", "to_xid", "entries", "previous", "digest")
WITHOUT_AN_ACTOR = frozenset({Operation.SIGN_IN, Operation.SIGN_OUT})
SEALING = 4_407


@dataclass(frozen=True)
class Reason:
    """Why someone reads people: a code of reference kind `reason`, their own words, the operation it serves."""

    code: str
    text: str = ""
    operation_reference: str = ""


@dataclass(frozen=True)
class Verdict:
    """What verifying the ledger found. `faults` are sentences; none of them means that nothing was changed."""

    blocks: int
    entries: int
    unsealed: int
    head: str
    faults: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.faults


def note(
    operation: Operation,
    subject: models.Model | None = None,
    *,
    object_type: str = "",
    object_id: str = "",
    reason: Reason | None = None,
    **details: Any,
) -> None:
    """Add to the ledger, in the current transaction, what the current actor does.

    Args:
        operation: Which of the operations it is.
        subject: The row it is done to; or name it by `object_type` and `object_id` where there is no single row.
        object_type: Label of a model such as `pole.person`, or what else was acted on, such as `pole.person list`.
        object_id: Its key or reference.
        reason: Why; wanted for every read of people.
        details: What else tells it: filters, number of results, recipients, version read. Plain values.

    Raises:
        RuntimeError: nobody acts, and this is neither a sign-in nor a sign-out.
    """
    values = _values(operation, subject, object_type, object_id, reason=reason, details=details)
    with connection.cursor() as cursor:
        cursor.execute(WRITE + ONE_ENTRY, values)


def note_all(
    operation: Operation, noted: Iterable[tuple[models.Model, Mapping[str, Any]]], *, reason: Reason | None = None
) -> None:
    """As `note`, for many rows at once: each with its own details and an entry of its own."""
    rows = [_values(operation, subject, "", "", reason=reason, details=dict(details)) for subject, details in noted]
    with connection.cursor() as cursor:
        for those in batched(rows, AT_ONCE):
            cursor.execute(WRITE + ", ".join([ONE_ENTRY] * len(those)), list(chain.from_iterable(those)))


def _values(
    operation: Operation,
    subject: models.Model | None,
    object_type: str,
    object_id: str,
    *,
    reason: Reason | None,
    details: dict[str, Any],
) -> list[Any]:
    """What one entry writes, in the order of its columns."""
    acting = scope.current()
    if acting is None and operation not in WITHOUT_AN_ACTOR:
        raise RuntimeError(f"{operation} needs an actor: open a scope with acting_as first")
    if subject is not None:
        object_type, object_id = subject._meta.label_lower, str(subject.pk)
    given = reason or Reason("")
    return [
        acting.user.pk if acting else None,
        acting.holdings.organisation if acting else None,
        ", ".join(acting.holdings.roles) if acting else "",
        acting.session if acting else "",
        acting.address if acting else str(details.pop("address", "")),
        operation.value,
        object_type,
        object_id,
        given.code,
        given.text,
        given.operation_reference,
        json.dumps(details, cls=DjangoJSONEncoder),
        acting.request_id if acting else str(details.pop("request", "")),
    ]


@transaction.atomic
def seal() -> tuple[Block, ...]:
    """Seal what is finished and not sealed yet: one block, or more after a move to another cluster. Safe to run twice.

    An entry may be committed after later ones. So only transactions older than the oldest that still runs are sealed:
    those have ended, and no entry of theirs can appear any more. After a restore the ledger holds entries of another
    cluster, where transactions were numbered apart: all of those have ended.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [SEALING])
        cursor.execute("select audit_cluster(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        here, finished = cursor.fetchone()
    made = []
    head = Block.objects.order_by("-number").first()
    for cluster in _clusters_with_entries():
        until = finished if cluster == here else LAST_XID
        latest = Block.objects.filter(cluster=cluster).order_by("-number").first()
        start = latest.to_xid if latest else 0
        if start < until and _entries(cluster, start, until).exists():
            head = _seal_range(head, cluster, start, until)
            made.append(head)
    return tuple(made)


def verify(*, expect: str = "") -> Verdict:
    """Read every block and entry again and say what does not fit.

    A chain cannot show that its end was cut off, so the head that was written down elsewhere is given as `expect`.

    Args:
        expect: Digest of a block that was the head once, or empty.
    """
    faults: list[str] = []
    previous, reached, entries = GENESIS, dict[int, int](), 0
    seen: set[str] = set()
    number = 0
    for number, block in enumerate(Block.objects.order_by("number").iterator(), start=1):
        if block.number != number:
            faults.append(f"Block {number} is missing: block {block.number} stands in its place")
            break
        if block.previous != previous:
            faults.append(f"Block {number} does not follow block {number - 1}")
        if block.from_xid != reached.get(block.cluster, 0):
            faults.append(f"Block {number} leaves a gap after block {number - 1}")
        found, digest = _digest(block)
        if found != block.entries:
            faults.append(f"Block {number} sealed {block.entries} entries and now has {found}")
        elif digest != block.digest:
            faults.append(f"Block {number} is not as it was sealed: an entry in it was changed, replaced or reordered")
        reached[block.cluster], previous = block.to_xid, block.digest
        entries += found
        seen.add(block.digest)
    if expect and expect not in seen:
        faults.append(
            f"No block has the digest {expect}: the ledger was cut off or rewritten since it was written down"
        )
    unsealed = Entry.objects.count() - entries
    return Verdict(number, entries, unsealed, previous if number else "", tuple(faults))


def check(*, expect: str = "") -> Verdict:
    """Verify, and keep what was found for the page of who looked."""
    verdict = verify(expect=expect)
    Check.objects.create(
        blocks=verdict.blocks,
        entries=verdict.entries,
        unsealed=verdict.unsealed,
        head=verdict.head,
        faults=list(verdict.faults),
    )
    return verdict


def _clusters_with_entries() -> list[int]:
    """The database clusters that the ledger was written in, without reading every entry."""
    found: list[int] = []
    while True:
        later = Entry.objects.filter(cluster__gt=found[-1]) if found else Entry.objects.all()
        following = later.order_by("cluster").values_list("cluster", flat=True).first()
        if following is None:
            return found
        found.append(following)


def _seal_range(head: Block | None, cluster: int, from_xid: int, to_xid: int) -> Block:
    block = Block(
        number=head.number + 1 if head else 1,
        cluster=cluster,
        from_xid=from_xid,
        to_xid=to_xid,
        previous=head.digest if head else GENESIS,
    )
    block.entries, block.digest = _digest(block)
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into audit_block ({', '.join(BLOCK_COLUMNS)}) values ({', '.join(['%s'] * len(BLOCK_COLUMNS))})",
            [getattr(block, column) for column in BLOCK_COLUMNS],
        )
    return block


def _digest(block: Block) -> tuple[int, str]:
    """How many entries the block covers, and the hash over them, its own facts and the block before."""
    chain = hashlib.sha256()
    facts = [block.number, block.cluster, block.from_xid, block.to_xid, block.previous]
    chain.update(json.dumps(facts, separators=(",", ":")).encode())
    count = 0
    for row in _rows(block):
        chain.update(b"\n" + row)
        count += 1
    return count, chain.hexdigest()


def _entries(cluster: int, from_xid: int, to_xid: int) -> models.QuerySet[Entry]:
    return Entry.objects.filter(cluster=cluster, xid__gte=from_xid, xid__lt=to_xid)


def _rows(block: Block) -> Iterator[bytes]:
    """The block's entries in order, each written one way only: the same entry gives the same bytes for ever."""
    entries = _entries(block.cluster, block.from_xid, block.to_xid).order_by("xid", "id")
    for values in entries.values_list(*SEALED_COLUMNS).iterator():
        yield json.dumps(values, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no plain form")
