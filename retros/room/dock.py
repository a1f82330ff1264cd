"""The dock of a room: who is here, what the clock says, and what to press to go on, as one of the two sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.models.partnership import Seat
from retros import limits
from retros.models import Presence, Ready, Session, Step

if TYPE_CHECKING:
    from partnerships.models import Person


START_OFFERED_AHEAD = timedelta(hours=1)  # this long before a planned retro, its page offers to start it


@dataclass
class Side:
    """One of the two in the room: seat A left, seat B right, for both viewers."""

    seat: Seat
    person: Person
    is_you: bool
    is_here: bool
    is_ready: bool
    doing: str

    @property
    def name(self) -> str:
        return self.person.first_name


class Dock:
    """The dock under one step. Reads only what both may know."""

    def __init__(self, step: Step, person: Person, now: datetime) -> None:
        self.session = step.session
        self.step = step
        self.person = person
        self.now = now
        self.seat = self.session.seat_of(person)
        self.phase = step.phase_for(self.seat)
        self.sides = [self._side(seat, presence) for seat, presence in self.session.sides.items()]
        self.you = next(side for side in self.sides if side.is_you)
        self.partner = next(side for side in self.sides if not side.is_you)

    def _side(self, seat: Seat, presence: Presence) -> Side:
        person, step = presence.person, self.step
        is_you = person.pk == self.person.pk
        here = is_you or presence.is_here(self.now)
        purpose = Ready.Purpose.NEXT if step.is_revealed or not step.written_alone else Ready.Purpose.REVEAL
        ready = self.session.is_running and step.marked(purpose, person) is not None
        return Side(
            seat=seat, person=person, is_you=is_you, is_here=here, is_ready=ready,
            doing=_("Ready") if ready else self._doing(presence, here),
        )  # fmt: skip

    def _doing(self, presence: Presence, here: bool) -> str:
        """While they write alone only whether somebody is here: “since when” would tell who wrote ahead, and when."""
        if here:
            return _("Here")
        if not self.session.is_together:
            return _("Away")
        if presence.seen_at is None:
            return _("Not here yet")
        seen = presence.seen_at.astimezone(self.person.tz)
        if self.now - presence.seen_at < timedelta(hours=12):
            return _("Away since %(time)s") % {"time": date_format(seen, "H:i")}
        return _("Away since %(day)s") % {"day": date_format(seen, "j M")}

    @property
    def facts(self) -> tuple[object, ...]:
        """What changes here while a board lies open."""
        people = [(side.is_here, side.is_ready, side.doing) for side in self.sides]
        return (self.step.minutes, self.minutes_left, self.can_go_on_alone, self.alone_in, people)

    @property
    def is_timed(self) -> bool:
        """Retros have an hour; what is answered over days has no clock."""
        return self.session.kind == Session.Kind.RETRO

    @property
    def minutes_left(self) -> int:
        return self.session.current_step.minutes_left(self.session.paused_at or self.now)

    @property
    def is_over_time(self) -> bool:
        return self.session.paused_at is None and self.minutes_left <= 0

    @property
    def timer_words(self) -> str:
        if self.session.paused_at:
            return _("Paused")
        if self.is_over_time:
            return _("A bit over, take the time you need")
        left = self.minutes_left
        return ngettext("%(left)d min left", "%(left)d min left", left) % {"left": left}

    @property
    def timer_part(self) -> int:
        """What is left of the ring, 0 to 100."""
        minutes = self.session.current_step.minutes or 1
        return max(0, min(100, round(100 * self.minutes_left / minutes)))

    @property
    def timer_speaks(self) -> str:
        """The timer is silent but for two moments."""
        if not self.is_timed:
            return ""
        return {5: _("Five minutes left"), 0: _("The time is up. No hurry.")}.get(self.minutes_left, "")

    @property
    def says(self) -> str:
        """Changes of the partner's state, for the polite live region."""
        if self.partner.is_ready:
            return _("%(name)s is ready") % {"name": self.partner.name}
        if self.partner.is_here:
            return self.timer_speaks or _("%(name)s is here") % {"name": self.partner.name}
        return self.timer_speaks

    @cached_property
    def can_go_on_alone(self) -> bool:
        return (
            self.session.is_running
            and self.step.is_current
            and not self.partner.is_ready
            and self.step.can_go_on_alone(self.person, self.now)
        )

    @property
    def alone_in(self) -> int:
        """Minutes until one may go on without the other, counted from one's own Ready; 0 without one."""
        purpose = Ready.Purpose.NEXT if self.phase in {"revealed", "shared"} else Ready.Purpose.REVEAL
        mine = self.step.marked(purpose, self.person)
        if mine is None or self.can_go_on_alone:
            return 0
        return max(1, -int(-(limits.ALONE_AFTER - (self.now - mine.at)).total_seconds() // 60))

    @property
    def ready_label(self) -> str:
        if self.phase in {"write", "opened"}:
            if not self.ready_reveals:
                return _("I’m ready")
            return _("Ready, and open yours") if self.step.side_open(self.partner.seat) else _("Ready, and open both")
        if self.step.is_last and self.session.kind == Session.Kind.RETRO:
            return _("Close the retro")
        if self.step.is_last:
            return _("We are done here")
        return _("Ready for %(step)s") % {"step": self.session.steps[self.step.position + 1].title}

    @property
    def ready_reveals(self) -> bool:
        return self.phase in {"write", "opened"} and self.partner.is_ready and not self.you.is_ready

    @property
    def starts_soon(self) -> bool:
        """Whether “Start the retro” is the next thing to do; days ahead, writing is."""
        return self.session.start_utc - self.now <= START_OFFERED_AHEAD

    # --- after it was closed ---------------------------------------------------------------------------------------

    @property
    def can_reopen(self) -> bool:
        return self.step.is_last and self.session.can_reopen(self.now)

    @property
    def is_over(self) -> bool:
        """Nothing can happen here any more: no dock."""
        return not self.session.is_open and not self.can_reopen

    @property
    def you_want_reopen(self) -> bool:
        return self.step.marked(Ready.Purpose.REOPEN, self.person) is not None

    @property
    def reopen_words(self) -> str:
        if self.you_want_reopen:
            return _("Waiting for %(name)s to agree") % {"name": self.partner.name}
        if self.step.marked(Ready.Purpose.REOPEN, self.partner.person):
            return _("%(name)s would like to reopen it") % {"name": self.partner.name}
        return ""
