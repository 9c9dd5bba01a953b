"""The settings of the resolution as data: what is compared, what is blocked, where the thresholds stand.

`data/settings.yaml` is the shipped version. Everything here is read once and never changed while the program runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"
SHIPPED = DATA / "settings.yaml"
FOR_FILES = DATA / "any_people.yaml"

FORBIDDEN_INPUTS = ("ethnicity", "nationality", "deprivation", "imd")
"""Words that no column of a comparison or a rule may contain: Data Protection Act 2018, sections 50A to 50D."""


class SettingsWrong(ValueError):
    """The settings file asks for something that cannot or must not be done."""


@dataclass(frozen=True)
class Level:
    """One grade of agreement: its code, its test (see `comparing.creator_of`), and the words a person reads.

    A fixed chance is never learnt; a usual one is what is believed before any record is seen. A level that decides
    stands for a whole group where one of its records shows it, see `attaching`.
    """

    code: str
    test: Mapping[str, Any]
    words: str
    frequency_of: str | None = None
    fixed_m: float | None = None
    fixed_u: float | None = None
    usual_m: float | None = None
    usual_u: float | None = None
    decides: bool = False

    @property
    def is_missing(self) -> bool:
        return "missing" in self.test or "none_shared" in self.test


@dataclass(frozen=True)
class Comparison:
    """One thing compared between two records, its levels from the strongest agreement to none."""

    name: str
    title: str
    levels: tuple[Level, ...]

    @property
    def graded(self) -> tuple[Level, ...]:
        """The levels that carry a weight: all but "missing"."""
        return tuple(level for level in self.levels if not level.is_missing)

    def level(self, code: str) -> Level:
        return next(level for level in self.levels if level.code == code)


@dataclass(frozen=True)
class BlockingRule:
    """Pairs that agree on all `columns`, and on one item of the list `each` where it is given, are compared.

    `most_pairs`: as many pairs as this, a record, at most; the largest keys are set aside until they are no more.
    """

    name: str
    columns: tuple[str, ...]
    each: str | None = None
    most_pairs: float | None = None


@dataclass(frozen=True)
class Gathering:
    """How groups are joined by all their pairs, see `gathering.gather`.

    `strongest`: the share of the strongest tie between two groups, 0 to 1; `not_compared`: what a pair counts that was
    not compared, in bits.
    """

    strongest: float
    not_compared: float


@dataclass(frozen=True)
class Groups:
    """How records that say little are put with a group, see `attaching.attach`.

    `sure`: the chance that it must be, 0 to 1; `usual_alone`: the share of a region's people with one record, before
    any are counted; `smallest_region`: below this many people it is worked out as if there were this many;
    `not_compared`: what a record counts that was not compared with any of the group, in bits; `company_again`: the
    chance that somebody seen with others is seen with one of them again; `one_event`: what it counts, in bits, that
    both were at one event; `kinds`: how many records the region's average counts for in each kind of record.
    """

    sure: float
    usual_alone: float
    smallest_region: int
    not_compared: float
    company_again: float
    one_event: float
    kinds: int


@dataclass(frozen=True)
class Growth:
    """How long batches are added to a run before a full run is made again, see `growing`.

    `most_batches`: runs in a row; `most_growth`: changed records as a share of those of the last full run;
    `outgrown`: how many times the largest block a key may be shared.
    """

    most_batches: int
    most_growth: float
    outgrown: float


@dataclass(frozen=True)
class Training:
    """How a model is trained; `smallest` is the number of records below which it is not tried.

    `leaning`: the share of what is usual in the chances within one person, 0 to 1.
    """

    smallest: int
    seed: int
    pairs_for_chance: int
    certain_rules: tuple[tuple[str, ...], ...]
    certain_share: float
    passes: tuple[tuple[str, ...], ...]
    smallest_pass: int
    largest_pass: int
    least_doubt: float
    leaning: float


@dataclass(frozen=True)
class Settings:
    version: str
    link_weight: float
    review_weight: float
    smallest_population: int
    weight_of_average: int
    memory_mb: int | None
    made_of: Mapping[str, tuple[str, ...]]
    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingRule, ...]
    largest_block: int
    training: Training
    gathering: Gathering | None
    groups: Groups | None
    growth: Growth | None
    digest: str

    def comparison(self, name: str) -> Comparison:
        return next(comparison for comparison in self.comparisons if comparison.name == name)

    def among(self, columns: frozenset[str]) -> Settings:
        """The same settings for records that have these columns only: what cannot be compared is left out."""
        return replace(
            self,
            comparisons=tuple(each for each in self.comparisons if _needed(each) <= columns),
            blocking=tuple(rule for rule in self.blocking if {c for c in (*rule.columns, rule.each) if c} <= columns),
            training=replace(
                self.training,
                certain_rules=tuple(rule for rule in self.training.certain_rules if set(rule) <= columns),
                passes=tuple(each for each in self.training.passes if set(each) <= columns),
            ),
        )

    @property
    def frequency_columns(self) -> tuple[str, ...]:
        columns = {level.frequency_of for each in self.comparisons for level in each.levels if level.frequency_of}
        return tuple(sorted(columns))

    @property
    def columns(self) -> frozenset[str]:
        """Every column that a comparison, a blocking rule or the training reads."""
        blocked = {column for rule in self.blocking for column in (*rule.columns, rule.each) if column}
        return self.scored_columns | blocked

    @property
    def scored_columns(self) -> frozenset[str]:
        """Every column that a comparison or the training reads."""
        compared = {column for each in self.comparisons for level in each.levels for column in _columns_in(level.test)}
        trained = {column for columns in (*self.training.certain_rules, *self.training.passes) for column in columns}
        return frozenset(compared | trained | set(self.frequency_columns))


def load_settings(path: Path = SHIPPED) -> Settings:
    """Read and check a settings file. Raises `SettingsWrong` with the reason when it cannot be used."""
    return _read(path.read_bytes())


@lru_cache(maxsize=8)
def _read(text: bytes) -> Settings:
    loaded = yaml.load(text, Loader=yaml.CSafeLoader)
    training = loaded["training"]
    settings = Settings(
        version=str(loaded["version"]),
        link_weight=float(loaded["thresholds"]["link"]),
        review_weight=float(loaded["thresholds"]["review"]),
        memory_mb=int(loaded["memory_mb"]) if "memory_mb" in loaded else None,
        smallest_population=int(loaded["prior"]["smallest_population"]),
        weight_of_average=int(loaded["frequencies"]["weight_of_average"]),
        made_of={column: tuple(parts) for column, parts in loaded["frequencies"].get("made_of", {}).items()},
        comparisons=tuple(_comparison(each) for each in loaded["comparisons"]),
        blocking=tuple(
            BlockingRule(
                rule["name"],
                tuple(rule["columns"]),
                rule.get("each"),
                rule.get("most_pairs", loaded["blocking"].get("most_pairs")),
            )
            for rule in loaded["blocking"]["rules"]
        ),
        largest_block=int(loaded["blocking"]["largest_block"]),
        training=Training(
            smallest=int(training["smallest"]),
            seed=int(training["seed"]),
            pairs_for_chance=int(training["pairs_for_chance"]),
            certain_rules=tuple(tuple(columns) for columns in training["certain_rules"]),
            certain_share=float(training["certain_share"]),
            passes=tuple(tuple(columns) for columns in training["passes"]),
            smallest_pass=int(training["smallest_pass"]),
            largest_pass=int(training["largest_pass"]),
            least_doubt=float(training["least_doubt"]),
            leaning=float(training.get("leaning", 0)),
        ),
        gathering=_gathering(loaded.get("gathering")),
        groups=_groups(loaded.get("groups")),
        growth=_growth(loaded.get("growth")),
        digest=hashlib.sha256(text).hexdigest(),
    )
    _check(settings)
    return settings


def _gathering(loaded: Mapping[str, Any] | None) -> Gathering | None:
    if loaded is None:
        return None
    return Gathering(float(loaded["strongest"]), float(loaded["not_compared"]))


def _groups(loaded: Mapping[str, Any] | None) -> Groups | None:
    if loaded is None:
        return None
    return Groups(
        sure=float(loaded["sure"]),
        usual_alone=float(loaded["usual_alone"]),
        smallest_region=int(loaded["smallest_region"]),
        not_compared=float(loaded["not_compared"]),
        company_again=float(loaded["company_again"]),
        one_event=float(loaded["one_event"]),
        kinds=int(loaded["kinds"]),
    )


def _growth(loaded: Mapping[str, Any] | None) -> Growth | None:
    if loaded is None:
        return None
    return Growth(int(loaded["most_batches"]), float(loaded["most_growth"]), float(loaded["outgrown"]))


def _comparison(loaded: Mapping[str, Any]) -> Comparison:
    return Comparison(loaded["name"], loaded["title"], tuple(_level(each) for each in loaded["levels"]))


def _level(loaded: Mapping[str, Any]) -> Level:
    said = {"code", "words", "frequency_of", "m", "u", "usual_m", "usual_u", "decides"}
    return Level(
        code=loaded["code"],
        test={key: value for key, value in loaded.items() if key not in said},
        words=loaded["words"],
        frequency_of=loaded.get("frequency_of"),
        fixed_m=float(loaded["m"]) if "m" in loaded else None,
        fixed_u=float(loaded["u"]) if "u" in loaded else None,
        usual_m=float(loaded["usual_m"]) if "usual_m" in loaded else None,
        usual_u=float(loaded["usual_u"]) if "usual_u" in loaded else None,
        decides=bool(loaded.get("decides", False)),
    )


def _needed(comparison: Comparison) -> set[str]:
    """What must be there for the comparison to say anything: the columns its "missing" level reads."""
    return {column for level in comparison.levels if level.is_missing for column in _columns_in(level.test)}


def _columns_in(test: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for key, value in test.items():
        if key in ("all", "not"):
            parts = value if key == "all" else [value]
            found.update(column for part in parts for column in _columns_in(part))
        elif isinstance(value, str):
            found.add(value)
        elif isinstance(value, list):
            found.update(value)
    return found


def _check(settings: Settings) -> None:
    for column in sorted(settings.columns):
        for word in FORBIDDEN_INPUTS:
            if word in column.lower():
                raise SettingsWrong(f"The settings compare “{column}”: {word} must never decide who somebody is")
    if settings.review_weight > settings.link_weight:
        raise SettingsWrong("The review threshold must not be above the link threshold")
    for comparison in settings.comparisons:
        if not comparison.levels[-1].test.get("otherwise"):
            raise SettingsWrong(f"The last level of “{comparison.name}” must be `otherwise: true`")
