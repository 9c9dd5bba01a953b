"""Canonical Parquet into temporary tables: DuckDB reads and shapes, PostgreSQL's COPY takes the text.

Tables under row-level security refuse COPY, so rows land in temporary tables of the same transaction and go on from
there by `insert … select` with the policies in force. Temporary tables vanish with the transaction: nothing is left.
"""

import tempfile
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from django.db.backends.utils import CursorWrapper

from fourfold.platform.errors import RuleBroken

JOINED = frozenset(
    {
        *("source_key", "label_id", "location_key", "left_kind", "left_key", "right_kind", "right_key"),
        *("source", "record_key", "cluster", "left_source", "right_source", "loser_key", "survivor_key"),
    }
)
"""Staged columns that statements join on: all that the planner needs to know of."""
LABEL_COLUMNS = ("owning_force", "audience", "marking", "compartment")
CHUNK_BYTES = 1 << 20
ZERO, UNREADABLE = b"\x00", "\ufffd".encode()
"""PostgreSQL holds no zero byte in text: it stands as the sign for an unreadable character."""
WRITTEN = "delimiter '\t', quote '\x01', escape '\x01', nullstr '\\N'"
TAKEN = r"delimiter e'\t', quote e'\x01', escape e'\x01', null '\N'"
"""Between the two, text is quoted by a sign that hardly any text holds: JSON goes through as it is."""


@dataclass(frozen=True)
class LabelKey:
    """One distinct combination of who owns a row, who may read it, how it is marked and its compartment."""

    owning_force: str
    audience: str
    marking: str
    compartment: str | None


@dataclass(frozen=True)
class Column:
    """One fact: its name in our table, its type there, and how DuckDB makes it from the canonical row `c`."""

    name: str
    kind: str = "text"
    made: str = ""
    insert: str = ""
    """How PostgreSQL makes it from the staged row `s`, where not just `s.name`."""
    staged: bool = True

    def select(self) -> str:
        return self.made or (f"coalesce(c.{self.name}, '')" if self.kind == "text" else f"c.{self.name}")


@dataclass(frozen=True)
class Shape:
    """How one canonical file becomes one table."""

    name: str
    table: str
    needs: tuple[str, ...]
    """Columns of the contract that the file must have beside the common ones."""
    facts: tuple[Column, ...]
    stage_only: tuple[Column, ...] = ()

    @property
    def stage(self) -> str:
        return f"stage_{self.name}"

    def staged(self) -> tuple[Column, ...]:
        """The columns that are brought."""
        return (*COMMON, *(c for c in self.facts if c.staged), *self.stage_only)


COMMON_NEEDS = (
    "record_key",
    *LABEL_COLUMNS,
    *("handling", "source_file", "source_line", "created_at", "updated_at", "raw"),
)
COMMON = (
    Column("source_key", made="c.record_key"),
    Column("label_id", "bigint", made="l.label_id"),
    Column("owner_id", "bigint", made="l.owner_id"),
    Column("handling"),
    Column("source_file"),
    Column("source_line", "bigint"),
    Column("content", "uuid", made="c.content"),
    Column("source_created_at", "timestamptz", made="strftime(c.created_at, '%Y-%m-%dT%H:%M:%S.%f+00')"),
    Column("source_updated_at", "timestamptz", made="strftime(c.updated_at, '%Y-%m-%dT%H:%M:%S.%f+00')"),
    Column("raw", made=r"replace(coalesce(c.raw::varchar, '{}'), '\u0000', '\ufffd')"),
)


def _utc(name: str) -> str:
    return f"strftime(c.{name}, '%Y-%m-%dT%H:%M:%S.%f+00')"


