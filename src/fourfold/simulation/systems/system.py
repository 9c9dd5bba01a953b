"""What simulated record systems do alike: all deliver what happened; most keep nominals, and merge some."""

import heapq
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fourfold.simulation.chance import Chance
from fourfold.simulation.delivery import Delivery
from fourfold.simulation.happenings import Happening
from fourfold.simulation.holdings import Debts, Holding, Recorder
from fourfold.simulation.moments import DAY, minute_of
from fourfold.simulation.names import Names
from fourfold.simulation.reference import FAMILIES, FORCES
from fourfold.simulation.truth import Truth
from fourfold.simulation.world import Block, Group, Person

OVERSIZE = 33_000  # characters: past what a spreadsheet cell holds
PLANTED_TEXTS = (
    ("FORMULA_CELL", '=HYPERLINK("http://example.invalid/","see")'),
    ("OVERSIZE_FIELD", ("Log continues. " * (OVERSIZE // 15)).ljust(OVERSIZE, ".")),
)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A crime delivered before its outcome was known, and what the system needs to deliver it again."""

    happening: Happening
    key: str
    detail: str
    reported: int


class System(ABC):
    """A record system fed with happenings in order of report, which writes its deliveries as it goes."""

    source = ""

    def __init__(self, names: Names, deliveries: Sequence[Delivery], truth: Truth) -> None:
        self.family = FAMILIES[self.source]
        self.deliveries = deliveries
        self.truth = truth
        self.debts = Debts()
        self.recorder = Recorder(self.family, names, self.debts)
        self.forces = tuple(force.code for force in FORCES.values() if force.source == self.source)
        self.turn = 0
        self.chance = Chance()
        self.holdings: dict[int, list[Holding]] = {}
        self.made = 0
        self.open_cases: list[OpenCase] = []
        self.block: Block
        self.groups: dict[int, Group] = {}

    # The parts a family writes its own way.

    @abstractmethod
    def write_happening(self, happening: Happening, force: str, reported: int) -> None:
        """Write an event to the present delivery."""

    @abstractmethod
    def write_outcome(self, case: OpenCase) -> None:
        """Write an event again because its outcome is now known."""

    @abstractmethod
    def plant(self) -> None:
        """Write the damaged rows that every first delivery carries."""

    # What all do alike.

    @property
    def delivery(self) -> Delivery:
        """Return the delivery now being written."""
        return self.deliveries[self.turn]

    def begin(self, block: Block, chance: Chance) -> None:
        """Start a block: nobody of it is known yet."""
        self.block = block
        self.groups = {group.number: group for group in block.groups}
        self.chance = chance
        self.turn = 0
        self.holdings = {}
        self.open_cases = []

    def receive(self, happening: Happening, force: str, reported: int) -> None:
        """Record one event."""
        self.write_happening(happening, force, reported)

    def deliver(self, turn: int) -> None:
        """End one delivery of the block, then go on to the next."""
        self.write_outcomes(self.end_of(turn))
        self.go_on(turn)

    def end_of(self, turn: int) -> int:
        """Return the first moment after a delivery."""
        return minute_of(self.deliveries[turn].period_to) + DAY

    def write_outcomes(self, until: int) -> None:
        """Write again the events whose outcome is known by then."""
        waiting = []
        for case in self.open_cases:
            if case.happening.resolved < until:
                self.write_outcome(case)
            else:
                waiting.append(case)
        self.open_cases = waiting

    def go_on(self, turn: int) -> None:
        if turn + 1 < len(self.deliveries):
            self.turn = turn + 1

    def defect(self, file: str, line: int, code: str, key: str = "") -> None:
        """Note where a defect stands."""
        self.truth.add("defects", self.source, self.delivery.period_to, file, line, code, key)

    def event_truth(self, happening: Happening, key: str) -> None:
        """Note which true event a record stands for."""
        self.truth.add(
            "events",
            self.source,
            key,
            happening.kind,
            happening.number,
            happening.group if happening.group >= 0 else None,
        )

    def still_open(self, happening: Happening) -> bool:
        """Return whether a crime's outcome is not known at the end of the present delivery."""
        return happening.resolved >= minute_of(self.delivery.period_to) + DAY

    def members(self, person: Person) -> list[tuple[str, int, str]]:
        """Return key, moment and force of every record an officer would find of the person: none deleted or merged."""
        known = self.holdings.get(person.number, [])
        return [(holding.key, holding.created, holding.force) for holding in known if not holding.deleted]

    def finish(self) -> dict[date, dict[str, int]]:
        """Close every delivery and return its counts."""
        return {delivery.period_to: delivery.close() for delivery in self.deliveries}


class Keeper(System):
    """A system with a nominal for each person it knows, often two, which are merged when somebody notices."""

    def __init__(self, names: Names, deliveries: Sequence[Delivery], truth: Truth) -> None:
        super().__init__(names, deliveries, truth)
        self.merges: list[tuple[int, int, Holding, Holding]] = []
        self.related: set[tuple[int, int]] = set()

    # The parts a family writes its own way.

    @abstractmethod
    def next_key(self) -> str:
        """Return the key of the next nominal."""

    @abstractmethod
    def write_holding(self, holding: Holding) -> None:
        """Write a nominal to the present delivery."""

    @abstractmethod
    def write_relation(self, one: Holding, other: Holding, kind: str, since: int) -> None:
        """Write that two people are relatives or associates."""

    @abstractmethod
    def second(self, holding: Holding, known: list[Holding]) -> None:
        """Decide what becomes of a duplicate."""

    # What all that keep nominals do alike.

    def begin(self, block: Block, chance: Chance) -> None:
        """Start a block: nobody of it is known yet."""
        super().begin(block, chance)
        self.merges = []
        self.related = set()

    def deliver(self, turn: int) -> None:
        """End one delivery of the block: write every nominal that is new or changed, then go on to the next."""
        until = self.end_of(turn)
        self.merge_until(until)
        for holdings in self.holdings.values():
            for holding in holdings:
                if holding.changed:
                    self.write_holding(holding)
                    holding.changed = False
        self.write_outcomes(until)
        self.relate(until)
        self.go_on(turn)

    def relate(self, until: int) -> None:
        """Write the family ties the system has come to know."""
        for one, other in self.block.relations:
            pair = one.number, other.number
            if pair in self.related or one.number not in self.holdings or other.number not in self.holdings:
                continue
            self.related.add(pair)
            if self.chance.yes(0.4):
                left, right = self.holdings[one.number][0], self.holdings[other.number][0]
                self.write_relation(left, right, "RELATIVE", min(until, max(left.created, right.created)))

    def nominal(self, person: Person, force: str, at: int) -> Holding:
        """Return the nominal an officer of this force uses for the person at this moment, made if need be."""
        chance = self.chance
        self.merge_until(at)
        known = self.holdings.setdefault(person.number, [])
        holding = self.found(known, force)
        if holding is None:
            return self.enter(person, force, at, known)
        again = chance.yes(self.recorder.habits.duplicate)
        if holding.force == force and self.debts.due("DUPLICATE_NOMINAL", again):
            return self.enter(person, force, at, known)
        self.refresh(holding, at)
        return holding

    def found(self, known: list[Holding], force: str) -> Holding | None:
        """Return a nominal the officer finds, or none."""
        if not known:
            return None
        holding = known[0] if len(known) == 1 else self.chance.pick(known)
        while holding.merged_into is not None:
            holding = holding.merged_into
        return holding

    def enter(self, person: Person, force: str, at: int, known: list[Holding]) -> Holding:
        """Make a nominal; a second one of the same force is a duplicate."""
        chance = self.chance
        holding = self.recorder.hold(chance, person, force, at, self.next_key())
        if any(other.force == force for other in known):
            holding.flaws.append("DUPLICATE_NOMINAL")
            self.second(holding, known)
        if chance.yes(0.55):
            holding.phones.append((at, person.phone(at)))
        if chance.yes(0.006):
            holding.restricted = "F"
        if self.debts.due("DELETED_BUT_LINKED", chance.yes(0.004)):
            holding.deleted = True
            holding.flaws.append("DELETED_BUT_LINKED")
        known.append(holding)
        if self.delivers(holding):
            self.truth.add("records", self.source, holding.key, person.number)
        return holding

    def merge_until(self, at: int) -> None:
        """Carry out the merges whose day has come."""
        while self.merges and self.merges[0][0] <= at:
            when, _, loser, survivor = heapq.heappop(self.merges)
            while survivor.merged_into is not None:
                survivor = survivor.merged_into
            if survivor is loser or loser.merged_into is not None:
                continue
            loser.merged_into, loser.merged_at, loser.updated = survivor, when, when
            loser.deleted = loser.changed = True
            loser.flaws.append("TOMBSTONE")

    def delivers(self, holding: Holding) -> bool:
        """Return whether a nominal is delivered at all."""
        return True

    def refresh(self, holding: Holding, at: int) -> None:
        """Bring a nominal's home and phone up to date, if the officer does."""
        chance, person = self.chance, holding.person
        since, home = person.home(at)
        if home is not holding.home and chance.yes(0.7):
            holding.earlier_homes.append((holding.home_since, since, holding.home))
            holding.home, holding.home_since, holding.postcode = home, since, home.street.postcode
            holding.updated, holding.changed = at, True
        phone = person.phone(at)
        if chance.yes(0.3) and all(number != phone for _, number in holding.phones):
            holding.phones.append((at, phone))
            holding.updated, holding.changed = at, True
