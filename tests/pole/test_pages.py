from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.pole import selectors
from fourfold.pole.models import EventRecord, LocationRecord, ObjectRecord, PersonRecord
from fourfold.pole.selectors import Panel
from tests.pole.canonical import Batch
from tests.pole.conftest import publisher
from tests.universe import Universe

pytestmark = pytest.mark.django_db
FORMULA = '=HYPERLINK("http://x")<script>alert(1)</script>'


@pytest.fixture(scope="module")
def picture(kept_db, tmp_path_factory):
    """Two forces' records of one man, one of them hidden; a child who is a victim; his car, phone and street."""
    tmp_path = tmp_path_factory.mktemp("picture")
    publish = publisher(Universe(), tmp_path)
    opened = Batch(tmp_path / "open")
    opened.person(
        "1",
        "John Smith",
        date(1990, 5, 1),
        postcode="L1 1AA",
        address_line=FORMULA,
        pnc_id="1990/0000001X",
        ethnicity_code="W1",
        raw={"EthnicityCode": "W1", "Town": FORMULA},
    )
    opened.person(
        "2",
        "Jon Smith",
        date(1990, 1, 1),
        birth_quality="default",
        postcode="L1 1AB",
        aliases=[{"forenames": "Jay", "surname": "Smythe"}],
    )
    opened.person("3", "Mary Jones", clock.today() - timedelta(days=5000), sex="F")
    opened.person("4", "Ann Other", date(1980, 2, 2), sex="F")
    opened.thing("v1", "VEHICLE", "AB12CDE", make="Ford", colour="Blue", value_raw="ab12 cde")
    opened.thing("p1", "PHONE", "+447700900123")
    opened.place("a1", "1 High Street", "L1 1AA")
    opened.event("e1", "CRIME", date(2023, 1, 4), reference="05/1234/23", location_key="a1", summary=FORMULA)
    opened.event("e2", "STOP", date(2022, 3, 1), category_name="Stopped")
    opened.link(("PERSON", "1"), "SUSPECT", ("EVENT", "e1"))
    opened.link(("PERSON", "3"), "VICTIM", ("EVENT", "e1"))
    opened.link(("PERSON", "2"), "STOPPED", ("EVENT", "e2"))
    opened.link(("PERSON", "1"), "USES", ("OBJECT", "v1"), from_on=date(2022, 1, 1), assertion="assessment", grade="1A")
    opened.link(("PERSON", "1"), "LIVES_AT", ("LOCATION", "a1"))
    opened.link(("PERSON", "1"), "ASSOCIATE", ("PERSON", "4"))
    opened.link(("EVENT", "e1"), "INVOLVES", ("OBJECT", "v1"))
    opened.link(("PERSON", "2"), "USES", ("OBJECT", "p1"))
    hidden = Batch(tmp_path / "hidden", force="gmp")
    hidden.person("h1", "Johnny Hidden", date(1991, 6, 2), audience="OWN", postcode="M9 9ZZ")
    hidden.person("h2", "Sole Secret", date(1970, 1, 2), audience="OWN")
    hidden.thing("hv", "VEHICLE", "AB12CDE", audience="OWN", colour="Hidden colour")
    hidden.event("he", "INTELLIGENCE", date(2024, 6, 1), audience="OWN", title="Hidden report")
    hidden.link(("PERSON", "h1"), "SUBJECT", ("EVENT", "he"), audience="OWN")
    hidden.link(("PERSON", "h1"), "USES", ("OBJECT", "hv"), audience="OWN")
    groups = [("niche_tri", "1", 1), ("niche_tri", "2", 1), ("niche_tri", "3", 2), ("niche_tri", "4", 3)]
    groups += [("policeworks_gmp", "h1", 1), ("policeworks_gmp", "h2", 4)]
    pairs = [
        ("niche_tri", "1", "niche_tri", "2", 7.0, "LINKED"),
        ("niche_tri", "1", "policeworks_gmp", "h1", 6.0, "LINKED"),
        ("niche_tri", "1", "niche_tri", "4", 1.0, "PROPOSED"),
        ("niche_tri", "1", "policeworks_gmp", "h2", 1.5, "PROPOSED"),
    ]
    publish(opened, clusters=groups, edges=pairs)
    publish(hidden, source="policeworks_gmp", clusters=groups, edges=pairs, grouped=True)


@pytest.fixture
def found(picture, as_intake):
    """Numbers of the fixture's people and things by source key."""
    with as_intake():
        return {
            "people": {r.source_key: r.person_id for r in PersonRecord.objects.all()},
            "records": {r.source_key: r.pk for r in PersonRecord.objects.all()},
            "events": {r.source_key: r.pk for r in EventRecord.objects.all()},
            "things": {r.source_key: r.pk for r in ObjectRecord.objects.all()},
            "places": {r.source_key: r.pk for r in LocationRecord.objects.all()},
        }


def of_person(found, key, **query):
    address = reverse("pole:person", args=[selectors.rules.reference_of(found["people"][key])])
    return address + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")


def text_of(answer):
    assert answer.status_code == 200, answer
    return answer.content.decode()


