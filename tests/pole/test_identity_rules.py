"""Grouping by matches and by what people said, against the plainest way of working it out."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.platform.errors import RuleBroken
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Placed, Tie, gathered, numbered

RECORDS = range(1, 9)
PAIRS = list(combinations(RECORDS, 2))


def placed(opens, labels, people=None):
    return {
        pk: Placed(is_open, label, ("s", str(pk)), (people or {}).get(pk, pk))
        for pk, is_open, label in zip(RECORDS, opens, labels, strict=True)
    }


def plainly(records, ties, same, different):
    """Every group as a set; each step looks at all pairs of all groups. Slow, and nothing to misread."""
    groups = [{pk} for pk in records]

    def of(pk):
        return next(group for group in groups if pk in group)

    def may(a, b):
        return not any((x, y) in different or (y, x) in different for x in of(a) for y in of(b))

    def join(a, b):
        if of(a) is not of(b) and may(a, b):
            gone = of(b)
            groups.remove(gone)
            of(a).update(gone)

    opened = {pk for pk, record in records.items() if record.is_open}
    by_strength = sorted(ties, key=lambda t: (not t.by_source, 0 if t.by_source else -t.weight, t.left, t.right))
    steps = [*sorted(same), *((t.left, t.right) for t in by_strength)]
    for a, b in steps:
        if a in opened and b in opened:
            join(a, b)
    bundles = [{pk} for pk in records if pk not in opened]
    for a, b in sorted(same):
        if a not in opened and b not in opened and records[a].label == records[b].label:
            join(a, b)
            if of(a) is of(b):
                left, right = (next(each for each in bundles if pk in each) for pk in (a, b))
                if left is not right:
                    bundles.remove(right)
                    left |= right
    homeless = set()
    for bundle in sorted(bundles, key=lambda each: min(records[pk].key for pk in each)):
        for a, b in steps:
            hidden, anchor = (b, a) if a in opened else (a, b)
            if hidden in bundle and anchor in opened and may(hidden, anchor):
                join(anchor, hidden)
                break
        else:
            homeless |= bundle
    for t in by_strength:
        if t.left in homeless and t.right in homeless and records[t.left].label == records[t.right].label:
            join(t.left, t.right)
    return {frozenset(group) for group in groups}


pairs = st.sampled_from(PAIRS)
some_ties = st.dictionaries(pairs, st.tuples(st.integers(1, 30), st.booleans()), max_size=14)
some_opens = st.lists(st.sampled_from([True, True, True, False]), min_size=8, max_size=8)
some_labels = st.lists(st.sampled_from([1, 2]), min_size=8, max_size=8)


def made(weights):
    return [Tie(a, b, float(weight), by_source) for (a, b), (weight, by_source) in weights.items()]


@given(some_ties, st.sets(pairs, max_size=5), st.sets(pairs, max_size=5), some_opens, some_labels)
def test_groups_are_those_of_the_plainest_way(weights, same, different, opens, labels):
    records = placed(opens, labels)
    found = gathered(records, ties=made(weights), same=same, different=different)
    assert set(found) == plainly(records, made(weights), same, different)


@given(some_ties, st.sets(pairs, max_size=5), st.sets(pairs, max_size=5), some_opens, some_labels)
def test_nothing_that_somebody_said_is_different_is_together(weights, same, different, opens, labels):
    found = gathered(placed(opens, labels), ties=made(weights), same=same, different=different)
    assert not [(a, b) for a, b in different if found.of(a) == found.of(b)]


@given(some_ties, st.sets(pairs, max_size=4), st.sets(pairs, max_size=4), some_opens, some_labels)
def test_open_records_are_grouped_as_if_there_were_no_others(weights, same, different, opens, labels):
    records = placed(opens, labels)
    opened = {pk: record for pk, record in records.items() if record.is_open}
    whole = gathered(records, ties=made(weights), same=same, different=different)
    alone = gathered(opened, ties=made(weights), same=same, different=different)
    assert {group & frozenset(opened) for group in whole} - {frozenset()} == set(alone)


@given(some_ties, some_opens, some_labels, st.lists(st.integers(1, 4), min_size=8, max_size=8))
def test_open_records_keep_the_numbers_they_would_have_without_others(weights, opens, labels, people):
    records = placed(opens, labels, dict(zip(RECORDS, people, strict=True)))
    opened = {pk: record for pk, record in records.items() if record.is_open}

    def numbers(of):
        groups = set(gathered(of, ties=made(weights), same=(), different=()))
        return {
            group & frozenset(opened): number
            for group, number in numbered(groups, of, earlier={}).items()
            if group & frozenset(opened)
        }

    given_numbers = [
        n
        for n in numbered(
            list(gathered(records, ties=made(weights), same=(), different=())), records, earlier={}
        ).values()
        if n
    ]
    assert len(given_numbers) == len(set(given_numbers))
    assert numbers(records) == numbers(opened)


def test_a_group_without_a_number_takes_back_one_it_had():
    records = placed([True] * 8, [1] * 8, dict.fromkeys(RECORDS, 5))
    groups = [frozenset({1, 2, 3, 4, 5}), frozenset({6, 7}), frozenset({8})]
    assert numbered(groups, records, earlier={6: [9, 3], 8: [9]}) == {groups[0]: 5, groups[1]: 9, groups[2]: None}


def test_each_doubling_of_records_is_worth_one_and_somebody_in_a_threat_four():
    assert identity.worth(weight=3.0, records=2, members=0) == 4.0
    assert identity.worth(weight=3.0, records=8, members=0) == 6.0
    assert identity.worth(weight=3.0, records=8, members=2) == identity.worth(weight=3.0, records=8, members=1) == 10.0


def test_taking_apart_is_bounded():
    identity.check_parting({1}, set(range(2, 2_002)))
    with pytest.raises(RuleBroken, match="Choose fewer"):
        identity.check_parting({1, 2}, set(range(3, 1_004)))


@pytest.mark.parametrize(
    ("start", "end", "path"), [(1, 4, (1, 2, 4)), (1, 1, (1,)), (1, 9, ()), (3, 4, (3, 2, 4))], ids=str
)
def test_the_shortest_chain_between_two_records_is_found(start, end, path):
    joins = {1: {2, 5}, 2: {1, 3, 4}, 3: {2}, 4: {2}, 5: {1}}
    assert identity.path_between(start, end, joins) == path
