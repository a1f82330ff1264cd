"""A template of a company’s own, from the admin’s clone to the pair that goes through it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser import faults
from tests.cast import home_of, make_cast
from tests.conftest import LiveServer

pytestmark = pytest.mark.one_database


def test_an_admins_own_template_is_used_by_a_pair(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    page = home_of(cast.ada, new_context(), live_server)
    page.get_by_role("link", name="Templates").click()
    page.get_by_role("link", name="A quick one").click()
    found = faults(page)
    page.get_by_role("button", name="Clone it").click()
    page.get_by_label("Name").fill("Friday ten")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", level=1, name="Friday ten")).to_be_visible()
    page.get_by_role("button", name=re.compile("usual one.*Product manager and designer")).click()
    page.get_by_role("link", name="Change it").click()
    found += faults(page)
    page.get_by_role("link", name="One of each").click()
    page.get_by_role("group", name="Question 1").get_by_label("In full").fill("What made this Friday a good one?")
    found += faults(page)
    page.get_by_role("button", name="Keep it").click()
    page.goto(reverse("template_list"))
    expect(page.get_by_role("listitem").filter(has_text="Friday ten")).to_contain_text("Usual for")
    found += faults(page)

    ines = home_of(cast.ines, new_context(), live_server)
    ines.goto(reverse("exercise_list", args=[cast.checkout.pk]))
    ines.get_by_role("link", name="Friday ten").click()
    ines.get_by_role("button", name="Begin now").click()
    ines.goto(f"{ines.url.split('/steps/')[0]}/steps/1/")
    expect(ines.get_by_text("What made this Friday a good one?")).to_be_visible()
    assert found == []
