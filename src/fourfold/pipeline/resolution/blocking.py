"""Which records are compared at all: those that share a key of one of the rules of the settings.

A key is kept as a number made of its rule and its text, so that all rules are one table, which is joined once with
itself; two texts of one number, which hardly ever happens, are a pair compared for nothing. Makes the tables `key`
(rule, key, id, open, label), `block` (rule, key, n open records of those that share it) and `pair` (id_l < id_r),
grain: one row a pair. Label 0: open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
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


def largest_kept(sizes: Mapping[int, int], *, largest: int, most_pairs: float | None) -> int:
    """The most records that a key of a rule may have, so that the rule makes no more than `most_pairs` pairs.

    `sizes`: how many keys there are of each number of records. Keys of one size are kept or set aside together.
    """
    together = 0
    kept = 1
    for size in sorted(size for size in sizes if size <= largest):
        together += sizes[size] * (size * (size - 1) // 2)
        if most_pairs is not None and together > most_pairs:
            return kept
        kept = size
    return largest


def find_blocks(connection: Database) -> None:
    """Make `block`: the keys that more than one record has."""
    connection.execute("""
        create or replace temp table block as
        select rule, key, count(*) filter (open) as n from key group by rule, key having count(*) > 1""")


def set_aside_common_keys(connection: Database, settings: Settings) -> list[BlockReport]:
    """Take the keys that too many records share out of `key` and keep them in `set_aside` (key, label).

    Too many are more than the settings' largest block, or than keep the pairs of the rule within what it may make of so
    many records: pairs then grow as records do, and not as their square. Block sizes are counted over open records, so
    that a restricted record never changes how open records are compared; such a key is set aside for everybody, with
    the label 0. Restricted records of one label that are too many of a key lose it among themselves and with others,
    and nobody else does.
    """
    find_blocks(connection)
    keys = dict(connection.execute("select rule, count(*) from key where open group by rule").fetchall())
    sizes: dict[int, dict[int, int]] = defaultdict(dict)
    for number, size, count in connection.execute(
        "select rule, n, count(*) from block where n > 1 group by rule, n order by rule, n"
    ).fetchall():
        sizes[number][size] = count
    found = connection.execute("select count(*) from record where open").fetchall()[0][0]
    counted = max(int(found), settings.smallest_population)
    kept = [
        largest_kept(
            sizes[number],
            largest=settings.largest_block,
            most_pairs=None if rule.most_pairs is None else rule.most_pairs * counted,
        )
        for number, rule in enumerate(settings.blocking)
    ]
    most = " ".join(f"when {number} then {size}" for number, size in enumerate(kept))
    connection.execute(
        "create or replace table set_aside as"
        f" select key, 0::ubigint as label from block where n > {f'case rule {most} end' if most else '0'}"
        " union all select key, label from key where not open group by key, label having count(*) > ?",
        [settings.largest_block],
    )
    drop_keys_set_aside(connection)
    return [
        _report(rule, int(keys.get(number, 0)), sizes[number], kept[number])
        for number, rule in enumerate(settings.blocking)
    ]


def _report(rule: BlockingRule, keys: int, sizes: Mapping[int, int], kept: int) -> BlockReport:
    """`keys`: those of each record, counted; in the report, each key counts once."""
    shared = sum(size * count for size, count in sizes.items())
    return BlockReport(
        rule.name,
        keys=keys - shared + sum(sizes.values()),
        pairs=sum(count * (size * (size - 1) // 2) for size, count in sizes.items() if size <= kept),
        largest=max(sizes, default=min(keys, 1)),
        keys_set_aside=sum(count for size, count in sizes.items() if size > kept),
        records_set_aside=sum(size * count for size, count in sizes.items() if size > kept),
    )


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
        with of_some as (select key.key, key.id, key.label from key semi join block using (key))
        select distinct l.id as id_l, r.id as id_r from of_some l join of_some r using (key)
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
