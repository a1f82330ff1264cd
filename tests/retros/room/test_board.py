"""The marks and stamps of a board, by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retros.room.board import CardsDigest, Stamp

pytestmark = pytest.mark.one_database

names = st.from_regex(r"[a-z_]{1,9}", fullmatch=True)
digests = st.from_regex(r"([0-9a-f]{12})?", fullmatch=True)
marks = st.builds(CardsDigest, st.integers(0, 400), digests)
stamps = st.builds(
    Stamp,
    st.from_regex(r"[a-z.0-9-]{0,60}", fullmatch=True),
    st.integers(0, 10**8),
    digests,
    st.dictionaries(names, marks),
)


@given(stamps)
def test_a_stamp_comes_back_as_it_was_given(stamp: Stamp) -> None:
    assert Stamp.parse(str(stamp)) == stamp


@given(st.text())
def test_whatever_a_browser_sends_is_some_stamp(text: str) -> None:
    assert all(mark.cards >= 0 for mark in Stamp.parse(text).columns.values())
