from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models

TICK_LATE_AFTER = timedelta(minutes=10)


class Tick(models.Model):
    """When the worker last finished a round; and, until it has begun one since, when a backup was restored."""

    ROUND: ClassVar = 1
    RESTORED: ClassVar = 2

    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.at.isoformat()

    @classmethod
    def note(cls, now: datetime) -> None:
        cls.objects.update_or_create(pk=cls.ROUND, defaults={"at": now})

    @classmethod
    def last(cls) -> datetime | None:
        tick = cls.objects.filter(pk=cls.ROUND).first()
        return tick.at if tick else None

    @classmethod
    def restored(cls) -> bool:
        """Whether a backup was restored, and the worker has not begun since."""
        return cls.objects.filter(pk=cls.RESTORED).exists()

    @classmethod
    def is_late(cls, now: datetime) -> bool:
        """Whether somebody should look: nothing by itself has happened for ten minutes, or a clock was wrong."""
        last = cls.last()
        return last is None or abs(now - last) > TICK_LATE_AFTER
