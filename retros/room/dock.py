"""The dock of a room: who is here, what the clock says, and what to press to go on, as one of the two sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.models.partnership import Seat
from retros import limits
from retros.models import Presence, Ready, Session, Step

if TYPE_CHECKING:
    from partnerships.models import Person


# Which part of the guide belongs to it.
GUIDE = {
    Session.Kind.RETRO: "a-retro",
    Session.Kind.DREAM_TEAM: "dream-team",
    Session.Kind.CONTRACT: "contract",
    Session.Kind.DIFFERENCE: "x-versus-y",
    Session.Kind.HEALTH: "health-check",
}
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

    @cached_property
    def name(self) -> str:
        return self.person.first_name


class DockPress(NamedTuple):
    """Something to press, or to follow (`is_link`)."""

    words: str
    url: str
    style: str = "btn"
    name: str = ""
    value: str = ""
    pressed: str = ""  # "true", "false"; empty for what does not stay pressed
    key: str = ""
    is_link: bool = False
    reveals: bool = False


class Said(NamedTuple):
    """Something that the dock only says."""

    words: str
    is_optional: bool = False  # a phone leaves it out


class Timer(NamedTuple):
    words: str
    left: int  # what is left of the ring, 0 to 100
    is_over: bool = False
    minutes: int = 0  # of the step; 0 where the words say enough


class SideShown(NamedTuple):
    """A side as the dock shows it."""

    seat: str
    name: str
    initials: str
    is_you: bool
    is_here: bool
    is_ready: bool
    doing: str


class DockShown(NamedTuple):
    """A dock as it is drawn."""

    is_over: bool
    here: str  # that the other one is; it is said when they come
    time: str  # what the timer says aloud
    sides: tuple[SideShown, ...]
    timer: Timer | None
    more_time: DockPress | None
    has_more: bool
    said: tuple[Said, ...]  # beside the offers; it comes and goes without moving them
    offers: tuple[DockPress, ...]
    waits: bool  # for the other one: without script the page is looked at again by hand


class MoreShown(NamedTuple):
    """What lies behind the three points; an address is empty where its press is missing."""

    is_retro: bool
    open_url: str
    digest: str
    extend_url: str
    minutes: int
    pause_url: str
    take_back_url: str
    discard_url: str
    guide_part: str


class Dock:
    """The dock under one step. Reads only what both may know."""

    signs = ""  # the digest of the text that going on signs, where it does

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
        waits = self.session.is_running and (step.is_current or step.is_folded)
        ready = waits and step.marked(step.purpose, person) is not None
        return Side(
            seat=seat, person=person, is_you=is_you, is_here=here, is_ready=ready,
            doing=_("Ready") if ready else self._doing(presence, here),
        )  # fmt: skip

    def _doing(self, presence: Presence, here: bool) -> str:
        """While they write alone only whether somebody is here: “since when” would tell who wrote ahead, and when."""
        if here:
            return _("Here")
        if presence.pk is None:
            return _("Not here yet")
        if not self.session.is_together:
            return _("Away")
        if presence.seen_at is None:
            return _("Not here yet")
        seen = presence.seen_at.astimezone(self.person.tz)
        if self.now - presence.seen_at < timedelta(hours=12):
            return _("Away since %(time)s") % {"time": date_format(seen, "H:i")}
        return _("Away since %(day)s") % {"day": date_format(seen, "j M")}

    @property
    def is_timed(self) -> bool:
        """Retros have an hour; what is answered over days has no clock."""
        return self.session.kind == Session.Kind.RETRO

    @property
    def minutes_left(self) -> int:
        return self.session.current_step.minutes_left(self.session.paused_at or self.now)

    @property
    def timer(self) -> Timer | None:
        if not (self.session.is_running and self.is_timed):
            return None
        minutes, left = self.session.current_step.minutes, self.minutes_left
        part = max(0, min(100, round(100 * left / (minutes or 1))))
        if self.session.paused_at:
            return Timer(_("Paused"), part)
        if left <= 0:
            return Timer(_("A bit over, take the time you need"), part, is_over=True)
        words = ngettext("%(left)d min left", "%(left)d min left", left) % {"left": left}
        return Timer(words, part, minutes=minutes)

    @property
    def timer_speaks(self) -> str:
        """The timer is silent but for two moments."""
        if not self.is_timed:
            return ""
        return {5: _("Five minutes left"), 0: _("The time is up. No hurry.")}.get(self.minutes_left, "")

    @property
    def here(self) -> str:
        """That the partner is in the room: a page says it aloud when it changes, so only after they were away."""
        return _("%(name)s is here") % {"name": self.partner.name} if self.partner.is_here else ""

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
        """Minutes until one may go on without the other, counted from one's own Ready; 0 without one, or elsewhere."""
        if not self.step.is_current:
            return 0
        mine = self.step.marked(self.step.purpose, self.person)
        if mine is None or self.can_go_on_alone:
            return 0
        return max(1, -int(-(limits.ALONE_AFTER - (self.now - mine.at)).total_seconds() // 60))

    # --- what it offers -------------------------------------------------------------------------------------------

    def shown(self, can_write: bool, digest: str) -> DockShown:
        """`digest`: of what the viewer's Ready would open, as the page shows it."""
        sides = tuple(
            SideShown(
                side.seat.value, side.name, side.person.initials, side.is_you, side.is_here, side.is_ready, side.doing
            )
            for side in self.sides
        )
        runs = can_write and self.session.is_running
        said: tuple[Said | None, ...] = ()
        offers: tuple[DockPress | None, ...] = ()
        if self.session.is_closed and self.can_reopen:
            said, offers = (self._asks_to_reopen(),), (self._to_reopen(),)
        elif runs and self.session.paused_at:
            resume = reverse("session_resume", args=[self.session.pk])
            offers = (DockPress(_("Go on together"), resume, "btn primary"),)
        elif runs:
            said, offers = (self._waiting(), self._alone_soon()), (self._back(), self._alone(), self._ready(digest))
        elif can_write and self.session.status == Session.Status.SCHEDULED:
            said, offers = (Said(_("Written ahead, opened together"), is_optional=True),), self._to_start()
        return DockShown(
            is_over=self.is_over, here=self.here, time=self.timer_speaks, sides=sides, timer=self.timer,
            more_time=self._more_time() if runs else None, has_more=runs,
            said=tuple(filter(None, said)), offers=tuple(filter(None, offers)),
            waits=runs and (self.you.is_ready or self.phase == "opened"),
        )  # fmt: skip

    def more(self, digest: str) -> MoreShown:
        """Behind the three points; it lies on the page also when nothing leads to it."""
        can_take_back = self.session.can_be_taken_back(self.now)
        return MoreShown(
            is_retro=self.is_timed,
            open_url=self._url("step_open") if self.phase == "write" and not self.session.awaits else "",
            digest=digest,
            extend_url=self._url("step_extend") if self._can_extend else "",
            minutes=self.step.minutes,
            pause_url=reverse("session_pause", args=[self.session.pk]),
            take_back_url=reverse("session_start_delete", args=[self.session.pk]) if can_take_back else "",
            discard_url="" if self.session.is_opened else reverse("session_discard", args=[self.session.pk]),
            guide_part=GUIDE[Session.Kind(self.session.kind)],
        )

    @property
    def _can_extend(self) -> bool:
        return self.step.is_current and self.is_timed and not self.session.paused_at

    def _url(self, name: str) -> str:
        return reverse(name, args=[self.session.pk, self.step.position])

    def _to_start(self) -> tuple[DockPress, ...]:
        url = reverse("session_start", args=[self.session.pk])
        start = DockPress(_("Start the retro"), url, is_link=self.session.is_early(self.now))
        home = reverse("partnership_detail", args=[self.session.partnership_id])
        done = DockPress(_("Done for now"), home, "btn primary", is_link=True)
        if self.session.awaits:
            return (done,)
        if self.session.start_utc - self.now <= START_OFFERED_AHEAD:
            return (start._replace(style="btn primary"),)
        return start, done

    def _asks_to_reopen(self) -> Said | None:
        if self.you_want_reopen:
            return Said(_("Waiting for %(name)s to agree") % {"name": self.partner.name})
        if self.step.marked(Ready.Purpose.REOPEN, self.partner.person):
            return Said(_("%(name)s would like to reopen it") % {"name": self.partner.name})
        return None

    def _to_reopen(self) -> DockPress:
        url, pressed = reverse("session_reopen", args=[self.session.pk]), "true" if self.you_want_reopen else ""
        return DockPress(_("Reopen it together"), url, pressed=pressed)

    def _back(self) -> DockPress | None:
        """To where the two are."""
        if self.step.is_current:
            return None
        words = _("To %(step)s") % {"step": self.session.current_step.title}
        return DockPress(words, reverse("session_detail", args=[self.session.pk]), is_link=True)

    def _more_time(self) -> DockPress | None:
        if not self._can_extend:
            return None
        minutes = str(self.step.minutes)
        return DockPress(_("5 more minutes"), self._url("step_extend"), "btn small opt", "known", minutes)

    def _waiting(self) -> Said | None:
        """For what the two wait, where the presses do not say it."""
        if self.phase == "opened":
            return Said(_("Your side is open. Waiting for %(name)s") % {"name": self.partner.name})
        if self.phase == "write" or not self.you.is_ready or not self.step.is_last or self.signs:
            return None
        return Said(_("Waiting for %(name)s.") % {"name": self.partner.name}, is_optional=True)

    def _alone_soon(self) -> Said | None:
        if not (minutes := self.alone_in):
            return None
        if self.step.is_last:
            words = ngettext(
                "You can close it alone in %(minutes)s minute", "You can close it alone in %(minutes)s minutes", minutes
            )
        else:
            words = ngettext(
                "You can go on alone in %(minutes)s minute", "You can go on alone in %(minutes)s minutes", minutes
            )
        return Said(words % {"minutes": minutes}, is_optional=True)

    def _alone(self) -> DockPress | None:
        if not self.can_go_on_alone:
            return None
        words = _("Close it without %(name)s") if self.step.is_last else _("Go on and let %(name)s catch up")
        return DockPress(
            words % {"name": self.partner.name}, self._url("step_next_create"), "btn quiet", "alone", self.signs or "1"
        )

    def _ready(self, digest: str) -> DockPress | None:
        """The one press that goes on: once more, when what it signed has changed since."""
        if self.phase == "opened":
            return None
        if self.phase == "write" and self.you.is_ready:
            return DockPress(_("I’m ready"), self._url("step_ready_delete"), pressed="true", key="r")
        if self.phase == "write":
            return DockPress(
                self.ready_label, self._url("step_ready_create"), "btn primary", "digest", digest, "false", "r",
                reveals=self.ready_reveals,
            )  # fmt: skip
        if not self.step.is_current:
            return None
        if self.you.is_ready and not self.signs:
            return DockPress(self.ready_label, self._url("step_next_delete"), pressed="true", key="r")
        signs = "signs" if self.signs else ""
        url = self._url("step_next_create")
        return DockPress(self.ready_label, url, "btn primary", signs, self.signs, pressed="false", key="r")

    @property
    def ready_label(self) -> str:
        if self.step.is_folded:
            if not self.ready_reveals:
                return _("I’m ready")
            return _("Ready, and open yours") if self.step.side_open(self.partner.seat) else _("Ready, and open both")
        if self.step.is_last and self.session.kind == Session.Kind.RETRO:
            return _("Close the retro")
        if self.signs:
            return _("Put them in our agreement, and sign")
        if self.step.is_last:
            return _("We are done here")
        return _("Ready for %(step)s") % {"step": self.session.steps[self.step.position + 1].title}

    @property
    def ready_reveals(self) -> bool:
        return self.step.is_folded and self.partner.is_ready and not self.you.is_ready

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
