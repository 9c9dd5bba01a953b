"""The set-based statements that say which thing each record is of, and why. Each works on a whole batch."""

from datetime import datetime

from django.db.backends.utils import CursorWrapper

from fourfold.pole.publishing.staging import LOCATION, OBJECT, Column, Shape
from fourfold.pole.publishing.statements import take_stock

THING_COLUMNS = (Column("end_kind"), Column("source"), Column("record_key"), Column("cluster", "bigint"))
TIE_COLUMNS = (
    Column("end_kind"),
    Column("left_source"),
    Column("left_key"),
    Column("right_source"),
    Column("right_key"),
    Column("kind"),
    Column("verdict"),
    Column("code"),
    Column("words"),
    Column("weight", "double precision"),
)
_KIND = {OBJECT.name: "s.kind", LOCATION.name: "'ADDRESS'"}
_HELD_KIND = {OBJECT.name: "r.kind", LOCATION.name: "'ADDRESS'"}


def choose_nothing(cursor: CursorWrapper, shape: Shape) -> None:
    """Where nothing was grouped: earlier records keep the number that they have, and new ones wait for one."""
    cursor.execute(f"drop table if exists pg_temp.chosen_{shape.name}")
    cursor.execute(f"create temp table chosen_{shape.name} (source_key text, thing_id bigint) on commit drop")


def choose_things(cursor: CursorWrapper, shape: Shape, *, source: str, run: str, now: datetime, restricted: int) -> int:
    """Make `chosen_<name>` (source_key, thing_id) for the batch and `moving_<name>` (id, thing_id) for earlier records.

    A group keeps the number that most of its records already have, open ones before restricted ones, so that what a
    reader cannot see never decides a number that the reader can. Returns how many numbers were given.
    """
    name, table, end = shape.name, shape.table, shape.name.upper()
    for temporary in ("held_group", "kept_group", "new_group", f"moving_{name}", f"chosen_{name}"):
        cursor.execute(f"drop table if exists pg_temp.{temporary}")
    cursor.execute(
        f"""
        create temp table held_group on commit drop as
        select c.cluster, r.id, r.thing_id, {_HELD_KIND[name]} as kind, k.rank < %s as is_open
        from pg_temp.stage_thing c
        join {table} r on r.source = c.source and r.source_key = c.record_key
        join pg_temp.label_rank k on k.label_id = r.label_id
        where c.end_kind = %s
        """,
        [restricted, end],
    )
    cursor.execute("analyze held_group")
    cursor.execute(
        f"""
        create temp table kept_group on commit drop as
        with has_open as (
          select cluster from pg_temp.held_group where is_open
          union
          select c.cluster from pg_temp.stage_thing c
            join pg_temp.{shape.stage} s on s.source_key = c.record_key
            join pg_temp.label_rank k on k.label_id = s.label_id
          where c.end_kind = %s and c.source = %s and k.rank < %s),
        votes as (
          select h.cluster, h.thing_id, h.is_open, count(*) as n from pg_temp.held_group h
          where h.thing_id is not null
            and (h.is_open or not exists (select from has_open o where o.cluster = h.cluster))
          group by h.cluster, h.thing_id, h.is_open),
        things as (
          select *, row_number() over (partition by thing_id order by is_open desc, n desc, cluster) as of_thing
          from votes),
        clusters as (
          select *, row_number() over (partition by cluster order by n desc, thing_id) as of_cluster
          from things where of_thing = 1)
        select cluster, thing_id from clusters where of_cluster = 1
        """,
        [end, source, restricted],
    )
    cursor.execute("analyze kept_group")
    cursor.execute(
        f"""
        create temp table new_group on commit drop as
        select cluster, lone, kind, nextval(pg_get_serial_sequence('pole_thing', 'id')) as thing_id from (
          select min(place) as place, cluster, null as lone, min(kind) as kind from (
            select s.source_line as place, c.cluster, {_KIND[name]} as kind
            from pg_temp.{shape.stage} s
            join pg_temp.stage_thing c on c.end_kind = %s and c.source = %s and c.record_key = s.source_key
            union all
            select 0, h.cluster, h.kind from pg_temp.held_group h) w
          where not exists (select from pg_temp.kept_group k where k.cluster = w.cluster)
          group by cluster
          union all
          select s.source_line, null, s.source_key, {_KIND[name]}
          from pg_temp.{shape.stage} s
          where not exists (select from pg_temp.stage_thing c
              where c.end_kind = %s and c.source = %s and c.record_key = s.source_key)
            and not exists (select from pg_temp.known_{name} k where k.source_key = s.source_key)
          order by place, cluster, lone) ordered
        """,
        [end, source, end, source],
    )
    cursor.execute("analyze new_group")
    cursor.execute(
        "insert into pole_thing (id, kind, made_in, made_at) select thing_id, kind, %s, %s from pg_temp.new_group",
        [run, now],
    )
    made = cursor.rowcount
    cursor.execute(
        f"""
        create temp table chosen_{name} on commit drop as
        select s.source_key, coalesce(k.thing_id, n.thing_id, l.thing_id) as thing_id
        from pg_temp.{shape.stage} s
        left join pg_temp.stage_thing c on c.end_kind = %s and c.source = %s and c.record_key = s.source_key
        left join pg_temp.kept_group k on k.cluster = c.cluster
        left join pg_temp.new_group n on n.cluster = c.cluster
        left join pg_temp.new_group l on l.lone = s.source_key
        """,
        [end, source],
    )
    cursor.execute(f"analyze chosen_{name}")
    cursor.execute(
        f"""
        create temp table moving_{name} on commit drop as
        select h.id, coalesce(k.thing_id, n.thing_id) as thing_id
        from pg_temp.held_group h
        left join pg_temp.kept_group k on k.cluster = h.cluster
        left join pg_temp.new_group n on n.cluster = h.cluster
        where h.thing_id is distinct from coalesce(k.thing_id, n.thing_id)
        """
    )
    return int(made)


