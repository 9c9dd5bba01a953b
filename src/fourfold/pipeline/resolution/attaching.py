"""Puts a record that says little with the one group of records it fits: a question to whole groups, not to pairs.

A stop or an intelligence report often holds a name and nothing else. No pair with it is sure, and yet it is often clear
who is meant: of all people known by that name, one is in the records thirty times and nobody else is likely. So for
each small group the chances are worked out that it is one of the larger groups it was compared with, or somebody new:

- a person who is recorded often is recorded again more often (how often, the sizes of all groups say: the process of
  Pitman and Yor, whose one parameter is worked out from the groups of one and of two records), and how often somebody
  is new is worked out for each kind of record: stops, victims, suspects;
- each comparison counts with the mean chance over the records of the group, and a level that `decides` (twins of one
  home) for the whole group where one record shows it;
- how common a name is counts people, not records, and how likely somebody else of that name is that is not known yet;
- where the person is recorded: in this force's records or elsewhere;
- in whose company: somebody who was at an event with people of whom one was at another event with the person of the
  group is likelier to be that person, the more so the fewer people they are seen with; two records of one event are
  hardly one person.

It is put with the likeliest group only where that is surer than `sure`. A record that fits no larger group is asked of
the other single records in the same way, all candidates counted: two records of a name that nobody else has are hardly
two people, though no pair of names alone says so. What is put with larger groups is put first. Only open records are
counted in any of this; what is found for a restricted record is an offer to place it as a leaf.
"""

from __future__ import annotations

import math

import duckdb

from fourfold.pipeline.resolution.model import Model
from fourfold.pipeline.resolution.scoring import SCORED, average_chance
from fourfold.pipeline.resolution.settings import Comparison, Groups, Settings

COINCIDENCES = 10.0
"""How many pairs of people of one name are believed to be as many as expected, before any are counted."""


def attach(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    model: Model,
    how: Groups,
    *,
    framed: bool,
    added: bool = False,
) -> None:
    """Make `offer` (component, target, sureness in bits, id_l and id_r of the best pair, small: the one of them
    in `component`): groups to be put with others.

    Reads: `record`, `open_group`, `tie` and the table of scored pairs, whatever their weight. `framed`: what a full run
    counted is there already; `added`: only groups of records in `asked` are put with others, see `growing`.
    """
    _groups(
        connection, may_move="bool_and(id in (select id from asked)) over (partition by component)" if added else "true"
    )
    if not framed:
        _count_people(connection, settings)
        _newness(connection, settings, how)
    if not _are_asked(connection):
        connection.execute(
            "create or replace table offer (component bigint, target bigint, id_l bigint, id_r bigint, small bigint,"
            " sureness double, alone boolean)"
        )
        return
    for column, parts in settings.made_of.items():
        _expect(connection, column, parts)
    _weights(connection, settings, model)
    _where(connection)
    _company(connection, how)
    share = float(connection.execute("select n from counted where what = 'share'").fetchall()[0][0])
    means = ", ".join(_mean_sql(each) for each in settings.comparisons)
    total = " + ".join(f"coalesce({each.name}, 0)" for each in settings.comparisons)
    weights = ", ".join(f"{each.name}, {each.name}_level" for each in settings.comparisons)
    connection.execute(
        f"""create or replace table offer as
        with met as (
          select id_l as id, id_r as other, component_l as component, component_r as target, n_r as n, {weights}, weight
          from weighed where open_r and n_r >= n_l and may_move_l
          union all
          select id_r, id_l, component_r, component_l, n_l, {weights}, weight
          from weighed where open_l and n_l >= n_r and may_move_r),
        of_record as materialized (
          select id, component, target, any_value(n) as n, {means},
            arg_max(other, weight - other / 1e12) as best, max(weight) as most
          from met group by id, component, target),
        known as materialized (
          select o.*, s.n as records, s.owner, {total} + coalesce(c.bits, 0) - k.bits - $skipped as bits
          from of_record o join in_group s using (id, component) join kind_bits k using (kind)
          left join company_bits c on c.id = o.id and c.target = o.target),
        of_group as (
          select o.component, o.target, any_value(o.n) as n,
            arg_max(id, most - id / 1e12) as id, arg_max(best, most - id / 1e12) as best,
            sum(o.bits + w.bits) / any_value(o.records) + $skipped as bits
          from known o join where_bits w on w.target = o.target and w.owner = o.owner
          group by o.component, o.target),
        chance as (
          select *, bits + log2((n - $share)::double) as weight, pow(2, weight) as odds
          from of_group),
        beside as (
          select *, n = 1 as alone, sum(odds) over (partition by component)
            - case when n > 1 then coalesce(sum(odds) filter (n = 1) over (partition by component), 0) else 0 end
            - odds as others
          from chance),
        sure as (
          select *, weight - log2(1 + greatest(others, 0)) as sureness from beside where sureness >= $sure)
        select component, target, least(id, best) as id_l, greatest(id, best) as id_r, id as small, sureness, alone
        from sure
        qualify row_number() over (partition by component order by alone, weight desc, n desc, target) = 1""",
        {
            "share": share,
            "skipped": how.not_compared,
            "sure": math.log2(how.sure / (1 - how.sure)),
        },
    )


