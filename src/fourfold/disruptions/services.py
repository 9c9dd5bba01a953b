"""Every change to disruptions: checked, written and noted in one transaction, with the reason given for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction
from psycopg.errors import UniqueViolation

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.models import (
    CategoryReview,
    Disruption,
    DisruptionAim,
    DisruptionDraft,
    DisruptionEvidence,
    DisruptionLead,
    DisruptionSupport,
)
from fourfold.disruptions.rules import Act, LeadState, Said, State
from fourfold.plans import selectors as plans
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.services import label_for

if TYPE_CHECKING:
    from fourfold.pole.models import PersonRecord
    from fourfold.threats.models import Threat

RECORDED = "Recorded"
DRAFTS_KEPT = timedelta(days=28)


@dataclass(frozen=True)
class Outcome:
    """What became of one line of a bulk entry: the record, or why there is none."""

    line: int
    disruption: Disruption | None
    refusals: tuple[RuleBroken, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What a moderator says of one record; `category` is None where it stays as it is."""

    disruption: Disruption
    reason: str
    category: str | None = None


@dataclass(frozen=True)
class Look:
    """What somebody finds who looks at an effect again; `category` is None where it stays as it is."""

    disruption: Disruption
    lasted: str
    reason: str
    category: str | None = None


@dataclass
class _Entry:
    """One line on its way into the store."""

    line: int
    said: Said
    threat: "Threat"
    agency: Organisation
    label: AccessLabel | None = None


def record_disruption(*, actor: User, said: Said, today: date, now: datetime) -> Disruption:
    """Store one record. Raises `RuleBroken` for the first rule it breaks; what only keeps it from passing does not."""
    (outcome,) = record_disruptions(actor=actor, entries=[said], now=now, today=today)
    if outcome.disruption is None:
        raise outcome.refusals[0]
    return outcome.disruption


@transaction.atomic
def record_disruptions(
    *, actor: User, entries: Sequence[Said], now: datetime, today: date, all_or_nothing: bool = True
) -> tuple[Outcome, ...]:
    """Store many records by the same rules as one.

    Args:
        actor: Who records them.
        entries: One for each line, in order.
        now: This moment; the database's clock says when they were added.
        today: This day.
        all_or_nothing: Store none where any is refused; else store the good ones.

    Returns:
        An outcome for each line, in order. Lines of the same `shared_event` are records of one event.
    """
    data = selectors.region_data()
    refused: dict[int, tuple[RuleBroken, ...]] = {}
    ready = _checked(actor, entries, refused, data=data, today=today)
    if refused and all_or_nothing:
        return tuple(Outcome(line, None, refused.get(line, ())) for line in range(len(entries)))
    made = _write(actor, ready, data=data, today=today)
    return tuple(Outcome(line, made.get(line), refused.get(line, ())) for line in range(len(entries)))


@transaction.atomic
def change_disruption(
    *,
    actor: User,
    disruption: Disruption,
    reason: str,
    today: date,
    seen: datetime | None = None,
    **changes: Any,
) -> Disruption:
    """Say some things differently. What was said before stays in its history; what had passed has to pass again.

    Args:
        actor: Who changes it.
        disruption: The record.
        reason: Why.
        today: This day.
        seen: What the form showed as the record's last change.
        changes: Fields of `rules.Said` with what they are to say.
    """
    disruption = _to_change(actor, disruption, reason=reason, seen=seen)
    parts = selectors.parts_of(disruption)
    before = selectors.said_of(disruption, parts)
    said = replace(before, **changes)
    if said == before:
        return disruption
    return _say_again(actor, disruption, said, before=before, parts=parts, reason=reason, change="changed", today=today)


def recategorise(
    *,
    actor: User,
    disruption: Disruption,
    category: str,
    reason: str,
    today: date,
    seen: datetime | None = None,
) -> Disruption:
    """Say that the effect was another. The category as first recorded stays beside it."""
    if category == disruption.category:
        words = selectors.region_data().words
        raise rules.broken("DI34", "category", value=words.category_name(category).lower())
    return change_disruption(
        actor=actor, disruption=disruption, reason=reason, today=today, seen=seen, category=category
    )


def validate(*, actor: User, disruption: Disruption, today: date, seen: datetime | None = None) -> Disruption:
    """Pass a record that another person of the organisation recorded."""
    (done,) = validate_many(actor=actor, disruptions=[disruption], today=today, seen=seen)
    return done