PARTS = ("overview", "records", "why", "events", "links")


@pytest.mark.parametrize("part", PARTS)
def test_what_a_force_keeps_to_itself_is_on_no_part_of_the_page_of_another(reading, universe, found, part):
    theirs = text_of(reading(universe.merseyside_analyst).get(of_person(found, "1", part=part)))
    for word in ("Johnny", "Hidden", "M9 9ZZ", "Greater Manchester", "Sole Secret", "1991"):
        assert word not in theirs
    assert "2 records from" in theirs


@pytest.mark.parametrize(
    ("part", "word"),
    list(zip(PARTS, ("Johnny Hidden", "M9 9ZZ", "Johnny Hidden", "Hidden report", "AB12CDE"), strict=True)),
)
def test_the_force_itself_sees_its_own_record_in_the_same_person(reading, universe, found, part, word):
    page = text_of(reading(universe.gmp_analyst).get(of_person(found, "1", part=part)))
    assert word in page
    assert "3 records from 2 forces" in page


def test_a_person_with_no_visible_record_does_not_exist(reading, universe, found):
    client = reading(universe.merseyside_analyst)
    hidden = client.get(of_person(found, "h2"))
    never = client.get(reverse("pole:person", args=["P-9999999"]))
    assert hidden.status_code == never.status_code == 404
    assert reading(universe.gmp_analyst).get(of_person(found, "h2")).status_code == 200


@pytest.mark.parametrize(
    "place",
    [("pole:person_record", "records", "h1"), ("pole:event", "events", "he"), ("pole:object", "things", "hv")],
)
def test_a_hidden_record_event_or_thing_does_not_exist(reading, universe, found, place):
    name, kind, key = place
    address = reverse(name, args=[found[kind][key]])
    assert reading(universe.merseyside_analyst).get(address).status_code == 404
    assert reading(universe.gmp_analyst).get(address).status_code == 200


def test_a_plate_that_two_forces_hold_shows_each_reader_what_they_may_see(reading, universe, found):
    address = reverse("pole:object", args=[found["things"]["v1"]])
    theirs = text_of(reading(universe.merseyside_analyst).get(address))
    assert "1 record" in theirs
    assert "Hidden colour" not in theirs
    assert "Greater Manchester" not in theirs
    ours = text_of(reading(universe.gmp_analyst).get(address))
    assert "2 records" in ours
    assert "Greater Manchester Police" in ours
    assert "Hidden colour" in ours


def test_a_proposed_match_with_a_hidden_record_is_not_proposed(reading, universe, found):
    theirs = text_of(reading(universe.merseyside_analyst).get(of_person(found, "1")))
    assert "May be the same person" in theirs
    assert "Ann Other" in theirs
    assert "Sole Secret" not in theirs
    assert "Sole Secret" in text_of(reading(universe.gmp_analyst).get(of_person(found, "1")))


def test_why_together_gives_the_words_and_the_weights(reading, universe, found):
    page = text_of(reading(universe.merseyside_analyst).get(of_person(found, "1", part="why")))
    assert "2 records are held together by 1 match" in page
    assert "Same forename and surname" in page
    assert "Different home postcodes" in page
    assert "A rare value, so it counts for more" in page
    assert "99.22%" in page


def test_a_victim_and_a_child_are_protected_first(reading, universe, found):
    child = text_of(reading(universe.merseyside_analyst).get(of_person(found, "3")))
    assert "This person is a child, aged 13" in child
    assert "recorded as a victim in 1 event" in child
    event = text_of(reading(universe.merseyside_analyst).get(reverse("pole:event", args=[found["events"]["e1"]])))
    assert (
        event.index("People to protect")
        < event.index("Mary Jones")
        < event.index("People involved")
        < event.index("John Smith")
    )


@pytest.mark.parametrize("address", ["person", "record", "event", "object", "place"])
def test_text_from_a_file_is_shown_as_text(reading, universe, found, address):
    client = reading(universe.merseyside_analyst)
    where = {
        "person": of_person(found, "1"),
        "record": reverse("pole:person_record", args=[found["records"]["1"]]),
        "event": reverse("pole:event", args=[found["events"]["e1"]]),
        "object": reverse("pole:object", args=[found["things"]["v1"]]),
        "place": reverse("pole:place", args=[found["places"]["a1"]]),
    }[address]
    page = text_of(client.get(where))
    assert "<script>alert" not in page
    if address in {"person", "record", "event"}:
        assert "=HYPERLINK(&#34;http://x&#34;)&lt;script&gt;" in page


def test_ethnicity_is_shown_nowhere(reading, universe, found):
    page = text_of(
        reading(universe.merseyside_analyst).get(reverse("pole:person_record", args=[found["records"]["1"]]))
    )
    assert "EthnicityCode" not in page
    assert "kept to monitor disparity" in page


