"""The page of all actions of a pair."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from partnerships.models import Partnership
from retros.models import Action
from retros.pair import ActionRow, Pair

if TYPE_CHECKING:
    from partnerships.models import Person


SHOWN = 20  # of those that were done, and of those that didn’t fit


class Actions(Pair):
    """The actions of the two: all that are open, the latest that were done or didn’t fit, and what was put away. What
    ended earlier stands by what became of it (retros/actions/helped.py).
    """

    def __init__(self, partnership: Partnership, person: Person) -> None:
        super().__init__(partnership, person, place="action_list")

    @cached_property
    def _actions(self) -> list[Action]:
        return list(Action.objects.visible_to(self.person).filter(partnership=self.partnership))

    @property
    def open(self) -> list[ActionRow]:
        return [self.row(action) for action in self._actions if action.is_open]

    @cached_property
    def done(self) -> list[ActionRow]:
        return self._latest(Action.Closed.DONE)

    @cached_property
    def dropped(self) -> list[ActionRow]:
        return self._latest(Action.Closed.DROPPED)

    def _latest(self, closed_as: str) -> list[ActionRow]:
        ended = [action for action in self._actions if action.closed_as == closed_as]
        ended.sort(key=lambda action: action.closed_on or action.due, reverse=True)
        return [self.row(action) for action in ended[:SHOWN]]

    @property
    def has_more(self) -> bool:
        """Whether more ended than stands here."""
        shown = len(self.done) + len(self.dropped)
        return sum(not action.is_open for action in self._actions) > shown

    @cached_property
    def deleted(self) -> list[ActionRow]:
        actions = Action.objects.deleted_for(self.person).filter(partnership=self.partnership)
        return [self.row(action) for action in actions]
