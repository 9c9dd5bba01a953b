"""Work that was done elsewhere or is keyed in as a whole: many assessments in a few statements, all or nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q, prefetch_related_objects

from fourfold.assessments import rules, selectors
from fourfold.assessments.models import (
    Appeal,
    Assessment,
    AssessmentModel,
    CriterionEvidence,
    CriterionScore,
    ScoreSheet,
)
from fourfold.assessments.rules import Evidence, Kind, Model, Outcome, Side, Status, Values, broken
from fourfold.assessments.rules.scoring import confidence as confidence_of
from fourfold.assessments.services.writing import (
    RESULTS,
    Themed,
    check_evidence,
    check_reasons,
    check_threat_open,
    evidence_rows,
    in_place_of,
    label_to_assess,
    lent,
    locked_many,
    new_scores,
    next_references,
    note,
    note_all,
    sheet_for,
    stand,
    stored,
)
from fourfold.platform import clock
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.services import label_for
from fourfold.threats import services as threats

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A whole assessment that was scored and checked: of a threat, or of a theme where `themed` says so."""

    values: Values
    evidence: Sequence[Evidence]
    checked_by: User
    threat: "Threat | None" = None
    themed: Themed | None = None
    soc: bool = True
    why: Mapping[str, str] = field(default_factory=dict)
    model: AssessmentModel | None = None

    @property
    def kind(self) -> Kind:
        return Kind.THEMATIC if self.threat is None else Kind.TACTICAL


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A whole moderation. `values=None`: the force's own; otherwise the criteria the moderator scored differently."""

    assessment: Assessment
    values: Values | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    second_moderator: User | None = None


@dataclass(frozen=True, kw_only=True)
class FromElsewhere:
    """An assessment as another system has it, with scores or without. `model` is a code, empty where it has none."""

    elsewhere: str
    status: str
    reason: str
    kind: str = Kind.TACTICAL
    threat: "Threat | None" = None
    theme: str = ""
    area: Organisation | None = None
    year: int | None = None
    soc: bool = True
    model: str = ""
    assessor: User | None = None
    checked_by: User | None = None
    moderator: User | None = None
    second_moderator: User | None = None
    submitted_at: datetime | None = None
    due_on: date | None = None
    decided_at: datetime | None = None
    outcome: str = ""
    harm: Decimal | None = None
    likelihood: Decimal | None = None
    risk: Decimal | None = None
    position: Decimal | None = None
    priority: Decimal | None = None
    tier: str = ""
    confidence: int | None = None
    floored: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)
    assessor_scores: Values = field(default_factory=dict)
    moderator_scores: Values = field(default_factory=dict)
    whys: Mapping[str, str] = field(default_factory=dict)


def record_submitted(
    *,
    actor: User,
    threat: "Threat | None",
    values: Values,
    evidence: Sequence[Evidence],
    checked_by: User,
    now: datetime,
    today: date,
    soc: bool = True,
    why: Mapping[str, str] | None = None,
    themed: Themed | None = None,
    model: AssessmentModel | None = None,
) -> Assessment:
    """Keep one whole assessment that was scored, checked and sent: see `record_submitted_many`."""
    entry = Submission(
        threat=threat,
        themed=themed,
        values=values,
        evidence=evidence,
        checked_by=checked_by,
        soc=soc,
        why=why or {},
        model=model,
    )
    return record_submitted_many(actor=actor, entries=(entry,), now=now, today=today)[0]


