"""A person, a threat or a network as a file: read back by the libraries of its format; nobody hidden is in it."""

import json
import re
from datetime import date, timedelta
from itertools import chain

import pytest
import stix2
from django.urls import reverse
from followthemoney import model

from fourfold.network import leaving
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.people.models import Organisation
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for
from fourfold.pole.models import PersonRecord
from fourfold.pole.rules import reference_of
from fourfold.threats.models import ThreatMember
from tests.network.conftest import batch_of, make_threat, people_of, publish
from tests.pole.canonical import Batch

pytestmark = pytest.mark.django_db
ASKED = {"form": "ftm", "depth": "1", "reason": "For the analysts of Operation Test"}


def person_address(world, key):
    return reverse("network:take_person", args=[world.reference(key)])


def threat_address(world):
    return reverse("network:take_threat", args=[world.threat.reference])


def text_of(answer) -> str:
    return answer.content.decode()


def content(answer) -> str:
    assert answer.status_code == 200, answer.content.decode()[:3000]
    assert answer["Content-Disposition"].startswith('attachment; filename="OFFICIAL-SENSITIVE ')
    return b"".join(answer.streaming_content).decode()


def values_of(properties) -> dict[str, list[str]]:
    """Without telephones: those kept for fiction, which the tests use, are no telephones to the library."""
    return {name: sorted(values) for name, values in properties.items() if name != "phone"}


def proxies(text: str):
    """Every line as followthemoney reads it. Cleaned by its rules it keeps every value."""
    found = {}
    for line in text.splitlines():
        said = json.loads(line)
        cleaned = model.get_proxy(said, cleaned=False)
        assert values_of(cleaned.to_dict()["properties"]) == values_of(said["properties"])
        proxy = model.get_proxy(said)
        proxy.schema.validate(cleaned.to_dict())
        found[proxy.id] = proxy
    return found


def of_schema(found, schema):
    return [proxy for proxy in found.values() if proxy.schema.name == schema]


def captions(found, schema):
    return {proxy.caption for proxy in of_schema(found, schema)}


def test_followthemoney_reads_a_threat_back_with_its_people_and_what_joins_them(world, universe, reading):
    answer = reading(universe.gmp_analyst).post(threat_address(world), {**ASKED, "with_protected": "on"})
    found = proxies(content(answer))
    assert captions(found, "Organization") == {world.threat.name}
    members = {(found[m.first("member")].caption, m.first("organization")) for m in of_schema(found, "Membership")}
    threat = of_schema(found, "Organization")[0]
    assert members == {(name, threat.id) for name in ("Alpha Dockside", "Bravo Dockside", "Charlie Dockside")}
    joined = {
        found[u.first("subject")].caption for u in of_schema(found, "UnknownLink") if u.first("object") == threat.id
    }
    assert joined == {"Quay Harbour"}, "whom a group exploits is no member of it"
    assert threat.first("registrationNumber") == world.threat.reference
    assert captions(found, "Vehicle") == {"AB12CDE"}
    tied = {
        frozenset((found[a.first("person")].caption, found[a.first("associate")].caption))
        for a in of_schema(found, "Associate")
    }
    assert frozenset(("Bravo Dockside", "Charlie Dockside")) in tied
    bravo = next(p for p in of_schema(found, "Person") if p.caption == "Bravo Dockside")
    assert bravo.get("phone") == ["+447700900123"]
    dated = [u for u in of_schema(found, "UnknownLink") if u.get("startDate") and u.get("endDate")]
    assert dated, "a link has its days"
    ids = found.keys()
    ends = chain.from_iterable(
        proxy.get(prop) for proxy in found.values() for prop in proxy.iterprops() if prop.type.name == "entity"
    )
    assert set(ends) <= ids, "nothing points out of the file"


