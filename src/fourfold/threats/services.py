"""Every change to the master list: checked, written and noted in one transaction, with the reason given for it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel, Compartment
from fourfold.platform.visibility.services import label_for
from fourfold.threats import rooms, rules, selectors
from fourfold.threats.models import Closing, HandOver, Threat, ThreatLine, ThreatLink, ThreatMember, ThreatPlace
from fourfold.threats.rules import Answer, LinkKind

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
        _made(actor, put, labels[put.owner.pk, put.audience, put.compartment], reference, reason)
        for put, reference in zip(entries, _next_references(len(entries)), strict=True)
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
def set_tier_from_moderation(*, threat: Threat, tier: str, reason: str) -> Threat:
    """The tier that a moderated assessment gives, set by the moderator who acts; the same tier changes nothing.

    Needs no right to manage: moderating is what says how serious a threat is.

    Raises:
        RuleBroken: TH55 where the one who acts does not moderate; TH16 for a closed threat.
    """
    acting = scope.current()
    if acting is None:
        raise RuntimeError("set_tier_from_moderation needs a scope: open one with acting_as first")
    rules.check_may_moderate(acting.user)
    with scope.lent(threat.label_id):
        threat = _locked(Threat, threat.pk)
        rules.check_open(closed_on=threat.closed_on)
        rules.check_reason(reason)
        if tier == threat.tier:
            return threat
        rules.check_new_tier(tier=tier, was=threat.tier, vocabulary=selectors.vocabulary())
        return _change(threat, "tier set by moderation", reason, tier=tier)


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
    """Give a threat to other people at once, and to another organisation where `owner` says so.

    Only somebody who may manage for both organisations does so without an answer; everybody else offers
    (`offer_hand_over`). Who may see the threat stays as it was, but for the owner.
    """
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
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
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    leads.check()
    owner = owner or threat.owner
    rules.check_offer(owner_changes=owner != threat.owner, lro=_pk(leads.lro), was=threat.lro_id)
    if owner != threat.owner and not selectors.is_read_at(owner, threat.label):
        raise rules.broken("TH46", "owner", organisation=owner.name)
    waiting = HandOver.objects.filter(threat=threat, answer="").first()
    if waiting is not None:
        raise rules.broken("TH44", since=_day(waiting.offered_at))
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
        _answer(offered, Answer.ACCEPTED, actor=actor, now=now, reason=reason)
        because = _asked_and_answered(offered.reason, "Accepted", reason)
        return _give(threat, "hand-over accepted", because, leads=leads, owner=offered.to_organisation)


@transaction.atomic
def decline_hand_over(*, actor: User, hand_over: HandOver, now: datetime, reason: str) -> HandOver:
    """Say no, and why. The threat stays where it is."""
    with scope.lent(hand_over.threat.label_id, hand_over.label_id):
        offered, threat = _to_answer_offer(hand_over, actor=actor)
        rules.check_reason(reason)
        _answer(offered, Answer.DECLINED, actor=actor, now=now, reason=reason)
    _note_answer(threat, "hand-over declined", reason)
    return offered


@transaction.atomic
def withdraw_hand_over(*, actor: User, hand_over: HandOver, now: datetime, reason: str) -> HandOver:
    """Take an offer back before it is answered: whoever may manage the threat where it still is."""
    threat = hand_over.threat
    if not rules.may_manage(actor, owner=threat.owner.code, audience=threat.label.audience):
        raise rules.broken("TH54")
    _locked(Threat, threat.pk)
    offered = _locked(HandOver, hand_over.pk)
    if offered.answer:
        raise rules.broken("TH43")
    rules.check_reason(reason)
    _answer(offered, Answer.WITHDRAWN, actor=actor, now=now, reason=reason)
    _note_answer(threat, "hand-over withdrawn", reason)
    return offered


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
    """Propose to close a threat. It stays open until a moderator confirms (DOMAIN 1.4 a)."""
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
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
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_another(one=threat.pk, other=into.pk)
    rules.check_open_too(reference=into.reference, closed_on=into.closed_on, field="other")
    ground = selectors.vocabulary().merged_ground
    return _propose(actor, threat, ground=ground, closed_on=today, into=into, reason=reason, now=now)


@transaction.atomic
def confirm_closing(*, actor: User, closing: Closing, now: datetime, today: date, reason: str = "") -> Threat:
    """Close what was proposed to be closed, or merge what was proposed to be merged."""
    closing, threat = _to_answer_closing(closing, actor=actor)
    _answer(closing, Answer.ACCEPTED, actor=actor, now=now, reason=reason)
    because = _asked_and_answered(closing.reason, "Confirmed", reason)
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
    _answer(closing, Answer.DECLINED, actor=actor, now=now, reason=reason)
    _note_answer(threat, "closing refused", reason)
    return closing


@transaction.atomic
def withdraw_closing(*, actor: User, closing: Closing, now: datetime, reason: str) -> Closing:
    """Take a proposal back before it is answered."""
    threat = closing.threat
    if not rules.may_manage(actor, owner=threat.owner.code, audience=threat.label.audience):
        raise rules.broken("TH54")
    _locked(Threat, threat.pk)
    closing = _locked(Closing, closing.pk)
    if closing.answer:
        raise rules.broken("TH43")
    rules.check_reason(reason)
    _answer(closing, Answer.WITHDRAWN, actor=actor, now=now, reason=reason)
    _note_answer(threat, "closing withdrawn", reason)
    return closing


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
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    rules.check_closing(
        ground=ground,
        closed_on=closed_on,
        nominated_on=threat.nominated_on,
        vocabulary=selectors.vocabulary(),
        today=today,
    )
    return _close(threat, "closed", reason, ground=ground, closed_on=closed_on)


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
        _save(link, "to_on", "because")
    return _change(threat, "reopened", reason, phase=phase, phase_from=today, closing_ground="", closed_on=None)


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
        _locked(Threat, pk)
    threat = _to_manage(threat, actor=actor, reason=reason)
    into = _to_change(into, actor=actor, check=rules.check_may_manage, reason=reason, seen=None, also="other")
    link = _link(threat, into, LinkKind.MERGED_INTO, from_on=today, reason=reason)
    moved = _move(threat, into, reason=reason, today=today)
    rooms.follow_merge(actor=actor, threat=threat, into=into, reason=reason, today=today)
    ground = selectors.vocabulary().merged_ground
    _close(threat, "merged", reason, ground=ground, closed_on=today)
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
    threat = _locked(Threat, threat.pk)
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
    threat = _to_manage(threat, actor=actor, reason=reason, seen=seen)
    if not len(parts):
        raise rules.broken("TH41", "members")
    leads = leads or Leads()
    leads.check()
    rules.check_nomination(nomination, vocabulary=selectors.vocabulary(), today=today)
    (reference,) = _next_references(1)
    made = _made(actor, Put(nomination=nomination, owner=threat.owner, leads=leads), threat.label, reference, reason)
    made.save(force_insert=True)
    link = _link(made, threat, LinkKind.SPLIT_FROM, from_on=today, reason=reason)
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
            rules.check_open(closed_on=_locked(Threat, each.pk).closed_on)
    link = _link(one, other, wanted, from_on=since, reason=reason)
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
    link = _locked(ThreatLink, link.pk)
    if link.kind not in rules.CHOSEN_LINKS:
        raise rules.broken("TH31")
    rules.check_ended(to_on=to_on, from_on=link.from_on, ended_on=link.to_on, today=today)
    link.to_on, link.because = to_on, reason
    _save(link, "to_on", "because")
    for each in (link.one, link.other):
        audit.note(Operation.ALTERATION, each, reference=each.reference, change="link ended", link=link.pk, why=reason)
    return link


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
    _check_writes(label)
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
def move_member(*, actor: User, member: ThreatMember, record: "PersonRecord", reason: str) -> ThreatMember:
    """Put a membership on another record, where it was meant for the person of that one. What it said stays said."""
    threat = _to_develop(member.threat, actor=actor, reason=reason)
    member = _locked(ThreatMember, member.pk)
    if member.to_on is not None:
        raise rules.broken("TM11")
    label = _narrower(threat.label, record.label)
    _check_writes(label)
    was = member.record_id
    member.record, member.label, member.because = record, label, reason
    _save(member, "record", "label", "because")
    audit.note(
        Operation.ALTERATION, member, change="member moved", threat=threat.reference, was=was, to=record.pk, why=reason
    )
    return member


@transaction.atomic
def add_place(
    *, actor: User, threat: Threat, name: str, from_on: date, reason: str, today: date, postcode: str = ""
) -> ThreatPlace:
    """A place in the officer's own words; its postcode is given, or read at the end of the words."""
    threat = _to_develop(threat, actor=actor, reason=reason)
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
    threat = _to_develop(threat, actor=actor, reason=reason)
    said = rules.check_line(number=number, brand=brand)
    rules.check_from(from_on, today=today)
    same = ThreatLine.objects.filter(threat=threat, number=said, to_on=None).first()
    if same is not None:
        raise rules.broken("TH37", "number", since=_day(same.from_on))
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
    threat = _to_develop(part.threat, actor=actor, reason=reason)
    part = _locked(type(part), part.pk)
    rules.check_ended(to_on=to_on, from_on=part.from_on, ended_on=part.to_on, today=today)
    part.to_on, part.because = to_on, reason
    _save(part, "to_on", "because")
    audit.note(Operation.ALTERATION, part, change=change, threat=threat.reference, why=reason)
    return part


