"""Actions between retros: added, checked off, changed, put away."""

from __future__ import annotations

import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from retros.models import Action, Draft, Session
from tests.cast import Cast, client_of
from tests.retros import play
from tests.world import HTMX

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def in_days(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def words(**more: Any) -> dict[str, Any]:
    return {
        "client_id": str(uuid.uuid4()), "text": "Book the sketch hour", "cue": "", "owner": "a", "due": in_days(5),
    } | more  # fmt: skip


@pytest.fixture
def action(cast: Cast) -> Action:
    return play.agree(cast.checkout, "Book the sketch hour")


# --- add -----------------------------------------------------------------------------------------------------------


def test_action_create_adds_one_and_goes_home(cast: Cast) -> None:
    url = reverse("action_create", args=[cast.checkout.pk])
    answer = client_of(cast.tom).post(url, words(owner="a", cue="it rains"))
    assert (answer.status_code, answer["Location"]) == (302, f"/partnerships/{cast.checkout.pk}/")
    made = Action.objects.get()
    assert (made.text, made.cue, made.owner, made.session) == ("Book the sketch hour", "it rains", cast.ines, None)
    text = unescape(client_of(cast.ines).get(answer["Location"]).content.decode())
    assert "If it rains, then I will: Book the sketch hour" in text


def test_action_create_for_both_makes_two(cast: Cast) -> None:
    """One for each, which counts as one from then on: so one is said to be added."""
    url = reverse("action_create", args=[cast.checkout.pk])
    answer = client_of(cast.tom).post(url, words(owner="both"), headers=HTMX)
    assert "Action added for both of you" in answer.text
    assert {a.owner for a in Action.objects.all()} == {cast.ines, cast.tom}


def test_action_create_twice_with_one_client_id_adds_one(cast: Cast) -> None:
    url, sent = reverse("action_create", args=[cast.checkout.pk]), words(owner="both")
    client = client_of(cast.tom)
    client.post(url, sent)
    client.post(url, sent)
    assert Action.objects.count() == 2


def test_action_create_answers_htmx_with_the_list_and_a_toast(cast: Cast) -> None:
    answer = client_of(cast.ines).post(reverse("action_create", args=[cast.checkout.pk]), words(), headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert '<div id="actions" hx-swap-oob="outerHTML">' in text
    assert "Book the sketch hour" in text
    assert "Action added" in text
    assert "<html" not in text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": "  "}, "Say what it is, so you can tell when it’s done."),
        ({"due": ""}, "Pick a date. A decision holds when someone owns it and it has a date."),
        ({"due": "0001-01-01"}, "Pick a date in this century."),
        ({"owner": ""}, "Say who takes it."),
        ({"text": "x" * 10_001}, "1 character too many. Your text is here."),
        ({"text": "a\x00b"}, "There is a character here that is not text."),
    ],
)
def test_action_create_keeps_what_was_typed_when_it_says_no(cast: Cast, wrong: dict[str, str], said: str) -> None:
    url, sent = reverse("action_create", args=[cast.checkout.pk]), words(cue="a cue of ours") | wrong
    plain = client_of(cast.ines).post(url, sent)
    assert plain.status_code == 422
    assert said in unescape(plain.content.decode())
    assert "a cue of ours" in plain.content.decode()
    fragment = client_of(cast.ines).post(url, sent, headers=HTMX)
    assert fragment.status_code == 422
    assert said in unescape(fragment.content.decode())
    assert "<html" not in fragment.content.decode()
    assert not Action.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"client_id": "no id"}, {"client_id": str(uuid.uuid4())}])
def test_action_create_of_half_a_form_is_refused(cast: Cast, sent: dict[str, str]) -> None:
    answer = client_of(cast.ines).post(reverse("action_create", args=[cast.checkout.pk]), sent)
    assert answer.status_code == 422


def test_action_create_shows_the_words_that_were_begun(cast: Cast) -> None:
    key = f"action:{cast.checkout.pk}"
    Draft.keep(key, "half a thought", version=0, by=cast.ines)
    home = reverse("partnership_detail", args=[cast.checkout.pk])
    for url in (home, reverse("action_create", args=[cast.checkout.pk])):
        assert "half a thought" in client_of(cast.ines).get(url).content.decode()
        assert "half a thought" not in client_of(cast.tom).get(url).content.decode()
    client_of(cast.ines).post(reverse("action_create", args=[cast.checkout.pk]), words())
    assert "half a thought" not in client_of(cast.ines).get(home).content.decode()


# --- done ------------------------------------------------------------------------------------------------------------


