"""What is done to a batch after the door: land, read, match, publish. Each step can be killed and done again.

A step writes files outside any transaction, then says in one short transaction that it is done. Publishing is one
transaction with everything that readers see. So a process may die anywhere: the next one marks the attempt as broken
off and does the step again from what the step before left, with the same result.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.db import connection

import fourfold
from fourfold.intake import reconciliation, rules, selectors, services
from fourfold.intake.models import Batch, BatchFile, BatchMeasure, BatchWarning, Quarantined, StepRun
from fourfold.intake.reconciliation import LabelFacts
from fourfold.intake.rules import Counts, How, Kind, Outcome, RowState, State, Step
from fourfold.intake.storage import Store
from fourfold.pipeline import canonical, landing, resolution, things
from fourfold.pipeline.canonical.family import Context, Correction
from fourfold.pipeline.delivery import Landed, Refused
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.models import AccessLabel, Compartment
from fourfold.platform.visibility.scope import acting_as
from fourfold.platform.visibility.services import label_for
from fourfold.pole.services import publish_batch, write_judgements

CHUNK = 2000
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the steps work with: where files stand, the clock, the memory reading may take, who is told of progress."""

    store: Store
    clock: Callable[[], datetime]
    memory_mb: int = 2_000
    tell: Tell = lambda _line: None

    def folder(self, batch: Batch) -> Path:
        return self.store.batch_folder(batch.pk)

    def canonical(self, batch: Batch) -> Path:
        """What the batch publishes: of a supplement, only what its repairs brought."""
        return self.folder(batch) / ("brought" if batch.supplement_of_id else "canonical")


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """One resolution: its run, where it wrote, and where the numbering of clusters goes on."""

    run: str
    clusters: Path | None
    edges: Path | None
    things: Path
    next_cluster: int
    previous: str
    model: Mapping[str, Any]


def process_batches(*, batch_ids: Iterable[int], desk: Desk) -> tuple[Batch, ...]:
    """Take batches through every step that they still lack; matched together, published one by one. Safe to repeat.

    A batch that is refused or stops says so in its state and doesn't stop the others. A fault of the program is noted
    on its batch and raised when the others are done.
    """
    wanted = sorted(set(batch_ids))
    faults: list[Exception] = []
    for together in _rounds(_read(wanted)):
        published = _process_together(together, desk, faults)
        for waited in _rounds(_held_rows_to_try_again(published, desk)):
            _process_together(waited, desk, faults)
    if faults:
        raise faults[0]
    return tuple(_read(wanted))


def _rounds(batches: Iterable[Batch]) -> Iterator[list[int]]:
    """Batches in turns: of each source the oldest first, since a later one may point at what an earlier one brought."""
    queues: dict[int, list[int]] = {}
    for batch in batches:
        queues.setdefault(batch.source_id, []).append(batch.pk)
    while queues:
        yield sorted(queue.pop(0) for queue in queues.values())
        queues = {source: queue for source, queue in queues.items() if queue}


def _process_together(batch_ids: list[int], desk: Desk, faults: list[Exception]) -> list[Batch]:
    """Take batches of different sources through every step. Returns those that this published."""
    for batch_id in batch_ids:
        with _one_at_a_time(f"intake.batch.{batch_id}"), _kept_in(faults):
            _up_to_canonical(batch_id, desk)
    with _one_at_a_time("intake.resolution"):
        ready = [b for b in _read(batch_ids) if _may_go_on(b)]
        resolved = None
        with _kept_in(faults):
            resolved = _resolve(ready, desk) if ready else None
        for batch in ready if resolved else ():
            with _kept_in(faults):
                _publish(batch, resolved, desk)
    return [b for b in _read([b.pk for b in ready]) if b.state == State.PUBLISHED]


