"""The shape of a measure."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships.forms import LineFormField, PageForm


class MeasureForm(PageForm):
    """A new one."""

    text = LineFormField(
        label=_("A statement that you can both rate"),
        help_text=_("For example: “What we decide stays decided.”"),
        error_messages={"required": _("Say in a sentence what you would like to be true.")},
    )
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def measure(self) -> dict[str, Any]:
        """What `Measure.define` takes. Raises Invalid."""
        data = self.checked()
        return {"text": data["text"], "id": data["client_id"]}


class MeasureEditForm(PageForm):
    """Other words, for the version that the page showed."""

    text = MeasureForm.base_fields["text"]
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
