"""A whole round: delivered, matched, judged by people, and what they said holds when the next delivery comes."""

import duckdb

from fourfold.platform import clock
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.pole import services as picture
from fourfold.pole.rules.identity import Verdict
from tests.intake import deliveries

PEOPLE = (
    deliveries.person("P1", "HARGREAVE", "Tomos", "14/02/1988"),
    deliveries.person("P2", "HARGREAVE", "Tomos", "14/02/1988", force="60"),
    deliveries.person("P3", "PARRY", "Sioned", "03/03/1979"),
    deliveries.person("P4", "OKONJO", "Adaeze", "30/06/1991", force="60"),
)


CARS = tuple((key, "05", "AB12 CDE", "Ford", "Focus", "", deliveries.MADE) for key in ("V1", "V2", "V3"))


def persons(actor):
    with acting_as(actor):
        keys = pole.record_ids(source="niche_tri", keys=["P1", "P2", "P3", "P4", "P5"])
        return {key: pole.person_record(pk).person_id for key, pk in keys.items()}, keys


def cars(actor):
    with acting_as(actor):
        rows = list(pole.object_records().values_list("source_key", "pk", "thing_id"))
        named = [(key.rpartition("/")[2], pk, thing) for key, pk, thing in rows]
        return {key: thing for key, _, thing in named}, {key: pk for key, pk, _ in named}


def test_what_people_said_holds_through_the_next_delivery(load, store, tmp_path, sources, universe):
    actor = universe.merseyside_analyst
    load(deliveries.write_niche(tmp_path / "one", {"person.csv": PEOPLE, "vehicle.csv": CARS[:2]}))
    before, records = persons(actor)
    assert before["P1"] == before["P2"] != before["P3"], "the run put the two together"
    for left, right, verdict in (("P1", "P2", Verdict.DIFFERENT), ("P3", "P4", Verdict.SAME)):
        with acting_as(actor):
            picture.judge(
                actor=actor, left=records[left], right=records[right], verdict=verdict, why="Seen", now=clock.now()
            )
    _, vehicles = cars(actor)
    with acting_as(actor):
        picture.take_things_apart(
            actor=actor,
            end_kind="OBJECT",
            record=vehicles["V1"],
            records=[vehicles["V2"]],
            why="Two cars",
            now=clock.now(),
        )
    judged, _ = persons(actor)
    parted, _ = cars(actor)
    assert parted["V1"] != parted["V2"]
    assert judged["P1"] != judged["P2"]
    assert judged["P3"] == judged["P4"]
    newcomer = deliveries.person("P5", "HARGREAVE", "Tomos", "14/02/1988", force="60")
    load(deliveries.write_niche(tmp_path / "two", {"person.csv": [*PEOPLE, newcomer], "vehicle.csv": CARS}))
    after, _ = persons(actor)
    assert {key: after[key] for key in judged} == judged, "same groups, same numbers"
    assert after["P5"] in {after["P1"], after["P2"]}, "and the new record joins one of them"
    driven, _ = cars(actor)
    assert {key: driven[key] for key in parted} == parted, "and so do cars"
    assert driven["V3"] == parted["V1"]
    told = [path for path in sorted((store.folder / "resolution").glob("*-judgements.parquet")) if _rows(path)]
    assert _rows(told[1]) == [("OBJECT", "niche_tri", "vehicle/V1", "niche_tri", "vehicle/V2", "DIFFERENT")]
    assert _rows(told[0]) == [
        ("niche_tri", "P1", "niche_tri", "P2", "DIFFERENT"),
        ("niche_tri", "P3", "niche_tri", "P4", "SAME"),
    ]


def _rows(path):
    return duckdb.sql(f"from '{path}' order by all").fetchall()
