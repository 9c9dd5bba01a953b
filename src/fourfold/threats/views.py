"""Pages of the master list: parse, ask, show; a change is one call of one service."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.platform import clock
from fourfold.platform.audit import selectors as ledger
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields, lists
from fourfold.platform.ui.components import Action, Empty, Link
from fourfold.platform.ui.jinja import shown_date
from fourfold.platform.ui.pages import FormPage
from fourfold.pole import selectors as pole
from fourfold.threats import (
    answers,
    caseload,
    exceptions,
    master_list,
    pages,
    rooms,
    rules,
    selectors,
    services,
    story,
    waiting,
)
from fourfold.threats import forms as asked
from fourfold.threats.models import Threat
from fourfold.threats.record import actor_of, changes_of, reads_threats, standing_of, told_of

GET_AND_POST = ["GET", "POST"]
FIRST_LOOK_BACK = timedelta(days=30)
SAVED = "Saved. What it said before is in the history."
PROPOSED = "Proposed. The threat stays open until a moderator confirms."


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
@require_http_methods(GET_AND_POST)
def nominate(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not may(actor, rules.NOMINATE):
        raise NotThere
    owners = [o for o in selectors.owners() if rules.may_nominate(actor, owner=o.code)]
    words = selectors.vocabulary()
    leaders = tuple(selectors.leaders())
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
                    owner=_owner(owners, said["owner"]),
                    leads=_leads(said, leaders),
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
@require_GET
@reads_threats
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    rewind = lists.recorded_on(request)
    with rewind.applied():
        told = told_of(request, reference, rewind)
        page = pages.summary_page(
            told,
            changes=changes_of(told),
            counts=selectors.headcount(told.threat),
            standing=standing_of(told),
            new=None if rewind.on else _new_on_picture(request, told.threat),
        )
    audit.note(audit.Operation.CONSULTATION, told.threat, reference=told.threat.reference, as_recorded_on=rewind.on)
    return render(request, "threats/detail.html", {"page": page})


@login_required
@needs_reason
@require_GET
@reads_threats
def members(request: HttpRequest, reference: str) -> HttpResponse:
    return _people(request, reference, pages.members_page)


@login_required
@needs_reason
@require_GET
@reads_threats
def protect(request: HttpRequest, reference: str) -> HttpResponse:
    return _people(request, reference, pages.protect_page)


@login_required
@require_GET
@reads_threats
def history(request: HttpRequest, reference: str) -> HttpResponse:
    rewind = lists.recorded_on(request)
    with rewind.applied():
        told = told_of(request, reference, rewind)
        recorded = selectors.recorded_about(told.threat, until=rewind.moment)
        page = pages.history_page(
            told,
            counts=selectors.headcount(told.threat),
            changes=story.changes_of(recorded, told.words, of=told.threat.pk),
            recorded=recorded,
        )
    return render(request, "threats/history.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
def describe(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = _to_develop(request, reference), selectors.vocabulary()
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

    return _change(request, threat, form, save, title="Change the description")


@login_required
@require_http_methods(GET_AND_POST)
def tier(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = _to_manage(request, reference), selectors.vocabulary()
    form = asked.TierForm(request.POST or None, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.change_tier(actor=actor_of(request), threat=threat, **said)

    return _change(request, threat, form, save, title="Change the tier", inset=f"Now {words.tier_name(threat.tier)}.")


@login_required
@require_http_methods(GET_AND_POST)
def phase(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = _to_manage(request, reference), selectors.vocabulary()
    first = {"from_on": clock.today()}
    form = asked.PhaseForm(request.POST or None, initial=first, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.change_phase(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    return _change(
        request, threat, form, save, title="Change the phase", inset=f"Now {words.phase_name(threat.phase)}."
    )


@login_required
@require_http_methods(GET_AND_POST)
def reclassify(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = _to_manage(request, reference), selectors.vocabulary()
    form = asked.TypeForm(request.POST or None, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.reclassify(actor=actor_of(request), threat=threat, **said)

    now = rules.type_name(threat.threat_type)
    lead = "What it was called before stays in its history, so earlier figures can still be reproduced."
    return _change(request, threat, form, save, title="Change the kind", inset=f"Now {now}.", lead=lead)


@login_required
@require_http_methods(GET_AND_POST)
def hand_over(request: HttpRequest, reference: str) -> HttpResponse:
    """Offer the threat; what nobody else has to accept is done at once."""
    threat, leaders, actor = _to_manage(request, reference), tuple(selectors.leaders()), actor_of(request)
    owners = list(selectors.owners())
    first = {"owner": threat.owner.code, "lro": threat.lro_id, "deputy": threat.deputy_id, "sio": threat.sio_id}
    form = asked.HandOverForm(request.POST or None, initial=first, threat=threat, leaders=leaders, owners=owners)

    def save(said: dict[str, Any]) -> str:
        leads = _leads(said, leaders)
        owner = _owner(owners, said["owner"]) if "owner" in said else threat.owner
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
    return _change(request, threat, form, save, title="Hand over this threat", button="Hand over", lead=lead)


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
        if _answered(request, form, lambda: act[said["answer"]](**given)):
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
    return _answer_page(request, page)


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
        if _answered(request, form, act[said["answer"]]):
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
    return _answer_page(request, page)


@login_required
@require_http_methods(GET_AND_POST)
def close(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = _to_manage(request, reference), selectors.vocabulary()
    first = {"closed_on": clock.today()}
    form = asked.CloseForm(request.POST or None, initial=first, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> str:
        services.propose_closing(actor=actor_of(request), threat=threat, now=clock.now(), today=clock.today(), **said)
        return PROPOSED

    lead = (
        "A moderator who is not of your organisation confirms it or says why not; until then the threat stays open. "
        "Once closed, the record and everything on it stays, but nothing on it can be changed."
    )
    return _change(request, threat, form, save, title="Propose to close this threat", button="Propose", lead=lead)


@login_required
@require_http_methods(GET_AND_POST)
def merge(request: HttpRequest, reference: str) -> HttpResponse:
    threat = _to_manage(request, reference)
    form = asked.MergeForm(request.POST or None, threat=threat)

    def save(said: dict[str, Any]) -> str:
        into = _other(said.pop("other"))
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
    return _change(request, threat, form, save, title="Merge this threat into another", button="Propose", lead=lead)


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def split(request: HttpRequest, reference: str) -> HttpResponse:
    """Part of a threat becomes a threat of its own. Names people, so that who belongs to it can be chosen."""
    threat, words, today = _to_manage(request, reference), selectors.vocabulary(), clock.today()
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
    return _change(request, threat, form, save, title="Split this threat", button="Make the new threat", lead=lead)


@login_required
@require_http_methods(GET_AND_POST)
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = _to_manage(request, reference), selectors.vocabulary()
    if threat.closed_on is None:
        raise NotThere
    form = asked.ReopenForm(request.POST or None, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.reopen_threat(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    lead = "It goes on in a new phase from today. That it was closed, when and on which ground, stays in its history."
    if threat.closing_ground == words.merged_ground:
        lead += " People, lines and places that moved when it was merged stay in the other threat."
    inset = f"Now {words.phase_name(threat.phase)}, since {shown_date(threat.closed_on)}."
    return _change(request, threat, form, save, title="Reopen this threat", button="Reopen", lead=lead, inset=inset)


@login_required
@require_http_methods(GET_AND_POST)
def move_rest(request: HttpRequest, reference: str) -> HttpResponse:
    """After a merge: move the people whom whoever merged could not see."""
    threat = _to_develop(request, reference)
    into = selectors.merged_into(threat)
    if into is None:
        raise NotThere
    form = asked.ReasonForm(request.POST or None, threat=threat)

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        services.move_what_was_left(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    title, inset = "Move who was left behind", f"They go on in {into.reference} {into.name}."
    return _change(request, threat, form, save, title=title, button="Move them", inset=inset)


@login_required
@require_http_methods(GET_AND_POST)
def add_link(request: HttpRequest, reference: str) -> HttpResponse:
    threat = _to_develop(request, reference)
    form = asked.LinkForm(request.POST or None, threat=threat, initial={"from_on": clock.today()})

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        one, other, kind = threat, _other(said.pop("other")), said.pop("kind")
        if kind.startswith(asked.TURNED):
            one, other, kind = other, one, kind.removeprefix(asked.TURNED)
        services.link_threats(actor=actor_of(request), one=one, other=other, kind=kind, today=clock.today(), **said)

    lead = "The link is shown on both threats, to those who may see both."
    return _change(request, threat, form, save, title="Link to another threat", lead=lead)


@login_required
@require_http_methods(GET_AND_POST)
def end_link(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    threat = _to_develop(request, reference)
    link = selectors.link(pk, of=threat)
    if link.kind not in rules.CHOSEN_LINKS:
        raise NotThere
    return _end(request, threat, services.end_link, "link", link, title="End this link", label="The link ended on")


@login_required
@require_http_methods(GET_AND_POST)
def add_line(request: HttpRequest, reference: str) -> HttpResponse:
    threat = _to_develop(request, reference)
    form = asked.LineForm(request.POST or None, threat=threat, initial={"from_on": clock.today()})

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        services.add_line(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    return _change(request, threat, form, save, title="Add a phone line")


@login_required
@require_http_methods(GET_AND_POST)
def end_line(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    threat = _to_develop(request, reference)
    line = selectors.line(pk, of=threat)
    return _end(request, threat, services.end_line, "line", line, title=f"End {line}", label="The line ended on")


@login_required
@require_http_methods(GET_AND_POST)
def end_place(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    threat = _to_develop(request, reference)
    place = selectors.place(pk, of=threat)
    label = "Part of this threat until"
    return _end(request, threat, services.end_place, "place", place, title=f"End {place}", label=label)


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


@login_required
@require_http_methods(GET_AND_POST)
def add_place(request: HttpRequest, reference: str) -> HttpResponse:
    threat = _to_develop(request, reference)
    form = asked.PlaceForm(request.POST or None, threat=threat, initial={"from_on": clock.today()})

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        services.add_place(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    return _change(request, threat, form, save, title="Add a place")


@login_required
@needs_reason
@require_GET
def find_member(request: HttpRequest, reference: str) -> HttpResponse:
    threat = _to_develop(request, reference)
    form = asked.FindMemberForm(request.GET or None)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    matches = selectors.people_to_add(text, today=clock.today()) if text else ()
    found = pages.found_people(matches, threat=threat)
    if text:
        audit.note(
            audit.Operation.SEARCH,
            threat,
            reason=reason_of(request),
            reference=threat.reference,
            words=text,
            people=[each.person.reference for each in found],
        )
    page = pages.FindMemberPage(
        title="Add a member",
        caption=f"{threat.reference} {threat.name}",
        crumbs=pages.crumbs(threat),
        form=form,
        asked=bool(text),
        found=found,
        empty=Empty(
            "Nobody found",
            "Nobody whose records you may see has that name or number. Try a surname alone, or another spelling.",
        ),
        back=Link("Back to members", pages.address(threat, "members")),
        has_errors=bool(form.errors),
    )
    return render(request, "threats/find_member.html", {"page": page})


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def add_member(request: HttpRequest, reference: str, record: int) -> HttpResponse:
    threat, words = _to_develop(request, reference), selectors.vocabulary()
    named = selectors.record(record)
    person = pole.people_of_records([named.pk], today=clock.today())[named.pk]
    form = asked.MemberForm(request.POST or None, threat=threat, vocabulary=words, initial={"from_on": clock.today()})
    audit.note(audit.Operation.CONSULTATION, named, reason=reason_of(request), threat=threat.reference)

    def save(said: dict[str, Any]) -> None:
        services.add_member(
            actor=actor_of(request),
            threat=threat,
            record=named,
            membership=form.membership(),
            reason=said["reason"],
            today=clock.today(),
        )

    return _change(
        request,
        threat,
        form,
        save,
        title=f"Add {person.name}",
        button="Add to this threat",
        inset=f"{person.reference}, born {shown_date(person.born)}. The membership is made on record {named}.",
        back=pages.address(threat, "members"),
    )


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def end_member(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    threat = _to_develop(request, reference)
    member = selectors.member(pk, of=threat)
    person = pole.people_of_records([member.record_id], today=clock.today()).get(member.record_id)
    if person is None:
        raise NotThere
    first = {"to_on": clock.today()}
    form = asked.EndForm(request.POST or None, threat=threat, initial=first, label="The role ended on")
    audit.note(audit.Operation.CONSULTATION, member, reason=reason_of(request), threat=threat.reference)

    def save(said: dict[str, Any]) -> None:
        services.end_member(
            actor=actor_of(request), member=member, to_on=said["to_on"], reason=said["reason"], today=clock.today()
        )

    role = selectors.vocabulary().role_name(member.role)
    return _change(
        request,
        threat,
        form,
        save,
        title=f"End the role of {person.name}",
        button="End this role",
        inset=f"{role} since {shown_date(member.from_on)}.",
        back=pages.address(threat, "protect" if member.side == rules.Side.PROTECT else "members"),
    )


def _new_on_picture(request: HttpRequest, threat: Threat) -> pages.NewOnPicture:
    since = _since(request, threat)
    found, opens = selectors.new_on_picture(threat, since), may(actor_of(request), pages.READS_PEOPLE)
    return pages.new_on_picture(found, since=since, today=clock.today(), opens=opens)


def _since(request: HttpRequest, threat: Threat) -> datetime:
    """The moment from which things on the picture are new: asked for, or when this reader last looked at the threat."""
    asked_for = fields.read_date(request.GET.get("since", ""))
    if asked_for is not None:
        return datetime.combine(asked_for, time.min, tzinfo=clock.LONDON)
    return ledger.last_consulted(actor_of(request), threat) or clock.now() - FIRST_LOOK_BACK


def _people(request: HttpRequest, reference: str, make: Callable[..., pages.PeoplePage]) -> HttpResponse:
    rewind = lists.recorded_on(request)
    with rewind.applied():
        told = told_of(request, reference, rewind)
        lines = selectors.member_lines(told.threat, today=rewind.on or clock.today())
        page = make(
            told,
            lines=lines,
            counts=selectors.headcount(told.threat),
            changes=changes_of(told),
        )
    audit.note(
        audit.Operation.CONSULTATION,
        told.threat,
        reason=reason_of(request),
        reference=told.threat.reference,
        people=sorted({line.person.reference for line in lines}),
        as_recorded_on=rewind.on,
    )
    return render(request, "threats/people.html", {"page": page})


def _to_develop(request: HttpRequest, reference: str) -> Threat:
    """The threat, for somebody who may say who and what is in it; to anybody else the page is not there."""
    threat = selectors.threat(reference)
    if not rules.may_develop(actor_of(request), owner=threat.owner.code, audience=threat.label.audience):
        raise NotThere
    return threat


def _to_manage(request: HttpRequest, reference: str) -> Threat:
    threat = selectors.threat(reference)
    if not rules.may_manage(actor_of(request), owner=threat.owner.code, audience=threat.label.audience):
        raise NotThere
    return threat


def _change(
    request: HttpRequest,
    threat: Threat,
    form: forms.Form,
    save: Callable[[dict[str, Any]], str | None],
    *,
    title: str,
    button: str = "Save",
    lead: str = "",
    inset: str = "",
    back: str = "",
    warning: bool = False,
) -> HttpResponse:
    """One form that changes one threat: what a rule refuses goes back beside its field, with everything typed kept."""
    back = back or pages.address(threat)
    if request.method == "POST" and form.is_valid():
        try:
            said = save(dict(form.cleaned_data))
        except RuleBroken as broken:
            fields.refuse(form, broken)
            if broken.code == rules.CHANGED_MEANWHILE:
                inset = _show_both(threat, form)
        else:
            messages.success(request, said or SAVED)
            return redirect(back)
    page = FormPage(
        title=title,
        caption=f"{threat.reference} {threat.name}",
        crumbs=pages.crumbs(threat),
        form=form,
        button=button,
        lead=lead,
        inset=inset,
        warning=warning,
        back=Link("Back without saving", back),
        has_errors=bool(form.errors),
    )
    return render(request, "ui/form.html", {"page": page})


def _end(
    request: HttpRequest,
    threat: Threat,
    service: Callable[..., object],
    name: str,
    row: object,
    *,
    title: str,
    label: str,
) -> HttpResponse:
    """Say from when something on a threat is so no more."""
    form = asked.EndForm(request.POST or None, threat=threat, initial={"to_on": clock.today()}, label=label)

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        service(actor=actor_of(request), today=clock.today(), **{name: row}, **said)

    return _change(request, threat, form, save, title=title)


def _other(reference: str) -> Threat:
    """The threat somebody named. One that is hidden from them and one that is not there are answered alike."""
    wanted = selectors.reference_of(reference.strip())
    found = selectors.by_references([wanted]).get(wanted)
    if found is None:
        raise rules.no_such_threat()
    return found


def _answered(request: HttpRequest, form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether the answer was taken; what a rule refuses goes back to the form."""
    try:
        act()
    except RuleBroken as broken:
        fields.refuse(form, broken)
        return False
    messages.success(request, "Your answer is recorded.")
    return True


