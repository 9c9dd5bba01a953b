"""One assessment, the part of a threat that shows what stands, and the steps of the owner's side."""

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from fourfold.assessments import forms as asked
from fourfold.assessments import rules, selectors, services
from fourfold.assessments.models import Assessment
from fourfold.assessments.pages import listing as list_pages
from fourfold.assessments.pages import record as pages
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules import Case, Kind, Side, Status
from fourfold.assessments.views.asking import GET_AND_POST, ask, opened
from fourfold.assessments.views.scoring import OWN_UNITS, may_score, may_score_blind
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import User
from fourfold.platform.ui import fields, lists
from fourfold.platform.ui.components import Action, Alert, Link
from fourfold.platform.ui.pages import FormPage
from fourfold.threats import pages as threat_pages
from fourfold.threats import record
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of, reads_threats

if TYPE_CHECKING:
    from fourfold.threats.models import Threat


@login_required
@require_GET
@reads_threats
def threat(request: HttpRequest, reference: str) -> HttpResponse:
    """What stands of a threat's assessment, at any past date."""
    rewind = lists.recorded_on(request)
    actor = actor_of(request)
    # Who sees which scores is decided by how far each assessment is now, whatever day is read.
    now_seen = {each.pk: _seen_by(actor, each) for each in selectors.all_of(threats.threat(reference))}
    with rewind.applied():
        told = record.told_of(request, reference, rewind)
        every = selectors.all_of(told.threat)
        stands = selectors.assessment_of(told.threat)
        is_open = next((each for each in every if each.status in rules.OPEN), None)
        first = stands or is_open
        shown = None
        if first is not None:
            heading = "What stands" if stands else "Not decided yet"
            shown = _shown(
                first, sees=now_seen.get(first.pk, (False, False)), heading=heading, today_links=rewind.on is None
            )
        page = pages.threat_page(
            record.frame(told, "assessment"),
            shown=shown,
            others=[each for each in every if first is None or each.pk != first.pk],
            begin=shown_as.of_threat(reference, "begin") if _may_begin(actor, told.threat) and is_open is None else "",
            actions=() if rewind.on else _threat_actions(actor, told.threat, stands, is_open),
            alerts=() if rewind.on else _prompts(actor, told.threat, stands, is_open),
        )
    audit.note(
        audit.Operation.CONSULTATION, told.threat, reference=reference, part="assessment", as_recorded_on=rewind.on
    )
    return render(request, "assessments/threat.html", {"page": page})


@login_required
@require_GET
@reads_threats
def listing(request: HttpRequest) -> HttpResponseBase:
    spec = list_pages.spec(threats.vocabulary(), clock.today())
    others = (
        Action("Themes", reverse("assessments:themes"), kind="link"),
        Action("Scoring models", reverse("assessments:models"), kind="link"),
    )
    return lists.show_list(request, selectors.assessments(), spec, crumbs=shown_as.crumbs(), actions=others)


