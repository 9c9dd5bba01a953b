"""Odd input is answered with a page or a sentence, never with a fault, in addresses and in forms."""

import pytest

from fourfold.platform.visibility.scope import acting_as
from tests.threats.conftest import nominate

pytestmark = pytest.mark.django_db
GIVEN = {"code": "SOC_THREAT", "text": "Managing a threat", "operation_reference": ""}
ADDRESSES = (
    "/threats/SOC-0001%00/",
    "/threats/%F0%9F%A6%80/",
    "/threats/?q=%00&page=999999&sort=%00&tier=%00&lro=%00&theme=%00",
    "/threats/?page=99999999999999999999",
    "/threats/?page=%C2%B2",
    "/threats/?nominated_to=31/12/9999",
    "/threats/?nominated_from=1/1/0001&nominated_to=1/1/0001",
    "/threats/?as_recorded_on=1/1/0001",
    "/threats/?as_recorded_on=31/12/9999",
    "/threats/?as_recorded_on=%00",
    "/threats/?as_recorded_on=%D9%A1/%D9%A1/%D9%A2%D9%A0%D9%A2%D9%A4",
    "/threats/?export=csv&as_recorded_on=1/1/2024",
    "/threats/?export=xlsx&as_recorded_on=1/1/2024&q=%00",
    "/picture/?when_to=31/12/9999",
    "/picture/?q=%00",
    "/picture/?q=%F4%8F%BF%BF%F4%8F%BF%BF",
    "/ledger/?record=%00:%00",
    "/ledger/?record=pole.person:%00",
    "/ledger/?day_to=31/12/9999",
    "/ledger/?day_from=1/1/0001",
    "/ledger/?about=%00&who=%00",
    "/ledger/?record=" + "x" * 5000 + ":1",
    "/search/?q=%00",
    "/search/?q=" + "a" * 5000,
    "/search/?q=P-999999999999999",
    "/search/?q=P9999999999999999999",
    "/search/?q=%ED%A0%80smith",
    "/search/?q=jon+1900",
    "/search/?q=jon+2000&page=999999&group=people",
    "/search/?q=" + "99999999999999999999",
    "/search/?q=%F0%9F%98%80%F0%9F%98%80ab",
    "/search/?q=01/01/1900",
    "/search/?q=29/02/2023+smith",
    "/person/P-0000001/?first=%00&last=31/12/9999&kind=%00&part=%00",
    "/person/P-999999999999999/",
    "/person/P-999999999999999/?as_recorded_on=1/1/0001",
    "/record/person/99999999999999999999/",
    "/event/99999999999999999999/",
    "/object/99999999999999999999/",
    "/place/99999999999999999999/",
    "/intake/batch/99999999999999999999/",
    "/intake/source/niche_tri/?as_recorded_on=1/1/0001&page=999999",
    "/intake/source/niche_tri/not-loaded/?q=%00&rule=%00",
    "/reason/?next=%00",
    "/reason/?next=//evil.test/",
    "/?x=%00",
)


@pytest.fixture
def manager(universe, client_for):
    client = client_for(universe.merseyside_intelligence_manager)
    client.raise_request_exception = False
    client.post("/reason/", GIVEN)
    return client


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_odd_address_is_answered(manager, address):
    assert manager.get(address).status_code < 500


@pytest.fixture
def threat(universe):
    with acting_as(universe.merseyside_intelligence_manager):
        return nominate(universe, by="merseyside_intelligence_manager")


@pytest.mark.parametrize("part", ["", "history/", "members/", "people-to-protect/"])
@pytest.mark.parametrize("query", ["since=31/12/9999", "since=1/1/0001", "since=%00", "as_recorded_on=1/1/0001"])
def test_a_threat_with_odd_dates(manager, threat, part, query):
    assert manager.get(f"/threats/{threat.reference}/{part}?{query}").status_code < 500


NOMINATED = {
    "threat_type": "OCG",
    "name": "Harbour line",
    "aliases": "",
    "summary": "People moving class A drugs into two coastal towns",
    "themes": "DRU.county_lines",
    "places": "",
    "owner": "merseyside",
    "tier": "UNTIERED",
    "phase": "IDENTIFIED",
    "nominated_on_day": "1",
    "nominated_on_month": "9",
    "nominated_on_year": "2026",
    "nominated_on": "2026-09-01",
    "lro": "",
    "deputy": "",
    "sio": "",
    "audience": "REGION",
    "reason": "Three linked seizures this month",
}


@pytest.mark.parametrize(
    "odd",
    [
        {"aliases": "x" * 121},
        {"places": "y" * 201},
        {"name": "\x00"},
        {"name": "z" * 121},
        {"owner": "\x00"},
        {"lro": "99999999999999999999"},
        {"nominated_on_year": "0001"},
        {"nominated_on_year": "0000"},
        {"themes": "\x00"},
        {"aliases": "\x00"},
        {"places": "\U0010ffff\ud7ff" * 20},
    ],
    ids=str,
)
def test_a_nomination_with_odd_words(manager, odd):
    answer = manager.post("/threats/nominate/", NOMINATED | odd)
    assert answer.status_code < 500


@pytest.mark.parametrize(
    "seen",
    ["2024-13-45T00:00:00", "2024-01-01T00:00:00", "x", "\x00", "9999-12-31T23:59:59+23:59"],
)
def test_a_form_whose_hidden_moment_was_changed(manager, threat, seen):
    answer = manager.post(
        f"/threats/{threat.reference}/tier/", {"tier": "1", "reason": "Assessed by the panel", "seen": seen}
    )
    assert answer.status_code < 500


def test_a_moment_in_the_address_of_rows_not_loaded(manager):
    assert manager.get("/intake/batch/1/not-loaded/?rule=%00").status_code < 500


@pytest.mark.parametrize(
    ("field", "said", "sentence"),
    [
        ("aliases", "x" * 121, "Enter other names of at most 120 characters each"),
        ("places", "y" * 201, "Enter each place in at most 200 characters"),
    ],
)
def test_a_line_that_is_too_long_is_said_beside_its_field(manager, field, said, sentence):
    answer = manager.post("/threats/nominate/", NOMINATED | {field: said}).content.decode()
    assert sentence in answer
    assert said in answer
