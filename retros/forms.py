"""The shape of what comes in. Rules are the models'."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partnerships import zones
from partnerships.forms import CheckedForm, ContentFormField, PageForm
from partnerships.models.partnership import Seat
from retros.catalogue import Template, exercises
from retros.fields import DayField
from retros.models import Action, ClauseLink, Draft, Entry, Offer, Release, Review
from retros.rhythm import CENTURY

if TYPE_CHECKING:
    from partnerships.models import Lead
    from retros.home import Pair


class WallTimeField(forms.CharField):
    """A wall time as `datetime-local` sends it; naive, since its zone is chosen beside it."""

    def to_python(self, value: Any) -> Any:
        try:
            return datetime.strptime(super().to_python(value) or "", "%Y-%m-%dT%H:%M")  # noqa: DTZ007 (naive on purpose)
        except ValueError as error:
            raise forms.ValidationError(_("Give a day and a time.")) from error


# --- the room --------------------------------------------------------------------------------------------------------


class ReadyForm(CheckedForm):
    digest = forms.CharField(max_length=64, required=False)


class CardForm(CheckedForm):
    client_id = forms.UUIDField()
    text = ContentFormField(required=False)
    only_me = forms.BooleanField(required=False)


class CardEditForm(CheckedForm):
    text = ContentFormField(required=False)
    version = forms.IntegerField(min_value=0)
    prompt = forms.UUIDField(required=False)


class AnswerForm(CheckedForm):
    """One answer: a text, a step on a scale, or tags; whichever the prompt takes."""

    text = ContentFormField(required=False)
    value = forms.TypedChoiceField(choices=[(str(n), str(n)) for n in range(1, 6)], coerce=int, required=False)
    tags = forms.MultipleChoiceField(required=False)
    only_me = forms.BooleanField(required=False)
    version = forms.IntegerField(min_value=0)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tags"].choices = choices  # type: ignore[attr-defined]

    def clean_value(self) -> int | None:
        return self.cleaned_data["value"] or None


class NoteForm(CheckedForm):
    text = ContentFormField(required=False)
    version = forms.IntegerField(min_value=0)


class EndForm(CheckedForm):
    leave = forms.BooleanField(required=False)


class EraseForm(PageForm):
    understood = forms.BooleanField(
        label=_("Erase all of this. I know that nobody can bring it back."),
        error_messages={"required": _("Tick this first.")},
    )


class LearningForm(CheckedForm):
    client_id = forms.UUIDField()
    text = ContentFormField(required=False)


class TalkForm(CheckedForm):
    talk = forms.ChoiceField(
        choices=[("", ""), (Entry.Talk.TALKED, ""), (Entry.Talk.PARKED, "")],
        required=False,
    )


class MinutesForm(CheckedForm):
    """How long the step was when more time was asked for."""

    known = forms.IntegerField(min_value=0)


class PauseForm(CheckedForm):
    reason = forms.ChoiceField(choices=[("another_day", ""), ("between_us", "")])


class NextForm(CheckedForm):
    """`start` is a wall time, naive."""

    client_id = forms.UUIDField()
    start = WallTimeField()


class ClauseForm(CheckedForm):
    """A proposal from a card or a learning: for a clause (`line`), or for a new one; or only that a clause came up."""

    client_id = forms.UUIDField()
    agreement = forms.UUIDField()
    line = forms.UUIDField(required=False)
    text = ContentFormField(required=False)
    reason = ContentFormField(required=False)
    came_up = forms.BooleanField(required=False)


class LinkForm(CheckedForm):
    """The changes in which a clause asks for a look."""

    tags = forms.MultipleChoiceField(choices=ClauseLink.Tag.choices, required=False)


class LineForm(CheckedForm):
    """A clause, or (empty) the whole agreement."""

    line = forms.UUIDField(required=False)


class AdoptForm(CheckedForm):
    """The agreement of which an experiment becomes a clause."""

    agreement = forms.UUIDField()


class PlaceForm(CheckedForm):
    value = forms.IntegerField(min_value=1, max_value=5)


class ReviewForm(CheckedForm):
    verdict = forms.ChoiceField(choices=Review.Verdict.choices)
    helped = forms.ChoiceField(choices=Action.Helped.choices, required=False)
    remark = ContentFormField(required=False)
    version = forms.IntegerField(min_value=0, required=False)
    due = DayField(required=False)

    def clean_version(self) -> int:
        return self.cleaned_data["version"] or 0


class DraftForm(CheckedForm):
    text = ContentFormField(required=False)
    version = forms.IntegerField(min_value=0, required=False)
    client_id = forms.UUIDField(required=False)

    def clean_version(self) -> int:
        return self.cleaned_data["version"] or 0


# --- actions ---------------------------------------------------------------------------------------------------------


class ActionForm(CheckedForm):
    """An action or an experiment. `owner` is a seat, or both seats: then it becomes two."""

    client_id = forms.UUIDField()
    text = ContentFormField(required=False, label=_("What will you try?"))
    cue = ContentFormField(required=False, label=_("If …"))
    because = ContentFormField(required=False, label=_("because we believe"))
    seen_by = ContentFormField(required=False, label=_("we will see it by"))
    is_experiment = forms.BooleanField(required=False)
    owner = forms.ChoiceField(choices=[*Seat.choices, ("both", _("Both"))], required=False, label=_("Who"))
    due = DayField(required=False, label=_("By when"))
    entry = forms.UUIDField(required=False)

    def owners(self) -> list[str]:
        """The seats that take it."""
        owner = self.cleaned_data["owner"]
        return list(Seat.values) if owner == "both" else [owner] if owner else []


class ActionEditForm(CheckedForm):
    text = ContentFormField(required=False, label=_("What will you try?"))
    cue = ContentFormField(required=False, label=_("If …"))
    because = ContentFormField(required=False, label=_("because we believe"))
    seen_by = ContentFormField(required=False, label=_("we will see it by"))
    owner = forms.ChoiceField(choices=Seat.choices, required=False, label=_("Who"))
    due = DayField(required=False, label=_("By when"))
    version = forms.IntegerField(min_value=0)


# --- pages of their own: plan and move a retro, actions between retros ------------------------------------------------


class WhenForm(PageForm):
    """A wall time in a zone: the form of planning and of moving a retro."""

    day = forms.DateField(label=_("Day"), widget=DayField.widget)
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    zone = forms.ChoiceField(label=_("Whose clock"))

    def __init__(self, *args: Any, pair: Pair, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = {m.person.timezone: m.person for m in reversed([pair.you, *([pair.partner] if pair.partner else [])])}
        here = [(zone, zones.words(zone)) for zone in reversed(own)]
        current = self.initial.get("zone")
        if current and current not in own:
            here.append((current, zones.words(current)))
        zone = cast(forms.ChoiceField, self.fields["zone"])
        zone.choices = [(_("Yours and your partner’s"), here), (_("All zones"), zones.offered())]
        zone.initial = pair.person.timezone
        self.latest = pair.today + timedelta(days=2 * 366)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day.year not in CENTURY or day > self.latest:
            raise forms.ValidationError(_("Pick a day within the next two years."))
        return day

    def wall_time(self) -> dict[str, Any]:
        """What the verbs take: a naive `start` and its `zone`. Raises Invalid."""
        data = self.checked()
        return {"start": datetime.combine(data["day"], data["time"].replace(tzinfo=None)), "zone": data["zone"]}


class PlanForm(WhenForm):
    client_id = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)


class DoneForm(CheckedForm):
    """How an action ended, and whether it helped; done, when nothing is said."""

    closed_as = forms.ChoiceField(choices=Action.Closed.choices, required=False)
    helped = forms.ChoiceField(choices=Action.Helped.choices, required=False)

    def clean_closed_as(self) -> str:
        return self.cleaned_data["closed_as"] or Action.Closed.DONE


class ActionPageForm(ActionForm, PageForm):
    """An action added between retros."""

    def __init__(self, *args: Any, pair: Pair, **kwargs: Any) -> None:
        begun = {"text": pair.draft.text} if pair.draft else {}
        super().__init__(*args, **{"auto_id": "action_%s", "initial": begun, **kwargs})
        for unused in ("is_experiment", "because", "seen_by", "entry"):
            del self.fields[unused]
        _owner_by_name(self, pair, both=True, chosen=pair.you.seat)
        self.fields["client_id"].widget = forms.HiddenInput()
        self.fields["client_id"].initial = uuid.uuid4
        _text_areas(self, text=2, cue=1)


class ActionChangeForm(ActionEditForm, PageForm):
    """Other words, another owner, another date."""

    def __init__(self, *args: Any, pair: Pair, action: Action, draft: Draft | None = None, **kwargs: Any) -> None:
        seat = next(m.seat for m in pair.members if m.person_id == action.owner_id)
        names = ("text", "cue", "because", "seen_by", "due", "version")
        initial = {"owner": seat, **{name: getattr(action, name) for name in names}}
        if draft:
            initial["text"] = draft.text
        super().__init__(*args, **{"initial": initial, **kwargs})
        for unused in ("cue",) if action.is_experiment else ("because", "seen_by"):
            del self.fields[unused]
        _owner_by_name(self, pair, both=False, chosen=seat)
        if action.is_experiment:
            for name, label in {
                "text": _("We try"),
                "because": _("Because we believe"),
                "seen_by": _("We will see it by"),
            }.items():
                self.fields[name].label = label
        self.fields["version"].widget = forms.HiddenInput()
        _text_areas(self, text=3, cue=2, because=2, seen_by=2)


def _owner_by_name(form: forms.Form, pair: Pair, *, both: bool, chosen: str) -> None:
    names = [(m.seat, m.person.first_name) for m in pair.members]
    if both and pair.partner:
        names.append(("both", str(_("Both"))))
    form.fields["owner"] = forms.ChoiceField(
        choices=names, required=False, label=_("Who"), widget=forms.RadioSelect, initial=chosen
    )


def _text_areas(form: forms.Form, **rows: int) -> None:
    """As high as the text; the browser's own memory of a field would overwrite what is kept of it."""
    for name, count in rows.items():
        if name in form.fields:
            form.fields[name].widget = forms.Textarea(
                attrs={"rows": count, "autocomplete": "off", "class": "short" if count > 1 else "shortest"}
            )


