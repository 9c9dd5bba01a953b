"""Reading what people said of records of vehicles, phones, addresses and organisations.

As with people: a judgement is shown only where both of its records are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility.models import AccessLabel
from fourfold.pole import rules, selectors
from fourfold.pole.models import (
    Link,
    LocationRecord,
    ObjectRecord,
    PersonRecord,
    ThingDeconflictionAnswer,
    ThingJudgement,
    ThingTie,
)
from fourfold.pole.rules import identity
from fourfold.pole.rules.identity import Verdict
from fourfold.pole.selectors.identity import NOTICED, Said, readable_labels, restricted_labels, said_from

Thingish = ObjectRecord | LocationRecord
OBJECT, LOCATION = rules.Kind.OBJECT.value, rules.Kind.LOCATION.value
END_KINDS = (OBJECT, LOCATION)
USERS_READ, USERS_NAMED = 50, 6
"""People of a thing whose names are read, and of whom names are shown beside another thing's."""
SEEN_BY = ("label__owner", "label__compartment", "label__agreement")
MATCHING = (rules.TieVerdict.JOIN.value, rules.TieVerdict.MAYBE.value)
WAS = {OBJECT: "pole_objectrecord_was", LOCATION: "pole_locationrecord_was"}


def every(end_kind: str) -> QuerySet[Any]:
    """All visible records of one table."""
    return ObjectRecord.objects.all() if end_kind == OBJECT else LocationRecord.objects.all()


def end_kind_of(record: Thingish) -> str:
    return OBJECT if isinstance(record, ObjectRecord) else LOCATION


def kind_of(record: Thingish) -> str:
    """VEHICLE, PHONE, ADDRESS or ORGANISATION."""
    return record.kind if isinstance(record, ObjectRecord) else "ADDRESS"


def noun_of(record: Thingish) -> tuple[str, str]:
    """What one and many of its kind are called."""
    return rules.THING_NOUNS.get(kind_of(record), ("thing", "things"))


def reference_of(record: Thingish) -> str:
    return rules.thing_reference(kind_of(record), record.thing_id) if record.thing_id is not None else ""


def records(end_kind: str) -> QuerySet[Any]:
    """Visible records of one table, without their fields as delivered."""
    return selectors.object_records() if end_kind == OBJECT else selectors.location_records()


def of_record(end_kind: str, pk: int) -> tuple[Thingish, ...]:
    """Every visible record of the thing that one record is of, that record first. Raises `NotThere`."""
    return selectors.same_objects(pk) if end_kind == OBJECT else selectors.same_places(pk)


def thing_called(reference: str) -> Thingish | None:
    """The first visible record of the thing with a number such as V-0000123; None where there is none."""
    found = rules.thing_of(reference)
    if found is None:
        return None
    kind, number = found
    end_kind = LOCATION if kind == "ADDRESS" else OBJECT
    of_kind = {} if kind == "ADDRESS" else {"kind": kind}
    record: Thingish | None = records(end_kind).filter(thing=number, **of_kind).order_by("pk").first()
    return record


def pair(end_kind: str, left: int, right: int) -> tuple[Thingish, Thingish]:
    """Both records of a pair. Raises `NotThere` where one of them is not there for this reader."""
    found = {each.pk: each for each in records(end_kind).filter(pk__in=(left, right)).select_related("label", "owner")}
    if left == right or len(found) != 2:
        raise NotThere
    return found[left], found[right]


# What was said


def judgements(end_kind: str) -> QuerySet[ThingJudgement]:
    """Every judgement on two records that the reader may see, as it was said, with whose it is."""
    both = every(end_kind)
    seen = ThingJudgement.objects.filter(
        Exists(both.filter(pk=OuterRef("left_id"))), Exists(both.filter(pk=OuterRef("right_id"))), end_kind=end_kind
    )
    return seen.select_related("by", "organisation").order_by("pk")


