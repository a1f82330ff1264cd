"""Actions in the room: what was typed and not added, what was added from a card, and what both took."""

from __future__ import annotations

import html
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Person
from retros.models import Action, Draft, Entry, Session
from retros.models.action import lines_of
from tests.cast import Cast, client_of
from tests.retros import play
from tests.world import HTMX

pytestmark = pytest.mark.one_database

TYPED = "Post scope changes <the same> day"
ASKED = "You typed an action and did not add it"


@pytest.fixture
def session(cast: Cast) -> Session:
    session = play.start(cast.checkout)
    for kind in ("look_back", "pulse"):
        if kind == "pulse":
            play.reveal(session, kind)
        play.go_on(session, kind)
    play.Participant(cast.tom, session.pk).fold("Scope moved on a Tuesday")
    play.Participant(cast.ines, session.pk).fold("The research calls")
    play.reveal(session, "write")
    return session


def test_it_was_agreed_on_a_day_of_the_readers_clock(cast: Cast) -> None:
    action = play.agree(cast.checkout)
    Action.objects.filter(pk=action.pk).update(created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    Person.objects.filter(pk=cast.ines.pk).update(timezone="Asia/Kolkata")
    Person.objects.filter(pk=cast.tom.pk).update(timezone="America/New_York")
    url = reverse("step_detail", args=[play.start(cast.checkout).pk, play.LOOK_BACK])
    for person, day in ((cast.ines, "2 Mar"), (cast.tom, "1 Mar")):
        assert f"agreed {day}" in client_of(person).get(url).text


@pytest.fixture
def card(cast: Cast, session: Session) -> Entry:
    """Tom's, on the table."""
    card = Entry.objects.visible_to(cast.tom).get(text="Scope moved on a Tuesday")
    card.put_on_table(by=cast.tom)
    return card


@pytest.fixture
def typed(cast: Cast, card: Entry) -> None:
    """Ines typed an action there, and did not add it."""
    Draft.keep(Draft.Box.ACTION.key(card.pk), TYPED, version=0, by=cast.ines)


def board(who: Client, session: Session) -> str:
    return who.get(reverse("step_detail", args=[session.pk, 2])).content.decode()


def add(who: Client, session: Session, **data: object) -> str:
    url = reverse("room_action_create", args=[session.pk, 2])
    given = {"client_id": uuid.uuid4(), "text": TYPED, "due": timezone.localdate() + timedelta(days=7), **data}
    answer = who.post(url, given, headers=HTMX)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


# --- without script ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("left_out", "words"), [("owner", "Say who takes it."), ("due", "Pick a date.")])
def test_what_was_left_out_is_asked_for_on_a_page_with_all_that_was_said(
    cast: Cast, session: Session, left_out: str, words: str
) -> None:
    ines, url = client_of(cast.ines), reverse("room_action_create", args=[session.pk, 2])
    due = (timezone.localdate() + timedelta(days=7)).isoformat()
    given = {"client_id": str(uuid.uuid4()), "text": TYPED, "owner": "b", "due": due}
    page = html.unescape(ines.post(url, {**given, left_out: ""}).content.decode())
    assert words in page
    assert f">{TYPED}</textarea>" in page
    assert re.search(rf'name="{left_out}"[^>]*autofocus', page)
    if left_out == "owner":
        assert [re.search(rf"<span>{name}</span>", page) is not None for name in ("Ines", "Tom", "Both")] == [True] * 3
    for name, value in given.items():
        if name not in {left_out, "text"}:
            assert f'type="hidden" name="{name}" value="{value}"' in page
    assert page.count(f'name="{left_out}"') == (3 if left_out == "owner" else 1)
    ines.post(url, given)
    assert Action.objects.get().text == TYPED


def test_a_date_that_cannot_be_is_mended_on_the_page_that_says_so(cast: Cast, session: Session) -> None:
    ines, url = client_of(cast.ines), reverse("room_action_create", args=[session.pk, 2])
    given = {"client_id": str(uuid.uuid4()), "text": TYPED, "owner": "b", "due": "0026-12-01"}
    page = ines.post(url, given).text
    assert "Pick a date in this century." in page
    assert re.search(r'<input type="date" name="due" value="0026-12-01"', page)
    assert page.count('name="due"') == 1


# --- typed, and not added ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ines", "tom"])
@pytest.mark.parametrize("talk", ["talked", "parked"])
@pytest.mark.usefixtures("typed")
def test_whoever_is_done_talking_its_author_is_asked_about_a_typed_action(
    cast: Cast, session: Session, card: Entry, who: str, talk: str
) -> None:
    ines, tom = client_of(cast.ines), client_of(cast.tom)
    assert ASKED not in board(ines, session)
    presser = ines if who == "ines" else tom
    url = reverse("entry_talk", args=[session.pk, card.pk])
    answer = presser.post(url, {"talk": talk}, headers=HTMX).content.decode()
    assert (ASKED in answer) == (who == "ines")
    assert Entry.objects.visible_to(cast.tom).get(pk=card.pk).talk == talk
    page = board(ines, session)
    assert ASKED in page
    assert html.escape(TYPED) in page
    for read in (board(tom, session), answer if who == "tom" else ""):
        assert ASKED not in read
        assert html.escape(TYPED) not in read


@pytest.mark.usefixtures("typed")
def test_the_press_that_is_offered_adds_it_and_asks_no_more(cast: Cast, session: Session, card: Entry) -> None:
    card.set_talk("talked", by=cast.tom)
    ines = client_of(cast.ines)
    form = re.search(r'<details class="sheet" id="not-added-.*?</form>', board(ines, session), re.DOTALL)
    assert form
    hidden = dict(re.findall(r'type="hidden" name="(client_id|entry|text)" value="([^"]*)"', form[0]))
    answer = add(ines, session, owner="b", **{**hidden, "text": html.unescape(hidden["text"])})
    assert ASKED not in answer
    action = Action.objects.visible_to(cast.tom).get()
    assert (action.text, action.from_entry_id, action.owner) == (TYPED, card.pk, cast.tom)
    assert ASKED not in board(ines, session)


@pytest.mark.usefixtures("typed")
def test_another_card_on_the_table_asks_too_and_the_same_one_gives_the_words_back(
    cast: Cast, session: Session, card: Entry
) -> None:
    other = Entry.objects.visible_to(cast.ines).get(text="The research calls")
    other.put_on_table(by=cast.tom)
    ines = client_of(cast.ines)
    assert ASKED in board(ines, session)
    card.put_on_table(by=cast.ines)
    page = board(ines, session)
    assert ASKED not in page
    assert re.search(rf"<textarea[^>]*data-key=\"a\"[^>]*>\s*{re.escape(html.escape(TYPED))}</textarea>", page)


@pytest.mark.usefixtures("typed")
def test_what_was_never_added_is_there_for_its_author_when_the_retro_is_over(cast: Cast, session: Session) -> None:
    for kind in ("write", "conclude"):
        play.go_on(session, kind)
    play.reveal(session, "close")
    play.go_on(session, "close")
    assert "You were still writing this" in board(client_of(cast.ines), session)
    assert "You were still writing this" not in board(client_of(cast.tom), session)


# --- added ------------------------------------------------------------------------------------------------------------


def test_an_added_action_is_named_seen_at_its_card_and_taken_back(cast: Cast, session: Session, card: Entry) -> None:
    ines, tom = client_of(cast.ines), client_of(cast.tom)
    answer = add(ines, session, owner="a", entry=card.pk)
    assert f"Action added: {html.escape(TYPED)}" in answer
    made = Action.objects.visible_to(cast.tom).get()
    undo = reverse("room_action_delete", args=[session.pk, 2, made.pk])
    assert f'hx-post="{undo}"' in answer
    other = Entry.objects.visible_to(cast.ines).get(text="The research calls")
    other.put_on_table(by=cast.tom)  # nothing else came up on the first: the action says that it was talked about
    assert Entry.objects.visible_to(cast.tom).get(pk=card.pk).talk == Entry.Talk.TALKED
    for page in (board(ines, session), board(tom, session)):
        shown = re.search(rf'<li[^>]*id="card-{card.mark}".*?</li>', page, re.DOTALL)
        assert shown
        assert "1 action" in shown[0]
        assert html.escape(TYPED) in shown[0]
        came_up = page[page.index('id="came-up"') :]
        assert html.escape(TYPED) in came_up
    assert html.escape(TYPED) not in tom.post(undo, headers=HTMX).content.decode()
    assert not Action.objects.visible_to(cast.ines).exists()
    assert html.escape(TYPED) not in board(ines, session)
    back = reverse("room_action_restore", args=[session.pk, 2, made.pk])
    assert html.escape(TYPED) in ines.post(back, headers=HTMX).content.decode()


def test_undo_takes_back_what_both_took_for_both(cast: Cast, session: Session, card: Entry) -> None:
    ines = client_of(cast.ines)
    answer = add(ines, session, owner="both", entry=card.pk)
    undo = re.search(r'hx-post="([^"]+/delete/)"', answer[answer.index("for both of you") :])
    assert undo
    assert Action.objects.visible_to(cast.ines).count() == 2
    ines.post(undo[1], headers=HTMX)
    assert not Action.objects.visible_to(cast.ines).exists()
    assert not Action.objects.visible_to(cast.tom).exists()
    ines.post(undo[1].replace("/delete/", "/restore/"), headers=HTMX)
    assert Action.objects.visible_to(cast.tom).count() == 2


def test_what_came_out_of_the_card_stands_between_what_was_said_and_the_next(
    cast: Cast, session: Session, card: Entry
) -> None:
    play.agree(cast.checkout, "Post it on the same day", session=session, entry=card)
    table = board(client_of(cast.tom), session)
    places = [table.index(each) for each in ('id="table-note-', 'id="from-card"', 'id="turn"')]
    assert places == sorted(places)


# --- both -------------------------------------------------------------------------------------------------------------


def test_what_both_took_is_one_line_while_the_two_say_the_same(cast: Cast, session: Session) -> None:
    play.agree(cast.checkout, "Ines alone", session=session)
    joint = play.agree(cast.checkout, "Both of us", owners="ab", session=session)
    play.agree(cast.checkout, "Tom alone", owners="b", session=session)

    def lines() -> list[tuple[str, list[str]]]:
        rows = Action.objects.visible_to(cast.tom).order_by("created_at", "pk").with_owners()
        listed = sorted(rows, key=lambda a: ("Ines alone", "Both of us", "Only mine", "Tom alone").index(a.text))
        return [(line.action.text, [owner.first_name for owner in line.owners]) for line in lines_of(listed)]

    assert lines() == [("Ines alone", ["Ines"]), ("Both of us", ["Ines", "Tom"]), ("Tom alone", ["Tom"])]
    joint.edit(by=cast.ines, version=1, text="Only mine", due=joint.due, owner="a")
    assert lines()[1:3] == [("Both of us", ["Tom"]), ("Only mine", ["Ines"])]
    joint.refresh_from_db()
    joint.edit(by=cast.ines, version=2, text="Both of us", due=joint.due, owner="a")
    assert len(lines()) == 3
    joint.finish(by=cast.ines)
    assert len(lines()) == 3  # what became of it since is no part of what was agreed
    joint.edit(by=cast.ines, version=3, text="Both of us", due=joint.due + timedelta(days=1), owner="a")
    assert len(lines()) == 4


@pytest.mark.parametrize("is_experiment", [False, True])
def test_wherever_what_both_took_is_listed_it_stands_once_with_both_marks(
    cast: Cast, session: Session, card: Entry, is_experiment: bool
) -> None:
    play.agree(
        cast.checkout, "Say no on the same day", owners="ab", session=session, entry=card, is_experiment=is_experiment
    )
    card.set_talk("talked", by=cast.tom)
    ines = client_of(cast.ines)
    places = [(reverse("step_detail", args=[session.pk, 2]), r'id="came-up"(.*?)</section>')]
    for kind in ("write", "conclude"):
        play.go_on(session, kind)
    place = "experiments" if is_experiment else "actions"
    places += [
        (reverse("step_detail", args=[session.pk, 3]), rf'id="{place}"(.*?)id="(?:acts|more)"'),
        (reverse("step_detail", args=[session.pk, 4]), r'id="agreed"(.*?)</section>'),
        (reverse("session_print", args=[session.pk]), r"<main(.*?)</main>"),
    ]
    play.reveal(session, "close")
    play.go_on(session, "close")
    for url, part in places:
        found = re.search(part, ines.get(url).content.decode(), re.DOTALL)
        assert found, url
        # Without what only a screen reader hears: the card names its action, too.
        seen = re.sub(r'<span class="vh".*?</span>', "", found[1], flags=re.DOTALL)
        assert seen.count("Say no on the same day") == 1, url
        assert "Ines" in seen, url
        assert "Tom" in seen, url


def test_each_pencil_of_what_both_took_shows_whose_words_it_changes(cast: Cast, session: Session) -> None:
    play.agree(cast.checkout, "Say no on the same day", owners="ab", session=session)
    play.go_on(session, "write")
    text = client_of(cast.ines).get(reverse("step_detail", args=[session.pk, 3])).content.decode()
    pencils = re.findall(r'<a[^>]*data-p="([^"]*)"[^>]*/actions/[^>]*>(.*?)</a>', text, re.DOTALL)
    assert [(seat, 'class="dot"' in shown) for seat, shown in pencils] == [("a", True), ("b", True)]


def test_the_form_of_the_one_thing_to_try_folds_behind_another(cast: Cast, session: Session) -> None:
    ines = client_of(cast.ines)
    url = reverse("step_detail", args=[session.pk, 3])

    def form() -> str:
        found = re.search(r"<details([^>]*)>\s*<summary[^>]*#try-text.*?</summary>", ines.get(url).text, re.DOTALL)
        assert found
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0])) + (" open" if "open" in found[1] else "")

    assert form() == " Set up an experiment  open"
    play.agree(cast.checkout, "two weeks without the review", session=session, is_experiment=True)
    assert form() == " Try another thing "
