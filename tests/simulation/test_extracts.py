"""The extracts are what the brief of each family says, the same every time, and their manifests are right."""

import hashlib
import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fourfold.simulation.run import simulate
from tests.simulation.conftest import World
from tests.simulation.reading import lines, person_keys, rows

SOURCES = ("niche_tri", "connect_lancashire", "policeworks_gmp", "mark43_cumbria")


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_and_people_give_the_same_bytes(tmp_path: Path) -> None:
    simulate(150, 3, tmp_path / "one", deliveries=2)
    simulate(150, 3, tmp_path / "two", deliveries=2)
    simulate(150, 4, tmp_path / "other", deliveries=2)

    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    differing = {
        name for name, digest in contents(tmp_path / "one").items() if contents(tmp_path / "other")[name] != digest
    }
    assert all(f"extracts/{source}" in " ".join(differing) for source in SOURCES)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("turn", [0, 1, 2])
def test_manifests_count_and_hash_what_is_there(world: World, source: str, turn: int) -> None:
    folder = world.delivery(source, turn)
    manifest = json.loads((folder / "manifest.json").read_text())

    assert manifest["source"] == source
    assert manifest["mode"] == ("delta" if turn else "full")
    assert manifest["period_to"] == folder.name
    assert {entry["name"] for entry in manifest["files"]} == {p.name for p in folder.iterdir()} - {"manifest.json"}
    for entry in manifest["files"]:
        content = (folder / entry["name"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["bytes"] == len(content)
        if entry["name"].endswith(".csv"):
            assert entry["rows"] == content.count(b"\n") - 1
        elif entry["name"].endswith(".jsonl"):
            assert entry["rows"] == content.count(b"\n")
        else:
            sections = ElementTree.fromstring(content)
            assert entry["rows"] == sum(len(section) for section in sections)


def test_a_delta_follows_the_delivery_before_it(world: World) -> None:
    for source in SOURCES:
        spans = [json.loads((world.delivery(source, turn) / "manifest.json").read_text()) for turn in range(3)]
        for earlier, later in pairwise(spans):
            gap = date.fromisoformat(later["period_from"]) - date.fromisoformat(earlier["period_to"])
            assert gap.days == 1


def test_a_delta_brings_changed_people_again(world: World) -> None:
    full = dict.fromkeys(person_keys(world.delivery("niche_tri"), "niche_tri"))
    again = [key for key in person_keys(world.delivery("niche_tri", 1), "niche_tri") if key in full]

    assert again
    crimes = {row["Id"]: row["StatusCode"] for _, row in rows(world.delivery("niche_tri") / "occurrence.csv", "cp1252")}
    closed = [
        row
        for _, row in rows(world.delivery("niche_tri", 1) / "occurrence.csv", "cp1252")
        if crimes.get(row["Id"]) == "0"
    ]
    assert closed
    assert all(row["StatusCode"] != "0" for row in closed)


@pytest.mark.parametrize("source", SOURCES)
def test_every_person_record_has_its_true_person(world: World, source: str) -> None:
    known = {key for (key,) in world.ask(f"select record_key from {{records}} where source = '{source}'")}
    delivered = set[str]()
    for turn in range(3):
        keys = list(person_keys(world.delivery(source, turn), source))
        assert len(keys) == len(set(keys))
        delivered.update(keys)

    assert delivered == known


def test_every_event_row_has_its_true_event(world: World) -> None:
    folder = world.delivery("niche_tri")
    truth = {key for (key,) in world.ask("select record_key from {events} where source = 'niche_tri'")}
    planted = {
        key
        for (key,) in world.ask(
            "select record_key from {defects} where source = 'niche_tri' and code in ('FORMULA_CELL', 'OVERSIZE_FIELD')"
        )
    }
    for file in ("occurrence.csv", "intelligence.csv"):
        assert {row["Id"] for _, row in rows(folder / file, "cp1252")} - planted <= truth


def test_niche_links_point_at_rows_that_were_delivered(world: World) -> None:
    ids: dict[str, set[str]] = {}
    links = []
    for turn in range(3):
        folder = world.delivery("niche_tri", turn)
        for table in ("person", "address", "vehicle", "telephone", "organisation", "occurrence", "intelligence"):
            ids.setdefault(table, set()).update(row["Id"] for _, row in rows(folder / f"{table}.csv", "cp1252"))
        links += [row for _, row in rows(folder / "involvement.csv", "cp1252")]

    assert links
    for link in links:
        assert link["FromId"] in ids[link["FromTable"]]
        assert link["ToId"] in ids[link["ToTable"]]


def test_mark43_associations_point_at_lines_that_were_delivered(world: World) -> None:
    files = {"person": "persons", "item": "items", "location": "locations", "report": "reports"}
    ids = {
        kind: {
            line["id"]
            for turn in range(3)
            for _, line in lines(world.delivery("mark43_cumbria", turn) / f"{name}.jsonl")
        }
        for kind, name in files.items()
    }
    for _, link in lines(world.delivery("mark43_cumbria") / "associations.jsonl"):
        assert link["from_id"] in ids[str(link["from_type"])]
        assert link["to_id"] in ids[str(link["to_type"])]


def test_connect_nominals_are_named_before_they_are_used(world: World) -> None:
    refs = {
        ref
        for turn in range(3)
        for ref in person_keys(world.delivery("connect_lancashire", turn), "connect_lancashire")
    }
    tree = ElementTree.parse(world.delivery("connect_lancashire") / "extract.xml")
    used = {element.attrib["nominal"] for element in tree.iter() if element.attrib.get("nominal")}

    deleted = {
        key
        for (key,) in world.ask(
            "select record_key from {defects} where source = 'connect_lancashire' and code = 'DELETED_BUT_LINKED'"
        )
    }

    assert used & refs
    assert deleted
    assert not deleted & refs
    assert used - refs <= deleted


def test_a_merged_person_leaves_a_tombstone(world: World) -> None:
    people = {row["Id"]: row for _, row in rows(world.delivery("niche_tri") / "person.csv", "cp1252")}
    tombstones = [row for row in people.values() if row["MergedIntoId"]]

    assert tombstones
    truth = dict(world.ask("select record_key, true_person from {records} where source = 'niche_tri'"))
    for row in tombstones:
        assert row["Deleted"] == "Y"
        assert truth[row["Id"]] == truth[row["MergedIntoId"]]


def test_deliveries_can_end_on_given_days(tmp_path: Path) -> None:
    days = [date(2022, 1, 9), date(2024, 6, 30), date(2024, 7, 7)]
    written = simulate(40, 1, tmp_path, days=days)

    for source in SOURCES:
        assert sorted(written.rows[source]) == days
        assert sorted(path.name for path in (tmp_path / "extracts" / source).iterdir()) == [d.isoformat() for d in days]
    assert sum(written.rows["niche_tri"][days[0]].values()) > 150


@pytest.mark.parametrize("people", [1, 20])
def test_even_the_smallest_world_can_be_written(tmp_path: Path, people: int) -> None:
    assert simulate(people, 1, tmp_path, until=date(2021, 3, 1)).truth["people"] == people


def test_firms_are_known_to_several_forces_written_in_several_ways_and_people_run_them(world: World) -> None:
    folder = world.delivery("niche_tri")
    firms = [row for _, row in rows(folder / "organisation.csv", "cp1252")]
    links = [row for _, row in rows(folder / "involvement.csv", "cp1252") if row["ToTable"] == "organisation"]
    assert len({row["OwningAgency"] for row in firms}) == 3
    assert {row["CompanyNumber"][:2] for row in firms} == {"", "99"}
    forms = {row["Name"].rpartition(" ")[2] for row in firms}
    assert {"Limited", "Ltd"} < forms
    assert {row["RoleCode"] for row in links} == {"DIRE", "WORK"}
    led = {row["ToId"] for row in links if row["RoleCode"] == "DIRE"}
    assert len(led) > len(firms) / 2
    addresses = {row["Id"] for _, row in rows(folder / "address.csv", "cp1252")}
    assert {row["AddressId"] for row in firms} <= addresses
