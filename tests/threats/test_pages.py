"""Pages about threats, as a browser without JavaScript gets them. The client refuses a page that cannot be used."""

import csv
from datetime import date

import pytest

from fourfold.platform.audit import selectors as ledger
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import selectors, services
from tests.threats.conftest import EXPLOITED, TODAY, membership, nominate

pytestmark = pytest.mark.django_db
REASON = {"reason_for_reading": {"code": "SOC_THREAT", "text": "Managing it", "operation_reference": "SOC-1"}}


@pytest.fixture
def peopled(universe, picture):
    """A threat with a leader, an exploited person and an associate on a record that only Merseyside may see."""
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        for key, said in (("p1", {}), ("p2", EXPLOITED), ("p3", {"role": "ASSOCIATE"})):
            services.add_member(
                actor=universe.merseyside_analyst,
                threat=threat,
                record=pole.person_record(picture[key]),
                membership=membership(**said),
                reason="Named in two reports",
                today=TODAY,
            )
    return threat


@pytest.fixture
def with_reason(client_for):
    """A signed-in client that has said why it reads people."""

    def signed_in(user):
        client = client_for(user)
        client.get("/threats/")
        answer = client.post(
            "/reason/?next=/threats/", {"code": "SOC_THREAT", "text": "Managing a threat", "operation_reference": ""}
        )
        assert answer.status_code == 302, answer.content
        return client

    return signed_in


def text(answer) -> str:
    return answer.content.decode()


def test_the_list_counts_filters_and_hides(universe, client_for):
    with acting_as(universe.merseyside_analyst):
        nominate(universe, name="Open to all", tier="1")
        nominate(universe, name="Only ours", audience="OWN")
        nominate(universe, name="A weakness", threat_type="VULNERABILITY", themes=("CYB",))
    ours, theirs = client_for(universe.merseyside_analyst), client_for(universe.gmp_analyst)
    assert "3 threats" in text(ours.get("/threats/"))
    assert "2 threats" in text(theirs.get("/threats/"))
    assert "Only ours" not in text(theirs.get("/threats/?q=ours"))
    assert "1 threat" in text(ours.get("/threats/?type=VULNERABILITY"))
    assert "2 threats" in text(ours.get("/threats/?theme=DRU"))
    assert "1 threat" in text(ours.get("/threats/?needs=lro"))
    assert "Nothing matches" in text(ours.get("/threats/?state=closed"))
    assert "Nominate a threat" in text(ours.get("/threats/"))
    assert "/threats/nominate/" not in text(client_for(universe.hmpps_partner_analyst).get("/threats/"))


def test_the_list_takes_the_same_number_of_queries_however_many_threats(
    universe, client_for, django_assert_max_num_queries
):
    with acting_as(universe.merseyside_analyst):
        for number in range(12):
            nominate(universe, name=f"Line {number}")
    client = client_for(universe.merseyside_analyst)
    client.get("/threats/")
    with django_assert_max_num_queries(26):
        client.get("/threats/")


def test_the_list_goes_out_as_a_file_and_the_ledger_knows(universe, client_for):
    with acting_as(universe.merseyside_analyst):
        nominate(universe, name="=cmd()")
    client = client_for(universe.merseyside_analyst)
    sent = client.get("/threats/?export=csv").content.decode("utf-8-sig")
    assert "cmd()" in sent
    assert ",=cmd" not in sent
    with acting_as(universe.merseyside_analyst):
        assert ledger.entries().filter(operation="EXPORT", object_type="threats").count() == 1


def test_each_count_of_the_list_opens_the_people_it_counts(universe, client_for, peopled):
    client = client_for(universe.merseyside_analyst)
    for address in ("/threats/", "/"):
        assert f'href="/threats/{peopled.reference}/members/"' in text(client.get(address)), address
    assert f'href="/threats/{peopled.reference}/people-to-protect/"' in text(client.get("/threats/"))


def test_two_grades_that_are_missing_are_asked_for_by_name(universe, with_reason, peopled, picture):
    address = f"/threats/{peopled.reference}/members/add/{picture['p1']}/"
    page = text(with_reason(universe.merseyside_analyst).post(address, {"seen": ""}))
    assert "Choose how good the source is" in page
    assert "Choose how the source knows it" in page


def test_a_threat_that_is_hidden_and_one_that_is_not_there_are_the_same_404(universe, client_for):
    with acting_as(universe.merseyside_analyst):
        hidden = nominate(universe, audience="OWN")
    client = client_for(universe.gmp_analyst)
    there, nowhere = client.get(f"/threats/{hidden.reference}/"), client.get("/threats/SOC-9999/")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.content.count(b"SOC-") == nowhere.content.count(b"SOC-") == 0


def test_the_summary_names_nobody_and_says_what_is_missing(universe, client_for, peopled):
    page = text(client_for(universe.merseyside_analyst).get(f"/threats/{peopled.reference}/"))
    assert "Harbour line" in page
    assert "1 offender, 1 associate" in page
    assert "Dockside" not in page
    assert "Every force in the region" in page


