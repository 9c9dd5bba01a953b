"""What is written in plans: sections, aims, actions, consultations. What is typed is never lost."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fourfold.plans import differences, pages, rules, selectors, services
from fourfold.plans import forms as asked
from fourfold.plans.models import Action, Plan
from fourfold.plans.rules import Part
from fourfold.plans.views.reading import lint_of, note_read, plan_told, told_now
from fourfold.platform import clock
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.history.models import Versioned
from fourfold.platform.people.rules import may
from fourfold.platform.ui import fields
from fourfold.platform.ui.components import Link
from fourfold.platform.ui.jinja import shown
from fourfold.threats.record import actor_of, reads_threats

GET_AND_POST = ["GET", "POST"]
PREVIEW = "preview"


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def section(request: HttpRequest, reference: str, part: str) -> HttpResponse:
    plan = to_write(request, reference)
    if part.upper() not in list(Part):
        raise NotThere
    code = Part(part.upper())
    found = selectors.section(plan, code)
    first = {"text": found.text if found else ""}
    form = asked.SectionForm(request.POST or None, initial=first, of=found, part=code)

    def save(said: dict[str, Any]) -> None:
        services.write_section(
            actor=actor_of(request),
            plan=plan,
            part=code,
            text=said["text"],
            seen=said["seen"] or (fields.NEVER if found else None),
            today=clock.today(),
        )

    return change(
        request,
        plan,
        form,
        save,
        title=rules.PART_NAMES[code][0],
        recorded=lambda: _recorded(selectors.section(plan, code), {"text": "text"}),
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def add_aim(request: HttpRequest, reference: str) -> HttpResponse:
    plan = to_write(request, reference)
    form = asked.AimForm(request.POST or None, is_new=True)

    def save(said: dict[str, Any]) -> None:
        services.add_aim(actor=actor_of(request), plan=plan, said=form.said(), today=clock.today())

    return change(request, plan, form, save, title="Add an aim", button="Add this aim")


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def change_aim(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    plan = to_write(request, reference)
    aim = selectors.aim(pk, of=plan)
    form = asked.AimForm(request.POST or None, initial=asked.aim_first(aim), of=aim, is_new=False)

    def save(said: dict[str, Any]) -> None:
        services.change_aim(
            actor=actor_of(request),
            aim=aim,
            said=form.said(),
            state=said["state"],
            seen=said["seen"],
            today=clock.today(),
        )

    return change(
        request,
        plan,
        form,
        save,
        title=f"Change aim {aim.position}",
        recorded=lambda: (fresh := selectors.aim(pk, of=plan), asked.aim_first(fresh)),
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def read_aim(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    plan = to_write(request, reference)
    aim = selectors.aim(pk, of=plan)
    form = asked.ReadingForm(request.POST or None, initial={"read_on": clock.today()})

    def save(said: dict[str, Any]) -> None:
        services.add_reading(actor=actor_of(request), aim=aim, today=clock.today(), **said)

    inset = f"{aim.measure or aim.text}{f', in {aim.unit}' if aim.unit else ''}."
    return change(request, plan, form, save, title=f"Read the measure of aim {aim.position}", inset=inset)


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def consult(request: HttpRequest, reference: str) -> HttpResponse:
    plan = to_write(request, reference)
    form = asked.ConsultationForm(request.POST or None, initial={"consulted_on": clock.today()})

    def save(said: dict[str, Any]) -> None:
        services.consult(actor=actor_of(request), plan=plan, said=form.consultation(), today=clock.today())

    return change(request, plan, form, save, title="Record a consultation")


@login_required
@require_GET
@reads_threats
def action(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    plan = selectors.plan(reference)
    found = selectors.action(number, of=plan)
    seen = plan_told(told_now(request, plan), plan, today=clock.today())
    tactics = {tactic.code: tactic for tactic in selectors.tactics()}
    page = pages.action_page(
        plan,
        found,
        lint=lint_of(seen),
        seen=seen,
        asked=selectors.asked_of([found.pk]),
        tactic=pages.tactic_shown(tactics[found.tactic]) if found.tactic in tactics else None,
        may_report=may_report(request, plan, found),
    )
    note_read(plan, action=number)
    return render(request, "plans/action.html", {"page": page})


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def add_action(request: HttpRequest, reference: str) -> HttpResponse:
    plan = to_write(request, reference)
    aim = request.GET.get("aim", "")
    tactic = request.GET.get("tactic", "")
    first = {"p": asked.p_of(request.GET.get("p", "")), "aim": aim, "tactic": tactic}
    form = _action_form(request, plan, first)

    def save(said: dict[str, Any]) -> None:
        services.add_action(actor=actor_of(request), plan=plan, said=form.said(), today=clock.today())

    return _action_page(request, plan, form, save, title="Add an action", button="Add this action")


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def change_action(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    plan = to_write(request, reference)
    found = selectors.action(number, of=plan)
    form = _action_form(request, plan, asked.action_first(found), was=found)

    def save(said: dict[str, Any]) -> None:
        services.change_action(
            actor=actor_of(request), action=found, said=form.said(), seen=said["seen"], today=clock.today()
        )

    def recorded() -> tuple[Versioned, Mapping[str, Any]]:
        fresh = selectors.action(number, of=plan)
        return fresh, asked.action_first(fresh)

    return _action_page(
        request, plan, form, save, title=f"Change action {number}", button="Save", was=found, recorded=recorded
    )


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def report_action(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """The owner of an action, or whoever writes the plan, says where it stands."""
    plan = selectors.plan(reference)
    found = selectors.action(number, of=plan)
    actor = actor_of(request)
    if not may_report(request, plan, found):
        raise NotThere
    back = pages.address(plan, "action", number=number)
    if not rules.may_write_for(actor, owner=plan.threat.owner.code, audience=plan.label.audience):
        return _report_from_elsewhere(request, plan, found, back)
    first = asked.action_first(found)
    form = asked.ReportForm(request.POST or None, initial=first, of=found)

    def save(said: dict[str, Any]) -> None:
        services.report_action(
            actor=actor,
            action=found,
            status=said["status"],
            reason=said["status_reason"],
            result=said["result"],
            evidence=said["evidence"],
            done_on=said["done_on"],
            seen=said["seen"],
            today=clock.today(),
        )

    def recorded() -> tuple[Versioned, Mapping[str, Any]]:
        fresh = selectors.action(number, of=plan)
        return fresh, asked.action_first(fresh)

    return change(
        request,
        plan,
        form,
        save,
        title=f"Report on action {number}",
        inset=f"{found.title}. {pages.due_in_words(found)}.",
        back=back,
        recorded=recorded,
    )


def _report_from_elsewhere(request: HttpRequest, plan: Plan, found: Action, back: str) -> HttpResponse:
    form = asked.PartnerReportForm(request.POST or None)

    def save(said: dict[str, Any]) -> None:
        services.report_from_elsewhere(actor=actor_of(request), action=found, today=clock.today(), **said)

    return change(
        request,
        plan,
        form,
        save,
        title=f"Report on action {found.number}",
        inset=f"{found.title}. {pages.due_in_words(found)}.",
        back=back,
        button="Send to those who lead the plan",
        done="Sent. Those who lead the plan take it up or say why not.",
    )


@login_required
@require_POST
@reads_threats
def check(request: HttpRequest, reference: str, number: int = 0) -> HttpResponse:
    """What the rules say of an action as it is being typed. Nothing is saved."""
    plan = to_write(request, reference)
    was = selectors.action(number, of=plan) if number else None
    form = _action_form(request, plan, {}, was=was)
    form.is_valid()
    return JsonResponse({"faults": list(_faults_of(request, plan, form, was))})


@login_required
@require_http_methods(GET_AND_POST)
@reads_threats
def take_over(request: HttpRequest, reference: str) -> HttpResponse:
    """Actions of threats that were merged into this plan's: which it takes over, and which are left out."""
    plan = to_write(request, reference)
    offered = selectors.offered_to(plan.threat)
    if not offered:
        return redirect(pages.of_threat(plan))
    form = asked.TakeOverForm(request.POST or None, offered=offered)

    def save(said: dict[str, Any]) -> None:
        services.take_over_actions(
            actor=actor_of(request),
            plan=plan,
            chosen=said["chosen"],
            leave_out=said["what"] == asked.LEAVE,
            why=said["why"],
            today=clock.today(),
        )

    lead = (
        "Their threat was merged into this one and their plan closed. Each that you take over becomes an action of "
        "this plan, with its words, date and owner; give it an aim afterwards."
    )
    return change(
        request,
        plan,
        form,
        save,
        title="Actions of merged threats",
        button="Save",
        lead=lead,
        done="Saved. Each action says what became of it.",
    )


