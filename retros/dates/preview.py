"""What a change of dates would do: it is done, looked at, and taken back. So preview and effect cannot differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from partnerships.models import Delivery, Partnership
from retros.models import Session


@dataclass(frozen=True)
class Shift:
    """A date that changes. `was` is None for one that is new, `becomes` for one that is called off."""

    session_id: UUID
    partnership_id: UUID
    was: datetime | None
    becomes: datetime | None
    reset: bool = False  # was moved by hand, and is put back


@dataclass(frozen=True)
class DatesPreview:
    shifts: Sequence[Shift]
    mails: int

    def of(self, partnership: Partnership) -> list[Shift]:
        return [shift for shift in self.shifts if shift.partnership_id == partnership.pk]


def dry_run(partnerships: Sequence[Partnership], do: Callable[[], object]) -> DatesPreview:
    """Do it, compare the dates of these pairs before and after, count the calendar mails, and take it all back.

    `do` loads what it works on itself: rows that it changed in memory are not as they were. A Refusal passes through.
    """
    with transaction.atomic():
        before, waiting = _dates(partnerships), _mails(partnerships)
        do()
        after, mails = _dates(partnerships), _mails(partnerships) - waiting
        transaction.set_rollback(True)
    return DatesPreview(_compare(before, after), len(mails))


def _dates(partnerships: Sequence[Partnership]) -> dict[UUID, Session]:
    rows = Session.objects.filter(partnership__in=partnerships, status=Session.Status.SCHEDULED)
    return {row.pk: row for row in rows}


def _mails(partnerships: Sequence[Partnership]) -> set[UUID]:
    """The calendar mails of these pairs that wait to be sent; a worker beside us may make others at any moment."""
    own = Session.objects.filter(partnership__in=partnerships).values("pk")
    waiting = Delivery.objects.waiting().filter(kind__in=Delivery.CALENDAR, subject_id__in=own)
    return set(waiting.values_list("pk", flat=True))


def _compare(before: dict[UUID, Session], after: dict[UUID, Session]) -> list[Shift]:
    shifts = []
    for pk in before.keys() | after.keys():
        old, new = before.get(pk), after.get(pk)
        was, becomes = old.start_utc if old else None, new.start_utc if new else None
        if was != becomes or (old and new and old.duration_min != new.duration_min):
            partnership_id = (old or after[pk]).partnership_id
            reset = bool(old and new and old.moved and not new.moved)
            shifts.append(Shift(pk, partnership_id, was, becomes, reset))
    return sorted(shifts, key=lambda shift: (shift.was or shift.becomes, str(shift.session_id)))
