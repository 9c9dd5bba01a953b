"""Handing a threat over: offered, then accepted or declined by the receiver; until then nothing changes."""

from datetime import UTC, datetime

import pytest

from fourfold.platform.audit import selectors as ledger
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import selectors, services
from fourfold.threats.models import HandOver
from fourfold.threats.services import writing
from tests.threats.conftest import TODAY, membership, nominate

pytestmark = pytest.mark.django_db
WHY = "They work in the other force now"
NOW = datetime(2026, 10, 1, 10, tzinfo=UTC)


def offered(universe, threat, *, to="gmp", lro="gmp_lro", by="merseyside_intelligence_manager"):
    return services.offer_hand_over(
        actor=universe.__getattr__(by),
        threat=threat,
        leads=services.Leads(lro=universe.__getattr__(lro) if lro else None),
        owner=universe.organisation(to),
        reason=WHY,
        now=NOW,
    )


def threat_of_merseyside(universe, picture=None, **change):
    with acting_as(universe.merseyside_intelligence_manager) as acting:
        threat = nominate(universe, by="merseyside_intelligence_manager", **change)
        services.add_place(
            actor=acting.user, threat=threat, name="Quay Street, L3 4AA", from_on=TODAY, reason=WHY, today=TODAY
        )
        for key, role in (("p1", "LEADER"), ("p3", "ASSOCIATE")) if picture else ():
            services.add_member(
                actor=acting.user,
                threat=threat,
                record=pole.person_record(picture[key]),
                membership=membership(role=role),
                reason=WHY,
                today=TODAY,
            )
    return threat


def test_nothing_changes_until_the_receiver_accepts_and_then_the_threat_is_theirs(universe, picture):
    threat = threat_of_merseyside(universe, picture)
    with acting_as(universe.merseyside_intelligence_manager):
        offer = offered(universe, threat)
        threat.refresh_from_db()
        assert (threat.owner.code, threat.lro) == ("merseyside", None)
    with acting_as(universe.gmp_lro) as acting:
        offer = selectors.hand_over(offer.pk, of=selectors.threat(threat.reference))
        taken = services.accept_hand_over(actor=acting.user, hand_over=offer, now=NOW)
        assert (taken.owner.code, taken.lro, taken.label.owner.code) == ("gmp", acting.user, "gmp")
        assert [place.label.owner.code for place in selectors.places(taken)] == ["gmp"]
        assert [line.person.name for line in selectors.member_lines(taken, today=TODAY)] == ["Alpha Dockside"]
        changes = [entry.details["change"] for entry in ledger.entries_about(taken)]
        assert "hand-over accepted" in changes
    with acting_as(universe.merseyside_analyst):
        assert selectors.headcount(taken).members == 2, "who is on a record of their own force stays in their sight"
        assert selectors.hand_overs_of(taken)[0].answer == "ACCEPTED"
    with acting_as(universe.merseyside_intelligence_manager) as acting, pytest.raises(RuleBroken) as refused:
        services.change_tier(actor=acting.user, threat=taken, tier="2", reason=WHY)
    assert refused.value.code == "TH13"


def test_the_right_to_write_that_is_lent_for_the_answer_ends_with_it(universe):
    threat = threat_of_merseyside(universe)
    with acting_as(universe.merseyside_intelligence_manager):
        offer = offered(universe, threat)
        other = nominate(universe, by="merseyside_intelligence_manager", name="Another")
    with acting_as(universe.gmp_lro) as acting:
        services.accept_hand_over(actor=acting.user, hand_over=selectors.hand_over(offer.pk, of=threat), now=NOW)
        assert other.label_id not in scope.current().writes
        with pytest.raises(NotThere):
            writing.locked(type(other), other.pk)


