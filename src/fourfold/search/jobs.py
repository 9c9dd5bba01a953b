"""After every batch and every night: what is new for those who keep a search, as each of them may see it."""

from typing import Any

from fourfold.platform import clock
from fourfold.platform.jobs.app import app
from fourfold.platform.people.rules import may
from fourfold.platform.people.services import service_user
from fourfold.platform.visibility.scope import acting_as
from fourfold.search import asking, rules, selectors, services


@app.task(queue="search", name=asking.JOB, queueing_lock=asking.JOB)
def look_again(**_future: Any) -> None:
    """Search again for everybody who keeps a search. Safe to run twice."""
    today = clock.today()
    with acting_as(service_user("search")):
        watched = selectors.watched(today=today)
    for key, owner in watched:
        if not may(owner, rules.READ):
            continue
        with acting_as(owner, request_id=f"{asking.JOB}.{key}") as acting:
            saved = selectors.saved_searches(owner).filter(pk=key).first()
            # Whoever moved to another organisation does not write what they kept in the last one.
            if saved is not None and saved.label_id in acting.writes:
                services.look_again(saved=saved, now=clock.now(), today=today)


@app.periodic(cron="10 5 * * *")
@app.task(queue="search", name="search.look_again_nightly", queueing_lock="search.look_again_nightly")
def look_again_nightly(timestamp: int, **_future: Any) -> None:
    """As after a batch: what somebody may see changes between batches as well."""
    asking.ask_to_look()
