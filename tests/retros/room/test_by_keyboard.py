"""The keyboard alone: the shortcuts of the room, and one side of a whole retro by Tab, Enter, Space and arrows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from partnerships.models import Agreement, Person
from retros.models import Action, Draft, Entry, Session, creation
from tests.browser import TWO_FRAMES, Watched, enter
from tests.cast import Cast, sign_in
from tests.conftest import LiveServer
from tests.retros.play import Participant, reveal, start, step_of

pytestmark = pytest.mark.one_database

MOST_TABS = 120
FOCUSED = "element => element === document.activeElement"
DESK, PHONE = ViewportSize(width=1280, height=720), ViewportSize(width=390, height=844)
ENLARGED = "addEventListener('DOMContentLoaded', () => (document.documentElement.style.fontSize = '200%'))"
# What has the focus and is not whole in sight, with its rectangle; of what is high, its beginning.
HIDDEN = """() => {
  const on = document.activeElement, dock = document.getElementById("dock");
  const part = on.matches("[type=radio], [type=checkbox]") ? on.closest("label") : on;
  const { left, right, top, bottom, height } = part.getBoundingClientRect();
  const lies = dock && getComputedStyle(dock).position === "fixed" && !on.closest("#dock, dialog, [popover]");
  const floor = lies ? dock.getBoundingClientRect().top : innerHeight;
  const isHidden = top < -1 ? height < floor : Math.min(bottom, top + 100) > floor + 1;
  const rectangle = [left, top, right, bottom].map(Math.round);
  const all = `${on.outerHTML.slice(0, 100)} at ${rectangle}, the dock from ${Math.round(floor)}`;
  return on !== document.body && height && (isHidden || left < -1 || right > innerWidth + 1) ? all : "";
}"""


class Keys:
    """Somebody without a mouse."""

    def __init__(self, person: Person, context: Any, base: str) -> None:
        sign_in(context, person, base)
        self.page: Page = context.new_page()
        self.hidden: list[str] = []

    def look(self) -> None:
        """Keep what has the focus and is not seen."""
        if hidden := self.page.evaluate(HIDDEN):
            self.hidden.append(f"{self.page.url[-8:]} {hidden}")

    def goes_to(self, session: Session, kind: str) -> None:
        self.page.goto(f"/sessions/{session.pk}/steps/{step_of(session, kind).position}/")
        expect(self.page.locator("html")).to_have_attribute("data-connection", "live")

    def tab_to(self, target: Locator) -> None:
        """Tab until it has the focus, which it must get, and must be seen to have."""
        expect(target).to_have_count(1)
        for _tab in range(MOST_TABS):
            self.look()
            if target.evaluate(FOCUSED):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} is out of the keyboard's reach.")

    def walks(self) -> None:
        """Once through everything on the page, at a desk and on a phone, with text as it is and of twice the size."""
        for size, text in ((DESK, ""), (PHONE, ""), (DESK, "200%")):
            self.page.set_viewport_size(size)
            self.page.evaluate("size => (document.documentElement.style.fontSize = size)", text)
            self.page.evaluate(TWO_FRAMES)
            self.page.locator("#main").focus()
            for _tab in range(MOST_TABS):
                self.page.keyboard.press("Tab")
                self.look()
                if self.page.evaluate("document.activeElement === document.body"):
                    break

    def press(self, name: str) -> None:
        button = self.page.get_by_role("button", name=name, exact=True)
        self.tab_to(button)
        enter(self.page)

    def open(self, summary: str) -> None:
        self.tab_to(self.page.locator("summary", has_text=summary))
        self.page.keyboard.press("Enter")

    def write(self, box: Locator, text: str) -> None:
        self.tab_to(box)
        self.page.keyboard.type(text)

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)
        self.page.evaluate(TWO_FRAMES)  # before the first one, no dock has measured itself


@pytest.fixture
def session(people: Cast) -> Session:
    return start(people.checkout)


@pytest.fixture
def ines(new_context: Callable[..., Any], live_server: LiveServer, people: Cast) -> Keys:
    return Keys(people.ines, new_context(), live_server.url)


@pytest.fixture
def enlarged(new_context: Callable[..., Any], live_server: LiveServer, people: Cast) -> Keys:
    """With text of twice the size."""
    context = new_context(viewport=DESK)
    context.add_init_script(ENLARGED)
    return Keys(people.ines, context, live_server.url)


def test_the_keys_of_writing(ines: Keys, session: Session, people: Cast) -> None:
    ines.goes_to(session, "write")
    page, keys = ines.page, ines.page.keyboard
    boxes = {
        n: page.get_by_label(f"New card, {name}") for n, name in enumerate(("The good", "The bad", "The discussion"), 1)
    }
    for number, box in boxes.items():
        keys.press(str(number))
        expect(box).to_be_focused()
        keys.type(f"Card {number}")
        keys.press("Shift+Enter")
        keys.type("and a line")
        keys.press("Enter")
        expect(box).to_have_value("")
        expect(box).to_be_focused()
        keys.press("Escape")  # empty: it closes
        expect(box).to_be_hidden()
    assert {e.text for e in Entry.objects.visible_to(people.ines)} == {f"Card {n}\nand a line" for n in boxes}

    keys.press("1")
    keys.type("In the wrong column")
    keys.press("Alt+Digit2")
    expect(boxes[2]).to_be_focused()
    expect(boxes[2]).to_have_value("In the wrong column")
    keys.press("Escape")  # a draft: it stays
    expect(boxes[2]).to_have_value("In the wrong column")
    expect(boxes[2]).not_to_be_focused()
    for column, word in (("bad", "Draft saved"), ("good", "")):
        expect(page.locator(f"#compose-{column} [data-saved]")).to_have_text(word)
    assert Draft.objects.get(person=people.ines, key__startswith="card:", text__gt="").text == "In the wrong column"

    ready = page.get_by_role("button", name="I’m ready")
    keys.press("r")
    expect(ready).to_have_attribute("aria-pressed", "true")
    keys.press("r")
    expect(ready).to_have_attribute("aria-pressed", "false")
    keys.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    keys.press("j")  # not while it is open
    keys.press("Escape")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_hidden()

    keys.press("1")
    keys.type("half a wo")
    page.evaluate("document.activeElement.closest('details').remove()")  # as a push may do
    keys.press("r")
    page.wait_for_timeout(300)
    expect(ready).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(1600)
    keys.press("r")
    expect(ready).to_have_attribute("aria-pressed", "true")


def test_the_keys_of_talking(ines: Keys, session: Session, people: Cast) -> None:
    for person, text in ((people.ines, "From Ines"), (people.ines, "Also from Ines"), (people.tom, "From Tom")):
        Participant(person, session.pk).fold(text)
    reveal(session, "write")
    ines.goes_to(session, "write")
    page, keys = ines.page, ines.page.keyboard
    cards = page.locator("[data-card]")
    keys.press("j")
    expect(cards.nth(0)).to_be_focused()
    keys.press("j")
    keys.press("j")
    expect(cards.nth(2)).to_be_focused()
    keys.press("k")
    expect(cards.nth(1)).to_be_focused()
    second = cards.nth(1).get_attribute("id")
    assert second is not None
    keys.press("p")
    expect(page.locator(f"#{second} [data-key=p]")).to_have_attribute("aria-pressed", "true")
    rows = Entry.objects.visible_to(people.tom).with_picks(people.tom)
    picked = [each.mark for each in rows if each.picked_by_partner]  # type: ignore[attr-defined]  # annotated
    assert picked == [second[5:]]
    expect(cards.nth(1)).to_be_focused()
    keys.press("p")
    expect(page.locator(f"#{second} [data-key=p]")).to_have_attribute("aria-pressed", "false")
    keys.press("o")
    expect(page.locator("#table .quote")).to_be_visible()
    assert Entry.objects.visible_to(people.tom).get(talk=Entry.Talk.ON_TABLE).mark == second[5:]
    keys.press("a")
    box = page.get_by_role("textbox", name="What will you try?")
    expect(box).to_be_focused()
    keys.type("Sketch on Thursdays")
    ines.tab_to(page.locator("#table input[name=owner]").first)
    keys.press("Space")
    ines.press("Add action")
    expect(page.locator("#added")).to_contain_text("Sketch on Thursdays")
    assert Action.objects.visible_to(people.tom).get().owner == people.ines


def test_a_whole_retro_by_the_keyboard(enlarged: Keys, session: Session, people: Cast) -> None:
    """With text of twice the size; whatever gets the focus is in sight."""
    ines, page, keys = enlarged, enlarged.page, enlarged.page.keyboard

    def tom_goes_on(kind: str) -> None:
        step_of(session, kind).ready_for_next(by=people.tom)

    def tom_is_ready(kind: str) -> None:
        Participant(people.tom, session.pk).ready(step_of(session, kind).position)

    ines.goes_to(session, "look_back")
    ines.press("Ready for Pulse check")
    tom_goes_on("look_back")

    ines.heading("How are you, really?")
    ines.tab_to(page.locator("input[name=value]").first)
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    ines.write(page.get_by_role("textbox", name="What has changed recently?"), "A new desk")
    ines.tab_to(page.get_by_label("Only me: What has changed recently?"))
    keys.press("Space")
    tom_is_ready("pulse")
    ines.press("Ready, and open both")
    ines.heading("Here’s how you both are")
    ines.write(page.get_by_label("Note for both of you"), "We slow down")
    tom_goes_on("pulse")
    ines.press("Ready for Good, bad, discussion")

    ines.heading("The good, the bad, the discussion")
    ines.open("Add a card to The good")
    box = page.get_by_label("New card, The good")
    expect(box).to_be_focused()
    for text in ("You pulled me in", "To another column", "To be deleted"):
        keys.type(text)
        keys.press("Enter")
        expect(page.locator(".card p", has_text=text)).to_be_visible()
    ines.tab_to(page.get_by_role("link", name="Move card: To another column"))
    enter(page)
    expect(page.locator("#editor [name=prompt]:checked")).to_be_focused()
    page.wait_for_timeout(200)  # and it stays there
    keys.press("ArrowRight")
    ines.tab_to(page.locator("#editor").get_by_role("button", name="Keep it"))
    enter(page)
    expect(page.locator("#cards-bad .card")).to_have_count(1)
    ines.tab_to(page.get_by_role("link", name="Edit card: You pulled me in"))
    enter(page)
    expect(page.get_by_label("Your card")).to_be_focused()
    keys.press("End")
    keys.type(" early")
    ines.tab_to(page.locator("#editor").get_by_role("button", name="Keep it"))
    enter(page)
    expect(page.locator("#cards-good")).to_contain_text("You pulled me in early")
    ines.tab_to(page.get_by_role("link", name="Edit card: To be deleted"))
    enter(page)
    expect(page.get_by_label("Your card")).to_be_focused()
    ines.tab_to(page.locator("#editor").get_by_role("button", name="Delete"))
    enter(page)
    expect(page.locator(".card", has_text="To be deleted")).to_have_count(0)
    ines.press("Undo")
    expect(page.locator(".card", has_text="To be deleted")).to_be_visible()
    Participant(people.tom, session.pk).fold("Scope moved", "bad")
    tom_is_ready("write")
    ines.press("Ready, and open both")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    ines.tab_to(page.locator("#table-state, .board").get_by_role("button", name="Scope moved").first)
    enter(page)
    expect(page.get_by_role("button", name="Scope moved").and_(page.locator("[aria-pressed=true]"))).to_be_visible()
    ines.tab_to(page.locator("#table-state").get_by_role("button", name="Scope moved"))
    enter(page)
    expect(page.locator("#table .quote")).to_have_text("Scope moved")
    ines.write(page.get_by_role("textbox", name="What came up"), "He did not know")
    ines.press("Done talking")
    expect(page.get_by_text("Talked about").first).to_be_visible()
    tom_goes_on("write")
    ines.press("Ready for Conclusions")

    ines.heading("What do we take with us?")
    ines.open("Add a learning")
    ines.write(page.get_by_role("textbox", name="What did we learn?"), "Silence reads as a decision")
    ines.press("Add it")
    expect(page.locator("#learnings")).to_contain_text("Silence reads as a decision")
    ines.open("Add an action")
    form = page.locator("form", has=page.get_by_label("What will you do?"))
    ines.write(form.get_by_label("What will you do?"), "Post it the same day")
    ines.tab_to(form.locator("input[name=owner]").first)
    keys.press("ArrowRight")
    ines.press("Add action")
    expect(page.locator("#actions")).to_contain_text("Post it the same day")
    tom_goes_on("conclude")
    ines.press("Ready for Wrap-up")

    ines.heading("Before you go")
    ines.write(page.get_by_role("textbox", name="One thing I appreciate about you"), "You said no")
    tom_is_ready("close")
    ines.press("Ready, and open both")
    expect(page.locator("#answers")).to_contain_text("You said no")
    ines.press("Plan it")
    expect(page.get_by_text("Your next retro")).to_be_visible()
    tom_goes_on("close")
    ines.press("Close the retro")
    ines.heading("That’s retro 1. Thank you both.")
    assert Action.objects.visible_to(people.ines).get().owner == people.tom
    assert Entry.objects.visible_to(people.ines).filter(text="A new desk", only_me=True).exists()
    assert not Entry.objects.visible_to(people.tom).filter(text="A new desk").exists()
    assert ines.hidden == []


def test_a_dream_team_by_the_keyboard(
    new_context: Callable[..., Any], live_server: LiveServer, people: Cast, watched: Watched
) -> None:
    """Answered alone, read together, put into the agreement and signed; whatever gets the focus is in sight."""
    agreement = Agreement.begin(people.checkout, by=people.ines, kind="dream_team", title="Us")
    session = creation.begin(agreement, by=people.ines)
    tom = Participant(people.tom, session.pk)
    ines = Keys(people.ines, new_context(), live_server.url)
    page = ines.page
    page.goto(f"/sessions/{session.pk}/steps/0/")
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    ines.walks()
    ines.write(page.get_by_role("textbox", name="How do you like to hear hard feedback?"), "In writing first")
    expect(page.locator("#answer-feedback [data-saved]")).to_have_text("Draft saved")
    tom.answer("feedback", "Straight away")
    tom.ready(0)
    ines.press("Ready, and open both")
    expect(page.locator("#answers")).to_contain_text("Straight away")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    ines.walks()
    ines.press("Ready for Agreement")
    tom.next(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    ines.open("Add a sentence")
    ines.write(page.get_by_label("One sentence you can both keep to"), "We say it the same day")
    page.keyboard.press("Enter")
    expect(page.locator("#learnings")).to_contain_text("We say it the same day")
    ines.walks()
    ines.press("Put them in our agreement, and sign")
    expect(page.get_by_text("The agreement starts when Tom has, too.")).to_be_visible()
    ines.walks()
    assert ines.hidden == []
