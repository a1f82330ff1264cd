"""Which clauses ask for a look, and why: what came up about them since somebody last looked. Reads only.

A look is “still right”, or a proposal to change the clause. Only what lies open to both can ask for one: never an
answer before its reveal, never one that is “only me”.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.models import Version
from retros.models import ClauseLink, ClauseOrigin

CARDS_THAT_ASK = 2  # so many cards that held the pair back
Line = tuple[UUID, UUID]  # an agreement's id, and the identity of a clause in it


@dataclass(frozen=True)
class Mention:
    """A clause came up on a card that held the pair back; `version` is the proposal that came of it, if one did."""

    line: Line
    card: UUID
    at: datetime
    kept_at: datetime | None
    version: UUID | None = None


def attention(
    links: Sequence[ClauseLink], origins: Sequence[ClauseOrigin], versions: Iterable[Version]
) -> dict[Line, list[str]]:
    """The reasons by clause; a clause that asks for nothing is not in it.

    `links` come with their looks, `origins` from `ClauseOrigin.of`; `versions` are all of the same agreements, and are
    not gone through when nothing came up that could ask.
    """
    cards = [*_linked(links), *_proposed_from(origins)]
    told = [link for link in links if link.told_at]
    marks: dict[Line, list[str]] = defaultdict(list)
    often = Counter(line for line, _card in {(card.line, card.card) for card in cards})
    if told or any(count >= CARDS_THAT_ASK for count in often.values()):
        looks = _Looks(versions, {card.version for card in cards})
        for line, why in (*_changes(told, looks), *_twice(cards, looks)):
            marks[line].append(why)
    return dict(marks)


class _Looks:
    """When changes were proposed: of a clause, or (None) of a whole text."""

    def __init__(self, versions: Iterable[Version], from_cards: set[UUID | None]) -> None:
        self.proposed: dict[tuple[UUID, UUID | None], datetime] = {}
        self.of_their_own: dict[tuple[UUID, UUID | None], datetime] = {}  # not because of a card
        for version in sorted(versions, key=lambda version: version.proposed_at):
            key = version.agreement_id, version.line
            self.proposed[key] = version.proposed_at
            if version.pk not in from_cards:
                self.of_their_own[key] = version.proposed_at

    def none_since(self, line: Line, at: datetime, kept_at: datetime | None, *, cards: bool) -> bool:
        """Whether nobody looked at the clause after that moment; a proposal from a card is no look at the cards."""
        proposed = self.of_their_own if cards else self.proposed
        looks = [kept_at, proposed.get(line), proposed.get((line[0], None))]
        return all(look is None or look < at for look in looks)


def _linked(links: Sequence[ClauseLink]) -> Iterator[Mention]:
    for link in links:
        if link.entry and link.entry.prompt.column == "bad" and link.entry.deleted_at is None:
            yield Mention((link.agreement_id, link.line), link.entry.pk, link.at, link.kept_at)


def _proposed_from(origins: Sequence[ClauseOrigin]) -> Iterator[Mention]:
    for origin in origins:
        if origin.line and origin.card and origin.card.prompt.column == "bad":
            version = origin.version
            line = (version.agreement_id, origin.line)
            yield Mention(line, origin.card.pk, version.proposed_at, origin.kept_at, version.pk)


def _changes(links: Sequence[ClauseLink], looks: _Looks) -> Iterator[tuple[Line, str]]:
    """The changes that somebody told of after the clause was linked to them."""
    for link in links:
        line = (link.agreement_id, link.line)
        if link.told_at and looks.none_since(line, link.told_at, link.kept_at, cards=False):
            words = {"change": link.get_tag_display(), "number": link.told_in}
            yield line, _("Something changed in “%(change)s”: you said so in retro %(number)s.") % words


def _twice(cards: Sequence[Mention], looks: _Looks) -> Iterator[tuple[Line, str]]:
    found: dict[Line, set[UUID]] = defaultdict(set)
    for card in cards:
        if looks.none_since(card.line, card.at, card.kept_at, cards=True):
            found[card.line].add(card.card)
    for line, ids in found.items():
        if len(ids) >= CARDS_THAT_ASK:
            words = ngettext(
                "Came up as a “held us back” card %(n)d time.",
                "Came up as a “held us back” card %(n)d times.",
                len(ids),
            )
            yield line, words % {"n": len(ids)}
