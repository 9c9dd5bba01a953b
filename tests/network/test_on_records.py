"""People are taken apart: who was to be helped at the edge of a group is asked, of those who may know of it."""

import pytest

from fourfold.network import on_records, selectors, services
from fourfold.network.models import EdgeLead
from fourfold.network.rules import Outcome
from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for
from fourfold.pole import selectors as pole

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided(world, safeguarding):
    """Builds a decision about the boy at the edge, and gives who decided."""

    def decide(outcome: Outcome):
        actor, today = safeguarding("merseyside"), clock.today()
        with acting_as(actor):
            services.look_for_people(actor=actor, threat=world.threat, today=today)
            lead = EdgeLead.objects.get(record_id=world.records["edge"])
            services.decide(
                actor=actor, lead=lead, decision=outcome.value, reason="He asked for help last week", today=today
            )
        return actor, lead

    return decide


def found(user, record):
    with acting_as(user):
        return on_records.found(user, [record])


def test_help_that_is_to_be_offered_is_asked_about_and_moved_by_a_safeguarding_lead_only(world, universe, decided):
    actor, lead = decided(Outcome.OFFER_HELP)
    (mine,) = found(actor, world.records["edge"])
    assert (mine.key, mine.may_move) == (lead.pk, True)
    assert mine.title.endswith("help is to be offered")
    (theirs,) = found(universe.merseyside_analyst, world.records["edge"])
    assert not theirs.may_move
    with acting_as(universe.merseyside_analyst), pytest.raises(RuleBroken, match="Only a safeguarding lead"):
        on_records.move(universe.merseyside_analyst, lead.pk, world.records["far"], "It was his brother")
    with acting_as(actor):
        on_records.move(actor, lead.pk, world.records["far"], "It was his brother")
        assert selectors.lead(lead.pk).record_id == pole.person_record(world.records["far"]).pk
    assert found(actor, world.records["edge"]) == []


def test_what_was_decided_against_is_told_to_nobody_else(world, universe, decided):
    actor, _ = decided(Outcome.NOT_RIGHT)
    assert len(found(actor, world.records["edge"])) == 1
    assert found(universe.merseyside_analyst, world.records["edge"]) == []


def test_moved_to_a_record_that_fewer_may_see_it_is_for_those_alone(world, universe, decided):
    actor, lead = decided(Outcome.OFFER_HELP)
    with acting_as(actor):
        assert EdgeLead.objects.filter(pk=lead.pk).update(label=label_for(owner=actor.organisation)) == 1
    with acting_as(universe.gmp_analyst):
        assert selectors.lead(lead.pk).state == Outcome.OFFER_HELP
    with acting_as(actor):
        on_records.move(actor, lead.pk, world.records["ghost"], "It was somebody else who asked")
        assert selectors.lead(lead.pk).record_id == world.records["ghost"]
    with acting_as(universe.gmp_analyst):
        assert not selectors.decided_on(world.records.values()).filter(pk=lead.pk).exists()
        with pytest.raises(NotThere):
            selectors.lead(lead.pk)
