"""Joins records to groups by all the pairs between two groups, not by one: a chain of weak ties joins nobody.

The strongest ties are taken first. Two groups are joined where `strongest` times their strongest tie and the rest of
the mean over all their pairs come to the threshold; a pair that was not compared counts `not_compared`. A record with
little in it is thus joined to the group whose many records it fits, and two people of one name stay apart.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from fourfold.pipeline.resolution.settings import Gathering

type Tie = tuple[int, int, float]
type Between = tuple[float, int, float]


def gather(ties: Iterable[Tie], *, how: Gathering, threshold: float) -> dict[int, int]:
    """The group of each record that is joined to another: its lowest record number.

    Args:
        ties: Two record numbers and their match weight in bits, each pair once.
        how: The shares of the strongest tie and of the mean.
        threshold: At or above it two groups are joined.
    """
    groups = _Groups(how)
    for one, other, weight in ties:
        groups.tie(one, other, weight)
    return groups.join(threshold)


class _Groups:
    """Groups and what stands between each two of them: sum, number and strongest of the compared pairs."""

    def __init__(self, how: Gathering) -> None:
        self.how = how
        self.members: dict[int, list[int]] = {}
        self.between: dict[int, dict[int, Between]] = {}

    def tie(self, one: int, other: int, weight: float) -> None:
        for record in (one, other):
            self.members.setdefault(record, [record])
            self.between.setdefault(record, {})
        self.between[one][other] = self.between[other][one] = (weight, 1, weight)

    def join(self, threshold: float) -> dict[int, int]:
        waiting = [
            (-value, one, other)
            for one, others in self.between.items()
            for other in others
            if one < other and (value := self._value(one, other)) >= threshold
        ]
        heapq.heapify(waiting)
        while waiting:
            value, one, other = heapq.heappop(waiting)
            if other not in self.between.get(one, ()) or self._value(one, other) != -value:
                continue
            kept = self._join(one, other)
            for third in self.between[kept]:
                worth = self._value(kept, third)
                if worth >= threshold:
                    heapq.heappush(waiting, (-worth, min(kept, third), max(kept, third)))
        return {record: min(group) for group in self.members.values() if len(group) > 1 for record in group}

    def _value(self, one: int, other: int) -> float:
        total, compared, strongest = self.between[one][other]
        pairs = len(self.members[one]) * len(self.members[other])
        mean = (total + self.how.not_compared * (pairs - compared)) / pairs
        return self.how.strongest * strongest + (1 - self.how.strongest) * mean

    def _join(self, one: int, other: int) -> int:
        """Put the group with fewer neighbours into the other; what stood between them and a third is added up."""
        kept, gone = (one, other) if len(self.between[one]) >= len(self.between[other]) else (other, one)
        self.members[kept] += self.members.pop(gone)
        self.between[kept].pop(gone)
        for third, stood in self.between.pop(gone).items():
            if third == kept:
                continue
            self.between[third].pop(gone)
            before = self.between[kept].get(third)
            both = stood if before is None else _added(stood, before)
            self.between[kept][third] = self.between[third][kept] = both
        return kept


def _added(one: Between, other: Between) -> Between:
    return one[0] + other[0], one[1] + other[1], max(one[2], other[2])