def _answer_page(request: HttpRequest, page: answers.AnswerPage) -> HttpResponse:
    has_errors = page.form is not None and bool(page.form.errors)
    page = replace(page, has_errors=has_errors)
    return render(request, "threats/answer.html", {"page": page}, status=422 if has_errors else 200)


def _show_both(threat: Threat, form: forms.Form) -> str:
    """What was recorded meanwhile, to stand above what was typed; sent again, the form changes what is there now."""
    seen = form.cleaned_data["seen"]
    recorded = [each for each in selectors.recorded_about(threat, until=None) if each.of is Threat and each.at > seen]
    data = cast("QueryDict", form.data).copy()
    data["seen"] = selectors.threat(threat.reference).recorded_from.isoformat()
    form.data = data
    return story.changed_meanwhile(story.changes_of(recorded, selectors.vocabulary()))


def _owner(owners: list[Organisation], code: str) -> Organisation:
    return next(organisation for organisation in owners if organisation.code == code)


def _leads(said: dict[str, Any], leaders: tuple[User, ...]) -> services.Leads:
    by_pk = {str(user.pk): user for user in leaders}
    return services.Leads(lro=by_pk.get(said["lro"]), deputy=by_pk.get(said["deputy"]), sio=by_pk.get(said["sio"]))
