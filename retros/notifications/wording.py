"""The words of every mail and notice for its reader: who, when, one link (docs/rules/visibility.md V17)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import OuterRef
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.compiled import CompiledQuery
from partnerships.content import isolated
from partnerships.mail import news
from partnerships.mail.message import Letter, Link
from partnerships.models import Delivery, Invitation, Membership, Person
from partnerships.unsubscribe import unsubscribe_link
from retros.models import Action, Expiry, KindWord, Ready, Session, Step
from retros.models.expiry import WARNING
from retros.notifications.ics import InvitationVersion, invitation
from retros.notifications.reminders import start_key
from retros.recurrence.wall_time import which_pass, with_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Kind = Delivery.Kind


NOTICES_SHOWN = 5


@dataclass(frozen=True)
class Notice:
    subject: str
    lines: tuple[str, ...]
    press: str
    path: str
    meeting_url: str = ""

    def letter(self, reader: Person, *, can_end: bool) -> Letter:
        """As a mail; one that can be ended says where."""
        where = Link(_("Where you meet"), self.meeting_url)
        return Letter(
            to=reader.email,
            subject=self.subject,
            lines=self.lines,
            button=Link(self.press, f"{settings.BASE_URL}{self.path}"),
            also=(where,) if self.meeting_url else (),
            unsubscribe=Link(_("No more reminders by mail"), unsubscribe_link(reader)) if can_end else None,
        )


def message_for(delivery: Delivery, now: datetime) -> EmailMessage | None:
    """The mail as it is right at this moment; None when what it would say is no longer so."""
    if delivery.kind == Kind.NEWS:
        letter = news.letter(delivery)
        return letter.message() if letter else None
    about = next(iter(read([delivery], now)), None)
    notice = about.notice if about else None
    if about is None or notice is None:
        return None
    message = notice.letter(delivery.person, can_end=delivery.kind in Delivery.REMINDERS).message()
    if delivery.kind in Delivery.CALENDAR and about.session:
        cancel = delivery.kind == Kind.CANCEL
        part = invitation(about.session, about.people, edition=about.edition, cancel=cancel).decode()
        message.attach_alternative(part, f"text/calendar; method={'CANCEL' if cancel else 'REQUEST'}")
        if settings.CALENDAR_REPLY_TO:
            message.reply_to = [settings.CALENDAR_REPLY_TO]
    return message


_latest_notices = CompiledQuery(
    lambda person, now: Delivery.objects.notices_for(person, now).select_related("person").reverse()[:NOTICES_SHOWN],
    Person, datetime,
)  # fmt: skip


def notices_for(
    person: Person, now: datetime, *, sessions: Iterable[Session] = (), seats: Iterable[Membership] | None = None
) -> list[tuple[Delivery, Notice]]:
    """What stands on the person's home now; the latest few.

    `sessions`, with their partnership, rhythm and rule, and all `seats` of the person's partnerships are not asked for
    again.
    """
    deliveries = _latest_notices(person, now)
    abouts = read(deliveries, now, sessions, seats) if deliveries else []
    return [(about.delivery, notice) for about in abouts if (notice := about.notice)]


def read(
    deliveries: list[Delivery], now: datetime, known: Iterable[Session] = (), seats: Iterable[Membership] | None = None
) -> list[About]:
    """Each with what it is about. Left out: what is gone, has ended, or is no longer its reader's.

    `known` are sessions with all that is read of them; `seats` all of the partnerships of every reader.
    """
    about: dict[str, set[UUID]] = defaultdict(set)
    for delivery in deliveries:
        about[delivery.subject_type].add(delivery.subject_id)
    sessions = {session.pk: session for session in known if session.pk in about["session"]}
    left = about["session"] - sessions.keys()
    sessions |= Session.objects.select_related("partnership", "series", "rule_version").in_bulk(left)
    actions = Action.objects.open().filter(deleted_at=None).select_related("partnership").in_bulk(about["action"])
    warnings = _warnings(deliveries)
    given = [delivery.subject_id for delivery in deliveries if delivery.kind == Kind.KIND_WORD]
    words = KindWord.objects.filter(dropped_at=None).select_related("partnership").in_bulk(given) if given else {}
    pairs = {about.partnership_id for found in (sessions, actions, warnings, words) for about in found.values()}
    people: dict[UUID, list[Person]] = defaultdict(list)
    if seats is None:
        seats = Membership.objects.filter(partnership__in=pairs).select_related("person").order_by("seat")
    for member in seats:
        people[member.partnership_id].append(member.person)
    found = []
    for delivery in deliveries:
        session, action = sessions.get(delivery.subject_id), actions.get(delivery.subject_id)
        warning = warnings.get((delivery.person_id, delivery.subject_id, delivery.for_key))
        subject = session or action or warning or words.get(delivery.subject_id)
        if subject is None or not delivery.person.is_active:
            continue
        ended = subject.partnership.is_archived and delivery.kind not in {Kind.CANCEL, Kind.EXPIRY}
        own = delivery.person in people[subject.partnership_id]
        if own and not ended and (action is None or action.owner_id == delivery.person_id):
            found.append(About(delivery, now, people[subject.partnership_id], session, action, warning))
    return found


def _warnings(deliveries: list[Delivery]) -> dict[tuple[UUID, UUID, str], Expiry]:
    """By person, partnership and key: what this one was warned of and is still there."""
    pairs = {delivery.subject_id for delivery in deliveries if delivery.kind == Kind.EXPIRY}
    if not pairs:
        return {}
    waiting = Expiry.objects.waiting().filter(partnership__in=pairs).select_related("partnership")
    found = waiting.prefetch_related("told")
    return {(person.pk, each.partnership_id, each.key): each for each in found for person in each.told.all()}


@dataclass(frozen=True)
class About:
    """A delivery with what it is about, for its reader."""

    delivery: Delivery
    now: datetime
    people: list[Person]
    session: Session | None = None
    action: Action | None = None
    warning: Expiry | None = None

    @property
    def notice(self) -> Notice | None:
        """None when it is no longer so: moved, held, done in the meantime."""
        words: Callable[[], Notice | None] = getattr(self, f"_{self.delivery.kind}")
        return words()

    # --- what every sentence needs ------------------------------------------------------------------------------

    @property
    def partner(self) -> str:
        """By name; by the address that was invited, while nobody has the other seat."""
        if name := next((p.first_name for p in self.people if p.pk != self.delivery.person_id), ""):
            return name
        about = self.session or self.action or self.warning
        invited = Invitation.objects.of_partnership(about.partnership) if about else None
        return invited.email if invited else _("your partner")

    @property
    def edition(self) -> InvitationVersion:
        return InvitationVersion.from_key(self.delivery.for_key)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.delivery.person.tz).date()

    def _when(self, session: Session) -> str:
        """“Tuesday 9 February, 14:00 (Europe/Berlin)”: the reader's own clock."""
        tz = self.delivery.person.tz
        start = session.start_utc.astimezone(tz)
        wall = date_format(start, "l j F, H:i" if start.year == self.today.year else "l j F Y, H:i") + which_pass(start)
        return with_zone(wall, tz.key)

    def _starts(self, session: Session) -> str:
        words = {"name": self.partner, "when": self._when(session)}
        return _("Your retro with %(name)s starts on %(when)s.") % words

    def _day(self, day: date) -> str:
        if day == self.today:
            return _("today")
        if day == self.today + timedelta(days=1):
            return _("tomorrow")
        return _("on %(day)s") % {"day": date_format(day, "l j F")}

    def _in_the_room(self, session: Session, subject: str, *lines: str, meet: bool = False) -> Notice:
        meeting = session.series.meeting_url if session.series and meet else ""
        path = reverse("session_detail", args=[session.pk])
        return Notice(subject, tuple(filter(None, lines)), _("Open the retro"), path, meeting)

    def _at_home(self, session: Session, subject: str, line: str) -> Notice:
        path = reverse("partnership_detail", args=[session.partnership_id])
        return Notice(subject, (line,), _("Open your partnership"), path)

    # --- calendar mail ------------------------------------------------------------------------------------------

    def _invite(self) -> Notice | None:
        return self._as_before() or self._announced(
            _("Retro with %(name)s: %(when)s"), _("This mail puts it into your calendar.")
        )

    def _as_before(self) -> Notice | None:
        """What was announced was taken back."""
        if self.session is None or self.session.taken_back_at != self.session.ical_stamp:
            return None
        return self._announced(
            _("As before: retro with %(name)s, %(when)s"),
            _("The change that you were told of was taken back. Your calendar takes the date from this mail."),
        )

    def _update(self) -> Notice | None:
        return self._as_before() or self._announced(
            _("Changed: retro with %(name)s, %(when)s"), _("Your calendar takes the change from this mail.")
        )

    def _announced(self, subject: str, line: str) -> Notice | None:
        session = self.session
        if (
            session is None
            or session.status != Session.Status.SCHEDULED
            or self.edition != InvitationVersion.of(session)
        ):
            return None
        if session.start_utc <= self.now:
            return None
        words = {"name": self.partner, "when": self._when(session)}
        return self._in_the_room(session, subject % words, self._starts(session), line, meet=True)

    def _cancel(self) -> Notice | None:
        if self.session is None:
            return None
        words = {"name": self.partner, "when": self._when(self.session)}
        return self._at_home(
            self.session,
            _("Called off: retro with %(name)s, %(when)s") % words,
            _("Your retro with %(name)s does not take place. Your calendar takes it out with this mail.") % words,
        )

    # --- reminders ----------------------------------------------------------------------------------------------

    def _upcoming(self, *lines: str, subject: str) -> Notice | None:
        session = self.session
        if session is None or session.status != Session.Status.SCHEDULED:
            return None
        if self.delivery.for_key not in {"", start_key(session)}:
            return None
        return self._in_the_room(session, subject, self._starts(session), *lines, meet=True)

    def _prep_open(self) -> Notice | None:
        return self._upcoming(
            _("You can write ahead, alone, whenever it suits you. %(name)s reads nothing before you both open.")
            % {"name": self.partner},
            subject=_("Your retro with %(name)s is coming up") % {"name": self.partner},
        )

    def _day_ahead(self) -> Notice | None:
        if self.session is None:
            return None
        day = self._day(self.session.start_utc.astimezone(self.delivery.person.tz).date())
        subject = _("Your retro with %(name)s is %(day)s") % {"name": self.partner, "day": day}
        return self._upcoming(self._pulse_line(self.session), subject=subject)

    def _starting(self) -> Notice | None:
        session = self.session
        if session is None or not session.is_planned or self.delivery.for_key != start_key(session):
            return None
        start = session.start_utc.astimezone(self.delivery.person.tz)
        at = date_format(start, "H:i") + which_pass(start)
        words = {"name": self.partner, "time": at}
        return self._in_the_room(session, _("Your retro with %(name)s starts at %(time)s") % words, meet=True)

    def _pulse_line(self, session: Session) -> str:
        """About the reader's own side alone."""
        is_empty = session.pulse_is_empty
        if is_empty is None:  # never kept there: the same session may be worded for the partner next
            is_empty = Session.objects.filter(
                Step.empty_pulse(OuterRef("pk"), self.delivery.person), pk=session.pk
            ).exists()
        if not is_empty:
            return ""
        return _("Your pulse check is still empty. You can fill it in before you meet, or leave it.")

    def _wrap_up(self) -> Notice | None:
        session = self.session
        if session is None or not session.is_open or self.delivery.for_key != start_key(session):
            return None
        if session.is_running:
            return self._in_the_room(
                session,
                _("Your retro with %(name)s is still open") % {"name": self.partner},
                _("What you wrote is kept. Go on where you and %(name)s stopped, and agree on the next date.")
                % {"name": self.partner},
            )
        return self._at_home(
            session,
            _("Did you and %(name)s meet?") % {"name": self.partner},
            _("Your retro with %(name)s was planned for %(when)s. Say that you met, move it, or skip it.")
            % {"name": self.partner, "when": self._when(session)},
        )

    def _missed_notice(self) -> Notice | None:
        session = self.session
        if session is None or session.status != Session.Status.MISSED:
            return None
        return self._at_home(
            session,
            _("Your retro with %(name)s did not take place") % {"name": self.partner},
            _(
                "Your retro with %(name)s was planned for %(when)s. What you wrote for it stays yours. The next date "
                "is on your page."
            )
            % {"name": self.partner, "when": self._when(session)},
        )

    def _sitting(self) -> Notice | None:
        """Of what lies folded, who is ready (docs/rules/visibility.md V3)."""
        session = self.session
        if session is None or not session.is_running or session.current_step.is_opened:
            return None
        ready = {mark.person_id for mark in session.current_step.marks if mark.purpose == Ready.Purpose.REVEAL}
        if self.delivery.person_id in ready:
            return None
        if ready:
            subject = _("%(name)s has answered. It opens when you have, too")
        else:
            begun = {
                "dream_team": _("%(name)s has begun your Dream Team"),
                "contract": _("%(name)s has begun a contract with you"),
                "health": _("%(name)s has begun a health check with you"),
            }
            subject = begun.get(session.kind, _("%(name)s has begun questions for you both"))
        line = _(
            "You and %(name)s each answer alone, in pieces if you like. Neither of you reads the other before both "
            "have answered."
        )
        words = {"name": self.partner}
        path = reverse("session_detail", args=[session.pk])
        return Notice(subject % words, (line % words,), _("Answer the questions"), path)

    def _action_due_soon(self) -> Notice | None:
        action = self.action
        if action is None or self.delivery.for_key != action.due.isoformat():
            return None
        if action.due < self.today:
            subject = _("An action of yours was due on %(day)s") % {"day": date_format(action.due, "l j F")}
        else:
            subject = _("An action of yours is due %(day)s") % {"day": self._day(action.due)}
        return Notice(
            subject,
            (_("From your retros with %(name)s. Mark it done, give it another date, or drop it.")
             % {"name": self.partner},),
            _("Open your actions"),
            reverse("action_list", args=[action.partnership_id]),
        )  # fmt: skip

    _action_due = _action_due_soon

    def _kind_word(self) -> Notice | None:
        subject = _("%(name)s left you a kind word") % {"name": self.partner}
        return Notice(subject, (), _("Read it on your shelf"), reverse("shelf_detail"))

    # --- what is kept ---------------------------------------------------------------------------------------------

    def _expiry(self) -> Notice | None:
        """A month from the moment it was told, not from the one it should have been told at."""
        if self.warning is None:
            return None
        pair = self.warning.partnership
        on = ((self.delivery.sent_at or self.now) + WARNING).astimezone(self.delivery.person.tz)
        words = {"label": isolated(pair.label), "day": date_format(on, "j F Y")}
        return Notice(
            _("%(label)s: something you wrote is removed in a month") % words,
            (
                _("What is older than the time it is kept here is removed. Something of your partnership, %(label)s, "
                  "is removed on %(day)s.") % words,
                _("What it is stands on the page. Until then each of you can export all that you can see."),
            ),
            _("See what goes, and when"),
            reverse("partnership_end", args=[pair.pk]),
        )  # fmt: skip
