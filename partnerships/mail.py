"""Mail leaves after the transaction, in the background, and never fails what a person did.

Texts are plain: who, what, one link (DESIGN.md 11). Nothing that somebody wrote for the other goes out by mail.
"""

from __future__ import annotations

import logging
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from partnerships import limits

if TYPE_CHECKING:
    from datetime import datetime

    from partnerships.models import Invitation, Look, Partnership, Person

log = logging.getLogger("twofold.mail")

# Two threads that hold no database connection; what is queued when the process stops is sent first.
pool: Executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def post(message: EmailMessage) -> None:
    """Send when what led to it is on disk; at once when no transaction is open."""
    transaction.on_commit(lambda: pool.submit(_deliver, message))


def send_invitation(invitation: Invitation, token: str) -> None:
    """The only place besides the inviter's own page that ever holds the link."""
    context = {"invitation": invitation, "link": invitation_link(token), "days": limits.INVITATION_LIFE.days}
    subject = render_to_string("partnerships/email/invitation_subject.txt", context)
    body = render_to_string("partnerships/email/invitation_message.txt", context)
    post(EmailMessage(" ".join(subject.split()), body, to=[invitation.email]))


def send_lead_change(look: Look) -> None:
    """Tells both members that somebody became their lead, or is it no longer (`look.what`)."""
    partnership = look.partnership
    link = f"{settings.BASE_URL}{reverse('partnership_detail', args=[partnership.pk])}"
    for member in partnership.memberships.select_related("person").filter(person__is_active=True):
        context = {"look": look, "partnership": partnership, "person": member.person, "link": link}
        subject = render_to_string(f"partnerships/email/{look.what}_subject.txt", context)
        body = render_to_string(f"partnerships/email/{look.what}_message.txt", context)
        post(EmailMessage(" ".join(subject.split()), body, to=[member.person.email]))


def send_ending(partnership: Partnership, *, by: Person) -> None:
    """Tells the others of the pair that it has ended, or goes on again."""
    what = "ended" if partnership.is_archived else "taken_up"
    link = f"{settings.BASE_URL}{reverse('partnership_detail', args=[partnership.pk])}"
    told = partnership.memberships.select_related("person").filter(person__is_active=True, left_at=None)
    for member in told.exclude(person=by):
        context = {"partnership": partnership, "by": by, "link": link}
        subject = render_to_string(f"partnerships/email/partnership_{what}_subject.txt", context)
        body = render_to_string(f"partnerships/email/partnership_{what}_message.txt", context)
        post(EmailMessage(" ".join(subject.split()), body, to=[member.person.email]))


def send_expiry(partnership: Partnership, *, on: datetime) -> None:
    """Tells the two that something of theirs is removed soon, early enough to export it."""
    link = f"{settings.BASE_URL}{reverse('partnership_end', args=[partnership.pk])}"
    for member in partnership.memberships.select_related("person").filter(person__is_active=True):
        context = {"partnership": partnership, "on": on.astimezone(member.person.tz), "link": link}
        subject = render_to_string("partnerships/email/expiry_subject.txt", context)
        body = render_to_string("partnerships/email/expiry_message.txt", context)
        post(EmailMessage(" ".join(subject.split()), body, to=[member.person.email]))


def invitation_link(token: str) -> str:
    """From the configured address, never from a request's own words about its host."""
    return f"{settings.BASE_URL}{reverse('invitation_detail', args=[token])}"


def _deliver(message: EmailMessage) -> None:
    """A failure is told to the operator without address, subject or text."""
    try:
        message.send()
    except Exception as error:  # whatever the mail server's library raises
        log.error("mail not sent", extra={"kind": type(error).__qualname__})
