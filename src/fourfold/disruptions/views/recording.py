"""A disruption is recorded, one question at a time; nothing typed is lost."""

import base64
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.disruptions import forms as asked
from fourfold.disruptions import pages, rules, selectors, services
from fourfold.disruptions.models import Disruption
from fourfold.disruptions.views.asking import GET_AND_POST, records_disruptions
from fourfold.plans import selectors as plans
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import reason_of
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.platform.ui import lists as list_pattern
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of, reads_threats

DEVICE = "fourfold.disruptions.device"
OFTEN_SINCE = timedelta(days=180)
LISTED = {"often", "tactics", "secondary_ps", "aims"}
NOT_KEPT = {"csrfmiddlewaretoken", "act"}


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
