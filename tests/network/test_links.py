"""What connects two people, what surrounds them, who is key: as each reader may see it, and nothing of the rest."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fourfold.network import rules, selectors
from fourfold.network.rules import Period
from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import steps
from tests.network.conftest import AGO, World, batch_of, make_threat, people_of, publish

pytestmark = pytest.mark.django_db
ALWAYS = Period()


def named(world, nodes):
    key_of = {pk: key for key, pk in world.people.items()}
    return {key_of[node.person_id] if node.is_person else node.kind for node in nodes}


def test_what_surrounds_a_person_grows_link_by_link(world, universe):
    with acting_as(universe.gmp_analyst):
        near = selectors.surroundings([world.people["charlie"]], depth=1, period=ALWAYS)
        wider = selectors.surroundings([world.people["charlie"]], depth=2, period=ALWAYS)
    assert named(world, near.away) == {"charlie", "bravo", "EVENT"}
    assert named(world, wider.away) == {"charlie", "bravo", "elder", "child", "EVENT", "VEHICLE", "PHONE"}
    assert wider.away[steps.person_node(world.people["elder"])] == 2
    assert not wider.hubs
    assert not wider.left_out


def test_links_among_the_outermost_are_in_the_picture(world, universe):
    with acting_as(universe.gmp_analyst):
        found = selectors.surroundings([world.people["alpha"], world.people["edge"]], depth=1, period=ALWAYS)
        types = {(tie.left.kind, tie.type, tie.right.kind) for tie in found.ties}
    assert ("PERSON", "STOPPED", "EVENT") in types
    assert sum(tie.type == "STOPPED" for tie in found.ties) == 2


def test_the_shortest_ways_come_with_their_links(world, universe):
    with acting_as(universe.gmp_analyst):
        found = selectors.connection(world.people["charlie"], world.people["edge"], period=ALWAYS)
    assert [named(world, route.nodes) for route in found.routes] == [{"charlie", "bravo", "PHONE", "edge"}]
    assert [[tie.type for tie in between] for between in found.routes[0].ties] == [["ASSOCIATE"], ["USES"], ["USES"]]
    grades = [tie.grade for tie in found.routes[0].ties[0]]
    assert grades == ["2B"]


def test_nothing_connects_somebody_who_is_linked_with_nobody(world, universe):
    with acting_as(universe.gmp_analyst):
        found = selectors.connection(world.people["alone"], world.people["alpha"], period=ALWAYS)
    assert found.routes == ()


def test_a_link_counts_when_it_was_active(world, universe):
    today = clock.today()
    with acting_as(universe.gmp_analyst):
        late = selectors.surroundings([world.people["alpha"]], depth=1, period=Period(first=today - timedelta(days=5)))
        long_ago = Period(last=today - timedelta(days=300))
        early = selectors.surroundings([world.people["charlie"]], depth=1, period=long_ago)
    assert named(world, late.away) == {"alpha", "LOCATION"}, "the stop and the car are over"
    assert named(world, early.away) == {"charlie", "bravo", "EVENT"}, "a link without a date is kept"
    assert {tie.type for tie in early.ties} == {"SUSPECT", "ASSOCIATE"}


def test_a_thing_with_too_many_links_is_shown_and_not_followed(world, universe, monkeypatch):
    monkeypatch.setitem(rules.FOLLOWED, "OBJECT", 2)
    with acting_as(universe.gmp_analyst):
        found = selectors.surroundings([world.people["edge"]], depth=2, period=ALWAYS)
        ways = selectors.connection(world.people["edge"], world.people["elder"], period=ALWAYS)
    assert {hub.kind for hub in found.hubs} == {"PHONE"}
    assert "elder" not in named(world, found.away)
    assert [route.through_hub for route in ways.routes] == [True], "and said where it is what both have"


def test_a_picture_holds_so_much_and_says_what_it_leaves_out(world, universe, monkeypatch):
    with acting_as(universe.gmp_analyst):
        found = selectors.surroundings([world.people["bravo"]], depth=2, period=ALWAYS, most=5)
    assert len(found.away) == 5
    assert found.left_out == 4


# Visibility


def everything(world, period=ALWAYS):
    """All that a reader is told of the network: surroundings, ways, measures, groups, key players."""
    people = sorted(pk for key, pk in world.people.items() if key != "ghost")
    told = []
    for depth in rules.DEPTHS:
        for person_id in people:
            found = selectors.surroundings([person_id], depth=depth, period=period)
            told.append((sorted(node.code for node in found.away if node.is_person), len(found.away), found.left_out))
            told.append(sorted((tie.type, tie.left.kind, tie.right.kind) for tie in found.ties))
            told.append(sorted(hub.kind for hub in found.hubs))
    for one in people:
        for other in people:
            if one < other:
                ways = selectors.connection(one, other, period=period)
                told.append([[node.kind for node in route.nodes] for route in ways.routes])
                told.append((ways.searched, ways.is_cut, [route.through_hub for route in ways.routes]))
    around = selectors.surroundings(selectors.members_of(world.threat), depth=2, period=period)
    found = selectors.people_of(around)
    told.append([(s.degree, s.betweenness, s.k_core, s.group) for _, s in sorted(found.standing.items())])
    told.append([each.fragmentation for each in found.key])
    told.append([len(group) for group in found.groups])
    return told


@pytest.mark.parametrize("caps", [{}, {"OBJECT": 2, "EVENT": 2, "PERSON": 4}], ids=["usual", "tight"])
def test_what_is_hidden_changes_nothing_that_a_reader_is_told(universe, tmp_path, db, monkeypatch, caps):
    """The same picture without hidden people and links, then with: who may not see them is told the same."""
    for kind, most in caps.items():
        monkeypatch.setitem(rules.FOLLOWED, kind, most)
    plain = publish(universe, batch_of(tmp_path / "plain", hidden=False))
    before = World(people_of(universe, plain), plain, make_threat(universe, plain))
    with acting_as(universe.gmp_analyst):
        told_before = everything(before)
    hidden = publish(universe, batch_of(tmp_path / "hidden"), number=2)
    after = World(people_of(universe, hidden), hidden, before.threat)
    assert {key: after.people[key] for key in before.people} == before.people
    with acting_as(universe.gmp_analyst):
        told_after = everything(after)
    assert told_before == told_after
    with acting_as(universe.merseyside_analyst):
        assert everything(after) != told_after, "those who may see them see more"


def test_two_readers_see_two_networks(world, universe):
    with acting_as(universe.merseyside_analyst):
        mine = selectors.connection(world.people["alpha"], world.people["far"], period=ALWAYS)
        hidden = selectors.surroundings([world.people["ghost"]], depth=1, period=ALWAYS)
    with acting_as(universe.gmp_analyst):
        theirs = selectors.connection(world.people["alpha"], world.people["far"], period=ALWAYS)
        nobody = selectors.surroundings([world.people["ghost"]], depth=1, period=ALWAYS)
    assert len(mine.routes[0].nodes) == 2
    assert len(theirs.routes[0].nodes) > 3
    assert hidden.away
    assert nobody.away == {}


# Key people


def test_victims_are_tied_to_nobody_and_nobody_to_protect_is_key(world, universe):
    with acting_as(universe.gmp_analyst):
        picture = selectors.surroundings(selectors.members_of(world.threat), depth=3, period=ALWAYS)
        known = selectors.known(picture, today=clock.today(), of=world.threat)
        people = selectors.people_of(picture, never_key=known.protected)
    child = world.people["child"]
    assert child in known.protected
    assert people.standing[child].degree == 0, "the victim of a robbery is no associate of the robber"
    assert str(child) not in {each.name for each in people.key}
    assert known.roles[world.people["alpha"]] == ("Leader",)
    leading = [str(world.people[key]) for key in ("elder", "bravo")]
    assert [each.name for each in people.key] == leading, "who alone leads to the furthest, and then to another"
    without = selectors.people_of(picture, never_key={world.people["elder"]})
    assert without.key == ()


def test_queries_do_not_grow_with_the_links(world, universe, tmp_path):
    starts = [world.people["alpha"], world.people["bravo"]]
    with acting_as(universe.gmp_analyst), CaptureQueriesContext(connection) as few:
        selectors.surroundings(starts, depth=2, period=ALWAYS)
    more = batch_of(tmp_path / "more")
    for number in range(40):
        more.person(f"extra{number}", f"Extra Person{number}")
        more.event(f"extra{number}", "STOP", clock.today() - AGO)
        more.link(("PERSON", f"extra{number}"), "STOPPED", ("EVENT", f"extra{number}"))
        more.link(("PERSON", "bravo"), "STOPPED", ("EVENT", f"extra{number}"))
    publish(universe, more, number=2)
    with acting_as(universe.gmp_analyst), CaptureQueriesContext(connection) as many:
        found = selectors.surroundings(starts, depth=2, period=ALWAYS)
    assert len(found.people) > 40
    assert len(many) == len(few)
    assert len(many) <= 30
