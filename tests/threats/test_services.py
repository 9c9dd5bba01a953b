"""Changes to the master list: what is written, what is noted, who may, and both sides of the wall."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from fourfold.platform.audit import selectors as ledger
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.history.rewind import versions_of
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import selectors, services
from fourfold.threats.models import ThreatMember
from fourfold.threats.rules import Side
from tests.threats.conftest import EXPLOITED, TODAY, membership, nominate, nomination

pytestmark = pytest.mark.django_db
WHY = "New intelligence from a stop"


def add(universe, threat, record, *, by="merseyside_analyst", **change):
    return services.add_member(
        actor=universe.__getattr__(by),
        threat=threat,
        record=pole.person_record(record),
        membership=membership(**change),
        reason=WHY,
        today=TODAY,
    )


def test_a_nominated_threat_stands_on_the_list_with_its_places_and_in_the_ledger(universe):
    with acting_as(universe.merseyside_analyst):
        first = nominate(universe)
        second = nominate(universe, name="Another")
        assert first.reference.startswith("SOC-")
        assert first.reference != second.reference
        assert [e.details["why"] for e in ledger.entries_about(first)] == ["Three linked seizures this month"]
    with acting_as(universe.gmp_analyst):
        assert selectors.threat(first.reference).name == "Harbour line"


def test_a_threat_for_its_own_force_is_not_there_for_another(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe, audience="OWN")
    with acting_as(universe.gmp_analyst), pytest.raises(NotThere):
        selectors.threat(threat.reference)


def test_an_analyst_nominates_and_a_manager_manages(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        with pytest.raises(RuleBroken) as refused:
            services.change_tier(actor=universe.merseyside_analyst, threat=threat, tier="2", reason=WHY)
        assert refused.value.code == "TH14"
    with acting_as(universe.merseyside_intelligence_manager):
        changed = services.change_tier(
            actor=universe.merseyside_intelligence_manager, threat=threat, tier="2", reason=WHY
        )
        assert (changed.tier, changed.because) == ("2", WHY)


def test_another_force_may_read_but_not_change(universe):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
    with acting_as(universe.gmp_intelligence_manager):
        with pytest.raises(RuleBroken) as refused:
            services.change_tier(actor=universe.gmp_intelligence_manager, threat=threat, tier="2", reason=WHY)
        assert refused.value.code == "TH13"
    with acting_as(universe.nwrocu_rocta_moderator):
        moderator = universe.nwrocu_rocta_moderator
        assert services.change_tier(actor=moderator, threat=threat, tier="2", reason=WHY).tier == "2"


def test_reclassifying_keeps_what_it_was_called(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by="merseyside_intelligence_manager")
    with acting_as(manager):
        services.reclassify(actor=manager, threat=threat, threat_type="VULNERABILITY", reason=WHY)
        assert [v.fields["threat_type"] for v in versions_of(threat)] == ["VULNERABILITY", "OCG"]


def test_a_closed_threat_says_why_and_is_left_alone(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by="merseyside_intelligence_manager")
        closed = services.close_threat(
            actor=manager, threat=threat, ground="CLOSED_DORMANT", closed_on=TODAY, reason=WHY, today=TODAY
        )
        assert (closed.phase, closed.closed_on, closed.closing_ground) == ("CLOSED_DORMANT", TODAY, "CLOSED_DORMANT")
        with pytest.raises(RuleBroken) as refused:
            services.change_tier(actor=manager, threat=threat, tier="2", reason=WHY)
        assert refused.value.code == "TH16"


def test_the_second_of_two_who_edit_at_once_is_told(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by="merseyside_intelligence_manager")
        threat.refresh_from_db()
    opened = threat.recorded_from
    with acting_as(universe.merseyside_lro):
        services.change_tier(actor=universe.merseyside_lro, threat=threat, tier="3", reason=WHY, seen=opened)
    with acting_as(manager), transaction.atomic():
        with pytest.raises(RuleBroken) as refused:
            services.change_tier(actor=manager, threat=threat, tier="1", reason=WHY, seen=opened)
        assert refused.value.code == "TH25"


def test_hand_over_needs_two_different_people_who_can_sign_in(universe):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by="merseyside_intelligence_manager")
        lro = universe.merseyside_lro
        with pytest.raises(RuleBroken, match="different people"):
            services.hand_over(actor=manager, threat=threat, leads=services.Leads(lro=lro, deputy=lro), reason=WHY)
        done = services.hand_over(
            actor=manager, threat=threat, leads=services.Leads(lro=lro, deputy=manager), reason=WHY
        )
        assert (done.lro, done.deputy) == (lro, manager)
        assert threat in selectors.threats_led_by(lro.pk)


def test_a_member_has_one_role_once_and_the_role_ends_on_a_day(universe, picture):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        member = add(universe, threat, picture["p1"])
        with pytest.raises(RuleBroken, match="5 September 2026"):
            add(universe, threat, picture["p1"])
        ended = services.end_member(
            actor=universe.merseyside_analyst, member=member, to_on=date(2026, 9, 30), reason=WHY, today=TODAY
        )
        assert ended.to_on == date(2026, 9, 30)
        with pytest.raises(RuleBroken) as refused:
            services.end_member(actor=universe.merseyside_analyst, member=member, to_on=TODAY, reason=WHY, today=TODAY)
        assert refused.value.code == "TM11"
        add(universe, threat, picture["p1"], from_on=TODAY)


def test_exploited_people_are_never_counted_as_offenders(universe, picture):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        add(universe, threat, picture["p1"])
        add(universe, threat, picture["p2"], **EXPLOITED)
        assert selectors.headcount(threat) == selectors.Headcount(offender=1, periphery=0, protect=1)
        with pytest.raises(RuleBroken) as refused:
            add(universe, threat, picture["p3"], role="EXPLOITED", category="SUSPECT")
        assert refused.value.code == "TM9"


def test_the_database_too_refuses_an_exploited_person_as_a_suspect(universe, picture):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        with pytest.raises(IntegrityError, match="threatmember_protected_no_offender"), transaction.atomic():
            ThreatMember.objects.create(
                label=threat.label,
                threat=threat,
                record_id=picture["p1"],
                role="EXPLOITED",
                side=Side.PROTECT,
                category="SUSPECT",
                assertion="FACT",
                grade="1A",
                from_on=TODAY,
                because=WHY,
            )


def test_a_membership_made_on_a_restricted_record_is_as_restricted_as_the_record(universe, picture):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        add(universe, threat, picture["p1"])
        hidden = add(universe, threat, picture["p3"], role="ASSOCIATE")
        assert hidden.label.audience == "OWN"
        assert selectors.headcount(threat).members == 2
    with acting_as(universe.cheshire_analyst):
        assert selectors.headcount(threat).members == 1
        assert [line.person.name for line in selectors.member_lines(threat, today=TODAY)] == ["Alpha Dockside"]


def test_who_reads_widely_but_writes_narrowly_cannot_add_to_what_another_force_keeps(universe, picture):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        record = pole.person_record(picture["p3"])
    with acting_as(universe.nwrocu_rocta_moderator), pytest.raises(RuleBroken) as refused:
        services.add_member(
            actor=universe.nwrocu_rocta_moderator,
            threat=threat,
            record=record,
            membership=membership(role="ASSOCIATE"),
            reason=WHY,
            today=TODAY,
        )
    assert refused.value.code == "TM14"


def test_several_threats_are_nominated_at_once_or_none_of_them(universe, django_assert_max_num_queries):
    actor = universe.merseyside_analyst

    def put(name, **change):
        said = {"nomination": nomination(name=name), "owner": actor.organisation, "places": ("Quay Street L3 4AA",)}
        return services.Put(**(said | change))

    with acting_as(actor):
        with pytest.raises(RuleBroken) as refused:
            services.nominate_threats(actor=actor, entries=[put("First"), put("")], reason=WHY, today=TODAY)
        assert refused.value.code == "TH2"
        assert not selectors.threats().exists()
        entries = [put(f"Line {n}", audience="OWN" if n % 2 else "REGION") for n in range(10)]
        services.nominate_threats(actor=actor, entries=entries[:2], reason=WHY, today=TODAY)
        with django_assert_max_num_queries(14 + len(entries)):
            made = services.nominate_threats(actor=actor, entries=entries, reason=WHY, today=TODAY)
        assert len({threat.reference for threat in made}) == 10
        assert [place.postcode for place in selectors.places(made[3])] == ["L3 4AA"]
        assert [entry.details["change"] for entry in ledger.entries_about(made[3])] == ["nominated"]
        assert services.nominate_threats(actor=actor, entries=[], reason=WHY, today=TODAY) == []
    with acting_as(universe.gmp_analyst):
        assert selectors.threats().count() == 6
