"""What somebody hears who does not see the room, and where the focus is: docs/accessibility.md, played."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page, expect

from retros.models import Presence, Session
from tests.browser import Watched, violations
from tests.cast import make_cast, page_of
from tests.conftest import LiveServer
from tests.retros import play
from tests.retros.room.side import LOOK
from tests.retros.rooms import Rooms

pytestmark = pytest.mark.one_database

DOC = Path(__file__).parents[3] / "docs/accessibility.md"

# What the live regions of this document said, as a screen reader would: of a log what is added, of a status its words.
LISTEN = """
window.heard = [];
addEventListener("DOMContentLoaded", () => {
  const say = (text) => text.trim() && heard.push(text.trim().replace(/\\s+/g, " "));
  const all = { childList: true, subtree: true, characterData: true };
  new MutationObserver((changes) => {
    const changed = new Set();
    for (const { type, target, addedNodes } of changes) {
      const part = target.nodeType === 1 ? target : target.parentElement;
      const region = part?.closest("[role=log], [role=status], [role=alert], [aria-live]");
      if (region?.getAttribute("role") === "log") [...addedNodes].forEach((node) => say(node.textContent));
      else if (region) changed.add(region);
      if (region && type === "characterData") changed.add(part);
    }
    changed.forEach((region) => say(region.textContent));
  }).observe(document.body, all);
});
"""
FOCUS = """() => {
  const on = document.activeElement;
  if (on === document.body) return "the page";
  const kinds = { A: "link", BUTTON: "button", SUMMARY: "button", LI: "card" };
  const kind = /^H\\d/.test(on.tagName) ? "heading" : kinds[on.tagName] ?? "box";
  const labels = [...(on.labels ?? [])].map((label) => label.innerText).join(" ");
  const named = on.getAttribute("aria-labelledby")?.split(" ") ?? [];
  const words = named.map((id) => document.getElementById(id).textContent).join(" ");
  const name = (words || labels || on.ariaLabel || on.innerText).trim().split("\\n")[0].replace(/\\s+/g, " ");
  return `${kind} “${name}”`;
}"""


class Line(NamedTuple):
    """One line of the script. Of each of the two: what they hear, first a new title of the tab; where the focus is."""

    who: str
    does: str
    ines_hears: str
    ines_is_on: str
    tom_hears: str
    tom_is_on: str

    def __str__(self) -> str:
        return " | ".join(self)


PRESS = re.compile(r"- \*\*(Ines|Tom)\*\* (.+)")
HEARD = re.compile(r"  - (Ines|Tom) (hears|is on): (.+)")


def script() -> list[Line]:
    """Each press with what follows it in the list; of whom nothing is written, they hear nothing."""
    presses: list[tuple[str, str, dict[str, str]]] = []
    for line in DOC.read_text(encoding="utf-8").splitlines():
        if given := PRESS.fullmatch(line):
            presses.append((given[1], given[2], {}))
        elif given := HEARD.fullmatch(line):
            presses[-1][2][f"{given[1]} {given[2]}"] = given[3]
    cells = ("Ines hears", "Ines is on", "Tom hears", "Tom is on")
    return [Line(who, does, *(heard.get(cell, "") for cell in cells)) for who, does, heard in presses]


class Listener:
    """One of the two at a screen reader."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.page.add_init_script(LISTEN)
        self.tab = ""

    def cells(self) -> tuple[str, str]:
        """What was said since the last line, first a new title of the tab; and where the focus is."""
        try:
            words, focus = self.page.evaluate("heard.slice(heard.turn)"), self.page.evaluate(FOCUS)
            new = [f"tab: {self.title}"] if self.title != self.tab else []
        except Error:  # the next page is on its way
            return "", "nothing"
        return " / ".join([*new, *words]), focus

    @property
    def title(self) -> str:
        return self.page.title().removesuffix(" · Twofold")

    def turns_over(self) -> None:
        """To the next line."""
        self.page.wait_for_function("document.readyState === 'complete'")
        self.page.evaluate("heard.turn = heard.length")
        self.tab = self.title


