"""One mail to one person: claimed once, sent once, kept when it was too late; whatever the mail server says."""

from __future__ import annotations

import io
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import IntegrityError, connections, transaction

from partnerships.mail import outbox
from partnerships.mail.console import EmailBackend
from partnerships.models import CalendarFeed, Delivery, Person, Preference
from tests.cast import Cast
from tests.factories import PersonFactory

NOW = datetime(2027, 2, 8, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """A worker that is gone: nothing of ours catches it."""


def killed(*args: Any) -> None:
    raise Killed


def one(person: Person, **more: Any) -> Delivery:
    fields = {
        "kind": "day_ahead",
        "subject_type": "session",
        "subject_id": uuid.uuid4(),
        "send_at": NOW,
        "expires_at": NOW + timedelta(hours=5),
    }
    delivery = Delivery.new(person=person, **(fields | more))
    delivery.save()
    return delivery


def render(delivery: Delivery, now: datetime) -> EmailMessage:
    return EmailMessage("A reminder", "One line", to=[delivery.person.email])


def status(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.status


@pytest.mark.django_db
def test_what_is_due_is_sent_once(cast: Cast) -> None:
    due, later = one(cast.ines), one(cast.ines, send_at=NOW + MINUTE)
    assert [outbox.send(NOW, render), outbox.send(NOW, render)] == [1, 0]
    assert (status(due), due.attempts, due.sent_at) == ("sent", 1, NOW)
    assert status(later) == "pending"
    (message,) = mail.outbox
    assert message.extra_headers["Message-ID"] == due.message_id
    assert due.message_id == f"<{due.pk}@127.0.0.1>"


@pytest.mark.django_db
def test_the_same_is_planned_once(cast: Cast) -> None:
    first = one(cast.ines)
    with pytest.raises(IntegrityError), transaction.atomic():
        one(cast.ines, subject_id=first.subject_id)
    one(cast.ines, subject_id=first.subject_id, for_key="another start")
    one(cast.tom, subject_id=first.subject_id)


@pytest.mark.django_db
def test_too_late_is_kept_and_not_sent(cast: Cast) -> None:
    late = one(cast.ines, expires_at=NOW)
    endless = one(cast.ines, kind="invite", expires_at=None)
    assert outbox.expire(NOW) == 1
    assert outbox.send(NOW, render) == 1
    assert [status(late), status(endless)] == ["expired", "sent"]


@pytest.mark.django_db
def test_what_is_no_longer_so_is_not_sent(cast: Cast) -> None:
    delivery = one(cast.ines)
    assert outbox.send(NOW, lambda delivery, now: None) == 0
    assert status(delivery) == "cancelled"
    assert mail.outbox == []


@pytest.mark.django_db
def test_killed_after_the_server_accepted(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one more, with the same Message-ID, after the lease is over."""
    delivery = one(cast.ines)

    with monkeypatch.context() as patch:
        patch.setattr(Delivery, "mark_sent", killed)
        with pytest.raises(Killed):
            outbox.send(NOW, render)
    assert outbox.send(NOW + 14 * MINUTE, render) == 0
    assert status(delivery) == "claimed"
    assert outbox.send(NOW + 15 * MINUTE, render) == 1
    assert (status(delivery), delivery.attempts) == ("sent", 2)
    assert len({m.extra_headers["Message-ID"] for m in mail.outbox}) == 1
    assert len(mail.outbox) == 2


@pytest.mark.django_db
def test_killed_twice_is_left_to_the_admin(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = one(cast.ines)

    with monkeypatch.context() as patch:
        patch.setattr(Delivery, "mark_sent", killed)
        for minutes in (0, 15):
            with pytest.raises(Killed):
                outbox.send(NOW + minutes * MINUTE, render)
    for minutes in (30, 45, 60):
        assert outbox.send(NOW + minutes * MINUTE, render) == 0
    assert status(delivery) == "failed"
    assert len(mail.outbox) == 2
    assert list(Delivery.objects.failed()) == [delivery]


@pytest.mark.django_db
def test_a_server_that_says_no_is_asked_again_ever_later(cast: Cast) -> None:
    delivery = one(cast.ines, expires_at=None)

    def refuse(delivery: Delivery, now: datetime) -> EmailMessage:
        raise ConnectionRefusedError("to ines@example.org")

    at, waits = NOW, []
    while status(delivery) == "pending":
        outbox.send(delivery.send_at, refuse)
        waits.append((delivery.send_at - at) // MINUTE)
        at = delivery.send_at
    assert waits == [0, 5, 10, 20, 40, 80]
    assert (delivery.status, delivery.error) == ("failed", "ConnectionRefusedError")
    for _ in range(2):
        delivery.retry(now=at)
    assert [outbox.send(at, render), outbox.send(at, render)] == [1, 0]
    assert status(delivery) == "sent"


@pytest.mark.django_db
def test_a_server_that_is_away_does_not_hold_up_the_round(cast: Cast) -> None:
    for _ in range(10):
        one(cast.ines)
    asked: list[Delivery] = []

    def refuse(delivery: Delivery, now: datetime) -> EmailMessage:
        asked.append(delivery)
        raise TimeoutError

    outbox.send(NOW, refuse)
    assert len(asked) == outbox.GIVE_UP
    assert outbox.send(NOW, render) == 10 - outbox.GIVE_UP


@pytest.mark.django_db
def test_a_notice_stands_in_the_app_until_it_is_dismissed(cast: Cast) -> None:
    notice = one(cast.ines, channel="in_app")
    assert not Delivery.objects.notices_for(cast.ines, NOW).exists()
    outbox.show(NOW)
    assert list(Delivery.objects.notices_for(cast.ines, NOW)) == [notice]
    assert not Delivery.objects.notices_for(cast.tom, NOW).exists()
    assert not Delivery.objects.notices_for(cast.ines, NOW + timedelta(hours=5)).exists()
    notice.dismiss(by=cast.tom, now=NOW)
    assert Delivery.objects.notices_for(cast.ines, NOW).exists()
    notice.dismiss(by=cast.ines, now=NOW)
    assert not Delivery.objects.notices_for(cast.ines, NOW).exists()
    assert mail.outbox == []


@pytest.mark.django_db
def test_a_preference_stands_in_for_the_usual(cast: Cast) -> None:
    usual = Preference.of(cast.ines)
    assert usual["day_ahead", "email"]
    assert not usual["day_ahead", "in_app"]
    assert ("starting", "email") not in usual
    Preference.keep({("day_ahead", "email"): False, ("day_ahead", "in_app"): True}, by=cast.ines)
    Preference.keep({("day_ahead", "in_app"): False}, by=cast.ines)
    assert Preference.of(cast.ines) == usual | {("day_ahead", "email"): False}
    Preference.unsubscribe(cast.ines)
    assert not any(on for (kind, channel), on in Preference.of(cast.ines).items() if channel == "email")
    assert Preference.of(cast.ines)["starting", "in_app"]
    assert Preference.of(cast.tom) == usual


@pytest.mark.django_db
def test_a_feed_has_one_address_and_it_can_be_replaced(cast: Cast) -> None:
    first = CalendarFeed.issue(by=cast.ines)
    second = CalendarFeed.issue(by=cast.ines)
    assert CalendarFeed.owner(first) is None
    assert CalendarFeed.owner(second) == cast.ines
    assert second not in str(CalendarFeed.objects.values_list())
    Person.objects.filter(pk=cast.ines.pk).update(is_active=False)
    assert CalendarFeed.owner(second) is None
    Person.objects.filter(pk=cast.ines.pk).update(is_active=True)
    CalendarFeed.revoke(by=cast.ines)
    assert CalendarFeed.owner(second) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mails", [pytest.param(40, id="some"), pytest.param(1000, id="many", marks=pytest.mark.deep)])
def test_four_workers_send_each_once(mails: int) -> None:
    """One of many workers gets it, and it is sent once."""
    person = PersonFactory.create(name="Ines Okafor")
    for _ in range(mails):
        one(person)
    together = threading.Barrier(4)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            together.wait()
            outbox.send(NOW, render)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len({m.extra_headers["Message-ID"] for m in mail.outbox}) == len(mail.outbox) == mails
    assert set(Delivery.objects.values_list("status", "attempts")) == {("sent", 1)}


def test_on_the_terminal_a_mail_is_its_plain_text_and_its_link_stands_whole() -> None:
    said = io.StringIO()
    link = "https://twofold.example.org/invitations/" + "x" * 120 + "/"
    letter = EmailMultiAlternatives("You are invited – Grüße", f"Open it:\n{link}\n", to=["leo@example.org"])
    letter.attach_alternative("<p>Open it</p>", "text/html")
    assert EmailBackend(stream=said).send_messages([letter]) == 1
    assert said.getvalue().startswith(f"To: leo@example.org\nSubject: You are invited – Grüße\n\nOpen it:\n{link}\n")
    assert "<p>" not in said.getvalue()
