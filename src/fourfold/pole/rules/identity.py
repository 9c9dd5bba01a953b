"""Who is one person: what people may say of two records, and what follows for all records. Plain Python.

A machine's match ties two records; a person's word stands above it. Open records (those the whole region may read) are
grouped first and by themselves; a restricted record then follows, and never brings others together
(docs/decisions/0051-restricted-records-are-leaves.md).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log2

from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.rules import Actor, may

JUDGE = "identity.judge"
PROPOSE = ("person.read", "record.write")
RESTRICTED_RANK = 30
"""Labels of this rank or more are restricted: own force only, or in a compartment."""
AUDIENCE_RANK = {"REGION": 10, "AGREEMENT": 20, "NAMED": 20, "OWN": RESTRICTED_RANK}
COMPARTMENT_RANK = 100
TEXT_LIMIT = 2_000
APART_AT_MOST = 2_000
"""Pairs that one taking apart may say are different: records chosen times records left."""
MEMBER_WORTH = 4.0
"""What it adds to a pair's worth that somebody in a threat would be joined: as much as sixteen times the records."""


class Verdict(StrEnum):
    """What somebody says of two records. WITHDRAWN takes back what was said before."""

    PROPOSED = "PROPOSED"
    SAME = "SAME"
    DIFFERENT = "DIFFERENT"
    UNSURE = "UNSURE"
    WITHDRAWN = "WITHDRAWN"


DECIDED = frozenset({Verdict.SAME, Verdict.DIFFERENT})
VERDICT_WORDS = {
    Verdict.PROPOSED: "may be the same person",
    Verdict.SAME: "are the same person",
    Verdict.DIFFERENT: "are different people",
    Verdict.UNSURE: "cannot be told from what is recorded",
}


class Change(StrEnum):
    """What a judgement did to two numbers."""

    JOINED = "JOINED"
    APART = "APART"


class Answer(StrEnum):
    """What the owner of a restricted record did about a match with somebody else's."""

    CONTACTED = "CONTACTED"
    NO_ACTION = "NO_ACTION"


ANSWER_NAMES = {Answer.CONTACTED: "We contacted them", Answer.NO_ACTION: "No action needed"}


SENTENCES = {
    "JU1": "Judging whether records are one person is for analysts and intelligence managers",
    "JU2": "A record cannot be compared with itself",
    "JU3": "{said}. Ask them, or have that judgement withdrawn first",
    "JU4": "{left} and {right} are restricted to different readers. Joining them would show one in the light of the "
    "other: judge each against a record that the region reads",
    "JU5": "Say why, so that the next person can weigh it",
    "JU6": "Choose at least one record, and leave at least one",
    "JU7": "Taking {chosen} records apart from {left} is too much for one step. Choose fewer",
    "JU8": "This was withdrawn already, or something else was said since. Open the pair again to see what stands",
    "JU9": "A restricted record stands beside one person only. {said}. Judge the other two records instead, or have "
    "that judgement withdrawn first",
    "JU10": "{said} already",
    "JU11": "These records are not of this person any more. Open the person again",
    "JU12": "Why must be {limit} characters or fewer",
    "JU13": "The two records are of one person already",
    "JU14": "Proposing that two records are one person is for those who read people and keep records",
    "JT1": "Judging whether records are of one vehicle, phone, address or organisation is for analysts and "
    "intelligence managers",
    "JT2": "A record of {left} and a record of {right} cannot be of one thing",
    "JT3": "These records have no number yet. They get one with the next delivery; judge them then",
    "JT4": "The two records are together. Take the records apart that are of another {noun}: then it is clear which go",
    "JT5": "These records are not of one {noun} any more. Open the page again",
    "JT6": "A restricted record stands beside one {noun} only. {said}. Judge the other two records instead, or have "
    "that judgement withdrawn first",
}
"""What a person reads when something is refused. Nothing in them is of a record that the reader may not see."""


def thing_words(verdict: Verdict, one: str, many: str) -> str:
    """What was said of two records of things of a kind."""
    if verdict is Verdict.UNSURE:
        return VERDICT_WORDS[verdict]
    return f"are the same {one}" if verdict is Verdict.SAME else f"are different {many}"


def broken(code: str, field: str = "", **facts: object) -> RuleBroken:
    """The refusal for one numbered rule, its sentence filled in."""
    return RuleBroken(code, SENTENCES[code].format(**facts), field=field)


def may_judge(actor: Actor) -> bool:
    return may(actor, JUDGE)


