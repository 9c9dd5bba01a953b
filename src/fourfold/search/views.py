from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.ui import fields
from fourfold.platform.ui.pages import FormPage, Link
from fourfold.search import forms, pages, rules, selectors, services
from fourfold.search.models import SavedSearch
from fourfold.threats.record import actor_of

NUMBER_DIGITS = 6
GET_AND_POST = ["GET", "POST"]
KEPT_FOR = timedelta(days=91)


@require_GET
@needs_reason
def search(request: HttpRequest) -> HttpResponse:
    """One box. Every search that looks is noted with its reason, its words and what it found."""
    today = clock.today()
    query = rules.read(request.GET.get("q", ""), today=today)
    groups = () if query.refusal else selectors.find(query, today=today)
    if not query.refusal:
        audit.note(
            audit.Operation.SEARCH,
            object_type="search",
            reason=reason_of(request),
            query=query.text,
            results={group.key: group.total for group in groups},
        )
    typed_page = request.GET.get("page", "1")
    number = (
        int(typed_page) if typed_page.isascii() and typed_page.isdigit() and len(typed_page) <= NUMBER_DIGITS else 1
    )
    page = pages.search_page(query, groups, group=request.GET.get("group", ""), page=number)
    return render(request, "search/search.html", {"page": page})


@require_GET
@needs_reason
def saved_searches(request: HttpRequest) -> HttpResponse:
    """What the reader keeps, and how much of each is new."""
    page = pages.saved_list_page(selectors.news_of(actor_of(request)), today=clock.today())
    return render(request, "search/saved_list.html", {"page": page})


@require_http_methods(GET_AND_POST)
@needs_reason
def save_search(request: HttpRequest) -> HttpResponse:
    """Keep a search and be told of anything new."""
    text, today = request.GET.get("q", ""), clock.today()
    reason = reason_of(request)
    form = forms.KeepForm(request.POST or None, initial={"name": text, "ends_on": today + KEPT_FOR})
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_search(
                owner=actor_of(request),
                name=form.cleaned_data["name"],
                text=text,
                reason=reason or audit.Reason(""),
                why=form.cleaned_data["why"],
                ends_on=form.cleaned_data["ends_on"],
                now=clock.now(),
                today=today,
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "Saved. Your first page tells you when something new matches.")
            return redirect("search:saved", saved.pk)
    page = FormPage(
        title="Save this search",
        caption=text,
        crumbs=pages.crumbs(),
        form=form,
        button="Save",
        back=Link("Back to the results", pages.address(text)),
        lead="After every delivery we search again for you, as you may see at that time.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_GET
@needs_reason
def saved_search(request: HttpRequest, key: int) -> HttpResponse:
    """What a saved search finds now, what is new first."""
    saved, today = _own(request, key), clock.today()
    query = rules.read(saved.text, today=today)
    groups = () if query.refusal else selectors.find(query, today=today)
    new = frozenset((finding.kind, finding.key) for finding in selectors.unseen(saved))
    audit.note(
        audit.Operation.SEARCH,
        saved,
        reason=reason_of(request),
        query=saved.text,
        results={group.key: group.total for group in groups},
    )
    page = pages.saved_page(saved, groups, new=new, today=today)
    return render(request, "search/saved.html", {"page": page})


@require_http_methods(GET_AND_POST)
@needs_reason
def change_saved(request: HttpRequest, key: int) -> HttpResponse:
    """Another name, another reason, or a later day."""
    saved, today = _own(request, key), clock.today()
    initial = {"name": saved.name, "why": saved.reason, "ends_on": max(saved.ends_on, today)}
    form = forms.KeepForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_search(
                saved=saved,
                name=form.cleaned_data["name"],
                why=form.cleaned_data["why"],
                ends_on=form.cleaned_data["ends_on"],
                today=today,
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "Changed.")
            return redirect("search:saved", saved.pk)
    page = FormPage(
        title=f"Change {saved.name}",
        caption="Saved search",
        crumbs=pages.crumbs(Link(saved.name, reverse("search:saved", args=[saved.pk]))),
        form=form,
        button="Change",
        back=Link("Leave it as it is", reverse("search:saved", args=[saved.pk])),
        inset=f"It searches for “{saved.text}”. To search for something else, search for that and save it.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_POST
@needs_reason
def looked(request: HttpRequest, key: int) -> HttpResponse:
    """The reader has seen what was new up to the search that their page showed."""
    saved = _own(request, key)
    try:
        until = datetime.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        until = saved.run_at
    services.mark_looked(saved=saved, seen_until=until if until.tzinfo else saved.run_at)
    return redirect("search:all_saved")


@require_POST
@needs_reason
def stop_saved(request: HttpRequest, key: int) -> HttpResponse:
    """No more is searched for it."""
    saved = _own(request, key)
    services.stop_search(saved=saved, now=clock.now())
    messages.success(request, f"“{saved.name}” is stopped. Nothing more is searched for it.")
    return redirect("search:all_saved")


def _own(request: HttpRequest, key: int) -> SavedSearch:
    saved = selectors.saved_searches(actor_of(request)).filter(pk=key).first()
    if saved is None:
        raise NotThere
    return saved
