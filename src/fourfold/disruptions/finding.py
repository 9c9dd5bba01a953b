"""The finder of missing disruptions: what is already in the picture, and nobody has recorded as one.

It reads which happenings people of a threat had a part in, when and how they ended; nothing else of anybody. A
proposal carries the narrowest label of all that it says, so nobody learns from it what they may not see.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import batched

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from fourfold.disruptions import rules, selectors
from fourfold.disruptions.models import DisruptionLead
from fourfold.disruptions.rules import LeadState
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.jobs.app import app
from fourfold.platform.visibility.models import AccessLabel
from fourfold.pole import selectors as pole
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats

JOB = "disruptions.find_missing"
THREATS_AT_ONCE = 200
NEAR = timedelta(days=3)


@dataclass(frozen=True)
class Looked:
    """What one look found and what it put away."""

    threats: int
    proposed: int
    expired: int


@dataclass
class _Labels:
    """Labels as the rules compare them, and the narrowest of some."""

    rows: Mapping[int, AccessLabel]
    kept: dict[tuple[int, ...], int | None] = field(default_factory=dict)

    def narrowest(self, ids: Iterable[int]) -> int | None:
        """The label that only readers of all of them hold; None where there is none. The first of equals."""
        ordered = tuple(dict.fromkeys(ids))
        if ordered not in self.kept:
            readers = {self._readers(pk): pk for pk in reversed(ordered)}
            found = rules.narrowest(self._readers(pk) for pk in ordered)
            self.kept[ordered] = None if found is None else readers[found]
        return self.kept[ordered]

    def _readers(self, pk: int) -> threat_rules.Readers:
        label = self.rows[pk]
        return threat_rules.Readers(label.owner_id, label.audience, label.marking, label.compartment_id)


def ask_to_find() -> None:
    """Have the finder look soon; once, however often it is asked before it has looked."""
    try:
        with transaction.atomic():
            app.configure_task(JOB, queue="disruptions", queueing_lock=JOB).defer()
    except AlreadyEnqueued:
        return


@transaction.atomic
def find_missing(*, today: date) -> Looked:
    """Look over every open threat. Safe to run twice: what was proposed once is not proposed again.

    The caller acts as the service of this room, which reads everything; each proposal is labelled for its readers.
    """
    data = selectors.region_data()
    expired = DisruptionLead.objects.filter(state=LeadState.OPEN, expires_on__lt=today)
    ended = expired.update(state=LeadState.EXPIRED)
    labels = _Labels(AccessLabel.objects.in_bulk())
    words = threats.vocabulary()
    looked = proposed = 0
    open_threats = threats.threats().filter(closed_on=None).order_by("pk").values_list("pk", "label_id", "threat_type")
    for chunk in batched(list(open_threats), THREATS_AT_ONCE):
        proposals = list(_proposals(chunk, data=data, labels=labels, words=words, today=today))
        DisruptionLead.objects.bulk_create(proposals)
        looked += len(chunk)
        proposed += len(proposals)
    audit.note(
        Operation.COMBINATION,
        object_type="disruptions.disruptionlead",
        change="looked for missing disruptions",
        threats=looked,
        proposed=proposed,
        expired=ended,
    )
    return Looked(looked, proposed, ended)


def _proposals(
    chunk: Sequence[tuple[int, int, str]],
    *,
    data: selectors.RegionData,
    labels: _Labels,
    words: threat_rules.Vocabulary,
    today: date,
) -> Iterator[DisruptionLead]:
    finder = tuple(data.finder.values())
    if not finder:
        return
    known = {pk: (label, kind) for pk, label, kind in chunk}
    sides = threats.members_sides(known)
    records = pole.records_of(each.person_id for found in sides.values() for each in found)
    person_of = {record: person for person, ids in records.items() for record in ids}
    parts = _by_person(
        pole.parts_in_events(
            person_of,
            types={link for rule in finder for link in rule.links},
            since=today - timedelta(days=max(rule.days for rule in finder)),
        ),
        person_of,
    )
    before = DisruptionLead.objects.filter(threat__in=known)
    said = set(before.values_list("threat_id", "kind", "happened_on", "label_id"))
    told = set(before.values_list("threat_id", "kind", "event_id", "label_id"))
    recorded = _recorded(known)
    for threat_id, members in sides.items():
        label, kind = known[threat_id]
        for member, part in ((each, part) for each in members for part in parts.get(each.person_id, ())):
            on = part.event.happened_on
            narrow = labels.narrowest((label, member.label_id, part.link_label, part.event.label_id))
            if on is None or narrow is None or kind not in data.standard.types_on(on):
                continue
            for rule in _pointing(finder, member, part, on=on, today=today):
                key, once = (threat_id, rule.code, on, narrow), (threat_id, rule.code, part.event.pk, narrow)
                if key in said or once in told or _is_recorded(recorded.get(threat_id, ()), rule, on, narrow, labels):
                    continue
                said.add(key)
                told.add(once)
                yield DisruptionLead(
                    label_id=narrow,
                    threat_id=threat_id,
                    record_id=part.record_id,
                    event=part.event,
                    kind=rule.code,
                    primary_p=rule.p,
                    tactic=rule.tactic,
                    happened_on=on,
                    why=rule.why,
                    found={
                        "name": rule.name,
                        "link": part.type,
                        "side": member.side,
                        "role_name": words.role_name(member.role),
                        "event": part.event.kind,
                        "status": part.event.status_name,
                    },
                    expires_on=rules.expires_on(rule, on),
                    state=LeadState.OPEN,
                )


def _by_person(parts: Iterable[pole.PartIn], person_of: Mapping[int, int]) -> dict[int, list[pole.PartIn]]:
    found: dict[int, list[pole.PartIn]] = defaultdict(list)
    for part in parts:
        found[person_of[part.record_id]].append(part)
    return found


def _pointing(
    finder: Iterable[rules.FinderRule], member: threats.MemberSide, part: pole.PartIn, *, on: date, today: date
) -> Iterator[rules.FinderRule]:
    """Rules by which this part of this member points to a disruption while they were in the threat."""
    event = part.event
    if on < member.from_on or (member.to_on is not None and on > member.to_on):
        return
    happening = rules.Happening(
        kind=event.kind,
        link=part.type,
        side=member.side,
        happened_on=on,
        status=f"{event.status_name} {event.category_name} {event.title}",
        has_ended=event.happened_to is not None,
        has_vehicle=part.has_vehicle,
    )
    for rule in finder:
        if rules.points_to(rule, happening, today=today):
            yield rule


@dataclass(frozen=True)
class _Recorded:
    on: date
    ps: frozenset[str]
    label: int


def _recorded(threat_ids: Iterable[int]) -> Mapping[int, list[_Recorded]]:
    """What is recorded of each threat: day, Ps and label."""
    found: dict[int, list[_Recorded]] = defaultdict(list)
    rows = selectors.standing().filter(threat__in=list(threat_ids))
    for threat_id, on, first, others, label in rows.values_list(
        "threat_id", "event_on", "primary_p", "secondary_ps", "label_id"
    ):
        found[threat_id].append(_Recorded(on, frozenset((first, *others)), label))
    return found


def _is_recorded(recorded: Iterable[_Recorded], rule: rules.FinderRule, on: date, narrow: int, labels: _Labels) -> bool:
    """Whether a record near that day says it, that every reader of the proposal may see.

    A record that some of them may not see keeps no proposal from them, or they would learn that it is there.
    """
    return any(
        rule.p in each.ps and abs(each.on - on) <= NEAR and labels.narrowest((narrow, each.label)) == narrow
        for each in recorded
    )
