"""One grouping of things: canonical folders in, groups and reasons out, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from fourfold.pipeline.things import matching
from fourfold.pipeline.things.grouping import Pair, Said, grouped
from fourfold.pipeline.things.records import load_records
from fourfold.pipeline.things.rules import Kind, Rules, load_rules

END = {"vehicle": "OBJECT", "phone": "OBJECT", "organisation": "OBJECT", "address": "LOCATION"}
"""The table of the contract that has the records of each kind."""
GROUPS = pa.schema(
    [("end_kind", pa.string()), ("source", pa.string()), ("record_key", pa.string()), ("cluster", pa.int64())]
)
TIES = pa.schema(
    [
        ("end_kind", pa.string()),
        *((f"{side}_{part}", pa.string()) for side in ("left", "right") for part in ("source", "key")),
        *((name, pa.string()) for name in ("kind", "verdict", "code", "words")),
    ]
)

REASONS_FROM = 3


@dataclass(frozen=True)
class Counts:
    """What was seen of one kind and made of it."""

    records: int
    things: int
    joined: int
    maybe: int
    apart: int


@dataclass(frozen=True)
class Grouped:
    """Where the groups and their reasons are. A cluster's number is only for this file: `pole` numbers things."""

    clusters: Path
    ties: Path
    rules_version: str
    rules_digest: str
    counts: Mapping[str, Counts]


def group_things(folders: Mapping[str, Sequence[Path]], *, into: Path, rules: Rules | None = None) -> Grouped:
    """Say which records are of one vehicle, phone, address or organisation, and why.

    Args:
        folders: For each source its canonical folders, oldest first: a later row with the same key replaces the
            earlier.
        into: A folder made for this; it appears whole or not at all, and replaces one left by an earlier try.
        rules: The shipped rules when none are given.

    Raises:
        RulesWrong: the rules compare something that may not be compared.
    """
    rules = rules or load_rules()
    making = into.with_name(f"{into.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    counts = {}
    groups: list[tuple[str, str, str, int]] = []
    ties: list[tuple[str, ...]] = []
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        load_records(connection, folders, rules)
        for kind in rules.kinds.values():
            matching.compare(connection, kind, rules)
            counts[kind.name] = _group(connection, kind, groups, ties)
    _write(making / "things.parquet", GROUPS, sorted(groups))
    _write(making / "ties.parquet", TIES, sorted(ties))
    made = Grouped(into / "things.parquet", into / "ties.parquet", rules.version, rules.digest, counts)
    told = {"rules": rules.version, "digest": rules.digest, "kinds": {k: asdict(v) for k, v in counts.items()}}
    (making / "things.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(into, ignore_errors=True)
    os.replace(making, into)
    return made


def _group(
    connection: duckdb.DuckDBPyConnection,
    kind: Kind,
    groups: list[tuple[str, str, str, int]],
    ties: list[tuple[str, ...]],
) -> Counts:
    rows = connection.execute(
        f"select id, source, record_key, case when open then '' else label end from {kind.name} order by id"
    ).fetchall()
    said = connection.execute("select id_l, id_r, verdict, code, place, weak from said order by id_l, id_r").fetchall()
    joins = [
        Said(weak, place, (one, other)) for one, other, verdict, _, place, weak in said if verdict == matching.JOIN
    ]
    apart: list[Pair] = [(one, other) for one, other, verdict, *_ in said if verdict == matching.APART]
    found = grouped({row[0]: row[3] for row in rows}, joins, apart)
    named = {pk: (source, key) for pk, source, key, _ in rows}
    end = END[kind.name]
    groups += [(end, *named[pk], cluster) for pk, cluster in found.items()]
    firsts = _first_open(rows, found)
    told: dict[str, int] = defaultdict(int)
    for one, other, verdict, code, *_ in said:
        rule = kind.rule(code)
        is_one = found[one] == found[other]
        if verdict == matching.JOIN and not is_one:
            outcome = matching.MAYBE
        elif (
            (verdict == matching.APART and not rule.shown)
            or (verdict == matching.MAYBE and is_one)
            or (verdict == matching.JOIN and firsts[found[one]].isdisjoint((one, other)))
        ):
            continue
        else:
            outcome = verdict
        told[outcome] += 1
        ties.append((end, *named[one], *named[other], kind.name.upper(), outcome, code, rule.words))
    return Counts(
        records=len(rows),
        things=len(set(found.values())),
        joined=told[matching.JOIN],
        maybe=told[matching.MAYBE],
        apart=told[matching.APART],
    )


def _first_open(rows: Sequence[tuple[int, str, str, str]], groups: Mapping[int, int]) -> Mapping[int, frozenset[int]]:
    """Of each group the first records, open ones where it has any: reasons are kept for pairs with one of these.

    A street may have a thousand records; a reason for each two of them would tell nobody more.
    """
    found: dict[int, list[int]] = defaultdict(list)
    for pk, *_ in sorted(rows, key=lambda row: (bool(row[3]), row[0])):
        if len(found[groups[pk]]) < REASONS_FROM:
            found[groups[pk]].append(pk)
    return {group: frozenset(first) for group, first in found.items()}


def _write(path: Path, schema: pa.Schema, rows: Sequence[Sequence[object]]) -> None:
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
    pq.write_table(table, path)
