"""A record is passed, sent back, looked at in the sample, or looked at again."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from fourfold.disruptions import forms as asked
from fourfold.disruptions import rules, selectors, services
from fourfold.disruptions.models import Disruption
from fourfold.disruptions.views.asking import GET_AND_POST, ask_and_save, mend_words
from fourfold.platform import clock
from fourfold.platform.errors import NotThere
from fourfold.threats.record import actor_of, reads_threats


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def send_back(request: HttpRequest, reference: str) -> HttpResponse:
    found = _to_pass(request, reference)
    bound = asked.ReasonForm(request.POST or None, disruption=found)

    def save(got: dict[str, Any]) -> None:
        services.return_disruption(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    lead = "Its recorder is told what to mend. Until then it does not pass."
    return ask_and_save(request, found, bound, save, title="Send it back", button="Send it back", lead=lead)


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def validate(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = _to_pass(request, reference), selectors.region_data()
    bound = asked.SeenForm(request.POST or None, disruption=found)

    def save(got: dict[str, Any]) -> None:
        services.validate(actor=actor_of(request), disruption=found, today=clock.today(), seen=got["seen"])

    said = selectors.said_of(found, selectors.parts_of(found))
    inset = mend_words(said, data) or "It meets every rule of the minimum standard."
    return ask_and_save(request, found, bound, save, title="Pass this record", button="Pass it", inset=inset)


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def moderate(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = _to_pass(request, reference), selectors.region_data()
    bound = asked.ModerateForm(request.POST or None, disruption=found, words=data.words)

    def save(got: dict[str, Any]) -> None:
        services.moderate(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    said = selectors.said_of(found, selectors.parts_of(found))
    return ask_and_save(request, found, bound, save, title="Moderate", button="Decide", inset=mend_words(said, data))


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def sample(request: HttpRequest, reference: str) -> HttpResponse:
    found = _to_pass(request, reference)
    bound = asked.SampleForm(request.POST or None, disruption=found)

    def save(got: dict[str, Any]) -> None:
        services.check_sample(
            actor=actor_of(request),
            disruption=found,
            stands=got["stands"] == "yes",
            reason=got["reason"],
            seen=got["seen"],
            today=clock.today(),
        )

    return ask_and_save(request, found, bound, save, title="Look at it for the sample")


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def review(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = _to_pass(request, reference), selectors.region_data()
    bound = asked.ReviewForm(request.POST or None, disruption=found, words=data.words)

    def save(got: dict[str, Any]) -> None:
        services.review_category(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    return ask_and_save(request, found, bound, save, title="Did the effect last?")


def _to_pass(request: HttpRequest, reference: str) -> Disruption:
    """The record, for somebody who passes or moderates such records and did not record it."""
    found, actor = selectors.disruption(reference), actor_of(request)
    owner, audience = found.label.owner.code, found.label.audience
    allowed = rules.may_validate(actor, owner=owner, audience=audience)
    if not allowed and not rules.may_moderate(actor, owner=owner, audience=audience):
        raise NotThere
    return found
