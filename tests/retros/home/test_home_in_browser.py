"""The home page as people use it: check off, take back, add, change; with a script, without one, and read aloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import FloatRect, expect

from partnerships.models import Agreement
from partnerships.wording import Wording
from retros.models import Action
from tests.browser import LINES, Watched, faults
from tests.cast import Cast, home_of, make_cast, sign_in
from tests.conftest import LiveServer
from tests.factories import PartnershipFactory
from tests.retros import play

pytestmark = pytest.mark.one_database


@pytest.fixture
def pair(live_server: LiveServer) -> Cast:
    cast = make_cast()
    play.hold(cast.checkout, 4, 3, on=play.noon(2026, 3, 3), overall_a=2, overall_b=2)
    play.hold(cast.checkout, (4, "only me"), 5, on=play.noon(2026, 5, 5), overall_a=2)
    play.plan(cast.checkout)
    play.agree(cast.checkout, "Book the sketch hour")
    return cast


@pytest.mark.parametrize("script", [True, False])
def test_check_off_and_take_back(
    pair: Cast, new_context: Callable[..., Any], live_server: LiveServer, script: bool
) -> None:
    page = home_of(pair.tom, new_context(java_script_enabled=script), live_server)
    tick = page.get_by_role("button", name="Done: Book the sketch hour")
    tick.click()
    expect(tick).to_have_attribute("aria-pressed", "true")
    if script:
        expect(tick).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(tick).to_have_attribute("aria-pressed", "false")


def test_an_action_begun_survives_a_reload_and_a_refusal(
    pair: Cast, new_context: Callable[..., Any], live_server: LiveServer, watched: Watched
) -> None:
    watched.expect(422)
    page = home_of(pair.ines, new_context(), live_server)
    page.get_by_text("Add an action between retros").click()
    text = page.get_by_label("What will you try?")
    text.press_sequentially("Ask about research")
    expect(page.locator("#action-form [data-saved]")).to_have_text("Draft saved")
    page.reload(wait_until="networkidle")
    expect(text).to_be_visible()
    expect(text).to_have_value("Ask about research")
    text.press("Enter")
    expect(page.locator("#action-form [data-notice]")).to_contain_text("Pick a date.")
    expect(text).to_have_value("Ask about research")
    page.get_by_label("By when").fill((timezone.localdate() + timedelta(days=9)).isoformat())
    page.get_by_text("Both", exact=True).click()
    page.get_by_role("button", name="Add action").click()
    added = page.locator("#actions li", has_text="Ask about research")
    expect(added.locator(".tick")).to_have_count(2)  # of both: one line
    expect(text).to_have_value("")
    page.reload(wait_until="networkidle")
    expect(text).to_have_value("")
    expect(added.locator(".tick")).to_have_count(2)


def test_a_change_begun_survives_a_reload(pair: Cast, new_context: Callable[..., Any], live_server: LiveServer) -> None:
    page = home_of(pair.ines, new_context(), live_server)
    page.locator("#actions li", has_text="Book the sketch hour").get_by_role("link").click()
    page.wait_for_load_state("networkidle")
    text = page.get_by_label("What will you try?")
    text.fill("Book the sketch hour, early")
    expect(page.locator("form[data-autosave] [data-saved]")).to_have_text("Draft saved")
    page.reload(wait_until="networkidle")
    expect(text).to_have_value("Book the sketch hour, early")
    page.get_by_role("button", name="Keep the changes").click()
    expect(page.locator("#actions li", has_text="Book the sketch hour, early")).to_have_count(1)


@pytest.mark.parametrize("where", ["add", "change"])
def test_every_box_of_an_action_survives_a_reload(
    pair: Cast, new_context: Callable[..., Any], live_server: LiveServer, watched: Watched, where: str
) -> None:
    watched.expect(422)
    page = home_of(pair.ines, new_context(), live_server)
    action = Action.objects.get()
    args = {"add": ("action_create", pair.checkout.pk), "change": ("action_update", action.pk)}[where]
    url = live_server.url + reverse(args[0], args=args[1:])
    for text in ("Ask about research", "Ask about something else"):  # what was sent does not come back
        page.goto(url, wait_until="networkidle")
        page.get_by_label("What will you try?").fill(text)
        cue = page.get_by_label("If …")
        expect(cue).not_to_have_value("it rains")
        cue.press_sequentially("it rains")
        expect(page.locator("[data-saved]")).to_have_text("Draft saved")
        page.reload(wait_until="networkidle")
        expect(page.get_by_label("What will you try?")).to_have_value(text)
        expect(cue).to_have_value("it rains")
        page.get_by_label("By when").fill("")
        page.locator("#action-form .primary").click()
        expect(page.locator("#action-form [data-notice]")).to_contain_text("Pick a date.")
        page.get_by_label("By when").fill((timezone.localdate() + timedelta(days=9)).isoformat())
        page.locator("#action-form .primary").click()
        expect(page.locator("#actions li", has_text=f"If it rains, then I will: {text}")).to_have_count(1)
        Action.objects.update(cue="")
    assert "it rains" not in page.evaluate("JSON.stringify(localStorage)")


def test_what_needs_a_look_stands_beside_the_next_retro(
    pair: Cast, new_context: Callable[..., Any], live_server: LiveServer
) -> None:
    contract = Agreement.begin(pair.checkout, by=pair.tom, kind="contract", title="Relaunch")
    contract.propose([Wording("Thursday is sketch hour.")], by=pair.tom, reason="")
    page = home_of(pair.ines, new_context(viewport={"width": 1280, "height": 900}), live_server)

    def box(title: str) -> FloatRect:
        found = page.locator("section", has=page.get_by_role("heading", name=title, exact=True)).last.bounding_box()
        assert found is not None
        return found

    retro, look = box("Next retro, in 5 days"), box("Agreements that need a look")
    assert (look["y"], look["x"] > retro["x"] + retro["width"]) == (retro["y"], True)
    actions, pulse, held = box("Open actions"), box("Pulse"), box("Your retros so far")
    assert (actions["y"], actions["width"]) == (pulse["y"], pulse["width"])
    assert held["y"] > max(actions["y"] + actions["height"], pulse["y"] + pulse["height"])
    assert held["width"] == pulse["x"] + pulse["width"] - actions["x"]
    page.set_viewport_size({"width": 834, "height": 1112})  # a tablet: below it
    assert box("Agreements that need a look")["y"] > box("Next retro, in 5 days")["y"]
    assert page.evaluate(LINES, ".big-date") == [1]


def test_home_can_be_read_aloud(pair: Cast, new_context: Callable[..., Any], live_server: LiveServer) -> None:
    page = home_of(pair.ines, new_context(), live_server)
    page.get_by_text("Add an action between retros").click()
    page.get_by_text("Things overall, in the company and in life").click()
    assert faults(page) == []
    assert faults(home_of(pair.mei, new_context(), live_server)) == []


def test_home_follows_when_the_other_one_starts(
    pair: Cast, new_context: Callable[..., Any], live_server: LiveServer
) -> None:
    context = new_context()
    sign_in(context, pair.tom, live_server.url)
    page = context.new_page()
    page.clock.install()
    page.goto("/", wait_until="networkidle")
    page.get_by_text("Add an action between retros").click()
    page.get_by_label("What will you try?").fill("Ask about research")
    session = play.start(pair.checkout)
    page.clock.run_for(30_000)
    expect(page.get_by_role("link", name="Go to the room")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Open now, at “Last time”")
    expect(page.get_by_label("What will you try?")).to_have_value("Ask about research")
    expect(page.get_by_label("What will you try?")).to_be_focused()
    # what is small in the exchanged part keeps the focus, too
    page.get_by_role("link", name="X versus Y").focus()
    play.go_on(session, "look_back")
    page.clock.run_for(30_000)
    expect(page.get_by_text("Open now, at “Pulse check”").first).to_be_visible()
    expect(page.get_by_role("link", name="X versus Y")).to_be_focused()


def test_the_list_of_several_pairs_follows(
    pair: Cast, new_context: Callable[..., Any], live_server: LiveServer
) -> None:
    PartnershipFactory.create(label="Wallet", a=pair.mei, b=pair.tom)
    context = new_context()
    sign_in(context, pair.tom, live_server.url)
    page = context.new_page()
    page.clock.install()
    page.goto("/", wait_until="networkidle")
    ours = page.get_by_role("link", name="Ines and Tom")
    ours.focus()
    play.start(pair.checkout)
    page.clock.run_for(30_000)
    expect(page.locator("#pairs")).to_contain_text("is open now")
    expect(page.locator("#toasts")).to_contain_text("Ines and Tom:")
    expect(page.locator("#pairs ul, #pairs[role]")).to_have_count(1)
    expect(ours).to_be_focused()
    assert faults(page) == []
