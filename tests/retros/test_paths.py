"""Ids in addresses."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from retros.paths import ShortId, mark, short_id

pytestmark = pytest.mark.one_database

ONE = UUID("01234567-89ab-cdef-0123-456789abcdef")


@given(st.uuids())
def test_an_id_is_the_same_in_22_letters_and_in_36(id: UUID) -> None:
    form = ShortId()
    for written in (form.to_url(id), form.to_url(str(id)), str(id)):
        assert re.fullmatch(form.regex, written)
        assert form.to_python(written) == id
    assert len(form.to_url(id)) == 22
    assert short_id(id).startswith(mark(id))


@given(st.from_regex(rf"\A(?:{ShortId.regex})\Z", alphabet=st.characters(codec="ascii")))
def test_each_id_has_one_short_form(written: str) -> None:
    id = ShortId().to_python(written)
    assert written in {short_id(id), str(id)}


def test_the_address_of_a_card_holds_its_short_id() -> None:
    assert reverse("entry_table", args=[ONE, ONE]) == f"/sessions/{ONE}/entries/ASNFZ4mrze8BI0VniavN7w/table/"
