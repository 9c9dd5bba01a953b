"""Adds a batch to what an earlier run resolved, so that a small delivery costs little among a million records.

A full run leaves `index/` beside its clusters: what was read off every record, the keys of each and whom it was seen
with, who is in which cluster, and the *frame*: what was counted over all records (how common values are, the keys set
aside, the prior, the sizes of groups). The next run reads what changed, finds by key the records it may be compared
with, takes these out of the index, scores only these pairs in the same frame, and clusters again only the clusters
that they belong to. Their edges are those of a full run in the same frame; so are the clusters, but for records that
say little and were put with nobody: these are asked again by a full run.

Records go by a number in the index, which they keep until the next full run. What is read off records is in *layers*:
the full run's and one for each batch since, linked from run to run. Of each record the layer counts that `member` says.

A full run is made instead where the index doesn't fit (other settings, model or code, a file that went away, a force
that is new), where a key outgrew its limit, and after as much growth as the settings' `growth` says.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from fourfold import formats
from fourfold.pipeline.canonical import macros
from fourfold.pipeline.resolution import blocking, records
from fourfold.pipeline.resolution.model import Model
from fourfold.pipeline.resolution.settings import Settings

INDEX = "index"
MEMBER = "member.parquet"
ABOUT = "index.json"
LAYERED = ("keys", "record", "presence")
CLUSTERED = ("source", "record_key", "open", "owner", "label", "kind")
"""The columns of records that clusters are made by, whatever is compared."""

_TIED = """coalesce(t.component, r.id)::uinteger as tied,
  coalesce(t.component, r.id) in (select component from fitting) as put"""
"""The group that a record was tied to by pairs, and whether that was put with another as a group that says little."""


@dataclass(frozen=True)
class About:
    """What an index was made of: `whole` counts the records of the last full run, `changed` those since, `batches` the
    runs since, each of which left a layer.
    """

    made_with: str
    files: Mapping[str, Mapping[str, str]]
    whole: int
    changed: int
    batches: int

    @property
    def layers(self) -> int:
        return self.batches + 1

    def goes_on(self, files: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether every file of the index is still there, as it was and in the same order, and no source is new."""
        return files.keys() == self.files.keys() and all(
            [each for each in files[source].items() if each[0] in told] == list(told.items())
            for source, told in self.files.items()
        )


