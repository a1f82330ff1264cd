"""Mail that leaves at once, and a mail server that does not take it."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.accounts.adapter import AccountAdapter
from partnerships.mail import at_once
from partnerships.mail.message import Letter
from partnerships.models import Person

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

PUT_OFF = smtplib.SMTPRecipientsRefused({"ines@example.org": (451, b"greylisted")})
UNKNOWN = smtplib.SMTPRecipientsRefused({"ines@example.org": (550, b"no such user")})


class Server:
    """Says what the test puts into `says`: None takes the mail. `later` does what waits, when its time has come."""

    def __init__(self) -> None:
        self.says: Exception | None = None
        self.tried: list[str] = []
        self.later: list[Callable[[], None]] = []

    def send(self, message: EmailMessage) -> int:
        self.tried.append(message.to[0])
        if self.says:
            raise self.says
        return 1

    def wait(self, wait: timedelta, work: Callable[[], None]) -> None:
        assert wait == at_once.AGAIN_AFTER
        self.later.append(work)

    def time_goes_by(self) -> None:
        self.later.pop()()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(EmailMessage, "send", lambda message: made.send(message))
    monkeypatch.setattr(at_once, "_in", made.wait)
    return made


def letter(to: str = "ines@example.org") -> Letter:
    return Letter(to=to, subject="Hello", lines=("You are invited.",))


@pytest.fixture
def post(django_capture_on_commit_callbacks: Any) -> Callable[[Callable[[], None]], None]:
    def posted(work: Callable[[], None]) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            work()

    return posted


@pytest.mark.parametrize("says", [PUT_OFF, smtplib.SMTPServerDisconnected("gone"), OSError("away")])
def test_what_was_put_off_leaves_when_the_server_is_back(server: Server, post: Any, says: Exception) -> None:
    server.says = says
    post(lambda: at_once.post(letter().message()))
    server.time_goes_by()
    server.says = None
    server.time_goes_by()
    assert len(server.tried) == 3
    assert not server.later


def test_it_is_not_tried_for_ever(server: Server, post: Any) -> None:
    server.says = PUT_OFF
    post(lambda: at_once.post(letter().message()))
    while server.later:
        server.time_goes_by()
    assert len(server.tried) == at_once.TRIES


def test_what_no_try_would_change_is_tried_once(server: Server, post: Any) -> None:
    server.says = UNKNOWN
    post(lambda: at_once.post(letter().message()))
    assert (len(server.tried), server.later) == (1, [])


def test_a_code_is_not_sent_when_it_works_no_more(server: Server, post: Any) -> None:
    server.says = PUT_OFF
    post(lambda: AccountAdapter().send_mail("account/email/login_code", "ines@example.org", {"code": "ABCD-EFGH"}))
    assert (len(server.tried), server.later) == (1, [])


def test_a_server_that_is_away_is_not_asked_for_each_of_thousands(server: Server, post: Any) -> None:
    server.says = OSError("away")
    people = [f"p{n}@example.org" for n in range(50)]
    post(lambda: at_once.send_many([letter(each) for each in people]))
    assert len(server.tried) == at_once.GIVE_UP
    server.says = None
    server.time_goes_by()
    assert sorted(server.tried[at_once.GIVE_UP :]) == sorted(people)


def test_addresses_that_do_not_exist_keep_nobody_elses_mail(server: Server, post: Any) -> None:
    server.says = UNKNOWN
    post(lambda: at_once.send_many([letter()] * 9))
    assert (len(server.tried), server.later) == (9, [])


def test_the_admin_sees_that_one_did_not_leave(client: Client, server: Server, post: Any, ada: Person) -> None:
    url = reverse("mail_list")
    assert "leaves at once" not in client.get(url).text
    server.says = UNKNOWN
    post(lambda: at_once.post(letter().message()))
    page = client.get(url).text
    assert "did not take a mail that leaves at once" in page
    assert "SMTPRecipientsRefused" in page
    assert "ines@example.org" not in page
    refused = at_once.last_refused()
    assert refused
    assert abs(refused.at - timezone.now()) < timedelta(minutes=1)
