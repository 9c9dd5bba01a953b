"""When a threat goes on in another: its plan is closed with the reason, and nothing that was open in it is lost."""

import pytest

from fourfold.plans import selectors, services
from fourfold.plans.models import PlanVersion
from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.services import close_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from fourfold.threats import services as threat_services
from fourfold.threats.models import Closing
from tests.plans import conftest as made

pytestmark = pytest.mark.django_db
TODAY = clock.today()
WHY = "They share their leader and their phones"


@pytest.fixture
def two(universe, db):
    """A threat that goes on in another. Both have a plan; that of the first has one action done and two open."""
    with acting_as(universe.merseyside_intelligence_manager):
        one, into = (made.nominate(universe, name=name) for name in ("Harbour line", "Quay line"))
    with acting_as(universe.merseyside_analyst):
        mine = {"owner": universe.merseyside_lro.pk, "owner_name": ""}
        done = made.action(title="Seize the phone", status="DONE", result="Seized", done_on=made.TODAY)
        made.write(universe, one, actions=(done, made.action(**mine), made.visit()))
        made.write(universe, into)
    return one, into


def merged(universe, two):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        one, into = (threats.threat(each.reference) for each in two)
        threat_services.merge_threats(actor=manager, threat=one, into=into, reason=WHY, today=TODAY)


def plans_of(two):
    return tuple(selectors.plan_of(each) for each in two)


def test_a_merge_closes_the_plan_with_the_reason_and_offers_what_was_open_in_it(universe, two):
    merged(universe, two)
    lro = universe.merseyside_lro
    with acting_as(lro):
        closed, going_on = plans_of(two)
        assert (closed.state, closed.closed_on, going_on.state) == ("CLOSED", TODAY, "DRAFT")
        (version,) = PlanVersion.objects.filter(plan=closed)
        assert version.why == f"The threat goes on in {two[1].reference}. {WHY}"
        offered = selectors.offered_to(two[1])
        assert [each.number for each in offered] == [2, 3]
        assert selectors.offered_to(two[0]) == ()
        (taken,) = services.take_over_actions(actor=lro, plan=going_on, chosen=[offered[0].pk], today=TODAY)
        assert (taken.number, taken.title, taken.owner, taken.status) == (3, offered[0].title, lro, "PROPOSED")
        services.take_over_actions(
            actor=lro, plan=going_on, chosen=[offered[1].pk], leave_out=True, why="Both visit already", today=TODAY
        )
        assert selectors.offered_to(two[1]) == ()
        was = [(each.status, each.status_reason) for each in selectors.whole(plans_of(two)[0]).actions]
        assert was == [
            ("DONE", ""),
            ("CANCELLED", f"Taken over as action 3 of {going_on.reference}"),
            ("CANCELLED", f"Not taken over by {going_on.reference}: Both visit already"),
        ]


def test_an_action_is_taken_over_once_and_by_who_writes_the_plan_it_is_offered_to(universe, two):
    merged(universe, two)
    lro = universe.merseyside_lro
    with acting_as(lro):
        going_on = plans_of(two)[1]
        chosen = [each.pk for each in selectors.offered_to(two[1])]
        own = selectors.action(1, of=going_on)
        services.take_over_actions(actor=lro, plan=going_on, chosen=chosen, today=TODAY)
        for wrong in (chosen, [own.pk], []):
            with pytest.raises(RuleBroken) as broken:
                services.take_over_actions(actor=lro, plan=going_on, chosen=wrong, today=TODAY)
            assert broken.value.code == "PN45"
    with acting_as(universe.cumbria_lro), pytest.raises(RuleBroken) as broken:
        services.take_over_actions(actor=universe.cumbria_lro, plan=going_on, chosen=chosen, today=TODAY)
    assert broken.value.code == "PN2"


