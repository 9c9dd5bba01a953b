"""Identifiers and their check letters: known good values, and what must be refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.formats import identifiers


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1979/0163001B", "1979/0163001B"),
        ("2003/1234567Q", "2003/1234567Q"),
        ("2026/0000045U", "2026/0000045U"),
        ("79/163001B", "1979/0163001B"),
        ("26/45U", "2026/0000045U"),
        ("20260000045u", "2026/0000045U"),
        (" 79 / 0163001 b ", "1979/0163001B"),
    ],
)
def test_pnc_golden(raw: str, value: str) -> None:
    found = identifiers.pnc(raw, latest_year=2026)
    assert (found.value, found.valid, found.raw) == (value, True, raw)


@pytest.mark.parametrize("raw", ["", "1979/0163001C", "1979/0163001I", "79163001B", "1979-0163001B", "１979/0163001B"])
def test_pnc_refused(raw: str) -> None:
    assert not identifiers.pnc(raw, latest_year=2026).valid
    assert identifiers.pnc(raw, latest_year=2026).value == ""


def test_a_two_digit_year_beyond_now_is_of_the_last_century() -> None:
    letter = identifiers.check_letter(270000045)
    assert identifiers.pnc(f"27/0000045{letter}", latest_year=2026).value.startswith("1927/")


@given(st.integers(1930, 2026), st.integers(1, 9_999_999), st.sampled_from(identifiers.CHECK_LETTERS))
def test_only_one_letter_of_23_is_right(year: int, serial: int, letter: str) -> None:
    right = identifiers.check_letter(int(f"{year % 100:02d}{serial:07d}"))
    found = identifiers.pnc(f"{year}/{serial:07d}{letter}", latest_year=2026)
    assert found.valid == (letter == right)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("265416/21G", "265416/21G"),
        ("85227/65E", "85227/65E"),
        ("SF05/482703J", "SF05/482703J"),
        ("085227/65l", "85227/65L"),
    ],
)
def test_cro_golden(raw: str, value: str) -> None:
    assert identifiers.cro(raw).value == value


@pytest.mark.parametrize("raw", ["", "265416/21H", "SF05/482703K", "1234567/21A", "265416-21G"])
def test_cro_refused(raw: str) -> None:
    assert not identifiers.cro(raw).valid


def test_asn() -> None:
    letter = identifiers.check_letter(int("05" + "01" + "26" + "00000000123"))
    assert identifiers.asn(f"26/05AB/01/123{letter}").value == f"26/05AB/01/00000000123{letter}"
    assert identifiers.asn(f"2605AB0100000000123{letter}").valid
    wrong = identifiers.CHECK_LETTERS[(identifiers.CHECK_LETTERS.index(letter) + 1) % 23]
    assert not identifiers.asn(f"26/05AB/01/123{wrong}").valid
    assert not identifiers.asn(f"26/05AB/X1/123{letter}").valid


@pytest.mark.parametrize(
    ("raw", "valid"),
    [
        ("AB123456C", True),
        ("ab 12 34 56 c", True),
        ("AB123456", True),
        ("QQ123456C", False),
        ("AO123456C", False),
        ("GB123456C", False),
        ("AB123456E", False),
        ("AB12345C", False),
        ("", False),
    ],
)
def test_nino(raw: str, valid: bool) -> None:
    assert identifiers.nino(raw).valid is valid


def test_urn_and_prison_numbers() -> None:
    assert identifiers.urn("05ab1234526").value == "05AB1234526"
    assert not identifiers.urn("05AB123452").valid
    assert identifiers.noms("a1234bc").scheme == "noms"
    assert identifiers.noms("X123456").scheme == "crn"
    assert not identifiers.noms("A123BC").valid
