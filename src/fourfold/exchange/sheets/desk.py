"""The desk at which lines become records: what is known already, what is the same, what differs, what is refused.

A line is never written by this room. Each sheet's desk asks the services of the room that owns the record, so that a
line meets the rules that the screens meet. A check is the import itself, undone.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

from django.db import transaction
from django.db.models import Q

from fourfold.exchange import rules
from fourfold.exchange.models import Import, KeptUrn
from fourfold.exchange.rules import Column, Fate, Fault, Field, Kind, Layout, Raw, Shape, Sheet, Value, Values, Words
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility.models import Compartment
from fourfold.threats import selectors as threats
from fourfold.threats.rules import Vocabulary

SAME_ABOUT: Mapping[Kind, str] = {
    Kind.THREATS: "threat",
    Kind.ASSESSMENTS: "assessment",
    Kind.DISRUPTIONS: "disruption",
}


@dataclass
class Line:
    """One line as it came, and what was read from it."""

    number: int
    cells: Mapping[str, Raw]
    values: dict[str, Value] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def urn(self) -> str:
        return str(self.values.get("reference", "") or "").strip()

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")

    def texts(self, name: str) -> tuple[str, ...]:
        return cast("tuple[str, ...]", self.values.get(name) or ())

    def day(self, name: str) -> date | None:
        return cast("date | None", self.values.get(name))


@dataclass(frozen=True)
class Result:
    """What became of one line."""

    line: Line
    fate: Fate
    faults: tuple[Fault, ...] = ()
    unlike: tuple[str, ...] = ()
    record: str = ""
    seen: datetime | None = None


@dataclass(frozen=True)
class Known:
    """A record that is here already: the row, what its line would say, since when."""

    row: Any
    values: Values


@dataclass
class Work:
    """One import as its desks see it."""

    actor: User
    layout: Layout
    words: Words
    of: Import
    now: datetime
    today: date
    taken: Mapping[tuple[Kind, int], datetime | None] = field(default_factory=dict)
    imported_before: date | None = None
    refused_threats: dict[str, int] = field(default_factory=dict)
    """Lines of the threats of this file that are refused, by URN."""

    proposed: set[int] = field(default_factory=set)
    """Lines whose closing of a threat waits for a moderator, also of those that came to nothing afterwards."""

    most_lines: int = rules.MOST_LINES
    threats: dict[str, int] = field(default_factory=dict)
    """Keys of the threats of this file by URN, as they were made or found."""

    @cached_property
    def organisations(self) -> Mapping[str, Organisation]:
        return {each.code: each for each in Organisation.objects.all()}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return threats.vocabulary()

    @cached_property
    def circles(self) -> Mapping[str, Compartment]:
        return {each.code: each for each in threats.circles_of(self.actor.pk)}

    @cached_property
    def leaders(self) -> Mapping[str, User]:
        return {each.email.lower(): each for each in threats.leaders()}

    def because(self, *numbers: int) -> str:
        """The reason that stands in a record made from a line, or in those made at once from several."""
        first, last = min(numbers), max(numbers)
        return f"Imported from {self.of.name}, {f'line {first}' if first == last else f'lines {first} to {last}'}"


class Desk(ABC):
    """What every sheet does alike. A subclass says how its records are found, shown, made and changed."""

    kind: Kind

    def __init__(self, work: Work, sheet: Sheet) -> None:
        self.work = work
        self.sheet = sheet
        self._lines_by_urn: dict[str, int] = {}

    @cached_property
    @abstractmethod
    def fields(self) -> Mapping[str, Field]:
        """The facts of this sheet by name."""

    @abstractmethod
    def rows(self) -> Any:
        """Every record that the reader may see, with what its line needs, as a queryset."""

    @abstractmethod
    def said(self, rows: Sequence[Any]) -> list[dict[str, Value]]:
        """What the lines of some records say, apart from what was kept of another system's file."""

    @abstractmethod
    def make(self, lines: Sequence[Line]) -> Iterator[tuple[Line, Any | Sequence[Fault]]]:
        """Make a record of each line: the row, or why there is none."""

    @abstractmethod
    def change(self, line: Line, known: Known, names: frozenset[str]) -> Any:
        """Let a record say what the line says of the facts named. Raises `RuleBroken`."""

    def asks_first(self, lines: Sequence[Line]) -> Mapping[int, tuple[str, str, datetime]]:
        """New lines that would take another record's place: by number, the heading, its reference, since when it is."""
        return {}

    def read(self, number: int, cells: Mapping[str, Raw], columns: Iterable[Column], *, from_1904: bool) -> Line:
        line = Line(number, cells)
        for column in columns:
            if column.field.for_the_reader:
                continue
            value = rules.read(
                column, cells.get(column.heading), layout=self.work.layout, words=self.work.words, from_1904=from_1904
            )
            if isinstance(value, Fault):
                line.faults.append(value)
            else:
                line.values[column.field.name] = value
        return line

    def take(self, lines: Sequence[Line]) -> list[Result]:
        """Every line's fate, in order. What is good is written, in the caller's transaction."""
        results: dict[int, Result] = {}
        good: list[Line] = []
        for line in lines:
            twice = self._fault_of_urn(line)
            if line.faults or twice:
                results[line.number] = Result(line, Fate.REFUSED, (*line.faults, *twice))
            else:
                good.append(line)
        known = self.known({line.urn for line in good} - {""})
        fresh = []
        for line in good:
            if line.urn in known:
                results[line.number] = self._against(line, known[line.urn])
            else:
                fresh.append(line)
        for result in self._make(fresh):
            results[result.line.number] = result
        if self.kind is Kind.THREATS:
            refused = (line for line in lines if line.urn and results[line.number].fate is Fate.REFUSED)
            self.work.refused_threats |= {line.urn: line.number for line in refused}
        return [results[line.number] for line in lines]

    def known(self, urns: Iterable[str]) -> dict[str, Known]:
        """Records that are called so: by their own reference first, else by what another system calls them."""
        urns = set(urns)
        if not urns:
            return {}
        kept = self._called(urns)
        wanted = Q(reference__in=urns) | Q(pk__in=[getattr(each, f"{self.about}_id") for each in kept.values()])
        rows = list(self.rows().filter(wanted))
        by_pk = {row.pk: row for row in rows}
        found = {row.reference: row for row in rows if row.reference in urns}
        for urn, each in kept.items():
            row = by_pk.get(getattr(each, f"{self.about}_id"))
            if row is not None:
                found.setdefault(urn, row)
        values = {row.pk: said for row, said in zip(rows, self.lines_of(rows), strict=True)}
        return {urn: Known(row, values[row.pk]) for urn, row in found.items()}

    @property
    def about(self) -> str:
        return SAME_ABOUT[self.kind]

    def lines_of(self, rows: Sequence[Any]) -> list[dict[str, Value]]:
        """What the lines of some records say, with another system's URN and what its file said while that stands."""
        found = self.said(rows)
        kept = self._kept_of([row.pk for row in rows])
        urns = self.urns({row.pk: row.reference for row in rows}, kept)
        for row, values in zip(rows, found, strict=True):
            values["reference"] = urns[row.pk]
            each = kept.get(row.pk)
            if each is not None and each.said_of == row.recorded_from:
                values |= {name: thawed(self.fields[name], said) for name, said in each.said.items()}
        return found

    def urns(self, called: Mapping[int, str], kept: "Mapping[int, KeptUrn] | None" = None) -> dict[int, str]:
        """How some records are called in a file, by key: each otherwise than the others that the reader may see.

        Another system's URN where there is one. But a number that is a record's own here stays that record's, and one
        that two records came with stays with the first.
        """
        kept = self._kept_of(called) if kept is None else kept
        if not kept:
            return dict(called)
        urns = {each.urn for each in kept.values()}
        claimed = {urn: getattr(each, f"{self.about}_id") for urn, each in self._called(urns).items()}
        claimed |= {row.reference: row.pk for row in self.rows().filter(reference__in=urns)}
        return {
            pk: kept[pk].urn if pk in kept and claimed.get(kept[pk].urn, pk) == pk else reference
            for pk, reference in called.items()
        }

    def _called(self, urns: Iterable[str]) -> dict[str, KeptUrn]:
        """Which record has each of some URNs of another system: the first that came with it."""
        rows = KeptUrn.objects.filter(kind=self.kind, urn__in=list(urns)).order_by("-pk")
        return {each.urn: each for each in rows}

    def _kept_of(self, ids: Iterable[int]) -> dict[int, KeptUrn]:
        rows = KeptUrn.objects.filter(kind=self.kind, **{f"{self.about}_id__in": list(ids)}).order_by("-pk")
        return {getattr(each, f"{self.about}_id"): each for each in rows}

    def _fault_of_urn(self, line: Line) -> tuple[Fault, ...]:
        heading = self.sheet.heading("reference")
        if not line.urn:
            before = self.work.imported_before
            if before is None or line.faults:
                return ()
            return (rules.fault("EX31", heading=heading, day=f"{before:%-d %B %Y}"),)
        first = self._lines_by_urn.setdefault(line.urn, line.number)
        return () if first == line.number else (rules.fault("EX32", heading=heading, value=line.urn, line=first),)

    def _against(self, line: Line, known: Known) -> Result:
        """A line beside the record that is here: the same, or a question, or what the person chose."""
        names = frozenset(
            name
            for name, value in line.values.items()
            if name != "reference" and not _alike(value, known.values.get(name))
        )
        seen = known.row.recorded_from
        if not names:
            self.found(line, known.row)
            return Result(line, Fate.SAME, record=known.row.reference, seen=seen)
        unlike = tuple(c.heading for c in self.sheet.columns if c.field.name in names)
        key = (self.kind, line.number)
        if key not in self.work.taken:
            self.found(line, known.row)
            return Result(line, Fate.DIFFERS, unlike=unlike, record=known.row.reference, seen=seen)
        if self.work.taken[key] != seen:
            return Result(line, Fate.REFUSED, (rules.fault("EX34"),), unlike, known.row.reference, seen)
        fixed = [c for c in self.sheet.columns if c.field.name in names and c.field.fixed]
        if fixed:
            faults = tuple(rules.fault("EX33", heading=c.heading, value=line.cells.get(c.heading)) for c in fixed)
            return Result(line, Fate.REFUSED, faults, unlike, known.row.reference, seen)
        theirs = frozenset(name for name in names if not self.fields[name].ours)
        try:
            with transaction.atomic():
                row = self.change(line, known, theirs) if theirs else known.row
                self._keep_again(line, row)
        except RuleBroken as refused:
            return Result(line, Fate.REFUSED, self.faults_of(refused, line), unlike, known.row.reference, seen)
        self.found(line, row)
        return Result(line, Fate.CHANGED, unlike=unlike, record=known.row.reference, seen=seen)

    def _make(self, lines: Sequence[Line]) -> Iterator[Result]:
        waiting = self.asks_first(lines)
        ready = []
        for line in lines:
            ask = waiting.get(line.number)
            key = (self.kind, line.number)
            if ask is None or (key in self.work.taken and self.work.taken[key] == ask[2]):
                ready.append(line)
            elif key in self.work.taken:
                yield Result(line, Fate.REFUSED, (rules.fault("EX34"),), (ask[0],), ask[1], ask[2])
            else:
                yield Result(line, Fate.DIFFERS, unlike=(ask[0],), record=ask[1], seen=ask[2])
        made: list[tuple[Line, Any]] = []
        for line, came in self.make(ready) if ready else ():
            if isinstance(came, Sequence):
                yield Result(line, Fate.REFUSED, tuple(came))
            else:
                made.append((line, came))
                self.found(line, came)
        self._keep(made)
        for line, row in made:
            ask = waiting.get(line.number)
            if ask is None:
                yield Result(line, Fate.NEW, record=row.reference)
            else:
                yield Result(line, Fate.CHANGED, unlike=(ask[0],), record=ask[1], seen=ask[2])

    def found(self, line: Line, row: Any) -> None:
        """A record of this file is here. Later sheets may name a threat by its URN."""
        if self.kind is Kind.THREATS:
            self.work.threats |= {row.reference: row.pk} | ({line.urn: row.pk} if line.urn else {})

    def _keep(self, made: Sequence[tuple[Line, Any]]) -> None:
        """What the file calls the records, and says of them that we decide ourselves."""
        since = dict(self.rows().filter(pk__in=[row.pk for _, row in made]).values_list("pk", "recorded_from"))
        KeptUrn.objects.bulk_create(
            KeptUrn(
                label_id=row.label_id,
                kind=self.kind,
                urn=line.urn or row.reference,
                said=said,
                said_of=since[row.pk],
                came_with=self.work.of,
                **{f"{self.about}_id": row.pk},
            )
            for line, row in made
            if (said := self._said_elsewhere(line)) or (line.urn and line.urn != row.reference)
        )

    def _keep_again(self, line: Line, row: Any) -> None:
        """A record now says what the file says: what the file says beside it stands again."""
        said, since = self._said_elsewhere(line), self.rows().get(pk=row.pk).recorded_from
        kept = self._kept_of([row.pk]).get(row.pk)
        if kept is None:
            self._keep([(line, row)])
        else:
            kept.said, kept.said_of, kept.came_with = {**kept.said, **said}, since, self.work.of
            kept.save(update_fields=["said", "said_of", "came_with"])

    def _said_elsewhere(self, line: Line) -> dict[str, Any]:
        return {
            name: frozen(value)
            for name, value in line.values.items()
            if self.fields[name].ours and value not in {None, "", ()}
        }

    def faults_of(self, refused: RuleBroken, line: Line) -> tuple[Fault, ...]:
        """A refusal of a service as a fault of the column that it is about."""
        column = next(
            (c for c in self.sheet.columns if refused.field and refused.field in {c.field.name, *c.field.asked_as}),
            None,
        )
        if column is None:
            return (rules.fault_of(refused, heading="", value=""),)
        return (rules.fault_of(refused, heading=column.heading, value=line.cells.get(column.heading)),)

    def no_threat(self, line: Line) -> RuleBroken:
        """The threat that a line names is not there: on a line of this file that is refused, or not at all."""
        named = line.text("threat").strip()
        if named in self.work.refused_threats:
            return rules.broken("EX42", "threat", value=rules.shown(named), line=self.work.refused_threats[named])
        return self.not_there("threat", "threat", line, named)

    def not_there(self, name: str, thing: str, line: Line, value: str) -> RuleBroken:
        """There is none, or none for this person: the two are never told apart."""
        heading = self.sheet.heading(name)
        return rules.broken("EX30", name, thing=thing, value=f"“{rules.shown(value)}”", heading=heading)


def _alike(one: Value, other: Value) -> bool:
    """Whether two values say the same: kinds of line break do not count, nor noughts after a decimal point."""
    if isinstance(one, str) and isinstance(other, str):
        return one.replace("\r\n", "\n") == other.replace("\r\n", "\n")
    if one in {None, "", ()} and other in {None, "", ()}:
        return True
    return one == other


def frozen(value: Value) -> Any:
    """A value as JSON keeps it."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case tuple():
            return list(value)
        case _:
            return value


def thawed(field: Field, kept: Any) -> Value:
    match field.shape:
        case Shape.MOMENT:
            return datetime.fromisoformat(kept)
        case Shape.DATE:
            return date.fromisoformat(kept)
        case Shape.DECIMAL:
            return Decimal(kept)
        case Shape.TEXTS | Shape.CODES | Shape.PAIRS:
            return tuple(kept)
        case _:
            return cast("Value", kept)
