"""Shortened texts end between two of what a reader takes for one character (UAX #29)."""

from __future__ import annotations

import pytest
from django.template import engines
from hypothesis import given
from hypothesis import strategies as st

from partnerships.graphemes import cut, graphemes, shorten
from partnerships.models import Person
from retros.models import Entry

pytestmark = pytest.mark.one_database

# Each is one grapheme by the standard, and none joins what stands before it.
ONE = [
    "a", "Z", "7", ".", "é", "e\u0301", "n\u0303\u0323", "中", "ß",
    "👍", "👍🏽", "❤\ufe0f", "1\ufe0f\u20e3", "👩\u200d👩\u200d👧\u200d👦", "🏴\u200d☠\ufe0f", "👩🏾\u200d🚀",
    "🇩🇪", "🇫🇷", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "각", "가", "\u1112\u1161\u11ab", "क्षि", "नि", "กำ", "ｶﾞ", "שָׁ",
]  # fmt: skip


@given(st.lists(st.sampled_from(ONE), max_size=60), st.integers(0, 90))
def test_a_text_is_cut_between_two_graphemes_and_as_late_as_it_can_be(parts: list[str], limit: int) -> None:
    text = "".join(parts)
    assert list(graphemes(text)) == parts
    kept = cut(text, limit)
    number = next(n for n in range(len(parts), -1, -1) if len("".join(parts[:n])) <= limit)
    assert kept == "".join(parts[:number])


@given(st.text(), st.integers(0, 50))
def test_whatever_the_text_it_is_a_beginning_and_no_longer_than_allowed(text: str, limit: int) -> None:
    assert "".join(graphemes(text)) == text
    assert text.startswith(cut(text, limit))
    assert len(cut(text, limit)) <= limit


FAMILY = "👩\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize("cluster", [one for one in ONE if len(one) > 1])
def test_the_preview_of_a_card_cuts_no_cluster(cluster: str) -> None:
    for before in range(41 - len(cluster), 41):
        text = "x" * before + cluster + "y" * 40
        whole = before + len(cluster) <= 40
        assert Entry(text=text).preview == (text[:40] if whole else "x" * before) + "…"


def test_the_filter_of_the_templates_and_the_list_of_choices_cut_none_either() -> None:
    template = engines["django"].from_string("{% load previews %}{{ text|shorten:40 }}")
    assert template.render({"text": "x" * 35 + FAMILY + "y"}) == "x" * 35 + "…"
    assert shorten("x" * 75 + FAMILY + "y", 80) == "x" * 75 + "…"
    assert shorten("two\n lines", 40) == "two lines"


def test_initials_are_whole() -> None:
    assert Person(name="E\u0301ve Z\u030cak").initials == "E\u0301Z\u030c"
    assert Person(name="👩🏾\u200d🚀").initials == "👩🏾\u200d🚀"
    assert Person(name="Ines").initials == "IN"
