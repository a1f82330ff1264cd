"""Mail that leaves at once: after the transaction, in the background; it never fails what a person did.

What the mail server does not take for now is tried again while this process lives. An admin is told that it happened:
such a mail has no row that could wait, since the link in it is nowhere at rest (docs/decisions.md 15).
"""

from __future__ import annotations

import logging
import smtplib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone

from partnerships.mail.message import Letter

log = logging.getLogger("twofold.mail")
# Two threads that hold no database connection; what is queued when the process stops is sent first.
pool: Executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")

AGAIN_AFTER = timedelta(minutes=5)
TRIES = 13  # over an hour
GIVE_UP = 3  # refusals in a row: the server is away, and the others wait with them
KNOWN_FOR = timedelta(days=7)
_KEY = "mail_at_once_refused"
_lock = threading.Lock()


class Outgoing(NamedTuple):
    """`tries`: how many are left."""

    mail: EmailMessage | Letter
    tries: int


class Failure(NamedTuple):
    """When the mail server did not take one, and what kind of error it was; never its words."""

    at: datetime
    error: str


waiting: list[Outgoing] = []


def post(message: EmailMessage, *, again: bool = True) -> None:
    """Send when what led to it is on disk. Not `again`: who asked for it sits before the page, and asks once more."""
    _leave([Outgoing(message, TRIES if again else 1)])


def send_many(letters: Sequence[Letter]) -> None:
    """Written and sent one after another: an import has thousands."""
    _leave([Outgoing(letter, TRIES) for letter in letters])


def last_refused() -> Failure | None:
    """For the admin. Forgotten after a week."""
    known = cache.get(_KEY)
    return Failure(*known) if known else None


def _leave(mails: list[Outgoing]) -> None:
    transaction.on_commit(lambda: pool.submit(_deliver, mails))


def _deliver(mails: Sequence[Outgoing]) -> None:
    put_off = 0
    for mail, tries in mails:
        if put_off < GIVE_UP:
            put_off = put_off + 1 if _is_put_off(mail) else 0
        if put_off and tries > 1:
            _wait(Outgoing(mail, tries - 1))


def _is_put_off(mail: EmailMessage | Letter) -> bool:
    """Sends it, and whether another try may help. A failure is told to the operator and the admin without address,
    subject or text.
    """
    try:
        (mail.message() if isinstance(mail, Letter) else mail).send()
    except Exception as error:  # whatever the mail server's library raises
        kind = type(error).__qualname__
        log.error("mail not sent", extra={"kind": kind})
        cache.set(_KEY, tuple(Failure(timezone.now(), kind)), KNOWN_FOR.total_seconds())
        if not connection.in_atomic_block:
            connection.close()
        return not _is_final(error)
    return False


def _is_final(error: Exception) -> bool:
    """Whether the server takes it at no other time either: its address, sender or text."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            codes = [code for code, _said in refused.values()]
        case smtplib.SMTPSenderRefused(smtp_code=code) | smtplib.SMTPDataError(smtp_code=code):
            codes = [code]
        case _:
            codes = []
    return bool(codes) and all(code >= 500 for code in codes)


def _wait(mail: Outgoing) -> None:
    with _lock:
        waiting.append(mail)
        if len(waiting) == 1:
            _in(AGAIN_AFTER, _try_again)


def _try_again() -> None:
    with _lock:
        mails = list(waiting)
        waiting.clear()
    pool.submit(_deliver, mails)


def _in(wait: timedelta, work: Callable[[], None]) -> None:
    timer = threading.Timer(wait.total_seconds(), work)
    timer.daemon = True
    timer.start()
