"""A template as text: written and read back it is the same; what is broken is refused with its line and the reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.refusals import Invalid
from retros import catalogue, limits
from retros.catalogue import SHORT, templates
from retros.catalogue.text import read, written

pytestmark = pytest.mark.one_database

WHOLE = [key for key in templates() if not key.endswith(SHORT)]
GOOD = """# Ours
key = "ours"
kind = "retro"
title = "Ours"
source = "Ours"

[[steps]]
same = "look_back"

[[steps]]
kind = "write"
title = "Cards"
heading = "Cards"
minutes = 10

  [[steps.prompts]]
  key = "good"
  kind = "cards"
  title = "The good"
  column = "good"

[[steps]]
same = "close"
"""


@pytest.mark.parametrize("key", WHOLE)
def test_each_that_ships_is_read_as_it_stands_and_back_from_what_is_written(key: str) -> None:
    text = (Path(catalogue.__file__).parent / f"{key}.toml").read_text(encoding="utf-8")
    assert read(text) == templates()[key]
    assert read(written(templates()[key])) == templates()[key]


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"]), min_size=1, max_size=60).filter(
    str.strip
)


@given(LINES, st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=80))
def test_words_are_read_back_as_they_were(title: str, hint: str) -> None:
    template = read(GOOD)
    step = template.steps[1]
    asked = replace(step.prompts[0], title=title, hint=hint)
    changed = replace(
        template, steps=(template.steps[0], replace(step, title=title, prompts=(asked,)), template.steps[2])
    )
    assert read(written(changed)) == changed


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('kind = "retro"', 'kind = "retro', 3, "Illegal character"),
        ('kind = "retro"', 'kind = "picnic"', 3, "One of these stands here: retro"),
        ('title = "Ours"\n', "", 1, "“title” is missing"),
        ('key = "ours"', 'key = "Ours!"', 2, "small letters"),
        ('key = "ours"', "key = 5", 2, "wrong kind"),
        ('key = "ours"', 'key = "ours"\nmood = "good"', 3, "“mood” is not known here"),
        ('same = "look_back"', 'same = "breakfast"', 8, "no step"),
        ('same = "close"', 'same = "conclude"', 22, "The last step is “close”"),
        ('same = "look_back"', 'same = "close"', 22, "one step “close” already"),
        ("minutes = 10", "minutes = 0", 14, "1 to 180 minutes"),
        ("minutes = 10", "minutes = true", 14, "wrong kind"),
        ('column = "good"', 'column = "left"', 20, "good, bad or talk"),
        ('  column = "good"\n', "", 16, "good, bad or talk"),
        ('kind = "cards"', 'kind = "text"', 18, "One of these stands here: cards"),
        ('title = "The good"', 'title = "  "', 19, "“title” is empty"),
        ('title = "The good"', 'title = "a\\nb"', 19, "one line"),
        ('title = "The good"', 'title = "The good"\n  hint = "\\u0000"', 20, "not text"),
        ('title = "The good"', 'title = "The good"\n  beside = "bad"', 20, "No question of this step"),
        ('title = "The good"', 'title = "The good"\n  choices = [["1"]]', 20, "wrong kind"),
        ('heading = "Cards"', 'heading = "' + "x" * 121 + '"', 13, "too many"),
    ],
)  # fmt: skip
def test_what_is_broken_is_refused_with_its_line(old: str, new: str, line: int, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(Invalid) as refused:
        read(GOOD.replace(old, new, 1))
    assert str(refused.value.message).startswith(f"Line {line}: ")
    assert reason in str(refused.value.message)


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ((("01", "Here"), ("2", "There")), "values of their own"),
        ((("1", "Here"), ("1", "There")), "values of their own"),
        ((("1", "Here"),), "at least two choices"),
    ],
)
def test_a_place_has_a_number_of_its_own_and_another_beside_it(
    choices: tuple[tuple[str, str], ...], reason: str
) -> None:
    contract = templates()["contract"]
    steps = tuple(
        replace(step, prompts=tuple(replace(p, choices=choices) if p.choices else p for p in step.prompts))
        for step in contract.steps
    )
    with pytest.raises(Invalid) as refused:
        read(written(replace(contract, steps=steps)))
    assert reason in str(refused.value.message)


@pytest.mark.parametrize(
    "label", ["{a.__class__}", "{c}", "{", "{0}", "{a!r}", "{a:>99999999}", "}", "{}", "{a[0]}"]
)  # fmt: skip
def test_a_choice_fills_in_the_two_names_and_nothing_else(label: str) -> None:
    text = written(templates()["contract"])
    assert "{a} alone" in text
    with pytest.raises(Invalid) as refused:
        read(text.replace("{a} alone", label))
    assert "Line " in str(refused.value.message)


def test_lines_are_counted_past_texts_of_several_lines() -> None:
    text = GOOD.replace('title = "Cards"\n', 'title = "Cards"\nlede = """\n[[steps]]\nkind = \'x\' # no step\n"""\n')
    with pytest.raises(Invalid) as refused:
        read(text.replace("minutes = 10", "minutes = 0"))
    assert str(refused.value.message).startswith("Line 18: ")


def test_a_file_that_is_no_template_is_refused() -> None:
    nested = "steps = " + "[" * 5000
    deep = "a." * 5000 + "b = 1"
    for text in ("", "x", "[[steps]]", "steps = 1", 'steps = ["a"]', nested, deep, GOOD + "[[steps]]\n" * 5000, "\x00"):
        with pytest.raises(Invalid):
            read(text)
    with pytest.raises(Invalid, match="too long"):
        read("#" * (limits.TEMPLATE_LENGTH + 1))
