"""Bringing a file, deciding about it, mending its lines, and taking one away. Everything is noted in the ledger."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import date, datetime
from itertools import batched
from typing import IO, TYPE_CHECKING, Any, Literal

from django.db import connection, transaction

from fourfold.exchange import importing, rules, selectors
from fourfold.exchange.files import writing
from fourfold.exchange.models import Import, ImportLine, KeptUrn
from fourfold.exchange.rules import Fate, Kind, Layout, State, Values, Wanted
from fourfold.exchange.sheets.desk import Work
from fourfold.intake.storage import Store, TooLarge
from fourfold.platform import clock
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.clock import close_of
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.history.rewind import as_recorded_on as as_recorded
from fourfold.platform.people.models import User
from fourfold.platform.visibility.models import AccessLabel
from fourfold.platform.visibility.services import label_for

if TYPE_CHECKING:
    from fourfold.threats.models import Threat

Form = Literal["xlsx", "zip"]
IMPORTING = 4_408
"""Advisory lock: one import is decided at a time, so that two do not make the same record twice."""


def work_of(
    actor: User,
    layout: Layout,
    of: Import | None,
    *,
    now: datetime,
    today: date,
    most_lines: int = rules.MOST_LINES,
) -> Work:
    """What the desks are told, with the lines for which the person chose what the file says."""
    work = Work(
        actor=actor,
        layout=layout,
        words=selectors.words(actor),
        of=of or Import(),
        now=now,
        today=today,
        most_lines=most_lines,
    )
    if of is not None:
        chosen = ImportLine.objects.filter(of=of, take=True).values_list("kind", "line", "seen")
        work.taken = {(Kind(kind), line): seen for kind, line, seen in chosen}
        earlier = selectors.earlier_import(of)
        work.imported_before = clock.day_of(earlier.decided_at) if earlier and earlier.decided_at else None
    return work


def receive(
    *,
    actor: User,
    stream: IO[bytes],
    name: str,
    layout: Layout,
    store: Store,
    now: datetime,
    today: date,
    most_lines: int = rules.MOST_LINES,
) -> Import:
    """Keep a file's bytes, and find out what importing it would do. Nothing of it is imported yet.

    A file that cannot be taken as a whole is kept as refused, with the sentence that says why.

    Raises:
        RuleBroken: EX2 the file is larger than is taken, EX39 for who may not exchange.
    """
    rules.check_may_exchange(actor)
    name = rules.file_name(name)
    try:
        kept = store.keep_stream(stream, name=name, most=rules.MOST_BYTES)
    except TooLarge as refused:
        raise rules.broken("EX2", "file", most=rules.size_in_words(rules.MOST_BYTES)) from refused
    with transaction.atomic():
        found = Import.objects.create(
            label=label_for(owner=actor.organisation, audience="OWN"),
            name=name,
            sha256=kept.sha256,
            size=kept.size,
            layout=layout.code,
            layout_version=layout.version,
            layout_digest=layout.digest,
            state=State.RECEIVED,
            imported_by=actor,
            received_at=now,
        )
        _note(found, "file received", size=found.size)
        return check(actor=actor, of=found, layout=layout, store=store, now=now, today=today, most_lines=most_lines)


@transaction.atomic
def check(
    *,
    actor: User,
    of: Import,
    layout: Layout,
    store: Store,
    now: datetime,
    today: date,
    most_lines: int = rules.MOST_LINES,
) -> Import:
    """Find out what importing the file would do, with what was mended and chosen so far."""
    found = _undecided(of, actor)
    work = work_of(actor, layout, found, now=now, today=today, most_lines=most_lines)
    lines = _lines(found)
    try:
        told = importing.check(work, store.path_of(found.sha256), mended=_mended(lines), watched=frozenset(lines))
    except RuleBroken as refused:
        return _change(found, state=State.REFUSED, sentence=refused.sentence, checked_at=now)
    _tell(found, told, lines)
    return _change(
        found,
        state=State.CHECKED,
        counts=told.as_counts(),
        notes=told.notes,
        checked_at=now,
        layout=layout.code,
        layout_version=layout.version,
        layout_digest=layout.digest,
    )


@transaction.atomic
def mend(*, actor: User, of: Import, cells: Mapping[int, Mapping[str, str]]) -> int:
    """Correct cells of refused lines, by the key of the line and the heading. The file stays as it came.

    Returns:
        How many lines were corrected. `check` says what becomes of them.
    """
    found = _undecided(of, actor)
    lines = ImportLine.objects.select_for_update().filter(of=found, pk__in=cells, fate=Fate.REFUSED)
    corrected = 0
    for line in lines:
        wanted = {
            heading: typed
            for heading, typed in cells[line.pk].items()
            if _same_breaks(typed) != _same_breaks({**line.cells, **line.mended}.get(heading, ""))
        }
        if wanted:
            line.mended = {**line.mended, **wanted}
            line.save(update_fields=["mended"])
            corrected += 1
    if corrected:
        _note(found, "lines mended", lines=corrected)
    return corrected


@transaction.atomic
def choose(*, actor: User, of: Import, lines: Mapping[int, bool]) -> int:
    """Say of lines that differ whether the file or the record here is right. Returns how many choices changed."""
    found = _undecided(of, actor)
    asked = ImportLine.objects.select_for_update().filter(of=found, pk__in=lines, fate__in=[Fate.DIFFERS, Fate.CHANGED])
    changed = 0
    for line in asked:
        if line.take is not lines[line.pk]:
            line.take = lines[line.pk]
            line.save(update_fields=["take"])
            changed += 1
    return changed


@transaction.atomic
def confirm(
    *, actor: User, of: Import, layout: Layout, store: Store, only_good: bool, now: datetime, today: date
) -> Import:
    """Import the file: all of it, or with `only_good` without the lines that are refused. Nothing is half imported.

    Raises:
        RuleBroken: EX36 there is nothing to import, EX37 it has been decided, EX40 lines are refused and the person
            did not choose to leave them out.
    """
    rules.check_may_exchange(actor)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [IMPORTING])
    found = _undecided(of, actor)
    if found.state != State.CHECKED:
        raise rules.broken("EX36")
    work = work_of(actor, layout, found, now=now, today=today)
    lines = _lines(found)
    told = importing.run(work, store.path_of(found.sha256), mended=_mended(lines), watched=frozenset(lines))
    if told.total(Fate.REFUSED) and not only_good:
        raise rules.broken("EX40")
    if not told.total(Fate.NEW, Fate.CHANGED):
        raise rules.broken("EX36")
    _tell(found, told, lines)
    counts = told.as_counts()
    done = _change(
        found,
        state=State.IMPORTED,
        counts=counts,
        notes=told.notes,
        decided_at=now,
        only_good=bool(only_good and told.total(Fate.REFUSED)),
        layout_version=layout.version,
        layout_digest=layout.digest,
    )
    _note(done, "imported", operation=Operation.COLLECTION, counts=counts, layout=layout.code, only_good=done.only_good)
    return done


@transaction.atomic
def drop(*, actor: User, of: Import, now: datetime) -> Import:
    """Decide not to import a file. Its bytes and its report stay."""
    found = _undecided(of, actor)
    _note(found, "not imported")
    return _change(found, state=State.DROPPED, decided_at=now)


@transaction.atomic
def export(
    *,
    actor: User,
    out: IO[bytes],
    form: Form,
    layout: Layout,
    wanted: Wanted,
    reason: str,
    now: datetime,
    today: date,
    recipient: str = "",
    as_recorded_on: date | None = None,
    most_lines: int = rules.MOST_LINES,
) -> Mapping[Kind, int]:
    """Write what the person may see as a file of the layout. Returns lines by sheet.

    Raises:
        RuleBroken: EX38 no reason, EX39 for who may not exchange, EX41 a day to come, EX43 more lines than asked for.
    """
    rules.check_may_exchange(actor)
    rules.check_reason(reason)
    if as_recorded_on is not None and as_recorded_on > today:
        raise rules.broken("EX41", "as_recorded_on")
    past = as_recorded(close_of(as_recorded_on)) if as_recorded_on else nullcontext()
    with past:
        work = work_of(actor, layout, None, now=now, today=today)
        if selectors.longest_sheet(work, wanted) > most_lines:
            raise rules.broken("EX43", "sheets", most=f"{most_lines:,}")
        rows = selectors.lines(work, wanted)
        if form == "xlsx":
            facts = _about(actor, layout, wanted, reason=reason, recipient=recipient, on=as_recorded_on, today=today)
            about = writing.About("Threats, assessments and disruptions", facts)
            written = writing.write_workbook(out, rows, layout=layout, words=work.words, about=about)
        else:
            written = writing.write_zip(out, rows, layout=layout, words=work.words)
    audit.note(
        Operation.DISCLOSURE if recipient else Operation.EXPORT,
        object_type="exchange.export",
        why=reason,
        recipient=recipient,
        form=form,
        layout=layout.code,
        layout_digest=layout.digest,
        rows={kind.value: count for kind, count in written.items()},
        forces=list(wanted.forces),
        first=wanted.first,
        last=wanted.last,
        as_recorded_on=as_recorded_on or "now",
    )
    return written


def template(
    *, actor: User, out: IO[bytes], layout: Layout, kinds: tuple[Kind, ...], now: datetime, today: date
) -> None:
    """An empty workbook to fill in, with the force's open threats to choose from."""
    rules.check_may_exchange(actor)
    work = work_of(actor, layout, None, now=now, today=today)
    open_threats = selectors.open_threats(work, owner=actor.organisation.code)
    facts = (
        ("Layout", f"{layout.name} ({layout.code}), {rules.standing_of(layout)}"),
        ("For", actor.organisation.name),
        ("Made on", f"{today:%-d %B %Y}"),
        (
            "How to fill it in",
            "One record a line. Choose from the lists; the sheet Columns says what each column means.",
        ),
    )
    about = writing.About("To be filled in", facts, open_threats)
    empty: Mapping[Kind, tuple[Values, ...]] = dict.fromkeys(kinds, ())
    writing.write_workbook(out, empty, layout=layout, words=work.words, about=about)
    audit.note(Operation.EXPORT, object_type="exchange.template", layout=layout.code, open_threats=len(open_threats))


