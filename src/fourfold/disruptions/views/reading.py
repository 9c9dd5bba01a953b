"""One disruption: what it says, who said so, and its history."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fourfold.disruptions import pages, selectors
from fourfold.disruptions.views.asking import people_in
from fourfold.plans import selectors as plans
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.history.rewind import versions_of
from fourfold.platform.ui import lists as list_pattern
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of, reads_threats


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
    people = threats.users_in_words(people_in(versions))
    page = pages.detail_page(
        pages.Told(disruption=found, data=data, actor=actor_of(request), rewind=rewind, today=clock.today()),
        parts=parts,
        aims=aims,
        same_event=same_event,
        changes=pages.changes_of(versions, data.words, people, until=rewind.moment),
    )
    audit.note(audit.Operation.CONSULTATION, found, reference=found.reference, as_recorded_on=rewind.on)
    return render(request, "disruptions/detail.html", {"page": page})
