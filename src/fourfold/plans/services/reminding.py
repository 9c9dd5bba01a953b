"""What is due is said to its owners, and plans are marked as they stand today. Both are run every night."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction

from fourfold.plans import selectors
from fourfold.plans.models import Action, Plan, Reminder
from fourfold.plans.rules import State
from fourfold.plans.services.writing import mark_from_rows
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation


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
        mark_from_rows(plan, words, today=today)
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
