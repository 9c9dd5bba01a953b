"""Every change to models and assessments: checked, written and noted in one transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from django.db import connection, transaction

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
from fourfold.assessments.rules.definition import digest_of, faults_of, model_of
from fourfold.assessments.rules.scoring import Scored, rounded
from fourfold.assessments.rules.scoring import confidence as confidence_of
from fourfold.platform import clock
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

SHIPPED = "assessment_models"
FILE_LIMIT = 200_000
RESULTS = ("harm", "likelihood", "risk", "position", "priority")


# Models


def read_model(text: str) -> Mapping[str, Any]:
    """The contents of a model's file. Raises `RuleBroken` MO5 where it is no YAML."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as unreadable:
        raise broken("MO5", "file", why=" ".join(str(unreadable).split())) from unreadable
    return content if isinstance(content, Mapping) else {"contents": content}


@transaction.atomic
def load_model(*, content: Mapping[str, Any], now: datetime, actor: User | None = None) -> tuple[AssessmentModel, bool]:
    """Keep a version of a model, and say whether it is new. The same file again changes nothing.

    Raises:
        RuleBroken: MO1 to MO3: not allowed, not usable, or another version under a code that is taken.
    """
    if actor is not None and not rules.may(actor, rules.MANAGE_MODELS):
        raise broken("MO1")
    faults = faults_of(content)
    if faults:
        raise broken("MO2", "file", faults="; ".join(f"{each.where} {each.what}" for each in faults))
    model, digest = model_of(content), digest_of(content)
    facts = {
        "kind": model.kind.value,
        "name": model.name,
        "definition": yaml_plain(content),
        "source": model.source,
        "mark": model.mark,
        "effective_from": model.effective_from,
        "digest": digest,
        "loaded_at": now,
        "loaded_by": actor,
    }
    kept, is_new = AssessmentModel.objects.get_or_create(code=model.code, defaults=facts)
    if kept.digest != digest:
        raise broken("MO3", "file", model=model.code)
    if is_new and scope.current() is not None:
        audit.note(Operation.COLLECTION, kept, reference=kept.code, change="model loaded", digest=digest)
    return kept, is_new


def load_shipped_models(folder: Path, *, now: datetime) -> int:
    """Load the models of a region's folder, and say how many it has. Safe to run again.

    Raises:
        RuleBroken: MO2, MO3 or MO5, for a file that cannot be used or that changed after it was loaded.
    """
    files = sorted((folder / SHIPPED).glob("*.yaml"))
    for path in files:
        load_model(content=read_model(path.read_text(encoding="utf-8")), now=now)
    return len(files)


