"""Closing is proposed and confirmed by somebody else; pages of what waits; what pickers say about hidden threats."""

from datetime import UTC, date, datetime
from itertools import product

import pytest

from fourfold.platform.audit import selectors as ledger
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.ui import my_work
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import rules, selectors, services
from tests.threats.conftest import TODAY, nominate

pytestmark = pytest.mark.django_db
WHY = "Nothing heard for a year"
NOW = datetime(2026, 10, 1, 10, tzinfo=UTC)
MANAGER = "merseyside_intelligence_manager"


def text(answer) -> str:
    return answer.content.decode()


def proposed(universe, threat, *, by=MANAGER):
    return services.propose_closing(
        actor=universe.__getattr__(by),
        threat=threat,
        ground="CLOSED_DORMANT",
        closed_on=TODAY,
        reason=WHY,
        now=NOW,
        today=TODAY,
    )


def test_a_proposed_closing_closes_nothing_until_a_moderator_confirms_it(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER)
        closing = proposed(universe, threat)
        assert selectors.threat(threat.reference).closed_on is None
        with pytest.raises(RuleBroken) as refused:
            proposed(universe, threat)
        assert refused.value.code == "TH44"
    with acting_as(universe.nwrocu_rocta_moderator) as acting:
        closing = selectors.closing(closing.pk, of=threat)
        closed = services.confirm_closing(actor=acting.user, closing=closing, now=NOW, today=TODAY)
        assert (closed.phase, closed.closed_on) == ("CLOSED_DORMANT", TODAY)
        assert closed.because == "Nothing heard for a year. Confirmed."
        assert {"closed"} <= {entry.details["change"] for entry in ledger.entries_about(closed)}
        with pytest.raises(RuleBroken) as refused:
            services.confirm_closing(actor=acting.user, closing=closing, now=NOW, today=TODAY)
        assert refused.value.code == "TH16"


def test_a_moderator_may_refuse_with_a_reason_and_the_owner_may_withdraw(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER)
        closing = proposed(universe, threat)
    with acting_as(universe.nwrocu_rocta_moderator) as acting:
        closing = selectors.closing(closing.pk, of=threat)
        with pytest.raises(RuleBroken) as refused:
            services.refuse_closing(actor=acting.user, closing=closing, now=NOW, reason="No")
        assert refused.value.code == "TH15"
        services.refuse_closing(actor=acting.user, closing=closing, now=NOW, reason="Its leader leaves prison in May")
    with acting_as(universe.merseyside_intelligence_manager) as acting:
        again = proposed(universe, threat)
        services.withdraw_closing(actor=acting.user, closing=again, now=NOW, reason="The leader is active again")
        assert [each.answer for each in selectors.closings_of(threat)] == ["WITHDRAWN", "DECLINED"]
        assert selectors.threat(threat.reference).closed_on is None
    with acting_as(universe.gmp_intelligence_manager) as acting, pytest.raises(RuleBroken) as refused:
        services.withdraw_closing(actor=acting.user, closing=again, now=NOW, reason="The leader is active again")
    assert refused.value.code == "TH54"


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (MANAGER, "TH50"),
        ("merseyside_lro", "TH50"),
        ("gmp_intelligence_manager", "TH50"),
        ("nwrocu_rocu_lead", "TH50"),
        ("nwrocu_rocta_moderator", None),
        ("nwrocu_rocta_head", None),
    ],
)
def test_only_a_moderator_confirms(universe, who, code):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER)
        closing = proposed(universe, threat)
    with acting_as(universe.__getattr__(who)) as acting:
        closing = selectors.closing(closing.pk, of=threat)
        waits = selectors.closings_waiting().filter(selectors.for_moderator(acting.user)).exists()
        if code is None:
            assert waits
            assert services.confirm_closing(actor=acting.user, closing=closing, now=NOW, today=TODAY).closed_on
            return
        assert not waits
        with pytest.raises((RuleBroken, NotThere)) as refused:
            services.confirm_closing(actor=acting.user, closing=closing, now=NOW, today=TODAY)
        assert getattr(refused.value, "code", code) == code


