"""The pages of intake. Seeing needs the capability `intake.read`; changing anything needs `intake.manage`."""

import tempfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import Concatenate, cast

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.intake import pages, rules, selectors, services
from fourfold.intake.forms import ReasonForm, RepairForm, UploadForm
from fourfold.intake.lists import BATCHES, NOT_LOADED
from fourfold.intake.models import Batch, Quarantined, Source
from fourfold.intake.rules import RowState, State
from fourfold.intake.storage import CHUNK, Store
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import User
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields, lists
from fourfold.platform.ui.components import Action, Link
from fourfold.platform.ui.jinja import plural
from fourfold.platform.ui.pages import Foot, FormPage

LONGEST_HEADS = 4096


def _needs[**P](
    capability: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]
]:
    """Who lacks the capability is told that there is no such page."""

    def wrap(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not isinstance(request.user, User) or not may(request.user, capability):
                raise NotThere
            return view(request, *args, **kwargs)

        return checked

    return wrap


@require_GET
@_needs("intake.read")
def sources(request: HttpRequest) -> HttpResponseBase:
    """Sources as rows: last batch, fresh or late, what became of its rows."""
    lines = selectors.source_lines(selectors.sources(), now=clock.now())
    page = pages.sources_page(lines, opens_rows=_may(request, "person.read"))
    return render(request, "intake/sources.html", {"page": page})


@require_GET
@_needs("intake.read")
def source(request: HttpRequest, code: str) -> HttpResponseBase:
    """One source and its batches."""
    found = selectors.source_of(code)
    (line,) = selectors.source_lines([found], now=clock.now())
    actions: tuple[Action, ...] = ()
    if _may_upload(request, found):
        actions = (Action("Upload an extract", href=reverse("intake:upload", args=[code]), kind="primary"),)
    found_batches = selectors.batches().filter(source=found)
    if request.GET.get("export"):
        return lists.show_list(request, found_batches, BATCHES, title=found.name)
    listed = lists.build_list(
        request,
        found_batches,
        BATCHES,
        title=found.name,
        crumbs=(Link("Intake", reverse("intake:sources")),),
        actions=actions,
        foot=Foot(seen_by=f"{found.label}."),
    )
    page = pages.source_page(listed, found, line, names=selectors.names_of_organisations())
    return render(request, "intake/source.html", {"page": page})


@require_http_methods(["GET", "POST"])
@_needs("intake.manage")
def upload(request: HttpRequest, code: str) -> HttpResponseBase:
    """Bring an extract by hand."""
    found = selectors.source_of(code)
    if not _may_upload(request, found):
        raise NotThere
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        try:
            received = _receive_file(found, form.cleaned_data["delivery"])
        except RuleBroken as refusal:
            fields.refuse(form, refusal)
        else:
            level = messages.WARNING if received.again or received.batch.state == State.REFUSED else messages.SUCCESS
            messages.add_message(request, level, f"{received.sentence}.")
            return redirect("intake:batch", received.batch.pk)
    page = FormPage(
        title="Upload an extract",
        caption=found.name,
        crumbs=pages.crumbs_of(found),
        form=form,
        button="Upload",
        back=Link("Cancel", reverse("intake:source", args=[code])),
        lead="The file is kept as it is. It is checked and loaded once you have sent it; it shows whole or not at all.",
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_GET
@_needs("intake.read")
def batch(request: HttpRequest, batch_id: int) -> HttpResponseBase:
    """One batch to its reconciliation."""
    found = selectors.batch_of(batch_id)
    runs = list(selectors.runs_of(found))
    page = pages.batch_page(
        found,
        files=selectors.file_counts(found),
        by_rule=selectors.rule_lines(found),
        overtaken=selectors.overtaken_in(found),
        warnings=selectors.warnings_of(found),
        measures=list(selectors.measures_of(found)),
        runs=runs,
        arrivals=list(selectors.arrivals_of(found)),
        supplements=list(selectors.supplements_of(found)),
        findings=selectors.findings_of(runs),
        forces=selectors.names_of_organisations(),
        actions=_batch_actions(request, found),
        opens_rows=_may(request, "person.read"),
    )
    return render(request, "intake/batch.html", {"page": page})


@require_POST
@_needs("intake.manage")
def run_again(request: HttpRequest, batch_id: int) -> HttpResponseBase:
    """Ask the worker to take up a batch that stopped."""
    found = selectors.batch_of(batch_id)
    if not _may_upload(request, found.source):
        raise NotThere
    try:
        services.run_again(batch=found)
        messages.success(request, "The batch is waiting for the worker. What was done is kept.")
    except RuleBroken as refusal:
        messages.warning(request, f"{refusal.sentence}.")
    return redirect("intake:batch", found.pk)


@require_GET
@_needs("intake.read")
@needs_reason
def not_loaded_of_source(request: HttpRequest, code: str) -> HttpResponseBase:
    """Rows of every batch of a source that were not loaded."""
    found = selectors.source_of(code)
    if "export" not in request.GET:
        audit.note(Operation.CONSULTATION, found, reason=reason_of(request), shown="rows not loaded")
    return lists.show_list(
        request,
        selectors.not_loaded().filter(batch__source=found),
        NOT_LOADED,
        title="Rows not loaded",
        caption=found.name,
        crumbs=pages.crumbs_of(found),
        lead="Each row is kept as it was delivered. Repair it, and it goes through the same rules again.",
    )


@require_GET
@_needs("intake.read")
@needs_reason
def not_loaded(request: HttpRequest, batch_id: int) -> HttpResponseBase:
    """Rows of a batch that were not loaded, with the very value and line."""
    found = selectors.batch_of(batch_id)
    rows = selectors.not_loaded().filter(batch=found)
    actions: tuple[Action, ...] = ()
    rule = request.GET.get("rule", "")
    mine = selectors.writable(rows).filter(state=RowState.OPEN, rule_code=rule) if rule else rows.none()
    if _may(request, "intake.manage") and mine.exists():
        address = reverse("intake:dismiss", args=[found.pk])
        actions = (Action(f"Dismiss the open rows of {rule}", href=f"{address}?rule={rule}"),)
    if "export" not in request.GET:
        audit.note(Operation.CONSULTATION, found, reason=reason_of(request), shown="rows not loaded", rule=rule)
    return lists.show_list(
        request,
        rows,
        NOT_LOADED,
        title="Rows not loaded",
        caption=f"{found.source.name}, batch {found.pk}",
        crumbs=(*pages.crumbs_of(found.source), pages.batch_link(found)),
        actions=actions,
        lead="Each row is kept as it was delivered. Repair it, and it goes through the same rules again.",
    )


@require_http_methods(["GET", "POST"])
@_needs("intake.manage")
def dismiss(request: HttpRequest, batch_id: int) -> HttpResponseBase:
    """Close the open rows of one rule without loading them."""
    found = selectors.batch_of(batch_id)
    rule = request.GET.get("rule", "").replace("\x00", "")
    open_rows = selectors.not_loaded().filter(batch=found, rule_code=rule, state=RowState.OPEN)
    mine = selectors.writable(open_rows)
    count = mine.count()
    if not count:
        raise NotThere
    form = ReasonForm(request.POST) if request.method == "POST" else ReasonForm()
    if request.method == "POST" and form.is_valid():
        try:
            done = services.dismiss_rows(rows=mine, reason=form.cleaned_data["reason"], now=clock.now())
        except RuleBroken as refusal:
            fields.refuse(form, refusal)
        else:
            messages.success(request, f"{done:,} dismissed. They stay on record as they were delivered.")
            return redirect(f"{reverse('intake:not_loaded', args=[found.pk])}?rule={rule}")
    page = FormPage(
        title=f"Dismiss {plural(count, 'row', 'rows')} of {rule}",
        caption=f"{found.source.name}, batch {found.pk}",
        crumbs=(*pages.crumbs_of(found.source), pages.batch_link(found), pages.not_loaded_link(found)),
        form=form,
        button="Dismiss",
        warning=True,
        back=Link("Cancel", pages.not_loaded_link(found).href),
        lead=pages.sentence_of(rule),
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@_needs("intake.read")
@needs_reason
def row(request: HttpRequest, batch_id: int, row_id: int) -> HttpResponseBase:
    """One row that was not loaded: see it, and repair it."""
    found = selectors.row_of(selectors.batch_of(batch_id), row_id)
    faults = selectors.faults_of(found)
    may_repair = _may_repair(request, found)
    if request.method == "POST" and not may_repair:
        raise NotThere
    form = None
    if may_repair:
        heads = _first_line(found.batch, found.file) if found.file.lower().endswith(".csv") else ""
        form = RepairForm(faults, request.POST if request.method == "POST" else None, heads=heads)
        if request.method == "POST" and form.is_valid():
            try:
                supplement = services.repair_line(
                    batch=found.batch,
                    file=found.file,
                    line=found.line,
                    values=form.values,
                    reason=form.cleaned_data["reason"],
                    store=_store(),
                    now=clock.now(),
                )
            except RuleBroken as refusal:
                refusal.field = "reason" if refusal.field == "reason" else form.first
                fields.refuse(form, refusal)
            else:
                messages.success(request, "The row was repaired and is going through the rules again.")
                return redirect("intake:batch", supplement.pk)
    if request.method == "GET":
        audit.note(Operation.CONSULTATION, found, reason=reason_of(request), shown="row not loaded")
    dismiss_address = f"{reverse('intake:dismiss', args=[found.batch_id])}?rule={found.rule_code}" if form else ""
    page = pages.row_page(found, faults, form=form, dismiss=dismiss_address)
    return render(request, "intake/row.html", {"page": page}, status=422 if page.errors_shown else 200)


def _first_line(batch: Batch, file: str) -> str:
    """The first line of a delivered file, which names its columns; empty where the file is not among those kept."""
    kept = next((each["sha256"] for each in batch.contents if PurePosixPath(each["name"]).name == file), None)
    path = _store().path_of(kept) if kept else None
    if path is None or not path.is_file():
        return ""
    with path.open("rb") as delivered:
        return delivered.readline(LONGEST_HEADS).decode("utf-8-sig", errors="replace").strip()


def _receive_file(found: Source, sent: "UploadedFile[bytes]") -> services.Received:
    store = _store()
    store.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=store.folder) as kept:
        for chunk in sent.chunks(CHUNK):
            kept.write(chunk)
        kept.flush()
        return services.receive(
            source=found,
            path=Path(kept.name),
            store=store,
            how=rules.How.PAGE,
            now=clock.now(),
            today=clock.today(),
            name=sent.name or "upload",
        )


def _batch_actions(request: HttpRequest, found: Batch) -> tuple[Action, ...]:
    if found.state == State.FAILED and _may_upload(request, found.source):
        return (Action("Run again", href=reverse("intake:run_again", args=[found.pk]), post=True, kind="primary"),)
    return ()


def _may(request: HttpRequest, capability: str) -> bool:
    return may(cast("User", request.user), capability)


def _may_upload(request: HttpRequest, found: Source) -> bool:
    user = cast("User", request.user)
    return rules.may_deliver(
        user, organisation=user.organisation.code, owner=found.owner.code, forces=tuple(found.forces)
    )


def _may_repair(request: HttpRequest, found: Quarantined) -> bool:
    is_ready = found.state == RowState.OPEN and found.batch.state == State.PUBLISHED
    rows = selectors.writable(selectors.not_loaded().filter(pk=found.pk))
    return is_ready and _may(request, "intake.manage") and rows.exists()


def _store() -> Store:
    return Store(Path(settings.INTAKE_FOLDER))
