"""Small Niche deliveries made by hand: each rule that a row of a relational source can break."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from tests.pipeline.canonical.conftest import Made, context_of, made

from fourfold.pipeline import canonical, landing
from fourfold.pipeline.canonical.family import Correction
from fourfold.pipeline.canonical.sources import FAMILIES

LAYOUTS = {layout.table: layout for layout in FAMILIES["niche"].layouts}
CODES = [
    {"CodeTable": "OFFENCE", "Code": "8/6", "Description": "Assault occasioning actual bodily harm"},
    {"CodeTable": "STATUS", "Code": "1", "Description": "Charged or summonsed"},
    {"CodeTable": "OCCTYPE", "Code": "CR", "Description": "Crime"},
    {"CodeTable": "COLOUR", "Code": "BLU", "Description": "Blue"},
]
PERSON = {
    "Id": "1",
    "OwningAgency": "05",
    "Surname": "Example",
    "Forename1": "Ann",
    "SexCode": "F",
    "DateOfBirth": "12/09/1993",
    "CreatedTime": "01/06/2024 10:00:00",
}
CRIME = {
    "Id": "1",
    "OwningAgency": "05",
    "OccurrenceNumber": "05/1/24",
    "TypeCode": "CR",
    "OffenceCode": "8/6",
    "StatusCode": "1",
    "ReportedTime": "01/06/2024 12:00:00",
    "OccurredFrom": "01/06/2024 10:00:00",
    "AddressId": "1",
}
ADDRESS = {
    "Id": "1",
    "OwningAgency": "05",
    "HouseNumber": "1",
    "Street": "High Street",
    "Town": "Liverpool",
    "Postcode": "l1 1aa",
    "Easting": "334000",
    "Northing": "390000",
}
REPORT = {
    "Id": "1",
    "OwningAgency": "05",
    "Urn": "I1",
    "ReportedTime": "01/06/2024 12:00:00",
    "SourceEvaluation": "1",
    "IntelligenceAssessment": "A",
    "Handling": "P",
    "Text": "Seen.",
}
VEHICLE = {"Id": "1", "OwningAgency": "05", "Registration": "ab12 cde", "Make": "Ford", "ColourCode": "BLU"}
PHONE = {"Id": "1", "OwningAgency": "05", "Number": "07700 900123", "TypeCode": "MOB"}
LINK = {
    "Id": "1",
    "OwningAgency": "05",
    "FromTable": "person",
    "FromId": "1",
    "ToTable": "occurrence",
    "ToId": "1",
    "RoleCode": "SUSP",
}


def at(*parts: int) -> datetime:
    """A moment as the contract has it: UTC, without zone."""
    return datetime(*parts)  # type: ignore[arg-type]


Rows = Mapping[str, Sequence[Mapping[str, str]]]


def delivery(folder: Path, rows: Rows) -> Path:
    """A delivery without manifest; tables not named are empty but for their header."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, layout in LAYOUTS.items():
        given = rows.get(table, CODES if table == "codes" else ())
        if not (given or layout.required):
            continue
        lines = [",".join(f'"{name}"' for name in layout.columns)]
        for row in given:
            assert set(row) <= set(layout.columns)
            lines.append(",".join('"' + row.get(name, "").replace('"', '""') + '"' for name in layout.columns))
        (folder / layout.file).write_bytes(("\r\n".join(lines) + "\r\n").encode("windows-1252"))
    return folder


def batch(
    folder: Path,
    *,
    corrections: Sequence[Correction] = (),
    known: tuple[Path, ...] = (),
    **rows: Sequence[Mapping[str, str]],
) -> Made:
    return made("niche_tri", delivery(folder / "delivery", rows), folder, corrections=corrections, known=known)


def rules(of: Made, table: str) -> list[tuple[str, str, int, str | None]]:
    return sorted((r["rule_code"], r["source_file"], r["source_line"], r["column_name"]) for r in of.rows(table))


