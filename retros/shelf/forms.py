"""The shape of a kind word."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships.forms import ContentFormField, PageForm
from retros.fields import kept_areas
from retros.models import Draft


class KindWordForm(PageForm):
    text = ContentFormField(required=False, label=_("One thing I appreciate about you"), help_text=_("One line."))
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, draft: Draft | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "word_%s", "initial": {"text": draft.text if draft else ""}, **kwargs})
        kept_areas(self, text=2)

    def word(self) -> dict[str, Any]:
        """What `KindWord.give` takes. Raises Invalid."""
        data = self.checked()
        return {"text": data["text"], "id": data["client_id"]}
