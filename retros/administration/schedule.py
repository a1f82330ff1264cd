"""The dates of all pairs, as the admins see them: frames and dates, never a word of the two. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.administration.listing import Listing
from partnerships.administration.partnerships import PartnershipRow, rows_of
from partnerships.models import Delivery, Membership, Partnership, Person
from retros.administration.clashes import clashing, retros
from retros.administration.month import Month
from retros.administration.weeks import WEEK, _in_short, monday_of, week_words, weeks_ahead
from retros.models import RuleVersion, Series, Session
from retros.models.session import undecided

Status = Session.Status


NEW_FOR = timedelta(days=14)  # how long a pair may go without a first date before it is worth a check


def by_date(now: datetime) -> QuerySet[Partnership]:
    """Every pair that goes on, with what its dates, its people and their calendar mails say of it."""
    own = retros().known_outside(now).filter(partnership=OuterRef("pk"))
    open_ = own.filter(Q(status=Status.SCHEDULED) | undecided(now)).order_by("start_utc")
    over = Q(status__in=[Status.HELD, Status.MISSED]) | Q(status=Status.SKIPPED, excused=False)
    decided = own.filter(over).exclude(undecided(now)).order_by("-start_utc")
    off = Membership.objects.filter(partnership=OuterRef("pk"), person__is_active=False)
    unsent = Delivery.objects.filter(kind__in=Delivery.CALENDAR, status=Delivery.Status.FAILED).values("subject_id")
    return Partnership.objects.active().annotate(
        next_id=Subquery(open_.values("pk")[:1]),
        next_start=Subquery(open_.values("start_utc")[:1]),
        last_status=Subquery(decided.values("status")[:1]),
        is_paused=Exists(Series.objects.filter(partnership=OuterRef("pk"), status=Series.Status.PAUSED)),
        has_off=Exists(off),
        has_unsent=Exists(own.filter(start_utc__gt=now, pk__in=unsent)),
    )


def health(now: datetime) -> dict[str, Q]:
    """Each state of the filter, as a condition over `by_date` (docs/rules/scheduling.md S14)."""
    return {
        "all": Q(),
        "none": Q(next_id=None, is_paused=False),
        "overdue": Q(last_status__in=[Status.MISSED, Status.SKIPPED], is_paused=False),
        "due": Q(next_start__lte=now, is_paused=False),
        "paused": Q(is_paused=True),
        "attention": Q(has_off=True) | Q(has_unsent=True) | Q(pk__in=clashing(now)),
    }


@dataclass(frozen=True)
class ScheduleRow:
    """One pair with its next date and its rhythm."""

    frame: PartnershipRow
    next: Session | None
    current: RuleVersion | None
    has_unsent: bool
    reader: Person
    now: datetime

    @property
    def version(self) -> int:
        return self.current.series.version if self.current else 0

    @property
    def starts(self) -> datetime | None:
        return self.next.start_utc.astimezone(self.reader.tz) if self.next else None

    @property
    def when(self) -> str:
        return date_format(self.starts, "D j M, H:i") if self.starts else ""

    @property
    def rhythm(self) -> str:
        if self.current is None or self.current.series.is_ended:
            return _("No rhythm yet")
        words = self.current.rule.cadence.words
        paused = self.current.series.status == Series.Status.PAUSED
        return _("%(rhythm)s, paused") % {"rhythm": words} if paused else words

    @property
    def invites(self) -> str:
        if self.has_unsent:
            return _("Could not be sent")
        if self.next is None or self.next.invited_at is None:
            return _("None sent")
        return _("Sent on %(day)s") % {"day": date_format(self.next.invited_at.astimezone(self.reader.tz), "j M")}

    @property
    def week(self) -> str:
        """The heading under which it stands."""
        if self.starts is None:
            return _("Not planned")
        if self.next and self.next.start_utc <= self.now:
            return _("Date gone by")
        return week_words(monday_of(self.starts.date()), self.now.astimezone(self.reader.tz).date())


class Schedule(Listing[ScheduleRow]):
    """The list of all pairs by their next date."""

    STATES: Mapping[str, Any] = {
        "all": gettext_lazy("All"),
        "none": gettext_lazy("Not planned"),
        "due": gettext_lazy("Date gone by"),
        "overdue": gettext_lazy("Did not take place"),
        "paused": gettext_lazy("Paused"),
        "attention": gettext_lazy("Needs attention"),
    }

    def __init__(self, asked: Mapping[str, str], reader: Person) -> None:
        super().__init__(asked)
        self.reader, self.now = reader, timezone.now()
        self.month = Month(asked.get("month", ""), reader, self.now)
        self.today = self.now.astimezone(reader.tz).date()
        self.monday = next((m for m in weeks_ahead(self.today) if m.isoformat() == asked.get("week")), None)

    @property
    def weeks_ahead(self) -> list[tuple[str, str, bool]]:
        """The choices of the filter by week: key, words, and whether it is the one that is on."""
        named = [_("This week"), _("Next week")]
        return [
            (day.isoformat(), named[n] if n < len(named) else _in_short(day), day == self.monday)
            for n, day in enumerate(weeks_ahead(self.today))
        ]

    @cached_property
    def health(self) -> dict[str, Q]:
        return health(self.now)

    def found(self) -> QuerySet[Partnership]:
        listed = by_date(self.now).matching(self.words).filter(self.health[self.state])  # type: ignore[attr-defined]
        if self.monday:
            ends = [datetime.combine(day, time.min, self.reader.tz) for day in (self.monday, self.monday + WEEK)]
            listed = listed.filter(next_start__gte=ends[0], next_start__lt=ends[1])
        return listed.order_by(F("next_start").asc(nulls_last=True), "label", "pk")  # type: ignore[no-any-return]

    def rows(self, items: list[Any]) -> list[ScheduleRow]:
        next_ones = {s.pk: s for s in Session.objects.filter(pk__in=[p.next_id for p in items if p.next_id])}
        rules = RuleVersion.objects.filter(series__partnership__in=items).select_related("series").order_by("n")
        current = {rule.series.partnership_id: rule for rule in rules}  # the last one is in force
        return [
            ScheduleRow(
                frame, next_ones.get(frame.partnership.next_id), current.get(frame.partnership.pk),  # type: ignore[attr-defined]
                frame.partnership.has_unsent, self.reader, self.now,  # type: ignore[attr-defined]
            )
            for frame in rows_of(items)
        ]  # fmt: skip

    @property
    def weeks(self) -> list[tuple[str, list[ScheduleRow]]]:
        return [(words, list(rows)) for words, rows in groupby(self.listed, key=lambda row: row.week)]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many pairs are in each state, in one question."""
        states = {key: Count("pk", filter=condition) for key, condition in self.health.items()}
        return by_date(self.now).aggregate(**states)

    @property
    def checks(self) -> list[tuple[str, str, int]]:
        """What is worth a check: the state to filter by, its words, how many pairs."""
        worth = ("attention", "overdue", "due", "none")
        return [(key, str(self.STATES[key]), self.counts[key]) for key in worth if self.counts[key]]