def to_write(request: HttpRequest, reference: str) -> Plan:
    """The plan, for somebody who may write it; to anybody else the page is not there."""
    plan = selectors.plan(reference)
    if not rules.may_write(actor_of(request), owner=plan.threat.owner.code, audience=plan.label.audience):
        raise NotThere
    return plan


def may_report(request: HttpRequest, plan: Plan, action: Action) -> bool:
    actor = actor_of(request)
    if rules.may_write(actor, owner=plan.threat.owner.code, audience=plan.label.audience):
        return True
    return action.owner_id == actor.pk and (may(actor, rules.WRITE) or may(actor, rules.ACT))


def _action_form(
    request: HttpRequest, plan: Plan, first: Mapping[str, Any], *, was: Action | None = None
) -> asked.ActionForm:
    return asked.ActionForm(
        request.POST or None,
        initial=dict(first),
        aims=selectors.whole(plan).aims,
        people=selectors.people_for(plan.label, today=clock.today(), own=actor_of(request).organisation_id),
        organisations=tuple(selectors.organisations()),
        tactics=selectors.tactics(),
        was=was,
    )


def _action_page(
    request: HttpRequest,
    plan: Plan,
    form: asked.ActionForm,
    save: Callable[[dict[str, Any]], None],
    *,
    title: str,
    button: str,
    was: Action | None = None,
    recorded: Callable[[], tuple[Versioned | None, Mapping[str, Any]]] | None = None,
) -> HttpResponse:
    names = {tactic.code: tactic.name for tactic in selectors.tactics()}
    p = str(form["p"].value() or "")
    worked = tuple(pages.worked_shown(each, names) for each in selectors.what_worked(plan.threat, p=asked.p_of(p)))
    to = {"number": was.number} if was else {}
    is_preview = request.method == "POST" and PREVIEW in request.POST
    faults = _faults_of(request, plan, form, was) if is_preview and form.is_valid() else ()
    return change(
        request,
        plan,
        form,
        save,
        title=title,
        button=button,
        back=pages.address(plan, "action", **to) if was else "",
        recorded=recorded,
        template="plans/action_form.html",
        preview=is_preview,
        faults=faults,
        checked=is_preview and not form.errors,
        check=True,
        check_address=pages.address(plan, "check_action" if was else "check", **to),
        worked=worked,
        worked_lead="Nothing like it is finished yet on another threat of this kind that you may see."
        if not worked
        else "On other threats of this kind that you may see, surest first.",
    )


