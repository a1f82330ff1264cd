"""What calendars are told: one event for each session, in UTC, no word of anybody (docs/rules/scheduling.md S15)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import quote

import icalendar
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from partnerships.models import Delivery
from partnerships.models.delivery import mail_domain
from retros.models import Session

if TYPE_CHECKING:
    from partnerships.models import Person


HELD_FOR = timedelta(days=90)  # how long a feed shows what was held
REFRESH = timedelta(hours=12)
# Ends of lines to some readers of calendars, and controls; a line feed itself is written as “\n”.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True)
class InvitationVersion:
    """Which wording of an event somebody was told: a later one has a higher sequence, or the same and a newer stamp."""

    generation: int
    sequence: int
    stamp: datetime

    @classmethod
    def of(cls, session: Session) -> InvitationVersion:
        return cls(session.uid_generation, session.sequence, session.ical_stamp)

    @classmethod
    def from_key(cls, key: str) -> InvitationVersion:
        generation, sequence, stamp = key.split(".")
        return cls(int(generation), int(sequence), datetime.fromtimestamp(int(stamp) / 10**6, UTC))

    @property
    def key(self) -> str:
        return f"{self.generation}.{self.sequence}.{round(self.stamp.timestamp() * 10**6)}"


def link_of(session: Session) -> str:
    return f"{settings.BASE_URL}{reverse('session_detail', args=[session.pk])}"


def summary_of(session: Session, names: Iterable[str]) -> str:
    """The pair's own title for the rhythm, which can be as neutral as they like, or the names of the two."""
    if session.series is not None and session.series.title:
        return session.series.title
    return _("Collaboration retro: %(names)s") % {"names": " & ".join(names)}


def event(
    session: Session, summary: str, *, edition: InvitationVersion | None = None, place: str = ""
) -> icalendar.Event:
    edition = edition or InvitationVersion.of(session)
    over = session.status in {Session.Status.SKIPPED, Session.Status.CANCELLED}
    made = icalendar.Event()
    made.add("uid", f"{session.pk}.{edition.generation}@{mail_domain()}")
    made.add("sequence", edition.sequence)
    made.add("dtstamp", edition.stamp.astimezone(UTC).replace(microsecond=0))
    made.add("dtstart", session.start_utc.astimezone(UTC))
    made.add("dtend", (session.start_utc + timedelta(minutes=session.duration_min)).astimezone(UTC))
    made.add("status", "CANCELLED" if over else "CONFIRMED")
    made.add("summary", Typed(printable(summary)))
    made.add("description", link_of(session))
    if place:
        made.add("location", Typed(printable(place)))
    return made


def invitation(session: Session, people: list[Person], *, edition: InvitationVersion, cancel: bool = False) -> bytes:
    """The part of a mail that puts the session into a calendar, changes it there, or takes it out."""
    place = session.series.meeting_url if session.series else ""
    made = event(session, summary_of(session, [p.full_name for p in people]), edition=edition, place=place)
    made["status"] = icalendar.vText("CANCELLED" if cancel else "CONFIRMED")
    made["organizer"] = icalendar.vCalAddress(mailto(parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
    for person in people:
        attendee = icalendar.vCalAddress(mailto(person.email))
        attendee.params["RSVP"] = "TRUE" if settings.CALENDAR_REPLY_TO else "FALSE"
        made.add("attendee", attendee, encode=False)
    return _document([made], method="CANCEL" if cancel else "REQUEST")


def download(session: Session, people: list[Person]) -> bytes:
    return _document([event(session, summary_of(session, [p.full_name for p in people]))])


def feed(person: Person, now: datetime) -> bytes:
    """The person's own dates, to whoever has the address: a time, “Retro” and a link, no names, no titles.

    A retro stands there the same before it begins, while it is open and once it is closed. What an invitation put into
    the same calendar already is left out, or it would stand there twice.
    """
    held = Q(status=Session.Status.HELD, start_utc__gte=now - HELD_FOR)
    to_come = Q(status__in=[Session.Status.SCHEDULED, Session.Status.IN_PROGRESS], partnership__archived_at=None)
    sessions = Session.objects.of(person).known_outside(now).filter(held | to_come)
    known = Delivery.objects.calendar_of(person)
    shown = [s for s in sessions.order_by("start_utc") if known.get(s.pk) != s.uid_generation]
    return _document([event(session, _("Retro")) for session in shown], name=_("Retros"))


def _document(events: list[icalendar.Event], *, method: str = "", name: str = "") -> bytes:
    made = icalendar.Calendar()
    made.add("prodid", "-//Twofold//Retros//EN")
    made.add("version", "2.0")
    if method:
        made.add("method", method)
    if name:
        made.add("x-wr-calname", name)
        made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        made.add("x-published-ttl", "PT12H")
    for each in events:
        made.add_component(each)
    written: bytes = made.to_ical()
    return written


class Typed(icalendar.vText):
    """What somebody typed, printable: a backslash and an N stay two characters, which the library takes for a line's
    end.
    """

    def to_ical(self) -> bytes:
        text = self.replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,").replace("\n", r"\n")
        return text.encode()


def mailto(address: str) -> str:
    """The address as a URI (RFC 6068): what would end it, or begin something else in it, is percent-encoded."""
    return "mailto:" + quote(address, safe="!$'*+@")


def printable(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
