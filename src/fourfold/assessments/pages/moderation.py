"""Moderation: the queue by the clock, agreement and drift, and threats that changed since they were scored."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.db.models import Q
from django.urls import reverse

from fourfold.assessments import rules, selectors
from fourfold.assessments.models import Assessment, AssessmentModel
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.pages.record import days_left
from fourfold.assessments.rules import Status
from fourfold.assessments.rules.agreement import FEWEST, drift, weighted_kappa
from fourfold.assessments.rules.definition import Model
from fourfold.assessments.selectors import PairCount
from fourfold.platform import clock
from fourfold.platform.ui.components import Cell, Empty, Head, Link, Tab, Table, Tag
from fourfold.platform.ui.jinja import plural
from fourfold.platform.ui.lists import ChoiceFilter, Column, ListSpec, TextFilter
from fourfold.platform.ui.pages import Page
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats

QUARTERS_SHOWN = 6
PARTS = (
    ("moderation", "Queue"),
    ("agreement", "Agreement and drift"),
    ("changed", "Changed since scored"),
)


def tabs(current: str) -> tuple[Tab, ...]:
    return tuple(Tab(text, reverse(f"assessments:{name}"), current=name == current) for name, text in PARTS)


def crumbs(*more: Link) -> tuple[Link, ...]:
    return (Link("My work", reverse("home:work")), *more)


def queue_spec(words: threat_rules.Vocabulary, today: date) -> ListSpec:
    """What the unit has, the soonest due first. No column is made from a score: moderators score blind."""
    return ListSpec(
        name="moderation",
        title="Moderation",
        noun=("assessment", "assessments"),
        columns=(
            Column("of", "Assessment", sort=("reference",)),
            Column("owner", "Owner", sort=("label__owner__name", "due_on")),
            Column("submitted", "Submitted", sort=("submitted_at", "pk")),
            Column("due", "Decide by", sort=("due_on", "submitted_at", "pk")),
            Column("state", "State", sort=("status", "due_on")),
            Column("moderator", "Moderator"),
        ),
        row=partial(_waiting_cells, words, today),
        filters=(
            TextFilter("q", "Reference or threat", fields=("reference", "threat__reference", "threat__name")),
            ChoiceFilter(
                "clock",
                "Clock",
                choices=(("overdue", "Overdue"), ("in-time", "In time")),
                where=partial(_by_clock, today),
            ),
            ChoiceFilter(
                "state",
                "State",
                choices=(
                    (Status.SUBMITTED, "Waiting to be taken up"),
                    (Status.IN_MODERATION, "Being moderated"),
                    ("second", "Waiting for a second moderator"),
                ),
                where=_by_state,
            ),
            ChoiceFilter("owner", "Owner", field="label__owner__code", choices=_owners),
        ),
        order="due",
        empty=Empty(
            "Nothing waits to be moderated",
            "Assessments that forces have scored, checked and sent will be here, the soonest due first.",
        ),
        rewinds=False,
    )


def changed_spec(words: threat_rules.Vocabulary) -> ListSpec:
    return ListSpec(
        name="changed-since-scored",
        title="Changed since scored",
        noun=("threat", "threats"),
        columns=(
            Column("threat", "Threat", sort=("threat__reference",)),
            Column("owner", "Owner", sort=("threat__owner__name", "threat__reference")),
            Column("tier", "Tier", sort=("tier", "threat__reference")),
            Column("scored", "Scored", sort=("submitted_at", "pk")),
            Column("what", "What changed since"),
        ),
        row=partial(_changed_cells, words),
        prepare=_with_changes,
        filters=(
            ChoiceFilter(
                "what",
                "What changed",
                choices=[(each.code, each.name) for each in selectors.SINCE_SCORED],
                where=selectors.since_scored,
            ),
            ChoiceFilter("owner", "Owner", field="threat__owner__code", choices=_owners),
            ChoiceFilter("tier", "Tier", field="tier", choices=[(t.code, t.name) for t in words.tiers.values()]),
        ),
        order="scored",
        empty=Empty(
            "No threat has changed since it was scored",
            "Threats whose kind, phase, people, phone lines or intelligence changed after the force sent its scores "
            "will be here, so that they can be scored again.",
        ),
        rewinds=False,
    )


@dataclass(frozen=True, kw_only=True)
class AgreementPage(Page):
    tabs: tuple[Tab, ...]
    lead: str
    about: str
    models: tuple[Link, ...]
    criteria: Table
    forces: Table
    empty: Empty
    pairs: int


def agreement_page(
    model: Model, *, pairs: Sequence[PairCount], models: Iterable[AssessmentModel], owner: str
) -> AgreementPage:
    """Kappa and drift for each criterion, and drift for each force over time."""
    kept = [each for each in pairs if not owner or each.owner == owner]
    decided = sum(each.times for each in kept if each.key == model.criteria[0].key)
    here = reverse("assessments:agreement")
    owners = sorted({each.owner for each in pairs})
    return AgreementPage(
        title="Agreement and drift",
        crumbs=crumbs(Link("Moderation", reverse("assessments:moderation"))),
        tabs=tabs("agreement"),
        lead="How far forces and moderators score alike, blind of each other. It is for training and for the words of "
        "the anchors, not for ranking forces.",
        about=f"{'Of ' + owner if owner else 'Of every force'}, under {shown_as.model_in_words(model)}. Weighted kappa "
        "(quadratic weights): 1 is full agreement, 0 is what chance would give. Words after Landis and Koch (1977).",
        models=(
            *(Link(each.code, f"{here}?model={each.code}") for each in models if each.code != model.code),
            *(Link(name, f"{here}?owner={name}") for name in owners if name != owner),
            *((Link("Every force", here),) if owner else ()),
        ),
        criteria=_criteria_table(model, kept),
        forces=_forces_table(pairs),
        empty=Empty(
            "No pairs yet",
            "Once moderators have scored blind and decided, their scores and the forces' will be compared here.",
        ),
        pairs=decided,
    )


def _criteria_table(model: Model, pairs: Iterable[PairCount]) -> Table:
    counted: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
    for each in pairs:
        counted[each.key][each.assessor, each.moderator] += each.times
    rows = []
    for criterion in model.criteria:
        agreed, moved = weighted_kappa(counted[criterion.key]), drift(counted[criterion.key])
        kappa = rules.shown(agreed.kappa, 2) if agreed.kappa is not None and agreed.pairs >= FEWEST else "Not told"
        rows.append(
            (
                Cell(criterion.name),
                Cell(agreed.pairs),
                Cell(kappa),
                Cell(_signed(moved.mean) if moved.pairs else ""),
                Cell(agreed.in_words, hint=moved.in_words if moved.pairs else ""),
            )
        )
    heads = (Head("Criterion"), Head("Pairs", numeric=True), Head("Kappa", numeric=True))
    return Table(
        "Agreement by criterion",
        (*heads, Head("Moderator minus force", numeric=True), Head("In words")),
        tuple(rows),
    )


def _forces_table(pairs: Iterable[PairCount]) -> Table:
    """Mean of moderator minus force over all criteria, by quarter of the decision."""
    by_force: dict[str, dict[date, Counter[tuple[int, int]]]] = defaultdict(lambda: defaultdict(Counter))
    quarters: set[date] = set()
    for each in pairs:
        by_force[each.owner][each.quarter][each.assessor, each.moderator] += each.times
        quarters.add(each.quarter)
    shown = sorted(quarters)[-QUARTERS_SHOWN:]
    rows = []
    for force in sorted(by_force):
        cells = [Cell(force)]
        for quarter in shown:
            moved = drift(by_force[force][quarter])
            hint = plural(moved.pairs, "score", "scores")
            cells.append(Cell(_signed(moved.mean), hint=hint) if moved.pairs else Cell("No scores"))
        rows.append(tuple(cells))
    heads = (Head("Force"), *(Head(_quarter(each), numeric=True) for each in shown))
    return Table("Drift by force: moderator minus force, by quarter", heads, tuple(rows))


def _quarter(first: date) -> str:
    return f"{first:%b} to {date(first.year, first.month + 2, 1):%b %Y}"


def _signed(value: object) -> str:
    said = rules.shown(value, 2)  # type: ignore[arg-type]
    return f"+{said}" if not said.startswith("-") and float(said) > 0 else said.replace("-", "\u2212")


def _waiting_cells(words: threat_rules.Vocabulary, today: date, each: Assessment) -> tuple[Cell, ...]:
    due = each.due_on or today
    overdue = due < today
    state = "Waiting for a second moderator" if each.second_asked_at else shown_as.status_in_words(each)
    late = Tag("Overdue", "red") if overdue else None
    return (
        Cell(each.reference, href=shown_as.address(each), hint=shown_as.about(each, words)),
        Cell(each.label.owner.short_name),
        Cell(clock.day_of(each.submitted_at) if each.submitted_at else ""),
        Cell(due, hint=days_left(due, today) if overdue else ""),
        Cell(state, tag=late),
        Cell(each.moderator.name if each.moderator else "Nobody yet"),
    )


def _by_clock(today: date, value: str) -> Q:
    return Q(due_on__lt=today) if value == "overdue" else Q(due_on__gte=today)


def _by_state(value: str) -> Q:
    if value == "second":
        return Q(second_asked_at__isnull=False)
    return Q(status=value, second_asked_at=None)


def _owners() -> list[tuple[str, str]]:
    return [(each.code, each.name) for each in threats.owning()]


@dataclass(frozen=True)
class ChangedRow:
    assessment: Assessment
    words: tuple[str, ...]


def _with_changes(found: Sequence[Assessment]) -> list[ChangedRow]:
    changed: Mapping[int, Collection[str]] = selectors.what_changed([each.pk for each in found])
    return [ChangedRow(each, tuple(changed.get(each.pk, ()))) for each in found]


def _changed_cells(words: threat_rules.Vocabulary, row: ChangedRow) -> tuple[Cell, ...]:
    each = row.assessment
    scored = each.submitted_at or each.decided_at
    threat = each.threat
    return (
        Cell(
            threat.name if threat else "", href=shown_as.of_threat(threat.reference) if threat else "", hint=str(each)
        ),
        Cell(each.label.owner.short_name),
        Cell("", tag=shown_as.tier_tag(each.tier, words)),
        Cell(clock.day_of(scored) if scored else ""),
        Cell("; ".join(row.words).capitalize()),
    )


def lead_of(queue: int, overdue: int, days: int) -> str:
    late = f" {plural(overdue, 'is', 'are')} overdue." if overdue else ""
    return (
        f"{plural(queue, 'assessment waits', 'assessments wait')}, to be decided within {days} working days of being "
        f"sent (a default, not a national rule).{late}"
    )
