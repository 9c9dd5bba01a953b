"""Who and what is in a threat: people in their roles, places and phone lines, each from a date and to one."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.people.models import User
from fourfold.threats import rules, selectors
from fourfold.threats.models import Threat, ThreatLine, ThreatMember, ThreatPlace
from fourfold.threats.services.writing import check_writes, day_in_words, locked, narrower, save, to_develop

if TYPE_CHECKING:
    from fourfold.pole.models import PersonRecord


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
    threat = to_develop(threat, actor=actor, reason=reason)
    role = rules.check_membership(membership, vocabulary=selectors.vocabulary(), today=today)
    same = ThreatMember.objects.filter(
        threat=threat, record__person_id=record.person_id, role=role.code, to_on=None
    ).first()
    if same is not None:
        raise rules.broken("TM10", "role", since=f"{same.from_on:%-d %B %Y}")
    label = narrower(threat.label, record.label)
    check_writes(label)
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
    threat = to_develop(member.threat, actor=actor, reason=reason)
    member = locked(ThreatMember, member.pk)
    if member.to_on is not None:
        raise rules.broken("TM11")
    rules.check_ending(to_on=to_on, from_on=member.from_on, today=today)
    person = member.record.person_id
    for each in ThreatMember.objects.filter(threat=threat, role=member.role, record__person_id=person, to_on=None):
        each.to_on, each.because = max(to_on, each.from_on), reason
        save(each, "to_on", "because")
    member.refresh_from_db()
    audit.note(Operation.ALTERATION, member, change="member ended", threat=threat.reference, why=reason)
    return member


@transaction.atomic
def move_member(*, actor: User, member: ThreatMember, record: "PersonRecord", reason: str) -> ThreatMember:
    """Put a membership on another record, where it was meant for the person of that one. What it said stays said."""
    threat = to_develop(member.threat, actor=actor, reason=reason)
    member = locked(ThreatMember, member.pk)
    if member.to_on is not None:
        raise rules.broken("TM11")
    label = narrower(threat.label, record.label)
    check_writes(label)
    was = member.record_id
    member.record, member.label, member.because = record, label, reason
    save(member, "record", "label", "because")
    audit.note(
        Operation.ALTERATION, member, change="member moved", threat=threat.reference, was=was, to=record.pk, why=reason
    )
    return member


@transaction.atomic
def add_place(
    *, actor: User, threat: Threat, name: str, from_on: date, reason: str, today: date, postcode: str = ""
) -> ThreatPlace:
    """A place in the officer's own words; its postcode is given, or read at the end of the words."""
    threat = to_develop(threat, actor=actor, reason=reason)
    rules.check_place(name, field="name")
    rules.check_from(from_on, today=today)
    place = ThreatPlace.objects.create(
        label=threat.label,
        threat=threat,
        name=name.strip(),
        postcode=rules.postcode_in(postcode, field="postcode") or rules.postcode_at_end(name),
        from_on=from_on,
        because=reason,
    )
    audit.note(Operation.ALTERATION, place, change="place added", threat=threat.reference, why=reason)
    return place


@transaction.atomic
def end_place(*, actor: User, place: ThreatPlace, to_on: date, reason: str, today: date) -> ThreatPlace:
    return _end(place, actor=actor, to_on=to_on, reason=reason, today=today, change="place ended")


@transaction.atomic
def add_line(
    *,
    actor: User,
    threat: Threat,
    number: str,
    from_on: date,
    reason: str,
    today: date,
    brand: str = "",
) -> ThreatLine:
    """A phone line the threat is run on; the number in any writing that shows its area or country code."""
    threat = to_develop(threat, actor=actor, reason=reason)
    said = rules.check_line(number=number, brand=brand)
    rules.check_from(from_on, today=today)
    same = ThreatLine.objects.filter(threat=threat, number=said, to_on=None).first()
    if same is not None:
        raise rules.broken("TH37", "number", since=day_in_words(same.from_on))
    line = ThreatLine.objects.create(
        label=threat.label, threat=threat, number=said, brand=brand.strip(), from_on=from_on, because=reason
    )
    audit.note(Operation.ALTERATION, line, change="line added", threat=threat.reference, why=reason)
    return line


@transaction.atomic
def end_line(*, actor: User, line: ThreatLine, to_on: date, reason: str, today: date) -> ThreatLine:
    return _end(line, actor=actor, to_on=to_on, reason=reason, today=today, change="line ended")


def _end[Part: (ThreatLine, ThreatPlace)](
    part: Part, *, actor: User, to_on: date, reason: str, today: date, change: str
) -> Part:
    threat = to_develop(part.threat, actor=actor, reason=reason)
    part = locked(type(part), part.pk)
    rules.check_ended(to_on=to_on, from_on=part.from_on, ended_on=part.to_on, today=today)
    part.to_on, part.because = to_on, reason
    save(part, "to_on", "because")
    audit.note(Operation.ALTERATION, part, change=change, threat=threat.reference, why=reason)
    return part
