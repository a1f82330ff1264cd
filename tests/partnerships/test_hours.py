"""Wall times of one person: where the clocks jump, on days off, in quiet hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.hours import Hours, instant

pytestmark = pytest.mark.one_database

ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "America/New_York", "Asia/Tokyo")


def hours(zone: str = "Europe/Berlin", days: str = "12345", quiet: tuple[int, int] = (20, 8)) -> Hours:
    return Hours(ZoneInfo(zone), days, time(quiet[0]), time(quiet[1]))


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        ("Europe/Berlin", date(2027, 3, 28), time(2, 30), "2027-03-28T01:00"),  # skipped: 03:00, the first minute after
        ("Europe/Berlin", date(2027, 10, 31), time(2, 30), "2027-10-31T00:30"),  # twice: its first pass
        ("Australia/Lord_Howe", date(2027, 10, 3), time(2, 10), "2027-10-02T15:30"),  # half an hour is skipped
        ("Pacific/Apia", date(2011, 12, 30), time(9), "2011-12-30T10:00"),  # a whole day is skipped
        ("Asia/Tokyo", date(2027, 2, 9), time(9), "2027-02-09T00:00"),
    ],
)
def test_a_wall_time_is_one_moment(zone: str, day: date, at: time, expected: str) -> None:
    assert instant(day, at, ZoneInfo(zone)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_days_off_move_a_reminder_earlier_or_later() -> None:
    sunday = date(2027, 3, 14)
    assert hours().working_day(sunday) == date(2027, 3, 15)
    assert hours().working_day(sunday, earlier=True) == date(2027, 3, 12)
    assert hours(days="7").working_day(date(2027, 3, 15)) == date(2027, 3, 21)


@pytest.mark.parametrize(
    ("quiet", "moment", "expected"),
    [
        ((20, 8), "2027-02-07T12:00", "2027-02-08T07:00"),  # Sunday: Monday at eight
        ((20, 8), "2027-02-08T10:00", "2027-02-08T10:00"),
        ((20, 8), "2027-02-08T19:00", "2027-02-09T07:00"),  # eight in the evening is quiet already
        ((20, 8), "2027-02-12T19:30", "2027-02-15T07:00"),
        ((12, 14), "2027-02-06T12:00", "2027-02-07T23:00"),  # quiet at noon: Monday from midnight
        ((0, 0), "2027-02-08T02:00", "2027-02-08T02:00"),  # never quiet
    ],
)
def test_what_is_late_waits_for_the_next_allowed_moment(quiet: tuple[int, int], moment: str, expected: str) -> None:
    found = hours(quiet=quiet).next_allowed(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@given(
    zone=st.sampled_from(ZONES),
    days=st.sets(st.sampled_from("1234567"), min_size=1),
    quiet=st.tuples(st.integers(0, 23), st.integers(0, 23)),
    minutes=st.integers(0, 3 * 366 * 24 * 60),
)
def test_the_next_allowed_moment_is_allowed_and_the_first(
    zone: str, days: set[str], quiet: tuple[int, int], minutes: int
) -> None:
    person = hours(zone, "".join(sorted(days)), quiet)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = person.next_allowed(start)
    assert found >= start
    assert person.allows(found)
    step = start
    while step < found:
        assert not person.allows(step)
        step += timedelta(minutes=30)