def relabel(threat: "Threat", old: AccessLabel, new: AccessLabel, reason: str) -> None:
    """What other systems call a threat, its assessments and its disruptions is for the readers of those records."""
    KeptUrn.objects.filter(threat=threat, label=old).update(label=new)
    for about in ("assessment", "disruption"):
        kept = KeptUrn.objects.filter(**{f"{about}__threat": threat}).select_related(about)
        for each in kept:
            label_id = getattr(each, about).label_id
            if each.label_id != label_id:
                each.label_id = label_id
                each.save(update_fields=["label"])


def _about(
    actor: User,
    layout: Layout,
    wanted: Wanted,
    *,
    reason: str,
    recipient: str,
    on: date | None,
    today: date,
) -> tuple[tuple[str, str], ...]:
    names = {each.code: each.name for each in selectors.bodies()}
    days = " to ".join(f"{day:%-d %B %Y}" for day in (wanted.first, wanted.last) if day)
    return (
        ("Marking", "OFFICIAL-SENSITIVE"),
        ("Layout", f"{layout.name} ({layout.code}), {rules.standing_of(layout)}"),
        ("Taken on", f"{today:%-d %B %Y}"),
        ("Taken by", f"{actor.name}, {actor.organisation.name}"),
        ("Why", reason),
        ("For", recipient or "Own use"),
        ("As recorded on", f"the end of {on:%-d %B %Y}" if on else "the moment it was taken"),
        ("Organisations", ", ".join(names.get(code, code) for code in wanted.forces) or "All"),
        ("Dates", days or "All"),
    )


