"""Putting records of things where rules and judgements say they belong: only those that a judgement can reach.

As with people (`regrouping`): the whole region's records are looked at, whoever acts, and nothing that is read here is
shown.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from fourfold.platform.visibility import scope
from fourfold.pole import rules
from fourfold.pole.models import Thing, ThingTie
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Placed, Tie, Verdict
from fourfold.pole.selectors import identity as labels
from fourfold.pole.selectors import judged_things as selectors
from fourfold.pole.services.regrouping import Moved

Pair = tuple[int, int]


def regroup(end_kind: str, record_ids: Iterable[int], *, made_in: str, now: datetime) -> tuple[Moved, ...]:
    """Work out again which records are of one thing among these and all that rules or judgements connect with them.

    Args:
        end_kind: The table of the records.
        record_ids: Records of which something was said.
        made_in: What made this, kept with a number that is new.
        now: When.
    """
    ranks = labels.label_ranks()
    with scope.lent(*ranks, unread=True):
        records, pairs, kinds = _reached(end_kind, set(record_ids), ranks)
        said = selectors.standing(end_kind, records)
        different = [each.pair for each in said if each.verdict is Verdict.DIFFERENT]
        groups = tuple(
            identity.gathered(
                records,
                ties=_ties(pairs, different),
                same=[each.pair for each in said if each.verdict is Verdict.SAME],
                different=different,
            )
        )
        has_too_few = len(groups) > len({record.person for record in records.values()})
        earlier = _free_numbers(end_kind, records) if has_too_few else {}
        moves: dict[int, list[int]] = defaultdict(list)
        for group, kept in identity.numbered(groups, records, earlier=earlier).items():
            number = kept or Thing.objects.create(kind=kinds[min(group)], made_in=made_in, made_at=now).pk
            moves[number] += [pk for pk in group if records[pk].person != number]
        for number, moving in moves.items():
            if moving:
                selectors.every(end_kind).filter(pk__in=moving).update(thing_id=number)
    had = {record.person for record in records.values()}
    had_open = {record.person for record in records.values() if record.is_open}
    return tuple(
        Moved(
            pk,
            records[pk].person,
            number,
            records[pk].label,
            records[pk].is_open,
            joined=number in (had_open if records[pk].is_open else had),
        )
        for number, moving in moves.items()
        for pk in sorted(moving)
    )


def hold_judgements(*, made_in: str, now: datetime) -> tuple[Moved, ...]:
    """Put right what does not hold of what people said. Called after a publication, which may not have known of it."""
    held: tuple[Moved, ...] = ()
    for end_kind in selectors.END_KINDS:
        if seeds := selectors.not_held(end_kind):
            held += regroup(end_kind, seeds, made_in=made_in, now=now)
    return held


def _reached(
    end_kind: str, seeds: set[int], ranks: dict[int, int]
) -> tuple[dict[int, Placed], set[Pair], dict[int, str]]:
    """The records of every thing that the seeds are connected with, what joins among them, and what each is."""
    table = selectors.every(end_kind)
    known: set[int] = set()
    ties: set[Pair] = set()
    frontier = seeds
    while frontier:
        things = table.filter(pk__in=frontier).values("thing_id")
        frontier |= set(table.filter(thing_id__in=things).values_list("pk", flat=True))
        known |= frontier
        joining = ThingTie.objects.filter(
            Q(left_id__in=frontier) | Q(right_id__in=frontier),
            end_kind=end_kind,
            state=rules.EdgeState.CURRENT,
            verdict=rules.TieVerdict.JOIN,
        )
        ties |= set(joining.values_list("left_id", "right_id"))
        said = selectors.standing(end_kind, frontier)
        near = {pk for each in said if each.verdict is Verdict.SAME for pk in each.pair}
        frontier = (near | {pk for pair in ties for pk in pair}) - known
    found = table.filter(pk__in=known, thing__isnull=False).defer("raw")
    records = {
        record.pk: Placed(
            ranks[record.label_id] < identity.RESTRICTED_RANK,
            record.label_id,
            (record.source, record.source_key),
            record.thing_id,
        )
        for record in found
    }
    kinds = {record.pk: selectors.kind_of(record) for record in found}
    return records, ties, kinds


def _ties(pairs: Iterable[Pair], different: Iterable[Pair]) -> list[Tie]:
    """What joins, as a run takes it: of a taking apart the larger side first, where a record fits both."""
    parted = Counter(record for pair in different for record in pair)
    return [Tie(left, right, -float(max(parted[left], parted[right]))) for left, right in sorted(pairs)]


def _free_numbers(end_kind: str, record_ids: Collection[int]) -> dict[int, list[int]]:
    """Numbers that each record had before and that no other record has now, the latest first."""
    had = selectors.numbers_before(end_kind, record_ids)
    wanted = {number for numbers in had.values() for number in numbers}
    others = selectors.every(end_kind).filter(thing_id__in=wanted).exclude(pk__in=record_ids)
    taken = set(others.values_list("thing_id", flat=True))
    return {pk: [number for number in numbers if number not in taken] for pk, numbers in had.items()}
