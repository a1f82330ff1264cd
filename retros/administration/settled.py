"""What became of the dates of a pair, and of all: what was kept, and what was missed. Frames only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from retros.administration.clashes import retros
from retros.models import Session
from retros.models.session import SessionQuerySet, undecided
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
