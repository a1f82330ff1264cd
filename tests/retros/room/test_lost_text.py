"""What was typed is there afterwards: after a refresh, Back, a killed browser, an ended session, a restart of the
server, a bad network, and when two wrote in one place (docs/rules/reliability.md R3, R4).

What one composer does with its draft is told in tests/test_scripts_in_browser.py; here are the catastrophes.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from partnerships.models import Person, SignIn
from retros.models import Draft, Entry, Note, Session, Step
from tests.browser import CHROMIUM_FLAGS, Watched, chromium, set_offline, until_caught
from tests.cast import Cast, sign_in
from tests.conftest import LiveServer
from tests.factories import PASSWORD
from tests.proxy import CUT, LOSE, PASS, Proxy
from tests.retros.play import CLOSE, PULSE, Participant, at, go_on, reveal, start, step_of
from tests.retros.room.side import LOOK, composer
from tests.served import Served

pytestmark = pytest.mark.one_database

SLOW = 20_000  # milliseconds: for what waits for a second or a third try
LAST = 30_000  # for what waits for any later one: a save rests 22.5 s at most
COPIES = "JSON.stringify(localStorage)"


@pytest.fixture
def session(people: Cast) -> Session:
    return start(people.checkout)


def place(session: Session, kind: str) -> str:
    return f"/sessions/{session.pk}/steps/{step_of(session, kind).position}/"


@pytest.fixture
def page_of(new_context: Callable[..., Any], live_server: LiveServer) -> Callable[..., Page]:
    """A page of somebody signed in, in a context of its own; `base` when they come through a proxy."""

    def make(person: Person, base: str = live_server.url) -> Page:
        context = new_context(base_url=base)
        sign_in(context, person, base)
        page: Page = context.new_page()
        return page

    return make


def saved(page: Page, form: str = "#compose-good") -> Locator:
    return page.locator(f"{form} [data-saved]")


def notice(page: Page, form: str = "#compose-good") -> Locator:
    return page.locator(f"{form} [data-notice]")


def cards(person: Person) -> list[str]:
    return sorted(entry.text for entry in Entry.objects.visible_to(person).filter(is_card=True))


def until(true: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "It did not come to pass."
        time.sleep(0.05)


# --- typed while a card is under way ----------------------------------------------------------------------------------


@contextmanager
def under_way(page: Page) -> Iterator[Callable[[], None]]:
    """Presses at this address wait in the network until they are let through: then the oldest."""
    held: list[Route] = []
    page.route("**/entries/", lambda route: held.append(route))

    def let_through() -> None:
        until_caught(page, held)
        held.pop(0).continue_()

    yield let_through
    page.unroute("**/entries/")


@pytest.fixture
def writing(page_of: Callable[..., Page], people: Cast, session: Session) -> Page:
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    return page


def test_what_is_typed_behind_a_card_is_the_next_one(writing: Page, people: Cast) -> None:
    box = composer(writing)
    with under_way(writing) as let_through:
        box.press_sequentially("Planning is calmer now")
        box.press("Enter")
        box.press_sequentially("You answer")
        let_through()
        expect(box).to_have_value("You answer")
        box.press_sequentially(" within a day")
        box.press("Enter")
        let_through()
        expect(box).to_have_value("")
    assert cards(people.ines) == ["Planning is calmer now", "You answer within a day"]


def test_enter_behind_a_card_sends_the_next_one_after_it(writing: Page, people: Cast) -> None:
    box = composer(writing)
    with under_way(writing) as let_through:
        for text in ("One", "Two"):
            box.press_sequentially(text)
            box.press("Enter")
        let_through()
        let_through()
        expect(box).to_have_value("")
    assert cards(people.ines) == ["One", "Two"]


@pytest.mark.parametrize("press", ["Enter", "the button"])
def test_a_card_that_is_sent_twice_is_one_and_nobody_complains(writing: Page, people: Cast, press: str) -> None:
    box = composer(writing)
    with under_way(writing) as let_through:
        box.press_sequentially("Once")
        for _twice in range(2):
            if press == "Enter":
                box.press("Enter")
            else:
                writing.locator("#compose-good button.primary").click(no_wait_after=True)
        let_through()
        expect(box).to_have_value("")
    expect(notice(writing)).to_be_empty()
    assert cards(people.ines) == ["Once"]


def test_what_is_typed_behind_a_card_that_is_lost_stays_behind_it(
    writing: Page, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    box = composer(writing)
    writing.route("**/entries/", lambda route: route.abort(), times=1)
    box.press_sequentially("One")
    box.press("Enter")
    box.press_sequentially(" two")
    expect(box).to_have_value("One two")


# --- Refresh and Back -------------------------------------------------------------------------------------------------


def test_a_refresh_in_the_middle_of_a_word(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    watched.expect(409)  # where the page comes before its last save: not a word of it is shown
    page = page_of(people.ines)
    page.goto(place(session, "pulse"))
    page.get_by_label("Fair").first.check()
    page.get_by_label("Life and hours").check()
    text = page.get_by_role("textbox", name="What has changed recently?")
    text.press_sequentially("A new flat, and", delay=10)
    page.get_by_label("Only me: What has changed recently?").check()
    page.reload()
    expect(page.get_by_label("Fair").first).to_be_checked()
    expect(page.get_by_label("Life and hours")).to_be_checked()
    expect(text).to_have_value("A new flat, and")
    expect(page.get_by_label("Only me: What has changed recently?")).to_be_checked()
    expect(saved(page, "#answer-changed")).to_have_text("Draft saved")
    until(lambda: Entry.objects.visible_to(people.ines).filter(text="A new flat, and", only_me=True).exists())
    assert "A new flat" not in page.evaluate(COPIES)


def test_what_was_sent_as_the_page_left_is_no_conflict_on_the_next_one(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    """The next page was drawn before the last words of the one before it had come through."""
    watched.expect(409)
    page = page_of(people.ines)
    page.goto(place(session, "pulse"))
    drawn = page.request.get(place(session, "pulse"))
    text = page.get_by_role("textbox", name="What has changed recently?")
    text.press_sequentially("The last words", delay=5)
    expect(saved(page, "#answer-changed")).to_have_text("Draft saved")
    text.press_sequentially(" and one", delay=5)
    page.route("**/steps/*/", lambda route: route.fulfill(response=drawn), times=1)
    page.reload()
    expect(text).to_have_value("The last words and one")
    expect(saved(page, "#answer-changed")).to_have_text("Draft saved", timeout=SLOW)
    expect(notice(page, "#answer-changed")).to_be_empty()
    assert [entry.text for entry in Entry.objects.visible_to(people.ines)] == ["The last words and one"]


def test_a_save_whose_answer_never_came_is_no_conflict_on_the_next_page(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    """The server has a text between the last one it acknowledged and the last one typed."""
    watched.expect(409)
    watched.expect_lost()
    page = page_of(people.ines)
    page.goto(place(session, "pulse"))
    text = page.get_by_role("textbox", name="What has changed recently?")
    text.press_sequentially("The last words", delay=5)
    expect(saved(page, "#answer-changed")).to_have_text("Draft saved")
    drawn = page.request.get(place(session, "pulse"))
    arrived: list[Route] = []

    def lose(route: Route) -> None:
        if not arrived:
            route.fetch()
        arrived.append(route)
        route.abort()

    page.route("**/answer/", lose)
    text.press_sequentially(" and")
    until_caught(page, arrived)
    until(lambda: Entry.objects.visible_to(people.ines).filter(text="The last words and").exists())
    text.press_sequentially(" one")
    page.unroute("**/answer/")
    page.route("**/steps/*/", lambda route: route.fulfill(response=drawn), times=1)
    page.reload()
    expect(text).to_have_value("The last words and one")
    expect(saved(page, "#answer-changed")).to_have_text("Draft saved", timeout=SLOW)
    expect(notice(page, "#answer-changed")).to_be_empty()
    assert [entry.text for entry in Entry.objects.visible_to(people.ines)] == ["The last words and one"]


def test_a_refresh_brings_every_box_of_a_form_back(
    page_of: Callable[..., Page], people: Cast, session: Session
) -> None:
    page = page_of(people.ines)
    page.goto(place(session, "conclude"))
    page.get_by_text("Add an action", exact=True).click()
    boxes = {
        "What will you do?": "call before Tuesday",
        "If …": "the scope moves",
        "We try": "no review",
        "Because we believe": "it is a habit",
        "We will know it worked when": "nobody missing it",
    }
    for label, text in boxes.items():
        page.get_by_label(label, exact=True).fill(text)
    page.locator("details", has_text="Add an action").locator(".seg").get_by_text("Both").click()
    page.reload()
    for label, text in boxes.items():
        expect(page.get_by_label(label, exact=True)).to_have_value(text)
    expect(page.locator("details", has_text="Add an action").get_by_label("Both")).to_be_checked()
    page.get_by_role("button", name="Add action").click()
    expect(page.locator("#actions")).to_contain_text("If the scope moves, then I will: call before Tuesday")
    expect(page.get_by_label("If …")).to_have_value("")
    expect(page.get_by_label("We try", exact=True)).to_have_value("no review")


@contextmanager
def with_back_cache(browser: Any) -> Iterator[Any]:
    """As people have it: Playwright's own Chromium goes without the cache that Back uses."""
    path = chromium()
    other = browser.browser_type.launch(
        executable_path=path, args=CHROMIUM_FLAGS, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield other
    other.close()


def test_back_shows_what_was_typed(
    browser: Any, people: Cast, session: Session, live_server: LiveServer, watched: Watched
) -> None:
    with with_back_cache(browser) as chrome:
        context = chrome.new_context(base_url=live_server.url)
        watched.over(context)
        sign_in(context, people.ines, live_server.url)
        page = context.new_page()
        page.goto(place(session, "write"))
        composer(page).press_sequentially("Half a tho", delay=10)
        page.get_by_role("link", name="Leave the room").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ines")
        page.go_back()
        expect(composer(page)).to_have_value("Half a tho")
        composer(page).press("End")
        composer(page).press_sequentially("ught", delay=10)
        page.goto(place(session, "pulse"))
        page.get_by_role("textbox", name="What has changed recently?").press_sequentially("Much", delay=10)
        page.go_back()
        expect(composer(page)).to_have_value("Half a thought")
        page.go_forward()
        expect(page.get_by_role("textbox", name="What has changed recently?")).to_have_value("Much")


# --- A killed browser -------------------------------------------------------------------------------------------------


class OwnChromium:
    """A Chromium in a process of its own, with a profile that outlives it, so that it can be killed."""

    def __init__(self, browser: Any, profile: Path) -> None:
        self.profile = profile
        path = chromium() or browser.browser_type.executable_path
        self.flags = [
            path, *CHROMIUM_FLAGS, "--headless=new", "--hide-crash-restore-bubble", "--remote-debugging-port=0",
            f"--user-data-dir={profile}", "about:blank",
        ]  # fmt: skip
        try:
            self.browser = self.start(browser)
        except PlaywrightTimeout:  # one that was killed may come back and speak to nobody
            self.kill()
            self.browser = self.start(browser)

    def start(self, browser: Any) -> Any:
        port = self.profile / "DevToolsActivePort"
        port.unlink(missing_ok=True)
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self.flags, stdout=quiet, stderr=quiet, start_new_session=True)
        until(lambda: port.exists() and len(port.read_text().splitlines()) == 2, 60)
        number, way = port.read_text().splitlines()
        return browser.browser_type.connect_over_cdp(f"ws://127.0.0.1:{number}{way}")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


