"""Figures of quality, counted by hand on a case small enough to check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.pipeline.resolution.people import Bench, Person

from fourfold.pipeline import resolution
from fourfold.pipeline.resolution import evaluation


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """a, b, c are one person; d and e another; f and g two people who look like one."""
    people = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2, "f": 3, "g": 4}
    rows = [{"source": "niche_tri", "record_key": key, "true_person": person} for key, person in people.items()]
    pq.write_table(pa.Table.from_pylist([*rows, rows[0]]), tmp_path / "truth.parquet")
    return tmp_path / "truth.parquet"


@pytest.fixture
def faults(tmp_path: Path) -> Path:
    rows = [
        {"source": "niche_tri", "record_key": "c", "code": "DOB_MISSING"},
        {"source": "niche_tri", "record_key": "d", "code": "MIXED_CASE"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "faults.parquet")
    return tmp_path / "faults.parquet"


def test_pairs_clusters_forces_and_faults_are_counted(bench: Bench, truth: Path, faults: Path) -> None:
    bench.deliver(
        "niche_tri",
        [
            Person("a"),
            Person("b"),
            Person("c", born=None),
            Person("d", "Tegwen", "Ashcroft", "1991-11-30", force="cheshire"),
            Person("e", "TEGWEN", "ASHCROFT", "1991-11-30", force="cheshire"),
            Person("f", "Enid", "Gwynne", "1950-06-01"),
            Person("g", "Enid", "Gwynne", "1950-06-01"),
            Person("unknown to the truth", "Enid", "Gwynne", "1950-06-01"),
        ],
    )
    found = evaluation.evaluate(bench.resolve(), truth=truth, faults=faults, forces=bench.batches)
    assert found.pairs == evaluation.Score(right=2, wrong=1, missed=2)
    assert (found.pairs.precision, found.pairs.recall, found.pairs.f1) == pytest.approx((2 / 3, 1 / 2, 4 / 7))
    assert found.clusters == evaluation.Score(right=1, wrong=2, missed=1)
    assert found.across_forces == evaluation.Score(right=0, wrong=0, missed=0)
    assert found.by_force["cheshire"] == evaluation.Score(right=1, wrong=0, missed=0)
    assert found.by_fault == [evaluation.Share("DOB_MISSING", 2, 0), evaluation.Share("MIXED_CASE", 1, 1)]
    assert sum(found.missed_by_stage.values()) == found.pairs.missed
    assert found.wrong_by_pattern == [("name same, birth same, sex same", 1)]


def test_a_higher_threshold_never_finds_more(bench: Bench, truth: Path, tmp_path: Path) -> None:
    bench.deliver("niche_tri", [Person("a"), Person("b"), Person("c", born=None)])
    lines = evaluation.at_thresholds(
        bench.batches,
        truth=truth,
        settings=replace(resolution.load_settings(), groups=None),
        weights=(-10.0, 10.0, 60.0),
        workplace=tmp_path,
    )
    assert [weight for weight, _ in lines] == [-10.0, 10.0, 60.0]
    assert [found.pairs.right for _, found in lines] == [3, 1, 0]
    assert lines[-1][1].pairs.precision == 1.0
