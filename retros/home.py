"""What one person sees of a partnership on its pages, prepared for the templates. Reads only.

Before the reveal of a step the other side is a number and nothing else: `Step.folded_cards`
(docs/rules/visibility.md V3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.header import Header
from partnerships.models import Delivery, Invitation, Membership, Partnership
from partnerships.models.partnership import Seat
from retros import rhythm
from retros.agreement_looks import AgreementLooks
from retros.models import Action, Draft, Series, Session, Step
from retros.notices import Notice, notices_for
from retros.releases import LeadsNotice
from retros.rhythm import LATE, Kept
from retros.trend import Trend, trends

if TYPE_CHECKING:
    from partnerships.models import Person

RECENTLY = timedelta(days=14)  # how long a finished action stays on the home page, struck through
GRACE = timedelta(days=14)  # how long a retro that was not started still comes first (docs/rules/scheduling.md S12)
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


@dataclass(frozen=True)
class ActionRow:
    """One action in a list: whose, by when, what became of it."""

    action: Action
    owner: Membership
    when: str


class Pair(Header):
    """A partnership as one of its two members sees it, with what they write and do in it."""

    @property
    def together(self) -> str:
        return together_since(self.partnership.since, self.today)

    @property
    def draft_key(self) -> str:
        return Draft.Box.ACTION.key(self.partnership.pk)

    @cached_property
    def draft(self) -> Draft | None:
        """The words of an action that the viewer began to write."""
        return Draft.of(self.person, [self.draft_key]).get(self.draft_key)

    def draft_of(self, action: Action) -> Draft | None:
        """New words for an action that the viewer began to write."""
        key = Draft.Box.EDIT.key(action.pk)
        return Draft.of(self.person, [key]).get(key)

    def row(self, action: Action) -> ActionRow:
        return ActionRow(action, self.by_person[action.owner_id], self._when(action))

    def _when(self, action: Action) -> str:
        if action.is_open:
            return _("by %(date)s") % {"date": short_date(action.due, self.today)}
        closed = short_date(action.closed_on or self.today, self.today)
        if action.closed_as == Action.Closed.DROPPED:
            return _("Didn’t fit, %(date)s") % {"date": closed}
        return _("Done on %(date)s") % {"date": closed}


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
        lately = [s for s in waiting if s.start_utc > self.now - GRACE]
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
    def actions(self) -> list[ActionRow]:
        """The open ones by their date, then what was finished lately."""
        lately = Q(closed_as="") | Q(closed_on__gte=self.today - RECENTLY)
        actions = Action.objects.visible_to(self.person).filter(lately, partnership=self.partnership)
        rows = [self.row(action) for action in actions]
        return [r for r in rows if r.action.is_open] + [r for r in rows if not r.action.is_open]

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
    def agreement_looks(self) -> AgreementLooks:
        return AgreementLooks(self.partnership, self.person, self.today)

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


class PlannedRetro:
    """A retro with a date, in the reader's own time."""

    def __init__(self, session: Session, pair: Pair) -> None:
        self.session = session
        self.pair = pair
        self.starts = session.start_utc.astimezone(pair.person.tz)

    @property
    def when(self) -> str:
        words = long_time(self.starts, self.pair.today)
        return f"{words} {self.starts.tzname()}" if self.session.comes_twice else words

    @property
    def partners_time(self) -> str:
        """What the partner's clock says then, when it says something else."""
        partner = self.pair.partner
        if partner is None:
            return ""
        theirs = self.session.start_utc.astimezone(partner.person.tz)
        if theirs.replace(tzinfo=None) == self.starts.replace(tzinfo=None):
            return ""
        same_day = theirs.date() == self.starts.date()
        time = date_format(theirs, "H:i") if same_day else long_time(theirs, self.pair.today)
        return _("That is %(time)s for %(name)s.") % {"time": time, "name": partner.person.first_name}


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


def proposal(pair: Pair) -> dict[str, object]:
    """What the form of planning starts with: the time that the last retro proposes for the next one."""
    last = Session.objects.of(pair.person).filter(partnership=pair.partnership).held().first()
    if last is None:
        return {}
    start = last.proposed_dates(pair.now)[0]
    return {"day": start.date(), "time": start.time(), "zone": last.timezone}


# --- all actions ------------------------------------------------------------------------------------------------------


