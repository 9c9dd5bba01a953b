"""A threat is closed when a moderator confirms what was proposed, and may be opened again."""

from datetime import date, datetime

from django.db import transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User
from fourfold.threats import rules, selectors
from fourfold.threats.models import Closing, Threat, ThreatLink
from fourfold.threats.rules import Answer, LinkKind
from fourfold.threats.services.merging import merge_threats
from fourfold.threats.services.writing import (
    alter,
    asked_and_answered,
    day_in_words,
    label_between,
    locked,
    note_answer,
    save,
    to_manage,
    withdrawn,
    write_answer,
    write_closed,
)


@transaction.atomic
def propose_closing(
    *,
    actor: User,
    threat: Threat,
    ground: str,
    closed_on: date,
    reason: str,
    now: datetime,
    today: date,
    seen: datetime | None = None,
) -> Closing:
    """Propose to close a threat. It stays open until a moderator confirms (docs/decisions/0083)."""
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    words = selectors.vocabulary()
    rules.check_closing(
        ground=ground, closed_on=closed_on, nominated_on=threat.nominated_on, vocabulary=words, today=today
    )
    if ground == words.merged_ground:
        raise rules.broken("TH56", "ground")
    return _propose(actor, threat, ground=ground, closed_on=closed_on, into=None, reason=reason, now=now)


@transaction.atomic
def propose_merge(
    *,
    actor: User,
    threat: Threat,
    into: Threat,
    reason: str,
    now: datetime,
    today: date,
    seen: datetime | None = None,
) -> Closing:
    """Propose that a threat goes on in another: the same answer by a moderator as any other closing."""
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_another(one=threat.pk, other=into.pk)
    rules.check_open_too(reference=into.reference, closed_on=into.closed_on, field="other")
    ground = selectors.vocabulary().merged_ground
    return _propose(actor, threat, ground=ground, closed_on=today, into=into, reason=reason, now=now)


@transaction.atomic
def confirm_closing(*, actor: User, closing: Closing, now: datetime, today: date, reason: str = "") -> Threat:
    """Close what was proposed to be closed, or merge what was proposed to be merged."""
    closing, threat = _to_answer_closing(closing, actor=actor)
    write_answer(closing, Answer.ACCEPTED, actor=actor, now=now, reason=reason)
    because = asked_and_answered(closing.reason, "Confirmed", reason)
    if closing.into is not None:
        merge_threats(actor=actor, threat=threat, into=closing.into, reason=because, today=today)
        threat.refresh_from_db()
        return threat
    return close_threat(
        actor=actor, threat=threat, ground=closing.ground, closed_on=closing.closed_on, reason=because, today=today
    )


@transaction.atomic
def refuse_closing(*, actor: User, closing: Closing, now: datetime, reason: str) -> Closing:
    """Leave the threat open, and say why."""
    closing, threat = _to_answer_closing(closing, actor=actor)
    rules.check_reason(reason)
    write_answer(closing, Answer.DECLINED, actor=actor, now=now, reason=reason)
    note_answer(threat, "closing refused", reason)
    return closing


@transaction.atomic
def withdraw_closing(*, actor: User, closing: Closing, now: datetime, reason: str) -> Closing:
    """Take a proposal back before it is answered."""
    return withdrawn(closing, actor=actor, now=now, reason=reason, change="closing withdrawn")


@transaction.atomic
def close_threat(
    *,
    actor: User,
    threat: Threat,
    ground: str,
    closed_on: date,
    reason: str,
    today: date,
    seen: datetime | None = None,
) -> Threat:
    """Close a threat on one of the region's grounds. The record and everything on it stays.

    Pages propose (`propose_closing`); this is the act that a moderator confirms, or the keying in of one.
    """
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_closing(
        ground=ground,
        closed_on=closed_on,
        nominated_on=threat.nominated_on,
        vocabulary=selectors.vocabulary(),
        today=today,
    )
    return write_closed(threat, "closed", reason, ground=ground, closed_on=closed_on)


@transaction.atomic
def reopen_threat(
    *, actor: User, threat: Threat, phase: str, reason: str, today: date, seen: datetime | None = None
) -> Threat:
    """Open a closed threat in a new phase from today. That it was closed, and on which ground, stays in its past.

    One that was merged is a threat of its own again: the link to the other ends, and the people who moved stay there.
    """
    threat = _to_reopen(threat, actor=actor, reason=reason, seen=seen)
    rules.check_reopening(closed_on=threat.closed_on, phase=phase, vocabulary=selectors.vocabulary())
    for link in ThreatLink.objects.filter(one=threat, kind=LinkKind.MERGED_INTO, to_on=None):
        link.to_on, link.because = max(today, link.from_on), reason
        save(link, "to_on", "because")
    return alter(threat, "reopened", reason, phase=phase, phase_from=today, closing_ground="", closed_on=None)


def _propose(
    actor: User,
    threat: Threat,
    *,
    ground: str,
    closed_on: date,
    into: Threat | None,
    reason: str,
    now: datetime,
) -> Closing:
    waiting = Closing.objects.filter(threat=threat, answer="").first()
    if waiting is not None:
        raise rules.broken("TH44", since=day_in_words(waiting.proposed_at))
    label = threat.label if into is None else label_between(threat, into)
    if label is None:
        raise rules.broken("TH32", "other")
    proposed = Closing.objects.create(
        label=label,
        threat=threat,
        ground=ground,
        closed_on=closed_on,
        into=into,
        proposed_by=actor,
        proposed_at=now,
        reason=reason,
    )
    audit.note(
        Operation.ALTERATION,
        threat,
        reference=threat.reference,
        change="closing proposed" if into is None else "merge proposed",
        ground=ground,
        why=reason,
    )
    return proposed


def _to_answer_closing(closing: Closing, *, actor: User) -> tuple[Closing, Threat]:
    threat = locked(Threat, closing.threat_id)
    closing = locked(Closing, closing.pk)
    rules.check_open(closed_on=threat.closed_on)
    rules.check_may_answer_closing(
        actor, selectors.proposed_of(closing, threat), is_of_unit=selectors.is_of_unit(threat)
    )
    return closing, threat


def _to_reopen(threat: Threat, *, actor: User, reason: str, seen: datetime | None) -> Threat:
    rules.check_may_manage(actor, owner=threat.owner.code, audience=threat.label.audience)
    threat = locked(Threat, threat.pk)
    rules.check_unchanged(seen=seen, recorded_from=threat.recorded_from)
    rules.check_reason(reason)
    return threat
