"""A draft: what one person is typing, and nobody else's business."""

from __future__ import annotations

import uuid

import pytest

from partnerships.refusals import Invalid, Refusal, Stale
from retros import limits
from retros.models import Draft
from tests.retros.play import Pair

pytestmark = pytest.mark.django_db
KEY = "card:6f0a2a53-5a0c-4b0a-9a64-6a4c9cf1e7b1"


def test_a_draft_is_kept_word_by_word(pair: Pair) -> None:
    version = 0
    for text in ("H", "Hal", "Half a card "):
        version = Draft.keep(KEY, text, version=version, by=pair.ines)
    assert (version, Draft.of(pair.ines, [KEY])[KEY].text) == (3, "Half a card ")
    assert Draft.keep(KEY, "Half a card ", version=1, by=pair.ines) == 3


def test_each_has_a_draft_of_their_own(pair: Pair) -> None:
    Draft.keep(KEY, "Hers", version=0, by=pair.ines)
    Draft.keep(KEY, "His", version=0, by=pair.tom)
    assert (Draft.of(pair.ines, [KEY])[KEY].text, Draft.of(pair.tom, [KEY])[KEY].text) == ("Hers", "His")
    Draft.take(KEY, by=pair.ines)
    assert Draft.of(pair.ines, [KEY]) == {}
    assert Draft.of(pair.tom, [KEY])[KEY].text == "His"


def test_an_emptied_box_is_empty_and_takes_the_next_text(pair: Pair) -> None:
    assert Draft.keep(KEY, "", version=0, by=pair.ines) == 0
    assert not Draft.objects.exists()
    Draft.keep(KEY, "Something", version=0, by=pair.ines)
    Draft.keep(KEY, "", version=1, by=pair.ines)
    assert Draft.of(pair.ines, [KEY]) == {}
    Draft.keep(KEY, "Something new", version=0, by=pair.ines)
    assert Draft.of(pair.ines, [KEY])[KEY].text == "Something new"


def test_a_save_that_comes_late_brings_no_folded_text_back(pair: Pair) -> None:
    hands, _tom = pair.hands(pair.started())
    key, card = f"card:{hands.prompt('good').pk}", uuid.uuid4()
    version = Draft.keep(key, "Half a", version=0, by=pair.ines, client_id=card)
    hands.fold("Half a card", client_id=card)
    assert Draft.keep(key, "Half a card", version=version, by=pair.ines, client_id=card) == -1  # stored nowhere
    assert Draft.of(pair.ines, [key]) == {}
    assert Draft.keep(key, "The next", version=0, by=pair.ines, client_id=uuid.uuid4())
    assert Draft.of(pair.ines, [key])[key].text == "The next"


@pytest.mark.parametrize("text", ["From the phone", ""])
def test_two_tabs_lose_nothing(pair: Pair, text: str) -> None:
    Draft.keep(KEY, "Start", version=0, by=pair.ines)
    Draft.keep(KEY, "From the laptop", version=1, by=pair.ines)
    with pytest.raises(Stale) as stale:
        Draft.keep(KEY, text, version=1, by=pair.ines)
    assert (stale.value.mine, stale.value.theirs, stale.value.version) == (text, "From the laptop", 2)
    assert Draft.objects.get().text == "From the laptop"


@pytest.mark.parametrize("text", ["x" * 10_001, "a\x00b", "\ud800"])
def test_what_is_no_text_is_refused(pair: Pair, text: str) -> None:
    Draft.keep(KEY, "Good", version=0, by=pair.ines)
    with pytest.raises(Invalid):
        Draft.keep(KEY, text, version=1, by=pair.ines)
    assert Draft.objects.get().text == "Good"


@pytest.mark.parametrize("key", ["card:" + "x" * 80, "card:\x00", "", "card: a b", "card:ü"])
def test_a_box_that_no_page_has_keeps_nothing(pair: Pair, key: str) -> None:
    with pytest.raises(Invalid):
        Draft.keep(key, "Text", version=0, by=pair.ines)
    assert not Draft.objects.exists()


def test_there_is_an_end_to_unfinished_texts(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DRAFTS", 2)
    for box in ("a:1", "a:2"):
        Draft.keep(box, "Text", version=0, by=pair.ines)
    with pytest.raises(Refusal, match="too many unfinished"):
        Draft.keep("a:3", "Text", version=0, by=pair.ines)
    Draft.keep("a:1", "Other text", version=1, by=pair.ines)
    Draft.keep("a:3", "Text", version=0, by=pair.tom)
    assert Draft.objects.count() == 3
