"""A threat is closed, merged, split or opened again; a moderator answers what was proposed."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere
from fourfold.platform.ui import lists
from fourfold.platform.ui.jinja import shown_date
from fourfold.threats import answers, pages, rooms, rules, selectors, services
from fourfold.threats import forms as asked
from fourfold.threats.record import actor_of, reads_threats, standing_of, told_of
from fourfold.threats.views.asking import (
    GET_AND_POST,
    answer_page,
    answered,
    ask_and_save,
    other_threat,
    to_develop,
    to_manage,
)

PROPOSED = "Proposed. The threat stays open until a moderator confirms."


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def answer_closing(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """A proposal to close or merge a threat, with the answer for who may give it."""
    told, actor = told_of(request, reference, lists.Rewind()), actor_of(request)
    closing = selectors.closing(pk, of=told.threat)
    is_of_unit = selectors.is_of_unit(told.threat)
    proposed = selectors.proposed_of(closing, told.threat)
    form: asked.AnswerForm | asked.WithdrawForm | None = None
    if told.threat.closed_on is None and rules.may_answer_closing(actor, proposed, is_of_unit=is_of_unit):
        what = "Is this threat to be merged?" if closing.into else "Is this threat to be closed?"
        form = asked.AnswerForm(
            request.POST or None, question=what, yes="Yes: confirm it", no="No: leave the threat open"
        )
    elif not closing.answer and told.may_manage:
        form = asked.WithdrawForm(request.POST or None)
    if form is not None and request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        given: dict[str, Any] = {"actor": actor, "closing": closing, "now": clock.now(), "reason": said["reason"]}
        act: dict[str, Callable[[], object]] = {
            asked.ACCEPT: lambda: services.confirm_closing(today=clock.today(), **given),
            asked.DECLINE: lambda: services.refuse_closing(**given),
            asked.WITHDRAW: lambda: services.withdraw_closing(**given),
        }
        if answered(request, form, act[said["answer"]]):
            return redirect(pages.address(told.threat))
    today = clock.today()
    page = answers.closing_page(
        told,
        closing=closing,
        counts=selectors.headcount(told.threat),
        standing=standing_of(told),
        work=rooms.open_work(told.threat, today=today),
        merging=rooms.what_a_merge_does(told.threat) if closing.into and not closing.answer else (),
        form=form,
        today=today,
    )
    audit.note(audit.Operation.CONSULTATION, told.threat, reference=told.threat.reference, closing=closing.pk)
    return answer_page(request, page)


@login_required
@require_http_methods(GET_AND_POST)
def close(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = to_manage(request, reference), selectors.vocabulary()
    first = {"closed_on": clock.today()}
    form = asked.CloseForm(request.POST or None, initial=first, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> str:
        services.propose_closing(actor=actor_of(request), threat=threat, now=clock.now(), today=clock.today(), **said)
        return PROPOSED

    lead = (
        "A moderator who is not of your organisation confirms it or says why not; until then the threat stays open. "
        "Once closed, the record and everything on it stays, but nothing on it can be changed."
    )
    return ask_and_save(request, threat, form, save, title="Propose to close this threat", button="Propose", lead=lead)


@login_required
@require_http_methods(GET_AND_POST)
def merge(request: HttpRequest, reference: str) -> HttpResponse:
    threat = to_manage(request, reference)
    form = asked.MergeForm(request.POST or None, threat=threat)

    def save(said: dict[str, Any]) -> str:
        into = other_threat(said.pop("other"))
        services.propose_merge(
            actor=actor_of(request), threat=threat, into=into, now=clock.now(), today=clock.today(), **said
        )
        return PROPOSED

    lead = (
        "This threat goes on in another, once a moderator confirms it. Both records stay and are linked. The people, "
        "lines and places now in this one move to the other; disruptions stay where they were recorded; this one is "
        "closed as merged."
    )
    lead = " ".join((lead, *rooms.what_a_merge_does(threat)))
    return ask_and_save(
        request, threat, form, save, title="Merge this threat into another", button="Propose", lead=lead
    )


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def split(request: HttpRequest, reference: str) -> HttpResponse:
    """Part of a threat becomes a threat of its own. Names people, so that who belongs to it can be chosen."""
    threat, words, today = to_manage(request, reference), selectors.vocabulary(), clock.today()
    members = [line for line in selectors.member_lines(threat, today=today) if not line.ended]
    parts = pages.parts_to_choose(members, selectors.lines(threat), selectors.places(threat))
    first = {"tier": "UNTIERED", "threat_type": threat.threat_type, "themes": threat.themes, "phase": threat.phase}
    form = asked.SplitForm(request.POST or None, initial=first, threat=threat, vocabulary=words, parts=parts)
    audit.note(
        audit.Operation.CONSULTATION,
        threat,
        reason=reason_of(request),
        reference=threat.reference,
        people=sorted({line.person.reference for line in members}),
    )

    def save(said: dict[str, Any]) -> str:
        nomination = rules.Nomination(
            threat_type=said["threat_type"],
            name=said["name"],
            summary=said["summary"],
            themes=tuple(said["themes"]),
            tier=said["tier"],
            phase=said["phase"],
            nominated_on=today,
            aliases=asked.lines(said["aliases"]),
        )
        chosen = services.Parts(*(form.chosen(name) for name in ("members", "lines", "places")))
        made = services.split_threat(
            actor=actor_of(request),
            threat=threat,
            nomination=nomination,
            parts=chosen,
            reason=said["reason"],
            today=today,
            seen=said["seen"],
        )
        return f"{made.reference} {made.name} is on the master list, and linked to this threat."

    lead = (
        "A new threat of the same owner, for the same readers. What you choose ends in this threat today and begins in "
        "the new one; both stay open, linked, each with its own history."
    )
    return ask_and_save(request, threat, form, save, title="Split this threat", button="Make the new threat", lead=lead)


@login_required
@require_http_methods(GET_AND_POST)
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = to_manage(request, reference), selectors.vocabulary()
    if threat.closed_on is None:
        raise NotThere
    form = asked.ReopenForm(request.POST or None, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.reopen_threat(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    lead = "It goes on in a new phase from today. That it was closed, when and on which ground, stays in its history."
    if threat.closing_ground == words.merged_ground:
        lead += " People, lines and places that moved when it was merged stay in the other threat."
    inset = f"Now {words.phase_name(threat.phase)}, since {shown_date(threat.closed_on)}."
    return ask_and_save(
        request, threat, form, save, title="Reopen this threat", button="Reopen", lead=lead, inset=inset
    )


@login_required
@require_http_methods(GET_AND_POST)
def move_rest(request: HttpRequest, reference: str) -> HttpResponse:
    """After a merge: move the people whom whoever merged could not see."""
    threat = to_develop(request, reference)
    into = selectors.merged_into(threat)
    if into is None:
        raise NotThere
    form = asked.ReasonForm(request.POST or None, threat=threat)

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        services.move_what_was_left(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    title, inset = "Move who was left behind", f"They go on in {into.reference} {into.name}."
    return ask_and_save(request, threat, form, save, title=title, button="Move them", inset=inset)
