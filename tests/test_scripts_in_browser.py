"""What the scripts promise, in Chromium under the real policy: no typed word is lost, or goes where it should not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from partnerships.models import Person
from retros.models import Draft, Entry, Pick, Session
from tests.browser import MAX_SCRIPT, Watched, set_offline, violations
from tests.cast import Cast, sign_in
from tests.conftest import LiveServer
from tests.factories import PASSWORD
from tests.retros import play
from tests.retros.play import Participant
from tests.retros.room.side import LOOK, composer

pytestmark = pytest.mark.one_database

COPIES = "Object.keys(localStorage).length"
# Of a first visit, bytes compressed: a page of somebody who is signed in.
MAX_SCRIPT_OF_A_PAGE = 21_600
MAX_STYLE = 10_850


@pytest.fixture
def room(people: Cast) -> str:
    """The address of the step where the two write alone."""
    session = play.start(people.checkout)
    step = next(step for step in session.steps if step.kind == "write")
    return f"/sessions/{session.pk}/steps/{step.position}/"


@pytest.fixture
def ines(people: Cast, context: Any, live_server: LiveServer) -> Page:
    sign_in(context, people.ines, live_server.url)
    page: Page = context.new_page()
    return page


def saved(page: Page, column: str = "good") -> Any:
    return page.locator(f"#compose-{column} [data-saved]")


def sign_in_instead(context: Any, person: Person) -> None:
    """In a page of the same browser: whoever was signed in signs out, and this one in."""
    page = context.new_page()
    page.goto("/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.get_by_label("Work email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("partnerships"))


# --- Nothing typed is lost ----------------------------------------------------------------------


def test_a_pause_saves_and_a_reload_brings_it_back(ines: Page, room: str) -> None:
    ines.goto(room)
    ines.keyboard.press("1")
    expect(composer(ines)).to_be_focused()
    ines.keyboard.type("Half a thought")
    expect(saved(ines)).to_have_text("Draft saved")
    assert ines.evaluate(COPIES) == 0
    ines.reload()
    expect(composer(ines)).to_have_value("Half a thought")


def test_folding_empties_the_box_and_leaves_no_trace_of_the_draft(ines: Page, room: str, people: Cast) -> None:
    ines.goto(room)
    box = composer(ines)
    box.fill("You pulled me in")
    expect(saved(ines)).to_have_text("Draft saved")
    first = ines.locator("#compose-good [name=client_id]").input_value()
    box.press("Shift+Enter")
    ines.keyboard.type("and it helped")
    box.press("Enter")
    expect(box).to_have_value("")
    expect(box).to_be_focused()
    expect(saved(ines)).to_have_text("")
    assert ines.locator("#compose-good [name=client_id]").input_value() != first
    ines.wait_for_timeout(1_000)  # long enough for a late save to do harm
    assert not Draft.objects.filter(person=people.ines).exclude(text="").exists()
    assert ines.evaluate(COPIES) == 0
    assert [entry.text for entry in Entry.objects.visible_to(people.ines)] == ["You pulled me in\nand it helped"]


def test_what_is_typed_without_a_network_is_kept_and_sent_later(
    ines: Page, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    ines.goto(room)
    box = composer(ines)
    box.fill("Before")
    expect(saved(ines)).to_have_text("Draft saved")
    set_offline(ines, True)
    box.fill("Before and after")
    expect(saved(ines)).to_have_text("Not saved yet, trying again")
    expect(ines.locator("[data-offline-notice]")).to_be_visible()
    assert "Before and after" in ines.evaluate("JSON.stringify(localStorage)")
    set_offline(ines, False)
    expect(saved(ines)).to_have_text("Draft saved")
    expect(ines.locator("[data-offline-notice]")).to_be_hidden()
    assert Draft.objects.get(person=people.ines).text == "Before and after"


# What a browser answers that keeps nothing: by its settings, within another program, or because no room is left.
FORBIDDEN = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("No", "SecurityError"); } });"""
FULL = """for (const name of ["localStorage", "sessionStorage"]) {
  const full = new Proxy({}, { set() { throw new DOMException("No", "QuotaExceededError"); } });
  Object.defineProperty(window, name, { get: () => full });
}"""


