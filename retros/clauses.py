"""What one person can choose when they put something from the room into an agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from partnerships.models import Agreement
from retros.models import Entry, Note, Session

if TYPE_CHECKING:
    from partnerships.models import Person


class ClauseChoice:
    """The agreements of the pair with their clauses, and the words that it starts from."""

    def __init__(
        self, session: Session, person: Person, position: int, *, entry: Entry | None = None, note: Note | None = None
    ) -> None:
        self.session = session
        self.position = position
        self.entry = entry
        self.note = note
        self.client_id: UUID = uuid4()
        self.agreements: list[Agreement] = list(
            Agreement.objects.of(person).open().filter(partnership=session.partnership_id)
        )

    @property
    def said(self) -> str:
        """What it is about: the words of the card or of the learning."""
        return self.entry.text if self.entry else self.note.text if self.note else ""
