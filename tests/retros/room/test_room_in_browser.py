"""The room in every state: for everybody, on every screen, without a jump, and light to fetch."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from retros.live.hub import hub
from retros.models import Prompt, Session, Step
from tests.browser import (
    ALL_FOUR,
    BROKEN_WORDS,
    MAX_SCRIPT,
    PHONE_AND_DESK,
    TWO_FRAMES,
    Watched,
    enter,
    faults,
    until_caught,
)
from tests.cast import make_cast, page_of
from tests.conftest import LiveServer
from tests.retros import play
from tests.retros.rooms import LONG_WORD, Rooms

pytestmark = pytest.mark.one_database


APART = """() => {
  const all = [...document.querySelectorAll(".presence strong, .timer, .dock .btn")];
  const parts = all.filter((part) => part.checkVisibility());
  const at = parts.map((part) => part.getBoundingClientRect());
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return parts.filter((_, n) => at.some((other, m) => m > n && meet(at[n], other))).map((part) => part.textContent);
}"""
SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      const parts = shift.sources.map(({ node }) => node?.id || node?.className || node?.nodeName);
      window.shifts.push([shift.value, ...parts]);
    }
  }).observe({ type: "layout-shift", buffered: true });
"""
COVERED = """() => {
  const sticks = [...document.querySelectorAll(".dock, .jump")];
  const fields = "main a[href], main button, main summary, main input:not([type=hidden]), main textarea";
  return [...document.querySelectorAll(fields)].filter((field) => {
    if (!field.checkVisibility() || sticks.some((part) => part.contains(field))) return false;
    field.focus();
    const at = field.getBoundingClientRect();
    return sticks.some((part) => {
      const covers = part.getBoundingClientRect();
      const line = Math.min(at.bottom, at.top + 44); // of a long box, where the caret stands
      return at.height && covers.height && at.top < covers.bottom && line > covers.top && at.left < covers.right;
    });
  }).map((field) => field.outerHTML.slice(0, 120));
}"""
# Of a first visit to a board of 30 cards: bytes without its fonts, and requests with everything.
MOST_BYTES, MOST_REQUESTS = 81_500, 12
WEIGHTS = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize])"""
CUT_OFF = """() => [...document.querySelectorAll("#dock .presence div > *")]
  .filter((part) => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1)
  .map((part) => `cut off: ${part.textContent.trim()}`)"""
TOP = "box => box.getBoundingClientRect().top"


@pytest.mark.parametrize(
    "looks", [pytest.param(PHONE_AND_DESK, id="two"), pytest.param(ALL_FOUR, id="four", marks=pytest.mark.deep)]
)
def test_every_state_of_the_room_is_for_everybody(
    new_context: Callable[..., Any], live_server: LiveServer, looks: tuple[tuple[int, str], ...]
) -> None:
    cast = make_cast()
    rooms = Rooms(cast.ines, cast.tom)
    page = page_of(cast.ines, new_context(), live_server)
    found = []
    for name, make in rooms.every().items():
        page.goto(make())
        found += [f"{name}: {line}" for line in faults(page, looks)]
        for width in (390, 320):  # 320: a desktop at 400%
            page.set_viewport_size({"width": width, "height": 200})
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                found.append(f"{name}: {over} px too wide at {width}")
        for width in (834, 1024):  # a tablet, held either way
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(TWO_FRAMES)
            found += [f"{name}: {words} at {width}" for words in page.evaluate(BROKEN_WORDS) + page.evaluate(CUT_OFF)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_on_loading_or_when_a_card_comes(
    new_context: Callable[..., Any], live_server: LiveServer, width: int
) -> None:
    cast = make_cast()
    where = Rooms(cast.ines, cast.tom).full_board()
    page = page_of(cast.ines, new_context(viewport={"width": width, "height": 800}), live_server)
    page.add_init_script(SHIFTS)
    for _visit in ("the first", "with everything at hand"):
        page.goto(where, wait_until="networkidle")
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
        page.evaluate("document.fonts.ready")
        assert page.evaluate("shifts") == []

    session = Session.objects.get()
    late = play.Participant(cast.tom, session.pk).fold("LATE and below what is being read", "talk")
    expect(page.locator(f"#card-{late.mark}")).to_be_attached()
    page.wait_for_timeout(300)
    assert page.evaluate("shifts") == []

    # Above the box that somebody writes in, and the box stays where it is.
    page.get_by_text("Add a card to The bad").click()
    box = page.get_by_label("New card, The bad")
    box.press_sequentially("Half a th")
    expect(page.locator("#compose-bad [data-saved]")).to_have_text("Draft saved")
    stood = box.evaluate(TOP)
    late = play.Participant(cast.tom, session.pk).fold("LATER\nand longer\nthan one line", "bad")
    expect(page.locator(f"#card-{late.mark}")).to_be_attached()
    page.wait_for_timeout(300)
    page.evaluate(TWO_FRAMES)  # the box is put back before the next one
    assert abs(box.evaluate(TOP) - stood) < 1
    expect(box).to_be_focused()
    expect(box).to_have_value("Half a th")


@pytest.mark.parametrize(
    ("comes_next", "part"), [("Leave the room", ".way"), ('id="act"', "h1"), ("5 more minutes", ".timer")]
)
def test_half_a_part_is_not_painted(
    new_context: Callable[..., Any], live_server: LiveServer, comes_next: str, part: str
) -> None:
    """A page is painted as it comes, and what stands in a part of it already would shift with what comes next."""
    cast = make_cast()
    where = Rooms(cast.ines, cast.tom).full_board()
    page = page_of(cast.ines, new_context(java_script_enabled=False), live_server)

    def half(route: Route) -> None:
        answer = route.fetch()
        begun, found, _rest = answer.text().partition(comes_next)
        assert found
        route.fulfill(response=answer, body=begun)

    page.route(f"**{where}", half, times=1)
    page.goto(where)
    expect(page.locator(part)).to_be_attached()
    expect(page.locator(part)).to_be_hidden()
    page.goto(where)
    expect(page.locator(part)).to_be_visible()


def test_a_first_visit_is_light(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    where = Rooms(cast.ines, cast.tom).full_board(30)
    page = page_of(cast.ines, new_context(), live_server)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(where, wait_until="networkidle")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    weights = [(name, size) for name, size in page.evaluate(WEIGHTS) if not name.endswith((".woff2", "/live/"))]
    scripts = [size for name, size in weights if name.endswith(".js")]
    assert len(scripts) == 3
    assert 0 < sum(scripts) <= MAX_SCRIPT
    assert sum(size for _name, size in weights) <= MOST_BYTES, weights
    assert 8 < len(requests) <= MOST_REQUESTS, requests


PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"


def test_the_first_paint_waits_for_no_script(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    where = Rooms(cast.ines, cast.tom).full_board(30)
    page = page_of(cast.ines, new_context(), live_server)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/*.js", hold)
    page.goto(where, wait_until="commit")
    page.wait_for_function(PAINTED)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert held
    for route in held:
        route.continue_()
    page.unroute("**/*.js")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")


def test_what_somebody_wrote_is_never_compressed(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    """The length of compressed words tells of what they have in common with others (docs/decisions.md)."""
    cast = make_cast()
    where = Rooms(cast.ines, cast.tom).write()
    page = page_of(cast.ines, new_context(), live_server)
    answers: dict[str, str] = {}

    def note(answer: Any) -> None:
        answers[urlsplit(answer.url).path] = answer.headers.get("content-encoding", "")

    page.on("response", note)
    for path in ("/", "/settings/", where):
        page.goto(path)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    composer = page.get_by_label("New card, The good")
    page.keyboard.press("1")
    composer.fill("Half a thought")
    expect(page.locator("#compose-good [data-saved]")).to_have_text("Draft saved")
    composer.press("Enter")
    expect(composer).to_have_value("")
    ours = {path: how for path, how in answers.items() if not path.startswith("/static/")}
    assert {path.split("/")[1] for path in ours} >= {"", "sessions", "live", "settings"}
    assert set(ours.values()) == {""}
    assert "br" in answers.values()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800), (320, 200)])
def test_nothing_that_sticks_covers_the_focus(
    new_context: Callable[..., Any], live_server: LiveServer, width: int, height: int
) -> None:
    cast = make_cast()
    rooms = Rooms(cast.ines, cast.tom)
    page = page_of(cast.ines, new_context(viewport={"width": width, "height": height}), live_server)
    for where in (rooms.table(), rooms.pulse()):
        page.goto(where, wait_until="networkidle")
        assert page.evaluate(COVERED) == []


def test_long_names_and_titles_find_room(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    for person, name in ((cast.ines, f"Bartholomew-Maximilian {LONG_WORD[:30]}"), (cast.tom, LONG_WORD[:55])):
        person.name = name
        person.save()
    rooms = Rooms(cast.ines, cast.tom)
    page = page_of(cast.ines, new_context(), live_server)
    for make in (rooms.write_ready, rooms.table, rooms.pulse_opened, rooms.conclude):
        where = make()
        Prompt.objects.filter(column="good").update(title="What has been going remarkably well between us since summer")
        page.goto(where)
        for width in (320, 390, 900, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (make, width)
            assert page.evaluate(APART) == [], (make, width)


def test_paper_shows_what_both_may_read(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    rooms = Rooms(cast.ines, cast.tom)
    page = page_of(cast.ines, new_context(viewport={"width": 794, "height": 1123}), live_server)
    page.emulate_media(media="print")

    page.goto(rooms.write())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for hidden in ("[data-card]", "textarea", ".tray", ".dock", "button", "nav"):
        expect(page.locator(hidden).locator("visible=true")).to_have_count(0)

    page.goto(rooms.table())
    expect(page.locator("[data-card]").locator("visible=true")).to_have_count(12)
    expect(page.get_by_role("textbox", name="What came up")).to_have_value("He thought stand-up covered it.")
    expect(page.get_by_label("What will you try?")).to_be_hidden()

    page.goto(rooms.pulse())
    expect(page.locator("textarea").locator("visible=true")).to_have_count(0)
    page.goto(rooms.pulse_revealed())
    expect(page.get_by_text("A new boss")).to_be_visible()
    expect(page.locator("#answers").get_by_text("Moving flat").first).to_be_hidden()  # only hers

    session = Session.objects.order_by("started_at").last()
    assert session is not None
    page.goto(f"/sessions/{session.pk}/print/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for hidden in ("button", "nav"):
        expect(page.locator(hidden).locator("visible=true")).to_have_count(0)


# Pushes of a card that are drawn in, and how often htmx looks at a part of a card.
COUNTED = """() => {
  window.counted = {pushes: 0, parts: 0};
  addEventListener("twofold:before-regions", ({ detail }) => (counted.pushes += detail.html.includes("data-card")));
  addEventListener("htmx:beforeCleanupElement", ({ target }) => (counted.parts += Boolean(target.closest(".card"))));
}"""
VERSION = """async () => {
  const answer = await fetch(document.getElementById("pointer").dataset.versionUrl);
  return String((await answer.json()).version);
}"""


def test_a_change_comes_to_the_other_page_without_a_request_of_it(
    new_context: Callable[..., Any], live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream brings it; nor does one's own page ask for what the answer to a press brought, or draw it again."""
    monkeypatch.setattr(hub, "OWN", 0.3)  # when the answer is there
    cast = make_cast()
    where = Rooms(cast.ines, cast.tom).full_board()
    asked: list[str] = []
    pages = []
    for person in (cast.ines, cast.tom):
        page = page_of(person, new_context(), live_server)
        page.goto(where)
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
        page.on("request", lambda request: asked.append(request.method))
        page.evaluate(COUNTED)
        page.get_by_text("Add a card").first.click()
        pages.append(page)
    for number in range(4):
        writer, reader = pages[number % 2], pages[1 - number % 2]
        box = writer.get_by_label("New card").first
        box.fill(f"Sample {number}")
        box.press("Enter")
        for page in (reader, writer):
            expect(page.locator(".card p", has_text=f"Sample {number}")).to_have_count(1)
        expect(reader.locator("#count-good")).to_have_text(re.compile(rf"{15 + number}"))
        expect(box).to_have_value("")
        reader.wait_for_timeout(500)  # what would ask, has asked
    assert set(asked) == {"POST"}
    for page in pages:
        assert page.evaluate("counted") == {"pushes": 2, "parts": 0}
        expect(page.locator("#room-state")).to_have_attribute("data-version-shown", page.evaluate(VERSION))


