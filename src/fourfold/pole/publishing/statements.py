"""The set-based statements that make records of staged rows. Each works on a whole batch; none knows a single row."""

from datetime import datetime

from django.db.backends.utils import CursorWrapper

from fourfold.pole.publishing.staging import COMMON, EVENT, LINK, LOCATION, OBJECT, PERSON, Column, Shape

STOCK_TAKEN_FROM = 2_000
"""Rows added or changed in one table from which its statistics are taken before the next statement is planned."""

ENDS = {
    "PERSON": "pole_personrecord",
    "OBJECT": "pole_objectrecord",
    "LOCATION": "pole_locationrecord",
    "EVENT": "pole_eventrecord",
}
"""What a link may join, and the table that holds it."""


def take_stock(cursor: CursorWrapper, table: str, changed: int) -> None:
    """Take a table's statistics anew where a batch changed much of it.

    Batches follow each other faster than autovacuum looks; without this the next statement is planned for an empty
    table, and walks one of a hundred thousand rows once for each row of another.
    """
    if changed >= STOCK_TAKEN_FROM:
        cursor.execute("select pole_take_stock(%s)", [table])


def note_known(cursor: CursorWrapper, shape: Shape, source: str) -> tuple[int, int]:
    """Make `known_<name>` (key, id, same): which staged rows we hold already. Returns (changed, unchanged)."""
    cursor.execute(f"drop table if exists pg_temp.known_{shape.name}")
    cursor.execute(
        f"create temp table known_{shape.name} on commit drop as "
        f"select s.source_key, r.id, r.content = s.content and r.label_id = {_label(shape)}{_same_ends(shape)} as same "
        f"from pg_temp.{shape.stage} s{_joins(shape)} "
        f"join {shape.table} r on r.source = %s and r.source_key = s.source_key",
        [source],
    )
    cursor.execute(f"analyze known_{shape.name}")
    cursor.execute(
        f"select count(*) filter (where not same), count(*) filter (where same) from pg_temp.known_{shape.name}"
    )
    changed, unchanged = cursor.fetchone() or (0, 0)
    return int(changed), int(unchanged)


def insert_new(cursor: CursorWrapper, shape: Shape, source: str, batch_id: int) -> int:
    columns = _columns(shape)
    names = ["source", "batch_id", *(c.name for c in columns)]
    values = ["%s", "%s", *(_value(shape, c) for c in columns)]
    if number := _number(shape):
        names.append(number)
        values.append(f"chosen.{number}")
    cursor.execute(
        f"insert into {shape.table} ({', '.join(names)}) select {', '.join(values)} "
        f"from pg_temp.{shape.stage} s{_joins(shape)}{_chosen(shape)} "
        f"where not exists (select from pg_temp.known_{shape.name} k where k.source_key = s.source_key)",
        [source, batch_id],
    )
    return int(cursor.rowcount)


def update_changed(cursor: CursorWrapper, shape: Shape, batch_id: int) -> None:
    columns = _columns(shape)
    sets = ["batch_id = %s", *(f"{c.name} = {_value(shape, c)}" for c in columns if c.name != "source_key")]
    if number := _number(shape):
        sets.append(f"{number} = coalesce(chosen.{number}, r.{number})")
    cursor.execute(
        f"update {shape.table} r set {', '.join(sets)} from pg_temp.known_{shape.name} k "
        f"join pg_temp.{shape.stage} s on s.source_key = k.source_key{_joins(shape)}{_chosen(shape)} "
        "where r.id = k.id and not k.same",
        [batch_id],
    )


def _columns(shape: Shape) -> tuple[Column, ...]:
    return (*COMMON, *shape.facts)


def _value(shape: Shape, column: Column) -> str:
    return _label(shape) if column.name == "label_id" else column.insert or f"s.{column.name}"


def _label(shape: Shape) -> str:
    """A link's label is the narrowest of its own and its ends'; any other record's is its own."""
    return "ended.label_id" if shape is LINK else "s.label_id"


def _joins(shape: Shape) -> str:
    """The records that a staged row points at. A link without both ends is left out."""
    if shape is EVENT:
        return " left join pg_temp.places place on place.source_key = nullif(s.location_key, '')"
    return " join pg_temp.ended on ended.source_key = s.source_key" if shape is LINK else ""


