"""Which calendar mails are due to whom: every change of an event once, to those who were told of it before."""

from __future__ import annotations

from uuid import UUID

from partnerships.models import Delivery
from retros.models import Session
from retros.notifications.facts import CalendarEvent, DeliveryKey, Desired, ExistingDelivery, Facts, Recipient, Timing
from retros.notifications.ics import InvitationVersion

Mails = list[tuple[DeliveryKey, ExistingDelivery]]  # calendar mails that there are already
INVITE, UPDATE, CANCEL = Delivery.Kind.INVITE, Delivery.Kind.UPDATE, Delivery.Kind.CANCEL


def calendar_mails(facts: Facts) -> Desired:
    mails: dict[UUID, Mails] = {pk: [] for pk in facts.invitable}
    for key, row in facts.calendar.items():
        mails[key.subject_id].append((key, row))
    desired: Desired = {}
    for event in facts.invitable.values():
        current = event.edition.key
        for recipient in facts.members.get(event.partnership_id, []):
            before = [known for known in mails[event.pk] if known[0].person_id == recipient.person_id]
            if recipient.is_active and not (event.is_live and _is_up_to_date(before, current)):
                for kind, edition in _owed(event, recipient, before):
                    key = DeliveryKey(
                        recipient.person_id, kind, "session", event.pk, edition.key, Delivery.Channel.EMAIL
                    )
                    known = facts.calendar.get(key)
                    desired[key] = known.when if known else Timing(facts.now, None)
    return desired


def _is_up_to_date(before: Mails, edition: str) -> bool:
    """Whether this person had one mail, of this edition: nearly everybody, nearly always."""
    if len(before) != 1:
        return False
    key, row = before[0]
    return key.for_key == edition and key.kind != CANCEL and row.status in Delivery.OUT


def _owed(event: CalendarEvent, recipient: Recipient, before: Mails) -> list[tuple[str, InvitationVersion]]:
    """What is to be mailed now to one person about one session.

    Whoever was invited by mail hears of every change by mail, whatever they chose since: a wrong time in a calendar
    would be worse than one mail more.
    """
    current = event.edition
    out = [(key.kind, InvitationVersion.from_key(key.for_key)) for key, row in before if row.status in Delivery.OUT]
    called_off = {edition.generation for kind, edition in out if kind == CANCEL}
    announced = [edition for kind, edition in out if kind != CANCEL and edition.generation not in called_off]
    due: list[tuple[str, InvitationVersion]] = []
    for generation in {edition.generation for edition in announced}:
        last = max(edition.sequence for edition in announced if edition.generation == generation)
        if generation != current.generation:  # it came back under another UID before this one was called off
            due.append((CANCEL, InvitationVersion(generation, last + 1, current.stamp)))
        elif event.status in Session.NOT_TO_COME or event.archived_at is not None:
            due.append((CANCEL, InvitationVersion(generation, max(last + 1, current.sequence), current.stamp)))
        elif event.is_live and current not in announced and not (event.is_as_before and last == current.sequence - 2):
            due.append((UPDATE, current))
    new = current.generation not in {edition.generation for _kind, edition in out}
    if event.is_next and new and recipient.takes_invites:
        due.append((INVITE, current))
    return due
