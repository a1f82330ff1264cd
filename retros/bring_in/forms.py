"""The shape of what is brought in: a file, or what was pasted."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships.forms import ContentFormField
from partnerships.refusals import Refusal
from retros import limits
from retros.fields import TableForm, text_areas
from retros.models import Prompt


class BringForm(TableForm):
    text = ContentFormField(label=_("Or pasted lines"), required=False, limit=limits.IMPORT_BYTES)
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text_areas(self, text=8)

    def brought(self) -> dict[str, Any]:
        """What the verbs take. Raises Invalid, and Refusal for words that nobody has looked at: once they stand in the
        box, they come in as they stand there.
        """
        data = self.checked()
        if self.letters:
            raise Refusal(_("Nothing is in yet. Look at the words, then press again."))
        return {"text": self.rows, "id": data["client_id"]}


class CardsForm(BringForm):
    column = forms.ChoiceField(label=_("Where a card without a column goes"))

    def __init__(self, *args: Any, prompts: list[Prompt], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(prompt.key, prompt.title) for prompt in prompts]
        self.fields["column"] = forms.ChoiceField(label=self.fields["column"].label, choices=choices, required=False)

    def brought(self) -> dict[str, Any]:
        return {**super().brought(), "usual": self.cleaned_data["column"]}