@transaction.atomic
def validate_many(
    *, actor: User, disruptions: Iterable[Disruption], today: date, seen: datetime | None = None
) -> tuple[Disruption, ...]:
    """Pass some records, all or none."""
    data = selectors.region_data()
    found = _locked_all(disruptions)
    parts = selectors.parts_of_many(found)
    mine = selectors.changed_by(actor, [each.pk for each in found])
    for each in found:
        rules.check_unchanged(seen=seen, recorded_from=each.recorded_from)
        rules.follow(each.state, Act.VALIDATE)
        rules.check_may_validate(
            actor,
            owner=each.label.owner.code,
            audience=each.label.audience,
            is_recorder=each.recorder_id == actor.pk,
            has_changed=each.pk in mine,
            category=each.category,
            event_on=each.event_on,
            standard=data.standard,
        )
        _check_passes(each, parts[each.pk], data)
    values = {"state": State.VALIDATED, "faults": [], "validated_by": actor}
    return _change_all("validated", [(each, "Validated", values) for each in found])


def moderate(
    *,
    actor: User,
    disruption: Disruption,
    reason: str,
    today: date,
    category: str | None = None,
    seen: datetime | None = None,
) -> Disruption:
    """Pass a record as an independent moderator, as it was said or with another category."""
    decision = Decision(disruption, reason, category)
    (done,) = moderate_many(actor=actor, entries=[decision], today=today, seen=seen)
    return done


@transaction.atomic
def moderate_many(
    *, actor: User, entries: Iterable[Decision], today: date, seen: datetime | None = None
) -> tuple[Disruption, ...]:
    """Decide about some records, all or none."""
    data = selectors.region_data()
    entries = list(entries)
    found = _locked_all(entry.disruption for entry in entries)
    parts = selectors.parts_of_many(found)
    mine = selectors.changed_by(actor, [each.pk for each in found])
    changes: list[tuple[Disruption, str, dict[str, Any]]] = []
    for entry, each in zip(entries, found, strict=True):
        rules.check_may_moderate(
            actor,
            owner=each.label.owner.code,
            audience=each.label.audience,
            had_part=actor.pk in {each.recorder_id, each.validated_by_id},
            has_changed=each.pk in mine,
        )
        rules.check_unchanged(seen=seen, recorded_from=each.recorded_from)
        rules.check_reason(entry.reason)
        rules.follow(each.state, Act.MODERATE)
        category = entry.category or each.category
        known = data.words.categories.get(category)
        if known is None or known.disabled:
            raise rules.broken("DI8", "category")
        _check_passes(each, parts[each.pk], data, category=category)
        values: dict[str, Any] = {"state": State.MODERATED, "faults": [], "moderator": actor}
        if category != each.category:
            due = rules.review_due(category=category, event_on=each.event_on, standard=data.standard)
            values |= {"category": category, "review_due_on": due}
        changes.append((each, entry.reason, values))
    return _change_all("moderated", changes)


@transaction.atomic
def return_disruption(
    *, actor: User, disruption: Disruption, reason: str, today: date, seen: datetime | None = None
) -> Disruption:
    """Send a record back to its recorder, with what to mend. It stands as recorded until it is mended."""
    found = _locked(disruption)
    owner, audience = found.label.owner.code, found.label.audience
    if rules.may_moderate(actor, owner=owner, audience=audience):
        rules.check_may_moderate(actor, owner=owner, audience=audience, had_part=found.recorder_id == actor.pk)
    elif not rules.may_validate(actor, owner=owner, audience=audience):
        raise rules.broken("DI27")
    elif found.recorder_id == actor.pk:
        raise rules.broken("DI28")
    rules.check_unchanged(seen=seen, recorded_from=found.recorded_from)
    rules.check_reason(reason)
    following = rules.follow(found.state, Act.RETURN)
    return _change(found, "returned", reason, state=following, validated_by=None, moderator=None, in_sample=False)


@transaction.atomic
def withdraw(
    *, actor: User, disruption: Disruption, reason: str, today: date, seen: datetime | None = None
) -> Disruption:
    """Say that there was no such disruption. The record stays, and no longer counts."""
    found = _to_change(actor, disruption, reason=reason, seen=seen)
    following = rules.follow(found.state, Act.WITHDRAW)
    return _change(found, "withdrawn", reason, state=following, review_due_on=None, in_sample=False)


