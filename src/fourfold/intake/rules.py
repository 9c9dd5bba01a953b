"""What a delivery must be, how a batch moves, and when a source is late. Plain Python.

Deliveries are refused by the rules `IN1` to `IN12` below; rows inside a delivery are quarantined by the pipeline's own
`Q-` rules. A refused delivery is kept, byte for byte, with the sentence that says why.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.rules import Actor, may

LONDON = ZoneInfo("Europe/London")


class State(StrEnum):
    """How far a batch has come. `REFUSED` and `FAILED` stop it; a failed batch can be run again."""

    RECEIVED = "RECEIVED"
    LANDED = "LANDED"
    CANONICAL = "CANONICAL"
    RESOLVED = "RESOLVED"
    PUBLISHED = "PUBLISHED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


STATE_NAMES: Mapping[State, str] = {
    State.RECEIVED: "Received",
    State.LANDED: "Landed",
    State.CANONICAL: "Read and checked",
    State.RESOLVED: "Matched",
    State.PUBLISHED: "Published",
    State.REFUSED: "Refused",
    State.FAILED: "Stopped",
}


class Step(StrEnum):
    """What is done to a batch, in this order."""

    LAND = "LAND"
    CANONICALISE = "CANONICALISE"
    RESOLVE = "RESOLVE"
    PUBLISH = "PUBLISH"


STEP_NAMES: Mapping[Step, str] = {
    Step.LAND: "Land: check the manifest and keep the text of every cell",
    Step.CANONICALISE: "Read: turn rows into people, objects, locations, events and links",
    Step.RESOLVE: "Match: find the records that are about the same person",
    Step.PUBLISH: "Publish: show the whole batch at once",
}
STATE_AFTER: Mapping[Step, State] = {
    Step.LAND: State.LANDED,
    Step.CANONICALISE: State.CANONICAL,
    Step.RESOLVE: State.RESOLVED,
    Step.PUBLISH: State.PUBLISHED,
}
SETTLED = frozenset({State.PUBLISHED, State.REFUSED})
OVERTAKEN = "IN18"
"""Rule: what a later delivery of the source says of a record stands, whenever an earlier one is published."""


class Outcome(StrEnum):
    """How one attempt at a step ended. An attempt whose process died is found and marked by the next one."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    BROKEN_OFF = "BROKEN_OFF"


class How(StrEnum):
    """By which way a delivery came in."""

    COMMAND = "COMMAND"
    PAGE = "PAGE"
    SYSTEM = "SYSTEM"
    REPAIR = "REPAIR"
    WAITED = "WAITED"


HOW_NAMES: Mapping[How, str] = {
    How.COMMAND: "by command",
    How.PAGE: "uploaded by a person",
    How.SYSTEM: "sent by the source system",
    How.REPAIR: "made from repaired rows",
    How.WAITED: "made from rows that waited for a later delivery",
}


class Kind(StrEnum):
    """Why a row was not loaded: a rule refused it, or it waits for something that has not been delivered."""

    QUARANTINED = "QUARANTINED"
    HELD = "HELD"


class RowState(StrEnum):
    """What has been done about a row that was not loaded."""

    OPEN = "OPEN"
    REPAIRED = "REPAIRED"
    DISMISSED = "DISMISSED"


ROW_STATE_NAMES: Mapping[RowState, str] = {
    RowState.OPEN: "Open",
    RowState.REPAIRED: "Repaired",
    RowState.DISMISSED: "Dismissed",
}


