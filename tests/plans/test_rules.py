"""The rules of plans, each passing and failing; near-copies and differences against plain counting."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fourfold.plans import differences, rules
from fourfold.plans.rules import ActionFacts, AimFacts, LintRule, PlanFacts
from fourfold.platform.errors import RuleBroken

TODAY = date(2026, 10, 1)
WORDS = ("monitor", "monitoring", "liaise", "consider", "raise awareness")
RULES = tuple(
    LintRule(code, code, limits={"words": WORDS} if code == "PL4" else {"words": 4} if code == "PL14" else {"plans": 3})
    for code in rules.JUDGES
)

AIM = AimFacts(
    number=1, pk=11, key=1, text="Close the line", measure="Calls", target=Decimal(0), target_on=TODAY, is_open=True
)
ACTION = ActionFacts(
    number=1,
    pk=21,
    p="PREVENT",
    title="Refer the three youngest to mentoring",
    measure="Mentors met weekly",
    why_this_threat="They carry for this line",
    has_owner=True,
    owner_left="",
    partner="Youth justice service",
    aim=1,
    due_on=TODAY + timedelta(days=9),
    status="AGREED",
)
GOOD = PlanFacts(aims=(AIM,), actions=(ACTION,), consulted=1, next_review_on=TODAY + timedelta(days=9))


def faults(facts=GOOD, *, rule="", **change):
    """Sentences of the rule, or of all; `change` is made to the plan's one action."""
    if change:
        facts = replace(facts, actions=(replace(ACTION, **change),))
    found = rules.lint(facts, RULES, today=TODAY)
    return [fault.sentence for fault in found.faults if not rule or fault.rule == rule]


def test_a_good_plan_passes_every_rule():
    found = rules.lint(GOOD, RULES, today=TODAY)
    assert (found.faults, found.failed, found.score) == ((), (), 100)
    assert set(found.passed) == set(rules.JUDGES)


@pytest.mark.parametrize(
    ("rule", "change", "sentence"),
    [
        ("PL1", {"has_owner": False}, "Action 1 has no owner."),
        ("PL2", {"due_on": None}, "Action 1 has no date."),
        (
            "PL3",
            {"due_on": TODAY - timedelta(days=1)},
            "Action 1 was due on 30 September 2026. Report on it, or change the date.",
        ),
        (
            "PL4",
            {"title": "Liaise with schools", "measure": ""},
            "Action 1 says “liaise” without a measure. Say how you will know that it worked.",
        ),
        (
            "PL5",
            {"near": 3},
            "3 other plans have nearly the same words as action 1. Say what is particular here.",
        ),
        ("PL6", {"p": "PURSUE"}, "No action is under Prevent or Protect."),
        ("PL9", {"aim": None}, "Action 1 serves no aim. Choose one."),
        ("PL11", {"owner_left": "A. Nother"}, "A. Nother owns action 1 and is no longer here. Choose somebody else."),
        ("PL14", {"why_this_threat": "Because"}, "Action 1 does not say why it is for this threat."),
    ],
)
def test_a_rule_about_actions_finds_its_fault_and_nothing_where_it_is_mended(rule, change, sentence):
    assert faults(rule=rule, **change) == [sentence]
    assert faults(rule=rule) == []
    assert faults(rule=rule, **change, status="CANCELLED") == [], "an action that was cancelled is not looked at"


def test_a_plan_without_a_partner_is_told_until_one_has_a_part_or_was_asked():
    alone = replace(GOOD, consulted=0)
    assert faults(replace(alone, actions=(replace(ACTION, partner=""),)), rule="PL7") != []
    assert faults(alone, rule="PL7") == []
    assert faults(replace(GOOD, actions=(replace(ACTION, partner=""),)), rule="PL7") == []


def test_an_aim_that_no_action_serves_is_told_while_it_is_open():
    idle = replace(AIM, number=2, key=2, pk=12, text="Protect tenants")
    assert faults(replace(GOOD, aims=(AIM, idle)), rule="PL8") == ["No action serves aim 2: Protect tenants"]
    assert faults(replace(GOOD, aims=(AIM, replace(idle, is_open=False))), rule="PL8") == []


def test_a_plan_past_its_review_is_told_from_the_day_after():
    assert faults(replace(GOOD, next_review_on=TODAY), rule="PL10") == []
    late = replace(GOOD, next_review_on=TODAY - timedelta(days=1))
    assert faults(late, rule="PL10") == ["The plan was to be reviewed by 30 September 2026."]
    assert faults(replace(GOOD, next_review_on=None), rule="PL10") == []


def test_children_without_prevention_are_told_and_never_scored():
    child = replace(GOOD, under_18=True, actions=(replace(ACTION, p="PROTECT"),))
    assert len(faults(child, rule="PL12")) == 1
    assert faults(replace(GOOD, under_18=True), rule="PL12") == []
    told = tuple(replace(rule, counts=rule.code != "PL12") for rule in RULES)
    assert rules.lint(child, told, today=TODAY).score == 100


