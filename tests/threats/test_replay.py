"""Merging, splitting, closing and reopening keep what was: any sequence agrees with a plain replay, then and now.

The replay knows nothing of the database: it is a dictionary of threats with a phase, roles and links.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.history.rewind import as_recorded_on, versions_of
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors as pole
from fourfold.threats import selectors, services
from fourfold.threats.models import ThreatLink, ThreatMember
from tests.threats.conftest import EXPLOITED, membership, nominate, nomination, publish_people

WHY = "They share their leader and their phones"
START = datetime(2026, 2, 1, 9, tzinfo=UTC)
PEOPLE = {"p1": {}, "p2": EXPLOITED, "p3": {"role": "ASSOCIATE"}}
place = st.integers(min_value=0, max_value=5)
step = st.one_of(
    st.tuples(st.just("merge"), place, place),
    st.tuples(st.just("split"), place, st.sampled_from(sorted(PEOPLE))),
    st.tuples(st.just("close"), place, st.none()),
    st.tuples(st.just("reopen"), place, st.none()),
    st.tuples(st.just("add"), place, st.sampled_from(sorted(PEOPLE))),
)


@dataclass
class Said:
    """What the replay holds of one threat."""

    phase: str = "IDENTIFIED"
    roles: set[str] = field(default_factory=set)
    links: set[tuple[str, str]] = field(default_factory=set)
    phases: list[str] = field(default_factory=lambda: ["IDENTIFIED"])

    @property
    def is_open(self) -> bool:
        return not self.phase.startswith("CLOSED")

    def go(self, phase: str) -> None:
        self.phase = phase
        self.phases.append(phase)


@dataclass
class Replay:
    """Applies each step to dictionaries; says whether the rules would refuse it."""

    threats: dict[str, Said] = field(default_factory=dict)

    def apply(self, kind: str, name: str, other: str) -> bool:
        said = self.threats[name]
        return bool(getattr(self, kind)(said, name, other))

    def merge(self, said: Said, name: str, other: str) -> bool:
        into = self.threats[other]
        if name == other or not said.is_open or not into.is_open:
            return False
        into.roles |= said.roles
        said.roles = set()
        said.links.add(("MERGED_INTO", other))
        said.go("CLOSED_MERGED")
        return True

    def split(self, said: Said, name: str, person: str) -> bool:
        if not said.is_open or person not in said.roles:
            return False
        said.roles.discard(person)
        made = f"{name}.{len(self.threats)}"
        self.threats[made] = Said(roles={person}, links={("SPLIT_FROM", name)})
        return True

    def close(self, said: Said, name: str, other: str) -> bool:
        if not said.is_open:
            return False
        said.go("CLOSED_DORMANT")
        return True

    def reopen(self, said: Said, name: str, other: str) -> bool:
        if said.is_open:
            return False
        said.links = {link for link in said.links if link[0] != "MERGED_INTO"}
        said.go("DEVELOPMENT")
        return True

    def add(self, said: Said, name: str, person: str) -> bool:
        if not said.is_open or person in said.roles:
            return False
        said.roles.add(person)
        return True


class Played:
    """The same steps through the services, each in its own hour."""

    def __init__(self, manager, records, hours) -> None:
        self.manager, self.records, self.hours = manager, records, hours
        self.keys: dict[str, int] = {}

    def at(self):
        return START + timedelta(hours=next(self.hours))

    def apply(self, kind: str, name: str, other: str, *, replay: Replay) -> datetime | None:
        """The moment of the step, or None where a rule refused it."""
        moment = self.at()
        with clock.told(moment), acting_as(self.manager):
            threat = selectors.threats().get(pk=self.keys[name])
            try:
                made = getattr(self, kind)(threat, other)
            except RuleBroken:
                return None
            if made is not None:
                self.keys[f"{name}.{len(replay.threats)}"] = made.pk
        return moment

    def start(self, names) -> datetime:
        moment = self.at()
        with clock.told(moment), acting_as(self.manager):
            for name in names:
                self.keys[name] = nominate(
                    self.universe, by="merseyside_intelligence_manager", name=name, nominated_on=clock.today()
                ).pk
        return moment

    def merge(self, threat, other):
        into = selectors.threats().get(pk=self.keys[other])
        services.merge_threats(actor=self.manager, threat=threat, into=into, reason=WHY, today=clock.today())

    def split(self, threat, person):
        chosen = ThreatMember.objects.filter(threat=threat, record=self.records[person], to_on=None)
        return services.split_threat(
            actor=self.manager,
            threat=threat,
            nomination=nomination(name="Part", nominated_on=clock.today()),
            parts=services.Parts(frozenset(chosen.values_list("pk", flat=True))),
            reason=WHY,
            today=clock.today(),
        )

    def close(self, threat, _):
        today = clock.today()
        services.close_threat(
            actor=self.manager, threat=threat, ground="CLOSED_DORMANT", closed_on=today, reason=WHY, today=today
        )

    def reopen(self, threat, _):
        services.reopen_threat(actor=self.manager, threat=threat, phase="DEVELOPMENT", reason=WHY, today=clock.today())

    def add(self, threat, person):
        services.add_member(
            actor=self.manager,
            threat=threat,
            record=pole.person_record(self.records[person]),
            membership=membership(**{"from_on": clock.today()} | PEOPLE[person]),
            reason=WHY,
            today=clock.today(),
        )

    def read(self) -> dict[str, tuple[str, frozenset[str], frozenset[tuple[str, str]]]]:
        """What the database says of these threats; inside a rewind, what it said."""
        names = {pk: name for name, pk in self.keys.items()}
        people = {pk: key for key, pk in self.records.items()}
        roles = ThreatMember.objects.filter(threat__in=names, to_on=None).values_list("threat_id", "record_id")
        links = ThreatLink.objects.filter(one__in=names, to_on=None).values_list("one_id", "kind", "other_id")
        members, linked = list(roles), list(links)
        return {
            names[pk]: (
                phase,
                frozenset(people[record] for threat, record in members if threat == pk),
                frozenset((kind, names[other]) for threat, kind, other in linked if threat == pk),
            )
            for pk, phase in selectors.threats().filter(pk__in=names).values_list("pk", "phase")
        }


def told(replay: Replay) -> dict[str, tuple[str, frozenset[str], frozenset[tuple[str, str]]]]:
    return {name: (t.phase, frozenset(t.roles), frozenset(t.links)) for name, t in replay.threats.items()}


@pytest.mark.slow
def test_any_sequence_agrees_with_a_plain_replay_then_and_now(as_simulation, universe, tmp_path):
    hours = count()
    with clock.told(START - timedelta(days=1)):
        records = publish_people(universe, tmp_path)
    manager = universe.merseyside_intelligence_manager

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(step, min_size=1, max_size=10))
    def run(steps):
        played, replay = Played(manager, records, hours), Replay()
        played.universe = universe
        names = ["one", "two", "three"]
        moment = played.start(names)
        replay.threats = {name: Said() for name in names}
        moments = [(moment, deepcopy(told(replay)))]
        for kind, first, second in steps:
            names = list(replay.threats)
            name = names[first % len(names)]
            other = names[second % len(names)] if isinstance(second, int) else second
            before = deepcopy(replay)
            moment = played.apply(kind, name, other, replay=before)
            assert (moment is not None) == replay.apply(kind, name, other), (kind, name, other)
            if moment is not None:
                moments.append((moment, deepcopy(told(replay))))
        with acting_as(manager):
            assert played.read() == moments[-1][1]
            for moment, state in moments:
                with as_recorded_on(moment):
                    assert played.read() == state
            for name, pk in played.keys.items():
                versions = versions_of(selectors.threats().get(pk=pk))
                phases = [version.fields["phase"] for version in reversed(versions)]
                changes = [phase for at, phase in enumerate(phases) if at == 0 or phases[at - 1] != phase]
                assert changes == replay.threats[name].phases
                sides = ThreatMember.objects.filter(threat=pk, record=records["p2"]).values_list("side", flat=True)
                assert set(sides) <= {"PROTECT"}

    run()
