"""The few people without whom a network falls apart: the key player problem (Borgatti, 2006, KPP-Neg)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fourfold.pipeline.networks.graph import Ints, Network
from fourfold.pipeline.networks.measures import degrees


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
    return _apart(network.as_undirected(), np.array([name not in gone for name in network.names], bool))[0]


def key_players(network: Network, *, most: int, among: Collection[str] | None = None) -> tuple[KeyPlayer, ...]:
    """Those whose going leaves the most pairs apart, each chosen after those before; of equals the best tied.

    Nobody is chosen whose going parts nobody else from anybody.

    Args:
        network: Of the people.
        most: How many to choose at most.
        among: Who may be chosen; everybody if not given.
    """
    flat = network.as_undirected()
    here = np.ones(flat.size, bool)
    ties, allowed = degrees(flat), None if among is None else set(among)
    chosen: list[KeyPlayer] = []
    while len(chosen) < most:
        best = _best(flat, here, ties, allowed)
        if best is None:
            break
        apart, place = best
        here[place] = False
        chosen.append(KeyPlayer(flat.names[place], apart))
    return tuple(chosen)


def _best(flat: Network, here: np.ndarray, ties: Ints, allowed: set[str] | None) -> tuple[float, int] | None:
    """The share apart and the place of the best to choose next; None where nobody's going parts anybody else."""
    found: tuple[float, int, int] | None = None
    _, parts = _apart(flat, here)
    for place in np.flatnonzero(here).tolist():
        if allowed is not None and flat.names[place] not in allowed:
            continue
        here[place] = False
        apart, parts_then = _apart(flat, here)
        here[place] = True
        if parts_then > parts:
            rank = (apart, int(ties[place]), -place)
            found = rank if found is None else max(found, rank)
    return None if found is None else (found[0], -found[2])


def _apart(flat: Network, here: np.ndarray) -> tuple[float, int]:
    """The share of pairs of those who are here that don't reach each other, and how many parts they are in."""
    left = int(here.sum())
    if not left:
        return 0.0, 0
    parts, part = sparse.csgraph.connected_components(flat.outward[here][:, here], directed=False)
    sizes = np.bincount(part).astype(np.float64)
    pairs = left * (left - 1)
    return float(1.0 - (sizes * (sizes - 1)).sum() / pairs) if pairs else 0.0, int(parts)
