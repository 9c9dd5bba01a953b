"""What became of every row, counted from what the pipeline made, one count for each label.

A total that mixed rows under different labels would tell a reader how many rows are hidden, so no such total is kept:
each count stands under the label of the rows it counts, and a page adds up what its reader may see.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from fourfold.intake.rules import Counts, Kind
from fourfold.platform.errors import RuleBroken

RECORDS = ("person", "object", "location", "event", "link")
MADE = (*RECORDS, "merge")
STRINGS = r"""'"((?:[^"\\]|\\.)*)"'"""
LABEL = "owning_force, audience, marking, compartment"


@dataclass(frozen=True)
class LabelFacts:
    """What decides a row's label, as the canonical contract says it."""

    owning_force: str
    audience: str
    marking: str
    compartment: str | None


@dataclass(frozen=True, kw_only=True)
class NotLoaded:
    """A row that was not loaded, as the pipeline says it."""

    kind: Kind
    rule_code: str
    file: str
    line: int
    column: str
    value: str
    sentence: str
    row_json: str
    label: LabelFacts


@dataclass(frozen=True, kw_only=True)
class Measured:
    """So many of so many of one force's rows that the whole region may see."""

    owning_force: str
    code: str
    part: int
    whole: int


@cache
def _engine(process: int) -> duckdb.DuckDBPyConnection:
    """One for a process: to start one takes longer than most of what is asked of it here. A process made by forking
    cannot use its parent's.
    """
    return duckdb.connect()


