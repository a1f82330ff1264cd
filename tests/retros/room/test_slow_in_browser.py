"""A slow network: what somebody does between a press and its answer is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from partnerships.models import Agreement, Invitation
from retros.models import Action, Entry, Session
from tests.browser import TWO_FRAMES, Watched, press, until_caught
from tests.cast import Cast, make_cast, page_of
from tests.conftest import LiveServer
from tests.retros import play
from tests.retros.room.side import composer
from tests.retros.rooms import Rooms

pytestmark = pytest.mark.one_database

TYPED_ON = "no, and in it"  # as keys, the first of them would leave the page


class Held:
    """The requests to these addresses wait until they are let through, the oldest first, or another one."""

    def __init__(self, page: Page, address: str, method: str = "POST") -> None:
        self.page, self.method = page, method
        self.routes: list[Route] = []
        page.route(re.compile(address), self._hold)

    def _hold(self, route: Route) -> None:
        if route.request.method == self.method:
            self.routes.append(route)
        else:
            route.continue_()

    def wait(self, count: int = 1) -> None:
        until_caught(self.page, self.routes, count)

    def let(self, which: int = 0, *, leaves: bool = False) -> None:
        """Until the page has drawn the answer; `leaves`: which is another page."""
        self.wait()
        route = self.routes.pop(which)
        with self.page.expect_event("requestfinished", lambda request: request == route.request):
            route.continue_()
        if not leaves:
            self.page.evaluate(TWO_FRAMES)


@pytest.fixture
def cast(live_server: LiveServer) -> Cast:
    return make_cast()


@pytest.fixture
def rooms(cast: Cast) -> Rooms:
    return Rooms(cast.ines, cast.tom)


@pytest.fixture
def go(cast: Cast, new_context: Callable[..., Any], live_server: LiveServer) -> Callable[[str], Page]:
    context = new_context(viewport={"width": 1000, "height": 600})

    def go(where: str) -> Page:
        page = page_of(cast.ines, context, live_server)
        page.goto(where)
        if "/steps/" in where:
            expect(page.locator("html")).to_have_attribute("data-connection", "live")
        return page

    return go


def test_every_press_goes_out_and_none_takes_the_place_where_one_is_by_then(
    rooms: Rooms, go: Callable[[str], Page]
) -> None:
    page = go(rooms.full_board())
    held = Held(page, "/(pick|table)/")
    picks = page.locator("#cards-good [data-key=p]")
    for n in range(3):
        picks.nth(n).click()
    for _ in range(3):
        held.let()
    expect(page.locator("#cards-good [aria-pressed=true]")).to_have_count(3)
    # Scrolled away.
    picks.last.click()
    page.evaluate("scrollTo(0, 0)")
    held.let()
    expect(picks.last).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("scrollY") == 0
    # In the menu, by keys.
    page.keyboard.press("j")
    page.keyboard.press("p")
    held.wait()
    page.locator("#more-opens").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    held.let()
    expect(page.locator("#more button:visible").first).to_be_focused()
    page.keyboard.press("Escape")
    # On another card.
    page.locator("#cards-good .card").first.focus()
    page.keyboard.press("o")
    page.keyboard.press("j")
    held.let()
    expect(page.locator("#table .quote")).to_be_visible()
    expect(page.locator("#cards-good .card").nth(1)).to_be_focused()


def test_a_form_that_comes_late_opens_over_nobody(rooms: Rooms, go: Callable[[str], Page]) -> None:
    page = go(rooms.board())
    held = Held(page, "/entries/", "GET")
    edits = page.locator("a[data-edit]:not([title])")
    edits.first.click()
    edits.nth(1).click()
    text = page.locator("#editor textarea")
    held.wait(2)
    held.let(-1)
    expect(text).to_be_focused()
    page.keyboard.type("Other words. ")
    held.let()
    expect(text).to_have_value(re.compile("^Other words. "))
    page.keyboard.press("Escape")
    edits.first.click()
    held.wait()
    box = composer(page)
    expect(box).to_be_focused()
    page.keyboard.type("Half a wo")
    held.let()
    page.keyboard.type("rd")
    expect(box).to_have_value("Half a word")
    expect(page.locator("#editor")).to_be_hidden()


def test_what_becomes_of_a_press_is_told_when_its_form_is_shut_meanwhile(
    rooms: Rooms, go: Callable[[str], Page], watched: Watched
) -> None:
    page = go(rooms.board())
    held = Held(page, "/entries/[^/]+/$")
    edit, text = page.locator("a[data-edit]:not([title])").first, page.locator("#editor textarea")
    notice = page.locator("#act [data-notice]")

    def keep(words: str, *, instead: str) -> None:
        edit.click()
        expect(text).to_have_value(re.compile(f"^{instead}"))
        text.fill(words)
        press(page, "Keep it")
        held.wait()
        page.keyboard.press("Escape")

    watched.expect(422)
    keep("x" * 11_000, instead="You pulled me")
    held.let()
    expect(notice).to_contain_text("That was not kept.")
    # A lost one waits for the network, and the next that is done takes the words away.
    watched.expect_lost()
    keep("Other words", instead="xxx")
    held.routes.pop().abort()
    expect(notice).to_contain_text("Waiting for the network.")
    page.evaluate("dispatchEvent(new Event('online'))")
    held.let()
    expect(page.get_by_text("Other words")).to_be_visible()
    expect(notice).to_be_empty()


def test_what_is_edited_and_kept_again_before_the_answer_is_kept(
    rooms: Rooms, cast: Cast, go: Callable[[str], Page]
) -> None:
    page = go(rooms.conclude())
    held = Held(page, "/(learnings|actions)/")
    text = page.locator("#editor textarea")
    page.locator("main a[data-edit][href*=learnings]").click()
    text.fill("One")
    press(page, "Keep it")
    text.fill("One, two")
    press(page, "Keep it")
    held.let()
    held.let()
    expect(text).to_be_hidden()
    expect(page.get_by_text("One, two", exact=True)).to_be_visible()
    # A page of its own is left by the first: the words are there when it is opened again.
    action = Action.objects.earliest("created_at")
    page.goto(where := reverse("action_update", args=[action.pk]))
    for words in ("Book it", "Book it today"):
        page.locator("#id_text").fill(words)
        press(page, "Keep the changes")
    held.let(leaves=True)
    expect(page).not_to_have_url(re.compile(where))
    page.goto(where)
    expect(page.locator("#id_text")).to_have_value("Book it today")


def test_who_leaves_gets_there_wherever_an_earlier_press_leads(
    rooms: Rooms, cast: Cast, go: Callable[[str], Page]
) -> None:
    page = go(rooms.pulse_revealed())
    play.step_of(Session.objects.get(), "pulse").ready_for_next(by=cast.tom)
    page.reload()
    held, left = Held(page, "/next/"), Held(page, "/partnerships/[^/]+/$", "GET")
    page.locator("#dock .offers button").last.click()
    held.wait()
    # Playwright itself touches no page that is about to be left.
    page.evaluate("setTimeout(() => document.querySelector('.room-bar a.push').click())")
    left.wait()
    held.let(leaves=True)
    left.let(leaves=True)
    expect(page).to_have_url(re.compile("/partnerships/[^/]+/$"))


def test_who_leaves_before_a_press_has_gone_out_is_asked(rooms: Rooms, cast: Cast, go: Callable[[str], Page]) -> None:
    page = go(rooms.pulse_revealed())
    play.step_of(Session.objects.get(), "pulse").ready_for_next(by=cast.tom)
    page.reload()
    page.on("dialog", lambda dialog: dialog.dismiss())
    leave = page.locator(".room-bar a.push")

    def stays() -> None:
        with page.expect_event("dialog"):
            leave.click(no_wait_after=True)

    held = Held(page, "/(note|next|pick)/$")
    page.locator("main textarea:visible").first.fill("And more")
    page.locator("#dock .offers button").last.click()
    held.wait()
    stays()
    held.let()
    held.let(leaves=True)
    expect(page).to_have_url(re.compile("/steps/2/$"))
    page.goto(rooms.full_board(4))
    picks = page.locator("#cards-good [data-key=p]")
    for n in range(2):
        picks.nth(n).click()
    held.wait()
    stays()
    held.let()
    held.let()
    expect(page.locator("#cards-good [aria-pressed=true]")).to_have_count(2)
    leave.click()
    expect(page).to_have_url(re.compile("/partnerships/[^/]+/$"))


def test_what_is_ticked_while_a_card_is_under_way_is_meant_for_the_next(
    rooms: Rooms, cast: Cast, go: Callable[[str], Page]
) -> None:
    page = go(rooms.write_first())
    held = Held(page, "/entries/$")
    box, only_me = composer(page), page.locator("#compose-good [name=only_me]")
    expect(box).to_be_focused()
    page.keyboard.type("One")
    page.keyboard.press("Enter")
    page.keyboard.type("Two")
    only_me.check()
    held.let()
    expect(box).to_have_value("Two")
    box.press("Enter")
    page.keyboard.type("Three")
    page.keyboard.press("Enter")
    held.let()
    held.let()
    expect(box).to_have_value("")
    expect(only_me).not_to_be_checked()
    cards = Entry.objects.visible_to(cast.ines).filter(is_card=True)
    assert {card.text: card.only_me for card in cards} == {"One": False, "Two": True, "Three": True}


def test_what_is_typed_behind_a_press_stays_in_its_box(rooms: Rooms, go: Callable[[str], Page]) -> None:
    page = go(where := rooms.conclude())
    held = Held(page, "/(actions|learnings)/")
    for form, behind in (("try", "text"), ("action", "cue")):
        page.locator(f"summary[data-opens='#{form}-text']").click()
        expect(page.locator(f"#{form}-text")).to_be_focused()
        page.keyboard.type("A first one")
        page.locator(f"#{form}-form [name=owner]").first.check(force=True)
        page.locator(f"#{form}-text").press("Enter")
        box = page.locator(f"#{form}-{behind}")
        page.keyboard.press("Tab")
        box.focus()
        page.keyboard.type("Half a word, ")
        held.let()
        page.keyboard.type(TYPED_ON)
        expect(box).to_have_value(f"Half a word, {TYPED_ON}")
    edit = page.locator("main a[data-edit][href*=learnings]")
    text = page.locator("#editor textarea")
    edit.click()
    page.get_by_role("button", name="Keep it").click()
    text.press("Control+End")
    page.keyboard.type(", behind")
    held.let()
    expect(text).to_be_hidden()
    edit.click()
    expect(text).to_have_value("Silence reads as a decision, behind")
    assert where in page.url


def test_what_is_typed_while_a_page_is_left_stands_on_the_next(
    rooms: Rooms, cast: Cast, go: Callable[[str], Page]
) -> None:
    pair = rooms.pair()
    page = go(reverse("jot_list", args=[pair.pk]))
    held = Held(page, "/(jots|versions/new)/$")
    box = page.locator("#jot-form textarea")
    box.fill("One")
    page.get_by_role("button", name="Keep it").click()
    box.press("Control+End")
    page.keyboard.type(", two")
    held.let(leaves=True)
    expect(page.get_by_text("One", exact=True)).to_be_visible()
    expect(box).to_have_value(", two")
    contract = Agreement.begin(pair, by=cast.tom, kind="contract", title="Relaunch")
    page.goto(reverse("version_create", args=[contract.pk]))
    rows = page.locator("textarea[name^=text-]")
    before = rows.count()
    rows.first.fill("We say it")
    # Playwright itself touches no page that is about to be left.
    page.evaluate("setTimeout(() => document.querySelector('button.add[name=edit]').click())")
    held.wait()
    page.keyboard.type(" early")
    held.let(leaves=True)
    expect(rows).to_have_count(before + 1)
    expect(rows.first).to_have_value("We say it early")


def test_what_is_typed_on_when_the_box_or_the_page_is_gone_is_no_shortcut(
    rooms: Rooms, cast: Cast, go: Callable[[str], Page]
) -> None:
    page = go(where := rooms.pulse())
    page.clock.set_fixed_time(timezone.now())  # a slow machine types within the second and a half, too
    held = Held(page, "/(ready|next)/")
    goes_on = page.locator("#dock .offers button").last
    goes_on.click()
    held.wait()
    page.locator("#answer-changed textarea").focus()
    page.keyboard.type("And ")
    held.let()
    page.keyboard.type(TYPED_ON)
    page.evaluate(TWO_FRAMES)
    assert where in page.url
    play.step_of(Session.objects.get(), "pulse").ready_for_next(by=cast.tom)
    page.reload()
    goes_on.click()
    held.wait()
    page.locator("textarea:visible").first.focus()
    page.keyboard.type("And ")
    held.let(leaves=True)
    expect(page).to_have_url(re.compile("/steps/2/$"))
    page.wait_for_function("() => customElements.get('live-pointer')")
    page.keyboard.type(TYPED_ON)
    page.evaluate(TWO_FRAMES)
    expect(page).to_have_url(re.compile("/steps/2/$"))


def test_a_form_that_leads_to_another_page_goes_out_once(
    cast: Cast, new_context: Callable[..., Any], live_server: LiveServer
) -> None:
    page = page_of(cast.ada, new_context(), live_server)
    # Eight seconds go by at once.
    page.add_init_script("const later = setTimeout; window.setTimeout = (act, ms) => later(act, ms > 8000 ? ms : 0)")
    page.goto(where := reverse("person_invite"))
    held = Held(page, f"{where}$")
    page.get_by_role("textbox", name="Email").fill("new@example.org")
    page.get_by_role("button", name="Invite them").focus()
    page.keyboard.press("Enter")
    held.wait()
    page.keyboard.press("Enter")
    held.let(leaves=True)
    expect(page.get_by_text("new@example.org").first).to_be_visible()
    assert Invitation.objects.count() == 1


def test_a_page_that_is_come_back_to_as_it_was_can_be_pressed_again(
    cast: Cast, new_context: Callable[..., Any], live_server: LiveServer
) -> None:
    page = page_of(cast.ada, new_context(), live_server)
    page.goto(reverse("person_invite"))
    presses = page.evaluate(
        """() => {
  const presses = [];
  addEventListener("submit", (event) => {
    presses.push(event.defaultPrevented ? "stopped" : "sent");
    event.preventDefault();
  });
  const button = document.querySelector("main form button.primary");
  button.click();
  button.click();
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  button.click();
  return presses;
}"""
    )
    assert presses == ["sent", "stopped", "sent"]