# --- leads ------------------------------------------------------------------------------------------------------------


class WordsForm(PageForm):
    """One text, on a page of its own."""

    text = ContentFormField(required=False, label=_("In your words"))
    version = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _text_areas(self, text=5)

    def clean_version(self) -> int:
        return self.cleaned_data["version"] or 0


class NeedForm(WordsForm):
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class ReleaseForm(CheckedForm):
    """Which thing, in which words (`digest`)."""

    kind = forms.ChoiceField(choices=Release.Kind.choices)
    thing = forms.UUIDField()
    digest = forms.CharField(max_length=64, required=False)

    @property
    def is_chosen(self) -> bool:
        return "thing" in self.data


class AcceptForm(CheckedForm):
    """Which of the offered times."""

    choice = forms.IntegerField(min_value=0, required=False)

    def clean_choice(self) -> int:
        return self.cleaned_data["choice"] or 0


class OfferForm(PageForm):
    """Three wall times on the lead's own clock, or one of the exercises that are for this pair."""

    kind = forms.ChoiceField(choices=Offer.Kind.choices, widget=forms.HiddenInput)
    first = WallTimeField(label=_("First time"), required=False)
    second = WallTimeField(label=_("Second time"), required=False)
    third = WallTimeField(label=_("Third time"), required=False)
    template = forms.ChoiceField(label=_("Which exercise"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, lead: Lead, kind: str, **kwargs: Any) -> None:
        chosen = kind if kind in Offer.Kind.values else Offer.Kind.TIMES
        super().__init__(*args, **{"initial": {"kind": chosen}, **kwargs})
        self.lead = lead
        self.zone = lead.person.timezone
        if str(self["kind"].value()) == Offer.Kind.EXERCISE:
            for name in ("first", "second", "third"):
                del self.fields[name]
            known = exercises(lead.partnership.kind)
            self.fields["template"].choices = [(t.key, _in_words(t)) for t in known]  # type: ignore[attr-defined]
            self.fields["template"].initial = known[0].key
        else:
            del self.fields["template"]
            for name in ("first", "second", "third"):
                self.fields[name].required = True
                self.fields[name].widget = forms.DateTimeInput(
                    attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
                )

    @property
    def is_exercise(self) -> bool:
        return "first" not in self.fields

    def offer(self) -> dict[str, Any]:
        """What the verb takes. Raises Invalid."""
        data = self.checked()
        if self.is_exercise:
            return {"kind": Offer.Kind.EXERCISE, "template": data["template"]}
        return {"kind": Offer.Kind.TIMES, "starts": [data[n] for n in ("first", "second", "third")], "zone": self.zone}


def _in_words(template: Template) -> str:
    """“Dream Team, 45 minutes. Our wording, …”: every set shows its source."""
    words = {"title": template.title, "minutes": template.minutes, "source": template.source}
    return gettext("%(title)s, %(minutes)d minutes. %(source)s") % words
