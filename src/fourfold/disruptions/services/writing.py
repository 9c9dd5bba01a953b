"""The steps that every change to disruptions shares: refused, put into columns, locked, changed, noted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.models import Disruption
from fourfold.disruptions.rules import Said, State
from fourfold.plans import selectors as plans
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.services import label_for

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


@dataclass
class Entry:
    """One line on its way into the store."""

    line: int
    said: Said
    threat: "Threat"
    agency: Organisation
    label: AccessLabel | None = None


def refusals_of(
    actor: User,
    entry: Entry,
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


def aims_of(entries: Sequence[Said]) -> Mapping[int, int]:
    """The threat of each aim that any entry names."""
    named = {pk for said in entries for pk in said.aims}
    return plans.threats_of_aims(named) if named else {}


def give_labels(ready: Sequence[Entry], refused: dict[int, tuple[RuleBroken, ...]]) -> None:
    """Each entry's label: the threat's readers, owned by the agency whose record it is."""
    kept: dict[tuple[int, int], AccessLabel] = {}
    for entry in ready:
        threat, agency = entry.threat, entry.agency
        key = (threat.label_id, agency.pk)
        if key not in kept:
            own = agency.pk == threat.label.owner_id or agency.region != threat.label.owner.region
            kept[key] = threat.label if own else label_like(threat.label, owner=agency)
        entry.label = kept[key]
        acting = scope.current()
        if acting is None or entry.label.pk not in acting.writes:
            refused[entry.line] = (rules.broken("DI38", "threat"),)


def label_like(label: AccessLabel, *, owner: Organisation) -> AccessLabel:
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


def columns_of(said: Said, agency: Organisation, data: selectors.RegionData, *, added_on: date) -> dict[str, Any]:
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


def standing_of(actor: User, said: Said, draw: str, data: selectors.RegionData) -> dict[str, Any]:
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


def locked_all(disruptions: Iterable[Disruption]) -> list[Disruption]:
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


def locked(disruption: Disruption) -> Disruption:
    """The record as it stands, held until the end. Who may not write it is told so before it is asked for."""
    (found,) = locked_all([disruption])
    return found


def alter(found: Disruption, change: str, reason: str, **values: Any) -> Disruption:
    (done,) = alter_all(change, [(found, reason, values)])
    return done


def alter_all(change: str, changes: Sequence[tuple[Disruption, str, Mapping[str, Any]]]) -> tuple[Disruption, ...]:
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
