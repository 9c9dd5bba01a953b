"""A trained model: for each level of each comparison, how often it happens within one person and between two.

`data/model.json` is the shipped model; it says what it was trained on. Another is made by `fourfold linkage train`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path

from fourfold.pipeline.resolution.settings import DATA, Comparison, Settings, SettingsWrong

SHIPPED = DATA / "model.json"

SMALLEST_CHANCE = 1e-9
LARGEST_PRIOR = 0.05
ALIKE = 1e-6
"""Two weights that are no further apart, in bits, are taken for one."""
USUAL_MATCHES = 1.0
"""How many other records of the same person a record is expected to have, before any is seen."""


@dataclass(frozen=True)
class Chances:
    """`m`: chance of the level when two records are one person; `u`: when they are two people."""

    m: float
    u: float


@dataclass(frozen=True)
class Model:
    name: str
    trained_on: str
    matches_per_record: float
    levels: Mapping[str, Mapping[str, Chances]]

    def chances(self, comparison: str, level: str) -> Chances:
        try:
            return self.levels[comparison][level]
        except KeyError:
            raise SettingsWrong(
                f"The model “{self.name}” has no weights for “{comparison}: {level}”: train it with these settings"
            ) from None

    def prior(self, records: int, settings: Settings) -> float:
        """The chance that two records taken at random are one person, among `records` records."""
        population = max(records, settings.smallest_population)
        return min(LARGEST_PRIOR, self.matches_per_record / (population - 1))

    def weights(self, comparison: Comparison) -> dict[str, float]:
        """What each graded level counts, in bits, whatever its values."""
        chances = {level.code: self.chances(comparison.name, level.code) for level in comparison.graded}
        return {code: math.log2(each.m / each.u) for code, each in chances.items()}

    def tells_apart(self, comparison: Comparison) -> bool:
        """Whether a weight says which level it is of, or that something is missing, which counts nothing."""
        weights = sorted([0.0, *self.weights(comparison).values()])
        return all(other - one > ALIKE for one, other in pairwise(weights))

    def as_text(self) -> str:
        levels = {
            comparison: {code: {"m": round(each.m, 12), "u": round(each.u, 12)} for code, each in graded.items()}
            for comparison, graded in self.levels.items()
        }
        said = {
            "name": self.name,
            "trained_on": self.trained_on,
            "matches_per_record": round(self.matches_per_record, 6),
            "levels": levels,
        }
        return json.dumps(said, indent=2) + "\n"

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.as_text().encode()).hexdigest()


def usual_model(settings: Settings) -> Model:
    """What the settings believe before any record is seen. Raises `SettingsWrong` where a level does not say."""
    levels: dict[str, dict[str, Chances]] = {}
    for comparison in settings.comparisons:
        for level in comparison.graded:
            if level.usual_m is None or level.usual_u is None:
                raise SettingsWrong(f"“{comparison.name}: {level.code}” does not say how often it usually happens")
            levels.setdefault(comparison.name, {})[level.code] = Chances(level.usual_m, level.usual_u)
    return Model("usual", f"nothing yet: the usual chances of settings {settings.version}", USUAL_MATCHES, levels)


def load_model(path: Path = SHIPPED) -> Model:
    """Read a model. Chances outside 0 to 1 are refused."""
    return _read(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def _read(text: str) -> Model:
    loaded = json.loads(text)
    levels = {
        comparison: {code: Chances(float(each["m"]), float(each["u"])) for code, each in graded.items()}
        for comparison, graded in loaded["levels"].items()
    }
    for comparison, graded in levels.items():
        for code, each in graded.items():
            if not (0 < each.m < 1 and 0 < each.u < 1):
                raise SettingsWrong(f"The model's chances for “{comparison}: {code}” are not between 0 and 1")
    return Model(loaded["name"], loaded["trained_on"], float(loaded["matches_per_record"]), levels)