def test_the_receiver_may_decline_with_a_reason_and_the_offerer_may_withdraw(universe):
    threat = threat_of_merseyside(universe)
    with acting_as(universe.merseyside_intelligence_manager):
        offer = offered(universe, threat)
    with acting_as(universe.gmp_lro) as acting:
        offer = selectors.hand_over(offer.pk, of=threat)
        with pytest.raises(RuleBroken, match="Say why"):
            services.decline_hand_over(actor=acting.user, hand_over=offer, now=NOW, reason="")
        services.decline_hand_over(actor=acting.user, hand_over=offer, now=NOW, reason="We hold no capacity now")
        with pytest.raises(RuleBroken) as refused:
            services.accept_hand_over(actor=acting.user, hand_over=offer, now=NOW)
        assert refused.value.code == "TH43"
    with acting_as(universe.merseyside_intelligence_manager) as acting:
        threat = selectors.threat(threat.reference)
        assert threat.owner.code == "merseyside"
        again = offered(universe, threat)
        with pytest.raises(RuleBroken) as refused:
            offered(universe, threat)
        assert refused.value.code == "TH44"
        services.withdraw_hand_over(actor=acting.user, hand_over=again, now=NOW, reason="Offered to the wrong force")
        assert [each.answer for each in selectors.hand_overs_of(threat)] == ["WITHDRAWN", "DECLINED"]


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("merseyside_intelligence_manager", "TH48"),
        ("merseyside_lro", "TH47"),
        ("gmp_analyst", "TH47"),
        ("cheshire_intelligence_manager", "TH47"),
    ],
)
def test_nobody_but_the_receiver_answers(universe, who, code):
    threat = threat_of_merseyside(universe)
    with acting_as(universe.merseyside_intelligence_manager):
        offer = offered(universe, threat)
    with acting_as(universe.__getattr__(who)) as acting:
        offer = selectors.hand_over(offer.pk, of=threat)
        assert not selectors.hand_overs_waiting().filter(selectors.for_receiver(acting.user)).exists()
        with pytest.raises(RuleBroken) as refused:
            services.accept_hand_over(actor=acting.user, hand_over=offer, now=NOW)
    assert refused.value.code == code


@pytest.mark.parametrize("who", ["gmp_lro", "gmp_intelligence_manager", "gmp_sio", "nwrocu_rocu_lead"])
def test_whoever_may_answer_finds_it_waiting(universe, who):
    threat = threat_of_merseyside(universe)
    with acting_as(universe.merseyside_intelligence_manager):
        offered(universe, threat)
    with acting_as(universe.__getattr__(who)) as acting:
        waiting = selectors.hand_overs_waiting().filter(selectors.for_receiver(acting.user)).get()
        assert services.accept_hand_over(actor=acting.user, hand_over=waiting, now=NOW).owner.code == "gmp"


def test_another_leader_of_the_same_force_accepts_too_and_a_partner_may_lead(universe):
    threat = threat_of_merseyside(universe)
    with acting_as(universe.merseyside_intelligence_manager):
        offer = offered(universe, threat, to="merseyside", lro="merseyside_lro")
        with pytest.raises(RuleBroken) as refused:
            offered(universe, nominate(universe, by="merseyside_intelligence_manager"), to="merseyside", lro=None)
        assert refused.value.code == "TH45"
    with acting_as(universe.merseyside_lro) as acting:
        taken = services.accept_hand_over(
            actor=acting.user, hand_over=selectors.hand_over(offer.pk, of=threat), now=NOW
        )
        assert (taken.owner.code, taken.lro) == ("merseyside", acting.user)


def test_what_nobody_there_could_see_is_not_offered_there(universe):
    threat = threat_of_merseyside(universe, audience="OWN")
    with acting_as(universe.merseyside_intelligence_manager):
        with pytest.raises(RuleBroken) as refused:
            offered(universe, threat)
        assert refused.value.code == "TH46"
        assert not HandOver.objects.exists()


def test_an_offer_of_a_threat_that_has_moved_on_is_not_accepted(universe):
    threat = threat_of_merseyside(universe)
    with acting_as(universe.merseyside_intelligence_manager):
        offer = offered(universe, threat)
    with acting_as(universe.nwrocu_rocu_lead) as acting:
        services.hand_over(
            actor=acting.user,
            threat=threat,
            leads=services.Leads(),
            owner=universe.organisation("cheshire"),
            reason=WHY,
        )
    with acting_as(universe.gmp_lro) as acting, pytest.raises(RuleBroken) as refused:
        services.accept_hand_over(actor=acting.user, hand_over=selectors.hand_over(offer.pk, of=threat), now=NOW)
    assert refused.value.code == "TH49"