@login_required
@require_GET
@reads_threats
def assessment(request: HttpRequest, reference: str) -> HttpResponse:
    found = selectors.assessment(reference)
    actor, case = actor_of(request), selectors.case_of(found)
    appeal = selectors.appeal_of(found)
    alerts = pages.reason_alerts(found)
    if found.status in rules.WITH_THE_UNIT and rules.may_moderate(actor, case) and rules.is_own_units(actor, case):
        alerts = (*alerts, Alert("information", OWN_UNITS))
    page = pages.assessment_page(
        found,
        shown=_shown(found, sees=_seen_by(actor, found, case), heading="", today_links=True),
        words=threats.vocabulary(),
        appeal=appeal,
        actions=actions_for(actor, found, case, appealed=appeal is not None, undecided=_undecided(appeal)),
        alerts=alerts,
    )
    audit.note(audit.Operation.CONSULTATION, found, reference=found.reference)
    return render(request, "assessments/assessment.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def begin(request: HttpRequest, reference: str) -> HttpResponse:
    of = threats.threat(reference)
    actor = actor_of(request)
    if not _may_begin(actor, of):
        raise NotThere
    models = selectors.models_in_force(Kind.TACTICAL, on=clock.today())
    form = asked.BeginForm(request.POST or None, models=models)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data.get("model")
        try:
            made = services.begin_assessment(
                actor=actor,
                threat=of,
                soc=form.cleaned_data["soc"] == "yes",
                model=next((each for each in models if each.code == chosen), None),
                now=clock.now(),
                today=clock.today(),
            )
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            return redirect(shown_as.address(made, "score"))
    stands = selectors.assessment_of(of)
    lead = ""
    if stands is not None:
        lead = f"{stands.reference} stands until the new one is decided. It is not changed or worked out again."
    page = FormPage(
        title="Assess this threat",
        caption=f"{of.reference} {of.name}",
        crumbs=threat_pages.crumbs(of),
        form=form,
        button="Begin",
        lead=lead,
        inset=_model_words(models),
        back=Link("Back to the threat", shown_as.of_threat(reference)),
        has_errors=bool(form.errors),
    )
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@login_required
@require_http_methods(GET_AND_POST)
def check(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_check)
    form = asked.AgreeForm(
        request.POST or None,
        question="Do you agree with the scores and their evidence?",
        yes=fields.Choice("Yes", hint="It goes to the regional unit to be moderated"),
        no=fields.Choice("No", hint="It goes back to whoever scored it"),
    )

    def save(said: dict[str, str]) -> None:
        services.check_assessment(
            actor=actor_of(request),
            assessment=found,
            agreed=said["agreed"] == "yes",
            reason=said["reason"],
            now=clock.now(),
            today=clock.today(),
        )

    lead = "You check it because somebody other than the people who scored it must."
    return ask(request, found, form, save, title="Check the assessment", button="Save", done="Checked.", lead=lead)


@login_required
@require_http_methods(GET_AND_POST)
def take_back(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_take_back)
    form = asked.ReasonForm(request.POST or None)

    def save(said: dict[str, str]) -> None:
        services.take_back(actor=actor_of(request), assessment=found, reason=said["reason"])

    then = shown_as.address(found, "score")
    return ask(
        request,
        found,
        form,
        save,
        title="Take it back",
        button="Take it back",
        done="It can be scored again.",
        then=then,
    )


@login_required
@require_http_methods(GET_AND_POST)
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_withdraw)
    form = asked.ReasonForm(request.POST or None)

    def save(said: dict[str, str]) -> None:
        services.withdraw_assessment(actor=actor_of(request), assessment=found, reason=said["reason"], now=clock.now())

    return ask(
        request,
        found,
        form,
        save,
        title="Withdraw this assessment",
        button="Withdraw",
        done="Withdrawn. It stays on the record as not moderated.",
        lead="It ends without a decision. What stood before still stands.",
        warning=True,
    )


@login_required
@require_http_methods(GET_AND_POST)
def appeal(request: HttpRequest, reference: str) -> HttpResponse:
    found = opened(request, reference, may_appeal)
    form = asked.ReasonForm(request.POST or None, label="Why is the decision wrong?", name="why")

    def save(said: dict[str, str]) -> None:
        services.appeal(actor=actor_of(request), assessment=found, why=said["why"], now=clock.now())

    return ask(
        request,
        found,
        form,
        save,
        title="Appeal against the decision",
        button="Appeal",
        done="Appealed. The head of the regional assessment unit decides.",
        lead="A decision can be appealed against once. It stands until the appeal is decided.",
    )


# Who may take which step


def may_check(actor: User, found: Assessment, case: Case) -> bool:
    waits = found.status in rules.IN_HAND and found.finished_at is not None
    return waits and rules.may_check(actor, owner=case.owner, audience=case.audience, scored_by=case.scored_by)


def may_take_back(actor: User, found: Assessment, case: Case) -> bool:
    waits = found.status in rules.IN_HAND and found.finished_at is not None
    return waits and rules.may_assess(actor, owner=case.owner, audience=case.audience)


def may_withdraw(actor: User, found: Assessment, case: Case) -> bool:
    early = found.status in {*rules.IN_HAND, Status.SUBMITTED}
    return early and rules.may_assess(actor, owner=case.owner, audience=case.audience)


def may_appeal(actor: User, found: Assessment, case: Case) -> bool:
    stands = found.status == Status.MODERATED and found.moderator_id is not None
    return stands and services.may_appeal(actor, found) and selectors.appeal_of(found) is None


def may_take_up(actor: User, found: Assessment, case: Case) -> bool:
    return found.status == Status.SUBMITTED and rules.may_moderate(actor, case)


def may_decide(actor: User, found: Assessment, case: Case) -> bool:
    own = found.status == Status.IN_MODERATION and found.moderator_id == actor.pk
    return own and case.own_scores_saved and not case.second_wanted and rules.may_moderate(actor, case)


def may_return(actor: User, found: Assessment, case: Case) -> bool:
    own = found.status == Status.IN_MODERATION and found.moderator_id == actor.pk
    return own and rules.may_moderate(actor, case)


def may_second(actor: User, found: Assessment, case: Case) -> bool:
    return case.second_wanted and actor.pk != case.moderator and rules.may_moderate(actor, case)


