"""The world behind the extracts is plausible, and nobody's real number, plate or address is in it on purpose."""

import json
import re
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from fourfold.formats import identifiers as formats
from fourfold.formats import phone, postcode, vrm
from fourfold.simulation import identifiers
from fourfold.simulation.chance import Chance, Weighted
from fourfold.simulation.delivery import ExtractFile
from fourfold.simulation.moments import local_half_day, local_offset, local_slashed, minute_of, utc_iso
from fourfold.simulation.names import unaccented
from fourfold.simulation.places import Places
from tests.simulation.conftest import PEOPLE, World
from tests.simulation.reading import rows

THEMES_WITHOUT_OFFENDERS = {"EXPLOITED", "VICTIM", "WITNESS", "AT_RISK"}


def test_people_are_all_in_the_truth(world: World) -> None:
    assert world.ask("select count(*), count(distinct true_person) from {people}") == [(PEOPLE, PEOPLE)]
    ((known,),) = world.ask("select count(distinct true_person) from {records}")
    assert known > PEOPLE * 0.7


def test_numbers_are_right_in_form_and_unlike_one_another(world: World) -> None:
    found = world.ask("select pnc_id, cro, nino, phones, plates from {people}")
    for pnc, cro, nino, phones, plates in found:
        assert not pnc or formats.pnc(pnc, latest_year=2026).value == pnc
        assert not cro or formats.cro(cro).valid
        assert not nino or formats.nino(nino).valid
        assert all(phone.normalise(number).scheme == "mobile" for number in phones)
        assert all(vrm.normalise(plate).valid for plate in plates)
    for column in range(3):
        values = [row[column] for row in found if row[column]]
        assert len(values) > PEOPLE / 10
        assert len(set(values)) == len(values)
    numbers = [number for row in found for number in row[3]]
    assert len(set(numbers)) == len(numbers)


def test_delivered_numbers_are_right_in_form_but_where_a_defect_is_listed(world: World) -> None:
    wrong = {
        (code, key)
        for code, key in world.ask(
            "select code, record_key from {defects} where code in ('INVALID_PNC', 'INVALID_NINO')"
        )
    }
    for _, row in rows(world.delivery("niche_tri") / "person.csv", "cp1252"):
        if row["PNCID"]:
            assert formats.pnc(row["PNCID"], latest_year=2026).valid == (("INVALID_PNC", row["Id"]) not in wrong)
        if row["NINO"]:
            assert formats.nino(row["NINO"]).valid == (("INVALID_NINO", row["Id"]) not in wrong)
    for _, row in rows(world.delivery("niche_tri") / "address.csv", "cp1252"):
        assert not row["Postcode"] or postcode.normalise(row["Postcode"]).valid
    arrests = rows(world.delivery("policeworks_gmp") / "custody.csv", "latin-1")
    assert arrests
    assert all(formats.asn(row["ASN"]).valid for _, row in arrests)


def test_nobody_real_is_in_it_on_purpose(world: World) -> None:
    """Phones are Ofcom's for drama, then 071; plates begin with no area's letter; NINOs have an official prefix."""
    for phones, plates, nino in world.ask("select phones, plates, nino from {people}"):
        assert all(re.fullmatch(r"07700900\d{3}|071\d{8}", number) for number in phones)
        assert all(re.match(r"[JTU][A-Y]|[R-Y]\d", plate) for plate in plates)
        assert not nino or nino[:2] in {"PZ", "PY", "NC", "MW", "CR", "PP"}
    assert identifiers.mobile(0) == "07700900000"


def test_plates_are_right_for_the_age_of_the_vehicle() -> None:
    chance = Chance("plates")
    for year in range(2002, 2027):
        for autumn in (False, True):
            mark = vrm.parse(identifiers.plate(chance, year, autumn), "gb2001")
            assert mark is not None
            assert mark.first_registered == (year, not autumn)


def test_the_whole_region_and_its_people_are_there(world: World) -> None:
    forces = dict(world.ask("select force, count(*) from {people} group by force"))
    assert set(forces) == {"cheshire", "cumbria", "gmp", "lancashire", "merseyside", "north_wales"}
    assert forces["gmp"] == max(forces.values())
    origins = Counter(dict(world.ask("select origin, count(*) from {people} group by origin")))
    assert len(origins) >= 12
    assert 0.6 < origins["british"] / PEOPLE < 0.9
    ((men, births),) = world.ask("select count(*) filter (sex = 'M'), count(distinct birth_on) from {people}")
    assert 0.45 < men / PEOPLE < 0.65
    assert births > PEOPLE * 0.85
    assert world.ask("select count(*) from {people} where birth_on > DATE '2021-01-01'") == [(0,)]


