"""Seeded chance: the only source of randomness, in whole numbers and simple fractions so that every machine agrees."""

import random
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate


class Weighted[T]:
    """Values with whole-number weights, drawn in logarithmic time."""

    __slots__ = ("bounds", "total", "values")

    def __init__(self, pairs: Iterable[tuple[T, int]]) -> None:
        kept = list(pairs)
        self.values: list[T] = [value for value, _ in kept]
        self.bounds = list(accumulate(weight for _, weight in kept))
        self.total = self.bounds[-1]

    def at(self, fraction: float) -> T:
        """Return the value that the fraction (0 to below 1) of the total weight falls on."""
        return self.values[bisect_right(self.bounds, int(fraction * self.total))]


class Chance(random.Random):
    """A seeded stream of decisions."""

    def yes(self, probability: float) -> bool:
        """Return whether an event of this probability happens."""
        return self.random() < probability

    def upto(self, count: int) -> int:
        """Return a whole number from 0 to count - 1."""
        return int(self.random() * count)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick[T](self, values: Sequence[T]) -> T:
        """Return one of the values, each as likely."""
        return values[int(self.random() * len(values))]

    def draw[T](self, values: Weighted[T]) -> T:
        """Return one of the values by weight."""
        return values.values[bisect_right(values.bounds, int(self.random() * values.total))]

    def shuffled[T](self, values: Sequence[T]) -> list[T]:
        """Return the values in a new order."""
        keyed = [(self.random(), position) for position in range(len(values))]
        keyed.sort()
        return [values[position] for _, position in keyed]
