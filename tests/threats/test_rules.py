"""Every rule of the master list, kept and broken."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.platform.errors import RuleBroken
from fourfold.threats import rules
from fourfold.threats.rules import Membership, Nomination
from tests.threats.vocabulary import WORDS

TODAY = date(2023, 4, 1)
NOMINATION = Nomination(
    threat_type="OCG",
    name="Harbour line",
    summary="People moving class A drugs into two coastal towns",
    themes=("DRU.county_lines",),
    tier="1",
    phase="IDENTIFIED",
    nominated_on=date(2023, 3, 1),
)
MEMBERSHIP = Membership(role="LEADER", from_on=date(2023, 1, 5), grade="2B", assertion="ASSESSMENT", category="SUSPECT")


@dataclass(frozen=True)
class Body:
    code: str


@dataclass(frozen=True)
class Officer:
    organisation: Body = field(default_factory=lambda: Body("merseyside"))
    capabilities: frozenset[str] = frozenset()


def officer(*capabilities: str, of: str = "merseyside") -> Officer:
    return Officer(Body(of), frozenset(capabilities))


def test_a_whole_nomination_is_taken():
    rules.check_nomination(NOMINATION, vocabulary=WORDS, today=TODAY)


@pytest.mark.parametrize(
    ("code", "field_name", "change"),
    [
        ("TH1", "threat_type", {"threat_type": ""}),
        ("TH1", "threat_type", {"threat_type": "GANG"}),
        ("TH2", "name", {"name": "  "}),
        ("TH10", "name", {"name": "x" * 121}),
        ("TH3", "summary", {"summary": "Too few words"}),
        ("TH4", "themes", {"themes": ()}),
        ("TH5", "themes", {"themes": ("DRU", "GHOSTS")}),
        ("TH6", "tier", {"tier": "9"}),
        ("TH7", "phase", {"phase": "ASLEEP"}),
        ("TH8", "phase", {"phase": "CLOSED_DORMANT"}),
        ("TH9", "nominated_on", {"nominated_on": date(2023, 4, 2)}),
    ],
)
def test_a_nomination_that_breaks_a_rule_is_refused_at_its_field(code, field_name, change):
    with pytest.raises(RuleBroken) as refused:
        rules.check_nomination(replace(NOMINATION, **change), vocabulary=WORDS, today=TODAY)
    assert (refused.value.code, refused.value.field) == (code, field_name)


def test_a_whole_membership_gives_its_role():
    assert rules.check_membership(MEMBERSHIP, vocabulary=WORDS, today=TODAY).code == "LEADER"


@pytest.mark.parametrize(
    ("code", "field_name", "change"),
    [
        ("TM2", "role", {"role": ""}),
        ("TM3", "from_on", {"from_on": None}),
        ("TM4", "from_on", {"from_on": date(2023, 4, 2)}),
        ("TM5", "to_on", {"to_on": date(2023, 1, 4)}),
        ("TM5", "to_on", {"to_on": date(2023, 4, 2)}),
        ("TM6", "grade", {"grade": "4A"}),
        ("TM6", "grade", {"grade": ""}),
        ("TM7", "assertion", {"assertion": "RUMOUR"}),
        ("TM8", "category", {"category": ""}),
        ("TM13", "category", {"category": "VICTIM"}),
        ("TM9", "category", {"role": "EXPLOITED", "category": "SUSPECT"}),
        ("TM9", "category", {"role": "WITNESS", "category": "CONVICTED"}),
    ],
)
def test_a_membership_that_breaks_a_rule_is_refused_at_its_field(code, field_name, change):
    with pytest.raises(RuleBroken) as refused:
        rules.check_membership(replace(MEMBERSHIP, **change), vocabulary=WORDS, today=TODAY)
    assert (refused.value.code, refused.value.field) == (code, field_name)


@given(
    role=st.sampled_from(sorted(WORDS.roles)),
    category=st.sampled_from([c.value for c in rules.Category]),
)
def test_nobody_to_protect_is_ever_taken_as_a_suspect_and_no_offender_as_a_victim(role, category):
    asked = replace(MEMBERSHIP, role=role, category=category)
    side = WORDS.roles[role].side
    is_offence = category in {"SUSPECT", "CONVICTED"}
    refused = (side is rules.Side.PROTECT and is_offence) or (side is rules.Side.OFFENDER and not is_offence)
    if refused:
        with pytest.raises(RuleBroken):
            rules.check_membership(asked, vocabulary=WORDS, today=TODAY)
    else:
        assert rules.check_membership(asked, vocabulary=WORDS, today=TODAY).side is side


def test_closing_needs_a_ground_and_a_day_that_can_be_true():
    whole = {"nominated_on": date(2023, 3, 1), "vocabulary": WORDS, "today": TODAY}
    rules.check_closing(ground="CLOSED_DORMANT", closed_on=date(2023, 3, 1), **whole)
    for code, change in (
        ("TH17", {"ground": "", "closed_on": TODAY}),
        ("TH17", {"ground": "IDENTIFIED", "closed_on": TODAY}),
        ("TH18", {"ground": "CLOSED_DORMANT", "closed_on": date(2023, 2, 28)}),
        ("TH18", {"ground": "CLOSED_DORMANT", "closed_on": date(2023, 4, 2)}),
    ):
        with pytest.raises(RuleBroken) as refused:
            rules.check_closing(**change, **whole)
        assert refused.value.code == code


def test_a_phase_changes_to_another_open_phase_from_a_day_since_the_nomination():
    whole = {"was": "IDENTIFIED", "nominated_on": date(2023, 3, 1), "vocabulary": WORDS, "today": TODAY}
    rules.check_new_phase(phase="DEVELOPMENT", from_on=TODAY, **whole)
    for code, phase, from_on in (
        ("TH7", "ASLEEP", TODAY),
        ("TH19", "CLOSED_DORMANT", TODAY),
        ("TH20", "IDENTIFIED", TODAY),
        ("TH23", "DEVELOPMENT", date(2023, 2, 1)),
    ):
        with pytest.raises(RuleBroken) as refused:
            rules.check_new_phase(phase=phase, from_on=from_on, **whole)
        assert refused.value.code == code


def test_a_change_of_tier_or_kind_must_change_something():
    rules.check_new_tier(tier="5", was="1", vocabulary=WORDS)
    rules.check_new_type(threat_type="VULNERABILITY", was="OCG")
    with pytest.raises(RuleBroken, match="already Tier 1"):
        rules.check_new_tier(tier="1", was="1", vocabulary=WORDS)
    with pytest.raises(RuleBroken, match="already organised crime group"):
        rules.check_new_type(threat_type="OCG", was="OCG")


def test_a_reason_is_more_than_a_word():
    rules.check_reason("New intelligence received")
    with pytest.raises(RuleBroken, match="at least 3 words"):
        rules.check_reason("update")


def test_a_second_editor_is_told_and_a_closed_threat_is_left_alone():
    moment = datetime(2023, 4, 1, tzinfo=UTC)
    rules.check_unchanged(seen=moment, recorded_from=moment)
    rules.check_unchanged(seen=None, recorded_from=moment)
    with pytest.raises(RuleBroken, match="Somebody else"):
        rules.check_unchanged(seen=datetime(2023, 3, 31, tzinfo=UTC), recorded_from=moment)
    rules.check_open(closed_on=None)
    with pytest.raises(RuleBroken, match="closed"):
        rules.check_open(closed_on=TODAY)


MAY = {
    # capabilities, organisation: nominate for Merseyside, develop, manage a threat of Merseyside that the region reads
    (("threat.nominate",), "merseyside"): (True, True, False),
    (("threat.manage",), "merseyside"): (False, True, True),
    (("threat.nominate", "threat.manage"), "merseyside"): (True, True, True),
    (("threat.nominate", "threat.manage"), "cheshire"): (False, False, False),
    (("threat.nominate", "threat.manage", "region.write"), "nwrocu"): (True, True, True),
    (("region.write",), "nwrocu"): (False, False, False),
    ((), "merseyside"): (False, False, False),
}


@pytest.mark.parametrize(("who", "expected"), MAY.items())
def test_who_may_nominate_develop_and_manage(who, expected):
    capabilities, organisation = who
    actor = officer(*capabilities, of=organisation)
    found = (
        rules.may_nominate(actor, owner="merseyside"),
        rules.may_develop(actor, owner="merseyside", audience="REGION"),
        rules.may_manage(actor, owner="merseyside", audience="REGION"),
    )
    assert found == expected


def test_the_regions_own_roles_do_not_reach_into_what_a_force_keeps_to_itself():
    moderator = officer("threat.nominate", "threat.manage", "region.write", of="nwrocu")
    assert not rules.may_manage(moderator, owner="merseyside", audience="OWN")
    with pytest.raises(RuleBroken, match="Only the owning organisation"):
        rules.check_may_manage(moderator, owner="merseyside", audience="OWN")
    with pytest.raises(RuleBroken, match="do not have permission"):
        rules.check_may_develop(officer(), owner="merseyside", audience="REGION")
    with pytest.raises(RuleBroken, match="your own organisation"):
        rules.check_may_nominate(officer("threat.nominate", of="cheshire"), owner="merseyside", audience="REGION")


def test_a_review_falls_due_so_many_months_after_the_last_change():
    tier = WORDS.tiers["1"]
    assert rules.review_due(tier=tier, last_changed_on=date(2023, 1, 31)) == date(2023, 4, 30)
    assert rules.review_due(tier=tier, last_changed_on=date(2023, 11, 30)) == date(2024, 2, 29)
    assert rules.review_due(tier=WORDS.tiers["UNTIERED"], last_changed_on=TODAY) is None


def test_a_theme_of_the_second_level_is_named_with_its_parent_and_an_ended_word_keeps_its_name():
    assert WORDS.theme_name("DRU.county_lines") == "Drugs: County lines"
    assert WORDS.theme_name("DRU") == "Drugs"
    assert (WORDS.tier_name("0"), WORDS.tier_name("7")) == ("Tier 0", "7")


def test_every_sentence_is_used_and_every_code_has_a_sentence():
    room = Path(rules.__file__).parent
    source = "".join(path.read_text() for path in (room / "rules.py", *(room / "services").glob("*.py")))
    for code in rules.SENTENCES:
        assert source.count(f'broken("{code}"') >= 1, code


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        (("REGION", None), ("REGION", None), "one"),
        (("REGION", None), ("OWN", None), "other"),
        (("OWN", None), ("REGION", 7), None),
        (("REGION", 7), ("REGION", None), "one"),
        (("REGION", 7), ("REGION", 8), None),
        (("REGION", 7), ("OWN", 7), "other"),
        (("NAMED", None), ("OWN", None), None),
    ],
)
def test_a_membership_takes_the_narrower_of_two_labels_or_neither(one, other, kept):
    first, second = (rules.Readers(3, audience, "OFFICIAL-SENSITIVE", circle) for audience, circle in (one, other))
    assert rules.narrower(first, second) == {"one": first, "other": second, None: None}[kept]
    assert rules.narrower(second, first) == {"one": first, "other": second, None: None}[kept]


def test_another_forces_own_records_are_never_within_ours_and_a_higher_marking_is_kept():
    ours = rules.Readers(3, "OWN", "OFFICIAL-SENSITIVE")
    assert rules.narrower(ours, rules.Readers(4, "OWN", "OFFICIAL-SENSITIVE")) is None
    low, high = (rules.Readers(3, "REGION", marking) for marking in ("OFFICIAL", "OFFICIAL-SENSITIVE"))
    assert rules.narrower(low, high) == high
    assert rules.narrower(low, ours) == ours
