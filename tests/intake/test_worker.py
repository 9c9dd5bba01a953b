"""The worker takes what the door queued."""

from fourfold.intake import jobs, selectors
from fourfold.intake.rules import State
from fourfold.platform.jobs import worker
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from tests.intake import deliveries


def test_a_delivery_is_loaded_by_the_worker_and_a_second_run_changes_nothing(lasting_sources, deliver, tmp_path):
    batch = deliver(deliveries.small(tmp_path / "2026-01-04")).batch
    worker.run(queues=("intake",), wait=False)
    with acting_as(service_user("intake")):
        assert selectors.batch_of(batch.pk).state == State.PUBLISHED
        runs = selectors.runs_of(batch).count()
    jobs.process_batch(batch_id=batch.pk)
    with acting_as(service_user("intake")):
        assert selectors.runs_of(batch).count() == runs == 4