@transaction.atomic
def check_sample(
    *, actor: User, disruption: Disruption, stands: bool, reason: str, today: date, seen: datetime | None = None
) -> Disruption:
    """Look at a self-certified record that was drawn: it stands, or goes back to its recorder."""
    found = _locked(disruption)
    if not found.in_sample or found.sample_checked_by_id is not None or found.state != State.VALIDATED:
        raise rules.broken("DI40")
    if not stands:
        return return_disruption(actor=actor, disruption=found, reason=reason, today=today, seen=seen)
    owner, audience = found.label.owner.code, found.label.audience
    allowed = rules.may_validate(actor, owner=owner, audience=audience)
    if not allowed and not rules.may_moderate(actor, owner=owner, audience=audience):
        raise rules.broken("DI27")
    if found.recorder_id == actor.pk:
        raise rules.broken("DI28")
    if selectors.changed_by(actor, [found.pk]):
        raise rules.broken("DI43")
    rules.check_unchanged(seen=seen, recorded_from=found.recorded_from)
    rules.check_reason(reason)
    return _change(found, "sample looked at", reason, sample_checked_by=actor)


def review_category(
    *,
    actor: User,
    disruption: Disruption,
    lasted: str,
    category: str,
    reason: str,
    today: date,
    seen: datetime | None = None,
) -> CategoryReview:
    """Look again at an effect that was to last. The category as first recorded stays as it was."""
    look = Look(disruption, lasted, reason, category)
    (review,) = review_many(actor=actor, entries=[look], today=today, seen=seen)
    return review


@transaction.atomic
def review_many(
    *, actor: User, entries: Iterable[Look], today: date, seen: datetime | None = None
) -> tuple[CategoryReview, ...]:
    """Look again at some effects, all or none."""
    entries = list(entries)
    found = _locked_all(entry.disruption for entry in entries)
    for entry, each in zip(entries, found, strict=True):
        _check_look(actor, each, entry, today=today, seen=seen)
    reviews = [
        CategoryReview(
            label=each.label,
            disruption=each,
            due_on=each.review_due_on or today,
            reviewed_on=today,
            reviewed_by=actor,
            lasted=entry.lasted,
            category_was=each.category,
            category_now=entry.category or each.category,
            reason=entry.reason,
        )
        for entry, each in zip(entries, found, strict=True)
    ]
    for entry, each in zip(entries, found, strict=True):
        if entry.category and entry.category != each.category:
            parts = selectors.parts_of(each)
            before = selectors.said_of(each, parts)
            said = replace(before, category=entry.category)
            _say_again(
                actor,
                each,
                said,
                before=before,
                parts=parts,
                reason=entry.reason,
                change="effect looked at again",
                today=today,
            )
    looked = [(each, entry.reason, {"review_due_on": None}) for entry, each in zip(entries, found, strict=True)]
    _change_all("effect looked at again", looked)
    made = CategoryReview.objects.bulk_create(reviews)
    audit.note_all(
        Operation.COLLECTION,
        [
            (each, {"reference": each.disruption.reference, "change": "effect looked at again", "lasted": each.lasted})
            for each in made
        ],
    )
    return tuple(made)


def _check_look(actor: User, found: Disruption, look: Look, *, today: date, seen: datetime | None) -> None:
    if found.state == State.WITHDRAWN:
        raise rules.broken("DI25")
    owner, audience = found.label.owner.code, found.label.audience
    allowed = rules.may_validate(actor, owner=owner, audience=audience)
    if not allowed and not rules.may_moderate(actor, owner=owner, audience=audience):
        raise rules.broken("DI27")
    if found.recorder_id == actor.pk:
        raise rules.broken("DI28")
    rules.check_unchanged(seen=seen, recorded_from=found.recorded_from)
    rules.check_reason(look.reason)
    if found.review_due_on is None or found.state not in rules.PASSED or found.review_due_on > today:
        raise rules.broken("DI35")
    if look.lasted not in list(rules.Lasted):
        raise rules.broken("DI36", "lasted")


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
        owners[label.owner_id] = label if same else _like(new, owner=label.owner)
    return owners[label.owner_id]


# Unfinished forms


@transaction.atomic
def save_draft(*, actor: User, key: UUID, said: Mapping[str, Any], now: datetime) -> DisruptionDraft:
    """Keep what was answered so far. Only its author can read it; it counts nowhere.

    What was sent or thrown away stays as it is: a phone that was slow to save changes nothing afterwards.
    """
    if not rules.may_record(actor):
        raise rules.broken("DI1")
    found = _own_draft(actor, key, now=now)
    if found.ended_at is None:
        found.said, found.saved_at = dict(said), now
        found.save(update_fields=["said", "saved_at"])
    return found


@transaction.atomic
def throw_draft_away(*, actor: User, key: UUID, now: datetime) -> None:
    found = _own_draft(actor, key, now=now)
    if found.ended_at is None:
        found.said, found.ended_at = {}, now
        found.save(update_fields=["said", "ended_at"])


