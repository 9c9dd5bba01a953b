"""Finding a person by a misspelt name among five million, under the policy, beside the same look without one.

The rows are made here with the names, the frequencies and the places that the simulation ships, a long tail of rare
surnames and the slips of a keyboard: the dictionary of words is then as large as a real one.
"""

import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

import duckdb
from bench import database
from bench.result import Result

from fourfold.formats import names

NAME = "fourfold_bench_search"
SIZES = (1_000_000, 5_000_000)
ASKED = 120
DATA = Path(__file__).parents[1] / "src" / "fourfold" / "simulation" / "data"
NARROW_ROWS = 200
TAIL = 150_000
"""Surnames that few people bear; a third of all people bear one of them."""
SLIPS = 0.03
STREETS = [
    "MILL",
    "CHURCH",
    "STATION",
    "PARK",
    "VICTORIA",
    "HIGH",
    "SCHOOL",
    "QUEEN",
    "ALBERT",
    "GEORGE",
    "ALMA",
    "GROVE",
    "CHAPEL",
    "BRIDGE",
    "MOSS",
    "HALL",
    "NORTH",
    "SOUTH",
    "EAST",
    "WEST",
    "GREEN",
    "MANOR",
    "YORK",
    "ALBION",
    "CLIFTON",
    "DERBY",
    "OXFORD",
    "PRESTON",
    "WELLINGTON",
    "NELSON",
    "HEATH",
    "LIME",
    "OAK",
    "ASH",
    "ELM",
    "BEECH",
    "CHERRY",
    "HOLLY",
    "LAUREL",
    "CEDAR",
    "ROSE",
    "IVY",
    "FERN",
    "HAZEL",
    "MAPLE",
    "POPLAR",
    "WILLOW",
    "BROOK",
    "RIVER",
    "FIELD",
]
WAYS = ["LANE", "STREET", "ROAD", "AVENUE", "CLOSE"]
REVERSED = 0.3
FIND = "select pole_find_people(%s, 201)"
KEYS = "ABCDEFGHIKLMNOPRSTUWY"
# What a publication or the product fills, and this workload has no use for.
PLAIN = {
    **dict.fromkeys(("forenames", "surname", "source_file", "raw"), "''"),
    **dict.fromkeys(("pnc_id", "cro", "nino", "ethnicity_code", "handling"), "''"),
    "source": "'bench'", "source_line": "1", "batch_id": "1", "aliases": "'[]'", "sex": "'U'",
    "birth_quality": "'exact'", "content": "'00000000-0000-0000-0000-000000000000'",
}  # fmt: skip


def run(scale: float) -> list[Result]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    database.make(NAME)
    try:
        import django  # noqa: PLC0415  the settings read FOURFOLD_DATA, which the caller has set by now

        django.setup()
        labels = _connect()
        results = []
        for size in SIZES:
            results += _measured(int(size * scale), labels)
        return results
    finally:
        from django.db import connection  # noqa: PLC0415

        connection.close()
        database.drop(NAME)


def _connect() -> dict[str, list[int]]:
    """The region, an analyst, and labels: of the region, of single forces, and of a partner's compartment."""
    from bench.pole import connect  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from fourfold.platform.database import where  # noqa: PLC0415
    from fourfold.platform.people.models import Organisation  # noqa: PLC0415
    from fourfold.platform.people.services import service_user  # noqa: PLC0415
    from fourfold.platform.visibility import services as visibility  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415

    connect(NAME)
    assert connection.settings_dict["NAME"] == where.place("app", name=NAME).name
    found: dict[str, list[int]] = {}
    with acting_as(service_user("intake")):
        forces = list(Organisation.objects.filter(kind="FORCE").order_by("code"))
        for audience in ("REGION", "OWN"):
            found[audience] = [
                visibility.label_for(owner=force, audience=audience, marking="OFFICIAL-SENSITIVE").pk
                for force in forces
            ]
        found["NARROW"] = [visibility.label_for(owner=forces[0], audience="OWN", marking="OFFICIAL").pk]
    return found


