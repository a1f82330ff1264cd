from __future__ import annotations

import uuid
from dataclasses import fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships import limits as shared_limits
from retros.recurrence.rule import Rule


class Series(models.Model):
    """The rhythm of a partnership's retros: one for each, for as long as it lasts (docs/rules/scheduling.md S2 to S10).

    Its rules are `RuleVersion`, append-only; its dates are sessions, made ahead. `version` counts the changes to the
    pair's dates; forms carry it. `work_at` is when time itself has something to do here: make the next slots, end a
    pause.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        ENDED = "ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey("partnerships.Partnership", models.CASCADE, related_name="+")
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=shared_limits.TITLE_LENGTH, blank=True)
    meeting_url = models.URLField(max_length=500, blank=True)
    work_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = (models.UniqueConstraint(fields=["partnership"], name="series_one_a_partnership"),)

    def __str__(self) -> str:
        return self.title or str(self.pk)

    @cached_property
    def current(self) -> RuleVersion:
        """The rule in force: the last one that was added."""
        return self.rules.order_by("-n")[:1].get()

    @property
    def rule(self) -> Rule:
        return self.current.rule

    @property
    def is_ended(self) -> bool:
        return self.status == self.Status.ENDED

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.current.timezone)).date()

    def open_pauses(self, now: datetime) -> models.QuerySet[Pause]:
        """The pauses that are not over, the earliest first."""
        return self.pauses.filter(Q(to_date=None) | Q(to_date__gte=self.today(now))).order_by("from_date")


class RuleVersion(models.Model):
    """One wording of the rule. `start_date` is the anchor; times are wall times in `timezone`."""

    class Unit(models.TextChoices):
        WEEK = "week"
        MONTH = "month"

    series = models.ForeignKey(Series, models.CASCADE, related_name="rules")
    n = models.PositiveSmallIntegerField()
    start_date = models.DateField()
    unit = models.CharField(max_length=5, choices=Unit.choices)
    interval = models.PositiveSmallIntegerField()
    nth_weekday = models.SmallIntegerField(null=True)  # 1..4, -1 for the last
    month_day = models.PositiveSmallIntegerField(null=True)  # 1..31
    local_time = models.TimeField()
    timezone = models.CharField(max_length=64)
    duration_min = models.PositiveSmallIntegerField(default=60)
    ends_on = models.DateField(null=True)
    ends_after = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["series", "n"], name="rule_version_once"),)

    def __str__(self) -> str:
        return f"{self.series_id} v{self.n}"

    @property
    def rule(self) -> Rule:
        return Rule(**{f.name: getattr(self, f.name) for f in fields(Rule)})


class Pause(models.Model):
    """Local days without retros, the last one included; without a last day, until somebody resumes."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="pauses")
    from_date = models.DateField()
    to_date = models.DateField(null=True)

    def __str__(self) -> str:
        first = date_format(self.from_date, "j F Y")
        if self.to_date is None:
            return _("Paused from %(first)s on.") % {"first": first}
        return _("Paused from %(first)s to %(last)s.") % {"first": first, "last": date_format(self.to_date, "j F Y")}

    def takes(self, day: date | None) -> bool:
        """Whether a slot of that day falls into it."""
        return day is not None and self.from_date <= day and (self.to_date is None or day <= self.to_date)

    def overlaps(self, first: date, last: date | None) -> bool:
        """Whether a pause of these days, without end when `last` is None, has a day in common with it."""
        return (last is None or self.from_date <= last) and (self.to_date is None or first <= self.to_date)


class SeriesChange(models.Model):
    """Who changed the dates of a pair, and what they did. Frame only: dates, never a word of the two."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField()
    by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    words = models.CharField(max_length=200)

    class Meta:
        ordering = ("version",)

    def __str__(self) -> str:
        return f"{self.by}: {self.words}"
