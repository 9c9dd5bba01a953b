"""The pages of a plan in a browser, at a desk and on a phone; and the lint while somebody types."""

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from fourfold.plans import selectors, services
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from tests.browser import axe, faults_in_both_windows, screenshot, signed_in, tab_to
from tests.plans import conftest as made
from tests.universe import Universe

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def rich_plan(kept_db):
    """A threat and its plan, in which every part has something, good and bad. Each test changes another part of it."""
    universe = Universe()
    today = clock.today()
    begun_on, due = today - timedelta(days=120), today + timedelta(days=20)
    with acting_as(universe.merseyside_intelligence_manager):
        threat, other = made.nominate(universe), made.nominate(universe, name="Quay line two")
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        done = made.action(
            tactic="LINE_CLOSURE",
            due_on=today,
            status="DONE",
            result="The line was cut off and stayed silent for six weeks",
            done_on=today - timedelta(days=3),
        )
        services.write_plan(
            actor=analyst, threat=other, content=made.content(actions=(done,), consultations=()), today=today
        )
        plan = services.write_plan(
            actor=analyst,
            threat=threat,
            content=made.content(
                aims=(made.aim(), made.aim(text="Nobody under 18 carries for the line", measure="", baseline=None)),
                actions=(
                    made.action(due_on=due, owner=universe.merseyside_lro.pk, tactic="ARREST_WARRANT"),
                    made.action(title="Monitor the group", measure="", owner_name="", why_this_threat=""),
                    made.visit(due_on=today - timedelta(days=9), tactic="CUCKOOING_VISIT"),
                    made.action(p="PREPARE", title="Debrief the first three months", aim=None, status="AGREED"),
                ),
                consultations=(made.consultation(consulted_on=begun_on),),
            ),
            today=begun_on,
        )
        plan = selectors.plan(plan.reference)
        aim = selectors.whole(plan).aims[0]
        for value, back in ((130, 100), (90, 60), (95, 40), (40, 5)):
            services.add_reading(
                actor=analyst,
                aim=aim,
                value=Decimal(value),
                read_on=today - timedelta(days=back),
                source="Call data",
                today=today,
            )
        services.share_summary(
            actor=analyst,
            plan=plan,
            organisation=universe.organisation("hmpps"),
            title="Drugs line into two towns",
            text="Drugs sold from the homes of tenants",
            today=today,
        )
    with acting_as(universe.merseyside_sro):
        plan = selectors.plan(plan.reference)
        services.adopt_plan(
            actor=universe.merseyside_sro, plan=plan, why="It is ready now", today=today - timedelta(days=50)
        )
    with acting_as(analyst):
        plan = selectors.plan(plan.reference)
        services.write_section(actor=analyst, plan=plan, part="RISK", text="Two tenants are in danger", today=today)
        services.begin_review(
            actor=analyst, plan=plan, prompt="DUE", looked_at="All four actions, one by one", today=today
        )
    return threat, plan


def test_every_page_passes_axe_and_fits_both_windows(rich_plan, kept_site, universe, browser_page):
    threat, plan = rich_plan
    page = browser_page
    signed_in(page, kept_site, universe.merseyside_lro.email)
    faults = {}
    for name, address in {
        "plan": f"/threats/{threat.reference}/plan/",
        "plan-list": "/plans/",
        "my-actions": "/plans/actions/mine/",
        "tactics": "/tactics/?p=PREVENT",
        "tactic": "/tactics/LINE_CLOSURE/",
        "action": f"/plans/{plan.reference}/actions/2/",
        "action-form": f"/plans/{plan.reference}/actions/2/change/",
        "report": f"/plans/{plan.reference}/actions/1/report/",
        "review": f"/plans/{plan.reference}/reviews/{first_review(universe, plan)}/",
        "quality": f"/plans/{plan.reference}/quality/",
        "versions": f"/plans/{plan.reference}/versions/",
        "compare": f"/plans/{plan.reference}/versions/compare/?first=1&second=now",
        "paper": f"/plans/{plan.reference}/print/",
        "share": f"/plans/{plan.reference}/share/",
        "calendar": "/plans/calendar/",
        "work": "/",
    }.items():
        page.goto(f"{kept_site}{address}")
        if found := faults_in_both_windows(page, f"plans-{name}"):
            faults[address] = found
    assert not faults


