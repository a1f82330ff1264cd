"""The room over HTTP: what each of the two gets back at each step."""

from __future__ import annotations

import html
import re
import uuid
from datetime import UTC, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from partnerships.models import Person
from partnerships.models.partnership import Seat
from retros import catalogue
from retros.dates import one_date
from retros.lifecycle.export import everything
from retros.models import Action, Draft, Entry, Note, Presence, Prompt, Session, Step, creation
from retros.room.frame import WRITING, Frame
from retros.room.page import room_at
from retros.room.steps.board import Board
from retros.shelf.page import APPRECIATION
from tests.cast import Cast, client_of
from tests.retros import play
from tests.retros.play import next_year, wall
from tests.retros.regions import regions
from tests.world import HTMX

pytestmark = pytest.mark.one_database


@pytest.fixture
def retro(cast: Cast) -> Session:
    return play.start(cast.checkout)


class Two:
    """Both of the pair, pressing in turn."""

    def __init__(self, cast: Cast, session: Session) -> None:
        self.session, self.cast = session, cast
        self.ines, self.tom = client_of(cast.ines), client_of(cast.tom)

    def page(self, who: Client, position: int) -> str:
        answer = who.get(reverse("step_detail", args=[self.session.pk, position]))
        assert answer.status_code == 200
        return answer.content.decode()

    def press(self, who: Client, name: str, *args: Any, status: int = 200, **data: Any) -> str:
        answer = who.post(reverse(name, args=[self.session.pk, *args]), data, headers=HTMX)
        assert answer.status_code == status, answer.content.decode()
        return answer.content.decode()

    def live(self, shown: str) -> str:
        """What Ines's browser fetches at the step with the cards."""
        url = reverse("session_live", args=[self.session.pk])
        return self.ines.get(url, {"step": "2", "shown": shown}, headers=HTMX).content.decode()

    def shown(self, position: int = 2) -> str:
        """What Ines's browser names that shows all of it now."""
        room = self.room(position)
        return "".join(room.digests) + room.followed

    def room(self, position: int = 2) -> Frame:
        """As Ines sees it now."""
        return room_at(Session.objects.get(pk=self.session.pk), self.cast.ines, position)

    def digest(self, who: Person, position: int) -> str:
        self.session.refresh_from_db()
        return self.session.steps[position].digest(who)

    def both_ready(self, position: int) -> None:
        self.press(self.ines, "step_ready_create", position, digest=self.digest(self.cast.ines, position))
        self.press(self.tom, "step_ready_create", position, digest=self.digest(self.cast.tom, position))

    def both_next(self, position: int) -> None:
        self.press(self.ines, "step_next_create", position)
        self.press(self.tom, "step_next_create", position)

    def prompt(self, position: int, key: str) -> uuid.UUID:
        step = self.session.steps[position]
        return next(p.pk for p in step.prompts if p.key == key)

    def fold(self, who: Client, text: str, key: str = "good", **data: Any) -> str:
        return self.press(who, "entry_create", self.prompt(2, key), text=text, client_id=uuid.uuid4(), **data)


@pytest.fixture
def two(cast: Cast, retro: Session) -> Two:
    return Two(cast, retro)


