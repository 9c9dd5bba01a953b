"""A person or a threat as a file for programs: the pages' file and rules, one answer for hidden and not there."""

import json
import re
from datetime import timedelta

import pytest
import stix2
from django.test import Client
from django.urls import reverse
from followthemoney import model

from fourfold.performance import services as readers
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole.rules import reference_of
from tests.network.conftest import batch_of, make_threat, people_of, publish

pytestmark = pytest.mark.django_db
READING = {"code": "INVESTIGATION", "text": "Operation Test"}
ASKED = {"reading": READING, "reason": "For the analysts of Operation Test", "depth": 1}
ROOT = "/api/files"


@pytest.fixture
def token_of(universe):
    def made(user, *, takes_files=True):
        with acting_as(universe.service("demo")) as acting:
            today = clock.today()
            return readers.make_reader(
                actor=acting.user,
                owner=user,
                name="Link analysis",
                expires_on=today + timedelta(days=9),
                takes_files=takes_files,
                now=clock.now(),
                today=today,
            )

    return made


def post(address, token="", asked=ASKED, client=None, **change):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    body = json.dumps({**asked, **change})
    return (client or Client()).post(f"{ROOT}{address}", body, content_type="application/json", headers=headers)


def entities(text):
    """The file as followthemoney reads it, without what differs from one moment to the next."""
    found = {}
    for line in text.splitlines()[1:]:
        said = model.get_proxy(json.loads(line)).to_dict()
        said["properties"].pop("modifiedAt", None)
        found[said["id"]] = said
    return found


def assert_problem(answer, status, code=""):
    assert answer.status_code == status, answer.content
    assert answer["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    return answer.json()["detail"]


def test_a_program_takes_the_same_file_as_the_page_and_the_ledger_keeps_why(world, universe, reading, token_of):
    user = universe.gmp_analyst
    token = token_of(user)
    for address, page in (
        (f"/people/{world.reference('alpha')}", reverse("network:take_person", args=[world.reference("alpha")])),
        (f"/threats/{world.threat.reference}", reverse("network:take_threat", args=[world.threat.reference])),
    ):
        answer = post(address, token)
        assert answer.status_code == 200, answer.content
        assert answer["content-type"] == "application/x-ndjson"
        assert answer["content-disposition"].startswith('attachment; filename="OFFICIAL-SENSITIVE ')
        assert answer["cache-control"] == "private, no-store"
        with acting_as(user):
            noted = Entry.objects.filter(operation="EXPORT").latest("pk")
        assert (noted.request, noted.session, noted.address) == (answer["x-request-id"], "by token", "127.0.0.1")
        typed = {"form": "ftm", "depth": "1", "reason": ASKED["reason"]}
        handed = b"".join(reading(user).post(page, typed).streaming_content).decode()
        assert entities(answer.content.decode()) == entities(handed)
    with acting_as(user):
        kept = Entry.objects.filter(object_type="pole.person", operation="EXPORT").order_by("pk")[0]
    assert (kept.actor, kept.reason_code, kept.reason_text) == (user, "INVESTIGATION", "Operation Test")
    assert kept.object_id == str(world.people["alpha"])
    assert kept.details["why"] == ASKED["reason"]
    assert world.people["alpha"] in kept.details["people"]


def test_what_is_hidden_and_what_is_not_there_have_one_answer(universe, token_of, tmp_path, db):
    records = publish(universe, batch_of(tmp_path / "one"))
    people, threat = people_of(universe, records), make_threat(universe, records)
    ghost = reference_of(people["ghost"])
    elsewhere, owner = token_of(universe.gmp_analyst), token_of(universe.merseyside_analyst)
    hidden, never = (post(f"/people/{each}", elsewhere) for each in (ghost, "P-0999999"))
    assert_problem(hidden, 404)
    assert hidden.content == never.content
    assert post(f"/people/{ghost}", owner).status_code == 200
    for address in (f"/people/{reference_of(people['alpha'])}", f"/threats/{threat.reference}"):
        assert b"Ghost" not in post(address, elsewhere, depth=2, with_protected=True).content
        assert b"Ghost Harbour" in post(address, owner, depth=2, with_protected=True).content
    assert_problem(post("/threats/SOC-9999", elsewhere), 404)


def test_who_may_not_read_people_or_threats_takes_nothing(world, universe, client_for, token_of):
    addresses = f"/people/{world.reference('alpha')}", f"/threats/{world.threat.reference}"
    figures_only = token_of(universe.gmp_analyst, takes_files=False)
    for address in addresses:
        for wrong in ("", "ffr_wrong", figures_only):
            assert_problem(post(address, wrong), 401)
        assert_problem(post(address, client=client_for(universe.nwrocu_auditor)), 404)
    with pytest.raises(RuleBroken) as refused:
        token_of(universe.nwrocu_auditor)
    assert refused.value.code == "AR4"


def test_a_token_is_made_for_files_on_its_page_and_says_so_there(world, universe, client_for):
    client, soon = client_for(universe.gmp_analyst), clock.today() + timedelta(days=9)
    day = {f"expires_on_{part}": getattr(soon, part) for part in ("day", "month", "year")}
    tokens = []
    for more in ({}, {"takes_files": "on"}):
        page = client.post(reverse("performance:make_reader"), {"name": "Link analysis", **day, **more})
        tokens += re.findall(r"<code>(ffr_[^<]+)</code>", page.content.decode())
    assert page.content.decode().count("Link analysis (takes files too)") == 1
    statuses = [post(f"/people/{world.reference('alpha')}", token).status_code for token in tokens]
    assert statuses == [401, 200]


def test_a_signed_in_person_takes_it_with_the_session_and_only_from_a_page_of_ours(world, universe, client_for):
    address = f"/people/{world.reference('alpha')}"
    assert post(address, client=client_for(universe.gmp_analyst)).status_code == 200
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.force_login(universe.gmp_analyst)
    assert_problem(post(address, client=elsewhere), 403)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reading": {**READING, "code": "CURIOUS"}}, "NT27"),
        ({"reading": {**READING, "text": ""}}, ""),
        ({"reading": None}, ""),
        ({"reason": "Because"}, "NT21"),
        ({"reason": "For a null\x00 in the database"}, ""),
        ({"form": "csv"}, ""),
        ({"form": "stix"}, "NT20"),
        ({"depth": 3}, ""),
        ({"as_recorded_on": "2999-01-01"}, "NT26"),
        ({"links_from": "2024-03-02", "links_to": "2024-03-01"}, "NT3"),
        ({"more": 1}, ""),
    ],
)
def test_a_file_that_cannot_be_taken_is_a_problem(change, code, world, universe, token_of):
    assert_problem(post(f"/people/{world.reference('alpha')}", token_of(universe.gmp_analyst), **change), 422, code)


def test_a_cyber_threat_is_taken_as_stix(world, cyber, universe, token_of):
    answer = post(f"/threats/{cyber.reference}", token_of(universe.gmp_analyst), form="stix")
    assert answer["content-type"] == "application/stix+json;version=2.1"
    bundle = stix2.parse(answer.content.decode(), allow_custom=False)
    assert "Ransom crew" in {each.get("name") for each in bundle.objects}
