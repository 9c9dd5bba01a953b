"""What this room hangs on a threat: what is open in its plan, and what should not be so."""

from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q

from fourfold.plans import pages, rules, selectors, services
from fourfold.plans.rules import State
from fourfold.platform.reference.selectors import terms
from fourfold.platform.ui.jinja import plural
from fourfold.threats.rooms import OpenWork, ThreatException

if TYPE_CHECKING:
    from fourfold.platform.people.models import User
    from fourfold.threats.models import Threat

ROOM = "Plans"


def open_work(threat: "Threat", today: date) -> tuple[OpenWork, ...]:
    """Open actions, the review that is due and what waits in the plan of a threat."""
    plan = selectors.plan_of(threat)
    if plan is None or plan.state == State.CLOSED:
        return ()
    found = [
        OpenWork(
            room=ROOM,
            text=f"Action {action.number}: {action.title}",
            href=pages.address(plan, "action", number=action.number),
            due=action.due_on,
            owner=pages.owner_in_words(action),
        )
        for action in selectors.open_actions().filter(plan=plan).order_by("number")
    ]
    if plan.state == State.DRAFT:
        found.append(OpenWork(room=ROOM, text="The plan is a draft: have it adopted", href=pages.of_threat(plan)))
    elif plan.next_review_on is not None:
        found.append(OpenWork(room=ROOM, text="Review the plan", href=pages.of_threat(plan), due=plan.next_review_on))
    return tuple(found)


class Merging:
    """The plan of a threat that goes on in another closes, and what is open in it is offered to the other's plan."""

    def will(self, threat: "Threat") -> str:
        plan = selectors.plan_of(threat)
        if plan is None or plan.state == State.CLOSED:
            return ""
        still = selectors.open_actions().filter(plan=plan).count()
        offered = f", and its {plural(still, 'open action is', 'open actions are')} offered to the plan of the other"
        return f"Its plan {plan.reference} is closed with the reason{offered if still else ''}."

    def follow(self, *, actor: "User", threat: "Threat", into: "Threat", reason: str, today: date) -> None:
        services.close_merged_plan(actor=actor, threat=threat, into=into, reason=reason, today=today)


def is_live() -> Q:
    """Open threats of a tier that the region counts as live (`tiers.yaml` of the region)."""
    live = [term.code for term in terms("tier") if term.detail.get("counts_as_live")]
    return Q(closed_on=None, tier__in=live)


def no_plan(_today: date) -> Q:
    return is_live() & ~selectors.has_plan()


def not_adopted(_today: date) -> Q:
    return is_live() & selectors.has_plan() & ~selectors.has_adopted()


def review_overdue(today: date) -> Q:
    return Q(closed_on=None) & selectors.review_overdue(today)


EXCEPTIONS = (
    ThreatException("no-plan", "No plan", "It has no 4P plan yet. Begin one.", no_plan, "plans:threat"),
    ThreatException(
        "plan-not-adopted",
        "Plan not adopted",
        "Its plan is a draft that nobody has adopted. Have it adopted.",
        not_adopted,
        "plans:threat",
    ),
    ThreatException(
        "plan-review-overdue",
        "Plan review overdue",
        "Its plan was to be reviewed by a day that is past. Begin the review.",
        review_overdue,
        "plans:threat",
    ),
)


def about(text: str) -> Q | None:
    """Which entries of the ledger are about the plan of a reference; None if it is none."""
    reference = text.strip().upper()
    return Q(details__reference=reference) if rules.is_reference(reference) else None
