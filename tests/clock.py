"""The one clock of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    @contextmanager
    def running(self) -> Iterator[Clock]:
        def now() -> datetime:
            return self.now

        with mock.patch("django.utils.timezone.now", now):
            yield self
