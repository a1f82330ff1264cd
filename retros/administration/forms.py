"""The shape of what an admin sends about many pairs."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm, PageForm
from partnerships.refusals import Invalid
from retros.administration.bulk_acts import BulkRequest
from retros.administration.schedule import Schedule
from retros.fields import DayField
from retros.models import Bulk
from retros.recurrence.rule import DEFAULT, PRESETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from partnerships.models import Person


MOST = 300  # pairs in one press
MOST_NAMED = 100  # of them, one by one: a form has 200 fields
NEEDED = {
    Bulk.Act.PLAN: ("cadence", "first_day", "last_day", "weekday", "hour", "duration_min"),
    Bulk.Act.MOVE: ("weeks",),
    Bulk.Act.RHYTHM: ("cadence",),
    Bulk.Act.PAUSE: ("first_day", "until"),
    Bulk.Act.REMIND: (),
}


FILTER = ("q", "state", "week")  # of the schedule


def _cadences() -> list[tuple[str, str]]:
    return [(key, cadence.words) for key, cadence in PRESETS.items()]


class BulkForm(PageForm):
    """What to do with the chosen pairs. `pick` names each with its version: “id:version”. With `all` they are those
    that the schedule lists under its filter.
    """

    not_typed = ("pick", "all", *FILTER)

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
        self.filter = {name: data.get(name, "") for name in FILTER} if "all" in data else None

    @property
    def choice(self) -> list[tuple[str, str]]:
        """What names the chosen pairs, for the next form: names and values."""
        if self.filter is not None:
            return [("all", "1"), *((name, value) for name, value in self.filter.items() if value)]
        return [("pick", pick) for pick in self.picked]

    def wish(self, reader: Person) -> BulkRequest:
        """Raises Invalid when nothing is chosen, or too much."""
        data = self.checked()
        most = MOST_NAMED if self.filter is None else MOST
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


class TextFile(forms.FileField):
    """A text file as its text; UTF-8, since a body of anything else is refused before it comes here."""

    def clean(self, data: Any, initial: Any = None) -> str:
        return str(super().clean(data, initial).read().decode("utf-8-sig"))


class FileForm(PageForm):
    file = TextFile(label=_("A CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))


class ImportForm(CheckedForm):
    """The text of the file once more, as the look ahead read it."""

    text = forms.CharField(strip=False)
    skip_bad = forms.BooleanField(required=False)


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
