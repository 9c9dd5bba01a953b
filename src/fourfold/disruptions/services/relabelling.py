"""Rows follow their threat when its label changes."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from fourfold.disruptions.models import (
    CategoryReview,
    Disruption,
    DisruptionAim,
    DisruptionEvidence,
    DisruptionLead,
    DisruptionSupport,
)
from fourfold.disruptions.rules import LeadState
from fourfold.disruptions.services.writing import label_like
from fourfold.platform.visibility.models import AccessLabel

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


def relabel(threat: "Threat", old: AccessLabel, new: AccessLabel, reason: str) -> None:
    """Rows under the threat's old label take its new one; those of another agency follow the threat's readers."""
    owners = {old.owner_id: new}
    mine = Disruption.objects.filter(threat=threat)
    for found in mine.select_related("label", "lead_agency"):
        wanted = _following(found.label, old=old, new=new, owners=owners)
        if wanted is None or wanted.pk == found.label_id:
            continue
        for part in (DisruptionAim, DisruptionSupport, DisruptionEvidence, CategoryReview):
            part._default_manager.filter(disruption=found, label=found.label).update(label=wanted)
        found.label, found.because = wanted, reason
        found.save(update_fields=["label", "because"])
    _relabel_leads(threat, old=old, new=new)


def _relabel_leads(threat: "Threat", *, old: AccessLabel, new: AccessLabel) -> None:
    """Proposals take the new label too. One that its new readers have already stays, and is open no more."""
    for found in DisruptionLead.objects.filter(threat=threat, label=old).order_by("pk"):
        try:
            with transaction.atomic():
                found.label = new
                found.save(update_fields=["label"])
        except IntegrityError as refused:
            if not isinstance(refused.__cause__, UniqueViolation):
                raise
            found.label = old
            if found.state == LeadState.OPEN:
                found.state = LeadState.EXPIRED
                found.save(update_fields=["state"])


def _following(
    label: AccessLabel, *, old: AccessLabel, new: AccessLabel, owners: dict[int, AccessLabel]
) -> AccessLabel | None:
    """The label that a record's own becomes; None where it does not follow the threat's."""
    readers = ("audience", "marking", "compartment_id", "agreement_id", "named_key")
    if any(getattr(label, name) != getattr(old, name) for name in readers):
        return None
    if label.owner_id not in owners:
        same = all(getattr(new, name) == getattr(old, name) for name in readers)
        owners[label.owner_id] = label if same else label_like(new, owner=label.owner)
    return owners[label.owner_id]
