"""What becomes of the finder's proposals."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from fourfold.disruptions import rules
from fourfold.disruptions.models import Disruption, DisruptionDraft, DisruptionLead
from fourfold.disruptions.rules import LeadState
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User

if TYPE_CHECKING:
    from fourfold.pole.models import PersonRecord


def begin_from_lead(
    *, actor: User, lead: DisruptionLead, key: UUID, said: Mapping[str, Any], now: datetime
) -> DisruptionDraft:
    """A form with what a proposal already says. The proposal is accepted when the form is sent."""
    if not rules.may_record(actor):
        raise rules.broken("DI1")
    if lead.state != LeadState.OPEN:
        raise rules.broken("DI41")
    return DisruptionDraft.objects.create(key=key, author=actor, said=dict(said), lead_id=lead.pk, saved_at=now)


@transaction.atomic
def decline_lead(*, actor: User, lead: DisruptionLead, reason: str, today: date) -> DisruptionLead:
    """Say why a proposal is no disruption that is missing."""
    if not rules.may_record(actor):
        raise rules.broken("DI1")
    rules.check_reason(reason)
    found = _locked_lead(lead.pk)
    if found is None:
        raise NotThere
    if found.state != LeadState.OPEN:
        raise rules.broken("DI41")
    return _decide(found, LeadState.DECLINED, actor, reason=reason, today=today, disruption=None)


def doubt_lead(*, actor: User, lead: DisruptionLead, record: "PersonRecord", reason: str) -> None:
    """Note that what a disruption was recorded from is said to be another record's, after people were taken apart.

    Neither the proposal nor the disruption changes: the happening stands on its record as its source says, and whether
    the disruption is one of its threat is for those who correct or withdraw it.

    Raises:
        NotThere: it was not recorded, or its disruption is not there for the actor.
        RuleBroken: DI24, DI26.
    """
    made = lead.disruption
    if made is None:
        raise NotThere
    rules.check_may_change(actor, owner=made.label.owner.code, audience=made.label.audience)
    rules.check_reason(reason)
    audit.note(
        Operation.ALTERATION,
        made,
        change="said to be of another record",
        reference=made.reference,
        was=lead.record_id,
        to=record.pk,
        why=reason,
    )


def accept_lead(actor: User, lead_id: int, made: Disruption, *, today: date) -> None:
    found = _locked_lead(lead_id)
    if found is not None and found.state == LeadState.OPEN:
        reason = f"Recorded as {made.reference}"
        _decide(found, LeadState.ACCEPTED, actor, reason=reason, today=today, disruption=made)


def _locked_lead(pk: int) -> DisruptionLead | None:
    return DisruptionLead.objects.select_for_update().filter(pk=pk).first()


def _decide(
    found: DisruptionLead, state: LeadState, actor: User, *, reason: str, today: date, disruption: Disruption | None
) -> DisruptionLead:
    found.state, found.decided_by, found.decided_on = state, actor, today
    found.reason, found.disruption = reason, disruption
    found.save(update_fields=["state", "decided_by", "decided_on", "reason", "disruption"])
    audit.note(Operation.ALTERATION, found, change=f"proposal {state.lower()}", kind=found.kind, why=reason)
    return found