def standing(end_kind: str, record_ids: Iterable[int]) -> tuple[Said, ...]:
    """What stands on pairs with one of these records: of each pair what was said last and not withdrawn. One query."""
    ids = set(record_ids)
    said = judgements(end_kind).filter(Q(left_id__in=ids) | Q(right_id__in=ids), withdrawal=None)
    latest = {(each.left_id, each.right_id): said_from(each) for each in said.exclude(verdict=Verdict.WITHDRAWN)}
    return tuple(latest.values())


def standing_on(end_kind: str, left: int, right: int) -> Said | None:
    pair = identity.pair_of(left, right)
    return next((each for each in standing(end_kind, pair) if each.pair == pair), None)


@dataclass(frozen=True)
class Step:
    """What somebody said in one step of records of things, and whether it was taken back since."""

    end_kind: str
    said: tuple[Said, ...]
    taken_back: bool

    @property
    def first(self) -> Said:
        return self.said[0]


def steps_on(end_kind: str, record_ids: Iterable[int]) -> tuple[Step, ...]:
    """All that was said of these records, step by step, the newest first. Withdrawals are among it. Two queries."""
    ids = set(record_ids)
    found = judgements(end_kind).filter(Q(left_id__in=ids) | Q(right_id__in=ids))
    by_act: dict[UUID, list[ThingJudgement]] = defaultdict(list)
    for each in found:
        by_act[each.act].append(each)
    gone = set(found.exclude(withdraws=None).values_list("withdraws_id", flat=True))
    steps = (
        Step(end_kind, tuple(map(said_from, rows)), all(row.pk in gone for row in rows)) for rows in by_act.values()
    )
    return tuple(sorted(steps, key=lambda step: -step.first.pk))


def step(act: UUID) -> Step:
    """One step as far as the reader may see it. Raises `NotThere` where they see nothing of it."""
    for end_kind in END_KINDS:
        rows = list(judgements(end_kind).filter(act=act).exclude(verdict=Verdict.WITHDRAWN))
        if rows:
            gone = ThingJudgement.objects.filter(withdraws__in=rows).count()
            return Step(end_kind, tuple(map(said_from, rows)), gone == len(rows))
    raise NotThere


def still_standing(step: Step) -> tuple[ThingJudgement, ...]:
    """The rows of a step that stand."""
    stands = {each.pk for each in standing(step.end_kind, {pk for said in step.said for pk in said.pair})}
    return tuple(judgements(step.end_kind).filter(pk__in=stands & {said.pk for said in step.said}))


def withdrawn_from(user: User, *, since: datetime) -> list[tuple[str, Said]]:
    """What others took back of what this person said of things."""
    return [
        (end_kind, said_from(each))
        for end_kind in END_KINDS
        for each in judgements(end_kind).filter(withdraws__by=user, given_at__gt=since).exclude(by=user)
    ]


def decided(end_kind: str) -> QuerySet[ThingJudgement]:
    """What stands as SAME or DIFFERENT. Of one pair no more than one does."""
    wanted = [verdict.value for verdict in identity.DECIDED]
    return ThingJudgement.objects.filter(end_kind=end_kind, verdict__in=wanted, withdrawal=None)


def not_held(end_kind: str) -> set[int]:
    """Records that are not where somebody's word that stands wants them."""
    of = every(end_kind)
    with_things = decided(end_kind).annotate(
        left_thing=of.filter(pk=OuterRef("left_id")).values("thing_id")[:1],
        right_thing=of.filter(pk=OuterRef("right_id")).values("thing_id")[:1],
    )
    together = Q(left_thing=F("right_thing"))
    broken = with_things.filter(Q(verdict=Verdict.SAME) & ~together | Q(verdict=Verdict.DIFFERENT) & together)
    return {record for pair in broken.values_list("left_id", "right_id") for record in pair}


