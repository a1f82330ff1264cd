"""The shape of what comes in. Rules are the models'."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships import zones
from partnerships.forms import CheckedForm, ContentFormField, VersionField
from retros.fields import DayField, WallTimeField
from retros.models import Action, Entry, Review


class ReadyForm(CheckedForm):
    not_typed = ("digest",)

    digest = forms.CharField(max_length=64, required=False)


class NextStepForm(CheckedForm):
    """The digest of the text that going on signs, by either button: together, or alone."""

    not_typed = ("signs", "alone")

    signs = forms.CharField(max_length=64, required=False)
    alone = forms.CharField(max_length=64, required=False)


class CardForm(CheckedForm):
    client_id = forms.UUIDField()
    text = ContentFormField(required=False)
    only_me = forms.BooleanField(required=False)
    in_person = forms.BooleanField(required=False)


class CardEditForm(CheckedForm):
    text = ContentFormField(required=False)
    version = forms.IntegerField(min_value=0)
    prompt = forms.UUIDField(required=False)
    only_me = forms.TypedChoiceField(
        choices=[("yes", ""), ("no", "")], coerce=lambda said: said == "yes", empty_value=None, required=False
    )  # not said: as it is


class AnswerForm(CheckedForm):
    """One answer: a text, a step on a scale, or tags; whichever the prompt takes."""

    text = ContentFormField(required=False)
    value = forms.IntegerField(required=False)
    tags = forms.MultipleChoiceField(required=False)
    only_me = forms.BooleanField(required=False)
    version = forms.IntegerField(min_value=0)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tags"].choices = choices  # type: ignore[attr-defined]


class NoteForm(CheckedForm):
    text = ContentFormField(required=False)
    version = forms.IntegerField(min_value=0)


class LearningForm(CheckedForm):
    client_id = forms.UUIDField()
    text = ContentFormField(required=False)


class TalkForm(CheckedForm):
    talk = forms.ChoiceField(choices=[("", ""), (Entry.Talk.TALKED, ""), (Entry.Talk.PARKED, "")], required=False)


class MinutesForm(CheckedForm):
    """How long the step was when more time was asked for."""

    known = forms.IntegerField(min_value=0)


class PauseForm(CheckedForm):
    reason = forms.ChoiceField(choices=[("another_day", ""), ("between_us", "")])


class WallTimeForm(CheckedForm):
    """`start` is a wall time, naive, in `zone`; without one in the session's."""

    not_typed = ("start", "zone")

    start = WallTimeField(label=_("Day and time, by your clock"))
    zone = forms.CharField(max_length=64, required=False)

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"]
        if zone and zone not in zones.known():
            raise forms.ValidationError(_("That is not one of the choices."))
        return zone


class NextForm(WallTimeForm):
    client_id = forms.UUIDField()


class NextMoveForm(WallTimeForm):
    """For the one that is planned; `version`: of the dates that the page showed."""

    version = forms.IntegerField(min_value=0, required=False)


class PlaceForm(CheckedForm):
    """Which of the choices of its question, by value."""

    value = forms.IntegerField()


class ReviewForm(CheckedForm):
    verdict = forms.ChoiceField(choices=Review.Verdict.choices, label=_("What became of it?"), widget=forms.RadioSelect)
    helped = forms.ChoiceField(choices=Action.Helped.choices, required=False)
    remark = ContentFormField(required=False)
    version = VersionField()
    due = DayField(label=_("Carries over, new date"), required=False)


class DraftForm(CheckedForm):
    text = ContentFormField(required=False)
    version = VersionField()
    client_id = forms.UUIDField(required=False)