def made_with(settings: Settings, model: Model) -> str:
    """One text for all that decides how records are compared and kept: settings, model, and the code that reads
    records and writes the index.
    """
    return hashlib.sha256(f"{settings!r}\n{model.digest}\n{duckdb.__version__}\n{_code()}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _code() -> str:
    digest = hashlib.sha256()
    here = Path(__file__).parent
    read = [*here.glob("*.py"), *(here / "data").iterdir(), *Path(formats.__file__).parent.glob("*.py")]
    for path in sorted([*read, Path(macros.__file__)]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files_of(person_parquets: Mapping[str, Sequence[Path]]) -> dict[str, dict[str, str]]:
    """The person files by source, in order, each with what shows that it and the files beside it are the same."""
    return {
        source: {str(path): " ".join(map(_stamp, sorted(path.parent.glob("*.parquet")))) for path in paths}
        for source, paths in person_parquets.items()
        if paths
    }


def _stamp(path: Path) -> str:
    found = path.stat()
    return f"{path.name}:{found.st_size}:{found.st_mtime_ns}"


def _frame_of_all(settings: Settings) -> tuple[str, ...]:
    """The tables of what was counted over all records, but for those of values."""
    return ("counted", "set_aside", *(("kind_bits", "owned") if settings.groups else ()))


def _frame_of_values(settings: Settings) -> dict[str, str]:
    """The tables of how common each value is, and the column of each."""
    counted = sorted({part for parts in settings.made_of.values() for part in parts} | set(settings.frequency_columns))
    return {
        **{f"frequency_of_{column}": column for column in settings.frequency_columns},
        **({f"people_of_{column}": column for column in counted} if settings.groups else {}),
    }


# Keeping -----------------------------------------------------------------------------------------------------------


def keep(
    connection: duckdb.DuckDBPyConnection,
    making: Path,
    *,
    settings: Settings,
    model: Model,
    person_parquets: Mapping[str, Sequence[Path]],
) -> None:
    """Leave the index of a full run in `making`."""
    index = making / INDEX
    index.mkdir()
    for table in (*_frame_of_all(settings), *_frame_of_values(settings)):
        _copy(connection, f"from {table}", index / f"{table}.parquet")
    _keep_layer(
        connection,
        index,
        0,
        keys="(select id as number, key from key)",
        record="(select id as number, * from record)",
        presence="(select id as number, * from presence)",
    )
    _copy(
        connection,
        f"""select r.id::uinteger as number, n.cluster, {_TIED}, r.open,
          case when r.open then 0 else hash(r.label) end::ubigint as label, 0::usmallint as layer
        from record r join member m using (id) join numbered n using (component) left join tied t using (id)""",
        index / MEMBER,
    )
    total = connection.execute("select count(*) from record").fetchall()[0][0]
    about = About(made_with(settings, model), files_of(person_parquets), total, 0, 0)
    (index / ABOUT).write_text(json.dumps(asdict(about)), encoding="utf-8")


def _keep_layer(
    connection: duckdb.DuckDBPyConnection, index: Path, layer: int, *, keys: str, record: str, presence: str
) -> None:
    """Lay down what was read off records, their keys and whom they were seen with: queries or tables with `number`."""
    read_off = ", ".join(records.READ_OFF)
    # Keys are numbers at random: nothing makes them smaller, so they are left as quick to read as may be.
    _copy(
        connection,
        f"select number::uinteger as number, key from {keys}",
        _layer(index, "keys", layer),
        compression="uncompressed",
    )
    _copy(connection, f"select number::uinteger as number, {read_off} from {record}", _layer(index, "record", layer))
    _copy(
        connection,
        f"select number::uinteger as number, source, event from {presence}",
        _layer(index, "presence", layer),
    )


def _layer(index: Path, name: str, layer: int) -> Path:
    return index / f"{name}-{layer}.parquet"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, *, compression: str = "snappy") -> None:
    connection.execute(f"copy ({query}) to $path (format parquet, compression {compression})", {"path": str(path)})


# Going on ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Base:
    """The run that a batch is added to: its clusters, and what its index was made of."""

    clusters: Path
    about: About

    @property
    def index(self) -> Path:
        return self.clusters.parent / INDEX

    @property
    def edges(self) -> Path:
        return self.clusters.with_name("edges.parquet")

    @property
    def judgements(self) -> Path:
        return self.clusters.with_name("judgements.parquet")

    def laid_down(self, name: str, columns: Sequence[str], *, only: str | None = None) -> str:
        """A query of every layer of that name, oldest first, each row with the number of its layer. `only`: a table
        (number, layer) of the records to take; its other columns may be asked for too.
        """
        narrowed = f" join (select * exclude (layer) from {only} where layer = {{}}) using (number)" if only else ""
        return " union all ".join(
            f"select number, {', '.join(columns)}, {layer}::usmallint as layer"
            f" from read_parquet('{_layer(self.index, name, layer)}'){narrowed.format(layer)}"
            for layer in range(self.about.layers)
        )


def base_for(
    previous: Path | None,
    *,
    settings: Settings,
    model: Model,
    person_parquets: Mapping[str, Sequence[Path]],
) -> Base | None:
    """The run that wrote `previous`, where another may go on from it."""
    if previous is None or settings.growth is None:
        return None
    said = previous.parent / INDEX / ABOUT
    if not said.exists():
        return None
    try:
        about = About(**json.loads(said.read_text(encoding="utf-8")))
    except (TypeError, ValueError):  # of another version, or cut short: a full run makes another
        return None
    tables = (*_frame_of_all(settings), *_frame_of_values(settings))
    needed = [said.parent / MEMBER, *(said.parent / f"{table}.parquet" for table in tables)]
    needed += [_layer(said.parent, name, layer) for name in LAYERED for layer in range(about.layers)]
    if not all(path.exists() for path in needed):
        return None
    if about.made_with != made_with(settings, model) or not about.goes_on(files_of(person_parquets)):
        return None
    return Base(previous, about) if about.batches < settings.growth.most_batches else None


def gather(
    connection: duckdb.DuckDBPyConnection,
    base: Base,
    *,
    settings: Settings,
    person_parquets: Mapping[str, Sequence[Path]],
    judgements: Path | None,
) -> bool:
    """Make `record`, `pair` and the frame for the changed records and all they touch; False: a full run is due.

    Makes also `holder` (every record of the index: its number, cluster, group, layer), `changed` (number, source,
    record_key), `fresh` with `fresh_key` and `fresh_presence` (what was read off these), `asked` (the records compared
    anew), and `touched` (cluster).
    """
    about, growth = base.about, settings.growth
    if growth is None:
        return False
    for table in _frame_of_all(settings):
        connection.execute(f"create or replace table {table} as from read_parquet('{base.index / table}.parquet')")
    connection.execute(f"create or replace table holder as from read_parquet('{base.index / MEMBER}')")
    _find_changed(connection, base, person_parquets)
    if _count(connection, "changed") + about.changed > growth.most_growth * about.whole:
        return False
    records.load_records(connection, person_parquets, only="changed")
    if _has_strangers(connection, settings):
        return False
    blocking.make_keys(connection, settings)
    blocking.drop_keys_set_aside(connection)
    _number_what_is_fresh(connection)
    connection.execute("create or replace table met (number uinteger, other uinteger)")
    _meet(connection, base, "fresh_key")
    if _has_outgrown(connection, growth.outgrown * settings.largest_block):
        return False
    # Tables have a row for each record that is touched from here: too few to be shared out among threads unasked.
    connection.execute("pragma verify_parallelism")
    _ask_again(connection, base)
    _find_touched(connection, base, [path for path in (judgements, base.judgements) if path is not None])
    _take_touched(connection, base, settings)
    connection.execute("""
        create or replace table asked as
        select id from record where number in (select number from changed union all select number from again)""")
    connection.execute("""
        create or replace table pair as
        select distinct least(l.id, r.id) as id_l, greatest(l.id, r.id) as id_r
        from met join record l on l.number = met.number join record r on r.number = met.other
        union
        select least(l.id, r.id), greatest(l.id, r.id) from (
          select distinct k.number, o.number as other from fresh_key k join fresh_key o using (key)
          where k.number < o.number and (k.label = 0 or o.label = 0 or k.label = o.label)) together
        join record l on l.number = together.number join record r on r.number = together.other""")
    for table, column in _frame_of_values(settings).items():
        connection.execute(
            f"create or replace table {table} as"
            f" from read_parquet('{base.index / table}.parquet') semi join record using ({column})"
        )
    return True


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def load_frame(connection: duckdb.DuckDBPyConnection, clusters: Path, settings: Settings) -> None:
    """Load all that the full run behind `clusters` counted."""
    for table in (*_frame_of_all(settings), *_frame_of_values(settings)):
        path = clusters.parent / INDEX / f"{table}.parquet"
        connection.execute(f"create or replace table {table} as from read_parquet('{path}')")


def _compared(settings: Settings) -> frozenset[str]:
    """Every column that a comparison or the question to groups reads, but for those of `CLUSTERED`."""
    counted = frozenset(_frame_of_values(settings).values())
    return (settings.scored_columns | counted | {"birth_year"}) - frozenset(CLUSTERED)


def _find_changed(
    connection: duckdb.DuckDBPyConnection, base: Base, person_parquets: Mapping[str, Sequence[Path]]
) -> None:
    """Every record that a new file speaks of: of itself, of what it keeps or where it was, of what it was merged into,
    or of a thing that it keeps. One that is not in the index gets the next number.
    """
    connection.execute("create or replace temp table spoken_of (source varchar, record_key varchar)")
    connection.execute("create or replace temp table delivered_now (source varchar, record_key varchar)")
    for source, paths in person_parquets.items():
        told = set(base.about.files.get(source, ()))
        links = [str(p.with_name("link.parquet")) for p in paths if p.with_name("link.parquet").exists()]
        for path in (path for path in paths if str(path) not in told):
            connection.execute(
                "insert into delivered_now select ?, record_key from read_parquet(?)", [source, str(path)]
            )
            _say(connection, source, "select unnest([loser_key, survivor_key])", path.with_name("merge.parquet"))
            _say(connection, source, "select left_key", path.with_name("link.parquet"), "where left_kind = 'PERSON'")
            things = path.with_name("object.parquet")
            if things.exists() and links:
                connection.execute(
                    "insert into spoken_of select ?, left_key from read_parquet(?) where left_kind = 'PERSON'"
                    " and right_kind = 'OBJECT' and right_key in (select record_key from read_parquet(?))",
                    [source, links, str(things)],
                )
    connection.execute(f"""
        create or replace table changed as
        with said as (from spoken_of union from delivered_now),
        known as (
          select distinct number, source, record_key from ({base.laid_down("record", ("source", "record_key"))})
          semi join said using (source, record_key))
        select coalesce(k.number, (select max(number) from holder) + row_number() over (
            partition by k.number is null order by source, record_key))::uinteger as number, source, record_key
        from said left join known k using (source, record_key)
        where k.number is not null or (source, record_key) in (select (source, record_key) from delivered_now)""")


def _say(connection: duckdb.DuckDBPyConnection, source: str, select: str, path: Path, where: str = "") -> None:
    if path.exists():
        connection.execute(
            f"insert into spoken_of select ?, key from ({select} as key from read_parquet(?) {where})",
            [source, str(path)],
        )


def _has_strangers(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Whether a record is of a force or of a kind that the frame never counted."""
    if settings.groups is None:
        return False
    strangers = connection.execute("""
        select exists (from record where open and owner not in (select owner from owned))
          or exists (from record where kind not in (select kind from kind_bits))""")
    return bool(strangers.fetchall()[0][0])


def _number_what_is_fresh(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `fresh`, `fresh_key` and `fresh_presence`: what was read off the changed records, by their numbers."""
    connection.execute("""
        create or replace table fresh as
        select c.number, r.* from record r join changed c using (source, record_key)""")
    connection.execute("""
        create or replace table fresh_key as select f.number, k.key, k.label from key k join fresh f using (id)""")
    connection.execute("""
        create or replace table fresh_presence as
        select f.number, p.source, p.event from presence p join fresh f using (id)""")


def _meet(connection: duckdb.DuckDBPyConnection, base: Base, own: str) -> None:
    """Add to `met` (number, other) the records that share a key of `own` (number, key, label) and that nothing changed;
    make `shared`, their keys.
    """
    connection.execute(f"""
        create or replace table shared as
        select k.key, k.number, h.label from ({base.laid_down("keys", ("key",))}) k semi join {own} using (key)
        join holder h on h.number = k.number and h.layer = k.layer
        anti join changed on changed.number = k.number""")
    connection.execute(f"""
        insert into met
        select distinct k.number, s.number from {own} k join shared s using (key)
        where k.number <> s.number and (k.label = 0 or s.label = 0 or k.label = s.label)""")


def _has_outgrown(connection: duckdb.DuckDBPyConnection, most: float) -> bool:
    """Whether more records share a key of a changed record than may."""
    largest = connection.execute("""
        select coalesce(max(n), 0) from (
          select count(*) as n from (
            select key, label from shared union all select key, label from fresh_key) group by key, label)""")
    return bool(largest.fetchall()[0][0] > most)


def _ask_again(connection: duckdb.DuckDBPyConnection, base: Base) -> None:
    """Make `again` (number, layer): the small groups that were put with others and that a changed record met: it may be
    the one who is meant; and those that were put where they are, it may be, by what a changed record no longer shows.
    What shares a key with them, by the index, is added to `met`.
    """
    _find_bereft(connection, base)
    connection.execute("""
        create or replace temp table again as
        select number, layer from holder semi join (
          select tied from holder
          where put and (number in (select other from met) or cluster in (select cluster from bereft))) using (tied)
        anti join changed using (number)""")
    if _count(connection, "again"):
        connection.execute(f"""
            create or replace temp table again_key as
            select k.number, k.key, h.label from ({base.laid_down("keys", ("key",), only="again")}) k
            join holder h using (number)""")
        _meet(connection, base, "again_key")


def _find_bereft(connection: duckdb.DuckDBPyConnection, base: Base) -> None:
    """Make `bereft` (cluster): the clusters of the changed records that lost a number, a plate, an event or their
    openness, and of all that were at an event with one of such a cluster: its company spoke for them.
    """
    connection.execute("""
        create or replace temp table stood_before as
        select number, layer, cluster, open from holder semi join changed using (number)""")
    connection.execute(f"""
        create or replace temp table bereft as
        select distinct cluster from stood_before semi join (
          select number from ({base.laid_down("presence", ("source", "event"), only="stood_before")})
          anti join fresh_presence using (number, source, event)
          union
          select number from (
            select number, unnest(contacts) as contact
            from ({base.laid_down("record", ("contacts",), only="stood_before")}))
          anti join (select number, unnest(contacts) as contact from fresh) using (number, contact)
          union
          select number from stood_before b join fresh f using (number) where b.open and not f.open) using (number)""")
    if _count(connection, "bereft"):
        connection.execute(f"""
            create or replace temp table stood_at as
            select p.source, p.event, h.cluster from ({base.laid_down("presence", ("source", "event"))}) p
            join holder h using (number, layer)""")
        connection.execute("""
            insert into bereft
            select distinct cluster from stood_at semi join (
              select source, event from stood_at semi join bereft using (cluster)) using (source, event)
            anti join bereft using (cluster)""")


def _find_touched(connection: duckdb.DuckDBPyConnection, base: Base, judgements: Sequence[Path]) -> None:
    """Clusters of changed records, of records they met, and of records that people judged, now or at the last run."""
    connection.execute("create or replace temp table judged_about (source varchar, record_key varchar)")
    for path in judgements:
        connection.execute(
            """insert into judged_about
            with ends as (
              select left_source as source, left_key as record_key from read_parquet($path)
              union select right_source, right_key from read_parquet($path))
            from ends union select m.source, m.survivor from merged m join ends e
              on e.source = m.source and e.record_key = m.loser""",
            {"path": str(path)},
        )
    spoken = "select null::uinteger as number limit 0"
    if _count(connection, "judged_about"):
        spoken = (
            f"select number from ({base.laid_down('record', ('source', 'record_key'))})"
            " semi join judged_about using (source, record_key)"
        )
    connection.execute(f"""
        create or replace table touched as
        select distinct cluster from holder where number in (
          select number from changed union all select other from met
          union all select number from again union all ({spoken}))""")


def _take_touched(connection: duckdb.DuckDBPyConnection, base: Base, settings: Settings) -> None:
    """Make `record`, `tombstone` and `presence` of the changed records and of all in the touched clusters."""
    connection.execute("""
        create or replace temp table unchanged as
        select number, layer from holder semi join touched using (cluster) anti join changed using (number)""")
    # Places are found first and alone: to sort records as they are would carry all that is known of them.
    connection.execute(f"""
        create or replace temp table wanted as
        select number, layer, row_number() over (order by source, record_key) as id from (
          {base.laid_down("record", ("source", "record_key"), only="unchanged")}
          union all select number, source, record_key, null from changed)""")
    columns = ", ".join(records.READ_OFF)
    records.make_of(
        connection,
        f"""select id, number, {columns} from ({base.laid_down("record", ("id", *records.READ_OFF), only="wanted")})
        union all select w.id, number, {columns} from fresh join wanted w using (number)""",
        ["id", "number", *CLUSTERED, *sorted(_compared(settings))],
    )
    connection.execute(f"""
        create or replace table presence as
        select id, source, event from ({base.laid_down("presence", ("id", "source", "event"), only="wanted")})
        union all select w.id, p.source, p.event from fresh_presence p join wanted w using (number)""")


# What stood --------------------------------------------------------------------------------------------------------


def bring_edges(connection: duckdb.DuckDBPyConnection, base: Base) -> None:
    """Add to `edge` what was known of pairs that nothing changed; make `standing`, the small groups that were put with
    others by what fits, and `edge_before`, the rows of the last run's edges that this one writes anew or not at all.
    """
    connection.execute(
        """create or replace temp table edge_before as
        select e.file_row_number as row, l.id as one, r.id as other,
          l.id is not null and r.id is not null and l.id not in (from asked) and r.id not in (from asked) as stands
        from read_parquet($edges, file_row_number = true) e
        left join record l on l.source = e.left_source and l.record_key = e.left_key
        left join record r on r.source = e.right_source and r.record_key = e.right_key
        where l.id is not null and r.id is not null or l.id in (from asked) or r.id in (from asked)""",
        {"edges": str(base.edges)},
    )
    connection.execute(
        """create or replace table stood as
        select least(one, other) as id_l, greatest(one, other) as id_r,
          e.match_weight, e.probability, e.waterfall, e.scored, e.fits,
          case e.fits when 'LEFT' then one else other end as small
        from read_parquet($edges, file_row_number = true) e join edge_before b on b.row = e.file_row_number
        where b.stands""",
        {"edges": str(base.edges)},
    )
    connection.execute("""
        insert into edge
        select id_l, id_r, match_weight, probability, waterfall from stood where scored and fits = ''""")
    connection.execute("""
        create or replace table standing as
        select id_l, id_r, match_weight, probability, waterfall, small from stood where fits <> ''""")


def keep_what_stood(connection: duckdb.DuckDBPyConnection) -> None:
    """Offer again what was put with others and where it was."""
    connection.execute("""
        create or replace temp table now_in as
        select r.id, coalesce(g.component, r.id) as component from record r left join open_group g using (id)""")
    connection.execute("""
        insert into offer (component, target, id_l, id_r, small, sureness)
        select component, target, id_l, id_r, small, match_weight from (
          select s.*, own.component, other.component as target from standing s join now_in own on own.id = s.small
          join now_in other on other.id = case s.small when s.id_l then s.id_r else s.id_l end)
        where component <> target and component not in (select component from offer)
        qualify row_number() over (partition by component order by match_weight desc, id_l, id_r) = 1""")


def bring_reasons(connection: duckdb.DuckDBPyConnection) -> None:
    """The edges of the small groups that stayed where they were."""
    connection.execute("""
        insert into edge select id_l, id_r, match_weight, probability, waterfall from standing
        semi join fitting using (id_l, id_r) anti join edge using (id_l, id_r)""")


# Writing -----------------------------------------------------------------------------------------------------------


def write(
    connection: duckdb.DuckDBPyConnection,
    making: Path,
    base: Base,
    *,
    person_parquets: Mapping[str, Sequence[Path]],
) -> None:
    """Leave the clusters and the index of all records in `making`: those touched anew, the others as they were."""
    index, about = making / INDEX, base.about
    index.mkdir()
    for path in base.index.iterdir():
        if path.name not in (MEMBER, ABOUT):
            _link(path, index / path.name)
    _keep_layer(connection, index, about.layers, keys="fresh_key", record="fresh", presence="fresh_presence")
    connection.execute(f"""
        create or replace table held as
        select r.number, r.source, r.record_key, n.cluster, first.number as tied, r.put, r.open,
          case when r.open then 0 else hash(r.label) end::ubigint as label,
          case when r.number in (select number from changed) then {about.layers} else h.layer end::usmallint as layer
        from (select r.*, {_TIED} from record r left join tied t using (id)) r
        join record first on first.id = r.tied
        join member m on m.id = r.id join numbered n using (component) left join holder h on h.number = r.number""")
    _copy(
        connection,
        """select number, cluster, tied, put, open, label, layer from holder anti join touched using (cluster)
        union all select number, cluster, tied, put, open, label, layer from held""",
        index / MEMBER,
    )
    went_on = About(
        about.made_with,
        files_of(person_parquets),
        about.whole,
        about.changed + _count(connection, "changed"),
        about.batches + 1,
    )
    (index / ABOUT).write_text(json.dumps(asdict(went_on)), encoding="utf-8")
    _copy(
        connection,
        f"""select source, record_key, cluster from read_parquet('{base.clusters}') anti join touched using (cluster)
        union all select source, record_key, cluster from held""",
        making / "clusters.parquet",
    )


def edges_elsewhere_sql(base: Base) -> str:
    """The edges of the last run that this one didn't ask again."""
    return f"""
        select * exclude (file_row_number) from read_parquet('{base.edges}', file_row_number = true) e
        anti join edge_before b on b.row = e.file_row_number"""


def _link(path: Path, to: Path) -> None:
    try:
        os.link(path, to)
    except OSError:
        shutil.copyfile(path, to)


def counted(connection: duckdb.DuckDBPyConnection, making: Path) -> tuple[Any, ...]:
    """Records, open records, clusters and the largest, over all that was written."""
    written = making / INDEX / MEMBER
    members = (
        f"read_parquet('{written}')"
        if written.exists()
        else "(select n.cluster, r.open from record r join member m using (id) join numbered n using (component))"
    )
    return tuple(
        connection.execute(
            f"""select coalesce(sum(n), 0)::bigint, coalesce(sum(open), 0)::bigint, count(*), coalesce(max(n), 0) from (
              select count(*) as n, count(*) filter (open) as open from {members} group by cluster)"""
        ).fetchall()[0]
    )
