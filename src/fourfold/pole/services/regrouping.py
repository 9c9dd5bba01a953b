"""Putting records where matches and judgements say they belong: only those that a change can reach.

The whole region's records are looked at, whoever acts: what somebody sees does not decide who is one person. Nothing
that is read here is shown; what is shown is read again under the reader's own labels.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from fourfold.platform.visibility import scope
from fourfold.pole import rules
from fourfold.pole.models import MatchEdge, Person, PersonRecord
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Placed, Tie, Verdict
from fourfold.pole.selectors import identity as selectors

IDENTITY = 4_408


@dataclass(frozen=True)
class Moved:
    """A record that has another person's number than before."""

    record: int
    was: int
    into: int
    label: int
    is_open: bool
    joined: bool
    """Whether records that its readers may see had that number already."""


def one_at_a_time() -> None:
    """Hold until the transaction ends what everybody holds who changes who is one person."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [IDENTITY])


def regroup(record_ids: Iterable[int], *, made_in: str, now: datetime) -> tuple[Moved, ...]:
    """Work out again who is one person among these records and all that matches or judgements connect with them.

    Args:
        record_ids: Records of which something was said.
        made_in: What made this, kept with a person that is new.
        now: When.
    """
    ranks = selectors.label_ranks()
    with scope.lent(*ranks, unread=True):
        records, ties = _reached(set(record_ids), ranks)
        said = selectors.standing(records)
        groups = identity.gathered(
            records,
            ties=ties,
            same=[each.pair for each in said if each.verdict is Verdict.SAME],
            different=[each.pair for each in said if each.verdict is Verdict.DIFFERENT],
        )
        found = tuple(groups)
        has_too_few = len(found) > len({record.person for record in records.values()})
        earlier = _numbers_before(records) if has_too_few else {}
        numbers = identity.numbered(found, records, earlier=earlier)
        moves: dict[int, list[int]] = defaultdict(list)
        for group, kept in numbers.items():
            number = kept or Person.objects.create(made_in=made_in, made_at=now).pk
            moves[number] += [pk for pk in group if records[pk].person != number]
        for number, moving in moves.items():
            if moving:
                PersonRecord.objects.filter(pk__in=moving).update(person_id=number)
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
    together = Q(left__person_id=F("right__person_id"))
    broken = selectors.decided().filter(Q(verdict=Verdict.SAME) & ~together | Q(verdict=Verdict.DIFFERENT) & together)
    seeds = {record for pair in broken.values_list("left_id", "right_id") for record in pair}
    return regroup(seeds, made_in=made_in, now=now) if seeds else ()


def _reached(seeds: set[int], ranks: dict[int, int]) -> tuple[dict[int, Placed], list[Tie]]:
    """The records of every person that the seeds are connected with, and the matches that join among them."""
    known: set[int] = set()
    ties: dict[tuple[int, int], Tie] = {}
    frontier = seeds
    while frontier:
        people = PersonRecord.objects.filter(pk__in=frontier).values("person_id")
        frontier |= set(PersonRecord.objects.filter(person_id__in=people).values_list("pk", flat=True))
        known |= frontier
        joining = MatchEdge.objects.filter(
            Q(left__in=frontier) | Q(right__in=frontier),
            state=rules.EdgeState.CURRENT,
            band__in=[band.value for band in rules.JOINING],
        )
        for left, right, weight, band in joining.values_list("left_id", "right_id", "match_weight", "band"):
            ties[left, right] = Tie(left, right, weight, by_source=band == rules.Band.TOMBSTONE)
        near = {record for pair in ties for record in pair}
        near |= {
            record for each in selectors.standing(frontier) if each.verdict is Verdict.SAME for record in each.pair
        }
        frontier = near - known
    rows = PersonRecord.objects.filter(pk__in=known).values_list("pk", "label_id", "source", "source_key", "person_id")
    records = {
        pk: Placed(ranks[label] < identity.RESTRICTED_RANK, label, (source, key), person)
        for pk, label, source, key, person in rows
    }
    return records, list(ties.values())


def _numbers_before(record_ids: Collection[int]) -> dict[int, list[int]]:
    """Numbers that each record had before and that no other record has now, the latest first."""
    had = {
        pk: [person for _, until, person in reversed(numbers) if until is not None]
        for pk, numbers in selectors.numbers_over_time(record_ids).items()
    }
    wanted = {person for numbers in had.values() for person in numbers}
    held = PersonRecord.objects.filter(person_id__in=wanted).exclude(pk__in=record_ids)
    taken = set(held.values_list("person_id", flat=True))
    return {pk: [person for person in numbers if person not in taken] for pk, numbers in had.items()}
