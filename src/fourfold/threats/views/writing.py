"""A threat is put on the list, and described differently."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.pages import FormPage
from fourfold.threats import forms as asked
from fourfold.threats import pages, rules, selectors, services
from fourfold.threats.record import actor_of
from fourfold.threats.views.asking import GET_AND_POST, ask_and_save, leads_of, owner_of, to_develop, to_manage


@login_required
@require_http_methods(GET_AND_POST)
def nominate(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not may(actor, rules.NOMINATE):
        raise NotThere
    owners = [o for o in selectors.owners() if rules.may_nominate(actor, owner=o.code)]
    words = selectors.vocabulary()
    leaders = tuple(selectors.leaders(own=actor.organisation_id))
    circles = {circle.code: circle for circle in selectors.circles_of(actor.pk)}
    given: dict[str, Any] = {"vocabulary": words, "owners": owners, "leaders": leaders, "circles": circles.values()}
    if request.method == "POST":
        form = asked.NominateForm(request.POST, **given)
        if form.is_valid():
            said = form.cleaned_data
            try:
                threat = services.nominate_threat(
                    actor=actor,
                    nomination=rules.Nomination(
                        threat_type=said["threat_type"],
                        name=said["name"],
                        summary=said["summary"],
                        themes=tuple(said["themes"]),
                        tier=said["tier"],
                        phase=said["phase"],
                        nominated_on=said["nominated_on"],
                        aliases=asked.lines(said["aliases"]),
                    ),
                    owner=owner_of(owners, said["owner"]),
                    leads=leads_of(said, leaders),
                    places=asked.lines(said["places"]),
                    audience="REGION" if said["audience"] in circles else said["audience"],
                    compartment=circles.get(said["audience"]),
                    reason=said["reason"],
                    today=clock.today(),
                )
            except RuleBroken as broken:
                fields.refuse(form, broken)
            else:
                messages.success(request, f"{threat.reference} {threat.name} is on the master list.")
                return redirect(pages.address(threat))
    else:
        first = {
            "owner": actor.organisation.code,
            "nominated_on": clock.today(),
            "tier": "UNTIERED",
            "audience": "REGION",
        }
        form = asked.NominateForm(initial=first, **given)
    page = FormPage(
        title="Nominate a threat",
        crumbs=pages.crumbs(),
        form=form,
        button="Put on the master list",
        back=Link("Back to threats", reverse("threats:list")),
        has_errors=bool(form.errors),
    )
    return render(request, "ui/form.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
def describe(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = to_develop(request, reference), selectors.vocabulary()
    first = {
        "name": threat.name,
        "aliases": "\n".join(threat.aliases),
        "summary": threat.summary,
        "themes": threat.themes,
    }
    form = asked.DescribeForm(request.POST or None, initial=first, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        said["aliases"] = asked.lines(said["aliases"])
        services.describe_threat(actor=actor_of(request), threat=threat, **said)

    return ask_and_save(request, threat, form, save, title="Change the description")


@login_required
@require_http_methods(GET_AND_POST)
def tier(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = to_manage(request, reference), selectors.vocabulary()
    form = asked.TierForm(request.POST or None, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.change_tier(actor=actor_of(request), threat=threat, **said)

    return ask_and_save(
        request, threat, form, save, title="Change the tier", inset=f"Now {words.tier_name(threat.tier)}."
    )


@login_required
@require_http_methods(GET_AND_POST)
def phase(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = to_manage(request, reference), selectors.vocabulary()
    first = {"from_on": clock.today()}
    form = asked.PhaseForm(request.POST or None, initial=first, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.change_phase(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    return ask_and_save(
        request, threat, form, save, title="Change the phase", inset=f"Now {words.phase_name(threat.phase)}."
    )


@login_required
@require_http_methods(GET_AND_POST)
def reclassify(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = to_manage(request, reference), selectors.vocabulary()
    form = asked.TypeForm(request.POST or None, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.reclassify(actor=actor_of(request), threat=threat, **said)

    now = rules.type_name(threat.threat_type)
    lead = "What it was called before stays in its history, so earlier figures can still be reproduced."
    return ask_and_save(request, threat, form, save, title="Change the kind", inset=f"Now {now}.", lead=lead)
