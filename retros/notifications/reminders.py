"""Who is reminded of what, and when: at nine in the morning of the one who reads it (docs/rules/scheduling.md S18)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from partnerships.hours import DAY, Hours
from partnerships.models import Delivery
from retros.models import Action, Session
from retros.notifications.facts import DeliveryKey, Desired, Facts, Recipient, Timing
from retros.recurrence.rule import Cadence

Kind, Status = Delivery.Kind, Delivery.Status


WEEK = timedelta(days=7)
SHORT_LEAD = timedelta(days=3)
STARTING_AHEAD = timedelta(minutes=10)
ACTION_LIFE = timedelta(days=3)
SETTLED = frozenset({Status.SENT, Status.CLAIMED, Status.FAILED})
LONG_CYCLE = 28  # days from one to the next: below, three days are enough to write ahead


@dataclass(frozen=True)
class Due:
    """One reminder before anybody asked whether it comes too late, or twice on one day."""

    kind: str
    for_key: str
    at: datetime
    expires_at: datetime
    exact: bool = False  # it knows neither days off nor quiet hours


def reminders(facts: Facts) -> Desired:
    """All that is due to everybody whom these facts are about, in UTC."""
    desired: Desired = {}
    for session in facts.near:
        ends = session.grace_end(session.next_start)  # type: ignore[attr-defined]  # annotated
        for recipient in facts.members.get(session.partnership_id, []):
            if recipient.is_active:
                of_session = list(about_session(session, ends, recipient.hours))
                if since := facts.awaited.get((session.pk, recipient.person_id)):
                    of_session.append(Due(Kind.SITTING, "", since, since + WEEK))
                desired |= _wanted(facts, recipient, "session", session.pk, of_session)
    for action in facts.actions:
        for recipient in facts.members.get(action.partnership_id, []):
            if recipient.person_id == action.owner_id and recipient.is_active:
                of_action = list(about_action(action, recipient.hours))
                desired |= _wanted(facts, recipient, "action", action.pk, of_action)
    return desired


def about_session(session: Session, ends: datetime, hours: Hours) -> Iterator[Due]:
    """`ends` is the instant at which its grace is over. None may be due earlier than `facts.AHEAD` before the start:
    until then nobody looks at the session. One with an empty `for_key` comes once, however often the date is moved.
    """
    start = session.start_utc
    announced = start_key(session)
    if session.status == Session.Status.SCHEDULED:
        day = hours.day_of(start)
        ahead = hours.morning(hours.working_day(day - DAY, earlier=True))
        if session.kind == Session.Kind.RETRO:
            first = hours.working_day(day - _lead(session), earlier=True)
            yield Due(Kind.PREP_OPEN, "", hours.morning(first), ahead)
        yield Due(Kind.DAY_AHEAD, announced, ahead, start)
        yield Due(Kind.STARTING, announced, start - STARTING_AHEAD, start + STARTING_AHEAD, exact=True)
    if session.is_open and session.kind == Session.Kind.RETRO:
        end = start + timedelta(minutes=session.duration_min)
        after = hours.working_day(hours.day_of(end) + DAY)
        yield Due(Kind.WRAP_UP, announced, hours.morning(after), ends)
    if session.status == Session.Status.MISSED:
        yield Due(Kind.MISSED_NOTICE, announced, hours.next_allowed(ends), ends + WEEK)


def about_action(action: Action, hours: Hours) -> Iterator[Due]:
    soon = hours.morning(hours.working_day(action.due - 2 * DAY, earlier=True))
    due = hours.morning(hours.working_day(action.due))
    yield Due(Kind.ACTION_DUE_SOON, action.due.isoformat(), soon, soon + ACTION_LIFE)
    yield Due(Kind.ACTION_DUE, action.due.isoformat(), due, due + ACTION_LIFE)


def start_key(session: Session) -> str:
    """Another start is another announcement."""
    return session.start_utc.astimezone(UTC).isoformat(timespec="minutes")


def _wanted(facts: Facts, recipient: Recipient, subject_type: str, subject_id: UUID, dues: list[Due]) -> Desired:
    """Those that this person wants and that do not come too late; one a day for one subject, on one channel."""
    person_id, hours = recipient.person_id, recipient.hours
    kept: Desired = {}
    for due in dues:
        for channel in facts.channels(person_id, due.kind):
            key = DeliveryKey(person_id, due.kind, subject_type, subject_id, due.for_key, channel)
            when = _when(facts, key, due, hours)
            if when is None or hours.is_paused(when.send_at):
                continue
            if earlier := _same_day(kept, key, due, hours):
                said = kept[earlier]  # it speaks for this one too, so it is of use for as long
                kept[earlier] = said._replace(expires_at=max(said.expires_at or due.expires_at, due.expires_at))
            else:
                kept[key] = when
    return kept


def _when(facts: Facts, key: DeliveryKey, due: Due, hours: Hours) -> Timing | None:
    """The moment to send it; None when there is no use in it any more."""
    now = facts.now
    row = facts.reminders.get(key)
    if row is not None:
        waits = row.status == Status.PENDING
        over = waits and row.expires_at is not None and row.expires_at <= now
        begun = waits and row.send_at <= now and (due.exact or hours.allows(now))
        if row.status in SETTLED or row.refusals or over or begun:
            return row.when
    at = due.at if due.exact or due.at >= now else hours.next_allowed(now)
    return Timing(at, due.expires_at) if max(at, now) < due.expires_at else None


def _same_day(kept: Desired, key: DeliveryKey, due: Due, hours: Hours) -> DeliveryKey | None:
    """The earlier reminder of the same that reaches this person on the day of this one, or after it."""
    for other, when in kept.items():
        if other.channel == key.channel and hours.day_of(when.send_at) >= hours.day_of(due.at):
            return other
    return None


def _lead(session: Session) -> timedelta:
    rule = session.rule_version
    return SHORT_LEAD if rule and Cadence(rule.unit, rule.interval).interval_days < LONG_CYCLE else WEEK
