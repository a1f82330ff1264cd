"""What one person sees of a partnership on its pages, prepared for the templates. Reads only.

Before the reveal of a step the other side is a number and nothing else: `Step.to_write_ahead`
(docs/rules/visibility.md V3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.db.models import Max, OuterRef, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.compiled import CompiledQuery
from partnerships.models import Delivery, Invitation, Partnership, Person
from partnerships.models.partnership import Seat
from retros.agreements.due import DueAgreements
from retros.history.trend import Asked, Trend, trends
from retros.leads.releases import LeadsNotice
from retros.models import Entry, Pause, RuleVersion, Series, Session, Step
from retros.notifications.wording import Notice, notices_for
from retros.pair import Pair, PlannedRetro, kept_of, short_date
from retros.recurrence.adherence import LATE, Kept
from retros.room.regions import DIGEST, short

if TYPE_CHECKING:
    from django.db.models import QuerySet


# how long a retro that was not started still comes first (docs/rules/scheduling.md S12)
SHOWN_AFTER_ITS_DATE = timedelta(days=14)
SHOWN_RETROS = 6
MORE_RETROS = 18  # with those that stand behind a press; all are in the history
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


class SheetSide(NamedTuple):
    """One of the two on a sheet, with a sentence."""

    seat: str
    initials: str
    name: str
    is_you: bool
    words: str


def _sessions_of(person: Person, partnership: Partnership) -> QuerySet[Session]:
    shown = Q(kind=Session.Kind.RETRO) | Q(status=Session.Status.IN_PROGRESS)
    sessions = Session.objects.of(person).filter(shown, partnership=partnership)
    found = sessions.exclude(status=Session.Status.CANCELLED).select_related("agreement").order_by("start_utc")
    return found.annotate(
        open_pulse=Step.open_pulse(OuterRef("pk")), has_empty_pulse=Step.empty_pulse(OuterRef("pk"), person)
    )


_sessions = CompiledQuery(_sessions_of, Person, Partnership)
_rules = CompiledQuery(
    lambda partnership: (
        RuleVersion.objects.filter(series__partnership=partnership).select_related("series__partnership").order_by("n")
    ),
    Partnership,
)


class Home(Pair):
    """The home page of a pair: what waits for the viewer, the next retro, the open actions, the retros so far."""

    def __init__(self, partnership: Partnership, person: Person) -> None:
        super().__init__(partnership, person, place="partnership_detail")

    @cached_property
    def _sessions(self) -> list[Session]:
        """Every retro that was not called off, skipped and missed ones too; the earliest first."""
        return [session for session in self._all_sessions if session.kind == Session.Kind.RETRO]

    @cached_property
    def _all_sessions(self) -> list[Session]:
        """Retros, and the sittings beside them that are open just now; the earliest first."""
        return _sessions(self.person, self.partnership)

    @cached_property
    def series(self) -> Series | None:
        """The rhythm, unless it has ended."""
        if not self._rules or self._rules[-1].series.is_ended:
            return None
        series = self._rules[-1].series
        series.current = self._rules[-1]
        return series

    @property
    def has_ended_rhythm(self) -> bool:
        return bool(self._rules) and self.series is None

    @cached_property
    def _rules(self) -> list[RuleVersion]:
        """Every rule that the pair had, with its rhythm; the last one is in force."""
        return _rules(self.partnership)

    @cached_property
    def pause(self) -> Pause | None:
        """Why nothing is planned, or not all: the first pause that is not over, while it is on or no date is ahead."""
        if self.series is None or (self.next and self.series.status != Series.Status.PAUSED):
            return None
        return self.series.open_pauses(self.now).first()

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
        return NextRetro(session, self) if session else None

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
        return [PastRetro(s, self) for s in self.held[SHOWN_RETROS:MORE_RETROS]]

    @property
    def has_more_past(self) -> bool:
        return len(self.held) > MORE_RETROS

    @cached_property
    def notices(self) -> list[tuple[Delivery, Notice]]:
        """What the viewer is told here, about whichever partnership of theirs; not of a sitting that stands here."""
        if not self.has_news:
            return []
        here = {sitting.session.pk for sitting in self.sittings}
        found = notices_for(self.person, self.now, sessions=self._known, seats=self.seats)
        return [each for each in found if each[0].subject_id not in here]

    @property
    def _known(self) -> list[Session]:
        """The sessions of this page, with their rhythm."""
        rules = {rule.pk: rule for rule in self._rules}
        for session in self._all_sessions:
            session.partnership = self.partnership
            session.pulse_is_empty = session.has_empty_pulse  # type: ignore[attr-defined]  # annotated
            if rule := rules.get(session.rule_version_id or 0):
                session.rule_version, session.series = rule, rule.series
        return self._all_sessions

    @cached_property
    def trends(self) -> list[Trend]:
        opened = [s for s in self._sessions if s.started_at and s.open_pulse]  # type: ignore[attr-defined]
        pulses = [Asked(s.open_pulse, s) for s in opened]  # type: ignore[attr-defined]
        pulses.sort(key=lambda pulse: pulse.session.started_at or self.now)
        return trends(self.partnership, self.person, self.members, pulses)

    @cached_property
    def leads(self) -> LeadsNotice:
        return LeadsNotice(self)

    @cached_property
    def due_agreements(self) -> DueAgreements:
        sittings = [session for session in self._all_sessions if session.kind != Session.Kind.RETRO]
        sittings.sort(key=lambda session: session.started_at or self.now)
        return DueAgreements(self.partnership, self.person, self.today, sittings=sittings)

    @property
    def is_new(self) -> bool:
        """Whether the two have done nothing yet that this page would show."""
        return not (self.held or self.actions or self.missed or self.draft)

    @cached_property
    def sittings(self) -> list[Sitting]:
        """Where the two write an agreement just now; what waits for the viewer first."""
        found = [Sitting(session, self) for session in self.due_agreements.sittings]
        return sorted(found, key=lambda sitting: not sitting.waits_for_you)

    @cached_property
    def health_is_due(self) -> bool:
        """Whether as many retros as the two said were held since their last health check, and none is open."""
        every = self.partnership.health_every
        if not (every and self.is_open) or any(s.session.kind == Session.Kind.HEALTH for s in self.sittings):
            return False
        checks = Session.objects.filter(partnership=self.partnership, kind=Session.Kind.HEALTH).held()
        last = checks.aggregate(at=Max("start_utc"))["at"]
        since = [retro for retro in self.held if last is None or retro.start_utc > last]
        return len(since) >= int(every)

    @property
    def first(self) -> Sitting | None:
        """What stands above all else: a sitting that waits for the viewer; for a new pair any that was begun."""
        return next((sitting for sitting in self.sittings if sitting.waits_for_you or self.is_new), None)

    @property
    def begins(self) -> bool:
        """Whether the Dream Team is the first thing to do: for a pair that has done nothing yet."""
        return self.is_open and self.is_new and self.due_agreements.lacks_dream_team

    @property
    def is_beginning(self) -> bool:
        """Whether what else there is to begin stands small below that."""
        return self.is_open and self.is_new and (self.begins or self.first is not None)

    @property
    def room(self) -> Session | None:
        """The room that is next: of a retro that is open, of a sitting that waits for the viewer, of a retro that is
        due; None while home is all there is.
        """
        if not self.is_open:
            return None
        retro = self.next
        if retro and retro.session.is_running:
            return retro.session
        if sitting := next((sitting for sitting in self.sittings if sitting.waits_for_you), None):
            return sitting.session
        return retro.session if retro and retro.is_due and not retro.has_gone_by else None

    @cached_property
    def course_mark(self) -> str:
        """Two digests of the top of the page: of what is open now, and of its headlines. They hold what both do, and
        nothing that one of the two writes alone (docs/rules/visibility.md V3).
        """
        retro = self.next
        opened = [retro.headline, retro.session.paused_at] if retro and retro.session.is_running else []
        written = [(sitting.session.start_utc, sitting.headline) for sitting in self.sittings]
        headlines = [retro.session.start_utc, retro.eyebrow, retro.headline] if retro else [str(self.pause or "")]
        return short((opened, written)) + short((headlines, self.is_beginning))

    def news_for(self, shown: str) -> str:
        """What is open now, when a page with another mark does not say so yet; else empty."""
        if shown[:DIGEST] == self.course_mark[:DIGEST]:
            return ""
        if self.next and self.next.session.is_running:
            return _("%(title)s: %(state)s") % {"title": self.next.headline, "state": self.next.eyebrow}
        if self.sittings:
            sitting = self.sittings[0]
            return _("%(title)s: %(state)s") % {"title": sitting.session.title, "state": sitting.headline}
        return ""

    @property
    def address(self) -> str:
        """The one lasting address of the pair."""
        return f"{settings.BASE_URL}{reverse('together', args=[self.partnership.pk])}"

    def sides(self, yours: str, theirs: str) -> list[SheetSide]:
        """Both sides of a sheet, A left and B right, with one sentence each; a free seat has its side, too."""
        you = SheetSide(self.you.seat, self.person.initials, self.person.first_name, is_you=True, words=yours)
        if self.partner:
            other = self.partner.person
            them = SheetSide(self.partner.seat, other.initials, other.first_name, is_you=False, words=theirs)
        else:
            them = SheetSide(Seat(self.you.seat).other, "?", self.awaited, is_you=False, words=theirs)
        return sorted([you, them])

    @property
    def awaited(self) -> str:
        """Who is called for in the free seat."""
        return self.invitation.email if self.invitation else _("The other one of you")

    @property
    def not_begun(self) -> list[SheetSide]:
        return self.sides(_("Not started."), _("Not started.") if self.partner else _("Not here yet."))

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
        """Where cards are written ahead, with how many the viewer and the partner have folded there (`own_folded`,
        `others_folded`).
        """
        other = self.pair.partner.person if self.pair.partner else self.pair.person
        return Step.to_write_ahead(self.session, self.pair.person, other)

    @property
    def write_url(self) -> str:
        position = self.write_step.position if self.write_step else 0
        return reverse("step_detail", args=[self.session.pk, position])

    @property
    def sides(self) -> list[SheetSide]:
        """Both sides of the fold, with one sentence each."""
        partner = self.pair.partner
        return self.home.sides(
            self._folded(self.pair.you.person, Seat(self.pair.you.seat)),
            self._folded(partner.person, Seat(partner.seat)) if partner else _("Not here yet."),
        )

    def _folded(self, person: Person, seat: Seat) -> str:
        step = self.write_step
        if step is None or step.is_revealed:
            return _("Opened. You both read it in the room.")
        if step.side_open(seat):
            return _("This side is open already.")
        count = step.own_folded if person == self.pair.person else step.others_folded  # type: ignore[attr-defined]
        if not count:
            return _("Nothing written ahead. That’s fine, there’s time in the room.")
        if person == self.pair.person and self.session.is_running:
            return ngettext(
                "%(count)d note folded away. It opens when you are both ready.",
                "%(count)d notes folded away. They open when you are both ready.",
                count,
            ) % {"count": count}
        if person == self.pair.person:
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


class Sitting:
    """A Dream Team or a contract that is being written, and whose turn it is. Of what lies folded it says who is ready,
    and nothing else (docs/rules/visibility.md V3).
    """

    def __init__(self, session: Session, home: Home) -> None:
        self.session = session
        self.home = home
        self.step = session.current_step
        self.is_folded = self.step.is_folded
        self.you_are_ready = self.step.marked(self.step.purpose, home.person) is not None
        partner = home.partner.person if home.partner else None
        self.partner_is_ready = partner is not None and self.step.marked(self.step.purpose, partner) is not None

    @property
    def waits_for_you(self) -> bool:
        return not self.you_are_ready

    @property
    def _partner(self) -> str:
        return self.home.partner.person.first_name if self.home.partner else self.home.awaited

    @property
    def headline(self) -> str:
        if not self.is_folded and self.you_are_ready:
            return _("%(name)s has not gone on yet") % {"name": self._partner}
        if not self.is_folded:
            return self.step.heading if self.step.kind == Step.Kind.AGREE else _("Your answers lie open")
        if self.you_are_ready:
            return _("You have answered. It opens when %(name)s has, too") % {"name": self._partner}
        if self.partner_is_ready:
            return _("%(name)s has answered. It opens when you have, too") % {"name": self._partner}
        count = sum(not prompt.is_guess for prompt in self.step.prompts)
        return ngettext("%(count)d question, each alone", "%(count)d questions, each alone", count) % {"count": count}

    @property
    def press(self) -> str:
        if not self.is_folded:
            return _("Go on together")
        if self.you_are_ready:
            return _("Look at your answers")
        return _("Go on answering") if self._you_began else _("Answer the first question")

    @cached_property
    def _you_began(self) -> bool:
        return Entry.objects.visible_to(self.home.person).filter(step=self.step, author=self.home.person).exists()

    @property
    def sides(self) -> list[SheetSide]:
        """Empty once nothing is folded."""
        if not self.is_folded:
            return []
        theirs = _("Answered.") if self.partner_is_ready else _("Not ready yet.")
        if self.home.partner is None:
            theirs = _("Not here yet. What you write is read when you have both answered.")
        yours = _("Not ready yet.") if self._you_began else _("Not started.")
        if self.you_are_ready:
            yours = _("Answered. You can still change it.")
        return self.home.sides(yours, theirs)


@dataclass(frozen=True)
class PastRetro:
    """A retro that was held; it can be read, and no longer written in."""

    session: Session
    pair: Pair

    @property
    def date(self) -> str:
        held = self.session.held_on
        return date_format(held, "j F Y") if held else ""
