"""Who leads how much: open threats by officer and tier, and how many of them want something."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from urllib.parse import urlencode

from django.urls import reverse

from fourfold.platform.people.models import User
from fourfold.platform.ui.components import Cell, Empty
from fourfold.platform.ui.lists import ChoiceFilter, Column, ListSpec, TextFilter
from fourfold.threats import exceptions, rules, selectors


def spec(words: rules.Vocabulary, *, day: date) -> ListSpec:
    tiers = tuple(words.tiers.values())
    return ListSpec(
        name="lead officers",
        title="Who leads what",
        noun=("officer", "officers"),
        columns=(
            Column("name", "Officer", sort=("organisation__name", "name")),
            Column("leads", "Leads", sort=("leads", "name"), numeric=True),
            *(Column(f"tier_{tier.code}", tier.name, numeric=True) for tier in tiers),
            Column("deputy", "Deputy", numeric=True),
            Column("missing", "Exceptions", numeric=True),
        ),
        row=partial(cells, tuple(tier.code for tier in tiers)),
        prepare=partial(loads, day),
        filters=(
            TextFilter("q", "Officer", fields=("name",)),
            ChoiceFilter("force", "Organisation", field="organisation__code", choices=_organisations),
        ),
        order="-leads",
        empty=Empty("Nobody leads a threat yet", "Officers who lead or deputise for open threats will be here."),
    )


def _organisations() -> list[tuple[str, str]]:
    found = selectors.officers_who_lead().order_by("organisation__name")
    return list(dict.fromkeys(found.values_list("organisation__code", "organisation__name")))


def loads(day: date, officers: Sequence[User]) -> Sequence[selectors.Load]:
    return selectors.loads_of(officers, day=day)


def cells(tiers: tuple[str, ...], load: selectors.Load) -> tuple[Cell, ...]:
    officer = load.officer
    gone = "" if officer.is_active else "Can no longer sign in"
    by_tier = [(tier, load.by_tier.get(tier, 0)) for tier in tiers]
    return (
        Cell(officer.name, hint=". ".join(filter(None, (officer.organisation.name, gone)))),
        Cell(load.own, href=_opens(load.own, lro=officer.pk)),
        *(Cell(number, href=_opens(number, lro=officer.pk, tier=tier)) for tier, number in by_tier),
        Cell(load.as_deputy, href=_opens(load.as_deputy, deputy=officer.pk)),
        Cell(
            load.with_exceptions,
            href=f"{exceptions.address(exceptions.ANY)}?lro={officer.pk}" if load.with_exceptions else "",
        ),
    )


def _opens(number: int, **asked: object) -> str:
    """The threats that a number counts; nought opens nothing."""
    return f"{reverse('threats:list')}?{urlencode({'state': 'open', **asked})}" if number else ""
