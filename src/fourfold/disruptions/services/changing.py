"""A record says something else, or is withdrawn. What was said before stays in its history."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.models import CategoryReview, Disruption, DisruptionAim, DisruptionEvidence, DisruptionSupport
from fourfold.disruptions.rules import Act, Said, State
from fourfold.disruptions.services.writing import (
    Entry,
    aims_of,
    alter,
    columns_of,
    give_labels,
    locked,
    refusals_of,
    standing_of,
)
from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility.models import AccessLabel


@transaction.atomic
def change_disruption(
    *,
    actor: User,
    disruption: Disruption,
    reason: str,
    today: date,
    seen: datetime | None = None,
    **changes: Any,
) -> Disruption:
    """Say some things differently. What was said before stays in its history; what had passed has to pass again.

    Args:
        actor: Who changes it.
        disruption: The record.
        reason: Why.
        today: This day.
        seen: What the form showed as the record's last change.
        changes: Fields of `rules.Said` with what they are to say.
    """
    disruption = _to_change(actor, disruption, reason=reason, seen=seen)
    parts = selectors.parts_of(disruption)
    before = selectors.said_of(disruption, parts)
    said = replace(before, **changes)
    if said == before:
        return disruption
    return say_again(actor, disruption, said, before=before, parts=parts, reason=reason, change="changed", today=today)


def recategorise(
    *,
    actor: User,
    disruption: Disruption,
    category: str,
    reason: str,
    today: date,
    seen: datetime | None = None,
) -> Disruption:
    """Say that the effect was another. The category as first recorded stays beside it."""
    if category == disruption.category:
        words = selectors.region_data().words
        raise rules.broken("DI34", "category", value=words.category_name(category).lower())
    return change_disruption(
        actor=actor, disruption=disruption, reason=reason, today=today, seen=seen, category=category
    )


@transaction.atomic
def withdraw(
    *, actor: User, disruption: Disruption, reason: str, today: date, seen: datetime | None = None
) -> Disruption:
    """Say that there was no such disruption. The record stays, and no longer counts."""
    found = _to_change(actor, disruption, reason=reason, seen=seen)
    following = rules.follow(found.state, Act.WITHDRAW)
    return alter(found, "withdrawn", reason, state=following, review_due_on=None, in_sample=False)


def say_again(
    actor: User,
    found: Disruption,
    said: Said,
    *,
    before: Said,
    parts: selectors.Parts,
    reason: str,
    change: str,
    today: date,
) -> Disruption:
    """Check and write what a record says now. It goes back to recorded, unless whoever says it may pass it."""
    data = selectors.region_data()
    rules.follow(found.state, Act.CHANGE)
    threat = selectors.threats_called([said.threat]).get(said.threat)
    agencies = selectors.agencies()
    agency = agencies.get(said.lead_agency)
    if threat is None:
        raise rules.broken("DI2", "threat", threat=said.threat)
    if agency is None:
        raise rules.broken("DI15", "lead_agency", agency=said.lead_agency)
    added_on = found.added_at.astimezone(clock.LONDON).date()
    entry = Entry(0, said, threat, agency)
    served = aims_of([said])
    kind = found.threat_type if said.threat == before.threat else ""
    broken = refusals_of(actor, entry, agencies, served, data=data, today=today, added_on=added_on, kind=kind)
    broken = tuple(each for each in broken if each.code != "DI1")
    if broken:
        raise broken[0]
    moved = (said.threat, said.event_on, said.tactics) != (before.threat, before.event_on, before.tactics)
    if moved:
        asked = [(threat.pk, said.event_on or today, said.tactics)]
        within = data.standard.days("duplicates", said.event_on or today)
        near = selectors.likes(asked, within=within, but=[found.pk]).get(0, ())
        rules.check_different(near, different_because=said.different_because)
    values = columns_of(said, agency, data, added_on=added_on)
    reviewed = CategoryReview.objects.filter(disruption=found).exists()
    if reviewed or (found.review_due_on is None and said.category == before.category):
        values["review_due_on"] = found.review_due_on
    values |= standing_of(actor, said, f"{found.reference} {found.recorded_from.isoformat()}", data)
    if said.threat != before.threat:
        refused: dict[int, tuple[RuleBroken, ...]] = {}
        give_labels([entry], refused)
        if refused:
            raise refused[0][0]
        values |= {"threat": threat, "threat_type": threat.threat_type, "label": entry.label}
    _change_parts(found, said, before=before, parts=parts, label=values.get("label", found.label))
    return alter(found, change, reason, **values)


def _change_parts(found: Disruption, said: Said, *, before: Said, parts: selectors.Parts, label: AccessLabel) -> None:
    """Aims, agencies and evidence that are no longer said stay in the history and no longer hold."""
    kinds: tuple[tuple[Any, Sequence[Any], Sequence[Any], Sequence[Any], Callable[[Any], dict[str, Any]]], ...] = (
        (DisruptionAim, said.aims, before.aims, parts.aims, lambda pk: {"aim_id": pk}),
        (DisruptionSupport, said.supports, before.supports, parts.supports, _support_fields),
        (DisruptionEvidence, said.evidence, before.evidence, parts.evidence, _evidence_fields),
    )
    for model, wanted, had, rows, fields_of in kinds:
        gone = [row.pk for row, each in zip(rows, had, strict=True) if each not in wanted]
        if gone:
            model._default_manager.filter(pk__in=gone).update(held=False)
        for each in wanted:
            if each in had:
                continue
            fields = fields_of(each)
            if model is DisruptionAim and DisruptionAim.objects.filter(disruption=found, **fields).update(held=True):
                continue
            model._default_manager.create(label=label, disruption=found, **fields)
    if label != found.label:
        for model, *_ in kinds:
            model._default_manager.filter(disruption=found).update(label=label)


def _support_fields(support: rules.Support) -> dict[str, Any]:
    return {"agency": Organisation.objects.get(code=support.agency), "benefit": support.benefit.strip()}


def _evidence_fields(evidence: rules.Evidence) -> dict[str, Any]:
    return asdict(evidence)


def _to_change(actor: User, disruption: Disruption, *, reason: str, seen: datetime | None) -> Disruption:
    found = locked(disruption)
    rules.check_may_change(actor, owner=found.label.owner.code, audience=found.label.audience)
    if found.state == State.WITHDRAWN:
        raise rules.broken("DI25")
    rules.check_unchanged(seen=seen, recorded_from=found.recorded_from)
    rules.check_reason(reason)
    return found
