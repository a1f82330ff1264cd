"""The shape of releases, needs and offers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm, PageForm
from retros.catalogue import Template
from retros.fields import WallTimeField, WordsForm
from retros.leads import offers
from retros.models import Offer, Release
from retros.models.template import catalogue

if TYPE_CHECKING:
    from partnerships.models import Lead


class NeedForm(WordsForm):
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class ReleaseForm(CheckedForm):
    """Which thing, in which words (`digest`)."""

    not_typed = ("digest",)

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
    first = WallTimeField(label=_("First date"), required=False)
    second = WallTimeField(label=_("Second date"), required=False)
    third = WallTimeField(label=_("Third date"), required=False)
    template = forms.ChoiceField(label=_("Which exercise"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, lead: Lead, kind: str, **kwargs: Any) -> None:
        chosen = kind if kind in Offer.Kind.values else Offer.Kind.TIMES
        super().__init__(*args, **{"initial": {"kind": chosen}, **kwargs})
        self.lead = lead
        self.zone = lead.person.timezone
        if str(self["kind"].value()) == Offer.Kind.EXERCISE:
            for name in ("first", "second", "third"):
                del self.fields[name]
            known = catalogue().exercises(lead.partnership.kind)
            self.fields["template"].choices = [(t.key, _in_words(t)) for t in known]  # type: ignore[attr-defined]
            self.fields["template"].initial = known[0].key
        else:
            del self.fields["template"]
            times = offers.proposed(lead, timezone.now())
            for name, wall in zip(("first", "second", "third"), times, strict=True):
                self.fields[name].required = True
                self.fields[name].initial = wall

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
