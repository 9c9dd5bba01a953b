"""The whole way of one assessment, through the services, by four people."""

from datetime import date

import pytest

from fourfold.assessments import selectors, services
from fourfold.assessments.rules import Outcome, Side, Status
from fourfold.platform.audit import selectors as ledger
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from tests.assessments.conftest import COUNTERFEIT, COUNTY_LINE, NOW, TODAY, evidence, submitted, vector

pytestmark = pytest.mark.django_db


def test_scored_checked_sent_moderated_and_the_threat_takes_its_tier(universe, threat):
    analyst, manager = universe.merseyside_analyst, universe.merseyside_intelligence_manager
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(analyst):
        draft = services.begin_assessment(actor=analyst, threat=threat, now=NOW, today=TODAY)
        services.save_scores(actor=analyst, assessment=draft, values=vector(COUNTY_LINE))
        services.cite(actor=analyst, assessment=draft, evidence=evidence(), today=TODAY)
        services.submit_assessment(actor=analyst, assessment=draft, now=NOW)
    with acting_as(manager):
        sent = services.check_assessment(actor=manager, assessment=draft, agreed=True, now=NOW, today=TODAY)
        assert (sent.status, sent.due_on, sent.tier) == (Status.SUBMITTED, date(2026, 10, 15), "")
    with acting_as(moderator):
        services.take_up(actor=moderator, assessment=sent, now=NOW)
        services.score_blind(actor=moderator, assessment=sent, values=vector(COUNTY_LINE), now=NOW)
        done = services.moderate(actor=moderator, assessment=sent, outcome=Outcome.AS_SUBMITTED, now=NOW)
        assert (done.status, done.tier, f"{done.risk:.1f}") == (Status.MODERATED, "1", "66.1")
        found = threats.threat(threat.reference)
        assert (found.tier, found.because) == ("1", f"Moderated as submitted: {done.reference}")
        assert selectors.standing_of([threat.pk])[threat.pk].tier == "1"
    with acting_as(analyst):
        assert {e.details["change"] for e in ledger.entries_about(done)} >= {"assessment begun", "sent to be checked"}


def test_kept_whole_by_two_calls_with_both_sides(universe, waiting, threat):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        done = services.record_moderated(
            actor=moderator,
            assessment=waiting,
            values={"trend": 4},
            reasons={"trend": "Two more lines this month"},
            now=NOW,
            today=TODAY,
        )
        assert (done.outcome, done.reasons) == (Outcome.WITH_CHANGES, {"trend": "Two more lines this month"})
        sides = {side: selectors.values_of(selectors.scores_of(done, side)) for side in Side}
    assert sides[Side.ASSESSOR] == vector(COUNTY_LINE)
    assert sides[Side.MODERATOR] == {**vector(COUNTY_LINE), "trend": 4}


def test_a_newer_moderated_one_supersedes_the_older(universe, waiting, threat):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        services.record_moderated(actor=moderator, assessment=waiting, now=NOW, today=TODAY)
    with acting_as(universe.merseyside_analyst):
        second = submitted(universe, threats.threat(threat.reference), scores=COUNTERFEIT)
    with acting_as(moderator):
        services.record_moderated(actor=moderator, assessment=second, now=NOW, today=TODAY)
        assert [a.status for a in selectors.all_of(threat)] == [Status.MODERATED, Status.SUPERSEDED]
        assert threats.threat(threat.reference).tier == "3"
