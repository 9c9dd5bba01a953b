"""A threat as a file: threats it has to do with, kinds it was of, and disruptions of it with what they moved."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
import stix2
from django.urls import reverse
from followthemoney import model

from fourfold.disruptions import rules as disruption_rules
from fourfold.disruptions import services as disruptions
from fourfold.disruptions.models import Disruption
from fourfold.plans import rules as plan_rules
from fourfold.plans import selectors as plans
from fourfold.plans import services as plan_services
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors
from fourfold.threats import services as threats
from fourfold.threats.models import Threat
from tests.disruptions.conftest import STOPPED, record
from tests.threats.conftest import nomination

pytestmark = pytest.mark.django_db
WHY = "Named in two reports this month"
HELPED = disruption_rules.Support(agency="gmp", benefit="Lent a search team")
ASKED = {"form": "ftm", "depth": "0", "reason": "For the analysts of Operation Test"}


@dataclass
class Stood:
    """A threat of cyber crime and what stands on it."""

    threat: Threat
    took_in: Threat
    supplier: Threat
    secret: Threat
    moved: Disruption
    young: Disruption
    conditional: Disruption
    withdrawn: Disruption


@pytest.fixture
def stood(universe):
    analyst, manager = universe.merseyside_analyst, universe.merseyside_intelligence_manager
    today = clock.today()
    ago = today - timedelta(days=150)

    def nominate(name, **change):
        audience = change.pop("audience", "REGION")
        said = nomination(**{"name": name, "aliases": (), "themes": ("CYB",), "nominated_on": ago} | change)
        return threats.nominate_threat(
            actor=analyst, nomination=said, owner=analyst.organisation, audience=audience, reason=WHY, today=today
        )

    with acting_as(analyst):
        threat = nominate("Ransom crew", threat_type="VULNERABILITY")
        took_in, supplier = nominate("Ransom seed"), nominate("Access seller")
        secret = nominate("Ghost crew", audience="OWN")
    with acting_as(manager):
        threat = threats.reclassify(actor=manager, threat=threat, threat_type="OCG", reason=WHY)
        threats.merge_threats(actor=manager, threat=took_in, into=threat, reason=WHY, today=today)
        for one in (supplier, secret):
            since = today - timedelta(days=20)
            threats.link_threats(
                actor=manager, one=one, other=threat, kind="SUPPLIER", reason=WHY, today=today, from_on=since
            )
    with acting_as(analyst):
        aims = (plan_rules.AimSaid(text="Take their servers down", measure="Servers up"),)
        content = plan_rules.PlanContent(aims=aims)
        plan_services.write_plan(actor=analyst, threat=threat, content=content, today=today)
        (aim,) = plans.aims_of(threat)
        on = today - timedelta(days=100)
        moved = record(
            universe, threat, category="MODERATE", event_on=on, aims=(aim.pk,), facts={"arrests": 3}, supports=(HELPED,)
        )
        young = record(universe, threat, category="MODERATE", event_on=today - timedelta(days=3))
        conditional = record(universe, threat, event_on=today - timedelta(days=9), handling="C")
        withdrawn = record(universe, threat, event_on=today - timedelta(days=6))
        call = {"actor": analyst, "reason": WHY, "today": today}
        disruptions.withdraw(disruption=withdrawn, **call)
    with acting_as(manager):
        disruptions.validate_many(actor=manager, disruptions=[moved], today=today)
        call = {"actor": manager, "reason": WHY, "today": today}
        disruptions.review_category(disruption=moved, lasted="NO", category="MINOR", **call)
    return Stood(threat, took_in, supplier, secret, moved, young, conditional, withdrawn)


def taken(client, stood, **change) -> str:
    answer = client.post(reverse("network:take_threat", args=[stood.threat.reference]), {**ASKED, **change})
    assert answer.status_code == 200, answer.content.decode()[:3000]
    return b"".join(answer.streaming_content).decode()


def proxies(text):
    return {proxy.id: proxy for proxy in (model.get_proxy(json.loads(line)) for line in text.splitlines())}


def named(found, name):
    return next(proxy for proxy in found.values() if name in proxy.get("name", quiet=True))


def ties(found, threat):
    """What joins a threat to another thing: the words, the thing's name, from when to when."""
    told = set()
    for proxy in found.values():
        ends = [proxy.first(end, quiet=True) for end in ("subject", "object")]
        if threat.id in ends:
            (far,) = (end for end in ends if end != threat.id)
            days = proxy.first("startDate"), proxy.first("endDate")
            told.add((proxy.first("role"), found[far].caption, far == ends[0], *days))
    return told


