"""How an agreement is begun, signed, and looked at again. Words for it: `proposal_forms.py`."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships import limits
from partnerships.forms import CheckedForm, NameFormField, PageForm
from partnerships.models import Agreement


class AgreementForm(PageForm):
    """A new contract, or the Dream Team agreement if there is none yet."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=gettext_lazy("What do you want to write?"), widget=forms.RadioSelect)
    title = NameFormField(
        label=gettext_lazy("Which project is the contract for?"),
        limit=limits.TITLE_LENGTH,
        required=False,
    )

    def __init__(self, data: Any = None, *, has_dream_team: bool, is_led: bool, kind: str = "") -> None:
        wanted = kind if kind in Agreement.Kind.values else Agreement.Kind.CONTRACT
        super().__init__(data, initial={"client_id": uuid.uuid4(), "kind": wanted})
        kinds = [Agreement.Kind.CONTRACT] if has_dream_team else [Agreement.Kind.DREAM_TEAM, Agreement.Kind.CONTRACT]
        cast(forms.ChoiceField, self.fields["kind"]).choices = [(kind.value, kind.label) for kind in kinds]
        self.has_choice = len(kinds) > 1
        self.fields["title"].help_text = (
            _("Your lead and your admin see this name, and nothing that stands in the contract.")
            if is_led
            else _("Your admin sees this name, and nothing that stands in the contract.")
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("kind") == Agreement.Kind.DREAM_TEAM:
            data["title"] = _("Our Dream Team agreement")
        elif "title" not in self.errors and not data.get("title"):
            self.add_error("title", _("Give it a name."))
        return data


class SignForm(CheckedForm):
    not_typed = ("digest",)

    digest = forms.CharField(max_length=64, required=False)


class LookForm(CheckedForm):
    """“Still right until …”: for the whole agreement, or for one clause."""

    until = forms.DateField(
        label=gettext_lazy("Look again on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": gettext_lazy("Choose a day that is still ahead.")},
    )
    line = forms.UUIDField(required=False)