def decided_keys() -> list[tuple[str, str, str, str, str, str]]:
    """What stands as SAME or DIFFERENT, by the keys of the sources: what a run is told."""
    found = []
    for end_kind in END_KINDS:
        rows = list(decided(end_kind).values_list("left_id", "right_id", "verdict"))
        wanted = {pk for left, right, _ in rows for pk in (left, right)}
        keys = {
            pk: (source, key)
            for pk, source, key in every(end_kind).filter(pk__in=wanted).values_list("pk", "source", "source_key")
        }
        found += [
            (end_kind, *keys[left], *keys[right], verdict)
            for left, right, verdict in rows
            if left in keys and right in keys
        ]
    return sorted(found)


def evidence_among(end_kind: str, record_ids: Collection[int]) -> dict[tuple[int, int], dict[str, Any]]:
    """What the rules say of each two of some records, as a judgement keeps it."""
    ties = ThingTie.objects.filter(
        end_kind=end_kind, left_id__in=record_ids, right_id__in=record_ids, state=rules.EdgeState.CURRENT
    )
    return {
        (each.left_id, each.right_id): {
            "verdict": each.verdict,
            "code": each.code,
            "words": each.words,
            "weight": each.weight,
            "run": each.run,
        }
        for each in ties
    }


def called(record: Thingish) -> str:
    """A record in a sentence: what it says, whose it is, and its own number."""
    owner = record.owner.short_name or record.owner.name
    return f"{title_of(record)} ({owner}, {record.source} {record.source_key})"


def title_of(record: Thingish) -> str:
    return selectors.object_title(record) if isinstance(record, ObjectRecord) else selectors.place_title(record)


def said_words(end_kind: str, said: Said) -> str:
    """Who said what of which records, in a sentence without its end."""
    found: Mapping[int, Thingish] = {each.pk: each for each in records(end_kind).filter(pk__in=said.pair)}
    left, right = (found[pk] for pk in said.pair)
    verdict = identity.thing_words(said.verdict, *noun_of(left))
    who, on = f"{said.by} of {said.organisation}", f"{said.on:%-d %B %Y}"
    return f"{who} said on {on} that {called(left)} and {called(right)} {verdict}"


def owners_of(end_kind: str, things: Collection[int]) -> list[str]:
    """Codes of those who own visible records of some things."""
    owners = every(end_kind).filter(thing_id__in=things).values("owner_id")
    return sorted(Organisation.objects.filter(pk__in=owners).values_list("code", flat=True))


def numbers_before(end_kind: str, record_ids: Collection[int]) -> dict[int, list[int]]:
    """Numbers that each record had before, the latest first."""
    found: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select id, thing_id from {WAS[end_kind]} where id = any(%s) and thing_id is not null "
            "order by id, recorded_from desc",
            [list(record_ids)],
        )
        for record, thing in cursor.fetchall():
            found[record].append(thing)
    return found


