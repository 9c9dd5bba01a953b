"""Plans over time: two editors in two transactions, and what was recorded on a past date."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from fourfold.plans import rules, selectors, services
from fourfold.plans.models import Answer, Report
from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.visibility.scope import acting_as
from tests.plans import conftest as made
from tests.plans.conftest import TODAY


def written(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = made.nominate(universe)
    with acting_as(universe.merseyside_analyst):
        return threat, made.write(universe, threat)


def test_a_plan_is_read_as_it_was_recorded(as_simulation, universe):
    moments = [made.NOW + timedelta(days=n) for n in (0, 10, 20)]
    with clock.told(moments[0]):
        threat, plan = written(universe)
    with clock.told(moments[1]), acting_as(universe.merseyside_lro):
        lro = universe.merseyside_lro
        plan = selectors.plan(plan.reference)
        services.report_action(
            actor=lro, action=selectors.action(1, of=plan), status="CANCELLED", reason="Moved away", today=TODAY
        )
        services.write_section(actor=lro, plan=plan, part="SUMMARY", text="They moved away", today=TODAY)
    with clock.told(moments[2]), acting_as(universe.cumbria_analyst):
        assert selectors.whole(selectors.plan_of(threat)).actions[0].status == "CANCELLED"
        with as_recorded_on(moments[0] + timedelta(hours=1)):
            then = selectors.whole(selectors.plan_of(threat))
            assert then.actions[0].status == "PROPOSED"
            assert then.sections["SUMMARY"].text == "A line from the city into two coastal towns"
        with as_recorded_on(moments[0] - timedelta(days=1)):
            assert selectors.plan_of(threat) is None


def test_two_who_change_one_action_at_once_are_told_and_two_who_change_two_are_not(lasting_db, universe):
    lro, sio = universe.merseyside_lro, universe.merseyside_sio
    plan = written(universe)[1]
    with acting_as(lro):
        plan = selectors.plan(plan.reference)
        first, second = (selectors.action(number, of=plan) for number in (1, 2))
    with acting_as(lro):
        services.change_action(
            actor=lro, action=first, said=made.action(title="Train landlords"), seen=first.recorded_from, today=TODAY
        )
    with acting_as(sio):
        with pytest.raises(RuleBroken) as broken:
            services.change_action(
                actor=sio, action=first, said=made.action(title="Visit school"), seen=first.recorded_from, today=TODAY
            )
        assert broken.value.code == rules.CHANGED_MEANWHILE
        services.change_action(
            actor=sio, action=second, said=made.visit(title="Visit daily"), seen=second.recorded_from, today=TODAY
        )
    with acting_as(lro):
        titles = [action.title for action in selectors.whole(selectors.plan(plan.reference)).actions]
        assert titles == ["Train landlords", "Visit daily"]


def together(*acts):
    """Run acts at the same time, each in a thread with a connection of its own; what each gave or refused."""
    ready = threading.Barrier(len(acts))

    def run(act):
        ready.wait()
        try:
            return act()
        except RuleBroken as broken:
            return broken.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_who_add_at_the_same_moment_both_keep_what_they_added(lasting_db, universe):
    _, plan = written(universe)
    lro, sio = universe.merseyside_lro, universe.merseyside_sio

    def add(actor, title):
        def act():
            with acting_as(actor):
                found = selectors.plan(plan.reference)
                services.add_aim(actor=actor, plan=found, said=made.aim(text=title), today=TODAY)
                return services.add_action(actor=actor, plan=found, said=made.action(title=title), today=TODAY).number

        return act

    assert sorted(together(add(lro, "Train landlords"), add(sio, "Visit schools"))) == [3, 4]
    with acting_as(lro):
        whole = selectors.whole(selectors.plan(plan.reference))
        assert {action.title for action in whole.actions[2:]} == {"Train landlords", "Visit schools"}
        assert [aim.position for aim in whole.aims] == [1, 2, 3]


def test_two_who_begin_a_plan_at_the_same_moment_begin_one(lasting_db, universe):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = made.nominate(universe)

    def begin(actor):
        def act():
            with acting_as(actor):
                return services.draft_plan(actor=actor, threat=threat, today=TODAY).state

        return act

    found = together(begin(universe.merseyside_lro), begin(universe.merseyside_sio))
    assert sorted(found) == ["DRAFT", "PN4"]
    with acting_as(universe.merseyside_lro):
        assert selectors.plans().count() == 1


@pytest.mark.parametrize("takes_up", [(False, False), (True, False), (True, True)])
def test_two_who_answer_one_report_at_the_same_moment_give_one_answer(lasting_db, universe, takes_up):
    lro, sio, owner = universe.merseyside_lro, universe.merseyside_sio, universe.cumbria_lro
    plan = written(universe)[1]
    with acting_as(lro):
        action = selectors.action(1, of=selectors.plan(plan.reference))
        services.change_action(actor=lro, action=action, said=made.action(owner=owner.pk), today=TODAY)
    with acting_as(owner):
        action = selectors.action(1, of=selectors.plan(plan.reference))
        services.report_from_elsewhere(
            actor=owner, action=action, status="BLOCKED", text="The address is empty now", today=TODAY
        )

    def answer(actor, is_taken_up):
        def act():
            with acting_as(actor):
                found = selectors.action(1, of=selectors.plan(plan.reference))
                (report,) = Report.objects.all()
                services.answer_report(
                    actor=actor,
                    action=found,
                    report=report,
                    is_taken_up=is_taken_up,
                    why="They came back since",
                    today=TODAY,
                )
                return "answered"

        return act

    assert sorted(together(answer(lro, takes_up[0]), answer(sio, takes_up[1]))) == ["PN37", "answered"]
    with acting_as(lro):
        assert Answer.objects.count() == 1