@pytest.mark.parametrize("store", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_a_browser_that_keeps_nothing_stops_nobody(ines: Page, room: str, people: Cast, store: str) -> None:
    ines.add_init_script(store)
    ines.goto(room)
    box = composer(ines)
    box.fill("You pulled me in")
    box.press("Enter")
    expect(box).to_have_value("")
    assert [entry.text for entry in Entry.objects.visible_to(people.ines)] == ["You pulled me in"]
    ines.goto("/")
    ines.get_by_role("button", name="Account: ").click()
    ines.get_by_role("button", name="Sign out").click()
    ines.wait_for_url(re.compile("/account/"))


def test_a_killed_browser_finds_its_text_again(ines: Page, context: Any, room: str, watched: Watched) -> None:
    watched.expect_lost()
    ines.goto(room)
    ines.route("**/drafts/**", lambda route: route.abort())
    composer(ines).type("Nobody else has this")
    ines.close()  # the page goes without a word of the server
    again = context.new_page()
    again.goto(room)
    expect(composer(again)).to_have_value("Nobody else has this")
    expect(saved(again)).to_have_text("Draft saved")
    assert again.evaluate(COPIES) == 0


WAITS = "Waiting for the network"
WAITING = "JSON.parse(sessionStorage.waiting)[1]"


def test_a_fold_without_a_network_is_carried_out_when_it_is_back(
    ines: Page, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    ines.goto(room)
    box = composer(ines)
    box.fill("It will come")
    set_offline(ines, True)
    box.press("Enter")
    expect(ines.locator("#compose-good [data-notice]")).to_contain_text(WAITS)
    expect(box).to_have_value("It will come")
    box.press("Enter")  # impatient
    set_offline(ines, False)
    expect(ines.locator("#cards-good .card")).to_have_count(1)
    expect(box).to_have_value("")
    expect(ines.locator("#compose-good [data-notice]")).to_be_empty()
    assert Entry.objects.visible_to(people.ines).count() == 1


def test_what_is_typed_while_a_press_waits_stays_in_its_box(
    ines: Page, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    ines.goto(room)
    box = composer(ines)
    box.fill("As it was pressed")
    set_offline(ines, True)
    box.press("Enter")
    expect(ines.locator("#compose-good [data-notice]")).to_contain_text(WAITS)
    box.fill("The next thought")
    held: list[Any] = []
    folded: list[bool] = []
    ines.route("**/drafts/**", lambda route: route.continue_() if folded else held.append(route))
    set_offline(ines, False)
    expect(ines.locator("#cards-good .card")).to_have_text(re.compile("As it was pressed"))
    expect(box).to_have_value("The next thought")
    folded.append(True)
    for save in held:  # the press was faster: it has taken the text that these belong to
        save.continue_()
    expect(saved(ines)).to_have_text("Draft saved")
    assert Draft.objects.get(person=people.ines).text == "The next thought"


def test_presses_on_cards_wait_at_the_card_and_go_out_in_their_order(
    ines: Page, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    session = Session.objects.get(pk=room.split("/sessions/")[1].split("/")[0])
    cards = [Participant(person, session.pk).fold(person.first_name) for person in (people.ines, people.tom)]
    play.reveal(session, "write")
    ines.goto(room)
    expect(ines.locator("html")).to_have_attribute("data-connection", "live")
    set_offline(ines, True)
    places = [ines.locator(f"#card-{card.mark}") for card in cards]
    for place in places:
        place.get_by_role("button", name="Pick").click()
        expect(place).to_contain_text(WAITS)
    places[0].get_by_role("button", name="Put on the table").click()
    set_offline(ines, False)
    expect(ines.locator("#table .quote")).to_have_text(people.ines.first_name)
    expect(places[1].get_by_role("button", name="Picked")).to_be_visible()
    expect(ines.locator("main")).not_to_contain_text(WAITS)
    assert Pick.objects.filter(person=people.ines, entry__in=cards).count() == 2


def test_a_press_that_is_refused_when_the_network_is_back_says_so_and_waits_no_more(
    ines: Page, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    watched.expect(409)
    session = Session.objects.get(pk=room.split("/sessions/")[1].split("/")[0])
    card = Participant(people.ines, session.pk).fold("Mine")
    play.reveal(session, "write")
    ines.goto(room)
    expect(ines.locator("html")).to_have_attribute("data-connection", "live")
    set_offline(ines, True)
    place = ines.locator(f"#card-{card.mark}")
    place.get_by_role("button", name="Pick").click()
    expect(place).to_contain_text(WAITS)
    Session.objects.filter(pk=session.pk).update(status=Session.Status.HELD)
    set_offline(ines, False)
    expect(ines.locator("#act-good > [data-notice]")).to_contain_text("This session is closed.")
    expect(place).not_to_contain_text(WAITS)
    ines.evaluate("document.getElementById('pointer').point()")  # the step comes anew, as a closed one
    expect(place.get_by_role("button", name="Pick")).to_have_count(0)
    expect(ines.locator("#act-good > [data-notice]")).to_contain_text("This session is closed.")
    assert not Pick.objects.exists()


def test_a_press_that_waits_survives_a_reload_and_happens_once(
    ines: Page, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    watched.expect(409)
    session = Session.objects.get(pk=room.split("/sessions/")[1].split("/")[0])
    ines.goto(room)
    ines.route("**/entries/**", lambda route: route.abort())
    box = composer(ines)
    box.fill("It will come")
    box.press("Enter")
    expect(ines.locator("#compose-good [data-notice]")).to_contain_text(WAITS)
    expect(saved(ines)).to_have_text("Draft saved")
    ines.reload()
    expect(ines.locator("#compose-good [data-notice]")).to_contain_text(WAITS)  # it was made again, and was lost again
    expect(box).to_have_value("It will come")
    box.press("Enter")  # impatient: the same press
    ines.unroute("**/entries/**")
    ines.reload()
    expect(ines.locator("#cards-good .card")).to_have_count(1)
    expect(box).to_have_value("")
    assert ines.evaluate(WAITING) == []
    card = Entry.objects.visible_to(people.ines).get()
    # what has become wrong meanwhile is refused, and is over
    play.reveal(session, "write")
    ines.goto(room)
    ines.route("**/pick/", lambda route: route.abort())
    ines.locator(f"#card-{card.mark}").get_by_role("button", name="Pick").click()
    expect(ines.locator(f"#card-{card.mark}")).to_contain_text(WAITS)
    Session.objects.filter(pk=session.pk).update(status=Session.Status.HELD)
    ines.unroute("**/pick/")
    ines.reload()
    expect(ines.locator("#act-good > [data-notice]")).to_contain_text("This session is closed.")
    assert ines.evaluate(WAITING) == []
    assert not Pick.objects.exists()


def test_a_press_that_waits_is_neither_another_persons_nor_another_pages(
    ines: Page, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    ines.goto(room)
    ines.route("**/entries/", lambda route: route.abort())
    box = composer(ines)
    box.fill("Still here")
    box.press("Enter")
    expect(ines.locator("#compose-good [data-notice]")).to_contain_text(WAITS)
    expect(saved(ines)).to_have_text("Draft saved")
    assert len(ines.evaluate(WAITING)) == 1
    ines.unroute("**/entries/")
    ines.goto("/settings/")
    assert ines.evaluate(WAITING) == []
    ines.evaluate(
        "waiting => (sessionStorage.waiting = waiting)", '["of somebody else", [{"path": "/", "values": []}]]'
    )
    ines.goto(room)
    expect(box).to_have_value("Still here")
    assert ines.evaluate(WAITING) == []
    assert not Entry.objects.visible_to(people.ines).exists()


def test_two_tabs_show_both_texts_and_overwrite_nothing(
    ines: Page, context: Any, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect(409)
    other = context.new_page()
    for page in (ines, other):
        page.goto(room)
    composer(ines).fill("From the first tab")
    expect(saved(ines)).to_have_text("Draft saved")
    composer(other).fill("From the second tab")
    expect(other.locator("#compose-good [data-theirs]")).to_have_value("From the first tab")
    expect(composer(other)).to_have_value("From the second tab")
    expect(saved(other)).to_have_text("Both texts are kept")
    assert Draft.objects.get(person=people.ines).text == "From the first tab"
    other.get_by_role("button", name="Keep mine").click()
    expect(saved(other)).to_have_text("Draft saved")
    expect(other.locator("#compose-good [data-notice]")).to_be_empty()
    assert Draft.objects.get(person=people.ines).text == "From the second tab"
    assert not Entry.objects.visible_to(people.ines).exists()  # keeping a text folds nothing


def test_an_ended_session_signs_in_in_place(
    ines: Page, context: Any, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect(401, 403, 422)
    ines.goto(room)
    box = composer(ines)
    context.clear_cookies()
    box.fill("In the middle of a sentence")
    form = ines.locator("#sign-in-form")
    expect(form).to_be_visible()
    expect(ines.locator("#compose-good [data-notice]")).to_contain_text("Sign in again. Your text is kept.")
    expect(box).to_be_focused()
    form.get_by_label("Work email").fill(people.ines.email)
    form.get_by_label("Password").fill("wrong")
    form.get_by_role("button", name="Sign in").click()
    expect(form.locator("[data-notice]")).not_to_be_empty()
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Sign in").click()
    expect(form).to_have_count(0)
    expect(saved(ines)).to_have_text("Draft saved")
    expect(ines.locator("#compose-good [data-notice]")).to_be_empty()
    box.press("Enter")
    expect(ines.locator(".card p", has_text="In the middle of a sentence")).to_be_visible()


def test_text_never_goes_to_somebody_else_on_the_same_computer(
    ines: Page, context: Any, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect(403)
    ines.goto(room)
    box = composer(ines)
    sign_in_instead(context, people.tom)
    box.fill("INESONLY a thought")  # on a page that still shows what is hers
    expect(ines.locator("body")).to_have_attribute("data-person", str(people.tom.pk))
    ines.wait_for_load_state()  # its script takes away what another person left
    ines.wait_for_timeout(1_500)
    assert not Draft.objects.filter(text__contains="INESONLY").exists()
    assert "INESONLY" not in ines.evaluate("JSON.stringify(localStorage)")
    assert "INESONLY" not in ines.content()


def test_a_page_becomes_that_of_whoever_signed_in_since(
    ines: Page, context: Any, room: str, people: Cast, watched: Watched
) -> None:
    """Before anything is typed: what a page asks for by itself is no answer to another person."""
    home = context.new_page()
    home.clock.install()
    home.goto("/")
    ines.goto(room)
    sign_in_instead(context, people.tom)
    ines.evaluate(LOOK)
    home.clock.run_for(31_000)  # it looks every 30 s
    for page in (ines, home):
        expect(page.locator("body")).to_have_attribute("data-person", str(people.tom.pk))


def test_signing_out_asks_before_it_loses_a_word(
    ines: Page, context: Any, room: str, people: Cast, watched: Watched
) -> None:
    watched.expect_lost()
    ines.goto(room)
    ines.route("**/drafts/**", lambda route: route.abort())
    composer(ines).fill("Not sent yet")
    ines.goto("/")
    ines.once("dialog", lambda dialog: dialog.dismiss())
    ines.get_by_role("button", name=re.compile("^Account")).click()
    with ines.expect_event("dialog"):
        ines.get_by_role("button", name="Sign out").click()
    assert ines.evaluate(COPIES) == 1
    ines.once("dialog", lambda dialog: dialog.accept())
    ines.get_by_role("button", name="Sign out").click()
    ines.wait_for_url(re.compile("login"))
    assert ines.evaluate(COPIES) == 0
    assert ines.evaluate("sessionStorage.length") == 0


# --- Keys ---------------------------------------------------------------------------------------


def test_a_card_is_moved_and_left_by_keys(ines: Page, room: str, people: Cast) -> None:
    ines.goto(room)
    ines.keyboard.press("1")
    ines.keyboard.type("Rather the other one")
    ines.keyboard.press("Alt+Digit2")
    expect(composer(ines, "The bad")).to_be_focused()
    expect(composer(ines, "The bad")).to_have_value("Rather the other one")
    ines.keyboard.press("Escape")
    expect(composer(ines, "The bad")).not_to_be_focused()
    expect(saved(ines, "bad")).to_have_text("Draft saved")
    ines.keyboard.press("2")
    expect(composer(ines, "The bad")).to_be_focused()
    ines.keyboard.press("Enter")
    expect(ines.locator("#cards-bad .card")).to_have_count(1)
    assert Entry.objects.visible_to(people.ines).get().prompt.key == "bad"


def test_keys_do_nothing_while_typing_and_can_be_switched_off(ines: Page, room: str, people: Cast) -> None:
    ines.goto(room)
    ines.keyboard.press("?")
    expect(ines.locator("#shortcuts")).to_be_visible()
    expect(ines.get_by_role("button", name="Close")).to_be_focused()
    ines.keyboard.press("Escape")
    box = composer(ines)
    box.type("1 2 3 j k r ?")
    expect(box).to_have_value("1 2 3 j k r ?")
    expect(ines.locator("#shortcuts")).to_be_hidden()
    people.ines.shortcuts = False
    people.ines.save()
    ines.goto(room)
    ines.keyboard.press("2")
    expect(composer(ines)).not_to_be_focused()
    assert ines.locator("#shortcuts").count() == 0


def test_a_key_leads_to_the_box_for_a_jot_from_any_page(ines: Page, room: str, people: Cast) -> None:
    box = reverse("jot_list", args=[people.checkout.pk])
    for place in (reverse("action_list", args=[people.checkout.pk]), room):
        ines.goto(place)
        ines.keyboard.press("n")
        ines.wait_for_url(f"**{box}")
    ines.get_by_label("Something to remember").press("n")
    expect(ines.get_by_label("Something to remember")).to_have_value("n")
    people.ines.shortcuts = False
    people.ines.save()
    for place in (reverse("action_list", args=[people.checkout.pk]), room):
        ines.goto(place)
        assert ines.locator("[data-key=n]").count() == 0


def test_a_key_never_presses_what_cannot_be_undone(
    ines: Page, new_context: Callable[..., Any], room: str, people: Cast, live_server: LiveServer
) -> None:
    context = new_context()
    sign_in(context, people.tom, live_server.url)
    tom = context.new_page()
    for page in (ines, tom):
        page.goto(room)
    tom.keyboard.press("r")
    reveal = ines.get_by_role("button", name="Ready, and open both")
    expect(reveal).to_be_visible()
    ines.keyboard.press("r")
    expect(reveal).to_be_focused()
    expect(ines.get_by_text("Only you can read your cards until you both reveal")).to_be_visible()
    ines.keyboard.press("Enter")
    expect(ines.locator("[data-revealed]")).to_be_visible()
    expect(ines.get_by_role("heading", level=1)).to_be_focused()
    expect(tom.locator("[data-revealed]")).to_be_visible()


# --- The page itself ----------------------------------------------------------------------------


ICONS = """() => [...document.querySelectorAll(".icon")].filter((icon) => icon.checkVisibility()).map((icon) => {
  const {backgroundColor, maskImage, maskSize, printColorAdjust} = getComputedStyle(icon, "::before");
  const {color} = getComputedStyle(icon);
  const {width, height} = icon.getBoundingClientRect();
  const isTheirs = !icon.matches(":is(a, button, summary) > *") || color === getComputedStyle(icon.parentElement).color;
  const looks = backgroundColor === color && isTheirs && printColorAdjust === "exact" && width === height && width > 12;
  return [looks, maskImage, maskSize];
})"""


@pytest.mark.parametrize("forced", ["none", "active"])
def test_icons_take_the_colour_of_their_text(
    new_context: Callable[..., Any], people: Cast, room: str, live_server: LiveServer, forced: str
) -> None:
    """Also where the system replaces colours, and on paper, which leaves out what is only a background."""
    context = new_context(forced_colors=forced)
    sign_in(context, people.ines, live_server.url)
    page = context.new_page()
    page.goto(room)
    icons = page.evaluate(ICONS)
    assert len(icons) > 5
    assert {looks for looks, _mask, _size in icons} == {True}
    assert len({(mask, size) for _looks, mask, size in icons}) == 1  # each other size would cost a layout of the file
    sheet = re.search(r'url\("([^"]+)"\)', icons[0][1])
    assert sheet is not None
    answer = page.request.get(sheet[1])
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")


def fetched(page: Page, where: str, kind: str) -> list[int]:
    """The sizes of the files of a kind, "js" or "css", that a first visit fetches."""
    page.goto(where)
    files = page.evaluate("performance.getEntriesByType('resource').map((file) => [file.name, file.encodedBodySize])")
    return [size for name, size in files if name.endswith(f".{kind}")]


def test_the_room_stays_within_its_budget(ines: Page, room: str) -> None:
    scripts = fetched(ines, room, "js")
    assert len(scripts) == 3
    assert 0 < sum(scripts) <= MAX_SCRIPT
    assert 0 < sum(fetched(ines, room, "css")) <= MAX_STYLE


@pytest.mark.parametrize("where", ["/", "/settings/"])
def test_a_page_has_no_script_of_the_room(ines: Page, people: Cast, where: str) -> None:
    scripts = fetched(ines, where, "js")
    assert len(scripts) <= 3
    assert 0 < sum(scripts) <= MAX_SCRIPT_OF_A_PAGE


def test_the_sign_in_has_no_script(context: Any, people: Cast) -> None:
    assert fetched(context.new_page(), "/account/login/", "js") == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_scrolls_sideways(ines: Page, room: str, width: int) -> None:
    ines.set_viewport_size({"width": width, "height": 800})
    for address in (room, "/", "/settings/", "/account/email/", "/account/password/change/"):
        ines.goto(address)
        assert ines.evaluate("document.documentElement.scrollWidth") <= width, address


def test_what_was_done_has_the_focus_on_a_page_that_comes(ines: Page, room: str) -> None:
    """A live region says only what changes in it."""
    ines.goto("/settings/")
    ines.get_by_role("button", name="Keep these settings").press("Enter")
    expect(ines.locator("main > [autofocus]:has(.notice)")).to_be_focused()
    expect(ines.locator(".toast")).to_have_count(0)


def test_a_toast_goes_by_itself_but_not_under_the_pointer(ines: Page, room: str, people: Cast) -> None:
    Participant(people.ines, Session.objects.get().pk).fold("Put away")
    ines.clock.install()
    ines.goto(room)
    ines.get_by_role("link", name="Edit card").click()
    ines.get_by_role("button", name="Delete").click()
    toast = ines.locator(".toast")
    expect(toast).to_be_visible()
    toast.hover()
    ines.clock.run_for(7_000)
    expect(toast).to_be_visible()
    ines.mouse.move(5, 5)
    ines.locator(":focus").evaluate("undo => undo.blur()")
    ines.clock.run_for(3_000)
    expect(toast).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_what_comes_and_goes_is_for_everybody(
    new_context: Callable[..., Any],
    room: str,
    people: Cast,
    live_server: LiveServer,
    watched: Watched,
    width: int,
    scheme: str,
) -> None:
    """Dialogs, menus, notices and the sign-in in place: what no look at a fresh page finds."""
    watched.expect(401, 403, 409)
    watched.expect_lost()
    context = new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    sign_in(context, people.ines, live_server.url)
    page, other = context.new_page(), context.new_page()
    other.goto(room)
    page.goto(room)
    found: list[str] = []
    box = composer(page)
    box.fill("One text")
    expect(saved(page)).to_have_text("Draft saved")
    found += violations(page)

    composer(other).fill("Another text")
    expect(other.locator("#compose-good [data-theirs]")).to_be_visible()
    found += violations(other)
    other.close()

    box.press("Enter")
    page.get_by_role("link", name=re.compile("^Edit card")).click()
    expect(page.locator("#editor")).to_be_visible()
    found += violations(page)
    page.keyboard.press("Escape")
    expect(page.locator("#editor")).to_be_hidden()
    page.locator("main h1").click()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    found += violations(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.locator("#more")).to_be_visible()
    found += violations(page)
    page.keyboard.press("Escape")

    set_offline(page, True)
    expect(page.locator("[data-offline-notice]")).to_be_visible()
    found += violations(page)
    set_offline(page, False)
    expect(page.locator("[data-offline-notice]")).to_be_hidden()

    context.clear_cookies()
    composer(page).fill("After the session")
    expect(page.locator("#sign-in-form")).to_be_visible()
    found += violations(page)
    assert found == []


UNMET = """() => {
  const form = document.createElement("form");
  form.dataset.autosave = "/nowhere/";
  form.innerHTML = `<input type="hidden" name="version" value="0"><textarea id="late" name="text"></textarea>
    <template data-fresh-for="late" data-version="1" data-text="From the other"></template>`;
  document.querySelector("main").append(form);
  const happens = (name) => form.dispatchEvent(new CustomEvent(name, {bubbles: true, detail: {elt: form}}));
  ["htmx:afterSettle", "htmx:load", "htmx:afterSettle"].forEach(happens);
}"""


def test_a_box_that_is_asked_about_before_it_is_met_hears_of_the_other(ines: Page, room: str) -> None:
    """The answer to something else may settle between the drawing of a box and its first moment."""
    ines.goto(room, wait_until="networkidle")
    ines.evaluate(UNMET)
    expect(ines.locator("#late")).to_have_value("From the other")
