"""The forms of a rhythm and of its dates."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, cast

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partnerships import limits as shared_limits
from partnerships import zones
from partnerships.forms import CheckedForm, NameFormField, PageForm, ZoneField
from retros.dates.planning import Outdated
from retros.fields import DayField
from retros.models import Session
from retros.models.template import catalogue
from retros.recurrence.rule import CENTURY, PRESETS, Rule
from retros.recurrence.wall_time import Misplaced, wall_to_utc

if TYPE_CHECKING:
    from partnerships.models import Membership, Person
    from retros.pair import Pair


class Clocks(Protocol):
    """The two whose clocks a form offers, and who reads it."""

    person: Person

    @property
    def you(self) -> Membership | None: ...
    @property
    def partner(self) -> Membership | None: ...
    @property
    def today(self) -> date: ...


class WhenForm(PageForm):
    """A wall time in a zone: the form of planning and of moving a retro."""

    day = forms.DateField(label=_("Day"), widget=DayField.widget)
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    zone = ZoneField(label=_("Whose clock"))

    def __init__(self, *args: Any, pair: Clocks, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = {m.person.timezone: m.person for m in (pair.partner, pair.you) if m}
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
    exercise = forms.ChoiceField(label=_("What you do"), required=False)
    client_id = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, pair: Pair, **kwargs: Any) -> None:
        super().__init__(*args, pair=pair, **kwargs)
        retros = [each for each in catalogue().choices(pair.partnership.kind) if each.kind == Session.Kind.RETRO]
        cast(forms.ChoiceField, self.fields["exercise"]).choices = [(each.key, each.title) for each in retros]
        self._minutes = {each.key: each.minutes for each in retros}

    def planned(self) -> dict[str, Any]:
        """What `one_date.plan` takes, beside the partnership and `by`. Raises Invalid."""
        when, data = self.wall_time(), self.cleaned_data
        lasts = {"duration_min": self._minutes[data["exercise"]]} if data["exercise"] else {}
        return {**when, **lasts, "id": data["client_id"], "template_key": data["exercise"]}


def lengths() -> list[tuple[int, str]]:
    return [(minutes, gettext("%(minutes)d minutes") % {"minutes": minutes}) for minutes in (30, 45, 60, 90, 120)]


class VersionForm(CheckedForm):
    """A change of the dates: carries the version that its page showed."""

    # A browser that fills forms in again after a reload would put an old version back.
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput(attrs={"autocomplete": "off"}), required=False)


class DatesForm(VersionForm, PageForm):
    """One with a page of its own. Once it has said what changed meanwhile, it carries the version of now."""

    offers: tuple[str, ...] = ()

    @contextmanager
    def on_page(self, *, at: str | None = None, htmx: bool = False) -> Iterator[None]:
        with super().on_page(at=at, htmx=htmx):
            try:
                yield
            except Outdated as outdated:
                self.show("version", str(outdated.version))
                raise
            except Misplaced as misplaced:
                self.offers = misplaced.offers
                raise


class MoveForm(DatesForm, WhenForm):
    def move(self) -> dict[str, Any]:
        """What `one_date.move` takes, beside the session and `by`. Raises Invalid."""
        return {**self.wall_time(), "version": self.cleaned_data["version"]}


class RuleForm(DatesForm, WhenForm):
    """How often, from when on, for how long."""

    not_typed = ("show",)

    cadence = forms.ChoiceField(label=_("How often"))
    duration = forms.TypedChoiceField(label=_("For how long"), choices=lengths, coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].label = _("First date")
        choices = [(key, cadence.words) for key, cadence in PRESETS.items()]
        self.fields["cadence"].choices = choices  # type: ignore[attr-defined]


class RhythmForm(RuleForm):
    """A new rhythm. Months repeat the weekday of the first date, or its day of the month."""

    pattern = forms.ChoiceField(
        label=_("When it counts in months"),
        choices=[("weekday", _("The same weekday of the month")), ("day", _("The same day of the month"))],
        widget=forms.RadioSelect,
    )
    meeting_url = forms.URLField(
        label=_("Meeting link, if you have one"),
        required=False,
        max_length=500,
        assume_scheme="https",
        validators=[URLValidator(schemes=["https", "http"])],
    )
    field_order = ["cadence", "day", "time", "zone", "duration", "pattern", "meeting_url"]

    def rule(self) -> Rule:
        """Raises Invalid."""
        data = self.checked()
        wall_to_utc(datetime.combine(data["day"], data["time"]), data["zone"])  # a person is asked, a slot is not
        return self._rule(data)

    def shown(self) -> Rule | None:
        """The rule whose dates the page shows: of what was chosen, else of what is proposed."""
        if not self.is_bound:
            return self._rule(self.initial)
        return self._rule(self.cleaned_data) if self.is_valid() else None

    def _rule(self, data: Mapping[str, Any]) -> Rule:
        return Rule.starting(
            data["day"], PRESETS[data["cadence"]], data["time"].replace(tzinfo=None), data["zone"],
            by_day=data["pattern"] == "day", duration_min=data["duration"],
        )  # fmt: skip


class FollowingForm(RuleForm):
    """Another rule from one session on. `confirm` is pressed on the page that shows what it does."""

    confirm = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def change(self) -> dict[str, Any]:
        """What `rhythm.change_from` takes, beside the series and `by`. Raises Invalid."""
        data = self.checked()
        wall_to_utc(datetime.combine(data["day"], data["time"]), data["zone"])
        return {
            "first": data["day"],
            "cadence": PRESETS[data["cadence"]],
            "local_time": data["time"].replace(tzinfo=None),
            "timezone": data["zone"],
            "duration_min": data["duration"],
            "version": data["version"],
        }


class SkipForm(DatesForm):
    reason = forms.ChoiceField(label=_("Why"), choices=Session.SkipReason.choices, widget=forms.RadioSelect)


class MetForm(DatesForm):
    day = DayField(label=_("The day you met"))


class SeriesPauseForm(DatesForm):
    from_date = DayField(label=_("First day"))
    to_date = DayField(
        label=_("Last day"), required=False, help_text=_("Without a last day, until one of you resumes.")
    )


class SeriesResumeForm(VersionForm):
    """Which pause; empty for all."""

    pause = forms.IntegerField(required=False, widget=forms.HiddenInput)


class SeriesEndForm(DatesForm):
    last = DayField(label=_("Last day"), required=False, help_text=_("Empty: it goes on."))


class SeriesForm(DatesForm):
    """What calendars show, and where the two meet."""

    meeting_url = forms.URLField(
        label=_("Meeting link"),
        required=False,
        max_length=500,
        assume_scheme="https",
        validators=[URLValidator(schemes=["https", "http"])],
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        help_text=_("Stands on your home page, in the room and in every reminder."),
    )
    title = NameFormField(
        label=_("Title in your calendars"),
        limit=shared_limits.TITLE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": shared_limits.TITLE_LENGTH}),
        help_text=_("Empty: Collaboration retro, with your two names."),
    )
