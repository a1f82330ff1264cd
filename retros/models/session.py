from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.compiled import CompiledQuery
from partnerships.content import isolated
from partnerships.models import Agreement, Audit, Invitation, Membership, Partnership, Person
from partnerships.models.partnership import Seat
from partnerships.refusals import Invalid, NotAllowed, Refusal
from retros import limits
from retros.live.publish import publish
from retros.models.planned import Planned
from retros.models.presence import Presence
from retros.models.series import Series
from retros.models.told import Told, last_told

if TYPE_CHECKING:
    from retros.models.step import Step


FAREWELL = "retro-farewell"
EVERYWHERE = timedelta(hours=12)  # after midnight UTC: then a day is over everywhere on earth


def undecided_since(now: datetime) -> date:
    """The first day that is not over everywhere."""
    return (now - EVERYWHERE).date()


def within(day: date) -> datetime:
    """A moment of which `undecided_since` is this day."""
    return datetime.combine(day, time.min, UTC) + EVERYWHERE


def undecided(now: datetime) -> models.Q:
    """What only the two know of: a session that is open, or was closed on a day that is not over everywhere.

    To a lead, an admin and a calendar it is as it was planned, so that nobody outside of the pair can tell when a retro
    begins and ends. What was held without the app (`met_on`) never ran, and is no secret.
    """
    closed = models.Q(status=Session.Status.HELD, started_at__isnull=False, held_on__gte=undecided_since(now))
    return models.Q(status=Session.Status.IN_PROGRESS) | closed


@dataclass
class Change:
    """One verb at work on a session. `shared` says whether the partner may know that something happened at all."""

    session: Session
    person: Person
    seat: Seat
    now: datetime
    shared: bool = False
    told: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, what: Told, of: uuid.UUID | None = None) -> None:
        """The partner may know that this happened, and hears it. `of`: the row that it happened to, never its words."""
        self.shared = True
        self.told.append({"what": what.value, "by": self.seat.value, "of": str(of or "")})


class SessionQuerySet(models.QuerySet["Session"]):
    def of(self, person: Person) -> SessionQuerySet:
        return self.filter(partnership__memberships__person=person)

    def running(self) -> SessionQuerySet:
        return self.filter(status=Session.Status.IN_PROGRESS)

    def unfinished(self) -> SessionQuerySet:
        """Planned or running: what is over when the partnership is."""
        return self.filter(status__in=[Session.Status.SCHEDULED, Session.Status.IN_PROGRESS])

    def upcoming(self) -> SessionQuerySet:
        return self.filter(status=Session.Status.SCHEDULED).order_by("start_utc")

    def upcoming_after(self, session: Session) -> SessionQuerySet:
        """The planned ones of the same partnership, but this one, that are still to come; soonest first."""
        rows = self.filter(partnership=session.partnership_id, start_utc__gt=timezone.now())
        return rows.exclude(pk=session.pk).upcoming()

    def with_next_start(self) -> SessionQuerySet:
        """Adds `next_start`: when the retro after it begins, which ends its grace; None without one."""
        later = Session.objects.filter(
            models.Q(status=Session.Status.SCHEDULED) | models.Q(series__isnull=False),
            partnership=models.OuterRef("partnership"), kind=Session.Kind.RETRO,
            start_utc__gt=models.OuterRef("start_utc"),
        ).exclude(status__in=Session.NOT_TO_COME)  # fmt: skip
        return self.annotate(next_start=models.Subquery(later.order_by("start_utc").values("start_utc")[:1]))

    def known_outside(self, now: datetime) -> SessionQuerySet:
        """Those that somebody outside of the pair may know of now: not one that was begun at once, until its day is
        over. Adds `is_undecided`, for `seen_outside`.
        """
        return self.annotate(is_undecided=undecided(now)).exclude(undecided(now), unplanned=True)

    def coming_outside(self, now: datetime) -> SessionQuerySet:
        """Those that are planned as far as somebody outside of the pair may know, the soonest first."""
        planned = models.Q(status=Session.Status.SCHEDULED) | models.Q(undecided(now), unplanned=False)
        return self.filter(planned).order_by("start_utc")

    def over_outside(self, now: datetime) -> SessionQuerySet:
        """Those that were held or should have been, as far as somebody outside may know, the latest first."""
        status = Session.Status
        over = models.Q(status__in=[status.HELD, status.MISSED]) | models.Q(status=status.SKIPPED, excused=False)
        return self.filter(over).exclude(undecided(now)).order_by("-start_utc")

    def held(self) -> SessionQuerySet:
        return self.filter(status=Session.Status.HELD).order_by("-held_on", "-closed_at")

    def with_meeting_url(self) -> SessionQuerySet:
        """Brings along what a session otherwise asks for."""
        series = Series.objects.filter(partnership=models.OuterRef("partnership"))
        return self.annotate(meeting_url=models.Subquery(series.values("meeting_url")[:1]))  # type: ignore[no-redef]


