"""What was sent from a page of its own does not come back into its box, however soon it was pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from partnerships.models import Agreement, Version
from partnerships.wording import Wording
from retros.models import Action, Jot, KindWord
from tests.cast import Cast, home_of, make_cast
from tests.conftest import LiveServer
from tests.retros import play

pytestmark = pytest.mark.one_database


@pytest.fixture
def pair(live_server: LiveServer) -> Cast:
    return make_cast()


@pytest.mark.parametrize("where", ["jot", "word", "clause", "action"])
def test_what_was_sent_does_not_come_back(
    pair: Cast, new_context: Callable[..., Any], live_server: LiveServer, where: str
) -> None:
    urls = {
        "jot": reverse("jot_list", args=[pair.checkout.pk]),
        "word": reverse("kind_word_create", args=[pair.checkout.pk]),
        "clause": _clause(pair) if where == "clause" else "",
        "action": reverse("action_create", args=[pair.checkout.pk]),
    }
    rows = {"jot": Jot.objects, "word": KindWord.objects, "clause": Version.objects, "action": Action.objects}[where]
    before = rows.count()
    page = home_of(pair.ines, new_context(), live_server)
    page.goto(live_server.url + urls[where], wait_until="networkidle")
    form = page.locator("main form").filter(has=page.locator("[name=text]"))
    box = form.locator("[name=text]")
    if where == "action":
        form.get_by_label("By when").fill(timezone.localdate().isoformat())
    box.fill("We decide on Thursdays")
    with page.expect_navigation(wait_until="networkidle"):
        form.locator("button.primary").click()
    assert rows.count() == before + 1
    assert "Thursdays" not in page.evaluate("JSON.stringify(localStorage)")
    page.goto(live_server.url + urls[where], wait_until="networkidle")
    expect(box).to_have_value("")


def _clause(pair: Cast) -> str:
    """“Put it in our contract”, from a card of both."""
    contract = Agreement.begin(pair.checkout, by=pair.tom, kind="contract", title="Relaunch")
    contract.propose([Wording("We say it early")], by=pair.tom, reason="", base=None)
    session = play.start(pair.checkout)
    card = play.Participant(pair.ines, session.pk).fold("Nobody decides")
    play.reveal(session)
    return reverse("entry_clause", args=[session.pk, card.pk])