@contextmanager
def _asking() -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor, with temporary tables of its own. An engine that broke is not asked again."""
    try:
        with _engine(os.getpid()).cursor() as db:
            yield db
    except duckdb.FatalException:
        _engine.cache_clear()
        raise


def counts_by_label(
    canonical: Path, told: Mapping[str, Mapping[str, int]], *, rest: LabelFacts
) -> Mapping[tuple[str, LabelFacts], Counts]:
    """Counts of each file and label. They add up to what the pipeline told of each file.

    Args:
        canonical: The folder of the canonical contract.
        told: `counts.json`: file -> in, out, quarantined, held, reference.
        rest: The label for rows that belong to nobody's record: code tables and rows that only enriched others.

    Raises:
        RuleBroken: IN10, the pipeline's totals don't add up or differ from the rows it made.
    """
    with _asking() as db:
        found = _fates(db, canonical)
    for file, numbers in told.items():
        Counts(
            read=numbers["in"],
            loaded=numbers["out"],
            quarantined=numbers["quarantined"],
            held=numbers["held"],
            reference=numbers["reference"],
        ).check(file)
        here = [n for (name, _), n in found.items() if name == file]
        loaded, quarantined, held = (sum(n.get(f, 0) for n in here) for f in ("loaded", "quarantined", "held"))
        if (quarantined, held) != (numbers["quarantined"], numbers["held"]) or loaded > numbers["out"]:
            raise RuleBroken(
                "IN10",
                f"{file}: the pipeline told of {numbers['out']} rows loaded, {numbers['quarantined']} quarantined and "
                f"{numbers['held']} held, but made {loaded}, {quarantined} and {held}",
            )
        others = found.setdefault((file, rest), {})
        others["loaded"] = others.get("loaded", 0) + numbers["out"] - loaded
        others["reference"] = numbers["reference"]
    return {key: _whole(n) for key, n in found.items() if any(n.values())}


def lines_by_label(canonical: Path, lines: Iterable[tuple[str, int]]) -> Mapping[tuple[str, LabelFacts], Counts]:
    """Counts of the given lines only: what became of the rows of a supplement."""
    wanted = sorted(set(lines))
    if not wanted:
        return {}
    with _asking() as db:
        db.execute("create temp table wanted (source_file varchar, source_line bigint)")
        db.executemany("insert into wanted values (?, ?)", wanted)
        found = _fates(db, canonical, only="semi join wanted using (source_file, source_line)")
    return {key: _whole(n) for key, n in found.items()}


def not_loaded(canonical: Path) -> Iterable[NotLoaded]:
    """Each row that was not loaded, quarantined first, by file and line."""
    with _asking() as db:
        for kind, name in ((Kind.QUARANTINED, "quarantine"), (Kind.HELD, "held")):
            path = canonical / f"{name}.parquet"
            if not path.exists():
                continue
            rows = db.execute(
                "select rule_code, source_file, source_line, coalesce(column_name, ''), coalesce(value, ''), sentence, "
                f"row_json, {LABEL} from read_parquet(?) order by source_file, source_line, rule_code, column_name",
                [str(path)],
            )
            while chunk := rows.fetchmany(2000):
                for code, file, line, column, value, sentence, row_json, *facts in chunk:
                    yield NotLoaded(
                        kind=kind,
                        rule_code=code,
                        file=file,
                        line=line,
                        column=column,
                        value=value.replace("\x00", "\N{REPLACEMENT CHARACTER}"),
                        sentence=sentence,
                        row_json=row_json,
                        label=LabelFacts(*facts),
                    )


def warnings_by_label(canonical: Path) -> Mapping[tuple[str, LabelFacts], int]:
    """How many rows broke each rule that does not stop a row."""
    path = canonical / "warning.parquet"
    if not path.exists():
        return {}
    with _asking() as db:
        rows = db.execute(
            f"select rule_code, {LABEL}, count(*) from read_parquet(?) group by all", [str(path)]
        ).fetchall()
    return {(code, LabelFacts(*facts)): n for code, *facts, n in rows}


# Quality measures: completeness, validity and timeliness. Rows that only some may see are left out.
MEASURES: Mapping[str, tuple[str, str, str]] = {
    "birth_date_whole": ("person", "birth_quality = 'exact'", "true"),
    "police_number": ("person", "pnc_id is not null or cro is not null", "true"),
    "address_postcode": ("location", "postcode is not null", "true"),
    "plate_valid": ("object", "valid", "kind = 'VEHICLE'"),
    "phone_valid": ("object", "valid", "kind = 'PHONE'"),
    "recorded_in_time": (
        "event",
        "created_at <= happened_at + interval 72 hours",
        "created_at is not null and happened_at is not null and kind in ('CRIME', 'CUSTODY', 'STOP', 'INCIDENT')",
    ),
}


def measures(canonical: Path) -> tuple[Measured, ...]:
    """Quality of each force's rows, of those that the whole region may see."""
    made = []
    with _asking() as db:
        for code, (table, part, of) in MEASURES.items():
            path = canonical / f"{table}.parquet"
            if not path.exists():
                continue
            rows = db.execute(
                f"select owning_force, count(*) filter (where {part}), count(*) from read_parquet(?) "
                f"where ({of}) and audience = 'REGION' and compartment is null group by owning_force order by 1",
                [str(path)],
            ).fetchall()
            made += [Measured(owning_force=force, code=code, part=n, whole=whole) for force, n, whole in rows]
    return tuple(made)


def repeats(person: Path, clusters: Path, *, source: str) -> tuple[Measured, ...]:
    """Person records of each force that are one of several of the same force for the same person: uniqueness."""
    with _asking() as db:
        rows = db.execute(
            "with mine as (select p.owning_force, c.cluster from read_parquet(?) p join read_parquet(?) c "
            "on c.source = ? and c.record_key = p.record_key where p.audience = 'REGION' and p.compartment is null), "
            "sized as (select owning_force, cluster, count(*) n from mine group by all) "
            "select owning_force, coalesce(sum(n - 1), 0)::bigint, sum(n)::bigint from sized group by 1 order by 1",
            [str(person), str(clusters), source],
        ).fetchall()
    return tuple(Measured(owning_force=f, code="repeated_people", part=n, whole=whole) for f, n, whole in rows)


