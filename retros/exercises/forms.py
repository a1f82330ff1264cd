"""The shape of what people send when they choose an exercise."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm, ContentFormField, PageForm
from retros.catalogue import Template


class IntervalForm(CheckedForm):
    """After how many retros a health check is offered."""

    every = forms.TypedChoiceField(
        label=_("Offer it on your page"),
        coerce=int,
        choices=[
            (0, _("Never by itself")),
            (2, _("After every second retro")),
            (3, _("After every third retro")),
            (4, _("After every fourth retro")),
            (6, _("After every sixth retro")),
        ],
    )


class BeginForm(PageForm):
    """Begin it now; with the topic, where the exercise asks for one."""

    topic = ContentFormField(
        label=_("What is it about?"),
        help_text=_("One sentence. You both see it, from the start."),
        error_messages={"required": _("Say in a sentence what it is about.")},
    )
    client_id = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, exercise: Template, topic: str = "", **kwargs: Any) -> None:
        """`topic`: the words from which somebody came here."""
        super().__init__(*args, **{"initial": {"topic": topic}, **kwargs})
        if not exercise.asks_topic:
            del self.fields["topic"]

    def begin(self) -> dict[str, Any]:
        """What `creation.start_now` takes. Raises Invalid."""
        data = self.checked()
        return {"topic": data.get("topic", ""), "id": data["client_id"]}
