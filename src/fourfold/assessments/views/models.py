"""Scoring models: read by everybody who reads threats, loaded by those who manage them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.assessments import forms as asked
from fourfold.assessments import rules, selectors, services
from fourfold.assessments.pages import models as pages
from fourfold.assessments.rules.definition import Fault, digest_of, faults_of, model_of
from fourfold.assessments.views.asking import GET_AND_POST
from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.ui import fields
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of, reads_threats


@login_required
@require_GET
@reads_threats
def models(request: HttpRequest) -> HttpResponse:
    may_load = rules.may(actor_of(request), rules.MANAGE_MODELS)
    page = pages.models_page(selectors.models().defer("definition"), may_load=may_load)
    return render(request, "assessments/models.html", {"page": page})


@login_required
@require_GET
@reads_threats
def model(request: HttpRequest, code: str) -> HttpResponse:
    page = pages.model_page(selectors.model(code), threats.vocabulary())
    return render(request, "assessments/model.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
def load(request: HttpRequest) -> HttpResponse:
    """A file, its preview, and only then the keeping of it."""
    actor, words = actor_of(request), threats.vocabulary()
    if not rules.may(actor, rules.MANAGE_MODELS):
        raise NotThere
    form = asked.ModelFileForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "assessments/load.html", {"page": pages.load_page(form, words=words)})
    try:
        text = _text_of(request, form)
        content = services.read_model(text)
    except RuleBroken as broken:
        fields.refuse(form, broken)
        return render(request, "assessments/load.html", {"page": pages.load_page(form, words=words)}, status=422)
    faults = (*faults_of(content), *_taken(content))
    if not faults and "keep" in request.POST:
        kept, is_new = services.load_model(content=content, actor=actor, now=clock.now())
        messages.success(request, f"{kept.code} is loaded." if is_new else f"{kept.code} was loaded already.")
        return redirect("assessments:model", code=kept.code)
    page = pages.load_page(form, faults=faults, model=None if faults else model_of(content), text=text, words=words)
    return render(request, "assessments/load.html", {"page": page}, status=422 if faults else 200)


def _text_of(request: HttpRequest, form: asked.ModelFileForm) -> str:
    """The file's text, or the text that the preview carried."""
    sent = form.cleaned_data.get("file")
    if sent is None and request.POST.get("text"):
        return str(request.POST["text"])
    if sent is None:
        raise rules.broken("MO6", "file")
    if sent.size > services.FILE_LIMIT:
        raise rules.broken("MO4", "file", limit=services.FILE_LIMIT // 1000)
    try:
        return str(sent.read().decode("utf-8"))
    except UnicodeDecodeError as unreadable:
        raise rules.broken("MO5", "file", why="it is not text in UTF-8") from unreadable


def _taken(content: object) -> tuple[Fault, ...]:
    """A version never changes: other contents under a code that is loaded."""
    if not isinstance(content, dict) or faults_of(content):
        return ()
    held = selectors.models().filter(code=str(content["code"])).values_list("digest", flat=True).first()
    if held is None or held == digest_of(content):
        return ()
    return (Fault("code", rules.SENTENCES["MO3"].format(model=content["code"])),)
