"""A part of a threat's record as any room shows it: who may open it, what its page is told, the frame around it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui.lists import Rewind
from fourfold.threats import pages, rules, selectors, story


def actor_of(request: HttpRequest) -> User:
    """Who is signed in. Every view of a room is behind `login_required`."""
    return cast("User", request.user)


def reads_threats[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """The master list is not there for roles that have no part in it, such as auditors of the ledger."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may(actor_of(request), rules.READ):
            raise NotThere
        return view(request, *args, **kwargs)

    return checked


def told_of(request: HttpRequest, reference: str, rewind: Rewind) -> pages.Told:
    """What a page about the threat is told. Raises `NotThere` where there is none that the reader may see."""
    return pages.Told(
        threat=selectors.threat(reference),
        words=selectors.vocabulary(),
        actor=actor_of(request),
        rewind=rewind,
        alerts=rewind.alerts,
    )


def changes_of(told: pages.Told) -> tuple[story.Change, ...]:
    """Every change to the threat up to the date the page is read for, newest first."""
    recorded = selectors.recorded_about(told.threat, until=told.rewind.moment)
    return story.changes_of(recorded, told.words, of=told.threat.pk)


def frame(told: pages.Told, current: str) -> dict[str, Any]:
    """The fields of `pages.ThreatPage` for a part of a threat; `current` is the key of the part's tab.

    Call it inside `told.rewind.applied()`, so that the frame is of the same date as the part.
    """
    return pages.frame(told, current, counts=selectors.headcount(told.threat), changes=changes_of(told))


def standing_of(told: pages.Told) -> pages.Standing:
    """What stands on the threat beside its members. Call it inside `told.rewind.applied()`."""
    threat, rewind = told.threat, told.rewind
    merged = threat.closed_on is not None and threat.closing_ground == told.words.merged_ground
    return pages.Standing(
        places=selectors.places(threat),
        lines=selectors.lines(threat),
        links=selectors.links_of(threat),
        offered=selectors.open_hand_over(threat) if threat.closed_on is None else None,
        closing=selectors.open_closing(threat) if threat.closed_on is None else None,
        missing=selectors.exceptions_of(threat, day=rewind.on or clock.today()),
        left_behind=selectors.left_behind(threat) if merged else 0,
    )
