"""Names, telephones, postcodes, narratives, cells and grid references."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.formats import cells, grid, names, phone, postcode, rich_text


@pytest.mark.parametrize(
    ("raw", "forenames", "surname", "key", "scheme"),
    [
        ("SMITH, John Paul", "John Paul", "SMITH", "JOHN PAUL SMITH", "comma"),
        ("john  paul smith", "john paul", "smith", "JOHN PAUL SMITH", "spoken"),
        ("O’Brien, José", "José", "O’Brien", "JOSE OBRIEN", "comma"),
        ("Llŷr ap Gwynedd-Jones", "Llŷr ap", "Gwynedd-Jones", "LLYR AP GWYNEDD JONES", "spoken"),
        ("Łukasz Strauß", "Łukasz", "Strauß", "LUKASZ STRAUSS", "spoken"),
        ("Cher", "", "Cher", "CHER", "single"),
        (" , ", "", "", "", "none"),
        ("", "", "", "", "none"),
    ],
)
def test_typed_names(raw: str, forenames: str, surname: str, key: str, scheme: str) -> None:
    found = names.normalise(raw)
    assert (found.forenames, found.surname, found.key, found.scheme) == (forenames, surname, key, scheme)
    assert found.raw == raw


@given(st.text())
def test_a_key_is_upper_ascii_with_single_spaces(raw: str) -> None:
    key = names.key(raw)
    assert key == " ".join(key.split())
    assert all(letter == " " or "A" <= letter <= "Z" for letter in key)


@given(st.text(alphabet="ABCdef éÖł'-"))
def test_a_key_of_a_key_is_itself(raw: str) -> None:
    assert names.key(names.key(raw)) == names.key(raw)


@pytest.mark.parametrize(
    ("raw", "value", "scheme"),
    [
        ("07700 900123", "+447700900123", "mobile"),
        ("+44 (0)7700 900123", "+447700900123", "mobile"),
        ("0044 7700 900123", "+447700900123", "mobile"),
        ("447700900123", "+447700900123", "mobile"),
        ("tel:07700.900-123", "+447700900123", "mobile"),
        ("(0161) 496 0000", "+441614960000", "landline"),
        ("07624 123456", "+447624123456", "mobile"),
        ("070 1234 5678", "+447012345678", "personal"),
        ("+353 86 123 4567", "+353861234567", "foreign"),
    ],
)
def test_telephones(raw: str, value: str, scheme: str) -> None:
    found = phone.normalise(raw)
    assert (found.value, found.scheme, found.valid, found.raw) == (value, scheme, True, raw)


@pytest.mark.parametrize("raw", ["", "withheld", "999", "101", "0770090012", "077009001234", "+44", "0000000000"])
def test_telephones_that_cannot_ring(raw: str) -> None:
    assert not phone.normalise(raw).valid


@given(st.from_regex(r"07[1-57-9][0-9]{8}", fullmatch=True))
def test_mobiles_agree_with_the_numbering_library(raw: str) -> None:
    peer = phonenumbers.format_number(phonenumbers.parse(raw, "GB"), phonenumbers.PhoneNumberFormat.E164)
    assert phone.normalise(raw).value == peer


@pytest.mark.parametrize(
    ("raw", "value", "district"),
    [
        ("m1 1ae", "M1 1AE", "M1"),
        ("CH41 5HS", "CH41 5HS", "CH41"),
        ("ec1a1bb", "EC1A 1BB", "EC1A"),
        ("GIR 0AA", "GIR 0AA", "GIR"),
    ],
)
def test_postcodes(raw: str, value: str, district: str) -> None:
    found = postcode.normalise(raw)
    assert (found.value, found.district, found.valid) == (value, district, True)


@pytest.mark.parametrize("raw", ["", "M1", "M1 1CC1", "Q1 1AA", "M1 1CI", "not one"])
def test_postcodes_refused(raw: str) -> None:
    assert not postcode.normalise(raw).valid


def test_rich_text() -> None:
    raw = r"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}\f0\fs20 Seen at the Caf\'e9 \b twice\b0.\par Left.}"
    assert rich_text.plain(raw) == "Seen at the Café twice.\nLeft."
    assert rich_text.plain("as it is {not rtf}") == "as it is {not rtf}"


@pytest.mark.parametrize("text", ["=1+1", "@SUM(1)", "+cmd|' /C calc'!A0", "-2+3+cmd|'/C'!A0", "\t=1", "\r=1"])
def test_formulas(text: str) -> None:
    assert cells.is_formula(text)
    assert cells.harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "+44 7700 900123", "-1.5", "-", "- a list", "1=1", "+44 (0)161 496 0000"])
def test_no_formulas(text: str) -> None:
    assert not cells.is_formula(text)
    assert cells.harmless(text) == text


def test_grid_worked_example() -> None:
    # Ordnance Survey's own example, Caister water tower: 52 39 28.72 N, 1 42 57.79 E on WGS 84.
    found = grid.to_degrees(651409.903, 313177.270)
    assert found.latitude == pytest.approx(52.657978, abs=5e-5)
    assert found.longitude == pytest.approx(1.716052, abs=5e-5)
    assert not grid.to_degrees(-1, 0).valid
