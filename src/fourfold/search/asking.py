"""Having the saved searches looked at again, soon and once."""

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from fourfold.platform.jobs.app import app

JOB = "search.look_again"


def ask_to_look() -> None:
    """Have every saved search run soon; once, however often it is asked before it has."""
    try:
        with transaction.atomic():
            app.configure_task(JOB, queue="search", queueing_lock=JOB).defer()
    except AlreadyEnqueued:
        return