def test_a_person_with_all_that_is_known(tmp_path: Path) -> None:
    person = {
        **PERSON,
        "Surname": "O’Brien ",
        "Forename2": "José",
        "PNCID": "79/163001B",
        "CRONumber": "265416/21G",
        "NINO": "ab 12 34 56 c",
        "EthnicityCode": "W1",
        "HomeAddressId": "1",
        "EffectiveFrom": "01/12/2024 09:00:00",
    }
    alias = {"Id": "1", "PersonId": "1", "Surname": "Smith", "Forename1": "Annie", "DateOfBirth": "12/09/1994"}
    found = batch(tmp_path, person=[person], person_alias=[alias], address=[ADDRESS]).one("person", "true")
    expected = {
        "record_key": "1",
        "owning_force": "merseyside",
        "audience": "REGION",
        "compartment": None,
        "source_file": "person.csv",
        "source_line": 2,
        "forenames": "Ann José",
        "surname": "O’Brien",
        "full_name": "Ann José O’Brien",
        "name_key": "ANN JOSE OBRIEN",
        "sex": "F",
        "birth_on": date(1993, 9, 12),
        "birth_quality": "exact",
        "pnc_id": "1979/0163001B",
        "cro": "265416/21G",
        "nino": "AB123456C",
        "ethnicity_code": "W1",
        "address_line": "1 High Street, Liverpool",
        "postcode": "L1 1AA",
        "created_at": at(2024, 6, 1, 9),
        "updated_at": at(2024, 12, 1, 9),
    }
    assert {name: found[name] for name in expected} == expected
    assert json.loads(found["aliases"]) == [{"forenames": "Annie", "surname": "Smith", "birth_on": "1994-09-12"}]
    assert json.loads(found["raw"])["Surname"] == "O’Brien "


SET_ASIDE = [
    ({"Id": ""}, "Q-KEY-01", "Id"),
    ({"OwningAgency": "99"}, "Q-FORCE-01", "OwningAgency"),
    ({"OwningAgency": ""}, "Q-FORCE-01", "OwningAgency"),
    ({"Restricted": "NOBODY"}, "Q-RESTRICT-01", "Restricted"),
    ({"Surname": "", "Forename1": " "}, "Q-NAME-01", "Surname"),
]


