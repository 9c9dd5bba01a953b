"""What a person reads about a pair: bars that add up, and a sentence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.pipeline.resolution.people import Bench, Person, edges_of

from fourfold.pipeline import resolution

LEFT = Person("a", pnc="1999/0123456X", postcode="M1 1AE")


def test_the_bars_add_up_to_the_weight_and_start_with_the_odds(bench: Bench) -> None:
    bench.deliver("niche_tri", [LEFT, replace(LEFT, key="b", born="1984-03-08", postcode="LL11 1AA")])
    (edge,) = edges_of(bench.resolve())
    steps = resolution.steps(edge)
    assert [step.comparison for step in steps] == ["prior", "name", "birth", "identifier", "postcode", "contact", "sex"]
    assert sum(step.weight for step in steps) == pytest.approx(edge["match_weight"], abs=1e-6)
    items = json.loads(str(edge["waterfall"]))
    assert set(items[0]) == {"comparison", "level", "weight", "tf_weight"}
    assert edge["probability"] == pytest.approx(1 / (1 + 2 ** -float(str(edge["match_weight"]))))


def test_the_sentence_says_what_speaks_for_and_against(bench: Bench) -> None:
    bench.deliver("niche_tri", [LEFT, replace(LEFT, key="b", born="1984-03-08", postcode="LL11 1AA")])
    (edge,) = edges_of(bench.resolve())
    said = resolution.words(edge)
    assert "common" not in said, "no other record has the name"
    assert said.startswith("The forename and surname are the same")
    assert "the dates of birth differ by one digit" in said
    assert "the PNC IDs are the same" in said
    assert "Against this, the home postcodes are different." in said
    assert said.endswith(f"(match weight {edge['match_weight']:.1f}).")


def test_the_sentence_of_a_proposal_asks_for_a_person(bench: Bench) -> None:
    bench.deliver("niche_tri", [Person("a"), Person("b", born="1984-01-01", quality="default")])
    (edge,) = edges_of(bench.resolve())
    assert "without a person’s decision" in resolution.words(edge)
    del edge["band"]
    assert "without a person’s decision" in resolution.words(edge)


def test_a_common_name_is_said_to_be_common(bench: Bench) -> None:
    crowd = [
        replace(LEFT, key=f"p{n}", born=f"{1930 + n % 60}-0{1 + n % 9}-{10 + n % 19}", pnc=None, postcode=None)
        for n in range(400)
    ]
    bench.deliver("niche_tri", [LEFT, replace(LEFT, key="b"), *crowd])
    pair = next(e for e in edges_of(bench.resolve()) if {e["left_key"], e["right_key"]} == {"a", "b"})
    assert "The forename and surname are the same, but common here" in resolution.words(pair)