def _are_asked(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether any pair was compared of two groups one of which may be put with others."""
    found = connection.execute(f"""
        from {SCORED} p join in_group l on l.id = p.id_l join in_group r on r.id = p.id_r
        select 1 where l.component <> r.component and (l.may_move or r.may_move) limit 1""")
    return bool(found.fetchall())


def _newness(connection: duckdb.DuckDBPyConnection, settings: Settings, how: Groups) -> None:
    """Make `kind_bits` (kind, bits): how much likelier a record of this kind is of somebody new than of somebody who is
    recorded once; and the share by which less than its size a group counts.

    Somebody stopped is mostly somebody known; somebody robbed is mostly not. That is seen in the records of each kind
    that say enough: the share that is alone (Good and Turing).
    """
    records, people, alone, twos = connection.execute(
        "select coalesce(sum(n), 0)::bigint, count(*), count(*) filter (n = 1), count(*) filter (n = 2) from size"
    ).fetchall()[0]
    leaning = settings.weight_of_average
    share = (alone + leaning * how.usual_alone) / (alone + 2 * twos + leaning)
    weights = max(records - share * people, 1.0) * max(1.0, how.smallest_region / max(people, 1))
    usual = share * max(people, how.smallest_region) / (weights + share * max(people, how.smallest_region))
    connection.execute(
        """create or replace table kind_bits as
        with seen as (
          select r.kind, count(*) as records, count(*) filter (s.n = 1) as alone
          from record r join open_group using (id) join size s using (component) semi join stands using (component)
          group by r.kind),
        new as (
          select k.kind, (coalesce(s.alone, 0) + $kinds * $usual) / (coalesce(s.records, 0) + $kinds) as share
          from (select distinct kind from record) k left join seen s using (kind))
        select kind, log2(share / (1 - share) * $weights) as bits from new""",
        {"kinds": float(how.kinds), "usual": usual, "weights": weights},
    )
    connection.execute("insert into counted values ('share', ?), ('people', ?)", [float(share), float(people)])


def _groups(connection: duckdb.DuckDBPyConnection, *, may_move: str) -> None:
    """Sizes of groups, who is in which, which say enough to be counted as people, and which may be put with others."""
    connection.execute("""
        create or replace temp table size as select component, count(*) as n from open_group group by component""")
    connection.execute("""
        create or replace temp table stands as
        select component from record join open_group using (id) join size using (component)
        group by component having max(n) > 1 or count(birth_year) > 0""")
    connection.execute(f"""
        create or replace temp table in_group as
        select *, {may_move} as may_move from (
          select r.id, g.component, s.n, r.owner, r.kind, r.open, t.component is not null as stands
          from record r join open_group g using (id) join size s using (component)
          left join stands t on t.component = g.component
          union all select id, id, 1, owner, kind, open, false from record where not open)""")


def _count_people(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """How many people have each value of a frequency column, and the share of records of each force."""
    connection.execute("insert into counted select 'stands', count(*) from stands")
    connection.execute("""
        create or replace table owned as
        select owner, count(*) / sum(count(*)) over () as share from record where open group by owner""")
    counted = {part for parts in settings.made_of.values() for part in parts} | set(settings.frequency_columns)
    for column in sorted(counted):
        connection.execute(f"""
            create or replace table people_of_{column} as
            select {column}, count(distinct component) as n
            from record join open_group using (id) semi join stands using (component)
            where {column} is not null group by {column}""")
    for column, parts in settings.made_of.items():
        _expect_people(connection, column, parts)


def _where(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `where_bits` (target, owner, bits): what it says that a group is recorded by a force."""
    connection.execute("""
        create or replace temp table where_bits as
        with held as (select component, owner, count(*) as n from record join open_group using (id) group by all),
        asked as (
          select component_l as component from weighed where open_l
          union select component_r from weighed where open_r)
        select s.component as target, o.owner, log2((coalesce(h.n, 0) + o.share) / (s.n + 1) / o.share) as bits
        from size s semi join asked using (component) cross join owned o
        left join held h on h.component = s.component and h.owner = o.owner""")


def _expect_people(connection: duckdb.DuckDBPyConnection, column: str, parts: tuple[str, ...]) -> None:
    """Count how many people there are with a value whose parts would be drawn by themselves: those of `column`, times
    how much oftener two people share both than that says, since names of one language go together.
    """
    shares = " * ".join(f"(select sum(pow(n, 2)) / pow(sum(n), 2) from people_of_{part})" for part in parts)
    people, seen, expected = connection.execute(
        f"select sum(n)::double, sum(n * (n - 1))::double, pow(sum(n), 2) * {shares} from people_of_{column}"
    ).fetchall()[0]
    oftener = ((seen or 0) + COINCIDENCES) / ((expected or 0) + COINCIDENCES)
    of_parts = " * ".join(f"coalesce((select sum(n) from people_of_{part}), 1)" for part in parts)
    connection.execute(
        f"insert into counted select ?, ?::double / ({of_parts})",
        [f"drawn {column}", float(people or 0) * max(oftener, 1.0)],
    )


def _expect(connection: duckdb.DuckDBPyConnection, column: str, parts: tuple[str, ...]) -> None:
    """Make `expected_of_{column}`: how many people should have the value, by how many have each of its parts."""
    joins = " ".join(f"join people_of_{part} using ({part})" for part in parts)
    together = " * ".join(f"people_of_{part}.n::double" for part in parts)
    connection.execute(
        f"create or replace temp table expected_of_{column} as"
        f" select distinct {column}, {together} * (select n from counted where what = ?) as n from record {joins}",
        [f"drawn {column}"],
    )


def _weights(connection: duckdb.DuckDBPyConnection, settings: Settings, model: Model) -> None:
    """Make `weighed`: each scored pair of two groups, with the weight of each comparison, names counted by people."""
    columns = ", ".join(
        f"{_weight_sql(each, settings, model)} as {each.name}, {_level_sql(each)} as {each.name}_level"
        for each in settings.comparisons
    )
    # Texts are looked up once for a record, not for every pair that it is in.
    known = "".join(
        f", coalesce(people_of_{column}.n, 0) as people_of_{column}" for column in settings.frequency_columns
    )
    known += "".join(f", coalesce(e_{column}.n, 0) as expected_of_{column}" for column in settings.made_of)
    joins = " ".join(
        f"left join people_of_{column} on people_of_{column}.{column} = record.{column}"
        for column in settings.frequency_columns
    )
    joins += "".join(
        f" left join expected_of_{column} e_{column} on e_{column}.{column} = record.{column}"
        for column in settings.made_of
    )
    connection.execute(f"create or replace temp table known_of as select record.id{known} from record {joins}")
    connection.execute(f"""
        create or replace temp table weighed as
        with people as (select n from counted where what = 'stands')
        select id_l, id_r, gl.component as component_l, gr.component as component_r, gl.n as n_l, gr.n as n_r,
          gl.open as open_l, gr.open as open_r, gl.may_move as may_move_l, gr.may_move as may_move_r,
          {columns}, p.match_weight as weight
        from {SCORED} p join in_group gl on gl.id = p.id_l join in_group gr on gr.id = p.id_r
        join known_of k on k.id = p.id_l cross join people
        where gl.component <> gr.component and (gl.may_move or gr.may_move)""")


def _company(connection: duckdb.DuckDBPyConnection, how: Groups) -> None:
    """Make `company_bits` (id, target, bits): what it says of a record and a group whom each was seen with."""
    connection.execute("""
        create or replace temp table seen_with as
        select distinct l.id, lg.component, rg.component as other
        from presence l join presence r on r.source = l.source and r.event = l.event and r.id <> l.id
        join in_group lg on lg.id = l.id join open_group rg on rg.id = r.id where lg.component <> rg.component""")
    connection.execute(
        """create or replace temp table company_bits as
        with seen_ids as (select distinct id from seen_with),
        between as (
          select w.id_l as id, w.component_r as target from weighed w semi join seen_ids s on s.id = w.id_l
          where open_r
          union select w.id_r, w.component_l from weighed w semi join seen_ids s on s.id = w.id_r where open_l),
        known as (select distinct component, other from seen_with join open_group using (id, component)),
        seen as (select other, count(*) as n from known group by other),
        shared as (
          select b.id, b.target, max(log2($again * (select n from counted where what = 'people') / seen.n)) as bits
          from between b join seen_with w on w.id = b.id join known k on k.component = b.target and k.other = w.other
          join seen on seen.other = w.other group by b.id, b.target),
        there as (
          select b.id, b.target, bool_or(w.other = b.target) as together
          from between b join seen_with w on w.id = b.id group by b.id, b.target)
        select t.id, t.target, case when t.together then $together
          else coalesce(greatest(s.bits, 0), log2(1 - $again)) end as bits
        from there t left join shared s using (id, target)""",
        {"again": how.company_again, "together": how.one_event},
    )


def _level_sql(comparison: Comparison) -> str:
    deciding = [place for place, level in enumerate(reversed(comparison.graded)) if level.decides]
    return f"gamma_{comparison.name} in ({', '.join(map(str, deciding))})" if deciding else "false"


def _weight_sql(comparison: Comparison, settings: Settings, model: Model) -> str:
    """The weight of the pair's level, with how many people have the value where the level counts that."""
    cases = []
    for place, level in enumerate(reversed(comparison.graded)):
        chances = model.chances(comparison.name, level.code)
        weight = f"{math.log2(chances.m / chances.u)!r}::double"
        column = level.frequency_of
        if column is not None:
            average, leaning = average_chance(settings, model, column), settings.weight_of_average
            known = f"k.people_of_{column} - gl.stands::int - gr.stands::int"
            expected = f" + k.expected_of_{column}" if column in settings.made_of else ""
            others = f"(greatest({known}, 0){expected} + {leaning * average!r}) / (people.n + {leaning})"
            weight = f"{weight} + log2({average!r}::double / ({others}))"
        cases.append(f"when {place} then {weight}")
    return f"(case gamma_{comparison.name} {' '.join(cases)} end)"


def _mean_sql(comparison: Comparison) -> str:
    """The mean chance over the records of the group that have the thing; a deciding level stands for them all."""
    name = comparison.name
    return f"coalesce(min({name}) filter ({name}_level), log2(avg(pow(2, {name})))) as {name}"
