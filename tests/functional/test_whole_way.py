"""From threat to figure in a real browser: six people take one threat from its nomination to a number, and back.

An officer nominates and scores it, a supervisor checks the scores, a moderator of the regional unit scores it blind and
decides, its lead writes a 4P plan, is told what is wrong with it and mends it, a senior officer adopts it, and the
investigating officer records a disruption on a phone. The plan's aim shows what moved it, the figure has one more, and
rewound to the day before it has the old number.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.visibility.scope import acting_as
from tests import database
from tests.browser import give_a_reason, sign_in, sound
from tests.disruptions.conftest import nominate, record
from tests.universe import Universe

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "Kelp line"
AIM = "Close the line into the two towns"
WARRANT = "Execute the warrant at the stash address"
HARM: Mapping[str, int] = {
    "Physical": 4,
    "Psychological": 4,
    "Financial": 2,
    "Community": 4,
    "Environment": 1,
    "Vulnerability of victims": 5,
    "Geographic scope": 4,
    "Public expectation": 4,
}
LIKELIHOOD: Mapping[str, int] = {"Frequency": 5, "Trend": 3, "Intent": 5, "Capability": 4}
POSITION: Mapping[str, int] = {
    "Our capacity": 2,
    "Our capability": 1,
    "Our knowledge": 2,
    "Partner readiness": 1,
    "Opportunity": 1,
}
STOPPED = (
    "The group can no longer deliver to the two coastal towns because the phone, the stock and the courier that "
    "carried them are gone and nobody else holds the line"
)
FOR_HOW_LONG = "Three months at least, until somebody else is trusted with the phone"
HOW_KNOWN = "Two intelligence reports since then say that customers are sent away and the line rings out"


@pytest.fixture
def recorded_before(as_simulation: None, universe: Universe) -> None:
    """Another group of the force and one disruption of it, both recorded a month ago: the old number is one."""
    then = clock.now() - timedelta(days=30)
    with clock.told(then), acting_as(universe.merseyside_analyst):
        record(universe, nominate(universe, name="Quay line"), event_on=clock.today() - timedelta(days=2))
    database.connect_as("app")


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def hand_to(page: Page, site: str, user: User) -> None:
    """Whoever used the browser before signs out, and this person signs in."""
    if page.url.startswith(site):
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Email")).to_be_visible()
    sign_in(page, site, user.email)


def fill_date(page: Page, day: date) -> None:
    for label, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        page.get_by_label(label, exact=True).fill(str(value))


def score(page: Page, scores: Mapping[str, int]) -> None:
    for criterion, value in scores.items():
        group = page.get_by_role("group", name=criterion, exact=True)
        group.get_by_role("radio", name=re.compile(rf"^{value} ")).check()


def nominate_it(page: Page) -> None:
    page.get_by_role("button", name="Nominate a threat").click()
    sound(page)
    page.get_by_label("Organised crime group", exact=True).check()
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Summary").fill("A line from the city sells heroin in two towns from the homes of tenants")
    main(page).locator("summary", has_text="Drugs").click()
    page.get_by_label("County lines").check()
    page.get_by_label("Lead responsible officer (optional)").select_option(label="Merseyside lro, Merseyside Police")
    page.get_by_label("Senior investigating officer (optional)").select_option(
        label="Merseyside sio, Merseyside Police"
    )
    page.get_by_label("Why does this belong on the master list?").fill("Three linked seizures this month")
    page.get_by_role("button", name="Put on the master list").click()
    expect(heading(page)).to_have_text(NAME)
    expect(main(page)).to_contain_text("No assessment of this threat was ever sent to be moderated")
    sound(page)


def score_it(page: Page) -> None:
    """The matrix and its evidence: what is chosen survives the way to the evidence and back."""
    page.get_by_role("link", name="Assess it").click()
    sound(page)
    page.get_by_role("link", name="Assess this threat").click()
    sound(page)
    page.get_by_role("button", name="Begin").click()
    expect(heading(page)).to_have_text("Score the threat")
    score(page, HARM | LIKELIHOOD | POSITION)
    so_far = page.locator("#so-far")
    expect(so_far).to_contain_text("17 of 17 criteria scored")
    expect(so_far).to_contain_text("Physical: cite at least one graded record as evidence")
    sound(page)
    page.get_by_role("button", name="Add evidence for Physical").click()
    give_a_reason(page, of_kind="Managing a threat on the master list")
    page.get_by_label("Reference of the record").fill("IR/2026/0412")
    fill_date(page, clock.today() - timedelta(days=40))
    page.get_by_label("1: Reliable").check()
    page.get_by_role("radio", name=re.compile("^B: ")).check()
    cited = page.get_by_role("group", name="Evidence for")
    expect(cited.get_by_label("Physical", exact=True)).to_be_checked()
    for criterion in HARM | LIKELIHOOD:
        cited.get_by_label(criterion, exact=True).check()
    sound(page)
    page.get_by_role("button", name="Add evidence", exact=True).click()
    expect(so_far).to_contain_text("17 of 17 criteria scored")
    expect(so_far).to_contain_text("Everything that is needed is here")
    expect(so_far).to_contain_text("Tier 1")
    page.get_by_role("button", name="Save and send to be checked").click()
    expect(main(page)).to_contain_text("Sent to be checked by somebody else of your organisation")
    sound(page)


def check_it(page: Page) -> None:
    page.get_by_role("link", name=re.compile("assessments? of your organisation to check")).click()
    main(page).get_by_role("link", name=re.compile("^ASM-")).click()
    page.get_by_role("button", name="Check it").click()
    sound(page)
    page.get_by_label("Yes").check()
    page.get_by_role("button", name="Save").click()
    expect(main(page)).to_contain_text("Checked.")


def moderate_it(page: Page) -> None:
    """Blind first: nothing of the force's is on the page until the moderator's own scores are kept for good."""
    page.get_by_role("link", name=re.compile("assessments? to moderate")).click()
    sound(page)
    main(page).get_by_role("link", name=re.compile("^ASM-")).click()
    expect(main(page)).to_contain_text("The force's scores are not shown to people who moderate")
    expect(main(page)).not_to_contain_text("66.1")
    page.get_by_role("button", name="Take it up").click()
    expect(heading(page)).to_have_text("Score blind")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    score(page, HARM | LIKELIHOOD | {"Frequency": 4} | POSITION)
    expect(page.locator("#so-far")).to_contain_text("61.9")
    page.get_by_role("button", name="Keep my scores for good").click()
    expect(heading(page)).to_have_text("Compare and decide")
    expect(main(page)).to_contain_text("Where you differ: 1 of 17 criteria")
    both = page.get_by_role("row").filter(has_text="Frequency")
    expect(both).to_contain_text("Daily")
    expect(both).to_contain_text("Weekly")
    sound(page)
    page.get_by_label("Moderated with changes").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why frequency was changed from 5 to 4")
    expect(page.get_by_label("Moderated with changes")).to_be_checked()
    page.get_by_label("Frequency: why 4 and not 5?").fill("Calls fall to weekly since the summer")
    page.get_by_role("button", name="Decide").click()
    expect(main(page)).to_contain_text("Moderated with changes. The threat has its tier.")
    sound(page)


def write_the_plan(page: Page) -> None:
    """An aim, and an action so vague that the rules say so while it is typed and again on the plan."""
    page.get_by_role("link", name=NAME).first.click()
    expect(main(page)).to_contain_text("Tier 1")
    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_role("button", name="Begin the plan").click()
    expect(main(page)).to_contain_text("The plan has no aims yet")
    sound(page)
    page.get_by_role("link", name="Add an aim").first.click()
    page.get_by_label("Aim", exact=True).fill(AIM)
    page.get_by_label("Measure (optional)").fill("Calls answered by the line each week")
    page.get_by_label("Unit (optional)").fill("calls")
    page.get_by_label("Baseline (optional)").fill("140")
    page.get_by_label("Target (optional)").fill("0")
    fill_date(page, clock.today() + timedelta(days=120))
    sound(page)
    page.get_by_role("button", name="Add this aim").click()
    expect(main(page)).to_contain_text("Nothing recorded has moved it yet")
    page.get_by_role("link", name="Add under Pursue").click()
    page.get_by_label("What is to be done?").fill("Monitor the group")
    expect(page.locator("[data-check]")).to_contain_text("says “monitor” without a measure")
    sound(page)
    page.get_by_role("button", name="Add this action").click()
    for fault in ("has no owner", "has no date", "says “monitor” without a measure", "serves no aim"):
        expect(main(page)).to_contain_text(f"Action 1 {fault}")
    expect(main(page)).to_contain_text("38 of 100")
    sound(page)


def mend_the_plan(page: Page) -> None:
    page.get_by_role("link", name="Mend action 1").first.click()
    page.get_by_label("What is to be done?").fill(WARRANT)
    page.get_by_label("Which aim does it serve? (optional)").select_option(label=f"1. {AIM}")
    page.get_by_label("Why this, for this threat? (optional)").fill("The holder keeps the phone here every night")
    page.get_by_label("Measure (optional)").fill("Line phone and stock seized")
    page.get_by_label("Owner (optional)").select_option(label="Merseyside sio, Merseyside Police")
    fill_date(page, clock.today() + timedelta(days=20))
    expect(page.locator("[data-check]")).not_to_contain_text("Action 1")
    page.get_by_role("button", name="Save").click()
    expect(main(page)).to_contain_text("Nothing to mend")
    page.get_by_role("link", name="The whole plan").click()
    expect(main(page)).to_contain_text("No action is under Prevent or Protect")
    page.get_by_role("link", name="Add under Protect").click()
    page.get_by_label("What is to be done?").fill("Visit the three cuckooed tenants with the housing officer")
    page.get_by_label("Which aim does it serve? (optional)").select_option(label=f"1. {AIM}")
    page.get_by_label("Why this, for this threat? (optional)").fill("Runners sleep in three flats of one landlord")
    page.get_by_label("Owner (optional)").select_option(label="Merseyside lro, Merseyside Police")
    page.get_by_label("Partner (optional)").fill("Housing association")
    fill_date(page, clock.today() + timedelta(days=30))
    page.get_by_role("button", name="Add this action").click()
    expect(main(page)).to_contain_text("100 of 100")
    expect(main(page)).to_contain_text("The rules find nothing to mend")


def adopt_the_plan(page: Page) -> None:
    page.get_by_role("link", name=NAME).first.click()
    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_role("button", name="Adopt this plan").click()
    sound(page)
    page.get_by_label("Why do you adopt it?").fill("It is ready, and partners have a part in it")
    page.get_by_role("button", name="Adopt", exact=True).click()
    expect(main(page)).to_contain_text("Adopted. The version can be read at any time.")
    sound(page)


def record_on_the_phone(page: Page) -> str:
    """Seven questions; the reference of what was recorded."""
    onward = page.get_by_role("button", name="Continue")
    page.get_by_role("button", name="Record a disruption").click()
    page.get_by_label("Nickname, plate, postcode, phone or reference").fill("kelp")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("radio", name=re.compile(NAME))).to_be_checked()
    sound(page)
    onward.click()
    page.get_by_label("Arrest or search warrant").check()
    page.get_by_label("In a few words (optional)").fill("Warrant at the stash address, phone and stock seized")
    sound(page)
    onward.click()
    page.get_by_role("radio", name="Today").check()
    onward.click()
    page.get_by_role("radio", name="Pursue").check()
    page.get_by_label(f"1. {AIM}").check()
    sound(page)
    onward.click()
    onward.click()
    page.get_by_role("radio", name="Moderate").check()
    page.get_by_label("What can they no longer do?").fill(STOPPED)
    page.get_by_label("For how long?").fill(FOR_HOW_LONG)
    page.get_by_label("How do we know?").fill(HOW_KNOWN)
    sound(page)
    onward.click()
    expect(main(page)).to_contain_text("Warrant at the stash address")
    sound(page)
    page.get_by_role("button", name="Record this disruption").click()
    expect(heading(page)).to_contain_text("Recorded as DIS-")
    expect(main(page)).to_contain_text("Your intelligence manager or unit lead passes it")
    sound(page)
    return heading(page).inner_text().rpartition(" ")[2]


def pass_it(page: Page, reference: str) -> None:
    page.get_by_role("link", name=re.compile("disruptions? to pass")).click()
    main(page).get_by_role("link", name=reference).click()
    sound(page)
    page.get_by_role("button", name="Pass this record").click()
    expect(main(page)).to_contain_text("It meets every rule of the minimum standard")
    page.get_by_role("button", name="Pass it").click()
    expect(main(page)).to_contain_text("Validated")


def lead_disruptions(page: Page) -> int:
    """The number of the dashboard, read as a person reads it."""
    page.get_by_role("link", name="Performance", exact=True).click()
    main(page).get_by_role("link", name="Disruptions", exact=True).click()
    sound(page)
    shown = main(page).get_by_role("link", name=re.compile(r"^\d+\s+Lead disruptions$"))
    return int(shown.inner_text().split()[0])


def rewind(page: Page, day: date) -> None:
    page.get_by_label("As recorded on").fill(f"{day.day}/{day.month}/{day.year}")
    page.get_by_role("button", name="Show").click()
    expect(main(page)).to_contain_text(f"recorded by the end of {day.day} {day:%B %Y}")
    sound(page)


def test_a_threat_goes_from_its_nomination_to_a_figure_and_the_figure_back_in_time(
    recorded_before: None, live_site: str, universe: Universe, browser_page: Page, phone_page: Page
) -> None:
    desk, phone, site = browser_page, phone_page, live_site
    desk.complaints.allow("/moderate/")  # type: ignore[attr-defined]  decided once without saying why
    yesterday = clock.today() - timedelta(days=1)

    hand_to(desk, site, universe.merseyside_analyst)
    before = lead_disruptions(desk)
    assert before == 1
    desk.get_by_role("link", name="My work", exact=True).first.click()
    nominate_it(desk)
    score_it(desk)
    hand_to(desk, site, universe.merseyside_intelligence_manager)
    check_it(desk)
    hand_to(desk, site, universe.nwrocu_rocta_moderator)
    moderate_it(desk)

    hand_to(desk, site, universe.merseyside_lro)
    write_the_plan(desk)
    mend_the_plan(desk)
    expect(desk.get_by_role("button", name="Adopt this plan")).to_have_count(0)
    hand_to(desk, site, universe.merseyside_sro)
    adopt_the_plan(desk)

    hand_to(phone, site, universe.merseyside_sio)
    reference = record_on_the_phone(phone)
    hand_to(desk, site, universe.merseyside_intelligence_manager)
    pass_it(desk, reference)
    desk.get_by_role("link", name=f"1. {AIM}").click()
    expect(main(desk)).to_contain_text("What moved it:")
    expect(main(desk)).to_contain_text(f"{reference}, moderate")
    sound(desk)

    assert lead_disruptions(desk) == before + 1
    rewind(desk, yesterday)
    shown = main(desk).get_by_role("link", name=re.compile(r"^\d+\s+Lead disruptions$"))
    assert int(shown.inner_text().split()[0]) == before
    main(desk).get_by_role("link", name=re.compile("Lead disruptions: definition")).click()
    expect(main(desk)).to_contain_text(f"the end of {yesterday.day} {yesterday:%B %Y}")
    sound(desk)
    main(desk).get_by_role("link", name=re.compile(r"^1\s+Lead disruptions$")).click()
    expect(desk.locator(".ff-list__count")).to_have_text("1 disruption")
    expect(main(desk)).not_to_contain_text(reference)
