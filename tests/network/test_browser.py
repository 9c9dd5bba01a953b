"""Networks in a browser: drawn under the strict policy beside equal tables, at a desk, on a phone, without scripts."""

import pytest
from django.urls import reverse

from fourfold.network import services
from fourfold.network.models import EdgeLead
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from tests.browser import axe, give_a_reason, overflow, screenshot, signed_in
from tests.network.conftest import MATCHED, make_world, safeguarding_lead
from tests.universe import Universe

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def addresses(kept_db, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    world, actor = make_world(Universe(), folder, matches=MATCHED), safeguarding_lead("merseyside")
    with acting_as(actor):
        services.look_for_people(actor=actor, threat=world.threat, today=clock.today())
        lead = EdgeLead.objects.order_by("pk").first()
    between = {"one": world.reference("edge"), "other": world.reference("charlie")}
    return {
        "around": f"{reverse('network:around', args=[world.reference('alpha')])}?depth=3&compare=1/1/2026",
        "of_threat": reverse("network:of_threat", args=[world.threat.reference]),
        "between": f"{reverse('network:between')}?one={between['one']}&other={between['other']}",
        "edge": reverse("network:edge", args=[world.threat.reference]),
        "lead": reverse("network:lead", args=[lead.pk]),
        "take": reverse("network:take_threat", args=[world.threat.reference]),
    }


def begin(page, kept_site, first):
    signed_in(page, kept_site, "safeguarding@merseyside.test")
    page.goto(f"{kept_site}{first}")
    give_a_reason(page)


def assert_turns(page):
    """A window that gets narrower leaves nothing outside it, and the drawing has keys of its own."""
    usual = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.set_viewport_size(usual)
    page.get_by_role("button", name="Larger").press("Enter")
    page.get_by_role("button", name="Show all of it").press("Enter")


@pytest.mark.parametrize("size", ["browser_page", "phone_page"])
def test_every_page_is_drawn_passes_axe_and_fits_its_window(size, addresses, kept_site, request):
    page = request.getfixturevalue(size)
    begin(page, kept_site, addresses["around"])
    faults = {}
    for name, address in addresses.items():
        page.goto(f"{kept_site}{address}")
        if name in {"around", "of_threat", "between"}:
            page.locator(".ff-network__drawing canvas").first.wait_for()
        screenshot(page, f"network-{name}-{size}")
        if name == "around":
            assert_turns(page)
        faults[name] = [*axe(page), *(["too wide"] if overflow(page) else [])]
    assert not any(faults.values()), faults


def test_without_scripts_the_tables_say_it_all(addresses, kept_site, plain_page):
    begin(plain_page, kept_site, addresses["of_threat"])
    assert plain_page.locator(".ff-network__drawing").is_hidden()
    text = plain_page.locator("main").inner_text()
    for words in (
        "Key people",
        "Groups",
        "People to protect",
        "Vehicles, phones, organisations and places",
        "Matches",
        "Links",
        "AB12CDE",
    ):
        assert words in text
