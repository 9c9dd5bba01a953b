"""Scores the pairs of records that share a blocking key, with Splink, and keeps what made each score.

Reads: `record` and `pair`. Makes: `edge` (id_l < id_r, match_weight, probability, waterfall), grain: one row a pair at
or above the review threshold; where the settings ask groups, also `scored_pair`, every pair whatever its weight, with
the level of each comparison and what frequencies added. Pairs are scored in parts, so that what Splink writes about
each of them is never there for all of them at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from splink import Linker

from fourfold.pipeline.engines import Database
from fourfold.pipeline.engines.spark import SparkDatabase
from fourfold.pipeline.engines.splink_door import splink_on
from fourfold.pipeline.resolution.comparing import splink_settings
from fourfold.pipeline.resolution.model import ALIKE, Model
from fourfold.pipeline.resolution.settings import Comparison, Settings
from fourfold.pipeline.resolution.splink_statement import PAIRS, asked, frequencies_of, statement

PRIOR = "prior"
SCORED = "scored_pair"
PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Scored:
    """What the pairs were scored with, and how their steps are written."""

    prior: float
    waterfall_sql: str

    def edges_sql(self, pairs: str = SCORED) -> str:
        """Every pair of `pairs` as an edge; to be narrowed with “where …”."""
        return f"""
            select id_l, id_r, match_weight, 1 / (1 + pow(2, -match_weight)) as probability,
              {self.waterfall_sql} as waterfall
            from {pairs}"""


def open_records(connection: Database) -> int:
    """How many records everybody in the region may read."""
    return int(connection.execute("select count(*) from record where open").fetchall()[0][0])


def linker_for(
    connection: Database,
    settings: Settings,
    model: Model,
    *,
    prior: float,
    tables: Sequence[str] = ("record",),
    database: Any = None,
) -> Linker:
    """A Splink linker with the frequencies of `record_frequencies` registered.

    One table: every pair in it may be compared. Several tables: only pairs of two tables. `database`: Splink's door to
    the connection, where more is registered through it.
    """
    database = database or splink_on(connection)
    columns = ", ".join(["id", *sorted(settings.scored_columns)])
    linker = Linker(
        [database.register(connection.sql(f"select {columns} from {table}")) for table in tables],
        splink_settings(settings, model, prior=prior, link_type="link_only" if len(tables) > 1 else "dedupe_only"),
        log_level=None,
        validate_settings=False,
    )
    for column in settings.frequency_columns:
        frequencies = database.register(connection.table(record_frequencies(connection, settings, model, column)))
        linker.table_management.register_term_frequency_lookup(frequencies, column)
    return linker


def make_frequencies(connection: Database, settings: Settings, model: Model, *, framed: bool) -> None:
    """Make or complete the tables of how common each value is."""
    counted = _counted(connection) if framed else {}
    for column in settings.frequency_columns:
        if framed:
            add_new_values(connection, settings, model, column, known=counted[_known(column)])
        else:
            record_frequencies(connection, settings, model, column)


def record_frequencies(connection: Database, settings: Settings, model: Model, column: str) -> str:
    """Make the table of how common each value of `column` is, and return its name.

    Counted over open records only: a restricted record must not change a weight that others can see. A small region
    leans on the model's average, so that a name held once among fifty records is not taken for a common one.
    """
    average = average_chance(settings, model, column)
    table = frequencies_of(column)
    connection.execute(
        f"create or replace table {table} as with counted as (select {column}, count(*) as n from record"
        f" where open and {column} is not null group by all)"
        f" select {column}, (n + ?::double * ?::double) / (sum(n) over () + ?::double) as tf_{column} from counted",
        [settings.weight_of_average, average, settings.weight_of_average],
    )
    return table


def add_new_values(connection: Database, settings: Settings, model: Model, column: str, *, known: float) -> None:
    """Add the values that the frame never saw to its table of frequencies, each as if two records had it. `known`: how
    many records of the frame had a value.
    """
    table, leaning = frequencies_of(column), settings.weight_of_average
    connection.execute(
        f"insert into {table} select distinct {column}, (2 + ?::double * ?::double) / (? + ?::double) from record"
        f" where open and {column} is not null and {column} not in (select {column} from {table})",
        [leaning, average_chance(settings, model, column), known, leaning],
    )


def count_records(connection: Database, settings: Settings) -> None:
    """Make `counted` (what, n): what is counted over all open records."""
    columns = "".join(f", count({column})" for column in settings.frequency_columns)
    row = connection.execute(f"select count(*){columns} from record where open").fetchall()[0]
    named = zip(("open", *map(_known, settings.frequency_columns)), row, strict=True)
    said = " union all ".join(f"select '{what}' as what, {float(n)!r}::double as n" for what, n in named)
    connection.execute(f"create or replace table counted as {said}")


def _counted(connection: Database) -> dict[str, float]:
    return {what: float(n) for what, n in connection.execute("select what, n from counted").fetchall()}


def _known(column: str) -> str:
    """What `counted` calls the number of records that have a value."""
    return f"known {column}"


def tables_by_source(connection: Database, table: str) -> tuple[str, ...]:
    """A table for each source with records, so that only pairs of two sources are compared; else the whole table."""
    sources = [row[0] for row in connection.execute(f"select distinct source from {table} order by 1").fetchall()]
    if len(sources) < 2:
        return (table,)
    tables = tuple(f"{table}_{number}" for number in range(len(sources)))
    for name, source in zip(tables, sources, strict=True):
        connection.execute(
            f"create or replace table {name} as select * from {table} where source = ? order by id", [source]
        )
    return tables


def score(connection: Database, settings: Settings, model: Model, *, framed: bool = False) -> Scored:
    """Make the tables `edge` and `scored_pair` out of `record` and `pair`. `framed`: in what a full run counted, see
    `growing`.
    """
    if not framed:
        count_records(connection, settings)
    counted = _counted(connection)
    prior = model.prior(int(counted["open"]), settings)
    rarest = {each: _rarest(settings, model, each, counted[_known(each)]) for each in settings.frequency_columns}
    waterfall = f"to_json([{_waterfall_sql(settings, model, prior, rarest)}])::varchar"
    scored = Scored(prior, waterfall)
    found = connection.execute("select count(*) from pair").fetchall()[0][0]
    if not found:
        _nothing_to_score(connection, settings, model, scored, framed=framed)
        return scored
    least_weight = None if settings.groups else settings.review_weight
    parts = max(1, math.ceil(found / PAIRS_AT_ONCE))
    some = [f" where id_l % {parts} = {part}" if parts > 1 else "" for part in range(parts)]
    pairs = [f"select '0' as match_key, id_l as join_key_l, id_r as join_key_r from pair{each}" for each in some]
    if isinstance(connection, SparkDatabase):
        predictions = _by_linker(connection, settings, model, pairs, prior=prior, least_weight=least_weight)
    else:
        make_frequencies(connection, settings, model, framed=framed)
        predictions = _by_statement(connection, settings, model, pairs, prior=prior, least_weight=least_weight)
    worth_keeping = f"where match_weight >= {settings.review_weight!r}::double"
    for part, predicted in enumerate(predictions):
        scores = _levels_sql(settings, model, predicted)
        into = "create or replace table {} as" if part == 0 else "insert into {}"
        if settings.groups:
            connection.execute(f"{into.format(SCORED)} {scores}")
        else:
            connection.execute(f"{into.format('edge')} {scored.edges_sql(f'({scores})')} {worth_keeping}")
    if settings.groups:
        connection.execute(f"create or replace table edge as {scored.edges_sql()} {worth_keeping}")
    return scored


def _by_statement(
    connection: Database,
    settings: Settings,
    model: Model,
    pairs: Sequence[str],
    *,
    prior: float,
    least_weight: float | None,
) -> Iterator[str]:
    """The scored pairs of each query of pairs, as a query."""
    query = statement(asked(connection, settings, model, prior=prior, least_weight=least_weight))
    for each in pairs:
        connection.execute(f"create or replace temp view {PAIRS} as {each}")
        yield f"({query})"


def _by_linker(
    connection: SparkDatabase,
    settings: Settings,
    model: Model,
    pairs: Sequence[str],
    *,
    prior: float,
    least_weight: float | None,
) -> Iterator[str]:
    """The scored pairs of each query of pairs, as a table, for as long as it is looked at."""
    database = splink_on(connection)
    linker = linker_for(connection, settings, model, prior=prior, database=database)
    for each in pairs:
        linker.table_management.register_blocked_pairs_for_predict(database.register(connection.sql(each)))
        found = linker.inference.predict(threshold_match_weight=least_weight, warning_mode="never")
        yield found.physical_name
        found.drop_table_from_database_and_remove_from_cache()


def _nothing_to_score(connection: Database, settings: Settings, model: Model, scored: Scored, *, framed: bool) -> None:
    """What `score` makes where no two records share a key: many a small delivery, which need not wait for Splink."""
    make_frequencies(connection, settings, model, framed=framed)
    levels = "".join(f", 0::tinyint as gamma_{each.name}" for each in settings.comparisons)
    added = "".join(f", 0::double as mw_tf_adj_{each.name}" for each in settings.comparisons if _counts_frequency(each))
    pairs = f"select id as id_l, id as id_r, 0::double as match_weight{levels}{added} from record where false"
    connection.execute(f"create or replace table edge as {scored.edges_sql(f'({pairs})')}")
    if settings.groups:
        connection.execute(f"create or replace table {SCORED} as {pairs}")


def _levels_sql(settings: Settings, model: Model, predicted: str) -> str:
    """Of what Splink says of each pair, all that is asked of it later."""
    told = all(model.tells_apart(each) for each in settings.comparisons)
    levels = ", ".join(
        f"{_level_of_weight_sql(each, model) if told else f'gamma_{each.name}'}::tinyint as gamma_{each.name}"
        for each in settings.comparisons
    )
    added = "".join(f", mw_tf_adj_{each.name}" for each in settings.comparisons if _counts_frequency(each))
    return f"select id_l, id_r, match_weight, {levels}{added} from {predicted}"


def prior_weight(prior: float) -> float:
    """The prior as a match weight: the base-2 logarithm of its odds."""
    return math.log2(prior / (1 - prior))


def probability_of(weight: float) -> float:
    return 1 / (1 + 2**-weight)


def _rarest(settings: Settings, model: Model, column: str, known: float) -> float:
    """What the frequency adds to an agreement when no other record has the value: the pair's two and nobody else."""
    average = average_chance(settings, model, column)
    leaning = settings.weight_of_average
    return math.log2(average * (known + leaning) / (2 + average * leaning))


