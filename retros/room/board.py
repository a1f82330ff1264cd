"""A board as it is drawn: its cards in columns, and the stamp by which a browser says what it shows of them already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2s
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypedDict
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from retros.models import Draft, Entry, Prompt

if TYPE_CHECKING:
    from partnerships.models import Person
    from partnerships.models.partnership import Seat
    from retros.room.dock import Side


def short(value: object) -> str:
    """A few letters that change when the value does."""
    return blake2s(repr(value).encode(), digest_size=6).hexdigest()


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


class CardRow(TypedDict):
    """A card as its template draws it: plain values in a dict, since a board draws many of them at every change."""

    id: str
    seat: str
    text: str
    who: str
    preview: str
    url: str  # every press on the card starts with it; relative to the step's page, for it is written out often
    talk: str
    talk_class: str  # with the space before it
    only_me: bool
    lies_open: bool
    pick: str  # yours, both, theirs, none; empty when it cannot be picked
    can_table: bool
    can_edit: bool
    can_move: bool


def row_of(
    entry: Entry, *, seat: Seat, name: str, yours: bool, revealed: bool, can_write: bool, pick: str = "none"
) -> CardRow:
    """`seat` and `name` are its author's; `yours` says that this is the viewer."""
    shared = revealed and not entry.only_me and can_write
    return {
        "id": str(entry.pk),
        "seat": seat.value,
        "text": entry.text,
        "who": _("You") if yours and not revealed else name,
        "preview": entry.preview,
        "url": f"../../entries/{entry.pk}/",
        "talk": entry.talk,
        "talk_class": TALK_CLASS.get(entry.talk, ""),
        "only_me": entry.only_me,
        "lies_open": revealed,
        "pick": pick if shared and not entry.talk else "",
        "can_table": shared and entry.talk != Entry.Talk.ON_TABLE,
        "can_edit": yours and can_write,
        "can_move": yours and can_write and not revealed,
    }


class CardsDigest(NamedTuple):
    """Some cards, one below the other: how many, and their digest, which grows with each."""

    cards: int = 0
    digest: str = ""

    def below(self, row: CardRow) -> CardsDigest:
        return CardsDigest(self.cards + 1, short((self.digest, row)))

    def __str__(self) -> str:
        return f"{self.cards}.{self.digest}"

    @classmethod
    def parse(cls, text: str) -> CardsDigest:
        """What a browser sent; no mark of any column when it is none."""
        cards, _dot, digest = text.partition(".")
        return cls(_number(cards), digest)


TOP = CardsDigest()


@dataclass
class Column:
    prompt: Prompt
    rows: list[CardRow]
    drafts: Callable[[], dict[str, Draft]]  # asked for only where the composer is drawn
    above: CardsDigest = TOP  # the cards that stand above `rows`, when those are not all
    client_id: UUID = field(default_factory=uuid4)

    @cached_property
    def marks(self) -> list[CardsDigest]:
        """Of what stands above each row; the last one is that of the whole column."""
        return list(accumulate(self.rows, CardsDigest.below, initial=self.above))

    @property
    def mark(self) -> CardsDigest:
        return self.marks[-1]

    def since(self, mark: CardsDigest | None) -> list[CardRow] | None:
        """The cards below those of `mark`; None when more than that has changed."""
        return self.rows[self.marks.index(mark) :] if mark in self.marks else None

    @property
    def draft_key(self) -> str:
        return Draft.Box.CARD.key(self.prompt.pk)

    @property
    def draft(self) -> Draft | None:
        return self.drafts().get(self.draft_key)


class Stamp(NamedTuple):
    """What a browser shows of a room. It sends this back (as `room_key`) and gets what it does not show yet.

    `key`: what kind of page; `version`: the viewer's version of the session; `rest`: what stands around the cards;
    `columns`: the cards of each column, by the column's key.
    """

    key: str
    version: int
    rest: str
    columns: dict[str, CardsDigest]

    def __str__(self) -> str:
        columns = (f"{key}:{mark}" for key, mark in self.columns.items())
        return "~".join([self.key, str(self.version), self.rest, *columns])

    @classmethod
    def parse(cls, text: str) -> Stamp:
        """What a browser sent. What cannot be read is as if it showed nothing."""
        key, version, rest, *columns = [*text.split("~"), "", ""][: max(3, text.count("~") + 1)]
        marks = {name: CardsDigest.parse(mark) for name, _colon, mark in (column.partition(":") for column in columns)}
        return cls(key, _number(version), rest, {name: mark for name, mark in marks.items() if mark.cards >= 0})


def one_more(entry: Entry, person: Person, stamp: Stamp) -> tuple[Column, Stamp] | None:
    """For somebody whose board lacks this card and nothing else: its column, grown by it, and the stamp from then on.

    None when anything else has changed since `stamp`: then the room has to be read.
    """
    step, session = entry.step, entry.step.session
    seat = session.seat_of(person)
    version, above = session.version_for(seat), stamp.columns.get(entry.prompt.key)
    latest = entry.came_with(seat) == version and step.is_revealed
    if not latest or above is None or stamp.version + 1 != version:
        return None
    yours = entry.author_id == person.pk
    row = row_of(
        entry, seat=seat if yours else seat.other, name=entry.author.first_name, yours=yours,
        revealed=True, can_write=session.is_open,
    )  # fmt: skip
    column = Column(entry.prompt, [row], dict, above)
    return column, stamp._replace(version=version, columns={**stamp.columns, entry.prompt.key: column.mark})


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else -1