def _write(path: Path, rows: int, labels: dict[str, list[int]]) -> None:
    """People as CSV: names by their frequency, one word in thirty misspelt, addresses in the towns of the region."""
    chance = random.Random(20260101)
    with duckdb.connect() as duck:
        forenames = duck.execute(
            f"select upper(name), sum(count) from '{DATA}/forenames_ons.csv' where regexp_matches(name, '^[A-Za-z]+$') "
            "group by 1 order by 2 desc, 1"
        ).fetchall()
        towns = duck.execute(f"select distinct upper(town), district from '{DATA}/places.csv' order by 1, 2").fetchall()
        common = _surnames()
        tail = sorted({_rare(chance) for _ in range(TAIL)})
        duck.execute("create table first_name as select unnest($1) as name", [_slots(forenames, 20_000)])
        # The n-th commonest surname is borne about 1/n as often as the first: the commonest by one person in a hundred.
        heads = _slots([(name, 1 / (rank + 8)) for rank, name in enumerate(common)], 40_000)
        duck.execute("create table last_name as select unnest($1) as name", [heads])
        duck.execute("create table rare as select unnest($1) as name", [tail])
        duck.execute(
            "create table town as select unnest($1) as town, unnest($2) as district",
            [list(column) for column in zip(*towns, strict=True)],
        )
        duck.execute(f"create table street as select unnest({STREETS}) as street")
        many = {
            t: duck.execute(f"select count(*) from {t}").fetchall()[0][0]
            for t in ("first_name", "last_name", "rare", "town")
        }
        everyone = labels["REGION"] * 6 + labels["OWN"] * 4
        slipped = (
            f"case when hash(n, '{{0}}') % 1000 < {SLIPS * 1000} and length({{0}}) > 3 "
            "then left({0}, 2 + (hash(n, 1) % (length({0}) - 3))::int) "
            "|| substr({0}, 4 + (hash(n, 1) % (length({0}) - 3))::int) else {0} end"
        )
        duck.execute(
            f"""
            copy (
              select n, {slipped.format("forename")} || ' ' || {slipped.format("family")} as name,
                date '1940-01-01' + (hash(n, 'born') % 25000)::int as birth_on,
                1 + hash(n, 'house') % 150 || ' ' || street || ' ' || way || ', ' || town as address_line,
                district || ' ' || 1 + hash(n, 'in') % 9 || 'AA' as postcode,
                case when n % {max(1, rows // NARROW_ROWS)} = 7 then {labels["NARROW"][0]}
                  else {everyone}[1 + (hash(n, 'label') % {len(everyone)})::int] end as label_id
              from (
                select n, f.name as forename, coalesce(r.name, l.name) as family,
                  {WAYS}[1 + (hash(n, 'way') % {len(WAYS)})::int] as way,
                  {STREETS}[1 + (hash(n, 'street') % {len(STREETS)})::int] as street, t.town, t.district
                from range(1, {rows} + 1) s(n)
                join first_name f on f.rowid = hash(n, 'first') % {many["first_name"]}
                left join rare r on hash(n, 'tail') % 3 = 0 and r.rowid = hash(n, 'rare') % {many["rare"]}
                join last_name l on l.rowid = hash(n, 'last') % {many["last_name"]}
                join town t on t.rowid = hash(n, 'town') % {many["town"]})
            ) to '{path}' (format csv, header false)
            """
        ).fetchall()


def _slots(weighed: Sequence[tuple[str, float]], slots: int) -> list[str]:
    whole = sum(weight for _, weight in weighed)
    return [name for name, weight in weighed for _ in range(round(weight * slots / whole))]


def _surnames() -> list[str]:
    """Surnames that the simulation ships, the commoner first within each origin."""
    listed: dict[str, None] = {}
    in_surnames = False
    for line in (DATA / "names_by_origin.txt").read_text().splitlines():
        if line.startswith("["):
            in_surnames = line.rstrip("]").endswith(" S")
        elif in_surnames and not line.startswith("#"):
            listed |= dict.fromkeys(filter(None, map(names.key, line.split())))
    with duckdb.connect() as duck:
        rest = duck.execute(f"select upper(name) from '{DATA}/names_by_country.csv' where kind = 'S'").fetchall()
    return [name for name in listed | dict.fromkeys(names.key(name) for (name,) in rest) if " " not in name]


