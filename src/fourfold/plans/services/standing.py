"""What a plan is worth: adopted, closed, reopened, closed because its threat was merged, its actions taken over."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db import models, transaction

from fourfold.plans import rules, selectors
from fourfold.plans.models import Action, Plan, PlanVersion
from fourfold.plans.rules import Part, State, Status, VersionKind
from fourfold.plans.services.drafting import write_section
from fourfold.plans.services.writing import (
    agencies_of,
    alter,
    leave_version,
    locked,
    locked_plan,
    note,
    rescore,
    say,
    to_write,
)
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


@transaction.atomic
def adopt_plan(*, actor: User, plan: Plan, why: str, today: date, seen_digest: str = "") -> PlanVersion:
    """Adopt a plan: its next version. Never by who wrote it, leads it or changed it since the version before.

    Args:
        seen_digest: Names the plan that the approver read; empty where no form was open.
    """
    plan = locked_plan(plan)
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
    return leave_version(
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
def close_plan(*, actor: User, plan: Plan, learned: str, today: date) -> Plan:
    """Close a plan with what was learnt from it. Everything in it stays."""
    plan = to_write(plan, actor=actor)
    rules.check_words(learned, code="PN40", field="learned", words=rules.REASON_WORDS)
    write_section(actor=actor, plan=plan, part=Part.DEBRIEF, text=learned, today=today)
    whole = selectors.whole(plan)
    leave_version(
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
    plan = locked_plan(found)
    whole = selectors.whole(plan)
    leave_version(
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
    plan = to_write(plan, actor=actor)
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
            changed = alter(each, {"status": Status.CANCELLED.value, "status_reason": reason})
        note(Operation.ALTERATION, each, each.plan, "action left after a merge", action=each.number, **changed)
    return tuple(taken)


def _add_taken(plan: Plan, was: Action, said: rules.ActionSaid, *, actor: User, today: date) -> Action:
    """`add_action`, for one whose tactic may have left the menu since."""
    rules.check_action(said, tactics=frozenset({said.tactic}), aims=(), today=today)
    last = Action.objects.filter(plan=plan).aggregate(last=models.Max("number"))["last"] or 0
    action = Action(label=plan.label, plan=plan, number=last + 1)
    say(action, said, aim=None, agencies=agencies_of([said], under=plan.label, today=today))
    action.save()
    rescore(plan, today=today)
    note(
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
    plan = locked(Plan, plan.pk)
    rules.check_open(state=State.DRAFT, threat_closed_on=plan.threat.closed_on)
    if plan.state != State.CLOSED:
        raise rules.broken("PN46")
    rules.check_words(why, code="PN40", field="why", words=rules.REASON_WORDS)
    changed = alter(plan, {"state": State.DRAFT.value, "closed_on": None, "approved_by": None, "approved_on": None})
    rescore(plan, today=today)
    note(Operation.ALTERATION, plan, plan, "reopened", why=why, **changed)
    return plan