def _faults_of(request: HttpRequest, plan: Plan, form: asked.ActionForm, was: Action | None) -> tuple[str, ...]:
    """What the lint would say of the action if it were saved as it is typed."""
    said = getattr(form, "cleaned_data", {})
    seen = plan_told(told_now(request, plan), plan, today=clock.today())
    number = was.number if was else max((action.number for action in seen.whole.actions), default=0) + 1
    aims = {aim.position: aim for aim in seen.whole.aims}
    tried = Action(plan=plan, label=plan.label, number=number, p=said.get("p") or rules.P.PURSUE)
    for name in ("title", "outcome_wanted", "why_this_threat", "measure", "partner", "owner_name", "due_on"):
        setattr(tried, name, said.get(name) or getattr(tried, name))
    tried.status = was.status if was else rules.Status.PROPOSED
    tried.owner_id = int(said["owner"]) if said.get("owner") else None
    tried.aim = aims.get(int(said["aim"])) if said.get("aim") else None
    facts = selectors.facts_of(plan, aims=(), actions=[tried], consulted=1, today=seen.today)
    found = rules.lint(facts, seen.words.lint, today=seen.today)
    return tuple(fault.sentence for fault in found.faults if fault.where == "action")


def change(
    request: HttpRequest,
    plan: Plan,
    form: forms.Form,
    save: Callable[[dict[str, Any]], None],
    *,
    title: str,
    button: str = "Save",
    lead: str = "",
    inset: str = "",
    back: str = "",
    done: str = "Saved. What it said before is kept.",
    warning: bool = False,
    recorded: Callable[[], tuple[Versioned | None, Mapping[str, Any]]] | None = None,
    template: str = "plans/form.html",
    preview: bool = False,
    **more: Any,
) -> HttpResponse:
    """One form that changes one thing in a plan. What a rule refuses goes back beside its field; what was typed stays.

    Args:
        recorded: What the thing says now, for when somebody else changed it while the form was open.
        preview: Only show what the rules say; save nothing.
    """
    back = back or pages.of_threat(plan)
    both: tuple[pages.Both, ...] = ()
    if request.method == "POST" and form.is_valid() and not preview:
        try:
            save(dict(form.cleaned_data))
        except RuleBroken as broken:
            fields.refuse(form, broken)
            if broken.code == rules.CHANGED_MEANWHILE and recorded is not None:
                both = _show_both(form, *recorded())
        else:
            messages.success(request, done)
            return redirect(back)
    page = pages.PlanFormPage(
        title=title,
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=pages.crumbs(plan),
        form=form,
        button=button,
        lead=lead,
        inset=inset,
        warning=warning,
        back=Link("Back without saving", back),
        has_errors=bool(form.errors),
        both=both,
        both_lead="Somebody else changed this while you had it open. Left is what is recorded now, right is what you "
        "typed. Your text still stands in the form below: change it to hold both, then save again."
        if both
        else "",
        **more,
    )
    return render(request, template, {"page": page}, status=422 if form.errors else 200)


