"""Runs the pipeline's statements on Spark: the same text as on DuckDB, see `spark_sql` for where the two differ.

A table is a Parquet file in the workplace, so that a lost executor costs no more than the step it was in, and a plan is
never longer than one step. On a cluster the workplace is a folder that the driver and every executor see by one name.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow
from pyarrow import parquet
from sqlglot import exp

from fourfold.pipeline.engines import java, likeness
from fourfold.pipeline.engines.spark_sql import Macro, NotForSpark, Translation, macro_in

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

HEAP_MB = 1_024
LOCAL = "local[2]"

_SMALL = {
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}

_FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # a moment is UTC without a zone, as in the contract
    "spark.sql.ansi.enabled": "false",  # a cast that cannot be made gives nothing; the checks find it
}


class NoSpark(RuntimeError):
    """The packages for Spark are not installed."""

    def __init__(self) -> None:
        super().__init__("Spark is not installed here. Run `make setup-spark` first.")


@dataclass(frozen=True)
class Rows:
    """What a statement gave."""

    rows: Sequence[Any] = ()

    def fetchall(self) -> list[Any]:
        return list(self.rows)


@dataclass(frozen=True)
class _Part:
    """Rows of a table: written down in a place, or at hand; neither where there are none yet."""

    frame: DataFrame
    place: str | None = None
    rows: pyarrow.Table | None = None


class SparkDatabase:
    """Tables and views in a Spark session, by DuckDB's statements.

    `at_hand`: a table or file of up to so many rows is held by the driver instead of being written and read again. It
    is for records so few that the writing costs more than the work.
    """

    def __init__(self, session: SparkSession, workplace: Path, *, at_hand: int = 0) -> None:
        workplace.mkdir(parents=True, exist_ok=True)
        self._at_hand = at_hand
        # A folder of its own, that nobody else may read: a run that was killed may have left one.
        self.session, self.workplace = session, Path(tempfile.mkdtemp(prefix="tables-", dir=workplace))
        self._macros: dict[str, Macro] = {}
        self._parts: dict[str, list[_Part]] = {}
        self._serial = count(1)
        session.sparkContext.setCheckpointDir(str(self.workplace / "checkpoint"))

    def execute(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Rows:
        """Run one statement. Raises `NotForSpark` for one that has no form there."""
        macro = macro_in(query, self._macros, self._serial)
        if macro is not None:
            self._macros[macro[0]] = macro[1]
            return Rows()
        lists = self._lists(query, parameters)
        if lists is not None:
            return lists
        turned = self._translation()
        tree = turned.parsed(query, parameters)
        for kind, run in _STATEMENTS:
            if isinstance(tree, kind):
                found: Rows = run(self, turned, tree)
                return found
        raise NotForSpark(query)

    def executemany(self, query: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Rows for a table: `INSERT INTO t VALUES (?, …)`."""
        name = re.fullmatch(r"insert into (\S+) values .*", query, re.IGNORECASE | re.DOTALL)
        if name is None:
            raise NotForSpark(query)
        self._add_lists(name[1], zip(*parameters, strict=True))

    def table(self, table_name: str) -> DataFrame:
        return self.session.table(f"`{table_name}`")

    def sql(self, query: str) -> DataFrame:
        turned = self._translation()
        return self._frame(turned, turned.parsed(query, None))

    def splink(self) -> Any:
        """Splink's door to this session."""
        from splink.backends.spark import SparkAPI

        door: Any = SparkAPI
        return door(spark_session=self.session, register_udfs_automatically=False, break_lineage_method="parquet")

    def files_of(self, name: str) -> list[str]:
        """Where the rows of a table are, as patterns of Parquet files: at least one, which says its columns."""
        first, *others = self._parts[name]
        told = [part for part in (first, *others) if part.place or part.rows is not None] or [first]
        self._parts[name] = [part if part.place else self._written(name, part.frame) for part in told]
        return [f"{part.place}/*.parquet" for part in self._parts[name]]

    def close(self) -> None:
        """Forget the tables and take their files away."""
        for name in list(self._parts):
            self._forget(name)

    # Statements ----------------------------------------------------------------------------------------------

    def _select(self, turned: Translation, tree: exp.Expr) -> Rows:
        return Rows(self._frame(turned, tree).collect())

    def _describe(self, turned: Translation, tree: exp.Expr) -> Rows:
        described = tree.this
        if isinstance(described, exp.Table):
            frame = self.session.table(f"`{described.name}`")
        else:
            frame = self._frame(turned, described)
        return Rows([(field.name, field.dataType.simpleString()) for field in frame.schema])

    def _create(self, turned: Translation, tree: exp.Expr) -> Rows:
        if isinstance(tree.this, exp.Schema):
            empty = [exp.alias_(exp.cast(exp.Null(), each.kind), each.name) for each in tree.this.expressions]
            name = tree.this.this.name
            frame = self._frame(turned, exp.Select(expressions=empty).where("false"))
            self._put(name, self._small(frame) or _Part(frame))
            return Rows()
        frame = self._frame(turned, tree.expression)
        name = tree.this.name
        if tree.args.get("kind") == "VIEW":
            small = self._small(frame)
            (small.frame if small else frame).createOrReplaceTempView(f"`{name}`")
            return Rows()
        self._put(name, self._kept(name, frame))
        return Rows()

    def _insert(self, turned: Translation, tree: exp.Expr) -> Rows:
        name = tree.this.name
        frame = self._frame(turned, tree.expression)
        fields = self._schema(name).fields
        if len(fields) != len(frame.columns):
            raise NotForSpark(f"{name} has other columns than its new rows")
        self._add(name, frame.toDF(*(field.name for field in fields)).to(self._schema(name)))
        return Rows()

    def _update(self, turned: Translation, tree: exp.Expr) -> Rows:
        name = tree.this.name
        where, source = tree.args.get("where"), tree.args.get("from_")
        changed = {each.this.name.lower(): each.expression for each in tree.expressions}
        columns = []
        for column in self._columns_of_table(name):
            own = exp.column(column, table=name, quoted=True)
            value = changed.get(column.lower())
            there: exp.Expr = own
            if value is not None:
                there = value.copy()
                if where:
                    there = exp.Case(ifs=[exp.If(this=where.this.copy(), true=value.copy())], default=own)
            columns.append(exp.alias_(there, column, quoted=True))
        select = exp.Select(expressions=columns, from_=exp.From(this=exp.to_table(name, dialect="spark")))
        if source is not None and where is not None:
            if not source.find(exp.Group):
                raise NotForSpark(f"{name}: a change from another table needs one row of it for each row changed")
            select.set("joins", [exp.Join(this=source.this.copy(), side="LEFT", on=where.this.copy())])
        self._put(name, self._kept(name, self._frame(turned, select)))
        return Rows()

    def _alter(self, turned: Translation, tree: exp.Expr) -> Rows:
        """Add a column, empty."""
        from pyspark.sql import functions

        name = tree.this.name
        for column in tree.args["actions"]:
            empty = functions.lit(None).cast(column.args["kind"].sql("spark"))
            with_it = self.session.table(f"`{name}`").withColumn(column.name, empty)
            self._put(name, self._kept(name, with_it))
        return Rows()

    def _drop(self, turned: Translation, tree: exp.Expr) -> Rows:
        for table in tree.args["tables"] or [tree.this]:
            self._forget(table.name)
        return Rows()

    def _copy(self, turned: Translation, tree: exp.Expr) -> Rows:
        """One Parquet file, as the contract wants it."""
        target = Path(tree.args["files"][0].name)
        folder = self.workplace / f"{next(self._serial)}-out"
        frame = _without_nothing(self._frame(turned, tree.this))
        small = self._small(frame)
        if small is not None:
            parquet.write_table(small.rows, target, compression="lz4")
            return Rows()
        frame.coalesce(1).write.option("compression", "lz4_raw").parquet(str(folder))
        shutil.move(next(folder.glob("part-*.parquet")), target)
        shutil.rmtree(folder)
        return Rows()

    # Tables --------------------------------------------------------------------------------------------------

    def _frame(self, turned: Translation, tree: exp.Expr) -> DataFrame:
        query = tree.this if isinstance(tree, exp.Subquery) and not tree.args.get("alias") else tree
        return self.session.sql(turned.sql(self._small_files(query)))

    def _small_files(self, query: exp.Expr) -> exp.Expr:
        """The query with a table that the driver holds in place of each small Parquet file."""
        if not self._at_hand:
            return query

        def held(node: exp.Expr) -> exp.Expr:
            said = (
                node.this.expressions if isinstance(node, exp.Table) and isinstance(node.this, exp.ReadParquet) else ()
            )
            if len(said) != 1 or parquet.read_metadata(said[0].name).num_rows > self._at_hand:
                return node
            name = f"file {next(self._serial)}"
            self._put(name, self._held(parquet.read_table(said[0].name)))
            return exp.Table(this=exp.to_identifier(name, quoted=True), alias=node.args.get("alias"))

        return query.transform(held)

    def _translation(self) -> Translation:
        return Translation(self._macros, self._columns, self._columns_of_table)

    def _columns(self, query: str) -> Sequence[str]:
        return list(self.session.sql(query).columns)

    def _columns_of_table(self, name: str) -> Sequence[str]:
        return list(self.session.table(f"`{name}`").columns)

    def _schema(self, name: str) -> Any:
        return self.session.table(f"`{name}`").schema

    def _kept(self, name: str, frame: DataFrame) -> _Part:
        """The rows, worked out once."""
        frame = _without_nothing(frame)
        return self._small(frame) or self._written(name, frame)

    def _written(self, name: str, frame: DataFrame) -> _Part:
        place = str(self.workplace / f"{next(self._serial)}-{re.sub(r'\W', '_', name)}")
        frame.write.parquet(place)
        return _Part(self.session.read.schema(frame.schema).parquet(place), place)

    def _small(self, frame: DataFrame) -> _Part | None:
        """The rows at hand, if they are so few."""
        if not self._at_hand:
            return None
        rows = frame.limit(self._at_hand + 1).toArrow()
        return self._held(rows) if rows.num_rows <= self._at_hand else None

    def _held(self, rows: pyarrow.Table) -> _Part:
        # In one chunk: Spark would leave out what comes after empty ones.
        return _Part(self.session.createDataFrame(rows.combine_chunks()), rows=rows)

    def _add(self, name: str, frame: DataFrame) -> None:
        self._join(name, self._kept(name, frame))

    def _join(self, name: str, part: _Part) -> None:
        """These rows too are in the table."""
        *others, last = self._parts[name]
        if part.rows is not None and last.rows is not None and len(part.rows) + len(last.rows) <= self._at_hand:
            self._parts[name] = [
                *others,
                self._held(pyarrow.concat_tables([last.rows, part.rows.cast(last.rows.schema)])),
            ]
        else:
            self._parts[name].append(part)
        self._show(name)

    def _put(self, name: str, part: _Part) -> None:
        """These rows are the table now, and no others."""
        before = self._parts.get(name, [])
        self._parts[name] = [part]
        self._show(name)
        _remove(before)

    def _forget(self, name: str) -> None:
        self.session.catalog.dropTempView(name)
        _remove(self._parts.pop(name, []))

    def _show(self, name: str) -> None:
        first, *others = self._parts[name]
        frame = first.frame
        for part in others:
            frame = frame.union(part.frame)
        frame.createOrReplaceTempView(f"`{name}`")

    def _lists(self, query: str, parameters: Any) -> Rows | None:
        """`insert into t select unnest(?::type[]), …`: lists of values as the rows of a table."""
        found = re.fullmatch(r"insert into (\w+) select (?:unnest\(\?::[\w\[\]]+\)(?:, )?)+", query)
        if found is None:
            return None
        self._add_lists(found[1], parameters)
        return Rows()

    def _add_lists(self, name: str, columns: Iterable[Sequence[Any]]) -> None:
        schema = self._schema(name)
        named = {field.name: list(values) for field, values in zip(schema, columns, strict=True)}
        self._add(name, self.session.createDataFrame(pyarrow.table(named), schema))


