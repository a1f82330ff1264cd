"""The agreements of a pair as a list, prepared for its page. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.header import Header
from partnerships.models import Agreement

if TYPE_CHECKING:
    from partnerships.models import Partnership, Person


@dataclass(frozen=True)
class AgreementRow:
    agreement: Agreement
    state: str
    waiting: str
    is_due: bool


class AgreementList:
    """The Dream Team agreement and the contracts: in force, still being written, closed."""

    def __init__(self, partnership: Partnership, person: Person) -> None:
        self.pair = Header(partnership, person, place="agreement_list")
        self._all: list[Any] = list(Agreement.objects.of(person).filter(partnership=partnership).with_state())

    @property
    def in_force(self) -> list[AgreementRow]:
        return [self._row(a) for a in self._all if a.latest and not a.is_closed]

    @property
    def begun(self) -> list[AgreementRow]:
        return [self._row(a) for a in self._all if not a.latest and not a.is_closed]

    @property
    def closed(self) -> list[AgreementRow]:
        return [self._row(a) for a in self._all if a.is_closed]

    @property
    def has_dream_team(self) -> bool:
        return any(a.kind == Agreement.Kind.DREAM_TEAM for a in self._all)

    @property
    def is_empty(self) -> bool:
        return not self._all

    def _row(self, agreement: Any) -> AgreementRow:
        count, state = agreement.waiting, _("Nothing is in force yet")
        if agreement.since:
            day = date_format(agreement.since.astimezone(self.pair.person.tz), "j F Y")
            state = _("Version %(number)d, in force since %(date)s") % {"number": agreement.latest, "date": day}
        waiting = _("A first version is proposed")
        if agreement.latest:
            waiting = ngettext("%(count)d change proposed", "%(count)d changes proposed", count) % {"count": count}
        due = bool(agreement.latest and agreement.review_on and agreement.review_on <= self.pair.today)
        return AgreementRow(agreement, state, waiting if count else "", due and not agreement.is_closed)
