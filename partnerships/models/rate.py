from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, models
from django.utils import timezone

from partnerships import limits
from partnerships.refusals import TooMany

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

    from partnerships.models.person import Person


@contextmanager
def unsynced(cursor: CursorWrapper) -> Iterator[str]:
    """The database does not wait for the disk here: a count that a power cut forgets is no loss.

    In a transaction that would be chosen for all of it; there, it waits. Yields where one statement selects from:
    PostgreSQL is told in the statement itself, and for that alone.
    """
    if connection.in_atomic_block:
        yield ""
    elif connection.vendor == "postgresql":
        yield "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unsynced"
    else:
        cursor.execute("PRAGMA synchronous=NORMAL")
        try:
            yield ""
        finally:
            cursor.execute("PRAGMA synchronous=FULL")


class RateCounter(models.Model):
    """How often somebody did something in one window of time. In the database, so that every process counts alike."""

    key = models.CharField(max_length=80)
    window = models.DateTimeField(db_column="window_")  # `window` is a reserved word in PostgreSQL
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["key", "window"], name="rate_once_a_window"),)

    def __str__(self) -> str:
        return f"{self.key} {self.window:%H:%M} {self.count}"

    @classmethod
    def count_export(cls, person: Person) -> None:
        """One more file that somebody takes along. Raises TooMany beyond the limit of an hour."""
        cls.hit_hourly("export", person, limits.EXPORTS_PER_HOUR)

    @classmethod
    def hit_hourly(cls, what: str, person: Person, most: int) -> None:
        """One more of `what` by this person. Raises TooMany beyond `most` an hour."""
        if cls.hit(f"{what}:{person.pk}", per=timedelta(hours=1)) > most:
            raise TooMany(retry_after=3600)

    @classmethod
    def hit(cls, key: str, *, per: timedelta, now: datetime | None = None) -> int:
        """Count one more and return how many this window has now. One statement, so that no hit is lost."""
        now = now or timezone.now()
        seconds = int(per.total_seconds())
        window = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)
        table = connection.ops.quote_name(cls._meta.db_table)
        with connection.cursor() as cursor, unsynced(cursor) as source:
            cursor.execute(
                f"INSERT INTO {table} (key, window_, count) SELECT %s, %s, 1 {source} WHERE true "
                "ON CONFLICT (key, window_) DO UPDATE SET count = " + table + ".count + 1 RETURNING count",
                [key, connection.ops.adapt_datetimefield_value(window)],
            )
            count = int(cursor.fetchone()[0])
            if count == 1:  # a new window: the earlier ones of this key are of no use any more
                cls.objects.filter(key=key, window__lt=window).delete()
        return count