def test_the_units_own_threat_is_confirmed_by_another_of_its_moderators_who_does_not_lead_it(universe):
    first, second = universe.nwrocu_rocta_moderator, universe.nwrocu_second_moderator
    with acting_as(first):
        threat = nominate(universe, by="nwrocu_rocta_moderator", leads=services.Leads(lro=universe.nwrocu_rocta_head))
        closing = proposed(universe, threat, by="nwrocu_rocta_moderator")
    for who, code in ((first, "TH51"), (universe.nwrocu_rocta_head, "TH52")):
        with acting_as(who), pytest.raises(RuleBroken) as refused:
            services.confirm_closing(actor=who, closing=selectors.closing(closing.pk, of=threat), now=NOW, today=TODAY)
        assert refused.value.code == code
    with acting_as(second):
        closing = selectors.closing(closing.pk, of=threat)
        assert services.confirm_closing(actor=second, closing=closing, now=NOW, today=TODAY).closed_on == TODAY


def test_what_no_moderator_may_see_is_confirmed_by_another_manager_of_its_own(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER, audience="OWN")
        closing = proposed(universe, threat)
    with acting_as(universe.merseyside_lro) as acting:
        assert selectors.closings_waiting().filter(selectors.for_moderator(acting.user)).exists()
        closing = selectors.closing(closing.pk, of=threat)
        assert services.confirm_closing(actor=acting.user, closing=closing, now=NOW, today=TODAY).closed_on == TODAY


def test_a_merge_is_proposed_by_the_owner_and_made_by_the_moderator(universe):
    with acting_as(universe.gmp_intelligence_manager):
        theirs = nominate(universe, by="gmp_intelligence_manager", name="Their line")
    with acting_as(universe.merseyside_intelligence_manager) as acting:
        ours = nominate(universe, by=MANAGER)
        with pytest.raises(RuleBroken) as refused:
            services.propose_closing(
                actor=acting.user,
                threat=ours,
                ground="CLOSED_MERGED",
                closed_on=TODAY,
                reason=WHY,
                now=NOW,
                today=TODAY,
            )
        assert refused.value.code == "TH56"
        closing = services.propose_merge(actor=acting.user, threat=ours, into=theirs, reason=WHY, now=NOW, today=TODAY)
        assert selectors.merged_into(ours) is None
    with acting_as(universe.nwrocu_rocta_moderator) as acting:
        closing = selectors.closing(closing.pk, of=ours)
        merged = services.confirm_closing(actor=acting.user, closing=closing, now=NOW, today=TODAY)
        assert merged.phase == "CLOSED_MERGED"
        assert selectors.merged_into(merged) == theirs


def test_a_proposal_to_merge_into_a_hidden_threat_shows_to_nobody_who_may_not_see_it(universe, client_for):
    with acting_as(universe.merseyside_intelligence_manager) as acting:
        shown = nominate(universe, by=MANAGER)
        hidden = nominate(universe, by=MANAGER, name="Hidden line", audience="OWN")
        services.propose_merge(actor=acting.user, threat=shown, into=hidden, reason=WHY, now=NOW, today=TODAY)
    with acting_as(universe.nwrocu_rocta_moderator):
        assert selectors.closings_of(shown) == ()
        assert not selectors.closings_waiting().exists()
    page = text(client_for(universe.nwrocu_rocta_moderator).get(f"/threats/{shown.reference}/"))
    assert "proposed" not in page
    assert hidden.reference not in page


