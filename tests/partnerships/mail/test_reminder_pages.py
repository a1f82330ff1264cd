"""The settings of what comes by itself, the link that ends it, and the notices in the app."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import CalendarFeed, Delivery, Preference
from partnerships.unsubscribe import unsubscribe_token
from tests.cast import Cast, client_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def sent(**more: Any) -> dict[str, Any]:
    return {
        "calendar_mode": "feed",
        "working_days": ["3", "1"],
        "quiet_from": "21:30",
        "quiet_to": "07:00",
        "paused_until": "2027-03-01",
        "wanted": ["day_ahead:email", "starting:in_app"],
    } | more


def test_reminder_update_shows_and_keeps_every_choice(cast: Cast) -> None:
    client = client_of(cast.ines)
    page = client.get(reverse("reminder_update"))
    assert page.text.count('name="wanted"') == 15
    assert 'value="prep_open:email"' in page.text
    assert 'value="starting:email"' not in page.text
    assert client.post(reverse("reminder_update"), sent()).status_code == 302
    cast.ines.refresh_from_db()
    kept = cast.ines
    assert (kept.calendar_mode, kept.working_days, kept.paused_until) == ("feed", "13", date(2027, 3, 1))
    assert (kept.quiet_from, kept.quiet_to) == (time(21, 30), time(7))
    on = {reminder for reminder, wanted in Preference.of(cast.ines).items() if wanted}
    assert on == {("day_ahead", "email"), ("starting", "in_app")}
    again = client.get(reverse("reminder_update")).text
    assert again.count(" checked") == 1 + 2 + 2
    assert 'value="21:30"' in again
    assert 'value="2027-03-01"' in again


@pytest.mark.parametrize("mailed", [True, False])
def test_reminder_update_says_that_no_mail_leaves(cast: Cast, settings: Any, mailed: bool) -> None:
    settings.MAIL_IS_SENT = mailed
    said = "This installation sends no mail." in client_of(cast.ines).get(reverse("reminder_update")).text
    assert said is not mailed


@pytest.mark.parametrize(
    "wrong",
    [
        {"working_days": []},
        {"working_days": ["8"]},
        {"calendar_mode": "all"},
        {"quiet_from": "25:00"},
        {"paused_until": "soon"},
        {"wanted": ["invite:email"]},
    ],
)
def test_reminder_update_refuses_what_is_no_choice(cast: Cast, wrong: dict[str, Any]) -> None:
    answer = client_of(cast.ines).post(reverse("reminder_update"), sent(**wrong))
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    cast.ines.refresh_from_db()
    assert cast.ines.calendar_mode == "invites"


def test_feed_create_shows_the_address_once(cast: Cast) -> None:
    client = client_of(cast.ines)
    shown = client.post(reverse("feed_create")).text
    link = shown.partition('readonly value="')[2].partition('"')[0]
    assert link.startswith("http://127.0.0.1:8000/cal/")
    assert Client().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert link not in client.get(reverse("reminder_update")).text
    again = client.post(reverse("feed_create"))  # the page that shows it, loaded again
    assert again.status_code == 302
    assert "has its address already" in client.get(reverse("reminder_update")).text
    assert Client().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    seen = re.findall('name="seen" value="([^"]+)"', client.get(reverse("reminder_update")).text)
    assert client.post(reverse("feed_create"), {"seen": seen}).status_code == 200
    assert Client().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 404
    client.post(reverse("feed_delete"))
    assert CalendarFeed.of(cast.ines) is None


def test_unsubscribe_needs_nothing_but_its_address(cast: Cast) -> None:
    """NOT-07: no cookie, no token, no redirect; a look changes nothing; calendar mail goes on."""
    url = reverse("unsubscribe", args=[unsubscribe_token(cast.ines)])
    before = Preference.of(cast.ines)
    client = Client(enforce_csrf_checks=True)
    assert client.get(url).status_code == 200
    assert Preference.of(cast.ines) == before
    answer = client.post(url, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    after = Preference.of(cast.ines)
    assert not any(on for (_kind, channel), on in after.items() if channel == "email")
    assert Preference.of(cast.tom) == before
    assert (client.post(url).status_code, Preference.of(cast.ines)) == (200, after)
    assert cast.ines.email not in client.get(url).text
    for wrong in (url[:-2] + "/", reverse("unsubscribe", args=[str(cast.ines.pk)])):
        assert client.post(wrong).status_code == 404


BELL = 'aria-label="Notices for you"'


def test_every_page_of_a_pair_leads_to_the_notices_until_they_are_put_away(cast: Cast) -> None:
    now = timezone.now()
    client, toms = client_of(cast.ines), client_of(cast.tom)
    names = ("action_list", "agreement_list", "history_detail", "release_list", "partnership_end")
    pages = [reverse(name, args=[cast.checkout.pk]) for name in names]
    for url in pages:
        client.get(url)  # the sign-in's own first look
    before = [queries_of(client, url) for url in pages]
    assert not any(BELL in client.get(url).text for url in pages)
    notice = Delivery.new(
        person=cast.ines, kind="wrap_up", subject_type="session", subject_id=cast.checkout.pk, channel="in_app",
        send_at=now, expires_at=now + timedelta(hours=1), status="sent",
    )  # fmt: skip
    notice.save()
    assert all(BELL in client.get(url).text for url in pages)
    assert [queries_of(client, url) for url in pages] == before
    assert not any(BELL in toms.get(url).text for url in pages)
    assert BELL not in client.get(reverse("partnership_detail", args=[cast.checkout.pk])).text  # there they stand
    notice.dismiss(by=cast.ines)
    assert not any(BELL in client.get(url).text for url in pages)


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_notice_dismiss_puts_the_own_notice_away(cast: Cast) -> None:
    notice = Delivery.new(
        person=cast.ines, kind="starting", subject_type="session", subject_id=uuid.uuid4(), channel="in_app",
        send_at=timezone.now(), status="sent",
    )  # fmt: skip
    notice.save()
    url = reverse("notice_dismiss", args=[notice.pk])
    assert client_of(cast.tom).post(url).status_code == 404
    for _ in range(2):
        assert client_of(cast.ines).post(url).status_code == 302
    notice.refresh_from_db()
    assert notice.dismissed_at is not None


def test_healthz_says_when_the_worker_was_last_heard_of(client: Client) -> None:
    from retros.models import Tick

    url = reverse("healthz")
    assert client.get(url).json() == {
        "status": "warn",
        "version": settings.VERSION,
        "worker": {"last_tick": None, "late": True},
        "backup": {"last": None, "late": False},
    }
    now = timezone.now()
    Tick.note(now - timedelta(minutes=11))
    Tick.note(now - timedelta(minutes=9))
    told = client.get(url).json()
    assert (told["status"], told["worker"]["late"]) == ("ok", False)
    assert datetime.fromisoformat(told["worker"]["last_tick"]) < now
    for wrong in (-11, 60):  # or a clock was wrong
        Tick.note(now + timedelta(minutes=wrong))
        assert client.get(url).json()["status"] == "warn"
