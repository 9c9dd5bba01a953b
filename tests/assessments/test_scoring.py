"""What a model makes of scores: the published vectors of the default model, and what must hold under any."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.assessments.rules.scoring import (
    confidence,
    faults_to_finish,
    rounded,
    score,
    shown,
    steps_to_other_tiers,
    tier_of,
)
from tests.assessments.conftest import COUNTERFEIT, COUNTY_LINE, THEMATIC, evidence, shipped, vector

MODEL = shipped()
HARM = tuple(each.key for each in MODEL.sections["harm"].criteria)
LIKELIHOOD = tuple(each.key for each in MODEL.sections["likelihood"].criteria)
GOLDEN = """
county lines OCG          | 4,4,2,4,1,5,4,4 | 5,3,5,4 | 2,1,2,1 | 74.7 | 88.6 | 66.1 | 0.50 | 74.4 | 1 | no
firearms supply OCG       | 5,4,2,5,1,4,5,5 | 4,3,5,5 | 1,1,2,1 | 80.0 | 88.6 | 70.9 | 0.42 | 78.2 | 1 | no
cannabis PI               | 2,1,2,2,2,2,1,1 | 3,2,3,2 | 1,0,1,1 | 34.7 | 51.4 | 17.8 | 0.25 | 18.9 | 4 | no
cuckooing vulnerability   | 3,4,1,3,1,5,1,3 | 3,3,3,2 | 2,2,1,2 | 60.0 | 54.3 | 45.0 | 0.58 | 51.6 | 2 | yes
counterfeit goods OCG     | 1,2,4,4,2,3,4,3 | 5,2,4,4 | 2,2,1,1 | 54.7 | 80.0 | 43.7 | 0.50 | 49.2 | 3 | no
dormant PI                | 2,2,1,1,0,1,1,1 | 1,0,1,2 | 0,0,1,0 | 25.3 | 22.9 | 5.8  | 0.08 | 5.9  | 5 | no
courier fraud OCG         | 1,4,3,2,0,5,4,3 | 4,4,4,3 | 2,1,1,2 | 57.3 | 74.3 | 45.0 | 0.50 | 50.6 | 2 | yes
"""
CASES = [tuple(part.strip() for part in line.split("|")) for line in GOLDEN.strip().splitlines()]

values = st.fixed_dictionaries(
    {key: st.integers(0, 5) for key in (*HARM, *LIKELIHOOD)}
    | {each.key: st.integers(0, 3) for each in (*MODEL.sections["position"].criteria,)}
)


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_golden_vectors(case):
    _, h, l, o, *expected = case  # noqa: E741  as the standard's table names them
    scored = score(MODEL, vector(f"{h} {l} {o}"))
    found = [shown(scored.harm), shown(scored.likelihood), shown(scored.risk), shown(scored.position, 2)]
    assert [*found, shown(scored.priority), scored.tier, "yes" if scored.floored else "no"] == expected


@pytest.mark.parametrize(
    ("risk", "tier"),
    [
        ("60", "1"),
        ("59.999999", "2"),
        ("45", "2"),
        ("44.96", "3"),
        ("30", "3"),
        ("15", "4"),
        ("14.99", "5"),
        ("0", "5"),
    ],
)
def test_the_tier_is_taken_from_the_unrounded_risk(risk, tier):
    assert tier_of(MODEL, Fraction(risk)) == tier


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("0.05", 1, "0.1"),
        ("0.25", 1, "0.3"),
        ("-0.25", 1, "-0.3"),
        ("44.96", 1, "45.0"),
        ("2.5", 0, "3"),
        ("1", 2, "1.00"),
    ],
)
def test_numbers_are_rounded_half_away_from_zero(value, places, expected):
    assert rounded(Fraction(value), places) == Decimal(expected)


@given(values, st.sampled_from(HARM))
def test_raising_a_harm_criterion_never_lowers_the_risk(chosen, key):
    more = {**chosen, key: min(5, chosen[key] + 1)}
    assert score(MODEL, more).risk >= score(MODEL, chosen).risk


@given(values, st.sampled_from(LIKELIHOOD))
def test_raising_a_likelihood_criterion_never_lowers_the_risk(chosen, key):
    more = {**chosen, key: min(5, chosen[key] + 1)}
    assert score(MODEL, more).risk >= score(MODEL, chosen).risk


@given(values, st.sampled_from(["psych", "financial", "community", "environment", "geographic", "expectation"]))
def test_an_unknown_criterion_is_left_out_above_and_below_the_line(chosen, unknown):
    weights = {each.key: each.weight for each in MODEL.sections["harm"].criteria if each.key != unknown}
    expected = 100 * sum(weights[key] * chosen[key] for key in weights) / (5 * sum(weights.values()))
    assert score(MODEL, {**chosen, unknown: None}).harm == expected
    assert score(MODEL, {key: value for key, value in chosen.items() if key != unknown}).harm == expected


@given(values)
def test_every_number_stays_on_its_scale_and_position_never_moves_the_tier(chosen):
    scored = score(MODEL, chosen)
    assert 0 <= scored.harm <= 100
    assert 0 <= scored.likelihood <= 100
    assert scored.risk <= scored.priority <= 100
    worst = {**chosen, **{each.key: 3 for each in MODEL.sections["position"].criteria}}
    assert score(MODEL, worst).tier == scored.tier


@given(values)
def test_each_step_is_the_smallest_that_changes_the_tier(chosen):
    now = score(MODEL, chosen).tier
    for step in steps_to_other_tiers(MODEL, chosen):
        assert score(MODEL, {**chosen, step.key: step.to}).tier == step.tier != now
        towards = 1 if step.by > 0 else -1
        for nearer in range(chosen[step.key] + towards, step.to, towards):
            assert score(MODEL, {**chosen, step.key: nearer}).tier == now


def test_nothing_known_gives_no_risk_and_no_tier():
    scored = score(MODEL, {"physical": None})
    assert (scored.harm, scored.risk, scored.tier) == (None, None, "")


def test_the_thematic_model_multiplies_means_and_raises_by_position():
    model = shipped(THEMATIC)
    chosen = dict.fromkeys((each.key for each in model.sections["impact"].criteria), 3)
    chosen |= {"frequency": 4, "volume": 2, "forecast": 3, "org_capacity": 2, "org_capability": 0}
    scored = score(model, chosen)
    assert (scored.harm, scored.likelihood, scored.risk) == (3, 3, 9)
    assert scored.priority == 9 * (1 + Fraction(1, 4) * Fraction(1, 4))
    assert scored.tier == ""


@pytest.mark.parametrize(("good", "level"), [(12, 4), (9, 4), (8, 3), (6, 3), (5, 2), (3, 2), (2, 1), (0, 1)])
def test_confidence_is_the_share_of_criteria_with_good_recent_evidence(good, level):
    keys = (*HARM, *LIKELIHOOD)[:good]
    said = (evidence(*keys),) if keys else ()
    assert confidence(MODEL, said, on=date(2026, 10, 1)).level == level


@pytest.mark.parametrize(
    "change",
    [{"grade": "3A"}, {"grade": "1D"}, {"dated_on": date(2026, 3, 31)}, {"dated_on": date(2026, 10, 2)}],
)
def test_evidence_that_is_weak_old_or_to_come_gives_no_confidence(change):
    assert confidence(MODEL, (evidence(**change),), on=date(2026, 10, 1)).level == 1
    assert confidence(MODEL, (evidence(dated_on=date(2026, 4, 1)),), on=date(2026, 10, 1)).level == 4


def codes(chosen, *, why=None, cited=(*HARM, *LIKELIHOOD)):
    return [(code, key) for code, key, _ in faults_to_finish(MODEL, chosen, why=why or {}, cited=cited)]


def test_a_whole_matrix_can_be_sent():
    assert codes(vector(COUNTY_LINE)) == []


def test_what_keeps_a_matrix_from_being_sent_is_all_said_at_once():
    chosen = vector(COUNTERFEIT)
    assert codes({key: value for key, value in chosen.items() if key != "trend"}) == [("AS4", "trend")]
    assert codes({**chosen, "physical": None}) == [("AS5", "physical")]
    assert codes({**chosen, "psych": None}) == [("AS6", "psych")]
    assert codes({**chosen, "psych": None}, why={"psych": "No victim has spoken"}) == []
    assert codes(chosen, cited=(*HARM[1:], *LIKELIHOOD)) == [("AS8", "physical")]
    assert codes({**chosen, "environment": 0}, cited=[k for k in (*HARM, *LIKELIHOOD) if k != "environment"]) == []
    gone = dict.fromkeys(("psych", "financial", "community", "environment"))
    said = dict.fromkeys(gone, "Nobody has said so")
    assert codes({**chosen, **gone}, why=said) == [("AS7", "")]
