"""Scores, evidence and assessments made through the services, by the people of the universe."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from fourfold.assessments import services
from fourfold.assessments.models import Assessment
from fourfold.assessments.rules import Evidence
from fourfold.assessments.rules.definition import Model, model_of
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats.models import Threat
from tests.threats.conftest import nominate
from tests.universe import Universe

SHIPPED = Path(__file__).parents[2] / "regions" / "north_west" / "assessment_models"
NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 10, 1)
TACTICAL = "FF-TAC-1"
THEMATIC = "FF-THM-1"
COUNTY_LINE = "4,4,2,4,1,5,4,4 5,3,5,4 2,1,2,1"
COUNTERFEIT = "1,2,4,4,2,3,4,3 5,2,4,4 2,2,1,1"
DORMANT = "2,2,1,1,0,1,1,1 1,0,1,2 0,0,1,0"


def content_of(code: str) -> dict[str, Any]:
    return yaml.load((SHIPPED / f"{code}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@cache
def shipped(code: str = TACTICAL) -> Model:
    return model_of(content_of(code))


def vector(said: str, *, opportunity: int = 1) -> dict[str, int | None]:
    """Scores of the default tactical model in the order of its criteria: harm, likelihood, position."""
    numbers = [int(each) for part in said.split() for each in part.split(",")]
    keys = [criterion.key for criterion in shipped().criteria]
    return dict(zip(keys, [*numbers, opportunity], strict=True))


def evidence(*keys: str, **change: Any) -> Evidence:
    cited = keys or tuple(
        criterion.key for section in ("harm", "likelihood") for criterion in shipped().sections[section].criteria
    )
    said: dict[str, Any] = {"reference": "IR/2026/0412", "grade": "1B", "dated_on": date(2026, 9, 14)}
    return Evidence(keys=cited, **(said | change))


def submitted(
    universe: Universe,
    threat: Threat,
    *,
    force: str = "merseyside",
    scores: str = COUNTY_LINE,
    change: Mapping[str, int | None] | None = None,
    **more: Any,
) -> Assessment:
    """Inside a scope of the force's analyst."""
    return services.record_submitted(
        actor=getattr(universe, f"{force}_analyst"),
        threat=threat,
        values={**vector(scores), **(change or {})},
        evidence=more.pop("evidence", (evidence(),)),
        checked_by=getattr(universe, f"{force}_intelligence_manager"),
        now=more.pop("now", NOW),
        today=more.pop("today", TODAY),
        **more,
    )


@pytest.fixture
def threat(db: None, universe: Universe) -> Threat:
    with acting_as(universe.merseyside_analyst):
        return nominate(universe)


@pytest.fixture
def waiting(threat: Threat, universe: Universe) -> Assessment:
    """A county line of Merseyside's, scored, checked and sent."""
    with acting_as(universe.merseyside_analyst):
        return submitted(universe, threat)
