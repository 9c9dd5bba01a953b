"""Dates and times as police systems write them: UK days, ISO days, local times with the hour that comes twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
OLDEST_BIRTH = date(1900, 1, 1)

OLDEST_YEAR = 1900

UK_DAY = r"[0-3][0-9]/[01][0-9]/[12][0-9]{3}"
ISO_DAY = r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
# A year, a month and year, or a day with its parts struck out by 0, ? or X.
PARTIAL_UK = r"(?:(?:[0-9?Xx]{2}/)?(?:[0-9?Xx]{2}/))?(?:[0-9]{4})"
PARTIAL_ISO = r"(?:[0-9]{4})(?:-[0-9?Xx]{2}(?:-[0-9?Xx]{2})?)?"
UK_TIME = rf"{UK_DAY} {_CLOCK}(?::[0-5][0-9])?"
UK_TIME_12 = rf"{UK_DAY} (?:0?[1-9]|1[0-2]):[0-5][0-9](?::[0-5][0-9])? ?[AaPp][Mm]"
ISO_TIME = rf"{ISO_DAY}[T ]{_CLOCK}(?::[0-5][0-9](?:\.[0-9]+)?)?"
ISO_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"

BirthQuality = Literal["exact", "default", "partial", "invalid", "none"]
TimeQuality = Literal["minute", "day", "ambiguous", "skipped", "universal", "twelve_hour", "invalid", "none"]


@dataclass(frozen=True)
class BirthDate:
    """A delivered date of birth. `value` only when it is a whole, possible day."""

    raw: str
    value: date | None
    valid: bool
    quality: BirthQuality


@dataclass(frozen=True)
class Moment:
    """A delivered time. `value` is UTC; `on` is the day in London.

    quality: minute (local, sure), day (no time given), ambiguous (came twice: the first is taken), skipped (it never
    came), universal (written with its zone), twelve_hour (local, AM or PM), invalid, none (empty).
    """

    raw: str
    value: datetime | None
    valid: bool
    quality: TimeQuality
    on: date | None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def uk_day(raw: str) -> date | None:
    """DD/MM/YYYY."""
    text = raw.strip(" ")
    return _day(text[6:], text[3:5], text[:2]) if re.fullmatch(UK_DAY, text) else None


def iso_day(raw: str) -> date | None:
    """YYYY-MM-DD."""
    text = raw.strip(" ")
    return _day(text[:4], text[5:7], text[8:]) if re.fullmatch(ISO_DAY, text) else None


def _birth(raw: str, day: date | None, partial: str, latest: date) -> BirthDate:
    text = raw.strip(" ")
    if not text:
        return BirthDate(raw, None, valid=False, quality="none")
    if day is not None:
        if not OLDEST_BIRTH <= day <= latest:
            return BirthDate(raw, None, valid=False, quality="invalid")
        default = day.month == 1 and day.day == 1
        return BirthDate(raw, day, valid=True, quality="default" if default else "exact")
    if re.fullmatch(partial, text) and _has_hole(text):
        return BirthDate(raw, None, valid=False, quality="partial")
    return BirthDate(raw, None, valid=False, quality="invalid")


def _has_hole(text: str) -> bool:
    parts = re.split(r"[/-]", text)
    return len(parts) < 3 or any(part == "00" or re.search(r"[?Xx]", part) for part in parts)


def uk_birth(raw: str, *, latest: date) -> BirthDate:
    """A date of birth written DD/MM/YYYY. `latest`: the day of the extract; nobody in it was born later."""
    return _birth(raw, uk_day(raw), PARTIAL_UK, latest)


def iso_birth(raw: str, *, latest: date) -> BirthDate:
    """A date of birth written YYYY-MM-DD."""
    return _birth(raw, iso_day(raw), PARTIAL_ISO, latest)


def london_to_utc(local: datetime) -> tuple[datetime, TimeQuality]:
    """UTC (without zone) of a London wall clock time; of a time that came twice, the first."""
    first = local.replace(tzinfo=LONDON, fold=0)
    second = local.replace(tzinfo=LONDON, fold=1)
    utc = first.astimezone(UTC).replace(tzinfo=None)
    if first.utcoffset() == second.utcoffset():
        return utc, "minute"
    there_and_back = first.astimezone(UTC).astimezone(LONDON).replace(tzinfo=None)
    return utc, "ambiguous" if there_and_back == local else "skipped"


def utc_to_london_day(utc: datetime) -> date:
    return utc.replace(tzinfo=UTC).astimezone(LONDON).date()


def _clock(day: date | None, hour: int, minute: int, second: int) -> datetime | None:
    if day is None or day.year < OLDEST_YEAR:
        return None
    return datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001  wall clock, London


def _invalid(raw: str) -> Moment:
    return Moment(raw, None, valid=False, quality="invalid", on=None)


def _local(raw: str, local: datetime | None, quality: TimeQuality = "minute") -> Moment:
    if local is None:
        return _invalid(raw)
    utc, found = london_to_utc(local)
    if found == "skipped":
        return Moment(raw, None, valid=False, quality="skipped", on=local.date())
    return Moment(raw, utc, valid=True, quality=found if found == "ambiguous" else quality, on=local.date())


def _seconds(text: str) -> int:
    return int(text[1:3]) if text[:1] == ":" else 0


def _iso_with_zone(raw: str, text: str) -> Moment:
    match = re.fullmatch(f"({ISO_TIME})({ISO_ZONE})", text)
    if match is None:
        return _invalid(raw)
    wall, zone = match.group(1), match.group(2)
    local = _clock(iso_day(wall[:10]), int(wall[11:13]), int(wall[14:16]), _seconds(wall[16:19]))
    if local is None:
        return _invalid(raw)
    offset = timedelta(0)
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    utc = local - offset
    return Moment(raw, utc, valid=True, quality="universal", on=utc_to_london_day(utc))


def local_time(raw: str) -> Moment:
    """A time in a local-time column: DD/MM/YYYY HH:MM[:SS], the same with AM or PM, a day alone, or ISO with zone."""
    text = raw.strip(" ")
    if not text:
        return Moment(raw, None, valid=False, quality="none", on=None)
    day = uk_day(text[:10])
    if re.fullmatch(UK_TIME, text):
        return _local(raw, _clock(day, int(text[11:13]), int(text[14:16]), _seconds(text[16:])))
    if re.fullmatch(UK_TIME_12, text):
        hour, rest = text[11:].split(":", 1)
        half = 12 if text[-2:].upper() == "PM" else 0
        return _local(raw, _clock(day, int(hour) % 12 + half, int(rest[:2]), _seconds(rest[2:])), "twelve_hour")
    if re.fullmatch(UK_DAY, text):
        return Moment(raw, None, day is not None, "day" if day else "invalid", day)
    return _iso_with_zone(raw, text)


def zoned_time(raw: str) -> Moment:
    """A time in a column that carries its zone: ISO with Z or an offset, or an ISO day alone."""
    text = raw.strip(" ")
    if not text:
        return Moment(raw, None, valid=False, quality="none", on=None)
    if re.fullmatch(ISO_DAY, text):
        day = iso_day(text)
        return Moment(raw, None, day is not None, "day" if day else "invalid", day)
    found = _iso_with_zone(raw, text)
    return Moment(raw, found.value, found.valid, "minute" if found.valid else "invalid", found.on)
