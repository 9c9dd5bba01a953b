"""Themes: ranked for an area and a year, and scored as threats are."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.assessments import forms as asked
from fourfold.assessments import rules, selectors, services
from fourfold.assessments.pages import thematic as pages
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules import Kind
from fourfold.assessments.views.asking import GET_AND_POST
from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.pages import FormPage
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of, reads_threats


@login_required
@require_GET
@reads_threats
def themes(request: HttpRequest) -> HttpResponse:
    actor, areas = actor_of(request), selectors.areas()
    area = next((each for each in areas if each.code == request.GET.get("area")), None) or _own(actor, areas)
    typed = request.GET.get("year", "")
    year = int(typed) if typed.isdecimal() and len(typed) == 4 else clock.today().year
    ranked = selectors.themes_scored(area.code, year)
    used = {each.model_id for each in ranked if each.model_id}
    page = pages.themes_page(
        area=area,
        areas=areas,
        year=year,
        ranked=ranked,
        waiting=selectors.themes_open(area.code, year),
        models={pk: selectors.model_by_pk(pk) for pk in used},
        rule=selectors.strategy_rule(),
        words=threats.vocabulary(),
        begin=reverse("assessments:begin_theme") if _may_begin(actor) else "",
        crumbs=(Link("My work", reverse("home:work")),),
    )
    return render(request, "assessments/themes.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def begin(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    if not _may_begin(actor):
        raise NotThere
    today = clock.today()
    areas = [each for each in selectors.areas() if rules.may_assess(actor, owner=each.code, audience="REGION")]
    words = threats.vocabulary()
    models = selectors.models_in_force(Kind.THEMATIC, on=today)
    themes_by_code = {code: words.theme_name(code) for code in words.themes}
    form = asked.ThemeForm(request.POST or None, models=models, themes=themes_by_code, areas=areas, today=today)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        themed = services.Themed(said["theme"], next(each for each in areas if each.code == said["area"]), said["year"])
        model = next((each for each in models if each.code == said.get("model")), None)
        try:
            made = services.begin_assessment(actor=actor, themed=themed, model=model, now=clock.now(), today=today)
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            return redirect(shown_as.address(made, "score"))
    page = FormPage(
        title="Score a theme",
        crumbs=(Link("My work", reverse("home:work")), Link("Themes", reverse("assessments:themes"))),
        form=form,
        button="Begin",
        lead="For the strategic assessment: one theme, in one area, for one year.",
        back=Link("Back to the themes", reverse("assessments:themes")),
        has_errors=bool(form.errors),
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def _may_begin(actor: User) -> bool:
    return rules.may_assess(actor, owner=actor.organisation.code, audience="REGION")


def _own(actor: User, areas: tuple[Organisation, ...]) -> Organisation:
    own = next((each for each in areas if each.pk == actor.organisation_id), None)
    found = own or next(iter(areas), None)
    if found is None:
        raise NotThere
    return found
