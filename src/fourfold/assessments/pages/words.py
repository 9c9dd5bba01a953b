"""How tiers, numbers, people and addresses of this room are shown."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from django.urls import reverse

from fourfold.assessments import rules
from fourfold.assessments.models import Assessment
from fourfold.assessments.rules import Status
from fourfold.assessments.rules.definition import Model
from fourfold.platform.people.models import User
from fourfold.platform.reference.selectors import DEFAULT_NOTE
from fourfold.platform.ui.components import Colour, Link, Tag
from fourfold.threats import pages as threat_pages
from fourfold.threats import rules as threat_rules

STATUS_COLOURS: Mapping[str, Colour] = {
    Status.DRAFT: "grey",
    Status.SUBMITTED: "blue",
    Status.IN_MODERATION: "purple",
    Status.RETURNED: "orange",
    Status.MODERATED: "green",
    Status.NOT_MODERATED: "grey",
    Status.SUPERSEDED: "grey",
}
WAITS_FOR_CHECK = "Waiting to be checked"


def address(assessment: Assessment, part: str = "assessment", **more: object) -> str:
    return reverse(f"assessments:{part}", kwargs={"reference": assessment.reference, **more})


def of_threat(reference: str, part: str = "threat") -> str:
    return reverse(f"assessments:{part}", kwargs={"reference": reference})


def status_tag(assessment: Assessment) -> Tag:
    return Tag(status_in_words(assessment), STATUS_COLOURS[assessment.status])


def status_in_words(assessment: Assessment) -> str:
    if assessment.status in rules.IN_HAND and assessment.finished_at is not None:
        return WAITS_FOR_CHECK
    return rules.STATUS_NAMES[assessment.status]


def tier_tag(code: str, words: threat_rules.Vocabulary) -> Tag:
    return threat_pages.tier_tag(code, words) if code else Tag("No tier")


def shown(value: Fraction | Decimal | None) -> str:
    return rules.shown(value) or "Not known"


def score_in_words(value: int | None) -> str:
    return "Unknown" if value is None else str(value)


def person(user: User | None) -> str:
    return "" if user is None else f"{user.name}, {user.organisation.name}"


def model_in_words(model: Model) -> str:
    """Its code and name; a default always says that it is one."""
    return f"{model.code}, {model.name}" + (f": {DEFAULT_NOTE}" if model.is_our_default else "")


def level_name(model: Model | None, level: int | None) -> str:
    if level is None:
        return "Not known"
    named = {each.level: each.name for each in model.confidence.levels} if model else {}
    return f"{named.get(level, '')} ({level} of {len(named) or 4})".strip() if named else str(level)


def level_in_parts(model: Model | None, level: int | None) -> tuple[str, str]:
    """The name of a level of confidence, and what it is out of."""
    named = {each.level: each.name for each in model.confidence.levels} if model else {}
    if level is None:
        return "Not known", "confidence"
    return named.get(level, str(level)), f"confidence, {level} of {len(named) or 4}"


def about(assessment: Assessment, words: threat_rules.Vocabulary) -> str:
    """What it is an assessment of, in a line."""
    if assessment.threat is not None:
        return f"{assessment.threat.reference} {assessment.threat.name}"
    area = assessment.area.name if assessment.area else ""
    return f"{words.theme_name(assessment.theme)}, {area}, {assessment.year}"


def crumbs(assessment: Assessment | None = None) -> tuple[Link, ...]:
    """Down to the assessment: by its threat, or by the ranking of themes."""
    home = Link("My work", reverse("home:work"))
    if assessment is None:
        return (home,)
    here = Link(assessment.reference, address(assessment))
    if assessment.threat is None:
        return (home, Link("Themes", reverse("assessments:themes")), here)
    threat = assessment.threat
    tab = Link("Assessment", of_threat(threat.reference))
    return (*threat_pages.crumbs(threat), tab, here)
