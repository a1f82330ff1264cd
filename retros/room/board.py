"""A board as it is drawn: its cards, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.utils.functional import cached_property

from partnerships.graphemes import shorten
from retros import limits
from retros.fields import starters
from retros.models import Draft, Entry, Prompt
from retros.paths import mark, short_id
from retros.room.regions import Region, Rows, fixed, region

if TYPE_CHECKING:
    from retros.agreements.page import Proposed
    from retros.models import Note
    from retros.models.action import ActionLine
    from retros.models.draft import Begun
    from retros.room.dock import Side
    from retros.room.frame import Frame


@dataclass
class Card:
    entry: Entry
    side: Side
    picked_by_you: bool = False
    picked_by_partner: bool = False

    @property
    def pick_rank(self) -> int:
        return self.picked_by_you + self.picked_by_partner


TALK_CLASS: dict[str, str] = {Entry.Talk.ON_TABLE: " open", Entry.Talk.TALKED: " spoken"}


class CardShown(NamedTuple):
    """All that a card shows to one viewer."""

    id: str
    column: str  # a card is another region in another column: the browser looks for it in its own
    seat: str
    text: str
    who: str
    talk: str
    only_me: bool
    pick: str  # yours, both, theirs, none; empty when it cannot be picked
    can_table: bool
    can_edit: bool
    can_move: bool
    your_seat: str
    partner_seat: str
    partner_name: str
    actions: tuple[str, ...]  # what was agreed from it
    in_person: bool
    can_tick: bool  # as talked about, in person
    difference_url: str  # where X versus Y about it begins; empty while it is talked about here

    @property
    def named_by(self) -> str:
        """What its buttons are called after, where that is not the text: the start of a long one."""
        return shorten(self.text, limits.PREVIEW_LENGTH) if len(self.text) > limits.CARD_NAME_LENGTH else ""

    @property
    def mark(self) -> str:
        return mark(UUID(self.id))

    @property
    def url(self) -> str:
        """Every press on the card starts with it; relative to the step's page, for it is written out often."""
        return f"../../entries/{short_id(UUID(self.id))}/"

    @property
    def picked_by(self) -> str:
        """The seats that picked it, in their order."""
        seats = {"yours": self.your_seat, "theirs": self.partner_seat, "both": "ab"}
        return seats.get(self.pick, "")

    @property
    def talk_class(self) -> str:
        """With the space before it."""
        return TALK_CLASS.get(self.talk, "")


class OnTable(NamedTuple):
    """What belongs to the card on the table."""

    column: Prompt
    box: Begun  # for an action from it
    note: Note | None
    actions: list[ActionLine]
    clauses: list[Proposed]
    difference_url: str


class Column:
    """A column, as the viewer of `room` sees it."""

    def __init__(self, room: Frame, number: int, prompt: Prompt, cards: list[CardShown]) -> None:
        self.prompt = prompt
        self._room, self._number, self._cards = room, number, cards

    @cached_property
    def cards(self) -> Rows:
        shown = [region("retros/room/_card.html", card=card) for card in self._cards]
        return Rows(region("retros/room/_cards.html", column=self.prompt.key), shown)

    @cached_property
    def count(self) -> Region:
        return region("retros/room/_count.html", column=self.prompt.key, cards=len(self._cards))

    @property
    def composer(self) -> Region:
        return fixed(
            "retros/room/_composer.html", number=self._number, key=self.prompt.key, title=self.prompt.title,
            seat=self._room.seat.value, folds=self._room.phase == "write",
            session=self._room.session.pk, prompt=self.prompt.pk, starters=starters,
            box=self._room.box(Draft.Box.CARD.key(self.prompt.pk)),
        )  # fmt: skip
