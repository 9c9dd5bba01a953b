"""The pipeline's statements give on Spark what they give on DuckDB: spec tables for the macros, then whole runs.

One file, so that one worker has the one session.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from tests.pipeline.canonical.conftest import OWNERS, SAMPLE, context_of
from tests.pipeline.resolution.people import Bench, Person
from tests.pipeline.resolution.test_records_that_say_little import deliver
from tests.pipeline.resolution.test_records_that_say_little import link as link_of

from fourfold.entry.commands.link import link
from fourfold.entry.commands.linkage import linkage
from fourfold.pipeline import canonical, landing, resolution
from fourfold.pipeline.canonical import macros
from fourfold.pipeline.canonical.contract import TABLES
from fourfold.pipeline.engines.spark import SparkDatabase
from fourfold.pipeline.engines.spark_sql import NotForSpark
from fourfold.pipeline.resolution import records

pytestmark = pytest.mark.slow

LATEST = date(2026, 10, 31)

TABLE = r"""
names       |   a b  ;JOHN SMITH;O'Brien-Łuk É;José  Ñandú;ß Ærø;Smith, John;Ethne van der Berg;Zoë
names       | ff_trim(x);ff_text(x);ff_name(x);ff_name_key(x);ff_name_key_digits(x);ff_typed_forenames(x)
names       | ff_typed_surname(x);strip_accents(x);sha256(x)
things      | AB12 CDE;ab51 abc;Q123 ABC;07700 900123;+44 (0)7700 900123;00447700900123;0161 496 0000;12345
things      | ff_vrm(x);ff_vrm_valid(ff_vrm(x));ff_phone(x);ff_phone_valid(ff_phone(x));ff_squashed(x)
postcodes   | SW1A 1AA;sw1a1aa;M1 1AE;GIR 0AA;ZZ1 1ZZ;M1
postcodes   | ff_postcode(x);ff_district(ff_postcode(x))
identifiers | 2003/1234567X;03/0012345W;12/3456A;SF39/12345Z;123456/39A;AB123456C;ab 12 34 56 c;M;female;9
identifiers | ff_pnc(x);ff_cro(x);ff_nino(x);ff_sex(x);ff_sex_known(x)
days        | 31/12/1999;29/02/2001;1980-02-30;1980-01-01;01/01/1980;1980;??/05/1980;31/12/2090;1899-05-05
days        | ff_day_uk(x);ff_day_iso(x);ff_birth_uk(x);ff_birth_iso(x)
moments     | 31/03/2024 01:30;31/03/2024 02:30;27/10/2024 01:30;15/07/2024 13:45:10;18/03/1970 02:30;31/10/1971 02:30
moments     | 15/07/2024 01:45 PM;15/07/2024 1:45:22 pm;2024-07-15T13:45:10Z;2024-01-15T13:45-05:00
moments     | 2024-07-15 13:45:10.123+01:00
moments     | ff_local_uk(x);ff_zoned(x);ff_precision(ff_local_uk(x))
text        | =cmd;+44;-1+2=3;@x;{\rtf1 Hello\par World};{\rtf1{\fonttbl x} caf\'e9 \'80 b\b0 };abc$;{"a":"=1"}
text        | ff_plain(x);ff_formula(x);ff_formula_cell(x);ff_formula_inside(x)
"""


def spec() -> Iterator[tuple[str, str, list[str]]]:
    """Kind, expression, values. A line of the table holds either values or expressions."""
    values: dict[str, list[str]] = {}
    said: dict[str, list[str]] = {}
    for line in TABLE.strip("\n").splitlines():
        kind, _, cells = line.partition("|")
        parts = cells[1:].split(";")
        (said if parts[0].endswith("(x)") or "(x)" in parts[0] else values).setdefault(kind.strip(), []).extend(parts)
    for kind, expressions in said.items():
        for expression in expressions:
            yield kind, expression, [*values[kind], ""]


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        macros.install(connection, latest=LATEST)
        yield connection


def plain(value: Any) -> Any:
    return {name: plain(inner) for name, inner in value.asDict().items()} if hasattr(value, "asDict") else value


def test_every_normaliser(spark: SparkDatabase, duck: duckdb.DuckDBPyConnection) -> None:
    macros.install(spark, latest=LATEST)
    by_kind: dict[str, list[str]] = {}
    values = {}
    for kind, expression, cells in spec():
        by_kind.setdefault(kind, []).append(expression)
        values[kind] = cells
    for kind, expressions in by_kind.items():
        for database in (duck, spark):
            database.execute("create or replace table said (x varchar)")
            database.execute("insert into said select unnest(?::varchar[])", [values[kind]])
        query = f"select x, {', '.join(f'{each} as v{n}' for n, each in enumerate(expressions))} from said order by x"
        here, there = duck.execute(query).fetchall(), spark.execute(query).fetchall()
        for ours, theirs in zip(here, there, strict=True):
            for expression, one, other in zip(expressions, ours[1:], theirs[1:], strict=True):
                assert one == plain(other), (kind, expression, ours[0])


def test_grid_references_to_a_millimetre(spark: SparkDatabase, duck: duckdb.DuckDBPyConnection) -> None:
    macros.install(spark, latest=LATEST)
    query = "select ff_grid(393000.5, 405200.0) as place, ff_grid(-5.0, 10.0) as nowhere"
    ((here, nowhere),) = duck.execute(query).fetchall()
    ((there, nowhere_else),) = spark.execute(query).fetchall()
    assert plain(there) == pytest.approx(here, abs=1e-8)
    assert nowhere is nowhere_else is None


NAMES = ["BEBE", "JONATHAN", "JONATHON", "MARTHA", "MARHTA", "DICKSONX", "DIXON", "BARTOLEOMEU", "BRATOLOMEU", "O", ""]


def test_likeness_of_words(spark: SparkDatabase, duck: duckdb.DuckDBPyConnection) -> None:
    """Spark's own Jaro and Winkler, and that of Splink's Java library, give something else for BRATOLOMEU."""
    for database in (duck, spark):
        database.execute("create or replace table word (w varchar)")
        database.execute("insert into word select unnest(?::varchar[])", [NAMES])
    pairs = "from word a cross join word b order by 1, 2"
    here = duck.execute(
        f"select a.w, b.w, jaro_winkler_similarity(a.w, b.w), damerau_levenshtein(a.w, b.w) {pairs}"
    ).fetchall()
    there = spark.session.sql(
        f"select a.w, b.w, jaro_winkler(a.w, b.w), damerau_levenshtein(a.w, b.w) {pairs}"
    ).collect()
    for ours, theirs in zip(here, there, strict=True):
        assert tuple(theirs[:2]) == ours[:2]
        assert tuple(theirs[2:]) == pytest.approx(ours[2:], abs=1e-12), ours[:2]


LINES = """id,forename,surname,dob
1,Katherine,Jones,1980-02-03
2,Catherine,Jones,1980-02-03
3,Owain,Pritchard,1975-11-30
4,Owain,Pritchard,1975-11-30
5,Bo,Chen,1991-07-01
"""
PLACES = "* replace (round(latitude, 9) as latitude, round(longitude, 9) as longitude)"


@pytest.mark.parametrize("source", sorted(OWNERS))
def test_the_mapping_of_each_family(spark: SparkDatabase, source: str, tmp_path: Path) -> None:
    """The rows, the faults and the account of the committed sample."""
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


@pytest.fixture
def people(tmp_path: Path) -> Bench:
    """Two sources, a second delivery, a merger of the source, a restricted record, names spelt in several ways,
    telephones and events of which a later delivery hides one each.
    """
    bench = Bench(tmp_path)
    spellings = [
        ("José", "O'Brien"),
        ("Jose", "OBrien"),
        ("Jon", "Smyth"),
        ("John", "Smith"),
        ("Katherine", "Jones-Brown"),
    ]
    first = [
        Person(
            key=f"k{number}",
            forenames=spellings[number % 5][0],
            surname=spellings[number % 5][1],
            born=f"198{number % 3}-0{number % 4 + 1}-1{number % 7}",
            quality=("exact", "exact", "default")[number % 3],
            postcode=(None, "M1 1AA", "SK1 3XE", "M1 1AB")[number % 4],
            aliases=((("Bob", "Khan"),) if number % 6 == 0 else ()),
            audience="OWN" if number % 11 == 0 else "REGION",
        )
        for number in range(60)
    ]
    bench.deliver("one", first[:40], merged={"k1": "k2"})
    bench.deliver("two", first[40:])
    bench.deliver("two", [Person(key="k41", forenames="Kate", surname="Jones", born="1980-02-03"), *first[50:]])
    deliver(bench, first[:12], *uses(first[:12]), phones={"p0": "+447700900123", "p1": "+447700900456"})
    deliver(bench, [], link_of("k3", "OBJECT", "p1", "OWN"), link_of("k4", "EVENT", "e1", "OWN"))
    return bench


def uses(people: list[Person]) -> list[dict[str, object]]:
    return [
        link_of(each.key, kind, f"{letter}{number % many}")
        for number, each in enumerate(people)
        for kind, letter, many in (("OBJECT", "p", 2), ("EVENT", "e", 3))
    ]


def test_what_a_later_delivery_hides_is_hidden(spark: SparkDatabase, people: Bench) -> None:
    found = []
    with duckdb.connect() as connection:
        for engine in (connection, spark):
            records.load_records(engine, people.batches)
            contacts = engine.execute("select record_key, contacts from record where contacts is not null").fetchall()
            events = engine.execute("select r.record_key, p.event from presence p join record r using (id)").fetchall()
            found.append((sorted((key, list(held)) for key, held in contacts), sorted(map(tuple, events))))
    here, there = found
    assert there == here
    assert ("k2", ["+447700900123"]) in here[0]
    assert "k3" not in dict(here[0])
    assert ("k1", "e1") in here[1]
    assert ("k4", "e1") not in here[1]


@pytest.mark.usefixtures("spark")
def test_linkage_resolve_finds_the_same_people(people: Bench, tmp_path: Path) -> None:
    here = resolution.resolve(people.batches, previous=None, into=tmp_path / "here")
    given = [f"{source}={file}" for source, files in people.batches.items() for file in files]
    words = ["resolve", *given, "--into", str(tmp_path / "there"), "--spark", "local[1]"]
    told = CliRunner().invoke(linkage, words, catch_exceptions=False)
    assert f"{here.counts.records} records of {here.counts.clusters} people in " in told.output
    ours_told, theirs_told = (
        json.loads((tmp_path / where / "resolution.json").read_text(encoding="utf-8")) for where in ("here", "there")
    )
    assert theirs_told["counts"] == ours_told["counts"]
    assert theirs_told["blocks"] == ours_told["blocks"]
    assert here.counts.linked > 0
    assert rows(tmp_path / "there" / "clusters.parquet") == rows(here.clusters)
    ours, theirs = rows(here.edges), rows(tmp_path / "there" / "edges.parquet")
    assert [edge[:4] for edge in theirs] == [edge[:4] for edge in ours]
    for one, other in zip(ours, theirs, strict=True):
        assert other[4] == pytest.approx(one[4], abs=1e-9)
        assert weights(other[6]) == pytest.approx(weights(one[6]), abs=1e-9)
        assert other[7] == one[7]


@pytest.mark.usefixtures("spark")
def test_link_writes_the_same_lines(tmp_path: Path) -> None:
    sheet = tmp_path / "people.csv"
    sheet.write_text(LINES, encoding="utf-8")
    for name, words in (("here", []), ("there", ["--spark", "local[1]"])):
        done = CliRunner().invoke(link, [str(sheet), "--out", str(tmp_path / name), *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert (tmp_path / "there").read_text() == (tmp_path / "here").read_text()
    assert len({line.split(",")[1] for line in (tmp_path / "here").read_text().splitlines()[1:]}) == 3


def rows(place: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute("select * from read_parquet(?) order by all", [str(place)]).fetchall()


def weights(waterfall: str) -> dict[tuple[str, str], float]:
    return {(step["comparison"], step["level"]): step["weight"] + step["tf_weight"] for step in json.loads(waterfall)}


def test_a_statement_that_has_no_form_on_spark_is_refused(spark: SparkDatabase) -> None:
    with pytest.raises(NotForSpark):
        spark.execute("pragma database_list")


def test_a_change_from_another_table_that_may_hold_a_row_twice_is_refused(spark: SparkDatabase) -> None:
    spark.execute("create or replace table word (w varchar)")
    with pytest.raises(NotForSpark, match="one row of it for each"):
        spark.execute("update word set w = other.w from (select 'a' as w) other where other.w = word.w")
