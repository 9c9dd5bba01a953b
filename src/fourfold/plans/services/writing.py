"""The steps that every change to a plan shares: locked, checked, said, marked, noted."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, models

from fourfold.plans import rules, selectors
from fourfold.plans.models import Action, Aim, Consultation, Plan, PlanVersion
from fourfold.plans.rules import P, Status, VersionKind
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.visibility.models import AccessLabel


def leave_version(
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
    mark(plan, words, today=today, aims=whole.aims, actions=whole.actions, consulted=len(whole.consultations))
    save(plan, "version", "tier_reviewed", "next_review_on", "score", "failed", *changes)
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
    note(Operation.ALTERATION, plan, plan, rules.VERSION_NAMES[kind].lower(), version=plan.version, why=why)
    return version


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


def next_reference() -> str:
    """From the sequence and never from a count: each reader counts only what they may see."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('plans_reference')")
        (number,) = cursor.fetchone()
    return f"PLN-{number:04d}"


def to_write(plan: Plan, *, actor: User) -> Plan:
    """The plan, locked, once it is sure that this person may write it and that it is open."""
    rules.check_may_write(actor, owner=plan.threat.owner.code, audience=plan.label.audience)
    rules.check_open(state=plan.state, threat_closed_on=plan.threat.closed_on)
    return locked_plan(plan)


def locked_plan(plan: Plan) -> Plan:
    """The plan as it stands now, which nobody else changes until this is done: what is worked out of it stays true."""
    found = selectors.plans().select_for_update(of=("self",)).filter(pk=plan.pk).first()
    if found is None:
        raise NotThere
    rules.check_open(state=found.state, threat_closed_on=found.threat.closed_on)
    return found


def locked[Row: models.Model](model: type[Row], pk: int) -> Row:
    row = model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotThere
    return row


def aims_by_position(plan: Plan) -> dict[int, Aim]:
    return {aim.position: aim for aim in Aim.objects.filter(plan=plan)}


def agencies_of(
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


def say(action: Action, said: rules.ActionSaid, *, aim: Aim | None, agencies: Mapping[int, int]) -> None:
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


def add_all[Row: models.Model](rows: list[Row]) -> None:
    if rows:
        type(rows[0])._default_manager.bulk_create(rows)


def mark(
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


def mark_from_rows(plan: Plan, words: selectors.Words, *, today: date) -> None:
    mark(
        plan,
        words,
        today=today,
        aims=Aim.objects.filter(plan=plan).order_by("position"),
        actions=Action.objects.filter(plan=plan).select_related("aim").order_by("number"),
        consulted=Consultation.objects.filter(plan=plan).count(),
    )


def rescore(plan: Plan, *, today: date) -> None:
    before = (plan.score, list(plan.failed))
    mark_from_rows(plan, selectors.words(on=today), today=today)
    if (plan.score, list(plan.failed)) != before:
        plan.save(update_fields=["score", "failed"])


def alter(row: models.Model, values: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """Set and save what differs; give before and after of it for the ledger."""
    before = {name: plain(getattr(row, name)) for name in values}
    changed = [name for name, value in values.items() if before[name] != plain(value)]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        save(row, *changed)
    return {
        "before": {name: before[name] for name in changed},
        "after": {name: plain(values[name]) for name in changed},
    }


def save(row: models.Model, *fields: str) -> None:
    row.save(update_fields=fields)
    refresh(row)


def refresh(row: models.Model) -> None:
    row.refresh_from_db(fields=["recorded_from", "recorded_by", "recorded_in"])


def note(operation: Operation, row: models.Model, plan: Plan, change: str, **details: Any) -> None:
    audit.note(operation, row, reference=plan.reference, threat=plan.threat.reference, change=change, **details)


def plain(value: object) -> object:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, Decimal):
        return str(value.quantize(Decimal("0.01")))
    return value.isoformat() if isinstance(value, date) else value
