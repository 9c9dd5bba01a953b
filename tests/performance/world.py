"""A small region made through the services in told time, and what it must count, worked out in plain Python.

`World` plays one act at a time on a day. One that remembers keeps what every threat and disruption said after it, so
that a figure as recorded on any moment can be held against a replay that knows no SQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fourfold.assessments import services as assessing
from fourfold.assessments.models import Assessment
from fourfold.assessments.services.recording import FromElsewhere
from fourfold.disruptions import rules as disruption_rules
from fourfold.disruptions import services as disrupting
from fourfold.disruptions.models import Disruption
from fourfold.plans import rules as plan_rules
from fourfold.plans import services as planning
from fourfold.plans.models import Plan
from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.reference.models import ReferenceTerm
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats import rules, services
from fourfold.threats.models import Threat
from tests.universe import Universe

START = datetime(2022, 1, 10, 9, 0, tzinfo=UTC)
WORDS = "The couriers and the car are gone and nobody else holds the phone line " * 3
PUBLISHED = frozenset({"MAJOR", "MODERATE", "MINOR"})
NOT_COUNTED = frozenset({"RETURNED", "WITHDRAWN"})


@dataclass(frozen=True)
class Said:
    """What one record said at a moment."""

    pk: int
    body: str
    facts: dict[str, Any]


@dataclass
class World:
    """Plays acts at moments that only go forward; one that remembers keeps what was recorded after each."""

    universe: Universe
    remembers: bool = False
    now: datetime = START
    acts: int = 0
    aim: int = 0
    types: dict[int, str] = field(default_factory=dict)
    categories: dict[int, str] = field(default_factory=dict)
    log: list[tuple[datetime, dict[int, Said], dict[int, Said]]] = field(default_factory=list)

    @contextmanager
    def acting(self, actor: User, *, after: timedelta = timedelta(hours=1)) -> Iterator[datetime]:
        """One scope of an actor, some time after the last act; what is recorded then is remembered, if asked for."""
        self.now += after
        with clock.told(self.now), acting_as(actor):
            yield self.now
        self.acts += 1
        if self.remembers:
            self.remember()

    def at(self, day: date) -> None:
        """The next act is on this day."""
        self.now = max(self.now, datetime(day.year, day.month, day.day, 9, 0, tzinfo=UTC))

    def remember(self) -> None:
        with clock.told(self.now), acting_as(self.universe.service("demo")):
            self.log.append((self.now, _threats(), _disruptions()))

    def threat(self, force: str = "cheshire", threat_type: str = "OCG", **change: Any) -> Threat:
        actor = self.user(force, "analyst")
        with self.acting(actor) as now:
            return services.nominate_threat(
                actor=actor,
                nomination=rules.Nomination(
                    threat_type=threat_type,
                    name=change.get("name", f"Line {self.acts}"),
                    summary="People moving class A drugs into two coastal towns",
                    themes=("DRU.county_lines",),
                    tier="UNTIERED",
                    phase="IDENTIFIED",
                    nominated_on=now.date(),
                    aliases=(),
                ),
                owner=actor.organisation,
                audience="REGION",
                compartment=change.get("compartment"),
                reason="Three linked seizures this month",
                today=now.date(),
            )

    def moderate(self, threat: Threat, *, tier: str = "2", soc: bool = True, status: str = "MODERATED") -> Assessment:
        """As the national system says it, and the tier with it."""
        actor = self.user(threat.owner.code, "intelligence_manager")
        with self.acting(actor) as now:
            entry = FromElsewhere(
                elsewhere=f"APMIS-{self.acts}",
                status=status,
                reason="As moderated in the national system",
                threat=Threat.objects.get(pk=threat.pk),
                soc=soc,
                tier=tier,
                decided_at=now,
            )
            (made,) = assessing.record_from_elsewhere(actor=actor, entries=(entry,), now=now, today=now.date())
            assert isinstance(made, Assessment), made
        self.tier(threat, tier)
        return made

    def tier(self, threat: Threat, tier: str) -> None:
        actor = self.user(threat.owner.code, "intelligence_manager")
        with self.acting(actor):
            found = Threat.objects.get(pk=threat.pk)
            if found.tier != tier:
                services.change_tier(actor=actor, threat=found, tier=tier, reason="Agreed at the monthly meeting")

    def reclassify(self, threat: Threat, threat_type: str, reason: str = "No one group does this harm") -> None:
        actor = self.user(threat.owner.code, "intelligence_manager")
        with self.acting(actor):
            found = Threat.objects.get(pk=threat.pk)
            services.reclassify(actor=actor, threat=found, threat_type=threat_type, reason=reason)

    def close(self, threat: Threat) -> None:
        actor = self.user("nwrocu", "rocta_moderator")
        with self.acting(actor) as now:
            found = Threat.objects.get(pk=threat.pk)
            services.close_threat(
                actor=actor,
                threat=found,
                ground="CLOSED_DISMANTLED",
                closed_on=now.date(),
                reason="Everybody in it is in prison",
                today=now.date(),
            )

    def disruption(self, threat: Threat, event_on: date, **change: Any) -> Disruption:
        """A lead Minor Pursue disruption of the threat's own force, unless it says otherwise."""
        actor = self.user(change.pop("force", threat.owner.code), "intelligence_manager")
        with self.acting(actor) as now:
            said: dict[str, Any] = {
                "threat": threat.reference,
                "event_on": event_on,
                "category": "MINOR",
                "primary_p": "PURSUE",
                "stopped": WORDS,
                "for_how_long": "Three months",
                "how_known": "Two intelligence reports since",
                "different_because": f"Another event of the same week, number {self.acts}",
            }
            return disrupting.record_disruption(
                actor=actor, said=disruption_rules.Said(**(said | change)), today=now.date(), now=now
            )

    def recategorise(self, disruption: Disruption, category: str) -> None:
        actor = self.user(disruption.lead_agency.code, "intelligence_manager")
        with self.acting(actor) as now:
            disrupting.recategorise(
                actor=actor,
                disruption=Disruption.objects.get(pk=disruption.pk),
                category=category,
                reason="The effect did not last as long as we thought",
                today=now.date(),
            )

    def withdraw(self, disruption: Disruption) -> None:
        actor = self.user(disruption.lead_agency.code, "intelligence_manager")
        with self.acting(actor) as now:
            disrupting.withdraw(
                actor=actor,
                disruption=Disruption.objects.get(pk=disruption.pk),
                reason="It was recorded twice by two people",
                today=now.date(),
            )

    def plan(self, threat: Threat) -> Plan:
        """A plan with one aim, read once, that a Pursue and an overdue Prevent action serve; adopted by another."""
        writer, approver = self.user(threat.owner.code, "analyst"), self.user(threat.owner.code, "intelligence_manager")
        aim = plan_rules.AimSaid(
            text="Close the line into the two towns",
            measure="Calls answered each week",
            unit="calls",
            baseline=Decimal(140),
            target=Decimal(0),
            target_on=self.now.date() + timedelta(days=200),
        )
        with self.acting(writer) as now:
            due = now.date() + timedelta(days=10)
            actions = tuple(
                plan_rules.ActionSaid(p=p, title=title, aim=1, owner_name="Sergeant of the team", due_on=due)
                for p, title in (("PURSUE", "Execute the warrant"), ("PREVENT", "Visit the school with the mentor"))
            )
            content = plan_rules.PlanContent(aims=(aim,), actions=actions)
            made = planning.write_plan(
                actor=writer, threat=Threat.objects.get(pk=threat.pk), content=content, today=now.date()
            )
            self.aim = made.aims.get().pk
            planning.add_reading(
                actor=writer,
                aim=made.aims.get(),
                value=Decimal(70),
                read_on=now.date(),
                source="Line data",
                today=now.date(),
            )
        with self.acting(approver) as now:
            plan = Plan.objects.get(pk=made.pk)
            planning.adopt_plan(actor=approver, plan=plan, why="Agreed at the monthly meeting", today=now.date())
        return plan

    def user(self, force: str, role: str) -> User:
        if force == "nwrocu" and role == "intelligence_manager":
            role = "rocu_lead"
        return self.universe.user(f"{role}@{force}.test")

    def threats_at(self, moment: datetime) -> dict[int, Said]:
        """F-THREAT in plain Python, as recorded at the moment."""
        return {pk: said for pk, said in self._at(moment)[0].items() if is_counted_threat(said.facts)}

    def disruptions_at(self, moment: datetime, *, literal: bool = False) -> dict[int, Said]:
        """F-DISR in plain Python, as recorded at the moment."""
        found = self._at(moment)[1].items()
        return {pk: said for pk, said in found if is_counted_disruption(said.facts, literal=literal)}

    def _at(self, moment: datetime) -> tuple[dict[int, Said], dict[int, Said]]:
        found: tuple[dict[int, Said], dict[int, Said]] = ({}, {})
        for at, threats, disruptions in self.log:
            if at <= moment:
                found = (threats, disruptions)
        return found


