"""Lines from elsewhere: each becomes a card or an action, or the first that does not says why."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.cells import as_text
from partnerships.refusals import Invalid
from retros.bring_in.rows import BroughtAction, BroughtCard, actions, cards

pytestmark = pytest.mark.one_database

ME = {"Ines Okafor", "Ines", "ines@example.org", "me"}
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=40).filter(
    lambda t: t == t.strip()
)


def test_pasted_lines_are_cards_as_they_stand() -> None:
    text = '\ufeffWe said "no", twice\n\n  Sketches, on Thursday \n=1+1\n'
    found = cards(text.removeprefix("\ufeff"), me=ME)
    assert found == [
        BroughtCard(1, 'We said "no", twice'),
        BroughtCard(3, "Sketches, on Thursday"),
        BroughtCard(4, "=1+1"),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_may_name_column_and_author(separator: str) -> None:
    lines = ["Author,Note,List", 'Ines,"Two\nlines",Good', ",Nobody’s,", "INES@example.org,Mine,Bad"]
    found = cards("\n".join(line.replace(",", separator) for line in lines), me=ME)
    assert found == [
        BroughtCard(2, "Two\nlines", "Good"),
        BroughtCard(4, "Nobody’s", ""),
        BroughtCard(5, "Mine", "Bad"),
    ]


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5))
def test_what_a_spreadsheet_wrote_is_read_back(held: list[tuple[str, str]]) -> None:
    table = io.StringIO()
    csv.writer(table).writerows([("text", "column"), *((as_text(text), as_text(column)) for text, column in held)])
    assert [(row.text, row.column) for row in cards(table.getvalue(), me=ME)] == held


def test_actions_have_a_day_and_are_ones_own() -> None:
    text = (
        "Task,Owner,Due date,if,because,seen by,experiment\n"
        'Sketch,me,2027-02-09,it rains,we guess,"less, rework",yes\n'
        "Call,,9.2.2027,,,,\n"
    )
    assert actions(text, me=ME) == [
        BroughtAction(2, "Sketch", date(2027, 2, 9), "it rains", "we guess", "less, rework", True),
        BroughtAction(3, "Call", date(2027, 2, 9)),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing in it"),
        ("text\n\n", "nothing in it"),
        ("\n".join(["a"] * 10_000), "At most 200 at once"),
        ("text\n" + "\n".join(["a"] * 10_000), "At most 200 at once"),
        ("x" * 900_000, "Line 1: 890000 characters too many"),
        ("text\n" + "x" * 900_000, "Line 2: A cell is too long"),
        ("a\nb\x00", "Line 2: There is a character here that is not text"),
        ("text\na\x00b", "Line 2: "),
        ('text,column\na "b" c,"d', "Line 2: A quotation mark"),
        ('text,column\n"a "nested" quote",x', "Line 2: A quotation mark"),
        ('text,column\nfine,x\n"never closed', "Line 3: A quotation mark"),
        ("text,column\na,b,c", "Line 2: It has more or fewer cells"),
        ("text,column\nfine,x\na", "Line 3: It has more or fewer cells"),
        ("text,author\nmine,Ines\ntheirs,Tom Lindqvist", "Line 3: This is of “Tom Lindqvist”"),
        ('[{"text": "a card", "author": "partner"}]', "JSON"),
        ('{"author": "partner"}', "JSON"),
        ("text,author\na,partner", "Line 2: This is of “partner”"),
        ('text,column\n"",x', "Line 2: Its text is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        cards(text, me=ME)
    assert says in str(refused.value.message).replace(",", "") or says in str(refused.value.message)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Sketch, 2027-02-09", "The first line names the columns"),
        ("action\nSketch", "Line 2: It has no day"),
        ("action,due\nSketch,2/9/2027", "Line 2: It has no day"),
        ("action,due\nSketch,2027-02-30", "Line 2: It has no day"),
        ("action,due\nSketch,0000-00-00", "Line 2: It has no day"),
        ("action,due\nSketch,२०२७-०२-०९", "Line 2: It has no day"),
        ("action,due\nSketch,1200-01-01", "Line 2: It has no day"),
        ("action,due,owner\nSketch,2027-02-09,Tom", "Line 2: This is of “Tom”"),
        ("action,due,closed_as\nSketch,2027-02-09,done", "Line 2: This one is closed"),
        ("action,due\n ,2027-02-09", "Line 2: Its text is empty"),
    ],
)
def test_an_action_that_cannot_be_read_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions(text, me=ME)
    assert says in str(refused.value.message)
