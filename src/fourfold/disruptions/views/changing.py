"""A record says something else, has another effect, or is withdrawn."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from fourfold.disruptions import forms as asked
from fourfold.disruptions import selectors, services
from fourfold.disruptions.views.asking import GET_AND_POST, ask_and_save, mend_words, to_change
from fourfold.plans import selectors as plans
from fourfold.platform import clock
from fourfold.threats.record import actor_of, reads_threats


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def change(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = to_change(request, reference), selectors.region_data()
    said = selectors.said_of(found, selectors.parts_of(found))
    bound = asked.ChangeForm(
        request.POST or None,
        disruption=found,
        said=said,
        words=data.words,
        roles=sorted(data.standard.roles_of(found.lead_agency.kind, found.event_on) | {found.role}),
        agencies=selectors.agencies().values(),
        aims=plans.aims_of(found.threat),
    )

    def save(got: dict[str, Any]) -> None:
        services.change_disruption(
            actor=actor_of(request),
            disruption=found,
            reason=got["reason"],
            seen=got["seen"],
            today=clock.today(),
            **bound.changes(),
        )

    return ask_and_save(request, found, bound, save, title="Change what it says", inset=mend_words(said, data))


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def category(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = to_change(request, reference), selectors.region_data()
    bound = asked.ModerateForm(request.POST or None, disruption=found, words=data.words)

    def save(got: dict[str, Any]) -> None:
        services.recategorise(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    lead = "The effect as first recorded is kept. What had passed has to pass again."
    return ask_and_save(request, found, bound, save, title="Say that the effect was another", lead=lead)


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    found = to_change(request, reference)
    bound = asked.ReasonForm(request.POST or None, disruption=found)

    def save(got: dict[str, Any]) -> None:
        services.withdraw(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    lead = "The record stays, and no longer counts. Nothing on it can be changed after this."
    return ask_and_save(
        request, found, bound, save, title="Withdraw this record", button="Withdraw", lead=lead, warning=True
    )
