"""What is read of plans: the part of a threat, its versions, how good it is, on paper."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from fourfold.plans import differences, pages, rules, selectors, services
from fourfold.plans.models import Plan
from fourfold.plans.rules import Prompt, State
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.errors import NotThere
from fourfold.platform.people.rules import may
from fourfold.platform.ui import lists
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.threats import selectors as threats
from fourfold.threats.pages import Told
from fourfold.threats.record import actor_of, frame, reads_threats, told_of

CUSTODY = "CUSTODY"


@login_required
@require_GET
@reads_threats
def of_threat(request: HttpRequest, reference: str) -> HttpResponse:
    """The plan as a part of its threat's record."""
    rewind = lists.recorded_on(request)
    with rewind.applied():
        told = told_of(request, reference, rewind)
        around = frame(told, "plan")
        plan = selectors.plan_of(told.threat)
        if plan is None:
            may_begin = told.threat.closed_on is None and rewind.on is None and _may_write(told)
            page = pages.no_plan_page(
                around,
                begin=reverse("plans:begin", kwargs={"reference": reference}) if may_begin else "",
                offered=len(selectors.offered_to(told.threat)) if may_begin else 0,
            )
            return render(request, "plans/none.html", {"page": page})
        seen = plan_told(told, plan, today=rewind.on or clock.today())
        actions = [action.pk for action in seen.whole.actions]
        shown = pages.plan_page(
            seen,
            around,
            lint=None if rewind.on else lint_of(seen),
            movers=selectors.movers_of(aim.pk for aim in seen.whole.aims),
            reviews=tuple(selectors.reviews(plan)),
            peer_reviews=tuple(selectors.peer_reviews(plan)),
            prompts=() if rewind.on else prompts_of(plan, today=clock.today()),
            shared=selectors.shared_with(plan),
            asked=selectors.asked_of(actions),
            reports=() if rewind.on else selectors.reports_on(actions),
            offered=selectors.offered_to(told.threat) if seen.may_write else (),
            versions=plan.version,
        )
    note_read(plan, as_recorded_on=rewind.on)
    return render(request, "plans/plan.html", {"page": shown})


@login_required
@require_POST
@reads_threats
def begin(request: HttpRequest, reference: str) -> HttpResponse:
    threat = threats.threat(reference)
    actor = actor_of(request)
    if not rules.may_write(actor, owner=threat.owner.code, audience=threat.label.audience):
        raise NotThere
    plan = selectors.plan_of(threat) or services.draft_plan(actor=actor, threat=threat, today=clock.today())
    return redirect(pages.of_threat(plan))


@login_required
@require_GET
@reads_threats
def quality(request: HttpRequest, reference: str) -> HttpResponse:
    plan = selectors.plan(reference)
    seen = plan_told(told_now(request, plan), plan, today=clock.today())
    page = pages.quality_page(
        plan, versions=tuple(selectors.versions(plan)), words=seen.words, lint=lint_of(seen), today=seen.today
    )
    note_read(plan, part="quality")
    return render(request, "plans/quality.html", {"page": page})


@login_required
@require_GET
@reads_threats
def versions(request: HttpRequest, reference: str) -> HttpResponse:
    plan = selectors.plan(reference)
    page = pages.versions_page(plan, tuple(selectors.versions(plan)))
    note_read(plan, part="versions")
    return render(request, "plans/versions.html", {"page": page})


@login_required
@require_GET
@reads_threats
def compare(request: HttpRequest, reference: str) -> HttpResponse:
    """Two versions, or one and the plan as it is now, in words; without any, the page that asks which."""
    plan = selectors.plan(reference)
    if not request.GET:
        return redirect(pages.address(plan, "versions"))
    first, first_words = _content(plan, request.GET.get("first", ""))
    second, second_words = _content(plan, request.GET.get("second", ""))
    names = tactic_names()
    found = differences.differences(first, second)
    said = differences.in_words(found, tactic_name=lambda code: names.get(code, code), tier_name=tier_name)
    page = pages.compare_page(plan, said, first=first_words, second=second_words)
    note_read(plan, part="compare")
    return render(request, "plans/compare.html", {"page": page})