def empty_old_drafts(*, actor: User, now: datetime) -> int:
    """Forms that this person has left alone for too long. Returns how many were emptied."""
    old = DisruptionDraft.objects.filter(author=actor, ended_at=None, saved_at__lt=now - DRAFTS_KEPT)
    return old.update(said={}, ended_at=now)


@transaction.atomic
def send_draft(*, actor: User, key: UUID, said: Said, today: date, now: datetime) -> Disruption:
    """Record what a form says. Sent twice it is one record: the second gets the first's."""
    found = _own_draft(actor, key, now=now)
    if found.disruption_id is not None:
        return selectors.disruptions().get(pk=found.disruption_id)
    made = record_disruption(actor=actor, said=said, today=today, now=now)
    found.said, found.ended_at, found.disruption_id = {}, now, made.pk
    found.save(update_fields=["said", "ended_at", "disruption_id"])
    if found.lead_id is not None:
        _accept(actor, found.lead_id, made, today=today)
    return made


def _own_draft(actor: User, key: UUID, *, now: datetime) -> DisruptionDraft:
    """The form of this key, held until the end; made where it was never kept before."""
    DisruptionDraft.objects.bulk_create([DisruptionDraft(key=key, author=actor, saved_at=now)], ignore_conflicts=True)
    return DisruptionDraft.objects.select_for_update().get(key=key, author=actor)


# Proposals of the finder


def begin_from_lead(
    *, actor: User, lead: DisruptionLead, key: UUID, said: Mapping[str, Any], now: datetime
) -> DisruptionDraft:
    """A form with what a proposal already says. The proposal is accepted when the form is sent."""
    if not rules.may_record(actor):
        raise rules.broken("DI1")
    if lead.state != LeadState.OPEN:
        raise rules.broken("DI41")
    return DisruptionDraft.objects.create(key=key, author=actor, said=dict(said), lead_id=lead.pk, saved_at=now)


@transaction.atomic
def decline_lead(*, actor: User, lead: DisruptionLead, reason: str, today: date) -> DisruptionLead:
    """Say why a proposal is no disruption that is missing."""
    if not rules.may_record(actor):
        raise rules.broken("DI1")
    rules.check_reason(reason)
    found = _locked_lead(lead.pk)
    if found is None:
        raise NotThere
    if found.state != LeadState.OPEN:
        raise rules.broken("DI41")
    return _decide(found, LeadState.DECLINED, actor, reason=reason, today=today, disruption=None)


def doubt_lead(*, actor: User, lead: DisruptionLead, record: "PersonRecord", reason: str) -> None:
    """Note that what a disruption was recorded from is said to be another record's, after people were taken apart.

    Neither the proposal nor the disruption changes: the happening stands on its record as its source says, and whether
    the disruption is one of its threat is for those who correct or withdraw it.

    Raises:
        NotThere: it was not recorded, or its disruption is not there for the actor.
        RuleBroken: DI24, DI26.
    """
    made = lead.disruption
    if made is None:
        raise NotThere
    rules.check_may_change(actor, owner=made.label.owner.code, audience=made.label.audience)
    rules.check_reason(reason)
    audit.note(
        Operation.ALTERATION,
        made,
        change="said to be of another record",
        reference=made.reference,
        was=lead.record_id,
        to=record.pk,
        why=reason,
    )


def _accept(actor: User, lead_id: int, made: Disruption, *, today: date) -> None:
    found = _locked_lead(lead_id)
    if found is not None and found.state == LeadState.OPEN:
        reason = f"Recorded as {made.reference}"
        _decide(found, LeadState.ACCEPTED, actor, reason=reason, today=today, disruption=made)


def _locked_lead(pk: int) -> DisruptionLead | None:
    return DisruptionLead.objects.select_for_update().filter(pk=pk).first()


def _decide(
    found: DisruptionLead, state: LeadState, actor: User, *, reason: str, today: date, disruption: Disruption | None
) -> DisruptionLead:
    found.state, found.decided_by, found.decided_on = state, actor, today
    found.reason, found.disruption = reason, disruption
    found.save(update_fields=["state", "decided_by", "decided_on", "reason", "disruption"])
    audit.note(Operation.ALTERATION, found, change=f"proposal {state.lower()}", kind=found.kind, why=reason)
    return found


# Recording


