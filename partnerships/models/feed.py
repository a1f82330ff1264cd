from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone

from partnerships.models.invitation import hash_token

if TYPE_CHECKING:
    from partnerships.models.person import Person


class CalendarFeed(models.Model):
    """The secret address under which a calendar program reads one person's dates. Only its hash is kept."""

    person = models.OneToOneField("partnerships.Person", models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"feed of {self.person_id}"

    @classmethod
    def of(cls, person: Person) -> CalendarFeed | None:
        return cls.objects.filter(person=person).first()

    @classmethod
    def issue(cls, *, by: Person, seen: str | None = None) -> str:
        """A new address, shown this once; the earlier one stops working.

        `seen` is the `mark` of what the page showed: where that has an address of its own by now, none is made, and the
        answer is empty. A page that is loaded again sends its form again, and would take the place of what it shows.
        """
        token = secrets.token_urlsafe(32)
        with transaction.atomic():
            by.check_not_erased()
            known = cls.of(by)
            if seen is not None and seen != (known.mark if known else ""):
                return ""
            new = {"token_hash": hash_token(token), "made_at": timezone.now()}
            cls.objects.update_or_create(person=by, defaults=new)
        return token

    @property
    def mark(self) -> str:
        return self.made_at.isoformat()

    @classmethod
    def revoke(cls, *, by: Person) -> None:
        cls.objects.filter(person=by).delete()

    @classmethod
    def owner(cls, token: str) -> Person | None:
        """Whose feed it is; nobody's when the address is wrong, was replaced, or its owner is suspended."""
        feed = cls.objects.select_related("person").filter(token_hash=hash_token(token), person__is_active=True)
        found = feed.first()
        return found.person if found else None
