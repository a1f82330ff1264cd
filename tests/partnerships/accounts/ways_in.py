"""Signing in, by code, by app and by link, as the tests do it."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.test import Client
from django.urls import reverse

from partnerships.accounts.second_factor import FactorAdapter, secret_to_type
from partnerships.models import Person
from tests.cast import client_of
from tests.factories import PASSWORD

HTMX = {"HX-Request": "true"}


@pytest.fixture
def with_mail(settings):
    """As an installation with a mail server has it, but for the routes, which are there before the first request."""
    reverse("account_email")
    settings.MAIL_IS_SENT = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True


def code_in(mail) -> str:
    return str(re.findall(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mail.body, re.MULTILINE)[0])


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def confirmed(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


INDEX, ASK = "/account/second-factor/", "/account/second-factor/ask/"


class Clock:
    """Half minutes, which do not pass by themselves."""

    step = 58_000_000

    def code(self, secret: str) -> str:
        return str(totp.format_hotp_value(totp.hotp_value(secret, self.step)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: clock.step * 30 + 29))
    return clock


def entered(person: Person) -> Client:
    client = client_of(person)
    confirmed(client)
    return client


def set_up(client: Client, clock: Clock) -> Any:
    """As the page says: the key that it shows goes into the app, whose code comes back; then half a minute passes."""
    page = client.get(reverse("mfa_activate_totp"))
    secret = FactorAdapter().decrypt(client.session[totp.SECRET_SESSION_KEY])
    assert secret_to_type(secret) in page.text
    answer = client.post(reverse("mfa_activate_totp"), {"code": clock.code(secret)})
    clock.step += 1  # this one works no more
    return answer


def link_in(mail: Any) -> str:
    """The path of the link that undoes a change."""
    (link,) = re.findall(r"http\S+", mail.body)
    assert link.startswith(f"{settings.BASE_URL}/sign-in/undo/")
    return str(link).removeprefix(settings.BASE_URL)


@pytest.fixture
def passkeys(settings: Any) -> None:
    """As an installation has it whose address is https, or “localhost”."""
    settings.PASSKEYS = settings.MFA_PASSKEY_LOGIN_ENABLED = True
    settings.MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