def _held_rows_to_try_again(published: Iterable[Batch], desk: Desk) -> list[Batch]:
    """Supplements of earlier deliveries whose held rows name a record that one of these batches brought."""
    made = []
    for batch in published:
        if batch.how == How.WAITED:
            continue
        with _acting():
            waiting = list(selectors.batches_with_held_rows(batch.source))
            of_source = selectors.published_in_order().filter(source=batch.source).exclude(pk=batch.pk)
            before = [desk.canonical(b) for b in of_source]
        for earlier in waiting:
            if earlier.pk in (batch.pk, batch.supplement_of_id):
                continue
            if reconciliation.may_release(desk.folder(earlier) / "canonical", desk.canonical(batch), before=before):
                with _acting():
                    made.append(
                        services.try_held_rows_again(batch=earlier, after=batch, store=desk.store, now=desk.clock())
                    )
    return _read([b.pk for b in made])


def _up_to_canonical(batch_id: int, desk: Desk) -> None:
    (batch,) = _read([batch_id])
    if batch.state in rules.SETTLED:
        return
    done = _done(batch)
    if Step.LAND not in done and not _land(batch, desk):
        return
    if Step.CANONICALISE not in done:
        _canonicalise(batch, desk)


def _land(batch: Batch, desk: Desk) -> bool:
    run = _begin(batch, Step.LAND, desk, reads=batch.content_hash)
    with _said_when_stopped([run], desk) as outcome:
        folder = desk.folder(batch)
        delivered = desk.store.lay_out(batch.contents, into=folder / "delivered")
        if batch.supplement_of_id:
            facts: dict[str, Any] = {}
            detail: dict[str, Any] = {"corrections": len(services.corrections_of(batch, store=desk.store))}
        else:
            landed = landing.land(delivered, into=folder / "landed", family=batch.source.family)
            claimed = landed.manifest.get("source")
            if claimed is not None:
                rules.check_manifest_source(str(claimed), batch.source.code)
            facts = _facts_of(landed.manifest)
            detail = {"findings": [[f.code, f.file] for f in landed.findings]}
        with _acting():
            _end(run, desk, detail)
            Batch.objects.filter(pk=batch.pk).update(state=State.LANDED, **facts)
    return outcome.done


def _canonicalise(batch: Batch, desk: Desk) -> None:
    context = _context(batch, desk)
    root = batch.supplement_of or batch
    with _acting():
        corrections = _corrections_for(batch, desk)
    reads = _digest([root.content_hash, batch.content_hash, repr(context.forces), *map(repr, corrections)])
    run = _begin(batch, Step.CANONICALISE, desk, reads=reads)
    with _said_when_stopped([run], desk):
        landed = Landed.open(desk.folder(root) / "landed")
        made = canonical.canonicalise(
            landed,
            family=batch.source.family,
            into=desk.folder(batch) / "canonical",
            context=context,
            corrections=corrections,
        )
        if batch.supplement_of_id:
            detail, counts, keep = _reconcile_supplement(batch, made.folder, desk)
        else:
            rest = _rest(batch)
            counts = reconciliation.counts_by_label(made.folder, made.counts, rest=rest)
            detail, keep = {}, None
        with _acting():
            labels = _Labels()
            if batch.how == How.WAITED:
                of_made = {labels.of(facts) for _, facts in counts}
                services.narrow_to_released(supplement=batch, lines=keep or (), made=of_made)
            _write_counts(batch, counts, labels)
            _write_not_loaded(batch, made.folder, labels, only=keep)
            if not batch.supplement_of_id:
                _write_quality(batch, made.folder, labels)
            _end(run, desk, detail)
            Batch.objects.filter(pk=batch.pk).update(state=State.CANONICAL, rule_code="", sentence="")


