"""A threat is offered to others, and they answer."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.ui import lists
from fourfold.threats import answers, pages, rooms, rules, selectors, services
from fourfold.threats import forms as asked
from fourfold.threats.record import actor_of, reads_threats, standing_of, told_of
from fourfold.threats.views.asking import (
    GET_AND_POST,
    SAVED,
    answer_page,
    answered,
    ask_and_save,
    leads_of,
    owner_of,
    to_manage,
)


@login_required
@require_http_methods(GET_AND_POST)
def hand_over(request: HttpRequest, reference: str) -> HttpResponse:
    """Offer the threat; what nobody else has to accept is done at once."""
    threat, actor = to_manage(request, reference), actor_of(request)
    leaders = tuple(selectors.leaders(own=actor.organisation_id))
    owners = list(selectors.owners())
    first = {"owner": threat.owner.code, "lro": threat.lro_id, "deputy": threat.deputy_id, "sio": threat.sio_id}
    form = asked.HandOverForm(request.POST or None, initial=first, threat=threat, leaders=leaders, owners=owners)

    def save(said: dict[str, Any]) -> str:
        leads = leads_of(said, leaders)
        owner = owner_of(owners, said["owner"]) if "owner" in said else threat.owner
        given: dict[str, Any] = {
            "actor": actor,
            "threat": threat,
            "leads": leads,
            "owner": owner,
            "reason": said["reason"],
            "seen": said["seen"],
        }
        lro = leads.lro.pk if leads.lro else None
        if not rules.needs_answer(actor=actor.pk, lro=lro, was=threat.lro_id, owner_changes=owner != threat.owner):
            services.hand_over(**given)
            return SAVED
        services.offer_hand_over(now=clock.now(), **given)
        return "Offered. Nothing changes until it is accepted."

    lead = (
        "Another organisation or another lead responsible officer is offered the threat, with one page of what is "
        "open, and accepts or declines. A change of deputy or senior investigating officer is made at once."
    )
    return ask_and_save(request, threat, form, save, title="Hand over this threat", button="Hand over", lead=lead)


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
@reads_threats
def answer_hand_over(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """What is open on a threat that is handed over, on one page, with the answer for who may give it."""
    told, actor = told_of(request, reference, lists.Rewind()), actor_of(request)
    offered = selectors.hand_over(pk, of=told.threat)
    form: asked.AnswerForm | asked.WithdrawForm | None = None
    if told.threat.closed_on is None and rules.may_answer_offer(actor, selectors.offer_of(offered, told.threat)):
        form = asked.AnswerForm(
            request.POST or None,
            question="Do you take this threat over?",
            yes="Yes: it is ours from now on",
            no="No: it stays where it is",
        )
    elif not offered.answer and told.may_manage:
        form = asked.WithdrawForm(request.POST or None)
    if form is not None and request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        given: dict[str, Any] = {"actor": actor, "hand_over": offered, "now": clock.now(), "reason": said["reason"]}
        act = {
            asked.ACCEPT: services.accept_hand_over,
            asked.DECLINE: services.decline_hand_over,
            asked.WITHDRAW: services.withdraw_hand_over,
        }
        if answered(request, form, lambda: act[said["answer"]](**given)):
            return redirect(pages.address(told.threat))
    today = clock.today()
    members = selectors.member_lines(told.threat, today=today)
    page = answers.capsule_page(
        told,
        offered=offered,
        standing=standing_of(told),
        members=members,
        work=rooms.open_work(told.threat, today=today),
        form=form,
        today=today,
    )
    audit.note(
        audit.Operation.CONSULTATION,
        told.threat,
        reason=reason_of(request),
        reference=told.threat.reference,
        people=sorted({line.person.reference for line in members if not line.ended}),
        hand_over=offered.pk,
    )
    return answer_page(request, page)
