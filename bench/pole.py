"""Publishing a batch, and reading it: a person with 200 links, a list of events, a search by a misspelt name."""

import os
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median, quantiles

import duckdb
from bench import database
from bench.result import Result, alternated

NAME = "fourfold_bench_pole"
ROWS = 500_000
LINKS = 200
PAGES = 25
# Of all rows: how many are of each table.
SHARES = {"person": 0.25, "object": 0.1, "location": 0.15, "event": 0.2, "link": 0.3}
SYLLABLES = str(["an", "bel", "cor", "dan", "el", "far", "gor", "hal", "is", "jon"] * 2)
COMMON = """
  '{force}' as owning_force, case when n % 20 = 0 then 'OWN' else 'REGION' end as audience,
  'OFFICIAL-SENSITIVE' as marking, null::varchar as compartment, null::varchar as handling,
  '{table}.csv' as source_file, n + 1 as source_line, timestamp '2024-01-01' as created_at,
  null::timestamp as updated_at,
  '{{"Id": "' || n || '", "Town": "Bolton", "Note": "as delivered ' || n || '"}}' as raw
"""
TABLES = {
    "person": f"""
      {SYLLABLES}[n % 20 + 1] || {SYLLABLES}[(n // 20) % 20 + 1] as forenames,
      {SYLLABLES}[(n // 7) % 20 + 1] || {SYLLABLES}[(n // 140) % 20 + 1] || {SYLLABLES}[(n // 2800) % 20 + 1]
        as surname,
      forenames || ' ' || surname as full_name, upper(full_name) as name_key, '[]' as aliases, 'M' as sex,
      date '1950-01-01' + (n * 37 % 20000)::integer as birth_on, 'exact' as birth_quality,
      case when n % 3 = 0 then '2003/' || lpad(n::varchar, 7, '0') || 'Q' end as pnc_id, null::varchar as cro,
      null::varchar as nino, 'NS' as ethnicity_code, n % 90 || ' High Street, Bolton' as address_line,
      'BL' || n % 9 + 1 || ' ' || n % 9 + 1 || 'AA' as postcode""",
    "object": """
      case when n % 2 = 0 then 'VEHICLE' else 'PHONE' end as kind,
      case when n % 2 = 0 then 'AB' || lpad((n % 99)::varchar, 2, '0') || 'C' || n
        else '+4477' || lpad(n::varchar, 8, '0') end as value,
      value as value_raw, true as valid, 'Ford' as make, null::varchar as model, 'Blue' as colour, '{}' as detail""",
    "location": """
      n || ' High Street' as address_line, 'BL' || n % 9 + 1 || ' 1AA' as postcode, 'BL1' as district,
      53.5 as latitude, -2.4 as longitude, 'premise' as precision, null::varchar as name""",
    "event": """
      case n % 4 when 0 then 'CRIME' when 1 then 'STOP' when 2 then 'CUSTODY' else 'INCIDENT' end as kind,
      '05/' || n || '/24' as reference, 'Burglary in a dwelling' as title, '28A' as category,
      'Burglary in a dwelling' as category_name, timestamp '2021-01-01' + interval (n % 40000) hour as happened_at,
      happened_at::date as happened_on, null::timestamp as happened_to, 'minute' as time_precision, '1' as status,
      'Charged' as status_name, 'A window was forced and tools were taken from the garage.' as summary,
      null::varchar as source_grade, 'location' || n % {location} + 1 as location_key""",
    "link": """
      'PERSON' as left_kind, 'person' || (case when n <= {links} then 1 else n % {person} + 1 end) as left_key,
      case n % 4 when 0 then 'OBJECT' when 1 then 'LOCATION' when 2 then 'PERSON' else 'EVENT' end as right_kind,
      lower(right_kind)
        || n % (case n % 4 when 0 then {object} when 1 then {location} when 2 then {person} else {event} end) + 1
        as right_key,
      case n % 4 when 0 then 'USES' when 1 then 'LIVES_AT' when 2 then 'ASSOCIATE' else 'SUSPECT' end as type,
      date '2023-01-01' as from_on, null::date as to_on, 'fact' as assertion, null::varchar as grade""",
}