def _reconcile_supplement(
    batch: Batch, made: Path, desk: Desk
) -> tuple[dict[str, Any], Mapping[tuple[str, LabelFacts], Counts], frozenset[tuple[str, int]]]:
    """What the repairs of a supplement brought: the rows that its batch and earlier supplements did not have."""
    root = batch.supplement_of
    if root is None:
        raise ValueError(f"batch {batch.pk} is not a supplement")
    with _acting():
        earlier = [b for b in selectors.supplements_of(root) if b.state == State.PUBLISHED and b.pk < batch.pk]
    before = [desk.folder(b) / "canonical" for b in [root, *earlier]]
    reconciliation.write_difference(made, before, into=desk.canonical(batch))
    repaired = {(c.file, c.line) for c in services.corrections_of(batch, store=desk.store)}
    released = set(reconciliation.released(made, before[-1])) - repaired
    lines = repaired | released
    _released_file(batch, desk).write_text(json.dumps(sorted(released)), encoding="utf-8")
    detail = {"repaired": len(repaired)}
    return detail, reconciliation.lines_by_label(made, lines), frozenset(lines)


def _resolve(ready: list[Batch], desk: Desk) -> Resolved | None:
    """Match the people of every published batch and of these. None when a fault of the program stopped it."""
    with _acting():
        last = _last_resolution(desk)
        published = list(selectors.published_in_order())
        waiting = [b for b in ready if b.pk not in {p.pk for p in published}]
        usable = _resolution_of(waiting, last, desk)
    if usable is not None:
        return usable
    parquets: dict[str, list[Path]] = {}
    for batch in sorted([*published, *waiting], key=selectors.place_in_time):
        if reconciliation.people_in(desk.canonical(batch)):
            parquets.setdefault(batch.source.code, []).append(desk.canonical(batch) / "person.parquet")
    has_new_people = any(reconciliation.people_in(desk.canonical(b)) for b in waiting)
    run = f"r-{desk.clock():%Y%m%dT%H%M%S}-{waiting[0].pk}"
    judgements = desk.store.judgements_file(run)
    with _acting():
        judged = write_judgements(judgements)
        of_things = write_judgements(desk.store.thing_judgements_file(run), of_things=True)
    people = (str(path) for paths in parquets.values() for path in paths)
    reads = _digest([last.run if last else "", judged, of_things, *people])
    runs = [_begin(b, Step.RESOLVE, desk, reads=reads, run=run) for b in waiting]
    with _said_when_stopped(runs, desk) as outcome:
        folders: dict[str, list[Path]] = {}
        for batch in sorted([*published, *waiting], key=selectors.place_in_time):
            folders.setdefault(batch.source.code, []).append(desk.canonical(batch))
        grouped = things.group_things(
            folders, into=desk.store.things_folder(run), judgements=desk.store.thing_judgements_file(run)
        )
        desk.store.forget_things(but={run, last.things.name} if last else {run})
        if has_new_people:
            made = resolution.resolve(
                person_parquets=parquets,
                previous=last.clusters if last else None,
                into=desk.store.resolution_folder(run),
                next_cluster=last.next_cluster if last else 1,
                judgements=judgements,
            )
            with _acting():
                needed = _resolutions_needed()
            desk.store.forget_resolutions(
                but={run, *needed, *((last.run,) if last else ())}, newest=rules.RESOLUTIONS_KEPT
            )
            resolved = Resolved(
                run=run,
                clusters=made.clusters,
                edges=made.edges,
                things=grouped.clusters.parent,
                next_cluster=made.next_cluster,
                previous=last.run if last else "",
                model={"settings": made.settings_version, "name": made.model_name, "digest": made.model_digest},
            )
        else:
            resolved = Resolved(
                run="",
                clusters=None,
                edges=None,
                things=grouped.clusters.parent,
                next_cluster=last.next_cluster if last else 1,
                previous=last.run if last else "",
                model={},
            )
        with _acting():
            for step_run in runs:
                _end(step_run, desk, _as_detail(resolved))
            Batch.objects.filter(pk__in=[b.pk for b in waiting]).update(state=State.RESOLVED)
    return resolved if outcome.done else None


