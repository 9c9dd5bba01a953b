"""One's due dates in one's own calendar: a private address that can be ended, and the file behind it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from fourfold.plans import calendars, pages, selectors, services
from fourfold.plans.calendars import DueDay
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui.components import Fact
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.middleware import address_of
from fourfold.platform.visibility.scope import acting_as
from fourfold.threats.record import actor_of, reads_threats
from fourfold.threats.rules import READ

TOLD_ONCE = "plans.calendar"


@login_required
@require_http_methods(["GET", "POST"])
@reads_threats
def calendar(request: HttpRequest) -> HttpResponse:
    """Make a private address, which is told once, or end it."""
    actor = actor_of(request)
    if request.method == "POST":
        if request.POST.get("what") == "end":
            services.end_calendar_address(actor=actor, now=clock.now())
            messages.success(request, "The address works no more.")
        else:
            request.session[TOLD_ONCE] = services.make_calendar_address(actor=actor, now=clock.now())
        return redirect("plans:calendar")
    token = request.session.pop(TOLD_ONCE, "")
    found = selectors.calendar_address(actor)
    page = pages.CalendarPage(
        title="My calendar",
        crumbs=(*pages.crumbs(),),
        lead="Your due dates in your own calendar: days and references only, no names and nothing of what is planned. "
        "Whoever has the address can read them, so keep it to yourself.",
        address=request.build_absolute_uri(reverse("plans:feed", kwargs={"token": token})) if token else "",
        facts=(Fact("Made", found.made_at),) if found else (),
        has_one=found is not None,
    )
    return render(request, "plans/calendar.html", {"page": page})


@login_not_required
@never_cache
@transaction.non_atomic_requests
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind a private address. Whoever asks is nobody; the address says whose it is."""
    try:
        user = services.calendar_user(token)
    except NotThere:
        raise Http404 from None
    acting = scope.current()
    if acting is not None:
        if acting.user.pk != user.pk:
            raise Http404
        return _calendar(request, user)
    with acting_as(user, address=address_of(request)):
        return _calendar(request, user)


def _calendar(request: HttpRequest, user: User) -> HttpResponse:
    """Nothing for somebody whose role ended: the address may outlive it."""
    if not may(user, READ):
        raise Http404
    days = [
        DueDay(
            key=f"action-{action.pk}",
            on=action.due_on,
            text=f"Action {action.number} of {action.plan.reference} is due",
            address=request.build_absolute_uri(pages.address(action.plan, "action", number=action.number)),
        )
        for action in selectors.actions_of_person(user)
        if action.due_on is not None
    ]
    days += [
        DueDay(
            key=f"review-{plan.pk}",
            on=plan.next_review_on,
            text=f"Review of {plan.reference} is due",
            address=request.build_absolute_uri(pages.of_threat(plan)),
        )
        for plan in selectors.plans_to_review(user)
        if plan.next_review_on is not None
    ]
    audit.note(audit.Operation.EXPORT, object_type="plans.calendar", rows=len(days))
    content = calendars.written(days, made_at=clock.now(), host=request.get_host().partition(":")[0])
    return HttpResponse(content, content_type="text/calendar; charset=utf-8")
