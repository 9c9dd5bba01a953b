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
from fourfold.threats import forms as asked
from fourfold.threats import master_list, pages, rules, selectors, services
from fourfold.threats.models import Threat
from fourfold.threats.record import actor_of, changes_of, reads_threats, told_of

GET_AND_POST = ["GET", "POST"]
FIRST_LOOK_BACK = timedelta(days=30)


@login_required
@require_GET
@reads_threats
def threat_list(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    spec = master_list.spec(selectors.vocabulary())
    actions: tuple[Action, ...] = ()
    if rules.may_nominate(actor, owner=actor.organisation.code):
        first = Link("Nominate a threat", reverse("threats:nominate"))
        spec = replace(spec, empty=replace(spec.empty, action=first))
        actions = (Action(first.text, first.href, kind="primary"),)
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
            places=selectors.places(told.threat),
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
        page = pages.history_page(
            told,
            counts=selectors.headcount(told.threat),
            changes=changes_of(told),
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
    threat, leaders, actor = _to_manage(request, reference), tuple(selectors.leaders()), actor_of(request)
    audience = threat.label.audience
    owners = [o for o in selectors.owners() if rules.may_manage(actor, owner=o.code, audience=audience)]
    first = {"owner": threat.owner.code, "lro": threat.lro_id, "deputy": threat.deputy_id, "sio": threat.sio_id}
    form = asked.HandOverForm(request.POST or None, initial=first, threat=threat, leaders=leaders, owners=owners)

    def save(said: dict[str, Any]) -> None:
        services.hand_over(
            actor=actor,
            threat=threat,
            leads=_leads(said, leaders),
            owner=_owner(owners, said["owner"]) if "owner" in said else None,
            reason=said["reason"],
            seen=said["seen"],
        )

    return _change(request, threat, form, save, title="Hand over this threat", button="Hand over")


@login_required
@require_http_methods(GET_AND_POST)
def close(request: HttpRequest, reference: str) -> HttpResponse:
    threat, words = _to_manage(request, reference), selectors.vocabulary()
    first = {"closed_on": clock.today()}
    form = asked.CloseForm(request.POST or None, initial=first, threat=threat, vocabulary=words)

    def save(said: dict[str, Any]) -> None:
        services.close_threat(actor=actor_of(request), threat=threat, today=clock.today(), **said)

    lead = "The record and everything on it stays, but nothing on it can be changed after this."
    return _change(request, threat, form, save, title="Close this threat", button="Close", lead=lead, warning=True)


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
    form = asked.EndMemberForm(request.POST or None, threat=threat, initial={"to_on": clock.today()})
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
    return pages.new_on_picture(selectors.new_on_picture(threat, since), since=since, today=clock.today())


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
    save: Callable[[dict[str, Any]], None],
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
            save(dict(form.cleaned_data))
        except RuleBroken as broken:
            fields.refuse(form, broken)
            if broken.code == rules.CHANGED_MEANWHILE:
                inset = _show_both(threat, form)
        else:
            messages.success(request, "Saved. What it said before is in the history.")
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


def _show_both(threat: Threat, form: forms.Form) -> str:
    """What was recorded meanwhile, to stand above what was typed; sent again, the form changes what is there now."""
    seen = form.cleaned_data["seen"]
    recorded = [each for each in selectors.recorded_about(threat, until=None) if each.of is Threat and each.at > seen]
    data = cast("QueryDict", form.data).copy()
    data["seen"] = selectors.threat(threat.reference).recorded_from.isoformat()
    form.data = data
    return pages.changed_meanwhile(pages.changes_of(recorded, selectors.vocabulary()))


def _owner(owners: list[Organisation], code: str) -> Organisation:
    return next(organisation for organisation in owners if organisation.code == code)


def _leads(said: dict[str, Any], leaders: tuple[User, ...]) -> services.Leads:
    by_pk = {str(user.pk): user for user in leaders}
    return services.Leads(lro=by_pk.get(said["lro"]), deputy=by_pk.get(said["deputy"]), sio=by_pk.get(said["sio"]))
