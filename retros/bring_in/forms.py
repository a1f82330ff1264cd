"""The shape of what is brought in: a file, or what was pasted."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships.forms import ContentFormField, PageForm
from retros import limits
from retros.fields import TableFile, text_areas
from retros.models import Prompt


class BringForm(PageForm):
    file = TableFile(label=_("A file"), required=False, help_text=_(".xlsx, .ods, CSV or text."))
    text = ContentFormField(label=_("Or pasted lines"), required=False, limit=limits.IMPORT_BYTES)
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text_areas(self, text=8)

    def brought(self) -> dict[str, Any]:
        """What the verbs take. Raises Invalid."""
        data = self.checked()
        return {"text": (data["file"] or data["text"]).replace("\r\n", "\n"), "id": data["client_id"]}

    def show_text(self) -> None:
        """In the box, wherever it came from: what is wrong is mended there."""
        if self.cleaned_data.get("file"):
            self.data = {**self.data, "text": self.cleaned_data["file"]}


class CardsForm(BringForm):
    column = forms.ChoiceField(label=_("Where a card without a column goes"))

    def __init__(self, *args: Any, prompts: list[Prompt], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(prompt.key, prompt.title) for prompt in prompts]
        self.fields["column"] = forms.ChoiceField(label=self.fields["column"].label, choices=choices, required=False)

    def brought(self) -> dict[str, Any]:
        return {**super().brought(), "usual": self.cleaned_data["column"]}
