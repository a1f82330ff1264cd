"""The pulse check."""

from __future__ import annotations

from django.utils.translation import gettext as _

from retros.models import Prompt
from retros.room.steps.asks import Asks


class Pulse(Asks):
    """The pulse check: each alone, then both side by side, and one note for both."""

    template = "retros/room/_pulse.html"
    parts = ("tray", "answers", "pulse_note")
    has_weather = True

    @property
    def lede(self) -> str:
        if self.session.is_closed:
            return ""
        if self.phase == "revealed" and not self.is_silent:
            if self.has_both_weathers:
                return _("Read first, then talk. Start with whoever had the rougher weather.")
            return _("Read first, then talk.")
        if self.phase == "revealed":
            return ""
        if self.phase == "opened":
            return _("Your side is open. %(name)s’s opens when %(name)s is ready.") % {"name": self.partner.name}
        return _("Answer for yourself. %(name)s sees it when you have both answered, not before.") % {
            "name": self.partner.name
        }

    @property
    def middle(self) -> object:
        """What the two ask of themselves may change while one writes ahead; an answer, after the reveal."""
        return [prompt.key for prompt in self.step.prompts if prompt.measure], self.phase == "revealed" and self.lede

    @property
    def has_both_weathers(self) -> bool:
        shown = [answers for _side, answers, _titles in self.answers_by_side]
        return all(any(answer.prompt.kind == Prompt.Kind.SCALE for answer in answers) for answers in shown)

    @property
    def heading(self) -> str:
        if self.phase != "revealed":
            return self.step.heading
        return _("How you both were") if self.session.is_closed else _("Here’s how you both are")
