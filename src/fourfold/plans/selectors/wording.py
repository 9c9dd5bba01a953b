"""What the region says of plans: its rules, its cycles, its menu of tactics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from fourfold.plans import rules
from fourfold.platform.errors import NotThere
from fourfold.platform.reference.keeping import kept
from fourfold.platform.reference.models import ReferenceTerm

UNREVIEWED = "PL10"


@dataclass(frozen=True)
class Words:
    """What the region says of plans: its rules, and in how many days a plan of each tier is reviewed."""

    lint: tuple[rules.LintRule, ...]
    cycles: Mapping[str, int]
    cycle_otherwise: int = 365

    def cycle(self, tier: str) -> int:
        return self.cycles.get(tier, self.cycle_otherwise)

    def rule(self, code: str) -> rules.LintRule:
        return next((each for each in self.lint if each.code == code), rules.LintRule(code, code))


@kept
def words(*, on: date) -> Words:
    """One query, or none."""
    in_force = Q(effective_from__lte=on) & (Q(effective_to=None) | Q(effective_to__gt=on))
    found = ReferenceTerm.objects.filter(in_force, kind__in=("plan_rule", "tier")).order_by("position", "code")
    made, cycles = [], {}
    for term in found:
        if term.kind == "plan_rule":
            made.append(_lint_rule(term))
        elif "plan_review_days" in term.detail:
            cycles[term.code] = int(term.detail["plan_review_days"])
    otherwise = next((r.number("days_where_the_tier_says_nothing", 365) for r in made if r.code == UNREVIEWED), 365)
    return Words(tuple(made), cycles, otherwise)


def _lint_rule(term: ReferenceTerm) -> rules.LintRule:
    said = dict(term.detail)
    return rules.LintRule(
        code=term.code,
        name=term.name,
        source=term.source,
        mark=term.mark,
        is_on=bool(said.pop("on", True)),
        counts=bool(said.pop("counts", True)),
        limits=said,
    )


@dataclass(frozen=True, kw_only=True)
class Tactic:
    """One tactic of the menu, in the region's words."""

    code: str
    name: str
    p: str
    areas: tuple[str, ...]
    what: str
    helpers: str
    watch: str
    legal: str
    source: str
    mark: str


def tactic_terms() -> QuerySet[ReferenceTerm]:
    return ReferenceTerm.objects.filter(kind="tactic", effective_to=None)


@kept
def tactics() -> tuple[Tactic, ...]:
    """The menu in the region's order. One query, or none."""
    return tuple(tactic_of(term) for term in tactic_terms().order_by("position", "code"))


def tactic(code: str) -> Tactic:
    found = tactic_terms().filter(code=code).first()
    if found is None:
        raise NotThere
    return tactic_of(found)


def tactic_of(term: ReferenceTerm) -> Tactic:
    said = term.detail
    return Tactic(
        code=term.code,
        name=term.name,
        p=said.get("p", ""),
        areas=tuple(said.get("areas", ())),
        what=said.get("what", ""),
        helpers=said.get("helpers", ""),
        watch=said.get("watch", ""),
        legal=said.get("legal", ""),
        source=term.source,
        mark=term.mark,
    )


def known_tactics(codes: Iterable[str]) -> frozenset[str]:
    """Which of these codes are tactics of the menu. One query, none where no code is given."""
    asked = {code for code in codes if code}
    if not asked:
        return frozenset()
    return frozenset(tactic_terms().filter(code__in=asked).values_list("code", flat=True))