class Cadence(StrEnum):
    """How often a source is expected."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"
    ONCE = "ONCE"


CADENCE_NAMES: Mapping[Cadence, str] = {
    Cadence.DAILY: "every day",
    Cadence.WEEKLY: "every week",
    Cadence.MONTHLY: "every month",
    Cadence.YEARLY: "every year",
    Cadence.ONCE: "once",
}
# How long after the last delivery the next one is late: the period and a fair margin for weekends and month ends.
LATE_AFTER: Mapping[Cadence, timedelta] = {
    Cadence.DAILY: timedelta(hours=36),
    Cadence.WEEKLY: timedelta(days=9),
    Cadence.MONTHLY: timedelta(days=35),
    Cadence.YEARLY: timedelta(days=400),
}


class Freshness(StrEnum):
    """Whether a source has delivered when it should have."""

    FRESH = "FRESH"
    LATE = "LATE"
    NEVER = "NEVER"
    COMPLETE = "COMPLETE"


def freshness(cadence: Cadence, last: datetime | None, *, now: datetime) -> Freshness:
    """Fresh or late, from the last delivery that was not refused. A source expected once is then complete."""
    if last is None:
        return Freshness.NEVER
    if cadence is Cadence.ONCE:
        return Freshness.COMPLETE
    return Freshness.LATE if now > last + LATE_AFTER[cadence] else Freshness.FRESH


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Rows of a file by what became of them. Reference rows are code tables and tombstones, used to enrich others."""

    read: int = 0
    loaded: int = 0
    quarantined: int = 0
    held: int = 0
    reference: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            read=self.read + other.read,
            loaded=self.loaded + other.loaded,
            quarantined=self.quarantined + other.quarantined,
            held=self.held + other.held,
            reference=self.reference + other.reference,
        )

    @property
    def accounted(self) -> int:
        """Rows whose fate is known."""
        return self.loaded + self.quarantined + self.held + self.reference

    def check(self, name: str) -> None:
        """Raise `RuleBroken` IN10 unless every row read is accounted for."""
        if self.read != self.accounted:
            raise RuleBroken(
                "IN10",
                f"{name} has {self.read} rows but {self.accounted} are accounted for "
                f"({self.loaded} loaded, {self.quarantined} quarantined, {self.held} held, {self.reference} reference)",
            )


def total(counts: Iterable[Counts]) -> Counts:
    """All the counts together."""
    return sum(counts, start=Counts())


# What a delivery may be. Limits are ours, wide enough for a full extract of a large force.
MOST_BYTES_UPLOADED = 2 * 1024**3
MOST_BYTES_UNPACKED = 20 * 1024**3
MOST_FILES = 200
RESOLUTIONS_KEPT = 3
"""How many of the newest resolution runs keep their files; one that something still stands on is kept besides."""
MOST_EXPANSION = 200
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,119}")
SOURCE_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


def check_name(name: str) -> None:
    """Raise `RuleBroken` IN3 for a file name that could reach outside the delivery, or that no system would write."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or len(path.parts) != 1 or not NAME.fullmatch(name):
        raise RuleBroken(
            "IN3",
            f"The delivery holds a file named {shown(name)}. Names may have letters, digits, spaces, dots, dashes and "
            "underscores, and no folders",
        )


def check_sizes(sizes: Mapping[str, int], *, packed: int | None = None) -> None:
    """Raise `RuleBroken` when a delivery is empty (IN1), has too many files or is too large (IN4)."""
    if not sizes:
        raise RuleBroken("IN1", "The delivery has no files in it")
    if len(sizes) > MOST_FILES:
        raise RuleBroken("IN4", f"The delivery has {len(sizes)} files. The most taken at once is {MOST_FILES}")
    unpacked = sum(sizes.values())
    if unpacked > MOST_BYTES_UNPACKED:
        raise RuleBroken(
            "IN4", f"The delivery is {size_in_words(unpacked)}. The most taken is {size_in_words(MOST_BYTES_UNPACKED)}"
        )
    if packed and unpacked > 10 * 1024**2 and unpacked > packed * MOST_EXPANSION:
        raise RuleBroken(
            "IN4", f"The zip grows from {size_in_words(packed)} to {size_in_words(unpacked)}, which no extract does"
        )


def check_agreement(reference: str, begins: date, ends: date | None, *, today: date) -> None:
    """Raise `RuleBroken` IN8 when the source's information-sharing agreement is not in force today."""
    if today < begins:
        raise RuleBroken(
            "IN8", f"Agreement {reference} starts on {in_words(begins)}. Nothing may be loaded before then"
        )
    if ends is not None and today >= ends:
        raise RuleBroken("IN8", f"Agreement {reference} ended on {in_words(ends)}. Nothing may be loaded after it")


def check_manifest_source(claimed: str, expected: str) -> None:
    """Raise `RuleBroken` IN7 when the manifest names another source than the one that delivered it."""
    if claimed != expected:
        raise RuleBroken(
            "IN7", f"The manifest says the source is {shown(claimed)}, but this was delivered as {expected}"
        )


def check_reason(reason: str) -> None:
    """Raise `RuleBroken` IN11 unless a reason of at least three words is given."""
    if len(reason.split()) < 3:
        raise RuleBroken(
            "IN11", "Give a reason in a few words, so that someone else can follow it later", field="reason"
        )


