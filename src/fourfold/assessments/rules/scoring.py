"""From scores to a risk, a priority, a tier and a confidence, under any model. Exact fractions until they are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from fourfold.assessments.rules.definition import Confidence, Floor, Level, Model, Section
from fourfold.assessments.rules.sentences import SENTENCES, WORDS, broken, raise_all
from fourfold.platform.errors import RuleBroken

type Values = Mapping[str, int | None]
"""Score by criterion; None where it is unknown. A criterion that is not there has not been scored."""

WHY_LIMIT = 2000


@dataclass(frozen=True)
class Scored:
    """What a model makes of scores. Numbers are exact; None where nothing of what they need is known."""

    harm: Fraction | None
    likelihood: Fraction | None
    risk: Fraction | None
    position: Fraction | None
    priority: Fraction | None
    tier: str
    floored: bool


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One record cited for one or more criteria: its reference, its grade such as 2B, its date.

    `event` is its number on the picture, where it was picked there; `what` says in a few words what it shows.
    """

    keys: tuple[str, ...]
    reference: str
    grade: str
    dated_on: date
    what: str = ""
    event: int | None = None


@dataclass(frozen=True)
class Step:
    """The smallest change of one criterion that gives another tier."""

    key: str
    by: int
    to: int
    tier: str


def score(model: Model, values: Values) -> Scored:
    """What the model makes of the scores.

    An unknown criterion is left out of the numerator and of the denominator of its section. The tier is taken from the
    unrounded risk; the organisational position moves only the priority.
    """
    harm = _of_section(model.sections[model.harm], values, model.section_scale)
    likelihood = _of_section(model.sections[model.likelihood], values, model.section_scale)
    raised = model.sections.get(model.position)
    position = _of_section(raised, values, Fraction(1)) if raised else None
    if harm is None or likelihood is None:
        return Scored(harm, likelihood, None, position, None, "", floored=False)
    risk = harm * likelihood / model.divide_by
    floor = max((each.to for each in model.floors if _holds(each, values)), default=None)
    floored = floor is not None and risk < floor
    if floor is not None and floored:
        risk = floor
    priority = risk * (1 + model.raise_by * (position or 0))
    if model.at_most is not None:
        priority = min(model.at_most, priority)
    return Scored(harm, likelihood, risk, position, priority, tier_of(model, risk), floored)


def tier_of(model: Model, risk: Fraction) -> str:
    """The tier of an unrounded risk; empty where the model has no tiers."""
    return next((boundary.tier for boundary in model.tiers if risk >= boundary.at_least), "")


def shown(value: Fraction | Decimal | None, places: int = 1) -> str:
    """A number as people read it: half away from zero, to one decimal unless told otherwise."""
    return "" if value is None else f"{rounded(value, places):,f}"


def rounded(value: Fraction | Decimal, places: int = 1) -> Decimal:
    """Half away from zero, from the exact value."""
    exact = Fraction(value)
    scaled = abs(exact) * 10**places
    whole = int(scaled + Fraction(1, 2))
    return (Decimal(whole if exact >= 0 else -whole) / Decimal(10**places)).quantize(
        Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP
    )


def steps_to_other_tiers(model: Model, values: Values) -> tuple[Step, ...]:
    """For each criterion, the smallest step up and the smallest down that change the tier: smallest steps first.

    Only criteria that have a score take a step; an unknown one has nothing to move from.
    """
    now = score(model, values).tier
    if not now:
        return ()
    found: list[Step] = []
    for criterion in model.criteria:
        value = values.get(criterion.key)
        if value is None:
            continue
        up, down = range(value + 1, criterion.highest + 1), range(value - 1, criterion.lowest - 1, -1)
        for others in (up, down):
            tiers = ((other, score(model, {**values, criterion.key: other}).tier) for other in others)
            reached = next(((other, tier) for other, tier in tiers if tier != now), None)
            if reached is not None:
                found.append(Step(criterion.key, reached[0] - value, *reached))
    return tuple(sorted(found, key=lambda step: abs(step.by)))