def do(page: Page, does: str) -> None:
    """By the keyboard, on what has the focus then."""
    if given := re.fullmatch(r"writes “(.+)” in “(.+)”(, Enter)?", does):
        box = page.get_by_label(given[2], exact=True).and_(page.locator("textarea, input")).first
        box.focus()
        page.keyboard.type(given[1])
        if given[3]:
            page.keyboard.press("Enter")
    elif given := re.fullmatch(r"opens “(.+)”", does):
        page.locator("summary:visible", has_text=given[1]).first.press("Enter")
    elif given := re.fullmatch(r"chooses “(.+)”", does):
        page.get_by_role("radio", name=given[1], exact=True).first.press("Space")
    elif given := re.fullmatch(r"follows “(.+)”", does):
        page.get_by_role("link", name=re.compile(f"^{given[1]}")).first.press("Enter")
        expect(page.locator("dialog[open]")).to_be_visible()
    elif given := re.fullmatch(r"presses “(.+)” under “More”", does):
        page.get_by_role("button", name="More", exact=True).press("Enter")
        page.locator("#more").get_by_role("button", name=given[1]).press("Enter")
    elif given := re.fullmatch(r"presses “(.+)”", does):
        page.get_by_role("button", name=re.compile(f"^{re.escape(given[1])}($| ?:)")).first.press("Enter")
    else:
        page.keyboard.press(does.removeprefix("presses "))


def leaves(page: Page, other: Page) -> None:
    """For longer than a minute, as the other one's page sees at its next look."""
    page.goto("/")
    Presence.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
    other.evaluate(LOOK)
    expect(other.locator(".presence .away")).to_have_count(1)


def test_the_script_of_the_room(new_context: Callable[..., Any], live_server: LiveServer, watched: Watched) -> None:
    cast = make_cast()
    planned = play.plan(cast.checkout, days=1)
    Session.objects.filter(pk=planned.pk).update(start_utc=timezone.now() + timedelta(minutes=5))
    two: dict[str, Listener] = {}
    for name, person in (("Ines", cast.ines), ("Tom", cast.tom)):
        two[name] = Listener(page_of(person, new_context(), live_server))
        two[name].page.goto(f"/sessions/{planned.pk}/")
        expect(two[name].page.locator("html")).to_have_attribute("data-connection", "live")
    for listener in two.values():
        listener.turns_over()

    played = []
    for line in script():
        page, other = two[line.who].page, two["Ines" if line.who == "Tom" else "Tom"].page
        if line.does == "leaves":
            leaves(page, other)
        elif line.does == "comes back":
            page.go_back()
            other.evaluate(LOOK)
        else:
            do(page, line.does)
        for _look in range(50):  # until it is as written, 5 s at most
            now = Line(line.who, line.does, *two["Ines"].cells(), *two["Tom"].cells())
            if now == line:
                break
            page.wait_for_timeout(100)
        played.append(now)
        for listener in two.values():
            listener.turns_over()
    assert len(played) > 30
    assert [str(now) for now, written in zip(played, script(), strict=True) if now != written] == []


def test_a_refused_form_marks_and_names_what_it_is_about(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched
) -> None:
    watched.expect(422)
    cast = make_cast()
    page = page_of(cast.ines, new_context(), live_server)
    page.goto(Rooms(cast.ines, cast.tom).table())
    who = page.locator("#table").get_by_role("radiogroup", name="Who")
    expect(who).to_have_attribute("aria-required", "true")
    page.get_by_role("textbox", name="What will you try?").fill("Say it in the channel")
    page.get_by_role("button", name="Add action").press("Enter")
    expect(who).to_have_attribute("aria-invalid", "true")
    expect(who).to_have_accessible_description("Say who takes it.")
    expect(who.get_by_role("radio").first).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Space")
    page.get_by_label("By when").first.fill("")
    page.get_by_role("button", name="Add action").press("Enter")
    expect(page.get_by_label("By when").first).to_be_focused()
    expect(who).not_to_have_attribute("aria-invalid", "true")

    # One heading of the first level, also while something is edited.
    page.get_by_role("link", name=re.compile("^Edit card")).first.press("Enter")
    expect(page.get_by_role("heading", name="Edit card", level=2)).to_be_visible()
    expect(page.get_by_role("heading", level=1, include_hidden=True)).to_have_count(1)


def test_a_question_is_a_heading_before_its_answer(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    page = page_of(cast.ines, new_context(), live_server)
    page.goto(Rooms(cast.ines, cast.tom).pulse_revealed())
    read = page.locator("#answers").aria_snapshot()
    for question, value in (("Our collaboration", "Fair"), ("What has changed recently?", "A new boss")):
        assert f'heading "{question}' in read, read
        assert read.index(f'heading "{question}') < read.index(value), read
