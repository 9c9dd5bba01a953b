"""What is missing, how much anybody leads, and finding a threat by a few words."""

from datetime import UTC, date, datetime

import pytest
from django.db.models import Q

from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import rooms, selectors, services
from tests.pole.canonical import Batch, published
from tests.threats.conftest import EXPLOITED, NOW, TODAY, membership, nominate

pytestmark = pytest.mark.django_db
WHY = "Named in two reports"
MANAGER = "merseyside_intelligence_manager"
LATER = date(2027, 6, 1)


def text(answer) -> str:
    return answer.content.decode()


def add(universe, threat, record, **said):
    return services.add_member(
        actor=universe.merseyside_intelligence_manager,
        threat=threat,
        record=pole.person_record(record),
        membership=membership(**said),
        reason=WHY,
        today=TODAY,
    )


def codes(threat, day) -> set[str]:
    own = {"no-lro", "no-members", "quiet"}
    return {each.code for each in selectors.exceptions_of(threat, day=day)} & own


def test_a_threat_says_what_it_lacks_until_it_is_there(universe, picture):
    with acting_as(universe.merseyside_intelligence_manager) as acting:
        threat = nominate(universe, by=MANAGER, tier="2")
        assert codes(threat, TODAY) == {"no-lro", "no-members"}
        add(universe, threat, picture["p1"])
        services.hand_over(
            actor=acting.user, threat=threat, leads=services.Leads(lro=universe.merseyside_lro), reason=WHY
        )
        assert codes(threat, TODAY) == set()
        other = nominate(universe, by=MANAGER, name="Closed one", tier="2")
        services.close_threat(
            actor=acting.user, threat=other, ground="CLOSED_DORMANT", closed_on=TODAY, reason=WHY, today=TODAY
        )
        assert codes(other, LATER) == set()


@pytest.mark.parametrize(
    ("kind", "day", "quiet"),
    [
        ("OCG", date(2027, 5, 30), True),
        ("OCG", date(2027, 1, 15), False),
        ("PRIORITY_INDIVIDUAL", date(2027, 5, 30), False),
        ("PRIORITY_INDIVIDUAL", date(2027, 12, 1), True),
    ],
)
def test_a_threat_is_quiet_after_six_months_and_an_individual_after_twelve(universe, kind, day, quiet):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER, threat_type=kind)
        assert ("quiet" in codes(threat, day)) is quiet


@pytest.mark.parametrize("heard", ["custody", "member", "line", "place", "nothing"])
def test_what_is_heard_of_a_threat_keeps_it_from_being_quiet(universe, tmp_path, heard):
    """A stop, a custody record or any other event about somebody in it; or a change of members, lines or places."""
    batch = Batch(tmp_path / "canonical", force="merseyside")
    batch.person("p1", "Alpha Dockside", date(1990, 1, 2))
    batch.person("p2", "Bravo Dockside", date(1990, 1, 2))
    if heard == "custody":
        batch.event("e1", "CUSTODY", date(2027, 3, 1))
        batch.link(("PERSON", "p1"), "ARRESTED", ("EVENT", "e1"))
    records = published(universe, batch, keys=["p1", "p2"], now=NOW)
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by=MANAGER)
        add(universe, threat, records["p1"])
        recent = date(2027, 3, 1)
        if heard == "member":
            services.add_member(
                actor=manager,
                threat=threat,
                record=pole.person_record(records["p2"]),
                membership=membership(from_on=recent),
                reason=WHY,
                today=recent,
            )
        if heard == "line":
            services.add_line(
                actor=manager, threat=threat, number="07700900123", from_on=recent, reason=WHY, today=recent
            )
        if heard == "place":
            services.add_place(actor=manager, threat=threat, name="Quay", from_on=recent, reason=WHY, today=recent)
        assert ("quiet" in codes(threat, LATER)) is (heard == "nothing")


