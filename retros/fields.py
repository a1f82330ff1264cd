"""Fields that the forms of several pages share."""

from __future__ import annotations

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from retros.rhythm import CENTURY


def in_this_century(day: date) -> None:
    """Raises ValidationError for a year that can only be a slip of the finger."""
    if day.year not in CENTURY:
        raise forms.ValidationError(_("Pick a date in this century."))


class DayField(forms.DateField):
    """A day in this century, as the browser's own date picker sends it."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_validators = [in_this_century]
