"""Each rule of a disruption, kept and broken; the standard as dated data; the finder's rules."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.disruptions import rules
from fourfold.disruptions.rules import Act, Category, P, Passing, Role, Said, State
from fourfold.platform.errors import RuleBroken
from fourfold.threats.rules import Readers

DAY = date(2023, 5, 10)
TODAY = date(2023, 5, 20)
SINCE = date(2021, 1, 1)
RELAXED = date(2024, 1, 1)
ALL = ["OCG", "PRIORITY_INDIVIDUAL", "VULNERABILITY"]
NOTE = "The national standards allow groups only"


def dated(code, **detail):
    return rules.DatedRule(code, SINCE, None, detail)


STANDARD = rules.Standard(
    (
        rules.DatedRule("threat_types", SINCE, RELAXED, {"types": ["OCG"], "note": NOTE}, mark="S"),
        rules.DatedRule("threat_types", RELAXED, None, {"types": ALL, "note": "Ours"}),
        dated("roles", FORCE=["LEAD"], ROCU=["LEAD", "SUPPORT"], AGENCY=["LEAD", "SUPPORT"], PARTNER=[]),
        dated("closed_grace", days=28),
        dated("statement", words=6),
        dated("time_limit", days=28),
        dated("passing", MAJOR="MODERATOR", MODERATE="SUPERVISOR", otherwise="RECORDER", sample_per_cent=10),
        dated("evidence", categories=["MAJOR"], source="2", assessment="C"),
        dated("named_outcome", categories=["MAJOR"]),
        dated("category_review", categories=["MAJOR", "MODERATE"], days=90),
        dated("duplicates", days=3),
    )
)
WORDS = rules.Vocabulary(
    categories={c.value: rules.CategoryWords(c.value, c.title(), disabled=c is Category.PLATINUM) for c in Category},
    tactics={"ARREST": rules.Tactic("ARREST", "Arrest", (P.PURSUE,))},
    facts={
        "arrests": rules.FactWords("arrests", "Arrests", "number"),
        "cash_pounds": rules.FactWords("cash_pounds", "Cash", "money"),
        "drugs_kg": rules.FactWords("drugs_kg", "Drugs", "kilograms"),
    },
    outcomes={"DISMANTLED": "Dismantled"},
    programmes={"ADDER": "ADDER"},
    themes={"DRU": "Drugs"},
)
TARGET = rules.Target("SOC-0001", "OCG")
FORCE = rules.Agency("gmp", "Greater Manchester Police", "FORCE")
ROCU = rules.Agency("nwrocu", "The regional unit", "ROCU")
SAID = Said(
    threat="SOC-0001",
    event_on=DAY,
    category="MINOR",
    primary_p="PURSUE",
    tactics=("ARREST",),
    stopped="They lost",
    for_how_long="Three months",
    how_known="Two reports",
)
EVIDENCE = (rules.Evidence(text="Statement", grade="2C"),)


def broken_by(said=SAID, *, target=TARGET, agency=FORCE, today=TODAY, added_on=None):
    found = rules.refusals(
        said, target=target, agency=agency, words=WORDS, standard=STANDARD, today=today, added_on=added_on
    )
    return [each.code for each in found]


def test_a_record_that_keeps_every_rule_is_refused_by_none():
    assert broken_by() == []


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("DI3", {"event_on": None}),
        ("DI5", {"event_on": TODAY + timedelta(days=1)}),
        ("DI6", {"record_date": DAY - timedelta(days=1)}),
        ("DI6", {"record_date": TODAY + timedelta(days=1)}),
        ("DI37", {"effect_ends_on": DAY - timedelta(days=1)}),
        ("DI8", {"category": "ENORMOUS"}),
        ("DI8", {"category": "PLATINUM"}),
        ("DI9", {"primary_p": "PUNISH"}),
        ("DI9", {"secondary_ps": ("PUNISH",)}),
        ("DI10", {"tactics": ("NO_SUCH",)}),
        ("DI12", {"role": "SUPPORT", "supports": (rules.Support(agency="nwrocu", benefit="Found it"),)}),
        ("DI12", {"role": "NEITHER"}),
        ("DI16", {"facts": {"arrests": "two"}}),
        ("DI16", {"facts": {"cash_pounds": "12.505"}}),
        ("DI16", {"facts": {"arrests": "-1"}}),
        ("DI17", {"facts": {"unicorns": 1}}),
        ("DI19", {"evidence": (rules.Evidence(text="Statement", grade="9Z"),)}),
        ("DI22", {"theme": "NO_SUCH"}),
        ("DI22", {"programme": "NO_SUCH"}),
        ("DI22", {"outcome": "NO_SUCH"}),
        ("DI22", {"handling": "X"}),
        ("DI39", {"stopped": "x" * 4001}),
    ],
)
def test_what_is_said_wrongly_is_refused_by_its_rule(code, change):
    assert code in broken_by(replace(SAID, **change))


def test_which_kinds_of_threat_may_carry_one_depends_on_the_day_of_the_event():
    vulnerability = rules.Target("SOC-0001", "VULNERABILITY")
    assert broken_by(target=vulnerability) == ["DI4"]
    told = rules.refusals(SAID, target=vulnerability, agency=FORCE, words=WORDS, standard=STANDARD, today=TODAY)
    assert "10 May 2023 cannot be recorded against vulnerabilities: the national standards allow" in told[0].sentence
    last, first = RELAXED - timedelta(days=1), RELAXED
    assert broken_by(replace(SAID, event_on=last), target=vulnerability, today=RELAXED) == ["DI4"]
    assert broken_by(replace(SAID, event_on=first), target=vulnerability, today=RELAXED) == []


@pytest.mark.parametrize(("days", "codes"), [(28, []), (29, ["DI7"])])
def test_a_threat_may_be_disrupted_up_to_28_days_after_it_closed(days, codes):
    target = rules.Target("SOC-0001", "OCG", closed_on=DAY - timedelta(days=days))
    assert broken_by(target=target) == codes


def test_support_is_the_regional_unit_s_and_says_for_whom():
    support = replace(SAID, role=Role.SUPPORT, supports=(rules.Support(agency="gmp", benefit="Found the address"),))
    assert broken_by(support, agency=ROCU) == []
    assert broken_by(replace(support, supports=()), agency=ROCU) == ["DI14"]
    assert broken_by(support, agency=FORCE) == ["DI12"]
    assert broken_by(SAID, agency=rules.Agency("x", "A partner", "PARTNER")) == ["DI12"]


@pytest.mark.parametrize(
    ("codes", "change"),
    [
        ([], {}),
        (["MS1", "MS4"], {"stopped": " "}),
        (["MS2", "MS4"], {"for_how_long": ""}),
        (["MS3", "MS4"], {"how_known": ""}),
        (["MS4"], {"stopped": "Much"}),
        (["MS5", "MS6"], {"category": "MAJOR"}),
        (["MS6"], {"category": "MAJOR", "evidence": EVIDENCE}),
        ([], {"category": "MAJOR", "evidence": EVIDENCE, "outcome": "DISMANTLED"}),
        (["MS7"], {"category": "NOT_ASSESSED"}),
        (["MS8"], {"tactics": ()}),
    ],
)
def test_the_minimum_standard_says_what_to_mend(codes, change):
    assert [fault.code for fault in rules.faults(replace(SAID, **change), standard=STANDARD)] == codes


@pytest.mark.parametrize(
    ("grade", "good"), [("1A", True), ("2C", True), ("1D", False), ("3A", False), ("2D", False), ("", False)]
)
def test_evidence_of_a_major_one_is_graded_2c_or_better(grade, good):
    assert rules.grade_is_at_least(grade, "2", "C") is good


@pytest.mark.parametrize(("days", "late"), [(0, False), (28, False), (29, True)])
def test_a_record_is_late_after_28_days(days, late):
    assert rules.is_late(event_on=DAY, added_on=DAY + timedelta(days=days), standard=STANDARD) is late


def test_effects_of_major_and_moderate_ones_are_looked_at_after_90_days():
    for category, due in (("MAJOR", 90), ("MODERATE", 90), ("MINOR", None)):
        found = rules.review_due(category=category, event_on=DAY, standard=STANDARD)
        assert found == (DAY + timedelta(days=due) if due else None)


def test_who_passes_which_category():
    passing = {category: STANDARD.passing(category, DAY) for category in ("MAJOR", "MODERATE", "MINOR", "NEGATIVE")}
    assert passing == {
        "MAJOR": Passing.MODERATOR,
        "MODERATE": Passing.SUPERVISOR,
        "MINOR": Passing.RECORDER,
        "NEGATIVE": Passing.RECORDER,
    }


def test_the_sample_is_one_in_ten_and_the_same_every_time():
    keys = [f"DIS-{number:06d}" for number in range(10_000)]
    drawn = [key for key in keys if rules.is_sampled(key, per_cent=10)]
    assert 900 < len(drawn) < 1_100
    assert drawn == [key for key in keys if rules.is_sampled(key, per_cent=10)]
    assert not any(rules.is_sampled(key, per_cent=0) for key in keys)
    assert all(rules.is_sampled(key, per_cent=100) for key in keys)


def test_the_difference_is_asked_for_where_there_is_a_likeness():
    like = (rules.Like("DIS-000001", DAY),)
    rules.check_different((), different_because="")
    rules.check_different(like, different_because="Another car, another road")
    with pytest.raises(RuleBroken, match="DIS-000001 of 10 May 2023"):
        rules.check_different(like, different_because="Other car")


def test_facts_are_kept_as_numbers_and_exact_money():
    typed = {"arrests": "02", "cash_pounds": "1250.5", "drugs_kg": "0", "other": "1"}
    assert rules.tidy_facts(typed, WORDS) == {"arrests": 2, "cash_pounds": "1250.50"}
    assert rules.read_fact("£1,250.50") == "1250.50"


@given(acts=st.lists(st.sampled_from(list(Act)), max_size=12))
def test_nothing_is_passed_but_by_passing_it_and_nothing_follows_withdrawing(acts):
    state: str = State.RECORDED
    for act in acts:
        if (state, act) not in rules.TRANSITIONS:
            with pytest.raises(RuleBroken) as refused:
                rules.follow(state, act)
            assert refused.value.code == ("DI25" if state == State.WITHDRAWN else "DI33")
            continue
        following = rules.follow(state, act)
        if following in rules.PASSED:
            assert act in {Act.VALIDATE, Act.MODERATE}
            assert state in {State.RECORDED, State.VALIDATED}
        if act is Act.CHANGE:
            assert following is State.RECORDED
        state = following
        if state == State.WITHDRAWN:
            assert not [a for a in Act if (state, a) in rules.TRANSITIONS]


FINDER = rules.FinderRule(
    code="FOUND",
    name="Found",
    event="MISSING",
    links=frozenset({"MISSING_PERSON"}),
    sides=frozenset({"PROTECT"}),
    p=P.PROTECT,
    tactic="VISIT",
    days=120,
    why="They were found",
    ended=True,
)
HAPPENING = rules.Happening(
    kind="MISSING", link="MISSING_PERSON", side="PROTECT", happened_on=DAY, status="Returned", has_ended=True
)


def test_the_finder_points_where_every_condition_holds_and_nowhere_else():
    assert rules.points_to(FINDER, HAPPENING, today=TODAY)
    for change in (
        {"kind": "STOP"},
        {"link": "VICTIM"},
        {"side": "OFFENDER"},
        {"has_ended": False},
        {"happened_on": TODAY - timedelta(days=120)},
        {"happened_on": TODAY + timedelta(days=1)},
    ):
        assert not rules.points_to(FINDER, replace(HAPPENING, **change), today=TODAY)
    charged = replace(FINDER, status=("charged",))
    assert not rules.points_to(charged, HAPPENING, today=TODAY)
    assert rules.points_to(charged, replace(HAPPENING, status="1 Charged or summonsed"), today=TODAY)
    driven = replace(FINDER, vehicle=True)
    assert not rules.points_to(driven, HAPPENING, today=TODAY)
    assert rules.points_to(driven, replace(HAPPENING, has_vehicle=True), today=TODAY)
    assert rules.expires_on(FINDER, DAY) == DAY + timedelta(days=120)


def test_precision_is_of_those_decided():
    assert rules.precision(0, 0) is None
    assert rules.precision(3, 1) == 0.75


def test_the_narrowest_label_is_one_all_of_whose_readers_hold_the_others():
    wide, own = Readers(1, "REGION", "OFFICIAL-SENSITIVE"), Readers(1, "OWN", "OFFICIAL-SENSITIVE")
    circle, other = Readers(1, "REGION", "OFFICIAL-SENSITIVE", 7), Readers(1, "REGION", "OFFICIAL-SENSITIVE", 8)
    assert rules.narrowest([wide, own, wide]) == own
    assert rules.narrowest([wide, circle]) == circle
    assert rules.narrowest([circle, other]) is None
    assert rules.narrowest([own, Readers(2, "OWN", "OFFICIAL-SENSITIVE")]) is None
    assert rules.narrowest([wide, Readers(1, "NAMED", "OFFICIAL-SENSITIVE")]) is None
