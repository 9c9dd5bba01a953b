"""Separation of duties, tried by every role; and blindness, tried by every address and list."""

from datetime import timedelta

import pytest

from fourfold.assessments import rules, selectors, services
from fourfold.assessments.rules import Outcome, Side, Status
from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.services import give_role
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from tests.assessments.conftest import COUNTERFEIT, COUNTY_LINE, NOW, TODAY, evidence, submitted, vector
from tests.threats.conftest import nominate
from tests.universe import OF_A_FORCE, OF_THE_UNIT, SINCE

pytestmark = pytest.mark.django_db
MODERATORS = {"rocta_moderator", "rocta_head"}
PEOPLE = [("merseyside", role) for role in OF_A_FORCE] + [("nwrocu", role) for role in OF_THE_UNIT]
STEPS = ("take-up", "score-blind", "moderate", "return", "second", "put-back", "appeal/decide")


def refused(call, code):
    with pytest.raises(RuleBroken) as broken:
        call()
    assert broken.value.code == code


def main_of(answer):
    page = answer.content.decode()
    return page[page.index("<main") :]


@pytest.mark.parametrize(("force", "role"), PEOPLE, ids=[f"{force}_{role}" for force, role in PEOPLE])
def test_only_moderators_take_up_and_every_other_role_is_refused(universe, waiting, force, role):
    actor = getattr(universe, f"{force}_{role}")
    try:
        with acting_as(actor):
            services.take_up(actor=actor, assessment=waiting, now=NOW)
            taken = True
    except (RuleBroken, NotThere):
        taken = False
    assert taken == (role in MODERATORS)


@pytest.mark.parametrize(("force", "role"), PEOPLE, ids=[f"{force}_{role}" for force, role in PEOPLE])
def test_a_step_that_is_not_ones_own_is_not_there(universe, waiting, client_for, force, role):
    client = client_for(getattr(universe, f"{force}_{role}"))
    for step in STEPS:
        answer = client.post(f"/assessments/{waiting.reference}/{step}/")
        may = step == "take-up" and role in MODERATORS
        assert (answer.status_code == 302) == may, step
        if may:
            return


def moderator_of_own_force(universe, role):
    """Somebody of Merseyside to whom the unit's role was given as well."""
    actor = getattr(universe, f"merseyside_{role}")
    give_role(user=actor, role="rocta_moderator", held_from=SINCE)
    return type(actor).objects.select_related("organisation").get(pk=actor.pk)


def test_nobody_moderates_their_own_forces_even_with_the_role(universe, waiting):
    actor = moderator_of_own_force(universe, "lro")
    with acting_as(actor):
        refused(lambda: services.take_up(actor=actor, assessment=waiting, now=NOW), "AM3")


def test_nobody_moderates_what_they_scored_or_checked_even_with_the_role(universe, waiting):
    for role in ("analyst", "intelligence_manager"):
        actor = moderator_of_own_force(universe, role)
        with acting_as(actor):
            refused(lambda a=actor: services.take_up(actor=a, assessment=waiting, now=NOW), "AM2")


def unit_owned(universe):
    with acting_as(universe.nwrocu_analyst):
        threat = nominate(universe, by="nwrocu_analyst")
        return services.record_submitted(
            actor=universe.nwrocu_analyst,
            threat=threat,
            values=vector(COUNTY_LINE),
            evidence=(evidence(),),
            checked_by=universe.nwrocu_rocu_lead,
            now=NOW,
            today=TODAY,
        )


def test_the_units_own_is_moderated_in_the_unit_by_who_took_no_part_and_the_page_says_so(universe, client_for):
    sent = unit_owned(universe)
    page = main_of(client_for(universe.nwrocu_rocta_moderator).get(f"/assessments/{sent.reference}/"))
    assert "Nobody outside the unit moderates" in page
    lead = universe.nwrocu_rocu_lead
    give_role(user=lead, role="rocta_moderator", held_from=SINCE)
    lead = type(lead).objects.select_related("organisation").get(pk=lead.pk)
    with acting_as(lead):
        refused(lambda: services.take_up(actor=lead, assessment=sent, now=NOW), "AM2")
    with acting_as(universe.nwrocu_rocta_moderator):
        services.take_up(actor=universe.nwrocu_rocta_moderator, assessment=sent, now=NOW)


