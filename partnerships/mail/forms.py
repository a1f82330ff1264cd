"""The form of what somebody is told, where, and when not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django import forms
from django.db import transaction
from django.forms.boundfield import BoundWidget
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm
from partnerships.models import Delivery, Person, Preference


class FeedForm(CheckedForm):
    """What the page showed of the feed when a new address was asked for; empty where there was none."""

    not_typed = ("seen",)

    seen = forms.CharField(required=False)


WEEKDAYS = (
    ("1", _("Monday")),
    ("2", _("Tuesday")),
    ("3", _("Wednesday")),
    ("4", _("Thursday")),
    ("5", _("Friday")),
    ("6", _("Saturday")),
    ("7", _("Sunday")),
)


@dataclass(frozen=True)
class KindRow:
    """One kind of reminder, with a box for each channel; None where it has none."""

    label: str
    boxes: list[tuple[str, BoundWidget | None]]


class ReminderForm(forms.ModelForm):  # type: ignore[type-arg] # takes none when it runs
    working_days = forms.MultipleChoiceField(
        label=_("Working days"),
        choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Reminders come on these days only."),
    )
    wanted = forms.MultipleChoiceField(label=_("Reminders"), required=False, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Person
        fields = ("calendar_mode", "working_days", "quiet_from", "quiet_to", "paused_until")
        widgets: ClassVar = {
            "calendar_mode": forms.RadioSelect,
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_to": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "paused_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts: ClassVar = {
            "calendar_mode": _("What was invited by mail goes on by mail, so that no calendar keeps a wrong time."),
            "paused_until": _("Calendar mail goes on. Empty: no pause."),
        }

    def __init__(self, data: Any = None, *, instance: Person) -> None:
        known = Preference.of(instance)
        wanted = [_name(*reminder) for reminder, on in known.items() if on]
        super().__init__(
            data, instance=instance, initial={"working_days": list(instance.working_days), "wanted": wanted}
        )
        self.known = known
        self.fields["wanted"].choices = [(_name(*reminder), "") for reminder in known]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, request: HttpRequest, *, instance: Person) -> Self:
        return cls(request.POST if request.method == "POST" else None, instance=instance)

    def clean_working_days(self) -> str:
        return "".join(sorted(self.cleaned_data["working_days"]))

    def keep(self) -> None:
        wanted = {reminder: _name(*reminder) in self.cleaned_data["wanted"] for reminder in self.known}
        with transaction.atomic():
            self.instance.save(update_fields=self.Meta.fields)
            Preference.keep(wanted, by=self.instance)

    def kinds(self) -> Iterator[KindRow]:
        boxes = {box.data["value"]: box for box in self["wanted"]}
        for kind in Delivery.REMINDERS:
            row = [(str(channel.label), boxes.get(_name(kind, channel))) for channel in Delivery.Channel]
            yield KindRow(str(Delivery.Kind(kind).label), row)


def _name(kind: str, channel: str) -> str:
    return f"{kind}:{channel}"
