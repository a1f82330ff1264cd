"""Every mail and notice that is due, planned once."""

from __future__ import annotations

from datetime import datetime

from partnerships.models import Delivery, Partnership
from retros.notifications.calendar_mail import calendar_mails
from retros.notifications.facts import Facts
from retros.notifications.reconcile import reconcile
from retros.notifications.reminders import reminders


def plan_deliveries(now: datetime, partnership: Partnership | None = None) -> list[Delivery]:
    """Plan every mail and notice that is due, once; safe to repeat, and twice at once. Returns what is new."""
    facts = Facts(now, partnership)
    invitations = reconcile(calendar_mails(facts), facts.calendar, facts)
    return invitations + reconcile(reminders(facts), facts.reminders, facts)
