"""Any sequence of judging, withdrawing and taking apart gives the groups that a plain replay of it gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fourfold.platform import clock
from fourfold.platform.errors import RuleBroken
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole import services
from fourfold.pole.models import Judgement, MatchEdge, PersonRecord
from fourfold.pole.rules.identity import Placed, Tie, Verdict, pair_of
from tests.pole.canonical import Batch
from tests.pole.test_identity_rules import plainly

pytestmark = pytest.mark.django_db
KEYS = ("1", "2", "3", "4", "5", "6", "h7", "h8")
GROUPS = {"1": 1, "2": 1, "3": 1, "4": 2, "5": 2, "6": 3, "h7": 1, "h8": 2}
TIES = (
    ("1", "2", 9.0, "LINKED"),
    ("2", "3", 7.0, "LINKED"),
    ("1", "3", 6.5, "LINKED"),
    ("4", "5", 8.0, "LINKED"),
    ("1", "h7", 7.5, "LINKED"),
    ("4", "h8", 6.1, "LINKED"),
    ("3", "4", 3.0, "PROPOSED"),
)
two = st.lists(st.sampled_from(range(len(KEYS))), min_size=2, max_size=2, unique=True)
step = st.one_of(
    st.tuples(st.just("same"), two),
    st.tuples(st.just("different"), two),
    st.tuples(st.just("apart"), st.lists(st.sampled_from(range(len(KEYS))), min_size=1, max_size=3, unique=True)),
    st.tuples(st.just("withdraw"), st.integers(0, 20)),
    st.tuples(st.just("undo"), st.integers(0, 20)),
)


@pytest.fixture
def records(publish, tmp_path, universe):
    batch = Batch(tmp_path / "b")
    for key in KEYS:
        batch.person(key, f"John {key} Smith", date(1990, 5, 1), audience="OWN" if key.startswith("h") else "REGION")
    edges = [("niche_tri", a, "niche_tri", b, weight, band) for a, b, weight, band in TIES]
    publish(batch, clusters=[("niche_tri", key, n) for key, n in GROUPS.items()], edges=edges)
    with acting_as(universe.service("intake")):
        return {r.source_key: r for r in PersonRecord.objects.all()}


@contextmanager
def undone_afterwards() -> Iterator[None]:
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]
    with atomic:
        yield
        transaction.set_rollback(True)


def groups_now(actor):
    with acting_as(actor):
        found: dict[int, set[int]] = {}
        for pk, person in PersonRecord.objects.values_list("pk", "person_id"):
            found.setdefault(person, set()).add(pk)
    return {frozenset(group) for group in found.values()}


def done(actor, records, what, chosen):
    """Take one step; False where it was refused or there was nothing to take back."""
    pks = [records[key].pk for key in KEYS]
    with acting_as(actor):
        standing = Judgement.objects.filter(withdrawal=None).exclude(verdict="WITHDRAWN").order_by("pk")
        if what in {"same", "different"}:
            left, right = (pks[place] for place in chosen)
            services.judge(actor=actor, left=left, right=right, verdict=Verdict(what.upper()), now=clock.now())
        elif what == "apart":
            first = PersonRecord.objects.get(pk=pks[chosen[0]]).person_id
            mine = PersonRecord.objects.filter(pk__in=[pks[place] for place in chosen], person_id=first)
            services.take_apart(
                actor=actor, person=first, records=[each.pk for each in mine], why="Two people", now=clock.now()
            )
        elif what == "withdraw" and standing:
            row = standing[chosen % len(standing)]
            services.withdraw(actor=actor, judgement=row.pk, why="It was wrong", now=clock.now())
        elif what == "undo" and standing:
            services.undo(actor=actor, act=standing[chosen % len(standing)].act, why="It was wrong", now=clock.now())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=1, max_size=6))
def test_every_sequence_gives_the_groups_of_its_replay(steps, records, universe):
    actor = universe.merseyside_analyst
    with acting_as(actor):
        known = {
            r.pk: Placed(not r.source_key.startswith("h"), r.label_id, (r.source, r.source_key), r.person_id)
            for r in records.values()
        }
        ties = [
            Tie(*pair_of(edge.left_id, edge.right_id), edge.match_weight)
            for edge in MatchEdge.objects.filter(band="LINKED")
        ]
    with undone_afterwards():
        for what, chosen in steps:
            before = groups_now(actor)
            try:
                done(actor, records, what, chosen)
            except RuleBroken:
                assert groups_now(actor) == before
            with acting_as(actor):
                rows = Judgement.objects.filter(withdrawal=None).exclude(verdict="WITHDRAWN")
                stands = {(row.left_id, row.right_id): row.verdict for row in rows}
            same = {pair for pair, verdict in stands.items() if verdict == "SAME"}
            different = {pair for pair, verdict in stands.items() if verdict == "DIFFERENT"}
            assert groups_now(actor) == plainly(known, ties, same, different)
            people = groups_now(actor)
            together = {pair for pair in same if any(set(pair) <= group for group in people)}
            apart = {pair for pair in different if not any(set(pair) <= group for group in people)}
            assert (together, apart) == (same, different), "whatever was not refused holds"
