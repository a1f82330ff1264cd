"""What became of the slots: grace, and what was kept of what was due. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from retros.recurrence.wall_time import to_utc

WINDOW = timedelta(days=365)  # what adherence looks back on
LATE = timedelta(days=60)  # this long after its date, a missed retro may be marked as held by the two


def grace_end(wall: datetime, zone: str, grace: timedelta, next_start: datetime | None = None) -> datetime:
    """Until when a retro that did not begin waits: so many days by the wall clock, or until the next one starts."""
    end = to_utc(wall + grace, zone)
    return min(end, next_start) if next_start else end


EXCUSED = frozenset({"leave", "holiday", "paused", "archived"})  # reasons of a skip that count neither way


@dataclass(frozen=True)
class Kept:
    """So many retros were held of those that were due. Said in words, never as a percentage."""

    held: int
    due: int

    @property
    def words(self) -> str:
        return _("%(held)d of %(due)d kept") % {"held": self.held, "due": self.due} if self.due else _("None was due")


def was_due(day: date | None, status: str, excused: bool, today: date) -> bool:
    """Whether this slot of the past year counts, held or not. Extra retros count nowhere."""
    in_time = day is not None and today - WINDOW <= day <= today
    return in_time and (status in {"held", "missed"} or (status == "skipped" and not excused))


def kept(slots: Iterable[tuple[date | None, str, bool]], today: date) -> Kept:
    """From (slot date, status, excused): what was held of what was due in the past year."""
    found = [status for day, status, excused in slots if was_due(day, status, excused, today)]
    return Kept(found.count("held"), len(found))
