"""The rows behind a figure as a list: its columns, its filters with counts, its file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Q

from fourfold.performance import subjects
from fourfold.performance.rules import Measure, Of, Op
from fourfold.performance.selectors import Asked, Bodies
from fourfold.platform import clock
from fourfold.platform.reference import selectors as reference
from fourfold.platform.ui.components import Cell, Empty
from fourfold.platform.ui.lists import ChoiceFilter, Column, DateFilter, Exported, ListSpec, TextFilter
from fourfold.threats import rules as threat_rules

PS = ("PURSUE", "PREVENT", "PROTECT", "PREPARE")
ROLES = ("LEAD", "SUPPORT")
STATES = ("RECORDED", "VALIDATED", "MODERATED")
HAS = ((subjects.YES, "Yes"), (subjects.NO, "No"))


@dataclass(frozen=True)
class Row:
    """One row with the names its line needs."""

    row: Any
    phases: Mapping[str, str]
    tiers: Mapping[str, str]


def spec(of: Measure, asked: Asked, known: Bodies) -> ListSpec:
    """The list of the rows of a measure."""
    match of.extract.of:
        case Of.THREAT:
            return _threats(of, asked, known)
        case Of.DISRUPTION:
            return _disruptions(of, known)
        case Of.PLAN:
            return _plans(of, asked, known)


def _threats(of: Measure, asked: Asked, known: Bodies) -> ListSpec:
    tiers, phases = reference.names("tier"), reference.names("phase")
    holding = partial(_holding, of, asked)
    return ListSpec(
        name=_called(of),
        title=of.name,
        noun=("threat", "threats"),
        columns=(
            Column("reference", "Threat", sort=("reference",)),
            Column("type", "Kind", sort=("threat_type", "reference")),
            Column("tier", "Tier", sort=("tier", "reference")),
            Column("phase", "Phase", sort=("phase", "reference")),
            Column("owner", "Owner", sort=("owner__name", "reference")),
            Column("nominated", "Nominated", sort=("nominated_on", "reference")),
        ),
        row=_threat_cells,
        prepare=partial(_named, tiers, phases),
        filters=(
            TextFilter("q", "Name or reference", fields=("name", "reference")),
            ChoiceFilter("body", "Owner", field="owner__code", choices=_bodies(known)),
            ChoiceFilter("type", "Kind", field="threat_type", choices=_types()),
            ChoiceFilter("tier", "Tier", field="tier", choices=list(tiers.items())),
            ChoiceFilter(
                "age", "Age", choices=[(code, name) for code, name, *_ in subjects.AGES], where=holding("age")
            ),
            ChoiceFilter("lro", "Lead responsible officer", choices=HAS, where=holding("lro")),
            ChoiceFilter("standing", "Moderated assessment", choices=HAS, where=holding("standing")),
            ChoiceFilter("plan", "Adopted plan", choices=HAS, where=holding("plan")),
            ChoiceFilter("phase", "Phase", field="phase", choices=list(phases.items())),
        ),
        order="reference",
        exported=EXPORTED_THREATS,
        empty=Empty("No rows", "No threat that you may see fits the filter of this figure."),
    )


def _holding(of: Measure, asked: Asked, name: str) -> Callable[[str], Q]:
    """The condition of a field that no column holds, for a filter."""
    where = subjects.subject(of.extract.of).fields[name].where
    if where is None:
        raise ValueError(f"{name} is a column")
    when = subjects.When(asked.day)
    return lambda value: where(Op.IS, value, when)


def _disruptions(of: Measure, known: Bodies) -> ListSpec:
    categories = list(reference.names("disruption_category").items())
    return ListSpec(
        name=_called(of),
        title=of.name,
        noun=("disruption", "disruptions"),
        columns=(
            Column("reference", "Disruption", sort=("reference",)),
            Column("record_date", "Record date", sort=("record_date", "reference")),
            Column("event_on", "Happened", sort=("event_on", "reference")),
            Column("added_at", "Added", sort=("added_at", "reference")),
            Column("category", "Category", sort=("category", "reference")),
            Column("p", "Primary P", sort=("primary_p", "reference")),
            Column("role", "Role", sort=("role", "reference")),
            Column("body", "Led by", sort=("lead_agency__name", "reference")),
        ),
        row=_disruption_cells,
        filters=(
            TextFilter("q", "Reference of disruption or threat", fields=("reference", "threat__reference")),
            ChoiceFilter("body", "Led by", field="lead_agency__code", choices=_bodies(known)),
            ChoiceFilter("p", "Primary P", field="primary_p", choices=_coded(PS)),
            ChoiceFilter("category", "Category", field="category", choices=categories),
            ChoiceFilter("role", "Role", field="role", choices=_coded(ROLES)),
            ChoiceFilter("late", "Recorded late", choices=HAS, where=lambda value: Q(late=value == subjects.YES)),
            ChoiceFilter("type", "Kind of threat", field="threat_type", choices=_types()),
            ChoiceFilter("state", "State", field="state", choices=_coded(STATES)),
            DateFilter("recorded", "Record date", "record_date"),
        ),
        order="record_date",
        exported=EXPORTED_DISRUPTIONS,
        empty=Empty("No rows", "No disruption that you may see fits the filter of this figure."),
    )


def _plans(of: Measure, asked: Asked, known: Bodies) -> ListSpec:
    holding = partial(_holding, of, asked)
    failed = [(term.code, term.name) for term in reference.terms("plan_rule", on=asked.day)]
    bands = [(code, name) for code, name, *_ in subjects.SCORES]
    reviews = (("overdue", "Overdue"), ("in_time", "In time"))
    return ListSpec(
        name=_called(of),
        title=of.name,
        noun=("plan", "plans"),
        columns=(
            Column("reference", "Plan", sort=("reference",)),
            Column("threat", "Threat", sort=("threat__reference",)),
            Column("owner", "Owner", sort=("threat__owner__name", "reference")),
            Column("score", "Score", sort=("score", "reference"), numeric=True),
            Column("review", "Next review", sort=("next_review_on", "reference")),
        ),
        row=_plan_cells,
        filters=(
            TextFilter("q", "Reference of plan or threat", fields=("reference", "threat__reference")),
            ChoiceFilter("body", "Owner", field="threat__owner__code", choices=_bodies(known)),
            ChoiceFilter("score", "Score", choices=bands, where=holding("score_band")),
            ChoiceFilter("review", "Review", choices=reviews, where=holding("review")),
            ChoiceFilter("fails", "Plan rule that it fails", choices=failed, where=holding("fails")),
        ),
        order="reference",
        exported=EXPORTED_PLANS,
        empty=Empty("No rows", "No plan that you may see fits the filter of this figure."),
    )


def _called(of: Measure) -> str:
    """How the ledger and the file call the rows: no longer than an entry's column."""
    return f"rows of {of.name}"[:80]


