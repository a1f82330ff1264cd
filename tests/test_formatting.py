"""A formatter takes no space away that a reader sees: tests/formatting.py."""

from __future__ import annotations

import pytest

from tests.formatting import between_tags

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<p><b class="x">{{ a }}</b><i>y</i></p>', '<p>\n  <b\n    class="x"\n  >{{ a }}</b>\n  <i>y</i>\n</p>'),
        ("<li{% if a %} hidden{% endif %}>", "<li {% if a %}hidden{% endif %}>"),
        ('<!doctype html><use href="#x"/>', '<!DOCTYPE html>\n<use href="#x" />'),
        (
            "{% blocktranslate trimmed %}a\n  b{% endblocktranslate %}",
            "{% blocktranslate trimmed %}\na b\n{% endblocktranslate %}",
        ),
        ("<textarea id=x>\n</textarea>", "<textarea\n  id=x>\n</textarea>"),
    ],
)
def test_a_line_break_between_tags_is_layout(before: str, after: str) -> None:
    assert between_tags(before) == between_tags(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<b>x</b> <i>y</i>", "<b>x</b>\n<i>y</i>"),
        ("{% if a %} <b>x</b>{% endif %}", "{% if a %}\n  <b>x</b>{% endif %}"),
        ("{{ a }} {{ b }}", "{{ a }}\n{{ b }}"),
        ("<p>x{{ a }}</p>", "<p>x\n{{ a }}</p>"),
        ("<textarea>\n</textarea>", "<textarea>\n\n</textarea>"),
    ],
)
def test_a_space_that_goes_or_comes_is_found(before: str, after: str) -> None:
    assert between_tags(before) != between_tags(after)
