"""The people of the tests, the docs and the demo."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from partnerships.mail import at_once, outbox
from partnerships.models import Delivery, Partnership, Person
from retros.notifications.wording import message_for
from tests.factories import PartnershipFactory, PersonFactory
from tests.kept import KeptRows

if TYPE_CHECKING:
    from tests.conftest import LiveServer


@dataclass(frozen=True)
class Cast:
    """Ines (a, designer) and Tom (b, PM): Checkout. Priya (a, EM) and Daniel (b, PM): Search. Sara leads both."""

    ines: Person
    tom: Person
    priya: Person
    daniel: Person
    sara: Person
    mei: Person
    ada: Person
    checkout: Partnership
    search: Partnership


PEOPLE = ("ines", "tom", "priya", "daniel", "sara", "mei", "ada")


def make_cast() -> Cast:
    """The usual people. The verbs write them once in each process; after that, what they wrote is written again."""
    _the_usual().again()
    people = {person.email.partition("@")[0]: person for person in Person.objects.filter(email__in=_addresses())}
    pairs = {pair.label: pair for pair in Partnership.objects.filter(memberships__person__in=people.values())}
    return Cast(**people, checkout=pairs["Checkout"], search=pairs["Search"])


def _addresses() -> list[str]:
    return [f"{name}@example.org" for name in PEOPLE]


@cache
def _the_usual() -> KeptRows:
    return KeptRows(write_cast)


def write_cast() -> None:
    person = PersonFactory.create
    ines = person(name="Ines Okafor", email="ines@example.org", role_label="Designer", timezone="Europe/Paris")
    tom = person(name="Tom Lindqvist", email="tom@example.org", role_label="PM", timezone="Europe/Berlin")
    priya = person(name="Priya Raman", email="priya@example.org", role_label="EM", timezone="Europe/London")
    daniel = person(name="Daniel Ruiz", email="daniel@example.org", role_label="PM", timezone="Europe/Madrid")
    sara = person(name="Sara Lind", email="sara@example.org", role_label="Lead")
    person(name="Mei Tan", email="mei@example.org")
    ada = person(name="Ada Osei", email="ada@example.org", is_staff=True)
    checkout = PartnershipFactory.create(
        label="Checkout", kind=Partnership.Kind.PM_DESIGNER, a=ines, b=tom, role_a="Designer", role_b="PM"
    )
    search = PartnershipFactory.create(
        label="Search", kind=Partnership.Kind.EM_PM, a=priya, b=daniel, role_a="EM", role_b="PM"
    )
    checkout.assign_lead(sara, by=ada)
    search.assign_lead(sara, by=ada)
    Delivery.objects.all().delete()  # that was told long ago


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def people(live_server: LiveServer) -> Cast:
    """The same people, for a browser: their rows are committed."""
    return make_cast()


@pytest.fixture
def ada(client: Client, cast: Cast) -> Person:
    """The admin, signed in with `client`."""
    client.force_login(cast.ada)
    return cast.ada


def client_of(person: Person) -> Client:
    """Signed in as them, without a page in between."""
    client = Client()
    client.force_login(person)
    return client


def sign_in(context: BrowserContext, person: Person, base: str) -> None:
    """The same for a browser that comes to the server at this address."""
    cookie = client_of(person).cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": base}])


def page_of(person: Person, context: Any, live_server: LiveServer) -> Page:
    """Signed in, and nowhere yet."""
    sign_in(context, person, live_server.url)
    page: Page = context.new_page()
    return page


def home_of(person: Person, context: Any, live_server: LiveServer) -> Page:
    page = page_of(person, context, live_server)
    page.goto("/", wait_until="networkidle")
    return page


def send_mails() -> None:
    """Everything that waits to be sent, as the worker does it."""
    outbox.send(timezone.now(), message_for)


class InPlace(Executor):
    """Does what it is given before it answers, so that a test can look at the outcome."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture(autouse=True)
def mail_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_once, "pool", InPlace())
    monkeypatch.setattr(at_once, "waiting", [])
    monkeypatch.setattr(at_once, "_in", lambda wait, work: None)  # nothing of this test is sent in a later one


@pytest.fixture
def mail_without_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail leaves on commit, and the transaction around a test never commits: here it leaves when it is posted."""
    monkeypatch.setattr("partnerships.mail.at_once.post", lambda message, **how: message.send())
