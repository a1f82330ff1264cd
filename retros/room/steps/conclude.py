"""Conclusions and actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from retros.models import Action, Draft, Entry, Note, Session
from retros.models.action import ActionLine
from retros.models.draft import Begun
from retros.room.regions import Region, Rows, drawn
from retros.room.steps.learns import Learns

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class PartTitles:
    """What the three parts are called."""

    learned: StrOrPromise
    add: StrOrPromise
    ask: StrOrPromise
    try_it: StrOrPromise
    untried: StrOrPromise
    acts: StrOrPromise
    no_acts: StrOrPromise
    add_act: StrOrPromise
    ask_act: StrOrPromise


USUAL = PartTitles(
    learned=_("What we learned"), add=_("Add a learning"), ask=_("What did we learn?"),
    try_it=_("The one thing to try"),
    untried=_("What could be the one thing to try to make our collaboration even more effective?"),
    acts=_("Actions from today"), no_acts=_("None yet. They can also come straight from a card on the table."),
    add_act=_("Add an action"), ask_act=_("What will you do?"),
)  # fmt: skip
OF_A_DIFFERENCE = PartTitles(
    learned=_("Decided"), add=_("Write down what you decided"), ask=_("What did you decide?"),
    try_it=_("To test first"), untried=_("Which way could you try for a while, and how would you know?"),
    acts=_("Parked, and who gets it decided by when"), no_acts=_("Nothing is parked."), add_act=_("Park it"),
    ask_act=_("What is to be decided?"),
)  # fmt: skip


class Conclude(Learns):
    """Conclusions: what the two learned, the one thing to try, actions. Of a difference: decided, to test, parked."""

    template = "retros/room/_conclude.html"
    parts = ("learnings", "proposals", "experiments", "actions")

    @cached_property
    def inside(self) -> Mapping[str, Region | Rows]:
        """Also the words of the form for trying something, where there is one."""
        found = dict(super().inside)
        if self.can_write:
            found["try_words"] = drawn("retros/room/_try_words.html", room=self)
        return found

    @property
    def words(self) -> PartTitles:
        words = OF_A_DIFFERENCE if self.session.kind == Session.Kind.DIFFERENCE else USUAL
        if not self.session.is_closed:
            return words
        return replace(words, untried=_("Nothing this time."), no_acts=_("Nothing this time."))

    @property
    def boxes(self) -> list[str]:
        return [*super().boxes, self.try_box.key]

    @property
    def spoken(self) -> list[Entry | Note | Action]:
        return [*super().spoken, *self.actions]

    @property
    def try_box(self) -> Begun:
        return self.box(Draft.Box.TRY.key(self.session.pk))

    @property
    def action_box(self) -> Begun:
        """The page of an action between retros shows it as well."""
        return self.box(Draft.Box.ACTION.key(self.session.partnership_id))

    @property
    def experiments(self) -> list[ActionLine]:
        return [line for line in self.agreed if line.action.is_experiment]

    @property
    def plain_actions(self) -> list[ActionLine]:
        return [line for line in self.agreed if not line.action.is_experiment]