def _named(tiers: Mapping[str, str], phases: Mapping[str, str], rows: Sequence[Any]) -> list[Row]:
    return [Row(row, phases, tiers) for row in rows]


def _threat_cells(each: Row) -> tuple[Cell, ...]:
    row = each.row
    return (
        Cell(row.name, href=subjects.threat_address(row), hint=row.reference),
        Cell(threat_rules.type_name(row.threat_type)),
        Cell(each.tiers.get(row.tier, row.tier)),
        Cell(each.phases.get(row.phase, row.phase)),
        Cell(row.owner.short_name),
        Cell(row.nominated_on),
    )


def _disruption_cells(row: Any) -> tuple[Cell, ...]:
    return (
        Cell(row.reference, href=subjects.disruption_address(row), hint=row.threat.reference),
        Cell(row.record_date),
        Cell(row.event_on),
        Cell(clock.day_of(row.added_at)),
        Cell(subjects.sentence_case(row.category)),
        Cell(subjects.sentence_case(row.primary_p)),
        Cell(subjects.sentence_case(row.role)),
        Cell(row.lead_agency.short_name),
    )


def _plan_cells(row: Any) -> tuple[Cell, ...]:
    return (
        Cell(row.reference, href=subjects.plan_address(row)),
        Cell(row.threat.name, href=subjects.threat_address(row.threat), hint=row.threat.reference),
        Cell(row.threat.owner.short_name),
        Cell(row.score),
        Cell(row.next_review_on),
    )


EXPORTED_THREATS = (
    Exported("Reference", lambda each: each.row.reference),
    Exported("Threat", lambda each: each.row.name),
    Exported("Kind", lambda each: threat_rules.type_name(each.row.threat_type)),
    Exported("Tier", lambda each: each.tiers.get(each.row.tier, each.row.tier)),
    Exported("Phase", lambda each: each.phases.get(each.row.phase, each.row.phase)),
    Exported("Owner", lambda each: each.row.owner.name),
    Exported("Nominated", lambda each: each.row.nominated_on),
)
EXPORTED_DISRUPTIONS = (
    Exported("Disruption", lambda row: row.reference),
    Exported("Threat", lambda row: row.threat.reference),
    Exported("Record date", lambda row: row.record_date),
    Exported("Happened", lambda row: row.event_on),
    Exported("Added", lambda row: clock.day_of(row.added_at)),
    Exported("Category", lambda row: subjects.sentence_case(row.category)),
    Exported("Primary P", lambda row: subjects.sentence_case(row.primary_p)),
    Exported("Role", lambda row: subjects.sentence_case(row.role)),
    Exported("Led by", lambda row: row.lead_agency.name),
)
EXPORTED_PLANS = (
    Exported("Plan", lambda row: row.reference),
    Exported("Threat", lambda row: row.threat.reference),
    Exported("Name of threat", lambda row: row.threat.name),
    Exported("Owner", lambda row: row.threat.owner.name),
    Exported("Score", lambda row: row.score),
    Exported("Next review", lambda row: row.next_review_on),
)


def _bodies(known: Bodies) -> list[tuple[str, str]]:
    return [(body.code, body.name) for body in known.all]


def _types() -> list[tuple[str, str]]:
    return [(code.value, names[1]) for code, names in threat_rules.TYPE_NAMES.items()]


def _coded(codes: Sequence[str]) -> list[tuple[str, str]]:
    return [(code, subjects.sentence_case(code)) for code in codes]