def _publish(batch: Batch, resolved: Resolved | None, desk: Desk) -> None:
    if resolved is None:
        return
    reads = _digest([resolved.run, batch.content_hash])
    run = _begin(batch, Step.PUBLISH, desk, reads=reads, run=resolved.run)
    with _said_when_stopped([run], desk):
        measured = []
        has_people = reconciliation.people_in(desk.canonical(batch)) > 0
        if resolved.clusters and has_people and not batch.supplement_of_id:
            people = desk.canonical(batch) / "person.parquet"
            measured = list(reconciliation.repeats(people, resolved.clusters, source=batch.source.code))
        folder, overtaken = _without_overtaken(batch, desk)
        now = desk.clock()
        with _acting():
            published = publish_batch(
                batch_id=batch.pk,
                source_code=batch.source.code,
                canonical_dir=folder,
                clusters=resolved.clusters if has_people else None,
                edges=resolved.edges if has_people else None,
                run=run.run,
                now=now,
                things=resolved.things / "things.parquet",
                ties=resolved.things / "ties.parquet",
            )
            labels = _Labels()
            _write_measures(batch, measured, labels)
            _write_overtaken(batch, overtaken, labels)
            _close_released(batch, desk, now)
            _end(run, desk, _as_detail(resolved))
            Batch.objects.filter(pk=batch.pk).update(state=State.PUBLISHED, published_at=now, rule_code="", sentence="")
            details = {**published.as_details(), "overtaken": sum(overtaken.values())}
            audit.note(Operation.COMBINATION, batch, run=run.run, **_plain(details))


def _without_overtaken(batch: Batch, desk: Desk) -> tuple[Path, Mapping[LabelFacts, int]]:
    """What the batch may say: all but what a later delivery has already said; and how many rows that leaves out.

    A delivery is published late when it stopped and is run again, or when one of its rows is repaired.
    """
    with _acting():
        later = [desk.canonical(b) for b in selectors.published_later(batch)]
    if not later:
        return desk.canonical(batch), {}
    kept, left_out = desk.folder(batch) / "published", desk.folder(batch) / "overtaken"
    reconciliation.write_overtaken(desk.canonical(batch), later, into=kept, left_out=left_out)
    return kept, reconciliation.overtaken_by_label(left_out)


def _released_file(batch: Batch, desk: Desk) -> Path:
    return desk.folder(batch) / "released.json"


def _close_released(batch: Batch, desk: Desk, now: datetime) -> None:
    """Rows that waited for a record that this supplement brought are no longer open."""
    if batch.supplement_of_id is None:
        return
    for file, line in json.loads(_released_file(batch, desk).read_text(encoding="utf-8")):
        Quarantined.objects.filter(
            batch__in=[batch.supplement_of_id, *Batch.objects.filter(supplement_of=batch.supplement_of_id)],
            kind=Kind.HELD,
            state=RowState.OPEN,
            file=file,
            line=line,
        ).exclude(batch=batch).update(
            state=RowState.REPAIRED,
            decided_by=service_user("intake"),
            decided_at=now,
            reason="What the row waited for has been loaded",
            supplement=batch,
        )


# What a batch is read with ---------------------------------------------------------------------------------------


def _context(batch: Batch, desk: Desk) -> Context:
    source = batch.source
    root = batch.supplement_of_id or batch.pk
    with _acting():
        forces = Organisation.objects.filter(code__in=source.forces).exclude(police_code="")
        of_source = selectors.published_in_order().filter(source=source)
        known = [
            desk.canonical(b)
            for b in sorted(of_source, key=selectors.place_in_time)
            if root not in (b.pk, b.supplement_of_id)
        ]
        return Context(
            source=source.code,
            owner=source.owner.code,
            forces=dict(forces.values_list("police_code", "code")),
            compartments=frozenset(Compartment.objects.values_list("code", flat=True)),
            audience=source.audience,
            marking=source.marking,
            compartment=source.compartment or None,
            known=tuple(known),
            memory_mb=desk.memory_mb,
        )