_ASCII_NAME = (
    "trim(regexp_replace(regexp_replace(upper(strip_accents(coalesce({0}, ''))), '[''’‘`´]', '', 'g'), "
    "'[^A-Z]+', ' ', 'g'))"
)
_ALIAS_NAMES = (
    "case when c.aliases is null or c.aliases::varchar in ('', '[]', 'null') then '' else ' | ' || array_to_string("
    'list_transform(from_json(c.aliases, \'[{"forenames":"VARCHAR","surname":"VARCHAR"}]\'), '
    "lambda a: " + _ASCII_NAME.format("concat_ws(' ', a.forenames, a.surname)") + "), ' | ') end"
)
PERSON = Shape(
    "person",
    "pole_personrecord",
    (
        "forenames", "surname", "full_name", "name_key", "aliases", "sex", "birth_on", "birth_quality", "pnc_id", "cro",
        "nino", "ethnicity_code", "address_line", "postcode",
    ),
    (
        Column("forenames"),
        Column("surname"),
        Column("full_name"),
        Column("name_key"),
        Column("names_key", made=f"coalesce(c.name_key, '') || {_ALIAS_NAMES}"),
        Column(
            "name_sound",
            insert="case when s.sound_surname = '' then '' "
            "else dmetaphone(s.sound_surname) || ' ' || dmetaphone(s.sound_forename) end",
            staged=False,
        ),
        Column("aliases", "jsonb", made=r"replace(coalesce(nullif(c.aliases::varchar, ''), '[]'), '\u0000', '\ufffd')"),
        Column("sex", made="coalesce(c.sex, 'U')"),
        Column("birth_on", "date"),
        Column("birth_quality", made="coalesce(c.birth_quality, 'none')"),
        Column("pnc_id"),
        Column("cro"),
        Column("nino"),
        Column("ethnicity_code"),
        Column("address_line"),
        Column("postcode"),
    ),
    (
        Column("sound_surname", made=_ASCII_NAME.format("c.surname")),
        Column("sound_forename", made="split_part(" + _ASCII_NAME.format("c.forenames") + ", ' ', 1)"),
    ),
)  # fmt: skip
OBJECT = Shape(
    "object",
    "pole_objectrecord",
    ("kind", "value", "value_raw", "valid", "make", "model", "colour", "detail"),
    (
        Column("kind"),
        Column("value"),
        Column("value_raw"),
        Column("valid", "boolean", made="coalesce(c.valid, false)"),
        Column("make"),
        Column("model"),
        Column("colour"),
        Column("detail", "jsonb", made=r"replace(coalesce(nullif(c.detail::varchar, ''), '{}'), '\u0000', '\ufffd')"),
    ),
)
LOCATION = Shape(
    "location",
    "pole_locationrecord",
    ("address_line", "postcode", "district", "latitude", "longitude", "precision", "name"),
    (
        Column("address_line"),
        Column("postcode"),
        Column("district"),
        Column("latitude", "double precision"),
        Column("longitude", "double precision"),
        Column("precision", made="coalesce(c.precision, 'none')"),
        Column("name"),
        Column(
            "place_key",
            made="case when coalesce(c.postcode, '') <> '' and coalesce(c.address_line, '') <> '' then "
            "regexp_replace(upper(c.postcode || '|' || c.address_line), '[^A-Z0-9|]+', '', 'g') "
            "when c.latitude is not null and coalesce(c.name, '') <> '' then "
            "upper(c.name) || '|' || round(c.latitude, 5) || '|' || round(c.longitude, 5) else '' end",
        ),
    ),
)
EVENT = Shape(
    "event",
    "pole_eventrecord",
    (
        "kind", "reference", "title", "category", "category_name", "happened_at", "happened_on", "happened_to",
        "time_precision", "status", "status_name", "summary", "source_grade", "location_key",
    ),
    (
        Column("kind"),
        Column("reference"),
        Column("reference_key", made="regexp_replace(upper(coalesce(c.reference, '')), '[^A-Z0-9]+', '', 'g')"),
        Column("title"),
        Column("category"),
        Column("category_name"),
        Column("happened_at", "timestamptz", made=_utc("happened_at")),
        Column("happened_on", "date"),
        Column("happened_to", "timestamptz", made=_utc("happened_to")),
        Column("time_precision", made="coalesce(c.time_precision, 'none')"),
        Column("status"),
        Column("status_name"),
        Column("summary"),
        Column("source_grade"),
        Column("location_id", "bigint", insert="place.id", staged=False),
    ),
    (Column("location_key"),),
)  # fmt: skip
LINK = Shape(
    "link",
    "pole_link",
    ("left_kind", "left_key", "right_kind", "right_key", "type", "from_on", "to_on", "assertion", "grade"),
    (
        Column("left_kind"),
        Column("left_id", "bigint", insert="ended.left_id", staged=False),
        Column("right_kind"),
        Column("right_id", "bigint", insert="ended.right_id", staged=False),
        Column("type"),
        Column("from_on", "date"),
        Column("to_on", "date"),
        Column("assertion", made="coalesce(c.assertion, 'fact')"),
        Column("grade"),
    ),
    (Column("left_key"), Column("right_key")),
)
SHAPES = (LOCATION, EVENT, OBJECT, PERSON, LINK)
"""In the order in which they are published: each after those that it points at."""


@dataclass(frozen=True)
class _Given:
    """One file of the batch, looked at once: its columns are all there."""

    path: Path
    rows: int


