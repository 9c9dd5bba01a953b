"""How right a grouping was, kind by kind, against a known truth; and the same of nothing but equal values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fourfold.pipeline.resolution.evaluation import Score, Share
from fourfold.pipeline.things.running import Grouped


@dataclass(frozen=True)
class OfKind:
    """Pairs of records of one kind: by the rules, by equal values alone, and the share found of each slip.

    `asked`: by rule, of the pairs that a person is asked about those that are of one thing.
    """

    records: int
    rules: Score
    equal_values: Score
    slips: tuple[Share, ...]
    asked: tuple[Share, ...]


def evaluate(grouped: Grouped, *, folder: Path) -> Mapping[str, OfKind]:
    """Scores of each kind.

    Args:
        grouped: A grouping of what stands in `folder`.
        folder: As `simulation.things` writes it: a folder a source, and truth.parquet (source, record_key, kind,
            true_thing, slip). A record that the truth does not know is left out of every count.
    """
    with duckdb.connect() as connection:
        connection.execute(
            """create table record as
            select t.source, t.record_key, t.kind, t.true_thing, t.slip, c.cluster, v.value
            from read_parquet($truth) t
            join read_parquet($clusters) c on c.source = t.source and c.record_key = t.record_key
              and c.end_kind = case t.kind when 'ADDRESS' then 'LOCATION' else 'OBJECT' end
            join (
              select record_key, owning_force, kind, case when valid then value end as value
                from read_parquet($objects)
              union all
              select record_key, owning_force, 'ADDRESS', upper(regexp_replace(postcode || '|' || address_line,
                '[^A-Za-z0-9|]+', '', 'g')) from read_parquet($locations)) v
              on v.owning_force = t.source and v.record_key = t.record_key and v.kind = t.kind""",
            {
                "truth": str(folder / "truth.parquet"),
                "clusters": str(grouped.clusters),
                "objects": str(folder / "*" / "object.parquet"),
                "locations": str(folder / "*" / "location.parquet"),
            },
        )
        connection.execute("create table asked as from read_parquet(?) where weight is not null", [str(grouped.ties)])
        kinds = connection.execute("select kind, count(*) from record group by kind order by kind").fetchall()
        return {
            kind: OfKind(
                records,
                _score(connection, kind, "cluster"),
                _score(connection, kind, "value"),
                _slips(connection, kind),
                _asked(connection, kind),
            )
            for kind, records in kinds
        }


def _score(connection: duckdb.DuckDBPyConnection, kind: str, column: str) -> Score:
    """Pairs, counted from the sizes of groups: what stands together, what belongs together, and both."""
    ((together, belonging, right),) = connection.execute(
        f"""with held as (select * from record where kind = ?)
        select (select coalesce(sum(n * (n - 1) // 2), 0)
            from (select count(*) as n from held where {column} is not null group by {column})),
          (select coalesce(sum(n * (n - 1) // 2), 0) from (select count(*) as n from held group by true_thing)),
          (select coalesce(sum(n * (n - 1) // 2), 0)
            from (select count(*) as n from held where {column} is not null group by {column}, true_thing))""",
        [kind],
    ).fetchall()
    return Score(int(right), int(together - right), int(belonging - right))


def _slips(connection: duckdb.DuckDBPyConnection, kind: str) -> tuple[Share, ...]:
    rows = connection.execute(
        """select a.slip, count(*), count(*) filter (a.cluster = b.cluster)
        from record a join record b on b.true_thing = a.true_thing and b.kind = a.kind
          and (b.source, b.record_key) <> (a.source, a.record_key)
        where a.kind = ? and a.slip <> '' group by a.slip order by a.slip""",
        [kind],
    ).fetchall()
    return tuple(Share(slip, int(pairs), int(found)) for slip, pairs, found in rows)


def _asked(connection: duckdb.DuckDBPyConnection, kind: str) -> tuple[Share, ...]:
    rows = connection.execute(
        """select q.code, count(*), count(*) filter (a.true_thing = b.true_thing)
        from asked q
        join record a on a.source = q.left_source and a.record_key = q.left_key and a.kind = q.kind
        join record b on b.source = q.right_source and b.record_key = q.right_key and b.kind = q.kind
        where q.kind = ? group by q.code order by q.code""",
        [kind],
    ).fetchall()
    return tuple(Share(code, int(pairs), int(found)) for code, pairs, found in rows)
