"""A network: nodes by name, and ties between them as arrays. Pure, and the same whatever order the ties came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import networkit
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """Nodes and the ties between them: each tie once, none from a node to itself.

    Args:
        names: Of the nodes, in order; a tie names them by their place here.
        tails: Where each tie starts. In an undirected network the smaller of the two places.
        heads: Where it leads.
        weights: How strong each tie is, above 0; 1 where nothing is said.
        directed: Whether a tie leads one way only.
    """

    names: tuple[str, ...]
    tails: Ints
    heads: Ints
    weights: Floats
    directed: bool = False

    @property
    def size(self) -> int:
        return len(self.names)

    @property
    def ties(self) -> int:
        return len(self.tails)

    @cached_property
    def outward(self) -> sparse.csr_array:
        """A 1 for each step that can be taken, from row to column: both ways where ties have no direction."""
        return self._steps(np.ones(self.ties))

    @cached_property
    def inward(self) -> sparse.csr_array:
        """A 1 for each step that can be taken, to row from column."""
        return self.outward.T.tocsr() if self.directed else self.outward

    @cached_property
    def strengths(self) -> sparse.csr_array:
        """As `outward`, with the weights of the ties."""
        return self._steps(self.weights)

    @cached_property
    def handed_over(self) -> networkit.Graph:
        """The network with its weights as NetworKit has it. It ends the process for some graphs without ties."""
        ends = (self.tails.astype(np.uint64), self.heads.astype(np.uint64))
        return networkit.GraphFromCoo((self.weights, ends), n=self.size, weighted=True, directed=self.directed)

    def _steps(self, values: Floats) -> sparse.csr_array:
        tails, heads = self.tails, self.heads
        if not self.directed:
            tails, heads = np.concatenate([tails, heads]), np.concatenate([heads, tails])
            values = np.concatenate([values, values])
        return sparse.csr_array((values, (tails, heads)), shape=(self.size, self.size))

    def parts(self) -> tuple[int, Ints]:
        """How many parts have no tie between them, and which each node is in. Directions are not looked at."""
        if not self.size:
            return 0, np.zeros(0, np.int64)
        count, labels = sparse.csgraph.connected_components(self.outward, directed=self.directed, connection="weak")
        return int(count), labels.astype(np.int64)

    def as_undirected(self) -> Network:
        """The same ties without their direction; two that lead opposite ways become one, with both weights."""
        if not self.directed:
            return self
        return of_arrays(self.names, self.tails, self.heads, self.weights, directed=False)


def of_ties(
    ties: Iterable[tuple[str, str] | tuple[str, str, float]], *, alone: Iterable[str] = (), directed: bool = False
) -> Network:
    """A network of named ties. Ties that say the same add up; a tie of a node to itself is left out.

    Args:
        ties: Start, end and, if it is known, weight.
        alone: Nodes that are there even if no tie has them.
        directed: Whether a tie leads one way only.
    """
    said = [(str(tie[0]), str(tie[1]), float(tie[2]) if len(tie) > 2 else 1.0) for tie in ties]
    names = tuple(sorted({*alone, *(tie[0] for tie in said), *(tie[1] for tie in said)}))
    place = {name: number for number, name in enumerate(names)}
    return of_arrays(
        names,
        np.array([place[tie[0]] for tie in said], np.int64),
        np.array([place[tie[1]] for tie in said], np.int64),
        np.array([tie[2] for tie in said], np.float64),
        directed=directed,
    )


def of_arrays(names: tuple[str, ...], tails: Ints, heads: Ints, weights: Floats, *, directed: bool) -> Network:
    """As `of_ties`, with nodes by their place in `names`."""
    kept = tails != heads
    tails, heads, weights = tails[kept], heads[kept], weights[kept]
    if not directed:
        tails, heads = np.minimum(tails, heads), np.maximum(tails, heads)
    keys, first = np.unique(tails * max(len(names), 1) + heads, return_inverse=True)
    summed = np.zeros(len(keys))
    np.add.at(summed, first, weights)
    return Network(names, keys // max(len(names), 1), keys % max(len(names), 1), summed, directed)