def test_what_is_new_on_the_picture_is_counted_and_opens(universe, client_for, peopled):
    client = client_for(universe.merseyside_analyst)
    page = text(client.get(f"/threats/{peopled.reference}/?since=2020-01-01"))
    assert "New on the picture since 1 January 2020" in page
    assert "1 stop and search" in page
    assert "Nothing new about the people" in text(client.get(f"/threats/{peopled.reference}/?since=2099-01-01"))


def test_people_are_read_with_a_reason_and_each_reading_is_in_the_ledger(universe, client_for, with_reason, peopled):
    address = f"/threats/{peopled.reference}/members/"
    assert client_for(universe.merseyside_analyst).get(address).status_code == 302
    client = with_reason(universe.merseyside_analyst)
    page = text(client.get(address))
    assert "Alpha Dockside" in page
    assert "Charlie Dockside" in page
    assert "Bravo Dockside" not in page
    with acting_as(universe.merseyside_analyst):
        noted = ledger.entries_about(peopled).filter(operation="CONSULTATION", reason_code="SOC_THREAT")
        assert len(noted.get().details["people"]) == 3


def test_people_to_protect_stand_apart(universe, with_reason, peopled):
    page = text(with_reason(universe.merseyside_analyst).get(f"/threats/{peopled.reference}/people-to-protect/"))
    assert "Bravo Dockside" in page
    assert "Alpha Dockside" not in page
    assert "never counted as offenders" in page


def test_a_member_on_a_restricted_record_is_not_there_for_others_nor_counted(universe, with_reason, peopled):
    client = with_reason(universe.cheshire_analyst)
    page = text(client.get(f"/threats/{peopled.reference}/members/"))
    assert "Charlie Dockside" not in page
    assert "1 offender, 0 associates" in page


def test_the_history_says_each_change_in_words(universe, client_for, peopled):
    page = text(client_for(universe.gmp_analyst).get(f"/threats/{peopled.reference}/history/"))
    assert "Nominated" in page
    assert "2 people added: " in page
    assert "exploited person" in page
    assert "Named in two reports" in page
    assert "Dockside" not in page


WHOLE = {
    "threat_type": "VULNERABILITY",
    "name": "Car washes in the old dock",
    "aliases": "Dock washes\n\nThe washes",
    "summary": "Workers sleep on site and do not hold their own papers",
    "themes": ["MSH.labour"],
    "places": "Old dock\nNew dock",
    "owner": "merseyside",
    "tier": "3",
    "phase": "DEVELOPMENT",
    "nominated_on_day": "1",
    "nominated_on_month": "9",
    "nominated_on_year": "2026",
    "lro": "",
    "deputy": "",
    "sio": "",
    "audience": "REGION",
    "reason": "Found on three visits",
}


def test_an_officer_nominates_a_threat(universe, client_for):
    client = client_for(universe.merseyside_analyst)
    page = text(client.get("/threats/nominate/"))
    assert "Is it a weakness that any criminal could use?" in page
    answer = client.post("/threats/nominate/", WHOLE)
    assert answer.status_code == 302
    reference = answer["Location"].split("/")[2]
    with acting_as(universe.merseyside_analyst):
        made = selectors.threat(reference)
        assert (made.aliases, made.tier, made.nominated_on) == (["Dock washes", "The washes"], "3", date(2026, 9, 1))
        assert [place.name for place in selectors.places(made)] == ["New dock", "Old dock"]


def test_officers_of_ones_own_force_come_first_to_choose_from(universe, client_for):
    reader, elsewhere = universe.merseyside_analyst, universe.cheshire_lro
    page = client_for(reader).get("/threats/nominate/").content.decode()
    own, other = (page.index(f"{each.name}, {each.organisation.name}") for each in (reader, elsewhere))
    assert own < other


def test_a_refused_nomination_keeps_what_was_typed_and_says_what_to_mend(universe, client_for):
    client = client_for(universe.merseyside_analyst)
    page = text(client.post("/threats/nominate/", WHOLE | {"summary": "Too short", "nominated_on_year": "2126"}))
    assert "There is a problem" in page
    assert "at least 5 words" in page
    assert "Car washes in the old dock" in page


def test_who_may_not_nominate_finds_no_such_page(universe, client_for):
    assert client_for(universe.nwrocu_auditor).get("/threats/nominate/").status_code == 404


@pytest.mark.parametrize("part", ["describe", "places/add", "tier", "phase", "kind", "hand-over", "close"])
def test_each_change_has_a_page_for_a_manager_and_none_for_another_force(universe, client_for, part):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
    address = f"/threats/{threat.reference}/{part}/"
    assert client_for(universe.merseyside_intelligence_manager).get(address).status_code == 200
    assert client_for(universe.gmp_intelligence_manager).get(address).status_code == 404


