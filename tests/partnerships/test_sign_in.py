"""Who a browser's session belongs to: asked with the session itself, and never believed beyond what Django believes."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Person, SignIn
from retros.worker import tick
from tests.factories import PASSWORD, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def tom() -> Person:
    return PersonFactory.create(name="Tom")


@pytest.fixture
def signed_in(client: Client, tom: Person) -> Client:
    """As Tom, in whose session the first page has left its marks."""
    client.force_login(tom)
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("person_update")).status_code == 200


def row_of(client: Client) -> SignIn:
    return SignIn.objects.get(session_key=client.session.session_key)


def test_one_question_tells_the_session_and_the_person(signed_in: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as asked:
        signed_in.get("/nowhere/")
    assert "person" in asked[0]["sql"]


def test_a_session_belongs_to_whom_it_signed_in(client: Client, tom: Person) -> None:
    client.get(reverse("invitation_detail", args=["a-token"]))
    assert not SignIn.objects.exclude(person=None).exists()
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    assert row_of(client).person == tom
    mei = PersonFactory.create(name="Mei")
    client.force_login(mei)
    assert row_of(client).person == mei
    assert not SignIn.objects.filter(person=tom).exists()
    client.logout()
    assert not SignIn.objects.filter(person=mei).exists()


def test_nobody_who_is_switched_off(signed_in: Client, tom: Person) -> None:
    Person.objects.filter(pk=tom.pk).update(is_active=False)
    assert not is_in(signed_in)


def test_nobody_with_an_older_password(signed_in: Client, tom: Person) -> None:
    tom.set_password("four small boats")
    tom.save()
    assert not is_in(signed_in)
    assert not SignIn.objects.filter(person=tom).exists()


def test_nobody_by_the_row_alone(signed_in: Client, tom: Person) -> None:
    """What is signed inside counts: a row that names somebody else lets nobody in as them."""
    mei = PersonFactory.create(name="Mei")
    SignIn.objects.filter(person=tom).update(person=mei)
    assert b"Mei" not in signed_in.get(reverse("person_update")).content
    stranger = Client()
    stranger.get(reverse("account_login"))
    session = stranger.session
    session["kept"] = "x"
    session.save()
    SignIn.objects.filter(session_key=session.session_key).update(person=mei)
    assert not is_in(stranger)


def test_nobody_by_a_way_in_that_is_closed_now(signed_in: Client, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    assert not is_in(signed_in)


def test_a_secret_that_was_replaced_still_lets_in(signed_in: Client, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret, long enough to be one: 0123456789abcdef"
    assert is_in(signed_in)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_in(signed_in)


def test_what_is_over_is_cleared_away(signed_in: Client) -> None:
    kept = row_of(signed_in)
    other = Client()
    other.force_login(PersonFactory.create(name="Mei"))
    SignIn.objects.filter(pk=row_of(other).pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    tick(timezone.now())
    assert list(SignIn.objects.all()) == [kept]


def test_the_upgrade_signs_nobody_out(signed_in: Client, tom: Person) -> None:
    row = row_of(signed_in)
    for key, data in ((row.session_key, row.session_data), ("stranger", signed_in.session.encode({})), ("bad", "?")):
        Session.objects.create(session_key=key, session_data=data, expire_date=row.expire_date)
    SignIn.objects.all().delete()
    import_module("partnerships.migrations.0011_sign_in").carry_over(apps, None)
    assert is_in(signed_in)
    people = dict(SignIn.objects.values_list("session_key", "person"))
    assert people == {row.session_key: tom.pk, "stranger": None, "bad": None}
    assert not Session.objects.exists()
