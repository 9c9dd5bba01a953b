"""What a source family must say of itself: its layouts, how rows become contract rows, which faults they may have.

A family is declarative: SQL expressions over landed text, made of the macros of `macros.py`. The engine runs it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from fourfold.pipeline.delivery import Layout


@dataclass(frozen=True)
class Correction:
    """A person's repair of one delivered cell (`column`), or of the whole line (`column` None), before any rule."""

    source_file: str
    source_line: int
    column: str | None
    value: str


@dataclass(frozen=True)
class Context:
    """What the house knows about the source and the pipeline cannot.

    owner: organisation that runs the source; owns rows that name no force and rows that could not be read.
    forces: police number of the source's forces -> organisation code ("05": "merseyside").
    compartments: codes of the compartments there are; a row restricted to any other is quarantined.
    known: canonical folders of the source's earlier batches: a link to a record of theirs is not held.
    """

    source: str
    owner: str
    forces: Mapping[str, str]
    compartments: frozenset[str] = frozenset()
    audience: str = "REGION"
    marking: str = "OFFICIAL-SENSITIVE"
    compartment: str | None = None
    known: tuple[Path, ...] = ()
    memory_mb: int = 1_000
    threads: int = 2


@dataclass(frozen=True)
class Check:
    """A fault a row may have: `when` is true. The rule's effect says what follows. `column` names the landed field."""

    rule: str
    column: str
    when: str


@dataclass(frozen=True)
class Step:
    """A named relation the makes read: rows of one landed table with what is worked out from them.

    `select` reads the view `landed_<table>` (the landed fields, trimmed, empty as null; source_file, source_line,
    raw) or earlier steps, and gives at least source_file, source_line, raw, owning_force, audience, marking,
    compartment (`single_owner`, `owner_by_number` write the last four). Afterwards `<name>` holds the rows that broke
    no rule that sets them aside.
    `key`: column of the select that must be there and unique (Q-KEY-01, Q-KEY-02).
    A step with checks, a key or `consumed` has rows of `table` alone: where that brought none, it has none.
    `consumed`: the rows only enrich others (code tables, aliases, tombstones) and count as reference.
    """

    name: str
    table: str
    select: str
    checks: tuple[Check, ...] = ()
    key: str = ""
    consumed: bool = False


@dataclass(frozen=True)
class Make:
    """Rows of one entity table, or of merge, from a step. Columns not given are taken from the step by their name,
    or are null (aliases: an empty list; handling, created_at, updated_at: null)."""

    contract: str
    reads: str
    columns: Mapping[str, str] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True)
class Links:
    """Links from the rows of one landed table. `select` gives what a step gives and record_key, left_kind, left_key,
    right_kind, right_key, type, and if it has them from_on, to_on, assertion, grade, created_at, updated_at.

    The engine follows the source's merges, and holds a link whose end was never delivered, deleted or set aside.
    `key`: as for a step, where each landed row is one link.
    """

    name: str
    table: str
    select: str
    checks: tuple[Check, ...] = ()
    key: str = ""


class Family(ABC):
    """One family of source system. A subclass declares; the engine runs what it declares."""

    code: ClassVar[str]
    title: ClassVar[str]
    implements: ClassVar[tuple[str, ...]]
    layouts: ClassVar[tuple[Layout, ...]]

    @abstractmethod
    def steps(self, context: Context) -> tuple[Step, ...]:
        """Rows worked out, in order; a later step may read an earlier one."""

    @abstractmethod
    def makes(self, context: Context) -> tuple[Make, ...]:
        """Entity and merge rows."""

    def links(self, context: Context) -> tuple[Links, ...]:
        """Links, run when all entities of the batch are known."""
        return ()


def literal(value: str | None) -> str:
    """A value as SQL text."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def owned(context: Context, *, owner: str | None = None, restricted: str | None = None) -> str:
    """The four access columns. `owner`: SQL of the organisation code (the source's owner where not given).

    `restricted`: SQL of the source's own restriction: null open, F own force only, anything else a compartment.
    """
    owning = owner or literal(context.owner)
    if restricted is None:
        audience, compartment = literal(context.audience), literal(context.compartment)
    else:
        audience = f"CASE WHEN {restricted} = 'F' THEN 'OWN' ELSE {literal(context.audience)} END"
        compartment = f"CASE WHEN {restricted} <> 'F' THEN {restricted} ELSE {literal(context.compartment)} END"
    return (
        f"{owning} AS owning_force, {audience} AS audience, {literal(context.marking)} AS marking, "
        f"CAST({compartment} AS VARCHAR) AS compartment"
    )


def owner_by_number(context: Context, number: str) -> str:
    """SQL of the organisation code for the source's force number; null when it is none of the context's forces."""
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(name)}" for code, name in sorted(context.forces.items()))
    return f"CASE {number} {cases} END" if cases else "CAST(NULL AS VARCHAR)"


def unknown_restriction(context: Context, restricted: str) -> Check:
    """The check that goes with `owned(restricted=...)`."""
    codes = ", ".join(literal(code) for code in ("F", *sorted(context.compartments)))
    return Check("Q-RESTRICT-01", "Restricted", f"{restricted} NOT IN ({codes})")
