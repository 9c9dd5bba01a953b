"""Disruptions that may be missing: proposals of the finder, and how often they were right."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.disruptions import finding, lists, pages, selectors, services
from fourfold.disruptions import forms as asked
from fourfold.disruptions.models import DisruptionLead
from fourfold.disruptions.views.asking import GET_AND_POST, records_disruptions
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.platform.ui import lists as list_pattern
from fourfold.platform.ui.components import Action
from fourfold.platform.visibility import scope
from fourfold.threats.record import actor_of, reads_threats


@login_required
@reads_threats
@records_disruptions
@needs_reason
@require_http_methods(GET_AND_POST)
def missing(request: HttpRequest) -> HttpResponseBase:
    """What the finder proposes; pressing the button has it look again now."""
    actor = actor_of(request)
    if request.method == "POST":
        finding.ask_to_find()
        messages.success(request, "The finder looks again now. Come back to this page in a minute.")
        return redirect("disruptions:missing")
    if not request.GET:
        return redirect(f"{reverse('disruptions:missing')}?state=OPEN&force={actor.organisation.code}")
    spec = lists.missing(selectors.region_data(), actor=actor)
    return list_pattern.show_list(
        request,
        selectors.leads(),
        spec,
        crumbs=pages.crumbs(),
        lead="Happenings in the picture that point to a disruption nobody has recorded, above all under Prevent and "
        "Protect. Each says why. A person decides.",
        actions=(
            Action("How often proposals were right", reverse("disruptions:precision")),
            Action("Look again now", reverse("disruptions:missing"), post=True),
        ),
    )


@login_required
@reads_threats
@records_disruptions
@needs_reason
@require_http_methods(GET_AND_POST)
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    actor, found, data = actor_of(request), selectors.lead(pk), selectors.region_data()
    may_decide = _may_decide(found)
    if request.method == "POST" and not may_decide:
        raise NotThere
    bound = asked.DeclineForm(request.POST if request.POST.get("act") != "accept" and request.POST else None)
    if request.method == "POST":
        try:
            if request.POST.get("act") == "accept":
                draft = services.begin_from_lead(
                    actor=actor, lead=found, key=uuid4(), said=_from_lead(found), now=clock.now()
                )
                return redirect("disruptions:form", key=draft.key)
            if bound.is_valid():
                services.decline_lead(actor=actor, lead=found, reason=bound.cleaned_data["reason"], today=clock.today())
                messages.success(request, "Declined. Your reason is kept with it.")
                return redirect("disruptions:missing")
        except RuleBroken as broken:
            if not bound.is_bound:
                bound = asked.DeclineForm({"reason": ""})
                bound.is_valid()
            fields.refuse(bound, broken)
    audit.note(
        audit.Operation.CONSULTATION,
        found,
        reason=reason_of(request),
        threat=found.threat.reference,
        record=str(found.record),
    )
    page = pages.lead_page(
        found, words=data.words, form=bound, may_decide=may_decide, reads_people=may(actor, "person.read")
    )
    return render(request, "disruptions/lead.html", {"page": page}, status=422 if bound.errors else 200)


def _may_decide(found: DisruptionLead) -> bool:
    acting = scope.current()
    return acting is not None and found.label_id in acting.writes


def _from_lead(found: DisruptionLead) -> dict[str, list[str]]:
    """The answers that a proposal already gives."""
    day = found.happened_on
    return {
        "q": [found.threat.reference],
        "threat": [found.threat.reference],
        "often": [found.tactic],
        "tactics": [found.tactic],
        "when": [asked.ANOTHER],
        "event_on_day": [str(day.day)],
        "event_on_month": [str(day.month)],
        "event_on_year": [str(day.year)],
        "primary_p": [found.primary_p],
        "happened": [str(found.found.get("name", ""))],
    }


@login_required
@reads_threats
@records_disruptions
@require_GET
def precision(request: HttpRequest) -> HttpResponse:
    page = pages.precision_page(selectors.precision_by_kind(today=clock.today()), selectors.region_data().finder)
    return render(request, "disruptions/precision.html", {"page": page})