@login_required
@require_GET
@reads_threats
def version(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    plan = selectors.plan(reference)
    found = selectors.version(number, of=plan)
    page = pages.paper_page(
        plan,
        found.content,
        title=f"Version {number} of the plan",
        lead=f"{rules.VERSION_NAMES[rules.VersionKind(found.kind)]} on {shown_date(found.made_on)} by "
        f"{found.made_by.name}. {found.why}",
        tactics=tactic_names(),
        tier_name=tier_name,
    )
    note_read(plan, part="version", version=number)
    return render(request, "plans/paper.html", {"page": page})


@login_required
@require_GET
@reads_threats
def on_paper(request: HttpRequest, reference: str) -> HttpResponse:
    plan = selectors.plan(reference)
    page = pages.paper_page(
        plan,
        selectors.content_of(selectors.whole(plan)),
        title=f"Plan for {plan.threat.name}",
        lead=f"As it stood on {shown_date(clock.today())}: {rules.STATE_NAMES[State(plan.state)].lower()}, "
        f"{plural(plan.version, 'version', 'versions')}.",
        tactics=tactic_names(),
        tier_name=tier_name,
    )
    audit.note(audit.Operation.PRINT, plan, reference=plan.reference, threat=plan.threat.reference)
    return render(request, "plans/paper.html", {"page": page})


def _content(plan: Plan, asked: str) -> tuple[Mapping[str, Any], str]:
    if asked.isdecimal() and len(asked) < 6:
        found = selectors.version(int(asked), of=plan)
        return found.content, f"version {found.number} ({shown_date(found.made_on)})"
    if asked == "now":
        return selectors.content_of(selectors.whole(plan)), "as it is now"
    raise NotThere


def told_now(request: HttpRequest, plan: Plan) -> Told:
    """What a page about a plan is told of its threat, as it is now."""
    return Told(
        threat=plan.threat, words=threats.vocabulary(), actor=actor_of(request), rewind=lists.Rewind(), alerts=()
    )


def plan_told(told: Told, plan: Plan, *, today: date) -> pages.PlanTold:
    return pages.PlanTold(
        told=told,
        whole=selectors.whole(plan),
        words=selectors.words(on=today),
        tactics=tactic_names(),
        today=today,
    )


def lint_of(seen: pages.PlanTold) -> rules.Lint:
    """The lint for this reader: what only some may see of its people is told to those."""
    plan = seen.plan
    under_18 = threats.has_member_under_18(plan.threat, today=seen.today)
    facts = selectors.facts_of(
        plan,
        aims=seen.whole.aims,
        actions=seen.whole.actions,
        consulted=len(seen.whole.consultations),
        today=seen.today,
        under_18=under_18,
    )
    return rules.lint(facts, seen.words.lint, today=seen.today)


def prompts_of(plan: Plan, *, today: date) -> tuple[selectors.ReviewPrompt, ...]:
    """Why an adopted plan should be reviewed now, whatever its date says."""
    if plan.state != State.ADOPTED:
        return ()
    stands_since = max(day for day in (plan.approved_on, plan.reviewed_on) if day is not None)
    found = list(selectors.prompts_for(plan.threat, since=stands_since))
    if plan.tier_reviewed and plan.tier_reviewed != plan.threat.tier:
        words = threats.vocabulary()
        was, now = (words.tier_name(code) for code in (plan.tier_reviewed, plan.threat.tier))
        found.append(
            selectors.ReviewPrompt(
                Prompt.TIER_CHANGE, f"The threat went from {was} to {now} since the plan was last read."
            )
        )
    since = datetime.combine(stands_since, time.max, tzinfo=clock.LONDON)
    custody = [link for link in threats.new_on_picture(plan.threat, since) if link.kind == CUSTODY]
    if custody:
        said = (
            f"{plural(len(custody), 'custody record', 'custody records')} about its people came onto the picture since."
        )
        found.append(selectors.ReviewPrompt(Prompt.ARREST_OR_RELEASE, said))
    if plan.next_review_on is not None and plan.next_review_on < today:
        found.append(selectors.ReviewPrompt(Prompt.DUE, f"It was to be reviewed by {shown_date(plan.next_review_on)}."))
    return tuple(found)


def tactic_names() -> Mapping[str, str]:
    return {tactic.code: tactic.name for tactic in selectors.tactics()}


def tier_name(code: str) -> str:
    return threats.vocabulary().tier_name(code)


def note_read(plan: Plan, **details: Any) -> None:
    audit.note(audit.Operation.CONSULTATION, plan, reference=plan.reference, threat=plan.threat.reference, **details)


def _may_write(told: Told) -> bool:
    return may(told.actor, rules.WRITE) and rules.may_write_for(
        told.actor, owner=told.threat.owner.code, audience=told.threat.label.audience
    )