@transaction.atomic
def record_submitted_many(
    *, actor: User, entries: Sequence[Submission], now: datetime, today: date
) -> tuple[Assessment, ...]:
    """Keep assessments that were scored by `actor`, checked by another and sent. All of them or none.

    Raises:
        RuleBroken: the first rule of scoring, checking or sending that one of them breaks.
    """
    prefetch_related_objects([each.threat for each in entries if each.threat is not None], "owner", "label__owner")
    usual = {kind: selectors.current_model(kind, on=today) for kind in {each.kind for each in entries}}
    used = [each.model or usual[each.kind] for each in entries]
    scoring: dict[int, Model] = {}
    labels: list[AccessLabel] = []
    for each, model in zip(entries, used, strict=True):
        if model is None or model.kind != each.kind or model.effective_from > today:
            raise broken("AS20", "model")
        if model.pk not in scoring:
            scoring[model.pk] = selectors.model_by_pk(model.pk)
        labels.append(_checked_submission(actor, each, scoring[model.pk], today=today))
    _check_none_open(entries)
    due_on, references = selectors.due_on(today), next_references(len(entries))
    made = [
        _submitted(actor, each, label=label, model=model, reference=reference, now=now, due_on=due_on)
        for each, label, model, reference in zip(entries, labels, used, references, strict=True)
    ]
    Assessment.objects.bulk_create(made)
    scores: list[CriterionScore] = []
    cited: list[CriterionEvidence] = []
    sheets: list[ScoreSheet] = []
    for each, assessment in zip(entries, made, strict=True):
        model_used = scoring[assessment.model_id or 0]
        scores += new_scores(assessment, model_used, each.values, each.why, side=Side.ASSESSOR)
        cited += evidence_rows(assessment, each.evidence)
        confidence = confidence_of(model_used, each.evidence, on=today).level
        scored = rules.score(model_used, each.values)
        sheets.append(sheet_for(assessment, Side.ASSESSOR, by=actor, at=now, scored=scored, confidence=confidence))
    CriterionScore.objects.bulk_create(scores)
    CriterionEvidence.objects.bulk_create(cited)
    ScoreSheet.objects.bulk_create(sheets)
    note_all(Operation.COLLECTION, "submitted", [(each, {"checked_by": each.checked_by_id}) for each in made])
    return tuple(made)


def record_moderated(
    *,
    actor: User,
    assessment: Assessment,
    now: datetime,
    today: date,
    values: Values | None = None,
    reasons: Mapping[str, str] | None = None,
    second_moderator: User | None = None,
    why: Mapping[str, str] | None = None,
) -> Assessment:
    """Keep one whole moderation: see `record_moderated_many`."""
    entry = Decision(
        assessment=assessment,
        values=values,
        reasons=reasons or {},
        why=why or {},
        second_moderator=second_moderator,
    )
    return record_moderated_many(actor=actor, entries=(entry,), now=now, today=today)[0]


@transaction.atomic
def record_moderated_many(
    *, actor: User, entries: Sequence[Decision], now: datetime, today: date
) -> tuple[Assessment, ...]:
    """Keep the moderator's own scores and the decision of each. All of them or none.

    Raises:
        RuleBroken: AM1 to AM4 for who may not or when it is not waiting; AM8 without a reason for a changed criterion;
            AM9 or AM10 where the tier changes and no second moderator stands for it.
    """
    found = locked_many([each.assessment for each in entries], lend=True)
    scoring = {pk: selectors.model_by_pk(pk) for pk in {each.model_id for each in found.values()} if pk is not None}
    scores, sheets = selectors.scores_of_many(found), selectors.sheets_of_many(found)
    rows: list[CriterionScore] = []
    own_sheets: list[ScoreSheet] = []
    decided: list[Assessment] = []
    standing: list[ScoreSheet] = []
    for each in entries:
        assessment = found[each.assessment.pk]
        model = scoring[assessment.model_id or 0]
        lines = [line for line in scores.get(assessment.pk, ()) if line.side == Side.ASSESSOR]
        assessor = sheets[assessment.pk, Side.ASSESSOR]
        theirs: Values = {line.key: line.value for line in lines}
        own: Values = theirs if each.values is None else {**theirs, **each.values}
        why = {line.key: line.why for line in lines} | dict(each.why)
        said = _checked_decision(actor, each, assessment, model, theirs=theirs, own=own, why=why)
        scored = rules.score(model, own)
        sheet = sheet_for(assessment, Side.MODERATOR, by=actor, at=now, scored=scored, confidence=assessor.confidence)
        wants_second = rules.tier_change_wants_second(was=assessor.tier, now=sheet.tier)
        _check_second(actor, each, assessment, wanted=wants_second, was=assessor.tier, now=sheet.tier)
        rows += new_scores(assessment, model, own, why, side=Side.MODERATOR)
        own_sheets.append(sheet)
        assessment.moderator, assessment.taken_up_at, assessment.reasons = actor, now, said
        assessment.second_moderator = each.second_moderator if wants_second else None
        assessment.outcome = Outcome.WITH_CHANGES if rules.differences(theirs, own) else Outcome.AS_SUBMITTED
        standing.append(sheet if assessment.outcome == Outcome.WITH_CHANGES else assessor)
        decided.append(assessment)
    with lent(*decided):
        CriterionScore.objects.bulk_create(rows)
        ScoreSheet.objects.bulk_create(own_sheets)
        stand(decided, standing, now=now)
    note_all(Operation.ALTERATION, "moderated", [(each, {"why": each.because}) for each in decided])
    for assessment in decided:
        threat = assessment.threat
        if threat is not None and assessment.tier and threat.tier != assessment.tier:
            threats.set_tier_from_moderation(threat=threat, tier=assessment.tier, reason=assessment.because)
    return tuple(decided)


