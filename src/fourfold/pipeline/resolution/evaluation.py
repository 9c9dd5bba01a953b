"""How good a run was, against a known truth: pairs, whole clusters, and where the mistakes are.

Truth is a table of source, record_key, true_person; a record the truth does not know is left out of every count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from fourfold.pipeline.resolution.model import Model
from fourfold.pipeline.resolution.running import Resolution, resolve
from fourfold.pipeline.resolution.settings import Settings


@dataclass(frozen=True)
class Score:
    """`right`: found and true. `wrong`: found and not true. `missed`: true and not found."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of what was found that is true; 1 when nothing was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """The share of what is true that was found; 1 when there is nothing to find."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right else 0.0


@dataclass(frozen=True)
class Share:
    """True pairs of one kind, and how many of them are in one cluster."""

    kind: str
    pairs: int
    found: int

    @property
    def recall(self) -> float:
        return self.found / self.pairs if self.pairs else 1.0


@dataclass(frozen=True)
class Evaluation:
    """`pairs`: two records in one cluster. `clusters`: whole people of two or more records, exactly right.

    `across_forces`: pairs of records that two forces own; `by_force`: pairs that one force owns.
    """

    pairs: Score
    clusters: Score
    across_forces: Score
    by_force: Mapping[str, Score]
    by_fault: Sequence[Share]
    missed_by_stage: Mapping[str, int]
    wrong_by_pattern: Sequence[tuple[str, int]]


def evaluate(
    resolution: Resolution, *, truth: Path, faults: Path | None, forces: Mapping[str, Sequence[Path]]
) -> Evaluation:
    """Compare a run with the truth.

    Args:
        resolution: The run.
        truth: Parquet of source, record_key, true_person.
        faults: Parquet of source, record_key, code: the known faults of records, when there are any.
        forces: The person files the run read, for the force that owns each record.
    """
    with _judged(resolution, truth, forces) as connection:
        forces_found = connection.execute("select distinct owning_force from judged order by owning_force").fetchall()
        every = pairs_in_one_cluster(connection, "true")
        by_force = {force: pairs_in_one_cluster(connection, f"owning_force = '{force}'") for (force,) in forces_found}
        return Evaluation(
            pairs=every,
            clusters=whole_people(connection),
            across_forces=Score(
                every.right - sum(each.right for each in by_force.values()),
                every.wrong - sum(each.wrong for each in by_force.values()),
                every.missed - sum(each.missed for each in by_force.values()),
            ),
            by_force=by_force,
            by_fault=_by_fault(connection, faults) if faults else (),
            missed_by_stage=_missed_by_stage(connection),
            wrong_by_pattern=_wrong_by_pattern(connection),
        )


def at_thresholds(
    person_parquets: Mapping[str, Sequence[Path]],
    *,
    truth: Path,
    settings: Settings,
    weights: Sequence[float],
    workplace: Path,
    model: Model | None = None,
) -> list[tuple[float, Evaluation]]:
    """Run the whole resolution at each link threshold. Slow and exact: each line is a run."""
    found = []
    for weight in weights:
        chosen = replace(settings, link_weight=weight, review_weight=min(weight, settings.review_weight))
        run = resolve(person_parquets, previous=None, into=workplace / f"at-{weight:g}", settings=chosen, model=model)
        found.append((weight, evaluate(run, truth=truth, faults=None, forces=person_parquets)))
    return found


GROUPS: Mapping[str, str] = {
    "sex": "coalesce(nullif(p.sex, ''), 'not known')",
    "born": """case when p.birth_on is null then 'not known' when year(p.birth_on) < 1960 then 'before 1960'
      when year(p.birth_on) < 1980 then '1960 to 1979' when year(p.birth_on) < 1995 then '1980 to 1994'
      when year(p.birth_on) < 2005 then '1995 to 2004' else '2005 or later' end""",
    "origin of the name": "p.origin",
}
"""By what quality is compared, and how the group of a true person is found. To watch for disparity, never to match."""


def by_group(resolution: Resolution, *, truth: Path, people: Path) -> Mapping[str, Mapping[str, Score]]:
    """Quality among the records of each group of people: pairs that are one person's, and pairs wrongly together.

    Args:
        resolution: The run.
        truth: Parquet of source, record_key, true_person.
        people: Parquet of true_person, sex, birth_on, origin.
    """
    found: dict[str, dict[str, Score]] = {}
    with _judged(resolution, truth, {}) as connection:
        for kind, sql in GROUPS.items():
            connection.execute(
                f"create or replace temp table of_group as select j.cluster, j.true_person, {sql} as name"
                " from judged j join read_parquet(?) p using (true_person)",
                [str(people)],
            )
            found[kind] = {
                name: pairs_in_one_cluster(connection, f"name = $${name}$$", table="of_group")
                for (name,) in connection.execute("select distinct name from of_group order by name").fetchall()
            }
    return found