def test_an_owner_who_left_is_not_taken_along(universe, two):
    merged(universe, two)
    close_user(user=universe.merseyside_lro)
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        chosen = [each.pk for each in selectors.offered_to(two[1])]
        taken = services.take_over_actions(actor=analyst, plan=plans_of(two)[1], chosen=chosen, today=TODAY)
        assert [each.owner for each in taken] == [None, None]


def test_who_proposes_and_who_confirms_a_merge_is_told_what_becomes_of_the_plan(universe, two, client_for):
    manager, moderator = universe.merseyside_intelligence_manager, universe.nwrocu_rocta_moderator
    with acting_as(manager):
        plan = plans_of(two)[0]
    told = (
        f"Its plan {plan.reference} is closed with the reason, and its 2 open actions are offered to the plan of the "
        "other."
    )
    address = f"/threats/{two[0].reference}/merge/"
    client = client_for(manager)
    assert told in client.get(address).content.decode()
    sent = client.post(address, {"other": two[1].reference, "reason": WHY, "seen": threat_seen(manager, two[0])})
    assert sent.status_code == 302
    with acting_as(moderator):
        closing = Closing.objects.get()
    client = client_for(moderator)
    where = f"/threats/{two[0].reference}/close/{closing.pk}/"
    assert told in client.get(where).content.decode()
    client.post(where, {"answer": "accept", "reason": "They are one"})
    page = client_for(universe.merseyside_lro).get(f"/threats/{two[1].reference}/plan/").content.decode()
    assert "2 actions are still open in the plans of threats that were merged into this one." in page


def threat_seen(actor, threat):
    with acting_as(actor):
        return threats.threat(threat.reference).recorded_from.isoformat()


def test_the_page_takes_over_or_leaves_out_what_is_chosen(universe, two, client_for):
    merged(universe, two)
    lro = universe.merseyside_lro
    with acting_as(lro):
        going_on = plans_of(two)[1]
        first, second = (each.pk for each in selectors.offered_to(two[1]))
    client = client_for(lro)
    address = f"/plans/{going_on.reference}/take-over/"
    page = client.post(address, {"why": ""}).content.decode()
    assert "Choose at least one of the actions that are offered to this plan" in page
    assert "Choose whether to take them over or leave them out" in page
    page = client.post(address, {"chosen": [second], "what": "leave", "why": ""}).content.decode()
    assert "Say why, in at least 3 words" in page
    assert client.post(address, {"chosen": [first], "what": "take", "why": ""}).status_code == 302
    assert client.post(address, {"chosen": [second], "what": "leave", "why": "Both visit already"}).status_code == 302
    assert client.get(address).status_code == 302, "nothing is offered any more"
    with acting_as(lro):
        assert len(selectors.whole(going_on).actions) == 3


def test_a_reopened_threat_has_its_plan_back_as_a_draft(universe, two, client_for):
    merged(universe, two)
    manager, lro = universe.merseyside_intelligence_manager, universe.merseyside_lro
    with acting_as(lro):
        closed = plans_of(two)[0]
    address = f"/plans/{closed.reference}/reopen/"
    client = client_for(lro)
    assert client.get(address).status_code == 404, "its threat is closed"
    with acting_as(manager):
        one = threats.threat(two[0].reference)
        threat_services.reopen_threat(actor=manager, threat=one, phase="DEVELOPMENT", reason=WHY, today=TODAY)
        assert selectors.offered_to(two[1]) == ()
    assert address in client.get(f"/threats/{one.reference}/plan/").content.decode()
    assert client.post(address, {"why": "They work apart again"}).status_code == 302
    with acting_as(lro):
        plan = selectors.plan(closed.reference)
        assert (plan.state, plan.closed_on, plan.version) == ("DRAFT", None, 1)
        services.add_aim(actor=lro, plan=plan, said=made.aim(), today=TODAY)
        with pytest.raises(RuleBroken) as broken:
            services.reopen_plan(actor=lro, plan=plan, why="Once more please", today=TODAY)
        assert broken.value.code == "PN46"
