"""Which records of a kind are compared, and what the first rule that holds says of each pair."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from fourfold.pipeline.things.rules import Kind, Rule, Rules, RulesWrong

JOIN, APART, MAYBE = "JOIN", "APART", "MAYBE"

_DIGITS = (
    "[who || '|' || array_to_string(list_sort(string_split(number, '')), '')]"
    " || list_transform(range(1, length(number) + 1), lambda n:"
    " who || '|' || left(number, n::integer - 1) || '.' || substr(number, n::integer + 1))"
)
"""Somebody who used a number, with its digits in order, and with each digit left open: so two numbers of one person
meet of which two digits changed places, or one is another.
"""

BLOCKS: Mapping[str, Mapping[str, str]] = {
    "vehicle": {
        "plate": "[plate]",
        "vin": "[vin]",
        "slip": "list_transform(slips, lambda slip: concat(slip, '|' || make || '|' || colour))",
        "slip_and_user": "flatten(list_transform(coalesce(users, []), lambda who:"
        " list_transform(slips, lambda slip: who || '|' || slip)))",
    },
    "phone": {
        "number": "[number]",
        "imsi": "[imsi]",
        "imei": "[imei]",
        "digit": f"flatten(list_transform(coalesce(users, []), lambda who: {_DIGITS}))",
    },
    "address": {
        "uprn": "[uprn]",
        "at_postcode": "[number || '|' || postcode]",
        "on_street": "[number || '|' || street || '|' || town]",
        "in_district": "[number || '|' || street || '|' || district]",
        "street_only": "[case when number is null then street || '|' || postcode end]",
        "point": "[point]",
    },
    "organisation": {
        "company": "[company]",
        "name_at": "list_transform(names, lambda each: each || '|' || postcode)",
        "name": "names",
        "address_at": "[number || '|' || postcode]",
    },
}
"""The keys of each block, by kind: records that share one are compared."""


def check(kind: Kind) -> None:
    """Raises `RulesWrong` where the rules use a block that there is not."""
    unknown = set(kind.blocks) - BLOCKS[kind.name].keys()
    if unknown:
        raise RulesWrong(f"The rules of {kind.name} use a block that is not known: {', '.join(sorted(unknown))}")


def compare(connection: duckdb.DuckDBPyConnection, kind: Kind, rules: Rules) -> None:
    """Make the table `said` (id_l, id_r, verdict, code, place, weak): what is said of each pair that shares a key.

    A restricted record is compared with open records and with those under the same restriction. How large a block is,
    and which record of it comes first, is told for each restriction by itself: what is restricted never changes how
    open records are compared, and no block of any is compared all with all.
    """
    keys = " union all ".join(
        f"select id, open, case when open then '' else label end as part, '{block}' as block,"
        f" unnest({BLOCKS[kind.name][block]}) as key from {kind.name}"
        for block in kind.blocks
    )
    connection.execute(f"""
        create or replace table keyed as
        select id, open, part, block, key, row_number() over (partition by block, key, part order by id) as place,
          count(*) over (partition by block, key, part) as size
        from (select distinct * from ({keys}) where key is not null)""")
    connection.execute(
        """
        create or replace table pair as
        select distinct least(one, other) as id_l, greatest(one, other) as id_r from (
          select a.id, b.id from keyed a join keyed b
            on a.block = b.block and a.key = b.key and a.part = b.part and a.place < b.place
            where a.size <= $largest or a.place = 1
          union all
          select a.id, b.id from keyed a join keyed b on a.block = b.block and a.key = b.key
            where a.open and not b.open and (a.size <= $largest or a.place = 1)) found(one, other)""",
        {"largest": rules.largest_block},
    )
    if not connection.execute("from pair limit 1").fetchall():
        connection.execute(
            "create or replace table said"
            " (id_l bigint, id_r bigint, verdict varchar, code varchar, place integer, weak boolean)"
        )
        return
    connection.execute(
        f"""
        create or replace table said as
        select id_l, id_r, found.verdict, found.code, found.place, found.weak from (
          select p.id_l, p.id_r, {_verdict(kind)} as found
          from pair p join {kind.name} l on l.id = p.id_l join {kind.name} r on r.id = p.id_r)
        where found is not null"""
    )


def _verdict(kind: Kind) -> str:
    parts = ((kind.apart, APART), (kind.join, JOIN), (kind.maybe, MAYBE))
    whens = [_when(rule, verdict, place) for rules, verdict in parts for place, rule in enumerate(rules)]
    return f"case {' '.join(whens)} end"


def _when(rule: Rule, verdict: str, place: int) -> str:
    said = f"{{'verdict': '{verdict}', 'code': '{rule.code}', 'place': {place}, 'weak': {str(rule.weak).lower()}}}"
    return f"when {rule.condition} then {said}"