@pytest.mark.both_databases
def test_a_whole_retro_pressed_through(two: Two) -> None:
    for position in range(5):
        for who in (two.ines, two.tom):
            assert "<h1" in two.page(who, position)
    two.both_next(0)
    two.press(two.ines, "answer_update", two.prompt(1, "weather_us"), value="4", version=0)
    two.press(two.ines, "answer_update", two.prompt(1, "life_career"), text="SECRETFLAT", version=0, only_me="on")
    two.press(two.tom, "answer_update", two.prompt(1, "changed"), text="New boss in January", version=0)
    assert "New boss" not in two.page(two.ines, 1)
    two.both_ready(1)
    page = two.page(two.ines, 1)
    assert "New boss in January" in page
    assert "Fair" in page
    assert "SECRETFLAT" in page
    assert "SECRETFLAT" not in two.page(two.tom, 1)
    two.press(two.ines, "note_update", 1, text="We slow down in January", version=0)
    assert "We slow down in January" in two.page(two.tom, 1)
    two.both_next(1)

    two.fold(two.ines, "You pulled me into the calls", "good")
    two.fold(two.ines, "The scope moved on a Tuesday", "bad")
    answer = two.fold(two.tom, "Do we still need the review?", "talk")
    assert "The scope moved" not in answer
    assert "Ines has folded 2 cards" in answer
    two.both_ready(2)
    card = Entry.unrestricted.get(text__startswith="The scope moved")
    two.press(two.tom, "entry_pick_create", card.pk)
    answer = two.press(two.tom, "entry_table", card.pk)
    assert "On the table" in answer
    two.press(two.tom, "entry_note_update", card.pk, text="He did not know", version=0)
    two.press(two.ines, "room_action_create", 2, text="Post scope changes the same day", owner="b", due="2030-01-02",
              client_id=uuid.uuid4(), entry=card.pk)  # fmt: skip
    two.press(two.ines, "entry_talk", card.pk, talk="talked")
    page = two.page(two.tom, 2)
    assert "He did not know" in page
    assert "Talked about" in page
    two.both_next(2)

    two.press(two.tom, "learning_create", 3, text="Silence reads as a decision", client_id=uuid.uuid4())
    two.press(two.tom, "room_action_create", 3, text="Two weeks without the review", is_experiment="on",
              because="it is a habit", seen_by="nobody misses it", owner="both", due="2030-01-03",
              client_id=uuid.uuid4())  # fmt: skip
    page = two.page(two.ines, 3)
    for words in ("Silence reads as a decision", "Post scope changes the same day", "nobody misses it"):
        assert words in page
    assert Action.objects.visible_to(two.cast.ines).count() == 3
    two.both_next(3)

    two.press(two.ines, "answer_update", two.prompt(4, "appreciation"), text="You said no and were right", version=0)
    assert "You said no" not in two.page(two.tom, 4)
    two.both_ready(4)
    assert "You said no and were right" in two.page(two.tom, 4)
    two.both_next(4)
    two.session.refresh_from_db()
    assert two.session.is_closed
    page = two.page(two.ines, 4)
    assert "That’s retro 1. Thank you both." in page
    assert "data-composer" not in two.page(two.ines, 2)
    for position in range(5):
        two.page(two.tom, position)