def test_a_read_is_noted_with_its_reason_and_the_records_seen(reading, universe, found, as_intake):
    reading(universe.merseyside_analyst).get(of_person(found, "1"))
    with as_intake():
        noted = Entry.objects.get(operation="CONSULTATION", object_type="pole.person")
    assert noted.actor == universe.merseyside_analyst
    assert noted.reason_code == "INVESTIGATION"
    assert sorted(noted.details["records"]) == sorted(found["records"][k] for k in ("1", "2"))
    assert noted.details["reference"] == selectors.rules.reference_of(found["people"]["1"])


@pytest.mark.parametrize(
    "place",
    [("pole:event", "events", "e1"), ("pole:object", "things", "v1"), ("pole:place", "places", "a1")],
)
def test_a_page_that_names_people_notes_whom(reading, universe, found, as_intake, place):
    name, kind, key = place
    reading(universe.merseyside_analyst).get(reverse(name, args=[found[kind][key]]))
    with as_intake():
        noted = Entry.objects.get(operation="CONSULTATION")
    assert found["people"]["1"] in noted.details["people"]


def test_without_a_reason_one_is_asked_for(client_for, universe, found):
    answer = client_for(universe.merseyside_analyst).get(of_person(found, "1"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("audit:reason"))


def test_events_are_filtered_by_kind_and_day(reading, universe, found):
    client = reading(universe.merseyside_analyst)
    everything = text_of(client.get(of_person(found, "1", part="events")))
    assert "2 events of 2" in everything
    stops = text_of(client.get(of_person(found, "1", part="events", kind="STOP")))
    assert "1 event of 2" in stops
    assert "Burglary" not in stops
    late = text_of(client.get(of_person(found, "1", part="events", first="2023-01-01")))
    assert "Burglary" in late
    assert "1 event of 2" in late
    assert "is not a date" in text_of(client.get(of_person(found, "1", part="events", first="nonsense")))


def test_records_side_by_side_say_what_differs(reading, universe, found):
    page = text_of(reading(universe.merseyside_analyst).get(of_person(found, "1", part="records")))
    assert "Differs" in page
    assert "1 January may stand for not known" in page
    assert "person.csv, line 2, batch 1" in page


def test_the_number_of_queries_does_not_grow_with_the_links(reading, universe, found, publish, tmp_path):
    client = reading(universe.merseyside_analyst)

    def queries(part):
        with CaptureQueriesContext(
            connection,
        ) as counted:
            text_of(client.get(of_person(found, "1", part=part)))
        return len(counted)

    queries("overview")  # the region's words are read once and kept
    few = {part: queries(part) for part in PARTS}
    more = Batch(tmp_path / "more")
    for number in range(60):
        more.event(f"m{number}", "CRIME", date(2021, 1, 1) + timedelta(days=number))
        more.thing(f"mv{number}", "VEHICLE", f"AA{number:02}AAA")
        more.place(f"ma{number}", f"{number} Low Street", "L2 2AA")
        more.person(f"mp{number}", f"Friend {'abcdefghij'[number % 10]}", date(1990, 1, 3))
        for type_, kind, key in (
            ("SUSPECT", "EVENT", "m"),
            ("USES", "OBJECT", "mv"),
            ("LIVES_AT", "LOCATION", "ma"),
            ("ASSOCIATE", "PERSON", "mp"),
        ):
            more.link(("PERSON", "1"), type_, (kind, f"{key}{number}"))
    publish(more, batch_id=3)
    assert {part: queries(part) for part in PARTS} == few
    assert few["overview"] <= 25


def test_a_panel_of_another_room_is_on_the_page_with_only_what_is_visible(reading, universe, found, monkeypatch):
    seen = []

    def panel(about):
        seen.append(about)
        return Panel("Roles in something", ("What",), ((selectors.Cell("A role"),),), "None.")

    monkeypatch.setitem(selectors._panels, "test", panel)
    assert "Roles in something" in text_of(reading(universe.merseyside_analyst).get(of_person(found, "1")))
    assert seen[0].person_id == found["people"]["1"]
    assert sorted(seen[0].record_ids) == sorted(found["records"][k] for k in ("1", "2"))


def test_the_list_of_events_counts_only_what_the_reader_may_see(reading, universe, found):
    theirs = text_of(reading(universe.merseyside_analyst).get(reverse("pole:events")))
    assert "2 events" in theirs
    assert "Hidden report" not in theirs
    ours = text_of(reading(universe.gmp_analyst).get(reverse("pole:events")))
    assert "3 events" in ours
    assert "Hidden report" in ours
    by_reference = text_of(reading(universe.merseyside_analyst).get(reverse("pole:events"), {"q": "05 1234"}))
    assert "1 event" in by_reference


@pytest.mark.parametrize("reference", ["P-123", "p-0000001", "P-00000001", "P-99999999999999999999"])
def test_a_reference_has_one_form(reading, universe, found, reference):
    assert reading(universe.merseyside_analyst).get(f"/person/{reference}/").status_code == 404


@pytest.mark.parametrize("name", ["pole:event", "pole:object", "pole:place", "pole:person_record"])
def test_a_number_that_is_nobody_s_is_not_there(reading, universe, db, name):
    client = reading(universe.merseyside_analyst)
    assert client.get(reverse(name, args=[10**30])).status_code == 404
    assert client.get(reverse(name, args=[0])).status_code == 404
