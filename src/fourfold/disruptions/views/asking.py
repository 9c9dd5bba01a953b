"""What pages about disruptions share: who may, the form that changes a record, and the answer to it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from fourfold.disruptions import pages, rules, selectors
from fourfold.disruptions.models import Disruption
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.history.rewind import versions_of
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.pages import FormPage
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of

GET_AND_POST = ["GET", "POST"]


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


def people_in(versions: tuple[Any, ...]) -> set[int | None]:
    found: set[int | None] = {version.recorded_by for version in versions}
    return found | {version.fields[name] for version in versions for name in pages.PEOPLE}


def mend_words(said: rules.Said, data: selectors.RegionData) -> str:
    faults = rules.faults(said, standard=data.standard)
    return f"To meet the minimum standard: {'; '.join(fault.sentence for fault in faults)}." if faults else ""


def to_change(request: HttpRequest, reference: str) -> Disruption:
    """The record, for somebody who may change it; to anybody else the page is not there."""
    found, actor = selectors.disruption(reference), actor_of(request)
    if not rules.may_change(actor, owner=found.label.owner.code, audience=found.label.audience):
        raise NotThere
    return found


def ask_and_save(
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
    changes = pages.changes_of(versions, words, threats.users_in_words(people_in(versions)), until=None)
    data = cast("QueryDict", bound.data).copy()
    data["seen"] = versions[0].recorded_from.isoformat()
    bound.data = data
    newer = [each for each in changes if each.at > seen]
    return " ".join(f"{each.by} said: {'; '.join(each.lines)}. Why: {each.why}." for each in newer)