def test_a_card_that_comes_twice_stands_there_once(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    """A push and the answer to a press may both bring it below the others."""
    cast = make_cast()
    page = page_of(cast.ines, new_context(), live_server)
    page.goto(Rooms(cast.ines, cast.tom).full_board())
    card = page.locator("#cards-good .card")
    digests = card.evaluate_all("cards => cards.map((card) => card.dataset.v)")
    before, first = card.count(), card.first.get_attribute("id")

    def answer(id: str, digest: str, order: list[str], text: str) -> str:
        row = f'<li class="card" id="{id}" data-v="{digest}">{text}</li>'
        return f'<ul id="cards-good" data-v="{text:.>8}" data-order="{"".join(order)}" hx-swap-oob="morph">{row}</ul>'

    for html in (
        answer("card-new", "newcard1", [*digests, "newcard1"], "once"),
        answer("card-new", "newcard2", [*digests, "newcard2"], "again"),
        answer(str(first), "changed1", ["changed1", *digests[1:], "newcard2"], "changed"),
    ):
        page.route("**/below/?*", lambda route, _, html=html: route.fulfill(body=html), times=1)
        page.evaluate("htmx.ajax('GET', '/below/', {swap: 'none', source: '#act'})")
    expect(card).to_have_count(before + 1)
    expect(page.locator("#card-new")).to_have_text("again")
    expect(card.first).to_have_text("changed")
    expect(card.first).to_have_id(str(first))


def test_whoever_opens_a_form_writes_in_it(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    """Without the focus there, the first letters of a sentence would press what they are the keys of."""
    cast = make_cast()
    rooms = Rooms(cast.ines, cast.tom)
    page = page_of(cast.ines, new_context(), live_server)
    for where in (rooms.pulse_revealed(), rooms.where(rooms.at("conclude"), "conclude")):
        page.goto(where)
        for opener in page.query_selector_all("main details:not([open]) > summary.add"):
            opener.focus()
            page.keyboard.press("Enter")
            box = "opener => ['radio', 'textarea'].includes(opener.parentElement.querySelector(':focus')?.type)"
            page.wait_for_function(box, arg=opener)


def test_what_became_of_an_action_is_of_both(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    where = Rooms(cast.ines, cast.tom).look_back()
    hers, his = (page_of(person, new_context(), live_server) for person in (cast.ines, cast.tom))
    for page in (hers, his):
        page.goto(where)
        expect(page.locator("html[data-connection=live]")).to_be_attached()
    forms = [page.locator("form.review").last for page in (hers, his)]
    forms[0].get_by_text("Done").click()
    expect(forms[1].get_by_label("Done")).to_be_checked()
    forms[1].get_by_text("Still going").click()
    expect(forms[0].get_by_label("Still going")).to_be_checked()
    forms[0].locator("textarea").fill("No time before the launch")
    expect(forms[1].locator("textarea")).to_have_value("No time before the launch")
    forms[1].get_by_text("It helped").click()
    expect(forms[0].get_by_label("It helped")).to_be_checked()
    expect(forms[0].locator("textarea")).to_have_value("No time before the launch")


def test_the_focus_goes_with_the_card(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    """Edited, moved, put away and brought back by keyboard alone."""
    cast = make_cast()
    page = page_of(cast.ines, new_context(), live_server)
    page.goto(Rooms(cast.ines, cast.tom).scheduled())
    expect(page.locator("html")).to_have_attribute("data-connection", "live")

    def press(name: str, then: str = "") -> None:
        page.get_by_role("link", name=name).focus()
        enter(page)
        if then:
            page.get_by_role("button", name=then).focus()
            enter(page)

    press("Edit card", "Keep it")
    expect(page.get_by_role("link", name="Edit card")).to_be_focused()
    press("Move card")
    expect(page.locator("[name=prompt]:checked")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Keep it").focus()
    enter(page)
    expect(page.locator("#cards-bad [data-card]")).to_be_focused()
    press("Edit card", "Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    enter(page)
    expect(page.locator("[data-card]")).to_be_focused()


@pytest.mark.parametrize("press", ["Put on the table", "Done talking", "Add action"])
def test_an_answer_leaves_whoever_writes_elsewhere(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched, press: str
) -> None:
    """Pressed, and on in another box before the answer comes: what is typed then stays text, and is no shortcut."""
    cast = make_cast()
    rooms = Rooms(cast.ines, cast.tom)
    page = page_of(cast.ines, new_context(), live_server)
    page.goto(rooms.board() if press == "Put on the table" else rooms.table())
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    watched.expect(422)
    held: list[Route] = []
    page.route(re.compile("/(table|talk|actions)/$"), lambda route: held.append(route))
    page.get_by_role("button", name=press).first.focus()
    enter(page)
    page.locator("#compose-good").locator("xpath=ancestor::details/summary").focus()
    page.keyboard.press("Enter")
    box = page.get_by_label("New card, The good")
    expect(box).to_be_focused()
    page.keyboard.type("Half a wo")
    until_caught(page, held)
    held.pop().continue_()
    shown = {
        "Put on the table": page.locator("#table .quote"),
        "Done talking": page.get_by_text("Nothing lies here yet"),
        "Add action": page.locator("#table [data-at]"),
    }
    expect(shown[press]).to_be_visible()
    page.evaluate(TWO_FRAMES)
    page.keyboard.type("rd, and no shortcut")
    expect(box).to_have_value("Half a word, and no shortcut")


def test_a_wish_to_reopen_is_read_on_a_phone_too(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    where = Rooms(cast.ines, cast.tom).closed()
    page = page_of(cast.ines, new_context(viewport={"width": 390, "height": 800}), live_server)
    page.goto(where)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    Session.objects.get().reopen(by=cast.tom)
    expect(page.locator(".dock").get_by_text("Tom would like to reopen it")).to_be_visible()
    page.reload()
    expect(page.locator(".dock").get_by_text("Tom would like to reopen it")).to_be_visible()


def test_more_time_is_one_button_on_every_screen(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    rooms = Rooms(cast.ines, cast.tom)
    where = rooms.where(session := rooms.at("look_back"), "look_back")
    before = session.steps[0].minutes
    page = page_of(cast.ines, new_context(), live_server)
    for times, width in enumerate((390, 768, 1280), 1):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(where)
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
        if width < 800:
            page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("button", name="5 more minutes").click()  # the only one to be seen
        expect(page.locator(".timer")).to_contain_text(f"{before + 5 * times} min left")
    Step.objects.update(started_at=timezone.now() - timedelta(hours=2))
    page.reload()
    expect(page.locator(".timer")).to_have_text("A bit over, take the time you need")
    for width in (390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(APART) == [], width
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width


def test_discarding_takes_a_second_press(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    """And the menu stays open under it, whatever the other one does meanwhile."""
    cast = make_cast()
    page = page_of(cast.ines, new_context(), live_server)
    rooms = Rooms(cast.ines, cast.tom)
    session = rooms.at("pulse")
    page.goto(rooms.where(session, "pulse"))
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.locator("[popovertarget=more]").click()
    page.get_by_text("Discard this retro").click()
    play.Participant(cast.tom, session.pk).ready(play.PULSE)
    expect(page.locator("#dock").get_by_text("Ready", exact=True)).to_be_visible()
    page.get_by_role("button", name="Discard it").click()
    expect(page).to_have_url(re.compile("/partnerships/"))
    assert Session.objects.get().status == Session.Status.CANCELLED
