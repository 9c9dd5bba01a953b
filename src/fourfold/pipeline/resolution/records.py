"""Makes one table of records to compare out of the canonical person files of every source.

Reads: canonical/person.parquet, and merge.parquet, object.parquet and link.parquet beside it. Makes the tables `record`
(one row a source record, the latest delivered), `tombstone` (pairs that a source itself merged) and `presence` (who was
at which event). Ethnicity is in the files for monitoring and is not read here.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from fourfold.pipeline.canonical import macros
from fourfold.pipeline.engines import Database
from fourfold.pipeline.resolution.settings import DATA

NICKNAMES = DATA / "nicknames_en.csv"

PERSON_COLUMNS = (
    "record_key", "owning_force", "audience", "compartment", "forenames", "surname", "aliases", "sex",
    "birth_on", "birth_quality", "pnc_id", "cro", "nino", "postcode",
)  # fmt: skip
"""The only columns of person.parquet that the resolution reads."""

READ_OFF = (
    "source", "record_key", "open", "owner", "label", "forename_tokens", "surname", "alias_keys",
    "birth_full", "birth_year", "birth_day", "birth_month", "pnc", "cro", "nino", "sex", "postcode", "kind", "contacts",
)  # fmt: skip
"""The columns of `record` that are read off what was delivered: the others are made of these, see `_MADE_OF_THEM`."""

_RECORD = """
create or replace table record as
with latest as (
  select * from delivered
  qualify row_number() over (partition by source, record_key order by batch desc, position desc) = 1
), named as (
  select
    row_number() over (order by source, record_key) as id,
    source, record_key,
    audience <> 'OWN' and compartment is null as open,
    owning_force as owner,
    concat_ws('|', owning_force, audience, coalesce(compartment, '')) as label,
    string_split(ff_key(forenames), ' ') as forename_tokens,
    ff_key(surname) as surname,
    [ff_key(split_part(alias.forenames, ' ', 1)) || ' ' || ff_key(alias.surname) for alias in
      coalesce(from_json(nullif(aliases, ''), '[{"forenames": "VARCHAR", "surname": "VARCHAR"}]'), [])] as alias_keys,
    nullif(sex, 'U') as sex,
    case when birth_quality in ('exact', 'default', 'partial') then birth_on end as birth_on,
    birth_quality,
    nullif(pnc_id, '') as pnc, nullif(cro, '') as cro, nullif(nino, '') as nino,
    nullif(replace(postcode, ' ', ''), '') as postcode
  from latest
), seen as (
  select source, record_key, min(type) as type from attended group by source, record_key
), full_birth as (
  select *, case when birth_quality = 'exact' then birth_on end as full_on from named
), read_off as (
  select
    id, source, record_key, open, owner, label, forename_tokens, surname, alias_keys,
    strftime(full_on, '%Y-%m-%d') as birth_full, year(birth_on) as birth_year,
    day(full_on) as birth_day, month(full_on) as birth_month,
    pnc, cro, nino, sex, postcode, source || '|' || coalesce(seen.type, '') as kind
  from full_birth left join seen using (source, record_key)
)"""

_MADE_OF_THEM = """, split as (
  select *, forename_tokens[1] as forename, string_split(surname, ' ') as surname_tokens from read_off
)
select
  split.*,
  left(forename, 1) as initial,
  forename || ' ' || surname as name_pair,
  nullif(array_to_string(forename_tokens[2:], ' '), '') as middle,
  forename || ' ' || nullif(array_to_string(forename_tokens[2:], ' '), '') || ' ' || surname as whole_name,
  least(forename, surname) || ' ' || greatest(forename, surname) as names_sorted,
  list_filter(list_distinct(list_append(alias_keys, forename || ' ' || surname)), lambda key: key is not null)
    as name_keys,
  coalesce(string_split(family.members, '|'), [forename]) as forename_family,
  left(forename, 3) as forename_start, left(surname, 3) as surname_start,
  case when birth_full is not null then concat_ws('-', birth_year, least(birth_day, birth_month),
    greatest(birth_day, birth_month)) end as birth_unordered,
  case when length(postcode) >= 5 then left(postcode, length(postcode) - 2) end as sector,
  case when length(postcode) >= 5 then left(postcode, length(postcode) - 3) end as district
