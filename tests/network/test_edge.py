"""People at the edge of a group: who is proposed and who never, to whom it is shown, who decides, what is kept."""

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from fourfold.network import rules, selectors, services
from fourfold.network.models import EdgeLead
from fourfold.network.rules import AtEdge, Outcome
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for
from tests.network.conftest import batch_of, publish

RULE = rules.EdgeRule(
    version="EDGE-1",
    hops=2,
    links=2,
    assessments=frozenset("ABC"),
    offences=2,
    months=24,
    age_at_most=25,
    signs={"MISSING_PERSON": "Reported missing"},
    days=28,
)
PROPOSED = AtEdge(hops=1, links=2, offences=0, age=19, signs=(), in_threat=False)
WHY = "Two ties that could be chance, and a school that is worried"


@pytest.mark.parametrize(
    ("change", "is_proposed"),
    [
        ({}, True),
        ({"hops": 2}, True),
        ({"hops": 3}, False),
        ({"links": 1}, False),
        ({"offences": 2}, True),
        ({"offences": 3}, False),
        ({"age": 25}, True),
        ({"age": 26}, False),
        ({"age": None}, False),
        ({"age": 40, "signs": ("MISSING_PERSON",)}, True),
        ({"in_threat": True}, False),
    ],
)
def test_the_rule_at_its_edges(change, is_proposed):
    assert rules.is_at_edge(replace(PROPOSED, **change), RULE) is is_proposed


@pytest.mark.parametrize(
    ("assertion", "grade", "counts"),
    [
        ("fact", "", True),
        ("assessment", "", False),
        ("assessment", "2C", True),
        ("assessment", "2D", False),
        ("fact", "3E", False),
    ],
)
def test_a_link_counts_by_how_it_is_known(assertion, grade, counts):
    assert rules.counts_as_tie(assertion, grade, RULE) is counts


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_more_offending_or_fewer_ties_never_bring_anybody_in(hops, links, offences):
    person = AtEdge(hops=hops, links=links, offences=offences, age=19, signs=(), in_threat=False)
    if not rules.is_at_edge(person, RULE):
        assert not rules.is_at_edge(replace(person, offences=offences + 1), RULE)
        if links:
            assert not rules.is_at_edge(replace(person, links=links - 1), RULE)


@pytest.mark.parametrize("decision", ["", "OPEN", "EXPIRED", "ARREST"])
def test_only_a_decision_is_a_decision(decision):
    class Lead:
        capabilities = frozenset({rules.DECIDE})

    with pytest.raises(RuleBroken, match="Choose what is to happen"):
        rules.check_decision(Lead(), outcome=Outcome.OPEN, decision=decision, reason=WHY)


def look(world, actor):
    """What came of a look, and every lead by the key of its person."""
    key_of = {pk: key for key, pk in world.people.items()}
    with acting_as(actor):
        looked = services.look_for_people(actor=actor, threat=world.threat, today=clock.today())
        leads = selectors.leads_of(world.threat, today=clock.today()).select_related("record", "label")
        return looked, {key_of[lead.record.person_id]: lead for lead in leads}


@pytest.mark.django_db
def test_somebody_at_the_edge_is_proposed_with_what_was_looked_at(world, safeguarding):
    actor = safeguarding("gmp")
    looked, leads = look(world, actor)
    assert leads.keys() == {"edge"}, "nobody of the group, nobody it exploits, nobody older without a sign of need"
    lead = leads["edge"]
    assert lead.found["hops"] == 1
    assert lead.found["links"] == 2
    assert lead.found["age"] in {18, 19}
    assert {tie["type"] for tie in lead.found["ties"]} == {"STOPPED", "USES"}
    assert {tie["with"] for tie in lead.found["ties"]} == {world.reference("alpha"), world.reference("bravo")}
    assert lead.expires_on == clock.today() + timedelta(days=28)
    assert looked.proposed == 1
    again, _ = look(world, actor)
    assert again.proposed == 0


@pytest.mark.django_db
def test_a_lead_rests_on_what_its_readers_may_see(world, safeguarding):
    """Merseyside knows where he lives, and of a second person: what it proposes by that is its own."""
    _, theirs = look(world, safeguarding("gmp"))
    assert theirs["edge"].label.audience == "REGION"
    assert {tie["type"] for tie in theirs["edge"].found["ties"]} == {"STOPPED", "USES"}
    looked, mine = look(world, safeguarding("merseyside"))
    assert looked.proposed == 1, "what another force proposed to the region is not proposed again"
    assert mine.keys() == {"edge", "ghost"}
    assert mine["ghost"].label.audience == "OWN"
    with acting_as(safeguarding("cheshire")):
        assert [lead.pk for lead in EdgeLead.objects.all()] == [theirs["edge"].pk]


@pytest.mark.django_db
def test_the_narrowest_of_what_it_rests_on_is_its_label(world, safeguarding):
    _, mine = look(world, safeguarding("merseyside"))
    assert {tie["type"] for tie in mine["edge"].found["ties"]} == {"STOPPED", "USES", "LIVES_AT"}
    assert mine["edge"].label.audience == "OWN"


@pytest.mark.django_db
def test_ethnicity_and_where_somebody_lives_change_nothing(world, universe, safeguarding, tmp_path):
    actor = safeguarding("gmp")
    _, leads = look(world, actor)
    batch = batch_of(tmp_path / "other")
    for row in batch.rows["person"]:
        row |= {"ethnicity_code": "B1", "postcode": "M9 8AA", "address_line": "1 Elsewhere"}
    publish(universe, batch, number=2)
    with acting_as(actor):
        EdgeLead.objects.update(state=Outcome.EXPIRED)
    looked, again = look(world, actor)
    assert looked.proposed == 1
    assert again["edge"].found == leads["edge"].found
    assert set(again["edge"].found) == {"hops", "links", "offences", "age", "signs", "ties"}


