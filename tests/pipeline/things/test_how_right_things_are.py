"""On simulated things of six forces, whose truth is known, the rules find what equal values miss and part what they
join wrongly. The same seed gives the same records.
"""

from pathlib import Path

import pytest

from fourfold.pipeline.things import group_things
from fourfold.pipeline.things.evaluation import OfKind, evaluate
from fourfold.simulation.reference import FORCES
from fourfold.simulation.things import simulate_things

LEAST = {"VEHICLE": (0.99, 0.96), "PHONE": (0.99, 0.95), "ADDRESS": (0.99, 0.92), "ORGANISATION": (0.98, 0.6)}
"""Precision and recall that a change of the rules must not fall below."""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, OfKind]:
    folder = tmp_path_factory.mktemp("simulated") / "things"
    simulate_things(800, 11, folder)
    grouped = group_things({force: [folder / force] for force in FORCES}, into=folder.parent / "grouped")
    return dict(evaluate(grouped, folder=folder))


@pytest.mark.parametrize("kind", LEAST)
def test_each_kind_is_as_right_as_it_was_and_better_than_equal_values(kind: str, measured: dict[str, OfKind]) -> None:
    found = measured[kind]
    precision, recall = LEAST[kind]
    assert found.rules.precision >= precision
    assert found.rules.recall >= recall
    assert found.rules.f1 > found.equal_values.f1


def test_cloned_plates_and_spellings_are_where_equal_values_fail(measured: dict[str, OfKind]) -> None:
    assert measured["VEHICLE"].equal_values.precision < measured["VEHICLE"].rules.precision
    assert measured["ADDRESS"].equal_values.recall < 0.5
    assert {slip.kind for slip in measured["ADDRESS"].slips} >= {"street in short", "no postcode", "postcode slip"}


def test_a_person_is_asked_about_what_the_rules_miss_and_not_about_thousands(measured: dict[str, OfKind]) -> None:
    asked = {rule.kind: rule for kind in measured.values() for rule in kind.asked}
    assert asked["postcode_further"].recall > 0.9, "two slips of a postcode join nothing, and are nearly always one"
    assert {kind for kind, found in measured.items() if found.asked} >= {"VEHICLE", "PHONE", "ADDRESS"}
    for kind, found in measured.items():
        assert sum(rule.pairs for rule in found.asked) < found.records / 10, kind


def test_the_same_seed_gives_the_same_things(tmp_path: Path) -> None:
    for name in ("one", "other"):
        simulate_things(20, 3, tmp_path / name)
    for path in (tmp_path / "one").rglob("*.parquet"):
        assert path.read_bytes() == (tmp_path / "other" / path.relative_to(tmp_path / "one")).read_bytes()
