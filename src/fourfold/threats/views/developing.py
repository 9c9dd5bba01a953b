"""Who and what is in a threat: people, places, phone lines, and what other threats have to do with it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere
from fourfold.platform.ui.components import Empty, Link
from fourfold.platform.ui.jinja import shown_date
from fourfold.pole import selectors as pole
from fourfold.threats import forms as asked
from fourfold.threats import pages, rules, selectors, services
from fourfold.threats.record import actor_of
from fourfold.threats.views.asking import GET_AND_POST, ask_and_end, ask_and_save, other_threat, to_develop


@login_required
@require_http_methods(GET_AND_POST)
def add_link(request: HttpRequest, reference: str) -> HttpResponse:
    threat = to_develop(request, reference)
    form = asked.LinkForm(request.POST or None, threat=threat, initial={"from_on": clock.today()})

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        one, other, kind = threat, other_threat(said.pop("other")), said.pop("kind")
        if kind.startswith(asked.TURNED):
            one, other, kind = other, one, kind.removeprefix(asked.TURNED)
        services.link_threats(actor=actor_of(request), one=one, other=other, kind=kind, today=clock.today(), **said)

    lead = "The link is shown on both threats, to those who may see both."
    return ask_and_save(request, threat, form, save, title="Link to another threat", lead=lead)


@login_required
@require_http_methods(GET_AND_POST)
def end_link(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    threat = to_develop(request, reference)
    link = selectors.link(pk, of=threat)
    if link.kind not in rules.CHOSEN_LINKS:
        raise NotThere
    return ask_and_end(
        request, threat, services.end_link, "link", link, title="End this link", label="The link ended on"
    )


@login_required
@require_http_methods(GET_AND_POST)
def add_line(request: HttpRequest, reference: str) -> HttpResponse:
    threat = to_develop(request, reference)
    form = asked.LineForm(request.POST or None, threat=threat, initial={"from_on": clock.today()})

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        services.add_line(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    return ask_and_save(request, threat, form, save, title="Add a phone line")


@login_required
@require_http_methods(GET_AND_POST)
def end_line(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    threat = to_develop(request, reference)
    line = selectors.line(pk, of=threat)
    return ask_and_end(request, threat, services.end_line, "line", line, title=f"End {line}", label="The line ended on")


@login_required
@require_http_methods(GET_AND_POST)
def end_place(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    threat = to_develop(request, reference)
    place = selectors.place(pk, of=threat)
    label = "Part of this threat until"
    return ask_and_end(request, threat, services.end_place, "place", place, title=f"End {place}", label=label)


@login_required
@require_http_methods(GET_AND_POST)
def add_place(request: HttpRequest, reference: str) -> HttpResponse:
    threat = to_develop(request, reference)
    form = asked.PlaceForm(request.POST or None, threat=threat, initial={"from_on": clock.today()})

    def save(said: dict[str, Any]) -> None:
        said.pop("seen")
        services.add_place(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    return ask_and_save(request, threat, form, save, title="Add a place")


@login_required
@needs_reason
@require_GET
def find_member(request: HttpRequest, reference: str) -> HttpResponse:
    threat = to_develop(request, reference)
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
    threat, words = to_develop(request, reference), selectors.vocabulary()
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

    return ask_and_save(
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
    threat = to_develop(request, reference)
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
    return ask_and_save(
        request,
        threat,
        form,
        save,
        title=f"End the role of {person.name}",
        button="End this role",
        inset=f"{role} since {shown_date(member.from_on)}.",
        back=pages.address(threat, "protect" if member.side == rules.Side.PROTECT else "members"),
    )
