"""A restricted record joins at most one open cluster, bridges nothing, and changes nothing that others can see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.pipeline.resolution.people import Bench, Person, clusters_of, edges_of, groups_of
from tests.pipeline.resolution.test_records_that_say_little import crowd, deliver, group_of, link, often

from fourfold.pipeline import resolution
from fourfold.pipeline.resolution import Resolution, load_settings
from fourfold.pipeline.resolution.settings import Growth

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


GROWING = replace(load_settings(), growth=Growth(most_batches=3, most_growth=1.0, outgrown=2))
ONE, OTHER = Person("one"), Person("other")
PHONES = {"phone": "+447700900123", "same": "+447700900123"}


def said_of_contact(result: Resolution) -> str | None:
    (edge,) = [each for each in edges_of(result) if {each["left_key"], each["right_key"]} == {"one", "other"}]
    return {step.comparison: step.level for step in resolution.steps(edge)}["contact"]


def in_its_frame(bench: Bench, frame: Resolution) -> Resolution:
    """A full run that counts what the first one counted, as a batch does."""
    return resolution.resolve(
        bench.batches,
        previous=frame.clusters,
        into=bench.folder / "full",
        next_cluster=frame.next_cluster,
        settings=GROWING,
        frame=frame.clusters,
    )


@pytest.mark.parametrize("hidden", [{"audience": "OWN"}, {"compartment": "op_heron"}])
def test_a_link_that_few_may_read_now_no_longer_speaks_for_open_records(bench: Bench, hidden: dict[str, str]) -> None:
    deliver(bench, [ONE, OTHER], link("one", "OBJECT", "phone"), link("other", "OBJECT", "same"), phones=PHONES)
    assert said_of_contact(bench.resolve()) == "home"
    deliver(bench, [], link("other", "OBJECT", "same") | hidden)
    assert said_of_contact(bench.resolve(whole=True)) == "missing"
    deliver(bench, [], link("other", "OBJECT", "same"))
    assert said_of_contact(bench.resolve(whole=True)) == "home", "and everybody may read it again"


def test_a_batch_that_only_restricts_a_link_takes_it_back(bench: Bench) -> None:
    uses = [link("one", "OBJECT", "phone"), link("other", "OBJECT", "same")]
    deliver(bench, [ONE, OTHER, *crowd(20)], *uses, phones=PHONES)
    before = bench.resolve(settings=GROWING)
    assert said_of_contact(before) == "home"
    deliver(bench, [], link("other", "OBJECT", "same", "OWN"))
    added, full = bench.resolve(settings=GROWING), in_its_frame(bench, before)
    assert not added.whole
    assert said_of_contact(added) == said_of_contact(full) == "missing"
    assert groups_of(added) == groups_of(full)


@pytest.mark.parametrize("who", ["known 0", "other 0"])
def test_company_that_few_may_read_of_now_places_nobody_in_a_full_run_or_a_batch(bench: Bench, who: str) -> None:
    """`other 0` shares no key with the record that its company placed."""
    known = Person("known", "Tegwen", "Ashcroft", "1991-11-30", pnc="1999/0123456X")
    namesake = Person("namesake", "Tegwen", "Ashcroft", "1964-02-17", pnc="2003/0654321Q")
    name_only = Person("name only", "Tegwen", "Ashcroft", None, sex="U")
    others = crowd(200)
    people = [*others, *often(known, 30), *often(namesake, 12), name_only, replace(others[0], key="friend")]
    seen = [link("known 0", "EVENT", "e1"), link("other 0", "EVENT", "e1")]
    deliver(bench, people, *seen, link("name only", "EVENT", "e2"), link("friend", "EVENT", "e2"))
    before = bench.resolve(settings=GROWING)
    assert "known 1" in group_of(before, "name only")
    deliver(bench, [], link(who, "EVENT", "e1", "OWN"))
    added, full = bench.resolve(settings=GROWING), in_its_frame(bench, before)
    assert not added.whole
    assert group_of(added, "name only") == group_of(full, "name only") == {"name only"}