@transaction.atomic
def record_from_elsewhere(
    *, actor: User, entries: Sequence[FromElsewhere], now: datetime, today: date
) -> tuple[Assessment | RuleBroken, ...]:
    """Keep what the national system says of assessments. One that is refused does not stop the others.

    What stood of a threat before a moderated one is superseded. The threat's own tier is not changed here, and no
    evidence is asked for: it stayed where the assessment was made.
    """
    prefetch_related_objects([each.threat for each in entries if each.threat is not None], "owner", "label__owner")
    tiers = selectors.tier_codes()
    ours = _moderated_here(entries)
    results: list[Assessment | RuleBroken] = []
    good: list[tuple[Assessment, FromElsewhere, Model | None]] = []
    for each in entries:
        try:
            label, model = _checked_elsewhere(actor, each, tiers=tiers, ours=ours)
        except RuleBroken as refused:
            results.append(refused)
            continue
        assessment = _elsewhere(each, label=label, now=now)
        results.append(assessment)
        good.append((assessment, each, model))
    for (assessment, _, _), reference in zip(good, next_references(len(good)), strict=True):
        assessment.reference = reference
    newest = {assessment.threat_id: assessment for assessment, _, _ in good if _supersedes(assessment)}
    for assessment, _, _ in good:
        if _supersedes(assessment) and newest[assessment.threat_id] is not assessment:
            assessment.status = Status.SUPERSEDED
    in_place_of(
        [threat_id for threat_id in newest if threat_id is not None],
        because="Superseded by a later record",
        write=lambda: Assessment.objects.bulk_create([assessment for assessment, _, _ in good]),
    )
    rows: list[CriterionScore] = []
    sheets: list[ScoreSheet] = []
    for assessment, each, model in good:
        for side, values in ((Side.ASSESSOR, each.assessor_scores), (Side.MODERATOR, each.moderator_scores)):
            if model is not None and values:
                rows += new_scores(assessment, model, values, each.whys, side=side)
                by = (each.moderator if side == Side.MODERATOR else each.assessor) or actor
                at = each.decided_at or each.submitted_at or now
                scored, sure = rules.score(model, values), each.confidence or 1
                sheets.append(sheet_for(assessment, side, by=by, at=at, scored=scored, confidence=sure))
    CriterionScore.objects.bulk_create(rows)
    ScoreSheet.objects.bulk_create(sheets)
    for assessment, each, _ in good:
        note(assessment, Operation.COLLECTION, "recorded from elsewhere", elsewhere=each.elsewhere, why=each.reason)
    return tuple(results)


def relabel(threat: "Threat", old: AccessLabel, new: AccessLabel, reason: str) -> None:
    """What stands on a threat takes the threat's label; what is narrower stays so."""
    ids = list(Assessment.objects.filter(threat=threat).values_list("pk", flat=True))
    Assessment.objects.filter(pk__in=ids, label=old).update(label=new, because=reason)
    CriterionScore.objects.filter(assessment_id__in=ids, label=old).update(label=new)
    CriterionEvidence.objects.filter(assessment_id__in=ids, label=old).update(label=new)
    ScoreSheet.objects.filter(assessment_id__in=ids, label=old).update(label=new)
    Appeal.objects.filter(assessment_id__in=ids, label=old).update(label=new)


