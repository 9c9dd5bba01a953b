"""Says in words why two records were, or were not, put together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fourfold.pipeline.resolution.settings import Settings, load_settings

COMMON_BITS = 2.0
"""A value is called common when so much was taken off: from about eight records that have it."""

NOTICEABLE_BITS = 0.5
"""A step that moves the odds by less than this is not worth a reader's time in the sentence (it stays in the
waterfall).
"""


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall. `weight` includes the adjustment for how common the value is."""

    comparison: str
    title: str
    level: str
    sentence: str
    weight: float


def steps(edge: Mapping[str, Any], *, settings: Settings | None = None) -> tuple[Step, ...]:
    """The bars of an edge's waterfall, in order, the starting odds first. Their weights add up to the match weight."""
    chosen = settings or _shipped()
    waterfall = edge["waterfall"]
    items = json.loads(waterfall) if isinstance(waterfall, str) else waterfall
    return tuple(_step(item, chosen) for item in items)


def words(edge: Mapping[str, Any], *, settings: Settings | None = None) -> str:
    """A plain sentence or three: what speaks for one person, what speaks against, and where that leaves the pair."""
    found = steps(edge, settings=settings)
    if edge.get("band") == "TOMBSTONE":
        return "The source system itself merged these two records."
    compared = [step for step in found if step.comparison != "prior"]
    for_it = [step.sentence for step in compared if step.weight >= NOTICEABLE_BITS]
    against = [step.sentence for step in compared if step.weight <= -NOTICEABLE_BITS]
    said = []
    if for_it:
        said.append(_capital(f"{_listed(for_it)}."))
    if against:
        said.append(f"Against this, {_listed(against)}.")
    said.append(_verdict(edge, settings or _shipped()))
    return " ".join(said)


def _verdict(edge: Mapping[str, Any], settings: Settings) -> str:
    weight = f"match weight {edge['match_weight']:.1f}"
    band = edge.get("band") or ("LINKED" if edge["match_weight"] >= settings.link_weight else "PROPOSED")
    match band:
        case "APART":
            return f"Together this would be enough, but a person judged that they are two people ({weight})."
        case "PROPOSED":
            return f"This is not certain enough to put the records together without a person’s decision ({weight})."
        case "WITHIN":
            return f"On its own this would not be enough ({weight}); the records are together because of other records."
        case _:
            return f"Together this is strong enough to put the records together ({weight})."


def _step(item: Mapping[str, Any], settings: Settings) -> Step:
    comparison, code = item["comparison"], item["level"]
    weight = float(item["weight"]) + float(item["tf_weight"])
    if comparison == "prior":
        sentence = "before anything is compared, two records are unlikely to be one person"
        return Step(comparison, "Starting odds", code, sentence, weight)
    if comparison == "group":
        sentence = "of everybody recorded this person fits best by far, by how often and with whom each is recorded"
        return Step(comparison, "The person’s other records", code, sentence, weight)
    if comparison == "tombstone":
        return Step(
            comparison, "Merged by the source", code, "the source system itself merged these two records", weight
        )
    shape = settings.comparison(comparison)
    return Step(comparison, shape.title, code, shape.level(code).words + _remark(float(item["tf_weight"])), weight)


def _remark(tf_weight: float) -> str:
    return ", but common here" if tf_weight <= -COMMON_BITS else ""


def _listed(sentences: Sequence[str]) -> str:
    return "; ".join(sentences)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


@cache
def _shipped() -> Settings:
    return load_settings()
