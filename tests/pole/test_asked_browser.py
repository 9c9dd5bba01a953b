"""Things judged by the keyboard, and the pages of their matches, on a screen and a telephone."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from fourfold.platform.visibility.scope import acting_as
from fourfold.pole.models import ObjectRecord, ThingJudgement
from tests.browser import axe, give_a_reason, overflow, signed_in
from tests.pole.canonical import Batch
from tests.universe import Universe

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def records(lasting_db: None, universe: Universe, publish: Any, tmp_path: Path) -> dict[str, int]:
    """Two numbers of one woman a digit apart, a plate on two makes, and a restricted car of that plate."""
    for number, (force, source) in enumerate((("gmp", "policeworks_gmp"), ("merseyside", "niche_tri"))):
        batch = Batch(tmp_path / force, force=force)
        batch.person("woman", "Ann Jones", date(1990, 5, 1))
        batch.thing("phone", "PHONE", ("+447700900123", "+447700900132")[number])
        batch.link(("PERSON", "woman"), "USES", ("OBJECT", "phone"))
        batch.thing(f"car{number}", "VEHICLE", "AB12CDE", make=("Ford", "Kia")[number], colour="Blue")
        if number:
            batch.thing("sealed", "VEHICLE", "AB12CDE", make="Ford", colour="Blue", audience="OWN")
        publish(batch, source=source, grouped=True)
    with acting_as(universe.service("intake")):
        return dict(ObjectRecord.objects.values_list("source_key", "pk"))


@pytest.mark.parametrize("size", ["browser_page", "phone_page"])
def test_things_are_judged_by_single_keys_and_every_page_fits_its_window(
    records: dict[str, int], live_site: str, universe: Universe, size: str, request: pytest.FixtureRequest
) -> None:
    page = request.getfixturevalue(size)
    signed_in(page, live_site, universe.merseyside_analyst.email)
    page.goto(f"{live_site}{reverse('pole:thing_review')}")
    give_a_reason(page)
    faults = {}

    def look(name: str) -> None:
        found = axe(page) + ([f"{overflow(page)} pixels too wide"] if overflow(page) > 0 else [])
        if found:
            faults[name] = found

    look("phones")
    with page.expect_navigation():
        page.keyboard.press("ArrowRight")
    look("cars")
    with page.expect_navigation():
        page.keyboard.press("d")
    expect(page.get_by_text("Recorded: the two are different vehicles.").first).to_be_visible()
    look("said")
    with page.expect_navigation():
        page.keyboard.press("z")
    expect(page.get_by_text("Undone. Nothing of it stands.").first).to_be_visible()
    look("undone")
    with acting_as(universe.merseyside_analyst):
        assert list(ThingJudgement.objects.order_by("pk").values_list("verdict", flat=True)) == [
            "DIFFERENT",
            "WITHDRAWN",
        ]
    page.goto(f"{live_site}{reverse('pole:thing_review')}?kind=ADDRESS")
    look("none")
    page.goto(f"{live_site}{reverse('pole:deconfliction')}")
    look("deconfliction")
    page.goto(f"{live_site}{reverse('pole:object_notice', args=[records['sealed'], 'gmp'])}")
    page.get_by_label("We contacted them").check()
    page.get_by_label("What was agreed").fill("Their desk knows the car")
    look("notice")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Their desk knows the car")).to_be_visible()
    look("answered")
    assert not faults
