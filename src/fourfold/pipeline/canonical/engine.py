"""Runs a family's declarations over landed text in DuckDB: rows in, contract Parquet out, every row accounted for.

Rows never pass through Python. A fault is found once and kept as file and line; the row is then left out of the
step's view. Nothing is published before all of it is written: a temporary folder is renamed at the end.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from pyarrow import parquet

from fourfold.pipeline.canonical import kept_database, macros
from fourfold.pipeline.canonical.contract import ENTITIES, LINK_TYPES, TABLES, VERSION
from fourfold.pipeline.canonical.corrections import Repairs
from fourfold.pipeline.canonical.family import Check, Context, Correction, Family, Links, Make, Step, literal
from fourfold.pipeline.canonical.sources import family_named
from fourfold.pipeline.catalogue import BY_CODE, CATALOGUE, Effect
from fourfold.pipeline.delivery import Landed, Layout
from fourfold.pipeline.whole_folder import whole_folder

if TYPE_CHECKING:
    from fourfold.pipeline.engines.spark import SparkDatabase

COUNTS_JSON = "counts.json"
_ACCESS = ("owning_force", "audience", "marking", "compartment")
_FAR = date(2200, 1, 1)
_SHOWN = 500
_SMALL_BYTES, _SMALL_ROWS = 4_000_000, 50_000
# The columns of steps whose tables brought no rows: to plan such a step takes longer than a small delivery's rows do.
_COLUMNS: dict[tuple[str, str], list[tuple[str, str]]] = {}
_COLUMNS_KEPT = 1_000
# Rules about who may read a row.
_CLOSING = ("Q-FORCE-01", "Q-RESTRICT-01")


class CountsDisagree(Exception):
    """Rows in are not rows out, quarantined, held and reference: a fault of the mapping, never of the data."""


class ContractBroken(Exception):
    """A mapping gave rows the contract does not allow."""


@dataclass(frozen=True)
class Canonical:
    """A batch in contract form, in `folder`. counts: by file in, out, quarantined, held, reference."""

    folder: Path
    counts: Mapping[str, Mapping[str, int]]
    rows: Mapping[str, int]
    rules: Mapping[str, int]
    warnings: Mapping[str, int]

    @classmethod
    def open(cls, folder: Path) -> Canonical:
        """The batch another process left in `folder`."""
        told = json.loads((folder / COUNTS_JSON).read_text("utf-8"))
        return cls(folder, told["files"], told["tables"], told["rules"], told["warnings"])


def canonicalise(
    landed: Landed,
    *,
    family: str,
    into: Path,
    context: Context,
    corrections: Sequence[Correction] = (),
    spark: SparkDatabase | None = None,
) -> Canonical:
    """Turn a landing into contract tables in `into`, whole or not at all. The same input gives the same rows.

    `spark`: where the steps run when they do not run here.

    Raises:
        CountsDisagree, ContractBroken: the family's mapping is at fault.
    """
    with (
        whole_folder(into) as partial,
        _Run(landed, family_named(family), context, corrections, partial, spark=spark) as run,
    ):
        run.work()
    return Canonical.open(into)


def _n(name: str) -> str:
    """An SQL name."""
    return '"' + name.replace('"', '""') + '"'


def _extracted_on(manifest: Mapping[str, Any]) -> date:
    """Day of the extract; far ahead when the delivery does not say."""
    try:
        moment = datetime.fromisoformat(str(manifest.get("extracted_at", "")))
    except ValueError:
        return _FAR
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).date()


def _is_small(landed: Landed, context: Context) -> bool:
    """Whether it fits into memory many times over, with what is read of the source's earlier batches."""
    known = (folder / f"{table}.parquet" for folder in context.known for table in (*ENTITIES, "merge"))
    size = sum(item.bytes for item in landed.files) + sum(path.stat().st_size for path in known)
    return size <= _SMALL_BYTES and sum(item.rows for item in landed.files) <= _SMALL_ROWS


