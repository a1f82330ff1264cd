"""The questions of a step with what the two answered, as one of them may see it: pairs, guesses, tables of places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from retros.models import Draft, Entry, Note, Prompt
from retros.models.draft import Begun

if TYPE_CHECKING:
    from retros.room.dock import Side


@dataclass
class Answer:
    """One person's answer as the viewer may see it: `entry` is None for unanswered and for the other's “only me”.

    `real` belongs to a guess: what the other one answered, if the viewer may see that.
    """

    prompt: Prompt
    entry: Entry | None
    side: Side
    real: Answer | None = None

    @property
    def place(self) -> str:
        """Which place on a line was chosen, as the choices of its prompt name it; empty without one."""
        return str(self.entry.value) if self.entry and self.entry.value is not None else ""

    @property
    def label(self) -> str:
        """The word for a scale: “Fair”."""
        return next((label for value, label in self.prompt.choices if value == self.place), "")

    @property
    def tag_labels(self) -> list[str]:
        return [label for value, label in self.prompt.choices if self.entry and value in self.entry.tags]

    @property
    def is_empty(self) -> bool:
        return self.entry is None or not (self.entry.text or self.entry.value is not None or self.entry.tags)


@dataclass
class Surprise:
    """A line about what surprised one of the two in the other one's answer."""

    note: Note
    said: str


@dataclass
class Question:
    """A prompt that takes one answer, with the answers of both sides."""

    prompt: Prompt
    yours: Answer
    partners: Answer
    in_seat_order: list[Answer] = field(default_factory=list)
    surprises: list[Surprise] = field(default_factory=list)
    box: Begun | None = None  # for what surprises the viewer
    sentence: Note | None = None  # what the two agreed on under both answers, or in place of them

    @property
    def has_places(self) -> bool:
        """Whether its answer is a place on a line, which stands in a table with others on the same line."""
        return self.prompt.kind in {Prompt.Kind.SCALE, Prompt.Kind.PLACE}

    @property
    def is_measure(self) -> bool:
        return self.prompt.measure is not None

    @property
    def takes_sentence(self) -> bool:
        return self.prompt.kind == Prompt.Kind.TEXT and not self.prompt.is_guess

    @property
    def can_surprise(self) -> bool:
        """Whether the other one's words lie open here, to be surprised by."""
        entry = self.partners.entry
        return entry is not None and not entry.is_folded and bool(entry.text)

    @property
    def surprise_key(self) -> str:
        return Draft.Box.SURPRISE.key(self.partners.entry.pk) if self.partners.entry else ""


@dataclass(frozen=True)
class PlaceRow:
    """One line of a table of places: who stands where, the same in words, and the sentence that settled it."""

    question: Question
    cells: list[list[Side]]
    said: str
    sentence: str
    agreed: str  # the value on which both stand, or nothing


@dataclass(frozen=True)
class PlacesTable:
    """Questions with the same places to choose from, as one table."""

    rows: list[PlaceRow]
    labels: list[str]
    decides: bool  # its rows are decisions, which the two can settle


def in_order(prompts: Sequence[Prompt]) -> list[Prompt]:
    """As they are asked: decisions that the two named stand with those of the template."""
    table = min((p.position for p in prompts if p.kind == Prompt.Kind.PLACE), default=0)
    return sorted(prompts, key=lambda p: (table if p.kind == Prompt.Kind.PLACE else p.position, p.position))


def questions_of(prompts: Sequence[Prompt], entries: Sequence[Entry], sides: Sequence[Side]) -> list[Question]:
    """Every prompt that takes one answer, with what of the answers is in `entries`; A left, B right."""
    found = {(e.prompt_id, e.author_id): e for e in entries if not e.is_card}
    by_key = {prompt.key: prompt for prompt in prompts}
    questions = []
    for prompt in in_order(prompts):
        if prompt.takes_cards:
            continue
        answers = [Answer(prompt, found.get((prompt.pk, side.person.pk)), side) for side in sides]
        if real := by_key.get(prompt.beside):
            for answer, other in zip(answers, reversed(sides), strict=True):
                answer.real = Answer(real, found.get((real.pk, other.person.pk)), other)
        yours, partners = answers if answers[0].side.is_you else reversed(answers)
        questions.append(Question(prompt, yours, partners, answers))
    return questions


def blocks_of(questions: Sequence[Question], *, revealed: bool) -> list[Question | PlacesTable]:
    """The questions as the page shows them: those with the same places together in one table."""
    blocks: list[Question | PlacesTable] = []
    for choices, group in groupby(questions, lambda q: q.prompt.choices if q.has_places else q.prompt.pk):
        rows = list(group)
        if not rows[0].has_places:
            blocks += rows
            continue
        table = [_row(question, revealed) for question in rows]
        decides = rows[0].prompt.kind == Prompt.Kind.PLACE
        blocks.append(PlacesTable(table, [label for _value, label in choices], decides))
    return blocks


def surprises_of(question: Question, notes: Sequence[Note]) -> list[Surprise]:
    """The lines about either answer; who was surprised is the one who did not write it."""
    lines = []
    for note in notes:
        for answer, other in ((question.yours, question.partners), (question.partners, question.yours)):
            if answer.entry is not None and note.entry_id == answer.entry.pk:
                lines.append(Surprise(note, surprise_words(question.prompt, other.side.name)))
    return lines


def surprise_words(prompt: Prompt, name: str) -> str:
    said = _("%(name)s corrected it") if prompt.is_guess else _("%(name)s was surprised")
    return said % {"name": name}


def _row(question: Question, revealed: bool) -> PlaceRow:
    a, b = question.in_seat_order
    cells = [[answer.side for answer in (a, b) if answer.place == value] for value, _label in question.prompt.choices]
    agreed = a.place if a.label and a.place == b.place else ""
    sentence = question.sentence.text if question.sentence else ""
    return PlaceRow(question, cells, _said(a, b) if revealed else _own(question.yours), sentence, agreed)


def _said(a: Answer, b: Answer) -> str:
    """Where the two put it, in words; and how far apart that is, without a judgement."""
    if not a.label and not b.label:
        return _("Neither of you has placed this.")
    if not (a.label and b.label):
        given, other = (a, b) if a.label else (b, a)
        words = {"name": given.side.name, "place": given.label, "other": other.side.name}
        return _("%(name)s: %(place)s. %(other)s has not placed this.") % words
    if a.label == b.label:
        return _("Both of you: %(place)s.") % {"place": a.label}
    apart = abs(int(a.place) - int(b.place))
    return ngettext(
        "%(a)s: %(place_a)s. %(b)s: %(place_b)s. %(apart)d place apart.",
        "%(a)s: %(place_a)s. %(b)s: %(place_b)s. %(apart)d places apart.",
        apart,
    ) % {"a": a.side.name, "place_a": a.label, "b": b.side.name, "place_b": b.label, "apart": apart}


def _own(yours: Answer) -> str:
    return _("You: %(place)s.") % {"place": yours.label} if yours.label else _("Not placed by you.")
