"""Every change to the master list: checked, written and noted in one transaction, with the reason given for it."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel, Compartment
from fourfold.platform.visibility.services import label_for
from fourfold.threats import rooms, rules, selectors
from fourfold.threats.models import Threat, ThreatMember, ThreatPlace

if TYPE_CHECKING:
    from fourfold.pole.models import PersonRecord


@dataclass(frozen=True, kw_only=True)
class Leads:
    """The people who answer for a threat. Rank-neutral: any of them may be of any agency (DOMAIN 5.1)."""

    lro: User | None = None
    deputy: User | None = None
    sio: User | None = None

    def check(self) -> None:
        if self.lro is not None and self.lro == self.deputy:
            raise rules.broken("TH21", "deputy")
        for field, user in (("lro", self.lro), ("deputy", self.deputy), ("sio", self.sio)):
            if user is not None and not user.is_active:
                raise rules.broken("TH22", field, name=user.name)


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
    leads = leads or Leads()
    rules.check_may_nominate(actor, owner=owner.code, audience=audience)
    rules.check_nomination(nomination, vocabulary=selectors.vocabulary(), today=today)
    rules.check_reason(reason)
    places = list(places)
    for name in places:
        rules.check_place(name, field="places")
    leads.check()
    label = label_for(owner=owner, audience=audience, compartment=compartment)
    said = asdict(nomination) | {"aliases": list(nomination.aliases), "themes": list(nomination.themes)}
    threat = Threat.objects.create(
        label=label,
        reference=_next_reference(),
        owner=owner,
        phase_from=nomination.nominated_on,
        nominated_by=actor,
        lro=leads.lro,
        deputy=leads.deputy,
        sio=leads.sio,
        because=reason,
        **said,
    )
    since = nomination.nominated_on
    for name in places:
        ThreatPlace.objects.create(label=label, threat=threat, name=name, from_on=since, because=reason)
    audit.note(Operation.COLLECTION, threat, reference=threat.reference, change="nominated", why=reason)
    return threat


@transaction.atomic
def describe_threat(
    *,
    actor: User,
    threat: Threat,
    name: str,
    aliases: Iterable[str],
    summary: str,
    themes: Iterable[str],
    reason: str,
    seen: datetime | None = None,
) -> Threat:
    """Change the words that describe a threat."""
    threat = _to_develop(threat, actor=actor, reason=reason, seen=seen)
    themes, aliases = list(themes), list(aliases)
    rules.check_description(
        name=name, summary=summary, themes=themes, aliases=aliases, vocabulary=selectors.vocabulary()
    )
    return _change(threat, "described", reason, name=name, aliases=aliases, summary=summary, themes=themes)


@transaction.atomic
def change_tier(*, actor: User, threat: Threat, tier: str, reason: str, seen: datetime | None = None) -> Threat:
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_new_tier(tier=tier, was=threat.tier, vocabulary=selectors.vocabulary())
    return _change(threat, "tier changed", reason, tier=tier)


@transaction.atomic
def change_phase(
    *,
    actor: User,
    threat: Threat,
    phase: str,
    from_on: date,
    reason: str,
    today: date,
    seen: datetime | None = None,
) -> Threat:
    """Move a threat to another open phase."""
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_new_phase(
        phase=phase,
        was=threat.phase,
        from_on=from_on,
        nominated_on=threat.nominated_on,
        vocabulary=selectors.vocabulary(),
        today=today,
    )
    return _change(threat, "phase changed", reason, phase=phase, phase_from=from_on)


@transaction.atomic
def reclassify(*, actor: User, threat: Threat, threat_type: str, reason: str, seen: datetime | None = None) -> Threat:
    """Say that a threat is of another kind. What it was called before stays in its history."""
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_new_type(threat_type=threat_type, was=threat.threat_type)
    return _change(threat, "reclassified", reason, threat_type=threat_type)


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
    """Give a threat to other people, and to another organisation where `owner` says so.

    Only somebody who may manage for both organisations moves a threat between them; who may see it stays as it was,
    but for the owner.
    """
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    leads.check()
    given = {"lro": leads.lro, "deputy": leads.deputy, "sio": leads.sio}
    if owner is None or owner == threat.owner:
        return _change(threat, "handed over", reason, **given)
    rules.check_may_manage(actor, owner=owner.code, audience=threat.label.audience)
    old = threat.label
    label = label_for(owner=owner, audience=old.audience, marking=old.marking, compartment=old.compartment)
    for part in (ThreatMember, ThreatPlace):
        for row in part.objects.filter(threat=threat, label=old):
            row.label, row.because = label, reason
            row.save(update_fields=["label", "because"])
    rooms.relabel(threat, old=old, new=label, reason=reason)
    return _change(threat, "handed over", reason, owner=owner, label=label, **given)


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
    """Close a threat on one of the region's grounds. The record and everything on it stays."""
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_closing(
        ground=ground,
        closed_on=closed_on,
        nominated_on=threat.nominated_on,
        vocabulary=selectors.vocabulary(),
        today=today,
    )
    return _change(
        threat, "closed", reason, phase=ground, phase_from=closed_on, closing_ground=ground, closed_on=closed_on
    )


