"""Plans over time: two editors in two transactions, and what was recorded on a past date."""

from datetime import timedelta

import pytest

from fourfold.plans import rules, selectors, services
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
