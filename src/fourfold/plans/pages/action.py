"""One action of a plan, and the forms that change one."""

from collections.abc import Iterable
from dataclasses import dataclass

from fourfold.plans import rules
from fourfold.plans.models import Action, Asked, Plan
from fourfold.plans.pages.lint import FaultShown, mend_link
from fourfold.plans.pages.tactics import TacticShown, WorkedShown
from fourfold.plans.pages.told import PlanTold
from fourfold.plans.pages.words import address, crumbs, late_tag, of_threat, owner_in_words, status_tag
from fourfold.plans.rules import P
from fourfold.platform.ui.components import Action as Button
from fourfold.platform.ui.components import Cell, Fact, Head, Link, Table, Tag
from fourfold.platform.ui.jinja import shown_moment
from fourfold.platform.ui.pages import Foot, FormPage, Page


@dataclass(frozen=True, kw_only=True)
class ActionPage(Page):
    tags: tuple[Tag, ...]
    facts: tuple[Fact, ...]
    faults: tuple[FaultShown, ...]
    buttons: tuple[Button, ...]
    asked: Table
    tactic: TacticShown | None


@dataclass(frozen=True)
class Both:
    """One field that somebody else changed: what is recorded now, and what was typed."""

    label: str
    recorded: str
    typed: str


@dataclass(frozen=True, kw_only=True)
class PlanFormPage(FormPage):
    """A form about a plan: what others changed meanwhile, what the rules say of it, what worked before."""

    both: tuple[Both, ...] = ()
    both_lead: str = ""
    faults: tuple[str, ...] = ()
    checked: bool = False
    check: bool = False
    check_address: str = ""
    worked: tuple[WorkedShown, ...] = ()
    worked_lead: str = ""
    quote: tuple[str, ...] = ()
    quote_heading: str = ""


def action_page(
    plan: Plan,
    action: Action,
    *,
    lint: rules.Lint | None,
    seen: PlanTold,
    asked: Iterable[Asked],
    tactic: TacticShown | None,
    may_report: bool,
) -> ActionPage:
    faults = [f for f in lint.faults if f.where == "action" and f.pk == action.pk] if lint else []
    buttons: list[Button] = []
    if may_report and seen.is_open:
        buttons.append(Button("Report on it", address(plan, "report_action", number=action.number), kind="primary"))
    if seen.may_write:
        buttons += [
            Button("Change", address(plan, "change_action", number=action.number)),
            Button("Ask another organisation", address(plan, "ask", number=action.number)),
        ]
    return ActionPage(
        title=action.title,
        caption=f"Action {action.number} of {plan.reference}, {plan.threat.name}",
        crumbs=crumbs(plan),
        alerts=seen.told.alerts,
        tags=(
            Tag(rules.P_NAMES[P(action.p)][0], "purple"),
            status_tag(action.status),
            *late_tag(action, seen.today),
        ),
        facts=tuple(
            fact
            for fact in (
                Fact("Owner", owner_in_words(action)),
                Fact("Partner", action.partner),
                Fact("Aim", str(action.aim) if action.aim else "None yet"),
                Fact("Tactic", tactic.name if tactic else "", href=tactic.href if tactic else ""),
                Fact("Due", action.due_on),
                Fact("Outcome wanted", action.outcome_wanted),
                Fact("Measure", action.measure),
                Fact("Why this, for this threat", action.why_this_threat),
                Fact("Legal basis", action.legal_basis),
                Fact("Resource", action.resource),
                Fact("Reason for the status", action.status_reason) if action.status_reason else None,
                Fact("Result", action.result) if action.result else None,
                Fact("Evidence", action.evidence) if action.evidence else None,
                Fact("Done on", action.done_on) if action.done_on else None,
            )
            if fact is not None
        ),
        faults=tuple(FaultShown(f.sentence, f.rule, mend_link(f, seen)) for f in faults),
        buttons=tuple(buttons),
        asked=Table(
            "Who is asked to do it",
            (Head("Organisation"), Head("What they read"), Head("By"), Head("Since")),
            tuple(
                (Cell(each.organisation.name), Cell(each.title, hint=each.text), Cell(each.due_on), Cell(each.asked_on))
                for each in asked
            ),
            empty="No other organisation is asked.",
        ),
        tactic=tactic,
        foot=Foot(
            changed=f"Last changed {shown_moment(action.recorded_from)}.",
            seen_by=f"{plan.label}.",
            links=(Link("The whole plan", of_threat(plan)),),
        ),
    )
