"""The menu of tactics: what each is for, and what worked before."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse

from fourfold.plans import rules, selectors
from fourfold.plans.pages.words import FEW, capital, crumbs
from fourfold.plans.rules import P
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui.components import Fact, Link
from fourfold.platform.ui.jinja import plural, shown_date
from fourfold.platform.ui.pages import Page


@dataclass(frozen=True, kw_only=True)
class WorkedShown:
    """What one tactic did before, said honestly."""

    name: str
    href: str
    words: str
    results: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class TacticShown:
    code: str
    name: str
    href: str
    p: str
    areas: str
    what: str
    facts: tuple[Fact, ...]
    note: str


@dataclass(frozen=True, kw_only=True)
class TacticPage(Page):
    tactic: TacticShown
    worked: WorkedShown | None
    worked_lead: str


AREAS: Mapping[str, str] = {
    "LIFESTYLE": "Lifestyle",
    "BEHAVIOUR": "Behaviour",
    "VEHICLES": "Vehicles",
    "TRAVEL": "Travel",
    "BUSINESS": "Business",
    "CRIME": "Crime",
}


def tactic_shown(tactic: selectors.Tactic) -> TacticShown:
    default = tactic.mark in {"D", "K"}
    return TacticShown(
        code=tactic.code,
        name=tactic.name,
        href=reverse("plans:tactic", kwargs={"code": tactic.code}),
        p=rules.P_NAMES[P(tactic.p)][0] if tactic.p in list(P) else tactic.p,
        areas=", ".join(AREAS.get(area, area) for area in tactic.areas),
        what=tactic.what,
        facts=(
            Fact("Who can help", tactic.helpers),
            Fact("Watch out for", tactic.watch),
            Fact("Legal basis", tactic.legal),
            Fact("Part of a criminal's life", ", ".join(AREAS.get(area, area) for area in tactic.areas)),
        ),
        note=f"{capital(DEFAULT_NOTE)}. {tactic.source}" if default else tactic.source,
    )


def tactic_page(tactic: selectors.Tactic, worked: selectors.Worked | None) -> TacticPage:
    shown = tactic_shown(tactic)
    return TacticPage(
        title=tactic.name,
        caption=f"{shown.p} tactic",
        crumbs=(*crumbs(), Link("Menu of tactics", reverse("plans:tactics"))),
        tactic=shown,
        worked=worked_shown(worked, {tactic.code: tactic.name}) if worked else None,
        worked_lead="" if worked else "No plan that you may see has finished an action with this tactic yet.",
    )


def worked_shown(worked: selectors.Worked, names: Mapping[str, str]) -> WorkedShown:
    tried = worked.done + worked.not_done
    said = f"Done {worked.done} of {plural(tried, 'time', 'times')} on {plural(worked.threats, 'threat', 'threats')}."
    if tried < FEW:
        said += " Too few to say that it works."
    if worked.moved:
        said += (
            f" {plural(worked.moved, 'aim', 'aims')} it served {'has' if worked.moved == 1 else 'have'} since moved."
        )
    return WorkedShown(
        name=names.get(worked.tactic, worked.tactic),
        href=reverse("plans:tactic", kwargs={"code": worked.tactic}),
        words=said,
        results=tuple(
            Link(f"{name}, {shown_date(on)}: {result}", reverse("plans:threat", kwargs={"reference": reference}))
            for reference, name, result, on in worked.results
        ),
    )
