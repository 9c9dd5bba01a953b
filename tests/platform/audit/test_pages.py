"""Asking why, and the page of who looked."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path

from fourfold.platform import clock
from fourfold.platform.audit import services
from fourfold.platform.audit.models import Entry
from fourfold.platform.audit.reasons import LASTS, needs_reason, reason_of
from fourfold.platform.audit.services import Operation, Reason
from fourfold.platform.visibility.scope import acting_as

pytestmark = pytest.mark.django_db
GIVEN = {"code": "SOC_THREAT", "text": "reviewing SOC-0412", "operation_reference": "Op Kestrel"}


@needs_reason
def person(request, number):
    services.note(Operation.CONSULTATION, object_type="pole.person", object_id=str(number), reason=reason_of(request))
    return HttpResponse(f"person {number} {request.method}", content_type="text/plain")


handler404 = "fourfold.platform.ui.errors.not_found"
urlpatterns = [path("people/<int:number>/", person), path("", include("fourfold.entry.urls"))]


@pytest.fixture
def client(universe, client_for):
    with override_settings(ROOT_URLCONF=__name__):
        yield client_for(universe.merseyside_analyst)


def test_a_page_about_a_person_first_asks_why_and_then_comes_back(client, universe):
    asked = client.get("/people/7/?tab=events")
    assert asked["Location"] == "/reason/?next=%2Fpeople%2F7%2F%3Ftab%3Devents"
    assert "Why do you need to read about people?" in client.get(asked["Location"]).content.decode()
    assert client.post(asked["Location"], GIVEN)["Location"] == "/people/7/?tab=events"
    assert client.get("/people/7/").content == b"person 7 GET"
    with acting_as(universe.merseyside_analyst):
        entry = Entry.objects.get(operation="CONSULTATION")
    assert (entry.reason_code, entry.reason_text, entry.operation_reference) == tuple(GIVEN.values())


@pytest.mark.parametrize("email", ["data_protection_officer@gmp.test", "auditor@nwrocu.test"])
def test_a_role_that_reads_no_people_finds_no_such_page(universe, client_for, email):
    with override_settings(ROOT_URLCONF=__name__):
        assert client_for(universe.user(email)).get("/people/7/").status_code == 404


def test_the_reason_is_asked_once_for_a_task_and_can_be_changed(client):
    client.post("/reason/", GIVEN)
    assert client.get("/people/7/").status_code == client.get("/people/8/").status_code == 200
    assert "reviewing SOC-0412" in client.get("/reason/").content.decode()
    client.post("/reason/", GIVEN | {"text": "another task"})
    assert "another task" in client.get("/reason/").content.decode()


def test_a_reason_runs_out_but_a_form_that_is_sent_late_is_still_taken(client):
    client.post("/reason/", GIVEN)
    with clock.told(clock.now() + LASTS + timedelta(minutes=1)):
        assert client.get("/people/7/").status_code == 302
        assert client.post("/people/7/").content == b"person 7 POST"


def test_a_form_of_a_session_that_never_gave_a_reason_is_asked_for_one_first(client):
    asked = client.post("/people/7/")
    assert (asked.status_code, asked["Location"]) == (302, "/reason/?next=%2Fpeople%2F7%2F")
    assert client.post(asked["Location"], GIVEN)["Location"] == "/people/7/"
    assert client.get("/people/7/").content == b"person 7 GET"


def test_a_form_sent_late_is_noted_under_the_last_reason_of_the_session(client, universe):
    client.post("/reason/", GIVEN)
    with clock.told(clock.now() + LASTS + timedelta(minutes=1)):
        client.post("/people/7/")
    with acting_as(universe.merseyside_analyst):
        assert Entry.objects.get(operation="CONSULTATION").reason_text == GIVEN["text"]


def test_a_reason_without_words_is_sent_back_with_what_is_missing(client):
    text = client.post("/reason/?next=/people/7/", {"code": "", "text": ""}).content.decode()
    assert "Choose what you are doing" in text
    assert "Say briefly what you need to read people for" in text
    assert client.get("/people/7/").status_code == 302


def test_the_reason_page_never_leads_to_another_site(client):
    assert client.post("/reason/?next=https://example.com/", GIVEN)["Location"] == "/"


def look(user, what: str) -> None:
    with acting_as(user):
        services.note(
            Operation.CONSULTATION, object_type="pole.person", object_id=what, reason=Reason("SOC_THREAT", "words")
        )


def test_who_looked_shows_an_auditor_everyone_and_others_themselves(universe, client_for):
    look(universe.merseyside_analyst, "7")
    look(universe.gmp_analyst, "8")
    everyone = client_for(universe.nwrocu_auditor).get("/ledger/").content.decode()
    assert "Merseyside analyst" in everyone
    assert "GMP analyst" in everyone
    assert "Managing a threat on the master list" in everyone
    own = client_for(universe.merseyside_analyst).get("/ledger/").content.decode()
    assert "GMP analyst" not in own
    assert "You see what you did yourself" in own


def test_who_looked_at_one_record(universe, client_for):
    look(universe.merseyside_analyst, "7")
    look(universe.gmp_analyst, "8")
    client = client_for(universe.nwrocu_auditor)
    asked = client.get("/ledger/?record=pole.person:7&who=analyst")
    assert asked["Location"] == "/ledger/?who=analyst&about=P-0000007"
    page = client.get(asked["Location"]).content.decode()
    assert "Merseyside analyst" in page
    assert "GMP analyst" not in page


NO_NUMBER = (f"pole.person:{'9' * 5000}", f"Person+{'9' * 5000}")


@pytest.mark.parametrize(
    ("record", "about"),
    [
        ("people.user:7", "User+7"),
        ("PLN-0004", "PLN-0004"),
        ("no.such:7", "No+such+7"),
        ("pole.person:x", "Person+x"),
        NO_NUMBER,
    ],
)
def test_a_record_in_an_address_becomes_a_filter_that_stays(universe, client_for, record, about):
    asked = client_for(universe.nwrocu_auditor).get(f"/ledger/?record={record}")
    assert asked["Location"] == f"/ledger/?about={about}"


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("who=gmp", ["GMP analyst"]),
        ("operation=SEARCH", []),
        ("operation=CONSULTATION", ["GMP analyst", "Merseyside analyst"]),
        ("about=P-0000007", ["Merseyside analyst"]),
        ("about=p-7", ["Merseyside analyst"]),
        ("about=Person+7", ["Merseyside analyst"]),
        ("about=pole.person", ["GMP analyst", "Merseyside analyst"]),
        ("about=7", []),
        ("about=Threat+7", []),
        ("day_from=1/1/2020&day_to=2/1/2020", []),
    ],
)
def test_who_looked_is_filtered(universe, client_for, query, seen):
    look(universe.merseyside_analyst, "7")
    look(universe.gmp_analyst, "8")
    page = client_for(universe.nwrocu_auditor).get(f"/ledger/?{query}").content.decode()
    assert [name for name in ("GMP analyst", "Merseyside analyst") if name in page] == seen


def test_an_auditor_sees_what_the_latest_verification_found(universe, client_for):
    client = client_for(universe.nwrocu_auditor)
    assert "has not been verified yet" in client.get("/ledger/").content.decode()
    with acting_as(universe.service("audit")):
        services.check()
    assert "entries are as they were written" in client.get("/ledger/").content.decode()
    assert "verified" not in client_for(universe.merseyside_analyst).get("/ledger/").content.decode().lower()
