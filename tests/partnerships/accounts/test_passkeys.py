"""Passkeys, by a security key that does what it is told: what somebody gets who has one that is not theirs."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from allauth.account import app_settings
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from partnerships.accounts.second_factor import FactorAdapter
from partnerships.models import Person, SignIn
from tests.factories import PASSWORD, PersonFactory
from tests.partnerships.accounts.ways_in import passkeys as passkeys
from tests.partnerships.accounts.ways_in import signed_in
from tests.retros.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database, pytest.mark.usefixtures("passkeys")]

HERE = "https://localhost"


class SecurityKey:
    """One passkey of one person. `verified`: whether it asked for its PIN, or a finger, and not for a touch alone."""

    def __init__(self, person: Person) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.owner = user_id_to_str(person).encode()

    def added(self, options: dict[str, Any]) -> str:
        credential = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.private.public_key())
        )
        data = AuthenticatorData.create(
            sha256(b"localhost").digest(), AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | 0x40, 0, credential
        )
        said = self._said("webauthn.create", options, HERE)
        return self._sent(said, attestationObject=websafe_encode(bytes(AttestationObject.create("none", data, {}))))

    def used(self, options: dict[str, Any], *, verified: bool = True, origin: str = HERE) -> str:
        flags = AuthenticatorData.FLAG.UP | (AuthenticatorData.FLAG.UV if verified else 0)
        data = AuthenticatorData.create(sha256(b"localhost").digest(), flags, 0)
        said = self._said("webauthn.get", options, origin)
        signature = self.private.sign(data + sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._sent(
            said, authenticatorData=websafe_encode(data), signature=websafe_encode(signature),
            userHandle=websafe_encode(self.owner),
        )  # fmt: skip

    def _said(self, what: str, options: dict[str, Any], origin: str) -> bytes:
        return bytes(CollectedClientData.create(what, websafe_decode(options["publicKey"]["challenge"]), origin))

    def _sent(self, said: bytes, **response: str) -> str:
        own = websafe_encode(self.id)
        return json.dumps(
            {
                "id": own, "rawId": own, "type": "public-key", "clientExtensionResults": {"credProps": {"rk": True}},
                "response": {"clientDataJSON": websafe_encode(said), **response},
            }
        )  # fmt: skip


def browser() -> Client:
    return Client(SERVER_NAME="localhost")


def options_on(client: Client, name: str) -> dict[str, Any]:
    """What the page tells the browser to ask the key for."""
    page = client.get(reverse(name), secure=True).text
    (data,) = re.findall(r'<script id="js_data"[^>]*>(.*?)</script>', page)
    options: dict[str, Any] = next(iter(json.loads(data).values()))
    return options


def with_key(person: Person) -> SecurityKey:
    client, key = browser(), SecurityKey(person)
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD}, secure=True)
    sent = key.added(options_on(client, "mfa_add_webauthn"))
    assert client.post(reverse("mfa_add_webauthn"), {"credential": sent}, secure=True).status_code == 302
    return key


def passkey(client: Client, name: str, sent: str) -> bool:
    client.post(reverse(name), {"credential": sent}, secure=True)
    return signed_in(client)


@pytest.fixture
def ines() -> Person:
    return PersonFactory.create(email="ines@example.org")


@pytest.fixture
def tom() -> Person:
    return PersonFactory.create(email="tom@example.org")


def test_a_passkey_signs_in(ines: Person) -> None:
    key, client = with_key(ines), browser()
    assert passkey(client, "mfa_login_webauthn", key.used(options_on(client, "mfa_login_webauthn")))


def test_of_two_passkeys_one_sees_which_is_which(ines: Person) -> None:
    """Both are called after the browser in which they were added."""
    key, _lost = with_key(ines), with_key(ines)
    first, second = Authenticator.objects.filter(type="webauthn").order_by("pk")
    Authenticator.objects.filter(pk=first.pk).update(created_at=datetime(2027, 2, 9, 7, 12, tzinfo=UTC))
    Authenticator.objects.filter(pk=second.pk).update(created_at=datetime(2027, 2, 9, 7, 31, tzinfo=UTC))
    Person.objects.filter(pk=ines.pk).update(timezone="Asia/Kolkata")
    client = browser()
    assert passkey(client, "mfa_login_webauthn", key.used(options_on(client, "mfa_login_webauthn")))
    page = text_of(client.get(reverse("mfa_index"), secure=True))
    assert page.count("Last used ") == 1
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD}, secure=True)
    for one, since in ((first, "9 February 2027, 12:42"), (second, "9 February 2027, 13:01")):
        assert f"Since {since}" in page
        removal = client.get(reverse("mfa_remove_webauthn", args=[one.pk]), secure=True)
        assert f"since {since}, no longer signs you in." in text_of(removal)


def test_who_has_no_app_is_asked_for_no_code_of_it(ines: Person) -> None:
    key, client = with_key(ines), browser()
    assert passkey(client, "mfa_login_webauthn", key.used(options_on(client, "mfa_login_webauthn")))
    asked = client.get(reverse("mfa_add_webauthn"), secure=True, follow=True).text
    again = client.get(reverse("mfa_reauthenticate"), secure=True).text
    assert "Use a recovery code" in asked
    assert "Enter one of your recovery codes." in again
    assert "app" not in text_of(client.get(reverse("mfa_reauthenticate"), secure=True)).split()
    Authenticator.objects.create(user=ines, type="totp", data={"secret": FactorAdapter().encrypt("A" * 32)})
    assert "authenticator app shows" in client.get(reverse("mfa_reauthenticate"), secure=True).text


@pytest.mark.parametrize("wrong", [{"verified": False}, {"origin": "https://blog.localhost"}, {}])
@pytest.mark.parametrize("name", ["mfa_login_webauthn", "mfa_authenticate"])
def test_what_did_not_work_is_called_a_passkey(ines: Person, name: str, wrong: dict[str, Any]) -> None:
    """It is said where the passkey was used; nothing is said of a code."""
    key, client = with_key(ines), browser()
    if name == "mfa_authenticate":
        client.post(reverse("account_login"), {"login": ines.email, "password": PASSWORD}, secure=True)
    sent = key.used(options_on(client, name), **wrong)
    if not wrong:
        options_on(client, name)  # another one is asked for since
    answer = client.post(reverse(name), {"credential": sent}, secure=True)
    assert "This passkey did not work. Try again." in text_of(answer)
    assert "half a minute" not in answer.text


def test_a_key_that_was_found_signs_nobody_in(ines: Person) -> None:
    """It is touched, and neither PIN nor finger is given."""
    key, client = with_key(ines), browser()
    options = options_on(client, "mfa_login_webauthn")
    assert not passkey(client, "mfa_login_webauthn", key.used(options, verified=False))


def test_nor_by_the_challenge_of_somebody_elses_second_factor(ines: Person, tom: Person) -> None:
    """Whoever has an account gets one there, and waits until the sign-in that was begun is forgotten."""
    key, client = with_key(ines), browser()
    with_key(tom)
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD}, secure=True)
    options = options_on(client, "mfa_authenticate")
    session = client.session
    session["account_login"]["initiated_at"] -= app_settings.LOGIN_TIMEOUT + 1
    session.save()
    assert not passkey(client, "mfa_login_webauthn", key.used(options, verified=False))


@pytest.mark.parametrize("origin", ["https://localhost:8443", "https://blog.localhost", "http://localhost"])
def test_another_site_of_this_host_cannot_pass_a_passkey_on(ines: Person, origin: str) -> None:
    key, client = with_key(ines), browser()
    options = options_on(client, "mfa_login_webauthn")
    assert not passkey(client, "mfa_login_webauthn", key.used(options, origin=origin))


def test_nobody_fills_the_table_of_sessions_by_looking(settings: Any) -> None:
    """Each look without a cookie is a challenge to keep."""
    most = int(settings.MFA_RATE_LIMITS["webauthn_begin"].partition("/")[0])
    answers = [Client(REMOTE_ADDR="192.0.2.7").get(reverse("mfa_login_webauthn")).status_code for _n in range(most + 2)]
    assert answers == [200] * most + [429] * 2
    assert SignIn.objects.count() == most
    assert Client(REMOTE_ADDR="192.0.2.8").get(reverse("mfa_login_webauthn")).status_code == 200
