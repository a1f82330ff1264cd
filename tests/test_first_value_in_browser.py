"""Two new people, from the setup link to the signed agreement and the first closed retro: presses counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.urls import reverse

from partnerships.models import Agreement
from retros.models import Session
from tests.newcomers import Newcomer, hold_first_retro

pytestmark = pytest.mark.one_database


@pytest.fixture
def mailed_code(settings: Any) -> Callable[[], str]:
    """An installation with a mail server: reads the code that it mailed last."""
    reverse("account_email")  # the routes are there before
    settings.MAIL_IS_SENT = settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    def read() -> str:
        code = re.search(r"^[A-Z0-9-]{6,}$", str(mail.outbox[-1].body), re.MULTILINE)
        assert code is not None
        return code[0]

    return read


def test_two_new_people_on_a_phone_with_mail(
    mailed_code: Callable[[], str], new_context: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    screen = {"width": 390, "height": 844}
    lena, tom = (Newcomer(new_context(viewport=screen), first, mailed_code) for first in ("Lena", "Tom"))
    all_of_it(lena, tom, capsys)


@pytest.mark.deep
def test_two_new_people_on_a_desktop_without_mail(
    new_context: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    screen = {"width": 1280, "height": 720}
    lena, tom = (Newcomer(new_context(viewport=screen), first) for first in ("Lena", "Tom"))
    all_of_it(lena, tom, capsys)


def all_of_it(lena: Newcomer, tom: Newcomer, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup_link")
    hold_first_retro(lena, tom, capsys.readouterr().out.strip())
    assert Agreement.objects.get().number_in_force == 1
    assert Session.objects.get(kind=Session.Kind.RETRO).is_closed
