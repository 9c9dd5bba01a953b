"""What the services of plans keep: who may, what stays, what is told to whom, and nothing of what is hidden."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from fourfold.plans import jobs, notices, on_threats, rules, selectors, services, work
from fourfold.plans.models import Action, Plan, PlanVersion, Reminder, Report, Section
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.services import close_user, create_user, end_role
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for, let_into_compartment, make_compartment
from fourfold.threats import rooms
from fourfold.threats import services as threats
from fourfold.threats.models import HandOver, Threat
from tests.plans import conftest as made
from tests.plans.conftest import TODAY

pytestmark = pytest.mark.django_db


def threat_of(universe, force="merseyside", **change):
    with acting_as(made.person(universe, force, "intelligence_manager")):
        return made.nominate(universe, force=force, **change)


def plan_for(universe, threat, force="merseyside", **change):
    with acting_as(made.person(universe, force, "analyst")):
        return made.write(universe, threat, force=force, **change)


def adopted(universe, plan, *, today=TODAY):
    with acting_as(universe.merseyside_sro):
        plan = selectors.plan(plan.reference)
        services.adopt_plan(actor=universe.merseyside_sro, plan=plan, why="It is ready now", today=today)
    return plan


def test_a_threat_has_one_plan(universe):
    threat = threat_of(universe)
    plan_for(universe, threat)
    with pytest.raises(RuleBroken) as broken:
        plan_for(universe, threat)
    assert broken.value.code == "PN4"


@pytest.mark.parametrize(
    ("who", "code"), [("merseyside_sro", "PN1"), ("cumbria_analyst", "PN2"), ("nwrocu_rocta_moderator", "PN1")]
)
def test_only_those_who_write_for_the_owner_write_its_plan(universe, who, code):
    threat = threat_of(universe)
    actor = getattr(universe, who)
    with acting_as(actor), pytest.raises(RuleBroken) as broken:
        services.draft_plan(actor=actor, threat=threat, today=TODAY)
    assert broken.value.code == code
    with acting_as(universe.nwrocu_analyst), pytest.raises(RuleBroken):
        services.draft_plan(actor=universe.nwrocu_analyst, threat=threat, today=TODAY)


def test_who_wrote_or_changed_a_plan_does_not_adopt_it(universe):
    manager = universe.merseyside_intelligence_manager
    plan = plan_for(universe, threat_of(universe))
    with acting_as(manager):
        plan = selectors.plan(plan.reference)
        services.write_section(actor=manager, plan=plan, part="RISK", text="Two tenants", today=TODAY)
    with acting_as(manager), pytest.raises(RuleBroken) as broken:
        services.adopt_plan(actor=manager, plan=plan, why="It is ready now", today=TODAY)
    assert broken.value.code == "PN16"
    adopted(universe, plan)


def test_who_changed_a_plan_does_not_adopt_it_because_another_wrote_over_them(universe):
    lro, manager = universe.merseyside_lro, universe.merseyside_intelligence_manager
    plan = plan_for(universe, threat_of(universe))
    for actor, title in ((manager, "Execute the warrant at both addresses"), (lro, "Execute the warrants at dawn")):
        with acting_as(actor):
            found = selectors.action(1, of=selectors.plan(plan.reference))
            services.change_action(actor=actor, action=found, said=made.action(title=title), today=TODAY)
    with acting_as(manager), pytest.raises(RuleBroken) as broken:
        services.adopt_plan(actor=manager, plan=selectors.plan(plan.reference), why="It is ready now", today=TODAY)
    assert broken.value.code == "PN16"


def test_who_read_a_measure_does_not_adopt_the_plan_that_says_so(universe):
    manager, sio = universe.merseyside_intelligence_manager, universe.merseyside_sio
    plan = plan_for(universe, threat_of(universe))
    with acting_as(manager):
        aim = selectors.whole(selectors.plan(plan.reference)).aims[0]
        assert not selectors.changed_by_since_version(plan, manager)
        services.add_reading(actor=manager, aim=aim, value=Decimal(90), read_on=TODAY, source="Billing", today=TODAY)
        with pytest.raises(RuleBroken) as broken:
            services.adopt_plan(actor=manager, plan=plan, why="It is ready now", today=TODAY)
        assert broken.value.code == "PN16"
    with acting_as(sio):
        assert not selectors.changed_by_since_version(plan, sio)


def test_who_takes_a_threat_over_wrote_nothing_of_its_plan(universe):
    manager, taker = universe.merseyside_intelligence_manager, universe.gmp_intelligence_manager
    threat = threat_of(universe)
    plan = plan_for(universe, threat)
    with acting_as(manager):
        offer = threats.offer_hand_over(
            actor=manager,
            threat=Threat.objects.get(pk=threat.pk),
            leads=threats.Leads(lro=universe.gmp_lro),
            owner=universe.organisation("gmp"),
            reason="They work in the other force now",
            now=made.NOW,
        )
    with acting_as(taker):
        threats.accept_hand_over(actor=taker, hand_over=HandOver.objects.get(pk=offer.pk), now=made.NOW)
    with acting_as(taker):
        plan = selectors.plan(plan.reference)
        assert plan.label.owner.code == "gmp"
        assert not selectors.changed_by_since_version(plan, taker)
        services.adopt_plan(actor=taker, plan=plan, why="It holds here too", today=TODAY)


def test_what_is_adopted_is_what_stands_once_it_is_locked(universe):
    manager = universe.merseyside_intelligence_manager
    plan = plan_for(universe, threat_of(universe))
    with acting_as(manager):
        stale = selectors.plan(plan.reference)
    with acting_as(manager):
        threats.hand_over(
            actor=manager,
            threat=Threat.objects.get(pk=plan.threat_id),
            leads=threats.Leads(lro=manager),
            reason="The manager leads it from today",
        )
        with pytest.raises(RuleBroken) as broken:
            services.adopt_plan(actor=manager, plan=stale, why="It is ready now", today=TODAY)
    assert broken.value.code == "PN16"


STALE_WRITES = {
    "aim": lambda actor, whole: services.change_aim(
        actor=actor, aim=whole.aims[0], said=made.aim(text="Close both lines"), today=TODAY
    ),
    "reading": lambda actor, whole: services.add_reading(
        actor=actor, aim=whole.aims[0], value=Decimal(90), read_on=TODAY, source="Billing", today=TODAY
    ),
    "action": lambda actor, whole: services.change_action(
        actor=actor, action=whole.actions[0], said=made.action(title="Execute two warrants"), today=TODAY
    ),
    "report": lambda actor, whole: services.report_action(
        actor=actor, action=whole.actions[0], status="IN_PROGRESS", today=TODAY
    ),
    "consultation": lambda actor, whole: services.consult(
        actor=actor, plan=whole.plan, said=made.consultation(), today=TODAY
    ),
}


@pytest.mark.parametrize("write", STALE_WRITES.values(), ids=STALE_WRITES)
def test_what_was_read_before_the_plan_was_closed_changes_it_no_more(universe, write):
    lro = universe.merseyside_lro
    plan = adopted(universe, plan_for(universe, threat_of(universe)))
    with acting_as(lro):
        opened = selectors.whole(selectors.plan(plan.reference))
        for part in (*opened.aims, *opened.actions):
            part.plan = opened.plan
        services.close_plan(
            actor=lro, plan=selectors.plan(plan.reference), learned="Visit before the warrant", today=TODAY
        )
        assert opened.plan.state == "ADOPTED"
        with CaptureQueriesContext(connection) as asked, pytest.raises(RuleBroken) as broken:
            write(lro, opened)
        assert broken.value.code == "PN25"
    assert any('FROM "plans_plan"' in each["sql"] and "FOR UPDATE" in each["sql"] for each in asked.captured_queries)


def test_a_plan_without_aims_or_actions_is_not_adopted(universe):
    plan = plan_for(universe, threat_of(universe), actions=(), aims=())
    with pytest.raises(RuleBroken) as broken:
        adopted(universe, plan)
    assert broken.value.code == "PN17"


def test_a_version_is_never_changed_by_anybody(universe):
    plan = adopted(universe, plan_for(universe, threat_of(universe)))
    with acting_as(universe.merseyside_sro):
        version = selectors.version(1, of=plan)
        version.why = "Another reason"
        with pytest.raises(DatabaseError, match="never changed"):
            version.save()


def test_a_signature_lapses_when_the_plan_changes_before_the_other_signs(universe):
    lro, sio = universe.merseyside_lro, universe.merseyside_sio
    plan = adopted(universe, plan_for(universe, threat_of(universe)))
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        review = services.begin_review(
            actor=lro, plan=plan, prompt="DUE", looked_at="Every action one by one", today=TODAY
        )
        services.sign_review(actor=lro, review=review, today=TODAY)
        services.write_section(actor=lro, plan=plan, part="RISK", text="Two tenants", today=TODAY)
    with acting_as(sio):
        review = selectors.open_review(selectors.plan(plan.reference))
        review = services.sign_review(actor=sio, review=review, today=TODAY)
        assert (review.lro_signed_by, review.completed_on) == (None, None)
    with acting_as(lro):
        review = selectors.open_review(selectors.plan(plan.reference))
        review = services.sign_review(actor=lro, review=review, today=TODAY)
        assert review.completed_on == TODAY
        assert selectors.version(2, of=plan).content["sections"]["RISK"] == "Two tenants"


def test_a_review_needs_both_officers_on_the_threat(universe):
    threat = threat_of(universe, leads=threats.Leads(lro=universe.merseyside_lro))
    plan = adopted(universe, plan_for(universe, threat))
    with acting_as(universe.merseyside_lro), pytest.raises(RuleBroken) as broken:
        services.begin_review(
            actor=universe.merseyside_lro,
            plan=selectors.plan(plan.reference),
            prompt="DUE",
            looked_at="Every action one by one",
            today=TODAY,
        )
    assert (broken.value.code, "senior investigating officer" in broken.value.sentence) == ("PN38", True)


def test_a_peer_review_is_by_somebody_who_has_no_part_and_is_answered_once(universe):
    sro, lro = universe.merseyside_sro, universe.merseyside_lro
    plan = plan_for(universe, threat_of(universe), actions=(made.action(owner=sro.pk),))
    with acting_as(sro), pytest.raises(RuleBroken) as broken:
        services.peer_review(actor=sro, plan=plan, good="Clear aims here", better="More under Prevent", today=TODAY)
    assert broken.value.code == "PN23"
    plan = plan_for(universe, threat_of(universe, name="Quay line two"))
    with acting_as(sro):
        found = services.peer_review(
            actor=sro, plan=plan, good="Clear aims here", better="More under Prevent", today=TODAY
        )
    with acting_as(lro):
        services.answer_peer_review(actor=lro, peer_review=found, answer="We add two actions", today=TODAY)
        with pytest.raises(RuleBroken) as broken:
            services.answer_peer_review(actor=lro, peer_review=found, answer="We add two actions", today=TODAY)
    assert broken.value.code == "PN43"


def test_a_closed_plan_keeps_what_was_learnt_and_takes_no_more(universe):
    lro = universe.merseyside_lro
    plan = adopted(universe, plan_for(universe, threat_of(universe)))
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        services.close_plan(actor=lro, plan=plan, learned="Visit before the warrant", today=TODAY)
        plan = selectors.plan(plan.reference)
        assert (plan.state, plan.next_review_on) == ("CLOSED", None)
        assert selectors.version(2, of=plan).content["sections"]["DEBRIEF"] == "Visit before the warrant"
        with pytest.raises(RuleBroken) as broken:
            services.add_action(actor=lro, plan=plan, said=made.action(), today=TODAY)
    assert broken.value.code == "PN25"


def test_a_closed_threat_has_a_closed_plan(universe):
    plan = plan_for(universe, threat_of(universe))
    plan.threat.closed_on = TODAY
    with acting_as(universe.merseyside_lro), pytest.raises(RuleBroken) as broken:
        services.add_aim(actor=universe.merseyside_lro, plan=plan, said=made.aim(), today=TODAY)
    assert broken.value.code == "PN3"


def test_a_plan_has_at_most_six_open_aims(universe):
    plan = plan_for(universe, threat_of(universe), aims=(made.aim(),) * 6)
    lro = universe.merseyside_lro
    with acting_as(lro):
        with pytest.raises(RuleBroken) as broken:
            services.add_aim(actor=lro, plan=plan, said=made.aim(), today=TODAY)
        assert broken.value.code == "PN8"
        first = selectors.whole(plan).aims[0]
        services.change_aim(actor=lro, aim=first, said=made.aim(), state="MET", today=TODAY)
        assert services.add_aim(actor=lro, plan=plan, said=made.aim(), today=TODAY).position == 7


def test_who_can_sign_in_no_more_is_not_given_an_action_but_keeps_what_they_had(universe):
    leaver = create_user(
        email="leaver@merseyside.test",
        name="A leaver",
        organisation=universe.organisation("merseyside"),
        roles=["lro"],
        held_from=TODAY,
    )
    threat = threat_of(universe)
    plan = plan_for(universe, threat, actions=(made.action(owner=leaver.pk), made.visit()))
    assert plan.failed == []
    close_user(user=leaver)
    with acting_as(universe.service("demo")):
        assert services.rescore_plans(today=TODAY) == 1
    lro = universe.merseyside_lro
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        assert plan.failed == ["PL11"]
        kept = made.action(owner=leaver.pk, title="Execute two warrants")
        services.change_action(actor=lro, action=selectors.action(1, of=plan), said=kept, today=TODAY)
        with pytest.raises(RuleBroken) as broken:
            services.add_action(actor=lro, plan=plan, said=made.action(owner=leaver.pk), today=TODAY)
    assert broken.value.code == "PN39"


def test_who_may_not_read_a_plan_is_not_given_an_action_by_any_service(universe):
    lro, other = universe.merseyside_lro, universe.cumbria_lro
    threat = threat_of(universe, audience="OWN")
    theirs = made.action(owner=other.pk)
    with acting_as(universe.merseyside_analyst), pytest.raises(RuleBroken) as broken:
        made.write(universe, threat, actions=(theirs,))
    assert broken.value.code == "PN44"
    plan = plan_for(universe, threat)
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        first = selectors.action(1, of=plan)
        for service, about in ((services.add_action, {"plan": plan}), (services.change_action, {"action": first})):
            with pytest.raises(RuleBroken) as broken:
                service(actor=lro, said=theirs, today=TODAY, **about)
            assert (broken.value.code, broken.value.field) == ("PN44", "owner")


def test_who_could_read_a_plan_when_it_was_wider_keeps_their_action(universe):
    other, lro = universe.cumbria_lro, universe.merseyside_lro
    plan = plan_for(universe, threat_of(universe), actions=(made.action(owner=other.pk),))
    narrow(universe, plan)
    with acting_as(lro):
        kept = made.action(owner=other.pk, title="Execute two warrants")
        action = selectors.action(1, of=selectors.plan(plan.reference))
        assert services.change_action(actor=lro, action=action, said=kept, today=TODAY).owner == other


def narrow(universe, plan):
    """Put a threat and its plan under a label that only its own force reads."""
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = Threat.objects.get(pk=plan.threat_id)
        new = label_for(owner=threat.owner, audience="OWN")
        rooms.relabel(threat, old=threat.label, new=new, reason="Kept close from now")


GENERIC = {
    "title": "Monitor social media of nominals weekly and report to the monthly meeting",
    "outcome_wanted": "Better understanding of the group and its members",
    "why_this_threat": "It is an organised crime group in our area",
}


def test_near_copies_are_found_by_their_keys_as_by_comparing_all(universe):
    chance = random.Random(4)
    text = "visit the tenants with housing every week and train staff in schools about signs"
    words = text.split()
    threats_made = [threat_of(universe, name=f"Line {n}") for n in range(6)]
    texts = {}
    for threat in threats_made:
        said = list(words)
        for _ in range(chance.randrange(4)):
            said[chance.randrange(len(said))] = chance.choice(["quay", "harbour", "runner"])
        action = made.action(title=" ".join(said[:9]), outcome_wanted=" ".join(said[9:]), why_this_threat="")
        texts[threat.pk] = (plan_for(universe, threat, actions=(action,)).pk, said)
    with acting_as(universe.merseyside_analyst):
        for plan_pk, said in texts.values():
            brute = {
                pk for pk, other in texts.values() if pk != plan_pk and rules.similarity(said, other) >= rules.NEAR
            }
            plan = Plan.objects.get(pk=plan_pk)
            found = selectors.near_copies({1: said}, plan=plan_pk, label=plan.label)
            assert found.get(1, 0) == len(brute)


def test_a_hidden_plan_is_no_near_copy_of_an_open_one(universe):
    generic = made.action(**GENERIC)
    for number in range(2):
        plan_for(universe, threat_of(universe, name=f"Open {number}"), actions=(generic, made.visit()))
    hidden = threat_of(universe, name="Hidden", audience="OWN")
    plan_for(universe, hidden, actions=(generic, made.visit()))
    plan = plan_for(universe, threat_of(universe, name="Open too"), actions=(generic,))
    for reader in (universe.merseyside_analyst, universe.cumbria_analyst, universe.service("demo")):
        with acting_as(reader):
            found = selectors.plan(plan.reference)
            whole = selectors.whole(found)
            facts = selectors.facts_of(found, aims=whole.aims, actions=whole.actions, consulted=1, today=TODAY)
            assert [action.near for action in facts.actions] == [2]
            assert "PL5" not in found.failed
    third = plan_for(universe, threat_of(universe, name="Open again"), actions=(generic,))
    assert "PL5" in third.failed
    with acting_as(universe.merseyside_analyst):
        own = selectors.plan_of(hidden)
        assert selectors.near_copies({1: rules.words_of(*GENERIC.values())}, plan=own.pk, label=own.label) == {1: 4}, (
            "who reads the hidden plan reads the open ones too"
        )


def test_a_plan_in_a_circle_and_one_shared_by_name_are_compared_with_no_more_than_their_readers_see(universe):
    circle = make_compartment(code="NEAR", name="Near", owner=universe.organisation("merseyside"))
    let_into_compartment(compartment=circle, user=universe.merseyside_analyst, held_from=TODAY)
    with acting_as(universe.merseyside_analyst):
        inside = label_for(owner=universe.organisation("merseyside"), compartment=circle)
        outside = label_for(owner=universe.organisation("cumbria"))
        named = label_for(
            owner=universe.organisation("merseyside"), audience="NAMED", named=[universe.organisation("hmpps")]
        )
        low = label_for(owner=universe.organisation("merseyside"), marking="OFFICIAL")
        assert {inside.pk, outside.pk, low.pk} <= set(selectors.labels_read_by_all_readers_of(inside))
        assert inside.pk not in selectors.labels_read_by_all_readers_of(outside)
        assert selectors.labels_read_by_all_readers_of(named) == (named.pk,)
        assert outside.pk not in selectors.labels_read_by_all_readers_of(low)


def test_what_worked_before_is_told_from_what_the_reader_may_see(universe):
    done = {"status": "DONE", "result": "The line stayed silent for six weeks", "done_on": TODAY}
    here = threat_of(universe, name="Here")
    closing = made.action(tactic="LINE_CLOSURE", **done)
    plan_for(universe, threat_of(universe, name="Seen"), actions=(closing,))
    plan_for(universe, threat_of(universe, name="Kept", audience="OWN"), actions=(closing, closing))
    plan_for(universe, threat_of(universe, name="Other kind", themes=("ECO",)), actions=(closing,))
    failed = made.action(tactic="CUCKOOING_VISIT", status="NOT_DONE", status_reason="No officers that week")
    plan_for(universe, threat_of(universe, name="Failed"), actions=(failed,))
    with acting_as(universe.merseyside_analyst):
        mine = selectors.what_worked(here)
        assert [(w.tactic, w.done, w.not_done, w.threats) for w in mine] == [("LINE_CLOSURE", 3, 0, 2)]
    with acting_as(universe.cumbria_analyst):
        theirs = selectors.what_worked(here)
        assert [(w.tactic, w.done, w.threats) for w in theirs] == [("LINE_CLOSURE", 1, 1)]
        assert [name for _, name, _, _ in theirs[0].results] == ["Seen"]
        assert selectors.what_tactic_did("LINE_CLOSURE").done == 2
    assert selectors.wilson_low(1, 1) < selectors.wilson_low(8, 10) < selectors.wilson_low(80, 100)


def test_a_plan_follows_its_threat_to_a_narrower_label(universe):
    manager = universe.merseyside_intelligence_manager
    threat = threat_of(universe)
    plan = adopted(universe, plan_for(universe, threat))
    hmpps = universe.organisation("hmpps")
    with acting_as(universe.merseyside_analyst):
        plan = selectors.plan(plan.reference)
        services.share_summary(
            actor=universe.merseyside_analyst, plan=plan, organisation=hmpps, title="A line", text="Text", today=TODAY
        )
    with acting_as(manager):
        old = threat.label
        new = label_for(owner=threat.owner, audience="OWN")
        rooms.relabel(Threat.objects.get(pk=threat.pk), old=old, new=new, reason="Kept close from now")
    with acting_as(universe.cumbria_analyst):
        assert selectors.plan_of(threat) is None
        assert not Section.objects.exists()
        assert not Action.objects.exists()
        assert not PlanVersion.objects.exists()
    with acting_as(universe.merseyside_analyst):
        assert {row.label_id for row in Action.objects.all()} == {new.pk}
    with acting_as(universe.hmpps_partner_analyst):
        assert [shared.title for shared in selectors.summaries_shared_with(hmpps)] == ["A line"]


def test_a_partner_reads_only_what_is_shared_and_reports_only_what_it_is_asked(universe):
    analyst, partner = universe.merseyside_analyst, universe.hmpps_partner_analyst
    hmpps = universe.organisation("hmpps")
    threat = threat_of(universe)
    plan = plan_for(universe, threat)
    with acting_as(analyst):
        plan = selectors.plan(plan.reference)
        with pytest.raises(RuleBroken) as broken:
            services.share_summary(
                actor=analyst, plan=plan, organisation=threat.owner, title="T", text="T", today=TODAY
            )
        assert broken.value.code == "PN34"
        shared = services.share_summary(
            actor=analyst, plan=plan, organisation=hmpps, title="A line", text="Homes used", today=TODAY
        )
        asked = services.ask_partner(
            actor=analyst,
            action=selectors.action(1, of=plan),
            organisation=hmpps,
            title="Tell us of releases",
            text="",
            due_on=None,
            today=TODAY,
        )
    with acting_as(partner):
        assert selectors.plan_of(threat) is None
        assert not Action.objects.exists()
        found = selectors.asked(asked.pk, of=hmpps)
        services.report_asked(
            actor=partner, asked=found, status="DONE", text="Two releases told by telephone", done_on=TODAY, today=TODAY
        )
    for outsider in (universe.cumbria_analyst, universe.hmrc_partner_analyst):
        with acting_as(outsider):
            assert selectors.summaries_shared_with(hmpps) == ()
            assert selectors.asked_for(hmpps) == ()
            with pytest.raises(NotThere):
                selectors.asked(asked.pk, of=outsider.organisation)
    with acting_as(analyst):
        plan = selectors.plan(plan.reference)
        action = selectors.action(1, of=plan)
        (report,) = selectors.reports_on([action.pk])
        services.answer_report(actor=analyst, action=action, report=report, is_taken_up=True, today=TODAY)
        action = selectors.action(1, of=plan)
        assert (action.status, action.result) == ("DONE", "Two releases told by telephone")
        assert selectors.reports_on([action.pk]) == ()
        with pytest.raises(RuleBroken) as broken:
            services.answer_report(actor=analyst, action=action, report=report, is_taken_up=True, today=TODAY)
        assert broken.value.code == "PN37"
        services.stop_sharing(actor=analyst, shared=shared, today=TODAY)
    with acting_as(partner):
        assert selectors.summaries_shared_with(hmpps) == ()


def test_who_takes_a_threat_over_answers_what_partners_reported_before(universe):
    lro, manager = universe.merseyside_lro, universe.merseyside_intelligence_manager
    taker, partner, owner = universe.gmp_lro, universe.hmpps_partner_analyst, universe.cumbria_lro
    hmpps = universe.organisation("hmpps")
    threat = threat_of(universe)
    plan = plan_for(universe, threat, actions=(made.action(), made.visit(owner=owner.pk)))
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        first = selectors.action(1, of=plan)
        asked = services.ask_partner(
            actor=lro, action=first, organisation=hmpps, title="Tell us of releases", text="", due_on=None, today=TODAY
        )
        services.share_summary(actor=lro, plan=plan, organisation=hmpps, title="A line", text="Text", today=TODAY)
    with acting_as(partner):
        told = {"actor": partner, "asked": selectors.asked(asked.pk, of=hmpps), "status": "IN_PROGRESS"}
        services.report_asked(**told, text="One release told already", today=TODAY)
        services.report_asked(**told, text="Two releases told by telephone", today=TODAY)
    with acting_as(owner):
        second = selectors.action(2, of=selectors.plan(plan.reference))
        services.report_from_elsewhere(
            actor=owner, action=second, status="BLOCKED", text="The address is empty now", today=TODAY
        )
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        answered = selectors.reports_on([first.pk])[0]
        services.answer_report(
            actor=lro, action=first, report=answered, is_taken_up=False, why="More are to come", today=TODAY
        )
    with acting_as(manager):
        offer = threats.offer_hand_over(
            actor=manager,
            threat=Threat.objects.get(pk=threat.pk),
            leads=threats.Leads(lro=taker),
            owner=universe.organisation("gmp"),
            reason="They work in the other force now",
            now=made.NOW,
        )
    with acting_as(taker):
        assert not Report.objects.exists()
        held = scope.current().reads
        threats.accept_hand_over(actor=taker, hand_over=HandOver.objects.get(pk=offer.pk), now=made.NOW)
        gained = AccessLabel.objects.filter(pk__in=scope.current().reads - held)
        assert {(each.owner.code, each.named_key) for each in gained} == {
            ("gmp", ""),
            ("gmp", "hmpps"),
            ("hmpps", "gmp"),
            ("cumbria", "gmp"),
        }, "labels lent for the hand-over are given back"
        assert not {each.pk for each in gained if each.owner.code != "gmp"} & scope.current().writes
    with acting_as(taker):
        plan = selectors.plan(plan.reference)
        first, second = (selectors.action(number, of=plan) for number in (1, 2))
        waiting = selectors.reports_on([first.pk, second.pk])
        assert [each.text for each in waiting] == ["Two releases told by telephone", "The address is empty now"]
        for action, report in zip((first, second), waiting, strict=True):
            services.answer_report(actor=taker, action=action, report=report, is_taken_up=True, today=TODAY)
        assert selectors.action(2, of=plan).status == "BLOCKED"
        (shared,) = selectors.shared_with(plan)
        services.stop_sharing(actor=taker, shared=shared, today=TODAY)
    with acting_as(lro):
        assert [each.text for each in Report.objects.all()] == ["One release told already"], "what was answered stays"
    with acting_as(partner):
        (asked,) = selectors.asked_for(hmpps)
        assert len(selectors.reports_by(hmpps, [asked.action_id])[asked.action_id]) == 2
        assert selectors.summaries_shared_with(hmpps) == ()


def test_an_owner_of_another_force_reports_and_the_plans_people_take_it_up_or_say_why_not(universe):
    owner, lro = universe.cumbria_lro, universe.merseyside_lro
    plan = plan_for(universe, threat_of(universe), actions=(made.action(owner=owner.pk), made.visit()))
    with acting_as(owner):
        action = selectors.action(1, of=selectors.plan(plan.reference))
        with pytest.raises(RuleBroken) as broken:
            services.report_action(actor=owner, action=action, status="IN_PROGRESS", today=TODAY)
        assert broken.value.code == "PN2"
        services.report_from_elsewhere(
            actor=owner, action=action, status="BLOCKED", text="The address is empty now", today=TODAY
        )
        with pytest.raises(RuleBroken) as broken:
            services.report_from_elsewhere(
                actor=owner,
                action=selectors.action(2, of=selectors.plan(plan.reference)),
                status="BLOCKED",
                text="The address is empty now",
                today=TODAY,
            )
        assert broken.value.code == "PN36"
    with acting_as(lro):
        action = selectors.action(1, of=selectors.plan(plan.reference))
        (report,) = selectors.reports_on([action.pk])
        with pytest.raises(RuleBroken) as broken:
            services.answer_report(actor=lro, action=action, report=report, is_taken_up=False, today=TODAY)
        assert broken.value.code == "PN40"
        services.answer_report(
            actor=lro, action=action, report=report, is_taken_up=False, why="They came back since", today=TODAY
        )
        assert selectors.action(1, of=selectors.plan(plan.reference)).status == "PROPOSED"


def test_reminders_come_before_the_day_and_are_passed_on_after_it(universe):
    owner = universe.merseyside_analyst
    due = TODAY + timedelta(days=30)
    plan = plan_for(
        universe, threat_of(universe), actions=(made.action(owner=owner.pk, due_on=due), made.visit(due_on=None))
    )
    adopted(universe, plan)

    def made_on(day):
        with acting_as(universe.service("demo")):
            return {(each.user.pk, each.kind) for each in services.remind(today=day)}

    lro, sio, sro = (getattr(universe, f"merseyside_{role}").pk for role in ("lro", "sio", "sro"))
    assert made_on(due - timedelta(days=8)) == set()
    assert made_on(due - timedelta(days=7)) == {(owner.pk, "DUE_7")}
    assert made_on(due - timedelta(days=6)) == set()
    assert made_on(due - timedelta(days=1)) == {(owner.pk, "DUE_1")}
    assert made_on(due + timedelta(days=1)) == {(owner.pk, "OVERDUE")}
    review = TODAY + timedelta(days=42)
    assert made_on(due + timedelta(days=8)) == {(lro, "TO_LRO"), (lro, "REVIEW_7"), (sio, "REVIEW_7")}
    assert made_on(due + timedelta(days=15)) == {
        (sro, "TO_SRO"),
        (lro, "REVIEW_OVERDUE"),
        (sio, "REVIEW_OVERDUE"),
    }
    assert made_on(review + timedelta(days=8)) == {(sro, "REVIEW_TO_SRO")}
    day = review + timedelta(days=8)
    with acting_as(universe.merseyside_sro):
        passed_on = [each.text for each in work.work_of(universe.merseyside_sro, day).due]
        assert passed_on == ["Ask after action 1 of Harbour line", "Have the plan of Harbour line reviewed"]
    with acting_as(owner):
        action = selectors.action(1, of=selectors.plan(plan.reference))
        services.report_action(actor=owner, action=action, status="DONE", result="Seized", done_on=day, today=day)
    with acting_as(universe.merseyside_sro):
        left = [each.text for each in work.work_of(universe.merseyside_sro, day).due]
        assert left == ["Have the plan of Harbour line reviewed"]


def test_the_morning_jobs_are_safe_to_run_twice(universe, settings, mailoutbox):
    settings.NOTICES_FROM = "fourfold@force.test"
    owner = universe.merseyside_analyst
    due = clock.today() + timedelta(days=3)
    plan_for(universe, threat_of(universe), actions=(made.action(owner=owner.pk, due_on=due),))
    for _ in range(2):
        jobs.remind(timestamp=0)
        jobs.rescore(timestamp=0)
    (mail,) = mailoutbox
    with acting_as(universe.service("audit")):
        runs = Entry.objects.filter(object_type__in=("plans.reminder", "plans.plan"), object_id="").order_by("pk")
        assert [(run.operation, run.details) for run in runs] == [
            ("COMBINATION", {"change": "looked for what is due", "due": 1, "made": 1}),
            ("COMBINATION", {"change": "held plans against the rules", "plans": 1, "changed": 0}),
            ("COMBINATION", {"change": "looked for what is due", "due": 1, "made": 0}),
            ("COMBINATION", {"change": "held plans against the rules", "plans": 1, "changed": 0}),
        ]
    assert (mail.to, mail.subject, mail.body) == ([owner.email], notices.SUBJECT, notices.TEXT)
    settings.NOTICES_FROM = ""
    assert notices.send([owner]) == 0


def test_who_may_not_read_a_plan_is_neither_sent_a_notice_of_it_nor_offered_as_an_owner(
    universe, settings, mailoutbox, client_for
):
    settings.NOTICES_FROM = "fourfold@force.test"
    reader, other = universe.merseyside_analyst, universe.cumbria_lro
    today = clock.today()
    due = today + timedelta(days=3)
    actions = (made.action(owner=reader.pk, due_on=due), made.visit(owner=other.pk, due_on=due))
    seen = plan_for(universe, threat_of(universe, name="Seen"), actions=actions)
    hidden = plan_for(universe, threat_of(universe, name="Hidden", audience="OWN"), actions=actions[:1])
    narrow(universe, plan_for(universe, threat_of(universe, name="Close"), actions=actions[1:]))
    with acting_as(universe.service("plans")):
        assert set(selectors.people_for(seen.label, today=today)) >= {reader, other}
        offered = selectors.people_for(seen.label, today=today, own=reader.organisation_id)
        own = [person.organisation_id == reader.organisation_id for person in offered]
        assert own == sorted(own, reverse=True), "people of one's own organisation come first"
        offered = selectors.people_for(hidden.label, today=today)
        assert {person.organisation.code for person in offered} == {"merseyside"}
        assert reader in offered
        (told,) = {each.user for each in services.remind(today=today) if each.plan_id == hidden.pk}
        assert told == reader
        assert Reminder.objects.filter(user=other).count() == 2
        of_hidden = Reminder.objects.filter(user=other, plan__threat__name="Close")
        assert selectors.told_by(of_hidden, today=today) == ()
        assert set(selectors.told_by(Reminder.objects.all(), today=today)) == {reader, other}
    narrow(universe, plan_for(universe, threat_of(universe, name="Closer"), actions=actions[1:]))
    jobs.remind(timestamp=0)
    assert mailoutbox == []
    page = client_for(reader).get(f"/plans/{hidden.reference}/actions/add/").content.decode()
    assert f"{reader.name}, {reader.organisation.name}" in page
    assert f"{other.name}, {other.organisation.name}" not in page


def test_a_calendar_tells_days_and_nothing_of_what_they_are_about(universe, client):
    lro, other = universe.merseyside_lro, universe.merseyside_sio
    due = TODAY + timedelta(days=30)
    threat = threat_of(universe, name="Secret quay")
    plan = plan_for(universe, threat, actions=(made.action(owner=lro.pk, due_on=due), made.visit(owner=other.pk)))
    adopted(universe, plan)
    with acting_as(lro):
        first = services.make_calendar_address(actor=lro, now=made.NOW)
        token = services.make_calendar_address(actor=lro, now=made.NOW)
    assert client.get(f"/calendars/{first}.ics").status_code == 404
    assert client.get("/calendars/nothing.ics").status_code == 404
    answer = client.get(f"/calendars/{token}.ics")
    assert answer["Content-Type"].startswith("text/calendar")
    text = answer.content.decode()
    days = {(str(e["SUMMARY"]), e["DTSTART"].dt) for e in Calendar.from_ical(text).walk("VEVENT")}
    assert days == {
        (f"Action 1 of {plan.reference} is due", due),
        (f"Review of {plan.reference} is due", TODAY + timedelta(days=42)),
    }
    for secret in ("Secret", "warrant", lro.name, lro.email, other.name, "Merseyside"):
        assert secret not in text
    with acting_as(universe.service("demo")):
        assert Entry.objects.filter(object_type="plans.calendar", actor=lro).count() == 1
    with acting_as(lro):
        services.end_calendar_address(actor=lro, now=made.NOW)
    assert client.get(f"/calendars/{token}.ics").status_code == 404


def test_a_calendar_stops_when_its_person_leaves(universe, client):
    leaver = create_user(
        email="gone@merseyside.test", name="Gone", organisation=universe.organisation("merseyside"), roles=["lro"]
    )
    with acting_as(leaver):
        token = services.make_calendar_address(actor=leaver, now=made.NOW)
    assert client.get(f"/calendars/{token}.ics").status_code == 200
    close_user(user=leaver)
    assert client.get(f"/calendars/{token}.ics").status_code == 404


def test_a_calendar_stops_when_the_role_ends(universe, client):
    moved = create_user(
        email="moved@merseyside.test",
        name="Moved",
        organisation=universe.organisation("merseyside"),
        roles=["lro"],
        held_from=TODAY - timedelta(days=400),
    )
    with acting_as(moved):
        token = services.make_calendar_address(actor=moved, now=made.NOW)
    assert client.get(f"/calendars/{token}.ics").status_code == 200
    end_role(user=moved, role="lro", held_to=TODAY - timedelta(days=1))
    assert client.get(f"/calendars/{token}.ics").status_code == 404


def test_threats_without_a_plan_an_adopted_plan_or_a_review_in_time_are_exceptions(universe):
    without, draft, fresh, low = (
        threat_of(universe, name=name, tier=tier)
        for name, tier in (("Without", "2"), ("Draft", "2"), ("Fresh", "2"), ("Residual", "5"))
    )
    plan_for(universe, draft)
    adopted(universe, plan_for(universe, fresh))
    with acting_as(universe.cumbria_analyst):

        def held(code, day=TODAY):
            return set(Threat.objects.filter(rooms.exceptions()[code].holds(day)).values_list("pk", flat=True))

        assert held("no-plan") == {without.pk}
        assert held("plan-not-adopted") == {draft.pk}
        assert held("plan-review-overdue") == set()
        assert held("plan-review-overdue", TODAY + timedelta(days=43)) == {fresh.pk}
        assert low.pk not in held("no-plan")


def test_what_is_open_in_a_plan_is_told_to_who_takes_the_threat_over(universe):
    threat = threat_of(universe)
    plan_for(universe, threat)
    with acting_as(universe.cumbria_analyst):
        found = on_threats.open_work(threat, TODAY)
    assert [each.text for each in found] == [
        "Action 1: Execute the warrant at the stash address",
        "Action 2: Visit the three cuckooed tenants with the housing officer every week",
        "The plan is a draft: have it adopted",
    ]


def test_writing_a_whole_plan_asks_few_questions(universe, django_assert_max_num_queries):
    threat = threat_of(universe)
    with acting_as(universe.merseyside_analyst), django_assert_max_num_queries(20):
        made.write(universe, threat, actions=(made.action(), made.visit()) * 6)


def test_every_change_is_in_the_ledger_with_its_plan(universe):
    lro = universe.merseyside_lro
    plan = plan_for(universe, threat_of(universe))
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        services.change_action(
            actor=lro,
            action=selectors.action(1, of=plan),
            said=made.action(due_on=TODAY + timedelta(days=60)),
            today=TODAY,
        )
    with acting_as(universe.service("audit")):
        entries = Entry.objects.filter(details__reference=plan.reference).order_by("pk")
        assert [entry.details["change"] for entry in entries] == ["begun", "action changed"]
        assert entries[1].details["before"] == {"due_on": "2026-10-31"}
        assert entries[1].details["after"] == {"due_on": "2026-11-30"}


def test_keys_are_kept_with_the_words_they_are_of(universe):
    plan = plan_for(universe, threat_of(universe))
    lro = universe.merseyside_lro
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        changed = services.change_action(
            actor=lro, action=selectors.action(1, of=plan), said=made.action(**GENERIC), today=TODAY
        )
        words = rules.words_of(*GENERIC.values())
        assert (changed.words, tuple(changed.keys)) == (len(words), rules.keys_of(words))
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from plans_find_near(%s, 1, 99, 0, array[]::bigint[], 9)", [changed.keys])
            assert cursor.fetchone() == (0,), "no labels are asked for, so nothing is found"
