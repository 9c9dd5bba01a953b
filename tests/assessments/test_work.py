"""My work, the exceptions and the page of a hand-over: what is due, and to whom it is said."""

from datetime import timedelta

import pytest

from fourfold.assessments import selectors, services, work
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from fourfold.threats import services as threat_services
from tests.assessments.conftest import evidence, submitted
from tests.threats.conftest import nominate

pytestmark = pytest.mark.django_db


def moderated_threats(universe, number, *, days_ago=0):
    """Threats led by Merseyside's lead officer, moderated as a county line some days ago."""
    now, today = clock.now() - timedelta(days=days_ago), clock.today() - timedelta(days=days_ago)
    leads = threat_services.Leads(lro=universe.merseyside_lro)
    cited = (evidence(dated_on=today),)
    with acting_as(universe.merseyside_analyst):
        found = [nominate(universe, name=f"Line {each}", leads=leads) for each in range(number)]
        sent = [submitted(universe, each, evidence=cited, now=now, today=today) for each in found]
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        decisions = [services.Decision(assessment=each) for each in sent]
        services.record_moderated_many(actor=moderator, entries=decisions, now=now, today=today)
    return found


def test_each_review_that_is_due_is_one_row_of_the_leads_page(universe, client_for):
    moderated_threats(universe, 3)
    client = client_for(universe.merseyside_lro)
    assert "Review the assessment of" not in client.get("/").content.decode()
    with clock.told(clock.now() + timedelta(days=120)):
        page = client.get("/").content.decode()
    assert '<a class="govuk-link" href="#overdue">3 things overdue</a>' in page
    assert page.count("Review the assessment of") == 3


def test_a_tiers_cycle_decides_when_a_review_is_overdue(universe):
    (one,) = moderated_threats(universe, 1, days_ago=100)
    with acting_as(universe.merseyside_lro):
        today = clock.today()
        overdue = threats.threats().filter(selectors.review_overdue(today))
        assert [each.pk for each in overdue] == [one.pk]
        assert not threats.threats().filter(selectors.review_overdue(today - timedelta(days=20)))


def test_a_threat_without_any_assessment_is_an_exception_until_one_is_sent(universe, threat):
    with acting_as(universe.merseyside_analyst):
        assert threats.threats().filter(selectors.no_assessment()).exists()
        services.begin_assessment(
            actor=universe.merseyside_analyst, threat=threat, now=clock.now(), today=clock.today()
        )
        assert threats.threats().filter(selectors.no_assessment()).exists()


def test_an_assessment_past_its_clock_is_an_exception_and_said_to_moderators(universe, waiting, client_for):
    with acting_as(universe.merseyside_analyst):
        due = selectors.assessment(waiting.reference).due_on
        assert not threats.threats().filter(selectors.moderation_overdue(due)).exists()
        assert threats.threats().filter(selectors.moderation_overdue(due + timedelta(days=1))).exists()
    with clock.told(clock.now().replace(year=2027)):
        page = client_for(universe.nwrocu_rocta_moderator).get("/").content.decode()
        assert "assessment to moderate" in page
        assert "1 overdue" in page
        queue = client_for(universe.nwrocu_rocta_moderator).get("/moderation/?clock=overdue").content.decode()
        assert waiting.reference in queue


def test_what_was_returned_is_due_to_those_who_took_part(universe, waiting, client_for):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        services.take_up(actor=moderator, assessment=waiting, now=clock.now())
        services.return_assessment(
            actor=moderator, assessment=waiting, missing="No evidence for the trend", now=clock.now()
        )
    page = client_for(universe.merseyside_analyst).get("/").content.decode()
    assert f"Mend assessment {waiting.reference}" in page
    assert "No evidence for the trend" in page
    assert "Mend assessment" not in client_for(universe.gmp_analyst).get("/").content.decode()


def test_a_receiver_reads_what_is_open_before_accepting(universe, waiting, threat):
    with acting_as(universe.merseyside_analyst):
        (is_open,) = work.open_work(threat, clock.today())
        assert is_open.text == f"Assessment {waiting.reference}: submitted"
        assert is_open.due == selectors.assessment(waiting.reference).due_on


def test_what_changed_since_a_threat_was_scored_is_a_prompt(universe, client_for):
    (one,) = moderated_threats(universe, 1, days_ago=3)
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat_services.reclassify(actor=manager, threat=one, threat_type="VULNERABILITY", reason="It is a place")
        stands = selectors.assessment_of(one)
        assert selectors.why_reassess(stands, today=clock.today()) == ("its kind was changed",)
    with acting_as(universe.nwrocu_rocta_moderator):
        assert [each.pk for each in selectors.facts_changed()] == [stands.pk]
    tab = client_for(manager).get(f"/threats/{one.reference}/assessment/").content.decode()
    assert "Reassessment due" in tab
    assert "Its kind was changed." in tab
    listed = client_for(universe.nwrocu_rocta_moderator).get("/moderation/changed/?what=kind").content.decode()
    assert "Its kind was changed" in listed
