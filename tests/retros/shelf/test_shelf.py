"""The shelf: the kind words that one got, at wrap-ups and between retros; one's own, and nobody else's."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from partnerships.models import Delivery, Partnership, Person
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from retros import limits
from retros.lifecycle import ending
from retros.lifecycle.erasure import erase
from retros.lifecycle.export import everything
from retros.lifecycle.retention import expire, months_later
from retros.models import Draft, Entry, KindWord, Session
from retros.shelf.page import Shelf
from tests.cast import Cast, client_of
from tests.retros import play

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def give(cast: Cast, text: str = "You ask before you assume", *, by: Person | None = None) -> KindWord:
    return KindWord.give(cast.checkout, by=by or cast.tom, text=text, id=uuid.uuid4())


def shelf_of(person: Person) -> list[str]:
    return [word.text for word in Shelf(person).words]


def appreciate(cast: Cast, *, only_me: bool = False) -> None:
    """A whole retro, in which each says one thing at the wrap-up."""
    session = play.start(cast.checkout)
    play.go_on(session, "look_back")
    for kind in ("pulse", "write"):
        play.reveal(session, kind)
        play.go_on(session, kind)
    play.go_on(session, "conclude")
    (prompt,) = play.step_of(session, "close").prompts
    for person in (cast.ines, cast.tom):
        Entry.answer(prompt, by=person, version=0, text=f"Said by {person.bare_first_name}", only_me=only_me)


def test_what_was_said_at_a_wrap_up_stands_there_once_it_is_open(cast: Cast) -> None:
    appreciate(cast)
    assert (shelf_of(cast.ines), shelf_of(cast.tom)) == ([], [])
    play.reveal(Session.objects.get(partnership=cast.checkout), "close")
    assert (shelf_of(cast.ines), shelf_of(cast.tom)) == (["Said by Tom"], ["Said by Ines"])
    page = client_of(cast.ines).get(reverse("shelf_detail")).text
    assert "Said by Tom" in page
    assert "Tom Lindqvist" in page
    assert "Retro 1" in page
    assert "Said by Ines" not in page


def test_what_was_only_for_oneself_stands_on_no_shelf(cast: Cast) -> None:
    appreciate(cast, only_me=True)
    play.reveal(Session.objects.get(partnership=cast.checkout), "close")
    assert (shelf_of(cast.ines), shelf_of(cast.tom)) == ([], [])


def test_a_word_is_given_between_retros_and_seen_at_once(cast: Cast) -> None:
    tom, ines = client_of(cast.tom), client_of(cast.ines)
    url, home = (reverse(name, args=[cast.checkout.pk]) for name in ("kind_word_create", "partnership_detail"))
    assert url in tom.get(home).text
    Draft.keep(f"word:{cast.checkout.pk}", "You ask", version=0, by=cast.tom)
    assert "You ask</textarea>" in tom.get(url).text
    sent = {"text": "You ask before you assume", "client_id": uuid.uuid4()}
    assert tom.post(url, sent)["Location"] == home
    assert tom.post(url, sent).status_code == 302
    assert "You ask</textarea>" not in tom.get(url).text
    assert KindWord.objects.count() == 1
    told = ines.get(home).text
    assert "Tom left you a kind word" in told
    assert reverse("shelf_detail") in told
    assert "You ask before you assume" not in told
    assert "You ask before you assume" in ines.get(reverse("shelf_detail")).text
    assert not Delivery.objects.filter(kind="kind_word").exclude(channel="in_app").exists()


def test_it_is_the_other_ones_alone(cast: Cast) -> None:
    """Not the giver, a lead, an admin, or somebody of another pair reads it, or what became of it."""
    word = give(cast)
    before = client_of(cast.tom).get(reverse("kind_word_create", args=[cast.checkout.pk])).text
    for person in (cast.tom, cast.sara, cast.ada, cast.priya, cast.mei):
        client = client_of(person)
        assert word.text not in client.get(reverse("shelf_detail")).text
        for name in ("kind_word_delete", "kind_word_restore"):
            assert client.post(reverse(name, args=[word.pk])).status_code == 404
        if person != cast.tom:
            url = reverse("kind_word_create", args=[cast.checkout.pk])
            assert (client.get(url).status_code, client.post(url, {"text": "Hello"}).status_code) == (404, 404)
    assert shelf_of(cast.ines) == [word.text]
    word.soft_delete(by=cast.ines)
    assert len(client_of(cast.tom).get(reverse("kind_word_create", args=[cast.checkout.pk])).text) == len(before)


def test_it_is_taken_off_and_brought_back(cast: Cast) -> None:
    word, ines = give(cast), client_of(cast.ines)
    ines.post(reverse("kind_word_delete", args=[word.pk]))
    assert shelf_of(cast.ines) == []
    assert "left you a kind word" not in ines.get(reverse("partnership_detail", args=[cast.checkout.pk])).text
    ines.post(reverse("kind_word_restore", args=[word.pk]))
    assert shelf_of(cast.ines) == [word.text]


@pytest.mark.parametrize("text", ["", "  \n ", "two\nlines", "x" * (limits.KIND_WORD_LENGTH + 1), "nul\x00"])
def test_nothing_too_much_or_no_text_is_refused_and_kept(cast: Cast, text: str) -> None:
    url = reverse("kind_word_create", args=[cast.checkout.pk])
    answer = client_of(cast.tom).post(url, {"text": text, "client_id": uuid.uuid4()})
    assert answer.status_code == 422
    assert text.strip() in answer.text
    assert not KindWord.objects.exists()
    with pytest.raises(Invalid):
        give(cast, text)


def test_a_retry_with_other_words_keeps_both_and_a_foreign_id_says_nothing(cast: Cast) -> None:
    word = give(cast)
    with pytest.raises(Stale) as stale:
        KindWord.give(cast.checkout, by=cast.tom, text="Other words", id=word.pk)
    assert (stale.value.mine, stale.value.theirs) == ("Other words", word.text)
    with pytest.raises(Invalid) as refused:
        KindWord.give(cast.checkout, by=cast.ines, text="Other words", id=word.pk)
    assert word.text not in str(refused.value.message)


def test_nobody_gives_to_a_free_seat_or_after_the_end(cast: Cast) -> None:
    half = Partnership.begin(by=cast.mei, kind="other", label="Half")
    with pytest.raises(Refusal):
        KindWord.give(half, by=cast.mei, text="Hello", id=uuid.uuid4())
    with pytest.raises(NotAllowed):
        KindWord.give(cast.checkout, by=cast.sara, text="Hello", id=uuid.uuid4())
    word = give(cast)
    ending.end(cast.checkout, by=cast.ines, leaving=True)
    with pytest.raises(NotAllowed):
        give(cast, by=cast.ines)
    assert shelf_of(cast.ines) == [word.text]
    Person.objects.filter(pk=cast.ines.pk).update(is_active=False)
    assert client_of(cast.tom).get(reverse("shelf_detail")).status_code == 200
    client = Client()
    assert client.get(reverse("shelf_detail")).status_code == 302


def test_it_is_exported_by_its_owner_and_goes_with_them(cast: Cast) -> None:
    hers, his = give(cast), give(cast, "You bring the coffee", by=cast.ines)
    (mine,) = everything(cast.ines)["partnerships"]
    assert [(word["by"], word["text"]) for word in mine["kind_words"]] == [("Tom Lindqvist", hers.text)]
    erase(cast.ines)
    assert list(KindWord.objects.values_list("pk", flat=True)) == [his.pk]
    (word,) = Shelf(cast.tom).words
    assert (word.text, word.by.bare_name) == (his.text, "Former member")


def test_it_goes_after_the_time_that_the_page_says(cast: Cast) -> None:
    word = give(cast)
    months = settings.RETENTION_MONTHS
    assert f"{months} months after it was said" in client_of(cast.ines).get(reverse("shelf_detail")).text
    at = months_later(word.created_at, months)
    expire(at - timedelta(days=1))
    assert KindWord.objects.exists()
    expire(at + timedelta(minutes=1))
    assert not KindWord.objects.exists()