from split left join family using (forename)
"""

_ATTENDED = """
create or replace table attended as
with latest as (
  select * from delivered_presence
  qualify rank() over (partition by source, record_key, event order by batch desc) = 1)
select distinct source, record_key, event, type from latest where open
"""
"""Who was at which event, as it was delivered last: what few may read now takes back what everybody could."""

_CONTACTS = """
update record set contacts = held.contacts from (
  with thing as (
    select * from delivered_thing
    qualify row_number() over (partition by source, record_key order by batch desc) = 1),
  latest_use as (
    select * from delivered_use
    qualify rank() over (partition by source, record_key, thing_key order by batch desc) = 1)
  select r.id, list(distinct t.value order by t.value) as contacts
  from latest_use u join thing t on t.source = u.source and t.record_key = u.thing_key
  join record r on r.source = u.source and r.record_key = u.record_key
  where t.value is not null and (u.open or u.label = r.label) and (t.open or t.label = r.label)
  group by r.id) held
where held.id = record.id
"""
"""A number or a plate counts for a record where everybody who reads the record may also read both it and the link, each
as it was delivered last.
"""


def load_records(
    connection: Database,
    person_parquets: Mapping[str, Sequence[Path]],
    *,
    nicknames: Path = NICKNAMES,
    only: str | None = None,
) -> None:
    """Make the tables `record` and `tombstone`. Sources are taken in name order, each one's batches in the order
    given. `only`: a table (source, record_key) of the records to take; files that cannot hold the latest row of one of
    them are not read.
    """
    macros.install_only(connection, "ff_name_key")
    connection.execute("create or replace macro ff_key(name) as nullif(ff_name_key(name), '')")
    load_families(connection, nicknames)
    columns = ", ".join(PERSON_COLUMNS)
    connection.execute(
        "create or replace table delivered as"
        f" select ''::varchar as source, 0 as batch, 0::bigint as position, {_empty()} limit 0"
    )
    connection.execute("create or replace table merged (source varchar, loser varchar, survivor varchar)")
    connection.execute(
        "create or replace table delivered_thing"
        " (source varchar, batch integer, record_key varchar, value varchar, label varchar, open boolean)"
    )
    connection.execute(
        "create or replace table delivered_use"
        " (source varchar, batch integer, record_key varchar, thing_key varchar, label varchar, open boolean)"
    )
    connection.execute(
        "create or replace table delivered_presence"
        " (source varchar, batch integer, record_key varchar, event varchar, type varchar, open boolean)"
    )
    has_things = False
    for source in sorted(person_parquets):
        for batch, path in reversed([*enumerate(person_parquets[source])]):
            if only is not None and not _is_wanted(connection, only, source):
                continue
            connection.execute(
                f"insert into delivered select ?, ?, file_row_number, {columns}"
                f" from read_parquet(?, file_row_number = true){_only(only, 'record_key', source)}",
                [source, batch, str(path)],
            )
        for batch, path in enumerate(person_parquets[source]):
            tombstones = path.with_name("merge.parquet")
            if tombstones.exists():
                connection.execute(
                    "insert into merged select ?, loser_key, survivor_key from read_parquet(?)",
                    [source, str(tombstones)],
                )
            has_things |= _take_things(connection, source, batch, path, only=only)
    connection.execute(_ATTENDED)
    connection.execute(_RECORD + _MADE_OF_THEM)
    connection.execute("alter table record add column contacts varchar[]")
    if has_things:
        connection.execute(_CONTACTS)
    connection.execute("""
        create or replace table presence as
        select distinct r.id, p.source, p.event from attended p
        join record r on r.source = p.source and r.record_key = p.record_key""")
    _find_tombstones(connection)
    for table in ("delivered", "delivered_thing", "delivered_use", "delivered_presence", "attended"):
        connection.execute(f"drop table {table}")


def make_of(connection: Database, read_off: str, columns: Sequence[str]) -> None:
    """Make `record` and `tombstone` of a query of `id` and the columns of `READ_OFF`, which an earlier run read off.
    `columns`: those wanted of `record`, of the query's or made of them. Reads what `load_records` left.
    """
    connection.execute(
        f"create or replace table record as select {', '.join(columns)}"
        f" from (with read_off as ({read_off}){_MADE_OF_THEM}) made"
    )
    _find_tombstones(connection)


def _find_tombstones(connection: Database) -> None:
    connection.execute("""
        create or replace table tombstone as
        select distinct least(l.id, s.id) as id_l, greatest(l.id, s.id) as id_r
        from merged m join record l on l.source = m.source and l.record_key = m.loser
        join record s on s.source = m.source and s.record_key = m.survivor where l.id <> s.id""")


def _is_wanted(connection: Database, only: str, source: str) -> bool:
    """Whether a later file of the source did not have all the records to take."""
    found = connection.execute(
        f"select exists (from (select source, record_key from {only} where source = ?)"
        " anti join delivered using (source, record_key))",
        [source],
    )
    return bool(found.fetchall()[0][0])


def _only(table: str | None, column: str, source: str, *, word: str = "where") -> str:
    if table is None:
        return ""
    quoted = source.replace("'", "''")
    return f" {word} {column} in (select record_key from {table} where source = '{quoted}')"


def _take_things(connection: Database, source: str, batch: int, people: Path, *, only: str | None) -> bool:
    """Add the telephones and vehicles of a delivery, who keeps or uses them, and who was at which event: what few
    may read too, for it replaces what was delivered before. Whether the delivery had files of either.
    """
    open_sql = "audience <> 'OWN' and compartment is null"
    label = f"concat_ws('|', owning_force, audience, coalesce(compartment, '')), {open_sql}"
    things, links = people.with_name("object.parquet"), people.with_name("link.parquet")
    if things.exists():
        connection.execute(
            "insert into delivered_thing"
            f" select ?, ?, record_key, case when valid then value end, {label} from read_parquet(?)",
            [source, batch, str(things)],
        )
    if links.exists():
        connection.execute(
            f"insert into delivered_use select distinct ?, ?, left_key, right_key, {label} from read_parquet(?)"
            f" where left_kind = 'PERSON' and right_kind = 'OBJECT'{_only(only, 'left_key', source, word='and')}",
            [source, batch, str(links)],
        )
        connection.execute(
            f"insert into delivered_presence select distinct ?, ?, left_key, right_key, type, {open_sql}"
            " from read_parquet(?) where left_kind = 'PERSON' and right_kind = 'EVENT'"
            f"{_only(only, 'left_key', source, word='and')}",
            [source, batch, str(links)],
        )
    return things.exists() or links.exists()


def _empty() -> str:
    types = {"birth_on": "date"}
    return ", ".join(f"null::{types.get(column, 'varchar')} as {column}" for column in PERSON_COLUMNS)


def load_families(connection: Database, nicknames: Path) -> None:
    """`family(forename, members)`: a forename with every full name that it may be short for, and itself."""
    connection.execute("create or replace table family (forename varchar, members varchar)")
    connection.execute("insert into family select unnest(?::varchar[]), unnest(?::varchar[])", [*families(nicknames)])


@lru_cache(maxsize=4)
def families(nicknames: Path) -> tuple[list[str], list[str]]:
    """Each forename, and what it may be short for with bars between."""
    members: dict[str, set[str]] = {}
    with nicknames.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            full, short = row["name1"].strip().upper(), row["name2"].strip().upper()
            members.setdefault(short, {short}).add(full)
            members.setdefault(full, {full})
    return list(members), ["|".join(sorted(each)) for each in members.values()]