def _number(shape: Shape) -> str:
    """The column with the number of what a record is of."""
    return {PERSON.name: "person_id", OBJECT.name: "thing_id", LOCATION.name: "thing_id"}.get(shape.name, "")


def _chosen(shape: Shape) -> str:
    """Which person or thing a staged record is of."""
    if not _number(shape):
        return ""
    table = "chosen" if shape is PERSON else f"chosen_{shape.name}"
    return f" left join pg_temp.{table} chosen on chosen.source_key = s.source_key"


def _same_ends(shape: Shape) -> str:
    """What must be the same beside the content: the records that the row's keys lead to."""
    if shape is EVENT:
        return " and r.location_id is not distinct from place.id"
    if shape is LINK:
        return " and r.left_id = ended.left_id and r.right_id = ended.right_id"
    return ""


def find_places(cursor: CursorWrapper, source: str) -> None:
    """Make `places` (source_key, id): the locations that the batch's events name, of this batch or an earlier one."""
    cursor.execute("drop table if exists pg_temp.places")
    cursor.execute(
        "create temp table places on commit drop as select r.source_key, r.id from pole_locationrecord r "
        "where r.source = %s and r.source_key in "
        "(select location_key from pg_temp.stage_event where location_key <> '')",
        [source],
    )
    cursor.execute("analyze places")


def find_link_ends(cursor: CursorWrapper, source: str) -> int:
    """Make `ended` (source_key, left_id, right_id, label_id): the staged links whose ends we hold.

    Returns how many links have an end that we do not hold.
    """
    for table in ("wanted", "ends", "ended"):
        cursor.execute(f"drop table if exists pg_temp.{table}")
    cursor.execute(
        "create temp table wanted on commit drop as select left_kind as kind, left_key as key from pg_temp.stage_link "
        "union select right_kind, right_key from pg_temp.stage_link"
    )
    cursor.execute("analyze wanted")
    of_each_kind = " union all ".join(
        f"select w.kind, w.key, r.id, r.label_id from pg_temp.wanted w join {table} r "
        f"on r.source = %(source)s and r.source_key = w.key where w.kind = '{kind}'"
        for kind, table in ENDS.items()
    )
    cursor.execute(f"create temp table ends on commit drop as {of_each_kind}", {"source": source})
    cursor.execute("analyze ends")
    cursor.execute(
        """
        create temp table ended on commit drop as
        select s.source_key, a.id as left_id, b.id as right_id,
          case when own.rank >= ra.rank and own.rank >= rb.rank then s.label_id
               when ra.rank >= rb.rank then a.label_id else b.label_id end as label_id
        from pg_temp.stage_link s
        join pg_temp.ends a on a.kind = s.left_kind and a.key = s.left_key
        join pg_temp.ends b on b.kind = s.right_kind and b.key = s.right_key
        join pg_temp.label_rank own on own.label_id = s.label_id
        join pg_temp.label_rank ra on ra.label_id = a.label_id
        join pg_temp.label_rank rb on rb.label_id = b.label_id
        """
    )
    ended = cursor.rowcount
    cursor.execute("analyze ended")
    cursor.execute("select count(*) from pg_temp.stage_link")
    (links,) = cursor.fetchone() or (0,)
    return int(links - ended)


def narrow_links(cursor: CursorWrapper, source: str) -> int:
    """A record that became narrower takes its links with it, also those that this batch does not bring again."""
    narrowed = 0
    for kind, table in ENDS.items():
        name = kind.lower()
        cursor.execute(f"select exists (select from pg_temp.known_{name} where not same)")
        if not (cursor.fetchone() or (False,))[0]:
            continue
        for side in ("left", "right"):
            cursor.execute(
                f"""
                update pole_link l set label_id = r.label_id
                from pg_temp.known_{name} k join {table} r on r.id = k.id
                join pg_temp.label_rank rr on rr.label_id = r.label_id
                where not k.same and l.{side}_kind = %s and l.{side}_id = r.id and l.source = %s
                  and l.label_id <> r.label_id
                  and rr.rank > (select rank from pg_temp.label_rank ll where ll.label_id = l.label_id)
                """,
                [kind, source],
            )
            narrowed += cursor.rowcount
    return narrowed


