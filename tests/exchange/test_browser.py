"""The whole way of a file in a real browser: at a desk, on a phone, and without JavaScript."""

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from fourfold.exchange.models import Import
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import selectors as threats
from tests.browser import sign_in, sound
from tests.exchange.conftest import DISRUPTION, THREAT, workbook

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("store")]
LINES = {
    "Threats": [
        THREAT | {"URN": "N-1", "Tier": "Tier 2"},
        THREAT | {"URN": "N-2", "Name": "Quay crew", "Tier": "Tier 9", "Summary": "too short"},
    ],
    "Disruptions": [DISRUPTION | {"Threat URN": "N-1", "URN": "D-1"}, DISRUPTION | {"Threat URN": "N-404"}],
}


def bring(page: Page, site: str, folder: Path, sheets: dict) -> None:
    path = folder / "return.xlsx"
    path.write_bytes(workbook(sheets))
    page.goto(f"{site}/exchange/import/")
    page.get_by_label("The workbook or CSV file").set_input_files(path)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("return.xlsx")


def walk(page: Page, site: str, folder: Path, *, look: bool) -> None:
    """From the menu to the imported record and its second coming."""

    def seen(name: str) -> None:
        if look:
            sound(page, f"exchange-{name}")

    sign_in(page, site, "intelligence_manager@merseyside.test")
    page.goto(f"{site}/more/")
    page.get_by_role("main").get_by_role("link", name="Exchange").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Exchange with the national system")
    expect(page.get_by_text("default, not the national layout").first).to_be_visible()
    seen("start-empty")
    page.get_by_role("button", name="Bring a file").click()
    seen("bring")
    bring(page, site, folder, LINES)
    expect(page.get_by_text("2 lines are refused")).to_be_visible()
    seen("report")
    page.get_by_role("button", name="Mend 2 refused lines").click()
    seen("mend")
    page.get_by_label("Tier, line 3").fill("Tier 3")
    page.get_by_label("Threat URN, line 3").fill("N-1")
    page.get_by_role("button", name="Correct and check again").click()
    expect(page.get_by_text("1 is still refused")).to_be_visible()
    page.get_by_role("button", name="Mend 1 refused line").click()
    page.get_by_label("Summary, line 3").fill("People moving class A drugs into a third town")
    page.get_by_role("button", name="Correct and check again").click()
    page.get_by_role("button", name="Import", exact=True).click()
    seen("confirm")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("return.xlsx was imported")).to_be_visible()
    seen("imported")
    bring(page, site, folder, {"Threats": [THREAT | {"URN": "N-1", "Tier": "Tier 1", "Name": "Harbour line renamed"}]})
    page.get_by_role("button", name="Decide about 1 difference").click()
    expect(page.get_by_role("cell", name="Tier 1")).to_be_visible()
    seen("choose")
    page.get_by_label("What the file says").check()
    page.get_by_role("button", name="Keep these choices").click()
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("1 was changed")).to_be_visible()
    page.goto(f"{site}/exchange/")
    seen("start")


@pytest.mark.slow
def test_a_file_comes_in_at_a_desk(browser_page, live_site, universe, tmp_path):
    walk(browser_page, live_site, tmp_path, look=True)
    manager = universe.merseyside_intelligence_manager
    with acting_as(manager):
        assert sorted(threats.threats().values_list("tier", flat=True)) == ["1", "3"]
        assert Import.objects.filter(state="IMPORTED").count() == 2


@pytest.mark.slow
def test_a_file_comes_in_on_a_phone(phone_page, live_site, tmp_path):
    walk(phone_page, live_site, tmp_path, look=True)


@pytest.mark.slow
def test_a_file_comes_in_without_javascript(plain_page, live_site, tmp_path):
    walk(plain_page, live_site, tmp_path, look=False)


@pytest.mark.slow
def test_a_file_is_taken_and_a_sheet_to_fill_in(browser_page, live_site, tmp_path):
    page = browser_page
    sign_in(page, live_site, "intelligence_manager@merseyside.test")
    page.goto(f"{live_site}/exchange/export/")
    sound(page, "exchange-take")
    page.get_by_label("Why is it taken?").fill("For the monthly return")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download").click()
    book = load_workbook(io.BytesIO(coming.value.path().read_bytes()))
    assert book.sheetnames[:3] == ["Threats", "Assessments", "Disruptions"]
    page.goto(f"{live_site}/exchange/template/")
    sound(page, "exchange-template")
    with page.expect_download() as coming:
        page.get_by_role("link", name="A sheet for disruptions").click()
    assert load_workbook(io.BytesIO(coming.value.path().read_bytes())).sheetnames[0] == "Disruptions"
