"""The shape of a jot."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from partnerships.forms import ContentFormField, PageForm
from retros.fields import kept_areas
from retros.models import Draft, Jot

SHARED = ("jot", "title", "text", "url")  # the last three by public/manifest.webmanifest


def shared_words(query: QueryDict) -> str:
    """What another program brings: a line for each part that does not stand in one before it."""
    words = ""
    for part in (query.get(name, "").strip() for name in SHARED):
        words = words if part in words else f"{words}\n{part}".strip()
    return words


class JotForm(PageForm):
    text = ContentFormField(
        required=False, label=_("Something to remember"), help_text=_("Only you can read this. It waits for the day.")
    )
    column = forms.ChoiceField(label=_("Where it belongs"), required=False)
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, draft: Draft | None = None, shared: str = "", **kwargs: Any) -> None:
        """`draft`: what was begun here; `shared`: what another program brings, which stands below it, once."""
        begun = draft.text if draft else ""
        text = begun if shared in begun else f"{begun}\n\n{shared}".strip()
        super().__init__(*args, **{"auto_id": "jot_%s", "initial": {"text": text}, **kwargs})
        self.fields["column"] = forms.ChoiceField(
            label=_("Where it belongs"), required=False, choices=[("", _("Decide later")), *Jot.Column.choices]
        )
        kept_areas(self, text=2)

    def jot(self) -> dict[str, Any]:
        """What `Jot.keep` takes. Raises Invalid."""
        data = self.checked()
        return {"text": data["text"], "column": data["column"], "id": data["client_id"]}