def people_in(canonical: Path) -> int:
    """How many person records a canonical folder holds."""
    path = canonical / "person.parquet"
    return int(pq.read_metadata(path).num_rows) if path.exists() else 0


def write_difference(canonical: Path, known: Iterable[Path], *, into: Path) -> Mapping[str, int]:
    """Write the rows of `canonical` that none of the `known` folders has: what repairs have brought. Repeatable.

    Rows are the same when every column but the place in the file is: a repaired row differs in `raw` from the
    rejected one, and a row that waited for it was in no folder before.
    Returns the number of rows by table.
    """
    folders = list(known)
    into.mkdir(parents=True, exist_ok=True)
    written = {}
    with _asking() as db:
        for table in MADE:
            path = canonical / f"{table}.parquet"
            if not path.exists():
                continue
            before = [str(f / f"{table}.parquet") for f in folders if (f / f"{table}.parquet").exists()]
            query = f"select * from read_parquet({_text(path)})"
            if before:
                query += f" except all select * from read_parquet([{', '.join(_text(b) for b in before)}])"
            _write(db, query, into / f"{table}.parquet")
            row = db.execute("select count(*) from read_parquet(?)", [str(into / f"{table}.parquet")]).fetchone()
            written[table] = int(row[0]) if row else 0
    return written


def write_overtaken(canonical: Path, later: Iterable[Path], *, into: Path, left_out: Path) -> None:
    """Part the rows of `canonical` by whether one of the `later` folders, earliest first, has the same record.

    Those that none has are written to `into`, the others to `left_out`. A later tombstone of a person whom `canonical`
    brings, or of one merged into such a person, goes along: it found nobody when it came. Repeatable.
    """
    folders = list(later)
    for folder in (into, left_out):
        folder.mkdir(parents=True, exist_ok=True)
    with _asking() as db:
        persons = _said(folders, "person", "record_key as key")
        tombstones = _said(folders, "merge", "loser_key as key")
        for table in MADE:
            path = canonical / f"{table}.parquet"
            if not path.exists():
                continue
            key = "loser_key" if table == "merge" else "record_key"
            said = f"{persons} union all {tombstones}" if table == "merge" else _said(folders, table, f"{key} as key")
            rows = f"select * from read_parquet({_text(path)}) where {key} {{}} (select key from ({said}))"
            kept = rows.format("not in")
            if table == "merge" and (canonical / "person.parquet").exists():
                buried = [f for f in folders if (f / "merge.parquet").exists()]
                kept += f" union all by name ({_later_tombstones(canonical, folders)})" if buried else ""
            _write(db, kept, into / path.name)
            _write(db, rows.format("in"), left_out / path.name)


def overtaken_by_label(left_out: Path) -> Mapping[LabelFacts, int]:
    """How many lines had something left out, by label; each counts once."""
    found: dict[LabelFacts, int] = {}
    with _asking() as db:
        for (_, facts), lines in _fates(db, left_out).items():
            found[facts] = found.get(facts, 0) + lines.get("loaded", 0)
    return found


def _later_tombstones(canonical: Path, folders: list[Path]) -> str:
    """A query for what the later folders say last of people merged, where `canonical` brings one of the two."""
    mine = f"(select record_key from read_parquet({_text(canonical / 'person.parquet')}))"
    again = _said(folders, "person", "record_key as key")
    return (
        f"select * exclude (age) from ({_said(folders, 'merge', '*')}) said "
        f"where (loser_key in {mine} or survivor_key in {mine}) "
        f"and not exists (from ({again}) p where p.key = said.loser_key and p.age > said.age) "
        "qualify row_number() over (partition by loser_key order by age desc) = 1"
    )


def _said(folders: list[Path], table: str, columns: str) -> str:
    """A query for columns of a table in folders, with each folder's place among them as `age`."""
    there = [(age, f / f"{table}.parquet") for age, f in enumerate(folders) if (f / f"{table}.parquet").exists()]
    parts = [f"select {columns}, {age} as age from read_parquet({_text(path)})" for age, path in there]
    return " union all by name ".join(parts) or "select null::varchar as key, 0 as age where false"


