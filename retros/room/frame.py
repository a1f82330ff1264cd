"""The room around a step: what every kind of step has. Reads only, and only through what the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID, uuid4

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from retros.models import Action, Draft, Entry, Note, Session, Step
from retros.models.expiry import gone
from retros.room.board import CardRow, Column, Stamp
from retros.room.dock import Dock, Side

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from partnerships.models import Person


WRITING = timedelta(seconds=8)  # this long after their last word came, somebody counts as writing


@dataclass
class PathStep:
    step: Step
    url: str
    state: str  # done, now, todo
    is_shown: bool


class Frame:
    """The room around one step, as `person` sees it now: which session, where the two are, what may be written.

    Each kind of step is a subclass (retros/room/steps/): its template, its boxes, and what can change in it.
    """

    template: ClassVar[str]  # draws the whole step
    parts: ClassVar[tuple[str, ...]] = ()  # the templates of what can change in it, each an element with an id

    def __init__(self, session: Session, person: Person, position: int) -> None:
        self.session = session
        self.person = person
        self.now: datetime = timezone.now()
        self.step: Step = session.steps[position]
        self.step.session = session
        self.dock = Dock(self.step, person, self.now)
        self.seat, self.phase = self.dock.seat, self.dock.phase
        self.sides, self.you, self.partner = self.dock.sides, self.dock.you, self.dock.partner

    # --- where we are -------------------------------------------------------------------------------------------

    @cached_property
    def gone(self) -> str:
        """That the words of this retro were removed."""
        return gone(self.session, self.person)

    @property
    def key(self) -> str:
        """What is drawn: changes when the page must be drawn anew, and not only its lists, tray and dock.

        The last part is the shared step, while the viewer stands on it.
        """
        shared = self.session.position if self.step.is_current else ""
        return f"{self.phase}.{self.session.status}.{self.middle}.{shared}"

    @property
    def middle(self) -> object:
        """What the step is drawn around: when it changes, the step is drawn anew."""
        return ""

    @property
    def stamp(self) -> Stamp:
        """What a browser shows that has drawn all of this."""
        return Stamp(self.key, self.version, self.rest, {})

    @property
    def rest(self) -> str:
        """What stands around the cards of an open board, in short; empty where it is drawn every time."""
        return ""

    def changes(self, stamp: Stamp) -> list[tuple[Column, list[CardRow], bool]]:
        """The columns of cards that differ from what a browser shows; only a board has any."""
        return []

    @property
    def version(self) -> int:
        """The viewer's version that this view shows at least."""
        return self.session.version_for(self.seat)

    def has_moved_on(self, key: str) -> bool:
        """Whether the browser that drew `key` stood on the shared step, and the two have left it since."""
        followed = key.rpartition(".")[2] == str(self.step.position)
        return followed and not self.step.is_current

    @property
    def can_write(self) -> bool:
        return self.session.is_open and not self.session.partnership.is_archived

    @property
    def can_discard(self) -> bool:
        return not self.session.is_opened

    @property
    def lede(self) -> str:
        return self.step.lede

    @property
    def heading(self) -> str:
        return self.step.heading

    @property
    def sees(self) -> str:
        """The privacy line: who sees what is written here."""
        if self.phase == "write":
            if not self.session.is_open:
                return _("Only you can read this")
            return self.sees_while_writing
        if self.phase == "opened":
            return _("You two see your side. %(name)s’s side is still folded") % {"name": self.partner.name}
        return _("You two see this. Nobody else does")

    @property
    def sees_while_writing(self) -> str:
        return _("Only you can read this until you both reveal")

    @cached_property
    def path(self) -> list[PathStep]:
        steps = []
        for step in self.session.steps:
            done = step.position < self.session.position or self.session.is_closed
            now = step.position == self.session.position and not done
            steps.append(
                PathStep(
                    step=step,
                    url=reverse("step_detail", args=[self.session.pk, step.position]),
                    state="done" if done else "now" if now else "todo",
                    is_shown=step.position == self.step.position,
                )
            )
        return steps

    @cached_property
    def digest(self) -> str:
        """What the viewer's Ready would open, as this page shows it."""
        cards = [e for e in self._entries if e.is_card and not e.only_me and e.author_id == self.person.pk]
        return Step.hash_rows((e.pk, e.version) for e in cards)

    @property
    def client_id(self) -> UUID:
        """A fresh one for each form."""
        return uuid4()

    def side_of(self, entry: Entry) -> Side:
        return self.you if entry.author_id == self.person.pk else self.partner

    # --- what is written alone ----------------------------------------------------------------------------------

    @cached_property
    def _entries(self) -> list[Entry]:
        return list(self._visible_entries())

    def _visible_entries(self) -> QuerySet[Entry]:
        return Entry.objects.visible_to(self.person).in_step(self.step).with_picks(self.person)

    @property
    def boxes(self) -> list[str]:
        """The keys (`Draft.key`) of the boxes of this step. The verb that takes a text over drops its draft."""
        return []

    @property
    def boxes_elsewhere(self) -> tuple[str, ...]:
        """Those of the boxes that another page shows as well."""
        return ()

    @cached_property
    def _drafts(self) -> dict[str, Draft]:
        return Draft.of(self.person, self.boxes) if self.boxes and self.can_write else {}

    @cached_property
    def left_behind(self) -> list[Draft]:
        """What the viewer was still typing here when the session ended."""
        here = [key for key in self.boxes if key not in self.boxes_elsewhere]
        return list(Draft.of(self.person, here).values()) if here and not self.session.is_open else []

    @cached_property
    def folded(self) -> int:
        """How many folded cards the partner has here: the one number that is told before the reveal."""
        return 0 if self.phase in {"revealed", "shared"} else self.step.folded_cards(self.partner.person)

    @property
    def folded_shown(self) -> range:
        return range(min(self.folded, 8))

    @property
    def folded_label(self) -> str:
        return ngettext("%(count)d folded card from %(name)s", "%(count)d folded cards from %(name)s", self.folded) % {
            "count": self.folded,
            "name": self.partner.name,
        }

    @property
    def partner_side_open(self) -> bool:
        return self.step.side_open(self.partner.seat)

    # --- what is written together -------------------------------------------------------------------------------

    @cached_property
    def _notes(self) -> list[Note]:
        return list(Note.objects.visible_to(self.person).filter(step=self.step))

    @property
    def partner_writes(self) -> bool:
        """Whether the other one is at a shared note of this step at this moment."""
        return any(n.written_by_id == self.partner.person.pk and self.now - n.written_at < WRITING for n in self._notes)

    @cached_property
    def actions(self) -> list[Action]:
        """Agreed in this session."""
        return list(Action.objects.visible_to(self.person).filter(session=self.session).with_owners())

    @property
    def default_due(self) -> str:
        """The date of the next planned retro, else eight weeks on (ISO, for a date field)."""
        return (self.session.next_local or self.now.astimezone(self.person.tz) + timedelta(weeks=8)).date().isoformat()
