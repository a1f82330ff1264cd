"""What there is to tell and what was told, read at once: the facts on which reminders and invitations are planned."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils.functional import cached_property

from partnerships.hours import Hours
from partnerships.models import Delivery, Membership, Partnership, Person, Preference
from retros.models import Action, Presence, Ready, Session, Step
from retros.models.session import SessionQuerySet
from retros.notifications.ics import InvitationVersion

# The earliest reminder: a week before, moved earlier over the days off, anywhere on earth.
AHEAD = timedelta(days=16)
BEHIND = timedelta(days=23)  # the longest grace, and a week for what is said at its end
ACTION_DAYS = (timedelta(days=5), timedelta(days=10))  # the same around the date of an action
INVITED = 2  # sessions that a pair is invited to ahead
STILL_CALLED_OFF = timedelta(days=400)  # how long an ended partnership is looked at for invitations to take back
# The columns that a plan reads: with thousands of dates the others would cost more than the plan itself.
_DATES = (
    "partnership_id", "kind", "status", "start_utc", "start_local", "timezone", "duration_min", "series_id",
    "reopened_at",
)  # fmt: skip
_CYCLE = ("rule_version__unit", "rule_version__interval")
_HOURS = ("timezone", "working_days", "quiet_from", "quiet_to", "paused_until")


class DeliveryKey(NamedTuple):
    """What is unique about a delivery."""

    person_id: UUID
    kind: str
    subject_type: str
    subject_id: UUID
    for_key: str
    channel: str


class Timing(NamedTuple):
    send_at: datetime
    expires_at: datetime | None


class ExistingDelivery(NamedTuple):
    """A delivery that is there."""

    pk: UUID
    status: str
    refusals: int
    send_at: datetime
    expires_at: datetime | None

    @property
    def when(self) -> Timing:
        return Timing(self.send_at, self.expires_at)


class Recipient(NamedTuple):
    person_id: UUID
    is_active: bool
    takes_invites: bool
    hours: Hours


class CalendarEvent(NamedTuple):
    """A session as calendars know it."""

    pk: UUID
    partnership_id: UUID
    status: str
    archived_at: datetime | None
    place: int  # 1 for the next one of the pair that is planned
    taken_back_at: datetime | None
    edition: InvitationVersion

    @property
    def is_as_before(self) -> bool:
        """Whether the last change was taken back: whoever was told nothing of it knows it as it is."""
        return self.taken_back_at == self.edition.stamp

    @property
    def is_next(self) -> bool:
        """Whether it is one of those that a pair is invited to."""
        return self.is_live and self.place <= INVITED

    @property
    def is_live(self) -> bool:
        return self.status == Session.Status.SCHEDULED and self.archived_at is None


Desired = dict[DeliveryKey, Timing]
Existing = dict[DeliveryKey, ExistingDelivery]


class Facts:
    """For all partnerships, or for some. The number of queries never grows.

    `sessions` are all of those partnerships, with their rules and with what is not written yet, and `members` all of
    theirs, with their people: what is in memory is not asked for again. With sessions it is about them, not about
    actions.
    """

    def __init__(
        self,
        now: datetime,
        partnerships: Partnership | Collection[Partnership] | None = None,
        sessions: Sequence[Session] | None = None,
        members: Collection[Membership] | None = None,
    ) -> None:
        self.now = now
        self.partnerships = [partnerships] if isinstance(partnerships, Partnership) else partnerships
        self.only = Q() if self.partnerships is None else Q(partnership__in=self.partnerships)
        self.sessions = sessions
        self._members = members

    @cached_property
    def members(self) -> dict[UUID, list[Recipient]]:
        """Of each partnership, seat A first."""
        names = ("is_active", "calendar_mode", *_HOURS)
        rows: Iterable[tuple[Any, ...]]
        if self._members is not None:
            rows = [(m.partnership_id, m.person_id, *(getattr(m.person, n) for n in names)) for m in self._members]
        else:
            gone = Q(partnership__archived_at=None) | Q(partnership__archived_at__gt=self.now - STILL_CALLED_OFF)
            own = Membership.objects.filter(self.only, gone).order_by("partnership", "seat")
            rows = own.values_list("partnership", "person", *(f"person__{name}" for name in names))
        known: dict[UUID, Recipient] = {}
        found: dict[UUID, list[Recipient]] = defaultdict(list)
        for pair, person, active, mode, zone, *hours in rows:
            if person not in known:
                takes_invites = mode == Person.CalendarMode.INVITES
                known[person] = Recipient(person, active, takes_invites, Hours(ZoneInfo(zone), *hours))
            found[pair].append(known[person])
        return found

    # --- what there is to tell ----------------------------------------------------------------------------------

    @property
    def _near(self) -> SessionQuerySet:
        window = (self.now - BEHIND, self.now + AHEAD)
        over = [*Session.NOT_TO_COME, Session.Status.HELD]
        rows = Session.objects.filter(self.only, start_utc__range=window, partnership__archived_at=None)
        found: SessionQuerySet = rows.exclude(status__in=over)
        return found

    @cached_property
    def near(self) -> list[Session]:
        """The sessions that anybody may be reminded of, with `next_start`."""
        if self.sessions is not None:
            return _near(self.sessions, self.now)
        return list(self._near.with_next_start().select_related("rule_version").only(*_DATES, *_CYCLE))

    @cached_property
    def awaited(self) -> dict[tuple[UUID, UUID], datetime]:
        """Whom a sitting waits for and since when, by session and person, while its answers lie folded: somebody who
        was never in its room, or whose partner is ready.
        """
        if self.sessions is not None and not any(s.status == Session.Status.IN_PROGRESS for s in self.near):
            return {}
        shared = {"session": OuterRef("session"), "position": OuterRef("session__position")}
        here = Step.objects.filter(**shared, kind=Step.Kind.QUESTIONS, opened_a_at=None, opened_b_at=None)
        of_step = {f"step__{name}": value for name, value in shared.items()}
        ready = Ready.objects.filter(**of_step, purpose=Ready.Purpose.REVEAL)
        own, other = ready.filter(person=OuterRef("person")), ready.exclude(person=OuterRef("person"))
        rows = Presence.objects.filter(Exists(here), ~Exists(own), session__in=self._near.running().values("pk"))
        since = Coalesce(Subquery(other.values("at")[:1]), "session__started_at")
        rows = rows.filter(Q(seen_at=None) | Exists(other))
        found = rows.values_list("session_id", "person_id", since)
        return {(session, person): at for session, person, at in found}

    @property
    def _actions(self) -> QuerySet[Action]:
        today, (before, after) = self.now.date(), ACTION_DAYS
        rows: QuerySet[Action] = Action.objects.open().filter(
            self.only, due__range=(today - before, today + after), deleted_at=None, partnership__archived_at=None
        )
        return rows

    @cached_property
    def actions(self) -> list[Action]:
        return [] if self.sessions is not None else list(self._actions)

    @cached_property
    def invitable(self) -> dict[UUID, CalendarEvent]:
        """The next ones of each pair, and those that were announced before; all still ahead."""
        if self.sessions is not None:
            return _invitable(self.sessions, self._told, self.now)
        rank = Window(RowNumber(), partition_by=[F("partnership"), F("status")], order_by="start_utc")
        ahead = Session.objects.filter(self.only, start_utc__gt=self.now).annotate(rank=rank)
        first = Q(rank__lte=INVITED, status=Session.Status.SCHEDULED, partnership__archived_at=None)
        told = Exists(Delivery.objects.filter(kind__in=Delivery.CALENDAR, subject_id=OuterRef("pk")))
        announced = Q(invited_at__isnull=False) | Q(told, uid_generation__gt=1)
        rows = ahead.filter(first | announced).values_list(
            "pk", "partnership", "status", "partnership__archived_at", "rank", "taken_back_at", "uid_generation",
            "sequence", "ical_stamp",
        )  # fmt: skip
        return {row[0]: CalendarEvent(*row[:6], InvitationVersion(*row[6:])) for row in rows}

    # --- who wants it -------------------------------------------------------------------------------------------

    @cached_property
    def preferences(self) -> dict[UUID, dict[tuple[str, str], bool]]:
        """Of those who said anything about it."""
        rows = Preference.objects.all()
        if self.partnerships is not None:
            rows = rows.filter(person__memberships__partnership__in=self.partnerships)
        found: dict[UUID, dict[tuple[str, str], bool]] = defaultdict(dict)
        for person_id, kind, channel, wanted in rows.values_list("person_id", "kind", "channel", "wanted"):
            found[person_id][kind, channel] = wanted
        return found

    def channels(self, person_id: UUID, kind: str) -> list[str]:
        """Where this person wants this reminder."""
        own = self.preferences.get(person_id, {})
        return [channel for channel, on in Delivery.REMINDERS[kind].items() if own.get((kind, channel), on)]

    # --- what was told ------------------------------------------------------------------------------------------

    @cached_property
    def calendar(self) -> Existing:
        """The calendar mails about what can be invited to."""
        return {key: row for key, row in self._calendar.items() if key.subject_id in self.invitable}

    @cached_property
    def _calendar(self) -> Existing:
        if self.sessions is not None:
            return {key: row for key, row in self._of_sessions.items() if key.kind in Delivery.CALENDAR}
        ahead = Session.objects.filter(self.only, start_utc__gt=self.now).values("pk")
        return _rows(Delivery.objects.filter(kind__in=Delivery.CALENDAR, subject_id__in=ahead))

    @cached_property
    def _of_sessions(self) -> Existing:
        """The calendar mails about what is ahead of the sessions in memory, and the reminders as below: one query."""
        known = self.sessions or []
        ahead = Q(kind__in=Delivery.CALENDAR, subject_id__in=[s.pk for s in known if s.start_utc > self.now])
        waits = Q(status=Delivery.Status.PENDING, subject_id__in=[session.pk for session in known])
        near = Q(subject_id__in=[session.pk for session in self.near])
        return _rows(Delivery.objects.filter(ahead | (Q(kind__in=Delivery.REMINDERS) & (waits | near))))

    @property
    def _told(self) -> set[UUID]:
        """The sessions that any calendar mail is about."""
        return {key.subject_id for key in self._calendar}

    @cached_property
    def reminders(self) -> Existing:
        """The reminders about what is near, and all that wait."""
        if self.sessions is not None:
            return {key: row for key, row in self._of_sessions.items() if key.kind in Delivery.REMINDERS}
        rows = Delivery.objects.filter(kind__in=Delivery.REMINDERS)
        waiting = rows.waiting()
        if self.partnerships is not None:
            both = [kind.objects.filter(self.only).values("pk") for kind in (Session, Action)]
            waiting = waiting.filter(Q(subject_id__in=both[0]) | Q(subject_id__in=both[1]))
        told = rows.exclude(status=Delivery.Status.PENDING)
        sessions = told.filter(subject_id__in=self._near.values("pk"))
        actions = told.filter(subject_id__in=self._actions.values("pk"))
        return _rows(waiting) | _rows(sessions) | _rows(actions)


# What is in memory is chosen as the database chooses: a change here is one in `Facts._near` and `with_next_start`, or
# in `Facts.invitable`.


def _near(sessions: Sequence[Session], now: datetime) -> list[Session]:
    over = {*Session.NOT_TO_COME, Session.Status.HELD}
    found = [
        s
        for s in sessions
        if now - BEHIND <= s.start_utc <= now + AHEAD and s.status not in over and s.partnership.archived_at is None
    ]
    for session in found:
        later = [
            other.start_utc
            for other in sessions
            if other.partnership_id == session.partnership_id and other.kind == Session.Kind.RETRO
            and (other.is_planned or other.series_id) and other.status not in Session.NOT_TO_COME
            and other.start_utc > session.start_utc
        ]  # fmt: skip
        session.next_start = min(later, default=None)  # type: ignore[attr-defined]  # as annotated by the database
    return found


def _invitable(sessions: Sequence[Session], told: set[UUID], now: datetime) -> dict[UUID, CalendarEvent]:
    ahead = sorted((s for s in sessions if s.start_utc > now), key=lambda s: s.start_utc)
    places: Counter[tuple[UUID, str]] = Counter()
    found = {}
    for session in ahead:
        archived_at = session.partnership.archived_at
        places[session.partnership_id, session.status] += 1
        place = places[session.partnership_id, session.status]
        is_next = place <= INVITED and session.is_planned and archived_at is None
        if is_next or session.invited_at or (session.pk in told and session.uid_generation > 1):
            edition = InvitationVersion(session.uid_generation, session.sequence, session.ical_stamp)
            found[session.pk] = CalendarEvent(
                session.pk, session.partnership_id, session.status, archived_at, place, session.taken_back_at, edition
            )
    return found


def _rows(deliveries: QuerySet[Delivery]) -> Existing:
    values = deliveries.order_by("send_at").values_list(*DeliveryKey._fields, *ExistingDelivery._fields)
    own = len(DeliveryKey._fields)
    return {DeliveryKey(*value[:own]): ExistingDelivery(*value[own:]) for value in values}
