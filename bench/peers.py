"""Other tools for linking records, each over the same table of people: what `bench.linkage` is held against.

Each takes the table `record` that `fourfold link` compares, with names, dates and postcodes already cleaned: the peers
are given our cleaning for nothing. Their comparisons and keys are those their own guides use for such data, and their
threshold is even odds, as ours is for files.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping

import duckdb

Groups = Mapping[int, int]
"""The group of each record that is with another, by its number."""

COMPARED = ("forename", "surname", "birth_text", "postcode", "place", "street", "occupation", "phone")
KEYS = (
    ("forename", "surname"),
    ("surname", "birth_text"),
    ("forename", "birth_text"),
    ("postcode", "forename"),
    ("postcode", "surname"),
    ("birth_text", "postcode"),
    ("place", "surname"),
)


def splink(connection: duckdb.DuckDBPyConnection) -> Groups:
    """Plain Splink: its own comparison library, expectation-maximisation, connected components at even odds."""
    import splink.comparison_library as compare  # noqa: PLC0415
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415

    logging.getLogger("splink").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    there = _filled(connection)
    keys = [key for key in KEYS if set(key) <= there]
    strings = [column for column in COMPARED if column in there]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[
            compare.DamerauLevenshteinAtThresholds(column, [1, 2])
            if column in ("birth_text", "postcode", "phone")
            else compare.JaroWinklerAtThresholds(column, [0.92, 0.8]).configure(term_frequency_adjustments=True)
            for column in strings
        ],
        blocking_rules_to_generate_predictions=[block_on(*key) for key in keys],
    )
    database = DuckDBAPI(connection=connection)
    linker = Linker(database.register(connection.sql(f"select id, {', '.join(strings)} from record")), settings)
    certain = [block_on(*key) for key in (("forename", "surname", "birth_text"),) if set(key) <= there]
    linker.training.estimate_probability_two_random_records_match(certain or [block_on(*keys[0])], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=4e6, seed=1)
    for key in (("surname", "forename"), ("birth_text",)):
        if set(key) <= there:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*key))
    scored = linker.inference.predict(threshold_match_probability=0.01)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, threshold_match_probability=0.5)
    ranked = f"select id, dense_rank() over (order by cluster_id) from {found.physical_name}"
    return dict(connection.execute(ranked).fetchall())


def recordlinkage(connection: duckdb.DuckDBPyConnection) -> Groups:
    """`recordlinkage`: its index, its string comparisons, its ECM classifier; connected components of its links."""
    import recordlinkage as toolkit  # noqa: PLC0415

    warnings.simplefilter("ignore")
    there = _filled(connection)
    columns = [column for column in COMPARED if column in there]
    people = connection.execute(f"select id, {', '.join(columns)} from record order by id").df().set_index("id")
    indexer = toolkit.Index()
    for key in KEYS:
        if set(key) <= there:
            indexer.block(list(key))
    pairs = indexer.index(people)
    comparing = toolkit.Compare()
    for column in columns:
        comparing.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    features = comparing.compute(pairs, people)
    links = toolkit.ECMClassifier(binarize=None).fit_predict(features)
    return _connected(list(links))


def _filled(connection: duckdb.DuckDBPyConnection) -> set[str]:
    counts = ", ".join(f"count({column})" for column in COMPARED)
    row = connection.execute(f"select {counts} from record").fetchall()[0]
    return {column for column, n in zip(COMPARED, row, strict=True) if n}


def _connected(links: list[tuple[int, int]]) -> Groups:
    above: dict[int, int] = {}

    def group(record: int) -> int:
        while above.get(record, record) != record:
            above[record] = above.get(above[record], above[record])
            record = above[record]
        return record

    for one, other in links:
        low, high = sorted((group(one), group(other)))
        above[high] = low
        above.setdefault(low, low)
    return {record: group(record) for record in above}
