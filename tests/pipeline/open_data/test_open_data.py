"""Open data through the same door as a force's extract, on small parts of the published files (tests/data/open_data).

Where the whole files are at hand, their totals must agree with what their publishers state.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.pipeline.resolution.people import Bench, Person, groups_of

from fourfold.pipeline import canonical, landing
from fourfold.pipeline.canonical.family import Context
from fourfold.pipeline.canonical.sources.open_data import DELIVERIES, totals

ROOT = Path(__file__).parents[3]
PARTS = ROOT / "tests" / "data" / "open_data"
SHARED = ROOT.parent / "shared" / "data"
FORCES = {
    "03": "cumbria",
    "04": "lancashire",
    "05": "merseyside",
    "06": "gmp",
    "07": "cheshire",
    "60": "north_wales",
}
PART_FILES = {
    "police_uk_street": ["police_uk_street.parquet"],
    "hmpps_prisons": ["hmpps_prison_register.csv"],
    "ons_force_areas": ["police_force_areas_EW.geojson"],
    "st_louis_crimes": ["crime.nodes.csv", "crime.edges.csv"],
}

Load = Callable[..., Path]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Land and canonicalise files as one delivery of an open-data source; returns the canonical folder."""

    def run(source: str, files: list[Path], **changed: Any) -> Path:
        place = tmp_path / f"{source}-{len(list(tmp_path.iterdir()))}"
        delivery = place / "delivery"
        delivery.mkdir(parents=True)
        for file in files:
            shutil.copy(file, delivery / file.name)
        landed = landing.land(delivery, into=place / "landed", family=source)
        told = {"forces": FORCES, "compartments": frozenset({"research_networks"}), **changed}
        context = Context(source=source, owner=DELIVERIES[source].owner, marking=DELIVERIES[source].marking, **told)
        canonical.canonicalise(landed, family=source, into=place / "canonical", context=context)
        return place / "canonical"

    return run


def parts(source: str) -> list[Path]:
    return [PARTS / name for name in PART_FILES[source]]


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return found


