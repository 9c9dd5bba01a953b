"""Reviews that two people sign, and what a colleague of another organisation makes of a plan."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from fourfold.plans import rules, selectors
from fourfold.plans.models import Action, PeerReview, Plan, Review
from fourfold.plans.rules import Prompt, State, VersionKind
from fourfold.plans.services.writing import leave_version, locked, locked_plan, note, save, to_write
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may


@transaction.atomic
def begin_review(*, actor: User, plan: Plan, prompt: str, looked_at: str, today: date) -> Review:
    """Begin a joint review of an adopted plan. It is complete when both have signed."""
    plan = to_write(plan, actor=actor)
    if plan.state != State.ADOPTED:
        raise rules.broken("PN20")
    if prompt not in list(Prompt):
        raise rules.broken("PN42", "prompt")
    rules.check_words(looked_at, code="PN21", field="looked_at", words=rules.REVIEW_WORDS)
    if selectors.open_review(plan) is not None:
        raise rules.broken("PN33")
    for role, person in (
        ("lead responsible officer", plan.threat.lro_id),
        ("senior investigating officer", plan.threat.sio_id),
    ):
        if person is None:
            raise rules.broken("PN38", role=role)
    review = Review.objects.create(
        label=plan.label, plan=plan, prompt=prompt, looked_at=looked_at.strip(), begun_by=actor, begun_on=today
    )
    note(Operation.ALTERATION, review, plan, "review begun", prompt=prompt)
    return review


@transaction.atomic
def sign_review(*, actor: User, review: Review, today: date, seen_digest: str = "") -> Review:
    """Sign a review for the LRO or as SIO. The second signature completes it and leaves a version.

    A signature is for the plan as it stood: where the plan changed after the first, the first has to be given again.

    Args:
        seen_digest: Names the plan that the signer read; empty where no form was open.
    """
    plan = review.plan
    if not may(actor, rules.SIGN) or not rules.may_write_for(
        actor, owner=plan.threat.owner.code, audience=plan.label.audience
    ):
        raise rules.broken("PN18")
    plan = locked_plan(plan)
    review = locked(Review, review.pk)
    whole = selectors.whole(plan)
    content = selectors.content_of(whole)
    digest = selectors.digest_of(content)
    if seen_digest and seen_digest != digest:
        raise rules.broken("PN41")
    _drop_stale_signatures(review, digest)
    role = rules.check_next_signature(
        actor=actor.pk,
        roles=rules.signs_as(
            actor=actor.pk, lro=plan.threat.lro_id, deputy=plan.threat.deputy_id, sio=plan.threat.sio_id
        ),
        lro_signed=review.lro_signed_by_id,
        sio_signed=review.sio_signed_by_id,
    ).lower()
    setattr(review, f"{role}_signed_by", actor)
    setattr(review, f"{role}_signed_on", today)
    setattr(review, f"{role}_digest", digest)
    save(review, *SIGNATURES)
    note(Operation.ALTERATION, review, plan, "review signed", role=role.upper())
    if review.lro_signed_by_id is not None and review.sio_signed_by_id is not None:
        return _complete(review, plan, whole, content, actor=actor, today=today)
    return review


def _complete(
    review: Review, plan: Plan, whole: selectors.Whole, content: Mapping[str, Any], *, actor: User, today: date
) -> Review:
    version = leave_version(
        plan,
        whole,
        content,
        actor=actor,
        kind=VersionKind.REVIEWED,
        why=f"{rules.PROMPT_NAMES[Prompt(review.prompt)]}. {review.looked_at}",
        today=today,
        reviewed_on=today,
    )
    review.completed_on, review.version = today, version.number
    save(review, "completed_on", "version")
    return review


SIGNATURES = ("lro_signed_by", "lro_signed_on", "lro_digest", "sio_signed_by", "sio_signed_on", "sio_digest")


def _drop_stale_signatures(review: Review, digest: str) -> None:
    if review.completed_on is not None:
        return
    for role in ("lro", "sio"):
        if getattr(review, f"{role}_signed_by_id") and getattr(review, f"{role}_digest") != digest:
            setattr(review, f"{role}_signed_by", None)
            setattr(review, f"{role}_signed_on", None)
            setattr(review, f"{role}_digest", "")


@transaction.atomic
def peer_review(*, actor: User, plan: Plan, good: str, better: str, today: date) -> PeerReview:
    """Say what is good and what could be better in a plan one has no part in."""
    threat = plan.threat
    if not may(actor, rules.PEER_REVIEW) or not rules.may_write_for(
        actor, owner=threat.owner.code, audience=plan.label.audience
    ):
        raise rules.broken("PN24")
    plan = locked_plan(plan)
    owns = Action.objects.filter(plan=plan, owner=actor).exists()
    if owns or actor.pk in {plan.author_id, threat.lro_id, threat.deputy_id, threat.sio_id}:
        raise rules.broken("PN23")
    rules.check_words(good, code="PN40", field="good", words=rules.REASON_WORDS)
    rules.check_words(better, code="PN40", field="better", words=rules.REASON_WORDS)
    made = PeerReview.objects.create(
        label=plan.label, plan=plan, reviewer=actor, reviewed_on=today, good=good.strip(), better=better.strip()
    )
    note(Operation.ALTERATION, made, plan, "peer reviewed")
    return made


@transaction.atomic
def answer_peer_review(*, actor: User, peer_review: PeerReview, answer: str, today: date) -> PeerReview:
    plan = to_write(peer_review.plan, actor=actor)
    made = locked(PeerReview, peer_review.pk)
    if made.answered_on is not None:
        raise rules.broken("PN43")
    rules.check_words(answer, code="PN40", field="answer", words=rules.REASON_WORDS)
    made.answer, made.answered_by, made.answered_on = answer.strip(), actor, today
    save(made, "answer", "answered_by", "answered_on")
    note(Operation.ALTERATION, made, plan, "peer review answered")
    return made
