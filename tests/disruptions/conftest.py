"""Disruptions of a threat that Merseyside owns, recorded through the services."""

from datetime import UTC, date, datetime

from fourfold.disruptions import rules, selectors, services
from fourfold.disruptions.models import Disruption
from fourfold.platform import clock
from fourfold.threats import services as threats
from fourfold.threats.models import Threat
from tests.threats.conftest import nomination
from tests.universe import Universe

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 10, 1)
EVENT = date(2026, 9, 20)
WHY = "New intelligence from a stop"
STOPPED = (
    "The group can no longer deliver to the two coastal towns because both couriers and the car that carried them "
    "are gone and nobody else holds the line"
)
FOR_HOW_LONG = "Three months at least, until somebody else is trusted with the phone"
HOW_KNOWN = "Two intelligence reports since then say that customers are sent away and the line rings out"


def tactic(p: str) -> str:
    """A tactic of the region's menu that serves one of the four Ps."""
    tactics = selectors.region_data().words.tactics.values()
    return next(each.code for each in tactics if rules.P(p) in each.ps)


def said(threat: Threat, **change: object) -> rules.Said:
    """A record that meets the minimum standard as a Minor one. Inside a scope."""
    given: dict[str, object] = {
        "threat": threat.reference,
        "event_on": EVENT,
        "category": "MINOR",
        "primary_p": "PURSUE",
        "tactics": (tactic("PURSUE"),),
        "stopped": STOPPED,
        "for_how_long": FOR_HOW_LONG,
        "how_known": HOW_KNOWN,
    }
    return rules.Said(**(given | change))  # type: ignore[arg-type]


def record(universe: Universe, threat: Threat, *, by: str = "merseyside_analyst", **change: object) -> Disruption:
    """Inside a scope of `by`. Says what is different, so that a second record of one event is no question."""
    actor = universe.__getattr__(by)
    change = {"different_because": "Another event of the same week"} | change
    return services.record_disruption(actor=actor, said=said(threat, **change), today=clock.today(), now=clock.now())


def nominate(
    universe: Universe, *, by: str = "merseyside_analyst", audience: str = "REGION", **change: object
) -> Threat:
    """A group that Merseyside has known since 2021. Inside a scope of `by`."""
    actor = universe.__getattr__(by)
    return threats.nominate_threat(
        actor=actor,
        nomination=nomination(**({"nominated_on": date(2021, 6, 1)} | change)),
        owner=actor.organisation,
        audience=audience,
        reason="Three linked seizures this month",
        today=TODAY,
    )


EVIDENCE = (rules.Evidence(text="Custody record and statement of the arresting officer", grade="1A"),)
