"""In the room: what is pressed is large enough, what has the focus is in sight, and nothing moves under a reader."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from itertools import combinations
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from partnerships.models import Agreement, Person
from retros.lifecycle import ending
from retros.models import Action, Entry, Jot, Ready, Session, creation
from tests.browser import BROKEN_WORDS, TWO_FRAMES, Watched, faults
from tests.cast import Cast, page_of
from tests.conftest import LiveServer
from tests.retros import play
from tests.retros.play import Participant
from tests.retros.rooms import Rooms

pytestmark = pytest.mark.one_database

DESK, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
SIDES: tuple[tuple[Literal["x", "y"], Literal["width", "height"]], ...] = (("x", "width"), ("y", "height"))
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def each_on_a_phone(*states: str, desk: tuple[str, ...]) -> pytest.MarkDecorator:
    """The states of the room, each on the small screen; those that are longest also on the large one, the others there
    with --deep.
    """
    sizes = [pytest.param(PHONE, state, id=f"{state}-phone") for state in states]
    for state in states:
        marks = () if state in desk else pytest.mark.deep
        sizes.append(pytest.param(DESK, state, id=f"{state}-desk", marks=marks))
    return pytest.mark.parametrize(("size", "state"), sizes)


FOCUSED = "document.activeElement.outerHTML.slice(0, 120)"
# What has the focus and is behind the dock, as its rectangle and the dock's top; of a long box, where the caret stands.
BEHIND = f"""async () => {{
  await {TWO_FRAMES};
  const element = document.activeElement.closest("main :focus"), dock = document.getElementById("dock");
  const at = element?.getBoundingClientRect(), over = dock.getBoundingClientRect();
  const covered = at?.height && over.height && Math.min(at.bottom, at.top + 200) > over.top;
  return covered ? `${{element.outerHTML.slice(0, 120)}}: ${{at.top}} to ${{at.bottom}}, dock from ${{over.top}}` : "";
}}"""
# The same, whether the focus has come to the dock, and what has it.
AT = f"""async () => [await ({BEHIND})(), Boolean(document.activeElement.closest("#dock")), {FOCUSED}]"""
RECT = """element => {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [left, top, width, height].map(Math.round);
}"""
# Each step of the path: what is pressed there, at the middle of its circle and at its corners.
STEPS = """() => [...document.querySelectorAll(".path li")].map((step) => {
  const { left, right, top, bottom, width, height } = step.getBoundingClientRect();
  const points = [[(left + right) / 2, top + 14], [left + 1, top + 1], [right - 1, bottom - 1]];
  const pressed = points.map(([x, y]) => document.elementFromPoint(x, y)?.closest("a"));
  return { width, height, whole: pressed.every((link) => link && link === step.querySelector("a")) };
})"""


# The path of a retro of so many steps, at one of them, which is called so.
STEP_NOW = """([steps, now, title]) => {
  const path = [...document.querySelectorAll(".path li")];
  for (const step of path.slice(steps)) step.remove();
  path.slice(0, steps).forEach((step, n) => (step.className = n === now ? "now" : ""));
  path[now].querySelector("span").textContent = title;
}"""
# From where to where the name of a step is drawn, and the middle of its circle.
NAME = """(name) => {
  const words = document.createRange(), step = name.closest("li").getBoundingClientRect();
  words.selectNodeContents(name);
  const { left, right } = words.getBoundingClientRect();
  return [left, right, (step.left + step.right) / 2];
}"""


# The next thing to press that was not pressed yet, marked; what it is called without ids, or nothing. Of presses that
# differ in their ids alone (the cards of a board) one is enough. What leads away from the room is only looked at.
NEXT = """pressed => {
  const all = "main :is(button, summary, input, textarea, select), #dock button, #more button, .jump a";
  const away = /(discard|start|start.delete|reopen)\\/$/;
  for (const marked of document.querySelectorAll("[data-next]")) marked.removeAttribute("data-next");
  for (const element of document.querySelectorAll(all)) {
    if (!element.checkVisibility() || element.type === "hidden" || element.disabled) continue;
    const form = element.form?.getAttribute("action") ?? "";
    const path = element.getAttribute("formaction") ?? (element.type === "submit" ? form : "");
    const words = path || element.matches("summary, a") ? "" : element.textContent.trim();
    const called = [element.localName, path, element.name, element.type === "radio" ? element.value : "",
      element.hash ?? "", words, path ? "" : element.closest("form")?.className, element.matches("summary") &&
      element.textContent.replace(/\\s+/g, " ").trim()].join(" ").replace(/[0-9a-f-]{36}|[\\w-]{22}(?=\\/)/g, "~");
    if (pressed.includes(called) || away.test(path)) continue;
    element.dataset.next = "";
    return called;
  }
  return "";
}"""
# What has the focus, and what was opened a moment ago, is seen: nothing that stays on the screen lies over it. What is
# named gets the focus first.
COVERED = """async (pressed) => {
  if (pressed) document.querySelector(pressed).focus();
  const frame = () => new Promise(requestAnimationFrame);
  for (let calm = 0; calm < 3; calm++) {
    await frame();
    if (document.querySelector(".htmx-request")) calm = 0;
  }
  const open = [...document.querySelectorAll("main details[open], dialog[open], [popover]:popover-open")];
  const opened = open.filter((part) => !(window.known ?? []).includes(part));
  window.known = open;
  const has = document.activeElement;
  const looked = has.closest("main, dialog, [popover]") && has.localName !== "main" ? [has] : [];
  for (const part of opened) {
    const first = part.querySelector("summary ~ * :is(input:not([type=hidden]), textarea, button, a, p)");
    if (!part.contains(has)) looked.push(first ?? part);
  }
  const found = [];
  for (const element of looked) {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    if (right - left < 2 || bottom - top < 2) continue; // for a screen reader alone
    const end = Math.min(bottom, top + 60); // of something long: where it begins
    const middle = (left + right) / 2;
    for (const [x, y] of [[left + 1, top + 1], [right - 1, top + 1], [left + 1, end - 1], [middle, end - 1]]) {
      const over = document.elementFromPoint(x, y)?.closest("#dock, .jump, .toast, .topbar, #banner, .acts > div");
      const outside = x < 0 || y < 0 || x > innerWidth || y > innerHeight;
      if (outside || (over && !over.contains(element)))
        found.push(`${element.outerHTML.slice(0, 90)} at ${x}, ${y} under ${over?.outerHTML.slice(0, 60)}`);
    }
  }
  return found;
}"""


@pytest.fixture
def rooms(people: Cast) -> Rooms:
    return Rooms(people.ines, people.tom)


@pytest.fixture
def open_page(new_context: Callable[..., Any], live_server: LiveServer, people: Cast) -> Callable[..., Page]:
    """Ines, at a room of this size."""

    def opened(where: str, size: dict[str, int]) -> Page:
        page = page_of(people.ines, new_context(viewport=size), live_server)
        page.goto(where)
        expect(page.locator("html")).to_have_attribute("data-connection", "live")
        return page

    return opened


def check_in_sight(page: Page) -> None:
    assert page.evaluate(BEHIND) == ""


# --- the path ---------------------------------------------------------------------------------------------------------


@SIZES
def test_the_whole_step_of_the_path_is_pressed(
    open_page: Callable[..., Page], rooms: Rooms, size: dict[str, int]
) -> None:
    page = open_page(rooms.write(), size)
    steps = page.evaluate(STEPS)
    assert len(steps) == 5
    for step in steps:
        assert step["width"] >= 44, steps
        assert step["height"] >= 44, steps
        assert step["whole"], steps
    at = page.locator(".path li").nth(1).bounding_box()
    assert at is not None
    page.mouse.click(at["x"] + at["width"] / 2, at["y"] + 14)
    expect(page.get_by_role("heading", level=1)).to_have_text("Here’s how you both are")


@pytest.mark.parametrize("title", ["Now", "What we learned about working across two time zones", "Rechtsschutz" * 4])
def test_the_name_of_the_step_is_read_whole_on_a_phone(
    open_page: Callable[..., Page], rooms: Rooms, title: str
) -> None:
    """Long or not, whichever step it is of however many."""
    page = open_page(rooms.board(), {"width": 320, "height": 720})
    for steps in (5, 3, 2, 1):
        for now in range(steps):
            page.evaluate(STEP_NOW, [steps, now, title])
            left, right, step = page.locator("#path .now span").evaluate(NAME)
            assert 0 <= left < right <= page.locator("#path").evaluate("path => path.getBoundingClientRect().right")
            assert left <= step <= right
        assert page.evaluate("document.documentElement.scrollWidth") == 320


# --- in sight ---------------------------------------------------------------------------------------------------------


@SIZES
def test_the_next_box_is_above_the_dock(open_page: Callable[..., Page], rooms: Rooms, size: dict[str, int]) -> None:
    page = open_page(rooms.write_first(), size)
    for column in ("good", "bad", "talk"):
        page.locator(f"#add-{column} > summary").click()
        box = page.locator(f"#text-{column}")
        expect(box).to_be_focused()
        for number in range(6):
            check_in_sight(page)
            page.keyboard.type(f"Card {number} of {column}")
            page.keyboard.press("Enter")
            expect(page.locator(f"#cards-{column} .card")).to_have_count(number + 1)
            expect(box).to_be_focused()
            check_in_sight(page)
        button = page.locator(f"#compose-{column} button.primary")
        top_of_dock = page.locator("#dock").bounding_box()
        at = button.bounding_box()
        assert top_of_dock is not None
        assert at is not None
        assert at["y"] + at["height"] <= top_of_dock["y"]  # with the button that folds it


@each_on_a_phone("look_back", "pulse", "write", "table", "conclude", "close", "close_revealed", desk=("write", "table"))
def test_everything_that_gets_the_focus_is_above_the_dock(
    open_page: Callable[..., Page], rooms: Rooms, size: dict[str, int], state: str
) -> None:
    """By Tab through the whole step, and by opening everything that can be opened."""
    page = open_page(getattr(rooms, state)(), size)
    for summary in page.locator("main summary").all():
        if summary.is_visible():
            summary.click()
            check_in_sight(page)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    page.locator(".skip").focus()  # a step that comes has the focus on its heading
    seen = set()
    for _tab in range(200):
        page.keyboard.press("Tab")
        behind, in_dock, focused = page.evaluate(AT)
        assert behind == ""
        if in_dock:
            break
        seen.add(focused)
    else:
        raise AssertionError("The dock is out of the keyboard's reach.")
    assert len(seen) > 3


@each_on_a_phone(
    "scheduled", "look_back", "pulse", "pulse_revealed", "write_first", "write", "table", "conclude", "close",
    "close_revealed", "closed", desk=("write", "table"),
)  # fmt: skip
def test_nothing_lies_over_what_is_pressed_or_opened_by_it(
    open_page: Callable[..., Page], rooms: Rooms, size: dict[str, int], state: str, watched: Watched
) -> None:
    """Every press that there is on every step, one after the other, as a hand would; also what those bring."""
    watched.expect(409, 422)  # a form is sent as it is: what it lacks is said in it
    page = open_page(getattr(rooms, state)(), size)
    room = page.url.split("/steps/")[0]
    page.evaluate(COVERED)  # what stands open from the start
    pressed: list[str] = []
    while called := page.evaluate(NEXT, pressed):
        pressed.append(called)
        assert len(pressed) < 90, pressed
        element = page.locator("[data-next]")
        element.scroll_into_view_if_needed()
        assert page.evaluate(COVERED, "[data-next]") == [], f"focus on {called}"
        element.click()
        if page.evaluate("document.activeElement.matches('form[data-composer] textarea')"):
            page.keyboard.type("So be it")
            page.keyboard.press("Enter")
        assert page.evaluate(COVERED) == [], f"after {called}"
        assert page.url.startswith(room), called
    assert len(pressed) >= 4, pressed


# Two cards come in at once, at the end of the first list, each by a push of its own.
TWO_PUSHES = """() => {
  const list = document.querySelector("#cards-good");
  for (const [version, digest] of [[1e6, "first001"], [1e6 + 1, "second02"]]) {
    const row = list.lastElementChild.cloneNode(true);
    Object.assign(row, {id: `card-${digest}`, innerHTML: `<p>${digest}</p>`}).dataset.v = digest;
    const comes = list.cloneNode();
    comes.setAttribute("hx-swap-oob", "morph");
    comes.dataset.order = [...list.children, row].map((each) => each.dataset.v).join("");
    comes.dataset.v = `l${digest.slice(1)}`;
    comes.append(row);
    const detail = {version, shown: comes.dataset.v, html: comes.outerHTML};
    dispatchEvent(new CustomEvent("twofold:regions", {detail}));
  }
}"""


def test_what_comes_in_touches_no_other_card_and_does_not_move_the_box(
    open_page: Callable[..., Page], rooms: Rooms
) -> None:
    page = open_page(rooms.board(), DESK)
    page.get_by_text("Add a card").first.click()
    box = page.locator("#compose-good textarea")
    expect(box).to_be_focused()
    cards = page.locator("#cards-good > .card")
    count = cards.count()
    cards.first.evaluate("card => { card.dataset.marked = 'by hand'; window.kept = card; }")
    page.evaluate(TWO_FRAMES)
    stood = box.evaluate("box => box.getBoundingClientRect().top")
    page.evaluate(TWO_PUSHES)
    expect(cards).to_have_count(count + 2)
    page.evaluate(TWO_FRAMES)
    assert cards.first.evaluate("card => card === window.kept && card.dataset.marked") == "by hand"
    assert cards.nth(count).text_content() == "first001"
    assert abs(box.evaluate("box => box.getBoundingClientRect().top") - stood) < 1
    assert page.evaluate("scrollY") > 0


# --- the focus --------------------------------------------------------------------------------------------------------


def test_what_the_page_has_open_from_the_start_moves_nothing(open_page: Callable[..., Page], rooms: Rooms) -> None:
    """Its event may come before or after the scripts: here, after all of them."""
    where = rooms.conclude_first()  # the one thing to try is asked for
    page = open_page(where, PHONE)
    page.add_init_script(
        "addEventListener('toggle', (early) => early.isTrusted && early.stopImmediatePropagation(), true)"
    )
    page.goto(where)
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    late = "details => details.dispatchEvent(new Event('toggle'))"
    for opened in page.locator("main details[open]").all():
        opened.evaluate(late)
    page.evaluate(TWO_FRAMES)
    assert page.locator("main details[open]").count() > 0
    assert page.evaluate("scrollY") == 0


def test_after_a_step_the_focus_is_on_its_heading(open_page: Callable[..., Page], rooms: Rooms) -> None:
    session = rooms.at("look_back")
    page = open_page(f"/sessions/{session.pk}/", DESK)
    assert page.evaluate("document.activeElement === document.body")  # who comes from elsewhere begins at the top
    play.step_of(session, "look_back").ready_for_next(by=rooms.b)
    page.get_by_role("button", name="Ready for Pulse check").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("How are you, really?")
    expect(heading).to_be_focused()
    page.locator(".path a", has_text="Last time").click()
    expect(heading).not_to_have_text("How are you, really?")
    expect(heading).to_be_focused()


@SIZES
def test_what_is_put_on_the_table_gets_the_focus(
    open_page: Callable[..., Page], rooms: Rooms, size: dict[str, int]
) -> None:
    page = open_page(rooms.board(), size)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("o")
    title = page.locator("#table-title")
    expect(page.locator("#table .quote")).to_be_visible()
    expect(title).to_be_focused()
    expect(title).to_be_in_viewport()
    check_in_sight(page)
    text = page.locator("#table .quote").inner_text()
    page.get_by_role("button", name="Done talking").click()
    expect(page.locator("#table .quote")).to_have_count(0)
    expect(page.locator(".card.spoken", has_text=text)).to_be_focused()  # its button is gone
    check_in_sight(page)


@SIZES
def test_done_talking_leads_to_what_was_not_added_then_to_the_next_card(
    open_page: Callable[..., Page], rooms: Rooms, size: dict[str, int]
) -> None:
    page = open_page(rooms.table(), size)
    page.get_by_label("What will you try?").fill("Say it in the channel")
    page.get_by_role("button", name="Done talking").click()
    asked = page.locator("#not-added summary")
    expect(asked).to_have_text("You typed an action and did not add it")
    expect(page.locator("#not-added")).to_contain_text("Say it in the channel")
    expect(asked).to_be_focused()
    check_in_sight(page)
    page.locator("#not-added label", has_text="Both").click()
    page.get_by_role("button", name="Add action").click()
    expect(page.locator(".toast", has_text="Action added for both of you: Say it in the channel")).to_be_visible()
    expect(page.locator("#not-added summary")).to_have_count(0)
    expect(page.locator("section", has=page.locator("#came-up"))).to_contain_text("Say it in the channel")
    check_in_sight(page)
    put = page.locator("section", has=page.locator("#next-up")).get_by_role("button").first
    put.click()
    expect(page.locator("#table-title")).to_be_focused()
    page.get_by_role("button", name="Done talking").click()
    expect(page.locator("section", has=page.locator("#next-up")).get_by_role("button").first).to_be_focused()
    check_in_sight(page)
    page.locator(".toast", has_text="Say it in the channel").get_by_role("button", name="Undo").click()
    expect(page.locator("section", has=page.locator("#came-up"))).not_to_contain_text("Say it in the channel")


def add_an_action(page: Page) -> None:
    """The next one can be typed at once."""
    page.locator("summary", has_text="Add an action").click()
    text = page.locator("#action-text")
    text.fill("Book the sketch hour")
    form = page.locator("form", has=text)
    form.locator("input[name=owner]").first.check(force=True)
    form.get_by_role("button", name="Add action").click()
    expect(page.locator("#actions")).to_contain_text("Book the sketch hour")
    expect(text).to_be_focused()


@SIZES
def test_after_adding_the_focus_is_in_the_next_box_or_on_what_was_added(
    open_page: Callable[..., Page], rooms: Rooms, people: Cast, size: dict[str, int]
) -> None:
    page = open_page(rooms.conclude_first(), size)
    page.locator("summary", has_text="Add a learning").click()
    box = page.locator("#learn-text")
    box.fill("Silence reads as a decision")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#learnings")).to_contain_text("Silence reads as a decision")
    expect(box).to_be_focused()
    check_in_sight(page)

    tried = page.locator("#try-text")
    tried.fill("two weeks without the review")
    form = page.locator("form", has=tried)
    form.locator("input[name=owner]").first.check(force=True)
    form.get_by_role("button", name="Try it").click()
    expect(page.locator("#experiments > *").last).to_contain_text("two weeks without the review")
    expect(page.locator("#experiments > *").last).to_be_focused()
    expect(form).to_be_hidden()
    expect(page.locator("summary", has_text="Try another thing")).to_be_visible()
    check_in_sight(page)

    page.mouse.move(0, 0)  # a toast leaves when nothing points at it
    expect(page.locator(".toast")).to_have_count(0, timeout=15_000)
    add_an_action(page)
    check_in_sight(page)
    assert Action.objects.visible_to(people.ines).count() == 2


def test_the_focus_goes_on_where_a_frame_is_late(open_page: Callable[..., Page], rooms: Rooms) -> None:
    """On a slow machine the next frame comes after htmx has settled what it swapped in (20 ms)."""
    page = open_page(rooms.conclude_first(), DESK)
    page.evaluate("() => { window.requestAnimationFrame = (draw) => setTimeout(draw, 100); }")
    add_an_action(page)


def test_a_focus_whose_button_another_takes_away_goes_to_the_nearest_heading(
    open_page: Callable[..., Page], rooms: Rooms
) -> None:
    page = open_page(rooms.table(), DESK)
    parked = page.locator("section", has=page.locator("#parked")).get_by_role("button")
    parked.focus()
    card = Entry.objects.visible_to(rooms.b).get(talk=Entry.Talk.PARKED)
    card.put_on_table(by=rooms.b)
    expect(page.locator("#parked")).to_have_count(0)
    page.evaluate(TWO_FRAMES)
    assert page.evaluate("document.activeElement.matches('h1, h2, h3')"), page.evaluate(FOCUSED)


def test_what_was_jotted_down_is_read_on_a_phone(open_page: Callable[..., Page], rooms: Rooms) -> None:
    where = rooms.write()
    words = "Who tells the engineers when we change our minds?"
    Jot.keep(Session.objects.get().partnership, by=rooms.a, text=words, id=uuid.uuid4())
    page = open_page(where, PHONE)
    expect(page.locator("#jots + ul")).to_contain_text(words)
    assert faults(page) == []


# --- what lies behind, what is closed ---------------------------------------------------------------------------------


def test_a_step_that_lies_behind_shows_what_was(open_page: Callable[..., Page], rooms: Rooms) -> None:
    page = open_page(rooms.looking_back(), DESK)
    dock = page.locator("#dock")
    expect(dock.get_by_role("link", name="To Conclusions")).to_be_visible()
    expect(dock.locator(".ready")).to_have_count(0)
    for words in ("Ready", "alone", "is ready"):
        expect(dock).not_to_contain_text(words)


def test_a_closed_sitting_is_no_retro(open_page: Callable[..., Page], people: Cast) -> None:
    contract = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Relaunch")
    session = creation.begin(contract, by=people.ines)
    page = open_page(f"/sessions/{session.pk}/", DESK)
    page.get_by_role("button", name="More").click()
    expect(page.locator("#more")).to_contain_text("Discard this sitting")
    expect(page.locator("#more")).not_to_contain_text("retro")
    page.goto("about:blank")
    for hand in (Participant(people.ines, session.pk), Participant(people.tom, session.pk)):
        hand.ready(0)
    for position in range(len(session.steps)):
        for person in (people.ines, people.tom):
            Session.objects.get(pk=session.pk).steps[position].ready_for_next(by=person)
    page.goto(f"/sessions/{session.pk}/")
    expect(page.locator("#banner")).to_have_text("This sitting is closed. You can both read what was opened.")


def test_a_closed_retro_offers_print_and_a_lead(open_page: Callable[..., Page], rooms: Rooms, people: Cast) -> None:
    where = rooms.closed()
    Session.objects.get().partnership.assign_lead(people.sara, by=people.ada)
    page = open_page(where, DESK)
    main = page.get_by_role("main")
    main.get_by_role("link", name="Show something to Sara").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sara")
    page.go_back()
    mail = urlsplit(main.get_by_role("link", name="Mail to both").get_attribute("href") or "")
    assert (mail.scheme, mail.path) == ("mailto", f"{people.ines.email},{people.tom.email}")
    words = dict(parse_qsl(mail.query))
    assert words["subject"].startswith("Retro 1, ")
    printed = urlsplit(words["body"]).path  # the link, and not a word of what they wrote
    assert words["body"].endswith(printed)
    main.get_by_role("link", name="Print").click()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    assert urlsplit(page.url).path == printed


def test_a_retro_that_is_open_or_whose_pair_has_ended_offers_no_mail(
    open_page: Callable[..., Page], rooms: Rooms, people: Cast
) -> None:
    page = open_page(rooms.close_revealed(), DESK)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.get_by_role("link", name="Mail to both").count() == 0
    page.goto(rooms.closed())
    assert page.get_by_role("link", name="Mail to both").count() == 1
    ending.end(Session.objects.get(status="held").partnership, by=people.tom)
    page.reload()
    assert page.get_by_role("link", name="Mail to both").count() == 0


def test_an_open_retro_is_discarded_until_something_was_opened(open_page: Callable[..., Page], rooms: Rooms) -> None:
    session = rooms.at("pulse")
    page = open_page(rooms.where(session, "pulse"), PHONE)
    page.get_by_role("button", name="More").click()
    page.locator("#more summary", has_text="Discard this retro").click()
    page.get_by_role("button", name="Discard it").click()
    page.wait_for_url("**/partnerships/**")
    assert Session.objects.get(pk=session.pk).status == Session.Status.CANCELLED


def test_a_retro_in_which_something_was_opened_stays(open_page: Callable[..., Page], rooms: Rooms) -> None:
    page = open_page(rooms.board(), PHONE)
    page.get_by_role("button", name="More").click()
    expect(page.locator("#more")).to_contain_text("Pause")
    expect(page.locator("#more")).not_to_contain_text("Discard")


# --- nothing moves ----------------------------------------------------------------------------------------------------


@SIZES
def test_no_card_grows_by_what_happens_to_it(
    open_page: Callable[..., Page], rooms: Rooms, size: dict[str, int]
) -> None:
    Person.objects.filter(pk=rooms.a.pk).update(name="Daniel Moreau")
    page = open_page(rooms.board(), size)
    session = Session.objects.get()
    rows = Entry.objects.visible_to(rooms.a).filter(step__session=session)
    own, other = (next(row for row in rows if row.author_id == who.pk) for who in (rooms.a, rooms.b))

    def state(entry: Entry) -> Locator:
        return page.locator(f"#card-{entry.mark} footer > :is(.btn, .state)")

    for entry in (own, other):
        card = page.locator(f"#card-{entry.mark}")
        stood = card.evaluate(RECT)[2:], state(entry).evaluate(RECT)[2]
        assert stood[0][1] > 0
        lines = page.locator(f"#card-{entry.mark} footer").evaluate(RECT)[3]
        assert lines <= 34  # one line
        name = page.locator(f"#card-{entry.mark} footer > b")
        assert name.evaluate("name => name.scrollWidth <= name.clientWidth"), name.inner_text()
        for words, change in (
            (rooms.b.first_name, lambda e: e.pick(by=rooms.b)),
            ("Both", lambda e: e.pick(by=rooms.a)),
            ("On the table", lambda e: e.put_on_table(by=rooms.a)),
            ("Talked about", lambda e: e.set_talk("talked", by=rooms.a)),
            ("Parked", lambda e: e.set_talk("parked", by=rooms.a)),
        ):
            change(Entry.objects.visible_to(rooms.a).get(pk=entry.pk))
            expect(state(entry)).to_contain_text(words)
            if words == "Talked about" and size == PHONE:
                assert card.evaluate(RECT)[3] < stood[0][1]  # it folds to a line, and opens where it is touched
                card.evaluate("card => card.focus()")
            assert (card.evaluate(RECT)[2:], state(entry).evaluate(RECT)[2]) == stood, words
            assert state(entry).evaluate("part => part.scrollWidth <= part.clientWidth"), words


# --- a phone, many cards ----------------------------------------------------------------------------------------------

LINES = """card => {
  const text = card.querySelector("p"), { height } = card.getBoundingClientRect();
  return [height, parseFloat(getComputedStyle(text).lineHeight), text.getBoundingClientRect().height];
}"""


def test_on_a_phone_with_25_cards_one_gets_around(open_page: Callable[..., Page], rooms: Rooms) -> None:
    page = open_page(rooms.full_board(25), PHONE)
    bar = page.locator(".jump")
    here = bar.locator("[aria-current]")
    table = page.locator("#table")

    def goes_to(name: str) -> None:
        bar.get_by_role("link", name=name).click()
        expect(here).to_have_text(re.compile(name))
        expect(here).to_have_count(1)
        expect(here).to_be_in_viewport(ratio=0.9)

    for name in ("The discussion", "The bad", "The good"):
        goes_to(name)
    picked = [page.locator("#cards-good .card").nth(n) for n in (1, 2)]
    for card in picked:
        card.get_by_role("button", name="Pick").click()
        expect(card.get_by_role("button", name="Picked")).to_be_visible()
    expect(here).to_have_text(re.compile("The good"))  # also after the answer
    picked[0].get_by_role("button", name="Put on the table").click()
    expect(page.locator("#table-title")).to_be_focused()
    expect(page.locator("#table .quote")).to_be_in_viewport()
    expect(here).to_have_text("On the table")
    goes_to("The bad")
    goes_to("On the table")
    expect(table.locator(".quote")).to_be_in_viewport()
    goes_to("The bad")
    page.locator("h1").scroll_into_view_if_needed()
    page.keyboard.press("Shift")  # whoever moves on by keys is no longer where they pressed
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(here).to_have_text("The discussion")
    page.evaluate("scrollTo(0, 0)")
    expect(here).to_have_text("On the table")
    goes_to("On the table")

    text = table.locator(".quote").inner_text()
    table.get_by_role("button", name="Done talking").click()
    expect(page.locator("section", has=page.locator("#next-up")).get_by_role("button")).to_be_focused()
    spoken = page.locator(".card.spoken")
    expect(spoken).to_have_count(1)
    height, line, shown = spoken.evaluate(LINES)
    assert shown <= line + 1  # of a text of two lines, one
    assert height < 2.2 * line + 20
    spoken.locator("p").click()
    assert spoken.evaluate(LINES)[2] > line + 1
    expect(spoken).to_contain_text(text)
    page.locator("h1").click()
    assert spoken.evaluate(LINES)[2] <= line + 1
    spoken.get_by_role("button", name="Put on the table").focus()  # the keyboard finds its buttons, and opens it
    assert spoken.evaluate(LINES)[2] > line + 1
    check_in_sight(page)


@SIZES
@pytest.mark.parametrize("state", ["write", "board", "conclude"])
def test_the_dock_keeps_its_places_when_one_gets_ready(
    open_page: Callable[..., Page], rooms: Rooms, size: dict[str, int], state: str
) -> None:
    page = open_page(getattr(rooms, state)(), size)
    parts = page.locator("#dock, #dock .timer, #dock .av, #dock button:visible")

    def places() -> list[Any]:
        return [part.evaluate(RECT) for part in parts.all()]

    stood = places()
    assert len(stood) >= 6
    ready = page.locator("#ready")
    page.evaluate("document.fonts.ready")
    ready.click()
    expect(ready).to_have_attribute("aria-pressed", "true")
    expect(ready).to_be_focused()
    if size == DESK:
        expect(page.locator("#dock .said")).to_contain_text("alone in 5 minutes")
    assert places() == stood
    ready.click()
    expect(ready).to_have_attribute("aria-pressed", "false")
    assert places() == stood


def test_more_time_is_a_button_and_going_on_alone_is_said(open_page: Callable[..., Page], rooms: Rooms) -> None:
    where = rooms.write_ready()
    Ready.objects.update(at=timezone.now() - timedelta(minutes=1))
    page = open_page(where, DESK)
    border = "part => getComputedStyle(part).borderTopColor + getComputedStyle(part).borderTopWidth"
    more = page.locator("#dock").get_by_role("button", name="5 more minutes")
    said = page.locator("#dock .said", has_text="You can go on alone in")
    assert "1px" in more.evaluate(border)
    assert "rgba(0, 0, 0, 0)" not in more.evaluate(border)
    assert "0px" in said.evaluate(border)
    clock, at = page.locator("#dock .timer").bounding_box(), more.bounding_box()
    assert clock is not None
    assert at is not None
    assert 0 <= at["x"] - clock["x"] - clock["width"] <= 24  # it stands at the clock


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_shines_through_the_dock(open_page: Callable[..., Page], rooms: Rooms, scheme: Any) -> None:
    page = open_page(rooms.full_board(), PHONE)
    page.emulate_media(color_scheme=scheme)
    colour = page.locator("#dock").evaluate("dock => getComputedStyle(dock).backgroundColor")
    assert "/" not in colour
    assert "rgba" not in colour


# --- text of twice the size -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "text"), [(1280, "100%"), (900, "200%"), (390, "100%")])
def test_no_word_of_the_path_is_broken(open_page: Callable[..., Page], rooms: Rooms, width: int, text: str) -> None:
    page = open_page(rooms.board(), {"width": width, "height": 720})
    page.evaluate("size => (document.documentElement.style.fontSize = size)", text)
    page.evaluate(TWO_FRAMES)
    assert page.evaluate(BROKEN_WORDS) == []
    shown = page.locator("#path a").evaluate_all("steps => steps.map((step) => getComputedStyle(step).fontSize)")
    assert (shown.count("0px") == 0) == (width == 1280)  # on a narrow bar the one that one is at


def test_no_word_of_the_dock_is_broken_on_a_phone(open_page: Callable[..., Page], rooms: Rooms) -> None:
    page = open_page(rooms.write_ready(), PHONE)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    expect(page.locator("html")).to_have_attribute("data-low", "")
    page.evaluate(TWO_FRAMES)
    assert page.evaluate(BROKEN_WORDS) == []
    parts = page.locator("#dock :is(.presence li, .timer, button)")
    boxes = [box for part in parts.all() if (box := part.bounding_box())]
    assert len(boxes) > 4
    assert [
        (one, other)
        for one, other in combinations(boxes, 2)
        if all(one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in SIDES)
    ] == []