def each_with(row: Mapping[str, str], changes: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The row once for each change, with keys of their own; the first stands at line 2."""
    return [{**row, "Id": str(number), **change} for number, change in enumerate(changes, 2)]


def test_people_set_aside(tmp_path: Path) -> None:
    found = batch(tmp_path, person=each_with(PERSON, [change for change, _, _ in SET_ASIDE]))
    expected = sorted((rule, "person.csv", line, column) for line, (_, rule, column) in enumerate(SET_ASIDE, 2))
    assert rules(found, "quarantine") == expected
    assert found.rows("person") == []
    for line, (change, rule, _) in enumerate(SET_ASIDE, 2):
        row = found.one("quarantine", f"source_line = {line}")
        assert json.loads(row["row_json"])["Surname"] == change.get("Surname", "Example")
        if rule in {"Q-FORCE-01", "Q-RESTRICT-01"}:
            assert (row["audience"], row["compartment"]) == ("OWN", None)
        assert row["owning_force"] == ("north_wales" if rule == "Q-FORCE-01" else "merseyside")


PEOPLE_WARNED = [
    ({"DateOfBirth": "31/02/1998"}, "Q-DATE-02", "DateOfBirth", {"birth_on": None, "birth_quality": "invalid"}),
    (
        {"DateOfBirth": "01/01/1998"},
        "Q-DATE-03",
        "DateOfBirth",
        {"birth_on": date(1998, 1, 1), "birth_quality": "default"},
    ),
    ({"DateOfBirth": "00/00/1998"}, "Q-DATE-04", "DateOfBirth", {"birth_on": None, "birth_quality": "partial"}),
    ({"CreatedTime": "soon"}, "Q-DATE-05", "CreatedTime", {"created_at": None}),
    ({"PNCID": "79/163001C"}, "Q-ID-01", "PNCID", {"pnc_id": None}),
    ({"CRONumber": "1/21A"}, "Q-ID-01", "CRONumber", {"cro": None}),
    ({"NINO": "QQ123456C"}, "Q-ID-01", "NINO", {"nino": None}),
    ({"SexCode": "X"}, "Q-CODE-04", "SexCode", {"sex": "U"}),
    ({"HomeAddressId": "77"}, "Q-LINK-02", "HomeAddressId", {"address_line": None}),
    ({"Surname": '=HYPERLINK("http://x")'}, "Q-TEXT-01", "Surname", {"surname": '=HYPERLINK("http://x")'}),
]


def check_warned(
    found: Made, cases: list[tuple[dict[str, str], str, str, dict[str, object]]], file: str, table: str
) -> None:
    expected = sorted((rule, file, line, column) for line, (_, rule, column, _) in enumerate(cases, 2))
    assert [rule for rule in rules(found, "warning") if rule[1] == file] == expected
    for line, (change, _, column, published) in enumerate(cases, 2):
        row = found.one(table, f"source_line = {line} AND source_file = '{file}'")
        assert {name: row[name] for name in published} == published
        assert (found.one("warning", f"source_line = {line} AND source_file = '{file}'")["value"] or "") == change[
            column
        ]


def test_people_published_with_a_warning(tmp_path: Path) -> None:
    found = batch(tmp_path, person=each_with(PERSON, [change for change, *_ in PEOPLE_WARNED]))
    check_warned(found, PEOPLE_WARNED, "person.csv", "person")


def test_the_second_row_of_a_key_is_set_aside(tmp_path: Path) -> None:
    found = batch(tmp_path, person=[PERSON, {**PERSON, "Id": "2"}, {**PERSON, "Forename1": "Other"}])
    assert rules(found, "quarantine") == [("Q-KEY-02", "person.csv", 4, "Id")]
    assert [(row["record_key"], row["forenames"]) for row in found.rows("person")] == [("1", "Ann"), ("2", "Ann")]


def test_restrictions(tmp_path: Path) -> None:
    """A link says that its ends exist: it takes the restriction of either."""
    crimes = each_with(CRIME, [{}, {"Restricted": "F"}, {"Restricted": "NWC01"}])
    links = [{**LINK, "Id": crime["Id"], "ToId": crime["Id"]} for crime in crimes]
    found = batch(tmp_path, person=[PERSON], occurrence=crimes, address=[ADDRESS], involvement=links)
    for table in ("event", "link"):
        rows = sorted(found.rows(table), key=lambda row: row["source_line"])
        assert [(row["audience"], row["compartment"]) for row in rows] == [
            ("REGION", None),
            ("OWN", None),
            ("REGION", "NWC01"),
        ]
    assert found.one("person", "true")["audience"] == "REGION"


def test_a_link_between_two_compartments_is_set_aside(tmp_path: Path) -> None:
    found = batch(
        tmp_path,
        person=[{**PERSON, "Restricted": "NWC02"}],
        occurrence=[{**CRIME, "Restricted": "NWC01"}],
        address=[ADDRESS],
        involvement=[LINK],
    )
    assert rules(found, "quarantine") == [("Q-LINK-09", "involvement.csv", 2, None)]


def test_a_crime(tmp_path: Path) -> None:
    narrative = r"{\rtf1\ansi Seen at the Caf\'e9.\par}"
    found = batch(tmp_path, occurrence=[{**CRIME, "Narrative": narrative}], address=[ADDRESS]).one("event", "true")
    expected = {
        "record_key": "occurrence/1",
        "kind": "CRIME",
        "reference": "05/1/24",
        "title": "Assault occasioning actual bodily harm",
        "category": "8/6",
        "category_name": "Assault occasioning actual bodily harm",
        "happened_at": at(2024, 6, 1, 9),
        "happened_on": date(2024, 6, 1),
        "happened_to": None,
        "time_precision": "minute",
        "status": "1",
        "status_name": "Charged or summonsed",
        "summary": "Seen at the Café.",
        "location_key": "1",
    }
    assert {name: found[name] for name in expected} == expected


CRIMES_SET_ASIDE = [
    ({"OccurredFrom": "2024"}, "Q-DATE-01", "OccurredFrom"),
    ({"OccurredTo": "32/01/2024 10:00:00"}, "Q-DATE-01", "OccurredTo"),
    ({"OccurredFrom": "31/03/2024 01:30:00"}, "Q-TIME-02", "OccurredFrom"),
    ({"TypeCode": "ZZ"}, "Q-CODE-02", "TypeCode"),
]


def test_crimes_set_aside(tmp_path: Path) -> None:
    crimes = each_with(CRIME, [change for change, _, _ in CRIMES_SET_ASIDE])
    links = [{**LINK, "Id": crime["Id"], "ToId": crime["Id"]} for crime in crimes]
    found = batch(tmp_path, occurrence=crimes, address=[ADDRESS], person=[PERSON], involvement=links)
    expected = sorted(
        (rule, "occurrence.csv", line, column) for line, (_, rule, column) in enumerate(CRIMES_SET_ASIDE, 2)
    )
    assert rules(found, "quarantine") == expected
    assert rules(found, "held") == [("Q-LINK-05", "involvement.csv", line, None) for line in range(2, 6)]


CRIMES_WARNED = [
    (
        {"OccurredFrom": "27/10/2024 01:30:00"},
        "Q-TIME-01",
        "OccurredFrom",
        {"happened_at": at(2024, 10, 27, 0, 30)},
    ),
    ({"OccurredFrom": "01/06/2024 09:00 PM"}, "Q-TIME-03", "OccurredFrom", {"happened_at": at(2024, 6, 1, 20)}),
    ({"OccurredFrom": "2024-06-01T09:00:00Z"}, "Q-TIME-03", "OccurredFrom", {"happened_at": at(2024, 6, 1, 9)}),
    ({"OccurredTo": "01/06/2024 09:59:00"}, "Q-DATE-06", "OccurredTo", {"happened_to": at(2024, 6, 1, 8, 59)}),
    ({"OccurredFrom": ""}, "Q-DATE-08", "OccurredFrom", {"happened_at": at(2024, 6, 1, 11)}),
    ({"OffenceCode": "999/99"}, "Q-CODE-01", "OffenceCode", {"category": "999/99", "category_name": None}),
    ({"StatusCode": "77"}, "Q-CODE-01", "StatusCode", {"status": "77", "status_name": None}),
    ({"AddressId": "9"}, "Q-LINK-02", "AddressId", {"location_key": None}),
    ({"AddressId": ""}, "Q-PLACE-02", "AddressId", {"location_key": None}),
    ({"Narrative": "{\\rtf1 cut"}, "Q-TEXT-02", "Narrative", {"summary": "cut"}),
]


def test_crimes_published_with_a_warning(tmp_path: Path) -> None:
    found = batch(tmp_path, occurrence=each_with(CRIME, [change for change, *_ in CRIMES_WARNED]), address=[ADDRESS])
    check_warned(found, CRIMES_WARNED, "occurrence.csv", "event")


def test_a_day_alone_is_a_day(tmp_path: Path) -> None:
    row = batch(tmp_path, occurrence=[{**CRIME, "OccurredFrom": "05/06/2024"}], address=[ADDRESS]).one("event", "true")
    assert (row["happened_at"], row["happened_on"], row["time_precision"]) == (None, date(2024, 6, 5), "day")


def test_nothing_happens_after_the_extract(tmp_path: Path) -> None:
    folder = delivery(
        tmp_path / "delivery",
        {"occurrence": [CRIME, {**CRIME, "Id": "2", "OccurredFrom": "02/06/2024 10:00:00"}], "address": [ADDRESS]},
    )
    files = [
        {
            "name": item.name,
            "rows": item.read_bytes().count(b"\n") - 1,
            "bytes": item.stat().st_size,
            "sha256": sha256(item.read_bytes()).hexdigest(),
        }
        for item in folder.iterdir()
    ]
    manifest = {"source": "niche_tri", "family": "niche", "extracted_at": "2024-06-01T22:00:00Z", "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    found = made("niche_tri", folder, tmp_path)
    assert rules(found, "warning") == [("Q-DATE-07", "occurrence.csv", 3, "OccurredFrom")]
    assert len(found.rows("event")) == 2


def test_intelligence(tmp_path: Path) -> None:
    link = {**LINK, "ToTable": "intelligence", "RoleCode": "SUBJ"}
    found = batch(
        tmp_path,
        intelligence=[REPORT, {**REPORT, "Id": "2", "Handling": ""}, {**REPORT, "Id": "3", "SourceEvaluation": "9"}],
        person=[PERSON],
        involvement=[link],
    )
    assert rules(found, "quarantine") == [("Q-HANDLING-01", "intelligence.csv", 3, "Handling")]
    assert rules(found, "warning") == [("Q-GRADE-01", "intelligence.csv", 4, "SourceEvaluation")]
    event = found.one("event", "record_key = 'intelligence/1'")
    assert (event["source_grade"], event["handling"]) == ("1A", "P")
    row = found.one("link", "true")
    assert (row["type"], row["assertion"], row["grade"], row["handling"]) == ("SUBJECT", "assessment", "1A", "P")


def test_vehicles_telephones_and_addresses(tmp_path: Path) -> None:
    found = batch(
        tmp_path,
        vehicle=[
            VEHICLE,
            {**VEHICLE, "Id": "2", "Registration": "??"},
            {**VEHICLE, "Id": "3", "Registration": "LB01SEO", "ColourCode": "Q"},
        ],
        telephone=[PHONE, {**PHONE, "Id": "2", "Number": "withheld"}, {**PHONE, "Id": "3", "Number": "999"}],
        address=[
            ADDRESS,
            {**ADDRESS, "Id": "2", "Postcode": "nonsense", "Easting": "9"},
            {"Id": "3", "OwningAgency": "05"},
        ],
    )
    objects = {row["record_key"]: (row["value"], row["valid"], row["colour"]) for row in found.rows("object")}
    assert objects == {
        "vehicle/1": ("AB12CDE", True, "Blue"),
        "vehicle/3": ("LB01SEO", False, "Q"),
        "telephone/1": ("+447700900123", True, None),
        "telephone/3": ("999", False, None),
    }
    place = found.one("location", "record_key = '1'")
    assert (place["postcode"], place["district"], place["precision"]) == ("L1 1AA", "L1", "premise")
    assert (place["latitude"], place["longitude"]) == (pytest.approx(53.403, abs=0.01), pytest.approx(-2.994, abs=0.01))
    assert {(rule, file, line) for rule, file, line, _ in rules(found, "quarantine")} == {
        ("Q-VALUE-01", "vehicle.csv", 3),
        ("Q-VALUE-01", "telephone.csv", 3),
        ("Q-VALUE-01", "address.csv", 4),
    }
    assert {(rule, file, line) for rule, file, line, _ in rules(found, "warning")} >= {
        ("Q-VRM-01", "vehicle.csv", 4),
        ("Q-CODE-01", "vehicle.csv", 4),
        ("Q-PHONE-01", "telephone.csv", 4),
        ("Q-POST-01", "address.csv", 3),
    }


def test_links_either_way_round(tmp_path: Path) -> None:
    turned = {**LINK, "Id": "2", "FromTable": "occurrence", "ToTable": "person", "RoleCode": "VICT"}
    vehicle = {**LINK, "Id": "3", "FromTable": "vehicle", "ToTable": "occurrence", "RoleCode": "INVO"}
    found = batch(
        tmp_path,
        person=[PERSON],
        occurrence=[CRIME],
        vehicle=[VEHICLE],
        address=[ADDRESS],
        involvement=[LINK, turned, vehicle],
    )
    assert [
        (r["left_kind"], r["left_key"], r["type"], r["right_kind"], r["right_key"]) for r in found.rows("link")
    ] == [
        ("PERSON", "1", "SUSPECT", "EVENT", "occurrence/1"),
        ("PERSON", "1", "VICTIM", "EVENT", "occurrence/1"),
        ("EVENT", "occurrence/1", "INVOLVES", "OBJECT", "vehicle/1"),
    ]


LINKS_WRONG = [
    ({"ToId": "99"}, "held", "Q-LINK-01"),
    ({"ToTable": "nothing"}, "quarantine", "Q-VALUE-01"),
    ({"ToTable": "person", "ToId": "1", "RoleCode": "ASSO"}, "quarantine", "Q-LINK-06"),
    ({"ToTable": "vehicle", "RoleCode": "WHAT"}, "quarantine", "Q-CODE-02"),
    ({"EffectiveFrom": "soon"}, "quarantine", "Q-DATE-01"),
    ({"RoleCode": "WHAT"}, "warning", "Q-CODE-03"),
]


def test_links_with_a_fault(tmp_path: Path) -> None:
    links = each_with(LINK, [change for change, _, _ in LINKS_WRONG])
    found = batch(
        tmp_path, person=[PERSON], occurrence=[CRIME], vehicle=[VEHICLE], address=[ADDRESS], involvement=links
    )
    for table in ("held", "quarantine", "warning"):
        expected = sorted((rule, line) for line, (_, where, rule) in enumerate(LINKS_WRONG, 2) if where == table)
        assert [(rule, line) for rule, _, line, _ in rules(found, table)] == expected
    assert [row["type"] for row in found.rows("link")] == ["INVOLVED"]


def gone(key: str, into: str = "") -> dict[str, str]:
    return {**PERSON, "Id": key, "Deleted": "Y", "MergedIntoId": into}


def test_merged_and_deleted_people(tmp_path: Path) -> None:
    """2 became 3 became 1; 4 was deleted; 5 and 6 are said to be each other."""
    people = [PERSON, gone("2", "3"), gone("3", "1"), gone("4"), gone("5", "6"), gone("6", "5")]
    links = [{**LINK, "Id": str(n), "FromId": str(n)} for n in (1, 2, 4, 5)]
    found = batch(tmp_path, person=people, occurrence=[CRIME], address=[ADDRESS], involvement=links)
    assert sorted((r["loser_key"], r["survivor_key"]) for r in found.rows("merge", "survivor_key IS NOT NULL")) == [
        ("2", "3"),
        ("3", "1"),
    ]
    assert found.one("merge", "survivor_key IS NULL")["loser_key"] == "4"
    assert [row["record_key"] for row in found.rows("person")] == ["1"]
    assert sorted((r["record_key"], r["left_key"]) for r in found.rows("link")) == [("1", "1"), ("2", "1")]
    assert rules(found, "held") == [
        ("Q-LINK-03", "involvement.csv", 4, None),
        ("Q-LINK-03", "involvement.csv", 5, None),
    ]
    assert [rule for rule, *_ in rules(found, "warning")] == ["Q-LINK-04"]
    assert [(rule, line) for rule, _, line, _ in rules(found, "quarantine")] == [("Q-MERGE-01", 6), ("Q-MERGE-01", 7)]
    assert found.canonical.counts["person.csv"] == {"in": 6, "out": 1, "quarantined": 2, "held": 0, "reference": 3}


def test_what_earlier_batches_brought_is_known(tmp_path: Path) -> None:
    alias = {"Id": "1", "PersonId": "1", "Surname": "Smith", "Forename1": "Annie"}
    first = batch(tmp_path / "1", person=[PERSON], person_alias=[alias], address=[ADDRESS])
    later = {
        "occurrence": [CRIME],
        "involvement": [LINK],
        "person": [gone("2", "1"), {**PERSON, "Id": "3", "HomeAddressId": "1"}],
        "person_alias": [{**alias, "Id": "2"}, {**alias, "Id": "3", "PersonId": "9"}],
    }
    alone = batch(tmp_path / "2", **later)
    assert rules(alone, "held") == [
        ("Q-LINK-01", "involvement.csv", 2, None),
        ("Q-LINK-01", "person_alias.csv", 2, "PersonId"),
        ("Q-LINK-01", "person_alias.csv", 3, "PersonId"),
    ]
    after = batch(tmp_path / "3", known=(first.canonical.folder,), **later)
    assert rules(after, "held") == [
        ("Q-LINK-01", "person_alias.csv", 3, "PersonId"),
        ("Q-LINK-08", "person_alias.csv", 2, "PersonId"),
    ]
    assert after.one("link", "true")["left_key"] == "1"
    assert after.one("event", "true")["location_key"] == "1"
    assert after.one("person", "true")["address_line"] == "1 High Street, Liverpool"
    again = batch(tmp_path / "4", person=[{**PERSON, "Forename1": "Anna"}], known=(first.canonical.folder,))
    assert json.loads(again.one("person", "true")["aliases"])[0]["surname"] == "Smith"


def test_repairs_are_laid_over_before_any_rule(tmp_path: Path) -> None:
    people = [{**PERSON, "OwningAgency": "99"}, {**PERSON, "Id": "2", "DateOfBirth": "31/02/1998"}]
    folder = delivery(tmp_path / "delivery", {"person": people})
    with (folder / "person.csv").open("ab") as stream:
        stream.write(b'"3","05","Cut"\r\n')
    before = made("niche_tri", folder, tmp_path / "before")
    assert [(rule, line) for rule, _, line, _ in rules(before, "quarantine")] == [("Q-FORCE-01", 2), ("Q-ROW-01", 4)]
    whole = '"3","07","Cut","Short"' + ',""' * 13
    corrections = [
        Correction("person.csv", 2, "OwningAgency", "05"),
        Correction("person.csv", 3, "DateOfBirth", "28/02/1998"),
        Correction("person.csv", 4, None, whole),
    ]
    after = made("niche_tri", folder, tmp_path / "after", corrections=corrections)
    assert after.rows("quarantine") == []
    assert [
        (r["record_key"], r["owning_force"], r["birth_on"], r["source_line"])
        for r in sorted(after.rows("person"), key=lambda r: r["source_line"])
    ] == [
        ("1", "merseyside", date(1993, 9, 12), 2),
        ("2", "merseyside", date(1998, 2, 28), 3),
        ("3", "cheshire", None, 4),
    ]
    still = made("niche_tri", folder, tmp_path / "still", corrections=[Correction("person.csv", 4, None, '"3","07"')])
    assert [(rule, line) for rule, _, line, _ in rules(still, "quarantine")] == [("Q-FORCE-01", 2), ("Q-ROW-01", 4)]
    assert json.loads(still.one("quarantine", "source_line = 4")["row_json"]) == {"": '"3","07"'}


def test_a_repair_may_be_all_that_a_file_has(tmp_path: Path) -> None:
    folder = delivery(tmp_path / "delivery", {"person": []})
    with (folder / "person.csv").open("ab") as stream:
        stream.write(b'"3","05","Cut"\r\n')
    whole = [Correction("person.csv", 2, None, '"3","07","Cut","Short"' + ',""' * 13)]
    after = made("niche_tri", folder, tmp_path / "after", corrections=whole)
    assert [(row["record_key"], row["source_line"]) for row in after.rows("person")] == [("3", 2)]
    assert after.rows("quarantine") == []


def contents(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect() as db:
        return {
            item.name: db.execute("SELECT * FROM read_parquet($place) ORDER BY ALL", {"place": str(item)}).fetchall()
            for item in sorted(folder.glob("*.parquet"))
        }


def test_the_same_input_gives_the_same_rows(tmp_path: Path) -> None:
    folder = delivery(
        tmp_path / "delivery", {"person": [{**PERSON, "Id": str(n)} for n in range(500)], "address": [ADDRESS]}
    )
    one = made("niche_tri", folder, tmp_path / "one")
    two = made("niche_tri", folder, tmp_path / "two", threads=1)
    assert contents(one.canonical.folder) == contents(two.canonical.folder)
    assert one.canonical.counts == two.canonical.counts


def test_a_killed_run_leaves_nothing_and_repeats(tmp_path: Path) -> None:
    folder = delivery(tmp_path / "delivery", {"person": [{**PERSON, "Id": str(n)} for n in range(2000)]})
    landed = landing.land(folder, into=tmp_path / "landing", family="niche")
    into = tmp_path / "store" / "canonical"
    code = (
        "from pathlib import Path; from fourfold.pipeline import canonical; from fourfold.pipeline.delivery "
        "import Landed\n"
        "from tests.pipeline.canonical.conftest import context_of\n"
        f"canonical.canonicalise(Landed.open(Path({str(landed.folder)!r})), family='niche', into=Path({str(into)!r}), "
        "context=context_of('niche_tri', memory_mb=400))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONPATH": "src:."}
    )
    partial = into.with_name(f".canonical.{child.pid}.partial")
    until = time.monotonic() + 120
    while not (partial / "person.parquet").exists() and child.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    assert child.poll() is None, "the run ended before it could be killed"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not into.exists()
    done = canonical.canonicalise(landed, family="niche", into=into, context=context_of("niche_tri"))
    assert list(into.parent.iterdir()) == [into]
    assert not (into / "spill").exists()
    assert done.rows["person"] == 2000
    assert canonical.Canonical.open(into) == done


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A run with little memory spills and gives the same rows."""
    folder = delivery(tmp_path / "delivery", {"person": [{**PERSON, "Id": str(n)} for n in range(3000)]})
    much = made("niche_tri", folder, tmp_path / "much")
    little = made("niche_tri", folder, tmp_path / "little", memory_mb=150)
    assert contents(much.canonical.folder) == contents(little.canonical.folder)


def test_counts_that_disagree_are_a_fault_of_the_mapping(tmp_path: Path) -> None:
    """A landing whose good rows a mapping loses: here the landing claims one row more than it holds."""
    folder = delivery(tmp_path / "delivery", {"person": [PERSON]})
    landed = landing.land(folder, into=tmp_path / "landing", family="niche")
    wrong = replace(landed, files=tuple(replace(item, rows=item.rows + 1) for item in landed.files))
    with pytest.raises(canonical.CountsDisagree):
        canonical.canonicalise(wrong, family="niche", into=tmp_path / "canonical", context=context_of("niche_tri"))
    assert not (tmp_path / "canonical").exists()


def test_organisations_are_read_where_a_delivery_has_them(tmp_path: Path) -> None:
    firm = {
        "Id": "7",
        "OwningAgency": "05",
        "Name": "Acme  Cars Ltd",
        "TradingName": "Speedy Taxis",
        "CompanyNumber": "1234567",
        "AddressId": "1",
    }
    result = batch(
        tmp_path,
        address=[{**ADDRESS, "UPRN": "999000000001"}],
        organisation=[firm, {"Id": "8", "OwningAgency": "05", "CompanyNumber": "7654321"}],
    )
    things = sorted(result.rows("object"), key=lambda row: row["kind"])
    details = {row["kind"]: json.loads(row["detail"]) for row in things}
    assert [(row["kind"], row["value"], row["valid"]) for row in things] == [
        ("ORGANISATION", "Acme Cars Ltd", True),
    ]
    assert details["ORGANISATION"] == {
        "company_number": "1234567",
        "trading_names": ["Speedy Taxis"],
        "address_line": "1 High Street, Liverpool",
        "postcode": "L1 1AA",
    }
    assert result.one("location", "true")["uprn"] == "999000000001"
    assert result.rules_at("quarantine") == {("Q-VALUE-01", "organisation.csv", 3)}
