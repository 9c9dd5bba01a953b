"""Looking back and comparing agree with a plain replay of what happened, whatever happened."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fourfold.platform import clock
from fourfold.platform.history.rewind import as_recorded_on, diff, versions_of
from fourfold.platform.visibility.scope import acting_as
from tests import database
from tests.platform.sample import Case, own_label, region_label

START = datetime(2023, 1, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TITLES = ("Blue van", "Red van", "Green van")


@dataclass(frozen=True)
class Act:
    """One thing done to one of a few rows: made if it is not there, else changed."""

    row: int
    title: str
    size: int
    restricted: bool


acts = st.builds(Act, st.integers(0, 3), st.sampled_from(TITLES), st.integers(0, 2), st.booleans())
requests = st.lists(st.lists(acts, min_size=1, max_size=4), min_size=1, max_size=6)


@dataclass
class Replay:
    """What the rows were after each request, kept as plain dictionaries; and which label each has in the end."""

    states: list[dict[int, tuple[str, int]]] = field(default_factory=lambda: [{}])
    restricted: dict[int, bool] = field(default_factory=dict)

    def request(self, done: list[Act]) -> None:
        state = dict(self.states[-1])
        for act in done:
            state[act.row] = (act.title, act.size)
            self.restricted[act.row] = act.restricted
        self.states.append(state)

    def seen_at(self, n: int, *, by_owner: bool) -> dict[int, tuple[str, int]]:
        return {row: facts for row, facts in self.states[n].items() if by_owner or not self.restricted[row]}


def play(universe, history: list[list[Act]]) -> tuple[Replay, dict[int, int]]:
    """Do it all, one request an hour. Returns the plain replay and the key of each row."""
    replay, keys = Replay(), dict[int, int]()
    for n, done in enumerate(history, start=1):
        with clock.told(START + n * HOUR), acting_as(universe.merseyside_analyst):
            labels = {False: region_label("merseyside"), True: own_label("merseyside")}
            for act in done:
                facts = {"title": act.title, "size": act.size, "label": labels[act.restricted]}
                if act.row in keys:
                    assert Case.objects.filter(pk=keys[act.row]).update(**facts) == 1
                else:
                    keys[act.row] = Case.objects.create(**facts).pk
        replay.request(done)
    return replay, keys


def empty() -> None:
    with database.superuser() as admin:
        admin.execute("truncate sample_case, sample_case_was cascade")


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=requests)
def test_the_past_and_its_differences_agree_with_a_plain_replay(as_simulation, universe, history):
    empty()
    replay, keys = play(universe, history)
    rows = {pk: row for row, pk in keys.items()}
    for user, is_owner in ((universe.merseyside_analyst, True), (universe.gmp_analyst, False)):
        with acting_as(user):
            for n in range(len(history) + 1):
                with as_recorded_on(START + n * HOUR):
                    found = {rows[c.pk]: (c.title, c.size) for c in Case.objects.all()}
                assert found == replay.seen_at(n, by_owner=is_owner)
            for earlier in range(len(history) + 1):
                for later in range(earlier, len(history) + 1):
                    before, after = (replay.seen_at(n, by_owner=is_owner) for n in (earlier, later))
                    changes = diff(Case, START + earlier * HOUR, START + later * HOUR)
                    assert {rows[c.pk] for c in changes.came} == after.keys() - before.keys()
                    assert changes.went == ()
                    assert {rows[c.pk]: (c.after["title"], c.after["size"]) for c in changes.changed} == {
                        row: facts for row, facts in after.items() if row in before and before[row] != facts
                    }


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=requests)
def test_versions_follow_each_other_without_gap_or_overlap(as_simulation, universe, history):
    empty()
    _, keys = play(universe, history)
    with acting_as(universe.merseyside_analyst):
        for pk in keys.values():
            versions = versions_of(Case(pk=pk))
            assert versions[0].recorded_to is None
            for newer, older in pairwise(versions):
                assert older.recorded_from < older.recorded_to == newer.recorded_from
                assert older.ended_in == newer.recorded_in