def _corrections_for(batch: Batch, desk: Desk) -> list[Correction]:
    """Every correction made of the delivery up to this supplement; a later one of the same cell wins."""
    if batch.supplement_of_id is None or batch.supplement_of is None:
        return []
    taken: dict[tuple[str, int, str], str] = {}
    for supplement in selectors.supplements_of(batch.supplement_of):
        if supplement.pk > batch.pk or (supplement.state != State.PUBLISHED and supplement.pk != batch.pk):
            continue
        for c in services.corrections_of(supplement, store=desk.store):
            if not c.column:
                taken = {k: v for k, v in taken.items() if k[:2] != (c.file, c.line)}
            taken[(c.file, c.line, c.column)] = c.value
    return [Correction(file, line, column or None, value) for (file, line, column), value in sorted(taken.items())]


def _rest(batch: Batch) -> LabelFacts:
    source = batch.source
    return LabelFacts(source.owner.code, "REGION", source.marking, source.compartment or None)


def _facts_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {"mode": str(manifest.get("mode") or "")[:8]}
    for name in ("extracted_at", "period_from", "period_to"):
        facts[name] = rules.moment_from(manifest.get(name))
    return facts


# What a step leaves ----------------------------------------------------------------------------------------------


class _Labels:
    """Labels by what the contract says of a row, each looked up once."""

    def __init__(self) -> None:
        self._organisations = {o.code: o for o in Organisation.objects.all()}
        self._compartments = {c.code: c for c in Compartment.objects.all()}
        self._found: dict[LabelFacts, AccessLabel] = {}

    def of(self, facts: LabelFacts) -> AccessLabel:
        if facts not in self._found:
            self._found[facts] = label_for(
                owner=self._organisations[facts.owning_force],
                audience=facts.audience,
                marking=facts.marking,
                compartment=self._compartments[facts.compartment] if facts.compartment else None,
            )
        return self._found[facts]


def _write_counts(batch: Batch, counts: Mapping[tuple[str, LabelFacts], Counts], labels: _Labels) -> None:
    BatchFile.objects.bulk_create(
        BatchFile(
            batch=batch,
            label=labels.of(facts),
            name=file,
            read=n.read,
            loaded=n.loaded,
            quarantined=n.quarantined,
            held=n.held,
            reference=n.reference,
        )
        for (file, facts), n in counts.items()
    )


def _write_not_loaded(
    batch: Batch, made: Path, labels: _Labels, *, only: frozenset[tuple[str, int]] | None = None
) -> None:
    rows: list[Quarantined] = []
    for found in reconciliation.not_loaded(made):
        if only is not None and (found.file, found.line) not in only:
            continue
        rows.append(
            Quarantined(
                batch=batch,
                label=labels.of(found.label),
                kind=found.kind,
                rule_code=found.rule_code,
                file=found.file,
                line=found.line,
                column=found.column,
                value=found.value,
                sentence=found.sentence,
                row=[[column, value] for column, value in _plain(json.loads(found.row_json or "{}")).items()],
                owning_force=found.label.owning_force,
            )
        )
        if len(rows) >= CHUNK:
            Quarantined.objects.bulk_create(rows)
            rows = []
    Quarantined.objects.bulk_create(rows)


def _write_quality(batch: Batch, made: Path, labels: _Labels) -> None:
    BatchWarning.objects.bulk_create(
        BatchWarning(batch=batch, label=labels.of(facts), rule_code=code, rows=n)
        for (code, facts), n in reconciliation.warnings_by_label(made).items()
    )
    _write_measures(batch, reconciliation.measures(made), labels)


def _write_measures(batch: Batch, measured: Iterable[reconciliation.Measured], labels: _Labels) -> None:
    BatchMeasure.objects.bulk_create(
        BatchMeasure(
            batch=batch,
            label=labels.of(
                LabelFacts(m.owning_force, "REGION", batch.source.marking, batch.source.compartment or None)
            ),
            owning_force=m.owning_force,
            code=m.code,
            part=m.part,
            whole=m.whole,
        )
        for m in measured
    )