def test_what_is_sent_once_is_not_remembered_with_the_page(two: Two) -> None:
    pages = [two.ines.get(reverse("step_detail", args=[two.session.pk, 2])) for _each in range(2)]
    found = []
    for page in pages:
        words = page.content.decode()
        (nonce,) = set(re.findall(r'nonce="([^"]+)"', words))
        assert f"'nonce-{nonce}'" in page.headers["Content-Security-Policy"]
        (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', words))
        found += [nonce, token]
    assert len(set(found)) == 4

    board = two.page(two.ines, 2)
    prompt = two.room().step.prompts[0]
    card = {"text": "Said once", "client_id": str(uuid.uuid4())}
    answer = two.ines.post(reverse("entry_create", args=[two.session.pk, prompt.pk]), card, follow=True)
    assert "Card folded" in answer.content.decode()
    assert "Card folded" not in board + two.page(two.ines, 2) + two.page(two.tom, 2)


def test_the_next_retro_asks_about_the_last_actions(two: Two, cast: Cast) -> None:
    two.press(two.ines, "room_action_create", 3, text="Book the sketch hour", owner="a", due="2030-01-02",
              client_id=uuid.uuid4())  # fmt: skip
    for step in two.session.steps:
        step.session = two.session
        if step.written_alone:
            two.both_ready(step.position)
        two.both_next(step.position)
    again = Two(cast, creation.start_now(cast.checkout, by=cast.tom))
    assert "Book the sketch hour" in again.page(again.tom, 0)
    action = Action.objects.visible_to(cast.tom).get()
    again.press(
        again.tom, "review_update", action.pk, verdict="going", helped="helped", remark="Twice", due="2030-02-02"
    )
    action.refresh_from_db()
    assert (action.carried, action.is_open, str(action.due)) == (1, True, "2030-02-02")
    again.press(again.tom, "review_update", action.pk, verdict="done", helped="helped", remark="Twice")
    action.refresh_from_db()
    assert (action.carried, action.closed_as, action.helped) == (0, "done", "helped")


def test_starting_another_leads_into_the_open_room_and_says_so(two: Two, cast: Cast) -> None:
    planned = one_date.plan(cast.checkout, by=cast.tom, start=next_year(3, 2, 14, 0), zone="UTC")
    answer = two.tom.post(reverse("session_start", args=[planned.pk]), {"sure": "1"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("step_detail", args=[two.session.pk, 0])
    assert f"{two.session.title} is still open. Close it, then start the next one." in answer.content.decode()
    assert Session.objects.get(pk=planned.pk).is_planned


def test_a_plain_form_goes_back_to_the_page(two: Two) -> None:
    url = reverse("entry_create", args=[two.session.pk, two.prompt(2, "good")])
    answer = two.ines.post(url, {"text": "Plain", "client_id": str(uuid.uuid4())})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("step_detail", args=[two.session.pk, 2])


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_001, "nul\x00", "lone \ud800"])
def test_bad_text_is_refused_with_a_sentence(two: Two, text: str) -> None:
    data = urlencode({"text": text.encode("utf-8", "surrogatepass"), "client_id": str(uuid.uuid4())})
    answer = two.ines.post(
        reverse("entry_create", args=[two.session.pk, two.prompt(2, "good")]),
        data,
        content_type="application/x-www-form-urlencoded",
        headers=HTMX,
    )
    assert answer.status_code in {400, 422}
    assert Entry.unrestricted.count() == 0


def test_the_partner_is_pointed_on_when_both_are_ready_for_the_next_step(two: Two) -> None:
    live = reverse("session_live", args=[two.session.pk])
    where = {"step": "0", "shown": two.shown(0)}
    answer = two.ines.get(live, where, headers=HTMX)
    assert "HX-Redirect" not in answer
    assert regions(answer.content.decode()) == []
    two.both_next(0)
    answer = two.ines.get(live, where, headers=HTMX)
    assert answer["HX-Redirect"] == reverse("session_detail", args=[two.session.pk])


def count_queries(two: Two, who: Client, position: int) -> int:

    Presence.objects.update(seen_at=None)  # the dearest case: the page also writes down who is here
    with CaptureQueriesContext(connection) as queries:
        two.page(who, position)
    assert len(queries) <= 12, "\n".join(q["sql"][:160] for q in queries)
    return len(queries)


@pytest.mark.both_databases
@pytest.mark.parametrize("opened", [False, True])
def test_the_room_takes_as_many_queries_with_400_cards_as_with_four(two: Two, cast: Cast, opened: bool) -> None:
    for position in (0, 1):
        if position:
            two.both_ready(position)
        two.both_next(position)
    for n in range(2):
        two.fold(two.ines, f"a {n}")
        two.fold(two.tom, f"b {n}", "bad")
    if opened:
        two.both_ready(2)
        card = Entry.unrestricted.all()[0]
        two.press(two.ines, "entry_table", card.pk)
        two.press(two.ines, "entry_note_update", card.pk, text="So", version=0)
    few = count_queries(two, two.ines, 2)
    prompt = two.session.steps[2].prompts[0]
    for n in range(18):
        for person in (cast.ines, cast.tom):
            Entry.fold(prompt, by=person, text=f"more {n}", client_id=uuid.uuid4())
    assert count_queries(two, two.ines, 2) == few
    assert Note.objects.count() == opened
    one = Entry.unrestricted.filter(author=cast.ines).latest("created_at")
    Entry.unrestricted.bulk_create(
        Entry(
            prompt=prompt, step=one.step, author=(cast.ines, cast.tom)[n % 2], text=f"many {n}",
            sealed_at=one.sealed_at, opened_at=one.opened_at, opened_version=one.opened_version,
        )
        for n in range(360)
    )  # fmt: skip
    assert Entry.unrestricted.count() == 400
    assert count_queries(two, two.ines, 2) == few


def test_a_deleted_card_comes_back_by_the_toast(two: Two) -> None:
    two.fold(two.ines, "Not so sure about this one")
    card = Entry.unrestricted.get()
    answer = two.press(two.ines, "entry_delete", card.pk)
    restore = reverse("entry_restore", args=[two.session.pk, card.pk])
    assert "Not so sure" not in answer
    assert f'action="{restore}"' in answer
    assert "Undo" in answer
    assert "Not so sure about this one" in two.press(two.ines, "entry_restore", card.pk)
    two.press(two.tom, "entry_restore", card.pk, status=404)


def test_who_gets_ready_hears_of_a_card_that_is_still_a_draft(two: Two) -> None:
    """And nobody else does."""
    two.fold(two.ines, "Whole")
    for key, said in (("good", "1 card is still a draft and stays yours"), ("bad", "2 cards are still drafts")):
        Draft.keep(Draft.Box.CARD.key(two.prompt(2, key)), "Half a card", version=0, by=two.cast.ines)
        answer = two.press(two.ines, "step_ready_create", 2, digest=two.digest(two.cast.ines, 2))
        assert said in answer
        two.press(two.ines, "step_ready_delete", 2)
    two.press(two.ines, "step_ready_create", 2, digest=two.digest(two.cast.ines, 2))
    assert "still" not in two.press(two.tom, "step_ready_create", 2, digest=two.digest(two.cast.tom, 2))


def test_a_page_of_a_retro_that_is_discarded_stays_where_it_is(two: Two) -> None:
    two.both_next(0)
    shown = two.shown(1)
    two.session.refresh_from_db()
    two.session.discard(by=two.cast.tom)
    url = reverse("session_live", args=[two.session.pk])
    answer = two.ines.get(url, {"step": "1", "shown": shown}, headers=HTMX)
    assert (answer.status_code, "HX-Redirect" in answer) == (200, False)
    assert 'id="banner"' in answer.text


def test_an_answer_leaves_out_what_the_browser_shows(two: Two) -> None:
    two.fold(two.ines, "One", "good")
    shown = two.shown()
    answer = two.fold(two.ines, "Two", "good", shown=shown)
    assert regions(answer) == ["cards-good", "count-good", "dock", "more"]  # with what her Ready would open
    assert answer.count("data-card") == 1
    late = two.fold(two.ines, "Three", "good", shown=shown)  # from a tab that saw nothing since
    assert late.count("data-card") == 2
    assert regions(two.live(two.shown())) == []


def test_a_list_comes_with_its_order_and_the_rows_that_are_new(two: Two) -> None:
    two.fold(two.ines, "One", "good")
    two.fold(two.ines, "Two", "good")
    card, shown = Entry.unrestricted.get(text="One"), two.shown()
    answer = two.press(two.ines, "entry_delete", card.pk, shown=shown)
    room = two.room()
    assert isinstance(room, Board)
    (left,) = room.columns[0].cards.rows
    assert f'id="cards-good" data-v="{room.columns[0].cards.digest}" data-order="{left.digest}"' in answer
    assert answer.count("data-card") == 0
    moved = two.press(two.ines, "entry_update", Entry.unrestricted.get(text="Two").pk, shown=two.shown(), text="Two",
                      version=1, prompt=two.prompt(2, "bad"))  # fmt: skip
    assert regions(moved) == ["cards-bad", "cards-good", "count-bad", "count-good", "dock", "more"]
    assert moved.count("data-card") == 1  # in its new list, the only one in which a browser looks for it


def test_a_card_sent_again_is_shown_and_counted_once(two: Two) -> None:
    sent = {"text": "One", "client_id": uuid.uuid4()}
    url = reverse("entry_create", args=[two.session.pk, two.prompt(2, "good")])
    two.ines.post(url, sent, headers=HTMX)
    again = two.ines.post(url, {**sent, "shown": two.shown()}, headers=HTMX).text
    assert regions(again) == []


@pytest.fixture
def board(two: Two, monkeypatch: pytest.MonkeyPatch) -> Two:
    """An open board with a card of hers, at which she was seen a moment ago. No minute passes there."""
    now, ticks = timezone.now(), count()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(microseconds=next(ticks)))
    two.both_next(0)
    two.both_ready(1)
    two.both_next(1)
    two.fold(two.ines, "One", "good")
    two.both_ready(2)
    two.live("")
    return two