def _made(actor: User, put: Put, label: AccessLabel, reference: str, reason: str) -> Threat:
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


def _give(threat: Threat, change: str, reason: str, *, leads: Leads, owner: Organisation | None) -> Threat:
    """The threat and all that shares its label becomes another's; links are seen by those who see both ends."""
    given = {"lro": leads.lro, "deputy": leads.deputy, "sio": leads.sio}
    if owner is None or owner == threat.owner:
        return _change(threat, change, reason, **given)
    old = threat.label
    label = _owned_by(owner, old)
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
    threat = _change(threat, change, reason, owner=owner, label=label, **given)
    for link in selectors.links_of(threat):
        if link.label_id == old.pk:
            link.label = _between(link.one, link.other) or label
            link.save(update_fields=["label"])
    return threat


def _owned_by(owner: Organisation, old: AccessLabel) -> AccessLabel:
    """The same readers, but for the owner."""
    return label_for(
        owner=owner,
        audience=old.audience,
        marking=old.marking,
        compartment=old.compartment,
        agreement=old.agreement,
        named=old.named.all() if old.named_key else (),
    )


def _close(threat: Threat, change: str, reason: str, *, ground: str, closed_on: date) -> Threat:
    return _change(
        threat, change, reason, phase=ground, phase_from=closed_on, closing_ground=ground, closed_on=closed_on
    )


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
        raise rules.broken("TH44", since=_day(waiting.proposed_at))
    label = threat.label if into is None else _between(threat, into)
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


