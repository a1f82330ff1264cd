"""The way of a new pair in two browsers: a Dream Team agreement, a retro, and the clause that a card of it changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from partnerships.models import Agreement
from partnerships.wording import Wording
from retros.models import Action, ClauseLink, Note, Session, creation
from retros.room.decisions import name_decision
from tests.browser import Watched, enter, look
from tests.cast import Cast, make_cast
from tests.conftest import LiveServer
from tests.retros import play
from tests.retros.agreements.adopted import ONE, close_of, in_force
from tests.retros.play import Participant
from tests.retros.room.side import Side

pytestmark = pytest.mark.one_database

EARLY = "Ines hears the problem before it has a shape."
SAME_DAY = "We say so the same day."
SOONER = "We say so within the hour when it is about scope."
CARD = "INESBAD scope moved on a Tuesday"


@pytest.fixture
def two(new_context: Callable[..., Any], live_server: LiveServer) -> tuple[Side, Side, Cast]:
    people = make_cast()
    ines, tom = (Side(who, new_context(), live_server.url) for who in (people.ines, people.tom))
    return ines, tom, people


def live(side: Side) -> None:
    expect(side.page.locator("html")).to_have_attribute("data-connection", "live")


def test_a_new_pair_agrees_and_a_card_changes_what_it_agreed(two: tuple[Side, Side, Cast], watched: Watched) -> None:
    ines, tom, people = two
    home = f"/partnerships/{people.checkout.pk}/"

    # The quick Dream Team: each alone, then side by side.
    ines.page.goto(home)
    ines.press("Answer the first question")
    live(ines)
    tom.page.goto(home)
    tom.page.get_by_role("link", name="Answer the first question").click()
    live(tom)
    for side, text in ((ines, "INESHARD in writing first"), (tom, "TOMHARD straight away")):
        box = side.page.get_by_role("textbox", name="How do you like to hear hard feedback?")
        box.fill(text)
        expect(side.page.locator("#answer-feedback [data-saved]")).to_have_text("Draft saved")
    ines.press("I’m ready")
    expect(tom.page.get_by_role("button", name="Ready, and open both")).to_be_visible()
    assert not tom.has_received("INESHARD")
    assert not ines.has_received("TOMHARD")
    tom.press("Ready, and open both")
    for side in (ines, tom):
        for text in ("INESHARD in writing first", "TOMHARD straight away"):
            expect(side.page.locator("#answers")).to_contain_text(text)
    tom.page.get_by_text("This surprised me: How do you like to hear hard feedback?").click()
    tom.page.get_by_label("What surprised you in what Ines wrote?").last.fill("I thought out loud")
    tom.press("Note it for both")
    expect(ines.page.get_by_text("I thought out loud", exact=True)).to_be_visible()

    # Their own sentences become the agreement, when both have signed it.
    for side in (ines, tom):
        side.press("Ready for Agreement")
    tom.page.get_by_text("Add a sentence").click()
    box = tom.page.get_by_label("One sentence you can both keep to")
    for sentence in (EARLY, SAME_DAY):
        box.fill(sentence)
        enter(tom.page)
        expect(box).to_have_value("")
        expect(ines.page.locator("#learnings")).to_contain_text(sentence)
    tom.press("Put them in our agreement, and sign")
    expect(tom.page.get_by_text("The agreement starts when Ines has, too.")).to_be_visible()
    ines.press("Put them in our agreement, and sign")
    expect(tom.page.get_by_text("It is in force.")).to_be_visible()

    # A retro: what held them back changes a clause.
    tom.page.goto(home)
    tom.press("Start one now")
    live(tom)
    retro = Session.objects.get(kind=Session.Kind.RETRO)
    for kind in ("look_back", "pulse"):
        if kind == "pulse":
            play.reveal(retro, kind)
        play.go_on(retro, kind)
    ines.page.goto(f"/sessions/{retro.pk}/")
    live(ines)
    ines.fold("The bad", CARD)
    play.reveal(retro, "write")
    ines.page.goto(f"/sessions/{retro.pk}/")
    ines.page.get_by_role("button", name=f"Put on the table: {CARD}").first.click()
    ines.page.get_by_role("link", name="Put it in an agreement").click()
    ines.page.get_by_role("link", name=f"2. {SAME_DAY}").click()
    expect(ines.page.get_by_label("The new words")).to_have_value(SAME_DAY)
    ines.page.get_by_label("The new words").fill(SOONER)
    ines.page.get_by_label("Why?").fill("Three days is long.")
    tom.page.goto(f"/sessions/{retro.pk}/")
    live(tom)
    ines.press("Propose it, and sign")
    live(ines)

    # Who stands in the room sees it there, and can sign it there.
    expect(tom.page.locator("#added")).to_contain_text("Ines has signed it. It starts when you have, too.")
    expect(tom.page.locator("#added").get_by_role("button", name="Sign it")).to_be_visible()

    # The other one signs it where it waits; the difference and the way back to the card are there.
    tom.page.goto(home)
    tom.page.get_by_role("link", name="Read it").first.click()
    expect(tom.page.locator("ins").first).to_be_visible()
    expect(tom.page.get_by_text("“Three days is long.”")).to_be_visible()
    tom.press("Sign it")
    expect(tom.page.get_by_text("Version 2, in force since")).to_be_visible()
    expect(tom.page.locator(".clauses")).to_contain_text(SOONER)
    expect(tom.page.get_by_text(CARD)).to_be_visible()
    first, second = Agreement.objects.get().all_versions
    tom.page.goto(reverse("version_detail", args=[second.pk]) + f"?against={first.pk}")
    expect(tom.page.locator("del").first).to_be_visible()
    tom.page.goto(reverse("agreement_detail", args=[second.agreement_id]))
    tom.page.get_by_role("link", name="Retro 1").click()
    expect(tom.page.locator(".card p", has_text=CARD)).to_be_visible()


def test_everybody_can_use_what_leads_into_agreements(two: tuple[Side, Side, Cast], watched: Watched) -> None:
    ines, _tom, people = two
    for address in [*sittings(people), *marks(people), *wrap_up(people)]:
        answer = ines.page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        open_all(ines.page)
        look(ines.page)


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")


def sittings(people: Cast) -> list[str]:
    """A contract while it is written, and after; a Dream Team with a line from today to wanted."""
    addresses = []
    for opened in (False, True):
        contract = Agreement.begin(people.checkout, by=people.ines, kind="contract", title=f"Project {opened}")
        session = creation.begin(contract, by=people.ines)
        ines, tom = hands = Participant(people.ines, session.pk), Participant(people.tom, session.pk)
        named = name_decision(tom.step(0), by=people.tom, title="Which features ship " + "x" * 60, id=uuid.uuid4())
        for hand, value in ((ines, 1), (tom, 4)):
            hand.answer("role_mine", "The flow and the words")
            hand.answer("role_yours", "Scope, and the why")
            hand.answer("decide_scope", value=value)
            hand.answer("decide_design", value=3)
        ines.answer(named.key, value=5)
        if opened:
            for hand in hands:
                hand.ready(0)
            entry = tom.answer("purpose", "To learn", version=0)
            Note.surprise(entry, by=people.ines, text="I thought money", id=uuid.uuid4())
        addresses.append(f"/sessions/{session.pk}/steps/0/")
    return addresses


def marks(people: Cast) -> list[str]:
    """A clause that asks for a look, its links, and an experiment that may become one."""
    contract = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Relaunch")
    in_force(contract, people, ONE, Wording("Thursday is sketch hour."))
    ClauseLink.set_tags(contract, ONE.line, ["life", "company"], by=people.ines)
    tried = play.agree(people.checkout, "two weeks without the review", is_experiment=True, because="it is a habit")
    Action.objects.update(created_at=timezone.now() - timedelta(days=60))
    session = play.start(people.checkout)
    prompt = next(p for p in play.step_of(session, "pulse").prompts if p.key == "change_tags")
    Participant(people.tom, session.pk).answer(prompt.key, tags=["life"])
    tried.review(session, by=people.ines, verdict="done", helped="helped")
    play.reveal(session, "pulse")
    return [
        reverse("agreement_detail", args=[contract.pk]),
        reverse("clause_link_update", args=[contract.pk, ONE.line]),
        reverse("action_update", args=[tried.pk]),
        f"/sessions/{session.pk}/steps/0/",
    ]


def wrap_up(people: Cast) -> list[str]:
    session = close_of(people)
    return [f"/sessions/{session.pk}/steps/4/"]
