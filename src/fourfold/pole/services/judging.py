"""What people say of identity: said, taken back, and followed at once by who is one person.

Whoever has the capability and may read both records may judge them, whosever they are: identity is the region's. What
is said stands under the narrower label of the two, so that nobody learns of a record from what was said of it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope
from fourfold.pole import rules
from fourfold.pole import selectors as pole
from fourfold.pole.models import (
    DeconflictionAnswer,
    IdentityEvent,
    Judgement,
    PersonRecord,
    Placement,
    ThingDeconflictionAnswer,
    ThingJudgement,
)
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Answer, Change, Verdict
from fourfold.pole.selectors import identity as selectors
from fourfold.pole.selectors import judged_things
from fourfold.pole.selectors.identity import Said
from fourfold.pole.services import regrouping
from fourfold.pole.services.regrouping import Moved

SAID_AT_ONCE = 3
"""Judgements named in one refusal."""


@dataclass(frozen=True)
class Act:
    """One step of one person: who, when, why, and what binds together all that it says."""

    actor: User
    now: datetime
    why: str
    pk: UUID


@transaction.atomic
def judge(*, actor: User, left: int, right: int, verdict: Verdict, now: datetime, why: str = "") -> Judgement:
    """Say of two records that they are one person, are two, or cannot be told. What follows, follows at once.

    Args:
        actor: Analysts and intelligence managers; for PROPOSED anybody who reads people and keeps records.
        left: A record's number.
        right: Another's.
        verdict: Anything but WITHDRAWN, which `withdraw` says.
        now: When.
        why: In the actor's own words; what was compared stands in where there are none.

    Raises:
        RuleBroken: JU1, JU2, JU5, JU12, JU14; or JU3, JU4, JU9, JU10, JU13, where it is against what stands.
        NotThere: one of the records is not there for the actor.
    """
    if verdict is Verdict.PROPOSED:
        identity.check_may_propose(actor)
    else:
        identity.check_may_judge(actor)
    if left == right:
        raise identity.broken("JU2")
    why = identity.check_why(why, needed=verdict is Verdict.PROPOSED)
    selectors.pair(left, right)
    regrouping.one_at_a_time()
    one, other = selectors.pair(*identity.pair_of(left, right))
    _check_agrees(one, other, verdict, actor)
    evidence = selectors.evidence_among((one.pk, other.pk)).get((one.pk, other.pk), {})
    act = Act(actor, now, why or _compared_words(evidence), uuid4())
    (row,) = _write(act, [(one, other)], verdict, {(one.pk, other.pk): evidence})
    if verdict in identity.DECIDED:
        _follow(act, [row])
    return row


@transaction.atomic
def withdraw(*, actor: User, judgement: int, why: str, now: datetime) -> Judgement:
    """Take back what was said, whoever said it; a reason is needed, and whoever said it is told.

    Raises:
        RuleBroken: JU1, JU5, JU12; JU8 where something else was said since.
        NotThere: the actor does not see the judgement.
    """
    identity.check_may_judge(actor)
    why = identity.check_why(why, needed=True)
    regrouping.one_at_a_time()
    row = selectors.judgement(judgement)
    stands = selectors.standing_on(row.left_id, row.right_id)
    if stands is None or stands.pk != row.pk:
        raise identity.broken("JU8", "why")
    (taken_back,) = _take_back(Act(actor, now, why, uuid4()), [row])
    return taken_back


@transaction.atomic
def undo(*, actor: User, act: UUID, why: str, now: datetime) -> int:
    """Take back all that was said in one step and still stands. Returns how many judgements that were.

    Raises:
        RuleBroken: JU1, JU5, JU12; JU8 where nothing of it stands any more.
    """
    identity.check_may_judge(actor)
    why = identity.check_why(why, needed=True)
    regrouping.one_at_a_time()
    said = selectors.in_act(act)
    stands = {each.pk for each in selectors.standing({pk for each in said for pk in each.pair})}
    rows = [selectors.judgement(each.pk) for each in said if each.pk in stands]
    if not rows:
        raise identity.broken("JU8")
    return len(_take_back(Act(actor, now, why, uuid4()), rows))


@transaction.atomic
def take_apart(*, actor: User, person: int, records: Collection[int], why: str, now: datetime) -> UUID:
    """Take records of a person apart from the rest: each of them is said to be different from each that stays.

    What was made on a record stays with it. Returns the step, by which it can be undone.

    Raises:
        RuleBroken: JU1, JU5, JU6, JU7, JU11, JU12; JU3 where somebody said of two of them that they are one person.
        NotThere: the person has no record that the actor sees.
    """
    identity.check_may_judge(actor)
    why = identity.check_why(why, needed=True)
    regrouping.one_at_a_time()
    known = {each.pk: each for each in pole.person_file(person).records}
    chosen, rest = sorted(set(records) & known.keys()), sorted(known.keys() - set(records))
    if len(chosen) != len(set(records)):
        raise identity.broken("JU11", "records")
    identity.check_parting(chosen, rest)
    said = [each for each in selectors.standing(known) if each.left_id in known and each.right_id in known]
    across = [each for each in said if (each.left_id in chosen) != (each.right_id in chosen)]
    _refuse([each for each in across if each.verdict is Verdict.SAME])
    stands = {each.pair for each in across if each.verdict is Verdict.DIFFERENT}
    pairs = [pair for one in chosen for other in rest if (pair := identity.pair_of(one, other)) not in stands]
    act = Act(actor, now, why, uuid4())
    rows = _write(
        act,
        [(known[left], known[right]) for left, right in sorted(pairs)],
        Verdict.DIFFERENT,
        selectors.evidence_among(known),
    )
    _follow(act, rows)
    return act.pk


@transaction.atomic
def place(*, actor: User, act: UUID, room: str, key: int, record: int, why: str, now: datetime) -> Placement:
    """Say on which record something belongs that was made while records were together; it moves there if it must.

    Raises:
        RuleBroken: JU1; JU12; whatever the room says that keeps it.
        NotThere: it is not there for the actor, or was not asked after this step.
    """
    identity.check_may_judge(actor)
    why = identity.check_why(why, needed=False)
    asked = {(each.room, each.made.key): each for each in ambiguous(actor=actor, act=act)}
    found = asked.get((room, key))
    if found is None or record not in {*found.records, found.made.record_id}:
        raise NotThere
    if record != found.made.record_id:
        selectors.keepers()[room].move(actor, key, record, why or "Taken apart: it belongs to the other record")
    label = pole.person_record(record).label_id
    narrower = _narrower(found.made.label_id, label)
    with scope.lent(narrower):
        answer = Placement.objects.create(
            label_id=narrower, act=act, room=room, key=key, record_id=record, by=actor, placed_at=now, why=why
        )
    audit.note(Operation.ALTERATION, answer, change="placed after taking apart", room=room, key=key, record=record)
    return answer


@dataclass(frozen=True)
class Ambiguous:
    """Something made on one record while it was one person with others that are somebody else now."""

    room: str
    made: selectors.MadeOn
    records: tuple[int, ...]
    """The records of the other side, to one of which it may belong."""


def ambiguous(*, actor: User, act: UUID) -> list[Ambiguous]:
    """What was made while the records of a taking apart were together, and nobody has placed since."""
    pairs = [each.pair for each in selectors.in_act(act) if each.verdict is Verdict.DIFFERENT]
    others: dict[int, set[int]] = {}
    for left, right in pairs:
        others.setdefault(left, set()).add(right)
        others.setdefault(right, set()).add(left)
    placed = set(Placement.objects.filter(act=act).values_list("room", "key"))
    numbers = selectors.numbers_over_time(others)

    def number_at(record: int, moment: datetime) -> int | None:
        held = (person for since, until, person in numbers[record] if since <= moment and (not until or moment < until))
        return next(held, None)

    found = []
    for room, keeper in selectors.keepers().items():
        for made in keeper.found(actor, tuple(others)):
            then = number_at(made.record_id, made.made_at)
            together = [pk for pk in sorted(others[made.record_id]) if number_at(pk, made.made_at) == then]
            if then is not None and together and (room, made.key) not in placed:
                found.append(Ambiguous(room, made, tuple(together)))
    return found


@transaction.atomic
def answer_deconfliction(
    *, actor: User, record: int, organisation: str, answer: Answer, why: str, now: datetime, end_kind: str = ""
) -> DeconflictionAnswer | ThingDeconflictionAnswer:
    """Say what was done about a match of a restricted record with another organisation's.

    Args:
        actor: Who answers for the restricted record.
        record: Its number.
        organisation: The code of the other organisation.
        answer: What was done.
        why: What was agreed, or why nothing is needed.
        now: When.
        end_kind: The table of the record where it is of a thing; of a person where there is none.

    Raises:
        RuleBroken: JU5, JU12.
        NotThere: no such notice is for the actor.
    """
    why = identity.check_why(why, needed=True)
    row: DeconflictionAnswer | ThingDeconflictionAnswer
    if end_kind:
        of_thing = judged_things.notice(actor, end_kind, record, organisation)
        row = ThingDeconflictionAnswer(end_kind=end_kind, record_id=record, organisation=of_thing.organisation)
        row.label_id = of_thing.restricted.label_id
    else:
        found = selectors.notice(actor, record, organisation)
        row = DeconflictionAnswer(record=found.restricted, organisation=found.organisation)
        row.label_id = found.restricted.label_id
    row.answer, row.why, row.by, row.answered_at = answer, why, actor, now
    with scope.lent(row.label_id):
        row.save(force_insert=True)
    audit.note(Operation.ALTERATION, row, change="deconfliction answered", answer=answer.value, why=why)
    return row


# Whether it agrees with what stands


def _check_agrees(one: PersonRecord, other: PersonRecord, verdict: Verdict, actor: User) -> None:
    stands = selectors.standing_on(one.pk, other.pk)
    if stands is not None and stands.verdict is verdict and (verdict is not Verdict.UNSURE or stands.by_id == actor.pk):
        raise identity.broken("JU10", said=selectors.said_words(stands))
    if stands is not None and stands.verdict in identity.DECIDED:
        _refuse([stands])
    match verdict:
        case Verdict.SAME:
            _check_may_be_one(one, other)
        case Verdict.DIFFERENT:
            _refuse(_chain(one, other))
        case Verdict.PROPOSED:
            if one.person_id == other.person_id:
                raise identity.broken("JU13")
            _check_may_be_one(one, other)


def _check_may_be_one(one: PersonRecord, other: PersonRecord) -> None:
    restricted = selectors.restricted_labels()
    if one.label_id in restricted and other.label_id in restricted and one.label_id != other.label_id:
        raise identity.broken("JU4", left=selectors.called(one), right=selectors.called(other))
    for hidden, opened in ((one, other), (other, one)):
        if hidden.label_id in restricted and opened.label_id not in restricted:
            _check_stands_beside_one(hidden, opened, restricted)
    sides = [
        {each.pk} if each.label_id in restricted else set(pole.records_of([each.person_id])[each.person_id])
        for each in (one, other)
    ]
    across = [
        each
        for each in selectors.standing(sides[0])
        if each.verdict is Verdict.DIFFERENT
        and ({each.left_id} <= sides[0] and {each.right_id} <= sides[1])
        | ({each.right_id} <= sides[0] and {each.left_id} <= sides[1])
    ]
    _refuse(across)


def _check_stands_beside_one(hidden: PersonRecord, opened: PersonRecord, restricted: Collection[int]) -> None:
    """A restricted record never joins two people, so nobody may say of two people that it is both."""
    said = [each for each in selectors.standing([hidden.pk]) if each.verdict is Verdict.SAME]
    others = {pk for each in said for pk in each.pair} - {hidden.pk}
    elsewhere = {
        each.pk
        for each in pole.person_records().filter(pk__in=others)
        if each.label_id not in restricted and each.person_id != opened.person_id
    }
    against = [each for each in said if elsewhere & set(each.pair)]
    if against:
        raise identity.broken("JU9", said=_sentences(against))


def _chain(one: PersonRecord, other: PersonRecord) -> list[Said]:
    """What was said that makes the two one person, step by step; empty where nothing does."""
    said = selectors.standing_between({one.person_id, other.person_id}, Verdict.SAME)
    joins: dict[int, set[int]] = {}
    for each in said:
        joins.setdefault(each.left_id, set()).add(each.right_id)
        joins.setdefault(each.right_id, set()).add(each.left_id)
    path = identity.path_between(one.pk, other.pk, joins)
    steps = {identity.pair_of(a, b) for a, b in pairwise(path)}
    return [each for each in said if each.pair in steps]


def _refuse(against: Sequence[Said]) -> None:
    if against:
        raise identity.broken("JU3", said=_sentences(against))


def _sentences(said: Sequence[Said]) -> str:
    named = [selectors.said_words(each) for each in said[:SAID_AT_ONCE]]
    more = f"; and {len(said) - SAID_AT_ONCE} more like this" if len(said) > SAID_AT_ONCE else ""
    return "; ".join(named) + more


# Writing it down


def _compared_words(evidence: dict[str, Any]) -> str:
    """What the judge had in view, where they added nothing of their own."""
    if not evidence:
        return "The two records were compared"
    for_it, against_it = rules.reasons(evidence["waterfall"])
    spoken = [f"For it: {'; '.join(for_it)}"] if for_it else []
    spoken += [f"Against it: {'; '.join(against_it)}"] if against_it else []
    return f"From what was compared: {'. '.join(spoken) or 'Nothing spoke clearly for or against it'}"


def _write(
    act: Act,
    pairs: Sequence[tuple[PersonRecord, PersonRecord]],
    verdict: Verdict,
    evidence: dict[tuple[int, int], dict[str, Any]],
) -> list[Judgement]:
    ranks = selectors.label_ranks()
    rows = [
        Judgement(
            label_id=max((left.label_id, right.label_id), key=ranks.__getitem__),
            left=left,
            right=right,
            verdict=verdict,
            by=act.actor,
            organisation=act.actor.organisation,
            given_at=act.now,
            why=act.why,
            evidence=evidence.get((left.pk, right.pk), {}),
            act=act.pk,
        )
        for left, right in pairs
    ]
    return _kept(rows)


def _take_back(act: Act, rows: Sequence[Judgement]) -> list[Judgement]:
    taken_back = [
        Judgement(
            label_id=row.label_id,
            left_id=row.left_id,
            right_id=row.right_id,
            verdict=Verdict.WITHDRAWN,
            by=act.actor,
            organisation=act.actor.organisation,
            given_at=act.now,
            why=act.why,
            evidence={},
            act=act.pk,
            withdraws=row,
        )
        for row in rows
    ]
    kept = _kept(taken_back)
    if any(row.verdict in identity.DECIDED for row in rows):
        _follow(act, kept)
    return kept


def _kept(rows: list[Judgement]) -> list[Judgement]:
    with scope.lent(*{row.label_id for row in rows}):
        kept = Judgement.objects.bulk_create(rows)
    audit.note_all(
        Operation.ALTERATION,
        [
            (
                row,
                {
                    "change": "judged",
                    "verdict": str(row.verdict),
                    "records": [row.left_id, row.right_id],
                    "why": row.why,
                },
            )
            for row in kept
        ],
    )
    return kept


def _follow(act: Act, rows: Sequence[Judgement]) -> None:
    """Put the records where they belong now, and say what came together and what came apart."""
    seeds = {pk for row in rows for pk in (row.left_id, row.right_id)}
    moved = regrouping.regroup(seeds, made_in=f"judgement {act.pk}", now=act.now)
    reads = selectors.readable_labels()
    for way in ways(moved, rows):
        change = Change.JOINED if way.joined else Change.APART
        with scope.lent(way.label, unread=True):
            IdentityEvent.objects.create(
                label_id=way.label,
                change=change,
                was_id=way.was,
                into_id=way.into,
                act=act.pk,
                by=act.actor,
                organisation=act.actor.organisation,
                happened_at=act.now,
                why=act.why,
            )
        if way.label in reads:
            audit.note(
                Operation.COMBINATION,
                object_type="pole.person",
                object_id=str(way.into),
                was=way.was,
                change=change.value,
                owners=selectors.owners_of((way.was, way.into)),
                judgements=[row.pk for row in rows],
                why=act.why,
            )


@dataclass(frozen=True)
class Way:
    """From which number to which records went, and the label of saying so."""

    was: int
    into: int
    joined: bool
    label: int


def ways(moved: Iterable[Moved], rows: Sequence[Judgement | ThingJudgement]) -> list[Way]:
    """What open records did is told under the narrowest label of the open ones.

    What a restricted record did is told only where no open one did the same, and to its own readers.
    """
    ranks = selectors.label_ranks()
    said = [row.label_id for row in rows if ranks[row.label_id] < identity.RESTRICTED_RANK]
    found: dict[tuple[int, int], Way] = {}
    for each in sorted(moved, key=lambda each: (not each.is_open, each.record)):
        before = found.get((each.was, each.into))
        if before is not None and not each.is_open:
            continue
        labels = [each.label, *(said if each.is_open else ()), *([before.label] if before else ())]
        label = max(labels, key=lambda label: (ranks[label], label))
        found[each.was, each.into] = Way(each.was, each.into, each.joined, label)
    return sorted(found.values(), key=lambda way: (way.was, way.into))


def _narrower(one: int, other: int) -> int:
    """Of two records' labels the one that a judgement takes, as a match does."""
    ranks = selectors.label_ranks()
    return one if ranks[one] >= ranks[other] else other
