"""The person, event, record and search pages in a browser, at a desk and on a phone."""

from datetime import date

import pytest
from django.urls import reverse

from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import rules
from fourfold.pole.models import EventRecord, ObjectRecord, PersonRecord
from tests.browser import as_on_a_phone, faults_in_both_windows, give_a_reason, signed_in
from tests.pole.canonical import Batch

pytestmark = pytest.mark.browser


@pytest.fixture
def addresses(lasting_db, universe, publish, tmp_path):
    batch = Batch(tmp_path / "b")
    for number in range(9):
        name = f"John{'abcdefghi'[number]} Smith"
        batch.person(str(number), name, date(1990, 5, 1), pnc_id="1990/0000001X", postcode="L1 1AA")
    batch.person("x", "Jon Smith", date(2012, 5, 1))
    batch.thing("v1", "VEHICLE", "AB12CDE", make="Ford")
    batch.place("a1", "1 High Street", "L1 1AA")
    batch.event("e1", "CRIME", date(2023, 1, 4), location_key="a1", summary="A window was forced.")
    for key, role in (("1", "SUSPECT"), ("x", "VICTIM")):
        batch.link(("PERSON", key), role, ("EVENT", "e1"))
    batch.link(("PERSON", "1"), "USES", ("OBJECT", "v1"))
    pairs = [("niche_tri", "0", "niche_tri", str(number), 20.0 - number, "LINKED") for number in range(1, 9)]
    pairs.append(("niche_tri", "0", "niche_tri", "x", 3.0, "PROPOSED"))
    publish(batch, clusters=[*(("niche_tri", str(n), 1) for n in range(9)), ("niche_tri", "x", 2)], edges=pairs)
    with acting_as(universe.service("intake")):
        first = PersonRecord.objects.get(source_key="0")
        person = reverse("pole:person", args=[rules.reference_of(first.person_id)])
        return [
            *(f"{person}?part={part}" for part in ("overview", "records", "why", "events", "links")),
            reverse("pole:person_record", args=[first.pk]),
            reverse("pole:event", args=[EventRecord.objects.get().pk]),
            reverse("pole:object", args=[ObjectRecord.objects.get().pk]),
            reverse("pole:events"),
            f"{reverse('search:search')}?q=john+smith",
            f"{reverse('search:search')}?q=x",
        ]


def test_every_page_passes_axe_and_fits_both_windows(addresses, live_site, universe, browser_page):
    page = browser_page
    signed_in(page, live_site, universe.merseyside_analyst.email)
    page.goto(f"{live_site}{addresses[0]}")
    with as_on_a_phone(page):
        give_a_reason(page)
        page.wait_for_url(f"{live_site}{addresses[0]}")
    assert page.url == f"{live_site}{addresses[0]}", "the reason leads back to the page that was asked for"
    faults = {}
    for address in addresses:
        page.goto(f"{live_site}{address}")
        for summary in page.locator("details.govuk-details > summary").all()[:1]:
            with as_on_a_phone(page):
                summary.click()
        if found := faults_in_both_windows(page):
            faults[address] = found
    assert not faults
