"""On a phone: a minute, a lost connection, a double tap; and every page without a fault for those who cannot see it."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from fourfold.disruptions import selectors
from fourfold.platform.visibility.scope import acting_as
from tests.browser import axe, overflow, screenshot, sign_in, signed_in, tab_to
from tests.disruptions.conftest import EVIDENCE, FOR_HOW_LONG, HOW_KNOWN, STOPPED, nominate, record, tactic

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def threat(lasting_db, universe):
    with acting_as(universe.merseyside_analyst):
        return nominate(universe)


def onward(page):
    page.locator("section:not([hidden]) button", has_text="Continue").click()


def made(universe):
    with acting_as(universe.merseyside_analyst):
        return list(selectors.disruptions().order_by("pk"))


def kept_on_device(page):
    return page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('fourfold:'))")


def nothing_is_left_on_the_device(page):
    for _ in range(300):
        if not kept_on_device(page):
            return
        page.wait_for_timeout(100)
    pytest.fail("what was typed stays on the device")


def fill_to_the_end(page, threat, *, code):
    page.fill("#id_q", "quay line")
    page.click("[data-find-button]")
    page.wait_for_selector(f"input[value='{threat.reference}']:checked")
    onward(page)
    page.check(f"input[name=often][value='{code}']")
    page.fill("#id_happened", "Warrant at the safe house")
    onward(page)
    onward(page)
    page.check("input[name=primary_p][value=PURSUE]")
    onward(page)
    onward(page)
    page.check("input[name=category][value=MINOR]")
    page.fill("#id_stopped", STOPPED)
    page.fill("#id_for_how_long", FOR_HOW_LONG)


def test_a_disruption_is_recorded_on_a_phone_one_question_at_a_time(phone_page, live_site, universe, threat):
    page = phone_page
    with acting_as(universe.merseyside_analyst):
        code = tactic("PURSUE")
    signed_in(page, live_site, universe.merseyside_analyst.email)
    page.goto(live_site + reverse("disruptions:record"))
    page.wait_for_selector("section:not([hidden]) button:has-text('Continue')")
    expect(page.locator("section[data-step]")).to_have_count(7)
    expect(page.locator("section[data-step]:visible")).to_have_count(1)
    screenshot(page, "disruption-phone-1")
    assert (axe(page), overflow(page)) == ([], 0)
    page.fill("#id_q", "quay line")
    onward(page)
    page.wait_for_selector(f"input[value='{threat.reference}']:visible:checked")
    screenshot(page, "disruption-phone-1-found")
    assert axe(page) == []
    onward(page)
    screenshot(page, "disruption-phone-2")
    page.check(f"input[name=often][value='{code}']")
    page.fill("#id_happened", "Warrant at the safe house")
    onward(page)
    onward(page)
    page.check("input[name=primary_p][value=PURSUE]")
    screenshot(page, "disruption-phone-4")
    onward(page)
    onward(page)
    page.check("input[name=category][value=MINOR]")
    page.fill("#id_stopped", STOPPED)
    page.fill("#id_for_how_long", FOR_HOW_LONG)
    page.fill("#id_how_known", HOW_KNOWN)
    screenshot(page, "disruption-phone-6")
    assert (axe(page), overflow(page)) == ([], 0)
    onward(page)
    nothing_is_left_on_the_device(page)
    expect(page.locator("[data-state]")).to_contain_text("Saved at")
    screenshot(page, "disruption-phone-7")
    assert (axe(page), overflow(page)) == ([], 0)
    page.dblclick("button[value=send]")
    page.wait_for_selector("h1:has-text('Recorded as DIS-')")
    screenshot(page, "disruption-phone-done")
    assert (axe(page), overflow(page)) == ([], 0)
    (found,) = made(universe)
    assert (found.state, found.happened) == ("VALIDATED", "Warrant at the safe house")


def test_a_lost_connection_loses_nothing_and_leaves_nothing_readable_on_the_phone(
    phone_page, live_site, universe, threat
):
    page = phone_page
    with acting_as(universe.merseyside_analyst):
        code = tactic("PURSUE")
    signed_in(page, live_site, universe.merseyside_analyst.email)
    page.goto(live_site + reverse("disruptions:record"))
    fill_to_the_end(page, threat, code=code)
    page.wait_for_selector("[data-state]:has-text('Saved at')")
    page.context.set_offline(True)
    page.fill("#id_how_known", HOW_KNOWN)
    page.wait_for_selector("[data-state]:has-text('No connection')")
    expect(page.locator("[data-state]")).to_contain_text("kept on this phone, locked")
    screenshot(page, "disruption-phone-offline")
    (key,) = kept_on_device(page)
    assert "customers" not in page.evaluate(f"localStorage.getItem({key!r})")
    onward(page)
    page.click("button[value=send]")
    page.wait_for_selector("[data-state]:has-text('Press “Record this disruption” again')")
    assert not made(universe)
    page.route("**/keep/", lambda route: route.abort())
    page.context.set_offline(False)
    page.reload()
    page.wait_for_selector("section:not([hidden]) button:has-text('Continue')")
    expect(page.locator("[data-state]")).to_contain_text("is back")
    expect(page.locator("#id_how_known")).to_have_value(HOW_KNOWN)
    page.unroute("**/keep/")
    page.wait_for_selector("[data-state]:has-text('Saved at')")
    expect(page.locator("#id_stopped")).to_have_value(STOPPED)
    nothing_is_left_on_the_device(page)
    for _ in range(6):
        onward(page)
    page.click("button[value=send]")
    page.wait_for_selector("h1:has-text('Recorded as DIS-')")
    (found,) = made(universe)
    assert (found.how_known, found.stopped, found.tactics) == (HOW_KNOWN, STOPPED, [code])
    nothing_is_left_on_the_device(page)


def test_what_a_reload_finds_on_the_phone_is_another_s_to_nobody(phone_page, live_site, universe, threat):
    """Typed without a connection, then the same phone is used by a colleague: the text stays locked and is removed."""
    page = phone_page
    sign_in(page, live_site, universe.merseyside_analyst.email)
    page.goto(live_site + reverse("disruptions:record"))
    page.wait_for_selector("section:not([hidden]) button:has-text('Continue')")
    page.context.set_offline(True)
    page.fill("#id_q", "the blue van")
    page.wait_for_selector("[data-state]:has-text('No connection')")
    address = page.url
    # The page keeps what was typed as soon as it can: here it must not, before the colleague has the phone.
    page.route("**/keep/", lambda route: route.abort())
    page.context.set_offline(False)
    page.context.clear_cookies()
    sign_in(page, live_site, universe.merseyside_lro.email)
    page.unroute("**/keep/")
    page.goto(address)
    page.wait_for_selector("section:not([hidden]) button:has-text('Continue')")
    expect(page.locator("#id_q")).to_have_value("")
    nothing_is_left_on_the_device(page)


def test_signing_out_takes_what_was_typed_off_the_phone(phone_page, live_site, universe, threat):
    page = phone_page
    sign_in(page, live_site, universe.merseyside_analyst.email)
    page.goto(live_site + reverse("disruptions:record"))
    page.wait_for_selector("section:not([hidden]) button:has-text('Continue')")
    page.context.set_offline(True)
    page.fill("#id_q", "the blue van")
    page.wait_for_selector("[data-state]:has-text('No connection')")
    assert kept_on_device(page)
    page.route("**/keep/", lambda route: route.abort())
    page.context.set_offline(False)
    page.click("button:has-text('Sign out')")
    page.wait_for_url("**/sign-in/")
    nothing_is_left_on_the_device(page)


def test_without_a_script_every_question_is_on_the_page(plain_page, live_site, universe, threat):
    page = plain_page
    with acting_as(universe.merseyside_analyst):
        code = tactic("PURSUE")
    sign_in(page, live_site, universe.merseyside_analyst.email)
    page.goto(live_site + reverse("disruptions:record"))
    expect(page.locator("section[data-step]:visible")).to_have_count(7)
    page.fill("#id_q", "quay line")
    page.click("button[value=find]")
    page.check(f"input[name=threat][value='{threat.reference}']")
    page.check(f"input[name=often][value='{code}']")
    page.check("input[name=primary_p][value=PREVENT]")
    page.check("input[name=category][value=MINOR]")
    page.click("button[value=send]")
    expect(page.locator("h1")).to_contain_text("Recorded as DIS-")
    (found,) = made(universe)
    assert found.faults == ["MS1", "MS2", "MS3", "MS4"]


def test_the_form_is_filled_in_by_keyboard_alone(browser_page, live_site, universe, threat):
    page = browser_page
    with acting_as(universe.merseyside_analyst):
        code = tactic("PURSUE")

    def press(wanted, key="Space"):
        tab_to(page, wanted)
        page.keyboard.press(key)

    def go_on():
        press(page.locator("section:not([hidden]) button", has_text="Continue"), "Enter")

    signed_in(page, live_site, universe.merseyside_analyst.email)
    page.goto(live_site + reverse("disruptions:record"))
    page.wait_for_selector("section:not([hidden]) button:has-text('Continue')")
    tab_to(page, page.locator("#id_q"))
    page.keyboard.type("quay line")
    press(page.locator("[data-find-button]"), "Enter")
    page.wait_for_selector(f"input[value='{threat.reference}']:checked")
    go_on()
    press(page.locator(f"input[name=often][value='{code}']"))
    go_on()
    expect(page.locator("input[name=when]:checked")).to_have_value("TODAY")
    go_on()
    press(page.locator("input[name=primary_p]").first)
    expect(page.locator("input[name=primary_p]:checked")).to_have_value("PURSUE")
    go_on()
    go_on()
    tab_to(page, page.locator("input[name=category]").first)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[name=category]:checked")).to_have_value("MINOR")
    for name, text in (("stopped", STOPPED), ("for_how_long", FOR_HOW_LONG), ("how_known", HOW_KNOWN)):
        tab_to(page, page.locator(f"#id_{name}"))
        page.keyboard.type(text)
    go_on()
    press(page.locator("button[value=send]"), "Enter")
    page.wait_for_selector("h1:has-text('Recorded as DIS-')")
    (found,) = made(universe)
    assert (found.state, found.tactics, found.how_known) == ("VALIDATED", [code], HOW_KNOWN)


def test_the_desk_s_pages_have_no_fault(browser_page, live_site, universe, threat):
    with acting_as(universe.merseyside_analyst):
        found = record(
            universe,
            threat,
            category="MAJOR",
            evidence=EVIDENCE,
            outcome="DISMANTLED",
            facts={"arrests": "3", "cash_pounds": "1200"},
        )
        record(universe, threat, stopped="They lost a car")
        shared = record(universe, nominate(universe, name="Quay house"), shared_event=found.reference)
        assert shared.shared_event
    page = browser_page
    signed_in(page, live_site, universe.nwrocu_rocta_moderator.email)
    parts = {
        "list": reverse("disruptions:list"),
        "detail": reverse("disruptions:detail", args=[found.reference]),
        "tab": reverse("disruptions:of_threat", args=[threat.reference]),
        "queue": reverse("disruptions:queue", args=["to-moderate"]),
        "moderate": reverse("disruptions:moderate", args=[found.reference]),
        "change": reverse("disruptions:change", args=[found.reference]),
    }
    for name, address in parts.items():
        page.goto(live_site + address)
        screenshot(page, f"disruption-desk-{name}")
        assert (name, axe(page), overflow(page)) == (name, [], 0)
    page.set_viewport_size({"width": 1024, "height": 800})
    page.goto(live_site + parts["list"])
    assert overflow(page) == 0, "the widest list is cut off on a tablet"