def test_action_done_create_checks_off_and_offers_a_way_back(cast: Cast, action: Action) -> None:
    client = client_of(cast.tom)  # either may, whoever owns it
    answer = client.post(reverse("action_done_create", args=[action.pk]), {"place": "all"}, headers=HTMX)
    text = answer.content.decode()
    action.refresh_from_db()
    assert (action.closed_as, action.closed_on) == ("done", timezone.localdate(timezone=cast.tom.tz))
    assert f'<li id="action-{action.pk}" hx-swap-oob="outerHTML">' in text
    assert 'aria-pressed="true"' in text
    undo = f"{reverse('action_done_delete', args=[action.pk])}?place=all"
    assert f'action="{undo}"' in text
    back = client.post(undo)
    assert back["Location"] == reverse("action_list", args=[cast.checkout.pk])
    action.refresh_from_db()
    assert action.is_open
    assert action.closed_on is None


def test_a_page_that_was_open_for_weeks_shows_that_it_was_done_meanwhile(cast: Cast) -> None:
    joint = play.agree(cast.checkout, "Agree a freeze date", owners="ab")
    for action in Action.objects.all():
        action.finish(by=cast.tom)
    Action.objects.update(closed_on=timezone.localdate() - timedelta(days=20))
    for action in Action.objects.all():
        url = reverse("action_done_create", args=[action.pk])
        answer = client_of(cast.ines).post(url, {"place": "home"}, headers=HTMX)
        assert f'<li id="action-{joint.pk}" hx-swap-oob="outerHTML">' in answer.text
        assert answer.text.count('aria-pressed="true"') == 2


def test_action_done_create_twice_is_once_and_keeps_its_day(cast: Cast, action: Action) -> None:
    client = client_of(cast.ines)
    client.post(reverse("action_done_create", args=[action.pk]))
    Action.objects.update(closed_on=timezone.localdate() - timedelta(days=3))
    client.post(reverse("action_done_create", args=[action.pk]))
    client.post(reverse("action_done_create", args=[action.pk]), {"helped": "helped"})
    action.refresh_from_db()
    assert (action.closed_on, action.helped) == (timezone.localdate() - timedelta(days=3), "helped")


def test_action_done_create_can_say_that_it_did_not_fit(cast: Cast, action: Action) -> None:
    client_of(cast.ines).post(reverse("action_done_create", args=[action.pk]), {"closed_as": "dropped"})
    text = unescape(client_of(cast.tom).get(reverse("action_list", args=[cast.checkout.pk])).content.decode())
    assert f"Didn’t fit: {action.text}" in text


def test_action_done_create_knows_no_other_end(cast: Cast, action: Action) -> None:
    answer = client_of(cast.ines).post(reverse("action_done_create", args=[action.pk]), {"closed_as": "won"})
    assert answer.status_code == 422
    action.refresh_from_db()
    assert action.is_open


def test_the_way_back_is_a_page_of_ours(cast: Cast, action: Action) -> None:
    for place in ("https://elsewhere.example", "//elsewhere.example", ""):
        answer = client_of(cast.ines).post(reverse("action_done_create", args=[action.pk]), {"place": place})
        assert answer["Location"] == f"/partnerships/{cast.checkout.pk}/"


def test_what_was_finished_long_ago_leaves_the_home_page(cast: Cast, action: Action) -> None:
    home = reverse("partnership_detail", args=[cast.checkout.pk])
    action.finish(by=cast.ines)
    assert action.text in client_of(cast.ines).get(home).content.decode()
    Action.objects.update(closed_on=timezone.localdate() - timedelta(days=30))
    assert action.text not in client_of(cast.ines).get(home).content.decode()
    assert action.text in client_of(cast.ines).get(reverse("action_list", args=[cast.checkout.pk])).content.decode()


# --- change ----------------------------------------------------------------------------------------------------------


def change(action: Action, **more: Any) -> dict[str, Any]:
    return {"text": action.text, "cue": "", "owner": "a", "due": in_days(5), "version": action.version} | more


def test_action_update_changes_words_owner_and_date(cast: Cast, action: Action) -> None:
    url = reverse("action_update", args=[action.pk])
    sent = change(action, text="Book it twice", owner="b", due=in_days(9), place="all")
    answer = client_of(cast.tom).post(url, sent)
    assert (answer.status_code, answer["Location"]) == (302, reverse("action_list", args=[cast.checkout.pk]))
    action.refresh_from_db()
    assert (action.text, action.owner, action.due.isoformat()) == ("Book it twice", cast.tom, in_days(9))


