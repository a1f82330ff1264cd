"""What the steps in which sentences are kept share."""

from __future__ import annotations

from retros.models import Action, Draft, Entry, Note
from retros.models.draft import Begun
from retros.room.frame import Frame


class Learns(Frame):
    """A step in which the two keep sentences."""

    @property
    def boxes(self) -> list[str]:
        return [self.learn_box.key]

    @property
    def learn_box(self) -> Begun:
        return self.box(Draft.Box.LEARN.key(self.step.pk))

    @property
    def spoken(self) -> list[Entry | Note | Action]:
        return [*self._notes]

    @property
    def learnings(self) -> list[Note]:
        return [note for note in self._notes if note.kind == Note.Kind.LEARNED and note.text]