def first_review(universe, plan):
    with acting_as(universe.merseyside_lro):
        return selectors.reviews(plan)[0].pk


def test_the_rules_answer_while_an_action_is_typed(rich_plan, kept_site, universe, browser_page):
    _, plan = rich_plan
    page = browser_page
    signed_in(page, kept_site, universe.merseyside_lro.email)
    page.goto(f"{kept_site}/plans/{plan.reference}/actions/add/?p=PREVENT")
    page.get_by_label("What is to be done?").fill("Monitor the three youngest")
    told = page.locator("[data-check]")
    told.get_by_text("says “monitor” without a measure").wait_for()
    page.get_by_label("Measure (optional)").fill("Mentors met weekly")
    told.get_by_text("says “monitor” without a measure").wait_for(state="detached")
    expect(told).to_contain_text("has no owner")


def test_without_a_script_the_rules_answer_by_a_button_and_nothing_typed_is_lost(
    rich_plan, kept_site, universe, plain_page
):
    threat, plan = rich_plan
    page = plain_page
    signed_in(page, kept_site, universe.merseyside_lro.email)
    page.goto(f"{kept_site}/threats/{threat.reference}/plan/")
    page.get_by_role("link", name="Add under Prevent").click()
    page.get_by_label("What is to be done?").fill("Monitor the three youngest")
    page.get_by_role("button", name="Check without saving").click()
    expect(page.locator("[data-check]")).to_contain_text("says “monitor” without a measure")
    expect(page.get_by_label("What is to be done?")).to_have_value("Monitor the three youngest")
    expect(page.locator("input[name=p]:checked")).to_have_value("PREVENT")
    page.get_by_label("Measure (optional)").fill("Mentors met weekly")
    page.get_by_role("button", name="Add this action").click()
    expect(page.locator("main")).to_contain_text("Monitor the three youngest")
    with acting_as(universe.merseyside_lro):
        assert selectors.action(5, of=selectors.plan(plan.reference)).measure == "Mentors met weekly"


def test_a_plan_is_mended_by_keyboard_alone(rich_plan, kept_site, universe, browser_page):
    threat, plan = rich_plan
    page = browser_page
    signed_in(page, kept_site, universe.merseyside_lro.email)
    page.goto(f"{kept_site}/threats/{threat.reference}/plan/")
    tab_to(page, page.get_by_role("link", name="Mend action 2").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/actions/2/change/**")
    tab_to(page, page.get_by_label("Measure (optional)"))
    page.keyboard.type("Sightings with adults of the group")
    tab_to(page, page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Sightings with adults of the group")
    with acting_as(universe.merseyside_lro):
        assert selectors.action(2, of=selectors.plan(plan.reference)).measure == "Sightings with adults of the group"


def test_a_partner_reads_and_reports_only_what_it_is_asked(rich_plan, kept_site, universe, phone_page):
    threat, plan = rich_plan
    with acting_as(universe.merseyside_analyst):
        services.ask_partner(
            actor=universe.merseyside_analyst,
            action=selectors.action(1, of=selectors.plan(plan.reference)),
            organisation=universe.organisation("hmpps"),
            title="Tell us of releases",
            text="Anybody on the list of 3 October",
            due_on=None,
            today=clock.today(),
        )
    page = phone_page
    signed_in(page, kept_site, universe.hmpps_partner_analyst.email)
    page.goto(f"{kept_site}/plans/shared-with-us/")
    screenshot(page, "plans-partner-phone")
    assert axe(page) == []
    text = page.locator("main").inner_text()
    assert "Tell us of releases" in text
    assert "Drugs sold from the homes of tenants" in text
    assert threat.name not in text
    page.get_by_role("link", name="Report on it").click()
    page.get_by_label("Done", exact=True).check()
    page.get_by_label("What was done, or what is in the way?").fill("Two releases told by telephone")
    today = clock.today()
    for label, value in (("Day", today.day), ("Month", today.month), ("Year", today.year)):
        page.get_by_label(label).fill(str(value))
    page.get_by_role("button", name="Send").click()
    expect(page.locator("main")).to_contain_text("Two releases told by telephone")
