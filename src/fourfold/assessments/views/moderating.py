"""The steps of the regional unit: taking up, comparing and deciding, returning, seconding, answering appeals."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fourfold.assessments import forms as asked
from fourfold.assessments import rules, selectors, services
from fourfold.assessments.models import Assessment
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules import Side, Values
from fourfold.assessments.rules.definition import Model
from fourfold.assessments.views.asking import GET_AND_POST, ask, opened
from fourfold.assessments.views.record import may_answer, may_decide, may_return, may_second, may_take_up
from fourfold.assessments.views.scoring import may_score_blind
from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Cell, Head, Link, Table
from fourfold.platform.ui.pages import FormPage
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of


@login_required
@require_POST
def take_up(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_take_up)
    try:
        services.take_up(actor=actor_of(request), assessment=found, now=clock.now())
    except RuleBroken as broken:
        messages.error(request, f"{broken.sentence}.")
        return redirect(shown_as.address(found))
    return redirect(shown_as.address(found, "score_blind"))


@login_required
@require_http_methods(GET_AND_POST)
def put_back(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_score_blind)
    form = asked.ReasonForm(request.POST or None)

    def save(said: dict[str, str]) -> None:
        services.put_back(actor=actor_of(request), assessment=found, reason=said["reason"])

    lead = "What you have chosen so far is not shown to whoever takes it up next."
    return ask(
        request, found, form, save, title="Put it back", button="Put it back", done="Put back in the queue.", lead=lead
    )


@dataclass(frozen=True, kw_only=True)
class ComparePage(FormPage):
    """Both sides where they differ, and the outcome to choose."""

    differences: Table
    results: Table
    rest: Link


@login_required
@require_http_methods(GET_AND_POST)
def moderate(request: HttpRequest, reference: str) -> HttpResponse:
    """Both sides, differences only, and the outcome."""
    found = opened(request, reference, may_decide)
    model = selectors.model_by_pk(found.model_id or 0)
    theirs, own = _sides(found)
    changed = rules.differences(theirs, own)
    form = asked.OutcomeForm(request.POST or None, changed=_questions(model, found, theirs, own))
    if request.method == "POST" and form.is_valid():
        try:
            done = services.moderate(
                actor=actor_of(request),
                assessment=found,
                outcome=form.cleaned_data["outcome"],
                reasons=form.reasons(),
                now=clock.now(),
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, _done(done))
            return redirect(shown_as.address(found))
    page = ComparePage(
        title="Compare and decide",
        caption=f"{found.reference} {shown_as.about(found, threats.vocabulary())}",
        crumbs=shown_as.crumbs(found),
        form=form,
        button="Decide",
        back=Link("Back to the assessment", shown_as.address(found)),
        has_errors=bool(form.errors),
        differences=_differences(model, found, changed, theirs, own),
        results=_results(found, model),
        rest=Link("Return it instead, saying what is missing", shown_as.address(found, "send_back")),
    )
    return render(request, "assessments/compare.html", {"page": page}, status=422 if form.errors else 200)


@login_required
@require_http_methods(GET_AND_POST)
def send_back(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_return)
    form = asked.ReasonForm(request.POST or None, label="What is missing?", name="missing", missing="AM11")

    def save(said: dict[str, str]) -> None:
        services.return_assessment(actor=actor_of(request), assessment=found, missing=said["missing"], now=clock.now())

    return ask(
        request,
        found,
        form,
        save,
        title="Return the assessment",
        button="Return it",
        done="Returned to its owner, with what is missing.",
        lead="A new round begins with the force's scores and evidence. Yours are kept, and not shown to them.",
    )


@login_required
@require_http_methods(GET_AND_POST)
def second(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_second)
    sheets = selectors.sheets_of_many([found.pk])
    words = threats.vocabulary()
    was, now = (words.tier_name(sheets[found.pk, side].tier) for side in (Side.ASSESSOR, Side.MODERATOR))
    form = asked.AgreeForm(
        request.POST or None,
        question=f"Do you agree that it goes from {was} to {now}?",
        yes=fields.Choice("Yes", hint="The moderation is decided"),
        no=fields.Choice("No", hint="It goes back to the first moderator"),
    )

    def save(said: dict[str, str]) -> None:
        services.second(
            actor=actor_of(request),
            assessment=found,
            agreed=said["agreed"] == "yes",
            reason=said["reason"],
            now=clock.now(),
        )

    moderator = found.moderator.name if found.moderator else "The moderator"
    reasons = "; ".join(found.reasons.values())
    return ask(
        request,
        found,
        form,
        save,
        title="Agree or not as second moderator",
        button="Save",
        done="Saved.",
        inset=f"{moderator} gave these reasons: {reasons}.",
        lead="Both sides' scores are on the page of the assessment.",
    )


@login_required
@require_http_methods(GET_AND_POST)
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_answer)
    appeal = selectors.appeal_of(found)
    if appeal is None:
        raise NotThere
    form = asked.AnswerForm(request.POST or None)

    def save(said: dict[str, str]) -> None:
        services.decide_appeal(
            actor=actor_of(request),
            appeal=appeal,
            stands=said["stands"] == "yes",
            answer=said["answer"],
            now=clock.now(),
            today=clock.today(),
        )

    return ask(
        request,
        found,
        form,
        save,
        title="Decide the appeal",
        button="Decide",
        done="Decided, and told to the owner.",
        inset=f"{shown_as.person(appeal.made_by)} says: {appeal.why}",
    )


def _sides(found: Assessment) -> tuple[Values, Values]:
    lines = selectors.scores_of_many([found.pk])[found.pk]
    theirs, own = (
        {line.key: line.value for line in lines if line.side == side} for side in (Side.ASSESSOR, Side.MODERATOR)
    )
    return theirs, own


def _questions(model: Model, found: Assessment, theirs: Values, own: Values) -> Mapping[str, str]:
    asked_for = {}
    for key in rules.differences(theirs, own):
        yours, was = (shown_as.score_in_words(side.get(key)).lower() for side in (own, theirs))
        asked_for[key] = f"{model.by_key[key].named(found.threat_type)}: why {yours} and not {was}?"
    return asked_for


def _differences(model: Model, found: Assessment, changed: tuple[str, ...], theirs: Values, own: Values) -> Table:
    def cell(key: str, value: int | None) -> Cell:
        hint = "" if value is None else model.by_key[key].anchor(value, found.threat_type)
        return Cell(shown_as.score_in_words(value), hint=hint)

    same = len(theirs) - len(changed)
    return Table(
        f"Where you differ: {len(changed)} of {len(theirs)} criteria" if changed else "Where you differ",
        (Head("Criterion"), Head("Force"), Head("You")),
        tuple(
            (
                Cell(model.by_key[key].named(found.threat_type)),
                cell(key, theirs.get(key)),
                cell(key, own.get(key)),
            )
            for key in changed
        ),
        empty=f"Nowhere: all {same} criteria are scored alike.",
    )


def _results(found: Assessment, model: Model) -> Table:
    sheets = selectors.sheets_of_many([found.pk])
    words = threats.vocabulary()
    sides = [(side, sheets[found.pk, side]) for side in (Side.ASSESSOR, Side.MODERATOR)]
    harm, likelihood = model.sections[model.harm].name, model.sections[model.likelihood].name
    heads = ("Side", "Tier", "Risk", harm, likelihood, "Priority")
    return Table(
        "What each comes to",
        tuple(Head(text, numeric=place > 1) for place, text in enumerate(heads)),
        tuple(
            (
                Cell("Force" if side == Side.ASSESSOR else "You"),
                Cell("", tag=shown_as.tier_tag(sheet.tier, words)),
                *(Cell(shown_as.shown(value)) for value in (sheet.risk, sheet.harm, sheet.likelihood, sheet.priority)),
            )
            for side, sheet in sides
        ),
    )


def _done(found: Assessment) -> str:
    if found.status == rules.Status.IN_MODERATION:
        return "Saved. The tier changes, so a second moderator is asked to agree."
    return f"{rules.OUTCOME_NAMES[found.outcome]}. The threat has its tier."
