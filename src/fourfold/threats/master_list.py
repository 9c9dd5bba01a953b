"""The master list as a list: its columns, its filters with counts, its order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from fourfold.platform.ui.components import Cell, Empty
from fourfold.platform.ui.lists import ChoiceFilter, Column, DateFilter, ListSpec, TextFilter
from fourfold.threats import pages, rules, selectors
from fourfold.threats.models import Threat


@dataclass(frozen=True)
class Row:
    """One threat with what a line of the list says of it."""

    threat: Threat
    counts: selectors.Headcount
    words: rules.Vocabulary


def rows(threats: Sequence[Threat]) -> list[Row]:
    """The lines of one page: two queries, whatever their number."""
    words = selectors.vocabulary()
    counts = selectors.headcounts(threat.pk for threat in threats)
    return [Row(threat, counts.get(threat.pk, selectors.Headcount()), words) for threat in threats]


def cells(row: Row) -> tuple[Cell, ...]:
    threat, words = row.threat, row.words
    return (
        Cell(f"{threat.reference} {threat.name}", href=pages.address(threat), hint=", ".join(threat.aliases)),
        Cell("", tag=pages.type_tag(threat.threat_type)),
        Cell("", tag=pages.tier_tag(threat.tier, words)),
        Cell(words.phase_name(threat.phase)),
        Cell(threat.owner.name, hint=threat.lro.name if threat.lro else "No lead responsible officer"),
        Cell(row.counts.members),
        Cell(row.counts.protect),
        Cell(threat.recorded_from.date()),
    )


def type_choices() -> Iterable[tuple[str, str]]:
    return [(code.value, names[1]) for code, names in rules.TYPE_NAMES.items()]


def tier_choices() -> Iterable[tuple[str, str]]:
    return [(tier.code, tier.name) for tier in selectors.vocabulary().tiers.values()]


def phase_choices() -> Iterable[tuple[str, str]]:
    return [(phase.code, phase.name) for phase in selectors.vocabulary().phases.values()]


def theme_choices() -> Iterable[tuple[str, str]]:
    words = selectors.vocabulary()
    return [(code, words.theme_name(code)) for code in words.themes]


def owner_choices() -> Iterable[tuple[str, str]]:
    return [(organisation.code, organisation.name) for organisation in selectors.owners()]


def has_theme(code: str) -> Q:
    """A threat of a second-level theme, such as DRU.county_lines, is also one of its parent."""
    if "." in code:
        return Q(themes__contains=[code])
    below = [each for each in selectors.vocabulary().themes if each.partition(".")[0] == code]
    return Q(themes__overlap=below)


def is_open(value: str) -> Q:
    return Q(closed_on__isnull=value == "open")


def needs(value: str) -> Q:
    return selectors.needs_lro(selectors.vocabulary()) if value == "lro" else selectors.has_no_members()


SPEC = ListSpec(
    name="threats",
    title="Threats",
    noun=("threat", "threats"),
    columns=(
        Column("reference", "Threat", sort=("reference",)),
        Column("type", "Kind", sort=("threat_type", "reference")),
        Column("tier", "Tier", sort=("tier", "reference")),
        Column("phase", "Phase", sort=("phase", "reference")),
        Column("owner", "Owner", sort=("owner__name", "reference")),
        Column("members", "Members", numeric=True),
        Column("protect", "To protect", numeric=True),
        Column("changed", "Changed", sort=("recorded_from", "reference")),
    ),
    row=cells,
    prepare=rows,
    filters=(
        TextFilter("q", "Name or reference", fields=("name", "reference")),
        ChoiceFilter("state", "Open or closed", choices=(("open", "Open"), ("closed", "Closed")), where=is_open),
        ChoiceFilter("type", "Kind", field="threat_type", choices=type_choices),
        ChoiceFilter("force", "Owner", field="owner__code", choices=owner_choices),
        ChoiceFilter("tier", "Tier", field="tier", choices=tier_choices),
        ChoiceFilter("phase", "Phase", field="phase", choices=phase_choices),
        ChoiceFilter("theme", "Theme", choices=theme_choices, where=has_theme),
        ChoiceFilter("lro", "Lead responsible officer", field="lro__name"),
        ChoiceFilter(
            "needs",
            "Needs attention",
            choices=(("lro", "No lead responsible officer"), ("members", "No members")),
            where=needs,
        ),
        DateFilter("nominated", "Nominated", field="nominated_on"),
    ),
    order="tier",
    empty=Empty(
        "No threats yet",
        "Every serious and organised crime threat that you may see will be here: groups, priority individuals and "
        "vulnerabilities.",
    ),
)
