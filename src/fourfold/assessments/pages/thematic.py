"""Themes ranked for an area and a year, and the control strategy that follows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fourfold.assessments import rules
from fourfold.assessments.models import Assessment
from fourfold.assessments.pages import words as shown_as
from fourfold.assessments.rules.definition import Model
from fourfold.assessments.selectors import StrategyRule
from fourfold.platform.people.models import Organisation
from fourfold.platform.ui.components import Action, Cell, Empty, Head, Link, Table, Tag
from fourfold.platform.ui.pages import Page
from fourfold.threats import rules as threat_rules

MUST = "Required by national policy, and not scored yet"


@dataclass(frozen=True, kw_only=True)
class ThemesPage(Page):
    lead: str
    areas: tuple[tuple[str, str, bool], ...]
    year: int
    ranking: Table
    strategy: Table
    about: str
    open: Table
    empty: Empty
    actions: tuple[Action, ...]


def themes_page(
    *,
    area: Organisation,
    areas: Iterable[Organisation],
    year: int,
    ranked: Sequence[Assessment],
    waiting: Iterable[Assessment],
    models: Mapping[int, Model],
    rule: StrategyRule,
    words: threat_rules.Vocabulary,
    begin: str,
    crumbs: tuple[Link, ...],
) -> ThemesPage:
    chosen = rules.control_strategy(
        [(each.theme, each.priority) for each in ranked], top=rule.top, must_have=rule.must_have
    )
    scored = {each.theme for each in ranked} | {each.theme.partition(".")[0] for each in ranked}
    missing = [code for code in rule.must_have if code not in scored]
    return ThemesPage(
        title="Themes",
        crumbs=crumbs,
        lead="Each theme scored for an area and a year, the highest first. The control strategy takes the highest and "
        "what national policy requires.",
        areas=tuple((each.code, each.name, each.pk == area.pk) for each in areas),
        year=year,
        ranking=Table(
            f"Themes of {area.name} in {year}",
            (
                Head("Theme"),
                Head("Rank", numeric=True),
                Head("Score", numeric=True),
                Head("With our position", numeric=True),
                Head("Confidence"),
                Head("Control strategy"),
            ),
            tuple(_row(place, each, models, chosen, words) for place, each in enumerate(ranked, start=1)),
        ),
        strategy=Table(
            "Control strategy",
            (Head("Theme"), Head("Why")),
            (
                *((Cell(words.theme_name(theme)), Cell(why)) for theme, why in chosen.items()),
                *((Cell(words.theme_name(code)), Cell(MUST)) for code in missing),
            ),
            empty="Nothing is scored yet.",
        ),
        about=f"It takes the highest {rule.top}: a default, not the national model. Required whatever their rank: "
        f"{', '.join(words.theme_name(code) for code in rule.must_have)} ({rule.source}).",
        open=Table(
            "Not decided yet",
            (Head("Assessment"), Head("Theme"), Head("State")),
            tuple(
                (
                    Cell(each.reference, href=shown_as.address(each)),
                    Cell(words.theme_name(each.theme)),
                    Cell("", tag=shown_as.status_tag(each)),
                )
                for each in waiting
            ),
            empty="No other themes are being scored.",
        ),
        empty=Empty(
            f"No themes of {area.name} are scored for {year} yet",
            "Themes that are scored, checked and moderated will be ranked here.",
            Link("Score a theme", begin) if begin else None,
        ),
        actions=(Action("Score a theme", begin, kind="primary"),) if begin else (),
    )


def _row(
    place: int,
    each: Assessment,
    models: Mapping[int, Model],
    chosen: Mapping[str, str],
    words: threat_rules.Vocabulary,
) -> tuple[Cell, ...]:
    model = models.get(each.model_id or 0)
    levels = {level.level: level.name for level in model.confidence.levels} if model else {}
    return (
        Cell(words.theme_name(each.theme), href=shown_as.address(each), hint=each.reference),
        Cell(place),
        Cell(shown_as.shown(each.risk)),
        Cell(shown_as.shown(each.priority)),
        Cell(levels.get(each.confidence or 0, "Not known")),
        Cell("", tag=Tag("Taken", "green")) if each.theme in chosen else Cell("Not taken"),
    )
