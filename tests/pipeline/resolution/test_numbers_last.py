"""A cluster keeps its number while most of it is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.pipeline.resolution.people import Bench, Person, clusters_of

PNC = "1999/0123456X"
ONE = Person("one", pnc=PNC)
OTHER = Person("other", "Tegwen", "Ashcroft", "1991-11-30")


def test_the_same_records_give_the_same_numbers(bench: Bench) -> None:
    bench.deliver("niche_tri", [ONE, OTHER, replace(ONE, key="copy")])
    first = clusters_of(bench.resolve())
    assert clusters_of(bench.resolve()) == first
    assert bench.next_cluster == 3


def test_new_records_get_new_numbers_and_old_ones_keep_theirs(bench: Bench) -> None:
    bench.deliver("niche_tri", [ONE, OTHER])
    before = clusters_of(bench.resolve())
    bench.deliver("connect_lancashire", [replace(ONE, key="again"), Person("new", "Enid", "Gwynne", "1950-06-01")])
    after = clusters_of(bench.resolve())
    assert {key: after[key] for key in before} == before
    assert after[("connect_lancashire", "again")] == before[("niche_tri", "one")]
    assert after[("connect_lancashire", "new")] == 3


def test_a_cluster_that_comes_apart_keeps_its_number_with_most_of_its_records(bench: Bench) -> None:
    bench.deliver("niche_tri", [replace(ONE, key=key) for key in ("a", "b", "c")])
    before = clusters_of(bench.resolve())
    assert set(before.values()) == {1}
    bench.deliver("niche_tri", [replace(OTHER, key="a")])
    after = {key: cluster for (_, key), cluster in clusters_of(bench.resolve()).items()}
    assert after == {"a": 2, "b": 1, "c": 1}


def test_clusters_that_come_together_keep_the_number_of_the_larger(bench: Bench) -> None:
    bench.deliver("niche_tri", [OTHER, replace(ONE, key="x"), replace(ONE, key="y")])
    before = clusters_of(bench.resolve())
    bench.deliver("niche_tri", [replace(ONE, key="other")])
    after = clusters_of(bench.resolve())
    assert set(after.values()) == {before[("niche_tri", "x")]}


def test_a_record_the_source_merged_away_passes_its_number_on(bench: Bench) -> None:
    bench.deliver("niche_tri", [ONE])
    number = clusters_of(bench.resolve())[("niche_tri", "one")]
    bench.batches.clear()
    bench.deliver("niche_tri", [replace(ONE, key="kept")], merged={"one": "kept"})
    assert clusters_of(bench.resolve()) == {("niche_tri", "kept"): number}


def test_a_restricted_record_does_not_decide_a_number(bench: Bench) -> None:
    hidden = [replace(ONE, key=f"hidden-{n}", audience="OWN") for n in range(3)]
    bench.deliver("niche_tri", [replace(ONE, key="a"), *hidden])
    (shared,) = set(clusters_of(bench.resolve()).values())
    away = [replace(OTHER, key=each.key, audience="OWN") for each in hidden]
    bench.deliver("niche_tri", [*away, replace(OTHER, key="b")])
    after = clusters_of(bench.resolve())
    assert after[("niche_tri", "a")] == shared
    assert after[("niche_tri", "b")] != shared


def test_numbering_must_start_above_the_numbers_already_given(bench: Bench) -> None:
    bench.deliver("niche_tri", [ONE, OTHER])
    bench.resolve()
    bench.next_cluster = 2
    with pytest.raises(ValueError, match="above 2"):
        bench.resolve()
