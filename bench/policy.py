"""What the policy costs: the same queries on the same table, through the policy and with a hand-written WHERE.

One million rows: 60% under one region label, 35% under seven force labels, 2% under small labels, 3% spread over 5,000
compartments. The hand-written WHERE runs as a superuser, whom no policy holds.
"""

from bench import database
from bench.result import Result, alternated

from fourfold.platform.visibility.operations import SQL as POLICY_FOLDER

NAME = "fourfold_bench_policy"
TARGET = "at most 1.2x"
ROWS = 1_000_000
REGION, FORCES, SMALL, FIRST_COMPARTMENT, COMPARTMENTS = 1, range(2, 9), range(9, 29), 100, 5_000
PARTNER, PARTNER_ROWS = 29, 200
TABLE = """
create table item (id bigint primary key, label_id bigint not null, kind text not null, created timestamptz not null,
  title text not null, body text not null);
insert into item
select n, case when n % 100 < 60 then 1 when n % 100 < 95 then 2 + (n / 100 + n) % 7
               when n % 100 < 97 then 9 + (n / 100) % 20 else 100 + (n / 100 * 3 + n) % 5000 end,
  'kind' || (n * 7919 % 12), now() - (n * 104729 % 1000000) * interval '40 seconds', 'Item ' || n, repeat('x', 200)
  from generate_series(1::bigint, %(rows)s) n;
update item set label_id = 29 where id in (select 1 + k * (%(rows)s / 200) from generate_series(0, 199) k);
create index on item (label_id, created desc);
create index on item (created desc);
create index on item (kind, created);
"""
READERS: dict[str, list[int]] = {
    "3 labels": [REGION, *FORCES[:2]],
    "50 labels": [REGION, *FORCES[:2], *range(FIRST_COMPARTMENT, FIRST_COMPARTMENT + 47)],
    "1,000 labels": [REGION, *FORCES[:2], *range(FIRST_COMPARTMENT, FIRST_COMPARTMENT + 997)],
    "a partner's 200 rows": [PARTNER],
}
QUERIES = {
    "count all": "select count(*) from item {}",
    "latest 50": "select id, title, created from item {} order by created desc, id limit 50",
    "kind and 30 days": "select count(*) from item {} and kind = 'kind3' and created > now() - interval '30 days'",
    "one by key": "select id, title from item {} and id = 500001",
    "facet": "select kind, count(*) from item {} group by kind",
}


def run(scale: float) -> list[Result]:
    rows = int(ROWS * scale)
    database.make(NAME)
    try:
        with database.owner(NAME) as owner:
            owner.execute(TABLE.replace("%(rows)s", str(rows)))
            for statement in _policy():
                owner.execute(statement)
        with database.superuser(NAME) as free, database.application(NAME) as held:
            free.execute("vacuum analyze item")
            return [_compare(free, held, reader, query) for reader in READERS for query in QUERIES]
    finally:
        database.drop(NAME)


def _policy() -> list[str]:
    text = (POLICY_FOLDER / "policy_v1.sql").read_text().replace("{table}", "item")
    return [text]


def _compare(free: database.Connection, held: database.Connection, reader: str, query: str) -> Result:
    labels, text = READERS[reader], QUERIES[query]
    database.act(held, labels)
    listed = f"where label_id in ({', '.join(map(str, labels))})"
    # What `narrowed` does for readers whose labels cover little of the table.
    ours = text.format(listed if _is_narrow(held, labels) else "where true")
    theirs = text.format(listed)
    assert held.execute(ours).fetchall() == free.execute(theirs).fetchall()
    rounds = 7 if query in {"count all", "facet"} else 21
    ours_s, theirs_s = alternated(
        lambda: held.execute(ours).fetchall(), lambda: free.execute(theirs).fetchall(), rounds=rounds
    )
    return Result(
        f"policy: {reader}, {query}",
        ours_s * 1_000,
        "ms",
        "hand-written WHERE",
        theirs_s * 1_000,
        ours_s / theirs_s,
        TARGET,
    )


def _is_narrow(held: database.Connection, labels: list[int]) -> bool:
    row = held.execute("select labels, shares from visibility_spread('item'::regclass)").fetchone()
    assert row is not None
    shares = dict(zip(row[0], row[1], strict=True))
    return sum(shares.get(label, 0.0) for label in labels) < 0.02
