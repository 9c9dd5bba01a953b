"""The pages of a threat's life in a real browser, at a desk and on a phone: everybody can use them."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import services
from tests.browser import give_a_reason, sign_in, signed_in, sound, sound_in_both_windows
from tests.threats.conftest import EXPLOITED, membership, nomination, publish_people
from tests.universe import Universe

pytestmark = pytest.mark.browser
WHY = "The other force leads on these people now"


def sheets_of_paper(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


def open_with_reason(page: Page, address: str) -> None:
    page.goto(address)
    if "/reason/" in page.url:
        give_a_reason(page)


@pytest.fixture
def scene(live_site: str, universe: Universe, tmp_path: Path) -> SimpleNamespace:
    """A threat with people, lines, places and a link, offered to another force; another proposed to be closed."""
    today, now = clock.today(), datetime.now(UTC)
    records = publish_people(universe, tmp_path)
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):

        def made(name: str, **said: object):
            return services.nominate_threat(
                actor=manager,
                nomination=nomination(name=name, nominated_on=today - timedelta(days=400), **said),
                owner=manager.organisation,
                leads=services.Leads(lro=universe.merseyside_lro, deputy=universe.merseyside_sio),
                places=("Quay Street, Liverpool L3 4AA", "The coast road"),
                reason="Three linked seizures this month",
                today=today,
            )

        offered, closing = made("Harbour line", tier="2"), made("Quay crew", tier="3")
        made("Nobody's line", threat_type="PRIORITY_INDIVIDUAL", tier="1")
        for key, said in (("p1", {}), ("p2", EXPLOITED)):
            services.add_member(
                actor=manager,
                threat=offered,
                record=pole.person_record(records[key]),
                membership=membership(**said, from_on=date(2026, 9, 5)),
                reason=WHY,
                today=today,
            )
        services.add_line(
            actor=manager, threat=offered, number="07700 900123", brand="Joey", from_on=today, reason=WHY, today=today
        )
        services.link_threats(actor=manager, one=offered, other=closing, kind="SUPPLIER", reason=WHY, today=today)
        hand_over = services.offer_hand_over(
            actor=manager,
            threat=offered,
            leads=services.Leads(lro=universe.gmp_lro),
            owner=universe.organisation("gmp"),
            reason=WHY,
            now=now,
        )
        proposed = services.propose_closing(
            actor=manager,
            threat=closing,
            ground="CLOSED_DORMANT",
            closed_on=today,
            reason="Nothing heard for a year",
            now=now,
            today=today,
        )
    for force in (*universe.forces, "nwrocu"):
        actor = universe.__getattr__(
            f"{force}_rocta_moderator" if force == "nwrocu" else f"{force}_intelligence_manager"
        )
        with acting_as(actor):
            services.nominate_threat(
                actor=actor,
                nomination=nomination(name=f"A threat of {force}", nominated_on=today, tier="1"),
                owner=actor.organisation,
                reason="So that every owner has one",
                today=today,
            )
    return SimpleNamespace(site=live_site, offered=offered, closing=closing, hand_over=hand_over, proposed=proposed)


def test_every_page_of_a_threat_can_be_used_by_everybody(scene: SimpleNamespace, browser_page: Page) -> None:
    page = browser_page
    site, ref = scene.site, f"{scene.site}/threats/{scene.offered.reference}"
    signed_in(page, site, "intelligence_manager@merseyside.test")
    for name, address in (
        ("list", f"{site}/threats/"),
        ("nominate", f"{site}/threats/nominate/"),
        ("summary", f"{ref}/"),
        ("history", f"{ref}/history/"),
        ("kind", f"{ref}/kind/"),
        ("hand-over", f"{ref}/hand-over/"),
        ("merge", f"{ref}/merge/"),
        ("close", f"{ref}/close/"),
        ("link", f"{ref}/links/add/"),
        ("line", f"{ref}/lines/add/"),
        ("place", f"{ref}/places/add/"),
        ("exceptions", f"{site}/threats/exceptions/"),
        ("exception", f"{site}/threats/exceptions/any/"),
        ("caseload", f"{site}/threats/caseload/"),
        ("hand-overs", f"{site}/threats/hand-overs/"),
        ("closings", f"{site}/threats/closings/"),
    ):
        page.goto(address)
        sound_in_both_windows(page, f"threats-{name}")
    open_with_reason(page, f"{ref}/split/")
    sound_in_both_windows(page, "threats-split")


@pytest.mark.parametrize("size", ["browser_page", "phone_page"])
def test_a_threat_is_taken_over_by_the_officer_it_was_offered_to(
    scene: SimpleNamespace, size: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(size)
    sign_in(page, scene.site, "lro@gmp.test")
    sound(page, "threats-my-work")
    page.get_by_role("link", name="hand-over waits").first.click()
    page.get_by_role("link", name="Harbour line").click()
    if "/reason/" in page.url:
        open_with_reason(page, page.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hand-over of Harbour line")
    sound(page, "threats-capsule")
    assert sheets_of_paper(page) == 1, "the capsule of a hand-over is one page"
    page.complaints.allow(f"/hand-over/{scene.hand_over.pk}/")
    page.get_by_role("button", name="Send your answer").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Choose your answer")
    page.get_by_label("Yes: it is ours from now on").check()
    page.get_by_role("button", name="Send your answer").click()
    expect(page.get_by_role("main")).to_contain_text("Your answer is recorded")
    expect(page.locator(".ff-facts").first).to_contain_text("Greater Manchester")
    sound(page, "threats-taken-over")


def test_a_moderator_confirms_a_closing_that_the_owner_proposed_and_the_owner_reopens_it(
    scene: SimpleNamespace, browser_page: Page
) -> None:
    page = browser_page
    sign_in(page, scene.site, "rocta_moderator@nwrocu.test")
    page.get_by_role("link", name="closing or merge waits").first.click()
    page.get_by_role("link", name="Quay crew").click()
    sound(page, "threats-closing")
    page.get_by_label("Yes: confirm it").check()
    page.get_by_role("button", name="Send your answer").click()
    expect(page.get_by_role("main")).to_contain_text("Closed – dormant")
    signed_in(page, scene.site, "intelligence_manager@merseyside.test")
    page.goto(f"{scene.site}/threats/{scene.closing.reference}/reopen/")
    sound(page, "threats-reopen")
    page.get_by_label("Development").check()
    page.get_by_label("Why?").fill("A new line was heard of today")
    page.get_by_role("button", name="Reopen").click()
    page.get_by_role("link", name="History").first.click()
    expect(page.get_by_role("main")).to_contain_text("Reopened")
    expect(page.locator("table").first).to_contain_text("Closed – dormant")
    sound(page, "threats-reopened-history")
