"""Trains a model on a region's own open records: seeded, on one thread, so the same records give the same model."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import duckdb
from splink import block_on

from fourfold.pipeline.resolution import scoring
from fourfold.pipeline.resolution.model import LARGEST_PRIOR, SMALLEST_CHANCE, Chances, Model
from fourfold.pipeline.resolution.settings import Comparison, Level, Settings, Training

TOO_COMMON = 1_000
"""A key whose pairs are as many times the largest pass says nothing, and even counting them out takes for ever."""


def choose_model(
    connection: duckdb.DuckDBPyConnection, settings: Settings, *, given: Model, train: bool
) -> tuple[Model, str]:
    """The model to score with, and a sentence saying why it is this one."""
    if not train:
        return given, f"The model “{given.name}” was used as it was given."
    found = scoring.open_records(connection)
    if found < settings.training.smallest:
        return given, (
            f"The model “{given.name}” was used: {found:,} records are fewer than the"
            f" {settings.training.smallest:,} needed to train."
        )
    return train_model(connection, settings, start=given), f"The model was trained on these {found:,} records."


def train_model(connection: duckdb.DuckDBPyConnection, settings: Settings, *, start: Model) -> Model:
    """Estimate the chances from `record` (open records). A level that never happens keeps the chances of `start`.

    Chances between two people come from random pairs. Chances within one person come from pairs of two sources, where
    there are two: the copies of a person inside one system agree far more than what two forces write of them.
    """
    plan = settings.training
    found = scoring.open_records(connection)
    connection.execute("create or replace table training_record as select * from record where open order by id")
    threads = connection.execute("select current_setting('threads')").fetchall()[0][0]
    connection.execute("set threads = 1")
    try:
        with _without_chatter():
            prior, first = _chances_of_strangers(connection, settings, start)
            levels = _chances_of_one_person(connection, settings, first, prior)
    finally:
        connection.execute(f"set threads = {int(threads)}")
    return Model(
        name=f"trained on {found} records",
        trained_on=f"{found} open records of this region, seed {plan.seed}, settings {settings.version}",
        matches_per_record=prior * (found - 1),
        levels=levels,
    )


def _chances_of_strangers(
    connection: duckdb.DuckDBPyConnection, settings: Settings, start: Model
) -> tuple[float, Model]:
    """The share of pairs that are one person, and `start` with the chances of random pairs in it."""
    plan = settings.training
    share = _share_of_one_person(connection, settings, start)
    linker = scoring.linker_for(connection, settings, start, prior=share, tables=("training_record",))
    linker.training.estimate_u_using_random_sampling(max_pairs=plan.pairs_for_chance, seed=plan.seed)
    learnt = linker.misc.save_model_to_json()
    levels = {
        comparison.name: {
            level.code: _of_strangers(level, said, start.chances(comparison.name, level.code), share, plan)
            for level, said in graded
        }
        for comparison, graded in _graded(settings, learnt)
    }
    return share, replace(start, levels=levels)


def _share_of_one_person(connection: duckdb.DuckDBPyConnection, settings: Settings, start: Model) -> float:
    """The share of all pairs that is one person: the pairs of the certain rule that finds most, and those it misses."""
    plan, found = settings.training, scoring.open_records(connection)
    certain = max((_pairs_sharing(connection, rule, across=False) for rule in plan.certain_rules), default=0)
    if not certain:
        return start.prior(found, settings)
    return min(certain / plan.certain_share / (found * (found - 1) / 2), LARGEST_PRIOR)


def _chances_of_one_person(
    connection: duckdb.DuckDBPyConnection, settings: Settings, first: Model, prior: float
) -> dict[str, dict[str, Chances]]:
    """Rounds of expectation-maximisation, each over the pairs that share one key."""
    plan = settings.training
    tables = scoring.tables_by_source(connection, "training_record")
    linker = scoring.linker_for(connection, settings, first, prior=prior, tables=tables)
    across = len(tables) > 1
    for columns in plan.passes:
        sharing = _pairs_sharing(connection, columns, across=across)
        if plan.smallest_pass <= sharing <= plan.largest_pass * TOO_COMMON:
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns),
                fix_probability_two_random_records_match=True,
                max_pairs=plan.largest_pass,
                record_sample_proportion=1.0,
            )
    learnt = linker.misc.save_model_to_json()
    return {
        comparison.name: {
            level.code: _of_one_person(level, said, first.chances(comparison.name, level.code), plan)
            for level, said in graded
        }
        for comparison, graded in _graded(settings, learnt)
    }


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Splink says which levels it could not train; the model keeps those of the model it started from."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _pairs_sharing(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...], *, across: bool) -> int:
    """How many pairs share the key: of two sources, or of any two records."""
    keys = ", ".join(columns)
    there = " and ".join(f"{column} is not null" for column in columns)
    counted = f"select {keys}, source, count(*) as n from training_record where {there} group by {keys}, source"
    within = "0" if across else "sum(n * (n - 1) // 2)"
    each = f"select (sum(n) * sum(n) - sum(n * n)) // 2 + {within} as pairs from ({counted}) group by {keys}"
    return int(connection.execute(f"select coalesce(sum(pairs), 0) from ({each})").fetchall()[0][0])


def _graded(
    settings: Settings, learnt: dict[str, Any]
) -> Iterator[tuple[Comparison, list[tuple[Level, dict[str, Any]]]]]:
    """Our levels beside what Splink learnt of each."""
    for comparison, said in zip(settings.comparisons, learnt["comparisons"], strict=True):
        graded = [each for each in said["comparison_levels"] if not each.get("is_null_level")]
        yield comparison, list(zip(comparison.graded, graded, strict=True))


def _of_strangers(level: Level, learnt: dict[str, Any], start: Chances, prior: float, plan: Training) -> Chances:
    """Random pairs contain a few true matches: their share is taken out of `u`, down to a tenth at most. What was seen
    once among the pairs looked at, or never, is not taken to be rarer than that.
    """
    if level.fixed_u is not None:
        return Chances(start.m, level.fixed_u)
    sampled = _sound(learnt.get("u_probability"), start.u)
    without = max((sampled - prior * start.m) / (1 - prior), sampled / 10, 1 / plan.pairs_for_chance)
    return Chances(start.m, _sound(without, start.u))


def _of_one_person(level: Level, learnt: dict[str, Any], first: Chances, plan: Training) -> Chances:
    """A slip that these records happen not to show is still possible: no chance is less than `least_doubt`."""
    seen = _sound(learnt.get("m_probability"), first.m)
    m = level.fixed_m or max((1 - plan.leaning) * seen + plan.leaning * first.m, plan.least_doubt)
    return Chances(m, first.u)


def _sound(chance: object, otherwise: float) -> float:
    if not isinstance(chance, float) or chance <= SMALLEST_CHANCE:
        return otherwise
    return min(chance, 1 - SMALLEST_CHANCE)
