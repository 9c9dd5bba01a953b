"""From pairs to things: who is put together where some pairs join and others keep apart. Plain Python, any order in.

Open records (those the whole region may read) are grouped by themselves, the surest pairs first, and never across a
pair that is kept apart. A record that only a weak rule joins, and that fits two groups which are apart, is put with
neither. A restricted record then joins the one open group it fits best, as a leaf: it never brings two groups together
(docs/decisions/0051-restricted-records-are-leaves.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fourfold.pipeline.resolution.judgements import Joining

Pair = tuple[int, int]


@dataclass(frozen=True, order=True)
class Said:
    """What a rule says of a pair that it joins. `place`: how sure the rule is, 0 the surest."""

    weak: bool
    place: int
    pair: Pair


def grouped(records: Mapping[int, str], joins: Iterable[Said], apart: Iterable[Pair]) -> dict[int, int]:
    """The group of each record, called by its lowest record, open ones before restricted ones.

    Args:
        records: Of each record the restriction it is under; "" where the whole region may read it.
        joins: Pairs that a rule joins.
        apart: Pairs that a rule keeps apart.
    """
    parted = sorted(set(apart))
    ordered = sorted(joins)
    is_open = {record for record, restriction in records.items() if not restriction}
    joining = Joining(pair for pair in parted if is_open.issuperset(pair))
    among_open = [said for said in ordered if is_open.issuperset(said.pair)]
    for said in among_open:
        if not said.weak:
            joining.join(*said.pair)
    _join_weak(joining, [said.pair for said in among_open if said.weak], parted)
    groups = {record: joining.group(record) for record in is_open}
    groups |= _placed(records, [said for said in ordered if not is_open.issuperset(said.pair)], parted, groups)
    return groups


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
    restricted = {record for record, restriction in records.items() if restriction}
    joining = Joining(pair for pair in parted if restricted.issuperset(pair))
    for said in joins:
        if restricted.issuperset(said.pair) and not found.keys() & set(said.pair):
            joining.join(*said.pair)
    return {record: found.get(record, joining.group(record)) for record in restricted}
