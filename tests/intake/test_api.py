"""The door for source systems, over HTTP as they use it."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from fourfold.intake import selectors, services
from fourfold.intake.models import Arrival, Batch
from fourfold.platform import clock
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from tests import invented
from tests.intake import deliveries
from tests.intake.conftest import register_sources

pytestmark = pytest.mark.usefixtures("store")
ADDRESS = "/api/intake/niche_tri/batches"


def token_for(code):
    with acting_as(service_user("intake")):
        return services.make_token(source=selectors.source_of(code), now=clock.now())


@pytest.fixture
def token(sources):
    return token_for("niche_tri")


@pytest.fixture
def zip_bytes(tmp_path):
    return deliveries.zipped(deliveries.small(tmp_path / "d"), tmp_path / "d.zip", within="d/").read_bytes()


@pytest.fixture(autouse=True)
def registered(request):
    if "lasting_db" not in request.fixturenames:
        request.getfixturevalue("sources")


def send(content, *, token="", address=ADDRESS, kind="application/zip", **headers):
    if token:
        headers["authorization"] = f"Bearer {token}"
    return Client().post(address, content, content_type=kind, headers=headers)


def assert_problem(answer, status, code=""):
    assert answer.status_code == status, answer.content
    assert answer["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["detail"]
    assert body["code"] == code
    return body


def test_a_zip_as_the_body_is_taken_and_its_address_answers_its_state(token, zip_bytes):
    answer = send(zip_bytes, token=token)
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["again"], body["source"]) == ("RECEIVED", False, "niche_tri")
    assert answer["location"] == body["url"]
    status = Client().get(body["url"], headers={"authorization": f"Bearer {token}"})
    assert status.status_code == 200
    assert status.json()["id"] == body["id"]
    assert ProcrastinateJob.objects.count() == 1


def test_a_form_with_the_zip_is_the_same_delivery(token, zip_bytes):
    first = send(zip_bytes, token=token).json()
    part = SimpleUploadedFile("2026-01-04.zip", zip_bytes, "application/zip")
    answer = Client().post(ADDRESS, {"delivery": part}, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["again"]) == (first["id"], True)
    assert "came before" in answer.json()["sentence"]


def test_without_a_token_or_with_a_wrong_or_withdrawn_one_nothing_is_taken(token, zip_bytes):
    token_for("niche_tri")
    for wrong in ("", "ffs_wrong", token, "x" * 5000):
        answer = send(zip_bytes, token=wrong)
        assert_problem(answer, 401)
        assert answer["www-authenticate"] == "Bearer"
    with acting_as(service_user("intake")):
        assert not Batch.objects.exists()


def test_a_source_system_sees_neither_another_source_nor_its_batches(token, zip_bytes):
    other = token_for("mark43_cumbria")
    mine = send(zip_bytes, token=token).json()
    assert_problem(send(zip_bytes, token=other), 404)
    bearer = {"authorization": f"Bearer {other}"}
    assert_problem(Client().get(mine["url"], headers=bearer), 404)
    under_own_name = f"/api/intake/mark43_cumbria/batches/{mine['id']}"
    not_there = f"/api/intake/mark43_cumbria/batches/{mine['id'] + 999}"
    answers = [Client().get(a, headers=bearer) for a in (under_own_name, not_there)]
    assert answers[0].content == answers[1].content
    assert_problem(answers[0], 404)


def test_a_signed_in_person_is_not_a_source_system(universe, client_for, token, zip_bytes):
    client = client_for(universe.merseyside_intelligence_manager)
    for headers in ({}, {"authorization": f"Bearer {token}"}):
        answer = client.post(ADDRESS, zip_bytes, content_type="application/zip", headers=headers)
        assert_problem(answer, 401)


def test_a_zip_that_cannot_be_opened_is_a_problem_with_its_batch(token):
    body = assert_problem(send(b"PK\x03\x04 cut short", token=token, kind="application/octet-stream"), 422, "IN2")
    kept = Client().get(body["instance"], headers={"authorization": f"Bearer {token}"}).json()
    assert (kept["state"], kept["sentence"]) == ("REFUSED", body["detail"])


def test_sending_again_with_the_same_key_answers_the_same_batch_once(token, zip_bytes, tmp_path):
    first = send(zip_bytes, token=token, **{"idempotency-key": "run-42"})
    again = send(zip_bytes, token=token, **{"idempotency-key": "run-42"})
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    with acting_as(service_user("intake")):
        assert Arrival.objects.count() == 1
    other = deliveries.zipped(deliveries.write_niche(tmp_path / "e", {}), tmp_path / "e.zip").read_bytes()
    assert_problem(send(other, token=token, **{"idempotency-key": "run-42"}), 409, "IN5")


def test_a_delivery_over_the_cap_is_refused_and_not_kept(token, zip_bytes, settings):
    settings.INTAKE_MOST_BYTES = len(zip_bytes) - 1
    assert_problem(send(zip_bytes, token=token), 413, "IN4")
    with acting_as(service_user("intake")):
        assert not Batch.objects.exists()
    assert not [p for p in settings.INTAKE_FOLDER.rglob("*") if p.is_file()]


def test_other_kinds_of_content_are_refused(token, zip_bytes):
    assert_problem(send(zip_bytes, token=token, kind="text/csv"), 415, "IN17")
    assert_problem(send(json.dumps({}), token=token, kind="application/json"), 415, "IN17")
    form = Client().post(ADDRESS, {"other": io.StringIO("x")}, headers={"authorization": f"Bearer {token}"})
    assert_problem(form, 422, "IN1")
    assert_problem(send(b"\n", token=token), 422, "IN2")


@pytest.mark.parametrize(
    "address",
    [
        "/api/intake/niche_tri/batches/0",
        "/api/intake/niche_tri/batches/9223372036854775808",
        "/api/intake/niche_tri/batches/x",
        "/api/intake/NICHE/batches/1",
        "/api/intake/niche%00tri/batches/1",
    ],
)
def test_values_out_of_bounds_are_problems(token, address):
    answer = Client().get(address, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code in {404, 422}
    assert_problem(answer, answer.status_code)


def test_the_document_lists_every_problem(sources):
    document = Client().get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    post = document["paths"]["/api/intake/{source}/batches"]["post"]
    assert {"200", "202", "400", "401", "404", "409", "411", "413", "415", "422"} <= set(post["responses"])
    assert set(post["requestBody"]["content"]) == {"application/zip", "multipart/form-data"}
    get = document["paths"]["/api/intake/{source}/batches/{batch_id}"]["get"]
    number = next(p for p in get["parameters"] if p["name"] == "batch_id")
    assert (number["schema"]["minimum"], number["schema"]["maximum"]) == (1, 2**63 - 1)


def test_nothing_that_a_machine_can_invent_breaks_the_api(lasting_db, store):
    """Schemathesis sends what the document allows and what it forbids: no answer may be a fault or undocumented."""
    register_sources()
    unchecked = ("unsupported_method", "positive_data_acceptance")
    assert not invented.faults("/api/intake", token_for("niche_tri"), examples=25, unchecked=unchecked)
