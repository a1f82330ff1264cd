"""When people sit in retros, and where two of them overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from partnerships.models import Person
from retros.models import Session
from retros.models.session import SessionQuerySet, undecided

Status = Session.Status


LOOKED_AHEAD = timedelta(days=190)


def retros() -> SessionQuerySet:
    found: SessionQuerySet = Session.objects.filter(kind=Session.Kind.RETRO)
    return found


def clashing(now: datetime) -> set[UUID]:
    """The pairs of whom one has to be in two retros at once. Two queries."""
    pairs = [
        pair
        for spans in spans_of(in_several(Person.objects.all()).values("pk"), now).values()
        for pair in overlaps(spans)
    ]
    return {span.partnership_id for pair in pairs for span in pair} | doubled(now)


def doubled(now: datetime) -> set[UUID]:
    """The pairs with two retros of their own at once. One query.

    The dates of a rhythm follow each other, so one of the two stands outside of it: few do.
    """
    seated = retros().filter(
        status=Status.SCHEDULED, start_utc__range=(now, now + LOOKED_AHEAD), partnership__archived_at=None
    )
    outside = seated.filter(series=None).values_list("partnership", flat=True).order_by().distinct()
    spans: dict[UUID, list[Span]] = defaultdict(list)
    values = seated.filter(partnership__in=outside).values_list("start_utc", "duration_min", "partnership")
    for start, minutes, partnership in values.order_by("start_utc"):
        spans[partnership].append(Span(start, start + timedelta(minutes=minutes), partnership))
    return {partnership for partnership, own in spans.items() if any(overlaps(own))}


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
