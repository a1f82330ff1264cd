"""The shape of what an admin sends about many pairs."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm, PageForm
from partnerships.refusals import Invalid
from retros.administration.bulk_acts import BulkRequest
from retros.fields import DayField
from retros.models import Bulk
from retros.recurrence.rule import DEFAULT, PRESETS

if TYPE_CHECKING:
    from collections.abc import Iterable


MOST = 100  # pairs in one press: a form has 200 fields
NEEDED = {
    Bulk.Act.PLAN: ("cadence", "first_day", "duration_min"),
    Bulk.Act.MOVE: ("weeks",),
    Bulk.Act.RHYTHM: ("cadence",),
    Bulk.Act.PAUSE: ("first_day", "until"),
    Bulk.Act.REMIND: (),
}


def _cadences() -> list[tuple[str, str]]:
    return [(key, cadence.words) for key, cadence in PRESETS.items()]


class BulkForm(PageForm):
    """What to do with the chosen pairs. `pick` names each with its version: “id:version”."""

    not_typed = ("pick",)

    act = forms.ChoiceField(choices=Bulk.Act.choices, widget=forms.HiddenInput)
    cadence = forms.ChoiceField(label=_("Rhythm"), choices=_cadences, initial=DEFAULT)
    first_day = DayField(label=_("From"), initial=timezone.localdate)
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

    def wish(self) -> BulkRequest:
        """Raises Invalid when nothing is chosen, or too much."""
        data = self.checked()
        picked = _pairs(self.picked)
        if not picked:
            raise Invalid(_("Choose at least one pair."))
        if len(picked) > MOST:
            raise Invalid(_("Choose at most 100 pairs at once."))
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
