"""What is said of the other one's presses: a sentence each, of what both may know, and nothing of what is folded."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

import pytest

from partnerships.models import Person
from retros import limits
from retros.models import Action, Draft, Entry, Note, Session
from retros.models.told import Told
from retros.room.page import room_at
from retros.room.said import WORDS, said
from tests.cast import Cast
from tests.retros import play
from tests.retros.rooms import Rooms

pytestmark = pytest.mark.one_database


@pytest.fixture
def rooms(cast: Cast) -> Rooms:
    return Rooms(cast.ines, cast.tom)


def heard(session: Session, person: Person, kind: str = "write") -> list[str]:
    """What the person's page of that step says."""
    again = Session.objects.get(pk=session.pk)
    return [each.words for each in said(room_at(again, person, play.step_of(session, kind).position))]


def test_every_event_has_its_words() -> None:
    assert set(WORDS) == set(Told)


def test_nothing_that_is_written_alone_is_an_event(cast: Cast, rooms: Rooms) -> None:
    session = rooms.at("write")
    before = Session.objects.get(pk=session.pk).told
    card = play.Participant(cast.tom, session.pk).fold("Folded")
    play.Participant(cast.tom, session.pk).fold("Mine", only_me=True)
    card.edit(by=cast.tom, text="Folded, in other words", version=1)
    card.soft_delete(by=cast.tom)
    card.restore(by=cast.tom)
    Draft.keep(f"card:{card.prompt_id}", by=cast.tom, text="Half a thought", version=0)
    play.answer_pulse(session, cast.tom, (3, "only me"))
    assert Session.objects.get(pk=session.pk).told == before
    play.reveal(session, "write")
    before = heard(session, cast.ines)
    play.Participant(cast.tom, session.pk).fold("Mine again", only_me=True)
    assert heard(session, cast.ines) == before


EVENTS: dict[str, tuple[Callable[[Entry, Person], object], str]] = {  # what Tom does to a card of Ines; what she hears
    "pick": (lambda card, by: card.pick(by=by), "Tom picked a card: A card"),
    "table": (lambda card, by: card.put_on_table(by=by), "Tom put a card on the table: A card"),
    "talked": (lambda card, by: card.set_talk("talked", by=by), "Tom is done talking about a card: A card"),
    "parked": (lambda card, by: card.set_talk("parked", by=by), "Tom parked a card: A card"),
    "paused": (lambda card, by: card.step.session.pause(by=by), "Tom paused."),
    "between us": (
        lambda card, by: card.step.session.pause(by=by, reason=Session.PauseReason.BETWEEN_US),
        "Tom paused, and asks what is happening between you.",
    ),
    "more time": (lambda card, by: card.step.extend(5, by=by, known=card.step.minutes), "Tom added 5 minutes."),
    "a card": (
        lambda card, by: Entry.fold(card.prompt, by=by, text="New", client_id=uuid.uuid4()),
        "Tom added a card: New",
    ),
    "learning": (
        lambda card, by: Note.learn(card.step, by=by, text="Ask first", id=uuid.uuid4()),
        "Tom added a sentence.",
    ),
    "action": (
        lambda card, by: Action.agree(
            card.step.session.partnership,
            by=by,
            id=uuid.uuid4(),
            owners=["b"],
            text="Do it",
            due=date(2030, 1, 7),
            session=card.step.session,
        ),
        "Tom added an action: Do it",
    ),
    "ready": (lambda card, by: card.step.ready_for_next(by=by), "Tom is ready."),
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_one_sentence_for_the_other_one_alone(cast: Cast, rooms: Rooms, name: str) -> None:
    act, words = EVENTS[name]
    session = rooms.at("write")
    card = play.Participant(cast.ines, session.pk).fold("A card")
    play.reveal(session, "write")
    card.refresh_from_db()
    before = heard(session, cast.tom)
    act(card, cast.tom)
    assert heard(session, cast.ines)[-1] == words
    assert set(heard(session, cast.tom)) <= set(before)
    assert len(heard(session, cast.ines)) <= limits.TOLD_KEPT


def test_both_hear_what_happens_to_both(cast: Cast, rooms: Rooms) -> None:
    session = rooms.at("write")
    play.Participant(cast.ines, session.pk).fold("A card")
    play.Participant(cast.ines, session.pk).fold("Mine", only_me=True)
    play.reveal(session, "write")
    assert heard(session, cast.ines)[-1] == "1 card: 1 from you, 0 from Tom."
    assert heard(session, cast.tom)[-1] == "1 card: 0 from you, 1 from Ines."
    assert heard(session, cast.tom, "pulse")[-1] == "“Good, bad, discussion” is open to you both."
    play.Participant(cast.tom, session.pk).fold("Later")
    assert "1 card: 1 from you, 0 from Tom." in heard(session, cast.ines)  # what was said stays so


def test_a_draft_that_left_the_page_with_its_card_is_said_to_its_author(cast: Cast, rooms: Rooms) -> None:
    session = rooms.at("write")
    card = play.Participant(cast.ines, session.pk).fold("A card")
    play.reveal(session, "write")
    card.refresh_from_db()
    card.put_on_table(by=cast.ines)
    Draft.keep(Draft.Box.ACTION.key(card.pk), by=cast.ines, text="Half an action", version=0)
    card.set_talk("parked", by=cast.tom)
    assert heard(session, cast.ines)[-2:] == ["Tom parked a card: A card", "Your draft is kept."]
    assert "Your draft is kept." not in heard(session, cast.tom)