def test_every_value_goes_back_to_the_row_that_says_it(world, universe, reading):
    with acting_as(universe.service("intake")):
        assert PersonRecord.objects.filter(pk=world.records["alpha"]).update(handling="P") == 1
    found = proxies(content(reading(universe.gmp_analyst).post(person_address(world, "alpha"), ASKED)))
    alpha = next(p for p in of_schema(found, "Person") if p.caption == "Alpha Dockside")
    born = alpha.first("birthDate")
    (document,) = (found[key] for key in alpha.context["provenance"]["birthDate"][born])
    assert document.schema.name == "Document"
    assert document.first("fileName") == "person.csv"
    assert document.first("summary") == "person.csv, line 2, batch 1"
    assert document.first("title") == "niche_tri alpha"
    assert "Merseyside" in document.first("publisher")
    assert "SHA-256 of the row as delivered: " in document.first("description")
    assert document.context["source"] == {
        "force": document.first("publisher"),
        "system": "niche_tri",
        "record": "alpha",
        "handling": "P",
    }
    for proxy in found.values():
        if proxy.schema.name not in {"Note", "Document"}:
            assert proxy.context["provenance"], "every entity and every link"
        for values in proxy.context.get("provenance", {}).values():
            assert all(key in found for said in values.values() for key in said)
            assert all(said for said in values.values())


def test_the_file_says_how_it_is_handled_and_the_ledger_who_took_it(world, universe, reading):
    user = universe.gmp_analyst
    text = content(reading(user).post(person_address(world, "alpha"), ASKED))
    first = json.loads(text.splitlines()[0])
    assert first["schema"] == "Note"
    assert first["properties"]["name"][0].startswith("OFFICIAL-SENSITIVE: Alpha Dockside")
    said = first["properties"]["description"][0]
    assert leaving.HANDLING in said
    assert user.name in said
    assert ASKED["reason"] in said
    with acting_as(user):
        kept = Entry.objects.filter(object_type="pole.person", operation="EXPORT").latest("pk")
    assert kept.object_id == str(world.people["alpha"])
    assert kept.reason_code == "INVESTIGATION"
    assert kept.details["why"] == ASKED["reason"]
    assert world.people["alpha"] in kept.details["people"]


def test_what_goes_to_somebody_else_is_a_disclosure(world, universe, reading):
    user = universe.gmp_analyst
    text = content(
        reading(user).post(person_address(world, "alpha"), {**ASKED, "recipient": "Crown Prosecution Service"})
    )
    assert "For: Crown Prosecution Service" in text
    with acting_as(user):
        kept = Entry.objects.filter(object_type="pole.person", operation="DISCLOSURE").latest("pk")
    assert kept.details["recipient"] == "Crown Prosecution Service"


@pytest.mark.parametrize(
    ("record", "goes_out", "leaves"),
    [
        ({"handling": "C", "audience": "NAMED", "in_circle": True}, False, True),
        ({}, True, True),
        ({"handling": ""}, True, True),
        ({"handling": "C"}, True, False),
        ({"audience": "NAMED"}, True, False),
        ({"audience": "AGREEMENT"}, True, False),
        ({"handling": "C", "audience": "OWN", "is_own": True}, True, True),
        ({"is_own": True, "in_circle": True}, True, False),
    ],
)
def test_what_may_leave(record, goes_out, leaves):
    usual = {"handling": "P", "audience": "REGION", "is_own": False, "in_circle": False}
    assert leaving.may_leave(**(usual | record), goes_out=goes_out) is leaves


def test_a_recipient_is_told_of_nobody_by_a_membership_that_stays_behind(world, universe, reading):
    """Bravo is in the threat by what another force shared with named organisations alone."""
    taker = universe.gmp_analyst
    with acting_as(universe.merseyside_analyst):
        shared = label_for(owner=world.threat.owner, audience="NAMED", named=Organisation.objects.filter(code="gmp"))
        assert ThreatMember.objects.filter(record_id=world.records["bravo"]).update(label=shared) == 1
    client, asked = reading(taker), {**ASKED, "depth": "0"}
    own_use = content(client.post(threat_address(world), asked))
    assert "Bravo Dockside" in own_use
    out = content(client.post(threat_address(world), {**asked, "recipient": "Crown Prosecution Service"}))
    assert "Alpha Dockside" in out
    assert "Bravo Dockside" not in out
    assert "left out" in own_use
    assert "left out" not in out, "a recipient learns of no count of what they do not get"
    assert world.threat.summary in own_use
    assert world.threat.summary not in out
    with acting_as(taker):
        kept = Entry.objects.filter(object_type="threats.threat", operation="DISCLOSURE").latest("pk")
    assert kept.details["records_kept_back"] == 1
    assert kept.details["people_left_out"] == 1
    assert world.people["bravo"] not in kept.details["people"]


