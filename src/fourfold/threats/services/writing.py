"""The steps that every change to a threat shares: locked, checked, written, noted."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, models

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel, Compartment
from fourfold.platform.visibility.services import label_for
from fourfold.threats import rules
from fourfold.threats.models import Closing, HandOver, Threat
from fourfold.threats.rules import Answer


@dataclass(frozen=True, kw_only=True)
class Leads:
    """The people who answer for a threat. Rank-neutral: any may be of any agency (docs/sources.md#lead-officers)."""

    lro: User | None = None
    deputy: User | None = None
    sio: User | None = None

    def check(self) -> None:
        if self.lro is not None and self.lro == self.deputy:
            raise rules.broken("TH21", "deputy")
        for role, user in (("lro", self.lro), ("deputy", self.deputy), ("sio", self.sio)):
            if user is not None and not user.is_active:
                raise rules.broken("TH22", role, name=user.name)


@dataclass(frozen=True, kw_only=True)
class Put:
    """One threat to be put on the list, with whose it is, who leads it, where it is and who may see it."""

    nomination: rules.Nomination
    owner: Organisation
    leads: Leads = field(default_factory=Leads)
    places: tuple[str, ...] = ()
    audience: str = "REGION"
    compartment: Compartment | None = None


def new_threat(actor: User, put: Put, label: AccessLabel, reference: str, reason: str) -> Threat:
    """The threat as it will be written."""
    nomination = put.nomination
    said = asdict(nomination) | {"aliases": list(nomination.aliases), "themes": list(nomination.themes)}
    return Threat(
        label=label,
        reference=reference,
        owner=put.owner,
        phase_from=nomination.nominated_on,
        nominated_by=actor,
        lro=put.leads.lro,
        deputy=put.leads.deputy,
        sio=put.leads.sio,
        because=reason,
        **said,
    )


def owned_by(owner: Organisation, old: AccessLabel) -> AccessLabel:
    """The same readers, but for the owner."""
    return label_for(
        owner=owner,
        audience=old.audience,
        marking=old.marking,
        compartment=old.compartment,
        agreement=old.agreement,
        named=old.named.all() if old.named_key else (),
    )


def write_closed(threat: Threat, change: str, reason: str, *, ground: str, closed_on: date) -> Threat:
    return alter(threat, change, reason, phase=ground, phase_from=closed_on, closing_ground=ground, closed_on=closed_on)


def write_answer(asked: HandOver | Closing, answer: Answer, *, actor: User, now: datetime, reason: str) -> None:
    asked.answer, asked.answered_by, asked.answered_at, asked.answer_reason = answer, actor, now, reason
    save(asked, "answer", "answered_by", "answered_at", "answer_reason")


def withdrawn[Asked: (HandOver, Closing)](
    asked: Asked, *, actor: User, now: datetime, reason: str, change: str
) -> Asked:
    """What was asked for and not answered yet is taken back, by whoever may manage the threat where it still is."""
    threat = asked.threat
    if not rules.may_manage(actor, owner=threat.owner.code, audience=threat.label.audience):
        raise rules.broken("TH54")
    locked(Threat, threat.pk)
    asked = locked(type(asked), asked.pk)
    if asked.answer:
        raise rules.broken("TH43")
    rules.check_reason(reason)
    write_answer(asked, Answer.WITHDRAWN, actor=actor, now=now, reason=reason)
    note_answer(threat, change, reason)
    return asked


def asked_and_answered(asked: str, answer: str, reason: str) -> str:
    """Why a threat was changed that somebody asked for and somebody else granted: the words of both."""
    return f"{asked.rstrip('. ')}. {answer}" + (f": {reason}" if reason else ".")


def note_answer(threat: Threat, change: str, reason: str) -> None:
    audit.note(Operation.ALTERATION, threat, reference=threat.reference, change=change, why=reason)


def label_between(one: Threat, other: Threat) -> AccessLabel | None:
    """A label for those who see both threats, that the one who acts may write; None where nobody sees both."""
    try:
        kept = narrower(one.label, other.label)
    except RuleBroken:
        return None
    acting = scope.current()
    if acting is None or kept.pk in acting.writes or kept.audience == "OWN":
        return kept
    mine = one if kept == other.label else other
    return owned_by(mine.owner, kept)


def check_writes(label: AccessLabel) -> None:
    acting = scope.current()
    if acting is None or label.pk not in acting.writes:
        raise rules.broken("TM14", "record")


def next_references(number: int) -> list[str]:
    """From the sequence and never from a count: each reader counts only what they may see."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('threats_reference') from generate_series(1, %s)", [number])
        return [f"SOC-{taken:04d}" for (taken,) in cursor.fetchall()]


def to_manage(threat: Threat, *, actor: User, reason: str, seen: datetime | None = None) -> Threat:
    """The threat, locked and read again, once it is sure that this person may manage it now and says why."""
    return to_change(threat, actor=actor, check=rules.check_may_manage, reason=reason, seen=seen)


def to_develop(threat: Threat, *, actor: User, reason: str, seen: datetime | None = None) -> Threat:
    """The same for those who may say who and what is in a threat."""
    return to_change(threat, actor=actor, check=rules.check_may_develop, reason=reason, seen=seen)


def to_change(
    threat: Threat, *, actor: User, check: Callable[..., None], reason: str, seen: datetime | None, also: str = ""
) -> Threat:
    """`also` names the field of a second threat, whose being closed is told by its reference."""
    check(actor, owner=threat.owner.code, audience=threat.label.audience)
    threat = locked(Threat, threat.pk)
    if also:
        rules.check_open_too(reference=threat.reference, closed_on=threat.closed_on, field=also)
    rules.check_open(closed_on=threat.closed_on)
    rules.check_unchanged(seen=seen, recorded_from=threat.recorded_from)
    rules.check_reason(reason)
    return threat


def locked[Row: models.Model](model: type[Row], pk: int) -> Row:
    row = model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotThere
    return row


def alter(threat: Threat, change: str, reason: str, **values: Any) -> Threat:
    before = {name: getattr(threat, name) for name in values}
    for name, value in values.items():
        setattr(threat, name, value)
    threat.because = reason
    save(threat, "because", *values)
    audit.note(
        Operation.ALTERATION,
        threat,
        reference=threat.reference,
        change=change,
        why=reason,
        before={name: _plain(value) for name, value in before.items()},
        after={name: _plain(value) for name, value in values.items()},
    )
    return threat


def save(row: models.Model, *fields: str) -> None:
    row.save(update_fields=fields)
    row.refresh_from_db(fields=["recorded_from", "recorded_by", "recorded_in"])


def day_in_words(day: date) -> str:
    return f"{day:%-d %B %Y}"


def _plain(value: object) -> object:
    if isinstance(value, models.Model):
        return value.pk
    return value.isoformat() if isinstance(value, date) else value


def narrower(first: AccessLabel, second: AccessLabel) -> AccessLabel:
    """The label that fewer may read: a membership says something about both the threat and the record."""
    one, other = (
        rules.Readers(each.owner_id, each.audience, each.marking, each.compartment_id) for each in (first, second)
    )
    kept = rules.narrower(one, other)
    if kept is None:
        raise rules.broken("TM12", "record")
    return first if kept == one else second
