"""The pages of exchange: parse, ask, show. They are not there for roles that do not exchange."""

import tempfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import IO, Any, Concatenate, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.exchange import forms, pages, rules, selectors, services
from fourfold.exchange.models import Import
from fourfold.exchange.rules import Fate, Kind, Layout, State
from fourfold.intake.storage import Store
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.rules import may
from fourfold.platform.ui import exports, fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.jinja import plural
from fourfold.platform.ui.pages import FormPage
from fourfold.threats.record import actor_of

GET_AND_POST = ["GET", "POST"]
LINES_SHOWN = 50
LINES_MENDED = 25
IMPORTS_SHOWN = 50
WHAT: dict[str, tuple[Kind, ...]] = {
    "disruptions": (Kind.DISRUPTIONS,),
    "threats": (Kind.THREATS,),
    "all": tuple(Kind),
}
ZIP = "application/zip"


def exchanges[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A page for those who exchange; for everybody else there is no such page."""

    @login_required
    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may(actor_of(request), rules.USE):
            raise NotThere
        return view(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", checked)


@require_GET
@exchanges
def start(request: HttpRequest) -> HttpResponseBase:
    imports = selectors.imports_of(actor_of(request))[:IMPORTS_SHOWN]
    return render(request, "exchange/start.html", {"page": pages.start_page(selectors.layouts(), tuple(imports))})


@require_http_methods(GET_AND_POST)
@exchanges
def bring(request: HttpRequest) -> HttpResponseBase:
    layouts = selectors.layouts()
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = forms.FileForm(*given, layouts=layouts)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            came = services.receive(
                actor=actor_of(request),
                stream=sent.file,
                name=sent.name or "file",
                layout=_chosen(layouts, form.cleaned_data.get("layout", "")),
                store=_store(),
                now=clock.now(),
                today=clock.today(),
                most_lines=rules.MOST_LINES_ON_A_PAGE,
            )
        except RuleBroken as refused:
            fields.refuse(form, refused)
        else:
            return redirect(pages.address(came))
    page = FormPage(
        title="Bring a file",
        crumbs=pages.crumbs(),
        alerts=pages.default_alert(layouts),
        form=form,
        button="Check the file",
        back=Link("Back to exchange", reverse("exchange:start")),
        lead="The file is kept as it is and checked line by line. Nothing is imported until you have seen the report.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_GET
@exchanges
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = selectors.import_of(pk, actor=actor_of(request))
    lines = selectors.lines_of(found).filter(fate__in=[Fate.REFUSED, Fate.DIFFERS, Fate.CHANGED])
    count = lines.count()
    last = max(1, -(-count // LINES_SHOWN))
    number = min(_number(request), last)
    page = pages.report_page(
        found,
        tuple(lines[(number - 1) * LINES_SHOWN : number * LINES_SHOWN]),
        earlier=selectors.earlier_import(found) if found.state == State.CHECKED else None,
        total_lines=count,
        number=number,
        last=last,
    )
    return render(request, "exchange/report.html", {"page": page})


@require_GET
@exchanges
def report_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The report as a CSV file."""
    found = selectors.import_of(pk, actor=actor_of(request))
    out = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115  the answer closes it
    lines = selectors.lines_of(found).filter(fate__in=[Fate.REFUSED, Fate.DIFFERS, Fate.CHANGED])
    written = exports.write_csv(out, rules.REPORT_HEADINGS, selectors.report_rows(lines.iterator()))
    audit.note(audit.Operation.EXPORT, found, change="report taken", name=found.name, rows=written)
    name = f"OFFICIAL-SENSITIVE report of {Path(found.name).stem}.csv"
    return exports.attached(out, name=name, kind=exports.FORMATS["csv"])


@require_POST
@exchanges
def check(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Check the file again against what is here now."""
    found = selectors.import_of(pk, actor=actor_of(request))
    return _decided(request, found, lambda: _check(request, found), "The file was checked again.")


@require_POST
@exchanges
def drop(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = selectors.import_of(pk, actor=actor_of(request))
    said = "Nothing was imported. The file and its report are kept."
    return _decided(request, found, lambda: services.drop(actor=actor_of(request), of=found, now=clock.now()), said)


@require_http_methods(GET_AND_POST)
@exchanges
def mend(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Refused lines as a table to correct in place."""
    found = _checked_import(request, pk)
    refused = selectors.lines_of(found).filter(fate=Fate.REFUSED)
    lines = tuple(refused[:LINES_MENDED])
    if not lines:
        return redirect(pages.address(found))
    layout = selectors.layout(found.layout)
    asked: dict[str, Any] = {
        "lines": lines,
        "headings": selectors.headings(layout),
        "allowed": selectors.allowed(layout, selectors.words(actor_of(request))),
    }
    form = forms.MendForm(request.POST if request.method == "POST" else None, **asked)
    if request.method == "POST" and form.is_valid():
        corrected = services.mend(actor=actor_of(request), of=found, cells=form.cells())
        if corrected:
            _check(request, found)
        left = selectors.lines_of(found).filter(fate=Fate.REFUSED).count()
        mended = f"{plural(corrected, 'line was', 'lines were')} corrected and checked again."
        still = f"{plural(left, 'is', 'are')} still refused" if left else "None is refused any longer"
        messages.add_message(
            request,
            messages.WARNING if left else messages.SUCCESS,
            f"{mended} {still}.",
        )
        return redirect(pages.address(found))
    page = pages.mend_page(found, form, left=refused.count() - len(lines))
    return render(request, "exchange/mend.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(GET_AND_POST)
@exchanges
def choose(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Lines that differ from the record here, side by side."""
    found = _checked_import(request, pk)
    actor = actor_of(request)
    differing = selectors.lines_of(found).filter(fate__in=[Fate.DIFFERS, Fate.CHANGED])
    lines = tuple(differing[:LINES_MENDED])
    if not lines:
        return redirect(pages.address(found))
    form = forms.ChooseForm(request.POST if request.method == "POST" else None, lines=lines)
    if request.method == "POST" and form.is_valid():
        if services.choose(actor=actor, of=found, lines=form.taken()):
            _check(request, found)
        messages.success(request, "Your choices are kept. They are carried out when you import.")
        return redirect(pages.address(found))
    layout = selectors.layout(found.layout)
    work = services.work_of(actor, layout, found, now=clock.now(), today=clock.today())
    differences = selectors.differences(work, lines)
    audit.note(audit.Operation.CONSULTATION, found, shown="differences", records=[line.record for line in lines])
    page = pages.choose_page(found, form, differences, left=differing.count() - len(lines))
    return render(request, "exchange/choose.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(GET_AND_POST)
@exchanges
def confirm(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Everything, or the good lines."""
    found = _checked_import(request, pk)
    refused = pages.total(found, Fate.REFUSED)
    form = forms.ConfirmForm(request.POST if request.method == "POST" else None, refused=refused)
    if request.method == "POST" and form.is_valid():
        try:
            done = services.confirm(
                actor=actor_of(request),
                of=found,
                layout=selectors.layout(found.layout),
                store=_store(),
                only_good=form.cleaned_data.get("what") == forms.ONLY_GOOD,
                now=clock.now(),
                today=clock.today(),
            )
        except RuleBroken as broken:
            form.add_error(None, broken.sentence)
        else:
            messages.success(request, f"{done.name} was imported.")
            return redirect(pages.address(done))
    new, changed = pages.total(found, Fate.NEW), pages.total(found, Fate.CHANGED)
    page = FormPage(
        title="Import",
        caption=found.name,
        crumbs=pages.crumbs(found),
        form=form,
        button="Import",
        back=Link("Back to the report", pages.address(found)),
        lead=f"{plural(new, 'record', 'records')} will be added and {changed:,} changed, all at once or none.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(GET_AND_POST)
@exchanges
def take(request: HttpRequest) -> HttpResponseBase:
    """What the person may see, as a file of the layout."""
    layouts = selectors.layouts()
    asked: dict[str, Any] = {"layouts": layouts, "bodies": selectors.bodies()}
    form = forms.ExportForm(request.POST if request.method == "POST" else None, **asked)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            return _taken(request, said, _chosen(layouts, said.get("layout", "")))
        except RuleBroken as refused:
            fields.refuse(form, refused)
    page = FormPage(
        title="Take a file",
        crumbs=pages.crumbs(),
        alerts=pages.default_alert(layouts),
        form=form,
        button="Download",
        back=Link("Back to exchange", reverse("exchange:start")),
        lead="The file holds what you may see. People in threats are not in it, nor assessments not decided yet.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_GET
@exchanges
def template(request: HttpRequest) -> HttpResponseBase:
    page = pages.template_page(actor_of(request).organisation, selectors.layouts())
    return render(request, "exchange/template.html", {"page": page})


@require_GET
@exchanges
def template_file(request: HttpRequest, what: str) -> HttpResponseBase:
    """An empty workbook with the force's open threats to choose from."""
    if what not in WHAT:
        raise NotThere
    actor, out = actor_of(request), cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115  the answer closes it
    services.template(
        actor=actor,
        out=out,
        layout=selectors.layout(request.GET.get("layout", "")),
        kinds=WHAT[what],
        now=clock.now(),
        today=clock.today(),
    )
    name = f"OFFICIAL-SENSITIVE {what} to fill in, {actor.organisation.short_name} {clock.today()}.xlsx"
    return exports.attached(out, name=name, kind=exports.FORMATS["xlsx"])


def _taken(request: HttpRequest, said: dict[str, Any], layout: Layout) -> HttpResponseBase:
    out = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115  the answer closes it
    services.export(
        actor=actor_of(request),
        out=out,
        form=said["form"],
        layout=layout,
        wanted=rules.Wanted(
            kinds=tuple(Kind(each) for each in said["sheets"]),
            forces=tuple(said["forces"]),
            first=said["first"],
            last=said["last"],
        ),
        reason=said["reason"],
        recipient=said["recipient"],
        as_recorded_on=said["as_recorded_on"],
        now=clock.now(),
        today=clock.today(),
        most_lines=rules.MOST_LINES_ON_A_PAGE,
    )
    name = f"OFFICIAL-SENSITIVE exchange {said['as_recorded_on'] or clock.today()}.{said['form']}"
    kind = ZIP if said["form"] == "zip" else exports.FORMATS["xlsx"]
    return exports.attached(out, name=name, kind=kind)


def _checked_import(request: HttpRequest, pk: int) -> Import:
    """An import that waits for a decision. One that has been decided has nothing to decide about."""
    found = selectors.import_of(pk, actor=actor_of(request))
    if found.state != State.CHECKED:
        raise NotThere
    return found


def _check(request: HttpRequest, found: Import) -> None:
    services.check(
        actor=actor_of(request),
        of=found,
        layout=selectors.layout(found.layout),
        store=_store(),
        now=clock.now(),
        today=clock.today(),
        most_lines=rules.MOST_LINES_ON_A_PAGE,
    )


def _decided(request: HttpRequest, found: Import, act: Callable[[], object], said: str) -> HttpResponseBase:
    try:
        act()
        messages.success(request, said)
    except RuleBroken as refused:
        messages.warning(request, f"{refused.sentence}.")
    return redirect(pages.address(found))


def _chosen(layouts: tuple[Layout, ...], code: str) -> Layout:
    return next((each for each in layouts if each.code == code), layouts[0])


def _number(request: HttpRequest) -> int:
    typed = request.GET.get("page", "")
    return max(1, int(typed)) if typed.isdecimal() and len(typed) < 7 else 1


def _store() -> Store:
    return Store(Path(settings.INTAKE_FOLDER))
