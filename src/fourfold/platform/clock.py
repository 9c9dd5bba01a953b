"""The clock. Read in entry, views and jobs, then passed down; never read in rules or services.

`told` sets it for the demonstration's builder and for tests. The database has a clock of its own for history, which
follows this one only on a connection of the role `fourfold_simulation`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    """This moment, in UTC."""
    return _told.get() or datetime.now(UTC)


def today() -> date:
    """This day in Europe/London."""
    return now().astimezone(LONDON).date()


def day_of(moment: datetime) -> date:
    """The day of a moment in Europe/London: moments come from the database in UTC, an hour behind all summer."""
    return moment.astimezone(LONDON).date()


def close_of(day: date) -> datetime:
    """The last moment of a day in Europe/London: what "as recorded on that date" means."""
    return datetime.combine(day + timedelta(days=1), time.min, LONDON).astimezone(UTC) - timedelta(microseconds=1)


def told_moment() -> datetime | None:
    """The moment that was told, or None where the real clock runs."""
    return _told.get()


@contextmanager
def told(moment: datetime) -> Iterator[None]:
    """Make `now()` answer `moment` inside the block. `moment` is aware."""
    if moment.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    token = _told.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _told.reset(token)
