"""Pages of figures: parse, ask, show. Every page reads as its reader and as recorded on the date asked for."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.performance import (
    comparing,
    dashboards,
    inspection,
    lists,
    pages,
    printing,
    quadrants,
    rules,
    selectors,
    services,
    sheets,
)
from fourfold.performance.forms import ReaderForm, RegionsForm
from fourfold.performance.rules import Measure
from fourfold.performance.selectors import Asked, Bodies
from fourfold.platform import clock
from fourfold.platform.audit.reasons import reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Action, Alert, Link
from fourfold.platform.ui.lists import Rewind, build_list, recorded_on, show_list
from fourfold.platform.ui.pages import FormPage
from fourfold.threats.record import actor_of, reads_threats

GET_AND_POST = ["GET", "POST"]
MOST_IN_A_PDF = 5_000


@dataclass(frozen=True)
class Question:
    """What an address asks: of which body, as recorded on which day, over which period, under which reading."""

    asked: Asked
    rewind: Rewind
    known: Bodies
    alerts: tuple[Alert, ...]


def question(request: HttpRequest) -> Question:
    """Raises `NotThere` for a body that is none."""
    rewind = recorded_on(request)
    known = selectors.bodies()
    body = request.GET.get("body", "")
    if body:
        known.by_code(body)
    today = clock.today()
    asked = Asked(today, rewind.on, request.GET.get("reading", ""), body=body)
    alerts = rewind.alerts
    typed = [request.GET.get(key, "").strip() for key in ("from", "to")]
    if any(typed):
        try:
            asked = replace(asked, period=_period(*typed))
        except RuleBroken as broken:
            alerts = (*alerts, Alert("error", broken.sentence))
    return Question(asked, rewind, known, alerts)


def _period(first: str, last: str) -> rules.Period:
    """Raises `RuleBroken` FG2."""
    days = [fields.read_date(typed) for typed in (first, last)]
    if days[0] is None or days[1] is None:
        raise RuleBroken("FG2", "Give the first and the last day of the period, like 27/3/2023", "from")
    return rules.check_period(days[0], days[1])


def _under_known_reading(of: Measure, asked: Asked) -> Asked:
    return asked if asked.reading in of.extract.readings else replace(asked, reading="")


@login_required
@require_GET
@reads_threats
def threats(request: HttpRequest) -> HttpResponseBase:
    told = _told(request)
    return _dashboard(request, told, dashboards.threats_page(told))


@login_required
@require_GET
@reads_threats
def disruptions(request: HttpRequest) -> HttpResponseBase:
    told = _told(request)
    return _dashboard(request, told, dashboards.disruptions_page(told))


@login_required
@require_GET
@reads_threats
def plans(request: HttpRequest) -> HttpResponseBase:
    told = _told(request)
    return _dashboard(request, told, dashboards.plans_page(told))


@login_required
@require_GET
@reads_threats
def plan_on_a_page(request: HttpRequest) -> HttpResponse:
    """The four Ps as quadrants. The first time it is of the reader's own force or unit."""
    told = _told(request)
    own = actor_of(request).organisation.code
    if "body" not in request.GET and any(body.code == own for body in told.known.all):
        told = replace(told, asked=replace(told.asked, body=own))
    page = quadrants.quadrants_page(told, theme=request.GET.get("theme", ""))
    return render(request, "performance/quadrants.html", {"page": page})


def _told(request: HttpRequest) -> dashboards.Told:
    asks = question(request)
    return dashboards.Told(asks.asked, asks.known, asks.rewind, actor_of(request), asks.alerts)


def _dashboard(request: HttpRequest, told: dashboards.Told, page: dashboards.DashboardPage) -> HttpResponseBase:
    """The page, or every number on it as a file."""
    wanted = request.GET.get("export", "")
    if wanted in printing.FORMATS:
        sheet = sheets.dashboard_sheet(page, told.asked, reader=told.reader)
        return printing.deliver(sheet, wanted=wanted, day=told.asked.day, reason=reason_of(request))
    files = tuple(_as_file(request, kind, text) for kind, text in pages.FILES)
    return render(request, "performance/dashboard.html", {"page": replace(page, files=files)})


@login_required
@require_GET
@reads_threats
def trend(request: HttpRequest, code: str) -> HttpResponseBase:
    """One measure at the end of each of the last twelve months: each point is its own look back."""
    of = selectors.measure(code)
    told = _told(request)
    told = replace(told, asked=_under_known_reading(of, replace(told.asked, period=None)))
    return _dashboard(request, told, dashboards.trend_page(told, of))


@login_required
@require_GET
@reads_threats
def measures(request: HttpRequest) -> HttpResponse:
    links = (
        Link("Tokens for programs that read figures", reverse("performance:readers")),
        Link("Counts of other regions", reverse("performance:regions")),
    )
    page = pages.registry_page(selectors.measures(), reader=actor_of(request), rewind=recorded_on(request), links=links)
    return render(request, "performance/registry.html", {"page": page})


