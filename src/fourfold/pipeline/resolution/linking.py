"""Links the lines of any spreadsheet of people: reads it, learns from it without any truth, scores, joins, writes.

The same comparisons, training and scoring as a region's own records, with `data/any_people.yaml` for settings. Needs no
database and keeps nothing: what comes out is one file.
"""

from __future__ import annotations

import csv
import math
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fourfold.pipeline.engines.spark import SparkDatabase
from fourfold.pipeline.resolution import blocking, on_spark, scoring, spreadsheets, training
from fourfold.pipeline.resolution.gathering import gather
from fourfold.pipeline.resolution.model import LARGEST_PRIOR, Model, usual_model
from fourfold.pipeline.resolution.settings import FOR_FILES, Gathering, Settings, load_settings

OUTPUT = ("record_id", "entity_id", "probability")
OF_THE_LINE = frozenset({"id", "source", "record_key", "given_id"})
ROUNDS = 20
SETTLED = 0.05
MOST_FILES = 2


@dataclass(frozen=True)
class Linked:
    """What was linked and how: `entities` counts people, `joined` the lines that are with another line."""

    files: tuple[spreadsheets.Spreadsheet, ...]
    lines: int
    entities: int
    joined: int
    largest: int
    compared: tuple[str, ...]
    model: Model
    model_reason: str
    blocks: tuple[blocking.BlockReport, ...]
    repeated_ids: int


def link(
    paths: Sequence[Path],
    *,
    out: Path,
    named: Mapping[str, str],
    settings: Settings | None = None,
    spark: SparkDatabase | None = None,
) -> Linked:
    """Write which lines are one person.

    Args:
        paths: One file, whose lines are linked with each other; or two, whose lines are linked across.
        out: The CSV to write: record_id (the file's own, else the number of the line), entity_id, and the probability
            that the line is rightly with the others of its entity, or rightly alone; with two files also the file's
            name. It appears whole or not at all.
        named: What a column is, such as {"surname": "Family Name"}.
        settings: The shipped settings for files when none are given.
        spark: Where lines are blocked and scored when it is not here.

    Raises:
        FileRefused: a file cannot be read or linked; the sentence says why and what to do.
    """
    if not 1 <= len(paths) <= MOST_FILES:
        raise spreadsheets.FileRefused("LK9", "Give one file to find repeated people in, or two files to link.")
    whole = settings or load_settings(FOR_FILES)
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set temp_directory = $place", {"place": spill})
        files = spreadsheets.read(connection, paths, named=named, workplace=Path(spill))
        _set_copies_aside(connection)
        fitting = whole.among(spreadsheets.filled(connection))
        across = len(paths) > 1
        if spark is None:
            blocking.make_keys(connection, fitting)
            blocks = tuple(blocking.set_aside_common_keys(connection, fitting))
            blocking.make_pairs(connection, across=across)
        else:
            blocks = on_spark.gather_lines(connection, spark, fitting, across=across)
        model, reason = training.choose_model(connection, fitting, given=usual_model(fitting), train=True)
        if fitting.blocking:
            if spark is None:
                prior = scoring.score(connection, fitting, model).prior
            else:
                prior = on_spark.score(connection, spark, fitting, model).prior
            if scoring.open_records(connection) >= fitting.training.smallest:
                _learn_prior(connection, prior)
        else:
            connection.execute("create table edge (id_l bigint, id_r bigint, match_weight double)")
        how = fitting.gathering or Gathering(strongest=1.0, not_compared=0.0)
        ties = connection.execute("select id_l, id_r, match_weight from edge order by id_l, id_r").fetchall()
        groups = gather(ties, how=how, threshold=fitting.link_weight)
        sure = _sureness(ties, groups, how)
        for copy, second in connection.execute("select id, second from copy").fetchall():
            if second in groups:
                groups[copy] = groups[second]
                sure[copy] = sure[second]
        repeated = _write(connection, out, files, groups, sure)
        lines = sum(file.lines for file in files)
        sizes: dict[int, int] = defaultdict(int)
        for group in groups.values():
            sizes[group] += 1
    return Linked(
        files=files,
        lines=lines,
        entities=lines - len(groups) + len(sizes),
        joined=len(groups),
        largest=max(sizes.values(), default=1),
        compared=tuple(comparison.title for comparison in fitting.comparisons),
        model=model,
        model_reason=reason,
        blocks=blocks,
        repeated_ids=repeated,
    )