def _write_overtaken(batch: Batch, overtaken: Mapping[LabelFacts, int], labels: _Labels) -> None:
    BatchWarning.objects.bulk_create(
        BatchWarning(batch=batch, label=labels.of(facts), rule_code=rules.OVERTAKEN, rows=n)
        for facts, n in overtaken.items()
    )


# The log of attempts ---------------------------------------------------------------------------------------------


@dataclass
class _Ended:
    """Whether the step came to its end."""

    done: bool = False


def _begin(batch: Batch, step: Step, desk: Desk, *, reads: str, run: str = "") -> StepRun:
    now = desk.clock()
    desk.tell(f"{batch.source.code}: {rules.STEP_NAMES[step]}")
    with _acting():
        StepRun.objects.filter(batch=batch, outcome=Outcome.RUNNING).update(
            outcome=Outcome.BROKEN_OFF,
            ended_at=now,
            sentence="The process that did this step ended before the step did",
        )
        run_made = StepRun.objects.create(
            batch=batch,
            label=batch.label,
            step=step,
            run=run or f"{step.value.lower()}-{batch.pk}-{now:%Y%m%dT%H%M%S}",
            started_at=now,
            input_hash=reads,
            code_version=code_version(),
        )
    _began[run_made.pk] = time.monotonic()
    return run_made


def _end(run: StepRun, desk: Desk, detail: Mapping[str, Any]) -> None:
    taken = {"seconds": _seconds(run)}
    StepRun.objects.filter(pk=run.pk).update(
        outcome=Outcome.DONE, ended_at=desk.clock(), detail=_plain({**detail, **taken})
    )


# When this process began each attempt, by its own steady clock: a clock that is told stands still meanwhile.
_began: dict[int, float] = {}


def _seconds(run: StepRun) -> float:
    return round(time.monotonic() - _began[run.pk], 3)


@contextmanager
def _said_when_stopped(runs: list[StepRun], desk: Desk) -> Iterator[_Ended]:
    """Write a refusal or a fault on the batch. A refusal ends there; a fault of the program also travels up."""
    ended = _Ended()
    try:
        yield ended
        ended.done = True
    except Refused as refusal:
        _stop(runs, desk, Outcome.REFUSED, refusal.code, refusal.sentence)
    except RuleBroken as refusal:
        outcome = Outcome.REFUSED if refusal.code == "IN7" else Outcome.FAILED
        _stop(runs, desk, outcome, refusal.code, refusal.sentence)
    except Exception:
        _stop(runs, desk, Outcome.FAILED, "IN16", rules.STOPPED_BY_FAULT)
        raise


def _stop(runs: Iterable[StepRun], desk: Desk, outcome: Outcome, code: str, sentence: str) -> None:
    state = State.REFUSED if outcome is Outcome.REFUSED else State.FAILED
    with _acting():
        for run in runs:
            StepRun.objects.filter(pk=run.pk).update(
                outcome=outcome, ended_at=desk.clock(), sentence=sentence, detail={"seconds": _seconds(run)}
            )
            Batch.objects.filter(pk=run.batch_id).update(state=state, rule_code=code, sentence=sentence)
            desk.tell(f"{run.batch.source.code}: {sentence}")


@contextmanager
def _kept_in(faults: list[Exception]) -> Iterator[None]:
    """Let the other batches go on; the fault is raised at the end."""
    try:
        yield
    except Exception as fault:  # noqa: BLE001  raised again by process_batches when the other batches are done
        faults.append(fault)


def _done(batch: Batch) -> frozenset[Step]:
    with _acting():
        return selectors.steps_done([batch.pk]).get(batch.pk, frozenset())


