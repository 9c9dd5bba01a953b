"""A plan from its first word to its second version, each step as the person whose step it is."""

from datetime import timedelta

import pytest

from fourfold.plans import selectors, services
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from tests.plans import conftest as made
from tests.plans.conftest import TODAY

pytestmark = pytest.mark.django_db


def test_a_plan_is_written_adopted_and_reviewed_by_two(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = made.nominate(universe)
    with acting_as(universe.merseyside_analyst):
        plan = made.write(universe, threat)
        assert (plan.state, plan.score, plan.failed) == ("DRAFT", 100, [])
        assert selectors.health_of([threat.pk]) == {threat.pk: 100}
        assert [line.text for line in selectors.aims_of(threat)] == ["Close the line into the two towns"]
        with pytest.raises(RuleBroken) as refused:
            services.adopt_plan(actor=universe.merseyside_analyst, plan=plan, why="It is ready now", today=TODAY)
        assert refused.value.code == "PN15"
    with acting_as(universe.merseyside_sro):
        plan = selectors.plan(plan.reference)
        version = services.adopt_plan(actor=universe.merseyside_sro, plan=plan, why="It is ready now", today=TODAY)
        assert version.number == 1
        assert version.next_review_on == TODAY + timedelta(days=42)
        assert version.content["actions"]["1"]["title"] == "Execute the warrant at the stash address"
    later = TODAY + timedelta(days=40)
    with acting_as(universe.merseyside_lro):
        plan = selectors.plan(plan.reference)
        action = selectors.action(1, of=plan)
        services.report_action(
            actor=universe.merseyside_lro,
            action=action,
            status="DONE",
            result="Phone and stock seized, one charged",
            done_on=later,
            today=later,
        )
        review = services.begin_review(
            actor=universe.merseyside_lro,
            plan=plan,
            prompt="DUE",
            looked_at="The warrant is done, and visits go on as they were",
            today=later,
        )
        review = services.sign_review(actor=universe.merseyside_lro, review=review, today=later)
        assert review.completed_on is None
        assert (selectors.open_review(plan), plan.version) == (review, 1), "one signature leaves no version"
        with pytest.raises(RuleBroken) as refused:
            services.sign_review(actor=universe.merseyside_lro, review=review, today=later)
        assert refused.value.code == "PN19"
    with acting_as(universe.merseyside_sio):
        plan = selectors.plan(plan.reference)
        review = selectors.open_review(plan)
        review = services.sign_review(actor=universe.merseyside_sio, review=review, today=later)
        assert (review.completed_on, review.version) == (later, 2)
        plan.refresh_from_db()
        assert (plan.version, plan.next_review_on) == (2, later + timedelta(days=42))
        assert [version.number for version in selectors.versions(plan)] == [2, 1]
