"""The words of the mails that the accounts' own flows send, by the name that allauth has for each.

They may reach an address that is somebody else's, so they name nobody but that address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from partnerships.mail.message import Letter, Link


def letter(name: str, email: str, context: dict[str, Any]) -> Letter:
    """`name` is the prefix of its templates in allauth, `context` what those get. Raises KeyError for another one."""
    return LETTERS[name.removeprefix("account/email/")](email, context)


def _confirm_address(email: str, context: dict[str, Any]) -> Letter:
    code = str(context.get("code", ""))
    if code:
        said = _("Enter this code on the page that you left open. It shows us that the address is yours.")
    else:
        said = _("Open this link. It shows us that the address is yours.")
    return Letter(
        to=email,
        subject=_("Is this your address?"),
        lines=(said,),
        code=code,
        button=None if code else Link(_("This is my address"), context["activate_url"]),
        after=(_("If you did not ask for it, leave it, and nothing happens."),),
    )


def _login_code(email: str, context: dict[str, Any]) -> Letter:
    return Letter(
        to=email,
        subject=_("Your sign-in code"),
        lines=(_("Enter this code on the page that you left open:"),),
        code=str(context["code"]),
        after=(_("It works once, for a few minutes. If you did not ask for it, leave it: nobody gets in without it."),),
    )


def _reset_code(email: str, context: dict[str, Any]) -> Letter:
    return Letter(
        to=email,
        subject=_("A new password"),
        lines=(_("Enter this code on the page that you left open, and choose a new password there:"),),
        code=str(context["code"]),
        after=(_("It works once. If you did not ask for it, leave it: your password stays as it is."),),
    )


def _reset_link(email: str, context: dict[str, Any]) -> Letter:
    return Letter(
        to=email,
        subject=_("A new password"),
        lines=(_("Somebody, probably you, asked for a new password for the account with this address."),),
        button=Link(_("Choose a new password"), context["password_reset_url"]),
        after=(
            _("It works once, for an hour. If you did not ask for it, leave it: your password stays as it is."),
        ),
    )  # fmt: skip


def _has_account(email: str, _context: dict[str, Any]) -> Letter:
    said = _("Somebody, probably you, tried to make an account for %(email)s. There is one already.")
    return Letter(
        to=email,
        subject=_("You have an account already"),
        lines=(said % {"email": email}, _("If you forgot the password, choose a new one.")),
        button=Link(_("Choose a new password"), f"{settings.BASE_URL}{reverse('account_reset_password')}"),
    )


LETTERS: dict[str, Callable[[str, dict[str, Any]], Letter]] = {
    "account_already_exists": _has_account,
    "email_confirmation": _confirm_address,
    "email_confirmation_signup": _confirm_address,
    "login_code": _login_code,
    "password_reset_code": _reset_code,
    "password_reset_key": _reset_link,
}
