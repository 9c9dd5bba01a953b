"""The lists of this room: plans, actions, tactics. Their columns, their filters with counts, their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from django.db.models import Count, Q

from fourfold.plans import pages, rules, selectors
from fourfold.plans.models import Action, Plan
from fourfold.plans.rules import P, State
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Cell, Empty
from fourfold.platform.ui.lists import ChoiceFilter, Column, DateFilter, Exported, ListSpec, TextFilter
from fourfold.threats import selectors as threats
from fourfold.threats.pages import person_in_words, tier_tag
from fourfold.threats.rules import Vocabulary

SOON = timedelta(days=7)
LATER = timedelta(days=28)


@dataclass(frozen=True)
class PlanRow:
    """One plan with what a line of the list says of it."""

    plan: Plan
    open: int
    overdue: int
    ps: frozenset[str]
    words: Vocabulary
    today: date


def plan_list(words: selectors.Words, *, today: date) -> ListSpec:
    vocabulary = threats.vocabulary()
    return ListSpec(
        name="plans",
        title="Plans",
        noun=("plan", "plans"),
        columns=(
            Column("threat", "Plan", sort=("threat__name", "reference")),
            Column("state", "State", sort=("state", "reference")),
            Column("health", "Score", sort=("score", "reference"), numeric=True),
            Column("tier", "Tier", sort=("threat__tier", "reference")),
            Column("owner", "Lead", sort=("threat__lro__name", "reference")),
            Column("actions", "Open actions", numeric=True),
            Column("overdue", "Overdue", numeric=True),
            Column("review", "Next review", sort=("next_review_on", "reference")),
        ),
        row=plan_cells,
        prepare=partial(plan_rows, vocabulary, today),
        filters=(
            TextFilter("q", "Name or reference", fields=("threat__name", "threat__reference", "reference")),
            ChoiceFilter(
                "health",
                "Score",
                choices=(("good", "80 or more"), ("fair", "50 to 79"), ("poor", "Below 50")),
                where=has_health,
            ),
            ChoiceFilter(
                "overdue",
                "Overdue",
                choices=(("review", "Its review"), ("action", "One of its actions")),
                where=partial(is_overdue, today),
            ),
            ChoiceFilter("force", "Owner", field="threat__owner__code", choices=owner_choices),
            ChoiceFilter(
                "without",
                "Nothing under",
                choices=[(p.value, rules.P_NAMES[p][0]) for p in P],
                where=lacks_p,
            ),
            ChoiceFilter("state", "State", field="state", choices=[(s.value, n) for s, n in rules.STATE_NAMES.items()]),
            ChoiceFilter(
                "fails",
                "Rule it does not pass",
                choices=[(r.code, r.name) for r in words.lint if r.is_on and r.counts and r.code in rules.JUDGES],
                where=fails,
            ),
            ChoiceFilter("lro", "Lead responsible officer", field="threat__lro", choices=lead_choices),
            ChoiceFilter("open", "Threat", choices=(("yes", "Open"), ("no", "Closed")), where=threat_is_open),
            DateFilter("review", "Next review", field="next_review_on"),
        ),
        order="review",
        exported=EXPORTED_PLANS,
        empty=Empty("No plans yet", "Every 4P plan that you may see will be here. A plan begins on its threat's page."),
    )


def plan_rows(words: Vocabulary, today: date, plans: Sequence[Plan]) -> list[PlanRow]:
    """The lines of one page: two queries, whatever their number."""
    pks = [plan.pk for plan in plans]
    is_open = Q(status__in=rules.OPEN_STATUSES)
    counted = {
        row["plan"]: row
        for row in Action.objects.filter(plan__in=pks)
        .order_by()
        .values("plan")
        .annotate(open=Count("pk", filter=is_open), late=Count("pk", filter=is_open & Q(due_on__lt=today)))
    }
    ps: dict[int, set[str]] = {pk: set() for pk in pks}
    kept = Action.objects.filter(plan__in=pks).exclude(status__in=rules.DROPPED_STATUSES).order_by()
    for pk, p in kept.values_list("plan", "p").distinct():
        ps[pk].add(p)
    none: Mapping[str, int] = {"open": 0, "late": 0}
    return [
        PlanRow(
            plan,
            counted.get(plan.pk, none)["open"],
            counted.get(plan.pk, none)["late"],
            frozenset(ps[plan.pk]),
            words,
            today,
        )
        for plan in plans
    ]


def plan_cells(row: PlanRow) -> tuple[Cell, ...]:
    plan = row.plan
    lacks = [rules.P_NAMES[p][0] for p in P if p not in row.ps]
    late = plan.state == State.ADOPTED and plan.next_review_on is not None and plan.next_review_on < row.today
    return (
        Cell(
            plan.threat.name,
            href=pages.of_threat(plan),
            hint=f"{plan.reference} · {plan.threat.reference}"
            + (f" · nothing under {', '.join(lacks)}" if lacks else ""),
        ),
        Cell("", tag=pages.state_tag(plan)),
        Cell(plan.score, href=pages.address(plan, "quality")),
        Cell("", tag=tier_tag(plan.threat.tier, row.words)),
        Cell(plan.threat.lro.name if plan.threat.lro else "Nobody yet", hint=plan.threat.owner.short_name),
        Cell(row.open),
        Cell(row.overdue),
        Cell(plan.next_review_on, hint="Overdue" if late else ""),
    )


EXPORTED_PLANS = (
    Exported("Plan", lambda row: row.plan.reference),
    Exported("Threat", lambda row: row.plan.threat.reference),
    Exported("Name of threat", lambda row: row.plan.threat.name),
    Exported("Owner", lambda row: row.plan.threat.owner.name),
    Exported("Tier", lambda row: row.words.tier_name(row.plan.threat.tier)),
    Exported("State", lambda row: rules.STATE_NAMES[State(row.plan.state)]),
    Exported("Score", lambda row: row.plan.score),
    Exported("Lead responsible officer", lambda row: _named(row.plan.threat.lro)),
    Exported("Open actions", lambda row: row.open),
    Exported("Overdue", lambda row: row.overdue),
    Exported("Nothing under", lambda row: ", ".join(rules.P_NAMES[p][0] for p in P if p not in row.ps)),
    Exported("Adopted", lambda row: row.plan.approved_on),
    Exported("Next review", lambda row: row.plan.next_review_on),
)
EXPORTED_ACTIONS = (
    Exported("Plan", lambda action: action.plan.reference),
    Exported("Number", lambda action: action.number),
    Exported("Action", lambda action: action.title),
    Exported("P", lambda action: rules.P_NAMES[P(action.p)][0]),
    Exported("Status", lambda action: rules.STATUS_NAMES[rules.Status(action.status)]),
    Exported("Due", lambda action: action.due_on),
    Exported("Owner", pages.owner_in_words),
    Exported("Threat", lambda action: action.plan.threat.reference),
    Exported("Name of threat", lambda action: action.plan.threat.name),
    Exported("Owner of the threat", lambda action: action.plan.threat.owner.name),
)


def _named(user: User | None) -> str:
    return "" if user is None else person_in_words(user)


def has_health(value: str) -> Q:
    return {
        "good": Q(score__gte=pages.HEALTHY),
        "fair": Q(score__lt=pages.HEALTHY, score__gte=pages.FAIR),
        "poor": Q(score__lt=pages.FAIR),
    }[value]


def is_overdue(today: date, value: str) -> Q:
    if value == "review":
        return Q(state=State.ADOPTED, next_review_on__lt=today)
    late = Action.objects.filter(status__in=rules.OPEN_STATUSES, due_on__lt=today)
    return Q(pk__in=late.values("plan"))


def lacks_p(value: str) -> Q:
    kept = Action.objects.filter(p=value).exclude(status__in=rules.DROPPED_STATUSES)
    return ~Q(pk__in=kept.values("plan"))


def fails(code: str) -> Q:
    return Q(failed__contains=[code])


def threat_is_open(value: str) -> Q:
    return Q(threat__closed_on__isnull=value == "yes")


def owner_choices() -> list[tuple[str, str]]:
    return [(organisation.code, organisation.name) for organisation in threats.owning()]


def lead_choices() -> list[tuple[str, str]]:
    return [(str(user.pk), person_in_words(user)) for user in threats.leading()]


def action_list(user: User, *, today: date, everybodys: bool) -> ListSpec:
    """Actions: those of one person, or all that the reader may see."""
    whose = ChoiceFilter(
        "whose",
        "Whose",
        choices=(("mine", "Mine"), ("led", "On plans I answer for"), ("ours", "My organisation's")),
        where=partial(is_whose, user),
    )
    return ListSpec(
        name="actions" if everybodys else "my actions",
        title="Actions" if everybodys else "My actions",
        noun=("action", "actions"),
        columns=(
            Column("title", "Action", sort=("title", "number")),
            Column("due", "Due", sort=("due_on", "plan__reference", "number")),
            Column("status", "Status", sort=("status", "due_on")),
            Column("p", "P", sort=("p", "due_on")),
            Column("owner", "Owner", sort=("owner__name", "due_on")),
            Column("threat", "Threat", sort=("plan__threat__name", "number")),
        ),
        row=partial(action_cells, today),
        filters=(
            TextFilter("q", "Words of the action or the threat", fields=("title", "plan__threat__name")),
            *((whose,) if everybodys else ()),
            ChoiceFilter(
                "when",
                "When",
                choices=(("overdue", "Overdue"), ("week", "In 7 days"), ("month", "In 28 days"), ("none", "No date")),
                where=partial(is_due, today),
            ),
            ChoiceFilter(
                "status", "Status", field="status", choices=[(s.value, n) for s, n in rules.STATUS_NAMES.items()]
            ),
            ChoiceFilter("p", "P", field="p", choices=[(p.value, names[0]) for p, names in rules.P_NAMES.items()]),
            ChoiceFilter("force", "Owner of the threat", field="plan__threat__owner__code", choices=owner_choices),
            DateFilter("due", "Due", field="due_on"),
        ),
        order="due",
        exported=EXPORTED_ACTIONS,
        empty=Empty(
            "No actions here",
            "Actions of plans will be here, the soonest due first."
            if everybodys
            else "Actions that you own, and those of plans that you answer for, will be here, the soonest due first.",
        ),
    )


def action_cells(today: date, action: Action) -> tuple[Cell, ...]:
    plan = action.plan
    late = action.status in rules.OPEN_STATUSES and action.due_on is not None and action.due_on < today
    return (
        Cell(action.title, href=pages.address(plan, "action", number=action.number)),
        Cell(action.due_on, hint="Overdue" if late else ""),
        Cell("", tag=pages.status_tag(action.status)),
        Cell(rules.P_NAMES[P(action.p)][0]),
        Cell(pages.owner_in_words(action)),
        Cell(plan.threat.name, href=pages.of_threat(plan), hint=plan.threat.reference),
    )


def is_whose(user: User, value: str) -> Q:
    return {
        "mine": Q(owner=user),
        "led": Q(plan__threat__lro=user) | Q(plan__threat__deputy=user) | Q(plan__threat__sio=user),
        "ours": Q(agency=user.organisation) | Q(owner__organisation=user.organisation),
    }[value]


def is_due(today: date, value: str) -> Q:
    is_open = Q(status__in=rules.OPEN_STATUSES)
    return (
        is_open
        & {
            "overdue": Q(due_on__lt=today),
            "week": Q(due_on__gte=today, due_on__lte=today + SOON),
            "month": Q(due_on__gte=today, due_on__lte=today + LATER),
            "none": Q(due_on=None),
        }[value]
    )


def tactic_list() -> ListSpec:
    return ListSpec(
        name="tactics",
        title="Menu of tactics",
        noun=("tactic", "tactics"),
        columns=(
            Column("name", "Tactic", sort=("name",)),
            Column("p", "P", sort=("detail__p", "name")),
            Column("areas", "Part of a criminal's life"),
            Column("helpers", "Who can help"),
        ),
        row=tactic_cells,
        prepare=lambda terms: [pages.tactic_shown(selectors.tactic_of(term)) for term in terms],
        filters=(
            TextFilter("q", "Words", where=says, hint="In its name, what it is, who helps or what to watch for."),
            ChoiceFilter("p", "P", choices=[(p.value, names[0]) for p, names in rules.P_NAMES.items()], where=is_p),
            ChoiceFilter("area", "Part of a criminal's life", choices=tuple(pages.AREAS.items()), where=in_area),
        ),
        order="name",
        empty=Empty("No tactics yet", "The region's menu of tactics will be here once its folder of data is loaded."),
        rewinds=False,
    )


def tactic_cells(shown: pages.TacticShown) -> tuple[Cell, ...]:
    helpers = next(str(fact.value) for fact in shown.facts if fact.label == "Who can help")
    return (Cell(shown.name, href=shown.href, hint=shown.what), Cell(shown.p), Cell(shown.areas), Cell(helpers))


def says(text: str) -> Q:
    found = Q(name__icontains=text) | Q(code__icontains=text)
    for key in ("what", "helpers", "watch", "legal"):
        found |= Q(**{f"detail__{key}__icontains": text})
    return found


def is_p(value: str) -> Q:
    return Q(detail__p=value)


def in_area(value: str) -> Q:
    return Q(detail__areas__contains=[value])
