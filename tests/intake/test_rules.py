from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.intake import rules
from fourfold.intake.rules import Cadence, Correction, Counts, Freshness
from fourfold.platform.errors import RuleBroken

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cadence", "last", "expected"),
    [
        (Cadence.DAILY, None, Freshness.NEVER),
        (Cadence.DAILY, NOW - timedelta(hours=36), Freshness.FRESH),
        (Cadence.DAILY, NOW - timedelta(hours=37), Freshness.LATE),
        (Cadence.WEEKLY, NOW - timedelta(days=9), Freshness.FRESH),
        (Cadence.WEEKLY, NOW - timedelta(days=10), Freshness.LATE),
        (Cadence.MONTHLY, NOW - timedelta(days=36), Freshness.LATE),
        (Cadence.YEARLY, NOW - timedelta(days=399), Freshness.FRESH),
        (Cadence.ONCE, NOW - timedelta(days=4000), Freshness.COMPLETE),
        (Cadence.ONCE, None, Freshness.NEVER),
    ],
)
def test_a_source_is_late_when_its_period_and_margin_have_passed(cadence, last, expected):
    assert rules.freshness(cadence, last, now=NOW) is expected


def test_counts_that_add_up_are_accepted():
    Counts(read=10, loaded=6, quarantined=2, held=1, reference=1).check("person.csv")


def test_counts_that_lose_a_row_are_refused_by_rule_in10():
    with pytest.raises(RuleBroken, match=r"person\.csv has 10 rows but 9 are accounted for") as refused:
        Counts(read=10, loaded=6, quarantined=2, held=0, reference=1).check("person.csv")
    assert refused.value.code == "IN10"


@pytest.mark.parametrize("name", ["person.csv", "St. Louis_2 - x.xml", "a" * 120])
def test_ordinary_file_names_are_taken(name):
    rules.check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "../etc/passwd",
        "/etc/passwd",
        "a/b.csv",
        "a\\b.csv",
        "",
        ".hidden",
        "x" * 121,
        "nul\x00.csv",
        "new\nline",
        "=cmd",
    ],
)
def test_names_that_could_reach_outside_are_refused_by_rule_in3(name):
    with pytest.raises(RuleBroken) as refused:
        rules.check_name(name)
    assert refused.value.code == "IN3"


@given(st.text(max_size=40))
def test_no_name_that_is_taken_has_a_folder_in_it(name):
    try:
        rules.check_name(name)
    except RuleBroken:
        return
    assert not set(name) & set("/\\\x00")
    assert not name.startswith(".")


def test_an_agreement_binds_from_its_first_day_to_before_its_last():
    begins, ends = date(2026, 1, 1), date(2026, 4, 1)
    rules.check_agreement("A", begins, ends, today=begins)
    rules.check_agreement("A", begins, ends, today=ends - timedelta(days=1))
    rules.check_agreement("A", begins, None, today=date(2090, 1, 1))
    with pytest.raises(RuleBroken, match="starts on 1 January 2026"):
        rules.check_agreement("A", begins, ends, today=begins - timedelta(days=1))
    with pytest.raises(RuleBroken, match="ended on 1 April 2026"):
        rules.check_agreement("A", begins, ends, today=ends)


def test_sizes_are_limited_in_number_bytes_and_growth():
    rules.check_sizes({"a": 10 * 1024**2 + 1}, packed=1024**2)
    for sizes, packed, code in (
        ({}, None, "IN1"),
        ({str(n): 1 for n in range(rules.MOST_FILES + 1)}, None, "IN4"),
        ({"a": rules.MOST_BYTES_UNPACKED + 1}, None, "IN4"),
        ({"a": 300 * 1024**2}, 1024**2, "IN4"),
    ):
        with pytest.raises(RuleBroken) as refused:
            rules.check_sizes(sizes, packed=packed)
        assert refused.value.code == code


