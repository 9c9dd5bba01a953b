"""Adds a batch to what an earlier run resolved, so that a small delivery costs little among a million records.

A full run leaves `index/` beside its clusters: the key of every record, who is in which cluster, and the *frame*: what
was counted over all records (how common values are, the keys set aside, the prior, the sizes of groups). The next run
reads what changed, finds by key the records it may be compared with, scores only these pairs in the same frame, and
clusters again only the clusters that they belong to. Their edges are those of a full run in the same frame; so are
the clusters, but for records that say little and were put with nobody: these are asked again by a full run.

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
from fourfold.pipeline.resolution.settings import Growth, Settings

INDEX = "index"
MEMBER = "member.parquet"
ABOUT = "index.json"


@dataclass(frozen=True)
class About:
    """What an index was made of: `whole` counts the records of the last full run, `changed` those since, `batches` the
    runs since. `keys`: the files of keys, oldest first; a record's keys are those of the latest file that has it.
    """

    made_with: str
    files: Mapping[str, Mapping[str, str]]
    keys: Sequence[str]
    whole: int
    changed: int
    batches: int

    def goes_on(self, files: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether every file of the index is still there, as it was and in the same order, and no source is new."""
        return files.keys() == self.files.keys() and all(
            [each for each in files[source].items() if each[0] in told] == list(told.items())
            for source, told in self.files.items()
        )


def made_with(settings: Settings, model: Model) -> str:
    """One text for all that decides how records are compared: settings, model, and the code that reads records."""
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


def frame_tables(settings: Settings) -> list[str]:
    """The tables that hold what was counted over all records."""
    counted = sorted({part for parts in settings.made_of.values() for part in parts} | set(settings.frequency_columns))
    return [
        "counted",
        "set_aside",
        *(f"frequency_of_{column}" for column in settings.frequency_columns),
        *(("kind_bits", "owned", *(f"people_of_{column}" for column in counted)) if settings.groups else ()),
    ]


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
    for table in frame_tables(settings):
        _copy(connection, f"from {table}", index / f"{table}.parquet")
    _copy(connection, "select key, id from key", index / "keys-0.parquet")
    _copy(
        connection,
        """select r.id, r.source, r.record_key, n.cluster, r.open,
          case when r.open then 0 else hash(r.label) end::ubigint as label, 0::smallint as layer
        from record r join member m using (id) join numbered n using (component)""",
        index / MEMBER,
    )
    total = connection.execute("select count(*) from record").fetchall()[0][0]
    about = About(made_with(settings, model), files_of(person_parquets), ["keys-0.parquet"], total, 0, 0)
    (index / ABOUT).write_text(json.dumps(asdict(about)), encoding="utf-8")


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"copy ({query}) to $path (format parquet)", {"path": str(path)})


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
    needed = [MEMBER, *about.keys, *(f"{table}.parquet" for table in frame_tables(settings))]
    if not all((said.parent / name).exists() for name in needed):
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
    """Make `record`, `key`, `pair` and the frame for the changed records and all they touch; False: a full run is due.

    Makes also `holder` (every record of the index: its number there, cluster, layer of keys), `changed` (source,
    record_key) and `touched` (cluster).
    """
    about, index, growth = base.about, base.index, settings.growth
    if growth is None:
        return False
    load_frame(connection, base.clusters, settings)
    connection.execute(f"create or replace table holder as from read_parquet('{index / MEMBER}')")
    _find_changed(connection, about, person_parquets)
    changes = connection.execute("select count(*) from changed").fetchall()[0][0]
    connection.execute("create or replace table new_or_other as from changed")
    if changes + about.changed > growth.most_growth * about.whole:
        return False
    for again in (False, True):
        if again and not _ask_again(connection, base, settings):
            break
        records.load_records(connection, person_parquets, only="changed")
        if _has_strangers(connection, settings):
            return False
        blocking.make_keys(connection, settings)
        blocking.drop_keys_set_aside(connection)
        if not _meet(connection, index, about, settings, growth):
            return False
    _find_touched(connection, [path for path in (judgements, base.judgements) if path is not None])
    connection.execute("""
        create or replace table wanted as
        select source, record_key from holder semi join touched using (cluster)
        union select source, record_key from changed""")
    connection.execute("""
        create or replace table changed_key as
        select r.source, r.record_key, k.rule, k.key, k.label from key k join record r using (id)""")
    records.load_records(connection, person_parquets, only="wanted")
    connection.execute("""
        create or replace table asked as select id from record semi join changed using (source, record_key)""")
    connection.execute("""
        create or replace table key as
        select c.rule, c.key, r.id, r.open, c.label from changed_key c join record r using (source, record_key)""")
    connection.execute("""
        create or replace table pair as
        select distinct least(l.id, r.id) as id_l, greatest(l.id, r.id) as id_r from (
          select m.source, m.record_key, h.source as other_source, h.record_key as other_key from met m
          join holder h on h.id = m.other) p
        join record l on l.source = p.source and l.record_key = p.record_key
        join record r on r.source = p.other_source and r.record_key = p.other_key
        union select l.id, r.id from key l join key r using (key)
        where l.id < r.id and (l.label = 0 or r.label = 0 or l.label = r.label)""")
    return True


