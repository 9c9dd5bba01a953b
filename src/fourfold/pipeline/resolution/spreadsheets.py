"""Reads a spreadsheet of people, whatever its columns are called, into the table of records that the rest compares.

A column is recognised by its heading, or named by the reader. Makes the table `record` (one row a line) with every
column that `data/any_people.yaml` compares; a column that the file does not have is empty.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from fourfold.pipeline.canonical import macros
from fourfold.pipeline.resolution.records import NICKNAMES, load_families

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("recordid", "recid", "uniqueid", "personid", "nominalid", "id", "ref", "reference", "urn", "recordkey"),
    "name": ("fullname", "name", "personname", "nominalname", "displayname", "subjectname"),
    "forename": (
        "forename", "forenames", "firstname", "firstnames", "givenname", "givennames", "given", "forename1", "first",
    ),
    "middle": ("middlename", "middlenames", "forename2", "middle", "secondname"),
    "surname": ("surname", "lastname", "familyname", "family", "last"),
    "birth": ("dateofbirth", "dob", "birthdate", "born", "bornon", "birth", "birthon", "dateofbirthiso"),
    "sex": ("sex", "gender", "sexcode"),
    "postcode": ("postcode", "postalcode", "zip", "zipcode", "postcodefake", "homepostcode"),
    "house": ("housenumber", "streetnumber", "housenameornumber", "paon", "buildingnumber"),
    "street": ("address", "address1", "addressline1", "street", "streetaddress", "line1", "addressline", "homeaddress"),
    "place": ("town", "city", "suburb", "locality", "place", "birthplace", "placeofbirth", "village", "district"),
    "occupation": ("occupation", "job", "profession", "employment", "trade"),
    "phone": ("phone", "telephone", "phonenumber", "mobile", "mobilenumber", "tel", "telephonenumber"),
    "email": ("email", "emailaddress", "mail"),
    "identifier": (
        "nino", "nationalinsurancenumber", "pncid", "pnc", "cro", "cronumber", "passport", "passportnumber",
        "socsecid", "nhsnumber", "nationalid", "drivinglicence", "identifier",
    ),
}  # fmt: skip
"""What a column may be, and the headings it goes by: letters and digits only, in lower case."""

NAMED = frozenset({"name", "forename", "surname"})
BIRTH_FORMATS = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y")
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


class FileRefused(ValueError):
    """A file that cannot be linked. The sentence says what is wrong with it and what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(f"{code}: {sentence}")


@dataclass(frozen=True)
class Spreadsheet:
    """A file that was read: how many lines, and which column was taken for what."""

    path: Path
    lines: int
    columns: Mapping[str, str]
    left_aside: tuple[str, ...]
    lines_left_out: int = 0


def read(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], *, named: Mapping[str, str], workplace: Path
) -> tuple[Spreadsheet, ...]:
    """Make the table `record` out of one file or two.

    Args:
        connection: Where the table is made.
        paths: CSV or Parquet.
        named: What a column is, such as {"surname": "Family Name"}: it goes before what its heading says.
        workplace: Where a copy in UTF-8 is put of a file that is not; the caller takes it away.

    Raises:
        FileRefused: the file cannot be read, or has no column with a name in it.
    """
    macros.install(connection, latest=date.max)
    connection.execute("create or replace macro ff_key(name) as nullif(ff_name_key(name), '')")
    load_families(connection, NICKNAMES)
    connection.execute(f"create or replace table typed (side integer, line bigint, {_typed_columns()})")
    read_files = tuple(_take(connection, side, path, workplace, named=named) for side, path in enumerate(paths))
    connection.execute(f"create or replace macro ff_birth(said) as {_birth_sql(connection)}")
    connection.execute(_RECORD)
    return read_files


def _typed_columns() -> str:
    return ", ".join(f'"{role}" varchar' for role in HEADINGS)


