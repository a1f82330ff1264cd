"""A name from right to left inside a sentence from left to right: set apart where it is read, bare where it is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse

from partnerships.content import isolated
from partnerships.models import Partnership, Person
from retros.lifecycle.export import everything
from retros.models import Prompt
from tests.cast import Cast, client_of
from tests.retros import play

pytestmark = pytest.mark.one_database

HEBREW, ARABIC = "דנה כהן", "محمد"


@pytest.mark.parametrize(
    ("text", "is_set_apart"),
    [
        (HEBREW, True), (ARABIC, True), ("Tom (דנה)", True), ("Ines Okafor", False), ("Zoë", False), ("小林", False),
        ("24/7", False), ("", False),
    ],
)  # fmt: skip
def test_only_what_has_a_direction_of_its_own_is_set_apart(text: str, is_set_apart: bool) -> None:
    assert isolated(text) == (f"\u2068{text}\u2069" if is_set_apart else text)


@pytest.fixture
def dana(cast: Cast) -> Person:
    """Tom, under a Hebrew name."""
    Person.objects.filter(pk=cast.tom.pk).update(name=HEBREW)
    return Person.objects.get(pk=cast.tom.pk)


def get(person: Person, name: str, *args: Any) -> str:
    client = client_of(person)
    return client.get(reverse(name, args=args), follow=True).text


@pytest.mark.django_db
def test_in_sentences_it_is_set_apart(cast: Cast, dana: Person) -> None:
    Partnership.objects.filter(pk=cast.checkout.pk).update(label=ARABIC)
    session = play.start(cast.checkout)
    for page in (
        get(cast.ines, "session_detail", session.pk), get(cast.ines, "partnership_detail", cast.checkout.pk),
        get(cast.ines, "history_detail", cast.checkout.pk), get(cast.ada, "person_detail", dana.pk),
    ):  # fmt: skip
        assert "דנה" in page
        at = [n for n in range(len(page)) if page.startswith("דנה", n)]
        assert {page[n - 1] for n in at} == {"\u2068"}
    home = get(cast.ines, "partnership_detail", cast.checkout.pk)
    assert f"\u2068{ARABIC}\u2069. " in home
    assert "<h1>Ines and \u2068דנה\u2069</h1>" in home  # a sentence of ours: `auto` would go by its first name


@pytest.mark.django_db
def test_where_it_is_kept_it_is_as_it_was_typed(cast: Cast, dana: Person) -> None:
    session = play.start(cast.checkout)
    words = json.dumps(list(Prompt.objects.filter(step__session=session).values_list("choices", flat=True)))
    assert "\\u2068" not in words
    assert dana.initials == "דכ"
    taken = json.dumps(everything(dana), ensure_ascii=False)
    assert HEBREW in taken
    assert "\u2068" not in taken
    client = client_of(dana)
    assert f'value="{HEBREW}"' in client.get(reverse("person_update")).text