def move_records(cursor: CursorWrapper, shape: Shape) -> int:
    """Give earlier records the number of what they are of now. Returns how many have another number than before."""
    cursor.execute(
        f"update {shape.table} r set thing_id = m.thing_id from pg_temp.moving_{shape.name} m "
        "where r.id = m.id and r.thing_id is distinct from m.thing_id"
    )
    return int(cursor.rowcount)


def publish_ties(cursor: CursorWrapper, run: str) -> int:
    """Bring the reasons to what the grouping says. Returns how many were added or changed."""
    cursor.execute("drop table if exists pg_temp.known_tie")
    of_each = " union all ".join(
        f"""
        select e.end_kind, least(a.id, b.id) as left_id, greatest(a.id, b.id) as right_id,
          case when ra.rank >= rb.rank then a.label_id else b.label_id end as label_id,
          e.kind, e.verdict, e.code, e.words, e.weight
        from pg_temp.stage_tie e
        join {shape.table} a on a.source = e.left_source and a.source_key = e.left_key
        join {shape.table} b on b.source = e.right_source and b.source_key = e.right_key
        join pg_temp.label_rank ra on ra.label_id = a.label_id
        join pg_temp.label_rank rb on rb.label_id = b.label_id
        where e.end_kind = '{shape.name.upper()}' and a.id <> b.id
        """
        for shape in (OBJECT, LOCATION)
    )
    cursor.execute(f"create temp table known_tie on commit drop as {of_each}")
    cursor.execute("analyze known_tie")
    cursor.execute(
        """
        update pole_thingtie t set kind = e.kind, verdict = e.verdict, code = e.code, words = e.words,
          weight = e.weight, label_id = e.label_id, run = %s, state = 'CURRENT'
        from pg_temp.known_tie e
        where t.end_kind = e.end_kind and t.left_id = e.left_id and t.right_id = e.right_id
          and (t.state, t.verdict, t.code, t.words, t.weight, t.label_id)
            is distinct from ('CURRENT', e.verdict, e.code, e.words, e.weight, e.label_id)
        """,
        [run],
    )
    changed = cursor.rowcount
    cursor.execute(
        """
        insert into pole_thingtie
          (end_kind, left_id, right_id, label_id, kind, verdict, code, words, weight, run, state)
        select e.end_kind, e.left_id, e.right_id, e.label_id, e.kind, e.verdict, e.code, e.words, e.weight, %s,
          'CURRENT'
        from pg_temp.known_tie e
        where not exists (select from pole_thingtie t
          where t.end_kind = e.end_kind and t.left_id = e.left_id and t.right_id = e.right_id)
        order by e.end_kind, e.left_id, e.right_id
        """,
        [run],
    )
    changed += cursor.rowcount
    take_stock(cursor, "pole_thingtie", changed)
    cursor.execute(
        """
        update pole_thingtie t set state = 'PAST', run = %s
        where t.state = 'CURRENT' and not exists (select from pg_temp.known_tie e
          where e.end_kind = t.end_kind and e.left_id = t.left_id and e.right_id = t.right_id)
        """,
        [run],
    )
    return int(changed + cursor.rowcount)


def relabel_ties(cursor: CursorWrapper, shape: Shape) -> None:
    """A reason and a judgement follow the narrower of their two records, also one that no longer stands.

    What was done about a match becomes as narrow as the record it is of.
    """
    cursor.execute(f"select exists (select from pg_temp.known_{shape.name} where not same)")
    if not (cursor.fetchone() or (False,))[0]:
        return
    for about in ("pole_thingtie", "pole_thingjudgement"):
        cursor.execute(
            f"""
            update {about} t set label_id = case when ra.rank >= rb.rank then a.label_id else b.label_id end
            from {shape.table} a, {shape.table} b, pg_temp.label_rank ra, pg_temp.label_rank rb,
              pg_temp.known_{shape.name} k
            where t.end_kind = %s and k.id in (t.left_id, t.right_id) and not k.same
              and a.id = t.left_id and b.id = t.right_id and ra.label_id = a.label_id and rb.label_id = b.label_id
              and t.label_id <> case when ra.rank >= rb.rank then a.label_id else b.label_id end
            """,
            [shape.name.upper()],
        )
    cursor.execute(
        f"update pole_thingdeconflictionanswer t set label_id = r.label_id from {shape.table} r, "
        "pg_temp.label_rank own, pg_temp.label_rank rr where t.end_kind = %s and r.id = t.record_id "
        "and own.label_id = t.label_id and rr.label_id = r.label_id and rr.rank > own.rank",
        [shape.name.upper()],
    )
