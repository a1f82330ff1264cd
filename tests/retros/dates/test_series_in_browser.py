"""The rhythm as people plan it: the dates follow every choice; read aloud, on every screen, in both themes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from retros.dates import one_date
from retros.models import Series, Session
from tests.browser import faults
from tests.cast import home_of, make_cast
from tests.conftest import LiveServer

pytestmark = pytest.mark.one_database


def test_plan_a_rhythm_and_change_it(live_server: LiveServer, new_context: Callable[..., Any]) -> None:
    cast = make_cast()
    page = home_of(cast.ines, new_context(viewport={"width": 390, "height": 844}), live_server)
    page.get_by_role("link", name="Plan a rhythm").click()
    page.wait_for_load_state()  # the dates follow a choice by a script
    dates = page.locator("#dates li")
    expect(dates).to_have_count(6)
    before = dates.nth(1).inner_text()
    page.get_by_label("How often").select_option("every_2_weeks")
    expect(dates.nth(1)).not_to_have_text(before)
    found = faults(page)
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_role("heading", name="Your rhythm")).to_be_visible()
    found += faults(page)
    page.get_by_role("link", name="Change from here on").nth(1).click()
    page.get_by_label("Time", exact=True).fill("09:30")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    found += faults(page)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("heading", name="Your rhythm")).to_be_visible()
    series = Series.objects.get()
    assert series.rule.words.startswith("Every 2 weeks")
    assert series.rule.words.endswith("09:30")
    start = (timezone.now() - timedelta(days=2)).replace(tzinfo=None)
    gone = one_date.plan(cast.checkout, by=cast.ines, start=start, zone="UTC", now=timezone.now() - timedelta(days=3))
    coming = Session.objects.filter(series=series).earliest("start_utc")
    for name, session in (("session_skip", coming), ("session_met", gone), ("session_move", coming)):
        page.goto(reverse(name, args=[session.pk]))
        found += faults(page)
    assert found == []
