"""Hebrew and Arabic, as Chromium lays them out: where the two write, read, look back, and print."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from retros.models import Action, Note
from tests.cast import make_cast, page_of
from tests.conftest import LiveServer
from tests.retros import play

pytestmark = pytest.mark.one_database

HEBREW, ARABIC, ENGLISH = "הסקיצות המוקדמות עזרו.", "نكتب أقل، ونتحدث أكثر.", "The early sketches helped."


def directions(page: Page, text: str) -> set[str]:
    """The computed directions of the innermost elements with this text, and of where their lines begin."""
    found = page.evaluate(
        """(text) => [...document.querySelectorAll("main :not(.vh, .vh *)")]
          .filter((part) => part.checkVisibility() && !part.childElementCount && part.textContent.includes(text))
          .map((part) => getComputedStyle(part))
          .map(({ direction, textAlign }) => direction + " " + textAlign)""",
        text,
    )
    return set(found)


def test_what_people_write_runs_in_its_own_direction(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    page = page_of(cast.ines, new_context(), live_server)
    session = play.start(cast.checkout)
    play.go_on(session, "look_back")
    play.reveal(session, "pulse")
    play.go_on(session, "pulse")
    board = reverse("step_detail", args=[session.pk, play.step_of(session, "write").position])

    page.goto(live_server.url + board)
    page.locator("summary.add").first.click()
    box = page.locator("form[data-composer] textarea").first
    assert box.evaluate("box => getComputedStyle(box).direction") == "ltr"
    box.fill(HEBREW)
    assert box.evaluate("box => getComputedStyle(box).direction") == "rtl"
    box.press("Enter")
    card = page.locator("[data-card]", has_text=HEBREW)
    expect(card).to_be_visible()
    page.goto("about:blank")
    play.Participant(cast.tom, session.pk).fold(ARABIC, "bad")
    play.Participant(cast.tom, session.pk).fold(ENGLISH, "talk")
    play.reveal(session, "write")
    page.goto(live_server.url + board)
    for text, way in ((HEBREW, "rtl"), (ARABIC, "rtl"), (ENGLISH, "ltr")):
        assert directions(page, text) == {f"{way} start"}

    page.goto("about:blank")  # the room would follow by itself
    play.go_on(session, "write")
    conclude = play.step_of(session, "conclude")
    Note.learn(conclude, by=cast.ines, text=ARABIC, id=uuid.uuid4())
    Action.agree(
        cast.checkout, by=cast.ines, id=uuid.uuid4(), owners=["a"], text=ENGLISH, because=HEBREW, seen_by=ARABIC,
        is_experiment=True, due=timezone.localdate() + timedelta(days=9), session=conclude.session,
    )  # fmt: skip
    page.goto(live_server.url + reverse("step_detail", args=[session.pk, conclude.position]))
    assert directions(page, ARABIC) == directions(page, HEBREW) == {"rtl start"}
    assert directions(page, ENGLISH) == {"ltr start"}

    page.goto("about:blank")
    play.go_on(session, "conclude")
    play.reveal(session, "close")
    play.go_on(session, "close")
    page.goto(live_server.url + reverse("history_detail", args=[cast.checkout.pk]))
    assert directions(page, ARABIC) == {"rtl start"}
    page.goto(live_server.url + reverse("session_print", args=[session.pk]))
    page.emulate_media(media="print")
    assert directions(page, HEBREW) == directions(page, ARABIC) == {"rtl start"}
    assert directions(page, ENGLISH) == {"ltr start"}
