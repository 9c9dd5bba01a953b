"""Turns the settings and a trained model into what Splink compares with, through Splink's public library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import splink.comparison_level_library as levels
from splink import SettingsCreator
from splink.comparison_library import CustomComparison

from fourfold.pipeline.resolution.model import Model
from fourfold.pipeline.resolution.settings import Comparison, Level, Settings, SettingsWrong

DIALECT = "duckdb"

type LinkType = Literal["dedupe_only", "link_only"]


def creator_of(test: Mapping[str, Any]) -> Any:
    """The Splink level for a test of the settings file; `TESTS` lists the tests there are."""
    for kind, make in TESTS.items():
        if kind in test:
            return make(test)
    raise SettingsWrong(f"No comparison level is called “{', '.join(sorted(test))}”")


def _missing(test: Mapping[str, Any]) -> Any:
    return _sql(" or ".join(f"{column}_l is null or {column}_r is null" for column in test["missing"]))


def _none_shared(test: Mapping[str, Any]) -> Any:
    shared = " or ".join(f"({column}_l is not null and {column}_r is not null)" for column in test["none_shared"])
    return _sql(f"not ({shared})")


def _either_missing(test: Mapping[str, Any]) -> Any:
    column = test["either_missing"]
    return _sql(f"({column}_l is null or {column}_r is null)")


def _inside(test: Mapping[str, Any]) -> Any:
    item, items = test["inside"]
    return _sql(f"list_contains({items}_l, {item}_r) or list_contains({items}_r, {item}_l)")


def _sql(condition: str) -> Any:
    return levels.CustomLevel(condition, base_dialect_str=DIALECT)


TESTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    # every one of the tests listed
    "all": lambda test: levels.And(*[creator_of(part) for part in test["all"]]),
    # the test does not hold
    "not": lambda test: levels.Not(creator_of(test["not"])),
    # the column is the same
    "exact": lambda test: levels.ExactMatchLevel(test["exact"]),
    # Jaro-Winkler similarity, 0 to 1
    "similar": lambda test: levels.JaroWinklerLevel(test["similar"], test["at_least"]),
    # characters changed, added, dropped or swapped
    "near": lambda test: levels.DamerauLevenshteinLevel(test["near"], test["at_most"]),
    # two numbers are no further apart than this
    "apart": lambda test: levels.AbsoluteDifferenceLevel(test["apart"], test["at_most"]),
    # two lists share an item, or as many as `items` says
    "overlap": lambda test: levels.ArrayIntersectLevel(test["overlap"], test.get("items", 1)),
    # the first column of one side is an item of the list of the other
    "inside": _inside,
    # two columns hold each other's values
    "swapped": lambda test: levels.ColumnsReversedLevel(test["swapped"][0], test["swapped"][1], symmetrical=True),
    # the column is empty on one side at least
    "either_missing": _either_missing,
    # any of the columns is empty on one side at least: nothing is concluded
    "missing": _missing,
    # no column is there on both sides: nothing is concluded
    "none_shared": _none_shared,
    "otherwise": lambda _test: levels.ElseLevel(),
}


def splink_settings(settings: Settings, model: Model, *, prior: float, link_type: LinkType) -> SettingsCreator:
    """What Splink needs to score pairs: the comparisons, the model's chances, the prior. Which pairs, we say.

    Splink writes which level a pair is of only together with all that was compared, which is most of what it writes. So
    it is asked for that only where the weights don't tell.
    """
    return SettingsCreator(
        link_type=link_type,
        unique_id_column_name="id",
        probability_two_random_records_match=prior,
        comparisons=[_comparison(each, model) for each in settings.comparisons],
        blocking_rules_to_generate_predictions=[],
        retain_matching_columns=not all(model.tells_apart(each) for each in settings.comparisons),
        retain_intermediate_calculation_columns=True,
    )


def _comparison(comparison: Comparison, model: Model) -> CustomComparison:
    return CustomComparison(
        output_column_name=comparison.name,
        comparison_levels=[_level(comparison, level, model) for level in comparison.levels],
    )


def _level(comparison: Comparison, level: Level, model: Model) -> Any:
    creator = creator_of(level.test)
    if level.is_missing:
        return creator.configure(is_null_level=True, label_for_charts=level.code)
    chances = model.chances(comparison.name, level.code)
    creator.configure(m_probability=chances.m, u_probability=chances.u, label_for_charts=level.code)
    if level.fixed_m is not None:
        creator.configure(fix_m_probability=True)
    if level.fixed_u is not None:
        creator.configure(fix_u_probability=True)
    if level.frequency_of is not None:
        # Where the level's own chance is that of sharing the value, Splink need not look for it in every level.
        own = level.test.get("exact") == level.frequency_of
        creator.configure(tf_adjustment_column=level.frequency_of, disable_tf_exact_match_detection=own)
    return creator
