"""A request as a whole: in the scope of who asks, undone when it fails, and nothing said of what is hidden."""

import pytest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.models import Entry
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.visibility.scope import acting_as, current
from tests.platform.sample import Case, own_label, region_label

pytestmark = pytest.mark.django_db


def titles(_request):
    return HttpResponse(" ".join(Case.objects.order_by("title").values_list("title", flat=True)))


def record(request):
    Case.objects.create(label=own_label(request.user.organisation.code), title="Recorded")
    audit.note(Operation.COLLECTION, object_type="sample.case")
    return HttpResponse(status=int(request.GET.get("status", 200)))


def record_and_fail(request):
    record(request)
    raise ZeroDivisionError


def record_and_miss(request):
    record(request)
    raise NotThere


def stream(_request):
    return StreamingHttpResponse(case.title for case in Case.objects.order_by("title").iterator())


urlpatterns = [
    path("titles", titles),
    path("record", record),
    path("fail", record_and_fail),
    path("miss", record_and_miss),
    path("stream", stream),
    path("", include("fourfold.entry.urls")),
]
handler404 = "fourfold.platform.ui.errors.not_found"


@pytest.fixture
def client(universe):
    with override_settings(ROOT_URLCONF=__name__):
        signed_in = Client(raise_request_exception=False)
        signed_in.force_login(universe.merseyside_analyst)
        yield signed_in


def recorded(universe) -> tuple[int, int]:
    """Cases and ledger entries that stayed."""
    with acting_as(universe.service("audit")):
        return Case.objects.count(), Entry.objects.count()


def test_a_request_reads_as_the_person_who_asks(client, universe):
    with acting_as(universe.gmp_analyst):
        Case.objects.create(label=region_label("gmp"), title="Seen")
        Case.objects.create(label=own_label("gmp"), title="Hidden")
    assert client.get("/titles").content == b"Seen"
    assert current() is None


def test_a_request_writes_and_its_id_is_what_the_history_calls_it(client, universe):
    answer = client.get("/record")
    with acting_as(universe.merseyside_analyst):
        assert Case.objects.get().recorded_in == answer["X-Request-Id"] == Entry.objects.get().request


def test_a_view_that_fails_keeps_nothing(client, universe):
    assert client.get("/fail").status_code == 500
    assert recorded(universe) == (0, 0)


def test_a_view_that_answers_500_by_itself_keeps_nothing(client, universe):
    assert client.get("/record?status=500").status_code == 500
    assert recorded(universe) == (0, 0)


def test_an_answer_of_400_is_kept(client, universe):
    assert client.get("/record?status=400").status_code == 400
    assert recorded(universe) == (1, 1)


def test_what_is_not_there_is_a_404_that_says_nothing_more_and_keeps_nothing(client, universe):
    missed, nowhere = client.get("/miss"), client.get("/no-such-address")
    assert (missed.status_code, nowhere.status_code) == (404, 404)
    assert recorded(universe) == (0, 0)
    for answer in (missed, nowhere):
        assert b"sample" not in answer.content.lower()


def test_a_streamed_answer_is_read_as_the_person_who_asked(client, universe):
    with acting_as(universe.gmp_analyst):
        Case.objects.create(label=region_label("gmp"), title="Seen")
        Case.objects.create(label=own_label("gmp"), title="Hidden")
    assert client.get("/stream").getvalue() == b"Seen"
    assert current() is None


def test_after_a_request_the_connection_knows_nobody(client):
    client.get("/titles")
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(current_setting('fourfold.actor', true), '')")
        assert cursor.fetchone() == ("",)