def test_the_lists_of_what_waits_agree_with_the_rules(universe):
    """`for_receiver` and `for_moderator` say as conditions what `rules` say as questions: tried on every pair."""
    people = [
        universe.__getattr__(name)
        for name in (
            *("merseyside_intelligence_manager", "merseyside_lro", "merseyside_analyst", "gmp_lro", "gmp_analyst"),
            *("gmp_intelligence_manager", "nwrocu_rocu_lead", "nwrocu_rocta_moderator", "nwrocu_rocta_head"),
            *("nwrocu_second_moderator", "nwrocu_lro"),
        )
    ]
    made = []
    for by, audience in product((MANAGER, "nwrocu_rocta_moderator"), ("REGION", "OWN")):
        actor = universe.__getattr__(by)
        with acting_as(actor):
            leads = services.Leads(lro=universe.nwrocu_second_moderator)
            threat = nominate(universe, by=by, name=f"{by} {audience}", audience=audience, leads=leads)
            proposed(universe, threat, by=by)
            to = universe.organisation("gmp") if audience == "REGION" else actor.organisation
            services.offer_hand_over(
                actor=actor,
                threat=threat,
                owner=to,
                leads=services.Leads(lro=universe.gmp_lro if audience == "REGION" else universe.nwrocu_lro),
                reason=WHY,
                now=NOW,
            )
            made.append(threat)
    tried = 0
    for person in people:
        with acting_as(person):
            mine = set(selectors.hand_overs_waiting().filter(selectors.for_receiver(person)))
            for offered in selectors.hand_overs_waiting():
                tried += 1
                offer = selectors.offer_of(offered, offered.threat)
                assert (offered in mine) == rules.may_answer_offer(person, offer), (person, offered.threat)
            mine = set(selectors.closings_waiting().filter(selectors.for_moderator(person)))
            for closing in selectors.closings_waiting():
                tried += 1
                asked = selectors.proposed_of(closing, closing.threat)
                is_of_unit = selectors.is_of_unit(closing.threat)
                expected = rules.may_answer_closing(person, asked, is_of_unit=is_of_unit)
                assert (closing in mine) == expected, (person, closing.threat)
    assert tried > 50


@pytest.mark.parametrize("part", ["merge", "links/add"])
def test_a_picker_answers_alike_for_a_hidden_threat_and_one_that_is_not_there(universe, client_for, part):
    with acting_as(universe.merseyside_intelligence_manager):
        hidden = nominate(universe, by=MANAGER, name="Hidden line", audience="OWN")
    with acting_as(universe.gmp_intelligence_manager):
        ours = nominate(universe, by="gmp_intelligence_manager", name="Our line")
    client = client_for(universe.gmp_intelligence_manager)
    said = {"kind": "RIVAL", "from_on_day": "1", "from_on_month": "9", "from_on_year": "2026", "reason": WHY}
    answers = [
        client.post(f"/threats/{ours.reference}/{part}/", said | {"other": reference})
        for reference in (hidden.reference, "SOC-9999", "nonsense", "SOC-\x00")
    ]
    assert {answer.status_code for answer in answers} <= {200, 422}
    assert len({answer.status_code for answer in answers}) == 1
    assert all("Hidden line" not in text(answer) for answer in answers)
    told = [rules.SENTENCES["TH29"] in text(answer) for answer in answers[:3]]
    assert told == [True, True, True]


def test_a_hand_over_is_offered_on_its_page_waits_on_my_work_and_is_answered(universe, client_for):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER, leads=services.Leads(lro=universe.merseyside_lro))
    giver = client_for(universe.merseyside_intelligence_manager)
    said = {"owner": "gmp", "lro": str(universe.gmp_lro.pk), "deputy": "", "sio": "", "reason": WHY}
    same = said | {"owner": "merseyside", "lro": str(universe.merseyside_lro.pk)}
    assert "nothing here differs from now" in text(giver.post(f"/threats/{threat.reference}/hand-over/", same))
    assert giver.post(f"/threats/{threat.reference}/hand-over/", said).status_code == 302
    page = text(giver.get(f"/threats/{threat.reference}/"))
    assert "Offered to GMP lro" in page
    with acting_as(universe.gmp_lro) as acting:
        (waits,) = my_work.work_of(acting.user, today=TODAY).waiting[:1]
        assert (waits.number, "hand-over" in waits.label) == (1, True)
        offered = selectors.open_hand_over(threat)
    with acting_as(universe.gmp_analyst) as acting:
        assert not [f for f in my_work.work_of(acting.user, today=TODAY).waiting if "hand-over" in f.label]
    taker = client_for(universe.gmp_lro)
    taker.get("/threats/")
    taker.post("/reason/?next=/threats/", {"code": "SOC_THREAT", "text": "Taking it", "operation_reference": ""})
    address = f"/threats/{threat.reference}/hand-over/{offered.pk}/"
    assert "Do you take this threat over?" in text(taker.get(address))
    assert "1 hand-over" in text(taker.get("/threats/hand-overs/?mine=yes"))
    declined = taker.post(address, {"answer": "decline", "reason": ""})
    assert "Say why" in text(declined)
    assert taker.post(address, {"answer": "accept", "reason": ""}).status_code == 302
    with acting_as(universe.gmp_lro):
        assert selectors.threat(threat.reference).owner.code == "gmp"
    history = text(giver.get(f"/threats/{threat.reference}/history/"))
    assert "Hand-over accepted" in history
    assert "Offered to Greater Manchester Police" in history


