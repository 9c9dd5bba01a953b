"""The lists of disruptions and of those that may be missing: columns, filters with counts, order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.db.models import Q, QuerySet

from fourfold.disruptions import pages, rules, selectors
from fourfold.disruptions.models import Disruption, DisruptionLead
from fourfold.disruptions.rules import LeadState, State
from fourfold.plans.rules import P_NAMES, P
from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Cell, Empty, Link, Tag
from fourfold.platform.ui.lists import ChoiceFilter, Column, DateFilter, Exported, ListSpec, TextFilter
from fourfold.threats import pages as threat_pages
from fourfold.threats import rules as threat_rules


@dataclass(frozen=True)
class Row:
    disruption: Disruption
    words: rules.Vocabulary


def spec(data: selectors.RegionData, *, first: Link | None = None) -> ListSpec:
    """Every disruption, in the region's words."""
    words = data.words
    return ListSpec(
        name="disruptions",
        title="Disruptions",
        noun=("disruption", "disruptions"),
        columns=(
            Column("reference", "Disruption", sort=("reference",)),
            Column("threat", "Threat", sort=("threat__reference", "reference")),
            Column("p", "P", sort=("primary_p", "reference")),
            Column("category", "Effect", sort=("category", "reference")),
            Column("agency", "Agency", sort=("lead_agency__name", "reference")),
            Column("date", "Record date", sort=("record_date", "id")),
            Column("added", "Added", sort=("added_at", "id")),
            Column("state", "State", sort=("state", "reference")),
        ),
        row=cells,
        prepare=partial(_rows, words),
        filters=(
            TextFilter("q", "Reference, threat or place", where=called),
            ChoiceFilter("p", "Which P", field="primary_p", choices=[(p.value, n) for p, (n, _) in P_NAMES.items()]),
            ChoiceFilter(
                "category", "Effect", field="category", choices=[(c.code, c.name) for c in words.categories.values()]
            ),
            ChoiceFilter(
                "agency", "Agency", field="lead_agency__code", choices=selectors.agency_choices, found_only=True
            ),
            ChoiceFilter("role", "Lead or support", field="role", choices=list(rules.ROLE_NAMES.items())),
            ChoiceFilter("state", "State", field="state", choices=list(rules.STATE_NAMES.items())),
            ChoiceFilter("late", "Recorded", field="late", choices=(("True", "Late"), ("False", "In time"))),
            ChoiceFilter(
                "type",
                "Kind of threat then",
                field="threat_type",
                choices=[(t.value, threat_rules.type_name(t)) for t in threat_rules.ThreatType],
            ),
            ChoiceFilter("programme", "Programme", field="programme", choices=list(words.programmes.items())),
            DateFilter("record", "Record date", field="record_date"),
            DateFilter("event", "Happened", field="event_on"),
            DateFilter("added", "Added", field="added_at", moments=True),
        ),
        order="-date",
        exported=exported(words),
        empty=Empty(
            "No disruptions yet",
            "What has been done against each threat, and what it changed, will be here.",
            first,
        ),
    )


def queue(data: selectors.RegionData, *, name: str, title: str, text: str) -> ListSpec:
    """Records that wait for somebody, the longest waiting first."""
    whole = spec(data)
    kept = ("p", "agency", "late")
    return ListSpec(
        name=name,
        title=title,
        noun=("record", "records"),
        columns=whole.columns,
        row=cells,
        prepare=partial(_rows, data.words),
        filters=tuple(each for each in whole.filters if each.key in kept),
        order="added",
        exported=exported(data.words),
        rewinds=False,
        empty=Empty("Nothing waits", text),
    )


def _rows(words: rules.Vocabulary, found: Sequence[Disruption]) -> list[Row]:
    return [Row(each, words) for each in found]


def cells(row: Row) -> tuple[Cell, ...]:
    found, words = row.disruption, row.words
    threat = found.threat
    return (
        Cell(found.reference, href=pages.address(found), hint=pages.what_was_done(found, words)),
        Cell(threat.name, href=threat_pages.address(threat), hint=threat.reference),
        Cell(P_NAMES[P(found.primary_p)][0]),
        Cell("", tag=pages.category_tag(found.category, words)),
        Cell(found.lead_agency.short_name or found.lead_agency.name, hint=rules.role_name(found.role)),
        Cell(found.record_date),
        Cell(clock.day_of(found.added_at), hint="Late" if found.late else ""),
        Cell("", tag=pages.state_tag(found.state)),
    )


def exported(words: rules.Vocabulary) -> tuple[Exported, ...]:
    """The file has every fact of the record that is a figure or a word."""

    def column(heading: str, value: Callable[[Disruption], object]) -> Exported:
        return Exported(heading, lambda row: value(row.disruption))  # type: ignore[arg-type,return-value]

    return (
        column("Reference", lambda d: d.reference),
        column("Threat", lambda d: d.threat.reference),
        column("Name of threat", lambda d: d.threat.name),
        column("Kind of threat then", lambda d: threat_rules.type_name(d.threat_type)),
        column("Role", lambda d: rules.role_name(d.role)),
        column("Agency", lambda d: d.lead_agency.name),
        column("Event date", lambda d: d.event_on),
        column("Record date", lambda d: d.record_date),
        column("Added", lambda d: d.added_at),
        column("Category", lambda d: words.category_name(d.category)),
        column("First recorded as", lambda d: words.category_name(d.original_category)),
        column("P", lambda d: P_NAMES[P(d.primary_p)][0]),
        column("Other Ps", lambda d: ", ".join(P_NAMES[P(p)][0] for p in d.secondary_ps)),
        column("Tactics", lambda d: ", ".join(words.tactic_name(code) for code in d.tactics)),
        column("Programme", lambda d: words.named("programme", d.programme) if d.programme else ""),
        column("State", lambda d: rules.STATE_NAMES[State(d.state)]),
        column("Late", lambda d: "Yes" if d.late else "No"),
        column("Shared event", lambda d: d.shared_event),
        *(
            Exported(fact.name, partial(_fact, code=fact.code, money=fact.unit == "money"))
            for fact in words.facts.values()
        ),
    )


