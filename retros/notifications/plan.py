"""Every mail and notice that is due, planned once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from partnerships.models import Delivery, Membership, Partnership
from retros.models import Session
from retros.notifications.calendar_mail import calendar_mails
from retros.notifications.facts import Facts
from retros.notifications.reconcile import is_news, reconcile
from retros.notifications.reminders import reminders


def plan_deliveries(now: datetime, partnership: Partnership | None = None) -> list[Delivery]:
    """Plan every mail and notice that is due, once; safe to repeat, and twice at once. Returns what is new."""
    facts = Facts(now, partnership)
    return reconcile(calendar_mails(facts) | reminders(facts), facts.calendar | facts.reminders, facts)


def plan_deliveries_of(
    now: datetime, partnership: Partnership, sessions: Sequence[Session], members: Collection[Membership]
) -> None:
    """The same about all dates of a pair in memory, written or not.

    Those to which people are invited by it say so from then on (`invited_at`); the caller writes them. What is due
    about actions does not hang on dates: a round of the worker plans it.
    """
    facts = Facts(now, partnership, sessions, members)
    new = reconcile(calendar_mails(facts) | reminders(facts), facts.calendar | facts.reminders, facts)
    invited = {each.subject_id for each in new if each.kind == Delivery.Kind.INVITE}
    for session in sessions:
        if session.pk in invited:
            session.invited_at = session.invited_at or now


def count_calendar_mails(now: datetime, pairs: Mapping[Partnership, Sequence[Session]]) -> int:
    """How many calendar mails `plan_deliveries` would add if these were all sessions of these pairs, written or not.

    Three queries, however many pairs.
    """
    facts = Facts(now, list(pairs), [session for sessions in pairs.values() for session in sessions])
    return sum(is_news(facts.calendar.get(key), when) for key, when in calendar_mails(facts).items())
