"""The book of the casework: dated acts of officers, and what a threat comes to be by them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, TextIO

import yaml

from fourfold.simulation.calibration import Calibration
from fourfold.simulation.chance import Chance, Weighted
from fourfold.simulation.datafiles import DATA
from fourfold.simulation.names import Names
from fourfold.simulation.places import Places

UNIT = "nwrocu"
FRIDAY = 4
AFTERNOON = "13:00"  # when managers do what they do: all of one day's together
LATELY = timedelta(days=150)
HOLIDAYS = frozenset({(1, 1), (1, 2), (12, 25), (12, 26), (12, 27)})
PARTNERS = ("hmpps", "hmrc", "hoie", "btp", "nca")


@cache
def words(name: str) -> Mapping[str, Any]:
    """One of the hand-written word files."""
    found: Mapping[str, Any] = yaml.load((DATA / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


@dataclass(slots=True, eq=False)
class Case:
    """A threat as the casework knows it: one the simulated world nominates, or one that officers listed.

    Args:
        key: How acts name it: `n12` is line 12 of the nominations, `l34` was listed here.
        kind: What it is called now; changes when somebody reclassifies it.
        own: Whether the simulated world has it: then its tier, phase and end are told by its nomination.
        tiers: From when it is in which tier, oldest first.
        counted: Whether it is to be in the count.
        into: Whether another was merged into it; then it stays.
        moving: Whether it was offered to another organisation lately; then nothing else happens to it meanwhile.
        late: Why it was not moderated on the day of the count, where the calibration says so.
    """

    key: str
    owner: str
    kind: str
    theme: str
    name: str
    ward: str
    town: str
    lro: str
    listed_on: date
    phase: str
    tiers: list[tuple[date, str]]
    own: bool = False
    soc: bool = True
    counted: bool = False
    mistyped: bool = False
    restricted: bool = False
    late: str = ""
    closed_on: date | None = None
    moderated_on: date | None = None
    reclassified_on: date | None = None
    plan_on: date | None = None
    adopted_on: date | None = None
    summary: str = ""
    sio: str = ""
    brand: str = ""
    into: bool = False
    moving: bool = False
    aims: list[int] = field(default_factory=list)
    events: dict[date, set[str]] = field(default_factory=dict)

    def tier(self, on: date) -> str:
        """The tier on a day."""
        return next((tier for since, tier in reversed(self.tiers) if since <= on), self.tiers[0][1])

    def is_open(self, on: date) -> bool:
        return self.listed_on <= on and (self.closed_on is None or on < self.closed_on)

    def kind_on(self, day: date) -> str:
        """What it is called on a day, once every reclassification is known."""
        if self.reclassified_on is not None and day >= self.reclassified_on:
            return "VULNERABILITY"
        return self.kind


@dataclass(slots=True)
class Region:
    """What every part of the casework draws on: places, names, the calibration, chance and the last day."""

    calibration: Calibration
    places: Places
    names: Names
    chance: Chance
    last: date
    taken: dict[str, int]
    cases: list[Case] = field(default_factory=list)

    def of(self, force: str) -> list[Case]:
        return [case for case in self.cases if case.owner == force]


class Book:
    """Keeps acts until they are written in order of time; those after the last day never happen."""

    def __init__(self, last: date) -> None:
        self.last = last
        self.acts: list[tuple[str, str, int, dict[str, Any]]] = []

    def add(self, on: date, at: str, actor: str, act: str, **said: Any) -> None:
        """Note an act: on which day, at which time, by which mailbox, what."""
        if on <= self.last:
            day = on.isoformat()
            entry = {"on": day, "at": at, "actor": actor, "act": act, **said}
            self.acts.append((day, at, len(self.acts), entry))

    def write(self, out: TextIO) -> int:
        """Write every act as a line, in order of time; return how many."""
        self.acts.sort(key=lambda entry: (entry[0], entry[1], entry[3]["actor"], entry[3]["act"], entry[2]))
        out.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for *_, entry in self.acts)
        return len(self.acts)


def mailbox(role: str, organisation: str) -> str:
    """The mailbox of a role in an organisation: never a person."""
    return f"{role}@{organisation.replace('_', '-')}.example"


def manager(organisation: str) -> str:
    return mailbox("unit-lead" if organisation == UNIT else "intelligence-manager", organisation)


def analyst(organisation: str) -> str:
    return mailbox("analyst", organisation)


def working(day: date) -> date:
    """The day itself, or the working day before it."""
    while day.weekday() > FRIDAY or (day.month, day.day) in HOLIDAYS:
        day -= timedelta(days=1)
    return day


def nth_weekday(year: int, month: int, weekday: int, turn: int) -> date:
    """Such a weekday of a month, counted from one."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (turn - 1))


def months(first: date, last: date) -> list[tuple[int, int]]:
    """Every month from that of the first day to that of the last."""
    at = first.year * 12 + first.month - 1
    return [(month // 12, month % 12 + 1) for month in range(at, last.year * 12 + last.month)]


def list_day(region: Region, owner: str, year: int, month: int) -> date:
    """The day of a month on which an organisation's threat meeting puts threats on the list and ends others."""
    return working(nth_weekday(year, month, region.calibration.forces.index(owner) % 5, 2))


def listing_days(region: Region, owner: str, low: date, high: date) -> list[date]:
    """Every such day from low to high."""
    days = (list_day(region, owner, *month) for month in months(low, high) if often(region, *month))
    return [day for day in days if low <= day <= high]


def often(region: Region, year: int, month: int) -> bool:
    """Whether there is a meeting in a month: each until the second extraction and lately, every second in between."""
    day = date(year, month, 1)
    between_times = region.calibration.disruptions.extracted < day < region.last - LATELY
    return not between_times or month % 2 == 0


def meeting(region: Region, owner: str, low: date, high: date) -> date:
    """One such day, or a working day where there is none."""
    days = listing_days(region, owner, low, high)
    return region.chance.pick(days) if days else between(region.chance, low, high)


def between(chance: Chance, low: date, high: date) -> date:
    """A working day from low to high."""
    return working(date.fromordinal(chance.between(low.toordinal(), max(low, high).toordinal())))


def weighted(entries: list[Mapping[str, Any]]) -> Weighted[Mapping[str, Any]]:
    """Entries of a word file, drawn by the weight each says."""
    return Weighted([(entry, int(entry.get("weight", 1))) for entry in entries])
