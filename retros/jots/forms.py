"""The shape of a jot."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships.forms import ContentFormField, PageForm
from retros.fields import text_areas
from retros.models import Draft, Jot


class JotForm(PageForm):
    text = ContentFormField(
        required=False, label=_("Something to remember"), help_text=_("Only you can read this. It waits for the day.")
    )
    column = forms.ChoiceField(label=_("Where it belongs"), required=False)
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, draft: Draft | None = None, shared: str = "", **kwargs: Any) -> None:
        """`draft`: what was begun here; `shared`: what another program brings, when nothing was begun."""
        begun = {"text": draft.text if draft else shared}
        super().__init__(*args, **{"auto_id": "jot_%s", "initial": begun, **kwargs})
        self.fields["column"] = forms.ChoiceField(
            label=_("Where it belongs"), required=False, choices=[("", _("Decide later")), *Jot.Column.choices]
        )
        text_areas(self, text=2)

    def jot(self) -> dict[str, Any]:
        """What `Jot.keep` takes. Raises Invalid."""
        data = self.checked()
        return {"text": data["text"], "column": data["column"], "id": data["client_id"]}
