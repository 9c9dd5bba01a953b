"""No page leads its reader to one that is not there for them: every link of every kind of page, for each role."""

import re
from collections import deque
from urllib.parse import urlsplit

import pytest

from fourfold.plans import services as plans
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import services as threats
from tests.disruptions.conftest import EVIDENCE, record
from tests.pages import Page
from tests.plans import conftest as made
from tests.threats.conftest import EXPLOITED, membership, picture

__all__ = ["picture"]

pytestmark = pytest.mark.django_db
NUMBERED = re.compile(r"[A-Z]{3}-\d+|\b\d+\b|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LISTS = re.compile(r"/(measures|tactics|scoring-models|exceptions|sections|source)/[^/]+")
AT_MOST = 45
ROLES = ("nwrocu_sro", "nwrocu_community_coordinator", "nwrocu_auditor", "nwrocu_rocta_moderator")


@pytest.fixture
def worked_on(universe, picture):
    """A threat with people, a plan that is adopted and changed, and disruptions that wait for others."""
    today, manager, sro = clock.today(), universe.merseyside_intelligence_manager, universe.merseyside_sro
    with acting_as(manager):
        threat = made.nominate(universe)
        for key, said in (("p1", {}), ("p2", EXPLOITED)):
            threats.add_member(
                actor=manager,
                threat=threat,
                record=pole.person_record(picture[key]),
                membership=membership(**said),
                reason="Two linked seizures",
                today=today,
            )
    with acting_as(universe.merseyside_analyst):
        plan = made.write(universe, threat)
        record(universe, threat, category="MODERATE")
        record(universe, threat, category="MAJOR", evidence=EVIDENCE, outcome="DISMANTLED")
    for why in ("It is ready now", "It still holds well"):
        with acting_as(sro):
            plans.adopt_plan(actor=sro, plan=plan, why=why, today=today)
    return threat


def kind_of(address):
    """Pages of one kind look alike: one of each is enough."""
    parts = urlsplit(address)
    asked = "?" + "&".join(sorted(part.partition("=")[0] for part in parts.query.split("&"))) if parts.query else ""
    return LISTS.sub(r"/\1/*", NUMBERED.sub("#", parts.path)) + asked


@pytest.mark.parametrize("role", ROLES)
def test_every_link_leads_to_a_page_that_is_there_for_its_reader(universe, worked_on, client_for, role):
    client = client_for(getattr(universe, role))
    client.post("/reason/", {"code": "DUTY", "text": "", "next": "/"})
    waiting, seen, dead = deque([("/", "where everybody begins")]), {"/sign-out/"}, []
    while waiting and len(seen) < AT_MOST:
        address, on = waiting.popleft()
        if (kind := kind_of(address)) in seen:
            continue
        seen.add(kind)
        answer = client.get(address)
        if answer.status_code >= 400:
            dead.append(f"{address} ({answer.status_code}), a link on {on}")
        if answer.status_code != 200 or "html" not in answer["Content-Type"]:
            continue
        for element in Page(answer.content.decode()).elements:
            sends = element.tag == "form" and element.get("method").lower() == "get"
            to = element.get("href") if element.tag == "a" else element.get("action") if sends else ""
            if to.startswith("/") and "export=" not in to and "sort=" not in to:
                waiting.append((to.partition("#")[0], address))
    assert not dead, "\n".join(dead)
