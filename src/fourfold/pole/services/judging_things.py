"""What people say of vehicles, phones, addresses and organisations: that records are of one, or are not.

As with people (`judging`): whoever has the capability and may read the records may judge them, whosever they are; what
is said stands under the narrower label of the two records, and is followed at once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope
from fourfold.pole.models import ThingJudgement
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Change, Verdict
from fourfold.pole.selectors import identity as labels
from fourfold.pole.selectors import judged_things as selectors
from fourfold.pole.selectors.identity import Said
from fourfold.pole.selectors.judged_things import Thingish
from fourfold.pole.services import regrouping, regrouping_things
from fourfold.pole.services.judging import SAID_AT_ONCE, Act, ways


@transaction.atomic
def judge_things(
    *, actor: User, end_kind: str, left: int, right: int, verdict: Verdict, now: datetime, why: str = ""
) -> ThingJudgement:
    """Say of two records that they are of one thing, are of two and rightly apart, or cannot be told.

    Args:
        actor: Analysts and intelligence managers.
        end_kind: The table of both records.
        left: A record's number.
        right: Another's.
        verdict: SAME, DIFFERENT or UNSURE. Records that are together are taken apart by `take_things_apart`.
        now: When.
        why: In the actor's own words; what a rule says of the two stands in where there are none.

    Raises:
        RuleBroken: JU2, JU5, JU12, JT1, JT2, JT3, JT4; or JU3, JU4, JU10, JT6, where it is against what stands.
        NotThere: one of the records is not there for the actor.
    """
    identity.check_may_judge_things(actor)
    if left == right:
        raise identity.broken("JU2")
    why = identity.check_why(why, needed=False)
    selectors.pair(end_kind, left, right)
    regrouping.one_at_a_time()
    one, other = selectors.pair(end_kind, *identity.pair_of(left, right))
    _check_agrees(end_kind, one, other, verdict, actor)
    evidence = selectors.evidence_among(end_kind, (one.pk, other.pk))
    words = evidence.get((one.pk, other.pk), {}).get("words")
    why = identity.check_why(why or (f"From what was compared: {words}" if words else ""), needed=True)
    act = Act(actor, now, why, uuid4())
    (row,) = _write(act, end_kind, [(one, other)], verdict, evidence)
    if verdict in identity.DECIDED:
        _follow(act, end_kind, [row])
    return row


@transaction.atomic
def take_things_apart(
    *, actor: User, end_kind: str, record: int, records: Collection[int], why: str, now: datetime
) -> UUID:
    """Take records apart from the others of their thing: each of them is said to be different from each that stays.

    Args:
        actor: Analysts and intelligence managers.
        end_kind: The table of the records.
        record: Any record of the thing.
        records: Those that are of another.
        why: In the actor's own words.
        now: When.

    Returns:
        The step, by which it can be undone.

    Raises:
        RuleBroken: JU5, JU6, JU7, JU12, JT1, JT3, JT5; JU3 where somebody said of two of them that they are one.
        NotThere: the record is not there for the actor.
    """
    identity.check_may_judge_things(actor)
    why = identity.check_why(why, needed=True)
    regrouping.one_at_a_time()
    known = {each.pk: each for each in selectors.of_record(end_kind, record)}
    _check_numbered(*known.values())
    chosen, rest = sorted(set(records) & known.keys()), sorted(known.keys() - set(records))
    if len(chosen) != len(set(records)):
        raise identity.broken("JT5", "records", noun=selectors.noun_of(known[record])[0])
    identity.check_parting(chosen, rest)
    said = [each for each in selectors.standing(end_kind, known) if known.keys() >= set(each.pair)]
    across = [each for each in said if (each.left_id in chosen) != (each.right_id in chosen)]
    _refuse(end_kind, [each for each in across if each.verdict is Verdict.SAME])
    stands = {each.pair for each in across if each.verdict is Verdict.DIFFERENT}
    pairs = [pair for one in chosen for other in rest if (pair := identity.pair_of(one, other)) not in stands]
    act = Act(actor, now, why, uuid4())
    rows = _write(
        act,
        end_kind,
        [(known[left], known[right]) for left, right in sorted(pairs)],
        Verdict.DIFFERENT,
        selectors.evidence_among(end_kind, known),
    )
    _follow(act, end_kind, rows)
    return act.pk


@transaction.atomic
def undo_of_things(*, actor: User, act: UUID, why: str, now: datetime) -> int:
    """Take back all that was said in one step and still stands, whoever said it. Returns how many pairs that were.

    Raises:
        RuleBroken: JU5, JU12, JT1; JU8 where nothing of it stands any more.
        NotThere: the actor sees nothing of the step.
    """
    identity.check_may_judge_things(actor)
    why = identity.check_why(why, needed=True)
    regrouping.one_at_a_time()
    step = selectors.step(act)
    rows = selectors.still_standing(step)
    if not rows:
        raise identity.broken("JU8", "why")
    taking_back = Act(actor, now, why, uuid4())
    kept = _kept(
        [
            ThingJudgement(
                label_id=row.label_id,
                end_kind=row.end_kind,
                left_id=row.left_id,
                right_id=row.right_id,
                verdict=Verdict.WITHDRAWN,
                by=actor,
                organisation=actor.organisation,
                given_at=now,
                why=why,
                evidence={},
                act=taking_back.pk,
                withdraws=row,
            )
            for row in rows
        ]
    )
    if any(row.verdict in identity.DECIDED for row in rows):
        _follow(taking_back, step.end_kind, kept)
    return len(kept)


# Whether it agrees with what stands


def _check_numbered(*records: Thingish) -> None:
    if any(each.thing_id is None for each in records):
        raise identity.broken("JT3")


def _check_agrees(end_kind: str, one: Thingish, other: Thingish, verdict: Verdict, actor: User) -> None:
    if selectors.kind_of(one) != selectors.kind_of(other):
        left, right = (selectors.noun_of(each)[1] for each in (one, other))
        raise identity.broken("JT2", left=left, right=right)
    _check_numbered(one, other)
    stands = selectors.standing_on(end_kind, one.pk, other.pk)
    if stands is not None and stands.verdict is verdict and (verdict is not Verdict.UNSURE or stands.by_id == actor.pk):
        raise identity.broken("JU10", said=selectors.said_words(end_kind, stands))
    if stands is not None and stands.verdict in identity.DECIDED:
        _refuse(end_kind, [stands])
    if verdict is Verdict.DIFFERENT and one.thing_id == other.thing_id:
        raise identity.broken("JT4", noun=selectors.noun_of(one)[0])
    if verdict is Verdict.SAME:
        _check_may_be_one(end_kind, one, other)


def _check_may_be_one(end_kind: str, one: Thingish, other: Thingish) -> None:
    restricted = labels.restricted_labels()
    if one.label_id in restricted and other.label_id in restricted and one.label_id != other.label_id:
        raise identity.broken("JU4", left=selectors.called(one), right=selectors.called(other))
    for hidden, opened in ((one, other), (other, one)):
        if hidden.label_id in restricted and opened.label_id not in restricted:
            _check_stands_beside_one(end_kind, hidden, opened, restricted)
    sides = [
        {each.pk} if each.label_id in restricted else {record.pk for record in selectors.of_record(end_kind, each.pk)}
        for each in (one, other)
    ]
    across = [
        each
        for each in selectors.standing(end_kind, sides[0])
        if each.verdict is Verdict.DIFFERENT
        and (
            (each.left_id in sides[0] and each.right_id in sides[1])
            or (each.right_id in sides[0] and each.left_id in sides[1])
        )
    ]
    _refuse(end_kind, across)


def _check_stands_beside_one(end_kind: str, hidden: Thingish, opened: Thingish, restricted: Collection[int]) -> None:
    """A restricted record never joins two things, so nobody may say of two things that it is of both."""
    said = [each for each in selectors.standing(end_kind, [hidden.pk]) if each.verdict is Verdict.SAME]
    others = {pk for each in said for pk in each.pair} - {hidden.pk}
    elsewhere = {
        each.pk
        for each in selectors.records(end_kind).filter(pk__in=others)
        if each.label_id not in restricted and each.thing_id != opened.thing_id
    }
    if against := [each for each in said if elsewhere & set(each.pair)]:
        raise identity.broken("JT6", noun=selectors.noun_of(opened)[0], said=_sentences(end_kind, against))


def _refuse(end_kind: str, against: Sequence[Said]) -> None:
    if against:
        raise identity.broken("JU3", said=_sentences(end_kind, against))


def _sentences(end_kind: str, said: Sequence[Said]) -> str:
    named = [selectors.said_words(end_kind, each) for each in said[:SAID_AT_ONCE]]
    more = f"; and {len(said) - SAID_AT_ONCE} more like this" if len(said) > SAID_AT_ONCE else ""
    return "; ".join(named) + more


# Writing it down


def _write(
    act: Act,
    end_kind: str,
    pairs: Sequence[tuple[Thingish, Thingish]],
    verdict: Verdict,
    evidence: Mapping[tuple[int, int], dict[str, Any]],
) -> list[ThingJudgement]:
    ranks = labels.label_ranks()
    return _kept(
        [
            ThingJudgement(
                label_id=max((left.label_id, right.label_id), key=ranks.__getitem__),
                end_kind=end_kind,
                left_id=left.pk,
                right_id=right.pk,
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
    )


def _kept(rows: list[ThingJudgement]) -> list[ThingJudgement]:
    with scope.lent(*{row.label_id for row in rows}):
        kept = ThingJudgement.objects.bulk_create(rows)
    audit.note_all(
        Operation.ALTERATION,
        [
            (
                row,
                {
                    "change": "judged",
                    "verdict": str(row.verdict),
                    "end_kind": row.end_kind,
                    "records": [row.left_id, row.right_id],
                    "why": row.why,
                },
            )
            for row in kept
        ],
    )
    return kept


def _follow(act: Act, end_kind: str, rows: Sequence[ThingJudgement]) -> None:
    """Put the records where they belong now, and say in the ledger what came together and what came apart."""
    seeds = {pk for row in rows for pk in (row.left_id, row.right_id)}
    moved = regrouping_things.regroup(end_kind, seeds, made_in=f"judgement {act.pk}", now=act.now)
    reads = labels.readable_labels()
    for way in ways(moved, rows):
        if way.label in reads:
            audit.note(
                Operation.COMBINATION,
                object_type="pole.thing",
                object_id=str(way.into),
                was=way.was,
                change=(Change.JOINED if way.joined else Change.APART).value,
                owners=selectors.owners_of(end_kind, (way.was, way.into)),
                judgements=[row.pk for row in rows],
                why=act.why,
            )
