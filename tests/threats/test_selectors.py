"""Reads of the master list."""

import pytest

from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors, services
from tests.threats.conftest import nominate

pytestmark = pytest.mark.django_db


def test_the_regions_words_are_all_understood(universe):
    words = selectors.vocabulary()
    assert set(words.tiers) == {"1", "2", "3", "4", "5", "UNTIERED"}
    assert words.tiers["1"].lro_required
    assert not words.tiers["5"].lro_required
    assert all("Closed" in phase.name for phase in words.phases.values() if phase.closed)
    assert words.roles["EXPLOITED"].side == "PROTECT"
    assert words.roles["RUNNER"].check_exploited
    assert all(said.question and said.means and said.examples and said.not_when for said in words.types.values())


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("harbour", "name"),
        ("Harbuor line", "name spelt nearly so"),
        ("quay line", "also known as Quay line"),
    ],
)
def test_a_threat_is_found_by_what_people_call_it(universe, typed, why):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        nominate(universe, name="Quite different", aliases=())
        count, hits = selectors.threats_matching(typed, limit=5)
    assert (count, [hit.reference for hit in hits], hits[0].why) == (1, [threat.reference], why)


def test_a_threat_is_found_by_its_number_however_it_is_typed(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        number = threat.reference.removeprefix("SOC-")
        for typed in (threat.reference, number.lstrip("0"), f"soc {number}", f"soc-{number.lstrip('0')}"):
            count, hits = selectors.threats_matching(typed, limit=5)
            assert (count, hits[0].reference, hits[0].why) == (1, threat.reference, "reference")
        assert selectors.threats_matching("  ", limit=5) == (0, [])


def test_a_hidden_threat_is_not_found(universe):
    with acting_as(universe.merseyside_analyst):
        nominate(universe, audience="OWN")
    with acting_as(universe.lancashire_analyst):
        assert selectors.threats_matching("harbour", limit=5) == (0, [])


def test_who_needs_a_lead_and_who_has_no_members(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        without = nominate(universe, by="merseyside_intelligence_manager", tier="1")
        led = nominate(
            universe, by="merseyside_intelligence_manager", tier="1", leads=services.Leads(lro=universe.merseyside_lro)
        )
        low = nominate(universe, by="merseyside_intelligence_manager", tier="5", threat_type="VULNERABILITY")
        words = selectors.vocabulary()
        assert set(selectors.threats().filter(selectors.needs_lro(words))) == {without}
        assert set(selectors.threats().filter(selectors.has_no_members())) == {without, led}
        assert low not in selectors.threats().filter(selectors.has_no_members())