def _checked(
    actor: User,
    entries: Sequence[Said],
    refused: dict[int, tuple[RuleBroken, ...]],
    *,
    data: selectors.RegionData,
    today: date,
) -> list[_Entry]:
    """The entries that hold; what the others break goes into `refused` by line."""
    found = selectors.threats_called(said.threat for said in entries)
    agencies = _agencies(actor, entries)
    served = _aims_of(entries)
    ready: list[_Entry] = []
    for line, said in enumerate(entries):
        threat, agency = found.get(said.threat), agencies.get(said.lead_agency or actor.organisation.code)
        if threat is None:
            refused[line] = (rules.broken("DI2", "threat", threat=said.threat or "that"),)
            continue
        if agency is None:
            refused[line] = (rules.broken("DI15", "lead_agency", agency=said.lead_agency),)
            continue
        entry = _Entry(line, replace(said, record_date=said.record_date or said.event_on), threat, agency)
        broken = _refusals(actor, entry, agencies, served, data=data, today=today)
        if broken:
            refused[line] = broken
        else:
            ready.append(entry)
    for place, entry_likes in _likes(ready, data).items():
        try:
            rules.check_different(entry_likes, different_because=ready[place].said.different_because)
        except RuleBroken as prompt:
            refused[ready[place].line] = (prompt,)
    _check_leads(ready, refused)
    ready = [entry for entry in ready if entry.line not in refused]
    _label(ready, refused)
    return [entry for entry in ready if entry.line not in refused]


def _refusals(
    actor: User,
    entry: _Entry,
    agencies: Mapping[str, Organisation],
    served: Mapping[int, int],
    *,
    data: selectors.RegionData,
    today: date,
    added_on: date | None = None,
    kind: str = "",
) -> tuple[RuleBroken, ...]:
    """What an entry breaks. `kind` is what the threat was when it was recorded, for one that is said again."""
    said, threat, agency = entry.said, entry.threat, entry.agency
    found: list[RuleBroken] = []
    try:
        rules.check_may_record(actor, agency=agency.code)
    except RuleBroken as refusal:
        found.append(refusal)
    found += rules.refusals(
        said,
        target=rules.Target(threat.reference, kind or threat.threat_type, threat.closed_on),
        agency=rules.Agency(agency.code, agency.name, agency.kind),
        words=data.words,
        standard=data.standard,
        today=today,
        added_on=added_on,
    )
    found += [
        rules.broken("DI15", "supports", agency=each.agency) for each in said.supports if each.agency not in agencies
    ]
    if any(served.get(pk) != threat.pk for pk in said.aims):
        found.append(rules.broken("DI18", "aims"))
    return tuple(found)


def _agencies(actor: User, entries: Sequence[Said]) -> Mapping[str, Organisation]:
    own = actor.organisation
    named = {said.lead_agency for said in entries} | {each.agency for said in entries for each in said.supports}
    return {own.code: own} if named <= {"", own.code} else selectors.agencies()


def _aims_of(entries: Sequence[Said]) -> Mapping[int, int]:
    """The threat of each aim that any entry names."""
    named = {pk for said in entries for pk in said.aims}
    return plans.threats_of_aims(named) if named else {}


def _likes(ready: Sequence[_Entry], data: selectors.RegionData) -> Mapping[int, tuple[rules.Like, ...]]:
    """What each entry resembles, in the store and among the lines before it."""
    asked = [(entry.threat.pk, entry.said.event_on or date.max, entry.said.tactics) for entry in ready]
    within = max((data.standard.days("duplicates", day) for _, day, _ in asked), default=0)
    found = dict(selectors.likes(asked, within=within))
    before: dict[int, list[int]] = {}
    for place, (threat_id, day, tactics) in enumerate(asked):
        near = tuple(
            rules.Like(f"line {ready[other].line + 1}", asked[other][1])
            for other in before.get(threat_id, ())
            if abs((asked[other][1] - day).days) <= within and set(tactics) & set(asked[other][2])
        )
        if near:
            found[place] = (*found.get(place, ()), *near)
        before.setdefault(threat_id, []).append(place)
    return found


def _check_leads(ready: Sequence[_Entry], refused: dict[int, tuple[RuleBroken, ...]]) -> None:
    """One event has one lead for each threat. Names of events that are new to the store are settled here as well."""
    named = {entry.said.shared_event for entry in ready} - {""}
    if not named:
        return
    held = Disruption.objects.filter(models.Q(reference__in=named) | models.Q(shared_event__in=named))
    known = {each.reference: each for each in held.select_related("label__owner")}
    leads = {
        (each.shared_event or each.reference, each.threat_id): each.reference
        for each in known.values()
        if each.role == rules.Role.LEAD and each.state != State.WITHDRAWN
    }
    events = {each.shared_event: each.shared_event for each in known.values() if each.shared_event}
    for entry in ready:
        name = entry.said.shared_event
        if not name or entry.line in refused:
            continue
        if name not in events:
            if name in known:
                events[name] = known[name].shared_event or _share(known[name])
            elif name.startswith(("DIS-", "EVT-")):
                refused[entry.line] = (rules.broken("DI42", "shared_event", event=name),)
                continue
            else:
                events[name] = _next_event()
        first = leads.get((name, entry.threat.pk)) or leads.get((events[name], entry.threat.pk))
        if entry.said.role == rules.Role.LEAD and first:
            refused[entry.line] = (rules.broken("DI21", "shared_event", reference=first),)
            continue
        if entry.said.role == rules.Role.LEAD:
            leads[events[name], entry.threat.pk] = f"line {entry.line + 1}"
        entry.said = replace(entry.said, shared_event=events[name])


