"""Many at once, aims that are moved, effects looked at again, samples, relabelling, and the past as it was played."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fourfold.disruptions import rules, selectors, services
from fourfold.disruptions.models import Disruption
from fourfold.plans import rules as plan_rules
from fourfold.plans import selectors as plans
from fourfold.plans import services as plan_services
from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.history.rewind import as_recorded_on
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import services as threats
from tests import database
from tests.disruptions.conftest import WHY, nominate, record, said
from tests.disruptions.test_services import refused


def plan(universe, threat):
    return plan_services.write_plan(
        actor=universe.merseyside_analyst,
        threat=threat,
        content=plan_rules.PlanContent(
            aims=(
                plan_rules.AimSaid(text="Close the line", measure="Lines open"),
                plan_rules.AimSaid(text="Keep two children out of it", measure="Children met"),
            )
        ),
        today=clock.today(),
    )


@pytest.mark.django_db
def test_a_record_cites_aims_of_its_own_threat_and_they_show_what_moved_them(universe):
    with acting_as(universe.merseyside_analyst):
        threat, other = nominate(universe), nominate(universe, name="Quay house")
        plan(universe, threat)
        plan(universe, other)
        first, second = plans.aims_of(threat)
        (theirs, _) = plans.aims_of(other)
        made = record(universe, threat, aims=(first.pk,))
        moved = plans.movers_of([first.pk, second.pk])
        assert [each.text for each in moved[first.pk]] == [f"{made.reference}, minor"]
        assert second.pk not in moved
        assert list(selectors.of_aims([first.pk])) == [made]
        call = {"actor": universe.merseyside_analyst, "today": clock.today(), "now": clock.now()}
        asked = said(threat, aims=(theirs.pk,), different_because="Another event of that week")
        refused("DI18", services.record_disruption, said=asked, **call)
        change = {"actor": universe.merseyside_analyst, "disruption": made, "reason": WHY, "today": clock.today()}
        services.change_disruption(**change, aims=(second.pk,))
        assert set(plans.movers_of([first.pk, second.pk])) == {second.pk}
        services.withdraw(**change)
        assert plans.movers_of([first.pk, second.pk]) == {}


@pytest.mark.django_db
def test_many_are_recorded_in_a_number_of_queries_that_does_not_depend_on_them(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        tactics = said(threat).tactics
        counts = []
        for size, start in ((5, 0), (60, 400)):
            entries = [
                said(threat, event_on=clock.today() - timedelta(days=start + 4 * n), tactics=tactics)
                for n in range(size)
            ]
            with CaptureQueriesContext(connection) as asked:
                outcomes = services.record_disruptions(
                    actor=universe.merseyside_analyst, entries=entries, now=clock.now(), today=clock.today()
                )
            assert all(outcome.disruption for outcome in outcomes)
            counts.append(len([query for query in asked if "audit_entry" not in query["sql"]]))
        assert counts[0] == counts[1]
        assert counts[0] <= 10


@pytest.mark.django_db
def test_an_effect_is_looked_at_by_another_when_it_is_due_and_the_first_category_is_kept(universe):
    analyst, manager = universe.merseyside_analyst, universe.merseyside_intelligence_manager
    today = clock.today()
    with acting_as(analyst):
        threat = nominate(universe)
        made = record(universe, threat, category="MODERATE", event_on=today - timedelta(days=100))
        young = record(universe, threat, category="MODERATE", event_on=today - timedelta(days=10))
    with acting_as(manager):
        services.validate_many(actor=manager, disruptions=[made, young], today=today)
        call = {"actor": manager, "lasted": "NO", "reason": WHY, "today": today}
        refused("DI35", services.review_category, disruption=young, category="MODERATE", **call)
        refused("DI36", services.review_category, disruption=made, category="MODERATE", **(call | {"lasted": "?"}))
        review = services.review_category(disruption=made, category="MINOR", **call)
        assert (review.category_was, review.category_now, review.lasted) == ("MODERATE", "MINOR", "NO")
        now = selectors.disruption(made.reference)
        assert (now.category, now.original_category, now.review_due_on) == ("MINOR", "MODERATE", None)
        assert now.state == "VALIDATED"
        refused("DI35", services.review_category, disruption=now, category="MINOR", **call)
    with acting_as(analyst):
        refused("DI27", services.review_category, disruption=young, category="MINOR", **(call | {"actor": analyst}))


@pytest.mark.django_db
def test_the_sample_is_looked_at_by_somebody_else(universe):
    analyst, manager = universe.merseyside_analyst, universe.merseyside_intelligence_manager
    with acting_as(analyst):
        threat = nominate(universe)
        first, second = record(universe, threat), record(universe, threat, event_on=date(2026, 9, 1))
        Disruption.objects.filter(pk__in=[first.pk, second.pk]).update(in_sample=True)
    call = {"reason": WHY, "today": clock.today()}
    with acting_as(manager):
        done = services.check_sample(actor=manager, disruption=first, stands=True, **call)
        assert (done.state, done.sample_checked_by) == ("VALIDATED", manager)
        refused("DI40", services.check_sample, actor=manager, disruption=done, stands=True, **call)
        back = services.check_sample(actor=manager, disruption=second, stands=False, **call)
        assert (back.state, back.in_sample) == ("RETURNED", False)


@pytest.mark.django_db
def test_a_correction_goes_by_the_kind_the_threat_had_when_it_was_recorded(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by="merseyside_intelligence_manager")
        made = record(universe, threat, by="merseyside_intelligence_manager", event_on=date(2022, 6, 1))
        threats.reclassify(actor=manager, threat=threat, threat_type="VULNERABILITY", reason=WHY)
        again = services.recategorise(
            actor=manager, disruption=made, category="MODERATE", reason=WHY, today=clock.today()
        )
        assert (again.category, again.threat_type) == ("MODERATE", "OCG")
        new = said(threat, event_on=date(2022, 9, 1))
        call = {"actor": manager, "today": clock.today(), "now": clock.now()}
        refused("DI4", services.record_disruption, said=new, **call)


START = datetime(2023, 1, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Step:
    """One thing tried on one of two records by one of three people."""

    row: int
    act: str
    category: str
    by: int


PEOPLE = ("merseyside_analyst", "merseyside_intelligence_manager", "nwrocu_rocta_moderator")
steps = st.builds(
    Step,
    st.integers(0, 1),
    st.sampled_from(("change", "weaken", "recategorise", "validate", "moderate", "return", "withdraw")),
    st.sampled_from(("MAJOR", "MODERATE", "MINOR", "NOT_ASSESSED")),
    st.integers(0, 2),
)


def attempt(universe, step, made):
    """What the step does, or nothing where a rule refuses it."""
    actor = universe.__getattr__(PEOPLE[step.by])
    call = {"actor": actor, "disruption": made, "today": clock.today()}
    match step.act:
        case "change":
            services.change_disruption(**call, reason=WHY, place=f"{step.category} Street", how_known=said_in_full())
        case "weaken":
            services.change_disruption(**call, reason=WHY, how_known="")
        case "recategorise":
            services.recategorise(**call, reason=WHY, category=step.category)
        case "validate":
            services.validate(**call)
        case "moderate":
            services.moderate(**call, reason=WHY)
        case "return":
            services.return_disruption(**call, reason=WHY)
        case "withdraw":
            services.withdraw(**call, reason=WHY)


def said_in_full():
    return "Two intelligence reports since then say that customers are sent away and the line rings out"


def facts(row):
    return row.state, row.category, row.place, row.how_known


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(played=st.lists(steps, min_size=1, max_size=8))
def test_nothing_passes_without_the_gate_and_the_past_is_as_it_was_played(as_simulation, universe, played):
    with database.superuser() as admin:
        admin.execute("truncate disruptions_disruption, disruptions_disruption_was cascade")
    with clock.told(START), acting_as(universe.merseyside_analyst):
        threat = nominate(universe, nominated_on=date(2021, 6, 1))
        rows = [record(universe, threat, event_on=date(2022, 12, 1 + 10 * n), category="MODERATE") for n in range(2)]
    added = {row.pk: row.added_at for row in rows}
    assert set(added.values()) == {START}
    replay = [{row.pk: facts(row) for row in rows}]
    for number, step in enumerate(played, start=1):
        before = replay[-1][rows[step.row].pk]
        with clock.told(START + number * HOUR), acting_as(universe.__getattr__(PEOPLE[step.by])):
            made = selectors.disruptions().get(pk=rows[step.row].pk)
            with suppress(RuleBroken):
                attempt(universe, step, made)
            now = Disruption.objects.get(pk=made.pk)
            parts = selectors.parts_of(now)
            if now.state in rules.PASSED:
                standard = selectors.region_data().standard
                assert not rules.faults(selectors.said_of(now, parts), standard=standard)
                assert now.moderator_id != now.recorder_id
                if now.category == "MAJOR":
                    assert now.state == "MODERATED"
            if before[0] == "WITHDRAWN":
                assert facts(now) == before
            assert (now.added_at, now.original_category) == (added[now.pk], "MODERATE")
        replay.append(replay[-1] | {now.pk: facts(now)})
    with acting_as(universe.gmp_analyst):
        for number, then in enumerate(replay):
            with as_recorded_on(START + number * HOUR):
                assert {row.pk: facts(row) for row in Disruption.objects.all()} == then
