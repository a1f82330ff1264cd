"""What admins do, in the browser, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from playwright.sync_api import Locator, expect

from partnerships.models import Invitation
from retros.dates import one_date
from retros.models import Series, Session
from tests.browser import LINES, faults
from tests.cast import home_of, make_cast
from tests.conftest import LiveServer
from tests.factories import PartnershipFactory, PersonFactory

pytestmark = pytest.mark.one_database


def test_everybody_can_plan_for_many_pairs(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    Invitation.for_account(email="new@example.org", by=cast.ada)
    half = Invitation.arrange_partnership(
        by=cast.ada, emails=["new@example.org", "mei@example.org"], kind="other", label="Growth"
    )
    page = home_of(cast.ada, new_context(), live_server)
    picks = "&".join(f"pick={pair.pk}:0" for pair in (cast.checkout, cast.search))
    addresses = [
        f"{reverse('bulk_preview')}?act=plan&{picks}",
        reverse("admin_partnership_detail", args=[half.partnership.pk]),
    ]
    found = []
    for address in addresses:
        page.goto(address)
        found += faults(page)
    assert found == []
    page.get_by_role("button", name="Account: Ada Osei").click()
    page.get_by_role("link", name="Admin pages").click()
    assert page.url.endswith(reverse("schedule"))
    bar = page.get_by_role("group", name="Selected partnerships")
    expect(bar).to_be_hidden()
    page.get_by_label("Select Checkout (Ines and Tom)").check()
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Plan a rhythm").click()
    page.get_by_label("Rhythm").select_option("monthly")
    page.get_by_role("button", name="Look again").click()
    page.get_by_text("Every month, ").wait_for()
    page.get_by_role("button", name="Do it for 1 pair").click()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("It was taken back.").wait_for()
    assert faults(page) == []


def test_rows_are_pasted_and_every_link_is_kept(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    """Three presses from a spreadsheet to a file with the links of eighty people."""
    page = home_of(make_cast().ada, new_context(accept_downloads=True), live_server)
    rows = (f"Ann Lee <a{n}@x.example>\tb{n}@x.example\tPair {n}\tEvery 6 weeks" for n in range(40))
    page.goto(reverse("partnership_import"))
    page.get_by_label("Or rows from a spreadsheet").fill(
        "\n".join(["member_a_email\tmember_b_email\tlabel\tcadence", *rows])
    )
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("40 lines are right, 0 lines are wrong").wait_for()
    put_in = page.get_by_role("button", name="Put in 40 partnerships")
    expect(put_in).to_be_in_viewport()
    assert faults(page) == []
    put_in.click()
    page.get_by_role("heading", name="The 80 invitations are ready").wait_for()
    assert faults(page) == []
    with page.expect_download() as kept:
        page.get_by_role("link", name="Keep them as a file").click()
    assert kept.value.suggested_filename == "invitations.csv"
    lines = kept.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 81
    assert len({line.rpartition(",")[2] for line in lines[1:]}) == 80


class Presses:
    """Counts what a person does: each press, each paste."""

    def __init__(self) -> None:
        self.count = 0

    def on(self, what: Locator) -> None:
        self.count += 1
        what.click()

    def paste(self, into: Locator, text: str) -> None:
        self.count += 1
        into.fill(text)


def test_the_first_hour_of_an_admin(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    """Forty rows are pasted, their links are there, all are planned, a clash is solved, one is moved and put back."""
    cast, press = make_cast(), Presses()
    people = [PersonFactory.create(name=f"Person {n:02}", timezone="Europe/Berlin") for n in range(79)]
    emails = [person.email for person in people] + ["new@example.org"]
    rows = [f"{emails[2 * n]}\t{emails[2 * n + 1]}\tTeam {n:02}" for n in range(40)]
    page = home_of(cast.ada, new_context(), live_server)
    page.goto(reverse("admin_partnership_list"))
    press.on(page.get_by_role("link", name="Import a file"))
    pasted = "\n".join(["member_a_email\tmember_b_email\tlabel", *rows])
    press.paste(page.locator("textarea[name=text]"), pasted)
    press.on(page.get_by_role("button", name="Look at it"))
    expect(page.get_by_text("40 lines are right")).to_be_visible()
    press.on(page.get_by_role("button", name="Put in 40 partnerships"))
    expect(page.get_by_text("new@example.org").first).to_be_visible()

    press.on(page.get_by_role("link", name="Schedule"))
    press.paste(page.get_by_role("searchbox"), "Team")
    press.on(page.get_by_role("button", name="Show"))
    press.on(page.get_by_label("All 40 that match"))
    press.on(page.get_by_role("button", name="Plan a rhythm"))
    press.on(page.get_by_role("button", name="Do it for 39 pairs"))
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    assert Series.objects.count() == 39  # one waits for the person who is invited

    own = Session.objects.filter(partnership__label="Team 00").upcoming()[0]
    other = PartnershipFactory.create(a=people[0], b=cast.mei, label="Side project")
    one_date.plan(other, by=cast.mei, start=own.wall_start, zone=own.timezone)  # they do that by themselves
    press.on(page.get_by_role("link", name="To the schedule"))
    page.set_viewport_size({"width": 834, "height": 1112})  # a tablet
    lines = page.evaluate(LINES, "td[data-l=When]")
    assert len(lines) > 40
    assert max(lines) <= 2  # day and time
    page.set_viewport_size({"width": 1280, "height": 720})
    press.on(page.get_by_role("link", name="Checks", exact=True))
    press.on(page.get_by_role("link", name="Move ").first)
    press.on(page.get_by_role("button", name="Move it"))
    press.on(page.get_by_role("link", name="Schedule"))
    press.on(page.get_by_role("link", name="Checks", exact=True))
    expect(page.get_by_text("Nobody has to be in two retros at once.")).to_be_visible()

    press.on(page.get_by_role("link", name="Calendar"))
    following = timezone.localdate().replace(day=1) + timedelta(days=31)
    press.on(page.get_by_role("link", name=date_format(following, "F"), exact=True))
    expect(page.get_by_role("heading", name=date_format(following, "F Y"))).to_be_visible()
    press.on(page.get_by_role("link", name="List", exact=True))
    moved = Session.objects.filter(partnership__label="Team 05").upcoming()[0]
    press.on(page.get_by_label("Select Team 05 "))
    press.on(page.get_by_role("button", name="Move by a week"))
    press.on(page.get_by_role("button", name="Do it for 1 pair"))
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    assert Session.objects.get(pk=moved.pk).start_utc - moved.start_utc > timedelta(days=6)
    press.on(page.get_by_role("button", name="Take it back"))
    expect(page.get_by_text("It was taken back.")).to_be_visible()
    assert Session.objects.get(pk=moved.pk).start_utc == moved.start_utc
    assert press.count <= 40
