"""Networks: what surrounds a person among a million nodes under policy, and measures beside networkx and igraph."""

import os
import random
import time
from collections.abc import Callable
from statistics import median, quantiles

import igraph
import networkx as nx
import numpy as np
from bench import database
from bench.result import Result, alternated

NAME = "fourfold_bench_network"
PEOPLE, EVENTS, OBJECTS, PLACES = 500_000, 250_000, 125_000, 125_000
LINKS = 5_000_000
ASKED = 200
THREATS, MEMBERS = 60, 12
TARGET = "p95 at most 100 ms"
IGRAPH, NETWORKX = "igraph 1.0", "networkx"
COMMON = "label_id, source, source_key, owner_id, batch_id, source_file, source_line, content, raw, handling"
VALUES = (
    "case when n %% 10 = 0 then %(own)s else %(region)s end, 'bench', n::text, %(owner)s, 1, 'f', n,"
    " md5(n::text)::uuid, '{{}}', ''"
)
TABLES = {
    "pole_person": ("id, made_in, made_at", "n, 'bench', now()", PEOPLE),
    "pole_personrecord": (
        f"id, person_id, forenames, surname, full_name, name_key, names_key, name_sound, aliases, sex, birth_quality,"
        f" pnc_id, cro, nino, ethnicity_code, address_line, postcode, {COMMON}",
        f"n, n, 'Ada', 'Lane', 'Ada Lane', 'ADA LANE', 'ADA LANE', '', '[]', 'U', 'none', '', '', '', '', '', '',"
        f" {VALUES}",
        PEOPLE,
    ),
    "pole_eventrecord": (
        f"id, kind, reference, reference_key, title, category, category_name, happened_on, time_precision, status,"
        f" status_name, summary, source_grade, {COMMON}",
        f"n, 'STOP', '', '', '', '', '', date '2024-01-01' + (n %% 700)::int, 'day', '', '', '', '', {VALUES}",
        EVENTS,
    ),
    "pole_objectrecord": (
        f"id, kind, value, value_raw, valid, make, model, colour, detail, {COMMON}",
        f"n, 'VEHICLE', 'AB' || n, '', true, '', '', '', '{{{{}}}}', {VALUES}",
        OBJECTS,
    ),
    "pole_locationrecord": (
        f"id, address_line, postcode, district, precision, name, place_key, {COMMON}",
        f"n, '', '', '', 'none', '', 'P' || n, {VALUES}",
        PLACES,
    ),
}
# A few things have very many people, as custody suites and shared phones have; most have a few.
LINK = f"""
insert into pole_link (id, left_kind, left_id, right_kind, right_id, type, assertion, grade, from_on, {COMMON})
select n, 'PERSON', 1 + floor(random() * %(people)s)::bigint,
  case n %% 4 when 0 then 'OBJECT' when 1 then 'LOCATION' else 'EVENT' end,
  1 + floor(
    power(random(), 1.5) * case n %% 4 when 0 then %(objects)s when 1 then %(places)s else %(events)s end
  )::bigint,
  'SUSPECT', 'fact', '', date '2024-01-01', {VALUES}
from generate_series(1, %(links)s) n
"""
FLOOR = """
with near as (
  select right_kind as kind, right_id as id from pole_link where left_kind = 'PERSON' and left_id = %(person)s
  and label_id = any(%(labels)s)
)
select count(*), count(distinct l.left_id)
from near join pole_link l on l.right_id = near.id and l.right_kind = near.kind
where l.label_id = any(%(labels)s)
"""


def run(scale: float) -> list[Result]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fourfold.entry.settings")
    database.make(NAME)
    try:
        import django  # noqa: PLC0415  the settings read FOURFOLD_DATA, which the caller has set by now

        django.setup()
        return [*_surroundings(scale), *_measures(scale)]
    finally:
        from django.db import connection  # noqa: PLC0415

        connection.close()
        database.drop(NAME)


# What surrounds a person


