"""Every morning: reminders, what is passed on, and every plan held against the rules again."""

from fourfold.plans import notices, selectors, services
from fourfold.platform import clock
from fourfold.platform.jobs.app import app
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as


@app.periodic(cron="30 5 * * *")
@app.task(queue="platform", name="plans.remind", queueing_lock="plans.remind", pass_context=False)
def remind(timestamp: int, **_future: object) -> None:
    """Make today's reminders, and send a notice without content where e-mail is set up. Safe to run twice."""
    with acting_as(service_user("plans"), request_id=f"plans.remind.{timestamp}"):
        today = clock.today()
        told = selectors.told_by(services.remind(today=today), today=today)
    notices.send(told)


@app.periodic(cron="50 4 * * *")
@app.task(queue="platform", name="plans.rescore", queueing_lock="plans.rescore", pass_context=False)
def rescore(timestamp: int, **_future: object) -> None:
    """Hold every open plan against the rules again. Safe to run twice."""
    with acting_as(service_user("plans"), request_id=f"plans.rescore.{timestamp}"):
        services.rescore_plans(today=clock.today())
