"""What has helped the two: every action that ended, by what they said of it, with its story. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from partnerships.header import MenuPlace
from retros.agreements.page import Adopted, adopted
from retros.models import Action, Entry, Review
from retros.models.action import ActionLine, lines_of
from retros.pair import ActionRow, Pair, all_actions

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from partnerships.models import Membership, Partnership, Person

ON_A_PAGE = 20
UNSAID = "unsaid"
OUTCOMES: dict[str, StrOrPromise] = {
    Action.Helped.HELPED: gettext_lazy("It helped"),
    Action.Helped.NO_DIFFERENCE: gettext_lazy("No difference"),
    Action.Helped.WORSE: gettext_lazy("Worse"),
    Action.Helped.NOT_TRIED: gettext_lazy("Not tried"),
    UNSAID: gettext_lazy("Not said yet"),
}


@dataclass(frozen=True)
class Story:
    """An action from the card that it came from to the clause that came of it."""

    action: Action
    owners: Sequence[Membership]
    card: Entry | None
    reviews: Sequence[Review]
    adopted: Adopted | None

    @property
    def form(self) -> str:
        """The id of the form that makes it a clause."""
        return f"adopt-{self.action.pk}"

    @property
    def ended(self) -> str:
        return date_format(self.action.closed_on, "j F Y") if self.action.closed_on else ""


class Helped(Pair):
    """The stories of one outcome, the latest first; above them what waits for an answer of the two."""

    def __init__(self, partnership: Partnership, person: Person, *, outcome: str = "", page: str = "") -> None:
        super().__init__(partnership, person, place="action_list")
        self.outcome = outcome if outcome in OUTCOMES else str(Action.Helped.HELPED)
        self._number = page
        self.helped = Action.Helped.choices

    @property
    def outcomes(self) -> list[MenuPlace]:
        return [MenuPlace(str(label), self._url(key), key == self.outcome) for key, label in OUTCOMES.items()]

    def _url(self, outcome: str, page: int = 1) -> str:
        url = f"{reverse('helped_list', args=[self.partnership.pk])}?outcome={outcome}"
        return f"{url}&page={page}" if page > 1 else url

    @cached_property
    def _actions(self) -> list[Action]:
        return all_actions(self.person, self.partnership)

    @property
    def due(self) -> list[ActionRow]:
        """Experiments whose day has come: adopt, adapt or drop."""
        return [row for row in self._open if row.is_due]

    @property
    def outlived(self) -> list[ActionRow]:
        """What was carried over twice, and is not asked about already: smaller, or drop?"""
        return [row for row in self._open if row.action.outlived and not row.is_due]

    @cached_property
    def _open(self) -> list[ActionRow]:
        return [self.row(action) for action in self._actions if action.is_open] if self.is_open else []

    @cached_property
    def _lines(self) -> list[ActionLine]:
        """Those that ended so; what both took stands once."""
        wanted = "" if self.outcome == UNSAID else self.outcome
        ended = [action for action in self._actions if not action.is_open and action.helped == wanted]
        return sorted(lines_of(ended), key=lambda line: (line.action.closed_on, line.action.created_at), reverse=True)

    @cached_property
    def page(self) -> Page[ActionLine]:
        return Paginator(self._lines, ON_A_PAGE).get_page(self._number)

    @cached_property
    def stories(self) -> list[Story]:
        lines = list(self.page)
        cards = self._cards(lines)
        reviews: dict[UUID, list[Review]] = {}
        for review in Review.objects.filter(action__in=[line.action for line in lines]).select_related("session"):
            reviews.setdefault(review.action_id, []).append(review)
        clauses = {each.action.pk: each for each in self._clauses([line.action for line in lines])}
        return [
            Story(
                line.action, [self.by_person[action.owner_id] for action in line.actions],
                cards.get(line.action.from_entry_id), sorted(reviews.get(line.action.pk, ()), key=lambda r: r.at),
                clauses.get(line.action.pk),
            )
            for line in lines
        ]  # fmt: skip

    def _clauses(self, actions: list[Action]) -> list[Adopted]:
        """Where these stand as clauses; while the two may write, where they could, too."""
        found = adopted(actions, self.person)
        return found if self.is_open else [replace(each, offered=[]) for each in found if each.kept]

    def _cards(self, lines: list[ActionLine]) -> dict[UUID | None, Entry]:
        """The cards that these came from, as far as the viewer may read them."""
        keys = [line.action.from_entry_id for line in lines if line.action.from_entry_id]
        entries = Entry.objects.visible_to(self.person).filter(pk__in=keys)
        return {entry.pk: entry for entry in entries.select_related("prompt", "step__session")}

    @property
    def later(self) -> str:
        return self._url(self.outcome, self.page.previous_page_number()) if self.page.has_previous() else ""

    @property
    def earlier(self) -> str:
        return self._url(self.outcome, self.page.next_page_number()) if self.page.has_next() else ""