def test_the_content_hash_depends_on_names_and_contents_and_not_on_order():
    one = rules.content_hash({"a": "1", "b": "2"})
    assert one == rules.content_hash({"b": "2", "a": "1"})
    assert one != rules.content_hash({"a": "2", "b": "1"})
    assert one != rules.content_hash({"a": "1"})


def test_corrections_hash_tells_supplements_apart():
    correction = Correction(file="person.csv", line=3, column="DateOfBirth", value="01/02/1990")
    other = Correction(file="person.csv", line=3, column="DateOfBirth", value="01/02/1991")
    assert rules.corrections_hash(1, 1, [correction]) == rules.corrections_hash(1, 1, [correction])
    assert len({rules.corrections_hash(b, n, [c]) for b in (1, 2) for n in (1, 2) for c in (correction, other)}) == 8


@pytest.mark.parametrize("reason", ["", "typo", "a typo", "  a   typo "])
def test_a_reason_needs_three_words_by_rule_in11(reason):
    with pytest.raises(RuleBroken) as refused:
        rules.check_reason(reason)
    assert (refused.value.code, refused.value.field) == ("IN11", "reason")


def test_a_reason_of_three_words_is_taken():
    rules.check_reason("checked in custody")


def test_the_refused_row_is_no_correction_by_rule_in13():
    delivered = {"Id": "1", "Name": "x"}
    rules.check_corrected({"Id": "2", "Name": "x"}, delivered)
    rules.check_corrected({"New": ""}, delivered)
    for values in ({}, {"Id": "1"}, delivered, {"Id": "a\x00b"}):
        with pytest.raises(RuleBroken) as refused:
            rules.check_corrected(values, delivered)
        assert refused.value.code == "IN13"


def test_a_row_as_delivered_is_text_by_column_or_the_whole_line():
    pairs = [("a", "1"), ("b", None), ("c", ["x"])]
    assert rules.delivered_values(pairs, "v") == {"a": "1", "b": "", "c": '["x"]'}
    assert rules.delivered_values([("", "1,2")], "v") == {"": "1,2"}
    assert rules.delivered_values([], "v") == {"": "v"}


def test_tokens_are_long_and_only_their_hash_is_kept():
    one, other = rules.new_token(), rules.new_token()
    assert one != other
    assert one.startswith("ffs_")
    assert len(one) >= 40
    assert one not in rules.token_hash(one)
    assert len(rules.token_hash(one)) == 64


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 KB"), (2 * 10**9, "2.0 GB")]
)
def test_sizes_in_words(size, words):
    assert rules.size_in_words(size) == words


def test_moments_are_shown_in_london_time():
    assert rules.moment_in_words(datetime(2026, 7, 1, 11, 5, tzinfo=UTC)) == "1 July 2026 at 12:05pm"
    assert rules.moment_in_words(datetime(2026, 1, 1, 0, 5, tzinfo=UTC)) == "1 January 2026 at 12:05am"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-04T02:00:00Z", datetime(2026, 1, 4, 2, tzinfo=UTC)),
        ("2026-01-04T02:00:00", datetime(2026, 1, 4, 2, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (12, None),
    ],
)
def test_moments_of_a_manifest(text, expected):
    assert rules.moment_from(text) == expected


class Someone:
    def __init__(self, *capabilities: str) -> None:
        self.capabilities = frozenset(capabilities)


@pytest.mark.parametrize(
    ("capabilities", "organisation", "expected"),
    [
        (("intake.manage",), "merseyside", True),
        (("intake.manage",), "cheshire", True),
        (("intake.manage",), "gmp", False),
        (("intake.manage", "region.write"), "nwrocu", True),
        (("intake.read",), "merseyside", False),
        ((), "merseyside", False),
    ],
)
def test_who_may_bring_an_extract_by_hand(capabilities, organisation, expected):
    may = rules.may_deliver(
        Someone(*capabilities), organisation=organisation, owner="merseyside", forces=("cheshire", "merseyside")
    )
    assert may is expected
