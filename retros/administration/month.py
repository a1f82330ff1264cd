"""A month of all pairs, day by day."""

from __future__ import annotations

from calendar import Calendar
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from partnerships.administration.listing import Listing
from partnerships.administration.partnerships import PartnershipRow, rows_of
from partnerships.models import Partnership, Person
from retros.administration.clashes import retros
from retros.models import Session
from retros.models.session import SessionQuerySet
from retros.recurrence.rule import CENTURY

Status = Session.Status


@dataclass(frozen=True)
class Day:
    day: date
    retros: int
    is_today: bool


class Month:
    """A month with the number of retros on each day, in the reader's time."""

    def __init__(self, asked: str, reader: Person, now: datetime) -> None:
        self.reader, self.now = reader, now
        self.today = now.astimezone(reader.tz).date()
        try:
            day = datetime.strptime(asked, "%Y-%m").date() if asked else self.today  # noqa: DTZ007
            self.first = day.replace(day=1)
        except ValueError:
            self.first = self.today.replace(day=1)
        if self.first.year not in CENTURY:
            self.first = self.today.replace(day=1)

    @property
    def following(self) -> date:
        return self.first + relativedelta(months=1)

    @property
    def previous(self) -> date:
        return self.first - relativedelta(months=1)

    def _spans(self) -> tuple[datetime, datetime]:
        """Its first moment and the next month's, for the reader."""
        a, b = (datetime.combine(day, time.min, self.reader.tz).astimezone(UTC) for day in (self.first, self.following))
        return a, b

    @property
    def sessions(self) -> SessionQuerySet:
        since, until = self._spans()
        found = retros().filter(start_utc__gte=since, start_utc__lt=until, partnership__archived_at=None)
        known: SessionQuerySet = found.filter(status__in=[Status.IN_PROGRESS, *_STATES]).known_outside(self.now)
        return known.order_by("start_utc", "pk")

    @cached_property
    def weeks(self) -> list[list[Day | None]]:
        count: Counter[date] = Counter()
        for start, found in self.sessions.order_by().values_list("start_utc").annotate(Count("pk")):
            count[start.astimezone(self.reader.tz).date()] += found
        return [
            [Day(day, count[day], day == self.today) if day.month == self.first.month else None for day in week]
            for week in Calendar().monthdatescalendar(self.first.year, self.first.month)
        ]


@dataclass(frozen=True)
class MonthRow:
    """One retro on the agenda of a month."""

    frame: PartnershipRow
    session: Session
    starts: datetime

    @property
    def time(self) -> str:
        """The planned one; of a retro that was begun at once, nothing."""
        return "" if self.session.unplanned else date_format(self.starts, "H:i")

    @property
    def state(self) -> str:
        return str(_STATES[Status(self.session.status)])


_STATES = {
    Status.SCHEDULED: gettext_lazy("Planned"),
    Status.HELD: gettext_lazy("Held"),
    Status.MISSED: gettext_lazy("Did not take place"),
}


class Agenda(Listing[MonthRow]):
    """Every retro of a month, day by day."""

    STATES: Mapping[str, Any] = {"all": gettext_lazy("All")}

    def __init__(self, asked: Mapping[str, str], reader: Person) -> None:
        super().__init__(asked)
        self.reader = reader
        self.month = Month(asked.get("month", ""), reader, timezone.now())

    def found(self) -> QuerySet[Session]:
        return self.month.sessions.filter(partnership__in=Partnership.objects.matching(self.words).values("pk"))

    def rows(self, items: list[Any]) -> list[MonthRow]:
        wanted = Partnership.objects.filter(pk__in={s.partnership_id for s in items})
        frames = {frame.partnership.pk: frame for frame in rows_of(wanted, names_only=True)}
        shown = [session.seen_outside() for session in items]
        return [MonthRow(frames[s.partnership_id], s, s.start_utc.astimezone(self.reader.tz)) for s in shown]

    @property
    def days(self) -> list[tuple[date, list[MonthRow]]]:
        return [(day, list(rows)) for day, rows in groupby(self.listed, key=lambda row: row.starts.date())]
