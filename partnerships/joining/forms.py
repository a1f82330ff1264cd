"""The shape of an invitation and of a new partnership."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships.forms import NameFormField
from partnerships.models import Partnership, Person


class InvitationForm(forms.Form):
    """Whom to invite into the free seat."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)
    email = forms.EmailField(
        label=_("Their work email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_email(self) -> str:
        return checked_address(self.cleaned_data["email"])


class PartnershipForm(InvitationForm):
    """A new partnership and the invitation to its other seat."""

    kind = forms.ChoiceField(label=_("The two of you are"), choices=Partnership.Kind.choices, widget=forms.RadioSelect)
    label = NameFormField(
        label=_("What you work on together"),
        help_text=_("A product, a team or a project. Your admin sees it, too."),
    )
    role_label = NameFormField(label=_("Your role"), required=False)
    since = forms.DateField(
        label=_("Working together since"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ["kind", "label", "role_label", "since", "email"]

    def __init__(self, data: Any = None, *, by: Person) -> None:
        super().__init__(data, initial={"role_label": by.role_label})
        self.by = by

    def clean_email(self) -> str:
        email = super().clean_email()
        if self.by.owns(email):
            raise forms.ValidationError(_("This is your own address. Invite the other one of you."))
        return email

    def clean_since(self) -> date:
        return day_gone_by(self.cleaned_data["since"])


def checked_address(email: str) -> str:
    get_adapter().check_domain(email)
    return email.lower()


def day_gone_by(day: date) -> date:
    if day > timezone.localdate() + timedelta(days=1) or day.year < 1970:
        raise forms.ValidationError(_("Choose today, or a day before."))
    return day
