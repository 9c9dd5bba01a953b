"""An import from its file to its fate: checked by doing it and undoing it, then done whole or not at all."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import IO, Any, Final

from django.db import transaction

from fourfold.exchange import rules
from fourfold.exchange.files.reading import Found, opened, sheets_in
from fourfold.exchange.rules import Fate, Kind, Raw, Unreadable
from fourfold.exchange.sheets import desks
from fourfold.exchange.sheets.desk import Desk, Line, Result, Work

AT_ONCE: Final = 250
SPOOLED: Final = 4 * 1024 * 1024
DONE: Final = frozenset({Fate.NEW, Fate.CHANGED})
LOOK_AT: Final = frozenset({Fate.REFUSED, Fate.DIFFERS})
SHOWN: Final = 10

type Mended = Mapping[tuple[Kind, int], Mapping[str, str]]
type Watched = frozenset[tuple[Kind, int]]


@dataclass
class Told:
    """What was found out about a file: counts, notes, and the lines that want looking at, kept outside of memory."""

    counts: dict[Kind, Counter[Fate]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _kept: int = 0
    _lines: IO[str] = field(
        default_factory=lambda: tempfile.SpooledTemporaryFile(max_size=SPOOLED, mode="w+", encoding="utf-8")  # noqa: SIM115  closed with what holds it
    )

    def note(self, kind: Kind, sheet: str, result: Result, *, watched: bool) -> None:
        self.counts.setdefault(kind, Counter())[result.fate] += 1
        if watched or (result.fate in LOOK_AT and self._kept < rules.MOST_LINES_KEPT):
            self._kept += 1
            self._lines.write(json.dumps(_as_kept(kind, sheet, result)) + "\n")

    def lines(self) -> Iterator[tuple[tuple[Kind, int], dict[str, Any]]]:
        """Each line that wants looking at, by its sheet and number, as it is kept."""
        self._lines.seek(0)
        for text in self._lines:
            said = json.loads(text)
            said["seen"] = datetime.fromisoformat(said["seen"]) if said["seen"] else None
            yield (Kind(said["kind"]), said["line"]), said

    def total(self, *fates: Fate) -> int:
        return sum(counted[fate] for counted in self.counts.values() for fate in fates)

    def as_counts(self) -> dict[str, dict[str, int]]:
        return {kind.value: {fate.value: counted[fate] for fate in Fate} for kind, counted in self.counts.items()}


def check(work: Work, path: Path, *, mended: Mended | None = None, watched: Watched = frozenset()) -> Told:
    """Find out what importing the file would do, by doing it and undoing it.

    Raises:
        RuleBroken: EX1 to EX14, where the file as a whole cannot be taken.
    """
    with transaction.atomic():
        told = run(work, path, mended=mended, watched=watched)
        transaction.set_rollback(True)
    return told


def run(work: Work, path: Path, *, mended: Mended | None = None, watched: Watched = frozenset()) -> Told:
    """Every line of the file through its desk; what is good is written, in the caller's transaction.

    `watched` are lines of which the fate is told even where it is good.
    """
    told = Told()
    with opened(path, name=work.of.name) as book:
        told.notes += book.notes
        found = sheets_in(book, work.layout)
        _note_sheets(told, work, found)
        for each in found:
            desk = desks.desk(work, each.sheet)
            told.counts[each.sheet.kind] = Counter()
            waiting: list[int] = []
            for lines in batched(_read(desk, each, book.from_1904, mended or {}), AT_ONCE):
                for result in desk.take(lines):
                    is_watched = (each.sheet.kind, result.line.number) in watched
                    told.note(each.sheet.kind, each.tab.name, result, watched=is_watched)
                    if desk.kind is Kind.THREATS and result.fate in DONE and result.line.number in work.proposed:
                        waiting.append(result.line.number)
            if waiting:
                told.notes.append(_waits(each.tab.name, waiting))
    if not told.total(*Fate):
        raise rules.broken("EX14")
    if (to_look_at := told.total(*LOOK_AT)) > rules.MOST_LINES_KEPT:
        told.notes.append(
            f"{to_look_at:,} lines want looking at. The first {rules.MOST_LINES_KEPT:,} are in the report: mend what "
            "they have in common in the file, and bring it again."
        )
    return told


def _read(desk: Desk, found: Found, from_1904: bool, mended: Mended) -> Iterator[Line]:
    columns = tuple(found.columns.values())
    for number, cells in found.lines(most=desk.work.most_lines):
        corrected = mended.get((desk.kind, number))
        yield desk.read(number, {**cells, **corrected} if corrected else cells, columns, from_1904=from_1904)


def _note_sheets(told: Told, work: Work, found: Sequence[Found]) -> None:
    there = {each.sheet.kind for each in found}
    told.notes += [
        f"The file has no sheet {sheet.name}: nothing of it is imported."
        for sheet in work.layout.sheets
        if sheet.kind not in there
    ]
    for each in found:
        name = each.tab.name
        if each.extra:
            told.notes.append(f"{name}: columns that the layout does not have are left out: {', '.join(each.extra)}.")
        if each.tab.hidden:
            some = sorted(number for number in each.tab.hidden if number > each.begins)
            shown = _first_of(some)
            if some:
                told.notes.append(f"{name}: lines that are hidden in the workbook are read as well: {shown}.")
        if each.tab.has_merged:
            told.notes.append(f"{name}: a cell that is merged over several lines is read as standing on each of them.")


def _waits(sheet: str, lines: Sequence[int]) -> str:
    which = f"line {lines[0]}" if len(lines) == 1 else f"lines {_first_of(lines)}"
    threat, it = ("threat is", "It") if len(lines) == 1 else ("threats are", "Each")
    return (
        f"{sheet}, {which}: the {threat} closed in the file. {it} stays open here with a proposal to close it, which "
        "waits for a moderator."
    )


def _first_of(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:SHOWN])) + (" and others" if len(numbers) > SHOWN else "")


def _as_kept(kind: Kind, sheet: str, result: Result) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "sheet": sheet,
        "line": result.line.number,
        "fate": result.fate.value,
        "cells": {heading: _as_typed(raw) for heading, raw in result.line.cells.items() if raw is not None},
        "faults": [fault.as_json() for fault in result.faults],
        "unlike": list(result.unlike),
        "record": result.record,
        "seen": result.seen.isoformat() if result.seen else "",
    }


def _as_typed(raw: Raw) -> str:
    """A cell as a person would type it on the page."""
    match raw:
        case Unreadable():
            return raw.shown.replace("\x00", "")
        case bool():
            return "TRUE" if raw else "FALSE"
        case float() if raw.is_integer():
            return str(int(raw))
        case _:
            return str(raw).replace("\x00", "").removesuffix(" 00:00:00")
