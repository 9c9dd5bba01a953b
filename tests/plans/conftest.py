"""A threat with its people, and a plan written, adopted and reviewed through the services."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from fourfold.plans import rules, services
from fourfold.plans.models import Plan
from fourfold.platform.people.models import User
from fourfold.threats.models import Threat
from fourfold.threats.services import Leads
from tests.threats.conftest import nominate as nominate_threat
from tests.threats.conftest import picture
from tests.universe import Universe

__all__ = ["picture"]

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 10, 1)
TARGET = date(2027, 3, 31)


def nominate(universe: Universe, *, force: str = "merseyside", **change: object) -> Threat:
    """A threat of a force, with the force's own lead and investigating officer. Inside a scope of its manager."""
    said: dict[str, object] = {
        "by": f"{force}_intelligence_manager",
        "tier": "2",
        "leads": Leads(lro=person(universe, force, "lro"), sio=person(universe, force, "sio")),
    }
    return nominate_threat(universe, **(said | change))  # type: ignore[arg-type]


def person(universe: Universe, force: str, role: str) -> User:
    return universe.__getattr__(f"{force}_{role}")


def aim(**change: object) -> rules.AimSaid:
    said: dict[str, object] = {
        "text": "Close the line into the two towns",
        "measure": "Calls answered by the line each week",
        "unit": "calls",
        "baseline": Decimal(140),
        "target": Decimal(0),
        "target_on": TARGET,
    }
    return rules.AimSaid(**(said | change))  # type: ignore[arg-type]


def action(**change: object) -> rules.ActionSaid:
    said: dict[str, object] = {
        "p": "PURSUE",
        "title": "Execute the warrant at the stash address",
        "aim": 1,
        "owner_name": "Detective sergeant of the proactive team",
        "measure": "Line phone and stock seized",
        "outcome_wanted": "The line loses its phone, its stock and its holder in one morning",
        "due_on": TODAY + timedelta(days=30),
        "why_this_threat": "The holder keeps the phone at this address every night",
    }
    return rules.ActionSaid(**(said | change))  # type: ignore[arg-type]


def visit(**change: object) -> rules.ActionSaid:
    said: dict[str, object] = {
        "p": "PROTECT",
        "title": "Visit the three cuckooed tenants with the housing officer every week",
        "partner": "Housing association",
        "outcome_wanted": "Tenants say that nobody deals from their homes any more",
        "why_this_threat": "Runners from this line sleep in three flats of one landlord",
    }
    return action(**(said | change))


def consultation(**change: object) -> rules.ConsultationSaid:
    said: dict[str, object] = {
        "partner": "Housing association",
        "with_whom": "Tenancy manager",
        "consulted_on": TODAY,
        "changed": "Visits moved to mornings, when tenants are alone",
    }
    return rules.ConsultationSaid(**(said | change))  # type: ignore[arg-type]


def content(**change: object) -> rules.PlanContent:
    said: dict[str, object] = {
        "sections": {"SUMMARY": "A line from the city into two coastal towns", "SANITISED": "Drugs sold from homes"},
        "aims": (aim(),),
        "actions": (action(), visit()),
        "consultations": (consultation(),),
    }
    return rules.PlanContent(**(said | change))  # type: ignore[arg-type]


def write(universe: Universe, threat: Threat, *, force: str = "merseyside", **change: object) -> Plan:
    """Inside a scope of the force's analyst."""
    return services.write_plan(
        actor=person(universe, force, "analyst"), threat=threat, content=content(**change), today=TODAY
    )
