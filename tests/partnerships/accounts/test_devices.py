"""Where somebody is signed in, and ending one sign-in; passkeys by what no browser would send."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.accounts.devices import browser_in_words
from partnerships.mail import news
from partnerships.models import Audit, Delivery, Person, SignIn
from tests.factories import PASSWORD, PersonFactory
from tests.partnerships.accounts.ways_in import entered, signed_in
from tests.partnerships.accounts.ways_in import passkeys as passkeys

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def ines() -> Person:
    return PersonFactory.create(name="Ines Okafor", email="ines@example.org")


def sign_in(person: Person, user_agent: str, address: str) -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": user_agent})
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    client.get(reverse("person_update"))
    assert signed_in(client)
    return client


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 15) Chrome/142 Safari/537.36 Edg/142",
            "Edge on Mac",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) OPR/120", "Opera on Linux"),
        ("curl/8", "A browser"),
        ("Windows", "Windows"),
        ("", "A browser"),
    ],
)
def test_a_browser_in_words(user_agent: str, words: str) -> None:
    assert browser_in_words(user_agent) == words


def test_each_is_listed_and_ended_alone(ines: Person) -> None:
    here, there = sign_in(ines, FIREFOX, "192.0.2.7"), sign_in(ines, IPHONE, "198.51.100.9")
    page = here.get(reverse("device_list")).text
    words = ("Firefox on Windows", "Here", "From 192.0.2.7", "Safari on iPhone", "From 198.51.100.9", "Last used")
    assert re.search(".*".join(words), page, re.DOTALL)
    assert not any(row.session_key in page for row in SignIn.objects.all())  # whoever has a key is signed in
    (end,) = re.findall(r'action="(/settings/devices/[0-9a-f]{32}/end/)"', page)
    assert here.post(end).headers["Location"] == reverse("device_list")
    assert there.get(reverse("person_update")).status_code == 302
    assert here.get(reverse("person_update")).status_code == 200
    assert Audit.objects.get(act=Audit.Act.SESSION_ENDED).about_id == ines.pk
    assert told(ines) == ["You were signed out on a device"]
    assert here.post(end).status_code == 404


def test_all_of_them_are_ended_by_oneself(ines: Person) -> None:
    here, there = sign_in(ines, FIREFOX, "192.0.2.7"), sign_in(ines, IPHONE, "198.51.100.9")
    here.post(reverse("session_end_all"))
    assert [signed_in(one) for one in (here, there)] == [False, False]
    assert told(ines) == ["You were signed out everywhere"]


def told(person: Person) -> list[str]:
    """The subjects of the mails that wait for them; each names what to do when it was not them."""
    letters = [news.letter(mail) for mail in Delivery.objects.filter(person=person, kind=Delivery.Kind.NEWS)]
    assert all(letter and "Was it not you? Change your password." in letter.lines[-1] for letter in letters)
    return [letter.subject for letter in letters if letter]


def test_ones_own_is_ended_like_signing_out(ines: Person) -> None:
    here = sign_in(ines, FIREFOX, "192.0.2.7")
    own = SignIn.objects.get(person=ines).public_id
    answer = here.post(reverse("device_end", args=[own]))
    assert answer.headers["Location"] == reverse("account_login")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not signed_in(here)


def test_nobody_sees_or_ends_anothers(ines: Person) -> None:
    sign_in(ines, FIREFOX, "192.0.2.7")
    tom = entered(PersonFactory.create(name="Tom", email="tom@example.org"))
    assert "192.0.2.7" not in tom.get(reverse("device_list")).text
    theirs = SignIn.objects.get(person=ines).public_id
    assert tom.post(reverse("device_end", args=[theirs])).status_code == 404
    assert SignIn.objects.filter(person=ines).exists()


def test_what_ran_out_is_not_listed(ines: Person) -> None:
    sign_in(ines, FIREFOX, "192.0.2.7")
    SignIn.objects.filter(person=ines).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert "192.0.2.7" not in entered(ines).get(reverse("device_list")).text


# --- passkeys -----------------------------------------------------------------------------------------

PASSKEY_PAGES = ("mfa_login_webauthn", "mfa_add_webauthn", "mfa_reauthenticate_webauthn")
RESPONSES: list[Any] = [
    None, [], "x", {}, {"userHandle": None}, {"userHandle": []}, {"userHandle": "eA"},
    {"clientDataJSON": "eA", "attestationObject": "eA"},
    {"clientDataJSON": "eA", "authenticatorData": "eA", "signature": "eA", "userHandle": "eA"},
]  # fmt: skip
NASTY: list[Any] = ["", "{", "null", "[]", "7", '"x"', "{}", {"id": "x", "rawId": "eA", "type": "public-key"}]
NASTY += ["[" * 100_000, '{"a":' * 100_000]
RESPONSES.append({"clientDataJSON": "W1tb" * 100_000, "attestationObject": "gYGB" * 100_000})
NASTY += [
    {"id": "eA", "rawId": "eA", "type": "public-key", "clientExtensionResults": {}, "response": response}
    for response in RESPONSES
]


def test_there_are_none_on_plain_http(ines: Person, client: Client) -> None:
    assert "passkey" not in client.get(reverse("account_login")).text
    mine = entered(ines)
    assert "passkey" not in mine.get(reverse("mfa_index")).text
    assert [mine.get(reverse(name)).status_code for name in PASSKEY_PAGES] == [404] * 3


@pytest.mark.parametrize("name", [*PASSKEY_PAGES, "mfa_authenticate"])
def test_nothing_that_is_sent_as_a_passkey_is_a_fault_of_ours(name: str, ines: Person, passkeys: None) -> None:
    mine = entered(ines)
    mine.get(reverse("mfa_add_webauthn"))
    mine.post(reverse("mfa_add_webauthn"))
    for sent in NASTY:
        client = Client() if name in {"mfa_login_webauthn", "mfa_authenticate"} else mine
        client.get(reverse(name))
        text = sent if isinstance(sent, str) else json.dumps(sent)
        assert client.post(reverse(name), {"credential": text}).status_code in {200, 302, 422, 429}, (name, sent)
        assert signed_in(client) is (client is mine)
