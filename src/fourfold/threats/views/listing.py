"""The master list, what waits for answers, who leads what, and what is missing."""

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.platform.people.rules import may
from fourfold.platform.ui import lists
from fourfold.platform.ui.components import Action, Link
from fourfold.threats import caseload, exceptions, master_list, pages, rooms, rules, selectors, waiting
from fourfold.threats.record import actor_of, reads_threats


@login_required
@require_GET
@reads_threats
def threat_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    spec = master_list.spec(selectors.vocabulary(), reads_people=may(actor, pages.READS_PEOPLE))
    actions: tuple[Action, ...] = (
        Action("Exceptions", reverse("threats:exceptions"), kind="link"),
        Action("Who leads what", reverse("threats:caseload"), kind="link"),
    )
    if rules.may_nominate(actor, owner=actor.organisation.code):
        first = Link("Nominate a threat", reverse("threats:nominate"))
        spec = replace(spec, empty=replace(spec.empty, action=first))
        actions = (Action(first.text, first.href, kind="primary"), *actions)
    return lists.show_list(
        request,
        selectors.threats(),
        spec,
        crumbs=pages.crumbs()[:1],
        actions=actions,
        lead="Every organised crime group, priority individual and vulnerability on the list that you may see.",
    )


@login_required
@require_GET
@reads_threats
def exception_overview(request: HttpRequest) -> HttpResponse:
    counted = selectors.exceptions_by_owner(day=clock.today())
    page = exceptions.overview(counted, reader=actor_of(request))
    return render(request, "threats/exceptions.html", {"page": page})


@login_required
@require_GET
@reads_threats
def exception_list(request: HttpRequest, code: str) -> HttpResponseBase:
    try:
        title, lead = exceptions.named(code)
    except KeyError:
        raise NotThere from None
    day = lists.recorded_on(request).on or clock.today()
    codes = rooms.exceptions() if code == exceptions.ANY else [code]
    return lists.show_list(
        request,
        selectors.threats().filter(selectors.with_exception(codes, day=day)),
        exceptions.spec(selectors.vocabulary(), day=day, reader=actor_of(request)),
        title=title,
        crumbs=(*pages.crumbs(), Link("Exceptions", reverse("threats:exceptions"))),
        lead=lead,
    )


@login_required
@require_GET
@reads_threats
def caseload_list(request: HttpRequest) -> HttpResponseBase:
    day = lists.recorded_on(request).on or clock.today()
    lead = (
        "Officers of any rank and agency who lead or deputise for open threats that you may see. What else they do is "
        "not recorded here, so this is not the whole of anybody's work."
    )
    return lists.show_list(
        request,
        selectors.officers_who_lead(),
        caseload.spec(selectors.vocabulary(), day=day),
        crumbs=pages.crumbs(),
        lead=lead,
    )


@login_required
@require_GET
@reads_threats
def hand_over_list(request: HttpRequest) -> HttpResponseBase:
    spec = waiting.hand_overs(reader=actor_of(request))
    return lists.show_list(request, selectors.hand_overs_waiting(), spec, crumbs=pages.crumbs(), lead=waiting.OFFERED)


@login_required
@require_GET
@reads_threats
def closing_list(request: HttpRequest) -> HttpResponseBase:
    spec = waiting.closings(selectors.vocabulary(), reader=actor_of(request))
    return lists.show_list(request, selectors.closings_waiting(), spec, crumbs=pages.crumbs(), lead=waiting.ASKED)
