"""What the worker does for disruptions: it looks for those that may be missing."""

from typing import Any

from fourfold.disruptions import finding
from fourfold.platform import clock
from fourfold.platform.jobs.app import app
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as


@app.task(queue="disruptions", name=finding.JOB, queueing_lock=finding.JOB)
def find_missing(**_future: Any) -> None:
    """Look over every open threat. Safe to run twice."""
    with acting_as(service_user("disruptions")):
        finding.find_missing(today=clock.today())
