"""The shape of what people send: fields, normalising and messages. No rules: those are the models'."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm as AddAddressForm
from allauth.account.forms import ChangePasswordForm as ChangeForm
from allauth.account.forms import RequestLoginCodeForm, SignupForm
from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships import limits, zones
from partnerships.content import clean_content, clean_line, clean_name
from partnerships.models import Partnership, Person
from partnerships.refusals import Invalid, Refusal, Stale


class CheckedForm(forms.Form):
    """A form whose answer to bad input is a refusal: for posts of a room, where the page stays as it is."""

    def checked(self) -> dict[str, Any]:
        """The cleaned data. Raises Invalid with the first message."""
        if self.is_valid():
            return self.cleaned_data
        raise Invalid(str(next(iter(self.errors.values()))[0]))


class PageForm(CheckedForm):
    """A form with a page of its own: what is refused stands at the form, with everything that was typed still in it."""

    status = 200

    @classmethod
    def of(cls, request: HttpRequest, **kwargs: Any) -> Self:
        return cls(request.POST if request.method == "POST" else None, **kwargs)

    @contextmanager
    def on_page(self, *, at: str | None = None, htmx: bool = False) -> Iterator[None]:
        """Show a refusal at the field `at`. Passes on what has an answer of its own: two texts, and htmx's fragment."""
        try:
            yield
        except Stale:
            raise
        except Refusal as refusal:
            if htmx:
                raise
            self.status = refusal.status
            if not self.errors:
                self.add_error(at, str(refusal.message))
            for field in self.hidden_fields():
                for error in field.errors:
                    self.add_error(None, error)  # nobody sees a message beside a hidden field


class ContentFormField(forms.CharField):
    """Text as it was typed, up to `limit` characters.

    There is no `maxlength` in the page: a browser would cut a paste without a word.
    """

    widget = forms.Textarea

    def __init__(self, *, limit: int = limits.CONTENT_LENGTH, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)
        self.limit = limit

    def to_python(self, value: Any) -> str:
        return clean_content(super().to_python(value) or "", limit=self.limit)


class LineFormField(forms.CharField):
    """One line inside what the two write: a heading."""

    def __init__(self, *, limit: int = limits.TITLE_LENGTH, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "", limit=self.limit)


class NameFormField(LineFormField):
    """A name, a label, a role, a title."""

    def __init__(self, *, limit: int = limits.NAME_LENGTH, **kwargs: Any) -> None:
        super().__init__(limit=limit, **kwargs)

    def to_python(self, value: Any) -> str:
        return clean_name(super().to_python(value), limit=self.limit)


class TimeZoneField(forms.ChoiceField):
    """Offered from the browser: the page's script fills an empty choice with the device's own zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("Time zone"), choices=[("", _("Choose a time zone")), *zones.offered()], **kwargs)
        self.widget.attrs["data-own-timezone"] = True
        self.widget.attrs["autocomplete"] = "off"


class SignUpForm(SignupForm):
    """The account's first form. Asks for the name and the time zone, because everything later speaks with them."""

    name = NameFormField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    timezone = TimeZoneField(help_text=_("Dates and times are shown in it. You can change it in your settings."))
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


class InvitationForm(forms.Form):
    """Whom to invite into the free seat."""

    email = forms.EmailField(
        label=_("Their work email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_email(self) -> str:
        return _address(self.cleaned_data["email"])


class PartnershipForm(InvitationForm):
    """A new partnership and the invitation to its other seat."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(label=_("The two of you are"), choices=Partnership.Kind.choices, widget=forms.RadioSelect)
    label = NameFormField(
        label=_("What you work on together"),
        help_text=_("A product, a team or a project. Your lead and your admin see it."),
    )
    role_label = NameFormField(label=_("Your role"), required=False)
    since = forms.DateField(
        label=_("Working together since"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ["kind", "label", "role_label", "since", "email"]

    def __init__(self, data: Any = None, *, by: Person) -> None:
        super().__init__(data, initial={"client_id": uuid.uuid4(), "role_label": by.role_label})
        self.by = by

    def clean_email(self) -> str:
        email = super().clean_email()
        if self.by.owns(email):
            raise forms.ValidationError(_("This is your own address. Invite the other one of you."))
        return email

    def clean_since(self) -> date:
        return _day_gone_by(self.cleaned_data["since"])


class AccountForm(InvitationForm, PageForm):
    """Whom an admin invites to have an account."""

    role_label = NameFormField(label=_("Their role"), required=False)


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
    email_a = forms.EmailField(label=_("Work email of the first"), max_length=254)
    email_b = forms.EmailField(label=_("Work email of the second"), max_length=254)

    def clean_email_a(self) -> str:
        return _address(self.cleaned_data["email_a"])

    def clean_email_b(self) -> str:
        return _address(self.cleaned_data["email_b"])

    def clean_since(self) -> date:
        return _day_gone_by(self.cleaned_data["since"])

    def arranged(self) -> dict[str, Any]:
        """What the verb takes. Raises Invalid."""
        data = self.checked()
        return {"emails": [data.pop("email_a"), data.pop("email_b")], **data}


class RoleForm(CheckedForm):
    role_label = NameFormField(required=False)


class LeadForm(CheckedForm):
    email = forms.EmailField(max_length=254)


def _address(email: str) -> str:
    get_adapter().check_domain(email)
    return email.lower()


def _day_gone_by(day: date) -> date:
    if day > timezone.localdate() + timedelta(days=1) or day.year < 1970:
        raise forms.ValidationError(_("This date is not in the past."))
    return day


class PersonForm(forms.ModelForm[Person]):
    """What a person decides about the own account."""

    name = NameFormField(label=_("Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"}))
    role_label = NameFormField(label=_("Your role"), required=False)
    timezone = TimeZoneField(help_text=_("Dates and times are shown in it."))

    class Meta:
        model = Person
        fields = ("name", "role_label", "timezone", "theme", "shortcuts")
        widgets: ClassVar = {"theme": forms.RadioSelect}
        help_texts: ClassVar = {"shortcuts": _("One letter does something while you are in no field. “?” lists them.")}

    def keep(self) -> None:
        self.instance.save(update_fields=self.Meta.fields)
