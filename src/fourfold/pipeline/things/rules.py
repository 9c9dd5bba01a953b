"""The rules as data: read and checked, and each put as one condition of SQL over two records `l` and `r`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"
SHIPPED = DATA / "rules.yaml"
MARKS = frozenset("SVKD")
SAID = frozenset({"code", "words", "source", "mark", "weak", "shown", "weight"})

COLUMNS: Mapping[str, frozenset[str]] = {
    "vehicle": frozenset({"plate", "written", "vin", "make", "model", "colour", "users"}),
    "phone": frozenset({"number", "imei", "imsi", "users"}),
    "address": frozenset(
        {"uprn", "flat", "flat_or_none", "number", "street", "town", "postcode", "district", "latitude", "longitude"}
        | {"point"}
    ),
    "organisation": frozenset({"company", "name", "names", "postcode", "number", "users"}),
}
"""What may be compared of each kind. Nothing of a person is among it but that the same people use a thing."""


class RulesWrong(ValueError):
    """The rules cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Rule:
    """One way in which two records are, may be or are not of one thing."""

    code: str
    words: str
    source: str
    mark: str
    condition: str
    weak: bool = False
    shown: bool = False
    weight: float | None = None
    """How much speaks for the two being one, in bits, where a person is asked; None where nobody is."""


@dataclass(frozen=True)
class Kind:
    """The rules of one kind of thing."""

    name: str
    blocks: tuple[str, ...]
    apart: tuple[Rule, ...]
    join: tuple[Rule, ...]
    maybe: tuple[Rule, ...]

    def rule(self, code: str) -> Rule:
        return next(rule for rule in (*self.apart, *self.join, *self.maybe) if rule.code == code)


@dataclass(frozen=True)
class Rules:
    version: str
    digest: str
    largest_block: int
    spellings: Mapping[str, Mapping[str, str]]
    legal_forms: tuple[str, ...]
    kinds: Mapping[str, Kind]


def load_rules(path: Path = SHIPPED) -> Rules:
    """Read and check a file of rules. Raises `RulesWrong` with the reason when it cannot be used."""
    return _read(path.read_bytes())


@lru_cache(maxsize=8)
def _read(text: bytes) -> Rules:
    loaded = yaml.load(text, Loader=yaml.CSafeLoader)
    spellings = dict(loaded["spellings"])
    legal_forms = tuple(str(word) for word in spellings.pop("legal_form"))
    unknown = set(loaded["kinds"]) - set(COLUMNS)
    if unknown:
        raise RulesWrong(f"There is no kind of thing called {', '.join(sorted(unknown))}")
    return Rules(
        version=str(loaded["version"]),
        digest=hashlib.sha256(text).hexdigest()[:12],
        largest_block=int(loaded["largest_block"]),
        spellings={column: {str(k): str(v) for k, v in words.items()} for column, words in spellings.items()},
        legal_forms=legal_forms,
        kinds={name: _kind(name, said) for name, said in loaded["kinds"].items()},
    )


def _kind(name: str, said: Mapping[str, Any]) -> Kind:
    rules = {part: tuple(_rule(name, each) for each in said.get(part) or ()) for part in ("apart", "join", "maybe")}
    kind = Kind(name, tuple(said["blocks"]), **rules)
    codes = [rule.code for rule in (*kind.apart, *kind.join, *kind.maybe)]
    if len(set(codes)) != len(codes):
        raise RulesWrong(f"Two rules of {name} have one code")
    return kind


def _rule(kind: str, said: Mapping[str, Any]) -> Rule:
    missing = {"code", "words", "source", "mark"} - said.keys()
    if missing:
        raise RulesWrong(f"A rule of {kind} has no {', '.join(sorted(missing))}")
    if said["mark"] not in MARKS:
        raise RulesWrong(f"The mark of {kind} {said['code']} is not one of {', '.join(sorted(MARKS))}")
    weight = said.get("weight")
    if weight is not None and (isinstance(weight, bool) or not isinstance(weight, int | float)):
        raise RulesWrong(f"The weight of {kind} {said['code']} is not a number")
    test = {name: value for name, value in said.items() if name not in SAID}
    return Rule(
        code=said["code"],
        words=said["words"],
        source=said["source"],
        mark=said["mark"],
        condition=_condition(test, COLUMNS[kind], f"{kind} {said['code']}"),
        weak=bool(said.get("weak")),
        shown=bool(said.get("shown")),
        weight=None if weight is None else float(weight),
    )


def _same(column: str) -> str:
    return f"l.{column} = r.{column}"


def _differ(column: str) -> str:
    return f"l.{column} <> r.{column}"


def _missing(column: str) -> str:
    return f"(l.{column} is null or r.{column} is null)"


def _given(column: str) -> str:
    return f"(l.{column} is not null and r.{column} is not null)"


def _neither(column: str) -> str:
    return f"(l.{column} is null and r.{column} is null)"


def _odd(column: str) -> str:
    return f"(l.{column} is null) <> (r.{column} is null)"


def _begins(column: str) -> str:
    return f"(starts_with(l.{column}, r.{column}) or starts_with(r.{column}, l.{column}))"


def _overlap(column: str) -> str:
    return f"list_has_any(l.{column}, r.{column})"


TESTS: Mapping[str, Callable[[str], str]] = {
    "same": _same,
    "differ": _differ,
    "missing": _missing,
    "given": _given,
    "neither": _neither,
    "odd": _odd,
    "begins": _begins,
    "overlap": _overlap,
}
"""Tests of one column: both the same; both there and different; one not there; both there; neither there; one not
there but the other; one the beginning of the other; a value in both lists.
"""


def _condition(test: Mapping[str, Any], columns: frozenset[str], where: str) -> str:
    """One condition, never null: what is not there neither joins nor parts."""
    if "slips" in test:
        column = _known(test["near"], columns, where)
        return f"coalesce(damerau_levenshtein(l.{column}, r.{column}) <= {int(test['slips'])}, false)"
    if len(test) != 1:
        raise RulesWrong(f"Rule {where} must have one test, and has {len(test)}")
    ((name, value),) = test.items()
    if name in {"all", "any"}:
        parts: Sequence[Mapping[str, Any]] = value
        joined = (" and " if name == "all" else " or ").join(_condition(part, columns, where) for part in parts)
        return f"({joined})"
    if name == "not":
        return f"not {_condition(value, columns, where)}"
    if name == "apart_days":
        gap = "greatest(l.seen_from, r.seen_from) - least(l.seen_to, r.seen_to)"
        return f"coalesce({gap} > {int(value)}, false)"
    if name not in TESTS:
        raise RulesWrong(f"Rule {where} has a test that is not known: {name}")
    return f"coalesce({TESTS[name](_known(value, columns, where))}, false)"


def _known(column: str, columns: frozenset[str], where: str) -> str:
    if column not in columns:
        raise RulesWrong(f"Rule {where} compares {column}, which may not be compared")
    return column
