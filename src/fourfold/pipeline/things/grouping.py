"""From pairs to things: who is put together where some pairs join and others keep apart. Plain Python, any order in.

Open records (those the whole region may read) are grouped by themselves, the surest pairs first, and never across a
pair that is kept apart. A record that only a weak rule joins, and that fits two groups which are apart, is put with
neither. A restricted record then joins the one open group it fits best, as a leaf: it never brings two groups together
(docs/decisions/0051-restricted-records-are-leaves.md).

What people said stands above every rule: two things that somebody said are one are one whatever a rule has against it,
and two records that somebody said are different are never together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fourfold.pipeline.resolution.judgements import Joining

Pair = tuple[int, int]
FEW = 3
"""Of each group so many records, open ones first, are those that every reason is kept with.

A street may have a thousand records, and a reason for each two of them would tell nobody more.
"""


@dataclass(frozen=True, order=True)
class Said:
    """What a rule says of a pair that it joins. `place`: how sure the rule is, 0 the surest."""

    weak: bool
    place: int
    pair: Pair


def grouped(
    records: Mapping[int, str],
    joins: Iterable[Said],
    apart: Iterable[Pair],
    *,
    same: Iterable[Pair] = (),
    different: Iterable[Pair] = (),
) -> dict[int, int]:
    """The group of each record, called by its lowest record, open ones before restricted ones.

    Args:
        records: Of each record the restriction it is under; "" where the whole region may read it.
        joins: Pairs that a rule joins.
        apart: Pairs that a rule keeps apart.
        same: Pairs that somebody said are of one thing.
        different: Pairs that somebody said are of two.
    """
    never, said_same = set(different), sorted(set(same))
    ordered = _surest_first((said for said in joins if said.pair not in never), never)
    is_open = {record for record, restriction in records.items() if not restriction}
    among_open = [said for said in ordered if is_open.issuperset(said.pair)]
    overruled = _overruled(ordered, set(apart), is_open, same=said_same, different=never)
    parted = sorted((set(apart) - overruled) | never)
    joining = Joining(pair for pair in parted if is_open.issuperset(pair))
    for pair in said_same:
        if is_open.issuperset(pair):
            joining.join(*pair)
    for said in among_open:
        if not said.weak:
            joining.join(*said.pair)
    _join_weak(joining, [said.pair for said in among_open if said.weak], parted)
    groups = {record: joining.group(record) for record in is_open}
    spoken = [Said(False, -1, pair) for pair in said_same]
    leaves = [said for said in (*spoken, *ordered) if not is_open.issuperset(said.pair)]
    groups |= _placed(records, leaves, parted, groups)
    return groups


def _surest_first(joins: Iterable[Said], different: Collection[Pair]) -> list[Said]:
    """In the order in which records are joined.

    A record that fits both sides of a taking apart goes, of two rules as sure, to the larger side: there each record
    is said to be different from fewer.
    """
    parted = Counter(record for pair in different for record in pair)
    return sorted(joins, key=lambda said: (said.weak, said.place, max(parted[pk] for pk in said.pair), said.pair))


def _overruled(
    ordered: Sequence[Said],
    apart: Collection[Pair],
    is_open: Collection[int],
    *,
    same: Sequence[Pair],
    different: Collection[Pair],
) -> set[Pair]:
    """Pairs that a rule keeps apart, of two things that somebody said are one.

    So is a restricted record that fits one of the two, and that a rule keeps apart from the other.
    """
    if not same:
        return set()
    opened = frozenset(is_open)
    joining = Joining(pair for pair in sorted({*apart, *different}) if opened.issuperset(pair))
    for said in ordered:
        if not said.weak and opened.issuperset(said.pair):
            joining.join(*said.pair)
    told = Joining((joining.group(a), joining.group(b)) for a, b in sorted(different) if opened.issuperset((a, b)))
    stems: dict[int, set[int]] = defaultdict(set)
    for one, other in same:
        if opened.issuperset((one, other)):
            told.join(joining.group(one), joining.group(other))
        else:
            stems[one].add(other)
            stems[other].add(one)

    def whole(record: int) -> int:
        return told.group(joining.group(record))

    fits = _fitting(ordered, opened, joining)

    def fits_the_other(leaf: int, record: int) -> bool:
        others = (group for group in fits.get(leaf, ()) if group != joining.group(record))
        return any(told.group(group) == whole(record) for group in others)

    return {
        (one, other)
        for one, other in apart
        if (opened.issuperset((one, other)) and whole(one) == whole(other))
        or any(whole(other) == whole(stem) for stem in stems[one])
        or any(whole(one) == whole(stem) for stem in stems[other])
        or fits_the_other(one, other)
        or fits_the_other(other, one)
    }


def _fitting(ordered: Sequence[Said], opened: Collection[int], joining: Joining) -> dict[int, set[int]]:
    """The open groups that a rule joins each restricted record to."""
    fits: dict[int, set[int]] = defaultdict(set)
    for said in ordered:
        for leaf, stem in (said.pair, said.pair[::-1]):
            if leaf not in opened and stem in opened:
                fits[leaf].add(joining.group(stem))
    return fits


def holding(joins: Iterable[Said], groups: Mapping[int, int]) -> Iterator[Pair]:
    """Of the pairs that rules join, the surest that hold each group of more than a few together."""
    sizes = Counter(groups.values())
    within = [
        said for said in joins if groups[said.pair[0]] == groups[said.pair[1]] and sizes[groups[said.pair[0]]] > FEW
    ]
    joining = Joining(())
    for said in sorted(within):
        one, other = said.pair
        if joining.group(one) != joining.group(other):
            joining.join(one, other)
            yield said.pair


def _join_weak(joining: Joining, pairs: Sequence[Pair], parted: Iterable[Pair]) -> None:
    """Put groups together by weak pairs, but none that fits two groups which are kept apart."""
    barred: dict[int, set[int]] = defaultdict(set)
    for one, other in parted:
        barred[joining.group(one)].add(joining.group(other))
        barred[joining.group(other)].add(joining.group(one))
    fits: dict[int, set[int]] = defaultdict(set)
    between = {tuple(sorted((joining.group(one), joining.group(other)))) for one, other in pairs}
    for one, other in between:
        fits[one].add(other)
        fits[other].add(one)
    torn = {group for group, near in fits.items() if any(not barred[each].isdisjoint(near) for each in near)}
    for one, other in pairs:
        if joining.group(one) != joining.group(other) and torn.isdisjoint((joining.group(one), joining.group(other))):
            joining.join(one, other)


def _placed(
    records: Mapping[int, str], joins: Sequence[Said], parted: Iterable[Pair], groups: Mapping[int, int]
) -> dict[int, int]:
    """The group of each restricted record."""
    never: dict[int, set[int]] = defaultdict(set)
    for one, other in parted:
        for record, third in ((one, other), (other, one)):
            if records[record]:
                never[record].add(groups.get(third, third))
    found: dict[int, int] = {}
    for said in joins:
        one, other = said.pair
        if bool(records[one]) == bool(records[other]):
            continue
        leaf, stem = (one, other) if records[one] else (other, one)
        if leaf not in found and groups[stem] not in never[leaf]:
            found[leaf] = groups[stem]
            for third in [each for each in never[leaf] if records[each]]:
                never[third].add(groups[stem])
    restricted = {record for record, restriction in records.items() if restriction}
    joining = Joining(pair for pair in parted if restricted.issuperset(pair))
    for said in joins:
        if restricted.issuperset(said.pair) and not found.keys() & set(said.pair):
            joining.join(*said.pair)
    return {record: found.get(record, joining.group(record)) for record in restricted}