def test_action_update_loses_no_text_when_both_change_it(cast: Cast, action: Action) -> None:
    url = reverse("action_update", args=[action.pk])
    client_of(cast.ines).post(url, change(action, text="the words of Ines"))
    answer = client_of(cast.tom).post(url, change(action, text="the words of Tom"))
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "the words of Ines" in text
    assert "the words of Tom" in text
    action.refresh_from_db()
    assert action.text == "the words of Ines"
    client_of(cast.tom).post(url, change(action, text="the words of Tom", version=action.version))
    action.refresh_from_db()
    assert action.text == "the words of Tom"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": ""}, "Say what it is, so you can tell when it’s done."),
        ({"due": ""}, "Pick a date."),
        ({"due": "9999-12-31"}, "Pick a date in this century."),
        ({"owner": "c"}, "Select a valid choice."),
        ({"version": "x"}, "Enter a whole number."),
    ],
)
def test_action_update_says_no_beside_the_field(cast: Cast, action: Action, wrong: dict[str, str], said: str) -> None:
    url = reverse("action_update", args=[action.pk])
    answer = client_of(cast.ines).post(url, change(action, cue="a cue of ours") | wrong)
    assert answer.status_code == 422
    text = unescape(answer.content.decode())
    assert said in text
    assert "a cue of ours" in text


def test_action_update_shows_ones_own_unfinished_words(cast: Cast, action: Action) -> None:
    url = reverse("action_update", args=[action.pk])
    Draft.keep(f"edit:{action.pk}", "half a change", version=0, by=cast.tom)
    assert "half a change" in client_of(cast.tom).get(url).content.decode()
    assert "half a change" not in client_of(cast.ines).get(url).content.decode()


def test_action_update_shows_what_is_stored_beside_words_that_were_begun_before(cast: Cast, action: Action) -> None:
    """Or who comes back to half a change would put it over what the other one wrote since, and never see that."""
    url = reverse("action_update", args=[action.pk])
    tom = client_of(cast.tom)
    Draft.keep(f"edit:{action.pk}", "half a change", version=0, by=cast.tom)
    client_of(cast.ines).post(url, change(action, text="the words of Ines"))
    text = tom.get(url).text
    assert "half a change" in text
    assert "What is stored now" in text
    assert "the words of Ines" in text
    assert "What is stored now" not in client_of(cast.ines).get(url).text


def test_action_update_that_changes_nothing_ends_what_was_begun(cast: Cast, action: Action) -> None:
    url = reverse("action_update", args=[action.pk])
    Draft.keep(f"edit:{action.pk}", action.text, version=0, by=cast.tom)
    client_of(cast.tom).post(url, change(action, due=in_days(7)))
    client_of(cast.ines).post(url, change(action, text="the words of Ines"))
    assert "Book the sketch hour" not in client_of(cast.tom).get(url).text


def test_action_update_of_an_experiment_asks_for_its_belief(cast: Cast) -> None:
    trial = play.agree(
        cast.checkout, "No reviews", is_experiment=True, because="they are company", seen_by="less of them"
    )
    url = reverse("action_update", args=[trial.pk])
    assert "Because we believe" in client_of(cast.tom).get(url).content.decode()
    sent = {"text": "No reviews", "because": "they are habit", "seen_by": "less of them", "owner": "a",
            "due": in_days(7), "version": 1}  # fmt: skip
    client_of(cast.tom).post(url, sent)
    trial.refresh_from_db()
    assert (trial.because, trial.seen_by) == ("they are habit", "less of them")


@pytest.mark.parametrize("is_experiment", [True, False])
def test_action_update_keeps_and_asks_for_every_word_that_there_is(cast: Cast, is_experiment: bool) -> None:
    """One that was brought in may hold words that its kind is not asked for when it is added."""
    said = {"cue": "it is Monday", "because": "they are company", "seen_by": "less of them", "decider": "Vera"}
    brought = {"text": "We pair", "due": timezone.localdate(), "is_experiment": is_experiment, **said}
    Action.bring_in(cast.checkout, by=cast.ines, rows=[brought], id=uuid.uuid4())
    action = Action.objects.get()
    client, url = client_of(cast.tom), reverse("action_update", args=[action.pk])
    page = unescape(client.get(url).content.decode())
    assert all(f'name="{name}"' in page and words in page for name, words in said.items())
    action.edit(by=cast.tom, version=1, text="We pair up", due=action.due, owner="a")
    client.post(url, change(action, text="We pair up", version=2, **{**said, "decider": ""}))
    action.refresh_from_db()
    assert {name: getattr(action, name) for name in said} == {**said, "decider": ""}


# --- put away --------------------------------------------------------------------------------------------------------


def test_action_delete_can_be_undone(cast: Cast, action: Action) -> None:
    client, every = client_of(cast.ines), reverse("action_list", args=[cast.checkout.pk])
    gone = client.post(reverse("action_delete", args=[action.pk]), {"place": "home"})
    home = client.get(gone["Location"]).content.decode()
    assert f'id="action-{action.pk}"' not in home
    assert f'action="{reverse("action_restore", args=[action.pk])}?place=home"' in home
    assert "Bring it back" in client_of(cast.tom).get(every).content.decode()
    client_of(cast.tom).post(reverse("action_restore", args=[action.pk]), {"place": "all"})
    assert f'id="action-{action.pk}"' in client.get(every).content.decode()


