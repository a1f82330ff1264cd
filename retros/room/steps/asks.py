"""What the steps that ask questions share."""

from __future__ import annotations

from django.utils.functional import cached_property
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from retros.models import Entry, Note, Prompt, Session
from retros.room.dock import Side
from retros.room.frame import Frame
from retros.room.questions import Answer, Question, questions_of


class Asks(Frame):
    """A step that asks questions, each answered alone."""

    has_weather = False  # whether its scales are weathers; others are words on a line

    @cached_property
    def questions(self) -> list[Question]:
        return questions_of(self.step.prompts, self._entries, self.sides)

    @property
    def answered(self) -> int:
        """How many questions the viewer has answered; guesses are not counted."""
        return sum(not question.yours.is_empty for question in self.asked)

    @cached_property
    def left_over(self) -> list[tuple[Answer, int]]:
        """What the viewer answered to these questions for a retro that did not take place, the latest of each, with the
        version of the empty answer here. Offered while they have not answered here.
        """
        if not (self.writes_alone and self.session.kind == Session.Kind.RETRO):
            return []
        entries = Entry.objects.visible_to(self.person).left_over(self.session.partnership, self.person)
        entries = entries.that_say_something().filter(is_card=False, step__kind=self.step.kind)
        latest = {entry.prompt.key: entry for entry in entries.select_related("prompt")}
        found = []
        for yours in (question.yours for question in self.questions if question.yours.is_empty):
            earlier = Answer(yours.prompt, latest.get(yours.prompt.key), self.you)
            if earlier.entry and (earlier.entry.text or earlier.label or earlier.tag_labels):
                found.append((earlier, yours.entry.version if yours.entry else 0))
        return found

    @property
    def asked(self) -> list[Question]:
        return [question for question in self.questions if not question.prompt.is_guess]

    @property
    def step_note(self) -> Note | None:
        """What came up, in words of both. Of an exercise that asks for it: what the two look at."""
        return next((note for note in self._notes if note.kind == Note.Kind.CAME_UP and note.entry_id is None), None)

    @property
    def has_weathers(self) -> bool:
        return any(prompt.kind == Prompt.Kind.SCALE for prompt in self.step.prompts)

    @property
    def answers_by_side(self) -> list[tuple[Side, list[Answer], str]]:
        """Both sides of the fold, A left, B right: what the viewer is shown of each, and the titles of the questions in
        words and on a scale that it leaves out.
        """
        sides = [(side, [q.in_seat_order[n] for q in self.questions]) for n, side in enumerate(self.sides)]
        return [(side, [a for a in answers if not a.is_empty], self._left_out(answers)) for side, answers in sides]

    @staticmethod
    def _left_out(answers: list[Answer]) -> str:
        left_out = [
            _("“%(title)s”") % {"title": a.prompt.title}
            for a in answers
            if a.is_empty and a.prompt.kind != Prompt.Kind.TAGS
        ]
        return get_text_list(left_out, _("and"))

    @property
    def is_silent(self) -> bool:
        """Whether both sides are open and show the viewer no answer."""
        return self.phase == "revealed" and not any(answers for _side, answers, _titles in self.answers_by_side)
