"""What became of the calendar invitations to a date, as the schedule says it of the two. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.models import Delivery

if TYPE_CHECKING:
    from partnerships.models import Person

Invites = Mapping[UUID, Delivery]  # the last one to each person (by id)


def invites_to(sessions: Iterable[UUID]) -> Mapping[UUID, Invites]:
    """Of each of these sessions (by id). One query."""
    found: dict[UUID, dict[UUID, Delivery]] = defaultdict(dict)
    mails = Delivery.objects.invitations().filter(subject_id__in=list(sessions)).order_by("send_at")
    for mail in mails.only("person_id", "subject_id", "status", "sent_at"):
        found[mail.subject_id][mail.person_id] = mail
    return found


def in_words(invites: Invites, people: Iterable[Person], reader: Person, *, has_unsent: bool) -> list[str]:
    """One line where the same is true of all, else one of each of them. `has_unsent`: a calendar mail about a date to
    come, of whichever kind, could not be sent.
    """
    of_each = [(person, invites[person.pk]) for person in people if person.pk in invites]
    if has_unsent and not any(mail.status == Delivery.Status.FAILED for _person, mail in of_each):
        return [_("Could not be sent")]
    words = [_said(mail, reader) for _person, mail in of_each]
    if len(set(words)) > 1:
        return [_said_of(person, mail, reader) for person, mail in of_each]
    return words[:1] or [_("None sent")]


def _said(mail: Delivery, reader: Person) -> str:
    if mail.status == Delivery.Status.SENT:
        return _("Sent on %(day)s") % {"day": _day(mail, reader)}
    return _("Could not be sent") if mail.status == Delivery.Status.FAILED else _("Waiting")


def _said_of(person: Person, mail: Delivery, reader: Person) -> str:
    known = {"name": person.first_name}
    if mail.status == Delivery.Status.SENT:
        return _("%(name)s: sent on %(day)s") % {**known, "day": _day(mail, reader)}
    if mail.status == Delivery.Status.FAILED:
        return _("%(name)s: could not be sent") % known
    return _("%(name)s: waiting") % known


def _day(mail: Delivery, reader: Person) -> str:
    return date_format(mail.sent_at.astimezone(reader.tz), "j M") if mail.sent_at else ""
