"""How long what people wrote is kept, and its removal: told a month ahead, by mail and on the page, then done.

The writing of a session goes `RETENTION_MONTHS` after it closed; what a partnership agreed on, a year after it ended.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThanOrEqual

from partnerships.models import Agreement, Audit, Delivery, Partnership, Person
from partnerships.turns import in_turns
from retros.models import (
    Action,
    Draft,
    Entry,
    Expiry,
    Handover,
    Jot,
    KindWord,
    Measure,
    Need,
    Note,
    Prompt,
    Review,
    Session,
)
from retros.models.expiry import WARNING
from retros.room.regions import memory
from retros.search import index

if TYPE_CHECKING:
    from uuid import UUID


AGREEMENT_MONTHS = 12  # after the partnership ended
AGREED = (Agreement, Action, Measure, Need, Handover)


def expire(now: datetime) -> int:
    """Warn of what goes in a month, and remove what was warned of a month ago. Returns how many things went.

    Each thing has a transaction of its own: killed at any point, the next call goes on. Called again, it does nothing.
    """
    told = {session.partnership_id for session in _sessions_to_warn(now)} | {p.pk for p in _ended_to_warn(now)}
    for partnership_id in in_turns(sorted(told)):
        _warn(partnership_id, now)
    long_ago = months_later(now, -settings.RETENTION_MONTHS)
    Draft.objects.filter(updated_at__lte=long_ago).delete()
    Jot.objects.filter(created_at__lte=long_ago).delete()
    KindWord.objects.filter(created_at__lte=long_ago).delete()
    due = Expiry.objects.waiting().filter(warned_at__lte=now - WARNING)
    ids = due.order_by("pk").values_list("pk", flat=True)
    removed = sum(_remove(expiry_id, now) for expiry_id in in_turns(ids))
    if removed:
        index.wipe(connection)
    return removed


def months_later(moment: datetime, months: int) -> datetime:
    """The same time so many months later, on the last day of a shorter month."""
    return moment + relativedelta(months=months)


def goes_on(session: Session) -> datetime:
    """When the writing of a session that is over goes, at the earliest."""
    return months_later(session.closed_at or session.start_utc, settings.RETENTION_MONTHS)


def with_writing(
    sessions: QuerySet[Session], *, readable_by: Person | None = None, over_by: datetime | None = None
) -> QuerySet[Session]:
    """Those that are over (by then) and in which words still stand, the oldest first: any, or some that this person may
    read. What a page or a mail says is asked for its reader.
    """
    entries = Entry.objects.visible_to(readable_by) if readable_by else Entry.unrestricted.all()
    notes = Note.objects.visible_to(readable_by) if readable_by else Note.objects.all()
    remarks = Review.objects.filter(session=OuterRef("pk")).exclude(remark="")
    over = sessions.exclude(status__in=[Session.Status.SCHEDULED, Session.Status.IN_PROGRESS])
    written = [Exists(model.filter(step__session=OuterRef("pk"))) for model in (entries, notes)]
    when = Coalesce("closed_at", F("start_utc"))
    if over_by is not None:
        over = over.filter(LessThanOrEqual(when, over_by))
    return over.filter(reduce(or_, written) | Exists(remarks)).order_by(when)


def with_agreed(partnerships: QuerySet[Partnership]) -> QuerySet[Partnership]:
    """Those whose two agreed on something that still stands."""
    return partnerships.filter(
        reduce(or_, (Exists(model.objects.filter(partnership=OuterRef("pk"))) for model in AGREED))
    )


def _sessions_to_warn(now: datetime) -> QuerySet[Session]:
    until = months_later(now + WARNING, -settings.RETENTION_MONTHS)
    told = Expiry.objects.filter(session=OuterRef("pk"))
    return with_writing(Session.objects.filter(~Exists(told)), over_by=until)


def _ended_to_warn(now: datetime) -> QuerySet[Partnership]:
    until = months_later(now + WARNING, -AGREEMENT_MONTHS)
    told = Expiry.objects.filter(partnership=OuterRef("pk"), session=None)
    ended: QuerySet[Partnership] = Partnership.objects.filter(~Exists(told), archived_at__lte=until)
    return with_agreed(ended)


def _warn(partnership_id: UUID, now: datetime) -> None:
    """Write down what goes in a month, and tell each of the two of what they can read of it: by mail and in the app,
    once for all of it.
    """
    with transaction.atomic():
        partnership = Partnership.objects.select_for_update(no_key=True).get(pk=partnership_id)
        sessions = list(_sessions_to_warn(now).filter(partnership=partnership))
        expiries = [Expiry(partnership=partnership, session=session, warned_at=now) for session in sessions]
        if _ended_to_warn(now).filter(pk=partnership_id).exists():
            expiries.append(Expiry(partnership=partnership, warned_at=now))
        Expiry.objects.bulk_create(expiries)
        told = [p for p in Person.objects.filter(memberships__partnership=partnership) if _tells(p, expiries)]
        if told:
            Delivery.enqueue(
                [person for person in told if person.is_active], Delivery.Kind.EXPIRY, about=partnership,
                key=expiries[0].key, at=now, channels=Delivery.Channel.values,
            )  # fmt: skip


def _tells(person: Person, expiries: list[Expiry]) -> bool:
    """Write down which of these the person is told of: what they can read something of. Returns whether any is."""
    sessions = Session.objects.filter(pk__in=[expiry.session_id for expiry in expiries])
    readable = {None, *with_writing(sessions, readable_by=person).values_list("pk", flat=True)}
    theirs = [expiry for expiry in expiries if expiry.session_id in readable]
    for expiry in theirs:
        expiry.told.add(person)
    return bool(theirs)


def _is_told_late(expiry: Expiry, now: datetime) -> bool:
    """Whether a mail about it still waits, or left less than a month ago: it was promised a month, not a date."""
    mails = Delivery.objects.filter(
        kind=Delivery.Kind.EXPIRY, channel=Delivery.Channel.EMAIL, subject_id=expiry.partnership_id,
        for_key=expiry.key, person__in=expiry.told.all(),
    )  # fmt: skip
    waiting = Q(status__in=[Delivery.Status.PENDING, Delivery.Status.CLAIMED])
    return mails.filter(waiting | Q(sent_at__gt=now - WARNING)).exists()


def _remove(expiry_id: int, now: datetime) -> int:
    with transaction.atomic():
        if (expiry := _held(expiry_id)) is None or expiry.removed_at is not None or _is_told_late(expiry, now):
            return 0
        if expiry.session is not None:
            if expiry.session.is_open or goes_on(expiry.session) > now:
                return 0
            _remove_writing(expiry.session)
        else:
            ended = expiry.partnership.archived_at
            if ended is None or months_later(ended, AGREEMENT_MONTHS) > now:
                return 0
            _remove_agreed(expiry.partnership)
        Expiry.objects.filter(pk=expiry_id).update(removed_at=now)
        transaction.on_commit(memory.forget)
        about = Session(pk=expiry.session_id) if expiry.session_id else expiry.partnership
        Audit.record(Audit.Act.EXPIRED, by=None, about=about, partnership=expiry.partnership)
    return 1


def _held(expiry_id: int) -> Expiry | None:
    """With what it is about, as they are by now; None when that goes on, and so it is no more. The lock of the session
    or the partnership comes first, as in the verbs that change those.
    """
    known = Expiry.objects.filter(pk=expiry_id).values_list("session", "partnership").first()
    if known is None:
        return None
    about: type[Session] | type[Partnership] = Session if known[0] else Partnership
    held = about.objects.select_for_update(no_key=True).get(pk=known[0] or known[1])
    expiry = Expiry.objects.select_for_update(no_key=True).filter(pk=expiry_id).first()
    if expiry is not None:
        setattr(expiry, "session" if known[0] else "partnership", held)
    return expiry


def _remove_writing(session: Session) -> None:
    """Every word of a session; that it took place stays."""
    Note.objects.filter(step__session=session).delete()
    Entry.unrestricted.filter(step__session=session).delete()
    in_words_of_both = Q(named_by__isnull=False) | Q(measure__isnull=False)
    Prompt.objects.filter(in_words_of_both, step__session=session).delete()
    Review.objects.filter(session=session).update(remark="")


def _remove_agreed(partnership: Partnership) -> None:
    """What an ended partnership agreed on; that there was one stays."""
    for model in AGREED:
        model.objects.filter(partnership=partnership).delete()
