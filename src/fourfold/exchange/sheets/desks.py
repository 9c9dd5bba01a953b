"""Every sheet's desk by what the sheet holds."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fourfold.disruptions import selectors as disruptions
from fourfold.exchange.rules import Field, Kind, Sheet, Wanted
from fourfold.exchange.sheets.assessments import FIELDS as ASSESSMENT_FIELDS
from fourfold.exchange.sheets.assessments import AssessmentsDesk
from fourfold.exchange.sheets.desk import Desk, Work
from fourfold.exchange.sheets.disruptions import DisruptionsDesk
from fourfold.exchange.sheets.disruptions import fields as disruption_fields
from fourfold.exchange.sheets.threats import FIELDS as THREAT_FIELDS
from fourfold.exchange.sheets.threats import ThreatsDesk

DESKS: Final[Mapping[Kind, type[Desk]]] = {
    Kind.THREATS: ThreatsDesk,
    Kind.ASSESSMENTS: AssessmentsDesk,
    Kind.DISRUPTIONS: DisruptionsDesk,
}
OWNERS: Final[Mapping[Kind, str]] = {
    Kind.THREATS: "owner__code",
    Kind.ASSESSMENTS: "label__owner__code",
    Kind.DISRUPTIONS: "lead_agency__code",
}
DAYS: Final[Mapping[Kind, str]] = {
    Kind.THREATS: "nominated_on",
    Kind.ASSESSMENTS: "decided_at__date",
    Kind.DISRUPTIONS: "record_date",
}


def desk(work: Work, sheet: Sheet) -> Desk:
    return DESKS[sheet.kind](work, sheet)


def fields() -> Mapping[Kind, Mapping[str, Field]]:
    """The facts there are, by sheet. One query."""
    return {
        Kind.THREATS: THREAT_FIELDS,
        Kind.ASSESSMENTS: ASSESSMENT_FIELDS,
        Kind.DISRUPTIONS: disruption_fields(disruptions.region_data().words.facts),
    }


def narrowed(kind: Kind, wanted: Wanted) -> Callable[[Any], Any]:
    """What an export asks of a sheet's records."""
    asked: dict[str, Any] = {}
    if wanted.forces:
        asked[f"{OWNERS[kind]}__in"] = wanted.forces
    if wanted.first:
        asked[f"{DAYS[kind]}__gte"] = wanted.first
    if wanted.last:
        asked[f"{DAYS[kind]}__lte"] = wanted.last
    return lambda rows: rows.filter(**asked)
