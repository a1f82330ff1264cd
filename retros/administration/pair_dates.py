"""The dates of one pair, as an admin sees and changes them: frames and dates, never a word of the two."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django.forms import Form
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.administration.partnerships import PartnershipRow, frame_of
from partnerships.header import admin_menu
from partnerships.models import Membership, Partnership, Person
from retros.administration.clashes import retros
from retros.administration.settled import decided
from retros.dates.warnings import holidays
from retros.models import Session
from retros.recurrence import adherence
from retros.recurrence.adherence import Kept

SHOWN = 50


class PairDates:
    """Reads only."""

    def __init__(self, partnership: Partnership, reader: Person) -> None:
        self.partnership, self.person, self.now = partnership, reader, timezone.now()
        self.today: date = self.now.astimezone(reader.tz).date()

    @cached_property
    def row(self) -> PartnershipRow:
        return frame_of(self.partnership)

    @property
    def you(self) -> Membership | None:
        """Whose clock a form offers first: that of seat A, as far as it is taken."""
        return next(iter(self.row.members), None)

    @property
    def partner(self) -> Membership | None:
        return next(iter(self.row.members[1:]), None)

    @property
    def kept(self) -> Kept:
        slots = decided(self.now).filter(partnership=self.partnership)
        return adherence.kept(slots.values_list("slot_date", "status", "excused"), self.today)

    @property
    def coming(self) -> list[Session]:
        """The earliest first, as somebody outside of the pair may know them."""
        ahead = retros().coming_outside(self.now).filter(partnership=self.partnership, start_utc__gt=self.now)
        return list(ahead[:SHOWN])

    @cached_property
    def ahead(self) -> list[tuple[Session, list[str]]]:
        """Each date to come with whose public holiday it is."""
        return [(session, holidays(session.start_utc, self.row.people)) for session in self.coming]

    @property
    def missed(self) -> list[Session]:
        """The latest first: those that can still be marked as held."""
        own = decided(self.now).filter(partnership=self.partnership, status=Session.Status.MISSED)
        return list(own.order_by("-start_utc")[:SHOWN])

    def proposed(self, session: Session, to: str) -> dict[str, Any]:
        """What moving it begins with: `to`, a wall time of the reader; else where it stands."""
        wall, zone = session.wall_start, session.timezone
        with suppress(ValueError):
            wall, zone = datetime.strptime(to, "%Y-%m-%dT%H:%M"), self.person.timezone  # noqa: DTZ007  # a wall time
        return {"day": wall.date(), "time": wall.time(), "zone": zone, "version": session.dates_version}

    def context(self, form: Form | None = None, session: Session | None = None) -> dict[str, Any]:
        title = _("Move the retro") if session else _("Plan a retro")
        return {**admin_menu("admin_partnership_list"), "dates": self, "form": form, "session": session, "title": title}
