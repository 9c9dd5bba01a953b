"""Asking why, and showing who looked."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.platform import clock
from fourfold.platform.audit import reasons, references, selectors
from fourfold.platform.audit.forms import ReasonForm
from fourfold.platform.audit.models import Check, Entry, Operation
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.people.rules import may
from fourfold.platform.reference.selectors import names
from fourfold.platform.ui import lists
from fourfold.platform.ui.components import Alert, Cell, Empty, Link
from fourfold.platform.ui.jinja import shown_moment
from fourfold.platform.ui.pages import FormPage

OWN = "You see what you did yourself. Auditors and data protection officers see more."
ORGANISATION = "You see what people of your organisation did."
REGION = "You see what everyone in the region did."


@require_http_methods(["GET", "HEAD", "POST"])
def reason(request: HttpRequest) -> HttpResponse:
    """Ask why the person reads people, then go back to where they were going."""
    following = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure()):
        following = "/"
    given = reasons.reason_of(request)
    form = ReasonForm(request.POST or None, initial=asdict(given) if given else None)
    if request.method == "POST" and form.is_valid():
        reasons.remember(request, form.reason(), now=clock.now())
        return HttpResponseRedirect(following)
    page = FormPage(
        title="Why do you need to read about people?",
        form=form,
        button="Continue",
        action=request.get_full_path(),
        lead="Every read of a person is kept in the ledger with this reason. "
        "It is asked once for each task; change it when your task changes.",
    )
    return render(request, "ui/form.html", {"page": page})


@require_GET
def who_looked(request: HttpRequest) -> HttpResponseBase:
    """The ledger as far as the reader may see it; `record=pole.person:12` filters it by that record."""
    record = request.GET.get("record", "").replace("\x00", "")
    if record:
        asked = request.GET.copy()
        del asked["record"]
        asked["about"] = references.in_words(record)
        return HttpResponseRedirect(f"{request.path}?{asked.urlencode()}")
    found = selectors.entries()
    alerts = (_verdict(selectors.last_check()),) if _reads_beyond_self(request.user) else ()
    return lists.show_list(request, found, WHO_LOOKED, lead=_lead(request.user), alerts=alerts)


def _reads_beyond_self(user: object) -> bool:
    return isinstance(user, User) and (may(user, "audit.read") or may(user, "audit.region"))


def _lead(user: object) -> str:
    if not isinstance(user, User) or not _reads_beyond_self(user):
        return OWN
    return REGION if may(user, "audit.region") else ORGANISATION


def _verdict(check: Check | None) -> Alert:
    if check is None:
        return Alert("information", "The ledger has not been verified yet. It is verified every night.")
    when = shown_moment(check.checked_at)
    if check.faults:
        found = "; ".join(check.faults)
        return Alert(
            "error", f"Verified on {when}: {found}. Tell the regional auditor.", heading="The ledger was changed"
        )
    return Alert(
        "success",
        f"Verified on {when}: {check.entries:,} sealed entries are as they were written. "
        f"The latest seal is {check.head}.",
    )


def _prepared(entries: Sequence[Entry]) -> list[tuple[Entry, str, str]]:
    reasons_by_code = names("reading_reason")
    things = references.things(entries)
    return [(e, things[e.pk], reasons_by_code.get(e.reason_code, e.reason_code)) for e in entries]


def _row(prepared: tuple[Entry, str, str]) -> tuple[Cell, ...]:
    entry, thing, why = prepared
    href = f"?record={entry.object_type}:{entry.object_id}" if entry.object_id else ""
    return (
        Cell(entry.at),
        Cell(entry.actor.name if entry.actor else "Nobody signed in"),
        Cell(entry.organisation.short_name or entry.organisation.name if entry.organisation else ""),
        Cell(entry.get_operation_display()),
        Cell(thing, href=href),
        Cell(why, hint=entry.reason_text),
        Cell(entry.operation_reference),
    )


def _organisations() -> list[tuple[str, str]]:
    return [(str(o.pk), o.short_name or o.name) for o in Organisation.objects.order_by("name")]


def _operations() -> list[tuple[Any, str]]:
    return list(Operation.choices)


WHO_LOOKED = lists.ListSpec(
    name="ledger",
    title="Who looked",
    noun=("entry", "entries"),
    columns=(
        lists.Column("at", "When", sort=("id",)),
        lists.Column("actor", "Who", sort=("actor__name",)),
        lists.Column("organisation", "Organisation", sort=("organisation__name",)),
        lists.Column("operation", "Did", sort=("operation",)),
        lists.Column("object", "What", sort=("object_type", "object_id")),
        lists.Column("reason", "Why", sort=("reason_code",)),
        lists.Column("reference", "Operation", sort=("operation_reference",)),
    ),
    row=_row,
    prepare=_prepared,
    filters=(
        lists.TextFilter(
            "about",
            "Person or record looked at",
            where=references.entries_about,
            hint="Its reference, or its name as the list shows it",
        ),
        lists.TextFilter("who", "Who looked", fields=("actor__name", "actor__email")),
        lists.ChoiceFilter("operation", "What they did", field="operation", choices=_operations),
        lists.ChoiceFilter("organisation", "Organisation", field="organisation_id", choices=_organisations),
        lists.DateFilter("day", "Day", field="at", moments=True),
    ),
    order="-at",
    empty=Empty(
        "Nothing in the ledger matches",
        "What people read, search, change and export is listed here, with the reason they gave.",
        Link("Show everything", "?"),
    ),
    rewinds=False,
)
