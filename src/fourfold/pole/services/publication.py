"""Publishing a batch: canonical Parquet in, governed records out, in one transaction."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from fourfold.platform.audit import services as audit
from fourfold.platform.errors import RuleBroken
from fourfold.platform.people.models import Organisation
from fourfold.platform.visibility import scope
from fourfold.platform.visibility import services as visibility
from fourfold.platform.visibility.models import Compartment
from fourfold.pole.publishing import grouping, statements
from fourfold.pole.publishing.staging import (
    EVENT,
    LINK,
    LOCATION,
    OBJECT,
    PERSON,
    Column,
    LabelKey,
    Shape,
    Stage,
)
from fourfold.pole.rules import identity
from fourfold.pole.selectors import identity as selectors
from fourfold.pole.services import regrouping, regrouping_things

GROUPED = (OBJECT, LOCATION)
"""Tables whose records are of things."""
COMPARED_FROM = 20_000
"""Rows of one table from which a batch is compared with what is held before it is brought to PostgreSQL."""
COMBINATIONS_NOTED = 500
"""Combinations written to the ledger one by one in a batch; the batch's entry counts all of them."""
CLUSTER_COLUMNS = (Column("source"), Column("record_key"), Column("cluster", "bigint"))
EDGE_COLUMNS = (
    Column("left_source"),
    Column("left_key"),
    Column("right_source"),
    Column("right_key"),
    Column("match_weight", "double precision"),
    Column("probability", "double precision"),
    Column("waterfall", "jsonb", made=r"replace(c.waterfall::varchar, '\u0000', '\ufffd')"),
    Column("band", made="coalesce(c.band, 'LINKED')"),
)
MERGE_COLUMNS = (
    Column("loser_key"),
    Column("survivor_key"),
    Column("merged_at", "timestamptz", made="strftime(c.merged_at, '%Y-%m-%dT%H:%M:%S.%f+00')"),
)


