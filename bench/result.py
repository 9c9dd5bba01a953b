"""What a workload answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Result:
    """One figure with the floor or peer it is held against.

    Args:
        measured: In `unit`.
        against: What the floor or peer is; empty where there is none.
        ratio: `measured` by `against_value`, or None where there is no peer.
        target: The aim, in words, such as "at most 1.2x".
    """

    workload: str
    measured: float
    unit: str
    against: str = ""
    against_value: float = 0.0
    ratio: float | None = None
    target: str = ""
    note: str = ""


def alternated(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int = 7) -> tuple[float, float]:
    """Median seconds of each, taken in turn after one round that does not count, so that both meet the same machine."""
    ours()
    theirs()
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds):
        pair = ((ours, taken[0]), (theirs, taken[1]))
        for call, kept in pair if turn % 2 == 0 else reversed(pair):
            started = time.perf_counter()
            call()
            kept.append(time.perf_counter() - started)
    return median(taken[0]), median(taken[1])
