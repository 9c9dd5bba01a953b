"""A record that says little is put with the one group it fits, and with none where two people could be meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.pipeline.resolution.people import Bench, Person, clusters_of, edges_of, groups_of

from fourfold.pipeline import resolution
from fourfold.pipeline.resolution import load_settings
from fourfold.pipeline.resolution.settings import Growth

KNOWN = Person("known", "Tegwen", "Ashcroft", "1991-11-30", pnc="1999/0123456X")
NAMESAKE = Person("namesake", "Tegwen", "Ashcroft", "1964-02-17", pnc="2003/0654321Q")
NAME_ONLY = Person("name only", "Tegwen", "Ashcroft", None, sex="U")
LINK = pa.schema(
    [
        (name, pa.string())
        for name in (
            "left_kind", "left_key", "right_kind", "right_key", "type", "owning_force", "audience", "compartment",
        )
    ]
)  # fmt: skip
OBJECT = pa.schema(
    [(name, pa.string()) for name in ("record_key", "value", "owning_force", "audience", "compartment")]
    + [("valid", pa.bool_())]
)


def often(person: Person, times: int) -> list[Person]:
    return [replace(person, key=f"{person.key} {n}") for n in range(times)]


def crowd(people: int) -> list[Person]:
    """Others, so that the region knows how common a name is and that most people are recorded more than once."""
    letters = "BCDFGHJKLMNPRSTVWZ"
    return [
        Person(
            f"other {n}{copy}",
            f"{letters[n % 18]}o{letters[n // 18 % 18]}an",
            f"{letters[n // 18 % 18]}er{letters[n % 18]}by",
            f"{1940 + n % 60}-{n % 12 + 1:02}-{n % 28 + 1:02}",
            sex="M",
        )
        for n in range(people)
        for copy in ("", " again")
    ]


def link(person: str, kind: str, key: str, audience: str = "REGION") -> dict[str, object]:
    return {
        "left_kind": "PERSON", "left_key": person, "right_kind": kind, "right_key": key, "type": "SUBJECT",
        "owning_force": "gmp", "audience": audience, "compartment": None,
    }  # fmt: skip


def deliver(bench: Bench, people: Sequence[Person], *links: dict[str, object], phones: dict[str, str] | None = None):
    bench.deliver("niche_tri", people)
    place = bench.batches["niche_tri"][-1].parent
    pq.write_table(pa.Table.from_pylist(list(links), schema=LINK), place / "link.parquet")
    things = [
        {"record_key": key, "value": number, "owning_force": "gmp", "audience": "REGION", "valid": True}
        for key, number in (phones or {}).items()
    ]
    pq.write_table(pa.Table.from_pylist(things, schema=OBJECT), place / "object.parquet")


def group_of(result, key: str) -> frozenset[str]:
    return next(group for group in groups_of(result) if key in group)


@pytest.fixture(scope="module")
def others() -> list[Person]:
    return crowd(200)


def test_a_name_alone_joins_the_person_who_is_recorded_often_and_nobody_where_two_are(bench: Bench, others):
    bench.deliver("niche_tri", [*others, *often(KNOWN, 12), NAME_ONLY])
    result = bench.resolve()
    assert len(group_of(result, "name only")) == 13
    (reason,) = [edge for edge in edges_of(result) if "name only" in (edge["left_key"], edge["right_key"])]
    assert reason["band"] == "LINKED"
    assert sum(step.weight for step in resolution.steps(reason)) == pytest.approx(reason["match_weight"], abs=1e-6)
    assert "this person fits best by far" in resolution.words(reason)
    bench.deliver("niche_tri", often(NAMESAKE, 5))
    assert group_of(bench.resolve(), "name only") == {"name only"}


def test_two_single_records_of_a_rare_name_are_one_person_and_of_a_common_one_are_not(bench: Bench, others):
    dated = Person("rare dated", "Tegwen Mair", "Ashcroft", "1991-11-30")
    rare = [dated, replace(dated, key="name only", born=None)]
    common = [Person(f"common {n}", others[0].forenames, others[0].surname, None) for n in range(2)]
    same_name = [replace(others[0], key=f"namesake {n}", born=f"{1941 + n}-02-17") for n in range(6)]
    bench.deliver("niche_tri", [*others, *rare, *common, *same_name])
    result = bench.resolve()
    assert group_of(result, "name only") == {"name only", "rare dated"}
    (reason,) = [edge for edge in edges_of(result) if "name only" in (edge["left_key"], edge["right_key"])]
    assert sum(step.weight for step in resolution.steps(reason)) == pytest.approx(reason["match_weight"], abs=1e-6)
    assert group_of(result, "common 0") == {"common 0"}
    assert group_of(result, "common 1") == {"common 1"}


def test_company_tells_two_people_of_one_name_apart(bench: Bench, others):
    friend = replace(others[0], key="friend")
    people = [*others, *often(KNOWN, 30), *often(NAMESAKE, 12), NAME_ONLY, friend]
    seen = [
        link("known 0", "EVENT", "e1"),
        link("other 0", "EVENT", "e1"),
        link("name only", "EVENT", "e2"),
        link("friend", "EVENT", "e2"),
    ]
    deliver(bench, people, *seen)
    assert "known 1" in group_of(bench.resolve(), "name only")
    hidden = [each | {"audience": "OWN"} if each["right_key"] == "e1" else each for each in seen]
    deliver(bench, people, *hidden)
    bench.batches["niche_tri"].pop(0)
    assert group_of(bench.resolve(), "name only") == {"name only"}, "few may read of it"


def test_two_records_of_one_event_are_hardly_one_person(bench: Bench, others):
    people = [*others, *often(KNOWN, 12), NAME_ONLY]
    deliver(bench, people, link("known 0", "EVENT", "e1"), link("name only", "EVENT", "e1"))
    assert group_of(bench.resolve(), "name only") == {"name only"}


def test_a_batch_knows_the_company_and_telephones_of_records_that_it_does_not_read_again(bench: Bench, others):
    settings = replace(load_settings(), growth=Growth(most_batches=3, most_growth=1.0, outgrown=2))
    caller = replace(NAME_ONLY, key="caller", surname="Thistlewood")
    people = [*others, *often(KNOWN, 12), caller]
    seen = [link(key, "EVENT", "e1") for key in ("known 0", "other 0")]
    deliver(bench, people, *seen, link("caller", "OBJECT", "phone"), phones={"phone": "+447700900123"})
    bench.resolve(settings=settings)
    now = [replace(NAME_ONLY, key="at the event"), replace(NAME_ONLY, key="elsewhere"), replace(caller, key="rings")]
    events = [link("at the event", "EVENT", "e1"), link("elsewhere", "EVENT", "e2")]
    deliver(bench, now, *events, link("rings", "OBJECT", "same"), phones={"same": "+447700900123"})
    added = bench.resolve(settings=settings)
    assert not added.whole
    assert "known 0" not in group_of(added, "at the event")
    assert "known 0" in group_of(added, "elsewhere")
    (rung,) = [edge for edge in edges_of(added) if {edge["left_key"], edge["right_key"]} == {"caller", "rings"}]
    assert {step.comparison: step.level for step in resolution.steps(rung)}["contact"] != "missing"


def test_a_telephone_puts_together_what_a_name_alone_does_not_unless_few_may_read_it(bench: Bench, tmp_path: Path):
    one, other = replace(NAME_ONLY, key="one"), replace(NAME_ONLY, key="other", surname="Thistlewood")
    uses = [link("one", "OBJECT", "phone"), link("other", "OBJECT", "phone")]
    deliver(bench, [one, other, *crowd(40)], *uses, phones={"phone": "+447700900123"})
    weight = next(edge["match_weight"] for edge in edges_of(bench.resolve()) if edge["left_key"] == "one")
    assert weight > 2
    hidden = Bench(tmp_path / "hidden")
    hidden.folder.mkdir()
    closed = [uses[0], uses[1] | {"audience": "OWN"}]
    deliver(hidden, [one, other, *crowd(40)], *closed, phones={"phone": "+447700900123"})
    assert "one" not in {edge["left_key"] for edge in edges_of(hidden.resolve())}


def test_a_restricted_record_that_says_little_is_a_leaf_and_changes_nothing_for_others(
    bench: Bench, tmp_path: Path, others
):
    people = [*others, *often(KNOWN, 12), NAME_ONLY]
    bench.deliver("niche_tri", people)
    plain = bench.resolve()
    other = Bench(tmp_path / "other")
    other.folder.mkdir()
    hidden = [replace(NAME_ONLY, key="hidden", audience="OWN"), *often(replace(NAMESAKE, audience="OWN"), 12)]
    other.deliver("niche_tri", [*people, *hidden])
    full = other.resolve()
    assert {"hidden", "name only", "known 0"} <= group_of(full, "hidden")
    seen = set(clusters_of(plain))
    assert {key: number for key, number in clusters_of(full).items() if key in seen} == clusters_of(plain)


def test_a_judgement_goes_before_what_a_group_suggests(bench: Bench, others, tmp_path: Path):
    bench.deliver("niche_tri", [*others, *often(KNOWN, 12), NAME_ONLY])
    said = tmp_path / "judgements.parquet"
    row = {"left_source": "niche_tri", "left_key": "known 3", "right_source": "niche_tri", "right_key": "name only"}
    pq.write_table(pa.Table.from_pylist([row | {"verdict": "DIFFERENT"}]), said)
    result = bench.resolve(judgements=said)
    assert group_of(result, "name only") == {"name only"}
