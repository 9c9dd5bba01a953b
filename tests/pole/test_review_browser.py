"""Pairs judged by the keyboard, and the pages of identity for those who cannot see them or have no JavaScript."""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import rules
from fourfold.pole.models import Judgement, PersonRecord
from tests.browser import as_on_a_phone, axe, faults_in_both_windows, give_a_reason, signed_in
from tests.pole.canonical import Batch

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAMES = ("John", "Jon", "Jack", "Jim", "Joe")


@pytest.fixture
def records(lasting_db, universe, publish, tmp_path):
    """Four pairs that wait, and a record that only its own force sees, which one of them matches."""
    batch = Batch(tmp_path / "b")
    for key, name in enumerate(NAMES):
        batch.person(str(key), f"{name} Smith", date(1990, 5, 1 + key), postcode="L1 1AA")
    batch.person("x", "John Smith", date(1990, 5, 1), postcode="L1 1AA")
    batch.person("h", "Johan Smith", date(1990, 5, 1), audience="OWN")
    other = Batch(tmp_path / "g", force="gmp")
    other.person("g", "Johnny Smith", date(1990, 5, 1))
    pairs = [("niche_tri", "0", "niche_tri", str(key), 5.0 - key, "PROPOSED") for key in range(1, len(NAMES))]
    pairs.append(("niche_tri", "0", "niche_tri", "x", 12.0, "LINKED"))
    pairs.append(("niche_tri", "h", "policeworks_gmp", "g", 7.0, "LINKED"))
    groups = [("niche_tri", str(key), key + 1) for key in range(len(NAMES))]
    groups += [("niche_tri", "x", 1), ("niche_tri", "h", 9), ("policeworks_gmp", "g", 9)]
    publish(other, source="policeworks_gmp", clusters=groups, edges=pairs)
    publish(batch, clusters=groups, edges=pairs)
    with acting_as(universe.service("intake")):
        return {r.source_key: r for r in PersonRecord.objects.all()}


def begin(page, site, universe):
    signed_in(page, site, universe.merseyside_analyst.email)
    page.goto(f"{site}{reverse('pole:review')}")
    give_a_reason(page)


def press(page, key):
    with page.expect_navigation():
        page.keyboard.press(key)


def said(universe):
    with acting_as(universe.merseyside_analyst):
        return list(Judgement.objects.order_by("pk").values_list("verdict", flat=True))


def place(page):
    return page.locator(".ff-review__place").inner_text().split(",")[0]


def test_pairs_are_judged_moved_through_and_undone_by_single_keys(records, live_site, universe, browser_page):
    page = browser_page
    begin(page, live_site, universe)
    assert place(page) == "Pair 1 of 4"
    assert axe(page) == []
    press(page, "ArrowRight")
    assert place(page) == "Pair 2 of 4"
    press(page, "ArrowLeft")
    press(page, "d")
    expect(page.get_by_text("Recorded: different people.").first).to_be_visible()
    assert place(page) == "Pair 1 of 3"
    press(page, "S")
    press(page, "u")
    assert said(universe) == ["DIFFERENT", "SAME", "UNSURE"]
    press(page, "z")
    expect(page.get_by_text("Undone. Nothing of it stands.").first).to_be_visible()
    assert said(universe) == ["DIFFERENT", "SAME", "UNSURE", "WITHDRAWN"]
    page.locator("#why").focus()
    page.keyboard.type("seen dancing")
    expect(page.locator("#why"), "letters typed as a reason judge nothing").to_have_value("seen dancing")
    page.locator("#why").blur()
    page.get_by_label("Use the keys").uncheck()
    page.locator("h1").click()
    page.keyboard.press("s")
    page.wait_for_timeout(300)
    assert len(said(universe)) == 4, "whoever turned the keys off is not surprised by one"
    assert axe(page) == []


def test_the_same_is_done_with_buttons_where_there_is_no_javascript(records, live_site, universe, plain_page):
    page = plain_page
    begin(page, live_site, universe)
    page.get_by_role("button", name="Same person").click()
    page.get_by_role("button", name="Undo what I said last").click()
    expect(page.get_by_text("Undone. Nothing of it stands.").first).to_be_visible()
    assert said(universe) == ["SAME", "WITHDRAWN"]


def test_every_page_of_identity_passes_axe_and_fits_both_windows(records, live_site, universe, browser_page):
    page = browser_page
    begin(page, live_site, universe)
    with as_on_a_phone(page):
        page.get_by_role("button", name="Same person").click()
        expect(page.get_by_text("Recorded: the same person.").first).to_be_visible()
    person = rules.reference_of(records["0"].person_id)
    addresses = [
        reverse("pole:review"),
        f"{reverse('pole:review')}?force=cumbria",
        reverse("pole:deconfliction"),
        reverse("pole:notice", args=[records["h"].pk, "gmp"]),
        reverse("pole:take_apart", args=[person]),
        reverse("pole:propose", args=[person]),
        f"{reverse('pole:person', args=[person])}?part=why",
        reverse("pole:withdraw", args=[first_said(universe)]),
    ]
    faults = {}
    for address in addresses:
        page.goto(f"{live_site}{address}")
        if found := faults_in_both_windows(page):
            faults[address] = found
    assert not faults
    taking = f"{live_site}{reverse('pole:take_apart', args=[person])}", records["x"]
    take_apart(page, *taking)
    assert not faults_in_both_windows(page)
    with as_on_a_phone(page):
        page.get_by_role("button", name="Undo: put them together again").click()
        expect(page.get_by_text("Undo: put them together again")).to_have_count(0)
        take_apart(page, *taking)


def take_apart(page, address, record):
    page.goto(address)
    page.locator(f"main input[value='{record.pk}']").check()
    page.locator("main textarea").fill("A brother")
    page.locator("main button[type=submit]").click()
    expect(page.get_by_text("Undo: put them together again").first).to_be_visible()


def first_said(universe):
    with acting_as(universe.merseyside_analyst):
        return Judgement.objects.order_by("pk").values_list("pk", flat=True)[0]
