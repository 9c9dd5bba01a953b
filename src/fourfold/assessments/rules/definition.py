"""A scoring model as data: what a file of one must say, and everything that is wrong with it, by place.

Nothing here knows a criterion, a weight or a boundary. A body that is authorised to use another matrix writes it in the
same shape and loads it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

MARKS = frozenset("SVKD")
TOP_KEYS = frozenset(
    {
        *("code", "kind", "name", "about", "source", "mark", "effective_from", "sections", "score", "priority"),
        *("floors", "tiers", "evidence", "confidence"),
    }
)
SECTION_KEYS = frozenset({"key", "name", "about", "lowest", "highest", "least_known", "counts", "criteria"})
CRITERION_KEYS = frozenset({"key", "name", "question", "weight", "may_be_unknown", "anchors", "for_types"})


class Kind(StrEnum):
    """What is assessed: one threat, or a theme in an area and a year."""

    TACTICAL = "TACTICAL"
    THEMATIC = "THEMATIC"


KIND_NAMES: Mapping[str, str] = {Kind.TACTICAL: "Tactical", Kind.THEMATIC: "Thematic"}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a model's file: where, and what to do about it."""

    where: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One row of the matrix. `for_types` renames it for some kinds of threat."""

    key: str
    section: str
    name: str
    question: str
    weight: Fraction
    may_be_unknown: bool
    lowest: int
    highest: int
    anchors: tuple[str, ...]
    for_types: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def named(self, threat_type: str = "") -> str:
        return str(self.for_types.get(threat_type, {}).get("name", self.name))

    def asked(self, threat_type: str = "") -> str:
        return str(self.for_types.get(threat_type, {}).get("question", self.question))

    def anchor(self, value: int, threat_type: str = "") -> str:
        words = self.for_types.get(threat_type, {}).get("anchors", self.anchors)
        return str(words[value - self.lowest])

    @property
    def scale(self) -> range:
        return range(self.lowest, self.highest + 1)


@dataclass(frozen=True, kw_only=True)
class Section:
    """Criteria that are scored on one scale. Those that do not count are shown for tasking only."""

    key: str
    name: str
    about: str
    lowest: int
    highest: int
    least_known: int
    counts: bool
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Condition:
    """The highest of these criteria is at least so much."""

    any_of: tuple[str, ...]
    at_least: int


@dataclass(frozen=True)
class Floor:
    """Where every condition holds, the risk is at least `to`."""

    to: Fraction
    when: tuple[Condition, ...]


@dataclass(frozen=True)
class Boundary:
    tier: str
    at_least: Fraction


@dataclass(frozen=True)
class Level:
    """A level of confidence, from a share of criteria with good recent evidence."""

    level: int
    name: str
    at_least: Fraction


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """Which criteria are looked at, and what good recent evidence for one is."""

    sections: tuple[str, ...]
    sources: frozenset[str]
    assessments: frozenset[str]
    within_months: int
    levels: tuple[Level, ...]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A version of a scoring model, ready to score with."""

    code: str
    kind: Kind
    name: str
    about: str
    source: str
    mark: str
    effective_from: date
    sections: Mapping[str, Section]
    harm: str
    likelihood: str
    section_scale: Fraction
    divide_by: Fraction
    position: str
    raise_by: Fraction
    at_most: Fraction | None
    floors: tuple[Floor, ...]
    tiers: tuple[Boundary, ...]
    evidence_sections: tuple[str, ...]
    evidence_from: int
    confidence: Confidence
    digest: str = ""

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every criterion in the model's order."""
        return tuple(criterion for section in self.sections.values() for criterion in section.criteria)

    @cached_property
    def by_key(self) -> Mapping[str, Criterion]:
        return {criterion.key: criterion for criterion in self.criteria}

    @property
    def is_our_default(self) -> bool:
        """Whether a person must be told "default, not the national model"."""
        return self.mark in {"D", "K"}


def faults_of(content: object) -> tuple[Fault, ...]:
    """Everything that is wrong with a model's file, in the file's order; nothing where it can be used."""
    if not isinstance(content, Mapping):
        return (Fault("file", "must be a list of named parts: code, kind, name, sections and so on"),)
    return tuple(_faults(content))


