"""Sealing every five minutes, verifying every night."""

from fourfold.platform.audit import services
from fourfold.platform.jobs.app import app
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as


@app.periodic(cron="*/5 * * * *")
@app.task(queue="platform", name="audit.seal", queueing_lock="audit.seal", pass_context=False)
def seal(timestamp: int, **_future: object) -> None:
    """Seal what is finished. Safe to run twice."""
    with acting_as(service_user("audit"), request_id=f"audit.seal.{timestamp}"):
        services.seal()


@app.periodic(cron="17 2 * * *")
@app.task(queue="platform", name="audit.verify", queueing_lock="audit.verify", pass_context=False)
def verify(timestamp: int, **_future: object) -> None:
    """Verify the whole ledger and keep what was found. Safe to run twice."""
    with acting_as(service_user("audit"), request_id=f"audit.verify.{timestamp}"):
        services.check()
