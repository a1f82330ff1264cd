"""Putting in what was read: all of it or nothing, as one's own cards, or as one's own actions of the pair."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.refusals import Refusal
from retros.bring_in import rows
from retros.models import Action, Entry, Prompt, Session, Step
from retros.pair import Pair

if TYPE_CHECKING:
    from partnerships.models import Person


class BringIn(Pair):
    """What one of the two can bring in here."""

    @cached_property
    def session(self) -> Session | None:
        """The retro that is open now, else the next one, if it has a board."""
        retros = Session.objects.of(self.person).filter(partnership=self.partnership, kind=Session.Kind.RETRO)
        return retros.running().first() or retros.upcoming().filter(start_utc__gt=self.now).first()

    @property
    def board(self) -> Step | None:
        return next((s for s in self.session.steps if s.kind == Step.Kind.WRITE), None) if self.session else None

    @property
    def prompts(self) -> list[Prompt]:
        return self.board.prompts if self.board else []

    def put_in_cards(self, text: str, *, id: uuid.UUID, usual: str = "") -> int:
        """Fold them for the next retro, and return how many. Sent again, nothing comes twice.

        Raises Invalid with the line and the reason; Refusal without a board, with one's own side open, or too many;
        NotAllowed for who may not write here.
        """
        if self.board is None:
            with self.partnership.writing(self.person):
                raise Refusal(_("No retro is planned. Plan one first, then bring the cards in."))
        found = rows.cards(text, me=names_of(self.person))
        by_name = {name.casefold(): p for p in reversed(self.prompts) for name in (p.column, p.title, p.key)}
        fallback = next((p for p in self.prompts if p.key == usual), self.prompts[0])
        cards = []
        for row in found:
            if row.column and row.column.casefold() not in by_name:
                known = {"columns": ", ".join(p.title for p in self.prompts)}
                raise rows.at_line(row.line, _("The board has no such column. It has: %(columns)s.") % known)
            cards.append((by_name.get(row.column.casefold(), fallback), row.text))
        Entry.fold_all(self.board, by=self.person, cards=cards, id=id)
        return len(cards)

    def put_in_actions(self, text: str, *, id: uuid.UUID) -> int:
        """Add them to the pair's, all of them one's own, and return how many. Sent again, nothing comes twice.

        Raises Invalid with the line and the reason.
        """
        found = rows.actions(text, me=names_of(self.person))
        fields = (*Action.WORDS, "due", "is_experiment")
        Action.bring_in(
            self.partnership, by=self.person, rows=[{n: getattr(row, n) for n in fields} for row in found], id=id
        )
        return len(found)


def names_of(person: Person) -> set[str]:
    """How a file may call whoever brings it in."""
    return {person.bare_name, person.bare_first_name, person.email, "me"}
