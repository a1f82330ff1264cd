"""The room around a step: what every kind of step has. Reads only, and only through what the person may see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from uuid import UUID

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.compiled import CompiledQuery
from partnerships.models import Lead, Person
from retros.agreements.page import Proposed, proposed_in
from retros.fields import starters
from retros.models import Action, Draft, Entry, Note, Session, Step
from retros.models.action import ActionLine, lines_of
from retros.models.draft import Begun
from retros.models.expiry import gone
from retros.recurrence.common_hours import due_day
from retros.room.dock import Dock
from retros.room.regions import Region, Rows, draw, drawn, region, short
from retros.room.said import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from partnerships.hours import Hours


WRITING = timedelta(seconds=8)  # this long after their last word came, somebody counts as writing


_entries = CompiledQuery(
    lambda person, step: Entry.objects.visible_to(person).in_step(step).with_picks(person), Person, Step
)
_actions = CompiledQuery(
    lambda person, session: Action.objects.visible_to(person).filter(session=session).with_owners(), Person, Session
)
_notes = CompiledQuery(lambda person, step: Note.objects.visible_to(person).filter(step=step), Person, Step)


class PathStep(NamedTuple):
    title: str
    position: int
    is_done: bool
    is_shown: bool


class PageShown(NamedTuple):
    """All that a page of the room shows around its regions."""

    session: UUID
    partnership: UUID
    position: int
    title: str
    tab: str
    call_url: str  # empty without one, and when it is over
    is_narrow: bool


class Frame:
    """The room around one step, as `person` sees it now: which session, where the two are, what may be written.

    Each kind of step is a subclass (retros/room/steps/): its template, its boxes, and what can change in it.
    """

    template: ClassVar[str]  # draws the whole step
    parts: ClassVar[tuple[str, ...]] = ()  # what can change in it: templates, each of an element with an id

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
    def middle(self) -> object:
        """What the step is drawn around: when it changes, the step is drawn anew."""
        return ""

    @property
    def version(self) -> int:
        """The viewer's version that this view shows at least."""
        return self.session.version_for(self.seat)

    @cached_property
    def can_write(self) -> bool:
        return self.session.is_open and not self.session.partnership.is_archived

    @property
    def writes_alone(self) -> bool:
        return self.can_write and self.phase == "write"

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
    def tab(self) -> str:
        """The title of the browser's tab: where one is, and first of all whose turn it is."""
        if self.session.is_closed and self.step.is_last:
            return _("%(title)s is closed") % {"title": self.session.title}
        title = f"{self.step.title} · {self.session.title}"
        if self.partner.is_ready and not self.you.is_ready:
            return _("%(name)s is ready") % {"name": self.partner.name} + f" · {title}"
        return title

    @property
    def reveal_words(self) -> str:
        """What is said when both sides open."""
        return _("Your answers and %(name)s’s are open") % {"name": self.partner.name}

    @property
    def spoken(self) -> list[Entry | Note | Action]:
        """What a sentence about what the other one did may quote: of this step, as the viewer may see it."""
        return []

    @cached_property
    def _words(self) -> dict[str, str]:
        return {str(row.pk): row.text for row in self.spoken}

    def words_of(self, pk: str) -> str:
        """The text of one of `spoken`; nothing for another row."""
        return self._words.get(pk, "")

    @property
    def has_unsent(self) -> bool:
        """Whether something that the viewer typed stands in no box of this page any more."""
        return False

    @cached_property
    def is_led(self) -> bool:
        """Whether somebody leads the two: without, no page speaks of a lead."""
        return Lead.objects.filter(partnership=self.session.partnership_id).exists()

    @property
    def sees_while_writing(self) -> str:
        return _("Only you can read this until you both reveal")

    @cached_property
    def path(self) -> tuple[PathStep, ...]:
        return tuple(
            PathStep(
                title=step.title,
                position=step.position,
                is_done=step.position < self.session.position or self.session.is_closed,
                is_shown=step.position == self.step.position,
            )
            for step in self.session.steps
        )

    @cached_property
    def own_digest(self) -> str:
        """What the viewer's Ready would open, as this page shows it; empty when it would open nothing."""
        if self.phase != "write":
            return ""
        cards = [e for e in self._entries if e.is_card and not e.only_me and e.author_id == self.person.pk]
        return self.step.hash_rows((e.pk, e.version) for e in cards)

    # --- how it is drawn (retros/room/regions.py) ----------------------------------------------------------------

    @property
    def page(self) -> PageShown:
        session, wide = self.session, {Step.Kind.WRITE, Step.Kind.CONCLUDE}
        return PageShown(
            session.pk, session.partnership_id, self.step.position, session.title, self.tab,
            call_url=session.meeting_url or "" if session.is_open else "", is_narrow=self.step.kind not in wide,
        )  # fmt: skip

    @property
    def whole(self) -> dict[str, str]:
        """What the page shows, by the name of its place: the regions around the step, the step, and its state."""
        drawn_around = {name: each.whole for name, each in self.around.items()}
        step, state = draw("retros/room/_step.html", room=self), draw("retros/room/_state.html", room=self)
        return {**drawn_around, "step": step, "state": state}

    @cached_property
    def around(self) -> dict[str, Region]:
        """The regions around the step, by name."""
        paused = (self.session.pause_reason or "yes") if self.session.paused_at else ""
        return {
            "path": region(
                "retros/room/_path.html", session=self.session.pk, path=self.path,
                from_one=self.session.kind != Session.Kind.RETRO,
            ),
            "banner": region(
                "retros/room/_banner.html", paused=paused, gone=self.gone, status=self.session.status,
                is_retro=self.session.kind == Session.Kind.RETRO, starters=starters,
                session=self.session.pk,
            ),
            "dock": region("retros/room/_dock.html", dock=self.dock.shown(self.can_write, self.own_digest)),
            "said": region("retros/room/_said.html", said=said(self)),
            "more": region("retros/room/_more.html", more=self.dock.more(self.own_digest)),
        }  # fmt: skip

    @cached_property
    def inside(self) -> Mapping[str, Region | Rows]:
        """The regions within the step: what can change in it without its being drawn anew."""
        return {
            part: self.tray() if part == "tray" else drawn(f"retros/room/_{part}.html", room=self)
            for part in self.parts
        }

    def tray(self) -> Region:
        """What of the other one's side may be known while it is folded."""
        has_cards = self.step.kind == Step.Kind.WRITE
        folded = self.folded if has_cards and not self.partner_side_open else 0
        return region(
            "retros/room/_tray.html", is_shown=self.can_write and self.step.is_folded, phase=self.phase,
            name=self.partner.name, seat=self.partner.seat.value, is_open=self.partner_side_open,
            is_ready=self.partner.is_ready, has_cards=has_cards, folded=folded, locks=range(min(folded, 8)),
        )  # fmt: skip

    @property
    def step_digest(self) -> str:
        """Of what the step is drawn around: when it changes, the step is drawn anew, with its regions."""
        left = [(draft.key, draft.text) for draft in self.left_behind]
        return short((self.step.pk, self.phase, self.session.status, self.middle, self.step.is_current, left))

    @property
    def _place(self) -> str:
        return short((self.session.pk, self.step.position))

    @property
    def followed(self) -> str:
        """Shown by whoever stands on the step that the two share, and goes with them."""
        return self._place if self.step.is_current else ""

    @property
    def tab_digest(self) -> str:
        """Of the title of the tab, which a browser takes a while to set."""
        return short(self.tab)

    def has_moved_on(self, shown: set[str]) -> bool:
        """Whether a browser that shows these stood on the shared step, and the two have left it since; not where the
        session was called off.
        """
        return self.session.is_open and not self.step.is_current and self._place in shown

    @property
    def digests(self) -> list[str]:
        """What a browser shows that has drawn all of this."""
        regions = [*self.around.values(), *self.inside.values()]
        return [self.step_digest, self.tab_digest, *(digest for each in regions for digest in each.digests)]

    def news(self, shown: set[str]) -> str:
        """What a browser that shows these does not show yet, and from which version on; to be `filled`."""
        state = draw("retros/room/_state.html", room=self, oob=True, retitled=self.tab_digest not in shown)
        around = "".join(each.news(shown) for each in self.around.values())
        if self.step_digest not in shown:
            return state + around + draw("retros/room/_step.html", room=self, oob=True)
        return state + around + "".join(each.news(shown) for each in self.inside.values())

    # --- what is written alone ----------------------------------------------------------------------------------

    @cached_property
    def _entries(self) -> list[Entry]:
        return _entries(self.person, self.step)

    @property
    def boxes(self) -> list[str]:
        """The keys (`Draft.key`) of the boxes that only this step has. What takes a text over drops its draft."""
        return []

    @cached_property
    def begun(self) -> dict[str, Draft]:
        """All that the viewer began to write, here and elsewhere."""
        return Draft.begun(self.person)

    def box(self, key: str) -> Begun:
        """The box of this key, with what the viewer began to write in it."""
        return self._begun(key) if self.can_write else Begun(key)

    def _begun(self, key: str) -> Begun:
        draft = self.begun.get(key)
        return Begun(key, draft.text, draft.version) if draft else Begun(key)

    @cached_property
    def left_behind(self) -> list[Draft]:
        """What the viewer was still typing here when the session ended: in a box, or saved too late."""
        if self.session.is_open or not self.begun:
            return []
        here = [*self.boxes, *(Draft.Box.LATE.key(pk) for pk in self.late)]
        return [self.begun[key] for key in here if key in self.begun]

    @property
    def copies(self) -> list[tuple[str, Begun]]:
        """Once the session has ended: the key of each copy that a browser may have kept of it, and the draft that takes
        it. Actions from cards are left out: a form for each card would be a long page.
        """
        if self.session.is_open:
            return []
        own = [key for key in self.boxes if not key.startswith(Draft.Box.ACTION)]
        answers = {f"answer:{p.pk}": Draft.Box.LATE.key(p.pk) for p in self.step.prompts if not p.takes_cards}
        drafts = dict(zip(own, own, strict=True)) | answers
        return [(copy, self._begun(key)) for copy, key in drafts.items()]

    @property
    def late(self) -> list[UUID]:
        """What a text may be about that came after the session had ended."""
        return [self.step.pk, *(prompt.pk for prompt in self.step.prompts), *(entry.pk for entry in self._entries)]

    @cached_property
    def folded(self) -> int:
        """How many folded cards the partner has here: the one number that is told before the reveal."""
        return self.step.folded_cards(self.partner.person) if self.step.is_folded else 0

    @property
    def your_side_open(self) -> bool:
        return self.step.side_open(self.seat)

    @property
    def partner_side_open(self) -> bool:
        return self.step.side_open(self.partner.seat)

    # --- what is written together -------------------------------------------------------------------------------

    @cached_property
    def _notes(self) -> list[Note]:
        return _notes(self.person, self.step)

    @property
    def partner_writes(self) -> bool:
        """Whether the other one is at a shared note of this step at this moment."""
        theirs = [note for note in self._notes if note.written_by_id == self.partner.person.pk]
        return any(abs(self.now - note.written_at) < WRITING for note in theirs)

    @cached_property
    def actions(self) -> list[Action]:
        """Agreed in this session."""
        return _actions(self.person, self.session)

    @property
    def agreed(self) -> list[ActionLine]:
        """The same as they are listed: what both took is one line."""
        return lines_of(self.actions)

    @cached_property
    def clauses(self) -> list[Proposed]:
        """What of this session went into an agreement, or waits for a signature."""
        return proposed_in(self.session, self.person, self.partner.name)

    @property
    def default_due(self) -> str:
        """By the next planned retro, else eight weeks on, on a day that both work (ISO, for a date field)."""
        now = self.now.astimezone(self.person.tz)
        day = (self.session.next_local or now + timedelta(weeks=8)).date()
        return due_day(day, self.both_hours, today=now.date()).isoformat()

    @property
    def both_hours(self) -> list[Hours]:
        return [side.person.hours for side in self.sides]
