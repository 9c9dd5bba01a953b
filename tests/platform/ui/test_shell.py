"""What stands around every page, and the pages for what went wrong."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from fourfold.platform.ui import checks
from fourfold.platform.ui.navigation import Entry
from tests.pages import PageClient

pytestmark = pytest.mark.django_db


def body(answer) -> str:
    return answer.content.decode()


def test_every_page_says_its_marking_who_reads_and_has_the_search_box(client_for, universe):
    html = body(client_for(universe.merseyside_analyst).get("/sample-cases/new/"))
    assert html.count("OFFICIAL-SENSITIVE") == 2
    assert universe.merseyside_analyst.name in html
    assert re.search(r'role="search" action="/search/" method="get"', html)
    assert "This is a demonstration." in html


def test_nobody_signed_in_has_no_search_no_navigation_and_no_sign_out():
    html = body(PageClient().get(reverse("people:sign_in")))
    assert 'role="search"' not in html
    assert "Sign out" not in html
    assert "govuk-service-navigation" not in html


def test_navigation_shows_what_a_reader_may_open_and_where_they_are(client_for, universe):
    analyst = body(client_for(universe.merseyside_analyst).get("/sample-cases/new/"))
    assert re.search(r'href="/sample-cases/"\s+aria-current="true"', analyst)
    assert "More" not in re.findall(r"<nav.*?</nav>", analyst, re.DOTALL)[0]
    auditor = client_for(universe.nwrocu_auditor)
    assert 'href="/more/"' in body(auditor.get("/sample-cases/new/"))
    more = body(auditor.get("/more/"))
    assert 'href="/sample-ledger/"' in more
    assert "Who looked at what" in more


def test_the_search_box_keeps_what_was_searched_only_on_the_search_page(client_for, universe):
    html = body(client_for(universe.merseyside_analyst).get("/sample-cases/", {"q": "words here"}))
    assert 'id="search-box" name="q" type="search" value=""' in html


def test_a_message_shows_once_as_an_alert(client_for, universe):
    client = client_for(universe.merseyside_analyst)
    assert "The case was saved." in body(client.post("/sample-cases/new/", {"title": "One"}))
    assert "The case was saved." not in body(client.get("/sample-cases/new/"))


def test_a_form_with_errors_says_so_in_its_title_and_keeps_what_was_typed(client_for, universe):
    answer = client_for(universe.merseyside_analyst).post("/sample-cases/new/", {"title": "x" * 30})
    assert answer.status_code == 422
    assert "<title>Error: Make a case – Fourfold</title>" in body(answer)
    assert "Title must be 20 characters or fewer" in body(answer)
    assert 'href="#id_title"' in body(answer)
    assert "x" * 30 in body(answer)


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(client_for, universe):
    policy = client_for(universe.merseyside_analyst).get("/patterns/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert re.search(r"script-src 'self' 'nonce-[\w+/=-]{16,}'", policy)


def test_what_does_not_exist_is_a_404_that_says_nothing_more(client_for, universe):
    client = client_for(universe.merseyside_analyst)
    one, two = client.get("/sample-cases/nothing/"), client.get("/sample-cases/secret/")
    assert (one.status_code, two.status_code) == (404, 404)
    unique = re.compile(r"nonce[=-][^ ]+|value=\"[\w]{64}\"")
    assert unique.sub("", body(one)) == unique.sub("", body(two))
    assert "Page not found" in body(one)
    assert "secret" not in body(two)


def test_a_fault_of_ours_says_what_was_lost_and_nothing_about_itself(client_for, universe):
    client = client_for(universe.merseyside_analyst)
    client.raise_request_exception = False
    answer = client.get("/sample-fault/")
    assert answer.status_code == 500
    assert "Sorry, this page is not working" in body(answer)
    assert "ZeroDivision" not in body(answer)


def test_a_form_from_elsewhere_is_refused_with_a_sentence(universe):
    client = Client(enforce_csrf_checks=True)
    client.force_login(universe.merseyside_analyst)
    answer = client.post("/sample-cases/new/", {"title": "One"})
    assert answer.status_code == 403
    assert "This form is out of date" in body(answer)
    assert "Nothing was sent." in body(answer)


def test_patterns_show_only_where_the_data_is_a_demonstration(client_for, universe, settings):
    client = client_for(universe.merseyside_analyst)
    assert client.get("/patterns/").status_code == 200
    settings.DEMONSTRATION = False
    assert client.get("/patterns/").status_code == 404


def test_every_shape_of_field_shows_its_error(client_for, universe):
    answer = client_for(universe.merseyside_analyst).post("/patterns/", {"seen_on_day": "31", "seen_on_month": "2"})
    assert answer.status_code == 422
    for sentence in ("Enter name of the sample", "Date it was seen must include a year", "Tick to confirm"):
        assert body(answer).count(sentence) == 2, "once in the summary, once on the field"


def test_a_navigation_entry_that_leads_nowhere_fails_the_check(settings):
    assert checks.navigation_leads_somewhere(None) == []
    settings.NAVIGATION = (Entry("Lost", "no_such:address"),)
    found = checks.navigation_leads_somewhere(None)
    assert [each.id for each in found] == ["ui.E001"]
