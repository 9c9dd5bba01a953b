"""The list of events: every count it shows is exact, for each reader, under every combination of filters."""

from datetime import date
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fourfold.platform.ui import lists
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import selectors
from fourfold.pole.models import EventRecord
from fourfold.pole.views import EVENTS
from tests.pole.canonical import Batch

KINDS = ("CRIME", "STOP", "CUSTODY")


@pytest.fixture
def events(publish, db, tmp_path):
    """Two forces' events of three kinds, some without a day; every third is its own force's only."""
    for force, source, n in (("merseyside", "niche_tri", 13), ("cheshire", "connect_cheshire", 8)):
        batch = Batch(tmp_path / force, force=force)
        for number in range(n):
            on = date(2024, 1, 1 + number) if number % 4 else None
            audience = "OWN" if number % 3 == 0 else "REGION"
            batch.event(f"e{number}", KINDS[number % len(KINDS)], on, reference=f"R{number}", audience=audience)
        publish(batch, source=source)


ASKED = [
    {"kind": kinds, "force": forces, **rest}
    for kinds, forces, rest in product(
        ([], ["STOP"], ["CRIME", "CUSTODY"]),
        ([], ["cheshire"], ["cheshire", "merseyside"]),
        ({}, {"when_from": "2024-01-04"}, {"q": "R1"}),
    )
]


def expected(asked) -> tuple[int, dict[str, int], dict[str, int]]:
    """The counts, row by row, as a reader would make them by hand."""
    rows = [
        (row.kind, row.owner.code)
        for row in EventRecord.objects.select_related("owner")
        if (not asked.get("when_from") or (row.happened_on and row.happened_on >= date(2024, 1, 4)))
        and (not asked.get("q") or row.reference.startswith("R1"))
    ]
    by_kind = [kind for kind, force in rows if not asked["force"] or force in asked["force"]]
    by_force = [force for kind, force in rows if not asked["kind"] or kind in asked["kind"]]
    both = [1 for kind, force in rows if (force in asked["force"] or not asked["force"])
            and (kind in asked["kind"] or not asked["kind"])]  # fmt: skip
    return len(both), {k: by_kind.count(k) for k in set(by_kind)}, {f: by_force.count(f) for f in set(by_force)}


@pytest.mark.parametrize("reader", ["merseyside_analyst", "cheshire_analyst", "gmp_analyst"])
def test_every_count_is_exact_under_every_combination_of_filters(events, universe, rf, reader):
    with acting_as(getattr(universe, reader)):
        for asked in ASKED:
            page = lists.build_list(rf.get("/events/", asked), selectors.events(), EVENTS)
            kinds, forces = (
                {choice.value: choice.count for choice in (*shown.choices, *shown.more) if choice.count}
                for shown in page.filters
                if shown.shape == "choices"
            )
            assert (page.total, kinds, forces) == expected(asked), asked
            assert len(page.rows) == page.total, asked


def test_the_readers_differ_in_what_is_counted(events, universe, rf):
    totals = []
    for reader in (universe.merseyside_analyst, universe.cheshire_analyst, universe.gmp_analyst):
        with acting_as(reader):
            totals.append(lists.build_list(rf.get("/events/"), selectors.events(), EVENTS).total)
    assert totals == [8 + 5 + 5, 8 + 5 + 3, 8 + 5]


def test_the_rows_and_all_counts_take_two_queries_of_the_table(events, universe, rf):
    with acting_as(universe.merseyside_analyst), CaptureQueriesContext(connection) as made:
        lists.build_list(rf.get("/events/", {"kind": "STOP", "force": "cheshire"}), selectors.events(), EVENTS)
    assert sum('from "pole_eventrecord"' in query["sql"].lower() for query in made.captured_queries) == 2
