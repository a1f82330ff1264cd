"""The dates of all pairs, as the admins see them: frames and dates, never a word of the two. Reads only."""

from __future__ import annotations

from calendar import Calendar
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone as clock
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.administration import Listing, PartnershipRow, rows_of
from partnerships.models import Delivery, Membership, Partnership, Person
from partnerships.models.partnership import Seat
from retros.models import RuleVersion, Series, Session
from retros.models.session import SessionQuerySet, undecided
from retros.rhythm import CENTURY

Status = Session.Status
WEEK = timedelta(weeks=1)
WEEKS = 8  # that a filter offers, and that the load shows
LOOKED_AHEAD = timedelta(days=190)
NEW_FOR = timedelta(days=14)  # how long a pair may go without a first date before it is worth a check


def retros() -> SessionQuerySet:
    found: SessionQuerySet = Session.objects.filter(kind=Session.Kind.RETRO)
    return found


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


def clashing(now: datetime) -> set[UUID]:
    """The pairs of whom one has to be in two retros at once. One query."""
    pairs = [
        pair
        for spans in spans_of(in_several(Person.objects.all()).values("pk"), now).values()
        for pair in overlaps(spans)
    ]
    return {span.partnership_id for pair in pairs for span in pair}


def week_words(monday: date, today: date) -> str:
    """“This week, 16 November to 22 November 2026”."""
    known = {"first": date_format(monday, "j F"), "last": date_format(monday + timedelta(days=6), "j F Y")}
    weeks = (monday - monday_of(today)) // WEEK
    if weeks == 0:
        return _("This week, %(first)s to %(last)s") % known
    return _("Next week, %(first)s to %(last)s") % known if weeks == 1 else _("%(first)s to %(last)s") % known


def _in_short(monday: date) -> str:
    known = {"first": date_format(monday, "j M"), "last": date_format(monday + timedelta(days=6), "j M")}
    return _("%(first)s to %(last)s") % known


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def weeks_ahead(today: date) -> list[date]:
    """The Mondays of this week and of the coming ones."""
    return [monday_of(today) + n * WEEK for n in range(WEEKS)]


# --- the list, by week ------------------------------------------------------------------------------------------------


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
            return _("None")
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
        self.reader, self.now = reader, clock.now()
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


# --- the month --------------------------------------------------------------------------------------------------------


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
            self.first = datetime.strptime(asked, "%Y-%m").date() if asked else self.today.replace(day=1)  # noqa: DTZ007
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
        known: SessionQuerySet = found.exclude(status__in=Session.NOT_TO_COME).known_outside(self.now)
        return known.order_by("start_utc", "pk")

    @cached_property
    def weeks(self) -> list[list[Day | None]]:
        starts = self.sessions.values_list("start_utc", flat=True)
        count = Counter(start.astimezone(self.reader.tz).date() for start in starts)
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
        self.month = Month(asked.get("month", ""), reader, clock.now())

    def found(self) -> QuerySet[Session]:
        return self.month.sessions.filter(partnership__in=Partnership.objects.matching(self.words).values("pk"))

    def rows(self, items: list[Any]) -> list[MonthRow]:
        wanted = Partnership.objects.filter(pk__in={s.partnership_id for s in items})
        frames = {frame.partnership.pk: frame for frame in rows_of(wanted)}
        shown = [session.seen_outside() for session in items]
        return [MonthRow(frames[s.partnership_id], s, s.start_utc.astimezone(self.reader.tz)) for s in shown]

    @property
    def days(self) -> list[tuple[date, list[MonthRow]]]:
        return [(day, list(rows)) for day, rows in groupby(self.listed, key=lambda row: row.starts.date())]


# --- who sits in how many ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LoadRow:
    """One person and how many retros they have in each of the coming weeks."""

    person: Person
    partnerships: int
    weeks: list[int]
    has_clash: bool


class Load(Listing[LoadRow]):
    """Everybody who is in several partnerships, by name, with their coming weeks; no order of who has more."""

    STATES: Mapping[str, Any] = {"all": gettext_lazy("All")}

    def __init__(self, asked: Mapping[str, str], reader: Person) -> None:
        super().__init__(asked)
        self.reader, self.now = reader, clock.now()
        today = self.now.astimezone(reader.tz).date()
        self.mondays = weeks_ahead(today)

    def found(self) -> QuerySet[Person]:
        return in_several(Person.objects.matching(self.words)).order_by("name", "email")

    def rows(self, items: list[Any]) -> list[LoadRow]:
        spans = spans_of([person.pk for person in items], self.now)
        return [LoadRow(p, p.partnerships, self._weeks(p, spans[p.pk]), any(overlaps(spans[p.pk]))) for p in items]

    def _weeks(self, person: Person, spans: list[Span]) -> list[int]:
        count = Counter(monday_of(span.start.astimezone(person.tz).date()) for span in spans)
        return [count[monday] for monday in self.mondays]


class Span(NamedTuple):
    start: datetime
    end: datetime
    partnership_id: UUID


def in_several(people: QuerySet[Person]) -> QuerySet[Person]:
    """Those of them who are in more than one partnership that goes on."""
    active = Count("memberships", filter=Q(memberships__partnership__archived_at=None))
    return people.annotate(partnerships=active).filter(partnerships__gt=1)


def spans_of(people: Iterable[UUID] | QuerySet[Any], now: datetime) -> dict[UUID, list[Span]]:
    """When each of them (by id) sits in a retro from now on, the earliest first. One query."""
    seated = retros().filter(
        Q(status=Status.SCHEDULED) | undecided(now), start_utc__range=(now, now + LOOKED_AHEAD),
        partnership__archived_at=None, partnership__memberships__person__in=people,
    )  # fmt: skip
    found: dict[UUID, list[Span]] = defaultdict(list)
    values = seated.values_list("partnership__memberships__person", "start_utc", "duration_min", "partnership")
    for person, start, minutes, partnership in values.order_by("start_utc"):
        found[person].append(Span(start, start + timedelta(minutes=minutes), partnership))
    return found


def overlaps(spans: list[Span]) -> Iterator[tuple[Span, Span]]:
    """Two of them where the second begins before the first is over. `spans`: the earliest first."""
    longest: Span | None = None
    for span in spans:
        if longest and span.start < longest.end:
            yield longest, span
        longest = max(longest or span, span, key=lambda known: known.end)


# --- what is worth a check --------------------------------------------------------------------------------------------


class Checks:
    """Clashes, and pairs that never had a date though they are here for a while."""

    def __init__(self, reader: Person) -> None:
        self.reader, self.now = reader, clock.now()

    @cached_property
    def clashes(self) -> list[tuple[Person, list[str]]]:
        """Who would have to sit in two retros at once, and when, in their own time."""
        several = list(in_several(Person.objects.filter(is_active=True)).order_by("name", "email"))
        spans = spans_of([person.pk for person in several], self.now)
        found = [
            (p, [date_format(late.start.astimezone(p.tz), "D j F, H:i") for _early, late in overlaps(spans[p.pk])])
            for p in several
        ]
        return [(person, moments) for person, moments in found if moments]

    @cached_property
    def never_planned(self) -> list[PartnershipRow]:
        full = Partnership.objects.active().annotate(taken=Count("memberships")).filter(taken=len(Seat))
        planned = retros().known_outside(self.now).filter(partnership=OuterRef("pk"))
        none = full.filter(~Exists(planned), created_at__lt=self.now - NEW_FOR)
        return rows_of(none.order_by("created_at")[:50])
