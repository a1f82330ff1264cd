"""The shape of what people send: fields, normalising and messages. No rules: those are the models'."""

from __future__ import annotations

from typing import Any

from django import forms

from partnerships import limits
from partnerships.content import clean_content, clean_name
from partnerships.refusals import Invalid


class CheckedForm(forms.Form):
    """A form whose answer to bad input is a refusal: for posts of a room, where the page stays as it is."""

    def checked(self) -> dict[str, Any]:
        """The cleaned data. Raises Invalid with the first message."""
        if self.is_valid():
            return self.cleaned_data
        raise Invalid(next(iter(self.errors.values()))[0])


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


class NameFormField(forms.CharField):
    """One line: a name, a label, a role."""

    def __init__(self, *, limit: int = limits.NAME_LENGTH, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def to_python(self, value: Any) -> str:
        return clean_name(super().to_python(value) or "", limit=self.limit)
