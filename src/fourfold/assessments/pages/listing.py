"""Every assessment that the reader may see, as a list. No column tells a score before it is decided."""

from datetime import date
from functools import partial

from django.db.models import Q

from fourfold.assessments import rules, selectors
from fourfold.assessments.models import Assessment
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules.definition import KIND_NAMES
from fourfold.platform import clock
from fourfold.platform.ui.components import Cell, Empty
from fourfold.platform.ui.lists import ChoiceFilter, Column, Exported, ListSpec, TextFilter
from fourfold.threats import rules as threat_rules
from fourfold.threats import selectors as threats


def spec(words: threat_rules.Vocabulary, today: date) -> ListSpec:
    return ListSpec(
        name="assessments",
        title="Assessments",
        noun=("assessment", "assessments"),
        columns=(
            Column("reference", "Assessment", sort=("reference",)),
            Column("owner", "Owner", sort=("label__owner__name", "reference")),
            Column("kind", "Kind", sort=("kind", "reference")),
            Column("state", "State", sort=("status", "reference")),
            Column("tier", "Tier decided", sort=("tier", "reference")),
            Column("submitted", "Submitted", sort=("submitted_at", "pk")),
            Column("decided", "Decided", sort=("decided_at", "pk")),
        ),
        row=partial(cells, words),
        filters=(
            TextFilter(
                "q",
                "Reference, threat or national reference",
                fields=("reference", "threat__reference", "threat__name", "elsewhere"),
            ),
            ChoiceFilter("state", "State", field="status", choices=list(rules.STATUS_NAMES.items())),
            ChoiceFilter(
                "waits",
                "Waits for",
                choices=(("check", "A check by somebody else"), ("appeal", "An appeal to be decided")),
                where=waits_for,
            ),
            ChoiceFilter(
                "decided", "Decided", choices=(("lately", "In the last four weeks"),), where=partial(decided, today)
            ),
            ChoiceFilter("owner", "Owner", field="label__owner__code", choices=owner_choices),
            ChoiceFilter("kind", "Kind", field="kind", choices=list(KIND_NAMES.items())),
            ChoiceFilter("soc", "Serious and organised crime", choices=(("yes", "Yes"), ("no", "No")), where=is_soc),
            ChoiceFilter(
                "tier", "Tier decided", field="tier", choices=[(t.code, t.name) for t in words.tiers.values()]
            ),
        ),
        order="-reference",
        exported=exported(words),
        empty=Empty(
            "No assessments yet",
            "Every assessment of a threat or a theme that you may see will be here, with how far it has come.",
        ),
    )


def cells(words: threat_rules.Vocabulary, each: Assessment) -> tuple[Cell, ...]:
    return (
        Cell(each.reference, href=shown_as.address(each), hint=shown_as.about(each, words)),
        Cell(each.label.owner.short_name),
        Cell(KIND_NAMES[each.kind]),
        Cell("", tag=shown_as.status_tag(each)),
        Cell("", tag=shown_as.tier_tag(each.tier, words)) if each.tier else Cell("Not decided"),
        Cell(clock.day_of(each.submitted_at) if each.submitted_at else "Not yet"),
        Cell(clock.day_of(each.decided_at) if each.decided_at else "Not yet"),
    )


def exported(words: threat_rules.Vocabulary) -> tuple[Exported, ...]:
    """The file says of which threat or theme each assessment is."""
    return (
        Exported("Assessment", lambda each: each.reference),
        Exported("Threat", lambda each: each.threat.reference if each.threat else ""),
        Exported("Of", lambda each: each.threat.name if each.threat else shown_as.about(each, words)),
        Exported("Owner", lambda each: each.label.owner.name),
        Exported("Kind", lambda each: KIND_NAMES[each.kind]),
        Exported("State", lambda each: shown_as.status_tag(each).text),
        Exported("Tier decided", lambda each: words.tier_name(each.tier) if each.tier else ""),
        Exported("Submitted", lambda each: clock.day_of(each.submitted_at) if each.submitted_at else None),
        Exported("Decided", lambda each: clock.day_of(each.decided_at) if each.decided_at else None),
    )


def waits_for(value: str) -> Q:
    if value == "check":
        return selectors.waits_for_check()
    return Q(appeal__isnull=False, appeal__decided_at=None)


def decided(today: date, value: str) -> Q:
    return selectors.decided_since(clock.close_of(today - selectors.LATELY))


def is_soc(value: str) -> Q:
    return Q(soc=value == "yes")


def owner_choices() -> list[tuple[str, str]]:
    return [(each.code, each.name) for each in threats.owning()]
