"""A delivery of a relational source landed, made canonical and published, linkage aside, against DuckDB copying it.

The CSV files are made by DuckDB: people, addresses, vehicles, telephones, occurrences and involvements of three
forces in
the proportions of a record system, with the faults of about one row in a hundred. The peer reads the same files with
its
own defaults and writes Parquet; it checks nothing, splits no names and keeps no lines.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb
from bench import database
from bench.result import Result, alternated

from fourfold.pipeline import canonical, landing
from fourfold.pipeline.canonical.family import Context

NAME = "fourfold_bench_intake"
ROWS = 1_000_000
TARGET = "at most 3x"
RECORDS = ("pole_locationrecord", "pole_eventrecord", "pole_objectrecord", "pole_personrecord", "pole_link")
CONTEXT = Context("bench", owner="merseyside", forces={"05": "merseyside", "07": "cheshire", "60": "north_wales"})
FORCE = "['05', '07', '60'][1 + i % 3]"
SHARES = {
    "person": 30,
    "address": 20,
    "vehicle": 5,
    "telephone": 14,
    "occurrence": 10,
    "intelligence": 2,
    "involvement": 18,
}


def _time(expression: str) -> str:
    return (
        f"strftime(TIMESTAMP '2020-01-01' + INTERVAL (CAST({expression} AS BIGINT) % 3000000) MINUTE, "
        "'%d/%m/%Y %H:%M:%S')"
    )


def _tables(count: dict[str, int]) -> dict[str, str]:
    """SQL of each table; `i` counts its rows from 0."""
    names = (
        "['Smith', 'Jones', 'Khan', 'O''Brien', 'Nowak', 'Evans', 'Patel', 'Ali'][1 + i % 8] || chr(CAST(97 "
        "+ i % 26 AS INTEGER))"
    )
    born = (
        "CASE WHEN i % 97 = 0 THEN '01/01/1980' ELSE strftime(DATE '1950-01-01' + CAST(i % 20000 AS "
        "INTEGER), '%d/%m/%Y') END"
    )
    return {
        "person": f"""SELECT i AS Id, {FORCE} AS OwningAgency, {names} AS Surname,
            'Ann' || chr(CAST(97 + i % 24 AS INTEGER)) AS Forename1,
            '' AS Forename2, ['M', 'F', 'U'][1 + i % 3] AS SexCode, {born} AS DateOfBirth,
            CASE WHEN i % 2 = 0 THEN '1979/0163001B' ELSE '' END AS PNCID, '' AS CRONumber,
            CASE WHEN i % 3 = 0 THEN 'AB123456C' ELSE '' END AS NINO, 'W1' AS EthnicityCode,
            i % {count["address"]} AS HomeAddressId, '' AS Restricted, {_time("i * 7")} AS CreatedTime,
            {_time("i * 7 + 60")} AS EffectiveFrom, 'N' AS Deleted, '' AS MergedIntoId""",
        "address": f"""SELECT i AS Id, {FORCE} AS OwningAgency, 1 + i % 300 AS HouseNumber,
            'High Street' AS Street, '' AS Locality,
            'Liverpool' AS Town, CASE WHEN i % 50 = 0 THEN '' ELSE 'L' || (1 + i % 30) || ' ' || i % 10 || 'AB' END
            AS Postcode,
            330000 + i % 20000 AS Easting, 380000 + i % 20000 AS Northing, '' AS UPRN, {_time("i")} AS CreatedTime""",
        "vehicle": f"""SELECT i AS Id, {FORCE} AS OwningAgency,
            'AB' || (10 + i % 15) || ' C' || chr(CAST(68 + i % 5 AS INTEGER)) || 'E' AS Registration,
            'FORD' AS Make, 'Focus' AS Model, 'BLU' AS ColourCode, {_time("i")} AS CreatedTime""",
        "telephone": f"""SELECT i AS Id, {FORCE} AS OwningAgency, '07700 9' || lpad(CAST(i % 100000 AS VARCHAR), 5,
            '0') AS Number,
            'MOB' AS TypeCode, {_time("i")} AS CreatedTime""",
        "occurrence": f"""SELECT i AS Id, {FORCE} AS OwningAgency, '05' || i || '/24' AS OccurrenceNumber,
            'CR' AS TypeCode,
            '8/6' AS OffenceCode, '1' AS StatusCode, {_time("i * 11 + 90")} AS ReportedTime, {_time("i * 11")} AS
            OccurredFrom,
            '' AS OccurredTo, i % {count["address"]} AS AddressId,
            '{{\\rtf1\\ansi Reported at the front counter, statement taken,
                and no ''witness'' named ' || i || '.\\par}}' AS Narrative,
            '' AS Restricted, {_time("i * 11 + 95")} AS CreatedTime""",
        "intelligence": f"""SELECT i AS Id, {FORCE} AS OwningAgency, 'I' || i AS Urn, {_time("i * 13")} AS ReportedTime,
            1 + i % 3 AS SourceEvaluation, 'A' AS IntelligenceAssessment, 'P' AS Handling, 'Seen near the park.' AS
            Text,
            '' AS Restricted, {_time("i * 13")} AS CreatedTime""",
        "involvement": f"""SELECT i AS Id, {FORCE} AS OwningAgency, 'person' AS FromTable,
            i % {count["person"]} AS FromId,
            'occurrence' AS ToTable, i % {count["occurrence"]} AS ToId, 'SUSP' AS RoleCode, '01/06/2024' AS
            EffectiveFrom,
            '' AS EffectiveTo""",
        "person_alias": "SELECT i AS Id, i AS PersonId, 'Other' AS Surname, 'Ann' AS Forename1, '' AS DateOfBirth, "
        "'' AS CreatedTime",
        "codes": "SELECT * FROM (VALUES ('OFFENCE', '8/6', 'Assault', '', ''), ('STATUS', '1', 'Charged', '', ''), "
        "('OCCTYPE', 'CR', 'Crime', '', ''), ('COLOUR', 'BLU', 'Blue', '', ''), ('PHONE', 'MOB', 'Mobile', '', '')) "
        "AS t(CodeTable, Code, Description, ValidFrom, ValidTo)",
    }


def _write_delivery(folder: Path, rows: int) -> int:
    """Write the delivery and return how many rows it has."""
    folder.mkdir()
    count = {table: rows * share // 100 for table, share in SHARES.items()} | {"person_alias": rows // 100, "codes": 1}
    total = 0
    with duckdb.connect() as db:
        for table, select in _tables(count).items():
            source = f"({select} FROM range({count[table]}) AS t(i))" if table != "codes" else f"({select})"
            db.execute(f"COPY {source} TO '{folder / table}.csv' (HEADER, FORCE_QUOTE *)")
            total += 5 if table == "codes" else count[table]
    return total


def _copy(folder: Path, into: Path) -> Callable[[], None]:
    def work() -> None:
        with duckdb.connect(config={"threads": 2}) as db:
            for item in sorted(folder.glob("*.csv")):
                db.execute(f"COPY (SELECT * FROM read_csv('{item}')) TO '{into / item.stem}.parquet' (FORMAT parquet)")

    return work


def run(scale: float) -> list[Result]:
    """Each step alone and all in one figure. The copy stands before and after every step, so both meet one machine."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    with tempfile.TemporaryDirectory(prefix="ffintake") as name:
        place = Path(name)
        rows = _write_delivery(place / "delivery", int(ROWS * scale))

        def land() -> None:
            shutil.rmtree(place / "landing", ignore_errors=True)
            landing.land(place / "delivery", into=place / "landing", family="niche", link=True)

        def make() -> canonical.Canonical:
            shutil.rmtree(place / "canonical", ignore_errors=True)
            landed = landing.Landed.open(place / "landing")
            return canonical.canonicalise(landed, family="niche", into=place / "canonical", context=CONTEXT)

        copy = _copy(place / "delivery", place)
        landed_in, beside_landing = alternated(land, copy, rounds=3)
        made_in, beside_making = alternated(make, copy, rounds=3)
        published_in, beside_publishing, floors = _published(place / "canonical", copy)
        done = canonical.Canonical.open(place / "canonical")
        size = sum(item.stat().st_size for item in (place / "delivery").glob("*.csv")) / 1e6
        note = (
            f"{rows:,} rows, {size:.0f} MB of CSV in nine files; {sum(done.rows.values()):,} canonical rows, "
            f"{sum(done.warnings.values()):,} warnings"
        )
    peer = "DuckDB copies the same CSV to Parquet"
    steps = (
        ("intake: land", landed_in, beside_landing),
        ("intake: canonicalise", made_in, beside_making),
        ("intake: publish into an empty picture", published_in, beside_publishing),
    )
    whole, copied = landed_in + made_in + published_in, median(beside for _, _, beside in steps)
    return [
        Result("intake: to published, linkage aside", whole, "s", peer, copied, whole / copied, TARGET, note),
        *(Result(named, taken, "s", peer, beside, taken / beside) for named, taken, beside in steps),
        *(
            Result(f"intake: floor of publishing, {named}", taken, "s", peer, copied, taken / copied)
            for named, taken in floors.items()
        ),
    ]


