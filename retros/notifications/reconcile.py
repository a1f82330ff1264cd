"""Makes the deliveries agree with what is due: makes, moves and takes back."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from partnerships.models import Delivery
from retros.models import Session
from retros.notifications.facts import DeliveryKey, Desired, Existing, ExistingDelivery, Facts, Timing


def reconcile(desired: Desired, existing: Existing, facts: Facts) -> list[Delivery]:
    """Make what is missing, move what waits at another time, take back what is no longer wanted. Returns what is new.

    Twice at once it makes nothing twice. What was sent stays as it is.
    """
    now = facts.now
    new: list[Delivery] = []
    moved: list[tuple[DeliveryKey, str, dict[str, Any]]] = []
    for key, when in desired.items():
        row = existing.get(key)
        if row is None:
            new.append(Delivery.new(**key._asdict(), **when._asdict()))
        elif _moves(row, when):
            moved.append((key, row.status, {"status": Delivery.Status.PENDING, **when._asdict()}))
    needless = [key for key, row in existing.items() if row.status == Delivery.Status.PENDING and key not in desired]
    moved += [(key, Delivery.Status.PENDING, {"status": Delivery.Status.CANCELLED}) for key in needless]
    if not (new or moved):
        return []
    invited = {each.subject_id for each in new if each.kind == Delivery.Kind.INVITE}
    with transaction.atomic():
        Delivery.objects.bulk_create(new, batch_size=200, ignore_conflicts=True)
        for key, status, change in moved:
            Delivery.objects.filter(**key._asdict(), status=status).update(**change)
        for session_id in invited:
            Session.objects.filter(pk=session_id, invited_at=None).update(invited_at=now)
    return new


def _moves(row: ExistingDelivery, when: Timing) -> bool:
    if row.status == Delivery.Status.PENDING:
        return (row.send_at, row.expires_at) != when
    if row.status == Delivery.Status.EXPIRED:  # it was never sent, and what it announced was put off
        return bool(row.expires_at and when.expires_at and when.expires_at > row.expires_at)
    return row.status == Delivery.Status.CANCELLED