def _to_answer_offer(hand_over: HandOver, *, actor: User) -> tuple[HandOver, Threat]:
    """The offer and its threat, locked and read again, once it is sure that this person may answer. Inside `lent`."""
    threat = _locked(Threat, hand_over.threat_id)
    offered = _locked(HandOver, hand_over.pk)
    rules.check_open(closed_on=threat.closed_on)
    rules.check_may_answer_offer(actor, selectors.offer_of(offered, threat), organisation=offered.to_organisation.name)
    return offered, threat


def _to_answer_closing(closing: Closing, *, actor: User) -> tuple[Closing, Threat]:
    threat = _locked(Threat, closing.threat_id)
    closing = _locked(Closing, closing.pk)
    rules.check_open(closed_on=threat.closed_on)
    rules.check_may_answer_closing(
        actor, selectors.proposed_of(closing, threat), is_of_unit=selectors.is_of_unit(threat)
    )
    return closing, threat


def _answer(asked: HandOver | Closing, answer: Answer, *, actor: User, now: datetime, reason: str) -> None:
    asked.answer, asked.answered_by, asked.answered_at, asked.answer_reason = answer, actor, now, reason
    _save(asked, "answer", "answered_by", "answered_at", "answer_reason")


def _asked_and_answered(asked: str, answer: str, reason: str) -> str:
    """Why a threat was changed that somebody asked for and somebody else granted: the words of both."""
    return f"{asked.rstrip('. ')}. {answer}" + (f": {reason}" if reason else ".")


