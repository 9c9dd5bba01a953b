"""Saved searches: kept, run again for their owner after a batch, and silent about what the owner may not see."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from fourfold.disruptions.models import Disruption
from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.audit.services import Reason
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import RoleHeld
from fourfold.platform.ui.my_work import work_of
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for
from fourfold.search import jobs, rules, selectors, services
from fourfold.search.models import SavedFinding, SavedSearch
from tests.disruptions.conftest import nominate, record
from tests.pole.canonical import Batch

TODAY = clock.today()


def plain(answer):
    main = answer.content.decode().split("<main")[1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.fixture
def first(publish, tmp_path):
    batch = Batch(tmp_path / "first")
    batch.person("1", "John Smith", date(1990, 3, 4), postcode="BL1 1AA", address_line="1 High Street, Bolton")
    return publish(batch)


def keep(owner, text="jon smyth 04/03/1990", **given):
    with acting_as(owner):
        return services.save_search(
            **{
                "owner": owner,
                "name": "Op Larch",
                "text": text,
                "reason": Reason("INVESTIGATION", "Operation Test"),
                "why": "Wanted on warrant",
                "ends_on": TODAY + timedelta(days=30),
                "now": clock.now(),
                "today": TODAY,
                **given,
            }
        )


def news(owner):
    with acting_as(owner):
        return [each.text for each in work_of(owner, today=TODAY).news if "saved search" in each.text]


def come(publish, tmp_path, name="second", *, force="merseyside", **given):
    batch = Batch(tmp_path / name, force=force)
    batch.person(name, "Jonathan Smyth", date(1990, 3, 4), **given)
    publish(batch, source="niche_tri" if force == "merseyside" else "policeworks_gmp")


@pytest.mark.django_db
def test_what_was_there_is_no_news_and_what_comes_is(first, publish, tmp_path, universe):
    owner = universe.merseyside_analyst
    keep(owner)
    jobs.look_again()
    assert news(owner) == []
    come(publish, tmp_path)
    jobs.look_again()
    assert news(owner) == ["1 new match for your saved search “Op Larch”"]
    jobs.look_again()
    assert news(owner) == ["1 new match for your saved search “Op Larch”"], "looked at twice, told once"


@pytest.mark.django_db
def test_another_record_of_a_person_who_was_known_is_news(first, publish, tmp_path, universe):
    owner = universe.merseyside_analyst
    keep(owner)
    more = Batch(tmp_path / "more")
    more.person("2", "John Smith", date(1990, 3, 4))
    publish(more, clusters=[("niche_tri", "1", 7), ("niche_tri", "2", 7)])
    jobs.look_again()
    assert news(owner) == ["1 new match for your saved search “Op Larch”"]


@pytest.mark.django_db
def test_each_of_two_cars_of_one_plate_is_news_by_itself(publish, tmp_path, universe):
    owner = universe.merseyside_analyst
    both = Batch(tmp_path / "both")
    both.thing("v1", "VEHICLE", "AB12CDE", make="Ford")
    both.thing("v2", "VEHICLE", "AB12CDE", make="Kia")
    publish(both, grouped=True)
    keep(owner, text="AB12 CDE")
    jobs.look_again()
    assert news(owner) == []
    more = Batch(tmp_path / "more")
    more.thing("v3", "VEHICLE", "AB12CDE", make="Ford")
    more.thing("v4", "VEHICLE", "AB12CDE", make="Kia")
    publish(more, grouped=True)
    jobs.look_again()
    assert news(owner) == ["2 new matches for your saved search “Op Larch”"]


@pytest.mark.django_db
def test_the_page_shows_what_is_new_and_why_until_it_was_looked_at(first, publish, tmp_path, universe, reading):
    owner = universe.merseyside_analyst
    client = reading(owner)
    saved = keep(owner)
    come(publish, tmp_path)
    jobs.look_again()
    page = client.get(reverse("search:saved", args=[saved.pk]))
    shown = plain(page)
    assert "1 new match since you looked" in shown
    assert shown.index("New Jonathan Smyth") < shown.index("From before") < shown.index("John Smith (P")
    assert "born the same day" in shown
    until = re.search(r'name="until" value="([^"]+)"', page.content.decode())[1]
    come(publish, tmp_path, "third")
    jobs.look_again()
    assert client.post(reverse("search:looked", args=[saved.pk]), {"until": until}).status_code == 302
    assert news(owner) == ["1 new match for your saved search “Op Larch”"], "what came while they read stays new"


@pytest.mark.django_db
def test_what_is_hidden_from_the_owner_is_no_news_and_leaves_no_trace(first, publish, tmp_path, universe, reading):
    """Two readers, one text: the force whose record it is hears of it, the other does not."""
    outsider, insider = universe.merseyside_analyst, universe.gmp_analyst
    others, own = keep(outsider), keep(insider)
    come(publish, tmp_path, force="gmp", audience="OWN")
    jobs.look_again()
    assert news(outsider) == []
    assert news(insider) == ["1 new match for your saved search “Op Larch”"]
    assert "Jonathan" not in plain(reading(outsider).get(reverse("search:saved", args=[others.pk])))
    with acting_as(universe.service("intake")):
        assert SavedFinding.objects.filter(search=own).count() == SavedFinding.objects.filter(search=others).count() + 1
        noted = Entry.objects.filter(operation="SEARCH", details__on_behalf=True, actor_id=outsider.pk).get()
        assert noted.details["results"] == {"people": 1}


@pytest.mark.django_db
def test_what_is_restricted_after_it_was_told_is_not_told_any_more(first, publish, tmp_path, universe, reading):
    outsider = universe.merseyside_analyst
    saved = keep(outsider)
    come(publish, tmp_path, force="gmp")
    jobs.look_again()
    assert news(outsider)
    come(publish, tmp_path, force="gmp", audience="OWN")
    assert news(outsider) == [], "before the next look as well"
    assert "Nothing new" in plain(reading(outsider).get(reverse("search:all_saved")))
    assert "Nothing new" in plain(reading(outsider).get(reverse("search:saved", args=[saved.pk])))


@pytest.mark.django_db
def test_nobody_opens_changes_or_stops_anothers_search(first, universe, reading, client_for):
    saved = keep(universe.merseyside_analyst)
    for other in (universe.gmp_analyst, universe.merseyside_lro):
        client = reading(other)
        assert "Op Larch" not in plain(client.get(reverse("search:all_saved")))
        for name in ("saved", "change_saved"):
            assert client.get(reverse(f"search:{name}", args=[saved.pk])).status_code == 404
        for name in ("looked", "stop_saved", "change_saved"):
            assert client.post(reverse(f"search:{name}", args=[saved.pk])).status_code == 404


@pytest.mark.django_db
def test_each_search_on_somebodys_behalf_is_in_the_ledger_with_their_reason(first, universe):
    owner = universe.merseyside_analyst
    saved = keep(owner)
    jobs.look_again()
    with acting_as(universe.service("intake")):
        noted = Entry.objects.get(operation="SEARCH")
    assert (noted.actor_id, noted.object_type, noted.object_id) == (owner.pk, "search.savedsearch", str(saved.pk))
    assert (noted.reason_code, noted.reason_text) == ("INVESTIGATION", "Wanted on warrant")
    assert noted.details["query"] == "jon smyth 04/03/1990"
    assert noted.details["new"] == 0


@pytest.mark.django_db
def test_who_has_no_role_any_more_is_searched_for_no_longer(first, publish, tmp_path, universe):
    owner = universe.merseyside_analyst
    keep(owner)
    RoleHeld.objects.filter(user=owner).update(held_to=TODAY)
    come(publish, tmp_path)
    jobs.look_again()
    with acting_as(universe.service("intake")):
        assert not Entry.objects.filter(operation="SEARCH").exists()
        assert SavedFinding.objects.count() == 1


@pytest.mark.django_db
def test_a_search_that_ended_or_was_stopped_is_not_run(first, publish, tmp_path, universe, reading):
    owner = universe.merseyside_analyst
    client = reading(owner)
    ended, stopped = keep(owner, ends_on=TODAY), keep(owner, name="Op Elm")
    assert client.post(reverse("search:stop_saved", args=[stopped.pk])).status_code == 302
    with acting_as(universe.service("search")):
        assert selectors.watched(today=TODAY) == ((ended.pk, owner),)
        assert selectors.watched(today=TODAY + timedelta(days=1)) == ()
    with acting_as(owner):
        due = [each.text for each in work_of(owner, today=TODAY).due]
    assert due == ["Say whether you still need your saved search “Op Larch”"]
    assert client.get(reverse("search:saved", args=[stopped.pk])).status_code == 404


@pytest.mark.django_db
def test_a_search_is_saved_from_its_results_changed_and_kept_longer(first, universe, reading):
    client = reading(universe.merseyside_analyst)
    found = client.get(reverse("search:search"), {"q": "jon smyth"})
    address = re.search(r'href="(/search/saved/new/[^"]+)"', found.content.decode())[1]
    assert client.get(address).status_code == 200
    assert client.post(address, {"name": "Smiths"}).status_code == 422
    last = TODAY + timedelta(days=10)
    day = {"ends_on_day": last.day, "ends_on_month": last.month, "ends_on_year": last.year}
    assert client.post(address, {"name": "Smiths", "why": "Warrant", **day}).status_code == 302
    with acting_as(universe.merseyside_analyst):
        saved = SavedSearch.objects.get()
    assert (saved.text, saved.reason_code, saved.ends_on) == ("jon smyth", "INVESTIGATION", last)
    change = reverse("search:change_saved", args=[saved.pk])
    assert "Smiths" in plain(client.get(change))
    late = {"ends_on_day": 1, "ends_on_month": 1, "ends_on_year": last.year + 2}
    refused = client.post(change, {"name": "Smiths", "why": "Warrant", **late})
    assert refused.status_code == 422
    assert "within 183 days" in plain(refused)
    assert client.post(change, {"name": "The Smiths", "why": "Still wanted", **day}).status_code == 302
    assert "The Smiths" in plain(client.get(reverse("search:all_saved")))


@pytest.mark.django_db
def test_a_search_that_finds_too_much_is_not_kept(publish, tmp_path, universe, monkeypatch):
    monkeypatch.setattr("fourfold.search.selectors.MOST", 3)
    crowd = Batch(tmp_path / "crowd")
    for number in range(6):
        crowd.person(f"c{number}", "Peter Parker", date(1990, 1, 1))
    publish(crowd)
    with pytest.raises(RuleBroken, match="too much to notice"):
        keep(universe.merseyside_analyst, text="peter parker")


@pytest.mark.parametrize(
    ("text", "given", "code"),
    [
        ("", {}, "SS1"),
        ("smith", {"is_cut": True}, "SS2"),
        ("smith", {"kept": rules.MOST_KEPT}, "SS3"),
        ("smith", {"ends_on": TODAY - timedelta(days=1)}, "SS4"),
        ("smith", {"ends_on": TODAY + timedelta(days=rules.DAYS_KEPT + 1)}, "SS5"),
    ],
)
def test_what_cannot_be_kept_gets_a_sentence(text, given, code):
    asked = {"is_cut": False, "kept": 0, "ends_on": TODAY, "today": TODAY}
    rules.check_may_keep(rules.read("smith", today=TODAY), **asked)
    with pytest.raises(RuleBroken) as refused:
        rules.check_may_keep(rules.read(text, today=TODAY), **{**asked, **given})
    assert refused.value.code == code


def test_a_published_batch_asks_for_the_look_and_the_worker_makes_it(lasting_db, universe, publish, tmp_path):
    """End to end: a batch is published, the worker takes the job that this left, the owner is told."""
    from fourfold.platform.jobs.worker import run  # noqa: PLC0415  the queue's tables are there only now

    batch = Batch(tmp_path / "first")
    batch.person("1", "John Smith", date(1990, 3, 4))
    publish(batch)
    owner = universe.merseyside_analyst
    keep(owner)
    come(publish, tmp_path)
    run(queues=("search",), wait=False)
    assert news(owner) == ["1 new match for your saved search “Op Larch”"]


@pytest.mark.django_db
def test_a_new_disruption_against_a_threat_is_told_to_those_who_may_see_it(universe, reading):
    """Two readers of one threat: a disruption that only its own force may see is news to that force alone."""
    insider, outsider = universe.merseyside_analyst, universe.gmp_analyst
    with acting_as(insider):
        threat = nominate(universe)
        before = record(universe, threat)
    for owner in (insider, outsider):
        keep(owner, threat.reference)
    jobs.look_again()
    assert news(insider) == news(outsider) == [], "what was there is no news"
    with acting_as(insider):
        made = record(universe, threat)
    jobs.look_again()
    one = ["1 new match for your saved search “Op Larch”"]
    assert (news(insider), news(outsider)) == (one, one)
    shown = plain(reading(outsider).get(reverse("search:search"), {"q": threat.reference}))
    assert before.reference in shown
    assert made.reference in shown
    with acting_as(insider):
        own = label_for(owner=insider.organisation, audience="OWN")
        assert Disruption.objects.filter(pk=made.pk).update(label=own) == 1
    assert (news(insider), news(outsider)) == (one, [])
    again = plain(reading(outsider).get(reverse("search:search"), {"q": threat.reference}))
    assert made.reference not in again
    assert "1 disruption" in again