def _fact(row: Row, *, code: str, money: bool) -> str | int | float | None:
    value = row.disruption.facts.get(code)
    if value is None or isinstance(value, int):
        return value
    return float(value) if money else str(value)


def called(text: str) -> Q:
    """Records by their own reference, their threat's reference or name, or their place."""
    text = text.strip()
    found = Q(threat__name__icontains=text) | Q(place__icontains=text) | Q(happened__icontains=text)
    upper = text.upper()
    if upper.startswith("SOC"):
        return Q(threat__reference=upper)
    reference = selectors.reference_of(text)
    if reference.removeprefix("DIS-").isdecimal():
        found |= Q(reference=reference)
    return found


def waiting(today: date, value: str) -> Q:
    """What each kind of waiting is, as a condition."""
    standing = Q(state=State.RECORDED, faults=[])
    match value:
        case "validate":
            return standing & ~Q(category=rules.Category.MAJOR)
        case "moderate":
            return standing & Q(category=rules.Category.MAJOR)
        case "mend":
            return Q(state=State.RETURNED) | Q(state=State.RECORDED) & ~Q(faults=[])
        case "sample":
            return Q(state=State.VALIDATED, in_sample=True, sample_checked_by=None)
        case _:
            return Q(state__in=list(rules.PASSED), review_due_on__lte=today)


def waiting_for(actor: User, found: QuerySet[Disruption], *, today: date, value: str) -> QuerySet[Disruption]:
    """Those of some records that wait for this person: nobody decides about what they recorded, passed or changed."""
    found = found.filter(waiting(today, value))
    if value not in DECIDED_BY_ANOTHER:
        return found
    found = found.exclude(recorder=actor)
    if value == "moderate":
        found = found.exclude(validated_by=actor)
    return found.exclude(pk__in=selectors.changed_by(actor, found.order_by().values_list("pk", flat=True)))


DECIDED_BY_ANOTHER = frozenset({"validate", "moderate", "sample"})


@dataclass(frozen=True)
class LeadRow:
    lead: DisruptionLead
    words: rules.Vocabulary


def missing(data: selectors.RegionData, *, actor: User) -> ListSpec:
    """Proposals of the finder that nobody has decided."""
    words = data.words
    return ListSpec(
        name="missing disruptions",
        title="Disruptions that may be missing",
        noun=("proposal", "proposals"),
        columns=(
            Column("kind", "What happened", sort=("kind", "id")),
            Column("threat", "Threat", sort=("threat__reference", "id")),
            Column("p", "Would be", sort=("primary_p", "id")),
            Column("on", "When", sort=("happened_on", "id")),
            Column("expires", "Expires", sort=("expires_on", "id")),
            Column("state", "State", sort=("state", "id")),
        ),
        row=lead_cells,
        prepare=lambda found: [LeadRow(each, words) for each in found],
        filters=(
            ChoiceFilter("p", "Which P", field="primary_p", choices=[(p.value, n) for p, (n, _) in P_NAMES.items()]),
            ChoiceFilter("kind", "Kind", field="kind", choices=[(r.code, r.name) for r in data.finder.values()]),
            ChoiceFilter("force", "Threat owned by", field="threat__owner__code", choices=owner_choices),
            ChoiceFilter(
                "state",
                "State",
                field="state",
                choices=[(s.value, s.value.title()) for s in LeadState],
            ),
            TextFilter("q", "Threat", fields=("threat__reference", "threat__name")),
            DateFilter("on", "Happened", field="happened_on"),
        ),
        order="-on",
        rewinds=False,
        empty=Empty(
            "Nothing is missing",
            "Custody, stops, missing episodes and diversions in the picture that nobody has recorded as a disruption "
            "will be here, each with why. The finder looks whenever something is published.",
        ),
    )


def owner_choices() -> list[tuple[str, str]]:
    return [(each.code, each.name) for each in selectors.owners_of_leads()]


def lead_cells(row: LeadRow) -> tuple[Cell, ...]:
    lead = row.lead
    threat = lead.threat
    return (
        Cell(lead.found.get("name", lead.kind), href=pages.lead_address(lead), hint=lead.why),
        Cell(threat.name, href=threat_pages.address(threat), hint=threat.reference),
        Cell(P_NAMES[P(lead.primary_p)][0], hint=row.words.tactic_name(lead.tactic)),
        Cell(lead.happened_on),
        Cell(lead.expires_on),
        Cell("", tag=Tag(lead.state.title(), pages.RESULT_COLOURS.get(lead.state, "grey"))),
    )
