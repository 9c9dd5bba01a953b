"""Trains a model on a region's own open records: seeded, on one thread, so the same records give the same model."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from splink import block_on

from fourfold.pipeline.resolution import scoring
from fourfold.pipeline.resolution.model import SMALLEST_CHANCE, Chances, Model
from fourfold.pipeline.resolution.settings import Level, Settings


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
    """Estimate the chances from `record` (open records). A level that never happens keeps the chances of `start`."""
    plan = settings.training
    connection.execute("create or replace table training_record as select * from record where open order by id")
    threads = connection.execute("select current_setting('threads')").fetchall()[0][0]
    connection.execute("set threads = 1")
    try:
        found = scoring.open_records(connection)
        linker = scoring.linker_for(
            connection, settings, start, prior=start.prior(found, settings), table="training_record"
        )
        with _without_chatter():
            linker.training.estimate_probability_two_random_records_match(
                [block_on(*columns) for columns in plan.certain_rules], recall=plan.certain_share
            )
            linker.training.estimate_u_using_random_sampling(max_pairs=plan.pairs_for_chance, seed=plan.seed)
            for columns in plan.passes:
                if _pairs_sharing(connection, columns) >= plan.smallest_pass:
                    linker.training.estimate_parameters_using_expectation_maximisation(
                        block_on(*columns),
                        fix_probability_two_random_records_match=True,
                        max_pairs=plan.largest_pass,
                        record_sample_proportion=1.0,
                    )
        learnt = linker.misc.save_model_to_json()
    finally:
        connection.execute(f"set threads = {int(threads)}")
    prior = float(learnt["probability_two_random_records_match"])
    return Model(
        name=f"trained on {found} records",
        trained_on=f"{found} open records of this region, seed {plan.seed}, settings {settings.version}",
        matches_per_record=prior * (found - 1),
        levels=_levels(settings, learnt, start, prior),
    )


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


def _pairs_sharing(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> int:
    keys = ", ".join(columns)
    there = " and ".join(f"{column} is not null" for column in columns)
    counted = f"select count(*) as n from training_record where {there} group by {keys}"
    return int(connection.execute(f"select coalesce(sum(n * (n - 1) // 2), 0) from ({counted})").fetchall()[0][0])


def _levels(settings: Settings, learnt: dict[str, Any], start: Model, prior: float) -> dict[str, dict[str, Chances]]:
    levels: dict[str, dict[str, Chances]] = {}
    for comparison, said in zip(settings.comparisons, learnt["comparisons"], strict=True):
        graded = [each for each in said["comparison_levels"] if not each.get("is_null_level")]
        levels[comparison.name] = {
            level.code: _chances(level, each, start.chances(comparison.name, level.code), prior)
            for level, each in zip(comparison.graded, graded, strict=True)
        }
    return levels


def _chances(level: Level, learnt: dict[str, Any], start: Chances, prior: float) -> Chances:
    """Random pairs contain a few true matches: their share is taken out of `u`, down to a tenth at most."""
    m = _sound(learnt.get("m_probability"), start.m)
    if level.fixed_u is not None:
        return Chances(m, level.fixed_u)
    sampled = _sound(learnt.get("u_probability"), start.u)
    return Chances(m, _sound(max((sampled - prior * m) / (1 - prior), sampled / 10), start.u))


def _sound(chance: object, otherwise: float) -> float:
    if not isinstance(chance, float) or chance <= SMALLEST_CHANCE:
        return otherwise
    return min(chance, 1 - SMALLEST_CHANCE)
