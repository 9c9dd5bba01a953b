"""The rules of `formats` as DuckDB macros, so that rows never pass through Python.

Each macro gives what the Python function gives (tests/pipeline/canonical/test_macros.py compares them on invented
values); patterns and constants are taken from the Python modules and not written a second time. Null in, null out.

Most values are well formed. Where that can be seen cheaply, the first branch of a CASE answers and the dear branch,
which judges every value, works on the rest only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache

from fourfold.formats import cells, dates, grid, identifiers, names, phone, postcode, rich_text, vrm
from fourfold.pipeline.engines import Database

# Since 1996 summer time begins and ends at 01:00 UTC on the last Sundays of March and October.
_FIRST_YEAR_OF_RULE = 1996


def _q(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _match(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {_q(pattern)})"


_MACROS: dict[str, str] = {}


def _macro(signature: str, body: str) -> None:
    _MACROS[signature] = body


# Text and names ----------------------------------------------------------------------------------------------

_macro("ff_trim(x)", "CASE WHEN starts_with(x, ' ') OR ends_with(x, ' ') THEN trim(x, ' ') ELSE x END")
_macro("ff_text(x)", "nullif(ff_trim(x), '')")
_macro(
    "ff_name(x)",
    r"CASE WHEN regexp_matches(x, '[\t\r\n\f\v]|  |^ | $') "
    r"THEN trim(regexp_replace(x, '[ \t\r\n\f\v]+', ' ', 'g'), ' ') ELSE x END",
)


def _name_key() -> str:
    text = f"translate(strip_accents(x), {_q(names.DROPPED)}, '')"
    for letter, letters in names.SPECIAL_LETTERS.items():
        text = f"replace({text}, {_q(letter)}, {_q(letters)})"
    return (
        f"CASE WHEN {_match('x', '[A-Za-z]+(?: [A-Za-z]+)*')} THEN upper(x) "
        f"ELSE upper(trim(regexp_replace({text}, '[^A-Za-z]+', ' ', 'g'), ' ')) END"
    )


_macro("ff_name_key(x)", _name_key())
_macro(
    "ff_name_key_digits(x)",  # for addresses: house numbers count
    "upper(trim(regexp_replace(strip_accents(x), '[^A-Za-z0-9]+', ' ', 'g'), ' '))",
)
_macro(
    "ff_typed_forenames(x)",
    "ff_name(CASE WHEN contains(x, ',') THEN substr(x, instr(x, ',') + 1) "
    r"ELSE regexp_extract(ff_name(x), '^(.*) [^ ]*$', 1) END)",
)
_macro(
    "ff_typed_surname(x)",
    "ff_name(CASE WHEN contains(x, ',') THEN split_part(x, ',', 1) "
    r"ELSE regexp_extract(ff_name(x), '[^ ]*$') END)",
)


def _plain() -> str:
    # Only 80 to 9f differ from the code points; a code that is no letter gives nothing.
    odd = {code: letter for code, letter in rich_text.LETTERS.items() if letter != chr(int(code, 16))}
    cases = " ".join(f"WHEN {_q(code)} THEN {_q(letter)}" for code, letter in odd.items())
    plain_code = (
        f"CASE WHEN {_match('left(p, 2)', '[0-9a-f]{2}')} THEN chr(TRY_CAST('0x' || left(p, 2) AS INTEGER)) ELSE '' END"
    )
    letter = f"CASE left(p, 2) {cases} ELSE {plain_code} END"
    text = f"regexp_replace(x, {_q(rich_text.UNSEEN_GROUPS)}, '', 'g')"
    text = f"regexp_replace({text}, {_q(rich_text.LINE_ENDS)}, chr(10), 'g')"
    mark = _q("\\'")
    text = (
        f"list_aggregate(list_transform(string_split({text}, {mark}), lambda p, n: CASE WHEN n = 1 THEN p "
        f"ELSE {letter} || substr(p, 3) END), 'string_agg', '')"
    )
    text = f"regexp_replace({text}, {_q(rich_text.CONTROL_WORDS)}, '', 'g')"
    text = f"trim(translate({text}, '{{}}', ''), ' ' || chr(10))"
    # One group and no letters as codes: nothing to cut out and nothing to put together.
    simple = f"regexp_replace(x, {_q(rich_text.LINE_ENDS)}, chr(10), 'g')"
    simple = f"regexp_replace({simple}, {_q(rich_text.CONTROL_WORDS)}, '', 'g')"
    simple = f"trim(translate({simple}, '{{}}', ''), ' ' || chr(10))"
    return (
        f"CASE WHEN NOT starts_with(x, {_q(rich_text.START)}) THEN x "
        f"WHEN NOT contains(substr(x, 2), '{{') AND NOT contains(x, {mark}) THEN {simple} ELSE {text} END"
    )


_macro("ff_plain(x)", _plain())
_macro("ff_formula(x)", f"regexp_matches(x, {_q(f'^(?:{cells.FORMULA})')})")
_macro(  # the dear pattern is asked only of cells that start with a sign
    "ff_formula_cell(x)",
    "starts_with(x, '=') OR starts_with(x, '@') OR starts_with(x, chr(9)) OR starts_with(x, chr(13)) "
    "OR ((starts_with(x, '+') OR starts_with(x, '-')) AND ff_formula(x))",
)
_macro("ff_formula_among(x)", r"regexp_matches(x, '(?:^|\x01)[=@+\-\t\r]')")  # of cells joined by chr(1): one may be
_macro("ff_formula_inside(x)", r"""regexp_matches(x, '":"(?:[=@+-]|\\[tr])')""")

# Plates, numbers, postcodes ----------------------------------------------------------------------------------

_SQUASHED = r"regexp_replace(x, '[ \t\r\n\f\v]+', '', 'g')"
_macro("ff_squashed(x)", f"CASE WHEN strlen(x) = length(x) THEN upper({_SQUASHED}) ELSE '' END")
_macro("ff_vrm(x)", "upper(regexp_replace(x, '[^A-Za-z0-9]+', '', 'g'))")
_macro("ff_vrm_valid(x)", _match("x", vrm.ANY_SERIES))
_macro("ff_phone_digits(x)", r"regexp_replace(replace(x, '(0)', ''), '[^0-9+]+', '', 'g')")
_macro(
    "ff_phone_number(t, d)",
    "CASE WHEN starts_with(t, '+') AND d <> '' THEN "
    "CASE WHEN starts_with(d, '440') THEN '+44' || substr(d, 4) ELSE '+' || d END "
    "WHEN starts_with(d, '00') THEN '+' || substr(d, 3) "
    "WHEN starts_with(d, '0') THEN '+44' || substr(d, 2) "
    "WHEN starts_with(d, '44') AND length(d) >= 11 THEN '+' || d ELSE d END",
)
_macro("ff_phone(x)", "ff_phone_number(ff_phone_digits(x), replace(ff_phone_digits(x), '+', ''))")
_macro("ff_phone_valid(x)", _match("x", phone.VALID))
_macro("ff_postcode_of(t)", f"CASE WHEN {_match('t', postcode.PATTERN)} THEN left(t, -3) || ' ' || right(t, 3) END")
_macro("ff_postcode(x)", "coalesce(ff_postcode_of(replace(x, ' ', '')), ff_postcode_of(ff_vrm(x)))")
_macro("ff_district(x)", "split_part(x, ' ', 1)")

# Identifiers -------------------------------------------------------------------------------------------------

_macro("ff_check_letter(n)", f"substr('{identifiers.CHECK_LETTERS}', CAST(n % 23 AS INTEGER) + 1, 1)")
_macro(
    "ff_pnc_of(y, s, l, latest_year)",
    "CASE WHEN ff_check_letter(TRY_CAST(right(y, 2) || s AS BIGINT)) = l THEN "
    "CASE WHEN length(y) = 4 THEN y WHEN TRY_CAST(y AS INTEGER) <= latest_year % 100 THEN '20' || y ELSE '19' || y END "
    "|| '/' || s || l END",
)
_macro(
    "ff_pnc_text(t, latest_year)",
    f"CASE WHEN NOT {_match('t', identifiers.PNC)} THEN NULL "
    "WHEN contains(t, '/') THEN "
    "ff_pnc_of(split_part(t, '/', 1), lpad(left(split_part(t, '/', 2), -1), 7, '0'), right(t, 1), latest_year) "
    "WHEN length(t) IN (10, 12) THEN ff_pnc_of(left(t, -8), left(right(t, 8), 7), right(t, 1), latest_year) END",
)
_macro(  # in the long form with its slash already, a right number is itself
    "ff_pnc_by(x, latest_year)",
    "CASE WHEN x IS NULL THEN NULL "
    f"WHEN strlen(x) = 13 AND substr(x, 5, 1) = '/' AND {_match('x', identifiers.PNC)} "
    "THEN CASE WHEN ff_check_letter(CAST(substr(x, 3, 2) || substr(x, 6, 7) AS BIGINT)) = substr(x, 13) THEN x END "
    "ELSE list_transform([ff_squashed(x)], lambda t: ff_pnc_text(t, latest_year))[1] END",
)
_macro(
    "ff_cro_text(t)",
    f"CASE WHEN {_match('t', identifiers.CRO_SF)} THEN "
    "CASE WHEN ff_check_letter(TRY_CAST(substr(t, 3, 2) || substr(left(t, -1), 6) AS BIGINT)) = right(t, 1) "
    "THEN left(t, 5) || CAST(TRY_CAST(substr(left(t, -1), 6) AS BIGINT) AS VARCHAR) || right(t, 1) END "
    f"WHEN {_match('t', identifiers.CRO_STANDARD)} THEN "
    "CASE WHEN right(t, 1) IN ("
    "ff_check_letter(TRY_CAST(left(right(t, 3), 2) || left(t, -4) AS BIGINT)), "
    "ff_check_letter(TRY_CAST(left(right(t, 3), 2) || lpad(left(t, -4), 6, '0') AS BIGINT))) "
    "THEN CAST(TRY_CAST(left(t, -4) AS BIGINT) AS VARCHAR) || right(t, 4) END END",
)
_macro(
    "ff_cro(x)",
    "CASE WHEN x IS NULL THEN NULL ELSE list_transform([ff_squashed(x)], lambda t: ff_cro_text(t))[1] END",
)
_macro(
    "ff_nino_of(t)",
    f"CASE WHEN {_match('t', identifiers.NINO)} AND left(t, 2) NOT IN "
    f"({', '.join(map(_q, identifiers.NINO_NEVER))}) THEN t END",
)
_macro("ff_nino(x)", "CASE WHEN x IS NULL THEN NULL ELSE coalesce(ff_nino_of(x), ff_nino_of(ff_squashed(x))) END")
_macro(
    "ff_sex(x)",
    "CASE WHEN upper(x) IN ('M', 'MALE', '1') THEN 'M' WHEN upper(x) IN ('F', 'FEMALE', '2') THEN 'F' ELSE 'U' END",
)
_macro(
    "ff_sex_known(x)",
    "x IS NULL OR upper(x) IN ('M', 'MALE', '1', 'F', 'FEMALE', '2', 'U', 'UNKNOWN', '9', '0', 'NOT KNOWN')",
)

# Dates and times ---------------------------------------------------------------------------------------------

_macro(
    "ff_day_uk_text(t)",
    f"CASE WHEN {_match('t', dates.UK_DAY)} THEN CAST(try_strptime(t, '%d/%m/%Y') AS DATE) END",
)
_macro("ff_day_uk(x)", "ff_day_uk_text(ff_trim(x))")
_macro("ff_day_iso_text(t)", f"CASE WHEN {_match('t', dates.ISO_DAY)} THEN TRY_CAST(t AS DATE) END")
_macro("ff_day_iso(x)", "ff_day_iso_text(ff_trim(x))")
_macro(
    "ff_birth_of(t, found, is_partial, latest)",
    "list_transform([found], lambda d: CASE WHEN coalesce(t, '') = '' THEN "
    "{'birth_on': CAST(NULL AS DATE), 'birth_quality': 'none'} "
    f"WHEN d NOT BETWEEN DATE '{dates.OLDEST_BIRTH}' AND latest "
    "THEN {'birth_on': CAST(NULL AS DATE), 'birth_quality': 'invalid'} "
    "WHEN month(d) = 1 AND day(d) = 1 THEN {'birth_on': d, 'birth_quality': 'default'} "
    "WHEN d IS NOT NULL THEN {'birth_on': d, 'birth_quality': 'exact'} "
    "WHEN is_partial THEN {'birth_on': CAST(NULL AS DATE), 'birth_quality': 'partial'} "
    "ELSE {'birth_on': CAST(NULL AS DATE), 'birth_quality': 'invalid'} END)[1]",
)
_macro("ff_has_hole(t)", "length(t) < 10 OR regexp_matches(t, '(?:^|[/-])00(?:[/-]|$)|[?Xx]')")
for _form, _partial, _parsed, _new_year in (
    ("uk", dates.PARTIAL_UK, "try_strptime(x, '%d/%m/%Y')", "left(x, 6) = '01/01/'"),
    ("iso", dates.PARTIAL_ISO, "TRY_CAST(x AS DATE)", "right(x, 6) = '-01-01'"),
):
    _macro(
        f"ff_birth_{_form}_by(x, latest)",
        f"CASE WHEN ff_day_{_form}_text(x) BETWEEN DATE '{dates.OLDEST_BIRTH}' AND latest "
        f"THEN {{'birth_on': CAST({_parsed} AS DATE), 'birth_quality': if({_new_year}, 'default', 'exact')}} "
        f"ELSE ff_birth_of(ff_trim(x), ff_day_{_form}(x), "
        f"{_match('ff_trim(x)', _partial)} AND ff_has_hole(ff_trim(x)), latest) END",
    )

# `list_transform([value], lambda name: …)[1]` is "let name be value": a macro's argument is written out at every use.
_macro("ff_last_sunday(y, m)", "make_date(y, m, 31) - CAST(dayofweek(make_date(y, m, 31)) AS INTEGER)")
_macro("ff_turn(ts, m)", "CAST(ff_last_sunday(year(ts), m) AS TIMESTAMP) + INTERVAL 1 HOUR")
_macro("ff_moment(utc, local, q)", "{'at': CAST(utc AS TIMESTAMP), 'on_day': CAST(local AS DATE), 'quality': q}")
_macro(
    "ff_clock_since_1996(ts, q)",
    "list_transform([{'spring': ff_turn(ts, 3), 'autumn': ff_turn(ts, 10)}], lambda turn: ff_moment("
    "CASE WHEN ts >= turn.spring AND ts < turn.spring + INTERVAL 1 HOUR THEN NULL "
    "WHEN ts >= turn.spring AND ts < turn.autumn + INTERVAL 1 HOUR THEN ts - INTERVAL 1 HOUR ELSE ts END, ts, "
    "CASE WHEN ts >= turn.spring AND ts < turn.spring + INTERVAL 1 HOUR THEN 'skipped' "
    "WHEN ts >= turn.autumn AND ts < turn.autumn + INTERVAL 1 HOUR THEN 'ambiguous' ELSE q END))[1]",
)
_macro("ff_icu_utc(ts)", "CAST(timezone('UTC', timezone('Europe/London', ts)) AS TIMESTAMP)")
_macro("ff_icu_london(ts)", "CAST(timezone('Europe/London', timezone('UTC', ts)) AS TIMESTAMP)")
_macro(
    "ff_clock_before_1996(ts, q)",
    "list_transform([ff_icu_utc(ts)], lambda utc: CASE WHEN ff_icu_london(utc) <> ts "
    "THEN ff_moment(NULL, ts, 'skipped') WHEN ff_icu_london(utc - INTERVAL 1 HOUR) = ts "
    "THEN ff_moment(utc - INTERVAL 1 HOUR, ts, 'ambiguous') ELSE ff_moment(utc, ts, q) END)[1]",
)
_INVALID = "ff_moment(NULL, NULL, 'invalid')"
_macro(
    "ff_clock(stamp, q)",
    f"list_transform([stamp], lambda ts: CASE WHEN ts IS NULL OR year(ts) < {dates.OLDEST_YEAR} THEN {_INVALID} "
    f"WHEN year(ts) < {_FIRST_YEAR_OF_RULE} THEN ff_clock_before_1996(ts, q) "
    "ELSE ff_clock_since_1996(ts, q) END)[1]",
)
_macro(
    "ff_london_day(utc)",
    f"CASE WHEN year(utc) >= {_FIRST_YEAR_OF_RULE} THEN CAST(CASE WHEN utc >= ff_turn(utc, 3) "
    "AND utc < ff_turn(utc, 10) THEN utc + INTERVAL 1 HOUR ELSE utc END AS DATE) "
    "ELSE CAST(ff_icu_london(utc) AS DATE) END",
)
_macro("ff_is_summer(utc)", "utc >= ff_turn(utc, 3) AND utc < ff_turn(utc, 10)")
_macro(
    "ff_iso_offset(zone)",
    "CASE WHEN zone = 'Z' THEN INTERVAL 0 MINUTE ELSE to_minutes((TRY_CAST(substr(zone, 2, 2) AS BIGINT) * 60 "
    "+ TRY_CAST(substr(zone, 5, 2) AS BIGINT)) * CASE WHEN left(zone, 1) = '-' THEN -1 ELSE 1 END) END",
)
_macro(
    "ff_zoned_of(wall, zone, q)",
    f"CASE WHEN wall IS NULL OR year(wall) < {dates.OLDEST_YEAR} THEN {_INVALID} "
    "ELSE list_transform([wall - ff_iso_offset(zone)], lambda utc: ff_moment(utc, ff_london_day(utc), q))[1] END",
)
_ZONE = r"(?:Z|[+-][0-9]{2}:[0-9]{2})$"
_macro(
    "ff_zoned_text(t, q)",  # whole seconds: a fraction says nothing here
    f"CASE WHEN {_match('t', dates.ISO_TIME + dates.ISO_ZONE)} THEN list_transform("
    f"[TRY_CAST(left(replace(regexp_replace(t, '{_ZONE}', ''), 'T', ' '), 19) AS TIMESTAMP)], "
    f"lambda wall: ff_zoned_of(wall, regexp_extract(t, '{_ZONE}'), q))[1] ELSE {_INVALID} END",
)
_NONE = "ff_moment(NULL, NULL, 'none')"
_macro(
    "ff_day_alone(found)",
    f"list_transform([found], lambda day: CASE WHEN day IS NULL THEN {_INVALID} "
    "ELSE ff_moment(NULL, day, 'day') END)[1]",
)
_macro("ff_twelve_hour(t)", "ends_with(upper(t), 'M')")
_macro(
    "ff_uk_stamp(t)",
    "CASE WHEN NOT ff_twelve_hour(t) THEN try_strptime(t, ['%d/%m/%Y %H:%M:%S', '%d/%m/%Y %H:%M']) "
    "ELSE try_strptime(left(t, 11) || "
    "lpad(upper(replace(substr(t, 12), ' ', '')), CASE WHEN length(t) > 19 THEN 10 ELSE 7 END, '0'), "
    "['%d/%m/%Y %I:%M:%S%p', '%d/%m/%Y %I:%M%p']) END",
)
_macro(
    "ff_local_text(t)",
    f"CASE WHEN coalesce(t, '') = '' THEN {_NONE} "
    f"WHEN {_match('t', f'{dates.UK_TIME}|{dates.UK_TIME_12}')} "
    "THEN ff_clock(ff_uk_stamp(t), CASE WHEN ff_twelve_hour(t) THEN 'twelve_hour' ELSE 'minute' END) "
    f"WHEN {_match('t', dates.UK_DAY)} THEN ff_day_alone(ff_day_uk_text(t)) "
    "ELSE ff_zoned_text(t, 'universal') END",
)
_macro(
    "ff_uk_moment(t, hours)",
    "list_transform([try_strptime(t, ['%d/%m/%Y %H:%M:%S', '%d/%m/%Y %H:%M'])], lambda ts: ff_moment("
    "ts - to_hours(hours), ts, CASE WHEN ts IS NULL THEN 'invalid' ELSE 'minute' END))[1]",
)
_macro(  # only in March and October is the hour a question
    "ff_local_uk(x)",
    f"CASE WHEN coalesce(x, '') = '' THEN {_NONE} "
    f"WHEN {_match('x', dates.UK_TIME)} AND substr(x, 7, 4) >= '{_FIRST_YEAR_OF_RULE}' "
    "AND substr(x, 4, 2) NOT IN ('03', '10') "
    "THEN ff_uk_moment(x, CASE WHEN substr(x, 4, 2) BETWEEN '04' AND '09' THEN 1 ELSE 0 END) "
    "ELSE list_transform([ff_trim(x)], lambda t: ff_local_text(t))[1] END",
)
_macro(
    "ff_zoned(x)",
    f"CASE WHEN coalesce(x, '') = '' THEN {_NONE} "
    "ELSE list_transform([ff_trim(x)], lambda t: "
    f"CASE WHEN t = '' THEN {_NONE} WHEN {_match('t', dates.ISO_DAY)} THEN ff_day_alone(ff_day_iso_text(t)) "
    "ELSE ff_zoned_text(t, 'minute') END)[1] END",
)
_macro(
    "ff_precision(m)",
    "CASE WHEN (m).at IS NOT NULL THEN 'minute' WHEN (m).on_day IS NOT NULL THEN 'day' ELSE 'none' END",
)

# Places ------------------------------------------------------------------------------------------------------


def _arc(latitude: str) -> str:
    n = (grid.AIRY_A - grid.AIRY_B) / (grid.AIRY_A + grid.AIRY_B)
    less, more = f"({latitude} - {grid.ORIGIN_LATITUDE!r})", f"({latitude} + {grid.ORIGIN_LATITUDE!r})"
    return (
        f"{grid.AIRY_B * grid.SCALE!r}::DOUBLE * ({1 + n + 1.25 * n**2 + 1.25 * n**3!r}::DOUBLE * {less} "
        f"- {3 * n + 3 * n**2 + 2.625 * n**3!r}::DOUBLE * sin({less}) * cos({more}) "
        f"+ {1.875 * n**2 + 1.875 * n**3!r}::DOUBLE * sin(2 * {less}) * cos(2 * {more}) "
        f"- {(35 / 24) * n**3!r}::DOUBLE * sin(3 * {less}) * cos(3 * {more}))"
    )


def _grid() -> None:
    a, b, scale = grid.AIRY_A, grid.AIRY_B, grid.SCALE
    e2 = 1 - (b / a) ** 2
    _macro("ff_arc(lat)", _arc("lat"))
    first = f"({grid.ORIGIN_LATITUDE!r}::DOUBLE + (n - {grid.FALSE_NORTHING!r}) / {a * scale!r}::DOUBLE)"
    _macro("ff_foot0(n)", first)
    for turn in range(grid.FOOT_ROUNDS):
        earlier = f"ff_foot{turn}(n)"
        _macro(
            f"ff_foot{turn + 1}(n)",
            f"list_transform([{earlier}], lambda f: f + (n - {grid.FALSE_NORTHING!r} - ff_arc(f)) "
            f"/ {a * scale!r}::DOUBLE)[1]",
        )
    _macro("ff_airy_nu(lat)", f"{a * scale!r}::DOUBLE / sqrt(1 - {e2!r}::DOUBLE * pow(sin(lat), 2))")
    _macro(
        "ff_airy_rho(lat)",
        f"{a * scale * (1 - e2)!r}::DOUBLE / pow(1 - {e2!r}::DOUBLE * pow(sin(lat), 2), 1.5)",
    )
    _macro(
        "ff_airy(f, nu, rho, d)",
        "{'lat': f - tan(f) / (2 * rho * nu) * pow(d, 2) "
        "+ tan(f) / (24 * rho * pow(nu, 3)) * (5 + 3 * pow(tan(f), 2) + (nu / rho - 1) "
        "- 9 * pow(tan(f), 2) * (nu / rho - 1)) * pow(d, 4) "
        "- tan(f) / (720 * rho * pow(nu, 5)) * (61 + 90 * pow(tan(f), 2) + 45 * pow(tan(f), 4)) * pow(d, 6), "
        f"'lon': {grid.ORIGIN_LONGITUDE!r}::DOUBLE + 1 / cos(f) / nu * d "
        "- 1 / cos(f) / (6 * pow(nu, 3)) * (nu / rho + 2 * pow(tan(f), 2)) * pow(d, 3) "
        "+ 1 / cos(f) / (120 * pow(nu, 5)) * (5 + 28 * pow(tan(f), 2) + 24 * pow(tan(f), 4)) * pow(d, 5)}",
    )
    _macro(
        "ff_airy_at(e, n)",
        f"list_transform([ff_foot{grid.FOOT_ROUNDS}(n)], lambda f: "
        f"ff_airy(f, ff_airy_nu(f), ff_airy_rho(f), e - {grid.FALSE_EASTING!r}))[1]",
    )
    _macro("ff_cartesian_nu(lat)", f"{a!r}::DOUBLE / sqrt(1 - {e2!r}::DOUBLE * pow(sin(lat), 2))")
    _macro(
        "ff_cartesian(p)",
        "{'x': ff_cartesian_nu(p.lat) * cos(p.lat) * cos(p.lon), "
        "'y': ff_cartesian_nu(p.lat) * cos(p.lat) * sin(p.lon), "
        f"'z': {1 - e2!r}::DOUBLE * ff_cartesian_nu(p.lat) * sin(p.lat)}}",
    )
    grow = 1 + grid.SCALE_PPM * 1e-6
    rx, ry, rz = (f"{turn / 3600 * 3.141592653589793 / 180!r}::DOUBLE" for turn in grid.TURN)
    sx, sy, sz = (f"{shift!r}" for shift in grid.SHIFT)
    _macro(
        "ff_shifted(c)",
        f"{{'x': {sx} + {grow!r}::DOUBLE * c.x - {rz} * c.y + {ry} * c.z, "
        f"'y': {sy} + {rz} * c.x + {grow!r}::DOUBLE * c.y - {rx} * c.z, "
        f"'z': {sz} - {ry} * c.x + {rx} * c.y + {grow!r}::DOUBLE * c.z}}",
    )
    w2 = 1 - (grid.WGS_B / grid.WGS_A) ** 2
    _macro("ff_radius(c)", "sqrt(c.x * c.x + c.y * c.y)")
    lat = f"atan2(c.z, ff_radius(c) * {1 - w2!r}::DOUBLE)"
    for _ in range(grid.HEIGHT_ROUNDS):
        lat = (
            f"list_transform([{lat}], lambda l: atan2(c.z + {w2 * grid.WGS_A!r}::DOUBLE "
            f"/ sqrt(1 - {w2!r}::DOUBLE * pow(sin(l), 2)) * sin(l), ff_radius(c)))[1]"
        )
    _macro("ff_wgs(c)", f"{{'latitude': degrees({lat}), 'longitude': degrees(atan2(c.y, c.x))}}")
    _macro("ff_airy_to_wgs(p)", "ff_wgs(ff_shifted(ff_cartesian(p)))")
    _macro(
        "ff_on_grid(e, n)",
        f"e BETWEEN {grid.EASTINGS[0]!r} AND {grid.EASTINGS[1]!r} "
        f"AND n BETWEEN {grid.NORTHINGS[0]!r} AND {grid.NORTHINGS[1]!r}",
    )
    _macro(
        "ff_grid(e, n)",
        "CASE WHEN ff_on_grid(e, n) THEN list_transform([ff_airy_at(e, n)], lambda p: "
        "list_transform([ff_cartesian(p)], lambda c: list_transform([ff_shifted(c)], lambda s: "
        "ff_wgs(s))[1])[1])[1] END",
    )


_grid()


def install(db: Database, *, latest: date) -> None:
    """Create the macros. `latest`: day of the extract; no one in it was born later."""
    _create(db, _MACROS)
    install_for(db, latest=latest)


def install_kept(db: Database) -> None:
    """Create, for every connection to the database, the macros that hold for any extract."""
    _create(db, _MACROS, kind="MACRO")


def install_for(db: Database, *, latest: date) -> None:
    """Create the macros of one extract."""
    day = f"DATE '{latest.isoformat()}'"
    db.execute(f"CREATE OR REPLACE TEMP MACRO ff_latest() AS {day}")
    for form in ("uk", "iso"):
        db.execute(f"CREATE OR REPLACE TEMP MACRO ff_birth_{form}(x) AS ff_birth_{form}_by(x, {day})")
    db.execute(f"CREATE OR REPLACE TEMP MACRO ff_pnc(x) AS ff_pnc_by(x, {latest.year})")


def install_only(db: Database, *names: str) -> None:
    """Create the macros of these names and those they are made of. To create all takes longer than reading a small
    delivery does.
    """
    wanted = frozenset[str]().union(*map(_with_parts, names))
    _create(db, (signature for signature in _MACROS if _name(signature) in wanted))


def _create(db: Database, signatures: Iterable[str], *, kind: str = "TEMP MACRO") -> None:
    for signature in signatures:
        db.execute(f"CREATE OR REPLACE {kind} {signature} AS {_MACROS[signature]}")


@cache
def _with_parts(name: str) -> frozenset[str]:
    body = next(body for signature, body in _MACROS.items() if _name(signature) == name)
    return frozenset({name}).union(*map(_with_parts, re.findall(r"\bff_\w+(?=\()", body)))


def _name(signature: str) -> str:
    return signature.partition("(")[0]
