"""Who may be whom: matches and judgements between people, as a reader sees both ends of them.

A match is no link. It says that records of two people may be one person's, not that two people have to do with each
other; so it is never followed and never counted as a tie.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Q

from fourfold.pole import rules
from fourfold.pole.models import MatchEdge, PersonRecord
from fourfold.pole.rules.identity import Verdict, pair_of
from fourfold.pole.selectors.identity import Said, standing


class Sameness(StrEnum):
    """What a match comes to, by what was said of it."""

    PROPOSED = "PROPOSED"
    DIFFERENT = "DIFFERENT"
    SAME = "SAME"


@dataclass(frozen=True)
class PeopleMatch:
    """What speaks for two people being one, or why one person's records are together: the strongest, and what was said.

    Args:
        one: The person with the lower number.
        other: The person with the higher number; the same where somebody said that records of one person are one's.
        records: The two records, in their one order.
        probability: Of the strongest match between their records; None where no machine weighed any.
        said: What stands between their records, the latest first.
    """

    one: int
    other: int
    records: tuple[int, int]
    probability: float | None
    said: tuple[Said, ...] = ()

    @property
    def sameness(self) -> Sameness:
        if self.one == self.other:
            return Sameness.SAME
        different = any(each.verdict is Verdict.DIFFERENT for each in self.said)
        return Sameness.DIFFERENT if different else Sameness.PROPOSED


@dataclass
class _Pair:
    records: tuple[int, int]
    weight: float = float("-inf")
    probability: float | None = None
    said: list[Said] = field(default_factory=list)


def matches_between(people: Collection[int], *, beyond: Collection[int] = ()) -> tuple[PeopleMatch, ...]:
    """Matches and judgements between some people, the strongest first. Four queries at most, however many the people.

    Args:
        people: Those between whom matches are looked for.
        beyond: Those of them whose matches with anybody else are wanted too.
    """
    person_of = _people_of_records(Q(person_id__in=set(people)))
    if not person_of:
        return ()
    outward = {pk for pk, person_id in person_of.items() if person_id in set(beyond)}
    within = Q(left__in=person_of, right__in=person_of)
    wanted = within | Q(left__in=outward) | Q(right__in=outward) if outward else within
    edges = MatchEdge.objects.filter(wanted, state=rules.EdgeState.CURRENT).exclude(band=rules.Band.WITHIN)
    rows = list(edges.values_list("left_id", "right_id", "match_weight", "probability"))
    said = [
        each
        for each in standing(person_of)
        if (each.left_id in person_of and each.right_id in person_of) or {each.left_id, each.right_id} & outward
    ]
    ends = {pk for left, right, *_ in rows for pk in (left, right)} | {pk for each in said for pk in each.pair}
    if ends - person_of.keys():
        person_of |= _people_of_records(Q(pk__in=ends - person_of.keys()))
    found: dict[tuple[int, int], _Pair] = {}
    for left, right, weight, probability in sorted(rows):
        if left in person_of and right in person_of and person_of[left] != person_of[right]:
            pair = found.setdefault(pair_of(person_of[left], person_of[right]), _Pair(pair_of(left, right)))
            if weight > pair.weight:
                pair.records, pair.weight, pair.probability = pair_of(left, right), weight, probability
    for each in sorted(said, key=lambda each: -each.pk):
        if each.left_id in person_of and each.right_id in person_of:
            people_of = pair_of(person_of[each.left_id], person_of[each.right_id])
            if people_of[0] != people_of[1] or each.verdict is Verdict.SAME:
                found.setdefault(people_of, _Pair(each.pair)).said.append(each)
    order = sorted(found.items(), key=lambda item: (-item[1].weight, item[0]))
    return tuple(
        PeopleMatch(one, other, pair.records, pair.probability, tuple(pair.said)) for (one, other), pair in order
    )


def _people_of_records(which: Q) -> dict[int, int]:
    return dict(PersonRecord.objects.filter(which).values_list("pk", "person_id"))