def yaml_plain(content: Any) -> Any:
    """What YAML read, as JSON keeps it: dates become text."""
    if isinstance(content, Mapping):
        return {str(key): yaml_plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [yaml_plain(value) for value in content]
    return content.isoformat() if isinstance(content, date) else content


# The force's side


@dataclass(frozen=True)
class Themed:
    """What a thematic assessment is of."""

    theme: str
    area: Organisation
    year: int


@transaction.atomic
def begin_assessment(
    *,
    actor: User,
    now: datetime,
    today: date,
    threat: "Threat | None" = None,
    themed: Themed | None = None,
    soc: bool = True,
    model: AssessmentModel | None = None,
) -> Assessment:
    """Start a draft: of a threat, or of a theme in an area and a year."""
    kind = Kind.TACTICAL if threat is not None else Kind.THEMATIC
    label = _label_to_assess(actor, threat, themed, today=today)
    used = model or selectors.current_model(kind, on=today)
    if used is None or used.kind != kind or used.effective_from > today:
        raise broken("AS20", "model")
    already = _open_already(threat, themed)
    if already is not None and threat is not None:
        raise broken("AS11", reference=already)
    if already is not None and themed is not None:
        raise broken("AS24", "theme", what=themed.theme, year=themed.year, reference=already)
    assessment = Assessment.objects.create(
        label=label,
        reference=_next_reference(),
        threat=threat,
        threat_type=threat.threat_type if threat else "",
        theme=themed.theme if themed else "",
        area=themed.area if themed else None,
        year=themed.year if themed else None,
        kind=kind,
        model=used,
        soc=soc,
        status=Status.DRAFT,
        assessor=actor,
        took_part=[actor.pk],
        because="Assessment begun",
    )
    _note(assessment, Operation.COLLECTION, "assessment begun", model=used.code)
    return assessment


@transaction.atomic
def save_scores(
    *,
    actor: User,
    assessment: Assessment,
    values: Values,
    why: Mapping[str, str] | None = None,
    first: Values | None = None,
) -> Assessment:
    """Keep what is chosen so far.

    Args:
        actor: Who scores.
        assessment: A draft, or one that was returned.
        values: Score by criterion; None is unknown. Criteria left out stay as they are.
        why: Why it is unknown, or what the score rests on, by criterion.
        first: What this person's form showed when it was opened. Where somebody else has changed a criterion since and
            this person changed it too, nothing of it is lost: AS26 names the criteria, and the rest is not kept either.
    """
    assessment = _to_score(assessment, actor=actor)
    model = _model_of(assessment)
    rules.check_values(model, values)
    said = why or {}
    if any(len(text) > rules.REASON_LIMIT for text in said.values()):
        raise broken("AS27", limit=rules.REASON_LIMIT)
    held = selectors.scores_of(assessment, Side.ASSESSOR)
    theirs = selectors.values_of(held)
    joined, clash = rules.merged(first=theirs if first is None else first, mine=values, theirs=theirs)
    if clash:
        raise broken("AS26", f"score-{clash[0]}")
    _keep_scores(assessment, model, held, joined, said)
    _took_part(assessment, actor)
    _note(assessment, Operation.ALTERATION, "scores kept")
    return assessment


@transaction.atomic
def cite(*, actor: User, assessment: Assessment, evidence: Evidence, today: date) -> tuple[CriterionEvidence, ...]:
    """Cite one graded record for one or more criteria."""
    assessment = _to_score(assessment, actor=actor)
    model = _model_of(assessment)
    check_evidence(model, evidence, today=today)
    rows = _evidence_rows(assessment, (evidence,))
    CriterionEvidence.objects.bulk_create(rows)
    _took_part(assessment, actor)
    _note(assessment, Operation.ALTERATION, "evidence cited", record=evidence.reference, criteria=list(evidence.keys))
    return tuple(rows)


@transaction.atomic
def withdraw_evidence(*, actor: User, assessment: Assessment, pk: int) -> None:
    """No longer cite a record for a criterion."""
    assessment = _to_score(assessment, actor=actor)
    found = CriterionEvidence.objects.filter(assessment=assessment, round=assessment.round, pk=pk).first()
    if found is None:
        raise NotThere
    found.withdrawn = True
    found.save(update_fields=["withdrawn"])
    _took_part(assessment, actor)
    _note(assessment, Operation.ALTERATION, "evidence withdrawn", record=found.reference, criteria=[found.key])


@transaction.atomic
def submit_assessment(*, actor: User, assessment: Assessment, now: datetime) -> Assessment:
    """Send a complete draft to be checked by somebody else of the owner's side."""
    assessment = _to_score(assessment, actor=actor)
    model = _model_of(assessment)
    scores = selectors.scores_of(assessment, Side.ASSESSOR)
    rules.check_complete(
        model,
        selectors.values_of(scores),
        why={key: each.why for key, each in scores.items()},
        cited={each.key for each in selectors.evidence_of(assessment)},
        threat_type=assessment.threat_type,
    )
    _took_part(assessment, actor)
    return _change(assessment, "sent to be checked", "Sent to be checked", finished_at=now)


@transaction.atomic
def take_back(*, actor: User, assessment: Assessment, reason: str) -> Assessment:
    """Go on scoring an assessment that waits to be checked."""
    assessment = _locked(assessment)
    _check_may_assess(actor, assessment)
    if assessment.status not in rules.IN_HAND or assessment.finished_at is None:
        raise broken("AS14")
    rules.check_words(reason)
    return _change(assessment, "taken back", reason, finished_at=None)


@transaction.atomic
def check_assessment(
    *, actor: User, assessment: Assessment, agreed: bool, now: datetime, today: date, reason: str = ""
) -> Assessment:
    """A supervisor agrees, and it goes to the regional unit; or does not, and it goes back to its assessor."""
    assessment = _locked(assessment)
    label = assessment.label
    rules.check_may_check(
        actor,
        owner=label.owner.code,
        audience=label.audience,
        took_part={*assessment.took_part, *_assessor(assessment)},
    )
    if assessment.status not in rules.IN_HAND or assessment.finished_at is None:
        raise broken("AS14")
    _check_threat_open(assessment)
    _took_part(assessment, actor)
    if not agreed:
        rules.check_words(reason)
        return _change(assessment, "not agreed by the check", reason, finished_at=None)
    model = _model_of(assessment)
    values = selectors.values_of(selectors.scores_of(assessment, Side.ASSESSOR))
    evidence = selectors.as_said(selectors.evidence_of(assessment))
    _seal(
        assessment,
        Side.ASSESSOR,
        by=assessment.assessor or actor,
        now=now,
        model=model,
        values=values,
        on=today,
        evidence=evidence,
    )
    return _change(
        assessment,
        "submitted",
        reason or "Checked and submitted",
        status=Status.SUBMITTED,
        checked_by=actor,
        submitted_at=now,
        due_on=selectors.due_on(today),
        moderator=None,
        taken_up_at=None,
        second_asked_at=None,
        outcome="",
    )


@transaction.atomic
def withdraw_assessment(*, actor: User, assessment: Assessment, reason: str, now: datetime) -> Assessment:
    """End one that is not decided and that nobody has taken up: it stays on the record as not moderated."""
    assessment = _locked(assessment)
    _check_may_assess(actor, assessment)
    if assessment.status not in {*rules.IN_HAND, Status.SUBMITTED}:
        raise broken("AS25")
    rules.check_words(reason)
    return _change(assessment, "withdrawn", reason, status=Status.NOT_MODERATED, decided_at=now)


# The regional unit's side


@transaction.atomic
def take_up(*, actor: User, assessment: Assessment, now: datetime) -> Assessment:
    """A moderator takes an assessment out of the queue, and scores it blind."""
    assessment = _locked(assessment)
    rules.check_may_moderate(actor, selectors.case_of(assessment, own_scores_saved=False))
    if assessment.status != Status.SUBMITTED:
        raise broken("AM4")
    with _lent(assessment):
        return _change(
            assessment,
            "taken up",
            "Taken up to be moderated",
            status=Status.IN_MODERATION,
            moderator=actor,
            taken_up_at=now,
        )


@transaction.atomic
def put_back(*, actor: User, assessment: Assessment, reason: str) -> Assessment:
    """A moderator who has not scored yet gives it back to the queue."""
    assessment = _in_moderation(assessment, actor=actor, scored=False)
    rules.check_words(reason)
    with _lent(assessment):
        return _change(assessment, "put back", reason, status=Status.SUBMITTED, moderator=None, taken_up_at=None)


@transaction.atomic
def score_blind(
    *, actor: User, assessment: Assessment, values: Values, now: datetime, why: Mapping[str, str] | None = None
) -> Assessment:
    """Keep the moderator's own scores, once: from then on both sides are shown and neither changes."""
    assessment = _in_moderation(assessment, actor=actor, scored=False)
    model = _model_of(assessment)
    rules.check_values(model, values)
    rules.check_complete(model, values, why=why or {}, cited=None, threat_type=assessment.threat_type)
    with _lent(assessment):
        _keep_scores(assessment, model, {}, values, why or {}, side=Side.MODERATOR)
        evidence = selectors.as_said(selectors.evidence_of(assessment))
        on = (assessment.submitted_at or now).astimezone(clock.LONDON).date()
        _seal(assessment, Side.MODERATOR, by=actor, now=now, model=model, values=values, on=on, evidence=evidence)
        _note(assessment, Operation.ALTERATION, "scored by the moderator")
    return assessment


@transaction.atomic
def moderate(
    *, actor: User, assessment: Assessment, outcome: str, reasons: Mapping[str, str] | None = None, now: datetime
) -> Assessment:
    """Decide: as submitted, or with changes and a reason for each. A change of tier waits for a second moderator.

    As submitted, the force's scores stand; with changes, the moderator's do. Both are kept.
    """
    assessment = _in_moderation(assessment, actor=actor, scored=True)
    if assessment.second_asked_at is not None:
        raise broken(
            "AM9", was=_tier_in_words(assessment, Side.ASSESSOR), now=_tier_in_words(assessment, Side.MODERATOR)
        )
    _check_threat_open(assessment)
    theirs, own = _both_sides(assessment)
    if outcome == Outcome.AS_SUBMITTED:
        return _decide(assessment, actor=actor, sheet=_sheet(assessment, Side.ASSESSOR), outcome=outcome, now=now)
    if outcome != Outcome.WITH_CHANGES:
        raise broken("AM20", "outcome")
    changed = rules.differences(theirs, own)
    if not changed:
        raise broken("AM21", "outcome")
    said = check_reasons(_model_of(assessment), assessment.threat_type, theirs, own, reasons or {})
    assessor, moderator = _sheet(assessment, Side.ASSESSOR), _sheet(assessment, Side.MODERATOR)
    if rules.tier_change_wants_second(was=assessor.tier, now=moderator.tier):
        with _lent(assessment):
            return _change(
                assessment,
                "second moderator asked",
                "The tier changes: a second moderator is asked",
                second_asked_at=now,
                outcome=outcome,
                reasons=said,
            )
    return _decide(assessment, actor=actor, sheet=moderator, outcome=outcome, now=now, reasons=said)


@transaction.atomic
def second(*, actor: User, assessment: Assessment, agreed: bool, now: datetime, reason: str = "") -> Assessment:
    """The second moderator agrees to the change of tier, or gives it back to the first with a reason."""
    assessment = _locked(assessment)
    if assessment.status != Status.IN_MODERATION or assessment.second_asked_at is None:
        raise broken("AM12")
    rules.check_second(actor, selectors.case_of(assessment, own_scores_saved=True))
    _check_threat_open(assessment)
    if not agreed:
        rules.check_words(reason)
        with _lent(assessment):
            return _change(assessment, "second moderator did not agree", reason, second_asked_at=None, outcome="")
    return _decide(
        assessment,
        actor=actor,
        sheet=_sheet(assessment, Side.MODERATOR),
        outcome=Outcome.WITH_CHANGES,
        now=now,
        reasons=assessment.reasons,
        second_moderator=actor,
    )


@transaction.atomic
def return_assessment(*, actor: User, assessment: Assessment, missing: str, now: datetime) -> Assessment:
    """Send it back to its owner, saying what is missing. A new round begins with the force's scores and evidence."""
    assessment = _in_moderation(assessment, actor=actor, scored=None)
    rules.check_words(missing, code="AM11", field="missing")
    with _lent(assessment):
        scores = selectors.scores_of(assessment, Side.ASSESSOR)
        evidence = selectors.evidence_of(assessment)
        following = assessment.round + 1
        _change(
            assessment,
            "returned",
            missing,
            status=Status.RETURNED,
            outcome=Outcome.RETURNED,
            round=following,
            finished_at=None,
            checked_by=None,
            submitted_at=None,
            due_on=None,
            second_asked_at=None,
            reasons={},
        )
        CriterionScore.objects.bulk_create([_fresh(CriterionScore, each, round=following) for each in scores.values()])
        CriterionEvidence.objects.bulk_create([_fresh(CriterionEvidence, each, round=following) for each in evidence])
    return assessment


@transaction.atomic
def appeal(*, actor: User, assessment: Assessment, why: str, now: datetime) -> Appeal:
    """The owner appeals, once, against a decision that stands."""
    assessment = _locked(assessment)
    label = assessment.label
    if not may_appeal(actor, assessment):
        raise broken("AM15")
    if assessment.status != Status.MODERATED or assessment.moderator_id is None:
        raise broken("AM14")
    if selectors.appeal_of(assessment) is not None:
        raise broken("AM13")
    rules.check_words(why, field="why")
    made = Appeal.objects.create(label=label, assessment=assessment, made_by=actor, made_at=now, why=why)
    _note(assessment, Operation.ALTERATION, "appealed against", why=why)
    return made


def may_appeal(actor: User, assessment: Assessment) -> bool:
    """Those who assess, or manage the threat, for the organisation that owns it."""
    own = actor.organisation_id == assessment.label.owner_id
    return own and (rules.may(actor, rules.ASSESS) or rules.may(actor, rules.MANAGE_THREATS))


@transaction.atomic
def decide_appeal(*, actor: User, appeal: Appeal, stands: bool, answer: str, now: datetime, today: date) -> Appeal:
    """The head of the assessment unit lets the decision stand, or has it moderated again by somebody else.

    Moderated again is a new assessment with the force's scores, in the queue. The old decision stands until then.
    """
    found = Appeal.objects.select_for_update(of=("self",)).filter(pk=appeal.pk).first()
    if found is None:
        raise NotThere
    assessment = _locked(found.assessment)
    if not rules.may(actor, rules.DECIDE_APPEAL):
        raise broken("AM16")
    if actor.pk in {assessment.moderator_id, assessment.second_moderator_id, *assessment.took_part}:
        raise broken("AM17")
    if found.decided_at is not None:
        raise broken("AM18")
    rules.check_words(answer, field="answer")
    with _lent(assessment):
        found.decided_by, found.decided_at, found.stands, found.answer = actor, now, stands, answer
        found.save(update_fields=["decided_by", "decided_at", "stands", "answer"])
        if not stands:
            _moderate_again(assessment, because=answer, now=now, today=today)
        _note(assessment, Operation.ALTERATION, "appeal decided", stands=stands, why=answer)
    return found


# Work that was done elsewhere or is keyed in as a whole


@transaction.atomic
def record_submitted(
    *,
    actor: User,
    threat: "Threat | None",
    values: Values,
    evidence: Sequence[Evidence],
    checked_by: User,
    now: datetime,
    today: date,
    kind: str = Kind.TACTICAL,
    soc: bool = True,
    why: Mapping[str, str] | None = None,
    themed: Themed | None = None,
    model: AssessmentModel | None = None,
) -> Assessment:
    """Keep a whole assessment that was scored, checked and sent: all of the rules, in one call.

    Raises:
        RuleBroken: the first rule of scoring, checking or sending that it breaks.
    """
    label = _label_to_assess(actor, threat, themed, today=today)
    rules.check_may_check(checked_by, owner=label.owner.code, audience=label.audience, took_part={actor.pk})
    used = model or selectors.current_model(kind, on=today)
    if used is None or used.kind != kind or (kind == Kind.TACTICAL) != (threat is not None):
        raise broken("AS20", "model")
    scoring = selectors.model_by_pk(used.pk)
    for each in evidence:
        check_evidence(scoring, each, today=today)
    cited = {key for each in evidence for key in each.keys}
    rules.check_values(scoring, values)
    threat_type = threat.threat_type if threat else ""
    rules.check_complete(scoring, values, why=why or {}, cited=cited, threat_type=threat_type)
    already = _open_already(threat, themed)
    if already is not None:
        raise broken("AS11", reference=already)
    assessment = Assessment.objects.create(
        label=label,
        reference=_next_reference(),
        threat=threat,
        threat_type=threat_type,
        theme=themed.theme if themed else "",
        area=themed.area if themed else None,
        year=themed.year if themed else None,
        kind=kind,
        model=used,
        soc=soc,
        status=Status.SUBMITTED,
        assessor=actor,
        took_part=[actor.pk, checked_by.pk],
        finished_at=now,
        checked_by=checked_by,
        submitted_at=now,
        due_on=selectors.due_on(today),
        because="Checked and submitted",
    )
    _keep_scores(assessment, scoring, {}, values, why or {})
    if evidence:
        CriterionEvidence.objects.bulk_create(_evidence_rows(assessment, evidence))
    _seal(assessment, Side.ASSESSOR, by=actor, now=now, model=scoring, values=values, on=today, evidence=evidence)
    _note(assessment, Operation.COLLECTION, "submitted", model=used.code, checked_by=checked_by.pk)
    return assessment


@transaction.atomic
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
    """Keep a whole moderation: the moderator's own scores and the decision. `values=None` are the force's own.

    Raises:
        RuleBroken: AM1 to AM4 for who may not or when it is not waiting; AM8 without a reason for a changed criterion;
            AM9 or AM10 where the tier changes and no second moderator stands for it.
    """
    assessment = _locked(assessment)
    case = selectors.case_of(assessment, own_scores_saved=False)
    rules.check_may_moderate(actor, case)
    if assessment.status != Status.SUBMITTED:
        raise broken("AM4")
    _check_threat_open(assessment)
    model = _model_of(assessment)
    scores = selectors.scores_of(assessment, Side.ASSESSOR)
    theirs = selectors.values_of(scores)
    own = theirs if values is None else {**theirs, **values}
    said_why = {key: each.why for key, each in scores.items()} | dict(why or {})
    if values is not None:
        rules.check_values(model, own)
        rules.check_complete(model, own, why=said_why, cited=None, threat_type=assessment.threat_type)
    changed = rules.differences(theirs, own)
    said = check_reasons(model, assessment.threat_type, theirs, own, reasons or {})
    assessor = _sheet(assessment, Side.ASSESSOR)
    assessment.moderator, assessment.taken_up_at = actor, now
    with _lent(assessment):
        _keep_scores(assessment, model, {}, own, said_why, side=Side.MODERATOR)
        sheet = _sealed_like(assessment, assessor, by=actor, now=now, model=model, values=own)
    wants_second = rules.tier_change_wants_second(was=assessor.tier, now=sheet.tier)
    if wants_second:
        if second_moderator is None:
            raise broken("AM9", was=assessor.tier, now=sheet.tier)
        rules.check_second(second_moderator, replace(case, moderator=actor.pk))
    return _decide(
        assessment,
        actor=actor,
        sheet=sheet if changed else assessor,
        outcome=Outcome.WITH_CHANGES if changed else Outcome.AS_SUBMITTED,
        now=now,
        reasons=said,
        second_moderator=second_moderator if wants_second else None,
    )


@transaction.atomic
def record_from_elsewhere(
    *,
    actor: User,
    threat: "Threat",
    reference: str,
    status: str,
    tier: str,
    soc: bool,
    reason: str,
    decided_at: datetime,
    harm: Decimal | None = None,
    likelihood: Decimal | None = None,
    risk: Decimal | None = None,
    priority: Decimal | None = None,
    confidence: int | None = None,
) -> Assessment:
    """Keep what the national system says of a threat's assessment, where no scores came with it.

    `status` is MODERATED or NOT_MODERATED. What stood before is superseded; the threat's own tier is not changed here.
    """
    rules.check_may_record_elsewhere(actor, owner=threat.label.owner.code, audience=threat.label.audience)
    if status not in {Status.MODERATED, Status.NOT_MODERATED}:
        raise broken("AM20", "status")
    rules.check_words(reason)
    _supersede(threat, because=reason)
    made = Assessment.objects.create(
        label=threat.label,
        reference=_next_reference(),
        threat=threat,
        threat_type=threat.threat_type,
        kind=Kind.TACTICAL,
        soc=soc,
        status=status,
        decided_at=decided_at,
        harm=harm,
        likelihood=likelihood,
        risk=risk,
        priority=priority,
        tier=tier,
        confidence=confidence,
        elsewhere=reference,
        because=reason,
    )
    _note(made, Operation.COLLECTION, "recorded from elsewhere", elsewhere=reference, why=reason)
    return made


def relabel(threat: "Threat", old: AccessLabel, new: AccessLabel, reason: str) -> None:
    """What stands on a threat takes the threat's label; what is narrower stays so."""
    ids = list(Assessment.objects.filter(threat=threat).values_list("pk", flat=True))
    Assessment.objects.filter(pk__in=ids, label=old).update(label=new, because=reason)
    for part in (CriterionScore, CriterionEvidence, ScoreSheet, Appeal):
        part.objects.filter(assessment_id__in=ids, label=old).update(label=new)


# Checks that need more than rules know


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
    """The reason for each criterion on which the sides differ. Raises `RuleBroken` AM8 for one that is missing."""
    said = {}
    for key in rules.differences(theirs, own):
        reason = reasons.get(key, "").strip()
        facts = {
            "name": model.by_key[key].named(threat_type).lower(),
            "was": in_words(theirs.get(key)),
            "now": in_words(own.get(key)),
        }
        rules.check_words(reason, code="AM8", field=f"reason-{key}", **facts)
        said[key] = reason
    return said


def in_words(value: int | None) -> str:
    return "unknown" if value is None else str(value)


# How it is written


def _next_reference() -> str:
    """From the sequence and never from a count: each reader counts only what they may see."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('assessments_reference')")
        (number,) = cursor.fetchone()
    return f"ASM-{number:06d}"


def _label_to_assess(actor: User, threat: "Threat | None", themed: Themed | None, *, today: date) -> AccessLabel:
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


def _open_already(threat: "Threat | None", themed: Themed | None) -> str | None:
    found = Assessment.objects.filter(status__in=rules.OPEN)
    if threat is not None:
        found = found.filter(threat=threat)
    elif themed is not None:
        found = found.filter(theme=themed.theme, area=themed.area, year=themed.year)
    return found.values_list("reference", flat=True).first()


def _locked(assessment: Assessment) -> Assessment:
    found = (
        Assessment.objects.select_for_update(of=("self",))
        .select_related(
            "threat__owner", "threat__label__owner", "label__owner", "label__compartment", "label__agreement"
        )
        .filter(pk=assessment.pk)
        .first()
    )
    if found is None:
        raise NotThere
    return found


def _to_score(assessment: Assessment, *, actor: User) -> Assessment:
    """The draft, locked and read again, once it is sure that this person may score it now."""
    assessment = _locked(assessment)
    _check_may_assess(actor, assessment)
    if assessment.status not in rules.IN_HAND:
        raise broken("AS10")
    if assessment.finished_at is not None:
        raise broken("AS28")
    _check_threat_open(assessment)
    return assessment


def _in_moderation(assessment: Assessment, *, actor: User, scored: bool | None) -> Assessment:
    """The assessment, locked, for the moderator who took it up. `scored`: whether own scores must be there or not."""
    assessment = _locked(assessment)
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


def _check_may_assess(actor: User, assessment: Assessment) -> None:
    rules.check_may_assess(actor, owner=assessment.label.owner.code, audience=assessment.label.audience)


def _check_threat_open(assessment: Assessment) -> None:
    if assessment.threat is not None and assessment.threat.closed_on is not None:
        raise broken("AS3")


def _assessor(assessment: Assessment) -> tuple[int, ...]:
    return () if assessment.assessor_id is None else (assessment.assessor_id,)


def _took_part(assessment: Assessment, actor: User) -> None:
    if actor.pk not in assessment.took_part:
        assessment.took_part = [*assessment.took_part, actor.pk]
        assessment.save(update_fields=["took_part"])


def _model_of(assessment: Assessment) -> Model:
    if assessment.model_id is None:
        raise NotThere
    return selectors.model_by_pk(assessment.model_id)


def _keep_scores(
    assessment: Assessment,
    model: Model,
    held: Mapping[str, CriterionScore],
    values: Values,
    why: Mapping[str, str],
    *,
    side: str = Side.ASSESSOR,
) -> None:
    new = []
    for key, value in values.items():
        row = held.get(key)
        said = why.get(key, row.why if row else "").strip()
        if row is None:
            section = model.by_key[key].section
            new.append(
                CriterionScore(
                    label=assessment.label,
                    assessment=assessment,
                    side=side,
                    round=assessment.round,
                    section=section,
                    key=key,
                    value=value,
                    why=said,
                )
            )
        elif (row.value, row.why) != (value, said):
            row.value, row.why = value, said
            row.save(update_fields=["value", "why"])
    if new:
        CriterionScore.objects.bulk_create(new)


def _evidence_rows(assessment: Assessment, evidence: Iterable[Evidence]) -> list[CriterionEvidence]:
    """A row a criterion. A record of the picture is one the assessor may see; its row is as narrow as the record."""
    evidence = tuple(evidence)
    labels = _labels_with_events(assessment.label, {each.event for each in evidence if each.event is not None})
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


def _labels_with_events(label: AccessLabel, events: Collection[int]) -> Mapping[int, AccessLabel]:
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


def _seal(
    assessment: Assessment,
    side: str,
    *,
    by: User,
    now: datetime,
    model: Model,
    values: Values,
    on: date,
    evidence: Iterable[Evidence],
) -> ScoreSheet:
    return _write_sheet(
        assessment,
        side,
        by=by,
        now=now,
        scored=rules.score(model, values),
        confidence=confidence_of(model, evidence, on=on).level,
    )


def _sealed_like(
    assessment: Assessment, assessor: ScoreSheet, *, by: User, now: datetime, model: Model, values: Values
) -> ScoreSheet:
    """The moderator's sheet: the evidence is the assessor's, and so is the confidence it gives."""
    scored = rules.score(model, values)
    return _write_sheet(assessment, Side.MODERATOR, by=by, now=now, scored=scored, confidence=assessor.confidence)


def _write_sheet(
    assessment: Assessment, side: str, *, by: User, now: datetime, scored: Scored, confidence: int
) -> ScoreSheet:
    return ScoreSheet.objects.create(
        label=assessment.label,
        assessment=assessment,
        side=side,
        round=assessment.round,
        by=by,
        at=now,
        tier=scored.tier,
        floored=scored.floored,
        confidence=confidence,
        **{name: _stored(getattr(scored, name)) for name in RESULTS},
    )


def _stored(value: Fraction | None) -> Decimal | None:
    return None if value is None else rounded(value, places=6)


def _sheet(assessment: Assessment, side: str) -> ScoreSheet:
    found = selectors.sheet_of(assessment, side)
    if found is None:
        raise broken("AM6")
    return found


def _both_sides(assessment: Assessment) -> tuple[Values, Values]:
    found: dict[str, dict[str, int | None]] = {Side.ASSESSOR: {}, Side.MODERATOR: {}}
    scores = CriterionScore.objects.filter(assessment=assessment, round=assessment.round).order_by("pk")
    for side, key, value in scores.values_list("side", "key", "value"):
        found[side][key] = value
    return found[Side.ASSESSOR], found[Side.MODERATOR]


def _tier_in_words(assessment: Assessment, side: str) -> str:
    return _sheet(assessment, side).tier or "no tier"


def _decide(
    assessment: Assessment,
    *,
    actor: User,
    sheet: ScoreSheet,
    outcome: str,
    now: datetime,
    reasons: Mapping[str, str] | None = None,
    second_moderator: User | None = None,
) -> Assessment:
    """Make one side's sheet what stands, supersede what stood, and give the threat its tier."""
    because = f"{rules.OUTCOME_NAMES[outcome]}: {assessment.reference}"
    with _lent(assessment):
        if assessment.threat is not None:
            _supersede(assessment.threat, because=f"Superseded by {assessment.reference}", but=assessment.pk)
        elif assessment.kind == Kind.THEMATIC:
            _supersede_themed(assessment, because=f"Superseded by {assessment.reference}")
        _change(
            assessment,
            "moderated",
            because,
            status=Status.MODERATED,
            outcome=outcome,
            decided_at=now,
            moderator=assessment.moderator,
            taken_up_at=assessment.taken_up_at,
            second_moderator=second_moderator,
            reasons=dict(reasons or {}),
            tier=sheet.tier,
            confidence=sheet.confidence,
            floored=sheet.floored,
            **{name: getattr(sheet, name) for name in RESULTS},
        )
    if assessment.threat is not None and sheet.tier and assessment.threat.tier != sheet.tier:
        threats.set_tier_from_moderation(threat=assessment.threat, tier=sheet.tier, reason=because)
    return assessment


def _supersede(threat: "Threat", *, because: str, but: int | None = None) -> None:
    stood = Assessment.objects.filter(threat=threat, kind=Kind.TACTICAL).exclude(pk=but or 0)
    standing = stood.filter(status=Status.MODERATED) | stood.filter(status=Status.NOT_MODERATED).exclude(elsewhere="")
    standing.update(status=Status.SUPERSEDED, because=because)


def _supersede_themed(assessment: Assessment, *, because: str) -> None:
    stood = Assessment.objects.filter(
        kind=Kind.THEMATIC,
        theme=assessment.theme,
        area_id=assessment.area_id,
        year=assessment.year,
        status=Status.MODERATED,
    )
    stood.exclude(pk=assessment.pk).update(status=Status.SUPERSEDED, because=because)


def _moderate_again(assessment: Assessment, *, because: str, now: datetime, today: date) -> Assessment:
    """The force's scores once more in the queue. Whoever moderated it before took part, and does not again."""
    before = [pk for pk in (assessment.moderator_id, assessment.second_moderator_id) if pk is not None]
    again = Assessment.objects.create(
        label=assessment.label,
        reference=_next_reference(),
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
        took_part=[*assessment.took_part, *before],
        finished_at=now,
        checked_by_id=assessment.checked_by_id,
        submitted_at=now,
        due_on=selectors.due_on(today),
        again_for=assessment,
        because=because,
    )
    sheet = _sheet(assessment, Side.ASSESSOR)
    scores, evidence = selectors.scores_of(assessment, Side.ASSESSOR).values(), selectors.evidence_of(assessment)
    CriterionScore.objects.bulk_create([_fresh(CriterionScore, each, assessment=again, round=1) for each in scores])
    CriterionEvidence.objects.bulk_create(
        [_fresh(CriterionEvidence, each, assessment=again, round=1) for each in evidence]
    )
    ScoreSheet.objects.bulk_create([_fresh(ScoreSheet, sheet, assessment=again, round=1)])
    _note(again, Operation.COLLECTION, "moderated again after an appeal", of=assessment.reference, why=because)
    return again


def _fresh[Row: CriterionScore | CriterionEvidence | ScoreSheet](model: type[Row], row: Row, **change: Any) -> Row:
    """The same facts as a new row: its key and its stamps are the database's to give."""
    without = {"id", "recorded_from", "recorded_by", "recorded_in", *(f"{name}_id" for name in change), *change}
    facts = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return model(**{name: value for name, value in facts.items() if name not in without}, **change)


@contextmanager
def _lent(assessment: Assessment) -> Iterator[None]:
    """Let a moderator write rows of a label that they only read: that its owner sent it is the permission."""
    acting = scope.current()
    if acting is None or assessment.label_id in acting.writes:
        yield
        return
    with scope.lent(assessment.label_id):
        yield


def _change(assessment: Assessment, change: str, reason: str, **values: Any) -> Assessment:
    for name, value in values.items():
        setattr(assessment, name, value)
    assessment.because = reason
    assessment.save(update_fields=[*values, "because"])
    _note(assessment, Operation.ALTERATION, change, why=reason)
    return assessment


def _note(assessment: Assessment, operation: Operation, change: str, **details: Any) -> None:
    """What was done, and never a score: the ledger is read by people who must not know one yet."""
    about = {"reference": assessment.reference, "change": change, **details}
    if assessment.threat is not None:
        about["threat"] = assessment.threat.reference
    audit.note(operation, assessment, **about)
