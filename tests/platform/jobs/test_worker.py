"""The queue on a real database: what is rolled back was never asked for, and the worker does the rest."""

from django.db import transaction

from fourfold.platform.audit import jobs as audit_jobs
from fourfold.platform.audit import services as audit
from fourfold.platform.audit.models import Block
from fourfold.platform.audit.services import Operation
from fourfold.platform.jobs import worker
from fourfold.platform.visibility.scope import acting_as


def test_a_deferred_job_is_done_by_the_worker_as_its_service(lasting_db, universe):
    with acting_as(universe.merseyside_analyst):
        audit.note(Operation.SEARCH, object_type="pole.person", filters="name=Smith")
        audit_jobs.seal.defer(timestamp=1)
    worker.run(queues=("platform",), wait=False)
    assert Block.objects.get().entries == 1


def test_a_job_of_a_rolled_back_transaction_was_never_asked_for(lasting_db, universe):
    with acting_as(universe.merseyside_analyst):
        audit.note(Operation.SEARCH, object_type="pole.person", filters="name=Smith")
        audit_jobs.seal.defer(timestamp=1)
        transaction.set_rollback(True)
    worker.run(queues=("platform",), wait=False)
    assert not Block.objects.exists()
