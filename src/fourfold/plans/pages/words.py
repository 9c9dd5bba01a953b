"""What the pages of plans have in common: addresses, tags, people, days and amounts in words."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.urls import reverse

from fourfold.plans import rules
from fourfold.plans.models import Action, Plan
from fourfold.plans.rules import State, Status
from fourfold.platform.ui.components import Colour, Link, Tag
from fourfold.platform.ui.jinja import shown_date
from fourfold.threats import pages as threat_pages

STATUS_COLOURS: Mapping[str, Colour] = {
    Status.PROPOSED: "grey",
    Status.AGREED: "blue",
    Status.IN_PROGRESS: "teal",
    Status.BLOCKED: "red",
    Status.DONE: "green",
    Status.NOT_DONE: "orange",
    Status.CANCELLED: "grey",
}


STATE_COLOURS: Mapping[str, Colour] = {State.DRAFT: "yellow", State.ADOPTED: "green", State.CLOSED: "grey"}


HEALTHY, FAIR = 80, 50


FEW = 5


def address(plan: Plan, to: str, **more: object) -> str:
    return reverse(f"plans:{to}", kwargs={"reference": plan.reference, **more})


def of_threat(plan: Plan) -> str:
    """Where a plan is read: the part of its threat."""
    return reverse("plans:threat", kwargs={"reference": plan.threat.reference})


def crumbs(plan: Plan | None = None) -> tuple[Link, ...]:
    if plan is None:
        return (Link("My work", reverse("home:work")), Link("Plans", reverse("plans:list")))
    return (*threat_pages.crumbs(plan.threat), Link("Plan", of_threat(plan)))


def score_tag(score: int) -> Tag:
    """How good a plan is, by the share of rules it passes."""
    colour: Colour = "green" if score >= HEALTHY else "yellow" if score >= FAIR else "red"
    return Tag(f"{score} of 100", colour)


def state_tag(plan: Plan) -> Tag:
    return Tag(rules.STATE_NAMES[State(plan.state)], STATE_COLOURS[plan.state])


def status_tag(status: str) -> Tag:
    return Tag(rules.STATUS_NAMES[Status(status)], STATUS_COLOURS[status])


def owner_in_words(action: Action) -> str:
    if action.owner is not None:
        agency = action.agency.name if action.agency else action.owner.organisation.name
        return f"{action.owner.name}, {agency}"
    agency = f", {action.agency.name}" if action.agency else ""
    return f"{action.owner_name}{agency}" if action.owner_name else f"Nobody yet{agency}"


def status_words(status: str) -> str:
    return rules.STATUS_NAMES[Status(status)].lower()


def amount(value: Decimal) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def late_tag(action: Action, today: date) -> tuple[Tag, ...]:
    late = action.status in rules.OPEN_STATUSES and action.due_on is not None and action.due_on < today
    return (Tag("Overdue", "red"),) if late else ()


def due_in_words(action: Action) -> str:
    if action.status == Status.DONE:
        return f"Done on {shown_date(action.done_on)}"
    return f"Due {shown_date(action.due_on)}" if action.due_on else "No date"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