@dataclass
class Published:
    """What a batch changed in the picture."""

    inserted: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    links_unresolved: int = 0
    links_narrowed: int = 0
    edges: int = 0
    merged_by_source: int = 0
    persons_made: int = 0
    persons_combined: int = 0
    records_moved: int = 0
    things_made: int = 0
    things_moved: int = 0
    """Vehicles, phones, addresses and organisations: numbers given, and earlier records that have another number."""
    ties: int = 0
    records_held: int = 0
    """Records put back where a person's judgement wants them."""

    def as_details(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Delivery:
    """Which batch this is."""

    source: str
    batch_id: int
    run: str
    clusters: Path | None
    things: Path | None
    now: datetime


_after: list[Callable[[], None]] = []


def after_publication(act: Callable[[], None]) -> None:
    """Have `act` called whenever a batch was published, in its transaction. Called once, when its room is ready."""
    _after.append(act)


@transaction.atomic
def publish_batch(
    *,
    batch_id: int,
    source_code: str,
    canonical_dir: Path,
    clusters: Path | None,
    edges: Path | None,
    run: str,
    now: datetime,
    things: Path | None = None,
    ties: Path | None = None,
) -> Published:
    """Make a batch's rows records of the picture. All of it or, on any exception, nothing.

    Safe to repeat: rows that say what we already hold are left alone, so that history holds changes and only changes.
    The caller has opened `acting_as(service_user("intake"))`, and its own note that the batch is published stands in
    the same transaction.

    Args:
        batch_id: The batch, kept with each record as its lineage.
        source_code: The source; record keys are unique within it.
        canonical_dir: The batch's canonical Parquet.
        clusters: For every person record of all published batches and this one, its cluster. None: each new record
            is a person by itself.
        edges: The matches that the clusters rest on and those proposed to people. Ends not published yet are skipped.
        run: The resolution run, kept with persons and edges.
        now: When; kept with the persons made.
        things: For every record of an object or a location of all published batches and this one, which are of one
            thing. None: new records have no number yet, and are shown with those of an equal value.
        ties: Why. Ends not published yet are skipped.

    Raises:
        RuleBroken: POLE-1 owning force unknown, POLE-2 compartment unknown, POLE-3 nobody acting, POLE-4 a column of
            the contract is missing, POLE-5 a record twice in one batch.
    """
    if scope.current() is None:
        raise RuleBroken("POLE-3", "A batch is published by the intake service. Nobody is acting.")
    published, delivery = Published(), _Delivery(source_code, batch_id, run, clusters, things, now)
    with connection.cursor() as cursor, Stage(canonical_dir, cursor, compared_from=COMPARED_FROM) as stage:
        stage.begin(source_code, _labels(stage.label_keys()))
        _rank_all_labels(cursor)
        regrouping.one_at_a_time()
        if things is not None:
            stage.bring_rows(things, "stage_thing", grouping.THING_COLUMNS)
        for shape in (LOCATION, EVENT, OBJECT):
            same = stage.bring(shape)
            if shape is EVENT:
                statements.find_places(cursor, source_code)
            _publish_shape(cursor, shape, delivery, published, same)
        if things is not None and ties is not None:
            stage.bring_rows(ties, "stage_tie", grouping.TIE_COLUMNS)
            published.ties = grouping.publish_ties(cursor, run)
        for shape in GROUPED:
            grouping.relabel_ties(cursor, shape)
        _publish_persons(cursor, stage, published, delivery)
        same = stage.bring(LINK)
        published.links_unresolved = statements.find_link_ends(cursor, source_code)
        _publish_shape(cursor, LINK, delivery, published, same)
        published.links_narrowed = statements.narrow_links(cursor, source_code)
        if clusters is not None and edges is not None:
            stage.bring_rows(edges, "stage_edge", EDGE_COLUMNS)
            published.edges = statements.publish_edges(cursor, run)
        if published.changed["person"]:
            statements.relabel_judgements(cursor)
        published.records_held = len(regrouping.hold_judgements(made_in=run, now=now))
        published.records_held += len(regrouping_things.hold_judgements(made_in=run, now=now))
        _note(cursor, published, delivery)
    for act in _after:
        act()
    return published


def _publish_shape(cursor: Any, shape: Shape, delivery: _Delivery, published: Published, same: int) -> None:
    """Publish what was staged of one table; `same` rows beside it were left out because they are held as they are."""
    changed, unchanged = statements.note_known(cursor, shape, delivery.source)
    if shape in GROUPED and delivery.things is None:
        grouping.choose_nothing(cursor, shape)
    elif shape in GROUPED:
        published.things_made += grouping.choose_things(
            cursor,
            shape,
            source=delivery.source,
            run=delivery.run,
            now=delivery.now,
            restricted=identity.RESTRICTED_RANK,
        )
    if changed:
        statements.update_changed(cursor, shape, delivery.batch_id)
    published.inserted[shape.name] = statements.insert_new(cursor, shape, delivery.source, delivery.batch_id)
    published.changed[shape.name], published.unchanged[shape.name] = changed, unchanged + same
    statements.take_stock(cursor, shape.table, published.inserted[shape.name] + changed)
    if shape in GROUPED and delivery.things is not None:
        published.things_moved += grouping.move_records(cursor, shape)


def _publish_persons(cursor: Any, stage: Stage, published: Published, delivery: _Delivery) -> None:
    same = stage.bring(PERSON)
    if delivery.clusters is not None:
        stage.bring_rows(delivery.clusters, "stage_cluster", CLUSTER_COLUMNS)
    changed, unchanged = statements.note_known(cursor, PERSON, delivery.source)
    published.persons_made = statements.choose_persons(
        cursor,
        source=delivery.source,
        clustered=delivery.clusters is not None,
        run=delivery.run,
        now=delivery.now,
        restricted=identity.RESTRICTED_RANK,
    )
    if changed:
        statements.update_changed(cursor, PERSON, delivery.batch_id)
    published.inserted["person"] = statements.insert_new(cursor, PERSON, delivery.source, delivery.batch_id)
    published.changed["person"], published.unchanged["person"] = changed, unchanged + same
    statements.take_stock(cursor, PERSON.table, published.inserted["person"] + changed)
    published.records_moved, published.persons_combined = statements.move_records(cursor)
    if (merges := stage.merges()) is not None:
        stage.bring_rows(merges, "stage_merge", MERGE_COLUMNS)
        published.merged_by_source = statements.note_source_merges(cursor, delivery.source)


def _labels(keys: Iterable[LabelKey]) -> dict[LabelKey, tuple[int, int]]:
    """The label and owner of each combination, made once each."""
    owners = {organisation.code: organisation for organisation in Organisation.objects.all()}
    rooms = {room.code: room for room in Compartment.objects.all()}
    found: dict[LabelKey, tuple[int, int]] = {}
    for key in sorted(keys, key=lambda k: (k.owning_force, k.audience, k.marking, k.compartment or "")):
        if key.owning_force not in owners:
            raise RuleBroken(
                "POLE-1",
                f"The batch has records of “{key.owning_force}”, which is not an organisation of this region. "
                "Add it to the region's forces, or mend the source's settings.",
            )
        if key.compartment is not None and key.compartment not in rooms:
            raise RuleBroken(
                "POLE-2",
                f"The batch has records in the compartment “{key.compartment}”, which does not exist. "
                "Make the compartment first, so that somebody answers for who is in it.",
            )
        owner = owners[key.owning_force]
        label = visibility.label_for(
            owner=owner,
            audience=key.audience,
            marking=key.marking,
            compartment=rooms[key.compartment] if key.compartment else None,
        )
        found[key] = (label.pk, owner.pk)
    return found


def _rank_all_labels(cursor: Any) -> None:
    statements.rank_labels(cursor, selectors.label_ranks())


def _note(cursor: Any, published: Published, delivery: _Delivery) -> None:
    """One entry for what came in, one for what came together, and one for each pair of persons made one."""
    audit.note(
        audit.Operation.COLLECTION,
        object_type="pole.batch",
        object_id=str(delivery.batch_id),
        source=delivery.source,
        **published.as_details(),
    )
    if not published.records_moved and not published.persons_made and not published.merged_by_source:
        return
    audit.note(
        audit.Operation.COMBINATION,
        object_type="pole.batch",
        object_id=str(delivery.batch_id),
        source=delivery.source,
        run=delivery.run,
        persons_made=published.persons_made,
        persons_combined=published.persons_combined,
        records_moved=published.records_moved,
        merged_by_source=published.merged_by_source,
    )
    for was, into, records, owners in statements.combinations(cursor, COMBINATIONS_NOTED):
        audit.note(
            audit.Operation.COMBINATION,
            object_type="pole.person",
            object_id=str(into),
            was=was,
            records=records,
            owners=owners,
            run=delivery.run,
            batch=delivery.batch_id,
        )
