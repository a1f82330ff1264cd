"""Times that suit two people, whatever their zones, working days and quiet hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.hours import Hours
from retros.recurrence.common_hours import BEGIN, END, due_day, next_time
from tests.retros.play import wall

pytestmark = pytest.mark.one_database

PARIS, BERLIN, NEW_YORK, KOLKATA, AUCKLAND = (
    "Europe/Paris", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland",
)  # fmt: skip
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SATURDAY = wall(2027, 1, 23, 21, 15)


def works(zone: str, days: str = "12345", quiet: tuple[time, time] = (time(20), time(8))) -> Hours:
    return Hours(ZoneInfo(zone), days, *quiet)


def test_what_suits_both_stays_as_it_was_wished() -> None:
    wished = wall(2027, 1, 20, 14, 45)
    assert next_time(wished, PARIS, [works(PARIS), works(BERLIN)], minutes=60, after=LONG_AGO) == wished


def test_a_saturday_night_becomes_the_next_working_day_at_the_closest_hour() -> None:
    found = next_time(SATURDAY, PARIS, [works(PARIS), works(BERLIN)], minutes=60, after=LONG_AGO)
    assert found == wall(2027, 1, 25, 17)  # over at 18:00


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (NEW_YORK, wall(2027, 1, 25, 17)),
        (KOLKATA, wall(2027, 1, 25, 12)),
        (AUCKLAND, wall(2027, 1, 25, 19)),
    ],
)
def test_both_clocks_are_asked(other: str, expected: datetime) -> None:
    """Paris and Auckland share no hour of work in January; at 19:00 here it is 07:00 there, and nobody's quiet hour."""
    found = next_time(SATURDAY, PARIS, [works(PARIS), works(other, quiet=(time(22), time(6)))], minutes=60,
                      after=LONG_AGO)  # fmt: skip
    assert found == expected


def test_who_shares_no_waking_hour_is_proposed_none() -> None:
    early, late = works(PARIS, quiet=(time(12), time(6))), works(PARIS, quiet=(time(6), time(12)))
    assert next_time(SATURDAY, PARIS, [early, late], minutes=60, after=LONG_AGO) is None
    assert next_time(SATURDAY, PARIS, [works(PARIS, "135"), works(PARIS, "24")], minutes=60, after=LONG_AGO) is None


def test_a_day_that_is_taken_is_left_out() -> None:
    wished = wall(2027, 1, 20, 14)
    both = [works(PARIS)]
    assert next_time(wished, PARIS, both, minutes=60, after=LONG_AGO, taken={wished.date()}) == wished + timedelta(1)


ZONES = st.sampled_from([PARIS, NEW_YORK, KOLKATA, AUCKLAND, "UTC", "Pacific/Chatham", "America/St_Johns"])
DAYS = st.sets(st.sampled_from("1234567"), min_size=1).map(lambda days: "".join(sorted(days)))
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
HOURS = st.builds(
    lambda zone, days, quiet_from, quiet_to: works(zone, days, (quiet_from, quiet_to)), ZONES, DAYS, TIMES, TIMES
)
MINUTES = st.sampled_from([30, 60, 120])


@given(
    wished=st.datetimes(wall(2026, 1, 1), wall(2028, 12, 31)).map(lambda w: w.replace(second=0, microsecond=0)),
    zone=ZONES, both=st.lists(HOURS, min_size=1, max_size=2), minutes=MINUTES, ahead=st.integers(-30, 10),
)  # fmt: skip
def test_what_is_proposed_lies_in_the_days_and_hours_of_each(
    wished: datetime, zone: str, both: list[Hours], minutes: int, ahead: int
) -> None:
    after = wished.replace(tzinfo=UTC) + timedelta(days=ahead)
    found = next_time(wished, zone, both, minutes=minutes, after=after)
    if found is None:
        return
    start = found.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert start > after
    assert found.date() >= wished.date()
    assert start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == found  # its clock shows it
    for hours in both:
        for minute in range(0, minutes, 15):
            local = (start + timedelta(minutes=minute)).astimezone(hours.tz)
            assert hours.is_working(local.date())
            assert not hours.is_quiet(local.time())
        assert (start + timedelta(minutes=minutes)).astimezone(hours.tz).date() == start.astimezone(hours.tz).date()


@given(
    wished=st.datetimes(wall(2026, 1, 1), wall(2028, 12, 31)), zone=ZONES,
    both=st.lists(ZONES, min_size=1, max_size=2),
)  # fmt: skip
def test_where_the_two_share_an_hour_of_work_nobody_meets_outside_of_them(
    wished: datetime, zone: str, both: list[str]
) -> None:
    wished = wished.replace(minute=0, second=0, microsecond=0)
    found = next_time(wished, zone, [works(one) for one in both], minutes=60, after=LONG_AGO)

    def is_work(local: datetime) -> bool:
        start = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        clocks = [
            (start.astimezone(ZoneInfo(one)), (start + timedelta(hours=1)).astimezone(ZoneInfo(one))) for one in both
        ]
        return all(
            a.weekday() < 5 and a.time() >= BEGIN and b.time() <= END and a.date() == b.date() for a, b in clocks
        )

    week = [wished.replace(hour=hour) + timedelta(days=n) for n in range(1, 8) for hour in range(24)]
    if any(map(is_work, week)):
        assert found is not None
        assert is_work(found)


def test_a_due_day_is_the_last_one_that_both_work() -> None:
    both = [works(PARIS), works(NEW_YORK, "1234")]
    today = date(2027, 1, 4)
    assert due_day(date(2027, 1, 24), both, today=today) == date(2027, 1, 21)  # from a Sunday back to a Thursday
    assert due_day(date(2027, 1, 20), both, today=today) == date(2027, 1, 20)
    assert due_day(date(2027, 1, 24), both, today=date(2027, 1, 22)) == date(2027, 1, 25)  # never behind us
    assert due_day(date(2027, 1, 24), [works(PARIS, "1"), works(PARIS, "2")], today=today) == date(2027, 1, 24)


@given(day=st.dates(date(2026, 1, 1), date(2028, 12, 31)), both=st.lists(HOURS, max_size=2), back=st.integers(0, 60))
def test_a_due_day_is_worked_by_each_wherever_one_week_has_such_a_day(day: date, both: list[Hours], back: int) -> None:
    today = day - timedelta(days=back)
    found = due_day(day, both, today=today)
    assert found >= today
    shared = [each for each in "1234567" if all(each in hours.working_days for hours in both)]
    assert str(found.isoweekday()) in shared or (not shared and found == day)
