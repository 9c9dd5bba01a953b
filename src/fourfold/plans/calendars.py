"""A person's due dates as a calendar: when, and where to look. Nothing of what it is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from icalendar import Calendar, Event


@dataclass(frozen=True)
class DueDay:
    """One thing due: a key that stays the same, the day, what to open in words that tell nothing, and its address."""

    key: str
    on: date
    text: str
    address: str


def written(days: Iterable[DueDay], *, made_at: datetime, host: str) -> bytes:
    """The calendar as a file that any calendar reads."""
    made = Calendar()
    made.add("prodid", "-//Fourfold//Due dates//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", "Fourfold due dates")
    for day in days:
        event = Event()
        event.add("uid", f"{day.key}@{host}")
        event.add("dtstamp", made_at)
        event.add("dtstart", day.on)
        event.add("summary", day.text)
        event.add("url", day.address)
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    return bytes(made.to_ical())