@pytest.mark.django_db
def test_a_lead_is_shown_to_a_safeguarding_lead_first(world, universe, reading, safeguarding):
    actor = safeguarding("gmp")
    address = reverse("network:edge", args=[world.threat.reference])
    client = reading(actor)
    assert client.post(address).status_code == 302
    with acting_as(actor):
        (lead,) = EdgeLead.objects.all()
    page = unescape(client.get(address).content.decode())
    assert "Edge Harbour" in page
    assert "Look and decide" in page
    for other in (universe.gmp_analyst, universe.gmp_lro, universe.merseyside_intelligence_manager):
        theirs = reading(other)
        assert "Edge Harbour" not in unescape(theirs.get(address).content.decode())
        assert theirs.get(reverse("network:lead", args=[lead.pk])).status_code == 404
        assert theirs.post(address).status_code == 404
    opened = client.get(reverse("network:lead", args=[lead.pk]))
    text = unescape(opened.content.decode())
    assert "+447700900123" in text
    assert "Never looked at" in text


@pytest.mark.django_db
def test_a_named_person_decides_with_a_reason_and_nothing_else_changes(world, universe, reading, safeguarding):
    actor = safeguarding("gmp")
    _, leads = look(world, actor)
    lead = leads["edge"]
    client, address = reading(actor), reverse("network:lead", args=[lead.pk])
    short = client.post(address, {"decision": "OFFER_HELP", "reason": "Because"})
    assert short.status_code == 422
    assert "Say in at least 4 words" in unescape(short.content.decode())
    assert client.post(address, {"reason": WHY}).status_code == 422
    assert client.post(address, {"decision": "OFFER_HELP", "reason": WHY}).status_code == 302
    with acting_as(actor):
        found = selectors.lead(lead.pk)
        entry = Entry.objects.filter(object_type="network.edgelead", operation="ALTERATION").latest("pk")
        members = selectors.members_of(world.threat)
    assert (found.state, found.decided_by, found.reason) == ("OFFER_HELP", actor, WHY)
    assert entry.details["decision"] == "OFFER_HELP"
    assert world.people["edge"] not in members
    assert client.post(address, {"decision": "NOT_NOW", "reason": WHY}).status_code == 404
    told = unescape(
        reading(universe.merseyside_lro).get(reverse("network:edge", args=[world.threat.reference])).content.decode()
    )
    assert "Edge Harbour" in told, "those who lead the threat are told what is to be offered"
    assert WHY in told


@pytest.mark.django_db
def test_a_lead_expires_and_is_then_nobodys_to_decide(world, universe, safeguarding, tmp_path):
    actor = safeguarding("gmp")
    _, leads = look(world, actor)
    lead = leads["edge"]
    later = lead.expires_on + timedelta(days=1)
    with acting_as(actor):
        assert not selectors.leads_of(world.threat, today=later)
        with pytest.raises(RuleBroken, match="has expired"):
            services.decide(actor=actor, lead=lead, decision="NOT_NOW", reason=WHY, today=later)
    publish(universe, batch_of(tmp_path / "again"), number=2)
    with acting_as(actor):
        looked = services.look_for_people(actor=actor, threat=world.threat, today=later)
    assert (looked.expired, looked.proposed) == (1, 1)


@pytest.mark.django_db
def test_nobody_else_looks_or_decides(world, universe, safeguarding):
    _, leads = look(world, safeguarding("gmp"))
    analyst = universe.gmp_analyst
    with acting_as(analyst):
        with pytest.raises(RuleBroken, match="Only a safeguarding lead"):
            services.look_for_people(actor=analyst, threat=world.threat, today=clock.today())
        with pytest.raises(RuleBroken, match="Only a safeguarding lead"):
            services.decide(actor=analyst, lead=leads["edge"], decision="NOT_NOW", reason=WHY, today=clock.today())


@pytest.mark.django_db
def test_what_waits_is_on_a_safeguarding_leads_first_page_without_a_name(world, universe, client_for, safeguarding):
    actor = safeguarding("gmp")
    _, leads = look(world, actor)
    page = unescape(client_for(actor).get("/").content.decode())
    assert "Decide about somebody at the edge of Harbour line" in page
    assert reverse("network:lead", args=[leads["edge"].pk]) in page
    assert "Edge Harbour" not in page
    assert "at the edge of" not in unescape(client_for(universe.gmp_analyst).get("/").content.decode())


@pytest.mark.django_db
def test_leads_follow_the_readers_of_their_threat(world, universe, safeguarding):
    """A threat that is kept to its owner takes its leads with it, where who restricts it may write them."""
    _, leads = look(world, safeguarding("gmp"))
    with acting_as(universe.gmp_analyst):
        assert selectors.leads_of(world.threat, today=clock.today()).count() == 1
    manager = universe.gmp_intelligence_manager
    with acting_as(manager):
        own = label_for(owner=manager.organisation, audience="OWN")
        services.relabel(world.threat, world.threat.label, own, "Kept to the force that works it")
    with acting_as(universe.gmp_analyst):
        assert selectors.lead(leads["edge"].pk).label_id == own.pk
    with acting_as(universe.merseyside_analyst):
        assert not selectors.leads_of(world.threat, today=clock.today())
