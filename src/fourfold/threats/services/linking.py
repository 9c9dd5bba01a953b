"""What one threat has to do with another."""

from datetime import date

from django.db import models, transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User
from fourfold.threats import rules
from fourfold.threats.models import Threat, ThreatLink
from fourfold.threats.rules import LinkKind
from fourfold.threats.services.writing import day_in_words, label_between, locked, save


@transaction.atomic
def link_threats(
    *,
    actor: User,
    one: Threat,
    other: Threat,
    kind: str,
    reason: str,
    today: date,
    from_on: date | None = None,
) -> ThreatLink:
    """Say what one threat has to do with another. Whoever may develop one of the two may link it to what they see."""
    since = from_on or today
    _check_may_develop_either(actor, one, other)
    rules.check_reason(reason)
    rules.check_from(since, today=today)
    wanted = rules.check_link(kind=kind, one=one.pk, other=other.pk)
    for each in (one, other):
        if rules.may_develop(actor, owner=each.owner.code, audience=each.label.audience):
            rules.check_open(closed_on=locked(Threat, each.pk).closed_on)
    link = write_link(one, other, wanted, from_on=since, reason=reason)
    for each, far in ((one, other), (other, one)):
        audit.note(
            Operation.ALTERATION,
            each,
            reference=each.reference,
            change="linked",
            kind=wanted.value,
            other=far.reference,
            why=reason,
        )
    return link


@transaction.atomic
def end_link(*, actor: User, link: ThreatLink, to_on: date, reason: str, today: date) -> ThreatLink:
    """Say from when two threats have this to do with each other no more."""
    _check_may_develop_either(actor, link.one, link.other)
    rules.check_reason(reason)
    link = locked(ThreatLink, link.pk)
    if link.kind not in rules.CHOSEN_LINKS:
        raise rules.broken("TH31")
    rules.check_ended(to_on=to_on, from_on=link.from_on, ended_on=link.to_on, today=today)
    link.to_on, link.because = to_on, reason
    save(link, "to_on", "because")
    for each in (link.one, link.other):
        audit.note(Operation.ALTERATION, each, reference=each.reference, change="link ended", link=link.pk, why=reason)
    return link


def _check_may_develop_either(actor: User, one: Threat, other: Threat) -> None:
    if not any(rules.may_develop(actor, owner=t.owner.code, audience=t.label.audience) for t in (one, other)):
        rules.check_may_develop(actor, owner=one.owner.code, audience=one.label.audience)


def write_link(one: Threat, other: Threat, kind: LinkKind, *, from_on: date, reason: str) -> ThreatLink:
    ends = models.Q(one=one, other=other)
    if kind in rules.SYMMETRIC_LINKS:
        ends |= models.Q(one=other, other=one)
    same = ThreatLink.objects.filter(ends, kind=kind, to_on=None).first()
    if same is not None:
        raise rules.broken("TH30", "other", since=day_in_words(same.from_on))
    label = label_between(one, other)
    if label is None:
        raise rules.broken("TH32", "other")
    return ThreatLink.objects.create(label=label, one=one, other=other, kind=kind, from_on=from_on, because=reason)
