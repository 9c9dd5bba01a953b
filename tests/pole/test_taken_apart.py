"""After a taking apart: what was made on a record stays with it, and whoever took it apart is asked."""

from datetime import date

import pytest
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.pole import services
from fourfold.pole.models import PersonRecord, Placement
from fourfold.pole.selectors import identity
from fourfold.threats import selectors as threats
from fourfold.threats import services as threat_services
from fourfold.threats.models import ThreatMember
from tests.pole.canonical import Batch
from tests.threats.conftest import TODAY, membership, nominate

pytestmark = pytest.mark.django_db


@pytest.fixture
def records(publish, tmp_path, as_intake):
    batch = Batch(tmp_path / "b")
    for key in ("1", "2", "3"):
        batch.person(key, f"John {key} Smith", date(1990, 5, 1))
    batch.event("e1", "CRIME", date(2023, 1, 4))
    batch.link(("PERSON", "2"), "SUSPECT", ("EVENT", "e1"))
    groups = [("niche_tri", key, 1) for key in ("1", "2", "3")]
    edges = [("niche_tri", "1", "niche_tri", key, 9.0, "LINKED") for key in ("2", "3")]
    publish(batch, clusters=groups, edges=edges)
    with as_intake():
        return {r.source_key: r.pk for r in PersonRecord.objects.all()}


@pytest.fixture
def member(universe, records):
    """Somebody put the person into a threat, by the second record, while the three were one."""
    actor = universe.merseyside_analyst
    with acting_as(actor):
        return threat_services.add_member(
            actor=actor,
            threat=nominate(universe),
            record=pole.person_record(records["2"]),
            membership=membership(),
            reason="Named in two debriefs",
            today=TODAY,
        )


def apart(actor, records, *keys):
    with acting_as(actor):
        return services.take_apart(
            actor=actor,
            person=pole.person_record(records["1"]).person_id,
            records=[records[key] for key in keys],
            why="Father and son",
            now=clock.now(),
        )


def asked(actor, act):
    with acting_as(actor):
        return services.ambiguous(actor=actor, act=act)


def test_links_and_memberships_stay_with_their_record_and_the_person_is_asked(universe, records, member):
    actor = universe.merseyside_analyst
    act = apart(actor, records, "2")
    with acting_as(actor):
        assert ThreatMember.objects.get().record_id == records["2"]
        (joined,) = pole.links_from("PERSON", [records["2"]])
        assert joined.link.type == "SUSPECT"
        assert threats.threats_of_records(records.values()) == {records["2"]: 1}
    (question,) = asked(actor, act)
    assert (question.room, question.made.key, question.made.record_id) == ("threats", member.pk, records["2"])
    assert set(question.records) == {records["1"], records["3"]}


def test_confirming_where_it_is_ends_the_question(universe, records, member):
    actor = universe.merseyside_analyst
    act = apart(actor, records, "2")
    with acting_as(actor):
        services.place(
            actor=actor, act=act, room="threats", key=member.pk, record=records["2"], why="", now=clock.now()
        )
        assert ThreatMember.objects.get().record_id == records["2"]
        assert Placement.objects.get().record_id == records["2"]
    assert asked(actor, act) == []


def test_what_belongs_to_the_other_record_moves_with_a_reason_and_its_past_is_kept(universe, records, member):
    actor = universe.merseyside_analyst
    act = apart(actor, records, "2")
    with acting_as(actor):
        services.place(
            actor=actor,
            act=act,
            room="threats",
            key=member.pk,
            record=records["1"],
            why="The debriefs meant the father",
            now=clock.now(),
        )
        moved = ThreatMember.objects.get()
    assert (moved.record_id, moved.because, moved.role) == (records["1"], "The debriefs meant the father", "LEADER")
    assert asked(actor, act) == []


def test_nothing_is_asked_of_what_was_made_before_or_after_or_is_not_the_readers(universe, records, member):
    actor = universe.merseyside_analyst
    first = apart(actor, records, "3")
    assert {question.records for question in asked(actor, first)} == {(records["3"],)}
    with acting_as(actor):
        services.place(
            actor=actor, act=first, room="threats", key=member.pk, record=records["2"], why="", now=clock.now()
        )
        with pytest.raises(NotThere):
            services.place(
                actor=actor, act=first, room="threats", key=member.pk, record=records["2"], why="", now=clock.now()
            )
        with pytest.raises(NotThere):
            services.place(
                actor=actor, act=first, room="threats", key=10**9, record=records["2"], why="", now=clock.now()
            )


def test_the_page_asks_one_question_after_another(reading, universe, records, member):
    actor = universe.merseyside_analyst
    act = apart(actor, records, "2")
    client = reading(actor)
    address = reverse("pole:taken_apart", args=[act])
    page = client.get(address).content.decode()
    assert "1 thing was said of the person while the records were together" in page
    assert "Harbour line" in page
    assert "Father and son" in page
    wrong = client.post(address, {"room": "threats", "key": member.pk})
    assert wrong.status_code == 422
    assert "Select where it belongs" in wrong.content.decode()
    done = client.post(address, {"room": "threats", "key": member.pk, "record": records["3"], "why": "Meant the son"})
    assert done.status_code == 302
    assert "Nothing that was said of the person" in client.get(address).content.decode()
    with acting_as(actor):
        assert ThreatMember.objects.get().record_id == records["3"]


def test_a_pair_in_a_threat_says_so_and_is_worth_more(universe, records, member):
    with acting_as(universe.merseyside_analyst):
        assert identity.threats_of(list(records.values())) == {records["2"]: 1}