def _take(
    connection: duckdb.DuckDBPyConnection, side: int, path: Path, workplace: Path, *, named: Mapping[str, str]
) -> Spreadsheet:
    given, headings, left_out = _open(connection, path, workplace)
    chosen = recognised(headings, named=named, name=path.name)
    columns = ", ".join(
        f"nullif(trim({quoted(chosen[role])}::varchar), '')" if role in chosen else "null" for role in HEADINGS
    )
    connection.execute(f"insert into typed select {side}, row_number() over (), {columns} from {given}")
    lines = connection.execute("select count(*) from typed where side = ?", [side]).fetchall()[0][0]
    if not lines:
        raise FileRefused("LK5", f"{path.name} has headings but no lines. Send a file with at least one person in it.")
    aside = tuple(heading for heading in headings if heading not in chosen.values())
    return Spreadsheet(path, int(lines), chosen, aside, left_out)


def recognised(headings: Sequence[str], *, named: Mapping[str, str], name: str) -> dict[str, str]:
    """Which heading is what. Raises `FileRefused` for a heading that is not there, or a file without a name."""
    found: dict[str, str] = {}
    for role, heading in named.items():
        if role not in HEADINGS:
            kinds = ", ".join(HEADINGS)
            raise FileRefused("LK1", f"“{role}” is not something a column can be. Use one of: {kinds}.")
        if heading not in headings:
            shown = ", ".join(headings)
            raise FileRefused("LK2", f"{name} has no column called “{heading}”. Its columns are: {shown}.")
        found[role] = heading
    for role, known in HEADINGS.items():
        free = [heading for heading in headings if heading not in found.values()]
        known_as = None if role in found else heading_like(free, known)
        if known_as is not None:
            found[role] = known_as
    if not NAMED & set(found):
        shown = ", ".join(headings[:12])
        raise FileRefused(
            "LK3",
            f"No column of {name} looks like a person's name. Its columns are: {shown}. Say which one it is with"
            " --map name=COLUMN, or --map forename=COLUMN --map surname=COLUMN.",
        )
    return found


def heading_like(headings: Sequence[str], known: Sequence[str]) -> str | None:
    """The heading that goes by one of these names, the first of them first."""
    plain = {re.sub(r"[^a-z0-9]", "", heading.lower()): heading for heading in reversed(headings)}
    return next((plain[each] for each in known if each in plain), None)


def opened(connection: duckdb.DuckDBPyConnection, path: Path, workplace: Path, *, needs: Sequence[str] = ()) -> str:
    """A relation of the file's rows, to select from. Raises `FileRefused` where a column in `needs` is not there."""
    given, headings, _ = _open(connection, path, workplace)
    absent = [column for column in needs if column not in headings]
    if absent:
        shown = ", ".join(headings[:12])
        raise FileRefused("LK12", f"{path.name} has no column {absent[0]}. Its columns are: {shown}.")
    return given


