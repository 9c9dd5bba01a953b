"""Every change to a plan: checked, written, marked by the lint and noted in one transaction."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, models, transaction

from fourfold.plans import rules, selectors
from fourfold.plans.models import (
    Action,
    Aim,
    AimReading,
    Answer,
    Asked,
    CalendarAddress,
    Consultation,
    PeerReview,
    Plan,
    PlanVersion,
    Reminder,
    Report,
    Review,
    Section,
    Shared,
)
from fourfold.plans.rules import AimState, P, Part, Prompt, State, Status, VersionKind
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.people.rules import may
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.services import label_for

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


@transaction.atomic
def draft_plan(*, actor: User, threat: "Threat", today: date) -> Plan:
    """Begin the plan of a threat. It has one."""
    return write_plan(actor=actor, threat=threat, content=rules.PlanContent(), today=today)


@transaction.atomic
def write_plan(*, actor: User, threat: "Threat", content: rules.PlanContent, today: date) -> Plan:
    """A whole plan at once: sections, aims, actions and consultations, marked by the lint. Raises `RuleBroken`."""
    rules.check_may_write(actor, owner=threat.owner.code, audience=threat.label.audience)
    rules.check_open(state=State.DRAFT, threat_closed_on=threat.closed_on)
    if Plan.objects.filter(threat=threat).exists():
        raise rules.broken("PN4")
    words = selectors.words(on=today)
    _check_content(content, today=today)
    plan = Plan(
        label=threat.label,
        threat=threat,
        reference=_next_reference(),
        state=State.DRAFT,
        author=actor,
        begun_on=today,
        score=0,
    )
    parts = {"plan": plan, "label": plan.label}
    aims = [Aim(position=at, **parts, **vars(said)) for at, said in enumerate(content.aims, start=1)]
    agencies = _agencies(content.actions, under=threat.label, today=today)
    actions = []
    for number, said in enumerate(content.actions, start=1):
        action = Action(number=number, **parts)
        _say(action, said, aim=aims[said.aim - 1] if said.aim else None, agencies=agencies)
        actions.append(action)
    _mark(plan, words, today=today, aims=aims, actions=actions, consulted=len(content.consultations))
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError as same:
        if ONE_PLAN not in str(same.__cause__):
            raise
        raise rules.broken("PN4") from same
    _add_all([Section(part=part, text=text, **parts) for part, text in content.sections.items() if text.strip()])
    _add_all(aims)
    _add_all(actions)
    _add_all([Consultation(**parts, **vars(said)) for said in content.consultations])
    _refresh(plan)
    _note(Operation.COLLECTION, plan, plan, "begun", aims=len(aims), actions=len(actions), score=plan.score)
    return plan


@transaction.atomic
def write_plans(*, actor: User, entries: Iterable[tuple["Threat", rules.PlanContent]], today: date) -> tuple[Plan, ...]:
    """Plans of several threats at once: all of them, or none where one breaks a rule."""
    return tuple(write_plan(actor=actor, threat=threat, content=said, today=today) for threat, said in entries)


def _check_content(content: rules.PlanContent, *, today: date) -> None:
    for part, text in content.sections.items():
        rules.check_section(part, text)
    if len(content.aims) > rules.AIMS_AT_MOST:
        raise rules.broken("PN8", limit=rules.AIMS_AT_MOST)
    for aim in content.aims:
        rules.check_aim(aim)
    tactics = selectors.known_tactics(said.tactic for said in content.actions)
    for said in content.actions:
        rules.check_action(said, tactics=tactics, aims=range(1, len(content.aims) + 1), today=today)
    for consultation in content.consultations:
        rules.check_consultation(consultation, today=today)


@transaction.atomic
def write_section(
    *, actor: User, plan: Plan, part: str, text: str, today: date, seen: datetime | None = None
) -> Section:
    """Write one section. `seen` is when the section was as the form showed it; a new section has none."""
    plan = _to_write(plan, actor=actor)
    rules.check_section(part, text)
    found = Section.objects.select_for_update(of=("self",)).filter(plan=plan, part=part).first()
    if found is None:
        section = Section.objects.create(label=plan.label, plan=plan, part=part, text=text.strip())
        before = ""
    else:
        section, before = found, found.text
        rules.check_unchanged(seen=seen, recorded_from=section.recorded_from)
        section.text = text.strip()
        _save(section, "text")
    _note(Operation.ALTERATION, section, plan, "section written", part=part, before=before, after=section.text)
    return section


@transaction.atomic
def add_aim(*, actor: User, plan: Plan, said: rules.AimSaid, today: date) -> Aim:
    plan = _to_write(plan, actor=actor)
    rules.check_aim(said)
    known = list(Aim.objects.filter(plan=plan).values_list("position", "state"))
    if sum(state == AimState.OPEN for _, state in known) >= rules.AIMS_AT_MOST:
        raise rules.broken("PN8", limit=rules.AIMS_AT_MOST)
    position = max((position for position, _ in known), default=0) + 1
    aim = Aim.objects.create(label=plan.label, plan=plan, position=position, **vars(said))
    _rescore(plan, today=today)
    _note(Operation.ALTERATION, aim, plan, "aim added", aim=position, after=said.text)
    return aim


@transaction.atomic
def change_aim(
    *,
    actor: User,
    aim: Aim,
    said: rules.AimSaid,
    today: date,
    state: str = AimState.OPEN,
    seen: datetime | None = None,
) -> Aim:
    plan = _to_write(aim.plan, actor=actor)
    aim = _locked(Aim, aim.pk)
    rules.check_unchanged(seen=seen, recorded_from=aim.recorded_from)
    rules.check_aim(said)
    changed = _change(aim, {**vars(said), "state": AimState(state).value})
    _rescore(plan, today=today)
    _note(Operation.ALTERATION, aim, plan, "aim changed", aim=aim.position, **changed)
    return aim


@transaction.atomic
def add_reading(*, actor: User, aim: Aim, value: Decimal, read_on: date, source: str, today: date) -> AimReading:
    """Say what an aim's measure reads on a day."""
    plan = _to_write(aim.plan, actor=actor)
    rules.check_not_later(read_on, field="read_on", today=today)
    rules.check_length(source, field="source", what="the source", limit=rules.SHORT_LIMIT)
    reading = AimReading.objects.create(label=plan.label, aim=aim, value=value, read_on=read_on, source=source.strip())
    _note(Operation.ALTERATION, reading, plan, "measure read", aim=aim.position, value=str(value), read_on=read_on)
    return reading


