from __future__ import annotations

import uuid

from django.db import models

from partnerships import limits


class Series(models.Model):
    """The recurring rule of a partnership's retros (SCHEDULING.md 2). Its rules live in `RuleVersion`, append-only."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        ENDED = "ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey("partnerships.Partnership", models.CASCADE, related_name="+")
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=limits.TITLE_LENGTH, blank=True)
    meeting_url = models.URLField(blank=True)

    class Meta:
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.title or str(self.pk)


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