@contextmanager
def _judged(
    resolution: Resolution, truth: Path, forces: Mapping[str, Sequence[Path]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """`judged`: source, record_key, cluster, true_person, owning_force of every record the truth knows."""
    with duckdb.connect() as connection:
        connection.execute("create table owner (source varchar, record_key varchar, owning_force varchar)")
        for source, paths in forces.items():
            for path in paths:
                connection.execute(
                    "insert into owner select ?, record_key, owning_force from read_parquet(?)", [source, str(path)]
                )
        connection.execute(
            """create table judged as
            select c.source, c.record_key, c.cluster, t.true_person, any_value(o.owning_force) as owning_force
            from read_parquet(?) c
            join (select distinct source, record_key, true_person from read_parquet(?)) t using (source, record_key)
            left join owner o using (source, record_key) group by all""",
            [str(resolution.clusters), str(truth)],
        )
        connection.execute("create view edge as select * from read_parquet($$" + str(resolution.edges) + "$$)")
        yield connection


def pairs_in_one_cluster(connection: duckdb.DuckDBPyConnection, where: str = "true", *, table: str = "judged") -> Score:
    """Pairs of a table (cluster, true_person), counted from group sizes: no pair is ever made."""
    right, found, true = connection.execute(f"""
        with kept as (select cluster, true_person from {table} where {where}),
        both_same as (select count(*) as n from kept group by cluster, true_person),
        one_cluster as (select count(*) as n from kept group by cluster),
        one_person as (select count(*) as n from kept group by true_person)
        select (select coalesce(sum(n * (n - 1) // 2), 0) from both_same),
          (select coalesce(sum(n * (n - 1) // 2), 0) from one_cluster),
          (select coalesce(sum(n * (n - 1) // 2), 0) from one_person)""").fetchall()[0]
    return Score(int(right), int(found - right), int(true - right))


def whole_people(connection: duckdb.DuckDBPyConnection) -> Score:
    """People of two or more records in `judged`, found exactly: no record missing and none of anybody else's."""
    right, found, true = connection.execute("""
        with made as (
          select cluster, count(*) as n, count(distinct true_person) as people, any_value(true_person) as who
          from judged group by cluster having count(*) > 1),
        person as (select true_person, count(*) as n from judged group by true_person having count(*) > 1)
        select (select count(*) from made join person on person.true_person = made.who and person.n = made.n
            where made.people = 1),
          (select count(*) from made), (select count(*) from person)""").fetchall()[0]
    return Score(right, found - right, true - right)


def _by_fault(connection: duckdb.DuckDBPyConnection, faults: Path) -> list[Share]:
    """A pair is of a kind when either record has the fault; one with several faults counts in each."""
    rows = connection.execute(
        """with fault as (select distinct source, record_key, code from read_parquet(?) where record_key <> ''),
        marked as (select j.*, f.code from judged j join fault f using (source, record_key)),
        pair as (
          select distinct m.code, least((m.source, m.record_key), (o.source, o.record_key)) as one,
            greatest((m.source, m.record_key), (o.source, o.record_key)) as other, m.cluster = o.cluster as together
          from marked m join judged o using (true_person)
          where (m.source, m.record_key) <> (o.source, o.record_key))
        select code, count(*), count(*) filter (together) from pair group by code order by code""",
        [str(faults)],
    ).fetchall()
    return [Share(code, pairs, found) for code, pairs, found in rows]


def _missed_by_stage(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Where a missed pair was lost: never scored up to the review threshold, or scored and left as a proposal."""
    rows = connection.execute("""
        with missed as (
          select l.source as ls, l.record_key as lk, r.source as rs, r.record_key as rk
          from judged l join judged r using (true_person)
          where (l.source, l.record_key) < (r.source, r.record_key) and l.cluster <> r.cluster)
        select case when e.band is null then 'NOT SCORED' else e.band end as stage, count(*)
        from missed m left join edge e
          on e.left_source = m.ls and e.left_key = m.lk and e.right_source = m.rs and e.right_key = m.rk
        group by stage order by stage""").fetchall()
    return dict(rows)


def _wrong_by_pattern(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """The commonest sets of levels among linked edges between two different people."""
    return [
        (pattern, count)
        for pattern, count in connection.execute("""
            with wrong as (
              select row_number() over () as pair, e.waterfall from edge e
              join judged l on l.source = e.left_source and l.record_key = e.left_key
              join judged r on r.source = e.right_source and r.record_key = e.right_key
              where e.band = 'LINKED' and l.true_person <> r.true_person),
            levels as (
              select pair, unnest(from_json(waterfall, '[{"comparison": "VARCHAR", "level": "VARCHAR"}]')) as step
              from wrong)
            select pattern, count(*) as n from (
              select pair, string_agg(step.comparison || ' ' || step.level, ', ') as pattern
              from levels where step.comparison <> 'prior' and step.level <> 'missing' group by pair)
            group by pattern order by n desc, pattern limit 12""").fetchall()
    ]