def _set_copies_aside(connection: duckdb.DuckDBPyConnection) -> None:
    """Of lines that say the same, two stay in `record`; what becomes of the second becomes of the others.

    A million copies of one name are then two records, and no key is too common because one line was sent often.
    """
    said = [column for column in spreadsheets.headings_of(connection, "record") if column not in OF_THE_LINE]
    connection.execute(f"""
        create or replace table copy as
        select id, second, given_id, source, record_key from (
          select id, given_id, source, record_key, nth_value(id, 2) over same as second, row_number() over same as place
          from record window same as (partition by source, {", ".join(said)} order by id
            rows between unbounded preceding and unbounded following))
        where place > 2""")
    connection.execute("delete from record where id in (select id from copy)")


def _learn_prior(connection: duckdb.DuckDBPyConnection, prior: float) -> None:
    """Shift every weight to the share of one-person pairs that the scored pairs themselves add up to.

    The first prior comes from a few rules that are almost always right and a guess at how much they find. The expected
    number of true pairs under it gives a better one, and so on until it stands.
    """
    records_there = connection.execute("select count(*) from record").fetchall()[0][0]
    pairs = records_there * (records_there - 1) / 2
    shift = 0.0
    for _ in range(ROUNDS):
        expected = connection.execute(
            "select coalesce(sum(1 / (1 + pow(2, -(match_weight + ?)))), 0) from edge", [shift]
        ).fetchall()[0][0]
        share = min(max(expected, 1.0) / max(pairs, 2.0), LARGEST_PRIOR)
        following = scoring.prior_weight(share) - scoring.prior_weight(prior)
        if abs(following - shift) < SETTLED:
            break
        shift = following
    connection.execute("update edge set match_weight = match_weight + ?", [shift])


def _sureness(ties: Sequence[tuple[int, int, float]], groups: Mapping[int, int], how: Gathering) -> dict[int, float]:
    """For each record with a tie: the weight that holds it in its group, or the strongest that does not join it."""
    size: dict[int, int] = defaultdict(int)
    for group in groups.values():
        size[group] += 1
    total: dict[int, float] = defaultdict(float)
    compared: dict[int, int] = defaultdict(int)
    strongest: dict[int, float] = defaultdict(lambda: -math.inf)
    for one, other, weight in ties:
        if one in groups and groups[one] == groups.get(other):
            for record in (one, other):
                total[record] += weight
                compared[record] += 1
                strongest[record] = max(strongest[record], weight)
        else:
            for record in (one, other):
                if record not in groups:
                    strongest[record] = max(strongest[record], weight)
    held = {
        record: how.strongest * strongest[record]
        + (1 - how.strongest)
        * (total[record] + how.not_compared * (size[group] - 1 - compared[record]))
        / (size[group] - 1)
        for record, group in groups.items()
        if compared[record]
    }
    apart = {record: weight for record, weight in strongest.items() if record not in groups}
    return held | apart


def _write(
    connection: duckdb.DuckDBPyConnection,
    out: Path,
    files: Sequence[spreadsheets.Spreadsheet],
    groups: Mapping[int, int],
    sure: Mapping[int, float],
) -> int:
    """Write the result in the order of the files; return how many lines share their id with an earlier line."""
    across = len(files) > 1
    entities: dict[int, int] = {}
    seen: set[tuple[str, str]] = set()
    repeated = 0
    making = out.with_name(f"{out.name}.making")
    with making.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow((*OUTPUT, "file") if across else OUTPUT)
        for record, side, given in _lines(connection):
            entity = entities.setdefault(groups.get(record, record), len(entities) + 1)
            weight = sure.get(record)
            chance = 1.0 if weight is None else scoring.probability_of(weight)
            if weight is not None and record not in groups:
                chance = 1 - chance
            repeated += (side, given) in seen
            seen.add((side, given))
            row = (given, entity, f"{chance:.4f}")
            writer.writerow((*row, files[int(side)].path.name) if across else row)
    making.replace(out)
    return repeated


def _lines(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, str]]:
    found = connection.execute(
        "select id, source, coalesce(given_id, record_key) from record"
        " union all select id, source, coalesce(given_id, record_key) from copy order by id"
    )
    while batch := found.fetchmany(100_000):
        yield from batch
