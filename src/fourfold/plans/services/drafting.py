"""A plan begun and written: its sections, aims and their readings, actions and reports, who was consulted."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import IntegrityError, models, transaction

from fourfold.plans import rules, selectors
from fourfold.plans.models import Action, Aim, AimReading, Consultation, Plan, Section
from fourfold.plans.rules import AimState, State, Status
from fourfold.plans.services.writing import (
    ACTION_COLUMNS,
    ONE_PLAN,
    add_all,
    agencies_of,
    aims_by_position,
    alter,
    locked,
    locked_plan,
    mark,
    next_reference,
    note,
    plain,
    refresh,
    rescore,
    save,
    say,
    to_write,
)
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may

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
        reference=next_reference(),
        state=State.DRAFT,
        author=actor,
        begun_on=today,
        score=0,
    )
    parts = {"plan": plan, "label": plan.label}
    aims = [Aim(position=at, **parts, **vars(said)) for at, said in enumerate(content.aims, start=1)]
    agencies = agencies_of(content.actions, under=threat.label, today=today)
    actions = []
    for number, said in enumerate(content.actions, start=1):
        action = Action(number=number, **parts)
        say(action, said, aim=aims[said.aim - 1] if said.aim else None, agencies=agencies)
        actions.append(action)
    mark(plan, words, today=today, aims=aims, actions=actions, consulted=len(content.consultations))
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError as same:
        if ONE_PLAN not in str(same.__cause__):
            raise
        raise rules.broken("PN4") from same
    add_all([Section(part=part, text=text, **parts) for part, text in content.sections.items() if text.strip()])
    add_all(aims)
    add_all(actions)
    add_all([Consultation(**parts, **vars(said)) for said in content.consultations])
    refresh(plan)
    note(Operation.COLLECTION, plan, plan, "begun", aims=len(aims), actions=len(actions), score=plan.score)
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
    plan = to_write(plan, actor=actor)
    rules.check_section(part, text)
    found = Section.objects.select_for_update(of=("self",)).filter(plan=plan, part=part).first()
    if found is None:
        section = Section.objects.create(label=plan.label, plan=plan, part=part, text=text.strip())
        before = ""
    else:
        section, before = found, found.text
        rules.check_unchanged(seen=seen, recorded_from=section.recorded_from)
        section.text = text.strip()
        save(section, "text")
    note(Operation.ALTERATION, section, plan, "section written", part=part, before=before, after=section.text)
    return section


@transaction.atomic
def add_aim(*, actor: User, plan: Plan, said: rules.AimSaid, today: date) -> Aim:
    plan = to_write(plan, actor=actor)
    rules.check_aim(said)
    known = list(Aim.objects.filter(plan=plan).values_list("position", "state"))
    if sum(state == AimState.OPEN for _, state in known) >= rules.AIMS_AT_MOST:
        raise rules.broken("PN8", limit=rules.AIMS_AT_MOST)
    position = max((position for position, _ in known), default=0) + 1
    aim = Aim.objects.create(label=plan.label, plan=plan, position=position, **vars(said))
    rescore(plan, today=today)
    note(Operation.ALTERATION, aim, plan, "aim added", aim=position, after=said.text)
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
    plan = to_write(aim.plan, actor=actor)
    aim = locked(Aim, aim.pk)
    rules.check_unchanged(seen=seen, recorded_from=aim.recorded_from)
    rules.check_aim(said)
    changed = alter(aim, {**vars(said), "state": AimState(state).value})
    rescore(plan, today=today)
    note(Operation.ALTERATION, aim, plan, "aim changed", aim=aim.position, **changed)
    return aim


@transaction.atomic
def add_reading(*, actor: User, aim: Aim, value: Decimal, read_on: date, source: str, today: date) -> AimReading:
    """Say what an aim's measure reads on a day."""
    plan = to_write(aim.plan, actor=actor)
    rules.check_not_later(read_on, field="read_on", today=today)
    rules.check_length(source, field="source", what="the source", limit=rules.SHORT_LIMIT)
    reading = AimReading.objects.create(label=plan.label, aim=aim, value=value, read_on=read_on, source=source.strip())
    note(Operation.ALTERATION, reading, plan, "measure read", aim=aim.position, value=str(value), read_on=read_on)
    return reading


@transaction.atomic
def add_action(*, actor: User, plan: Plan, said: rules.ActionSaid, today: date) -> Action:
    plan = to_write(plan, actor=actor)
    aims = aims_by_position(plan)
    rules.check_action(said, tactics=selectors.known_tactics([said.tactic]), aims=aims, today=today)
    last = Action.objects.filter(plan=plan).aggregate(last=models.Max("number"))["last"] or 0
    action = Action(label=plan.label, plan=plan, number=last + 1)
    agencies = agencies_of([said], under=plan.label, today=today)
    say(action, said, aim=aims.get(said.aim or 0), agencies=agencies)
    action.save()
    rescore(plan, today=today)
    note(Operation.ALTERATION, action, plan, "action added", action=action.number, after=said.title)
    return action


@transaction.atomic
def change_action(
    *, actor: User, action: Action, said: rules.ActionSaid, today: date, seen: datetime | None = None
) -> Action:
    """Change anything in an action, its status included."""
    plan = to_write(action.plan, actor=actor)
    action = locked(Action, action.pk)
    rules.check_unchanged(seen=seen, recorded_from=action.recorded_from)
    aims = aims_by_position(plan)
    known = selectors.known_tactics([said.tactic]) | {action.tactic}
    rules.check_action(said, tactics=known, aims=aims, today=today)
    before = {name: plain(getattr(action, name)) for name in ACTION_COLUMNS}
    agencies = agencies_of([said], under=plan.label, today=today, kept=action.owner_id)
    say(action, said, aim=aims.get(said.aim or 0), agencies=agencies)
    after = {name: plain(getattr(action, name)) for name in ACTION_COLUMNS}
    changed = [name for name in ACTION_COLUMNS if before[name] != after[name]]
    if changed:
        save(action, *changed, "words", "keys")
        rescore(plan, today=today)
    note(
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
    plan = locked_plan(plan)
    action = locked(Action, action.pk)
    rules.check_unchanged(seen=seen, recorded_from=action.recorded_from)
    rules.check_report(status=status, reason=reason, result=result, done_on=done_on, today=today)
    changed = alter(
        action,
        {
            "status": Status(status).value,
            "status_reason": reason.strip(),
            "result": result.strip(),
            "evidence": evidence.strip() or action.evidence,
            "done_on": done_on if status == Status.DONE else None,
        },
    )
    rescore(plan, today=today)
    note(Operation.ALTERATION, action, plan, "action reported", action=action.number, **changed)
    return action


@transaction.atomic
def consult(*, actor: User, plan: Plan, said: rules.ConsultationSaid, today: date) -> Consultation:
    """Record that a partner was asked, and what changed because of it."""
    plan = to_write(plan, actor=actor)
    rules.check_consultation(said, today=today)
    made = Consultation.objects.create(label=plan.label, plan=plan, **vars(said))
    rescore(plan, today=today)
    note(Operation.ALTERATION, made, plan, "partner consulted", partner=said.partner)
    return made