@transaction.atomic
def add_member(
    *,
    actor: User,
    threat: Threat,
    record: "PersonRecord",
    membership: rules.Membership,
    reason: str,
    today: date,
) -> ThreatMember:
    """Put the person of a source record in a threat, in one role, from a date."""
    threat = _to_develop(threat, actor=actor, reason=reason)
    role = rules.check_membership(membership, vocabulary=selectors.vocabulary(), today=today)
    same = ThreatMember.objects.filter(
        threat=threat, record__person_id=record.person_id, role=role.code, to_on=None
    ).first()
    if same is not None:
        raise rules.broken("TM10", "role", since=f"{same.from_on:%-d %B %Y}")
    label = _narrower(threat.label, record.label)
    acting = scope.current()
    if acting is None or label.pk not in acting.writes:
        raise rules.broken("TM14", "record")
    member = ThreatMember.objects.create(
        label=label,
        threat=threat,
        record=record,
        side=role.side,
        because=reason,
        **asdict(membership),
    )
    audit.note(Operation.ALTERATION, member, change="member added", threat=threat.reference, role=role.code, why=reason)
    return member


@transaction.atomic
def end_member(*, actor: User, member: ThreatMember, to_on: date, reason: str, today: date) -> ThreatMember:
    """Say from when a person no longer has this role. The membership stays in the record.

    Where the role was recorded on several records that are one person's, it ends on all of them.
    """
    threat = _to_develop(member.threat, actor=actor, reason=reason)
    member = _locked(ThreatMember, member.pk)
    if member.to_on is not None:
        raise rules.broken("TM11")
    rules.check_ending(to_on=to_on, from_on=member.from_on, today=today)
    person = member.record.person_id
    for each in ThreatMember.objects.filter(threat=threat, role=member.role, record__person_id=person, to_on=None):
        each.to_on, each.because = max(to_on, each.from_on), reason
        _save(each, "to_on", "because")
    member.refresh_from_db()
    audit.note(Operation.ALTERATION, member, change="member ended", threat=threat.reference, why=reason)
    return member


@transaction.atomic
def add_place(*, actor: User, threat: Threat, name: str, from_on: date, reason: str, today: date) -> ThreatPlace:
    threat = _to_develop(threat, actor=actor, reason=reason)
    rules.check_place(name, field="name")
    if from_on > today:
        raise rules.broken("TH23", "from_on")
    place = ThreatPlace.objects.create(
        label=threat.label, threat=threat, name=name.strip(), from_on=from_on, because=reason
    )
    audit.note(Operation.ALTERATION, place, change="place added", threat=threat.reference, why=reason)
    return place


def _next_reference() -> str:
    """From the sequence and never from a count: each reader counts only what they may see."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('threats_reference')")
        (number,) = cursor.fetchone()
    return f"SOC-{number:04d}"


def _to_manage(threat: Threat, *, actor: User, reason: str, seen: datetime | None = None) -> Threat:
    """The threat, locked and read again, once it is sure that this person may manage it now and says why."""
    return _to_change(threat, actor=actor, check=rules.check_may_manage, reason=reason, seen=seen)


def _to_develop(threat: Threat, *, actor: User, reason: str, seen: datetime | None = None) -> Threat:
    """The same for those who may say who and what is in a threat."""
    return _to_change(threat, actor=actor, check=rules.check_may_develop, reason=reason, seen=seen)


def _to_change(
    threat: Threat, *, actor: User, check: Callable[..., None], reason: str, seen: datetime | None
) -> Threat:
    check(actor, owner=threat.owner.code, audience=threat.label.audience)
    threat = _locked(Threat, threat.pk)
    rules.check_open(closed_on=threat.closed_on)
    rules.check_unchanged(seen=seen, recorded_from=threat.recorded_from)
    rules.check_reason(reason)
    return threat


def _locked[Row: models.Model](model: type[Row], pk: int) -> Row:
    row = model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None:
        raise NotThere
    return row


def _change(threat: Threat, change: str, reason: str, **values: Any) -> Threat:
    before = {name: getattr(threat, name) for name in values}
    for name, value in values.items():
        setattr(threat, name, value)
    threat.because = reason
    _save(threat, "because", *values)
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


def _save(row: models.Model, *fields: str) -> None:
    row.save(update_fields=fields)
    row.refresh_from_db(fields=["recorded_from", "recorded_by", "recorded_in"])


def _plain(value: object) -> object:
    if isinstance(value, models.Model):
        return value.pk
    return value.isoformat() if isinstance(value, date) else value


def _narrower(first: AccessLabel, second: AccessLabel) -> AccessLabel:
    """The label that fewer may read: a membership says something about both the threat and the record."""
    one, other = (
        rules.Readers(each.owner_id, each.audience, each.marking, each.compartment_id) for each in (first, second)
    )
    kept = rules.narrower(one, other)
    if kept is None:
        raise rules.broken("TM12", "record")
    return first if kept == one else second
