"""The shortest ways are all of them and only them; key players are those whose going parts the most."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.pipeline.networks.graph import of_ties
from fourfold.pipeline.networks.key_players import fragmentation, key_players
from fourfold.pipeline.networks.routes import shortest_routes

NODES = [f"n{number}" for number in range(9)]
ties = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=22)


@settings(max_examples=150, deadline=None)
@given(ties=ties)
def test_every_shortest_way_is_found_once(ties) -> None:
    graph = nx.Graph((a, b) for a, b in ties if a != b)
    graph.add_nodes_from(("n0", "n1"))
    expected = list(nx.all_shortest_paths(graph, "n0", "n1")) if nx.has_path(graph, "n0", "n1") else []
    found = shortest_routes(ties, "n0", "n1", most=10_000)
    assert sorted(found) == sorted(tuple(way) for way in expected)
    assert shortest_routes(ties, "n0", "n1", most=2) == found[:2]


def test_there_is_no_way_from_a_node_to_itself_or_to_nobody() -> None:
    assert shortest_routes([("a", "b")], "a", "a", most=5) == ()
    assert shortest_routes([("a", "b")], "a", "c", most=5) == ()


def parted(graph: nx.Graph) -> float:
    pairs = list(combinations(graph, 2))
    return sum(not nx.has_path(graph, a, b) for a, b in pairs) / len(pairs) if pairs else 0.0


@settings(max_examples=60, deadline=None)
@given(ties=ties, gone=st.sets(st.sampled_from(NODES), max_size=3))
def test_fragmentation_is_the_share_of_pairs_apart(ties, gone) -> None:
    graph = nx.Graph((a, b) for a, b in ties if a != b)
    graph.remove_nodes_from(gone)
    assert fragmentation(of_ties([t for t in ties if t[0] != t[1]]), without=gone) == pytest.approx(parted(graph))


@settings(max_examples=40, deadline=None)
@given(ties=ties)
def test_the_first_key_player_parts_no_less_than_anybody(ties) -> None:
    """Only somebody whose going parts others is chosen at all: a cut vertex, as networkx finds them."""
    network = of_ties(ties)
    graph = nx.Graph((a, b) for a, b in ties if a != b)
    cuts = set(nx.articulation_points(graph))
    found = key_players(network, most=1)
    assert bool(found) == bool(cuts)
    if found:
        assert found[0].name in cuts
        assert found[0].fragmentation == pytest.approx(max(fragmentation(network, without=[name]) for name in cuts))


def test_two_hubs_are_chosen_in_turn_and_nobody_who_may_not_be() -> None:
    star = [("hub", f"h{n}") for n in range(6)] + [("other", f"o{n}") for n in range(4)] + [("hub", "other")]
    network = of_ties(star)
    assert [each.name for each in key_players(network, most=3)] == ["hub", "other"]
    assert [each.name for each in key_players(network, most=3, among={"other", "h1"})] == ["other"]
    assert key_players(of_ties(combinations("abcde", 2)), most=3) == (), "whoever goes, all still reach each other"
