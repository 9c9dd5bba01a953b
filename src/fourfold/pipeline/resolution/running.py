"""One run of the resolution: person files in, clusters and edges out, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from fourfold.pipeline.engines.spark import SparkDatabase
from fourfold.pipeline.resolution import blocking, clustering, growing, on_spark, records, scoring, training
from fourfold.pipeline.resolution import judgements as judged
from fourfold.pipeline.resolution.model import Model, load_model
from fourfold.pipeline.resolution.settings import Settings, load_settings
from fourfold.pipeline.whole_folder import put_in_place


@dataclass(frozen=True)
class Counts:
    """What a run saw and made. Open: readable by the whole region; restricted: own force only, or in a compartment."""

    records: int
    open: int
    restricted: int
    clusters: int
    largest_cluster: int
    linked: int
    within: int
    proposed: int
    tombstones: int
    judgements_held: int
    judgements_not_held: int
    judgements_not_found: int


@dataclass(frozen=True)
class Resolution:
    """Where a run's results are, and how it came to them. `next_cluster` is the next free number; `whole`: every record
    was compared again, not only what a batch touched.

    `changes` says what became of the cluster numbers of the last run (see `clustering.changes`), `judgements` what
    became of each judgement (see `judgements.outcomes_sql`).
    """

    clusters: Path
    edges: Path
    changes: Path
    judgements: Path
    report: Path
    counts: Counts
    next_cluster: int
    prior: float
    settings_version: str
    settings_digest: str
    model_name: str
    model_digest: str
    model_reason: str
    blocks: tuple[blocking.BlockReport, ...]
    whole: bool


def resolve(
    person_parquets: Mapping[str, Sequence[Path]],
    *,
    previous: Path | None,
    into: Path,
    settings: Settings | None = None,
    model: Model | None = None,
    next_cluster: int = 1,
    train: bool = False,
    judgements: Path | None = None,
    spark: SparkDatabase | None = None,
    whole: bool = False,
    frame: Path | None = None,
) -> Resolution:
    """Propose which source records are about one person.

    Args:
        person_parquets: For each source code, its canonical person files, oldest first: a later row with the same
        record_key
            replaces the earlier. The `merge.parquet` beside each is read too.
        previous: The `clusters.parquet` of the last run, whose numbers are kept where most of a cluster is the same.
        into: A folder made for this run; it appears whole or not at all, and replaces one left by an earlier try.
        settings: What is compared and how; the shipped settings when none are given.
        model: The weights; the shipped model when none is given.
        next_cluster: The first number for new clusters. The caller owns the numbering: above every number ever given.
        train: Train a model on these records first, when there are enough of them.
        judgements: What people decided, as a Parquet file: left_source, left_key, right_source, right_key, verdict
            (SAME or DIFFERENT). Only judgements that stand.
        spark: Where records are gathered, blocked and scored when it is not here.
        whole: Compare every record again, even where a batch could be added to the run that wrote `previous`.
        frame: The clusters of a full run in whose frame every record is compared again: to see that a batch was added
            rightly.

    Raises:
        ValueError: `next_cluster` is not above the numbers in `previous`, or a judgement has another verdict.
        SettingsWrong: the settings and the model do not fit.
    """
    settings = settings or load_settings()
    making = into.with_name(f"{into.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    given = model or load_model()
    with _database(settings, spill=making / "spill") as connection:
        base = None
        if not (train or whole or frame or spark):
            base = growing.base_for(previous, settings=settings, model=given, person_parquets=person_parquets)
        if base and not growing.gather(
            connection, base, settings=settings, person_parquets=person_parquets, judgements=judgements
        ):
            base = None
        blocks: tuple[blocking.BlockReport, ...] = ()
        if spark is not None:
            blocks = on_spark.gather_records(connection, spark, person_parquets, settings)
        elif base is None:
            blocks = _gather(connection, settings, person_parquets, frame)
        judged.load(connection, judgements)
        _load_previous(connection, previous, next_cluster=next_cluster, touched=base is not None)
        chosen, reason = training.choose_model(connection, settings, given=given, train=train)
        framed = base is not None or frame is not None
        if spark is None:
            scored = scoring.score(connection, settings, chosen, framed=framed)
        else:
            scored = on_spark.score(connection, spark, settings, chosen)
        if base:
            growing.bring_edges(connection, base)
        clustering.cluster(connection, settings, chosen, scored, framed=framed, added=base is not None)
        if base:
            growing.bring_reasons(connection)
        following = clustering.number(connection, next_cluster=next_cluster)
        clustering.changes(connection)
        clustering.band_edges(connection, settings, probability=scoring.probability_of(settings.link_weight))
        if base:
            growing.write(connection, making, base, person_parquets=person_parquets)
        elif spark is None and settings.growth is not None:
            growing.keep(connection, making, settings=settings, model=chosen, person_parquets=person_parquets)
        _write(connection, making, base)
        counts = _counts(connection, making)
    resolution = Resolution(
        clusters=into / "clusters.parquet",
        edges=into / "edges.parquet",
        changes=into / "changes.parquet",
        judgements=into / "judgements.parquet",
        report=into / "resolution.json",
        counts=counts,
        next_cluster=following,
        prior=scored.prior,
        settings_version=settings.version,
        settings_digest=settings.digest,
        model_name=chosen.name,
        model_digest=chosen.digest,
        model_reason=reason,
        blocks=blocks,
        whole=base is None,
    )
    (making / "resolution.json").write_text(_report(resolution), encoding="utf-8")
    (making / "model.json").write_text(chosen.as_text(), encoding="utf-8")
    shutil.rmtree(making / "spill", ignore_errors=True)
    put_in_place(making, into)
    return resolution


@contextmanager
def _database(settings: Settings, *, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, that writes to `spill` what is more than the settings allow."""
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set temp_directory = $place", {"place": str(spill)})
        if settings.memory_mb is not None:
            connection.execute("set memory_limit = $most", {"most": f"{settings.memory_mb}MB"})
        yield connection