def test_the_overview_counts_and_each_number_opens_its_rows(universe, client_for):
    with acting_as(universe.merseyside_intelligence_manager):
        nominate(universe, by=MANAGER, tier="1")
        nominate(universe, by=MANAGER, name="Hidden", tier="1", audience="OWN")
    with acting_as(universe.gmp_intelligence_manager):
        nominate(universe, by="gmp_intelligence_manager", name="Theirs", tier="1")
    for who, number in (("merseyside_intelligence_manager", 3), ("gmp_intelligence_manager", 2)):
        client = client_for(universe.__getattr__(who))
        with acting_as(universe.__getattr__(who)):
            counted = selectors.exceptions_by_owner(day=TODAY)
        assert sum(each.having["no-lro"] for each in counted) == number
        assert "/threats/exceptions/no-lro/" in text(client.get("/threats/exceptions/"))
        assert f"{number} threats" in text(client.get("/threats/exceptions/no-lro/"))
        page = text(client.get("/threats/exceptions/any/?force=gmp"))
        assert "1 threat" in page
        assert ("Choose one" in page) is (who == "gmp_intelligence_manager")
    assert client.get("/threats/exceptions/no-such/").status_code == 404


def test_another_room_may_say_what_is_missing(universe, client_for, monkeypatch):
    monkeypatch.setattr(rooms, "_exceptions", dict(rooms._exceptions))
    rooms.register_exception(
        rooms.ThreatException(
            code="of-tier-one",
            name="Is of tier 1",
            sentence="Nothing may be of tier 1 in this test.",
            holds=lambda day: Q(tier="1", nominated_on__lte=day),
            mend="threats:tier",
        )
    )
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER, tier="1")
        nominate(universe, by=MANAGER, name="Other", tier="2")
    client = client_for(universe.merseyside_intelligence_manager)
    assert "1 threat" in text(client.get("/threats/exceptions/of-tier-one/"))
    page = text(client.get(f"/threats/{threat.reference}/"))
    assert "Nothing may be of tier 1" in page
    assert f'href="/threats/{threat.reference}/tier/"' in page


def test_pages_take_the_same_number_of_queries_however_many_threats(
    universe, client_for, django_assert_max_num_queries, monkeypatch
):
    own = {code: each for code, each in rooms.exceptions().items() if code in {"no-lro", "no-members", "quiet"}}
    monkeypatch.setattr(rooms, "_exceptions", own)
    with acting_as(universe.merseyside_intelligence_manager):
        for number in range(12):
            nominate(
                universe,
                by=MANAGER,
                name=f"Line {number}",
                tier="1",
                leads=services.Leads(lro=universe.merseyside_lro) if number % 2 else None,
            )
    client = client_for(universe.merseyside_intelligence_manager)
    client.get("/threats/")
    for address, most in (
        ("/threats/exceptions/", 20),
        ("/threats/exceptions/any/", 30),
        ("/threats/caseload/", 24),
        ("/threats/hand-overs/", 16),
        ("/threats/closings/", 16),
    ):
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200


def test_who_leads_what_counts_own_and_deputised_threats_that_the_reader_may_see(universe, client_for):
    lro, sio = universe.merseyside_lro, universe.merseyside_sio
    with acting_as(universe.merseyside_intelligence_manager):
        for number, (tier, audience) in enumerate((("1", "REGION"), ("2", "REGION"), ("2", "OWN"))):
            leads = services.Leads(lro=lro, deputy=sio)
            nominate(universe, by=MANAGER, name=f"Line {number}", tier=tier, audience=audience, leads=leads)
        loads = {load.officer: load for load in selectors.loads_of([lro, sio], day=TODAY)}
        assert (loads[lro].by_tier, loads[lro].own, loads[lro].as_deputy) == ({"1": 1, "2": 2}, 3, 0)
        assert (loads[sio].own, loads[sio].as_deputy) == (0, 3)
        assert loads[lro].with_exceptions == 3
    with acting_as(universe.gmp_analyst):
        (load,) = selectors.loads_of([lro], day=TODAY)
        assert load.by_tier == {"1": 1, "2": 1}
    page = text(client_for(universe.gmp_analyst).get("/threats/caseload/"))
    assert "2 officers" in page
    assert f"/threats/?state=open&amp;lro={lro.pk}&amp;tier=2" in page
    assert "not the whole of anybody" in page


