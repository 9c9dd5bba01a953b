"""What a region's YAML file must look like, and what loading it would do. Pure Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fourfold.platform.errors import RuleBroken

MARKS = frozenset("SVKD")
ITEM_KEYS = frozenset({"code", "name", "parent", "detail", "source", "mark", "effective_from", "effective_to"})


@dataclass(frozen=True)
class Term:
    """One item of one file, with what the file says for all of them filled in."""

    kind: str
    code: str
    name: str
    source: str
    mark: str
    effective_from: date
    effective_to: date | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    position: int = 0


def terms_of(content: Mapping[str, Any], *, file: str) -> tuple[Term, ...]:
    """The terms of one file, in its order.

    Raises:
        RuleBroken: R1 to R4, naming the file and the item.
    """
    for key in ("kind", "source", "mark", "effective_from", "items"):
        if key not in content:
            raise RuleBroken("R1", f"{file} has no {key}. Add it at the top of the file.")
    terms = tuple(_term(content, item, position, file) for position, item in enumerate(content["items"]))
    known: set[tuple[str, date]] = set()
    for term in terms:
        if (term.code, term.effective_from) in known:
            raise RuleBroken("R2", f"{file} has {term.code} twice from {term.effective_from}. Remove one of them.")
        known.add((term.code, term.effective_from))
    return terms


def current(terms: Iterable[Term], day: date) -> tuple[Term, ...]:
    """Terms in force on a day."""
    return tuple(t for t in terms if t.effective_from <= day and (t.effective_to is None or day < t.effective_to))


def _term(content: Mapping[str, Any], item: Mapping[str, Any], position: int, file: str) -> Term:
    name = f"{file}, item {position + 1}"
    if not item.get("code") or not item.get("name"):
        raise RuleBroken("R3", f"{name} needs a code and a name.")
    unknown = sorted(item.keys() - ITEM_KEYS)
    if unknown:
        raise RuleBroken("R3", f"{name} has {unknown[0]}, which is not known. Put it under detail.")
    mark = item.get("mark", content["mark"])
    if mark not in MARKS:
        raise RuleBroken("R4", f"{name} has the mark {mark}. Use S, V, K or D.")
    detail = dict(item.get("detail", {}))
    if "parent" in item:
        detail["parent"] = item["parent"]
    return Term(
        kind=content["kind"],
        code=str(item["code"]),
        name=str(item["name"]),
        source=item.get("source", content["source"]),
        mark=mark,
        effective_from=item.get("effective_from", content["effective_from"]),
        effective_to=item.get("effective_to", content.get("effective_to")),
        detail=detail,
        position=position,
    )
