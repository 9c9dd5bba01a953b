"""Days are London's, whatever the hour in Greenwich."""

from datetime import UTC, date, datetime

import pytest

from fourfold.platform import clock


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 7, 2, 22, 59, tzinfo=UTC), date(2026, 7, 2)),
        (datetime(2026, 7, 2, 23, 0, tzinfo=UTC), date(2026, 7, 3)),
        (datetime(2026, 1, 2, 23, 59, tzinfo=UTC), date(2026, 1, 2)),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 10, 24, 23, 30, tzinfo=UTC), date(2026, 10, 25)),
    ],
)
def test_a_moment_has_its_day_in_london(moment, day):
    assert clock.day_of(moment) == day
    assert moment <= clock.close_of(day)