def test_an_aim_says_how_it_is_measured_to_what_and_by_when():
    bare = replace(AIM, measure="", target=None, target_on=None)
    assert faults(replace(GOOD, aims=(bare,)), rule="PL13") == ["Aim 1 lacks a measure, a target and a date."]
    assert faults(replace(GOOD, aims=(replace(bare, is_open=False),)), rule="PL13") == []
    zero = replace(AIM, target=Decimal(0))
    assert faults(replace(GOOD, aims=(zero,)), rule="PL13") == []


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("Monitor the group", "monitor"),
        ("Visit tenants and liaise with housing", "liaise"),
        ("Raise awareness in schools", "raise awareness"),
        ("Meet weekly to consider options", "consider"),
        ("Fit electronic monitoring", ""),
        ("Monitored release of the lead", ""),
        ("Visit the considerate neighbour", ""),
    ],
)
def test_vague_verbs_are_heard_where_they_lead(title, word):
    assert rules.vague_word(title, WORDS) == word
    assert bool(faults(rule="PL4", title=title, measure="")) is bool(word)
    assert faults(rule="PL4", title=title, measure="Two a week") == []


def test_an_empty_plan_passes_no_rule_about_what_it_lacks():
    empty = PlanFacts(aims=(), actions=(), consulted=0, next_review_on=None)
    found = rules.lint(empty, RULES, today=TODAY)
    assert [fault.where for fault in found.faults] == ["new_aim", "new_action", "consult"]
    assert set(found.passed) == {"PL10", "PL12"}


def test_a_rule_that_the_region_switches_off_is_not_asked():
    off = tuple(replace(rule, is_on=rule.code != "PL2") for rule in RULES)
    plan = replace(GOOD, actions=(replace(ACTION, due_on=None),))
    assert rules.lint(plan, off, today=TODAY).score == 100
    assert rules.lint(plan, RULES, today=TODAY).score == round(100 * 13 / 14)


texts = st.sampled_from(["", " ", "Monitor", "Visit the three tenants weekly", "Liaise and consider", "é\x85\u2028"])
actions = st.builds(
    ActionFacts,
    number=st.integers(1, 40),
    pk=st.integers(1, 999),
    p=st.sampled_from(list(rules.P)),
    title=texts,
    measure=texts,
    why_this_threat=texts,
    has_owner=st.booleans(),
    owner_left=st.sampled_from(["", "Somebody"]),
    partner=texts,
    aim=st.none() | st.integers(1, 6),
    due_on=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    status=st.sampled_from(list(rules.Status)),
    near=st.integers(0, 9),
)
aims = st.builds(
    AimFacts,
    number=st.integers(1, 6),
    pk=st.integers(1, 999),
    key=st.integers(1, 6),
    text=texts,
    measure=texts,
    target=st.none() | st.decimals(0, 100, places=2),
    target_on=st.none() | st.dates(),
    is_open=st.booleans(),
)
plans = st.builds(
    PlanFacts,
    aims=st.lists(aims, max_size=6).map(tuple),
    actions=st.lists(actions, max_size=8).map(tuple),
    consulted=st.integers(0, 3),
    next_review_on=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    under_18=st.booleans(),
)


# How fast examples are made depends on what else the machine does.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(plans, st.sets(st.sampled_from(sorted(rules.JUDGES))))
def test_the_score_is_the_share_of_rules_passed_whatever_the_plan(facts, off):
    on = tuple(replace(rule, is_on=rule.code not in off) for rule in RULES)
    found = rules.lint(facts, on, today=TODAY)
    judged = set(rules.JUDGES) - off
    assert set(found.passed) | set(found.failed) == judged
    assert not set(found.passed) & set(found.failed)
    assert found.score == (round(100 * len(found.passed) / len(judged)) if judged else 100)
    assert 0 <= found.score <= 100
    assert {fault.rule for fault in found.faults if fault.rule} <= set(found.failed)


vocabulary = st.sampled_from(["visit", "the", "tenants", "with", "housing", "every", "week", "and", "train", "staff"])
edit = st.tuples(st.booleans(), st.integers(0, 60), vocabulary)


@st.composite
def pairs(draw):
    """A text and one made from it by a few changes, so that near-copies are common."""
    one = draw(st.lists(vocabulary, min_size=1, max_size=45))
    other = list(one)
    for drops, at, word in draw(st.lists(edit, max_size=6)):
        if drops and other:
            other.pop(at % len(other))
        else:
            other.insert(at % (len(other) + 1), word)
    return one, other


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(pairs())
def test_the_keys_of_near_copies_always_meet(pair):
    one, other = pair
    if min(len(one), len(other)) < rules.FEWEST_WORDS or rules.similarity(one, other) < rules.NEAR:
        return
    low, high = rules.lengths_near(len(one))
    assert low <= len(other) <= high
    assert set(rules.keys_of(one)) & set(rules.keys_of(other))


