"""From edges to clusters: who is put together, which number each cluster keeps, what is left for a person to decide.

Open records (those the whole region may read) cluster first, by connected components of the edges at or above the
threshold, of the mergers that sources made themselves and of what people judged to be one person; where a component
holds two records judged to be different, it is joined again without its weakest ties. A restricted record then joins
the one open cluster it fits best, as a leaf: it never joins two clusters, and never changes a cluster, a number or a
weight of open records. Restricted records that fit no open cluster may join others under exactly the same restriction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

import duckdb
from splink.backends.duckdb import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

from fourfold.pipeline.resolution import attaching, growing
from fourfold.pipeline.resolution.judgements import Joining
from fourfold.pipeline.resolution.model import Model
from fourfold.pipeline.resolution.scoring import SCORED, Scored
from fourfold.pipeline.resolution.settings import Settings

type Pair = tuple[int, int]

FEW_TIES = 100_000
"""As many ties are followed here: Splink's steps are for more."""

BY_JUDGEMENT, BY_SOURCE, BY_WEIGHT, BY_GROUP = range(4)
"""What holds a tie, the strongest first."""


def cluster(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    model: Model,
    scored: Scored,
    *,
    framed: bool = False,
    added: bool = False,
) -> None:
    """Make the table `member` (id, component); `component` is the cluster's lowest record number, open records first.

    Reads: `record`, `edge`, `tombstone`, `judged` and the scored pairs. The pairs by which small groups were put with
    others are added to `edge`. `framed`: in what a full run counted; `added`: among what a batch
    touches, see `growing`. `tied` (id, component) is left as open records were before any was put with others.
    """
    connection.execute(
        """create or replace table tie as
        select id_l, id_r, rank, match_weight, l.open as open_l, r.open as open_r from (
          select id_l, id_r, min(rank) as rank, max(match_weight) as match_weight from (
            select id_l, id_r, $by_weight as rank, match_weight from edge where match_weight >= $link
            union all select id_l, id_r, $by_source, null from tombstone
            union all select id_l, id_r, $by_judgement, null from judged where same)
          anti join (select id_l, id_r from judged where not same) using (id_l, id_r) group by all)
        join record l on l.id = id_l join record r on r.id = id_r""",
        {
            "link": settings.link_weight,
            "by_judgement": BY_JUDGEMENT,
            "by_source": BY_SOURCE,
            "by_weight": BY_WEIGHT,
        },
    )
    apart = connection.execute("select id_l, id_r from judged where not same order by all").fetchall()
    _cluster_open(connection)
    _cut_where_judged_different(connection, apart)
    connection.execute("create or replace table tied as from open_group")
    connection.execute("create or replace table fitting (component bigint, id_l bigint, id_r bigint, small bigint)")
    if settings.groups is not None:
        attaching.attach(connection, settings, model, settings.groups, framed=framed, added=added)
        if added:
            growing.keep_what_stood(connection)
        _take_offers(connection, scored, apart)
    _place_restricted(connection, apart)
    connection.execute("""
        create or replace table member as
        select id, coalesce(p.component, g.component, r.id) as component
        from record r left join open_group g using (id) left join placed p using (id)""")