@transaction.atomic
def add_action(*, actor: User, plan: Plan, said: rules.ActionSaid, today: date) -> Action:
    plan = _to_write(plan, actor=actor)
    aims = _aims_by_position(plan)
    rules.check_action(said, tactics=selectors.known_tactics([said.tactic]), aims=aims, today=today)
    last = Action.objects.filter(plan=plan).aggregate(last=models.Max("number"))["last"] or 0
    action = Action(label=plan.label, plan=plan, number=last + 1)
    agencies = _agencies([said], under=plan.label, today=today)
    _say(action, said, aim=aims.get(said.aim or 0), agencies=agencies)
    action.save()
    _rescore(plan, today=today)
    _note(Operation.ALTERATION, action, plan, "action added", action=action.number, after=said.title)
    return action


@transaction.atomic
def change_action(
    *, actor: User, action: Action, said: rules.ActionSaid, today: date, seen: datetime | None = None
) -> Action:
    """Change anything in an action, its status included."""
    plan = _to_write(action.plan, actor=actor)
    action = _locked(Action, action.pk)
    rules.check_unchanged(seen=seen, recorded_from=action.recorded_from)
    aims = _aims_by_position(plan)
    known = selectors.known_tactics([said.tactic]) | {action.tactic}
    rules.check_action(said, tactics=known, aims=aims, today=today)
    before = {name: _plain(getattr(action, name)) for name in ACTION_COLUMNS}
    agencies = _agencies([said], under=plan.label, today=today, kept=action.owner_id)
    _say(action, said, aim=aims.get(said.aim or 0), agencies=agencies)
    after = {name: _plain(getattr(action, name)) for name in ACTION_COLUMNS}
    changed = [name for name in ACTION_COLUMNS if before[name] != after[name]]
    if changed:
        _save(action, *changed, "words", "keys")
        _rescore(plan, today=today)
    _note(
        Operation.ALTERATION,
        action,
        plan,
        "action changed",
        action=action.number,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    return action


@transaction.atomic
def report_action(
    *,
    actor: User,
    action: Action,
    status: str,
    today: date,
    reason: str = "",
    result: str = "",
    evidence: str = "",
    done_on: date | None = None,
    seen: datetime | None = None,
) -> Action:
    """Say where an action stands: its owner does, or whoever may write the plan."""
    plan = action.plan
    is_own = actor.pk == action.owner_id and (may(actor, rules.WRITE) or may(actor, rules.ACT))
    if not (is_own and rules.may_write_for(actor, owner=plan.threat.owner.code, audience=plan.label.audience)):
        rules.check_may_write(actor, owner=plan.threat.owner.code, audience=plan.label.audience)
    plan = _locked_plan(plan)
    action = _locked(Action, action.pk)
    rules.check_unchanged(seen=seen, recorded_from=action.recorded_from)
    rules.check_report(status=status, reason=reason, result=result, done_on=done_on, today=today)
    changed = _change(
        action,
        {
            "status": Status(status).value,
            "status_reason": reason.strip(),
            "result": result.strip(),
            "evidence": evidence.strip() or action.evidence,
            "done_on": done_on if status == Status.DONE else None,
        },
    )
    _rescore(plan, today=today)
    _note(Operation.ALTERATION, action, plan, "action reported", action=action.number, **changed)
    return action


@transaction.atomic
def consult(*, actor: User, plan: Plan, said: rules.ConsultationSaid, today: date) -> Consultation:
    """Record that a partner was asked, and what changed because of it."""
    plan = _to_write(plan, actor=actor)
    rules.check_consultation(said, today=today)
    made = Consultation.objects.create(label=plan.label, plan=plan, **vars(said))
    _rescore(plan, today=today)
    _note(Operation.ALTERATION, made, plan, "partner consulted", partner=said.partner)
    return made


@transaction.atomic
def adopt_plan(*, actor: User, plan: Plan, why: str, today: date, seen_digest: str = "") -> PlanVersion:
    """Adopt a plan: its next version. Never by who wrote it, leads it or changed it since the version before.

    Args:
        seen_digest: Names the plan that the approver read; empty where no form was open.
    """
    plan = _locked_plan(plan)
    threat = plan.threat
    rules.check_may_approve(
        actor,
        owner=threat.owner.code,
        audience=plan.label.audience,
        is_involved=actor.pk in {plan.author_id, threat.lro_id, threat.deputy_id, threat.sio_id}
        or selectors.changed_by_since_version(plan, actor),
    )
    rules.check_words(why, code="PN40", field="why", words=rules.REASON_WORDS)
    whole = selectors.whole(plan)
    rules.check_adoptable(aims=len(whole.aims), actions=len(whole.actions))
    content = selectors.content_of(whole)
    if seen_digest and seen_digest != selectors.digest_of(content):
        raise rules.broken("PN41")
    return _leave_version(
        plan,
        whole,
        content,
        actor=actor,
        kind=VersionKind.ADOPTED,
        why=why,
        today=today,
        state=State.ADOPTED,
        approved_by=actor,
        approved_on=today,
    )


@transaction.atomic
def adopt_plans(*, actor: User, plans: Iterable[Plan], why: str, today: date) -> tuple[PlanVersion, ...]:
    """Adopt several plans at once: all of them, or none where one may not be."""
    return tuple(adopt_plan(actor=actor, plan=plan, why=why, today=today) for plan in plans)


@transaction.atomic
def begin_review(*, actor: User, plan: Plan, prompt: str, looked_at: str, today: date) -> Review:
    """Begin a joint review of an adopted plan. It is complete when both have signed."""
    plan = _to_write(plan, actor=actor)
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
    _note(Operation.ALTERATION, review, plan, "review begun", prompt=prompt)
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
    plan = _locked_plan(plan)
    review = _locked(Review, review.pk)
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
    _save(review, *SIGNATURES)
    _note(Operation.ALTERATION, review, plan, "review signed", role=role.upper())
    if review.lro_signed_by_id is not None and review.sio_signed_by_id is not None:
        return _complete(review, plan, whole, content, actor=actor, today=today)
    return review


def _complete(
    review: Review, plan: Plan, whole: selectors.Whole, content: Mapping[str, Any], *, actor: User, today: date
) -> Review:
    version = _leave_version(
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
    _save(review, "completed_on", "version")
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
    plan = _locked_plan(plan)
    owns = Action.objects.filter(plan=plan, owner=actor).exists()
    if owns or actor.pk in {plan.author_id, threat.lro_id, threat.deputy_id, threat.sio_id}:
        raise rules.broken("PN23")
    rules.check_words(good, code="PN40", field="good", words=rules.REASON_WORDS)
    rules.check_words(better, code="PN40", field="better", words=rules.REASON_WORDS)
    made = PeerReview.objects.create(
        label=plan.label, plan=plan, reviewer=actor, reviewed_on=today, good=good.strip(), better=better.strip()
    )
    _note(Operation.ALTERATION, made, plan, "peer reviewed")
    return made


@transaction.atomic
def answer_peer_review(*, actor: User, peer_review: PeerReview, answer: str, today: date) -> PeerReview:
    plan = _to_write(peer_review.plan, actor=actor)
    made = _locked(PeerReview, peer_review.pk)
    if made.answered_on is not None:
        raise rules.broken("PN43")
    rules.check_words(answer, code="PN40", field="answer", words=rules.REASON_WORDS)
    made.answer, made.answered_by, made.answered_on = answer.strip(), actor, today
    _save(made, "answer", "answered_by", "answered_on")
    _note(Operation.ALTERATION, made, plan, "peer review answered")
    return made


@transaction.atomic
def close_plan(*, actor: User, plan: Plan, learned: str, today: date) -> Plan:
    """Close a plan with what was learnt from it. Everything in it stays."""
    plan = _to_write(plan, actor=actor)
    rules.check_words(learned, code="PN40", field="learned", words=rules.REASON_WORDS)
    write_section(actor=actor, plan=plan, part=Part.DEBRIEF, text=learned, today=today)
    whole = selectors.whole(plan)
    _leave_version(
        plan,
        whole,
        selectors.content_of(whole),
        actor=actor,
        kind=VersionKind.CLOSED,
        why=learned.strip(),
        today=today,
        state=State.CLOSED,
        closed_on=today,
    )
    return plan


@transaction.atomic
def close_merged_plan(*, actor: User, threat: "Threat", into: "Threat", reason: str, today: date) -> Plan | None:
    """Close the plan of a threat that goes on in another; its open actions are then offered to the other's plan.

    Whoever may merge the threat does so. Gives None where there is no open plan.
    """
    found = selectors.plan_of(threat)
    if found is None or found.state == State.CLOSED:
        return None
    plan = _locked_plan(found)
    whole = selectors.whole(plan)
    _leave_version(
        plan,
        whole,
        selectors.content_of(whole),
        actor=actor,
        kind=VersionKind.CLOSED,
        why=f"The threat goes on in {into.reference}. {reason}",
        today=today,
        state=State.CLOSED,
        closed_on=today,
    )
    return plan


@transaction.atomic
def take_over_actions(
    *, actor: User, plan: Plan, chosen: Iterable[int], today: date, leave_out: bool = False, why: str = ""
) -> tuple[Action, ...]:
    """Take actions over that came free when their threat was merged into this plan's, or leave them out and say why.

    Each says in its own plan what became of it. An owner who has left, or may not read this plan, is not taken along.
    The merge is the permission to write in the plan that closed with it.

    Args:
        chosen: Keys of actions that are offered (`selectors.offered_to`).
    """
    plan = _to_write(plan, actor=actor)
    wanted = set(chosen)
    offered = [each for each in selectors.offered_to(plan.threat) if each.pk in wanted]
    if not wanted or len(offered) < len(wanted):
        raise rules.broken("PN45", "chosen")
    if leave_out:
        rules.check_words(why, code="PN40", field="why", words=rules.REASON_WORDS)
    owners = {each.owner_id for each in offered if each.owner is not None and each.owner.is_active}
    reading = selectors.readers(plan.label, {pk for pk in owners if pk is not None}, today=today)
    taken = []
    for each in offered:
        reason = f"Not taken over by {plan.reference}: {why.strip()}"
        if not leave_out:
            said = selectors.said_again(each, owner=each.owner_id if each.owner_id in reading else None)
            taken.append(_add_taken(plan, each, said, actor=actor, today=today))
            reason = f"Taken over as action {taken[-1].number} of {plan.reference}"
        with scope.lent(each.label_id):
            changed = _change(each, {"status": Status.CANCELLED.value, "status_reason": reason})
        _note(Operation.ALTERATION, each, each.plan, "action left after a merge", action=each.number, **changed)
    return tuple(taken)


def _add_taken(plan: Plan, was: Action, said: rules.ActionSaid, *, actor: User, today: date) -> Action:
    """`add_action`, for one whose tactic may have left the menu since."""
    rules.check_action(said, tactics=frozenset({said.tactic}), aims=(), today=today)
    last = Action.objects.filter(plan=plan).aggregate(last=models.Max("number"))["last"] or 0
    action = Action(label=plan.label, plan=plan, number=last + 1)
    _say(action, said, aim=None, agencies=_agencies([said], under=plan.label, today=today))
    action.save()
    _rescore(plan, today=today)
    _note(
        Operation.ALTERATION,
        action,
        plan,
        "action taken over",
        action=action.number,
        after=said.title,
        was=f"action {was.number} of {was.plan.reference}",
    )
    return action


@transaction.atomic
def reopen_plan(*, actor: User, plan: Plan, why: str, today: date) -> Plan:
    """Open a closed plan of an open threat again, as a draft to be adopted. Its versions stay."""
    rules.check_may_write(actor, owner=plan.threat.owner.code, audience=plan.label.audience)
    plan = _locked(Plan, plan.pk)
    rules.check_open(state=State.DRAFT, threat_closed_on=plan.threat.closed_on)
    if plan.state != State.CLOSED:
        raise rules.broken("PN46")
    rules.check_words(why, code="PN40", field="why", words=rules.REASON_WORDS)
    changed = _change(plan, {"state": State.DRAFT.value, "closed_on": None, "approved_by": None, "approved_on": None})
    _rescore(plan, today=today)
    _note(Operation.ALTERATION, plan, plan, "reopened", why=why, **changed)
    return plan


def _leave_version(
    plan: Plan,
    whole: selectors.Whole,
    content: Mapping[str, Any],
    *,
    actor: User,
    kind: VersionKind,
    why: str,
    today: date,
    **changes: Any,
) -> PlanVersion:
    words = selectors.words(on=today)
    for name, value in changes.items():
        setattr(plan, name, value)
    plan.version += 1
    plan.tier_reviewed = plan.threat.tier
    plan.next_review_on = (
        None if kind is VersionKind.CLOSED else rules.next_review(from_on=today, days=words.cycle(plan.threat.tier))
    )
    _mark(plan, words, today=today, aims=whole.aims, actions=whole.actions, consulted=len(whole.consultations))
    _save(plan, "version", "tier_reviewed", "next_review_on", "score", "failed", *changes)
    version = PlanVersion.objects.create(
        label=plan.label,
        plan=plan,
        number=plan.version,
        kind=kind,
        content=dict(content),
        digest=selectors.digest_of(content),
        why=why.strip(),
        made_by=actor,
        made_on=today,
        next_review_on=plan.next_review_on,
        score=plan.score,
        failed=plan.failed,
    )
    _note(Operation.ALTERATION, plan, plan, rules.VERSION_NAMES[kind].lower(), version=plan.version, why=why)
    return version


# ---- with other organisations ---------------------------------------------------------------------------------------


@transaction.atomic
def share_summary(*, actor: User, plan: Plan, organisation: Organisation, title: str, text: str, today: date) -> Shared:
    """Let one organisation read a summary and nothing else of the plan. What it read before is ended."""
    plan = _to_write(plan, actor=actor)
    label = _label_for_partner(plan, organisation)
    for what, value in (("title", title), ("text", text)):
        if not value.strip():
            raise rules.broken("PN35", what)
    rules.check_length(title, field="title", what="the title", limit=rules.TITLE_LIMIT)
    rules.check_length(text, field="text", what="the summary")
    _end_all(Shared.objects.filter(plan=plan, organisation=organisation, ended_on=None), today=today)
    made = Shared.objects.create(
        label=label,
        plan=plan,
        organisation=organisation,
        title=title.strip(),
        text=text.strip(),
        shared_by=actor,
        shared_on=today,
    )
    _note(Operation.DISCLOSURE, made, plan, "summary shared", to=organisation.code)
    return made


@transaction.atomic
def stop_sharing(*, actor: User, shared: Shared, today: date) -> None:
    plan = _to_write(shared.plan, actor=actor)
    _end_all(Shared.objects.filter(pk=shared.pk, ended_on=None), today=today)
    _note(Operation.ALTERATION, shared, plan, "sharing ended", to=shared.organisation.code)


@transaction.atomic
def ask_partner(
    *, actor: User, action: Action, organisation: Organisation, title: str, text: str, due_on: date | None, today: date
) -> Asked:
    """Ask an organisation to do an action. It reads what is written here and nothing else of the plan."""
    plan = _to_write(action.plan, actor=actor)
    label = _label_for_partner(plan, organisation)
    if not title.strip():
        raise rules.broken("PN35", "title")
    rules.check_length(title, field="title", what="the title", limit=rules.TITLE_LIMIT)
    rules.check_length(text, field="text", what="what is asked")
    _end_all(Asked.objects.filter(action=action, organisation=organisation, ended_on=None), today=today)
    made = Asked.objects.create(
        label=label,
        action=action,
        organisation=organisation,
        title=title.strip(),
        text=text.strip(),
        due_on=due_on,
        asked_by=actor,
        asked_on=today,
    )
    _note(Operation.DISCLOSURE, made, plan, "partner asked", to=organisation.code, action=action.number)
    return made


@transaction.atomic
def report_asked(
    *, actor: User, asked: Asked, status: str, text: str, today: date, done_on: date | None = None
) -> Report:
    """Somebody of the organisation that was asked says where it stands. Its own organisation owns the report."""
    if not may(actor, rules.ACT) or asked.organisation_id != actor.organisation_id:
        raise rules.broken("PN36")
    return _report(
        actor, asked.action_id, asked.label, status=status, text=text, done_on=done_on, today=today, asked=asked.pk
    )


@transaction.atomic
def report_from_elsewhere(
    *, actor: User, action: Action, status: str, text: str, today: date, done_on: date | None = None
) -> Report:
    """The owner of an action who may not write its plan, being of another force, says where it stands."""
    if action.owner_id != actor.pk:
        raise rules.broken("PN36")
    rules.check_open(state=action.plan.state, threat_closed_on=action.plan.threat.closed_on)
    return _report(actor, action.pk, action.label, status=status, text=text, done_on=done_on, today=today)


def _report(
    actor: User,
    action: int,
    label: AccessLabel,
    *,
    status: str,
    text: str,
    done_on: date | None,
    today: date,
    **details: Any,
) -> Report:
    rules.check_report(status=status, reason=text, result=text, done_on=done_on, today=today)
    rules.check_words(text, code="PN40", field="text", words=rules.REASON_WORDS)
    own = label_for(
        owner=actor.organisation,
        audience="NAMED",
        marking=label.marking,
        compartment=label.compartment,
        named=[label.owner],
    )
    made = Report.objects.create(
        label=own,
        action_id=action,
        reported_by=actor,
        reported_on=today,
        status=Status(status).value,
        text=text.strip(),
        done_on=done_on if status == Status.DONE else None,
    )
    audit.note(Operation.COLLECTION, made, change="action reported from elsewhere", **details)
    return made


@transaction.atomic
def answer_report(
    *, actor: User, action: Action, report: Report, is_taken_up: bool, today: date, why: str = ""
) -> Answer:
    """Take a report up into the action, or say why not."""
    plan = _to_write(action.plan, actor=actor)
    if Answer.objects.filter(report=report).exists():
        raise rules.broken("PN37")
    if not is_taken_up:
        rules.check_words(why, code="PN40", field="why", words=rules.REASON_WORDS)
    else:
        is_done = report.status == Status.DONE
        report_action(
            actor=actor,
            action=action,
            status=report.status,
            reason="" if is_done else report.text,
            result=report.text if is_done else action.result,
            done_on=report.done_on,
            today=today,
        )
    made = Answer.objects.create(
        label=plan.label, report=report, is_taken_up=is_taken_up, why=why.strip(), answered_by=actor, answered_on=today
    )
    _note(Operation.ALTERATION, made, plan, "report answered", action=action.number, taken_up=is_taken_up, why=why)
    return made


def _label_for_partner(plan: Plan, organisation: Organisation) -> AccessLabel:
    if organisation.pk == plan.label.owner_id:
        raise rules.broken("PN34", "organisation")
    return label_for(
        owner=plan.label.owner,
        audience="NAMED",
        marking=plan.label.marking,
        compartment=plan.label.compartment,
        named=[organisation],
    )


def _end_all[Row: (Shared, Asked)](rows: models.QuerySet[Row], *, today: date) -> None:
    for row in rows:
        row.ended_on = today
        row.save(update_fields=["ended_on"])


def relabel(threat: "Threat", old: AccessLabel, new: AccessLabel, reason: str) -> None:
    """A plan and its parts follow their threat to another label; what partners read follows to the same circle."""
    plan = Plan.objects.filter(threat=threat).first()
    if plan is None:
        return
    aims = Aim.objects.filter(plan=plan).values("pk")
    rows: tuple[models.QuerySet[Any], ...] = (
        Section.objects.filter(plan=plan, label=old),
        Aim.objects.filter(plan=plan, label=old),
        Action.objects.filter(plan=plan, label=old),
        Consultation.objects.filter(plan=plan, label=old),
        Review.objects.filter(plan=plan, label=old),
        PeerReview.objects.filter(plan=plan, label=old),
        PlanVersion.objects.filter(plan=plan, label=old),
        Reminder.objects.filter(plan=plan, label=old),
        AimReading.objects.filter(aim__in=aims, label=old),
        Answer.objects.filter(report__action__plan=plan, label=old),
        Plan.objects.filter(pk=plan.pk, label=old),
    )
    _relabel_partners(plan, old, new)
    for found in rows:
        found.update(label=new)


def _relabel_partners(plan: Plan, old: AccessLabel, new: AccessLabel) -> None:
    """What partners read is the new owner's, and what they reported and nobody answered is for the new owner to read.

    Who takes a threat over reads none of it before, so its labels are lent for this.
    """
    between = models.Q(owner=old.owner_id) | models.Q(named=old.owner_id)
    labels = AccessLabel.objects.filter(between, audience="NAMED").values_list("pk", flat=True)
    with scope.lent(*labels, unread=True):
        for partners in (Shared.objects.filter(plan=plan), Asked.objects.filter(action__plan=plan)):
            for row in partners.select_related("organisation"):
                named = row.organisation if row.organisation_id != new.owner_id else old.owner
                _put_under(row, owner=new.owner, like=new, named=named)
        waiting = Report.objects.filter(action__plan=plan, answer=None)
        for report in waiting.select_related("label__owner", "reported_by__organisation"):
            owner = report.label.owner
            named = new.owner if owner != new.owner else old.owner
            _put_under(report, owner=owner, like=new, named=named)


def _put_under(row: Shared | Asked | Report, *, owner: Organisation, like: AccessLabel, named: Organisation) -> None:
    row.label = label_for(
        owner=owner, audience="NAMED", marking=like.marking, compartment=like.compartment, named=[named]
    )
    with scope.lent(row.label.pk, unread=True):
        row.save(update_fields=["label"])


# ---- reminders ------------------------------------------------------------------------------------------------------


@transaction.atomic
def remind(*, today: date) -> tuple[Reminder, ...]:
    """Make today's reminders and pass on what is long overdue; safe to run twice. Returns those that are new."""
    words = selectors.words(on=today)
    rule = words.rule("REMINDERS")
    before = sorted(int(each) for each in rule.words("days_before")) or [1, 7]
    to_lro, to_sro = rule.number("to_lro_after", 7), rule.number("to_sro_after", 14)
    horizon = today + timedelta(days=max(before))
    wanted: list[Reminder] = []
    soon = selectors.open_actions().filter(due_on__lte=horizon).select_related("plan__label", "plan__threat__lro")
    for action in soon:
        if action.due_on is None:
            continue
        wanted += _reminders_for(action, before, to_lro=to_lro, to_sro=to_sro, today=today)
    due = selectors.plans().filter(state=State.ADOPTED, threat__closed_on=None, next_review_on__lte=horizon)
    for plan in due:
        wanted += _review_reminders(plan, before, to_sro=to_lro, today=today)
    made = []
    for each in wanted:
        found, is_new = Reminder.objects.get_or_create(
            plan=each.plan,
            action=each.action,
            user=each.user,
            kind=each.kind,
            due_on=each.due_on,
            defaults={"label": each.plan.label, "made_on": today},
        )
        if is_new:
            made.append(found)
    audit.note(
        Operation.COMBINATION,
        object_type="plans.reminder",
        change="looked for what is due",
        due=len(wanted),
        made=len(made),
    )
    return tuple(made)


def _reminders_for(
    action: Action, before: Iterable[int], *, to_lro: int, to_sro: int, today: date
) -> Iterable[Reminder]:
    plan, due_on = action.plan, action.due_on
    if due_on is None:
        return
    left = (due_on - today).days
    step = next((days for days in before if left <= days), None)
    told = {"plan": plan, "action": action, "due_on": due_on}
    if action.owner is not None and action.owner.is_active:
        if left < 0:
            yield Reminder(user=action.owner, kind="OVERDUE", **told)
        elif step is not None:
            yield Reminder(user=action.owner, kind=f"DUE_{step}", **told)
    if -left > to_lro and plan.threat.lro is not None:
        yield Reminder(user=plan.threat.lro, kind="TO_LRO", **told)
    if -left > to_sro and plan.approved_by is not None:
        yield Reminder(user=plan.approved_by, kind="TO_SRO", **told)


def _review_reminders(plan: Plan, before: Iterable[int], *, to_sro: int, today: date) -> Iterable[Reminder]:
    due_on = plan.next_review_on
    if due_on is None:
        return
    left = (due_on - today).days
    step = next((days for days in before if left <= days), None)
    told = {"plan": plan, "action": None, "due_on": due_on}
    for user in (plan.threat.lro, plan.threat.sio):
        if user is not None and (left < 0 or step is not None):
            yield Reminder(user=user, kind="REVIEW_OVERDUE" if left < 0 else f"REVIEW_{step}", **told)
    if -left > to_sro and plan.approved_by is not None:
        yield Reminder(user=plan.approved_by, kind="REVIEW_TO_SRO", **told)


@transaction.atomic
def rescore_plans(*, today: date) -> int:
    """Mark every open plan again: days pass, people leave, others write the same words. Returns how many differ."""
    words = selectors.words(on=today)
    looked = changed = 0
    for plan in selectors.plans().exclude(state=State.CLOSED).filter(threat__closed_on=None).iterator(chunk_size=200):
        looked += 1
        before = (plan.score, list(plan.failed))
        _mark_from_rows(plan, words, today=today)
        if (plan.score, list(plan.failed)) != before:
            plan.save(update_fields=["score", "failed"])
            changed += 1
    audit.note(
        Operation.COMBINATION,
        object_type="plans.plan",
        change="held plans against the rules",
        plans=looked,
        changed=changed,
    )
    return changed


# ---- the calendar ---------------------------------------------------------------------------------------------------


@transaction.atomic
def make_calendar_address(*, actor: User, now: datetime) -> str:
    """A new private address of one's calendar; the one before stops working. It is told once and kept as a hash."""
    end_calendar_address(actor=actor, now=now)
    token = secrets.token_urlsafe(32)
    CalendarAddress.objects.create(user=actor, token_hash=hash_of(token), made_at=now)
    audit.note(Operation.ALTERATION, actor, change="calendar address made")
    return token


@transaction.atomic
def end_calendar_address(*, actor: User, now: datetime) -> int:
    ended = CalendarAddress.objects.filter(user=actor, ended_at=None).update(ended_at=now)
    if ended:
        audit.note(Operation.ALTERATION, actor, change="calendar address ended")
    return ended


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def calendar_user(token: str) -> User:
    """Whose calendar an address is. Raises `NotThere` for none, an ended one, and one of somebody who left."""
    found = (
        CalendarAddress.objects.filter(token_hash=hash_of(token), ended_at=None, user__is_active=True)
        .select_related("user__organisation")
        .first()
    )
    if found is None:
        raise NotThere
    return found.user


# ---- how it is done -------------------------------------------------------------------------------------------------

ONE_PLAN = "plans_plan_threat_id_key"

ACTION_COLUMNS = (
    "aim_id",
    "p",
    "title",
    "owner_id",
    "owner_name",
    "agency_id",
    *selectors.KEPT_OF_ACTION,
)


def _next_reference() -> str:
    """From the sequence and never from a count: each reader counts only what they may see."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('plans_reference')")
        (number,) = cursor.fetchone()
    return f"PLN-{number:04d}"


def _to_write(plan: Plan, *, actor: User) -> Plan:
    """The plan, locked, once it is sure that this person may write it and that it is open."""
    rules.check_may_write(actor, owner=plan.threat.owner.code, audience=plan.label.audience)
    rules.check_open(state=plan.state, threat_closed_on=plan.threat.closed_on)
    return _locked_plan(plan)


def _locked_plan(plan: Plan) -> Plan:
    """The plan as it stands now, which nobody else changes until this is done: what is worked out of it stays true."""
    found = selectors.plans().select_for_update(of=("self",)).filter(pk=plan.pk).first()
    if found is None:
        raise NotThere
    rules.check_open(state=found.state, threat_closed_on=found.threat.closed_on)
    return found


def _locked[Row: models.Model](model: type[Row], pk: int) -> Row:
    row = model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotThere
    return row


def _aims_by_position(plan: Plan) -> dict[int, Aim]:
    return {aim.position: aim for aim in Aim.objects.filter(plan=plan)}


def _agencies(
    said: Iterable[rules.ActionSaid], *, under: AccessLabel, today: date, kept: int | None = None
) -> Mapping[int, int]:
    """The organisation of each owner, for actions that name none.

    Refuses a new owner who can sign in no more or may not read the plan: they would never learn what is asked of them.
    """
    owners = {each.owner for each in said if each.owner is not None}
    if not owners:
        return {}
    found = User.objects.filter(pk__in=owners)
    for user in found:
        if not user.is_active and user.pk != kept:
            raise rules.broken("PN39", "owner", name=user.name)
    reading = selectors.readers(under, owners - {kept}, today=today)
    for user in found:
        if user.pk not in reading and user.pk != kept:
            raise rules.broken("PN44", "owner", name=user.name)
    return {user.pk: user.organisation_id for user in found}


def _say(action: Action, said: rules.ActionSaid, *, aim: Aim | None, agencies: Mapping[int, int]) -> None:
    for name in selectors.KEPT_OF_ACTION:
        value = getattr(said, name)
        setattr(action, name, value.strip() if isinstance(value, str) else value)
    action.aim, action.p, action.title = aim, P(said.p).value, said.title.strip()
    action.owner_id, action.owner_name = said.owner, said.owner_name.strip() if said.owner is None else ""
    action.agency_id = said.agency if said.agency is not None else agencies.get(said.owner or 0)
    if action.status != Status.DONE:
        action.done_on = None
    words = selectors.said_by(action)
    action.words, action.keys = len(words), list(rules.keys_of(words))


def _add_all[Row: models.Model](rows: list[Row]) -> None:
    if rows:
        type(rows[0])._default_manager.bulk_create(rows)


def _mark(
    plan: Plan,
    words: selectors.Words,
    *,
    today: date,
    aims: Iterable[Aim],
    actions: Iterable[Action],
    consulted: int,
) -> None:
    facts = selectors.facts_of(plan, aims=tuple(aims), actions=tuple(actions), consulted=consulted, today=today)
    found = rules.lint(facts, words.lint, today=today)
    counted = {rule.code for rule in words.lint if rule.counts}
    plan.score, plan.failed = found.score, [code for code in found.failed if code in counted]


def _mark_from_rows(plan: Plan, words: selectors.Words, *, today: date) -> None:
    _mark(
        plan,
        words,
        today=today,
        aims=Aim.objects.filter(plan=plan).order_by("position"),
        actions=Action.objects.filter(plan=plan).select_related("aim").order_by("number"),
        consulted=Consultation.objects.filter(plan=plan).count(),
    )


def _rescore(plan: Plan, *, today: date) -> None:
    before = (plan.score, list(plan.failed))
    _mark_from_rows(plan, selectors.words(on=today), today=today)
    if (plan.score, list(plan.failed)) != before:
        plan.save(update_fields=["score", "failed"])


def _change(row: models.Model, values: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """Set and save what differs; give before and after of it for the ledger."""
    before = {name: _plain(getattr(row, name)) for name in values}
    changed = [name for name, value in values.items() if before[name] != _plain(value)]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        _save(row, *changed)
    return {
        "before": {name: before[name] for name in changed},
        "after": {name: _plain(values[name]) for name in changed},
    }


def _save(row: models.Model, *fields: str) -> None:
    row.save(update_fields=fields)
    _refresh(row)


def _refresh(row: models.Model) -> None:
    row.refresh_from_db(fields=["recorded_from", "recorded_by", "recorded_in"])


def _note(operation: Operation, row: models.Model, plan: Plan, change: str, **details: Any) -> None:
    audit.note(operation, row, reference=plan.reference, threat=plan.threat.reference, change=change, **details)


def _plain(value: object) -> object:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, Decimal):
        return str(value.quantize(Decimal("0.01")))
    return value.isoformat() if isinstance(value, date) else value
