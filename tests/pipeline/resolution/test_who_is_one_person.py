"""Who is put together, who is kept apart, and who is left for a person to decide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.pipeline.resolution.people import Bench, Person, edges_of, groups_of

from fourfold.pipeline import resolution

PNC = "1999/0123456X"


ONE_PERSON = {
    "same name and birth": (Person("a"), Person("b")),
    "names swapped": (
        Person("a", "Enid", "Gwynne", "1950-06-01", postcode="M1 1AE"),
        Person("b", "GWYNNE", "Enid", "1950-06-01", postcode="M1 1AE"),
    ),
    "short form": (
        Person("a", "Elizabeth", "Cawdrey", "1977-02-21", postcode="CH1 2AB"),
        Person("b", "Liz", "Cawdrey", "1977-02-21", postcode="CH1 2AB"),
    ),
    "day and month swapped": (
        Person("a", "Ioan", "Bellwether", "1968-05-09", sex="M", postcode="L1 8JQ"),
        Person("b", "Ioan", "Bellwether", "1968-09-05", sex="M", postcode="L1 8JQ"),
    ),
    "new surname, same PNC ID and birth": (
        Person("a", "Nerys", "Fothergill", "1990-10-10", pnc="2009/0000001A"),
        Person("b", "Nerys", "Thistlewood", "1990-10-10", pnc="2009/0000001A"),
    ),
    "default birth, same PNC ID": (
        Person("a", "Gethin", "Ormerod", "1981-04-30", sex="M", pnc="2009/0000002B"),
        Person("b", "Gethin", "Ormerod", "1981-01-01", quality="default", sex="M", pnc="2009/0000002B"),
    ),
    "accents, hyphens, case": (
        Person("a", "Siân", "O'Dowd-Møller", "1995-07-19"),
        Person("b", "SIAN", "ODOWD MOLLER", "1995-07-19"),
    ),
}

TWO_PEOPLE = {
    "nothing in common": (Person("a"), Person("b", "Tegwen", "Ashcroft", "1991-11-30")),
    "same name, another generation": (
        Person("a", "Enid", "Gwynne", "1950-06-01"),
        Person("b", "Enid", "Gwynne", "1987-12-24"),
    ),
    "same name, no date of birth": (
        Person("a", "Ioan", "Bellwether", "1968-05-09", sex="M"),
        Person("b", "Ioan", "Bellwether", None, sex="M"),
    ),
    "born on the same day": (
        Person("a", "Nerys", "Fothergill", "1990-10-10"),
        Person("b", "Menna", "Cawdrey", "1990-10-10"),
    ),
    "sisters at home": (
        Person("a", "Lowri", "Ormerod", "1981-04-30", postcode="M1 1AE"),
        Person("b", "Gwenda", "Ormerod", "1983-08-02", postcode="M1 1AE"),
    ),
    "twins at home": (
        Person("a", "Hywel", "Thistlewood", "1995-07-19", sex="M", postcode="L1 8JQ"),
        Person("b", "Catrin", "Thistlewood", "1995-07-19", sex="F", postcode="L1 8JQ"),
    ),
    "twins of one sex at home": (
        Person("a", "Aled", "Fothergill", "1999-03-03", sex="M", postcode="CH1 2AB"),
        Person("b", "Deiniol", "Fothergill", "1999-03-03", sex="M", postcode="CH1 2AB"),
    ),
    "nothing known": (Person("a", None, None, None), Person("b", None, None, None)),
}


def keyed(cases: dict[str, tuple[Person, Person]], side: int) -> list[Person]:
    return [replace(pair[side], key=f"{case}: {pair[side].key}") for case, pair in cases.items()]


def test_one_person_is_put_together(bench: Bench) -> None:
    bench.deliver("niche_tri", keyed(ONE_PERSON, 0))
    bench.deliver("mark43_cumbria", keyed(ONE_PERSON, 1))
    result = bench.resolve()
    assert groups_of(result) == {frozenset({f"{case}: a", f"{case}: b"}) for case in ONE_PERSON}
    settings = resolution.load_settings()
    assert all(edge["match_weight"] >= settings.link_weight for edge in edges_of(result) if edge["band"] == "LINKED")


def test_two_people_are_kept_apart(bench: Bench) -> None:
    bench.deliver("niche_tri", [*keyed(TWO_PEOPLE, 0), *keyed(TWO_PEOPLE, 1)])
    assert {frozenset(group) for group in groups_of(bench.resolve()) if len(group) > 1} == set()


def test_a_doubtful_pair_is_kept_as_a_proposal(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person("a"), Person("b", born="1984-01-01", quality="default")])
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
