"""The record as an admin reads it: acts on accounts, roles, dates, templates, by the names of today. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.administration.listing import Listing
from partnerships.models import Audit, Partnership, Person
from partnerships.models.audit import ABOUT_ACCOUNTS, ABOUT_ROLES, ABOUT_TEMPLATES, ABOUT_THE_SCHEDULE

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

FEW = 300  # people
BY_SOMEBODY = {Audit.Act.SIGN_IN_REFUSED, Audit.Act.SIGN_IN_LINK_USED}  # nobody was signed in


@dataclass(frozen=True)
class RecordLine:
    line: Audit
    by: str
    about: str
    partnership: str


class Record(Listing[RecordLine]):
    """Every line that is an admin's to read, the latest first; `q` finds the acts of a person and those about them."""

    STATES = {
        "all": gettext_lazy("Everything"),
        "accounts": gettext_lazy("Accounts"),
        "roles": gettext_lazy("Roles"),
        "schedule": gettext_lazy("Schedule"),
        "templates": gettext_lazy("Templates"),
    }
    ACTS = {
        "accounts": ABOUT_ACCOUNTS,
        "roles": ABOUT_ROLES,
        "schedule": ABOUT_THE_SCHEDULE,
        "templates": ABOUT_TEMPLATES,
    }

    def found(self) -> QuerySet[Audit]:
        lines: QuerySet[Audit] = Audit.objects.for_admins().newest_first()
        if self.state in self.ACTS:
            lines = lines.filter(act__in=self.ACTS[self.state])
        if self.words:
            people = self._people()
            lines = lines.filter(Q(by_id__in=people) | Q(about="person", about_id__in=people))
        return lines

    def _people(self) -> list[UUID] | QuerySet[Person, UUID]:
        """Few are named one by one, so that an index finds their lines. Of many, the latest lines are soon found."""
        found = Person.objects.filter(Q(name__icontains=self.words) | Q(email__icontains=self.words))
        pks = found.values_list("pk", flat=True)
        few = list(pks[: FEW + 1])
        return few if len(few) <= FEW else pks

    def rows(self, items: list[Any]) -> list[RecordLine]:
        people = Person.objects.in_bulk({pk for line in items for pk in (line.by_id, line.about_id) if pk})
        partnerships = Partnership.objects.in_bulk({line.partnership_id for line in items if line.partnership_id})
        return [self._row(line, people, partnerships) for line in items]

    def _row(self, line: Audit, people: dict[UUID, Person], partnerships: dict[UUID, Partnership]) -> RecordLine:
        by, about = (people.get(pk) if pk else None for pk in (line.by_id, line.about_id))
        where = partnerships.get(line.partnership_id) if line.partnership_id else None
        unknown = _("Somebody") if line.act in BY_SOMEBODY else "–"
        return RecordLine(
            line,
            by=by.full_name if by else unknown,
            about=about.full_name if about and (about != by or line.act in ABOUT_ROLES) else "",
            partnership=where.label if where else "",
        )
