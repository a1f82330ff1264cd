"""When people sit in retros, and where two of them overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, DateTimeField, F, Func, Q, QuerySet, Window
from django.db.models.functions import Lag, Lead

from partnerships.compiled import CompiledQuery
from partnerships.models import Person
from retros.administration.placing import YEAR, BusySpan, BusyTimes
from retros.models import RuleVersion, Series, Session
from retros.models.session import SessionQuerySet, undecided_since, within

LOOKED_AHEAD = timedelta(days=190)
SPAN = ("person", "start_utc", "duration_min", "partnership", "pk")


def retros() -> SessionQuerySet:
    found: SessionQuerySet = Session.objects.filter(kind=Session.Kind.RETRO)
    return found


class Span(NamedTuple):
    start: datetime
    end: datetime
    partnership_id: UUID
    session_id: UUID | None = None


def in_several(people: QuerySet[Person]) -> QuerySet[Person]:
    """Those of them who are in more than one partnership that goes on."""
    active = Count("memberships", filter=Q(memberships__partnership__archived_at=None))
    return people.annotate(partnerships=active).filter(partnerships__gt=1)


def spans_of(people: Iterable[UUID], now: datetime) -> dict[UUID, list[Span]]:
    """When each of them (by id) sits in a retro from now on, the earliest first. One query."""
    seated = _seated(now, now + LOOKED_AHEAD, undecided_since(now)).filter(person__in=people)
    return _spans(seated.order_by("start_utc", "pk").values_list(*SPAN))


def clashes(now: datetime) -> dict[UUID, list[tuple[Span, Span]]]:
    """Who (by id) has to be in two retros at once, and in which. One query.

    No retro takes a day, so whatever overlaps begins within one of its neighbour: the database leaves out the rest.
    """
    near = sorted(_near(now, now + LOOKED_AHEAD, undecided_since(now)), key=lambda span: (span[1], span[4]))
    found = {person: list(overlaps(spans)) for person, spans in _spans(near).items()}
    return {person: pairs for person, pairs in found.items() if pairs}


def clashing(now: datetime) -> set[UUID]:
    """The pairs of whom one has to be in two retros at once."""
    return {span.partnership_id for pairs in clashes(now).values() for pair in pairs for span in pair}


def _seated(since: datetime, until: datetime, undecided: date) -> QuerySet[Any]:
    """Each coming retro, once for each `person` in it. `undecided`: see `undecided_since`."""
    coming = retros().coming_outside(within(undecided)).order_by()
    coming = coming.filter(start_utc__range=(since, until), partnership__archived_at=None)
    found: QuerySet[Any] = coming.annotate(person=F("partnership__memberships__person"))
    return found


class Shifted(Func):
    """A moment so many days later, to the second. On SQLite Django's own sum calls Python for each row."""

    template = "(%(expressions)s + interval '%(days)s days')"
    output_field = DateTimeField()

    def __init__(self, moment: str, days: int) -> None:
        super().__init__(moment, days=days)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="datetime(%(expressions)s, '%(days)s days')", **context)


def _near_others(since: datetime, until: datetime, undecided: date) -> QuerySet[Any]:
    """Those of `_seated` with another one of the same person within a day."""
    one_by_one: dict[str, Any] = {"partition_by": "person", "order_by": "start_utc"}
    seated: QuerySet[Any] = _seated(since, until, undecided).annotate(
        before=Window(Lag("start_utc"), **one_by_one), after=Window(Lead("start_utc"), **one_by_one)
    )
    near = Q(before__gt=Shifted("start_utc", -1)) | Q(after__lt=Shifted("start_utc", 1))
    return seated.filter(near).values_list(*SPAN)


_near = CompiledQuery(_near_others, datetime, datetime, date)


def _spans(seated: Iterable[Any]) -> dict[UUID, list[Span]]:
    found: dict[UUID, list[Span]] = defaultdict(list)
    for person, start, minutes, partnership, session in seated:
        found[person].append(Span(start, start + timedelta(minutes=minutes), partnership, session))
    return found


def overlaps(spans: list[Span]) -> Iterator[tuple[Span, Span]]:
    """Two of them where the second begins before the first is over. `spans`: the earliest first."""
    longest: Span | None = None
    for span in spans:
        if longest and span.start < longest.end:
            yield longest, span
        longest = max(longest or span, span, key=lambda known: known.end)


def busy_of(people: Collection[UUID], now: datetime) -> BusyTimes:
    """When these people (by id) sit in a retro: what has a row, and what their rhythms will make within two years. Two
    queries.
    """
    seat = F("partnership__memberships__person")
    rows = Session.objects.filter(start_utc__gte=now, partnership__archived_at=None).annotate(person=seat)
    spans: dict[Any, list[BusySpan]] = defaultdict(list)
    made: dict[UUID, date] = {}
    for person, start, minutes, status, series, slot in rows.filter(person__in=people).values_list(
        "person", "start_utc", "duration_min", "status", "series_id", "slot_date"
    ):
        if status in {Session.Status.SCHEDULED, Session.Status.IN_PROGRESS}:
            spans[person].append((start, start + timedelta(minutes=minutes)))
        if series and slot:
            made[series] = max(made.get(series, slot), slot)
    going_on = [Series.Status.ACTIVE, Series.Status.PAUSED]
    versions = RuleVersion.objects.filter(series__status__in=going_on, series__partnership__archived_at=None)
    versions = versions.annotate(person=F("series__partnership__memberships__person")).filter(person__in=people)
    last = {(version.person, version.series_id): version.rule for version in versions.order_by("n")}
    for (person, series), rule in last.items():
        since = made.get(series, now.astimezone(rule.tz).date())
        for day in rule.days():
            if day > since + 2 * YEAR:
                break
            if day > since:
                start = rule.slot(day).start_utc
                spans[person].append((start, start + timedelta(minutes=rule.duration_min)))
    return BusyTimes(spans)
