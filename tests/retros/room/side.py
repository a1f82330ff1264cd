"""One of two people in the room, in a browser of their own."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Response, expect

from partnerships.models import Person
from tests.cast import sign_in


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
        page = self.page
        box = page.get_by_label(f"New card, {column}")
        if not box.is_visible():
            page.get_by_text(f"Add a card to {column}").click()
        box.fill(text)
        box.press("Enter")
        expect(box).to_have_value("")
        expect(page.locator(".card p", has_text=text)).to_be_visible()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)