class Session(Planned):
    """One guided sitting of the pair. Its steps and prompts are copied from a template when it is made.

    When it is stands in `Planned`; here is its course. `version_a`, `version_b` count what each seat could see
    changing; streams tell that, and what one's own page would show. `told` has the last few things that each of them
    did to what both see, each as {"n": its number, "what": a Told, "by": a seat, "of": the id of a row or ""}.
    """

    class PauseReason(models.TextChoices):
        ANOTHER_DAY = "another_day"
        BETWEEN_US = "between_us"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    template_key = models.CharField(max_length=60)
    unplanned = models.BooleanField(default=False)  # begun at once: its start is no date that anybody planned
    agreement = models.ForeignKey(Agreement, models.SET_NULL, null=True, related_name="+")  # what it is about

    position = models.PositiveSmallIntegerField(default=0)  # the step the two share
    started_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    pause_reason = models.CharField(max_length=11, choices=PauseReason.choices, blank=True)
    version_a = models.PositiveIntegerField(default=0)
    version_b = models.PositiveIntegerField(default=0)
    told = models.JSONField(default=list)

    objects: ClassVar = SessionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["series", "slot_date"], name="session_one_a_slot"),
            models.UniqueConstraint(fields=["partnership", "kind", "number"], name="session_number_once"),
        )
        indexes = (
            models.Index(fields=["partnership", "start_utc"], name="session_of_pair"),
            models.Index(fields=["status", "start_utc"], name="session_by_status"),
            models.Index(fields=["held_on"], name="session_by_day_held"),
        )

    pulse_is_empty: bool | None = None  # `Step.empty_pulse`, where it is known for the one reader

    def __str__(self) -> str:
        return self.title

    # --- what it is ---------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        if self.kind == self.Kind.DREAM_TEAM:
            return _("Dream Team")
        if self.kind == self.Kind.CONTRACT:
            return _("Contract: %(title)s") % {"title": isolated(self.agreement.title) if self.agreement else ""}
        if self.kind == self.Kind.DIFFERENCE:
            return _("X versus Y")
        if self.kind == self.Kind.HEALTH:
            return _("Health check")
        return _("Retro %(number)d") % {"number": self.number} if self.number else _("Next retro")

    @property
    def is_open(self) -> bool:
        """Whether anything may still be written here."""
        return self.status in {self.Status.SCHEDULED, self.Status.IN_PROGRESS}

    @property
    def is_running(self) -> bool:
        return self.status == self.Status.IN_PROGRESS

    @property
    def is_closed(self) -> bool:
        return self.status == self.Status.HELD

    @property
    def is_farewell(self) -> bool:
        """The last one: nobody asks there when the two meet next."""
        return self.template_key == FAREWELL

    @property
    def paused_between_us(self) -> bool:
        return self.pause_reason == self.PauseReason.BETWEEN_US

    @property
    def is_opened(self) -> bool:
        """Whether anything in it was revealed, by either side."""
        return any(step.is_opened for step in self.steps)

    @property
    def is_together(self) -> bool:
        """Whether the retro has begun, and its shared step is not one that the two write alone now."""
        is_shared = self.is_running and not self.current_step.is_folded
        return self.started_at is not None and (self.is_closed or is_shared)

    @cached_property
    def steps(self) -> list[Step]:
        found = _steps(self)
        for step in found:
            step.session = self
        return found

    @cached_property
    def next_local(self) -> datetime | None:
        """The stored wall time of the pair's next planned session."""
        wall: datetime | None = Session.objects.upcoming_after(self).values_list("start_local", flat=True).first()
        return wall

    @cached_property
    def meeting_url(self) -> str | None:
        """Where the pair meets, if they said so."""
        return Series.objects.filter(partnership=self.partnership_id).values_list("meeting_url", flat=True).first()

    @property
    def current_step(self) -> Step:
        return self.steps[self.position]

    def position_of(self, kind: str) -> int:
        """The position of the first step of this kind. Raises Refusal where there is none."""
        for step in self.steps:
            if step.kind == kind:
                return step.position
        raise Refusal(_("There is no such step here."))

    @cached_property
    def sides(self) -> dict[Seat, Presence]:
        """Who sits where, seat A first. A free seat has a side without a row: that of whoever is invited to it."""
        found = {Seat(p.seat): p for p in _presences(self)}
        return {seat: found.get(seat) or self._awaited(seat) for seat in Seat}

    def _awaited(self, seat: Seat) -> Presence:
        invitation = Invitation.objects.of_partnership(self.partnership)
        name = invitation.email if invitation else _("the other one of you")
        return Presence(session=self, seat=seat, person=Person(name=name))

    @property
    def awaits(self) -> str:
        """For whom the free seat is kept, as the room shows it; empty once both are here."""
        return next((side.person.full_name for side in self.sides.values() if side.pk is None), "")

    @cached_property
    def seated(self) -> dict[uuid.UUID, Seat]:
        """The seats that whoever loaded this session knew already, by the person."""
        return {}

    def seat_of(self, person: Person) -> Seat:
        """Raises NotAllowed for somebody who has no seat in this session."""
        if person.pk in self.seated:
            return self.seated[person.pk]
        for seat, presence in self.sides.items():
            if presence.person_id == person.pk:
                return seat
        raise NotAllowed(_("This is not your session."))

    def version_for(self, seat: Seat) -> int:
        return self.version_a if seat is Seat.A else self.version_b

    # --- one transaction of one verb ----------------------------------------------------------------------------

    @contextmanager
    def writing(self, *, by: Person, closed: bool = False, step: Step | None = None) -> Iterator[Change]:
        """Lock the session, read phase and rights again, do the work, and tell those who may see the change.

        The author's own version always rises (their other tabs follow); the partner's only when the verb sets
        `change.shared`. Which sides of a `step` lie open is read again as well. Raises NotAllowed without a seat,
        Refusal when the session can no longer be written in (unless `closed` says that the verb is meant for that).

        Locks here and in the other verbs are `no_key`: PostgreSQL checks foreign keys at commit, under a key lock, and
        two verbs that hold one row each and point at the other's would wait for each other.
        """
        with transaction.atomic():
            self._lock()
            if (seat := step.read_again(by) if step else self._seat_now(by)) is None:
                raise NotAllowed(_("You can read this, and no longer write in it."))
            if not closed and not self.is_open:
                raise Refusal(_("This session is closed. You can read it, and both of you together can reopen it."))
            self.seated[by.pk] = seat
            change = Change(self, by, seat, timezone.now())
            yield change
            fields = [f"version_{side}" for side in (Seat if change.shared else [change.seat])]
            for version in fields:
                setattr(self, version, getattr(self, version) + 1)
            if change.told:
                self.told = last_told(self.told, change.told)
                fields.append("told")
            self.save(update_fields=fields)
            publish(self.pk, self.version_a, self.version_b, by=change.seat.value)

    def _lock(self) -> None:
        """Hold the row, as it is by now. What was read of other rows is read again when it is asked for."""
        if not (found := _locked()(self)):
            raise Session.DoesNotExist
        for each in self._meta.concrete_fields:
            setattr(self, each.attname, getattr(found[0], each.attname))
        self._state.fields_cache.clear()
        for cached in ("steps", "sides"):
            self.__dict__.pop(cached, None)

    def _seat_now(self, person: Person) -> Seat | None:
        """None for whoever may not write here: the partnership has ended, or is not theirs."""
        here = Membership.objects.filter(partnership=self.partnership_id, partnership__archived_at=None, person=person)
        seat = here.values_list("seat", flat=True).first()
        return Seat(seat) if seat else None

    @classmethod
    def refresh_rooms(cls, partnership: Partnership, *, ahead: bool = False) -> None:
        """Something of the pair's changed outside of the room: whoever stands in one sees it; `ahead`: also in one that
        is planned.

        After the commit, because the verb at work holds another lock than the room's.
        """

        def tell() -> None:
            with transaction.atomic():
                rooms = cls.objects.select_for_update(no_key=True).filter(partnership=partnership)
                for session in (rooms.unfinished() if ahead else rooms.running()).order_by("pk"):
                    session.version_a, session.version_b = session.version_a + 1, session.version_b + 1
                    session.save(update_fields=["version_a", "version_b"])
                    publish(session.pk, session.version_a, session.version_b)

        transaction.on_commit(tell, robust=True)

    # --- making one ---------------------------------------------------------------------------------------------

    @classmethod
    def sent_before(cls, id: uuid.UUID | None, partnership: Partnership) -> Session | None:
        """The session that this press made already. Raises Invalid when the key names something else."""
        session = cls.objects.filter(pk=id).first() if id else None
        if session is not None and session.partnership_id != partnership.pk:
            raise key_is_taken()
        return session

    # --- its course ---------------------------------------------------------------------------------------------

    def start(self, *, by: Person) -> Session:
        """Begin. The first step's timer runs from here, and the session gets its number.

        Returns the one that is open now: a pair has one retro open at a time, and while that lasts it is this one.
        Raises Refusal for a retro while a seat is free; a Dream Team is begun by one alone.
        """
        from retros.models.measure import ask_by_the_list  # a measure is asked in sessions

        with self.writing(by=by) as change:
            if self.is_running:
                return self
            if self.kind == self.Kind.RETRO and self.awaits:
                raise Refusal(_("A retro needs two. The other seat is still free."))
            self._lock_pair()
            if other := self._open_beside():
                return other
            last = Session.objects.filter(partnership=self.partnership_id, kind=self.kind).aggregate(n=Max("number"))
            self.status, self.started_at, self.number = self.Status.IN_PROGRESS, change.now, (last["n"] or 0) + 1
            self.save(update_fields=["status", "started_at", "number"])
            if self.kind == self.Kind.RETRO:
                ask_by_the_list(self.partnership_id, Session.objects.filter(pk=self.pk))
            self.current_step.begin(change.now)
            change.tell(Told.STARTED)
        return self

    def is_early(self, now: datetime) -> bool:
        """Whether it is planned for a day that is still some way off."""
        return self.is_planned and self.start_utc - now > limits.START_ASKED_AHEAD

    def can_be_taken_back(self, now: datetime) -> bool:
        """Whether its start can: before its time, and while nothing was opened."""
        return self.is_running and not self.unplanned and self.start_utc > now and not self.is_opened

    def rewind(self) -> None:
        """Planned again, as if nobody had started it. Part of a verb that holds the session's lock."""
        for step in self.steps:
            step.rewind()
        self.status, self.started_at, self.number, self.position = self.Status.SCHEDULED, None, None, 0
        self.paused_at, self.pause_reason = None, ""
        self.save(update_fields=["status", "started_at", "number", "position", "paused_at", "pause_reason"])

    def _rewind_if_begun(self) -> None:
        """What is called off may be planned again, and then begins at its beginning."""
        if self.is_running:
            self.rewind()

    def _lock_pair(self) -> None:
        """Two sessions of a pair may start at once and each has its own lock: what is the pair's (which one is open,
        the numbers) is read under the partnership's, which lasts as long.
        """
        Partnership.objects.select_for_update(no_key=True).get(pk=self.partnership_id)

    def _open_beside(self) -> Session | None:
        """The retro of the pair that is open already, if this is one too. Under `_lock_pair`."""
        retros = Session.objects.filter(partnership=self.partnership_id, kind=self.Kind.RETRO)
        return retros.running().exclude(pk=self.pk).first() if self.kind == self.Kind.RETRO else None

    def go_to(self, position: int, change: Change) -> None:
        """Move the shared step. Part of a verb that holds the session's lock."""
        self.position = position
        self.save(update_fields=["position"])
        self.current_step.begin(change.now)
        change.tell(Told.MOVED, self.current_step.pk)

    def close(self, change: Change) -> None:
        """Held, and read-only from here on. Part of a verb that holds the session's lock."""
        self.status, self.closed_at = self.Status.HELD, change.now
        self.held_on = change.now.astimezone(ZoneInfo(self.timezone)).date()
        self.paused_at, self.pause_reason = None, ""
        self.save(update_fields=["status", "closed_at", "held_on", "paused_at", "pause_reason"])
        change.tell(Told.CLOSED)

    def seen_outside(self) -> Session:
        """One of `known_outside` as somebody outside of the pair may see it: as planned, until its day is over."""
        if self.is_undecided:  # type: ignore[attr-defined]  # annotated
            self.status, self.number, self.held_on = self.Status.SCHEDULED, None, None
        return self

    def close_unasked(self, now: datetime) -> None:
        """Held, since its grace is over: nothing is deleted, actions stay, open topics go on to the next one."""
        self.status, self.closed_at, self.auto_closed = self.Status.HELD, now, True
        self.held_on = (self.started_at or self.start_utc).astimezone(ZoneInfo(self.timezone)).date()
        self.paused_at, self.pause_reason = None, ""

    def reopen(self, *, by: Person) -> bool:
        """Ask to reopen; the second of the two does it, within 24 hours. Returns whether it is open now."""
        from retros.models.step import Ready  # the step imports the session

        with self.writing(by=by, closed=True) as change:
            if self.is_running:
                return True
            if not self.can_reopen(change.now):
                raise Refusal(_("A closed retro can be reopened within 24 hours. Start a new one instead."))
            self._lock_pair()
            if other := self._open_beside():
                raise Refusal(
                    _("%(title)s is open now. Close that one, then reopen this one.") % {"title": other.title}
                )
            last = self.steps[-1]
            if not last.mark(Ready.Purpose.REOPEN, change, Told.ASKS_TO_REOPEN):
                return False
            last.ready_set.exclude(purpose=Ready.Purpose.REVEAL).delete()
            change.tell(Told.REOPENED)
            self.status, self.closed_at, self.held_on = self.Status.IN_PROGRESS, None, None
            self.reopened_at = change.now
            self.save(update_fields=["status", "closed_at", "held_on", "reopened_at"])
            return True

    def can_reopen(self, now: datetime) -> bool:
        return self.is_closed and self.closed_at is not None and now - self.closed_at < limits.REOPEN_WITHIN

    def pause(self, *, by: Person, reason: str = PauseReason.ANOTHER_DAY) -> None:
        """Stop the clock for both. `between_us` also puts the three sentence openers on both screens."""
        with self.writing(by=by) as change:
            if not self.is_running:
                raise Refusal(_("There is nothing to pause: this retro has not started."))
            self.paused_at, self.pause_reason = self.paused_at or change.now, reason
            self.save(update_fields=["paused_at", "pause_reason"])
            change.tell(Told.BETWEEN_US if self.paused_between_us else Told.PAUSED)

    def resume(self, *, by: Person) -> None:
        with self.writing(by=by) as change:
            if self.paused_at is None:
                return
            began = self.current_step.started_at or change.now
            self.current_step.shift_start(change.now - max(self.paused_at, began))  # it may have begun meanwhile
            self.paused_at, self.pause_reason = None, ""
            self.save(update_fields=["paused_at", "pause_reason"])
            change.tell(Told.RESUMED)

    def discard(self, *, by: Person) -> None:
        """Drop a session in which nothing was opened yet. What each wrote stays their own, readable to them alone."""
        with self.writing(by=by, closed=True) as change:
            if self.status == self.Status.CANCELLED:
                return
            if not self.is_open:
                raise Refusal(_("This session is closed. You can read it, and both of you together can reopen it."))
            if self.is_opened:
                raise Refusal(_("Something was opened here already, so this retro stays. You can pause or close it."))
            self._rewind_if_begun()
            self.drop(self.Status.CANCELLED, self.DISCARDED, change.now)
            self.save_dates()
            Audit.record(Audit.Act.CANCELLED, by=by, about=self, partnership=self.partnership)
            change.shared = True

    def end_with_partnership(self, *, now: datetime) -> None:
        """Part of ending the partnership, which holds the lock: held if anything was opened here, else cancelled."""
        if self.is_opened:
            self.close_unasked(now)
        else:
            self._rewind_if_begun()
            self.drop(self.Status.CANCELLED, self.ARCHIVED, now)
        self.save_dates("paused_at", "pause_reason")

    def see(self, person: Person) -> None:
        """Note that the person is in the room. The one thing that reading the room writes.

        Somebody seen there a moment ago is not written down again.
        """
        known = self.sides[self.seat_of(person)]
        if known.seen_at is None or abs(timezone.now() - known.seen_at) >= limits.PRESENCE_EVERY:
            Presence.objects.filter(session=self, person=person).seen()

    def arrived(self, person: Person) -> None:
        """Note that the person came (back) into the room, and let the partner's screen look at who is there.

        Only the partner's version rises. For a closed session too: it is read together. While the two write alone it
        does not, or it would say how often somebody came to write; the partner's screen looks by itself soon.
        """
        with transaction.atomic():
            self.refresh_from_db(
                from_queryset=Session.objects.select_for_update(no_key=True), fields=["version_a", "version_b"]
            )
            self.see(person)
            if not self.is_together:
                return
            partner = self.seat_of(person).other
            setattr(self, f"version_{partner}", self.version_for(partner) + 1)
            self.save(update_fields=[f"version_{partner}"])
            publish(self.pk, self.version_a, self.version_b)


def refresh_rooms_of(agreement: Agreement) -> None:
    """Who stands in a room sees that something was proposed or signed, also outside of it."""
    Session.refresh_rooms(agreement.partnership)


@cache
def _locked() -> CompiledQuery[Session]:
    """Made by the first verb: what locks is worded in a transaction only."""
    return CompiledQuery(lambda session: Session.objects.select_for_update(no_key=True).filter(pk=session.pk), Session)


_steps: CompiledQuery[Step] = CompiledQuery(lambda session: session.step_set.order_by("position"), Session)
_presences = CompiledQuery(lambda session: session.presences.select_related("person").order_by("seat"), Session)


def key_is_taken() -> Invalid:
    """A client's own id that already names something else, of whomever: said without saying what."""
    return Invalid(_("This could not be kept. Load the page again, then send it once more."))
