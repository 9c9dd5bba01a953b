"""Every defect of real extracts is in every family that can have it, and stands where the truth says it stands."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from tests.simulation.conftest import World
from tests.simulation.reading import lines, plain, rows

EVERYWHERE = {
    "CODE_DRIFT", "DOB_DEFAULT", "DOB_INVALID", "DUPLICATE_NOMINAL", "FORMULA_CELL", "INVALID_NINO", "INVALID_PLATE",
    "INVALID_PNC", "MISSING_POSTCODE", "MIXED_CASE", "NAMES_SWAPPED", "OVERSIZE_FIELD", "PLATE_WITH_SPACES",
    "PROTECTED_FIELD_NULL", "TOO_MANY_FIELDS", "TRUNCATED_NARRATIVE", "TRUNCATED_ROW", "TWO_FORCES_COPY",
    "UNDECODABLE_BYTE", "UTC_V_LOCAL",
}  # fmt: skip
NOMINALS = {"DELETED_BUT_LINKED"}  # there is nothing to delete where a person is typed again in every row
ONLY = {
    "niche_tri": EVERYWHERE | NOMINALS | {"TOMBSTONE"},
    "connect_lancashire": EVERYWHERE | NOMINALS,
    "policeworks_gmp": (EVERYWHERE | {"TWELVE_HOUR_TIME"}) - {"INVALID_NINO"},  # holds no National Insurance number
    "mark43_cumbria": EVERYWHERE | NOMINALS,
}


@pytest.mark.parametrize("source", ONLY)
def test_every_defect_is_there(world: World, source: str) -> None:
    found = {code for (code,) in world.ask(f"select distinct code from {{defects}} where source = '{source}'")}

    assert ONLY[source] <= found


def places(world: World, source: str, code: str) -> list[tuple[str, int, str]]:
    day = world.delivery(source).name
    return world.ask(  # type: ignore[return-value]
        f"select file, line, record_key from {{defects}} where source = '{source}' and code = '{code}' "
        f"and delivered_on = '{day}'"
    )


NICHE_SHOWS: dict[str, Callable[[dict[str, str]], bool]] = {
    "DOB_DEFAULT": lambda row: row["DateOfBirth"].startswith("01/01/"),
    "DOB_INVALID": lambda row: row["DateOfBirth"].startswith("31/02/"),
    "DOB_MISSING": lambda row: row["DateOfBirth"] == "",
    "PROTECTED_FIELD_NULL": lambda row: row["EthnicityCode"] == "",
    "MISSING_POSTCODE": lambda row: row["Postcode"] == "",
    "PLATE_WITH_SPACES": lambda row: " " in row["Registration"],
    "TOMBSTONE": lambda row: row["MergedIntoId"] != "",
    "DELETED_BUT_LINKED": lambda row: row["Deleted"] == "Y",
    "OVERSIZE_FIELD": lambda row: len(row["Narrative"]) > 32_767,
    "FORMULA_CELL": lambda row: row["Narrative"].startswith("="),
    "INVALID_NINO": lambda row: row["NINO"].startswith("QQ"),
}


@pytest.mark.parametrize("code", NICHE_SHOWS)
def test_niche_defects_stand_on_their_line(world: World, code: str) -> None:
    found = places(world, "niche_tri", code)
    assert found
    for file, line, key in found:
        row = dict(rows(world.delivery("niche_tri") / file, "cp1252"))[line]
        assert row["Id"] == key
        assert NICHE_SHOWS[code](row), (code, row)


GMP_SHOWS: dict[str, Callable[[dict[str, str]], bool]] = {
    "PROTECTED_FIELD_NULL": lambda row: row["Sex"] == "",
    "MISSING_POSTCODE": lambda row: re.search(r" [A-Z]{1,2}[0-9]{1,2} [0-9][A-Z]{2}$", row["PersonAddress"]) is None,
    "DOB_DEFAULT": lambda row: row["DOB"].startswith("01/01/"),
    "DOB_INVALID": lambda row: row["DOB"].startswith("31/02/"),
    "PLATE_WITH_SPACES": lambda row: " " in row["VRM"],
    "TRUNCATED_NARRATIVE": lambda row: len(row["Notes"]) == 100,
    "CODE_DRIFT": lambda row: row["HOClass"] in {"92A/30", "049/10", "8/01", "28A", "999/99"},
}


@pytest.mark.parametrize("code", GMP_SHOWS)
def test_greater_manchester_defects_stand_on_their_line(world: World, code: str) -> None:
    crimes = dict(rows(world.delivery("policeworks_gmp") / "crimes.csv", "latin-1"))
    shown = [line for file, line, _ in places(world, "policeworks_gmp", code) if file == "crimes.csv"]
    assert shown
    assert all(GMP_SHOWS[code](crimes[line]) for line in shown)


def test_damaged_rows_stand_on_their_line(world: World) -> None:
    for source, encoding in (("niche_tri", "cp1252"), ("policeworks_gmp", "latin-1"), ("mark43_cumbria", "utf-8")):
        for code in ("TRUNCATED_ROW", "TOO_MANY_FIELDS", "UNDECODABLE_BYTE"):
            ((file, line, key),) = places(world, source, code)
            content = (world.delivery(source) / file).read_bytes().split(b"\n")
            assert key.encode() in content[line - 1]
            if code == "UNDECODABLE_BYTE":
                assert re.search(rb"[\x80-\x9f\xff]", content[line - 1])
            elif encoding != "utf-8":
                fields, expected = content[line - 1].count(b","), content[0].count(b",")
                assert (fields < expected) == (code == "TRUNCATED_ROW")
                assert fields != expected


def test_connect_defects_stand_on_their_element(world: World) -> None:
    root = ElementTree.parse(world.delivery("connect_lancashire") / "extract.xml").getroot()
    shows = {
        "DOB_DEFAULT": lambda e: (e.findtext("DateOfBirth") or "").endswith("-01-01"),
        "TRUNCATED_ROW": lambda e: len(e) == 0,
        "TOO_MANY_FIELDS": lambda e: e.find("Column19") is not None,
        "UNDECODABLE_BYTE": lambda e: "\ufffd" in (e.findtext("Text") or ""),
        "OVERSIZE_FIELD": lambda e: len(e.findtext("Text") or "") > 32_767,
    }
    for code, shown in shows.items():
        found = places(world, "connect_lancashire", code)
        assert found
        for file, place, key in found:
            section = root.find(file.split("/")[1])
            assert section is not None
            element = section[place - 1]
            assert key in {element.get("ref"), element.get("urn")}
            assert shown(element), code


def test_a_crime_two_forces_hold_is_one_true_event(world: World) -> None:
    copied = world.ask(
        "select true_event, count(*), count(distinct source) from {events} where kind = 'CRIME' "
        "group by all having count(*) > 1"
    )

    assert copied
    assert any(sources > 1 for _, _, sources in copied)


def test_times_are_local_but_where_the_truth_says_otherwise(world: World) -> None:
    """A crime two systems hold has one true start; Niche writes it on a British clock, Mark43 in UTC."""
    pairs = world.ask(
        "select n.record_key, m.record_key from {events} n join {events} m using (true_event) "
        "where n.source = 'policeworks_gmp' and m.source = 'niche_tri' and n.kind = 'CRIME'"
    )
    wrong = {key.split("/")[1] for _, _, key in places(world, "policeworks_gmp", "UTC_V_LOCAL") if "/" in key}
    wrong |= {key for _, _, key in places(world, "niche_tri", "UTC_V_LOCAL")}
    gmp: dict[str, str] = {}
    niche: dict[str, str] = {}
    for turn in range(3):
        gmp |= {
            row["CrimeNo"]: row["DateFrom"]
            for _, row in rows(world.delivery("policeworks_gmp", turn) / "crimes.csv", "latin-1")
        }
        niche |= {
            row["Id"]: row["OccurredFrom"]
            for _, row in rows(world.delivery("niche_tri", turn) / "occurrence.csv", "cp1252")
        }
    compared = 0
    for crime, occurrence in pairs:
        if crime in wrong or occurrence in wrong:
            continue
        day, time = niche[occurrence].split(" ")
        hour = int(time[:2])
        shown = f"{day} {(hour + 11) % 12 + 1:02d}:{time[3:5]} {'AM' if hour < 12 else 'PM'}"
        assert gmp[crime] == shown
        compared += 1
    assert compared


def test_narratives_of_niche_are_rich_text(world: World) -> None:
    written = [row["Narrative"] for _, row in rows(world.delivery("niche_tri") / "occurrence.csv", "cp1252")]
    rich = [text for text in written if text.startswith(r"{\rtf1")]

    assert len(rich) >= len(written) - 2
    assert all(plain(text) for text in rich)


def test_mark43_deletes_people_who_are_still_linked(world: World) -> None:
    folder = world.delivery("mark43_cumbria")
    deleted = {person["id"] for _, person in lines(folder / "persons.jsonl") if person["is_deleted"]}
    linked = {link["from_id"] for _, link in lines(folder / "associations.jsonl") if link["from_type"] == "person"}

    assert deleted & linked
