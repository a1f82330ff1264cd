"""The shape of a template as an admin edits it: its words, one step with its questions, and its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partnerships import limits as shared_limits
from partnerships.forms import ContentFormField, LineFormField, PageForm
from partnerships.models import Partnership
from partnerships.refusals import Invalid
from retros import limits
from retros.catalogue import TemplatePrompt, TemplateStep
from retros.catalogue.text import ASKED, SHAPES, problem
from retros.fields import TableFile, text_areas
from retros.models import OwnTemplate

STEPS = {
    "look_back": _("Last time: open actions"),
    "pulse": _("Pulse check"),
    "write": _("Cards, written alone"),
    "questions": _("Questions, answered alone"),
    "conclude": _("Conclusions"),
    "agree": _("One text from it"),
    "close": _("Wrap-up"),
}
QUESTIONS = {
    "good": _("Cards: what goes well"),
    "bad": _("Cards: what holds us back"),
    "talk": _("Cards: to talk about"),
    "text": _("An answer in words"),
    "scale": _("A place on a scale"),
    "place": _("Who decides: a place between the two"),
    "tags": _("Tags"),
}
OF_A_QUESTION = ("place", "title", "text", "hint", "kind", "choices", "quick")


class TemplateForm(PageForm):
    """What it is called, when a pair wants it, and for whom it is."""

    not_typed = ("pair_kind",)

    title = LineFormField(label=_("Name"))
    need = LineFormField(
        label=_("When a pair wants it"),
        required=False,
        help_text=_("Half a sentence, in the list that they choose from."),
    )
    source = LineFormField(label=_("Source of the questions"))
    for_kinds = forms.MultipleChoiceField(
        label=_("For"), required=False, choices=Partnership.Kind.choices, widget=forms.CheckboxSelectMultiple,
        help_text=_("None of them: for any kind of pair."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, own: OwnTemplate, **kwargs: Any) -> None:
        self.template = own.template
        began = {name: getattr(self.template, name) for name in ("title", "need", "source", "for_kinds")}
        super().__init__(*args, **{"initial": {**began, "version": own.version}, **kwargs})

    def changed(self) -> dict[str, Any]:
        """What `OwnTemplate.edit` takes. Raises Invalid."""
        data = self.checked()
        words = {name: data[name] for name in ("title", "need", "source")}
        template = replace(self.template, **words, for_kinds=tuple(data["for_kinds"]))
        return {"template": template, "version": data["version"]}


class TemplateTextForm(PageForm):
    """A template as TOML: a file, or pasted."""

    file = TableFile(label=_("A file"), required=False, help_text=_(".toml, as a template here is exported."))
    text = ContentFormField(label=_("Or its text"), required=False, limit=limits.TEMPLATE_LENGTH)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget = forms.FileInput(attrs={"accept": ".toml"})
        text_areas(self, text=12)

    def source(self) -> str:
        """Raises Invalid."""
        data = self.checked()
        if not data["file"] and not data["text"]:
            raise Invalid(gettext("Choose a file, or paste its text."))
        return str(data["file"] or data["text"])


@dataclass
class QuestionFields:
    """The fields of one question, for the page."""

    number: int
    form: StepForm

    def __iter__(self) -> Iterator[forms.BoundField]:
        return (self.form[name] for name in (f"q{self.number}_{n}" for n in OF_A_QUESTION) if name in self.form.fields)

    @property
    def is_new(self) -> bool:
        return self.number == len(self.form.step.prompts)


class StepForm(PageForm):
    """One step with its questions, an empty one after them; or a new step."""

    kind = forms.ChoiceField(label=_("What happens in it"))
    title = LineFormField(label=_("Name"))
    heading = LineFormField(label=_("Heading"))
    lede = ContentFormField(label=_("Help"), required=False, limit=limits.TEMPLATE_WORDS)
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=limits.TEMPLATE_MINUTES)
    place = forms.IntegerField(label=_("Place among the steps"), min_value=1, max_value=limits.TEMPLATE_STEPS)
    gone = forms.BooleanField(label=_("Leave this step out"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, own: OwnTemplate, number: int, **kwargs: Any) -> None:
        """`number` of the step, from 0; one more than there are is a new one."""
        self.template, self.number = own.template, number
        self.is_new = number == len(self.template.steps)
        self.step = TemplateStep("write", "", "", 10) if self.is_new else self.template.steps[number]
        began = {name: getattr(self.step, name) for name in ("kind", "title", "heading", "lede", "minutes")}
        began |= {"place": max(number, 1) if self.is_new else number + 1, "version": own.version}
        super().__init__(*args, **{"initial": began, **kwargs})
        kinds = [kind for kind in STEPS if kind in SHAPES[self.template.kind][0]]
        self.fields["kind"] = forms.ChoiceField(label=_("What happens in it"), choices=[(k, STEPS[k]) for k in kinds])
        text_areas(self, lede=2)
        if self.is_new:
            del self.fields["gone"]
        else:
            del self.fields["kind"]
        if ASKED.get(self.step.kind):
            for n, prompt in enumerate([*self.step.prompts, None]):
                self._add_question(n, prompt)

    def _add_question(self, n: int, prompt: TemplatePrompt | None) -> None:
        asked = ASKED[self.step.kind]
        kinds = [k for k in QUESTIONS if k in asked or ("cards" in asked and k in {"good", "bad", "talk"})]
        if self.is_new:
            kinds = list(QUESTIONS)
        words = {"limit": limits.TEMPLATE_WORDS, "required": False}
        line = {"required": False, "limit": shared_limits.TITLE_LENGTH}
        known = prompt or TemplatePrompt("", "", "")
        fields: dict[str, forms.Field] = {
            "title": LineFormField(label=_("Question"), initial=known.title, **line),
            "text": ContentFormField(label=_("In full"), initial=known.text, **words),
            "hint": ContentFormField(label=_("Help"), initial=known.hint, **words),
            "place": forms.IntegerField(label=_("Place"), initial=n + 1, required=False),
            "kind": forms.ChoiceField(
                label=_("Answered by"), choices=[(k, QUESTIONS[k]) for k in kinds], initial=known.column or known.kind
            ),
        }
        if not {"scale", "place", "tags"}.isdisjoint(kinds):
            began = "\n".join(label for _value, label in known.choices)
            fields["choices"] = ContentFormField(label=_("Choices, one on each line"), initial=began, **words)
        if self.step.kind == "questions":
            fields["quick"] = forms.BooleanField(label=_("Also in the short form"), required=False, initial=known.quick)
        self.fields |= {f"q{n}_{name}": field for name, field in fields.items()}
        text_areas(self, **{f"q{n}_{name}": 2 for name in ("text", "hint", "choices") if name in fields})

    @property
    def questions(self) -> list[QuestionFields]:
        numbers = [int(name[1:-6]) for name in self.fields if name.startswith("q") and name.endswith("_title")]
        return [QuestionFields(n, self) for n in numbers]

    @property
    def of_step(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if not name.startswith("q")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            self._check(data)
        return data

    def _check(self, data: dict[str, Any]) -> None:
        prompts = self._prompts(data)
        kind = data.get("kind", self.step.kind)
        words = {name: data[name] for name in ("title", "heading", "lede", "minutes")}
        step = replace(self.step, kind=kind, **words, prompts=tuple(prompt for _n, prompt in prompts))
        steps = [each for n, each in enumerate(self.template.steps) if n != self.number]
        at = min(data["place"] - 1, len(steps))
        if not data.get("gone"):
            steps.insert(at, step)
        self.result = replace(self.template, steps=tuple(steps))
        if (wrong := problem(self.result)) is None:
            return
        (number, n, name), reason = wrong
        field = f"q{prompts[n][0]}_{name}" if n is not None and number == at else name
        self.add_error(field if field in self.fields else None, reason)

    def _prompts(self, data: dict[str, Any]) -> list[tuple[int, TemplatePrompt]]:
        """The questions in their new order, each with its number on the page; one without words is left out."""
        asked = [n for n in (each.number for each in self.questions) if data[f"q{n}_title"].strip()]
        asked.sort(key=lambda n: data.get(f"q{n}_place") or n + 1)
        keys = {self.step.prompts[n].key for n in asked if n < len(self.step.prompts)}
        return [(n, self._prompt(n, data, keys)) for n in asked]

    def _prompt(self, n: int, data: dict[str, Any], keys: set[str]) -> TemplatePrompt:
        known = self.step.prompts[n] if n < len(self.step.prompts) else None
        kind = data[f"q{n}_kind"]
        words = {name: data[f"q{n}_{name}"] for name in ("title", "text", "hint")}
        is_cards = kind in {"good", "bad", "talk"}
        return TemplatePrompt(
            key=known.key if known else _new_key(words["title"], keys), kind="cards" if is_cards else kind, **words,
            column=kind if is_cards else "", beside=known.beside if known else "", quick=data.get(f"q{n}_quick", False),
            choices=_choices(kind, data.get(f"q{n}_choices", ""), known),
        )  # fmt: skip

    def changed(self) -> dict[str, Any]:
        """What `OwnTemplate.edit` takes. Raises Invalid."""
        return {"version": self.checked()["version"], "template": self.result}


def _new_key(title: str, keys: set[str]) -> str:
    start = slugify(title)[:30].strip("-_") or "question"
    key = next(k for k in (start, *(f"{start}-{n}" for n in range(2, 100))) if k not in keys)
    keys.add(key)
    return key


def _choices(kind: str, lines: str, known: TemplatePrompt | None) -> tuple[tuple[str, str], ...]:
    """One a line, numbered; a tag keeps the value that it had."""
    if kind not in {"scale", "place", "tags"}:
        return ()
    labels = [line.strip() for line in lines.split("\n") if line.strip()]
    had = {label: value for value, label in known.choices} if known and known.kind == kind == "tags" else {}
    return tuple((had.get(label, str(n)), label) for n, label in enumerate(labels, 1))
