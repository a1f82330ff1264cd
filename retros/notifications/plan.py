"""Every mail and notice that is due, planned once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from partnerships.models import Delivery, Partnership
from retros.models import Session
from retros.notifications.calendar_mail import calendar_mails
from retros.notifications.facts import Facts
from retros.notifications.reconcile import is_news, reconcile
from retros.notifications.reminders import reminders


def plan_deliveries(
    now: datetime, partnership: Partnership | None = None, sessions: Sequence[Session] | None = None
) -> list[Delivery]:
    """Plan every mail and notice that is due, once; safe to repeat, and twice at once. Returns what is new.

    `sessions`: all of the partnership, where the caller has them at hand.
    """
    facts = Facts(now, partnership, sessions)
    invitations = reconcile(calendar_mails(facts), facts.calendar, facts)
    return invitations + reconcile(reminders(facts), facts.reminders, facts)


def count_calendar_mails(now: datetime, pairs: Mapping[Partnership, Sequence[Session]]) -> int:
    """How many calendar mails `plan_deliveries` would add if these were all sessions of these pairs, written or not.

    Three queries, however many pairs.
    """
    facts = Facts(now, list(pairs), [session for sessions in pairs.values() for session in sessions])
    return sum(is_news(facts.calendar.get(key), when) for key, when in calendar_mails(facts).items())
