"""A threat goes to other people: at once, or by an offer that the receiver answers."""

from datetime import datetime

from django.db import transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility import scope
from fourfold.threats import rooms, rules, selectors
from fourfold.threats.models import Closing, HandOver, Threat, ThreatLine, ThreatMember, ThreatPlace
from fourfold.threats.rules import Answer
from fourfold.threats.services.writing import (
    Leads,
    alter,
    asked_and_answered,
    day_in_words,
    label_between,
    locked,
    note_answer,
    owned_by,
    to_manage,
    withdrawn,
    write_answer,
)


@transaction.atomic
def hand_over(
    *,
    actor: User,
    threat: Threat,
    leads: Leads,
    reason: str,
    owner: Organisation | None = None,
    seen: datetime | None = None,
) -> Threat:
    """Give a threat to other people at once, and to another organisation where `owner` says so.

    Only somebody who may manage for both organisations does so without an answer; everybody else offers
    (`offer_hand_over`). Who may see the threat stays as it was, but for the owner.
    """
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    leads.check()
    if owner is not None and owner != threat.owner:
        rules.check_may_manage(actor, owner=owner.code, audience=threat.label.audience)
    return _give(threat, "handed over", reason, leads=leads, owner=owner)


@transaction.atomic
def offer_hand_over(
    *,
    actor: User,
    threat: Threat,
    leads: Leads,
    reason: str,
    now: datetime,
    owner: Organisation | None = None,
    seen: datetime | None = None,
) -> HandOver:
    """Offer a threat to another officer or organisation. Nothing about the threat changes until it is accepted."""
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    leads.check()
    owner = owner or threat.owner
    rules.check_offer(owner_changes=owner != threat.owner, lro=_pk(leads.lro), was=threat.lro_id)
    if owner != threat.owner and not selectors.is_read_at(owner, threat.label):
        raise rules.broken("TH46", "owner", organisation=owner.name)
    waiting = HandOver.objects.filter(threat=threat, answer="").first()
    if waiting is not None:
        raise rules.broken("TH44", since=day_in_words(waiting.offered_at))
    offered = HandOver.objects.create(
        label=threat.label,
        threat=threat,
        from_organisation=threat.owner,
        from_lro=threat.lro,
        to_organisation=owner,
        lro=leads.lro,
        deputy=leads.deputy,
        sio=leads.sio,
        offered_by=actor,
        offered_at=now,
        reason=reason,
    )
    audit.note(
        Operation.ALTERATION,
        threat,
        reference=threat.reference,
        change="hand-over offered",
        why=reason,
        to=owner.code,
        lro=_pk(leads.lro),
    )
    return offered


@transaction.atomic
def accept_hand_over(*, actor: User, hand_over: HandOver, now: datetime, reason: str = "") -> Threat:
    """Take over what was offered: from now on the threat is the receiver's. The offer is the permission to write it."""
    with scope.lent(hand_over.threat.label_id, hand_over.label_id):
        offered, threat = _to_answer_offer(hand_over, actor=actor)
        if offered.from_organisation_id != threat.owner_id:
            raise rules.broken("TH49")
        leads = Leads(lro=offered.lro, deputy=offered.deputy, sio=offered.sio)
        leads.check()
        write_answer(offered, Answer.ACCEPTED, actor=actor, now=now, reason=reason)
        because = asked_and_answered(offered.reason, "Accepted", reason)
        return _give(threat, "hand-over accepted", because, leads=leads, owner=offered.to_organisation)


@transaction.atomic
def decline_hand_over(*, actor: User, hand_over: HandOver, now: datetime, reason: str) -> HandOver:
    """Say no, and why. The threat stays where it is."""
    with scope.lent(hand_over.threat.label_id, hand_over.label_id):
        offered, threat = _to_answer_offer(hand_over, actor=actor)
        rules.check_reason(reason)
        write_answer(offered, Answer.DECLINED, actor=actor, now=now, reason=reason)
    note_answer(threat, "hand-over declined", reason)
    return offered


@transaction.atomic
def withdraw_hand_over(*, actor: User, hand_over: HandOver, now: datetime, reason: str) -> HandOver:
    """Take an offer back before it is answered: whoever may manage the threat where it still is."""
    return withdrawn(hand_over, actor=actor, now=now, reason=reason, change="hand-over withdrawn")


def _give(threat: Threat, change: str, reason: str, *, leads: Leads, owner: Organisation | None) -> Threat:
    """The threat and all that shares its label becomes another's; links are seen by those who see both ends."""
    given = {"lro": leads.lro, "deputy": leads.deputy, "sio": leads.sio}
    if owner is None or owner == threat.owner:
        return alter(threat, change, reason, **given)
    old = threat.label
    label = owned_by(owner, old)
    for part in (ThreatMember, ThreatPlace, ThreatLine):
        for row in part.objects.filter(threat=threat, label=old):
            row.label, row.because = label, reason
            row.save(update_fields=["label", "because"])
    for asked in (
        *HandOver.objects.filter(threat=threat, label=old),
        *Closing.objects.filter(threat=threat, label=old),
    ):
        asked.label = label
        asked.save(update_fields=["label"])
    rooms.relabel(threat, old=old, new=label, reason=reason)
    threat = alter(threat, change, reason, owner=owner, label=label, **given)
    for link in selectors.links_of(threat):
        if link.label_id == old.pk:
            link.label = label_between(link.one, link.other) or label
            link.save(update_fields=["label"])
    return threat


def _to_answer_offer(hand_over: HandOver, *, actor: User) -> tuple[HandOver, Threat]:
    """The offer and its threat, locked and read again, once it is sure that this person may answer. Inside `lent`."""
    threat = locked(Threat, hand_over.threat_id)
    offered = locked(HandOver, hand_over.pk)
    rules.check_open(closed_on=threat.closed_on)
    rules.check_may_answer_offer(actor, selectors.offer_of(offered, threat), organisation=offered.to_organisation.name)
    return offered, threat


def _pk(user: User | None) -> int | None:
    return None if user is None else user.pk
