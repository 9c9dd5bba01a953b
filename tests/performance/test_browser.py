"""Pages of figures in a real browser, at a desk and on a phone: nothing cut off, charts under the strict policy."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import axe, overflow, screenshot, signed_in
from tests.database import connect_as
from tests.performance.conftest import fill
from tests.performance.world import World
from tests.universe import Universe

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PERIOD = "from=2022-01-01&to=2022-12-31"
SHOWN = {
    "threats": "/performance/",
    "disruptions": f"/performance/disruptions/?{PERIOD}",
    "plans": "/performance/plans/",
    "plan-on-a-page": "/performance/plan-on-a-page/?body=cheshire",
    "measures": "/performance/measures/",
    "measure": "/performance/measures/DISRUPTIONS/?as_recorded_on=2023-01-04",
    "trend": "/performance/measures/THREATS/trend/?as_recorded_on=2023-03-01",
    "changes": "/performance/measures/DISRUPTIONS/changes/?from=2023-01-04&to=2023-07-13",
    "rows": "/performance/measures/DISRUPTIONS/rows/?as_recorded_on=2023-01-04",
    "inspection": "/performance/inspection-2023/",
    "tokens": "/performance/tokens/",
    "other-regions": "/performance/other-regions/",
}


@pytest.fixture(scope="module")
def filled(kept_db):
    connect_as("simulation")
    world = fill(World(Universe()))
    connect_as("app")
    return world


@pytest.fixture(scope="module")
def site(filled, kept_site):
    return kept_site


def look_at(page, site, user, size):
    signed_in(page, site, user.email)
    for name, address in SHOWN.items():
        page.goto(site + address)
        drawn = page.locator(".ff-chart__drawing svg")
        if page.locator("[data-chart]").count():
            drawn.first.wait_for()
            expect(drawn).to_have_count(page.locator("[data-chart]").count())
        assert axe(page) == [], name
        assert overflow(page) == 0, name
        screenshot(page, f"performance-{name}-{size}")


def test_at_a_desk(site, filled, browser_page):
    look_at(browser_page, site, filled.universe.nwrocu_rocta_moderator, "desk")


def test_on_a_phone(site, filled, phone_page):
    look_at(phone_page, site, filled.universe.nwrocu_rocta_moderator, "phone")


def test_without_a_script_each_chart_is_its_table(site, filled, plain_page):
    signed_in(plain_page, site, filled.universe.nwrocu_rocta_moderator.email)
    plain_page.goto(f"{site}/performance/disruptions/?{PERIOD}")
    assert plain_page.locator("[data-chart]").count() > 3
    assert plain_page.locator(".ff-chart__drawing").first.is_hidden()
    tables = plain_page.locator("[data-chart] .ff-chart__table table")
    assert all(tables.nth(at).is_visible() for at in range(tables.count()))


def test_a_number_opens_its_rows_and_the_date_goes_with_it(site, filled, browser_page):
    page = browser_page
    signed_in(page, site, filled.universe.nwrocu_rocta_moderator.email)
    page.goto(f"{site}/performance/inspection-2023/")
    page.get_by_label("As recorded on").fill("4/1/2023")
    page.get_by_role("button", name="Show").click()
    row = page.get_by_role("row").filter(has_text="5a Cheshire")
    row.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("as_recorded_on=2023-01-04"))
    expect(page.locator(".ff-list__count")).to_have_text("3 disruptions")
    expect(page.get_by_text("You are looking at what was recorded by the end of 4 January 2023").first).to_be_visible()
