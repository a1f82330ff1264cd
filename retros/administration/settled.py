"""What became of the dates of a pair, and of all: what was kept, and what was missed. Frames only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db.models import Count, Q
from django.utils import timezone

from partnerships.administration.partnerships import PartnershipRow, frame_of
from partnerships.models import Partnership, Person
from retros.administration.clashes import retros
from retros.models import Session
from retros.models.session import SessionQuerySet, undecided
from retros.recurrence import adherence
from retros.recurrence.adherence import WINDOW, Kept

Status = Session.Status


def decided(now: datetime) -> SessionQuerySet:
    """The retros of which somebody outside of the pair may know what became of them."""
    found: SessionQuerySet = retros().known_outside(now).exclude(undecided(now))
    return found


@dataclass(frozen=True)
class KeptByAll:
    """What all pairs that go on kept in the past year: the sums over those of whom anything was due."""

    kept: Kept
    pairs: int


def kept_by_all(now: datetime, today: date) -> KeptByAll:
    """One query."""
    due = Q(status__in=[Status.HELD, Status.MISSED]) | Q(status=Status.SKIPPED, excused=False)
    slots = decided(now).filter(due, slot_date__range=(today - WINDOW, today), partnership__archived_at=None)
    counts = slots.aggregate(
        held=Count("pk", filter=Q(status=Status.HELD)), due=Count("pk"), pairs=Count("partnership", distinct=True)
    )
    return KeptByAll(Kept(counts["held"], counts["due"]), counts["pairs"])


class Settled:
    """The dates of one pair that have gone by, as an admin sees them."""

    def __init__(self, partnership: Partnership, reader: Person) -> None:
        self.partnership, self.reader, self.now = partnership, reader, timezone.now()
        self.today = self.now.astimezone(reader.tz).date()

    @cached_property
    def row(self) -> PartnershipRow:
        return frame_of(self.partnership)

    @property
    def kept(self) -> Kept:
        slots = decided(self.now).filter(partnership=self.partnership)
        return adherence.kept(slots.values_list("slot_date", "status", "excused"), self.today)

    @property
    def missed(self) -> list[Session]:
        """The latest first: those that can still be marked as held."""
        own = decided(self.now).filter(partnership=self.partnership, status=Status.MISSED)
        return list(own.order_by("-start_utc")[:50])
