"""Which calendar mails are owed to whom: every change of an event once, to those who were told of it before."""

from __future__ import annotations

from uuid import UUID

from partnerships.models import Delivery, Person
from retros.calendar import Edition
from retros.ground import Ground, Key, Row, Wanted, When
from retros.models import Session

Told = list[tuple[Key, Row]]
INVITE, UPDATE, CANCEL = Delivery.Kind.INVITE, Delivery.Kind.UPDATE, Delivery.Kind.CANCEL


def calendar_mails(ground: Ground) -> Wanted:
    told: dict[tuple[UUID, UUID], Told] = {}
    for key, row in ground.calendar.items():
        told.setdefault((key.person_id, key.subject_id), []).append((key, row))
    wanted: Wanted = {}
    for session in ground.invitable.values():
        for person, _hours in ground.members.get(session.partnership_id, []):
            if person.is_active:
                before = told.get((person.pk, session.pk), [])
                for kind, edition in _owed(session, person, before):
                    key = Key(person.pk, kind, "session", session.pk, edition.key, Delivery.Channel.EMAIL)
                    known = ground.calendar.get(key)
                    wanted[key] = known.when if known else When(ground.now, None)
    return wanted


def _owed(session: Session, person: Person, before: Told) -> list[tuple[str, Edition]]:
    """What is to be mailed now to one person about one session.

    Whoever was invited by mail hears of every change by mail, whatever they chose since: a wrong time in a calendar
    would be worse than one mail more.
    """
    live = session.status == Session.Status.SCHEDULED and not session.partnership.is_archived
    out = [(key.kind, Edition.from_key(key.for_key)) for key, row in before if row.status in Delivery.TOLD]
    current = Edition.of(session)
    called_off = {edition.generation for kind, edition in out if kind == CANCEL}
    announced = [edition for kind, edition in out if kind != CANCEL and edition.generation not in called_off]
    owed: list[tuple[str, Edition]] = []
    for generation in {edition.generation for edition in announced}:
        last = max(edition.sequence for edition in announced if edition.generation == generation)
        if generation != current.generation:  # it came back under another UID before this one was called off
            owed.append((CANCEL, Edition(generation, last + 1, session.ical_stamp)))
        elif session.status in {Session.Status.SKIPPED, Session.Status.CANCELLED} or session.partnership.is_archived:
            owed.append((CANCEL, Edition(generation, max(last + 1, current.sequence), current.stamp)))
        elif live and current not in announced:
            owed.append((UPDATE, current))
    new = current.generation not in {edition.generation for _kind, edition in out}
    if live and new and person.calendar_mode == Person.CalendarMode.INVITES:
        owed.append((INVITE, current))
    return owed
