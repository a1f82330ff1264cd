"""One of two people in the room, in a browser of their own, with and without scripts."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, Response, expect

from partnerships.models import Person
from retros.models import Session
from tests.cast import sign_in

LOOK = (
    "document.getElementById('pointer').dispatchEvent(new Event('twofold:pointer'))"  # every 15 s it does so by itself
)


def composer(page: Page, column: str = "The good") -> Locator:
    """The box for a new card, opened if need be."""
    box = page.get_by_label(f"New card, {column}")
    if not box.is_visible():
        page.get_by_text(f"Add a card to {column}").click()
    return box


class Side:
    """One of the two at a browser of their own. Keeps every byte that the server ever sent there."""

    def __init__(self, person: Person, context: Any, base: str) -> None:
        sign_in(context, person, base)
        self.person = person
        self.received: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("response", self._keep)

    def _keep(self, response: Response) -> None:
        if "/static/" not in response.url and "/live/" not in response.url and response.status < 300:
            self.received.append(response.url + response.text())

    def has_received(self, marker: str) -> bool:
        return any(marker in body for body in self.received) or marker in self.page.content()

    def fold(self, column: str, text: str) -> None:
        box = composer(self.page, column)
        box.fill(text)
        self._send(box)
        expect(self.card(text)).to_be_visible()

    def _send(self, box: Locator) -> None:
        box.press("Enter")
        expect(box).to_have_value("")

    def card(self, text: str) -> Locator:
        return self.page.locator(".card", has=self.page.get_by_text(text, exact=True))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)


class Plain(Side):
    """At a browser that runs no scripts: `context` is made so. What it was sent is not kept, for its pages go."""

    def _keep(self, response: Response) -> None:
        pass

    def _send(self, box: Locator) -> None:
        self.press(re.compile("Fold it|Add it"), self.page.locator("form", has=box))

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """The first one of that name: each card has its own."""
        (within or self.page).get_by_role("button", name=name, exact=True).first.click()

    def goes_to(self, session: Session) -> None:
        """The step where the two are; again, what a stream would bring."""
        self.page.goto(f"/sessions/{session.pk}/")

    def keep(self, form: str, text: str) -> None:
        """Answer a question and keep it."""
        answer = self.page.locator(f"#answer-{form}")
        answer.get_by_role("textbox").fill(text)
        self.press("Keep it", answer)
