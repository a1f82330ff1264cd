"""A contract of two people in two browsers: written, signed, changed, compared; with and without script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from partnerships.models import Agreement, Clause, Version
from partnerships.wording import Wording
from tests.browser import Watched, look, press
from tests.cast import Cast, make_cast, page_of
from tests.conftest import LiveServer

pytestmark = pytest.mark.one_database

WORDINGS = [
    Wording("We decide scope together before design starts.", "How we work"),
    Wording("Tom answers design questions within a day."),
    Wording("We sleep on it and talk the next morning.", "When we disagree"),
]


def agreed(people: Cast, *wordings: Wording) -> Agreement:
    """A contract whose newest version has these clauses."""
    agreement = Agreement.objects.filter(title="Relaunch").first() or Agreement.begin(
        people.checkout, by=people.ines, kind="contract", title="Relaunch"
    )
    version = agreement.propose(wordings, by=people.ines, reason="It works", base=agreement.in_force)
    version.sign(by=people.tom, digest=version.digest)
    agreement.reread()
    return agreement


def box(page: Page, number: int) -> Any:
    return page.get_by_role("group", name=f"Clause {number}").get_by_label("Words")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_contract_from_the_first_word_to_the_second_version(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched, script: bool
) -> None:
    people = make_cast()
    ines = page_of(people.ines, new_context(java_script_enabled=script), live_server)
    tom = page_of(people.tom, new_context(java_script_enabled=script), live_server)
    ines.goto(f"/partnerships/{people.checkout.pk}/")
    ines.get_by_role("link", name="Agreements").click()
    ines.get_by_role("link", name="Write a contract for a project").click()
    ines.get_by_label("Which project is the contract for?").fill("Relaunch")
    press(ines, "Go on")
    expect(ines.get_by_role("heading", level=1)).to_have_text("Write the first version")
    box(ines, 1).fill("To ship it in spring.")
    box(ines, 2).fill("Ines decides how it looks.")
    press(ines, "Move clause 2 up")
    expect(box(ines, 1)).to_have_value("Ines decides how it looks.")
    press(ines, "One more clause")
    box(ines, 6).fill("Tom answers within a day.")
    ines.get_by_role("button", name="Propose it to Tom, signed").last.click()
    expect(ines.get_by_text("Waiting for Tom").first).to_be_visible()

    tom.goto(f"/partnerships/{people.checkout.pk}/agreements/")
    tom.get_by_role("link", name="Relaunch").click()
    press(tom, "Sign it")
    expect(tom.get_by_text("Version 1, in force since")).to_be_visible()
    first = Version.objects.get(number=1)
    assert [c.text for c in first.clauses.all()] == [
        "Ines decides how it looks.", "To ship it in spring.", "Tom answers within a day.",
    ]  # fmt: skip

    tom.get_by_role("link", name="Change clause 3").click()
    tom.get_by_label("The new words").fill("Tom answers the same day.")
    tom.get_by_label("Why?").fill("A day is too long.")
    tom.get_by_role("button", name="Propose it to Ines, signed").click()
    expect(tom.get_by_text("Waiting for Ines").first).to_be_visible()
    ines.goto(reverse("agreement_detail", args=[first.agreement_id]))
    expect(ines.locator("del")).to_have_text("within a")
    expect(ines.locator("ins")).to_have_text("the same")
    expect(ines.get_by_text("“A day is too long.”")).to_be_visible()
    press(ines, "Sign it")
    expect(ines.get_by_text("Version 2, in force since")).to_be_visible()
    ines.get_by_role("link", name="Version 1").click()
    ines.get_by_label("Compare with").select_option(label=f"Version 2, {day_of(people)}")
    press(ines, "Compare")
    expect(ines.get_by_text("What changed since: Version 1.")).to_be_visible()
    expect(ines.locator("del")).to_have_text("within a")
    expect(ines.locator("ins")).to_have_text("the same")


def day_of(people: Cast) -> str:
    day = timezone.now().astimezone(people.ines.tz)
    return f"{day.day} {day:%B %Y}"


def test_words_stay_on_the_device_until_they_are_proposed(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched
) -> None:
    people = make_cast()
    contract = agreed(people, *WORDINGS)
    page = page_of(people.tom, new_context(), live_server)
    address = reverse("version_create", args=[contract.pk])
    page.goto(address)
    box(page, 2).fill("Tom answers the same day.")
    for number in (4, 5):
        press(page, "One more clause")
        box(page, number).fill(f"New {number}")
    page.wait_for_load_state()  # nothing is kept before the script runs
    page.get_by_label("Why?").fill("Because I can.")

    page.goto(address)  # as after a crash: a fresh page, which has none of the new rows
    expect(box(page, 5)).to_have_value("New 5")
    expect(box(page, 4)).to_have_value("New 4")
    expect(box(page, 2)).to_have_value("Tom answers the same day.")
    expect(page.get_by_label("Why?")).to_have_value("Because I can.")

    agreed(people, replace(WORDINGS[0], text="We decide scope early."), *WORDINGS[1:])
    watched.expect(409)
    page.get_by_role("button", name="Propose it to Ines, signed").last.click()
    expect(page.get_by_text("Another version came into force in between.")).to_be_visible()
    expect(box(page, 1)).to_have_value("We decide scope early.")
    expect(box(page, 2)).to_have_value("Tom answers the same day.")
    look(page)
    page.get_by_role("button", name="Propose it to Ines, signed").last.click()
    expect(page.get_by_text("Waiting for Ines").first).to_be_visible()
    version = Version.objects.get(number=None)
    assert [c.text for c in version.clauses.all()] == [
        "We decide scope early.", "Tom answers the same day.", WORDINGS[2].text, "New 4", "New 5",
    ]  # fmt: skip
    page.wait_for_load_state()  # its script takes away what is stored
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes(':words:'))") == []
    page.goto(address)
    expect(box(page, 2)).to_have_value(WORDINGS[1].text)


def test_everybody_can_use_the_pages_of_agreements(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched
) -> None:
    people = make_cast()
    contract = agreed(people, *WORDINGS[:2])
    before = contract.in_force
    outdated = contract.propose(
        [WORDINGS[0], replace(WORDINGS[1], text="Late.")], by=people.ines, reason="R", base=before
    )
    contract = agreed(people, *WORDINGS)
    current = contract.in_force
    assert before is not None
    assert current is not None
    change = contract.propose(
        [WORDINGS[0], replace(WORDINGS[1], text="Tom answers the same day."), WORDINGS[2]],
        by=people.tom, reason="A day is \u202etoo long.", base=current, line=WORDINGS[1].line,
    )  # fmt: skip
    contract.propose(
        [*WORDINGS[:2], Wording("No mail at night."), WORDINGS[2]], by=people.ines, reason="R", base=current
    )
    contract.propose(WORDINGS[1:], by=people.ines, reason="R", base=current).defer(by=people.tom)
    contract.propose(WORDINGS[::-1], by=people.tom, reason="R", base=current)
    contract.propose([WORDINGS[0]], by=people.tom, reason="R", base=current).withdraw(by=people.tom)
    Agreement.objects.update(review_on=timezone.localdate() - timedelta(days=1))
    Clause.objects.filter(version=current, line=WORDINGS[0].line).update(review_on=timezone.localdate())
    first = Agreement.begin(people.checkout, by=people.ines, kind="dream_team", title="Our Dream Team agreement")
    first.propose([Wording("x" * 300)], by=people.tom, reason="")
    empty = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Search " + "y" * 90)
    closed = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Old")
    closed.close(by=people.ines)
    page = page_of(people.ines, new_context(), live_server)
    create = reverse("version_create", args=[contract.pk])
    for address in (
        *(reverse("agreement_detail", args=[one.pk]) for one in (contract, first, empty, closed)),
        reverse("agreement_list", args=[people.checkout.pk]),
        reverse("agreement_create", args=[people.checkout.pk]),
        *(create + query for query in ("", f"?line={WORDINGS[0].line}", "?add=1")),
        reverse("version_create", args=[empty.pk]),
        reverse("version_counter", args=[change.pk]),
        reverse("version_update", args=[outdated.pk]),
        reverse("version_detail", args=[change.pk]),
        reverse("version_detail", args=[current.pk]) + f"?against={before.pk}",
        reverse("agreement_print", args=[contract.pk]),
    ):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        look(page)