def test_whoever_scored_does_not_check(universe, threat):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        draft = services.begin_assessment(actor=manager, threat=threat, now=NOW, today=TODAY)
        services.save_scores(actor=manager, assessment=draft, values=vector(COUNTY_LINE))
        services.cite(actor=manager, assessment=draft, evidence=evidence(), today=TODAY)
        services.submit_assessment(actor=manager, assessment=draft, now=NOW)
        check = {"assessment": draft, "agreed": True, "now": NOW, "today": TODAY}
        refused(lambda: services.check_assessment(actor=manager, **check), "AS12")
    with acting_as(universe.merseyside_analyst):
        refused(lambda: services.check_assessment(actor=universe.merseyside_analyst, **check), "AS13")
    # What another force may only read, it cannot lock either: to its services the row is not there.
    with acting_as(universe.gmp_intelligence_manager), pytest.raises(NotThere):
        services.check_assessment(actor=universe.gmp_intelligence_manager, **check)


def test_another_force_does_not_assess(universe, threat):
    with acting_as(universe.gmp_analyst):
        begin = lambda: services.begin_assessment(actor=universe.gmp_analyst, threat=threat, now=NOW, today=TODAY)  # noqa: E731
        refused(begin, "AS2")


# Blindness

SIGNS = ("66.1", "74.7", "88.6", "74.4", "4 of 5", "Control of an estate or a market")


def blind_addresses(sent, threat):
    reference = sent.reference
    return (
        f"/assessments/{reference}/",
        f"/threats/{threat.reference}/assessment/",
        f"/threats/{threat.reference}/assessment/?as_recorded_on={clock.today():%Y-%m-%d}",
        f"/threats/{threat.reference}/history/",
        f"/threats/{threat.reference}/",
        "/assessments/",
        "/assessments/?tier=1",
        "/assessments/?sort=-tier",
        "/moderation/",
        "/moderation/?export=csv",
        "/assessments/?export=csv",
        "/moderation/agreement/",
    )


@pytest.mark.parametrize("name", ["nwrocu_rocta_moderator", "nwrocu_second_moderator", "nwrocu_rocta_head"])
def test_no_address_tells_a_moderator_what_the_force_chose(universe, waiting, threat, client_for, name):
    client = client_for(getattr(universe, name))
    for address in blind_addresses(waiting, threat):
        answer = client.get(address)
        text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
        assert answer.status_code == 200, address
        told = [sign for sign in SIGNS[:4] if sign in text]
        assert not told, (address, told)
        if "agreement" not in address:
            assert SIGNS[4] not in text, address
            assert SIGNS[5] not in text, address


def test_a_tier_that_is_not_decided_is_in_no_count_of_a_list(universe, waiting, client_for):
    page = main_of(client_for(universe.nwrocu_rocta_moderator).get("/assessments/?tier=1"))
    assert waiting.reference not in page


def test_the_blind_form_shows_evidence_and_nothing_chosen(universe, waiting, client_for):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        services.take_up(actor=moderator, assessment=waiting, now=NOW)
    page = main_of(client_for(moderator).get(f"/assessments/{waiting.reference}/score-blind/"))
    assert "IR/2026/0412" in page
    assert " checked" not in page
    assert client_for(moderator).get(f"/assessments/{waiting.reference}/moderate/").status_code == 404


def test_after_own_scores_are_kept_both_sides_are_shown_to_that_moderator_alone(universe, waiting, client_for):
    moderator, other = universe.nwrocu_rocta_moderator, universe.user("second_moderator@nwrocu.test")
    with acting_as(moderator):
        services.take_up(actor=moderator, assessment=waiting, now=NOW)
        services.score_blind(actor=moderator, assessment=waiting, values=vector(COUNTERFEIT), now=NOW)
    address = f"/assessments/{waiting.reference}/"
    assert "66.1" in main_of(client_for(moderator).get(address))
    assert "66.1" not in main_of(client_for(other).get(address))
    force = main_of(client_for(universe.merseyside_analyst).get(address))
    assert "66.1" in force
    assert "Differs" not in force
    assert client_for(moderator).get(f"{address}score-blind/").status_code == 404
    with acting_as(moderator):
        again = {"assessment": waiting, "values": vector(COUNTY_LINE), "now": NOW}
        refused(lambda: services.score_blind(actor=moderator, **again), "AM7")


