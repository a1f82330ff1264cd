"""What admins do, in the browser, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from partnerships.models import Invitation
from tests.browser import faults
from tests.cast import make_cast
from tests.conftest import LiveServer
from tests.retros.home.test_home_in_browser import page_of

pytestmark = pytest.mark.one_database


def test_everybody_can_plan_for_many_pairs(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    cast = make_cast()
    Invitation.for_account(email="new@example.org", by=cast.ada)
    half = Invitation.arrange_partnership(
        by=cast.ada, emails=["new@example.org", "mei@example.org"], kind="other", label="Growth"
    )
    page = page_of(cast.ada, new_context(), live_server)
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
    page.get_by_label("Select Ines and Tom").check()
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
    page = page_of(make_cast().ada, new_context(accept_downloads=True), live_server)
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