def load_frame(connection: duckdb.DuckDBPyConnection, clusters: Path, settings: Settings) -> None:
    """Load what the full run behind `clusters` counted."""
    for table in frame_tables(settings):
        path = clusters.parent / INDEX / f"{table}.parquet"
        connection.execute(f"create or replace table {table} as from read_parquet('{path}')")


def _find_changed(
    connection: duckdb.DuckDBPyConnection, about: About, person_parquets: Mapping[str, Sequence[Path]]
) -> None:
    """Every record that a new file speaks of: of itself, of what it keeps or where it was, of what it was merged into,
    or of a thing that it keeps."""
    connection.execute("create or replace table changed (source varchar, record_key varchar)")
    connection.execute("create or replace temp table spoken_of (source varchar, record_key varchar)")
    for source, paths in person_parquets.items():
        told = set(about.files.get(source, ()))
        links = [str(p.with_name("link.parquet")) for p in paths if p.with_name("link.parquet").exists()]
        for path in (path for path in paths if str(path) not in told):
            _say(connection, source, "select record_key", [path])
            _say(connection, source, "select unnest([loser_key, survivor_key])", [path.with_name("merge.parquet")])
            _say(connection, source, "select left_key", [path.with_name("link.parquet")], "where left_kind = 'PERSON'")
            things = path.with_name("object.parquet")
            if things.exists() and links:
                connection.execute(
                    "insert into spoken_of select ?, left_key from read_parquet(?) where left_kind = 'PERSON'"
                    " and right_kind = 'OBJECT' and right_key in (select record_key from read_parquet(?))",
                    [source, links, str(things)],
                )
    connection.execute("create or replace temp table there as select source, record_key from holder")
    for source, names in files_of(person_parquets).items():
        for name in names:
            if name not in about.files.get(source, ()):
                connection.execute("insert into there select ?, record_key from read_parquet(?)", [source, name])
    connection.execute(
        "insert into changed select distinct * from spoken_of semi join there using (source, record_key)"
    )


def _say(
    connection: duckdb.DuckDBPyConnection, source: str, select: str, paths: Sequence[Path], where: str = ""
) -> None:
    for path in paths:
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


def _meet(connection: duckdb.DuckDBPyConnection, index: Path, about: About, settings: Settings, growth: Growth) -> bool:
    """Make `met` (source, record_key of a changed record; other: the number of one that shares a key); False where a
    key outgrew its limit.
    """
    layers = " union all ".join(
        f"select key, id, {layer}::smallint as layer from read_parquet('{index / name}')"
        for layer, name in enumerate(about.keys)
    )
    connection.execute(f"""
        create or replace table shared as
        select k.key, h.id, h.label from ({layers}) k semi join key using (key)
        join holder h on h.id = k.id and h.layer = k.layer anti join changed c
          on c.source = h.source and c.record_key = h.record_key""")
    largest = connection.execute("""
        select coalesce(max(n), 0) from (
          select count(*) as n from (
            select key, label from shared union all select key, label from key) group by key, label)""").fetchall()
    if largest[0][0] > growth.outgrown * settings.largest_block:
        return False
    connection.execute("""
        create or replace table met as
        select distinct r.source, r.record_key, s.id as other
        from key k join shared s using (key) join record r on r.id = k.id
        where k.label = 0 or s.label = 0 or k.label = s.label""")
    return True


def _ask_again(connection: duckdb.DuckDBPyConnection, base: Base, settings: Settings) -> bool:
    """Add to `changed` the small groups that were put with others and that a changed record met: it may be the one who
    is meant. Whether there are any.
    """
    connection.execute(
        """create or replace temp table again as
        with small as (
          select unnest([left_source, right_source]) as source, unnest([left_key, right_key]) as record_key,
            unnest([fits = 'LEFT', fits = 'RIGHT']) as is_small
          from read_parquet($edges) where fits <> '')
        select distinct h.source, h.record_key from small join holder h using (source, record_key)
        where is_small and h.id in (select other from met)""",
        {"edges": str(base.edges)},
    )
    connection.execute(
        """create or replace temp table linked as
        with inside as (
          select source, record_key from holder
          where cluster in (select cluster from holder semi join again using (source, record_key)))
        select e.left_source, e.left_key, e.right_source, e.right_key from read_parquet($edges) e
        semi join inside i on i.source = e.left_source and i.record_key = e.left_key
        where e.band in ('LINKED', 'TOMBSTONE') and e.fits = '' and e.match_weight >= $link""",
        {"edges": str(base.edges), "link": settings.link_weight},
    )
    count, before = connection.execute("select count(*) from again").fetchall()[0][0], -1
    while count > before:
        connection.execute("""
            insert into again
            with met_by_link as (
              select right_source as source, right_key as record_key from linked l
              semi join again a on a.source = l.left_source and a.record_key = l.left_key
              union select left_source, left_key from linked l
              semi join again a on a.source = l.right_source and a.record_key = l.right_key)
            from met_by_link anti join again using (source, record_key)""")
        before, count = count, connection.execute("select count(*) from again").fetchall()[0][0]
    connection.execute("insert into changed from again anti join changed using (source, record_key)")
    return bool(count)


