"""Which records are compared at all: those that share a key of one of the rules of the settings.

A key is kept as a number made of its rule and its text, so that all rules are one table, which is joined once with
itself; two texts of one number, which hardly ever happens, are a pair compared for nothing. Makes the tables `key`
(rule, key, id, open, label) and `pair` (id_l < id_r), grain: one row a pair. Label 0: open.
"""

from __future__ import annotations

from dataclasses import dataclass

from fourfold.pipeline.engines import Database
from fourfold.pipeline.resolution.settings import BlockingRule, Settings


@dataclass(frozen=True)
class BlockReport:
    """What one blocking rule did: how many keys it made, and the keys too big to use."""

    rule: str
    keys: int
    pairs: int
    largest: int
    keys_set_aside: int
    records_set_aside: int


def make_keys(connection: Database, settings: Settings) -> None:
    """Make `key`: every key of every record in `record`."""
    made = [_keys_sql(number, rule) for number, rule in enumerate(settings.blocking)]
    connection.execute(
        "create or replace table key (rule utinyint, key ubigint, id bigint, open boolean, label ubigint)"
    )
    if made:
        connection.execute("insert into key " + " union all ".join(made))


def set_aside_common_keys(connection: Database, settings: Settings) -> list[BlockReport]:
    """Take the keys that too many records share out of `key` and keep them in `set_aside` (key, label).

    Block sizes are counted over open records, so that a restricted record never changes how open records are compared;
    such a key is set aside for everybody, with the label 0. Restricted records of one label that are too many of a key
    lose it among themselves and with others, and nobody else does.
    """
    connection.execute("""
        create or replace temp table block as
        select rule, key, count(*) as n from key where open group by rule, key""")
    connection.execute(
        "create or replace table set_aside as select key, 0::ubigint as label from block where n > ?"
        " union all select key, label from key where not open group by key, label having count(*) > ?",
        [settings.largest_block, settings.largest_block],
    )
    counted = {
        row[0]: row[1:]
        for row in connection.execute(
            """select rule, count(*), coalesce(sum(n * (n - 1) // 2) filter (n <= $most), 0), max(n),
              count(*) filter (n > $most), coalesce(sum(n) filter (n > $most), 0) from block group by rule""",
            {"most": settings.largest_block},
        ).fetchall()
    }
    drop_keys_set_aside(connection)
    nothing = (0, 0, 0, 0, 0)
    return [
        BlockReport(rule.name, *(int(n) for n in counted.get(number, nothing)))
        for number, rule in enumerate(settings.blocking)
    ]


def drop_keys_set_aside(connection: Database) -> None:
    """Leave out of `key` what is in `set_aside`."""
    connection.execute("""
        create or replace table key as
        select * from key anti join (select key from set_aside where label = 0) using (key)
        anti join (select key, label from set_aside where label <> 0) using (key, label)""")


def make_pairs(connection: Database, *, across: bool = False) -> None:
    """Make `pair`: two records that share a key, and that somebody may read both. `across`: only of two sources."""
    connection.execute("""
        create or replace table pair as
        select distinct l.id as id_l, r.id as id_r from key l join key r using (key)
        where l.id < r.id and (l.label = 0 or r.label = 0 or l.label = r.label)""")
    if across:
        connection.execute("""
            create or replace table pair as
            select id_l, id_r from pair join record l on l.id = id_l join record r on r.id = id_r
            where l.source <> r.source""")


def _keys_sql(number: int, rule: BlockingRule) -> str:
    return f"""
        select {number} as rule, hash({number}, text) as key, id, open,
          case when open then 0 else hash(label) end as label
        from (select {_text_sql(rule)} as text, id, open, label from record) where text is not null"""


def _text_sql(rule: BlockingRule) -> str:
    parts = " || '|' || ".join(f"{column}::varchar" for column in rule.columns) or "''"
    if rule.each is None:
        return parts
    items = f"list_transform({rule.each}, lambda item: item || '|' || {parts})"
    return f"unnest(case when {parts} is not null then {items} end)"
