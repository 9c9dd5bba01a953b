"""How assessments are written: the steps that every change takes. Nothing outside `services` calls these."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from fourfold.assessments import rules, selectors
from fourfold.assessments.models import Assessment, CriterionEvidence, CriterionScore, ScoreSheet
from fourfold.assessments.rules import Evidence, Kind, Model, Side, Status, Values, broken
from fourfold.assessments.rules.scoring import Scored, rounded
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.services import label_for
from fourfold.pole import selectors as pole
from fourfold.threats import rules as threat_rules
from fourfold.threats import services as threats

if TYPE_CHECKING:
    from fourfold.threats.models import Threat

RESULTS = ("harm", "likelihood", "risk", "position", "priority")


@dataclass(frozen=True)
class Themed:
    """What a thematic assessment is of."""

    theme: str
    area: Organisation
    year: int


def check_evidence(model: Model, evidence: Evidence, *, today: date) -> None:
    """Raise `RuleBroken` for evidence that names no record, no criterion, no grade, or a day to come."""
    if not evidence.reference.strip():
        raise broken("AS16", "reference")
    if len(evidence.grade) != 2 or evidence.grade[0] not in "123" or evidence.grade[1] not in "ABCDE":
        raise broken("AS17", "source_grade")
    if evidence.dated_on > today:
        raise broken("AS18", "dated_on")
    if not evidence.keys:
        raise broken("AS19", "keys")
    for key in evidence.keys:
        if key not in model.by_key:
            raise broken("AS9", "keys", model=model.code, key=key)


def check_reasons(
    model: Model, threat_type: str, theirs: Values, own: Values, reasons: Mapping[str, str]
) -> dict[str, str]:
    """The reason for each criterion on which the sides differ. Raises `RuleBroken` AM8 for those that are missing."""
    said = {key: reasons.get(key, "").strip() for key in rules.differences(theirs, own)}
    rules.raise_all(
        broken(
            "AM8",
            f"reason-{key}",
            name=model.by_key[key].named(threat_type).lower(),
            was=in_words(theirs.get(key)),
            now=in_words(own.get(key)),
            words=rules.WORDS,
        )
        for key, reason in said.items()
        if len(reason.split()) < rules.WORDS
    )
    return said


def in_words(value: int | None) -> str:
    return "unknown" if value is None else str(value)


def next_reference() -> str:
    return next_references(1)[0]


def next_references(count: int) -> tuple[str, ...]:
    """From the sequence and never from a count: each reader counts only what they may see. One query."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('assessments_reference') from generate_series(1, %s)", [count])
        return tuple(f"ASM-{number:06d}" for (number,) in cursor.fetchall())


def label_to_assess(actor: User, threat: "Threat | None", themed: Themed | None, *, today: date) -> AccessLabel:
    """The label of a new assessment, once it is sure that this person may make one."""
    if threat is not None:
        label = threat.label
        rules.check_may_assess(actor, owner=label.owner.code, audience=label.audience)
        if threat.closed_on is not None:
            raise broken("AS3")
        return label
    if themed is None:
        raise broken("AS21", "theme")
    rules.check_may_assess(actor, owner=themed.area.code, audience="REGION")
    if not 2015 <= themed.year <= today.year + 1:
        raise broken("AS22", "year", first=2015, last=today.year + 1)
    return label_for(owner=themed.area)


def open_already(threat: "Threat | None", themed: Themed | None) -> str | None:
    found = Assessment.objects.filter(status__in=rules.OPEN)
    if threat is not None:
        found = found.filter(threat=threat)
    elif themed is not None:
        found = found.filter(theme=themed.theme, area=themed.area, year=themed.year)
    return found.values_list("reference", flat=True).first()


def locked(assessment: Assessment, *, lend: bool = False) -> Assessment:
    return locked_many([assessment], lend=lend)[assessment.pk]


def locked_many(assessments: Collection[Assessment], *, lend: bool = False) -> Mapping[int, Assessment]:
    """Read again and locked, in the order of their keys: two who lock the same ones never wait for each other.

    A row is locked by those who may write it; with `lend`, also by a moderator who only reads it.
    """
    wanted = {each.pk for each in assessments}
    found = (
        Assessment.objects.select_for_update(of=("self",))
        .select_related(
            "threat__owner",
            "threat__label__owner",
            "label__owner",
            "label__compartment",
            "label__agreement",
            "assessor",
        )
        .filter(pk__in=wanted)
        .order_by("pk")
    )
    with lent(*assessments) if lend else nullcontext():
        rows = {each.pk: each for each in found}
    if len(rows) < len(wanted):
        raise NotThere
    return rows