@dataclass(frozen=True)
class _Made:
    """What DuckDB made of one file: how many rows it has, and those to bring, or None where there is no file."""

    rows: int
    file: Path | None


class Stage:
    """One batch's Parquet on one side, one transaction's temporary tables on the other.

    While PostgreSQL makes records of one table, DuckDB shapes the next in a thread of its own, one table ahead.
    """

    def __init__(self, canonical_dir: Path, cursor: CursorWrapper, *, compared_from: int) -> None:
        self.folder, self.cursor, self.compared_from = canonical_dir, cursor, compared_from
        self.duck = duckdb.connect()
        self.duck.execute("set timezone = 'UTC'")
        self.duck.execute("create table altered (kind varchar, key varchar)")
        self._scratch = tempfile.TemporaryDirectory(prefix="fourfold-publish-")
        self._maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fourfold-publish")
        self._waiting = deque(SHAPES)
        self._made: dict[str, Future[_Made]] = {}
        self._given: dict[str, _Given | None] = {}
        self._held: set[str] = set()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self.duck.interrupt()
        self._maker.shutdown(cancel_futures=True)
        self.duck.close()
        self._scratch.cleanup()

    def label_keys(self) -> set[LabelKey]:
        """Every combination that the batch needs, each once."""
        found: set[LabelKey] = set()
        for shape in SHAPES:
            given = self._file(shape)
            if given is None:
                continue
            rows = self.duck.execute(
                f"select distinct {', '.join(LABEL_COLUMNS)} from read_parquet(?)", [str(given.path)]
            ).fetchall()
            found |= {
                LabelKey(force or "", audience or "", marking or "", room or None)
                for force, audience, marking, room in rows
            }
        return found

    def begin(self, source: str, labels: Mapping[LabelKey, tuple[int, int]]) -> None:
        """Tell DuckDB which label and owner each combination has and what is held, and let it begin."""
        self.duck.execute(
            "create table label (owning_force varchar, audience varchar, marking varchar, "
            "compartment varchar, label_id bigint, owner_id bigint)"
        )
        rows = [(k.owning_force, k.audience, k.marking, k.compartment, *v) for k, v in labels.items()]
        if rows:
            self.duck.executemany("insert into label values (?, ?, ?, ?, ?, ?)", rows)
        for shape in SHAPES:
            self._hold(shape, source)
        self._make_next()

    def bring(self, shape: Shape) -> int:
        """Fill `stage_<name>` with the batch's rows that may change something. Returns how many rows were left out.

        Of a large batch, rows that say exactly what is held already never leave DuckDB: a full extract of which little
        has changed costs little. A link whose end has changed is brought all the same, for its label may follow.
        """
        columns = shape.staged()
        self._create(shape.stage, [(c.name, c.kind) for c in columns])
        made = self._made.pop(shape.name).result()
        self._make_next()
        if made.file is None:
            return 0
        return made.rows - self._pour(made.file, shape.stage, [c.name for c in columns])

    def bring_rows(self, path: Path, table: str, columns: tuple[Column, ...]) -> int:
        """Fill a temporary table straight from one Parquet file, such as the clusters."""
        self._create(table, [(c.name, c.kind) for c in columns])
        query = f"select {', '.join(c.select() for c in columns)} from read_parquet('{_quoted(path)}') c"
        with self.duck.cursor() as duck:
            self._refuse_missing_columns(duck, path, tuple(c.name for c in columns))
            made = self._written(duck, query, table)
        return self._pour(made, table, [c.name for c in columns])

    def merges(self) -> Path | None:
        path = self.folder / "merge.parquet"
        return path if path.exists() else None

    def _hold(self, shape: Shape, source: str) -> None:
        """Tell DuckDB which rows of the source are held already and what they say, where the batch is large."""
        given = self._file(shape)
        if given is None or given.rows < self.compared_from:
            return
        kept = Path(self._scratch.name) / "held.csv"
        copy: AbstractContextManager[Any] = self.cursor.copy(
            f"copy (select source_key, content from {shape.table} where source = %s) to stdout (format csv)", [source]
        )
        with copy as giving, kept.open("wb") as out:
            for block in giving:
                out.write(block)
        if kept.stat().st_size:
            columns = "columns={'source_key': 'VARCHAR', 'content': 'UUID'}"
            self.duck.execute(
                f"create table held_{shape.name} as from read_csv('{_quoted(kept)}', header=false, {columns})"
            )
            self._held.add(shape.name)
        kept.unlink()

    def _make_next(self) -> None:
        if self._waiting:
            shape = self._waiting.popleft()
            self._made[shape.name] = self._maker.submit(self._make, shape)

    def _make(self, shape: Shape) -> "_Made":
        """Write the rows that may change something, as PostgreSQL takes them; note the held ones that change."""
        given = self._file(shape)
        if given is None:
            return _Made(0, None)
        self._refuse_repeated_keys(given.path, shape)
        hashed = ", ".join(
            f"coalesce(c.{name}::varchar, chr(1))"
            for name in sorted({*COMMON_NEEDS, *shape.needs} - {"source_file", "source_line"})
        )
        rows = (
            "(select c.*, "
            f"md5(concat_ws(chr(31), {hashed}))::uuid as content from read_parquet('{_quoted(given.path)}') c) c"
        )
        query = (
            f"select {', '.join(f'{c.select()} as {c.name}' for c in shape.staged())} from {rows} join label l "
            "on l.owning_force = coalesce(c.owning_force, '') and l.audience = coalesce(c.audience, '') "
            "and l.marking = coalesce(c.marking, '') and l.compartment is not distinct from nullif(c.compartment, '')"
        )
        if shape.name in self._held:
            query += self._but_held(shape, rows)
        return _Made(given.rows, self._written(self.duck, query, shape.stage))

    def _but_held(self, shape: Shape, rows: str) -> str:
        """Leaves out the rows that are held as they are, except links of which an end changes. Notes what changes."""
        self.duck.execute(
            f"insert into altered select ?, c.record_key from {rows} "
            f"join held_{shape.name} h on h.source_key = c.record_key where h.content <> c.content",
            [shape.name.upper()],
        )
        follows = "".join(
            f" or exists (select 1 from altered a where a.kind = c.{end}_kind and a.key = c.{end}_key)"
            for end in (("left", "right") if shape is LINK else ())
        )
        return (
            f" left join held_{shape.name} h on h.source_key = c.record_key "
            f"where h.content is distinct from c.content{follows}"
        )

    def _file(self, shape: Shape) -> _Given | None:
        if shape.name not in self._given:
            path = self.folder / f"{shape.name}.parquet"
            self._given[shape.name] = self._looked_at(path, shape) if path.exists() else None
        return self._given[shape.name]

    def _looked_at(self, path: Path, shape: Shape) -> _Given:
        self._refuse_missing_columns(self.duck, path, (*COMMON_NEEDS, *shape.needs))
        (rows,) = self.duck.execute("select count(*) from read_parquet(?)", [str(path)]).fetchall()[0]
        return _Given(path, int(rows))

    @staticmethod
    def _refuse_missing_columns(duck: duckdb.DuckDBPyConnection, path: Path, needed: tuple[str, ...]) -> None:
        described = duck.execute("describe select * from read_parquet(?)", [str(path)]).fetchall()
        missing = sorted(set(needed) - {row[0] for row in described})
        if missing:
            raise RuleBroken(
                "POLE-4", f"{path.name} has no column {', '.join(missing)}. The canonical contract asks for it."
            )

    def _refuse_repeated_keys(self, path: Path, shape: Shape) -> None:
        repeated = self.duck.execute(
            "select record_key, count(*) from read_parquet(?) group by 1 having count(*) > 1 order by 1 limit 1",
            [str(path)],
        ).fetchall()
        if repeated:
            raise RuleBroken(
                "POLE-5",
                f"{shape.name}.parquet holds the record {repeated[0][0]} {repeated[0][1]} times. "
                "A record may be in a batch once.",
            )

    def _create(self, table: str, columns: list[tuple[str, str]]) -> None:
        self.cursor.execute(f"drop table if exists pg_temp.{table}")
        self.cursor.execute(
            f"create temp table {table} ({', '.join(f'{name} {kind}' for name, kind in columns)}) on commit drop"
        )

    def _written(self, duck: duckdb.DuckDBPyConnection, query: str, name: str) -> Path:
        path = Path(self._scratch.name) / f"{name}.csv"
        duck.execute(f"copy ({query}) to '{_quoted(path)}' (format csv, header false, {WRITTEN})").fetchall()
        return path

    def _pour(self, path: Path, table: str, columns: list[str]) -> int:
        copy: AbstractContextManager[Any] = self.cursor.copy(
            f"copy pg_temp.{table} ({', '.join(columns)}) from stdin (format csv, {TAKEN})"
        )
        with copy as taking, path.open("rb") as given:
            while chunk := given.read(CHUNK_BYTES):
                taking.write(chunk.replace(ZERO, UNREADABLE))
        rows = int(self.cursor.rowcount)
        path.unlink()
        self.cursor.execute(f"analyze {table} ({', '.join(c for c in columns if c in JOINED)})")
        return rows


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
