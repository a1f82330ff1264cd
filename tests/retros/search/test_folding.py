"""What counts as the same word, in Python and in the database alike."""

from __future__ import annotations

from time import process_time

import pytest
from django.db import connection
from hypothesis import example, given

from retros.search.find import ON_A_PAGE
from retros.search.folding import WORD_LENGTH, fold
from retros.search.snippet import Part, snippet
from retros.search.terms import MOST_TERMS, Term, terms_of
from tests.retros.search.finding import written

pytestmark = pytest.mark.one_database


TEXTS = written()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Crème brûlée, NOW!", "creme brulee now"),
        ("Straße / Œuvre, Łódź", "strasse oeuvre lodz"),
        ("ПРИВЕТ Ёлка", "привет елка"),
        ("ΣΊΓΜΑΣ σίγμας", "σιγμασ σιγμασ"),
        ("don’t if-then a_b", "don t if then a b"),
        ("会議の後", "会 議 の 後"),
        ("great👍🏽!", "great 👍 🏽"),
        ("Ｆｕｌｌ ﬁne ½", "full fine 1 2"),
        ("שָׁלוֹם עליכם", "שלום עליכם"),
        ("x" * 90 + " y", "x" * WORD_LENGTH + " y"),
        (" \n\t…—“” ", ""),
        ("a\0b", "a b"),
    ],
)
def test_accents_and_capitals_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded


# What costs a normal form most: marks of two classes by turns, in and outside of what is taken away; long signs.
BOMBS = ["a" + "\u0300\u0316" * 4999, "ก" + "\u0e38\u0e48" * 4999, "\ufdfa" * 10_000, "㍿" * 10_000, "漢" * 10_000]


def test_no_text_takes_long_to_fold() -> None:
    before = process_time()
    for bomb in BOMBS[:2] * 50:
        fold(bomb)
    assert process_time() - before < 2


def test_no_text_takes_long_to_show() -> None:
    before = process_time()
    for _n in range(ON_A_PAGE):
        snippet("漢" * 10_000, terms_of('"' + "漢" * 98))
    assert process_time() - before < 2


@given(TEXTS)
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert "  " not in fold(text)


@pytest.mark.both_databases
@pytest.mark.django_db
@given(TEXTS)
@example(BOMBS[0])
@example(BOMBS[1])
def test_the_database_folds_the_same(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT retros_fold(%s)", [text])
        assert cursor.fetchone()[0] == fold(text)


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("Crème bru", [Term("creme", whole=False), Term("bru", whole=False)]),
        ('"Crème brûlée" now', [Term("creme brulee", whole=True), Term("now", whole=False)]),
        ("“not closed", [Term("not closed", whole=False)]),
        ("if-then", [Term("if then", whole=False)]),
        ("twice twice ! \0", [Term("twice", whole=False)]),
        (' "" ', []),
    ],
)
def test_what_is_typed_is_words_and_phrases(typed: str, terms: list[Term]) -> None:
    assert terms_of(typed) == terms


def test_so_many_terms_are_looked_for() -> None:
    assert len(terms_of(" ".join(f"w{n}" for n in range(40)))) == MOST_TERMS


def marked(text: str, typed: str) -> list[str]:
    return [part.text for part in snippet(text, terms_of(typed)) if part.is_match]


def test_what_matches_is_marked_as_it_was_written() -> None:
    parts = snippet("We had a Crème brûlée.", terms_of("creme"))
    assert parts == [Part("We had a ", False), Part("Crème", True), Part(" brûlée.", False)]
    assert marked("If-then, we said: if then.", '"if then"') == ["If-then", "if then"]
    assert marked("Straßen und Strasse", "strasse") == ["Straßen", "Strasse"]
    assert marked("ご会議の後", "会議") == ["会議"]
    assert marked("cafe\u0301 noir", "café") == ["cafe\u0301"]
    assert marked("one two", "two one") == ["one", "two"]
    assert marked("nothing here", "else") == []


def test_a_long_text_is_shown_around_the_match() -> None:
    text = "word " * 100 + "needle " + "word " * 100
    shown = snippet(text, terms_of("needle"))
    assert [shown[0].text, shown[-1].text[-1]] == ["…", "…"]
    assert [part.text for part in shown if part.is_match] == ["needle"]
    assert sum(len(part.text) for part in shown) < 250


@given(TEXTS, TEXTS)
def test_every_text_can_be_shown(text: str, typed: str) -> None:
    line = " ".join(text.split())
    shown = "".join(part.text for part in snippet(text, terms_of(typed)))
    assert shown.strip("…").strip() in line
