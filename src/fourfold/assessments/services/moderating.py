"""The regional unit's side: taken up, scored blind, decided; and appeals."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from fourfold.assessments import rules, selectors
from fourfold.assessments.models import Appeal, Assessment, CriterionEvidence, CriterionScore
from fourfold.assessments.rules import Outcome, Side, Status, Values, broken
from fourfold.assessments.services.writing import (
    alter,
    as_new,
    both_sides,
    check_reasons,
    check_threat_open,
    decide,
    in_moderation,
    keep_scores,
    lent,
    locked,
    model_of_assessment,
    moderate_again,
    note,
    seal,
    sheet_of_side,
)
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User


@transaction.atomic
def take_up(*, actor: User, assessment: Assessment, now: datetime) -> Assessment:
    """A moderator takes an assessment out of the queue, and scores it blind."""
    assessment = locked(assessment, lend=True)
    rules.check_may_moderate(actor, selectors.case_of(assessment, own_scores_saved=False))
    if assessment.status != Status.SUBMITTED:
        raise broken("AM4")
    with lent(assessment):
        return alter(
            assessment,
            "taken up",
            "Taken up to be moderated",
            status=Status.IN_MODERATION,
            moderator=actor,
            taken_up_at=now,
        )


@transaction.atomic
def put_back(*, actor: User, assessment: Assessment, reason: str) -> Assessment:
    """A moderator who has not finished scoring gives it back to the queue; what they chose goes with them."""
    assessment = in_moderation(assessment, actor=actor, scored=False)
    rules.check_words(reason)
    with lent(assessment):
        blank = CriterionScore.objects.filter(assessment=assessment, side=Side.MODERATOR, round=assessment.round)
        blank.update(value=None, why="")
        return alter(assessment, "put back", reason, status=Status.SUBMITTED, moderator=None, taken_up_at=None)


@transaction.atomic
def keep_blind(
    *, actor: User, assessment: Assessment, values: Values, why: Mapping[str, str] | None = None
) -> Assessment:
    """Keep what the moderator has chosen so far. The force's scores stay hidden."""
    assessment = in_moderation(assessment, actor=actor, scored=False)
    model = model_of_assessment(assessment)
    rules.check_values(model, values)
    with lent(assessment):
        keep_scores(
            assessment, model, selectors.scores_of(assessment, Side.MODERATOR), values, why or {}, side=Side.MODERATOR
        )
        note(assessment, Operation.ALTERATION, "moderator's scores kept")
    return assessment


@transaction.atomic
def score_blind(
    *, actor: User, assessment: Assessment, values: Values, now: datetime, why: Mapping[str, str] | None = None
) -> Assessment:
    """Keep the moderator's own scores for good: from then on both sides are shown and neither changes."""
    assessment = in_moderation(assessment, actor=actor, scored=False)
    model = model_of_assessment(assessment)
    rules.check_values(model, values)
    held = selectors.scores_of(assessment, Side.MODERATOR)
    said = {key: text for key, (_, text) in selectors.said_in(held).items()} | dict(why or {})
    rules.check_complete(model, values, why=said, cited=None, threat_type=assessment.threat_type)
    with lent(assessment):
        keep_scores(assessment, model, held, values, said, side=Side.MODERATOR)
        confidence = sheet_of_side(assessment, Side.ASSESSOR).confidence
        seal(assessment, Side.MODERATOR, by=actor, now=now, model=model, values=values, confidence=confidence)
        note(assessment, Operation.ALTERATION, "scored by the moderator")
    return assessment