def test_a_change_is_saved_with_its_reason_or_refused_beside_its_field(universe, client_for):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
        threat.refresh_from_db()
    client = client_for(universe.merseyside_intelligence_manager)
    address = f"/threats/{threat.reference}/tier/"
    seen = threat.recorded_from.isoformat()
    refused = client.post(address, {"tier": "2", "reason": "because", "seen": seen})
    assert "at least 3 words" in text(refused)
    saved = client.post(address, {"tier": "2", "reason": "Scored by the region", "seen": seen})
    assert (saved.status_code, saved["Location"]) == (302, f"/threats/{threat.reference}/")
    with acting_as(universe.merseyside_analyst):
        assert selectors.threat(threat.reference).tier == "2"


def test_a_member_is_found_by_name_and_added_on_the_record_chosen(universe, with_reason, picture):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe)
    client = with_reason(universe.merseyside_analyst)
    address = f"/threats/{threat.reference}/members/add/"
    assert "Nobody found" in text(client.get(address, {"q": "Zebedee"}))
    assert f"{address}{picture['p1']}/" in text(client.get(address, {"q": "alfa dockside"}))
    said = {
        "role": "EXPLOITED",
        "from_on_day": "1",
        "from_on_month": "9",
        "from_on_year": "2026",
        "category": "SUSPECT",
        "assertion": "ASSESSMENT",
        "source_grade": "2",
        "assessment_grade": "B",
        "reason": "Named in two reports",
        "seen": "",
    }
    refused = client.post(f"{address}{picture['p1']}/", said)
    assert "never as a suspect" in text(refused)
    saved = client.post(f"{address}{picture['p1']}/", said | {"category": "VICTIM"})
    assert saved.status_code == 302
    with acting_as(universe.merseyside_analyst):
        assert selectors.headcount(threat).protect == 1


def test_a_role_is_ended_on_a_day(universe, with_reason, peopled):
    with acting_as(universe.merseyside_analyst):
        member = selectors.member_lines(peopled, today=TODAY)[0].member
    client = with_reason(universe.merseyside_analyst)
    address = f"/threats/{peopled.reference}/members/{member.pk}/end/"
    assert "Alpha Dockside" in text(client.get(address))
    said = {"to_on_day": "30", "to_on_month": "9", "to_on_year": "2026", "reason": "Left the area", "seen": ""}
    assert client.post(address, said).status_code == 302
    assert "No longer in this role" in text(client.get(f"/threats/{peopled.reference}/members/"))
    assert with_reason(universe.cheshire_analyst).get(address).status_code == 404


def test_a_person_page_shows_the_roles_in_threats_that_the_reader_may_see(universe, with_reason, peopled, picture):
    with acting_as(universe.merseyside_analyst):
        person = pole.people_of_records([picture["p1"]], today=TODAY)[picture["p1"]]
    page = text(with_reason(universe.gmp_analyst).get(person.url))
    assert "Roles in threats" in page
    assert peopled.reference in page


def test_the_ledger_is_asked_and_answers_by_the_reference_of_a_threat(universe, client_for, with_reason, peopled):
    with acting_as(universe.merseyside_analyst):
        other = nominate(universe, name="Another")
        secret = nominate(universe, name="Only ours", audience="OWN")
    analyst = with_reason(universe.merseyside_analyst)
    for threat in (peopled, other, secret):
        assert analyst.get(f"/threats/{threat.reference}/").status_code == 200
    auditor = client_for(universe.nwrocu_auditor)
    page = text(auditor.get(f"/ledger/?about={peopled.reference.lower()}"))
    assert f">{peopled.reference}</a>" in page
    assert f">{other.reference}</a>" not in page
    assert "Threat member" in page, "what was done to its members is about the threat too"
    assert "Nothing matches" in text(auditor.get(f"/ledger/?about={peopled.pk}"))
    shown = text(auditor.get(f"/ledger/?about=Threat+{secret.pk}"))
    assert f"Threat {secret.pk}</a>" in shown
    assert f">{secret.reference}</a>" not in shown, "a reader who may not see the threat is not told its reference"
    own = text(analyst.get(f"/ledger/?about={secret.reference}"))
    assert f">{secret.reference}</a>" in own


def test_the_form_says_truthfully_whose_name_a_threat_may_have(universe, client_for):
    page = text(client_for(universe.merseyside_analyst).get("/threats/nominate/"))
    assert "For a priority individual, the person&#39;s name; for any other kind, not the name of a person." in page


def test_the_file_of_the_list_says_which_threat_each_line_is(universe, client_for):
    with acting_as(universe.merseyside_analyst):
        threat = nominate(universe, name="Harbour line", aliases=("Joey",))
    sent = client_for(universe.merseyside_analyst).get("/threats/?export=csv").content
    heads, line = csv.reader(sent.decode("utf-8-sig").splitlines())
    said = dict(zip(heads, line, strict=True))
    assert (said["Reference"], said["Threat"], said["Other names"]) == (threat.reference, "Harbour line", "Joey")
    assert said["Owner"] == "Merseyside Police"
