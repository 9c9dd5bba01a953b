"""Reviews, quality over time, versions and what changed between them, and the plan on paper."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.forms import BaseForm

from fourfold.plans import differences, rules, selectors
from fourfold.plans.models import Plan, PlanVersion, Review
from fourfold.plans.pages.sparks import Spark, line_of
from fourfold.plans.pages.words import address, amount, crumbs, of_threat
from fourfold.plans.rules import P, Part, Status
from fourfold.platform.people.models import User
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui.components import Cell, Fact, Head, Link, Table, Tag
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.pages import Foot, Page
from fourfold.threats.pages import person_in_words


@dataclass(frozen=True, kw_only=True)
class ReviewPage(Page):
    facts: tuple[Fact, ...]
    changed: tuple[differences.Said, ...]
    changed_heading: str
    form: BaseForm | None
    button: str
    note: str


@dataclass(frozen=True, kw_only=True)
class QualityPage(Page):
    spark: Spark | None
    scores: Table
    rules: Table
    note: str


@dataclass(frozen=True, kw_only=True)
class VersionsPage(Page):
    rows: Table
    choices: tuple[tuple[str, str], ...]
    first: str
    second: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ComparePage(Page):
    lead: str
    said: tuple[differences.Said, ...]
    empty: str
    back: Link


@dataclass(frozen=True, kw_only=True)
class PaperAction:
    heading: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class PaperPage(Page):
    """A plan on paper, as it is now or as a version kept it."""

    lead: str
    facts: tuple[Fact, ...]
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    aims: Table
    ps: tuple[tuple[str, tuple[PaperAction, ...]], ...]
    consultations: Table
    back: Link


def review_page(
    plan: Plan,
    review: Review,
    *,
    changed: tuple[differences.Said, ...],
    form: BaseForm | None,
    signing: str,
) -> ReviewPage:
    waiting = "This review is complete." if review.completed_on else "It is complete when both have signed."
    return ReviewPage(
        title=f"Review of {shown_date(review.begun_on)}",
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=crumbs(plan),
        facts=(
            Fact("Why", rules.PROMPT_NAMES[rules.Prompt(review.prompt)]),
            Fact("What was looked at and what changes", review.looked_at),
            Fact("Begun by", person_in_words(review.begun_by)),
            Fact("Lead responsible officer", _signature(review.lro_signed_by, review.lro_signed_on)),
            Fact("Senior investigating officer", _signature(review.sio_signed_by, review.sio_signed_on)),
            *(
                (Fact("Left", f"Version {review.version}", href=address(plan, "version", number=review.version)),)
                if review.version
                else ()
            ),
        ),
        changed=changed,
        changed_heading=f"What changed in the plan since version {plan.version}" if not review.completed_on else "",
        form=form,
        button=f"Sign {signing}" if signing else "",
        note=waiting,
        has_errors=bool(form and form.errors),
    )


def _signature(by: User | None, on: date | None) -> str:
    return f"Signed by {person_in_words(by)} on {shown_date(on)}" if by else "Not signed yet"


def quality_page(
    plan: Plan, *, versions: Sequence[PlanVersion], words: selectors.Words, lint: rules.Lint, today: date
) -> QualityPage:
    names = {rule.code: rule.name for rule in words.lint}
    scored = {rule.code for rule in words.lint if rule.counts}
    now = [code for code in lint.failed if code in scored]
    rows = [(Cell("Now"), Cell(today), Cell(lint.score), Cell(_failed(now, names)))]
    rows += [
        (
            Cell(f"Version {version.number}", href=address(plan, "version", number=version.number)),
            Cell(version.made_on),
            Cell(version.score),
            Cell(_failed(version.failed, names)),
        )
        for version in versions
    ]
    return QualityPage(
        title="How good this plan is",
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=crumbs(plan),
        spark=line_of(
            [
                *((version.made_on, Decimal(version.score)) for version in reversed(versions)),
                (today, Decimal(lint.score)),
            ],
            also=(Decimal(0), Decimal(100)),
        ),
        scores=Table(
            "The score over time",
            (Head("Plan"), Head("Date"), Head("Score of 100", numeric=True), Head("Rules it did not pass")),
            tuple(rows),
        ),
        rules=Table(
            "The rules",
            (Head("Rule"), Head("What it asks"), Head("Now"), Head("Source")),
            tuple(
                (
                    Cell(rule.code),
                    Cell(rule.name, hint="" if rule.counts else "Told, not scored"),
                    _judged(rule, lint),
                    Cell(rule.source, hint=DEFAULT_NOTE if rule.mark in {"D", "K"} else ""),
                )
                for rule in words.lint
                if rule.code in rules.JUDGES
            ),
        ),
        note="The score is the share of rules that the plan passes. A region can change the rules in its own data.",
    )


def _judged(rule: rules.LintRule, lint: rules.Lint) -> Cell:
    if not rule.is_on:
        return Cell("", tag=Tag("Switched off", "grey"))
    return Cell("", tag=Tag("Passed", "green") if rule.code in lint.passed else Tag("Not passed", "red"))


def _failed(codes: Iterable[str], names: Mapping[str, str]) -> str:
    return "; ".join(names.get(code, code) for code in codes) or "It passed them all"


def versions_page(plan: Plan, versions: Sequence[PlanVersion]) -> VersionsPage:
    choices = (
        ("now", "As it is now"),
        *((str(v.number), f"Version {v.number}, {shown_date(v.made_on)}") for v in versions),
    )
    return VersionsPage(
        title="Versions of this plan",
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=crumbs(plan),
        rows=Table(
            "Every version",
            (Head("Version"), Head("What"), Head("By"), Head("Why"), Head("Next review"), Head("Score", numeric=True)),
            tuple(
                (
                    Cell(f"Version {v.number}", href=address(plan, "version", number=v.number)),
                    Cell(rules.VERSION_NAMES[rules.VersionKind(v.kind)], hint=shown_date(v.made_on)),
                    Cell(person_in_words(v.made_by)),
                    Cell(v.why),
                    Cell(v.next_review_on),
                    Cell(v.score),
                )
                for v in versions
            ),
            empty="It has not been adopted yet, so it has no version.",
        ),
        choices=choices,
        first=str(versions[0].number) if versions else "now",
        second="now",
        action=address(plan, "compare"),
    )


def compare_page(plan: Plan, said: tuple[differences.Said, ...], *, first: str, second: str) -> ComparePage:
    return ComparePage(
        title="What changed",
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=(*crumbs(plan), Link("Versions", address(plan, "versions"))),
        lead=f"From {first} to {second}: {plural(len(said), 'difference', 'differences')}.",
        said=said,
        empty="Nothing differs between the two.",
        back=Link("Compare others", address(plan, "versions")),
    )


def paper_page(
    plan: Plan,
    content: Mapping[str, Any],
    *,
    title: str,
    lead: str,
    tactics: Mapping[str, str],
    tier_name: Callable[[str], str],
) -> PaperPage:
    header = content["header"]
    aims = content["aims"].items()
    return PaperPage(
        title=title,
        caption=f"{plan.reference} {plan.threat.name}",
        crumbs=crumbs(plan),
        lead=lead,
        facts=(
            Fact("Threat", f"{header['threat']} {header['name']}"),
            Fact("Tier", tier_name(header["tier"])),
            Fact("Owner", header["owner"]),
            Fact("Lead responsible officer", header["lro"] or "Nobody yet"),
            Fact("Deputy", header["deputy"] or "Nobody yet"),
            Fact("Senior investigating officer", header["sio"] or "Nobody yet"),
        ),
        sections=tuple(
            (rules.PART_NAMES[part][0], tuple(line for line in content["sections"][part].splitlines() if line.strip()))
            for part in Part
            if content["sections"].get(part)
        ),
        aims=Table(
            "Aims",
            (Head("Aim"), Head("Measure"), Head("Baseline"), Head("Target"), Head("By")),
            tuple(
                (
                    Cell(f"{number}. {aim['text']}"),
                    Cell(aim["measure"], hint=aim["unit"]),
                    Cell(_number(aim["baseline"])),
                    Cell(_number(aim["target"])),
                    Cell(_day(aim["target_on"])),
                )
                for number, aim in aims
            ),
            empty="It had no aims.",
        ),
        ps=tuple(
            (
                rules.P_NAMES[p][0],
                tuple(_paper_action(n, a, tactics) for n, a in content["actions"].items() if a["p"] == p),
            )
            for p in P
        ),
        consultations=Table(
            "Partners consulted",
            (Head("Partner"), Head("When"), Head("What changed because of it")),
            tuple(
                (Cell(each["partner"], hint=each["with_whom"]), Cell(_day(each["consulted_on"])), Cell(each["changed"]))
                for each in content["consultations"].values()
            ),
            empty="No partner was recorded as consulted.",
        ),
        back=Link("Back to the plan", of_threat(plan)),
        foot=Foot(seen_by=f"{plan.label}."),
    )


def _paper_action(number: str, said: Mapping[str, Any], tactics: Mapping[str, str]) -> PaperAction:
    owner = ", ".join(part for part in (said["owner"] or "Nobody yet", said["partner"]) if part)
    facts = [
        Fact("Owner and partner", owner),
        Fact("Due", _day(said["due_on"])),
        Fact("Status", rules.STATUS_NAMES[Status(said["status"])]),
    ]
    for label, value in (
        ("Tactic", tactics.get(said["tactic"], said["tactic"])),
        ("Outcome wanted", said["outcome_wanted"]),
        ("Measure", said["measure"]),
        ("Why this threat", said["why_this_threat"]),
        ("Legal basis", said["legal_basis"]),
        ("Result", said["result"]),
    ):
        if value:
            facts.append(Fact(label, value))
    return PaperAction(heading=f"{number}. {said['title']}", facts=tuple(facts))


def _number(value: str | None) -> str:
    return "Not recorded" if value is None else amount(Decimal(value))


def _day(value: str | None) -> str:
    return shown_date(date.fromisoformat(value)) if value else "Not recorded"
