"""Makes one table a kind, of records to compare, out of the canonical files of every source.

Reads: object.parquet and location.parquet of each delivery, and link.parquet, person.parquet and event.parquet beside
them for when a number was used and by whom. Makes `vehicle`, `phone`, `address` and `organisation`, where there are
any: one row a source record, the latest delivered, numbered by source and key over all kinds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from fourfold.formats import devices
from fourfold.pipeline.canonical import macros
from fourfold.pipeline.things.rules import Rules

OBJECT = ("record_key", "owning_force", "audience", "compartment", "kind", "value", "valid", "make", "model", "colour")
LOCATION = (
    *("record_key", "owning_force", "audience", "compartment", "address_line", "postcode", "latitude", "longitude"),
    "name",
)
ACCESS = (
    "audience = 'REGION' and compartment is null as open, "
    "concat_ws('|', owning_force, audience, coalesce(compartment, '')) as label"
)
_OPEN = "audience = 'REGION' and compartment is null"

_MACROS = f"""
create or replace macro ff_things_key(x) as nullif(ff_name_key_digits(x), '');
create or replace macro ff_vin(x) as
  case when regexp_full_match(ff_vrm(x), '{devices.VIN}') then ff_vrm(x) end;
create or replace macro ff_digits(x) as regexp_replace(x, '[^0-9]+', '', 'g');
create or replace macro ff_imei_of(d) as
  case when regexp_full_match(d, '{devices.IMEI}') and (length(d) = 16 or list_sum(list_transform(
    string_split(left(d, 15), ''), lambda c, n: case when n % 2 = 1 then c::integer
      else (c::integer * 2) // 10 + (c::integer * 2) % 10 end)) % 10 = 0) then left(d, 14) end;
create or replace macro ff_imei(x) as ff_imei_of(ff_digits(x));
create or replace macro ff_imsi(x) as
  case when regexp_full_match(ff_digits(x), '{devices.IMSI}') then ff_digits(x) end;
create or replace macro ff_company_of(t) as case when regexp_full_match(t, '{devices.COMPANY}') then t end;
create or replace macro ff_company(x) as ff_company_of(
  case when regexp_full_match(ff_vrm(x), '[0-9]{{1,8}}') then lpad(ff_vrm(x), 8, '0') else ff_vrm(x) end);
create or replace macro ff_spelt(column_name, x) as coalesce((
  select meant from spelling s where s.of_column = column_name and s.said = x), x);
create or replace macro ff_street_words(w) as array_to_string(list_transform(w, lambda word, n:
  case when n = 1 and len(w) > 1 and word = 'ST' then 'SAINT'
       when n = len(w) then coalesce(street_word()[word], word) else word end), ' ');
create or replace macro ff_organisation(x) as nullif(array_to_string(list_filter(
  string_split(ff_name_key_digits(replace(replace(x, '.', ''), '''', '')), ' '),
  lambda word: not list_contains(legal_form(), word)), ' '), '');
"""

_LATEST = "qualify row_number() over (partition by source, record_key order by batch desc, position desc) = 1"

_SEEN = f"""
create or replace table seen as
with latest_person as (select * from delivered_person {_LATEST}),
latest_use as (
  select * from delivered_use
  qualify batch = max(batch) over (partition by source, person_key, event_key, thing_key)),
latest_day as (select * from delivered_day {_LATEST}),
used as (
  select u.source, u.thing_key, u.person_key, coalesce(u.from_on, e.happened_on) as first,
    coalesce(u.to_on, u.from_on, e.happened_on) as last
  from latest_use u left join latest_day e on e.source = u.source and e.record_key = u.event_key and e.open
  where u.open and not exists (from latest_person p
    where p.source = u.source and p.record_key = u.person_key and not p.open))
select u.source, u.thing_key as record_key, min(u.first) as seen_from, max(u.last) as seen_to,
  list_distinct(list(p.name_key) filter (p.name_key is not null and p.name_key <> '')) as users
from used u left join latest_person p
  on p.source = u.source and p.record_key = u.person_key
group by all
"""
"""When and with whom open records say that a thing was; what a restricted record says of it changes nothing."""

_VEHICLE = """
create or replace table vehicle as
select id, source, record_key, open, label, case when valid then written end as plate, written,
  ff_vin(detail->>'$.vin') as vin,
  coalesce(mk.meant, make) as make, model, coalesce(co.meant, colour) as colour,
  nullif(s.users, []) as users, s.seen_from, s.seen_to,
  list_transform(range(1, length(written) + 1), lambda n:
    left(written, n::integer - 1) || '.' || substr(written, n::integer + 1)) as slips
from (
  select id, source, record_key, open, label, valid, nullif(value, '') as written, detail,
    ff_things_key(make) as make, ff_things_key(model) as model, ff_things_key(colour) as colour
  from object where kind = 'VEHICLE') o
left join spelling mk on mk.of_column = 'make' and mk.said = o.make
left join spelling co on co.of_column = 'colour' and co.said = o.colour
left join seen s using (source, record_key)
"""

_PHONE = """
create or replace table phone as
select id, source, record_key, open, label, case when valid then value end as number,
  ff_imei(detail->>'$.imei') as imei, ff_imsi(detail->>'$.imsi') as imsi,
  nullif(s.users, []) as users, s.seen_from, s.seen_to
from object left join seen s using (source, record_key) where kind = 'PHONE'
"""

_ADDRESS = r"""
create or replace table address as
with said as (
  select id, source, record_key, open, label, uprn, nullif(replace(postcode, ' ', ''), '') as postcode,
    split_part(postcode, ' ', 1) as outward, latitude, longitude, name,
    list_filter(list_transform(string_split(
      regexp_replace(regexp_replace(upper(strip_accents(coalesce(address_line, ''))), '[.''’]', '', 'g'),
        '^ *([0-9]+)/([0-9]+[A-Z]?) ', 'FLAT \1, \2 '), ','),
      lambda part: ff_name_key_digits(part)), lambda part: part <> '') as parts
  from location
), flatted as (
  select *, array_to_string(parts, ',') as whole,
    nullif(regexp_extract(whole, '\b(?:FLAT|FLT|APARTMENT|APT|UNIT|ROOM|FFLAT) ([0-9]+[A-Z]?|[A-Z])\b', 1), '') as flat,
    list_filter(list_transform(string_split(
      regexp_replace(whole, '\b(?:FLAT|FLT|APARTMENT|APT|UNIT|ROOM|FFLAT) (?:[0-9]+[A-Z]?|[A-Z])\b', ',', 'g'), ','),
      lambda part: trim(part)), lambda part: part <> '') as rest
  from said
), numbered as (
  select *, list_filter(rest, lambda part: regexp_matches(part, '^[0-9]+[A-Z]?(?: |$)'))[1] as premise,
    nullif(regexp_extract(premise, '^([0-9]+[A-Z]?)', 1), '') as number,
    list_position(rest, premise) as premise_at
  from flatted
), streeted as (
  select *,
    case when number is null then rest[1]
         else coalesce(nullif(trim(substr(premise, length(number) + 1)), ''), rest[premise_at + 1]) end as street_said
  from numbered
)
select id, source, record_key, open, label, uprn, flat, coalesce(flat, '-') as flat_or_none, number,
  ff_street_words(string_split(street_said, ' ')) as street,
  case when len(rest) > 1 and rest[-1] <> street_said then rest[-1] end as town,
  postcode, nullif(outward, '') as district, latitude, longitude,
  case when nullif(name, '') is not null and latitude is not null
    then concat_ws('|', upper(name), round(latitude, 5), round(longitude, 5)) end as point,
  null::date as seen_from, null::date as seen_to
from streeted
"""

_ORGANISATION = """
create or replace table organisation as
select id, source, record_key, open, label, ff_company(detail->>'$.company_number') as company,
  ff_organisation(value_raw) as name,
  list_distinct(list_filter([ff_organisation(value_raw)] || list_transform(
    coalesce(from_json(detail->'$.trading_names', '["VARCHAR"]'), []), lambda each: ff_organisation(each)),
    lambda each: each is not null)) as names,
  nullif(replace(ff_postcode(detail->>'$.postcode'), ' ', ''), '') as postcode,
  nullif(regexp_extract(detail->>'$.address_line', '([0-9]+[A-Za-z]?)', 1), '') as number,
  nullif(s.users, []) as users, null::date as seen_from, null::date as seen_to
from object left join seen s using (source, record_key) where kind = 'ORGANISATION'
"""


_MADE = {"vehicle": _VEHICLE, "phone": _PHONE, "address": _ADDRESS, "organisation": _ORGANISATION}


def load_records(
    connection: duckdb.DuckDBPyConnection, folders: Mapping[str, Sequence[Path]], rules: Rules
) -> frozenset[str]:
    """Make a table of each kind that there are records of, and return these kinds. Sources are taken in name order,
    each one's deliveries in the order given.
    """
    macros.install_only(connection, "ff_name_key_digits", "ff_postcode", "ff_vrm")
    _install(connection, rules)
    connection.execute(f"""
        create or replace table delivered_object as select ''::varchar as source, 0 as batch, 0::bigint as position,
          {", ".join(f"{'false' if name == 'valid' else 'null::varchar'} as {name}" for name in OBJECT)},
          null::varchar as value_raw, null::varchar as detail limit 0""")
    number = {"latitude", "longitude"}
    connection.execute(f"""
        create or replace table delivered_location as select ''::varchar as source, 0 as batch, 0::bigint as position,
          {", ".join(f"null::{'double' if name in number else 'varchar'} as {name}" for name in LOCATION)},
          null::varchar as uprn limit 0""")
    connection.execute("""
        create or replace table delivered_use (source varchar, batch integer, person_key varchar, event_key varchar,
          thing_key varchar, from_on date, to_on date, open boolean)""")
    connection.execute(
        "create or replace table delivered_person"
        " (source varchar, batch integer, position bigint, record_key varchar, name_key varchar,"
        " open boolean)"
    )
    connection.execute(
        "create or replace table delivered_day (source varchar, batch integer, position bigint, record_key varchar,"
        " happened_on date, open boolean)"
    )
    for source in sorted(folders):
        for batch, folder in enumerate(folders[source]):
            _take(connection, source, batch, folder)
    connection.execute(f"create or replace table latest_object as from delivered_object {_LATEST}")
    connection.execute(f"create or replace table latest_location as from delivered_location {_LATEST}")
    connection.execute("""
        create or replace table numbered as
        select row_number() over (order by source, end_kind, record_key) as id, source, end_kind, record_key from (
          select source, 'LOCATION' as end_kind, record_key from latest_location
          union all select source, 'OBJECT', record_key from latest_object)""")
    for name in ("object", "location"):
        connection.execute(f"""
            create or replace table {name} as select n.id, d.*, {ACCESS} from latest_{name} d
            join numbered n on n.end_kind = '{name.upper()}' and n.source = d.source and n.record_key = d.record_key""")
    connection.execute(_SEEN)
    delivered = connection.execute("select lower(kind) from object union select 'address' from location").fetchall()
    there = frozenset(kind for (kind,) in delivered if kind in _MADE)
    for kind in there:
        connection.execute(_MADE[kind])
    return there


def _install(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    connection.execute("create or replace table spelling (of_column varchar, said varchar, meant varchar)")
    spelt = [(column, said, meant) for column, words in rules.spellings.items() for said, meant in words.items()]
    connection.execute(
        "insert into spelling select unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[])",
        [list(values) for values in zip(*spelt, strict=True)],
    )
    street = rules.spellings["street"]
    keys = ", ".join(f"'{word}'" for word in street)
    values = ", ".join(f"'{word}'" for word in street.values())
    connection.execute(f"create or replace macro street_word() as map([{keys}], [{values}])")
    forms = ", ".join(f"'{word}'" for word in rules.legal_forms)
    connection.execute(f"create or replace macro legal_form() as [{forms}]")
    for statement in filter(str.strip, _MACROS.split(";\n")):
        connection.execute(statement)


def _take(connection: duckdb.DuckDBPyConnection, source: str, batch: int, folder: Path) -> None:
    objects, locations = folder / "object.parquet", folder / "location.parquet"
    if objects.exists():
        connection.execute(
            f"insert into delivered_object by position select ?, ?, file_row_number, {', '.join(OBJECT)}, value_raw,"
            " detail from read_parquet(?, file_row_number = true)",
            [source, batch, str(objects)],
        )
    if locations.exists():
        held = {row[0] for row in connection.execute("describe from read_parquet(?)", [str(locations)]).fetchall()}
        uprn = "nullif(ltrim(uprn, '0'), '')" if "uprn" in held else "null"
        connection.execute(
            f"insert into delivered_location by position select ?, ?, file_row_number, {', '.join(LOCATION)}, {uprn}"
            " from read_parquet(?, file_row_number = true)",
            [source, batch, str(locations)],
        )
    if (folder / "link.parquet").exists():
        connection.execute(
            f"""insert into delivered_use select ?, ?, case when left_kind = 'PERSON' then left_key end,
              case when left_kind = 'EVENT' then left_key end, right_key, from_on, to_on, {_OPEN} from read_parquet(?)
            where right_kind = 'OBJECT'""",
            [source, batch, str(folder / "link.parquet")],
        )
    if (folder / "person.parquet").exists():
        connection.execute(
            f"insert into delivered_person select ?, ?, file_row_number, record_key, name_key, {_OPEN}"
            " from read_parquet(?, file_row_number = true)",
            [source, batch, str(folder / "person.parquet")],
        )
    if (folder / "event.parquet").exists():
        connection.execute(
            f"insert into delivered_day select ?, ?, file_row_number, record_key, happened_on, {_OPEN}"
            " from read_parquet(?, file_row_number = true)",
            [source, batch, str(folder / "event.parquet")],
        )
