"""Two people change one threat at once: the second is shown both and may go on."""

import re
from datetime import datetime

from django.urls import reverse

from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors, services
from tests.threats.conftest import nominate

DESCRIBED = {
    "aliases": "Quay line",
    "summary": "Boats bring class A drugs into three coastal towns",
    "themes": "DRU.county_lines",
    "reason": "The third town is known now",
}


def hidden_moment(page: str) -> str:
    found = re.search(r'name="seen"[^>]*value="([^"]+)"', page)
    assert found, "the form does not say what was open"
    return found.group(1)


def test_the_second_of_two_editors_is_shown_both_and_can_go_on(lasting_db, universe, client_for):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by="merseyside_intelligence_manager")
    address = reverse("threats:describe", args=[threat.reference])
    second = client_for(universe.merseyside_lro)
    opened = hidden_moment(second.get(address).content.decode())
    with acting_as(manager):
        services.describe_threat(
            actor=manager,
            threat=threat,
            name="Harbour and quay line",
            aliases=("Quay line",),
            summary="People moving class A drugs into two coastal towns",
            themes=("DRU.county_lines",),
            reason="The name was taken",
        )
    answer = second.post(address, DESCRIBED | {"name": "Three towns line", "seen": opened}).content.decode()
    assert "Somebody else changed this threat" in answer
    assert "Harbour and quay line" in answer
    assert "The name was taken" in answer
    assert "Three towns line" in answer
    assert datetime.fromisoformat(hidden_moment(answer)) > datetime.fromisoformat(opened)
    sent = second.post(address, DESCRIBED | {"name": "Three towns line", "seen": hidden_moment(answer)})
    assert sent.status_code == 302
    with acting_as(manager):
        assert selectors.threat(threat.reference).name == "Three towns line"