def _cluster_open(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `open_group` (id, component): open records, connected by their ties."""
    between = "select id_l, id_r from tie where open_l and open_r"
    ties = connection.execute(f"{between} limit {FEW_TIES + 1}").fetchall()
    if len(ties) <= FEW_TIES:
        joining = Joining(())
        for one, other in ties:
            joining.join(one, other)
        _write_groups(connection, "connected", {record: joining.group(record) for pair in ties for record in pair})
    else:
        _connect_many(connection, between)
    connection.execute("""
        create or replace table open_group as
        select id, coalesce(connected.component, id) as component from record left join connected using (id)
        where open""")


def _connect_many(connection: duckdb.DuckDBPyConnection, between: str) -> None:
    """Make `connected` (id, component) for the records of the ties."""
    database = DuckDBAPI(connection=connection)
    found = cluster_pairwise_predictions_at_threshold(
        database.register(connection.sql(f"select id_l as id from ({between}) union select id_r from ({between})")),
        database.register(connection.sql(between)),
        database,
        node_id_column_name="id",
        edge_id_column_name_left="id_l",
        edge_id_column_name_right="id_r",
    )
    connection.execute(f"""
        create or replace table connected as
        select id, min(id) over (partition by cluster_id) as component from {found.physical_name}""")


def _cut_where_judged_different(connection: duckdb.DuckDBPyConnection, apart: Sequence[tuple[int, int]]) -> None:
    """A component that holds a DIFFERENT pair is joined again, strongest ties first, and never across such a pair."""
    if not apart:
        return
    connection.execute("""
        create or replace temp table torn as
        select distinct l.component from judged j join open_group l on l.id = j.id_l join open_group r on r.id = j.id_r
        where not j.same and l.component = r.component""")
    joining = Joining(apart)
    for one, other in connection.execute("""
        select t.id_l, t.id_r from tie t join open_group g on g.id = t.id_l semi join torn using (component)
        where t.open_l and t.open_r order by t.rank, t.match_weight desc, t.id_l, t.id_r""").fetchall():
        joining.join(one, other)
    found = [
        row[0]
        for row in connection.execute("from (select id from open_group semi join torn using (component))").fetchall()
    ]
    _write_groups(connection, "cut", {record: joining.group(record) for record in found})
    connection.execute("update open_group set component = cut.component from cut where cut.id = open_group.id")


def _take_offers(connection: duckdb.DuckDBPyConnection, scored: Scored, apart: Sequence[Pair]) -> None:
    """Put small groups with the groups they fit, the surest first; a group that others were put with stays where it is.

    What fits a restricted record becomes a tie, by which it is placed as a leaf.
    """
    if not connection.execute("from offer limit 1").fetchall():
        return
    connection.execute(
        """insert into tie
        select o.id_l, o.id_r, ?, o.sureness, l.open, r.open from offer o
        join record l on l.id = o.id_l join record r on r.id = o.id_r
        anti join tie on tie.id_l = o.id_l and tie.id_r = o.id_r where l.open <> r.open""",
        [BY_GROUP],
    )
    offers = connection.execute("""
        select o.component, o.target from offer o join record r on r.id = o.component
        where r.open order by coalesce(o.alone, false), o.sureness desc, o.component""").fetchall()
    group = dict(
        connection.execute("""
            select g.id, g.component from open_group g
            where g.id in (select unnest([id_l, id_r]) from judged where not same)""").fetchall()
    )
    joining = Joining((group[one], group[other]) for one, other in apart if one in group and other in group)
    gone: dict[int, int] = {}
    stays: set[int] = set()
    for component, target in offers:
        if component not in stays and target not in gone and joining.join(component, target):
            gone[component] = target
            stays.add(target)
    _write_groups(connection, "gone", gone)
    connection.execute("""
        create or replace table open_group as
        select id, min(id) over (partition by together) as component
        from (select g.id, coalesce(gone.component, g.component) as together
          from open_group g left join gone on gone.id = g.component)""")
    _keep_reasons(connection, scored)


def _keep_reasons(connection: duckdb.DuckDBPyConnection, scored: Scored) -> None:
    """The best pair of each offer that was taken is an edge that joins, with what the rest of the group added."""
    connection.execute("""
        create or replace table fitting as
        select o.* from offer o join record r on r.id = o.component where not r.open
        union all select o.* from offer o join gone on gone.id = o.component""")
    # A table of its own: in one statement DuckDB writes the steps of every pair before it joins.
    connection.execute(f"create or replace temp table best as from {SCORED} semi join fitting using (id_l, id_r)")
    connection.execute(
        f"""create or replace temp table reason as
        select e.id_l, e.id_r, f.sureness as match_weight, 1 / (1 + pow(2, -f.sureness)) as probability,
          left(e.waterfall, -1) || ',' || to_json({{'comparison': 'group', 'level': 'fits',
            'weight': f.sureness - e.match_weight, 'tf_weight': 0.0::double}})::varchar || ']' as waterfall
        from ({scored.edges_sql("best")}) e join fitting f using (id_l, id_r)"""
    )
    connection.execute("delete from edge where (id_l, id_r) in (select (id_l, id_r) from reason)")
    connection.execute("insert into edge from reason")


def _place_restricted(connection: duckdb.DuckDBPyConnection, apart: Sequence[Pair]) -> None:
    """Make `placed` (id, component) for restricted records that join others: each where it fits best, and as a leaf.

    A judgement about a restricted record places that record and nothing else. One that fits no open cluster may be
    placed by a judgement beside another restricted record, even of another restriction: whoever judged may read both.
    """
    leaves = connection.execute("""
        select case when open_l then id_r else id_l end as restricted,
          case when open_l then id_l else id_r end as anchor
        from tie where open_l <> open_r order by rank, match_weight desc, anchor, restricted""").fetchall()
    among = connection.execute("""
        select id_l, id_r, rank from tie where not open_l and not open_r
        order by rank, match_weight desc, id_l, id_r""").fetchall()
    if not leaves and not among:
        _write_groups(connection, "placed", {})
        return
    judged = [(one, other) for one, other, rank in among if rank == BY_JUDGEMENT]
    placed = _leaves_of_open(_open_groups(connection, leaves, apart), leaves, judged, apart)
    labels = dict(connection.execute("select id, label from record where not open").fetchall())
    ties = [(one, other) for one, other, _ in among if one not in placed and other not in placed]
    _write_groups(connection, "placed", placed | _among_restricted(ties, labels, apart))


def _open_groups(
    connection: duckdb.DuckDBPyConnection, leaves: Sequence[Pair], apart: Sequence[Pair]
) -> dict[int, int]:
    """The group of each open record that a restricted record may join or was judged to be different from."""
    wanted = sorted({anchor for _, anchor in leaves} | {record for pair in apart for record in pair})
    return dict(
        connection.execute(
            "select id, component from open_group semi join (select unnest(?::bigint[]) as id) using (id)", [wanted]
        ).fetchall()
    )


def _leaves_of_open(
    open_group: Mapping[int, int], leaves: Sequence[Pair], judged: Sequence[Pair], apart: Sequence[Pair]
) -> dict[int, int]:
    """The open group that each restricted record joins, strongest first; then those judged to be one of these."""
    barred: dict[int, set[int]] = defaultdict(set)
    for one, other in apart:
        barred[one].add(other)
        barred[other].add(one)
    inside: dict[int, set[int]] = defaultdict(set)
    for record, component in open_group.items():
        inside[component].add(record)
    placed: dict[int, int] = {}
    beside = ((record, other) for pair in judged for record, other in (pair, pair[::-1]))
    for record, component in chain(
        ((restricted, open_group[anchor]) for restricted, anchor in leaves),
        ((record, placed[other]) for record, other in beside if other in placed),
    ):
        if record not in placed and not barred[record] & inside[component]:
            placed[record] = component
            inside[component].add(record)
    return placed


def _among_restricted(ties: Sequence[Pair], labels: Mapping[int, str], apart: Sequence[Pair]) -> dict[int, int]:
    """Groups of restricted records that fit no open cluster, each of one restriction.

    A record that is alone may be judged to be one with a record of another restriction: it is put beside it, where no
    other record of its own restriction is. So nobody's records come together by one that they may not read.
    """
    joining = Joining(apart)
    records = sorted({record for pair in ties for record in pair})
    for one, other in ties:
        if labels[one] == labels[other]:
            joining.join(one, other)
    inside: dict[int, set[int]] = defaultdict(set)
    for record in records:
        inside[joining.group(record)].add(record)
    alone = {record for record in records if len(inside[joining.group(record)]) == 1}
    for one, other in ties:
        for record, beside in ((other, one), (one, other)):
            group = inside[joining.group(beside)]
            strange = labels[record] not in {labels[each] for each in group}
            if record in alone and strange and joining.join(record, beside):
                inside[joining.group(beside)] = group | {record}
                alone -= {record, beside}
                break
    return {record: joining.group(record) for record in records}


def _write_groups(connection: duckdb.DuckDBPyConnection, table: str, groups: Mapping[int, int]) -> None:
    connection.execute(f"create or replace table {table} (id bigint, component bigint)")
    if groups:
        connection.execute(
            f"insert into {table} select unnest(?::bigint[]), unnest(?::bigint[])",
            [list(groups), list(groups.values())],
        )


def number(connection: duckdb.DuckDBPyConnection, *, next_cluster: int) -> int:
    """Make the table `numbered` (component, cluster) and return the next free number.

    A cluster keeps the number that most of its records had before (table `before`: source, record_key, cluster);
    each number is kept once, by the larger share. Only open records are counted in a cluster that has any. What is
    left is numbered from `next_cluster`, in the order of its first record, open clusters first.
    """
    connection.execute("""
        create or replace temp table was as
        select b.source, b.record_key, b.cluster, r.id from before b join record r using (source, record_key)
        union all
        select b.source, b.record_key, b.cluster, r.id from before b
        join merged m on m.source = b.source and m.loser = b.record_key
        join record r on r.source = m.source and r.record_key = m.survivor
        where not exists (from record gone where gone.source = b.source and gone.record_key = b.record_key)""")
    connection.execute("""
        create or replace temp table shared as
        select m.component, was.cluster, first.open, count(*) as n
        from was join member m using (id) join record r using (id) join record first on first.id = m.component
        where r.open or not first.open group by all""")
    connection.execute("""
        create or replace temp table shared as
        select *, count(*) over (partition by component) = 1 and count(*) over (partition by cluster) = 1 as alone
        from shared""")
    kept: dict[int, int] = {}
    taken: set[int] = set()
    ranked = connection.execute(
        "select component, cluster from shared where not alone order by open desc, n desc, cluster, component"
    ).fetchall()
    for component, old in ranked:
        if component not in kept and old not in taken:
            kept[component] = old
            taken.add(old)
    connection.execute("create or replace table kept as select component, cluster from shared where alone")
    connection.execute(
        "insert into kept select unnest(?::bigint[]), unnest(?::bigint[])", [list(kept), list(kept.values())]
    )
    connection.execute(
        """create or replace table numbered as
        with component as (select distinct m.component, r.open from member m join record r on r.id = m.component)
        select component, cluster from kept
        union all
        select component, ? - 1 + row_number() over (order by open desc, component)
        from component anti join kept using (component)""",
        [next_cluster],
    )
    fresh = connection.execute("select count(*) from numbered anti join kept using (component)").fetchall()[0][0]
    return next_cluster + int(fresh)


def changes(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `change`: what became of cluster numbers since the last run (event, was, became, records, open).

    NEW: a number nobody had. MERGE: all records of the number `was` are in clusters that kept another number, and
    here is where. SPLIT: some of them left the number, which others kept. GONE: no record of it is there any more.
    `records` counts the records that went that way, `open` those of them that everybody in the region may read: a
    change with none of these must not be told to anybody who may not read the others.
    """
    connection.execute("""
        create or replace table change as
        with way as (
          select was.cluster as was, n.cluster as became, count(*) as records, count(*) filter (r.open) as open
          from was join member m using (id) join numbered n using (component) join record r using (id) group by all),
        size as (
          select n.cluster, count(*) as records, count(*) filter (r.open) as open
          from numbered n join member m using (component) join record r using (id) group by n.cluster)
        select case when exists (from size s where s.cluster = way.was) then 'SPLIT' else 'MERGE' end as event,
          was, became, records, open from way where was <> became
        union all
        select 'NEW', null, cluster, records, open from size
        where cluster not in (select cluster from before)
        union all
        select 'GONE', cluster, null, count(*), 0 from before
        where cluster not in (select was from way) group by cluster""")


def band_edges(connection: duckdb.DuckDBPyConnection, settings: Settings, *, probability: float) -> None:
    """Make the table `banded`: every kept edge and every merger of a source, with what became of it.

    `scored`: not only merged by the source; `fits`: the side that is of a small group put with the other's.
    TOMBSTONE: the source merged the two itself. LINKED: at or above the threshold, or by the group that one of them
    fits, in one cluster. WITHIN: below it, but in one cluster through other records. APART: would join two open
    records, were it not for what a person judged. PROPOSED: in two clusters, for a person to decide. `probability` is
    that of the threshold, which stands for a merger of the source that was not scored.
    """
    connection.execute(
        """create or replace table banded as
        select id_l, id_r, e.id_l is not null as scored,
          case f.small when id_l then 'LEFT' when id_r then 'RIGHT' else '' end as fits,
          coalesce(e.match_weight, $link) as match_weight,
          coalesce(e.probability, $probability) as probability,
          coalesce(e.waterfall, to_json([{'comparison': 'tombstone', 'level': 'merged', 'weight': $link::double,
            'tf_weight': 0.0::double}])::varchar) as waterfall,
          case when t.id_l is not null and m.component = n.component then 'TOMBSTONE'
               when m.component = n.component and (e.match_weight >= $link or f.component is not null) then 'LINKED'
               when m.component = n.component then 'WITHIN'
               when l.open and r.open and (e.match_weight >= $link or t.id_l is not null) then 'APART'
               else 'PROPOSED' end as band
        from edge e full join tombstone t using (id_l, id_r) left join fitting f using (id_l, id_r)
        join member m on m.id = id_l join member n on n.id = id_r
        join record l on l.id = id_l join record r on r.id = id_r""",
        {"link": settings.link_weight, "probability": probability},
    )
