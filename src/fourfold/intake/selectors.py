"""Reads of intake. The database hides; nothing here asks who reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from fourfold.intake import rules
from fourfold.intake.models import (
    Arrival,
    Batch,
    BatchFile,
    BatchMeasure,
    BatchWarning,
    Quarantined,
    Source,
    StepRun,
)
from fourfold.intake.rules import Counts, Freshness, Kind, Outcome, RowState, State, Step
from fourfold.platform.errors import NotThere
from fourfold.platform.people.models import Organisation
from fourfold.platform.visibility import scope


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """One source as the list shows it."""

    source: Source
    last: Batch | None
    accepted_at: datetime | None
    freshness: Freshness
    counts: Counts
    open_rows: int


@dataclass(frozen=True, kw_only=True)
class RuleLine:
    """Rows of a batch that one rule kept out."""

    rule_code: str
    kind: str
    rows: int
    open_rows: int
    example: str


def sources() -> QuerySet[Source]:
    """Every source the reader may see, by name."""
    return Source.objects.select_related("owner", "label__owner", "label__compartment").order_by("name", "pk")


def source_of(code: str) -> Source:
    """The source with this code. Raises `NotThere`."""
    found = sources().filter(code=code).first()
    if found is None:
        raise NotThere
    return found


def batches() -> QuerySet[Batch]:
    """Deliveries and supplements, newest first."""
    return Batch.objects.select_related("source", "supplement_of", "label__owner", "label__compartment").order_by(
        "-received_at", "-pk"
    )


def batch_of(batch_id: int) -> Batch:
    """One batch. Raises `NotThere`."""
    found = batches().filter(pk=batch_id).first()
    if found is None:
        raise NotThere
    return found


def source_lines(sources: Iterable[Source], *, now: datetime) -> tuple[SourceLine, ...]:
    """Each source: its last delivery and what became of that, when one was last accepted, and whether it is late."""
    wanted = list(sources)
    delivered = Batch.objects.filter(source__in=wanted, supplement_of=None)
    newest = delivered.order_by("source", "-received_at", "-pk").distinct("source")
    last = {b.source_id: b for b in newest.select_related("source")}
    seen = dict(
        delivered.exclude(state=State.REFUSED).order_by().values_list("source").annotate(last=Max("received_at"))
    )
    tallies = counts_of([b.pk for b in last.values()])
    still_open = dict(
        Quarantined.objects.filter(batch__source__in=wanted, state=RowState.OPEN)
        .order_by()
        .values_list("batch__source")
        .annotate(rows=Count("pk"))
    )
    return tuple(
        SourceLine(
            source=s,
            last=last.get(s.pk),
            accepted_at=seen.get(s.pk),
            freshness=rules.freshness(rules.Cadence(s.cadence), seen.get(s.pk), now=now),
            counts=tallies.get(last[s.pk].pk, Counts()) if s.pk in last else Counts(),
            open_rows=still_open.get(s.pk, 0),
        )
        for s in wanted
    )


def counts_of(batch_ids: Iterable[int]) -> Mapping[int, Counts]:
    """What became of each batch's rows, as far as the reader may see them."""
    rows = (
        BatchFile.objects.filter(batch__in=list(batch_ids))
        .order_by()
        .values("batch_id")
        .annotate(r=Sum("read"), a=Sum("loaded"), q=Sum("quarantined"), h=Sum("held"), f=Sum("reference"))
    )
    return {
        r["batch_id"]: Counts(read=r["r"], loaded=r["a"], quarantined=r["q"], held=r["h"], reference=r["f"])
        for r in rows
    }


def file_counts(batch: Batch) -> tuple[tuple[str, Counts], ...]:
    """What became of each file's rows, as far as the reader may see them, by file name."""
    rows = (
        BatchFile.objects.filter(batch=batch)
        .order_by("name")
        .values("name")
        .annotate(r=Sum("read"), a=Sum("loaded"), q=Sum("quarantined"), h=Sum("held"), f=Sum("reference"))
    )
    return tuple(
        (r["name"], Counts(read=r["r"], loaded=r["a"], quarantined=r["q"], held=r["h"], reference=r["f"])) for r in rows
    )


def measures_of(batch: Batch) -> QuerySet[BatchMeasure]:
    """Quality measures of a batch, by force and measure."""
    return BatchMeasure.objects.filter(batch=batch).order_by("code", "owning_force", "pk")


def warnings_of(batch: Batch) -> tuple[tuple[str, int], ...]:
    """Rules that rows of the batch broke though they were published, with how many, most first."""
    broke = BatchWarning.objects.filter(batch=batch).exclude(rule_code=rules.OVERTAKEN)
    rows = broke.order_by().values_list("rule_code").annotate(total=Sum("rows"))
    return tuple(sorted(rows, key=lambda r: (-r[1], r[0])))


def overtaken_in(batch: Batch) -> int:
    """How many of the batch's rows a later delivery had overtaken, of those that the reader may see."""
    found = BatchWarning.objects.filter(batch=batch, rule_code=rules.OVERTAKEN).aggregate(total=Sum("rows"))
    return found["total"] or 0


def runs_of(batch: Batch) -> QuerySet[StepRun]:
    """Every attempt at every step, in order."""
    return StepRun.objects.filter(batch=batch).order_by("started_at", "pk")


