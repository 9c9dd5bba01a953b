from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.search import rules

TODAY = date(2026, 11, 22)


def read(text):
    return rules.read(text, today=TODAY)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("john smith", {"name": "JOHN SMITH"}),
        ("Seán O’Brien", {"name": "SEAN OBRIEN"}),
        ("SMITH, John", {"name": "SMITH JOHN"}),
        ("john smith 27/3/1990", {"name": "JOHN SMITH", "born": date(1990, 3, 27)}),
        ("27.03.1990", {"name": "", "born": date(1990, 3, 27)}),
        ("1990-03-27 smith", {"name": "SMITH", "born": date(1990, 3, 27)}),
        ("smith 1990", {"name": "SMITH", "born": None}),
        ("smith 2090", {"name": "", "born_within": None}),
        ("john smith L1 1AA", {"name": "JOHN SMITH", "postcode": "L1 1AA", "district": "L1"}),
        ("l11aa", {"postcode": "L1 1AA"}),
        ("john smith m9", {"name": "JOHN SMITH", "district": "M9"}),
        ("john smith bolton", {"name": "JOHN SMITH BOLTON"}),
        ("ab12 cde", {"plates": ("AB12CDE",), "name": "", "postcode": ""}),
        ("AB12", {"plates": ("AB12",)}),
        ("07700 900123", {"phone": "+447700900123", "name": ""}),
        ("+44 (0)7700 900123", {"phone": "+447700900123"}),
        ("0161 496 0123", {"phone": "+441614960123"}),
        ("2003/1234567Q", {"pnc": "2003/1234567Q", "born_within": None, "plates": ()}),
        ("85227/65E", {"cro": "85227/65E"}),
        ("P-0000123", {"person_id": 123, "plates": ()}),
        ("p123", {"person_id": 123}),
        ("05/1234/23", {"reference": "05123423", "name": ""}),
        ("EM1234567", {"reference": "EM1234567"}),
    ],
)
def test_a_text_is_read_as_what_it_can_be(typed, expected):
    query = read(typed)
    assert not query.refusal
    assert {name: getattr(query, name) for name in expected} == expected


def days(year, month, day, *until):
    return (date(year, month, day), date(*until))


@pytest.mark.parametrize(
    ("typed", "first_and_last"),
    [
        ("smith 1990", days(1990, 1, 1, 1990, 12, 31)),
        ("smith born 1988-1992", days(1988, 1, 1, 1992, 12, 31)),
        ("smith 1988 to 1992", days(1988, 1, 1, 1992, 12, 31)),
        ("smith born between 1988 and 1992", days(1988, 1, 1, 1992, 12, 31)),
        ("1988-1992", days(1988, 1, 1, 1992, 12, 31)),
        ("27/03/1990..30/06/1990 smith", days(1990, 3, 27, 1990, 6, 30)),
        ("27/03/1990 to 30/06/1990", days(1990, 3, 27, 1990, 6, 30)),
        ("1990-03-27..1990-06-30", days(1990, 3, 27, 1990, 6, 30)),
        ("smith March 1990", days(1990, 3, 1, 1990, 3, 31)),
        ("smith dec 1990", days(1990, 12, 1, 1990, 12, 31)),
        ("smith Jan 1990 to Feb 1992", days(1990, 1, 1, 1992, 2, 29)),
        ("smith 03/1990", days(1990, 3, 1, 1990, 3, 31)),
        ("smith aged 20-25", days(2000, 11, 23, 2006, 11, 22)),
        ("aged 20 to 25", days(2000, 11, 23, 2006, 11, 22)),
        ("age 20", days(2005, 11, 23, 2006, 11, 22)),
        ("smith born 1990 BL1", days(1990, 1, 1, 1990, 12, 31)),
    ],
)
def test_days_of_birth_are_read_from_the_first_to_the_last(typed, first_and_last):
    query = read(typed)
    assert (query.born_within.first, query.born_within.last) == first_and_last
    assert query.born is None
    assert query.name in {"SMITH", ""}


