"""The agreements of a pair on its home page and at its wrap-up: which exist, and which need a look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.compiled import CompiledQuery
from partnerships.models import Agreement, Clause, Partnership, Person, Version
from retros.agreements.attention import attention
from retros.models import ClauseLink, ClauseOrigin, Session

if TYPE_CHECKING:
    from django.db.models import QuerySet


REVIEW_AHEAD = timedelta(days=14)  # a review date this near asks for a look


def _agreements_of(person: Person, partnership: Partnership, day: date) -> QuerySet[Agreement]:
    """With what may ask for a look at a clause: most have none of it."""
    own = Agreement.objects.of(person).filter(partnership=partnership).with_state()
    dated = Clause.objects.filter(version__agreement=OuterRef("pk"), review_on__lte=day)
    held_back = ClauseOrigin.objects.filter(line__isnull=False, entry__prompt__column="bad")
    again = held_back.filter(version__agreement=OuterRef("version__agreement"), line=OuterRef("line"))
    twice = held_back.filter(version__agreement=OuterRef("pk")).filter(Exists(again.exclude(entry=OuterRef("entry"))))
    return own.annotate(
        is_linked=Exists(ClauseLink.objects.filter(agreement=OuterRef("pk"))),
        is_dated=Exists(dated), came_up_twice=Exists(twice),
    )  # fmt: skip


_agreements = CompiledQuery(_agreements_of, Person, Partnership, date)


@dataclass(frozen=True)
class DueAgreement:
    """One thing that needs a look: its words, why, and where to go. `can_stay`: “still right” is an answer to it;
    `to_sign`: a proposal about this one clause, which the viewer has not signed.
    """

    agreement: Agreement
    quote: str
    why: str
    url: str
    press: str
    line: UUID | None = None
    can_stay: bool = False
    to_sign: Version | None = None


class DueAgreements:
    def __init__(
        self, partnership: Partnership, person: Person, today: date, *, sittings: list[Session] | None = None
    ) -> None:
        """`sittings`: those of the pair that are open just now, when whoever asks knows them."""
        self.partnership = partnership
        self.person = person
        self.today = today
        if sittings is not None:
            self.sittings = sittings

    @cached_property
    def agreements(self) -> list[Agreement]:
        """Each with its state, and whether it has links (`is_linked`), clauses with a day to look again that has come
        (`is_dated`), clauses that came from two cards that held the pair back (`came_up_twice`).
        """
        return _agreements(self.person, self.partnership, self.today + REVIEW_AHEAD)

    @cached_property
    def sittings(self) -> list[Session]:
        """The sittings of the pair that are open just now, beside a retro: most of them write an agreement."""
        running = Session.objects.filter(partnership=self.partnership).exclude(kind=Session.Kind.RETRO).running()
        return list(running.select_related("agreement").order_by("started_at"))

    @property
    def lacks_dream_team(self) -> bool:
        """Whether no words of a Dream Team agreement exist, and nobody is writing any."""
        own = [a for a in self.agreements if a.kind == Agreement.Kind.DREAM_TEAM]
        words = [a.latest or a.waiting for a in own]  # type: ignore[attr-defined]
        return not any(words) and not any(s.kind == Session.Kind.DREAM_TEAM for s in self.sittings)

    @cached_property
    def needed(self) -> list[DueAgreement]:
        """What waits for the viewer, on the home page."""
        return [*self._proposals(own=False), *self._clauses(), *self._reviews()]

    @cached_property
    def at_wrap_up(self) -> list[DueAgreement]:
        """What the two can settle while they sit together: whatever waits for either of them, or for this retro."""
        return [*self._proposals(own=True), *self._clauses(), *self._reviews()]

    def _proposals(self, *, own: bool) -> list[DueAgreement]:
        if not any(agreement.waiting for agreement in self.agreements):  # type: ignore[attr-defined]  # annotated
            return []
        waiting = Version.objects.filter(
            agreement__partnership=self.partnership, agreement__closed_at=None, number=None, ended_at=None
        )
        if not own:
            waiting = waiting.exclude(signatures__person=self.person, base__isnull=False)  # a first one waits for both
        looks = []
        for version in waiting.select_related("agreement", "proposed_by").prefetch_related("clauses", "signatures"):
            clauses = list(version.clauses.all())
            about = next((c.text for c in clauses if c.line == version.line), version.title)
            url = f"{self._url(version.agreement)}#proposal-{version.pk}"
            unsigned = version.line and version.base_id and not version.signed_by(self.person)
            looks.append(
                DueAgreement(
                    version.agreement, about, self._waits(version), url, _("Read it"),
                    to_sign=version if unsigned else None,
                )
            )  # fmt: skip
        return looks

    def _waits(self, version: Version) -> str:
        words = {
            "name": version.proposed_by.first_name,
            "day": date_format(version.proposed_at.astimezone(self.person.tz), "j F"),
        }
        if version.deferred_at:
            return _("%(name)s proposed this on %(day)s. You wanted to talk about it in the retro.") % words
        if version.signed_by(self.person):
            return _("You have signed this. It starts when you both have.")
        return _("%(name)s proposed this on %(day)s. It waits for you.") % words

    def _clauses(self) -> list[DueAgreement]:
        """The clauses in force that something came up about, or whose own day has come."""
        agreements = [
            a for a in self.agreements
            if a.closed_at is None and (a.is_linked or a.is_dated or a.came_up_twice)  # type: ignore[attr-defined]
        ]  # fmt: skip
        if not agreements:
            return []
        linked = [a for a in agreements if a.is_linked]  # type: ignore[attr-defined]  # annotated
        links = ClauseLink.objects.filter(agreement__in=linked).with_looks(self.person)
        origins = ClauseOrigin.of(agreements, self.person)
        versions = Version.objects.filter(agreement__in=agreements).defer("reason")
        marks = attention(list(links.select_related("entry__prompt")), origins, versions)
        asks = Q(line__in={line for _agreement, line in marks}) | Q(review_on__lte=self.today + REVIEW_AHEAD)
        found = Clause.objects.in_force().filter(asks, version__agreement__in=agreements)
        looks = []
        for clause in found.select_related("version__agreement"):
            agreement = clause.version.agreement
            why = list(marks.get((agreement.pk, clause.line), ()))
            if clause.review_on and clause.review_on <= self.today + REVIEW_AHEAD:
                why.append(self._look_by(clause.review_on))
            if why:
                url = f"{self._url(agreement)}#clause-{clause.line}"
                looks.append(
                    DueAgreement(agreement, clause.text, " ".join(why), url, _("Look at it"), clause.line, True)
                )
        return looks

    def _reviews(self) -> list[DueAgreement]:
        return [
            DueAgreement(a, a.title, self._look_by(a.review_on), self._url(a), _("Look at it"), can_stay=True)
            for a in self.agreements
            if a.review_on and a.closed_at is None and a.review_on <= self.today + REVIEW_AHEAD
        ]

    def _look_by(self, day: date) -> str:
        return _("You wanted to look at it by %(day)s. Is it still right?") % {"day": date_format(day, "j F")}

    def _url(self, agreement: Agreement) -> str:
        return reverse("agreement_detail", args=[agreement.pk])