def test_a_change_of_deputy_or_taking_a_threat_on_oneself_asks_nobody(universe, client_for):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by=MANAGER, leads=services.Leads(lro=universe.merseyside_lro))
    client = client_for(manager)
    address = f"/threats/{threat.reference}/hand-over/"
    said = {"owner": "merseyside", "sio": "", "reason": WHY}
    lro, sio = str(universe.merseyside_lro.pk), str(universe.merseyside_sio.pk)
    client.post(address, said | {"lro": lro, "deputy": sio})
    client.post(address, said | {"lro": str(manager.pk), "deputy": sio})
    with acting_as(manager):
        threat = selectors.threat(threat.reference)
        assert (threat.lro, threat.deputy) == (manager, universe.merseyside_sio)
        assert selectors.hand_overs_of(threat) == ()


def test_an_answer_that_is_not_for_this_person_shows_no_form_and_takes_none(universe, client_for):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER)
        closing = proposed(universe, threat)
    address = f"/threats/{threat.reference}/close/{closing.pk}/"
    client = client_for(universe.gmp_intelligence_manager)
    assert "Is this threat to be closed?" not in text(client.get(address))
    client.post(address, {"answer": "accept", "reason": ""})
    with acting_as(universe.merseyside_intelligence_manager):
        assert selectors.threat(threat.reference).closed_on is None
    assert client.get(f"/threats/{threat.reference}/close/999999/").status_code == 404
    moderator = client_for(universe.nwrocu_rocta_moderator)
    assert "1 proposal" in text(moderator.get("/threats/closings/?mine=yes"))
    assert moderator.post(address, {"answer": "accept", "reason": ""}).status_code == 302
    reopen = client_for(universe.merseyside_intelligence_manager)
    page = text(reopen.get(f"/threats/{threat.reference}/reopen/"))
    assert "Closed – dormant" in page
    assert (
        reopen.post(f"/threats/{threat.reference}/reopen/", {"phase": "DEVELOPMENT", "reason": WHY}).status_code == 302
    )
    history = text(reopen.get(f"/threats/{threat.reference}/history/"))
    assert "Reopened" in history
    assert history.index("Closed – dormant") > 0


def test_a_split_page_makes_the_new_threat_and_names_people_only_to_who_gave_a_reason(universe, client_for):
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by=MANAGER)
        line = services.add_line(
            actor=manager, threat=threat, number="07700 900123", from_on=date(2026, 9, 1), reason=WHY, today=TODAY
        )
    client = client_for(manager)
    address = f"/threats/{threat.reference}/split/"
    assert client.get(address).status_code == 302
    client.post("/reason/?next=/threats/", {"code": "SOC_THREAT", "text": "Splitting", "operation_reference": ""})
    assert "+447700900123" in text(client.get(address))
    said = {
        "threat_type": "VULNERABILITY",
        "name": "The line's customers",
        "aliases": "",
        "summary": "Addicts in two coastal towns are used as runners",
        "themes": "DRU.county_lines",
        "tier": "UNTIERED",
        "phase": "IDENTIFIED",
        "reason": WHY,
    }
    assert rules.SENTENCES["TH41"] in text(client.post(address, said))
    assert rules.SENTENCES["TH42"] in text(client.post(address, said | {"lines": "999999"}))
    assert client.post(address, said | {"lines": str(line.pk)}).status_code == 302
    with acting_as(manager):
        made = selectors.threats().get(name="The line's customers")
        assert [each.number for each in selectors.lines(made)] == ["+447700900123"]
    for one in (made, threat):
        page = text(client.get(f"/threats/{one.reference}/history/"))
        assert ("Split from" in page) or ("Was split into" in page)
