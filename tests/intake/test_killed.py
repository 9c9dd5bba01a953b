"""A process killed at any step: the next one ends with the same result, and nothing shows before all does."""

import os
import signal
import subprocess
import sys
import time

import pytest

from fourfold.intake import processing, selectors
from fourfold.intake.models import Quarantined, StepRun
from fourfold.intake.processing import Desk
from fourfold.intake.rules import Outcome, State, Step
from fourfold.intake.storage import Store
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.pole.models import EventRecord, Link, PersonRecord
from tests import database
from tests.intake import deliveries
from tests.intake.conftest import bring, register_sources

COMMAND = "from fourfold.entry.cli import main; main()"


def begin(store):
    environment = os.environ | {
        "FOURFOLD_DATABASE": database.test_name(),
        "FOURFOLD_INTAKE": str(store.folder),
        "PYTHONPATH": os.pathsep.join([str(database.ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
    }
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "intake", "process"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def kill_when_running(process, step):
    """Kill the process as soon as it has begun the step. False when it ended first."""
    deadline = time.monotonic() + 120
    with acting_as(service_user("intake")):
        while process.poll() is None and time.monotonic() < deadline:
            if StepRun.objects.filter(step=step, outcome=Outcome.RUNNING).exists():
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.01)
    return False


def picture():
    """All that a batch brings, without numbers that only count attempts."""
    with acting_as(service_user("intake")):
        people = list(PersonRecord.objects.order_by("source_key").values_list("source_key", "surname", "birth_on"))
        events = list(EventRecord.objects.order_by("reference").values_list("reference", "happened_at"))
        rows = list(Quarantined.objects.order_by("file", "line").values_list("file", "line", "rule_code", "value"))
        together = {}
        for key, number in PersonRecord.objects.values_list("source_key", "person_id"):
            together.setdefault(number, set()).add(key)
        return people, events, rows, Link.objects.count(), sorted(map(sorted, together.values()))


@pytest.mark.slow
def test_a_run_killed_at_every_step_in_turn_ends_with_the_same_result(lasting_sources, store, desk, deliver, tmp_path):
    folder = deliveries.small(tmp_path / "2026-01-04")
    batch = deliver(folder).batch
    for step in Step:
        process = begin(store)
        assert kill_when_running(process, step), process.communicate()[0].decode()
        process.stdout.close()
        with acting_as(service_user("intake")):
            is_published = selectors.batch_of(batch.pk).state == State.PUBLISHED
            assert PersonRecord.objects.exists() == EventRecord.objects.exists() == is_published
    (done,) = processing.process_batches(batch_ids=[batch.pk], desk=desk)
    assert done.state == State.PUBLISHED
    with acting_as(service_user("intake")):
        runs = [(r.step, r.outcome) for r in selectors.runs_of(batch)]
    for step in Step:
        assert [o for s, o in runs if s == step].count(Outcome.DONE) >= 1
    assert sum(outcome == Outcome.BROKEN_OFF for _, outcome in runs) == len(Step)
    after_the_kills = picture()

    database.copy_template()
    load_without_a_kill(folder, desk, tmp_path)
    assert picture() == after_the_kills


def load_without_a_kill(folder, desk, tmp_path):
    register_sources()
    calm = Desk(store=Store(tmp_path / "calm"), clock=desk.clock)
    batch = bring(folder, store=calm.store).batch
    processing.process_batches(batch_ids=[batch.pk], desk=calm)
