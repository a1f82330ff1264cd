"""Every exercise of the catalogue in two browsers, from choosing to closing; and X versus Y from a card.

The usual retro has a test of its own: tests/retros/room/test_retro_in_browser.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from partnerships.models import Partnership
from retros.catalogue import Catalogue, Template, templates
from retros.models import Entry, Note, Prompt, Session, Step
from tests.cast import Cast, make_cast
from tests.conftest import LiveServer
from tests.retros import play
from tests.retros.room.side import Side

pytestmark = pytest.mark.one_database

# Each once, for the first kind of pair that can choose it.
ALL = {
    each.key: (kind, each)
    for kind in reversed(Partnership.Kind.values)
    for each in Catalogue(templates()).choices(kind)
}
del ALL["retro-classic"]
# The shortest and the longest of the retros, and each other kind; the rest of the retros, which are alike, with --deep.
ALIKE = {"retro-change-check", "retro-four-questions", "retro-start-stop-continue", "retro-em-pm"}
EACH = [
    pytest.param(kind, each, id=key, marks=pytest.mark.deep if key in ALIKE else ())
    for key, (kind, each) in ALL.items()
]


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture
def two(people: Cast, new_context: Callable[..., Any], live_server: LiveServer) -> tuple[Side, Side]:
    ines, tom = (Side(who, new_context(), live_server.url) for who in (people.ines, people.tom))
    return ines, tom


def write(side: Side, prompt: Prompt, text: str) -> str:
    """Answer one question as its page asks for it. Returns what the other one reads of it once it is open."""
    if prompt.takes_cards:
        side.fold(prompt.title, text)
        return text
    form = side.page.locator(f"#answer-{prompt.key}")
    if prompt.choices:
        label: str = prompt.choices[-1][1]
        form.get_by_text(label, exact=True).click()
        return label
    form.get_by_role("textbox").fill(text)
    return text


def go_on(sides: tuple[Side, Side], name: str) -> None:
    for side in sides:
        side.press(name)


@pytest.mark.parametrize(("kind", "template"), EACH)
def test_each_from_choosing_to_closing(
    people: Cast, two: tuple[Side, Side], live_server: LiveServer, kind: str, template: Template
) -> None:
    Partnership.objects.filter(pk=people.checkout.pk).update(kind=kind)
    ines, tom = two
    ines.page.goto(f"{live_server.url}{reverse('exercise_list', args=[people.checkout.pk])}")
    ines.page.get_by_role("link", name=template.title, exact=True).click()
    if template.asks_topic:
        ines.page.get_by_label("What is it about?").fill("The new onboarding")
    ines.press("Begin now")
    session = Session.objects.get(partnership=people.checkout)
    tom.page.goto(f"{live_server.url}/sessions/{session.pk}/")
    if template.asks_topic:
        expect(tom.page.get_by_text("The new onboarding")).to_be_visible()
    for step in session.steps:
        if step.written_alone:
            prompt = step.prompts[0]
            said = write(ines, prompt, f"INES-{prompt.key}")
            ines.press("I’m ready")
            expect(tom.page.get_by_role("button", name="Ready, and open both")).to_be_visible()
            assert not tom.has_received(f"INES-{prompt.key}")
            tom.press("Ready, and open both")
            place = re.compile(f"(of both|Ines: ){said}|^\\s*{said}") if prompt.choices else said
            expect(tom.page.locator("main").get_by_text(place).first).to_be_visible()
        if not step.is_last:
            go_on(two, f"Ready for {session.steps[step.position + 1].title}")
    go_on(two, "Close the retro" if template.kind == "retro" else "We are done here")
    closed = "This retro is closed." if template.kind == "retro" else "This sitting is closed."
    for side in two:
        expect(side.page.locator("#banner")).to_contain_text(closed)


def test_x_versus_y_from_a_card(people: Cast, two: tuple[Side, Side], live_server: LiveServer) -> None:
    """On the way there: the beginning of a sentence, and a card that is said in person."""
    ines, tom = two
    retro = play.start(people.checkout)
    Session.objects.filter(pk=retro.pk).update(position=play.step_of(retro, "write").position)
    for side in two:
        side.page.goto(f"{live_server.url}/sessions/{retro.pk}/")
    ines.page.get_by_text("Add a card to The discussion").click()
    composer = ines.page.locator("#compose-talk")
    box = composer.get_by_role("textbox")
    box.fill("the date moved")
    composer.get_by_text("Words to begin with").click()
    for _twice in range(2):
        composer.get_by_role("button", name="I notice …").click()
    expect(box).to_have_value("I notice the date moved")
    box.press("Enter")
    expect(ines.page.locator(".card p", has_text="I notice the date moved")).to_be_visible()
    tom.page.get_by_text("Add a card to The bad").click()
    tom.page.locator("#compose-bad").get_by_label("In person").check()
    tom.fold("The bad", "Workload")
    play.reveal(retro, "write")
    ines.page.get_by_role("button", name=re.compile("We talked about it ?: Workload")).click()
    expect(tom.page.get_by_role("button", name=re.compile("Not yet after all ?: Workload"))).to_be_visible()
    ines.page.get_by_role("button", name=re.compile("Put on the table ?: I notice")).click()

    tom.page.locator("#table").get_by_role("link", name="X versus Y about this").click()
    expect(tom.page.get_by_label("What is it about?")).to_have_value("I notice the date moved")
    tom.press("Begin now")
    ines.page.goto(f"{live_server.url}{reverse('partnership_detail', args=[people.checkout.pk])}")
    sitting = Session.objects.get(partnership=people.checkout, kind="difference")
    ines.page.locator(f'main a[href*="{sitting.pk}"]').first.click()
    for side in two:
        expect(side.page.locator(".quote", has_text="I notice the date moved")).to_be_visible()
    tom.page.locator("#answer-guess").get_by_role("textbox").fill("TOMGUESS your weekend")
    tom.press("I’m ready")
    expect(ines.page.get_by_role("button", name="Ready, and open both")).to_be_visible()
    assert not ines.has_received("TOMGUESS")
    ines.press("Ready, and open both")
    ines.page.locator("summary", has_text="Correct the guess").click()
    ines.page.get_by_label("What did Tom guess wrong, and how is it?").fill("The users’ weekend")
    ines.press("Note it for both")
    expect(tom.page.get_by_text("Ines corrected it")).to_be_visible()
    go_on(two, "Ready for What now")
    tom.page.locator("summary", has_text="Write down what you decided").click()
    tom.page.get_by_role("textbox", name="What did you decide?").fill("Dates move on Mondays alone")
    tom.press("Add it")
    ines.page.get_by_text("Park it", exact=True).click()
    ines.page.get_by_role("textbox", name="What is to be decided?").fill("Who says so to sales")
    ines.page.get_by_label("Who decides, if it is neither of you").fill("Vera from sales")
    ines.page.locator("details", has_text="Park it").locator(".seg").get_by_text("Tom").click()
    ines.press("Add action")
    expect(tom.page.locator("#actions")).to_contain_text(re.compile("Who says so to sales.*Decided by: .?Vera", re.S))
    expect(ines.page.locator("#learnings")).to_contain_text("Dates move on Mondays alone")
    go_on(two, "We are done here")
    expect(ines.page.locator("#banner")).to_contain_text("This sitting is closed.")
    sitting.refresh_from_db()
    assert sitting.is_closed
    assert Note.objects.visible_to(people.ines).filter(step__session=sitting, kind=Note.Kind.LEARNED).count() == 1
    assert Entry.objects.visible_to(people.ines).get(in_person=True).talk == Entry.Talk.TALKED
    assert Step.objects.filter(session=sitting).count() == 2
