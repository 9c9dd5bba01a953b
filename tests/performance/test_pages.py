"""Every page of figures: what it says, that each number opens as many rows, that what is hidden leaves no trace."""

import csv
import io
import re
from datetime import UTC, date, datetime
from html import unescape
from unicodedata import normalize

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from fourfold.performance import pages, printing, rules
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import let_into_compartment, make_compartment
from tests.pages import Page

PAGES = ("threats", "disruptions", "plans", "quadrants", "measures", "inspection")
NO_COUNTS = ("PER_1000", "RECORD_LAG", "PLAN_QUALITY")  # their numbers are no counts of rows
PERIOD = {"from": "2022-01-01", "to": "2022-12-31"}


@pytest.fixture
def today(filled):
    """The pages are read after the report was published."""
    with clock.told(datetime(2023, 12, 1, 9, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def reader(filled, today, client_for):
    return client_for(filled.universe.nwrocu_rocta_moderator)


def text_of(answer):
    assert answer.status_code == 200, answer.content[:500]
    return Page(answer.content.decode()).text()


def numbers_of(html):
    """Every number on a page with the address of its rows."""
    page = Page(html)
    for link in page.all("a"):
        address = unescape(link.get("href"))
        if "/rows/" not in address:
            continue
        shown = [e.text for e in page.elements if link in e.within and "ff-figure__number" in e.get("class")]
        yield (shown or [link.text])[0], address


def words_of_pdf(content):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def rows_in(answer):
    found = re.search(r'class="ff-list__count"[^>]*>([\d,]+)', answer.content.decode())
    return int(found[1].replace(",", "")) if found else 0


def test_every_number_of_every_page_opens_a_list_with_as_many_rows(reader):
    opened: dict[str, int] = {}
    queries = ({}, {"as_recorded_on": "2023-01-04"}, {"body": "cheshire"} | PERIOD)
    addresses = [(reverse(f"performance:{name}"), query) for name in PAGES for query in queries]
    codes = ("THREATS", "PURSUE_SHARE", "PLAN_QUALITY", "PER_1000")
    addresses += [(reverse("performance:measure", args=[code]), {"as_recorded_on": "2023-02-20"}) for code in codes]
    addresses.append((reverse("performance:trend", args=["RECORD_LAG"]), {}))
    for page, query in addresses:
        answer = reader.get(page, query)
        assert answer.status_code == 200
        for number, address in numbers_of(answer.content.decode()):
            if address not in opened:
                rows = reader.get(address)
                assert rows.status_code == 200, address
                opened[address] = rows_in(rows)
            if number.isdecimal() and not any(f"/{code}/" in address for code in NO_COUNTS):
                assert opened[address] == int(number), (page, query, number, address)
    assert len(opened) > 60


def test_the_inspection_page_says_each_figure_its_rows_its_filter_and_its_source(reader):
    said = text_of(reader.get(reverse("performance:inspection")))
    assert "938" in said
    assert "HMICFRS" in said
    assert "Tier is not Tier 5" in said
    assert "Record date is 1 January 2022 or later" in said
    assert "as recorded on the date that its own figure" in said
    assert "You are NWROCU rocta moderator" in said


def test_another_date_holds_for_every_line(reader):
    answer = reader.get(reverse("performance:inspection"), {"as_recorded_on": "2023-01-04"})
    said = text_of(answer)
    assert "Every line as recorded on 4 January 2023" in said
    assert "13 July 2023" not in re.sub(r"Appendix 2 says.*?used", "", said)


def test_row_2_says_what_is_missing_until_other_regions_are_imported(filled, today, client_for):
    manager = client_for(filled.universe.nwrocu_data_manager)
    page = reverse("performance:inspection")
    assert "Counts of other regions have not been imported yet" in text_of(manager.get(page))
    content = (
        b"region,threats,extracted_on,source\nSouth West,1,2023-01-04,Published report\nEastern,0,2023-01-04,Letter\n"
    )
    address = reverse("performance:import_regions")
    answer = manager.post(address, {"file": SimpleUploadedFile("r.csv", content, "text/csv")})
    assert answer.status_code == 302
    said = text_of(manager.get(page))
    assert "The next is South West with 1; 2 other regions were imported" in said
    assert "South West" in text_of(manager.get(reverse("performance:regions")))
    wrong = SimpleUploadedFile("r.csv", b"region,threats\nX,1\n", "text/csv")
    refused = manager.post(address, {"file": wrong})
    assert refused.status_code == 422
    assert "The first line must be region,threats,extracted_on,source" in refused.content.decode()


def test_only_those_who_manage_reference_data_import_counts(filled, today, client_for):
    analyst = client_for(filled.universe.cheshire_analyst)
    assert analyst.get(reverse("performance:import_regions")).status_code == 404
    assert "Import counts" not in text_of(analyst.get(reverse("performance:regions")))


def test_both_readings_stand_side_by_side(reader):
    said = text_of(reader.get(reverse("performance:measure", args=["DISRUPTIONS"])))
    assert "Both readings of the source" in said
    assert "both days count" in said
    assert "1 January 2022 does not count" in said


def test_what_changed_names_each_row_and_why(reader):
    answer = reader.get(
        reverse("performance:changes", args=["DISRUPTIONS"]),
        {"from": "4/1/2023", "to": "20/2/2023", "body": "cheshire"},
    )
    said = text_of(answer)
    assert "3 as recorded on 4 January 2023, 2 as recorded on 20 February 2023" in said
    assert "1 row came, 2 went and 0 changed" in said
    assert "days after the event" in said
    assert "State: Recorded to Withdrawn" in said
    assert "Reason given: It was recorded twice by two people" in said
    assert "Cheshire intelligence manager" in said


def test_two_dates_that_cannot_be_compared_are_refused_in_words(reader):
    address = reverse("performance:changes", args=["THREATS"])
    for query in ({"from": "x", "to": "4/1/2023"}, {"from": "4/1/2023", "to": "3/1/2023"}, {"from": "4/1/2023"}):
        answer = reader.get(address, query)
        assert answer.status_code == 200
        assert re.search("Give two real dates|must be before", text_of(answer))


TAKEN = (
    ("inspection", [], {}),
    ("measure", ["DISRUPTIONS"], {}),
    ("threats", [], {}),
    ("plans", [], {}),
    ("trend", ["LEAD_DISRUPTIONS"], {}),
    ("rows", ["THREATS"], {"as_recorded_on": "2023-01-04"}),
    ("changes", ["THREATS"], {"from": "2023-01-04", "to": "2023-02-20"}),
)
STARTS = {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF"}


def test_everything_can_be_taken_away_and_the_ledger_says_who_took_it(reader, filled):
    for name, args, query in TAKEN:
        for kind, starts in STARTS.items():
            answer = reader.get(reverse(f"performance:{name}", args=args), query | {"export": kind})
            assert answer.status_code == 200
            assert "OFFICIAL-SENSITIVE" in answer["Content-Disposition"]
            assert answer.content.startswith(starts)
            with acting_as(filled.universe.service("demo")):
                entry = Entry.objects.filter(operation="EXPORT").order_by("-id").first()
                assert entry.details["format"] == kind
                assert entry.actor == filled.universe.nwrocu_rocta_moderator


def test_a_dashboards_file_holds_every_number_of_its_page(reader):
    query = {"from": "1/1/2022", "to": "31/12/2022"}
    page = reader.get(reverse("performance:disruptions"), query)
    assert "Download as a workbook (XLSX)" in page.content.decode()
    file = reader.get(reverse("performance:disruptions"), query | {"export": "csv"})
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[0] == ["Part", "What", "Of", "Which", "Number"]
    by_p = {of: number for _, what, of, _, number in rows if what == "Lead disruptions by P"}
    assert set(by_p) == {"Pursue", "Prevent", "Protect", "Prepare"}
    whole = next(number for part, what, *_, number in rows if (part, what) == ("In short", "Lead disruptions"))
    assert sum(map(int, by_p.values())) == int(whole)


def test_a_dashboards_file_is_of_its_reader_and_its_date_and_the_ledger_says_so(filled, today, client_for):
    asked = PERIOD | {"as_recorded_on": "2023-01-04", "body": "cheshire", "export": "csv"}
    for user in (filled.universe.cheshire_analyst, filled.universe.nwrocu_rocta_moderator):
        client = client_for(user)
        sent = client.get(reverse("performance:disruptions"), asked).content.decode("utf-8-sig")
        (whole,) = {row[4] for row in csv.reader(io.StringIO(sent)) if row[:2] == ["In short", "Lead disruptions"]}
        page = client.get(reverse("performance:disruptions"), {k: v for k, v in asked.items() if k != "export"})
        assert whole in {number.replace(",", "") for number, _ in numbers_of(page.content.decode())}
        with acting_as(filled.universe.service("demo")):
            noted = Entry.objects.filter(operation="EXPORT").latest("id")
        assert noted.actor == user
        assert noted.details["facts"]["Body"] == "Cheshire Constabulary"
        assert noted.details["facts"]["As recorded on"] == "the end of 4 January 2023"


def test_a_pdf_says_on_itself_what_it_is(reader):
    answer = reader.get(reverse("performance:inspection"), {"export": "pdf"})
    content = answer.content
    assert b"/Lang (en-GB)" in content
    said = words_of_pdf(content)
    for word in ("OFFICIAL-SENSITIVE", "Page 1 of ", "Source:", "As recorded on:", "HMICFRS", "Tier is not Tier 5"):
        assert word in said, said[:800]


def test_names_in_any_european_alphabet_are_printed_from_fonts_that_the_pdf_carries():
    names = ("Ŵyn Tŷ Gŵyr", "Łukasz Wójcik", "Şahin İğneli", "Nguyễn Đức", "Ľubomír Őry", "Σπύρος Юрий")
    heads, taken = ("Ŷ", "Name"), io.BytesIO()
    apart = normalize("NFD", names[0])
    rows = tuple((name, "Tŷ’r – £5 • 7\u20118 → 9") for name in (*names[1:], apart))
    printing.write_pdf(taken, printing.Sheet("x", "Ŵ Ž <b>", (("Łódź & Ş", "ŷ"),), heads, rows))
    said = words_of_pdf(taken.getvalue())
    for word in (*names, "Ŵ Ž <b>", "Łódź & Ş: ŷ", "Ŷ", "Tŷ’r – £5 • 7-8 → 9"):
        assert word in said, said
    pages_read = PdfReader(taken).pages
    fonts = [font.get_object() for page in pages_read for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        assert re.fullmatch(r"/[A-Z]{6}\+LiberationSans(-Bold)?", font["/BaseFont"]), font["/BaseFont"]
        assert "/FontFile2" in font["/FontDescriptor"]
    assert len(taken.getvalue()) < 150_000


def test_a_threat_in_a_compartment_counts_for_those_in_it_and_leaves_no_trace_for_others(world, client_for):
    plain = world.threat("cheshire")
    world.moderate(plain)
    inside = world.universe.cheshire_analyst
    with world.acting(world.universe.service("demo")):
        circle = make_compartment(code="NWC01", name="Restricted", owner=inside.organisation)
        for member in (inside, world.universe.cheshire_intelligence_manager):
            let_into_compartment(compartment=circle, user=member, held_from=date(2021, 1, 1))
    hidden = world.threat("cheshire", name="Quiet harbour", compartment=circle)
    world.moderate(hidden)
    with clock.told(datetime(2023, 3, 1, 9, 0, tzinfo=UTC)):
        address = reverse("performance:measure", args=["THREATS"])
        rows = reverse("performance:rows", args=["THREATS"])
        changes = reverse("performance:changes", args=["THREATS"])
        moments = {"from": "2022-01-01", "to": "2023-01-04"}
        member, outsider = client_for(inside), client_for(world.universe.cheshire_lro)
        assert rows_in(member.get(rows)) == 2
        assert rows_in(outsider.get(rows)) == 1
        for client in (outsider, client_for(world.universe.gmp_analyst)):
            for answer in (client.get(address), client.get(rows), client.get(changes, moments)):
                body = answer.content.decode()
                assert "Quiet harbour" not in body
                assert hidden.reference not in body
            assert "1 row came" in client.get(changes, moments).content.decode()
        assert "2 rows came" in member.get(changes, moments).content.decode()


def test_a_partner_sees_no_small_count(filled, today, client_for):
    partner = filled.universe.hmpps_partner_analyst
    assert pages.suppresses(partner)
    assert not pages.suppresses(filled.universe.nca_inspector)
    assert not pages.suppresses(filled.universe.cheshire_analyst)
    figures = {"a": rules.Value(3, 3), "b": rules.Value(7, 7), "c": rules.Value(20, 20), "": rules.Value(30, 30)}
    shown = pages.shown_to(partner, figures)
    assert {body for body, value in shown.items() if value.hidden} == {"a", "b"}
    assert client_for(partner).get(reverse("performance:threats")).status_code == 200


@pytest.mark.parametrize("name", ["threats", "disruptions"])
def test_a_dashboard_asks_the_same_number_of_queries_whatever_the_rows(reader, filled, name):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert reader.get(reverse(f"performance:{name}"), PERIOD).status_code == 200
        return len(asked)

    queries()
    before = queries()
    for _ in range(3):
        threat = filled.threat("merseyside")
        filled.moderate(threat)
        filled.disruption(threat, date(2022, 12, 1))
    queries()  # a force that was not there before brings a label, which is worked out once
    assert queries() <= before


def test_a_measure_that_is_none_and_a_body_that_is_none_are_not_there(reader):
    assert reader.get("/performance/measures/NOTHING/").status_code == 404
    assert reader.get(reverse("performance:measure", args=["THREATS"]), {"body": "atlantis"}).status_code == 404
    assert reader.get(reverse("performance:threats"), {"body": "hmpps"}).status_code == 404


def test_the_plan_on_a_page_shows_each_aim_under_the_ps_that_serve_it_and_what_moved_it(reader):
    address = reverse("performance:quadrants")
    html = reader.get(address, {"body": "cheshire"}).content.decode()
    page = Page(html)
    quadrants = {
        section.get("aria-labelledby"): section.text
        for section in page.all("section")
        if "ff-quadrant" in section.get("class")
    }
    assert list(quadrants) == ["pursue", "prevent", "protect", "prepare"]
    for p in ("pursue", "prevent"):
        assert "Close the line into the two towns" in quadrants[p]
        assert "from 140, now 70, to 0 calls" in quadrants[p]
        assert "50% of the way" in quadrants[p]
        assert "1 action open, 1 overdue, 0 done" in quadrants[p]
        assert "DIS-000001, no noticeable effect" in quadrants[p]
    assert "No plan has an aim that Protect actions serve" in quadrants["protect"]
    assert "/threats/SOC-0001/plan/" in html
    assert "/disruptions/DIS-000001/" in html
    elsewhere = text_of(reader.get(address, {"theme": "CYB"}))
    assert "Close the line" not in elsewhere
    before = text_of(reader.get(address, {"body": "cheshire", "as_recorded_on": "2022-01-09"}))
    assert "Close the line" not in before


def test_odd_dates_and_values_are_answered_in_words(reader):
    for day in ("1/1/0001", "29/2/2020", "31/12/9999", "\x00", "30/2/2023"):
        try_odd(reader, day)


def try_odd(reader, day):
    for name, args in (("threats", []), ("disruptions", []), ("plans", []), ("quadrants", []), ("inspection", [])):
        assert reader.get(reverse(f"performance:{name}", args=args), {"as_recorded_on": day}).status_code == 200
    for name in ("measure", "rows", "trend"):
        for code in ("THREATS", "RECORD_LAG"):
            query = {"as_recorded_on": day, "reading": "\x00", "from": day, "to": day, "theme": "\x00", "q": "\x00"}
            assert reader.get(reverse(f"performance:{name}", args=[code]), query).status_code == 200
    changes = reverse("performance:changes", args=["RECORD_LAG"])
    assert reader.get(changes, {"from": day, "to": "2023-01-04"}).status_code == 200
    assert reader.get(changes, {"from": "2023-01-04", "to": day}).status_code == 200


def test_a_token_is_shown_once_and_withdrawn_by_its_owner_only(filled, today, client_for):
    mine, other = client_for(filled.universe.cheshire_analyst), client_for(filled.universe.gmp_analyst)
    form = {"name": "Weekly report", "expires_on_day": "1", "expires_on_month": "2", "expires_on_year": "2024"}
    answer = mine.post(reverse("performance:make_reader"), form)
    assert answer.status_code == 200, Page(answer.content.decode()).text()
    assert "ffr_" in answer.content.decode()
    page = mine.get(reverse("performance:readers")).content.decode()
    assert "ffr_" not in page
    withdraw = re.search(r'action="([^"]+/withdraw/)"', page)[1]
    assert other.post(withdraw).status_code == 404
    assert mine.post(withdraw).status_code == 302
    assert "You have no tokens" in mine.get(reverse("performance:readers")).content.decode()