def _find_touched(connection: duckdb.DuckDBPyConnection, judgements: Sequence[Path]) -> None:
    """Clusters of changed records, of records they met, and of records that people judged, now or at the last run."""
    connection.execute("""
        create or replace table touched as
        select cluster from holder semi join changed using (source, record_key)
        union select cluster from holder where id in (select other from met)""")
    for path in judgements:
        connection.execute(
            """insert into touched
            with ends as (
              select left_source as source, left_key as record_key from read_parquet($path)
              union select right_source, right_key from read_parquet($path)),
            every as (from ends union select m.source, m.survivor from merged m join ends e
              on e.source = m.source and e.record_key = m.loser)
            select distinct cluster from holder semi join every using (source, record_key)""",
            {"path": str(path)},
        )
    connection.execute("create or replace table touched as select distinct cluster from touched")


# What stood --------------------------------------------------------------------------------------------------------


def bring_edges(connection: duckdb.DuckDBPyConnection, base: Base) -> None:
    """Add to `edge` what was known of pairs that nothing changed; make `standing`, the small groups that were put with
    others by what fits.
    """
    connection.execute(
        """create or replace table stood as
        select least(l.id, r.id) as id_l, greatest(l.id, r.id) as id_r,
          e.match_weight, e.probability, e.waterfall, e.scored, e.fits
        from read_parquet($edges) e
        join record l on l.source = e.left_source and l.record_key = e.left_key
        join record r on r.source = e.right_source and r.record_key = e.right_key
        where l.id not in (from asked) and r.id not in (from asked)""",
        {"edges": str(base.edges)},
    )
    connection.execute("""
        insert into edge
        select id_l, id_r, match_weight, probability, waterfall from stood where scored and fits = ''""")
    connection.execute("""
        create or replace table standing as
        select id_l, id_r, match_weight, probability, waterfall, case fits when 'LEFT' then id_l else id_r end as small
        from stood where fits <> ''""")


def keep_what_stood(connection: duckdb.DuckDBPyConnection) -> None:
    """Narrow `offer` to groups that are all new, and offer again what was put with others and where it was."""
    connection.execute("""
        create or replace temp table now_in as
        select r.id, coalesce(g.component, r.id) as component from record r left join open_group g using (id)""")
    connection.execute("""
        delete from offer where component in (select component from now_in where id not in (from asked))""")
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
    layer = f"keys-{len(about.keys)}.parquet"
    connection.execute("""
        create or replace table held as
        select coalesce(h.id, (select max(id) from holder) + row_number() over (
            partition by h.id is null order by r.source, r.record_key)) as number,
          r.id, r.source, r.record_key, n.cluster, r.open,
          case when r.open then 0 else hash(r.label) end::ubigint as label, h.layer
        from record r join member m using (id) join numbered n using (component)
        left join holder h using (source, record_key)""")
    _copy(connection, "select k.key, h.number as id from key k join held h using (id)", index / layer)
    _copy(
        connection,
        f"""select * from holder anti join held using (source, record_key)
        union all select number, source, record_key, cluster, open, label,
          case when id in (from asked) then {len(about.keys)} else layer end::smallint from held""",
        index / MEMBER,
    )
    changes = connection.execute("select count(*) from new_or_other").fetchall()[0][0]
    went_on = About(
        about.made_with,
        files_of(person_parquets),
        [*about.keys, layer],
        about.whole,
        about.changed + changes,
        about.batches + 1,
    )
    (index / ABOUT).write_text(json.dumps(asdict(went_on)), encoding="utf-8")
    connection.execute(
        f"copy (select source, record_key, cluster from read_parquet('{index / MEMBER}')) to $path (format parquet)",
        {"path": str(making / "clusters.parquet")},
    )


def edges_elsewhere_sql(base: Base) -> str:
    """The edges of the last run that this one didn't ask again."""
    return f"""
        select e.* from read_parquet('{base.edges}') e
        left join record l on l.source = e.left_source and l.record_key = e.left_key
        left join record r on r.source = e.right_source and r.record_key = e.right_key
        where (l.id is null or r.id is null)
          and coalesce(l.id not in (from asked), true) and coalesce(r.id not in (from asked), true)"""


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
