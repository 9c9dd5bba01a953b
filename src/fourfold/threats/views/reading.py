"""One threat: its page, the people in it, its history."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fourfold.platform import clock
from fourfold.platform.audit import selectors as ledger
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields, lists
from fourfold.threats import pages, selectors, story
from fourfold.threats.models import Threat
from fourfold.threats.record import actor_of, changes_of, reads_threats, standing_of, told_of

FIRST_LOOK_BACK = timedelta(days=30)


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