def to_score(assessment: Assessment, *, actor: User) -> Assessment:
    """The draft, locked and read again, once it is sure that this person may score it now."""
    assessment = locked(assessment)
    check_may_assess(actor, assessment)
    if assessment.status not in rules.IN_HAND:
        raise broken("AS10")
    if assessment.finished_at is not None:
        raise broken("AS28")
    check_threat_open(assessment)
    return assessment


def in_moderation(assessment: Assessment, *, actor: User, scored: bool | None) -> Assessment:
    """The assessment, locked, for the moderator who took it up. `scored`: whether own scores must be there or not."""
    assessment = locked(assessment, lend=True)
    rules.check_may_moderate(actor, selectors.case_of(assessment, own_scores_saved=False))
    if assessment.status != Status.IN_MODERATION:
        raise broken("AM4")
    if assessment.moderator_id != actor.pk:
        raise broken("AM5")
    if scored is not None:
        there = ScoreSheet.objects.filter(assessment=assessment, side=Side.MODERATOR, round=assessment.round).exists()
        if there != scored:
            raise broken("AM6" if scored else "AM7")
    return assessment


def check_may_assess(actor: User, assessment: Assessment) -> None:
    rules.check_may_assess(actor, owner=assessment.label.owner.code, audience=assessment.label.audience)


def check_threat_open(assessment: Assessment) -> None:
    if assessment.threat is not None and assessment.threat.closed_on is not None:
        raise broken("AS3")


def add_to_scorers(assessment: Assessment, actor: User) -> None:
    if actor.pk not in assessment.scored_by:
        assessment.scored_by = [*assessment.scored_by, actor.pk]
        assessment.took_part = with_one_more(assessment.took_part, actor)
        assessment.save(update_fields=["scored_by", "took_part"])


def with_one_more(people: list[int], actor: User) -> list[int]:
    return people if actor.pk in people else [*people, actor.pk]


def model_of_assessment(assessment: Assessment) -> Model:
    if assessment.model_id is None:
        raise NotThere
    return selectors.model_by_pk(assessment.model_id)


def keep_scores(
    assessment: Assessment,
    model: Model,
    held: Mapping[str, CriterionScore],
    values: Values,
    why: Mapping[str, str],
    *,
    side: str = Side.ASSESSOR,
) -> None:
    CriterionScore.objects.bulk_create(
        new_scores(assessment, model, {key: v for key, v in values.items() if key not in held}, why, side=side)
    )
    for key, row in held.items():
        said = why.get(key, row.why).strip()
        if key in values and (row.value, row.why) != (values[key], said):
            row.value, row.why = values[key], said
            row.save(update_fields=["value", "why"])


def new_scores(
    assessment: Assessment, model: Model, values: Values, why: Mapping[str, str], *, side: str
) -> list[CriterionScore]:
    return [
        CriterionScore(
            label=assessment.label,
            assessment=assessment,
            side=side,
            round=assessment.round,
            section=model.by_key[key].section,
            key=key,
            value=value,
            why=why.get(key, "").strip(),
        )
        for key, value in values.items()
    ]


def evidence_rows(assessment: Assessment, evidence: Iterable[Evidence]) -> list[CriterionEvidence]:
    """A row a criterion. A record of the picture is one the assessor may see; its row is as narrow as the record."""
    evidence = tuple(evidence)
    labels = labels_with_events(assessment.label, {each.event for each in evidence if each.event is not None})
    return [
        CriterionEvidence(
            label=assessment.label if each.event is None else labels[each.event],
            assessment=assessment,
            round=assessment.round,
            key=key,
            event_id=each.event,
            reference=each.reference.strip(),
            what=each.what.strip(),
            grade=each.grade,
            dated_on=each.dated_on,
        )
        for each in evidence
        for key in dict.fromkeys(each.keys)
    ]


def labels_with_events(label: AccessLabel, events: Collection[int]) -> Mapping[int, AccessLabel]:
    """For each record of the picture, the label that fewer may read: the assessment's or the record's."""
    if not events:
        return {}
    acting = scope.current()
    found = {}
    for event in pole.events().filter(pk__in=events):
        one, other = (
            threat_rules.Readers(each.owner_id, each.audience, each.marking, each.compartment_id)
            for each in (label, event.label)
        )
        kept = threat_rules.narrower(one, other)
        narrow = label if kept == one else event.label
        if kept is not None and acting is not None and narrow.pk in acting.writes:
            found[event.pk] = narrow
    if len(found) < len(events):
        raise broken("AS29", "event")
    return found