def _checked_submission(actor: User, said: Submission, model: Model, *, today: date) -> AccessLabel:
    label = label_to_assess(actor, said.threat, said.themed, today=today)
    rules.check_may_check(said.checked_by, owner=label.owner.code, audience=label.audience, scored_by={actor.pk})
    for each in said.evidence:
        check_evidence(model, each, today=today)
    rules.check_values(model, said.values)
    cited = {key for each in said.evidence for key in each.keys}
    threat_type = said.threat.threat_type if said.threat else ""
    rules.check_complete(model, said.values, why=said.why, cited=cited, threat_type=threat_type)
    return label


def _check_none_open(entries: Sequence[Submission]) -> None:
    """One open assessment a threat, or a theme in an area and a year. One query."""
    wanted = Q(threat_id__in=[each.threat.pk for each in entries if each.threat is not None])
    for each in entries:
        if each.themed is not None:
            wanted |= Q(theme=each.themed.theme, area=each.themed.area, year=each.themed.year)
    already = Assessment.objects.filter(wanted, status__in=rules.OPEN).values_list("reference", flat=True).first()
    if already is not None:
        raise broken("AS11", reference=already)
    about = [each.threat.pk if each.threat else each.themed for each in entries]
    twice = next((each for each in entries if about.count(each.threat.pk if each.threat else each.themed) > 1), None)
    if twice is not None:
        raise broken("AS11", reference=twice.threat.reference if twice.threat else "in the same list")


def _submitted(
    actor: User,
    said: Submission,
    *,
    label: AccessLabel,
    model: AssessmentModel | None,
    reference: str,
    now: datetime,
    due_on: date,
) -> Assessment:
    return Assessment(
        label=label,
        reference=reference,
        threat=said.threat,
        threat_type=said.threat.threat_type if said.threat else "",
        theme=said.themed.theme if said.themed else "",
        area=said.themed.area if said.themed else None,
        year=said.themed.year if said.themed else None,
        kind=said.kind,
        model=model,
        soc=said.soc,
        status=Status.SUBMITTED,
        assessor=actor,
        scored_by=[actor.pk],
        took_part=[actor.pk, said.checked_by.pk],
        finished_at=now,
        checked_by=said.checked_by,
        submitted_at=now,
        due_on=due_on,
        because="Checked and submitted",
    )


def _checked_decision(
    actor: User,
    said: Decision,
    assessment: Assessment,
    model: Model,
    *,
    theirs: Values,
    own: Values,
    why: Mapping[str, str],
) -> dict[str, str]:
    """The reasons for what was changed, once it is sure that this decision may be made."""
    rules.check_may_moderate(actor, selectors.case_of(assessment, own_scores_saved=False))
    if assessment.status != Status.SUBMITTED:
        raise broken("AM4")
    check_threat_open(assessment)
    if said.values is not None:
        rules.check_values(model, own)
        rules.check_complete(model, own, why=why, cited=None, threat_type=assessment.threat_type)
    return check_reasons(model, assessment.threat_type, theirs, own, said.reasons)


def _check_second(actor: User, said: Decision, assessment: Assessment, *, wanted: bool, was: str, now: str) -> None:
    if not wanted:
        return
    if said.second_moderator is None:
        raise broken("AM9", was=was, now=now)
    case = selectors.case_of(assessment, own_scores_saved=True)
    rules.check_second(said.second_moderator, replace(case, moderator=actor.pk))


def _moderated_here(entries: Sequence[FromElsewhere]) -> frozenset[int]:
    """Keys of those of the threats for which a decision stands that was made here. One query."""
    named = [each.threat.pk for each in entries if each.threat is not None]
    stands = selectors.moderated(soc=None).filter(threat__in=named, elsewhere="")
    return frozenset(stands.values_list("threat_id", flat=True))


