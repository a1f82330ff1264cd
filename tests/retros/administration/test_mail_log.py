"""What admins see of the mails that go out by themselves, and how they send one again."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Delivery, Person
from partnerships.refusals import NotAllowed
from retros.models import Tick
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture
def ada(client: Client, cast: Cast) -> Person:
    client.force_login(cast.ada)
    return cast.ada


def mail(person: Person, **fields: Any) -> Delivery:
    known = {"kind": "prep_open", "subject_type": "session", "subject_id": uuid.uuid4(), "send_at": timezone.now()}
    delivery = Delivery.new(person=person, **{**known, "status": "failed", "error": "SMTPServerDisconnected", **fields})
    delivery.save()
    return delivery


@pytest.mark.both_databases
def test_failed_mails_are_named_and_sent_again(client: Client, cast: Cast, ada: Person) -> None:
    toms, _ines = mail(cast.tom), mail(cast.ines)
    mail(cast.priya, status="sent")
    page = client.get(reverse("mail_list")).text.partition("<main")[2]
    assert "Tom Lindqvist" in page
    assert "SMTPServerDisconnected" in page
    assert "Priya" not in page
    assert str(toms.subject_id) not in page
    for _press in range(2):
        answer = client.post(reverse("mail_retry", args=[toms.pk]))
    assert answer.status_code == 404  # it waits now
    toms.refresh_from_db()
    assert (toms.status, toms.refusals, toms.attempts) == ("pending", 0, 0)
    waiting = client.get(reverse("mail_list"), {"state": "pending"}).text.partition("<main")[2]
    assert "Tom Lindqvist" in waiting
    assert "Ines" not in waiting


def test_all_are_sent_again(client: Client, cast: Cast, ada: Person) -> None:
    sent = mail(cast.priya, status="sent")
    for person in (cast.tom, cast.ines):
        mail(person)
    client.post(reverse("mail_retry_all"))
    assert Delivery.objects.filter(status="pending").count() == 2
    sent.refresh_from_db()
    assert sent.status == "sent"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(None, "has not run yet"), (1, "The worker last ran on"), (11, "Nobody is reminded until it runs again")],
)
def test_the_workers_last_round(client: Client, ada: Person, minutes: int | None, words: str) -> None:
    if minutes is not None:
        Tick.note(timezone.now() - timedelta(minutes=minutes))
    page = client.get(reverse("mail_list")).text
    assert words in page
    assert ("notice warn" in page) is (minutes != 1)


def test_it_costs_the_same_however_many(client: Client, cast: Cast, ada: Person) -> None:
    costs = []
    client.get(reverse("mail_list"))
    for many in (3, 30):
        for _n in range(many):
            mail(cast.tom)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("mail_list"))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12


def test_who_may_not(client: Client, cast: Cast) -> None:
    delivery = mail(cast.tom)
    for person in (cast.tom, cast.sara):
        client.force_login(person)
        assert client.get(reverse("mail_list")).status_code == 404
        for url in (reverse("mail_retry", args=[delivery.pk]), reverse("mail_retry_all")):
            assert client.post(url).status_code == 404
        with pytest.raises(NotAllowed):
            Delivery.retry_failed(by=person)
