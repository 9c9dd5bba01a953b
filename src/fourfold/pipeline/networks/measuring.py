"""From a file of ties to a file of measures: what `fourfold network` does. Keeps nothing."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fourfold.formats.cells import harmless
from fourfold.pipeline.networks import files
from fourfold.pipeline.networks.graph import Network
from fourfold.pipeline.networks.measures import EXACT_WORK, Measured, measure
from fourfold.pipeline.resolution.spreadsheets import FileRefused

OUTPUT = ("node", "degree", "betweenness", "closeness", "pagerank", "k_core", "community")
DIGITS = 9
FOREMOST = 5


@dataclass(frozen=True)
class Central:
    """One of the nodes that most lies between others."""

    node: str
    degree: int
    betweenness: float


@dataclass(frozen=True)
class Done:
    """What was measured: sentences on the file, the foremost nodes, and how many groups there are.

    `starts` is from how many nodes paths were followed where betweenness and closeness are estimates, else 0.
    """

    noticed: tuple[str, ...]
    foremost: tuple[Central, ...]
    communities: int
    starts: int


def measure_file(
    path: Path,
    *,
    out: Path,
    named: Mapping[str, str] | None = None,
    nodes: Path | None = None,
    directed: bool = False,
    exact: bool = False,
) -> Done:
    """Write the measures of each node of the network in a file, the most central first.

    Args:
        path: CSV or Parquet: a list of ties, or a table of who with whom.
        out: The CSV to write. It appears whole or not at all.
        named: Which column is what, such as {"source": "Caller"}.
        nodes: A file whose first column names nodes, tied or not.
        directed: Whether a tie leads one way only.
        exact: Follow paths from every node, however long that takes.

    Raises:
        FileRefused: the file cannot be read, is no network, or the measures cannot be written where they are asked for;
            the sentence says why and what to do.
    """
    _check_out(out, (path, *((nodes,) if nodes else ())))
    sheet = files.read(path, named=named, nodes=nodes, directed=directed)
    network = sheet.network
    found = measure(network, exact_work=network.size * max(network.ties, 1) if exact else EXACT_WORK)
    order = np.lexsort((np.arange(network.size), -found.degree, -np.round(found.betweenness, DIGITS)))
    _write(out, network, found, order)
    return Done(
        noticed=sheet.noticed,
        foremost=tuple(
            Central(network.names[place], int(found.degree[place]), float(found.betweenness[place]))
            for place in order[:FOREMOST]
            if found.betweenness[place] > 0
        ),
        communities=int(found.community.max()),
        starts=0 if found.is_exact else found.starts,
    )


def _check_out(out: Path, given: Iterable[Path]) -> None:
    """Before anything is measured: there is a folder for the measures, and they would not replace what they are of."""
    if not out.parent.is_dir():
        raise FileRefused("NW6", f"There is no folder {out.parent} to write {out.name} into. Make it, or say another.")
    if not os.access(out.parent, os.W_OK):
        raise FileRefused("NW6", f"Nothing may be written into {out.parent}. Say another folder.")
    if any(out.resolve() == each.resolve() for each in given):
        raise FileRefused("NW7", f"The measures would replace {out.name}, which they are of. Say another name.")


def _write(out: Path, network: Network, found: Measured, order: np.ndarray) -> None:
    columns = (found.degree, found.betweenness, found.closeness, found.pagerank, found.k_core, found.community)
    descriptor, making = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(OUTPUT)
            for place in order:
                numbers = (_plain(column[place].item()) for column in columns)
                writer.writerow((harmless(network.names[place]), *numbers))
        Path(making).chmod(0o644)
        Path(making).replace(out)
    except BaseException:
        Path(making).unlink(missing_ok=True)
        raise


def _plain(value: float) -> str:
    """A whole number as it is, another with nine digits after the point and none of them idle."""
    return str(value) if isinstance(value, int) else f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
