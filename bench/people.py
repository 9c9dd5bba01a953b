"""Invented people in any number, for measuring linkage at size: UK-like names, 1.6 records each, who is who known.

Everything is worked out from numbers in DuckDB, so a million records take seconds and no memory to speak of. It is not
the simulated region: there are no households, events or telephones, and faults are drawn evenly. Quality is measured on
the region; here only time is, and that nothing is lost.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SOURCES = (("niche_tri", "gmp"), ("connect_lancashire", "lancashire"), ("mark43_cumbria", "cumbria"))
RECORDS_EACH = 1.6
SURNAMES = 60_000

_STEMS = (
    "ASH BAR BECK BRAD BROM CART CLAY CORN CROM DALE DEN EAST ELLER FAIR GARS HALL HARD HATHER HOLM KEN LANG LIN MAR"
)
_ENDS = (
    "BRIDGE BURY BY COTE CROFT DALE DEN FIELD FORD GATE HAM HURST LAND LEY MAN MORE RIDGE SHAW STOCK THORPE TON WELL"
)


def write(folder: Path, *, records: int, later_share: float = 0.01) -> dict[str, list[Path]]:
    """Write person files by source, each in two deliveries, `later_share` of all records in the later, and who is who.

    A fifth of the later delivery are rows delivered before that say another postcode now.
    """
    truth = folder / "truth" / "records.parquet"
    truth.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        _names(connection)
        people = int(records / RECORDS_EACH)
        connection.execute(_RECORDS, {"people": people})
        connection.execute(
            "copy (select source, key as record_key, person::varchar as true_person from said)"
            f" to '{truth}' (format parquet)"
        )
        made: dict[str, list[Path]] = {}
        later = int(later_share * 10_000)
        for number, (source, force) in enumerate(SOURCES):
            of_source = f"select * from said where source = '{source}'"
            first = f"select * from ({of_source}) where turn >= {later}"
            again = f"select * replace (other_postcode as postcode) from ({first}) where turn < {later} * 5 // 4"
            second = f"select * from ({of_source}) where turn < {later} * 4 // 5 union all {again}"
            for delivery, query in enumerate((first.replace(f">= {later}", f">= {later} * 4 // 5"), second)):
                place = folder / f"{number}-{delivery}" / "person.parquet"
                place.parent.mkdir(parents=True)
                connection.execute(
                    f"copy ({_CANONICAL.format(force=force, query=query)}) to '{place}' (format parquet)"
                )
                made.setdefault(source, []).append(place)
    return made


def _names(connection: duckdb.DuckDBPyConnection) -> None:
    from fourfold.simulation.datafiles import DATA, read_rows, read_sections  # noqa: PLC0415

    pools = read_sections(DATA / "names_by_origin.txt")
    recent = sorted(read_rows("forenames_ons.csv"), key=lambda row: -int(row["count"]))
    for sex in ("M", "F"):
        old = [name for (_, kind), names in pools.items() if kind == sex for name in names]
        names = list(dict.fromkeys([*(row["name"] for row in recent if row["sex"] == sex), *old]))
        connection.execute(f"create table forename_{sex} as select unnest(?::varchar[]) as name", [names])
    known = [name for (_, kind), names in pools.items() if kind == "S" for name in names]
    made = [
        f"{stem}{middle}{end}".title()
        for end in _ENDS.split()
        for stem in _STEMS.split()
        for middle in ("", *"AEIOU", "ER", "ING", *_STEMS.split())
    ]
    surnames = list(dict.fromkeys([*known, *made]))[:SURNAMES]
    connection.execute("create table surname as select unnest(?::varchar[]) as name", [surnames])
    for table in ("forename_M", "forename_F", "surname"):
        connection.execute(f"create or replace table {table} as select list(name) as names from {table}")
    connection.execute("create macro chance(number, what) as (hash(number || what) >> 11)::double / 9007199254740992")
    connection.execute(
        "create macro drawn(names, chance, lean) as names[1 + floor(len(names) * pow(chance, lean))::int]"
    )
    connection.execute("""create macro slip(text, place) as
        case when length(text) > 3
          then left(text, 1 + place % (length(text) - 2)) || substr(text, 3 + place % (length(text) - 2))
        else text || 'E' end""")
    connection.execute("""create macro postcode_of(number) as
        ['M', 'L', 'PR', 'BB', 'OL', 'WN', 'CA', 'LA', 'SK', 'CW'][1 + number % 10] || (1 + number // 10 % 28)
        || ' ' || (1 + number // 280 % 9) || 'ABDEFGHJLNPQRSTUWXYZ'[1 + number // 2520 % 20]
        || 'ABDEFGHJLNPQRSTUWXYZ'[1 + number // 50400 % 20]""")


_RECORDS = """
create table said as
with people as (
  select n as person, chance(n, 'sex') < 0.7 as male,
    date '1940-01-01' + floor(25500 * chance(n, 'born'))::int as born,
    drawn(s.names, chance(n, 'surname'), 2.5) as surname,
    case when male then drawn(m.names, chance(n, 'forename'), 2.2) else drawn(f.names, chance(n, 'forename'), 2.2) end
      as forename,
    case when chance(n, 'has middle') < 0.5 then
      case when male then drawn(m.names, chance(n, 'middle'), 2.2) else drawn(f.names, chance(n, 'middle'), 2.2) end end
      as middle,
    floor(1008000 * chance(n, 'home'))::int as home,
    1 + (chance(n, 'again') < 0.38)::int + (chance(n, 'often') < 0.14)::int + (chance(n, 'oftener') < 0.08)::int
      as times
  from range($people) t(n), forename_M m, forename_F f, surname s),
records as (
  select *, person * 8 + time as number from people, range(4) r(time) where time < times)
select person, 'R' || number as key,
  ['niche_tri', 'connect_lancashire', 'mark43_cumbria'][1 + (hash(number || 'source') % 3)::int] as source,
  (hash(number || 'turn') % 10000)::int as turn,
  case when chance(number, 'forename slip') < 0.03 then slip(forename, number) else forename end
    || case when middle is not null and chance(number, 'gives middle') < 0.6 then ' ' || middle else '' end
    as forenames,
  case when chance(number, 'surname slip') < 0.03 then slip(surname, number) else surname end as surname,
  case when chance(number, 'no sex') < 0.02 then 'U' when male then 'M' else 'F' end as sex,
  case when chance(number, 'no birth') < 0.06 then null
       when chance(number, 'default') < 0.03 then date_trunc('year', born)::date
       when chance(number, 'swapped') < 0.02 and day(born) <= 12 then make_date(year(born), day(born), month(born))
       when chance(number, 'digit') < 0.02 then born + 10 else born end as birth_on,
  case when birth_on is null then 'none' when month(birth_on) = 1 and day(birth_on) = 1 then 'default' else 'exact' end
    as birth_quality,
  case when chance(person, 'has pnc') < 0.4 and chance(number, 'gives pnc') < 0.6 then
    printf('%04d/%07dX', 1990 + person % 35, person) end as pnc_id,
  case when chance(number, 'no home') < 0.3 then null
       when chance(number, 'moved') < 0.25 then postcode_of((hash(number || 'home') % 1008000)::int)
       else postcode_of(home) end as postcode,
  postcode_of((hash(number || 'later home') % 1008000)::int) as other_postcode
from records
"""

_CANONICAL = """
select key as record_key, '{force}' as owning_force, 'REGION' as audience, null::varchar as compartment,
  forenames, surname, '[]' as aliases, sex, birth_on, birth_quality, pnc_id, null::varchar as cro,
  null::varchar as nino, postcode
from ({query})
"""
