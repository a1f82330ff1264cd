"""Conclusions and actions."""

from __future__ import annotations

from functools import cached_property

from retros.agreements.page import Proposed, proposed_in
from retros.models import Action, Draft, Entry, Note
from retros.models.action import ActionLine
from retros.room.steps.learns import Learns


class Conclude(Learns):
    """Conclusions: what the two learned, the one thing to try, actions."""

    template = "retros/room/_conclude.html"
    parts = ("learnings", "proposals", "experiments", "try_words", "actions")

    @property
    def boxes(self) -> list[str]:
        return [self.learn_key, self.try_key, self.action_key]

    @property
    def boxes_elsewhere(self) -> tuple[str, ...]:
        """An action between retros has a page of its own."""
        return (self.action_key,)

    @property
    def spoken(self) -> list[Entry | Note | Action]:
        return [*super().spoken, *self.actions]

    @property
    def try_key(self) -> str:
        return Draft.Box.TRY.key(self.session.pk)

    @property
    def try_draft(self) -> Draft | None:
        return self.drafts.get(self.try_key)

    @property
    def action_key(self) -> str:
        return Draft.Box.ACTION.key(self.session.partnership_id)

    @property
    def action_draft(self) -> Draft | None:
        return self.drafts.get(self.action_key)

    @cached_property
    def proposed(self) -> list[Proposed]:
        """New words for a clause that came up in this retro."""
        return proposed_in(self.session, self.person, self.partner.name)

    @property
    def experiments(self) -> list[ActionLine]:
        return [line for line in self.agreed if line.action.is_experiment]

    @property
    def plain_actions(self) -> list[ActionLine]:
        return [line for line in self.agreed if not line.action.is_experiment]
