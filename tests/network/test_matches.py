"""Matches in a network: who may be whom is drawn and told beside the links, is no link, and tells of nobody hidden."""

import json

import pytest
from django.urls import reverse

from fourfold.network import selectors
from fourfold.network.rules import Period
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole.models import Judgement
from fourfold.pole.rules.identity import Verdict, pair_of
from fourfold.pole.selectors.matches import Sameness, matches_between
from fourfold.pole.services import judge
from tests.network.conftest import MATCHED, World, make_world, people_of
from tests.network.test_pages import around, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def matched(db, universe, tmp_path) -> World:
    """The small picture, with matches that wait for somebody. One of them is with a record that one force keeps."""
    return make_world(universe, tmp_path, matches=MATCHED)


def seen(world, key):
    """The picture around a person to two links, with its matches by the keys of their people."""
    found = selectors.with_matches(selectors.surroundings([world.people[key]], depth=2, period=Period()))
    key_of = {pk: key for key, pk in world.people.items()}
    return found, {frozenset((key_of[each.one], key_of[each.other])): each.sameness for each in found.matches}


def say(universe, world, one, other, verdict):
    with acting_as(universe.merseyside_analyst):
        judge(
            actor=universe.merseyside_analyst,
            left=world.records[one],
            right=world.records[other],
            verdict=verdict,
            why="Spoke to the arresting officer",
            now=clock.now(),
        )


def test_a_match_is_shown_is_no_link_and_is_followed_only_from_the_start(matched, universe):
    with acting_as(universe.gmp_analyst):
        picture, matches = seen(matched, "alpha")
        plain = selectors.surroundings([matched.people["alpha"]], depth=2, period=Period())
        _, from_bravo = seen(matched, "bravo")
        told, without = selectors.people_of(picture), selectors.people_of(plain)
    assert matches == {
        frozenset({"alpha", "bravo"}): Sameness.PROPOSED,
        frozenset({"alpha", "alone"}): Sameness.PROPOSED,
    }, "not what is too weak by itself, and nobody who is hidden"
    assert [node.person_id for node in picture.by_match] == [matched.people["alone"]]
    assert picture.ties == plain.ties
    assert (told.standing, told.key, told.groups) == (without.standing, without.key, without.groups)
    assert frozenset({"alpha", "alone"}) not in from_bravo
    with acting_as(universe.merseyside_analyst):
        _, theirs = seen(matched, "alpha")
    assert frozenset({"alpha", "ghost"}) in theirs


def test_what_people_said_stands_with_the_match(matched, universe):
    say(universe, matched, "alpha", "bravo", Verdict.DIFFERENT)
    say(universe, matched, "elder", "edge", Verdict.PROPOSED)
    say(universe, matched, "charlie", "elder", Verdict.SAME)
    people = people_of(universe, matched.records)
    with acting_as(universe.gmp_analyst):
        found = {(each.one, each.other): each for each in matches_between(people.values())}
    different = found[pair_of(people["alpha"], people["bravo"])]
    assert different.sameness is Sameness.DIFFERENT
    assert [each.why for each in different.said] == ["Spoke to the arresting officer"]
    proposed = found[pair_of(people["edge"], people["elder"])]
    assert (proposed.sameness, proposed.probability) == (Sameness.PROPOSED, None)
    assert people["charlie"] == people["elder"]
    assert found[people["elder"], people["elder"]].sameness is Sameness.SAME
    with acting_as(universe.gmp_analyst):
        assert matches_between([]) == ()


def test_what_a_reader_may_not_see_that_was_said_is_not_said_to_them(matched, universe):
    """One judgement on a pair that everybody sees, under a label of Merseyside's own; one on a record they keep."""
    say(universe, matched, "alpha", "bravo", Verdict.DIFFERENT)
    say(universe, matched, "alpha", "ghost", Verdict.DIFFERENT)
    pair = pair_of(matched.people["alpha"], matched.people["bravo"])
    with acting_as(universe.merseyside_analyst):
        own = Judgement.objects.get(
            left=min(matched.records["alpha"], matched.records["ghost"]),
            verdict="DIFFERENT",
            right=max(matched.records["alpha"], matched.records["ghost"]),
        ).label_id
        Judgement.objects.filter(left__person_id__in=pair, right__person_id__in=pair).update(label=own)
        theirs = {(each.one, each.other): each for each in matches_between(matched.people.values())}
    with acting_as(universe.gmp_analyst):
        ours = {(each.one, each.other): each for each in matches_between(matched.people.values())}
    assert theirs[pair].sameness is Sameness.DIFFERENT
    assert (ours[pair].sameness, ours[pair].said) == (Sameness.PROPOSED, ())
    assert not [each for each in ours if matched.people["ghost"] in each]
    assert [each for each in theirs if matched.people["ghost"] in each]


def test_the_pages_draw_and_tell_matches(matched, universe, reading):
    say(universe, matched, "alpha", "bravo", Verdict.DIFFERENT)
    client = reading(universe.gmp_analyst)
    page = text_of(client.get(around(matched, "alpha")))
    drawn = json.loads(page.split('data-network="')[1].split('" aria-label')[0])
    labels = {edge["label"] for edge in drawn["edges"] if "match" in edge}
    assert labels == {"Said to be different people", "May be the same person, 93.75%"}
    table = page.split("Matches</caption>")[1].split("</table>")[0]
    assert table.count("Side by side") == len(labels)
    assert "Different people: " in table
    assert "By what was compared. Nobody has judged it" in table
    assert "1 person is here by a match alone" in page
    assert "Ghost" not in page
    two = {"one": matched.reference("charlie"), "other": matched.reference("elder")}
    between = text_of(client.get(reverse("network:between"), two))
    assert "They may be the same person: on what was compared the chance is 75%. They are 2 links apart" in between
    apart = {"one": matched.reference("alone"), "other": matched.reference("alpha")}
    assert "They may be the same person" in text_of(client.get(reverse("network:between"), apart))
    threat = text_of(client.get(reverse("network:of_threat", args=[matched.threat.reference])))
    assert "Matches</caption>" in threat
    lonely = text_of(client.get(around(matched, "alone")))
    assert "No links" not in lonely
    assert "Alpha Dockside" in lonely
