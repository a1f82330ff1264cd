"""The shape of what an admin sends about many pairs."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm, PageForm
from partnerships.refusals import Invalid, Refusal
from retros import limits
from retros.administration.bulk_acts import BulkRequest
from retros.administration.schedule import Schedule
from retros.fields import DayField, TableForm
from retros.models import Bulk
from retros.recurrence.rule import DEFAULT, PRESETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from partnerships.models import Person


NEEDED = {
    Bulk.Act.PLAN: ("cadence", "first_day", "last_day", "weekday", "hour", "duration_min"),
    Bulk.Act.MOVE: ("weeks",),
    Bulk.Act.RHYTHM: ("cadence",),
    Bulk.Act.PAUSE: ("first_day", "until"),
    Bulk.Act.REMIND: (),
}


def _cadences() -> list[tuple[str, str]]:
    return [(key, cadence.words) for key, cadence in PRESETS.items()]


class BulkForm(PageForm):
    """What to do with the chosen pairs. `pick` names each with its version: “id:version”. With `all` they are those
    that the schedule lists under its filter.
    """

    not_typed = ("pick", "all", *Schedule.FILTER)

    act = forms.ChoiceField(choices=Bulk.Act.choices, widget=forms.HiddenInput)
    cadence = forms.ChoiceField(label=_("Rhythm"), choices=_cadences, initial=DEFAULT)
    first_day = DayField(label=_("From"), initial=timezone.localdate)
    last_day = DayField(label=_("The first date at the latest on"), required=False)
    weekday = forms.TypedChoiceField(label=_("Weekday"), coerce=int, required=False, empty_value=None,
                                     choices=lambda: [("", _("Any")), *WEEKDAYS.items()])  # fmt: skip
    hour = forms.TypedChoiceField(label=_("Hour"), coerce=int, required=False, empty_value=None,
                                  choices=[("", _("Any")), *((n, f"{n:02}:00") for n in range(8, 18))])  # fmt: skip
    until = DayField(label=_("To, that day included"), required=False)
    weeks = forms.TypedChoiceField(label=_("Which way"), coerce=int, initial="1",
                                   choices=[("1", _("A week later")), ("-1", _("A week earlier"))])  # fmt: skip
    duration_min = forms.TypedChoiceField(label=_("Minutes"), coerce=int, initial="60",
                                          choices=[(str(n), str(n)) for n in (30, 45, 60, 75, 90)])  # fmt: skip
    pick: list[tuple[uuid.UUID, int]]

    def __init__(self, data: Any, **kwargs: Any) -> None:
        """A field that is not there yet has its usual value: the first preview comes with the choice of pairs alone."""
        act = data.get("act", "")
        needed = NEEDED.get(act, ())
        shown = data.copy()
        for name, field in self.base_fields.items():
            if name in needed and name not in data and field.initial is not None:
                initial = field.initial() if callable(field.initial) else field.initial
                shown[name] = initial.isoformat() if isinstance(initial, date) else initial
        super().__init__(shown, **kwargs)
        for name in set(self.fields) - {"act", *needed}:
            del self.fields[name]
        self.picked = data.getlist("pick")
        self.filter = {name: data.get(name, "") for name in Schedule.FILTER} if "all" in data else None

    @property
    def choice(self) -> list[tuple[str, str]]:
        """What names the chosen pairs, for the next form: names and values."""
        if self.filter is not None:
            return [("all", "1"), *((name, value) for name, value in self.filter.items() if value)]
        return [("pick", pick) for pick in self.picked]

    def wish(self, reader: Person) -> BulkRequest:
        """Raises Invalid when nothing is chosen, or too much."""
        data = self.checked()
        most = limits.PAIRS_NAMED if self.filter is None else limits.PAIRS_AT_ONCE
        picked = _pairs(self.picked) if self.filter is None else Schedule(self.filter, reader).keys(most + 1)
        if not picked:
            raise Invalid(_("Choose at least one pair."))
        if len(picked) > most:
            raise Invalid(_("Choose at most %(most)d pairs at once.") % {"most": most})
        versions = {str(pk): version for pk, version in picked.items() if version}
        return BulkRequest(partnerships=tuple(picked), versions=versions, **data)


class CommitForm(CheckedForm):
    not_typed = ("digest",)

    key = forms.UUIDField()
    digest = forms.CharField(max_length=64)


class ImportForm(TableForm):
    """Rows of partnerships: a file, or as they were pasted from a spreadsheet, and how its dates are read.

    Once a file was read its rows stand in the box, so that one form looks at them, mends them and puts them in.
    """

    not_typed = ("seen",)

    text = forms.CharField(
        label=_("Or rows from a spreadsheet"),
        help_text=_("Mark the rows there with their first line, copy, and paste them here."),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "dir": "auto", "wrap": "off"}),
    )
    dates = forms.ChoiceField(required=False, choices=[("", ""), ("day", ""), ("month", "")])
    skip_bad = forms.BooleanField(required=False)
    seen = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.rows.strip() and not self.errors:
            raise forms.ValidationError(_("Choose a file, or paste rows."))
        return data

    @property
    def day_first(self) -> bool | None:
        return {"day": True, "month": False}.get(self.cleaned_data.get("dates", ""))

    @property
    def digest(self) -> str:
        """Of all that a look ahead depends on. Whoever puts it in says what they saw."""
        return hashlib.sha256(f"{self.day_first} {self.rows.strip()}".encode()).hexdigest()

    def wish(self) -> dict[str, Any]:
        """What `put_in` takes. Raises Invalid; Refusal for rows that were changed since the look."""
        data = self.checked()
        if data["seen"] not in {"", self.digest}:
            raise Refusal(_("These are other rows than you looked at. Here is what would become of them."))
        return {"text": self.rows, "day_first": self.day_first, "skip_bad": data["skip_bad"]}


def _pairs(picked: Iterable[str]) -> dict[uuid.UUID, int]:
    """Raises Invalid for what no page of ours sends."""
    found = {}
    for each in picked:
        pk, _colon, version = each.partition(":")
        try:
            found[uuid.UUID(pk)] = int(version or 0)
        except ValueError as error:
            raise Invalid(_("We could not read that.")) from error
    return found
