"""Two at the same moment. One effect, one row, no text lost; and never an error of the database."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from partnerships.refusals import Stale
from retros.access import get_action
from retros.models import Action, Draft, Entry, Note, Ready, Review, Session, Step, creation
from tests.presses import AtOnce
from tests.retros.play import (
    CONCLUDE,
    LAST,
    LOOK_BACK,
    PULSE,
    WRITE,
    Pair,
    Participant,
    at,
    make_pair,
    next_year,
    reveal,
)

pytestmark = pytest.mark.django_db(transaction=True)

DUE = date(2027, 2, 1)
ROUNDS = [pytest.param(12, id="some"), pytest.param(1000, id="many", marks=pytest.mark.deep)]
Load = Callable[[], Callable[[], Any]]


@pytest.fixture
def pair(transactional_db: None) -> Pair:
    return make_pair()


def begun(pair: Pair, position: int = LOOK_BACK) -> tuple[Participant, Participant]:
    session = pair.started()
    at(session, position)
    return pair.hands(session)


def no_errors(results: list[Any]) -> None:
    for result in results:
        assert not isinstance(result, Exception), repr(result)


def the_one_refused(results: list[Any]) -> Stale:
    errors = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in errors] == [Stale], results
    refused = errors[0]
    assert isinstance(refused, Stale)
    return refused


# --- the same press ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", ROUNDS)
def test_ready_at_once_reveals_once(pair: Pair, both: AtOnce, rounds: int) -> None:
    for _round in range(rounds):
        with transaction.atomic():
            ines, tom = begun(pair, WRITE)
            ines.fold("From Ines")
            tom.fold("From Tom")
        told = ines.version(), tom.version()

        def load(hands: Participant) -> Load:
            def press() -> Callable[[], Any]:
                step = hands.step(WRITE)
                digest = step.digest(hands.person)
                return lambda: step.ready(by=hands.person, digest=digest)

            return press

        results = both.press(load(ines), load(tom))
        no_errors(results)
        assert sorted(results) == [False, True]
        assert ines.sees() == tom.sees() == {"From Ines", "From Tom"}
        step = Step.objects.get(session=ines.session_id, position=WRITE)
        assert step.opened_a_at == step.opened_b_at
        assert step.ready_set.count() == 2
        assert (ines.version(), tom.version()) == (told[0] + 2, told[1] + 2)


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("position", [CONCLUDE, LAST], ids=["next", "close"])
def test_next_at_once_moves_once(pair: Pair, both: AtOnce, position: int, rounds: int) -> None:
    for _round in range(rounds):
        with transaction.atomic():
            ines, tom = begun(pair, position)
            if position == LAST:
                reveal(ines.session, LAST)

        def load(hands: Participant) -> Load:
            def press() -> Callable[[], Any]:
                step = hands.step(position)
                return lambda: step.ready_for_next(by=hands.person)

            return press

        results = both.press(load(ines), load(tom))
        no_errors(results)
        assert sorted(results) == [False, True]
        session = Session.objects.get(pk=ines.session_id)
        assert (session.position, session.status) == ((LAST, "held") if position == LAST else (LAST, "in_progress"))
        assert Ready.objects.filter(step__session=session, purpose=Ready.Purpose.NEXT).count() == 2
        # And the same two presses again, as a double click sends them.
        again = both.press(load(ines), load(tom))
        assert again == [True, True]
        assert Session.objects.get(pk=session.pk).position == LAST


@pytest.mark.parametrize("rounds", ROUNDS)
def test_start_at_once_starts_once(pair: Pair, both: AtOnce, rounds: int) -> None:
    for turn in range(rounds):
        session = Session.objects.filter(partnership=pair.partnership, number=None).first() or pair.planned()
        ines, tom = pair.hands(session)

        def load(hands: Participant) -> Load:
            def press() -> Callable[[], Any]:
                session = hands.session
                return lambda: session.start(by=hands.person)

            return press

        no_errors(both.press(load(ines), load(tom)))
        session = Session.objects.get(pk=session.pk)
        assert (session.status, session.number) == ("in_progress", turn + 1)
        assert session.version_a + session.version_b == 3  # the first told both, the second only its own tabs
        Session.objects.running().update(status=Session.Status.HELD)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_start_now_at_once_is_one_session(pair: Pair, both: AtOnce, rounds: int) -> None:
    for _round in range(rounds):
        Session.objects.running().update(status=Session.Status.HELD)
        before = Session.objects.count()

        def load(person: Any) -> Load:
            return lambda: lambda: creation.start_now(pair.partnership, by=person, id=uuid.uuid4()).pk

        results = both.press(load(pair.ines), load(pair.tom))
        no_errors(results)
        assert results[0] == results[1]
        assert Session.objects.count() == before + 1


@pytest.mark.parametrize("rounds", ROUNDS)
def test_of_two_retros_started_at_once_one_is_open(pair: Pair, both: AtOnce, rounds: int) -> None:
    with transaction.atomic():
        planned = [pair.planned(start=next_year(1, day, 9, 0)) for day in (2, 3)]
    for _round in range(rounds):

        def load(hands: Participant) -> Load:
            def press() -> Callable[[], Any]:
                session = hands.session
                return lambda: session.start(by=hands.person).pk

            return press

        results = both.press(load(pair.hands(planned[0])[0]), load(pair.hands(planned[1])[1]))
        no_errors(results)
        opened = Session.objects.running().get()
        assert results == [opened.pk, opened.pk]
        assert opened.number == 1
        Session.objects.running().update(status=Session.Status.SCHEDULED, number=None)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_reopen_at_once_reopens_once(pair: Pair, both: AtOnce, rounds: int) -> None:
    for _round in range(rounds):
        with transaction.atomic():
            ines, tom = begun(pair, LAST)
            reveal(ines.session, LAST)
            ines.next()
            tom.next()

        def load(hands: Participant) -> Load:
            def press() -> Callable[[], Any]:
                session = hands.session
                return lambda: session.reopen(by=hands.person)

            return press

        results = both.press(load(ines), load(tom))
        no_errors(results)
        assert sorted(results) == [False, True]
        assert ines.session.is_running


# --- the same thing sent twice ----------------------------------------------------------------------------------


def things(pair: Pair) -> dict[str, tuple[Callable[[Participant, str, uuid.UUID], Any], Callable[[], Any]]]:
    """What a client names itself: how to send it, and which rows there are of it."""

    def draft(hands: Participant, text: str, key: uuid.UUID) -> Any:
        return Draft.keep(f"card:{key}", text, version=0, by=hands.person)

    return {
        "card": (lambda hands, text, key: hands.fold(text, client_id=key).pk, lambda: Entry.unrestricted.all()),
        "answer": (lambda hands, text, key: hands.answer("changed", text).pk, lambda: Entry.unrestricted.all()),
        "learning": (
            lambda hands, text, key: Note.learn(hands.step(CONCLUDE), by=hands.person, text=text, id=key).pk,
            lambda: Note.objects.all(),
        ),
        "action": (
            lambda hands, text, key: [
                action.pk
                for action in Action.agree(
                    pair.partnership, by=hands.person, id=key, owners=["a", "b"], text=text, due=DUE
                )
            ],
            lambda: Action.objects.filter(owner=pair.ines),
        ),
        "draft": (draft, lambda: Draft.objects.exclude(text="")),
    }


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("what", ["card", "answer", "learning", "action", "draft"])
def test_the_same_thing_sent_twice_at_once_is_one(pair: Pair, both: AtOnce, what: str, rounds: int) -> None:
    send, rows = things(pair)[what]
    for _round in range(rounds):
        for model in (Entry.unrestricted, Note.objects, Action.objects, Draft.objects):
            model.all().delete()
        ines, _tom = begun(pair)
        key = uuid.uuid4()
        once = partial(send, ines, "Once", key)
        results = both.run(once, once)
        no_errors(results)
        assert results[0] == results[1]
        assert [row.text for row in rows()] == ["Once"]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("what", ["card", "answer", "learning", "action", "draft"])
def test_other_words_under_the_same_key_lose_neither(pair: Pair, both: AtOnce, what: str, rounds: int) -> None:
    send, rows = things(pair)[what]
    for _round in range(rounds):
        for model in (Entry.unrestricted, Note.objects, Action.objects, Draft.objects):
            model.all().delete()
        ines, _tom = begun(pair)
        key = uuid.uuid4()
        results = both.run(partial(send, ines, "From the laptop", key), partial(send, ines, "From the phone", key))
        refused = the_one_refused(results)
        (stored,) = [row.text for row in rows()]
        assert {refused.mine, refused.theirs} == {"From the laptop", "From the phone"}
        assert refused.theirs == stored


@pytest.mark.parametrize("rounds", ROUNDS)
def test_the_same_key_from_both_is_a_card_each(pair: Pair, both: AtOnce, rounds: int) -> None:
    for _round in range(rounds):
        ines, tom = begun(pair)
        key = uuid.uuid4()
        no_errors(both.run(partial(ines.fold, "Hers", client_id=key), partial(tom.fold, "His", client_id=key)))
        assert (ines.sees(), tom.sees()) == ({"Hers"}, {"His"})


# --- two writers of one thing -----------------------------------------------------------------------------------


def writings(pair: Pair, ines: Participant, tom: Participant) -> dict[str, tuple[Load, Load, Callable[[], str]]]:
    """For each shared thing: how the one and the other write on it, both having seen the same; and what it says."""
    card = ines.fold("Before")
    reveal(ines.session)
    learning = Note.learn(ines.step(CONCLUDE), by=ines.person, text="Before", id=uuid.uuid4())
    (action,) = Action.agree(
        pair.partnership, by=pair.ines, id=uuid.uuid4(), owners=["a"], text="Before", due=DUE
    )  # fmt: skip

    def note(hands: Participant, text: str) -> Load:
        def load() -> Callable[[], Any]:
            entry = hands.entry(card.pk)
            return lambda: Note.came_up(entry.step, entry=entry, by=hands.person, text=text, version=0)

        return load

    def learned(hands: Participant, text: str) -> Load:
        def load() -> Callable[[], Any]:
            row = hands.note(learning.pk)
            return lambda: row.edit(by=hands.person, text=text, version=1)

        return load

    def edited(hands: Participant, text: str, *, in_room: bool) -> Load:
        def load() -> Callable[[], Any]:
            row = get_action(hands.person, action.pk)
            session = hands.session if in_room else None
            return lambda: row.edit(by=hands.person, text=text, version=1, due=DUE, owner="a", session=session)

        return load

    def reviewed(hands: Participant, remark: str) -> Load:
        def load() -> Callable[[], Any]:
            row, session = get_action(hands.person, action.pk), hands.session
            return lambda: row.review(session, by=hands.person, verdict="going", remark=remark)

        return load

    def reworded(text: str) -> Load:
        def load() -> Callable[[], Any]:
            row = ines.entry(card.pk)
            return lambda: row.edit(by=ines.person, text=text, version=1)

        return load

    return {
        "note": (note(ines, "Hers"), note(tom, "His"), lambda: Note.objects.get(entry=card).text),
        "learning": (learned(ines, "Hers"), learned(tom, "His"), lambda: Note.objects.get(pk=learning.pk).text),
        "action at home": (
            edited(ines, "Hers", in_room=False), edited(tom, "His", in_room=False),
            lambda: Action.objects.get(pk=action.pk).text,
        ),
        "action in the room and at home": (
            edited(ines, "Hers", in_room=True), edited(tom, "His", in_room=False),
            lambda: Action.objects.get(pk=action.pk).text,
        ),
        "review": (reviewed(ines, "Hers"), reviewed(tom, "His"), lambda: Review.objects.get(action=action).remark),
        "card": (reworded("Hers"), reworded("His"), lambda: Entry.unrestricted.get(pk=card.pk).text),
    }  # fmt: skip


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize(
    "what", ["note", "learning", "action at home", "action in the room and at home", "review", "card"]
)
def test_of_two_writers_the_later_is_shown_both_texts(pair: Pair, both: AtOnce, what: str, rounds: int) -> None:
    for _round in range(rounds):
        with transaction.atomic():
            one, other, now = writings(pair, *begun(pair))[what]
        results = both.press(one, other)
        refused = the_one_refused(results)
        assert {refused.mine, refused.theirs} == {"Hers", "His"}
        assert refused.theirs == now(), "What was acknowledged is what is stored."


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_review_at_once_with_an_edit_loses_neither(pair: Pair, both: AtOnce, rounds: int) -> None:
    """The review only moves the date; the edit at home changes the words. Each knows of the other by the version."""
    later = date(2027, 5, 1)
    for _round in range(rounds):
        with transaction.atomic():
            ines, tom = begun(pair)
            (action,) = Action.agree(
                pair.partnership, by=pair.ines, id=uuid.uuid4(), owners=["a"], text="Before", due=DUE
            )  # fmt: skip

        def review(hands: Participant = ines, pk: uuid.UUID = action.pk) -> Callable[[], Any]:
            row, session = get_action(hands.person, pk), hands.session
            return lambda: row.review(session, by=hands.person, verdict="going", due=later)

        def edit(hands: Participant = tom, pk: uuid.UUID = action.pk) -> Callable[[], Any]:
            row = get_action(hands.person, pk)
            return lambda: row.edit(by=hands.person, text="After", version=1, due=DUE, owner="a")

        reviewed, edited = both.press(review, edit)
        assert not isinstance(reviewed, Exception), repr(reviewed)
        stored = Action.objects.get(pk=action.pk)
        if isinstance(edited, Exception):
            assert isinstance(edited, Stale)
            assert (stored.text, stored.due, stored.version) == ("Before", later, 2)
        else:
            assert (stored.text, stored.due, stored.version) == ("After", later, 3)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_tabs_of_one_person_lose_no_answer_and_no_draft(pair: Pair, both: AtOnce, rounds: int) -> None:
    for _round in range(rounds):
        with transaction.atomic():
            ines, _tom = begun(pair, PULSE)
            ines.answer("changed", "Before")
            Draft.keep(f"card:{ines.session_id}", "Before", version=0, by=ines.person)
        for save, now in (
            (
                lambda text, h=ines: h.answer("changed", text, version=1),
                lambda h=ines: Entry.unrestricted.get(step__session=h.session_id).text,
            ),
            (
                lambda text, h=ines: Draft.keep(f"card:{h.session_id}", text, version=1, by=h.person),
                lambda h=ines: Draft.objects.get(key=f"card:{h.session_id}").text,
            ),
        ):
            results = both.run(partial(save, "Laptop"), partial(save, "Phone"))
            refused = the_one_refused(results)
            assert {refused.mine, refused.theirs} == {"Laptop", "Phone"}
            assert refused.theirs == now()
