"""The shortest ways between two nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator


def shortest_routes[Node: Hashable](
    ties: Iterable[tuple[Node, Node]], start: Node, end: Node, *, most: int
) -> tuple[tuple[Node, ...], ...]:
    """Every shortest way from one node to another, or the first `most` of them, in an order that depends on names only.

    Args:
        ties: Pairs of nodes; a way may lead along them in both directions.
        start: Where the ways begin.
        end: Where they lead.
        most: How many to give at most.
    """
    beside: dict[Node, set[Node]] = defaultdict(set)
    for one, other in ties:
        beside[one].add(other)
        beside[other].add(one)
    steps, front = {end: 0}, [end]
    while front and start not in steps:
        following = []
        for node in front:
            for other in beside[node]:
                if other not in steps:
                    steps[other] = steps[node] + 1
                    following.append(other)
        front = following
    if start not in steps or start == end:
        return ()
    found = []
    for route in _down((start,), beside, steps):
        found.append(route)
        if len(found) == most:
            break
    return tuple(found)


def _down[Node: Hashable](
    so_far: tuple[Node, ...], beside: dict[Node, set[Node]], steps: dict[Node, int]
) -> Iterator[tuple[Node, ...]]:
    left = steps[so_far[-1]]
    if not left:
        yield so_far
        return
    nearer = [other for other in beside[so_far[-1]] if steps.get(other) == left - 1]
    for other in sorted(nearer, key=str):
        yield from _down((*so_far, other), beside, steps)
