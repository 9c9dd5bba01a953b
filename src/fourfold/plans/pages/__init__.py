"""The pages about plans, built whole before they are drawn.

`plan` is the plan of a threat, with `lint` beside it and `sparks` in it; `action`, `tactics`, `reviewing` (versions and
paper too) and `sharing` are the other pages. `told` is what a view tells them, `words` is what they say alike.
"""

from fourfold.plans.pages.action import Both, PlanFormPage, action_page
from fourfold.plans.pages.plan import no_plan_page, offered_in_words, plan_page
from fourfold.plans.pages.reviewing import compare_page, paper_page, quality_page, review_page, versions_page
from fourfold.plans.pages.sharing import CalendarPage, partner_page
from fourfold.plans.pages.tactics import AREAS, TacticShown, tactic_page, tactic_shown, worked_shown
from fourfold.plans.pages.told import PlanTold
from fourfold.plans.pages.words import (
    FAIR,
    HEALTHY,
    address,
    crumbs,
    due_in_words,
    of_threat,
    owner_in_words,
    score_tag,
    state_tag,
    status_tag,
)

__all__ = [
    "AREAS",
    "FAIR",
    "HEALTHY",
    "Both",
    "CalendarPage",
    "PlanFormPage",
    "PlanTold",
    "TacticShown",
    "action_page",
    "address",
    "compare_page",
    "crumbs",
    "due_in_words",
    "no_plan_page",
    "of_threat",
    "offered_in_words",
    "owner_in_words",
    "paper_page",
    "partner_page",
    "plan_page",
    "quality_page",
    "review_page",
    "score_tag",
    "state_tag",
    "status_tag",
    "tactic_page",
    "tactic_shown",
    "versions_page",
    "worked_shown",
]
