"""Plates against the test vectors of cuvva/vrm, and against the series of marks by age."""

import csv
import re
from pathlib import Path

import pytest

from fourfold.formats import vrm

VECTORS = list(csv.DictReader((Path(__file__).parents[1] / "data/vrm/uk_vrm_test_vectors.csv").open(encoding="utf-8")))
# The series the vectors name, as ours.
SCHEMES = {
    "diplomatic": ("diplomatic",),
    "gb1903": ("gb1903", "gb1903_reversed"),
    "gb1932": ("gb1932", "gb1932_reversed"),
    "gb1963": ("gb1963",),
    "gb1983": ("gb1983",),
    "gb2001": ("gb2001",),
    "military": ("military", "military_reversed"),
    "ni1903": ("ni1903", "ni1903_reversed"),
    "ni1966": ("ni1966",),
}
# Field of the vector's structure -> part of ours.
PARTS = {
    "Area": "area",
    "Serial": "serial",
    "Sequence": "sequence",
    "AgeID": "age",
    "Type": "type",
    "Entity": "entity",
}


def fields_of(text: str) -> dict[str, str]:
    """`{Area: "LB", FirstHalf: true, Year: 2007}` as a mapping of texts."""
    return {name: value.strip("\"'") for name, value in re.findall(r"(\w+): (\"[^\"]*\"|'[^']*'|\w+)", text)}


def check_parts(mark: vrm.Mark, expected: str) -> None:
    for name, value in fields_of(expected).items():
        if name == "Reversed":
            assert mark.scheme.endswith("_reversed") == (value == "true")
        elif name == "Year":
            assert mark.first_registered is not None
            assert mark.first_registered[0] == int(value)
        elif name == "FirstHalf":
            assert mark.first_registered is not None
            assert mark.first_registered[1] == (value == "true")
        else:
            assert mark.parts[PARTS[name]] == value


def values_of(text: str) -> list[str]:
    """The values of an unnamed structure such as `&GB2001{"LB", true, 2007, "SEO"}`."""
    inner = re.search(r"&\w+\{(.*?)\}", text.replace("[]string{", "").replace("}}", "}"))
    assert inner is not None
    return [value.strip(" \"'") for value in inner[1].split(",")]


def check_values(mark: vrm.Mark, expected: str) -> None:
    """Every text of the expected structure is a part of the mark, in the order of the plate."""
    texts = [value for value in values_of(expected) if value not in {"true", "false"}]
    if mark.scheme == "gb2001":
        assert mark.first_registered is not None
        assert texts == [mark.parts["area"], str(mark.first_registered[0]), mark.parts["serial"]]
    elif mark.scheme == "diplomatic":  # the one structure whose order is not that of the plate
        assert texts == [mark.parts["type"], mark.parts["entity"], mark.parts["serial"]]
    else:
        assert texts == list(mark.parts.values())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['scheme_file']}-{v['test']}-{v['case']}")
def test_vector(vector: dict[str, str]) -> None:
    test, case, given, expected = (vector[name] for name in ("test", "case", "input", "expected_as_in_source"))
    if test.startswith("TestParse"):
        mark = vrm.parse(given, *SCHEMES[vector["scheme_file"]])
        if expected == "nil":
            assert mark is None
        else:
            assert mark is not None
            if "[]string" in expected:
                assert values_of(expected) == list(mark.parts.values())
            else:
                check_parts(mark, expected)
    elif test == "TestCoerce":
        only = SCHEMES["gb2001"] if "ParseGB2001" in expected else ()
        marks = vrm.readings(given, *only)
        found = expected.split(", ", 1)[1]
        if found == "nil":
            assert marks == []
        else:
            assert len(marks) == 1
            check_values(marks[0], found)
    elif test == "TestInfo":
        shown, parsers, found = re.fullmatch(r'"([^"]*)", (\S+), (.*)', expected).groups()  # type: ignore[union-attr]
        mark = vrm.parse(given, *(SCHEMES["gb2001"] if "ParseGB2001" in parsers else ()))
        if found == "nil":
            assert mark is None
            if parsers != "nil":  # not of the asked series, yet shown as the plate it is
                assert vrm.normalise(given).display == shown
        else:
            assert mark is not None
            assert mark.display == shown
            check_values(mark, found)
    elif test == "TestValidVRM":
        assert vrm.is_plate_text(given) == (expected == "true")
    elif test == "TestNormaliseVRM":
        assert vrm.normalise(given).value == expected.strip('"')
    elif test == "TestCombinations":
        # The columns of these four cases were shifted when the vectors were taken over: the input is in `expected`.
        text = re.match(r'"([^"]*)"', expected)
        assert text is not None
        listed = re.search(r"\[\]string(?:\{(.*)\}|\(nil\))", expected)
        assert listed is not None
        wanted = re.findall(r'"([^"]*)"', listed[1] or "")
        assert vrm.combinations(text[1], prefix="Foo" if case == "Prefix" else "") == wanted
    else:
        pytest.fail(f"no reading for {test}")


def test_every_vector_is_read() -> None:
    assert len(VECTORS) == 111


@pytest.mark.parametrize(
    ("raw", "value", "scheme"),
    [
        (" ab12 cde ", "AB12CDE", "gb2001"),
        ("a 123 bcd", "A123BCD", "gb1983"),
        ("Q123 ABC", "Q123ABC", "q1983"),
        ("123 D 456", "123D456", "diplomatic"),
        ("12345", "12345", "trade"),
        ("AZ 1000", "AZ1000", "ni1903"),
    ],
)
def test_delivered_spellings(raw: str, value: str, scheme: str) -> None:
    plate = vrm.normalise(raw)
    assert (plate.raw, plate.value, plate.valid, plate.scheme) == (raw, value, True, scheme)


@pytest.mark.parametrize("raw", ["", "AB12CDEF", "I1", "LB01SEO", "QQ12ABC", "not a plate"])
def test_what_fits_no_series_is_kept_and_marked(raw: str) -> None:
    plate = vrm.normalise(raw)
    assert not plate.valid
    assert plate.scheme == ""
    assert plate.raw == raw