def _counts_frequency(comparison: Comparison) -> bool:
    return any(level.frequency_of for level in comparison.levels)


def _waterfall_sql(settings: Settings, model: Model, prior: float, rarest: Mapping[str, float]) -> str:
    """`weight` is that of a value nobody else has; `tf_weight` what is taken off because others have it too."""
    steps = [_step_sql(f"'{PRIOR}'", f"'{PRIOR}'", f"{prior_weight(prior)!r}::double", "0.0::double")]
    for each in settings.comparisons:
        weight, tf_weight = _case_sql(each, _written(model.weights(each)), "0.0::double"), "0.0::double"
        if _counts_frequency(each):
            share = _case_sql(each, {v.code: f"{rarest[v.frequency_of]!r}" for v in each.graded if v.frequency_of}, "0")
            weight, tf_weight = f"{weight} + {share}::double", f"mw_tf_adj_{each.name} - {share}::double"
        codes = {level.code: f"'{level.code}'" for level in each.graded}
        steps.append(_step_sql(f"'{each.name}'", _case_sql(each, codes, "'missing'"), weight, tf_weight))
    return ", ".join(steps)


def _level_of_weight_sql(comparison: Comparison, model: Model) -> str:
    """The level as Splink numbers it, see `_case_sql`, from the weight that it wrote."""
    last = len(comparison.graded) - 1
    weights = model.weights(comparison)
    cases = [
        f"when abs(mw_{comparison.name} - {weights[level.code]!r}::double) < {ALIKE / 2!r}::double then {last - place}"
        for place, level in enumerate(comparison.graded)
    ]
    return f"(case when mw_{comparison.name} = 0 then -1 {' '.join(cases)} end)"


def _written(weights: Mapping[str, float]) -> dict[str, str]:
    return {code: f"{weight!r}::double" for code, weight in weights.items()}


def _case_sql(comparison: Comparison, values: Mapping[str, str], otherwise: str) -> str:
    """A value by level. Splink numbers graded levels from 0 (the last) upwards, and calls "missing" -1."""
    last = len(comparison.graded) - 1
    cases = [
        f"when {last - place} then {values[level.code]}"
        for place, level in enumerate(comparison.graded)
        if level.code in values
    ]
    return f"(case gamma_{comparison.name} {' '.join(cases)} else {otherwise} end)"


def _step_sql(comparison: str, level: str, weight: str, tf_weight: str) -> str:
    return f"{{'comparison': {comparison}, 'level': {level}, 'weight': {weight}, 'tf_weight': {tf_weight}}}"


def average_chance(settings: Settings, model: Model, column: str) -> float:
    """The model's chance that two people share a value of `column`."""
    return next(
        model.chances(comparison.name, level.code).u
        for comparison in settings.comparisons
        for level in comparison.levels
        if level.frequency_of == column and level.test.get("exact") == column
    )