def confidence(model: Model, evidence: Iterable[Evidence], *, on: date) -> Level:
    """How sure the model lets us be: from the share of criteria with good, recent evidence."""
    asked = model.confidence
    keys = {each.key for name in asked.sections for each in model.sections[name].criteria}
    good = {key for each in evidence if is_good(asked, each, on=on) for key in each.keys if key in keys}
    share = Fraction(len(good), len(keys))
    return next(level for level in asked.levels if share >= level.at_least)


def is_good(asked: Confidence, evidence: Evidence, *, on: date) -> bool:
    """Whether a record counts for confidence: its source, its assessment, its age."""
    graded = evidence.grade[:1] in asked.sources and evidence.grade[1:2] in asked.assessments
    return graded and months_before(on, asked.within_months) <= evidence.dated_on <= on


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of its month where that has no such day."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(day)


def faults_to_finish(
    model: Model,
    values: Values,
    *,
    why: Mapping[str, str],
    cited: Iterable[str] | None,
    threat_type: str = "",
) -> tuple[tuple[str, str, str], ...]:
    """What keeps scores from being sent: code, criterion (empty for a section) and sentence, in the model's order.

    `cited` are the criteria with graded evidence; None where evidence is not asked for, as of a moderator.
    """
    found: list[tuple[str, str, str]] = []
    cited = None if cited is None else frozenset(cited)
    for section in model.sections.values():
        known = 0
        for criterion in section.criteria:
            name = criterion.named(threat_type)
            value = values.get(criterion.key)
            if criterion.key not in values:
                found.append(_fault("AS4", criterion.key, name=name, lowest=section.lowest, highest=section.highest))
            elif value is None and not criterion.may_be_unknown:
                found.append(_fault("AS5", criterion.key, name=name))
            elif value is None and len(why.get(criterion.key, "").split()) < WORDS:
                found.append(_fault("AS6", criterion.key, name=name, words=WORDS))
            elif value is not None:
                known += 1
                wanted = section.key in model.evidence_sections and value >= model.evidence_from
                if cited is not None and wanted and criterion.key not in cited:
                    found.append(_fault("AS8", criterion.key, name=name))
        if known < section.least_known and all(each.key in values for each in section.criteria):
            count, least = len(section.criteria), section.least_known
            found.append(_fault("AS7", "", section=section.name, least=least, all=count, known=known))
    return tuple(found)


def check_values(model: Model, values: Values) -> None:
    """Raise `RuleBroken` for a criterion that the model has not, or a score that is not on its scale."""
    for key, value in values.items():
        criterion = model.by_key.get(key)
        if criterion is None:
            raise broken("AS9", model=model.code, key=key)
        if value is None and not criterion.may_be_unknown:
            raise broken("AS5", f"score-{key}", name=criterion.name)
        if value is not None and value not in criterion.scale:
            lowest, highest = criterion.lowest, criterion.highest
            raise broken("AS4", f"score-{key}", name=criterion.name, lowest=lowest, highest=highest)


def check_complete(
    model: Model, values: Values, *, why: Mapping[str, str], cited: Iterable[str] | None, threat_type: str = ""
) -> None:
    """Raise `RuleBroken` for the first thing that keeps scores from being sent, with everything else beside it."""
    faults = faults_to_finish(model, values, why=why, cited=cited, threat_type=threat_type)
    raise_all(RuleBroken(code, sentence, f"score-{key}" if key else "") for code, key, sentence in faults)


def _fault(code: str, key: str, **facts: object) -> tuple[str, str, str]:
    return code, key, SENTENCES[code].format(**facts)


def _of_section(section: Section, values: Values, scale: Fraction) -> Fraction | None:
    """The weighted share of the highest score, on the scale; None where no criterion is known.

    A scale that begins above 0 counts from 0 all the same: its lowest score is not nothing.
    """
    known = [(each, value) for each in section.criteria if (value := values.get(each.key)) is not None]
    if not known:
        return None
    weights = sum((each.weight for each, _ in known), Fraction())
    return scale * sum((each.weight * value for each, value in known), Fraction()) / (section.highest * weights)


def _holds(floor: Floor, values: Values) -> bool:
    return all(
        any((values.get(key) or 0) >= condition.at_least for key in condition.any_of) for condition in floor.when
    )
