"""Recording, passing, returning, changing and withdrawing: what is written, what is noted, who may."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from fourfold.disruptions import rules, selectors, services, work
from fourfold.disruptions.models import Disruption
from fourfold.platform import clock
from fourfold.platform.audit import selectors as ledger
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility.scope import acting_as
from tests.disruptions.conftest import EVENT, EVIDENCE, WHY, nominate, record, said

pytestmark = pytest.mark.django_db


def refused(code, call, **arguments):
    with transaction.atomic(), pytest.raises(RuleBroken) as raised:
        call(**arguments)
    assert raised.value.code == code, raised.value.sentence
    return raised.value


def test_a_record_that_meets_the_standard_and_that_its_recorder_may_pass_is_passed_at_once(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        made = record(universe, threat)
        assert made.reference.startswith("DIS-")
        assert (made.state, made.faults, made.validated_by) == ("VALIDATED", [], universe.merseyside_analyst)
        assert made.record_date == made.event_on == EVENT
        assert made.label == threat.label
        assert [e.details["change"] for e in ledger.entries_about(made)] == ["recorded"]
    with acting_as(universe.gmp_analyst):
        assert selectors.disruption(made.reference).category == "MINOR"


def test_a_record_that_does_not_meet_the_standard_is_kept_with_what_to_mend(universe):
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe), stopped="They lost a car", how_known="")
        assert made.state == "RECORDED"
        assert made.faults == ["MS3", "MS4"]


def test_a_supervisor_passes_a_moderate_one_and_never_a_record_of_their_own(universe):
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe), category="MODERATE")
        assert made.state == "RECORDED"
        refused("DI27", services.validate, actor=universe.merseyside_analyst, disruption=made, today=clock.today())
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        done = services.validate(actor=manager, disruption=made, today=clock.today())
        assert (done.state, done.validated_by) == ("VALIDATED", manager)
        own = record(universe, done.threat, by="merseyside_intelligence_manager", category="MODERATE")
        refused("DI28", services.validate, actor=manager, disruption=own, today=clock.today())


def test_a_major_one_is_moderated_by_somebody_who_had_no_part_in_it(universe):
    manager, moderator = universe.merseyside_intelligence_manager, universe.nwrocu_rocta_moderator
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe), category="MAJOR")
        assert made.faults == ["MS5", "MS6"]
    with acting_as(manager):
        refused("DI30", services.validate, actor=manager, disruption=made, today=clock.today())
    with acting_as(moderator):
        found = {"actor": moderator, "disruption": made, "reason": WHY, "today": clock.today()}
        assert "outcome" in refused("DI29", services.moderate, **found).sentence
    with acting_as(universe.merseyside_analyst):
        services.change_disruption(
            actor=universe.merseyside_analyst,
            disruption=made,
            reason=WHY,
            today=clock.today(),
            evidence=EVIDENCE,
            outcome="DISMANTLED",
        )
    with acting_as(moderator):
        done = services.moderate(**found)
        assert (done.state, done.moderator, done.faults) == ("MODERATED", moderator, [])
        assert done.review_due_on == EVENT + timedelta(days=90)


@pytest.mark.parametrize("change", [{"place": "Quay Street"}, {"evidence": EVIDENCE}], ids=["words", "a part alone"])
def test_who_changed_what_a_record_says_does_not_pass_it_because_another_wrote_over_them(universe, change):
    analyst, manager = universe.merseyside_analyst, universe.merseyside_intelligence_manager
    with acting_as(analyst):
        made = record(universe, nominate(universe), category="MODERATE")
    for actor, said_now in ((manager, change), (analyst, {"happened": "A stop on the quay"})):
        with acting_as(actor):
            services.change_disruption(actor=actor, disruption=made, reason=WHY, today=clock.today(), **said_now)
    with acting_as(manager):
        refused("DI43", services.validate, actor=manager, disruption=made, today=clock.today())
    other = universe.nwrocu_rocu_lead
    with acting_as(other):
        assert services.validate(actor=other, disruption=made, today=clock.today()).validated_by == other


def test_what_waits_for_a_person_is_what_they_may_decide_and_the_count_is_that_of_its_list(universe, client_for):
    manager, moderator = universe.merseyside_intelligence_manager, universe.nwrocu_rocta_moderator
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        moderate = [record(universe, threat, category="MODERATE") for _ in range(2)]
        major = [record(universe, threat, category="MAJOR", evidence=EVIDENCE, outcome="DISMANTLED") for _ in range(3)]
    with acting_as(manager):
        services.change_disruption(
            actor=manager, disruption=moderate[0], reason=WHY, today=clock.today(), place="Quay Street"
        )
    with acting_as(moderator):
        services.change_disruption(actor=moderator, disruption=major[0], reason=WHY, today=clock.today(), place="Quay")
    for actor, queue, waits in ((manager, "to-pass", moderate[1:]), (moderator, "to-moderate", major[1:])):
        with acting_as(actor):
            told = next(each for each in work.work_of(actor, clock.today()).waiting if queue in each.href)
        assert told.number == len(waits)
        page = client_for(actor).get(f"/disruptions/queues/{queue}/").content.decode()
        shown = {each.reference for each in (*moderate, *major) if each.reference in page}
        assert shown == {each.reference for each in waits}


def test_who_said_another_category_does_not_pass_the_record(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe), category="MAJOR")
    with acting_as(manager):
        services.recategorise(actor=manager, disruption=made, category="MODERATE", reason=WHY, today=clock.today())
        refused("DI43", services.validate, actor=manager, disruption=made, today=clock.today())


def test_a_moderator_who_changed_a_record_does_not_moderate_it(universe):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe), category="MAJOR", evidence=EVIDENCE, outcome="DISMANTLED")
    change = {"disruption": made, "reason": WHY, "today": clock.today()}
    with acting_as(moderator):
        services.change_disruption(actor=moderator, **change, place="Quay Street")
        refused("DI43", services.moderate, actor=moderator, **change)


def test_a_moderator_s_own_decision_is_no_change_of_the_record(universe):
    analyst, moderator = universe.merseyside_analyst, universe.nwrocu_rocta_moderator
    with acting_as(analyst):
        made = record(universe, nominate(universe), category="MAJOR", evidence=EVIDENCE, outcome="DISMANTLED")
    change = {"disruption": made, "reason": WHY, "today": clock.today()}
    with acting_as(moderator):
        services.moderate(actor=moderator, category="MODERATE", **change)
    with acting_as(analyst):
        services.change_disruption(actor=analyst, **change, place="Quay Street")
    with acting_as(moderator):
        assert services.moderate(actor=moderator, **change).state == "MODERATED"


def test_who_changed_a_record_does_not_look_at_it_for_the_sample(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe))
    with acting_as(manager):
        services.change_disruption(actor=manager, disruption=made, reason=WHY, today=clock.today(), place="Quay Street")
        Disruption.objects.filter(pk=made.pk).update(in_sample=True)
        check = {"disruption": made, "stands": True, "reason": WHY, "today": clock.today()}
        refused("DI43", services.check_sample, actor=manager, **check)


def test_a_moderator_gives_another_category_and_the_first_is_kept(universe):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe), category="MAJOR")
    with acting_as(moderator):
        done = services.moderate(actor=moderator, disruption=made, category="MINOR", reason=WHY, today=clock.today())
        assert (done.category, done.original_category, done.state) == ("MINOR", "MAJOR", "MODERATED")
        assert done.review_due_on is None


def test_what_was_returned_is_mended_and_passes_again(universe):
    analyst, manager = universe.merseyside_analyst, universe.merseyside_intelligence_manager
    with acting_as(analyst):
        made = record(universe, nominate(universe))
    with acting_as(manager):
        back = services.return_disruption(actor=manager, disruption=made, reason=WHY, today=clock.today())
        assert (back.state, back.validated_by, back.because) == ("RETURNED", None, WHY)
        refused("DI33", services.validate, actor=manager, disruption=made, today=clock.today())
    with acting_as(analyst):
        mended = services.change_disruption(
            actor=analyst, disruption=made, reason=WHY, today=clock.today(), place="Quay Street"
        )
        assert (mended.state, mended.place) == ("VALIDATED", "Quay Street")


def test_a_change_of_what_was_passed_has_to_pass_again(universe):
    moderator = universe.nwrocu_rocta_moderator
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe), category="MODERATE")
    with acting_as(moderator):
        services.moderate(actor=moderator, disruption=made, reason=WHY, today=clock.today())
    with acting_as(universe.merseyside_lro):
        changed = services.change_disruption(
            actor=universe.merseyside_lro, disruption=made, reason=WHY, today=clock.today(), primary_p="PREVENT"
        )
        assert (changed.state, changed.moderator, changed.primary_p) == ("RECORDED", None, "PREVENT")
        assert changed.review_due_on == EVENT + timedelta(days=90)


def test_a_withdrawn_record_stays_counts_no_more_and_is_left_alone(universe):
    analyst = universe.merseyside_analyst
    with acting_as(analyst):
        made = record(universe, nominate(universe))
        gone = services.withdraw(actor=analyst, disruption=made, reason=WHY, today=clock.today())
        assert gone.state == "WITHDRAWN"
        assert selectors.disruptions().filter(pk=made.pk).exists()
        assert not selectors.standing().filter(pk=made.pk).exists()
        change = {"actor": analyst, "disruption": made, "reason": WHY, "today": clock.today()}
        refused("DI25", services.change_disruption, **change, place="Quay Street")
        refused("DI25", services.withdraw, **change)


def test_the_second_of_two_who_edit_at_once_is_told(universe):
    analyst, lro = universe.merseyside_analyst, universe.merseyside_lro
    with acting_as(analyst):
        made = record(universe, nominate(universe))
    opened = made.recorded_from
    with acting_as(lro):
        made.refresh_from_db()
        opened = made.recorded_from
        services.change_disruption(
            actor=lro, disruption=made, reason=WHY, today=clock.today(), place="Quay Street", seen=opened
        )
    with acting_as(analyst):
        change = {"actor": analyst, "disruption": made, "reason": WHY, "today": clock.today(), "seen": opened}
        refused("DI23", services.change_disruption, **change, place="Dock Road")


def test_a_force_records_what_it_led_and_a_regional_unit_also_support(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        support = (rules.Support(agency="merseyside", benefit="Found the second address"),)
        asked = said(threat, role="SUPPORT", supports=support)
        told = refused(
            "DI12",
            services.record_disruption,
            actor=universe.merseyside_analyst,
            said=asked,
            today=clock.today(),
            now=clock.now(),
        )
        assert "Merseyside Police cannot record a disruption that it supported" in told.sentence
    with acting_as(universe.nwrocu_analyst):
        made = record(universe, threat, by="nwrocu_analyst", role="SUPPORT", supports=support)
        assert made.lead_agency.code == "nwrocu"
        assert made.label.owner.code == "nwrocu"
        assert made.label.audience == threat.label.audience
        unsaid = replace(asked, supports=())
        refused(
            "DI14",
            services.record_disruption,
            actor=universe.nwrocu_analyst,
            said=unsaid,
            today=clock.today(),
            now=clock.now(),
        )
    with acting_as(universe.merseyside_analyst):
        assert selectors.disruption(made.reference).role == "SUPPORT"


def test_a_hidden_threat_is_refused_in_the_words_of_one_that_is_not_there(universe):
    with acting_as(universe.merseyside_analyst):
        hidden = nominate(universe, audience="OWN")
        asked = said(hidden)
    with acting_as(universe.gmp_analyst):
        call = {"actor": universe.gmp_analyst, "today": clock.today(), "now": clock.now()}
        one = refused("DI2", services.record_disruption, said=asked, **call)
        other = refused("DI2", services.record_disruption, said=replace(asked, threat="SOC-9999"), **call)
        assert one.sentence.replace(hidden.reference, "SOC-9999") == other.sentence


def test_somebody_without_the_right_records_nothing(universe):
    with acting_as(universe.merseyside_analyst):
        asked = said(nominate(universe))
    with acting_as(universe.merseyside_sro):
        refused(
            "DI1",
            services.record_disruption,
            actor=universe.merseyside_sro,
            said=asked,
            today=clock.today(),
            now=clock.now(),
        )


def test_the_same_threat_day_and_tactic_is_asked_about_until_the_difference_is_said(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        first = record(universe, threat)
        told = refused(
            "DI20",
            services.record_disruption,
            actor=universe.merseyside_analyst,
            said=said(threat, event_on=EVENT + timedelta(days=3)),
            today=clock.today(),
            now=clock.now(),
        )
        assert first.reference in told.sentence
        assert told.field == "different_because"
        far = said(threat, event_on=EVENT + timedelta(days=4))
        call = {"actor": universe.merseyside_analyst, "today": clock.today(), "now": clock.now()}
        assert services.record_disruption(said=far, **call)
        same_day = said(threat, different_because="Another car on another road")
        assert services.record_disruption(said=same_day, **call).different_because


def test_one_event_on_two_threats_is_two_records_and_one_event(universe):
    with acting_as(universe.merseyside_analyst):
        first, second = nominate(universe), nominate(universe, name="Quay line")
        one = record(universe, first)
        other = record(universe, second, shared_event=one.reference)
        one.refresh_from_db()
        assert one.shared_event == other.shared_event != ""
        both = selectors.standing().filter(pk__in=[one.pk, other.pk])
        assert (both.count(), selectors.events_in(both)) == (2, 1)
        again = said(second, shared_event=one.shared_event, different_because="Said by another officer")
        call = {"actor": universe.merseyside_analyst, "today": clock.today(), "now": clock.now()}
        assert other.reference in refused("DI21", services.record_disruption, said=again, **call).sentence
        unknown = said(second, shared_event="EVT-999999", different_because="Said by another officer")
        refused("DI42", services.record_disruption, said=unknown, **call)


def test_a_late_record_is_accepted_and_says_so(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        today = clock.today()
        assert not record(universe, threat, event_on=today - timedelta(days=28)).late
        assert record(universe, threat, event_on=today - timedelta(days=29)).late


def test_nobody_changes_when_a_record_was_added_or_what_was_first_said_of_it(universe):
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe))
        for column, value in (
            ("added_at", clock.now() - timedelta(days=90)),
            ("original_category", "MAJOR"),
            ("reference", "DIS-999999"),
            ("recorder_id", universe.gmp_analyst.pk),
        ):
            with transaction.atomic(), pytest.raises(IntegrityError, match="stay as they are"):
                Disruption.objects.filter(pk=made.pk).update(**{column: value})
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute(
                "insert into disruptions_disruption select (jsonb_populate_record(d, jsonb_build_object("
                "'id', 999999999, 'reference', 'DIS-888888', 'added_at', '2023-01-01T00:00:00Z'))).* "
                "from disruptions_disruption d where id = %s",
                [made.pk],
            )
        assert Disruption.objects.get(pk=999999999).added_at.date() >= made.added_at.date()


def test_many_are_recorded_by_the_rules_of_one_all_or_none(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        tactic = said(threat).tactics
        good = [said(threat, event_on=EVENT - timedelta(days=10 * n), tactics=tactic) for n in range(3)]
        wrong = replace(good[0], event_on=date(2030, 1, 1), category="ENORMOUS", tactics=("no_such",))
        call = {"actor": universe.merseyside_analyst, "now": clock.now(), "today": clock.today()}
        outcomes = services.record_disruptions(entries=[*good, wrong], **call)
        assert [o.disruption for o in outcomes] == [None] * 4
        assert [[r.code for r in o.refusals] for o in outcomes] == [[], [], [], ["DI5", "DI8"]]
        assert not selectors.of_threat(threat).exists()
        outcomes = services.record_disruptions(entries=[*good, wrong, good[1]], all_or_nothing=False, **call)
        assert [bool(o.disruption) for o in outcomes] == [True, True, True, False, False]
        assert outcomes[4].refusals[0].code == "DI20"
        assert "line 2" in outcomes[4].refusals[0].sentence


def test_a_record_of_another_force_is_read_and_not_changed(universe):
    with acting_as(universe.merseyside_analyst):
        made = record(universe, nominate(universe))
    with acting_as(universe.gmp_analyst):
        change = {"actor": universe.gmp_analyst, "disruption": made, "reason": WHY, "today": clock.today()}
        refused("DI26", services.change_disruption, **change, place="Quay Street")
    with acting_as(universe.merseyside_analyst):
        hidden = record(universe, nominate(universe, audience="OWN"))
    with acting_as(universe.gmp_analyst), pytest.raises(NotThere):
        selectors.disruption(hidden.reference)
