"""The steps that only ask: one form about one assessment, and what each is opened by."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from fourfold.assessments import selectors
from fourfold.assessments.models import Assessment
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules import Case
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import User
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.pages import FormPage
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of

GET_AND_POST = ["GET", "POST"]
type MayOpen = Callable[[User, Assessment, Case], bool]


def opened(request: HttpRequest, reference: str, may: MayOpen) -> Assessment:
    """The assessment, for somebody who may take this step with it now; to anybody else the page is not there."""
    assessment = selectors.assessment(reference)
    if not may(actor_of(request), assessment, selectors.case_of(assessment)):
        raise NotThere
    return assessment


def ask(
    request: HttpRequest,
    assessment: Assessment,
    form: forms.Form,
    save: Callable[[dict[str, Any]], object],
    *,
    title: str,
    button: str,
    done: str,
    lead: str = "",
    inset: str = "",
    warning: bool = False,
    back: str = "",
    then: str = "",
) -> HttpResponse:
    """One form, one step. What a rule refuses stands beside its field, with everything typed kept."""
    back = back or shown_as.address(assessment)
    if request.method == "POST" and form.is_valid():
        try:
            save(dict(form.cleaned_data))
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, done)
            return redirect(then or back)
    page = FormPage(
        title=title,
        caption=f"{assessment.reference} {shown_as.about(assessment, threats.vocabulary())}",
        crumbs=shown_as.crumbs(assessment),
        form=form,
        button=button,
        lead=lead,
        inset=inset,
        warning=warning,
        back=Link("Back without saving", back),
        has_errors=bool(form.errors),
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)
