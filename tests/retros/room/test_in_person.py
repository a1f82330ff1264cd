"""What is said in person: of such a card its heading is kept, and that the two talked about it. And beginnings of
sentences, which nobody writes for anybody.
"""

from __future__ import annotations

import re
import uuid
from datetime import date

import pytest
from django.urls import reverse

from partnerships.refusals import Invalid, Refusal, Stale
from retros.lifecycle.export import everything
from retros.models import Action, Entry, Note, Session
from tests.cast import client_of
from tests.retros.play import WRITE, Pair, Participant, at, reveal

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

HEADING = "Workload"
BUTTON = re.compile(r"/talk/\"[^>]*>([^<]*)</button>")


def folded(hand: Participant, text: str = HEADING, *, id: uuid.UUID | None = None) -> Entry:
    return hand.fold(text, "talk", client_id=id, in_person=True)


def opened(pair: Pair) -> tuple[Session, Entry]:
    session = pair.started()
    hands = pair.hands(session)
    card = folded(hands[0])
    at(session, WRITE)
    reveal(hands[0].session)
    return session, hands[0].entry(card.pk)


def test_it_is_folded_like_any_card_and_opens_with_the_others(pair: Pair) -> None:
    session = pair.started()
    ines, tom = client_of(pair.ines), client_of(pair.tom)
    prompt = pair.hands(session)[0].prompt("talk")
    sent = {"text": HEADING, "client_id": str(uuid.uuid4()), "in_person": "on"}
    ines.post(reverse("entry_create", args=[session.pk, prompt.pk]), sent)
    at(session, WRITE)
    url = reverse("step_detail", args=[session.pk, WRITE])
    shown = [client.get(url).content.decode() for client in (ines, tom)]
    assert [HEADING in page for page in shown] == [True, False]
    assert "Ines has folded 1 card" in shown[1]
    reveal(session)
    page = tom.get(url).content.decode()
    assert HEADING in page
    assert BUTTON.findall(page) == ["We talked about it"]
    card = Entry.objects.visible_to(pair.tom).get()
    press = reverse("entry_talk", args=[session.pk, card.pk])
    tom.post(press, {"talk": "talked"})
    assert BUTTON.findall(ines.get(url).content.decode()) == ["Not yet after all"]
    ines.post(press, {"talk": ""})
    assert BUTTON.findall(tom.get(url).content.decode()) == ["We talked about it"]


def test_a_heading_is_all_that_it_takes(pair: Pair) -> None:
    hand = pair.hands(pair.started())[0]
    for text in ("One line\nand another", "x" * 61, "  "):
        with pytest.raises(Invalid):
            folded(hand, text)
    card = folded(hand)
    with pytest.raises(Invalid, match="a heading is kept"):
        card.edit(by=pair.ines, text="All that\nI think of it", version=1)
    card.edit(by=pair.ines, text="Workload, and leave", version=1)
    assert not Entry.objects.visible_to(pair.tom).exists()


def test_what_is_refused_is_not_lost(pair: Pair) -> None:
    session = pair.started()
    prompt = pair.hands(session)[0].prompt("talk")
    sent = {"text": "First\nsecond", "client_id": str(uuid.uuid4()), "in_person": "on"}
    answer = client_of(pair.ines).post(reverse("entry_create", args=[session.pk, prompt.pk]), sent)
    assert answer.status_code == 422
    assert "First\nsecond" in answer.content.decode()


def test_nothing_more_is_stored_of_it(pair: Pair) -> None:
    session, card = opened(pair)
    with pytest.raises(Refusal, match="said in person"):
        card.put_on_table(by=pair.tom)
    with pytest.raises(Refusal, match="said in person"):
        Note.came_up(card.step, entry=card, by=pair.tom, text="What she said", version=0)
    with pytest.raises(Refusal, match="said in person"):
        Action.agree(
            pair.partnership, by=pair.tom, id=uuid.uuid4(), owners=["a"], text="From it", due=date(2030, 1, 1),
            session=session, entry=card,
        )  # fmt: skip
    page = client_of(pair.tom).get(reverse("step_detail", args=[session.pk, WRITE])).content.decode()
    assert "/talk/" in page
    assert "/table/" not in page
    assert "/pick/" not in page


def test_pressed_twice_it_is_one_and_as_a_card_in_words_it_is_another(pair: Pair) -> None:
    hand, key = pair.hands(pair.started())[0], uuid.uuid4()
    assert folded(hand, id=key) == folded(hand, id=key)
    with pytest.raises(Stale):
        hand.fold(HEADING, "talk", client_id=key)


def test_it_is_taken_along_as_what_it_is(pair: Pair) -> None:
    session, card = opened(pair)
    for person in (pair.ines, pair.tom):
        (written,) = [
            entry for step in everything(person)["partnerships"][0]["sessions"][0]["steps"] for entry in step["written"]
        ]
        assert (written["text"], written["in_person"]) == (HEADING, True)
    Entry.unrestricted.filter(pk=card.pk).update(opened_at=None)
    Session.objects.filter(pk=session.pk).update(status="missed")
    board = client_of(pair.ines).get(reverse("step_detail", args=[pair.started().pk, WRITE])).content.decode()
    assert '<input type="hidden" name="in_person" value="on">' in board


def test_beginnings_of_sentences_stand_where_one_writes_a_card_and_where_one_talks(pair: Pair) -> None:
    session = pair.started()
    at(session, WRITE)
    client = client_of(pair.ines)
    url = reverse("step_detail", args=[session.pk, WRITE])
    page = client.get(url).content.decode()
    for words in ("I notice", "It matters to me because", "What I need is"):
        assert page.count(f'data-starts="{words} "') == 3  # one for each column
    client.post(reverse("session_pause", args=[session.pk]), {"reason": "between_us"})
    for words in ("“I notice …”", "“It matters to me because …”", "“What I need is …”"):
        assert words in client_of(pair.tom).get(url).content.decode()
    assert not Entry.objects.visible_to(pair.ines).exists()  # they are pressed, and nothing is written