def may_release(held_in: Path, brought: Path, *, before: Iterable[Path]) -> bool:
    """Whether a held row names a record that `brought` has and none of the folders before it had.

    Then the held rows are worth taking through the rules again. A name is any delivered text of the row that is a
    record's key, or the last part of one.
    """
    held = held_in / "held.parquet"
    if not held.exists():
        return False
    new, old = _keys(brought), " union all ".join(_keys(b) for b in before)
    with _asking() as db:
        row = db.execute(
            f"with named as (select distinct unnest(regexp_extract_all(row_json, {STRINGS}, 1)) as key "
            f"from read_parquet({_text(held)})), "
            f"fresh as ({new}{f' except ({old})' if old else ''}) "
            "select count(*) from fresh where record_key in (select key from named) "
            "or split_part(record_key, '/', -1) in (select key from named)"
        ).fetchone()
    return bool(row and row[0])


def _keys(canonical: Path) -> str:
    """A query for the keys of a folder's records."""
    tables = [canonical / f"{t}.parquet" for t in RECORDS if t != "link" and (canonical / f"{t}.parquet").exists()]
    parts = [f"select record_key from read_parquet({_text(p)})" for p in tables]
    return f"({' union all '.join(parts)})" if parts else "(select null::varchar as record_key where false)"


def released(canonical: Path, before: Path) -> tuple[tuple[str, int], ...]:
    """Lines that were held before and are held no longer: (file, line)."""
    old, new = before / "held.parquet", canonical / "held.parquet"
    if not old.exists():
        return ()
    with _asking() as db:
        query = f"select distinct source_file, source_line from read_parquet({_text(old)})"
        if new.exists():
            query += f" except select source_file, source_line from read_parquet({_text(new)})"
        return tuple((str(f), int(n)) for f, n in db.execute(f"{query} order by 1, 2").fetchall())


def _whole(n: Mapping[str, int]) -> Counts:
    parts = {f: n.get(f, 0) for f in ("loaded", "quarantined", "held", "reference")}
    return Counts(read=sum(parts.values()), **parts)


def _fates(
    db: duckdb.DuckDBPyConnection, canonical: Path, *, only: str = ""
) -> dict[tuple[str, LabelFacts], dict[str, int]]:
    """Lines by file, label and what became of them. A line counts once: loaded when anything of it was, and under the
    narrowest of its labels."""
    parts = [("loaded", 1, t) for t in RECORDS] + [("quarantined", 2, "quarantine"), ("held", 3, "held")]
    there = [(fate, place, canonical / f"{t}.parquet") for fate, place, t in parts]
    union = " union all ".join(
        f"select source_file, source_line, {LABEL}, '{fate}' fate, {place} place from read_parquet({_text(path)})"
        for fate, place, path in there
        if path.exists()
    )
    found: dict[tuple[str, LabelFacts], dict[str, int]] = {}
    if not union:
        return found
    rows = db.execute(
        f"with each as (select *, row_number() over (partition by source_file, source_line order by place, "
        f"(compartment is null), (audience <> 'OWN'), owning_force, marking desc) as choice "
        f"from (select distinct * from ({union}) {only})) "
        f"select source_file, {LABEL}, fate, count(*) from each where choice = 1 group by all order by all"
    ).fetchall()
    for file, force, audience, marking, compartment, fate, lines in rows:
        found.setdefault((file, LabelFacts(force, audience, marking, compartment)), {})[fate] = lines
    return found


def _write(db: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write a query's rows as Parquet; the file appears whole."""
    part = path.with_name(f"{path.name}.part")
    db.execute(f"copy ({query}) to {_text(part)} (format parquet, compression zstd)")
    part.replace(path)


def _text(path: Path | str) -> str:
    return "'" + str(path).replace("'", "''") + "'"
