"""How words for an agreement are sent: one clause, a new one, or the whole text as a list of clauses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships import limits
from partnerships.content import clean_content, clean_line
from partnerships.forms import ContentFormField, LineFormField, PageForm
from partnerships.models import Agreement, Version
from partnerships.refusals import Invalid, Stale
from partnerships.wording import Wording, rebase

EMPTY_ROWS = 3  # that a first version starts with
# The short form of a contract. A heading without words is dropped.
CONTRACT_HEADINGS = (
    gettext_lazy("Purpose and success"),
    gettext_lazy("Roles"),
    gettext_lazy("Who decides what"),
    gettext_lazy("When it gets hard"),
    gettext_lazy("When we look at this again"),
)


class ProposalForm(PageForm):
    """Words for a new version, written against the version in force that the page was made from.

    `source` is the text that is being changed: the version in force, or a proposal that gets other words. When the
    version in force moved on, the form catches up with it, keeps every typed word, and says what changed.
    """

    client_id = forms.UUIDField(required=False)
    version = forms.UUIDField(required=False)  # the version in force that the page was made from
    why = ContentFormField(required=False, label=gettext_lazy("Why?"))

    def __init__(self, data: QueryDict | None = None, *, agreement: Agreement, answers: Version | None = None) -> None:
        super().__init__(data)
        self.agreement = agreement
        self.answers = answers
        self.stale: Stale | None = None
        self.was: Version | None = None  # the version in force that a stale form was made from
        self.key = _uuid(data.get("client_id", "")) if data else None
        self.base = agreement.in_force
        if data is not None and answers is None:
            self.base = next((v for v in agreement.history if str(v.pk) == data.get("version")), None)
        agreement.read_shown(self.base, answers)
        self.source: Sequence[Wording] = (
            answers.wordings if answers else self.base.wordings if self.base else []
        )  # fmt: skip
        self.key = self.key or uuid.uuid4()
        self.fields["why"].widget.attrs["rows"] = 2
        self.fields["why"].help_text = _("One sentence is enough. It stays with this version.")
        if self.base is None:
            self.fields["why"].label = _("Anything to say about it?")

    @property
    def is_pressed(self) -> bool:
        """Whether it was sent to be proposed, and not to be rearranged."""
        return self.is_bound

    @property
    def line(self) -> uuid.UUID | None:
        """The one clause that it is about."""
        return None

    @property
    def copy_part(self) -> str:
        """What the copy on the device is called, beside the agreement's id."""
        return str(self.line or "text")

    def clean_why(self) -> str:
        why: str = self.cleaned_data["why"]
        if self.base is not None and not why.strip():
            raise ValidationError(_("Say why. One sentence is enough."))
        return why

    def wordings(self) -> list[Wording]:
        """The whole new text. Raises Invalid where it is none."""
        raise NotImplementedError

    def propose(self, *, by: Any) -> Version:
        """Raises what the verb raises."""
        data = self.checked()
        words = {"by": by, "reason": data["why"], "id": self.key}
        if self.answers:
            return self.answers.counter(self.wordings(), **words)
        return self.agreement.propose(self.wordings(), base=self.base, line=self.line, **words)

    @contextmanager
    def on_page(self, *, at: str | None = None, htmx: bool = False) -> Iterator[None]:
        try:
            with super().on_page(at=at, htmx=htmx):
                yield
        except Stale as stale:
            self.refusal = self.stale = stale
            self.catch_up()

    def catch_up(self) -> None:
        """The next press stands on the version in force now, under an id of its own."""
        self.agreement.reread()
        self.key, self.was = uuid.uuid4(), self.base
        if self.answers is None:
            self.base = self.agreement.in_force
        self.agreement.read_shown(self.base)


