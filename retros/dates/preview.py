"""What a change of the dates of a pair would do: the verb's own work, in memory, compared and never written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from retros.dates.planning import Planning, looked_at
from retros.models import Session
from retros.notifications.plan import count_calendar_mails

if TYPE_CHECKING:
    from partnerships.models import Partnership, Person


@dataclass(frozen=True)
class Shift:
    """A date that changes. `was` is None for one that is new, `becomes` for one that is called off."""

    session_id: UUID
    was: datetime | None
    becomes: datetime | None
    reset: bool = False  # was moved by hand, and is put back


@dataclass(frozen=True)
class DatesPreview:
    shifts: Sequence[Shift]
    mails: int


def preview(
    partnership: Partnership, do: Callable[[Planning], object], *, by: Person, version: int | None = None,
    now: datetime | None = None,
) -> DatesPreview:  # fmt: skip
    """What `do` would change for this pair, and how many calendar mails would go out. Raises what a verb raises."""
    now = now or timezone.now()
    (change,) = looked_at([partnership.pk], by=by, now=now, versions={partnership.pk: version})
    change.check()
    do(change)
    mails = count_calendar_mails(now, {change.partnership: change.rows}) if change.act else 0
    return DatesPreview(shifts(change), mails)


def shifts(change: Planning) -> list[Shift]:
    """The dates that differ from what was loaded, the earliest first."""
    found = []
    for row in change.rows:
        old = change.before.get(row.pk)
        old = old if old and old["status"] == Session.Status.SCHEDULED else None
        was, becomes = old["start_utc"] if old else None, row.start_utc if row.is_planned else None
        longer = old is not None and row.is_planned and old["duration_min"] != row.duration_min
        if was != becomes or longer:
            reset = old is not None and row.is_planned and old["moved"] and not row.moved
            found.append(Shift(row.pk, was, becomes, reset))
    return sorted(found, key=lambda shift: (shift.was or shift.becomes, str(shift.session_id)))
