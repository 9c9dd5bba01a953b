"""Weighted kappa and drift, against values that were published or worked out by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.assessments.rules.agreement import drift, weighted_kappa

scores = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40)


def table(*rows):
    """Pairs from a square table of counts: rows are one side, columns the other."""
    return {(i, j): count for i, row in enumerate(rows) for j, count in enumerate(row)}


def test_the_value_worked_out_by_hand():
    # Seen: 1 pair apart by 1 -> 1. By chance: ones {0:2, 1:2}, others {0:1, 1:3} -> 2*3 + 2*1 = 8 of 4 pairs.
    found = weighted_kappa([(0, 0), (0, 1), (1, 1), (1, 1)])
    assert (found.pairs, found.same, found.kappa) == (4, 3, 1 - Fraction(4 * 1, 8))


def test_with_two_categories_it_is_cohens_own_kappa():
    # The worked example of Cohen's kappa that textbooks carry: 20, 5, 10, 15 of 50 gives 0.4.
    assert weighted_kappa(table((20, 5), (10, 15))).kappa == Fraction(2, 5)


def test_three_categories_worked_out_by_hand():
    # Margins 20, 20, 20 and 20, 20, 20: by chance (400*(1+4) + 400*(1+1) + 400*(4+1)) / 60; seen 5*4 = 20 ones.
    found = weighted_kappa(table((15, 5, 0), (5, 10, 5), (0, 5, 15)))
    assert found.kappa == 1 - Fraction(60 * 20, 400 * 12)


@given(scores)
def test_it_is_the_same_whichever_side_is_named_first_and_never_above_one(pairs):
    found, turned = weighted_kappa(pairs), weighted_kappa([(other, one) for one, other in pairs])
    assert found.kappa == turned.kappa
    assert found.kappa is None or -1 <= found.kappa <= 1
    if found.kappa == 1:
        assert found.same == found.pairs


@given(scores)
def test_moving_both_sides_alike_changes_nothing(pairs):
    assert weighted_kappa([(one + 3, other + 3) for one, other in pairs]).kappa == weighted_kappa(pairs).kappa


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({}, "No pairs yet."),
        ({(1, 1): 1500, (1, 2): 1}, "1,500 of 1,501 scores were the same. "),
        ({(1, 1): 2}, "2 of 2 scores were the same. Fewer than 10 pairs: too few to say how well they agree."),
        ({(3, 3): 12}, "Everybody chose one score throughout"),
        (table((20, 5), (10, 15)), "35 of 50 scores were the same. Agreement beyond chance is fair."),
        (table((20, 0), (0, 20)), "Agreement beyond chance is almost perfect."),
        (table((0, 10), (10, 0)), "They agree less than chance would make them."),
    ],
)
def test_it_is_said_in_a_plain_sentence(pairs, words):
    assert words in weighted_kappa(pairs).in_words


def test_drift_is_moderator_minus_assessor():
    found = drift({(3, 4): 3, (2, 2): 1})
    assert (found.pairs, found.mean, found.in_words) == (4, Fraction(3, 4), "On average the moderator scores higher.")
    assert drift([]).in_words == "No pairs yet."
