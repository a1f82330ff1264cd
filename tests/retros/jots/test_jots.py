"""What one of the two keeps between retros, and how it becomes a card."""

from __future__ import annotations

import html
import json
import re
import threading
import uuid
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Partnership, Person
from partnerships.refusals import NotAllowed, Refusal, Stale
from retros import limits
from retros.models import Draft, Entry, Jot
from retros.models.session import Session
from tests.cast import client_of
from tests.factories import PASSWORD, PartnershipFactory, PersonFactory
from tests.retros.play import WRITE, Pair, make_pair

pytestmark = pytest.mark.django_db

WORDS = "She asked before she cut the scope"


@pytest.fixture
def ines(pair: Pair) -> Client:
    return client_of(pair.ines)


@pytest.fixture
def tom(pair: Pair) -> Client:
    return client_of(pair.tom)


def jots_of(pair: Pair) -> str:
    return reverse("jot_list", args=[pair.partnership.pk])


def board_of(session: Session) -> str:
    return reverse("step_detail", args=[session.pk, WRITE])


def jot(client: Client, pair: Pair, text: str = WORDS, column: str = "good") -> Jot:
    sent = {"text": text, "column": column, "client_id": str(uuid.uuid4())}
    assert client.post(jots_of(pair), sent).status_code == 302
    return Jot.objects.get(text=text)


def test_it_is_kept_and_shown_to_its_author(pair: Pair, ines: Client) -> None:
    jot(ines, pair)
    page = ines.get(jots_of(pair)).content.decode()
    assert WORDS in page
    assert "Kept for you" in page


def test_the_other_one_meets_it_nowhere(pair: Pair, ines: Client, tom: Client) -> None:
    session = pair.planned()
    kept = jot(ines, pair)
    for url in (jots_of(pair), board_of(session), reverse("partnership_detail", args=[pair.partnership.pk])):
        assert WORDS not in tom.get(url).content.decode()
    for name in ("jot_delete", "jot_restore"):
        assert tom.post(reverse(name, args=[kept.pk])).status_code == 404
    assert list(Jot.objects.kept(pair.tom)) == []


def test_somebody_else_has_no_such_page(pair: Pair) -> None:
    other = client_of(PersonFactory.create(name="Mei Tan", email="mei@example.org"))
    assert other.get(jots_of(pair)).status_code == 404


def test_on_the_day_it_becomes_a_card_with_one_press(pair: Pair, ines: Client) -> None:
    session = pair.planned()
    kept = jot(ines, pair)
    page = ines.get(board_of(session)).content.decode()
    assert "Fold it into The good" in page
    prompt = pair.hands(session)[0].prompt("good")
    ines.post(reverse("entry_create", args=[session.pk, prompt.pk]), {"text": WORDS, "client_id": str(kept.pk)})
    card = Entry.objects.visible_to(pair.ines).get()
    assert (card.text, card.is_folded) == (WORDS, True)
    assert list(Jot.objects.kept(pair.ines)) == []
    assert "Fold it into" not in ines.get(board_of(session)).content.decode()


def test_a_card_that_is_deleted_is_brought_back_as_a_card(pair: Pair, ines: Client) -> None:
    session = pair.planned()
    kept = jot(ines, pair)
    hand = pair.hands(session)[0]
    card = hand.fold(WORDS, "good", client_id=kept.pk)
    card.soft_delete(by=pair.ines)
    assert list(Jot.objects.kept(pair.ines)) == []
    ines.post(reverse("entry_restore", args=[session.pk, card.pk]))
    assert Entry.objects.visible_to(pair.ines).get() == card


@pytest.mark.parametrize(("column", "title"), [("good", "The good"), ("bad", "The bad"), ("", "The discussion")])
def test_it_is_offered_for_its_column(pair: Pair, ines: Client, column: str, title: str) -> None:
    session = pair.planned()
    jot(ines, pair, column=column)
    assert f"Fold it into {title}" in ines.get(board_of(session)).content.decode()