def _undecided(of: Import, actor: User) -> Import:
    found = Import.objects.select_for_update().filter(pk=of.pk, imported_by=actor).first()
    if found is None:
        raise NotThere
    if found.state not in {State.RECEIVED, State.CHECKED}:
        raise rules.broken("EX37")
    return found


def _lines(of: Import) -> dict[tuple[Kind, int], ImportLine]:
    return {(Kind(line.kind), line.line): line for line in ImportLine.objects.filter(of=of)}


def _mended(lines: Mapping[tuple[Kind, int], ImportLine]) -> importing.Mended:
    return {key: line.mended for key, line in lines.items() if line.mended}


def _tell(of: Import, told: importing.Told, held: Mapping[tuple[Kind, int], ImportLine]) -> None:
    """Keep the lines that want looking at. One that did before and does not now stays, and says so."""
    for some in batched(told.lines(), importing.AT_ONCE):
        ImportLine.objects.bulk_create(
            ImportLine(of=of, label_id=of.label_id, **said) for key, said in some if key not in held
        )
        for key, said in some:
            if key in held:
                _tell_again(held[key], said)


def _tell_again(line: ImportLine, said: Mapping[str, Any]) -> None:
    """The record was changed after the person chose what the file says: the question is put again."""
    said = {name: said[name] for name in ("fate", "faults", "unlike", "record", "seen")}
    if any(fault["code"] == "EX34" for fault in said["faults"]):
        line.take = False
        said |= {"fate": Fate.DIFFERS.value, "faults": []}
    if any(getattr(line, name) != value for name, value in said.items()) or not line.take:
        for name, value in said.items():
            setattr(line, name, value)
        line.save(update_fields=[*said, "take"])


def _change(of: Import, **values: object) -> Import:
    for name, value in values.items():
        setattr(of, name, value)
    of.save(update_fields=list(values))
    return of


def _note(of: Import, change: str, *, operation: Operation = Operation.COLLECTION, **details: Any) -> None:
    audit.note(operation, of, change=change, name=of.name, sha256=of.sha256, **details)


def _same_breaks(text: str) -> str:
    """A box of several rows sends its breaks as carriage return and line feed, whatever they were."""
    return text.replace("\r\n", "\n")