# What was on its way is not lost by the browser: seconds, of which a busy machine takes more.
SLOWEST_SAVE = """() => Math.max(0, ...performance.getEntriesByType("resource")
  .filter((entry) => entry.name.includes("/drafts/")).map((entry) => entry.duration)) / 1000"""


@pytest.mark.parametrize("times", [pytest.param(1, id="once"), pytest.param(15, id="often", marks=pytest.mark.deep)])
def test_a_killed_browser_loses_two_seconds_at_most(
    browser: Any, people: Cast, session: Session, live_server: LiveServer, tmp_path: Path, times: int
) -> None:
    for turn in range(times):
        profile = tmp_path / str(turn)
        profile.mkdir()
        Draft.objects.all().delete()
        chrome = OwnChromium(browser, profile)
        try:
            sign_in(chrome.browser.contexts[0], people.ines, live_server.url)
            page = chrome.browser.contexts[0].new_page()
            page.goto(live_server.url + place(session, "write"))
            composer(page).focus()
            typed = ("the quick brown fox jumps over the lazy dog " * 2)[: 30 + turn]
            pressed = []
            for letter in typed:  # five keys a second
                page.keyboard.type(letter)
                pressed.append(time.monotonic())
                time.sleep(0.2)
            way: float = page.evaluate(SLOWEST_SAVE)
        finally:
            killed = time.monotonic()
            chrome.kill()
        again = OwnChromium(browser, profile)
        try:
            sign_in(again.browser.contexts[0], people.ines, live_server.url)
            page = again.browser.contexts[0].new_page()
            page.goto(live_server.url + place(session, "write"))
            there = composer(page).input_value()
        finally:
            again.kill()
        assert typed.startswith(there)
        assert len(there) >= sum(at < killed - 2 - way for at in pressed)


