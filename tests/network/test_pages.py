"""The pages of networks: what they say, who may open them, what the ledger keeps; and no page tells of the hidden."""

import json
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.audit.models import Entry
from fourfold.platform.visibility.scope import acting_as
from tests.network.conftest import batch_of, publish

pytestmark = pytest.mark.django_db


def around(world, key):
    return reverse("network:around", args=[world.reference(key)])


def text_of(answer) -> str:
    return unescape(answer.content.decode())


def entry_of(user, **where) -> Entry:
    with acting_as(user):
        return Entry.objects.filter(**where).latest("pk")


def test_a_persons_network_is_drawn_and_told(world, universe, reading):
    user = universe.gmp_analyst
    page = text_of(reading(user).get(around(world, "charlie")))
    for words in (
        "What surrounds Charlie Dockside",
        "Within two links",
        "Bravo Dockside",
        "Associate",
        "Assessment, graded 2B",
    ):
        assert words in page
    assert page.index("People to protect</caption>") < page.index("People</caption>"), (
        "those to be protected stand first"
    )
    drawn = json.loads(page.split('data-network="')[1].split('" aria-label')[0])
    assert {node["label"] for node in drawn["nodes"]} >= {"Charlie Dockside", "Quay Harbour", "AB12CDE"}
    assert [node["flag"] for node in drawn["nodes"] if node["label"] == "Quay Harbour"] == ["protect"]
    kept = entry_of(user, object_type="pole.person", operation="CONSULTATION")
    assert kept.details["part"] == "network"
    assert set(kept.details["people"]) >= {world.people["charlie"], world.people["elder"]}
    assert kept.reason_code == "INVESTIGATION"


def test_no_page_tells_of_what_is_hidden(world, universe, reading):
    client = reading(universe.gmp_analyst)
    ghost = world.reference("ghost")
    for address in (
        around(world, "alpha"),
        f"{around(world, 'far')}?depth=3",
        reverse("network:of_threat", args=[world.threat.reference]),
        f"{reverse('network:between')}?one={world.reference('alpha')}&other={world.reference('far')}",
    ):
        assert "Ghost" not in text_of(client.get(address))
    assert client.get(around(world, "ghost")).status_code == 404
    hidden = text_of(client.get(f"{reverse('network:between')}?one={ghost}&other={world.reference('alpha')}"))
    never = text_of(client.get(f"{reverse('network:between')}?one=P-0999999&other={world.reference('alpha')}"))
    assert "nobody whom you may see fits" in hidden
    assert hidden.count("<p") == never.count("<p")
    mine = reading(universe.merseyside_analyst)
    assert "Ghost Harbour" in text_of(mine.get(around(world, "alpha")))


def test_what_connects_two_people_is_asked_by_name_or_reference(world, universe, reading):
    client = reading(universe.gmp_analyst)
    chosen = text_of(client.get(reverse("network:between"), {"one": "Harbour", "other": world.reference("bravo")}))
    assert "who is meant?" in chosen
    assert f"one={world.reference('edge')}" in chosen
    page = text_of(
        client.get(reverse("network:between"), {"one": world.reference("edge"), "other": "Charlie Dockside"})
    )
    assert "They are 3 links apart" in page
    assert "Edge Harbour → +447700900123 → Bravo Dockside → Charlie Dockside" in page
    same = {"one": world.reference("edge"), "other": world.reference("edge")}
    assert "Give two different people" in text_of(client.get(reverse("network:between"), same))
    apart = {"one": world.reference("alone"), "other": world.reference("alpha")}
    assert "Nothing that you may see connects them" in text_of(client.get(reverse("network:between"), apart))


def test_a_threats_network_names_key_people_and_groups_and_never_those_to_protect(world, universe, reading):
    address = reverse("network:of_threat", args=[world.threat.reference])
    page = text_of(reading(universe.gmp_analyst).get(f"{address}?depth=3"))
    assert "Starting from 4 people now in this threat" in page
    key = page.split("Key people")[1].split("Groups")[0]
    assert "Bravo Dockside" in key
    assert "Quay Harbour" not in key
    assert "Key players: Elder Harbour, Bravo Dockside. Without them" in page
    assert "Links: the first" not in page


def test_a_network_is_compared_with_what_was_recorded(world, universe, reading, tmp_path):
    """Before today nothing was recorded at all: everything came since."""
    yesterday = clock.today() - timedelta(days=1)
    address = f"{around(world, 'charlie')}?compare={yesterday:%d/%m/%Y}"
    page = text_of(reading(universe.gmp_analyst).get(address))
    came = page.split("Came")[1].split("Went")[0]
    assert "Bravo Dockside, person" in came
    assert "Nothing." in page.split("Went")[1][:200]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("first=nonsense", "The first day is not a date we can read"),
        ("first=2/2/2026&last=1/1/2026", "The last day is before the first"),
        ("compare=1/1/2099", "has not come yet"),
        ("depth=99", "Within two links"),
    ],
)
def test_what_cannot_be_read_is_said(world, universe, reading, query, words):
    answer = reading(universe.gmp_analyst).get(f"{around(world, 'charlie')}?{query}")
    assert answer.status_code == 200
    assert words in text_of(answer)


def test_a_person_without_links_has_an_empty_page_that_says_so(world, universe, reading):
    page = text_of(reading(universe.gmp_analyst).get(around(world, "alone")))
    assert "No links" in page
    assert "data-network" not in page


def test_only_readers_of_people_who_say_why_come_in(world, universe, client_for, reading):
    addresses = [
        around(world, "alpha"),
        reverse("network:between"),
        reverse("network:of_threat", args=[world.threat.reference]),
        reverse("network:edge", args=[world.threat.reference]),
    ]
    for address in addresses:
        assert client_for(universe.gmp_sro).get(address).status_code == 404
        asked = client_for(universe.gmp_analyst).get(address)
        assert asked.status_code == 302
        assert reverse("audit:reason") in asked["Location"]
    assert client_for(universe.gmp_analyst).get(reverse("network:around", args=["P-0999999"])).status_code == 302
    assert reading(universe.gmp_analyst).get(reverse("network:around", args=["P-0999999"])).status_code == 404


def test_other_pages_lead_here(world, universe, reading):
    client = reading(universe.gmp_analyst)
    person = text_of(client.get(reverse("pole:person", args=[world.reference("alpha")])))
    assert around(world, "alpha") in person
    threat = text_of(client.get(reverse("threats:detail", args=[world.threat.reference])))
    assert reverse("network:of_threat", args=[world.threat.reference]) in threat


def test_a_page_of_a_past_date_is_of_that_date(world, universe, reading, tmp_path):
    client = reading(universe.gmp_analyst)
    yesterday = clock.today() - timedelta(days=1)
    assert client.get(f"{around(world, 'alpha')}?as_recorded_on={yesterday:%d/%m/%Y}").status_code == 404
    publish(universe, batch_of(tmp_path / "again"), number=2)
    assert client.get(around(world, "alpha")).status_code == 200
