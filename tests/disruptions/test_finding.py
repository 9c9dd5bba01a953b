"""The finder: what it proposes from the picture, to whom it shows, what becomes of it, and what it never reads."""

from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fourfold.disruptions import finding, selectors, services
from fourfold.disruptions.rules import LeadState
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for
from fourfold.pole import selectors as pole
from fourfold.pole.models import EventRecord
from fourfold.threats import rules as threat_rules
from fourfold.threats import services as threats
from fourfold.threats.models import ThreatMember
from tests.disruptions.conftest import WHY, nominate, record, said
from tests.pole.canonical import Batch, published

pytestmark = pytest.mark.django_db
AGO = timedelta(days=10)
EXPLOITED = {"role": "EXPLOITED", "category": "VICTIM"}
OFFENDER = {"role": "LEADER", "category": "SUSPECT"}


@pytest.fixture
def picture(universe, tmp_path):
    """A leader who was in custody; an exploited child, known to one force only, who was missing and was found."""
    today = clock.today()
    on = today - AGO
    batch = Batch(tmp_path / "canonical", force="merseyside")
    batch.person("p1", "Alpha Dockside", today.replace(year=1990))
    batch.person("p3", "Charlie Dockside", today.replace(year=2011), audience="OWN")
    batch.event("custody", "CUSTODY", on)
    batch.event("missing", "MISSING", on)
    batch.rows["event"][-1]["happened_to"] = datetime.combine(on, time(20, 0))
    batch.event("old", "CUSTODY", today - timedelta(days=400))
    batch.link(("PERSON", "p1"), "ARRESTED", ("EVENT", "custody"))
    batch.link(("PERSON", "p1"), "ARRESTED", ("EVENT", "old"))
    batch.link(("PERSON", "p3"), "MISSING_PERSON", ("EVENT", "missing"), audience="OWN")
    keys = published(universe, batch, keys=["p1", "p3"], now=clock.now())
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        for key, role in (("p1", OFFENDER), ("p3", EXPLOITED)):
            threats.add_member(
                actor=universe.merseyside_analyst,
                threat=threat,
                record=pole.person_record(keys[key]),
                membership=threat_rules.Membership(
                    from_on=today - timedelta(days=60), grade="2B", assertion="ASSESSMENT", **role
                ),
                reason=WHY,
                today=today,
            )
    return threat


def look(universe):
    with acting_as(universe.service("disruptions")):
        return finding.find_missing(today=clock.today())


def kinds(universe, by):
    with acting_as(universe.__getattr__(by)):
        return sorted(selectors.open_leads(today=clock.today()).values_list("kind", flat=True))


def test_it_proposes_from_custody_and_missing_episodes_and_says_why(universe, picture):
    looked = look(universe)
    assert looked.proposed == 2
    with acting_as(universe.merseyside_analyst):
        found = {each.kind: each for each in selectors.open_leads(today=clock.today())}
        assert {kind: each.primary_p for kind, each in found.items()} == {"ARRESTED": "PURSUE", "FOUND_SAFE": "PROTECT"}
        safe = found["FOUND_SAFE"]
        assert (safe.threat, safe.happened_on) == (picture, clock.today() - AGO)
        assert safe.found["link"] == "MISSING_PERSON"
        assert "was missing and was found" in safe.why
        assert safe.expires_on == safe.happened_on + timedelta(days=120)


def test_it_proposes_nothing_from_restricted_rows_to_those_who_may_not_see_them(universe, picture):
    look(universe)
    assert kinds(universe, "merseyside_analyst") == ["ARRESTED", "FOUND_SAFE"]
    assert kinds(universe, "gmp_analyst") == ["ARRESTED"]
    with acting_as(universe.gmp_analyst):
        assert {each.kind for each in selectors.precision_by_kind(today=clock.today())} == {"ARRESTED"}


def test_it_proposes_nothing_to_those_who_may_not_see_that_somebody_is_in_the_threat(universe, picture):
    with acting_as(universe.merseyside_analyst):
        own = label_for(owner=universe.merseyside_analyst.organisation, audience="OWN")
        assert ThreatMember.objects.filter(threat=picture, role="LEADER").update(label=own) == 1
    look(universe)
    assert kinds(universe, "merseyside_analyst") == ["ARRESTED", "FOUND_SAFE"]
    assert kinds(universe, "gmp_analyst") == []


def test_a_proposal_whose_event_was_restricted_since_is_counted_nowhere(universe, picture):
    look(universe)
    manager = universe.gmp_analyst
    with acting_as(manager):
        before = selectors.open_leads(today=clock.today())
        assert (before.count(), len(before)) == (1, 1)
    with acting_as(universe.service("intake")):
        own = label_for(owner=picture.owner, audience="OWN")
        restricted = EventRecord.objects.filter(kind="CUSTODY", happened_on=clock.today() - AGO)
        assert restricted.update(label=own) == 1
    with acting_as(manager):
        after = selectors.open_leads(today=clock.today())
        assert (after.count(), len(after)) == (0, 0)
        assert selectors.precision_by_kind(today=clock.today()) == ()
        assert selectors.owners_of_leads() == ()
    with acting_as(universe.merseyside_analyst):
        assert selectors.open_leads(today=clock.today()).count() == 2