def test_an_old_copy_does_not_take_the_place_of_what_was_stored_since(
    page_of: Callable[..., Page], people: Cast, session: Session
) -> None:
    """A killed browser finds the copy that the disk had, which may be older than the last save."""
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    waiting: list[Any] = []
    page.route("**/drafts/**", lambda route: waiting.append(route), times=1)
    composer(page).press_sequentially("Half a", delay=5)
    until_caught(page, waiting)
    copies = page.evaluate(COPIES)
    waiting[0].continue_()
    composer(page).press_sequentially(" thought", delay=5)
    until(lambda: Draft.objects.filter(person=people.ines, text="Half a thought").exists())
    expect(saved(page)).to_have_text("Draft saved")
    page.evaluate("copies => Object.assign(localStorage, JSON.parse(copies))", copies)
    page.reload()
    expect(composer(page)).to_have_value("Half a thought")
    assert page.evaluate(COPIES) == "{}"


# --- The end of a session ---------------------------------------------------------------------------------------------


def test_signed_out_in_the_middle_of_an_answer_and_in_again_in_another_tab(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    watched.expect(401, 403)
    page = page_of(people.ines)
    page.goto(place(session, "pulse"))
    SignIn.objects.all().delete()
    text = page.get_by_role("textbox", name="What has changed recently?")
    text.press_sequentially("My hours", delay=10)
    expect(notice(page, "#answer-changed")).to_contain_text("Sign in again. Your text is kept.")
    expect(page.locator("#sign-in-form")).to_be_visible()
    page.reload()  # out of impatience
    page.wait_for_url(re.compile("login"))
    other = page.context.new_page()
    other.goto("/account/login/")
    other.get_by_label("Work email").fill(people.ines.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Ines")
    page.goto(place(session, "pulse"))
    expect(text).to_have_value("My hours")
    expect(saved(page, "#answer-changed")).to_have_text("Draft saved")

    # And once more, without leaving the page.
    SignIn.objects.all().delete()
    text.press_sequentially(" and my desk", delay=10)
    expect(page.locator("#sign-in-form")).to_be_visible()
    other.goto("/account/login/")
    other.get_by_label("Work email").fill(people.ines.email)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Ines")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # back to the first tab
    expect(saved(page, "#answer-changed")).to_have_text("Draft saved", timeout=SLOW)
    expect(notice(page, "#answer-changed")).to_be_empty()
    expect(page.locator("#sign-in-form")).to_have_count(0)
    assert Entry.objects.visible_to(people.ines).get(text="My hours and my desk")


def test_signed_in_again_in_another_tab_the_page_asks_no_more(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched, live_server: LiveServer
) -> None:
    """Whatever goes through first: here it is what the room asks for by itself, with fresh tokens for the boxes."""
    watched.expect(401)
    page = page_of(people.ines)
    page.goto(place(session, "pulse"))
    SignIn.objects.all().delete()
    page.get_by_role("textbox", name="What has changed recently?").press_sequentially("My hours", delay=10)
    expect(page.locator("#sign-in-form")).to_be_visible()
    sign_in(page.context, people.ines, live_server.url)
    page.evaluate(LOOK)
    expect(page.locator("#sign-in-form")).to_have_count(0)


def test_a_press_after_the_session_ended_goes_through_after_signing_in_in_place(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    watched.expect(401, 403)
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    box = composer(page)
    box.fill("To be folded")
    expect(saved(page)).to_have_text("Draft saved")
    SignIn.objects.all().delete()
    box.press("Enter")
    expect(notice(page)).to_contain_text("Sign in again. Your text is kept.")
    expect(box).to_have_value("To be folded")
    form = page.locator("#sign-in-form")
    form.get_by_label("Work email").fill(people.ines.email)
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Sign in").click()
    expect(form).to_have_count(0)
    expect(box).to_have_value("To be folded")
    box.press("Enter")
    expect(box).to_have_value("")
    assert cards(people.ines) == ["To be folded"]


# --- A backup that was restored ---------------------------------------------------------------------------------------


def test_a_page_that_was_open_while_a_backup_was_restored(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    """The version of the room is lower than the page knows. Else all that came after it was taken for old."""
    watched.expect(401, 403)
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    Session.objects.update(version_a=40, version_b=40)
    page.evaluate(LOOK)
    state = page.locator("#room-state")
    expect(state).to_have_attribute("data-version-shown", "40")
    composer(page).fill("Half a thought")
    expect(saved(page)).to_have_text("Draft saved")
    Session.objects.update(version_a=7, version_b=7)
    page.evaluate(LOOK)
    expect(state).to_have_attribute("data-version-shown", "7")
    expect(composer(page)).to_have_value("Half a thought")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("")
    expect(page.locator("p.typed", has_text="Half a thought")).to_be_visible()


# --- A restart of the server ------------------------------------------------------------------------------------------

ROOM = """
import json
from django.conf import settings
from django.test import Client
from tests.retros.play import WRITE, make_pair
pair = make_pair()
session = pair.started()
client = Client()
client.force_login(pair.ines)
print(json.dumps([f"/sessions/{session.pk}/steps/{WRITE}/", client.cookies[settings.SESSION_COOKIE_NAME].value]))
"""
DRAFTS = """
import json
from retros.models import Draft
print(json.dumps(list(Draft.objects.values_list("text", flat=True))))
"""


def test_a_server_killed_in_the_middle_of_a_sentence(
    new_context: Callable[..., Any], watched: Watched, tmp_path: Path
) -> None:
    watched.expect_lost()
    with Served(tmp_path) as served:
        address, cookie = served.ask(ROOM)
        context = new_context(base_url=served.url)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": served.url}])
        page = context.new_page()
        page.goto(address)
        box = composer(page)
        box.press_sequentially("It began well", delay=20)
        expect(saved(page)).to_have_text("Draft saved", timeout=SLOW)
        assert served.process is not None
        served.process.kill()
        served.process.wait()
        box.press_sequentially(", then the server went", delay=20)
        expect(saved(page)).to_have_text("Not saved yet, trying again")
        expect(page.locator("[data-offline-notice]")).to_be_visible(timeout=SLOW)
        box.press_sequentially(" and came back", delay=20)
        served.start()
        expect(saved(page)).to_have_text("Draft saved", timeout=LAST)
        expect(page.locator("[data-offline-notice]")).to_be_hidden(timeout=SLOW)
        text = "It began well, then the server went and came back"
        expect(box).to_have_value(text)
        assert served.ask(DRAFTS) == [text]
        box.press("Enter")
        expect(page.locator(".card p", has_text=text)).to_be_visible(timeout=SLOW)
        expect(box).to_have_value("")
        page.goto("about:blank")  # its stream would hold the server up at the end


# --- A bad network ----------------------------------------------------------------------------------------------------


def test_answers_and_notes_typed_offline_go_out_by_themselves(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    watched.expect_lost()
    reveal(session, "pulse")
    page = page_of(people.ines)
    page.goto(place(session, "pulse"))
    note = page.get_by_label("Note for both of you")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    set_offline(page, True)
    note.press_sequentially("We slow down", delay=10)
    expect(page.get_by_text("Not saved yet, trying again").first).to_be_visible()
    expect(page.locator("[data-offline-notice]")).to_be_visible(timeout=SLOW)
    set_offline(page, False)
    expect(page.get_by_text("Saved for you both")).to_be_visible(timeout=SLOW)
    expect(page.locator("[data-offline-notice]")).to_be_hidden(timeout=SLOW)
    assert Note.objects.visible_to(people.tom).get().text == "We slow down"


def test_an_answer_lost_after_the_fold_makes_no_second_card(
    page_of: Callable[..., Page], people: Cast, session: Session, live_server: LiveServer, watched: Watched
) -> None:
    watched.expect_lost()
    with Proxy(live_server.port) as proxy:
        page = page_of(people.ines, proxy.url)
        page.goto(place(session, "write"))
        box = composer(page)
        box.fill("Once and only once")
        expect(saved(page)).to_have_text("Draft saved")
        proxy.fate = lambda method, path: CUT if path.endswith("/entries/") else PASS
        box.press("Enter")
        expect(notice(page)).to_contain_text("while you stay on this page", timeout=SLOW)
        expect(box).to_have_value("Once and only once")
        assert cards(people.ines) == ["Once and only once"]
        proxy.fate = lambda method, path: PASS
        box.press("Enter")
        expect(box).to_have_value("")
        expect(notice(page)).to_be_empty()
        expect(page.locator("#cards-good .card")).to_have_count(1)
        assert cards(people.ines) == ["Once and only once"]
        until(lambda: not Draft.objects.exclude(text="").exists())


@pytest.mark.parametrize("where", ["card", "answer", "note"])
def test_a_save_whose_answer_was_lost_is_no_conflict_with_oneself(
    page_of: Callable[..., Page],
    people: Cast,
    session: Session,
    live_server: LiveServer,
    watched: Watched,
    where: str,
) -> None:
    """The server has the first half, the browser does not know it, and the person types on."""
    watched.expect_lost()
    if where == "note":
        reveal(session, "pulse")
    with Proxy(live_server.port) as proxy:
        page = page_of(people.ines, proxy.url)
        page.goto(place(session, "write" if where == "card" else "pulse"))
        box = {
            "card": lambda: composer(page),
            "answer": lambda: page.get_by_role("textbox", name="What has changed recently?"),
            "note": lambda: page.get_by_label("Note for both of you"),
        }[where]()
        proxy.fate = lambda method, path: CUT if method == "POST" else PASS
        box.press_sequentially("The first half", delay=10)
        form = box.locator("xpath=ancestor::form")
        expect(form.locator("[data-saved]")).to_have_text("Not saved yet, trying again", timeout=SLOW)
        box.press_sequentially(", and the second", delay=10)
        expect(form.locator("[data-saved]")).to_have_text("Not saved yet, trying again", timeout=SLOW)
        proxy.fate = lambda method, path: PASS
        done = "Saved for you both" if where == "note" else "Draft saved"
        expect(form.locator("[data-saved]")).to_have_text(done, timeout=SLOW)
        expect(form.locator("[data-notice]")).to_be_empty()
        expect(box).to_have_value("The first half, and the second")
        texts = {
            "card": lambda: list(Draft.objects.values_list("text", flat=True)),
            "answer": lambda: [e.text for e in Entry.objects.visible_to(people.ines)],
            "note": lambda: [n.text for n in Note.objects.visible_to(people.tom)],
        }[where]()
        assert texts == ["The first half, and the second"]


@pytest.mark.parametrize("number", [pytest.param(3, id="some"), pytest.param(40, id="many", marks=pytest.mark.deep)])
def test_a_third_lost_and_the_rest_late(
    page_of: Callable[..., Page],
    people: Cast,
    session: Session,
    live_server: LiveServer,
    watched: Watched,
    number: int,
) -> None:
    watched.expect_lost()
    watched.expect(422)  # a second press, out of impatience, on the box that the first one emptied
    chance = random.Random(7)
    with Proxy(live_server.port) as proxy:
        page = page_of(people.ines, proxy.url)
        page.goto(place(session, "write"))
        box = composer(page)

        def fate(method: str, path: str) -> str:
            return PASS if chance.random() > 0.3 else chance.choice([LOSE, CUT])

        proxy.fate, proxy.delay = fate, 2.0 if number == 3 else 0.5
        texts = [f"Card number {n}, through rain" for n in range(number)]
        for text in texts:
            box.press_sequentially(text, delay=5)
            for _attempt in range(20):  # a person who presses twice, reads the words and presses again
                box.press("Enter")
                box.press("Enter")
                expect(page.locator("#compose-good.htmx-request")).to_have_count(0, timeout=60_000)
                if box.input_value() == "":
                    break
            expect(box).to_have_value("")
        proxy.fate, proxy.delay = (lambda method, path: PASS), 0.0
        assert cards(people.ines) == sorted(texts)
        assert proxy.lost
        page.reload()
        expect(page.locator("#cards-good .card")).to_have_count(number)
        expect(page.get_by_label("New card, The good")).to_have_value("")


# --- Two in one place -------------------------------------------------------------------------------------------------


def test_one_card_edited_in_two_tabs_keeps_both_texts(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    watched.expect(409)
    card = Participant(people.ines, session.pk).fold("As it was")
    first = page_of(people.ines)
    second = first.context.new_page()
    for page in (first, second):
        page.goto(place(session, "write"))
        page.get_by_role("link", name="Edit card: As it was").click()
        expect(page.get_by_label("Your card")).to_have_value("As it was")
    first.get_by_label("Your card").fill("As the first tab has it")
    first.get_by_role("button", name="Keep it").click()
    expect(first.locator("[data-card] p")).to_have_text("As the first tab has it")
    second.get_by_label("Your card").fill("As the second tab has it")
    second.get_by_role("button", name="Keep it").click()
    expect(second.locator("#editor [data-theirs]")).to_have_value("As the first tab has it")
    expect(second.get_by_label("Your card")).to_have_value("As the second tab has it")
    card.refresh_from_db()
    assert card.text == "As the first tab has it"
    second.get_by_role("button", name="Keep mine").click()
    expect(second.locator("#editor")).to_be_hidden()
    expect(second.locator("[data-card] p")).to_have_text("As the second tab has it")
    expect(first.locator("[data-card] p")).to_have_text("As the second tab has it", timeout=SLOW)
    until(lambda: not Draft.objects.exclude(text="").exists())


def test_the_shared_note_written_by_both_at_once(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    watched.expect(409)
    reveal(session, "pulse")
    ines, tom = page_of(people.ines), page_of(people.tom)
    for page in (ines, tom):
        page.goto(place(session, "pulse"))
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
    boxes = {page: page.get_by_label("Note for both of you") for page in (ines, tom)}
    # Tom is in the middle of a sentence while Ines's is stored: his screen hears of it, and must not take his away.
    waiting: list[Route] = []
    tom.route("**/note/", lambda route: waiting.append(route), times=1)
    boxes[tom].press_sequentially("Tom was typing", delay=5)
    until_caught(tom, waiting)
    boxes[ines].press_sequentially("Ines was faster", delay=5)
    expect(tom.locator("[data-fresh-for=note]")).to_have_attribute("data-text", "Ines was faster")
    waiting[0].continue_()
    loser, winner = tom, ines
    expect(loser.locator("[data-theirs]")).to_be_visible(timeout=SLOW)
    expect(boxes[loser]).to_have_value("Tom was typing")
    expect(loser.locator("[data-theirs]")).to_have_value("Ines was faster")
    expect(loser.get_by_text("Both texts are kept")).to_be_visible()
    assert Note.objects.visible_to(people.tom).get().text == "Ines was faster"
    loser.get_by_role("button", name="Keep mine").click()
    expect(loser.get_by_text("Saved for you both")).to_be_visible(timeout=SLOW)
    expect(loser.locator("[data-theirs]")).to_have_count(0)
    expect(boxes[winner]).to_have_value("Tom was typing", timeout=SLOW)
    # And it goes on, from both sides, without a conflict.
    boxes[winner].press_sequentially(" and so was I", delay=5)
    expect(boxes[loser]).to_have_value("Tom was typing and so was I", timeout=SLOW)
    boxes[loser].press_sequentially(".", delay=5)
    expect(boxes[winner]).to_have_value("Tom was typing and so was I.", timeout=SLOW)


@pytest.mark.parametrize("what", ["answer", "summary"])
def test_what_comes_after_the_other_one_closed_the_retro_stays_its_authors(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched, what: str
) -> None:
    watched.expect(409)
    at(session, CLOSE)
    if what == "summary":
        reveal(session, "close")
    page = page_of(people.ines)
    page.goto(place(session, "close"))
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    waiting: list[Route] = []
    page.route(f"**/{what}/", lambda route: waiting.append(route), times=1)
    page.get_by_role("textbox", name="appreciate" if what == "answer" else "Summary").press_sequentially(
        "My last words"
    )
    until_caught(page, waiting)
    tom = Session.objects.get(pk=session.pk)
    with tom.writing(by=people.tom) as change:
        tom.close(change)
    expect(page.get_by_text("This retro is closed.")).to_be_visible()
    waiting[0].continue_()
    expect(page.get_by_role("region", name="You were still writing this")).to_contain_text("My last words")
    other = page_of(people.tom)
    other.goto(place(session, "close"))
    expect(other.get_by_text("This retro is closed.")).to_be_visible()
    assert "My last words" not in other.content()


@pytest.mark.parametrize("kind", ["write", "close"])
def test_what_a_browser_kept_of_a_retro_that_was_closed_since_is_there(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched, kind: str
) -> None:
    watched.expect_lost()
    page = page_of(people.ines)
    page.goto(place(session, kind))
    page.context.set_offline(True)
    box = composer(page) if kind == "write" else page.get_by_role("textbox", name="appreciate")
    box.fill("On the train")
    expect(page.locator("[data-saved]", has_text="Not saved yet")).to_be_visible()
    page.close()
    with Session.objects.get(pk=session.pk).writing(by=people.tom) as change:
        change.session.close(change)
    page.context.set_offline(False)
    again = page.context.new_page()
    again.goto(place(session, kind))
    expect(again.get_by_text("This retro is closed.")).to_be_visible()
    again.wait_for_function(f"() => !{COPIES}.includes('train')")
    again.evaluate(LOOK)
    expect(again.get_by_role("region", name="You were still writing this")).to_contain_text("On the train")


# --- A press in the middle of a sentence ------------------------------------------------------------------------------


def test_a_press_elsewhere_saves_first_and_still_says_what_was_pressed(
    page_of: Callable[..., Page], people: Cast, session: Session
) -> None:
    Participant(people.ines, session.pk).fold("A card to be ready with")
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    box = composer(page)
    box.press_sequentially("Another thought", delay=5)
    page.get_by_role("button", name="I’m ready").click()  # its value says what exactly would open
    expect(page.get_by_role("button", name="I’m ready")).to_have_attribute("aria-pressed", "true")
    assert Draft.objects.get(person=people.ines).text == "Another thought"
    expect(box).to_have_value("Another thought")

    reveal(session, "write")
    card = next(iter(Entry.objects.visible_to(people.ines)))
    card.put_on_table(by=people.ines)
    page.goto(place(session, "write"))
    page.get_by_role("textbox", name="What came up").press_sequentially("Not today", delay=5)
    page.get_by_role("button", name="Park it").click()
    expect(page.get_by_role("heading", name="Parked")).to_be_visible()
    card.refresh_from_db()
    assert card.talk == Entry.Talk.PARKED
    assert Note.objects.visible_to(people.tom).get(entry=card).text == "Not today"


def test_a_press_that_waits_for_a_save_is_the_press_that_was_made(
    page_of: Callable[..., Page], people: Cast, session: Session
) -> None:
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    waiting: list[Any] = []
    page.route("**/drafts/**", lambda route: waiting.append(route), times=1)
    composer(page).press_sequentially("Half a thought", delay=5)
    ready = page.get_by_role("button", name="I’m ready")
    ready.click()
    page.evaluate("document.activeElement.blur()")  # as a push does that draws the dock anew
    until_caught(page, waiting)
    waiting[0].continue_()
    expect(ready).to_have_attribute("aria-pressed", "true")
    assert Draft.objects.get(person=people.ines).text == "Half a thought"


def test_the_last_words_of_an_answer_are_sealed_with_it(
    page_of: Callable[..., Page], people: Cast, session: Session
) -> None:
    go_on(session, "look_back")
    page = page_of(people.ines)
    page.goto(place(session, "pulse"))
    page.get_by_role("textbox", name="What has changed recently?").press_sequentially("To the last word", delay=5)
    page.get_by_role("button", name="I’m ready").click()
    expect(page.get_by_role("button", name="I’m ready")).to_have_attribute("aria-pressed", "true")
    step = step_of(session, "pulse")
    Participant(people.tom, session.pk).ready(PULSE)
    assert Step.objects.get(pk=step.pk).is_revealed
    assert [e.text for e in Entry.objects.visible_to(people.tom).filter(author=people.ines)] == ["To the last word"]


def test_an_answer_from_before_a_press_does_not_undo_it_on_the_screen(
    page_of: Callable[..., Page], people: Cast, session: Session
) -> None:
    Participant(people.ines, session.pk).fold("Folded")
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    late: list[Any] = []
    page.route("**/sessions/*/live/*", lambda route: late.append((route, route.fetch())))
    page.evaluate("document.getElementById('pointer').point()")
    until_caught(page, late)
    ready = page.get_by_role("button", name="I’m ready")
    ready.click()
    expect(ready).to_have_attribute("aria-pressed", "true")
    for route, answer in late:
        route.fulfill(response=answer)
    page.wait_for_timeout(500)
    expect(ready).to_have_attribute("aria-pressed", "true")
    page.unroute_all(behavior="ignoreErrors")


def test_an_answer_to_a_press_that_a_push_took_away_reaches_the_page(
    page_of: Callable[..., Page], people: Cast, session: Session, watched: Watched
) -> None:
    for kind in ("look_back", "pulse", "write", "conclude"):
        if step_of(session, kind).written_alone:
            reveal(session, kind)
        go_on(session, kind)
    reveal(session, "close")
    page = page_of(people.ines)
    page.goto(place(session, "close"))
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    late: list[Any] = []
    page.route("**/next/", lambda route: late.append((route, route.fetch())))
    page.get_by_role("button", name="Plan it").first.click()
    until_caught(page, late)
    expect(page.get_by_role("heading", name="Your next retro")).to_be_visible()  # by the stream, without the form
    with page.expect_event("requestfinished"):
        for route, answer in late:
            route.fulfill(response=answer)
    expect(page.get_by_role("heading", name="Your next retro")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_an_edit_left_in_a_hurry_is_there_when_it_is_opened_again(
    page_of: Callable[..., Page], people: Cast, session: Session
) -> None:
    Participant(people.ines, session.pk).fold("As it was")
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    for leave in (lambda: page.keyboard.press("Escape"), page.reload):
        page.get_by_role("link", name="Edit card: As it was").click()
        box = page.get_by_label("Your card")
        expect(box).to_be_focused()
        page.keyboard.press("End")
        page.keyboard.type(" and more")
        words = box.input_value()
        leave()
        expect(page.locator("#editor")).to_be_hidden()
        page.get_by_role("link", name="Edit card: As it was").click()
        expect(box).to_have_value(words)
        page.keyboard.press("Escape")
    assert cards(people.ines) == ["As it was"]


# --- The step is drawn anew around somebody who writes ----------------------------------------------------------------


def test_typing_goes_on_while_the_other_one_redraws_the_step(
    page_of: Callable[..., Page], people: Cast, session: Session
) -> None:
    theirs = [Participant(people.tom, session.pk).fold(f"Tom’s {n}") for n in range(2)]
    reveal(session, "write")
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    box = composer(page)
    words = ""
    for turn in range(6):
        for letter in f"part {turn} ":
            box.press(letter if letter != " " else "Space")
            words += letter
        theirs[turn % 2].put_on_table(by=people.tom)
        expect(page.locator("#table .quote")).to_have_text(f"Tom’s {turn % 2}")
    expect(box).to_be_focused()
    expect(box).to_have_value(words)
    expect(saved(page)).to_have_text("Draft saved", timeout=SLOW)
    expect(notice(page)).to_be_empty()
    until(lambda: [d.text for d in Draft.objects.exclude(text="")] == [words])


def test_a_redraw_after_a_lost_answer_makes_no_second_card(
    page_of: Callable[..., Page], people: Cast, session: Session, live_server: LiveServer, watched: Watched
) -> None:
    watched.expect_lost()
    theirs = Participant(people.tom, session.pk).fold("Tom’s")
    reveal(session, "write")
    with Proxy(live_server.port) as proxy:
        page = page_of(people.ines, proxy.url)
        page.goto(place(session, "write"))
        box = composer(page)
        box.fill("Once and only once")
        expect(saved(page)).to_have_text("Draft saved")
        proxy.fate = lambda method, path: CUT if path.endswith("/entries/") else PASS
        box.press("Enter")
        expect(notice(page)).to_contain_text("Waiting for the network", timeout=SLOW)
        theirs.put_on_table(by=people.tom)
        expect(page.locator("#table .quote")).to_have_text("Tom’s")
        expect(box).to_have_value("Once and only once")
        proxy.fate = lambda method, path: PASS
        box.press("Enter")
        expect(box).to_have_value("")
        assert cards(people.ines) == ["Once and only once", "Tom’s"]


def test_a_note_being_written_stays_with_its_card(page_of: Callable[..., Page], people: Cast, session: Session) -> None:
    first, second = (Participant(people.tom, session.pk).fold(f"Tom’s {n}") for n in range(2))
    reveal(session, "write")
    first.put_on_table(by=people.tom)
    page = page_of(people.ines)
    page.goto(place(session, "write"))
    note = page.get_by_role("textbox", name="What came up")
    note.press_sequentially("About the first", delay=5)
    action = page.get_by_role("textbox", name="What will you try?")
    action.press_sequentially("From the first", delay=5)
    second.put_on_table(by=people.tom)
    expect(page.locator("#table .quote")).to_have_text("Tom’s 1")
    expect(note).to_have_value("")
    expect(action).to_have_value("")
    note.press_sequentially("About the second", delay=5)
    until(lambda: {n.text for n in Note.objects.visible_to(people.tom)} == {"About the first", "About the second"})
    first.put_on_table(by=people.tom)
    expect(page.locator("#table .quote")).to_have_text("Tom’s 0")
    expect(note).to_have_value("About the first")
    expect(action).to_have_value("From the first")
    expect(page.locator("#table [data-theirs]")).to_have_count(0)
