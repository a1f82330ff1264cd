"""Who a browser's session belongs to: asked with the session itself, and never believed beyond what Django believes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import OperationalError, connections, transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.accounts.adapter import AccountAdapter
from partnerships.accounts.forms import PersonForm
from partnerships.mail.forms import ReminderForm
from partnerships.models import Audit, Invitation, Person, SignIn
from partnerships.refusals import NotAllowed
from retros.lifecycle import retention
from retros.lifecycle.erasure import erase
from retros.live import rights
from retros.models import creation
from retros.worker import tick
from tests.cast import client_of
from tests.factories import PASSWORD, PartnershipFactory, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

SETTINGS = {"name": "Tomas", "timezone": "UTC", "theme": "dark", "role_label": "PM"}


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


@pytest.mark.parametrize("column", ["nobody", "Mei"])
def test_nobody_by_a_row_that_names_another(signed_in: Client, tom: Person, column: str) -> None:
    """Whoever signs Tom out everywhere would not find it."""
    mei = PersonFactory.create(name="Mei") if column == "Mei" else None
    SignIn.objects.filter(person=tom).update(person=mei)
    assert not is_in(signed_in)
    assert not SignIn.objects.exclude(person=None).exists()


def test_nobody_by_a_row_alone(client: Client, tom: Person) -> None:
    client.get(reverse("invitation_detail", args=["a-token"]))
    session = client.session
    session["kept"] = "x"
    session.save()
    client.cookies["session"] = str(session.session_key)
    SignIn.objects.filter(session_key=session.session_key).update(person=tom)
    assert not is_in(client)


def test_the_browser_of_somebody_who_is_gone(signed_in: Client, tom: Person) -> None:
    ines = PersonFactory.create(name="Ines")
    _invitation, token = Invitation.for_seat(PartnershipFactory.create(a=ines), by=ines, email="new@example.org")
    SignIn.objects.filter(person=tom).update(person="0b7e4f5e-5a3c-4b59-8b8e-51e1b3b1b7c1")
    assert signed_in.get(reverse("invitation_detail", args=[token])).status_code == 200
    assert not is_in(signed_in)


def test_nobody_by_a_way_in_that_is_closed_now(signed_in: Client, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.RemoteUserBackend"]
    assert not is_in(signed_in)


def test_a_secret_that_was_replaced_still_lets_in(signed_in: Client, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret, long enough to be one: 0123456789abcdef"
    assert is_in(signed_in)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_in(signed_in)


def test_what_is_over_is_cleared_away(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while something else of the day fails."""
    kept = row_of(signed_in)
    other = client_of(PersonFactory.create(name="Mei"))
    SignIn.objects.filter(pk=row_of(other).pk).update(expire_date=timezone.now() - timedelta(seconds=1))

    def fail(now: datetime) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr(retention, "expire", fail)
    with pytest.raises(RuntimeError):
        tick(timezone.now())
    assert list(SignIn.objects.all()) == [kept]


def test_the_upgrade_signs_nobody_out(signed_in: Client, tom: Person) -> None:
    row = row_of(signed_in)
    seal: Callable[[Any], str] = signed_in.session.encode
    odd = {"stranger": seal({}), "list": seal([]), "number": seal({SESSION_KEY: [7]}), "gone": seal({SESSION_KEY: "7"})}
    for key, data in {row.session_key: row.session_data, "unsealed": "?", **odd}.items():
        Session.objects.create(session_key=key, session_data=data, expire_date=row.expire_date)
    SignIn.objects.all().delete()
    import_module("partnerships.migrations.0011_sign_in").carry_over(apps, None)
    assert not Session.objects.exists()
    assert list(SignIn.objects.values_list("session_key", "person")) == [(row.session_key, tom.pk)]
    assert is_in(signed_in)


# --- two at once ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ada() -> Person:
    return PersonFactory.create(name="Ada", is_staff=True)


def test_settings_that_were_read_before_an_admin_was_at_work(tom: Person, ada: Person) -> None:
    """Each form keeps what it shows, and nothing else of the account as it was when the page was asked for."""
    stale = Person.objects.get(pk=tom.pk)
    tom.make_admin(by=ada)
    new_password(tom)
    tom.deactivate(by=ada)
    form = PersonForm({"name": "Tom T.", "timezone": "UTC", "theme": "dark"}, instance=stale)
    assert form.is_valid()
    form.keep()
    days = {"calendar_mode": "none", "working_days": ["1"], "quiet_from": "20:00", "quiet_to": "08:00"}
    reminders = ReminderForm(days, instance=stale)
    assert reminders.is_valid()
    reminders.keep()
    AccountAdapter().set_password(stale, "a third boat on the sea")
    now = Person.objects.get(pk=tom.pk)
    assert (now.name, now.theme, now.working_days) == ("Tom T.", "dark", "1")
    assert (now.is_staff, now.is_active) == (True, False)
    assert now.check_password("a third boat on the sea")


