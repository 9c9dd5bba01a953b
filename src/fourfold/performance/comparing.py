"""What came, went and changed in the rows of a figure between two dates, and why.

For each row: field by field from what to what, who changed it, when, and the reason given.
Set-based: the rows at both dates, then every version in between of the rows that differ. The number of queries does not
depend on the rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from fourfold.performance import selectors, subjects
from fourfold.performance.rules import Measure, Value
from fourfold.performance.selectors import Asked, Bodies
from fourfold.performance.subjects import Field, Standing, Subject, Wording
from fourfold.platform import clock
from fourfold.platform.history.rewind import Version, versions_between
from fourfold.threats import selectors as threats


class Kind(StrEnum):
    """What happened to a row between the two dates."""

    CAME = "CAME"
    WENT = "WENT"
    CHANGED = "CHANGED"


@dataclass(frozen=True)
class Step:
    """One field of one record, from one value to another: when, by whom, for what reason."""

    field: str
    before: str
    after: str
    at: datetime
    by: str
    reason: str

    @property
    def words(self) -> str:
        if not self.field:
            return self.after
        return f"{self.field}: {self.before} to {self.after}"


@dataclass(frozen=True)
class RowChange:
    """One row that is counted at one date only, or at both with something different."""

    kind: Kind
    pk: int
    reference: str
    name: str
    href: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Difference:
    """The rows of a figure at two dates."""

    of: Measure
    earlier: Asked
    later: Asked
    then: Value
    now: Value
    came: tuple[RowChange, ...]
    went: tuple[RowChange, ...]
    changed: tuple[RowChange, ...]

    @property
    def all(self) -> tuple[RowChange, ...]:
        return (*self.came, *self.went, *self.changed)


def compare(of: Measure, *, earlier: Asked, later: Asked, now: datetime, known: Bodies | None = None) -> Difference:
    """The rows of a figure at two dates. For a share, the rows that it is a share of.

    Args:
        now: This moment, for a later date that is not over yet.
    """
    bodies = known or selectors.bodies()
    subject = subjects.subject(of.extract.of)
    columns = tuple(subject.fields[name].path for name in subject.watched)
    then = _rows(of, earlier, bodies, columns)
    since = _rows(of, later, bodies, columns)
    sorts = {
        Kind.CAME: since.keys() - then.keys(),
        Kind.WENT: then.keys() - since.keys(),
        Kind.CHANGED: {pk for pk in then.keys() & since.keys() if then[pk] != since[pk]},
    }
    concerned = sorted(set().union(*sorts.values()))
    steps = _steps(subject, concerned, _moment(earlier, now), _moment(later, now))
    found = subject.rows().in_bulk(concerned)
    made = {
        kind: tuple(_change(kind, found[pk], steps.get(pk, ()), subject) for pk in sorted(pks) if pk in found)
        for kind, pks in sorts.items()
    }
    return Difference(
        of,
        earlier,
        later,
        selectors.figures_of(of, earlier, bodies_known=bodies)[earlier.body],
        selectors.figures_of(of, later, bodies_known=bodies)[later.body],
        made[Kind.CAME],
        made[Kind.WENT],
        made[Kind.CHANGED],
    )


def _rows(of: Measure, asked: Asked, known: Bodies, columns: Sequence[str]) -> dict[int, tuple[Any, ...]]:
    with asked.applied():
        rows = selectors.rows_of(of, asked, part=False, bodies_known=known).order_by()
        return {row[0]: row[1:] for row in rows.values_list("pk", *columns)}


def _moment(asked: Asked, now: datetime) -> datetime:
    return min(asked.moment or now, now)


def _steps(
    subject: Subject, concerned: Sequence[int], earlier: datetime, later: datetime
) -> Mapping[int, tuple[Step, ...]]:
    """What happened to each row, and to the rows of the table that it stands on, oldest first."""
    if not concerned:
        return {}
    wording = Wording()
    told: dict[int, list[_Told]] = defaultdict(list)
    columns = [subject.fields[name].path for name in subject.watched]
    rows = versions_between(
        subject.rows().model,
        concerned,
        earlier,
        later,
        columns=(*columns, *subject.dated, *filter(None, (subject.reason,))),
    )
    for pk, versions in rows.items():
        told[pk] += _told(versions, _watch(subject, subject.noun[0], subject), earlier=earlier, wording=wording)
    if subject.standing_on:
        watch = _watch(subject, subject.standing_on.noun, subject.standing_on)
        for pk, versions in _standing(subject.standing_on, subject, concerned, earlier, later):
            told[pk] += _told(versions, watch, earlier=earlier, wording=wording)
    who = threats.users_in_words({each.by for many in told.values() for each in many})
    return {
        pk: tuple(
            Step(each.field, each.before, each.after, each.at, who.get(each.by or 0, "not recorded"), each.reason)
            for each in sorted(many, key=lambda each: each.at)
        )
        for pk, many in told.items()
    }


def _standing(
    standing: Standing, subject: Subject, concerned: Sequence[int], earlier: datetime, later: datetime
) -> Iterable[tuple[int, tuple[Version, ...]]]:
    """The versions of the rows in between, each with the key of the row that stands on it."""
    rows = standing.rows().filter(**{f"{standing.key}__in": concerned}).order_by()
    owners = dict(rows.values_list("pk", standing.key))
    columns = [subject.fields[name].path for name in standing.watched]
    found = versions_between(rows.model, sorted(owners), earlier, later, columns=(*columns, standing.reason))
    return [(owners[pk], versions) for pk, versions in found.items()]


@dataclass(frozen=True)
class _Told:
    field: str
    before: str
    after: str
    at: datetime
    by: int | None
    reason: str


@dataclass(frozen=True)
class _Watch:
    """What of one table is looked at."""

    noun: str
    fields: tuple[Field, ...]
    reason: str
    dated: tuple[str, ...]


def _watch(subject: Subject, noun: str, of: Subject | Standing) -> _Watch:
    dated = of.dated if isinstance(of, Subject) else ()
    return _Watch(noun, tuple(subject.fields[name] for name in of.watched), of.reason, dated)


def _told(versions: Sequence[Version], watch: _Watch, *, earlier: datetime, wording: Wording) -> Iterable[_Told]:
    first = versions[0]
    if first.recorded_from > earlier:
        said = ", ".join(
            f"{field.name[:1].lower()}{field.name[1:]} {wording.of(field, first.fields[field.path])}"
            for field in watch.fields
        )
        after = f"The {watch.noun} was first recorded{_how_late(first, watch)}: {said}"
        yield _Told("", "", after, first.recorded_from, first.recorded_by, str(first.fields.get(watch.reason) or ""))
    for before, then in pairwise(versions):
        for field in watch.fields:
            was, became = before.fields[field.path], then.fields[field.path]
            if was != became:
                yield _Told(
                    field.name,
                    wording.of(field, was),
                    wording.of(field, became),
                    then.recorded_from,
                    then.recorded_by,
                    str(then.fields.get(watch.reason) or ""),
                )


def _how_late(first: Version, watch: _Watch) -> str:
    """How many days after the event a record was made, where the record says when the event was."""
    for column in watch.dated:
        happened = first.fields.get(column)
        if isinstance(happened, date):
            days = (first.recorded_from.astimezone(clock.LONDON).date() - happened).days
            return f", {days} {'day' if days == 1 else 'days'} after the event"
    return ""


def _change(kind: Kind, row: Any, steps: tuple[Step, ...], subject: Subject) -> RowChange:
    return RowChange(kind, row.pk, row.reference, subject.title(row), subject.address(row), steps)