def test_of_an_open_board_comes_the_new_card_and_nothing_around_it(board: Two) -> None:
    shown = board.shown()
    board.fold(board.tom, "Two", "bad")
    news = board.live(shown)
    assert regions(news) == ["cards-bad", "count-bad", "said"]
    assert news.count("data-card") == 1
    assert regions(board.live(board.shown())) == []
    assert regions(board.fold(board.ines, "Three", "bad", shown=board.shown())) == ["cards-bad", "count-bad"]
    shown = board.shown()
    board.press(board.tom, "step_next_create", 2)
    assert regions(board.live(shown)) == ["dock", "said"]


def test_a_card_that_both_look_at_changes_where_it_stands(board: Two) -> None:
    shown = board.shown()
    board.fold(board.tom, "Two", "bad")
    board.press(board.tom, "entry_pick_create", Entry.unrestricted.get(text="One").pk)
    news = board.live(shown)
    assert "Tom picked" in news
    assert regions(news) == ["cards-bad", "cards-good", "count-bad", "said", "table-state"]
    assert news.count("data-card") == 2


def test_what_is_only_for_its_author_is_never_the_news(board: Two) -> None:
    shown = board.shown()
    room = room_at(Session.objects.get(pk=board.session.pk), board.cast.tom, 2)
    own = "".join(room.digests)  # what his other tab shows, from before
    board.fold(board.tom, "Nobody reads this", "bad", only_me="on")
    news = board.live(shown)
    assert regions(news) == []
    assert "Nobody reads this" not in news
    where = {"step": "2", "shown": own}
    other_tab = board.tom.get(reverse("session_live", args=[board.session.pk]), where, headers=HTMX)
    assert regions(other_tab.text) == ["cards-bad", "count-bad"]


