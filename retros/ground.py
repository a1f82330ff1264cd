"""What there is to tell and what was told, read at once: the ground on which reminders and invitations are planned."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from partnerships.hours import Hours
from partnerships.models import Delivery, Membership, Partnership, Person, Preference
from retros.models import Action, Session

AHEAD = timedelta(days=16)  # a week, moved earlier over the days off, anywhere on earth
BEHIND = timedelta(days=23)  # the longest grace, and a week for what is said at its end
ACTION_DAYS = (timedelta(days=5), timedelta(days=10))  # the same around the date of an action
INVITED = 2  # sessions that a pair is invited to ahead
STILL_CALLED_OFF = timedelta(days=400)  # how long an ended partnership is looked at for invitations to take back


# The columns that a plan reads: with thousands of dates the others would cost more than the plan itself.
_DATES = ("partnership_id", "kind", "status", "start_utc", "start_local", "timezone", "duration_min", "series_id")
_CYCLE = ("rule_version__unit", "rule_version__interval")
_EDITION = ("uid_generation", "sequence", "ical_stamp", "invited_at", "partnership__archived_at")


class Key(NamedTuple):
    """What is unique about a delivery."""

    person_id: UUID
    kind: str
    subject_type: str
    subject_id: UUID
    for_key: str
    channel: str


class When(NamedTuple):
    send_at: datetime
    expires_at: datetime | None


class Row(NamedTuple):
    """A delivery that is there."""

    pk: UUID
    status: str
    refusals: int
    when: When


class Recipient(NamedTuple):
    person: Person
    hours: Hours


Wanted = dict[Key, When]
There = dict[Key, Row]


class Ground:
    """For all partnerships, or for one. The number of queries never grows."""

    def __init__(self, now: datetime, partnership: Partnership | None = None) -> None:
        self.now = now
        self.only = Q(partnership=partnership) if partnership else Q()
        self.partnership = partnership

    @cached_property
    def members(self) -> dict[UUID, list[Recipient]]:
        """Of each partnership, seat A first."""
        gone = Q(partnership__archived_at=None) | Q(partnership__archived_at__gt=self.now - STILL_CALLED_OFF)
        rows = Membership.objects.filter(self.only, gone).select_related("person").order_by("partnership", "seat")
        known: dict[UUID, Recipient] = {}
        found: dict[UUID, list[Recipient]] = defaultdict(list)
        for row in rows:
            recipient = known.get(row.person_id) or Recipient(row.person, row.person.hours)
            found[row.partnership_id].append(known.setdefault(row.person_id, recipient))
        return found

    # --- what there is to tell ----------------------------------------------------------------------------------

    @property
    def _near(self) -> QuerySet[Session]:
        window = (self.now - BEHIND, self.now + AHEAD)
        gone = [Session.Status.SKIPPED, Session.Status.CANCELLED]
        rows = Session.objects.filter(self.only, start_utc__range=window, partnership__archived_at=None)
        found: QuerySet[Session] = rows.exclude(status__in=gone)
        return found

    @cached_property
    def near(self) -> list[Session]:
        """The sessions that anybody may be reminded of, the earliest first."""
        return list(self._near.select_related("rule_version").only(*_DATES, *_CYCLE).order_by("start_utc"))

    @property
    def _actions(self) -> QuerySet[Action]:
        today, (before, after) = self.now.date(), ACTION_DAYS
        rows: QuerySet[Action] = Action.objects.open().filter(
            self.only, due__range=(today - before, today + after), deleted_at=None, partnership__archived_at=None
        )
        return rows

    @cached_property
    def actions(self) -> list[Action]:
        return list(self._actions)

    @cached_property
    def invitable(self) -> dict[UUID, Session]:
        """The next ones of each pair, and those that were announced before; all still ahead."""
        rank = Window(RowNumber(), partition_by=F("partnership"), order_by="start_utc")
        ahead = Session.objects.filter(self.only, start_utc__gt=self.now)
        scheduled = ahead.filter(status=Session.Status.SCHEDULED, partnership__archived_at=None)
        announced = ahead.filter(Q(invited_at__isnull=False) | Q(uid_generation__gt=1))
        first = scheduled.annotate(rank=rank).filter(rank__lte=INVITED)
        both = (rows.select_related("partnership").only(*_DATES, *_EDITION) for rows in (first, announced))
        return {session.pk: session for rows in both for session in rows}

    # --- who wants it -------------------------------------------------------------------------------------------

    @cached_property
    def preferences(self) -> dict[tuple[UUID, str, str], bool]:
        rows = Preference.objects.all()
        if self.partnership:
            rows = rows.filter(person__memberships__partnership=self.partnership)
        values = rows.values_list("person_id", "kind", "channel", "wanted")
        return {(person, kind, channel): wanted for person, kind, channel, wanted in values}

    def channels(self, person: Person, kind: str) -> list[str]:
        """Where this person wants this reminder."""
        usual = Delivery.REMINDERS[kind].items()
        return [channel for channel, on in usual if self.preferences.get((person.pk, kind, channel), on)]

    # --- what was told ------------------------------------------------------------------------------------------

    @cached_property
    def calendar(self) -> There:
        """The calendar mails about what can be invited to."""
        ahead = Session.objects.filter(self.only, start_utc__gt=self.now).values("pk")
        rows = _rows(Delivery.objects.filter(kind__in=Delivery.CALENDAR, subject_id__in=ahead))
        return {key: row for key, row in rows.items() if key.subject_id in self.invitable}

    @cached_property
    def reminders(self) -> There:
        """The reminders about what is near, and all that wait."""
        rows = Delivery.objects.filter(kind__in=Delivery.REMINDERS)
        waiting = rows.waiting()
        if self.partnership:
            own = [kind.objects.filter(self.only).values("pk") for kind in (Session, Action)]
            waiting = waiting.filter(Q(subject_id__in=own[0]) | Q(subject_id__in=own[1]))
        told = rows.exclude(status=Delivery.Status.PENDING)
        sessions = told.filter(subject_id__in=self._near.values("pk"))
        actions = told.filter(subject_id__in=self._actions.values("pk"))
        return _rows(waiting) | _rows(sessions) | _rows(actions)


def _rows(deliveries: QuerySet[Delivery]) -> There:
    names = (*Key._fields, "pk", "status", "refusals", "send_at", "expires_at")
    values = deliveries.order_by("send_at").values_list(*names)
    return {Key(*v[:6]): Row(v[6], v[7], v[8], When(v[9], v[10])) for v in values}


def bring_about(wanted: Wanted, there: There, ground: Ground) -> list[Delivery]:
    """Make what is missing, move what waits at another time, take back what is no longer wanted. Returns what is new.

    Twice at once it makes nothing twice. What was sent stays as it is.
    """
    now = ground.now
    new = [Delivery.new(**key._asdict(), **when._asdict()) for key, when in wanted.items() if key not in there]
    moved = [(there[key], when) for key, when in wanted.items() if key in there and _moves(there[key], when)]
    needless = [r.pk for key, r in there.items() if r.status == Delivery.Status.PENDING and key not in wanted]
    if not (new or moved or needless):
        return []
    invited = {each.subject_id for each in new if each.kind == Delivery.Kind.INVITE}
    with transaction.atomic():
        Delivery.objects.bulk_create(new, batch_size=200, ignore_conflicts=True)
        for row, when in moved:
            Delivery.objects.filter(pk=row.pk, status=row.status).update(
                status=Delivery.Status.PENDING, **when._asdict()
            )
        for start in range(0, len(needless), 500):
            some = Delivery.objects.waiting().filter(pk__in=needless[start : start + 500])
            some.update(status=Delivery.Status.CANCELLED)
        for session_id in invited:
            Session.objects.filter(pk=session_id, invited_at=None).update(invited_at=now)
    return new


def _moves(row: Row, when: When) -> bool:
    if row.status == Delivery.Status.PENDING:
        return row.when != when
    if row.status == Delivery.Status.EXPIRED:  # it was never sent, and what it announced was put off
        return bool(row.when.expires_at and when.expires_at and when.expires_at > row.when.expires_at)
    return row.status == Delivery.Status.CANCELLED