def test_what_a_moderator_left_in_the_queue_is_not_shown_to_the_next(universe, waiting, client_for):
    moderator, other = universe.nwrocu_rocta_moderator, universe.user("second_moderator@nwrocu.test")
    with acting_as(moderator):
        services.take_up(actor=moderator, assessment=waiting, now=NOW)
        services.keep_blind(
            actor=moderator, assessment=waiting, values={"physical": 2}, why={"physical": "Secret words"}
        )
        services.put_back(actor=moderator, assessment=waiting, reason="On leave from tomorrow")
    with acting_as(other):
        services.take_up(actor=other, assessment=waiting, now=NOW)
    page = main_of(client_for(other).get(f"/assessments/{waiting.reference}/score-blind/"))
    assert " checked" not in page
    assert "Secret words" not in page


def test_a_draft_is_its_owners(universe, threat, client_for):
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        draft = services.begin_assessment(actor=analyst, threat=threat, now=NOW, today=TODAY)
        services.save_scores(actor=analyst, assessment=draft, values=vector(COUNTY_LINE))
    address = f"/assessments/{draft.reference}/"
    assert "4 of 5" in main_of(client_for(analyst).get(address))
    for other in (universe.gmp_analyst, universe.nwrocu_rocta_moderator, universe.nca_inspector):
        assert "4 of 5" not in main_of(client_for(other).get(address))


# A change of tier


def with_second_asked(universe, waiting):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        services.take_up(actor=moderator, assessment=waiting, now=NOW)
        services.score_blind(actor=moderator, assessment=waiting, values=vector(COUNTERFEIT), now=NOW)
        changed = rules.differences(vector(COUNTY_LINE), vector(COUNTERFEIT))
        reasons = dict.fromkeys(changed, "The reports do not bear it")
        return services.moderate(
            actor=moderator, assessment=waiting, outcome=Outcome.WITH_CHANGES, reasons=reasons, now=NOW
        )


def test_a_change_of_tier_waits_for_a_second_moderator_who_is_somebody_else(universe, waiting, threat, client_for):
    asked = with_second_asked(universe, waiting)
    assert (asked.status, asked.tier) == (Status.IN_MODERATION, "")
    moderator, other = universe.nwrocu_rocta_moderator, universe.user("second_moderator@nwrocu.test")
    with acting_as(moderator):
        refused(lambda: services.second(actor=moderator, assessment=asked, agreed=True, now=NOW), "AM10")
    assert "Tier 3" in main_of(client_for(other).get(f"/assessments/{asked.reference}/second/"))
    with acting_as(other):
        done = services.second(actor=other, assessment=asked, agreed=True, now=NOW)
        assert (done.status, done.tier, done.second_moderator) == (Status.MODERATED, "3", other)
        assert threats.threat(threat.reference).tier == "3"


def test_a_second_moderator_who_does_not_agree_gives_it_back_with_a_reason(universe, waiting):
    asked, other = with_second_asked(universe, waiting), universe.nwrocu_rocta_head
    with acting_as(other):
        refused(lambda: services.second(actor=other, assessment=asked, agreed=False, now=NOW), "AS15")
        back = services.second(actor=other, assessment=asked, agreed=False, reason="Look at the trend again", now=NOW)
        assert (back.status, back.second_asked_at) == (Status.IN_MODERATION, None)


def test_keyed_in_whole_a_change_of_tier_needs_its_second_moderator(universe, waiting):
    moderator = universe.nwrocu_rocta_moderator
    changed = rules.differences(vector(COUNTY_LINE), vector(COUNTERFEIT))
    said = {
        "assessment": waiting,
        "values": vector(COUNTERFEIT),
        "reasons": dict.fromkeys(changed, "The reports do not bear it"),
        "now": NOW,
        "today": TODAY,
    }
    with acting_as(moderator):
        refused(lambda: services.record_moderated(actor=moderator, **said), "AM9")
        refused(lambda: services.record_moderated(actor=moderator, second_moderator=moderator, **said), "AM10")
        head = universe.nwrocu_rocta_head
        assert services.record_moderated(actor=moderator, second_moderator=head, **said).tier == "3"


# Returned, and appealed against