def _share(found: Disruption) -> str:
    """Give a record the name of an event, so that another can be of the same."""
    event = _next_event()
    _change(found, "event shared", "The same event disrupted another threat", shared_event=event)
    return event


def _label(ready: Sequence[_Entry], refused: dict[int, tuple[RuleBroken, ...]]) -> None:
    """Each entry's label: the threat's readers, owned by the agency whose record it is."""
    kept: dict[tuple[int, int], AccessLabel] = {}
    for entry in ready:
        threat, agency = entry.threat, entry.agency
        key = (threat.label_id, agency.pk)
        if key not in kept:
            own = agency.pk == threat.label.owner_id or agency.region != threat.label.owner.region
            kept[key] = threat.label if own else _like(threat.label, owner=agency)
        entry.label = kept[key]
        acting = scope.current()
        if acting is None or entry.label.pk not in acting.writes:
            refused[entry.line] = (rules.broken("DI38", "threat"),)


def _like(label: AccessLabel, *, owner: Organisation) -> AccessLabel:
    """The label of the same readers that another organisation owns."""
    named = [*label.named.all(), label.owner] if label.named_key else []
    return label_for(
        owner=owner,
        audience=label.audience,
        marking=label.marking,
        compartment=label.compartment,
        agreement=label.agreement,
        named=named,
    )


def _write(actor: User, ready: Sequence[_Entry], *, data: selectors.RegionData, today: date) -> dict[int, Disruption]:
    if not ready:
        return {}
    references = _next_references(len(ready))
    rows = [
        _row(actor, entry, reference, data=data, today=today)
        for entry, reference in zip(ready, references, strict=True)
    ]
    made = Disruption.objects.bulk_create(rows)
    _write_parts([(found, entry.said) for found, entry in zip(made, ready, strict=True)])
    audit.note_all(
        Operation.COLLECTION,
        [
            (
                found,
                {
                    "reference": found.reference,
                    "threat": entry.threat.reference,
                    "change": "recorded",
                    "category": found.category,
                    "state": found.state,
                },
            )
            for found, entry in zip(made, ready, strict=True)
        ],
    )
    return {entry.line: found for entry, found in zip(ready, made, strict=True)}


def _row(actor: User, entry: _Entry, reference: str, *, data: selectors.RegionData, today: date) -> Disruption:
    said = entry.said
    return Disruption(
        label=entry.label,
        reference=reference,
        threat=entry.threat,
        threat_type=entry.threat.threat_type,
        recorder=actor,
        original_category=said.category,
        because=RECORDED,
        **_fields(said, entry.agency, data, added_on=today),
        **_standing(actor, said, reference, data),
    )


def _fields(said: Said, agency: Organisation, data: selectors.RegionData, *, added_on: date) -> dict[str, Any]:
    """What is said, as columns."""
    event_on = said.event_on or added_on
    return {
        "role": said.role,
        "lead_agency": agency,
        "event_on": event_on,
        "record_date": said.record_date or event_on,
        "category": said.category,
        "primary_p": said.primary_p,
        "secondary_ps": [p for p in said.secondary_ps if p != said.primary_p],
        "theme": said.theme,
        "place": said.place.strip(),
        "tactics": list(said.tactics),
        "facts": rules.tidy_facts(said.facts, data.words),
        "happened": said.happened.strip(),
        "stopped": said.stopped.strip(),
        "for_how_long": said.for_how_long.strip(),
        "how_known": said.how_known.strip(),
        "outcome": said.outcome,
        "effect_ends_on": said.effect_ends_on,
        "programme": said.programme,
        "shared_event": said.shared_event,
        "handling": said.handling,
        "different_because": said.different_because.strip(),
        "late": rules.is_late(event_on=event_on, added_on=added_on, standard=data.standard),
        "review_due_on": rules.review_due(category=said.category, event_on=event_on, standard=data.standard),
    }