class _Run:
    """One canonicalisation."""

    def __init__(
        self,
        landed: Landed,
        family: Family,
        context: Context,
        corrections: Sequence[Correction],
        folder: Path,
        *,
        spark: SparkDatabase | None,
    ) -> None:
        self.spark = spark
        self.landed, self.family, self.context, self.folder = landed, family, context, folder
        self.layouts = {layout.table: layout for layout in family.layouts}
        self.repairs = Repairs(landed, family.layouts, corrections)
        self.spill = folder / "spill"
        self.empty = {layout.table for layout in family.layouts if not self._row_count(layout.table)}
        # What is read once is a view, for it may be large; where it cannot be, to plan it twice costs more than to keep
        # it. (Spark decides for itself.)
        enough = context.memory_mb >= kept_database.MEMORY_MB
        self.small = spark is None and enough and _is_small(landed, context)
        self.read_once = "TABLE" if self.small else "VIEW"

    def __enter__(self) -> _Run:
        latest = _extracted_on(self.landed.manifest)
        if self.small:
            self.db: Any = kept_database.cursor()
            self.db.execute("SET TimeZone = 'UTC'")
            macros.install_for(self.db, latest=latest)
        else:
            self.db = self.spark or self._here()
            macros.install(self.db, latest=latest)
        return self

    def _row_count(self, table: str) -> int:
        """Rows to be judged: those that landed and those that were repaired."""
        landed = sum(each.rows for item in self.landed.files for each in item.tables if each.table == table)
        return landed + len(self.repairs.rows.get(table, ()))

    def _here(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            config={
                "memory_limit": f"{self.context.memory_mb}MB",
                "threads": self.context.threads,
                "temp_directory": str(self.spill),
            }
        )
        connection.execute("SET TimeZone = 'UTC'")
        return connection

    def __exit__(self, _: object, fault: BaseException | None, *__: object) -> None:
        self.db.close()
        if self.small and isinstance(fault, duckdb.Error):
            kept_database.give_up()
        shutil.rmtree(self.spill, ignore_errors=True)

    def work(self) -> None:
        self._prepare()
        for layout in self.family.layouts:
            self._landed_view(layout)
        self._earlier_views()
        for step in self.family.steps(self.context):
            self._step(step)
        makes = self.family.makes(self.context)
        self._merges([make for make in makes if make.contract == "merge"])
        for contract in ENTITIES:
            self._entities(contract, [make for make in makes if make.contract == contract])
        self._known(makes)
        links = self._together(self.family.links(self.context))
        for item in links:
            self._links(item)
        self._write("link", [f"SELECT * FROM {_n(item.name)}" for item in links])
        self._landing_faults()
        for layout in self.family.layouts:
            self._formulas(layout)
        self._asides()
        self._counts()

    # Landed text ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        columns = ", ".join(f"{column.name} {column.type}" for column in TABLES["quarantine"])
        self.db.execute(f"CREATE TEMP TABLE aside ({columns}, effect VARCHAR, step VARCHAR)")
        self.db.execute("CREATE TEMP TABLE aside_key (step VARCHAR, record_key VARCHAR)")
        self.db.execute("CREATE TEMP TABLE consumed (source_file VARCHAR, source_line BIGINT)")
        self.db.execute("CREATE TEMP TABLE repaired (source_file VARCHAR, source_line BIGINT)")
        places = sorted(self.repairs.touched() | {(c.source_file, c.source_line) for c, _ in self.repairs.unrepaired})
        if places:
            self.db.executemany("INSERT INTO repaired VALUES (?, ?)", [list(place) for place in places])

    def _delivered(self, layout: Layout) -> str:
        """SQL of the landed rows of a layout as text, repairs laid over them."""
        columns = ("body",) if layout.shape else layout.fields
        parts = []
        for item in self.landed.files:
            for table in item.tables:
                if table.table == layout.table and table.rows:
                    extra = [name for name in table.columns if name not in columns] if not layout.shape else []
                    there = [_n(c) if c in table.columns else f"CAST(NULL AS VARCHAR) AS {_n(c)}" for c in columns]
                    there += [_n(name) for name in extra]
                    parts.append(
                        f"SELECT {literal(item.name)} AS source_file, source_line, source_row, {', '.join(there)} "
                        f"FROM read_parquet({literal(str(self.landed.parquet(table)))})"
                    )
        if not parts:
            empty = ", ".join(f"CAST(NULL AS VARCHAR) AS {_n(c)}" for c in columns)
            parts.append(
                "SELECT CAST(NULL AS VARCHAR) AS source_file, CAST(NULL AS BIGINT) AS source_line, "
                f"CAST(NULL AS BIGINT) AS source_row, {empty} WHERE false"
            )
        sql = " UNION ALL BY NAME ".join(parts)
        return self._with_repairs(sql, layout, columns)

    def _with_repairs(self, sql: str, layout: Layout, columns: Sequence[str]) -> str:
        if not self.repairs.touched():
            return sql
        sql = f"SELECT * FROM ({sql}) ANTI JOIN repaired USING (source_file, source_line)"
        rows = self.repairs.rows.get(layout.table, {})
        if not rows:
            return sql
        name = f"repaired_{layout.table}"
        self.db.execute(
            f"CREATE TEMP TABLE {_n(name)} (source_file VARCHAR, source_line BIGINT, source_row BIGINT, "
            + ", ".join(f"{_n(column)} VARCHAR" for column in columns)
            + ")"
        )
        for (file, line), fields in rows.items():
            if layout.shape:
                values: list[Any] = [json.dumps(fields, ensure_ascii=False, separators=(",", ":"))]
            else:
                values = [fields.get(column) for column in columns]
            marks = ", ".join("?" * len(columns))
            self.db.execute(
                f"INSERT INTO {_n(name)} SELECT ?, ?, coalesce((SELECT max(source_row) FROM ({sql}) "
                f"WHERE source_line < ? AND source_file = ?), 0) + 1, {marks}",
                [file, line, line, file, *values],
            )
        return f"{sql} UNION ALL BY NAME SELECT * FROM {_n(name)}"

    def _landed_view(self, layout: Layout) -> None:
        """`delivered_<table>`: as delivered. `landed_<table>`: trimmed, empty as null, with raw."""
        if layout.table in self.empty and not layout.shape:
            fields = ", ".join(f"{_n(name)} VARCHAR" for name in layout.fields)
            self.db.execute(
                f"CREATE TEMP TABLE {_n(f'landed_{layout.table}')} (source_file VARCHAR, source_line BIGINT, "
                f"source_row BIGINT, raw VARCHAR, {fields})"
            )
            return
        self.db.execute(f"CREATE TEMP {self.read_once} {_n(f'delivered_{layout.table}')} AS {self._delivered(layout)}")
        source = _n(f"delivered_{layout.table}")
        if layout.shape:
            fields = ", ".join(self._shape_field(name, kind) for name, kind in layout.shape.items())
            structure = literal(json.dumps(_structure(layout.shape)))
            sql = (
                f"SELECT source_file, source_line, source_row, raw, {fields} "
                f"FROM (SELECT *, body AS raw, json_transform(body, {structure}) AS fields FROM {source})"
            )
        else:
            fields = ", ".join(f"ff_text({_n(name)}) AS {_n(name)}" for name in layout.fields)
            sql = (
                f"SELECT source_file, source_line, source_row, raw, {fields} "
                f"FROM (SELECT *, {self._raw(layout)} AS raw FROM {source})"
            )
        self.db.execute(f"CREATE TEMP {self.read_once} {_n(f'landed_{layout.table}')} AS {sql}")

    @staticmethod
    def _shape_field(name: str, kind: object) -> str:
        if isinstance(kind, str):
            return f"ff_text(fields.{_n(name)}) AS {_n(name)}"
        return f"fields.{_n(name)} AS {_n(name)}"

    def _raw(self, layout: Layout) -> str:
        """SQL of all delivered fields as JSON."""
        if layout.shape:
            return "body"
        columns = [
            name[0]
            for name in self.db.execute(f"DESCRIBE {_n(f'delivered_{layout.table}')}").fetchall()
            if name[0] not in {"source_file", "source_line", "source_row"}
        ]
        packed = ", ".join(f"{_n(name)} := {_n(name)}" for name in columns)
        return f"CAST(to_json(struct_pack({packed})) AS VARCHAR)"

    def _earlier_views(self) -> None:
        """`earlier_<table>`: the newest row of each record of the source's earlier batches."""
        for contract in ENTITIES:
            columns = ", ".join(f"CAST(NULL AS {c.type}) AS {_n(c.name)}" for c in TABLES[contract])
            sql = f"SELECT {columns} WHERE false"
            if self.context.known:
                parts = " UNION ALL BY NAME ".join(
                    f"SELECT *, {age} AS age FROM read_parquet({literal(str(folder / f'{contract}.parquet'))})"
                    for age, folder in enumerate(self.context.known)
                )
                sql = (
                    f"SELECT * EXCLUDE (age) FROM ({parts}) "
                    "QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY age DESC) = 1"
                )
            self.db.execute(f"CREATE TEMP VIEW {_n(f'earlier_{contract}')} AS {sql}")

    # Steps and their faults ----------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        if not (step.checks or step.key or step.consumed):  # read once, by a make
            self.db.execute(f"CREATE TEMP {self.read_once} {_n(step.name)} AS {step.select}")
            return
        if step.table in self.empty:
            self._without_rows(step)
            return
        every = self._worked_out(f"{step.name}__all", step.select)
        checks = list(step.checks)
        if step.key:
            checks = [*self._key_checks(step, every), *checks]
        self._find_faults(step.name, step.table, every, checks, step.key)
        if step.consumed:
            self.db.execute(f"INSERT INTO consumed SELECT source_file, source_line FROM {_n(step.name)}")

    def _without_rows(self, step: Step) -> None:
        """The columns of a step, and nothing in them."""
        said = (self.family.code, step.select)
        there = _COLUMNS.get(said) if self.small else None
        if there is None:
            self._worked_out(step.name, step.select)
            if self.small:
                if len(_COLUMNS) >= _COLUMNS_KEPT:
                    _COLUMNS.clear()
                _COLUMNS[said] = [row[:2] for row in self.db.execute(f"DESCRIBE {_n(step.name)}").fetchall()]
        else:
            columns = ", ".join(f"{_n(name)} {kind}" for name, kind in there)
            self.db.execute(f"CREATE TEMP TABLE {_n(step.name)} ({columns})")

    def _worked_out(self, name: str, sql: str) -> str:
        """Work a relation out once: it is read several times. Beyond the memory limit DuckDB keeps it on disk."""
        self.db.execute(f"CREATE TEMP TABLE {_n(name)} AS {sql}")
        return _n(name)

    def _key_checks(self, step: Step, every: str) -> list[Check]:
        return [Check("Q-KEY-01", step.key, f"{_n(step.key)} IS NULL"), *self._repeated(step, every)]

    def _repeated(self, step: Step, every: str) -> list[Check]:
        """The check that a key came before, if any key comes twice."""
        key = _n(step.key)
        if not self._any(f"SELECT 1 FROM {every} GROUP BY {key} HAVING count({key}) > 1"):
            return []
        twice = f"SELECT {key} FROM {every} WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1"
        name = f"{step.name}__twice"
        self.db.execute(
            f"CREATE TEMP TABLE {_n(name)} AS SELECT {key} AS record_key, "
            f"min({{'file': source_file, 'line': source_line}}) AS place "
            f"FROM {every} WHERE {key} IN ({twice}) GROUP BY {key}"
        )
        places = f"(SELECT map_from_entries(list((record_key, place))) FROM {_n(name)})"
        first = f"map_extract_value({places}, {key})"
        return [
            Check(
                "Q-KEY-02", step.key, f"{first} IS NOT NULL AND {first} <> {{'file': source_file, 'line': source_line}}"
            )
        ]

    def _find_faults(self, name: str, table: str, every: str, checks: Sequence[Check], key: str = "") -> None:
        """Write faults of the rows of `every` to `aside`, and make `name` the view of those that may go on."""
        layout = self.layouts[table]
        if not checks:
            self.db.execute(f"CREATE TEMP VIEW {_n(name)} AS SELECT * FROM {every}")
            return
        stopping = [check for check in checks if BY_CODE[check.rule].effect in {Effect.QUARANTINE, Effect.HOLD}]
        warning = [check for check in checks if BY_CODE[check.rule].effect is Effect.WARN]
        verdict = "CAST(NULL AS INTEGER)"
        if stopping:
            cases = " ".join(f"WHEN {check.when} THEN {number}" for number, check in enumerate(stopping))
            verdict = f"CASE {cases} END"
        flags = " + ".join(
            f"CASE WHEN {check.when} THEN {1 << number} ELSE 0 END" for number, check in enumerate(warning)
        )
        faults = _n(f"{name}__faults")
        own_key = "record_key" if key and "record_key" in self._columns_of(every) else key
        kept_key = f"CAST({_n(own_key)} AS VARCHAR)" if key else "CAST(NULL AS VARCHAR)"
        self.db.execute(
            f"CREATE TEMP TABLE {faults} AS SELECT * FROM (SELECT source_file, source_line, {', '.join(_ACCESS)}, "
            f"{kept_key} AS record_key, {verdict} AS verdict, CAST({flags or '0'} AS BIGINT) AS flags FROM {every}) "
            "WHERE verdict IS NOT NULL OR flags <> 0"
        )
        found = self.db.execute(f"SELECT verdict IS NOT NULL FROM {faults} LIMIT 1").fetchall()
        if found:
            self._keep_faults(name, layout, stopping, warning)
        stopped = found and (found[0][0] or self._any(f"SELECT 1 FROM {faults} WHERE verdict IS NOT NULL"))
        if stopped and key:
            self.db.execute(
                f"INSERT INTO aside_key SELECT {literal(name)}, record_key FROM {faults} "
                "WHERE verdict IS NOT NULL AND record_key IS NOT NULL"
            )
        left = (
            f"ANTI JOIN (SELECT source_file, source_line FROM {faults} WHERE verdict IS NOT NULL) USING "
            "(source_file, source_line)"
        )
        self.db.execute(f"CREATE TEMP VIEW {_n(name)} AS SELECT * FROM {every} {left if stopped else ''}")

    def _keep_faults(self, name: str, layout: Layout, stopping: Sequence[Check], warning: Sequence[Check]) -> None:
        faults = _n(f"{name}__faults")
        self.db.execute(
            f"CREATE OR REPLACE TEMP TABLE faulty AS SELECT * FROM {_n(f'delivered_{layout.table}')} "
            f"SEMI JOIN {faults} USING (source_file, source_line)"
        )
        stops = [(f"f.verdict IS NOT DISTINCT FROM {number}", check) for number, check in enumerate(stopping)]
        warns = [(f"f.verdict IS NULL AND (f.flags & {1 << number}) <> 0", c) for number, c in enumerate(warning)]
        told, met, values = [], "", ""
        for place, (broken, check) in enumerate((*stops, *warns)):
            rule = BY_CODE[check.rule]
            told.append(
                f"({place}, {literal(rule.code)}, {literal(check.column or None)}, {literal(rule.sentence)}, "
                f"{literal(rule.effect)}, {str(check.rule in _CLOSING).lower()})"
            )
            met += f" WHEN {place} THEN {broken}"
            values += f" WHEN {place} THEN {self._value(layout, check.column)}"
        # Nobody but the owner reads a row before it is known who may.
        access = (
            f"coalesce(f.owning_force, {literal(self.context.owner)}), if(closed, 'OWN', f.audience), f.marking, "
            "if(closed, NULL, f.compartment)"
        )
        self.db.execute(
            f"INSERT INTO aside SELECT DISTINCT rule, f.source_file, f.source_line, col, CASE place {values} "
            "END, sentence, "
            f"{self._raw(layout)}, {access}, effect, {literal(name)} "
            f"FROM {faults} f JOIN faulty USING (source_file, source_line) CROSS JOIN (VALUES {', '.join(told)}) "
            f"AS told(place, rule, col, sentence, effect, closed) WHERE CASE place {met} END"
        )

    def _value(self, layout: Layout, column: str) -> str:
        """SQL of what was delivered in a column; columns worked out by a step have no delivered value."""
        if layout.shape:
            return f"left(json_extract_string(body, {literal(f'$.{column}')}), {_SHOWN})" if column else "NULL"
        return f"left({_n(column)}, {_SHOWN})" if column in layout.fields else "NULL"

    # Entities ------------------------------------------------------------------------------------------------

    def _columns_of(self, relation: str) -> set[str]:
        return {row[0] for row in self.db.execute(f"DESCRIBE {relation}").fetchall()}

    def _make(self, make: Make) -> str:
        there = self._columns_of(_n(make.reads))
        columns = []
        for column in TABLES[make.contract]:
            value = make.columns.get(column.name)
            if value is None:
                value = _n(column.name) if column.name in there else _default(column.name)
            columns.append(f"{value} AS {_n(column.name)}")
        where = f" WHERE {make.where}" if make.where else ""
        return f"SELECT {', '.join(columns)} FROM {_n(make.reads)}{where}"

    def _write(self, contract: str, parts: Sequence[str]) -> Path:
        """Write a contract table from SQL that gives its columns by name."""
        target = self.folder / f"{contract}.parquet"
        columns = ", ".join(f"CAST({_n(c.name)} AS {c.type}) AS {_n(c.name)}" for c in TABLES[contract])
        body = " UNION ALL BY NAME ".join(f"({part})" for part in parts)
        source = body or f"SELECT {', '.join(f'NULL AS {_n(c.name)}' for c in TABLES[contract])} WHERE false"
        self.db.execute(
            f"COPY (SELECT {columns} FROM ({source})) TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)"
        )
        self.db.execute(
            f"CREATE TEMP VIEW {_n(f'made_{contract}')} AS SELECT * FROM read_parquet({literal(str(target))})"
        )
        return target

    def _entities(self, contract: str, makes: Sequence[Make]) -> None:
        target = self._write(contract, [self._make(make) for make in makes])
        made = _n(f"made_{contract}")
        if not parquet.read_metadata(target).num_rows:
            return
        repeated = self.db.execute(
            f"SELECT record_key FROM {made} GROUP BY record_key HAVING count(*) > 1 ORDER BY 1 LIMIT 3"
        ).fetchall()
        if repeated:
            raise ContractBroken(f"{contract}: record_key more than once: {', '.join(str(row[0]) for row in repeated)}")
        required = [column.name for column in TABLES[contract] if column.required]
        empty = " OR ".join(f"{_n(name)} IS NULL" for name in required)
        wrong = self.db.execute(f"SELECT source_file, source_line FROM {made} WHERE {empty} LIMIT 1").fetchall()
        if wrong:
            raise ContractBroken(f"{contract}: a required column is empty at {wrong[0][0]} line {wrong[0][1]}")

    # Merges and what is known --------------------------------------------------------------------------------

    def _merges(self, makes: Sequence[Make]) -> None:
        """Write the source's tombstones and follow them to the last survivor; a circle is set aside."""
        said = [self._make(make) for make in makes]
        self._write("merge", said)
        earlier = self._earlier("merge", "loser_key, survivor_key")
        self.db.execute(
            "CREATE TEMP TABLE said AS SELECT loser_key, any_value(survivor_key) AS survivor_key FROM "
            f"(SELECT loser_key, survivor_key FROM made_merge {earlier}) GROUP BY loser_key"
        )
        self.db.execute(
            "CREATE TEMP TABLE deleted AS WITH RECURSIVE follow AS ("
            "SELECT loser_key, survivor_key, 1 AS far FROM said UNION ALL "
            "SELECT follow.loser_key, said.survivor_key, far + 1 FROM follow JOIN said ON follow.survivor_key = "
            "said.loser_key "
            "WHERE far < 50) "
            "SELECT loser_key, arg_max(survivor_key, far) AS survivor_key, max(far) >= 50 AS round_and_round "
            "FROM follow GROUP BY loser_key"
        )
        self._circles(said)
        # arg_max passes over nulls: a chain that ends in a deletion has no survivor.
        self.db.execute(
            "UPDATE deleted SET survivor_key = NULL WHERE round_and_round OR survivor_key IN (SELECT loser_key "
            "FROM said)"
        )

    def _circles(self, said: Sequence[str]) -> None:
        """Set aside the tombstones that say a circle, and write the others again."""
        circle = "loser_key IN (SELECT loser_key FROM deleted WHERE round_and_round)"
        if not self._any(f"SELECT 1 FROM made_merge WHERE {circle}"):
            return
        rule = BY_CODE["Q-MERGE-01"]
        self.db.execute(
            f"INSERT INTO aside SELECT {literal(rule.code)}, source_file, source_line, NULL, "
            f"loser_key || ' into ' || survivor_key, {literal(rule.sentence)}, "
            f"CAST(to_json({{'loser': loser_key, 'survivor': survivor_key}}) AS VARCHAR), {', '.join(_ACCESS)}, "
            f"{literal(rule.effect)}, 'merge' FROM made_merge WHERE {circle}"
        )
        self.db.execute("DROP VIEW made_merge")
        self._write("merge", [f"SELECT * FROM ({part}) WHERE NOT ({circle})" for part in said])

    def _earlier(self, table: str, columns: str) -> str:
        parts = [
            f"UNION ALL SELECT {columns} FROM read_parquet({literal(str(folder / f'{table}.parquet'))})"
            for folder in self.context.known
        ]
        return " ".join(parts)

    def _known(self, makes: Sequence[Make]) -> None:
        """Every record links may end at, with who may read it; and keys that were set aside."""
        access = "record_key, owning_force, audience, compartment"
        parts = []
        for contract in ENTITIES:
            kind = contract.upper()
            parts.append(f"SELECT {literal(kind)} AS kind, 0 AS age, {access} FROM {_n(f'made_{contract}')}")
            parts.extend(
                f"SELECT {literal(kind)}, {age}, {access} FROM "
                f"read_parquet({literal(str(folder / f'{contract}.parquet'))})"
                for age, folder in enumerate(reversed(self.context.known), 1)
            )
        union = " UNION ALL ".join(parts)
        if self.context.known:
            union = (
                "SELECT kind, record_key, arg_min(owning_force, age) AS owning_force, arg_min(audience, age) AS "
                "audience, "
                f"arg_min(compartment, age) FILTER (compartment IS NOT NULL) AS compartment FROM ({union}) "
                "GROUP BY kind, record_key"
            )
        self.db.execute(f"CREATE TEMP TABLE known AS SELECT kind, {access} FROM ({union})")
        kinds = {make.reads: make.contract.upper() for make in makes if make.contract in ENTITIES}
        rows = [f"({literal(step)}, {literal(kind)})" for step, kind in kinds.items()]
        self.db.execute(
            "CREATE TEMP TABLE set_aside AS SELECT DISTINCT kind, record_key FROM aside_key "
            f"JOIN (VALUES {', '.join(rows) or '(NULL, NULL)'}) AS made(step, kind) USING (step)"
        )

    # Links ---------------------------------------------------------------------------------------------------

    def _together(self, links: Sequence[Links]) -> list[Links]:
        """Links of one table that have no checks of their own are followed in one go."""
        plain: dict[str, list[str]] = {}
        for item in links:
            if not (item.checks or item.key):
                plain.setdefault(item.table, []).append(item.select)
        alone = [item for item in links if item.checks or item.key]
        joined = [
            Links(f"links_of_{table}", table, " UNION ALL BY NAME ".join(f"({select})" for select in selects))
            for table, selects in plain.items()
        ]
        return [*alone, *joined]

    def _links(self, item: Links) -> None:
        """Follow merges, turn the link the contract's way round, and hold it when an end is not there."""
        if item.table in self.empty:
            columns = ", ".join(f"{_n(column.name)} {column.type}" for column in TABLES["link"])
            self.db.execute(f"CREATE TEMP TABLE {_n(item.name)} ({columns})")
            return
        first = _n(f"{item.name}__said")
        self.db.execute(f"CREATE TEMP {self.read_once} {first} AS {item.select}")
        there = self._columns_of(first)
        optional = {
            "from_on": "CAST(NULL AS DATE)",
            "to_on": "CAST(NULL AS DATE)",
            "assertion": "'fact'",
            "grade": "CAST(NULL AS VARCHAR)",
            "handling": "CAST(NULL AS VARCHAR)",
            "created_at": "CAST(NULL AS TIMESTAMP)",
            "updated_at": "CAST(NULL AS TIMESTAMP)",
        }
        every_column = "* REPLACE (coalesce(assertion, 'fact') AS assertion)" if "assertion" in there else "*"
        said = every_column + "".join(f", {value} AS {name}" for name, value in optional.items() if name not in there)
        turned = (
            f"SELECT *, (right_kind = 'PERSON' AND left_kind <> 'PERSON') OR "
            f"(right_kind = 'EVENT' AND left_kind NOT IN ('PERSON', 'EVENT')) AS turned FROM (SELECT {said} "
            f"FROM {first})"
        )
        turned = (
            "SELECT * REPLACE (if(turned, right_kind, left_kind) AS left_kind, if(turned, right_key, left_key) "
            "AS left_key, "
            "if(turned, left_kind, right_kind) AS right_kind, if(turned, left_key, right_key) AS right_key) "
            f"FROM ({turned})"
        )
        followed = (
            "SELECT t.*, coalesce(dl.survivor_key, t.left_key) AS left_now, coalesce(dr.survivor_key, "
            "t.right_key) AS right_now, "
            "dl.loser_key IS NOT NULL AS left_deleted, dr.loser_key IS NOT NULL AS right_deleted "
            f"FROM ({turned}) t LEFT JOIN deleted dl ON t.left_kind = 'PERSON' AND t.left_key = dl.loser_key "
            "LEFT JOIN deleted dr ON t.right_kind = 'PERSON' AND t.right_key = dr.loser_key"
        )
        found = (
            "SELECT f.*, kl.record_key IS NOT NULL AS left_known, kr.record_key IS NOT NULL AS right_known, "
            "kl.owning_force AS left_force, kl.audience AS left_audience, kl.compartment AS left_compartment, "
            "kr.owning_force AS right_force, kr.audience AS right_audience, kr.compartment AS right_compartment, "
            "al.record_key IS NOT NULL AS left_aside, ar.record_key IS NOT NULL AS right_aside "
            f"FROM ({followed}) f LEFT JOIN known kl ON kl.kind = f.left_kind AND kl.record_key = f.left_now "
            "LEFT JOIN known kr ON kr.kind = f.right_kind AND kr.record_key = f.right_now "
            "LEFT JOIN set_aside al ON al.kind = f.left_kind AND al.record_key = f.left_now "
            "LEFT JOIN set_aside ar ON ar.kind = f.right_kind AND ar.record_key = f.right_now"
        )
        # A link says that its ends exist: it is never open to more people than they are.
        guarded = (
            f"SELECT * REPLACE (CASE WHEN left_audience = 'OWN' THEN left_force WHEN right_audience = 'OWN' "
            "THEN right_force ELSE owning_force END AS owning_force, "
            "CASE WHEN 'OWN' IN (audience, left_audience, right_audience) THEN 'OWN' ELSE audience END AS audience, "
            "coalesce(compartment, left_compartment, right_compartment) AS compartment) "
            f"FROM ({found})"
        )
        every = self._worked_out(f"{item.name}__all", guarded)
        allowed = ", ".join(
            f"({literal(left)}, {literal(right)}, {literal(name)})"
            for (left, right), names in LINK_TYPES.items()
            for name in names
        )
        keys = Step(item.name, item.table, item.select, key=item.key)
        checks = [
            *(self._key_checks(keys, every) if item.key else ()),
            *item.checks,
            Check(
                "Q-LINK-06",
                "",
                f"(left_kind, right_kind, type) NOT IN ({allowed}) OR left_kind IS NULL "
                "OR right_kind IS NULL OR type IS NULL",
            ),
            Check("Q-LINK-03", "", "(left_deleted AND NOT left_known) OR (right_deleted AND NOT right_known)"),
            Check("Q-LINK-05", "", "(NOT left_known AND left_aside) OR (NOT right_known AND right_aside)"),
            Check("Q-LINK-01", "", "NOT left_known OR NOT right_known"),
            Check("Q-LINK-06", "", "left_kind = right_kind AND left_now = right_now"),
            Check(
                "Q-LINK-09",
                "",
                "left_compartment <> right_compartment OR compartment <> left_compartment "
                "OR compartment <> right_compartment",
            ),
            Check("Q-LINK-04", "", "(left_deleted AND left_known) OR (right_deleted AND right_known)"),
        ]
        self._find_link_faults(item, every, checks)

    def _find_link_faults(self, item: Links, every: str, checks: Sequence[Check]) -> None:
        """As for a step, but one landed row may make several links, of which only some are at fault."""
        self._find_faults(f"{item.name}__row", item.table, every, checks)
        stopping = [check for check in checks if BY_CODE[check.rule].effect is not Effect.WARN]
        wrong = " OR ".join(f"({check.when})" for check in stopping)
        columns = ", ".join(
            f"{'left_now' if c.name == 'left_key' else 'right_now' if c.name == 'right_key' else _n(c.name)} AS "
            f"{_n(c.name)}"
            for c in TABLES["link"]
        )
        self.db.execute(
            f"CREATE TEMP VIEW {_n(item.name)} AS SELECT {columns} FROM {every} WHERE NOT coalesce({wrong}, false)"
        )

    # Rows set aside, and the account -------------------------------------------------------------------------

    def _landing_faults(self) -> None:
        """Rows landing could not split, and repaired lines that still cannot be."""
        owner = (
            f"{literal(self.context.owner)}, 'OWN', {literal(self.context.marking)}, "
            f"{literal(self.context.compartment)}"
        )
        self.db.execute(
            "INSERT INTO aside SELECT rule_code, source_file, source_line, column_name, value, sentence, row_json, "
            f"{owner}, 'QUARANTINE', 'landing' FROM read_parquet({literal(str(self.landed.quarantine))}) "
            "ANTI JOIN repaired USING (source_file, source_line)"
        )
        for correction, still in self.repairs.unrepaired:
            sentence = CATALOGUE[still.rule].format(**still.values)
            whole = json.dumps({"": correction.value}, ensure_ascii=False)
            self.db.execute(
                f"INSERT INTO aside VALUES (?, ?, ?, NULL, ?, ?, ?, {owner}, 'QUARANTINE', 'landing')",
                [still.rule, correction.source_file, correction.source_line, correction.value[:200], sentence, whole],
            )

    def _formulas(self, layout: Layout) -> None:
        """Report published rows with a cell a spreadsheet would run."""
        if layout.table in self.empty:
            return
        if layout.shape:
            paths = {name: f"$.{_n(name)}" for name, kind in layout.shape.items() if isinstance(kind, str)}
            for outer, inner in layout.shape.items():
                if isinstance(inner, Mapping):
                    paths |= {f"{outer}.{name}": f"$.{_n(outer)}.{_n(name)}" for name in inner}
            cells = {name: f"json_extract_string(body, {literal(path)})" for name, path in paths.items()}
            found = (
                f"ff_formula_inside(body) AND ({' OR '.join(f'ff_formula_cell({cell})' for cell in cells.values())})"
            )
        else:
            cells = {name: _n(name) for name in layout.fields}
            found = " OR ".join(f"ff_formula_cell({cell})" for cell in cells.values())
            together = f"ff_formula_among(concat_ws(chr(1), {', '.join(cells.values())}))"
            if not self._any(f"SELECT 1 FROM {_n(f'delivered_{layout.table}')} WHERE {together}"):
                return
        # Most deliveries have none: which cell it is, and what stands in it, is asked only where there is one.
        if not self._any(f"SELECT 1 FROM {_n(f'delivered_{layout.table}')} WHERE {found}"):
            return
        named = " ".join(f"WHEN ff_formula_cell({cell}) THEN {literal(name)}" for name, cell in cells.items())
        self.db.execute(
            f"CREATE OR REPLACE TEMP TABLE hits AS SELECT source_file, source_line, {self._raw(layout)} AS row_json, "
            f"CASE {named} END "
            "AS column_name, CASE "
            f"{' '.join(f'WHEN ff_formula_cell({cell}) THEN {cell}' for cell in cells.values())} END "
            f"AS value FROM {_n(f'delivered_{layout.table}')} WHERE {found}"
        )
        access = ", ".join(_ACCESS)
        made = " UNION ALL ".join(
            f"SELECT source_file, source_line, {access} FROM {_n(f'made_{contract}')} "
            "SEMI JOIN hits USING (source_file, source_line)"
            for contract in (*ENTITIES, "link")
        )
        rule = BY_CODE["Q-TEXT-01"]
        self.db.execute(
            f"INSERT INTO aside SELECT {literal(rule.code)}, source_file, source_line, column_name, "
            f"left(value, {_SHOWN}), {literal(rule.sentence)}, row_json, {access}, {literal(rule.effect)}, 'text' "
            f"FROM hits JOIN (SELECT source_file, source_line, "
            f"{', '.join(f'min({column}) AS {column}' for column in _ACCESS)} FROM ({made}) GROUP BY ALL) "
            "USING (source_file, source_line)"
        )

    def _asides(self) -> None:
        effects = {"quarantine": Effect.QUARANTINE, "held": Effect.HOLD, "warning": Effect.WARN}
        for contract, effect in effects.items():
            self._write(
                contract,
                [
                    f"SELECT * FROM aside WHERE effect = '{effect}' ORDER BY source_file, source_line, "
                    "rule_code, column_name"
                ],
            )

    def _counts(self) -> None:
        """Account for every landed row, and write it down. Out wins over held: a part of the row may be held."""
        places = [(1, f"SELECT * FROM {_n(f'made_{contract}')}") for contract in (*ENTITIES, "link")]
        places += [(2, "SELECT * FROM aside WHERE effect = 'QUARANTINE'")]
        places += [(3, "SELECT * FROM aside WHERE effect = 'HOLD'"), (4, "SELECT * FROM consumed")]
        fates = " UNION ALL ".join(
            f"SELECT source_file, source_line, {fate} AS fate FROM ({sql})" for fate, sql in places
        )
        rows = self.db.execute(
            "SELECT source_file, fate, count(*) FROM (SELECT source_file, source_line, min(fate) AS fate "
            f"FROM ({fates}) GROUP BY ALL) GROUP BY ALL"
        ).fetchall()
        found = {(file, fate): count for file, fate, count in rows}
        files: dict[str, dict[str, int]] = {}
        for item in self.landed.files:
            counts = {"in": item.rows + item.bad_rows}
            for number, word in enumerate(("out", "quarantined", "held", "reference"), 1):
                counts[word] = found.get((item.name, number), 0)
            if counts["in"] != sum(counts[word] for word in ("out", "quarantined", "held", "reference")):
                raise CountsDisagree(f"{item.name}: {counts}")
            files[item.name] = counts
        tables = {name: parquet.read_metadata(self.folder / f"{name}.parquet").num_rows for name in TABLES}
        by_rule = self.db.execute(
            "SELECT rule_code, effect, count(*) FROM aside GROUP BY ALL ORDER BY rule_code"
        ).fetchall()
        told = {
            "version": VERSION,
            "source": self.context.source,
            "family": self.family.code,
            "landed": self.landed.sha256,
            "files": files,
            "tables": tables,
            "rules": {rule: count for rule, effect, count in by_rule if effect != Effect.WARN},
            "warnings": {rule: count for rule, effect, count in by_rule if effect == Effect.WARN},
        }
        (self.folder / COUNTS_JSON).write_text(json.dumps(told, indent=1), "utf-8")

    def _any(self, sql: str) -> bool:
        return bool(self.db.execute(f"{sql} LIMIT 1").fetchall())


def _structure(shape: object) -> object:
    """A layout's shape as DuckDB's JSON structure: text everywhere."""
    if isinstance(shape, Mapping):
        return {name: _structure(inner) for name, inner in shape.items()}
    if isinstance(shape, (list, tuple)):
        return [_structure(shape[0])]
    return "VARCHAR"


def _default(name: str) -> str:
    return {"aliases": "'[]'", "valid": "true", "precision": "'none'", "time_precision": "'none'"}.get(name, "NULL")
