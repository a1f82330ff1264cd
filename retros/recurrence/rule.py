"""When retros are: the rule, its slots, wall times, grace, and what became of the slots.

The rules are docs/rules/scheduling.md S1 to S4, S12 and S13. Pure: no rows, no clock, no words but those of the rule
itself. Dates and times without a zone are wall times.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from dateutil import rrule
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from retros.recurrence.wall_time import to_utc

WEEK, MONTH = "week", "month"
DAYS = {WEEK: 7, MONTH: 30}  # as long as a unit counts where days are needed
HORIZON = timedelta(days=190)  # slots are made this far ahead
LEAST_AHEAD = 3  # and at least so many
CENTURY = range(2000, 2100)  # the years that a date may lie in
GRACE = timedelta(days=14)  # at most, and for a retro without a rhythm


@dataclass(frozen=True)
class Cadence:
    """How often: every so many weeks or months."""

    unit: str
    interval: int

    @property
    def key(self) -> str:
        return f"{self.unit}-{self.interval}"

    @property
    def interval_days(self) -> int:
        return self.interval * DAYS[self.unit]

    @property
    def grace(self) -> timedelta:
        return min(GRACE, timedelta(days=self.interval_days // 2))

    @property
    def words(self) -> str:
        if self.unit == WEEK:
            return ngettext("Every week", "Every %(n)d weeks", self.interval) % {"n": self.interval}
        if self.interval == 3:
            return _("Every quarter")
        return ngettext("Every month", "Every %(n)d months", self.interval) % {"n": self.interval}


PRESETS = {
    "weekly": Cadence(WEEK, 1),
    "every_2_weeks": Cadence(WEEK, 2),
    "every_4_weeks": Cadence(WEEK, 4),
    "every_6_weeks": Cadence(WEEK, 6),
    "every_8_weeks": Cadence(WEEK, 8),
    "monthly": Cadence(MONTH, 1),
    "every_2_months": Cadence(MONTH, 2),
    "quarterly": Cadence(MONTH, 3),
}
DEFAULT = "every_2_months"
_NTH = {
    1: gettext_lazy("first"),
    2: gettext_lazy("second"),
    3: gettext_lazy("third"),
    4: gettext_lazy("fourth"),
    -1: gettext_lazy("last"),
}


@dataclass(frozen=True)
class Slot:
    """One date of a rule. `day` is its nominal local date, for ever; `start_local` is naive."""

    day: date
    start_local: datetime
    start_utc: datetime


@dataclass(frozen=True)
class Rule:
    """Every so many weeks, or the nth weekday or a day of every so many months, at a wall time in a zone.

    `start_date` is the anchor: the first slot. Raises ValueError when it does not match the pattern.
    """

    start_date: date
    unit: str
    interval: int
    local_time: time
    timezone: str
    nth_weekday: int | None = None  # 1..4, -1 for the last
    month_day: int | None = None  # 1..31, the month's last day where there is no such day
    duration_min: int = 60
    ends_on: date | None = None  # the last slot that may be
    ends_after: int | None = None

    def __post_init__(self) -> None:
        if (self.unit == MONTH) != (self.nth_weekday is not None or self.month_day is not None):
            raise ValueError("months need a pattern, weeks have none")
        if not self._matches(self.start_date):
            raise ValueError("the first date does not match the pattern")

    @classmethod
    def starting(
        cls, day: date, cadence: Cadence, local_time: time, timezone: str, *, by_day: bool = False,
        duration_min: int = 60, ends_on: date | None = None, ends_after: int | None = None,
    ) -> Rule:  # fmt: skip
        """The rule that a first date means: the nth weekday of it, a fifth one as the last; or the day of the month."""
        nth, month_day = _pattern(day, cadence.unit, by_day)
        return cls(
            day, cadence.unit, cadence.interval, local_time, timezone, nth, month_day,
            duration_min=duration_min, ends_on=ends_on, ends_after=ends_after,
        )  # fmt: skip

    @property
    def cadence(self) -> Cadence:
        return Cadence(self.unit, self.interval)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def days(self) -> Iterator[date]:
        """The slots' dates from the anchor on, without end unless the rule has one."""
        dates = rrule.rrule(
            rrule.WEEKLY if self.unit == WEEK else rrule.MONTHLY,
            dtstart=datetime.combine(self.start_date, time.min),
            interval=self.interval,
            count=self.ends_after,
            byweekday=rrule.weekday(self.start_date.weekday(), self.nth_weekday) if self.nth_weekday else None,
            bymonthday=self._month_days,
            bysetpos=-1 if self.month_day and self.month_day > 28 else None,
        )
        for moment in dates:
            if self.ends_on is not None and moment.date() > self.ends_on:
                return
            yield moment.date()

    @property
    def _month_days(self) -> list[int] | None:
        """A month without the day has one of the days before it; the last of them counts."""
        if self.month_day is None:
            return None
        return list(range(min(self.month_day, 28), self.month_day + 1))

    def _matches(self, day: date) -> bool:
        if self.month_day is not None:
            return day.day == min(self.month_day, monthrange(day.year, day.month)[1])
        last = (day + timedelta(days=7)).month != day.month
        return self.nth_weekday in {None, (day.day - 1) // 7 + 1, -1 if last else None}

    def slot(self, day: date) -> Slot:
        """A time that the clocks jump over moves forward; one that comes twice is its first pass."""
        start_utc = to_utc(datetime.combine(day, self.local_time), self.timezone)
        return Slot(day, start_utc.astimezone(self.tz).replace(tzinfo=None), start_utc)

    def first(self, count: int) -> list[Slot]:
        return [self.slot(day) for day in islice(self.days(), count)]

    def until(self, moment: datetime) -> list[Slot]:
        """The slots from the anchor on that begin before it."""
        return list(takewhile(lambda slot: slot.start_utc < moment, map(self.slot, self.days())))

    def made_by(self, today: date, ahead: int = 0) -> list[date]:
        """The slots that have rows on that day: all up to the horizon, and at least three that are still to come.

        `ahead`: so many of those three stand before the anchor, by the rules that were in force until then.
        """
        found: list[date] = []
        for day in self.days():
            if day > today + HORIZON and ahead >= LEAST_AHEAD:
                break
            found.append(day)
            ahead += day >= today
        return found

    def after(self, day: date) -> date | None:
        """The first slot after that day."""
        return next((d for d in self.days() if d > day), None)

    def after_moment(self, moment: datetime) -> Rule:
        """The same rule from its first slot on that begins then or later; unchanged where none does."""
        later = (day for day in self.days() if self.slot(day).start_utc >= moment)
        return replace(self, start_date=next(later, self.start_date))

    def following(
        self, slot: date, *, first: date | None = None, weekday: int | None = None, cadence: Cadence | None = None,
        local_time: time | None = None, timezone: str | None = None, duration_min: int | None = None,
    ) -> Rule:  # fmt: skip
        """The rule from that slot on: other date, weekday, cadence, time or zone (docs/rules/scheduling.md S7).

        The pattern stays, unless date, weekday or cadence change; then it comes from the new anchor. The last day is
        at least the first one: whoever names a first date wants one.
        """
        cadence = cadence or self.cadence
        anchor = first or slot
        if first is None and weekday is not None:
            anchor = slot + timedelta(days=(weekday - slot.weekday()) % 7)
        by_day = self.month_day is not None and weekday in {None, slot.weekday()}
        keeps = anchor == slot and cadence == self.cadence and self._matches(anchor)
        nth, month_day = (self.nth_weekday, self.month_day) if keeps else _pattern(anchor, cadence.unit, by_day)
        past = sum(1 for _day in _until(self.days(), slot)) if self.ends_after else 0
        return replace(
            self, start_date=anchor, unit=cadence.unit, interval=cadence.interval,
            nth_weekday=nth, month_day=month_day, local_time=local_time or self.local_time,
            timezone=timezone or self.timezone, duration_min=duration_min or self.duration_min,
            ends_on=max(self.ends_on, anchor) if self.ends_on else None,
            ends_after=max(self.ends_after - past, 1) if self.ends_after else None,
        )  # fmt: skip

    @property
    def words(self) -> str:
        """“Every 2 months, second Tuesday, 14:00”."""
        weekday = WEEKDAYS[self.start_date.weekday()]
        known = {"every": self.cadence.words, "weekday": weekday, "time": time_format(self.local_time, "H:i")}
        if self.nth_weekday:
            return _("%(every)s, %(nth)s %(weekday)s, %(time)s") % {**known, "nth": _NTH[self.nth_weekday]}
        if self.month_day:
            return _("%(every)s, day %(day)d, %(time)s") % {**known, "day": self.month_day}
        return _("%(every)s, on %(weekday)s, %(time)s") % known


def _pattern(day: date, unit: str, by_day: bool) -> tuple[int | None, int | None]:
    """What a date means in months: its nth weekday, a fifth one as the last; or its day of the month."""
    if unit == WEEK:
        return None, None
    nth = (day.day - 1) // 7 + 1
    return (None, day.day) if by_day else (nth if nth < 5 else -1, None)


def _until(days: Iterator[date], end: date) -> Iterator[date]:
    for day in days:
        if day >= end:
            return
        yield day