def _surroundings(scale: float) -> list[Result]:
    from fourfold.network import selectors  # noqa: PLC0415
    from fourfold.network.rules import Period  # noqa: PLC0415
    from fourfold.platform.visibility.scope import acting_as  # noqa: PLC0415

    analyst, labels = _filled(scale)
    people = int(PEOPLE * scale)
    chance = random.Random(7)
    asked = [10 * chance.randint(0, people // 10 - 1) + chance.randint(1, 9) for _ in range(ASKED)]
    taken: dict[int, list[float]] = {1: [], 2: []}
    nodes: list[int] = []
    for depth, kept in taken.items():
        for person_id in asked:
            with acting_as(analyst):
                started = time.perf_counter()
                found = selectors.surroundings([person_id], depth=depth, period=Period())
                kept.append((time.perf_counter() - started) * 1_000)
            nodes.append(len(found.away))
    floor = []
    with database.superuser(NAME) as admin:
        for person_id in asked:
            started = time.perf_counter()
            admin.execute(FLOOR, {"person": person_id, "labels": labels}).fetchall()
            floor.append((time.perf_counter() - started) * 1_000)
    threats = []
    for _ in range(THREATS):
        members = [10 * chance.randint(0, people // 10 - 1) + chance.randint(1, 9) for _ in range(MEMBERS)]
        with acting_as(analyst):
            started = time.perf_counter()
            selectors.surroundings(members, depth=2, period=Period())
            threats.append((time.perf_counter() - started) * 1_000)
    total = people + int((EVENTS + OBJECTS + PLACES) * scale)
    what = f"network: two links around one of {total:,} nodes, {int(LINKS * scale):,} links"
    note = f"{median(nodes[ASKED:]):.0f} nodes at the median, with the links among them"
    hand = "a hand-written join, no policy, no picture"
    least = _p95(floor)
    return [
        Result(f"{what}, p95", _p95(taken[2]), "ms", hand, least, _p95(taken[2]) / least, TARGET, note),
        Result(f"{what}, p50", median(taken[2]), "ms", hand, median(floor), median(taken[2]) / median(floor)),
        Result("network: one link around a person, p95", _p95(taken[1]), "ms"),
        Result(f"network: two links around {MEMBERS} people of a threat, p95", _p95(threats), "ms"),
    ]


def _p95(taken: list[float]) -> float:
    return quantiles(taken, n=20)[-1]


def _filled(scale: float):
    """A picture of the size, and an analyst who may see nine tenths of it: the rest is another force's own."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from fourfold.platform import clock  # noqa: PLC0415
    from fourfold.platform.database import where  # noqa: PLC0415
    from fourfold.platform.people import services as people  # noqa: PLC0415
    from fourfold.platform.people.models import Organisation  # noqa: PLC0415
    from fourfold.platform.reference import services as reference  # noqa: PLC0415
    from fourfold.platform.visibility.services import label_for  # noqa: PLC0415

    connection.close()
    place = where.place("app", name=NAME)
    connection.settings_dict.update({"NAME": place.name, "USER": place.user, "HOST": place.host, "PORT": place.port})
    settings.DEBUG = False
    reference.load(settings.REGION, settings.REGIONS, today=clock.today())
    gmp = Organisation.objects.get(code="gmp")
    analyst = people.create_user(
        email="analyst@bench.test", name="Force analyst", organisation=gmp, roles=["analyst"], held_from=clock.today()
    )
    region = label_for(owner=gmp, audience="REGION").pk
    label_for(owner=gmp, audience="OWN")
    own = label_for(owner=Organisation.objects.get(code="merseyside"), audience="OWN").pk
    sizes = {name: int(size * scale) for name, size in (("people", PEOPLE), ("events", EVENTS), ("objects", OBJECTS))}
    sizes |= {"places": int(PLACES * scale), "links": int(LINKS * scale)}
    given = {"region": region, "own": own, "owner": gmp.pk, **sizes}
    with database.superuser(NAME) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("select setseed(0.4)")
        for table, (columns, values, size) in TABLES.items():
            admin.execute(
                f"insert into {table} ({columns}) select {values.replace('{{}}', '{}')}"
                " from generate_series(1, %(size)s) n",
                {**given, "size": int(size * scale)},
            )
        kept = [
            row[0]
            for row in admin.execute("select indexdef from pg_indexes where indexname in ('link_left', 'link_right')")
        ]
        admin.execute("drop index link_left, link_right")
        admin.execute(LINK.replace("{{}}", "{}"), given)
        for definition in kept:
            admin.execute(definition)
        for table in (*TABLES, "pole_link"):
            admin.execute(f"vacuum analyze {table}")
    return analyst, [region]


# Measures


def _measures(scale: float) -> list[Result]:
    from fourfold.pipeline.networks import measures  # noqa: PLC0415

    large, theirs = _drawn(int(1_000_000 * scale), int(LINKS * scale))
    middle, its = _drawn(int(100_000 * scale), int(500_000 * scale))
    small, smaller = _drawn(3_000, 15_000)
    plain = nx.Graph(zip(small.tails.tolist(), small.heads.tolist(), strict=True))
    pairs = small.size * (small.size - 1)
    ours = measures.between_and_close(small, starts=small.size)[0]
    assert np.allclose(ours, np.array(smaller.betweenness()) / ((small.size - 1) * (small.size - 2) / 2))
    found = [
        _beside("PageRank", large, lambda: measures.pagerank(large), theirs.pagerank, IGRAPH, rounds=1),
        _beside("k-core", large, lambda: measures.k_core(large), theirs.coreness, IGRAPH),
        _beside("communities", middle, lambda: measures.communities(middle), lambda: _leiden(its), IGRAPH, rounds=1),
        _beside(
            "betweenness and closeness, exact",
            small,
            lambda: measures.between_and_close(small, starts=small.size),
            lambda: (smaller.betweenness(), smaller.closeness()),
            IGRAPH,
        ),
    ]
    started = time.perf_counter()
    nx.betweenness_centrality(plain, k=30, seed=1)
    taken = (time.perf_counter() - started) * small.size / 30
    mine = found[-1].measured
    what = "network: betweenness of 3,000 nodes, with closeness, beside betweenness alone"
    note = f"{NETWORKX} from 30 of {small.size:,} nodes, times {small.size / 30:.0f}; {pairs:,} pairs"
    found.append(Result(what, mine, "s", NETWORKX, taken, mine / taken, note=note))
    return found


def _drawn(nodes: int, ties: int):
    """The same random network as ours and as igraph's."""
    from fourfold.pipeline.networks.graph import of_arrays  # noqa: PLC0415

    chance = np.random.default_rng(4)
    tails, heads = chance.integers(0, nodes, ties), chance.integers(0, nodes, ties)
    network = of_arrays(tuple(map(str, range(nodes))), tails, heads, np.ones(ties), directed=False)
    network.strengths, network.handed_over  # noqa: B018  made before anything is timed, as igraph's is
    return network, igraph.Graph(n=nodes, edges=np.column_stack([network.tails, network.heads]))


def _leiden(graph: igraph.Graph) -> object:
    random.seed(4)
    return graph.community_leiden(objective_function="modularity", n_iterations=10)


def _beside(
    what: str, network, ours: Callable[[], object], theirs: Callable[[], object], peer: str, *, rounds: int = 3
) -> Result:
    mine, its = alternated(ours, theirs, rounds=rounds)
    name = f"network: {what} of {network.size:,} nodes, {network.ties:,} ties"
    return Result(name, mine, "s", peer, its, mine / its, "at most 1.5x")