def new_password(person: Person) -> None:
    person.set_password("four small boats")
    person.save(update_fields=["password"])


def test_settings_keep_no_password_that_was_read_before(tom: Person) -> None:
    stale = Person.objects.get(pk=tom.pk)
    new_password(tom)
    form = PersonForm({"name": "Tom T.", "timezone": "UTC", "theme": "dark"}, instance=stale)
    assert form.is_valid()
    form.keep()
    assert Person.objects.get(pk=tom.pk).check_password("four small boats")


def test_nothing_that_was_read_before_an_erasure_is_written_after_it(tom: Person) -> None:
    stale = Person.objects.get(pk=tom.pk)
    erase(tom)
    before = Person.objects.filter(pk=tom.pk).values().get()
    for fields in (["name"], ["email"], ["last_login"], None):
        with pytest.raises(NotAllowed):
            stale.save(update_fields=fields)
    assert Person.objects.filter(pk=tom.pk).values().get() == before


def test_switching_an_account_on_signs_nobody_in(
    client: Client, tom: Person, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even somebody who was in the middle of signing in when it was switched off."""
    login = AccountAdapter.login

    def then_off(self: AccountAdapter, request: HttpRequest, user: Person) -> None:
        login(self, request, user)
        Person.objects.filter(pk=tom.pk).update(is_active=False)  # its sessions were ended a moment ago

    monkeypatch.setattr(AccountAdapter, "login", then_off)
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    assert SignIn.objects.filter(person=tom).exists()
    Person.objects.get(pk=tom.pk).reactivate(by=ada)
    assert not is_in(client)


def test_a_session_ended_while_signing_in_stays_ended(
    client: Client, tom: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = AccountAdapter.login

    def then_gone(self: AccountAdapter, request: HttpRequest, user: Person) -> None:
        login(self, request, user)
        erase(Person.objects.get(pk=tom.pk))

    monkeypatch.setattr(AccountAdapter, "login", then_gone)
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    assert not is_in(client)
    assert tom.email not in repr([row.get_decoded() for row in SignIn.objects.all()])


def test_signed_out_elsewhere_in_the_middle_of_a_press(
    signed_in: Client, tom: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done is answered as ever: it is no form that could not be read. The next page asks for the sign-in."""
    keep = PersonForm.keep

    def kept_and_signed_out(self: PersonForm) -> None:
        keep(self)
        SignIn.objects.filter(person=tom).delete()

    monkeypatch.setattr(PersonForm, "keep", kept_and_signed_out)
    answer = signed_in.post(reverse("person_update"), SETTINGS)
    assert (answer.status_code, Person.objects.get(pk=tom.pk).name) == (302, "Tomas")
    assert not SignIn.objects.filter(person=tom).exists()
    assert not is_in(signed_in)


def test_a_session_that_cannot_be_kept_now_is_no_bad_form(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any, **__: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(SignIn, "save", busy)
    signed_in.raise_request_exception = False
    assert signed_in.post(reverse("person_update"), SETTINGS).status_code == 503


@pytest.mark.django_db(transaction=True)
def test_who_signs_in_while_the_account_is_erased(client: Client, tom: Person) -> None:
    begun = threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                erase(Person.objects.get(pk=tom.pk))
                begun.set()
                time.sleep(0.5)
        finally:
            connections.close_all()

    erasing = threading.Thread(target=slowly)
    erasing.start()
    assert begun.wait(10)
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    erasing.join()
    assert not SignIn.objects.filter(person=tom).exists()
    assert tom.email not in repr([row.get_decoded() for row in SignIn.objects.all()])
    assert Person.objects.get(pk=tom.pk).last_login is None
    assert Audit.objects.filter(act=Audit.Act.SIGNED_IN).count() == 0


def test_a_stream_of_the_old_password(signed_in: Client, tom: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password changes between the two questions of a stream that asks to be let in."""
    session = creation.start_now(PartnershipFactory.create(a=tom, b=PersonFactory.create()), by=tom)
    cookie = signed_in.cookies["session"].value
    monkeypatch.setattr(rights, "_briefly", nullcontext)  # in the thread of the test the connection stays
    assert rights.authorise(session.pk, cookie) is not None
    asked = rights._rights

    def late(session_ids: Any) -> Any:
        new_password(tom)
        return asked(session_ids)

    monkeypatch.setattr(rights, "_rights", late)
    assert rights.authorise(session.pk, cookie) is None
