"""Simulated time: whole minutes of UTC since the epoch below, and the ways the four families write it."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

EPOCH = date(2021, 1, 1)
EPOCH_ORDINAL = EPOCH.toordinal()
DAY = 24 * 60
_YEARS = range(2015, 2041)


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


# Minutes at which British clocks change, at 01:00 UTC: odd positions start summer time.
_CHANGES = [(_last_sunday(year, month).toordinal() - EPOCH_ORDINAL) * DAY + 60 for year in _YEARS for month in (3, 10)]
_TIMES = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(DAY)]
_HALF_DAY_TIMES = [
    f"{(minute // 60 + 11) % 12 + 1:02d}:{minute % 60:02d} {'AM' if minute < DAY // 2 else 'PM'}"
    for minute in range(DAY)
]


def minute_of(day: date) -> int:
    """Return the first minute of a day."""
    return (day.toordinal() - EPOCH_ORDINAL) * DAY


def day_of(minute: int) -> int:
    """Return the ordinal of the day a minute falls in."""
    return EPOCH_ORDINAL + minute // DAY


def summer(minute: int) -> bool:
    """Return whether British Summer Time holds at this minute."""
    return bisect_right(_CHANGES, minute) % 2 == 1


@lru_cache(maxsize=60_000)
def slashed(ordinal: int) -> str:
    """Return a day as DD/MM/YYYY."""
    day = date.fromordinal(ordinal)
    return f"{day.day:02d}/{day.month:02d}/{day.year}"


@lru_cache(maxsize=60_000)
def dashed(ordinal: int) -> str:
    """Return a day as YYYY-MM-DD."""
    return date.fromordinal(ordinal).isoformat()


def local(minute: int) -> int:
    """Return the minute a British wall clock shows."""
    return minute + 60 if bisect_right(_CHANGES, minute) % 2 else minute


def local_slashed(minute: int) -> str:
    """Return DD/MM/YYYY HH:MM:SS on a British wall clock."""
    shown = local(minute)
    return f"{slashed(EPOCH_ORDINAL + shown // DAY)} {_TIMES[shown % DAY]}:00"


def utc_slashed(minute: int) -> str:
    """Return DD/MM/YYYY HH:MM:SS in UTC: the slip of a system that should write local time."""
    return f"{slashed(EPOCH_ORDINAL + minute // DAY)} {_TIMES[minute % DAY]}:00"


def local_half_day(minute: int) -> str:
    """Return DD/MM/YYYY hh:mm AM on a British wall clock."""
    shown = local(minute)
    return f"{slashed(EPOCH_ORDINAL + shown // DAY)} {_HALF_DAY_TIMES[shown % DAY]}"


def local_offset(minute: int) -> str:
    """Return ISO local time with its offset."""
    if bisect_right(_CHANGES, minute) % 2:
        shown = minute + 60
        return f"{dashed(EPOCH_ORDINAL + shown // DAY)}T{_TIMES[shown % DAY]}:00+01:00"
    return f"{dashed(EPOCH_ORDINAL + minute // DAY)}T{_TIMES[minute % DAY]}:00+00:00"


def utc_iso(minute: int) -> str:
    """Return ISO UTC with a Z."""
    return f"{dashed(EPOCH_ORDINAL + minute // DAY)}T{_TIMES[minute % DAY]}:00Z"


def as_datetime(minute: int) -> datetime:
    """Return the moment with its time zone."""
    return datetime(2021, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
