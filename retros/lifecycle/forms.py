"""The shape of what comes in from the pages of ending and of one's own data."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm, PageForm
from retros.lifecycle.take_along import Form


class EndForm(CheckedForm):
    leave = forms.BooleanField(required=False)


class EraseForm(PageForm):
    understood = forms.BooleanField(
        label=_("Erase all of this. I know that nobody can bring it back."),
        error_messages={"required": _("Tick this first.")},
    )


class TakeForm(CheckedForm):
    form = forms.TypedChoiceField(choices=Form.choices, coerce=Form)