def sizes(end_kind: str, things: Collection[int]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """How many visible records each of some things has, and the names of whose they are. One query."""
    rows = every(end_kind).filter(thing_id__in=things).order_by("owner__name").values_list("thing_id", "owner__name")
    found: dict[int, tuple[int, tuple[str, ...]]] = {}
    for thing, owner, count in rows.annotate(Count("pk")):
        before, owners = found.get(thing, (0, ()))
        found[thing] = (before + count, (*owners, owner))
    return found


@dataclass(frozen=True)
class Users:
    """People whom visible links name with a thing."""

    names: tuple[str, ...]
    people: frozenset[int]


def users_of(end_kind: str, things: Collection[int]) -> dict[int, Users]:
    """Who is recorded with each of some things: the first of each by name. A query for each thing."""
    found = {}
    for thing in things:
        records = every(end_kind).filter(thing_id=thing).values("pk")
        linked = Link.objects.filter(left_kind=rules.Kind.PERSON, right_kind=end_kind, right_id__in=records)
        people = PersonRecord.objects.filter(pk__in=linked.values("left_id")).exclude(full_name="")
        rows = list(people.order_by("full_name", "pk").values_list("full_name", "person_id")[:USERS_READ])
        names = list(dict.fromkeys(name for name, _ in rows))
        shown = names[:USERS_NAMED] + ([f"and {len(names) - USERS_NAMED} more"] if len(names) > USERS_NAMED else [])
        found[thing] = Users(tuple(shown), frozenset(person for name, person in rows if name in names[:USERS_NAMED]))
    return found


def unanswered(found: Sequence[selectors.Reason], said: Iterable[Said]) -> tuple[selectors.Reason, ...]:
    """Those of some leads to other things that nobody answered: nobody said that the other is another."""
    parted = {pk for each in said if each.verdict is Verdict.DIFFERENT for pk in each.pair}
    answered = {each.right.thing_id for each in found if each.right.pk in parted}
    return tuple(each for each in found if each.right.thing_id not in answered)


# Deconfliction: a restricted record of a thing that is of one with somebody else's


@dataclass(frozen=True)
class ThingNotice:
    """A restricted record of the reader's own organisation that is, or may be, of one thing with another's."""

    restricted: Thingish
    organisation: Organisation
    matches: tuple[tuple[Thingish, str], ...]
    """Records of theirs, each with the rule that says so."""
    answers: tuple[ThingDeconflictionAnswer, ...]
    """What was done, the latest first."""


def notices(reader: User) -> tuple[ThingNotice, ...]:
    """Matches of restricted records for those who answer for them, as with people; nobody else is told. Ten queries.

    Where somebody said that two records are different there is nothing left to sort out.
    """
    if not identity.may_judge(reader):
        return ()
    ours = AccessLabel.objects.filter(pk__in=restricted_labels() & readable_labels(), owner=reader.organisation_id)
    labels = frozenset(ours.values_list("pk", flat=True))
    found: list[ThingNotice] = []
    for end_kind in END_KINDS:
        found += _notices_of(end_kind, labels)
    return tuple(found)


def _notices_of(end_kind: str, labels: frozenset[int]) -> Iterable[ThingNotice]:
    ties = list(
        ThingTie.objects.filter(
            end_kind=end_kind, label__in=labels, state=rules.EdgeState.CURRENT, verdict__in=MATCHING
        ).order_by("left_id", "right_id")[:NOTICED]
    )
    wanted = {pk for tie in ties for pk in (tie.left_id, tie.right_id)}
    found = records(end_kind).filter(pk__in=wanted).select_related(*SEEN_BY)
    known: dict[int, Thingish] = {each.pk: each for each in found}
    stands = standing(end_kind, wanted) if wanted else ()
    parted = {said.pair for said in stands if said.verdict is Verdict.DIFFERENT}
    matches: dict[tuple[int, int], list[tuple[Thingish, str]]] = defaultdict(list)
    for tie in ties:
        if tie.left_id not in known or tie.right_id not in known or (tie.left_id, tie.right_id) in parted:
            continue
        one, other = known[tie.left_id], known[tie.right_id]
        restricted, other = (one, other) if one.label_id == tie.label_id else (other, one)
        if restricted.owner_id != other.owner_id and restricted.label_id != other.label_id:
            matches[restricted.pk, other.owner_id].append((other, tie.words))
    answered: dict[tuple[int, int], list[ThingDeconflictionAnswer]] = defaultdict(list)
    given = ThingDeconflictionAnswer.objects.filter(end_kind=end_kind, record_id__in={record for record, _ in matches})
    for answer in given.select_related("by").order_by("-pk"):
        answered[answer.record_id, answer.organisation_id].append(answer)
    for key, others in matches.items():
        (first, _), *_ = others
        yield ThingNotice(known[key[0]], first.owner, tuple(others), tuple(answered[key]))


def notice(reader: User, end_kind: str, record: int, organisation: str) -> ThingNotice:
    """One notice. Raises `NotThere` where there is none for this reader."""
    for each in notices(reader):
        is_of = end_kind_of(each.restricted) == end_kind and each.restricted.pk == record
        if is_of and each.organisation.code == organisation:
            return each
    raise NotThere
