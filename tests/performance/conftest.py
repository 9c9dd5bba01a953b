"""A world with a little of everything, for pages, exports and the API."""

from datetime import date

import pytest

from tests.performance.world import World


@pytest.fixture
def world(as_simulation, universe):
    return World(universe)


@pytest.fixture
def filled(world):
    return fill(world)


def fill(world):
    """Threats of two forces, scored and not, one closed, one reclassified; disruptions in time, late and corrected."""
    first, second = world.threat("cheshire"), world.threat("cheshire")
    third = world.threat("gmp")
    world.threat("lancashire", "PRIORITY_INDIVIDUAL")
    for threat, tier in ((first, "1"), (second, "3"), (third, "2")):
        world.moderate(threat, tier=tier)
    world.plan(first)
    wrong = world.disruption(first, date(2022, 1, 3), aims=(world.aim,))
    gone = world.disruption(first, date(2022, 1, 4), primary_p="PREVENT")
    world.disruption(third, date(2022, 1, 5), category="MODERATE")
    world.at(date(2022, 11, 20))
    world.disruption(second, date(2022, 11, 1), primary_p="PROTECT")
    world.at(date(2023, 2, 1))
    world.disruption(second, date(2022, 12, 20), primary_p="PREVENT")
    world.recategorise(wrong, "NO_NOTICEABLE")
    world.withdraw(gone)
    world.reclassify(second, "VULNERABILITY")
    world.close(third)
    return world