def seal(
    assessment: Assessment,
    side: str,
    *,
    by: User,
    now: datetime,
    model: Model,
    values: Values,
    confidence: int,
) -> ScoreSheet:
    """Write what the model makes of a side's scores: from then on neither changes."""
    sheet = sheet_for(assessment, side, by=by, at=now, scored=rules.score(model, values), confidence=confidence)
    sheet.save()
    return sheet


def sheet_for(
    assessment: Assessment, side: str, *, by: User, at: datetime, scored: Scored, confidence: int
) -> ScoreSheet:
    return ScoreSheet(
        label=assessment.label,
        assessment=assessment,
        side=side,
        round=assessment.round,
        by=by,
        at=at,
        tier=scored.tier,
        floored=scored.floored,
        confidence=confidence,
        **{name: stored(getattr(scored, name)) for name in RESULTS},
    )


def stored(value: Fraction | None) -> Decimal | None:
    return None if value is None else rounded(value, places=6)


def sheet_of_side(assessment: Assessment, side: str) -> ScoreSheet:
    found = selectors.sheet_of(assessment, side)
    if found is None:
        raise broken("AM6")
    return found


def both_sides(assessment: Assessment) -> tuple[Values, Values]:
    found: dict[str, dict[str, int | None]] = {Side.ASSESSOR: {}, Side.MODERATOR: {}}
    scores = CriterionScore.objects.filter(assessment=assessment, round=assessment.round).order_by("pk")
    for side, key, value in scores.values_list("side", "key", "value"):
        found[side][key] = value
    return found[Side.ASSESSOR], found[Side.MODERATOR]


def decide(assessment: Assessment, *, sheet: ScoreSheet, now: datetime) -> Assessment:
    """Make one side's sheet what stands, supersede what stood, and give the threat its tier."""
    with lent(assessment):
        stand([assessment], [sheet], now=now)
    note(assessment, Operation.ALTERATION, "moderated", why=assessment.because)
    threat = assessment.threat
    if threat is not None and assessment.tier and threat.tier != assessment.tier:
        threats.set_tier_from_moderation(threat=threat, tier=assessment.tier, reason=assessment.because)
    return assessment


def stand(decided: Sequence[Assessment], sheets: Sequence[ScoreSheet], *, now: datetime) -> None:
    """Make each sheet what stands of its assessment, in place of what stood before: a few queries, however many."""
    for assessment, sheet in zip(decided, sheets, strict=True):
        if assessment.kind == Kind.THEMATIC:
            _supersede_themed(assessment)
        assessment.status, assessment.decided_at = Status.MODERATED, now
        assessment.because = f"{rules.OUTCOME_NAMES[assessment.outcome]}: {assessment.reference}"
        assessment.tier, assessment.floored, assessment.confidence = sheet.tier, sheet.floored, sheet.confidence
        for name in RESULTS:
            setattr(assessment, name, getattr(sheet, name))
    threat_ids = [each.threat_id for each in decided if each.threat_id is not None]
    in_place_of(threat_ids, because=LATER, write=lambda: _write_decided(decided))


LATER = "Superseded by a later assessment"
DECIDED_COLUMNS: Mapping[str, str] = {
    "id": "bigint",
    "status": "text",
    "outcome": "text",
    "decided_at": "timestamptz",
    "moderator_id": "bigint",
    "taken_up_at": "timestamptz",
    "second_moderator_id": "bigint",
    "tier": "text",
    "confidence": "integer",
    "floored": "boolean",
    "because": "text",
    "reasons": "jsonb",
    **dict.fromkeys(RESULTS, "numeric"),
}


def _write_decided(decided: Sequence[Assessment]) -> None:
    """One statement, however many: Django's own for many rows spells every value out in a condition of its own."""
    given = [
        [json.dumps(each.reasons) if name == "reasons" else getattr(each, name) for each in decided]
        for name in DECIDED_COLUMNS
    ]
    arrays = ", ".join(f"%s::{kind}[]" for kind in DECIDED_COLUMNS.values())
    values = ", ".join(f"{name} = n.{name}" for name in DECIDED_COLUMNS if name != "id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"update assessments_assessment a set {values} from unnest({arrays}) "
            f"as n({', '.join(DECIDED_COLUMNS)}) where a.id = n.id",
            given,
        )
        if cursor.rowcount != len(decided):
            raise NotThere


def supersede(threat_ids: Collection[int], *, because: str) -> None:
    """What stands of these threats' tactical assessments stands no more. One query."""
    stood = Assessment.objects.filter(threat_id__in=threat_ids, kind=Kind.TACTICAL)
    came = Q(status=Status.NOT_MODERATED) & ~Q(elsewhere="")
    stood.filter(Q(status=Status.MODERATED) | came).update(status=Status.SUPERSEDED, because=because)


