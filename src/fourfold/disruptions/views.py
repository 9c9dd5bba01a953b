"""What a browser asks of disruptions. A view parses, makes one call, and shows a page."""

import base64
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, cast
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.disruptions import finding, lists, pages, rules, selectors, services
from fourfold.disruptions import forms as asked
from fourfold.disruptions.models import Disruption, DisruptionLead
from fourfold.plans import selectors as plans
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.history.rewind import versions_of
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.platform.ui import lists as list_pattern
from fourfold.platform.ui.components import Action, Link
from fourfold.platform.ui.pages import FormPage
from fourfold.platform.visibility import scope
from fourfold.threats import record as threat_record
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of, reads_threats

GET_AND_POST = ["GET", "POST"]
DEVICE = "fourfold.disruptions.device"
OFTEN_SINCE = timedelta(days=180)
LISTED = {"often", "tactics", "secondary_ps", "aims"}
NOT_KEPT = {"csrfmiddlewaretoken", "act"}


def records_disruptions[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A page that is not there for those who record no disruptions."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not rules.may_record(actor_of(request)):
            raise NotThere
        return view(request, *args, **kwargs)

    return checked


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


# Recording


@login_required
@reads_threats
@records_disruptions
@require_GET
def record(request: HttpRequest) -> HttpResponse:
    """A new form; with `threat` or `event` in the address, some of it is answered already."""
    initial: dict[str, Any] = {"threat": request.GET.get("threat", "").replace("\x00", "")}
    if event := request.GET.get("event", ""):
        initial = _again(selectors.disruption(event))
    return _show_form(request, uuid4(), initial=initial)


def _again(found: Disruption) -> dict[str, Any]:
    """What another record of the same event would say alike."""
    return {
        "shared_event": found.shared_event or found.reference,
        "tactics": list(found.tactics),
        "often": list(found.tactics),
        "happened": found.happened,
        "place": found.place,
        "when": asked.ANOTHER,
        "event_on": found.event_on,
        "role": found.role,
        "primary_p": found.primary_p,
    }


@login_required
@reads_threats
@records_disruptions
@require_http_methods(GET_AND_POST)
def form(request: HttpRequest, key: UUID) -> HttpResponse:
    """One form by its key: as it was last kept, or sent."""
    actor = actor_of(request)
    draft = selectors.draft(key, author_id=actor.pk)
    if draft is not None and draft.ended_at is not None:
        if draft.disruption_id is None:
            return redirect("disruptions:record")
        made = selectors.disruptions().filter(pk=draft.disruption_id).first()
        return redirect("disruptions:list") if made is None else redirect(_done(made, key))
    if request.method == "GET":
        return _show_form(request, key, initial=_answers(draft.said if draft else {}))
    answer = _ACTS.get(request.POST.get("act", ""), _send)(request, key)
    services.empty_old_drafts(actor=actor, now=clock.now())
    return answer


def _send(request: HttpRequest, key: UUID) -> HttpResponse:
    actor, now, today = actor_of(request), clock.now(), clock.today()
    bound = _form(request, data=request.POST)
    prompted = False
    if bound.is_valid():
        try:
            made = services.send_draft(actor=actor, key=key, said=bound.said(today=today), today=today, now=now)
        except RuleBroken as broken:
            prompted = broken.code == rules.MAY_BE_RECORDED
            bound = _form(request, data=request.POST, to_show=True)
            _refuse(bound, broken)
        else:
            return redirect(_done(made, key))
    else:
        bound = _form(request, data=request.POST, to_show=True)
    services.save_draft(actor=actor, key=key, said=_typed(request.POST), now=now)
    return _show_form(request, key, bound=bound, prompted=prompted)


def _save(request: HttpRequest, key: UUID) -> HttpResponse:
    services.save_draft(actor=actor_of(request), key=key, said=_typed(request.POST), now=clock.now())
    messages.success(request, "Saved. Go on here or on another device; only you can see it until you send it.")
    return redirect("disruptions:form", key=key)


def _find(request: HttpRequest, key: UUID) -> HttpResponse:
    typed = _typed(request.POST) | {"threat": [""]}
    services.save_draft(actor=actor_of(request), key=key, said=typed, now=clock.now())
    return redirect("disruptions:form", key=key)


def _throw(request: HttpRequest, key: UUID) -> HttpResponse:
    services.throw_draft_away(actor=actor_of(request), key=key, now=clock.now())
    messages.success(request, "Thrown away. Nothing of it is kept.")
    return redirect("disruptions:list")


_ACTS: Mapping[str, Callable[[HttpRequest, UUID], HttpResponse]] = {"save": _save, "find": _find, "throw": _throw}


@login_required
@reads_threats
@records_disruptions
@require_POST
def keep(request: HttpRequest, key: UUID) -> JsonResponse:
    """Keep what was typed so far, for the script of the form."""
    actor = actor_of(request)
    draft = services.save_draft(actor=actor, key=key, said=_typed(request.POST), now=clock.now())
    return JsonResponse({"kept_at": draft.saved_at.isoformat(), "ended": draft.ended_at is not None})


@login_required
@reads_threats
@records_disruptions
@require_GET
def find(request: HttpRequest) -> JsonResponse:
    """The nearest threats with the aims of their plans, for the script of the form."""
    text = request.GET.get("q", "").replace("\x00", "")[: list_pattern.LONGEST_TEXT]
    found = _found(request, text, chosen="")
    return JsonResponse(
        {
            "found": [
                {
                    "reference": each.reference,
                    "name": each.name,
                    "why": each.why,
                    "note": each.note,
                    "aims": [
                        {"value": str(aim.pk), "text": f"{aim.position}. {aim.text}"}
                        for aim in plans.aims_of(threats.threat(each.reference))
                    ],
                }
                for each in found
            ]
        }
    )


@login_required
@reads_threats
@require_GET
def done(request: HttpRequest, reference: str) -> HttpResponse:
    """What was recorded, what happens next and when it counts: for the person who recorded it."""
    made = selectors.disruption(reference)
    if made.recorder_id != actor_of(request).pk:
        return redirect(pages.address(made))
    data = selectors.region_data()
    key = request.GET.get("key", "")
    page = pages.done_page(made, selectors.parts_of(made), data.words, data.standard, key=key)
    return render(request, "disruptions/done.html", {"page": page})


def _typed(posted: QueryDict) -> dict[str, list[str]]:
    """What was typed, by question, without what is empty."""
    found = {name: [value.replace("\x00", "") for value in posted.getlist(name)] for name in posted}
    return {name: values for name, values in found.items() if name not in NOT_KEPT and any(values)}


def _answers(said: Mapping[str, list[str]]) -> dict[str, Any]:
    """What was kept of a form, as its first values."""
    found: dict[str, Any] = {name: values if name in LISTED else values[0] for name, values in said.items() if values}
    parts = tuple(found.pop(f"event_on_{part}", "") for part in fields.PARTS)
    return found | ({"event_on": parts} if any(parts) else {})


def _form(
    request: HttpRequest,
    *,
    data: QueryDict | None = None,
    initial: Mapping[str, Any] | None = None,
    to_show: bool = False,
) -> asked.RecordForm:
    actor, region, today = actor_of(request), selectors.region_data(), clock.today()
    agencies = selectors.agencies()
    chosen = str(data.get("threat", "") if data is not None else (initial or {}).get("threat", ""))
    # What is only sent, and names no aim, needs none to choose from.
    offers_aims = chosen and (data is None or to_show or data.getlist("aims"))
    threat = selectors.threats_called([chosen]).get(chosen) if offers_aims else None
    aims = plans.aims_of(threat) if threat else ()
    writes_for_all = may(actor, "region.write")
    roles = region.standard.roles_of(actor.organisation.kind, today)
    if writes_for_all:
        roles |= {rules.Role.LEAD}
    return asked.RecordForm(
        data,
        initial={"when": asked.TODAY, "role": rules.Role.LEAD} | dict(initial or {}),
        words=region.words,
        own=actor.organisation,
        roles=roles,
        agencies=agencies.values(),
        leading=_leading(actor, agencies) if writes_for_all else (),
        often=selectors.often_used(actor.organisation_id, since=today - OFTEN_SINCE, words=region.words),
        aims=aims,
    )


def _leading(actor: User, agencies: Mapping[str, Any]) -> list[Any]:
    """Whose record it may be for those who write for the region: their own first."""
    others = [each for each in agencies.values() if each != actor.organisation and each.kind != "PARTNER"]
    return [actor.organisation, *others]


def _found(request: HttpRequest, text: str, *, chosen: str) -> tuple[pages.FoundThreat, ...]:
    if not text.strip():
        return ()
    today = clock.today()
    found = threats.find_threats(text, today=today)
    audit.note(
        audit.Operation.SEARCH,
        object_type="threats.threat",
        reason=reason_of(request),
        words=text,
        found=[each.threat.reference for each in found],
    )
    return pages.found_threats(found, chosen=chosen, standard=selectors.region_data().standard, today=today)


def _show_form(
    request: HttpRequest,
    key: UUID,
    *,
    initial: Mapping[str, Any] | None = None,
    bound: asked.RecordForm | None = None,
    prompted: bool = False,
) -> HttpResponse:
    actor = actor_of(request)
    shown = bound or _form(request, initial=initial)
    chosen = str(shown["threat"].value() or "")
    text = (str(shown["q"].value() or "") or chosen).replace("\x00", "")
    page = pages.record_page(
        shown,
        key=key,
        lock=base64.b64encode(salted_hmac(DEVICE, str(actor.pk), algorithm="sha256").digest()).decode(),
        draft=selectors.draft(key, author_id=actor.pk),
        drafts=selectors.drafts_of(actor.pk)[:5],
        found=_found(request, text, chosen=chosen),
        asked=text,
        at_once=bool(shown.errors),
        prompted=prompted,
    )
    return render(request, "disruptions/record.html", {"page": page}, status=422 if shown.errors else 200)


def _refuse(form: forms.Form, broken: RuleBroken) -> None:
    """A broken rule on the question that it belongs to."""
    moved = {"tactics": "often", "supports": "support_benefit", "evidence": "evidence_grade", "facts": "happened"}
    name = moved.get(broken.field, broken.field)
    fields.refuse(form, RuleBroken(broken.code, broken.sentence, field="q" if name == "threat" else name))


def _done(made: Disruption, key: UUID) -> str:
    return f"{pages.address(made, 'done')}?key={key}"


# One record


@login_required
@reads_threats
@require_GET
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    rewind = list_pattern.recorded_on(request)
    data = selectors.region_data()
    with rewind.applied():
        found = selectors.disruption(reference)
        parts = selectors.parts_of(found)
        same_event = selectors.same_event(found)
        aims = plans.aims(each.aim_id for each in parts.aims)
    versions = versions_of(found)
    people = threats.users_in_words(_people_in(versions))
    page = pages.detail_page(
        pages.Told(disruption=found, data=data, actor=actor_of(request), rewind=rewind, today=clock.today()),
        parts=parts,
        aims=aims,
        same_event=same_event,
        changes=pages.changes_of(versions, data.words, people, until=rewind.moment),
    )
    audit.note(audit.Operation.CONSULTATION, found, reference=found.reference, as_recorded_on=rewind.on)
    return render(request, "disruptions/detail.html", {"page": page})


def _people_in(versions: tuple[Any, ...]) -> set[int | None]:
    found: set[int | None] = {version.recorded_by for version in versions}
    return found | {version.fields[name] for version in versions for name in pages.PEOPLE}


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def change(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = _to_change(request, reference), selectors.region_data()
    said = selectors.said_of(found, selectors.parts_of(found))
    bound = asked.ChangeForm(
        request.POST or None,
        disruption=found,
        said=said,
        words=data.words,
        roles=sorted(data.standard.roles_of(found.lead_agency.kind, found.event_on) | {found.role}),
        agencies=selectors.agencies().values(),
        aims=plans.aims_of(found.threat),
    )

    def save(got: dict[str, Any]) -> None:
        services.change_disruption(
            actor=actor_of(request),
            disruption=found,
            reason=got["reason"],
            seen=got["seen"],
            today=clock.today(),
            **bound.changes(),
        )

    return _answer(request, found, bound, save, title="Change what it says", inset=_mend_words(said, data))


def _mend_words(said: rules.Said, data: selectors.RegionData) -> str:
    faults = rules.faults(said, standard=data.standard)
    return f"To meet the minimum standard: {'; '.join(fault.sentence for fault in faults)}." if faults else ""


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def category(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = _to_change(request, reference), selectors.region_data()
    bound = asked.ModerateForm(request.POST or None, disruption=found, words=data.words)

    def save(got: dict[str, Any]) -> None:
        services.recategorise(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    lead = "The effect as first recorded is kept. What had passed has to pass again."
    return _answer(request, found, bound, save, title="Say that the effect was another", lead=lead)


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    found = _to_change(request, reference)
    bound = asked.ReasonForm(request.POST or None, disruption=found)

    def save(got: dict[str, Any]) -> None:
        services.withdraw(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    lead = "The record stays, and no longer counts. Nothing on it can be changed after this."
    return _answer(
        request, found, bound, save, title="Withdraw this record", button="Withdraw", lead=lead, warning=True
    )


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def send_back(request: HttpRequest, reference: str) -> HttpResponse:
    found = _to_pass(request, reference)
    bound = asked.ReasonForm(request.POST or None, disruption=found)

    def save(got: dict[str, Any]) -> None:
        services.return_disruption(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    lead = "Its recorder is told what to mend. Until then it does not pass."
    return _answer(request, found, bound, save, title="Send it back", button="Send it back", lead=lead)


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def validate(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = _to_pass(request, reference), selectors.region_data()
    bound = asked.SeenForm(request.POST or None, disruption=found)

    def save(got: dict[str, Any]) -> None:
        services.validate(actor=actor_of(request), disruption=found, today=clock.today(), seen=got["seen"])

    said = selectors.said_of(found, selectors.parts_of(found))
    inset = _mend_words(said, data) or "It meets every rule of the minimum standard."
    return _answer(request, found, bound, save, title="Pass this record", button="Pass it", inset=inset)


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def moderate(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = _to_pass(request, reference), selectors.region_data()
    bound = asked.ModerateForm(request.POST or None, disruption=found, words=data.words)

    def save(got: dict[str, Any]) -> None:
        services.moderate(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    said = selectors.said_of(found, selectors.parts_of(found))
    return _answer(request, found, bound, save, title="Moderate", button="Decide", inset=_mend_words(said, data))


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

    return _answer(request, found, bound, save, title="Look at it for the sample")


@login_required
@reads_threats
@require_http_methods(GET_AND_POST)
def review(request: HttpRequest, reference: str) -> HttpResponse:
    found, data = _to_pass(request, reference), selectors.region_data()
    bound = asked.ReviewForm(request.POST or None, disruption=found, words=data.words)

    def save(got: dict[str, Any]) -> None:
        services.review_category(actor=actor_of(request), disruption=found, today=clock.today(), **got)

    return _answer(request, found, bound, save, title="Did the effect last?")


def _to_change(request: HttpRequest, reference: str) -> Disruption:
    """The record, for somebody who may change it; to anybody else the page is not there."""
    found, actor = selectors.disruption(reference), actor_of(request)
    if not rules.may_change(actor, owner=found.label.owner.code, audience=found.label.audience):
        raise NotThere
    return found


def _to_pass(request: HttpRequest, reference: str) -> Disruption:
    """The record, for somebody who passes or moderates such records and did not record it."""
    found, actor = selectors.disruption(reference), actor_of(request)
    owner, audience = found.label.owner.code, found.label.audience
    allowed = rules.may_validate(actor, owner=owner, audience=audience)
    if not allowed and not rules.may_moderate(actor, owner=owner, audience=audience):
        raise NotThere
    return found


def _answer(
    request: HttpRequest,
    found: Disruption,
    bound: forms.Form,
    save: Callable[[dict[str, Any]], None],
    *,
    title: str,
    button: str = "Save",
    lead: str = "",
    inset: str = "",
    warning: bool = False,
) -> HttpResponse:
    """One form that changes one record: what a rule refuses goes back beside its field, with everything typed kept."""
    back = pages.address(found)
    if request.method == "POST" and bound.is_valid():
        try:
            save(dict(bound.cleaned_data))
        except RuleBroken as broken:
            fields.refuse(bound, broken)
            if broken.code == rules.CHANGED_MEANWHILE:
                inset = _show_both(found, bound)
        else:
            messages.success(request, "Saved. What it said before is in the history.")
            return redirect(back)
    page = FormPage(
        title=title,
        caption=f"{found.reference}, {found.threat.reference} {found.threat.name}",
        crumbs=pages.crumbs(Link(found.reference, back)),
        form=bound,
        button=button,
        lead=lead,
        inset=inset,
        warning=warning,
        back=Link("Back without saving", back),
        has_errors=bool(bound.errors),
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if bound.errors else 200)


def _show_both(found: Disruption, bound: forms.Form) -> str:
    """What was recorded meanwhile, to stand above what was typed; sent again, the form changes what is there now."""
    seen, words = bound.cleaned_data["seen"], selectors.region_data().words
    versions = versions_of(found)
    changes = pages.changes_of(versions, words, threats.users_in_words(_people_in(versions)), until=None)
    data = cast("QueryDict", bound.data).copy()
    data["seen"] = versions[0].recorded_from.isoformat()
    bound.data = data
    newer = [each for each in changes if each.at > seen]
    return " ".join(f"{each.by} said: {'; '.join(each.lines)}. Why: {each.why}." for each in newer)


# A threat's own tab


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


# Disruptions that may be missing


@login_required
@reads_threats
@records_disruptions
@needs_reason
@require_http_methods(GET_AND_POST)
def missing(request: HttpRequest) -> HttpResponseBase:
    """What the finder proposes; pressing the button has it look again now."""
    actor = actor_of(request)
    if request.method == "POST":
        finding.ask_to_find()
        messages.success(request, "The finder looks again now. Come back to this page in a minute.")
        return redirect("disruptions:missing")
    if not request.GET:
        return redirect(f"{reverse('disruptions:missing')}?state=OPEN&force={actor.organisation.code}")
    spec = lists.missing(selectors.region_data(), actor=actor)
    return list_pattern.show_list(
        request,
        selectors.leads(),
        spec,
        crumbs=pages.crumbs(),
        lead="Happenings in the picture that point to a disruption nobody has recorded, above all under Prevent and "
        "Protect. Each says why. A person decides.",
        actions=(
            Action("How often proposals were right", reverse("disruptions:precision")),
            Action("Look again now", reverse("disruptions:missing"), post=True),
        ),
    )


@login_required
@reads_threats
@records_disruptions
@needs_reason
@require_http_methods(GET_AND_POST)
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    actor, found, data = actor_of(request), selectors.lead(pk), selectors.region_data()
    may_decide = _may_decide(found)
    if request.method == "POST" and not may_decide:
        raise NotThere
    bound = asked.DeclineForm(request.POST if request.POST.get("act") != "accept" and request.POST else None)
    if request.method == "POST":
        try:
            if request.POST.get("act") == "accept":
                draft = services.begin_from_lead(
                    actor=actor, lead=found, key=uuid4(), said=_from_lead(found), now=clock.now()
                )
                return redirect("disruptions:form", key=draft.key)
            if bound.is_valid():
                services.decline_lead(actor=actor, lead=found, reason=bound.cleaned_data["reason"], today=clock.today())
                messages.success(request, "Declined. Your reason is kept with it.")
                return redirect("disruptions:missing")
        except RuleBroken as broken:
            if not bound.is_bound:
                bound = asked.DeclineForm({"reason": ""})
                bound.is_valid()
            fields.refuse(bound, broken)
    audit.note(
        audit.Operation.CONSULTATION,
        found,
        reason=reason_of(request),
        threat=found.threat.reference,
        record=str(found.record),
    )
    page = pages.lead_page(
        found, words=data.words, form=bound, may_decide=may_decide, reads_people=may(actor, "person.read")
    )
    return render(request, "disruptions/lead.html", {"page": page}, status=422 if bound.errors else 200)


def _may_decide(found: DisruptionLead) -> bool:
    acting = scope.current()
    return acting is not None and found.label_id in acting.writes


def _from_lead(found: DisruptionLead) -> dict[str, list[str]]:
    """The answers that a proposal already gives."""
    day = found.happened_on
    return {
        "q": [found.threat.reference],
        "threat": [found.threat.reference],
        "often": [found.tactic],
        "tactics": [found.tactic],
        "when": [asked.ANOTHER],
        "event_on_day": [str(day.day)],
        "event_on_month": [str(day.month)],
        "event_on_year": [str(day.year)],
        "primary_p": [found.primary_p],
        "happened": [str(found.found.get("name", ""))],
    }


@login_required
@reads_threats
@records_disruptions
@require_GET
def precision(request: HttpRequest) -> HttpResponse:
    page = pages.precision_page(selectors.precision_by_kind(today=clock.today()), selectors.region_data().finder)
    return render(request, "disruptions/precision.html", {"page": page})
