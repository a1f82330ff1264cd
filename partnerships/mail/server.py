"""The mail server of this installation, as an admin sees it: its settings without the password, and what it answers."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _

from partnerships import limits
from partnerships.mail.message import Letter, Link
from partnerships.models import RateCounter
from partnerships.refusals import Refusal

if TYPE_CHECKING:
    from partnerships.models import Person


class MailServer:
    """What the templates show of it. Nothing here holds the password."""

    @property
    def is_set(self) -> bool:
        return bool(settings.MAIL_IS_SENT)

    @property
    def settings(self) -> list[tuple[str, str]]:
        """Words and values, in the order of a connection."""
        if settings.EMAIL_USE_SSL:
            how = _("Encrypted from the start")
        elif settings.EMAIL_USE_TLS:
            how = _("Encrypted by STARTTLS")
        else:
            how = _("Not encrypted")
        return [
            (_("Server"), f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"),
            (_("Connection"), how),
            (_("User"), settings.EMAIL_HOST_USER or _("None")),
            (_("Password"), _("Set, and not shown") if settings.EMAIL_HOST_PASSWORD else _("None")),
            (_("From"), settings.DEFAULT_FROM_EMAIL),
        ]


def send_test(*, by: Person) -> str:
    """A mail to the admin's own address, sent while they wait. Returns why it failed, in the server's own words.

    Empty when it left. Raises Refusal where no mail server is set, TooMany beyond the limit of an hour.
    """
    if not settings.MAIL_IS_SENT:
        raise Refusal(_("No mail server is set. Nothing was sent."))
    RateCounter.hit_hourly("test_mail", by, limits.TEST_MAILS_PER_HOUR)
    letter = Letter(
        to=by.email,
        subject=_("Test mail of Twofold"),
        lines=(_("This is the test mail that %(name)s asked for. Mail reaches you.") % {"name": by.full_name},),
        button=Link(_("Open Twofold"), f"{settings.BASE_URL}/"),
    )
    try:
        letter.message().send()
    except (OSError, smtplib.SMTPException) as error:
        return answer_of(error)
    return ""


def answer_of(error: Exception) -> str:
    """What a mail server said, or what became of the way to it."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused) if refused:
            code, said = next(iter(refused.values()))
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=said):
            pass
        case _:
            return f"{type(error).__name__}: {error}"
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
