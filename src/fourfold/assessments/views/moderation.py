"""Moderation as a whole: for those who moderate, and not there for anybody else."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fourfold.assessments import rules, selectors
from fourfold.assessments.pages import moderation as pages
from fourfold.assessments.rules import Kind
from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.ui import lists
from fourfold.platform.ui.components import Action, Link
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of


def moderates(view: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponseBase:
        if not rules.may(actor_of(request), rules.MODERATE):
            raise NotThere
        return view(request)

    return checked


@login_required
@require_GET
@moderates
def queue(request: HttpRequest) -> HttpResponseBase:
    today = clock.today()
    found = selectors.queue()
    lead = pages.lead_of(found.count(), found.filter(due_on__lt=today).count(), selectors.working_days_allowed())
    others = tuple(Action(tab.text, tab.href, kind="link") for tab in pages.tabs("moderation") if not tab.current)
    return lists.show_list(
        request,
        found,
        pages.queue_spec(threats.vocabulary(), today),
        crumbs=pages.crumbs(),
        actions=others,
        lead=lead,
    )


@login_required
@require_GET
@moderates
def changed(request: HttpRequest) -> HttpResponseBase:
    others = tuple(Action(tab.text, tab.href, kind="link") for tab in pages.tabs("changed") if not tab.current)
    return lists.show_list(
        request,
        selectors.facts_changed(),
        pages.changed_spec(threats.vocabulary()),
        crumbs=pages.crumbs(Link("Moderation", pages.tabs("changed")[0].href)),
        actions=others,
        lead="Nothing is worked out again by itself: each is a prompt to the owner to score the threat again.",
    )


@login_required
@require_GET
@moderates
def agreement(request: HttpRequest) -> HttpResponseBase:
    models = tuple(selectors.models().filter(kind=Kind.TACTICAL).defer("definition"))
    asked_for = request.GET.get("model", "")
    chosen = next((each for each in models if each.code == asked_for), None)
    chosen = chosen or selectors.current_model(Kind.TACTICAL, on=clock.today())
    if chosen is None:
        raise NotThere
    page = pages.agreement_page(
        selectors.model_by_pk(chosen.pk),
        pairs=selectors.pairs_scored(chosen.pk),
        models=models,
        owner=request.GET.get("owner", ""),
    )
    return render(request, "assessments/agreement.html", {"page": page})
