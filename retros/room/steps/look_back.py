"""Last time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from retros.agreements.page import Adopted, adopted
from retros.models import Action, Review

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_stubs_ext import StrOrPromise

from retros.room.frame import Frame


class LookBack(Frame):
    """Last time: the open actions and running experiments, and what became of them."""

    template = "retros/room/_look_back.html"
    parts = ("review_states", "adopted_here")

    @cached_property
    def reviews(self) -> list[tuple[Action, Review | None]]:
        """Every action that was open when this session came, with what was said of it here; experiments first."""
        return Review.for_session(self.session, self.person)

    @property
    def adopted(self) -> list[Adopted]:
        """The experiments that helped, which may become clauses."""
        return adopted([action for action, _review in self.reviews], self.person) if self.can_write else []

    @property
    def verdicts(self) -> Sequence[tuple[str, StrOrPromise]]:
        return Review.Verdict.choices

    @property
    def helped_choices(self) -> Sequence[tuple[str, StrOrPromise]]:
        return Action.Helped.choices
