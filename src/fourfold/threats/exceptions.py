"""What should not be so about an open threat: how many there are, which they are, and where each is put right.

The master list knows its own; rooms above it register theirs (`rooms.register_exception`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.db.models import Q
from django.urls import reverse

from fourfold.platform import clock
from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Cell, Empty, Head, Link, Table
from fourfold.platform.ui.lists import ChoiceFilter, Column, ListSpec
from fourfold.platform.ui.pages import Page
from fourfold.threats import master_list, pages, rooms, rules, selectors
from fourfold.threats.models import Threat

ANY = "any"
NOT_NATIONAL = "The number of months is a default of this service, not of the national model."


def _needs_lro(day: date) -> Q:
    return selectors.needs_lro(selectors.vocabulary())


def _has_no_members(day: date) -> Q:
    return selectors.has_no_members()


def _is_quiet(day: date) -> Q:
    return selectors.is_quiet(selectors.vocabulary(), day)


def _may_manage(user: User, threat: Threat) -> bool:
    return rules.may_manage(user, owner=threat.owner.code, audience=threat.label.audience)


def _may_develop(user: User, threat: Threat) -> bool:
    return rules.may_develop(user, owner=threat.owner.code, audience=threat.label.audience)


OWN = (
    rooms.ThreatException(
        code="no-lro",
        name="No lead responsible officer",
        sentence="A threat of this tier needs a lead responsible officer.",
        holds=_needs_lro,
        mend="threats:hand_over",
        do="Choose one",
        may=_may_manage,
        position=10,
    ),
    rooms.ThreatException(
        code="no-members",
        name="No members",
        sentence="No members that you may see are recorded in this threat.",
        holds=_has_no_members,
        mend="threats:find_member",
        do="Add a member",
        may=_may_develop,
        position=60,
    ),
    rooms.ThreatException(
        code="quiet",
        name="Quiet",
        sentence="Nothing that you may see has been heard of this threat for six months, or twelve for a priority "
        "individual: look whether it should go on. Nothing closes by itself.",
        holds=_is_quiet,
        mend="threats:close",
        do="Propose to close it",
        may=_may_manage,
        position=70,
        note=NOT_NATIONAL,
    ),
)


@dataclass(frozen=True, kw_only=True)
class ExceptionsPage(Page):
    lead: str
    table: Table


@dataclass(frozen=True)
class Row:
    """One threat with what is missing on it."""

    threat: Threat
    missing: tuple[rooms.ThreatException, ...]
    words: rules.Vocabulary
    reader: User


def overview(counted: Sequence[selectors.Counted], *, reader: User) -> ExceptionsPage:
    """Each exception with its number, in all and owner by owner, the reader's own organisation first."""
    owners = sorted(counted, key=lambda line: line.owner != reader.organisation)
    heads = (Head("In all", numeric=True), *(Head(line.owner.short_name, numeric=True) for line in owners))
    every = (
        Cell("Open threats"),
        Cell(sum(line.threats for line in owners), href=_open_threats()),
        *(Cell(line.threats, href=_open_threats(line.owner.code)) for line in owners),
    )
    rows = (
        (
            Cell(each.name, href=address(each.code), hint=" ".join(filter(None, (each.sentence, each.note)))),
            Cell(sum(line.having[each.code] for line in owners), href=address(each.code)),
            *(Cell(line.having[each.code], href=address(each.code, line.owner.code)) for line in owners),
        )
        for each in rooms.exceptions().values()
    )
    return ExceptionsPage(
        title="Exceptions",
        crumbs=pages.crumbs(),
        lead="What should not be so about an open threat that you may see. Each number opens its threats, and each "
        "threat says where it is put right.",
        table=Table(
            "What is missing",
            (Head("What is missing"), *heads),
            (every, *rows),
            caption_hidden=True,
        ),
    )


def _open_threats(force: str = "") -> str:
    return f"{reverse('threats:list')}?state=open" + (f"&force={force}" if force else "")


def address(code: str, force: str = "") -> str:
    found = reverse("threats:exception", kwargs={"code": code})
    return f"{found}?force={force}" if force else found


def named(code: str) -> tuple[str, str]:
    """Title and lead of one exception's list; of any exception for `ANY`. Raises `KeyError` for a code nobody has."""
    if code == ANY:
        return "Threats with something missing", "Open threats with at least one exception."
    each = rooms.exceptions()[code]
    return each.name, " ".join(filter(None, (each.sentence, each.note)))


def spec(words: rules.Vocabulary, *, day: date, reader: User) -> ListSpec:
    """The list of threats with one exception or any: what else each wants, and the way to put it right."""
    return ListSpec(
        name="threat exceptions",
        title="Exceptions",
        noun=("threat", "threats"),
        columns=(
            Column("reference", "Threat", sort=("reference",)),
            Column("tier", "Tier", sort=("tier", "reference")),
            Column("owner", "Owner", sort=("owner__name", "reference")),
            Column("lro", "Lead officer", sort=("lro__name", "reference")),
            Column("missing", "What is missing"),
            Column("changed", "Changed", sort=("recorded_from", "reference")),
            Column("mend", "Put it right"),
        ),
        row=cells,
        prepare=partial(rows, words, day, reader),
        filters=(
            ChoiceFilter("force", "Owner", field="owner__code", choices=master_list.owner_choices),
            ChoiceFilter("tier", "Tier", field="tier", choices=[(t.code, t.name) for t in words.tiers.values()]),
            ChoiceFilter("type", "Kind", field="threat_type", choices=master_list.type_choices()),
            ChoiceFilter("lro", "Lead responsible officer", field="lro", choices=master_list.lead_choices),
        ),
        order="tier",
        empty=Empty("Nothing is missing", "No open threat that you may see has this exception."),
    )


def rows(words: rules.Vocabulary, day: date, reader: User, threats: Sequence[Threat]) -> list[Row]:
    missing = selectors.exceptions_among([threat.pk for threat in threats], day=day)
    return [Row(threat, missing.get(threat.pk, ()), words, reader) for threat in threats]


def cells(row: Row) -> tuple[Cell, ...]:
    threat, first = (
        row.threat,
        next((mend for each in row.missing if (mend := way(each, row.threat, row.reader))), None),
    )
    return (
        Cell(
            threat.name, href=pages.address(threat), hint=f"{threat.reference} · {rules.type_name(threat.threat_type)}"
        ),
        Cell("", tag=pages.tier_tag(threat.tier, row.words)),
        Cell(threat.owner.short_name),
        Cell("Nobody yet" if threat.lro is None else threat.lro.name),
        Cell("; ".join(each.name for each in row.missing)),
        Cell(clock.day_of(threat.recorded_from)),
        Cell(first.text, href=first.href) if first else Cell(f"By {threat.owner.short_name}"),
    )


def way(missing: rooms.ThreatException, threat: Threat, reader: User) -> Link | None:
    """The way to where it is put right, for somebody who may."""
    if missing.may is not None and not missing.may(reader, threat):
        return None
    return Link(missing.do, reverse(missing.mend, kwargs={"reference": threat.reference}))
