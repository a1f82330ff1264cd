"""An answer that got lost: what was typed for it is there when one goes back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Route, expect

from partnerships.models import Lead
from retros.models import Need
from tests.browser import Watched
from tests.cast import make_cast, page_of
from tests.conftest import LiveServer

pytestmark = pytest.mark.one_database


def test_what_was_typed_is_there_after_an_answer_that_got_lost(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched
) -> None:
    cast, context = make_cast(), new_context()

    def lost(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=502, body="Bad gateway", content_type="text/html")
        else:
            route.continue_()

    watched.expect(502)
    pair = cast.checkout.pk
    pages = (
        (cast.ines, reverse("need_create", args=[pair, cast.sara.pk])),
        (cast.ines, reverse("action_import", args=[pair])),
        (cast.ada, reverse("partnership_import")),
        (cast.ada, reverse("template_create")),
    )
    for person, where in pages:
        page = page_of(person, context, live_server)
        page.route("**", lost)
        page.goto(where)
        box = page.locator("main textarea[name=text]")
        box.fill("Some words\nof several lines")
        page.locator("main form button.primary").first.click()
        expect(page.get_by_text("Bad gateway")).to_be_visible()
        page.go_back()
        expect(box).to_have_value("Some words\nof several lines")
        page.close()


def test_what_the_other_one_wrote_meanwhile_is_not_written_over(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched
) -> None:
    """The box has what was typed on the earlier words, and the page is that of the later ones."""
    cast, context = make_cast(), new_context()
    lead = Lead.objects.get(partnership=cast.checkout, person=cast.sara)
    need = Need.write(lead, by=cast.ines, text="A date", id=uuid.uuid4())

    def lost(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.fulfill(status=502, body="Bad gateway", content_type="text/html")
        else:
            route.continue_()

    watched.expect(502, 409)
    page = page_of(cast.ines, context, live_server)
    page.route("**", lost)
    page.goto(reverse("need_update", args=[need.pk]))
    box, keep = page.locator("main textarea[name=text]"), page.get_by_role("button", name="Keep it")
    box.fill("By Ines")
    keep.click()
    expect(page.get_by_text("Bad gateway")).to_be_visible()
    need.refresh_from_db()
    assert need.text == "By Ines"
    need.edit(by=cast.tom, text="By Tom", version=need.version)
    page.go_back()
    expect(box).to_have_value("By Ines")
    page.unroute_all()
    keep.click()
    expect(page.get_by_role("textbox", name="Your text")).to_have_value("By Ines")
    expect(page.get_by_role("textbox", name="What is stored now")).to_have_value("By Tom")
    need.refresh_from_db()
    assert need.text == "By Tom"