def _rare(chance: random.Random) -> str:
    starts = [
        "BRAD",
        "CROS",
        "THORN",
        "HOL",
        "WHIT",
        "KIRK",
        "ASH",
        "DUN",
        "GRIM",
        "STAN",
        "WAL",
        "MUS",
        "RAM",
        "SZCZ",
        "KOW",
        "OKO",
        "PET",
        "VAN",
        "DEL",
        "ABD",
    ]
    middles = ["ING", "ER", "LE", "EN", "AN", "OW", "AR", "BER", "KO", "DI", "MA", "RO", "LI", "EL"]
    ends = [
        "TON",
        "LEY",
        "FORD",
        "WOOD",
        "HAM",
        "SON",
        "BY",
        "WICK",
        "SHAW",
        "WORTH",
        "FIELD",
        "SKI",
        "OVA",
        "MAN",
        "BURN",
        "TER",
    ]
    between = "".join(chance.choices(middles, k=chance.randint(0, 2)))
    return chance.choice(starts) + between + chance.choice(ends) + chance.choice(["", "", "", "E", "S", "T"])


def _build(rows: int, labels: dict[str, list[int]]) -> None:
    """Fill the table as one large publication would leave it. Indexes are made afterwards, as that is quicker."""
    with tempfile.TemporaryDirectory() as folder, database.superuser(NAME) as free:
        _write(Path(folder) / "people.csv", rows, labels)
        free.execute(
            "set session_replication_role = replica; set maintenance_work_mem = '1GB'; set synchronous_commit = off"
        )
        free.execute("truncate pole_personrecord cascade; truncate pole_word, pole_wordlabel")
        indexes = free.execute(
            "select indexname, indexdef from pg_indexes where tablename = 'pole_personrecord' and indexname not in "
            "(select conname from pg_constraint where conrelid = 'pole_personrecord'::regclass)"
        ).fetchall()
        free.execute(
            "create unlogged table come (n bigint, name text, birth_on date, address text, postcode text, label bigint)"
        )
        with (
            (Path(folder) / "people.csv").open("rb") as lines,
            free.cursor() as cursor,
            cursor.copy("copy come from stdin (format csv)") as into,
        ):
            while chunk := lines.read(1 << 20):
                into.write(chunk)
        for name, _ in indexes:
            free.execute(f'drop index "{name}"')
        free.execute(
            f"insert into pole_personrecord ({', '.join(PLAIN)}, id, person_id, owner_id, source_key, full_name, "
            "name_key, names_key, name_sound, birth_on, address_line, postcode, label_id) "
            f"select {', '.join(PLAIN.values())}, n, n, 1, n, initcap(name), name, name, "
            "dmetaphone(split_part(name, ' ', 2)) || ' ' || dmetaphone(split_part(name, ' ', 1)), "
            "birth_on, address, postcode, label from come"
        )
        for _, made in indexes:
            free.execute(made)
        free.execute(
            "select pole_keep_words(array(select distinct unnest("
            "pole_person_tokens(names_key, address_line, postcode, label_id)) from pole_personrecord))"
        )
        free.execute("drop table come")
        free.execute("vacuum analyze pole_personrecord; ")
        free.execute("vacuum analyze pole_word, pole_wordlabel")


def _misspelt(name: str, chance: random.Random) -> str:
    """One slip of the fingers in each word that has room for one, and now and then the words change places."""
    words = []
    for word in name.split():
        at = chance.randrange(1, max(2, len(word) - 1))
        slips = (
            word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + chance.choice(KEYS) + word[at:],
        )
        words.append(chance.choice(slips) if len(word) > len("ABC") else word)
    return " ".join(reversed(words) if chance.random() < REVERSED else words)


def _measured(rows: int, labels: dict[str, list[int]]) -> list[Result]:
    _build(rows, labels)
    return _asked(rows, labels)


