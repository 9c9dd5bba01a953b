"""The patterns in a real browser, at a desk, on a phone, with a keyboard, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from fourfold.platform.visibility.scope import acting_as
from tests.browser import as_on_a_phone, sign_in, signed_in, sound_in_both_windows
from tests.platform.sample import Case, region_label
from tests.universe import Universe

pytestmark = pytest.mark.browser
LIST = "/sample-cases/"
PATTERNS = "/patterns/"
ANALYST = "analyst@gmp.test"


@pytest.fixture(scope="module")
def site(kept_site) -> str:
    with acting_as(Universe().merseyside_analyst):
        for n in range(60):
            detail = {"colour": ("red", "blue", None)[n % 3]}
            Case.objects.create(label=region_label("merseyside"), title=f"Case {n:02}", size=n * 1000, detail=detail)
    return kept_site


def test_the_patterns_pass_axe_and_fit_both_windows(site, browser_page):
    page = browser_page
    page.goto(f"{site}/sign-in/")
    sound_in_both_windows(page, "sign-in")
    signed_in(page, site, ANALYST)
    for name, address in {
        "patterns": PATTERNS,
        "list": LIST,
        "list-filtered": f"{LIST}?colour=red&q=case&sort=title",
        "list-wrong": f"{LIST}?recorded_from=soon&as_recorded_on=soon",
        "list-empty": f"{LIST}?q=nothing-like-it",
        "list-past": f"{LIST}?as_recorded_on=2023-01-04",
        "form": f"{LIST}new/",
    }.items():
        page.goto(site + address)
        sound_in_both_windows(page, name)
    page.complaints.allow(PATTERNS)
    page.complaints.allow("/no-such-page/")
    page.goto(site + PATTERNS)
    page.get_by_role("button", name="Check the answers").click()
    sound_in_both_windows(page, "form-wrong")
    page.goto(site + PATTERNS)
    with as_on_a_phone(page):
        page.get_by_role("button", name="Check the answers").click()
        expect(page.locator(".govuk-error-summary")).to_be_visible()
    page.goto(f"{site}/no-such-page/")
    sound_in_both_windows(page, "not-found")


def test_a_slash_jumps_to_the_search_box_unless_someone_is_typing(site, browser_page):
    signed_in(browser_page, site, ANALYST)
    browser_page.goto(f"{site}{LIST}new/")
    browser_page.keyboard.press("/")
    assert browser_page.evaluate("document.activeElement.id") == "search-box"
    browser_page.get_by_label("Title").focus()
    browser_page.keyboard.press("/")
    assert browser_page.evaluate("document.activeElement.id") == "id_title"
    expect(browser_page.get_by_label("Title")).to_have_value("/")


def test_the_first_press_of_tab_offers_to_skip_to_the_content(site, browser_page):
    signed_in(browser_page, site, ANALYST)
    browser_page.goto(site + LIST)
    browser_page.keyboard.press("Tab")
    assert browser_page.evaluate("document.activeElement.textContent").strip() == "Skip to main content"
    browser_page.keyboard.press("Enter")
    assert browser_page.evaluate("document.activeElement.id") == "main-content"


def test_a_list_is_filtered_sorted_and_turned_without_javascript(site, plain_page):
    sign_in(plain_page, site, ANALYST)
    plain_page.goto(site + LIST)
    plain_page.get_by_label("red 20").check()
    plain_page.get_by_role("button", name="Apply filters").last.click()
    expect(plain_page.get_by_text("20 cases", exact=True)).to_be_visible()
    plain_page.get_by_role("link", name="Title").click()
    expect(plain_page.locator("tbody a").first).to_have_text("Case 00")
    plain_page.get_by_role("link", name="Remove this filter: Colour: red").click()
    expect(plain_page.get_by_text("60 cases", exact=True)).to_be_visible()
    plain_page.get_by_role("link", name="Next page").click()
    expect(plain_page.locator("tbody a").first).to_have_text("Case 25")


def test_filters_fold_on_a_phone_and_open_by_a_press(site, phone_page):
    signed_in(phone_page, site, ANALYST)
    phone_page.goto(site + LIST)
    expect(phone_page.get_by_label("As recorded on")).to_be_hidden()
    phone_page.locator(".ff-filter__summary").click()
    expect(phone_page.get_by_label("As recorded on")).to_be_visible()
    phone_page.get_by_role("link", name="Title").click()
    expect(phone_page.locator("tbody a").first).to_have_text("Case 00")


def test_a_menu_opens_and_closes_by_keyboard(site, browser_page):
    signed_in(browser_page, site, ANALYST)
    browser_page.goto(site + PATTERNS)
    menu = browser_page.locator(".ff-menu")
    menu.locator("summary").focus()
    browser_page.keyboard.press("Enter")
    expect(menu.get_by_text("Hand over")).to_be_visible()
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.press("Escape")
    expect(menu.get_by_text("Hand over")).to_be_hidden()
    assert browser_page.evaluate("document.activeElement.className").startswith("ff-menu__button")
