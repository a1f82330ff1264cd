"""The page of all actions of a pair."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import cached_property

from partnerships.compiled import CompiledQuery
from partnerships.models import Partnership, Person
from retros.models import Action
from retros.pair import ActionRow, ListedAction, Pair, all_actions

_deleted = CompiledQuery(
    lambda person, partnership: Action.objects.deleted_for(person).filter(partnership=partnership), Person, Partnership
)
SHOWN = 20  # of those that were done, and of those that didn’t fit


class Actions(Pair):
    """The actions of the two: all that are open, the latest that were done or didn’t fit, and what was put away. What
    ended earlier stands by what became of it (retros/actions/helped.py).
    """

    def __init__(self, partnership: Partnership, person: Person) -> None:
        super().__init__(partnership, person, place="action_list")

    @property
    def _listed(self) -> list[Action]:
        return all_actions(self.person, self.partnership)

    @cached_property
    def open(self) -> list[ListedAction]:
        return [line for line in self.actions if line.is_open]

    @cached_property
    def done(self) -> list[ListedAction]:
        return _latest(line for line in self.actions if not line.is_open and not line.is_dropped)

    @cached_property
    def dropped(self) -> list[ListedAction]:
        return _latest(line for line in self.actions if line.is_dropped)

    @property
    def has_more(self) -> bool:
        """Whether more ended than stands here."""
        return len(self.open) + len(self.done) + len(self.dropped) < len(self.actions)

    @cached_property
    def deleted(self) -> list[ActionRow]:
        return [self.row(action) for action in _deleted(self.person, self.partnership)]


def _latest(lines: Iterable[ListedAction]) -> list[ListedAction]:
    return sorted(lines, key=lambda line: line.ended_on, reverse=True)[:SHOWN]