def _checked_elsewhere(
    actor: User, said: FromElsewhere, *, tiers: Iterable[str], ours: Collection[int]
) -> tuple[AccessLabel, Model | None]:
    """The label and the model of a record from elsewhere, once it is sure that it can be kept."""
    if said.kind == Kind.TACTICAL and said.threat is not None:
        label = said.threat.label
    elif said.kind == Kind.THEMATIC and said.area is not None and said.theme and said.year:
        label = label_for(owner=said.area)
    else:
        raise broken("AS30", "kind")
    is_moderated = said.status == Status.MODERATED
    rules.check_may_record_elsewhere(
        actor,
        owner=label.owner.code,
        audience=label.audience,
        is_moderated=is_moderated,
        replaces_own=is_moderated and said.threat is not None and said.threat.pk in ours,
    )
    if said.status not in {Status.MODERATED, Status.NOT_MODERATED, Status.SUPERSEDED}:
        raise broken("AS31", "status", status=said.status)
    if said.outcome and said.outcome not in {Outcome.AS_SUBMITTED, Outcome.WITH_CHANGES}:
        raise broken("AM20", "outcome")
    if said.tier and said.tier not in tiers:
        raise broken("AS32", "tier", tier=said.tier)
    rules.check_words(said.reason)
    people = (said.assessor, said.checked_by, said.moderator, said.second_moderator)
    named = [each.pk for each in people if each is not None]
    if len(set(named)) < len(named):
        raise broken("AS12", "moderator")
    if not said.model:
        return label, None
    known = selectors.models().filter(code=said.model).first()
    if known is None or known.kind != said.kind:
        raise broken("AS33", "model", model=said.model)
    model = selectors.model_by_pk(known.pk)
    for values in (said.assessor_scores, said.moderator_scores):
        rules.check_values(model, values)
    _check_results(said, model)
    return label, model


def _check_results(said: FromElsewhere, model: Model) -> None:
    """What a record says its scores come to is what they come to."""
    values = said.assessor_scores
    if said.moderator_scores and said.outcome == Outcome.WITH_CHANGES:
        values = said.moderator_scores
    if not values:
        return
    scored = rules.score(model, values)
    for name in RESULTS:
        stated, worked_out = getattr(said, name), stored(getattr(scored, name))
        if stated is not None and (worked_out is None or abs(stated - worked_out) > TOLERANCE):
            raise broken("AS34", name, stated=rules.shown(stated), worked_out=rules.shown(worked_out))
    if said.tier and scored.tier and said.tier != scored.tier:
        raise broken("AS34", "tier", stated=said.tier, worked_out=scored.tier)


TOLERANCE = Decimal("0.05")
"""Other systems give one decimal."""


def _elsewhere(said: FromElsewhere, *, label: AccessLabel, now: datetime) -> Assessment:
    facts: dict[str, Any] = {
        name: getattr(said, name)
        for name in (
            *("elsewhere", "kind", "threat", "theme", "area", "year", "soc", "status", "assessor", "checked_by"),
            *("moderator", "second_moderator", "submitted_at", "due_on", "outcome", "tier", "confidence", "floored"),
            *RESULTS,
        )
    }
    if said.submitted_at is not None and said.due_on is None:
        facts["due_on"] = selectors.due_on(said.submitted_at.astimezone(clock.LONDON).date())
    if said.submitted_at is None:
        facts["due_on"] = None
    people = (said.assessor, said.checked_by)
    return Assessment(
        label=label,
        threat_type=said.threat.threat_type if said.threat else "",
        model=selectors.models().filter(code=said.model).first() if said.model else None,
        decided_at=said.decided_at or now,
        reasons=dict(said.reasons),
        scored_by=[] if said.assessor is None else [said.assessor.pk],
        took_part=[each.pk for each in people if each is not None],
        because=said.reason,
        **facts,
    )


def _supersedes(assessment: Assessment) -> bool:
    return assessment.kind == Kind.TACTICAL and assessment.status == Status.MODERATED
