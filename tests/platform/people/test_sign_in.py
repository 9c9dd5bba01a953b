"""Signing in and out in the browser's way: pages, ledger, throttle."""

import pytest
from django.urls import reverse

from fourfold.platform.audit.models import Entry
from fourfold.platform.people import rules, services
from fourfold.platform.people.models import FailedSignIn, User
from fourfold.platform.visibility.scope import acting_as
from tests.pages import PageClient

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


def sign_in(client, email="analyst@gmp.test", password="a long password for tests", following=""):
    address = f"{SIGN_IN}?next={following}" if following else SIGN_IN
    return client.post(address, {"email": email, "password": password})


def entries(universe) -> list[tuple[str, str | None, bool | None]]:
    with acting_as(universe.service("audit")):
        found = Entry.objects.order_by("id").values_list("operation", "actor__email", "details__succeeded")
        return list(found)


def test_a_person_signs_in_and_goes_where_they_were_going(universe):
    client = PageClient()
    assert client.get(SIGN_IN).status_code == 200
    answer = sign_in(client, following="/ledger/")
    assert (answer.status_code, answer["Location"]) == (302, "/ledger/")
    assert client.get("/ledger/").status_code == 200
    assert entries(universe) == [("SIGN_IN", "analyst@gmp.test", True)]


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(elsewhere):
    assert sign_in(PageClient(), following=elsewhere)["Location"] == "/"


def test_the_address_may_be_typed_in_any_case():
    assert sign_in(PageClient(), email="Analyst@GMP.test").status_code == 302


def test_a_wrong_password_and_an_unknown_address_get_the_same_words(universe):
    client = PageClient()
    wrong = sign_in(client, password="wrong").content.decode()
    unknown = sign_in(client, email="nobody@gmp.test", password="wrong").content.decode()
    for text in (wrong, unknown):
        assert "Enter the email address and password that belong together" in text
    assert entries(universe) == [("SIGN_IN", None, False), ("SIGN_IN", None, False)]


def test_an_empty_form_says_what_is_missing():
    text = sign_in(PageClient(), email="", password="").content.decode()
    assert "Enter your email address" in text
    assert "Enter your password" in text


def test_after_too_many_wrong_passwords_even_the_right_one_waits():
    client = PageClient()
    for _ in range(rules.FAILURES_FOR_ONE_PERSON):
        sign_in(client, password="wrong")
    answer = sign_in(client)
    assert answer.status_code == 200
    assert "Wait 15 minutes" in answer.content.decode()
    assert sign_in(PageClient(), email="lro@gmp.test").status_code == 302


def test_wrong_passwords_are_forgotten_after_a_quarter_of_an_hour():
    client = PageClient()
    for _ in range(rules.FAILURES_FOR_ONE_PERSON):
        sign_in(client, password="wrong")
    for failed in FailedSignIn.objects.all():
        FailedSignIn.objects.filter(pk=failed.pk).update(at=failed.at - rules.FAILURES_COUNT_FOR)
    assert sign_in(client).status_code == 302


def test_signing_out_ends_the_session_and_is_in_the_ledger(universe):
    client = PageClient()
    sign_in(client)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == SIGN_IN
    assert client.get("/ledger/").status_code == 302
    assert [operation for operation, _, _ in entries(universe)] == ["SIGN_IN", "SIGN_OUT"]


def test_a_part_of_the_service_and_a_closed_person_cannot_sign_in(universe):
    service = universe.service("intake")
    service.set_password("a long password for tests")
    service.save()
    assert sign_in(PageClient(), email=service.email).status_code == 200
    services.close_user(user=universe.gmp_analyst)
    assert sign_in(PageClient()).status_code == 200


def test_closing_a_person_ends_the_session_that_they_have(universe, client_for):
    client = client_for(universe.gmp_analyst)
    assert client.get("/ledger/").status_code == 200
    services.close_user(user=universe.gmp_analyst)
    assert client.get("/ledger/").status_code == 302


def test_without_signing_in_every_page_leads_to_the_sign_in_page():
    answer = PageClient().get("/ledger/")
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('people:sign_in')}?next=/ledger/")


def test_a_service_user_is_made_once_and_has_no_password():
    one, two = services.service_user("clean_up"), services.service_user("clean_up")
    assert one == two
    assert one.name == "Clean up service"
    assert not User.objects.get(pk=one.pk).has_usable_password()