class ClauseForm(ProposalForm):
    """Other words for one clause, or its end."""

    not_typed = ("after",)

    heading = LineFormField(label=gettext_lazy("Heading above it"), required=False)
    text = ContentFormField(label=gettext_lazy("The new words"), required=False)
    take_out = forms.BooleanField(label=gettext_lazy("Take this clause out"), required=False)
    after = forms.CharField(label=gettext_lazy("Where"), required=False)
    field_order = ["heading", "text", "take_out", "after", "why"]

    def __init__(self, *args: Any, line: uuid.UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line
        self.clause = next((w for w in self.source if w.line == line), None)
        before = self.base.wordings if self.base else []
        self.before = next((w for w in before if w.line == line), self.clause)
        self.number = next((n for n, w in enumerate(before, 1) if w.line == line), None)
        if self.clause:
            self.fields["text"].initial, self.fields["heading"].initial = self.clause.text, self.clause.heading
        self.fields["text"].widget.attrs["rows"] = 4
        lines = [w.line for w in self.source]
        at = lines.index(line) if line in lines else len(lines)
        self.stands = str(lines[at - 1]) if at else ""
        _offer_places(self, [w for w in self.source if w.line != line], self.stands)

    @property
    def line(self) -> uuid.UUID:
        return self._line

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "text" not in self.errors and not data.get("take_out") and not data.get("text", "").strip():
            self.add_error("text", _("A clause needs words."))
        return data

    def wordings(self) -> list[Wording]:
        data = self.cleaned_data
        rest = list(self.source)
        if data["take_out"]:
            return [w for w in rest if w.line != self._line]
        new = replace(
            self.clause or Wording("", line=self._line), text=data["text"], heading=data["heading"]
        )  # fmt: skip
        after = data["after"] if "after" in self.data else self.stands
        return _put_after([w for w in rest if w.line != self._line], new, after)


class NewClauseForm(ProposalForm):
    """One more clause, at its place."""

    not_typed = ("after",)

    heading = LineFormField(label=gettext_lazy("Heading above it"), required=False)
    text = ContentFormField(label=gettext_lazy("The new clause"), required=False)
    after = forms.CharField(label=gettext_lazy("Where"), required=False)
    field_order = ["text", "heading", "after", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_places(self, self.source, str(self.source[-1].line) if self.source else "")
        self.fields["text"].widget.attrs["rows"] = 4
        # The same press twice adds one clause, under one identity.
        self.new = uuid.uuid5(cast(uuid.UUID, self.key), "clause")

    @property
    def line(self) -> uuid.UUID:
        return self.new

    @property
    def copy_part(self) -> str:
        return "new"

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise ValidationError(_("A clause needs words."))
        return text

    def wordings(self) -> list[Wording]:
        data = self.cleaned_data
        new = Wording(data["text"], data["heading"], self.new)
        return _put_after(self.source, new, data["after"])


def _offer_places(form: ProposalForm, others: Sequence[Wording], stands: str) -> None:
    """Where a clause can stand among the others, as a choice; `stands` is the one that it follows now."""
    numbers = {w.line: n for n, w in enumerate(form.source, 1)}
    places = [(str(w.line), _("After clause %(number)d") % {"number": numbers[w.line]}) for w in others]
    choices = [*reversed(places), ("", _("Before all others"))]
    form.fields["after"].widget = forms.Select(choices=choices)
    form.fields["after"].initial = stands


def _put_after(others: Sequence[Wording], clause: Wording, line: str) -> list[Wording]:
    at = next((n for n, w in enumerate(others, 1) if str(w.line) == line), 0)
    return [*others[:at], clause, *others[at:]]


@dataclass
class ClauseFields:
    """One clause of the list. `key` is the clause's line, or “new-1” for one that is not stored yet."""

    key: str
    number: int
    heading: str = ""
    text: str = ""
    is_out: bool = False
    error: str = ""
    pressed: str = ""  # the button that has the focus after the page came back


class TextForm(ProposalForm):
    """The whole text. Rows move up and down by buttons; a row without words was never there."""

    not_typed = ("row", "out")

    def __init__(self, data: QueryDict | None = None, *, more: int = 0, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.is_too_long = len(self.source) > limits.CLAUSES_AT_ONCE
        self.rows = self._sent(data) if data is not None else self._fresh(more)
        self.press, _colon, self.pressed = (data.get("edit", "") if data is not None else "").partition(":")
        if self.press:
            self._rearrange()

    @property
    def is_pressed(self) -> bool:
        return self.is_bound and not self.press

    @property
    def is_first(self) -> bool:
        return self.base is None and self.answers is None

    @property
    def can_grow(self) -> bool:
        return len(self.rows) < limits.CLAUSES_AT_ONCE

    def wordings(self) -> list[Wording]:
        found = []
        known = {str(w.line): w for w in self.source}
        for row in self.rows:
            if row.is_out or not (row.key in known or self._is_written(row)):
                continue
            try:
                text = clean_content(row.text)
                heading = clean_line(row.heading, limit=limits.TITLE_LENGTH)
            except ValidationError as error:
                row.error = error.messages[0]
                raise Invalid(_("Look at clause %(number)d.") % {"number": row.number}) from error
            if not text.strip():
                row.error = _("A clause needs words. To end it, choose “Take it out”.")
                raise Invalid(_("Look at clause %(number)d.") % {"number": row.number})
            line = _uuid(row.key) or uuid.uuid5(cast(uuid.UUID, self.key), row.key)
            found.append(replace(known[row.key], text=text, heading=heading) if row.key in known else
                         Wording(text, heading, line))  # fmt: skip
        return found

    def catch_up(self) -> None:
        """Put what was typed on top of the version in force now: my words stay, and so do the other one's changes."""
        try:
            mine = self.wordings()
        except Invalid:
            mine = []
        super().catch_up()
        if self.answers is None and self.base and mine:
            merged = rebase(self.was.wordings if self.was else [], mine, self.base.wordings)
            self.rows = [ClauseFields(str(w.line), n, w.heading, w.text) for n, w in enumerate(merged, 1)]
            self.source = self.base.wordings

    def _fresh(self, more: int) -> list[ClauseFields]:
        rows = [ClauseFields(str(w.line), n, w.heading, w.text) for n, w in enumerate(self.source, 1)]
        headings: Sequence[Any] = ()
        if not rows:
            is_contract = self.agreement.kind == Agreement.Kind.CONTRACT
            headings = CONTRACT_HEADINGS if is_contract else [""] * EMPTY_ROWS
        for n in range(max(len(headings), min(more, limits.CLAUSES_AT_ONCE - len(rows)))):
            rows.append(ClauseFields(f"new-{n}", len(rows) + 1, str(headings[n]) if n < len(headings) else ""))
        return rows

    def _sent(self, data: QueryDict) -> list[ClauseFields]:
        out = set(data.getlist("out"))
        keys = list(dict.fromkeys(data.getlist("row")))[: limits.CLAUSES_AT_ONCE]
        return [
            ClauseFields(key, n, data.get(f"heading-{key}", ""), data.get(f"text-{key}", ""), key in out)
            for n, key in enumerate(keys, 1)
        ]

    def _rearrange(self) -> None:
        at = next((n for n, row in enumerate(self.rows) if row.key == self.pressed), None)
        if self.press == "add" and self.can_grow:
            taken = {row.key for row in self.rows}
            key = next(key for n in range(len(self.rows) + 1) if (key := f"new-{n}") not in taken)
            self.rows.append(ClauseFields(key, 0, pressed="add"))
        elif self.press in {"up", "down"} and at is not None:
            to = at + (-1 if self.press == "up" else 1)
            if 0 <= to < len(self.rows):
                self.rows[at], self.rows[to] = self.rows[to], self.rows[at]
                self.rows[to].pressed = self.press
        for number, row in enumerate(self.rows, 1):
            row.number = number

    def _is_written(self, row: ClauseFields) -> bool:
        offered = {str(heading) for heading in CONTRACT_HEADINGS} if self.is_first else set()
        return bool(row.text.strip() or (row.heading.strip() and row.heading not in offered))


def proposal_form(request: HttpRequest, agreement: Agreement) -> ProposalForm:
    """The form that the address asks for: ?line= one clause, ?add= a new one, else the whole text."""
    data = request.POST if request.method == "POST" else None
    line = _uuid(request.GET.get("line", ""))
    if line is not None:
        return ClauseForm(data, agreement=agreement, line=line)
    if "add" in request.GET and agreement.in_force:
        return NewClauseForm(data, agreement=agreement)
    return TextForm(data, agreement=agreement, more=_number(request.GET.get("new", "")))


def counter_form(request: HttpRequest, version: Version) -> ProposalForm:
    """Other words for a proposal: in one box when it is about one clause, else as the whole text."""
    data = request.POST if request.method == "POST" else None
    agreement = version.agreement
    agreement.read_shown(version)
    if version.line and any(w.line == version.line for w in version.wordings):
        return ClauseForm(data, agreement=agreement, answers=version, line=version.line)
    return TextForm(data, agreement=agreement, answers=version, more=_number(request.GET.get("new", "")))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
