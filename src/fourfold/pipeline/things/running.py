"""One grouping of things: canonical folders in, groups and reasons out, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa

from fourfold.pipeline.things import judged, matching
from fourfold.pipeline.things.grouping import FEW, Pair, Said, grouped, holding
from fourfold.pipeline.things.records import load_records
from fourfold.pipeline.things.rules import Kind, Rules, load_rules
from fourfold.pipeline.whole_folder import put_in_place

END = {"vehicle": "OBJECT", "phone": "OBJECT", "organisation": "OBJECT", "address": "LOCATION"}
"""The table of the contract that has the records of each kind."""


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


def group_things(
    folders: Mapping[str, Sequence[Path]], *, into: Path, rules: Rules | None = None, judgements: Path | None = None
) -> Grouped:
    """Say which records are of one vehicle, phone, address or organisation, and why.

    Args:
        folders: For each source its canonical folders, oldest first: a later row with the same key replaces the
            earlier.
        into: A folder made for this; it appears whole or not at all, and replaces one left by an earlier try.
        rules: The shipped rules when none are given.
        judgements: What people said that stands: Parquet with `judged.JUDGED`.

    Raises:
        ValueError: a judgement says something else than SAME or DIFFERENT.
        RulesWrong: the rules compare something that may not be compared.
    """
    rules = rules or load_rules()
    making = into.with_name(f"{into.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    counts = {}
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set temp_directory = $place", {"place": str(making / "spill")})
        there = load_records(connection, folders, rules)
        judged.load(connection, judgements)
        connection.execute("create table grouping (id bigint, cluster bigint)")
        connection.execute("create table tie (id_l bigint, id_r bigint, kind varchar, verdict varchar, code varchar)")
        for kind in rules.kinds.values():
            matching.check(kind)
            if kind.name in there:
                matching.compare(connection, kind, rules)
                counts[kind.name] = _group(connection, kind)
            else:
                counts[kind.name] = Counts(records=0, things=0, joined=0, maybe=0, apart=0)
        _write(connection, rules, making)
    shutil.rmtree(making / "spill", ignore_errors=True)
    made = Grouped(into / "things.parquet", into / "ties.parquet", rules.version, rules.digest, counts)
    told = {"rules": rules.version, "made_with": _made_with(rules), "kinds": {k: asdict(v) for k, v in counts.items()}}
    (making / "things.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    put_in_place(making, into)
    return made


def made_by(folder: Path, rules: Rules) -> bool:
    """Whether what stands in a folder was grouped by these very rules, and by the code that reads them now."""
    told = folder / "things.json"
    return told.exists() and json.loads(told.read_text(encoding="utf-8")).get("made_with") == _made_with(rules)


def _made_with(rules: Rules) -> str:
    return hashlib.sha256(rules.digest.encode() + _code()).hexdigest()


@lru_cache(maxsize=1)
def _code() -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))


def _group(connection: duckdb.DuckDBPyConnection, kind: Kind) -> Counts:
    """Add the groups and reasons of one kind. Only records of which a rule says something come into Python."""
    if not connection.execute("select true from said union all select true from judged limit 1").fetchall():
        ((alone,),) = connection.execute(f"insert into grouping select id, id from {kind.name}").fetchall()
        return Counts(records=alone, things=alone, joined=0, maybe=0, apart=0)
    rows = connection.execute(f"""
        select id, case when open then '' else label end from {kind.name}
        where id in (select id_l from said union select id_r from said
          union select id_l from judged union select id_r from judged)""").fetchall()
    said = connection.execute("select id_l, id_r, verdict, place, weak from said where verdict <> 'MAYBE'").fetchall()
    joins = [Said(weak, place, (one, other)) for one, other, verdict, place, weak in said if verdict == matching.JOIN]
    apart: list[Pair] = [(one, other) for one, other, verdict, *_ in said if verdict == matching.APART]
    records = dict(rows)
    spoken = connection.execute("select id_l, id_r, same from judged order by all").fetchall()
    mine = [(one, other, same) for one, other, same in spoken if one in records and other in records]
    different = [(one, other) for one, other, same in mine if not same]
    found = grouped(
        records, joins, apart, same=[(one, other) for one, other, same in mine if same], different=different
    )
    _register_pairs(connection, "held_together", holding(joins, found))
    placed = pa.table({"id": pa.array(found, type=pa.int64()), "cluster": pa.array(found.values(), type=pa.int64())})
    connection.register("placed", placed)
    connection.execute(f"""
        create or replace table grouped as
        select id, open, coalesce(p.cluster, id) as cluster,
          row_number() over (partition by coalesce(p.cluster, id) order by open desc, id) as place
        from {kind.name} left join placed p using (id)""")
    connection.unregister("placed")
    connection.execute("insert into grouping select id, cluster from grouped")
    kept_apart = [rule.code for rule in kind.apart if rule.shown or rule.weight is not None]
    shown = ", ".join(f"'{code}'" for code in kept_apart) or "null"
    connection.execute(
        f"""
        create or replace table told as
        select id_l, id_r, code,
          case when verdict = 'JOIN' and l.cluster <> r.cluster and coalesce(j.same, true) then 'MAYBE'
            else verdict end as outcome
        from said join grouped l on l.id = id_l join grouped r on r.id = id_r
        left join judged j using (id_l, id_r) left join held_together h using (id_l, id_r)
        where case verdict
          when 'JOIN' then l.cluster <> r.cluster or least(l.place, r.place) <= {FEW} or h.id_l is not null
          when 'MAYBE' then l.cluster <> r.cluster else code in ({shown}) end"""
    )
    connection.execute(f"insert into tie select id_l, id_r, '{kind.name}', outcome, code from told")
    ((records, things, joined, maybe, kept),) = connection.execute("""
        select count(*), count(distinct cluster), (select count(*) from told where outcome = 'JOIN'),
          (select count(*) from told where outcome = 'MAYBE'), (select count(*) from told where outcome = 'APART')
        from grouped""").fetchall()
    connection.unregister("held_together")
    return Counts(records=records, things=things, joined=joined, maybe=maybe, apart=kept)


def _register_pairs(connection: duckdb.DuckDBPyConnection, name: str, pairs: Iterable[Pair]) -> None:
    found = list(pairs)
    columns = {
        "id_l": pa.array([one for one, _ in found], type=pa.int64()),
        "id_r": pa.array([other for _, other in found], type=pa.int64()),
    }
    connection.register(name, pa.table(columns))


def _write(connection: duckdb.DuckDBPyConnection, rules: Rules, making: Path) -> None:
    connection.execute(
        "create table worded (kind varchar, code varchar, end_kind varchar, words varchar, weight double)"
    )
    worded = [
        (kind.name, rule.code, END[kind.name], rule.words, rule.weight)
        for kind in rules.kinds.values()
        for rule in (*kind.apart, *kind.join, *kind.maybe)
    ]
    connection.execute(
        "insert into worded select unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[]),"
        " unnest(?::varchar[]), unnest(?::double[])",
        [list(values) for values in zip(*worded, strict=True)],
    )
    connection.execute(
        """copy (select n.end_kind, n.source, n.record_key, g.cluster from grouping g join numbered n using (id)
        order by g.id) to $path (format parquet)""",
        {"path": str(making / "things.parquet")},
    )
    connection.execute(
        """copy (select w.end_kind, l.source as left_source, l.record_key as left_key, r.source as right_source,
          r.record_key as right_key, upper(t.kind) as kind, t.verdict, t.code, w.words,
          case when t.verdict <> 'JOIN' then w.weight end as weight
        from tie t join worded w on w.kind = t.kind and w.code = t.code
        join numbered l on l.id = t.id_l join numbered r on r.id = t.id_r order by t.id_l, t.id_r)
        to $path (format parquet)""",
        {"path": str(making / "ties.parquet")},
    )