def test_a_record_that_stays_behind_names_nobody(world, universe, reading):
    """Two records of one person: the name that another force shares under conditions is not on the file that goes."""
    with acting_as(universe.service("intake")):
        moved = PersonRecord.objects.filter(pk=world.records["bravo"])
        assert moved.update(person_id=world.people["alpha"], handling="C") == 1
    client = reading(universe.gmp_analyst)
    own_use = content(client.post(person_address(world, "alpha"), {**ASKED, "depth": "0"}))
    assert "Bravo Dockside" in own_use
    out = content(
        client.post(person_address(world, "alpha"), {**ASKED, "depth": "0", "recipient": "Probation Service"})
    )
    assert "Bravo" not in out
    assert "OFFICIAL-SENSITIVE: Alpha Dockside" in out


def test_those_to_be_protected_stay_out_unless_they_are_asked_for(world, universe, reading):
    client = reading(universe.gmp_analyst)
    without = content(client.post(threat_address(world), {**ASKED, "depth": "2"}))
    assert "Quay Harbour" not in without
    assert "left out, because they are to be protected" in without
    asked = content(client.post(threat_address(world), {**ASKED, "depth": "2", "with_protected": "on"}))
    child = next(p for p in of_schema(proxies(asked), "Person") if p.caption == "Quay Harbour")
    assert "To be protected" in child.get("keywords")
    alone = proxies(content(client.post(person_address(world, "child"), {**ASKED, "depth": "0"})))
    assert captions(alone, "Person") == {"Quay Harbour"}, "who is asked for is in the file"


def shape(text: str) -> list:
    """What a file tells, without the moments at which it was made and recorded."""
    told = []
    for line in text.splitlines()[1:]:
        said = json.loads(line)
        said["properties"].pop("modifiedAt", None)
        told.append((said["schema"], said["properties"].get("name"), len(said["properties"].get("proof", []))))
    return sorted(told, key=str)


def test_nobody_hidden_is_in_a_file_and_nothing_counts_them(universe, reading, tmp_path, db):
    """The same picture without hidden people and links, then with them: a reader elsewhere takes the same file."""
    records = publish(universe, batch_of(tmp_path / "one", hidden=False))
    threat = make_threat(universe, records)
    people = people_of(universe, records)
    client = reading(universe.gmp_analyst)
    addresses = [
        *(reverse("network:take_person", args=[reference_of(people[key])]) for key in ("alpha", "far", "edge")),
        reverse("network:take_threat", args=[threat.reference]),
    ]
    asked = {**ASKED, "depth": "2", "with_protected": "on"}
    before = [content(client.post(address, asked)) for address in addresses]
    again = publish(universe, batch_of(tmp_path / "two"), number=2)
    after = [content(client.post(address, asked)) for address in addresses]
    for one, other in zip(before, after, strict=True):
        assert "Ghost" not in other
        assert shape(one) == shape(other)
        ids = [{json.loads(line)["id"] for line in text.splitlines()[1:]} for text in (one, other)]
        assert ids[0] == ids[1], "an id is the same in every file"
    owner = reading(universe.merseyside_analyst)
    assert "Ghost Harbour" in content(owner.post(addresses[0], asked))
    ghost = reference_of(people_of(universe, again)["ghost"])
    hidden = client.post(reverse("network:take_person", args=[ghost]), asked)
    never = client.post(reverse("network:take_person", args=["P-0999999"]), asked)
    assert (hidden.status_code, never.status_code) == (404, 404)
    told = [re.sub(r'="[^"]*"', "", text_of(each)) for each in (hidden, never)]
    assert told[0] == told[1]


