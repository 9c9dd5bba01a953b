"""What other organisations may read of a plan on its own, what they are asked, and what they report."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.plans import forms as asked
from fourfold.plans import pages, rules, selectors, services
from fourfold.plans.models import Plan
from fourfold.plans.views.writing import GET_AND_POST, change, to_write
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.jinja import shown_date
from fourfold.threats.record import actor_of, reads_threats


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def share(request: HttpRequest, reference: str) -> HttpResponse:
    plan = to_write(request, reference)
    sanitised = selectors.section(plan, rules.Part.SANITISED)
    others = _others(plan)
    first = {"text": sanitised.text if sanitised else ""}
    form = asked.ShareForm(request.POST or None, initial=first, organisations=others)

    def save(said: dict[str, Any]) -> None:
        organisation = next(o for o in others if str(o.pk) == said.pop("organisation"))
        services.share_summary(
            actor=actor_of(request), plan=plan, organisation=organisation, today=clock.today(), **said
        )

    return change(
        request,
        plan,
        form,
        save,
        title="Share the summary with a partner",
        button="Share",
        lead="They read this title and this summary, and nothing else of the plan or the threat.",
        done="Shared. It can be ended at any time.",
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def stop_sharing(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    plan = to_write(request, reference)
    found = next((each for each in selectors.shared_with(plan) if each.pk == pk), None)
    if found is None:
        raise NotThere
    form = forms.Form(request.POST if request.method == "POST" else None)

    def save(_said: dict[str, Any]) -> None:
        services.stop_sharing(actor=actor_of(request), shared=found, today=clock.today())

    return change(
        request,
        plan,
        form,
        save,
        title=f"Stop sharing with {found.organisation.name}",
        button="Stop sharing",
        inset=f"{found.title}. Shared on {shown_date(found.shared_on)}.",
        warning=True,
        done="They read it no more.",
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def ask(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    plan = to_write(request, reference)
    action = selectors.action(number, of=plan)
    others = _others(plan)
    first = {"due_on": action.due_on, "organisation": str(action.agency_id or "")}
    form = asked.AskForm(request.POST or None, initial=first, organisations=others)

    def save(said: dict[str, Any]) -> None:
        organisation = next(o for o in others if str(o.pk) == said.pop("organisation"))
        services.ask_partner(
            actor=actor_of(request), action=action, organisation=organisation, today=clock.today(), **said
        )

    return change(
        request,
        plan,
        form,
        save,
        title="Ask another organisation",
        button="Ask",
        back=pages.address(plan, "action", number=number),
        lead="They read what you write here, and nothing else of the plan or the threat.",
        inset=f"Action {number}: {action.title}",
        done="Asked. What they report will be shown on the plan.",
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def answer_report(request: HttpRequest, reference: str, number: int, pk: int) -> HttpResponse:
    plan = to_write(request, reference)
    action = selectors.action(number, of=plan)
    report = selectors.report(pk, of=action)
    form = asked.AnswerReportForm(request.POST or None)

    def save(said: dict[str, Any]) -> None:
        services.answer_report(
            actor=actor_of(request),
            action=action,
            report=report,
            is_taken_up=said["is_taken_up"] == "yes",
            why=said["why"],
            today=clock.today(),
        )

    return change(
        request,
        plan,
        form,
        save,
        title=f"A report on action {number}",
        inset=action.title,
        quote=(f"{rules.STATUS_NAMES[rules.Status(report.status)]}. {report.text}",),
        quote_heading=f"{report.reported_by.name}, {report.reported_by.organisation.name}, "
        f"{shown_date(report.reported_on)}",
    )


@login_required
@require_GET
@reads_threats
def with_us(request: HttpRequest) -> HttpResponse:
    """What is asked of the reader's organisation and shared with it, whatever else it may see."""
    actor = actor_of(request)
    asked_for = selectors.asked_for(actor.organisation)
    shared = selectors.summaries_shared_with(actor.organisation)
    page = pages.partner_page(
        actor,
        asked=asked_for,
        shared=shared,
        reports=selectors.reports_by(actor.organisation, [each.action_id for each in asked_for]),
        may_act=may(actor, rules.ACT),
    )
    for each in shared:
        audit.note(audit.Operation.CONSULTATION, each)
    return render(request, "plans/partner.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def report_asked(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    found = selectors.asked(pk, of=actor.organisation)
    if not may(actor, rules.ACT):
        raise NotThere
    form = asked.PartnerReportForm(request.POST or None)
    back = reverse("plans:with_us")
    if request.method == "POST" and form.is_valid():
        try:
            services.report_asked(actor=actor, asked=found, today=clock.today(), **form.cleaned_data)
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "Sent. Those who asked take it up or ask you again.")
            return redirect(back)
    page = pages.PlanFormPage(
        title="Report on what you were asked",
        crumbs=(*pages.crumbs()[:1], Link(f"Shared with {actor.organisation.name}", back)),
        form=form,
        button="Send",
        inset=found.title,
        back=Link("Back without sending", back),
        has_errors=bool(form.errors),
    )
    return render(request, "plans/form.html", {"page": page}, status=422 if form.errors else 200)


def _others(plan: Plan) -> tuple[Organisation, ...]:
    return tuple(o for o in selectors.organisations() if o.pk != plan.label.owner_id)