def _gather(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    person_parquets: Mapping[str, Sequence[Path]],
    frame: Path | None,
) -> tuple[blocking.BlockReport, ...]:
    """Every record, its keys and the pairs that share one."""
    blocks: tuple[blocking.BlockReport, ...] = ()
    records.load_records(connection, person_parquets)
    blocking.make_keys(connection, settings)
    if frame is None:
        blocks = tuple(blocking.set_aside_common_keys(connection, settings))
    else:
        blocking.find_blocks(connection)
        growing.load_frame(connection, frame, settings)
        blocking.drop_keys_set_aside(connection)
    blocking.make_pairs(connection)
    return blocks


def _load_previous(
    connection: duckdb.DuckDBPyConnection, previous: Path | None, *, next_cluster: int, touched: bool
) -> None:
    """Make `before`: the numbers of the last run; `touched`: only of clusters that a batch touches."""
    connection.execute("create or replace table before (source varchar, record_key varchar, cluster bigint)")
    if previous is None:
        return
    only = " semi join touched using (cluster)" if touched else ""
    connection.execute(
        f"insert into before select source, record_key, cluster from read_parquet(?){only}", [str(previous)]
    )
    highest = connection.execute("select coalesce(max(cluster), 0) from read_parquet(?)", [str(previous)]).fetchall()[
        0
    ][0]
    if next_cluster <= highest:
        raise ValueError(f"New clusters must be numbered above {highest}, the highest number already given")


def _write(connection: duckdb.DuckDBPyConnection, making: Path, base: growing.Base | None) -> None:
    edges = """
        select l.source as left_source, l.record_key as left_key, r.source as right_source, r.record_key as right_key,
          b.match_weight, b.probability, b.waterfall, b.band, b.scored, b.fits
        from banded b join record l on l.id = b.id_l join record r on r.id = b.id_r"""
    if base is None:
        connection.execute(
            """copy (select r.source, r.record_key, n.cluster from record r join member m using (id)
            join numbered n using (component) order by r.source, r.record_key) to $path (format parquet)""",
            {"path": str(making / "clusters.parquet")},
        )
        edges += " order by l.source, l.record_key, r.source, r.record_key"
    else:
        edges += f" union all {growing.edges_elsewhere_sql(base)}"
    connection.execute(f"copy ({edges}) to $path (format parquet)", {"path": str(making / "edges.parquet")})
    connection.execute(
        "copy (from change order by event, was, became) to $path (format parquet)",
        {"path": str(making / "changes.parquet")},
    )
    connection.execute(
        f"copy ({judged.outcomes_sql()}) to $path (format parquet)", {"path": str(making / "judgements.parquet")}
    )


def _counts(connection: duckdb.DuckDBPyConnection, making: Path) -> Counts:
    """Over all that was written, by this run or an earlier one."""
    bands = dict(
        connection.execute(
            "select band, count(*) from read_parquet(?) group by band", [str(making / "edges.parquet")]
        ).fetchall()
    )
    outcomes = dict(
        connection.execute(
            "select outcome, count(*) from read_parquet(?) group by outcome", [str(making / "judgements.parquet")]
        ).fetchall()
    )
    total, unrestricted, clusters, largest = growing.counted(connection, making)
    return Counts(
        records=total,
        open=unrestricted,
        restricted=total - unrestricted,
        clusters=clusters,
        largest_cluster=largest,
        linked=bands.get("LINKED", 0),
        within=bands.get("WITHIN", 0),
        proposed=bands.get("PROPOSED", 0),
        tombstones=bands.get("TOMBSTONE", 0),
        judgements_held=outcomes.get("HELD", 0),
        judgements_not_held=outcomes.get("NOT_HELD", 0),
        judgements_not_found=outcomes.get("NOT_FOUND", 0),
    )


def _report(resolution: Resolution) -> str:
    said = asdict(resolution)
    for place in ("clusters", "edges", "changes", "judgements", "report"):
        said[place] = Path(said[place]).name
    return json.dumps(said, indent=2) + "\n"
