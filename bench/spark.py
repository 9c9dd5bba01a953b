"""The same resolution on DuckDB and on Spark in local mode: what the second engine costs on one machine.

Spark is for more records than one machine holds; here it is only held against DuckDB on the same people in the same
run, and the two results are compared.
"""

import tempfile
import time
from pathlib import Path

import duckdb
from bench import people
from bench.result import Result

from fourfold.pipeline import resolution
from fourfold.pipeline.engines.spark import SparkDatabase, spark_session

RECORDS = 20_000
HEAP_MB = 3_072


def run(scale: float) -> list[Result]:
    with tempfile.TemporaryDirectory() as place:
        workplace = Path(place)
        (workplace / "people").mkdir()
        files = people.write(workplace / "people", records=int(RECORDS * scale))
        started = time.perf_counter()
        here = resolution.resolve(files, previous=None, into=workplace / "here")
        duck = time.perf_counter() - started
        with spark_session(workplace=workplace / "spark", heap_mb=HEAP_MB) as session:
            database = SparkDatabase(session, workplace / "spark" / "tables")
            started = time.perf_counter()
            there = resolution.resolve(files, previous=None, into=workplace / "there", spark=database)
            spark = time.perf_counter() - started
        differing, edges, furthest = _compared(here.edges, there.edges)
        same = _same(here.clusters, there.clusters)
    likeness = f"{differing} of {edges:,} edges differ, weights by {furthest:.0e} at most, clusters {same}"
    note = f"{here.counts.records:,} records; {likeness}"
    return [Result("resolution on Spark, local[2]", spark, "s", "DuckDB", duck, spark / duck, "equal results", note)]


def _compared(here: Path, there: Path) -> tuple[int, int, float]:
    """How many edges one engine has and the other has not, how many there are, and the largest difference in weight."""
    with duckdb.connect() as connection:
        ends = "left_source, left_key, right_source, right_key"
        found = connection.execute(
            f"""select count(*) filter (a.band is distinct from b.band), count(*),
              max(abs(a.match_weight - b.match_weight))
            from read_parquet(?) a full join read_parquet(?) b using ({ends})""",
            [str(here), str(there)],
        ).fetchall()[0]
    return int(found[0]), int(found[1]), float(found[2] or 0)


def _same(here: Path, there: Path) -> str:
    with duckdb.connect() as connection:
        differing = connection.execute(
            "select count(*) from (from read_parquet($a) except all from read_parquet($b))",
            {"a": str(here), "b": str(there)},
        ).fetchall()[0][0]
    return "equal" if not differing else f"differ in {differing} records"