def run(scale: float) -> list[Result]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    database.make(NAME)
    try:
        import django  # noqa: PLC0415  the settings read FOURFOLD_DATA, which the caller has set by now

        django.setup()
        with tempfile.TemporaryDirectory() as folder:
            return [*_publishing(Path(folder), int(ROWS * scale)), *_reading()]
    finally:
        from django.db import connection  # noqa: PLC0415

        connection.close()
        database.drop(NAME)


def connect(name: str = NAME) -> None:
    """Django on the database of a workload, with the region and an analyst in it."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.database import where  # noqa: PLC0415
    from fourfold.platform.people import services as people  # noqa: PLC0415
    from fourfold.platform.people.models import Organisation  # noqa: PLC0415
    from fourfold.platform.reference import services as reference  # noqa: PLC0415

    connection.close()
    place = where.place("app", name=name)
    connection.settings_dict.update({"NAME": place.name, "USER": place.user, "HOST": place.host, "PORT": place.port})
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    reference.load(settings.REGION, settings.REGIONS, today=clock.today())
    people.create_user(
        email="analyst@bench.test",
        name="Analyst",
        organisation=Organisation.objects.get(code="merseyside"),
        roles=["analyst"],
        held_from=date(2021, 1, 1),
    )


def _write(folder: Path, rows: int) -> dict[str, int]:
    """The canonical Parquet, and the same rows as CSV for the peer."""
    counts = {table: max(LINKS, int(rows * share)) for table, share in SHARES.items()}
    with duckdb.connect() as duck:
        for table, shape in TABLES.items():
            common = COMMON.format(force="merseyside", table=table)
            facts = shape.replace("{links}", str(LINKS))
            for named, count in counts.items():
                facts = facts.replace(f"{{{named}}}", str(count))
            query = f"select '{table}' || n as record_key, {common}, {facts} from range(1, {counts[table] + 1}) r(n)"
            duck.execute(f"copy ({query}) to '{folder}/{table}.parquet' (format parquet)").fetchall()
            duck.execute(
                f"copy (from '{folder}/{table}.parquet') to '{folder}/{table}.csv' (format csv, header)"
            ).fetchall()
        # Every hundredth person record belongs with the next one.
        duck.execute(
            f"copy (select 'bench' as source, 'person' || n as record_key, n - (n % 100 = 2)::integer as cluster "
            f"from range(1, {counts['person'] + 1}) r(n)) to '{folder}/clusters.parquet' (format parquet)"
        ).fetchall()
        duck.execute(
            "copy (select 'bench' as left_source, 'person' || n as left_key, "
            "'bench' as right_source, 'person' || n + 1 as right_key, "
            "20.0::double as match_weight, 0.99999::double as probability, "
            '\'[{"comparison":"name","level":"same","weight":20,"tf_weight":0}]\' as waterfall, \'LINKED\' as band '
            f"from range(1, {counts['person']}, 100) r(n)) to '{folder}/edges.parquet' (format parquet)"
        ).fetchall()
    return counts


def _copied(folder: Path) -> float:
    """Seconds in which DuckDB copies the same rows from CSV to Parquet."""
    started = time.perf_counter()
    with duckdb.connect() as duck:
        for table in TABLES:
            duck.execute(
                f"copy (from read_csv('{folder}/{table}.csv', all_varchar=true)) "
                f"to '{folder}/peer.parquet' (format parquet)"
            ).fetchall()
    return time.perf_counter() - started


def _published(folder: Path, batch_id: int) -> float:
    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.people.services import service_user  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415
    from fourfold.pole import services  # noqa: PLC0415

    intake = service_user("intake")
    started = time.perf_counter()
    with acting_as(intake):
        services.publish_batch(
            batch_id=batch_id,
            source_code="bench",
            canonical_dir=folder,
            clusters=folder / "clusters.parquet",
            edges=folder / "edges.parquet",
            run=f"bench-{batch_id}",
            now=clock.now(),
        )
    return time.perf_counter() - started


def _publishing(folder: Path, rows: int) -> list[Result]:
    connect()
    counts = _write(folder, rows)
    total = sum(counts.values())
    peers = [_copied(folder), _copied(folder)]
    first = _published(folder, 1)
    again = _published(folder, 2)
    with database.superuser(NAME) as free:
        free.execute("vacuum analyze")
    peer = median([*peers, _copied(folder)])
    floor = "DuckDB copies the same CSV to Parquet"
    return [
        Result(
            workload,
            taken,
            "s",
            against=floor,
            against_value=peer,
            ratio=taken / peer,
            note=f"{total / taken:,.0f} rows/s",
        )
        for workload, taken in (
            (f"pole: publish {total:,} canonical rows", first),
            ("pole: the same batch again, nothing changed", again),
        )
    ]


def _reading() -> list[Result]:
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from fourfold.platform.people.models import User  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415
    from fourfold.pole import selectors  # noqa: PLC0415
    from fourfold.pole.models import PersonRecord  # noqa: PLC0415

    analyst = User.objects.get(email="analyst@bench.test")
    client = Client()
    client.force_login(analyst)
    answer = client.post(reverse("audit:reason"), {"code": "INVESTIGATION", "text": "Bench"})
    assert answer.status_code == 302, answer.content
    with acting_as(analyst):
        many, few = (
            PersonRecord.objects.get(source="bench", source_key=f"person{number}").person_id for number in (1, 7)
        )
        rows = selectors.events().count()
        people = PersonRecord.objects.count()
        names = list(PersonRecord.objects.filter(pk__in=range(1, 2_000, 40)).values_list("full_name", flat=True))

    def page(address: str, **query: str) -> float:
        started = time.perf_counter()
        answer = client.get(address, query)
        taken = time.perf_counter() - started
        assert answer.status_code == 200, answer
        return taken * 1_000

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            client.get(address)
        return len(counted)

    addresses = [reverse("pole:person", args=[selectors.rules.reference_of(person)]) for person in (many, few)]
    counted = [queries(address) for address in addresses]
    opened = median(page(addresses[0]) for _ in range(PAGES))
    listed = median(page(reverse("pole:events")) for _ in range(PAGES))
    sought = [page(reverse("search:search"), q=name.replace("o", "e", 1)) for name in names]
    return [
        Result(
            f"pole: person page with {LINKS} links, p50",
            opened,
            "ms",
            target="at most 80 ms",
            note=f"{counted[0]} queries; {counted[1]} for a person with few links",
        ),
        Result(
            f"pole: list of 25 from {rows:,} events, p50",
            listed,
            "ms",
            target="at most 40 ms",
            note="with the count of every filter",
        ),
        *_under_policy(analyst, rows),
        Result(
            "search: a misspelt name, p95",
            quantiles(sought, n=20)[-1],
            "ms",
            target="at most 200 ms",
            note=f"p50 {median(sought):.0f} ms; {len(names)} names over {people:,} records",
        ),
    ]


def _under_policy(analyst: object, rows: int) -> list[Result]:
    """The list's queries under the policy beside the same with the labels written by hand where no policy holds."""
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415

    columns, order = "id, title, kind, happened_on", "happened_on desc nulls last, id desc"
    queries = {
        f"pole: 25 events of {rows:,} under the policy": (
            f"select {columns} from pole_eventrecord {{}} order by {order} limit 25"
        ),
        f"pole: the counts of every filter of {rows:,} events under the policy": (
            "select label_id, kind, owner_id, count(*) from pole_eventrecord {} group by 1, 2, 3"
        ),
    }
    with acting_as(analyst) as acting:
        labels = sorted(acting.reads)
    with database.superuser(NAME) as free, database.application(NAME) as held:
        database.act(held, labels)
        taken = {named: _beside(held, free, query, labels) for named, query in queries.items()}
    return [
        Result(
            named,
            ours * 1_000,
            "ms",
            against="hand-written WHERE",
            against_value=theirs * 1_000,
            ratio=ours / theirs,
            target="at most 1.2x",
        )
        for named, (ours, theirs) in taken.items()
    ]


def _beside(held: database.Connection, free: database.Connection, query: str, labels: list[int]) -> tuple[float, float]:
    by_hand = query.format(f"where label_id in ({','.join(map(str, labels))})")
    return alternated(
        lambda: held.execute(query.format("")).fetchall(), lambda: free.execute(by_hand).fetchall(), rounds=15
    )
