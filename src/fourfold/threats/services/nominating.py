"""Threats put on the master list: one, or many at once."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility.models import AccessLabel, Compartment
from fourfold.platform.visibility.services import label_for
from fourfold.threats import rules, selectors
from fourfold.threats.models import Threat, ThreatPlace
from fourfold.threats.services.writing import Leads, Put, new_threat, next_references


@transaction.atomic
def nominate_threat(
    *,
    actor: User,
    nomination: rules.Nomination,
    owner: Organisation,
    reason: str,
    today: date,
    leads: Leads | None = None,
    places: Iterable[str] = (),
    audience: str = "REGION",
    compartment: Compartment | None = None,
) -> Threat:
    """Put a threat on the master list. Raises `RuleBroken` if the nomination does not hold."""
    put = Put(
        nomination=nomination,
        owner=owner,
        leads=leads or Leads(),
        places=tuple(places),
        audience=audience,
        compartment=compartment,
    )
    (threat,) = nominate_threats(actor=actor, entries=[put], reason=reason, today=today)
    return threat


@transaction.atomic
def nominate_threats(*, actor: User, entries: Sequence[Put], reason: str, today: date) -> list[Threat]:
    """Put several threats on the list at once: all of them, or none where one does not hold.

    Each is checked and noted in the ledger as if it came alone; what all share is read and written once.
    """
    words = selectors.vocabulary()
    for put in entries:
        rules.check_may_nominate(actor, owner=put.owner.code, audience=put.audience)
        rules.check_nomination(put.nomination, vocabulary=words, today=today)
        rules.check_reason(reason)
        for name in put.places:
            rules.check_place(name, field="places")
        put.leads.check()
    labels: dict[tuple[int, str, Compartment | None], AccessLabel] = {}
    for put in entries:
        key = (put.owner.pk, put.audience, put.compartment)
        if key not in labels:
            labels[key] = label_for(owner=put.owner, audience=put.audience, compartment=put.compartment)
    made = Threat.objects.bulk_create(
        new_threat(actor, put, labels[put.owner.pk, put.audience, put.compartment], reference, reason)
        for put, reference in zip(entries, next_references(len(entries)), strict=True)
    )
    ThreatPlace.objects.bulk_create(
        ThreatPlace(
            label=threat.label,
            threat=threat,
            name=name,
            postcode=rules.postcode_at_end(name),
            from_on=threat.nominated_on,
            because=reason,
        )
        for threat, put in zip(made, entries, strict=True)
        for name in put.places
    )
    said = {"change": "nominated", "why": reason}
    audit.note_all(Operation.COLLECTION, ((threat, {"reference": threat.reference, **said}) for threat in made))
    return made
