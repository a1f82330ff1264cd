"""Times that suit two people: what planning, wrap-up and the date of an action start with. Pure.

docs/rules/scheduling.md S28.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from partnerships.hours import Hours
from retros.recurrence import wall_time

BEGIN, END = time(8), time(18)  # of a working day, by anybody's own clock
QUARTER = timedelta(minutes=15)
DAYS_TRIED = 14


def next_time(
    wished: datetime,
    zone: str,
    both: Sequence[Hours],
    *,
    minutes: int,
    after: datetime,
    taken: Collection[date] = (),
) -> datetime | None:
    """The wall time (naive, in `zone`) from the wished day on that suits everybody: the wished hour, else the full hour
    closest to it.

    It lies in a working day of each, between 08:00 and 18:00 by each one's clock; where two zones share no such time,
    at least outside of everybody's quiet hours. It comes after the instant `after`, and not on a `taken` day of `zone`.
    None when there is no such time within two weeks.
    """
    hours = sorted(range(24), key=lambda hour: abs(60 * hour - 60 * wished.hour - wished.minute))
    times = [wished.time(), *(time(hour) for hour in hours)]
    days = [wished.date() + timedelta(days=n) for n in range(DAYS_TRIED)]
    walls = [datetime.combine(day, at) for day in days if day not in taken for at in times]
    for within_office_hours in (True, False):
        for wall in walls:
            start = wall_time.to_utc(wall, zone)
            exists = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
            end = start + timedelta(minutes=minutes)
            if exists and start > after and all(suits(each, start, end, within_office_hours) for each in both):
                return wall
    return None


def suits(hours: Hours, start: datetime, end: datetime, within_office_hours: bool) -> bool:
    """Whether all of it lies in one working day of that person's, outside of their quiet hours."""
    first, last = start.astimezone(hours.tz), end.astimezone(hours.tz)
    if first.date() != last.date() or not hours.is_working(first.date()):
        return False
    if within_office_hours and not (first.time() >= BEGIN and last.time() <= END):
        return False
    quarters = range(-(-(end - start) // QUARTER))
    return not any(hours.is_quiet((start + n * QUARTER).astimezone(hours.tz).time()) for n in quarters)


def due_day(day: date, both: Sequence[Hours], *, today: date) -> date:
    """The last day up to `day`, from today on, that everybody works; else the first one after it; else the day itself.

    A date of an action has no hour: days off are asked of each, clocks of nobody.
    """
    tried = [*(day - timedelta(days=n) for n in range(7)), *(day + timedelta(days=n) for n in range(1, 7))]
    return next((each for each in tried if each >= today and all(hours.is_working(each) for hours in both)), day)
