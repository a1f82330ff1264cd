"""Every mail and notice that is due, planned once."""

from __future__ import annotations

from datetime import datetime

from partnerships.models import Delivery, Partnership
from retros.notifications.calendar_mail import calendar_mails
from retros.notifications.facts import Ground
from retros.notifications.reconcile import bring_about
from retros.notifications.reminders import reminders


def plan(now: datetime, partnership: Partnership | None = None) -> list[Delivery]:
    """Plan every mail and notice that is owed, once; safe to repeat, and twice at once. Returns what is new."""
    ground = Ground(now, partnership)
    invitations = bring_about(calendar_mails(ground), ground.calendar, ground)
    return invitations + bring_about(reminders(ground), ground.reminders, ground)
