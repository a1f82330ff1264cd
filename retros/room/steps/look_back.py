"""Last time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.functional import cached_property

from retros.agreements.page import Adopted, adopted
from retros.models import Action, Review
from retros.models.action import lines_of
from retros.room.frame import Frame

if TYPE_CHECKING:
    from uuid import UUID


class LookBack(Frame):
    """Last time: the open actions and running experiments, and what became of them."""

    template = "retros/room/_look_back.html"
    parts = ("review_states", "adopted_here")
    verdicts = Review.Verdict.choices
    helped_choices = Action.Helped.choices

    @cached_property
    def _said(self) -> dict[Action, Review | None]:
        """Every action that was open when this session came, with what was said of it here; experiments first."""
        return dict(Review.for_session(self.session, self.person))

    @property
    def reviews(self) -> list[list[tuple[Action, Review | None]]]:
        """The same line by line: what both took is one line, with what was said of each one's."""
        return [[(each, self._said[each]) for each in line.actions] for line in lines_of(self._said, each=True)]

    @property
    def adopted(self) -> list[Adopted]:
        """The experiments that helped, which may become clauses; what helped both is asked about once."""
        if not self.can_write:
            return []
        helped = [action for action in self._said if action.was_adopted]
        return adopted([line.action for line in lines_of(helped, each=True)], self.person)

    @property
    def late(self) -> list[UUID]:
        return [*super().late, *(action.pk for action in self._said)]
