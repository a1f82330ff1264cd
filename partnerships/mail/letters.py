"""Mail leaves after the transaction, in the background, and never fails what a person did.

Texts are plain: who, what, one link. Nothing that somebody wrote for the other goes out by mail
(docs/rules/visibility.md V17).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from partnerships import limits
from partnerships.links import Page, url_of

if TYPE_CHECKING:
    from partnerships.models import Invitation, Partnership, Person
    from partnerships.models.invitation import Arranged
    from partnerships.models.sign_in_change import Noted


log = logging.getLogger("twofold.mail")
# Two threads that hold no database connection; what is queued when the process stops is sent first.
pool: Executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


def post(message: EmailMessage) -> None:
    """Send when what led to it is on disk; at once when no transaction is open."""
    transaction.on_commit(lambda: pool.submit(_deliver, message))


@dataclass(frozen=True)
class Letter:
    """A mail that is not written yet: its templates, what they need, and to whom."""

    stem: str
    context: dict[str, Any]
    to: str

    def message(self) -> EmailMessage:
        subject = render_to_string(f"partnerships/mail/{self.stem}_subject.txt", self.context)
        body = render_to_string(f"partnerships/mail/{self.stem}_message.txt", self.context)
        return EmailMessage(" ".join(subject.split()), body, to=[self.to])


def send_many(letters: Sequence[Letter]) -> None:
    """Written and sent one after another in the background: an import has thousands."""
    transaction.on_commit(lambda: pool.submit(_deliver_each, letters))


def send_invitation(invitation: Invitation, token: str) -> None:
    post(invited(invitation, token, arranged=invitation.is_arranged).message())


def invited(invitation: Invitation, token: str, *, arranged: bool) -> Letter:
    """The only place besides the inviter's own page that ever holds the link."""
    known = {"link": invitation_link(token), "days": limits.INVITATION_LIFE.days, "arranged": arranged}
    return Letter("invitation", {"invitation": invitation, **known}, invitation.email)


def send_arranged(arranged: Arranged, *, by: Person) -> None:
    """The links to those who are invited; those who sit there already hear of it."""
    if not arranged.is_new:
        return
    for invitation, token in arranged.issued:
        send_invitation(invitation, token)
    for member in arranged.partnership.memberships.select_related("person"):
        if member.person_id != by.pk:
            post(seated(arranged.partnership, member.person, by=by).message())


def seated(partnership: Partnership, person: Person, *, by: Person) -> Letter:
    """For somebody whom an admin put together with somebody else."""
    link = f"{settings.BASE_URL}{url_of(Page.PAIR, partnership.pk)}"
    return Letter("arranged", {"partnership": partnership, "by": by, "link": link}, person.email)


def send_nudge(partnership: Partnership, *, by: Person, date: datetime | None) -> None:
    """An admin reminds the two to find a date; or of the one that they have, which may have gone by."""
    link = f"{settings.BASE_URL}{url_of(Page.PAIR, partnership.pk)}"
    for member in partnership.memberships.select_related("person").filter(person__is_active=True, left_at=None):
        when = date_format(date.astimezone(member.person.tz), "l j F Y, H:i") if date else ""
        context = {"partnership": partnership, "by": by, "link": link, "when": when}
        _post("nudge", context, to=member.person.email)


def send_sign_in_change(noted: Noted) -> None:
    """To the address that was the main one, with the link; to one that was removed, without."""
    change, token, act, lost = noted
    tz = change.person.tz
    when = date_format(timezone.now().astimezone(tz), "j F Y, H:i")
    known = {"act": act, "when": when, "zone": tz.key.replace("_", " ")}
    hours = limits.TAKE_BACK_WITHIN // timedelta(hours=1)
    link = f"{settings.BASE_URL}{reverse('sign_in_undo', args=[token])}"
    _post("sign_in_change", {**known, "link": link, "hours": hours}, to=change.email)
    for email in lost:
        if email != change.email:
            _post("sign_in_change", known, to=email)


def invitation_link(token: str) -> str:
    """From the configured address, never from a request's own words about its host."""
    return f"{settings.BASE_URL}{reverse('invitation_detail', args=[token])}"


def sign_in_link(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('sign_in_link', args=[token])}"


def _post(stem: str, context: dict[str, Any], *, to: str) -> None:
    post(Letter(stem, context, to).message())


def _deliver_each(letters: Sequence[Letter]) -> None:
    for letter in letters:
        _deliver(letter.message())


def feed_link(token: str) -> str:
    return f"{settings.BASE_URL}{url_of(Page.FEED, token)}"


def _deliver(message: EmailMessage) -> None:
    """A failure is told to the operator without address, subject or text."""
    try:
        message.send()
    except Exception as error:  # whatever the mail server's library raises
        log.error("mail not sent", extra={"kind": type(error).__qualname__})
