"""What the casework adds up to, read from `data/calibration.yaml`: published figures, and splits nobody published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import yaml

from fourfold.simulation.datafiles import DATA

TYPES = ("OCG", "PRIORITY_INDIVIDUAL", "VULNERABILITY")
PS = ("PURSUE", "PREVENT", "PROTECT", "PREPARE")
COUNTED = ("MAJOR", "MODERATE", "MINOR")

type Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True)
class Mistyped:
    """Threats of one force that were vulnerabilities all along, and said so only by the second date."""

    force: str
    count: int
    reclassified_from: date
    reclassified_by: date
    found_among: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Threats:
    """F-THREAT: counts by force and kind on a date, and what stands beside the count.

    Args:
        not_counted: Numbers by reason and force of threats that one line of the filter leaves out.
        own_at_most: How many threats of the simulated world take part, for each force.
    """

    counted_on: date
    by_force: Counts
    mistyped: Mistyped
    not_counted: Counts
    listed_each_year: Mapping[str, int]
    closed_by_the_end: int
    assessed_again_lately: int
    own_at_most: int

    @cached_property
    def region(self) -> int:
        return sum(sum(counts.values()) for counts in self.by_force.values())


@dataclass(frozen=True, kw_only=True)
class Disruptions:
    """F-DISR: counts by force and P of one year at the quoted extraction; shares are whole per cents of those."""

    year: int
    extracted_first: date
    extracted: date
    by_force: Counts
    recorded_late: Mapping[str, int]
    corrected: Mapping[str, int]
    first_and_last_day: int
    other_category: int
    support: Mapping[str, int]
    year_before: int
    each_year_since: int

    def total(self, force: str) -> int:
        return sum(self.by_force[force].values())


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Both counts. The forces are in the order of the file."""

    threats: Threats
    disruptions: Disruptions

    @cached_property
    def forces(self) -> tuple[str, ...]:
        return tuple(self.threats.by_force)


def read() -> Calibration:
    """What the file says, checked to add up to what it says is published."""
    said = yaml.load((DATA / "calibration.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    calibration = Calibration(threats=_threats(said["threats"]), disruptions=_disruptions(said["disruptions"]))
    if calibration.threats.region != said["threats"]["region"]:
        raise ValueError("calibration.yaml: the forces do not add up to the region")
    mistyped = calibration.threats.mistyped
    if sum(mistyped.found_among.values()) != mistyped.count:
        raise ValueError("calibration.yaml: what the mistyped were called does not add up")
    return calibration


def _threats(said: Mapping[str, Any]) -> Threats:
    mistyped, later = said["mistyped"], said["later"]
    return Threats(
        counted_on=said["counted_on"],
        by_force=_counts(said["by_force"], TYPES),
        mistyped=Mistyped(
            force=mistyped["force"],
            count=mistyped["count"],
            reclassified_from=mistyped["reclassified_from"],
            reclassified_by=mistyped["reclassified_by"],
            found_among=mistyped["found_among"],
        ),
        not_counted=said["not_counted"],
        listed_each_year=later["listed_each_year"],
        closed_by_the_end=later["closed_by_the_end"],
        assessed_again_lately=later["assessed_again_lately"],
        own_at_most=said["own_at_most"],
    )


def _disruptions(said: Mapping[str, Any]) -> Disruptions:
    return Disruptions(
        year=said["year"],
        extracted_first=said["extracted_first"],
        extracted=said["extracted"],
        by_force=_counts(said["by_force"], PS),
        recorded_late=said["recorded_late"],
        corrected=said["corrected"],
        first_and_last_day=said["first_and_last_day"],
        other_category=said["not_counted"]["other_category"],
        support=said["not_counted"]["support"],
        year_before=said["other_years"][said["year"] - 1],
        each_year_since=said["other_years"]["each_year_since"],
    )


def _counts(said: Mapping[str, Mapping[str, Any]], kinds: tuple[str, ...]) -> Counts:
    return {force: {kind: int(counts[kind]) for kind in kinds} for force, counts in said.items()}
