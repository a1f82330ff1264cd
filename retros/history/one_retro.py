"""A whole retro on one page, as it was: what lay open for both, nothing else. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from retros.models import Action, ClauseOrigin, Entry, Note, Prompt, Review, Session, Step
from retros.models.action import lines_of
from retros.models.expiry import gone

if TYPE_CHECKING:
    from datetime import date

    from partnerships.models import Person, Version
    from retros.models import Presence


@dataclass(frozen=True)
class PrintedText:
    """A card, or an answer in words."""

    entry: Entry
    by: Presence
    words: str
    note: Note | None


@dataclass(frozen=True)
class PrintedQuestion:
    prompt: Prompt
    said: list[PrintedText]


@dataclass(frozen=True)
class PrintedAction:
    action: Action
    owners: list[tuple[Person, str]]  # each with the seat that was theirs; empty for none of the two


@dataclass(frozen=True)
class PrintedClause:
    """A clause that came up, in which agreement, and whose signature it has."""

    words: str
    agreement: str
    state: str


@dataclass(frozen=True)
class PrintedReview:
    """What became of an action at this retro; of what both took, each one's in one line."""

    action: Action
    said: list[tuple[Person, str, Review]]  # the owner, with the seat that was theirs


@dataclass(frozen=True)
class PrintedStep:
    """One step that left something to read."""

    step: Step
    questions: list[PrintedQuestion]
    notes: list[Note]
    actions: list[PrintedAction]
    clauses: list[PrintedClause]
    reviews: list[PrintedReview]

    @property
    def is_empty(self) -> bool:
        return not (self.questions or self.notes or self.actions or self.clauses or self.reviews)


class PrintView:
    def __init__(self, session: Session, person: Person) -> None:
        self.session = session
        self.person = person
        self.sides = list(session.sides.values())

    @property
    def names(self) -> str:
        return " · ".join(side.person.full_name for side in self.sides)

    @property
    def today(self) -> date:
        return timezone.now().astimezone(self.person.tz).date()

    @property
    def when(self) -> str:
        return date_format(self.session.day, "l j F Y")

    @property
    def gone(self) -> str:
        return gone(self.session, self.person)

    @property
    def summary(self) -> Note | None:
        return next((note for note in self._notes if note.kind == Note.Kind.SUMMARY and note.text), None)

    @cached_property
    def parts(self) -> list[PrintedStep]:
        parts = [self._part(step) for step in self.session.steps]
        return [part for part in parts if not part.is_empty]

    def _part(self, step: Step) -> PrintedStep:
        by_prompt: dict[UUID, list[PrintedText]] = {}
        for entry in self._entries:
            if entry.step_id == step.pk:
                by_prompt.setdefault(entry.prompt_id, []).append(self._said(entry))
        prompts = [said[0].entry.prompt for said in by_prompt.values()]
        questions = [PrintedQuestion(p, _in_order(by_prompt[p.pk])) for p in sorted(prompts, key=lambda p: p.position)]
        own = [n for n in self._notes if n.step_id == step.pk and n.entry_id is None and n.kind != Note.Kind.SUMMARY]
        return PrintedStep(
            step, questions, [note for note in own if note.text],
            self._actions if step.kind == Step.Kind.CONCLUDE else [],
            self._clauses if step.kind == Step.Kind.CONCLUDE else [],
            self._reviews if step.kind == Step.Kind.LOOK_BACK else [],
        )  # fmt: skip

    def _said(self, entry: Entry) -> PrintedText:
        by = next(side for side in self.sides if side.person_id == entry.author_id)
        labels = dict(entry.prompt.choices)
        words = [labels.get(str(entry.value), ""), *(labels.get(tag, "") for tag in entry.tags)]
        return PrintedText(entry, by, ", ".join(word for word in words if word), self._by_card.get(entry.pk))

    @cached_property
    def _entries(self) -> list[Entry]:
        """What lies open for both: the page is the same for both, and may lie on a table."""
        rows = Entry.objects.visible_to(self.person).filter(step__session=self.session, opened_at__isnull=False)
        return list(rows.select_related("prompt").order_by("created_at", "pk"))

    @cached_property
    def _notes(self) -> list[Note]:
        return list(Note.objects.visible_to(self.person).filter(step__session=self.session))

    @property
    def _by_card(self) -> dict[UUID, Note]:
        return {note.entry_id: note for note in self._notes if note.entry_id and note.text}

    @cached_property
    def _seats(self) -> dict[Any, str]:
        return {side.person_id: side.seat for side in self.sides}

    @cached_property
    def _actions(self) -> list[PrintedAction]:
        actions = Action.objects.visible_to(self.person).filter(session=self.session).with_owners()
        return [
            PrintedAction(line.action, [(owner, self._seats.get(owner.pk, "")) for owner in line.owners])
            for line in lines_of(actions)
        ]

    @cached_property
    def _clauses(self) -> list[PrintedClause]:
        return [
            PrintedClause(origin.words or "", origin.version.title, self._signed(origin.version))
            for origin in ClauseOrigin.proposed_in(self.session)
        ]

    def _signed(self, version: Version) -> str:
        """The same for both, like all of the page."""
        if version.number:
            return _("Signed by both.")
        signed = {signature.person_id for signature in version.signatures.all()}
        waits = " · ".join(side.person.full_name for side in self.sides if side.person_id not in signed)
        return _("Proposed. It waits for the signature of: %(names)s") % {"names": waits}

    @cached_property
    def _reviews(self) -> list[PrintedReview]:
        said = {action: review for action, review in Review.for_session(self.session, self.person) if review}
        return [
            PrintedReview(line.action, [(a.owner, self._seats.get(a.owner_id, ""), said[a]) for a in line.actions])
            for line in lines_of(said, each=True)
        ]


def _in_order(said: list[PrintedText]) -> list[PrintedText]:
    """Cards as they came, answers by seat: who of the two began to write first is not told."""
    return said if said[0].entry.is_card else sorted(said, key=lambda each: each.by.seat)
