"""The force's side: a draft, its scores and evidence, the check by somebody else, and sending it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from fourfold.assessments import rules, selectors
from fourfold.assessments.models import Assessment, AssessmentModel, CriterionEvidence
from fourfold.assessments.rules import Evidence, Kind, Side, Status, Values, broken
from fourfold.assessments.services.writing import (
    Themed,
    add_to_scorers,
    alter,
    check_evidence,
    check_may_assess,
    check_threat_open,
    evidence_rows,
    keep_scores,
    label_to_assess,
    locked,
    model_of_assessment,
    next_reference,
    note,
    open_already,
    seal,
    to_score,
    with_one_more,
)
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


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
    label = label_to_assess(actor, threat, themed, today=today)
    used = model or selectors.current_model(kind, on=today)
    if used is None or used.kind != kind or used.effective_from > today:
        raise broken("AS20", "model")
    already = open_already(threat, themed)
    if already is not None and threat is not None:
        raise broken("AS11", reference=already)
    if already is not None and themed is not None:
        raise broken("AS24", "theme", what=themed.theme, year=themed.year, reference=already)
    assessment = Assessment.objects.create(
        label=label,
        reference=next_reference(),
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
        scored_by=[actor.pk],
        took_part=[actor.pk],
        because="Assessment begun",
    )
    note(assessment, Operation.COLLECTION, "assessment begun", model=used.code)
    return assessment


@transaction.atomic
def save_scores(
    *,
    actor: User,
    assessment: Assessment,
    values: Values,
    why: Mapping[str, str] | None = None,
    first: Mapping[str, tuple[int | None, str]] | None = None,
) -> Assessment:
    """Keep what is chosen so far.

    Args:
        actor: Who scores.
        assessment: A draft, or one that was returned.
        values: Score by criterion; None is unknown. Criteria left out stay as they are.
        why: Why it is unknown, or what the score rests on, by criterion.
        first: Scores and reasons that this person's form showed when it was opened. What somebody else has changed
            since is kept beside what this person changed; where both changed one criterion, AS26 refuses the whole.
    """
    assessment = to_score(assessment, actor=actor)
    model = model_of_assessment(assessment)
    rules.check_values(model, values)
    said = why or {}
    if any(len(text) > rules.REASON_LIMIT for text in said.values()):
        raise broken("AS27", limit=rules.REASON_LIMIT)
    held = selectors.scores_of(assessment, Side.ASSESSOR)
    theirs = selectors.said_in(held)
    mine = {key: (value, said.get(key, theirs.get(key, (None, ""))[1]).strip()) for key, value in values.items()}
    joined, clash = rules.merged(first=theirs if first is None else first, mine=mine, theirs=theirs)
    if clash:
        raise broken("AS26", f"score-{clash[0]}")
    chosen, reasons = (
        {key: value for key, (value, _) in joined.items()},
        {key: text for key, (_, text) in joined.items()},
    )
    keep_scores(assessment, model, held, chosen, reasons)
    add_to_scorers(assessment, actor)
    note(assessment, Operation.ALTERATION, "scores kept")
    return assessment


@transaction.atomic
def cite(*, actor: User, assessment: Assessment, evidence: Evidence, today: date) -> tuple[CriterionEvidence, ...]:
    """Cite one graded record for one or more criteria."""
    assessment = to_score(assessment, actor=actor)
    model = model_of_assessment(assessment)
    check_evidence(model, evidence, today=today)
    rows = evidence_rows(assessment, (evidence,))
    CriterionEvidence.objects.bulk_create(rows)
    add_to_scorers(assessment, actor)
    note(assessment, Operation.ALTERATION, "evidence cited", record=evidence.reference, criteria=list(evidence.keys))
    return tuple(rows)


@transaction.atomic
def withdraw_evidence(*, actor: User, assessment: Assessment, pk: int) -> None:
    """No longer cite a record for a criterion."""
    assessment = to_score(assessment, actor=actor)
    found = CriterionEvidence.objects.filter(assessment=assessment, round=assessment.round, pk=pk).first()
    if found is None:
        raise NotThere
    found.withdrawn = True
    found.save(update_fields=["withdrawn"])
    add_to_scorers(assessment, actor)
    note(assessment, Operation.ALTERATION, "evidence withdrawn", record=found.reference, criteria=[found.key])


@transaction.atomic
def submit_assessment(*, actor: User, assessment: Assessment, now: datetime) -> Assessment:
    """Send a complete draft to be checked by somebody else of the owner's side."""
    assessment = to_score(assessment, actor=actor)
    model = model_of_assessment(assessment)
    scores = selectors.scores_of(assessment, Side.ASSESSOR)
    rules.check_complete(
        model,
        selectors.values_of(scores),
        why={key: each.why for key, each in scores.items()},
        cited={each.key for each in selectors.evidence_of(assessment)},
        threat_type=assessment.threat_type,
    )
    add_to_scorers(assessment, actor)
    return alter(assessment, "sent to be checked", "Sent to be checked", finished_at=now)


@transaction.atomic
def take_back(*, actor: User, assessment: Assessment, reason: str) -> Assessment:
    """Go on scoring an assessment that waits to be checked."""
    assessment = locked(assessment)
    check_may_assess(actor, assessment)
    if assessment.status not in rules.IN_HAND or assessment.finished_at is None:
        raise broken("AS14")
    rules.check_words(reason)
    return alter(assessment, "taken back", reason, finished_at=None)


@transaction.atomic
def check_assessment(
    *, actor: User, assessment: Assessment, agreed: bool, now: datetime, today: date, reason: str = ""
) -> Assessment:
    """A supervisor agrees, and it goes to the regional unit; or does not, and it goes back to its assessor."""
    assessment = locked(assessment)
    label = assessment.label
    rules.check_may_check(
        actor,
        owner=label.owner.code,
        audience=label.audience,
        scored_by=assessment.scored_by,
    )
    if assessment.status not in rules.IN_HAND or assessment.finished_at is None:
        raise broken("AS14")
    check_threat_open(assessment)
    took_part = with_one_more(assessment.took_part, actor)
    if not agreed:
        rules.check_words(reason)
        return alter(assessment, "not agreed by the check", reason, finished_at=None, took_part=took_part)
    model = model_of_assessment(assessment)
    values = selectors.values_of(selectors.scores_of(assessment, Side.ASSESSOR))
    evidence = selectors.as_said(selectors.evidence_of(assessment))
    confidence = rules.confidence(model, evidence, on=today).level
    scorer = assessment.assessor or actor
    seal(assessment, Side.ASSESSOR, by=scorer, now=now, model=model, values=values, confidence=confidence)
    return alter(
        assessment,
        "submitted",
        reason or "Checked and submitted",
        status=Status.SUBMITTED,
        checked_by=actor,
        took_part=took_part,
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
    assessment = locked(assessment)
    check_may_assess(actor, assessment)
    if assessment.status not in {*rules.IN_HAND, Status.SUBMITTED}:
        raise broken("AS25")
    rules.check_words(reason)
    return alter(assessment, "withdrawn", reason, status=Status.NOT_MODERATED, decided_at=now)
