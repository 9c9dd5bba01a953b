"""The matrix, moderation and their neighbours in a real browser: at a desk, on a phone, and without JavaScript."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from fourfold.assessments import rules, selectors, services
from fourfold.assessments.models import Assessment
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from tests.assessments.conftest import COUNTERFEIT, COUNTY_LINE, evidence, submitted, vector
from tests.browser import as_on_a_phone, sign_in, signed_in, sound_in_both_windows
from tests.threats.conftest import nominate
from tests.universe import Universe

pytestmark = pytest.mark.browser


@pytest.fixture
def draft(live_site: str, universe: Universe) -> Assessment:
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        draft = services.begin_assessment(
            actor=analyst, threat=nominate(universe), now=clock.now(), today=clock.today()
        )
        services.save_scores(
            actor=analyst,
            assessment=draft,
            values=vector(COUNTERFEIT) | {"environment": None},
            why={"environment": "Nobody has looked at it"},
        )
        cited = evidence("physical", "psych", what="A stabbing")
        services.cite(actor=analyst, assessment=draft, evidence=cited, today=clock.today())
    return draft


@pytest.fixture
def scene(live_site: str, universe: Universe, draft: Assessment) -> SimpleNamespace:
    """A draft; one waiting past its clock; one being moderated; many decided, one with changes; themes."""
    now, today = clock.now(), clock.today()
    analyst, moderator = universe.merseyside_analyst, universe.nwrocu_rocta_moderator
    with acting_as(analyst):
        long_ago = now - timedelta(days=40)
        late = submitted(
            universe,
            nominate(universe, name="Late line"),
            now=long_ago,
            today=long_ago.date(),
            evidence=(evidence(dated_on=long_ago.date()),),
        )
        threats = [nominate(universe, name=f"Line {each}") for each in range(12)]
        cited = (evidence(dated_on=today, what="Two seizures at the docks"),)
        sent = [submitted(universe, each, now=now, today=today, evidence=cited) for each in threats]
        themed = _themes(universe, today)
    changes = {"trend": 4, "community": 3}
    reasons = {"trend": "Two more lines this month", "community": "One street, not the estate"}
    with acting_as(moderator):
        *decided, compared = sent
        decisions = [services.Decision(assessment=decided[0], values=changes, reasons=reasons)]
        decisions += [services.Decision(assessment=each) for each in (*decided[1:], *themed)]
        services.record_moderated_many(actor=moderator, entries=decisions, now=now, today=today)
        services.take_up(actor=moderator, assessment=compared, now=now)
        services.score_blind(actor=moderator, assessment=compared, values=vector(COUNTY_LINE) | changes, now=now)
    return SimpleNamespace(
        site=live_site, draft=draft, late=late, decided=decided[0], compared=compared, threats=threats
    )


def _themes(universe: Universe, today):
    impact = ("physical", "psych", "financial", "community", "expectation", "environment", "economic")
    keys = (*impact, "frequency", "volume", "forecast")
    entries = [
        services.Submission(
            themed=services.Themed(theme, universe.organisation("merseyside"), today.year),
            values={**dict.fromkeys(keys, score), "org_capacity": 2, "org_capability": 1},
            evidence=(evidence(*keys, dated_on=today),),
            checked_by=universe.merseyside_intelligence_manager,
        )
        for theme, score in (("DRU.county_lines", 4), ("MSH", 3), ("CSA", 1))
    ]
    analyst = universe.merseyside_analyst
    return services.record_submitted_many(actor=analyst, entries=entries, now=clock.now(), today=today)


def test_every_page_at_a_desk_and_on_a_phone(browser_page: Page, scene: SimpleNamespace) -> None:
    page = browser_page
    signed_in(page, scene.site, "analyst@merseyside.test")
    for name, path in (
        ("matrix", f"/assessments/{scene.draft.reference}/score/"),
        ("draft", f"/assessments/{scene.draft.reference}/"),
        ("tab", f"/threats/{scene.threats[0].reference}/assessment/"),
        ("record", f"/assessments/{scene.decided.reference}/"),
        ("begin", f"/threats/{scene.threats[1].reference}/assessment/begin/"),
        ("list", "/assessments/"),
        ("themes", "/themes/"),
        ("model", "/scoring-models/FF-TAC-1/"),
        ("models", "/scoring-models/"),
    ):
        page.goto(f"{scene.site}{path}")
        sound_in_both_windows(page, f"assessments-{name}")
    signed_in(page, scene.site, "rocta_moderator@nwrocu.test")
    for name, path in (
        ("queue", "/moderation/"),
        ("agreement", "/moderation/agreement/"),
        ("changed", "/moderation/changed/"),
        ("late", f"/assessments/{scene.late.reference}/"),
        ("compare", f"/assessments/{scene.compared.reference}/moderate/"),
    ):
        page.goto(f"{scene.site}{path}")
        sound_in_both_windows(page, f"assessments-{name}")
    page.goto(f"{scene.site}/assessments/{scene.late.reference}/")
    with as_on_a_phone(page):
        page.get_by_role("button", name="Take it up").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Score blind")
    sound_in_both_windows(page, "assessments-blind")


def test_the_score_forms_at_the_side_as_scores_are_chosen(
    browser_page: Page, live_site: str, draft: Assessment
) -> None:
    page = browser_page
    signed_in(page, live_site, "analyst@merseyside.test")
    page.goto(f"{live_site}/assessments/{draft.reference}/score/")
    side = page.locator("#so-far")
    expect(side).to_contain_text("Tier 3")
    physical = page.get_by_role("group", name="Physical", exact=True)
    physical.get_by_label("Life-changing or life-threatening").check()
    expect(side).to_contain_text("Tier 2")
    expect(side).to_contain_text("fewer on physical")


def test_without_javascript_a_button_works_the_score_out(
    plain_page: Page, live_site: str, draft: Assessment, universe: Universe
) -> None:
    page = plain_page
    sign_in(page, live_site, "analyst@merseyside.test")
    page.goto(f"{live_site}/assessments/{draft.reference}/score/")
    page.get_by_role("group", name="Physical", exact=True).get_by_label("Life-changing or life-threatening").check()
    page.get_by_role("button", name="Work out the score").click()
    expect(page.locator("#so-far")).to_contain_text("Tier 2")
    with acting_as(universe.merseyside_analyst):
        kept = selectors.values_of(selectors.scores_of(draft, rules.Side.ASSESSOR))
    assert kept["physical"] == 4
