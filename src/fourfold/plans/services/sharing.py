"""With other organisations: summaries, what a partner is asked and reports, and labels that follow the threat's."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from fourfold.plans import rules
from fourfold.plans.models import (
    Action,
    Aim,
    AimReading,
    Answer,
    Asked,
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
from fourfold.plans.rules import Status
from fourfold.plans.services.drafting import report_action
from fourfold.plans.services.writing import note, to_write
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.people.rules import may
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.services import label_for

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


@transaction.atomic
def share_summary(*, actor: User, plan: Plan, organisation: Organisation, title: str, text: str, today: date) -> Shared:
    """Let one organisation read a summary and nothing else of the plan. What it read before is ended."""
    plan = to_write(plan, actor=actor)
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
    note(Operation.DISCLOSURE, made, plan, "summary shared", to=organisation.code)
    return made


@transaction.atomic
def stop_sharing(*, actor: User, shared: Shared, today: date) -> None:
    plan = to_write(shared.plan, actor=actor)
    _end_all(Shared.objects.filter(pk=shared.pk, ended_on=None), today=today)
    note(Operation.ALTERATION, shared, plan, "sharing ended", to=shared.organisation.code)


@transaction.atomic
def ask_partner(
    *, actor: User, action: Action, organisation: Organisation, title: str, text: str, due_on: date | None, today: date
) -> Asked:
    """Ask an organisation to do an action. It reads what is written here and nothing else of the plan."""
    plan = to_write(action.plan, actor=actor)
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
    note(Operation.DISCLOSURE, made, plan, "partner asked", to=organisation.code, action=action.number)
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
    plan = to_write(action.plan, actor=actor)
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
    note(Operation.ALTERATION, made, plan, "report answered", action=action.number, taken_up=is_taken_up, why=why)
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