def may_answer(actor: User, found: Assessment, case: Case) -> bool:
    decided_it = {found.moderator_id, found.second_moderator_id, *case.took_part}
    appeal = selectors.appeal_of(found)
    waits = appeal is not None and appeal.decided_at is None
    return waits and rules.may(actor, rules.DECIDE_APPEAL) and actor.pk not in decided_it


def actions_for(actor: User, found: Assessment, case: Case, *, appealed: bool, undecided: bool) -> tuple[Action, ...]:
    """What this person can do with it now, the next step first."""
    steps: tuple[tuple[bool, str, str, bool], ...] = (
        (may_score(actor, found, case), "Score it", "score", True),
        (may_check(actor, found, case), "Check it", "check", True),
        (may_take_up(actor, found, case), "Take it up", "take_up", True),
        (may_score_blind(actor, found, case), "Score it blind", "score_blind", True),
        (may_decide(actor, found, case), "Compare and decide", "moderate", True),
        (may_second(actor, found, case), "Agree or not as second moderator", "second", True),
        (undecided and may_answer(actor, found, case), "Decide the appeal", "answer", True),
        (may_return(actor, found, case), "Return it", "send_back", False),
        (may_score_blind(actor, found, case), "Put it back in the queue", "put_back", False),
        (not appealed and may_appeal(actor, found, case), "Appeal", "appeal", False),
        (may_take_back(actor, found, case), "Take it back", "take_back", False),
        (may_withdraw(actor, found, case), "Withdraw it", "withdraw", False),
    )
    offered = [(text, part, first) for open_to, text, part, first in steps if open_to]
    return tuple(
        Action(
            text,
            shown_as.address(found, part),
            post=part == "take_up",
            kind="primary" if first else "secondary",
        )
        for text, part, first in offered
    )


def _undecided(appeal: object) -> bool:
    return appeal is not None and getattr(appeal, "decided_at", None) is None


def _may_begin(actor: User, of: "Threat") -> bool:
    return of.closed_on is None and rules.may_assess(actor, owner=of.owner.code, audience=of.label.audience)


def _threat_actions(
    actor: User, of: "Threat", stands: Assessment | None, is_open: Assessment | None
) -> tuple[Action, ...]:
    found: list[Action] = []
    if is_open is not None:
        case = selectors.case_of(is_open)
        found += actions_for(actor, is_open, case, appealed=False, undecided=False)[:1]
        found.append(Action(f"Open {is_open.reference}", shown_as.address(is_open), kind="link"))
    elif stands is not None and _may_begin(actor, of):
        found.append(Action("Assess this threat again", shown_as.of_threat(of.reference, "begin")))
    if stands is not None:
        found.append(Action(f"{stands.reference} as a record", shown_as.address(stands), kind="link"))
    return tuple(found)


def _prompts(actor: User, of: "Threat", stands: Assessment | None, is_open: Assessment | None) -> tuple[Alert, ...]:
    if stands is None or is_open is not None or of.closed_on is not None:
        return ()
    reasons = selectors.why_reassess(stands, today=clock.today())
    return pages.reassess_alert(reasons, shown_as.of_threat(of.reference, "begin"), may=_may_begin(actor, of))


def _seen_by(actor: User, of: Assessment, case: Case | None = None) -> tuple[bool, bool]:
    """Whether this person sees the force's scores and the moderator's, as things are now."""
    case = case or selectors.case_of(of)
    return rules.sees_scores(actor, case), rules.sees_moderators_scores(actor, case)


def _shown(of: Assessment, *, sees: tuple[bool, bool], heading: str, today_links: bool) -> pages.ShownAssessment:
    model = selectors.model_by_pk(of.model_id) if of.model_id else None
    shows_force, shows_moderator = sees
    evidence = selectors.evidence_of(of)
    sides = pages.Sides(
        lines=selectors.scores_of_many([of.pk]).get(of.pk, ()) if shows_force else (),
        sheets={side: sheet for (_, side), sheet in selectors.sheets_of_many([of.pk]).items()},
        shows_force=shows_force,
        shows_moderator=shows_moderator and any_sheet(of),
    )
    return pages.shown_assessment(
        of,
        model=model,
        sides=sides,
        evidence=evidence,
        links=selectors.event_addresses(each.event_id for each in evidence) if today_links else {},
        words=threats.vocabulary(),
        heading=heading,
    )


def any_sheet(of: Assessment) -> bool:
    return selectors.sheet_of(of, Side.MODERATOR) is not None


def _model_words(models: tuple[object, ...]) -> str:
    newest = selectors.current_model(Kind.TACTICAL, on=clock.today())
    if newest is None:
        return "No tactical model is loaded: ask the regional data manager."
    return f"It is scored under {shown_as.model_in_words(selectors.model_by_pk(newest.pk))}." if models else ""
