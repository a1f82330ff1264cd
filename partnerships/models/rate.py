from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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
    """How often somebody did something since they began. In the database, so that every process counts alike."""

    key = models.CharField(max_length=80, unique=True)
    began_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key} {self.began_at:%H:%M} {self.count}"

    @classmethod
    def count_export(cls, person: Person) -> None:
        """One more file that somebody takes along. Raises TooMany beyond the limit of an hour."""
        cls.hit_hourly("export", person, limits.EXPORTS_PER_HOUR)

    @classmethod
    def hit_hourly(cls, what: str, person: Person, most: int) -> None:
        """One more of `what` by this person. Raises TooMany beyond `most` an hour."""
        if cls.hit(f"{what}:{person.pk}", per=timedelta(hours=1)) > most:
            raise TooMany(_("Wait an hour."), retry_after=3600)

    @classmethod
    def hit(cls, key: str, *, per: timedelta, now: datetime | None = None) -> int:
        """Count one more and return how many there were within `per` of the first; after that, this is the first.

        One statement, so that no hit is lost. A first hit in the future is of a clock that was wrong, and forgotten.
        """
        now = now or timezone.now()
        table = connection.ops.quote_name(cls._meta.db_table)
        began, over, ahead = (connection.ops.adapt_datetimefield_value(at) for at in (now, now - per, now + per))
        again = f"{table}.began_at > %s AND {table}.began_at < %s"
        with connection.cursor() as cursor, unsynced(cursor) as source:
            cursor.execute(
                f"INSERT INTO {table} (key, began_at, count) SELECT %s, %s, 1 {source} WHERE true "
                f"ON CONFLICT (key) DO UPDATE SET count = CASE WHEN {again} THEN {table}.count + 1 ELSE 1 END, "
                f"began_at = CASE WHEN {again} THEN {table}.began_at ELSE excluded.began_at END RETURNING count",
                [key, began, over, ahead, over, ahead],
            )
            return int(cursor.fetchone()[0])
