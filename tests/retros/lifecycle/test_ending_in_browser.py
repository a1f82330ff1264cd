"""What is kept, the end, and one's own data: reachable for everybody, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from retros.lifecycle import ending
from retros.models import Handover
from tests.browser import faults
from tests.cast import home_of, make_cast
from tests.conftest import LiveServer
from tests.factories import PASSWORD

pytestmark = pytest.mark.one_database


def test_everybody_can_use_the_page_of_what_has_ended(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    ending.end(cast.search, by=cast.priya, leaving=True)
    page = home_of(cast.daniel, new_context(), live_server)
    page.goto(reverse("partnership_end", args=[cast.search.pk]))
    assert faults(page) == []


def test_a_handover_is_saved_while_it_is_typed_and_the_export_is_a_file(
    new_context: Callable[..., Any], live_server: LiveServer
) -> None:
    cast = make_cast()
    context = new_context()
    page = home_of(cast.ines, context, live_server)
    page.goto(reverse("partnership_end", args=[cast.checkout.pk]))
    page.get_by_label("What would help the next pair").fill("Ask for the data early.")
    expect(page.get_by_text("Saved for you both")).to_be_visible()
    assert Handover.objects.get().text == "Ask for the data early."
    page.goto(reverse("data_detail"))
    page.get_by_role("button", name="Export what I can see").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    for _again in range(2):  # a file leads to no other page: who presses for it once more means it
        with page.expect_download() as download:
            page.get_by_role("button", name="Export what I can see").click()
        assert download.value.suggested_filename == "twofold.zip"
