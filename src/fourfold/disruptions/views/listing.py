"""Disruptions in lists: all, the queues that wait for somebody, and those of one threat."""

from collections.abc import Mapping

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from fourfold.disruptions import lists, pages, rules, selectors
from fourfold.plans import selectors as plans
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui import lists as list_pattern
from fourfold.platform.ui.components import Action, Link
from fourfold.threats import record as threat_record
from fourfold.threats.record import actor_of, reads_threats

QUEUES: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "to-pass": (
        "validate",
        "Disruptions to pass",
        "Moderate disruptions that meet the minimum standard will be here until a supervisor passes them.",
        (rules.VALIDATE,),
    ),
    "to-moderate": (
        "moderate",
        "Disruptions to moderate",
        "Major disruptions that meet the minimum standard will be here until somebody with no part in them decides.",
        (rules.MODERATE,),
    ),
    "sample": (
        "sample",
        "Sample of self-certified disruptions",
        "One in ten of the disruptions that recorders pass themselves will be here until somebody else looks.",
        (rules.VALIDATE, rules.MODERATE),
    ),
    "effects": (
        "review",
        "Effects to look at again",
        "Major and moderate disruptions will be here ninety days after they happened: did the effect last?",
        (rules.VALIDATE, rules.MODERATE),
    ),
}


@login_required
@reads_threats
@require_GET
def disruption_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    first = Link("Record a disruption", reverse("disruptions:record")) if rules.may_record(actor) else None
    spec = lists.spec(selectors.region_data(), first=first)
    return list_pattern.show_list(
        request, selectors.listed(), spec, crumbs=pages.crumbs()[:1], actions=_list_actions(actor)
    )


def _list_actions(actor: User) -> tuple[Action, ...]:
    found = []
    if rules.may_record(actor):
        found.append(Action("Record a disruption", reverse("disruptions:record"), kind="primary"))
    if rules.may_record(actor) and may(actor, "person.read"):
        found.append(Action("Disruptions that may be missing", reverse("disruptions:missing")))
    if may(actor, rules.VALIDATE):
        found.append(Action("To pass", reverse("disruptions:queue", kwargs={"queue": "to-pass"})))
    if may(actor, rules.MODERATE):
        found.append(Action("To moderate", reverse("disruptions:queue", kwargs={"queue": "to-moderate"})))
    return tuple(found)


@login_required
@reads_threats
@require_GET
def queue(request: HttpRequest, queue: str) -> HttpResponseBase:
    """Records that wait for those who pass or moderate them; not there for anybody else."""
    actor = actor_of(request)
    waits, title, text, capabilities = QUEUES.get(queue, ("", "", "", ()))
    if not any(may(actor, capability) for capability in capabilities):
        raise NotThere
    today = clock.today()
    found = lists.waiting_for(actor, selectors.listed(), today=today, value=waits)
    if not may(actor, rules.MODERATE):
        found = found.filter(label__owner=actor.organisation) if not may(actor, "region.write") else found
    spec = lists.queue(selectors.region_data(), name=queue, title=title, text=text)
    return list_pattern.show_list(request, found, spec, crumbs=pages.crumbs())


@login_required
@reads_threats
@require_GET
def of_threat(request: HttpRequest, reference: str) -> HttpResponse:
    rewind = list_pattern.recorded_on(request)
    data, today = selectors.region_data(), clock.today()
    with rewind.applied():
        told = threat_record.told_of(request, reference, rewind)
        aims = plans.aims_of(told.threat)
        shows_leads = rewind.on is None and rules.may_record(told.actor) and may(told.actor, "person.read")
        leads = tuple(selectors.open_leads(today=today).filter(threat=told.threat)[:10]) if shows_leads else ()
        page = pages.threat_tab_page(
            threat_record.frame(told, "disruptions"),
            told=told,
            found=tuple(selectors.of_threat(told.threat)),
            aims=aims,
            served=selectors.moved_aims(aim.pk for aim in aims),
            leads=leads,
            words=data.words,
        )
    audit.note(
        audit.Operation.CONSULTATION,
        told.threat,
        reference=told.threat.reference,
        part="disruptions",
        as_recorded_on=rewind.on,
    )
    return render(request, "disruptions/of_threat.html", {"page": page})
