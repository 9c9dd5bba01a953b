"""The statement kept in a process scores as Splink itself does, and is kept for nothing but what it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest
from tests.pipeline.resolution.people import Bench
from tests.pipeline.resolution.test_batches_are_added import Town

from fourfold.pipeline.resolution import Settings, blocking, load_model, load_settings, records, scoring
from fourfold.pipeline.resolution.splink_statement import PAIRS, Asked, asked, statement

PRIOR = 1e-4


@pytest.fixture
def region(bench: Bench) -> Iterator[duckdb.DuckDBPyConnection]:
    """Records, the pairs to compare, and how common each value is."""
    bench.deliver("niche_tri", Town(5).delivery(60))
    settings, model = load_settings(), load_model()
    with duckdb.connect() as connection:
        records.load_records(connection, bench.batches)
        blocking.make_keys(connection, settings)
        blocking.set_aside_common_keys(connection, settings)
        blocking.make_pairs(connection)
        scoring.make_frequencies(connection, settings, model, framed=False)
        connection.execute(
            f"create view {PAIRS} as select '0' as match_key, id_l as join_key_l, id_r as join_key_r from pair"
        )
        yield connection


def question(connection: duckdb.DuckDBPyConnection, settings: Settings | None = None, **other: object) -> Asked:
    told = {"prior": PRIOR, "least_weight": None, **other}
    return asked(connection, settings or load_settings(), told.pop("model", load_model()), **told)


@pytest.mark.parametrize("least", [None, 0.0])
def test_pairs_are_scored_as_splink_scores_them(region: duckdb.DuckDBPyConnection, least: float | None) -> None:
    made = region.execute(statement(question(region, least_weight=least)))
    names = [column[0] for column in made.description]
    ours = made.fetchall()
    database = scoring.splink_on(region)
    linker = scoring.linker_for(region, load_settings(), load_model(), prior=PRIOR, database=database)
    linker.table_management.register_blocked_pairs_for_predict(database.register(region.table(PAIRS)))
    found = linker.inference.predict(threshold_match_weight=least, warning_mode="never")
    theirs = region.execute(f"select {', '.join(names)} from {found.physical_name}").fetchall()
    assert len(ours) > 20
    assert sorted(ours, key=repr) == sorted(theirs, key=repr)


def test_the_same_question_is_answered_once(region: duckdb.DuckDBPyConnection) -> None:
    assert statement(question(region)) is statement(question(region))


def test_whatever_is_asked_otherwise_is_written_anew(region: duckdb.DuckDBPyConnection) -> None:
    settings, model = load_settings(), load_model()
    sex = dict(model.levels["sex"])
    code, chances = next(iter(sex.items()))
    sex[code] = replace(chances, m=chances.m * 0.9)
    fewer = replace(settings, comparisons=settings.comparisons[:-1])
    first = settings.comparisons[0]
    cruder = replace(first, levels=(first.levels[0], *first.levels[2:]))
    other = [
        question(region, model=replace(model, levels={**model.levels, "sex": sex})),
        question(region, prior=PRIOR / 2),
        question(region, least_weight=1.0),
        question(region, fewer),
        question(region, replace(settings, comparisons=(cruder, *settings.comparisons[1:]))),
    ]
    written = {statement(each) for each in [question(region), *other]}
    assert len(written) == 1 + len(other)


def test_columns_of_other_types_are_another_question(region: duckdb.DuckDBPyConnection) -> None:
    before = question(region)
    region.execute("alter table record alter column birth_year type integer")
    assert question(region) != before
