"""The master list as a list: its columns, its filters with counts, its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Q

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Cell, Empty
from fourfold.platform.ui.lists import ChoiceFilter, Column, DateFilter, Exported, ListSpec, TextFilter
from fourfold.threats import pages, rules, selectors
from fourfold.threats.models import Threat


@dataclass(frozen=True)
class Row:
    """One threat with what a line of the list says of it."""

    threat: Threat
    counts: selectors.Headcount
    words: rules.Vocabulary
    reads_people: bool


def spec(words: rules.Vocabulary, *, reads_people: bool) -> ListSpec:
    """The list in the region's words, which are read once a request. Numbers of people open for who may read them."""
    return ListSpec(
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
            Column("protect", "Protect", numeric=True),
            Column("changed", "Changed", sort=("recorded_from", "reference")),
        ),
        row=cells,
        prepare=partial(rows, words, reads_people=reads_people),
        filters=(
            TextFilter("q", "Name or reference", fields=("name", "reference")),
            ChoiceFilter("state", "Open or closed", choices=(("open", "Open"), ("closed", "Closed")), where=is_open),
            ChoiceFilter("type", "Kind", field="threat_type", choices=type_choices()),
            ChoiceFilter("force", "Owner", field="owner__code", choices=owner_choices),
            ChoiceFilter("tier", "Tier", field="tier", choices=[(t.code, t.name) for t in words.tiers.values()]),
            ChoiceFilter(
                "needs",
                "Needs attention",
                choices=(("lro", "No lead responsible officer"), ("members", "No members")),
                where=partial(needs, words),
            ),
            ChoiceFilter("phase", "Phase", field="phase", choices=[(p.code, p.name) for p in words.phases.values()]),
            ChoiceFilter(
                "theme",
                "Theme",
                choices=[(code, words.theme_name(code)) for code in words.themes],
                where=partial(has_theme, words),
            ),
            ChoiceFilter("lro", "Lead responsible officer", field="lro", choices=lead_choices),
            ChoiceFilter("deputy", "Deputy", field="deputy", choices=deputy_choices),
            ChoiceFilter("sio", "Senior investigating officer", field="sio", choices=investigator_choices),
            DateFilter("nominated", "Nominated", field="nominated_on"),
        ),
        order="tier",
        exported=EXPORTED,
        empty=Empty(
            "No threats yet",
            "Every serious and organised crime threat that you may see will be here: groups, priority individuals and "
            "vulnerabilities.",
        ),
    )


def rows(words: rules.Vocabulary, threats: Sequence[Threat], *, reads_people: bool) -> list[Row]:
    """The lines of one page: one query, whatever their number."""
    counts = selectors.headcounts(threat.pk for threat in threats)
    return [Row(threat, counts.get(threat.pk, selectors.Headcount()), words, reads_people) for threat in threats]


def cells(row: Row) -> tuple[Cell, ...]:
    threat, words = row.threat, row.words
    return (
        Cell(threat.name, href=pages.address(threat), hint=" · ".join((threat.reference, *threat.aliases))),
        Cell(rules.type_name(threat.threat_type)),
        Cell("", tag=pages.tier_tag(threat.tier, words)),
        Cell(words.phase_name(threat.phase)),
        Cell(threat.owner.short_name, hint="" if threat.lro else "No lead officer"),
        Cell(row.counts.members, href=pages.address(threat, "members") if row.reads_people else ""),
        Cell(row.counts.protect, href=pages.address(threat, "protect") if row.reads_people else ""),
        Cell(clock.day_of(threat.recorded_from)),
    )


EXPORTED = (
    Exported("Reference", lambda row: row.threat.reference),
    Exported("Threat", lambda row: row.threat.name),
    Exported("Other names", lambda row: ", ".join(row.threat.aliases)),
    Exported("Kind", lambda row: rules.type_name(row.threat.threat_type)),
    Exported("Tier", lambda row: row.words.tier_name(row.threat.tier)),
    Exported("Phase", lambda row: row.words.phase_name(row.threat.phase)),
    Exported("In phase since", lambda row: row.threat.phase_from),
    Exported("Themes", lambda row: ", ".join(row.words.theme_name(code) for code in row.threat.themes)),
    Exported("Owner", lambda row: row.threat.owner.name),
    Exported("Lead responsible officer", lambda row: _named(row.threat.lro)),
    Exported("Deputy", lambda row: _named(row.threat.deputy)),
    Exported("Senior investigating officer", lambda row: _named(row.threat.sio)),
    Exported("Nominated", lambda row: row.threat.nominated_on),
    Exported("Closed", lambda row: row.threat.closed_on),
    Exported("Members", lambda row: row.counts.members),
    Exported("People to protect", lambda row: row.counts.protect),
    Exported("Changed", lambda row: clock.day_of(row.threat.recorded_from)),
)
"""The file has every fact of the threat that is a figure or a few words: its reference above all."""


def _named(user: User | None) -> str:
    return "" if user is None else pages.person_in_words(user)


def type_choices() -> list[tuple[str, str]]:
    return [(code.value, names[1]) for code, names in rules.TYPE_NAMES.items()]


def owner_choices() -> list[tuple[str, str]]:
    return [(organisation.code, organisation.name) for organisation in selectors.owning()]


def lead_choices() -> list[tuple[str, str]]:
    return [(str(user.pk), pages.person_in_words(user)) for user in selectors.leading()]


def deputy_choices() -> list[tuple[str, str]]:
    return [(str(user.pk), pages.person_in_words(user)) for user in selectors.deputising()]


def investigator_choices() -> list[tuple[str, str]]:
    return [(str(user.pk), pages.person_in_words(user)) for user in selectors.investigating()]


def has_theme(words: rules.Vocabulary, code: str) -> Q:
    """A threat of a second-level theme, such as DRU.county_lines, is also one of its parent."""
    if "." in code:
        return Q(themes__contains=[code])
    return Q(themes__overlap=[each for each in words.themes if each.partition(".")[0] == code])


def is_open(value: str) -> Q:
    return Q(closed_on__isnull=value == "open")


def needs(words: rules.Vocabulary, value: str) -> Q:
    return selectors.needs_lro(words) if value == "lro" else selectors.has_no_members()
