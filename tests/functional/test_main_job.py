"""The main job in a real browser: sign in, filter the master list, open a threat, a member, its sources, look back."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from fourfold.entry import demo, demo_build
from fourfold.entry.demo import PASSWORD
from tests.browser import give_a_reason, sign_in, sound
from tests.functional.conftest import PEOPLE, Demonstration

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ANALYST = "analyst@merseyside.example"


def say_why(page: Page) -> None:
    sound(page)
    give_a_reason(page, of_kind="Managing a threat on the master list")


def count(page: Page) -> int:
    said = page.locator(".ff-list__count").inner_text()
    found = re.match(r"([\d,]+) threats?", said)
    assert found, said
    return int(found[1].replace(",", ""))


def peopled(page: Page, site: str) -> Locator:
    """The first row of a group with members; most threats that officers keyed in have none on record."""
    for number in range(1, 40):
        page.goto(f"{site}/threats/?type=OCG&sort=reference&page={number}")
        for row in page.locator("tbody tr").all():
            if int(row.locator("td").nth(4).inner_text().split()[-1]) > 0:
                return row
    pytest.fail("No group on the master list has a member")


def test_an_analyst_goes_from_the_list_to_the_sources_of_a_member_and_back_in_time(
    demonstration: Demonstration, browser_page: Page
) -> None:
    page, site = browser_page, demonstration.address
    page.goto(f"{site}/sign-in/")
    sound(page)
    sign_in(page, site, ANALYST, PASSWORD)
    sound(page)

    page.get_by_role("link", name="Threats", exact=True).click()
    sound(page)
    every = count(page)
    assert every > 5

    page.get_by_label(re.compile("^Organised crime groups")).check()
    page.get_by_role("button", name="Apply filters").first.click()
    groups = count(page)
    assert 0 < groups < every
    expect(page.locator(".moj-filter__tag")).to_contain_text("Organised crime groups")
    sound(page)

    page.goto(f"{site}/threats/")
    page.get_by_label("As recorded on").fill("31/12/2023")
    page.get_by_label("As recorded on").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("recorded by the end of 31 December 2023")
    then = count(page)
    assert 0 < then < every
    sound(page)
    page.get_by_role("link", name="Go back to now").click()
    expect(page.locator(".ff-list__count")).to_have_text(re.compile(rf"^{every:,} threat"))

    peopled(page, site).get_by_role("link").first.click()
    sound(page)
    threat = page.get_by_role("heading", level=1).inner_text()

    page.get_by_role("link", name=re.compile("^Members")).first.click()
    say_why(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(threat)
    sound(page)

    member = page.locator("tbody th a").first
    name = member.inner_text()
    member.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.get_by_role("main")).to_contain_text("Roles in threats")
    sound(page)
    page.get_by_role("link", name=re.compile("^Records")).click()
    sound(page)
    page.locator("main a[href*='/record/person/']").first.click()
    expect(page.get_by_role("main")).to_contain_text("What the source delivered")
    sound(page)


def test_the_history_of_a_threat_reads_in_words_and_people_to_protect_stand_apart(
    demonstration: Demonstration, browser_page: Page
) -> None:
    page, site = browser_page, demonstration.address
    sign_in(page, site, ANALYST, PASSWORD)
    page.goto(f"{site}/threats/?sort=reference")
    page.locator("tbody tr").first.get_by_role("link").first.click()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Nominated")
    expect(page.get_by_role("main")).to_contain_text("Why: ")
    sound(page)
    page.get_by_role("link", name=re.compile("^People to protect")).first.click()
    say_why(page)
    expect(page.get_by_role("main")).to_contain_text("never counted as offenders")
    sound(page)


def test_the_list_is_used_by_keyboard_alone(demonstration: Demonstration, browser_page: Page) -> None:
    page, site = browser_page, demonstration.address
    sign_in(page, site, ANALYST, PASSWORD)
    page.goto(f"{site}/threats/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to main content")
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    expect(page.locator(":focus")).to_have_attribute("id", "search-box")
    closed = page.get_by_label(re.compile("^Closed"), exact=False).first
    closed.focus()
    page.keyboard.press("Space")
    expect(closed).to_be_checked()
    page.get_by_role("button", name="Apply filters").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".moj-filter__tag")).to_contain_text("Closed")
    first = page.locator("tbody tr").first.get_by_role("link").first
    name = first.inner_text()
    first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_everything_fits_a_phone(demonstration: Demonstration, phone_page: Page) -> None:
    page, site = phone_page, demonstration.address
    sign_in(page, site, "intelligence-manager@merseyside.example", PASSWORD)
    sound(page)
    page.goto(f"{site}/threats/")
    sound(page)
    page.get_by_text("Filters and past dates").click()
    page.get_by_label(re.compile("^Open ")).check()
    page.get_by_role("button", name="Apply filters").first.click()
    sound(page)
    page.locator("tbody tr").first.get_by_role("link").first.click()
    sound(page)
    for address in ("/threats/nominate/", "/intake/", "/picture/"):
        page.goto(f"{site}{address}")
        sound(page)


def test_the_demonstration_is_built_once_and_says_who_can_sign_in(
    demonstration: Demonstration, browser_page: Page
) -> None:
    assert demonstration.told[-1].startswith("The demonstration was built in")
    said: list[str] = []
    demo_build.build(people=PEOPLE, seed=1, tell=said.append)
    assert said == ["The demonstration is built already."]
    who = "\n".join(demo.who_to_sign_in_as())
    assert PASSWORD in who
    assert ANALYST in who
    sign_in(browser_page, demonstration.address, "auditor@nwrocu.example", PASSWORD)
    sound(browser_page)