def test_a_card_of_an_opened_side_comes_to_whom_has_not_opened(two: Two) -> None:
    two.both_next(0)
    two.both_ready(1)
    two.both_next(1)
    two.press(two.tom, "step_open", 2, digest=two.digest(two.cast.tom, 2))
    shown = two.shown()
    two.fold(two.tom, "Open at once", "good")
    assert "Open at once" in two.live(shown)


@pytest.mark.parametrize("named", ["", "~", "x" * 5001, "①" * 8, "\x00" * 16, "<b>'\"&;%s" * 4])
def test_who_names_what_nobody_gave_gets_everything(two: Two, named: str) -> None:
    two.fold(two.ines, "One", "good")
    answer = two.fold(two.ines, "Two", "good", shown=named)
    assert answer.count("data-card") == 2
    assert 'id="dock"' in answer
    assert 'id="step"' in answer


def test_an_answer_brings_the_title_of_the_tab_where_it_is_another_one(two: Two) -> None:
    shown = two.shown()
    two.fold(two.tom, "Folded")
    assert "<title>" not in two.live(shown)
    two.press(two.tom, "step_ready_create", 2, digest=two.digest(two.cast.tom, 2))
    assert "<title>Tom is ready · " in two.live(shown)


def test_every_region_of_every_step_is_named_once(two: Two) -> None:
    """A page carries the digests that an answer expects, so that a browser that has drawn it needs nothing."""
    for position in range(5):
        page = two.page(two.ines, position)
        found = re.findall(r'data-v="([^"]+)"', page)
        room = two.room(position)
        assert sorted(found) == sorted([*room.digests, *filter(None, [room.followed])])
        assert len(set(found)) == len(found)
        live = reverse("session_live", args=[two.session.pk])
        news = two.ines.get(live, {"step": str(position), "shown": "".join(found)}, headers=HTMX).text
        assert regions(news) == []


def test_what_was_still_being_typed_when_it_closed_is_there_for_its_author_alone(two: Two, cast: Cast) -> None:
    prompt = two.session.steps[2].prompts[0]
    Draft.keep(f"card:{prompt.pk}", "half a thought", version=0, by=cast.ines)
    two.session.start(by=cast.ines)
    assert "You were still writing this" not in two.page(two.ines, 2)
    Session.objects.update(status=Session.Status.HELD)
    page = two.page(two.ines, 2)
    assert "You were still writing this" in page
    assert "half a thought" in page
    assert "still writing" not in two.page(two.tom, 2)
    assert "half a thought" not in two.page(two.tom, 2)


def test_a_shared_note_says_that_the_other_one_is_writing(two: Two) -> None:
    two.fold(two.ines, "A card")
    for position in (0, 1):
        if position:
            two.both_ready(position)
        two.both_next(position)
    two.both_ready(2)
    card = Entry.unrestricted.get()
    two.press(two.ines, "entry_table", card.pk)
    two.press(two.tom, "entry_note_update", card.pk, text="What Tom says", version=0)
    assert "Tom is writing here" in two.page(two.ines, 2)
    assert "is writing here" not in two.page(two.tom, 2)
    for wrong in (-WRITING, timedelta(hours=1)):  # of a clock that was ahead
        Note.objects.update(written_at=timezone.now() + wrong)
        assert "is writing here" not in two.page(two.ines, 2)


