"""A whole retro by two people in two browsers, and what neither may be sent before the other opens it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from retros.models import Action, Session
from tests.browser import Watched
from tests.cast import make_cast
from tests.conftest import LiveServer
from tests.retros import play
from tests.retros.room.side import Side


@pytest.fixture
def two(new_context: Callable[..., Any], live_server: LiveServer) -> tuple[Side, Side, Session]:
    cast = make_cast()
    session = play.start(cast.checkout)
    ines, tom = (Side(who, new_context(), live_server.url) for who in (cast.ines, cast.tom))
    for side in (ines, tom):
        side.page.goto(f"/sessions/{session.pk}/")
        expect(side.page.locator("html")).to_have_attribute("data-connection", "live")
    return ines, tom, session


def hold_a_whole_retro(two: tuple[Side, Side, Session], watched: Watched) -> None:
    """From the look back to the close. Neither is sent a word of the other's before its step is open."""
    ines, tom, session = two

    # Last time: nothing to look back on, said warmly.
    for side in two[:2]:
        expect(side.page.get_by_text("A fresh start.")).to_be_visible()
    ines.press("Ready for Pulse check")
    expect(tom.page.locator(".presence .ready")).to_contain_text("Ines")
    tom.press("Ready for Pulse check")

    # Pulse: alone, then side by side.
    for side in two[:2]:
        side.heading("How are you, really?")
    ines.page.get_by_label("Fair").first.check()
    ines.page.get_by_role("textbox", name="What’s been going on in your life, in your career?").fill(
        "INESALONE I am moving flat"
    )
    ines.page.get_by_label("Only me: What’s been going on in your life, in your career?").check()
    ines.page.get_by_role("textbox", name="What has changed recently?").fill("INESPULSE short on sleep")
    tom.page.get_by_label("Sunny").first.check()
    tom.page.get_by_role("textbox", name="What has impacted you?").fill("TOMPULSE a new boss")
    ines.press("I’m ready")
    expect(tom.page.get_by_role("button", name="Ready, and open both")).to_be_visible()
    assert not tom.has_received("INESPULSE")
    assert not ines.has_received("TOMPULSE")
    tom.press("Ready, and open both")
    for side in two[:2]:
        side.heading("Here’s how you both are")
        expect(side.page.locator("#answers")).to_contain_text("INESPULSE short on sleep")
        expect(side.page.locator("#answers")).to_contain_text("TOMPULSE a new boss")
    expect(ines.page.locator("#answers")).to_contain_text("INESALONE")
    ines.page.get_by_label("Note for both of you").fill("We slow down in January")
    expect(tom.page.get_by_label("Note for both of you")).to_have_value("We slow down in January")
    for side in two[:2]:
        side.press("Ready for Good, bad, discussion")

    # Good, bad, discussion: folded cards are a number to the partner, and nothing else.
    for side in two[:2]:
        side.heading("The good, the bad, the discussion")
    ines.fold("The good", "INESGOOD you pulled me in")
    ines.fold("The bad", "INESBAD scope moved on a Tuesday")
    tom.fold("The discussion", "TOMTALK do we need the review")
    expect(tom.page.get_by_text("Ines has folded 2 cards.")).to_be_visible(timeout=20_000)
    tom.page.get_by_label("New card, The discussion").fill("TOMDRAFT half a thought")
    expect(tom.page.locator("#compose-talk [data-saved]")).to_have_text("Draft saved")
    tom.press("I’m ready")
    expect(ines.page.get_by_role("button", name="Ready, and open both")).to_be_visible()
    assert not tom.has_received("INESGOOD")
    assert not tom.has_received("INESBAD")
    assert not ines.has_received("TOMTALK")
    ines.press("Ready, and open both")
    for side in two[:2]:
        for text in ("INESGOOD you pulled me in", "INESBAD scope moved on a Tuesday", "TOMTALK do we need the review"):
            expect(side.page.locator(".card p", has_text=text)).to_be_visible()
    expect(tom.page.get_by_label("New card, The discussion")).to_have_value("TOMDRAFT half a thought")

    # A card added now lies open at once.
    ines.fold("The good", "INESLATE and the sketch hour")
    expect(tom.page.locator(".card p", has_text="INESLATE")).to_be_visible()
    tom.page.get_by_role("button", name=re.compile("Pick ?: INESBAD")).click()
    expect(ines.page.get_by_role("button", name=re.compile("Tom picked ?: INESBAD"))).to_be_visible()
    ines.page.locator("#table-state").get_by_role("button", name=re.compile("Put on the table ?: INESBAD")).click()
    for side in two[:2]:
        expect(side.page.locator("#table .quote")).to_have_text("INESBAD scope moved on a Tuesday")
    tom.page.get_by_role("textbox", name="What came up").fill("He thought stand-up covered it")
    expect(ines.page.get_by_label("What came up")).to_have_value("He thought stand-up covered it")
    ines.page.get_by_role("textbox", name="What will you try?").fill("Post scope changes the same day")
    ines.page.locator("#table .seg").get_by_text("Tom").click()
    ines.press("Add action")
    expect(tom.page.locator("#added")).to_contain_text("Post scope changes the same day")
    tom.press("Done talking")
    expect(ines.page.locator(".card").get_by_text("Talked about")).to_be_visible()
    for side in two[:2]:
        side.press("Ready for Conclusions")

    # Conclusions.
    for side in two[:2]:
        side.heading("What do we take with us?")
        expect(side.page.locator("#actions")).to_contain_text("Post scope changes the same day")
    tom.page.get_by_text("Add a learning").click()
    tom.page.get_by_role("textbox", name="What did we learn?").fill("Silence reads as a decision")
    tom.press("Add it")
    expect(ines.page.locator("#learnings")).to_contain_text("Silence reads as a decision")
    ines.page.get_by_label("We try", exact=True).fill("two weeks without the review")
    ines.page.get_by_label("Because we believe").fill("it is only a habit")
    ines.page.get_by_label("We will know it worked when").fill("nobody missing it")
    ines.page.locator("details", has_text="Set up an experiment").locator(".seg").get_by_text("Both").click()
    ines.press("Try it")
    expect(tom.page.locator("#experiments .quote")).to_have_count(1)  # of both: one line, two marks
    expect(tom.page.locator("#experiments [data-p]")).to_have_count(2)
    for side in two[:2]:
        side.press("Ready for Wrap-up")

    # Wrap-up.
    for side in two[:2]:
        side.heading("Before you go")
    ines.page.get_by_role("textbox", name="One thing I appreciate about you").fill(
        "INESTHANKS you said no and were right"
    )
    tom.page.get_by_role("textbox", name="One thing I appreciate about you").fill("TOMTHANKS your review comments")
    ines.press("I’m ready")
    expect(tom.page.get_by_role("button", name="Ready, and open both")).to_be_visible()
    assert not tom.has_received("INESTHANKS")
    assert not ines.has_received("TOMTHANKS")
    tom.press("Ready, and open both")
    for side in two[:2]:
        expect(side.page.locator("#answers")).to_contain_text("INESTHANKS you said no and were right")
    tom.press("Plan it")
    expect(ines.page.get_by_text("Your next retro")).to_be_visible()
    for side in two[:2]:
        side.press("Close the retro")
    for side in two[:2]:
        side.heading("That’s retro 1. Thank you both.")
    assert not tom.has_received("INESALONE")
    assert not ines.has_received("TOMDRAFT")

    # And home again: the actions are there, and so is the next date.
    tom.page.get_by_role("link", name="Back to your partnership").last.click()
    expect(tom.page.get_by_text("Post scope changes the same day", exact=True)).to_be_visible()
    assert Action.objects.visible_to(tom.person).count() == 3
    assert Session.objects.upcoming().count() == 1
    session.refresh_from_db()
    assert session.is_closed