def check_open(state: str) -> None:
    """Raise `RuleBroken` IN12 when a row has already been repaired or dismissed."""
    if state != RowState.OPEN:
        raise RuleBroken("IN12", f"This row has already been {ROW_STATE_NAMES[RowState(state)].lower()}")


def check_corrected(values: Mapping[str, str], delivered: Mapping[str, str]) -> None:
    """Raise `RuleBroken` IN13 when nothing is corrected, or a value has a character that can't be kept."""
    if all(delivered.get(column) == value for column, value in values.items()):
        raise RuleBroken(
            "IN13", "The row is as it was refused. Enter the right value, or dismiss the row", field="value"
        )
    if any("\x00" in value for value in values.values()):
        raise RuleBroken("IN13", "The value has a character that cannot be kept. Type it again", field="value")


def delivered_values(row: Iterable[tuple[str, object]], value: str) -> dict[str, str]:
    """A row as delivered, by column in its order; the whole line under the empty name where it could not be split."""
    return {column: as_text(each) for column, each in row} or {"": value}


def as_text(value: object) -> str:
    """A delivered value as text; what isn't text was JSON in the delivery, and is shown as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class SourceFacts:
    """A source as the region's data describe it."""

    code: str
    name: str
    family: str
    owner: str
    forces: tuple[str, ...]
    agreement: str
    agreement_from: date
    agreement_to: date | None = None
    audience: str = "REGION"
    marking: str = "OFFICIAL-SENSITIVE"
    compartment: str = ""
    cadence: Cadence = Cadence.DAILY

    def as_fields(self) -> dict[str, object]:
        """What is kept of the source beside its code and owner."""
        return {
            "name": self.name,
            "family": self.family,
            "forces": list(self.forces),
            "agreement": self.agreement,
            "agreement_from": self.agreement_from,
            "agreement_to": self.agreement_to,
            "audience": self.audience,
            "marking": self.marking,
            "compartment": self.compartment,
            "cadence": self.cadence.value,
        }


def content_hash(files: Mapping[str, str]) -> str:
    """One hash for a whole delivery, from its files' names and their SHA-256: a folder and a zip of it agree."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\n{files[name]}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One value corrected by a person. `column` empty means that the whole line was typed again."""

    file: str
    line: int
    column: str
    value: str


def corrections_hash(batch_id: int, number: int, corrections: Iterable[Correction]) -> str:
    """The hash of a batch's supplement of that number, from every correction in order of file, line and column."""
    digest = hashlib.sha256(f"batch {batch_id} supplement {number}\n".encode())
    for c in sorted(corrections, key=lambda c: (c.file, c.line, c.column)):
        digest.update(f"{c.file}\n{c.line}\n{c.column}\n{len(c.value)}\n{c.value}\n".encode())
    return digest.hexdigest()


STOPPED_BY_FAULT = (
    "A fault in the programme stopped this step. Nothing of the batch is shown and nothing is lost. "
    "Run it again; if it stops again, tell those who run this service"
)


def moment_from(text: object) -> datetime | None:
    """A moment out of a manifest: ISO 8601; without an offset it is UTC. What can't be read is not there."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def new_token() -> str:
    """A bearer token for a source system: 256 random bits, after letters by which a leaked one can be found."""
    return "ffs_" + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a token. A random 256-bit secret needs no slow hash: it can't be guessed from its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def size_in_words(size: int) -> str:
    """Bytes as a person reads them: 1.5 MB."""
    amount = float(size)
    for unit in ("bytes", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def in_words(day: date) -> str:
    """4 January 2023."""
    return f"{day.day} {day:%B %Y}"


def shown(text: str, most: int = 60) -> str:
    """A value of unknown origin inside a sentence: in quotation marks, cut short, without control characters."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return f"“{clean[:most]}…”" if len(clean) > most else f"“{clean}”"


def moment_in_words(moment: datetime) -> str:
    """4 January 2023 at 2:05pm, London time."""
    local = moment.astimezone(LONDON)
    return f"{in_words(local.date())} at {local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def may_deliver(actor: Actor, *, organisation: str, owner: str, forces: tuple[str, ...]) -> bool:
    """Whether someone may bring a source's extract by hand: whose records it holds, or who keeps the region's data."""
    is_theirs = organisation == owner or organisation in forces
    return may(actor, "intake.manage") and (is_theirs or may(actor, "region.write"))