def check_may_judge(actor: Actor) -> None:
    if not may_judge(actor):
        raise broken("JU1")


def check_may_judge_things(actor: Actor) -> None:
    if not may_judge(actor):
        raise broken("JT1")


def check_may_propose(actor: Actor) -> None:
    if not all(may(actor, capability) for capability in PROPOSE):
        raise broken("JU14")


def label_rank(audience: str, marking: str, compartment: int | None) -> int:
    """How narrow a label is: of two records' labels a match or a judgement takes the one with the higher rank."""
    return AUDIENCE_RANK[audience] + (marking != "OFFICIAL") + (COMPARTMENT_RANK if compartment else 0)


def check_why(why: str, *, needed: bool) -> str:
    """The reason without space around it."""
    why = why.strip()
    if needed and not why:
        raise broken("JU5", "why")
    if len(why) > TEXT_LIMIT:
        raise broken("JU12", "why", limit=f"{TEXT_LIMIT:,}")
    return why


def check_parting(chosen: Collection[int], rest: Collection[int]) -> None:
    if not chosen or not rest:
        raise broken("JU6", "records")
    if len(chosen) * len(rest) > APART_AT_MOST:
        raise broken("JU7", "records", chosen=len(chosen), left=len(rest))


def pair_of(one: int, other: int) -> tuple[int, int]:
    """Two record numbers in their one order."""
    return (one, other) if one < other else (other, one)


def worth(*, weight: float, records: int, members: int) -> float:
    """How much it is worth that somebody looks at a pair, in bits.

    A pair below the threshold is the more worth the nearer it comes to it; each doubling of the records that would be
    one person adds one; somebody in a threat adds four, once.
    """
    return weight + log2(max(records, 1)) + (MEMBER_WORTH if members else 0.0)


# What follows: groups


@dataclass(frozen=True)
class Placed:
    """A record as far as grouping needs to know it. `label` is compared only between restricted records."""

    is_open: bool
    label: int
    key: tuple[str, str]
    person: int


@dataclass(frozen=True)
class Tie:
    """A match that joins two records by itself: at or above the threshold, or a merger that their source made."""

    left: int
    right: int
    weight: float
    by_source: bool = False


Pair = tuple[int, int]


class Groups:
    """Records gathered step by step, never two together that somebody said are different."""

    def __init__(self, records: Iterable[int], different: Iterable[Pair]) -> None:
        self._of = {record: record for record in records}
        self._within = {record: {record} for record in self._of}
        self._apart: dict[int, set[int]] = defaultdict(set)
        for left, right in different:
            self._apart[left].add(right)
            self._apart[right].add(left)

    def of(self, record: int) -> int:
        """The group that a record is in, named by one of its records."""
        return self._of[record]

    def within(self, record: int) -> frozenset[int]:
        return frozenset(self._within[self._of[record]])

    def may_join(self, left: int, right: int) -> bool:
        """Whether nobody said of any two records of the two groups that they are different."""
        one, other = sorted((self._within[self._of[left]], self._within[self._of[right]]), key=len)
        return not any(self._apart[record] & other for record in one if record in self._apart)

    def join(self, left: int, right: int) -> bool:
        """Put two groups together unless somebody said otherwise. Returns whether they are together now."""
        into, gone = self._of[left], self._of[right]
        if into == gone:
            return True
        if not self.may_join(left, right):
            return False
        if len(self._within[into]) < len(self._within[gone]):
            into, gone = gone, into
        for record in self._within[gone]:
            self._of[record] = into
        self._within[into] |= self._within.pop(gone)
        return True

    def __iter__(self) -> Iterator[frozenset[int]]:
        return (frozenset(within) for within in self._within.values())


def gathered(
    records: Mapping[int, Placed], *, ties: Sequence[Tie], same: Iterable[Pair], different: Iterable[Pair]
) -> Groups:
    """Group records into people.

    What people said comes first, then mergers by sources, then matches, the strongest first; a step that would put
    together what somebody said is different is left out. Where nobody said so, the groups are all that is connected.

    Args:
        records: The records, by number.
        ties: Matches between them that join by themselves.
        same: Pairs that somebody said are one person.
        different: Pairs that somebody said are two.
    """
    parted = sorted(set(different))
    said = sorted(pair for pair in set(same) if pair[0] in records and pair[1] in records)
    known = [tie for tie in ties if tie.left in records and tie.right in records]
    known.sort(key=lambda tie: _strongest_first(tie, records))
    groups = Groups(records, [pair for pair in parted if pair[0] in records and pair[1] in records])
    both_open = frozenset(pk for pk, record in records.items() if record.is_open)
    for left, right in said:
        if left in both_open and right in both_open:
            groups.join(left, right)
    for tie in known:
        if tie.left in both_open and tie.right in both_open:
            groups.join(tie.left, tie.right)
    _let_restricted_follow(groups, records, known, said, both_open)
    return groups


