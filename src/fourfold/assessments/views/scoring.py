"""The matrix of either side, evidence, and what the scores come to as they form."""

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fourfold.assessments import forms as asked
from fourfold.assessments import rules, selectors, services
from fourfold.assessments.models import Assessment
from fourfold.assessments.pages import matrix as pages
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules import Case, Evidence, Side, Status
from fourfold.assessments.rules.definition import Model
from fourfold.assessments.views.asking import GET_AND_POST, ask, opened
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.reasons import needs_reason, reason_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.people.models import User
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Alert
from fourfold.platform.ui.jinja import shown_date
from fourfold.threats import selectors as threats
from fourfold.threats.record import actor_of

CITE, WITHDRAW = "cite-", "withdraw-"


def may_score(actor: User, assessment: Assessment, case: Case) -> bool:
    """A draft that is not being checked, for those who assess for its owner."""
    in_hand = assessment.status in rules.IN_HAND and assessment.finished_at is None
    return in_hand and rules.may_assess(actor, owner=case.owner, audience=case.audience)


def may_score_blind(actor: User, assessment: Assessment, case: Case) -> bool:
    own = assessment.status == Status.IN_MODERATION and assessment.moderator_id == actor.pk
    return own and not case.own_scores_saved and rules.may_moderate(actor, case)


@login_required
@require_http_methods(GET_AND_POST)
def score(request: HttpRequest, reference: str) -> HttpResponse:
    """The force's side. Every button keeps what is chosen."""
    assessment = opened(request, reference, may_score)
    model = selectors.model_by_pk(assessment.model_id or 0)
    held = selectors.said_in(selectors.scores_of(assessment, Side.ASSESSOR))
    form = _form(request, assessment, model, held)
    meanwhile: Mapping[str, str] = {}
    if request.method == "POST" and form.is_valid():
        try:
            services.save_scores(
                actor=actor_of(request),
                assessment=assessment,
                values=form.chosen(),
                why=form.reasons(),
                first=form.first(),
            )
        except RuleBroken as broken:
            if broken.code != "AS26":
                fields.refuse(form, broken)
            else:
                meanwhile = _chosen_meanwhile(form, held, model, assessment)
                form.renewed = True
        else:
            return _after_saving(request, assessment, str(request.POST.get("do", "save")))
    return _matrix(request, assessment, form, model, blind=False, meanwhile=meanwhile)


@login_required
@require_http_methods(GET_AND_POST)
def score_blind(request: HttpRequest, reference: str) -> HttpResponse:
    """The moderator's side: the same page, blank."""
    assessment = opened(request, reference, may_score_blind)
    model = selectors.model_by_pk(assessment.model_id or 0)
    own = selectors.said_in(selectors.scores_of(assessment, Side.MODERATOR))
    held = {key: said for key, said in own.items() if said != (None, "")}
    form = _form(request, assessment, model, held)
    if request.method == "POST" and form.is_valid():
        actor, values, why = actor_of(request), form.chosen(), form.reasons()
        try:
            if request.POST.get("do") == "send":
                services.score_blind(actor=actor, assessment=assessment, values=values, why=why, now=clock.now())
                return redirect(shown_as.address(assessment, "moderate"))
            services.keep_blind(actor=actor, assessment=assessment, values=values, why=why)
        except RuleBroken as broken:
            fields.refuse(form, broken)
        else:
            messages.success(request, "Saved. Only you see these scores until you keep them for good.")
            return redirect(request.path)
    return _matrix(request, assessment, form, model, blind=True, meanwhile={})


@login_required
@require_POST
def work_out(request: HttpRequest, reference: str) -> HttpResponse:
    """What the scores in the form come to: a part of the page, for the script that shows it as they change."""
    assessment = selectors.assessment(reference)
    actor, case = actor_of(request), selectors.case_of(assessment)
    blind = may_score_blind(actor, assessment, case)
    if not blind and not may_score(actor, assessment, case):
        raise NotThere
    model = selectors.model_by_pk(assessment.model_id or 0)
    form = asked.MatrixForm(request.POST, model=model, threat_type=assessment.threat_type, held={})
    so_far = pages.so_far(
        model,
        form.chosen(),
        reasons={key: str(form[f"why-{key}"].value() or "") for key in model.by_key},
        evidence=pages.as_said(selectors.evidence_of(assessment)),
        words=threats.vocabulary(),
        threat_type=assessment.threat_type,
        today=clock.today(),
        blind=blind,
    )
    # A part of a page and no page: the browser is not to take it for one.
    return render(request, "assessments/so_far.html", {"page": so_far}, content_type="text/plain; charset=utf-8")