def test_returned_begins_a_round_in_which_nothing_of_the_last_is_lost(universe, waiting):
    moderator, analyst = universe.nwrocu_rocta_moderator, universe.merseyside_analyst
    with acting_as(moderator):
        services.take_up(actor=moderator, assessment=waiting, now=NOW)
        services.score_blind(actor=moderator, assessment=waiting, values=vector(COUNTERFEIT), now=NOW)
        back = services.return_assessment(actor=moderator, assessment=waiting, missing="No evidence of trend", now=NOW)
        assert (back.status, back.round, back.because) == (Status.RETURNED, 2, "No evidence of trend")
    with acting_as(analyst):
        again = selectors.assessment(waiting.reference)
        assert selectors.values_of(selectors.scores_of(again, Side.ASSESSOR)) == vector(COUNTY_LINE)
        assert len(selectors.evidence_of(again)) == 12
        services.save_scores(actor=analyst, assessment=again, values={"trend": 2})
        services.submit_assessment(actor=analyst, assessment=again, now=NOW)
        first = selectors.sheet_of(again, Side.ASSESSOR, round=1)
        assert f"{first.risk:.1f}" == "66.1"
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        sent = services.check_assessment(actor=manager, assessment=again, agreed=True, now=NOW, today=TODAY)
        assert (sent.status, sent.moderator) == (Status.SUBMITTED, None)


def appealed(universe, waiting):
    moderator, analyst = universe.nwrocu_rocta_moderator, universe.merseyside_analyst
    with acting_as(moderator):
        done = services.record_moderated(actor=moderator, assessment=waiting, now=NOW, today=TODAY)
    with acting_as(analyst):
        return done, services.appeal(actor=analyst, assessment=done, why="A report was overlooked", now=NOW)


def test_an_appeal_is_made_once_by_the_owner_and_decided_by_the_head(universe, waiting):
    done, made = appealed(universe, waiting)
    answer = {"appeal": made, "stands": True, "answer": "The report was weighed", "now": NOW, "today": TODAY}
    with acting_as(universe.merseyside_analyst):
        again = {"assessment": done, "why": "It is still wrong", "now": NOW}
        refused(lambda: services.appeal(actor=universe.merseyside_analyst, **again), "AM13")
    with acting_as(universe.nwrocu_rocta_moderator):
        refused(lambda: services.decide_appeal(actor=universe.nwrocu_rocta_moderator, **answer), "AM16")
    with acting_as(universe.nwrocu_rocta_head):
        assert services.decide_appeal(actor=universe.nwrocu_rocta_head, **answer).stands
        refused(lambda: services.decide_appeal(actor=universe.nwrocu_rocta_head, **answer), "AM18")


def test_another_force_does_not_appeal(universe, waiting):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(moderator):
        done = services.record_moderated(actor=moderator, assessment=waiting, now=NOW, today=TODAY)
    with acting_as(universe.gmp_analyst), pytest.raises(NotThere):
        services.appeal(actor=universe.gmp_analyst, assessment=done, why="Not ours at all", now=NOW)
    with acting_as(universe.nwrocu_rocu_lead):
        appeal = {"actor": universe.nwrocu_rocu_lead, "assessment": done, "why": "Not ours at all", "now": NOW}
        refused(lambda: services.appeal(**appeal), "AM15")


def test_moderated_again_is_by_somebody_else_and_the_old_stands_until_then(universe, waiting, threat):
    _, made = appealed(universe, waiting)
    head = universe.nwrocu_rocta_head
    later = NOW + timedelta(days=3)
    with acting_as(head):
        services.decide_appeal(actor=head, appeal=made, stands=False, answer="Look at it again", now=later, today=TODAY)
        again = selectors.open_assessment_of(threat)
        assert selectors.assessment_of(threat).reference == waiting.reference
    with acting_as(universe.nwrocu_rocta_moderator):
        refused(lambda: services.take_up(actor=universe.nwrocu_rocta_moderator, assessment=again, now=later), "AM2")
    other = universe.user("second_moderator@nwrocu.test")
    with acting_as(other):
        services.record_moderated(actor=other, assessment=again, now=later, today=TODAY)
        assert selectors.assessment_of(threat).reference == again.reference


def test_restricting_a_threat_restricts_its_assessment(universe, client_for):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe, audience="OWN")
        sent = submitted(universe, threat)
    for other in (universe.gmp_analyst, universe.nwrocu_rocta_moderator):
        client = client_for(other)
        assert client.get(f"/assessments/{sent.reference}/").status_code == 404
        assert sent.reference not in client.get("/assessments/").content.decode()