ONE_STANDING = "assessment_one_standing"


def in_place_of(threat_ids: Collection[int], *, because: str, write: Callable[[], object]) -> None:
    """Write assessments that stand, in place of those that stood of these threats.

    One assessment stands of a threat, for everybody. One that is narrower than its threat stays unread by whoever
    decides now: it is superseded all the same, and nothing of it is looked at or told.
    """
    supersede(threat_ids, because=because)
    try:
        with transaction.atomic():
            write()
    except IntegrityError as taken:
        if ONE_STANDING not in str(taken.__cause__):
            raise
        with scope.lent(*AccessLabel.objects.values_list("pk", flat=True), unread=True):
            supersede(threat_ids, because=because)
        write()


def _supersede_themed(assessment: Assessment) -> None:
    stood = Assessment.objects.filter(
        kind=Kind.THEMATIC,
        theme=assessment.theme,
        area_id=assessment.area_id,
        year=assessment.year,
        status=Status.MODERATED,
    )
    stood.update(status=Status.SUPERSEDED, because=LATER)


def moderate_again(assessment: Assessment, *, because: str, now: datetime, today: date) -> Assessment:
    """The force's scores once more in the queue. Whoever moderated it before took part, and does not again."""
    before = [pk for pk in (assessment.moderator_id, assessment.second_moderator_id) if pk is not None]
    again = Assessment.objects.create(
        label=assessment.label,
        reference=next_reference(),
        threat=assessment.threat,
        threat_type=assessment.threat_type,
        theme=assessment.theme,
        area_id=assessment.area_id,
        year=assessment.year,
        kind=assessment.kind,
        model_id=assessment.model_id,
        soc=assessment.soc,
        status=Status.SUBMITTED,
        assessor_id=assessment.assessor_id,
        scored_by=assessment.scored_by,
        took_part=[*assessment.took_part, *before],
        finished_at=now,
        checked_by_id=assessment.checked_by_id,
        submitted_at=now,
        due_on=selectors.due_on(today),
        again_for=assessment,
        because=because,
    )
    sheet = sheet_of_side(assessment, Side.ASSESSOR)
    scores, evidence = selectors.scores_of(assessment, Side.ASSESSOR).values(), selectors.evidence_of(assessment)
    CriterionScore.objects.bulk_create([as_new(CriterionScore, each, assessment=again, round=1) for each in scores])
    CriterionEvidence.objects.bulk_create(
        [as_new(CriterionEvidence, each, assessment=again, round=1) for each in evidence]
    )
    ScoreSheet.objects.bulk_create([as_new(ScoreSheet, sheet, assessment=again, round=1)])
    note(again, Operation.COLLECTION, "moderated again after an appeal", of=assessment.reference, why=because)
    return again


def as_new[Row: CriterionScore | CriterionEvidence | ScoreSheet](model: type[Row], row: Row, **change: Any) -> Row:
    """The same facts as a new row: its key and its stamps are the database's to give."""
    without = {"id", "recorded_from", "recorded_by", "recorded_in", *(f"{name}_id" for name in change), *change}
    facts = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return model(**{name: value for name, value in facts.items() if name not in without}, **change)


@contextmanager
def lent(*assessments: Assessment) -> Iterator[None]:
    """Let a moderator write rows of a label that they only read: that its owner sent it is the permission."""
    acting = scope.current()
    wanted = {each.label_id for each in assessments} - (acting.writes if acting else frozenset())
    if not wanted:
        yield
        return
    with scope.lent(*wanted):
        yield


def alter(assessment: Assessment, change: str, reason: str, **values: Any) -> Assessment:
    for name, value in values.items():
        setattr(assessment, name, value)
    assessment.because = reason
    assessment.save(update_fields=[*values, "because"])
    note(assessment, Operation.ALTERATION, change, why=reason)
    return assessment


def note(assessment: Assessment, operation: Operation, change: str, **details: Any) -> None:
    """What was done, and never a score: the ledger is read by people who must not know one yet."""
    note_all(operation, change, [(assessment, details)])


def note_all(operation: Operation, change: str, noted: Iterable[tuple[Assessment, Mapping[str, Any]]]) -> None:
    """As `note`, for many at once: each has an entry of its own."""
    audit.note_all(operation, ((assessment, _about(assessment, change, details)) for assessment, details in noted))


def _about(assessment: Assessment, change: str, details: Mapping[str, Any]) -> Mapping[str, Any]:
    threat = {} if assessment.threat is None else {"threat": assessment.threat.reference}
    return {"reference": assessment.reference, "change": change, **details, **threat}
