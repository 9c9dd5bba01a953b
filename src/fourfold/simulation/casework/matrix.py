"""The matrix that officers score with, as far as the simulation needs it: to know the tier that values lead to.

Weights and boundaries are those of the default tactical model that is shipped, and a test holds them against it. The
national model is not public (docs/decisions/0091).
"""

from collections.abc import Mapping
from fractions import Fraction

from fourfold.simulation.chance import Chance

HARM = {
    "physical": 3,
    "psych": 2,
    "financial": 2,
    "community": 2,
    "environment": 1,
    "vulnerability": 3,
    "geographic": 1,
    "expectation": 1,
}
LIKELIHOOD = {"frequency": 2, "trend": 1, "intent": 2, "capability": 2}
POSITION = ("org_capacity", "org_capability", "knowledge", "partners", "opportunity")
THEMATIC = (
    *("physical", "psych", "financial", "community", "expectation", "environment", "economic"),
    *("frequency", "volume", "forecast", "org_capacity", "org_capability"),
)
KNOWN_ALWAYS = frozenset({"physical", "vulnerability"})
HIGHEST, HIGHEST_POSITION = 5, 3
BOUNDARIES = (("1", 60), ("2", 45), ("3", 30), ("4", 15), ("5", 0))
FLOOR = 45
LEVELS = {"1": 41, "2": 36, "3": 31, "4": 24, "5": 14}  # usual value in each tier, in tenths
# What is usual for a theme beside the level of its tier.
LEANINGS: Mapping[str, Mapping[str, int]] = {
    "DRU": {"community": 1, "vulnerability": 1, "environment": -1, "frequency": 1},
    "FIR": {"physical": 1, "expectation": 1, "environment": -2, "frequency": -1},
    "MSH": {"psych": 1, "vulnerability": 1, "environment": -2},
    "OIC": {"geographic": 2, "vulnerability": 1, "environment": -2},
    "ECO": {"financial": 1, "physical": -2, "geographic": 1},
    "CYB": {"financial": 1, "physical": -2, "geographic": 2},
    "CSA": {"psych": 1, "vulnerability": 1, "financial": -2, "environment": -2},
    "SAC": {"financial": 1, "vulnerability": -1, "geographic": 1},
    "PRI": {"community": -1, "frequency": 1},
}
UNKNOWN_MOST = 2

type Values = dict[str, int | None]


def risk(values: Mapping[str, int | None]) -> Fraction:
    """Harm times likelihood, unknown criteria left out, not below the floor where it holds."""
    found = _share(values, HARM) * _share(values, LIKELIHOOD) * 100
    worst = max(values["physical"] or 0, values["vulnerability"] or 0) >= HIGHEST
    if worst and (values["frequency"] or 0) >= 3 and (values["intent"] or 0) >= 3:
        return max(found, Fraction(FLOOR))
    return found


def tier_of(values: Mapping[str, int | None]) -> str:
    """The tier that the values lead to."""
    found = risk(values)
    return next(tier for tier, least in BOUNDARIES if found >= least)


def values_for(chance: Chance, theme: str, tier: str) -> Values:
    """Values that an officer might give a threat of this theme, and that lead to the tier."""
    leaning = LEANINGS.get(theme.partition(".")[0], {})
    spread = 16
    while True:
        values: Values = {}
        for key in (*HARM, *LIKELIHOOD):
            tenths = LEVELS[tier] + 6 * leaning.get(key, 0) + chance.between(-spread, spread)
            values[key] = max(0, min(HIGHEST, (tenths + 5) // 10))
        for _ in range(chance.upto(UNKNOWN_MOST + 1) if chance.yes(0.25) else 0):
            key = chance.pick(tuple(HARM))
            if key not in KNOWN_ALWAYS:
                values[key] = None
        for key in POSITION:
            values[key] = chance.upto(HIGHEST_POSITION + 1)
        if tier_of(values) == tier:
            return values
        spread = max(4, spread - 1)


def moved(chance: Chance, values: Mapping[str, int | None], tier: str) -> tuple[Values, tuple[str, ...]]:
    """The values another reader gives, one to five of them a step off, that lead to the tier; and which differ."""
    for _ in range(60):
        other = dict(values)
        for key in chance.shuffled([key for key in (*HARM, *LIKELIHOOD) if other[key] is not None])[
            : chance.between(1, 5)
        ]:
            other[key] = max(0, min(HIGHEST, (values[key] or 0) + (1 if chance.yes(0.45) else -1)))
        changed = tuple(key for key in other if other[key] != values[key])
        if changed and tier_of(other) == tier:
            return other, changed
    return dict(values), ()


def _share(values: Mapping[str, int | None], weights: Mapping[str, int]) -> Fraction:
    known = [(weight, values[key]) for key, weight in weights.items() if values[key] is not None]
    total = sum(weight * (value or 0) for weight, value in known)
    return Fraction(total, HIGHEST * sum(weight for weight, _ in known))
