"""Lists over all plans: plans, actions, the menu of tactics."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from fourfold.plans import lists as specs
from fourfold.plans import pages, selectors
from fourfold.platform import clock
from fourfold.platform.ui import lists
from fourfold.platform.ui.components import Action
from fourfold.threats.record import actor_of, reads_threats


@login_required
@require_GET
@reads_threats
def plan_list(request: HttpRequest) -> HttpResponseBase:
    today = clock.today()
    return lists.show_list(
        request,
        selectors.plans(),
        specs.plan_list(selectors.words(on=today), today=today),
        crumbs=pages.crumbs()[:1],
        actions=(
            Action("Actions", reverse("plans:actions")),
            Action("Menu of tactics", reverse("plans:tactics")),
        ),
        lead="Every 4P plan that you may see: how good it is, what is overdue, and what it lacks.",
    )


@login_required
@require_GET
@reads_threats
def my_actions(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    mine = Q(owner=actor) | Q(plan__threat__lro=actor) | Q(plan__threat__deputy=actor) | Q(plan__threat__sio=actor)
    return lists.show_list(
        request,
        selectors.open_actions().filter(mine),
        specs.action_list(actor, today=clock.today(), everybodys=False),
        crumbs=pages.crumbs(),
        actions=(
            Action("My calendar", reverse("plans:calendar")),
            Action("All actions", reverse("plans:actions")),
        ),
        lead="Open actions that you own, and those of plans that you lead, deputise for or investigate.",
    )


@login_required
@require_GET
@reads_threats
def actions(request: HttpRequest) -> HttpResponseBase:
    return lists.show_list(
        request,
        selectors.actions(),
        specs.action_list(actor_of(request), today=clock.today(), everybodys=True),
        crumbs=pages.crumbs(),
        actions=(Action("My actions", reverse("plans:my_actions")),),
        lead="Every action of every plan that you may see.",
    )


@login_required
@require_GET
@reads_threats
def tactics(request: HttpRequest) -> HttpResponseBase:
    return lists.show_list(
        request,
        selectors.tactic_terms(),
        specs.tactic_list(),
        crumbs=pages.crumbs(),
        lead="What can be done in each part of a criminal's life. Combine several, and let the agency best placed own "
        "each.",
    )


@login_required
@require_GET
@reads_threats
def tactic(request: HttpRequest, code: str) -> HttpResponse:
    found = selectors.tactic(code)
    page = pages.tactic_page(found, selectors.what_tactic_did(code))
    return render(request, "plans/tactic.html", {"page": page})