@pytest.fixture
def findable(universe, tmp_path):
    """A line with a number, a place, and members with a car, a phone and a home; another with an alias."""
    batch = Batch(tmp_path / "canonical", force="merseyside")
    batch.person("p1", "Alpha Dockside", date(1990, 1, 2), postcode="L4 0TH")
    batch.person("p2", "Bravo Dockside", date(1990, 1, 2), postcode="L5 1AA")
    for key, kind, value, person in (
        ("v1", "VEHICLE", "AB12CDE", "p1"),
        ("t1", "PHONE", "+447700900555", "p1"),
        ("v2", "VEHICLE", "XY12ZZZ", "p2"),
    ):
        batch.thing(key, kind, value)
        batch.link(("PERSON", person), "USES", ("OBJECT", key))
    records = published(universe, batch, keys=["p1", "p2"], now=datetime(2026, 9, 1, tzinfo=UTC))
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        threat = nominate(universe, by=MANAGER, name="Harbour line", aliases=("Quay crew",))
        add(universe, threat, records["p1"])
        add(universe, threat, records["p2"], **EXPLOITED)
        services.add_line(actor=manager, threat=threat, number="07700 900123", from_on=TODAY, reason=WHY, today=TODAY)
        services.add_place(
            actor=manager, threat=threat, name="Quay Street L3 4AA", from_on=TODAY, reason=WHY, today=TODAY
        )
        nominate(universe, by=MANAGER, name="Hidden harbour", audience="OWN")
        nominate(universe, by=MANAGER, name="Moorland plant thefts", aliases=())
    return threat


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{number}", "reference"),
        ("{reference}", "reference"),
        ("harbour line", "name"),
        ("Harbor lien", "name spelt nearly so"),
        ("quay crew", "also known as Quay crew"),
        ("07700 900123", "phone line"),
        ("+44 7700 900555", "a member's phone"),
        ("ab12 cde", "a member's vehicle"),
        ("l3 4aa", "a place of the threat"),
        ("L40TH", "a member's address"),
    ],
)
def test_a_threat_is_found_by_what_an_officer_knows_of_it(universe, findable, said, why):
    asked = said.format(reference=findable.reference, number=int(findable.reference.removeprefix("SOC-")))
    with acting_as(universe.gmp_analyst):
        found = selectors.find_threats(asked, today=TODAY)
    assert (found[0].threat, found[0].why) == (findable, why)


def test_finding_shows_nothing_hidden_and_leads_nobody_to_whom_a_threat_exploits(universe, findable):
    with acting_as(universe.gmp_analyst):
        for said in ("XY12ZZZ", "L5 1AA", "Hidden", "", "\x00", "nothing like it at all"):
            assert selectors.find_threats(said, today=TODAY) == (), said
        assert [each.threat.name for each in selectors.find_threats("harbour", today=TODAY)] == ["Harbour line"]
    with acting_as(universe.merseyside_analyst):
        names = [each.threat.name for each in selectors.find_threats("harbour", today=TODAY)]
        assert sorted(names) == ["Harbour line", "Hidden harbour"]
        assert selectors.find_threats("harbour", today=TODAY, limit=1)[0].threat.name in names


def test_other_rooms_read_members_by_side_and_whether_anybody_is_a_child(universe, picture):
    with acting_as(universe.merseyside_intelligence_manager):
        threat, other = nominate(universe, by=MANAGER), nominate(universe, by=MANAGER, name="Other")
        add(universe, threat, picture["p1"])
        add(universe, threat, picture["p3"], **EXPLOITED)
        (leader, exploited) = selectors.members_sides([threat.pk, other.pk])[threat.pk]
        assert (leader.side, exploited.side) == ("OFFENDER", "PROTECT")
        assert leader.record_id == picture["p1"]
        assert selectors.has_member_under_18(threat, today=TODAY)
        assert not selectors.has_member_under_18(other, today=TODAY)
        assert set(selectors.by_references([threat.reference, "SOC-9999", "\x00"])) == {threat.reference}
    with acting_as(universe.gmp_analyst):
        assert not selectors.has_member_under_18(threat, today=TODAY)
        assert len(selectors.members_sides([threat.pk])[threat.pk]) == 1


def test_moderation_sets_a_tier_without_the_right_to_manage(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        threat = nominate(universe, by=MANAGER)
    with acting_as(universe.nwrocu_rocta_head):
        assert services.set_tier_from_moderation(threat=threat, tier="2", reason="Scored and moderated").tier == "2"
        assert services.set_tier_from_moderation(threat=threat, tier="2", reason="Scored and moderated").tier == "2"
    with acting_as(universe.merseyside_intelligence_manager), pytest.raises(RuleBroken) as refused:
        services.set_tier_from_moderation(threat=threat, tier="3", reason="Scored and moderated")
    assert refused.value.code == "TH55"
