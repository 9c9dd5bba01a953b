"""Work keyed in as a whole: quick, all or nothing, by the same rules; and records of another system."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fourfold.assessments import selectors, services
from fourfold.assessments.models import Assessment
from fourfold.assessments.rules import Side, Status
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for, let_into_compartment, make_compartment
from fourfold.threats import selectors as threats
from tests.assessments.conftest import COUNTERFEIT, COUNTY_LINE, NOW, TODAY, evidence, vector
from tests.threats.conftest import nominate

pytestmark = pytest.mark.django_db


def submission(universe, threat, **change):
    said = {
        "threat": threat,
        "values": vector(COUNTY_LINE),
        "evidence": (evidence(),),
        "checked_by": universe.merseyside_intelligence_manager,
    }
    return services.Submission(**(said | change))


def several(universe, number):
    return [nominate(universe, name=f"Line {each}") for each in range(number)]


def test_the_queries_of_sending_do_not_grow_with_the_assessments(universe):
    analyst, moderator = universe.merseyside_analyst, universe.nwrocu_rocta_moderator
    counted = {}
    for number in (1, 2, 11):
        with acting_as(analyst):
            entries = [submission(universe, each) for each in several(universe, number)]
            with CaptureQueriesContext(connection) as sending:
                made = services.record_submitted_many(actor=analyst, entries=entries, now=NOW, today=TODAY)
        with acting_as(moderator):
            decisions = [services.Decision(assessment=each) for each in made]
            with CaptureQueriesContext(connection) as deciding:
                services.record_moderated_many(actor=moderator, entries=decisions, now=NOW, today=TODAY)
        counted[number] = (len(sending), len(deciding))
    assert counted[11][0] <= counted[2][0]
    # A changed tier is written on the threat itself by its own room, in at most nine more.
    assert counted[11][1] - counted[2][1] <= 9 * 10


def test_all_or_none(universe):
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        good, bad = several(universe, 2)
        entries = [submission(universe, good), submission(universe, bad, evidence=())]
        with pytest.raises(RuleBroken) as refused:
            services.record_submitted_many(actor=analyst, entries=entries, now=NOW, today=TODAY)
        assert refused.value.code == "AS8"
        assert not Assessment.objects.exists()


def test_one_threat_twice_in_a_list_is_refused(universe, threat):
    analyst = universe.merseyside_analyst
    entries = [submission(universe, threat), submission(universe, threat)]
    with acting_as(analyst), pytest.raises(RuleBroken) as refused:
        services.record_submitted_many(actor=analyst, entries=entries, now=NOW, today=TODAY)
    assert refused.value.code == "AS11"


def test_a_theme_is_recorded_as_a_threat_is(universe):
    analyst, moderator = universe.merseyside_analyst, universe.nwrocu_rocta_moderator
    keys = ("physical", "psych", "financial", "community", "expectation", "environment", "economic")
    values = {**dict.fromkeys((*keys, "frequency", "volume", "forecast"), 2), "org_capacity": 1, "org_capability": 1}
    themed = services.Themed("DRU", universe.organisation("merseyside"), 2026)
    cited = (evidence(*keys, "frequency", "volume", "forecast"),)
    with acting_as(analyst):
        entry = submission(universe, None, themed=themed, values=values, evidence=cited)
        (made,) = services.record_submitted_many(actor=analyst, entries=[entry], now=NOW, today=TODAY)
    with acting_as(moderator):
        done = services.record_moderated(actor=moderator, assessment=made, now=NOW, today=TODAY)
    assert (done.kind, done.tier, done.risk, done.priority) == ("THEMATIC", "", Decimal(4), Decimal("4.25"))


def elsewhere(of, **change):
    said = {
        "elsewhere": "APMIS 4411",
        "threat": of,
        "status": "MODERATED",
        "tier": "3",
        "risk": Decimal("43.7"),
        "reason": "From the national system",
        "decided_at": NOW - timedelta(days=30),
    }
    return services.FromElsewhere(**(said | change))


def keep(universe, *entries):
    manager = universe.merseyside_intelligence_manager
    return services.record_from_elsewhere(actor=manager, entries=entries, now=NOW, today=TODAY)


def test_a_record_without_scores_stands_as_it_came(universe, threat):
    with acting_as(universe.merseyside_intelligence_manager):
        (made,) = keep(universe, elsewhere(threat))
        standing = selectors.standing_of([threat.pk])[threat.pk]
        assert (standing.reference, standing.tier, standing.soc) == (made.reference, "3", True)
        assert threats.threat(threat.reference).tier == "UNTIERED"


def test_a_record_with_scores_keeps_both_sides_and_is_worked_out_again(universe, threat):
    scores = vector(COUNTERFEIT)
    with acting_as(universe.merseyside_intelligence_manager):
        good = elsewhere(threat, model="FF-TAC-1", assessor_scores=scores, moderator_scores=scores)
        wrong = elsewhere(threat, model="FF-TAC-1", assessor_scores=scores, risk=Decimal("50.0"))
        refused, made = keep(universe, wrong, good)
        assert isinstance(refused, RuleBroken)
        assert (refused.code, refused.sentence) == ("AS34", "The scores come to 43.7, and the record says 50.0")
        sides = {line.side for line in selectors.scores_of_many([made.pk])[made.pk]}
    assert sides == {Side.ASSESSOR, Side.MODERATOR}


def test_who_only_assesses_does_not_say_that_it_was_moderated(universe, threat):
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        entries = [elsewhere(threat), elsewhere(threat, status="NOT_MODERATED")]
        refused, kept = services.record_from_elsewhere(actor=analyst, entries=entries, now=NOW, today=TODAY)
    assert (refused.code, kept.status) == ("AS35", Status.NOT_MODERATED)


def test_a_decision_made_here_is_replaced_from_elsewhere_by_the_regional_unit_alone(universe, threat):
    analyst, moderator, lead = universe.merseyside_analyst, universe.nwrocu_rocta_moderator, universe.nwrocu_rocu_lead
    with acting_as(analyst):
        (sent,) = services.record_submitted_many(
            actor=analyst, entries=[submission(universe, threat)], now=NOW, today=TODAY
        )
    with acting_as(moderator):
        decided = services.record_moderated(actor=moderator, assessment=sent, now=NOW, today=TODAY)
    with acting_as(universe.merseyside_intelligence_manager):
        (refused,) = keep(universe, elsewhere(threat))
        assert refused.code == "AS36"
        assert selectors.assessment_of(threat) == decided
    with acting_as(lead):
        (made,) = services.record_from_elsewhere(actor=lead, entries=[elsewhere(threat)], now=NOW, today=TODAY)
        assert selectors.assessment_of(threat) == made


def test_a_day_of_submission_is_a_day_in_london(universe, threat):
    late = datetime(2026, 7, 2, 23, 30, tzinfo=UTC)  # half past midnight on the third in London
    with acting_as(universe.merseyside_intelligence_manager):
        (made,) = keep(universe, elsewhere(threat, submitted_at=late))
        assert made.due_on == selectors.due_on(date(2026, 7, 3))


def test_of_two_records_of_one_threat_the_later_stands(universe, threat):
    with acting_as(universe.merseyside_intelligence_manager):
        first, second = keep(universe, elsewhere(threat), elsewhere(threat, tier="2", risk=None))
        assert [first.status, second.status] == [Status.SUPERSEDED, Status.MODERATED]
        (third,) = keep(universe, elsewhere(threat, tier="4", risk=None))
        assert [a.status for a in selectors.all_of(threat)] == ["MODERATED", "SUPERSEDED", "SUPERSEDED"]
        assert selectors.standing_of([threat.pk])[threat.pk].reference == third.reference


def narrow(universe, assessment):
    """Put an assessment into a circle that its threat is not in, as one that stayed so when its threat was widened."""
    circle = make_compartment(code="FEW", name="A few", owner=universe.organisation("merseyside"))
    let_into_compartment(compartment=circle, user=universe.merseyside_analyst, held_from=TODAY)
    with acting_as(universe.merseyside_analyst):
        label = label_for(owner=universe.organisation("merseyside"), audience="OWN", compartment=circle)
        assert Assessment.objects.filter(pk=assessment.pk).update(label=label)


def test_a_record_takes_the_place_of_one_that_fewer_may_read_than_its_threat_without_telling_of_it(universe, threat):
    with acting_as(universe.merseyside_intelligence_manager):
        (first,) = keep(universe, elsewhere(threat))
    narrow(universe, first)
    with acting_as(universe.merseyside_intelligence_manager):
        assert selectors.assessment_of(threat) is None
        (second,) = keep(universe, elsewhere(threat, tier="2", risk=None))
        assert selectors.all_of(threat) == (second,)
    with acting_as(universe.merseyside_analyst):
        assert {a.reference: a.status for a in selectors.all_of(threat)} == {
            first.reference: Status.SUPERSEDED,
            second.reference: Status.MODERATED,
        }


def test_a_decision_takes_the_place_of_one_that_the_moderator_may_not_read(universe, threat, waiting):
    with acting_as(universe.merseyside_intelligence_manager):
        (first,) = keep(universe, elsewhere(threat))
    narrow(universe, first)
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        done = services.record_moderated(actor=moderator, assessment=waiting, now=NOW, today=TODAY)
        assert selectors.all_of(threat) == (done,)
    with acting_as(universe.merseyside_analyst):
        assert [a.status for a in selectors.all_of(threat)] == [Status.SUPERSEDED, Status.MODERATED]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "SUBMITTED"}, "AS31"),
        ({"tier": "9"}, "AS32"),
        ({"model": "NOBODYS"}, "AS33"),
        ({"threat": None}, "AS30"),
        ({"outcome": "RETURNED"}, "AM20"),
        ({"reason": ""}, "AS15"),
    ],
)
def test_a_record_that_cannot_be_kept_is_refused_in_words(universe, threat, change, code):
    with acting_as(universe.merseyside_intelligence_manager):
        (refused,) = keep(universe, elsewhere(threat, **change))
        assert refused.code == code


def test_one_that_was_returned_and_sent_again_is_moderated_whole(universe, threat):
    analyst, manager = universe.merseyside_analyst, universe.merseyside_intelligence_manager
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(analyst):
        (sent,) = services.record_submitted_many(
            actor=analyst, entries=[submission(universe, threat)], now=NOW, today=TODAY
        )
    with acting_as(moderator):
        services.take_up(actor=moderator, assessment=sent, now=NOW)
        services.return_assessment(actor=moderator, assessment=sent, missing="No evidence of trend", now=NOW)
    with acting_as(analyst):
        services.submit_assessment(actor=analyst, assessment=sent, now=NOW)
    with acting_as(manager):
        services.check_assessment(actor=manager, assessment=sent, agreed=True, now=NOW, today=TODAY)
    with acting_as(moderator):
        decision = services.Decision(assessment=sent)
        (done,) = services.record_moderated_many(actor=moderator, entries=[decision], now=NOW, today=TODAY)
        assert (done.status, done.round, done.tier) == (Status.MODERATED, 2, "1")
