"""Days, times and births as sources write them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourfold.formats import dates

LATEST = date(2026, 10, 31)


def at(*parts: int) -> datetime:
    """A moment in UTC, without zone."""
    return datetime(*parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "day", "quality"),
    [
        ("12/09/1993", date(1993, 9, 12), "exact"),
        (" 12/09/1993 ", date(1993, 9, 12), "exact"),
        ("01/01/1980", date(1980, 1, 1), "default"),
        ("00/00/1985", None, "partial"),
        ("??/06/1985", None, "partial"),
        ("06/1985", None, "partial"),
        ("1985", None, "partial"),
        ("31/02/1998", None, "invalid"),
        ("01/11/2026", None, "invalid"),
        ("31/12/1899", None, "invalid"),
        ("12/9/1993", None, "invalid"),
        ("1993-09-12", None, "invalid"),
        ("unknown", None, "invalid"),
        ("", None, "none"),
        ("   ", None, "none"),
    ],
)
def test_birth_written_the_uk_way(raw: str, day: date | None, quality: str) -> None:
    found = dates.uk_birth(raw, latest=LATEST)
    assert (found.value, found.quality, found.raw) == (day, quality, raw)
    assert found.valid is (day is not None)


@pytest.mark.parametrize(
    ("raw", "day", "quality"),
    [("1993-09-12", date(1993, 9, 12), "exact"), ("1985-00-00", None, "partial"), ("1985-06", None, "partial"),
     ("1986-02-31", None, "invalid")],
)  # fmt: skip
def test_birth_written_the_iso_way(raw: str, day: date | None, quality: str) -> None:
    assert dates.iso_birth(raw, latest=LATEST).value == day
    assert dates.iso_birth(raw, latest=LATEST).quality == quality


@pytest.mark.parametrize(
    ("raw", "utc", "quality"),
    [
        ("01/06/2024 10:15:00", at(2024, 6, 1, 9, 15), "minute"),
        ("01/12/2024 10:15", at(2024, 12, 1, 10, 15), "minute"),
        ("01/06/2024 03:15 PM", at(2024, 6, 1, 14, 15), "twelve_hour"),
        ("01/06/2024 12:15 AM", at(2024, 5, 31, 23, 15), "twelve_hour"),
        ("27/10/2024 01:30:00", at(2024, 10, 27, 0, 30), "ambiguous"),
        ("31/03/2024 01:30:00", None, "skipped"),
        ("01/06/2024", None, "day"),
        ("2024-06-01T10:00:00Z", at(2024, 6, 1, 10, 0), "universal"),
        ("2024-06-01T10:00:00+01:00", at(2024, 6, 1, 9, 0), "universal"),
        ("01/06/1970 10:00:00", at(1970, 6, 1, 9, 0), "minute"),
        ("01/12/1970 10:00:00", at(1970, 12, 1, 9, 0), "minute"),  # summer time all year, 1968 to 1971
        ("01/06/2024 24:00:00", None, "invalid"),
        ("01/06/2024 13:15 PM", None, "invalid"),
        ("2024-06-01T10:00:00", None, "invalid"),
        ("yesterday", None, "invalid"),
        ("", None, "none"),
    ],
)
def test_local_times(raw: str, utc: datetime | None, quality: str) -> None:
    found = dates.local_time(raw)
    assert (found.value, found.quality) == (utc, quality)


@given(st.datetimes(at(1996, 1, 1), at(2037, 12, 31)))
def test_utc_to_local_and_back(moment: datetime) -> None:
    utc = moment.replace(microsecond=0)
    local = utc.replace(tzinfo=UTC).astimezone(dates.LONDON)
    found = dates.local_time(local.strftime("%d/%m/%Y %H:%M:%S"))
    assert found.on == local.date()
    assert found.value == utc or (found.quality == "ambiguous" and local.fold == 1)
