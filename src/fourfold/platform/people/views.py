"""Sign-in and sign-out."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.forms import SignInForm
from fourfold.platform.people.sign_in import sign_in as sign_person_in
from fourfold.platform.people.sign_in import sign_out as sign_person_out
from fourfold.platform.ui import fields
from fourfold.platform.ui.pages import FormPage


@sensitive_post_parameters("password")
@never_cache
@login_not_required
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for address and password; go on to where the person was going."""
    following = _safe_next(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(following)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sign_person_in(request, **form.cleaned_data, now=clock.now())
        except RuleBroken as refused:
            fields.refuse(form, refused)
        else:
            return HttpResponseRedirect(following)
    page = FormPage(title="Sign in", form=form, button="Sign in", action=request.get_full_path())
    return render(request, "people/sign_in.html", {"page": page})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and show the sign-in page. What a form kept on the device is taken off it."""
    sign_person_out(request)
    answer = redirect("people:sign_in")
    answer["Clear-Site-Data"] = '"storage"'
    return answer


def _safe_next(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else settings.LOGIN_REDIRECT_URL