def _standing(actor: User, said: Said, draw: str, data: selectors.RegionData) -> dict[str, Any]:
    """Where a record stands once it is said: passed by the person who says it where the region lets them."""
    state = rules.state_after_recording(said, standard=data.standard)
    passed = state is State.VALIDATED
    per_cent = data.standard.sample_per_cent(said.event_on or date.max)
    return {
        "state": state,
        "faults": [fault.code for fault in rules.faults(said, standard=data.standard)],
        "validated_by": actor if passed else None,
        "moderator": None,
        "in_sample": passed and rules.is_sampled(draw, per_cent=per_cent),
        "sample_checked_by": None,
    }


def _write_parts(pairs: Sequence[tuple[Disruption, Said]]) -> None:
    """Aims, other agencies and evidence of new records. One query for each kind that there is any of."""
    aims = [
        DisruptionAim(label=found.label, disruption=found, aim_id=pk)
        for found, said in pairs
        for pk in dict.fromkeys(said.aims)
    ]
    evidence = [
        DisruptionEvidence(label=found.label, disruption=found, **asdict(each))
        for found, said in pairs
        for each in said.evidence
    ]
    if aims:
        DisruptionAim.objects.bulk_create(aims)
    if evidence:
        DisruptionEvidence.objects.bulk_create(evidence)
    named = {each.agency for _, said in pairs for each in said.supports}
    if named:
        agencies = {each.code: each for each in Organisation.objects.filter(code__in=named)}
        DisruptionSupport.objects.bulk_create(
            DisruptionSupport(
                label=found.label, disruption=found, agency=agencies[each.agency], benefit=each.benefit.strip()
            )
            for found, said in pairs
            for each in said.supports
        )


def _next_references(count: int) -> list[str]:
    """From the sequence and never from a count: each reader counts only what they may see."""
    with connection.cursor() as cursor:
        cursor.execute("select disruptions_next_reference() from generate_series(1, %s)", [count])
        return [reference for (reference,) in cursor.fetchall()]


def _next_event() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select nextval('disruptions_event')")
        (number,) = cursor.fetchone()
    return f"EVT-{number:06d}"


# Changing


def _say_again(
    actor: User,
    found: Disruption,
    said: Said,
    *,
    before: Said,
    parts: selectors.Parts,
    reason: str,
    change: str,
    today: date,
) -> Disruption:
    """Check and write what a record says now. It goes back to recorded, unless whoever says it may pass it."""
    data = selectors.region_data()
    rules.follow(found.state, Act.CHANGE)
    threat = selectors.threats_called([said.threat]).get(said.threat)
    agencies = selectors.agencies()
    agency = agencies.get(said.lead_agency)
    if threat is None:
        raise rules.broken("DI2", "threat", threat=said.threat)
    if agency is None:
        raise rules.broken("DI15", "lead_agency", agency=said.lead_agency)
    added_on = found.added_at.astimezone(clock.LONDON).date()
    entry = _Entry(0, said, threat, agency)
    served = _aims_of([said])
    kind = found.threat_type if said.threat == before.threat else ""
    broken = _refusals(actor, entry, agencies, served, data=data, today=today, added_on=added_on, kind=kind)
    broken = tuple(each for each in broken if each.code != "DI1")
    if broken:
        raise broken[0]
    moved = (said.threat, said.event_on, said.tactics) != (before.threat, before.event_on, before.tactics)
    if moved:
        asked = [(threat.pk, said.event_on or today, said.tactics)]
        within = data.standard.days("duplicates", said.event_on or today)
        near = selectors.likes(asked, within=within, but=[found.pk]).get(0, ())
        rules.check_different(near, different_because=said.different_because)
    values = _fields(said, agency, data, added_on=added_on)
    reviewed = CategoryReview.objects.filter(disruption=found).exists()
    if reviewed or (found.review_due_on is None and said.category == before.category):
        values["review_due_on"] = found.review_due_on
    values |= _standing(actor, said, f"{found.reference} {found.recorded_from.isoformat()}", data)
    if said.threat != before.threat:
        refused: dict[int, tuple[RuleBroken, ...]] = {}
        _label([entry], refused)
        if refused:
            raise refused[0][0]
        values |= {"threat": threat, "threat_type": threat.threat_type, "label": entry.label}
    _change_parts(found, said, before=before, parts=parts, label=values.get("label", found.label))
    return _change(found, change, reason, **values)