@login_required
@require_GET
@reads_threats
def measure(request: HttpRequest, code: str) -> HttpResponseBase:
    of = selectors.measure(code)
    asks = question(request)
    asked = _under_known_reading(of, asks.asked)
    figures = {
        reading: pages.shown_to(
            actor_of(request), selectors.figures_of(of, replace(asked, reading=reading), bodies_known=asks.known)
        )
        for reading in (of.extract.readings or {"": ""})
    }
    chosen = figures[asked.reading or of.extract.default_reading]
    wanted = request.GET.get("export", "")
    if wanted in printing.FORMATS:
        sheet = sheets.measure_sheet(of, asked, chosen, asks.known, reader=actor_of(request))
        return printing.deliver(sheet, wanted=wanted, day=asked.day, reason=reason_of(request))
    page = pages.measure_page(of, asked, figures, asks.known, reader=actor_of(request), rewind=asks.rewind)
    return render(request, "performance/measure.html", {"page": replace(page, alerts=asks.alerts)})


@login_required
@require_GET
@reads_threats
def rows(request: HttpRequest, code: str) -> HttpResponseBase:
    """The rows that a figure counts. The body is one of the list's own filters."""
    of = selectors.measure(code)
    asks = question(request)
    asked = _under_known_reading(of, asks.asked)
    whole = request.GET.get("all") == "1"
    queryset = selectors.rows_of(of, replace(asked, body=""), part=not whole, bodies_known=asks.known)
    spec = lists.spec(of, asked, asks.known)
    words = "; ".join(selectors.filter_in_words(of, reading=asked.reading, part=not whole))
    given: dict[str, Any] = {
        "title": f"Rows of {of.name}",
        "crumbs": pages.crumbs(
            Link("Measures", reverse("performance:measures")),
            Link(of.name, pages.address("measure", of, pages.asked_as_query(of, asked))),
        ),
        "lead": f"{words}.",
        "foot": pages.foot(actor_of(request)),
    }
    wanted = request.GET.get("export", "")
    if wanted in {"csv", "xlsx"}:
        return show_list(request, queryset, spec, title=given["title"])
    if wanted == "pdf":
        return _rows_as_pdf(request, of, asked, queryset=queryset, spec=spec, known=asks.known)
    page = build_list(request, queryset, spec, **given)
    query = {k: v for k, v in pages.asked_as_query(of, asked).items() if k != "body" and v not in {None, ""}}
    if whole:
        query["all"] = "1"
    page = replace(
        page,
        kept=(*page.kept, *((key, str(value)) for key, value in query.items() if key != "as_recorded_on")),
        clear=pages.address("rows", of, query),
        exports=(*page.exports, _as_file(request, "pdf", "Download as PDF")) if page.total else (),
    )
    return render(request, "ui/list.html", {"page": page})


def _as_file(request: HttpRequest, kind: str, text: str) -> Link:
    query = request.GET.copy()
    query["export"] = kind
    return Link(text, f"?{query.urlencode()}")


def _rows_as_pdf(
    request: HttpRequest, of: Measure, asked: Asked, *, queryset: Any, spec: Any, known: Bodies
) -> HttpResponseBase:
    page = build_list(request, queryset, replace(spec, page_size=MOST_IN_A_PDF))
    if page.total > MOST_IN_A_PDF:
        sentence = (
            f"A PDF holds {MOST_IN_A_PDF:,} rows and this list has {page.total:,}. Filter it, or take the CSV file."
        )
        page = replace(build_list(request, queryset, spec), alerts=(Alert("error", sentence),))
        return HttpResponse(render(request, "ui/list.html", {"page": page}).content, status=422)
    chips = "; ".join(f"{chip.heading}: {chip.text}" for chip in page.chips)
    facts = (*sheets.definition(of, asked, known), ("Filters of the list", chips or "none"))
    sheet = printing.Sheet(
        f"rows of {of.code}",
        f"Rows of {of.name}",
        printing.facts_of(facts, taken_by=actor_of(request).name, taken_on=asked.today),
        tuple(column.heading for column in spec.columns),
        tuple(tuple(cell.value for cell in row) for row in page.rows),
    )
    return printing.deliver(sheet, wanted="pdf", day=asked.day, reason=reason_of(request))


@login_required
@require_GET
@reads_threats
def changes(request: HttpRequest, code: str) -> HttpResponseBase:
    """What came, went and changed in the rows of a figure between two dates."""
    of = selectors.measure(code)
    known = selectors.bodies()
    today = clock.today()
    typed = {key: request.GET.get(key, "").strip() for key in ("from", "to", "body", "reading")}
    if typed["body"]:
        known.by_code(typed["body"])
    asked = _under_known_reading(of, Asked(today, reading=typed["reading"], body=typed["body"]))
    found, problem = None, ""
    if typed["from"] or typed["to"]:
        try:
            found = _difference(of, asked, (typed["from"], typed["to"]), known)
        except RuleBroken as broken:
            problem = broken.sentence
    wanted = request.GET.get("export", "")
    if found and wanted in printing.FORMATS:
        sheet = sheets.changes_sheet(found, known, reader=actor_of(request))
        return printing.deliver(sheet, wanted=wanted, day=today, reason=reason_of(request))
    form = pages.compare_form(of, asked, earlier=typed["from"], later=typed["to"], problem=problem)
    page = pages.changes_page(found, of, asked, known, form=form, reader=actor_of(request))
    return render(request, "performance/changes.html", {"page": page})


