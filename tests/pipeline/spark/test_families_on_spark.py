"""Every family's mapping gives on Spark the rows that it gives on DuckDB, faults and accounts with them."""

from pathlib import Path

import duckdb
import pytest
from tests.pipeline.canonical.conftest import OWNERS, SAMPLE, context_of

from fourfold.pipeline import canonical, landing
from fourfold.pipeline.canonical.contract import TABLES
from fourfold.pipeline.engines.spark import SparkDatabase

pytestmark = pytest.mark.slow

PLACES = "* replace (round(latitude, 9) as latitude, round(longitude, 9) as longitude)"


@pytest.mark.parametrize("source", sorted(OWNERS))
def test_the_rows_are_equal(spark: SparkDatabase, source: str, tmp_path: Path) -> None:
    family, _ = OWNERS[source]
    (delivery,) = (SAMPLE / "extracts" / source).iterdir()
    landed = landing.land(delivery, into=tmp_path / "landing", family=family)
    context = context_of(source)
    here = canonical.canonicalise(landed, family=family, into=tmp_path / "here", context=context)
    there = canonical.canonicalise(landed, family=family, into=tmp_path / "there", context=context, spark=spark)
    assert there.counts == here.counts
    assert (there.rows, there.rules, there.warnings) == (here.rows, here.rules, here.warnings)
    assert here.rules
    with duckdb.connect() as connection:
        for table in TABLES:
            columns = PLACES if table == "location" else "*"
            ours, theirs = (
                f"select {columns} from read_parquet('{made.folder / table}.parquet')" for made in (here, there)
            )
            described = [connection.execute(f"describe {one}").fetchall() for one in (ours, theirs)]
            assert [column[:2] for column in described[1]] == [column[:2] for column in described[0]], table
            differing = f"({ours} except all {theirs}) union all ({theirs} except all {ours})"
            assert not connection.execute(differing).fetchall(), table