def test_some_people_are_known_to_several_systems_by_several_names(world: World) -> None:
    several = world.ask(
        "select true_person, count(distinct source) from {records} group by all having count(distinct source) > 1"
    )
    assert len(several) > PEOPLE / 20
    assert max(sources for _, sources in several) >= 3


def test_children_are_exploited_and_never_lead(world: World) -> None:
    members = world.ask(
        "select role, min(2024 - year(birth_on)), max(2024 - year(birth_on)) "
        "from {members} join {people} using (true_person) group by role"
    )
    ages = {role: (youngest, oldest) for role, youngest, oldest in members}
    assert ages["EXPLOITED"][1] <= 19
    assert all(youngest >= 17 for role, (youngest, _) in ages.items() if role not in THEMES_WITHOUT_OFFENDERS)


def test_nominations_name_records_that_exist_and_change_over_time(world: World) -> None:
    threats = [
        json.loads(line) for line in (world.folder / "nominations.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    known = set(world.ask("select source, record_key from {records}"))
    assert world.written.nominations == len(threats)
    assert {threat["threat_type"] for threat in threats} == {"OCG", "PRIORITY_INDIVIDUAL", "VULNERABILITY"}
    kinds = set()
    for threat in threats:
        assert date(2022, 1, 1) <= date.fromisoformat(threat["nominated_on"]) <= date(2026, 10, 31)
        assert threat["lro"].endswith(".example")
        assert threat["places"]
        days = [threat["nominated_on"], *(entry["on"] for entry in threat["later"])]
        assert days == sorted(days)
        for earlier, _ in pairwise(threat["later"]):
            assert "close" not in earlier["change"]
        entries = [*threat["members"], *(entry["change"].get("add_member") for entry in threat["later"])]
        for member in entries:
            assert member is None or (member["source"], member["record_key"]) in known
        kinds |= {kind for entry in threat["later"] for kind in entry["change"]}
    assert {"tier", "phase", "close", "add_member"} <= kinds
    assert len({threat["name"] for threat in threats}) == len(threats)


def test_streets_are_the_same_in_every_world() -> None:
    one, other = Places(), Places()
    assert [(ward.name, [street.postcode for street in ward.streets]) for ward in one.wards["north_wales"].values] == [
        (ward.name, [street.postcode for street in ward.streets]) for ward in other.wards["north_wales"].values
    ]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (
            date(2024, 3, 31),
            ("31/03/2024 00:30:00", "31/03/2024 12:30 AM", "2024-03-31T00:30:00+00:00", "2024-03-31T00:30:00Z"),
        ),
        (
            date(2024, 4, 1),
            ("01/04/2024 01:30:00", "01/04/2024 01:30 AM", "2024-04-01T01:30:00+01:00", "2024-04-01T00:30:00Z"),
        ),
        (
            date(2024, 10, 27),
            ("27/10/2024 01:30:00", "27/10/2024 01:30 AM", "2024-10-27T01:30:00+01:00", "2024-10-27T00:30:00Z"),
        ),
    ],
)
def test_clocks_change_as_in_britain(day: date, expected: tuple[str, ...]) -> None:
    minute = minute_of(day) + 30
    assert (local_slashed(minute), local_half_day(minute), local_offset(minute), utc_iso(minute)) == expected


def test_chance_is_the_same_on_every_machine() -> None:
    chance = Chance("fourfold 1")
    drawn = [chance.draw(Weighted([("a", 1), ("b", 3)])) for _ in range(12)]
    assert "".join(drawn) == "bbabbbbababb"
    assert [chance.between(1, 6) for _ in range(8)] == [5, 2, 3, 1, 2, 5, 5, 2]


def test_old_systems_lose_the_marks_of_letters_they_lack(tmp_path: Path) -> None:
    assert unaccented("Łukasz Wójcik") == "Lukasz Wojcik"
    path = tmp_path / "old.csv"
    file = ExtractFile(path, "cp1252", "\r\n")
    file.add("Siân Nguyễn, Wiśniewski")
    file.close()
    assert path.read_bytes().decode("cp1252") == "Siân Nguyen, Wisniewski\r\n"
