"""What in the schedule is worth a look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property

from partnerships.administration.partnerships import PartnershipRow, rows_of
from partnerships.models import Partnership, Person
from partnerships.models.partnership import Seat
from retros.administration.clashes import Span, busy_of, clashes, retros
from retros.administration.placing import BusyTimes, nearest_free, two_of
from retros.administration.schedule import NEW_FOR
from retros.administration.settled import KeptByAll, kept_by_all

SHOWN, PEOPLE_SHOWN = 5, 50  # clashes of one person, and people


@dataclass(frozen=True)
class Clash:
    """Two retros of one person at once; `free`: when the later one could be. Both by the reader's clock."""

    when: str
    early: PartnershipRow
    late: PartnershipRow
    session_id: UUID | None
    free: datetime | None


class Checks:
    """Clashes, pairs that never had a date though they are here for a while, and what all kept."""

    def __init__(self, reader: Person) -> None:
        self.reader, self.now = reader, timezone.now()

    @cached_property
    def clashes(self) -> list[tuple[Person, list[Clash]]]:
        """Who would have to sit in two retros at once, in which, and when the later one could be instead. The number of
        queries does not grow.
        """
        found = clashes(self.now)
        people = list(Person.objects.filter(pk__in=found, is_active=True).order_by("name", "email")[:PEOPLE_SHOWN])
        shown = {person.pk: found[person.pk][:SHOWN] for person in people}
        pairs = {span.partnership_id for both in shown.values() for each in both for span in each}
        frames = {row.partnership.pk: row for row in rows_of(Partnership.objects.filter(pk__in=pairs))}
        busy = busy_of({m.person_id for row in frames.values() for m in row.members}, self.now)
        return [(p, [self._clash(frames, busy, *both) for both in shown[p.pk]]) for p in people]

    def _clash(self, frames: dict[UUID, PartnershipRow], busy: BusyTimes, early: Span, late: Span) -> Clash:
        row, minutes = frames[late.partnership_id], (late.end - late.start) // timedelta(minutes=1)
        free = None
        if late.start > self.now and not row.is_waiting:
            free = nearest_free(two_of(row.partnership.pk, row.people), late.start, minutes, busy, self.now)
        when = date_format(late.start.astimezone(self.reader.tz), "D j F, H:i")
        there = free.astimezone(self.reader.tz) if free else None
        return Clash(when, frames[early.partnership_id], row, late.session_id, there)

    @cached_property
    def by_all(self) -> KeptByAll:
        return kept_by_all(self.now, self.now.astimezone(self.reader.tz).date())

    @cached_property
    def never_planned(self) -> list[PartnershipRow]:
        full = Partnership.objects.active().annotate(taken=Count("memberships")).filter(taken=len(Seat))
        planned = retros().known_outside(self.now).filter(partnership=OuterRef("pk"))
        none = full.filter(~Exists(planned), created_at__lt=self.now - NEW_FOR)
        return rows_of(none.order_by("created_at")[:50])