def test_short_texts_are_never_near_copies_and_words_lose_case_and_marks():
    assert rules.keys_of(rules.words_of("Execute the warrant")) == ()
    assert rules.words_of("Visit: the TENANTS, weekly!") == ("visit", "the", "tenants", "weekly")


leaf = st.none() | st.integers(-5, 5) | st.sampled_from(["", "AGREED", "2026-03-03", "a longer text " * 6])
entries = st.dictionaries(st.sampled_from(["title", "due_on", "status", "owner"]), leaf.filter(lambda v: v is not None))
contents = st.fixed_dictionaries(
    {
        "header": entries,
        "sections": st.dictionaries(st.sampled_from(list(rules.Part)).map(str), st.sampled_from(["a", "b", "c"])),
        "aims": st.dictionaries(st.sampled_from("123"), entries),
        "actions": st.dictionaries(st.sampled_from("12345"), entries),
        "consultations": st.dictionaries(st.sampled_from("12"), entries),
    }
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(contents, contents)
def test_the_differences_of_two_versions_replay_to_the_later(before, after):
    found = differences.differences(before, after)
    assert differences.replay(before, found) == after
    assert bool(found) is (before != after)
    assert len(differences.in_words(found)) >= len(found) - sum(
        not each.now and not each.was and each.path[0] == "header" for each in found
    )


def test_a_difference_reads_as_a_sentence():
    before = {"actions": {"4": {"title": "Visit", "due_on": "2026-03-03", "status": "AGREED"}}, "sections": {}}
    after = {
        "actions": {"4": {"title": "Visit", "due_on": "2026-03-20", "status": "DONE"}, "5": {"title": "Train staff"}},
        "sections": {"RISK": "Two tenants"},
    }
    said = [each.sentence for each in differences.in_words(differences.differences(before, after))]
    assert said == [
        "Action 4: due date 3 March 2026 → 20 March 2026",
        "Action 4: status Agreed → Done",
        "Action 5 added: Train staff",
        "Risk written",
    ]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"title": " "}, "PN5"),
        ({"p": "PARTY"}, "PN6"),
        ({"title": "x" * 201}, "PN7"),
        ({"tactic": "MAGIC"}, "PN14"),
        ({"aim": 9}, "PN30"),
        ({"status": "LOST"}, "PN29"),
        ({"status": "BLOCKED"}, "PN10"),
        ({"status": "DONE", "result": "Seized"}, "PN11"),
        ({"status": "DONE", "done_on": TODAY}, "PN11"),
        ({"status": "DONE", "result": "Seized", "done_on": TODAY + timedelta(days=1)}, "PN12"),
    ],
)
def test_an_action_that_cannot_be_recorded_is_refused_by_number(said, code):
    fine = {"p": "PURSUE", "title": "Execute the warrant", "aim": 1, "tactic": "ARREST_WARRANT"}
    rules.check_action(rules.ActionSaid(**fine), tactics={"ARREST_WARRANT"}, aims=[1], today=TODAY)
    with pytest.raises(RuleBroken) as refused:
        rules.check_action(rules.ActionSaid(**(fine | said)), tactics={"ARREST_WARRANT"}, aims=[1], today=TODAY)
    assert refused.value.code == code
    assert "{" not in refused.value.sentence


@pytest.mark.parametrize(
    ("actor", "roles", "signed", "expected"),
    [
        (1, ("LRO",), (None, None), "LRO"),
        (2, ("SIO",), (1, None), "SIO"),
        (1, ("LRO", "SIO"), (None, None), "LRO"),
        (1, ("LRO", "SIO"), (1, None), "PN19"),
        (3, (), (None, None), "PN18"),
        (3, ("LRO",), (1, None), "PN19"),
        (2, ("SIO",), (1, 2), "PN31"),
    ],
)
def test_two_people_sign_a_review_and_neither_for_both(actor, roles, signed, expected):
    def sign():
        return rules.check_next_signature(actor=actor, roles=roles, lro_signed=signed[0], sio_signed=signed[1])

    if not expected.startswith("PN"):
        assert sign() == expected
        return
    with pytest.raises(RuleBroken) as refused:
        sign()
    assert refused.value.code == expected


def test_a_tier_is_said_in_the_words_of_the_region():
    found = differences.differences({"header": {"tier": "3"}}, {"header": {"tier": "2"}})
    (said,) = differences.in_words(found, tier_name=lambda code: f"Tier {code}")
    assert said.sentence == "Tier 3 → Tier 2"