def test_stix_reads_a_cyber_threat_back(world, cyber, universe, reading):
    address = reverse("network:take_threat", args=[cyber.reference])
    text = content(reading(universe.gmp_analyst).post(address, {**ASKED, "form": "stix"}))
    bundle = stix2.parse(text, allow_custom=False)
    objects = {each["id"]: each for each in bundle.objects}
    actor = next(each for each in objects.values() if each["type"] == "threat-actor")
    assert actor["name"] == "Ransom crew"
    members = {
        objects[each["source_ref"]]["name"]
        for each in objects.values()
        if each["type"] == "relationship" and each["relationship_type"] == "member-of"
    }
    assert members == {"Alpha Dockside", "Bravo Dockside"}
    statement = next(
        each
        for each in objects.values()
        if each["type"] == "marking-definition" and each["definition_type"] == "statement"
    )
    assert leaving.HANDLING in statement["definition"]["statement"]
    marked = [each for each in objects.values() if each["type"] != "marking-definition"]
    assert all(each["object_marking_refs"] == [statement["id"], stix2.TLP_AMBER["id"]] for each in marked)
    report = next(each for each in objects.values() if each["type"] == "report")
    assert set(report["object_refs"]) <= objects.keys()
    alpha = next(each for each in objects.values() if each.get("name") == "Alpha Dockside")
    assert "person.csv, line 2, batch 1" in alpha["external_references"][0]["description"]
    person = reverse("network:take_person", args=[world.reference("alpha")])
    same = stix2.parse(content(reading(universe.gmp_analyst).post(person, {**ASKED, "form": "stix"})))
    assert alpha["id"] in {each["id"] for each in same.objects}


def test_stix_is_refused_where_no_theme_is_cyber(world, universe, reading):
    client = reading(universe.gmp_analyst)
    asked = {**ASKED, "form": "stix"}
    for address in (threat_address(world), person_address(world, "alone")):
        answer = client.post(address, asked)
        assert answer.status_code == 422
        assert "STIX is for cyber themes only" in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"reason": "Because"}, "Say in at least 4 words what the file is for"),
        ({"form": ""}, "Choose FollowTheMoney entities or a STIX bundle"),
        ({"depth": ""}, "Choose how far the file reaches"),
        (
            {"first_day": "2", "first_month": "3", "first_year": "2024"}
            | {"last_day": "1", "last_month": "3", "last_year": "2024"},
            "The last day is before the first",
        ),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(given, sentence, world, universe, reading):
    answer = reading(universe.gmp_analyst).post(person_address(world, "alpha"), {**ASKED, **given})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_file_of_a_day_before_anything_was_recorded_is_not_there(world, universe, reading):
    was = clock.today() - timedelta(days=3)
    day = {"as_recorded_on_day": was.day, "as_recorded_on_month": was.month, "as_recorded_on_year": was.year}
    assert reading(universe.gmp_analyst).post(person_address(world, "alpha"), {**ASKED, **day}).status_code == 404


def test_the_ways_to_a_file_stand_on_the_pages(world, universe, reading):
    client = reading(universe.gmp_analyst)
    take = person_address(world, "alpha")
    for address in (
        reverse("pole:person", args=[world.reference("alpha")]),
        reverse("network:around", args=[world.reference("alpha")]),
    ):
        assert take in client.get(address).content.decode()
    assert (
        threat_address(world)
        in client.get(reverse("network:of_threat", args=[world.threat.reference])).content.decode()
    )
    assert client.get(f"{take}?depth=2").status_code == 200


def test_an_organisation_is_one_in_the_file(universe, reading, tmp_path, db):
    batch = Batch(tmp_path / "canonical", force="merseyside")
    batch.person("owner", "Alpha Dockside", date(1980, 5, 1))
    batch.thing("firm", "ORGANISATION", "Dockside Cars Ltd", detail={"company_number": "01234567"})
    batch.link(("PERSON", "owner"), "USES", ("OBJECT", "firm"))
    people = people_of(universe, publish(universe, batch))
    address = reverse("network:take_person", args=[reference_of(people["owner"])])
    found = proxies(content(reading(universe.gmp_analyst).post(address, ASKED)))
    (firm,) = of_schema(found, "Organization")
    assert (firm.get("name"), firm.get("registrationNumber")) == (["Dockside Cars Ltd"], ["01234567"])
