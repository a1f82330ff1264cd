"""Sends what is due: expire, claim, send (docs/rules/scheduling.md S20).

Safe with many workers at once and with one that is killed anywhere: a delivery is claimed by one conditional UPDATE,
and no transaction is open while a mail server is spoken to.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from partnerships.models import Delivery

log = logging.getLogger("twofold.mail")
Render = Callable[[Delivery, datetime], EmailMessage | None]
MAILS_PER_ROUND = 100  # looked up together
ROUND = timedelta(minutes=5)  # of one call, well inside the lease
GIVE_UP = 3  # refusals in a row: the server is away, and the others can wait for the next round


def expire(now: datetime) -> int:
    """What is too late to be of use. The rows stay, so that it is known what was not sent."""
    return Delivery.objects.waiting().filter(expires_at__lte=now).update(status=Delivery.Status.EXPIRED)


def leave_unsent(now: datetime) -> None:
    """Every mail that is due, or is being sent: too late. One of the calendar counts as told, since it may be out."""
    mails = Delivery.objects.filter(channel=Delivery.Channel.EMAIL, send_at__lte=now)
    due = mails.filter(status__in=[Delivery.Status.PENDING, Delivery.Status.CLAIMED])
    due.filter(kind__in=Delivery.CALENDAR).update(status=Delivery.Status.SENT, sent_at=now)
    due.update(status=Delivery.Status.EXPIRED)


def show(now: datetime) -> int:
    """Notices need no sending: from their moment on they stand in the app."""
    due = Delivery.objects.due(now).filter(channel=Delivery.Channel.IN_APP)
    return due.update(status=Delivery.Status.SENT, sent_at=now)


def send(now: datetime, render: Render) -> int:
    """Claim and send every mail that is due. `render` makes the message, or says (None) that it is no longer needed."""
    sent = refused = 0
    until = time.monotonic() + ROUND.total_seconds()
    connection = get_connection()
    try:
        for delivery in _due(now):
            if refused == GIVE_UP or time.monotonic() > until:
                break  # the next round goes on here
            if not delivery.claim(now):
                continue
            gone = _send(delivery, now, render, connection)
            sent += gone is True
            refused = refused + 1 if gone is False else 0
    finally:
        connection.close()
    return sent


def _due(now: datetime) -> Iterator[Delivery]:
    """One after the other, looked up again in between: other workers claim at the same time."""
    mails = Delivery.objects.filter(channel=Delivery.Channel.EMAIL).select_related("person")
    yield from mails.lost(now).order_by("claimed_at")[:MAILS_PER_ROUND]
    seen: set[uuid.UUID] = set()
    while batch := [mail for mail in mails.due(now).order_by("send_at", "pk")[:MAILS_PER_ROUND] if mail.pk not in seen]:
        seen.update(mail.pk for mail in batch)
        yield from batch


def _send(delivery: Delivery, now: datetime, render: Render, connection: BaseEmailBackend) -> bool | None:
    """True: it is with the mail server. False: that said no. None: nothing had to be sent."""
    try:
        message = render(delivery, now)
        if message is None:
            delivery.mark_needless()
            return None
        message.extra_headers["Message-ID"] = delivery.message_id
        message.connection = connection
        message.send()
    except Exception as error:  # whatever the mail server's library raises
        log.error("mail not sent", extra={"kind": type(error).__qualname__})
        delivery.mark_refused(error, now)
        return False
    delivery.mark_sent(now)
    return True