class Actions(Pair):
    """Every action of the two: open, done, didn’t fit, and those that were put away."""

    def __init__(self, partnership: Partnership, person: Person) -> None:
        super().__init__(partnership, person, place="action_list")

    @cached_property
    def _rows(self) -> list[ActionRow]:
        actions = Action.objects.visible_to(self.person).filter(partnership=self.partnership)
        return [self.row(action) for action in actions]

    @property
    def open(self) -> list[ActionRow]:
        return [row for row in self._rows if row.action.is_open]

    @property
    def done(self) -> list[ActionRow]:
        return _latest_first(row for row in self._rows if row.action.closed_as == Action.Closed.DONE)

    @property
    def dropped(self) -> list[ActionRow]:
        return _latest_first(row for row in self._rows if row.action.closed_as == Action.Closed.DROPPED)

    @cached_property
    def put_away(self) -> list[ActionRow]:
        actions = Action.objects.deleted_for(self.person).filter(partnership=self.partnership)
        return [self.row(action) for action in actions]


def _latest_first(rows: Iterable[ActionRow]) -> list[ActionRow]:
    return sorted(rows, key=lambda row: row.action.closed_on or row.action.due, reverse=True)


# --- somebody with several partnerships, or none ----------------------------------------------------------------------


@dataclass(frozen=True)
class PairRow:
    """One of a person's partnerships in the list of all."""

    pair: Pair
    next: str
    open_actions: int


class Pairs:
    """All partnerships of a person, the ended ones last."""

    def __init__(self, person: Person) -> None:
        self.person = person
        partnerships = Partnership.objects.of(person).with_members().order_by("created_at")
        self.all = [Pair(partnership, person) for partnership in partnerships]

    @cached_property
    def notices(self) -> list[tuple[Delivery, Notice]]:
        return notices_for(self.person, timezone.now())

    @property
    def only(self) -> Partnership | None:
        return self.all[0].partnership if len(self.all) == 1 else None

    @cached_property
    def leads_others(self) -> bool:
        return Partnership.objects.led_by(self.person).exists()

    @cached_property
    def active(self) -> list[PairRow]:
        return [self._row(pair) for pair in self.all if pair.is_open]

    @property
    def ended(self) -> list[Pair]:
        return [pair for pair in self.all if not pair.is_open]

    def _row(self, pair: Pair) -> PairRow:
        pk = pair.partnership.pk
        return PairRow(pair, self._next_words(pair), self._open_actions.get(pk, 0))

    def _next_words(self, pair: Pair) -> str:
        session = self._next.get(pair.partnership.pk)
        if session is None:
            return _("No retro planned")
        if session.is_running:
            return _("A retro is open now")
        return _("Next retro: %(when)s") % {"when": PlannedRetro(session, pair).when}

    @cached_property
    def _next(self) -> dict[UUID, Session]:
        """The open or the next planned retro of each partnership."""
        waiting = [Session.Status.IN_PROGRESS, Session.Status.SCHEDULED]
        sessions = Session.objects.of(self.person).filter(status__in=waiting).order_by("status", "start_utc")
        found: dict[UUID, Session] = {}
        for session in sessions:
            found.setdefault(session.partnership_id, session)
        return found

    @cached_property
    def _open_actions(self) -> dict[UUID, int]:
        counts = Action.objects.visible_to(self.person).open().order_by().values("partnership").annotate(n=Count("pk"))
        return {row["partnership"]: row["n"] for row in counts}


def kept_of(sessions: Iterable[Session], pair: Pair) -> Kept:
    return rhythm.kept([(s.slot_date, s.status, s.excused) for s in sessions], pair.today)


# --- words ------------------------------------------------------------------------------------------------------------


def short_date(day: date, today: date) -> str:
    """“26 Nov”, with the year when it is another one."""
    return date_format(day, "j M" if day.year == today.year else "j M Y")


def long_time(moment: datetime, today: date) -> str:
    """“Thursday 26 November, 14:00”, with the year when it is another one."""
    return date_format(moment, "l j F, H:i" if moment.year == today.year else "l j F Y, H:i")


def together_since(since: date, today: date) -> str:
    """How long the two have worked together, in a sentence."""
    days = (today - since).days
    if days < 1:
        return _("Starting together.")
    if days < 14:
        return ngettext("%(days)d day in.", "%(days)d days in.", days) % {"days": days}
    years = today.year - since.year
    this_week = today - timedelta(days=today.weekday())
    if years and this_week <= _anniversary(since, today.year) < this_week + timedelta(days=7):
        return ngettext(
            "Working together for a year this week.", "Working together for %(years)d years this week.", years
        ) % {"years": years}
    return _("Working together since %(month)s.") % {"month": date_format(since, "F Y")}


def _anniversary(since: date, year: int) -> date:
    leap_day = since.month == 2 and since.day == 29
    return date(year, 3, 1) if leap_day else since.replace(year=year)
