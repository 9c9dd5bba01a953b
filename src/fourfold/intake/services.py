"""Writes of intake: sources and their tokens, deliveries at the door, and decisions about rows that were not loaded.

What is done to a batch after the door stands in `processing`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import QuerySet
from procrastinate.exceptions import AlreadyEnqueued

from fourfold.intake import rules, selectors
from fourfold.intake.models import Arrival, Batch, Quarantined, Source, SourceToken, StepRun
from fourfold.intake.rules import Correction, How, RowState, State
from fourfold.intake.storage import Delivery, Kept, Store
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.services import Operation
from fourfold.platform.errors import NotThere, RuleBroken
from fourfold.platform.jobs.app import app
from fourfold.platform.people.models import Organisation, User
from fourfold.platform.visibility import scope
from fourfold.platform.visibility.models import AccessLabel, Compartment
from fourfold.platform.visibility.rules import Audience
from fourfold.platform.visibility.services import label_for, make_compartment

CORRECTIONS = "corrections.json"


@dataclass(frozen=True, kw_only=True)
class Received:
    """What came of a delivery at the door. `again` is true when it had come before and was not loaded again."""

    batch: Batch
    again: bool
    sentence: str


@transaction.atomic
def register_source(*, facts: rules.SourceFacts) -> Source:
    """Make or change a source as the region's data say.

    Raises:
        RuleBroken: IN6 an organisation named is not known.
    """
    organisations = {o.code: o for o in Organisation.objects.filter(code__in=[facts.owner, *facts.forces])}
    for code in (facts.owner, *facts.forces):
        if code not in organisations:
            raise RuleBroken("IN6", f"The source {facts.code} names the organisation {code}, which is not known")
    owner = organisations[facts.owner]
    compartment = None
    if facts.compartment:
        compartment = Compartment.objects.filter(code=facts.compartment).first() or make_compartment(
            code=facts.compartment, name=facts.compartment.replace("_", " ").capitalize(), owner=owner
        )
    label = label_for(owner=owner, audience="REGION", marking="OFFICIAL", compartment=compartment)
    values = facts.as_fields() | {"owner": owner, "label": label}
    source = Source.objects.filter(code=facts.code).first()
    if source is None:
        source = Source.objects.create(code=facts.code, **values)
    elif any(getattr(source, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(source, name, value)
        source.save(update_fields=list(values))
    else:
        return source
    audit.note(Operation.ALTERATION, source, agreement=facts.agreement)
    return source


@transaction.atomic
def make_token(*, source: Source, now: datetime) -> str:
    """A new bearer token for a source system. Shown once; earlier ones of the source stop working."""
    SourceToken.objects.filter(source=source, withdrawn_at=None).update(withdrawn_at=now)
    token = rules.new_token()
    label = label_for(owner=source.owner, audience="OWN", marking="OFFICIAL-SENSITIVE")
    made = SourceToken.objects.create(source=source, token_hash=rules.token_hash(token), made_at=now, label=label)
    audit.note(Operation.ALTERATION, made, source=source.code)
    return token


def receive(
    *,
    source: Source,
    path: Path,
    store: Store,
    how: How,
    now: datetime,
    today: date,
    name: str | None = None,
    idempotency_key: str | None = None,
) -> Received:
    """Take a folder, a zip or a file at the door: keep its bytes, know it if it came before, ask for it to be loaded.

    A delivery that can't be taken becomes a refused batch with the sentence that says why; its bytes are kept.

    Raises:
        RuleBroken: IN5 the idempotency key was used for other content.
    """
    name = (name or path.name)[:200]
    delivery = store.keep_delivery(path, name=name)
    refusal = delivery.refusal or _refusal_by_agreement(source, today=today)
    with transaction.atomic():
        _only_one_at_the_door(source)
        return _enter(source, delivery, refusal, name=name, how=how, now=now, idempotency_key=idempotency_key)


def _enter(
    source: Source,
    delivery: Delivery,
    refusal: RuleBroken | None,
    *,
    name: str,
    how: How,
    now: datetime,
    idempotency_key: str | None,
) -> Received:
    earlier = Batch.objects.filter(source=source, content_hash=delivery.content_hash).first()
    if idempotency_key:
        used = Arrival.objects.filter(source=source, idempotency_key=idempotency_key).select_related("batch").first()
        if used is not None and used.batch.content_hash != delivery.content_hash:
            raise RuleBroken("IN5", "This idempotency key was used for another delivery. Use a new key for new content")
        if used is not None:
            return Received(batch=used.batch, again=True, sentence=_came_before(used.batch))
    if earlier is not None and earlier.state != State.REFUSED:
        _note_arrival(earlier, name=name, how=how, now=now, idempotency_key=idempotency_key)
        return Received(batch=earlier, again=True, sentence=_came_before(earlier))
    batch = earlier or Batch(
        source=source,
        label=batch_label(source),
        name=name,
        content_hash=delivery.content_hash,
        size=delivery.size,
        contents=delivery.as_contents(),
        received_at=now,
        how=how,
    )
    batch.state = State.REFUSED if refusal else State.RECEIVED
    batch.rule_code, batch.sentence = (refusal.code, refusal.sentence) if refusal else ("", "")
    batch.save()
    _note_arrival(batch, name=name, how=how, now=now, idempotency_key=idempotency_key)
    audit.note(Operation.COLLECTION, batch, source=source.code, content_hash=batch.content_hash, state=batch.state)
    if refusal:
        return Received(batch=batch, again=earlier is not None, sentence=refusal.sentence)
    ask_for_processing(batch)
    return Received(batch=batch, again=False, sentence=f"{name} was received and is waiting to be loaded")


def ask_for_processing(batch: Batch) -> None:
    """Queue the batch for the worker, in the same transaction. Asking twice queues it once."""
    task = app.configure_task(
        "intake.process_batch",
        queue="intake",
        lock=f"intake.source.{batch.source.code}",
        queueing_lock=f"intake.batch.{batch.pk}",
    )
    try:
        with transaction.atomic():
            task.defer(batch_id=batch.pk)
    except AlreadyEnqueued:
        return


@transaction.atomic
def run_again(*, batch: Batch) -> None:
    """Queue a batch that stopped. What was done is kept; the step that stopped is done again.

    Raises:
        RuleBroken: IN14 the batch has not stopped.
    """
    if batch.state != State.FAILED:
        raise RuleBroken("IN14", "Only a batch that has stopped can be run again")
    ask_for_processing(batch)
    audit.note(Operation.ALTERATION, batch, asked="run again")


@transaction.atomic
def dismiss_rows(*, rows: QuerySet[Quarantined], reason: str, now: datetime) -> int:
    """Close open rows without loading them, with a reason. They stay as they were delivered. Returns how many.

    Raises:
        RuleBroken: IN11 no reason was given.
        NotThere: the actor may not write one of the rows.
    """
    rules.check_reason(reason)
    wanted = list(rows.filter(state=RowState.OPEN).values_list("pk", flat=True))
    done = Quarantined.objects.filter(pk__in=wanted).update(
        state=RowState.DISMISSED, decided_by=_actor(), decided_at=now, reason=reason
    )
    if done != len(wanted):
        raise NotThere
    for batch_id, pks in _by_batch(wanted).items():
        batch = Batch.objects.get(pk=batch_id)
        audit.note(Operation.ALTERATION, batch, dismissed=len(pks), rows=pks[:1000], reason_given=reason)
    return done


@transaction.atomic
def repair_line(
    *, batch: Batch, file: str, line: int, values: Mapping[str, str], reason: str, store: Store, now: datetime
) -> Batch:
    """Correct the values for which a line was refused, and ask for it to go through the same rules again.

    Args:
        batch: The batch in which the line was refused.
        file: The file of the delivery.
        line: The line in it.
        values: Column to corrected value, of the columns that change; the empty column is the whole line.
        reason: Why this is the right value.
        store: Where the correction is kept as a file of its own.
        now: The moment of the decision.

    Returns:
        The supplement: a batch of its own that will be loaded by the worker. The row as delivered stays unchanged.

    Raises:
        RuleBroken: IN11 no reason, IN12 already decided, IN13 not corrected, IN15 the batch is not published yet.
        NotThere: there is no such row for the actor, or the actor may not write it.
    """
    rules.check_reason(reason)
    root = batch.supplement_of or batch
    if batch.state != State.PUBLISHED or root.state != State.PUBLISHED:
        raise RuleBroken("IN15", "Rows can be repaired when their batch has been published")
    lines = Quarantined.objects.select_related("label").select_for_update(of=("self",))
    rows = list(lines.filter(batch=batch, file=file, line=line))
    if not rows:
        raise NotThere
    for row in rows:
        rules.check_open(row.state)
    rules.check_corrected(values, rules.delivered_values(rows[0].row, rows[0].value))
    corrections = [Correction(file=file, line=line, column=c, value=v) for c, v in sorted(values.items())]
    supplement = _make_supplement(
        root,
        corrections,
        store=store,
        now=now,
        how=How.REPAIR,
        name=f"Repair of {file} line {line}",
        label=_narrowest(row.label for row in rows),
    )
    for row in rows:
        done = Quarantined.objects.filter(pk=row.pk).update(
            state=RowState.REPAIRED,
            decided_by=_actor(),
            decided_at=now,
            reason=reason,
            corrected=dict(values),
            supplement=supplement,
        )
        if not done:
            raise NotThere
        audit.note(Operation.ALTERATION, row, file=file, line=line, columns=sorted(values), supplement=supplement.pk)
    ask_for_processing(supplement)
    return supplement


@transaction.atomic
def try_held_rows_again(*, batch: Batch, after: Batch, store: Store, now: datetime) -> Batch:
    """A supplement with no correction: held rows go through the rules again, now that `after` is published.

    Until it is known which of the waiting rows go on, it is for those who may see each of them.
    """
    rows = selectors.rows_waiting_in(batch).select_related("label")
    return _make_supplement(
        batch,
        (),
        store=store,
        now=now,
        how=How.WAITED,
        name=f"Rows that waited for batch {after.pk}",
        label=_narrowest([after.label, *(row.label for row in rows)]),
    )


@transaction.atomic
def narrow_to_released(*, supplement: Batch, lines: Iterable[tuple[str, int]], made: Iterable[AccessLabel]) -> None:
    """Show a supplement of rows that waited to those who may see each row that goes on, and to nobody else.

    Args:
        supplement: Of rows that waited.
        lines: File and line of each row that goes on.
        made: The labels under which the rows go on.
    """
    root = supplement.supplement_of
    if root is None:
        raise ValueError(f"batch {supplement.pk} is not a supplement")
    wanted = set(lines)
    waited = selectors.rows_waiting_in(root).select_related("label")
    found = [*made, *(row.label for row in waited if (row.file, row.line) in wanted)]
    if found:
        label = _narrowest(found)
        Batch.objects.filter(pk=supplement.pk).update(label=label)
        StepRun.objects.filter(batch=supplement).update(label=label)
        supplement.label = label


def _make_supplement(
    root: Batch,
    corrections: Iterable[Correction],
    *,
    store: Store,
    now: datetime,
    how: How,
    name: str,
    label: AccessLabel,
) -> Batch:
    made = list(corrections)
    content = json.dumps(
        [{"file": c.file, "line": c.line, "column": c.column, "value": c.value} for c in made], ensure_ascii=False
    )
    kept = store.keep_bytes(content.encode(), name=CORRECTIONS)
    supplement = Batch.objects.create(
        source=root.source,
        supplement_of=root,
        label=label,
        name=name[:200],
        content_hash=rules.corrections_hash(root.pk, root.supplements.count() + 1, made),
        size=kept.size,
        contents=Delivery(files=(kept,)).as_contents(),
        received_at=now,
        how=how,
        mode="delta",
    )
    audit.note(Operation.COLLECTION, supplement, source=root.source.code, supplement_of=root.pk)
    return supplement


def _narrowest(labels: Iterable[AccessLabel]) -> AccessLabel:
    """The label that fewest may read: a supplement tells of lines, so it is for those who may see the lines."""

    def narrowness(label: AccessLabel) -> tuple[bool, bool, str, int]:
        return label.compartment_id is not None, label.audience == Audience.OWN, label.marking, label.pk

    return max(labels, key=narrowness)


def corrections_of(batch: Batch, *, store: Store) -> list[Correction]:
    """The corrections that a supplement was made of."""
    kept = [Kept(**entry) for entry in batch.contents]
    return [
        Correction(**c) for k in kept if k.name == CORRECTIONS for c in json.loads(store.path_of(k.sha256).read_bytes())
    ]


def batch_label(source: Source) -> AccessLabel:
    """The label of a batch itself, not of its rows: whoever sees the source sees it; the actor's body owns it."""
    acting = scope.current()
    is_person = acting is not None and acting.user.kind == "PERSON"
    owner = acting.user.organisation if acting is not None and is_person else source.owner
    compartment = Compartment.objects.filter(code=source.compartment).first() if source.compartment else None
    return label_for(owner=owner, audience="REGION", marking="OFFICIAL", compartment=compartment)


def _note_arrival(batch: Batch, *, name: str, how: How, now: datetime, idempotency_key: str | None) -> None:
    Arrival.objects.create(
        batch=batch,
        source=batch.source,
        label=batch_label(batch.source),
        at=now,
        how=how,
        name=name,
        idempotency_key=idempotency_key or None,
    )


def _came_before(batch: Batch) -> str:
    return (
        f"This delivery came before, on {rules.moment_in_words(batch.received_at)} as {batch.name}. "
        "It was not loaded again"
    )


def _refusal_by_agreement(source: Source, *, today: date) -> RuleBroken | None:
    try:
        rules.check_agreement(source.agreement, source.agreement_from, source.agreement_to, today=today)
    except RuleBroken as refusal:
        return refusal
    return None


def _only_one_at_the_door(source: Source) -> None:
    """Two deliveries of one source at the same moment are taken one after the other, so that a repeat is known."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('intake.door'), %s)", [source.pk])


def _actor() -> User:
    acting = scope.current()
    if acting is None:
        raise NotThere
    return acting.user


def _by_batch(row_ids: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for batch_id, pk in Quarantined.objects.filter(pk__in=list(row_ids)).values_list("batch_id", "pk"):
        found.setdefault(batch_id, []).append(pk)
    return found
