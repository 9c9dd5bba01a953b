"""Settings are data: versioned, checked, free of forbidden inputs; the model fits them; training is repeatable."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from tests.pipeline.resolution.people import Bench, Person, clusters_of, edges_of, groups_of

from fourfold.pipeline import resolution
from fourfold.pipeline.resolution import blocking, clustering, records, scoring
from fourfold.pipeline.resolution.comparing import creator_of
from fourfold.pipeline.resolution.settings import FORBIDDEN_INPUTS, SHIPPED


def test_ethnicity_nationality_and_deprivation_are_no_inputs() -> None:
    read = {*records.PERSON_COLUMNS, *resolution.load_settings().columns}
    assert {"forenames", "birth_full", "pnc"} <= read
    assert [column for column in read if any(word in column for word in FORBIDDEN_INPUTS)] == []


@pytest.mark.parametrize("column", ["ethnicity_code", "nationality", "imd_decile", "deprivation_rank"])
@pytest.mark.parametrize("place", ["comparison", "blocking", "training"])
def test_settings_that_ask_for_them_are_refused(tmp_path: Path, column: str, place: str) -> None:
    loaded = yaml.safe_load(SHIPPED.read_text())
    if place == "comparison":
        loaded["comparisons"][0]["levels"].insert(1, {"code": "x", "all": [{"exact": column}], "words": "x"})
    elif place == "blocking":
        loaded["blocking"]["rules"].append({"name": "x", "columns": ["surname", column]})
    else:
        loaded["training"]["passes"].append([column])
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(loaded))
    with pytest.raises(resolution.SettingsWrong, match="must never decide who somebody is"):
        resolution.load_settings(path)


def test_the_shipped_model_weighs_every_level_and_says_what_it_was_trained_on() -> None:
    settings, model = resolution.load_settings(), resolution.load_model()
    for comparison in settings.comparisons:
        for level in comparison.graded:
            assert 0 < model.chances(comparison.name, level.code).m < 1
    assert "simulated" in model.trained_on


def test_stronger_agreement_never_weighs_less_than_disagreement() -> None:
    settings, model = resolution.load_settings(), resolution.load_model()
    for comparison in settings.comparisons:
        ratio = {level.code: model.chances(comparison.name, level.code) for level in comparison.graded}
        top = next(iter(ratio.values()))
        last = ratio[comparison.levels[-1].code]
        assert top.m / top.u > 1 > last.m / last.u, comparison.name


def test_a_level_of_no_known_kind_is_refused() -> None:
    with pytest.raises(resolution.SettingsWrong, match="guess"):
        creator_of({"guess": "surname"})


def test_a_model_without_a_level_is_refused(tmp_path: Path) -> None:
    model = resolution.load_model()
    with pytest.raises(resolution.SettingsWrong, match="shoe size"):
        model.chances("shoe size", "same")


def test_the_prior_does_not_pretend_to_know_a_small_region() -> None:
    settings, model = resolution.load_settings(), resolution.load_model()
    assert model.prior(3, settings) == model.prior(settings.smallest_population, settings)
    assert model.prior(1_000_000, settings) < model.prior(10_000, settings)


def test_a_key_shared_by_too_many_is_set_aside_and_reported(bench: Bench) -> None:
    settings = replace(resolution.load_settings(), largest_block=5)
    crowd = [Person(f"p{n}", born=f"19{30 + n}-05-11") for n in range(8)]
    bench.deliver("niche_tri", [*crowd, Person("again", born="1930-05-11")])
    result = bench.resolve(settings=settings)
    names = next(block for block in result.blocks if block.rule == "both names in either order")
    assert (names.keys_set_aside, names.records_set_aside, names.largest, names.pairs) == (1, 9, 9, 0)
    assert frozenset({"p0", "again"}) in groups_of(result), "another rule still reaches them"
    assert '"keys_set_aside": 1' in result.report.read_text()


@pytest.mark.parametrize(
    ("sizes", "most", "kept"),
    [
        ({2: 10, 3: 4}, None, 9),
        ({2: 10, 3: 4}, 22, 9),
        ({2: 10, 3: 4}, 21, 2),
        ({2: 10, 3: 4}, 9, 1),
        ({2: 10, 50: 1}, 10, 9),
        ({}, 0, 9),
    ],
)
def test_the_largest_keys_go_until_a_rule_makes_no_more_pairs_than_it_may(sizes, most, kept) -> None:
    assert blocking.largest_kept(sizes, largest=9, most_pairs=most) == kept


def test_pairs_of_a_rule_grow_as_the_records_do(bench: Bench) -> None:
    shipped = resolution.load_settings()
    rules = tuple(replace(rule, most_pairs=2) for rule in shipped.blocking)
    settings = replace(shipped, smallest_population=1, blocking=rules)
    crowd = [Person(f"p{n}", born=f"19{30 + n}-05-11") for n in range(8)]
    pairs = [
        Person(f"q{n}{copy}", "Carys", f"Bell{'abcdefgh'[n] * 2}is", "1980-03-09") for n in range(4) for copy in "xy"
    ]
    bench.deliver("niche_tri", [*crowd, *pairs])
    names = next(b for b in bench.resolve(settings=settings).blocks if b.rule == "both names in either order")
    assert (names.keys, names.keys_set_aside, names.pairs) == (5, 0, 32)
    tighter = replace(settings, blocking=tuple(replace(rule, most_pairs=1) for rule in rules))
    names = next(b for b in bench.resolve(settings=tighter).blocks if b.rule == "both names in either order")
    assert (names.keys, names.keys_set_aside, names.pairs) == (5, 1, 4)


def test_scored_in_parts_is_scored_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.deliver("niche_tri", population(40, seed=5))
    whole = bench.resolve()
    monkeypatch.setattr(scoring, "PAIRS_AT_ONCE", 7)
    parts = bench.resolve(whole=True)
    assert edges_of(parts) == edges_of(whole)
    assert clusters_of(parts) == clusters_of(whole)


def test_ties_too_many_to_follow_here_make_the_same_clusters(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.deliver("niche_tri", population(40, seed=6))
    few = bench.resolve()
    monkeypatch.setattr(clustering, "FEW_TIES", 0)
    assert clusters_of(bench.resolve(whole=True)) == clusters_of(few)
    assert few.counts.largest_cluster > 2


def test_weights_that_do_not_tell_the_level_give_the_same_words(bench: Bench) -> None:
    """Splink is then asked for the levels themselves."""
    settings, model = resolution.load_settings(), resolution.load_model()
    birth = dict(model.levels["birth"])
    birth["swapped"] = birth["year"]
    alike = replace(model, levels={**model.levels, "birth": birth})
    assert all(model.tells_apart(each) for each in settings.comparisons)
    assert not all(alike.tells_apart(each) for each in settings.comparisons)
    bench.deliver("niche_tri", [Person("one", born="1991-03-09"), Person("other", born="1991-09-03")])
    (edge,) = edges_of(bench.resolve(model=alike))
    said = [step.sentence for step in resolution.steps(edge)]
    assert "the dates of birth are the same with day and month swapped" in said


def population(people: int, *, seed: int) -> list[Person]:
    """People with one to three records each, some with a slip of the pen, some of the same name."""
    chance = random.Random(seed)
    forenames = [
        f"{a}{b}" for a in ("AN", "BRO", "CER", "DEL", "EN", "FRE", "GWE") for b in ("A", "DIE", "LLO", "RYS", "WIN")
    ]
    surnames = [
        f"{a}{b}"
        for a in ("ASH", "BIRK", "COW", "DUN", "ELL", "FAR", "HAY", "KEN")
        for b in ("BY", "DALE", "LEY", "TON", "WICK")
    ]
    found = []
    for person in range(people):
        born = f"{chance.randint(1950, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        first = Person(
            f"{person}-0",
            chance.choice(forenames),
            chance.choice(surnames),
            born,
            sex=chance.choice("MF"),
            pnc=f"2001/{person:07}A" if chance.random() < 0.6 else None,
            postcode=f"M{chance.randint(1, 40)} {chance.randint(1, 9)}AA",
        )
        found.append(first)
        for copy in range(1, chance.randint(1, 3)):
            slip = chance.random()
            changed = replace(first, key=f"{person}-{copy}", pnc=first.pnc if chance.random() < 0.8 else None)
            if slip < 0.15:
                changed = replace(changed, forenames=first.forenames[:-1] + "X")
            elif slip < 0.25:
                changed = replace(changed, born=first.born[:-1] + str((int(first.born[-1]) + 1) % 8 + 1))
            elif slip < 0.4:
                changed = replace(changed, postcode="L1 8JQ")
            found.append(changed)
    return found


def test_training_is_repeatable_and_finds_the_people(bench: Bench, tmp_path: Path) -> None:
    people = population(700, seed=4)
    settings = resolution.load_settings()
    settings = replace(settings, training=replace(settings.training, smallest=500))
    bench.deliver("niche_tri", people)
    first = bench.resolve(train=True, settings=settings)
    assert first.model_reason.startswith("The model was trained on these")
    other = Bench(tmp_path / "other")
    other.folder.mkdir()
    other.deliver("niche_tri", people)
    second = other.resolve(train=True, settings=settings)
    assert second.model_digest == first.model_digest
    assert pq.read_table(first.clusters).equals(pq.read_table(second.clusters))
    assert edges_of(first) == edges_of(second)
    right = {frozenset(each.key for each in people if each.key.startswith(f"{n}-")) for n in range(700)}
    assert len(groups_of(first) & right) > 0.9 * len(right)


def test_too_few_records_to_train_fall_back_and_say_so(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person("a"), Person("b")])
    result = bench.resolve(train=True)
    assert "2 records are fewer than the 5,000 needed to train" in result.model_reason
    assert result.model_name == resolution.load_model().name


def test_a_run_that_was_killed_half_way_is_made_again(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person("a"), Person("b")])
    left_over = bench.folder / "run-1.making"
    left_over.mkdir()
    (left_over / "clusters.parquet").write_bytes(b"half")
    result = bench.resolve()
    assert not left_over.exists()
    assert groups_of(result) == {frozenset({"a", "b"})}
