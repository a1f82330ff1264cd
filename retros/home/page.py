"""What one person sees of a partnership on its pages, prepared for the templates. Reads only.

Before the reveal of a step the other side is a number and nothing else: `Step.folded_cards`
(docs/rules/visibility.md V3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.models import Delivery, Invitation, Membership, Partnership
from partnerships.models.partnership import Seat
from retros.agreements.due import DueAgreements
from retros.history.trend import Trend, trends
from retros.leads.releases import LeadsNotice
from retros.models import Series, Session, Step
from retros.notifications.wording import Notice, notices_for
from retros.pair import Pair, PlannedRetro, kept_of, short_date
from retros.recurrence.adherence import LATE, Kept

if TYPE_CHECKING:
    from partnerships.models import Person


# how long a retro that was not started still comes first (docs/rules/scheduling.md S12)
SHOWN_AFTER_ITS_DATE = timedelta(days=14)
SHOWN_RETROS = 6
_ORDINALS = {
    1: gettext_lazy("Your first."),
    2: gettext_lazy("Your second."),
    3: gettext_lazy("Your third."),
    4: gettext_lazy("Your fourth."),
    5: gettext_lazy("Your fifth."),
    6: gettext_lazy("Your sixth."),
    7: gettext_lazy("Your seventh."),
    8: gettext_lazy("Your eighth."),
    9: gettext_lazy("Your ninth."),
    10: gettext_lazy("Your tenth."),
}


class Home(Pair):
    """The home page of a pair: the next retro, the open actions, the pulse, the retros so far."""

    def __init__(self, partnership: Partnership, person: Person) -> None:
        super().__init__(partnership, person, place="partnership_detail")

    @cached_property
    def _sessions(self) -> list[Session]:
        """Every retro that was not called off, skipped and missed ones too; the earliest first."""
        sessions = Session.objects.of(self.person).filter(partnership=self.partnership, kind=Session.Kind.RETRO)
        return list(sessions.exclude(status=Session.Status.CANCELLED).order_by("start_utc"))

    @cached_property
    def series(self) -> Series | None:
        """The rhythm, unless it has ended."""
        series = Series.objects.filter(partnership=self.partnership).select_related("partnership").first()
        return series if series and not series.is_ended else None

    @property
    def then(self) -> str:
        """The dates after the next one, in words."""
        ahead = [s for s in self._sessions if s.is_planned and s.series_id and s.start_utc > self.now]
        dates = [short_date(s.start_utc.astimezone(self.person.tz).date(), self.today) for s in ahead]
        following = dates[1:3] if self.next and self.next.session in ahead else dates[:2]
        if len(following) < 2:
            return ""
        return _("Then %(first)s and %(second)s.") % {"first": following[0], "second": following[1]}

    @property
    def kept(self) -> Kept:
        return kept_of(self._sessions, self)

    @property
    def missed(self) -> PlannedRetro | None:
        """The last one, when it was missed and may still be marked as held."""
        decided = [s for s in self._sessions if s.is_closed or s.status == Session.Status.MISSED]
        last = decided[-1] if decided else None
        if last is None or last.is_closed or self.now - last.start_utc > LATE:
            return None
        return PlannedRetro(last, self)

    @cached_property
    def next(self) -> NextRetro | None:
        """The retro that is open now, or else the next planned one."""
        waiting = [s for s in self._sessions if s.is_open]
        running = [s for s in waiting if s.is_running]
        lately = [s for s in waiting if s.start_utc > self.now - SHOWN_AFTER_ITS_DATE]
        session = next(iter([*running, *lately, *waiting]), None)
        return NextRetro(session, self) if session and self.partner else None

    @property
    def also_planned(self) -> list[PlannedRetro]:
        taken = self.next.session.pk if self.next else None
        return [PlannedRetro(s, self) for s in self._sessions if s.is_open and not s.series_id and s.pk != taken]

    @property
    def held(self) -> list[Session]:
        return [s for s in reversed(self._sessions) if s.is_closed]

    @property
    def past(self) -> list[PastRetro]:
        return [PastRetro(s, self) for s in self.held[:SHOWN_RETROS]]

    @property
    def earlier(self) -> list[PastRetro]:
        return [PastRetro(s, self) for s in self.held[SHOWN_RETROS:]]

    @cached_property
    def notices(self) -> list[tuple[Delivery, Notice]]:
        """What the viewer is told here, about whichever partnership of theirs."""
        return notices_for(self.person, self.now)

    @cached_property
    def trends(self) -> list[Trend]:
        return trends(self.partnership, self.person, self.members)

    @cached_property
    def leads(self) -> LeadsNotice:
        return LeadsNotice(self)

    @cached_property
    def agreement_looks(self) -> DueAgreements:
        return DueAgreements(self.partnership, self.person, self.today)

    @property
    def is_new(self) -> bool:
        return not self.held and not self.actions

    @cached_property
    def invitation(self) -> Invitation | None:
        """The open invitation to the free seat: the viewer's own, or an admin's."""
        if self.partner is not None:
            return None
        return Invitation.objects.open().with_people().filter(partnership=self.partnership).first()

    @property
    def invitation_until(self) -> str:
        return date_format(self.invitation.expires_at.astimezone(self.person.tz), "l") if self.invitation else ""


class NextRetro(PlannedRetro):
    """The sheet on top: what comes next, and what lies folded on the two sides of it."""

    def __init__(self, session: Session, home: Home) -> None:
        super().__init__(session, home)
        self.home = home

    @property
    def days(self) -> int:
        return (self.starts.date() - self.pair.today).days

    @property
    def is_due(self) -> bool:
        """From the day itself on, the retro can be started from here."""
        return self.days <= 0 and not self.session.is_running

    @property
    def has_gone_by(self) -> bool:
        """Whether its time has come and nobody began it: then we ask what became of it."""
        return self.session.is_planned and self.session.end_utc <= self.pair.now

    @property
    def eyebrow(self) -> str:
        if self.session.is_running:
            if self.session.paused_at:
                return _("Paused. Everything is kept until you both come back")
            return _("Open now, at “%(step)s”") % {"step": self.session.current_step.title}
        if self.days < 0:
            return _("That date has gone by. Did you meet?")
        if self.days <= 1:
            return _("Next retro, tomorrow") if self.days else _("Next retro, today")
        if self.days <= 7:
            return ngettext("Next retro, in %(days)d day", "Next retro, in %(days)d days", self.days) % {
                "days": self.days
            }
        return _("Next retro")

    @property
    def headline(self) -> str:
        return self.session.title if self.session.is_running else self.when

    @property
    def ordinal(self) -> str:
        number = len(self.home.held) + 1
        known = _ORDINALS.get(number)
        return str(known) if known else _("Retro %(number)d.") % {"number": number}

    @property
    def length(self) -> str:
        minutes = self.session.duration_min
        if minutes == 60:
            return _("About an hour.")
        return ngettext("About %(minutes)d minute.", "About %(minutes)d minutes.", minutes) % {"minutes": minutes}

    @cached_property
    def write_step(self) -> Step | None:
        """Where cards are written ahead."""
        return next((step for step in self.session.steps if step.kind == Step.Kind.WRITE), None)

    @property
    def write_url(self) -> str:
        position = self.write_step.position if self.write_step else 0
        return reverse("step_detail", args=[self.session.pk, position])

    @property
    def sides(self) -> list[tuple[Membership, str]]:
        """Both sides of the fold, A left and B right, with one sentence each."""
        return [(member, self._folded(member)) for member in self.pair.members]

    def _folded(self, member: Membership) -> str:
        step = self.write_step
        if step is None or step.is_revealed:
            return _("Opened. You both read it in the room.")
        if step.side_open(Seat(member.seat)):
            return _("This side is open already.")
        count = step.folded_cards(member.person)
        if not count:
            return _("Nothing written ahead. That’s fine, there’s time in the room.")
        if member == self.pair.you and self.session.is_running:
            return ngettext(
                "%(count)d note folded away. It opens when you are both ready.",
                "%(count)d notes folded away. They open when you are both ready.",
                count,
            ) % {"count": count}
        if member == self.pair.you:
            return ngettext(
                "%(count)d note folded away. Nobody reads it before the retro.",
                "%(count)d notes folded away. Nobody reads them before the retro.",
                count,
            ) % {"count": count}
        return ngettext(
            "%(count)d note folded away. You read it when you both open.",
            "%(count)d notes folded away. You read them when you both open.",
            count,
        ) % {"count": count}


@dataclass(frozen=True)
class PastRetro:
    """A retro that was held; it can be read, and no longer written in."""

    session: Session
    pair: Pair

    @property
    def date(self) -> str:
        held = self.session.held_on
        return date_format(held, "j F Y") if held else ""
