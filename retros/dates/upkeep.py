"""What time does to the dates, called by the worker's tick: each in transactions of its own, safe at any moment,
twice at once, and after any pause (docs/rules/scheduling.md S3, S4, S12).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count

from partnerships.models import Partnership
from partnerships.models.partnership import Seat
from partnerships.turns import in_turns
from retros.dates import rhythm
from retros.dates.planning import planning
from retros.models import Series, Session

Status = Session.Status


PER_ROUND = 200  # rhythms, and retros beyond their grace, in one round


def materialise(now: datetime) -> int:
    """Make the slots that are due to be made; what is over ends. Returns how many series were due.

    A rhythm waits until both seats are taken. After an import there may be thousands: some now, more in the next round.
    """
    due = Series.objects.filter(work_at__lte=now, partnership__archived_at=None).order_by("work_at")
    due = due.annotate(seats=Count("partnership__memberships")).filter(seats=len(Seat))[:PER_ROUND]
    for series in in_turns(due):
        rhythm.materialise(series, now)
    return len(due)


def close_grace(now: datetime) -> int:
    """What did not begin is missed, and what was left open was held, once its grace is over. Returns how many.

    After a long pause there may be thousands: some now, more in the next round.
    """
    closed = 0
    for found in in_turns(_beyond_grace(now)[:PER_ROUND]):
        with planning(found.partnership, by=None, now=now) as change:
            if found not in _beyond_grace(now, found.partnership):
                continue  # somebody moved, skipped or began it meanwhile
            session = change.row(found)
            if session.is_running:
                session.close_unasked(now)
            else:
                session.status = Status.MISSED
            closed += 1
    return closed


def _beyond_grace(now: datetime, partnership: Partnership | None = None) -> list[Session]:
    rows = (
        Session.objects.filter(status__in=[Status.SCHEDULED, Status.IN_PROGRESS], kind=Session.Kind.RETRO)
        .filter(start_utc__lte=now, partnership__archived_at=None)
        .with_next_start()
        .select_related("rule_version", "partnership")
        .order_by("start_utc")
    )
    if partnership is not None:
        rows = rows.filter(partnership=partnership)
    return [row for row in rows if row.grace_end(row.next_start) <= now]  # type: ignore[attr-defined]  # annotated


def resync_timezones(now: datetime) -> int:
    """Ask the zones again when each coming session is: a country may change its clocks. Returns how many moved."""
    changed = 0
    rows = Session.objects.filter(status=Status.SCHEDULED, start_utc__gt=now).select_related("rule_version")
    moved = (row for row in rows.iterator(chunk_size=500) if row.start_by_zone() != row.start_utc)
    for session in in_turns(moved):
        with planning(session.partnership, by=None, now=now) as change:
            change.take(session)
            start = session.start_by_zone()
            if session.is_planned and start != session.start_utc:
                wall = start.astimezone(session.zone).replace(tzinfo=None)
                session.place(wall, session.timezone, start, session.duration_min, now)
                changed += 1
    return changed
