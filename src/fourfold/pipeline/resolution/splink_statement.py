"""The statement with which Splink scores pairs, written once in a process for one model and kept.

Splink writes its SQL anew for each linker, which takes longer than to score a small delivery. The statement depends on
the comparisons, the model's chances, the prior, the threshold and the columns of `record`, and on nothing in the
records: so it is kept by exactly these. Splink writes it on a database of its own, where each table is empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import duckdb
from splink import Linker
from splink.backends.duckdb import DuckDBAPI

from fourfold.pipeline.engines import Database
from fourfold.pipeline.resolution.comparing import splink_settings
from fourfold.pipeline.resolution.model import Model
from fourfold.pipeline.resolution.settings import Settings

PAIRS = "pair_to_score"
"""The table or view that the statement reads pairs from: join_key_l, join_key_r and match_key."""

_PRUNED = re.compile(r"\b__splink__df_pruned_predict_input_[lr]_[0-9a-f]+\b")
"""Splink's own copies of the records that are in a pair; the statement reads `record` itself."""


@dataclass(frozen=True)
class Asked:
    """What a statement is made of. Two are the same where all that their statement depends on is, told in `by`."""

    by: tuple[object, ...]
    settings: Settings = field(compare=False, repr=False)
    model: Model = field(compare=False, repr=False)
    prior: float = field(compare=False, repr=False)
    least_weight: float | None = field(compare=False, repr=False)
    types: Sequence[tuple[str, str]] = field(compare=False, repr=False)


def frequencies_of(column: str) -> str:
    """The table of how common each value of `column` is."""
    return f"frequency_of_{column}"


def asked(
    connection: Database,
    settings: Settings,
    model: Model,
    *,
    prior: float,
    least_weight: float | None,
) -> Asked:
    """What is asked for the records in `record`."""
    columns = ("id", *sorted(settings.scored_columns))
    described = connection.execute(f"describe select {', '.join(columns)} from record").fetchall()
    types = tuple((name, kind) for name, kind, *_ in described)
    return Asked(
        (repr(settings.comparisons), repr(model.levels), prior, least_weight, types),
        settings=settings,
        model=model,
        prior=prior,
        least_weight=least_weight,
        types=types,
    )


@lru_cache(maxsize=16)
def statement(of: Asked) -> str:
    """A query of the scored pairs of `PAIRS`. Reads `record` and the tables of frequencies."""
    with duckdb.connect() as place:
        place.execute(f"create table record ({', '.join(f'{name} {kind}' for name, kind in of.types)})")
        place.execute(f"create table {PAIRS} (match_key varchar, join_key_l bigint, join_key_r bigint)")
        database = DuckDBAPI(connection=place)
        linker = Linker(
            [database.register("record")],
            splink_settings(of.settings, of.model, prior=of.prior, link_type="dedupe_only"),
            log_level=None,
            validate_settings=False,
        )
        for column in of.settings.frequency_columns:
            table = frequencies_of(column)
            place.execute(f"create table {table} as select {column}, 0::double as tf_{column} from record")
            linker.table_management.register_term_frequency_lookup(database.register(table), column)
        linker.table_management.register_blocked_pairs_for_predict(database.register(PAIRS))
        found = linker.inference.predict(threshold_match_weight=of.least_weight, warning_mode="never")
    return _PRUNED.sub("record", found.sql_used_to_create)
