"""Measures of the nodes of a network: how many ties, how much lies between others, how near, how well supported.

Paths count steps: a heavy tie is no shorter than a light one. Weights count in PageRank and in communities, where a
heavier tie is a stronger one. Every measure is the same from run to run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import networkit
import numpy as np
from scipy import sparse

from fourfold.pipeline.networks.graph import Floats, Ints, Network

DAMPING = 0.85
SETTLED = 1e-10
ROUNDS = 500
LEIDEN_ROUNDS = 10
SEED = 4
EXACT_WORK = 1_000_000_000
"""Nodes times ties up to which paths are followed from every node: about a minute on one core."""
FEWEST_STARTS = 32
MOST_STARTS = 1_024
CELLS = 2_000_000
"""Numbers that one array of a batch holds at most, so that memory is bounded whatever the network."""
WIDEST = 32
SHALLOW = 16
"""Steps from the best tied node up to which following many paths at once, a step at a time, is the faster way."""
SMALLEST_SHALLOW = 64


@dataclass(frozen=True)
class Measured:
    """The measures of each node, in the order of the network's names.

    Args:
        degree: Ties of the node; in and out together where they have a direction.
        betweenness: The share of the shortest paths between other nodes that it lies on, over (n-1)(n-2)/2 pairs, or
            (n-1)(n-2) where ties have a direction.
        closeness: 1 over the mean steps to it, times the share of the others that can reach it (Wasserman and Faust).
        pagerank: Sums to 1; damping 0.85.
        k_core: The largest k such that it is one of a set of nodes with k ties each among themselves.
        community: Numbered from 1, the largest first.
        starts: From how many nodes paths were followed in the largest part; all of them where `is_exact`.
    """

    degree: Ints
    betweenness: Floats
    closeness: Floats
    pagerank: Floats
    k_core: Ints
    community: Ints
    starts: int
    is_exact: bool


def measure(network: Network, *, exact_work: int = EXACT_WORK) -> Measured:
    """Every measure of every node.

    Where following paths from every node would take too long, betweenness and closeness are estimated from some nodes
    of each part, chosen by a fixed seed; `is_exact` says which was done.
    """
    starts = _starts(network, exact_work)
    is_exact = starts >= network.size
    betweenness, closeness = between_and_close(network, starts=starts)
    return Measured(
        degree=degrees(network),
        betweenness=betweenness,
        closeness=closeness,
        pagerank=pagerank(network),
        k_core=k_core(network),
        community=communities(network),
        starts=starts,
        is_exact=is_exact,
    )


def degrees(network: Network) -> Ints:
    return np.bincount(network.tails, minlength=network.size) + np.bincount(network.heads, minlength=network.size)


def _starts(network: Network, exact_work: int) -> int:
    if network.size * network.ties <= exact_work:
        return network.size
    return min(network.size, max(FEWEST_STARTS, min(MOST_STARTS, exact_work // (4 * network.ties))))


# Betweenness and closeness


def between_and_close(network: Network, *, starts: int) -> tuple[Floats, Floats]:
    """Betweenness and closeness, from `starts` nodes of each part that has as many, and from every node of others."""
    if not network.ties:
        return np.zeros(network.size), np.zeros(network.size)
    if starts >= network.size >= SMALLEST_SHALLOW and _depth(network) > SHALLOW:
        return _deep(network)
    count, part = network.parts()
    sizes = np.bincount(part, minlength=count)
    between, steps, reached, is_start = (np.zeros(network.size) for _ in range(4))
    for sources in _batches(part, starts):
        found = _follow(network, sources)
        between += found[0]
        steps += found[1]
        reached += found[2]
        is_start += sources >= 0
    followed = np.minimum(sizes, starts)[part]
    others = network.size - 1
    ways = 1 if network.directed else 2
    between *= sizes[part] / followed / ways / max(others * (network.size - 2) / ways, 1)
    # No node reaches itself; the share of the other starts that reached a node stands for all others of its part.
    asked = followed - is_start
    share = np.divide(reached, asked, out=np.zeros(network.size), where=asked > 0)
    mean = np.divide(steps, reached, out=np.ones(network.size), where=reached > 0)
    return between, share * (sizes[part] - 1) / others / mean


def _depth(network: Network) -> int:
    """Steps to the furthest node from one with the most ties, in the largest part. A bound from below."""
    count, part = network.parts()
    largest = np.flatnonzero(part == np.argmax(np.bincount(part, minlength=count)))
    start = int(largest[np.argmax(degrees(network)[largest])])
    flat = network.outward if not network.directed else network.as_undirected().outward
    order, before = sparse.csgraph.breadth_first_order(flat, start, directed=False)
    steps = np.zeros(network.size, np.int64)
    for node in order[1:]:
        steps[node] = steps[before[node]] + 1
    return int(steps.max())


def _deep(network: Network) -> tuple[Floats, Floats]:
    """NetworKit follows one path at a time, which a long thin network asks for."""
    flat = networkit.graphtools.toUnweighted(network.handed_over)
    between = networkit.centrality.Betweenness(flat, normalized=True).run().scores()
    # NetworKit measures the steps from a node; how near a node is to those who may reach it is wanted.
    turned = networkit.graphtools.transpose(flat) if network.directed else flat
    every = networkit.centrality.ClosenessVariant.GENERALIZED
    close = networkit.centrality.Closeness(turned, True, every).run().scores()
    return np.array(between), np.array(close)


def _batches(part: Ints, starts: int) -> Iterator[Ints]:
    """For each node the column in which paths start from it, or -1, a batch of columns at a time.

    No path leads from one part to another, so one column serves one start of each part.
    """
    sizes = np.bincount(part)
    order = np.random.default_rng(SEED).permutation(len(part))
    by_part = order[np.argsort(part[order], kind="stable")]
    firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    turn = np.arange(len(part)) - firsts[part[by_part]]
    width = max(1, min(WIDEST, CELLS // len(part)))
    last = min(int(sizes.max()), starts)
    for first in range(0, last, width):
        columns = min(width, last - first)
        chosen = (turn >= first) & (turn < first + columns)
        sources = np.full(len(part), -1, np.int64)
        sources[by_part[chosen]] = turn[chosen] - first
        yield sources


def _follow(network: Network, sources: Ints) -> tuple[Floats, Floats, Floats]:
    """What some starts add to each node: paths that pass it, steps to it, starts that reach it.

    Brandes's accumulation (2001) for many starts at once, a step at a time: rows are nodes, columns are starts.
    """
    starts = np.flatnonzero(sources >= 0)
    columns = sources[starts]
    shape = (network.size, int(columns.max()) + 1)
    onward, back = network.inward, network.outward
    distance = np.full(shape, -1, np.int32)
    paths = np.zeros(shape)
    distance[starts, columns] = 0
    paths[starts, columns] = 1.0
    front, step = paths.copy(), 0
    while True:
        front = onward @ front
        front[distance >= 0] = 0.0
        new = front > 0
        if not new.any():
            break
        step += 1
        distance[new] = step
        paths += front
    passing = np.zeros(shape)
    inverse = np.divide(1.0, paths, out=np.zeros(shape), where=paths > 0)
    for level in range(step, 1, -1):
        share = np.where(distance == level, (1.0 + passing) * inverse, 0.0)
        passing += np.where(distance == level - 1, (back @ share) * paths, 0.0)
    beyond = distance > 0
    steps = np.where(beyond, distance, 0)
    between, far, reached = (np.asarray(each.sum(axis=1), np.float64) for each in (passing, steps, beyond))
    return between, far, reached


# PageRank, cores, communities


def pagerank(network: Network) -> Floats:
    """Where somebody ends who follows ties at random, heavier ones oftener, and starts anew one time in seven or so."""
    if not network.size:
        return np.zeros(0)
    strengths = network.strengths
    given = np.asarray(strengths.sum(axis=1)).ravel()
    scale = np.divide(1.0, given, out=np.zeros(network.size), where=given > 0)
    moved = (sparse.diags_array(scale) @ strengths).T.tocsr()
    ends = given == 0
    rank: Floats = np.full(network.size, 1.0 / network.size)
    for _ in range(ROUNDS):
        lost = rank[ends].sum()
        following: Floats = DAMPING * (moved @ rank + lost / network.size) + (1.0 - DAMPING) / network.size
        change = np.abs(following - rank).sum()
        rank = following
        if change < SETTLED:
            break
    return np.asarray(rank / rank.sum(), np.float64)


def k_core(network: Network) -> Ints:
    """Directions are not looked at."""
    flat = network.as_undirected()
    if not flat.ties:
        return np.zeros(network.size, np.int64)
    cores = networkit.centrality.CoreDecomposition(flat.handed_over, enforceBucketQueueAlgorithm=True)
    found = cores.run().scores()
    return np.array(found).astype(np.int64)


def communities(network: Network) -> Ints:
    """Groups with more and heavier ties within than between (Leiden), each in one piece. Directions are not looked at.

    One thread and a fixed order, so that the same network gives the same groups.
    """
    flat = network.as_undirected()
    if not flat.ties:
        return np.arange(1, network.size + 1)
    threads = networkit.getMaxNumberOfThreads()
    networkit.setNumberOfThreads(1)
    try:
        networkit.setSeed(SEED, False)
        leiden = networkit.community.ParallelLeiden(flat.handed_over, randomize=False, iterations=LEIDEN_ROUNDS)
        leiden.run()
        found = np.array(leiden.getPartition().getVector(), np.int64)
    finally:
        networkit.setNumberOfThreads(threads)
    return _largest_first(found)


def _largest_first(groups: Ints) -> Ints:
    """Groups numbered from 1: the largest first, of equal ones that with the earlier node."""
    _, first, which, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(1, len(order) + 1)
    return number[which]