def _change_parts(found: Disruption, said: Said, *, before: Said, parts: selectors.Parts, label: AccessLabel) -> None:
    """Aims, agencies and evidence that are no longer said stay in the history and no longer hold."""
    kinds: tuple[tuple[Any, Sequence[Any], Sequence[Any], Sequence[Any], Callable[[Any], dict[str, Any]]], ...] = (
        (DisruptionAim, said.aims, before.aims, parts.aims, lambda pk: {"aim_id": pk}),
        (DisruptionSupport, said.supports, before.supports, parts.supports, _support_fields),
        (DisruptionEvidence, said.evidence, before.evidence, parts.evidence, _evidence_fields),
    )
    for model, wanted, had, rows, fields_of in kinds:
        gone = [row.pk for row, each in zip(rows, had, strict=True) if each not in wanted]
        if gone:
            model._default_manager.filter(pk__in=gone).update(held=False)
        for each in wanted:
            if each in had:
                continue
            fields = fields_of(each)
            if model is DisruptionAim and DisruptionAim.objects.filter(disruption=found, **fields).update(held=True):
                continue
            model._default_manager.create(label=label, disruption=found, **fields)
    if label != found.label:
        for model, *_ in kinds:
            model._default_manager.filter(disruption=found).update(label=label)


def _support_fields(support: rules.Support) -> dict[str, Any]:
    return {"agency": Organisation.objects.get(code=support.agency), "benefit": support.benefit.strip()}


def _evidence_fields(evidence: rules.Evidence) -> dict[str, Any]:
    return asdict(evidence)


def _check_passes(
    found: Disruption, parts: selectors.Parts, data: selectors.RegionData, *, category: str | None = None
) -> None:
    """By the rules as they are read now, not by what was kept of them when the record was said."""
    said = selectors.said_of(found, parts)
    rules.check_passes(rules.faults(replace(said, category=category or said.category), standard=data.standard))


def _to_change(actor: User, disruption: Disruption, *, reason: str, seen: datetime | None) -> Disruption:
    found = _locked(disruption)
    rules.check_may_change(actor, owner=found.label.owner.code, audience=found.label.audience)
    if found.state == State.WITHDRAWN:
        raise rules.broken("DI25")
    rules.check_unchanged(seen=seen, recorded_from=found.recorded_from)
    rules.check_reason(reason)
    return found


def _locked_all(disruptions: Iterable[Disruption]) -> list[Disruption]:
    """Some records as they stand, held until the end, in the order given. One query."""
    asked = list(disruptions)
    acting = scope.current()
    if acting is None or any(each.label_id not in acting.writes for each in asked):
        raise rules.broken("DI26")
    held = {each.pk: each for each in _lockable().filter(pk__in=[each.pk for each in asked]).order_by("pk")}
    if any(each.pk not in held for each in asked):
        raise NotThere
    return [held[each.pk] for each in asked]


def _lockable() -> models.QuerySet[Disruption]:
    return Disruption.objects.select_for_update(of=("self",)).select_related(
        "threat", "lead_agency", "label__owner", "label__compartment", "label__agreement"
    )


def _locked(disruption: Disruption) -> Disruption:
    """The record as it stands, held until the end. Who may not write it is told so before it is asked for."""
    (found,) = _locked_all([disruption])
    return found


def _change(found: Disruption, change: str, reason: str, **values: Any) -> Disruption:
    (done,) = _change_all(change, [(found, reason, values)])
    return done


def _change_all(change: str, changes: Sequence[tuple[Disruption, str, Mapping[str, Any]]]) -> tuple[Disruption, ...]:
    """Write what some records say now: one query for each set of values, one for the ledger, one for the stamps."""
    alike: dict[str, tuple[dict[str, Any], list[int]]] = {}
    noted = []
    for found, reason, values in changes:
        kept = dict(values) | {"because": reason}
        alike.setdefault(repr(sorted(kept.items(), key=lambda item: item[0])), (kept, []))[1].append(found.pk)
        before = {name: getattr(found, name) for name in values}
        for name, value in kept.items():
            setattr(found, name, value)
        changed = {name: value for name, value in values.items() if value != before[name]}
        noted.append(
            (
                found,
                {
                    "reference": found.reference,
                    "change": change,
                    "why": reason,
                    "before": {name: _plain(before[name]) for name in changed},
                    "after": {name: _plain(value) for name, value in changed.items()},
                },
            )
        )
    for kept, pks in alike.values():
        Disruption.objects.filter(pk__in=pks).update(**kept)
    stamps = Disruption.objects.in_bulk([found.pk for found, _, _ in changes])
    for found, _, _ in changes:
        now = stamps[found.pk]
        found.recorded_from, found.recorded_by, found.recorded_in = now.recorded_from, now.recorded_by, now.recorded_in
    audit.note_all(Operation.ALTERATION, noted)
    return tuple(found for found, _, _ in changes)


def _plain(value: object) -> object:
    if isinstance(value, models.Model):
        return value.pk
    return value.isoformat() if isinstance(value, date) else value
