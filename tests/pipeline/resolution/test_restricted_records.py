"""A restricted record joins at most one open cluster, bridges nothing, and changes nothing that others can see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.pipeline.resolution.people import Bench, Person, clusters_of, edges_of, groups_of

FIRST = Person("first", pnc="1999/0123456X")
SECOND = Person("second", "Tegwen", "Ashcroft", "1991-11-30", cro="265416/21G")
BRIDGE = Person("bridge", pnc=FIRST.pnc, cro=SECOND.cro, aliases=(("Tegwen", "Ashcroft"),), audience="OWN")


def test_an_open_record_would_bridge_the_two(bench: Bench) -> None:
    """Otherwise the tests below would show nothing."""
    bench.deliver("niche_tri", [FIRST, SECOND, replace(BRIDGE, audience="REGION")], merged={"second": "bridge"})
    assert groups_of(bench.resolve()) == {frozenset({"first", "second", "bridge"})}


def test_a_record_for_its_own_force_bridges_nothing(bench: Bench) -> None:
    bench.deliver("niche_tri", [FIRST, SECOND, BRIDGE], merged={"second": "bridge"})
    groups = groups_of(bench.resolve())
    assert frozenset({"first", "second", "bridge"}) not in groups
    assert sorted(len(group) for group in groups) == [1, 2]


def test_a_record_in_a_compartment_bridges_nothing(bench: Bench) -> None:
    bridge = replace(BRIDGE, audience="REGION", compartment="op_heron")
    bench.deliver("niche_tri", [FIRST, SECOND, bridge], merged={"second": "bridge"})
    assert sorted(len(group) for group in groups_of(bench.resolve())) == [1, 2]


def test_a_merger_by_the_source_decides_which_cluster_a_restricted_record_joins(bench: Bench) -> None:
    bench.deliver("niche_tri", [FIRST, SECOND, BRIDGE], merged={"bridge": "second"})
    assert groups_of(bench.resolve()) == {frozenset({"first"}), frozenset({"second", "bridge"})}


def test_the_cluster_not_joined_is_a_proposal(bench: Bench) -> None:
    rival = replace(FIRST, key="rival", forenames="Enid", surname="Gwynne", born="1950-06-01", pnc=None, cro=BRIDGE.cro)
    bench.deliver("niche_tri", [FIRST, rival, replace(BRIDGE, aliases=(("Enid", "Gwynne"),))])
    bands = {frozenset({str(e["left_key"]), str(e["right_key"])}): e["band"] for e in edges_of(bench.resolve())}
    assert bands == {frozenset({"first", "bridge"}): "LINKED", frozenset({"rival", "bridge"}): "PROPOSED"}


def test_two_restrictions_never_meet_without_an_open_record(bench: Bench) -> None:
    hidden = replace(FIRST, audience="OWN")
    bench.deliver("niche_tri", [replace(hidden, key="ours"), replace(hidden, key="theirs", force="cheshire")])
    result = bench.resolve()
    assert groups_of(result) == {frozenset({"ours"}), frozenset({"theirs"})}
    assert edges_of(result) == []


def test_the_same_restriction_may_meet(bench: Bench) -> None:
    hidden = replace(FIRST, audience="OWN")
    bench.deliver("niche_tri", [replace(hidden, key="one"), replace(hidden, key="two")])
    assert groups_of(bench.resolve()) == {frozenset({"one", "two"})}


def test_open_records_look_the_same_with_and_without_restricted_ones(bench: Bench, tmp_path: Path) -> None:
    """Weights, clusters and numbers of open records must not tell that a restricted record exists."""
    people = [FIRST, SECOND, replace(FIRST, key="copy", pnc=None, postcode="M1 1AE")]
    hidden = [
        replace(FIRST, key=f"hidden-{number}", audience="OWN", postcode="M1 1AE", force=force)
        for number in range(300)
        for force in ("gmp",)
    ]
    bench.deliver("niche_tri", people)
    plain = bench.resolve()
    other = Bench(tmp_path / "other")
    other.folder.mkdir()
    other.deliver("niche_tri", [*hidden, *people])
    full = other.resolve()
    keys = {each.key for each in people}
    assert {k: v for k, v in clusters_of(full).items() if k[1] in keys} == clusters_of(plain)
    assert [e for e in edges_of(full) if {e["left_key"], e["right_key"]} <= keys] == edges_of(plain)
