"""The whole retro with scripting off, by two people: every part of it is a link or a plain form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from partnerships.models import Person, SignIn
from retros.models import Action, Entry, Note, Review
from tests.browser import Watched
from tests.cast import Cast
from tests.conftest import LiveServer
from tests.factories import PASSWORD
from tests.retros import play
from tests.retros.play import Participant, agree
from tests.retros.room.side import Plain

pytestmark = pytest.mark.one_database


@pytest.fixture
def plain(new_context: Callable[..., Any], live_server: LiveServer) -> Callable[[Person], Plain]:
    return lambda person: Plain(person, new_context(java_script_enabled=False), live_server.url)


def test_a_whole_retro_without_script(plain: Callable[[Person], Plain], people: Cast) -> None:
    agree(people.checkout, "Sketch on Thursdays")
    session = play.start(people.checkout)
    ines, tom = plain(people.ines), plain(people.tom)

    def both_press(name: str) -> None:
        ines.goes_to(session)
        ines.press(name)
        tom.goes_to(session)
        tom.press(name)
        ines.goes_to(session)

    # Last time.
    ines.goes_to(session)
    review = ines.page.locator("form.review")
    review.get_by_text("Done", exact=True).click()
    review.get_by_text("It helped", exact=True).click()
    review.get_by_label("What got in the way, or helped?").fill("The room was free")
    ines.press("Keep this", review)
    tom.goes_to(session)
    expect(tom.page.get_by_label("What got in the way, or helped?")).to_have_value("The room was free")
    expect(tom.page.get_by_role("radio", name="Done")).to_be_checked()
    both_press("Ready for Pulse check")
    assert Review.objects.get().helped == "helped"

    # Pulse.
    for side in (ines, tom):
        side.goes_to(session)
        side.heading("How are you, really?")
        weather = side.page.locator("form", has=side.page.get_by_label("Fair")).first
        weather.get_by_text("Fair").click()
        side.press("Keep it", weather)
        expect(side.page.get_by_label("Fair").first).to_be_checked()
    ines.page.get_by_label("Only me: What has impacted you?").check()
    ines.keep("impacted", "INESALONE")
    ines.keep("changed", "INESPULSE short on sleep")
    expect(ines.page.locator("#answer-impacted").get_by_role("textbox")).to_have_value("INESALONE")
    ines.press("I’m ready")
    ines.page.get_by_role("link", name="Look again").click()  # at the dock, for whoever waits
    tom.goes_to(session)
    assert "INESPULSE" not in tom.page.content()
    tom.keep("changed", "TOMPULSE a new boss")
    tom.press("Ready, and open both")
    for side in (ines, tom):
        side.goes_to(session)
        side.heading("Here’s how you both are")
        expect(side.page.locator("#answers")).to_contain_text("INESPULSE short on sleep")
        expect(side.page.locator("#answers")).to_contain_text("TOMPULSE a new boss")
    assert "INESALONE" not in tom.page.content()
    tom.page.get_by_label("Note for both of you").fill("We slow down")
    tom.press("Save the note")
    ines.goes_to(session)
    expect(ines.page.get_by_label("Note for both of you")).to_have_value("We slow down")
    both_press("Ready for Good, bad, discussion")

    # Good, bad, discussion: fold, edit, move, delete, bring back.
    for side in (ines, tom):
        side.goes_to(session)
        side.heading("The good, the bad, the discussion")
    ines.fold("The good", "You pulled me in")
    ines.fold("The good", "Scope moved")
    ines.fold("The discussion", "To be deleted")
    ines.page.get_by_role("link", name="Edit card: You pulled me in").click()
    ines.page.get_by_label("Your card").fill("You pulled me in early")
    ines.press("Keep it")
    expect(ines.card("You pulled me in early")).to_be_visible()
    ines.page.get_by_role("link", name="Move card: Scope moved").click()
    ines.page.locator("#columns").get_by_text("The bad").click()
    ines.press("Keep it")
    expect(ines.page.locator("#cards-bad .card")).to_contain_text("Scope moved")
    ines.page.get_by_role("link", name="Edit card: To be deleted").click()
    ines.press("Delete")
    expect(ines.card("To be deleted")).to_have_count(0)
    expect(ines.page.get_by_text("Card deleted")).to_be_visible()
    ines.press("Undo")
    expect(ines.card("To be deleted")).to_be_visible()
    tom.goes_to(session)
    expect(tom.page.get_by_text("Ines has folded 3 cards.")).to_be_visible()
    assert "Scope moved" not in tom.page.content()
    tom.fold("The discussion", "Do we need the review")
    ines.press("I’m ready")
    ines.press("I’m ready")  # and not yet
    expect(ines.page.get_by_role("button", name="I’m ready")).to_have_attribute("aria-pressed", "false")
    ines.press("I’m ready")
    tom.goes_to(session)
    tom.press("Ready, and open both")
    ines.goes_to(session)
    for side in (ines, tom):
        for text in ("You pulled me in early", "Scope moved", "To be deleted", "Do we need the review"):
            expect(side.card(text).first).to_be_visible()

    # Talk.
    tom.press(re.compile("^Pick ?: Scope moved$"))
    expect(tom.page.get_by_role("button", name=re.compile("^Picked ?: Scope moved$"))).to_be_visible()
    ines.goes_to(session)
    ines.press(re.compile("^Put on the table ?: Scope moved$"))
    tom.goes_to(session)
    expect(tom.page.locator("#table .quote")).to_have_text("Scope moved")
    tom.page.get_by_role("textbox", name="What came up").fill("He thought stand-up covered it")
    tom.press("Save the note")
    ines.goes_to(session)
    expect(ines.page.get_by_role("textbox", name="What came up")).to_have_value("He thought stand-up covered it")
    ines.page.get_by_role("textbox", name="What will you try?").fill("Post scope changes the same day")
    ines.page.locator("#table .seg").get_by_text("Tom").click()
    ines.press("Add action")
    expect(ines.page.locator("#added")).to_contain_text("Post scope changes the same day")
    ines.press("Done talking")
    expect(ines.page.get_by_text("Talked about").first).to_be_visible()
    both_press("Ready for Conclusions")

    # Conclusions.
    ines.heading("What do we take with us?")
    ines.page.get_by_text("Add a learning").click()
    ines.page.get_by_role("textbox", name="What did we learn?").fill("Silence is an answer")
    ines.press("Add it")
    ines.page.get_by_role("link", name="Edit: Silence is an answer").click()
    ines.page.get_by_label("What we learned").fill("Silence reads as a decision")
    ines.press("Keep it")
    expect(ines.page.locator("#learnings")).to_contain_text("Silence reads as a decision")
    ines.page.get_by_label("We try", exact=True).fill("two weeks without the review")
    ines.page.locator("form", has=ines.page.get_by_label("We try", exact=True)).get_by_text("Both").click()
    ines.press("Try it")
    expect(ines.page.locator("#experiments .quote")).to_have_count(1)
    both_press("Ready for Wrap-up")

    # Wrap-up.
    for side, thanks in ((ines, "You said no and were right"), (tom, "Your review comments")):
        side.goes_to(session)
        side.heading("Before you go")
        answer = side.page.locator(
            "form", has=side.page.get_by_role("textbox", name="One thing I appreciate about you")
        )
        answer.get_by_role("textbox").fill(thanks)
        side.press("Keep it", answer)
    ines.press("I’m ready")
    tom.goes_to(session)
    tom.press("Ready, and open both")
    expect(tom.page.locator("#answers")).to_contain_text("You said no and were right")
    tom.press("Plan it")
    expect(tom.page.get_by_text("Your next retro")).to_be_visible()
    both_press("Close the retro")
    for side in (ines, tom):
        side.goes_to(session)
        side.heading("That’s retro 1. Thank you both.")
    assert Action.objects.visible_to(people.tom).count() == 4
    assert {note.text for note in Note.objects.visible_to(people.tom)} == {
        "We slow down", "He thought stand-up covered it", "Silence reads as a decision",
    }  # fmt: skip


def test_a_refused_form_gives_the_text_back(plain: Callable[[Person], Plain], people: Cast, watched: Watched) -> None:
    """Signed out, too long, stale: a page that shows what was typed, and the way back."""
    watched.expect(401, 403, 409, 422)
    session = play.start(people.checkout)
    card = Participant(people.ines, session.pk).fold("As it was")
    ines = plain(people.ines)
    ines.page.goto(f"/sessions/{session.pk}/steps/2/")
    ines.page.get_by_text("Add a card to The good").click()
    box = ines.page.get_by_label("New card, The good")
    box.fill("x" * 10_312)
    ines.press("Fold it", ines.page.locator("form", has=box))
    ines.heading("312 characters too many. Your text is here.")
    expect(ines.page.get_by_role("textbox", name="Your text is here")).to_have_value("x" * 10_312)
    ines.page.get_by_role("textbox", name="Your text is here").fill("Shorter")
    ines.press("Send it again")
    expect(ines.card("Shorter")).to_be_visible()

    # Stale: both texts, and mine on top of theirs.
    ines.page.get_by_role("link", name="Edit card: As it was").click()
    card.edit(by=people.ines, text="As the other tab has it", version=card.version)
    ines.page.get_by_label("Your card").fill("As this tab has it")
    ines.press("Keep it")
    expect(ines.page.get_by_role("textbox", name="Your text")).to_have_value("As this tab has it")
    expect(ines.page.get_by_role("textbox", name="What is stored now")).to_have_value("As the other tab has it")
    ines.press("Keep mine")
    expect(ines.card("As this tab has it")).to_be_visible()

    # Signed out in between.
    ines.page.get_by_text("Add a card to The good").click()
    box.fill("Not to be lost")
    SignIn.objects.all().delete()
    ines.press("Fold it", ines.page.locator("form", has=box))
    ines.heading("Sign in again. Your text is kept.")
    expect(ines.page.get_by_role("textbox", name="Your text is here")).to_have_value("Not to be lost")
    with ines.page.expect_popup() as opened:
        ines.page.get_by_role("link", name="Sign in, in another tab").click()
    opened.value.get_by_label("Work email").fill(people.ines.email)
    opened.value.get_by_label("Password").fill(PASSWORD)
    opened.value.get_by_role("button", name="Sign in", exact=True).click()
    opened.value.wait_for_url("**/partnerships/**")
    ines.press("Send it again")  # with a token from before that sign-in
    ines.heading("Press again.")
    expect(ines.page.get_by_role("textbox", name="Your text is here")).to_have_value("Not to be lost")
    ines.press("Send it again")
    expect(ines.card("Not to be lost")).to_be_visible()
    assert Entry.objects.visible_to(people.ines).count() == 3
