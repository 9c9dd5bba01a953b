"""The casework of a whole region, from the nominations of the simulated world and the calibration."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TextIO

from fourfold.simulation import calibration
from fourfold.simulation.casework.assessing import Assessing
from fourfold.simulation.casework.book import Book, Case, Region
from fourfold.simulation.casework.disrupting import Disrupting
from fourfold.simulation.casework.listed import Lister
from fourfold.simulation.casework.managing import Managing
from fourfold.simulation.casework.peopling import Known, Peopling
from fourfold.simulation.casework.planning import Planning
from fourfold.simulation.chance import Chance
from fourfold.simulation.names import Names
from fourfold.simulation.places import Places

AT_LEAST_AFTER = timedelta(days=365)
SETTLED_DAYS = 60  # before the count: what is listed, or moved to another tier, later than so is not scored in time


class Gathering:
    """Takes part of the world's own nominations as they are written: so many for each force, and no more."""

    def __init__(self, known: calibration.Calibration) -> None:
        self.calibration = known
        self.cases: list[Case] = []
        self.known: list[Known] = []
        self.counts: dict[str, int] = dict.fromkeys(known.forces, 0)

    def take(self, number: int, threat: Mapping[str, Any]) -> None:
        """Remember what the casework needs of a nomination, if its force has room."""
        owner = threat["force"]
        if self.counts[owner] < self.calibration.threats.own_at_most:
            self.counts[owner] += 1
            self.cases.append(own_case(number, threat))


def own_case(number: int, threat: Mapping[str, Any]) -> Case:
    """A nomination of the world as the casework sees it, its later changes told."""
    on = date.fromisoformat(threat["nominated_on"])
    place = threat["places"][0]
    case = Case(
        key=f"n{number}",
        owner=threat["force"],
        kind=threat["threat_type"],
        theme=threat["themes"][0],
        name=threat["name"],
        ward=place["name"],
        town=place["town"],
        lro=threat["lro"],
        listed_on=on,
        phase=threat["phase"],
        tiers=[(on, threat["tier"])],
        own=True,
        restricted=bool(threat["compartment"]),
        summary=threat["summary"],
    )
    for later in threat["later"]:
        ((kind, value),) = later["change"].items()
        day = date.fromisoformat(later["on"])
        if kind == "tier":
            case.tiers.append((day, value))
        elif kind == "threat_type":
            case.reclassified_on, case.mistyped = day, True
        elif kind == "close":
            case.closed_on = day
    return case


def choose_counted(cases: Iterable[Case], known: calibration.Calibration) -> None:
    """Say which of the world's own threats are in the count, never more of a kind than there are to be."""
    threats = known.threats
    day = threats.counted_on
    left = {owner: dict(counts) for owner, counts in threats.by_force.items()}
    mistyped = dict(threats.mistyped.found_among)
    for case in cases:
        settled = day - timedelta(days=SETTLED_DAYS)
        fits = (
            not case.restricted
            and case.listed_on <= settled
            and case.tier(day) != "5"
            and not any(settled < since <= threats.mistyped.reclassified_by for since, _ in case.tiers)
            and (case.closed_on is None or case.closed_on > threats.mistyped.reclassified_by)
            and left[case.owner][case.kind] > 0
            and (not case.mistyped or mistyped.get(case.kind, 0) > 0)
        )
        if fits:
            case.counted = True
            left[case.owner][case.kind] -= 1
            if case.mistyped:
                mistyped[case.kind] -= 1


def write_casework(
    *,
    own: Gathering,
    names: Names,
    places: Places,
    taken: dict[str, int],
    seed: int,
    days: Sequence[date],
    out: TextIO,
) -> int:
    """Write the acts of a region's officers as lines, oldest first; return how many.

    Args:
        own: Threats and people of the simulated world that take part.
        names: Pools of names.
        places: Wards and streets.
        taken: Names of threats that are used already, with how often.
        seed: Another seed, other casework with the same counts.
        days: On which record systems deliver; nothing happens after the last.
        out: Where to.
    """
    known, last = own.calibration, days[-1]
    choose_counted(own.cases, known)
    planned = max(
        last, known.disruptions.extracted + AT_LEAST_AFTER
    )  # what is planned beyond the last day never happens
    region = Region(known, places, names, Chance(f"fourfold casework {seed}"), planned, taken, list(own.cases))
    book = Book(last)
    Lister(region, book).list_all()
    managing = Managing(region, book)
    managing.manage_all()
    Peopling(region, book, own.known, days[0]).people_all()
    Assessing(region, book).assess_all()
    Planning(region, book, managing.leavers).plan_all()
    Disrupting(region, book, managing.leavers).disrupt_all()
    return book.write(out)
