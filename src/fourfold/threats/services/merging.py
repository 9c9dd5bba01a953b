"""Two threats become one, or one becomes two: people, lines and places move, and disruptions stay."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import models, transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope
from fourfold.threats import rooms, rules, selectors
from fourfold.threats.models import Threat, ThreatLine, ThreatMember, ThreatPlace
from fourfold.threats.rules import LinkKind
from fourfold.threats.services.linking import write_link
from fourfold.threats.services.writing import (
    Leads,
    Put,
    check_writes,
    locked,
    narrower,
    new_threat,
    next_references,
    save,
    to_change,
    to_manage,
    write_closed,
)


@transaction.atomic
def merge_threats(*, actor: User, threat: Threat, into: Threat, reason: str, today: date) -> Threat:
    """Let a threat go on in another. Both records stay, linked; the first is closed as merged.

    People, lines and places now in it end there and begin in the other. Disruptions stay where they were recorded,
    and so does what the one who acts may not see. What becomes of its plan, the plans' room says.

    Returns:
        The threat it goes on in.
    """
    rules.check_another(one=threat.pk, other=into.pk)
    for each in (threat, into):
        rules.check_may_manage(actor, owner=each.owner.code, audience=each.label.audience)
    for pk in sorted((threat.pk, into.pk)):
        locked(Threat, pk)
    threat = to_manage(threat, actor=actor, reason=reason)
    into = to_change(into, actor=actor, check=rules.check_may_manage, reason=reason, seen=None, also="other")
    link = write_link(threat, into, LinkKind.MERGED_INTO, from_on=today, reason=reason)
    moved = _move(threat, into, reason=reason, today=today)
    rooms.follow_merge(actor=actor, threat=threat, into=into, reason=reason, today=today)
    ground = selectors.vocabulary().merged_ground
    write_closed(threat, "merged", reason, ground=ground, closed_on=today)
    audit.note(
        Operation.COMBINATION,
        into,
        reference=into.reference,
        change="took in another threat",
        other=threat.reference,
        link=link.pk,
        moved=moved,
        why=reason,
    )
    return into


@transaction.atomic
def move_what_was_left(*, actor: User, threat: Threat, reason: str, today: date) -> int:
    """After a merge: move what the one who merged could not see, by somebody who sees it. Returns how much moved."""
    rules.check_may_develop(actor, owner=threat.owner.code, audience=threat.label.audience)
    rules.check_reason(reason)
    threat = locked(Threat, threat.pk)
    into = selectors.merged_into(threat)
    if into is None:
        raise NotThere
    rules.check_open_too(reference=into.reference, closed_on=into.closed_on, field="")
    with scope.lent(into.label_id):
        moved = _move(threat, into, reason=reason, today=today)
    audit.note(
        Operation.ALTERATION,
        threat,
        reference=threat.reference,
        change="rest moved after a merge",
        other=into.reference,
        moved=moved,
        why=reason,
    )
    return sum(moved.values())


@dataclass(frozen=True)
class Parts:
    """Which people, lines and places of a threat are meant, by key."""

    members: frozenset[int] = frozenset()
    lines: frozenset[int] = frozenset()
    places: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.members) + len(self.lines) + len(self.places)


@transaction.atomic
def split_threat(
    *,
    actor: User,
    threat: Threat,
    nomination: rules.Nomination,
    parts: Parts,
    reason: str,
    today: date,
    leads: Leads | None = None,
    seen: datetime | None = None,
) -> Threat:
    """Make a new threat of part of one. Both stay open and linked; what is chosen goes over to the new.

    Returns:
        The new threat: same owner, same readers.
    """
    threat = to_manage(threat, actor=actor, reason=reason, seen=seen)
    if not len(parts):
        raise rules.broken("TH41", "members")
    leads = leads or Leads()
    leads.check()
    rules.check_nomination(nomination, vocabulary=selectors.vocabulary(), today=today)
    (reference,) = next_references(1)
    made = new_threat(
        actor, Put(nomination=nomination, owner=threat.owner, leads=leads), threat.label, reference, reason
    )
    made.save(force_insert=True)
    link = write_link(made, threat, LinkKind.SPLIT_FROM, from_on=today, reason=reason)
    moved = _move(threat, made, reason=reason, today=today, only=parts)
    if sum(moved.values()) < len(parts):
        raise rules.broken("TH42", "members")
    audit.note(
        Operation.COLLECTION,
        made,
        reference=made.reference,
        change="split from another threat",
        other=threat.reference,
        link=link.pk,
        moved=moved,
        why=reason,
    )
    audit.note(
        Operation.ALTERATION,
        threat,
        reference=threat.reference,
        change="split",
        other=made.reference,
        moved=moved,
        why=reason,
    )
    return made


def _move(threat: Threat, into: Threat, *, reason: str, today: date, only: Parts | None = None) -> dict[str, int]:
    """End the people, lines and places of one threat, and begin them in another. Returns how many of each."""
    members = ThreatMember.objects.select_related("record__label").filter(threat=threat, to_on=None)
    lines, places = ThreatLine.objects.filter(threat=threat), ThreatPlace.objects.filter(threat=threat)
    if only is not None:
        members = members.filter(pk__in=only.members)
        lines, places = lines.filter(pk__in=only.lines), places.filter(pk__in=only.places)
    return {
        "members": _move_members(members, into, reason=reason, today=today),
        "lines": _move_parts(lines, into, says=("number", "brand"), reason=reason, today=today),
        "places": _move_parts(places, into, says=("name", "postcode"), reason=reason, today=today),
    }


def _move_members(moving: models.QuerySet[ThreatMember], into: Threat, *, reason: str, today: date) -> int:
    """New memberships with the same role, side, category and grade: nobody exploited becomes an offender by moving."""
    there = set(ThreatMember.objects.filter(threat=into, to_on=None).values_list("record__person_id", "role"))
    moved = 0
    for member in moving:
        label = narrower(into.label, member.record.label)
        check_writes(label)
        if (member.record.person_id, member.role) not in there:
            ThreatMember.objects.create(
                label=label,
                threat=into,
                record=member.record,
                role=member.role,
                side=member.side,
                category=member.category,
                assertion=member.assertion,
                grade=member.grade,
                from_on=max(today, member.from_on),
                because=reason,
            )
            there.add((member.record.person_id, member.role))
        member.to_on, member.because = max(today, member.from_on), reason
        save(member, "to_on", "because")
        moved += 1
    return moved


def _move_parts(
    moving: models.QuerySet[ThreatLine] | models.QuerySet[ThreatPlace],
    into: Threat,
    *,
    says: tuple[str, ...],
    reason: str,
    today: date,
) -> int:
    """Lines and places: `says` names the columns that say which it is."""
    model = moving.model._default_manager
    there = set(model.filter(threat=into, to_on=None).values_list(*says))
    moved = 0
    for part in moving.filter(to_on=None):
        said = tuple(getattr(part, name) for name in says)
        if said not in there:
            named = dict(zip(says, said, strict=True))
            model.create(label=into.label, threat=into, from_on=max(today, part.from_on), because=reason, **named)
            there.add(said)
        part.to_on, part.because = max(today, part.from_on), reason
        save(part, "to_on", "because")
        moved += 1
    return moved