def is_counted_threat(facts: dict[str, Any]) -> bool:
    moderated = any(kind == "TACTICAL" and status == "MODERATED" and soc for kind, status, soc in facts["assessments"])
    return moderated and facts["tier"] != "5" and "closed" not in facts["phase"].lower()


def is_counted_disruption(facts: dict[str, Any], *, literal: bool) -> bool:
    first = facts["record_date"] > date(2022, 1, 1) if literal else facts["record_date"] >= date(2022, 1, 1)
    return (
        facts["role"] == "LEAD"
        and first
        and facts["record_date"] < date(2023, 1, 1)
        and facts["category"] in PUBLISHED
        and facts["state"] not in NOT_COUNTED
    )


def _threats() -> dict[int, Said]:
    phases = dict(ReferenceTerm.objects.filter(kind="phase").values_list("code", "name"))
    assessments: dict[int, list[tuple[str, str, bool]]] = {}
    for threat, *facts in Assessment.objects.values_list("threat_id", "kind", "status", "soc"):
        assessments.setdefault(threat, []).append((facts[0], facts[1], facts[2]))
    return {
        row.pk: Said(
            row.pk,
            row.owner.code,
            {
                "threat_type": row.threat_type,
                "tier": row.tier,
                "phase": phases[row.phase],
                "assessments": tuple(assessments.get(row.pk, ())),
            },
        )
        for row in Threat.objects.select_related("owner")
    }


def _disruptions() -> dict[int, Said]:
    names = ("role", "record_date", "category", "primary_p", "state")
    return {
        row.pk: Said(row.pk, row.lead_agency.code, {name: getattr(row, name) for name in names})
        for row in Disruption.objects.select_related("lead_agency")
    }
