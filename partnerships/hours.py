"""When one person may be reminded: zone, working days, quiet hours, and a pause (docs/rules/scheduling.md S18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MORNING = time(9)
DAY = timedelta(days=1)


@lru_cache(maxsize=20_000)
def instant(day: date, at: time, tz: ZoneInfo) -> datetime:
    """The moment of a wall time: the first pass of one that comes twice, the first minute after one that is skipped."""
    wall = datetime.combine(day, at)
    moment = wall.replace(tzinfo=tz).astimezone(UTC)
    if moment.astimezone(tz).replace(tzinfo=None) == wall:
        return moment
    before = wall.replace(tzinfo=tz, fold=1).astimezone(UTC)  # the clocks jump somewhere between this and `moment`
    jumped = moment.astimezone(tz).utcoffset()
    while moment - before > timedelta(minutes=1):
        middle = before + (moment - before) // 2
        before, moment = (before, middle) if middle.astimezone(tz).utcoffset() == jumped else (middle, moment)
    return moment.replace(second=0, microsecond=0)


@dataclass(frozen=True)
class Hours:
    tz: ZoneInfo
    working_days: str  # ISO numbers of weekdays: “12345”
    quiet_from: time
    quiet_to: time
    paused_until: date | None = None

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.tz).date()

    def is_paused(self, moment: datetime) -> bool:
        """Whether the person asked for no reminders on that day of theirs."""
        return self.paused_until is not None and self.day_of(moment) < self.paused_until

    def is_working(self, day: date) -> bool:
        return str(day.isoweekday()) in self.working_days

    def is_quiet(self, at: time) -> bool:
        """From `quiet_from` to `quiet_to`, over midnight if need be; never when the two are the same."""
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= at < self.quiet_to
        return at >= self.quiet_from or at < self.quiet_to

    def allows(self, moment: datetime) -> bool:
        local = moment.astimezone(self.tz)
        return self.is_working(local.date()) and not self.is_quiet(local.time())

    def working_day(self, day: date, *, earlier: bool = False) -> date:
        """The day itself when it is worked, else the next one, or (`earlier`) the last one before."""
        for _ in range(7):
            if self.is_working(day):
                break
            day += -DAY if earlier else DAY
        return day

    def morning(self, day: date) -> datetime:
        """09:00 that day, or when the quiet hours of somebody who begins later end."""
        return instant(day, self.quiet_to if self.is_quiet(MORNING) else MORNING, self.tz)

    def next_allowed(self, moment: datetime) -> datetime:
        """This moment when it is allowed, else the first one after it."""
        if self.allows(moment):
            return moment
        local = moment.astimezone(self.tz)
        # A day opens at midnight, or when its quiet hours end; the first such opening still ahead is the answer.
        opens = self.quiet_to if self.is_quiet(time(0)) else time(0)
        for days in range(9):
            day = local.date() + timedelta(days=days)
            for at in sorted({opens, self.quiet_to}):
                candidate = instant(day, at, self.tz)
                if candidate >= moment and self.allows(candidate):
                    return candidate
        return moment
