"""Makes the deliveries agree with what is due: makes, moves and takes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from partnerships.models import Delivery
from partnerships.turns import in_turns
from retros.models import Session
from retros.notifications.facts import Desired, Existing, ExistingDelivery, Facts, Timing

T = TypeVar("T")
AT_ONCE = 200  # rows in one transaction


def reconcile(desired: Desired, existing: Existing, facts: Facts) -> list[Delivery]:
    """Make what is missing, move what waits at another time, take back what is no longer wanted. Returns what is new.

    Twice at once it makes nothing twice. What was sent stays as it is. Of many a part at a time, unless a transaction
    is open: what a round did not come to, the next one does.
    """
    new: list[Delivery] = []
    moved: dict[tuple[str, Timing | None], list[UUID]] = defaultdict(list)
    for key, when in desired.items():
        row = existing.get(key)
        if row is None:
            new.append(Delivery.new(**key._asdict(), **when._asdict()))
        elif _moves(row, when):
            moved[row.status, when].append(row.pk)
    needless = [row.pk for key, row in existing.items() if row.status == Delivery.Status.PENDING and key not in desired]
    if needless:
        moved[Delivery.Status.PENDING, None] = needless
    if not (new or moved):
        return []
    steps = [partial(_add, part, facts) for part in _parts(new)]
    steps += [partial(_move, part) for part in _parts(list(moved.items()))]
    for step in in_turns(steps):
        with transaction.atomic(savepoint=False):
            step()
    return new


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


def _add(new: Sequence[Delivery], facts: Facts) -> None:
    invited = {each.subject_id for each in new if each.kind == Delivery.Kind.INVITE}
    if invited and facts.sessions is None:  # else whoever holds them writes them
        # Before the deliveries, like a verb, which holds the dates of its pair when it plans their mails.
        sessions = Session.objects.filter(pk__in=invited, invited_at=None)
        list(sessions.select_for_update(no_key=True).order_by("pk"))
        sessions.update(invited_at=facts.now)
    Delivery.objects.bulk_create(new, ignore_conflicts=True)


def _move(moved: Sequence[tuple[tuple[str, Timing | None], list[UUID]]]) -> None:
    for (status, timing), pks in moved:
        own = Delivery.objects.filter(pk__in=pks, status=status)
        if timing is None:
            own.update(status=Delivery.Status.CANCELLED)
        else:
            own.update(status=Delivery.Status.PENDING, **timing._asdict())


def is_news(row: ExistingDelivery | None, when: Timing) -> bool:
    """Whether a delivery that is due then is to wait, and did not wait before."""
    return row is None or (row.status != Delivery.Status.PENDING and _moves(row, when))


def _moves(row: ExistingDelivery, when: Timing) -> bool:
    if row.status == Delivery.Status.PENDING:
        return (row.send_at, row.expires_at) != when
    if row.status == Delivery.Status.EXPIRED:  # it was never sent, and what it announced was put off
        return bool(row.expires_at and when.expires_at and when.expires_at > row.expires_at)
    return row.status == Delivery.Status.CANCELLED
