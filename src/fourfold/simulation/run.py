"""Runs a simulation: block after block, each told once, heard by four systems, delivered and forgotten."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from fourfold.simulation import calibration
from fourfold.simulation.casework.region import Gathering, write_casework
from fourfold.simulation.chance import Chance
from fourfold.simulation.delivery import Delivery
from fourfold.simulation.happenings import Happening, Teller
from fourfold.simulation.moments import DAY, EPOCH, as_datetime, minute_of
from fourfold.simulation.nominations import Nominator
from fourfold.simulation.reference import FAMILIES, FORCES
from fourfold.simulation.systems.connect import Connect
from fourfold.simulation.systems.mark43 import Mark43
from fourfold.simulation.systems.niche import Niche
from fourfold.simulation.systems.policeworks import PoliceWorks
from fourfold.simulation.systems.system import System
from fourfold.simulation.truth import Truth
from fourfold.simulation.world import BLOCK, Block, Builder

UNTIL = date(2026, 10, 31)
MONTH = timedelta(days=30)
SYSTEMS: tuple[type[System], ...] = (Niche, Connect, PoliceWorks, Mark43)


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a run wrote: rows of each file of each delivery and truth table, nominations, and acts of officers."""

    rows: dict[str, dict[date, dict[str, int]]]
    truth: dict[str, int]
    nominations: int
    acts: int


def simulate(
    people: int,
    seed: int,
    out: Path,
    *,
    until: date = UNTIL,
    deliveries: int = 1,
    every: timedelta = MONTH,
    days: Sequence[date] = (),
) -> Simulated:
    """Write the extracts, truth, nominations and casework of a world; the same arguments give the same bytes.

    Where `days` are given, each delivery covers up to one of them, oldest first, and the world ends on the last.
    """
    if not days:
        days = [until - every * (deliveries - 1 - turn) for turn in range(deliveries)]  # a full one, then changes
    builder = Builder(days[-1])
    with Truth(out / "truth") as truth:
        systems = [system(builder.names, planned(out, system.source, days), truth) for system in SYSTEMS]
        with (out / "nominations.jsonl").open("w", encoding="utf-8", newline="\n") as nominations:
            own = Gathering(calibration.read())
            nominator = Nominator(builder, systems, nominations, own)
            for index, size in blocks(people):
                chance = Chance(f"fourfold {seed} {people} {index}")
                block = builder.block(chance, index, size)
                tell(builder, block, chance, days, systems)
                write_truth(truth, block)
                nominator.nominate(block, Chance(f"fourfold nominations {seed} {people} {index}"))
                truth.flush()
        for system in systems:
            system.plant()
        rows = {system.source: system.finish() for system in systems}
    with (out / "casework.jsonl").open("w", encoding="utf-8", newline="\n") as casework:
        acts = write_casework(
            own=own,
            names=builder.names,
            places=builder.places,
            taken=nominator.names,
            seed=seed,
            days=days,
            out=casework,
        )
    return Simulated(rows, dict(truth.counts), nominator.count, acts)


def blocks(people: int) -> Iterator[tuple[int, int]]:
    """Yield the number and size of each block."""
    for index, first in enumerate(range(0, people, BLOCK)):
        yield index, min(BLOCK, people - first)


def planned(out: Path, source: str, days: Sequence[date]) -> list[Delivery]:
    """Return the deliveries a source will make."""
    return [
        Delivery(
            source,
            FAMILIES[source],
            out / "extracts" / source / day.isoformat(),
            "delta" if turn else "full",
            days[turn - 1] + timedelta(days=1) if turn else EPOCH,
            day,
        )
        for turn, day in enumerate(days)
    ]


def tell(builder: Builder, block: Block, chance: Chance, days: Sequence[date], systems: list[System]) -> None:
    """Tell a block's happenings to the systems in order of report, and let them deliver when the day comes."""
    by_force = {force.code: system for force in FORCES.values() for system in systems if system.source == force.source}
    heard: list[tuple[int, int, Happening, str]] = []
    for happening in Teller(builder, chance, block).tell():
        heard.append((happening.reported, happening.number, happening, happening.force))
        if happening.copied_by:
            heard.append((happening.copied_at, happening.number, happening, happening.copied_by))
    heard.sort(key=lambda entry: entry[:2])
    for position, system in enumerate(systems):
        system.begin(block, Chance(f"{chance.random()} {position}"))
    at = 0
    for turn, day in enumerate(days):
        until = minute_of(day) + DAY
        while at < len(heard) and heard[at][0] < until:
            reported, _, happening, force = heard[at]
            by_force[force].receive(happening, force, reported)
            at += 1
        for system in systems:
            system.deliver(turn)


def write_truth(truth: Truth, block: Block) -> None:
    """Write a block's people, groups and members."""
    for person in block.people:
        truth.add(
            "people",
            person.number,
            person.forename,
            person.middle,
            person.surname,
            person.birth_surname,
            person.sex,
            date.fromordinal(person.born),
            person.origin,
            person.force,
            person.household,
            person.pnc,
            person.cro,
            person.nino,
            [number for _, number in person.phones],
            [vehicle.plate for vehicle in person.vehicles],
            len(person.homes),
        )
    for group in block.groups:
        truth.add(
            "groups",
            group.number,
            group.name,
            group.force,
            group.elsewhere,
            list(group.themes),
            group.line,
            group.vehicle.plate,
            as_datetime(group.started),
            None if group.ended is None else as_datetime(group.ended),
        )
        for member in group.members:
            truth.add(
                "members",
                group.number,
                member.person.number,
                member.role,
                as_datetime(member.since),
                None if member.until is None else as_datetime(member.until),
            )
