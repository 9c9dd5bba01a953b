"""Every SQL macro gives what the Python function gives, on invented values. Python is the oracle."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fourfold.formats import cells, dates, grid, identifiers, names, phone, postcode, rich_text, vrm
from fourfold.pipeline.canonical import macros

LATEST = date(2026, 10, 31)
LISTS = {"min_size": 1, "max_size": 40}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Text without NUL, which landing quarantines, and without half surrogates, which are no text.
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30)


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        macros.install(connection, latest=LATEST)
        yield connection


def check(db: duckdb.DuckDBPyConnection, sql: str, values: list[str], oracle: Callable[[str], Any]) -> None:
    """Compare a macro over all values at once with the function over each."""
    rows = db.execute(f"SELECT {sql} FROM (SELECT unnest($values::VARCHAR[]) AS x)", {"values": values}).fetchall()
    found = [row[0] for row in rows]
    expected = [oracle(value) for value in values]
    assert found == expected, [(v, f, e) for v, f, e in zip(values, found, expected, strict=True) if f != e][:3]


NAME = st.one_of(TEXT, st.text("abcDEF éÉöłŁßæØ'’-,.  \t", max_size=20))


@QUICK
@given(st.lists(NAME, **LISTS))
def test_names(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_name(x)", values, names.spaced)
    check(db, "ff_name_key(x)", values, names.key)
    check(db, "ff_typed_forenames(x)", values, lambda raw: names.normalise(raw).forenames)
    check(db, "ff_typed_surname(x)", values, lambda raw: names.normalise(raw).surname)


PLATE = st.one_of(
    TEXT, st.text("ABIQZ019 -", max_size=9), *(st.from_regex(p, fullmatch=True) for p in vrm.SERIES.values())
)


@QUICK
@given(st.lists(PLATE, **LISTS))
def test_plates(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_vrm(x)", values, vrm.clean)
    check(db, "ff_vrm_valid(ff_vrm(x))", values, lambda raw: vrm.normalise(raw).valid)


PHONE = st.one_of(
    TEXT, st.text("0123456789+ ()-", max_size=18), st.from_regex(r"(0|\+44|0044|44)7[0-9 ]{9,12}", fullmatch=True)
)


@QUICK
@given(st.lists(PHONE, **LISTS))
def test_telephones(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_phone(x)", values, lambda raw: phone.normalise(raw).value)
    check(db, "ff_phone_valid(ff_phone(x))", values, lambda raw: phone.normalise(raw).valid)


POSTCODE = st.one_of(TEXT, st.from_regex(r"[a-zA-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Za-z]{2}", fullmatch=True))


@QUICK
@given(st.lists(POSTCODE, **LISTS))
def test_postcodes(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_postcode(x)", values, lambda raw: postcode.normalise(raw).value or None)
    check(db, "ff_district(ff_postcode(x))", values, lambda raw: postcode.normalise(raw).district or None)


@st.composite
def identifier(draw: st.DrawFn) -> str:
    year, serial = draw(st.integers(0, 99)), draw(st.integers(1, 9_999_999))
    right = identifiers.check_letter(int(f"{year:02d}{serial:07d}"))
    letter = draw(st.sampled_from([right, right.lower(), draw(st.sampled_from("ABIOSZ"))]))
    shape = draw(
        st.sampled_from(
            ["{y:02d}/{s}{l}", "19{y:02d}/{s:07d}{l}", "{y:02d}{s:07d}{l}", "20{y:02d}/{s}{l}", "{y:02d}{s}{l}"]
        )
    )
    return shape.format(y=year, s=serial, l=letter)


@st.composite
def cro_number(draw: st.DrawFn) -> str:
    year, serial = draw(st.integers(0, 99)), draw(st.integers(0, 999_999))
    padded = identifiers.check_letter(int(f"{year:02d}{serial:06d}"))
    plain = identifiers.check_letter(int(f"{year:02d}{serial}"))
    letter = draw(st.sampled_from([padded, plain, "A"]))
    return draw(
        st.sampled_from(["{s}/{y:02d}{l}", "{s:06d}/{y:02d}{l}", "SF{y:02d}/{s}{l}", "sf{y:02d} / {s}{l}"])
    ).format(y=year, s=serial, l=letter)


@QUICK
@given(st.lists(st.one_of(identifier(), TEXT), **LISTS))
def test_pnc(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_pnc(x)", values, lambda raw: identifiers.pnc(raw, latest_year=LATEST.year).value or None)


@QUICK
@given(st.lists(st.one_of(cro_number(), TEXT), **LISTS))
def test_cro(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_cro(x)", values, lambda raw: identifiers.cro(raw).value or None)


@QUICK
@given(st.lists(st.one_of(st.from_regex(r"[A-Z]{2}[0-9]{6}[A-E]?", fullmatch=True), TEXT), **LISTS))
def test_nino(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_nino(x)", values, lambda raw: identifiers.nino(raw).value or None)


BIRTH = st.one_of(
    TEXT,
    st.dates(date(1890, 1, 1), date(2030, 1, 1)).map(lambda day: day.strftime("%d/%m/%Y")),
    st.dates(date(1890, 1, 1), date(2030, 1, 1)).map(lambda day: day.isoformat()),
    st.from_regex(r"[0-3?X][0-9?X]/[01?][0-9?]/[12][0-9]{3}", fullmatch=True),
    st.from_regex(r"[12][0-9]{3}(-[01?][0-9?](-[0-3?X][0-9?X])?)?", fullmatch=True),
    st.from_regex(r"([01][0-9]/)?[12][0-9]{3}", fullmatch=True),
    st.just(""),
)


def told_birth(found: dates.BirthDate) -> dict[str, Any]:
    return {"birth_on": found.value, "birth_quality": found.quality}


@QUICK
@given(st.lists(BIRTH, **LISTS))
def test_births(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_birth_uk(x)", values, lambda raw: told_birth(dates.uk_birth(raw, latest=LATEST)))
    check(db, "ff_birth_iso(x)", values, lambda raw: told_birth(dates.iso_birth(raw, latest=LATEST)))
    check(db, "ff_day_uk(x)", values, dates.uk_day)
    check(db, "ff_day_iso(x)", values, dates.iso_day)


# Many near the nights the clocks change, where mistakes are made.
MOMENTS = st.one_of(
    st.datetimes(dates.datetime(1890, 1, 1), dates.datetime(2099, 12, 31)),
    st.builds(
        dates.datetime,
        st.integers(1996, 2036),
        st.sampled_from([3, 10]),
        st.integers(24, 31),
        st.integers(0, 3),
        st.integers(0, 59),
    ),
)
ZONES = st.sampled_from(["Z", "+00:00", "+01:00", "-05:30", "+14:00"])
TIME = st.one_of(
    TEXT,
    st.just(""),
    MOMENTS.map(lambda t: t.strftime("%d/%m/%Y %H:%M:%S")),
    MOMENTS.map(lambda t: t.strftime("%d/%m/%Y %H:%M")),
    MOMENTS.map(lambda t: t.strftime("%d/%m/%Y %I:%M %p")),
    MOMENTS.map(lambda t: t.strftime("%d/%m/%Y %I:%M:%S%p").lower()),
    MOMENTS.map(lambda t: f"{t:%d/%m/%Y} {t.hour % 12 or 12}:{t:%M} PM"),
    MOMENTS.map(lambda t: t.strftime("%d/%m/%Y")),
    st.builds(lambda t, zone: t.replace(microsecond=0).isoformat() + zone, MOMENTS, ZONES),
    st.builds(lambda t, zone: t.isoformat() + zone, MOMENTS, ZONES),
    MOMENTS.map(lambda t: t.date().isoformat()),
    st.from_regex(r"[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}", fullmatch=True),
)


def told(found: dates.Moment) -> dict[str, Any]:
    return {"at": found.value, "on_day": found.on, "quality": found.quality}


@settings(QUICK, max_examples=150)
@given(st.lists(TIME, **LISTS))
def test_times(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_local_uk(x)", values, lambda raw: told(dates.local_time(raw)))
    check(db, "ff_zoned(x)", values, lambda raw: told(dates.zoned_time(raw)))


RTF = st.lists(
    st.sampled_from(
        [
            "{\\rtf1\\ansi",
            "{\\fonttbl{\\f0 Arial;}}",
            "\\f0\\fs20 ",
            "words ",
            "\\par ",
            "\\par\\n",
            "\\'e9",
            "\\'80",
            "\\'zz",
            "\\'8",
            "\\b0",
            "}",
            "{",
            "\\line",
            "{\\*\\generator x;}",
            "é",
            "\n",
            " ",
        ]
    ),
    max_size=12,
).map("".join)


@QUICK
@given(st.lists(st.one_of(RTF, RTF.map(lambda text: "{\\rtf1" + text), TEXT), **LISTS))
def test_rich_text(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_plain(x)", values, rich_text.plain)


@QUICK
@given(st.lists(st.one_of(TEXT, st.text("=+-@|!( 01a\t", max_size=8)), **LISTS))
def test_formulas(db: duckdb.DuckDBPyConnection, values: list[str]) -> None:
    check(db, "ff_formula_cell(x)", values, cells.is_formula)


@QUICK
@given(st.lists(st.tuples(st.integers(0, 700_000), st.integers(0, 1_300_000)), **LISTS))
def test_grid(db: duckdb.DuckDBPyConnection, values: list[tuple[int, int]]) -> None:
    rows = db.execute(
        "SELECT g.latitude, g.longitude FROM (SELECT ff_grid(e, n) AS g FROM "
        "(SELECT unnest($e::DOUBLE[]) AS e, unnest($n::DOUBLE[]) AS n))",
        {"e": [e for e, _ in values], "n": [n for _, n in values]},
    ).fetchall()
    for (easting, northing), (latitude, longitude) in zip(values, rows, strict=True):
        expected = grid.to_degrees(easting, northing)
        assert (latitude, longitude) == (
            pytest.approx(expected.latitude, abs=1e-9),
            pytest.approx(expected.longitude, abs=1e-9),
        )


def test_null_in_null_out(db: duckdb.DuckDBPyConnection) -> None:
    for macro in (
        "ff_name",
        "ff_name_key",
        "ff_vrm",
        "ff_phone",
        "ff_postcode",
        "ff_pnc",
        "ff_cro",
        "ff_nino",
        "ff_day_uk",
        "ff_plain",
    ):
        assert db.execute(f"SELECT {macro}(CAST(NULL AS VARCHAR))").fetchall() == [(None,)]
