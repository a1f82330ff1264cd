"""The link at the end of a reminder that stops reminders without a sign-in (RFC 8058). It names one person, signed."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse

from partnerships.models import Person

SALT = "unsubscribe"


def unsubscribe_link(person: Person) -> str:
    return f"{settings.BASE_URL}{reverse('unsubscribe', args=[unsubscribe_token(person)])}"


def unsubscribe_token(person: Person) -> str:
    return signing.dumps(str(person.pk), salt=SALT)


def unsubscriber(token: str) -> Person | None:
    """Whose link it is; nobody's when it was not made here."""
    try:
        key = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return Person.objects.filter(pk=key).first()