def _asked(rows: int, labels: dict[str, list[int]]) -> list[Result]:
    chance = random.Random(7)
    wide = labels["REGION"] + labels["OWN"][:1]
    with database.superuser(NAME) as free:
        known = [
            name
            for (name,) in free.execute(
                "select names_key from pole_personrecord where label_id = any(%s) and id %% %s = 3 "
                "order by id limit %s",
                [wide, max(1, rows // (ASKED * 3)), ASKED],
            )
        ]
    asked = [(name, _misspelt(name, chance)) for name in known]
    size = f"{rows:,} people"
    with database.superuser(NAME) as free, database.application(NAME) as held:
        database.act(held, wide)
        taken, floors, found = _beside(held, free, asked, wide)
        common = _times(
            held, [forms for forms in ("JACK SMIHT", "SMIHT", "JON|JOHN SMYHT", "TAYLER THOMAS") for _ in range(5)]
        )
        database.act(held, labels["NARROW"])
        narrow = _times(held, [misspelt for _, misspelt in asked])
    pages = _pages([misspelt for _, misspelt in asked])
    floor = "the same words in the same index, no policy"
    return [
        Result(
            f"search: a misspelt name among {size}, p95",
            _p95(taken),
            "ms",
            against=floor,
            against_value=_p95(floors),
            ratio=_p95(taken) / _p95(floors),
            note=f"p50 {median(taken):.0f} ms, floor {median(floors):.1f} ms; {found} of {len(asked)} names found",
        ),
        Result(
            f"search: the whole page, p95, {size}",
            _p95(pages),
            "ms",
            target="at most 200 ms",
            note=f"p50 {median(pages):.0f} ms; people, places, threats and the ledger",
        ),
        Result(f"search: very common names, p95, {size}", _p95(common), "ms", note=f"p50 {median(common):.0f} ms"),
        Result(
            f"search: a reader of {NARROW_ROWS} of {size}, p95",
            _p95(narrow),
            "ms",
            note=f"p50 {median(narrow):.0f} ms",
        ),
    ]


def _p95(taken: Sequence[float]) -> float:
    return quantiles(taken, n=20)[-1]


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1_000


def _times(held: database.Connection, wanted: Sequence[str]) -> list[float]:
    return [_timed(lambda words=words: held.execute(FIND, [words]).fetchall()) for words in wanted]


def _beside(
    held: database.Connection, free: database.Connection, asked: Sequence[tuple[str, str]], labels: list[int]
) -> tuple[list[float], list[float], int]:
    """Milliseconds of each search, of its look alone, and how many names were found."""
    taken, floors, found = [], [], 0
    tokens = "pole_person_tokens(names_key, address_line, postcode, label_id)"
    for name, misspelt in asked:
        ids: list[int] = []
        taken.append(
            _timed(lambda words=misspelt, into=ids: into.extend(row[0] for row in held.execute(FIND, [words])))
        )
        names_found = {
            row[0] for row in held.execute("select names_key from pole_personrecord where id = any(%s)", [ids])
        }
        found += name in names_found
        ((condition,),) = free.execute(
            "select coalesce(pole_tokens_condition(%s, string_to_array(%s, ' '), array['N', 'A'], 1, %s, false), "
            "'false')",
            [tokens, misspelt, labels],
        ).fetchall()
        look = f"select id from pole_personrecord where {condition} limit 2000"
        floors.append(_timed(lambda look=look: free.execute(look).fetchall()))
    return taken, floors, found


def _pages(asked: Sequence[str]) -> list[float]:
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from fourfold.platform.people.models import User  # noqa: PLC0415

    client = Client()
    client.force_login(User.objects.get(email="analyst@bench.test"))
    answer = client.post(reverse("audit:reason"), {"code": "INVESTIGATION", "text": "Bench"})
    assert answer.status_code == 302, answer.content
    client.get(reverse("search:search"), {"q": "warm"})

    def opened(name: str) -> None:
        answer = client.get(reverse("search:search"), {"q": name})
        assert answer.status_code == 200, answer

    return [_timed(lambda name=name: opened(name)) for name in asked]
