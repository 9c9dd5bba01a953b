"""A model is data: any that holds together is loaded, and a faulty one is told what is wrong and where."""

import copy

import pytest
import yaml

from fourfold.assessments.rules.definition import digest_of, faults_of, model_of
from fourfold.assessments.rules.scoring import score
from tests.assessments.conftest import TACTICAL, THEMATIC, content_of

OTHER = """
code: AUTH-2
kind: TACTICAL
name: Another matrix
source: An authorised body
mark: V
effective_from: 2026-04-01
sections:
  - {key: damage, name: Damage, lowest: 1, highest: 4, criteria: [
      {key: people, name: People, weight: 2.5, anchors: [Low, Some, High, Extreme]},
      {key: money, name: Money, anchors: [Low, Some, High, Extreme]}]}
  - {key: chance, name: Chance, highest: 10, criteria: [
      {key: soon, name: Soon, anchors: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]}]}
score: {harm: damage, likelihood: chance, section_scale: 50, divide_by: 50}
tiers: [{tier: "1", at_least: 25}, {tier: "5", at_least: 0}]
confidence:
  {sections: [damage], sources: ["1"], assessments: [A], within_months: 3, levels: [{level: 1, name: Low, at_least: 0}]}
"""


@pytest.mark.parametrize("code", [TACTICAL, THEMATIC])
def test_the_shipped_models_have_no_fault_and_say_that_they_are_defaults(code):
    assert faults_of(content_of(code)) == ()
    assert model_of(content_of(code)).is_our_default


def test_a_matrix_with_other_criteria_and_scales_needs_no_code():
    content = yaml.safe_load(OTHER)
    assert faults_of(content) == ()
    model = model_of(content)
    scored = score(model, {"people": 4, "money": 4, "soon": 5})
    assert (scored.harm, scored.likelihood, scored.risk, scored.tier) == (50, 25, 25, "1")
    assert not model.is_our_default


def test_per_type_names_rename_a_criterion():
    intent = model_of(content_of(TACTICAL)).by_key["intent"]
    assert (intent.named("OCG"), intent.named("VULNERABILITY")) == ("Intent", "Exposure")


def test_a_digest_is_of_the_contents_and_not_of_their_layout():
    content = content_of(TACTICAL)
    other = copy.deepcopy(content)
    assert digest_of(dict(reversed(other.items()))) == digest_of(content)
    other["sections"][0]["criteria"][0]["weight"] = 4
    assert digest_of(other) != digest_of(content)


def broken(change):
    content = content_of(TACTICAL)
    change(content)
    return [(each.where, each.what) for each in faults_of(content)]


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (lambda c: c.pop("source"), "source", "is missing"),
        (lambda c: c.update(colour="red"), "colour", "check its spelling"),
        (lambda c: c.update(kind="STRATEGIC"), "kind", "TACTICAL or THEMATIC"),
        (lambda c: c.update(mark="X"), "mark", "S, V, K or D"),
        (lambda c: c.update(effective_from="soon"), "effective_from", "a date such as"),
        (lambda c: c["sections"][0]["criteria"][2]["anchors"].pop(), "criterion financial", "it has 5"),
        (lambda c: c["sections"][0]["criteria"][2].update(weight=0), "criterion financial", "above 0"),
        (lambda c: c["sections"][1]["criteria"][0].update(key="physical"), "criterion physical", "is there twice"),
        (lambda c: c["sections"][0].update(least_known=9), "section harm", "from 0 to 8"),
        (lambda c: c["sections"][0].update(highest="five"), "section harm", "whole numbers"),
        (lambda c: c["score"].update(harm="damage"), "score, harm", "name one of the sections"),
        (lambda c: c["score"].update(divide_by=0), "score, divide_by", "above 0"),
        (lambda c: c["priority"].update(section="nowhere"), "priority, section", "name one of the sections"),
        (lambda c: c["tiers"].pop(), "tiers", "the lowest must begin at 0"),
        (lambda c: c.pop("tiers"), "tiers", "is missing"),
        (lambda c: c["floors"][0]["when"][0]["any_of"].append("nobody"), "floors, number 1", "the criterion nobody"),
        (lambda c: c["evidence"]["sections"].append("nowhere"), "evidence", "the section nowhere"),
        (lambda c: c["confidence"]["levels"].pop(), "confidence, levels", "must begin at 0"),
    ],
)
def test_each_fault_says_where_it_is_and_what_to_do(change, where, what):
    found = broken(change)
    assert any(place == where and what in said for place, said in found), found


@pytest.mark.parametrize("content", [None, [], "text", {}, {"sections": [1]}, {"sections": "x", "score": 3}])
def test_a_file_that_is_something_else_is_refused_in_words(content):
    assert faults_of(content)
