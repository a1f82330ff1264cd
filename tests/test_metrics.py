"""/metrics: for Prometheus alone, and numbers alone."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families

from config import counters
from partnerships.models import Delivery
from retros.models import Tick
from tests.cast import Cast
from tests.world import MARK, World

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

TOKEN = "a-token-of-the-tests-alone"


@pytest.fixture(autouse=True)
def _token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def scraped(client: Client) -> dict[tuple[str, ...], float]:
    """Each number by its name and the values of its labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = text_string_to_metric_families(answer.text)
    return {(s.name, *s.labels.values()): s.value for family in found for s in family.samples}


@pytest.mark.parametrize("brought", ["", TOKEN, "Bearer", "Bearer another-token-of-the-tests"])
def test_without_the_token_there_is_nothing(client: Client, brought: str) -> None:
    assert client.get("/metrics", headers={"Authorization": brought}).status_code == 404


def test_without_a_token_in_the_settings_there_is_nothing(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for brought in ("", "Bearer", "Bearer "):
        assert client.get("/metrics", headers={"Authorization": brought}).status_code == 404


def test_it_counts_answers_and_mails_and_how_long_ago(client: Client, cast: Cast) -> None:
    before = scraped(client)
    for status in ("pending", "pending", "sent"):
        about = {"subject_type": "session", "subject_id": uuid.uuid4(), "send_at": timezone.now()}
        Delivery.new(person=cast.ines, kind="news", status=status, **about).save()
    Tick.note(timezone.now() - timedelta(minutes=3))
    client.get("/account/login/")
    client.get("/nothing/of/ours/")
    with counters.streams.labels("room").track_inprogress():
        after = scraped(client)
    login, missing = ("twofold_requests_total", "account/login/", "200"), ("twofold_requests_total", "none", "404")
    assert after[login] == before.get(login, 0) + 1
    assert after[missing] == before.get(missing, 0) + 1
    assert (after["twofold_mails", "pending"], after["twofold_mails", "sent"]) == (2, 1)
    assert 180 <= after["twofold_worker_age_seconds",] < 240
    assert after["twofold_streams", "room"] == before.get(("twofold_streams", "room"), 0) + 1


def test_it_says_nothing_of_anybody(world: World, client: Client) -> None:
    ines = world.client("ines")
    for name in ("home", "session_detail", "history_detail"):
        ines.get(world.url(name))
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert "uuid:session_id" in text  # the route, not the address
    assert not MARK.search(text)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|@example", text)


def test_processes_that_share_answer_for_all_of_them(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv(counters.FOLDER, "")
    counters.share(str(tmp_path))
    counters.count("shared/", 200)
    counters.streams.labels("shared").inc()
    counted = {s.name: s for f in counters.counted().collect() for s in f.samples if "shared" in str(s.labels)}
    assert counted["twofold_requests_total"].value == 1
    assert counted["twofold_streams"].value == 1
    left = next(tmp_path.glob("gauge_livesum_*.db"))
    left.rename(tmp_path / "gauge_livesum_999999999.db")  # the process is gone
    assert "twofold_streams" not in {s.name for f in counters.counted().collect() for s in f.samples}
