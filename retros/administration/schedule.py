"""The dates of all pairs, as the admins see them: frames and dates, never a word of the two. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.lookups import In
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.administration.listing import Listing
from partnerships.administration.partnerships import PartnershipRow, rows_of
from partnerships.compiled import CompiledQuery
from partnerships.models import Delivery, Membership, Partnership, Person
from retros.administration.clashes import clashing, retros
from retros.administration.invites import Invites, in_words, invites_to
from retros.administration.month import Month
from retros.administration.weeks import WEEK, in_short, monday_of, week_words, weeks_ahead
from retros.dates.warnings import holidays
from retros.models import RuleVersion, Series, Session
from retros.models.session import undecided_since, within

Status = Session.Status


NEW_FOR = timedelta(days=14)  # how long a pair may go without a first date before it is worth a check


def by_date(now: datetime) -> QuerySet[Partnership]:
    """Every pair that goes on, with when it meets next and whether a calendar mail about it could not be sent."""
    return _by_date(now, undecided_since(now))


def health(now: datetime) -> dict[str, Q]:
    """Each state of the filter, as a condition over partnerships (docs/rules/scheduling.md S14)."""
    return _health(now, undecided_since(now), clashing(now))


def _by_date(now: datetime, undecided: date) -> QuerySet[Partnership]:
    """Of the few pairs whose date has gone by it is that one; of the others, what the index gives first."""
    coming = retros().coming_outside(within(undecided)).filter(partnership=OuterRef("pk")).values("start_utc")
    gone_by, ahead = coming.filter(start_utc__lte=now)[:1], coming.filter(start_utc__gt=now)[:1]
    first = Case(When(_due(now, undecided), then=Subquery(gone_by)), default=Subquery(ahead))
    unsent = Q(pk__in=_unsent(now, undecided))
    listed = Partnership.objects.active().annotate(next_start=first, has_unsent=unsent)
    return listed.order_by(F("next_start").asc(nulls_last=True), "label", "pk")


def _due(now: datetime, undecided: date) -> Q:
    """Whose date has gone by, and nothing is decided about it."""
    coming = retros().coming_outside(within(undecided)).order_by()
    return Q(pk__in=coming.filter(start_utc__lte=now).values("partnership"))


def _unsent(now: datetime, undecided: date) -> QuerySet[Session, Any]:
    """The pairs with a coming retro of which a calendar mail could not be sent."""
    failed = Delivery.objects.filter(kind__in=Delivery.CALENDAR, status=Delivery.Status.FAILED).values("subject_id")
    known = retros().known_outside(within(undecided))
    return known.filter(start_utc__gt=now, pk__in=failed).values("partnership")


def _health(now: datetime, undecided: date, clashing: Collection[UUID]) -> dict[str, Q]:
    """Each set is found by itself, from few rows, instead of once for every pair."""
    coming = retros().coming_outside(within(undecided)).order_by()
    over = retros().over_outside(within(undecided)).filter(partnership=OuterRef("pk")).values("status")
    missed = (Status.MISSED, Status.SKIPPED)
    going_on = ~Q(pk__in=Series.objects.filter(status=Series.Status.PAUSED).values("partnership"))
    off = Membership.objects.filter(person__is_active=False).values("partnership")
    return {
        "all": Q(),
        "none": going_on & ~Q(pk__in=coming.values("partnership")),
        "overdue": going_on & Q(In(Subquery(over[:1]), missed)),
        "due": going_on & _due(now, undecided),
        "paused": ~going_on,
        "attention": Q(pk__in=off) | Q(pk__in=_unsent(now, undecided)) | Q(pk__in=clashing),
    }


@lru_cache
def _counts(clashing: int) -> CompiledQuery[tuple[int, ...]]:
    """How many pairs are in each state, in the order of the filter. Worded for so many pairs that clash."""

    def make(now: datetime, undecided: date, *pairs: UUID) -> QuerySet[Any, tuple[int, ...]]:
        health = _health(now, undecided, pairs)
        states = {f"in_{key}": Count("pk", filter=health[key]) for key in Schedule.STATES}
        return Partnership.objects.active().values(every=Value(1)).annotate(**states).values_list(*states)

    return CompiledQuery(make, datetime, date, *[UUID] * clashing)


@lru_cache
def _page(state: str, first: int, last: int, clashing: int) -> CompiledQuery[Partnership]:
    """The pairs in this state, from one place in their list to another. Worded for so many pairs that clash."""

    def make(now: datetime, undecided: date, *pairs: UUID) -> QuerySet[Partnership]:
        return _by_date(now, undecided).filter(_health(now, undecided, pairs)[state])[first:last]

    return CompiledQuery(make, datetime, date, *[UUID] * (clashing if state == "attention" else 0))


def _padded(ids: Collection[UUID]) -> list[UUID]:
    """As many as a power of two, so that few queries are worded: the last one over and over."""
    found = sorted(ids)
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found)) if found else []


@dataclass(frozen=True)
class ScheduleRow:
    """One pair with its next date and its rhythm."""

    frame: PartnershipRow
    next_start: datetime | None
    mails: Invites  # to that date
    current: RuleVersion | None
    has_unsent: bool
    reader: Person
    now: datetime
    why: Sequence[str] = ()  # what needs attention about it, in the list of those

    @property
    def version(self) -> int:
        return self.current.series.version if self.current else 0

    @property
    def starts(self) -> datetime | None:
        return self.next_start.astimezone(self.reader.tz) if self.next_start else None

    @property
    def notes(self) -> list[str]:
        """What needs attention about it, and whose public holiday its next date is."""
        ahead = self.next_start if self.next_start and self.next_start > self.now else None
        return [*self.why, *(holidays(ahead, self.frame.people) if ahead else [])]

    @property
    def select(self) -> str:
        return _("Select %(name)s") % {"name": self.frame.name}

    @property
    def more(self) -> str:
        return _("More for %(name)s") % {"name": self.frame.name}

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
    def invites(self) -> list[str]:
        return in_words(self.mails, self.frame.people, self.reader, has_unsent=self.has_unsent)

    @property
    def week(self) -> str:
        """The heading under which it stands. No state of S14: of a pair whose rhythm is paused nothing is missing."""
        if self.starts is None:
            return _("No date")
        if self.next_start and self.next_start <= self.now:
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
    FILTER = ("q", "state", "week")  # what narrows it, by the names of the form's fields

    def __init__(self, asked: Mapping[str, str], reader: Person) -> None:
        super().__init__(asked)
        self.reader, self.now = reader, timezone.now()
        self._undecided = undecided_since(self.now)
        self.month = Month(asked.get("month", ""), reader, self.now)
        self.today = self.now.astimezone(reader.tz).date()
        self.monday = next((m for m in weeks_ahead(self.today) if m.isoformat() == asked.get("week")), None)

    @property
    def weeks_ahead(self) -> list[tuple[str, str, bool]]:
        """The choices of the filter by week: key, words, and whether it is the one that is on."""
        named = [_("This week"), _("Next week")]
        return [
            (day.isoformat(), named[n] if n < len(named) else in_short(day), day == self.monday)
            for n, day in enumerate(weeks_ahead(self.today))
        ]

    @cached_property
    def _clashing(self) -> list[UUID]:
        return _padded(clashing(self.now))

    def found(self) -> QuerySet[Partnership]:
        health = _health(self.now, self._undecided, self._clashing)
        listed = by_date(self.now).matching(self.words).filter(health[self.state])  # type: ignore[attr-defined]
        if self.monday:
            first, last = (datetime.combine(day, time.min, self.reader.tz) for day in (self.monday, self.monday + WEEK))
            coming = retros().coming_outside(self.now).order_by().values("partnership")
            listed = listed.exclude(pk__in=coming.filter(start_utc__lt=first))
            listed = listed.filter(pk__in=coming.filter(start_utc__gte=first, start_utc__lt=last))
        return listed  # type: ignore[no-any-return]

    @property
    def filter(self) -> list[tuple[str, str]]:
        """What narrows it, as names and values of a form."""
        week = self.monday.isoformat() if self.monday else ""
        return list(zip(self.FILTER, (self.words, self.state, week), strict=True))

    @property
    def is_narrowed(self) -> bool:
        """By more than the state: for the states alone the queries are worded once in a process."""
        return any(value for name, value in self.filter if name != "state")

    def keys(self, most: int) -> dict[UUID, int]:
        """All that the filter finds, by id, at most so many; without a version."""
        return dict.fromkeys(self.found().values_list("pk", flat=True)[:most], 0)

    def count(self) -> int:
        return super().count() if self.is_narrowed else self.counts[self.state]

    def items(self, first: int, last: int) -> list[Any]:
        if self.is_narrowed:
            return super().items(first, last)
        clashing = self._clashing if self.state == "attention" else []
        return _page(self.state, first, last, len(clashing))(self.now, self._undecided, *clashing)

    def rows(self, items: list[Any]) -> list[ScheduleRow]:
        starts = {p.pk: p.next_start for p in items}
        coming = retros().coming_outside(self.now).filter(partnership__in=starts, start_utc__in=set(starts.values()))
        found = coming.values_list("partnership", "start_utc", "pk")
        sessions = {pair: pk for pair, start, pk in found if start == starts[pair]}
        invites = invites_to(sessions.values())
        mails = {pair: invites.get(pk, {}) for pair, pk in sessions.items()}
        rules = RuleVersion.objects.filter(series__partnership__in=items).select_related("series").order_by("n")
        current = {rule.series.partnership_id: rule for rule in rules}  # the last one is in force
        why = self._why(items) if self.state == "attention" else {}
        return [
            ScheduleRow(
                frame, starts[frame.partnership.pk], mails.get(frame.partnership.pk, {}),
                current.get(frame.partnership.pk), frame.partnership.has_unsent,  # type: ignore[attr-defined]
                self.reader, self.now, why.get(frame.partnership.pk, ()),
            )
            for frame in rows_of(items, names_only=True)
        ]  # fmt: skip

    def _why(self, items: list[Any]) -> dict[UUID, list[str]]:
        """What of “needs attention” it is, of each of these pairs (docs/rules/scheduling.md S14)."""
        found: dict[UUID, list[str]] = defaultdict(list)
        off = Membership.objects.filter(partnership__in=items, person__is_active=False).select_related("person")
        for seat in off.order_by("seat"):
            words = _("The account of %(name)s is switched off.") % {"name": seat.person.full_name}
            found[seat.partnership_id].append(words)
        for partnership in items:
            if partnership.has_unsent:
                found[partnership.pk].append(_("A calendar mail could not be sent."))
            if partnership.pk in self._clashing:
                found[partnership.pk].append(_("One of them has two retros at once."))
        return found

    @property
    def weeks(self) -> list[tuple[str, list[ScheduleRow]]]:
        return [(words, list(rows)) for words, rows in groupby(self.listed, key=lambda row: row.week)]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many pairs are in each state, in one question."""
        [counts] = _counts(len(self._clashing))(self.now, self._undecided, *self._clashing)
        return dict(zip(self.STATES, counts, strict=True))

    @property
    def checks(self) -> list[tuple[str, str, int]]:
        """What is worth a check: the state to filter by, its words, how many pairs."""
        worth = ("attention", "overdue", "due", "none")
        return [(key, str(self.STATES[key]), self.counts[key]) for key in worth if self.counts[key]]