def _may_go_on(batch: Batch) -> bool:
    """Whether a batch that was matched or stopped has been read, and isn't settled."""
    return batch.state not in rules.SETTLED and Step.CANONICALISE in _done(batch)


def _read(batch_ids: Iterable[int]) -> list[Batch]:
    with _acting():
        return list(
            Batch.objects.filter(pk__in=list(batch_ids))
            .select_related("source__owner", "supplement_of__source", "label")
            .order_by("pk")
        )


def _last_resolution(desk: Desk) -> Resolved | None:
    """The resolution that the last published batch with people was published with."""
    done = StepRun.objects.filter(step=Step.PUBLISH, outcome=Outcome.DONE).exclude(detail__resolution="")
    last = done.order_by("-ended_at", "-pk").first()
    return _from_detail(last.detail, desk) if last else None


def _resolutions_needed() -> set[str]:
    """The runs that batches are waiting to be published with, and those they went on from."""
    waiting = StepRun.objects.filter(step=Step.RESOLVE, outcome=Outcome.DONE, batch__state=State.RESOLVED)
    details = waiting.values_list("detail__resolution", "detail__previous")
    return {str(run) for pair in details for run in pair if run}


def _resolution_of(batches: list[Batch], last: Resolved | None, desk: Desk) -> Resolved | None:
    """A resolution made for exactly these batches by a process that died before it published them, if nothing else has
    been published since and things are grouped by the same rules now."""
    found = {
        run.batch_id: run
        for run in StepRun.objects.filter(batch__in=batches, step=Step.RESOLVE, outcome=Outcome.DONE).order_by("pk")
    }
    if len(found) != len(batches):
        return None
    details = [_from_detail(run.detail, desk) for run in found.values()]
    first = details[0]
    last_run = last.run if last else ""
    is_current = first.run != "" and last_run in (first.previous, first.run)
    same = all(d.run == first.run for d in details) and first.clusters is not None
    kept = first.clusters is not None and first.clusters.exists() and things.made_by(first.things, things.load_rules())
    return first if same and is_current and kept else None


def _as_detail(resolved: Resolved) -> dict[str, Any]:
    return {
        "resolution": resolved.run,
        "things": resolved.things.name,
        "previous": resolved.previous,
        "next_cluster": resolved.next_cluster,
        "model": dict(resolved.model),
    }


def _from_detail(detail: Mapping[str, Any], desk: Desk) -> Resolved:
    run = str(detail["resolution"])
    folder = desk.store.resolution_folder(run) if run else None
    return Resolved(
        run=run,
        clusters=folder / "clusters.parquet" if folder else None,
        edges=folder / "edges.parquet" if folder else None,
        things=desk.store.things_folder(str(detail.get("things") or run)),
        next_cluster=int(detail["next_cluster"]),
        previous=str(detail["previous"]),
        model=detail.get("model", {}),
    )


@contextmanager
def _one_at_a_time(name: str) -> Iterator[None]:
    """Only one process does this at a time, on any machine; a process that dies lets go."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [name])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [name])


@contextmanager
def _acting() -> Iterator[None]:
    with acting_as(_service()):
        yield


def _service() -> User:
    return service_user("intake")


@lru_cache(maxsize=1)
def code_version() -> str:
    """The version of the programme and the first digits of the hash of the pipeline's own code: what made a result."""
    root = Path(fourfold.__file__).parent
    digest = hashlib.sha256()
    for folder in ("formats", "pipeline"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in {".py", ".json", ".sql", ".csv", ".yaml"}:
                digest.update(str(path.relative_to(root)).encode())
                digest.update(path.read_bytes())
    return f"{version('fourfold')} {digest.hexdigest()[:12]}"


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}\n{part}\n".encode())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """As JSON that PostgreSQL takes: no NUL characters, no lone halves of a pair, no types of ours."""
    match value:
        case str():
            return value.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {_plain(str(k)): _plain(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(v) for v in value]
        case _:
            return _plain(str(value))
