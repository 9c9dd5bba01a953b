"""The few people without whom a network falls apart: the key player problem (Borgatti, 2006, KPP-Neg)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fourfold.pipeline.networks.graph import Ints, Network
from fourfold.pipeline.networks.measures import degrees

FEWEST = 3


@dataclass(frozen=True)
class KeyPlayer:
    """One of the few, in the order in which they were chosen.

    Args:
        name: Of the node.
        fragmentation: The share of pairs of those who are left that no longer reach each other, when this one and those
            chosen before are gone. 0 where all still do, 1 where nobody reaches anybody.
    """

    name: str
    fragmentation: float


def fragmentation(network: Network, *, without: Collection[str] = ()) -> float:
    """The share of pairs of nodes that don't reach each other, once some are gone. Directions are not looked at."""
    gone = set(without)
    return _apart(network.as_undirected(), np.array([name not in gone for name in network.names], bool))


def key_players(network: Network, *, most: int, among: Collection[str] | None = None) -> tuple[KeyPlayer, ...]:
    """Those whose going leaves the most pairs apart, each chosen after those before; of equals the best tied.

    Nobody is chosen whose going parts no further pair.

    Args:
        network: Of the people.
        most: How many to choose at most.
        among: Who may be chosen; everybody if not given.
    """
    flat = network.as_undirected()
    here = np.ones(flat.size, bool)
    ties, allowed = degrees(flat), None if among is None else set(among)
    chosen: list[KeyPlayer] = []
    apart = _apart(flat, here)
    while len(chosen) < most and int(here.sum()) > FEWEST:
        best = _best(flat, here, ties, allowed)
        if best is None or best[0] <= apart:
            break
        apart, place = best
        here[place] = False
        chosen.append(KeyPlayer(flat.names[place], apart))
    return tuple(chosen)


def _best(flat: Network, here: np.ndarray, ties: Ints, allowed: set[str] | None) -> tuple[float, int] | None:
    found: tuple[float, int, int] | None = None
    for place in np.flatnonzero(here).tolist():
        if allowed is not None and flat.names[place] not in allowed:
            continue
        here[place] = False
        rank = (_apart(flat, here), int(ties[place]), -place)
        here[place] = True
        found = rank if found is None else max(found, rank)
    return None if found is None else (found[0], -found[2])


def _apart(flat: Network, here: np.ndarray) -> float:
    left = int(here.sum())
    if left < FEWEST - 1:
        return 0.0
    _, part = sparse.csgraph.connected_components(flat.outward[here][:, here], directed=False)
    sizes = np.bincount(part).astype(np.float64)
    return float(1.0 - (sizes * (sizes - 1)).sum() / (left * (left - 1)))
