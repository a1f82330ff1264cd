"""The questions of a Dream Team or a contract."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from retros.models import Action, Draft, Entry, Note, Prompt, Step
from retros.models.draft import Begun
from retros.room.questions import PlacesTable, Question, blocks_of, surprises_of
from retros.room.regions import Region, Rows, drawn
from retros.room.steps.asks import Asks


class Questions(Asks):
    """The questions of a Dream Team or a contract: answered alone, shown in pairs, decisions in one table."""

    template = "retros/room/_questions.html"
    parts = ("questions_progress", "tray")

    @cached_property
    def inside(self) -> Mapping[str, Region | Rows]:
        """Also each question with what was answered. The boxes for sentences stand between them."""
        found = dict(super().inside)
        if self.shown_blocks:
            found |= {f"block-{n}": region for n, (_block, region) in enumerate(self.shown_blocks)}
            found["sentences"] = drawn("retros/room/_sentences.html", room=self)
        return found

    @cached_property
    def shown_blocks(self) -> list[tuple[Question | PlacesTable, Region]]:
        """Empty while one writes."""
        if self.writes_alone:
            return []
        return [(block, drawn("retros/room/_question_block.html", room=self, block=block)) for block in self.blocks]

    @property
    def lede(self) -> str:
        """How the answers are written, while they are; then what to do with them."""
        if self.phase == "revealed":
            return "" if self.is_silent else _("Read first, then talk.")
        return super().lede if self.can_write else ""

    @property
    def middle(self) -> object:
        decisions = len(self.step.prompts) if self.names_decisions else 0
        topic = self.step_note
        return decisions, topic and (topic.pk, topic.version), self.is_silent

    @property
    def spoken(self) -> list[Entry | Note | Action]:
        return [*self._notes]

    @property
    def boxes(self) -> list[str]:
        return [self.decision_box.key, *(Draft.Box.SURPRISE.key(entry.pk) for entry in self._entries)]

    @cached_property
    def questions(self) -> list[Question]:
        """With what surprised the two, once the partner's side lies open."""
        questions = super().questions
        if self.partner_side_open:
            for question in questions:
                question.surprises = surprises_of(question, self._notes)
                question.box = self.box(question.surprise_key)
        if self.step.is_revealed:
            keys = [prompt.sentence_key for prompt in self.step.prompts]
            sentences = Note.objects.visible_to(self.person).in_bulk(keys)
            for question in questions:
                question.sentence = sentences.get(question.prompt.sentence_key)
        return questions

    @property
    def takes_sentences(self) -> bool:
        """Whether a sentence is written under each question: the answers lie open, and an agreement comes of them."""
        return self.step.is_revealed and self.session.steps[-1].kind == Step.Kind.AGREE

    @property
    def blocks(self) -> list[Question | PlacesTable]:
        """The questions with the answers of both, once something is open: what shares a line stands in one table."""
        return blocks_of(self.questions, revealed=self.partner_side_open)

    @property
    def names_decisions(self) -> bool:
        """Whether this step has a table of decisions to which both may still add."""
        return self.phase == "write" and any(p.kind == Prompt.Kind.PLACE for p in self.step.prompts)

    @property
    def decision_box(self) -> Begun:
        return self.box(Draft.Box.DECISION.key(self.step.pk))
