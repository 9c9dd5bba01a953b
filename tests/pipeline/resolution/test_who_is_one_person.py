"""Who is put together, who is kept apart, and who is left for a person to decide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.pipeline.resolution.people import Bench, Person, edges_of, groups_of

from fourfold.pipeline import resolution

PNC = "1999/0123456X"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(Person("a"), Person("b"), id="same name and birth"),
        pytest.param(
            Person("a", postcode="M1 1AE"), Person("b", "PRYDDERCH", "Marged", postcode="M1 1AE"), id="swapped"
        ),
        pytest.param(
            Person("a", "Elizabeth", postcode="CH1 2AB"), Person("b", "Liz", postcode="CH1 2AB"), id="short form"
        ),
        pytest.param(
            Person("a", postcode="M1 1AE"),
            Person("b", born="1984-07-03", postcode="M1 1AE"),
            id="day and month swapped",
        ),
        pytest.param(
            Person("a", pnc=PNC), Person("b", surname="Thistlewood", pnc=PNC), id="new surname, same PNC ID and birth"
        ),
        pytest.param(
            Person("a", pnc=PNC), Person("b", born="1984-01-01", quality="default", pnc=PNC), id="default birth, PNC ID"
        ),
        pytest.param(
            Person("a", "Siân", "O'Dowd-Møller"), Person("b", "SIAN", "ODOWD MOLLER"), id="accents, hyphens, case"
        ),
    ],
)
def test_one_person_is_put_together(bench: Bench, left: Person, right: Person) -> None:
    bench.deliver("niche_tri", [left])
    bench.deliver("mark43_cumbria", [right])
    result = bench.resolve()
    assert groups_of(result) == {frozenset({"a", "b"})}
    (edge,) = edges_of(result)
    assert edge["band"] == "LINKED"
    assert edge["match_weight"] >= resolution.load_settings().link_weight


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(Person("a"), Person("b", "Tegwen", "Ashcroft", "1991-11-30"), id="nothing in common"),
        pytest.param(Person("a"), Person("b", born="1951-12-30"), id="same name, another generation"),
        pytest.param(Person("a"), Person("b", born=None), id="same name, no date of birth"),
        pytest.param(Person("a"), Person("b", "Tegwen", "Ashcroft"), id="born on the same day"),
        pytest.param(
            Person("a", postcode="M1 1AE"), Person("b", "Tegwen", born="1986-05-19", postcode="M1 1AE"), id="sisters"
        ),
        pytest.param(
            Person("a", "Ioan", born="1984-03-07", sex="M", postcode="M1 1AE"),
            Person("b", "Tegwen", born="1984-03-07", sex="F", postcode="M1 1AE"),
            id="twins at home",
        ),
        pytest.param(
            Person("a", surname=None, forenames=None, born=None), Person("b", None, None, None), id="nothing known"
        ),
    ],
)
def test_two_people_are_kept_apart(bench: Bench, left: Person, right: Person) -> None:
    bench.deliver("niche_tri", [left, right])
    assert groups_of(bench.resolve()) == {frozenset({"a"}), frozenset({"b"})}


def test_a_doubtful_pair_is_kept_as_a_proposal(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person("a", postcode="M1 1AE"), Person("b", born=None, postcode="M1 1AE")])
    result = bench.resolve()
    settings = resolution.load_settings()
    (edge,) = edges_of(result)
    assert edge["band"] == "PROPOSED"
    assert settings.review_weight <= edge["match_weight"] < settings.link_weight
    assert groups_of(result) == {frozenset({"a"}), frozenset({"b"})}
    assert result.counts.proposed == 1


def test_an_alias_speaks_for_one_person(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person("a", "Tegwen", "Ashcroft", aliases=(("Marged", "Prydderch"),)), Person("b")])
    (edge,) = edges_of(bench.resolve())
    step = {each.comparison: each for each in resolution.steps(edge)}["name"]
    assert (step.level, step.weight > 0) == ("alias", True)


def test_records_join_through_a_third(bench: Bench) -> None:
    """The first and last share only a name; the middle one shares enough with each."""
    bench.deliver(
        "niche_tri",
        [
            Person("a", born=None, pnc=PNC),
            Person("b", pnc=PNC, postcode="M1 1AE"),
            Person("c", pnc=None, postcode="M1 1AE"),
        ],
    )
    assert groups_of(bench.resolve()) == {frozenset({"a", "b", "c"})}


def test_a_merger_of_the_source_puts_its_records_together(bench: Bench) -> None:
    bench.deliver(
        "niche_tri", [Person("a"), Person("b", "Tegwen", "Ashcroft", "1991-11-30")], merged={"b": "a", "gone": "a"}
    )
    result = bench.resolve()
    assert groups_of(result) == {frozenset({"a", "b"})}
    (edge,) = edges_of(result)
    assert edge["band"] == "TOMBSTONE"
    assert resolution.words(edge) == "The source system itself merged these two records."


def test_a_merger_holds_within_its_own_source_only(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person("a")], merged={"b": "a"})
    bench.deliver("mark43_cumbria", [Person("b", "Tegwen", "Ashcroft", "1991-11-30")])
    assert groups_of(bench.resolve()) == {frozenset({"a"}), frozenset({"b"})}


def test_a_later_delivery_of_a_record_replaces_the_earlier(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person("a"), Person("b", "Tegwen", "Ashcroft", "1991-11-30")])
    bench.deliver("niche_tri", [Person("b")])
    result = bench.resolve()
    assert result.counts.records == 2
    assert groups_of(result) == {frozenset({"a", "b"})}


def test_no_records_make_empty_results(bench: Bench) -> None:
    bench.deliver("police_uk_street", [])
    result = bench.resolve()
    assert (result.counts.records, clusters := groups_of(result), edges_of(result)) == (0, set(), []), clusters
    assert bench.next_cluster == 1


def test_ethnicity_never_changes_an_answer(bench: Bench, tmp_path: Path) -> None:
    people = [Person("a", postcode="M1 1AE"), Person("b", born=None, postcode="M1 1AE"), Person("c")]
    bench.deliver("niche_tri", people)
    first = bench.resolve()
    other = Bench(tmp_path / "other")
    other.folder.mkdir()
    other.deliver("niche_tri", [replace(each, ethnicity=f"A{place}") for place, each in enumerate(people)])
    second = other.resolve()
    assert edges_of(first) == edges_of(second)
    assert groups_of(first) == groups_of(second)