@login_required
@needs_reason
@require_http_methods(GET_AND_POST)
def cite(request: HttpRequest, reference: str) -> HttpResponse:
    """Evidence: a record of the picture about the people of the threat, or any other by its reference."""
    assessment = opened(request, reference, may_score)
    model = selectors.model_by_pk(assessment.model_id or 0)
    offered = selectors.records_on_picture(assessment.threat) if assessment.threat else ()
    by_event = {str(each.event): each for each in offered}
    form = asked.EvidenceForm(
        request.POST or None,
        model=model,
        threat_type=assessment.threat_type,
        records=[(key, _offered(each)) for key, each in by_event.items()],
        initial={"keys": [request.GET.get("for", "")]},
    )
    if offered:
        about = [each.event for each in offered]
        audit.note(
            audit.Operation.CONSULTATION,
            assessment,
            reason=reason_of(request),
            reference=assessment.reference,
            events=about,
        )

    def save(said: dict[str, object]) -> None:
        picked = by_event.get(str(said.get("record", "")))
        found = None
        if picked is not None:
            found = Evidence(
                keys=(),
                reference=picked.reference,
                grade=picked.grade,
                dated_on=picked.dated_on,
                what=f"{picked.noun}: {picked.title}"[:200],
                event=picked.event,
            )
        services.cite(
            actor=actor_of(request), assessment=assessment, evidence=form.evidence(found=found), today=clock.today()
        )

    return ask(
        request,
        assessment,
        form,
        save,
        title="Add evidence",
        button="Add evidence",
        done="Evidence added.",
        lead="" if offered else "Nothing on the picture that you may see is about the people now in this threat.",
        back=shown_as.address(assessment, "score"),
    )


def _offered(each: selectors.OnPicture) -> fields.Choice:
    grade = f"graded {each.grade}" if each.grade else "not graded: say below how good it is"
    return fields.Choice(f"{each.reference}, {shown_date(each.dated_on)}", hint=f"{each.noun}: {each.title}; {grade}")


def _form(
    request: HttpRequest, assessment: Assessment, model: Model, held: Mapping[str, tuple[int | None, str]]
) -> asked.MatrixForm:
    return asked.MatrixForm(request.POST or None, model=model, threat_type=assessment.threat_type, held=held)


def _after_saving(request: HttpRequest, assessment: Assessment, do: str) -> HttpResponse:
    actor, here = actor_of(request), shown_as.address(assessment, "score")
    if do.startswith(CITE):
        return redirect(f"{shown_as.address(assessment, 'cite')}?for={do.removeprefix(CITE)}")
    if do.startswith(WITHDRAW):
        pk = do.removeprefix(WITHDRAW)
        if not pk.isdecimal():
            raise NotThere
        services.withdraw_evidence(actor=actor, assessment=assessment, pk=int(pk))
        messages.success(request, "Saved, and the evidence is no longer cited.")
        return redirect(here)
    if do == "send":
        try:
            services.submit_assessment(actor=actor, assessment=assessment, now=clock.now())
        except RuleBroken as broken:
            messages.error(request, f"Saved, but not sent. {broken.sentence}.")
            return redirect(here)
        messages.success(request, "Sent to be checked by somebody else of your organisation.")
        return redirect(shown_as.address(assessment))
    messages.success(request, "Saved. You and your colleagues can go on from here.")
    return redirect(here)


def _chosen_meanwhile(
    form: asked.MatrixForm, held: Mapping[str, tuple[int | None, str]], model: Model, assessment: Assessment
) -> dict[str, str]:
    """What somebody else chose where this person chose otherwise, in words; each becomes an error of its criterion."""
    mine = {key: (value, form.reasons()[key]) for key, value in form.chosen().items()}
    _, clash = rules.merged(first=form.first(), mine=mine, theirs=held)
    found = {}
    for key in clash:
        value, why = held[key]
        chose = "unknown" if value is None else f"{value}, {model.by_key[key].anchor(value, assessment.threat_type)}"
        found[key] = f"Somebody else chose {chose}." + (f" Why: {why}" if why else "")
        name = model.by_key[key].named(assessment.threat_type)
        form.add_error(f"score-{key}", f"{name}: somebody else chose otherwise. Send yours again if it still holds")
    return found


def _matrix(
    request: HttpRequest,
    assessment: Assessment,
    form: asked.MatrixForm,
    model: Model,
    *,
    blind: bool,
    meanwhile: Mapping[str, str],
) -> HttpResponse:
    evidence = selectors.evidence_of(assessment)
    alerts: tuple[Alert, ...] = ()
    if blind and rules.is_own_units(actor_of(request), selectors.case_of(assessment, own_scores_saved=False)):
        alerts = (Alert("information", OWN_UNITS),)
    page = pages.matrix_page(
        assessment,
        form=form,
        model=model,
        words=threats.vocabulary(),
        evidence=evidence,
        today=clock.today(),
        blind=blind,
        links=selectors.event_addresses(each.event_id for each in evidence),
        meanwhile=meanwhile,
        alerts=alerts,
    )
    return render(request, "assessments/matrix.html", {"page": page}, status=422 if form.errors else 200)


OWN_UNITS = (
    "This threat is owned by the regional unit. Nobody outside the unit moderates, so you moderate it because you took "
    "no part in its assessment."
)
