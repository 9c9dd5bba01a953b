"""From edges to clusters: who is put together, which number each cluster keeps, what is left for a person to decide.

Open records (those the whole region may read) cluster first, by connected components of the edges at or above the
threshold and of the mergers that sources made themselves. A restricted record then joins the one open cluster it
fits best, as a leaf: it never joins two clusters, and never changes a cluster, a number or a weight of open
records. Restricted records that fit no open cluster may join others under exactly the same restriction.
"""

from __future__ import annotations

import duckdb
from splink.backends.duckdb import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

from fourfold.pipeline.resolution.settings import Settings


def cluster(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the table `member` (id, component); `component` is the cluster's lowest record number, open records first.

    Reads: `record`, `edge`, `tombstone`.
    """
    connection.execute(
        """create or replace table tie as
        select id_l, id_r, match_weight, false as by_source from edge where match_weight >= ?
        union all select id_l, id_r, null, true from tombstone""",
        [settings.link_weight],
    )
    connection.execute("""
        create or replace table leaf as
        select restricted, anchor from (
          select case when l.open then t.id_r else t.id_l end as restricted,
            case when l.open then t.id_l else t.id_r end as anchor, t.by_source, t.match_weight
          from tie t join record l on l.id = t.id_l join record r on r.id = t.id_r where l.open <> r.open)
        qualify row_number() over (partition by restricted order by by_source desc, match_weight desc, anchor) = 1""")
    connection.execute("""
        create or replace table joined as
        select distinct t.id_l, t.id_r from tie t join record l on l.id = t.id_l join record r on r.id = t.id_r
        where (l.open and r.open)
          or (not l.open and not r.open and l.label = r.label
              and t.id_l not in (select restricted from leaf) and t.id_r not in (select restricted from leaf))
        union select anchor, restricted from leaf""")
    database = DuckDBAPI(connection=connection)
    found = cluster_pairwise_predictions_at_threshold(
        database.register(connection.sql("select id from record")),
        database.register(connection.table("joined")),
        database,
        node_id_column_name="id",
        edge_id_column_name_left="id_l",
        edge_id_column_name_right="id_r",
    )
    connection.execute(f"""
        create or replace table member as
        select c.id, first_value(c.id) over (partition by c.cluster_id order by r.open desc, c.id) as component
        from {found.physical_name} c join record r using (id)""")


def number(connection: duckdb.DuckDBPyConnection, *, next_cluster: int) -> int:
    """Make the table `numbered` (component, cluster) and return the next free number.

    A cluster keeps the number that most of its records had before (table `before`: source, record_key, cluster);
    each number is kept once, by the larger share. Only open records are counted in a cluster that has any. What is
    left is numbered from `next_cluster`, in the order of its first record, open clusters first.
    """
    connection.execute("""
        create or replace temp table shared as
        with was as (
          select r.id, b.cluster from before b join record r using (source, record_key)
          union all
          select r.id, b.cluster from before b
          join merged m on m.source = b.source and m.loser = b.record_key
          join record r on r.source = m.source and r.record_key = m.survivor
          where not exists (from record gone where gone.source = b.source and gone.record_key = b.record_key))
        select m.component, was.cluster, first.open, count(*) as n
        from was join member m using (id) join record r using (id) join record first on first.id = m.component
        where r.open or not first.open group by all""")
    kept: dict[int, int] = {}
    taken: set[int] = set()
    ranked = connection.execute(
        "select component, cluster from shared order by open desc, n desc, cluster, component"
    ).fetchall()
    for component, old in ranked:
        if component not in kept and old not in taken:
            kept[component] = old
            taken.add(old)
    connection.execute("create or replace table kept (component bigint, cluster bigint)")
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


def band_edges(connection: duckdb.DuckDBPyConnection, settings: Settings, *, probability: float) -> None:
    """Make the table `banded`: every kept edge and every merger of a source, with what became of it.

    TOMBSTONE: the source merged the two itself. LINKED: at or above the threshold, in one cluster. WITHIN: below
    it, but in one cluster through other records. PROPOSED: in two clusters, for a person to decide. `probability`
    is that of the threshold, which stands for a merger of the source that was not scored.
    """
    connection.execute(
        """create or replace table banded as
        select id_l, id_r, coalesce(e.match_weight, ?) as match_weight, coalesce(e.probability, ?) as probability,
          coalesce(e.waterfall, to_json([{'comparison': 'tombstone', 'level': 'merged', 'weight': ?::double,
            'tf_weight': 0.0::double}])::varchar) as waterfall,
          case when t.id_l is not null and l.component = r.component then 'TOMBSTONE'
               when l.component <> r.component then 'PROPOSED'
               when e.match_weight >= ? then 'LINKED' else 'WITHIN' end as band
        from edge e full join tombstone t using (id_l, id_r)
        join member l on l.id = id_l join member r on r.id = id_r""",
        [settings.link_weight, probability, settings.link_weight, settings.link_weight],
    )
