from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.timezone import now as utc_now
from django.utils.translation import gettext_lazy

from partnerships import limits as shared_limits
from partnerships.models import Partnership
from retros.limits import REOPEN_WITHIN
from retros.models.series import Series
from retros.recurrence import adherence, wall_time
from retros.recurrence.common_hours import next_time
from retros.recurrence.rule import GRACE, Cadence
from retros.recurrence.wall_time import stored

if TYPE_CHECKING:
    from partnerships.hours import Hours


class Planned(models.Model):
    """What has a date: the calendar's side of a session. The verbs that change one date stand above the rows
    (`retros/dates/one_date.py`, docs/rules/scheduling.md S6 to S8); here is what they do to the row.

    Wall time and zone are the truth about when it is (`start_local`, `timezone`); `start_utc` is a cache.
    """

    class Kind(models.TextChoices):
        RETRO = "retro"
        DREAM_TEAM = "dream_team"
        CONTRACT = "contract"
        DIFFERENCE = "difference"
        HEALTH = "health"

    class Status(models.TextChoices):
        SCHEDULED = "scheduled"
        IN_PROGRESS = "in_progress"
        HELD = "held"
        MISSED = "missed"
        SKIPPED = "skipped"
        CANCELLED = "cancelled"

    class SkipReason(models.TextChoices):
        """What a member may say; `adherence.EXCUSED` are those that count neither way."""

        HOLIDAY = "holiday", gettext_lazy("A holiday")
        LEAVE = "leave", gettext_lazy("One of us is away")
        TOO_BUSY = "too_busy", gettext_lazy("Too much going on")
        NOT_NEEDED = "not_needed", gettext_lazy("Not needed this time")

    NOT_TO_COME: ClassVar = (Status.SKIPPED, Status.CANCELLED)
    PAUSED, ARCHIVED, ENDED, SURPLUS, DISCARDED = "paused", "archived", "ended", "surplus", "discarded"

    partnership = models.ForeignKey(
        Partnership, models.CASCADE, related_name="+", db_index=False
    )  # two indexes begin so
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RETRO)
    number = models.PositiveSmallIntegerField(null=True)  # given when it starts: retro 7

    series = models.ForeignKey("retros.Series", models.SET_NULL, null=True, related_name="+")
    rule_version = models.ForeignKey("retros.RuleVersion", models.SET_NULL, null=True, related_name="+")
    slot_date = models.DateField(null=True)
    start_local = models.DateTimeField()  # naive wall time in `timezone`, stored as if it were UTC
    timezone = models.CharField(max_length=64)
    duration_min = models.PositiveSmallIntegerField(default=60)
    start_utc = models.DateTimeField()
    moved = models.BooleanField(default=False)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.SCHEDULED)
    reason = models.CharField(max_length=shared_limits.TITLE_LENGTH, blank=True)
    excused = models.BooleanField(default=False)
    held_on = models.DateField(null=True)
    auto_closed = models.BooleanField(default=False)
    uid_generation = models.PositiveSmallIntegerField(default=1)
    sequence = models.PositiveIntegerField(default=0)
    ical_stamp = models.DateTimeField(default=utc_now)
    invited_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)  # the `ical_stamp` under which it stands as before

    class Meta:
        abstract = True

    @property
    def wall_start(self) -> datetime:
        """The planned wall time, naive, in `self.timezone`."""
        return self.start_local.replace(tzinfo=None)

    @property
    def day(self) -> date:
        """The day it was held on; before that, the one it is planned for, by its own wall clock."""
        return self.held_on or self.wall_start.date()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def start_by_zone(self) -> datetime:
        """When it begins by today's knowledge of its zone. A slot that was not moved asks its rule, gaps and all."""
        rule, wall = self.rule_version, self.wall_start
        if rule is not None and self.slot_date and not self.moved:
            wall = datetime.combine(self.slot_date, rule.local_time)
        return wall_time.to_utc(wall, self.timezone)

    @property
    def end_utc(self) -> datetime:
        return self.start_utc + timedelta(minutes=self.duration_min)

    def overlaps(self, start_utc: datetime, duration_min: int) -> bool:
        """Whether another one, of so many minutes from then on, would take place at the same time."""
        return self.start_utc < start_utc + timedelta(minutes=duration_min) and start_utc < self.end_utc

    @property
    def dates_version(self) -> int | None:
        """The version of the pair's dates, for forms; None without a rhythm."""
        series = Series.objects.filter(partnership=self.partnership_id).first()
        return series.version if series else None

    @property
    def is_planned(self) -> bool:
        return self.status == self.Status.SCHEDULED

    @property
    def grace(self) -> timedelta:
        """How long it waits after its date (docs/rules/scheduling.md S12)."""
        rule = self.rule_version
        return Cadence(rule.unit, rule.interval).grace if rule else GRACE

    def grace_end(self, next_start: datetime | None) -> datetime:
        """Until when it waits. One that the two reopened stays open for a day, whatever its grace."""
        end = adherence.grace_end(self.wall_start, self.timezone, self.grace, next_start)
        return max(end, self.reopened_at + REOPEN_WITHIN) if self.reopened_at else end

    # --- what the calendar must be told: kept with every change of a date -----------------------------------------

    def place(self, wall: datetime, zone: str, start_utc: datetime, duration_min: int, now: datetime) -> None:
        """Stand at another time. Only another start or end is news for the calendar."""
        if (start_utc, duration_min) != (self.start_utc, self.duration_min) and self.is_planned:
            self.sequence, self.ical_stamp = self.sequence + 1, now
        self.start_local, self.timezone, self.start_utc = stored(wall), zone, start_utc
        self.duration_min = duration_min

    def save_dates(self, *more: str) -> None:
        """Store the columns of this class, and `more`: the rest of the row belongs to the room."""
        own = [field.name for field in Planned._meta.local_fields if field.name not in {"partnership", "kind"}]
        self.save(update_fields=[*own, *more])

    def drop(self, status: str, reason: str, now: datetime) -> None:
        """Not to take place, which is news for the calendars that have it."""
        self.leave_out(status, reason)
        self.sequence, self.ical_stamp = self.sequence + 1, now

    def leave_out(self, status: str, reason: str) -> None:
        """Not to take place; no calendar has it, or it was called off there already."""
        self.status, self.reason, self.excused = status, reason, reason in adherence.EXCUSED

    def restore(self, now: datetime) -> None:
        """To take place after all. For calendars it is another event: what was cancelled is dead there."""
        self.status, self.reason, self.excused = self.Status.SCHEDULED, "", False
        self.uid_generation, self.sequence, self.ical_stamp = self.uid_generation + 1, 0, now
        self.invited_at = None

    # --- planning one ---------------------------------------------------------------------------------------------

    def proposed_dates(self, now: datetime, both: Sequence[Hours]) -> list[datetime]:
        """Two wall times for the next retro, in `self.timezone`: the same weekday and time, eight and nine weeks on, or
        what is closest to it in the hours of both. Fewer when they share none.

        What began at once began at any minute; nobody plans for 14:39, so it is the quarter hour before.
        """
        today = now.astimezone(ZoneInfo(self.timezone)).date()
        wished = self.wall_start + timedelta(weeks=8) - timedelta(minutes=self.wall_start.minute % 15)
        while wished.date() <= today:
            wished += timedelta(weeks=1)
        found = [
            next_time(wished + timedelta(weeks=n), self.timezone, both, minutes=self.duration_min, after=now)
            for n in range(2)
        ]
        return [wall for wall in found if wall is not None]