def _published(folder: Path, copy: Callable[[], None]) -> tuple[float, float, dict[str, float]]:
    """Seconds to publish the batch into a new database, once; the copy's before and after it; and the floors."""
    database.make(NAME)
    try:
        import django  # noqa: PLC0415  the settings read FOURFOLD_DATA, which the caller has set by now

        django.setup()
        _connect()
        before = _seconds(copy)
        taken = _seconds(lambda: _publish(folder))
        return taken, median([before, _seconds(copy)]), _floors()
    finally:
        from django.db import connection  # noqa: PLC0415

        connection.close()
        database.drop(NAME)


def _floors() -> dict[str, float]:
    """Seconds in which PostgreSQL's own COPY takes the published rows again, as a superuser whom no policy holds.

    Straight into tables with nothing but columns; then from there, as rows under a policy must go, into tables with
    nothing but columns, and into tables with every index.
    """
    with database.superuser(NAME) as free, tempfile.TemporaryDirectory() as name:
        kept = {table: Path(name) / table for table in RECORDS}
        for table, path in kept.items():
            with free.cursor().copy(f"copy {table} to stdout") as giving, path.open("wb") as out:
                for block in giving:
                    out.write(block)
        free.execute("create schema floor")
        bare, staged, indexed = 0.0, 0.0, 0.0
        for table, path in kept.items():
            free.execute(f"create table floor.{table} (like {table})")
            free.execute(f"create table floor.{table}_staged (like {table})")
            free.execute(f"create table floor.{table}_indexed (like {table} including indexes)")
            bare += _seconds(lambda table=table, path=path: _take(free, f"floor.{table}", path))
            staged += _seconds(
                lambda table=table: free.execute(f"insert into floor.{table}_staged select * from floor.{table}")
            )
            indexed += _seconds(
                lambda table=table: free.execute(f"insert into floor.{table}_indexed select * from floor.{table}")
            )
    return {
        "COPY into bare tables": bare,
        "COPY into staging, then insert into bare tables": bare + staged,
        "COPY into staging, then insert with every index": bare + indexed,
    }


def _take(free: database.Connection, table: str, path: Path) -> None:
    with free.cursor().copy(f"copy {table} from stdin") as taking, path.open("rb") as given:
        while block := given.read(1 << 20):
            taking.write(block)


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _connect() -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.database import where  # noqa: PLC0415
    from fourfold.platform.reference import services as reference  # noqa: PLC0415

    connection.close()
    at = where.place("app", name=NAME)
    connection.settings_dict.update({"NAME": at.name, "USER": at.user, "HOST": at.host, "PORT": at.port})
    settings.DEBUG = False
    reference.load(settings.REGION, settings.REGIONS, today=clock.today())


def _publish(folder: Path) -> None:
    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.people.services import service_user  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415
    from fourfold.pole import services  # noqa: PLC0415

    with acting_as(service_user("intake")):
        services.publish_batch(
            batch_id=1,
            source_code="bench",
            canonical_dir=folder,
            clusters=None,
            edges=None,
            run="bench",
            now=clock.now(),
        )
