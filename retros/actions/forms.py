"""The shape of an action, in the room and between retros."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self

from django import forms
from django.utils.translation import gettext_lazy as _

from partnerships.forms import CheckedForm, ContentFormField, PageForm
from partnerships.models.partnership import Seat
from retros.fields import DayField, kept_areas
from retros.models import Action, Draft

if TYPE_CHECKING:
    from django.http import QueryDict

    from retros.models import Session
    from retros.pair import Pair


class ActionForm(CheckedForm):
    """An action or an experiment. `owner` is a seat, or both seats: then it becomes two."""

    client_id = forms.UUIDField()
    text = ContentFormField(required=False, label=_("What will you try?"))
    cue = ContentFormField(required=False, label=_("If …"))
    because = ContentFormField(required=False, label=_("Because we believe"))
    seen_by = ContentFormField(required=False, label=_("We will know it worked when"))
    decider = ContentFormField(required=False)
    is_experiment = forms.BooleanField(required=False)
    owner = forms.ChoiceField(choices=[*Seat.choices, ("both", _("Both"))], required=False, label=_("Who"))
    due = DayField(required=False, label=_("By when"))
    entry = forms.UUIDField(required=False)

    @classmethod
    def in_room(cls, data: QueryDict, session: Session) -> Self:
        """With the names of the two, for a page that asks who takes it."""
        form = cls(data)
        names = [(side.seat, side.person.first_name) for side in session.sides.values()]
        form.fields["owner"] = _owner_field([*names, ("both", str(_("Both")))])
        return form

    def agreed(self) -> dict[str, Any]:
        """What `Action.agree` takes, beside the pair, `by` and the session; `entry` is an id. Raises Invalid."""
        data = dict(self.checked())
        id, owner = data.pop("client_id"), data.pop("owner")
        return {**data, "id": id, "owners": list(Seat.values) if owner == "both" else [owner]}


class ActionEditForm(CheckedForm):
    text = ContentFormField(required=False, label=_("What will you try?"))
    cue = ContentFormField(required=False, label=_("If …"))
    because = ContentFormField(required=False, label=_("Because we believe"))
    seen_by = ContentFormField(required=False, label=_("We will know it worked when"))
    decider = ContentFormField(required=False, label=_("Who decides, if it is neither of you"))
    owner = forms.ChoiceField(choices=Seat.choices, required=False, label=_("Who"))
    due = DayField(required=False, label=_("By when"))
    version = forms.IntegerField(min_value=0)


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
        for unused in ("is_experiment", "because", "seen_by", "decider", "entry"):
            del self.fields[unused]
        _owner_by_name(self, pair, both=True, chosen=pair.you.seat)
        self.fields["client_id"].widget = forms.HiddenInput()
        self.fields["client_id"].initial = uuid.uuid4
        kept_areas(self, text=2, cue=1)


class ActionChangeForm(ActionEditForm, PageForm):
    """Other words, another owner, another date. It has what this kind of action is asked for, and whatever it holds."""

    def __init__(self, *args: Any, pair: Pair, action: Action, draft: Draft | None = None, **kwargs: Any) -> None:
        seat = next(m.seat for m in pair.members if m.person_id == action.owner_id)
        initial = {"owner": seat, **{name: getattr(action, name) for name in (*Action.WORDS, "due", "version")}}
        if draft:
            initial["text"] = draft.text
        super().__init__(*args, **{"initial": initial, **kwargs})
        asked = {"text", "because", "seen_by"} if action.is_experiment else {"text", "cue"}
        for name in set(Action.WORDS) - asked:
            if not getattr(action, name):
                del self.fields[name]
        _owner_by_name(self, pair, both=False, chosen=seat)
        if action.is_experiment:
            for name, label in {
                "text": _("We try"),
                "because": _("Because we believe"),
                "seen_by": _("We will know it worked when"),
            }.items():
                self.fields[name].label = label
        self.fields["version"].widget = forms.HiddenInput()
        kept_areas(self, text=3, cue=2, because=2, seen_by=2, decider=1)

    @property
    def words(self) -> list[forms.BoundField]:
        return [self[name] for name in Action.WORDS if name in self.fields]


def _owner_by_name(form: forms.Form, pair: Pair, *, both: bool, chosen: str) -> None:
    names = [(m.seat, m.person.first_name) for m in pair.members]
    if both and pair.partner:
        names.append(("both", str(_("Both"))))
    form.fields["owner"] = _owner_field(names, initial=chosen)


def _owner_field(names: list[tuple[str, str]], **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=names, required=False, label=_("Who"), widget=forms.RadioSelect, **kwargs)