def choose_persons(
    cursor: CursorWrapper, *, source: str, clustered: bool, run: str, now: datetime, restricted: int
) -> int:
    """Make `chosen` (source_key, person_id) for the batch and `moving` (id, was, person_id) for earlier records.

    A cluster keeps the number that most of its records already have, open ones before restricted ones, so that what
    a reader cannot see never decides a number that the reader can. Returns how many persons were made.
    """
    for table in ("known_cluster", "keeps", "fresh", "moving", "chosen"):
        cursor.execute(f"drop table if exists pg_temp.{table}")
    if not clustered:
        cursor.execute("drop table if exists pg_temp.stage_cluster")
        cursor.execute("create temp table stage_cluster (source text, record_key text, cluster bigint) on commit drop")
    cursor.execute(
        """
        create temp table known_cluster on commit drop as
        select c.cluster, r.id, r.person_id, k.rank < %s as is_open
        from pg_temp.stage_cluster c
        join pole_personrecord r on r.source = c.source and r.source_key = c.record_key
        join pg_temp.label_rank k on k.label_id = r.label_id
        """,
        [restricted],
    )
    cursor.execute("analyze known_cluster")
    cursor.execute(
        """
        create temp table keeps on commit drop as
        with has_open as (
          select cluster from pg_temp.known_cluster where is_open
          union
          select c.cluster from pg_temp.stage_cluster c
            join pg_temp.stage_person s on c.source = %s and s.source_key = c.record_key
            join pg_temp.label_rank k on k.label_id = s.label_id where k.rank < %s),
        votes as (
          select k.cluster, k.person_id, k.is_open, count(*) as n from pg_temp.known_cluster k
          where k.is_open or not exists (select from has_open h where h.cluster = k.cluster)
          group by k.cluster, k.person_id, k.is_open),
        persons as (
          select *, row_number() over (partition by person_id order by is_open desc, n desc, cluster) as of_person
          from votes),
        clusters as (
          select *, row_number() over (partition by cluster order by n desc, person_id) as of_cluster
          from persons where of_person = 1)
        select cluster, person_id from clusters where of_cluster = 1
        """,
        [source, restricted],
    )
    cursor.execute("analyze keeps")
    cursor.execute(
        """
        create temp table fresh on commit drop as
        select cluster, lone, nextval(pg_get_serial_sequence('pole_person', 'id')) as person_id from (
          select min(place) as place, cluster, null as lone from (
            select s.source_line as place, c.cluster
            from pg_temp.stage_person s
            join pg_temp.stage_cluster c on c.source = %s and c.record_key = s.source_key
            union all
            select 0, k.cluster from pg_temp.known_cluster k) w
          where not exists (select from pg_temp.keeps h where h.cluster = w.cluster)
          group by cluster
          union all
          select s.source_line, null, s.source_key
          from pg_temp.stage_person s
          where not exists (select from pg_temp.stage_cluster c where c.source = %s and c.record_key = s.source_key)
            and not exists (select from pg_temp.known_person k where k.source_key = s.source_key)
          order by place, cluster, lone) ordered
        """,
        [source, source],
    )
    cursor.execute("analyze fresh")
    cursor.execute(
        "insert into pole_person (id, made_in, made_at) select person_id, %s, %s from pg_temp.fresh", [run, now]
    )
    made = cursor.rowcount
    cursor.execute(
        """
        create temp table chosen on commit drop as
        select s.source_key, coalesce(h.person_id, f.person_id, l.person_id) as person_id
        from pg_temp.stage_person s
        left join pg_temp.stage_cluster c on c.source = %s and c.record_key = s.source_key
        left join pg_temp.keeps h on h.cluster = c.cluster
        left join pg_temp.fresh f on f.cluster = c.cluster
        left join pg_temp.fresh l on l.lone = s.source_key
        """,
        [source],
    )
    cursor.execute("analyze chosen")
    cursor.execute(
        """
        create temp table moving on commit drop as
        select k.id, k.person_id as was, coalesce(h.person_id, f.person_id) as person_id
        from pg_temp.known_cluster k
        left join pg_temp.keeps h on h.cluster = k.cluster
        left join pg_temp.fresh f on f.cluster = k.cluster
        where k.person_id <> coalesce(h.person_id, f.person_id)
        """
    )
    cursor.execute("analyze moving")
    return int(made)


