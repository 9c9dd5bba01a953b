"""Adopting, reviewing, peer reviewing and closing a plan: each by the person whose part it is."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from fourfold.plans import differences, pages, rules, selectors, services
from fourfold.plans import forms as asked
from fourfold.plans.models import Plan, Review
from fourfold.plans.rules import Prompt, State
from fourfold.plans.views.reading import lint_of, note_read, plan_told, tactic_names, tier_name, told_now
from fourfold.plans.views.writing import GET_AND_POST, change, to_write
from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.threats.record import actor_of, reads_threats


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def adopt(request: HttpRequest, reference: str) -> HttpResponse:
    plan = selectors.plan(reference)
    actor = actor_of(request)
    if not rules.may_approve(actor, owner=plan.threat.owner.code, audience=plan.label.audience):
        raise NotThere
    content = selectors.content_of(selectors.whole(plan))
    first = {"digest": selectors.digest_of(content)}
    form = asked.AdoptForm(request.POST or None, initial=first)

    def save(said: dict[str, Any]) -> None:
        services.adopt_plan(actor=actor, plan=plan, why=said["why"], seen_digest=said["digest"], today=clock.today())

    seen = plan_told(told_now(request, plan), plan, today=clock.today())
    lint = lint_of(seen)
    lead = (
        f"The plan passes {lint.score} of 100. What you adopt is kept as it stands, and cannot be changed afterwards."
    )
    return change(
        request,
        plan,
        form,
        save,
        title="Adopt this plan" if not plan.version else "Adopt this plan as it stands now",
        button="Adopt",
        lead=lead,
        done="Adopted. The version can be read at any time.",
        quote=tuple(fault.sentence for fault in lint.faults),
        quote_heading="What the rules find" if lint.faults else "",
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def begin_review(request: HttpRequest, reference: str) -> HttpResponse:
    plan = to_write(request, reference)
    under_way = selectors.open_review(plan)
    if under_way is not None and request.method == "GET":
        return redirect(pages.address(plan, "review", pk=under_way.pk))
    prompt = request.GET.get("prompt", "")
    first = {"prompt": prompt if prompt in list(Prompt) else ""}
    form = asked.BeginReviewForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            review = services.begin_review(actor=actor_of(request), plan=plan, today=clock.today(), **form.cleaned_data)
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "The review has begun. It is complete when both have signed.")
            return redirect(pages.address(plan, "review", pk=review.pk))
    return change(
        request,
        plan,
        form,
        lambda said: None,
        title="Begin a review",
        button="Begin",
        preview=True,
        lead="The lead responsible officer and the senior investigating officer both sign. Neither completes it alone.",
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def review(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    plan = selectors.plan(reference)
    found = selectors.review(pk, of=plan)
    content = selectors.content_of(selectors.whole(plan))
    digest = selectors.digest_of(content)
    signing = _signing(request, plan, found, digest)
    form = asked.SignForm(request.POST or None, initial={"digest": digest}) if signing else None
    if request.method == "POST":
        if form is None or not form.is_valid():
            raise NotThere
        try:
            services.sign_review(
                actor=actor_of(request), review=found, seen_digest=form.cleaned_data["digest"], today=clock.today()
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
            form.data = {"digest": digest}
        else:
            messages.success(request, "Signed.")
            return redirect(pages.address(plan, "review", pk=pk))
    latest = selectors.versions(plan).first()
    names = tactic_names()
    changed: tuple[differences.Said, ...] = ()
    if found.completed_on is None and latest is not None:
        differ = differences.differences(latest.content, content)
        changed = differences.in_words(differ, tactic_name=lambda code: names.get(code, code), tier_name=tier_name)
    page = pages.review_page(plan, found, changed=changed, form=form, signing=signing)
    note_read(plan, review=pk)
    return render(request, "plans/review.html", {"page": page}, status=422 if form and form.errors else 200)


def _signing(request: HttpRequest, plan: Plan, found: Review, digest: str) -> str:
    """For whom this reader's signature is still wanted, in words; empty where it is not."""
    actor, threat = actor_of(request), plan.threat
    if found.completed_on is not None or plan.state == State.CLOSED or not may(actor, rules.SIGN):
        return ""
    roles = rules.signs_as(actor=actor.pk, lro=threat.lro_id, deputy=threat.deputy_id, sio=threat.sio_id)
    standing = {
        "LRO": found.lro_signed_by_id if found.lro_digest == digest else None,
        "SIO": found.sio_signed_by_id if found.sio_digest == digest else None,
    }
    if actor.pk in standing.values():
        return ""
    role = next((role for role in roles if standing[role] is None), "")
    return {"LRO": "for the lead responsible officer", "SIO": "as senior investigating officer"}.get(role, "")


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def peer_review(request: HttpRequest, reference: str) -> HttpResponse:
    plan = selectors.plan(reference)
    actor = actor_of(request)
    if not rules.may_peer_review(actor, owner=plan.threat.owner.code, audience=plan.label.audience):
        raise NotThere
    form = asked.PeerReviewForm(request.POST or None)

    def save(said: dict[str, Any]) -> None:
        services.peer_review(actor=actor, plan=plan, today=clock.today(), **said)

    return change(
        request, plan, form, save, title="Peer review", button="Send", done="Sent to those who lead the plan."
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def answer_peer_review(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    plan = to_write(request, reference)
    found = selectors.peer_review(pk, of=plan)
    form = asked.AnswerForm(request.POST or None)

    def save(said: dict[str, Any]) -> None:
        services.answer_peer_review(actor=actor_of(request), peer_review=found, today=clock.today(), **said)

    return change(
        request,
        plan,
        form,
        save,
        title="Answer a peer review",
        quote=(found.good, found.better),
        quote_heading=f"{found.reviewer.name} said",
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def close(request: HttpRequest, reference: str) -> HttpResponse:
    plan = to_write(request, reference)
    form = asked.CloseForm(request.POST or None)

    def save(said: dict[str, Any]) -> None:
        services.close_plan(actor=actor_of(request), plan=plan, today=clock.today(), **said)

    lead = "Everything in it stays, but nothing in it can be changed after this."
    return change(request, plan, form, save, title="Close this plan", button="Close", lead=lead, warning=True)


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    plan = to_write(request, reference)
    if plan.state != State.CLOSED or plan.threat.closed_on is not None:
        raise NotThere
    form = asked.ReopenForm(request.POST or None)

    def save(said: dict[str, Any]) -> None:
        services.reopen_plan(actor=actor_of(request), plan=plan, today=clock.today(), **said)

    lead = "It becomes a draft that has to be adopted again. Its versions stay."
    return change(request, plan, form, save, title="Reopen this plan", button="Reopen", lead=lead)
