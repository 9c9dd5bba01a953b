"""Measures of any network: those of networkx on whatever Hypothesis draws, and what they promise whatever is drawn."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourfold.pipeline.networks import measures
from fourfold.pipeline.networks.graph import Network, of_ties

NODES = [f"n{number:02}" for number in range(14)]
ends = st.sampled_from(NODES)
weighted = st.tuples(ends, ends, st.sampled_from([0.5, 1.0, 2.0, 7.0]))
some_ties = st.lists(weighted, max_size=40)
some_alone = st.sets(ends, max_size=4)


def peer(network: Network) -> nx.Graph:
    graph = nx.DiGraph() if network.directed else nx.Graph()
    graph.add_nodes_from(network.names)
    for tail, head, weight in zip(network.tails, network.heads, network.weights, strict=True):
        graph.add_edge(network.names[tail], network.names[head], weight=weight)
    return graph


def by_name(network: Network, values: np.ndarray) -> dict[str, float]:
    return dict(zip(network.names, values.tolist(), strict=True))


@settings(max_examples=120, deadline=None)
@given(ties=some_ties, alone=some_alone, directed=st.booleans())
def test_measures_are_those_of_networkx(ties, alone, directed) -> None:
    network = of_ties(ties, alone=alone, directed=directed)
    graph, found = peer(network), measures.measure(network)
    assert found.is_exact
    assert by_name(network, found.degree) == dict(graph.degree())
    assert by_name(network, found.betweenness) == pytest.approx(nx.betweenness_centrality(graph), abs=1e-9)
    assert by_name(network, found.closeness) == pytest.approx(nx.closeness_centrality(graph), abs=1e-9)
    if network.size:
        ranks = nx.pagerank(graph, tol=1e-12, max_iter=2_000)
        assert by_name(network, found.pagerank) == pytest.approx(ranks, abs=1e-8)
    assert by_name(network, found.k_core) == nx.core_number(graph.to_undirected())


@settings(max_examples=60, deadline=None)
@given(ties=some_ties, alone=some_alone)
def test_communities_are_in_one_piece_cover_everybody_and_are_the_same_again(ties, alone) -> None:
    network = of_ties(ties, alone=alone)
    graph, groups = peer(network), measures.communities(network)
    assert (groups == measures.communities(network)).all()
    assert sorted(set(groups.tolist())) == list(range(1, len(set(groups.tolist())) + 1))
    sizes = np.bincount(groups)[1:] if network.size else np.zeros(0)
    assert (np.diff(sizes) <= 0).all(), "numbered from the largest"
    for group in set(groups.tolist()):
        members = [name for name, mine in by_name(network, groups).items() if mine == group]
        assert nx.is_connected(graph.subgraph(members))


@settings(max_examples=60, deadline=None)
@given(ties=some_ties, order=st.randoms(use_true_random=False))
def test_the_order_and_direction_in_which_ties_are_written_change_nothing(ties, order) -> None:
    turned = [(head, tail, weight) if order.random() < 0.5 else (tail, head, weight) for tail, head, weight in ties]
    order.shuffle(turned)
    one, other = measures.measure(of_ties(ties)), measures.measure(of_ties(turned))
    for name in ("degree", "betweenness", "closeness", "pagerank", "k_core", "community"):
        assert np.allclose(getattr(one, name), getattr(other, name), atol=1e-12), name


@pytest.mark.parametrize("directed", [False, True])
def test_a_long_thin_network_is_measured_the_other_way_with_the_same_result(directed: bool) -> None:
    graph = nx.path_graph(120, create_using=nx.DiGraph if directed else nx.Graph)
    graph.add_edges_from([(5, 40), (60, 61), (61, 70)])
    network = of_ties([(f"{a:03}", f"{b:03}") for a, b in graph.edges], directed=directed)
    assert measures._depth(network) > measures.SHALLOW
    graph, found = peer(network), measures.measure(network)
    assert by_name(network, found.betweenness) == pytest.approx(nx.betweenness_centrality(graph), abs=1e-9)
    assert by_name(network, found.closeness) == pytest.approx(nx.closeness_centrality(graph), abs=1e-9)


@pytest.mark.parametrize("directed", [False, True])
def test_estimates_of_a_large_network_find_its_key_people(directed: bool) -> None:
    graph = nx.barabasi_albert_graph(1_500, 3, seed=11)
    ties = [(f"{a:04}", f"{b:04}") for a, b in graph.edges]
    network = of_ties(ties if not directed else [*ties, *((b, a) for a, b in ties)], directed=directed)
    exact, estimate = measures.measure(network), measures.measure(network, exact_work=4_000_000)
    assert (exact.is_exact, estimate.is_exact) == (True, False)
    assert measures.FEWEST_STARTS <= estimate.starts < network.size
    assert np.argmax(estimate.betweenness) in np.argsort(-exact.betweenness)[:3]
    assert np.corrcoef(exact.betweenness, estimate.betweenness)[0, 1] > 0.95
    assert np.abs(exact.closeness - estimate.closeness).max() < 0.05
    again = measures.measure(network, exact_work=4_000_000)
    assert (again.betweenness == estimate.betweenness).all(), "the same nodes are chosen again"


def test_an_estimate_follows_every_path_of_a_small_part() -> None:
    ties = [(f"a{n}", f"a{n + 1}") for n in range(200)] + [("b1", "b2"), ("b2", "b3")]
    network = of_ties(ties)
    starts = measures.FEWEST_STARTS
    between, close = measures.between_and_close(network, starts=starts)
    graph = peer(network)
    assert by_name(network, between)["b2"] == pytest.approx(nx.betweenness_centrality(graph)["b2"])
    assert by_name(network, close)["b2"] == pytest.approx(nx.closeness_centrality(graph)["b2"])


def test_a_network_of_nobody_and_of_two() -> None:
    assert measures.measure(of_ties([])).degree.size == 0
    two = measures.measure(of_ties([("a", "b")]))
    assert (two.betweenness.tolist(), two.closeness.tolist(), two.k_core.tolist()) == ([0, 0], [1, 1], [1, 1])
    alone = measures.measure(of_ties([("a", "a")]))
    assert (alone.degree.tolist(), alone.community.tolist(), alone.pagerank.tolist()) == ([0], [1], [1])