def move_records(cursor: CursorWrapper) -> tuple[int, int]:
    """Apply `moving` to the records that `update_changed` has not moved already. Returns (moved, persons combined)."""
    cursor.execute(
        "update pole_personrecord r set person_id = m.person_id from pg_temp.moving m "
        "where r.id = m.id and r.person_id <> m.person_id"
    )
    cursor.execute("select count(*) from pg_temp.moving")
    (moved,) = cursor.fetchone() or (0,)
    cursor.execute(
        "select count(*) from (select distinct was from pg_temp.moving) m "
        "where not exists (select from pole_personrecord r where r.person_id = m.was)"
    )
    (combined,) = cursor.fetchone() or (0,)
    return int(moved), int(combined)


def combinations(cursor: CursorWrapper, limit: int) -> list[tuple[int, int, int, list[str]]]:
    """Persons that came together in this batch: (from, into, records moved, owners of what is now one person)."""
    cursor.execute(
        """
        select m.was, m.person_id, count(*),
          (select array_agg(distinct o.code order by o.code) from pole_personrecord r
             join people_organisation o on o.id = r.owner_id where r.person_id = m.person_id)
        from pg_temp.moving m
        where not exists (select from pole_personrecord r where r.person_id = m.was)
        group by m.was, m.person_id order by m.was, m.person_id limit %s
        """,
        [limit],
    )
    return [(int(was), int(into), int(n), list(owners)) for was, into, n, owners in cursor.fetchall()]


def note_source_merges(cursor: CursorWrapper, source: str) -> int:
    """Mark records that their own source has merged into another or deleted. The record stays; the mark says so."""
    cursor.execute(
        """
        update pole_personrecord r set merged_into_id = kept.id, closed_at = m.merged_at
        from pg_temp.stage_merge m
        left join pole_personrecord kept on kept.source = %(source)s and kept.source_key = m.survivor_key
        where r.source = %(source)s and r.source_key = m.loser_key and (kept.id is null or r.id <> kept.id)
          and (kept.id is not null or m.survivor_key = '')
          and (r.merged_into_id is distinct from kept.id or r.closed_at is distinct from m.merged_at)
        """,
        {"source": source},
    )
    return int(cursor.rowcount)


