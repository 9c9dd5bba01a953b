"""What this room hangs on a threat: how many there are, what is open, what should not be so, why to review its plan."""

from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q

from fourfold.disruptions import pages, selectors
from fourfold.disruptions.rules import State
from fourfold.platform.ui.jinja import shown_date
from fourfold.threats.rooms import OpenWork, ThreatException

if TYPE_CHECKING:
    from fourfold.plans.selectors import ReviewPrompt
    from fourfold.threats.models import Threat

ROOM = "Disruptions"


def count(threat: "Threat") -> int:
    return selectors.of_threat(threat).exclude(state=State.WITHDRAWN).count()


def open_work(threat: "Threat", today: date) -> tuple[OpenWork, ...]:
    """Records of a threat that have not passed, and effects that are to be looked at again."""
    found = [
        OpenWork(
            room=ROOM,
            text=f"{each.reference}: mend it"
            if each.faults or each.state == State.RETURNED
            else f"{each.reference}: pass it",
            href=pages.address(each),
            owner=pages.person_in_words(each.recorder),
        )
        for each in selectors.of_threat(threat).filter(state__in=[State.RECORDED, State.RETURNED])
    ]
    found += [
        OpenWork(
            room=ROOM, text=f"{each.reference}: did the effect last?", href=pages.address(each), due=each.review_due_on
        )
        for each in selectors.of_threat(threat).exclude(review_due_on=None).exclude(state=State.WITHDRAWN)
    ]
    return tuple(found)


def effect_overdue(today: date) -> Q:
    return Q(closed_on=None) & Q(selectors.effect_overdue(today))


EXCEPTIONS = (
    ThreatException(
        "effect-not-looked-at",
        "Effect not looked at again",
        "A disruption of it was to last, and nobody has looked whether it did.",
        effect_overdue,
        "disruptions:of_threat",
    ),
)


def prompts(threat: "Threat", since: date) -> "tuple[ReviewPrompt, ...]":
    """A major disruption asks for a review of the plan: a default of ours."""
    from fourfold.plans.selectors import ReviewPrompt  # noqa: PLC0415  models are loaded only now

    return tuple(
        ReviewPrompt(
            "MAJOR_DISRUPTION",
            f"{each.reference}, a major disruption of {shown_date(each.event_on)}",
            selectors.address_of(each.reference),
        )
        for each in selectors.majors_since(threat, since)
    )
