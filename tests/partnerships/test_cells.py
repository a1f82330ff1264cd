"""Cells of our tables: no formula, and what was typed can be read back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.cells import as_text, as_typed

pytestmark = pytest.mark.one_database

SIGNS = "=+-@\t\r\n＝＋－＠"
TYPED = st.one_of(st.text(), st.text(alphabet=SIGNS + "'\"1,;\u05d0\U0001f9d1"))


@pytest.mark.parametrize("sign", SIGNS)
def test_no_cell_begins_as_a_formula(sign: str) -> None:
    assert as_text(f"{sign}1+1") == f"'{sign}1+1"
    assert as_text(f"1{sign}1") == f"1{sign}1"


def test_what_is_no_formula_stays_as_it_is() -> None:
    for text in ("", "'tis", "''", "1-1", "Sketch on Thursdays", " =1"):
        assert as_text(text) == text


@given(st.lists(st.lists(TYPED, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_table_is_read_back_to_the_same_texts(rows: list[list[str]]) -> None:
    table = io.StringIO()
    csv.writer(table, quoting=csv.QUOTE_ALL).writerows([as_text(cell) for cell in row] for row in rows)
    cells = list(csv.reader(io.StringIO(table.getvalue(), newline=""), strict=True))
    assert not [cell for row in cells for cell in row if cell.startswith(tuple(SIGNS))]
    assert [[as_typed(cell) for cell in row] for row in cells] == rows