def digest_of(content: Mapping[str, Any]) -> str:
    """The same contents give the same digest, however the file is laid out."""
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def model_of(content: Mapping[str, Any]) -> Model:
    """The model that a file without faults describes."""
    sections = {str(each["key"]): _section(each) for each in content["sections"]}
    priority = content.get("priority") or {}
    evidence = content.get("evidence") or {}
    return Model(
        code=str(content["code"]),
        kind=Kind(content["kind"]),
        name=str(content["name"]),
        about=str(content.get("about", "")).strip(),
        source=str(content["source"]),
        mark=str(content["mark"]),
        effective_from=_day(content["effective_from"]),
        sections=sections,
        harm=str(content["score"]["harm"]),
        likelihood=str(content["score"]["likelihood"]),
        section_scale=number(content["score"]["section_scale"]),
        divide_by=number(content["score"]["divide_by"]),
        position=str(priority.get("section", "")),
        raise_by=number(priority.get("raise_by", 0)),
        at_most=number(priority["at_most"]) if priority.get("at_most") is not None else None,
        floors=tuple(
            Floor(
                number(each["to"]),
                tuple(Condition(tuple(one["any_of"]), int(one["at_least"])) for one in each["when"]),
            )
            for each in content.get("floors") or ()
        ),
        tiers=tuple(
            sorted(
                (Boundary(str(each["tier"]), number(each["at_least"])) for each in content.get("tiers") or ()),
                key=lambda boundary: -boundary.at_least,
            )
        ),
        evidence_sections=tuple(evidence.get("sections", ())),
        evidence_from=int(evidence.get("from_score", 0)),
        confidence=_confidence(content["confidence"]),
        digest=digest_of(content),
    )


def number(value: object) -> Fraction:
    """A number of the file exactly as it is written: 0.25 is a quarter."""
    return Fraction(str(value))


def _section(said: Mapping[str, Any]) -> Section:
    lowest, highest = int(said.get("lowest", 0)), int(said["highest"])
    criteria = tuple(
        Criterion(
            key=str(each["key"]),
            section=str(said["key"]),
            name=str(each["name"]),
            question=str(each.get("question", "")),
            weight=number(each.get("weight", 1)),
            may_be_unknown=bool(each.get("may_be_unknown", True)),
            lowest=lowest,
            highest=highest,
            anchors=tuple(str(words) for words in each["anchors"]),
            for_types=each.get("for_types") or {},
        )
        for each in said["criteria"]
    )
    return Section(
        key=str(said["key"]),
        name=str(said["name"]),
        about=str(said.get("about", "")).strip(),
        lowest=lowest,
        highest=highest,
        least_known=int(said.get("least_known", 0)),
        counts=bool(said.get("counts", True)),
        criteria=criteria,
    )


def _confidence(said: Mapping[str, Any]) -> Confidence:
    levels = (Level(int(each["level"]), str(each["name"]), number(each["at_least"])) for each in said["levels"])
    return Confidence(
        sections=tuple(said["sections"]),
        sources=frozenset(str(each) for each in said["sources"]),
        assessments=frozenset(str(each) for each in said["assessments"]),
        within_months=int(said["within_months"]),
        levels=tuple(sorted(levels, key=lambda level: -level.at_least)),
    )


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _faults(content: Mapping[str, Any]) -> Iterator[Fault]:
    for key in ("code", "kind", "name", "source", "mark", "effective_from", "sections", "score", "confidence"):
        if not content.get(key):
            yield Fault(key, "is missing: add it at the top of the file")
    for key in sorted(str(key) for key in content if key not in TOP_KEYS):
        yield Fault(key, "is not a part of a model: check its spelling")
    if len(str(content.get("code", ""))) > CODE_LIMIT:
        yield Fault("code", f"must have at most {CODE_LIMIT} characters")
    if content.get("kind") and content["kind"] not in list(Kind):
        yield Fault("kind", f"must be {' or '.join(Kind)}")
    if content.get("mark") and content["mark"] not in MARKS:
        yield Fault("mark", "must be S, V, K or D")
    if content.get("effective_from") and not _is_day(content["effective_from"]):
        yield Fault("effective_from", "must be a date such as 2026-04-01")
    scales = dict(_sections_said(content))
    yield from _section_faults(content)
    yield from _score_faults(content, scales)
    yield from _priority_faults(content, scales)
    yield from _tier_faults(content)
    yield from _floor_faults(content, scales)
    yield from _evidence_faults(content, scales)
    yield from _confidence_faults(content.get("confidence"), scales)


CODE_LIMIT = 24
KEY_LIMIT = 40