def _note_answer(threat: Threat, change: str, reason: str) -> None:
    audit.note(Operation.ALTERATION, threat, reference=threat.reference, change=change, why=reason)


def _check_may_develop_either(actor: User, one: Threat, other: Threat) -> None:
    if not any(rules.may_develop(actor, owner=t.owner.code, audience=t.label.audience) for t in (one, other)):
        rules.check_may_develop(actor, owner=one.owner.code, audience=one.label.audience)


def _link(one: Threat, other: Threat, kind: LinkKind, *, from_on: date, reason: str) -> ThreatLink:
    ends = models.Q(one=one, other=other)
    if kind in rules.SYMMETRIC_LINKS:
        ends |= models.Q(one=other, other=one)
    same = ThreatLink.objects.filter(ends, kind=kind, to_on=None).first()
    if same is not None:
        raise rules.broken("TH30", "other", since=_day(same.from_on))
    label = _between(one, other)
    if label is None:
        raise rules.broken("TH32", "other")
    return ThreatLink.objects.create(label=label, one=one, other=other, kind=kind, from_on=from_on, because=reason)


def _between(one: Threat, other: Threat) -> AccessLabel | None:
    """A label for those who see both threats, that the one who acts may write; None where nobody sees both."""
    try:
        kept = _narrower(one.label, other.label)
    except RuleBroken:
        return None
    acting = scope.current()
    if acting is None or kept.pk in acting.writes or kept.audience == "OWN":
        return kept
    mine = one if kept == other.label else other
    return _owned_by(mine.owner, kept)


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
        label = _narrower(into.label, member.record.label)
        _check_writes(label)
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
        _save(member, "to_on", "because")
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
        _save(part, "to_on", "because")
        moved += 1
    return moved


def _check_writes(label: AccessLabel) -> None:
    acting = scope.current()
    if acting is None or label.pk not in acting.writes:
        raise rules.broken("TM14", "record")


def _next_references(number: int) -> list[str]:
    """From the sequence and never from a count: each reader counts only what they may see."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('threats_reference') from generate_series(1, %s)", [number])
        return [f"SOC-{taken:04d}" for (taken,) in cursor.fetchall()]


def _to_manage(threat: Threat, *, actor: User, reason: str, seen: datetime | None = None) -> Threat:
    """The threat, locked and read again, once it is sure that this person may manage it now and says why."""
    return _to_change(threat, actor=actor, check=rules.check_may_manage, reason=reason, seen=seen)


def _to_develop(threat: Threat, *, actor: User, reason: str, seen: datetime | None = None) -> Threat:
    """The same for those who may say who and what is in a threat."""
    return _to_change(threat, actor=actor, check=rules.check_may_develop, reason=reason, seen=seen)


def _to_reopen(threat: Threat, *, actor: User, reason: str, seen: datetime | None) -> Threat:
    rules.check_may_manage(actor, owner=threat.owner.code, audience=threat.label.audience)
    threat = _locked(Threat, threat.pk)
    rules.check_unchanged(seen=seen, recorded_from=threat.recorded_from)
    rules.check_reason(reason)
    return threat


def _to_change(
    threat: Threat, *, actor: User, check: Callable[..., None], reason: str, seen: datetime | None, also: str = ""
) -> Threat:
    """`also` names the field of a second threat, whose being closed is told by its reference."""
    check(actor, owner=threat.owner.code, audience=threat.label.audience)
    threat = _locked(Threat, threat.pk)
    if also:
        rules.check_open_too(reference=threat.reference, closed_on=threat.closed_on, field=also)
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


def _pk(user: User | None) -> int | None:
    return None if user is None else user.pk


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"


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
