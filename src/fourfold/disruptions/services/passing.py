"""A record passes: another person validates it, a moderator decides, a drawn one is looked at; or it goes back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.models import Disruption
from fourfold.disruptions.rules import Act, State
from fourfold.disruptions.services.writing import alter, alter_all, locked, locked_all
from fourfold.platform.people.models import User


@dataclass(frozen=True)
class Decision:
    """What a moderator says of one record; `category` is None where it stays as it is."""

    disruption: Disruption
    reason: str
    category: str | None = None


def validate(*, actor: User, disruption: Disruption, today: date, seen: datetime | None = None) -> Disruption:
    """Pass a record that another person of the organisation recorded."""
    (done,) = validate_many(actor=actor, disruptions=[disruption], today=today, seen=seen)
    return done


@transaction.atomic
def validate_many(
    *, actor: User, disruptions: Iterable[Disruption], today: date, seen: datetime | None = None
) -> tuple[Disruption, ...]:
    """Pass some records, all or none."""
    data = selectors.region_data()
    found = locked_all(disruptions)
    parts = selectors.parts_of_many(found)
    mine = selectors.changed_by(actor, [each.pk for each in found])
    for each in found:
        rules.check_unchanged(seen=seen, recorded_from=each.recorded_from)
        rules.follow(each.state, Act.VALIDATE)
        rules.check_may_validate(
            actor,
            owner=each.label.owner.code,
            audience=each.label.audience,
            is_recorder=each.recorder_id == actor.pk,
            has_changed=each.pk in mine,
            category=each.category,
            event_on=each.event_on,
            standard=data.standard,
        )
        _check_passes(each, parts[each.pk], data)
    values = {"state": State.VALIDATED, "faults": [], "validated_by": actor}
    return alter_all("validated", [(each, "Validated", values) for each in found])


def moderate(
    *,
    actor: User,
    disruption: Disruption,
    reason: str,
    today: date,
    category: str | None = None,
    seen: datetime | None = None,
) -> Disruption:
    """Pass a record as an independent moderator, as it was said or with another category."""
    decision = Decision(disruption, reason, category)
    (done,) = moderate_many(actor=actor, entries=[decision], today=today, seen=seen)
    return done


@transaction.atomic
def moderate_many(
    *, actor: User, entries: Iterable[Decision], today: date, seen: datetime | None = None
) -> tuple[Disruption, ...]:
    """Decide about some records, all or none."""
    data = selectors.region_data()
    entries = list(entries)
    found = locked_all(entry.disruption for entry in entries)
    parts = selectors.parts_of_many(found)
    mine = selectors.changed_by(actor, [each.pk for each in found])
    changes: list[tuple[Disruption, str, dict[str, Any]]] = []
    for entry, each in zip(entries, found, strict=True):
        rules.check_may_moderate(
            actor,
            owner=each.label.owner.code,
            audience=each.label.audience,
            had_part=actor.pk in {each.recorder_id, each.validated_by_id},
            has_changed=each.pk in mine,
        )
        rules.check_unchanged(seen=seen, recorded_from=each.recorded_from)
        rules.check_reason(entry.reason)
        rules.follow(each.state, Act.MODERATE)
        category = entry.category or each.category
        known = data.words.categories.get(category)
        if known is None or known.disabled:
            raise rules.broken("DI8", "category")
        _check_passes(each, parts[each.pk], data, category=category)
        values: dict[str, Any] = {"state": State.MODERATED, "faults": [], "moderator": actor}
        if category != each.category:
            due = rules.review_due(category=category, event_on=each.event_on, standard=data.standard)
            values |= {"category": category, "review_due_on": due}
        changes.append((each, entry.reason, values))
    return alter_all("moderated", changes)


@transaction.atomic
def return_disruption(
    *, actor: User, disruption: Disruption, reason: str, today: date, seen: datetime | None = None
) -> Disruption:
    """Send a record back to its recorder, with what to mend. It stands as recorded until it is mended."""
    found = locked(disruption)
    owner, audience = found.label.owner.code, found.label.audience
    if rules.may_moderate(actor, owner=owner, audience=audience):
        rules.check_may_moderate(actor, owner=owner, audience=audience, had_part=found.recorder_id == actor.pk)
    elif not rules.may_validate(actor, owner=owner, audience=audience):
        raise rules.broken("DI27")
    elif found.recorder_id == actor.pk:
        raise rules.broken("DI28")
    rules.check_unchanged(seen=seen, recorded_from=found.recorded_from)
    rules.check_reason(reason)
    following = rules.follow(found.state, Act.RETURN)
    return alter(found, "returned", reason, state=following, validated_by=None, moderator=None, in_sample=False)


@transaction.atomic
def check_sample(
    *, actor: User, disruption: Disruption, stands: bool, reason: str, today: date, seen: datetime | None = None
) -> Disruption:
    """Look at a self-certified record that was drawn: it stands, or goes back to its recorder."""
    found = locked(disruption)
    if not found.in_sample or found.sample_checked_by_id is not None or found.state != State.VALIDATED:
        raise rules.broken("DI40")
    if not stands:
        return return_disruption(actor=actor, disruption=found, reason=reason, today=today, seen=seen)
    owner, audience = found.label.owner.code, found.label.audience
    allowed = rules.may_validate(actor, owner=owner, audience=audience)
    if not allowed and not rules.may_moderate(actor, owner=owner, audience=audience):
        raise rules.broken("DI27")
    if found.recorder_id == actor.pk:
        raise rules.broken("DI28")
    if selectors.changed_by(actor, [found.pk]):
        raise rules.broken("DI43")
    rules.check_unchanged(seen=seen, recorded_from=found.recorded_from)
    rules.check_reason(reason)
    return alter(found, "sample looked at", reason, sample_checked_by=actor)


def _check_passes(
    found: Disruption, parts: selectors.Parts, data: selectors.RegionData, *, category: str | None = None
) -> None:
    """By the rules as they are read now, not by what was kept of them when the record was said."""
    said = selectors.said_of(found, parts)
    rules.check_passes(rules.faults(replace(said, category=category or said.category), standard=data.standard))
