"""What people decided holds through every run, and tells nobody about a restricted record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.pipeline.resolution.people import Bench, Person, clusters_of, edges_of, groups_of

from fourfold.pipeline import resolution

PNC = "1999/0123456X"
ONE = Person("one", pnc=PNC)
COPY = replace(ONE, key="copy", postcode="M1 1AE")
OTHER = Person("other", "Tegwen", "Ashcroft", "1991-11-30")
SECOND = replace(OTHER, key="second", postcode="M2 1AE")
HIDDEN = Person("hidden", "Enid", "Gwynne", "1950-06-01", audience="OWN")

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("left_source", "left_key", "right_source", "right_key", "verdict")]
)


def judged(bench: Bench, *said: tuple[str, str, str]) -> Path:
    rows = [
        {
            "left_source": "niche_tri",
            "left_key": one,
            "right_source": "niche_tri",
            "right_key": other,
            "verdict": verdict,
        }
        for one, verdict, other in said
    ]
    path = bench.folder / f"judgements-{bench.runs}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    return path


def outcomes(result: resolution.Resolution) -> dict[tuple[str, str, str], str]:
    rows = pq.read_table(result.judgements).to_pylist()
    return {(row["left_key"], row["verdict"], row["right_key"]): row["outcome"] for row in rows}


def changes(result: resolution.Resolution) -> list[tuple[str, int | None, int | None, int, int]]:
    rows = pq.read_table(result.changes).to_pylist()
    return [(row["event"], row["was"], row["became"], row["records"], row["open"]) for row in rows]


def test_same_puts_together_what_no_weight_would_and_different_keeps_apart_what_every_weight_would_join(bench: Bench):
    bench.deliver("niche_tri", [ONE, COPY, OTHER])
    result = bench.resolve(judgements=judged(bench, ("one", "SAME", "other"), ("copy", "DIFFERENT", "one")))
    assert groups_of(result) == {frozenset({"one", "other"}), frozenset({"copy"})}
    assert [(edge["left_key"], edge["band"]) for edge in edges_of(result)] == [("copy", "APART")]
    assert "a person judged" in resolution.words(edges_of(result)[0])
    assert set(outcomes(result).values()) == {"HELD"}
    assert (result.counts.judgements_held, result.counts.judgements_not_held) == (2, 0)


def test_judgements_hold_when_records_arrive_and_undone_ones_are_forgotten(bench: Bench):
    bench.deliver("niche_tri", [ONE, COPY])
    apart = judged(bench, ("one", "DIFFERENT", "copy"))
    first = clusters_of(bench.resolve(judgements=apart))
    bench.deliver("niche_tri", [replace(ONE, key="third")])
    again = clusters_of(bench.resolve(judgements=apart))
    assert {key: again[key] for key in first} == first
    assert again["niche_tri", "one"] != again["niche_tri", "copy"], "a third record that fits both joins one of them"
    assert len(groups_of(bench.resolve())) == 1


def test_a_component_is_cut_at_its_weakest_tie(bench: Bench):
    """The chain a, b, c, d: its weakest tie is that of b and c, who share a name and a sector only."""
    people = [
        Person("a", born=None, pnc=PNC),
        Person("b", pnc=PNC, postcode="M1 1AE"),
        Person("c", cro="265416/21G", postcode="M1 1AF"),
        Person("d", born=None, cro="265416/21G"),
    ]
    bench.deliver("niche_tri", people)
    assert groups_of(bench.resolve()) == {frozenset("abcd")}
    result = bench.resolve(judgements=judged(bench, ("a", "DIFFERENT", "d")))
    assert groups_of(result) == {frozenset("ab"), frozenset("cd")}


def test_contradicting_judgements_stop_nothing_and_the_one_not_held_is_named(bench: Bench):
    bench.deliver("niche_tri", [ONE, OTHER, SECOND])
    said = judged(bench, ("one", "SAME", "other"), ("one", "DIFFERENT", "second"), ("other", "SAME", "gone"))
    found = outcomes(bench.resolve(judgements=said))
    assert found["one", "DIFFERENT", "second"] == "HELD"
    assert found["one", "SAME", "other"] == "HELD", "what a person said is stronger than any weight"
    assert found["other", "SAME", "gone"] == "NOT_FOUND"
    both = judged(bench, ("one", "SAME", "other"), ("other", "SAME", "second"), ("one", "DIFFERENT", "second"))
    again = outcomes(bench.resolve(judgements=both))
    assert sorted(again.values()) == ["HELD", "HELD", "NOT_HELD"]
    assert again["one", "DIFFERENT", "second"] == "HELD"


def test_a_judgement_follows_a_record_that_its_source_merged_away(bench: Bench):
    bench.deliver("niche_tri", [ONE, replace(OTHER, key="kept")], merged={"other": "kept"})
    result = bench.resolve(judgements=judged(bench, ("one", "SAME", "other")))
    assert groups_of(result) == {frozenset({"one", "kept"})}


def test_a_verdict_of_another_kind_is_refused(bench: Bench):
    bench.deliver("niche_tri", [ONE, OTHER])
    with pytest.raises(ValueError, match="“PERHAPS”"):
        bench.resolve(judgements=judged(bench, ("one", "PERHAPS", "other")))


def test_a_judgement_about_a_restricted_record_places_it_and_joins_no_two_clusters(bench: Bench):
    bench.deliver("niche_tri", [ONE, COPY, OTHER, SECOND, HIDDEN])
    plain = bench.resolve()
    said = judged(bench, ("hidden", "SAME", "one"), ("hidden", "SAME", "other"))
    result = bench.resolve(judgements=said)
    assert groups_of(result) == {frozenset({"one", "copy", "hidden"}), frozenset({"other", "second"})}
    open_keys = {key for key in clusters_of(plain) if key[1] != "hidden"}
    assert {key: clusters_of(result)[key] for key in open_keys} == {key: clusters_of(plain)[key] for key in open_keys}
    assert sorted(outcomes(result).values()) == ["HELD", "NOT_HELD"]


def test_a_restricted_record_judged_different_takes_the_next_best_place_and_others_see_nothing(bench: Bench):
    hidden = replace(ONE, key="hidden", audience="OWN")
    bench.deliver("niche_tri", [ONE, COPY, OTHER, hidden])
    assert frozenset({"one", "copy", "hidden"}) in groups_of(bench.resolve())
    result = bench.resolve(judgements=judged(bench, ("hidden", "DIFFERENT", "copy")))
    assert groups_of(result) == {frozenset({"one", "copy"}), frozenset({"other"}), frozenset({"hidden"})}


def test_two_restrictions_meet_only_by_a_judgement_and_one_record_at_a_time(bench: Bench):
    ours = replace(HIDDEN, key="ours")
    theirs = replace(HIDDEN, key="theirs", force="cheshire")
    away = [
        replace(OTHER, key="ours-2", audience="OWN"),
        replace(OTHER, key="theirs-2", audience="OWN", force="cheshire"),
    ]
    bench.deliver("niche_tri", [ours, theirs, *away])
    assert len(groups_of(bench.resolve())) == 4
    result = bench.resolve(judgements=judged(bench, ("ours", "SAME", "theirs"), ("theirs", "SAME", "ours-2")))
    assert groups_of(result) == {frozenset({"ours", "theirs"}), frozenset({"ours-2"}), frozenset({"theirs-2"})}


def test_what_became_of_each_number_is_recorded(bench: Bench):
    bench.deliver("niche_tri", [ONE, OTHER, SECOND])
    first = bench.resolve()
    numbers = {key: number for (_, key), number in clusters_of(first).items()}
    assert changes(first) == [("NEW", None, 1, 1, 1), ("NEW", None, 2, 2, 2)]
    together = bench.resolve(judgements=judged(bench, ("one", "SAME", "other")))
    assert changes(together) == [("MERGE", numbers["one"], numbers["other"], 1, 1)]
    apart = bench.resolve()
    assert changes(apart) == [("NEW", None, 3, 1, 1), ("SPLIT", numbers["other"], 3, 1, 1)]
    assert changes(bench.resolve()) == []


def test_a_change_of_a_restricted_record_alone_counts_no_open_record(bench: Bench):
    bench.deliver("niche_tri", [ONE, HIDDEN])
    bench.resolve()
    result = bench.resolve(judgements=judged(bench, ("one", "SAME", "hidden")))
    assert changes(result) == [("MERGE", 2, 1, 1, 0)]