def _strongest_first(tie: Tie, records: Mapping[int, Placed]) -> tuple[bool, float, tuple[str, str], tuple[str, str]]:
    keys = sorted((records[tie.left].key, records[tie.right].key))
    return not tie.by_source, 0.0 if tie.by_source else -tie.weight, keys[0], keys[1]


def _let_restricted_follow(
    groups: Groups, records: Mapping[int, Placed], ties: Sequence[Tie], said: Sequence[Pair], opened: frozenset[int]
) -> None:
    """Each restricted record joins the one open group it fits best, or others under the same restriction.

    Restricted records that somebody said are one, under one label, follow together. They hang on what others see and
    never join it: a group takes them in only after all open groups are made.
    """
    together = Groups((pk for pk in records if pk not in opened), ())
    for left, right in said:
        if _alike(left, right, records, opened) and groups.join(left, right):
            together.join(left, right)
    anchors: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for left, right in [*said, *((tie.left, tie.right) for tie in ties)]:
        if (left in opened) != (right in opened):
            restricted, anchor = (right, left) if left in opened else (left, right)
            anchors[together.of(restricted)].append((restricted, anchor))
    homeless = {record for each in together for record in each}
    for each in sorted(together, key=lambda each: min(records[pk].key for pk in each)):
        for restricted, anchor in anchors[together.of(min(each))]:
            if groups.may_join(restricted, anchor):
                groups.join(anchor, restricted)
                homeless -= each
                break
    for tie in ties:
        if tie.left in homeless and tie.right in homeless and _alike(tie.left, tie.right, records, opened):
            groups.join(tie.left, tie.right)


def _alike(left: int, right: int, records: Mapping[int, Placed], opened: frozenset[int]) -> bool:
    """Whether both are restricted, and to the same readers."""
    return left not in opened and right not in opened and records[left].label == records[right].label


def numbered(
    groups: Iterable[frozenset[int]], records: Mapping[int, Placed], *, earlier: Mapping[int, Sequence[int]]
) -> dict[frozenset[int], int | None]:
    """Which person's number each group has: the one that most of its open records have, each number once.

    Restricted records are asked only in a group that has no open one, and after all groups that have. A group that is
    left without a number takes back one that its records had before, where nobody has it now; None: it needs a new one.
    The groups come in an order that restricted records do not decide.

    Args:
        groups: All groups that the people concerned fall into.
        records: Their records.
        earlier: Numbers that a record had before, the latest first.
    """
    found: dict[frozenset[int], int | None] = {}
    taken = set[int]()
    every = tuple(groups)
    for asks_open in (True, False):
        asked = [each for each in every if _voters(each, records)[1] is asks_open]
        asked.sort(key=lambda each: min(_voters(each, records)[0]))
        votes = []
        for place, each in enumerate(asked):
            count: dict[int, int] = defaultdict(int)
            for record in _voters(each, records)[0]:
                count[records[record].person] += 1
            votes += [(-n, person, place) for person, n in count.items()]
        found |= dict.fromkeys(asked)
        for _, person, place in sorted(votes):
            if found[asked[place]] is None and person not in taken:
                found[asked[place]] = person
                taken.add(person)
        for each in asked:
            if found[each] is None:
                had = (person for record in sorted(_voters(each, records)[0]) for person in earlier.get(record, ()))
                again = next((person for person in had if person not in taken), None)
                found[each] = again
                taken |= set() if again is None else {again}
    return found


def _voters(group: frozenset[int], records: Mapping[int, Placed]) -> tuple[frozenset[int], bool]:
    opened = frozenset(record for record in group if records[record].is_open)
    return (opened, True) if opened else (group, False)


def path_between(start: int, end: int, joins: Mapping[int, Collection[int]]) -> tuple[int, ...]:
    """The shortest way from one record to another along pairs that somebody said are one; empty where there is none."""
    came_from = {start: start}
    frontier = [start]
    while frontier and end not in came_from:
        following = []
        for record in frontier:
            for other in sorted(joins.get(record, ())):
                if other not in came_from:
                    came_from[other] = record
                    following.append(other)
        frontier = following
    if end not in came_from:
        return ()
    path = [end]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))
