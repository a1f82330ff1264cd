"""A template as text: the TOML of the catalogue, read with the line and the reason of what is wrong, and written.

Pure. What a room relies on (which steps a sitting has, which questions a step takes) is checked here for every one.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, asdict, fields
from functools import lru_cache
from typing import Any

import tomli_w
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from partnerships import limits as shared_limits
from partnerships.content import clean_content, clean_line
from partnerships.refusals import Invalid
from retros import limits
from retros.catalogue import Template, TemplatePrompt, TemplateStep, read_data, shared_steps

# Of each kind of sitting: which steps it may have; the last one, which it has once.
SHAPES = {
    "retro": ({"look_back", "pulse", "write", "questions", "conclude", "close"}, "close"),
    "dream_team": ({"questions", "agree"}, "agree"),
    "contract": ({"questions", "agree"}, "agree"),
    "difference": ({"questions", "conclude"}, "conclude"),
    "health": ({"questions", "conclude"}, "conclude"),
}
ONCE = {"look_back", "pulse", "conclude", "close", "agree"}
# Of each kind of step: which questions it takes.
ASKED = {
    "pulse": {"scale", "text", "tags"},
    "write": {"cards"},
    "questions": {"text", "scale", "place", "tags"},
    "close": {"text"},
}
COLUMNS = ("good", "bad", "talk")
PAIR_KINDS = ("pm_designer", "em_pm", "other")
_KEY = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_VALUE = re.compile(r"[a-z0-9_]{1,20}")
_NUMBER = re.compile(r"0|[1-9][0-9]?")
_STRING = re.compile(
    r'#[^\n]*|"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)  # and comments
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
Place = tuple[int | None, int | None, str]  # number of the step, of the question in it, name of the field


class _Wrong(Exception):
    def __init__(self, place: Place, reason: str) -> None:
        self.place, self.reason = place, reason


def read(text: str) -> Template:
    """Raises Invalid with the line and the reason."""
    if len(text) > limits.TEMPLATE_LENGTH:
        raise Invalid(
            _("This is too long for a template: at most %(most)d characters.") % {"most": limits.TEMPLATE_LENGTH}
        )
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _AT_LINE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        raise _at(line, _AT_LINE.sub("", str(error)) + ".") from error
    except RecursionError as error:
        raise Invalid(_("This is nested too deep.")) from error
    try:
        _check_shape(data)
        template = read_data(data)
        check(template)
    except _Wrong as wrong:
        raise _at(_line_of(text, wrong.place), wrong.reason) from wrong
    return template


@lru_cache(maxsize=256)
def stored(text: str) -> Template:
    """One that `read` took once."""
    return read_data(tomllib.loads(text))


def written(template: Template) -> str:
    """The text from which `read` makes the same template; what is as usual is left out."""
    data = _without_usual(asdict(template), Template)
    data["steps"] = [
        _without_usual(asdict(step), TemplateStep)
        | ({"prompts": [_without_usual(asdict(p), TemplatePrompt) for p in step.prompts]} if step.prompts else {})
        for step in template.steps
    ]
    return tomli_w.dumps(data, multiline_strings=False)


def _without_usual(held: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    usual = {each.name: each.default for each in fields(kind)}
    left = {name: value for name, value in held.items() if value != usual[name]}
    return {name: [list(v) if isinstance(v, tuple) else v for v in value] if isinstance(value, tuple) else value
            for name, value in left.items()}  # fmt: skip


# --- what is checked --------------------------------------------------------------------------------------------------


def _check_shape(data: dict[str, Any]) -> None:
    """That every field is known, there if it must be, and of its type. Raises _Wrong."""
    _check_fields(data, Template, (None, None))
    for number, step in enumerate(_tables(data["steps"], (None, None, "steps"))):
        place = (number, None)
        if "same" in step and step["same"] not in shared_steps():
            raise _Wrong((*place, "same"), _("There is no step that several have by this name."))
        whole = {**shared_steps().get(step.get("same", ""), {}), **step}
        _check_fields({name: value for name, value in whole.items() if name != "same"}, TemplateStep, place)
        for n, prompt in enumerate(_tables(whole.get("prompts", []), (*place, "prompts"))):
            _check_fields(prompt, TemplatePrompt, (number, n))


def _tables(value: Any, place: Place) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _Wrong(place, _("“%(name)s” is a list of tables.") % {"name": place[2]})
    return value


def _check_fields(data: dict[str, Any], kind: type[Any], place: tuple[int | None, int | None]) -> None:
    known = {each.name: str(each.type) for each in fields(kind)}
    for name, value in data.items():
        if name not in known:
            raise _Wrong((*place, name), _("“%(name)s” is not known here.") % {"name": name})
        if not _is_of(value, known[name], name):
            raise _Wrong((*place, name), _("“%(name)s” has a value of the wrong kind.") % {"name": name})
    needed = [each.name for each in fields(kind) if each.default is MISSING]
    for name in needed:
        if name not in data:
            raise _Wrong((*place, ""), _("“%(name)s” is missing.") % {"name": name})


def _is_of(value: Any, type_name: str, name: str) -> bool:
    """Whether it fits a field of a template: `str`, `bool` or `int` by the annotation; all else is some list."""
    if type_name in {"str", "bool"}:
        return isinstance(value, {"str": str, "bool": bool}[type_name])
    if type_name == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "choices":
        return isinstance(value, list) and all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair) for pair in value
        )
    if name == "for_kinds":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, list)


def problem(template: Template) -> tuple[Place, str] | None:
    """What keeps a pair from going through it, and where."""
    try:
        check(template)
    except _Wrong as wrong:
        return wrong.place, wrong.reason
    return None


def check(template: Template) -> None:
    """That a pair can go through it. Raises _Wrong."""
    _words(template, ("title",), (None, None), line=True, needed=True)
    _words(template, ("need", "source"), (None, None))
    if not _KEY.fullmatch(template.key) or len(template.key) > limits.TEMPLATE_KEY_LENGTH:
        raise _Wrong((None, None, "key"), _("A key has small letters, digits and hyphens, at most 50."))
    if template.kind not in SHAPES:
        raise _Wrong((None, None, "kind"), _one_of(SHAPES))
    for kind in template.for_kinds:
        if kind not in PAIR_KINDS:
            raise _Wrong((None, None, "for_kinds"), _one_of(PAIR_KINDS))
    allowed, last = SHAPES[template.kind]
    kinds = [step.kind for step in template.steps]
    if not 1 <= len(kinds) <= limits.TEMPLATE_STEPS:
        raise _Wrong((None, None, "steps"), _("A template has 1 to %(most)d steps.") % {"most": limits.TEMPLATE_STEPS})
    for number, step in enumerate(template.steps):
        if step.kind not in allowed:
            raise _Wrong((number, None, "kind"), _one_of(sorted(allowed)))
        if step.kind in ONCE and kinds.index(step.kind) < number:
            raise _Wrong((number, None, "kind"), _("There is one step “%(kind)s” already.") % {"kind": step.kind})
    if kinds[-1] != last:
        raise _Wrong((len(kinds) - 1, None, "kind"), _("The last step is “%(kind)s”.") % {"kind": last})
    if not any(step.prompts for step in template.steps):
        raise _Wrong((None, None, "steps"), _("Nothing is asked here. A template has at least one question."))
    for number, step in enumerate(template.steps):
        _check_step(step, number)


def _check_step(step: TemplateStep, number: int) -> None:
    place = (number, None)
    _words(step, ("title", "heading"), place, line=True, needed=True)
    _words(step, ("lede",), place)
    if not 1 <= step.minutes <= limits.TEMPLATE_MINUTES:
        raise _Wrong((*place, "minutes"), _("A step has 1 to %(most)d minutes.") % {"most": limits.TEMPLATE_MINUTES})
    if len(step.prompts) > limits.TEMPLATE_QUESTIONS:
        raise _Wrong(
            (*place, "prompts"), _("A step has at most %(most)d questions.") % {"most": limits.TEMPLATE_QUESTIONS}
        )
    if step.kind in {"write", "questions"} and not step.prompts:
        raise _Wrong((*place, ""), _("This step asks nothing. Give it a question, or leave it out."))
    keys = [prompt.key for prompt in step.prompts]
    for n, prompt in enumerate(step.prompts):
        asked = (number, n)
        if keys.index(prompt.key) < n:
            raise _Wrong((*asked, "key"), _("Another question of this step has this key."))
        if prompt.beside and prompt.beside not in keys:
            raise _Wrong((*asked, "beside"), _("No question of this step has this key."))
        if prompt.kind not in ASKED.get(step.kind, set()):
            known = sorted(ASKED.get(step.kind, set()))
            raise _Wrong((*asked, "kind"), _one_of(known) if known else _("A step of this kind asks nothing."))
        _check_prompt(prompt, asked)


def _check_prompt(prompt: TemplatePrompt, place: tuple[int, int]) -> None:
    _words(prompt, ("title",), place, line=True, needed=True)
    _words(prompt, ("text", "hint"), place)
    for name in ("key", "beside"):
        held = getattr(prompt, name)
        if (held or name == "key") and not (_KEY.fullmatch(held) and len(held) <= 40):
            raise _Wrong((*place, name), _("A key has small letters, digits and hyphens, at most 40."))
    if (prompt.kind == "cards") != bool(prompt.column) or prompt.column not in {"", *COLUMNS}:
        raise _Wrong(
            (*place, "column"), _("A question for cards has a column, and no other one has: good, bad or talk.")
        )
    chosen = prompt.kind in {"scale", "place", "tags"}
    if chosen != bool(prompt.choices) or len(prompt.choices) > limits.TEMPLATE_CHOICES:
        raise _Wrong((*place, "choices"), _("A scale, places and tags have choices, at most 10; nothing else has."))
    if len(prompt.choices) == 1 and prompt.kind != "tags":
        raise _Wrong((*place, "choices"), _("A scale and places have at least two choices."))
    values = [value for value, _label in prompt.choices]
    for value, label in prompt.choices:
        known = _VALUE if prompt.kind == "tags" else _NUMBER
        if not known.fullmatch(value) or values.count(value) > 1:
            raise _Wrong(
                (*place, "choices"), _("Choices have values of their own: numbers, or small letters for tags.")
            )
        _clean(label, (*place, "choices"), line=True, needed=True)
        if set(_names_in(label, place)) - {"a", "b"}:
            raise _Wrong((*place, "choices"), _("In a choice stand the first names of the two as {a} and {b}."))


def _names_in(label: str, place: tuple[int, int]) -> Iterator[str]:
    """What a label asks to be filled in; more than a bare name counts as another name."""
    try:
        for _text, name, form, conversion in string.Formatter().parse(label):
            if name is not None:
                yield f"{name}{form}{conversion or ''}"
    except ValueError as error:
        raise _Wrong((*place, "choices"), _("A brace in a choice is open or closed alone.")) from error


def _words(held: object, names: tuple[str, ...], place: tuple[int | None, int | None], **how: bool) -> None:
    for name in names:
        _clean(getattr(held, name), (*place, name), **how)


def _clean(text: str, place: Place, *, line: bool = False, needed: bool = False) -> None:
    try:
        if line:
            clean_line(text, limit=shared_limits.TITLE_LENGTH)
        clean_content(text, limit=limits.TEMPLATE_WORDS)
    except ValidationError as error:
        raise _Wrong(place, error.messages[0]) from error
    if needed and not text.strip():
        raise _Wrong(place, _("“%(name)s” is empty.") % {"name": place[2]})


def _one_of(known: Any) -> str:
    return _("One of these stands here: %(names)s.") % {"names": ", ".join(known)}


# --- where it stands --------------------------------------------------------------------------------------------------


def _at(line: int, reason: str) -> Invalid:
    return Invalid(_("Line %(line)d: %(reason)s") % {"line": line, "reason": reason})


def _line_of(text: str, place: Place) -> int:
    """Where the field of this step and question stands, else its question, its step, or the first line."""
    step, prompt, name = place
    found = 1
    steps = prompts = -1
    bare = _STRING.sub(lambda part: "\n" * part[0].count("\n"), text)
    for number, line in enumerate(bare.split("\n"), 1):
        header = line.replace(" ", "").replace("\t", "")
        if header.startswith("[[steps]]"):
            steps, prompts = steps + 1, -1
        elif header.startswith("[[steps.prompts]]"):
            prompts += 1
        here = (None if steps < 0 else steps, None if prompts < 0 else prompts)
        if here != (step, prompt):
            continue
        if header.startswith("[["):
            found = number
        elif name and header.partition("=")[0] == name:
            return number
    return found
