"""People are taken apart: a disruption recorded from what happened to one of them is asked about."""

from datetime import timedelta
from uuid import uuid4

import pytest

from fourfold.disruptions import finding, selectors, services
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.pole import services as identity
from fourfold.pole.models import Placement
from fourfold.pole.services import publish_batch
from fourfold.threats import rules as threat_rules
from fourfold.threats import services as threats
from tests.disruptions.conftest import WHY, nominate, said
from tests.pole.canonical import Batch, clusters, edges

pytestmark = pytest.mark.django_db
AGO = timedelta(days=10)


@pytest.fixture
def recorded(universe, tmp_path):
    """A father in a threat and a son in custody, held to be one person, and the disruption that was made of it."""
    today, actor = clock.today(), universe.merseyside_analyst
    batch = Batch(tmp_path / "canonical", force="merseyside")
    batch.person("father", "Alpha Dockside", today.replace(year=1970, day=1))
    batch.person("son", "Alpha Dockside", today.replace(year=1990, day=1))
    batch.event("custody", "CUSTODY", today - AGO)
    batch.link(("PERSON", "son"), "ARRESTED", ("EVENT", "custody"))
    with acting_as(universe.service("intake")):
        publish_batch(
            batch_id=1,
            source_code="niche_tri",
            canonical_dir=batch.written(),
            clusters=clusters(tmp_path / "c.parquet", [("niche_tri", key, 1) for key in ("father", "son")]),
            edges=edges(tmp_path / "e.parquet", [("niche_tri", "father", "niche_tri", "son", 9.0, "LINKED")]),
            run="r-test",
            now=clock.now(),
        )
        records = pole.record_ids(source="niche_tri", keys=["father", "son"])
    with acting_as(actor):
        threat = nominate(universe)
        threats.add_member(
            actor=actor,
            threat=threat,
            record=pole.person_record(records["father"]),
            membership=threat_rules.Membership(
                from_on=today - timedelta(days=60),
                grade="2B",
                assertion="ASSESSMENT",
                role="LEADER",
                category="SUSPECT",
            ),
            reason=WHY,
            today=today,
        )
    with acting_as(universe.service("disruptions")):
        finding.find_missing(today=today)
    with acting_as(actor):
        (lead,) = selectors.open_leads(today=today)
        key = uuid4()
        services.begin_from_lead(actor=actor, lead=lead, key=key, said={}, now=clock.now())
        made = services.send_draft(
            actor=actor, key=key, said=said(threat, event_on=today - AGO), today=today, now=clock.now()
        )
    return records, lead, made


def take_apart(universe, records):
    actor = universe.merseyside_analyst
    with acting_as(actor):
        return identity.take_apart(
            actor=actor,
            person=pole.person_record(records["son"]).person_id,
            records=[records["son"]],
            why="Father and son",
            now=clock.now(),
        )


def asked(actor, act):
    with acting_as(actor):
        return {each.room: each for each in identity.ambiguous(actor=actor, act=act)}


def test_the_person_is_asked_and_what_they_answer_is_kept(universe, recorded):
    records, lead, made = recorded
    actor = universe.merseyside_analyst
    act = take_apart(universe, records)
    question = asked(actor, act)["disruptions"]
    assert (question.made.key, question.made.record_id) == (lead.pk, records["son"])
    assert question.records == (records["father"],)
    assert made.reference in question.made.title
    assert question.made.may_move
    with acting_as(actor):
        identity.place(
            actor=actor,
            act=act,
            room="disruptions",
            key=lead.pk,
            record=records["father"],
            why="The custody record meant the father",
            now=clock.now(),
        )
        assert Placement.objects.get().record_id == records["father"]
        assert selectors.lead(lead.pk).record_id == records["son"], "the happening stands where its source says"
        assert selectors.disruption(made.reference).recorded_from == made.recorded_from
        kept = Entry.objects.filter(object_type="disruptions.disruption").latest("pk")
    assert kept.details["change"] == "said to be of another record"
    assert (kept.details["was"], kept.details["to"]) == (records["son"], records["father"])
    assert "disruptions" not in asked(actor, act)


def test_another_force_may_see_the_question_and_not_move_it(universe, recorded):
    records, lead, _ = recorded
    act = take_apart(universe, records)
    other = universe.gmp_analyst
    question = asked(other, act).get("disruptions")
    assert question is None or not question.made.may_move
    with acting_as(other), pytest.raises((RuleBroken, NotThere)):
        services.doubt_lead(
            actor=other,
            lead=selectors.lead(lead.pk),
            record=pole.person_record(records["father"]),
            reason="The custody record meant the father",
        )


def test_a_withdrawn_disruption_is_not_asked_about(universe, recorded):
    records, _, made = recorded
    actor = universe.merseyside_analyst
    with acting_as(actor):
        services.withdraw(
            actor=actor, disruption=made, reason="It did not happen as was said", today=clock.today(), seen=None
        )
    assert "disruptions" not in asked(actor, take_apart(universe, records))
