"""The shape of what comes in about one's own account."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm as AddAddressForm
from allauth.account.forms import ChangePasswordForm as ChangeForm
from allauth.account.forms import RequestLoginCodeForm, SignupForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from partnerships import public_holidays
from partnerships.forms import NameFormField, TimeZoneField
from partnerships.models import Person


class SignUpForm(SignupForm):
    """The account's first form. Asks for the name and the time zone, because everything later speaks with them."""

    name = NameFormField(
        label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    timezone = TimeZoneField(
        help_text=_("Dates and times are shown to you in this zone. You can change it in your settings.")
    )
    field_order = ["name", "email", "password1", "timezone"]

    def clean_email(self) -> str:
        get_adapter().check_may_join(self.cleaned_data["email"])
        return str(super().clean_email())

    def signup(self, request: HttpRequest, user: Person) -> None:
        user.name, user.timezone = self.cleaned_data["name"], self.cleaned_data["timezone"]
        user.save(update_fields=["name", "timezone"])


class AddEmailForm(AddAddressForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholders(self)

    def clean_email(self) -> str:
        get_adapter().check_domain(self.cleaned_data["email"])
        return str(super().clean_email())


class ChangePasswordForm(ChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholders(self)
        self.fields["oldpassword"].help_text = ""


class RequestCodeForm(RequestLoginCodeForm):
    def clean_email(self) -> str:
        try:
            return str(super().clean_email())
        except forms.ValidationError as error:  # the same for an address that nobody has
            raise forms.ValidationError(_("Too many codes. Wait an hour, or use your password.")) from error


def _without_placeholders(form: forms.Form) -> None:
    """They say the label once more, in other words than ours."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg] # takes none when it runs
    """What a person decides about the own account."""

    name = NameFormField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    role_label = NameFormField(label=_("Your role"), required=False)
    timezone = TimeZoneField(help_text=_("Dates and times are shown to you in this zone."))

    country = forms.ChoiceField(
        label=_("Public holidays of"),
        required=False,
        choices=lambda: [("", _("No country")), *public_holidays.countries()],
        help_text=_("Whoever plans a date with you is told when it falls on one."),
    )

    class Meta:
        model = Person
        fields = ("name", "role_label", "timezone", "country", "theme", "shortcuts")
        widgets: ClassVar = {"theme": forms.RadioSelect}
        help_texts: ClassVar = {"shortcuts": _("One letter does something while you are not typing. “?” lists them.")}

    def keep(self) -> None:
        if "timezone" in self.changed_data:
            self.instance.zone_before = self.initial["timezone"]
        self.instance.save(update_fields=[*self.Meta.fields, "zone_before"])