def test_what_a_threat_has_to_do_with_others_is_in_the_file_with_its_days(stood, universe, reading):
    found = proxies(taken(reading(universe.gmp_analyst), stood))
    threat, today = named(found, "Ransom crew"), clock.today()
    since = (today - timedelta(days=20)).isoformat()
    links = {each for each in ties(found, threat) if each[0] != "Disrupted"}
    assert links == {
        ("Merged into", "Ransom seed", True, today.isoformat(), None),
        ("Supplies", "Access seller", True, since, None),
    }
    assert threat.get("description") == [f"Vulnerability until {shown_date(today)}"]
    with acting_as(universe.gmp_analyst):
        (was,) = selectors.reclassified(stood.threat, until=None)
        assert selectors.reclassified(stood.threat, until=was.at - timedelta(seconds=1)) == ()
    assert threat.first("legalForm") == "Organised crime group"
    assert named(found, "Ransom seed").first("registrationNumber") == stood.took_in.reference
    assert not named(found, "Ransom seed").get("summary"), "free text of a threat that was not asked for"
    owner = taken(reading(universe.merseyside_analyst), stood)
    assert "Ghost crew" in owner
    assert stood.secret.reference in owner


def test_a_disruption_is_in_the_file_with_its_day_and_what_it_moved(stood, universe, reading):
    found = proxies(taken(reading(universe.gmp_analyst), stood))
    made, today = stood.moved, clock.today()
    disruption = named(found, f"{made.reference}, minor")
    assert disruption.schema.name == "Event"
    assert disruption.first("date") == made.event_on.isoformat()
    assert disruption.first("summary") == "Effect: minor"
    assert {"Pursue", "Validated", made.reference} <= set(disruption.get("keywords"))
    said = set(disruption.get("description"))
    assert {
        STOPPED,
        "First recorded as moderate",
        "Moved aim 1: Take their servers down",
        f"Looked at on {shown_date(today)}. Did the effect last? No, it is gone; effect from moderate to minor",
        "Lead: Merseyside Police",
        "Supported by Greater Manchester Police: Lent a search team",
    } <= said
    assert any(each.endswith(": 3") for each in said), "outcome facts"
    day = made.event_on.isoformat()
    told = ties(found, named(found, "Ransom crew"))
    assert ("Disrupted", disruption.caption, True, day, day) in told
    assert any(stood.young.reference in caption for _, caption, *_ in told), "not passed yet, and says so"
    (moved,) = disruption.context["provenance"]["description"]["Moved aim 1: Take their servers down"]
    assert found[moved].context["source"] == {
        "force": "Merseyside Police",
        "system": "Fourfold",
        "record": f"{made.reference} aim 1",
        "handling": "P",
    }
    said_by = disruption.context["provenance"]["description"]
    (helped,) = said_by["Supported by Greater Manchester Police: Lent a search team"]
    assert found[helped].context["source"]["record"] == f"{made.reference} agency gmp"
    assert all(stood.withdrawn.reference not in proxy.caption for proxy in found.values())


def test_to_somebody_else_goes_no_free_text_and_nothing_under_conditions_or_not_passed(stood, universe, reading):
    taker = universe.gmp_analyst
    text = taken(reading(taker), stood, recipient="Crown Prosecution Service")
    assert stood.moved.reference in text
    assert "Moved aim 1" in text
    assert "Supported by Greater Manchester Police" in text
    for kept in (
        "Take their servers down",
        HELPED.benefit,
        STOPPED,
        stood.young.reference,
        stood.conditional.reference,
    ):
        assert kept not in text
    with acting_as(taker):
        noted = Entry.objects.filter(object_type="threats.threat", operation="DISCLOSURE").latest("pk")
    assert noted.details["records_kept_back"] == 2


def test_stix_reads_links_and_disruptions_back(stood, universe, reading):
    bundle = stix2.parse(taken(reading(universe.gmp_analyst), stood, form="stix"), allow_custom=False)
    objects = {each["id"]: each for each in bundle.objects}
    done = next(each for each in objects.values() if each.get("name") == f"{stood.moved.reference}, minor")
    assert done["type"] == "course-of-action"
    assert "Moved aim 1: Take their servers down" in done["description"]
    assert "Supported by Greater Manchester Police: Lent a search team" in done["description"]
    assert "handling code P" in done["external_references"][0]["description"]
    assert done["external_references"][0]["source_name"] == "Merseyside Police, Fourfold"
    told = {
        (each["description"], objects[each["source_ref"]]["name"], objects[each["target_ref"]]["name"])
        for each in objects.values()
        if each["type"] == "relationship"
    }
    assert ("Merged into", "Ransom seed", "Ransom crew") in told
    assert ("Disrupted", f"{stood.moved.reference}, minor", "Ransom crew") in told
    disrupted = next(each for each in objects.values() if each.get("source_ref") == done["id"])
    assert disrupted["start_time"].date() == stood.moved.event_on
    assert {each["type"] for each in objects.values() if each.get("name") in {"Ransom crew", "Ransom seed"}} == {
        "threat-actor"
    }