def _difference(of: Measure, asked: Asked, typed: tuple[str, str], known: Bodies) -> comparing.Difference:
    """Raises `RuleBroken` FG3."""
    days = [fields.read_date(each) for each in typed]
    if days[0] is None or days[1] is None:
        raise RuleBroken("FG3", "Give two real dates, like 4/1/2023")
    rules.check_moments(days[0], days[1], today=asked.today)
    period = rules.year_to(days[1]) if of.has_period else None
    earlier, later = (replace(asked, on=day, period=period) for day in days)
    return comparing.compare(of, earlier=earlier, later=later, now=clock.now(), known=known)


@login_required
@require_GET
@reads_threats
def inspected(request: HttpRequest) -> HttpResponseBase:
    """The report's table beside ours."""
    rewind = recorded_on(request)
    today = clock.today()
    lines = inspection.lines(today=today, on=rewind.on, shown=partial(pages.shown_to, actor_of(request)))
    wanted = request.GET.get("export", "")
    if wanted in printing.FORMATS:
        sheet = sheets.inspection_sheet(lines, asked=Asked(today, rewind.on), reader=actor_of(request))
        return printing.deliver(sheet, wanted=wanted, day=rewind.on or today, reason=reason_of(request))
    page = pages.inspection_page(lines, reader=actor_of(request), rewind=rewind)
    return render(request, "performance/inspection.html", {"page": page})


@login_required
@require_GET
@reads_threats
def regions(request: HttpRequest) -> HttpResponse:
    reader = actor_of(request)
    actions = (
        (Action("Import counts", reverse("performance:import_regions"), kind="primary"),)
        if may(reader, rules.MANAGE)
        else ()
    )
    page = pages.regions_page(selectors.region_counts(), reader=reader, actions=actions)
    return render(request, "performance/regions.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def import_regions(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not may(actor, rules.MANAGE):
        raise NotThere
    form = RegionsForm(request.POST, request.FILES) if request.method == "POST" else RegionsForm()
    if request.method == "POST" and form.is_valid():
        try:
            counts = rules.read_regions(form.cleaned_data["file"], today=clock.today())
            kept = services.import_region_counts(actor=actor, counts=counts)
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, f"{kept} counts of other regions are kept.")
            return redirect("performance:regions")
    page = FormPage(
        title="Import counts of other regions",
        crumbs=pages.crumbs(Link("Counts of other regions", reverse("performance:regions"))),
        form=form,
        button="Import",
        back=Link("Back", reverse("performance:regions")),
        has_errors=bool(form.errors),
    )
    return _answered(request, page, form)


@login_required
@require_GET
@reads_threats
def readers(request: HttpRequest) -> HttpResponse:
    """The reader's own tokens, without the tokens themselves."""
    return _readers_shown(request)


def _readers_shown(request: HttpRequest, token: str = "") -> HttpResponse:
    reader = actor_of(request)
    actions = (
        (Action("Make a token", reverse("performance:make_reader"), kind="primary"),)
        if may(reader, rules.WRITES)
        else ()
    )
    page = pages.readers_page(selectors.readers_of(reader), token=token, reader=reader, actions=actions)
    return render(request, "performance/readers.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def make_reader(request: HttpRequest) -> HttpResponse:
    """Answers with the token itself: a redirect would have to keep it somewhere until the next page."""
    actor = actor_of(request)
    if not may(actor, rules.WRITES):
        raise NotThere
    form = ReaderForm(request.POST) if request.method == "POST" else ReaderForm()
    if request.method == "POST" and form.is_valid():
        try:
            token = services.make_reader(
                actor=actor,
                owner=actor,
                name=form.cleaned_data["name"],
                expires_on=form.cleaned_data["expires_on"],
                takes_files=form.cleaned_data["takes_files"],
                now=clock.now(),
                today=clock.today(),
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            return _readers_shown(request, token)
    page = FormPage(
        title="Make a token",
        crumbs=pages.crumbs(Link("Tokens for programs", reverse("performance:readers"))),
        form=form,
        button="Make the token",
        back=Link("Back", reverse("performance:readers")),
        has_errors=bool(form.errors),
    )
    return _answered(request, page, form)


@login_required
@require_POST
@reads_threats
def withdraw_reader(request: HttpRequest, pk: int) -> HttpResponse:
    withdrawn = services.withdraw_reader(actor=actor_of(request), pk=pk, now=clock.now())
    messages.success(request, f"The token for {withdrawn.name} is not taken any more.")
    return redirect("performance:readers")


def _answered(request: HttpRequest, page: FormPage, form: Any) -> HttpResponse:
    """A form with errors answers 422 and keeps what was typed."""
    answer = render(request, "ui/form.html", {"page": page})
    if form.errors:
        answer.status_code = 422
    return answer