@transaction.atomic
def moderate(
    *, actor: User, assessment: Assessment, outcome: str, reasons: Mapping[str, str] | None = None, now: datetime
) -> Assessment:
    """Decide: as submitted, or with changes and a reason for each. A change of tier waits for a second moderator.

    As submitted, the force's scores stand; with changes, the moderator's do. Both are kept.
    """
    assessment = in_moderation(assessment, actor=actor, scored=True)
    assessor, own_sheet = sheet_of_side(assessment, Side.ASSESSOR), sheet_of_side(assessment, Side.MODERATOR)
    if assessment.second_asked_at is not None:
        raise broken("AM9", was=assessor.tier, now=own_sheet.tier)
    check_threat_open(assessment)
    theirs, own = both_sides(assessment)
    if outcome not in {Outcome.AS_SUBMITTED, Outcome.WITH_CHANGES}:
        raise broken("AM20", "outcome")
    assessment.outcome = outcome
    if outcome == Outcome.AS_SUBMITTED:
        return decide(assessment, sheet=assessor, now=now)
    if not rules.differences(theirs, own):
        raise broken("AM21", "outcome")
    model = model_of_assessment(assessment)
    assessment.reasons = check_reasons(model, assessment.threat_type, theirs, own, reasons or {})
    if not rules.tier_change_wants_second(was=assessor.tier, now=own_sheet.tier):
        return decide(assessment, sheet=own_sheet, now=now)
    with lent(assessment):
        return alter(
            assessment,
            "second moderator asked",
            "The tier changes: a second moderator is asked",
            second_asked_at=now,
            outcome=outcome,
            reasons=assessment.reasons,
        )


@transaction.atomic
def second(*, actor: User, assessment: Assessment, agreed: bool, now: datetime, reason: str = "") -> Assessment:
    """The second moderator agrees to the change of tier, or gives it back to the first with a reason."""
    assessment = locked(assessment, lend=True)
    if assessment.status != Status.IN_MODERATION or assessment.second_asked_at is None:
        raise broken("AM12")
    rules.check_second(actor, selectors.case_of(assessment, own_scores_saved=True))
    check_threat_open(assessment)
    if not agreed:
        rules.check_words(reason)
        with lent(assessment):
            return alter(assessment, "second moderator did not agree", reason, second_asked_at=None, outcome="")
    assessment.second_moderator = actor
    return decide(assessment, sheet=sheet_of_side(assessment, Side.MODERATOR), now=now)


@transaction.atomic
def return_assessment(*, actor: User, assessment: Assessment, missing: str, now: datetime) -> Assessment:
    """Send it back to its owner, saying what is missing. A new round begins with the force's scores and evidence."""
    assessment = in_moderation(assessment, actor=actor, scored=None)
    rules.check_words(missing, code="AM11", field="missing")
    with lent(assessment):
        scores = selectors.scores_of(assessment, Side.ASSESSOR)
        evidence = selectors.evidence_of(assessment)
        following = assessment.round + 1
        alter(
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
        CriterionScore.objects.bulk_create([as_new(CriterionScore, each, round=following) for each in scores.values()])
        CriterionEvidence.objects.bulk_create([as_new(CriterionEvidence, each, round=following) for each in evidence])
    return assessment


@transaction.atomic
def appeal(*, actor: User, assessment: Assessment, why: str, now: datetime) -> Appeal:
    """The owner appeals, once, against a decision that stands."""
    assessment = locked(assessment)
    label = assessment.label
    if not may_appeal(actor, assessment):
        raise broken("AM15")
    if assessment.status != Status.MODERATED or assessment.moderator_id is None:
        raise broken("AM14")
    if selectors.appeal_of(assessment) is not None:
        raise broken("AM13")
    rules.check_words(why, field="why")
    made = Appeal.objects.create(label=label, assessment=assessment, made_by=actor, made_at=now, why=why)
    note(assessment, Operation.ALTERATION, "appealed against", why=why)
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
    with lent(appeal.assessment):
        found = Appeal.objects.select_for_update(of=("self",)).filter(pk=appeal.pk).first()
    if found is None:
        raise NotThere
    assessment = locked(found.assessment, lend=True)
    if not rules.may(actor, rules.DECIDE_APPEAL):
        raise broken("AM16")
    if actor.pk in {assessment.moderator_id, assessment.second_moderator_id, *assessment.took_part}:
        raise broken("AM17")
    if found.decided_at is not None:
        raise broken("AM18")
    rules.check_words(answer, field="answer")
    with lent(assessment):
        found.decided_by, found.decided_at, found.stands, found.answer = actor, now, stands, answer
        found.save(update_fields=["decided_by", "decided_at", "stands", "answer"])
        if not stands:
            moderate_again(assessment, because=answer, now=now, today=today)
        note(assessment, Operation.ALTERATION, "appeal decided", stands=stands, why=answer)
    return found