def _sections_said(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    said = content.get("sections")
    for each in said if isinstance(said, Sequence) and not isinstance(said, str) else ():
        if isinstance(each, Mapping) and each.get("key"):
            yield str(each["key"]), each


def _section_faults(content: Mapping[str, Any]) -> Iterator[Fault]:
    said = content.get("sections")
    if said is None:
        return
    if not isinstance(said, Sequence) or isinstance(said, str):
        yield Fault("sections", "must be a list, each section with a key, a name, highest and criteria")
        return
    seen: set[str] = set()
    names: set[str] = set()
    for position, each in enumerate(said, start=1):
        if not isinstance(each, Mapping) or not each.get("key") or not each.get("name"):
            yield Fault(f"sections, number {position}", "needs a key and a name")
            continue
        if str(each["key"]) in names:
            yield Fault(f"section {each['key']}", "is there twice: give each section its own key")
        names.add(str(each["key"]))
        yield from _one_section_faults(each, f"section {each['key']}", seen)


def _one_section_faults(said: Mapping[str, Any], where: str, seen: set[str]) -> Iterator[Fault]:
    for key in sorted(str(key) for key in said if key not in SECTION_KEYS):
        yield Fault(where, f"has {key}, which is not known: check its spelling")
    if not _is_whole(said.get("lowest", 0)) or not _is_whole(said.get("highest")):
        yield Fault(where, "needs highest, and lowest where it is not 0, as whole numbers")
        return
    lowest, highest = said.get("lowest", 0), said["highest"]
    if lowest < 0 or not lowest < highest <= lowest + 20:
        yield Fault(where, "needs a scale that begins at 0 or more and has 2 to 21 scores")
        return
    criteria = said.get("criteria")
    if not isinstance(criteria, Sequence) or isinstance(criteria, str) or not criteria:
        yield Fault(where, "needs criteria: a list with at least one")
        return
    least = said.get("least_known", 0)
    if not _is_whole(least) or not 0 <= least <= len(criteria):
        yield Fault(where, f"least_known must be from 0 to {len(criteria)}, the number of its criteria")
    for position, criterion in enumerate(criteria, start=1):
        yield from _criterion_faults(criterion, f"{where}, criterion {position}", (lowest, highest), seen)


def _criterion_faults(said: object, where: str, scale: tuple[int, int], seen: set[str]) -> Iterator[Fault]:
    if not isinstance(said, Mapping) or not said.get("key") or not said.get("name"):
        yield Fault(where, "needs a key and a name")
        return
    key = str(said["key"])
    where = f"criterion {key}"
    if key in seen:
        yield Fault(where, "is there twice: give each criterion its own key")
    seen.add(key)
    if len(key) > KEY_LIMIT or not key.replace("_", "").isalnum():
        yield Fault(where, f"its key must be letters, digits and _ only, at most {KEY_LIMIT}")
    for extra in sorted(str(each) for each in said if each not in CRITERION_KEYS):
        yield Fault(where, f"has {extra}, which is not known: check its spelling")
    if not _is_number(said.get("weight", 1)) or number(said.get("weight", 1)) <= 0:
        yield Fault(where, "weight must be a number above 0")
    yield from _anchor_faults(said.get("anchors"), where, *scale)
    renamed = said.get("for_types") or {}
    if not isinstance(renamed, Mapping) or not all(isinstance(each, Mapping) for each in renamed.values()):
        yield Fault(where, "for_types must give a name, a question or anchors for each kind of threat it names")
        return
    for threat_type, other in renamed.items():
        if "anchors" in other:
            yield from _anchor_faults(other["anchors"], f"{where} for {threat_type}", *scale)


def _anchor_faults(said: object, where: str, lowest: int, highest: int) -> Iterator[Fault]:
    wanted = highest - lowest + 1
    found = len(said) if isinstance(said, Sequence) and not isinstance(said, str) else 0
    if found != wanted:
        yield Fault(where, f"needs {wanted} anchors, one for each score from {lowest} to {highest}; it has {found}")


def _score_faults(content: Mapping[str, Any], sections: Mapping[str, Any]) -> Iterator[Fault]:
    said = content.get("score")
    if isinstance(said, Mapping):
        for key in ("harm", "likelihood"):
            if said.get(key) not in sections:
                yield Fault(f"score, {key}", "must name one of the sections")
            elif sections[said[key]].get("counts") is False:
                yield Fault(f"score, {key}", "must name a section that counts")
        for key in ("section_scale", "divide_by"):
            if not _is_number(said.get(key)) or number(said[key]) <= 0:
                yield Fault(f"score, {key}", "must be a number above 0")
    elif said:
        yield Fault("score", "must name harm, likelihood, section_scale and divide_by")


def _priority_faults(content: Mapping[str, Any], sections: Mapping[str, Any]) -> Iterator[Fault]:
    raised = content.get("priority")
    if raised is None:
        return
    if not isinstance(raised, Mapping) or raised.get("section") not in sections:
        yield Fault("priority, section", "must name one of the sections")
        return
    if not _is_number(raised.get("raise_by")) or number(raised["raise_by"]) < 0:
        yield Fault("priority, raise_by", "must be a number of 0 or more")
    if raised.get("at_most") is not None and not _is_number(raised["at_most"]):
        yield Fault("priority, at_most", "must be a number")


def _tier_faults(content: Mapping[str, Any]) -> Iterator[Fault]:
    said = content.get("tiers")
    if not said:
        if content.get("kind") == Kind.TACTICAL:
            yield Fault("tiers", "is missing: a tactical model says from which risk each tier begins")
        return
    if not isinstance(said, Sequence) or isinstance(said, str):
        yield Fault("tiers", "must be a list of tier and at_least")
        return
    begins: list[Fraction] = []
    for position, each in enumerate(said, start=1):
        whole = isinstance(each, Mapping) and each.get("tier") is not None and _is_number(each.get("at_least"))
        if not whole:
            yield Fault(f"tiers, number {position}", "needs tier and at_least, a number")
            continue
        begins.append(number(each["at_least"]))
    if len(begins) == len(said):
        if len(set(begins)) < len(begins) or len({str(each["tier"]) for each in said}) < len(said):
            yield Fault("tiers", "has a tier or a boundary twice")
        if min(begins) > 0:
            yield Fault("tiers", "leaves low risks without a tier: the lowest must begin at 0")


def _floor_faults(content: Mapping[str, Any], sections: Mapping[str, Any]) -> Iterator[Fault]:
    said = content.get("floors") or ()
    if not isinstance(said, Sequence) or isinstance(said, str):
        yield Fault("floors", "must be a list, each with to and when")
        return
    known = _criterion_keys(sections)
    for position, each in enumerate(said, start=1):
        where = f"floors, number {position}"
        if not isinstance(each, Mapping) or not _is_number(each.get("to")) or not each.get("when"):
            yield Fault(where, "needs to, a number, and when, a list of conditions")
            continue
        for one in each["when"]:
            usable = isinstance(one, Mapping) and isinstance(one.get("any_of"), list) and _is_whole(one.get("at_least"))
            if not usable:
                yield Fault(where, "needs any_of, a list of criteria, and at_least, a whole number, in each condition")
                continue
            for key in one["any_of"]:
                if key not in known:
                    yield Fault(where, f"names the criterion {key}, which no section has")


def _evidence_faults(content: Mapping[str, Any], sections: Mapping[str, Any]) -> Iterator[Fault]:
    said = content.get("evidence")
    if said is None:
        return
    if not isinstance(said, Mapping) or not isinstance(said.get("sections"), list):
        yield Fault("evidence", "must name its sections")
        return
    for key in said["sections"]:
        if key not in sections:
            yield Fault("evidence", f"names the section {key}, which is not there")
    if not _is_whole(said.get("from_score", 0)):
        yield Fault("evidence", "from_score must be a whole number")


def _confidence_faults(said: object, sections: Mapping[str, Any]) -> Iterator[Fault]:
    if not said:
        return
    if not isinstance(said, Mapping):
        yield Fault("confidence", "must name sections, sources, assessments, within_months and levels")
        return
    for key in ("sections", "sources", "assessments", "levels"):
        if not isinstance(said.get(key), list) or not said[key]:
            yield Fault(f"confidence, {key}", "must be a list with at least one")
    for key in said["sections"] if isinstance(said.get("sections"), list) else ():
        if key not in sections:
            yield Fault("confidence, sections", f"names the section {key}, which is not there")
    if not _is_whole(said.get("within_months")) or said["within_months"] < 1:
        yield Fault("confidence, within_months", "must be a whole number of 1 or more")
    yield from _level_faults(said["levels"] if isinstance(said.get("levels"), list) else ())


def _level_faults(said: Sequence[Any]) -> Iterator[Fault]:
    lowest: list[Fraction] = []
    for position, each in enumerate(said, start=1):
        whole = isinstance(each, Mapping) and _is_whole(each.get("level")) and each.get("name") is not None
        if not whole or not _is_number(each.get("at_least")):
            yield Fault(f"confidence, level {position}", "needs level, name and at_least, a share from 0 to 1")
            continue
        lowest.append(number(each["at_least"]))
    if lowest and min(lowest) > 0:
        yield Fault("confidence, levels", "leaves low shares without a level: the lowest must begin at 0")


def _criterion_keys(sections: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        str(each["key"])
        for section in sections.values()
        if isinstance(section.get("criteria"), list)
        for each in section["criteria"]
        if isinstance(each, Mapping) and each.get("key")
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        number(value)
    except (ValueError, ZeroDivisionError):
        return False
    return True


def _is_day(value: object) -> bool:
    try:
        _day(value)
    except ValueError:
        return False
    return True
