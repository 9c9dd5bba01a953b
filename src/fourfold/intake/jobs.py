"""What the worker does for intake."""

from typing import Any

from django.conf import settings

from fourfold.intake.storage import Store
from fourfold.platform import clock
from fourfold.platform.jobs.app import app


@app.task(queue="intake", name="intake.process_batch")
def process_batch(*, batch_id: int, **_future: Any) -> None:
    """Take one batch through every step that it still lacks. Safe to run twice."""
    from fourfold.intake import processing  # noqa: PLC0415  the pipeline takes a second to import; only a worker needs it
    from fourfold.intake.processing import Desk  # noqa: PLC0415

    processing.process_batches(batch_ids=[batch_id], desk=Desk(store=Store(settings.INTAKE_FOLDER), clock=clock.now))