# --- who may ---------------------------------------------------------------------------------------------------------

PRESSED = ["action_update", "action_done_create", "action_done_delete", "action_delete", "action_restore"]


@pytest.mark.parametrize("who", ["sara", "mei", "ada", "priya"])
@pytest.mark.parametrize("name", PRESSED)
def test_an_action_is_of_the_two_alone(cast: Cast, action: Action, who: str, name: str) -> None:
    if name == "action_restore":
        action.soft_delete(by=cast.ines)
    before = Action.objects.values().get()
    answer = client_of(getattr(cast, who)).post(reverse(name, args=[action.pk]), change(action))
    unknown = client_of(getattr(cast, who)).post(reverse(name, args=[uuid.uuid4()]), change(action))
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert Action.objects.values().get() == before


@pytest.mark.parametrize("name", [name for name in PRESSED if name != "action_update"])
def test_a_get_changes_nothing(cast: Cast, action: Action, name: str) -> None:
    assert client_of(cast.ines).get(reverse(name, args=[action.pk])).status_code == 405


def test_thirty_actions_take_as_many_queries_as_three(cast: Cast) -> None:
    url, client = reverse("action_list", args=[cast.checkout.pk]), client_of(cast.ines)

    def count() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url).status_code == 200
        return len(caught)

    def three(n: int) -> None:
        play.agree(cast.checkout, f"open {n}")
        play.agree(cast.checkout, f"done {n}", owners="b").finish(by=cast.tom)
        play.agree(cast.checkout, f"gone {n}").soft_delete(by=cast.tom)

    three(0)
    few = count()
    for n in range(1, 10):
        three(n)
    assert count() == few


# --- both ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["home", "all"])
def test_what_both_took_is_one_line_that_each_ticks_for_their_own(cast: Cast, place: str) -> None:
    joint = play.agree(cast.checkout, "Agree a freeze date", owners="ab")
    own, other = Action.objects.order_by("owner_id" if cast.ines.pk < cast.tom.pk else "-owner_id")
    page = reverse({"home": "partnership_detail", "all": "action_list"}[place], args=[cast.checkout.pk])
    ines = client_of(cast.ines)

    def listed() -> str:
        body = ines.get(page).content.decode()
        assert body.count(f'<li id="action-{joint.pk}"') == body.count('<li id="action-') == 1
        return body

    body = listed()
    assert body.count(f'id="tick-{own.pk}"') == body.count(f'id="tick-{other.pk}"') == 1
    assert "Edit Ines’s" in body
    assert "Edit Tom’s" in body
    done = reverse("action_done_create", args=[other.pk])
    again = ines.post(done, {"place": place}, headers=HTMX).content.decode()
    assert f'<li id="action-{joint.pk}"' in again
    assert f'id="tick-{own.pk}"' in again
    assert "done-text" not in listed()  # it is open while one of the two has it to do
    own.refresh_from_db()
    assert own.is_open
    ines.post(reverse("action_done_create", args=[own.pk]), {"place": place}, headers=HTMX)
    assert "done-text" in listed()


def test_what_both_took_is_asked_about_once_and_answered_for_each(cast: Cast) -> None:
    play.agree(cast.checkout, "Agree a freeze date", owners="ab", is_experiment=True, because="late", seen_by="calm")
    session = play.start(cast.checkout)
    for action in Action.objects.all():
        action.review(session, by=cast.tom, verdict="done", helped="helped")
    body = client_of(cast.ines).get(reverse("step_detail", args=[session.pk, 0])).content.decode()
    asked, marked = body.split("What you marked so far")
    assert "1 action from earlier retros" in unescape(asked)
    assert asked.count('typed" id="review-') == 1  # its words; each of the two has a form below
    assert asked.count('name="remark"') == 2
    assert asked.count("</p>", asked.index("Because we believe"), asked.index("We will know it worked when")) == 1
    assert "Ines. What happened with" in " ".join(asked.split())
    assert "Tom. What happened with" in " ".join(asked.split())
    marked, _kept = marked.split("It helped. Keep it as a clause?")
    assert marked.count("Ines") == marked.count("Tom") == 1  # whose it is, whoever pressed


def test_of_a_closed_retro_what_became_of_the_actions_is_told_once(cast: Cast) -> None:
    play.agree(cast.checkout, "Agree a freeze date")
    session = play.start(cast.checkout)
    Action.objects.get().review(session, by=cast.tom, verdict="done")
    now = timezone.now()
    Session.objects.filter(pk=session.pk).update(status="held", closed_at=now, held_on=now.date())
    body = unescape(client_of(cast.ines).get(reverse("step_detail", args=[session.pk, 0])).content.decode())
    assert body.count("Agree a freeze date") == 1
    assert "Mark what happened" not in body
    assert "What you marked so far" not in body
