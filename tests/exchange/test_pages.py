"""The pages of exchange, through the client that checks every page it is given."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from fourfold.exchange import rules
from fourfold.exchange.models import Import, ImportLine
from fourfold.platform.audit.models import Entry
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from tests.exchange.conftest import DISRUPTION, THREAT, workbook

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]
GOOD = THREAT | {"URN": "N-1"}


@pytest.fixture
def manager(universe, client_for):
    return client_for(universe.merseyside_intelligence_manager)


def text_of(answer):
    return " ".join(answer.content.decode().split())


def send(client, sheets, **more):
    sent = SimpleUploadedFile("return.xlsx", workbook(sheets))
    return client.post(reverse("exchange:bring"), {"file": sent, **more}, follow=True)


def the_import(user):
    with acting_as(user):
        return Import.objects.latest("pk")


def test_the_start_says_that_the_layout_is_ours(manager):
    page = text_of(manager.get(reverse("exchange:start")))
    assert "default, not the national layout" in page
    assert "No files yet" in page


def test_a_file_is_checked_then_imported(manager, universe):
    answer = send(manager, {"Threats": [GOOD]})
    page = text_of(answer)
    assert "1 line would add a record. Nothing has been imported yet." in page
    assert "The file has no sheet Disruptions: nothing of it is imported." in page
    found = the_import(universe.merseyside_intelligence_manager)
    confirm = reverse("exchange:confirm", args=[found.pk])
    assert "1 record will be added" in text_of(manager.get(confirm))
    imported = text_of(manager.post(confirm, {}, follow=True))
    assert "return.xlsx was imported." in imported
    assert "1 record was added and 0 were changed." in imported
    assert "return.xlsx" in text_of(manager.get(reverse("exchange:start")))
    assert manager.get(confirm).status_code == 404


def test_a_refused_line_is_mended_in_place(manager, universe):
    page = text_of(send(manager, {"Threats": [GOOD | {"Tier": "Tier 9", "Summary": "Too short"}, THREAT]}))
    assert "Tier must be one of the allowed values: Tier 9 is not" in page
    user = universe.merseyside_intelligence_manager
    found = the_import(user)
    with acting_as(user):
        line = ImportLine.objects.get(of=found)
    address = reverse("exchange:mend", args=[found.pk])
    assert "Tier, line 2" in text_of(manager.get(address))
    page = text_of(manager.post(address, {f"line_{line.pk}_0": "Tier 2"}, follow=True))
    assert "1 line was corrected and checked again. 1 is still refused." in page
    assert "Enter a summary in at least 5 words" in page
    page = text_of(manager.post(address, {f"line_{line.pk}_0": THREAT["Summary"]}, follow=True))
    assert "None is refused any longer" in page
    assert "2 lines would add a record" in page
    manager.post(reverse("exchange:confirm", args=[found.pk]), {})
    with acting_as(user):
        assert sorted(threats.threats().values_list("tier", flat=True)) == ["2", "UNTIERED"]


def test_only_good_lines_are_imported_when_that_is_chosen(manager, universe):
    send(manager, {"Threats": [GOOD, THREAT | {"Name": "", "Places": "x"}]})
    user = universe.merseyside_intelligence_manager
    found = the_import(user)
    confirm = reverse("exchange:confirm", args=[found.pk])
    assert "choose to import only the good lines" in text_of(manager.post(confirm, {"what": "everything"}))
    with acting_as(user):
        assert not threats.threats().exists()
    page = text_of(manager.post(confirm, {"what": "only_good"}, follow=True))
    assert "1 line was left out" in page
    assert "Mend it in the file and bring the file again." in page
    with acting_as(user):
        assert threats.threats().count() == 1


def test_the_report_is_a_csv_file(manager, universe):
    send(manager, {"Threats": [GOOD | {"Tier": "Tier 9"}]})
    found = the_import(universe.merseyside_intelligence_manager)
    answer = manager.get(reverse("exchange:report_file", args=[found.pk]))
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert rows[0] == "Sheet,Line,What becomes of it,Column,Value,Rule,Why,What to do"
    assert rows[1].startswith("Threats,2,Refused,Tier,Tier 9,EX21,")


def test_a_difference_is_asked_and_ours_stays_unless_the_file_is_chosen(manager, universe):
    user = universe.merseyside_intelligence_manager
    send(manager, {"Threats": [GOOD]})
    manager.post(reverse("exchange:confirm", args=[the_import(user).pk]), {})
    page = text_of(send(manager, {"Threats": [GOOD | {"Name": "Harbour line renamed"}]}))
    assert "1 line differs from what is here and would change nothing" in page
    found = the_import(user)
    with acting_as(user):
        line = ImportLine.objects.get(of=found)
    address = reverse("exchange:choose", args=[found.pk])
    page = text_of(manager.get(address))
    assert "Harbour line renamed" in page
    assert f"{line.record} stays as it is" in page
    page = text_of(manager.post(address, {f"line_{line.pk}": "file"}, follow=True))
    assert "1 line would change a record as you chose" in page
    assert "Choose again about 1 line" in page
    assert f"{line.record} says otherwise here." in page
    page = text_of(manager.post(reverse("exchange:confirm", args=[found.pk]), {}, follow=True))
    assert f"{line.record} said otherwise here." in page
    with acting_as(user):
        assert [t.name for t in threats.threats()] == ["Harbour line renamed"]


def test_a_file_can_be_left_alone(manager, universe):
    send(manager, {"Threats": [GOOD]})
    found = the_import(universe.merseyside_intelligence_manager)
    page = text_of(manager.post(reverse("exchange:drop", args=[found.pk]), follow=True))
    assert "Nothing of this file was imported." in page


def test_a_file_is_taken_with_a_reason_and_noted(manager, universe):
    address = reverse("exchange:take")
    assert "Which organisations?" in text_of(manager.get(address))
    asked = {"sheets": ["threats"], "form": "xlsx"}
    assert manager.post(address, asked).status_code == 422
    said = asked | {"reason": "For the monthly return"}
    to_come = {f"as_recorded_on_{part}": value for part, value in (("day", 1), ("month", 1), ("year", 2100))}
    assert "today or earlier" in text_of(manager.post(address, said | to_come))
    answer = manager.post(address, asked | {"reason": "For the monthly return", "recipient": "National team"})
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Threats", "Columns", "Allowed values", "About this file"]
    with acting_as(universe.merseyside_intelligence_manager):
        noted = Entry.objects.filter(object_type="exchange.export").latest("pk")
    assert (noted.operation, noted.details["recipient"]) == ("DISCLOSURE", "National team")


@pytest.mark.parametrize("form", ["xlsx", "zip"])
def test_a_file_of_too_many_lines_is_not_taken_on_a_page(manager, universe, monkeypatch, form):
    send(manager, {"Threats": [GOOD, GOOD | {"URN": "N-2", "Name": "Quay crew"}]})
    manager.post(reverse("exchange:confirm", args=[the_import(universe.merseyside_intelligence_manager).pk]), {})
    said = {"sheets": ["threats"], "form": form, "reason": "For the monthly return"}
    monkeypatch.setattr(rules, "MOST_LINES_ON_A_PAGE", 2)
    assert manager.post(reverse("exchange:take"), said).status_code == 200
    monkeypatch.setattr(rules, "MOST_LINES_ON_A_PAGE", 1)
    refused = manager.post(reverse("exchange:take"), said)
    assert refused.status_code == 422
    assert "holds 1 lines a sheet, and this one would have more" in text_of(refused)


def test_a_sheet_to_fill_in_lists_the_forces_open_threats(manager, universe):
    send(manager, {"Threats": [GOOD]})
    manager.post(reverse("exchange:confirm", args=[the_import(universe.merseyside_intelligence_manager).pk]), {})
    assert "A sheet for disruptions" in text_of(manager.get(reverse("exchange:template")))
    answer = manager.get(reverse("exchange:template_file", args=["disruptions"]))
    book = load_workbook(io.BytesIO(answer.content))
    assert [c.value for c in book["Open threats"][2]] == ["N-1", "Harbour line"]
    lists = {check.formula1 for check in book["Disruptions"].data_validations.dataValidation}
    assert "'Open threats'!$A$2:$A$2" in lists


def test_somebody_elses_report_is_not_there(manager, universe, client_for):
    send(manager, {"Threats": [GOOD]})
    found = the_import(universe.merseyside_intelligence_manager)
    colleague = client_for(universe.merseyside_analyst)
    for name in ("report", "mend", "choose", "confirm", "report_file"):
        assert colleague.get(reverse(f"exchange:{name}", args=[found.pk])).status_code == 404


def test_a_file_without_headings_is_refused_and_kept(manager):
    answer = manager.post(
        reverse("exchange:bring"), {"file": SimpleUploadedFile("notes.csv", b"some,words\n1,2\n")}, follow=True
    )
    page = text_of(answer)
    assert "No sheet has the headings of the layout" in page
    assert "Refused" in page


def test_disruptions_are_keyed_by_a_force(manager, universe):
    send(manager, {"Threats": [GOOD], "Disruptions": [DISRUPTION | {"Threat URN": "N-1"}]})
    found = the_import(universe.merseyside_intelligence_manager)
    assert found.counts["disruptions"]["NEW"] == 1