def warned(folder: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows(folder, "warning"):
        found[row["rule_code"]] = found.get(row["rule_code"], 0) + 1
    return found


@pytest.mark.parametrize("source", sorted(DELIVERIES))
def test_the_totals_of_the_whole_file_agree_with_those_stated(load: Load, source: str) -> None:
    files = [SHARED / name for name in DELIVERIES[source].files]
    if not all(file.exists() for file in files):
        pytest.skip("the shared open data is not beside the repository")
    folder = load(source, files)
    assert [total for total in totals(source, folder) if not total.agrees] == []
    assert rows(folder, "quarantine") == []
    assert rows(folder, "held") == []


def test_a_total_that_does_not_agree_is_seen(load: Load) -> None:
    found = totals("ons_force_areas", load("ons_force_areas", parts("ons_force_areas")))
    assert [(each.found, each.stated, each.agrees) for each in found] == [(3, 43, False)]


def test_street_crime_becomes_events_of_a_month_each_owned_by_its_force(load: Load) -> None:
    folder = load("police_uk_street", parts("police_uk_street"))
    delivered = pq.read_table(PARTS / "police_uk_street.parquet").to_pylist()
    events = rows(folder, "event")
    assert len(events) == len(delivered)
    assert {event["time_precision"] for event in events} == {"month"}
    assert {event["happened_on"].day for event in events} == {1}
    assert {event["owning_force"] for event in events} == set(FORCES.values()) - {"gmp"}
    incidents = [row for row in delivered if row["Crime type"] == "Anti-social behaviour"]
    assert sum(event["kind"] == "INCIDENT" for event in events) == len(incidents) > 0
    assert {event["kind"] for event in events} == {"CRIME", "INCIDENT"}


def test_events_without_a_place_are_published_without_one_and_counted(load: Load) -> None:
    folder = load("police_uk_street", parts("police_uk_street"))
    nowhere = [event for event in rows(folder, "event") if event["location_key"] is None]
    assert len(nowhere) == warned(folder)["Q-PLACE-02"] == 10
    places = {place["record_key"]: place for place in rows(folder, "location")}
    assert {event["location_key"] for event in rows(folder, "event")} - {None} == set(places)
    assert {place["precision"] for place in places.values()} == {"street"}
    assert all(place["latitude"] and place["longitude"] and place["district"] for place in places.values())


def test_an_identifier_given_twice_keeps_both_rows(load: Load) -> None:
    folder = load("police_uk_street", parts("police_uk_street"))
    keys = {event["record_key"] for event in rows(folder, "event")}
    second = {key for key in keys if key.endswith("~2") and not key.startswith("row/")}
    assert len(second) == 2
    assert {key.removesuffix("~2") for key in second} <= keys
    assert warned(folder)["Q-KEY-03"] == 4


def test_a_force_that_is_not_of_the_region_goes_to_quarantine(load: Load) -> None:
    forces = {number: force for number, force in FORCES.items() if force != "merseyside"}
    folder = load("police_uk_street", parts("police_uk_street"), forces=forces)
    aside = rows(folder, "quarantine")
    assert {(row["rule_code"], row["value"]) for row in aside} == {("Q-FORCE-01", "Merseyside Police")}
    assert len(aside) + len(rows(folder, "event")) == 184


def test_a_category_that_is_not_known_is_kept_and_said(load: Load, tmp_path: Path) -> None:
    table = pq.read_table(PARTS / "police_uk_street.parquet").slice(0, 2).to_pylist()
    table[0]["Crime type"] = "Witchcraft"
    changed = tmp_path / "street.parquet"
    pq.write_table(pq.read_table(PARTS / "police_uk_street.parquet").schema.empty_table().from_pylist(table), changed)
    folder = load("police_uk_street", [changed])
    assert "Witchcraft" in {event["category"] for event in rows(folder, "event")}
    assert [row["value"] for row in rows(folder, "warning") if row["rule_code"] == "Q-CODE-01"] == ["Witchcraft"]


def test_prisons_are_placed_in_a_district_and_those_closed_nowhere(load: Load) -> None:
    folder = load("hmpps_prisons", parts("hmpps_prisons"))
    with (PARTS / "hmpps_prison_register.csv").open(encoding="utf-8", newline="") as file:
        active = {row["prison_id"] for row in csv.DictReader(file) if row["active"] == "1"}
    places = {place["record_key"]: place for place in rows(folder, "location")}
    assert {key for key, place in places.items() if place["precision"] == "district"} == active
    assert {key for key, place in places.items() if place["precision"] == "none"} == set(places) - active
    assert all(place["latitude"] is None for key, place in places.items() if key not in active)
    assert {place["owning_force"] for place in places.values()} == {"hmpps"}
    assert warned(folder) == {"Q-CLOSED-01": len(places) - len(active)}


def test_force_areas_carry_their_codes(load: Load) -> None:
    folder = load("ons_force_areas", parts("ons_force_areas"))
    places = {place["record_key"]: place["name"] for place in rows(folder, "location")}
    assert places == {
        "E23000004": "Merseyside police force area",
        "E23000006": "Cheshire police force area",
        "W15000001": "North Wales police force area",
    }


def test_the_roles_of_st_louis_become_links_and_a_double_role_makes_two(load: Load) -> None:
    folder = load("st_louis_crimes", parts("st_louis_crimes"))
    with (PARTS / "crime.edges.csv").open(encoding="utf-8", newline="") as file:
        delivered = list(csv.DictReader(file))
    links = {(row["left_key"], row["right_key"], row["type"]) for row in rows(folder, "link")}
    meant = {"1.0": ["VICTIM"], "2.0": ["SUSPECT"], "3.0": ["WITNESS"], "4.0": ["SUSPECT", "VICTIM"]}
    assert links == {(row["to"], row["from"], role) for row in delivered for role in meant[row["weight"]]}
    assert len(links) == len(delivered) + sum(row["weight"] == "4.0" for row in delivered) > len(delivered)
    assert warned(folder)["Q-CODE-04"] == len(rows(folder, "person")), "gender codes without a meaning are not taken"
    assert {person["sex"] for person in rows(folder, "person")} == {"U"}


def test_a_role_that_is_not_known_goes_to_quarantine_with_a_sentence(load: Load, tmp_path: Path) -> None:
    nodes, edges = parts("st_louis_crimes")
    changed = tmp_path / edges.name
    changed.write_text(edges.read_text(encoding="utf-8").replace(",3.0", ",9.0"), encoding="utf-8")
    folder = load("st_louis_crimes", [nodes, changed])
    aside = rows(folder, "quarantine")
    assert {(row["rule_code"], row["value"]) for row in aside} == {("Q-CODE-02", "9.0")}
    assert {row["sentence"] for row in aside} == {
        "The code decides what the row is, and it is not one that is known here."
    }
    assert len(aside) == 2


def test_every_row_of_st_louis_is_in_its_compartment_or_is_not_taken(load: Load) -> None:
    folder = load("st_louis_crimes", parts("st_louis_crimes"))
    for table in ("person", "event", "link", "warning"):
        assert {row["compartment"] for row in rows(folder, table)} == {"research_networks"}, table
    closed = load("st_louis_crimes", parts("st_louis_crimes"), compartments=frozenset())
    assert [rows(closed, table) for table in ("person", "event", "link")] == [[], [], []]
    assert {row["rule_code"] for row in rows(closed, "quarantine")} == {"Q-RESTRICT-01"}


def test_people_of_st_louis_never_meet_the_region(load: Load, bench: Bench) -> None:
    folder = load("st_louis_crimes", parts("st_louis_crimes"))
    bench.deliver("niche_tri", [Person("a"), Person("b")])
    bench.batches["st_louis_crimes"] = [folder / "person.parquet"]
    groups = groups_of(bench.resolve())
    assert frozenset({"a", "b"}) in groups
    assert {len(group) for group in groups - {frozenset({"a", "b"})}} == {1}
