"""What people decided about pairs of records holds through every run: SAME together, DIFFERENT never in one cluster.

Reads the judgements that stand, as whoever keeps them wrote them down; makes `judged` and, after clustering, says what
became of each. Judgements that contradict each other do not stop a run: DIFFERENT is kept, and SAME is said to be not
held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import duckdb

SAME = "SAME"
DIFFERENT = "DIFFERENT"

COLUMNS = ("left_source", "left_key", "right_source", "right_key", "verdict")
"""The columns of a file of judgements, all text."""


def load(connection: duckdb.DuckDBPyConnection, judgements: Path | None) -> None:
    """Make `spoken` (every judgement in the file) and `judged` (id_l < id_r, same): those about two records there are.

    A record that its source merged away since is the record it was merged into. Reads `record` and `merged`.

    Raises:
        ValueError: a verdict is neither SAME nor DIFFERENT.
    """
    columns = ", ".join(f"{name} varchar" for name in COLUMNS)
    if judgements is None:
        connection.execute(f"create or replace table spoken ({columns}, left_id bigint, right_id bigint)")
        connection.execute("create or replace table judged (id_l bigint, id_r bigint, same boolean)")
        return
    connection.execute(f"create or replace table said ({columns})")
    connection.execute(f"insert into said select {', '.join(COLUMNS)} from read_parquet(?)", [judgements.as_posix()])
    unknown = connection.execute(
        "select min(verdict) from said where verdict is null or verdict not in (?, ?)", [SAME, DIFFERENT]
    ).fetchall()[0][0]
    if unknown is not None:
        raise ValueError(f"A judgement says “{unknown}”: it must say {SAME} or {DIFFERENT}")
    connection.execute("""
        create or replace temp table known_as as
        select source, record_key, id from record
        union all
        select m.source, m.loser, min(r.id) from merged m
        join record r on r.source = m.source and r.record_key = m.survivor
        where not exists (from record still where still.source = m.source and still.record_key = m.loser)
        group by m.source, m.loser""")
    connection.execute("""
        create or replace table spoken as
        select s.*, l.id as left_id, r.id as right_id from said s
        left join known_as l on l.source = s.left_source and l.record_key = s.left_key
        left join known_as r on r.source = s.right_source and r.record_key = s.right_key""")
    connection.execute(
        """create or replace table judged as
        select least(left_id, right_id) as id_l, greatest(left_id, right_id) as id_r, bool_and(verdict = ?) as same
        from spoken where left_id <> right_id group by all""",
        [SAME],
    )


def outcomes_sql() -> str:
    """Every judgement with its outcome: HELD, NOT_HELD (another judgement or a source's merger is against it), or
    NOT_FOUND (one of its records is not there any more). Reads `spoken` and `member`.
    """
    return f"""
        select {", ".join(f"s.{name}" for name in COLUMNS)},
          case when s.left_id is null or s.right_id is null then 'NOT_FOUND'
               when (l.component = r.component) = (s.verdict = '{SAME}') then 'HELD'
               else 'NOT_HELD' end as outcome
        from spoken s left join member l on l.id = s.left_id left join member r on r.id = s.right_id
        order by all"""


class Apart:
    """Which groups may not come together, while records are joined to groups."""

    def __init__(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._barred: dict[int, set[int]] = defaultdict(set)
        for one, other in pairs:
            self._barred[one].add(other)
            self._barred[other].add(one)

    def bars(self, one: int, other: int) -> bool:
        return other in self._barred.get(one, ())

    def join(self, kept: int, gone: int) -> None:
        """The group `gone` is part of `kept` from now on."""
        for third in self._barred.pop(gone, ()):
            self._barred[third].discard(gone)
            self._barred[third].add(kept)
            self._barred[kept].add(third)


class Joining:
    """Groups of records, each called by its lowest number, that grow by one tie at a time."""

    def __init__(self, apart: Iterable[tuple[int, int]]) -> None:
        self._above: dict[int, int] = {}
        self._apart = Apart(apart)

    def group(self, record: int) -> int:
        path = []
        while (above := self._above.get(record, record)) != record:
            path.append(record)
            record = above
        for each in path:
            self._above[each] = record
        return record

    def join(self, one: int, other: int) -> bool:
        """Put two groups together, unless a judgement bars it; whether they are one group now."""
        one, other = sorted((self.group(one), self.group(other)))
        if one == other:
            return True
        if self._apart.bars(one, other):
            return False
        self._above[other] = one
        self._apart.join(one, other)
        return True
