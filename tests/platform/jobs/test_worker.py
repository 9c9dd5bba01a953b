"""The queue on a real database: what is rolled back was never asked for, and the worker does the rest."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection, transaction

from fourfold.platform.audit import jobs as audit_jobs
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.models import Block, Check
from fourfold.platform.audit.services import Operation
from fourfold.platform.jobs import worker
from fourfold.platform.visibility.scope import acting_as
from tests import database


def test_a_deferred_job_is_done_by_the_worker_as_its_service(lasting_db, universe):
    with acting_as(universe.merseyside_analyst):
        audit.note(Operation.SEARCH, object_type="pole.person", filters="name=Smith")
        audit_jobs.seal.defer(timestamp=1)
    database.let_others_finish()
    worker.run(queues=("platform",), wait=False)
    assert Block.objects.get().entries == 1


def test_a_job_of_a_rolled_back_transaction_was_never_asked_for(lasting_db, universe):
    with acting_as(universe.merseyside_analyst):
        audit.note(Operation.SEARCH, object_type="pole.person", filters="name=Smith")
        audit_jobs.seal.defer(timestamp=1)
        transaction.set_rollback(True)
    worker.run(queues=("platform",), wait=False)
    assert not Block.objects.exists()


def test_a_worker_outlives_its_database_connections_and_stops_when_told(lasting_db, universe):
    environment = os.environ | {"FOURFOLD_DATABASE": database.test_name(), "FOURFOLD_DATABASE_ROLE": "app"}
    command = [str(Path(sys.executable).with_name("fourfold")), "worker", "--queue", "platform"]
    working = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: workers() == 1)
        with database.superuser() as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        connection.close()
        with acting_as(universe.merseyside_analyst):
            audit_jobs.verify.configure(queueing_lock="asked for here").defer(timestamp=1)
        until(Check.objects.exists)
        working.send_signal(signal.SIGTERM)
        assert working.wait(30) == 0, working.stderr.read()
    finally:
        working.kill()
        working.stderr.close()


def workers() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_workers")
        return cursor.fetchone()[0]


def until(answer, *, patience_s: float = 60) -> None:
    """Wait until the answer is true."""
    deadline = time.monotonic() + patience_s
    while not answer():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)