def publish_edges(cursor: CursorWrapper, run: str) -> int:
    """Bring the edges to what the run says. Returns how many were added or changed."""
    for table in ("parted", "known_edge"):
        cursor.execute(f"drop table if exists pg_temp.{table}")
    cursor.execute(
        """
        create temp table parted on commit drop as
        select j.left_id, j.right_id, least(a.person_id, b.person_id) as one,
          greatest(a.person_id, b.person_id) as other
        from pole_judgement j join pole_personrecord a on a.id = j.left_id join pole_personrecord b on b.id = j.right_id
        where j.verdict = 'DIFFERENT' and not exists (select from pole_judgement w where w.withdraws_id = j.id)
        """
    )
    cursor.execute(
        """
        create temp table known_edge on commit drop as
        select least(a.id, b.id) as left_id, greatest(a.id, b.id) as right_id,
          case when ra.rank >= rb.rank then a.label_id else b.label_id end as label_id,
          e.match_weight, e.probability, e.waterfall,
          case when e.band = 'PROPOSED'
            and (least(a.person_id, b.person_id), greatest(a.person_id, b.person_id)) in
              (select one, other from pg_temp.parted)
            and exists (select from pole_matchedge m where m.left_id = least(a.id, b.id)
              and m.right_id = greatest(a.id, b.id) and m.state = 'CURRENT' and m.band not in ('PROPOSED', 'WITHIN'))
            then 'APART' else e.band end as band
        from pg_temp.stage_edge e
        join pole_personrecord a on a.source = e.left_source and a.source_key = e.left_key
        join pole_personrecord b on b.source = e.right_source and b.source_key = e.right_key
        join pg_temp.label_rank ra on ra.label_id = a.label_id
        join pg_temp.label_rank rb on rb.label_id = b.label_id
        where a.id <> b.id
        """
    )
    cursor.execute("analyze known_edge")
    cursor.execute(
        """
        update pole_matchedge m set match_weight = e.match_weight, probability = e.probability, waterfall = e.waterfall,
          band = e.band, label_id = e.label_id, run = %s, state = 'CURRENT'
        from pg_temp.known_edge e
        where m.left_id = e.left_id and m.right_id = e.right_id and (
          m.state <> 'CURRENT' or m.band <> e.band or m.label_id <> e.label_id
          or abs(m.match_weight - e.match_weight) > 1e-6 or m.waterfall <> e.waterfall)
        """,
        [run],
    )
    changed = cursor.rowcount
    cursor.execute(
        """
        insert into pole_matchedge (left_id, right_id, label_id, match_weight, probability, waterfall, band, run, state)
        select e.left_id, e.right_id, e.label_id, e.match_weight, e.probability, e.waterfall, e.band, %s, 'CURRENT'
        from pg_temp.known_edge e
        where not exists (select from pole_matchedge m where m.left_id = e.left_id and m.right_id = e.right_id)
        order by e.left_id, e.right_id
        """,
        [run],
    )
    changed += cursor.rowcount
    take_stock(cursor, "pole_matchedge", changed)
    cursor.execute(
        """
        update pole_matchedge m set state = 'PAST', run = %s
        from pole_personrecord a, pole_personrecord b
        where m.state = 'CURRENT' and a.id = m.left_id and b.id = m.right_id
          and exists (select from pg_temp.stage_cluster c where c.source = a.source and c.record_key = a.source_key)
          and exists (select from pg_temp.stage_cluster c where c.source = b.source and c.record_key = b.source_key)
          and not exists (select from pg_temp.known_edge e where e.left_id = m.left_id and e.right_id = m.right_id)
          and not exists (select from pg_temp.parted p where p.left_id = m.left_id and p.right_id = m.right_id)
        """,
        [run],
    )
    return int(changed + cursor.rowcount)


def relabel_judgements(cursor: CursorWrapper) -> None:
    """What was said of records follows their labels; an event takes the narrowest of what was said in its act."""
    cursor.execute(
        """
        update pole_judgement j set label_id = case when ra.rank >= rb.rank then a.label_id else b.label_id end
        from pole_personrecord a, pole_personrecord b, pg_temp.label_rank ra, pg_temp.label_rank rb
        where a.id = j.left_id and b.id = j.right_id and ra.label_id = a.label_id and rb.label_id = b.label_id
          and j.label_id <> case when ra.rank >= rb.rank then a.label_id else b.label_id end
        """
    )
    cursor.execute(
        """
        update pole_identityevent e set label_id = said.label_id
        from (select distinct on (j.act) j.act, j.label_id, k.rank from pole_judgement j
              join pg_temp.label_rank k on k.label_id = j.label_id order by j.act, k.rank desc, j.id) said,
          pg_temp.label_rank held
        where said.act = e.act and held.label_id = e.label_id and said.rank > held.rank
        """
    )
    for table in ("pole_placement", "pole_deconflictionanswer"):
        cursor.execute(
            f"update {table} t set label_id = r.label_id from pole_personrecord r, pg_temp.label_rank own, "
            "pg_temp.label_rank rr where r.id = t.record_id and own.label_id = t.label_id "
            "and rr.label_id = r.label_id and rr.rank > own.rank"
        )


def rank_labels(cursor: CursorWrapper, ranks: dict[int, int]) -> None:
    """Make `label_rank`: how narrow each label is, so that statements can take the narrower of two."""
    cursor.execute("drop table if exists pg_temp.label_rank")
    cursor.execute("create temp table label_rank (label_id bigint primary key, rank integer not null) on commit drop")
    cursor.execute(
        "insert into pg_temp.label_rank select * from unnest(%s::bigint[], %s::int[])",
        [list(ranks), list(ranks.values())],
    )
    cursor.execute("analyze label_rank")
