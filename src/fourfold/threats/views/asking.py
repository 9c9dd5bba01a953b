"""What the pages that change a threat share: who may, the form, and the answer to it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.pages import FormPage
from fourfold.threats import answers, pages, rules, selectors, services, story
from fourfold.threats import forms as asked
from fourfold.threats.models import Threat
from fourfold.threats.record import actor_of

GET_AND_POST = ["GET", "POST"]
SAVED = "Saved. What it said before is in the history."


def to_develop(request: HttpRequest, reference: str) -> Threat:
    """The threat, for somebody who may say who and what is in it; to anybody else the page is not there."""
    threat = selectors.threat(reference)
    if not rules.may_develop(actor_of(request), owner=threat.owner.code, audience=threat.label.audience):
        raise NotThere
    return threat


def to_manage(request: HttpRequest, reference: str) -> Threat:
    threat = selectors.threat(reference)
    if not rules.may_manage(actor_of(request), owner=threat.owner.code, audience=threat.label.audience):
        raise NotThere
    return threat


def ask_and_save(
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


def ask_and_end(
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

    return ask_and_save(request, threat, form, save, title=title)


def other_threat(reference: str) -> Threat:
    """The threat somebody named. One that is hidden from them and one that is not there are answered alike."""
    wanted = selectors.reference_of(reference.strip())
    found = selectors.by_references([wanted]).get(wanted)
    if found is None:
        raise rules.no_such_threat()
    return found


def answered(request: HttpRequest, form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether the answer was taken; what a rule refuses goes back to the form."""
    try:
        act()
    except RuleBroken as broken:
        fields.refuse(form, broken)
        return False
    messages.success(request, "Your answer is recorded.")
    return True


def answer_page(request: HttpRequest, page: answers.AnswerPage) -> HttpResponse:
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


def owner_of(owners: list[Organisation], code: str) -> Organisation:
    return next(organisation for organisation in owners if organisation.code == code)


def leads_of(said: dict[str, Any], leaders: tuple[User, ...]) -> services.Leads:
    by_pk = {str(user.pk): user for user in leaders}
    return services.Leads(lro=by_pk.get(said["lro"]), deputy=by_pk.get(said["deputy"]), sio=by_pk.get(said["sio"]))
