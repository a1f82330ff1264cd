"""Templates of sittings. The built-in ones are readable data in TOML files here, read once. Never rows."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

SHORT = ":short"  # ends the key of a short form
WEATHERS = [["1", "Stormy"], ["2", "Rainy"], ["3", "Cloudy"], ["4", "Fair"], ["5", "Sunny"]]


_FOR_A_DAY = ("retro", "difference", "health")  # of `Session.Kind`


@dataclass(frozen=True)
class TemplatePrompt:
    key: str
    kind: str
    title: str
    text: str = ""
    hint: str = ""
    column: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    beside: str = ""  # a guess: the key of the question to which the other one's answer is guessed
    quick: bool = False  # belongs to the short form


@dataclass(frozen=True)
class TemplateStep:
    kind: str
    title: str
    heading: str
    minutes: int
    lede: str = ""
    prompts: tuple[TemplatePrompt, ...] = ()


@dataclass(frozen=True)
class Template:
    """The steps, prompts and minutes of a guided sitting. `for_kinds` empty: for any kind of pair."""

    key: str
    kind: str
    title: str
    source: str
    steps: tuple[TemplateStep, ...]
    need: str = ""  # when two people want it, in half a sentence
    for_kinds: tuple[str, ...] = ()
    default: bool = False
    suggested: bool = True  # a lead may suggest it
    listed: bool = True  # the two choose it among others
    asks_topic: bool = False  # whoever begins it says what it is about

    @property
    def short(self) -> Template | None:
        """The short form: the same steps with their quick prompts only; None where nothing is marked as quick."""
        if not any(prompt.quick for step in self.steps for prompt in step.prompts):
            return None
        steps = tuple(
            replace(s, prompts=tuple(p for p in s.prompts if p.quick or len(s.prompts) < 2)) for s in self.steps
        )
        return replace(self, key=self.key + SHORT, steps=steps)

    @property
    def names_both(self) -> bool:
        """Whether its choices speak of the two by name."""
        prompts = [prompt for step in self.steps for prompt in step.prompts]
        return any("{" in label for prompt in prompts for _value, label in prompt.choices)

    @property
    def minutes(self) -> int:
        return sum(step.minutes for step in self.steps)


@cache
def templates() -> dict[str, Template]:
    """All built-in templates by key, in the order of their file names."""
    files = sorted(Path(__file__).parent.glob("*.toml"))
    whole = [read_data(tomllib.loads(f.read_text(encoding="utf-8"))) for f in files]
    return {t.key: t for t in [*whole, *(t.short for t in whole if t.short)]}


@dataclass(frozen=True)
class Catalogue:
    """Templates to choose among, by key: the built-in ones, and with them those of an installation.

    `usual`: the keys of the chosen usual ones, by the kind of the sitting and the kind of the pair. `retired`: the keys
    of those that are no longer offered, while what was planned or suggested with them goes on.
    """

    templates: dict[str, Template]
    usual: dict[tuple[str, str], str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()

    def template_for(self, kind: str, pair_kind: str, key: str = "") -> Template:
        """The template with this key, or the usual one of this kind of session for this kind of pair."""
        if key in self.templates:
            return self.templates[key]
        fitting = [t for t in self._fitting(pair_kind) if t.kind == kind]
        fitting = fitting or [t for t in self.templates.values() if t.kind == kind]
        return next((t for t in fitting if self.is_usual(t, pair_kind)), fitting[0])

    def is_usual(self, template: Template, pair_kind: str) -> bool:
        chosen = self.templates.get(self.usual.get((template.kind, pair_kind), ""))
        return template.key == chosen.key if chosen and self._fits(chosen, pair_kind) else template.default

    def exercises(self, pair_kind: str) -> list[Template]:
        """What a lead may suggest to this kind of pair, in full; what is usual at the start comes first."""
        found = [t for t in self._fitting(pair_kind) if t.suggested and ":" not in t.key]
        return sorted(found, key=lambda template: template.kind != "dream_team")

    def choices(self, pair_kind: str) -> list[Template]:
        """What this kind of pair may choose for a day, the usual retro first; agreements have a way of their own."""
        found = [t for t in self._fitting(pair_kind) if t.listed and t.kind in _FOR_A_DAY and ":" not in t.key]
        return sorted(found, key=lambda t: (_FOR_A_DAY.index(t.kind), not self.is_usual(t, pair_kind)))

    def _fitting(self, pair_kind: str) -> list[Template]:
        return [t for t in self.templates.values() if self._fits(t, pair_kind)]

    def _fits(self, template: Template, pair_kind: str) -> bool:
        is_for = not template.for_kinds or pair_kind in template.for_kinds
        return is_for and template.key not in self.retired


def with_short(template: Template) -> list[Template]:
    """The template, and its short form if it has one."""
    return [template, *([template.short] if template.short else [])]


def read_data(data: dict[str, Any]) -> Template:
    """A template from what its TOML says."""
    data = dict(data)
    steps = tuple(_step(step) for step in data.pop("steps"))
    return Template(**{**data, "for_kinds": tuple(data.get("for_kinds", ()))}, steps=steps)


@cache
def shared_steps() -> dict[str, dict[str, Any]]:
    """Steps that several templates have, by name; a template's step with `same` begins as one of them."""
    return tomllib.loads((Path(__file__).parent / "shared" / "steps.toml").read_text(encoding="utf-8"))


def _step(data: dict[str, Any]) -> TemplateStep:
    whole = {**shared_steps()[data["same"]], **data} if "same" in data else data
    prompts = tuple(_prompt(prompt) for prompt in whole.get("prompts", ()))
    return TemplateStep(**{key: value for key, value in whole.items() if key != "same"} | {"prompts": prompts})


def _prompt(data: dict[str, Any]) -> TemplatePrompt:
    choices = WEATHERS if data["kind"] == "scale" and "choices" not in data else data.get("choices", [])
    return TemplatePrompt(**{**data, "choices": tuple((value, label) for value, label in choices)})
