"""The page behind "More", and the page that shows every pattern."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.platform.people.models import User
from fourfold.platform.ui import samples, shell
from fourfold.platform.ui.pages import Page


@dataclass(frozen=True, kw_only=True)
class More(Page):
    links: tuple[shell.NavigationLink, ...]


@require_GET
@login_required
def more(request: HttpRequest) -> HttpResponse:
    links = shell.more_for(request.user, request.path) if isinstance(request.user, User) else ()
    return render(request, "ui/more.html", {"page": More(title="More", links=links)})


@require_http_methods(["GET", "POST"])
def patterns(request: HttpRequest) -> HttpResponse:
    """Every component with neutral sample values; only where the data is a demonstration."""
    if not (settings.DEBUG or settings.DEMONSTRATION):
        raise Http404
    form = samples.SampleForm(request.POST, request.FILES) if request.method == "POST" else samples.SampleForm()
    status = 200 if not form.is_bound or form.is_valid() else 422
    return render(request, "ui/patterns.html", {"page": samples.patterns_page(form)}, status=status)