def test_an_action_changed_from_home_shows_in_the_open_room(
    two: Two, cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    before = two.room().version
    with django_capture_on_commit_callbacks(execute=True):
        two.ines.post(
            reverse("action_create", args=[cast.checkout.pk]),
            {"text": "Call the bank", "owner": "a", "due": "2030-01-02", "client_id": uuid.uuid4()},
        )
    assert Action.objects.get().text == "Call the bank"
    assert two.room().version == before + 1


def test_cards_of_a_retro_that_did_not_take_place_are_offered_to_their_author(two: Two, cast: Cast) -> None:
    two.fold(two.ines, "Still on\nmy mind", "bad")
    Session.objects.update(status=Session.Status.MISSED)
    assert "This retro did not take place" in two.page(two.ines, 2)
    now = two.session = creation.start_now(cast.checkout, by=cast.tom)
    page = two.page(two.ines, 2)
    assert "From a retro that did not take place" in page
    assert "on my mind" not in two.page(two.tom, 2)
    assert "did not take place" not in two.page(two.tom, 2)
    form = re.search(r'action="([^"]+)"><input[^>]*csrf[^>]*><input[^>]*name="text" value="([^"]*)"'
                     r'><input[^>]*name="client_id" value="([^"]*)"', page)  # fmt: skip
    assert form
    for _twice in range(2):
        two.ines.post(form[1], {"text": form[2], "client_id": form[3]})
    card = Entry.unrestricted.get(step__session=now)
    assert (card.text, card.prompt.key, card.author) == ("Still on\nmy mind", "bad", cast.ines)
    assert "did not take place" not in two.page(two.ines, 2)


@pytest.mark.parametrize("value", [0, 7, 99])
def test_each_place_that_a_template_may_have_can_be_answered(two: Two, cast: Cast, value: int) -> None:
    """docs/rules/reliability.md R13: ten choices, with values from 0 to 99."""
    places = [[str(value), "Over there"], ["1", "Here"]]
    Prompt.objects.filter(key="weather_us").update(choices=places)
    for who in (two.ines, two.tom):
        two.press(who, "answer_update", two.prompt(1, "weather_us"), value=str(value), version=0)
    two.both_ready(1)
    assert two.page(two.ines, 1).count("Over there") >= 2
    assert str(everything(cast.tom)).count("Over there") == 2


def test_answers_of_a_retro_that_did_not_take_place_are_offered_to_their_author(two: Two, cast: Cast) -> None:
    """Until she answers here, each by itself; what was for her alone stays so, and nobody else learns of them."""
    answers: dict[str, Any] = {"weather_us": {"value": "4"}, "life_career": {"text": "A word <b>&", "only_me": "on"}}
    for key, data in answers.items():
        two.press(two.ines, "answer_update", two.prompt(1, key), version=0, **data)
    two.press(two.ines, "answer_update", two.prompt(1, "changed"), text="Taken back", version=0)
    two.press(two.ines, "answer_update", two.prompt(1, "changed"), text="", version=1)
    Session.objects.update(status=Session.Status.MISSED)
    now = two.session = creation.start_now(cast.checkout, by=cast.tom)
    two.press(two.ines, "answer_update", two.prompt(1, "weather_us"), text="", version=0)  # begun here, and empty
    page = two.page(two.ines, 1)
    assert "did not take place" not in two.page(two.tom, 1)
    offered = re.findall(r'action="([^"]+/answer/)"><input[^>]*csrf[^>]*>(<input[^\n]*?)<button', page)
    assert len(offered) == 2
    for url, fields in offered:
        sent = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', fields)}
        assert two.ines.post(url, sent).status_code == 302
    kept = Entry.unrestricted.filter(step__session=now).exclude(text="", value=None)
    assert set(kept.values_list("prompt__key", "value", "text", "only_me")) == {
        ("weather_us", 4, "", False), ("life_career", None, "A word <b>&", True),
    }  # fmt: skip
    assert "did not take place" not in two.page(two.ines, 1)


def test_a_card_that_was_begun_or_for_oneself_alone_is_offered_too_and_stays_so(two: Two, cast: Cast) -> None:
    bad = two.prompt(2, "bad")
    two.fold(two.ines, "For me", "bad", only_me="on")
    Draft.keep(f"card:{bad}", "Half a thought", version=0, by=cast.ines)
    Draft.keep("card:no-column", "Elsewhere", version=0, by=cast.ines)
    Session.objects.update(status=Session.Status.CANCELLED)
    now = two.session = creation.start_now(cast.checkout, by=cast.tom)
    page = two.page(two.ines, 2)
    assert "Elsewhere" not in page
    offered = re.findall(r'action="([^"]+/entries/)"><input[^>]*csrf[^>]*>(<input[^\n]*?)<button', page)
    assert len(offered) == 2
    for url, fields in offered:
        for _twice in range(2):
            two.ines.post(url, dict(re.findall(r'name="(\w+)" value="([^"]*)"', fields)))
    cards = Entry.unrestricted.filter(step__session=now).order_by("text").values_list("text", "only_me", "prompt__key")
    assert list(cards) == [("For me", True, "bad"), ("Half a thought", False, "bad")]
    for who in (two.ines, two.tom):
        assert "did not take place" not in two.page(who, 2)


def test_the_next_dates_are_offered_by_the_readers_clock(two: Two, cast: Cast) -> None:
    Session.objects.filter(pk=two.session.pk).update(
        timezone="Asia/Kolkata", start_local=wall(2026, 12, 1, 20, 30).replace(tzinfo=UTC)
    )
    Person.objects.filter(pk=cast.tom.pk).update(timezone="America/New_York")
    offered = re.findall(r'name="start" value="([^"]+)"[^>]*>([^<]+)<', two.page(two.tom, 4))
    assert len(offered) == 2
    value, words = offered[0]
    assert value.endswith("T20:30")  # what is sent back stays in the retro's own zone
    two.press(two.tom, "session_next", start=value, client_id=uuid.uuid4())
    start = Session.objects.upcoming().get().start_utc
    assert words == date_format(start.astimezone(ZoneInfo("America/New_York")), "l j F, H:i")
    assert f'<p class="t-lg">{words}</p>' in two.page(two.tom, 4)


def test_who_is_asked_to_reopen_reads_it_on_the_closed_retro(two: Two) -> None:
    for step in two.session.steps:
        if step.written_alone:
            two.both_ready(step.position)
        two.both_next(step.position)
    seen = Session.objects.get(pk=two.session.pk).version_for(Seat.A)
    two.press(two.tom, "session_reopen", status=200)
    assert Session.objects.get(pk=two.session.pk).version_for(Seat.A) > seen
    assert "Tom would like to reopen it" in two.page(two.ines, 4)
    assert "Waiting for Ines to agree" in two.page(two.tom, 4)


def test_who_closed_first_reads_that_it_waits_for_the_other(two: Two) -> None:
    for step in two.session.steps:
        if step.written_alone:
            two.both_ready(step.position)
        if not step.is_last:
            two.both_next(step.position)
    assert "Waiting for Ines" not in two.page(two.tom, 4)
    assert "Waiting for Ines" in two.press(two.tom, "step_next_create", 4)
    assert "Waiting for Tom" not in two.page(two.ines, 4)


@pytest.mark.parametrize("position", [1, 2])
def test_beside_an_open_side_only_ones_own_is_left_to_open(two: Two, position: int) -> None:
    for before in range(position):
        if before:
            two.both_ready(before)
        two.both_next(before)
    two.press(two.tom, "step_open", position, digest=two.digest(two.cast.tom, position))
    page = two.page(two.ines, position)
    assert "Tom’s side is open. Yours opens when you are ready." in page
    assert "Ready, and open yours" in page
    for wrong in ("Nothing from Tom here yet", "Ready, and open both", "It opens when you are ready too"):
        assert wrong not in page


def test_the_wrap_up_says_of_the_appreciation_alone_that_it_is_folded(two: Two) -> None:
    for position in range(4):
        if position in {1, 2}:
            two.both_ready(position)
        two.both_next(position)
    page = two.page(two.ines, 4)
    parts = (
        "One thing you appreciate about each other", "Only you can read this until you both reveal",
        'id="answer-appreciation"', "What Tom writes here opens together with what you write.",
        "A summary for somebody outside",
    )  # fmt: skip
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "</div>" in page[places[0] : places[1]]  # below the head of the page, which speaks of all of it
    two.press(two.tom, "summary_update", 4, text="We met", version=0)
    assert two.page(two.ines, 4).count("Tom is writing here") == 1


def test_over_time_the_timer_lets_the_two_go_on(two: Two) -> None:
    assert "no alarm at zero" in two.page(two.ines, 0)
    Step.objects.filter(session=two.session).update(started_at=timezone.now() - timedelta(hours=2))
    page = two.page(two.ines, 0)
    assert "A bit over, take the time you need" in page
    assert "no alarm at zero" not in page


def test_in_a_discarded_retro_the_privacy_line_is_true_of_what_stands_there(two: Two) -> None:
    two.fold(two.ines, "Kept for me")
    two.press(two.tom, "session_discard")
    for position, line in ((0, "You two see this. Nobody else does"), (2, "Only you can read this</span>")):
        page = two.page(two.ines, position)
        assert "What you wrote alone is still here, and only you can read it." in page
        assert line in page
        assert "until you both reveal" not in page
    assert "Kept for me" in two.page(two.ines, 2)
    assert "Kept for me" not in two.page(two.tom, 2)
    assert "Tom’s side stayed folded." in two.page(two.ines, 1)


def test_a_pulse_that_was_skipped_is_one_calm_sentence(cast: Cast, retro: Session) -> None:
    two = Two(cast, retro)
    play.go_on(retro, "look_back")
    play.answer_pulse(retro, cast.tom, (4, "only me"))
    play.reveal(retro, "pulse")
    neither = "Neither of you wrote here this time. That is a full answer, too."
    one = "Nothing in writing this time. That is a full answer, too."
    ines, tom = two.page(two.ines, 1), two.page(two.tom, 1)
    assert (ines.count(neither), ines.count(one), ines.count("Not today")) == (1, 0, 0)
    assert (tom.count(neither), tom.count(one)) == (0, 1)  # his own “only me” stands on his page alone
    assert "Read first" not in ines  # there is nothing to read, and no weather to start with
    assert "rougher weather" not in tom


def test_what_a_half_answered_pulse_left_out_is_one_sentence(cast: Cast, retro: Session) -> None:
    two = Two(cast, retro)
    play.go_on(retro, "look_back")
    play.answer_pulse(retro, cast.tom, 4)
    play.answer_pulse(retro, cast.ines, (3, "only me"), 5)
    play.reveal(retro, "pulse")
    for who in (two.ines, two.tom):
        answers = two.page(who, 1).partition('id="answers"')[2].partition('id="note"')[0]
        assert answers.count("Not today, and that is fine: ") == 2  # one of each side
        assert answers.count("Not today") == 2
        assert "Start with whoever had the rougher weather." in two.page(who, 1)
    seen = re.sub(r"\s+", " ", two.page(two.tom, 1))
    us = next(prompt.title for prompt in play.step_of(retro, "pulse").prompts if prompt.key == "weather_us")
    hers = [said for said in re.findall(r"Not today, and that is fine: ([^<]*)<", seen) if f"“{us}”" in said]
    assert len(hers) == 1  # her “only me” looks like no answer
    assert re.fullmatch(r"(“[^”]*”(, | and )?)+ ?", hers[0])  # a title ends as it likes: no stop or comma runs into it


def test_no_page_speaks_of_a_lead_where_there_is_none(cast: Cast) -> None:
    cast.checkout.leads.all().delete()
    two = Two(cast, play.start(cast.checkout))
    places = [
        reverse(name, args=[cast.checkout.pk])
        for name in ("action_list", "action_create", "agreement_list", "agreement_create", "history_detail")
    ]
    steps = [reverse("step_detail", args=[two.session.pk, n]) for n in range(5)]
    main = [two.ines.get(url).text.partition("<main")[2] for url in (*places, *steps)]
    assert all(main)
    assert [text[:60] for text in main if re.search(r"\b[Ll]eads? (sees?|and)\b", text)] == []


def test_a_closed_pulse_asks_nothing_more(cast: Cast) -> None:
    two = Two(cast, play.hold(cast.checkout))
    assert "Anything that changes what you can count on" not in two.page(two.ines, 1)


def test_the_summary_of_a_pair_without_a_lead_is_for_nobody_outside(cast: Cast) -> None:
    cast.checkout.leads.all().delete()
    two = Two(cast, play.start(cast.checkout))
    wrap_up = two.page(two.ines, 4)
    assert "somebody outside" not in wrap_up
    assert "which stand on top of this retro in your history" in wrap_up


def test_a_wrap_up_promises_the_shelf() -> None:
    """A kind word that was said there is kept: tests/retros/shelf/test_shelf.py."""
    asked = [p for t in catalogue.templates().values() for s in t.steps for p in s.prompts if p.key == APPRECIATION]
    assert asked
    assert {prompt.kind for prompt in asked} == {"text"}
    assert {prompt.title for prompt in asked} == {"One thing I appreciate about you"}
    assert all("shelf" in prompt.hint for prompt in asked)


def test_a_closed_retro_gives_no_more_advice(cast: Cast) -> None:
    session = play.start(cast.checkout)
    for n in range(4):
        play.agree(cast.checkout, f"The thing number {n}", session=session)
    play.go_on(session, "look_back")
    play.answer_pulse(session, cast.ines, 4)
    play.reveal(session, "pulse")
    tom = client_of(cast.tom)
    advice = {1: "Read first, then talk.", 3: "Two or three are kept more often than many."}

    def given(position: int) -> bool:
        page = tom.get(reverse("step_detail", args=[session.pk, position])).content.decode()
        assert "<p></p>" not in page
        return advice[position] in page

    assert given(1)
    for kind in ("pulse", "write"):
        if kind == "write":
            play.reveal(session, kind)
        play.go_on(session, kind)
    assert given(3)
    play.go_on(session, "conclude")
    play.reveal(session, "close")
    play.go_on(session, "close")
    assert [position for position in advice if given(position)] == []
    headings = []
    for position in range(len(session.steps)):
        page = tom.get(reverse("step_detail", args=[session.pk, position])).content.decode()
        headings += re.findall(r"<h1[^>]*>\s*([^<]*)", page)
    assert len(headings) == len(session.steps)
    assert all(headings), headings
    assert headings[1].startswith("How you both were")
    concluded = tom.get(reverse("step_detail", args=[session.pk, 3])).content.decode()
    assert ("What could be the one thing to try" in concluded, "Nothing this time." in concluded) == (False, True)