@given(
    st.dates(date(1900, 1, 1), TODAY), st.dates(date(1900, 1, 1), TODAY), st.sampled_from(["..", " to ", " - ", "-"])
)
def test_two_dates_in_any_order_are_days_from_the_earlier_to_the_later(one, other, between):
    query = read(f"smith {one:%d/%m/%Y}{between}{other:%d/%m/%Y}")
    assert (query.born_within.first, query.born_within.last) == (min(one, other), max(one, other))
    assert query.name == "SMITH"
    assert bool(query.remark) == (one > other)


@given(st.integers(0, 110), st.integers(0, 110))
def test_an_age_holds_whoever_is_that_old_today_and_nobody_else(one, other):
    youngest, oldest = sorted((one, other))
    span = read(f"smith aged {one}-{other}").born_within

    def age(born):
        return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))

    assert (age(span.first), age(span.last)) == (oldest, youngest)
    assert age(span.first - timedelta(days=1)) == oldest + 1
    assert age(span.last + timedelta(days=1)) in {youngest - 1, youngest}
    assert span.holds(span.first)


@pytest.mark.parametrize(
    ("typed", "remark"),
    [
        ("smith 31/02/1990 to 01/03/1990", "not a day of the calendar"),
        ("smith 1990 to 2030", "cannot be a date of birth"),
        ("smith 1850-1860 born", ""),
        ("smith aged 200", "Nobody is 200 years old"),
        ("smith 1992 to 1988", "turned round"),
    ],
)
def test_dates_that_cannot_be_are_said(typed, remark):
    assert remark in read(typed).remark


@pytest.mark.parametrize(
    ("typed", "pattern"),
    [
        ("AB1? C*", "AB1_C%"),
        ("ab1?cde", "AB1_CDE"),
        ("*CDE", "%CDE"),
        ("AB1*", "AB1%"),
        ("??12 CDE", "__12CDE"),
        ("AB**E1", "AB%E1"),
    ],
)
def test_a_plate_may_have_signs_that_nobody_knows(typed, pattern):
    assert read(typed).plate_pattern == pattern


@pytest.mark.parametrize("typed", ["A?B?C?1", "?1?2?", "1??2"])
def test_a_plate_of_which_too_little_is_known_gets_a_sentence(typed):
    assert "three signs of the plate side by side" in read(typed).refusal


def test_a_name_with_a_star_is_a_name():
    assert read("smi* jon").name == "SMI JON"


@pytest.mark.parametrize(
    ("typed", "ending"), [("900123", "900123"), ("0123 456", "0123456"), ("12345", ""), ("1988-1992", "")]
)
def test_the_last_digits_of_a_phone(typed, ending):
    assert read(typed).phone_ending == ending


@pytest.mark.parametrize(
    ("typed", "address", "district"),
    [
        ("14 mill lane bolton", "14 MILL LANE BOLTON", ""),
        ("mill lane BL1", "MILL LANE", "BL1"),
        ("flat 2, 14 St Mary's Rd", "FLAT 2 14 ST MARYS RD", ""),
        ("14a high street", "14A HIGH STREET", ""),
        ("john smith", "", ""),
        ("05/1234/23", "", ""),
    ],
)
def test_an_address_is_read_as_one(typed, address, district):
    query = read(typed)
    assert (query.address, query.district) == (address, district)


@pytest.mark.parametrize("typed", ["", "   ", "\n\t", "a", "?", "…", "x" * 201])
def test_what_cannot_be_looked_for_gets_a_sentence(typed):
    query = read(typed)
    assert query.refusal.endswith(".")


def test_a_day_that_never_was_is_left_out_and_said():
    query = read("john smith 31/02/1990")
    assert query.born is None
    assert query.name == "JOHN SMITH"
    assert "not a day of the calendar" in query.remark


def test_a_day_to_come_cannot_be_a_birth():
    assert "cannot be a date of birth" in read("smith 01/01/2030").remark


def test_a_plate_with_a_letter_for_a_digit_is_also_read_as_it_must_be():
    assert read("AB2I CDE").plates == ("AB2ICDE", "AB21CDE")


def test_day_and_month_change_places_only_where_both_are_days():
    assert rules.swapped(date(1990, 3, 4)) == date(1990, 4, 3)
    assert rules.swapped(date(1990, 3, 27)) is None
    assert rules.swapped(date(1990, 3, 3)) is None


@given(st.text(max_size=250))
def test_any_text_is_read_or_refused(typed):
    query = read(typed)
    assert query.refusal or query.text