def test_a_hand_over_passes_a_proposal_that_the_new_readers_have_already(universe, picture):
    look(universe)
    old = picture.label
    with acting_as(universe.nwrocu_rocu_lead):
        new = label_for(owner=universe.organisation("gmp"), audience="REGION")
    with acting_as(universe.service("disruptions")):
        (first,) = selectors.DisruptionLead.objects.filter(kind="ARRESTED", label=old)
        stamps = {"id", "label", "recorded_from", "recorded_by", "recorded_in"}
        said = [each.attname for each in first._meta.concrete_fields if each.name not in stamps]
        twin = selectors.DisruptionLead.objects.create(label=new, **{name: getattr(first, name) for name in said})
    lead = universe.nwrocu_rocu_lead
    with acting_as(lead):
        given = threats.hand_over(
            actor=lead, threat=picture, leads=threats.Leads(), owner=universe.organisation("gmp"), reason=WHY
        )
        assert given.label == new
        kept = selectors.DisruptionLead.objects.filter(kind="ARRESTED")
        assert {each.pk: (each.label, each.state) for each in kept} == {
            first.pk: (old, LeadState.EXPIRED),
            twin.pk: (new, LeadState.OPEN),
        }


def test_an_event_whose_day_is_corrected_is_not_proposed_again(universe, picture):
    assert look(universe).proposed == 2
    with acting_as(universe.service("intake")):
        moved = EventRecord.objects.filter(kind="CUSTODY", happened_on=clock.today() - AGO)
        assert moved.update(happened_on=clock.today() - AGO - timedelta(days=1)) == 1
    assert look(universe).proposed == 0


def test_it_proposes_once_and_not_what_is_recorded(universe, picture):
    assert look(universe).proposed == 2
    assert look(universe).proposed == 0
    with acting_as(universe.merseyside_analyst):
        other = nominate(universe, name="Quay house")
        assert other.pk
    with acting_as(universe.service("disruptions")):
        selectors.DisruptionLead.objects.all().update(state=LeadState.EXPIRED, kind="ENDED")
    with acting_as(universe.merseyside_analyst):
        record(universe, picture, event_on=clock.today() - AGO)
    assert look(universe).proposed == 1
    assert kinds(universe, "merseyside_analyst") == ["FOUND_SAFE"]


def test_a_record_that_not_all_may_see_keeps_no_proposal_from_them(universe, picture):
    with acting_as(universe.merseyside_analyst):
        made = record(universe, picture, event_on=clock.today() - AGO)
        own = label_for(owner=universe.merseyside_analyst.organisation, audience="OWN")
        selectors.Disruption.objects.filter(pk=made.pk).update(label=own)
    look(universe)
    assert kinds(universe, "gmp_analyst") == ["ARRESTED"]


def test_what_nobody_decides_expires(universe, picture):
    look(universe)
    later = clock.today() + timedelta(days=200)
    with acting_as(universe.service("disruptions")):
        assert finding.find_missing(today=later).expired == 2
    with acting_as(universe.merseyside_analyst):
        assert {each.state for each in selectors.leads()} == {LeadState.EXPIRED}


def test_a_person_declines_with_a_reason_or_records_it_and_the_share_of_right_ones_shows(universe, picture, client_for):
    look(universe)
    client = client_for(universe.merseyside_analyst)
    client.post(reverse("audit:reason"), {"code": "SOC_THREAT", "text": "Looking", "operation_reference": ""})
    with acting_as(universe.merseyside_analyst):
        found = {each.kind: each for each in selectors.open_leads(today=clock.today())}
    arrested, safe = (reverse("disruptions:lead", args=[found[kind].pk]) for kind in ("ARRESTED", "FOUND_SAFE"))
    page = client.get(arrested).content.decode()
    assert "Alpha Dockside" not in page
    assert client.post(arrested, {"reason": "no"}).status_code == 422
    assert client.post(arrested, {"reason": "Recorded already on paper"}).status_code == 302
    form = client.post(safe, {"act": "accept"})
    assert "Missing person found" in client.get(form.headers["Location"]).content.decode()
    with acting_as(universe.merseyside_analyst):
        (draft,) = selectors.drafts_of(universe.merseyside_analyst.pk)
        asked = said(picture, event_on=clock.today() - AGO, primary_p="PROTECT")
        made = services.send_draft(
            actor=universe.merseyside_analyst, key=draft.key, said=asked, today=clock.today(), now=clock.now()
        )
        assert selectors.lead(found["FOUND_SAFE"].pk).disruption == made
        shares = {
            each.kind: (each.accepted, each.declined, each.share)
            for each in selectors.precision_by_kind(today=clock.today())
        }
        assert shares == {"ARRESTED": (0, 1, 0.0), "FOUND_SAFE": (1, 0, 1.0)}
    precision = client.get(reverse("disruptions:precision")).content.decode()
    assert "100%" in precision
    assert client_for(universe.gmp_analyst).get(safe).status_code in {302, 404}


def test_who_somebody_is_is_never_read(universe, picture):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        look(universe)
    everything = " ".join(query["sql"].lower() for query in asked)
    for word in ("ethnicity", "nationality", "deprivation", "birth_on", "full_name", '"raw"', "address_line", "sex"):
        assert word not in everything, word


def test_a_publication_asks_the_finder_to_look_once(universe, picture):
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where task_name = %s", [finding.JOB])
        assert cursor.fetchone() == (1,)
        finding.ask_to_find()
        cursor.execute("select count(*) from procrastinate_jobs where task_name = %s", [finding.JOB])
        assert cursor.fetchone() == (1,)
