"""In Chromium: two show their lead one thing, she reads it and answers; every page on the way can be read aloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from partnerships.models import Person
from tests.browser import faults
from tests.cast import home_of, make_cast
from tests.conftest import LiveServer
from tests.retros import play

pytestmark = pytest.mark.one_database


def test_two_show_their_lead_what_they_need(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    session = play.hold(cast.checkout, on=timezone.now() - timedelta(days=3))

    def open_as(person: Person, path: str) -> Page:
        page: Page = home_of(person, new_context(), live_server)
        page.goto(path)
        return page

    leads = f"/partnerships/{cast.checkout.pk}/leads/"
    ines = open_as(cast.ines, leads)
    assert faults(ines) == []
    ines.get_by_role("link", name="Say what you need from Sara").click()
    assert faults(ines) == []
    ines.get_by_label("In your words").fill("A date for the launch")
    ines.get_by_role("button", name="Keep it").click()
    ines.get_by_role("link", name="Show Sara something").click()
    assert faults(ines) == []
    ines.get_by_role("link", name="A date for the launch").click()
    assert faults(ines) == []
    seen = ines.locator("article").inner_html()
    ines.get_by_role("button", name="Propose to show Sara this").click()

    tom = open_as(cast.tom, f"/partnerships/{cast.checkout.pk}/")
    tom.get_by_role("link", name="Read what Sara would read").click()
    assert faults(tom) == []
    assert tom.locator("article").inner_html() == seen
    tom.get_by_role("button", name="Yes, show Sara this").click()
    expect(tom.get_by_text("Shown from now on")).to_be_visible()

    sara = open_as(cast.sara, "/")
    expect(sara.get_by_role("heading", level=1)).to_have_text("Your partnerships")
    assert faults(sara) == []
    sara.get_by_role("link", name="Ines and Tom").first.click()
    assert faults(sara) == []
    assert sara.locator("article").inner_html() == seen
    sara.get_by_role("link", name="Read and answer").click()
    assert faults(sara) == []
    assert sara.locator("article").inner_html() == seen
    sara.get_by_label("Your answer, to both of them").fill("In March")
    sara.get_by_role("button", name="Answer").click()
    sara.get_by_role("link", name="Offer them three dates").click()
    assert faults(sara) == []

    ines.goto(f"/partnerships/{cast.checkout.pk}/")
    expect(ines.get_by_text("In March")).to_be_visible()
    for path in (f"/partnerships/{cast.checkout.pk}/history/", f"/sessions/{session.pk}/print/", leads):
        ines.goto(path)
        assert faults(ines) == []
    expect(ines.get_by_text("Sara Lind opened your history, with 1 thing that you showed").first).to_be_visible()
