"""How a partnership ends, and goes on again: the seats, the planned retros and the rhythm in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from retros.models import Expiry, Series, Session

if TYPE_CHECKING:
    from partnerships.models import Partnership, Person


def end(partnership: Partnership, *, by: Person, leaving: bool = False) -> bool:
    """End it: by one of the two (who may be leaving for good) or an admin. The others are told.

    What is planned is cancelled; a retro in which something was opened counts as held. Returns whether it was still
    going on.
    """
    with transaction.atomic():
        series = Series.objects.filter(partnership=partnership)
        sessions = Session.objects.filter(partnership=partnership)
        still_open = sessions.unfinished()
        list(series.select_for_update(no_key=True))  # in the order of `planning`
        list(sessions.select_for_update(no_key=True).order_by("pk").values_list("pk"))  # one over can be reopened
        ended = partnership.archive(by=by)
        if leaving:
            partnership.leave(by=by)
        if ended:
            for session in still_open:
                session.end_with_partnership(now=timezone.now())
            series.update(status=Series.Status.ENDED, work_at=None)
    return ended


def reopen(partnership: Partnership, *, by: Person) -> bool:
    """Undo the end. Nothing that was cancelled comes back. Raises Refusal once one of the two has left."""
    with transaction.atomic():
        resumed = partnership.reopen(by=by)
        if resumed:
            Expiry.objects.filter(partnership=partnership, session=None).waiting().delete()
    return resumed
