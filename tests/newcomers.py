"""Two new people at browsers of their own, from the setup link to the signed agreement and the first closed retro."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

PASSWORD = "four small boats at sea"
QUESTIONS = (
    "When are you at your best? What brings it out?",
    "How do you like to hear hard feedback?",
    "How do we decide when we disagree?",
)
SENTENCE = "We say hard things in writing first, the same day."
MOST_PRESSES = 12  # a person, from the invitation to the first opened answers


class Newcomer:
    """Somebody at a browser of their own. `presses` are clicks and keys that are no text; a box has to be pressed, too,
    unless the focus stands in it already. `mailed_code` reads the code that was mailed last, where mail is sent.
    """

    def __init__(self, context: Any, first: str, mailed_code: Callable[[], str] | None = None) -> None:
        self.page: Page = context.new_page()
        self.first = first
        self.mailed_code = mailed_code
        self.presses = 0

    def press(self, role: Any, name: str | re.Pattern[str]) -> None:
        self._click(self.page.get_by_role(role, name=name, exact=True).first)

    def write(self, label: str, text: str) -> None:
        box = self.page.get_by_label(label, exact=True)
        if not box.evaluate("box => box === document.activeElement"):
            self._click(box)
        box.fill(text)

    def _click(self, what: Locator) -> None:
        self.presses += 1
        what.click()

    def make_account(self, name: str, email: str) -> None:
        self.press("link", "Make an account")
        expect(self.page.get_by_label("Your name")).to_be_focused()
        self.write("Your name", name)
        self.write("Work email", email)
        self.write("Password", PASSWORD)
        self.press("button", "Make an account")
        if self.mailed_code:
            self.heading("Is this your address?")
            self.write("Code", self.mailed_code())
            self.press("button", "Go on")

    def answer(self) -> None:
        for question in QUESTIONS:
            self.write(question, f"{self.first.upper()} on {question.lower()}")

    def heading(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def goes_on(self) -> None:
        """From here on the page follows by itself."""
        expect(self.page.locator("html")).to_have_attribute("data-connection", "live")


def hold_first_retro(lena: Newcomer, tom: Newcomer, link: str) -> None:
    """From the link that `manage.py setup_link` printed to the end of the first retro, each press counted.

    Their browsers begin with an address (`base_url`) at which the installation answers.
    """
    # The installation is set up, and the first of the two invites the second.
    lena.page.goto(urlsplit(link).path)
    lena.make_account("Lena Sommer", "lena@example.org")
    lena.press("button", "Become the admin")
    lena.heading("Your organisation")
    lena.page.goto("/")  # where she left
    lena.heading("Your organisation")
    lena.write("Name of the organisation", "Example Boats")
    lena.press("button", "Go on")
    lena.heading("Three steps to the first retros")
    lena.page.goto("/partnerships/new/")
    lena.press("radio", "Product manager and designer")
    lena.write("What you work on together", "Checkout")
    lena.write("Their work email", "tom@example.org")
    lena.press("button", "Invite them")

    # She sees who is invited, and begins alone.
    expect(lena.page.get_by_role("heading", name="Waiting for tom@example.org")).to_be_visible()
    invitation = lena.page.get_by_label("Link", exact=True).input_value()
    lena.presses = 0
    lena.press("button", "Answer the first question")
    lena.goes_on()
    lena.answer()
    lena.press("button", "I’m ready")
    expect(lena.page.get_by_role("button", name="I’m ready")).to_have_attribute("aria-pressed", "true")

    # He comes, finds hers waiting on top, and the second Ready opens both.
    tom.page.goto(urlsplit(invitation).path)
    expect(tom.page).to_have_title("Invitation · Twofold · Example Boats")
    tom.make_account("Tom Lindqvist", "tom@example.org")
    tom.press("button", "Accept the invitation")
    expect(tom.page.locator("h2").first).to_have_text("Lena has answered. It opens when you have, too")
    assert "LENA on" not in tom.page.content()
    tom.press("link", re.compile("^Answer the first question ?: Dream Team$"))
    tom.goes_on()
    tom.answer()
    assert "LENA on" not in tom.page.content()
    tom.press("button", "Ready, and open both")
    for each in (lena, tom):
        for name in ("LENA", "TOM"):
            expect(each.page.locator("#answers")).to_contain_text(f"{name} on {QUESTIONS[1].lower()}")
        assert each.presses <= MOST_PRESSES, (each.first, each.presses)

    # A sentence under both answers is there for both; the last press of each signs it.
    box = "One sentence you can both keep to"
    lena.page.get_by_label(box).nth(1).fill(SENTENCE)
    expect(tom.page.get_by_label(box).nth(1)).to_have_value(SENTENCE)
    for each in (lena, tom):
        each.press("button", "Ready for Agreement")
    for each in (lena, tom):
        each.heading("What do we agree on?")
        expect(each.page.locator("#learnings")).to_contain_text(SENTENCE)
        sign = each.page.get_by_role("button", name="Put them in our agreement, and sign").bounding_box()
        assert sign is not None
        assert sign["height"] <= 48  # on one line
    lena.press("button", "Put them in our agreement, and sign")
    expect(tom.page.get_by_text("Lena has signed these sentences.")).to_be_visible()
    tom.press("button", "Put them in our agreement, and sign")
    for each in (lena, tom):
        expect(each.page.get_by_text("Your sentences are in the agreement. It is in force.")).to_be_visible()

    # The first retro, from the one address of the pair to its end.
    back = lena.page.locator("main").get_by_role("link", name="Back to your partnership").get_attribute("href")
    pair = str(back).strip("/").split("/")[-1]
    for each in (lena, tom):
        each.page.goto(f"/together/{pair}/")
    lena.press("button", "Start one now")
    lena.goes_on()
    tom.page.goto(f"/together/{pair}/")
    tom.goes_on()
    for step in ("Pulse check", "Good, bad, discussion", "Conclusions", "Wrap-up"):
        if step in {"Good, bad, discussion", "Conclusions"}:
            open_both(lena, tom)
        for each in (lena, tom):
            each.press("button", f"Ready for {step}")
        for each in (lena, tom):
            expect(each.page.get_by_role("button", name=f"Ready for {step}")).to_have_count(0)
    open_both(lena, tom)
    for each in (lena, tom):
        each.press("button", "Close the retro")
    for each in (lena, tom):
        each.heading("That’s retro 1. Thank you both.")


def open_both(first: Newcomer, second: Newcomer) -> None:
    first.press("button", "I’m ready")
    expect(second.page.get_by_role("button", name="Ready, and open both")).to_be_visible()
    second.press("button", "Ready, and open both")
    expect(first.page.get_by_role("button", name="Ready, and open both")).to_have_count(0)
