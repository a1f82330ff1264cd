"""One round of everything that happens by itself (docs/rules/scheduling.md S22).

Safe at any time, from anywhere, many at once: each part does what is still to be done and leaves alone what is done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import close_old_connections, transaction
from django.utils import timezone

from partnerships.mail import outbox
from partnerships.models import SignIn, SignInChange
from retros.backup import make
from retros.dates import upkeep
from retros.lifecycle import erasure, retention
from retros.models import Tick
from retros.notifications.plan import plan_deliveries
from retros.notifications.wording import message_for

log = logging.getLogger("twofold.worker")

EVERY = timedelta(seconds=60)


def tick(now: datetime) -> None:
    """A part that fails is told to the operator and keeps none of the others from their work."""
    once_a_day: tuple[Callable[[], object], ...] = (
        lambda: upkeep.resync_timezones(now),
        lambda: retention.expire(now),
        lambda: SignIn.clear(now),
        lambda: SignInChange.clear(now),
    )
    parts: tuple[Callable[[], object], ...] = (
        lambda: upkeep.materialise(now),
        lambda: upkeep.close_grace(now),
        *(once_a_day if is_new_day(now) else ()),
        lambda: plan_deliveries(now),
        lambda: erasure.finish(now),
        lambda: outbox.expire(now),
        lambda: begin_after_restoring(now),
        lambda: outbox.show(now),
        lambda: None if Tick.restored() else outbox.send(now, message_for),
        lambda: make.daily(now),
    )
    failed: Exception | None = None
    for part in parts:
        try:
            part()
        except Exception as error:
            log.exception("a part of the round failed")
            failed = error
    if failed is not None:
        raise failed
    Tick.note(now)


def begin_after_restoring(now: datetime) -> None:
    """What a restored backup would send now was sent before it was lost, or is of the past: none of it leaves."""
    if Tick.restored():
        with transaction.atomic():
            outbox.leave_unsent(now)
            Tick.objects.filter(pk=Tick.RESTORED).delete()


def is_new_day(now: datetime) -> bool:
    """Whether no round was done yet on this day (UTC)."""
    last = Tick.last()
    return last is None or last.date() != now.date()


def work(stop: threading.Event) -> None:
    """Round after round until `stop` is set. What fails once is tried again in the next.

    The first round asks the zones again: a process that begins may bring other zone files.
    """
    asked_zones = False
    while not stop.is_set():
        close_old_connections()
        try:
            tick(timezone.now())
            if not asked_zones:
                upkeep.resync_timezones(timezone.now())
                asked_zones = True
        except Exception as error:
            log.error("round failed", extra={"kind": type(error).__qualname__})
        finally:
            close_old_connections()
        stop.wait(EVERY.total_seconds())
