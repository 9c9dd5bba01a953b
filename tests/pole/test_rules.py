from datetime import date

import pytest

from fourfold.pipeline.resolution import load_settings
from fourfold.pole import rules

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2000, 11, 22), TODAY, 26),
        (date(2000, 11, 23), TODAY, 25),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
    ],
)
def test_age_is_in_whole_years(born, day, age):
    assert rules.age_on(born, day) == age


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        ((), None),
        (((date(1990, 5, 1), "exact"),), date(1990, 5, 1)),
        (((date(1990, 1, 1), "default"), (date(1990, 1, 1), "default"), (date(1990, 5, 1), "exact")), date(1990, 5, 1)),
        (((date(1990, 1, 1), "default"),), date(1990, 1, 1)),
        (((date(1990, 5, 1), "exact"), (date(1991, 5, 1), "exact"), (date(1990, 5, 1), "exact")), date(1990, 5, 1)),
    ],
)
def test_records_agree_on_the_commonest_exact_birth(said, agreed):
    assert rules.Births(said).agreed() == agreed


def test_any_record_of_a_child_is_enough_to_protect_and_every_record_to_be_sure():
    child, adult = (date(2012, 5, 1), "exact"), (date(1990, 5, 1), "exact")
    assert rules.Births((child, adult)).may_be_a_child(TODAY)
    assert not rules.Births((child, adult)).is_surely_a_child(TODAY)
    assert rules.Births((child,)).is_surely_a_child(TODAY)
    assert not rules.Births(((date(2012, 1, 1), "default"),)).is_surely_a_child(TODAY)
    assert not rules.Births((adult,)).may_be_a_child(TODAY)
    assert not rules.Births(()).is_surely_a_child(TODAY)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        *(("P-0000123", 123), ("p123", 123), (" P-7 ", 7), ("123", 123)),
        *(("P-", None), ("P-12a", None), ("", None), ("P-" + "9" * 16, None)),
    ],
)
def test_a_reference_is_read_however_it_is_typed(typed, number):
    assert rules.person_id_of(typed) == number


def test_a_reference_has_seven_figures_until_more_are_needed():
    assert rules.reference_of(123) == "P-0000123"
    assert rules.reference_of(12345678) == "P-12345678"


def test_every_outcome_that_the_pipeline_can_give_has_words():
    outcomes = {(c.name, level.code) for c in load_settings().comparisons for level in c.levels}
    assert outcomes - set(rules.MATCH_WORDS) == set()


def test_reasons_are_told_strongest_first_and_small_ones_left_to_the_drawing():
    waterfall = [
        {"comparison": "prior", "level": "prior", "weight": -12, "tf_weight": 0},
        {"comparison": "sex", "level": "same", "weight": 0.3, "tf_weight": 0},
        {"comparison": "birth", "level": "same", "weight": 9, "tf_weight": 0},
        {"comparison": "name", "level": "same", "weight": 12, "tf_weight": -1},
        {"comparison": "postcode", "level": "different", "weight": -2, "tf_weight": 0},
        {"comparison": "tattoo", "level": "same", "weight": 1, "tf_weight": 0},
    ]
    for_it, against_it = rules.reasons(waterfall)
    assert for_it == ("Same forename and surname", "Born on the same day", "Tattoo: same")
    assert against_it == ("Different home postcodes",)


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.5, "50%"), (0.9921875, "99.22%"), (0.99999, "more than 99.99%"), (0.00001, "less than 0.01%"), (0.9, "90%")],
)
def test_a_probability_is_never_shown_as_certain(probability, words):
    assert rules.percentage_words(probability) == words


def test_a_grade_is_said_in_words():
    assert rules.grade_words("1A") == "reliable source, known directly to the source"
    assert rules.grade_words("3E") == "not reliable source, suspected to be false"
    assert rules.grade_words("") == ""
