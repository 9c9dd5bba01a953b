"""How far assessors and moderators agree: drift and weighted kappa. Pure arithmetic."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

FEWEST = 10
"""Below so many pairs a kappa says too little to be put in words."""

# Landis and Koch (1977), The measurement of observer agreement for categorical data, Biometrics 33, 159-174.
WORDS: Sequence[tuple[Fraction, str]] = (
    (Fraction(81, 100), "almost perfect"),
    (Fraction(61, 100), "substantial"),
    (Fraction(41, 100), "moderate"),
    (Fraction(21, 100), "fair"),
    (Fraction(0), "slight"),
)


@dataclass(frozen=True)
class Agreement:
    """Quadratic weighted kappa of `pairs` pairs; None where chance alone would give full agreement."""

    pairs: int
    kappa: Fraction | None
    same: int

    @property
    def in_words(self) -> str:
        """One plain sentence."""
        if self.pairs == 0:
            return "No pairs yet."
        exact = f"{self.same:,} of {self.pairs:,} scores were the same"
        if self.pairs < FEWEST:
            return f"{exact}. Fewer than {FEWEST} pairs: too few to say how well they agree."
        if self.kappa is None:
            return f"{exact}. Everybody chose one score throughout, so agreement beyond chance cannot be told."
        if self.kappa < 0:
            return f"{exact}. They agree less than chance would make them."
        word = next(name for least, name in WORDS if rounded_hundredths(self.kappa) >= least)
        return f"{exact}. Agreement beyond chance is {word}."


def rounded_hundredths(value: Fraction) -> Fraction:
    return Fraction(int(value * 100 + Fraction(1, 2)), 100)


def weighted_kappa(pairs: Iterable[tuple[int, int]] | Mapping[tuple[int, int], int]) -> Agreement:
    """Cohen's kappa with quadratic weights, of pairs of scores or of how often each pair was given.

    One minus the ratio of squared differences seen to those that chance would give with the same scores on each side
    (Cohen 1968, Psychological Bulletin 70, 213-220). The size of the scale cancels out, so it isn't asked for.
    """
    given = Counter(pairs)
    n = given.total()
    same = sum(times for (one, other), times in given.items() if one == other)
    seen = sum(times * (one - other) ** 2 for (one, other), times in given.items())
    ones: Counter[int] = Counter()
    others: Counter[int] = Counter()
    for (one, other), times in given.items():
        ones[one] += times
        others[other] += times
    by_chance = sum(
        times * times_other * (one - other) ** 2 for one, times in ones.items() for other, times_other in others.items()
    )
    if not by_chance:
        return Agreement(n, None, same)
    return Agreement(n, 1 - Fraction(n * seen, by_chance), same)


@dataclass(frozen=True)
class Drift:
    """Moderator minus assessor: how many pairs, and the mean. Above nought the moderator scores higher."""

    pairs: int
    mean: Fraction

    @property
    def in_words(self) -> str:
        if not self.pairs:
            return "No pairs yet."
        if self.mean == 0:
            return "On average the moderator scores the same."
        way = "higher" if self.mean > 0 else "lower"
        return f"On average the moderator scores {way}."


def drift(pairs: Iterable[tuple[int, int]] | Mapping[tuple[int, int], int]) -> Drift:
    """Of (assessor, moderator) pairs, or of how often each was given."""
    given = Counter(pairs)
    n = given.total()
    total = sum(times * (moderator - assessor) for (assessor, moderator), times in given.items())
    return Drift(n, Fraction(total, n) if n else Fraction())