def headings_of(connection: duckdb.DuckDBPyConnection, given: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe select * from {given}").fetchall()]


def filled(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The columns of `record` with anything in them."""
    columns = headings_of(connection, "record")
    counts = connection.execute(f"select {', '.join(f'count({column})' for column in columns)} from record").fetchall()
    return frozenset(column for column, count in zip(columns, counts[0], strict=True) if count)


def _open(connection: duckdb.DuckDBPyConnection, path: Path, workplace: Path) -> tuple[str, list[str], int]:
    """A relation of the file's rows as text, its headings, and how many lines could not be read as rows."""
    if not path.is_file():
        raise FileRefused("LK4", f"There is no file {path}. Check its name.")
    if path.suffix.lower() in {".parquet", ".pq"}:
        given = f"read_parquet({_text(str(path))})"
        try:
            headings = headings_of(connection, given)
        except duckdb.Error:
            raise FileRefused("LK6", f"{path.name} is not a Parquet file that can be read. Save it again.") from None
        return given, headings, 0
    return _open_csv(connection, path, workplace)


def _open_csv(connection: duckdb.DuckDBPyConnection, path: Path, workplace: Path) -> tuple[str, list[str], int]:
    """Every value as text. A row that is none of the table is left out and counted; it takes no other with it."""
    copy = _as_utf8(path, workplace)
    with copy.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
    if not first.strip():
        raise FileRefused("LK5", f"{path.name} is empty. Send a file with headings and at least one person in it.")
    separator = max(SEPARATORS, key=first.count)
    headings = _headings(next(csv.reader([first], delimiter=separator)))
    columns = ", ".join(f"{_text(heading)}: 'VARCHAR'" for heading in headings)
    given = (
        f"read_csv({_text(str(copy))}, delim={_text(separator)}, header=true, auto_detect=false, columns={{{columns}}},"
        " quote='\"', escape='\"', null_padding=true, strict_mode=false, max_line_size=16777216, ignore_errors=true,"
        " parallel=false, store_rejects=true)"
    )
    try:
        connection.execute("create or replace temp table opened as select * from " + given)
        lost = connection.execute("select count(distinct line) from reject_errors").fetchall()[0][0]
    except duckdb.Error as refused:
        said = str(refused).splitlines()[0].partition(":")[2].strip()
        raise FileRefused(
            "LK7",
            f"{path.name} cannot be read as a table with {SEPARATORS[separator]}: {said}. Open it in the program it"
            " came from and save it again as CSV.",
        ) from None
    return "opened", headings, int(lost)


def _headings(said: Sequence[str]) -> list[str]:
    """Each heading once: one that is empty or there already is numbered, as a spreadsheet program would."""
    found: list[str] = []
    for place, heading in enumerate(said, start=1):
        name = heading.strip() or f"column {place}"
        taken = {each.lower() for each in found}
        found.append(name if name.lower() not in taken else f"{name} ({place})")
    return found


def _as_utf8(path: Path, workplace: Path) -> Path:
    """The file itself where it is UTF-8, else a copy that is. Raises `FileRefused` where there are two."""
    with path.open("rb") as opened:
        start = opened.read(2)
        if start in {b"\xff\xfe", b"\xfe\xff"}:
            return _copied(path, workplace, "utf-16")
        opened.seek(0)
        wrong, accented = 0, False
        for number, line in enumerate(opened, start=1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                wrong = wrong or number
            else:
                accented = True
            if wrong and accented:
                raise FileRefused(
                    "LK8",
                    f"{path.name} is in two encodings: line {wrong:,} is not UTF-8 and others are. Open it in the"
                    " program it came from and save all of it as UTF-8.",
                )
    return _copied(path, workplace, "windows-1252") if wrong else path


def _copied(path: Path, workplace: Path, encoding: str) -> Path:
    copy = workplace / f"{path.name}.utf-8"
    try:
        with path.open(encoding=encoding, newline="") as given, copy.open("w", encoding="utf-8", newline="") as made:
            shutil.copyfileobj(given, made)
    except UnicodeError:
        raise FileRefused(
            "LK8",
            f"{path.name} is in no encoding that is known here. Open it in the program it came from and save it as"
            " UTF-8.",
        ) from None
    return copy


def _birth_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """A date of birth as eight digits, year first, right or not: 18358101 is kept, for it is near 18350101.

    Two numbers before a year are day and month, unless the file's own dates can only be month and day.
    """
    short = r"'^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})'"
    largest = "coalesce(max(try_cast(regexp_extract(birth, {}, {}) as integer)), 0)"
    first, second = connection.execute(
        f"select {largest.format(short, 1)}, {largest.format(short, 2)} from typed"
    ).fetchall()[0]
    day, month = (2, 1) if first <= 12 < second else (1, 2)
    spelt = ", ".join(f"try_strptime(said, {_text(each)})" for each in BIRTH_FORMATS)
    return rf"""case
      when regexp_matches(said, '^\d{{4}}[-/. ]\d{{1,2}}[-/. ]\d{{1,2}}') then
        regexp_extract(said, '^(\d{{4}})', 1) || lpad(regexp_extract(said, '^\d{{4}}[-/. ](\d{{1,2}})', 1), 2, '0')
        || lpad(regexp_extract(said, '^\d{{4}}[-/. ]\d{{1,2}}[-/. ](\d{{1,2}})', 1), 2, '0')
      when regexp_matches(said, '^\d{{8}}$') then said
      when regexp_matches(said, {short}) then regexp_extract(said, {short}, 3)
        || lpad(regexp_extract(said, {short}, {month}), 2, '0') || lpad(regexp_extract(said, {short}, {day}), 2, '0')
      when regexp_matches(said, '^\d{{4}}$') then said || '0101'
      else strftime(coalesce({spelt}), '%Y%m%d') end"""


def quoted(heading: str) -> str:
    return '"' + heading.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_RECORD = """
create or replace table record as
with said as (
  select row_number() over (order by side, line) as id, side, line, "id" as given_id,
    coalesce(ff_key(case when name like '%,%' then split_part(name, ',', 2) || ' ' || split_part(name, ',', 1)
      else name end), ff_key(concat_ws(' ', forename, middle, surname))) as spoken,
    ff_key(forename) as said_forename, ff_key(surname) as said_surname,
    ff_key(name) is not null as is_full,
    ff_birth(birth) as birth_text,
    nullif(upper(left(sex, 1)), 'U') as sex,
    nullif(regexp_replace(upper(postcode), '[^A-Z0-9]', '', 'g'), '') as postcode,
    nullif(regexp_replace(upper(house), '[^A-Z0-9]', '', 'g'), '') as house_said,
    nullif(trim(regexp_replace(upper(street), '[^A-Z0-9]+', ' ', 'g')), '') as street_said,
    ff_key(place) as place, ff_key(occupation) as occupation,
    nullif(right(regexp_replace(phone, '[^0-9]', '', 'g'), 9), '') as phone,
    nullif(lower(trim(email)), '') as email,
    nullif(regexp_replace(upper(identifier), '[^A-Z0-9]', '', 'g'), '') as identifier
  from typed
), named as (
  select *, string_split(spoken, ' ') as tokens from said
), parted as (
  select *,
    case when is_full or said_surname is null then case when len(tokens) > 1 then tokens[-1] end else said_surname end
      as surname,
    case when is_full or said_forename is null
      then case when len(tokens) > 1 or said_surname is null then tokens[1] end
      else split_part(said_forename, ' ', 1) end as forename
  from named
)
select id, side::varchar as source, line::varchar as record_key, given_id, true as open, '' as label,
  spoken as name_key, array_to_string(list_sort(tokens), ' ') as names_sorted,
  forename, surname, left(forename, 1) as initial, forename || ' ' || surname as name_pair,
  list_distinct(list_filter(tokens, lambda word: length(word) > 2)) as name_words,
  coalesce(surname, forename) as last_word,
  coalesce(string_split(family.members, '|'), [forename]) as forename_family,
  left(forename, 3) as forename_start, left(surname, 4) as surname_start,
  birth_text,
  case when right(birth_text, 4) <> '0101' and try_strptime(birth_text, '%Y%m%d') is not null then birth_text end
    as birth_full,
  left(birth_text, 4) as birth_year, substr(birth_text, 5, 2) as birth_month, right(birth_text, 2) as birth_day,
  sex, postcode,
  case when regexp_full_match(postcode, '[A-Z].*') then case when length(postcode) >= 5 then left(postcode, -3) end
    else left(postcode, 3) end as district,
  case when regexp_full_match(postcode, '[A-Z].*') then regexp_extract(postcode, '^[A-Z]+') else left(postcode, 2) end
    as area,
  coalesce(house_said, regexp_extract(street_said, '^([0-9]+[A-Z]?) ', 1)) as house,
  case when house_said is null then regexp_replace(street_said, '^[0-9]+[A-Z]? ', '') else street_said end as street,
  place, occupation, phone, email, identifier
from parted left join family using (forename)
"""
