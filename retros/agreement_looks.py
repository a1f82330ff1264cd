"""The agreements of a pair on its home page: which exist, and which need a look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.models import Agreement, Clause, Partnership, Version
from retros.models import ClauseOrigin, Session

if TYPE_CHECKING:
    from partnerships.models import Person

SOON = timedelta(days=14)  # a review date this near asks for a look
TWICE = 2  # a clause that came up this often as something that held the pair back


@dataclass(frozen=True)
class Look:
    """One agreement that needs a look: its words, why, and where to go."""

    quote: str
    why: str
    url: str
    press: str


class AgreementLooks:
    def __init__(self, partnership: Partnership, person: Person, today: date) -> None:
        self.partnership = partnership
        self.person = person
        self.today = today

    @cached_property
    def agreements(self) -> list[Agreement]:
        return list(Agreement.objects.of(self.person).filter(partnership=self.partnership))

    @cached_property
    def sitting(self) -> Session | None:
        """The sitting in which the pair writes an agreement just now."""
        kinds = [Session.Kind.DREAM_TEAM, Session.Kind.CONTRACT]
        return Session.objects.filter(partnership=self.partnership, kind__in=kinds).running().first()

    @property
    def lacks_dream_team(self) -> bool:
        return not any(a.kind == Agreement.Kind.DREAM_TEAM for a in self.agreements)

    @cached_property
    def needed(self) -> list[Look]:
        return [*self._proposals(), *self._came_up_twice(), *self._reviews()]

    def _proposals(self) -> list[Look]:
        waiting = Version.objects.filter(
            agreement__partnership=self.partnership, agreement__closed_at=None, number=None, ended_at=None
        ).exclude(signatures__person=self.person)
        looks = []
        for version in waiting.select_related("agreement", "proposed_by").prefetch_related("clauses"):
            clauses = list(version.clauses.all())
            about = next((c for c in clauses if c.line == version.line), clauses[0])
            why = _("%(name)s proposed this on %(day)s. It waits for you.") % {
                "name": version.proposed_by.first_name,
                "day": date_format(version.proposed_at.astimezone(self.person.tz), "j F"),
            }
            looks.append(Look(about.text, why, self._url(version.agreement), _("Read it")))
        return looks

    def _came_up_twice(self) -> list[Look]:
        counts = (
            ClauseOrigin.objects.filter(
                session__partnership=self.partnership, entry__prompt__column="bad", line__isnull=False
            )
            .values("line", "version__agreement")
            .annotate(n=Count("entry", distinct=True))
            .filter(n__gte=TWICE)
        )
        by_line: dict[UUID, int] = {row["line"]: row["n"] for row in counts if row["line"]}
        clauses = Clause.objects.filter(
            line__in=list(by_line), version__number__isnull=False, version__agreement__closed_at=None
        ).select_related("version__agreement")
        newest = {clause.line: clause for clause in clauses.order_by("version__number")}
        return [
            Look(
                clause.text,
                ngettext(
                    "Came up as a “held us back” card %(n)d time.",
                    "Came up as a “held us back” card %(n)d times.",
                    by_line[line],
                )
                % {"n": by_line[line]},
                self._url(clause.version.agreement),
                _("Look at it"),
            )
            for line, clause in newest.items()
        ]

    def _reviews(self) -> list[Look]:
        words = _("You wanted to look at it by %(day)s. Is it still right?")
        return [
            Look(a.title, words % {"day": date_format(a.review_on, "j F")}, self._url(a), _("Look at it"))
            for a in self.agreements
            if a.review_on and a.closed_at is None and a.review_on <= self.today + SOON
        ]

    def _url(self, agreement: Agreement) -> str:
        return reverse("agreement_detail", args=[agreement.pk])