def _show_both(form: forms.Form, row: Versioned | None, now: Mapping[str, Any]) -> tuple[pages.Both, ...]:
    """Fields that differ between what is recorded and what was typed; sent again, the form changes what is there."""
    data = cast("QueryDict", form.data).copy()
    data["seen"] = row.recorded_from.isoformat() if row is not None else ""
    form.data = data
    found = []
    for name, field in form.fields.items():
        if name not in now or name == "seen":
            continue
        recorded, typed = (_in_words(field, name, value) for value in (now[name], form.cleaned_data.get(name)))
        if recorded != typed:
            found.append(pages.Both(str(field.label), recorded, typed))
    return tuple(found)


def _in_words(field: forms.Field, name: str, value: Any) -> str:
    if value in {None, ""}:
        return "Nothing"
    if isinstance(field, forms.ChoiceField):
        labels = {str(code): str(label) for code, label in _flat(field.choices)}
        return labels.get(str(value), str(value))
    return differences.in_plain_words(name, value) if not hasattr(value, "strftime") else shown(value)


def _flat(choices: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for value, label in choices:
        found += _flat(label) if isinstance(label, (list, tuple)) else [(value, label)]
    return found


def _recorded(row: Versioned | None, names: Mapping[str, str]) -> tuple[Versioned | None, Mapping[str, Any]]:
    return row, {} if row is None else {name: getattr(row, attribute) for name, attribute in names.items()}
