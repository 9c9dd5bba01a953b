"""The pages for what went wrong. A hidden thing and a missing thing give the same page, which says nothing more."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from fourfold.platform.ui.pages import Page

NOT_FOUND = 404


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For what does not exist, is hidden, or is refused: always 404, always the same words."""
    return render(request, "ui/errors/not_found.html", {"page": Page(title="Page not found")}, status=404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For a request that cannot be read."""
    title = "The address or the form could not be read"
    return render(request, "ui/errors/bad_request.html", {"page": Page(title=title)}, status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For a form sent from a page that is too old, or from elsewhere."""
    return render(request, "ui/errors/csrf_failure.html", {"page": Page(title="This form is out of date")}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """For a fault of ours. Touches neither the database nor the reader's session: either may be what failed."""
    return HttpResponse(render_to_string("ui/errors/server_error.html"), status=500)
