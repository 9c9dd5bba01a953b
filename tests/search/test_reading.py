from datetime import date

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
        ("smith 1990", {"name": "SMITH", "born_in": 1990}),
        ("smith 2090", {"born_in": None}),
        ("john smith L1 1AA", {"name": "JOHN SMITH", "postcode": "L1 1AA", "district": "L1"}),
        ("l11aa", {"postcode": "L1 1AA"}),
        ("john smith m9", {"name": "JOHN SMITH", "district": "M9"}),
        ("john smith bolton", {"name": "JOHN SMITH BOLTON"}),
        ("ab12 cde", {"plates": ("AB12CDE",), "name": "", "postcode": ""}),
        ("AB12", {"plates": ("AB12",)}),
        ("07700 900123", {"phone": "+447700900123", "name": ""}),
        ("+44 (0)7700 900123", {"phone": "+447700900123"}),
        ("0161 496 0123", {"phone": "+441614960123"}),
        ("2003/1234567Q", {"pnc": "2003/1234567Q", "born_in": None, "plates": ()}),
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