def _remove(parts: Sequence[_Part]) -> None:
    for part in parts:
        if part.place:
            shutil.rmtree(part.place, ignore_errors=True)


@contextmanager
def spark_session(
    *, master: str = LOCAL, workplace: Path, heap_mb: int = HEAP_MB, options: Mapping[str, str] | None = None
) -> Iterator[SparkSession]:
    """A Spark session, stopped at the end; where this process has one already, that one, which is left as it is.

    Args:
        master: `local[2]`, `spark://host:7077`, `yarn`, `k8s://…`.
        workplace: Where what Spark writes for itself goes.
        heap_mb: Memory of the driver, which in local mode does all the work.
        options: Any other setting of Spark's.

    Raises:
        NoSpark, NoJava: what is needed is not there.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise NoSpark from None
    from splink.backends.spark import SparkAPI, similarity_jar_location

    there = SparkSession.getActiveSession()
    if there is not None:
        yield there
        return
    before = {name: os.environ.get(name) for name in ("JAVA_HOME", "PYSPARK_PYTHON")}
    os.environ["JAVA_HOME"] = str(java.java_home(workplace))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("fourfold")
    told = {
        "spark.jars": similarity_jar_location(),
        "spark.driver.memory": f"{heap_mb}m",
        "spark.local.dir": str(workplace / "spark"),
        "spark.sql.warehouse.dir": str(workplace / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        **(_SMALL if master.startswith("local") else {}),
        **(options or {}),
        **_FIXED,
    }
    for name, value in told.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    door: Any = SparkAPI
    door(spark_session=session)  # registers the functions of Splink's Java library
    session.sql("drop temporary function jaro_winkler")
    session.sql(likeness.JARO_WINKLER)
    try:
        yield session
    finally:
        session.stop()
        for variable, earlier in before.items():
            os.environ.pop(variable, None)
            if earlier is not None:
                os.environ[variable] = earlier


_STATEMENTS: tuple[tuple[type[Any], Any], ...] = (
    (exp.Query, SparkDatabase._select),
    (exp.Describe, SparkDatabase._describe),
    (exp.Create, SparkDatabase._create),
    (exp.Insert, SparkDatabase._insert),
    (exp.Update, SparkDatabase._update),
    (exp.Alter, SparkDatabase._alter),
    (exp.Drop, SparkDatabase._drop),
    (exp.Copy, SparkDatabase._copy),
)


def _without_nothing(frame: DataFrame) -> DataFrame:
    """A column of nulls without a type is one of text, for a file needs a type."""
    nothing = [field.name for field in frame.schema if field.dataType.typeName() == "void"]
    for name in nothing:
        frame = frame.withColumn(name, frame[f"`{name}`"].cast("string"))
    return frame
