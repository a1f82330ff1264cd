"""As two browsers meet it: both press at the same moment, over HTTP, on the running server.

One effect; each is answered with the state that follows from it; never a 5xx, and never a lock's error.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from partnerships import limits
from partnerships.models import Invitation, Membership, Partnership, Person
from partnerships.models.partnership import Seat
from retros.models import Action, Entry, Note, Ready, Session, Step
from retros.room.page import room_at
from tests.conftest import LiveServer
from tests.factories import PartnershipFactory
from tests.retros.models.two import Answer, Browser, Two
from tests.retros.play import CONCLUDE, LAST, LOOK_BACK, WRITE, make_pair, next_year

# The default suite runs on both databases: 25 rounds for each button on each.
ROUNDS = [pytest.param(25, id="some"), pytest.param(1000, id="many", marks=pytest.mark.deep)]
DUE = date(2027, 2, 1)


@pytest.fixture
def two(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Two]:
    # More presses in a minute than a person makes.
    monkeypatch.setattr(limits, "WRITES_PER_MINUTE", 1_000_000)
    monkeypatch.setattr(limits, "DRAFT_SAVES_PER_MINUTE", 1_000_000)
    monkeypatch.setattr(limits, "INVITATIONS_PER_HOUR", 1_000_000)
    two = Two(live_server)
    yield two
    two.pool.shutdown()
    for browser in (two.ines, two.tom):
        browser.connection.close()


def kinds(rounds: int) -> Iterator[str]:
    """Every other round without script."""
    return (("htmx", "plain")[turn % 2] for turn in range(rounds))


def good(answers: list[Answer], kind: str) -> None:
    for answer in answers:
        assert answer.status == (302 if kind == "plain" else 200), answer.text


# --- the same button ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", ROUNDS)
def test_ready_by_both_reveals_once(two: Two, rounds: int) -> None:
    for kind in kinds(rounds):
        session = two.started(WRITE)
        told = two.versions(session)
        step = session.steps[WRITE]
        answers = two.both("step_ready_create", session.pk, WRITE, kind=kind, digest=step.digest)
        good(answers, kind)
        step = Step.objects.get(pk=step.pk)
        assert step.is_revealed
        assert step.opened_a_at == step.opened_b_at
        assert step.ready_set.count() == 2
        assert two.versions(session) == told + 4  # the first Ready told both, and so did the second
        if kind == "htmx":  # the later one saw the reveal; the earlier one is told, or saw it too
            assert any("From Ines" in a.text and "From Tom" in a.text for a in answers)
    for browser in (two.ines, two.tom):
        page = browser.get(reverse("step_detail", args=[session.pk, WRITE])).text
        assert "From Ines" in page
        assert "From Tom" in page


@pytest.mark.parametrize("rounds", ROUNDS)
def test_next_by_both_moves_once(two: Two, rounds: int) -> None:
    for kind in kinds(rounds):
        session = two.started()
        told = two.versions(session)
        shown = room_at(session, session.sides[Seat.A].person, LOOK_BACK).followed
        answers = two.both("step_next_create", session.pk, LOOK_BACK, kind=kind, shown=shown)
        good(answers, kind)
        assert any(answer.moved for answer in answers)
        assert two.versions(session) == told + 4
        assert session.position == LOOK_BACK + 1
        again = two.both("step_next_create", session.pk, LOOK_BACK, kind=kind, shown=shown)  # a double click
        good(again, kind)
        assert all(answer.moved for answer in again)
        session.refresh_from_db()
        assert session.position == LOOK_BACK + 1


@pytest.mark.parametrize("rounds", ROUNDS)
def test_close_by_both_closes_once(two: Two, rounds: int) -> None:
    for kind in kinds(rounds):
        session = two.started(LAST, revealed=True)
        answers = two.both("step_next_create", session.pk, LAST, kind=kind)
        good(answers, kind)
        told = two.versions(session)
        assert session.is_closed
        closed_at = session.closed_at
        good(two.both("step_next_create", session.pk, LAST, kind=kind), kind)
        assert two.versions(session) - told == 2  # their own other tabs alone
        assert session.closed_at == closed_at
    for browser in (two.ines, two.tom):
        assert "Thank you both." in browser.get(reverse("step_detail", args=[session.pk, LAST])).text


@pytest.mark.parametrize("rounds", ROUNDS)
def test_reopen_by_both_reopens_once(two: Two, rounds: int) -> None:
    session = two.started(LAST, revealed=True)
    for kind in kinds(rounds):
        Session.objects.filter(pk=session.pk).update(status=Session.Status.HELD, closed_at=datetime.now().astimezone())
        answers = two.both("session_reopen", session.pk, kind=kind)
        good(answers, kind)
        session.refresh_from_db()
        assert session.is_running
        assert not Ready.objects.filter(step__session=session, purpose=Ready.Purpose.REOPEN).exists()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_start_by_both_starts_once(two: Two, rounds: int) -> None:
    for turn, kind in enumerate(kinds(rounds)):
        session = two.pair.planned(start=next_year(2, 1, 8) + timedelta(days=turn))
        answers = two.both("session_start", session.pk, kind=kind, sure="1")
        good(answers, kind)
        assert all(answer.moved for answer in answers)
        session.refresh_from_db()
        assert (session.status, session.number) == ("in_progress", turn + 1)
        assert session.version_a + session.version_b == 3
        Session.objects.running().update(status=Session.Status.HELD)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_start_now_by_both_is_one_room(two: Two, rounds: int) -> None:
    for _round in range(rounds):
        Session.objects.running().update(status=Session.Status.HELD)
        before = Session.objects.count()
        answers = two.both(
            "session_create_now", two.pair.partnership.pk, kind="plain", client_id=lambda _person: uuid.uuid4()
        )
        good(answers, "plain")
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert Session.objects.count() == before + 1


@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_cards_put_on_the_table_at_once_leave_one_there(two: Two, rounds: int) -> None:
    session = two.started(WRITE, revealed=True)
    cards = list(Entry.objects.visible_to(two.ines.person).filter(step__session=session))
    ines_card = next(card for card in cards if card.author_id == two.ines.person.pk)
    urls = [reverse("entry_table", args=[session.pk, card.pk]) for card in cards]
    for kind in kinds(rounds):
        answers = two.at_once(two.ines.will_post(urls[0], kind), two.tom.will_post(urls[1], kind))
        good(answers, kind)
        on_table = Entry.objects.visible_to(two.ines.person).filter(step__session=session, talk=Entry.Talk.ON_TABLE)
        assert on_table.count() == 1
        picks = two.both("entry_pick_create", session.pk, ines_card.pk, kind=kind)
        good(picks, kind)
        picked = Entry.objects.visible_to(two.ines.person).with_picks(two.ines.person).get(pk=ines_card.pk)
        assert (picked.picked_by_you, picked.picked_by_partner) == (True, True)  # type: ignore[attr-defined]
        good(two.both("entry_pick_delete", session.pk, ines_card.pk, kind=kind), kind)


# --- an invitation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", [pytest.param(10, id="some"), pytest.param(100, id="many", marks=pytest.mark.deep)])
def test_one_invitation_pressed_twice_at_once_takes_one_seat(two: Two, live_server: LiveServer, rounds: int) -> None:
    tab = Browser(live_server, two.tom.person)  # the same person, in a second tab
    for _round in range(rounds):
        partnership = PartnershipFactory.create(a=two.ines.person, b=None)
        invitation, token = Invitation.for_seat(partnership, email=two.tom.person.email, by=two.ines.person)
        url = reverse("invitation_accept", args=[token])
        answers = two.at_once(two.tom.will_post(url, "plain"), tab.will_post(url, "plain"))
        good(answers, "plain")
        home = reverse("partnership_detail", args=[partnership.pk])
        assert [answer.headers["Location"] for answer in answers] == [home, home]
        assert Membership.objects.filter(partnership=partnership).count() == 2
        invitation.refresh_from_db()
        assert invitation.accepted_by == two.tom.person
    tab.connection.close()


@pytest.mark.parametrize("rounds", [pytest.param(10, id="some"), pytest.param(100, id="many", marks=pytest.mark.deep)])
def test_two_people_with_one_link_one_of_them_gets_the_seat(two: Two, live_server: LiveServer, rounds: int) -> None:
    inviter = make_pair().ines
    for _round in range(rounds):
        partnership: Partnership = PartnershipFactory.create(a=inviter, b=None)
        invitation, token = Invitation.for_seat(partnership, email="", by=inviter)
        answers = two.both("invitation_accept", token, kind="plain")
        won, lost = sorted(answer.status for answer in answers)
        assert won == 302
        assert lost in {404, 409}  # too late to find it, or only too late to have it
        members = set(Membership.objects.filter(partnership=partnership).values_list("person", flat=True))
        assert len(members) == 2
        invitation.refresh_from_db()
        assert invitation.accepted_by_id in members


# --- the same client id -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", ROUNDS)
def test_one_card_sent_twice_at_once_is_one_card(two: Two, live_server: LiveServer, rounds: int) -> None:
    tab = Browser(live_server, two.ines.person)
    session = two.started(WRITE)
    prompt = next(p for p in session.steps[WRITE].prompts if p.takes_cards)
    url = reverse("entry_create", args=[session.pk, prompt.pk])

    def cards(person: Person, **found: object) -> Any:
        return Entry.objects.visible_to(person).filter(step__session=session, **found)

    for turn, kind in enumerate(kinds(rounds)):
        cards(two.ines.person).exclude(text="From Ines").delete()  # two hundred is the most
        key = uuid.uuid4()
        sent = {"client_id": key, "text": f"Card {turn}"}
        good(two.at_once(two.ines.will_post(url, kind, **sent), tab.will_post(url, kind, **sent)), kind)
        assert cards(two.ines.person, client_id=key).count() == 1

        # With other words: one is kept, the other is told, with both texts.
        key = uuid.uuid4()
        answers = two.at_once(
            two.ines.will_post(url, kind, client_id=key, text="One wording"),
            tab.will_post(url, kind, client_id=key, text="Another wording"),
        )
        kept = cards(two.ines.person, client_id=key).get().text
        one_kept_one_told(answers, kept, {"One wording", "Another wording"}, kind)

        # The other person's own id may be the same: two cards.
        key = uuid.uuid4()
        answers = two.at_once(
            two.ines.will_post(url, kind, client_id=key, text="Mine"),
            two.tom.will_post(url, kind, client_id=key, text="Mine too"),
        )
        good(answers, kind)
        assert cards(two.ines.person, client_id=key).get().text == "Mine"
        assert cards(two.tom.person, client_id=key).get().text == "Mine too"
    tab.connection.close()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_one_action_sent_twice_at_once_is_one_action(two: Two, live_server: LiveServer, rounds: int) -> None:
    tab = Browser(live_server, two.ines.person)
    session = two.started(CONCLUDE)
    url = reverse("room_action_create", args=[session.pk, CONCLUDE])
    for kind in kinds(rounds):
        data = {"client_id": uuid.uuid4(), "text": "Sketch on Thursdays", "owner": "both", "due": DUE}
        before = Action.objects.count()
        answers = two.at_once(two.ines.will_post(url, kind, **data), tab.will_post(url, kind, **data))
        good(answers, kind)
        assert Action.objects.count() == before + 2  # one each
    tab.connection.close()


# --- two writers ------------------------------------------------------------------------------------------------


def one_kept_one_told(answers: list[Answer], kept: str, texts: set[str], kind: str) -> None:
    """The stored text is one of the two, and whoever was too late is shown it beside their own."""
    assert sorted(answer.status for answer in answers) == [302 if kind == "plain" else 200, 409]
    assert kept in texts
    refused = next(answer for answer in answers if answer.status == 409)
    assert kept in refused.text
    if kind == "plain":  # a page without script no longer has the box; htmx leaves it as it is
        assert (texts - {kept}).pop() in refused.text


@pytest.mark.parametrize("rounds", ROUNDS)
def test_one_note_written_by_both_at_once_overwrites_nothing(two: Two, rounds: int) -> None:
    session = two.started(WRITE, revealed=True)
    card = Entry.objects.visible_to(two.ines.person).filter(step__session=session)[0]
    version = 0
    for turn in range(rounds):
        kind = ("htmx", "plain", "autosave")[turn % 3]
        texts = {f"By {browser.person.first_name}, {turn}" for browser in (two.ines, two.tom)}
        answers = two.both(
            "entry_note_update", session.pk, card.pk, kind=kind, version=version,
            text=lambda person, n=turn: f"By {person.first_name}, {n}",
        )  # fmt: skip
        note = Note.objects.visible_to(two.ines.person).get(entry=card)
        one_kept_one_told(answers, note.text, texts, kind)
        assert note.version == version + 1
        version = note.version


@pytest.mark.parametrize("rounds", ROUNDS)
def test_one_action_changed_by_both_at_once_overwrites_nothing(two: Two, rounds: int) -> None:
    made = Action.agree(two.pair.partnership, by=two.ines.person, id=uuid.uuid4(), owners=["a"], text="Sketch", due=DUE)
    action = made[0]
    for turn in range(rounds):
        texts = {f"By {browser.person.first_name}, {turn}" for browser in (two.ines, two.tom)}
        answers = two.both(
            "action_update", action.pk, kind="plain", version=action.version, owner="a", due=DUE,
            text=lambda person, n=turn: f"By {person.first_name}, {n}",
        )  # fmt: skip
        before = action.version
        action.refresh_from_db()
        one_kept_one_told(answers, action.text, texts, "plain")
        assert action.version == before + 1
