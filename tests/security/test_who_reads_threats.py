"""Roles that have no part in the master list find no master list, whatever labels their organisation holds."""

import pytest

from fourfold.platform.visibility.scope import acting_as
from tests.threats.conftest import nominate

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("part", ["", "{}/", "{}/history/", "{}/members/", "{}/people-to-protect/"])
@pytest.mark.parametrize("who", ["merseyside_data_protection_officer", "nwrocu_auditor"])
def test_a_role_without_threats_finds_none(universe, client_for, who, part):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
    address = f"/threats/{part.format(threat.reference)}"
    assert client_for(universe.merseyside_lro).get(address).status_code in {200, 302}
    assert client_for(getattr(universe, who)).get(address).status_code == 404


def test_my_work_says_nothing_of_threats_to_a_role_without_them(universe, client_for):
    with acting_as(universe.merseyside_analyst):
        nominate(universe, name="Harbour line")
    assert "Harbour line" in client_for(universe.merseyside_analyst).get("/").content.decode()
    page = client_for(universe.merseyside_data_protection_officer).get("/").content.decode()
    assert "Harbour line" not in page
    assert "/threats/" not in page
