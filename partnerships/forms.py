"""The shape of what people send: fields, normalising and messages. No rules: those are the models'."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, Self, cast

from django import forms
from django.forms.utils import flatatt
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from partnerships import limits, zones
from partnerships.content import clean_content, clean_line, clean_name
from partnerships.refusals import Invalid, Refusal, Stale


class CheckedForm(forms.Form):
    """A form whose answer to bad input is a refusal: for posts of a room, where the page stays as it is."""

    # Names of text fields, and of inputs and buttons beside the form's fields, that the page fills in and nobody types.
    not_typed: ClassVar[tuple[str, ...]] = ("csrfmiddlewaretoken", "next", "remember", "code", "action", "edit", "sure")

    def checked(self) -> dict[str, Any]:
        """The cleaned data. Raises Invalid with the first message."""
        if self.is_valid():
            return self.cleaned_data
        field, errors = next(iter(self.errors.items()))
        raise Invalid(str(errors[0]), field=field, form=self)

    @contextmanager
    def refused_with(self, *, at: str = "") -> Iterator[None]:
        """What a verb refuses is refused with this form: a page can ask for the field that it is about, else `at`."""
        try:
            yield
        except Refusal as refusal:
            refusal.form, refusal.field = self, refusal.field or at
            raise


class PageForm(CheckedForm):
    """A form with a page of its own: what is refused stands at the form, with everything that was typed still in it."""

    refusal: Refusal | None = None  # what is shown at the form instead of being raised

    @property
    def status(self) -> int:
        return self.refusal.status if self.refusal else 200

    @classmethod
    def of(cls, request: HttpRequest, **kwargs: Any) -> Self:
        return cls(request.POST if request.method == "POST" else None, **kwargs)

    def show(self, name: str, value: str) -> None:
        """Have this in the field when the page is here again, instead of what was sent."""
        sent = cast("QueryDict", self.data).copy()
        sent[name] = value
        self.data = sent

    @contextmanager
    def on_page(self, *, at: str | None = None, htmx: bool = False) -> Iterator[None]:
        """Show a refusal at the field `at`; the first wrong one has the focus when the page is here again. Passes on
        what has an answer of its own: two texts, and htmx's fragment.
        """
        try:
            yield
        except Stale:
            raise
        except Refusal as refusal:
            if htmx:
                raise
            self.refusal = refusal
            if not self.errors:
                self.add_error(at or (refusal.field if refusal.field in self.fields else None), str(refusal.message))
            for field in self.hidden_fields():
                for error in field.errors:
                    self.add_error(None, error)  # nobody sees a message beside a hidden field
            for wrong in [field for field in self.visible_fields() if field.errors][:1]:
                wrong.field.widget.attrs["autofocus"] = True


def is_typed(name: str, value: str) -> bool:
    """Whether somebody typed it, and did not choose or press it: what one form lets people type, another one offers."""
    return name not in _names_not_typed() and value not in _offered().get(name, ())


@cache
def _offered() -> dict[str, set[str]]:
    """What can be chosen, by the name of the field, in all forms."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for form in _subclasses(CheckedForm):
        for name, field in form.base_fields.items():
            if isinstance(field, forms.ChoiceField):
                choices = cast("Iterable[tuple[Any, Any]]", field.choices)
                found[name].update(str(value) for value, _label in choices)
    return dict(found)  # a name that somebody made up is none of its keys


@cache
def _names_not_typed() -> frozenset[str]:
    """The names of what is chosen and not typed, in all forms. What one form lets people type is not among them."""
    typed: set[str] = set()
    chosen: set[str] = set()
    for form in _subclasses(CheckedForm):
        chosen.update(form.not_typed)
        for name, field in form.base_fields.items():
            is_text = isinstance(field, forms.CharField) and not isinstance(field, forms.UUIDField)
            (typed if is_text and name not in form.not_typed else chosen).add(name)
    return frozenset(chosen - typed)


def _subclasses(form: type[CheckedForm]) -> Iterator[type[CheckedForm]]:
    yield form
    for each in form.__subclasses__():
        yield from _subclasses(each)


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

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "dir": "auto"}


class LineFormField(forms.CharField):
    """One line inside what the two write: a heading."""

    def __init__(self, *, limit: int = limits.TITLE_LENGTH, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "", limit=self.limit)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "dir": "auto"}


class VersionField(forms.IntegerField):
    """The version that a page showed of something; 0 of what was not there yet."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, required=False, **kwargs)

    def clean(self, value: object) -> int:
        return super().clean(value) or 0


class NameFormField(LineFormField):
    """A name, a label, a role, a title."""

    def __init__(self, *, limit: int = limits.NAME_LENGTH, **kwargs: Any) -> None:
        super().__init__(limit=limit, **kwargs)

    def to_python(self, value: Any) -> str:
        return clean_name(super().to_python(value), limit=self.limit)


class ZoneSelect(forms.Select):
    """A select as Django draws it, without two templates for each of its hundreds of options. A zone that somebody has
    is in it also where it is not offered.
    """

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        wanted = set(map(str, self.format_value(value)))

        def option(key: object, label: object) -> str:
            if str(key) in wanted:
                wanted.clear()  # a zone may stand in two groups
                return format_html('<option value="{}" selected>{}</option>', key, label)
            return _option(str(key), str(label))

        def options(choices: Iterable[tuple[Any, Any]]) -> str:
            drawn = (
                format_html('<optgroup label="{}">{}</optgroup>', key, options(below))
                if isinstance(below, list | tuple)
                else option(key, below)
                for key, below in choices
            )
            return format_html_join("", "{}", ((part,) for part in drawn))

        own = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        drawn = options(self.choices)
        more = options([(zone, zones.words(zone)) for zone in sorted(wanted & zones.known())])
        return format_html("<select{}>{}{}</select>", flatatt(own), drawn, more)


@cache
def _option(key: str, label: str) -> str:
    return format_html('<option value="{}">{}</option>', key, label)


class ZoneField(forms.ChoiceField):
    """Takes every zone that is known, under an old name too."""

    widget = ZoneSelect

    def valid_value(self, value: Any) -> bool:
        return str(value) in zones.known()


class TimeZoneField(ZoneField):
    """Offered from the browser: the page's script fills an empty choice with the device's own zone, which it may know
    by an older name.
    """

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", _("Choose a time zone")), *zones.offered()]
        super().__init__(label=_("Time zone"), choices=choices, **kwargs)
        self.widget.attrs["data-own-timezone"] = json.dumps(zones.renamed())
        self.widget.attrs["autocomplete"] = "off"