def findings_of(runs: Iterable[StepRun]) -> tuple[tuple[str, str], ...]:
    """What landing found odd about whole files: (rule, file)."""
    landed = [r for r in runs if r.step == Step.LAND and r.outcome == Outcome.DONE]
    return tuple((str(code), str(file)) for r in landed[-1:] for code, file in r.detail.get("findings", ()))


def faults_of(row: Quarantined) -> tuple[Quarantined, ...]:
    """Every fault of the row's line, this one among them."""
    return tuple(not_loaded().filter(batch=row.batch, kind=row.kind, file=row.file, line=row.line))


def writable(rows: QuerySet[Quarantined]) -> QuerySet[Quarantined]:
    """Those that the current actor may also change."""
    acting = scope.current()
    return rows.filter(label_id__in=sorted(acting.writes)) if acting else rows.none()


def names_of_organisations() -> Mapping[str, str]:
    """Names of organisations by code."""
    return dict(Organisation.objects.values_list("code", "name"))


def arrivals_of(batch: Batch) -> QuerySet[Arrival]:
    """Each time the delivery came, first to last."""
    return Arrival.objects.filter(batch=batch).order_by("at", "pk")


def supplements_of(batch: Batch) -> QuerySet[Batch]:
    """Supplements made of a batch's repaired rows, first to last."""
    return Batch.objects.filter(supplement_of=batch).order_by("pk")


def batches_with_held_rows(source: Source) -> QuerySet[Batch]:
    """Published deliveries of a source that have rows still waiting for a record."""
    held = Quarantined.objects.filter(kind=Kind.HELD, state=RowState.OPEN, batch__source=source)
    roots = held.values_list("batch__supplement_of", "batch")
    wanted = {root or own for root, own in roots}
    return batches().filter(pk__in=wanted, state=State.PUBLISHED).order_by("pk")


def rows_waiting_in(delivery: Batch) -> QuerySet[Quarantined]:
    """Rows of a delivery and of its supplements that still wait for a record."""
    mine = Q(batch=delivery) | Q(batch__supplement_of=delivery)
    return Quarantined.objects.filter(mine, kind=Kind.HELD, state=RowState.OPEN)


def steps_done(batch_ids: Iterable[int]) -> Mapping[int, frozenset[Step]]:
    """Which steps of each batch have been done."""
    done: dict[int, set[Step]] = {}
    rows = StepRun.objects.filter(batch__in=list(batch_ids), outcome=Outcome.DONE).values_list("batch_id", "step")
    for batch_id, step in rows:
        done.setdefault(batch_id, set()).add(Step(step))
    return {batch_id: frozenset(steps) for batch_id, steps in done.items()}


def waiting() -> QuerySet[Batch]:
    """Batches that still have steps to go, oldest first."""
    return batches().exclude(state__in=[*rules.SETTLED]).order_by("pk")


def published_in_order() -> QuerySet[Batch]:
    """Published batches in the order in which they were."""
    published = Batch.objects.filter(state=State.PUBLISHED).select_related("source", "supplement_of")
    return published.order_by("published_at", "pk")


def place_in_time(batch: Batch) -> tuple[datetime, int, int]:
    """Where a batch stands among those of its source by when it was extracted; a supplement with its delivery.

    Nothing is extracted after it came: a delivery that doesn't say when, or names a later moment, counts from then.
    """
    root = batch.supplement_of or batch
    return min(root.extracted_at or root.received_at, root.received_at), root.pk, batch.pk


def published_later(batch: Batch) -> list[Batch]:
    """Published batches of the source that were extracted after this one's delivery, the earliest first."""
    of_source = published_in_order().filter(source=batch.source_id)
    return sorted((b for b in of_source if place_in_time(b)[:2] > place_in_time(batch)[:2]), key=place_in_time)


def not_loaded() -> QuerySet[Quarantined]:
    """Rows that were not loaded, by file and line."""
    return Quarantined.objects.select_related(
        "batch__source", "decided_by", "supplement", "label__owner", "label__compartment"
    ).order_by("file", "line", "column", "pk")


def row_of(batch: Batch, row_id: int) -> Quarantined:
    """One row of a batch that was not loaded. Raises `NotThere`."""
    found = not_loaded().filter(batch=batch, pk=row_id).first()
    if found is None:
        raise NotThere
    return found


def rule_lines(batch: Batch) -> tuple[RuleLine, ...]:
    """Rows of a batch that were not loaded, by rule, most first."""
    rows = (
        Quarantined.objects.filter(batch=batch)
        .order_by()
        .values("rule_code", "kind")
        .annotate(rows=Count("pk"), open_rows=Count("pk", filter=Q(state=RowState.OPEN)), example=Min("sentence"))
    )
    lines = [RuleLine(**r) for r in rows]
    return tuple(sorted(lines, key=lambda line: (-line.rows, line.rule_code)))


def decided(batch: Batch) -> Mapping[str, int]:
    """How many of the batch's quarantined rows are open, repaired and dismissed."""
    rows = Quarantined.objects.filter(batch=batch, kind=Kind.QUARANTINED).order_by().values_list("state")
    return dict(rows.annotate(rows=Count("pk")))
