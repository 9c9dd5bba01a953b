"""The pages of intake, through the client that checks every page it is given."""

import re
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from fourfold.intake import selectors
from fourfold.intake.models import Batch
from fourfold.intake.pages import cell_as_delivered
from fourfold.intake.rules import State
from fourfold.platform import clock
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from tests.intake import deliveries

pytestmark = pytest.mark.usefixtures("sources", "store")


@pytest.fixture
def zip_file(tmp_path):
    path = deliveries.zipped(deliveries.small(tmp_path / "d"), tmp_path / "2026-01-04.zip")
    return SimpleUploadedFile("2026-01-04.zip", path.read_bytes(), "application/zip")


@pytest.fixture
def manager(universe, client_for):
    return client_for(universe.merseyside_intelligence_manager)


def without_nonce(answer):
    return re.sub(r'(nonce|value)="[^"]+"', "", text_of(answer))


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_sources_stand_as_rows_with_nothing_yet(manager):
    page = text_of(manager.get(reverse("intake:sources")))
    assert "Niche shared by Cheshire, Merseyside and North Wales" in page
    assert "Nothing yet" in page
    assert "St. Louis" not in page
    assert "7 sources, none late." in page


def test_a_delivery_is_uploaded_by_a_person_and_opens_as_a_batch(manager, zip_file):
    address = reverse("intake:upload", args=["niche_tri"])
    assert "Upload an extract" in text_of(manager.get(address))
    answer = manager.post(address, {"delivery": zip_file}, follow=True)
    page = text_of(answer)
    assert "2026-01-04.zip was received and is waiting to be loaded" in page
    assert "uploaded by a person" in page
    assert "Received" in page
    listed = text_of(manager.get(reverse("intake:source", args=["niche_tri"])))
    assert "2026-01-04.zip" in listed
    assert "NW-ISA-2021-01" in listed


def test_uploading_it_again_says_when_it_came_before(manager, zip_file, tmp_path):
    address = reverse("intake:upload", args=["niche_tri"])
    manager.post(address, {"delivery": zip_file})
    zip_file.seek(0)
    page = text_of(manager.post(address, {"delivery": zip_file}, follow=True))
    assert "came before" in page
    assert "Came again" in page


def test_an_upload_without_a_file_says_what_to_do(manager):
    answer = manager.post(reverse("intake:upload", args=["niche_tri"]), {})
    assert answer.status_code == 422
    assert "Choose the file that the source system wrote" in text_of(answer)


def test_a_damaged_zip_opens_as_a_refused_batch(manager):
    sent = SimpleUploadedFile("cut.zip", b"PK\x03\x04 cut short", "application/zip")
    page = text_of(manager.post(reverse("intake:upload", args=["niche_tri"]), {"delivery": sent}, follow=True))
    assert "IN2: The zip cannot be opened" in page
    assert "Refused" in page


def test_a_refused_delivery_is_not_the_last_that_brought_data(manager, zip_file):
    address = reverse("intake:upload", args=["niche_tri"])
    with clock.told(datetime(2026, 1, 4, 9, tzinfo=clock.LONDON)):
        manager.post(address, {"delivery": zip_file})
    fresh = text_of(manager.get("/")).split("How fresh the data are")[1]
    assert "4 January 2026" in fresh
    assert "refused" not in fresh
    sent = SimpleUploadedFile("cut.zip", b"PK\x03\x04 cut short", "application/zip")
    with clock.told(datetime(2026, 1, 5, 9, tzinfo=clock.LONDON)):
        manager.post(address, {"delivery": sent})
    fresh = text_of(manager.get("/")).split("How fresh the data are")[1]
    assert "4 January 2026" in fresh
    assert fresh.count("A delivery was refused on 5 January 2026") == 1


@pytest.mark.parametrize(
    ("who", "page", "status"),
    [
        ("merseyside_intelligence_manager", ["sources"], 200),
        ("nca_inspector", ["sources"], 200),
        ("merseyside_analyst", ["sources"], 200),
        ("hmrc_partner_analyst", ["sources"], 404),
        ("nwrocu_community_coordinator", ["source", "niche_tri"], 404),
        ("merseyside_analyst", ["upload", "niche_tri"], 404),
        ("merseyside_intelligence_manager", ["source", "st_louis_crimes"], 404),
        ("merseyside_intelligence_manager", ["source", "no_such"], 404),
        ("gmp_intelligence_manager", ["source", "niche_tri"], 200),
        ("gmp_intelligence_manager", ["upload", "niche_tri"], 404),
        ("gmp_intelligence_manager", ["upload", "policeworks_gmp"], 200),
        ("nwrocu_data_manager", ["upload", "niche_tri"], 200),
        ("nca_inspector", ["upload", "niche_tri"], 404),
        ("merseyside_intelligence_manager", ["batch", 999_999], 404),
    ],
)
def test_who_may_open_what(universe, client_for, who, page, status):
    client = client_for(getattr(universe, who))
    name, *args = page
    assert client.get(reverse(f"intake:{name}", args=args)).status_code == status


def test_a_hidden_page_and_no_page_are_the_same_answer(universe, client_for):
    client = client_for(universe.merseyside_intelligence_manager)
    addresses = [reverse("intake:source", args=[code]) for code in ("st_louis_crimes", "st_louis_crimez")]
    hidden, missing = (client.get(a) for a in addresses)
    assert hidden.status_code == missing.status_code == 404
    assert without_nonce(hidden).replace("crimes", "crimez") == without_nonce(missing)


def test_a_stopped_batch_can_be_run_again(universe, manager, zip_file):
    manager.post(reverse("intake:upload", args=["niche_tri"]), {"delivery": zip_file})
    with acting_as(service_user("intake")):
        batch = selectors.batches().get()
        Batch.objects.filter(pk=batch.pk).update(state=State.FAILED, rule_code="IN16", sentence="It stopped")
    assert "Run again" in text_of(manager.get(reverse("intake:batch", args=[batch.pk])))
    page = text_of(manager.post(reverse("intake:run_again", args=[batch.pk]), follow=True))
    assert "waiting for the worker" in page


def test_a_list_of_sources_costs_the_same_whatever_their_number(manager, django_assert_max_num_queries, zip_file):
    manager.get(reverse("intake:sources"))
    with django_assert_max_num_queries(25):
        manager.get(reverse("intake:sources"))


def test_a_cell_that_would_fill_pages_is_shown_by_its_beginning():
    short = cell_as_delivered("Name", "Tomos")
    assert (short.value, short.hint) == ("Tomos", "")
    long = cell_as_delivered("Notes", "x" * 33_000)
    assert (len(str(long.value)), long.hint) == (1_001, "The first 1,000 of 33,000 characters")
