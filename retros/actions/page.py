"""The page of all actions of a pair."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from partnerships.models import Partnership
from retros.models import Action
from retros.pair import ActionRow, Pair

if TYPE_CHECKING:
    from partnerships.models import Person


class Actions(Pair):
    """Every action of the two: open, done, didn’t fit, and those that were put away."""

    def __init__(self, partnership: Partnership, person: Person) -> None:
        super().__init__(partnership, person, place="action_list")

    @cached_property
    def _rows(self) -> list[ActionRow]:
        actions = Action.objects.visible_to(self.person).filter(partnership=self.partnership)
        return [self.row(action) for action in actions]

    @property
    def open(self) -> list[ActionRow]:
        return [row for row in self._rows if row.action.is_open]

    @property
    def done(self) -> list[ActionRow]:
        return _latest_first(row for row in self._rows if row.action.closed_as == Action.Closed.DONE)

    @property
    def dropped(self) -> list[ActionRow]:
        return _latest_first(row for row in self._rows if row.action.closed_as == Action.Closed.DROPPED)

    @cached_property
    def deleted(self) -> list[ActionRow]:
        actions = Action.objects.deleted_for(self.person).filter(partnership=self.partnership)
        return [self.row(action) for action in actions]


def _latest_first(rows: Iterable[ActionRow]) -> list[ActionRow]:
    return sorted(rows, key=lambda row: row.action.closed_on or row.action.due, reverse=True)
