"""How good a plan is: one sentence a fault, and where it is mended."""

from collections.abc import Mapping
from dataclasses import dataclass

from fourfold.plans import rules, selectors
from fourfold.plans.pages.told import PlanTold
from fourfold.plans.pages.words import address, score_tag
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui.components import Link, Tag
from fourfold.platform.ui.jinja import plural


@dataclass(frozen=True)
class FaultShown:
    """One fault with the place where it is mended; no place for those who may not write."""

    sentence: str
    rule: str
    mend: Link | None = None


@dataclass(frozen=True, kw_only=True)
class LintShown:
    """What the rules find in a plan, as the side of its page tells it."""

    score: int
    tag: Tag
    words: str
    faults: tuple[FaultShown, ...]
    passed: tuple[str, ...]
    note: str
    more: Link


def lint_shown(lint: rules.Lint, seen: PlanTold) -> LintShown:
    names = {rule.code: rule.name for rule in seen.words.lint}
    scored = [rule.code for rule in seen.words.lint if rule.is_on and rule.counts and rule.code in rules.JUDGES]
    failed = sum(code in lint.failed for code in scored)
    passed = f"{len(scored) - failed} of {plural(len(scored), 'rule', 'rules')} passed."
    return LintShown(
        score=lint.score,
        tag=score_tag(lint.score),
        words=passed,
        faults=tuple(FaultShown(f.sentence, f.rule, mend_link(f, seen)) for f in lint.faults),
        passed=tuple(names.get(code, code) for code in lint.passed),
        note=f"The rules are a {DEFAULT_NOTE}.",
        more=Link("How the score has moved, and the rules", address(seen.plan, "quality")),
    )


def mend_link(fault: rules.Fault, seen: PlanTold) -> Link | None:
    if not seen.may_write:
        return None
    plan, whole = seen.plan, seen.whole
    action = next((a for a in whole.actions if a.pk == fault.pk), None)
    aim = next((a for a in whole.aims if a.pk == fault.pk), None)
    if fault.where == "action" and action is not None:
        overdue = fault.rule == "PL3"
        to = address(plan, "report_action" if overdue else "change_action", number=action.number)
        return Link(f"Mend action {action.number}", f"{to}{ANCHORS.get(fault.rule, '')}")
    if fault.where == "aim" and aim is not None:
        return Link(f"Mend aim {aim.position}", address(plan, "change_aim", pk=aim.pk))
    if fault.where == "new_action":
        query = f"?p={fault.p}" if fault.p else f"?aim={aim.position}" if aim is not None else ""
        return Link("Add an action", address(plan, "add_action") + query)
    if fault.where == "review":
        return Link("Begin a review", address(plan, "begin_review") + "?prompt=DUE")
    return Link(
        *{"new_aim": ("Add an aim", address(plan, "add_aim"))}.get(
            fault.where, ("Record a consultation", address(plan, "consult"))
        )
    )


ANCHORS: Mapping[str, str] = {
    "PL1": "#id_owner",
    "PL2": "#id_due_on_day",
    "PL4": "#id_measure",
    "PL5": "#id_why_this_threat",
    "PL9": "#id_aim",
    "PL11": "#id_owner",
    "PL14": "#id_why_this_threat",
}


def faults_by_action(lint: rules.Lint | None, whole: selectors.Whole) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for fault in lint.faults if lint else ():
        if fault.where == "action" and fault.pk is not None:
            found[fault.pk] = (*found.get(fault.pk, ()), fault.sentence)
    return found
