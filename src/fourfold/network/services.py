"""Writing what is proposed and decided about people at the edge of a group. Nothing else of a network is kept."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction

from fourfold.network import rules, selectors
from fourfold.network.models import EdgeLead
from fourfold.network.rules import EdgeRule, Outcome, Period
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.services import label_for
from fourfold.pole import rules as pole_rules
from fourfold.pole import selectors as pole
from fourfold.pole.steps import Tie
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats
from fourfold.threats.rules import Side

if TYPE_CHECKING:
    from fourfold.pole.models import PersonRecord
    from fourfold.threats.models import Threat


@dataclass(frozen=True)
class Looked:
    """What a look at the edge of one group came to."""

    proposed: int
    expired: int


@dataclass(frozen=True)
class _Candidate:
    """One person with all that was looked at, and the labels of it."""

    person_id: int
    record_id: int
    seen: rules.AtEdge
    ties: tuple[tuple[str, Tie, int], ...]
    labels: frozenset[int]


# What is proposed


@transaction.atomic
def look_for_people(*, actor: User, threat: "Threat", today: date) -> Looked:
    """Propose people at the edge of a group, from what the actor may see. Only a safeguarding lead has it done.

    Somebody who was proposed and not decided, or was decided about within the months that the rule looks back, is not
    proposed again. Each proposal is labelled for those who may read everything that it rests on.

    Raises:
        RuleBroken: NT10, where the actor is no safeguarding lead.
    """
    if not rules.may_decide(actor):
        raise rules.broken("NT10")
    rule = selectors.edge_rule()
    expired = EdgeLead.objects.filter(threat=threat, state=Outcome.OPEN, expires_on__lt=today)
    ended = expired.update(state=Outcome.EXPIRED)
    since = threat_rules.months_before(today, rule.months)
    before = EdgeLead.objects.filter(threat=threat).exclude(state=Outcome.EXPIRED)
    said = {
        person_id
        for person_id, decided_on in before.values_list("record__person_id", "decided_on")
        if decided_on is None or decided_on >= since
    }
    labels = AccessLabel.objects.select_related("owner", "compartment").in_bulk()
    made = []
    for candidate in _candidates(threat, rule, today=today):
        label = None if candidate.person_id in said else _label(candidate.labels | {threat.label_id}, labels, actor)
        if label is not None:
            made.append(
                EdgeLead(
                    label=label,
                    threat=threat,
                    record_id=candidate.record_id,
                    rule=rule.version,
                    found=_found(candidate),
                    proposed_on=today,
                    expires_on=rules.expires_on(today, rule),
                    state=Outcome.OPEN,
                )
            )
    EdgeLead.objects.bulk_create(made)
    audit.note(
        Operation.COMBINATION,
        threat,
        reference=threat.reference,
        change="looked for people at the edge",
        rule=rule.version,
        proposed=len(made),
        expired=ended,
    )
    return Looked(len(made), ended)


def _candidates(threat: "Threat", rule: EdgeRule, *, today: date) -> Iterator[_Candidate]:
    """People within reach of the group who are at its edge by the rule, with what was looked at."""
    sides = [each for each in threats.members_sides([threat.pk]).get(threat.pk, ()) if each.to_on is None]
    members = {each.person_id for each in sides}
    group = {each.person_id for each in sides if each.side == Side.OFFENDER}
    memberships = frozenset(each.label_id for each in sides if each.person_id in group)
    picture = selectors.surroundings(
        group, depth=rule.hops * rules.LINKS_OF_A_HOP, period=Period(), most=rules.MOST_SEARCHED
    )
    why = selectors.reasons(picture, counts=lambda tie: rules.counts_as_tie(tie.assertion, tie.grade, rule))
    hops = _hops(group, why)
    near = [person_id for person_id, far in hops.items() if 0 < far <= rule.hops and person_id not in members]
    records = pole.records_of(near)
    lines = pole.people_lines(near, today=today)
    about = _about(records, rule, today=today)
    own_labels: dict[int, set[int]] = defaultdict(set)
    for record in pole.person_records().filter(person_id__in=near):
        own_labels[record.person_id].add(record.label_id)
    for person_id in sorted(near):
        ties = tuple(_inward(person_id, hops, why))
        offences, signs, seen_labels = about.get(person_id, (0, (), frozenset()))
        if person_id not in lines or not ties:
            continue
        seen = rules.AtEdge(
            hops=hops[person_id],
            links=len({reason for reason, _, _ in ties}),
            offences=offences,
            age=lines[person_id].age,
            signs=signs,
            in_threat=False,
        )
        if rules.is_at_edge(seen, rule):
            used = {tie.label_id for _, tie, _ in ties} | seen_labels | own_labels[person_id] | memberships
            yield _Candidate(person_id, records[person_id][0], seen, ties, frozenset(used))


def _hops(group: Iterable[int], why: Mapping[tuple[int, int], Any]) -> dict[int, int]:
    """How many people lie between each person and the group, counted with the last."""
    beside: dict[int, set[int]] = defaultdict(set)
    for one, other in why:
        beside[one].add(other)
        beside[other].add(one)
    hops = dict.fromkeys(group, 0)
    front = set(hops)
    while front:
        front = {other for person_id in front for other in beside[person_id]} - hops.keys()
        hops |= dict.fromkeys(front, max(hops.values()) + 1)
    return hops


def _inward(
    person_id: int, hops: Mapping[int, int], why: Mapping[tuple[int, int], Mapping[str, tuple[Tie, ...]]]
) -> Iterator[tuple[str, Tie, int]]:
    """What ties a person to those who are nearer to the group: the reason, each link that says so, and with whom."""
    for pair, reasons in sorted(why.items()):
        if person_id not in pair:
            continue
        other = pair[0] if pair[1] == person_id else pair[1]
        if hops.get(other, hops[person_id]) < hops[person_id]:
            for reason, ties in sorted(reasons.items()):
                yield from ((reason, tie, other) for tie in ties)


def _about(
    records: Mapping[int, tuple[int, ...]], rule: EdgeRule, *, today: date
) -> dict[int, tuple[int, tuple[str, ...], frozenset[int]]]:
    """Of each person: events in which they were blamed, signs of need, and the labels of both."""
    person_of = {record: person_id for person_id, ids in records.items() for record in ids}
    since = threat_rules.months_before(today, rule.months)
    blamed: dict[int, set[int]] = defaultdict(set)
    signs: dict[int, set[str]] = defaultdict(set)
    labels: dict[int, set[int]] = defaultdict(set)
    for part in pole.parts_in_events(person_of, types=rules.BLAMED | rule.signs.keys(), since=since):
        person_id = person_of[part.record_id]
        labels[person_id] |= {part.link_label, part.event.label_id}
        if part.type in rules.BLAMED:
            blamed[person_id].add(part.event.pk)
        else:
            signs[person_id].add(part.type)
    return {
        person_id: (len(blamed[person_id]), tuple(sorted(signs[person_id])), frozenset(labels[person_id]))
        for person_id in records
    }


def _found(candidate: _Candidate) -> dict[str, Any]:
    """What is kept of what was looked at. Nobody is named: people and things are read again when it is shown."""
    return {
        "hops": candidate.seen.hops,
        "links": candidate.seen.links,
        "offences": candidate.seen.offences,
        "age": candidate.seen.age,
        "signs": list(candidate.seen.signs),
        "ties": [
            {
                "link": tie.link_id,
                "reason": reason,
                "type": tie.type,
                "with": pole_rules.reference_of(other),
                "assertion": tie.assertion,
                "grade": tie.grade,
            }
            for reason, tie, other in candidate.ties
        ],
    }


def _label(ids: Iterable[int], labels: Mapping[int, AccessLabel], actor: User) -> AccessLabel | None:
    """The label of those who may read all of them, that the actor may write; None where there is none."""
    narrow = _narrowest(labels[pk] for pk in sorted(set(ids)))
    acting = scope.current()
    if narrow is None or acting is None or narrow.pk in acting.writes:
        return narrow
    if narrow.audience != "REGION":
        return None
    mine = label_for(
        owner=actor.organisation, audience="REGION", marking=narrow.marking, compartment=narrow.compartment
    )
    held = scope.current()
    return mine if held is not None and mine.pk in held.writes else None


def _narrowest(labels: Iterable[AccessLabel]) -> AccessLabel | None:
    found: AccessLabel | None = None
    readers: threat_rules.Readers | None = None
    for label in labels:
        mine = threat_rules.Readers(label.owner_id, label.audience, label.marking, label.compartment_id)
        if readers is None:
            found, readers = label, mine
            continue
        narrower = threat_rules.narrower(readers, mine)
        if narrower is None:
            return None
        found, readers = (found if narrower == readers else label), narrower
    return found


# What is decided


@transaction.atomic
def decide(*, actor: User, lead: EdgeLead, decision: str, reason: str, today: date) -> EdgeLead:
    """Say what is to become of a lead, and why. Only a safeguarding lead may; no record of anybody changes by it.

    Raises:
        NotThere: the lead is not there any more for the actor.
        RuleBroken: NT10 to NT14.
    """
    found = EdgeLead.objects.select_for_update().filter(pk=lead.pk).first()
    if found is None:
        raise NotThere
    state = Outcome.EXPIRED if found.state == Outcome.OPEN and found.expires_on < today else Outcome(found.state)
    found.state = rules.check_decision(actor, outcome=state, decision=decision, reason=reason.strip())
    found.decided_by, found.decided_on, found.reason = actor, today, reason.strip()
    found.save(update_fields=["state", "decided_by", "decided_on", "reason"])
    audit.note(
        Operation.ALTERATION,
        found,
        change="decided about somebody at the edge of a group",
        decision=found.state,
        why=found.reason,
    )
    return found


@transaction.atomic
def move_lead(*, actor: User, lead: EdgeLead, record: "PersonRecord", reason: str) -> EdgeLead:
    """Put a decision on another record, where people were taken apart. Only a safeguarding lead may.

    It is then for those alone who may also read that record.

    Raises:
        NotThere: the lead is not there any more for the actor, or stands on another record by now.
        RuleBroken: NT10, NT15.
    """
    if not rules.may_decide(actor):
        raise rules.broken("NT10")
    found = EdgeLead.objects.select_for_update().filter(pk=lead.pk, record_id=lead.record_id).first()
    if found is None:
        raise NotThere
    labels = AccessLabel.objects.select_related("owner", "compartment").in_bulk()
    label = _label({found.label_id, record.label_id}, labels, actor)
    if label is None:
        raise rules.broken("NT15", "record")
    was = found.record_id
    found.record, found.label = record, label
    found.save(update_fields=["record", "label"])
    audit.note(
        Operation.ALTERATION,
        found,
        change="decision about somebody at the edge moved to another record",
        was=was,
        to=record.pk,
        why=reason,
    )
    return found


def relabel(threat: "Threat", old: AccessLabel, new: AccessLabel, reason: str) -> None:
    """Leads of a threat follow its readers: under its old label they take the new one, else whichever is narrower."""
    for lead in EdgeLead.objects.filter(threat=threat).select_related("label").order_by("pk"):
        wanted = new if lead.label_id == old.pk else _narrowest((lead.label, new))
        if wanted is not None and wanted.pk != lead.label_id:
            lead.label = wanted
            lead.save(update_fields=["label"])
