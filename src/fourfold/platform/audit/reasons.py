"""Why someone reads people: asked once for a task, remembered in the session, changed whenever the task changes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.audit.services import Reason
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may

KEPT_AS = "reason_for_reading"
LASTS = timedelta(hours=8)


def needs_reason[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view that reads people: not there for roles that may not, and without a reason it first asks for one.

    A form that is sent after the reason ran out is still taken, so that nothing typed is lost.
    """

    @wraps(view)
    def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not (isinstance(request.user, User) and may(request.user, "person.read")):
            raise NotThere
        given = request.session.get(KEPT_AS)
        has_run_out = given is None or clock.now() - datetime.fromisoformat(given["given_at"]) > LASTS
        if given is None or (has_run_out and request.method in {"GET", "HEAD"}):
            return HttpResponseRedirect(change_address(request))
        return view(request, *args, **kwargs)

    return asked


def reason_of(request: HttpRequest) -> Reason | None:
    """The reason that this session reads people for, if one was given."""
    given = request.session.get(KEPT_AS)
    if given is None:
        return None
    return Reason(given["code"], given["text"], given["operation_reference"])


def remember(request: HttpRequest, reason: Reason, *, now: datetime) -> None:
    """Keep the reason for the session."""
    request.session[KEPT_AS] = {
        "code": reason.code,
        "text": reason.text,
        "operation_reference": reason.operation_reference,
        "given_at": now.isoformat(),
    }


def change_address(request: HttpRequest) -> str:
    """Where the reason is asked for or changed, and from where the person comes back to this page."""
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else request.path
    return f"{reverse('audit:reason')}?{urlencode({'next': back})}"
