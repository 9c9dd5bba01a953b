"""A Merseyside batch published by the real door of the picture, and a threat nominated through the services."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fourfold.threats import rules, services
from fourfold.threats.models import Threat
from tests.pole.canonical import Batch, published
from tests.universe import Universe

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 10, 1)
PEOPLE = ("Alpha Dockside", "Bravo Dockside", "Charlie Dockside")


def nomination(**change: object) -> rules.Nomination:
    said: dict[str, object] = {
        "threat_type": "OCG",
        "name": "Harbour line",
        "summary": "People moving class A drugs into two coastal towns",
        "themes": ("DRU.county_lines",),
        "tier": "UNTIERED",
        "phase": "IDENTIFIED",
        "nominated_on": date(2026, 9, 1),
        "aliases": ("Quay line",),
    }
    return rules.Nomination(**(said | change))  # type: ignore[arg-type]


def membership(**change: object) -> rules.Membership:
    said: dict[str, object] = {
        "role": "LEADER",
        "from_on": date(2026, 9, 5),
        "grade": "2B",
        "assertion": "ASSESSMENT",
        "category": "SUSPECT",
    }
    return rules.Membership(**(said | change))  # type: ignore[arg-type]


EXPLOITED = {"role": "EXPLOITED", "category": "VICTIM"}


def nominate(universe: Universe, *, by: str = "merseyside_analyst", **change: object) -> Threat:
    """Inside a scope of `by`."""
    actor = universe.__getattr__(by)
    return services.nominate_threat(
        actor=actor,
        nomination=nomination(**{k: v for k, v in change.items() if k not in {"audience", "owner", "leads"}}),
        owner=change.get("owner", actor.organisation),
        leads=change.get("leads"),
        audience=change.get("audience", "REGION"),
        reason="Three linked seizures this month",
        today=TODAY,
    )


@pytest.fixture
def picture(db: None, universe: Universe, tmp_path: Path) -> dict[str, int]:
    """Records of three people, one of them known to their own force only; record id by key."""
    return publish_people(universe, tmp_path)


def publish_people(universe: Universe, folder: Path) -> dict[str, int]:
    batch = Batch(folder / "canonical", force="merseyside")
    for key, name in zip(("p1", "p2"), PEOPLE, strict=False):
        batch.person(key, name, date(1990, 1, 2))
    batch.person("p3", PEOPLE[2], date(2010, 5, 6), audience="OWN")
    batch.event("e1", "STOP", date(2026, 9, 20))
    batch.link(("PERSON", "p1"), "STOPPED", ("EVENT", "e1"))
    return published(universe, batch, keys=["p1", "p2", "p3"], now=NOW)
