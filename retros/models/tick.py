from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models

TICK_LATE_AFTER = timedelta(minutes=10)


class Tick(models.Model):
    """When the worker last finished a round: one row."""

    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.at.isoformat()

    @classmethod
    def note(cls, now: datetime) -> None:
        cls.objects.update_or_create(pk=1, defaults={"at": now})

    @classmethod
    def last(cls) -> datetime | None:
        tick = cls.objects.filter(pk=1).first()
        return tick.at if tick else None

    @classmethod
    def is_late(cls, now: datetime) -> bool:
        """Whether somebody should look: nothing by itself has happened for ten minutes."""
        last = cls.last()
        return last is None or now - last > TICK_LATE_AFTER
