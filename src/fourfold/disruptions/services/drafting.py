"""Unfinished forms, which only their author reads."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.models import Disruption, DisruptionDraft
from fourfold.disruptions.rules import Said
from fourfold.disruptions.services.deciding import accept_lead
from fourfold.disruptions.services.recording import record_disruption
from fourfold.platform.people.models import User

DRAFTS_KEPT = timedelta(days=28)


@transaction.atomic
def save_draft(*, actor: User, key: UUID, said: Mapping[str, Any], now: datetime) -> DisruptionDraft:
    """Keep what was answered so far. Only its author can read it; it counts nowhere.

    What was sent or thrown away stays as it is: a phone that was slow to save changes nothing afterwards.
    """
    if not rules.may_record(actor):
        raise rules.broken("DI1")
    found = _own_draft(actor, key, now=now)
    if found.ended_at is None:
        found.said, found.saved_at = dict(said), now
        found.save(update_fields=["said", "saved_at"])
    return found


@transaction.atomic
def throw_draft_away(*, actor: User, key: UUID, now: datetime) -> None:
    found = _own_draft(actor, key, now=now)
    if found.ended_at is None:
        found.said, found.ended_at = {}, now
        found.save(update_fields=["said", "ended_at"])


def empty_old_drafts(*, actor: User, now: datetime) -> int:
    """Forms that this person has left alone for too long. Returns how many were emptied."""
    old = DisruptionDraft.objects.filter(author=actor, ended_at=None, saved_at__lt=now - DRAFTS_KEPT)
    return old.update(said={}, ended_at=now)


@transaction.atomic
def send_draft(*, actor: User, key: UUID, said: Said, today: date, now: datetime) -> Disruption:
    """Record what a form says. Sent twice it is one record: the second gets the first's."""
    found = _own_draft(actor, key, now=now)
    if found.disruption_id is not None:
        return selectors.disruptions().get(pk=found.disruption_id)
    made = record_disruption(actor=actor, said=said, today=today, now=now)
    found.said, found.ended_at, found.disruption_id = {}, now, made.pk
    found.save(update_fields=["said", "ended_at", "disruption_id"])
    if found.lead_id is not None:
        accept_lead(actor, found.lead_id, made, today=today)
    return made


def _own_draft(actor: User, key: UUID, *, now: datetime) -> DisruptionDraft:
    """The form of this key, held until the end; made where it was never kept before."""
    DisruptionDraft.objects.bulk_create([DisruptionDraft(key=key, author=actor, saved_at=now)], ignore_conflicts=True)
    return DisruptionDraft.objects.select_for_update().get(key=key, author=actor)
