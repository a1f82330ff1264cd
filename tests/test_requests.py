"""What every request meets: the limits of a session, and the log's silence about words."""

from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from config.logs import JsonLines
from partnerships.models import Person
from partnerships.models.sign_in import ABSOLUTE, IDLE, IDLE_ADMIN

pytestmark = pytest.mark.one_database

PAGE = "/account/password/change/"  # any page behind the sign-in


@pytest.fixture
def ines(db: None) -> Person:
    return Person.objects.create_user("ines@example.org", "quite a long passphrase")


def signed_in(client: Client, person: Person, *, seen: timedelta, started: timedelta) -> Client:
    client.force_login(person)
    session = client.session
    now = timezone.now()
    session["seen"] = (now - seen).isoformat()
    session["started"] = (now - started).isoformat()
    session.save()
    return client


def lets_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


A_MINUTE = timedelta(minutes=1)


def test_a_first_request_starts_the_clock(client: Client, ines: Person) -> None:
    client.force_login(ines)
    assert lets_in(client)
    assert client.session["started"] == client.session["seen"]


@pytest.mark.parametrize(
    ("admin", "seen", "started", "inside"),
    [
        (False, IDLE - A_MINUTE, IDLE, True),
        (False, IDLE + A_MINUTE, IDLE + A_MINUTE, False),
        (True, IDLE_ADMIN - A_MINUTE, IDLE, True),
        (True, IDLE_ADMIN + A_MINUTE, IDLE, False),
        (False, A_MINUTE, ABSOLUTE - A_MINUTE, True),
        (False, A_MINUTE, ABSOLUTE + A_MINUTE, False),
    ],
)
def test_a_session_ends(
    client: Client, ines: Person, admin: bool, seen: timedelta, started: timedelta, inside: bool
) -> None:
    Person.objects.update(is_staff=admin)
    signed_in(client, ines, seen=seen, started=started)
    assert lets_in(client) is inside
    assert ("_auth_user_id" in client.session) is inside


def test_being_there_is_noted_now_and_then(client: Client, ines: Person) -> None:
    signed_in(client, ines, seen=timedelta(minutes=1), started=timedelta(hours=1))
    before = client.session["seen"]
    assert lets_in(client)
    assert client.session["seen"] == before
    signed_in(client, ines, seen=timedelta(minutes=10), started=timedelta(hours=1))
    before = client.session["seen"]
    assert lets_in(client)
    assert client.session["seen"] > before


def test_a_clock_that_was_wrong_makes_no_session_longer(client: Client, ines: Person) -> None:
    signed_in(client, ines, seen=timedelta(days=-400), started=timedelta(days=-400))
    assert lets_in(client)
    now = timezone.now()
    assert client.session["seen"] <= now.isoformat()
    assert client.session["started"] <= now.isoformat()
    signed_in(client, ines, seen=timedelta(hours=-1), started=timedelta(hours=1))
    assert lets_in(client)
    assert client.session["seen"] <= timezone.now().isoformat()


# --- Words that cannot be read -------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n%s\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"login=caf%C3%A9", FORM, 200),
        (b"login=caf\xc3\xa9", FORM, 200),
        (b"login=lone%ED%A0%80", FORM, 400),
        (b"login=latin%E9", FORM, 400),
        (b"login=raw\xff", FORM, 400),
        (PART % "café".encode(), PARTS, 200),
        (PART % b"lone\xed\xa0\x80", PARTS, 400),
    ],
)
@pytest.mark.django_db
def test_a_form_that_is_not_utf8_is_refused(client: Client, body: bytes, kind: str, status: int) -> None:
    assert client.post("/account/login/", body, content_type=kind).status_code == status


# --- Logs ----------------------------------------------------------------------------------------


def line(record: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_request_is_logged_by_its_route(client: Client, caplog: pytest.LogCaptureFixture, ines: Person) -> None:
    client.force_login(ines)
    with caplog.at_level(logging.INFO, "twofold"):
        client.get(PAGE + "?q=canary")
    found = line(next(record for record in caplog.records if record.name == "twofold.requests"))
    assert set(found) == {"time", "level", "from", "event", "route", "method", "status", "ms", "person", "reference"}
    assert found["route"] == "account/password/change/"
    assert found["status"] == 200
    assert found["person"] == str(ines.pk)
    assert found["time"].endswith("+00:00")


def test_a_refused_request_is_logged_once(caplog: pytest.LogCaptureFixture, ines: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ines)
    asked = [
        (404, lambda: client.get("/nothing/here/")),
        (405, lambda: client.post("/guide/", headers={"Sec-Fetch-Site": "same-origin"})),
        (403, lambda: client.post(PAGE, {"password": "x"})),
        (400, lambda: client.get("/", headers={"Host": "elsewhere.example"})),
    ]
    for status, ask in asked:
        caplog.clear()
        assert ask().status_code in {status, 403}
        assert [record.name for record in caplog.records] == ["twofold.requests"], status


def test_an_error_is_logged_without_its_words() -> None:
    try:
        canary = "canary"
        raise IntegrityError(f"Failing row contains ({canary})")
    except IntegrityError:
        record = logging.LogRecord(
            "django.request", logging.ERROR, __file__, 1, "Failed: %s", ("/canary/",), sys.exc_info()
        )
    found = line(record)
    assert found["error"] == "IntegrityError"
    assert found["at"][-1].startswith("tests/test_requests.py:")
    assert "canary" not in json.dumps(found)


def test_fields_that_nobody_allowed_stay_out() -> None:
    record = logging.LogRecord("twofold.worker", logging.INFO, __file__, 1, "sent", (), None)
    record.count = 3
    record.body = "canary"
    assert line(record).keys() == {"time", "level", "from", "event", "count"}
