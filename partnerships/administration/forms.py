"""The shape of what comes in from the admin's pages of people and partnerships."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm, NameFormField, PageForm, VersionField
from partnerships.joining.forms import InvitationForm, checked_address, day_gone_by
from partnerships.models import Partnership


class AccountForm(InvitationForm, PageForm):
    """Whom an admin invites to have an account."""

    role_label = NameFormField(label=_("Their role"), required=False)


class SeenForm(CheckedForm):
    """A few words that another admin may change meanwhile: with what the page showed of them (`partnerships.seen`)."""

    version = VersionField(widget=forms.HiddenInput)


class OrganisationForm(PageForm, SeenForm):
    """What the installation says of whom it is for."""

    not_typed = ("later", "test")

    name = NameFormField(label=_("Name of the organisation"), required=False)


class ArrangeForm(PageForm):
    """An admin's new partnership of two."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    kind = forms.ChoiceField(label=_("The two are"), choices=Partnership.Kind.choices, widget=forms.RadioSelect)
    label = NameFormField(label=_("What they work on together"), help_text=_("A product, a team or a project."))
    since = forms.DateField(
        label=_("Working together since"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    email_a = forms.EmailField(label=_("Work email of one of them"), max_length=254)
    email_b = forms.EmailField(label=_("Work email of the other one"), max_length=254)

    def clean_email_a(self) -> str:
        return checked_address(self.cleaned_data["email_a"])

    def clean_email_b(self) -> str:
        return checked_address(self.cleaned_data["email_b"])

    def clean_since(self) -> date:
        return day_gone_by(self.cleaned_data["since"])

    def arranged(self) -> dict[str, Any]:
        """What the verb takes. Raises Invalid."""
        data = self.checked()
        return {"emails": [data.pop("email_a"), data.pop("email_b")], **data}


class RolesForm(PageForm, SeenForm):
    """What each of the two is in their partnership. The fields are named by seat."""

    a = NameFormField(label=_("Role of the first"), required=False)
    b = NameFormField(label=_("Role of the second"), required=False)

    def roles(self) -> dict[str, Any]:
        """What `Partnership.label_roles` takes. Raises Invalid."""
        roles = dict(self.checked())
        return {"version": roles.pop("version"), "roles": roles}


class DetailsForm(SeenForm):
    """What a partnership is called, and of which kind it is."""

    label = NameFormField(label=_("What they work on together"))
    kind = forms.ChoiceField(label=_("The two are"), choices=Partnership.Kind.choices)


class RoleForm(SeenForm):
    role_label = NameFormField(required=False)


class LeadForm(CheckedForm):
    email = forms.EmailField(max_length=254)