def test_in_the_room_it_is_of_the_day_on_its_authors_clock(pair: Pair, ines: Client) -> None:
    session = pair.planned()
    kept = jot(ines, pair)
    Person.objects.filter(pk=pair.ines.pk).update(timezone="Asia/Kolkata")
    Jot.objects.filter(pk=kept.pk).update(created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    for url in (jots_of(pair), board_of(session)):
        page = ines.get(url).text
        assert "2 March" in page
        assert "1 March" not in page


def test_dropped_by_mistake_it_comes_back(pair: Pair, ines: Client) -> None:
    kept = jot(ines, pair)
    board = board_of(pair.planned())
    answer = ines.post(reverse("jot_delete", args=[kept.pk]), {"next": board})
    assert answer.headers["location"] == board
    assert list(Jot.objects.kept(pair.ines)) == []
    page = ines.get(board).content.decode()
    assert reverse("jot_restore", args=[kept.pk]) in page
    ines.post(reverse("jot_restore", args=[kept.pk]))
    assert list(Jot.objects.kept(pair.ines)) == [kept]


def test_a_press_leads_to_no_other_site(pair: Pair, ines: Client) -> None:
    kept = jot(ines, pair)
    answer = ines.post(reverse("jot_delete", args=[kept.pk]), {"next": "//elsewhere.example/"})
    assert answer.headers["location"] == jots_of(pair)


def test_pressed_twice_it_is_kept_once_and_other_words_are_kept_apart(pair: Pair) -> None:
    key = uuid.uuid4()
    first = Jot.keep(pair.partnership, by=pair.ines, text="Once", id=key)
    assert Jot.keep(pair.partnership, by=pair.ines, text="Once", id=key) == first
    with pytest.raises(Stale):
        Jot.keep(pair.partnership, by=pair.ines, text="Twice", id=key)
    with pytest.raises(Refusal):
        Jot.keep(pair.partnership, by=pair.tom, text="Once", id=key)
    assert Jot.objects.get().text == "Once"


def test_what_was_begun_and_what_was_shared_stands_in_the_box(pair: Pair, ines: Client) -> None:
    assert "From my phone" in ines.get(jots_of(pair), {"jot": "From my phone"}).content.decode()
    Draft.keep(Draft.Box.JOT.key(pair.partnership.pk), "Half a thought", version=0, by=pair.ines)
    assert "Half a thought" in ines.get(jots_of(pair), {"jot": "From my phone"}).content.decode()
    jot(ines, pair)
    assert not Draft.objects.exclude(text="").exists()


def box_in(page: str) -> str:
    """What stands in the box of the page."""
    found = re.search(r'<textarea name="text".*?>\n(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_what_was_shared_stands_below_what_was_begun_once(pair: Pair, ines: Client) -> None:
    box = Draft.Box.JOT.key(pair.partnership.pk)
    begun = Draft.keep(box, "Begun", version=0, by=pair.ines)
    emptied = Draft.keep(box, "", version=begun, by=pair.ines)
    assert box_in(ines.get(jots_of(pair), {"jot": "From my phone"}).content.decode()) == "From my phone"
    half = Draft.keep(box, "Half a thought", version=emptied, by=pair.ines)
    both = "Half a thought\n\nFrom my phone"
    assert box_in(ines.get(jots_of(pair), {"jot": "From my phone"}).content.decode()) == both
    Draft.keep(box, both, version=half, by=pair.ines)
    assert box_in(ines.get(jots_of(pair), {"jot": "From my phone"}).content.decode()) == both


ARTICLE = {"title": "On deciding", "text": "Decide slowly? & <b>twice</b>", "url": "https://example.org/a?b=1&c=2"}
SHARED = "On deciding\nDecide slowly? & <b>twice</b>\nhttps://example.org/a?b=1&c=2"


def test_a_phone_shares_into_the_box_by_what_the_manifest_says(pair: Pair, ines: Client) -> None:
    target = json.loads((settings.BASE_DIR / "public/manifest.webmanifest").read_text())["share_target"]
    assert (target["action"], target["method"]) == (reverse("jot_create"), "GET")
    sent = {target["params"][part]: words for part, words in ARTICLE.items()}
    assert box_in(ines.get(target["action"], sent).content.decode()) == SHARED
    sent[target["params"]["text"]] = f"Read {ARTICLE['url']}"  # many programs put the address into the text too
    page = ines.get(target["action"], sent).content.decode()
    assert box_in(page) == f"On deciding\nRead {ARTICLE['url']}"
    assert f'action="{jots_of(pair)}"' in page
    assert not Jot.objects.exists()
    assert not Draft.objects.exists()


def test_whoever_has_to_sign_in_first_still_has_what_was_shared(pair: Pair) -> None:
    browser = Client()
    first = browser.get(reverse("jot_create"), ARTICLE)
    assert first.status_code == 302
    page = browser.get(first.headers["location"]).content.decode()
    fields = re.findall(r'<input type="hidden" name="next" value="([^"]*)"', page)
    sent = {"login": pair.ines.email, "password": PASSWORD, "next": html.unescape(fields[0])}
    signed_in = browser.post(first.headers["location"], sent, follow=True)
    assert box_in(signed_in.content.decode()) == SHARED


def test_whoever_has_several_says_for_which(pair: Pair, ines: Client) -> None:
    other = PartnershipFactory.create(label="Search", a=pair.ines)
    ended = PartnershipFactory.create(label="Ended", a=pair.ines)
    Partnership.objects.filter(pk=ended.pk).update(archived_at=timezone.now())
    page = ines.get(reverse("jot_create"), ARTICLE).content.decode()
    ways = [html.unescape(url) for url in re.findall(r'href="(/[^"]*/jots/\?[^"]*)"', page)]
    assert [url.split("?")[0] for url in ways] == [jots_of(pair), reverse("jot_list", args=[other.pk])]
    assert {box_in(ines.get(url).content.decode()) for url in ways} == {SHARED}


def test_whoever_has_no_partnership_is_told_so() -> None:
    page = client_of(PersonFactory.create(name="Mei Tan", email="mei@example.org")).get(reverse("jot_create"))
    assert "you are in no partnership now" in page.content.decode()


def test_words_to_begin_with_stand_by_the_box(pair: Pair, ines: Client) -> None:
    assert "“It matters to me because …”" in ines.get(jots_of(pair)).content.decode()


def test_a_retry_leaves_what_was_begun_since(pair: Pair) -> None:
    key = uuid.uuid4()
    Jot.keep(pair.partnership, by=pair.ines, text="Once", id=key)
    box = Draft.Box.JOT.key(pair.partnership.pk)
    Draft.keep(box, "The next one", version=1, by=pair.ines)
    Jot.keep(pair.partnership, by=pair.ines, text="Once", id=key)
    assert Draft.of(pair.ines, [box])[box].text == "The next one"


def test_an_empty_one_is_refused_on_its_page(pair: Pair, ines: Client) -> None:
    answer = ines.post(jots_of(pair), {"text": "  ", "client_id": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert "There is nothing written here yet." in answer.content.decode()


def test_there_is_a_limit_with_a_sentence(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JOTS", 2)
    for text in ("One", "Two"):
        Jot.keep(pair.partnership, by=pair.ines, text=text, id=uuid.uuid4())
    with pytest.raises(Refusal, match="too many jots"):
        Jot.keep(pair.partnership, by=pair.ines, text="Three", id=uuid.uuid4())
    last = Jot.objects.get(text="Two")
    assert Jot.keep(pair.partnership, by=pair.ines, text="Two", id=last.pk) == last
    last.soft_delete(by=pair.ines)
    third = Jot.keep(pair.partnership, by=pair.ines, text="Three", id=uuid.uuid4())
    with pytest.raises(Refusal, match="too many jots"):
        last.restore(by=pair.ines)
    third.soft_delete(by=pair.ines)
    for _twice in range(2):
        last.restore(by=pair.ines)
    assert {jot.text for jot in Jot.objects.kept(pair.ines)} == {"One", "Two"}


def test_nothing_is_kept_for_a_partnership_that_ended_or_is_another_ones(pair: Pair) -> None:
    others = PartnershipFactory.create()
    with pytest.raises(NotAllowed):
        Jot.keep(others, by=pair.ines, text=WORDS, id=uuid.uuid4())
    Partnership.objects.filter(pk=pair.partnership.pk).update(archived_at="2026-01-01T00:00Z")
    with pytest.raises(NotAllowed):
        Jot.keep(pair.partnership, by=pair.ines, text=WORDS, id=uuid.uuid4())


@pytest.mark.django_db(transaction=True)
def test_the_same_press_from_two_tabs_at_once_keeps_one() -> None:
    pair = make_pair()
    key = uuid.uuid4()

    def keep() -> None:
        Jot.keep(pair.partnership, by=pair.ines, text=WORDS, id=key)
        connection.close()

    tabs = [threading.Thread(target=keep) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert Jot.objects.count() == 1
