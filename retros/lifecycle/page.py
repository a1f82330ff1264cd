"""How long a partnership's words are kept, what it hands over, and how it ends, prepared for its page. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.models import Partnership
from retros.lifecycle.retention import AGREEMENT_MONTHS, goes_on, months_later, with_agreed, with_writing
from retros.models import Expiry, Handover, Session
from retros.models.expiry import WARNING
from retros.pair import Pair

if TYPE_CHECKING:
    from uuid import UUID

    from partnerships.models import Membership, Person


@dataclass(frozen=True)
class Going:
    """Something that is removed, and when."""

    what: str
    on: datetime
    now: datetime
    person: Person

    @property
    def day(self) -> str:
        return date_format(self.on.astimezone(self.person.tz), "j F Y")

    @property
    def countdown(self) -> str:
        zone = self.person.tz
        days = max((self.on.astimezone(zone).date() - self.now.astimezone(zone).date()).days, 0)
        return ngettext("In %(days)d day", "In %(days)d days", days) % {"days": days} if days else _("Today")

    @property
    def is_soon(self) -> bool:
        return self.on - self.now <= WARNING


def backups_in_words() -> str:
    """How long backups hold what was erased, as far as it is known here."""
    if settings.BACKUP_DIR is None:
        return _("Backups of whoever runs this, for as long as they keep them.")
    days: int = settings.BACKUP_KEEP
    return ngettext(
        "Backups of whoever runs this, for %(days)d day.", "Backups of whoever runs this, for %(days)d days.", days
    ) % {"days": days}


class RetentionPage(Pair):
    def __init__(self, partnership: Partnership, person: Person) -> None:
        super().__init__(partnership, person)
        self.months: int = settings.RETENTION_MONTHS
        self.agreement_months = AGREEMENT_MONTHS

    @property
    def ended_on(self) -> str:
        ended = self.partnership.archived_at
        return date_format(ended.astimezone(self.person.tz), "j F Y") if ended else ""

    @property
    def left(self) -> list[Membership]:
        return [member for member in self.members if member.left_at]

    @property
    def can_go_on(self) -> bool:
        return not self.is_open and not self.left and all(member.person.is_active for member in self.members)

    @cached_property
    def handover(self) -> Handover | None:
        return Handover.of(self.partnership)

    @cached_property
    def going(self) -> list[Going]:
        """What goes next: the oldest retro with words that the viewer can read, and, once it ended, what was agreed."""
        expiries = Expiry.objects.waiting().told_to(self.person).filter(partnership=self.partnership)
        warned = {expiry.session_id or self.partnership.pk: expiry.warned_at for expiry in expiries}
        found = []
        own = Session.objects.of(self.person).filter(partnership=self.partnership).select_related("agreement")
        oldest = with_writing(own, readable_by=self.person).first()
        if oldest is not None:
            found.append(self._going(_("What you wrote in “%(session)s”"), oldest, goes_on(oldest), warned))
        ended = self.partnership.archived_at
        if ended and with_agreed(Partnership.objects.filter(pk=self.partnership.pk)).exists():
            when = months_later(ended, AGREEMENT_MONTHS)
            found.append(
                self._going(
                    _("Your agreements, actions and handover, and what you asked your leads for"), None, when, warned
                )
            )
        return found

    @cached_property
    def gone_on(self) -> str:
        """When what an ended partnership agreed on went."""
        return (
            "" if self.is_open else Expiry.objects.removed_on(self.person, partnership=self.partnership, session=None)
        )

    def _going(self, words: str, session: Session | None, on: datetime, warned: dict[UUID, datetime]) -> Going:
        """Never before a month has passed since the warning, or since now when there was none yet."""
        earliest = warned.get(session.pk if session else self.partnership.pk, self.now) + WARNING
        what = words % {"session": session.title} if session else words
        return Going(what, max(on, earliest), self.now, self.person)
