"""Disruptions put into the store: one, or many lines that are checked beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from django.db import connection, models, transaction

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.models import Disruption, DisruptionAim, DisruptionEvidence, DisruptionSupport
from fourfold.disruptions.rules import Said, State
from fourfold.disruptions.services.writing import (
    Entry,
    aims_of,
    alter,
    columns_of,
    give_labels,
    refusals_of,
    standing_of,
)
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import Organisation, User

RECORDED = "Recorded"


@dataclass(frozen=True)
class Outcome:
    """What became of one line of a bulk entry: the record, or why there is none."""

    line: int
    disruption: Disruption | None
    refusals: tuple[RuleBroken, ...] = ()


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


def _checked(
    actor: User,
    entries: Sequence[Said],
    refused: dict[int, tuple[RuleBroken, ...]],
    *,
    data: selectors.RegionData,
    today: date,
) -> list[Entry]:
    """The entries that hold; what the others break goes into `refused` by line."""
    found = selectors.threats_called(said.threat for said in entries)
    agencies = _agencies(actor, entries)
    served = aims_of(entries)
    ready: list[Entry] = []
    for line, said in enumerate(entries):
        threat, agency = found.get(said.threat), agencies.get(said.lead_agency or actor.organisation.code)
        if threat is None:
            refused[line] = (rules.broken("DI2", "threat", threat=said.threat or "that"),)
            continue
        if agency is None:
            refused[line] = (rules.broken("DI15", "lead_agency", agency=said.lead_agency),)
            continue
        entry = Entry(line, replace(said, record_date=said.record_date or said.event_on), threat, agency)
        broken = refusals_of(actor, entry, agencies, served, data=data, today=today)
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
    give_labels(ready, refused)
    return [entry for entry in ready if entry.line not in refused]


def _agencies(actor: User, entries: Sequence[Said]) -> Mapping[str, Organisation]:
    own = actor.organisation
    named = {said.lead_agency for said in entries} | {each.agency for said in entries for each in said.supports}
    return {own.code: own} if named <= {"", own.code} else selectors.agencies()


def _likes(ready: Sequence[Entry], data: selectors.RegionData) -> Mapping[int, tuple[rules.Like, ...]]:
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


def _check_leads(ready: Sequence[Entry], refused: dict[int, tuple[RuleBroken, ...]]) -> None:
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
    alter(found, "event shared", "The same event disrupted another threat", shared_event=event)
    return event


def _write(actor: User, ready: Sequence[Entry], *, data: selectors.RegionData, today: date) -> dict[int, Disruption]:
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


def _row(actor: User, entry: Entry, reference: str, *, data: selectors.RegionData, today: date) -> Disruption:
    said = entry.said
    return Disruption(
        label=entry.label,
        reference=reference,
        threat=entry.threat,
        threat_type=entry.threat.threat_type,
        recorder=actor,
        original_category=said.category,
        because=RECORDED,
        **columns_of(said, entry.agency, data, added_on=today),
        **standing_of(actor, said, reference, data),
    )


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
