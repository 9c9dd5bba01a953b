"""What leaves as a file, in nobody's format: people and things, what joins them, and the rows of files that say so.

A room gathers a `Parcel` from what its reader may see; `followthemoney` and `stix` write it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5


class Sort(StrEnum):
    """What a thing is."""

    PERSON = "PERSON"
    VEHICLE = "VEHICLE"
    PHONE = "PHONE"
    PLACE = "PLACE"
    EVENT = "EVENT"
    ORGANISATION = "ORGANISATION"
    OBJECT = "OBJECT"
    THREAT = "THREAT"
    DISRUPTION = "DISRUPTION"


class Tie(StrEnum):
    """What joins two things, as far as a format has a word of its own for it."""

    MEMBER = "MEMBER"
    ASSOCIATE = "ASSOCIATE"
    RELATIVE = "RELATIVE"
    OTHER = "OTHER"


class Side(StrEnum):
    """Where somebody stands in a threat."""

    OFFENDER = "OFFENDER"
    PERIPHERY = "PERIPHERY"
    PROTECT = "PROTECT"


@dataclass(frozen=True)
class Row:
    """One row of a file that was delivered, or one record that was typed here: where a value goes back to.

    Args:
        key: Names the row for ever, such as `PERSON:412`.
        owner: The organisation whose record it is.
        system: The system it came from.
        number: Its own number there.
        file: The file, empty where it was typed here.
        line: The line of the file.
        batch: The delivery.
        digest: SHA-256 of the row as it was delivered, in hexadecimal.
        recorded_at: When this version came to be recorded here.
        conditions: Who may see it, and what is to be asked before it goes further.
        handling: The handling code of the intelligence report, P or C; empty where none is given.
    """

    key: str
    owner: str
    system: str
    number: str
    recorded_at: datetime
    file: str = ""
    line: int = 0
    batch: int = 0
    digest: str = ""
    conditions: str = ""
    handling: str = ""

    @property
    def where(self) -> str:
        """Where it stands, in words."""
        if not self.file:
            return f"{self.system} {self.number}"
        return f"{self.file}, line {self.line}, batch {self.batch}"


@dataclass(frozen=True)
class Value:
    """One value of a thing, and the rows that say it."""

    name: str
    text: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Thing:
    """One person, place, event, threat or whatever is a thing. `key` stays the same from one file to the next."""

    key: str
    sort: Sort
    title: str
    values: tuple[Value, ...]
    rows: tuple[str, ...]
    tags: tuple[str, ...] = ()

    def said(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value.text for value in self.values if value.name == name))


@dataclass(frozen=True)
class Bond:
    """What joins two things, from when to when, and how it is known."""

    key: str
    tie: Tie
    left: str
    right: str
    words: str
    known: str
    rows: tuple[str, ...]
    from_on: date | None = None
    to_on: date | None = None
    side: Side | None = None
    """Where a member stands in a threat; None of anything else."""


@dataclass(frozen=True)
class Parcel:
    """Everything that leaves in one file, and what the file says of itself.

    Args:
        region: Whose numbers the keys are: two regions number apart.
        title: What it is of.
        marking: The security classification.
        handling: What whoever gets it has to know, in whole sentences.
        facts: Who took it, why, for whom, as of when: label and words.
        made_at: When it was made.
        owner: The organisation of the person who took it.
        about: Keys of what the file is about.
        left_out: What is not in it on purpose, in sentences.
    """

    region: str
    title: str
    marking: str
    handling: str
    facts: tuple[tuple[str, str], ...]
    made_at: datetime
    owner: str
    about: tuple[str, ...]
    things: tuple[Thing, ...]
    bonds: tuple[Bond, ...]
    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = ()

    def identifier(self, *parts: str) -> UUID:
        """The same for the same parts in every file of the region, and in no other region."""
        return uuid5(uuid5(NAMESPACE_URL, f"urn:fourfold:{self.region}"), "\x1f".join(parts))

    def count(self, sort: Sort) -> int:
        return sum(thing.sort is sort for thing in self.things)


def without(things: Iterable[Thing], bonds: Iterable[Bond]) -> tuple[Bond, ...]:
    """The bonds of which both ends are there."""
    there = {thing.key for thing in things}
    return tuple(bond for bond in bonds if bond.left in there and bond.right in there)
