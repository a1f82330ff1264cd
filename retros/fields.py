"""Form fields and helpers that several packages use."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partnerships.forms import ContentFormField, PageForm, VersionField
from partnerships.refusals import Invalid
from retros.recurrence.rule import CENTURY
from retros.spreadsheet import LEGACY, guessed, text_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_WORD = re.compile(r"[^\s,;\"]+")


def starters() -> list[str]:
    """Beginnings of a sentence for who wants one: to say, on a card, in a jot. What comes after them is never ours."""
    return [gettext("I notice"), gettext("It matters to me because"), gettext("What I need is")]


def in_this_century(day: date) -> None:
    """Raises ValidationError for a year that can only be a slip of the finger."""
    if day.year not in CENTURY:
        raise forms.ValidationError(_("Pick a date in this century."))


class DayField(forms.DateField):
    """A day in this century, as the browser's own date picker sends it."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_validators = [in_this_century]


class TableFile(forms.FileField):
    """A file of a spreadsheet as the text of its rows."""

    widget = forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.ods,text/csv"})

    def clean(self, data: Any, initial: Any = None) -> str:
        if (file := super().clean(data, initial)) is None:
            return ""
        try:
            return text_of(file.read())
        except Invalid as invalid:
            raise forms.ValidationError(str(invalid.message)) from invalid


class TableForm(PageForm):
    """Rows of a table: a file, or as they were pasted into the box `text`, which every form of this kind has.

    A file of text may not say which letters it has: then it is shown in what it was read, by the words that would look
    wrong, and one can say it. Once a file was read its rows stand in the box.
    """

    file = TableFile(label=_("A spreadsheet file"), required=False, help_text=_(".xlsx, .ods, CSV or text."))
    encoding = forms.ChoiceField(
        label=_("Its letters"),
        help_text=_("For CSV and text: only if words look wrong once the file was read."),
        required=False,
        choices=[("", _("As they seem to be")), *LEGACY.items()],
    )
    rows = ""  # what was read
    read_as = ""  # the encoding, where the file did not say it itself

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        text = data.get("file") or data.get("text", "")
        if data.get("file"):
            seems = guessed(raw := self._raw())
            self.read_as = seems and (data.get("encoding") or seems)
            try:
                text = text_of(raw, self.read_as)
            except Invalid as invalid:
                raise forms.ValidationError(str(invalid.message)) from invalid
        self.rows = text.replace("\r\n", "\n")
        return data

    def _raw(self) -> bytes:
        file: Any = self.files["file"]
        file.seek(0)
        return bytes(file.read())

    @property
    def letters(self) -> tuple[StrOrPromise, list[str]] | None:
        """In what the file was read, and some of the words by which one sees whether that was right."""
        words = dict.fromkeys(word for word in _WORD.findall(self.rows) if not word.isascii())
        return (LEGACY[self.read_as], list(words)[:6]) if self.read_as and words else None

    def show_rows(self) -> None:
        """In the box, wherever they came from."""
        self.show("text", self.rows or self.data.get("text", ""))


class WallTimeField(forms.CharField):
    """A wall time as `datetime-local` sends it; naive, since its zone is chosen beside it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> Any:
        try:
            return datetime.strptime(super().to_python(value) or "", "%Y-%m-%dT%H:%M")  # noqa: DTZ007
        except ValueError as error:
            raise forms.ValidationError(_("Give a day and a time.")) from error


def text_areas(form: forms.Form, **rows: int) -> None:
    """As high as the text."""
    for name, count in rows.items():
        if name in form.fields:
            form.fields[name].widget = forms.Textarea(
                attrs={"rows": count, "class": "short" if count > 1 else "shortest", "dir": "auto"}
            )


def kept_areas(form: forms.Form, **rows: int) -> None:
    """The same for what is kept while it is typed: the browser's own memory of a field would overwrite that."""
    text_areas(form, **rows)
    for name in rows.keys() & form.fields.keys():
        form.fields[name].widget.attrs["autocomplete"] = "off"


class WordsForm(PageForm):
    """One text, on a page of its own."""

    text = ContentFormField(required=False, label=_("In your words"))
    version = VersionField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text_areas(self, text=5)
