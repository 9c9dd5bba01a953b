"""The queue. A room's `jobs.py` imports `app` and decorates its tasks; each task acts as a stated service.

    @app.task(queue="intake", name="intake.run_batch", queueing_lock="...")
    def run_batch(*, batch: int, **_future: object) -> None:
        with acting_as(service_user("intake")):
            services.run_batch(batch_id=batch)

Deferring a task is part of the caller's transaction: what is rolled back was never asked for.
"""

from procrastinate.contrib.django import app

__all__ = ["app"]
