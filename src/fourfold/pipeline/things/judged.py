"""What people said of pairs of records of things, told to a run: SAME together, DIFFERENT never one thing."""

from __future__ import annotations

from pathlib import Path

import duckdb

from fourfold.pipeline.resolution.judgements import COLUMNS, DIFFERENT, SAME

JUDGED = ("end_kind", *COLUMNS)
"""The columns of a file of judgements, all text. `end_kind`: the table of both records."""


def load(connection: duckdb.DuckDBPyConnection, judgements: Path | None) -> None:
    """Make `judged` (id_l < id_r, same): what stands on two records that there are. Reads `numbered`.

    Raises:
        ValueError: a verdict is neither SAME nor DIFFERENT.
    """
    connection.execute(f"create or replace table spoken_of_things ({', '.join(f'{name} varchar' for name in JUDGED)})")
    if judgements is not None:
        connection.execute(
            f"insert into spoken_of_things select {', '.join(JUDGED)} from read_parquet(?)", [str(judgements)]
        )
    ((unknown,),) = connection.execute(
        "select min(verdict) from spoken_of_things where verdict is null or verdict not in (?, ?)", [SAME, DIFFERENT]
    ).fetchall()
    if unknown is not None:
        raise ValueError(f"A judgement says “{unknown}”: it must say {SAME} or {DIFFERENT}")
    connection.execute(
        """create or replace table judged as
        select least(l.id, r.id) as id_l, greatest(l.id, r.id) as id_r, bool_and(s.verdict = ?) as same
        from spoken_of_things s
        join numbered l on l.end_kind = s.end_kind and l.source = s.left_source and l.record_key = s.left_key
        join numbered r on r.end_kind = s.end_kind and r.source = s.right_source and r.record_key = s.right_key
        where l.id <> r.id group by all""",
        [SAME],
    )
